"""The price of each managed service of one type, as in `line_items`: databases, Kubernetes, apps, shares and NAT gateways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from poseidon_nb.analysis.cost.line_items import new_lines, priced, without_price
from poseidon_nb.analysis.inputs import lists, numbers, texts
from poseidon_nb.catalogue import prices
from poseidon_nb.frames.validation import require_columns
from poseidon_nb.text import escape_unprintable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MIB_PER_GIB = 1024
_SIZES = "apps_list_instanceSizes"
#: The components of an app that run all the time, and the others; an app with static sites alone is free, or has one price.
_RUNNING = ("services", "workers")
_NOT_STATIC = (*_RUNNING, "jobs", "functions", "databases")
_DEDICATED_IP = "DEDICATED_IP"


def databases(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a line for each database cluster, priced by its nodes, their memory and their added storage."""
    frame = require_columns(frame, ("id", "name", "size"), "databases")
    counts = numbers(frame, "num_nodes")
    return _database_nodes(frame, pd.Series(counts, frame.index).fillna(1.0), "")


def database_replicas(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a line for each read-only node of a database cluster, priced like a node of a cluster."""
    frame = require_columns(frame, ("id", "name", "size"), "database_replicas", source="")
    return _database_nodes(frame, pd.Series(1.0, frame.index), "read-only node")


def _database_nodes(frame: pd.DataFrame, nodes: pd.Series, what: str) -> pd.DataFrame:
    storage_gib = numbers(frame, "storage_size_mib") / _MIB_PER_GIB
    usd: list[float | None] = []
    notes: list[str | None] = []
    sources: list[str] = []
    for size, given in zip(texts(frame, "size"), storage_gib, strict=True):
        gib = None if pd.isna(given) else float(given)
        usd.append(prices.database_node_usd(size, gib))
        added = (gib or 0.0) - (prices.database_storage_gib(size) or 0)
        extra = f"a node has {added:,g} GiB more than its size is assumed to include" if gib and added > 0 else ""
        notes.append("; ".join(text for text in (what, extra) if text) or None)
        used = [prices.DATABASE_MEMORY_GIB, *([prices.DATABASE_STORAGE_GIB] if extra else [])]
        sources.append("; ".join(price.source for price in used))
    each = pd.Series(usd, frame.index, dtype="Float64")
    month = nodes.astype("Float64") * each
    lines = new_lines(
        "database",
        frame,
        id=frame["id"].astype("string"),
        name=frame["name"],
        region=frame.get("region"),
        size=frame["size"],
        price_usd_month=month,
        price_usd_hour=month / prices.CAP_HOURS,
        quantity=nodes,
        unit="node",
        created_at=frame.get("created_at"),
        price_source=pd.Series(sources, frame.index, dtype="string"),
        note=pd.Series(notes, frame.index, dtype="string"),
    )
    return without_price(lines, each.isna(), "the memory of its size is unknown")


def kubernetes(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a line for the control plane of each Kubernetes cluster; its nodes are droplets."""
    frame = require_columns(frame, ("id", "name", "ha"), "kubernetes")
    ha = frame["ha"].astype("boolean")
    lines = priced(
        "kubernetes",
        frame,
        prices.CONTROL_PLANE,
        ha.astype("Float64"),
        id=frame["id"],
        name=frame["name"],
        region=frame.get("region"),
        created_at=frame.get("created_at"),
        note="control plane only; the nodes are droplets, listed as kubernetes_node",
    )
    return without_price(lines, ha.isna(), "the API does not return whether the control plane is highly available")


def apps(frame: pd.DataFrame, sizes: pd.DataFrame | None) -> pd.DataFrame:
    """Return a line for each app, priced by the components of its active deployment.

    Parameters
    ----------
    frame : pandas.DataFrame
    sizes : pandas.DataFrame, optional
        The instance sizes with their prices, in ``slug`` and ``usd_per_month``.
    """
    frame = require_columns(frame, ("id", "name", "active_deployment_id", *_NOT_STATIC), "apps")
    components = {kind: lists(frame, kind) for kind in _NOT_STATIC}
    is_active = texts(frame, "active_deployment_id") != ""
    is_static = [
        bool(active) and not any(components[kind][position] for kind in _NOT_STATIC)
        for position, active in enumerate(is_active)
    ]
    free = _free_static_apps(frame, is_static)
    usd_of, egress = _instance_prices(sizes), texts(frame, "egress_type")
    rows: list[dict[str, Any]] = []
    for position, active in enumerate(is_active):
        parts = {kind: components[kind][position] for kind in _NOT_STATIC}
        if not active:
            row: dict[str, Any] = {"usd": 0.0, "note": "without an active deployment, it is not billed"}
        elif is_static[position]:
            usd = 0.0 if position in free else prices.APP_STATIC_SITE.usd
            row = {"usd": usd, "source": prices.APP_STATIC_SITE.source, "note": "static sites"}
        else:
            row = _priced_components(parts, usd_of, dedicated=egress[position] == _DEDICATED_IP)
        rows.append(row)
    columns = {name: [row.get(name) for row in rows] for name in ("usd", "source", "note", "size", "instances")}
    month = pd.Series(columns["usd"], frame.index, dtype="Float64")
    lines = new_lines(
        "app",
        frame,
        id=frame["id"].astype("string"),
        name=frame["name"],
        region=frame.get("region"),
        size=pd.Series(columns["size"], frame.index, dtype="string"),
        price_usd_month=month,
        price_usd_hour=month / prices.CAP_HOURS,
        quantity=pd.Series(columns["instances"], frame.index, dtype="Float64"),
        unit="instance",
        created_at=frame.get("created_at"),
        price_source=pd.Series(columns["source"], frame.index, dtype="string"),
        note=pd.Series(columns["note"], frame.index, dtype="string"),
    )
    reason = "the prices of instances are unknown" if not usd_of else "the price of an instance is unknown"
    return without_price(lines, month.isna(), reason)


def _free_static_apps(frame: pd.DataFrame, is_static: list[bool]) -> set[int]:
    """Return the positions of the static apps that are free: the oldest ones."""
    created = frame["created_at"] if "created_at" in frame else pd.Series(pd.NaT, frame.index)
    order = created.reset_index(drop=True).sort_values(kind="stable").index
    return {*[int(position) for position in order if is_static[position]][: prices.FREE_STATIC_APPS]}


def _instance_prices(sizes: pd.DataFrame | None) -> dict[str, float]:
    """Return the monthly price of an instance by its size; empty if prices are unknown."""
    if sizes is None:
        return {}
    sizes = require_columns(sizes, ("slug", "usd_per_month"), "app_sizes", source="")
    listed = zip(texts(sizes, "slug"), numbers(sizes, "usd_per_month"), strict=True)
    former = {slug: price.usd for slug, price in prices.APP_FORMER_SIZES.items()}
    return {**former, **{slug: float(usd) for slug, usd in listed if not pd.isna(usd)}}


def _priced_components(
    parts: Mapping[str, list[Any]], usd_of: Mapping[str, float], *, dedicated: bool
) -> dict[str, Any]:
    """Return what an app costs: its instances, development databases and addresses."""
    instances = [*_instances(parts)]
    known = [usd_of.get(slug) for slug, _, _ in instances]
    unverified = [prices.APP_FORMER_SIZES[slug] for slug, _, _ in instances if slug in prices.APP_FORMER_SIZES]
    extras = [prices.APP_DATABASE for one in parts["databases"] if not one.get("production")]
    extras += [prices.APP_DEDICATED_IPS] * dedicated
    usd = None
    if all(one is not None for one in known):
        each = zip(known, instances, strict=True)
        usd = sum(one * count for one, (_, count, _) in each if one is not None) + sum(one.usd for one in extras)
    sources = dict.fromkeys([_SIZES, *(one.source for one in (*unverified, *extras))])
    slugs = {slug for slug, _, _ in instances}
    notes = [
        f"{slug}: scaled from {low} instances, which the price counts" for slug, low, scaled in instances if scaled
    ]
    notes += [f"plus {count} x {price.unit}" for price in dict.fromkeys(extras) if (count := extras.count(price))]
    notes += ["jobs are billed by the second, and not included"] if parts["jobs"] else []
    return {
        "usd": usd,
        "instances": float(sum(count for _, count, _ in instances)),
        "size": next(iter(slugs)) if len(slugs) == 1 else None,
        "source": "; ".join(sources),
        "note": escape_unprintable("; ".join(notes)) or None,
    }


def _instances(parts: Mapping[str, list[Any]]) -> Iterator[tuple[str, int, bool]]:
    """Yield the size of each running component, the number of its instances, and whether that is only the lowest one."""
    for kind in _RUNNING:
        for one in parts[kind]:
            lowest = (one.get("autoscaling") or {}).get("min_instance_count")
            yield str(one.get("instance_size_slug") or ""), int(lowest or one.get("instance_count") or 1), bool(lowest)


def nfs(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a line for each NFS share, priced by its size."""
    return _by_amount("nfs", frame, prices.NFS_GIB, "size_gib")


def nat_gateways(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a line for each NAT gateway, priced by its size."""
    return _by_amount("nat_gateway", frame, prices.NAT_GATEWAY_UNIT, "size")


def _by_amount(resource_type: str, frame: pd.DataFrame, price: prices.Price, column: str) -> pd.DataFrame:
    # An empty list has no columns.
    if frame.empty:
        return pd.DataFrame()
    amount = pd.Series(numbers(frame, column), frame.index)
    lines = priced(
        resource_type,
        frame,
        price,
        amount,
        id=frame["id"].astype("string"),
        name=frame.get("name", frame["id"]),
        region=frame.get("region"),
        created_at=frame.get("created_at"),
    )
    return without_price(lines, amount.isna(), "the API returns no size")
