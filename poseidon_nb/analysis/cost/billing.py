"""What was billed: the invoices of past months, and this month's balance and invoice preview compared with the lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from poseidon_nb.analysis.cost.breakdown import LINES_SOURCE, UNAVAILABLE, is_unavailable
from poseidon_nb.analysis.inputs import to_utc
from poseidon_nb.catalogue import prices
from poseidon_nb.frames.validation import build_derived, require_columns
from poseidon_nb.text import format_usd, pluralize

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from datetime import datetime

    from pandas.api.typing import SeriesGroupBy

#: The product name on the invoice, by resource type. Those of Kubernetes and Spaces are in the specification's examples. The others
#: are not documented; a product with another name gets a row of its own.
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
    "database": "Managed Databases",
    "app": "App Platform",
    "nfs": "Network File Storage",
    "nat_gateway": "VPC NAT Gateways",
    "registry": "Container Registry",
}
#: The product of the row that compares the balance with all lines.
ALL_PRODUCTS = "(all)"
_HALF_A_CENT = 0.005
#: Divides the monthly by the hourly price into those capped at 672 and those capped at 744 hours.
CAP_THRESHOLD = (prices.CAP_HOURS + prices.CAP_HOURS_GPU) / 2


def reconcile(lines: pd.DataFrame, balance: pd.DataFrame, items: pd.DataFrame, *, now: datetime) -> pd.DataFrame:
    """Compare the expected month-to-date cost of the lines with the balance and the invoice preview.

    A resource is expected to cost its hours since its creation or the start of the month, up to the monthly price, in
    whole cents and at least one. Differences are therefore due to deleted resources (``deleted_usd``), to sizes and plans
    that changed during the month, to unverified prices, and to resources without a price. Amounts are missing, with a
    note, if a list could not be read or an item has no amount.

    Parameters
    ----------
    lines : pandas.DataFrame
        As returned by `lines`.
    balance : pandas.DataFrame
        ``client.call("balance_get", frame=True)``.
    items : pandas.DataFrame
        The items of the invoice preview (``invoices_get_byUUID``).
    now : datetime
        When the three were read; UTC if naive.

    Returns
    -------
    pandas.DataFrame
        Table ``cost_reconciliation``: a row for each product. The last row, ``(all)``, compares all lines with the
        month-to-date usage of the balance.
    """
    lines = require_columns(
        lines, ("resource_type", "id", "price_usd_month", "price_usd_hour", "created_at"), "lines", source=LINES_SOURCE
    )
    items = require_columns(items, ("product", "amount", "resource_id"), "invoice_items")
    balance = require_columns(balance, ("month_to_date_usage",), "balance")
    unavailable = is_unavailable(lines)
    expected = pd.DataFrame(
        {
            "product": lines["resource_type"].map(PRODUCTS).fillna(lines["resource_type"]),
            "usd": _month_to_date_usd(lines, now),
            "id": lines["id"],
            "resources": ~unavailable,
            "unpriced": lines["price_usd_month"].isna() & ~unavailable,
            "unavailable": unavailable,
        }
    )
    billed = pd.DataFrame({"product": items["product"].map(product_name), "usd": items["amount"]})
    exists = _has_line(items, billed["product"], expected[expected["resources"]])
    billed["deleted"] = billed["usd"].where(~exists, 0.0)
    billed["no_amount"] = billed["usd"].isna()
    by_expected, by_billed = expected.groupby("product"), billed.groupby("product")
    counts = {
        **{name: by_expected[name].sum() for name in ("resources", "unpriced", "unavailable")},
        "no_amount": by_billed["no_amount"].sum(),
        "items": by_billed.size(),
    }
    amounts = {
        "expected_usd": by_expected["usd"].sum(),
        "billed_usd": by_billed["usd"].sum(),
        "deleted_usd": by_billed["deleted"].sum(),
    }
    rows = pd.DataFrame({**amounts, **counts}).fillna(0.0)
    total = rows[[*counts, "expected_usd"]].sum().to_dict()
    rows["expected_usd"] = rows["expected_usd"].mask((rows["unavailable"] > 0) & (rows["resources"] == 0))
    # A resource in a list that could not be read need not be deleted.
    uncertain = ((rows["unavailable"] > 0) & (rows["deleted_usd"] != 0)) | (rows["no_amount"] > 0)
    rows["deleted_usd"] = rows["deleted_usd"].mask(uncertain)
    total["deleted_usd"] = rows["deleted_usd"].sum()
    rows["billed_usd"] = rows["billed_usd"].mask(rows["no_amount"] > 0)
    rows = rows.rename_axis("product").reset_index().sort_values("billed_usd", ascending=False, kind="stable")
    usage_usd = balance["month_to_date_usage"].sum(min_count=1)
    rows["note"] = [_note(row) for row in rows.to_dict("records")]
    off_usd = usage_usd - rows["billed_usd"].sum(skipna=False)
    off_note = (
        f"the balance differs from the items by {format_usd(off_usd, signed=True)}"
        if abs(off_usd) >= _HALF_A_CENT
        else ""
    )
    last = {
        **total,
        "product": ALL_PRODUCTS,
        "billed_usd": usage_usd,
        "note": "; ".join(filter(None, (_note(total), off_note))),
    }
    table = pd.concat([rows, pd.DataFrame([last])], ignore_index=True)
    table["note"] = table["note"].replace("", None)
    # Adding zero turns -0.0 into 0.0.
    table["difference_usd"] = (table["billed_usd"] - table["expected_usd"]).round(2) + 0.0
    return build_derived("cost_reconciliation", table)


def history(invoices: pd.DataFrame, *, preview: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return what each month cost, oldest first, and the change from the previous month.

    Parameters
    ----------
    invoices : pandas.DataFrame
        ``client.call("invoices_list", frame=True)``. Invoices of one month are added up. A month without an invoice
        between two others cost nothing. If an invoice has no amount, the amount of its month is missing.
    preview : pandas.DataFrame, optional
        The invoice preview of this month, in the same form: a last row that is not final and has no change.

    Returns
    -------
    pandas.DataFrame
        Table ``cost_history``: a row for each month.
    """
    invoices = require_columns(invoices, ("invoice_period", "amount"), "invoices")
    months = _sum_by_month(invoices)
    months["change_usd"] = months["billed_usd"].diff().round(2)
    previous = months["billed_usd"].shift()
    months["change_percent"] = months["change_usd"] / previous.where(previous > 0) * 100
    months["final"] = True
    if preview is not None and len(preview):
        preview = require_columns(preview, ("invoice_period", "amount"), "invoices")
        current = _sum_by_month(preview).assign(invoices=0, final=False)
        months = pd.concat([months.astype(object), current.astype(object)]).reindex(columns=months.columns)
    return build_derived("cost_history", months.reset_index(names="month"))


