"""The class of all charts, with their theme and layout.

A front end that knows plotly's MIME type draws the figure. Others, such as an exported notebook, show the same chart as SVG,
which `svg` draws without a browser. A terminal prints the summary and the table.
"""

from __future__ import annotations

import logging
import os
import sys
import textwrap
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
from plotly.io.base_renderers import PlotlyRenderer

from poseidon_nb.frames.html_table import html_table
from poseidon_nb.frames.layout import View
from poseidon_nb.frames.text_table import text_table
from poseidon_nb.plots.labels import SIZE_FAMILIES, plotly_text, short_label
from poseidon_nb.text import LINE_WIDTH, NO_MATH, escape_unprintable, wrap_line

if TYPE_CHECKING:
    from collections.abc import Mapping

_log = logging.getLogger("poseidon_nb")
#: The MIME type that front ends with a plotly renderer draw.
PLOTLY_MIME = "application/vnd.plotly.v1+json"
#: What the others show.
SVG_MIME = "image/svg+xml"
#: Variables by which plotly chooses another renderer than that for its MIME type.
_OTHER_RENDERERS = (
    *("PLOTLY_RENDERER", "COLAB_NOTEBOOK_ID", "KAGGLE_KERNEL_RUN_TYPE", "AZURE_NOTEBOOKS_HOST"),
    *("COCALC_PROJECT_ID", "DATABRICKS_RUNTIME_VERSION"),
)
#: How the table is shown as text.
_VIEW = View(more="More in .table: ")
#: Rows shown instead of the chart; `Picture.table` has all.
MAX_ROWS = 50
#: Droplets in a chart with a row for each.
MAX_DROPLETS = 60

#: A chart has its own background, in both themes. No ink has a contrast of 7:1 to white and to a dark page: where both are
#: equal, it is 4.3:1. A chart does not know the theme of its page either, and a slide needs a background anyway.
PAPER = "#ffffff"
#: Text and neutral lines: contrast 10:1.
INK = "#404040"
_AXIS_LINE = "#9a9a9a"
_TRANSPARENT = "rgba(0, 0, 0, 0)"
#: The colors of Okabe and Ito, which work for color-blind people, darker where they have less than 3:1 to the background.
COLORS = ("#0072b2", "#c98500", "#009e73", "#bd5f93", "#3d97cc", "#d55e00", "#8f8600")
GOOD, BAD = "#009e73", "#d55e00"
#: A symbol for each color, because color is never the only sign. A cross marks failures elsewhere.
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "star", "pentagon")

#: Sizes of text.
TEXT_PX = 14
_TITLE_TEXT_PX, _FINDING_TEXT_PX, _AXIS_TITLE_TEXT_PX = 24, 17, 15
#: Heights above the drawing: the title, what plotly puts between it and the first line of the finding, a line of the finding,
#: the space around them, and a legend of one line.
_TITLE_PX, _TITLE_GAP_PX, _FINDING_LINE_PX, LEGEND_PX = 30, 12, 22, 28
_SPACE_PX = 14
#: The size of a slide, 16 to 9, on which text has a good size: enlarged to 1,280 by 720 the smallest has 16 pixels.
SLIDE_WIDTH_PX, SLIDE_HEIGHT_PX = 960, 540
_IMAGE_SCALE = 2
#: Characters of a line of the finding, which plotly does not wrap: what fits a page of 700 px beside the cells' prompts.
_MAX_FINDING_CHARS = 62
#: The margin around a chart.
MARGIN_PX = 16

