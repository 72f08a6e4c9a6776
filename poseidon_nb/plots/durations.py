"""How long actions take: a bar and a mark for each type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from poseidon_nb.frames.validation import require_columns
from poseidon_nb.plots.droplet_rows import in_rows
from poseidon_nb.plots.labels import beside, finite, known, left_out, told
from poseidon_nb.plots.picture import COLOURS, nothing
from poseidon_nb.text import escape_unprintable, format_duration, pluralize

if TYPE_CHECKING:
    import pandas as pd

    from poseidon_nb.plots.picture import Picture

#: Types that are drawn; more would be a carpet that nobody reads.
MOST_TYPES = 40
_COLUMNS = ("type", "count", "failed", "running", "median_s", "p90_s")
_HALF, _MOST = "half took no longer", "nine of ten took no longer"
#: How far the axis goes beyond the longest time, for the words behind it.
_BEYOND = 1.4
#: Steps between two times on the axis, in seconds: a clock has no tens. At most so many times are named.
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400)
_MOST_TICKS = 7
_SHORT_S = 10


def durations(frame: pd.DataFrame) -> Picture:
    """Draw how long actions take, by type, the most frequent on top: a bar for the median, a mark for nine of ten.

    Parameters
    ----------
    frame : pandas.DataFrame
        As `analysis.timeline.durations` gives it.

    Returns
    -------
    Picture
        The first 40 types, if there are more. One of which none ended well has words in place of a bar.
    """
    frame = require_columns(frame, _COLUMNS, "durations", source="po.analysis.timeline.durations")
    finite(frame, ("median_s", "p90_s"), "durations", "type")
    title, table = "How long actions take", frame[[*_COLUMNS]]
    if frame.empty:
        return nothing("no action was started in this time", table=table, title=title)
    rows = frame.head(MOST_TYPES).to_dict("records")
    names = [_name(row) for row in rows]
    timed = [(place, row) for place, row in enumerate(rows) if known(row["median_s"])]
    times = frame.head(MOST_TYPES)[["median_s", "p90_s"]].to_numpy("float64")
    longest = float(np.nanmax(times)) if timed else 0.0
    picture = in_rows(
        [_bars(timed, names), _marks(timed, names), *_without(rows, names)],
        len(rows),
        table=table,
        words=_words(frame),
        title=title,
        x="time from beginning to end",
        y="type of action",
        bargap=0.35,
    )
    ticks = _ticks(longest)
    picture.update_xaxes(
        range=[0, longest * _BEYOND or 1.0], tickmode="array", tickvals=ticks, ticktext=[*map(format_duration, ticks)]
    )
    # Places instead of names: a frame of one's own may have a type twice.
    picture.update_yaxes(
        tickvals=[*range(len(names))],
        ticktext=[beside(name) for name in names],
        range=[len(names) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
    )
    return picture


def _name(row: dict[Any, Any]) -> str:
    return escape_unprintable(str(row["type"])) if known(row["type"]) else "(unknown)"


def _bars(timed: list[tuple[int, dict[Any, Any]]], names: list[str]) -> Any:
    return go.Bar(
        name=_HALF,
        orientation="h",
        y=[place for place, _ in timed],
        x=[row["median_s"] for _, row in timed],
        marker={"color": COLOURS[0]},
        hovertext=[_hover(row, names[place]) for place, row in timed],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _marks(timed: list[tuple[int, dict[Any, Any]]], names: list[str]) -> Any:
    return go.Scatter(
        name=_MOST,
        mode="markers+text",
        y=[place for place, _ in timed],
        # Without a time of its own the mark hides the end of no bar.
        x=[row["p90_s"] if known(row["p90_s"]) else None for _, row in timed],
        text=[f"  {_both(row)}" for _, row in timed],
        textposition="middle right",
        cliponaxis=False,
        marker={"symbol": "diamond", "color": COLOURS[1], "size": 11},
        hovertext=[_hover(row, names[place]) for place, row in timed],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _without(rows: list[dict[Any, Any]], names: list[str]) -> list[Any]:
    """Give the words for types of which none ended well."""
    places = [place for place, row in enumerate(rows) if not known(row["median_s"])]
    if not places:
        return []
    return [
        go.Scatter(
            mode="text",
            y=places,
            x=[0] * len(places),
            text=[f"  {_untimed(rows[place])}" for place in places],
            textposition="middle right",
            hovertext=[_hover(rows[place], names[place]) for place in places],
            hovertemplate="%{hovertext}<extra></extra>",
            showlegend=False,
        )
    ]


def _ticks(longest_s: float) -> list[int]:
    """Give round times from none to the longest."""
    step = next((step for step in _STEPS_S if longest_s / step <= _MOST_TICKS), 0)
    if not step:
        # Of many days: as few days as it takes.
        step = _STEPS_S[-1] * -int(-longest_s // (_STEPS_S[-1] * _MOST_TICKS))
    return [*range(0, int(longest_s) + 1, step)]


# --- words -----------------------------------------------------------------------------------------------------------
def _time(seconds: float) -> str:
    """Give a time in words, a short one with its tenths: two and a half seconds are not two."""
    return format_duration(seconds) if seconds >= _SHORT_S or seconds == round(seconds) else f"{seconds:.1f} s"


def _both(row: dict[Any, Any]) -> str:
    half = _time(row["median_s"])
    return f"{half} · {_time(row['p90_s'])}" if known(row["p90_s"]) else half


def _untimed(row: dict[Any, Any]) -> str:
    return f"no time known: {_counts(row)}"


def _number(value: Any) -> int:
    return int(value) if known(value) else 0


def _counts(row: dict[Any, Any]) -> str:
    failed, running = _number(row["failed"]), _number(row["running"])
    goes_on = f", {running:,} still {'runs' if running == 1 else 'run'}" if running else ""
    return f"{_number(row['count']):,} started, {f'{failed:,} failed' if failed else 'none failed'}{goes_on}"


def _hover(row: dict[Any, Any], name: str) -> str:
    times = [
        f"{words} than {_time(row[column])}"
        for words, column in ((_HALF, "median_s"), (_MOST, "p90_s"))
        if known(row[column])
    ]
    return "<br>".join([f"<b>{told(name)}</b>", _counts(row), *times])


def _words(frame: pd.DataFrame) -> str:
    total = {column: int(frame[column].sum()) for column in ("count", "failed", "running")}
    words = f"{pluralize(len(frame), 'type')} of actions: {_counts(total)}."
    timed = frame.dropna(subset=["median_s", "p90_s"])
    if len(timed):
        (longest,) = timed.nlargest(1, "median_s").to_dict("records")
        words += (
            f" Longest takes {_name(longest)}: half took no longer than {_time(longest['median_s'])},"
            f" nine of ten no longer than {_time(longest['p90_s'])}."
        )
    without = int(frame["median_s"].isna().sum())
    if without:
        words += f" Of {pluralize(without, 'type')} no action ended well, so that no time is known."
    return words + left_out(MOST_TYPES, len(frame), "most frequent")
