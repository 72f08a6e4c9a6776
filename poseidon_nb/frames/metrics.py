"""Metrics as tidy frames: one row per reading, with its labels as columns; and the resolution of readings in words.

The monitoring operations return the format of Prometheus (``monitoring_get_DropletCpuMetrics``): a matrix of series, each
with labels and pairs of a Unix time and a value as text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from poseidon_nb.errors import ShapeError
from poseidon_nb.frames.columns import TIME
from poseidon_nb.frames.dtypes import build_array
from poseidon_nb.frames.validation import build_derived
from poseidon_nb.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Hours between readings above which their means hide peaks, and above which they hide daily peaks.
COARSE_H, VERY_COARSE_H = 1.0, 6.0

#: Unix seconds of the year 5138.
_LATEST_S = 1e11
_DAY_H = 24.0
_MINUTES = 60
_LABELS = ("mode", "device", "mountpoint", "interface", "direction")


def metrics_frame(response: Mapping[str, Any]) -> pd.DataFrame:
    """Build a frame of all series of a response.

    Parameters
    ----------
    response : mapping
        The JSON of a metrics operation.

    Returns
    -------
    pandas.DataFrame
        ``time`` (datetime64[us, UTC]), the labels of the series (string; ``host_id``, and ``mode`` of CPU time, ``device``
        of a disk ...), and ``value`` (float64, in the unit of the operation).

    Raises
    ------
    ShapeError
        The response is not a matrix.
    """
    try:
        series = [(one["metric"], one["values"]) for one in response["data"]["result"]]
        labels = list(dict.fromkeys(name for metric, _ in series for name in metric))
        columns: dict[str, list[Any]] = {name: [] for name in ("time", *labels, "value")}
        for metric, values in series:
            columns["time"] += [int(float(time) * 1_000_000) for time, _ in values]
            columns["value"] += [float(value) for _, value in values]
            for name in labels:
                columns[name] += [metric.get(name)] * len(values)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ShapeError("The response has no series of metrics.") from None
    frame = pd.DataFrame({name: build_array("string", columns[name]) for name in labels})
    frame.insert(0, "time", build_array(TIME, columns["time"]))
    frame["value"] = build_array("float64", columns["value"])
    return frame


def series_frame(responses: Iterable[tuple[int, str, str, Mapping[str, Any]]]) -> pd.DataFrame:
    """Build a frame of the series of several responses, for several droplets and metrics.

    Parameters
    ----------
    responses : iterable of tuple
        The droplet's id and name, the metric (``"cpu"``, ``"memory_total"`` ...), and the JSON of its operation.

    Returns
    -------
    pandas.DataFrame
        Table ``series``.

    Raises
    ------
    ShapeError
        A response is not a matrix.
    """
    times: list[Any] = []
    values: list[Any] = []
    label_rows: list[tuple[Any, ...]] = []
    counts: list[int] = []
    try:
        for droplet_id, name, metric, response in responses:
            for one in response["data"]["result"]:
                labels, readings = one["metric"], one["values"]
                times.append(np.array([time for time, _ in readings], dtype=np.float64))
                values.append(np.array([value for _, value in readings], dtype=np.float64))
                label_rows.append((droplet_id, name, metric, *(labels.get(label) for label in _LABELS)))
                counts.append(len(readings))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ShapeError("The response has no series of metrics.") from None
    # Thousands of readings share their labels, which are repeated only here, column by column.
    columns = dict(zip(("droplet_id", "name", "metric", *_LABELS), zip(*label_rows, strict=True), strict=False))
    repeated = {name: np.repeat(np.array(column, dtype=object), counts) for name, column in columns.items()}
    all_times = np.concatenate(times) if times else np.array([], dtype=np.float64)
    if not (np.abs(all_times) < _LATEST_S).all():
        raise ShapeError("The response has a reading at an invalid time.")
    frame = pd.DataFrame(
        {
            "time": pd.DatetimeIndex((all_times * 1_000_000).astype("M8[us]"), tz="UTC"),
            "droplet_id": pd.array(repeated.get("droplet_id", []), dtype="Int64"),
            **{name: pd.array(repeated.get(name, []), dtype="string") for name in ("name", "metric", *_LABELS)},
            "value": np.concatenate(values) if values else np.array([], dtype=np.float64),
        }
    )
    return build_derived("series", frame)


def summarize_resolution(hours: float) -> str:
    """Return a note if readings are so far apart that they hide peaks; empty if they are not, or if it is unknown."""
    return f"each reading covers {format_interval(hours)}, so peaks are hidden" if hours > COARSE_H else ""


def format_interval(hours: float) -> str:
    """Format an interval in its largest whole unit: ``12 hours``, ``90 minutes``, ``2 days``."""
    if hours >= _DAY_H and not hours % _DAY_H:
        return pluralize(round(hours / _DAY_H), "day")
    whole = round(hours)
    if abs(hours - whole) * _MINUTES < 1 <= whole:
        return pluralize(whole, "hour")
    return pluralize(max(1, round(hours * _MINUTES)), "minute")
