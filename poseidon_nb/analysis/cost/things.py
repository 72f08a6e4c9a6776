"""What one of each kind costs: a frame of things in, a frame of lines out, each row with its price or the reason for none.

Columns that a kind does not have are left to `listing`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from poseidon_nb.analysis.columns import lists
from poseidon_nb.analysis.droplet_kinds import nodes, with_gpus
from poseidon_nb.catalogue import prices
from poseidon_nb.frames.validation import require_columns
from poseidon_nb.text import format_usd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from poseidon_nb.catalogue.prices import Price


def _part(kind: str, frame: pd.DataFrame, **columns: Any) -> pd.DataFrame:
    made = pd.DataFrame({"kind": kind, **columns}, index=frame.index)
    return made.assign(tags=frame["tags"]) if "tags" in frame.columns else made


def _priced(kind: str, frame: pd.DataFrame, price: Price, quantity: pd.Series, **columns: Any) -> pd.DataFrame:
    """Give lines of which each costs its quantity times a price; without a quantity none."""
    amount = quantity.astype("Float64")
    month = amount * price.usd
    return _part(
        kind,
        frame,
        price_usd_month=month,
        price_usd_hour=month / prices.CAP_HOURS,
        quantity=amount,
        unit=price.unit,
        price_source=price.source,
        **columns,
    )


def _unpriced(lines: pd.DataFrame, where: pd.Series, reason: str) -> pd.DataFrame:
    """Take the price off some lines, and say why."""
    gone = where.fillna(value=True).astype(bool)
    taken = dict.fromkeys(("price_usd_month", "price_usd_hour", "price_source"), pd.NA)
    given = {
        name: (lines[name] if name in lines.columns else pd.Series(pd.NA, lines.index, dtype="object"))
        .astype(object)
        .mask(gone, value)
        for name, value in {**taken, "note": reason}.items()
    }
    return lines.assign(**given)


# --- droplets --------------------------------------------------------------------------------------------------------
def droplets(frame: pd.DataFrame, sizes: pd.DataFrame | None) -> pd.DataFrame:
    """Give a line for each droplet: what it says itself that it costs, also when its size is not sold any more."""
    frame = require_columns(frame, ("id", "name", "region", "size", "price_monthly", "tags"), "droplets")
    month = frame["price_monthly"].astype("Float64")
    hour = frame["price_hourly"].astype("Float64") if "price_hourly" in frame.columns else month * pd.NA
    told = month.notna()
    if sizes is not None and not told.all():
        sizes = require_columns(sizes, ("slug", "price_monthly"), "sizes")
        listed = sizes.drop_duplicates("slug").set_index("slug")["price_monthly"]
        month = month.fillna(frame["size"].map(listed).astype("Float64"))
    cap = np.where(with_gpus(frame), prices.CAP_HOURS_GPU, prices.CAP_HOURS)
    ids = frame["id"].astype("Int64")
    made = _part(
        "droplet",
        frame,
        id=ids.astype("string"),
        name=frame["name"],
        region=frame["region"],
        size=frame["size"],
        price_usd_month=month,
        price_usd_hour=hour.fillna(month / cap),
        quantity=1.0,
        unit="droplet",
        droplet_id=ids,
        created_at=frame.get("created_at"),
        price_source=pd.Series("sizes_list", frame.index).mask(told, "droplets_list"),
    )
    made["kind"] = made["kind"].mask(nodes(frame), "kubernetes_node")
    return _unpriced(made, month.isna(), "the droplet does not tell its price, and its size is not in the list")


def backups(frame: pd.DataFrame, of: pd.DataFrame, policies: pd.DataFrame | None) -> pd.DataFrame:
    """Give a line for each droplet that has backups made: the share of its price that its plan costs.

    Parameters
    ----------
    frame : pandas.DataFrame
        The droplets.
    of : pandas.DataFrame
        Their lines, in the same order.
    policies : pandas.DataFrame, optional
        The plan of each.
    """
    lines = of[np.array(["backups" in features for features in lists(frame, "features")], dtype=bool)]
    plan = pd.Series(pd.NA, lines.index, dtype="string")
    if policies is not None:
        policies = require_columns(policies, ("droplet_id", "plan"), "backup_policies")
        known = policies.drop_duplicates("droplet_id").set_index("droplet_id")["plan"]
        plan = lines["droplet_id"].map(known).astype("string")
    share = plan.map({name: price.usd for name, price in prices.BACKUPS.items()}).astype("Float64")
    source = plan.map({name: price.source for name, price in prices.BACKUPS.items()})
    made = lines.assign(
        kind="backup",
        price_usd_month=lines["price_usd_month"].astype("Float64") * share,
        price_usd_hour=lines["price_usd_hour"].astype("Float64") * share,
        quantity=share,
        unit=prices.BACKUPS["weekly"].unit,
        price_source=source,
        note=plan,
    )
    unsaid = share.isna()
    shares = " or ".join(f"{price.usd:.0%} ({name})" for name, price in prices.BACKUPS.items())
    made = _unpriced(made, unsaid, f"its plan is not known: {shares} of the droplet's price")
    return _unpriced(made, lines["price_usd_month"].isna() & ~unsaid, "the droplet's price is not known")


# --- what is stored --------------------------------------------------------------------------------------------------
def snapshots(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a line for each snapshot, of droplets and volumes."""
    frame = require_columns(
        frame, ("id", "name", "resource_type", "resource_id", "size_gigabytes", "regions"), "snapshots"
    )
    of_droplet = frame["resource_type"].eq("droplet").fillna(value=False)
    numbers = pd.to_numeric(frame["resource_id"].where(of_droplet), errors="coerce").astype("Int64")
    made = _stored("snapshot", frame, prices.SNAPSHOT_GB).assign(droplet_id=numbers)
    made["kind"] = made["kind"].mask(~of_droplet.astype(bool), "volume_snapshot")
    return made


