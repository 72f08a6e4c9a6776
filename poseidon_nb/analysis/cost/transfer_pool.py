"""Outbound transfer of the month: the pooled allowance of all droplets, what their metrics say was sent, and the overage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from poseidon_nb.analysis.cost.charges import HOUR_S, TOLERANCE_S, join, month_start, newest_end, next_month
from poseidon_nb.analysis.inputs import to_utc
from poseidon_nb.analysis.readings import TRAFFIC_LABELS, require_metrics, select_metric, step_seconds
from poseidon_nb.catalogue import prices
from poseidon_nb.catalogue.metrics import GAP_FACTOR, explain_missing
from poseidon_nb.frames.tables.forecasts import ALL
from poseidon_nb.frames.validation import build_derived, require_columns
from poseidon_nb.text import escape_unprintable, pluralize

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from poseidon_nb.analysis.cost.charges import BilledResource

#: From Mbit to GiB.
_GIB_PER_MBIT = 1e6 / 8 / 2**30
_NO_READINGS = "no readings this month"
_DELETED = "deleted: its metrics are gone"
_NO_TRANSFER = "the included transfer of its size is unknown"


def transfer(  # four frames, what failed, and when
    droplets: pd.DataFrame,
    sizes: pd.DataFrame,
    series: pd.DataFrame,
    *,
    items: pd.DataFrame | None = None,
    failed: Mapping[int, object] | None = None,
    now: datetime,
) -> pd.DataFrame:
    """Return what each droplet may send and has sent this month, in UTC, and the overage of all together.

    A droplet earns 1/672 of its size's monthly transfer in each hour that it exists, on or off, up to the whole. The
    account's droplets share their allowances, and only what all send to the internet beyond the sum is charged. DigitalOcean
    charges by the sums of the whole month: an overage early in the month can disappear (see `catalogue.prices.TRANSFER_GIB`).

    Parameters
    ----------
    droplets, sizes : pandas.DataFrame
        ``client.droplets.frame()`` and ``client.sizes.frame()``.
    series : pandas.DataFrame
        ``client.metrics.frame("outbound", ..., start=...)`` since the start of the month. A reading counts until the next
        one, and at most for the usual step; a longer gap counts as nothing sent.
    items : pandas.DataFrame, optional
        The items of the invoice preview, for deleted droplets and former sizes.
    failed : mapping, optional
        Errors by the ids of droplets whose metrics could not be read.
    now : datetime
        When these were read, by the server's clock; UTC if naive.

    Returns
    -------
    pandas.DataFrame
        Table ``cost_transfer``: a row for each droplet; the last row, ``(all)``, is the account, with the overage.
    """
    droplets = require_columns(droplets, ("id", "name", "size", "created_at"), "droplets")
    sizes = require_columns(sizes, ("slug", "transfer"), "sizes")
    now_s = to_utc(now).timestamp()
    start, end = month_start(now_s), next_month(now_s)
    listed = sizes.dropna(subset=["slug", "transfer"]).drop_duplicates("slug")
    gib_of = dict(zip(listed["slug"], listed["transfer"].astype(float) * prices.TRANSFER_GIB_PER_TB, strict=True))
    charged = _charged(items, now, start)
    sent = sent_gib(series, end=now)
    rows = []
    for droplet in droplets.drop_duplicates("id").to_dict("records"):
        id_ = droplet["id"]
        known = charged.pop(str(id_), None)
        periods = _periods(droplet, known, start, now_s)
        hours, included = _included(periods, gib_of)
        later = [*periods[:-1], (periods[-1][0], end, periods[-1][2])]
        hours_at_end, included_at_end = _included(later, gib_of)
        gib = sent.get(id_, float("nan"))
        rows.append(
            {
                "name": droplet["name"],
                "droplet_id": id_,
                "size": droplet["size"],
                "hours": hours,
                "included_gib": included,
                "sent_gib": gib,
                "forecast_included_gib": included_at_end,
                "forecast_sent_gib": gib * hours_at_end / hours if hours else gib,
                "note": _note(droplet, gib, included, (failed or {}).get(id_)),
            }
        )
    rows += [_deleted_row(one, gib_of, start) for one in charged.values()]
    return build_derived("cost_transfer", _with_total(rows))


def sent_gib(series: pd.DataFrame, *, end: datetime) -> dict[int, float]:
    """Return what each droplet sent to the internet until a time, in GiB, by its id."""
    readings = select_metric(require_metrics(series), "bandwidth", TRAFFIC_LABELS)
    outbound = readings[(readings["interface"] == "public") & (readings["direction"] == "outbound")]
    if outbound.empty:
        return {}
    by = ["droplet_id"]
    step_s = step_seconds(outbound, by).groupby(outbound["droplet_id"]).transform("median")
    until_end_s = (to_utc(end) - outbound["time"]).dt.total_seconds().clip(lower=0.0)
    next_s = -outbound.groupby(by)["time"].diff(-1).dt.total_seconds()
    # The last reading counts until the end; the only reading of a droplet has no usual step.
    held_s = next_s.fillna(until_end_s)
    usual_s = step_s.fillna(until_end_s)
    held_s = held_s.where(held_s <= GAP_FACTOR * usual_s, usual_s)
    gib = outbound["value"].clip(lower=0.0) * held_s * _GIB_PER_MBIT
    sums = gib.groupby(outbound["droplet_id"]).sum()
    return {int(id_): float(value) for id_, value in sums.items()}


def _charged(items: pd.DataFrame | None, now: datetime, start: float) -> dict[str, BilledResource]:
    """Return the droplets that were charged this month, by their ids."""
    if items is None:
        return {}
    none = pd.DataFrame(
        columns=["resource_type", "id", "name", "price_usd_month", "price_usd_hour", "created_at", "note"], dtype=object
    )
    found = join(none, items, now)
    for one in found:
        one.charges = [charge for charge in one.charges if charge.end > start]
    until = newest_end(found, to_utc(now).timestamp())
    for one in found:
        # Up to date, so that a droplet that exists is charged until now.
        one.readable = bool(one.charges) and one.charges[-1].end >= until - TOLERANCE_S
    return {one.id: one for one in found if one.product == "Droplets" and one.charges}


def _periods(
    droplet: Mapping[Any, Any], charged: BilledResource | None, start: float, now_s: float
) -> list[tuple[float, float, str]]:
    """Return the times of the month in which a droplet existed, each with its size."""
    created = droplet["created_at"]
    since = start if pd.isna(created) else min(now_s, max(start, created.timestamp()))
    size = "" if pd.isna(droplet["size"]) else str(droplet["size"])
    if charged is None:
        return [(since, now_s, size)]
    former = [(charge.start, charge.end, charge.detail or size) for charge in charged.charges[:-1]]
    begin = charged.charges[-1].start
    return [*former, (begin, now_s, size)]


def _included(periods: list[tuple[float, float, str]], gib_of: Mapping[str, float]) -> tuple[float, float]:
    """Return the hours, and what is earned in them; missing if a size is unknown."""
    hours, left, gib = 0.0, 1.0, 0.0
    for start, end, size in periods:
        length = max(0.0, end - start) / HOUR_S
        share = min(left, length / prices.CAP_HOURS)
        hours, left = hours + length, left - share
        gib += share * gib_of.get(size, float("nan"))
    return hours, gib


def _note(droplet: Mapping[Any, Any], sent: float, included: float, error: object) -> str | None:
    notes = []
    if error is not None:
        notes.append(f"could not be read: {escape_unprintable(str(error))}")
    elif np.isnan(sent):
        notes.append(_NO_READINGS + explain_missing(droplet.get("features"), droplet.get("status")))
    if np.isnan(included):
        notes.append(_NO_TRANSFER)
    return "; ".join(notes) or None


def _deleted_row(resource: BilledResource, gib_of: Mapping[str, float], start: float) -> dict[str, Any]:
    periods = [(max(start, charge.start), charge.end, charge.detail) for charge in resource.charges]
    hours, included = _included(periods, gib_of)
    notes = [_DELETED, *([_NO_TRANSFER] if np.isnan(included) else [])]
    return {
        "name": resource.name,
        "droplet_id": int(resource.id) if resource.id.isdecimal() else None,
        "size": resource.charges[-1].detail or None,
        "hours": hours,
        "included_gib": included,
        "sent_gib": float("nan"),
        "forecast_included_gib": included,
        "forecast_sent_gib": float("nan"),
        "note": "; ".join(notes),
    }


def _with_total(rows: list[dict[str, Any]]) -> pd.DataFrame:
    amounts = ("hours", "included_gib", "sent_gib", "forecast_included_gib", "forecast_sent_gib")
    names = ("name", "droplet_id", "size", *amounts, "overage_gib", "overage_usd", "forecast_overage_usd", "note")
    table = pd.DataFrame(rows, columns=[*names])
    sums = {name: float(table[name].astype("float64").sum()) for name in amounts}
    beyond = max(0.0, sums["sent_gib"] - sums["included_gib"])
    forecast = max(0.0, sums["forecast_sent_gib"] - sums["forecast_included_gib"])
    unknown = int(table["sent_gib"].astype("float64").isna().sum())
    total = {
        **sums,
        "name": ALL,
        "overage_gib": beyond,
        "overage_usd": round(beyond * prices.TRANSFER_GIB.usd, 2),
        "forecast_overage_usd": round(forecast * prices.TRANSFER_GIB.usd, 2),
        "note": f"{pluralize(unknown, 'droplet')} without readings" if unknown else None,
    }
    return pd.DataFrame([*table.to_dict("records"), total], columns=[*names])
