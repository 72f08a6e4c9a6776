"""What could be saved, and how much of each droplet's size is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from poseidon_nb.frames.validation import require_columns
from poseidon_nb.plots.droplet_rows import MOST_DROPLETS, in_rows, name_rows
from poseidon_nb.plots.labels import beside, escaped, known, left_out, told, told_apart
from poseidon_nb.plots.picture import COLOURS, GOOD, INK, nothing
from poseidon_nb.text import escape_unprintable, format_percent, format_usd, pluralize

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from poseidon_nb.plots.picture import Picture

_SHOWN = ("size", "advised_size", "saving_usd_month", "anew_size", "anew_saving_usd_month", "sure", "why")
_COLUMNS = ("droplet_id", "name", "verdict", "price_usd_month", "advised_price_usd_month", *_SHOWN)
#: What is seen besides a colour: how sure an advice is, and how the legend says it.
_PATTERNS = {"high": ("", ""), "medium": ("/", ", less sure"), "low": (".", ", hardly sure")}
#: How far the axis goes beyond the longest bar, for the size at its end.
_BEYOND = 1.3
#: Of each: the columns, the colour, how far beside the droplet's place its line is, and how the line is drawn.
_USED = {
    "CPU": (("cpu_p50_percent", "cpu_p95_percent", "cpu_max_percent"), COLOURS[0], -0.17, "solid"),
    "memory": (("memory_p50_percent", "memory_p95_percent", "memory_max_percent"), COLOURS[1], 0.17, "dot"),
}
#: Told apart by shape; behind them the gap.
_MARKS = (
    ("circle", 7, "half of the time"),
    ("diamond", 10, "19 of 20 readings"),
    ("line-ns-open", 12, "the most"),
    ("circle", 1, ""),
)
_WAYS = {
    "resize": (GOOD, "saving_usd_month"),
    "make anew (smaller disk)": (COLOURS[4], "anew_saving_usd_month"),
}


def savings(rightsizing: pd.DataFrame) -> Picture:
    """Draw what would be saved a month for each droplet that could be smaller, largest first.

    Parameters
    ----------
    rightsizing : pandas.DataFrame
        As `analysis.rightsizing.advice` gives it.

    Returns
    -------
    Picture
        The first 60 droplets, if there are more. What only a droplet made anew would save has bars of its own.
    """
    rightsizing = require_columns(rightsizing, _COLUMNS, "rightsizing", source="po.analysis.rightsizing.advice")
    resized = rightsizing.loc[(rightsizing["verdict"] == "smaller") & (rightsizing["saving_usd_month"] > 0)]
    most = rightsizing[["saving_usd_month", "anew_saving_usd_month"]].max(axis="columns")
    could = rightsizing.loc[(most > 0) & rightsizing["verdict"].isin(["smaller", "keep"])]
    could = could.loc[most[could.index].sort_values(ascending=False, kind="stable").index]
    title, table = "What smaller droplets would save", could[["name", *_SHOWN]]
    if could.empty:
        return nothing(_no_saving(len(rightsizing)), table=table, title=title)
    kept = could.head(MOST_DROPLETS)
    labels = _labels(rightsizing)
    order = labels[kept.index].tolist()
    is_either = bool(((kept["saving_usd_month"] > 0) & (kept["anew_saving_usd_month"] > 0)).any())
    picture = in_rows(
        [bars for way in _WAYS for sure in _PATTERNS for bars in _bars(kept, labels, way, sure, in_lanes=is_either)],
        len(order),
        table=table,
        words=_savings_words(resized, could, len(rightsizing)),
        title=title,
        x="saved (USD a month)",
        barmode="group" if is_either else "overlay",
        bargap=0.3,
    )
    picture.update_xaxes(range=[0, float(most[kept.index].max()) * _BEYOND], tickprefix="$", separatethousands=True)
    name_rows(picture, order)
    return picture


def use_of_size(rightsizing: pd.DataFrame) -> Picture:
    """Draw how much of its vCPUs and its memory each droplet uses: half of the time, in 19 of 20 readings, at most.

    Parameters
    ----------
    rightsizing : pandas.DataFrame
        As `analysis.rightsizing.advice` gives it, or the frame ``use`` of `analysis.metrics`.

    Returns
    -------
    Picture
        A line from the median to the maximum, with a dot for each. The first 60 droplets, if there are more; those of
        which nothing is known are left out.
    """
    columns = [column for figures, *_ in _USED.values() for column in figures]
    rightsizing = require_columns(
        rightsizing, ("droplet_id", "name", *columns), "use", source="po.analysis.metrics.use"
    )
    used = rightsizing.loc[rightsizing[["cpu_p95_percent", "memory_p95_percent"]].notna().any(axis="columns")]
    title, table = "How much of its size each droplet uses", used[["name", *columns]]
    if used.empty:
        return nothing(_no_use(len(rightsizing)), table=table, title=title)
    kept, labels = used.head(MOST_DROPLETS), _labels(rightsizing)
    names = labels[kept.index].tolist()
    picture = in_rows(
        [*(_line(kept, names, what) for what in _USED), *_meanings()],
        len(names),
        table=table,
        words=_use_words(used, len(rightsizing)),
        title=title,
        x="in use (% of all its vCPUs, % of its memory)",
    )
    picture.update_xaxes(range=[0, 103], ticksuffix="%")
    # Places instead of names, so that a droplet has two lines.
    picture.update_yaxes(
        tickvals=[*range(len(names))],
        ticktext=[beside(name) for name in names],
        range=[len(names) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
    )
    return picture


def _labels(frame: pd.DataFrame) -> pd.Series[str]:
    return told_apart(frame["name"], frame["droplet_id"])


def _bars(rows: pd.DataFrame, labels: pd.Series[str], way: str, sure: str, *, in_lanes: bool) -> list[Any]:
    """Give the bars of one way to save and of one sureness: a trace of their own, so that the legend tells both."""
    colour, column = _WAYS[way]
    shape, words = _PATTERNS[sure]
    some = rows.loc[(rows[column] > 0) & (rows["sure"].where(rows["sure"].isin([*_PATTERNS]), "high") == sure)]
    if some.empty:
        return []
    is_anew = column.startswith("anew")
    return [
        go.Bar(
            name=f"{way}{words}",
            orientation="h",
            y=labels[some.index].map(escaped).tolist(),
            x=some[column].tolist(),
            # Two lanes, however many traces there are, and none where each droplet has one bar.
            offsetgroup=way if in_lanes else None,
            marker={"color": colour, "pattern": {"shape": shape}},
            text=[f"→ {escaped(slug)}" for slug in some["anew_size" if is_anew else "advised_size"]],
            # Beyond its bar: upon a hatched one no ink can be read.
            textposition="outside",
            cliponaxis=False,
            constraintext="none",
            hovertext=_hover(some, labels, _anew if is_anew else _resized),
            hovertemplate="%{hovertext}<extra></extra>",
        )
    ]


def _hover(rows: pd.DataFrame, labels: pd.Series[str], advised: Callable[[dict[Any, Any]], str]) -> list[str]:
    return [
        f"<b>{told(label)}</b><br>{advised(row)}<br>{_broken(str(row['why']))}"
        for label, row in zip(labels[rows.index], rows.to_dict("records"), strict=True)
    ]


def _resized(row: dict[Any, Any]) -> str:
    return (
        f"{escaped(row['size'])} → {escaped(row['advised_size'])}<br>{format_usd(row['price_usd_month'])} →"
        f" {format_usd(row['advised_price_usd_month'])} a month, saves {format_usd(row['saving_usd_month'])}; sure: {escaped(row['sure'])}"
    )


def _anew(row: dict[Any, Any]) -> str:
    return f"{escaped(row['size'])}, anew as {escaped(row['anew_size'])}: saves {format_usd(row['anew_saving_usd_month'])} a month"


def _broken(why: str) -> str:
    """Give the words a line for each part, for a hover does not break lines by itself."""
    return "<br>".join(map(told, why.split("; ")))


def _line(rows: pd.DataFrame, names: list[str], what: str) -> Any:
    """Give the lines of all droplets as one trace, with a gap after each."""
    (half, most_times, most), colour, beside, dash = _USED[what]
    values = rows[[half, most_times, most]].itertuples(index=False)
    x = [value if known(value) else None for row in values for value in (*row, None)]
    words = [
        f"<b>{told(name)}</b><br>{what}: {format_percent(row[half])} or less half of the time,<br>{format_percent(row[most_times])} or less in 19 of"
        f" 20 readings, {format_percent(row[most])} at most"
        for name, row in zip(names, rows.to_dict("records"), strict=True)
    ]
    return go.Scatter(
        name=what,
        mode="lines+markers",
        x=x,
        y=[place + beside for place in range(len(names)) for _ in _MARKS],
        line={"color": colour, "width": 2, "dash": dash},
        marker={
            "color": colour,
            "symbol": [symbol for _ in names for symbol, *_ in _MARKS],
            "size": [size for _ in names for _, size, _ in _MARKS],
            # By itself plotly draws what has sizes half through.
            "opacity": 1,
            "line": {"width": 2, "color": colour},
        },
        hovertext=[one for one in words for _ in _MARKS],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _meanings() -> list[Any]:
    """Give what the shapes mean, for the legend: traces without a point."""
    return [
        go.Scatter(
            name=words,
            mode="markers",
            x=[None],
            y=[None],
            marker={"symbol": symbol, "size": size, "color": INK, "line": {"width": 2, "color": INK}},
            hoverinfo="skip",
        )
        for symbol, size, words in _MARKS
        if words
    ]


def _no_saving(of_all: int) -> str:
    return f"{pluralize(of_all, 'droplet')}, and none can be smaller" if of_all else "there is no droplet"


def _no_use(of_all: int) -> str:
    return f"{pluralize(of_all, 'droplet')}, and no readings of any" if of_all else "there is no droplet"


def _savings_words(resized: pd.DataFrame, could: pd.DataFrame, of_all: int) -> str:
    anew = could["anew_saving_usd_month"]
    more = int((anew > 0).sum())
    total = resized["saving_usd_month"].sum()
    words = (
        f"{len(resized):,} of {pluralize(of_all, 'droplet')} can be smaller, which saves {format_usd(total)} a month, {format_usd(12 * total)} a year."
        if len(resized)
        else f"None of {pluralize(of_all, 'droplet')} can be smaller by a resize."
    )
    if len(resized):
        top = resized.sort_values("saving_usd_month", ascending=False, kind="stable").iloc[0]
        words += (
            f" Most saves {escape_unprintable(str(top['name']))}, from {top['size']} to {top['advised_size']}:"
            f" {format_usd(top['saving_usd_month'])} a month."
        )
    if more:
        words += f" The disk alone stands in the way of {more:,}: made anew they would save {format_usd(anew.sum())} a month."
    if could["sure"].isin(["medium", "low"]).any():
        words += " What is less sure is hatched or dotted."
    return words + left_out(MOST_DROPLETS, len(could))


def _use_words(used: pd.DataFrame, of_all: int) -> str:
    words = (
        f"Use of {len(used):,} of {pluralize(of_all, 'droplet')}: half of the time, in 19 of 20 readings, and at most."
    )
    busiest, fullest = (
        used.sort_values(column, ascending=False).iloc[0] for column in ("cpu_p95_percent", "memory_max_percent")
    )
    if known(busiest["cpu_p95_percent"]):
        words += (
            f" The busiest is {escape_unprintable(str(busiest['name']))}: {format_percent(busiest['cpu_p95_percent'])} of its vCPUs or less in 19 of 20"
            " readings."
        )
    if known(fullest["memory_max_percent"]):
        words += f" The fullest is {escape_unprintable(str(fullest['name']))}: up to {format_percent(fullest['memory_max_percent'])} of its memory."
    return words + left_out(MOST_DROPLETS, len(used))