#: An axis of times. Between minutes and days plotly repeats the year, so that two dates side by side are turned.
TIME_AXIS = {"type": "date", "tickformatstops": [{"dtickrange": [60_000, 43_200_000], "value": "%H:%M\n%b %-d"}]}
#: A legend with many entries, at the bottom, where plotly makes room for all its lines.
LEGEND_BELOW = {"orientation": "h", "entrywidth": 0, "yref": "container", "yanchor": "bottom", "y": 0, "x": 0}
#: The height of an empty chart without its title, and the characters of a line of its message.
_EMPTY_PX, _MAX_LINE_CHARS = 100, 80
#: Invisible ticks, which keep the first labels of both axes apart.
_TICKS = {"ticks": "outside", "ticklen": 6, "tickcolor": _TRANSPARENT}
#: What the height of a chart depends on; set in the figure, so that another template does not change it.
_LAYOUT: dict[str, Any] = {
    # By default plotly gives each entry the width of the longest.
    "legend": {"orientation": "h", "entrywidth": 0},
    "margin": {"l": MARGIN_PX, "r": MARGIN_PX, "b": MARGIN_PX},
    "title": {"x": 0, "xref": "container", "xanchor": "left", "y": 1, "yref": "container", "yanchor": "top"},
    "xaxis": {"automargin": True, **_TICKS},
    "yaxis": {"automargin": True, **_TICKS},
}
_AXIS = {
    "gridcolor": "#e4e4e4",
    "linecolor": _AXIS_LINE,
    "zerolinecolor": _AXIS_LINE,
    "automargin": True,
    "title": {"standoff": 10, "font": {"size": _AXIS_TITLE_TEXT_PX}},
}
TEMPLATE = go.layout.Template(
    layout={
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "font": {"color": INK, "size": TEXT_PX},
        "title": {
            "font": {"size": _TITLE_TEXT_PX},
            "subtitle": {"font": {"size": _FINDING_TEXT_PX}},
            "pad": {"l": MARGIN_PX, "t": _SPACE_PX},
        },
        "colorway": COLORS,
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "legend": {"bgcolor": _TRANSPARENT},
        "hoverlabel": {
            "align": "left",
            "namelength": -1,
            "bgcolor": PAPER,
            "bordercolor": INK,
            "font": {"color": INK, "size": TEXT_PX},
        },
        "modebar": {
            "bgcolor": _TRANSPARENT,
            "color": INK,
            "activecolor": COLORS[0],
            # It would upload the data.
            "remove": ["sendChartToCloud"],
        },
    }
)
#: The height of a row of a chart with a row for each droplet, the rows that it has room for at least, and the height of its
#: axis.
_ROW_PX, _MIN_ROWS, _AXIS_PX = 30, 3, 72
#: What plotly's script is told on a page of its own.
_CONFIG = {"displaylogo": False, "responsive": True}


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

    def page(self) -> str:
        """Return an HTML page with the chart, which needs no network: plotly's script, of some megabytes, is in it."""
        chart = self.to_html(include_plotlyjs=True, full_html=False, config=_CONFIG)
        # The summary instead of the title, in which names may be shortened.
        title = escape(self._summary)
        head = f'<meta charset="utf-8"><title>{title}</title><style>body {{ margin: 0 }}</style>'
        return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body><div role="img" aria-label="{title}">{chart}</div></body></html>\n'

    def png(self) -> bytes:
        """Return an image with the width of a slide, twice as sharp as a screen; it needs plotly's exporter, kaleido."""
        height = self.layout.height or SLIDE_HEIGHT_PX
        image: bytes = self.to_image(format="png", width=SLIDE_WIDTH_PX, height=height, scale=_IMAGE_SCALE)
        return image

    def text(self, width: int = LINE_WIDTH) -> str:
        """Return the summary and the table as text, in lines of at most this many characters."""
        summary = wrap_line(self._summary, width)
        table = text_table(self._table.head(MAX_ROWS), _VIEW, width) if len(self._table) else ""
        return "\n\n".join(filter(None, (summary, f"{table}{self._more_rows()}")))

    def __repr__(self) -> str:
        return self.text()

    __str__ = __repr__

    def __reduce__(self) -> tuple[Any, ...]:
        _, (properties,) = super().__reduce__()
        return _rebuild, (properties, self._table, self._summary)

    def _more_rows(self) -> str:
        return f"\n... {len(self._table) - MAX_ROWS:,} more rows" if len(self._table) > MAX_ROWS else ""

    #: IPython would add it to the bundle, and exported notebooks prefer HTML to a picture.
    _repr_html_ = None

    def svg(self, *, in_page: bool = False) -> str:
        """Return the chart as SVG, drawn without a browser; the summary is its description.

        Parameters
        ----------
        in_page : bool
            Whether the picture is as wide as its place in a page. Otherwise it has the size of the chart, as in a file.

        Raises
        ------
        plots.svg.UnsupportedFigure
            The chart was changed, and has something now that is not drawn without a browser.
        """
        from poseidon_nb.plots.svg import draw_svg  # noqa: PLC0415  # only a display needs it

        return draw_svg(self, summary=self._summary, in_page=in_page)

    def _still(self) -> dict[str, str]:
        """Return what is shown where plotly's script does not run: the picture, or else the table."""
        from poseidon_nb.plots.svg import UnsupportedFigure  # noqa: PLC0415  # as in `svg`

        try:
            return {SVG_MIME: self.svg(in_page=True)}
        except UnsupportedFigure:
            # The chart was changed. Plotly still draws it.
            pass
        except Exception:  # noqa: BLE001  # plotly may still draw it
            _log.exception("A chart could not be drawn as SVG. Its table is shown instead.")
        return {"text/html": self._table_html()}

    def _table_html(self) -> str:
        table = html_table(self._table.head(MAX_ROWS), _VIEW)
        return f"<div class='{NO_MATH}'><p>{escape(self._summary)}</p>{table}<p>{escape(self._more_rows())}</p></div>"

    def _repr_mimebundle_(self, *args: Any, **options: Any) -> dict[str, Any]:
        """Return plotly's bundle with a still picture instead of a script that loads plotly.js, and with the summary."""
        drawing = _drawing_renderer()
        if drawing is not None:
            bundle: dict[str, Any] = drawing.to_mimebundle(self.to_dict())
            figure = bundle[PLOTLY_MIME]
            # On a page with MathJax two dollar signs in a sentence would be a formula.
            bundle[PLOTLY_MIME] = figure | {"config": figure.get("config", {}) | {"typesetMath": False}}
        else:
            # Only front ends without a renderer for plotly, such as Colab, have plotly's HTML.
            bundle = super()._repr_mimebundle_(*args, **options)
        bundle = self._still() | bundle
        return bundle | {"text/plain": repr(self)}


