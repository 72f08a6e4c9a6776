"""Sentences above the tables of ``%do cost``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from poseidon_nb.frames.tables.forecasts import ALL, AT_RISK, OVER, STATUSES, WILL_BE_OVER
from poseidon_nb.text import (
    capitalized,
    escape_unprintable,
    format_month,
    format_percent,
    format_usd,
    join_words,
    pluralize,
    truncated_list,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from datetime import datetime

    import pandas as pd

    from poseidon_nb.commands.cost.budgets import Budget

#: The number of names in a sentence; the rest is counted.
_MAX_NAMES = 3
#: Why the groups may add up to more than the whole.
_SEVERAL_TAGS = "A resource with several tags counts under each of them."
#: Less than half a cent rounds to zero.
_HALF_A_CENT = 0.005


def summarize_cost(lines: pd.DataFrame, total: pd.DataFrame, key: str) -> str:
    """Return what everything costs, and what has no known price."""
    (row,) = total.to_dict("records")
    several = f" {_SEVERAL_TAGS}" if key == "tag" else ""
    summary = (
        f"Total: {format_usd(row['price_usd_month'])} a month, {format_usd(row['price_usd_hour'], 5)} an hour.{several}"
    )
    if not row["unpriced"] and not row["unavailable"]:
        return summary
    from poseidon_nb.analysis.cost.breakdown import UNAVAILABLE, is_unavailable  # noqa: PLC0415  # loads pandas

    missing = is_unavailable(lines)
    notes = []
    if row["unpriced"]:
        resource_types = dict.fromkeys(lines.loc[lines["price_usd_month"].isna() & ~missing, "resource_type"])
        have = "has" if row["unpriced"] == 1 else "have"
        notes.append(
            f"{row['unpriced']:,} of {pluralize(row['resources'], 'resource')} {have} no price: {join_words(resource_types)}"
        )
    if row["unavailable"]:
        notes.append(f"{join_words(dict.fromkeys(lines.loc[missing, 'resource_type']))} {UNAVAILABLE}")
    return f"{summary} {capitalized('; '.join(notes))}. See %do cost lines for the reasons."


def summarize_reconciliation(bill: pd.DataFrame) -> str:
    """Return whether this month's bill matches the cost of the account's resources, and where it differs and why."""
    rows = bill.to_dict("records")
    total = rows[-1]
    note = total["note"] if isinstance(total["note"], str) else ""
    if math.isnan(total["difference_usd"]):
        return f"This month's bill cannot be compared with the line items{f': {note}' if note else ''}."
    different = [row for row in rows[:-1] if abs(row["difference_usd"]) >= _HALF_A_CENT]
    different.sort(key=lambda row: -abs(row["difference_usd"]))
    parts = [f"{row['product']} by {format_usd(row['difference_usd'], signed=True)}" for row in different]
    if abs(total["difference_usd"]) < _HALF_A_CENT:
        summary = f"This month's bill matches the line items to the cent: {format_usd(total['billed_usd'])} so far"
        but = f"but these products differ: {truncated_list(parts, max_words=_MAX_NAMES)}" if parts else ""
        return "; ".join(filter(None, (summary, but, note))) + "."
    summary = (
        f"This month's bill differs from the line items by {format_usd(total['difference_usd'], signed=True)}: "
        f"{format_usd(total['billed_usd'])} billed so far, {format_usd(total['expected_usd'])} expected"
    )
    deleted = total["deleted_usd"]
    parts_deleted = f"{format_usd(deleted)} billed for deleted resources" if deleted >= _HALF_A_CENT else ""
    listed = truncated_list(parts, max_words=_MAX_NAMES) if len(parts) > 1 else ""
    return "; ".join(filter(None, (summary, parts_deleted, listed, note))) + "."


def summarize_history(months: pd.DataFrame) -> str:
    """Return what the last complete month cost, how it compares with the month before, and the current month so far."""
    rows = months.to_dict("records")
    complete, running = ([row for row in rows if bool(row["final"]) is final] for final in (True, False))
    parts = [_month(complete[-1], complete[-2]["month"] if complete[1:] else "")] if complete else []
    parts += [f"{row['month']}: {_amount(row['billed_usd'])} so far" for row in running]
    summary = f"{'. '.join(parts)}." if parts else "No month has been billed yet."
    return " ".join(filter(None, (summary, unknown_months(months))))


def unknown_months(months: pd.DataFrame) -> str:
    """Return which months have an unknown cost; empty if there are none."""
    unknown = months.loc[months["billed_usd"].isna(), "month"].astype(str).tolist()
    if not unknown:
        return ""
    return f"The cost of {truncated_list(unknown)} is unknown, because an invoice has no amount."


def _month(row: Mapping[Hashable, Any], before: str) -> str:
    summary, change, share = f"{row['month']}: {_amount(row['billed_usd'])}", row["change_usd"], row["change_percent"]
    if math.isnan(change):
        return summary
    if abs(change) < _HALF_A_CENT:
        return f"{summary}, the same as {before}"
    relative = "" if math.isnan(share) else f" ({format_percent(share, 1, signed=True)})"
    return f"{summary}, {format_usd(abs(change))} {'more' if change > 0 else 'less'} than {before}{relative}"


def _amount(amount: float) -> str:
    return "unknown" if math.isnan(amount) else format_usd(amount)


def summarize_forecast(table: pd.DataFrame, now: datetime) -> str:
    """Return the forecast of the account."""
    row = table.iloc[-1]
    month = format_month(f"{now:%Y-%m}")
    unpriced = (
        f" {capitalized(pluralize(int(row['unpriced']), 'resource'))} without a price {'is' if row['unpriced'] == 1 else 'are'} not included."
        if row["unpriced"]
        else ""
    )
    return (
        f"{month}: {format_usd(row['likely_usd'])} if nothing changes, {format_usd(row['billed_usd'])} of it so far;"
        f" between {format_usd(row['low_usd'])} and {format_usd(row['high_usd'])} with changes as before."
        f"{unpriced} Without taxes, credits and overage of transfer."
    )


def summarize_limits(budget: Budget) -> str:
    """Return the limits that are set."""
    parts = [] if budget.account is None else [f"{format_usd(budget.account)} a month for the account"]
    if budget.each_tag is not None:
        parts.append(f"{format_usd(budget.each_tag)} for each tag")
    own = [f"{format_usd(usd)} for the tag {tag}" for tag, usd in sorted(budget.tags.items())]
    parts += [truncated_list(own, max_words=_MAX_NAMES)] if own else []
    return f"Budget: {join_words(parts)}." if parts else "No budget is set."


def summarize_budget(table: pd.DataFrame) -> str:
    """Return how each limit compares; the ones in trouble first."""
    if table.empty:
        return "No budget applies: the account has no tags with costs."
    rows = sorted(table.to_dict("records"), key=lambda row: -STATUSES.index(row["status"]))
    days_left = rows[0]["days_left"]
    sentences = [_limit(row) for row in rows[:_MAX_NAMES]]
    more = len(rows) - _MAX_NAMES
    rest = f"; and {more:,} more" if more > 0 else ""
    return f"{'; '.join(sentences)}{rest}. {_days(days_left)} left."


def _limit(row: Mapping[Hashable, Any]) -> str:
    who = "The account" if row["group"] == ALL else escape_unprintable(str(row["group"]))
    limit, spent = format_usd(row["limit_usd"]), format_usd(row["spent_usd"])
    if row["status"] == OVER:
        return f"{who} is over the budget of {limit}: {spent} spent"
    forecast = f"{format_usd(row['forecast_usd'])} expected, {spent} spent"
    if row["status"] == WILL_BE_OVER:
        return f"{who} will be over the budget of {limit}: {forecast}"
    risk = f", up to {format_usd(row['high_usd'])} with changes as before" if row["status"] == AT_RISK else ""
    return f"{who} is within the budget of {limit}: {forecast}{risk}"


def _days(days: float) -> str:
    return pluralize(round(days), "day") if days >= 1 else "Less than a day"


def summarize_changes(table: pd.DataFrame) -> str:
    """Return the net change, and what cannot be known."""
    if table.empty:
        return "Nothing changed. Snapshots, volumes and addresses that came and went between two updates of the invoice do not show."
    usd = table["usd_month"]
    words = (("came", "created"), ("went", "deleted"), ("grew", "grew"), ("shrank", "shrank"))
    parts = [
        f"{format_usd(usd[is_one].sum(), signed=True)} {word} ({int(is_one.sum()):,})"
        for word, change in words
        if (is_one := table["change"].eq(change) & usd.notna()).any()
    ]
    unknown = int(usd.isna().sum())
    if unknown:
        parts.append(f"{pluralize(unknown, 'change')} of an unknown amount")
    return (
        f"{format_usd(usd.sum(), signed=True)} a month: {', '.join(parts)}. What was deleted shows only in invoice items"
        " and actions."
    )


def summarize_allocation(table: pd.DataFrame, key: str) -> str:
    """Return the sum over time, and the most expensive group."""
    if table.empty:
        return "Nothing was billed in this time."
    period = table["period"].iloc[0]
    sums = table.groupby("group", dropna=False)["usd"].sum().sort_values(ascending=False)
    name = sums.index[0] if isinstance(sums.index[0], str) else f"(no {key})"
    several = f" {_SEVERAL_TAGS}" if key == "tag" else ""
    return (
        f"{pluralize(table['start'].nunique(), period)} since {table['start'].min():%Y-%m-%d}:"
        f" {escape_unprintable(name)} cost the most, {format_usd(sums.iloc[0])}.{several}"
    )


def summarize_allocation_key(key: str) -> str:
    """Return what the chart of an allocation does not say; empty if that is nothing."""
    return _SEVERAL_TAGS if key == "tag" else ""


def summarize_transfer(table: pd.DataFrame) -> str:
    """Return what was sent, what is included, the overage, and which droplets are not counted."""
    row = table.iloc[-1]
    sent = f"{row['sent_gib']:,.1f} GiB sent"
    if math.isnan(row["included_gib"]):
        return f"{sent}. The allowance is unknown: see the column note."
    parts = [f"{sent}, {row['included_gib']:,.1f} GiB included so far"]
    if row["overage_gib"]:
        parts.append(f"overage {row['overage_gib']:,.1f} GiB, {format_usd(row['overage_usd'])}")
    parts.append(
        f"at this rate {row['forecast_sent_gib']:,.1f} of {row['forecast_included_gib']:,.1f} GiB by the end of the month,"
        f" overage {format_usd(row['forecast_overage_usd'])}"
    )
    droplets = table.iloc[:-1]
    names = droplets.loc[droplets["sent_gib"].isna(), "name"]
    missing = f" Not counted, without readings: {truncated_list(map(str, names))}." if len(names) else ""
    return f"{'; '.join(parts)}.{missing}"
