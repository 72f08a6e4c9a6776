"""The CPU and memory usage of a droplet over the last day, as a small chart and in words. No widgets here.

The charts are SVG with fixed limits of 0% and 100%, so that two of them can be compared. The words hold the same facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from itertools import groupby
from statistics import fmean
from typing import TYPE_CHECKING

from poseidon_nb.catalogue.metrics import explain_missing
from poseidon_nb.client.usage import cpu_percentages, memory_percentages
from poseidon_nb.errors import PoseidonError
from poseidon_nb.text import format_percent
from poseidon_nb.widgets.models import error_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.client.droplet import Droplet
    from poseidon_nb.client.usage import Percentages

#: The metrics, in the order in which they are shown.
METRICS = ("cpu", "memory")
LABELS = {"cpu": "CPU", "memory": "Memory"}
#: The time that a chart covers.
WINDOW = timedelta(days=1)
#: A reading that is older than this is not called the current one.
MAX_AGE = timedelta(minutes=30)
#: Points of a line. More readings are combined, each group into its highest.
MAX_POINTS = 144
#: Width and height of a chart in its own units; the style sheet stretches it.
WIDTH, HEIGHT = 240, 40
_PERCENT = 100.0


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage of one resource.

    Parameters
    ----------
    label : str
    lines : tuple of tuple
        Points: the time, from 0 to 1 in `WINDOW`, and the percentage. A gap ends a line.
    latest, mean, peak : float or None
        Percentages.
    last : datetime or None
        The time of the last reading, UTC, if it is not recent.
    problem : str
        Why there are no readings.
    """

    label: str
    lines: tuple[tuple[tuple[float, float], ...], ...] = ()
    latest: float | None = None
    mean: float | None = None
    peak: float | None = None
    last: datetime | None = None
    problem: str = ""

    @property
    def summary(self) -> str:
        """The usage in words: ``12% now, 8% on average, 45% at most``; why it is unknown if it is."""
        if self.latest is None or self.mean is None or self.peak is None:
            return self.problem
        latest, mean, peak = (format_percent(value) for value in (self.latest, self.mean, self.peak))
        when = "now" if self.last is None else f"at {self.last:%H:%M} UTC"
        return f"{latest} {when}, {mean} on average, {peak} at most"

    def html(self) -> str:
        """Return the chart with its words."""
        # The chart has the same words, so screen readers hear them once.
        words = f"<span class='pnb-usage-text'{' aria-hidden=true' if self.lines else ''}>{escape(self.summary)}</span>"
        head = f"<span class='pnb-usage-label'>{escape(self.label)}, last 24 hours</span>"
        return f"<div class='pnb-usage'>{head}{self._svg()}{words}</div>"

    def _svg(self) -> str:
        if not self.lines:
            return "<span class='pnb-sparkline'></span>"
        name = escape(f"{self.label}, last 24 hours: {self.summary}", quote=True)
        paths = "".join(_line_html(line) for line in self.lines)
        return (
            f"<svg class='pnb-sparkline' role='img' aria-label='{name}' viewBox='0 0 {WIDTH} {HEIGHT}' "
            f"preserveAspectRatio='none'><title>{name}</title>{paths}</svg>"
        )


#: Shown before anything is loaded.
LOADING_USAGE = tuple(Usage(LABELS[metric], problem="Loading…") for metric in METRICS)


def _line_html(line: Sequence[tuple[float, float]]) -> str:
    points = [
        (round(WIDTH * at, 1), round(HEIGHT * (1 - min(percent, _PERCENT) / _PERCENT), 1)) for at, percent in line
    ]
    drawn = "L".join(f"{x:g} {y:g}" for x, y in points)
    area = f"M{points[0][0]:g} {HEIGHT}L{drawn}L{points[-1][0]:g} {HEIGHT}Z"
    return f"<path class='pnb-area' d='{area}'/><path class='pnb-line' d='M{drawn}'/>"


def load_usage(droplet: Droplet) -> tuple[Usage, ...]:
    """Read the usage of the last 24 hours; a failure is a part of the result.

    Sends one request for the CPU and up to four for the memory, and blocks.
    """
    end = droplet.client.now()
    return tuple(_load(droplet, metric, end) for metric in METRICS)


def _load(droplet: Droplet, metric: str, end: datetime) -> Usage:
    label = LABELS[metric]
    try:
        responses = droplet.client.metrics.responses(metric, droplet, start=end - WINDOW, end=end)
        percentages = cpu_percentages(responses["cpu"]) if metric == "cpu" else memory_percentages(responses)
    except PoseidonError as error:
        return Usage(label, problem=error_text(error))
    usage = usage_of(label, percentages, end)
    reason = explain_missing(droplet.features, droplet.status)
    return usage if usage.lines else Usage(label, problem=f"No readings{reason}")


def usage_of(label: str, percentages: Percentages, end: datetime) -> Usage:
    """Return the usage from percentages over time, of which the last day is shown.

    Parameters
    ----------
    label : str
    percentages : list of tuple
        Unix times and percentages; None marks a gap.
    end : datetime
        The end of the window.
    """
    known = [(time, percent) for time, percent in percentages if percent is not None]
    if not known:
        return Usage(label)
    start_s, window_s = (end - WINDOW).timestamp(), WINDOW.total_seconds()
    size = -(-len(known) // MAX_POINTS)
    lines = [
        _combined([((time - start_s) / window_s, percent) for time, percent in line if percent is not None], size)
        for is_gap, line in groupby(percentages, key=lambda point: point[1] is None)
        if not is_gap
    ]
    values = [percent for _, percent in known]
    last = datetime.fromtimestamp(known[-1][0], UTC)
    return Usage(
        label,
        tuple(lines),
        latest=values[-1],
        mean=fmean(values),
        peak=max(values),
        last=last if end - last > MAX_AGE else None,
    )


def _combined(points: list[tuple[float, float]], size: int) -> tuple[tuple[float, float], ...]:
    """Return the points of a line with each group of readings combined into its highest."""
    groups = [points[first : first + size] for first in range(0, len(points), size)]
    return tuple((group[-1][0], max(percent for _, percent in group)) for group in groups)
