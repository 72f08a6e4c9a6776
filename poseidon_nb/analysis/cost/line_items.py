"""The price of each resource of one type: a frame of resources in, a frame of lines out, with a price or a reason for none.

Columns that a type lacks are added by `breakdown`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from poseidon_nb.analysis.inputs import has_gpus, is_kubernetes_node, lists
from poseidon_nb.catalogue import prices
from poseidon_nb.frames.validation import require_columns
from poseidon_nb.text import format_usd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from poseidon_nb.catalogue.prices import Price


def droplets(frame: pd.DataFrame, sizes: pd.DataFrame | None) -> pd.DataFrame:
    """Return a line for each droplet, with the droplet's own price, also if its size is no longer available."""
    frame = require_columns(frame, ("id", "name", "region", "size", "price_monthly", "tags"), "droplets")
    month = frame["price_monthly"].astype("Float64")
    hour = frame["price_hourly"].astype("Float64") if "price_hourly" in frame.columns else month * pd.NA
    has_price = month.notna()
    if sizes is not None and not has_price.all():
        sizes = require_columns(sizes, ("slug", "price_monthly"), "sizes")
        listed = sizes.drop_duplicates("slug").set_index("slug")["price_monthly"]
        month = month.fillna(frame["size"].map(listed).astype("Float64"))
    cap_hours = np.where(has_gpus(frame), prices.CAP_HOURS_GPU, prices.CAP_HOURS)
    ids = frame["id"].astype("Int64")
    lines = new_lines(
        "droplet",
        frame,
        id=ids.astype("string"),
        name=frame["name"],
        region=frame["region"],
        size=frame["size"],
        price_usd_month=month,
        price_usd_hour=hour.fillna(month / cap_hours),
        quantity=1.0,
        unit="droplet",
        droplet_id=ids,
        created_at=frame.get("created_at"),
        price_source=pd.Series("sizes_list", frame.index).mask(has_price, "droplets_list"),
    )
    lines["resource_type"] = lines["resource_type"].mask(is_kubernetes_node(frame), "kubernetes_node")
    return without_price(lines, month.isna(), "neither the droplet nor the list of sizes has a price")


def backups(frame: pd.DataFrame, droplet_lines: pd.DataFrame, policies: pd.DataFrame | None) -> pd.DataFrame:
    """Return a line for each droplet with backups: a share of the droplet's price that depends on the plan.

    Parameters
    ----------
    frame : pandas.DataFrame
        The droplets.
    droplet_lines : pandas.DataFrame
        Their lines, in the same order.
    policies : pandas.DataFrame, optional
        The backup plan of each droplet.
    """
    has_backups = ["backups" in features for features in lists(frame, "features")]
    lines = droplet_lines[np.array(has_backups, dtype=bool)]
    plan = pd.Series(pd.NA, lines.index, dtype="string")
    if policies is not None:
        policies = require_columns(policies, ("droplet_id", "plan"), "backup_policies")
        known = policies.drop_duplicates("droplet_id").set_index("droplet_id")["plan"]
        plan = lines["droplet_id"].map(known).astype("string")
    share = plan.map({name: price.usd for name, price in prices.BACKUPS.items()}).astype("Float64")
    source = plan.map({name: price.source for name, price in prices.BACKUPS.items()})
    droplet_month = lines["price_usd_month"].astype("Float64")
    lines = lines.assign(
        resource_type="backup",
        price_usd_month=droplet_month * share,
        price_usd_hour=lines["price_usd_hour"].astype("Float64") * share,
        quantity=share,
        unit=prices.BACKUPS["weekly"].unit,
        price_source=source,
        note=plan,
    )
    shares = " or ".join(f"{price.usd:.0%} ({name})" for name, price in prices.BACKUPS.items())
    lines = without_price(lines, share.isna(), f"unknown backup plan: {shares} of the droplet's price")
    return without_price(lines, droplet_month.isna() & share.notna(), "the price of the droplet is unknown")


