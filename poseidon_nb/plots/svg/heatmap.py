"""Traces of cells. All cells of a color are one path, because a chart may have thousands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.plots.svg.colors import scale_color
from poseidon_nb.plots.svg.elements import UnsupportedFigure, draw_text, element, fill, number

if TYPE_CHECKING:
    from poseidon_nb.plots.svg.axes import Axis
    from poseidon_nb.plots.svg.figure import PlainFigure


def cell_centers(trace: dict[str, Any], axis: Axis) -> list[float | None]:
    """Return the coordinates of the columns or rows."""
    rows = trace.get("z") or []
    count = len(rows[0]) if axis.is_x and rows else len(rows)
    values = trace.get(axis.name)
    return axis.coordinates(values if values is not None else [*range(count)])


def draw_heatmap(trace: dict[str, Any], x: Axis, y: Axis, figure: PlainFigure) -> str:
    """Draw the cells of a trace, then their texts."""
    if trace.get("showscale") is not False:
        raise UnsupportedFigure("A heatmap with a color bar cannot be drawn as SVG. Set showscale=False.")
    if trace.get("texttemplate") not in {None, "%{text}"}:
        raise UnsupportedFigure(f"The text template {trace['texttemplate']!r} cannot be drawn as SVG.")
    rows = trace.get("z") or []
    known = [one for row in rows for one in row if one is not None]
    low, high = trace.get("zmin", min(known, default=0)), trace.get("zmax", max(known, default=1))
    wide = abs(x.place(1) - x.place(0)) - float(trace.get("xgap") or 0)
    tall = abs(y.place(1) - y.place(0)) - float(trace.get("ygap") or 0)
    paths: dict[str, list[str]] = {}
    texts = []
    labels = trace.get("text") if trace.get("texttemplate") else None
    size = min(figure.font_size, tall * 0.8)
    columns = cell_centers(trace, x)
    for row, (at_y, cells) in enumerate(zip(cell_centers(trace, y), rows, strict=False)):
        for column, (at_x, cell) in enumerate(zip(columns, cells, strict=False)):
            if cell is None or at_x is None or at_y is None or not (x.shows(at_x) and y.shows(at_y)):
                continue
            color = scale_color(trace["colorscale"], (cell - low) / ((high - low) or 1))
            left, top = x.place(at_x) - wide / 2, y.place(at_y) - tall / 2
            w, h = number(wide), number(tall)
            paths.setdefault(color, []).append(f"M{number(left)} {number(top)}h{w}v{h}h-{w}z")
            if labels and labels[row][column]:
                texts.append(draw_text(labels[row][column], x.place(at_x), y.place(at_y), size=size, anchor="middle"))
    cells = [element("path", d="".join(parts), **fill(color)) for color, parts in paths.items()]
    groups = [element("g", *cells, class_="cells"), element("g", *texts, class_="texts")]
    return element("g", *groups, class_="trace heatmap")
