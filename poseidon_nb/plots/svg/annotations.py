"""What is added to a chart: lines and rectangles, and texts beside points, such as limits and direct labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.plots.svg.axes import LOG
from poseidon_nb.plots.svg.colors import readable
from poseidon_nb.plots.svg.elements import (
    UnsupportedFigure,
    draw_text,
    element,
    fill,
    is_transparent,
    opacity_text,
    stroke,
    text_height,
    text_lines,
    text_width,
    third,
)

if TYPE_CHECKING:
    from poseidon_nb.plots.svg.axes import Axis
    from poseidon_nb.plots.svg.elements import Box
    from poseidon_nb.plots.svg.figure import PlainFigure

#: By default the text of an annotation with an arrow is here, in pixels from its point.
_ARROW_PX = (-10.0, -30.0)
_LABEL_GAP_PX = 3


def draw_shapes(figure: PlainFigure, x: Axis, y: Axis, box: Box, *, below: bool) -> str:
    """Draw the shapes that are below the traces, or those above."""
    shapes = [one for one in figure.layout.get("shapes") or [] if one.get("visible") not in {False, "legendonly"}]
    parts = [_shape(one, figure, x, y, box) for one in shapes if (one.get("layer") in {"below", "between"}) is below]
    return element("g", *parts, class_="shapes") if parts else ""


def _shape(shape: dict[str, Any], figure: PlainFigure, x: Axis, y: Axis, box: Box) -> str:
    default = figure.layout.get("shapedefaults") or {}
    line = {**(default.get("line") or {}), **(shape.get("line") or {})}
    x_0, x_1 = (_place(shape.get(name), shape.get("xref"), x, box) for name in ("x0", "x1"))
    y_0, y_1 = (_place(shape.get(name), shape.get("yref"), y, box) for name in ("y0", "y1"))
    if None in {x_0, x_1, y_0, y_1}:
        return ""
    left, right = _within((x_0 or 0.0, x_1 or 0.0), box[0], box[2])
    top, bottom = _within((y_0 or 0.0, y_1 or 0.0), box[1], box[3])
    if shape.get("xref") != "paper" and left == right and not box[0] <= (x_0 or 0.0) <= box[2]:
        return ""
    if shape.get("yref") != "paper" and top == bottom and not box[1] <= (y_0 or 0.0) <= box[3]:
        return ""
    look = stroke(line.get("color") or "#444", float(line.get("width", 2)), line.get("dash"))
    alpha = opacity_text(shape.get("opacity"))
    kind = shape.get("type") or "rect"
    if kind == "line":
        drawn = element("path", d=f"M{left:.1f} {top:.1f}L{right:.1f} {bottom:.1f}", fill="none", **look, opacity=alpha)
    elif kind == "rect":
        left, right, top, bottom = min(left, right), max(left, right), min(top, bottom), max(top, bottom)
        area = fill(shape.get("fillcolor"))
        drawn = element("rect", x=left, y=top, width=right - left, height=bottom - top, **area, **look, opacity=alpha)
    else:
        raise UnsupportedFigure(f"A shape of type {kind!r} cannot be drawn as SVG.")
    return drawn + _shape_label(shape, figure, (left, top, right, bottom))


def _within(ends: tuple[float, float], low: float, high: float) -> tuple[float, float]:
    first, last = (min(max(one, low), high) for one in ends)
    return first, last


def _shape_label(shape: dict[str, Any], figure: PlainFigure, ends: Box) -> str:
    label = shape.get("label") or {}
    if not label.get("text"):
        return ""
    font = figure.font(label)
    left, top, right, bottom = ends
    where = label.get("textposition") or ("middle" if shape.get("type") == "line" else "middle center")
    at = {"start": left, "end": right, "left": left, "right": right}
    x = next((at[word] for word in where.split() if word in at), (left + right) / 2)
    anchor = {"start": "start", "left": "start", "end": "end", "right": "end"}
    side = next((anchor[word] for word in where.split() if word in anchor), "middle")
    y = top if "top" in where else bottom if "bottom" in where else (top + bottom) / 2
    valign = label.get("yanchor") or ("bottom" if shape.get("type") == "line" else "middle")
    up = {"bottom": -_LABEL_GAP_PX, "top": _LABEL_GAP_PX, "middle": 0}[valign]
    color = readable(str(font["color"]))
    return draw_text(label["text"], x, y + up, size=font["size"], color=color, anchor=side, valign=valign)


def draw_annotations(figure: PlainFigure, x: Axis, y: Axis, box: Box) -> str:
    """Draw the annotations."""
    default = figure.layout.get("annotationdefaults") or {}
    shown = [{**default, **one} for one in figure.layout.get("annotations") or [] if one.get("visible") is not False]
    parts = [_annotation(one, figure, x, y, box) for one in shown]
    return element("g", *parts, class_="annotations") if parts else ""


def _annotation(note: dict[str, Any], figure: PlainFigure, x: Axis, y: Axis, box: Box) -> str:
    at_x = _place(_power(note.get("x"), note.get("xref"), x), note.get("xref"), x, box)
    at_y = _place(_power(note.get("y"), note.get("yref"), y), note.get("yref"), y, box)
    if at_x is None or at_y is None or not note.get("text"):
        return ""
    at_x, at_y = at_x + float(note.get("xshift") or 0), at_y - float(note.get("yshift") or 0)
    font = figure.font(note)
    size, parts = font["size"], []
    arrow = note.get("showarrow") is not False
    tip = (at_x, at_y)
    if arrow:
        at_x += float(_ARROW_PX[0] if note.get("ax") is None else note["ax"])
        at_y += float(_ARROW_PX[1] if note.get("ay") is None else note["ay"])
        look = stroke(note.get("arrowcolor") or readable(font["color"]), float(note.get("arrowwidth") or 1))
        path = f"M{at_x:.1f} {at_y:.1f}L{tip[0]:.1f} {tip[1]:.1f}"
        parts.append(element("path", d=path, fill="none", **look))
    width, height = text_width(note["text"], size), text_height(note["text"], size)
    pad = float(note.get("borderpad", 1))
    x_anchor, y_anchor = _anchors(note, arrow=arrow)
    left = at_x - {"left": 0.0, "center": 0.5, "right": 1.0}[x_anchor] * (width + 2 * pad)
    top = at_y - {"top": 0.0, "middle": 0.5, "bottom": 1.0}[y_anchor] * (height + 2 * pad)
    background = note.get("bgcolor")
    if not is_transparent(background) or not is_transparent(note.get("bordercolor")):
        border = stroke(note.get("bordercolor"), float(note.get("borderwidth", 1)))
        look = {**fill(background), **border}
        parts.append(element("rect", x=left, y=top, width=width + 2 * pad, height=height + 2 * pad, **look))
    # The width is an estimate, so a single line is drawn from where it is anchored.
    align = (note.get("align") or "center") if len(text_lines(note["text"])) > 1 else x_anchor
    anchor = {"left": "start", "center": "middle", "right": "end"}[align]
    text_x = left + pad + {"left": 0.0, "center": width / 2, "right": width}[align]
    parts.append(
        draw_text(
            note["text"],
            text_x,
            top + pad + height / 2,
            size=size,
            color=readable(font["color"]),
            anchor=anchor,
            angle=float(note.get("textangle") or 0),
        )
    )
    return element("g", *parts, opacity=opacity_text(note.get("opacity")))


def _power(value: Any, ref: str | None, axis: Axis) -> Any:
    """Return the value of an annotation; on a logarithmic axis plotly's annotations have its logarithm, unlike shapes."""
    return 10.0**value if axis.kind == LOG and ref in {None, axis.name} and value is not None else value


def _anchors(note: dict[str, Any], *, arrow: bool) -> tuple[str, str]:
    """Return which part of the text is at its place. Without an arrow, plotly's default depends on the place in the chart."""
    x_anchor, y_anchor = note.get("xanchor") or "auto", note.get("yanchor") or "auto"
    if x_anchor == "auto":
        x_anchor = "center" if arrow or note.get("xref") != "paper" else third(note["x"], "left", "center", "right")
    if y_anchor == "auto":
        y_anchor = "middle" if arrow or note.get("yref") != "paper" else third(note["y"], "bottom", "middle", "top")
    return x_anchor, y_anchor


def _place(value: Any, ref: str | None, axis: Axis, box: Box) -> float | None:
    """Return the position of a value of an axis, or of a part of the chart, in pixels."""
    if value is None:
        return None
    first, last = (box[0], box[2]) if axis.is_x else (box[3], box[1])
    if ref in {"paper", f"{axis.name} domain"}:
        return first + float(value) * (last - first)
    if ref not in {None, axis.name}:
        raise UnsupportedFigure(f"Something on the axis {ref!r} cannot be drawn as SVG.")
    return axis.place_value(value)
