"""What each resource was charged, joined with its line: the basis of the forecast, the changes and the cost over time.

A charge is an item of an invoice. An item names a product and a resource, and so does a line, so both are joined by these
two. Whatever has charges but no line is no longer listed: it was deleted, or its list could not be read.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from poseidon_nb.analysis.cost.billing import CAP_THRESHOLD, PRODUCTS, product_name
from poseidon_nb.analysis.cost.breakdown import LINES_SOURCE, UNAVAILABLE
from poseidon_nb.analysis.inputs import to_utc
from poseidon_nb.catalogue import prices
from poseidon_nb.frames.tables.forecasts import NOT_LISTED
from poseidon_nb.frames.validation import require_columns

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    Row = Mapping[Hashable, Any]

HOUR_S = 3600.0
#: The end of an item may be this much older than the newest one if its resource still exists: billing counts in hours.
TOLERANCE_S = HOUR_S
#: The columns of lines that are needed here.
_LINE_COLUMNS = ("resource_type", "id", "name", "price_usd_month", "price_usd_hour", "created_at", "note")
#: The resource type of an item whose resource is not listed, by product.
_RESOURCE_TYPES = {product: resource_type for resource_type, product in reversed([*PRODUCTS.items()])}
#: What a description ends in: ``web-1 (s-2vcpu-4gb)``.
_DETAIL = re.compile(r"(?P<name>.*\S)\s*\((?P<detail>[^()]*)\)\s*")
_GPU = "gpu-"
_TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class Charge:
    """An item of an invoice.

    Attributes
    ----------
    start, end : float
        Unix seconds.
    usd : float or None
        The amount.
    description : str
    """

    start: float
    end: float
    usd: float | None
    description: str

    @property
    def hours(self) -> float:
        """The length."""
        return max(0.0, self.end - self.start) / HOUR_S

    @property
    def detail(self) -> str:
        """What stands in parentheses at the end of the description, such as a size; else an empty string."""
        found = _DETAIL.fullmatch(self.description)
        return found["detail"] if found else ""


@dataclass(slots=True)
class BilledResource:
    """A resource with its line and its charges.

    Attributes
    ----------
    product, id : str
    line : mapping or None
        Its row of table ``cost_lines``; None if it is not listed.
    charges : list of Charge
        Oldest first.
    readable : bool
        Whether the list of its type was read: without a line, it was deleted.
    """

    product: str
    id: str
    line: Row | None = None
    charges: list[Charge] = field(default_factory=list)
    readable: bool = True

    @property
    def price_usd_month(self) -> float | None:
        """The price of a full month, if it is listed and has one."""
        price = None if self.line is None else self.line["price_usd_month"]
        return None if price is None or pd.isna(price) else float(price)

    @property
    def created_s(self) -> float | None:
        """When it was created, if the API returns that."""
        created = None if self.line is None else self.line["created_at"]
        return None if created is None or pd.isna(created) else float(created.timestamp())

    @property
    def cap_hours(self) -> float:
        """The number of hours after which the monthly price is reached."""
        if self.line is not None:
            month, hour = self.line["price_usd_month"], self.line["price_usd_hour"]
            if pd.notna(month) and pd.notna(hour) and hour > 0 and month / hour > CAP_THRESHOLD:
                return prices.CAP_HOURS_GPU
            return prices.CAP_HOURS
        is_gpu = any(_GPU in charge.description for charge in self.charges[-1:])
        return prices.CAP_HOURS_GPU if is_gpu else prices.CAP_HOURS

    @property
    def resource_type(self) -> str:
        """The resource type; for an unknown product its name."""
        return (
            str(self.line["resource_type"])
            if self.line is not None
            else _RESOURCE_TYPES.get(self.product, self.product)
        )

    @property
    def name(self) -> str:
        """The name, if it is not listed from the description of its last item."""
        if self.line is not None:
            return "" if pd.isna(self.line["name"]) else str(self.line["name"])
        text = self.charges[-1].description if self.charges else ""
        found = _DETAIL.fullmatch(text)
        return found["name"] if found else text

    def shares(self, charges: Sequence[Charge] | None = None) -> list[float]:
        """Return the fraction of the monthly price that each charge is: in a month they add up to at most one."""
        used: dict[tuple[int, int], float] = {}
        found = []
        for charge in self.charges if charges is None else charges:
            month = month_of(charge.start)
            share = min(1.0 - used.get(month, 0.0), charge.hours / self.cap_hours)
            used[month] = used.get(month, 0.0) + share
            found.append(share)
        return found


def join(lines: pd.DataFrame, items: pd.DataFrame | None, now: datetime) -> list[BilledResource]:
    """Return all resources that have a price or were charged.

    Parameters
    ----------
    lines : pandas.DataFrame
        As returned by `breakdown.lines`.
    items : pandas.DataFrame, optional
        Items of one or more invoices.
    now : datetime
        When they were read.
    """
    lines = require_columns(lines, _LINE_COLUMNS, "lines", source=LINES_SOURCE)
    found: dict[tuple[str, str], BilledResource] = {}
    unreadable: set[str] = set()
    for number, line in enumerate(lines.to_dict("records")):
        product = PRODUCTS.get(line["resource_type"], str(line["resource_type"]))
        note = line["note"]
        if pd.isna(line["price_usd_month"]) and isinstance(note, str) and note.startswith(f"{UNAVAILABLE}: "):
            unreadable.add(product)
            continue
        if line["resource_type"] == _TRANSFER:
            # Overage, not a resource.
            continue
        id_ = line["id"]
        # A subscription has no id, and its item need not have one.
        key = str(id_) if isinstance(id_, str) and id_ else ""
        if (product, key) in found:
            key = f"{key}#{number}"
        found[product, key] = BilledResource(product, key, line)
    if items is not None:
        _add_charges(found, require_columns(items, ("product", "amount"), "invoice_items"), now)
    for resource in found.values():
        resource.charges.sort(key=lambda charge: (charge.start, charge.end))
        resource.readable = resource.product not in unreadable and resource.product in _RESOURCE_TYPES
    return [*found.values()]


def _add_charges(found: dict[tuple[str, str], BilledResource], items: pd.DataFrame, now: datetime) -> None:
    for row in items.to_dict("records"):
        product = str(product_name(row["product"]))
        ids = [value for name in ("resource_id", "resource_uuid") if isinstance(value := row.get(name), str) and value]
        description = row.get("description")
        description = description if isinstance(description, str) else ""
        fallback = "" if (product, "") in found else ids[0] if ids else description
        id_ = next((one for one in ids if (product, one) in found), fallback)
        resource = found.setdefault((product, id_), BilledResource(product, id_))
        resource.charges.append(_charge(row, description, now))


def _charge(row: Row, description: str, now: datetime) -> Charge:
    start, end = (_seconds(row.get(name)) for name in ("start_time", "end_time"))
    duration, unit = row.get("duration"), row.get("duration_unit")
    is_hours = isinstance(unit, str) and unit.casefold().startswith("hour")
    length_s = float(duration) * HOUR_S if is_hours and duration is not None and pd.notna(duration) else None
    now_s = to_utc(now).timestamp()
    if end is None:
        end = start + length_s if start is not None and length_s is not None else now_s
    if start is None:
        start = month_start(end) if length_s is None else end - length_s
    amount = row["amount"]
    # An item may name the end of the month, but it is billed until now.
    end = min(end, max(start, now_s))
    return Charge(start, max(start, end), None if pd.isna(amount) else float(amount), description)


def _seconds(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(pd.Timestamp(value).timestamp())


def newest_end(resources: Iterable[BilledResource], now_s: float) -> float:
    """Return until when the items count, which is earlier than now if the preview was not updated since."""
    return min(now_s, max((charge.end for one in resources for charge in one.charges), default=now_s))


def month_of(seconds: float) -> tuple[int, int]:
    """Return the year and the month of a time, in UTC."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.year, moment.month


