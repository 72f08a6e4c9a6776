"""What the account owes for a period, and invoices as CSV and PDF files.

Charges are computed from present and deleted resources, never stored. So an invoice always agrees with the account,
and a past invoice does not change when a resource is deleted or resized. Amounts are whole cents. Each charge is
rounded on its own and costs at least one cent; totals are sums of charges.

Not documented, chosen here: a resized droplet is charged for each size in order, until the fractions of the month add
up to one. Backups cost their percentage of the droplet for as long as it has the plan. The CSV has the columns of the
specification's example.
"""

from __future__ import annotations

import io
import math
import time
from calendar import timegm
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import prices
from poseidon_nb.sandbox.history import all_with_deleted, backup_plan_periods, size_periods, value_periods
from poseidon_nb.sandbox.timestamps import HOUR_S, parse_time
from poseidon_nb.sandbox.world import STORE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poseidon_nb.sandbox.store import StoredObject
    from poseidon_nb.sandbox.world import World

#: The stores of `World` whose resources cost money.
BILLED_STORES = ("droplets", "images", "volumes", "volume_snapshots", "load_balancers", "reserved_ips")
_COLUMNS = ("product", "group_description", "description", "hours", "start", "end", "USD", "project_name", "category")
_LINES_PER_PAGE = 60
_MAX_LINE_LENGTH = 95


