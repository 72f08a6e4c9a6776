"""Legends: their entries in rows or in one column, and the room that they need around the axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.plots.svg.bars import bar_color
from poseidon_nb.plots.svg.elements import (
    LINE_HEIGHT,
    draw_text,
    element,
    fill,
    opacity_text,
    stroke,
    text_height,
    text_width,
    third,
)
from poseidon_nb.plots.svg.scatter import LINE_PX, MARKER_PX, line_color, marker_color, modes
from poseidon_nb.plots.svg.symbols import draw_marker, draw_pattern

if TYPE_CHECKING:
    from poseidon_nb.plots.svg.elements import Box
    from poseidon_nb.plots.svg.figure import PlainFigure

#: The symbol of an entry, its distance from the text, and the distance to the next entry.
_SYMBOL_PX, _GAP_PX, _NEXT_PX = 26.0, 8.0, 14.0
_LARGEST_MARKER_PX = 14.0


@dataclass(slots=True)
class Legend:
    """A legend.

    Parameters
    ----------
    settings : dict
        Its layout.
    traces : list of dict
        The traces with an entry.
    size : float
        The size of the text.
    width, height : float
        What it takes, in pixels.
    places : list of (float, float)
        The place of each entry in the legend.
    """

    settings: dict[str, Any]
    traces: list[dict[str, Any]]
    size: float
    width: float
    height: float
    places: list[tuple[float, float]]

    @property
    def is_horizontal(self) -> bool:
        """Whether the entries are beside each other."""
        return self.settings.get("orientation") == "h"

    def origin(self, figure: PlainFigure, area: Box) -> tuple[float, float]:
        """Return the place of the top left corner, given the area of the axes."""
        x, y = self._position()
        left, top, right, bottom = area
        at_x = x * figure.width if self.settings.get("xref") == "container" else left + x * (right - left)
        at_y = (1 - y) * figure.height if self.settings.get("yref") == "container" else bottom - y * (bottom - top)
        at_x -= {"left": 0.0, "center": self.width / 2, "right": self.width}[self._anchor("xanchor", x)]
        at_y -= {"top": 0.0, "middle": self.height / 2, "bottom": self.height}[self._anchor("yanchor", y)]
        return max(0.0, min(at_x, figure.width - self.width)), max(0.0, min(at_y, figure.height - self.height))

    def margins(self, figure: PlainFigure) -> dict[str, float]:
        """Return the room that the legend needs outside of the axes, by side."""
        x, y = self._position()
        anchor = self._anchor("yanchor", y)
        if self.settings.get("yref") == "container":
            from_top = (1 - y) * figure.height - {"top": 0.0, "middle": 0.5, "bottom": 1.0}[anchor] * self.height
            return {"b": self.height + 4} if from_top > figure.height / 2 else {"t": from_top + self.height + 14}
        if y >= 1 and anchor == "bottom":
            return {"t": self.height}
        if y <= 0 and anchor == "top":
            return {"b": self.height - y * figure.height * 0.5}
        if x >= 1 and self._anchor("xanchor", x) == "left":
            return {"r": self.width + 10}
        return {}

    def _position(self) -> tuple[float, float]:
        default = (0.0, -0.1) if self.is_horizontal else (1.02, 1.0)
        x, y = self.settings.get("x"), self.settings.get("y")
        return (default[0] if x is None else float(x)), (default[1] if y is None else float(y))

    def _anchor(self, name: str, at: float) -> str:
        """Return an anchor; plotly's default depends on the position."""
        given = self.settings.get(name) or ("left" if name == "xanchor" else "top")
        if given != "auto":
            return str(given)
        names = ("left", "center", "right") if name == "xanchor" else ("bottom", "middle", "top")
        return third(at, *names)


