"""Plotly's marker symbols and the patterns of its bars as SVG."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from poseidon_nb.plots.svg.elements import UnsupportedFigure, element, fill, number, opacity_text, stroke
from poseidon_nb.text import expected_one_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.plots.svg.elements import Box

    Point = tuple[float, float]

_OPEN = "-open"
#: Lines, which have no inside: pairs of points around the middle, for a radius of 1.
_LINES: dict[str, tuple[tuple[Point, Point], ...]] = {
    "line-ns": (((0, -1.4), (0, 1.4)),),
    "line-ew": (((-1.4, 0), (1.4, 0)),),
    "cross-thin": (((0, -1.4), (0, 1.4)), ((-1.4, 0), (1.4, 0))),
    "x-thin": (((-1, -1), (1, 1)), ((-1, 1), (1, -1))),
}


def _regular(corners: int, radius: float, start: float = -90.0, inner: float | None = None) -> tuple[Point, ...]:
    """Return the corners of a polygon, or of a star if there is an inner radius."""
    steps = corners if inner is None else 2 * corners
    radii = [radius if inner is None or not step % 2 else inner for step in range(steps)]
    angles = [math.radians(start + 360 * step / steps) for step in range(steps)]
    return tuple((r * math.cos(angle), r * math.sin(angle)) for r, angle in zip(radii, angles, strict=True))


def _turned(points: Sequence[Point], angle: float) -> tuple[Point, ...]:
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return tuple((x * cos - y * sin, x * sin + y * cos) for x, y in points)


_TRIANGLE: tuple[Point, ...] = ((-1.15, 0.58), (0.0, -1.15), (1.15, 0.58))
_CROSS: tuple[Point, ...] = tuple(
    (x * 1.2, y * 1.2)
    for x, y in (
        *((1.0, 0.35), (0.35, 0.35), (0.35, 1.0), (-0.35, 1.0), (-0.35, 0.35), (-1.0, 0.35)),
        *((-1.0, -0.35), (-0.35, -0.35), (-0.35, -1.0), (0.35, -1.0), (0.35, -0.35), (1.0, -0.35)),
    )
)
#: Outlines around the middle, for a radius of 1.
_OUTLINES: dict[str, tuple[Point, ...]] = {
    "square": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
    "diamond": _regular(4, 1.3),
    "triangle-up": _TRIANGLE,
    "triangle-right": _turned(_TRIANGLE, 90),
    "triangle-down": _turned(_TRIANGLE, 180),
    "triangle-left": _turned(_TRIANGLE, 270),
    "pentagon": _regular(5, 1.15),
    "hexagon": _regular(6, 1.15, start=0),
    "star": _regular(5, 1.4, inner=0.54),
    "cross": _CROSS,
    "x": _turned(_CROSS, 45),
}
SYMBOLS = ("circle", *_OUTLINES, *_LINES)


def draw_marker(  # noqa: PLR0913  # a marker has as many properties
    symbol: str,
    x: float,
    y: float,
    *,
    size: float,
    color: str | None,
    line_color: str | None = None,
    line_width: float = 0.0,
    opacity: float | None = None,
) -> str:
    """Draw a marker: one element."""
    name = symbol.removesuffix("-dot").removesuffix(_OPEN)
    is_line = name in _LINES
    if symbol.removesuffix("-dot").endswith(_OPEN) or is_line:
        # The line of an open symbol has the color of the marker, unless it has its own; plotly's is at least 1 px.
        paint = {"fill": "none", **stroke(color, line_width or 1.0)}
        if is_line and line_color and not symbol.endswith(_OPEN):
            paint = {"fill": "none", **stroke(line_color, line_width)}
    else:
        paint = {**fill(color), **stroke(line_color, line_width)}
    alpha = opacity_text(opacity)
    radius = size / 2
    if name == "circle":
        return element("circle", cx=x, cy=y, r=radius, **paint, opacity=alpha)
    if is_line:
        path = "".join(
            f"M{number(x + a * radius)} {number(y + b * radius)}L{number(x + c * radius)} {number(y + d * radius)}"
            for (a, b), (c, d) in _LINES[name]
        )
    elif name in _OUTLINES:
        corners = [f"{number(x + a * radius)} {number(y + b * radius)}" for a, b in _OUTLINES[name]]
        path = f"M{'L'.join(corners)}Z"
    else:
        raise UnsupportedFigure(f"The marker symbol {symbol!r} cannot be drawn as SVG{_known(name)}")
    return element("path", d=path, **paint, opacity=alpha)


def _known(name: str) -> str:
    return expected_one_of(name, SYMBOLS)


def draw_pattern(pattern: dict[str, Any], box: Box, color: str | None) -> str:
    """Draw the hatching of a bar within its box: left, top, right and bottom. Empty for a bar of one color."""
    shape = pattern.get("shape") or ""
    if not shape:
        return ""
    step = float(pattern.get("size") or 8)
    if shape not in _HATCHES:
        raise UnsupportedFigure(f"The pattern {shape!r} cannot be drawn as SVG{expected_one_of(shape, _HATCHES)}")
    left, top, right, bottom = box
    width = step * float(pattern.get("solidity") or 0.3) * 0.8
    paint = {"fill": "none", **stroke(color, round(max(1.0, width), 1))}
    if shape == ".":
        rows = math.ceil((bottom - top) / step)
        path = "".join(f"M{number(left)} {number(top + step * (row + 0.5))}H{number(right)}" for row in range(rows))
        dots = f"{number(max(1.0, width))},{number(step - max(1.0, width))}"
        return element("path", d=path, stroke_dasharray=dots, **paint)
    return element("path", d="".join(_hatch(one, box, step) for one in _HATCHES[shape]), **paint)


_HATCHES: dict[str, tuple[str, ...]] = {
    "/": ("/",),
    "\\": ("\\",),
    "x": ("/", "\\"),
    "-": ("-",),
    "|": ("|",),
    "+": ("-", "|"),
    ".": (".",),
}


def _hatch(kind: str, box: Box, step: float) -> str:
    """Return parallel lines within a box as a path."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    if kind in "-|":
        count = math.floor((height if kind == "-" else width) / step)
        at = [step * (one + 0.5) for one in range(count + 1)]
        if kind == "-":
            return "".join(f"M{number(left)} {number(top + one)}H{number(right)}" for one in at if one < height)
        return "".join(f"M{number(left + one)} {number(top)}V{number(bottom)}" for one in at if one < width)
    parts = []
    # A diagonal crosses the box where x + y is the same, counted from a corner.
    apart = step * math.sqrt(2)
    for one in range(1, math.ceil((width + height) / apart)):
        total = one * apart
        x_1, y_1 = (total, 0.0) if total <= width else (width, total - width)
        x_2, y_2 = (0.0, total) if total <= height else (total - height, height)
        if kind == "\\":
            x_1, x_2 = width - x_1, width - x_2
        parts.append(f"M{number(left + x_1)} {number(top + y_1)}L{number(left + x_2)} {number(top + y_2)}")
    return "".join(parts)
