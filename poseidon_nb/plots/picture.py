"""A plotly figure that can also be read.

A front end that knows plotly's MIME type draws the figure. One that does not, such as a saved notebook on a page that
shows only HTML, shows the table; a terminal prints the words.
"""

from __future__ import annotations

import textwrap
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go

from poseidon_nb.plots.labels import escaped

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What front ends with a plotly renderer of their own draw.
PLOTLY = "application/vnd.plotly.v1+json"
#: How many rows are told where the picture is not drawn; `Picture.table` has all.
ROWS_TOLD = 50

#: Readable on white and on black alike: 4.4:1 and 4.7:1.
INK = "#787878"
_FAINT = "rgba(120, 120, 120, 0.22)"

#: Okabe and Ito's colours, which the colour-blind can tell apart, without the black that vanishes on a dark page.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8ad00")
GOOD, BAD = "#009e73", "#d55e00"

_AXIS = {
    "gridcolor": _FAINT,
    "linecolor": _FAINT,
    "zerolinecolor": _FAINT,
    "automargin": True,
    "title": {"standoff": 10},
}
#: The place of a legend of many words: at the foot, where plotly makes room for as many lines as it takes.
AT_THE_FOOT = {"orientation": "h", "entrywidth": 0, "yref": "container", "yanchor": "bottom", "y": 0, "x": 0}
#: Where nothing is drawn: room for the words that say so, in lines of so many letters.
_NOTHING_PX, _NOTHING_LETTERS = 150, 80
#: Nothing to see, but room: else the first labels of both axes lie upon each other.
_TICKS = {"ticks": "outside", "ticklen": 6, "tickcolor": "rgba(0, 0, 0, 0)"}
#: What a picture's height is reckoned with. In the picture itself, where another template leaves it as it is.
_ROOM: dict[str, Any] = {
    # In lines, as words are: by itself plotly gives each entry as much room as the longest.
    "legend": {"orientation": "h", "entrywidth": 0},
    "margin": {"l": 8, "r": 8, "t": 56, "b": 8},
    "xaxis": {"automargin": True, **_TICKS},
    "yaxis": {"automargin": True, **_TICKS},
}
#: Both themes' look: the page shines through, and the ink is neutral.
TEMPLATE = go.layout.Template(
    layout={
        "paper_bgcolor": "rgba(0, 0, 0, 0)",
        "plot_bgcolor": "rgba(0, 0, 0, 0)",
        "font": {"color": INK, "size": 13},
        "title": {"x": 0, "xref": "paper", "xanchor": "left", "font": {"size": 16}},
        "colorway": COLOURS,
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "legend": {"bgcolor": "rgba(0, 0, 0, 0)"},
        "hoverlabel": {"align": "left", "namelength": -1},
        # Nothing leaves the page by a click: the button that uploads a chart goes.
        "modebar": {
            "bgcolor": "rgba(0, 0, 0, 0)",
            "color": INK,
            "activecolor": COLOURS[0],
            "remove": ["sendChartToCloud"],
        },
    }
)


class Picture(go.Figure):
    """A figure with its numbers.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure or mapping
        What is drawn.
    table : pandas.DataFrame, optional
        The numbers in it, as a person would read them.
    words : str
        One or two sentences that say what there is to see.

    Attributes
    ----------
    table : pandas.DataFrame
        As given. It stays as it was when the figure is changed.
    words : str
        As given.
    """

    def __init__(
        self, figure: go.Figure | Mapping[str, Any], table: pd.DataFrame | None = None, words: str = "", **more: Any
    ) -> None:
        super().__init__(figure, **more)
        self._table = pd.DataFrame() if table is None else table
        self._words = words

    #: IPython then asks for the MIME bundle, instead of letting plotly show the figure by itself.
    _ipython_display_ = None

    @property
    def table(self) -> pd.DataFrame:
        """The numbers in it."""
        return self._table

    @property
    def words(self) -> str:
        """What there is to see."""
        return self._words

    def __repr__(self) -> str:
        return f"{self._words}\n\n{self._table.head(ROWS_TOLD).to_string(index=False)}{self._left_out()}"

    __str__ = __repr__

    def __reduce__(self) -> tuple[Any, ...]:
        _, (properties,) = super().__reduce__()
        return _again, (properties, self._table, self._words)

    def _left_out(self) -> str:
        return f"\n... {len(self._table) - ROWS_TOLD:,} more rows" if len(self._table) > ROWS_TOLD else ""

    def _repr_html_(self) -> str:
        table = self._table.head(ROWS_TOLD).to_html(index=False, border=0)
        return f"<div><p>{escape(self._words)}</p>{table}<p>{escape(self._left_out())}</p></div>"

    def _repr_mimebundle_(self, *args: Any, **more: Any) -> dict[str, Any]:
        """Give plotly's own bundle, with the table in place of a script that fetches one, and the words."""
        bundle: dict[str, Any] = super()._repr_mimebundle_(*args, **more)
        if PLOTLY in bundle or "text/html" not in bundle:
            bundle["text/html"] = self._repr_html_()
        if PLOTLY in bundle:
            # Where a page has a typesetter of formulas, two prices in a sentence would be one.
            config = bundle[PLOTLY].get("config", {}) | {"typesetMath": False}
            bundle[PLOTLY] = bundle[PLOTLY] | {"config": config}
        return bundle | {"text/plain": repr(self)}


def _again(properties: dict[str, Any], table: pd.DataFrame, words: str) -> Picture:
    # A copy by way of go.Figure: what it keeps of subplots' places is no property that a subclass could hand on.
    kept = go.Figure(properties)
    return Picture(kept, table, words)


def drawn(
    *traces: Any,
    table: pd.DataFrame,
    words: str,
    title: str,
    x: str = "",
    y: str = "",
    **layout: Any,
) -> Picture:
    """Give the picture of some traces, in the look of all of them.

    Parameters
    ----------
    *traces : plotly trace
        What is drawn.
    table : pandas.DataFrame
        The numbers in it.
    words : str
        What there is to see.
    title : str
        What it is.
    x, y : str
        What the axes show, with the unit.
    **layout
        Further properties of the layout.
    """
    figure = go.Figure([*traces], {"template": TEMPLATE, **_ROOM})
    figure.update_layout(title_text=title, xaxis_title_text=x or None, yaxis_title_text=y or None)
    return Picture(figure.update_layout(**layout), table, words)


def nothing(why: str, *, table: pd.DataFrame, title: str) -> Picture:
    """Give the picture that has nothing to draw: instead of axes without a point it says so, and why.

    Parameters
    ----------
    why : str
        A half sentence, to be put behind ``Nothing to show:``.
    table : pandas.DataFrame
        The numbers, if any could be told.
    title : str
        As of the picture that would have been drawn.
    """
    words = f"Nothing to show: {why}."
    picture = drawn(table=table, words=words, title=title, height=_NOTHING_PX)
    picture.update_layout(xaxis={"visible": False}, yaxis={"visible": False}, dragmode=False)
    lines = textwrap.wrap(words, _NOTHING_LETTERS, break_on_hyphens=False)
    picture.add_annotation(
        text="<br>".join(map(escaped, lines)), x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False
    )
    return picture