def month_start(seconds: float) -> float:
    """Return the first second of the month of a time."""
    return datetime(*month_of(seconds), 1, tzinfo=UTC).timestamp()


def next_month(seconds: float) -> float:
    """Return the first second of the month after that of a time."""
    year, month = month_of(seconds)
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC).timestamp()


def round_usd(usd: float, *, at_least: float = 0.0) -> float:
    """Round an amount to whole cents, half a cent up."""
    return max(at_least, (usd * 100 + 0.5) // 1 / 100)


class Groups:
    """The groups of resources by a key: a tag, a region, a droplet ...

    Parameters
    ----------
    resources : iterable of BilledResource
    key : str
        One of `breakdown.KEYS`.
    """

    def __init__(self, resources: Iterable[BilledResource], key: str) -> None:
        self._key = key
        self._names: dict[Any, str] = {}
        if key == "droplet":
            droplets = [one.line for one in resources if one.line is not None and pd.notna(one.line.get("droplet_id"))]
            own = {line["droplet_id"]: line["name"] for line in droplets if str(line["droplet_id"]) == line["id"]}
            counts = pd.Series([*own.values()], dtype=object).value_counts().to_dict()
            self._names = {
                id_: f"{name} ({id_})" if counts.get(name, 0) > 1 or pd.isna(name) else str(name)
                for id_, name in own.items()
            }

    def of(self, resource: BilledResource) -> list[str | None]:
        """Return the groups of a resource; None stands for resources without a tag, region, project ..."""
        if self._key == "resource_type":
            return [resource.resource_type]
        line = resource.line
        if line is None:
            return [NOT_LISTED]
        if self._key == "tag":
            tags = line.get("tags")
            return [*map(str, tags)] if isinstance(tags, list) and tags else [None]
        if self._key == "droplet":
            id_ = line.get("droplet_id")
            return [None if id_ is None or pd.isna(id_) else self._names.get(id_, NOT_LISTED)]
        value = line.get(self._key)
        return [None if value is None or pd.isna(value) else str(value)]


def index_at(starts: Sequence[float], seconds: float) -> int:
    """Return the number of the period that holds a time, by the starts of the periods."""
    return bisect_right(starts, seconds) - 1
