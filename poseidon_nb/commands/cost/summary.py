"""Sentences above the tables of ``%do cost``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from poseidon_nb.text import capitalized, format_percent, format_usd, join_words, pluralize, truncated_list

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import pandas as pd

#: The number of names in a sentence; the rest is counted.
_MAX_NAMES = 3
#: Less than half a cent rounds to zero.
_HALF_A_CENT = 0.005


def summarize_cost(lines: pd.DataFrame, total: pd.DataFrame, key: str) -> str:
    """Return what everything costs, and what has no known price."""
    (row,) = total.to_dict("records")
    several = " A resource with several tags counts under each of them." if key == "tag" else ""
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
