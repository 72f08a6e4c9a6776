"""What a table is made of. Pure data: nothing is imported that costs anything.

A path walks the API's object: ``size.price_monthly``; ``v4[type=public].ip_address`` takes the first element of the
list whose ``type`` is ``public``; ``a|b`` takes ``b`` where ``a`` is absent, null or empty.
"""

from __future__ import annotations

from dataclasses import dataclass

TIME = "datetime64[us, UTC]"

#: What a column may hold. Every dtype knows missing values; lists stay Python lists, in a column of dtype object.
DTYPES = ("string", "Int64", "boolean", "float64", TIME, "list")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what it holds, and where that stands in the API's object."""

    name: str
    dtype: str
    path: str
    unit: str = ""
    meaning: str = ""
    #: Whether the API writes this number as text, as it does with all money of billing.
    as_text: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of one resource, most wanted first."""

    resource: str
    #: The member of the answer that holds the objects; empty where the answer is the object.
    key: str
    #: The operation that lists them.
    operation: str
    columns: tuple[Column, ...]
    #: Further operations whose answers hold such objects.
    also: tuple[str, ...] = ()
    #: Whether the first column tells two objects apart. Where nothing does, every object that is served is a row.
    distinct: bool = True
