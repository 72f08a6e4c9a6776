"""Columns of a given dtype: built from Python values, or cast from a column that CSV, Excel or JSON has changed.

Casting converts one value at a time, so that an error can name the invalid value. A column that already has the dtype is
returned as it is.
"""

from __future__ import annotations

import ast
import re
from datetime import UTC, date, datetime
from numbers import Number
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.columns import EPOCH, INT64, MICROSECOND, NUMBER, TIME

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NAT = np.iinfo(np.int64).min
#: 2010 to 2100, in seconds since 1970. No number is in this range in two of the units.
_MIN_S, _MAX_S = 1_262_304_000, 4_102_444_800
#: Units of numeric times, as microseconds per unit and units per second; the unit of pandas' JSON first.
_UNITS = ((1000, 1000), (1_000_000, 1))
#: The text of missing values.
_BLANK = frozenset({"", "nan", "nat", "none", "null", "<na>"})
#: Two strings without a comma, as in numpy's text of a list. Python would concatenate them.
_MISSING_COMMA = re.compile(r"""['"]\s+['"]""")
_MAX_VALUE_LENGTH = 60


def build_array(dtype: str, values: Sequence[Any]) -> Any:
    """Build the array of a column.

    Parameters
    ----------
    dtype : str
        One of `columns.DTYPES`, or ``"object"``.
    values : sequence
        Values of the dtype, not validated; None is missing. Times are microseconds since 1970, UTC.

    Raises
    ------
    OverflowError
        An integer exceeds 64 bits.
    """
    return _BUILDERS[dtype](values)


def _string_array(values: Sequence[Any]) -> Any:
    # By name, so that the user's choice of storage (Python or pyarrow) applies.
    return pd.array(values, dtype="string")


def _integer_array(values: Sequence[Any]) -> Any:
    data, missing = _masked(values, np.dtype(np.int64), 0)
    return pd.arrays.IntegerArray(data, missing)


def _boolean_array(values: Sequence[Any]) -> Any:
    data, missing = _masked(values, np.dtype(np.bool_), fill=False)
    return pd.arrays.BooleanArray(data, missing)


def _float_array(values: Sequence[Any]) -> Any:
    return np.array(values, dtype=np.float64)


def _time_array(values: Sequence[Any]) -> Any:
    microseconds = np.fromiter((_NAT if value is None else value for value in values), np.int64, len(values))
    return pd.DatetimeIndex(microseconds.view("M8[us]"), tz="UTC").array


def _object_array(values: Sequence[Any]) -> Any:
    # np.array would build a two-dimensional array from lists of equal length.
    return np.fromiter(values, dtype=object, count=len(values))


def _masked(values: Sequence[Any], dtype: np.dtype[Any], fill: object) -> tuple[Any, Any]:
    if None in values:
        missing = np.fromiter((value is None for value in values), np.bool_, len(values))
        values = [fill if value is None else value for value in values]
    else:
        missing = np.zeros(len(values), np.bool_)
    return np.array(values, dtype=dtype), missing


_BUILDERS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "string": _string_array,
    "Int64": _integer_array,
    "boolean": _boolean_array,
    "float64": _float_array,
    TIME: _time_array,
    "list": _object_array,
    "object": _object_array,
}


def cast(values: pd.Series[Any], dtype: str, frame_name: str) -> pd.Series[Any]:
    """Convert a column to a dtype.

    Parameters
    ----------
    values : pandas.Series
    dtype : str
        One of `columns.DTYPES`. Text is parsed as a number, boolean, time or list; times without a zone are UTC.
        Conversion to text is lossless: integers have no ``.0``. Numbers are times only if the column has nothing else:
        milliseconds since 1970, as in pandas' JSON, if all of them are then between 2010 and 2100; otherwise seconds,
        under the same condition.
    frame_name : str
        The frame's name in errors, for example ``"sizes"``.

    Returns
    -------
    pandas.Series
        The same object if it already has the dtype.

    Raises
    ------
    InvalidArgument
        A value cannot be converted.
    """
    if _has_dtype(values, dtype):
        return values
    if dtype == TIME and isinstance(values.dtype, np.dtype | pd.DatetimeTZDtype) and values.dtype.kind == "M":
        # The fast path for columns of times.
        aware = values if values.dt.tz is not None else values.dt.tz_localize(UTC)
        times: pd.Series[Any] = aware.dt.tz_convert(UTC).dt.as_unit("us")
        return times
    if dtype == TIME and (microseconds := _numeric_times(values)) is not None:
        return pd.Series(build_array(TIME, microseconds), values.index, name=values.name)
    parse, expected = _PARSERS[dtype]
    parsed: list[Any] = []
    for row, (value, is_missing) in enumerate(zip(values.astype(object), values.isna(), strict=True)):
        blank = is_missing or (dtype != "string" and isinstance(value, str) and value.strip().casefold() in _BLANK)
        try:
            parsed.append(None if blank else parse(value))
        except (ValueError, TypeError, OverflowError):
            text = repr(value) if len(repr(value)) <= _MAX_VALUE_LENGTH else f"{repr(value)[:_MAX_VALUE_LENGTH]}…"
            raise InvalidArgument(
                f"Invalid value {' '.join(text.split())} in column {values.name}, row {row} of {frame_name}. "
                f"Expected {expected}."
            ) from None
    return pd.Series(build_array("object" if dtype == "list" else dtype, parsed), values.index, name=values.name)


