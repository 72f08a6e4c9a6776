"""What is written and drawn upon a chart: labels at the ends of lines and bars, limits of rightsizing, and counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any, Protocol

from poseidon_nb.catalogue import rightsizing
from poseidon_nb.plots.picture import INK, MARGIN_PX
from poseidon_nb.text import format_percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poseidon_nb.plots.picture import Picture

#: A longer label at the end of a line would take the room of the lines.
MAX_END_CHARS = 24
#: The width of a character, the distance of two labels, and the length of the line from the end of a line to its label.
_CHAR_PX, _LABEL_PX, _LEADER_PX = 7.6, 19, 22
#: The text at the end of a bar takes at most this width, so that a narrow chart has room for the bars.
_MAX_TEXT_PX = 330
_LIMIT_LINE = {"color": INK, "width": 1.5, "dash": "dash"}
_VEIL = "rgba(255, 255, 255, 0.75)"
#: How far from its points a count stands, its size, and the height that plotly gives it.
_COUNT_SHIFT_PX, _COUNT_TEXT_PX, _COUNT_PX = 5, 12, 15


class Headroom(Protocol):
    """What stays free of a size, in percent; `analysis.rightsizing.Rule` is one."""

    @property
    def cpu_headroom(self) -> float:
        """Percent of the vCPUs."""

    @property
    def memory_headroom(self) -> float:
        """Percent of the memory."""


def usage_limits(rule: Headroom | None) -> dict[str, float]:
    """Return how many percent of CPU and memory a droplet may use by a rule, or by the default one."""
    return {
        "cpu": 100 - (rightsizing.CPU_HEADROOM if rule is None else rule.cpu_headroom),
        "memory": 100 - (rightsizing.MEMORY_HEADROOM if rule is None else rule.memory_headroom),
    }


@dataclass(frozen=True, slots=True)
class LineEnd:
    """The last point of a line, with its label, which is escaped."""

    label: str
    x: Any
    y: float
    color: str


def label_line_ends(picture: Picture, ends: Sequence[LineEnd], y_range: Sequence[float], drawing_px: float) -> None:
    """Label the ends of lines on the right, spread so that no two labels overlap.

    Parameters
    ----------
    picture : Picture
    ends : sequence of LineEnd
    y_range : sequence of float
        The first and last value of the axis.
    drawing_px : float
        The height of the axis.
    """
    bottom, top = y_range
    wanted = [drawing_px * (end.y - bottom) / (top - bottom) for end in ends]
    for end, at, placed in zip(ends, wanted, spread(wanted, _LABEL_PX), strict=True):
        picture.add_annotation(
            x=end.x,
            y=end.y,
            text=end.label,
            # Downwards, from the end of the line.
            ax=_LEADER_PX,
            ay=at - placed,
            xanchor="left",
            yanchor="middle",
            arrowhead=0,
            arrowwidth=1.5,
            arrowcolor=end.color,
            standoff=3,
        )
    picture.update_layout(margin_r=MARGIN_PX + _LEADER_PX + text_px(end.label for end in ends))


def spread(positions: Sequence[float], distance: float) -> list[float]:
    """Return positions at least a distance apart, in the same order, each group around its own middle."""
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    # Each group of labels that touch: its members, and the position of its lowest.
    groups: list[tuple[list[int], float]] = []
    for index in order:
        members, start = [index], positions[index]
        while groups and groups[-1][1] + distance * len(groups[-1][0]) > start:
            members = groups.pop()[0] + members
            start = sum(positions[one] - distance * rank for rank, one in enumerate(members)) / len(members)
        groups.append((members, start))
    placed = {one: start + distance * rank for members, start in groups for rank, one in enumerate(members)}
    return [placed[index] for index in range(len(positions))]


def draw_limit(picture: Picture, percent: float) -> None:
    """Draw a horizontal line at a limit."""
    picture.add_shape(type="line", xref="paper", x0=0, x1=1, y0=percent, y1=percent, line=_LIMIT_LINE)


def draw_vertical_limits(picture: Picture, limits: Iterable[tuple[str, float]]) -> None:
    """Draw a vertical line at each of two limits, labeled above the drawing on the outer side."""
    for (name, percent), anchor in zip(sorted(limits, key=lambda one: one[1]), ("right", "left"), strict=True):
        picture.add_shape(type="line", yref="paper", y0=0, y1=1, x0=percent, x1=percent, line=_LIMIT_LINE)
        picture.add_annotation(
            text=f"{name} limit {format_percent(percent)}",
            x=percent,
            y=1,
            yref="paper",
            xanchor=anchor,
            yanchor="bottom",
            showarrow=False,
        )


def count_points(picture: Picture, points: Iterable[tuple[float, float]], drawing_px: float) -> None:
    """Write ``×2`` beside two points in the same place, and so on, spread so that no two counts in a column overlap."""  # noqa: RUF002  # a multiplication sign
    axes = (picture.layout.xaxis, picture.layout.yaxis)
    # On a logarithmic axis plotly takes the logarithm for the place of a text.
    places = [
        tuple(math.log10(at) if axis.type == "log" else at for at, axis in zip(point, axes, strict=True))
        for point in points
    ]
    if not places:
        return
    heights = [y for _, y in places]
    px_per_unit = drawing_px / (max(heights) - min(heights) or 1.0)
    columns: dict[float, dict[float, int]] = {}
    for x, y in places:
        column = columns.setdefault(x, {})
        column[y] = column.get(y, 0) + 1
    for x, column in columns.items():
        counts = {y: count for y, count in column.items() if count > 1}
        wanted = [y * px_per_unit for y in counts]
        for (y, count), at, placed in zip(counts.items(), wanted, spread(wanted, _COUNT_PX), strict=True):
            picture.add_annotation(
                text=f"×{count}",  # noqa: RUF001  # a multiplication sign
                x=x,
                y=y,
                xanchor="left",
                xshift=_COUNT_SHIFT_PX,
                yshift=placed - at,
                showarrow=False,
                font={"size": _COUNT_TEXT_PX},
                # The line of lowest prices may pass there.
                bgcolor=_VEIL,
            )


def text_px(labels: Iterable[str]) -> float:
    """Return about how wide the longest of some escaped labels is."""
    return _CHAR_PX * max((len(unescape(label)) for label in labels), default=0)


def leave_room(picture: Picture, texts: Iterable[str]) -> None:
    """Leave room at the right of a chart for the text at the end of its longest bar, however wide the page is."""
    picture.update_layout(margin_r=MARGIN_PX + min(_MAX_TEXT_PX, text_px(texts)))
