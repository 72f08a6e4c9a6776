"""What is around the marks: the margins, the title, the lines and labels of the axes."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

from poseidon_nb.plots.svg.axes import CATEGORY, LOG
from poseidon_nb.plots.svg.colors import readable
from poseidon_nb.plots.svg.elements import draw_text, element, stroke, text_height, text_width, third

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.plots.svg.axes import Axis
    from poseidon_nb.plots.svg.elements import Box
    from poseidon_nb.plots.svg.figure import PlainFigure
    from poseidon_nb.plots.svg.legend import Legend
    from poseidon_nb.plots.svg.ticks import Tick

_MARGINS = {"l": 80.0, "r": 80.0, "t": 100.0, "b": 80.0}
_TITLE_PX, _SUBTITLE_PART = 17.0, 0.7
#: Between an axis and its labels, and between labels and the edge of the picture.
_LABEL_GAP_PX, _EDGE_PX = 4.0, 4.0
_STANDOFF_PX = 8.0


def title_lines(figure: PlainFigure) -> list[tuple[str, float, str]]:
    """Return the title and the subtitle: text, size and color."""
    title = figure.layout.get("title") or {}
    font = figure.font(title, size=_TITLE_PX)
    subtitle = title.get("subtitle") or {}
    second = figure.font(subtitle, size=round(font["size"] * _SUBTITLE_PART))
    given = [(title.get("text"), font), (subtitle.get("text"), second)]
    return [(str(text), one["size"], readable(one["color"])) for text, one in given if text]


def plot_box(figure: PlainFigure, x: Axis, y: Axis, legends: Sequence[Legend]) -> Box:
    """Return the area of the axes: left, top, right and bottom; sets the ends of both axes."""
    given = {
        **_MARGINS,
        **{side: float(px) for side, px in (figure.layout.get("margin") or {}).items() if side in _MARGINS},
    }
    outside: dict[str, float] = {}
    for legend in legends:
        for side, px in legend.margins(figure).items():
            outside[side] = max(outside.get(side, 0.0), px)
    top = max(given["t"], outside.get("t", 0.0))
    left, right, bottom = given["l"], given["r"], given["b"]
    # The labels depend on the length of the axes, and the other way round.
    for _ in range(2):
        x.start_px, x.end_px = left, figure.width - max(right, outside.get("r", 0.0))
        y.start_px, y.end_px = figure.height - bottom - outside.get("b", 0.0), top
        x_ticks, y_ticks = x.ticks(), y.ticks()
        left = max(given["l"], _depth(y, y_ticks) if y.visible else 0.0)
        bottom = max(given["b"], _depth(x, x_ticks) if x.visible else 0.0)
        right = max(given["r"], _overhang(x, x_ticks) if x.visible else 0.0)
    x.start_px, x.end_px = left, figure.width - max(right, outside.get("r", 0.0))
    y.start_px, y.end_px = figure.height - bottom - outside.get("b", 0.0), top
    return x.start_px, y.end_px, x.end_px, y.start_px


def _depth(axis: Axis, ticks: Sequence[Tick]) -> float:
    """Return how far labels and title reach away from the axis."""
    labels = _labels_depth(axis, ticks)
    title = axis.settings.get("title") or {}
    size = float((title.get("font") or {}).get("size") or axis.settings["_title_size"])
    return labels + (_standoff(title) + text_height(title["text"], size) if title.get("text") else 0.0) + _EDGE_PX


def _labels_depth(axis: Axis, ticks: Sequence[Tick]) -> float:
    if axis.settings.get("showticklabels") is False or not ticks:
        return _tick_px(axis)
    size, angle = axis.font_size, _angle(axis, ticks)
    widest = max(text_width(tick.label, size) for tick in ticks)
    tallest = max(text_height(tick.label, size) for tick in ticks)
    turned = abs(math.sin(math.radians(angle))), abs(math.cos(math.radians(angle)))
    deep = widest * turned[0] + tallest * turned[1] if axis.is_x else widest * turned[1] + tallest * turned[0]
    return _tick_px(axis) + _LABEL_GAP_PX + deep


def _tick_px(axis: Axis) -> float:
    return float(axis.settings.get("ticklen", 5)) if axis.settings.get("ticks") == "outside" else 0.0


def _standoff(title: dict[str, Any]) -> float:
    given = title.get("standoff")
    return _STANDOFF_PX if given is None else float(given)


def _overhang(axis: Axis, ticks: Sequence[Tick]) -> float:
    """Return how far the last label reaches beyond the end of the axis."""
    if not ticks or _angle(axis, ticks) or axis.settings.get("showticklabels") is False:
        return 0.0
    return max(axis.place(tick.coordinate) + text_width(tick.label, axis.font_size) / 2 for tick in ticks) - axis.end_px


def _angle(axis: Axis, ticks: Sequence[Tick]) -> float:
    """Return the angle of the labels; those of a horizontal axis are turned if they would overlap."""
    given = axis.settings.get("tickangle")
    if given is not None and given != "auto":
        return float(given)
    if not axis.is_x or (axis.kind == CATEGORY and not axis.settings.get("tickvals")):
        return 0.0
    places = sorted((axis.place(tick.coordinate), text_width(tick.label, axis.font_size)) for tick in ticks)
    crowded = any(
        one + width / 2 + 2 > other - next_width / 2 for (one, width), (other, next_width) in itertools.pairwise(places)
    )
    return 30.0 if crowded else 0.0


def draw_grid(axis: Axis, box: Box) -> str:
    """Draw the lines of the ticks across the chart."""
    settings = axis.settings
    if not axis.visible:
        return ""
    parts = []
    if settings.get("showgrid") is not False:
        color, width = settings.get("gridcolor") or "#eee", float(settings.get("gridwidth") or 1)
        path = "".join(_across(axis, axis.place(tick.coordinate), box) for tick in axis.ticks())
        if path:
            parts.append(element("path", d=path, fill="none", **stroke(color, width, settings.get("griddash"))))
    if (
        settings.get("zeroline", settings.get("showgrid")) is not False
        and axis.kind not in {CATEGORY, LOG}
        and axis.shows(0.0)
    ):
        color, width = settings.get("zerolinecolor") or "#ccc", float(settings.get("zerolinewidth") or 1)
        parts.append(element("path", d=_across(axis, axis.place(0.0), box), fill="none", **stroke(color, width)))
    if settings.get("showline"):
        color, width = settings.get("linecolor") or "#444", float(settings.get("linewidth") or 1)
        edge = box[3] if axis.is_x else box[0]
        path = f"M{box[0]:.1f} {edge:.1f}H{box[2]:.1f}" if axis.is_x else f"M{edge:.1f} {box[1]:.1f}V{box[3]:.1f}"
        parts.append(element("path", d=path, fill="none", **stroke(color, width)))
    return element("g", *parts, class_=f"grid {axis.name}") if parts else ""


def _across(axis: Axis, at: float, box: Box) -> str:
    left, top, right, bottom = box
    return f"M{at:.1f} {top:.1f}V{bottom:.1f}" if axis.is_x else f"M{left:.1f} {at:.1f}H{right:.1f}"


def draw_axis(axis: Axis, box: Box) -> str:
    """Draw the labels of the ticks, and the title of the axis."""
    if not axis.visible:
        return ""
    settings, size, ticks = axis.settings, axis.font_size, axis.ticks()
    parts = []
    font = settings.get("tickfont") or {}
    color = readable(font["color"]) if font.get("color") else None
    if settings.get("showticklabels") is not False:
        angle, gap = _angle(axis, ticks), _tick_px(axis) + _LABEL_GAP_PX
        for tick in ticks:
            at = axis.place(tick.coordinate)
            look: dict[str, Any] = {"size": size, "color": color}
            if not axis.is_x:
                label = draw_text(tick.label, box[0] - gap, at, anchor="end", **look)
            elif angle:
                anchor = "end" if angle < 0 else "start"
                label = draw_text(tick.label, at, box[3] + gap + size / 2, anchor=anchor, angle=angle, **look)
            else:
                label = draw_text(tick.label, at, box[3] + gap, anchor="middle", valign="top", **look)
            parts.append(label)
    title = settings.get("title") or {}
    if title.get("text"):
        own = title.get("font") or {}
        wide = float(own.get("size") or settings["_title_size"])
        ink = readable(own["color"]) if own.get("color") else None
        away = _labels_depth(axis, ticks) + _standoff(title)
        if axis.is_x:
            parts.append(
                draw_text(
                    title["text"],
                    (box[0] + box[2]) / 2,
                    box[3] + away,
                    size=wide,
                    color=ink,
                    anchor="middle",
                    valign="top",
                )
            )
        else:
            middle = box[0] - away - text_height(title["text"], wide) / 2
            at = (box[1] + box[3]) / 2
            parts.append(draw_text(title["text"], middle, at, size=wide, color=ink, anchor="middle", angle=-90))
    return element("g", *parts, class_=f"axis {axis.name}")


def draw_title(figure: PlainFigure, box: Box) -> str:
    """Draw the title and the subtitle."""
    lines = title_lines(figure)
    if not lines:
        return ""
    title = figure.layout.get("title") or {}
    pad = title.get("pad") or {}
    x = float(title.get("x", 0.05))
    left, right = (box[0], box[2]) if title.get("xref") == "paper" else (0.0, figure.width)
    anchor = title.get("xanchor") or "auto"
    if anchor == "auto":
        anchor = third(x, "left", "center", "right")
    at_x = left + x * (right - left) + float(pad.get("l") or 0)
    heights = [text_height(text, size) for text, size, _ in lines]
    y = title.get("y")
    if y is None or y == "auto":
        # In the middle of the margin. Plotly puts the first line there, and the subtitle below it.
        margin = float((figure.layout.get("margin") or {}).get("t", _MARGINS["t"]))
        top = margin / 2 - (heights[0] / 2 if len(lines) == 1 else sum(heights) / 2)
    else:
        at_y = figure.height - float(y) * figure.height
        valign = title.get("yanchor") or "auto"
        if valign == "auto":
            valign = third(y, "bottom", "middle", "top")
        top = at_y - {"top": 0.0, "middle": heights[0] / 2, "bottom": heights[0]}[valign]
        top += float(pad.get("t") or 0) - float(pad.get("b") or 0)
    parts = []
    for (text, size, color), height in zip(lines, heights, strict=True):
        side = {"left": "start", "center": "middle", "right": "end"}[anchor]
        parts.append(draw_text(text, at_x, max(0.0, top), size=size, color=color, anchor=side, valign="top"))
        top = max(0.0, top) + height
    return element("g", *parts, class_="title")
