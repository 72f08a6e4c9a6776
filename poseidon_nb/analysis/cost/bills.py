"""What was billed: months of invoices, and this month's preview and balance held against what the lines say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from poseidon_nb.analysis.columns import moment
from poseidon_nb.analysis.cost.sums import LINES, UNREAD, unread
from poseidon_nb.catalogue import prices
from poseidon_nb.frames.validation import build_derived, require_columns
from poseidon_nb.text import format_usd, pluralize

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from datetime import datetime

    from pandas.api.typing import SeriesGroupBy

#: What the invoice calls each kind. The specification's examples have those of Kubernetes and Spaces; no source tells the
#: others, and a product that is called otherwise stands in a row of its own.
PRODUCTS = {
    "droplet": "Droplets",
    "kubernetes_node": "Kubernetes Clusters",
    "kubernetes": "Kubernetes Clusters",
    "backup": "Backups",
    "snapshot": "Snapshots",
    "volume_snapshot": "Volume Snapshots",
    "custom_image": "Custom Images",
    "volume": "Volumes",
    "load_balancer": "Load Balancers",
    "reserved_ip": "Reserved IPs",
    "reserved_ipv6": "Reserved IPs",
    "spaces": "Spaces Subscription",
}
ALL = "(all)"
_CENT = 0.01
#: Between the two caps: 672 and 744 hours.
_BETWEEN = (prices.CAP_HOURS + prices.CAP_HOURS_GPU) / 2


def reconciled(lines: pd.DataFrame, balance: pd.DataFrame, items: pd.DataFrame, *, now: datetime) -> pd.DataFrame:
    """Hold what the lines say for this month until now against what the balance and the invoice's preview say.

    A thing is reckoned from the beginning of the month, or from its creation, for its hours until the month's price is
    reached, in whole cents and one at least. So differences come from what is not there any more (``gone_usd``), from
    sizes and plans that changed within the month, from prices that are unverified, and from what has no price. What could
    not be read, and what was billed without an amount, is missing and told in the note.

    Parameters
    ----------
    lines : pandas.DataFrame
        As `lines` gives them.
    balance : pandas.DataFrame
        ``client.call("balance_get", frame=True)``.
    items : pandas.DataFrame
        The items of the invoice's preview (``invoices_get_byUUID``).
    now : datetime
        When the three were read; UTC where it names no zone.

    Returns
    -------
    pandas.DataFrame
        Table ``cost_reconciled``: a row for each product, and last ``(all)``: all lines against the balance's usage of this
        month.
    """
    lines = require_columns(
        lines, ("kind", "id", "price_usd_month", "price_usd_hour", "created_at"), "lines", source=LINES
    )
    items = require_columns(items, ("product", "amount", "resource_id"), "invoice_items")
    balance = require_columns(balance, ("month_to_date_usage",), "balance")
    missing = unread(lines)
    expected = pd.DataFrame(
        {
            "product": lines["kind"].map(PRODUCTS).fillna(lines["kind"]),
            "usd": _until(lines, now),
            "id": lines["id"],
            "thing": ~missing,
            "unpriced": lines["price_usd_month"].isna() & ~missing,
            "unread": missing,
        }
    )
    billed = pd.DataFrame({"product": items["product"].map(_called), "usd": items["amount"]})
    billed["gone"] = billed["usd"].where(~_is_there(items, billed["product"], expected[expected["thing"]]), 0.0)
    billed["untold"] = billed["usd"].isna()
    ours, theirs = expected.groupby("product"), billed.groupby("product")
    counts = {
        **{
            name: ours[flag].sum()
            for name, flag in (("things", "thing"), ("unpriced", "unpriced"), ("unread", "unread"))
        },
        "untold": theirs["untold"].sum(),
        "items": theirs.size(),
    }
    sums = {"lines_usd": ours["usd"].sum(), "billed_usd": theirs["usd"].sum(), "gone_usd": theirs["gone"].sum()}
    rows = pd.DataFrame({**sums, **counts}).fillna(0.0)
    whole = rows[[*counts, "lines_usd"]].sum().to_dict()
    rows["lines_usd"] = rows["lines_usd"].mask((rows["unread"] > 0) & (rows["things"] == 0))
    # What could not be read is not gone for that.
    unsure = ((rows["unread"] > 0) & (rows["gone_usd"] != 0)) | (rows["untold"] > 0)
    whole["gone_usd"] = rows["gone_usd"].mask(unsure).sum()
    rows["gone_usd"] = rows["gone_usd"].mask(unsure)
    rows["billed_usd"] = rows["billed_usd"].mask(rows["untold"] > 0)
    rows = rows.rename_axis("product").reset_index().sort_values("billed_usd", ascending=False, kind="stable")
    usage = balance["month_to_date_usage"].sum(min_count=1)
    rows["note"] = [_said(row) for row in rows.to_dict("records")]
    apart = usage - rows["billed_usd"].sum(skipna=False)
    differ = f"the items differ from the balance by {format_usd(apart, signed=True)}" if abs(apart) >= _CENT / 2 else ""
    last = {
        **whole,
        "product": ALL,
        "billed_usd": usage,
        "note": "; ".join(filter(None, (_said(whole), differ))),
    }
    made = pd.concat([rows, pd.DataFrame([last])], ignore_index=True)
    made["note"] = made["note"].replace("", None)
    made["difference_usd"] = (made["billed_usd"] - made["lines_usd"]).round(2) + 0.0
    return build_derived("cost_reconciled", made)


def _until(lines: pd.DataFrame, now: datetime) -> pd.Series:
    """Give what each line should have cost since the month began, in USD."""
    end = moment(now)
    began = end.normalize().replace(day=1)
    since = lines["created_at"].fillna(began)
    since = since.mask(since < began, began)
    hours = ((end - since).dt.total_seconds() / 3600).clip(lower=0.0)
    month, hour = lines["price_usd_month"], lines["price_usd_hour"]
    cap = np.where(month / hour > _BETWEEN, prices.CAP_HOURS_GPU, prices.CAP_HOURS)
    cents = ((hours / cap).clip(upper=1.0) * month * 100 + 0.5) // 1
    least = ((month > 0) & (hours > 0)).astype(float)
    until: pd.Series = (cents.clip(lower=least) / 100).fillna(0.0)
    return until


def _called(product: object) -> object:
    """Give the name that we use, whatever letters the invoice writes it in."""
    known = {name.casefold(): name for name in PRODUCTS.values()}
    return known.get(product.casefold(), product) if isinstance(product, str) else ""


def _is_there(items: pd.DataFrame, products: pd.Series, expected: pd.DataFrame) -> pd.Series:
    """Say which items are for things that have a line; one that names no thing counts as there."""
    there = {*zip(expected["product"], expected["id"].astype(object), strict=True)}
    ids = [items[name].astype(object) for name in ("resource_id", "resource_uuid") if name in items.columns]
    found = [
        any((product, one) in there for one in given) or not any(isinstance(one, str) and one for one in given)
        for product, *given in zip(products, *ids, strict=True)
    ]
    return pd.Series(found, items.index, dtype=bool)


def _said(row: Mapping[Hashable, Any]) -> str:
    """Say what stands in the way of comparing; a product of one kind that could not be read has nothing to count."""
    alone = row["things"] == 0 and row["unread"] == 1
    unread = UNREAD if alone else f"{pluralize(int(row['unread']), 'kind')} of things {UNREAD}"
    told = (
        (row["unpriced"], f"{row['unpriced']:,.0f} without a price"),
        (row["unread"], unread),
        (row["untold"], f"{row['untold']:,.0f} of the items without an amount"),
    )
    return "; ".join(words for number, words in told if number)


def history(invoices: pd.DataFrame, *, preview: pd.DataFrame | None = None) -> pd.DataFrame:
    """Give what each month cost, oldest first, and how much more that was than the month before.

    Parameters
    ----------
    invoices : pandas.DataFrame
        ``client.call("invoices_list", frame=True)``. Several of one month are added up; a month without one between two
        others cost nothing. Where an invoice tells no amount, its month's is not known.
    preview : pandas.DataFrame, optional
        This month's, in the same form: a last row that is not final, whose change is not told.

    Returns
    -------
    pandas.DataFrame
        Table ``cost_history``: a row for each month.
    """
    invoices = require_columns(invoices, ("invoice_period", "amount"), "invoices")
    billed = _months(invoices)
    billed["change_usd"] = billed["billed_usd"].diff().round(2)
    before = billed["billed_usd"].shift()
    billed["change_percent"] = billed["change_usd"] / before.where(before > 0) * 100
    billed["final"] = True
    if preview is not None and len(preview):
        preview = require_columns(preview, ("invoice_period", "amount"), "invoices")
        running = _months(preview).assign(invoices=0, final=False)
        billed = pd.concat([billed.astype(object), running.astype(object)]).reindex(columns=billed.columns)
    return build_derived("cost_history", billed.reset_index(names="month"))


def _months(invoices: pd.DataFrame) -> pd.DataFrame:
    grouped = invoices.groupby(invoices["invoice_period"].astype("string"))["amount"]
    found = pd.DataFrame({"billed_usd": _known_sums(grouped).round(2), "invoices": grouped.size()})
    if len(found):
        every = pd.period_range(found.index.min(), found.index.max(), freq="M").strftime("%Y-%m")
        found = found.reindex(every, fill_value=0)
    return found


def _known_sums(amounts: SeriesGroupBy[Any, Any]) -> pd.Series:
    """Give the sum of each group; what is not known makes the sum unknown, where it would count as nothing."""
    sums: pd.Series = amounts.sum().where(amounts.count() == amounts.size())
    return sums
