"""The chart of the size explorer: a point for each size. The index of a point in its trace is the position of the size.

It is not plotly's own widget. That one sends changes relative to its first state, so a page that misses a message stays
blank or wrong for good, and its script is so large that a busy page misses messages. This one sends the state itself.
"""

from __future__ import annotations

import functools
import math
import pathlib
from html import escape
from typing import TYPE_CHECKING, Any

import plotly
import traitlets
from plotly.offline import get_plotlyjs

from poseidon_nb.plots.labels import axis_scale, axis_title, hover_text, is_price, size_details
from poseidon_nb.plots.picture import family_style
from poseidon_nb.plots.svg.symbols import draw_marker
from poseidon_nb.widgets.page_widget import PageWidget, page_script

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from poseidon_nb.widgets.sizes.model import SizeExplorerModel

#: The height of plotly's buttons, which appear above the points on hover.
BUTTONS_PX = 32
#: Characters of a line of hover text. In a page of 600 pixels beside a file browser, the chart has 200.
_MAX_HOVER_CHARS = 28
#: Lines that can be seen in light and dark themes, whose background shows: contrast 4.4:1 and 4.7:1. Texts get the color of
#: the theme by the style sheet.
NEUTRAL = "#787878"
_FAINT, _TRANSPARENT = "rgba(120, 120, 120, 0.22)", "rgba(0, 0, 0, 0)"
#: If more points are selected, none is labeled: the labels would overlap.
MAX_LABELS = 5


@functools.cache
def _plotly_js() -> bytes:
    return str(get_plotlyjs()).encode()


class _Chart(PageWidget):
    """Draws a figure with plotly.js, and sends clicks and selections."""

    _esm = page_script(pathlib.Path(__file__).with_suffix(".js"))
    _constant = PageWidget._constant | {"plotly_js"}  # noqa: SLF001  # its own
    plotly_js = traitlets.Bytes().tag(sync=True)
    plotly_version = traitlets.Unicode(plotly.__version__).tag(sync=True)
    #: What is drawn but for the selection: ``points``, ``line`` and ``layout``.
    figure = traitlets.Dict().tag(sync=True)
    #: The trace of the selected points.
    rings = traitlets.Dict().tag(sync=True)
    #: Whether the outline of the last lasso or box stays.
    keeps_outline = traitlets.Bool(default_value=False).tag(sync=True)


def legend_html(families: Sequence[str]) -> str:
    """Return the symbols of families with their names, which fill lines of any width."""
    entries = []
    for name in families:
        symbol, color = family_style(name)
        marker = draw_marker(symbol, 0, 0, size=10, color=color)
        entries.append(
            f"<li><svg width='14' height='14' viewBox='-7 -7 14 14' aria-hidden='true'>{marker}</svg>{escape(name)}</li>"
        )
    return f"<ul class='pnb-legend' aria-label='Families'>{''.join(entries)}</ul>"


