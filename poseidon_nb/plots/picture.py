"""The class of all charts, with their theme and layout.

A front end that knows plotly's MIME type draws the figure. One that does not, such as a saved notebook on a page that shows
only HTML, shows the table. A terminal prints the summary.
"""

from __future__ import annotations

import textwrap
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go

from poseidon_nb.plots.labels import SIZE_FAMILIES, plotly_text, short_label

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The MIME type that front ends with a plotly renderer draw.
PLOTLY_MIME = "application/vnd.plotly.v1+json"
#: Rows shown instead of the chart; `Picture.table` has all.
MAX_ROWS = 50
#: Droplets in a chart with a row for each.
MAX_DROPLETS = 60

#: Readable on white and on black: contrast 4.4:1 and 4.7:1.
INK = "#787878"
_FAINT = "rgba(120, 120, 120, 0.22)"
_TRANSPARENT = "rgba(0, 0, 0, 0)"
#: The colors of Okabe and Ito, which work for color-blind people, without the black that is invisible on a dark page.
COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8ad00")
GOOD, BAD = "#009e73", "#d55e00"
#: A symbol for each color, because color is never the only sign. A cross marks failures elsewhere.
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "star", "pentagon")

_AXIS = {
    "gridcolor": _FAINT,
    "linecolor": _FAINT,
    "zerolinecolor": _FAINT,
    "automargin": True,
    "title": {"standoff": 10},
}
#: A legend with many entries, at the bottom, where plotly makes room for all its lines.
LEGEND_BELOW = {"orientation": "h", "entrywidth": 0, "yref": "container", "yanchor": "bottom", "y": 0, "x": 0}
#: An empty chart: its height, and the characters of a line of its message.
_EMPTY_PX, _MAX_LINE_CHARS = 150, 80
#: Invisible ticks, which keep the first labels of both axes apart.
_TICKS = {"ticks": "outside", "ticklen": 6, "tickcolor": _TRANSPARENT}
#: What the height of a chart depends on; set in the figure, so that another template does not change it.
_LAYOUT: dict[str, Any] = {
    # By default plotly gives each entry the width of the longest.
    "legend": {"orientation": "h", "entrywidth": 0},
    "margin": {"l": 8, "r": 8, "t": 56, "b": 8},
    "xaxis": {"automargin": True, **_TICKS},
    "yaxis": {"automargin": True, **_TICKS},
}
#: For light and dark themes: transparent background and neutral ink.
TEMPLATE = go.layout.Template(
    layout={
        "paper_bgcolor": _TRANSPARENT,
        "plot_bgcolor": _TRANSPARENT,
        "font": {"color": INK, "size": 13},
        "title": {"x": 0, "xref": "paper", "xanchor": "left", "font": {"size": 16}},
        "colorway": COLORS,
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "legend": {"bgcolor": _TRANSPARENT},
        "hoverlabel": {"align": "left", "namelength": -1},
        "modebar": {
            "bgcolor": _TRANSPARENT,
            "color": INK,
            "activecolor": COLORS[0],
            # It would upload the data.
            "remove": ["sendChartToCloud"],
        },
    }
)
#: The layout of charts with a row for each droplet: row height, frame, title and a legend of one line.
_ROW_PX, _FRAME_PX, _TITLE_PX, _LEGEND_PX = 26, 140, 44, 24


class Picture(go.Figure):
    """A chart: a plotly figure with its numbers as a table and a summary.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure or mapping
    table : pandas.DataFrame, optional
        The numbers in the chart, in readable form.
    summary : str
        One or two sentences that describe the chart.

    Attributes
    ----------
    table : pandas.DataFrame
        As passed. Changes to the chart do not change it.
    summary : str
        As passed.
    """

    def __init__(
        self,
        figure: go.Figure | Mapping[str, Any],
        table: pd.DataFrame | None = None,
        summary: str = "",
        **options: Any,
    ) -> None:
        super().__init__(figure, **options)
        self._table = pd.DataFrame() if table is None else table
        self._summary = summary

    #: Makes IPython ask for the MIME bundle, instead of letting plotly display the figure.
    _ipython_display_ = None

    @property
    def table(self) -> pd.DataFrame:
        """The numbers in the chart."""
        return self._table

    @property
    def summary(self) -> str:
        """A description of the chart in one or two sentences."""
        return self._summary

    def __repr__(self) -> str:
        return f"{self._summary}\n\n{self._table.head(MAX_ROWS).to_string(index=False)}{self._more_rows()}"

    __str__ = __repr__

    def __reduce__(self) -> tuple[Any, ...]:
        _, (properties,) = super().__reduce__()
        return _rebuild, (properties, self._table, self._summary)

    def _more_rows(self) -> str:
        return f"\n... {len(self._table) - MAX_ROWS:,} more rows" if len(self._table) > MAX_ROWS else ""

    def _repr_html_(self) -> str:
        table = self._table.head(MAX_ROWS).to_html(index=False, border=0)
        return f"<div><p>{escape(self._summary)}</p>{table}<p>{escape(self._more_rows())}</p></div>"

    def _repr_mimebundle_(self, *args: Any, **options: Any) -> dict[str, Any]:
        """Return plotly's bundle with the table instead of a script that loads plotly.js, and with the summary."""
        bundle: dict[str, Any] = super()._repr_mimebundle_(*args, **options)
        if PLOTLY_MIME in bundle or "text/html" not in bundle:
            bundle["text/html"] = self._repr_html_()
        if PLOTLY_MIME in bundle:
            # On a page with MathJax two dollar signs in a sentence would be a formula.
            config = bundle[PLOTLY_MIME].get("config", {}) | {"typesetMath": False}
            bundle[PLOTLY_MIME] = bundle[PLOTLY_MIME] | {"config": config}
        return bundle | {"text/plain": repr(self)}