@dataclass(frozen=True, slots=True)
class PricedPeriod:
    """A period in which a resource had one price.

    Attributes
    ----------
    start, end : float
        Unix seconds.
    monthly_usd : float
        The price of a full month.
    description : str
        As on the invoice.
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
        The product code.
    start, end : float
        Unix seconds, within the requested period.
    cents : int
        The amount.
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
        """The number of hours, rounded up."""
        return math.ceil((self.end - self.start) / HOUR_S)


def charges(world: World, start: float, end: float) -> list[Charge]:
    """Return the charges of a month, or of a month until now.

    Parameters
    ----------
    world : World
        The account.
    start, end : float
        Unix seconds, within one month.
    """
    found: list[Charge] = []
    for kind in _billed_kinds(world):
        price = _PRICERS.get(kind, _sold)
        for record, until in sorted(all_with_deleted(world, kind), key=_age):
            last = end if until is None else min(end, until)
            for product, sku, cap_hours, uses in price(world, record, last):
                found += _charge(record, (product, sku, cap_hours), uses, (start, last))
    return found


def _billed_kinds(world: World) -> list[str]:
    """Return the stores of `BILLED_STORES`, and those whose resources carry their prices."""
    stores = world.state.collections
    declared = [kind for kind, store in stores.items() if kind not in STORE_NAMES and len(store)]
    deleted = [record.internal["kind"] for record in world.deleted.all()]
    # Sorted, so that a kind of which nothing is left keeps its place in a past invoice.
    return [*dict.fromkeys((*BILLED_STORES, *sorted((*declared, *deleted))))]


def _age(item: tuple[StoredObject, float | None]) -> tuple[str, str]:
    # What was deleted keeps its place in a past invoice.
    public = item[0].public
    return str(public.get("created_at", "")), _resource_id(public)


def _resource_id(public: dict[str, Any]) -> str:
    return str(public.get("id") or public.get("ip") or public.get("uuid") or public.get("name", ""))


def _charge(
    record: StoredObject, sold: tuple[str, str, int], uses: list[PricedPeriod], window: tuple[float, float]
) -> Iterator[Charge]:
    product, sku, cap_hours = sold
    left = 1.0
    public = record.public
    for use in uses:
        start, end = max(use.start, window[0]), min(use.end, window[1])
        if start >= end:
            continue
        share = min(left, (end - start) / HOUR_S / cap_hours)
        left -= share
        cents = max(1, int(share * use.monthly_usd * 100 + 0.5))
        yield Charge(product, use.description, _resource_id(public), _region(public), sku, start, end, cents)


def _region(public: dict[str, Any]) -> str:
    region = public["region"] if "region" in public else public.get("regions", [""])[0]
    return str(region.get("slug", "") if isinstance(region, dict) else region or "")


_PricedItem = tuple[str, str, int, list[PricedPeriod]]


def _droplet(world: World, record: StoredObject, until: float) -> Iterator[_PricedItem]:
    uses, backups = [], []
    for one in size_periods(record, until):
        size = world.reference_data.sizes[one.size]
        uses.append(PricedPeriod(one.start, one.end, size["price_monthly"], f"{record['name']} ({one.size})"))
        for start, end, plan in backup_plan_periods(record, until):
            both = max(start, one.start), min(end, one.end)
            if plan and both[0] < both[1]:
                monthly = size["price_monthly"] * prices.BACKUPS[plan].usd
                backups.append(PricedPeriod(*both, monthly, f"{record['name']} ({plan} backups)"))
    cap_hours = prices.CAP_HOURS_GPU if "gpu_info" in record["size"] else prices.CAP_HOURS
    yield "Droplets", f"1-DO-DROP-{record['size_slug']}", cap_hours, uses
    yield "Backups", "1-DO-BKUP", cap_hours, backups


def _image(_world: World, record: StoredObject, until: float) -> Iterator[_PricedItem]:
    size_gb = record["size_gigabytes"]
    if not size_gb or record["type"] not in {"snapshot", "custom"}:
        return
    custom = record["type"] == "custom"
    start = record.internal.get("snapshot_since", parse_time(record["created_at"]))
    monthly = size_gb * (prices.CUSTOM_IMAGE_GB if custom else prices.SNAPSHOT_GB).usd
    use = PricedPeriod(start, until, monthly, f"{record['name']} ({size_gb:g} GB)")
    yield "Custom Images" if custom else "Snapshots", "1-DO-CIMG" if custom else "1-DO-SNAP", prices.CAP_HOURS, [use]


def _volume(_world: World, record: StoredObject, until: float) -> Iterator[_PricedItem]:
    created = parse_time(record["created_at"])
    uses = [
        PricedPeriod(start, end, size * prices.VOLUME_GIB.usd, f"{record['name']} ({size} GiB)")
        for start, end, size in value_periods(record, "size_gigabytes", created, until)
    ]
    yield "Volumes", "1-DO-VOL", prices.CAP_HOURS, uses


def _volume_snapshot(_world: World, record: StoredObject, until: float) -> Iterator[_PricedItem]:
    size_gb = record["size_gigabytes"]
    description = f"{record['name']} ({size_gb:g} GiB)"
    use = PricedPeriod(parse_time(record["created_at"]), until, size_gb * prices.SNAPSHOT_GB.usd, description)
    yield "Volume Snapshots", "1-DO-VSNAP", prices.CAP_HOURS, [use]


def _load_balancer(_world: World, record: StoredObject, until: float) -> Iterator[_PricedItem]:
    created = parse_time(record["created_at"])
    uses = [
        PricedPeriod(
            start, end, nodes * prices.LOAD_BALANCER_NODE.usd, f"{record['name']} ({nodes} node{'s' * (nodes > 1)})"
        )
        for start, end, nodes in value_periods(record, "size_unit", created, until, node_count(record.public))
    ]
    yield "Load Balancers", "1-DO-LB", prices.CAP_HOURS, uses


def node_count(public: dict[str, Any]) -> int:
    """Return a load balancer's number of nodes; older ones have a named size instead."""
    return prices.load_balancer_nodes(public.get("size_unit"), public.get("size"))


def _address(_world: World, record: StoredObject, until: float) -> Iterator[_PricedItem]:
    # The API does not show since when an address is reserved. Without that, it starts now and costs nothing.
    created = record.internal.get("since", until)
    uses = [
        PricedPeriod(start, end, prices.UNASSIGNED_IP.usd, f"Unused Reserved IP - {record['ip']}")
        for start, end, droplet_id in value_periods(
            record, "droplet_id", created, until, record.internal.get("droplet_id")
        )
        if droplet_id is None
    ]
    yield "Reserved IPs", "1-DO-RIP", prices.CAP_HOURS, uses


