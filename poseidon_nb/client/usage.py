"""The CPU and memory usage of one droplet over time, from the responses of its metrics, without pandas.

For panels, which show it while they are in use: to import pandas takes long, and holds up whatever else the kernel does.
`poseidon_nb.analysis.metrics` computes the same values for any number of droplets.
"""

from __future__ import annotations

from itertools import pairwise
from math import isfinite
from statistics import median
from typing import TYPE_CHECKING, Any, TypeAlias

from poseidon_nb.catalogue.metrics import DECREASING_MODE, GAP_FACTOR, IDLE_MODES
from poseidon_nb.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    #: A value by Unix time.
    Readings = dict[float, float]

#: Unix times with percentages, in order; None where there is a gap.
Percentages: TypeAlias = "list[tuple[float, float | None]]"
_MAX_PERCENT = 100.0


def cpu_percentages(response: Mapping[str, Any]) -> Percentages:
    """Return how busy all vCPUs of a droplet were together, each value for the time since the previous reading.

    Parameters
    ----------
    response : mapping
        The JSON of ``monitoring_get_DropletCpuMetrics``: cumulative seconds for each mode.

    Raises
    ------
    ShapeError
        The response has no series of metrics.
    """
    modes: dict[str, Readings] = {}
    for labels, values in _series(response):
        modes[str(labels.get("mode"))] = modes.get(str(labels.get("mode")), {}) | values
    times = sorted({time for values in modes.values() for time in values})
    limit_s = _gap_limit_s(times)
    return [
        (after, None if after - before > limit_s else _busy_percent(modes, before, after))
        for before, after in pairwise(times)
    ]


def _busy_percent(modes: Mapping[str, Readings], before: float, after: float) -> float | None:
    seconds = {
        mode: values[after] - values[before] for mode, values in modes.items() if before in values and after in values
    }
    if "idle" not in seconds or any(step < 0 for mode, step in seconds.items() if mode != DECREASING_MODE):
        return None
    seconds = {mode: max(step, 0.0) for mode, step in seconds.items()}
    total = sum(seconds.values())
    return 100 * (total - sum(seconds.get(mode, 0.0) for mode in IDLE_MODES)) / total if total > 0 else None


def memory_percentages(responses: Mapping[str, Mapping[str, Any]]) -> Percentages:
    """Return the memory in use, in percent of the memory at that time; caches do not count as used.

    Parameters
    ----------
    responses : mapping
        The JSON of the memory operations by metric: ``memory_total`` and ``memory_available``, or instead of the latter
        ``memory_free`` and ``memory_cached``.

    Raises
    ------
    ShapeError
        A response has no series of metrics.
    """
    total, available, free, cached = (
        _merged(responses.get(f"memory_{part}")) for part in ("total", "available", "free", "cached")
    )
    unused = {time: free[time] + cached[time] for time in free.keys() & cached.keys()} | available
    percentages = {
        time: 100 * (total[time] - unused[time]) / total[time]
        for time in total.keys() & unused.keys()
        if total[time] > 0
    }
    return _with_gaps(sorted((at, one) for at, one in percentages.items() if 0 <= one <= _MAX_PERCENT))


def _with_gaps(percentages: list[tuple[float, float]]) -> Percentages:
    limit_s = _gap_limit_s([time for time, _ in percentages])
    found: Percentages = []
    for time, percent in percentages:
        if found and time - found[-1][0] > limit_s:
            found.append((found[-1][0], None))
        found.append((time, percent))
    return found


def _gap_limit_s(times: Iterable[float]) -> float:
    steps = [after - before for before, after in pairwise(times)]
    return GAP_FACTOR * median(steps) if steps else 0.0


def _merged(response: Mapping[str, Any] | None) -> Readings:
    merged: Readings = {}
    for _, values in _series(response) if response is not None else ():
        merged |= values
    return merged


def _series(response: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], Readings]]:
    try:
        series = [
            (one["metric"], {float(time): float(value) for time, value in one["values"]})
            for one in response["data"]["result"]
        ]
        return [(labels, {at: value for at, value in values.items() if isfinite(value)}) for labels, values in series]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ShapeError("The response has no series of metrics.") from None