def _drawing_renderer() -> PlotlyRenderer | None:
    """Return the renderer for plotly's MIME type; None if this front end needs another one.

    Plotly is asked only where it may choose another one, or where it was asked before: it loads nbformat for that, which
    takes seconds.
    """
    if "plotly.io._renderers" not in sys.modules and not any(name in os.environ for name in _OTHER_RENDERERS):
        return PlotlyRenderer()
    # Not by plotly's own method: with the renderer beside it, plotly 6.0 adds a script of some megabytes to the notebook.
    chosen = [pio.renderers[name] for name in (pio.renderers.default or "").split("+") if name in pio.renderers]
    return next((one for one in chosen if isinstance(one, PlotlyRenderer)), None)


def _rebuild(properties: dict[str, Any], table: pd.DataFrame, summary: str) -> Picture:
    # By way of go.Figure: its record of subplots is not a property that a subclass could pass on.
    return Picture(go.Figure(properties), table, summary)


def build_picture(
    *traces: Any,
    table: pd.DataFrame,
    summary: str,
    title: str,
    finding: str = "",
    axes: tuple[str, str] = ("", ""),
    height: int | None = None,
    above: int = 0,
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
        Escaped for plotly.
    finding : str
        What the chart shows, in a few words, for the line below the title; not escaped.
    axes : tuple of str
        The titles of the x and the y axis, with the unit.
    height : int, optional
        The height without title, finding and `above`; by default the chart fills a slide.
    above : int
        The height between the finding and the drawing, such as for a legend.
    **layout
        Further layout properties.
    """
    lines = _finding_lines(finding)
    top_px = 2 * _SPACE_PX + _TITLE_PX + above
    if lines:
        top_px += _TITLE_GAP_PX + _FINDING_LINE_PX * len(lines)
    figure = go.Figure([*traces], {"template": TEMPLATE, **_LAYOUT})
    figure.update_layout(
        title_text=title,
        title_subtitle_text="<br>".join(map(plotly_text, lines)) or None,
        xaxis_title_text=axes[0] or None,
        yaxis_title_text=axes[1] or None,
        height=SLIDE_HEIGHT_PX if height is None else top_px + height,
        margin_t=top_px,
    )
    return Picture(figure.update_layout(**layout), table, summary)


def _finding_lines(finding: str) -> list[str]:
    """Return a finding as lines of about the same length: a last line of one word would look like a mistake."""
    text = escape_unprintable(finding)
    wrapped = [
        textwrap.wrap(text, width, break_on_hyphens=False)
        for width in range(_MAX_FINDING_CHARS // 2, _MAX_FINDING_CHARS + 1)
    ]
    return min(wrapped, key=len)


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
    legend: bool = True,
    above: int = 0,
    **options: Any,
) -> Picture:
    """Build a chart whose height depends on its number of rows.

    Parameters
    ----------
    traces : list of plotly trace
    rows : int
    legend : bool
        Whether there is a legend, between the title and the rows.
    above : int
        The height between the legend and the rows.
    **options
        As for `build_picture`.
    """
    above += LEGEND_PX if legend else 0
    picture = build_picture(
        *traces,
        height=_ROW_PX * max(rows, _MIN_ROWS) + _AXIS_PX,
        above=above,
        hovermode="closest",
        # A single color needs an explanation too.
        showlegend=legend,
        **options,
    )
    top_px = picture.layout.margin.t - above - _SPACE_PX / 2
    # From there it grows downwards, if it has several lines.
    place = {"yref": "container", "yanchor": "top", "y": 1 - top_px / picture.layout.height, "x": 0}
    picture.update_layout(legend=place)
    return picture


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
