"""The monthly cost of a request, as far as the API or `catalogue.prices` has prices. Pure.

A Kubernetes node costs what a droplet of its size costs. The API has no prices of database clusters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import prices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Row = Mapping[str, Any]
    #: Returns the monthly price of a droplet size, or None if the size is not available.
    PriceOf = Callable[[str], float | None]

#: Types of actions that raise the bill. A tuple compares by ``==``, so the type in a body need not be hashable.
_BILLED_ACTIONS = ("resize", "snapshot", "enable_backups")


def size_usd_month(sizes: Mapping[str, Row], size: str) -> float | None:
    """Return the monthly price of a size in USD, or None if it is not among the available sizes."""
    price = sizes.get(size, {}).get("price_monthly")
    return None if price is None else float(price)


def action_usd_month(row: Row, action_type: str, parameters: Row, sizes: Mapping[str, Row]) -> float | None:
    """Return what an action on a droplet adds per month in USD, or None if that is unknown."""
    price = (row.get("size") or {}).get("price_monthly")
    match action_type:
        case "resize":
            after = size_usd_month(sizes, str(parameters.get("size")))
            return None if price is None or after is None else after - float(price)
        case "snapshot":
            # The data written is billed, which is at most the size of the disk.
            return float(row.get("disk") or 0) * prices.SNAPSHOT_GB.usd
        case "enable_backups":
            plan = (parameters.get("backup_policy") or {}).get("plan")
            return None if price is None else prices.backups_usd(float(price), plan)
        case "disable_backups":
            # A droplet does not show its backup plan; weekly is the cheapest.
            return None if price is None else -prices.backups_usd(float(price), "weekly")
    return 0.0


def added_usd_month(operation_id: str, body: object, price_of: PriceOf, *, volume: Row | None = None) -> float | None:
    """Return what a request adds per month in USD, or None if its price is unknown.

    Parameters
    ----------
    operation_id : str
    body : object
        The request's body.
    price_of : callable
        Returns the price of a droplet size.
    volume : mapping, optional
        The current state of the volume that is resized or snapshotted.
    """
    fields: Row = body if isinstance(body, dict) else {}
    size = (volume or {}).get("size_gigabytes")
    if operation_id == "volumeSnapshots_create":
        # Only the data written is billed, and the API does not show its amount beforehand.
        return None if size is None else float(size) * prices.SNAPSHOT_GB.usd
    if operation_id == "volumeActions_post_byId":
        if fields.get("type") != "resize":
            return 0.0
        price = usd_month(operation_id, fields, price_of)
        return None if price is None else price - float(size or 0) * prices.VOLUME_GIB.usd
    if operation_id == "dropletActions_post_byTag":
        # The number and sizes of the droplets with the tag are unknown.
        return None if fields.get("type") in _BILLED_ACTIONS else 0.0
    if operation_id in _ESTIMATES:
        return usd_month(operation_id, fields, price_of)
    return None if operation_id in _UNPRICED else 0.0


def may_cost(operation_id: str, body: object = None) -> bool:
    """Return whether an operation may raise the bill."""
    if operation_id in {"dropletActions_post", "dropletActions_post_byTag", "volumeActions_post_byId"}:
        return isinstance(body, dict) and body.get("type") in _BILLED_ACTIONS
    return operation_id in {*_ESTIMATES, *_UNPRICED, "volumeSnapshots_create"}


def usd_month(operation_id: str, body: Row, price_of: PriceOf) -> float | None:
    """Return the total monthly cost of what a request creates in USD, or None if its price is unknown."""
    estimate = _ESTIMATES.get(operation_id)
    try:
        return estimate(body, price_of) if estimate is not None else None
    except (TypeError, ValueError, AttributeError, KeyError):
        # The body is malformed, and the API reports it.
        return None


def _droplets(body: Row, price_of: PriceOf) -> float | None:
    price = price_of(str(body["size"]))
    if price is None:
        return None
    if body.get("backups"):
        price += prices.backups_usd(price, (body.get("backup_policy") or {}).get("plan"))
    return price * len(body.get("names") or [""])


def _volume(body: Row, _: PriceOf) -> float | None:
    return float(body["size_gigabytes"]) * prices.VOLUME_GIB.usd


def _load_balancer(body: Row, _: PriceOf) -> float | None:
    return prices.load_balancer_nodes(body.get("size_unit"), body.get("size")) * prices.LOAD_BALANCER_NODE.usd


def _node_pool(pool: Row, price_of: PriceOf) -> float | None:
    price = price_of(str(pool["size"]))
    return None if price is None else price * int(pool.get("max_nodes") or pool.get("count") or 1)


def _cluster(body: Row, price_of: PriceOf) -> float | None:
    pools = [_node_pool(pool, price_of) for pool in body["node_pools"]]
    control_plane = prices.CONTROL_PLANE.usd if body.get("ha") else 0.0
    return None if None in pools else control_plane + sum(price or 0.0 for price in pools)


def _autoscale_pool(body: Row, price_of: PriceOf) -> float | None:
    config = body["config"]
    max_instances = config.get("max_instances") or config.get("target_number_instances") or 1
    price = price_of(str(body["droplet_template"]["size"]))
    return None if price is None else price * int(max_instances)


#: Operations that cost money at prices that the API does not have.
_UNPRICED = frozenset(
    {
        *("databases_create_cluster", "databases_create_replica", "databases_update_clusterSize"),
        *("kubernetes_update_nodePool", "apps_create", "nfs_create", "vpcnatgateways_create"),
        *("partnerAttachments_create", "dedicatedInferences_create", "vectorDatabases_create"),
        "vectorDatabases_post_resize",
    }
)
_ESTIMATES: Mapping[str, Callable[[Row, PriceOf], float | None]] = {
    "droplets_create": _droplets,
    "volumes_create": _volume,
    "volumeActions_post_byId": _volume,
    "loadBalancers_create": _load_balancer,
    "loadBalancers_update": _load_balancer,
    "kubernetes_create_cluster": _cluster,
    "kubernetes_add_nodePool": _node_pool,
    "autoscalepools_create": _autoscale_pool,
    "autoscalepools_update": _autoscale_pool,
}
