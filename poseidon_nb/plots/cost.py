"""What the account costs: a bar for each sum, and a bar for each month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from poseidon_nb.frames.validation import require_columns
from poseidon_nb.plots.labels import beside, escaped, finite, known, left_out, told
from poseidon_nb.plots.picture import COLOURS, INK, drawn, nothing
from poseidon_nb.text import escape_unprintable, format_percent, format_usd, pluralize

if TYPE_CHECKING:
    import pandas as pd

    from poseidon_nb.plots.picture import Picture

#: Bars that are drawn, the dearest; more would be a carpet that nobody reads.
MOST_BARS = 30
_SUMS = ("group", "price_usd_month", "price_usd_hour", "share_percent", "things", "unpriced")
_MONTHS = ("month", "billed_usd", "change_usd", "change_percent", "final")
_ROW_PX, _FRAME_PX, _MONTHS_PX = 26, 130, 380
#: Of more months none has its amount above it: there is no room between two bars.
_MOST_AMOUNTS = 12
#: So many months have a place at least, else one alone would be as wide as the picture.
_LEAST_MONTHS = 6
#: How far an axis goes beyond the longest bar, for the amount at its end.
_BEYOND = 1.12


def cost_by(sums: pd.DataFrame, *, by: str = "") -> Picture:
    """Draw what things cost a month together, dearest on top; what has no price is said, for it has no bar.

    Parameters
    ----------
    sums : pandas.DataFrame
        As `analysis.cost.by` gives them.
    by : str
        What they were added up by, for the title and the axis.

    Returns
    -------
    Picture
        The dearest 30, if there are more.
    """
    sums = require_columns(sums, _SUMS, "sums", source="po.analysis.cost.by")
    finite(sums, ("price_usd_month", "price_usd_hour", "share_percent"), "sums", "group")
    priced = sums.dropna(subset=["price_usd_month"])
    shown = priced.nlargest(MOST_BARS, "price_usd_month").iloc[::-1]
    title = f"What it costs{f', by {escaped(by)}' if by else ''}"
    table = sums[[*_SUMS]].rename(columns={"group": by} if by else {})
    if shown.empty:
        return nothing(_no_price(sums), table=table, title=title)
    places = [*range(len(shown))]
    bars = go.Bar(
        orientation="h",
        # Two groups may have one name, so that a bar's place is a number, which the axis then names.
        y=places,
        x=shown["price_usd_month"].tolist(),
        text=[format_usd(price) for price in shown["price_usd_month"]],
        # Beyond its bar: within, plotly leaves out that of a bar without a length.
        textposition="outside",
        cliponaxis=False,
        marker={"color": COLOURS[0]},
        hovertext=[_hover(row, name) for row, name in zip(shown.to_dict("records"), _names(shown, by), strict=True)],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    picture = drawn(
        bars,
        table=table,
        words=_words(sums, priced, by),
        title=title,
        x="USD a month",
        y=escaped(by),
        height=_FRAME_PX + _ROW_PX * len(shown),
        hovermode="closest",
        showlegend=False,
    )
    picture.update_yaxes(
        tickmode="array",
        tickvals=places,
        ticktext=[beside(name) for name in _names(shown, by)],
        range=[-0.5, len(shown) - 0.5],
        showgrid=False,
    )
    picture.update_xaxes(range=_from_zero(shown["price_usd_month"]), tickprefix="$", separatethousands=True)
    return picture


def cost_history(months: pd.DataFrame) -> Picture:
    """Draw what each month cost; the month that is not over is hatched, and named as such; an unknown amount has no bar.

    Parameters
    ----------
    months : pandas.DataFrame
        As `analysis.cost.history` gives them.
    """
    months = require_columns(months, _MONTHS, "months", source="po.analysis.cost.history")
    finite(months, ("billed_usd", "change_usd", "change_percent"), "months", "month")
    title = "What each month cost"
    if months.empty:
        return nothing("no month has been billed yet", table=months, title=title)
    final = months["final"].fillna(value=True).astype(bool)
    is_told = len(months) <= _MOST_AMOUNTS
    bars = [
        go.Bar(
            name=name,
            x=part["month"].tolist(),
            y=part["billed_usd"].tolist(),
            text=[format_usd(price) if known(price) else "" for price in part["billed_usd"]] if is_told else None,
            # Beyond its bar: within a hatched one no ink can be read on both themes.
            textposition="outside",
            cliponaxis=False,
            marker={"color": colour, "pattern": {"shape": shape}},
            hovertext=[_month_hover(row) for row in part.to_dict("records")],
            hovertemplate="%{hovertext}<extra></extra>",
        )
        for name, part, colour, shape in (
            ("billed", months[final], COLOURS[0], ""),
            ("used until now", months[~final], INK, "/"),
        )
        if len(part)
    ]
    picture = drawn(
        *bars,
        table=months,
        words=_story(months, final),
        title=title,
        x="month",
        y="USD",
        height=_MONTHS_PX,
        legend={"yanchor": "bottom", "y": 1, "x": 1, "xanchor": "right"},
        hovermode="closest",
        barmode="overlay",
    )
    # A month is a name here: as a date it would be drawn at its first second.
    beyond = 0.5 + max(0, _LEAST_MONTHS - len(months)) / 2
    picture.update_xaxes(
        type="category",
        categoryorder="array",
        categoryarray=months["month"].tolist(),
        range=[-beyond, len(months) - 1 + beyond],
        showgrid=False,
    )
    picture.update_yaxes(range=_from_zero(months["billed_usd"]), tickprefix="$", separatethousands=True)
    return picture


def _from_zero(amounts: pd.Series[Any]) -> list[float]:
    """Give the range of an axis: all amounts, nothing, and room for the words at their ends."""
    given = [float(amount) for amount in amounts.dropna()]
    least, most = min([0.0, *given]), max([0.0, *given])
    return [least * _BEYOND, most * _BEYOND or 1.0]


# --- words -----------------------------------------------------------------------------------------------------------
def _names(sums: pd.DataFrame, by: str) -> list[str]:
    none = f"(no {by})" if by else "(none)"
    return [escape_unprintable(name) if isinstance(name, str) else none for name in sums["group"]]


def _hover(row: dict[Any, Any], name: str) -> str:
    unpriced = f"<br>{row['unpriced']} of them without a price" if known(row["unpriced"]) and row["unpriced"] else ""
    # Of nothing at all there is no share.
    share = f"{format_percent(row['share_percent'], 1)} of all" if known(row["share_percent"]) else ""
    things = pluralize(row["things"], "thing") if known(row["things"]) else ""
    return (
        f"<b>{told(name)}</b><br>{format_usd(row['price_usd_month'])} a month, {format_usd(row['price_usd_hour'], 5)} an hour"
        f"<br>{', '.join(filter(None, (share, things)))}{unpriced}"
    )


def _words(sums: pd.DataFrame, priced: pd.DataFrame, by: str) -> str:
    dearest = priced.nlargest(1, "price_usd_month")
    (first,), (name,) = dearest.to_dict("records"), _names(dearest, by)
    share = f", {format_percent(first['share_percent'])} of all" if known(first["share_percent"]) else ""
    unpriced = int(sums["unpriced"].sum())
    without = (
        f" {pluralize(unpriced, 'thing')} without a price {'is' if unpriced == 1 else 'are'} in no bar."
        if unpriced
        else ""
    )
    unread = _unread(sums)
    without += f" {pluralize(unread, 'kind')} of things could not be read." if unread else ""
    return (
        f"{name} costs most, {format_usd(first['price_usd_month'])} a month{share};"
        f" {pluralize(len(priced), 'bar')} in all.{without}{left_out(MOST_BARS, len(priced), 'dearest')}"
    )


def _no_price(sums: pd.DataFrame) -> str:
    unpriced = int(sums["unpriced"].sum())
    if unpriced:
        return f"{pluralize(unpriced, 'thing')}, and none has a known price"
    return "nothing could be read" if _unread(sums) else "nothing here costs anything"


def _unread(sums: pd.DataFrame) -> int:
    """Give how many kinds of things could not be read; a frame from before that was counted has none."""
    return int(sums["unread"].sum()) if "unread" in sums.columns else 0


def _month_hover(row: dict[Any, Any]) -> str:
    change, rate = row["change_usd"], row["change_percent"]
    # There may be no month before.
    moved = f"<br>{format_usd(change, signed=True)} from the month before" if known(change) else ""
    moved += f", {format_percent(rate, signed=True)}" if known(rate) else ""
    return f"<b>{escaped(row['month'])}</b><br>{_billed(row)}{moved}"


def _billed(row: dict[Any, Any]) -> str:
    return format_usd(row["billed_usd"]) if known(row["billed_usd"]) else "an unknown amount"


def _story(months: pd.DataFrame, final: pd.Series) -> str:
    over = months[final]
    running = "".join(
        f" {escape_unprintable(str(row['month']))} until now: {_billed(row)}."
        for row in months[~final].to_dict("records")
    )
    if over.empty:
        return f"No month has been billed yet.{running}"
    (last,), dearest = over.tail(1).to_dict("records"), over.dropna(subset="billed_usd").nlargest(1, "billed_usd")
    most = "".join(
        f", the dearest was {escape_unprintable(str(row['month']))} with {_billed(row)}"
        for row in dearest.to_dict("records")
    )
    return f"{pluralize(len(over), 'month')}: {escape_unprintable(str(last['month']))} cost {_billed(last)}{most}.{running}"
