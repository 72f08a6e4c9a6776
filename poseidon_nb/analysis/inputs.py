"""Columns of any DataFrame as arrays of one type, and the properties of droplets that are derived from them."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from poseidon_nb.analysis.classification import classify_size

if TYPE_CHECKING:
    from datetime import datetime

    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]
    Flags = npt.NDArray[np.bool_]
    Texts = npt.NDArray[np.object_]


def to_utc(time: datetime) -> pd.Timestamp:
    """Convert a time to UTC; a naive time is taken as UTC."""
    timestamp = pd.Timestamp(time)
    return timestamp.tz_localize(UTC) if timestamp.tz is None else timestamp.tz_convert(UTC)


def numbers(frame: pd.DataFrame, column: str) -> Numbers:
    """Return a column as floats; missing values and a missing column are NaN."""
    if column not in frame:
        return np.full(len(frame), np.nan)
    return np.asarray(pd.to_numeric(frame[column]).astype("Float64").to_numpy(np.float64, na_value=np.nan))


def texts(frame: pd.DataFrame, column: str) -> Texts:
    """Return a column as text; missing values and a missing column are empty."""
    if column not in frame:
        return np.full(len(frame), "", dtype=object)
    return frame[column].astype("string").fillna("").to_numpy(dtype=object)


def flags(frame: pd.DataFrame, column: str) -> Flags:
    """Return a column as booleans; missing values and a missing column are False."""
    if column not in frame:
        return np.zeros(len(frame), dtype=bool)
    return frame[column].astype("boolean").fillna(value=False).to_numpy(dtype=bool)


def lists(frame: pd.DataFrame, column: str) -> list[list[Any]]:
    """Return a column of lists; missing values and a missing column are empty lists."""
    if column not in frame:
        return [[] for _ in range(len(frame))]
    # Parquet turns lists into arrays.
    return [[*value] if isinstance(value, list | tuple | np.ndarray) else [] for value in frame[column]]


def is_kubernetes_node(droplets: pd.DataFrame) -> Flags:
    """Return which droplets are Kubernetes nodes, by the tags that DOKS sets (``kubernetes_list_clusters``, ``tags``)."""
    tags = [[str(tag).casefold() for tag in row] for row in lists(droplets, "tags")]
    return np.array([any(tag == "k8s" or tag.startswith("k8s:") for tag in row) for row in tags], dtype=bool)


def has_gpus(droplets: pd.DataFrame) -> Flags:
    """Return which droplets have GPUs, by their size slug or ``gpu_count``."""
    slugs = texts(droplets, "size")
    families = {slug: classify_size(slug)[0] for slug in {*slugs}}
    by_slug = np.array([families[slug] == "gpu" for slug in slugs], dtype=bool)
    return by_slug | (np.nan_to_num(numbers(droplets, "gpu_count")) > 0)
