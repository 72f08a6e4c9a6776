"""A column of anybody's in the dtype that its table has: what CSV, Excel, JSON or another hand has made of it is read again.

Value by value, so that one which cannot be read is named. A column of the right dtype is handed on as it is.
"""

from __future__ import annotations

import ast
import re
from datetime import UTC, date, datetime, timedelta
from numbers import Number
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.arrays import array
from poseidon_nb.frames.columns import TIME

if TYPE_CHECKING:
    from collections.abc import Callable

_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_INT64 = range(-(2**63), 2**63)
#: From 2010 to 2100, in seconds since 1970: in no two units a number means a moment in there.
_LEAST_S, _MOST_S = 1_262_304_000, 4_102_444_800
#: How many microseconds each unit is that a number may count in, and how many of it are a second; pandas' JSON first.
_UNITS = ((1000, 1000), (1_000_000, 1))
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
#: What missing values are once they have been made text.
_BLANK = frozenset({"", "nan", "nat", "none", "null", "<na>"})
#: Two texts without a comma in between, as numpy writes a list; Python would take them for one.
_UNPARTED = re.compile(r"""['"]\s+['"]""")
#: Of a value that is told in an error.
_MOST_TOLD = 60


def cast(values: pd.Series[Any], dtype: str, where: str) -> pd.Series[Any]:
    """Give a column in a dtype.

    Parameters
    ----------
    values : pandas.Series
    dtype : str
        One of `schemas.DTYPES`. Text that is a number, a flag, a time or a list is read as such; a time that names no zone
        is in UTC. What text is made of loses nothing: a whole number has no ``.0``. Numbers are times where the column has
        nothing else: milliseconds since 1970, as pandas writes JSON, if all of them then lie between 2010 and 2100, or
        else seconds, if so.
    where : str
        What the column is called in an error: ``"the frame of sizes"``.

    Returns
    -------
    pandas.Series
        The same object, where nothing is to do.

    Raises
    ------
    InvalidArgument
        A value is none of that dtype.
    """
    if _is_of(values, dtype):
        return values
    if dtype == TIME and isinstance(values.dtype, np.dtype | pd.DatetimeTZDtype) and values.dtype.kind == "M":
        # By far the quickest for what is a time already.
        aware = values if values.dt.tz is not None else values.dt.tz_localize(UTC)
        moments: pd.Series[Any] = aware.dt.tz_convert(UTC).dt.as_unit("us")
        return moments
    if dtype == TIME and (counted := _since_1970(values)) is not None:
        return pd.Series(array(TIME, counted), values.index, name=values.name)
    read, wanted = _READERS[dtype]
    found: list[Any] = []
    for row, (value, is_missing) in enumerate(zip(values.astype(object), values.isna(), strict=True)):
        blank = is_missing or (dtype != "string" and isinstance(value, str) and value.strip().casefold() in _BLANK)
        try:
            found.append(None if blank else read(value))
        except (ValueError, TypeError, OverflowError):
            told = repr(value) if len(repr(value)) <= _MOST_TOLD else f"{repr(value)[:_MOST_TOLD]}…"
            raise InvalidArgument(
                f"{where} has {' '.join(told.split())} in column {values.name}, row {row}, in place of {wanted}"
            ) from None
    return pd.Series(array("object" if dtype == "list" else dtype, found), values.index, name=values.name)


def _since_1970(values: pd.Series[Any]) -> list[int | None] | None:
    """Give the microseconds since 1970 of a column of numbers; None where it is none, or may mean other times."""
    given = [
        None if is_missing else value for value, is_missing in zip(values.astype(object), values.isna(), strict=True)
    ]
    there = [value for value in given if value is not None]
    numbers = int | float | np.integer | np.floating
    if not there or not all(isinstance(value, numbers) and not isinstance(value, bool) for value in there):
        return None
    for microseconds, of_second in _UNITS:
        if all(_LEAST_S * of_second <= value < _MOST_S * of_second for value in there):
            return [None if value is None else round(value * microseconds) for value in given]
    return None


def _is_of(values: pd.Series[Any], dtype: str) -> bool:
    if dtype == "list":
        return values.dtype == object and all(type(one) is list or one is None for one in values)
    if dtype == "string":
        # The other kind of text, whose missing values are NaN, compares as equal.
        return isinstance(values.dtype, pd.StringDtype) and values.dtype.na_value is pd.NA
    return str(values.dtype) == dtype


def _text(value: Any) -> str:
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def _number(value: Any) -> float:
    if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):
        raise ValueError
    if not isinstance(value, str | Number | np.bool_):
        raise TypeError
    return float(value)  # type: ignore[arg-type]  # a complex number is refused by float itself


def _whole(value: Any) -> int:
    # Not by way of a float, which cannot hold every id.
    exact = isinstance(value, int | np.integer) or (isinstance(value, str) and value.strip().lstrip("+-").isdecimal())
    number = int(value) if exact else _number(value)
    if number != int(number) or int(number) not in _INT64:
        raise ValueError
    return int(number)


def _flag(value: Any) -> bool:
    word = str(value).strip().casefold()
    if word not in _FLAGS:
        raise ValueError
    return _FLAGS[word]


_FLAGS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}


def _moment(value: Any) -> int:
    moment = datetime.fromisoformat(value.strip()) if isinstance(value, str) else value
    if isinstance(moment, np.datetime64):
        moment = pd.Timestamp(moment)
    elif isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    if not isinstance(moment, datetime):
        # A number among other things, or far from our time, could be seconds as well as nanoseconds.
        raise TypeError
    return int(((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND)


def _list(value: Any) -> list[Any]:
    if isinstance(value, str):
        if not value.lstrip().startswith("[") or _UNPARTED.search(value):
            raise ValueError
        try:
            value = ast.literal_eval(value.strip())
        except (SyntaxError, TypeError, MemoryError, RecursionError):
            raise ValueError from None
    if not isinstance(value, list | tuple | set | frozenset | np.ndarray):
        raise TypeError
    return [*value]


_READERS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "string": (_text, "text"),
    "Int64": (_whole, "a whole number"),
    "float64": (_number, "a number"),
    "boolean": (_flag, "true or false"),
    TIME: (_moment, "a time such as 2026-11-24T12:00:00Z"),
    "list": (_list, "a list such as ['web', 'db']"),
}
