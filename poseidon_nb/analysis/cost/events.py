"""What came, went, grew and shrank, in US dollars a month, from invoice items, creation times and actions."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from poseidon_nb.analysis.cost.charges import TOLERANCE_S, join, newest_end
from poseidon_nb.analysis.inputs import texts, to_utc
from poseidon_nb.frames.validation import build_derived, require_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from poseidon_nb.analysis.cost.charges import BilledResource, Charge

#: Half a cent, by which an amount may be rounded.
_HALF_A_CENT = 0.005
_CENT = 0.01
#: A share of a month that is too short for a rate: its amount is mostly rounding.
_MIN_SHARE = 1 / 672
#: The change that an action of this type makes, and the resource types of which.
_ACTIONS = {
    "destroy": ("deleted", ("droplet", "kubernetes_node")),
    "resize": ("resized", ("droplet", "kubernetes_node")),
    "enable_backups": ("created", ("backup",)),
    "disable_backups": ("deleted", ("backup",)),
}
_NO_AMOUNT = "the invoice items do not show it, and the API does not return the price before"
_ESTIMATED = "estimated from the billed amount"
#: When a line itself says since when it costs money. A backup's line has the creation time of its droplet.
_DATED = frozenset(
    {
        "droplet",
        "kubernetes_node",
        "kubernetes",
        "volume",
        "load_balancer",
        "snapshot",
        "volume_snapshot",
        "custom_image",
    }
)


@dataclass(frozen=True, slots=True)
class Event:
    """A change of what a resource costs.

    Attributes
    ----------
    seconds : float
        Unix seconds.
    change : str
        ``created``, ``deleted``, ``grew`` or ``shrank``.
    resource : BilledResource
    before, after : float or None
        USD a month; None if unknown.
    source : str
        ``invoice`` or ``created_at``.
    note : str
    """

    seconds: float
    change: str
    resource: BilledResource
    before: float | None
    after: float | None
    source: str
    note: str = ""

    @property
    def usd_month(self) -> float | None:
        """The difference in USD a month; None if unknown."""
        return None if self.before is None or self.after is None else self.after - self.before


def changes(  # four frames and a window
    lines: pd.DataFrame,
    items: pd.DataFrame | None = None,
    actions: pd.DataFrame | None = None,
    *,
    sizes: pd.DataFrame | None = None,
    start: datetime,
    now: datetime,
) -> pd.DataFrame:
    """Return what came, went, grew and shrank, newest first.

    Deleted resources are in no list. Only their invoice items and, for droplets, their actions are left, so the names are
    those of the items, and an amount may be estimated or unknown; ``note`` says so. What a resource that still exists cost
    before a change is known from its items too. Without items there are only creation times and actions.

    Parameters
    ----------
    lines : pandas.DataFrame
        As returned by `lines`.
    items : pandas.DataFrame, optional
        The items of all invoices that overlap the window, the preview's included (``invoices_get_byUUID``).
    actions : pandas.DataFrame, optional
        ``client.actions.frame()``.
    sizes : pandas.DataFrame, optional
        ``client.sizes.frame()``, for the price of a former size.
    start, now : datetime
        The window; UTC if naive.

    Returns
    -------
    pandas.DataFrame
        Table ``cost_changes``.
    """
    resources = join(lines, items, now)
    first, last = to_utc(start).timestamp(), to_utc(now).timestamp()
    rows = [
        {
            "time": event.seconds,
            "change": event.change,
            "resource_type": event.resource.resource_type,
            "name": event.resource.name,
            "usd_month": event.usd_month,
            "before_usd_month": event.before,
            "after_usd_month": event.after,
            "id": event.resource.id,
            "source": event.source,
            "note": event.note or None,
        }
        for event in events(resources, now, prices_of_sizes=size_prices(sizes))
        if first < event.seconds <= last
    ]
    if actions is not None:
        rows += _action_rows(actions, resources, rows, (first, last))
    names = ("time", "change", "resource_type", "name", "usd_month", "before_usd_month", "after_usd_month")
    table = pd.DataFrame(rows, columns=[*names, "id", "source", "note"])
    for name in ("usd_month", "before_usd_month", "after_usd_month"):
        table[name] = table[name].astype("Float64").round(4)
    table = table.sort_values("time", ascending=False, kind="stable")
    table["time"] = pd.to_datetime((table["time"].astype("float64") * 1e6).round().astype("int64"), unit="us", utc=True)
    return build_derived("cost_changes", table)


def size_prices(sizes: pd.DataFrame | None) -> dict[str, float]:
    """Return the monthly price of each size by its slug."""
    if sizes is None:
        return {}
    sizes = require_columns(sizes, ("slug", "price_monthly"), "sizes")
    known = sizes.dropna(subset=["slug", "price_monthly"])
    return dict(zip(known["slug"].astype(str), known["price_monthly"].astype(float), strict=True))


def events(
    resources: Iterable[BilledResource], now: datetime, *, prices_of_sizes: Mapping[str, float] | None = None
) -> list[Event]:
    """Return all changes that charges and creation times show, in no order.

    Parameters
    ----------
    resources : iterable of BilledResource
    now : datetime
    prices_of_sizes : mapping, optional
        As returned by `size_prices`.
    """
    listed = [*resources]
    charges = [charge for one in listed for charge in one.charges]
    since = min((charge.start for charge in charges), default=None)
    until = newest_end(listed, to_utc(now).timestamp())
    found: list[Event] = []
    for resource in listed:
        found += _events_of(resource, since, until, prices_of_sizes or {})
    return found


def _events_of(
    resource: BilledResource, since: float | None, until: float, prices_of_sizes: Mapping[str, float]
) -> list[Event]:
    charges, created = resource.charges, resource.created_s
    price = resource.price_usd_month
    if not charges:
        is_new = resource.line is not None and resource.resource_type in _DATED and created is not None
        return [Event(created, "created", resource, 0.0, price, "created_at")] if is_new and created is not None else []
    rates = _rates(resource, until, prices_of_sizes)
    found: list[Event] = []
    if since is not None and charges[0].start > since + 1:
        found.append(_event(charges[0].start, "created", resource, None, rates[0]))
    elif created is not None and resource.resource_type in _DATED and since is not None and created >= since:
        # The first charges of all items that were read.
        found.append(Event(created, "created", resource, 0.0, rates[0].usd_month, "created_at"))
    for (before, after), (old, new) in zip(itertools.pairwise(charges), itertools.pairwise(rates), strict=True):
        if after.start - before.end > TOLERANCE_S:
            found.append(_event(before.end, "deleted", resource, old, None))
            found.append(_event(after.start, "created", resource, None, new))
        elif old.usd_month is not None and new.usd_month is not None and not old.may_equal(new):
            found.append(_event(after.start, "grew" if new.usd_month > old.usd_month else "shrank", resource, old, new))
    is_over = charges[-1].end < until - TOLERANCE_S
    if is_over or (resource.line is None and resource.readable):
        found.append(_event(charges[-1].end, "deleted", resource, rates[-1], None))
        if is_over and resource.line is not None and resource.readable:
            # It costs money again, but the preview is older than that.
            found.append(Event(until, "created", resource, 0.0, price, "created_at"))
    return found


@dataclass(frozen=True, slots=True)
class _Rate:
    """What a charge is in USD a month, and by how much that may be wrong."""

    usd_month: float | None
    error_usd: float
    note: str = ""

    def may_equal(self, other: _Rate) -> bool:
        """Return whether two rates differ by no more than they may be wrong; also if one is unknown."""
        if self.usd_month is None or other.usd_month is None:
            return True
        return abs(self.usd_month - other.usd_month) <= self.error_usd + other.error_usd + _HALF_A_CENT


def _rates(resource: BilledResource, until: float, prices_of_sizes: Mapping[str, float]) -> list[_Rate]:
    found: list[_Rate] = []
    for charge, share in zip(resource.charges, resource.shares(), strict=True):
        listed = prices_of_sizes.get(charge.detail) if resource.product == "Droplets" else None
        is_last = charge is resource.charges[-1] and charge.end >= until - TOLERANCE_S
        if is_last and resource.price_usd_month is not None:
            found.append(_Rate(resource.price_usd_month, 0.0))
        else:
            found.append(_Rate(listed, 0.0) if listed is not None else _billed_rate(charge, share))
    # Of a rate that did not change, the next item, or the price of today, may tell more than an amount in whole cents.
    for number in range(len(found) - 2, -1, -1):
        charge, following = resource.charges[number], resource.charges[number + 1]
        is_next = following.start - charge.end <= TOLERANCE_S and charge.detail == following.detail
        own, later = found[number], found[number + 1]
        is_closer = later.usd_month is not None and own.error_usd > later.error_usd
        if is_next and is_closer and ((charge.usd or 0.0) <= _CENT or own.may_equal(later)):
            found[number] = later
    return found


def _billed_rate(charge: Charge, share: float) -> _Rate:
    if charge.usd is None or share <= 0:
        return _Rate(None, 0.0, "the item has no amount" if charge.usd is None else "")
    rate = charge.usd / max(share, _MIN_SHARE)
    error = (charge.usd if charge.usd <= _CENT else _HALF_A_CENT) / max(share, _MIN_SHARE)
    # An estimate tells nothing below a cent.
    return _Rate(round(rate, 2), error, _ESTIMATED) if error > _HALF_A_CENT else _Rate(rate, error)


def _event(seconds: float, change: str, resource: BilledResource, old: _Rate | None, new: _Rate | None) -> Event:
    notes = dict.fromkeys(one.note for one in (old, new) if one is not None and one.note)
    before, after = (0.0 if one is None else one.usd_month for one in (old, new))
    return Event(seconds, change, resource, before, after, "invoice", "; ".join(notes))


def _action_rows(
    actions: pd.DataFrame,
    resources: Sequence[BilledResource],
    known: Sequence[Mapping[str, Any]],
    window: tuple[float, float],
) -> list[dict[str, Any]]:
    """Return rows for the actions that no item or creation time explains, whose amount is unknown."""
    actions = require_columns(actions, ("type", "status", "started_at", "resource_id"), "actions")
    known_resources = {(one.resource_type, one.id): one for one in resources}
    explained = {(row["resource_type"], row["id"]) for row in known}
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    ids = actions["resource_id"].astype("string")
    for type_, status, started, id_ in zip(
        texts(actions, "type"), texts(actions, "status"), actions["started_at"], ids, strict=True
    ):
        change, resource_types = _ACTIONS.get(type_, ("", ()))
        if not change or status != "completed" or pd.isna(started) or pd.isna(id_):
            continue
        seconds = float(started.timestamp())
        if not window[0] < seconds <= window[1] or any((one, id_) in explained for one in resource_types):
            continue
        resource_type = next((one for one in resource_types if (one, id_) in known_resources), resource_types[0])
        resource = known_resources.get((resource_type, id_))
        if resource is not None and any(one.start + 1 < seconds < one.end - 1 for one in resource.charges):
            # The item goes on: the change did not change the price.
            continue
        rows[change, id_] = {
            "time": seconds,
            "change": change,
            "resource_type": resource_type,
            "name": None if resource is None else resource.name,
            "id": id_,
            "source": "actions",
            "note": _NO_AMOUNT,
        }
    return [*rows.values()]
