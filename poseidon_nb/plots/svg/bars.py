"""Traces of bars: where each bar is, beside or upon those of other traces, and its hatching and text."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.plots.svg.axes import DATE, LOG
from poseidon_nb.plots.svg.colors import readable
from poseidon_nb.plots.svg.elements import UnsupportedFigure, draw_text, element, fill, opacity_text, stroke, text_width
from poseidon_nb.plots.svg.figure import per_point
from poseidon_nb.plots.svg.symbols import draw_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poseidon_nb.plots.svg.axes import Axis
    from poseidon_nb.plots.svg.elements import Box
    from poseidon_nb.plots.svg.figure import PlainFigure

_BAR_GAP = 0.2
_TEXT_GAP_PX, _MIN_PX = 4, 0.1
_MODES = ("group", "overlay", "stack", "relative")


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar in coordinates of its axes.

    Parameters
    ----------
    near, far : float
        Its sides on the axis of positions.
    base, end : float
        Its ends on the axis of values.
    point : int
        The number of its point in the trace.
    """

    near: float
    far: float
    base: float
    end: float
    point: int


def is_horizontal(trace: dict[str, Any]) -> bool:
    """Return whether the bars of a trace are horizontal."""
    return trace.get("orientation") == "h"


def bar_color(trace: dict[str, Any]) -> Any:
    """Return the color of the bars, or a list with the color of each."""
    return (trace.get("marker") or {}).get("color") or trace["_color"]


def place_bars(traces: Sequence[dict[str, Any]], x: Axis, y: Axis, layout: dict[str, Any]) -> list[list[Bar]]:
    """Return the bars of each trace."""
    mode = layout.get("barmode") or "group"
    if mode not in _MODES:
        raise UnsupportedFigure(f"Bars with barmode={mode!r} cannot be drawn as SVG.")
    positions = [_coordinates(trace, y if is_horizontal(trace) else x, is_position=True) for trace in traces]
    known = sorted({one for found in positions for one in found if one is not None})
    step = min((after - one for one, after in itertools.pairwise(known)), default=1.0)
    total = step * (1 - float(layout.get("bargap", _BAR_GAP)))
    groups = [*dict.fromkeys(str(trace.get("offsetgroup") or number) for number, trace in enumerate(traces))]
    side_by_side = mode == "group" and _overlap(positions, groups, traces)
    tops: dict[tuple[float, bool], float] = {}
    placed = []
    for number, (trace, found) in enumerate(zip(traces, positions, strict=True)):
        axis = x if is_horizontal(trace) else y
        values = _coordinates(trace, axis, is_position=False)
        widths = per_point(trace.get("width"), len(found))
        offsets = per_point(trace.get("offset"), len(found))
        rank = groups.index(str(trace.get("offsetgroup") or number)) if side_by_side else 0
        count = len(groups) if side_by_side else 1
        bars = []
        for point, (at, ends) in enumerate(zip(found, values, strict=False)):
            if at is None or ends is None:
                continue
            base, end = ends
            if mode in {"stack", "relative"}:
                key = (at, end >= base)
                base, end = tops.get(key, base), tops.get(key, base) + end - base
                tops[key] = end
            wide = float(widths[point] or total / count)
            shift = -total / 2 + rank * total / count if widths[point] is None else -wide / 2
            near = at + (shift if offsets[point] is None else float(offsets[point]))
            bars.append(Bar(near, near + wide, base, end, point))
        placed.append(bars)
    return placed


def _overlap(positions: Sequence[list[float | None]], groups: Sequence[str], traces: Sequence[dict[str, Any]]) -> bool:
    """Return whether bars of different groups are at the same position."""
    if len(groups) < len(traces):
        return True
    every = [one for found in positions for one in {*found} if one is not None]
    return len(every) > len({*every})


def _coordinates(trace: dict[str, Any], axis: Axis, *, is_position: bool) -> list[Any]:
    """Return the position of each bar, or its two ends; None for a missing one."""
    if is_position:
        values = trace.get(axis.name)
        other = trace.get("y" if axis.is_x else "x") or []
        return axis.coordinates(values if values is not None else [*range(len(other))])
    values = [*(trace.get(axis.name) or [])]
    bases = per_point(trace.get("base"), len(values))
    if axis.kind == DATE:
        # The value is a duration.
        starts = axis.coordinates(bases)
        return [
            None if start is None or value is None else (start, start + float(value))
            for start, value in zip(starts, values, strict=True)
        ]
    if axis.kind == LOG:
        return [None if one is None else (float("-inf"), one) for one in axis.coordinates(values)]
    numbers = axis.coordinates(values)
    return [
        None if one is None else (float(base or 0), float(base or 0) + one)
        for base, one in zip(bases, numbers, strict=True)
    ]


