"""A whole figure as SVG."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from poseidon_nb.plots.svg.annotations import draw_annotations, draw_shapes
from poseidon_nb.plots.svg.axes import CATEGORY, Axis, axis_kind
from poseidon_nb.plots.svg.bars import bar_ranges, draw_bars, is_horizontal, place_bars
from poseidon_nb.plots.svg.colors import INK_CONTRAST, readable
from poseidon_nb.plots.svg.elements import FONT_FAMILY, element, fill, is_transparent, plain_text
from poseidon_nb.plots.svg.figure import plain_figure
from poseidon_nb.plots.svg.frame import draw_axis, draw_grid, draw_title, plot_box
from poseidon_nb.plots.svg.heatmap import cell_centers, draw_heatmap
from poseidon_nb.plots.svg.legend import draw_legend, legends
from poseidon_nb.plots.svg.scatter import draw_scatter, modes, points
from poseidon_nb.text import escape_unprintable

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from poseidon_nb.plots.svg.bars import Bar
    from poseidon_nb.plots.svg.elements import Box
    from poseidon_nb.plots.svg.figure import PlainFigure

#: The background where the page should shine through. A picture in a page does not know whether the page is dark.
_PAPER = "#fff"


def draw_svg(figure: go.Figure, *, summary: str = "", in_page: bool = False) -> str:
    """Return a figure as SVG, drawn without a browser.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        With traces of points, bars or cells on one pair of axes.
    summary : str
        The description for readers who cannot see it.
    in_page : bool
        Whether the picture is as wide as its place in a page. Otherwise it has the size of the figure, as in a file.

    Returns
    -------
    str
        The same text for the same figure.

    Raises
    ------
    UnsupportedFigure
        The figure has something that is not drawn here, such as another type of trace.
    """
    plain = _with_ink(plain_figure(figure))
    x, y = _axis("x", plain), _axis("y", plain)
    bar_traces = [one for one in plain.traces if one["type"] == "bar"]
    bars = dict(zip(map(id, bar_traces), place_bars(bar_traces, x, y, plain.layout), strict=True))
    _set_ranges(plain, x, y, bars)
    shown = legends(plain, plain.width - 90)
    box = plot_box(plain, x, y, shown)
    traces = [_trace(one, x, y, plain, box, bars) for one in _in_order(plain.traces)]
    content = [
        element("title", escape(_title(plain), quote=False)),
        element("desc", escape(escape_unprintable(summary), quote=False)) if summary else "",
        element("rect", width=plain.width, height=plain.height, **fill(_background(plain, "paper_bgcolor"))),
        _plot_background(plain, box),
        draw_shapes(plain, x, y, box, below=True),
        draw_grid(x, box),
        draw_grid(y, box),
        *traces,
        draw_shapes(plain, x, y, box, below=False),
        draw_axis(x, box),
        draw_axis(y, box),
        *(draw_legend(one, plain, box) for one in shown),
        draw_annotations(plain, x, y, box),
        draw_title(plain, box),
    ]
    return element(
        "svg",
        *content,
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        # An image with a width of its own is cut by pages that set no limit, such as nbconvert's and JupyterLab's. Without
        # one it fills its place. As a part of a page it is not enlarged.
        width=None if in_page else plain.width,
        height=None if in_page else plain.height,
        style=f"max-width:{plain.width:g}px" if in_page else "max-width:100%;height:auto",
        # With a capital letter, unlike the other attributes.
        viewBox=f"0 0 {plain.width:g} {plain.height:g}",
        font_family=FONT_FAMILY,
        fill=plain.ink,
    )


def _with_ink(figure: PlainFigure) -> PlainFigure:
    """Return the figure with ink that is dark enough for its background, if that is the page's own."""
    if is_transparent(figure.layout.get("paper_bgcolor") or _PAPER) or not figure.layout.get("paper_bgcolor"):
        font = figure.layout.get("font") or {}
        figure.layout["font"] = {**font, "color": readable(figure.ink, INK_CONTRAST)}
    return figure


