"""Make a DataFrame of what was measured over time: series with labels in, a row for each point out.

The monitoring operations answer in the shape of Prometheus: ``data.result`` is a list of series, each with its labels
(``metric``) and its points (``values``), a point being the seconds since 1970 and a number written as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from poseidon_nb.frames.arrays import array

if TYPE_CHECKING:
    from collections.abc import Sequence

_MICROSECONDS = 1_000_000
#: The columns that are there whatever was measured, and their dtypes.
_OURS = {"time": "datetime64[us, UTC]", "value": "float64"}


def series_of(rows: Sequence[Any]) -> list[Mapping[str, Any]] | None:
    """Give the series that an answer holds, or None where it holds no measurements."""
    if len(rows) != 1 or not isinstance(rows[0], Mapping):
        return None
    data = rows[0].get("data")
    if not isinstance(data, Mapping) or data.get("resultType") != "matrix" or not isinstance(data.get("result"), list):
        return None
    return [one for one in data["result"] if isinstance(one, Mapping)]


def frame(series: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Give the frame of series, one after the other.

    Returns
    -------
    pandas.DataFrame
        ``time``, a column for each label, ``value``.
    """
    labelled = [(one.get("metric") or {}, one.get("values") or ()) for one in series]
    # A label of either name would stand where the point itself does.
    labels = [label for label in dict.fromkeys(name for metric, _ in labelled for name in metric) if label not in _OURS]
    columns: dict[str, list[Any]] = {name: [] for name in ("time", *labels, "value")}
    for metric, points in labelled:
        columns["time"] += [round(float(point[0]) * _MICROSECONDS) for point in points]
        columns["value"] += [float(point[1]) for point in points]
        for label in labels:
            columns[label] += [None if metric.get(label) is None else str(metric[label])] * len(points)
    arrays = {name: array(_OURS.get(name, "string"), values) for name, values in columns.items()}
    return pd.DataFrame(arrays, index=pd.RangeIndex(len(columns["time"])), copy=False)