def draw_bars(  # a trace, and where it is drawn
    trace: dict[str, Any], bars: Sequence[Bar], x: Axis, y: Axis, figure: PlainFigure, box: Box
) -> str:
    """Draw the bars of a trace, then their texts."""
    marker, horizontal = trace.get("marker") or {}, is_horizontal(trace)
    count = max((bar.point for bar in bars), default=-1) + 1
    colors = per_point(bar_color(trace), count)
    line = marker.get("line") or {}
    edges, widths = per_point(line.get("color"), count), per_point(line.get("width", 0), count)
    pattern = marker.get("pattern") or {}
    shapes = per_point(pattern.get("shape"), count)
    backgrounds = per_point(pattern.get("bgcolor"), count)
    drawn, texts = [], []
    for bar in bars:
        area = _area(bar, x, y, box, horizontal=horizontal)
        if area is None:
            continue
        left, top, right, bottom = area
        color, hatch = colors[bar.point], shapes[bar.point]
        if not isinstance(color, str):
            raise UnsupportedFigure("Bars with a color scale cannot be drawn as SVG.")
        drawn.append(
            element(
                "rect",
                x=left,
                y=top,
                # Without an extent, not even the outline would be drawn.
                width=max(right - left, _MIN_PX),
                height=max(bottom - top, _MIN_PX),
                # Between the lines of a pattern is its background.
                **fill((backgrounds[bar.point] or "#fff") if hatch else color),
                **stroke(edges[bar.point] or (color if hatch else None), float(widths[bar.point] or bool(hatch))),
            )
        )
        if hatch:
            drawn.append(draw_pattern({**pattern, "shape": hatch}, area, color))
        texts.append(_text(trace, bar, area, figure, horizontal=horizontal))
    alpha = opacity_text(trace.get("opacity") or marker.get("opacity"))
    groups = [element("g", *drawn, class_="bars", opacity=alpha), element("g", *texts, class_="texts")]
    return element("g", *groups, class_="trace bar")


def _area(bar: Bar, x: Axis, y: Axis, box: Box, *, horizontal: bool) -> Box | None:
    """Return the visible part of a bar; None if it is outside of the axes."""
    position, value = (y, x) if horizontal else (x, y)
    ends = [value.start_px if end == float("-inf") else value.place(end) for end in (bar.base, bar.end)]
    sides = [position.place(bar.near), position.place(bar.far)]
    across, down = (ends, sides) if horizontal else (sides, ends)
    left, top = max(min(across), box[0]), max(min(down), box[1])
    right, bottom = min(max(across), box[2]), min(max(down), box[3])
    return None if left > right or top > bottom else (left, top, right, bottom)


def _text(trace: dict[str, Any], bar: Bar, area: Box, figure: PlainFigure, *, horizontal: bool) -> str:
    """Draw the text of a bar, at its end: outside, or inside if that is wanted and there is room."""
    count = bar.point + 1
    text = per_point(trace.get("text"), count)[bar.point]
    template = per_point(trace.get("texttemplate"), count)[bar.point]
    if template not in {None, "%{text}"}:
        raise UnsupportedFigure(f"The text template {template!r} cannot be drawn as SVG. Set text instead.")
    where = per_point(trace.get("textposition") or "auto", count)[bar.point]
    if not text or where == "none":
        return ""
    font = trace.get("textfont") or {}
    size = float(font.get("size") or figure.font_size)
    left, top, right, bottom = area
    room = (right - left) if horizontal else (bottom - top)
    needed = (text_width(text, size) if horizontal else size * 1.2) + 2 * _TEXT_GAP_PX
    inside = where == "inside" or (where == "auto" and room >= needed)
    positive = bar.end >= bar.base
    color = font.get("color")
    ink = color if color and inside else readable(color) if color else None
    if horizontal:
        at = right if positive else left
        outward = 1 if positive else -1
        anchor = "start" if positive is not inside else "end"
        step = outward * (-_TEXT_GAP_PX if inside else _TEXT_GAP_PX)
        return draw_text(str(text).strip(), at + step, (top + bottom) / 2, size=size, color=ink, anchor=anchor)
    at = top if positive else bottom
    valign = "bottom" if positive is not inside else "top"
    return draw_text(str(text), (left + right) / 2, at, size=size, color=ink, anchor="middle", valign=valign)


def bar_ranges(bars: Iterable[Bar]) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return what bars cover on the axis of positions and on that of values."""
    listed = [*bars]
    # On a logarithmic axis bars begin there.
    without_base = float("-inf")
    return (
        [(bar.near, bar.far) for bar in listed],
        [
            (min(one, bar.end), max(one, bar.end))
            for bar in listed
            for one in [bar.end if bar.base == without_base else bar.base]
        ],
    )
