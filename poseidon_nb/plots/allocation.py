"""What the account cost over time: a stacked bar for each day, week or month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go

from poseidon_nb.frames.validation import require_columns
from poseidon_nb.plots.labels import has_value, hover_text, plotly_text, require_finite, short_label, shortened
from poseidon_nb.plots.picture import COLORS, INK, LEGEND_PX, build_picture, empty_picture
from poseidon_nb.text import MONTHS, escape_unprintable, format_percent, format_usd, pluralize

if TYPE_CHECKING:
    from poseidon_nb.plots.picture import Picture

_COLUMNS = ("start", "group", "usd", "end", "period")
#: Groups with a color of their own, the most expensive; the rest is one bar.
MAX_GROUPS = 6
_OTHER = "others"
#: With more bars not each has a label.
_MAX_LABELS = 13
_MIN_BARS = 6


def cost_allocation(allocation: pd.DataFrame, *, by: str = "") -> Picture:
    """Draw the cost of each period as a stacked bar, a color for each of the most expensive groups.

    Parameters
    ----------
    allocation : pandas.DataFrame
        As returned by `analysis.cost.allocation`.
    by : str
        The key of the groups, for the title and the legend.
    """
    allocation = require_columns(allocation, _COLUMNS, "allocation", source="po.analysis.cost.allocation")
    require_finite(allocation, ("usd",), "allocation", "group")
    what = by.replace("_", " ")
    title = f"Cost over time{f' by {plotly_text(what)}' if by else ''}"
    rows = allocation.dropna(subset=["start", "usd"])
    table = allocation.rename(columns={"group": by} if by and by not in allocation.columns else {})
    if rows.empty:
        return empty_picture("nothing was billed in this time", table=table, title=title)
    missing = f"(no {what})" if by else "(none)"
    names = rows["group"].map(lambda one: escape_unprintable(str(one)) if has_value(one) else missing).astype(str)
    rows = rows.assign(name=names)
    sums = rows.groupby("name")["usd"].sum().sort_values(ascending=False, kind="stable")
    ranked = [*sums.index]
    colored = ranked if len(ranked) <= MAX_GROUPS + 1 else ranked[:MAX_GROUPS]
    rows["shown"] = rows["name"].where(rows["name"].isin(colored), _OTHER)
    periods = rows.drop_duplicates("start").sort_values("start")
    known = periods["period"].dropna()
    period = str(known.iloc[0]) if len(known) else "period"
    labels = [_label(start, period) for start in periods["start"]]
    last = periods.iloc[-1]
    to_date = "<br>to date" if has_value(last["end"]) and last["end"] < _full_end(last["start"], period) else ""
    positions = [*range(len(labels))]
    amounts = rows.pivot_table(index="start", columns="shown", values="usd", aggfunc="sum").reindex(periods["start"])
    shown = [*colored, *([_OTHER] if _OTHER in amounts.columns and _OTHER not in colored else [])]
    bars = [
        go.Bar(
            name=short_label(name),
            x=positions,
            y=[float(usd) if has_value(usd) else 0.0 for usd in amounts[name]],
            marker={"color": COLORS[number] if name in colored else INK},
            hovertext=[
                f"<b>{hover_text(name)}</b><br>{plotly_text(label)}: {format_usd(usd)}"
                for label, usd in zip(labels, amounts[name].fillna(0.0), strict=True)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )
        for number, name in enumerate(shown)
    ]
    several = len(shown) > 1
    picture = build_picture(
        *bars,
        table=table,
        summary=_summary(rows, sums, labels),
        title=title,
        finding=_finding(sums, pluralize(len(labels), period)),
        axes=(plotly_text(period), "USD"),
        above=LEGEND_PX if several else 0,
        barmode="stack",
        hovermode="closest",
        showlegend=several,
    )
    if several:
        top_px = picture.layout.margin.t - LEGEND_PX
        picture.update_layout(
            legend={
                "yref": "container",
                "yanchor": "top",
                "y": 1 - top_px / picture.layout.height,
                "x": 0,
                "traceorder": "normal",
            }
        )
    step = 1 + (len(labels) - 1) // _MAX_LABELS
    # Counted from the last period, which matters most.
    labeled = positions[::-1][::step][::-1]
    margin = 0.5 + max(0, _MIN_BARS - len(labels)) / 2
    picture.update_xaxes(
        tickvals=labeled,
        ticktext=[f"{plotly_text(labels[number])}{to_date if number == positions[-1] else ''}" for number in labeled],
        range=[-margin, len(labels) - 1 + margin],
        showgrid=False,
        zeroline=False,
    )
    picture.update_yaxes(rangemode="tozero", tickprefix="$", separatethousands=True)
    return picture


def _full_end(start: pd.Timestamp, period: str) -> pd.Timestamp:
    """Return when a period would be over."""
    days = {"day": 1, "week": 7}.get(period, start.days_in_month)
    return start + pd.Timedelta(days=days)


def _label(start: pd.Timestamp, period: str) -> str:
    month = MONTHS[start.month - 1]
    return f"{month} {start.year}" if period == "month" else f"{month} {start.day}"


def _finding(sums: pd.Series[Any], time: str) -> str:
    total, name = float(sums.sum()), str(sums.index[0])
    share = f", {format_percent(100 * float(sums.iloc[0]) / total)} of the sum of the groups" if total > 0 else ""
    return f"{shortened(name)} cost the most in {time}: {format_usd(float(sums.iloc[0]))}{share}"


def _summary(rows: pd.DataFrame, sums: pd.Series[Any], labels: list[str]) -> str:
    top = rows.groupby("start")["usd"].sum()
    most = labels[[*top.index].index(top.idxmax())]
    others = f" The {len(sums) - MAX_GROUPS:,} cheapest groups are drawn as one." if len(sums) > MAX_GROUPS + 1 else ""
    return (
        f"{sums.index[0]} cost the most: {format_usd(float(sums.iloc[0]))} of {pluralize(len(sums), 'group')}."
        f" From {labels[0]} to {labels[-1]}; the most expensive was {most} at {format_usd(float(top.max()))}.{others}"
    )
