"""Metrics over time: a line for each droplet, which breaks where readings are missing."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.shaped import needed
from poseidon_nb.plots.labels import told_apart
from poseidon_nb.plots.picture import COLOURS, INK, drawn
from poseidon_nb.text import counted, hint, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poseidon_nb.plots.picture import Picture

#: Lines that can be told apart by colour. Of more, the highest few are coloured and the others left grey.
MOST_COLOURED = len(COLOURS)
HIGHLIGHTED = 5

_TITLES = {
    "cpu": ("CPU", "busy (% of all vCPUs)"),
    "memory": ("Memory", "in use (% of the memory)"),
    "load": ("Load", "load (processes)"),
    "filesystem": ("Filesystems", "in use (% of the filesystem)"),
    "bandwidth": ("Bandwidth", "traffic (Mbit/s)"),
}
_DASHES = ("solid", "dot", "dash", "dashdot", "longdash", "longdashdot")
_FAINT = 0.28
_HOVER = "<b>%{meta[0]}</b> %{meta[1]}<br>%{y:.4~g}%{meta[2]}<br>%{x|%Y-%m-%d %H:%M} UTC<extra></extra>"
_COLUMNS = ("time", "droplet_id", "name", "kind", "label", "value", "unit")


def metric_lines(frame: pd.DataFrame, *, highlight: Iterable[str] = ()) -> Picture:
    """Draw metrics over time, a line for each droplet and label; a line breaks where readings are missing.

    Parameters
    ----------
    frame : pandas.DataFrame
        Metrics of one kind, as `analysis.metrics.tidy` gives them.
    highlight : iterable of str
        Names of droplets to colour, where not all can be. By default those whose 95th percentile is the highest.

    Returns
    -------
    Picture
        Its table has a row for each line: median, 95th percentile, most, and how many readings they rest on.

    Raises
    ------
    InvalidArgument
        The frame has several kinds, or lacks a droplet that is to be highlighted.
    """
    frame = needed(frame, _COLUMNS, "metrics", source="po.analysis.metrics.tidy")
    kinds = frame["kind"].dropna().unique().tolist()
    if len(kinds) > 1:
        raise InvalidArgument(f"the frame has metrics of {joined(kinds)}: draw one kind at a time")
    kind = kinds[0] if kinds else ""
    unit = str(frame["unit"].iloc[0]) if len(frame) else ""
    frame = frame.dropna(subset="time")
    lines = frame.assign(
        name=told_apart(frame["name"], frame["droplet_id"]), label=frame["label"].fillna("").astype(str)
    )
    table = _summary(lines)
    wanted = _wanted(table, [*highlight])
    title, axis = _TITLES.get(kind, (kind, unit))
    picture = drawn(
        *_traces(lines, table, wanted, unit),
        table=table,
        words=_words(lines, table, wanted, title, unit),
        title=title or "Metrics",
        x="time (UTC)",
        y=axis or "value",
        hovermode="closest",
        showlegend=len(table) > 1,
        # Below: above, its second line would lie upon the title.
        legend={"orientation": "h", "yanchor": "top", "y": -0.22, "x": 0},
    )
    picture.update_xaxes(type="date")
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


def _wanted(table: pd.DataFrame, highlight: Sequence[str]) -> list[str]:
    """Give the droplets that have a colour of their own."""
    droplets = table["name"].unique().tolist()
    for name in highlight:
        if name not in droplets:
            raise InvalidArgument(f"no line of {name!r}{hint(name, droplets)}")
    if highlight:
        return [*dict.fromkeys(highlight)]
    if len(droplets) <= MOST_COLOURED:
        return droplets
    highest = table.groupby("name", sort=False)["p95"].max().sort_values(ascending=False, kind="stable")
    return highest.index[:HIGHLIGHTED].tolist()


def _traces(lines: pd.DataFrame, table: pd.DataFrame, wanted: Sequence[str], unit: str) -> list[Any]:
    labels = table["label"].unique().tolist()
    alone = len(table["name"].unique()) == 1
    colours = {name: COLOURS[number % len(COLOURS)] for number, name in enumerate(labels if alone else wanted)}
    faint: list[Any] = []
    bright: list[tuple[int, Any]] = []
    for key, line in lines.groupby(["name", "label"], sort=False):
        droplet, label = map(str, key)
        colour = colours.get(label if alone else droplet)
        words = droplet if len(labels) == 1 else label if alone else f"{droplet} {label}"
        place = labels.index(label)
        trace = go.Scatter(
            name=escape(words),
            mode="lines" if len(line) > 1 else "markers",
            x=line["time"].dt.strftime("%Y-%m-%d %H:%M:%S").to_numpy(dtype=object),
            y=line["value"].to_numpy(),
            line={
                "color": colour or INK,
                "width": 1.8 if colour else 1,
                "dash": _DASHES[(place // len(COLOURS) if alone else place) % len(_DASHES)],
            },
            opacity=1 if colour else _FAINT,
            showlegend=colour is not None,
            # By way of meta: a name in a template could be one itself.
            meta=[escape(droplet), escape(label), _behind(unit)],
            hovertemplate=_HOVER,
        )
        if colour:
            bright.append((wanted.index(droplet), trace))
        else:
            faint.append(trace)
    # What is drawn last lies on top.
    return [*faint, *(trace for _, trace in sorted(bright, key=lambda one: one[0]))]


def _behind(unit: str) -> str:
    """Give a unit as it stands behind a number: only a percent sign stands close."""
    return unit if unit == "%" else f" {unit}"


def _words(lines: pd.DataFrame, table: pd.DataFrame, wanted: Sequence[str], title: str, unit: str) -> str:
    known = lines.dropna(subset="value")
    if known.empty:
        return f"{title or 'Metrics'}: no readings."
    droplets = table["name"].nunique()
    top = known.iloc[int(known["value"].to_numpy().argmax())]
    gaps = int(lines["value"].isna().sum())
    holes = f" {counted(gaps, 'gap')} in the lines." if gaps else ""
    rest = f" Coloured are {joined(wanted)}; the others are grey." if len(wanted) < droplets else ""
    return (
        f"{title} of {counted(droplets, 'droplet')}, from {known['time'].min():%Y-%m-%d %H:%M} to"
        f" {known['time'].max():%Y-%m-%d %H:%M} UTC. The highest value is {top['value']:.3g}{_behind(unit)}, of"
        f" {top['name']} ({top['label']}) at {top['time']:%Y-%m-%d %H:%M}."
        f"{holes}{rest}"
    )
