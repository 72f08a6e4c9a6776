"""`Column` and `Table`, the definition of a DataFrame's columns. Pure data, cheap to import.

A path describes where a value is in the API's object. ``size.price_monthly`` is a nested field,
``v4[type=public].ip_address`` takes the first element of a list whose ``type`` is ``public``, and ``a|b`` takes ``b`` if
``a`` is missing, null or empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
INT64 = range(-(2**63), 2**63)
#: A decimal number. Python's own conversion also accepts "nan", "1_000" and digits of other scripts.
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)

TIME = "datetime64[us, UTC]"

#: The dtypes of columns. All support missing values. Lists are Python lists in a column of dtype object.
DTYPES = ("string", "Int64", "boolean", "float64", TIME, "list")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, dtype, path in the API's object, unit and meaning."""

    name: str
    dtype: str
    path: str
    unit: str = ""
    meaning: str = ""
    #: Whether the API returns this number as text, as it does for all amounts of money in billing.
    as_text: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a resource, most important first."""

    resource: str
    #: The response key of the objects; empty if the response is the object.
    key: str
    #: The operation that lists them.
    operation: str
    columns: tuple[Column, ...]
    #: Other operations that return such objects.
    also: tuple[str, ...] = ()
    #: Whether the first column identifies an object. If not, duplicates are kept.
    distinct: bool = True
    #: The columns that are displayed first, most wanted first. The others follow in their order, ids last.
    first: tuple[str, ...] = ()


def derived_column(name: str, dtype: str, meaning: str, unit: str = "") -> Column:
    """Return a column without a path, for a derived table."""
    return Column(name, dtype, "", unit, meaning)


def derived_table(name: str, *columns: Column, first: tuple[str, ...] = ()) -> Table:
    """Return a table that no operation returns, most important column first."""
    return Table(name, "", "", columns, distinct=False, first=first)