def _background(figure: PlainFigure, name: str) -> str:
    color = figure.layout.get(name)
    return _PAPER if color is None or is_transparent(color) else str(color)


def _plot_background(figure: PlainFigure, box: Box) -> str:
    color = figure.layout.get("plot_bgcolor")
    if is_transparent(color):
        return ""
    left, top, right, bottom = box
    return element("rect", x=left, y=top, width=right - left, height=bottom - top, **fill(color))


def _axis(name: str, figure: PlainFigure) -> Axis:
    """Return an axis; its range is not known yet."""
    own = figure.layout.get(f"{name}axis") or {}
    title = own.get("title") or {}
    font = own.get("tickfont") or {}
    settings = {
        **own,
        "_font_size": float(font.get("size") or figure.font_size),
        "_title_size": float((title.get("font") or {}).get("size") or round(figure.font_size * 1.2)),
    }
    values = [one for trace in figure.traces for one in _values(trace, name)]
    kind = axis_kind(settings, values)
    categories: list[Any] = []
    if kind == CATEGORY:
        first = settings.get("categoryarray") or [] if settings.get("categoryorder", "array") == "array" else []
        texts = [one for one in values if one is not None]
        categories = [*dict.fromkeys([*first, *texts])]
    return Axis(name, settings, kind, categories)


def _values(trace: dict[str, Any], name: str) -> list[Any]:
    if trace["type"] == "bar" and is_horizontal(trace) == (name == "x") and trace.get("base") is not None:
        base = trace["base"]
        return [*base] if isinstance(base, list) else [base]
    return [*(trace.get(name) or [])]


def _set_ranges(figure: PlainFigure, x: Axis, y: Axis, bars: dict[int, list[Bar]]) -> None:
    """Set what both axes show."""
    ranges: dict[str, list[tuple[float, float]]] = {"x": [], "y": []}
    padded = {"x": False, "y": False}
    for trace in figure.traces:
        if trace["type"] == "bar":
            positions, values = bar_ranges(bars[id(trace)])
            across, along = ("y", "x") if is_horizontal(trace) else ("x", "y")
            ranges[across] += positions
            ranges[along] += values
            padded[along] = True
        elif trace["type"] == "heatmap":
            for axis in (x, y):
                ranges[axis.name] += [(one - 0.5, one + 0.5) for one in cell_centers(trace, axis) if one is not None]
        else:
            known = [one for one in points(trace, x, y) if one is not None]
            ranges["x"] += [(one, one) for one, _ in known]
            ranges["y"] += [(one, one) for _, one in known]
            if known:
                padded["y"] = True
                padded["x"] = padded["x"] or modes(trace) != {"lines"}
    for shape in figure.layout.get("shapes") or []:
        for axis in (x, y):
            if shape.get(f"{axis.name}ref") in {None, axis.name}:
                ends = [shape.get(f"{axis.name}{end}") for end in (0, 1)]
                ranges[axis.name] += [(one, one) for one in axis.coordinates(ends) if one is not None]
    for axis in (x, y):
        axis.set_range(ranges[axis.name], padded=padded[axis.name])


def _in_order(traces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the traces in the order in which plotly draws them."""
    return sorted(traces, key=lambda trace: ("heatmap", "bar", "scatter").index(trace["type"]))


def _trace(
    trace: dict[str, Any],
    x: Axis,
    y: Axis,
    figure: PlainFigure,
    box: Box,
    bars: dict[int, list[Bar]],
) -> str:
    if trace["type"] == "bar":
        return draw_bars(trace, bars[id(trace)], x, y, figure, box)
    if trace["type"] == "heatmap":
        return draw_heatmap(trace, x, y, figure)
    return draw_scatter(trace, x, y, figure, box)


def _title(figure: PlainFigure) -> str:
    title = figure.layout.get("title") or {}
    return plain_text(title.get("text") or "Chart")