def legends(figure: PlainFigure, width: float) -> list[Legend]:
    """Return the legends of a figure whose axes have a width."""
    shown = figure.layout.get("showlegend")
    listed = [one for one in figure.traces if one["type"] != "heatmap" and one.get("showlegend") is not False]
    if shown is False or (shown is None and len(listed) < 2 and not any(one.get("showlegend") for one in listed)):  # noqa: PLR2004  # plotly's rule
        return []
    found = []
    for name in dict.fromkeys(trace.get("legend") or "legend" for trace in listed):
        settings = figure.layout.get(name) or {}
        if settings.get("visible") is False:
            continue
        traces = [one for one in listed if (one.get("legend") or "legend") == name and one.get("name")]
        if settings.get("traceorder") == "reversed":
            traces.reverse()
        if traces:
            found.append(_arranged(settings, traces, figure, width))
    return found


def _arranged(settings: dict[str, Any], traces: list[dict[str, Any]], figure: PlainFigure, width: float) -> Legend:
    size = float((settings.get("font") or {}).get("size") or figure.font_size)
    widths = [_SYMBOL_PX + _GAP_PX + text_width(trace["name"], size) + _NEXT_PX for trace in traces]
    row_px = max(*(text_height(trace["name"], size) for trace in traces), LINE_HEIGHT * size) + 2
    if settings.get("orientation") != "h":
        places = [(0.0, row * row_px) for row in range(len(traces))]
        return Legend(settings, traces, size, max(widths), len(traces) * row_px, places)
    if sum(widths) <= width:
        starts = [sum(widths[:at]) for at in range(len(widths))]
        return Legend(settings, traces, size, sum(widths), row_px, [(one, 0.0) for one in starts])
    columns = max(1, int(width // max(widths)))
    places = [(at % columns * max(widths), at // columns * row_px) for at in range(len(traces))]
    rows = -(-len(traces) // columns)
    return Legend(settings, traces, size, min(columns, len(traces)) * max(widths), rows * row_px, places)


def draw_legend(legend: Legend, figure: PlainFigure, area: Box) -> str:
    """Draw a legend at its place."""
    left, top = legend.origin(figure, area)
    middle = LINE_HEIGHT * legend.size / 2
    parts = []
    for trace, (x, y) in zip(legend.traces, legend.places, strict=True):
        symbol = _symbol(trace, left + x, top + y + middle)
        name = draw_text(trace["name"], left + x + _SYMBOL_PX + _GAP_PX, top + y, size=legend.size, valign="top")
        parts.append(element("g", symbol, name))
    return element("g", *parts, class_="legend")


def _symbol(trace: dict[str, Any], left: float, middle: float) -> str:
    center = left + _SYMBOL_PX / 2
    alpha = opacity_text(trace.get("opacity"))
    marker = trace.get("marker") or {}
    if trace["type"] == "bar":
        color, pattern = _first(bar_color(trace)), marker.get("pattern") or {}
        shape = _first(pattern.get("shape"))
        box = (center - 6, middle - 6, center + 6, middle + 6)
        paint = {**fill("#fff"), **stroke(color)} if shape else fill(color)
        area = element("rect", x=box[0], y=box[1], width=12, height=12, **paint)
        return element("g", area, draw_pattern({**pattern, "shape": shape}, box, color) if shape else "", opacity=alpha)
    parts, has = [], modes(trace)
    if "lines" in has:
        line = trace.get("line") or {}
        look = stroke(line_color(trace), float(line.get("width") or LINE_PX), line.get("dash"))
        parts.append(element("path", d=f"M{left:.1f} {middle:.1f}h{_SYMBOL_PX:g}", fill="none", **look))
    if "markers" in has:
        outline = marker.get("line") or {}
        sizes = marker.get("size", MARKER_PX)
        size = float(_first(sizes) or MARKER_PX)
        parts.append(
            draw_marker(
                str(_first(marker.get("symbol")) or "circle"),
                center,
                middle,
                size=min(size, _LARGEST_MARKER_PX),
                color=_first(marker_color(trace)),
                line_color=_first(outline.get("color")),
                line_width=float(_first(outline.get("width")) or 0),
            )
        )
    return element("g", *parts, opacity=alpha)


def _first(value: Any) -> Any:
    return next((one for one in value if one), None) if isinstance(value, list) else value