def _sold(_world: World, record: StoredObject, until: float) -> Iterator[_PricedItem]:
    """Yield what a declared resource costs, by the prices that `Resource.put` records."""
    past: list[list[Any]] = record.internal.get("sold", [])
    ends = [*(change[0] for change in past), until][1:]
    uses: dict[tuple[str, str], list[PricedPeriod]] = {}
    # What never had a price has no end either.
    for (start, *price), end in zip(past, ends, strict=False):
        if price and start < end:
            product, sku, monthly_usd, description = price
            uses.setdefault((product, sku), []).append(PricedPeriod(start, end, monthly_usd, description))
    for (product, sku), periods in uses.items():
        yield product, sku, prices.CAP_HOURS, periods


_PRICERS = {
    "droplets": _droplet,
    "images": _image,
    "volumes": _volume,
    "volume_snapshots": _volume_snapshot,
    "load_balancers": _load_balancer,
    "reserved_ips": _address,
}


def month_of(seconds: float) -> str:
    """Return the month of a time, as ``2026-11``."""
    return time.strftime("%Y-%m", time.gmtime(seconds))


def month_bounds(month: str) -> tuple[int, int]:
    """Return the first second of a month and of the next month."""
    year, number = map(int, month.split("-"))
    after = (year, number + 1) if number < 12 else (year + 1, 1)  # noqa: PLR2004  # December
    return timegm((year, number, 1, 0, 0, 0)), timegm((*after, 1, 0, 0, 0))


def past_months(world: World) -> list[str]:
    """Return the past months in which the account had billed resources, newest first."""
    created = [
        _billed_since(kind, record, world.now())
        for kind in _billed_kinds(world)
        for record, _ in all_with_deleted(world, kind)
    ]
    this = month_of(world.now())
    found: list[str] = []
    month = month_of(min(created)) if created else this
    while month < this:
        found.append(month)
        month = month_of(month_bounds(month)[1])
    return found[::-1]


def _billed_since(kind: str, record: StoredObject, default: float) -> float:
    if "sold" in record.internal:
        return float(record.internal["sold"][0][0])
    return parse_time(record["created_at"]) if kind in BILLED_STORES and "created_at" in record.public else default


def format_usd(cents: int) -> str:
    """Format cents as the API does, for example ``"12.05"``."""
    return f"{'-' * (cents < 0)}{abs(cents) // 100}.{abs(cents) % 100:02}"


def render_csv(charges: Sequence[Charge]) -> bytes:
    """Format the charges of an invoice as CSV."""
    import csv  # noqa: PLC0415  # a start does not need it

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for one in charges:
        times = (time.strftime("%Y-%m-%d %H:%M:%S +0000", time.gmtime(at)) for at in (one.start, one.end))
        writer.writerow([one.product, "", one.description, one.hours, *times, f"${format_usd(one.cents)}", "", "iaas"])
    return text.getvalue().encode("utf-8", "surrogatepass")


def render_pdf(lines: Sequence[str]) -> bytes:
    """Format lines of text as a PDF with as many pages as needed; characters outside Latin-1 become question marks."""
    pages = [lines[first : first + _LINES_PER_PAGE] for first in range(0, len(lines), _LINES_PER_PAGE)]
    # Object 1 is the catalog, 2 the page tree, 3 the font; then each page and its content.
    numbers = [4 + 2 * index for index in range(len(pages))]
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
    ]
    for number, page in zip(numbers, pages, strict=True):
        content = b"BT /F1 9 Tf 40 800 Td 12 TL\n" + b"".join(b"(%b) Tj T*\n" % _escape(line) for line in page) + b"ET"
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
            b"/Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>" % (number + 1)
        )
        objects.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content))
    document = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(document))
        document += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = len(document)
    document += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    document += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    document += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(document)


def _escape(line: str) -> bytes:
    text = "".join(sign if sign.isprintable() else "?" for sign in line[:_MAX_LINE_LENGTH])
    return text.encode("latin-1", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