def custom_images(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a line for each image that was imported. Snapshots and backups, which are images too, have lines of their own."""
    frame = require_columns(frame, ("id", "name", "type", "size_gigabytes", "regions"), "images")
    return _stored("custom_image", frame[frame["type"].eq("custom").fillna(value=False)], prices.CUSTOM_IMAGE_GB)


def _stored(kind: str, frame: pd.DataFrame, price: Price) -> pd.DataFrame:
    made = _priced(
        kind,
        frame,
        price,
        frame["size_gigabytes"],
        id=frame["id"].astype("string"),
        name=frame["name"],
        region=pd.Series(_firsts(frame, "regions"), frame.index, dtype="string"),
        created_at=frame.get("created_at"),
    )
    return _unpriced(made, frame["size_gigabytes"].isna(), "the API does not tell its size yet")


def _firsts(frame: pd.DataFrame, column: str) -> list[Any]:
    return [next(iter(one), None) for one in lists(frame, column)]


def volumes(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a line for each volume, attached or not."""
    frame = require_columns(frame, ("id", "name", "size_gigabytes", "region", "droplet_ids"), "volumes")
    made = _priced(
        "volume",
        frame,
        prices.VOLUME_GIB,
        frame["size_gigabytes"],
        id=frame["id"],
        name=frame["name"],
        region=frame["region"],
        droplet_id=pd.Series(_firsts(frame, "droplet_ids"), frame.index, dtype="Int64"),
        created_at=frame.get("created_at"),
    )
    return _unpriced(made, frame["size_gigabytes"].isna(), "the API does not tell its size")


# --- the network -----------------------------------------------------------------------------------------------------
def load_balancers(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a line for each load balancer: its nodes, where it is a regional one."""
    frame = require_columns(frame, ("id", "name", "region"), "load_balancers")
    units, sizes = (
        frame[name].astype(object) if name in frame.columns else pd.Series(None, frame.index, dtype=object)
        for name in ("size_unit", "size")
    )
    quantities = [
        prices.load_balancer_nodes(None if pd.isna(unit) else unit, None if pd.isna(size) else size)
        for unit, size in zip(units, sizes, strict=True)
    ]
    made = _priced(
        "load_balancer",
        frame,
        prices.LOAD_BALANCER_NODE,
        pd.Series(quantities, frame.index, dtype="Float64"),
        id=frame["id"],
        name=frame["name"],
        region=frame["region"],
        created_at=frame.get("created_at"),
    )
    if "type" not in frame.columns:
        return made
    other = frame["type"].fillna("REGIONAL").ne("REGIONAL")
    return _unpriced(made, other, "only of regional HTTP load balancers a price is known")


def reserved_ips(frame: pd.DataFrame, *, version: int) -> pd.DataFrame:
    """Give a line for each reserved address that no droplet uses; one that is used costs nothing."""
    frame = require_columns(frame, ("ip", "droplet_id"), "reserved_ips" if version == 4 else "reserved_ipv6")  # noqa: PLR2004
    idle = frame[frame["droplet_id"].isna()]
    region = idle.get("region", idle.get("region_slug"))
    created = idle.get("reserved_at")
    made = _priced(
        "reserved_ip" if version == 4 else "reserved_ipv6",  # noqa: PLR2004  # the version of IP
        idle,
        prices.UNASSIGNED_IP,
        pd.Series(1.0, idle.index),
        id=idle["ip"],
        name=idle["ip"],
        region=region,
        created_at=created,
        note="no droplet uses it",
    )
    if version == 4:  # noqa: PLR2004  # as above
        return made
    return _unpriced(made, pd.Series(data=True, index=idle.index), "no price of an idle IPv6 address is known")


# --- platforms -------------------------------------------------------------------------------------------------------
def databases(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a line without a price for each database cluster."""
    frame = require_columns(frame, ("id", "name", "size"), "databases")
    return unpriceable("database", frame, "the API has no prices of database clusters").assign(
        size=frame["size"], quantity=frame.get("num_nodes"), unit="node"
    )


def kubernetes(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a line for each cluster's control plane; its nodes are among the droplets."""
    frame = require_columns(frame, ("id", "name", "ha"), "kubernetes")
    ha = frame["ha"].astype("boolean")
    made = _priced(
        "kubernetes",
        frame,
        prices.CONTROL_PLANE,
        ha.astype("Float64"),
        id=frame["id"],
        name=frame["name"],
        region=frame.get("region"),
        created_at=frame.get("created_at"),
        note="the control plane; nodes are droplets, counted as kubernetes_node",
    )
    return _unpriced(made, ha.isna(), "whether its control plane is doubled is not told")


def unpriceable(kind: str, frame: pd.DataFrame, reason: str) -> pd.DataFrame:
    """Give a line without a price for each thing of a kind of which no list tells what it costs."""
    ids = frame.get("id", frame.get("name"))
    return _part(
        kind,
        frame,
        id=None if ids is None else ids.astype("string"),
        name=frame.get("name", ids),
        region=frame.get("region"),
        created_at=frame.get("created_at"),
        note=reason,
    )


# --- what belongs to the whole account -------------------------------------------------------------------------------
def spaces(names: Iterable[str]) -> pd.DataFrame:
    """Give the lines of Spaces, if there are buckets: the subscription, and what the API does not tell."""
    buckets = len({*names})
    if not buckets:
        return pd.DataFrame()
    more = f"{format_usd(prices.SPACES_GIB.usd)} a GiB; the API does not tell how much is stored and sent"
    return pd.DataFrame(
        {
            "kind": "spaces",
            "name": ["Spaces subscription", f"Spaces beyond {prices.SPACES_INCLUDED_GIB} GiB"],
            "price_usd_month": [prices.SPACES.usd, None],
            "price_usd_hour": [prices.SPACES.usd / prices.CAP_HOURS, None],
            "quantity": [float(buckets), None],
            "unit": ["bucket", "GiB"],
            "price_source": [prices.SPACES.source, None],
            "note": ["one for all buckets", more],
        }
    )


def transfer(droplets: pd.DataFrame, sizes: pd.DataFrame | None, sent_gib: float | None) -> pd.DataFrame:
    """Give the line of what is sent beyond what the droplets include together; without a price if that is not known."""
    if droplets.empty:
        return pd.DataFrame()
    price = prices.TRANSFER_GIB
    included = None if sizes is None else _included_gib(droplets, sizes)
    row: Mapping[str, Any] = {"kind": "transfer", "name": "outbound transfer beyond the allowance", "unit": price.unit}
    if included is None:
        row = {**row, "note": "what the droplets include is not known"}
    elif sent_gib is None or not math.isfinite(sent_gib):
        told = f"the API does not tell what is sent; {included:,.0f} GiB a month are included, a GiB more is {format_usd(price.usd)}"
        row = {**row, "note": told}
    else:
        beyond = max(0.0, sent_gib - included)
        note = f"{included:,.0f} GiB a month are included"
        row = {
            **row,
            "price_usd_month": beyond * price.usd,
            "quantity": beyond,
            "price_source": price.source,
            "note": note,
        }
    return pd.DataFrame([row])


def _included_gib(droplets: pd.DataFrame, sizes: pd.DataFrame) -> float | None:
    sizes = require_columns(sizes, ("slug", "transfer"), "sizes")
    each = droplets["size"].map(sizes.drop_duplicates("slug").set_index("slug")["transfer"])
    return None if each.isna().any() else float(each.sum()) * prices.TRANSFER_GIB_PER_TB
