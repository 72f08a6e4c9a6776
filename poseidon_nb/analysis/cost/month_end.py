"""What the month will cost at its end: billed so far, what runs on, and how much changes usually make of it.

`forecast` reckons, and `budget` compares the result with limits.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from poseidon_nb.analysis.cost.breakdown import KEYS
from poseidon_nb.analysis.cost.charges import (
    HOUR_S,
    TOLERANCE_S,
    Groups,
    join,
    month_of,
    month_start,
    newest_end,
    next_month,
    round_usd,
)
from poseidon_nb.analysis.cost.events import events
from poseidon_nb.analysis.inputs import numbers, texts, to_utc
from poseidon_nb.catalogue import prices
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.tables.forecasts import ALL, AT_RISK, NOT_ON_PREVIEW, OVER, WILL_BE_OVER, WITHIN
from poseidon_nb.frames.validation import build_derived, require_columns
from poseidon_nb.text import expected_one_of, pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from poseidon_nb.analysis.cost.charges import BilledResource
    from poseidon_nb.analysis.cost.events import Event

#: The range is this many standard deviations of the usual changes wide, on both sides: 9 of 10 months are within it.
_DEVIATIONS = 2.0
#: Changes of fewer hours than these are not extrapolated, such as the first hours of an account.
_MIN_HISTORY_HOURS = 7 * 24.0
#: The balance and the preview are updated at different times, so a smaller share of the balance needs no explanation.
_MIN_UNEXPLAINED = 0.01
_HALF_A_CENT = 0.005
_CENT = 0.01
#: How an amount was reckoned.
_AT_PRICE, _AT_RATE, _ENDED = "at the listed price", "at the rate so far", "ended"
_UNBILLED, _BALANCE = "not on the preview", "on the balance only"


@dataclass(slots=True)
class _Part:
    """What one resource, or one group, costs this month."""

    billed: float = 0.0
    low: float = 0.0
    likely: float = 0.0
    high: float = 0.0
    resources: int = 0
    ended: int = 0
    unpriced: int = 0
    #: How many were reckoned in which way.
    ways: dict[str, int] = field(default_factory=dict)
    price_usd_month: float = 0.0

    def add(self, other: _Part) -> None:
        self.billed += other.billed
        self.low += other.low
        self.likely += other.likely
        self.high += other.high
        self.resources += other.resources
        self.ended += other.ended
        self.unpriced += other.unpriced
        self.price_usd_month += other.price_usd_month
        for way, count in other.ways.items():
            self.ways[way] = self.ways.get(way, 0) + count


@dataclass(frozen=True, slots=True)
class _Month:
    """The month, in Unix seconds, and until when it is billed."""

    start: float
    now: float
    end: float
    billed_until: float
    has_items: bool


def forecast(
    lines: pd.DataFrame,
    items: pd.DataFrame | None = None,
    balance: pd.DataFrame | None = None,
    *,
    by: str = "resource_type",
    now: datetime,
) -> pd.DataFrame:
    """Return what the current month will have cost at its end, in UTC.

    ``likely_usd`` is the amount if nothing changes: what was billed, and for each resource that still exists its remaining
    hours up to the monthly price. ``low_usd`` and ``high_usd`` allow for changes as they were in the history: since the
    start of the last month, each creation, deletion and resize counts, and so does what existed for a part of it only.
    The range is wider the more time is left, and holds about 9 of 10 months. Not included: overage of transfer, taxes and
    credits.

    Parameters
    ----------
    lines : pandas.DataFrame
        As returned by `lines`.
    items : pandas.DataFrame, optional
        The items of the invoice preview and, for the usual changes, of the last month's invoice. Without items, resources
        count since their creation, and deleted ones are missing.
    balance : pandas.DataFrame, optional
        ``client.call("balance_get", frame=True)``. What it shows beyond the items is a group of its own.
    by : str
        One of `KEYS`. By tag, a resource with two tags counts in both groups, but once in the last row.
    now : datetime
        When these were read, by the server's clock; UTC if naive.

    Returns
    -------
    pandas.DataFrame
        Table ``cost_forecast``: a row for each group, the most expensive first; the last row, ``(all)``, is the account.
    """
    if by not in KEYS:
        raise InvalidArgument(f"A forecast cannot be grouped by {by!r}{expected_one_of(by, KEYS)}")
    resources = join(lines, items, now)
    month = _month(resources, now)
    groups = Groups(resources, by)
    found: dict[str | None, _Part] = defaultdict(_Part)
    total = _Part()
    for resource in resources:
        part = _part(resource, month)
        if part is None:
            continue
        total.add(part)
        for group in groups.of(resource):
            found[group].add(part)
    _add_balance(found, total, balance)
    starts = [charge.start for one in resources for charge in one.charges]
    known_since = min([month.start, *starts, *(one.created_s for one in resources if one.created_s is not None)])
    _widen(found, total, events(resources, now), groups, month, known_since)
    rows = [_row(name, part) for name, part in found.items()]
    table = pd.DataFrame([*rows, _row(ALL, total)])
    order = table["likely_usd"].iloc[:-1].sort_values(ascending=False, kind="stable").index
    return build_derived("cost_forecast", table.loc[[*order, len(table) - 1]])


def _month(resources: Sequence[BilledResource], now: datetime) -> _Month:
    now_s = to_utc(now).timestamp()
    start = month_start(now_s)
    current = [one for one in resources if any(charge.end > start for charge in one.charges)]
    return _Month(start, now_s, next_month(now_s), newest_end(current, now_s), bool(current))


def _part(resource: BilledResource, month: _Month) -> _Part | None:
    """Return what a resource costs this month; None if nothing."""
    charges = [charge for charge in resource.charges if charge.start >= month.start]
    price, cap_hours = resource.price_usd_month, resource.cap_hours
    shares = resource.shares(charges)
    amounts = [
        charge.usd if charge.usd is not None else round_usd(share * (price or 0.0))
        for charge, share in zip(charges, shares, strict=True)
    ]
    billed, used = sum(amounts), sum(shares)
    left_hours = (month.end - month.billed_until) / HOUR_S
    runs = bool(charges) and charges[-1].end >= month.billed_until - TOLERANCE_S
    if price is not None:
        if not charges:
            return _without_charges(resource, price, month)
        if not runs:
            more = round_usd(min(1.0 - used, left_hours / cap_hours) * price)
            return _sum(billed, billed + more, price)
        hours = (month.end - charges[-1].start) / HOUR_S
        share = min(1.0 - used + shares[-1], hours / cap_hours)
        expected, at_end = (round_usd(part * price, at_least=_CENT if price else 0.0) for part in (shares[-1], share))
        # A cent is rounding. More is a price that differs from the list.
        off = amounts[-1] - expected
        likely = sum(amounts[:-1]) + at_end + (off if abs(off) > 1.5 * _CENT else 0.0)
        return _sum(billed, max(billed, likely), price)
    if not charges:
        return _Part(unpriced=1) if resource.line is not None else None
    if not runs or (resource.line is None and resource.readable):
        return _Part(billed, billed, billed, billed, ended=1, ways={_ENDED: 1})
    rate = billed / used if used else 0.0
    likely = billed + rate * min(max(0.0, 1.0 - used), left_hours / cap_hours)
    high = billed + rate * left_hours / cap_hours
    return _Part(billed, billed, likely, max(high, likely), resources=1, ways={_AT_RATE: 1})


def _without_charges(resource: BilledResource, price: float, month: _Month) -> _Part:
    created, cap_hours = resource.created_s, resource.cap_hours
    start = max(month.start, month.start if created is None else min(created, month.now))
    full = round_usd(min(1.0, (month.end - start) / HOUR_S / cap_hours) * price, at_least=_CENT if price else 0.0)
    if not month.has_items or start >= month.billed_until - TOLERANCE_S:
        so_far = round_usd(min(1.0, (month.now - start) / HOUR_S / cap_hours) * price)
        return _sum(0.0 if month.has_items else so_far, full, price)
    # It should have been billed: perhaps under another name, or it costs money since a moment.
    rest = round_usd(min(1.0, (month.end - month.billed_until) / HOUR_S / cap_hours) * price)
    return _Part(0.0, 0.0, rest, full, resources=1, ways={_UNBILLED: 1}, price_usd_month=price)


def _sum(billed: float, likely: float, price: float) -> _Part:
    return _Part(billed, likely, likely, likely, resources=1, ways={_AT_PRICE: 1}, price_usd_month=price)


def _add_balance(found: dict[str | None, _Part], total: _Part, balance: pd.DataFrame | None) -> None:
    if balance is None:
        return
    balance = require_columns(balance, ("month_to_date_usage",), "balance")
    usage_usd = balance["month_to_date_usage"].sum(min_count=1)
    if pd.isna(usage_usd) or usage_usd - total.billed < max(_HALF_A_CENT, _MIN_UNEXPLAINED * usage_usd):
        return
    more = float(usage_usd) - total.billed
    part = _Part(more, more, more, more, ways={_BALANCE: 1})
    found[NOT_ON_PREVIEW].add(part)
    total.add(part)


def _widen(  # groups and their sum, and what changed when
    found: Mapping[str | None, _Part],
    total: _Part,
    seen: Iterable[Event],
    groups: Groups,
    month: _Month,
    known_since: float,
) -> None:
    """Widen the ranges by what changes usually make of a month."""
    start = max(month_start(month.start - 1), known_since)
    recent = [one for one in seen if one.seconds >= start]
    hours = max(_MIN_HISTORY_HOURS, (month.now - start) / HOUR_S)
    by_group: dict[str | None, list[Event]] = defaultdict(list)
    for event in recent:
        for group in groups.of(event.resource):
            by_group[group].append(event)
    for name, part in found.items():
        _widen_one(part, by_group[name], hours, month)
    _widen_one(total, recent, hours, month)


def _widen_one(part: _Part, seen: Sequence[Event], hours: float, month: _Month) -> None:
    left = max(0.0, month.end - month.now) / HOUR_S
    by_resource: dict[int, list[Event]] = defaultdict(list)
    for event in seen:
        by_resource[id(event.resource)].append(event)
    lasting: list[float] = []
    passing: list[float] = []
    for some in by_resource.values():
        ordered = sorted(some, key=lambda event: event.seconds)
        if ordered[0].change == "created" and ordered[-1].change == "deleted":
            # What came and went costs its own time only.
            passing.append(sum(charge.usd or 0.0 for charge in ordered[0].resource.charges))
        else:
            lasting += [one.usd_month for one in ordered if one.usd_month is not None]
    # One more change, of the usual size, than was seen: none seen does not mean that none comes.
    usual = part.price_usd_month / part.resources if part.resources else 0.0
    squares = sum(one * one for one in lasting) + usual * usual
    # A change at a random time lasts half of what is left.
    drift = sum(lasting) / hours * left**2 / 2 / prices.CAP_HOURS + sum(passing) / hours * left
    variance = squares / hours * left**3 / 3 / prices.CAP_HOURS**2 + sum(one * one for one in passing) / hours * left
    margin = _DEVIATIONS * math.sqrt(variance)
    part.low = max(part.billed, part.low + min(0.0, drift) - margin)
    part.high = part.high + max(0.0, drift) + margin


def _row(name: str | None, part: _Part) -> dict[str, object]:
    ways = [f"{count:,} {way}" for way, count in part.ways.items()]
    if part.unpriced:
        ways.append(f"{pluralize(part.unpriced, 'resource')} without a price")
    return {
        "group": name,
        "low_usd": round(part.low, 2),
        "likely_usd": round(part.likely, 2),
        "high_usd": round(part.high, 2),
        "billed_usd": round(part.billed, 2),
        "remaining_usd": round(part.likely - part.billed, 2) + 0.0,
        "resources": part.resources,
        "ended": part.ended,
        "unpriced": part.unpriced,
        "how": "; ".join(ways) or None,
    }


def budget(forecast: pd.DataFrame, limits: Mapping[str, float | None], *, now: datetime) -> pd.DataFrame:
    """Compare a forecast with limits.

    Parameters
    ----------
    forecast : pandas.DataFrame
        As returned by `forecast`.
    limits : mapping
        The limit of the month in USD, by group, or None for no limit; ``"(all)"`` is the account. Groups without a row cost
        nothing.
    now : datetime
        As for `forecast`.

    Returns
    -------
    pandas.DataFrame
        Table ``cost_budget``: a row for each limit.

    Raises
    ------
    InvalidArgument
        A limit is not a positive number.
    """
    columns = ("group", "low_usd", "likely_usd", "high_usd", "billed_usd")
    forecast = require_columns(forecast, columns, "forecast", source="po.analysis.cost.forecast")
    now_s = to_utc(now).timestamp()
    days_left = (next_month(now_s) - now_s) / (24 * HOUR_S)
    amounts = zip(*(numbers(forecast, name) for name in columns[1:]), strict=True)
    known = dict(zip(texts(forecast, "group"), amounts, strict=True))
    year, month = month_of(now_s)
    rows = []
    for group, limit in limits.items():
        if limit is not None and not (isinstance(limit, int | float) and math.isfinite(limit) and limit > 0):
            raise InvalidArgument(f"A budget must be a positive amount in USD, not {limit!r}.")
        _, likely, high, billed = known.get(group, (0.0, 0.0, 0.0, 0.0))
        rows.append(
            {
                "group": group,
                "limit_usd": limit,
                "spent_usd": billed,
                "forecast_usd": likely,
                "high_usd": high,
                "left_usd": None if limit is None else round(limit - billed, 2),
                "days_left": round(days_left, 2),
                "status": None if limit is None else _status(limit, billed, likely, high),
                "month": f"{year:04}-{month:02}",
            }
        )
    names = ("group", "limit_usd", "spent_usd", "forecast_usd", "high_usd", "left_usd", "days_left", "status", "month")
    return build_derived("cost_budget", pd.DataFrame(rows, columns=[*names]))


def _status(limit: float, billed: float, likely: float, high: float) -> str:
    if billed > limit + _HALF_A_CENT:
        return OVER
    if likely > limit + _HALF_A_CENT:
        return WILL_BE_OVER
    return AT_RISK if high > limit + _HALF_A_CENT else WITHIN
