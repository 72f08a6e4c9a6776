"""Metrics as a tidy frame: a row for each moment of each series, its labels as columns.

The monitoring operations answer in the shape of Prometheus (``monitoring_get_DropletCpuMetrics``): a matrix of series, each
with labels and pairs of a Unix time and a value that is text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from poseidon_nb.errors import ShapeError
from poseidon_nb.frames.arrays import array

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIME = "datetime64[us, UTC]"


def metrics_frame(answer: Mapping[str, Any]) -> pd.DataFrame:
    """Give the series of an answer one below the other.

    Parameters
    ----------
    answer : mapping
        The JSON of a metrics operation.

    Returns
    -------
    pandas.DataFrame
        ``time`` (datetime64[us, UTC]), the labels that the series have (string; ``host_id``, and ``mode`` of a processor's
        time, ``device`` of a disk ...), and ``value`` (float64, in the unit of the operation).

    Raises
    ------
    ShapeError
        The answer is no matrix.
    """
    try:
        series = [(one["metric"], one["values"]) for one in answer["data"]["result"]]
        labels = list(dict.fromkeys(name for metric, _ in series for name in metric))
        columns: dict[str, list[Any]] = {name: [] for name in ("time", *labels, "value")}
        for metric, values in series:
            columns["time"] += [int(float(moment) * 1_000_000) for moment, _ in values]
            columns["value"] += [float(value) for _, value in values]
            for name in labels:
                columns[name] += [metric.get(name)] * len(values)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ShapeError("the answer holds no series of metrics") from None
    frame = pd.DataFrame({name: array("string", columns[name]) for name in labels})
    frame.insert(0, "time", array(_TIME, columns["time"]))
    frame["value"] = array("float64", columns["value"])
    return frame