def _month_to_date_usd(lines: pd.DataFrame, now: datetime) -> pd.Series:
    end = to_utc(now)
    month_start = end.normalize().replace(day=1)
    start = lines["created_at"].fillna(month_start)
    start = start.mask(start < month_start, month_start)
    hours = ((end - start).dt.total_seconds() / 3600).clip(lower=0.0)
    month, hour = lines["price_usd_month"], lines["price_usd_hour"]
    cap_hours = np.where(month / hour > CAP_THRESHOLD, prices.CAP_HOURS_GPU, prices.CAP_HOURS)
    cents = ((hours / cap_hours).clip(upper=1.0) * month * 100 + 0.5) // 1
    min_cents = ((month > 0) & (hours > 0)).astype(float)
    amounts: pd.Series = (cents.clip(lower=min_cents) / 100).fillna(0.0)
    return amounts


def product_name(product: object) -> object:
    """Return our spelling of a product name, whose case may differ on an invoice."""
    known = {name.casefold(): name for name in PRODUCTS.values()}
    return known.get(product.casefold(), product) if isinstance(product, str) else ""


def _has_line(items: pd.DataFrame, products: pd.Series, expected: pd.DataFrame) -> pd.Series:
    """Return which items are for resources that have a line.

    An item without a resource counts as such, and so does one of a product with a line without an id: a subscription.
    """
    known = {*zip(expected["product"], expected["id"].astype(object), strict=True)}
    subscribed = {*expected.loc[expected["id"].isna(), "product"]}
    ids = [items[name].astype(object) for name in ("resource_id", "resource_uuid") if name in items.columns]
    found = [
        product in subscribed
        or any((product, id_) in known for id_ in given)
        or not any(isinstance(id_, str) and id_ for id_ in given)
        for product, *given in zip(products, *ids, strict=True)
    ]
    return pd.Series(found, items.index, dtype=bool)


def _note(row: Mapping[Hashable, Any]) -> str:
    # A product of one resource type that could not be read has nothing to count.
    is_single = row["resources"] == 0 and row["unavailable"] == 1
    unavailable = UNAVAILABLE if is_single else f"{pluralize(int(row['unavailable']), 'resource type')} {UNAVAILABLE}"
    notes = (
        (row["unpriced"], f"{pluralize(int(row['unpriced']), 'resource')} without a price"),
        (row["unavailable"], unavailable),
        (row["no_amount"], f"{pluralize(int(row['no_amount']), 'item')} without an amount"),
    )
    return "; ".join(text for number, text in notes if number)


def _sum_by_month(invoices: pd.DataFrame) -> pd.DataFrame:
    period = invoices["invoice_period"].astype("string")
    # An invoice of an unreadable month is not of any month.
    grouped = invoices.groupby(period.where(period.str.fullmatch(r"\d{4}-(0[1-9]|1[0-2])")))["amount"]
    months = pd.DataFrame({"billed_usd": _complete_sums(grouped).round(2), "invoices": grouped.size()})
    if len(months):
        periods = pd.period_range(months.index.min(), months.index.max(), freq="M").strftime("%Y-%m")
        months = months.reindex(periods, fill_value=0)
    return months


def _complete_sums(amounts: SeriesGroupBy[Any, Any]) -> pd.Series:
    """Return the sum of each group; missing if one of its amounts is, because pandas would count that as zero."""
    sums: pd.Series = amounts.sum().where(amounts.count() == amounts.size())
    return sums
