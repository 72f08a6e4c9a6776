"""From a list of Python values to a typed pandas array, the short way for each dtype.

None is a missing value everywhere. Nothing is guessed here: the caller has checked that the values fit the dtype.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NOT_A_TIME = np.iinfo(np.int64).min


def array(dtype: str, values: Sequence[Any]) -> Any:
    """Give a column's array.

    Parameters
    ----------
    dtype : str
        One of `schemas.DTYPES`, or ``"object"``.
    values : sequence
        Values of that kind, or None. Times are microseconds since 1970, in UTC.

    Raises
    ------
    OverflowError
        A whole number has more than 64 bits.
    """
    return _MAKERS[dtype](values)


def _text(values: Sequence[Any]) -> Any:
    # By name, so that the user's choice of storage (Python objects or pyarrow) holds.
    return pd.array(values, dtype="string")


def _whole(values: Sequence[Any]) -> Any:
    data, missing = _masked(values, np.dtype(np.int64), 0)
    return pd.arrays.IntegerArray(data, missing)


def _flag(values: Sequence[Any]) -> Any:
    data, missing = _masked(values, np.dtype(np.bool_), fill=False)
    return pd.arrays.BooleanArray(data, missing)


def _number(values: Sequence[Any]) -> Any:
    return np.array(values, dtype=np.float64)


def _moment(values: Sequence[Any]) -> Any:
    whole = np.fromiter((_NOT_A_TIME if value is None else value for value in values), np.int64, len(values))
    return pd.DatetimeIndex(whole.view("M8[us]"), tz="UTC").array


def _as_it_is(values: Sequence[Any]) -> Any:
    # fromiter takes each list as one value; np.array would make a table of lists that have the same length.
    return np.fromiter(values, dtype=object, count=len(values))


def _masked(values: Sequence[Any], dtype: np.dtype[Any], fill: object) -> tuple[Any, Any]:
    if None in values:
        missing = np.fromiter((value is None for value in values), np.bool_, len(values))
        values = [fill if value is None else value for value in values]
    else:
        missing = np.zeros(len(values), np.bool_)
    return np.array(values, dtype=dtype), missing


_MAKERS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "string": _text,
    "Int64": _whole,
    "boolean": _flag,
    "float64": _number,
    "datetime64[us, UTC]": _moment,
    "list": _as_it_is,
    "object": _as_it_is,
}
