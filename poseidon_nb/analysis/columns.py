"""Columns as they are reckoned with: of one type, whatever a user's own frame holds, and also where it has none such."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from datetime import datetime

    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]
    Flags = npt.NDArray[np.bool_]
    Texts = npt.NDArray[np.object_]


def moment(time: datetime) -> pd.Timestamp:
    """Give a moment as frames have it, in UTC; one that names no zone is in UTC, as in the frames."""
    found = pd.Timestamp(time)
    return found.tz_localize(UTC) if found.tz is None else found.tz_convert(UTC)


def numbers(frame: pd.DataFrame, column: str) -> Numbers:
    """Give a column as numbers, NaN where they are missing, also where the frame has no such column."""
    if column not in frame:
        return np.full(len(frame), np.nan)
    return np.asarray(pd.to_numeric(frame[column]).astype("Float64").to_numpy(np.float64, na_value=np.nan))


def texts(frame: pd.DataFrame, column: str) -> Texts:
    """Give a column as text, empty where it is missing, also where the frame has no such column."""
    if column not in frame:
        return np.full(len(frame), "", dtype=object)
    return frame[column].astype("string").fillna("").to_numpy(dtype=object)


def flags(frame: pd.DataFrame, column: str) -> Flags:
    """Give a column as flags, False where they are missing, also where the frame has no such column."""
    if column not in frame:
        return np.zeros(len(frame), dtype=bool)
    return frame[column].astype("boolean").fillna(value=False).to_numpy(dtype=bool)


def lists(frame: pd.DataFrame, column: str) -> list[list[Any]]:
    """Give a column of lists, empty where they are missing, also where the frame has no such column."""
    if column not in frame:
        return [[] for _ in range(len(frame))]
    # What went through Parquet comes back as arrays.
    return [[*one] if isinstance(one, list | tuple | np.ndarray) else [] for one in frame[column]]