def snapshots(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a line for each snapshot of a droplet or volume."""
    frame = require_columns(
        frame, ("id", "name", "resource_type", "resource_id", "size_gigabytes", "regions"), "snapshots"
    )
    of_droplet = frame["resource_type"].eq("droplet").fillna(value=False)
    droplet_ids = pd.to_numeric(frame["resource_id"].where(of_droplet), errors="coerce").astype("Int64")
    lines = _stored("snapshot", frame, prices.SNAPSHOT_GB).assign(droplet_id=droplet_ids)
    lines["resource_type"] = lines["resource_type"].mask(~of_droplet.astype(bool), "volume_snapshot")
    return lines


def custom_images(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a line for each imported image; snapshots and backups, which are images too, have lines of their own."""
    frame = require_columns(frame, ("id", "name", "type", "size_gigabytes", "regions"), "images")
    return _stored("custom_image", frame[frame["type"].eq("custom").fillna(value=False)], prices.CUSTOM_IMAGE_GB)


def volumes(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a line for each volume, attached or not."""
    frame = require_columns(frame, ("id", "name", "size_gigabytes", "region", "droplet_ids"), "volumes")
    lines = priced(
        "volume",
        frame,
        prices.VOLUME_GIB,
        frame["size_gigabytes"],
        id=frame["id"],
        name=frame["name"],
        region=frame["region"],
        droplet_id=pd.Series(_first_values(frame, "droplet_ids"), frame.index, dtype="Int64"),
        created_at=frame.get("created_at"),
    )
    return without_price(lines, frame["size_gigabytes"].isna(), "the API returns no size")


def load_balancers(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a line for each load balancer; regional ones are priced by their nodes."""
    frame = require_columns(frame, ("id", "name", "region"), "load_balancers")
    units, sizes = (
        frame[name].astype(object) if name in frame.columns else pd.Series(None, frame.index, dtype=object)
        for name in ("size_unit", "size")
    )
    nodes = [
        prices.load_balancer_nodes(None if pd.isna(unit) else unit, None if pd.isna(size) else size)
        for unit, size in zip(units, sizes, strict=True)
    ]
    lines = priced(
        "load_balancer",
        frame,
        prices.LOAD_BALANCER_NODE,
        pd.Series(nodes, frame.index, dtype="Float64"),
        id=frame["id"],
        name=frame["name"],
        region=frame["region"],
        created_at=frame.get("created_at"),
    )
    if "type" not in frame.columns:
        return lines
    is_other = frame["type"].fillna("REGIONAL").ne("REGIONAL")
    return without_price(lines, is_other, "only regional HTTP load balancers have a known price")


def reserved_ips(frame: pd.DataFrame, *, version: int) -> pd.DataFrame:
    """Return a line for each reserved IP address that no droplet uses; assigned addresses are free."""
    frame = require_columns(frame, ("ip", "droplet_id"), "reserved_ips" if version == 4 else "reserved_ipv6")  # noqa: PLR2004  # the IP version
    idle = frame[frame["droplet_id"].isna()]
    lines = priced(
        "reserved_ip" if version == 4 else "reserved_ipv6",  # noqa: PLR2004  # likewise
        idle,
        prices.UNASSIGNED_IP,
        pd.Series(1.0, idle.index),
        id=idle["ip"],
        name=idle["ip"],
        region=idle.get("region", idle.get("region_slug")),
        created_at=idle.get("reserved_at"),
        note="not assigned to a droplet",
    )
    if version == 4:  # noqa: PLR2004  # likewise
        return lines
    return without_price(
        lines, pd.Series(data=True, index=idle.index), "the price of an unassigned IPv6 address is unknown"
    )


def unpriced(resource_type: str, frame: pd.DataFrame, reason: str) -> pd.DataFrame:
    """Return a line without a price for each resource of a type whose prices no API operation returns."""
    ids = frame.get("id", frame.get("name"))
    return new_lines(
        resource_type,
        frame,
        id=None if ids is None else ids.astype("string"),
        name=frame.get("name", ids),
        region=frame.get("region"),
        created_at=frame.get("created_at"),
        note=reason,
    )


def spaces(names: Iterable[str]) -> pd.DataFrame:
    """Return the lines of Spaces if there are buckets: the subscription, and the overage, which is unknown."""
    buckets = len({*names})
    if not buckets:
        return pd.DataFrame()
    overage = f"{format_usd(prices.SPACES_GIB.usd)} a GiB; the API does not return the storage used or the data sent"
    return pd.DataFrame(
        {
            "resource_type": "spaces",
            "name": ["Spaces subscription", f"Spaces beyond {prices.SPACES_INCLUDED_GIB} GiB"],
            "price_usd_month": [prices.SPACES.usd, None],
            "price_usd_hour": [prices.SPACES.usd / prices.CAP_HOURS, None],
            "quantity": [float(buckets), None],
            "unit": ["bucket", "GiB"],
            "price_source": [prices.SPACES.source, None],
            "note": ["one subscription for all buckets", overage],
        }
    )


def transfer(droplets: pd.DataFrame, sizes: pd.DataFrame | None, sent_gib: float | None) -> pd.DataFrame:
    """Return the line of outbound transfer beyond the pooled allowance of all droplets; without a price if unknown."""
    if droplets.empty:
        return pd.DataFrame()
    price = prices.TRANSFER_GIB
    included = None if sizes is None else _included_gib(droplets, sizes)
    row: Mapping[str, Any] = {
        "resource_type": "transfer",
        "name": "outbound transfer beyond the allowance",
        "unit": price.unit,
    }
    if included is None:
        row = {**row, "note": "the included transfer is unknown"}
    elif sent_gib is None or not math.isfinite(sent_gib):
        note = f"the API does not return the data sent; {included:,.0f} GiB a month included, {format_usd(price.usd)} per GiB above that"
        row = {**row, "note": note}
    else:
        beyond = max(0.0, sent_gib - included)
        row = {
            **row,
            "price_usd_month": beyond * price.usd,
            "quantity": beyond,
            "price_source": price.source,
            "note": f"{included:,.0f} GiB a month included",
        }
    return pd.DataFrame([row])


def new_lines(resource_type: str, frame: pd.DataFrame, **columns: Any) -> pd.DataFrame:
    """Return a line for each row of a frame, with its tags."""
    lines = pd.DataFrame({"resource_type": resource_type, **columns}, index=frame.index)
    return lines.assign(tags=frame["tags"]) if "tags" in frame.columns else lines


def priced(resource_type: str, frame: pd.DataFrame, price: Price, quantity: pd.Series, **columns: Any) -> pd.DataFrame:
    """Return lines that cost their quantity times a unit price; a missing quantity gives a missing price."""
    amount = quantity.astype("Float64")
    month = amount * price.usd
    return new_lines(
        resource_type,
        frame,
        price_usd_month=month,
        price_usd_hour=month / prices.CAP_HOURS,
        quantity=amount,
        unit=price.unit,
        price_source=price.source,
        **columns,
    )


def without_price(lines: pd.DataFrame, where: pd.Series, reason: str) -> pd.DataFrame:
    """Remove the price of some lines, and add the reason as a note."""
    selected = where.fillna(value=True).astype(bool)
    values = {**dict.fromkeys(("price_usd_month", "price_usd_hour", "price_source"), pd.NA), "note": reason}
    columns = {
        name: (lines[name] if name in lines.columns else pd.Series(pd.NA, lines.index, dtype="object"))
        .astype(object)
        .mask(selected, value)
        for name, value in values.items()
    }
    return lines.assign(**columns)


def _stored(resource_type: str, frame: pd.DataFrame, price: Price) -> pd.DataFrame:
    lines = priced(
        resource_type,
        frame,
        price,
        frame["size_gigabytes"],
        id=frame["id"].astype("string"),
        name=frame["name"],
        region=pd.Series(_first_values(frame, "regions"), frame.index, dtype="string"),
        created_at=frame.get("created_at"),
    )
    return without_price(lines, frame["size_gigabytes"].isna(), "the API returns no size yet")


def _first_values(frame: pd.DataFrame, column: str) -> list[Any]:
    firsts = [next(iter(values), None) for values in lists(frame, column)]
    return [value if isinstance(value, str | int) else None for value in firsts]


def _included_gib(droplets: pd.DataFrame, sizes: pd.DataFrame) -> float | None:
    sizes = require_columns(sizes, ("slug", "transfer"), "sizes")
    each = droplets["size"].map(sizes.drop_duplicates("slug").set_index("slug")["transfer"])
    return None if each.isna().any() else float(each.sum()) * prices.TRANSFER_GIB_PER_TB
