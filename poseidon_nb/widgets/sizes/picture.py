"""The picture of an explorer of sizes: a point for each, whose place in the trace is its place among the sizes for ever."""

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
#: Of more selected points none is named in the picture: the names would lie upon each other.
MOST_NAMED = 5
_SIZES, _LINE, _RINGS = range(3)


class _Companion(anywidget.AnyWidget):
    """Tells what is clicked and selected in the picture, and has it fit its place in the page."""

    _esm = pathlib.Path(__file__).with_name("picture.js")


class _Figure(go.FigureWidget):
    """A figure that a page loaded later shows as it is now.

    Plotly's own tells a new page how it was made, and what has become of it since only to pages that were there; it
    tells that anew when it is displayed by itself, which a part of a panel never is.
    """

    #: Before it is made it has no traces to tell, but is asked already.
    _is_made = False

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._is_made = True

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002  # as the widget it is
        state: dict[str, Any] = super().get_state(key, drop_defaults)
        if not self._is_made:
            return state
        now = {"_widget_data": self._data, "_widget_layout": self._layout_obj._props}  # noqa: SLF001  # as plotly itself
        for name in state.keys() & now.keys():
            state[name] = self.trait_metadata(name, "to_json")(now[name], self)
        return state


class SizePicture:
    """The skin of sizes as points.

    What is hidden keeps its place and has no coordinates, so that a click means the size that it meant when it was made,
    whatever is filtered meanwhile.

    Parameters
    ----------
    model : SizeExplorerModel
    clicked : callable
        Told the place of a point that was clicked.
    chosen : callable
        Told the places within a lasso or a box; nothing when the selection is taken back.
    """

    def __init__(
        self,
        model: SizeExplorerModel,
        clicked: Callable[[int], None],
        chosen: Callable[[Sequence[int]], None],
    ) -> None:
        self._model = model
        self._now: Any = None
        #: While a selection is taken in that was made by a lasso or a box, whose outline then stays.
        self._outlined = False
        looks = [family_style(family) for family in model.sizes["family"]]
        self._symbols = [symbol for symbol, _ in looks]
        self._colours = [colour for _, colour in looks]
        self.widget = _Figure(
            [self._sizes(), _line(), _rings(), *_legend(model.families)],
            {
                "template": TEMPLATE,
                "height": HEIGHT_PX,
                "autosize": True,
                "dragmode": "lasso",
                "clickmode": "event",
                "hovermode": "closest",
                # Above the points is room for plotly's buttons, which come with the mouse; the legend is out of their way.
                "margin": {"l": 8, "r": 8, "t": BUTTONS_PX, "b": 8},
                "legend": {**LEGEND_BELOW, "itemclick": False, "itemdoubleclick": False},
                "newselection": {"line": {"color": INK, "width": 1, "dash": "dot"}},
            },
        )
        self.widget._config = {"displaylogo": False, "responsive": True}  # noqa: SLF001  # the only way to say it
        companion = _Companion()
        companion.on_msg(self._heard)
        self._clicked, self._chosen = clicked, chosen
        self.widgets = (self.widget, companion)

    def show(self) -> None:
        """Draw the model as it is now; nothing is sent where nothing has changed."""
        model = self._model
        drawn = model.drawable()
        now = (model.x, model.y, model.shown, model.unbeaten, model.chosen)
        if now == self._now:
            return
        before, self._now = self._now, now
        with self.widget.batch_update():
            if before is None or before[:4] != now[:4]:
                self._draw_sizes(drawn)
                for axis, column in ((self.widget.layout.xaxis, model.x), (self.widget.layout.yaxis, model.y)):
                    axis.update(_axis(model.sizes[column].iloc[drawn], column))
            self._draw_rings(drawn)
            if not self._outlined:
                self.widget.layout.selections = ()

    def _heard(self, _: Any, content: Mapping[str, Any], __: Any) -> None:
        if isinstance(content.get("clicked"), int):
            self._clicked(content["clicked"])
        elif isinstance(content.get("chosen"), list):
            self._outlined = True
            self._chosen([int(one) for one in content["chosen"]])
            self._outlined = False

    def _draw_sizes(self, drawn: Sequence[int]) -> None:
        model, points = self._model, self.widget.data[_SIZES]
        shown = {*drawn}
        points.x, points.y = (
            [float(value) if place in shown else None for place, value in enumerate(model.sizes[column])]
            for column in (model.x, model.y)
        )
        points.marker.symbol = [
            symbol if place in model.unbeaten else f"{symbol}-open" for place, symbol in enumerate(self._symbols)
        ]
        best = self.widget.data[_LINE]
        best.x, best.y = self._coordinates(model.line_of_best())
        # For more than a point has, one has to pay for the next: up first, then to the right.
        best.line.shape = "vh" if is_price(model.y) and not is_price(model.x) else "linear"

    def _draw_rings(self, drawn: Sequence[int]) -> None:
        rings = self.widget.data[_RINGS]
        chosen = [place for place in drawn if place in self._model.chosen]
        x, y = self._coordinates(chosen)
        rings.x, rings.y = x, y
        named = self._model.sizes["slug"].iloc[chosen] if len(chosen) <= MOST_NAMED else [""] * len(chosen)
        rings.text = [f" {escape(slug)} " for slug in named]
        # A name lies to the side where there is room for it.
        middle = sum(_log_ends(self._model.sizes[self._model.x].iloc[[*drawn]])) / 2
        rings.textposition = [f"bottom {'left' if math.log(one) > middle else 'right'}" for one in x]

    def _coordinates(self, places: Sequence[int]) -> tuple[list[float], list[float]]:
        sizes, model = self._model.sizes, self._model
        return [float(sizes[model.x][one]) for one in places], [float(sizes[model.y][one]) for one in places]

    def _sizes(self) -> Any:
        return go.Scatter(
            name="sizes",
            mode="markers",
            marker={"size": 9, "color": self._colours, "line": {"width": 1.6, "color": self._colours}},
            hovertext=[
                f"<b>{hover_text(slug)}</b>{facts}"
                for slug, facts in zip(self._model.sizes["slug"], size_details(self._model.sizes), strict=True)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
            showlegend=False,
            # What is selected has a ring, which plotly's own fading would only confuse.
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
        )


def _line() -> Any:
    return go.Scatter(
        name="best of what is drawn",
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
    """Give an entry for each family: traces without a point."""
    return [
        go.Scatter(
            name=name,
            mode="markers",
            x=[None],
            y=[None],
            marker={"symbol": symbol, "color": colour, "size": 10},
            hoverinfo="skip",
        )
        for name in families
        for symbol, colour in [family_style(name)]
    ]


def _log_ends(values: pd.Series[Any]) -> tuple[float, float]:
    """Give where what is drawn begins and ends on a logarithmic axis; anywhere when there is nothing."""
    known = values.astype(float)
    return (0.0, 0.0) if known.empty else (math.log(known.min()), math.log(known.max()))


def _axis(values: pd.Series[Any], column: str) -> dict[str, Any]:
    """Give an axis in powers, which it is also while there is nothing to draw."""
    ticks = axis_scale(values, column) if len(values) else {"tickvals": [], "ticktext": []}
    return {"type": "log", "autorange": True, "title": {"text": axis_title(column)}, **ticks}