def _numeric_times(values: pd.Series[Any]) -> list[int | None] | None:
    """Return a column of numeric times as microseconds since 1970; None if it has other values or is ambiguous."""
    numbers = [
        None if is_missing else value for value, is_missing in zip(values.astype(object), values.isna(), strict=True)
    ]
    present = [value for value in numbers if value is not None]
    types = int | float | np.integer | np.floating
    if not present or not all(isinstance(value, types) and not isinstance(value, bool) for value in present):
        return None
    for microseconds, per_second in _UNITS:
        if all(_MIN_S * per_second <= value < _MAX_S * per_second for value in present):
            return [None if value is None else round(value * microseconds) for value in numbers]
    return None


def _has_dtype(values: pd.Series[Any], dtype: str) -> bool:
    if dtype == "list":
        return values.dtype == object and all(type(one) is list or one is None for one in values)
    if dtype == "string":
        # The string dtype whose missing values are NaN compares as equal.
        return isinstance(values.dtype, pd.StringDtype) and values.dtype.na_value is pd.NA
    return str(values.dtype) == dtype


def _parse_text(value: Any) -> str:
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def _parse_number(value: Any) -> float:
    if isinstance(value, str) and not NUMBER.fullmatch(value.strip()):
        raise ValueError
    if not isinstance(value, str | Number | np.bool_):
        raise TypeError
    return float(value)  # type: ignore[arg-type]  # float itself refuses a complex number


def _parse_integer(value: Any) -> int:
    # Not through a float, which cannot represent every id.
    exact = isinstance(value, int | np.integer) or (isinstance(value, str) and value.strip().lstrip("+-").isdecimal())
    number = int(value) if exact else _parse_number(value)
    if number != int(number) or int(number) not in INT64:
        raise ValueError
    return int(number)


def _parse_boolean(value: Any) -> bool:
    word = str(value).strip().casefold()
    if word not in _BOOLEANS:
        raise ValueError
    return _BOOLEANS[word]


_BOOLEANS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}


def _parse_time(value: Any) -> int:
    time = datetime.fromisoformat(value.strip()) if isinstance(value, str) else value
    if isinstance(time, np.datetime64):
        time = pd.Timestamp(time)
    elif isinstance(time, date) and not isinstance(time, datetime):
        time = datetime(time.year, time.month, time.day, tzinfo=UTC)
    if not isinstance(time, datetime):
        # A number beside other values, or far from the present, could be in any unit.
        raise TypeError
    return int(((time if time.tzinfo else time.replace(tzinfo=UTC)) - EPOCH) // MICROSECOND)


def _parse_list(value: Any) -> list[Any]:
    if isinstance(value, str):
        if not value.lstrip().startswith("[") or _MISSING_COMMA.search(value):
            raise ValueError
        try:
            value = ast.literal_eval(value.strip())
        except (SyntaxError, TypeError, MemoryError, RecursionError):
            raise ValueError from None
    if not isinstance(value, list | tuple | set | frozenset | np.ndarray):
        raise TypeError
    return [*value]


_PARSERS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "string": (_parse_text, "text"),
    "Int64": (_parse_integer, "an integer"),
    "float64": (_parse_number, "a number"),
    "boolean": (_parse_boolean, "true or false"),
    TIME: (_parse_time, "a time such as 2026-11-24T12:00:00Z"),
    "list": (_parse_list, "a list such as ['web', 'db']"),
}