def _rebuild(properties: dict[str, Any], table: pd.DataFrame, summary: str) -> Picture:
    # By way of go.Figure: its record of subplots is not a property that a subclass could pass on.
    return Picture(go.Figure(properties), table, summary)


def build_picture(
    *traces: Any,
    table: pd.DataFrame,
    summary: str,
    title: str,
    x: str = "",
    y: str = "",
    **layout: Any,
) -> Picture:
    """Build a chart from traces, in the common theme.

    Parameters
    ----------
    *traces : plotly trace
    table : pandas.DataFrame
        The numbers in the chart.
    summary : str
        A description in one or two sentences.
    title : str
    x, y : str
        Axis titles with the unit.
    **layout
        Further layout properties.
    """
    figure = go.Figure([*traces], {"template": TEMPLATE, **_LAYOUT})
    figure.update_layout(title_text=title, xaxis_title_text=x or None, yaxis_title_text=y or None)
    return Picture(figure.update_layout(**layout), table, summary)


def empty_picture(reason: str, *, table: pd.DataFrame, title: str) -> Picture:
    """Build a chart that shows why there is nothing to show, instead of empty axes.

    Parameters
    ----------
    reason : str
        What follows ``Nothing to show:``, without a period.
    table : pandas.DataFrame
        The numbers, if any.
    title : str
    """
    summary = f"Nothing to show: {reason}."
    picture = build_picture(table=table, summary=summary, title=title, height=_EMPTY_PX)
    picture.update_layout(xaxis={"visible": False}, yaxis={"visible": False}, dragmode=False)
    lines = textwrap.wrap(summary, _MAX_LINE_CHARS, break_on_hyphens=False)
    picture.add_annotation(
        text="<br>".join(map(plotly_text, lines)), x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False
    )
    return picture


def build_row_picture(
    traces: list[Any],
    rows: int,
    *,
    table: pd.DataFrame,
    summary: str,
    title: str,
    x: str,
    y: str = "droplet",
    **layout: Any,
) -> Picture:
    """Build a chart whose height depends on its number of rows, with the legend between title and rows."""
    height = _FRAME_PX + _LEGEND_PX + _ROW_PX * rows
    return build_picture(
        *traces,
        table=table,
        summary=summary,
        title=title,
        x=x,
        y=y,
        height=height,
        # A single color needs an explanation too.
        showlegend=True,
        legend={"yref": "container", "yanchor": "top", "y": 1 - _TITLE_PX / height, "x": 0},
        margin={"t": _TITLE_PX},
        title_y=1,
        title_yanchor="top",
        title_pad_t=12,
        hovermode="closest",
        **layout,
    )


def label_rows(picture: Picture, labels: list[str]) -> None:
    """Label the rows, the first on top, although plotly draws from the bottom up; long labels are shortened."""
    categories = [plotly_text(label) for label in labels]
    picture.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=categories[::-1],
        tickmode="array",
        tickvals=categories,
        ticktext=[short_label(label) for label in labels],
        range=[-0.5, len(labels) - 0.5],
        showgrid=False,
    )


def label_numbered_rows(picture: Picture, labels: list[str]) -> None:
    """Label the rows of a chart whose y values are row numbers from 0, the first on top."""
    picture.update_yaxes(
        tickvals=[*range(len(labels))],
        ticktext=[short_label(label) for label in labels],
        range=[len(labels) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
    )


def family_style(family: str) -> tuple[str, str]:
    """Return the symbol and the color of a family; unknown families share the last ones."""
    position = SIZE_FAMILIES.index(family) if family in SIZE_FAMILIES else -1
    return _SYMBOLS[position], COLORS[position]
