"""What the account costs: a bar for each group, and a bar for each month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from poseidon_nb.frames.validation import require_columns
from poseidon_nb.plots.labels import (
    has_value,
    hover_text,
    omitted_note,
    plotly_text,
    require_finite,
    short_label,
    shortened,
)
from poseidon_nb.plots.picture import COLORS, INK, build_picture, empty_picture
from poseidon_nb.text import escape_unprintable, format_month, format_percent, format_usd, pluralize

if TYPE_CHECKING:
    import pandas as pd

    from poseidon_nb.plots.picture import Picture

#: Bars in the chart, the most expensive.
MAX_BARS = 30
_SUM_COLUMNS = ("group", "price_usd_month", "price_usd_hour", "share_percent", "resources", "unpriced")
_MONTH_COLUMNS = ("month", "billed_usd", "change_usd", "change_percent", "final")
_ROW_PX, _AXIS_PX = 32, 72
#: With more months there is no room for amounts above the bars, nor for the name of each month.
_MAX_AMOUNTS = 12
#: With fewer months there is room for this many, or a single bar would be as wide as the chart.
_MIN_MONTHS = 6
#: Room on the axis beyond the longest bar, for the amount at its end.
_ROOM = 1.15


def cost_by(sums: pd.DataFrame, *, by: str = "") -> Picture:
    """Draw the monthly cost of groups, the most expensive on top; the summary counts resources without a price.

    Parameters
    ----------
    sums : pandas.DataFrame
        As returned by `analysis.cost.by`.
    by : str
        The key of the groups, for the title and the axis.

    Returns
    -------
    Picture
        With at most 30 groups, the most expensive.
    """
    sums = require_columns(sums, _SUM_COLUMNS, "sums", source="po.analysis.cost.by")
    require_finite(sums, ("price_usd_month", "price_usd_hour", "share_percent"), "sums", "group")
    priced = sums.dropna(subset=["price_usd_month"])
    shown = priced.nlargest(MAX_BARS, "price_usd_month").iloc[::-1]
    table = sums[[*_SUM_COLUMNS]].rename(columns={"group": by} if by else {})
    by = by.replace("_", " ")
    title = f"Monthly cost{f' by {plotly_text(by)}' if by else ''}"
    if shown.empty:
        return empty_picture(_no_cost_reason(sums), table=table, title=title)
    names = _group_names(shown, by)
    # Two groups may have the same name, so the position of a bar is a number.
    positions = [*range(len(shown))]
    bars = go.Bar(
        orientation="h",
        y=positions,
        x=shown["price_usd_month"].tolist(),
        text=[format_usd(price) for price in shown["price_usd_month"]],
        # Inside, plotly omits the text of a bar without length.
        textposition="outside",
        cliponaxis=False,
        marker={"color": COLORS[0]},
        hovertext=[_group_hover(row, name) for row, name in zip(shown.to_dict("records"), names, strict=True)],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    picture = build_picture(
        bars,
        table=table,
        summary=_groups_summary(sums, priced, by),
        title=title,
        finding=_groups_finding(priced, by),
        axes=("USD a month", plotly_text(by)),
        height=_AXIS_PX + _ROW_PX * len(shown),
        hovermode="closest",
        showlegend=False,
    )
    picture.update_yaxes(
        tickmode="array",
        tickvals=positions,
        ticktext=[short_label(name) for name in names],
        range=[-0.5, len(shown) - 0.5],
        showgrid=False,
    )
    # Each bar has its amount, which a line of a grid would cross.
    picture.update_xaxes(
        range=_range_from_zero(shown["price_usd_month"]), tickprefix="$", separatethousands=True, showgrid=False
    )
    return picture


def cost_history(months: pd.DataFrame) -> Picture:
    """Draw the cost of each month; the bar of the current month is hatched, and a month without an amount has none.

    Parameters
    ----------
    months : pandas.DataFrame
        As returned by `analysis.cost.history`.
    """
    months = require_columns(months, _MONTH_COLUMNS, "months", source="po.analysis.cost.history")
    require_finite(months, ("billed_usd", "change_usd", "change_percent"), "months", "month")
    title = "Cost by month"
    if months.empty:
        return empty_picture("no month has been billed yet", table=months, title=title)
    final = months["final"].fillna(value=True).astype(bool)
    has_amounts = len(months) <= _MAX_AMOUNTS
    bars = [
        go.Bar(
            name=name,
            x=part["month"].map(plotly_text).tolist(),
            y=part["billed_usd"].tolist(),
            text=[format_usd(price) if has_value(price) else "" for price in part["billed_usd"]]
            if has_amounts
            else None,
            # Inside a hatched bar no color is readable in both themes.
            textposition="outside",
            cliponaxis=False,
            marker={"color": color, "pattern": {"shape": shape}},
            hovertext=[_month_hover(row) for row in part.to_dict("records")],
            hovertemplate="%{hovertext}<extra></extra>",
        )
        for name, part, color, shape in (
            ("billed", months[final], COLORS[0], ""),
            ("month to date", months[~final], INK, "/"),
        )
        if len(part)
    ]
    picture = build_picture(
        *bars,
        table=months,
        summary=_months_summary(months, final),
        title=title,
        finding=_months_finding(months, final),
        axes=("month", "USD"),
        showlegend=False,
        hovermode="closest",
        barmode="overlay",
    )
    # As categories, because plotly would draw dates at the first second of the month.
    margin = 0.5 + max(0, _MIN_MONTHS - len(months)) / 2
    step = 1 + (len(months) - 1) // _MAX_AMOUNTS
    categories = [plotly_text(month) for month in months["month"]]
    # Counted from the last month, which matters most.
    labeled = [*range(len(months) - 1, -1, -step)][::-1]
    picture.update_xaxes(
        type="category",
        categoryorder="array",
        categoryarray=categories,
        tickvals=[categories[position] for position in labeled],
        ticktext=[
            f"{plotly_text(_month(months['month'].iloc[position]))}{'' if final.iloc[position] else '<br>to date'}"
            for position in labeled
        ],
        range=[-margin, len(months) - 1 + margin],
        showgrid=False,
    )
    picture.update_yaxes(
        range=_range_from_zero(months["billed_usd"]), tickprefix="$", separatethousands=True, showgrid=not has_amounts
    )
    return picture


def _range_from_zero(amounts: pd.Series[Any]) -> list[float]:
    """Return an axis range that includes all amounts and zero, with room for text at the ends of bars."""
    known = [float(amount) for amount in amounts.dropna()]
    minimum, maximum = min([0.0, *known]), max([0.0, *known])
    return [minimum * _ROOM, maximum * _ROOM or 1.0]


def _group_names(sums: pd.DataFrame, by: str) -> list[str]:
    missing = f"(no {by})" if by else "(none)"
    return [escape_unprintable(name) if isinstance(name, str) else missing for name in sums["group"]]


def _group_hover(row: dict[Any, Any], name: str) -> str:
    unpriced = f"<br>{row['unpriced']} without a price" if has_value(row["unpriced"]) and row["unpriced"] else ""
    # If everything is free, there is no share.
    share = f"{format_percent(row['share_percent'], 1)} of the total" if has_value(row["share_percent"]) else ""
    resources = pluralize(row["resources"], "resource") if has_value(row["resources"]) else ""
    return (
        f"<b>{hover_text(name)}</b><br>{format_usd(row['price_usd_month'])} a month,"
        f" {format_usd(row['price_usd_hour'], 5)} an hour<br>{', '.join(filter(None, (share, resources)))}{unpriced}"
    )


def _groups_finding(priced: pd.DataFrame, by: str) -> str:
    top = priced.nlargest(1, "price_usd_month")
    (first,), (name,) = top.to_dict("records"), _group_names(top, by)
    share = f", {format_percent(first['share_percent'])} of the total" if has_value(first["share_percent"]) else ""
    return f"{shortened(name)} costs the most: {format_usd(first['price_usd_month'])} a month{share}"


def _groups_summary(sums: pd.DataFrame, priced: pd.DataFrame, by: str) -> str:
    top = priced.nlargest(1, "price_usd_month")
    (first,), (name,) = top.to_dict("records"), _group_names(top, by)
    share = f" ({format_percent(first['share_percent'])} of the total)" if has_value(first["share_percent"]) else ""
    sentences = [
        f"{name} costs the most: {format_usd(first['price_usd_month'])} a month{share}.",
        f"{pluralize(len(priced), 'group')} in total.",
    ]
    unpriced = int(sums["unpriced"].sum())
    if unpriced:
        sentences.append(
            f"{pluralize(unpriced, 'resource')} without a price {'is' if unpriced == 1 else 'are'} not included."
        )
    unavailable = _unavailable(sums)
    if unavailable:
        sentences.append(f"{pluralize(unavailable, 'resource type')} could not be read.")
    return f"{' '.join(sentences)}{omitted_note(MAX_BARS, len(priced), 'most expensive')}"


def _no_cost_reason(sums: pd.DataFrame) -> str:
    unpriced = int(sums["unpriced"].sum())
    if unpriced:
        return f"{pluralize(unpriced, 'resource')} without a known price"
    return "no resource could be read" if _unavailable(sums) else "there are no resources that cost money"


def _unavailable(sums: pd.DataFrame) -> int:
    return int(sums["unavailable"].sum()) if "unavailable" in sums.columns else 0


def _month_hover(row: dict[Any, Any]) -> str:
    change, percent = row["change_usd"], row["change_percent"]
    details = ""
    if has_value(change):
        rate = f" ({format_percent(percent, signed=True)})" if has_value(percent) else ""
        details = f"<br>{format_usd(change, signed=True)}{rate} from the previous month"
    return f"<b>{plotly_text(_month(row['month']))}</b><br>{_billed(row)}{details}"


def _month(value: object) -> str:
    return escape_unprintable(format_month(str(value)))


def _billed(row: dict[Any, Any]) -> str:
    return format_usd(row["billed_usd"]) if has_value(row["billed_usd"]) else "an unknown amount"


def _months_finding(months: pd.DataFrame, final: pd.Series) -> str:
    parts = []
    for row in months[final].tail(1).to_dict("records"):
        change = f" ({format_percent(row['change_percent'], signed=True)})" if has_value(row["change_percent"]) else ""
        parts.append(f"{_month(row['month'])}: {_billed(row)}{change}")
    parts += [f"{_month(row['month'])} to date: {_billed(row)}" for row in months[~final].to_dict("records")]
    return "; ".join(parts)


def _months_summary(months: pd.DataFrame, final: pd.Series) -> str:
    past = months[final]
    current = "".join(f" {_month(row['month'])} to date: {_billed(row)}." for row in months[~final].to_dict("records"))
    if past.empty:
        return f"No month has been billed yet.{current}"
    (last,) = past.tail(1).to_dict("records")
    top = past.dropna(subset="billed_usd").nlargest(1, "billed_usd").to_dict("records")
    most = "".join(f"; the most expensive was {_month(row['month'])} at {_billed(row)}" for row in top)
    which = f"{'most recently ' if len(past) > 1 else ''}{_month(last['month'])}"
    return f"{pluralize(len(past), 'month')}, {which}: {_billed(last)}{most}.{current}"
