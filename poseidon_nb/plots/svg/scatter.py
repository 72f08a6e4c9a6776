"""Traces of points: lines, markers and texts."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from poseidon_nb.plots.svg.colors import readable
from poseidon_nb.plots.svg.elements import UnsupportedFigure, draw_text, element, fill, number, opacity_text, stroke
from poseidon_nb.plots.svg.figure import per_point
from poseidon_nb.plots.svg.symbols import draw_marker

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poseidon_nb.plots.svg.axes import Axis
    from poseidon_nb.plots.svg.elements import Box
    from poseidon_nb.plots.svg.figure import PlainFigure

    Place = tuple[float, float]

#: Plotly's own.
MARKER_PX, LINE_PX = 6.0, 2.0
_MANY_POINTS = 20
#: With more points of a line in one pixel, only the first, the last and the extremes are drawn: the others are hidden.
_PER_PIXEL = 4


def modes(trace: dict[str, Any]) -> set[str]:
    """Return which of lines, markers and text a trace has."""
    few = len(trace.get("x") or trace.get("y") or []) < _MANY_POINTS
    return {*(trace.get("mode") or ("lines+markers" if few else "lines")).split("+")}


def marker_color(trace: dict[str, Any]) -> Any:
    """Return the color of the markers, or a list with the color of each."""
    color = (trace.get("marker") or {}).get("color")
    return color if color is not None else (trace.get("line") or {}).get("color") or trace["_color"]


def line_color(trace: dict[str, Any]) -> str:
    """Return the color of the line."""
    color = (trace.get("line") or {}).get("color")
    markers = (trace.get("marker") or {}).get("color")
    return str(color or (markers if isinstance(markers, str) else trace["_color"]))


def points(trace: dict[str, Any], x: Axis, y: Axis) -> list[tuple[float, float] | None]:
    """Return the coordinates of the points; None for a gap. They are remembered, because dates take long to read."""
    if "_points" not in trace:
        trace["_points"] = _points(trace, x, y)
    found: list[tuple[float, float] | None] = trace["_points"]
    return found


def _points(trace: dict[str, Any], x: Axis, y: Axis) -> list[tuple[float, float] | None]:
    x_values, y_values = trace.get("x"), trace.get("y")
    if x_values is None:
        x_values = [*range(len(y_values or []))]
    if y_values is None:
        y_values = [*range(len(x_values))]
    pairs = zip(x.coordinates(x_values), y.coordinates(y_values), strict=False)
    return [None if one is None or other is None else (one, other) for one, other in pairs]


def draw_scatter(trace: dict[str, Any], x: Axis, y: Axis, figure: PlainFigure, box: Box) -> str:
    """Draw the lines, then the markers, then the texts of a trace, within the box of the axes."""
    found = points(trace, x, y)
    places = [None if one is None else (x.place(one[0]), y.place(one[1])) for one in found]
    has = modes(trace)
    parts = []
    if trace.get("fill") not in {None, "none"}:
        parts.append(_area(trace, places, y, box))
    if "lines" in has:
        parts.append(_line(trace, places, box))
    inside = [
        place
        if one is not None and (trace.get("cliponaxis") is False or (x.shows(one[0]) and y.shows(one[1])))
        else None
        for one, place in zip(found, places, strict=True)
    ]
    if "markers" in has:
        parts.append(element("g", *_markers(trace, inside), class_="markers"))
    if "text" in has:
        parts.append(element("g", *_texts(trace, inside, figure), class_="texts"))
    return element("g", *parts, class_="trace scatter", opacity=opacity_text(trace.get("opacity")))


def _markers(trace: dict[str, Any], places: Sequence[Place | None]) -> Iterable[str]:
    marker, count = trace.get("marker") or {}, len(places)
    outline = marker.get("line") or {}
    sizes = per_point(marker.get("size", MARKER_PX), count)
    looks = zip(
        places,
        per_point(marker.get("symbol") or "circle", count),
        sizes,
        per_point(marker_color(trace), count),
        per_point(outline.get("color"), count),
        per_point(outline.get("width", 0), count),
        per_point(marker.get("opacity"), count),
        strict=True,
    )
    for place, symbol, size, color, edge, width, opacity in looks:
        if place is not None and size:
            _require_color(color)
            yield draw_marker(
                str(symbol),
                *place,
                size=float(size),
                color=color,
                line_color=edge or ("#444" if width else None),
                line_width=float(width or 0),
                opacity=opacity,
            )


def _require_color(color: Any) -> None:
    if color is not None and not isinstance(color, str):
        raise UnsupportedFigure("Markers with a color scale cannot be drawn as SVG.")


def _texts(trace: dict[str, Any], places: Sequence[Place | None], figure: PlainFigure) -> Iterable[str]:
    count = len(places)
    font = trace.get("textfont") or {}
    sizes = per_point(font.get("size") or figure.font_size, count)
    colors = per_point(font.get("color"), count)
    marker = per_point((trace.get("marker") or {}).get("size", MARKER_PX), count)
    radii = [float(one or 0) / 1.6 + 1 for one in marker] if "markers" in modes(trace) else [0.0] * count
    given = zip(
        places,
        per_point(trace.get("text"), count),
        per_point(trace.get("textposition") or "middle center", count),
        sizes,
        colors,
        radii,
        strict=True,
    )
    for place, text, position, size, color, radius in given:
        if place is None or not text:
            continue
        vertical, _, horizontal = position.partition(" ")
        right = {"left": -1, "center": 0, "right": 1}[horizontal]
        down = {"top": -1, "middle": 0, "bottom": 1}[vertical]
        yield draw_text(
            # Spaces at the start and the end keep the text away from the point; SVG would drop them.
            str(text).strip(),
            place[0] + right * (radius + _indent(str(text), horizontal) * size * 0.28),
            place[1] + down * radius,
            size=float(size),
            color=readable(color) if color else None,
            anchor={"left": "end", "center": "middle", "right": "start"}[horizontal],
            valign={"top": "bottom", "middle": "middle", "bottom": "top"}[vertical],
        )


def _indent(text: str, horizontal: str) -> int:
    """Return the number of spaces on the side of the point."""
    return len(text) - len(text.lstrip() if horizontal == "right" else text.rstrip())


def _line(trace: dict[str, Any], places: Sequence[Place | None], box: Box) -> str:
    line = trace.get("line") or {}
    runs = _runs(places, connected=bool(trace.get("connectgaps")))
    path = "".join(_path(_clipped(_thinned(_shaped(run, line.get("shape") or "linear")), box)) for run in runs)
    if not path:
        return ""
    look = stroke(line_color(trace), float(line.get("width") or LINE_PX), line.get("dash"))
    return element("path", d=path, fill="none", **look, class_="line")


def _runs(places: Sequence[Place | None], *, connected: bool) -> list[list[Place]]:
    """Return the parts of a line between gaps."""
    runs: list[list[Place]] = [[]]
    for place in places:
        if place is not None:
            runs[-1].append(place)
        elif runs[-1] and not connected:
            runs.append([])
    return [run for run in runs if run]


def _shaped(run: list[Place], shape: str) -> list[Place]:
    """Return a line with the corners of its steps."""
    corners: dict[str, Any] = {
        "hv": lambda a, b: [(b[0], a[1])],
        "vh": lambda a, b: [(a[0], b[1])],
        "hvh": lambda a, b: [((a[0] + b[0]) / 2, a[1]), ((a[0] + b[0]) / 2, b[1])],
        "vhv": lambda a, b: [(a[0], (a[1] + b[1]) / 2), (b[0], (a[1] + b[1]) / 2)],
    }
    if shape == "linear":
        return run
    if shape not in corners:
        raise UnsupportedFigure(f"A line of the shape {shape!r} cannot be drawn as SVG.")
    return [
        run[0],
        *(place for one, other in itertools.pairwise(run) for place in (*corners[shape](one, other), other)),
    ]


def _thinned(run: list[Place]) -> list[Place]:
    """Return the points that can be seen."""
    kept: list[Place] = []
    start = 0
    for end in range(1, len(run) + 1):
        if end == len(run) or int(run[end][0]) != int(run[start][0]):
            column = run[start:end]
            if len(column) > _PER_PIXEL:
                heights = [place[1] for place in column]
                which = {0, heights.index(min(heights)), heights.index(max(heights)), len(column) - 1}
                column = [column[at] for at in sorted(which)]
            kept += column
            start = end
    return kept


def _clipped(run: list[Place], box: Box) -> list[list[Place]]:
    """Return the parts of a line within a box."""
    left, top, right, bottom = box
    if all(left <= x <= right and top <= y <= bottom for x, y in run):
        return [run]
    parts: list[list[Place]] = []
    for one, other in itertools.pairwise(run):
        ends = _clipped_segment(one, other, box)
        if ends is None:
            continue
        if parts and parts[-1][-1] == ends[0]:
            parts[-1].append(ends[1])
        else:
            parts.append([*ends])
    return parts


def _clipped_segment(one: Place, other: Place, box: Box) -> tuple[Place, Place] | None:
    left, top, right, bottom = box
    dx, dy = other[0] - one[0], other[1] - one[1]
    first, last = 0.0, 1.0
    for step, room in ((-dx, one[0] - left), (dx, right - one[0]), (-dy, one[1] - top), (dy, bottom - one[1])):
        if step == 0:
            if room < 0:
                return None
        elif step < 0:
            first = max(first, room / step)
        else:
            last = min(last, room / step)
    if first > last:
        return None
    start = one if first == 0 else (one[0] + first * dx, one[1] + first * dy)
    return start, other if last == 1 else (one[0] + last * dx, one[1] + last * dy)


def _path(parts: list[list[Place]]) -> str:
    return "".join("M" + "L".join(f"{number(x)} {number(y)}" for x, y in part) for part in parts if len(part) > 1)


def _area(trace: dict[str, Any], places: Sequence[Place | None], y: Axis, box: Box) -> str:
    if trace["fill"] != "tozeroy":
        raise UnsupportedFigure(f"A line with fill={trace['fill']!r} cannot be drawn as SVG.")
    left, top, right, bottom = box
    zero = min(max(y.place(0.0), top), bottom)
    color = trace.get("fillcolor") or line_color(trace)
    paths = []
    for run in _runs(places, connected=bool(trace.get("connectgaps"))):
        line = _thinned(_shaped(run, (trace.get("line") or {}).get("shape") or "linear"))
        within = [(min(max(one, left), right), min(max(other, top), bottom)) for one, other in line]
        paths.append(_path([[(within[0][0], zero), *within, (within[-1][0], zero)]]) + "Z")
    opacity = None if trace.get("fillcolor") else "0.5"
    return element("path", d="".join(paths), **{**fill(color), **({"fill_opacity": opacity} if opacity else {})})
