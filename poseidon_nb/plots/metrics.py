"""Metrics over time: a line for each droplet and label, which breaks where readings are missing.

Of more lines than can be told apart the highest few are coloured and named, and the others grey. Where all lines of a
droplet are coloured, the legend does not name each: a colour is a droplet, and a dash is a label.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.metrics import summarize_resolution
from poseidon_nb.frames.validation import require_columns
from poseidon_nb.plots.labels import beside, escaped, told, told_apart
from poseidon_nb.plots.picture import AT_THE_FOOT, COLOURS, INK, drawn, nothing
from poseidon_nb.text import capitalized, did_you_mean, join_words, pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poseidon_nb.plots.picture import Picture

    #: A line: the droplet as it is called, and the label.
    Line = tuple[str, str]

#: Droplets, and lines in all, that can be told apart when each has a colour or a dash. Of more, the highest few have one.
MOST_COLOURED = len(COLOURS)
MOST_LINES = 12
HIGHLIGHTED = 5

_TITLES = {
    "cpu": ("CPU use", "busy (% of all vCPUs)"),
    "memory": ("Memory use", "in use (% of the memory)"),
    "load": ("Load", "load (processes that run or wait)"),
    "filesystem": ("Filesystem use", "in use (% of the filesystem)"),
    "bandwidth": ("Traffic", "traffic (Mbit/s)"),
}
#: Plotly's dashes, and the words for them.
_DASHES = {
    "solid": "solid",
    "dot": "dotted",
    "dash": "dashed",
    "dashdot": "dash-dotted",
    "longdash": "in long dashes",
    "longdashdot": "in long dashes and dots",
}
#: What hides and shows the grey lines together.
_OTHERS = "other lines"
#: Labels that come first, so that they have the same dash in each picture: what is paid for is solid.
_FIRST = ("public outbound", "public inbound", "private outbound", "private inbound")
#: How faint the grey lines are: a few can still be followed, of very many only where they lie is seen.
_FEW, _FEW_FAINT, _MANY_FAINT = 30, 0.5, 0.28
#: The legend stands within it, at the foot; its lines hold about so many letters.
_HEIGHT_PX, _LEGEND_PX, _LEGEND_LETTERS, _ENTRY_LETTERS = 380, 19, 110, 8
_HALF_AN_HOUR = pd.Timedelta(minutes=30)
_HOVER = "<b>%{meta[0]}</b> %{meta[1]}<br>%{y:.4~g}%{meta[2]}<br>%{x|%Y-%m-%d %H:%M} UTC<extra></extra>"
_DOT_PX = 5
_COLUMNS = ("time", "droplet_id", "name", "kind", "label", "value", "unit")


def metric_lines(frame: pd.DataFrame, *, highlight: Iterable[str] = ()) -> Picture:
    """Draw metrics over time, a line for each droplet and label; a line breaks where readings are missing.

    Parameters
    ----------
    frame : pandas.DataFrame
        Metrics of one kind, as `analysis.metrics.tidy` gives them.
    highlight : iterable of str
        Names of droplets to colour, where not all can be. By default the five lines whose 95th percentile is the highest.

    Returns
    -------
    Picture
        Its table has a row for each line: median, 95th percentile, most, and how many readings they rest on, with the unit.

    Raises
    ------
    InvalidArgument
        The frame has several kinds, or lacks a droplet that is to be highlighted.
    """
    frame = require_columns(frame, _COLUMNS, "metrics", source="po.analysis.metrics.tidy")
    kinds = frame["kind"].dropna().unique().tolist()
    if len(kinds) > 1:
        raise InvalidArgument(f"the frame has metrics of {join_words(kinds)}: draw one kind at a time")
    kind = kinds[0] if kinds else ""
    unit = str(frame["unit"].iloc[0]) if len(frame) else ""
    frame = frame.dropna(subset="time")
    lines = frame.assign(
        name=told_apart(frame["name"], frame["droplet_id"]), label=frame["label"].fillna("").astype(str)
    )
    table = _summary(lines).assign(unit=unit)
    what, axis = _TITLES.get(kind, (escaped(kind) or "Metrics", escaped(unit) or "value"))
    # Of one droplet neither a line nor the legend has the name.
    names = table["name"].unique().tolist()
    title = f"{what} of {beside(names[0])}" if len(names) == 1 else what
    coloured = _coloured(table, [*highlight])
    if not table["samples"].any():
        return nothing("there are no readings", table=table, title=title)
    look = _Look(table, coloured)
    traces = [*look.traces(lines, unit), *look.legend()]
    picture = drawn(
        *traces,
        table=table,
        words=_words(lines, look, what, unit),
        title=title,
        x="time (UTC)",
        y=axis,
        height=_HEIGHT_PX + _LEGEND_PX * _lines_of_legend(traces),
        hovermode="closest",
        showlegend=len(table) > 1,
        legend=AT_THE_FOOT,
        # What the dashes mean, between title and lines; nothing can be hidden by it, for it names no lines.
        legend2={
            "orientation": "h",
            "entrywidth": 0,
            "bgcolor": "rgba(0, 0, 0, 0)",
            "xanchor": "right",
            "yanchor": "bottom",
            "x": 1,
            "y": 1,
            "itemclick": False,
            "itemdoubleclick": False,
        },
    )
    picture.update_xaxes(type="date")
    first, last = lines["time"].min(), lines["time"].max()
    if first == last:
        # Alone it would be drawn in a window of a millisecond.
        picture.update_xaxes(range=[_moment(first - _HALF_AN_HOUR), _moment(last + _HALF_AN_HOUR)])
    picture.update_yaxes(rangemode="tozero")
    return picture


def _summary(lines: pd.DataFrame) -> pd.DataFrame:
    """Give a row for each line, in the order in which they come."""
    grouped = lines.groupby(["name", "label"], sort=False)["value"]
    summary = {
        "p50": grouped.median(),
        "p95": grouped.quantile(0.95),
        "max": grouped.max(),
        "samples": grouped.count(),
    }
    return pd.DataFrame(summary).reset_index()


def _coloured(table: pd.DataFrame, highlight: Sequence[str]) -> list[Line]:
    """Give the lines that have a colour, in the order of the legend."""
    droplets = table["name"].unique().tolist()
    for name in highlight:
        if name not in droplets:
            raise InvalidArgument(f"no line of {name!r}{did_you_mean(name, droplets)}")
    if highlight:
        order = {name: place for place, name in enumerate(dict.fromkeys(highlight))}
        rows = table[table["name"].isin(order)].sort_values("name", key=lambda names: names.map(order), kind="stable")
    elif len(droplets) <= MOST_COLOURED and len(table) <= MOST_LINES:
        rank = {label: place for place, label in enumerate(_in_order(table["label"]))}
        place = table["name"].map({name: place for place, name in enumerate(droplets)})
        rows = table.assign(place=place, rank=table["label"].map(rank)).sort_values(["place", "rank"])
    else:
        rows = table.sort_values("p95", ascending=False, kind="stable").head(HIGHLIGHTED)
    return [*zip(rows["name"], rows["label"], strict=True)]


def _in_order(labels: pd.Series[str]) -> list[str]:
    given = labels.unique().tolist()
    return [*(one for one in _FIRST if one in given), *(one for one in given if one not in _FIRST)]


class _Look:
    """How each line looks, and how the legend tells it."""

    def __init__(self, table: pd.DataFrame, coloured: Sequence[Line]) -> None:
        self.coloured = coloured
        self.labels = _in_order(table["label"])
        self.droplets = table["name"].nunique()
        self.others = len(table) - len(coloured)
        self.is_alone = self.droplets == 1
        named = [*dict.fromkeys(droplet for droplet, _ in coloured)]
        whole = table[table["name"].isin(named)]
        #: A colour is a droplet and a dash is a label, and no line is named by itself.
        self.is_split = not self.is_alone and len(self.labels) > 1 and len(whole) == len(coloured)
        keys = [one for one in self.labels if (named[0], one) in coloured] if self.is_alone else named
        self.colour_of = {key: COLOURS[place % len(COLOURS)] for place, key in enumerate(keys)}

    def dash(self, label: str) -> str:
        """Give how a line is broken: of one droplet alone only where there are more labels than colours."""
        places = [*self.colour_of].index(label) // len(COLOURS) if self.is_alone else self.labels.index(label)
        return [*_DASHES][places % len(_DASHES)]

    def name(self, line: Line) -> str:
        """Give the words for a line: no more than it takes to tell it from the others."""
        droplet, label = line
        return droplet if len(self.labels) == 1 else label if self.is_alone else f"{droplet} {label}"

    def traces(self, lines: pd.DataFrame, unit: str) -> list[Any]:
        """Give the lines; what is drawn last lies on top."""
        faint, bright = [], {}
        for key, readings in lines.groupby(["name", "label"], sort=False):
            line: Line = (str(key[0]), str(key[1]))
            if line in self.coloured:
                bright[line] = self._trace(line, readings, unit)
            else:
                faint.append(self._trace(line, readings, unit))
        return [*faint, *(bright[line] for line in self.coloured)]

    def _trace(self, line: Line, readings: pd.DataFrame, unit: str) -> Any:
        droplet, label = line
        is_coloured = line in self.coloured
        colour = self.colour_of[label if self.is_alone else droplet] if is_coloured else INK
        missing = readings["value"].isna()
        # A line needs two ends: what stands between two gaps would not be seen.
        alone = ~missing & missing.shift(fill_value=True) & missing.shift(-1, fill_value=True)
        return go.Scatter(
            name=beside(self.name(line)),
            mode="lines+markers" if alone.any() else "lines",
            x=readings["time"].dt.strftime("%Y-%m-%d %H:%M:%S").to_numpy(dtype=object),
            y=readings["value"].to_numpy(),
            line={
                "color": colour,
                "width": 1.8 if is_coloured else 1,
                "dash": self.dash(label) if is_coloured or not self.is_alone else "solid",
            },
            marker={"size": alone.map({True: _DOT_PX, False: 0}).tolist()} if alone.any() else None,
            opacity=1 if is_coloured else _FEW_FAINT if self.others <= _FEW else _MANY_FAINT,
            showlegend=is_coloured and not self.is_split,
            # A click on what stands for several hides all of them.
            legendgroup=_OTHERS if not is_coloured else _group(droplet) if self.is_split else None,
            # By way of meta: a name in a template could be one itself.
            meta=[told(droplet), told(label), _behind(unit)],
            hovertemplate=_HOVER,
        )

    def legend(self) -> list[Any]:
        """Give what only the legend shows, as traces without a point: droplets, dashes, and the grey lines together."""
        entries = []
        if self.is_split:
            entries += [_entry(beside(name), colour, group=_group(name)) for name, colour in self.colour_of.items()]
            entries += [_entry(beside(label), INK, dash=self.dash(label), legend="legend2") for label in self.labels]
        if self.others:
            entries.append(_entry(pluralize(self.others, "other line"), INK, group=_OTHERS))
        return entries


def _lines_of_legend(traces: list[Any]) -> int:
    """Give how many lines the legend takes: what is too long for one stands in columns as wide as the widest."""
    widths = [len(one.name) + _ENTRY_LETTERS for one in traces if one.showlegend is not False and one.legend is None]
    if sum(widths) <= _LEGEND_LETTERS:
        return 1
    return math.ceil(len(widths) / max(1, _LEGEND_LETTERS // max(widths)))


def _behind(unit: str) -> str:
    """Give a unit as it stands behind a number: only a percent sign stands close."""
    return unit if unit == "%" else f" {unit}"


def _group(droplet: str) -> str:
    return f"droplet {escaped(droplet)}"


def _entry(name: str, colour: str, *, dash: str = "solid", group: str | None = None, legend: str | None = None) -> Any:
    line = {"color": colour, "dash": dash, "width": 1.8}
    return go.Scatter(
        name=name, mode="lines", x=[None], y=[None], line=line, legendgroup=group, legend=legend, hoverinfo="skip"
    )


def _moment(time: pd.Timestamp) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S}"


def _words(lines: pd.DataFrame, look: _Look, what: str, unit: str) -> str:
    known = lines.dropna(subset="value")
    top = known.iloc[int(known["value"].to_numpy().argmax())]
    gaps = int(lines["value"].isna().sum())
    holes = f" {pluralize(gaps, 'gap')} in the lines." if gaps else ""
    return (
        f"{what} of {top['name'] if look.is_alone else pluralize(look.droplets, 'droplet')}, from {known['time'].min():%Y-%m-%d %H:%M} to"
        f" {known['time'].max():%Y-%m-%d %H:%M} UTC. The highest value is {top['value']:.3g}{_behind(unit)}, of"
        f" {top['name']} ({top['label']}) at {top['time']:%Y-%m-%d %H:%M}."
        f"{holes}{_words_of_steps(lines)}{_words_of_legend(look)}"
    )


def _words_of_steps(lines: pd.DataFrame) -> str:
    """Say that points are so far apart that peaks are hidden, where they are."""
    seconds = lines.groupby(["name", "label"], sort=False)["time"].diff().dt.total_seconds().dropna()
    said = summarize_resolution(seconds.median() / 3600) if len(seconds) else ""
    return f" {capitalized(said)}." if said else ""


def _words_of_legend(look: _Look) -> str:
    """Give what of the colours and dashes is not said by names alone."""
    said = ""
    if look.is_split:
        said = (
            f" A colour is a droplet; {join_words(f'{label} is {_DASHES[look.dash(label)]}' for label in look.labels)}."
        )
    if look.others:
        shown = [*look.colour_of] if look.is_split else [look.name(line) for line in look.coloured]
        said += f" Coloured are {join_words(shown)}; the {pluralize(look.others, 'other line')} are grey."
    return said
