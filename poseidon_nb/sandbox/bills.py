"""What the account owes for a time: computed from what is and was there, never stored.

So an invoice always adds up with the droplets and all else, and one of a past month does not change when a thing is removed
or resized. Amounts are whole cents, each charge rounded by itself and no less than one cent, and sums are sums of those.

Not settled by any source, chosen here: what has been resized is charged for each size it had, in their order, until the
shares of the month add up to a whole one; the backups of a droplet cost their share of it for as long as it has the plan.
"""

from __future__ import annotations

import math
import time
from calendar import timegm
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import prices
from poseidon_nb.sandbox.lifetimes import all_of, changes, plans, stretches
from poseidon_nb.sandbox.timestamps import unstamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poseidon_nb.sandbox.records import Record
    from poseidon_nb.sandbox.world import World

_HOUR_S = 3600
#: The kinds of things that cost money.
KINDS = ("droplets", "images", "volumes", "volume_snapshots", "load_balancers", "reserved_ips")


@dataclass(frozen=True, slots=True)
class Use:
    """A time in which a thing had one price.

    Attributes
    ----------
    start, end : float
        Unix seconds.
    monthly_usd : float
        What a whole month costs.
    description : str
        As the invoice has it.
    """

    start: float
    end: float
    monthly_usd: float
    description: str


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of an invoice.

    Attributes
    ----------
    product, description, resource_id, region : str
        What is charged; the region may be empty.
    sku : str
        The product's number.
    start, end : float
        Unix seconds, inside the time that was asked for.
    cents : int
        What it costs.
    """

    product: str
    description: str
    resource_id: str
    region: str
    sku: str
    start: float
    end: float
    cents: int

    @property
    def hours(self) -> int:
        """The hours that were begun."""
        return math.ceil((self.end - self.start) / _HOUR_S)


def charges(world: World, start: float, end: float) -> list[Charge]:
    """Give what has to be paid for a month, or for a month until now.

    Parameters
    ----------
    world : World
        The account.
    start, end : float
        Unix seconds, within one month.
    """
    found: list[Charge] = []
    for kind in KINDS:
        for record, until in all_of(world, kind):
            last = end if until is None else min(end, until)
            for product, sku, cap_hours, uses in _USES[kind](world, record, last):
                found += _charged(record, (product, sku, cap_hours), uses, (start, last))
    return found


def _charged(
    record: Record, sold: tuple[str, str, int], uses: list[Use], window: tuple[float, float]
) -> Iterator[Charge]:
    product, sku, cap_hours = sold
    left = 1.0
    shown = record.shown
    for use in uses:
        start, end = max(use.start, window[0]), min(use.end, window[1])
        if start >= end:
            continue
        share = min(left, (end - start) / _HOUR_S / cap_hours)
        left -= share
        cents = max(1, int(share * use.monthly_usd * 100 + 0.5))
        region = (shown["region"] or {}).get("slug", "") if "region" in shown else shown.get("regions", [""])[0]
        id_ = str(shown.get("id", shown.get("ip")))
        yield Charge(product, use.description, id_, region, sku, start, end, cents)


# --- what each kind of thing costs -----------------------------------------------------------------------------------
_Sold = tuple[str, str, int, list[Use]]


def _droplet(world: World, record: Record, until: float) -> Iterator[_Sold]:
    uses, backups = [], []
    for one in stretches(record, until):
        size = world.figures.sizes[one.size]
        uses.append(Use(one.start, one.end, size["price_monthly"], f"{record['name']} ({one.size})"))
        for start, end, plan in plans(record, until):
            both = max(start, one.start), min(end, one.end)
            if plan and both[0] < both[1]:
                monthly = size["price_monthly"] * prices.BACKUPS[plan].usd
                backups.append(Use(*both, monthly, f"{record['name']} ({plan} backups)"))
    cap_hours = prices.CAP_HOURS_GPU if "gpu_info" in record["size"] else prices.CAP_HOURS
    yield "Droplets", f"1-DO-DROP-{record['size_slug']}", cap_hours, uses
    yield "Backups", "1-DO-BKUP", cap_hours, backups


def _image(_world: World, record: Record, until: float) -> Iterator[_Sold]:
    size_gb = record["size_gigabytes"]
    if not size_gb or record["type"] not in {"snapshot", "custom"}:
        return
    custom = record["type"] == "custom"
    start = record.kept.get("snapshot_since", unstamp(record["created_at"]))
    monthly = size_gb * (prices.CUSTOM_IMAGE_GB if custom else prices.SNAPSHOT_GB).usd
    use = Use(start, until, monthly, f"{record['name']} ({size_gb:g} GB)")
    yield "Custom Images" if custom else "Snapshots", "1-DO-CIMG" if custom else "1-DO-SNAP", prices.CAP_HOURS, [use]


def _volume(_world: World, record: Record, until: float) -> Iterator[_Sold]:
    born = unstamp(record["created_at"])
    uses = [
        Use(start, end, size * prices.VOLUME_GIB.usd, f"{record['name']} ({size} GiB)")
        for start, end, size in changes(record, "size_gigabytes", born, until)
    ]
    yield "Volumes", "1-DO-VOL", prices.CAP_HOURS, uses


def _volume_snapshot(_world: World, record: Record, until: float) -> Iterator[_Sold]:
    size_gb = record["size_gigabytes"]
    description = f"{record['name']} ({size_gb:g} GiB)"
    use = Use(unstamp(record["created_at"]), until, size_gb * prices.SNAPSHOT_GB.usd, description)
    yield "Volume Snapshots", "1-DO-VSNAP", prices.CAP_HOURS, [use]


def _load_balancer(_world: World, record: Record, until: float) -> Iterator[_Sold]:
    born = unstamp(record["created_at"])
    uses = [
        Use(start, end, nodes * prices.LOAD_BALANCER_NODE.usd, f"{record['name']} ({nodes} node{'s' * (nodes > 1)})")
        for start, end, nodes in changes(record, "size_unit", born, until, nodes_of(record.shown))
    ]
    yield "Load Balancers", "1-DO-LB", prices.CAP_HOURS, uses


def nodes_of(shown: dict[str, Any]) -> int:
    """Give the number of nodes of a load balancer, which older ones have by name."""
    return prices.load_balancer_nodes(shown.get("size_unit"), shown.get("size"))


def _address(_world: World, record: Record, until: float) -> Iterator[_Sold]:
    # Since when it is reserved the API does not show; what does not say it was reserved when the account began.
    born = record.kept.get("since", until)
    uses = [
        Use(start, end, prices.UNASSIGNED_IP.usd, f"Unused Reserved IP - {record['ip']}")
        for start, end, droplet_id in changes(record, "droplet_id", born, until, record.kept.get("droplet_id"))
        if droplet_id is None
    ]
    yield "Reserved IPs", "1-DO-RIP", prices.CAP_HOURS, uses


_USES = {
    "droplets": _droplet,
    "images": _image,
    "volumes": _volume,
    "volume_snapshots": _volume_snapshot,
    "load_balancers": _load_balancer,
    "reserved_ips": _address,
}


# --- months and money ------------------------------------------------------------------------------------------------
def month_of(seconds: float) -> str:
    """Give the month of a time, as ``2026-11``."""
    return time.strftime("%Y-%m", time.gmtime(seconds))


def bounds(month: str) -> tuple[int, int]:
    """Give the first second of a month and of the one after."""
    year, number = map(int, month.split("-"))
    after = (year, number + 1) if number < 12 else (year + 1, 1)  # noqa: PLR2004  # December
    return timegm((year, number, 1, 0, 0, 0)), timegm((*after, 1, 0, 0, 0))


def months(world: World) -> list[str]:
    """Give the past months in which the account had something that costs money, newest first."""
    born = [record["created_at"] for kind in KINDS for record, _ in all_of(world, kind) if "created_at" in record.shown]
    this = month_of(world.now())
    found: list[str] = []
    month = month_of(unstamp(min(born))) if born else this
    while month < this:
        found.append(month)
        month = month_of(bounds(month)[1])
    return found[::-1]


def usd(cents: int) -> str:
    """Give money as the API writes it."""
    return f"{'-' * (cents < 0)}{abs(cents) // 100}.{abs(cents) % 100:02}"