class SizeChart:
    """Sizes as points.

    Hidden points keep their index and have no coordinates: a click refers to the same size whatever is filtered meanwhile.

    Parameters
    ----------
    model : SizeExplorerModel
    on_point : callable
        Called with the position of a clicked point.
    on_points : callable
        Called with the positions within a lasso or box; none when the selection is cleared.
    """

    def __init__(
        self,
        model: SizeExplorerModel,
        on_point: Callable[[int], None],
        on_points: Callable[[Sequence[int]], None],
    ) -> None:
        self._model = model
        self._on_point, self._on_points = on_point, on_points
        #: Whether a lasso or box selection is being handled, whose outline then stays.
        self._keeps_outline = False
        looks = [family_style(family) for family in model.sizes["family"]]
        self._symbols = [symbol for symbol, _ in looks]
        self._points = _points(model.sizes, [color for _, color in looks])
        self.widget = _Chart(plotly_js=_plotly_js(), **self._state())
        self.widget.on_msg(self._on_message)

    def show(self) -> None:
        """Show the model; nothing is sent if nothing has changed."""
        with self.widget.hold_sync():
            for name, value in self._state().items():
                setattr(self.widget, name, value)

    def _on_message(self, _: Any, content: Mapping[str, Any], __: Any) -> None:
        if isinstance(content.get("clicked"), int):
            self._on_point(content["clicked"])
        elif isinstance(content.get("selected"), list):
            self._keeps_outline = True
            self._on_points([int(one) for one in content["selected"]])
            self._keeps_outline = False

    def _state(self) -> dict[str, Any]:
        plotted = self._model.plotted()
        return {"figure": self._figure(plotted), "rings": self._rings(plotted), "keeps_outline": self._keeps_outline}

    def _figure(self, plotted: Sequence[int]) -> dict[str, Any]:
        model, shown = self._model, {*plotted}
        x, y = (
            [float(value) if position in shown else None for position, value in enumerate(model.sizes[column])]
            for column in (model.x, model.y)
        )
        symbols = [
            symbol if position in model.frontier else f"{symbol}-open" for position, symbol in enumerate(self._symbols)
        ]
        axes = [_axis(model.sizes[column].iloc[[*plotted]], column) for column in (model.x, model.y)]
        # The page keeps its zoom until there are other points or axes.
        revision = f"{model.x} {model.y} {hash(model.visible)}"
        return {
            "points": {**self._points, "x": x, "y": y, "marker": {**self._points["marker"], "symbol": symbols}},
            "line": self._tradeoff_line(),
            "layout": {**_LAYOUT, "uirevision": revision, "xaxis": axes[0], "yaxis": axes[1]},
        }

    def _tradeoff_line(self) -> dict[str, Any]:
        model = self._model
        x, y = self._coordinates(model.best_tradeoffs())
        # More than a point offers costs as much as the next point: the line goes up first, then right.
        shape = "vh" if is_price(model.y) and not is_price(model.x) else "linear"
        return {
            **_WITHOUT_HOVER,
            "name": "best trade-offs",
            "mode": "lines",
            "x": x,
            "y": y,
            "line": {"color": NEUTRAL, "width": 1.5, "dash": "dot", "shape": shape},
        }

    def _rings(self, plotted: Sequence[int]) -> dict[str, Any]:
        selected = [position for position in plotted if position in self._model.selected]
        x, y = self._coordinates(selected)
        labels = self._model.sizes["slug"].iloc[selected] if len(selected) <= MAX_LABELS else [""] * len(selected)
        # Labels are on the side with more room.
        middle = sum(_log_range(self._model.sizes[self._model.x].iloc[[*plotted]])) / 2
        return {
            **_WITHOUT_HOVER,
            "name": "selected",
            "mode": "markers+text",
            "x": x,
            "y": y,
            "text": [f" {escape(label)} " for label in labels],
            "textposition": [f"bottom {'left' if math.log(one) > middle else 'right'}" for one in x],
            "marker": {"symbol": "circle", "size": 19, "color": _TRANSPARENT, "line": {"width": 3, "color": NEUTRAL}},
            "unselected": {"marker": {"opacity": 1}},
        }

    def _coordinates(self, positions: Sequence[int]) -> tuple[list[float], list[float]]:
        sizes, model = self._model.sizes, self._model
        return [float(sizes[model.x][one]) for one in positions], [float(sizes[model.y][one]) for one in positions]


#: Selected points have a ring. Plotly would fade the others too.
_UNFADED = {"type": "scatter", "selected": {"marker": {"opacity": 1}}, "unselected": {"marker": {"opacity": 1}}}
_WITHOUT_HOVER = {**_UNFADED, "hoverinfo": "skip"}
#: In the height beside a table, more labels would overlap.
_MAX_PRICE_TICKS = 8
_LAYOUT: dict[str, Any] = {
    "paper_bgcolor": _TRANSPARENT,
    "plot_bgcolor": _TRANSPARENT,
    "font": {"size": 12},
    "hoverlabel": {"align": "left", "namelength": -1, "font": {"size": 12}},
    "dragmode": "lasso",
    "clickmode": "event",
    "hovermode": "closest",
    "margin": {"l": 8, "r": 8, "t": BUTTONS_PX, "b": 8},
    # Plotly's would be no wider than the drawing: beside a table, one column as high as the drawing itself.
    "showlegend": False,
    # The chosen button stays whatever is filtered. The removed one would upload the data.
    "modebar": {"uirevision": "kept", "bgcolor": _TRANSPARENT, "remove": ["sendChartToCloud"]},
    "newselection": {"line": {"color": NEUTRAL, "width": 1, "dash": "dot"}},
}


def _points(sizes: pd.DataFrame, colors: list[str]) -> dict[str, Any]:
    return {
        **_UNFADED,
        "name": "sizes",
        "mode": "markers",
        "marker": {"size": 9, "color": colors, "line": {"width": 1.6, "color": colors}},
        "hovertext": [
            f"<b>{hover_text(slug, _MAX_HOVER_CHARS)}</b>{facts}"
            for slug, facts in zip(sizes["slug"], size_details(sizes, max_chars=_MAX_HOVER_CHARS), strict=True)
        ],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def _log_range(values: pd.Series[Any]) -> tuple[float, float]:
    known = values.astype(float)
    return (0.0, 0.0) if known.empty else (math.log(known.min()), math.log(known.max()))


def _axis(values: pd.Series[Any], column: str) -> dict[str, Any]:
    """Return the layout of an axis, logarithmic even if there are no values."""
    ticks = (
        axis_scale(values, column, max_price_ticks=_MAX_PRICE_TICKS)
        if len(values)
        else {"tickvals": [], "ticktext": []}
    )
    title = {"text": axis_title(column), "standoff": 8, "font": {"size": 13}}
    lines = dict.fromkeys(("gridcolor", "linecolor", "zerolinecolor"), _FAINT)
    return {"type": "log", "autorange": True, "automargin": True, "title": title, **lines, **ticks}
