"""What the account cost over time, by tag, region, project ...: the invoices' items spread over days, weeks or months."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pandas as pd

from poseidon_nb.analysis.cost.breakdown import KEYS
from poseidon_nb.analysis.cost.charges import (
    HOUR_S,
    BilledResource,
    Charge,
    Groups,
    index_at,
    join,
    month_of,
    month_start,
    next_month,
    round_usd,
)
from poseidon_nb.analysis.inputs import to_utc
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.validation import build_derived
from poseidon_nb.text import expected_one_of

#: The periods, and the number of days up to which they are used.
PERIODS = {"day": 14, "week": 120, "month": 36_600}


@dataclass(slots=True)
class _Cell:
    usd: float = 0.0
    resources: int = 0


def allocation(  # two frames, a window, and how to cut it
    lines: pd.DataFrame,
    items: pd.DataFrame | None = None,
    *,
    by: str = "resource_type",
    start: datetime,
    now: datetime,
    period: str | None = None,
) -> pd.DataFrame:
    """Return what each group cost in each period.

    The amount of an invoice item is spread evenly over its time. Where there are no items, a resource counts since its
    creation, at its present price up to the monthly price in each month; what was deleted is missing then. Tags, projects
    and regions are those of today: the API keeps no others. Resources that are no longer listed are a group of their own,
    ``(not listed)``; by resource type, they count for their product.

    Parameters
    ----------
    lines : pandas.DataFrame
        As returned by `lines`.
    items : pandas.DataFrame, optional
        The items of all invoices that overlap the window, the preview's included. If it is given, months before the
        current one without items cost nothing.
    by : str
        One of `KEYS`. By tag, a resource with two tags counts in both groups.
    start, now : datetime
        The window; UTC if naive. It begins with the period of `start`.
    period : str, optional
        ``"day"``, ``"week"`` (from Monday) or ``"month"``, in UTC; by default days up to two weeks and weeks up to 120 days.

    Returns
    -------
    pandas.DataFrame
        Table ``cost_allocation``: a row for each period and group, oldest first, then the most expensive first.
    """
    if by not in KEYS:
        raise InvalidArgument(f"Cost cannot be grouped by {by!r}{expected_one_of(by, KEYS)}")
    first, last = to_utc(start).to_pydatetime(), to_utc(now).to_pydatetime()
    if first > last:
        raise InvalidArgument(
            f"The start ({first:%Y-%m-%d %H:%M} UTC) must be before the end ({last:%Y-%m-%d %H:%M} UTC)."
        )
    name = period or next(
        one for one, days in PERIODS.items() if (last - first) <= timedelta(days=days) or one == "month"
    )
    if name not in PERIODS:
        raise InvalidArgument(f"Unknown period {name!r}{expected_one_of(name, PERIODS)}")
    starts = _starts(first, last, name)
    ends = [*starts[1:], last.timestamp()]
    resources = join(lines, items, now)
    groups = Groups(resources, by)
    cells: dict[int, dict[str | None, _Cell]] = defaultdict(lambda: defaultdict(_Cell))
    billed = {month_of(charge.start) for one in resources for charge in one.charges}
    for resource in resources:
        charges = [
            *resource.charges,
            *_from_lifetime(resource, billed, starts[0], last.timestamp(), all_=items is None),
        ]
        spent = _spent(charges, starts, ends)
        for group in groups.of(resource):
            for number, usd in spent.items():
                cell = cells[number][group]
                cell.usd += usd
                cell.resources += 1
    rows = [
        {
            "start": starts[number],
            "group": group,
            "usd": cell.usd,
            "resources": cell.resources,
            "end": ends[number],
            "period": name,
        }
        for number in sorted(cells)
        for group, cell in sorted(cells[number].items(), key=lambda one: -one[1].usd)
    ]
    table = pd.DataFrame(rows, columns=["start", "group", "usd", "resources", "end", "period"])
    for column in ("start", "end"):
        table[column] = pd.to_datetime(
            (table[column].astype("float64") * 1e6).round().astype("int64"), unit="us", utc=True
        )
    return build_derived("cost_allocation", table)


def _starts(first: datetime, last: datetime, period: str) -> list[float]:
    day = first.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "month":
        found = [month_start(first.timestamp())]
        while (following := next_month(found[-1])) < last.timestamp():
            found.append(following)
        return found
    day -= timedelta(days=day.weekday() if period == "week" else 0)
    step_s = (7 if period == "week" else 1) * 24 * HOUR_S
    count = int((last.timestamp() - day.timestamp()) // step_s)
    return [day.timestamp() + number * step_s for number in range(count + 1)]


def _spent(charges: list[Charge], starts: list[float], ends: list[float]) -> dict[int, float]:
    """Return what charges are in each period that they overlap."""
    spent: dict[int, float] = {}
    for charge in charges:
        length_s = charge.end - charge.start
        if charge.usd is None or charge.end < starts[0]:
            continue
        for number in range(max(0, index_at(starts, charge.start)), len(starts)):
            if length_s <= 0:
                # What lasted no time is in one period.
                if starts[number] <= charge.start < ends[number] or number == len(starts) - 1:
                    spent[number] = spent.get(number, 0.0) + charge.usd
                    break
                continue
            overlap_s = min(charge.end, ends[number]) - max(charge.start, starts[number])
            if overlap_s > 0:
                spent[number] = spent.get(number, 0.0) + charge.usd * overlap_s / length_s
            if ends[number] >= charge.end:
                break
    return spent


def _from_lifetime(
    resource: BilledResource, billed: set[tuple[int, int]], first: float, last: float, *, all_: bool
) -> list[Charge]:
    """Return what a listed resource cost by its price, in the months that no item covers."""
    price, created = resource.price_usd_month, resource.created_s
    if not price:
        return []
    found = []
    start = month_start(first)
    while start < last:
        end = min(next_month(start), last)
        is_uncovered = month_of(start) not in billed and (all_ or month_of(start) == month_of(last))
        # Without a creation time, nothing is known about earlier months.
        since = created if created is not None else month_start(last)
        begin = max(start, since)
        if is_uncovered and begin < end:
            share = min(1.0, (end - begin) / HOUR_S / resource.cap_hours)
            found.append(Charge(begin, end, round_usd(share * price), resource.name))
        start = next_month(start)
    return found
