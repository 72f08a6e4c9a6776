"""Metrics as a tidy frame: a row for each moment of each series, its labels as columns.

The monitoring operations answer in the shape of Prometheus (``monitoring_get_DropletCpuMetrics``): a matrix of series, each
with labels and pairs of a Unix time and a value that is text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from poseidon_nb.errors import ShapeError
from poseidon_nb.frames.arrays import array
from poseidon_nb.frames.columns import TIME
from poseidon_nb.frames.shaped import shaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: What a droplet has that the metrics agent was installed on (``droplets_list``, ``features``).
AGENT = "monitoring"

_LABELS = ("mode", "device", "mountpoint", "interface", "direction")


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
    frame.insert(0, "time", array(TIME, columns["time"]))
    frame["value"] = array("float64", columns["value"])
    return frame


def why_silent(features: object, status: object) -> str:
    """Give why there may be no readings of a droplet, as far as it tells itself: words to be put behind a sentence.

    Parameters
    ----------
    features, status : object
        As the droplet has them; a list and text, where they are known.
    """
    if isinstance(features, list | tuple | np.ndarray) and AGENT not in features:
        return ": the metrics agent is not installed"
    return ": switched off" if isinstance(status, str) and status == "off" else ""


def series_frame(answers: Iterable[tuple[int, str, str, Mapping[str, Any]]]) -> pd.DataFrame:
    """Give the series of many answers, of several droplets and metrics, one below the other.

    Parameters
    ----------
    answers : iterable of tuple
        The droplet's id and name, what was read (``"cpu"``, ``"memory_total"`` ...), and the JSON of its operation.

    Returns
    -------
    pandas.DataFrame
        Table ``series``.

    Raises
    ------
    ShapeError
        An answer is no matrix.
    """
    times: list[Any] = []
    values: list[Any] = []
    heads: list[tuple[Any, ...]] = []
    counts: list[int] = []
    try:
        for droplet_id, name, metric, answer in answers:
            for one in answer["data"]["result"]:
                labels, readings = one["metric"], one["values"]
                times.append(np.array([moment for moment, _ in readings], dtype=np.float64))
                values.append(np.array([value for _, value in readings], dtype=np.float64))
                heads.append((droplet_id, name, metric, *(labels.get(label) for label in _LABELS)))
                counts.append(len(readings))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ShapeError("the answer holds no series of metrics") from None
    # Thousands of readings share a head: it is spelled out at the very end, column by column.
    columns = dict(zip(("droplet_id", "name", "metric", *_LABELS), zip(*heads, strict=True), strict=False))
    spread = {name: np.repeat(np.array(column, dtype=object), counts) for name, column in columns.items()}
    moments = np.concatenate(times) if times else np.array([], dtype=np.float64)
    frame = pd.DataFrame(
        {
            "time": pd.DatetimeIndex((moments * 1_000_000).astype("M8[us]"), tz="UTC"),
            "droplet_id": pd.array(spread.get("droplet_id", []), dtype="Int64"),
            **{name: pd.array(spread.get(name, []), dtype="string") for name in ("name", "metric", *_LABELS)},
            "value": np.concatenate(values) if values else np.array([], dtype=np.float64),
        }
    )
    return shaped("series", frame)
