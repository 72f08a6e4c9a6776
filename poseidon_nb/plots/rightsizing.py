"""What could be saved, and how much of each droplet's size is used."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from poseidon_nb.frames.shaped import needed
from poseidon_nb.plots.droplet_rows import MOST_DROPLETS, in_rows, name_rows
from poseidon_nb.plots.labels import escaped, known, left_out, told_apart
from poseidon_nb.plots.picture import COLOURS, GOOD
from poseidon_nb.text import counted, percent, printable, usd

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from poseidon_nb.plots.picture import Picture

_SHOWN = ("size", "advised_size", "saving_usd_month", "anew_size", "anew_saving_usd_month", "sure", "why")
_COLUMNS = ("droplet_id", "name", "verdict", "price_usd_month", "advised_price_usd_month", *_SHOWN)
#: What is seen besides a colour: how sure an advice is.
_PATTERNS = {"high": "", "medium": "/", "low": "."}
_STRIPED = [sure for sure, pattern in _PATTERNS.items() if pattern]
#: How much longer than a striped bar the axis is at least, because the name of the size stands beside it.
_ROOM = 1.4
#: Of each: the columns, the colour, how far beside the droplet's place its line is, and how the line is drawn.
_USED = {
    "CPU": (("cpu_p50_percent", "cpu_p95_percent", "cpu_max_percent"), COLOURS[0], -0.17, "solid"),
    "memory": (("memory_p50_percent", "memory_p95_percent", "memory_max_percent"), COLOURS[1], 0.17, "dot"),
}
#: Median, 19 of 20 and most, told apart by shape; behind them the gap.
_MARKS = (("circle", 7), ("diamond", 10), ("line-ns-open", 12), ("circle", 1))
_WAYS = {
    "resize": (GOOD, "saving_usd_month"),
    "made anew, as the disk cannot shrink": (COLOURS[4], "anew_saving_usd_month"),
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
    rightsizing = needed(rightsizing, _COLUMNS, "rightsizing", source="po.analysis.rightsizing.advice")
    resized = rightsizing.loc[(rightsizing["verdict"] == "smaller") & (rightsizing["saving_usd_month"] > 0)]
    most = rightsizing[["saving_usd_month", "anew_saving_usd_month"]].max(axis="columns")
    could = rightsizing.loc[(most > 0) & rightsizing["verdict"].isin(["smaller", "keep"])]
    could = could.loc[most[could.index].sort_values(ascending=False, kind="stable").index]
    kept = could.head(MOST_DROPLETS)
    labels = _labels(rightsizing)
    traces = [_bars(kept, labels, "resize"), _bars(kept, labels, "made anew, as the disk cannot shrink")]
    order = labels[kept.index].tolist()
    picture = in_rows(
        [trace for trace in traces if len(trace.y)],
        len(order),
        table=could[["name", *_SHOWN]],
        words=_savings_words(resized, could, len(rightsizing)),
        title="What could be saved",
        x="USD a month",
        barmode="group",
        bargap=0.3,
        showlegend=bool(order),
    )
    striped = most[kept.index[kept["sure"].isin(_STRIPED)]]
    if len(striped) and striped.max() * _ROOM > most[kept.index].max():
        picture.update_xaxes(range=[0, striped.max() * _ROOM])
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
    rightsizing = needed(rightsizing, ("droplet_id", "name", *columns), "use", source="po.analysis.metrics.use")
    used = rightsizing.loc[rightsizing[["cpu_p95_percent", "memory_p95_percent"]].notna().any(axis="columns")]
    kept, labels = used.head(MOST_DROPLETS), _labels(rightsizing)
    names = labels[kept.index].tolist()
    picture = in_rows(
        [_line(kept, names, what) for what in _USED],
        len(names),
        table=used[["name", *columns]],
        words=_use_words(used, len(rightsizing)),
        title="Use of what each droplet has",
        x="% of its vCPUs, of its memory",
    )
    picture.update_xaxes(range=[0, 103])
    # Places instead of names, so that a droplet has two lines.
    picture.update_yaxes(
        tickvals=[*range(len(names))], ticktext=names, range=[len(names) - 0.5, -0.5], showgrid=False, zeroline=False
    )
    return picture


def _labels(frame: pd.DataFrame) -> pd.Series[str]:
    return told_apart(frame["name"], frame["droplet_id"]).map(escape)


def _bars(rows: pd.DataFrame, labels: pd.Series[str], way: str) -> Any:
    colour, column = _WAYS[way]
    some = rows.loc[rows[column] > 0]
    patterns = [_PATTERNS.get(sure, "") for sure in some["sure"].fillna("")]
    return go.Bar(
        name=way,
        orientation="h",
        y=labels[some.index].tolist(),
        x=some[column].tolist(),
        marker={"color": colour, "pattern": {"shape": patterns}},
        text=[f"→ {escaped(slug)}" for slug in some["anew_size" if column.startswith("anew") else "advised_size"]],
        # Nobody can read words on stripes.
        textposition=["outside" if pattern else "auto" for pattern in patterns],
        hovertext=_hover(some, labels, _anew if column.startswith("anew") else _resized),
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _hover(rows: pd.DataFrame, labels: pd.Series[str], told: Callable[[dict[Any, Any]], str]) -> list[str]:
    return [
        f"<b>{label}</b><br>{told(row)}<br>{_broken(str(row['why']))}"
        for label, row in zip(labels[rows.index], rows.to_dict("records"), strict=True)
    ]


def _resized(row: dict[Any, Any]) -> str:
    return (
        f"{escaped(row['size'])} → {escaped(row['advised_size'])}<br>{usd(row['price_usd_month'])} →"
        f" {usd(row['advised_price_usd_month'])} a month, saves {usd(row['saving_usd_month'])}; sure: {escaped(row['sure'])}"
    )


def _anew(row: dict[Any, Any]) -> str:
    return f"{escaped(row['size'])}, anew as {escaped(row['anew_size'])}: saves {usd(row['anew_saving_usd_month'])} a month"


def _broken(why: str) -> str:
    """Give the words a line for each part, for a hover does not break lines by itself."""
    return "<br>".join(map(escaped, why.split("; ")))


def _line(rows: pd.DataFrame, names: list[str], what: str) -> Any:
    """Give the lines of all droplets as one trace, with a gap after each."""
    (half, most_times, most), colour, beside, dash = _USED[what]
    values = rows[[half, most_times, most]].itertuples(index=False)
    x = [value if known(value) else None for row in values for value in (*row, None)]
    words = [
        f"<b>{name}</b><br>{what}: {percent(row[half])} or less half of the time,<br>{percent(row[most_times])} or less in 19 of"
        f" 20 readings, {percent(row[most])} at most"
        for name, row in zip(names, rows.to_dict("records"), strict=True)
    ]
    return go.Scatter(
        name=f"{what}: median, p95, most",
        mode="lines+markers",
        x=x,
        y=[place + beside for place in range(len(names)) for _ in _MARKS],
        line={"color": colour, "width": 2, "dash": dash},
        marker={
            "color": colour,
            "symbol": [symbol for _ in names for symbol, _ in _MARKS],
            "size": [size for _ in names for _, size in _MARKS],
            "line": {"width": 2, "color": colour},
        },
        hovertext=[one for one in words for _ in _MARKS],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _savings_words(resized: pd.DataFrame, could: pd.DataFrame, of_all: int) -> str:
    anew = could["anew_saving_usd_month"]
    more = int((anew > 0).sum())
    total = resized["saving_usd_month"].sum()
    words = (
        f"{len(resized):,} of {counted(of_all, 'droplet')} can be smaller, which saves {usd(total)} a month, {usd(12 * total)} a year."
        if len(resized)
        else f"None of {counted(of_all, 'droplet')} can be smaller by a resize."
    )
    if more:
        words += f" The disk alone stands in the way of {more:,}: made anew they would save {usd(anew.sum())} a month."
    if could["sure"].isin(["medium", "low"]).any():
        words += " What is less sure is hatched or dotted."
    return words + left_out(MOST_DROPLETS, len(could))


def _use_words(used: pd.DataFrame, of_all: int) -> str:
    words = f"Use of {len(used):,} of {counted(of_all, 'droplet')}, from half of the time to the most."
    if len(used):
        busiest, fullest = (
            used.sort_values(column, ascending=False).iloc[0] for column in ("cpu_p95_percent", "memory_max_percent")
        )
        words += (
            f" The busiest is {printable(str(busiest['name']))} with {percent(busiest['cpu_p95_percent'])} of its vCPUs at p95, the"
            f" fullest {printable(str(fullest['name']))} with {percent(fullest['memory_max_percent'])} of its memory."
        )
    return words + left_out(MOST_DROPLETS, len(used))
