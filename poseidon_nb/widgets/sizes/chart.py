"""The chart of the size explorer: a point for each size. The index of a point in its trace is the position of the size."""

from __future__ import annotations

import math
import pathlib
from html import escape
from typing import TYPE_CHECKING, Any

import anywidget
import plotly.graph_objects as go

from poseidon_nb.plots.labels import axis_scale, axis_title, hover_text, is_price, size_details
from poseidon_nb.plots.picture import INK, LEGEND_BELOW, TEMPLATE, family_style

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from poseidon_nb.widgets.sizes.model import SizeExplorerModel

HEIGHT_PX, BUTTONS_PX = 520, 32
#: If more points are selected, none is labeled: the labels would overlap.
MAX_LABELS = 5
#: Indexes of the traces.
_SIZES, _TRADEOFFS, _RINGS = range(3)


class _ChartEvents(anywidget.AnyWidget):
    """Sends clicks and selections from the page, and fits the chart to the width of the panel."""

    _esm = pathlib.Path(__file__).with_suffix(".js")


class _Figure(go.FigureWidget):
    """A figure that sends its current state to a page that is loaded later.

    Plotly's own sends its initial state, and changes only to pages that were open. It sends its state again when it is
    displayed by itself, but here it is a part of a panel.
    """

    #: The state is requested during the initialization, before there are any traces.
    _is_initialized = False

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._is_initialized = True

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002  # the signature of widgets
        state: dict[str, Any] = super().get_state(key, drop_defaults)
        if not self._is_initialized:
            return state
        current = {"_widget_data": self._data, "_widget_layout": self._layout_obj._props}  # noqa: SLF001  # as plotly does
        for name in state.keys() & current.keys():
            state[name] = self.trait_metadata(name, "to_json")(current[name], self)
        return state


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
        self._drawn: Any = None
        #: Whether a lasso or box selection is being handled, whose outline then stays.
        self._keeps_outline = False
        looks = [family_style(family) for family in model.sizes["family"]]
        self._symbols = [symbol for symbol, _ in looks]
        self._colors = [color for _, color in looks]
        self.widget = _Figure(
            [self._points(), _tradeoff_line(), _rings(), *_legend(model.families)],
            {
                "template": TEMPLATE,
                "height": HEIGHT_PX,
                "autosize": True,
                "dragmode": "lasso",
                "clickmode": "event",
                "hovermode": "closest",
                # Plotly's buttons appear above the points on hover; the legend is at the bottom.
                "margin": {"l": 8, "r": 8, "t": BUTTONS_PX, "b": 8},
                "legend": {**LEGEND_BELOW, "itemclick": False, "itemdoubleclick": False},
                "newselection": {"line": {"color": INK, "width": 1, "dash": "dot"}},
            },
        )
        self.widget._config = {"displaylogo": False, "responsive": True}  # noqa: SLF001  # there is no public way
        events = _ChartEvents()
        events.on_msg(self._on_message)
        self._on_point, self._on_points = on_point, on_points
        self.widgets = (self.widget, events)

    def show(self) -> None:
        """Show the model; nothing is sent if nothing has changed."""
        model = self._model
        plotted = model.plotted()
        state = (model.x, model.y, model.visible, model.frontier, model.selected)
        if state == self._drawn:
            return
        before, self._drawn = self._drawn, state
        with self.widget.batch_update():
            if before is None or before[:4] != state[:4]:
                self._draw_points(plotted)
                for axis, column in ((self.widget.layout.xaxis, model.x), (self.widget.layout.yaxis, model.y)):
                    axis.update(_axis(model.sizes[column].iloc[plotted], column))
            self._draw_rings(plotted)
            if not self._keeps_outline:
                self.widget.layout.selections = ()

    def _on_message(self, _: Any, content: Mapping[str, Any], __: Any) -> None:
        if isinstance(content.get("clicked"), int):
            self._on_point(content["clicked"])
        elif isinstance(content.get("selected"), list):
            self._keeps_outline = True
            self._on_points([int(one) for one in content["selected"]])
            self._keeps_outline = False

    def _draw_points(self, plotted: Sequence[int]) -> None:
        model, points = self._model, self.widget.data[_SIZES]
        visible = {*plotted}
        points.x, points.y = (
            [float(value) if position in visible else None for position, value in enumerate(model.sizes[column])]
            for column in (model.x, model.y)
        )
        points.marker.symbol = [
            symbol if position in model.frontier else f"{symbol}-open" for position, symbol in enumerate(self._symbols)
        ]
        line = self.widget.data[_TRADEOFFS]
        line.x, line.y = self._coordinates(model.best_tradeoffs())
        # More than a point offers costs as much as the next point: the line goes up first, then right.
        line.line.shape = "vh" if is_price(model.y) and not is_price(model.x) else "linear"

    def _draw_rings(self, plotted: Sequence[int]) -> None:
        rings = self.widget.data[_RINGS]
        selected = [position for position in plotted if position in self._model.selected]
        x, y = self._coordinates(selected)
        rings.x, rings.y = x, y
        labels = self._model.sizes["slug"].iloc[selected] if len(selected) <= MAX_LABELS else [""] * len(selected)
        rings.text = [f" {escape(label)} " for label in labels]
        # Labels are on the side with more room.
        middle = sum(_log_range(self._model.sizes[self._model.x].iloc[[*plotted]])) / 2
        rings.textposition = [f"bottom {'left' if math.log(one) > middle else 'right'}" for one in x]

    def _coordinates(self, positions: Sequence[int]) -> tuple[list[float], list[float]]:
        sizes, model = self._model.sizes, self._model
        return [float(sizes[model.x][one]) for one in positions], [float(sizes[model.y][one]) for one in positions]

    def _points(self) -> Any:
        return go.Scatter(
            name="sizes",
            mode="markers",
            marker={"size": 9, "color": self._colors, "line": {"width": 1.6, "color": self._colors}},
            hovertext=[
                f"<b>{hover_text(slug)}</b>{facts}"
                for slug, facts in zip(self._model.sizes["slug"], size_details(self._model.sizes), strict=True)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
            showlegend=False,
            # Selected points have a ring. Plotly would fade the others too.
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
        )


def _tradeoff_line() -> Any:
    return go.Scatter(
        name="best trade-offs",
        showlegend=False,
        mode="lines",
        line={"color": INK, "width": 1.5, "dash": "dot"},
        hoverinfo="skip",
    )


def _rings() -> Any:
    return go.Scatter(
        name="selected",
        mode="markers+text",
        marker={"symbol": "circle", "size": 19, "color": "rgba(0, 0, 0, 0)", "line": {"width": 3, "color": INK}},
        hoverinfo="skip",
        showlegend=False,
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}, "textfont": {"color": INK}},
    )


def _legend(families: Sequence[str]) -> list[Any]:
    """Return an entry for each family: traces without points."""
    return [
        go.Scatter(
            name=name,
            mode="markers",
            x=[None],
            y=[None],
            marker={"symbol": symbol, "color": color, "size": 10},
            hoverinfo="skip",
        )
        for name in families
        for symbol, color in [family_style(name)]
    ]


def _log_range(values: pd.Series[Any]) -> tuple[float, float]:
    known = values.astype(float)
    return (0.0, 0.0) if known.empty else (math.log(known.min()), math.log(known.max()))


def _axis(values: pd.Series[Any], column: str) -> dict[str, Any]:
    """Return the layout of an axis, logarithmic even if there are no values."""
    ticks = axis_scale(values, column) if len(values) else {"tickvals": [], "ticktext": []}
    return {"type": "log", "autorange": True, "title": {"text": axis_title(column)}, **ticks}
