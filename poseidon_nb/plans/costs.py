"""What a request adds a month, as far as the API or `catalogue.prices` has prices. Pure.

A Kubernetes node costs what a droplet of its size does. The API has no prices of database clusters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import prices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    #: The price of a droplet's size; None if it is not sold.
    PriceOf = Callable[[str], float | None]

#: Types of actions after which more is billed; tuples are compared, so that a body of any shape can be asked.
_BILLED_ACTIONS = ("resize", "snapshot", "enable_backups")


def price_in(sizes: Mapping[str, Mapping[str, Any]], size: str) -> float | None:
    """Return what a size costs a month, in USD, by the sizes on sale; None when it is not among them."""
    price = sizes.get(size, {}).get("price_monthly")
    return None if price is None else float(price)


def added_usd_month(
    operation_id: str, body: object, price_of: PriceOf, *, volume: Mapping[str, Any] | None = None
) -> float | None:
    """Return what a request adds a month; None where its price is unknown.

    Parameters
    ----------
    operation_id : str
    body : object
        The request's body.
    price_of : callable
        Returns the price of a droplet's size.
    volume : mapping, optional
        The volume that is resized or saved, as it is now.
    """
    fields: Mapping[str, Any] = body if isinstance(body, dict) else {}
    size = (volume or {}).get("size_gigabytes")
    if operation_id == "volumeSnapshots_create":
        # Only what is written is billed; the API does not show beforehand how much that is.
        return None if size is None else float(size) * prices.SNAPSHOT_GB.usd
    if operation_id == "volumeActions_post_byId":
        if fields.get("type") != "resize":
            return 0.0
        price = usd_month(operation_id, fields, price_of)
        return None if price is None else price - float(size or 0) * prices.VOLUME_GIB.usd
    if operation_id == "dropletActions_post_byTag":
        # How many droplets have the tag, and of which sizes, is not known.
        return None if fields.get("type") in _BILLED_ACTIONS else 0.0
    if operation_id in _ESTIMATES:
        return usd_month(operation_id, fields, price_of)
    return None if operation_id in _UNTOLD else 0.0


def may_cost(operation_id: str, body: object = None) -> bool:
    """Return whether what an operation makes is billed, as far as is known."""
    if operation_id in {"dropletActions_post", "dropletActions_post_byTag", "volumeActions_post_byId"}:
        return isinstance(body, dict) and body.get("type") in _BILLED_ACTIONS
    return operation_id in {*_ESTIMATES, *_UNTOLD, "volumeSnapshots_create"}


def usd_month(operation_id: str, body: Mapping[str, Any], price_of: PriceOf) -> float | None:
    """Return what a request would cost a month; None where its price is unknown.

    Parameters
    ----------
    operation_id : str
    body : mapping
        The request's body.
    price_of : callable
        Returns the price of a droplet's size.
    """
    estimate = _ESTIMATES.get(operation_id)
    try:
        return estimate(body, price_of) if estimate is not None else None
    except (TypeError, ValueError, AttributeError, KeyError):
        # The body is not what it should be, and the API will say so.
        return None


def _droplets(body: Mapping[str, Any], price_of: PriceOf) -> float | None:
    price = price_of(str(body["size"]))
    if price is None:
        return None
    if body.get("backups"):
        price += prices.backups_usd(price, (body.get("backup_policy") or {}).get("plan"))
    return price * len(body.get("names") or [""])


def _volume(body: Mapping[str, Any], _: PriceOf) -> float | None:
    return float(body["size_gigabytes"]) * prices.VOLUME_GIB.usd


def _load_balancer(body: Mapping[str, Any], _: PriceOf) -> float | None:
    return prices.load_balancer_nodes(body.get("size_unit"), body.get("size")) * prices.LOAD_BALANCER_NODE.usd


def _pool(pool: Mapping[str, Any], price_of: PriceOf) -> float | None:
    price = price_of(str(pool["size"]))
    return None if price is None else price * int(pool.get("max_nodes") or pool.get("count") or 1)


def _cluster(body: Mapping[str, Any], price_of: PriceOf) -> float | None:
    pools = [_pool(pool, price_of) for pool in body["node_pools"]]
    plane = prices.CONTROL_PLANE.usd if body.get("ha") else 0.0
    return None if None in pools else plane + sum(price or 0.0 for price in pools)


def _autoscale(body: Mapping[str, Any], price_of: PriceOf) -> float | None:
    config = body["config"]
    most = config.get("max_instances") or config.get("target_number_instances") or 1
    price = price_of(str(body["droplet_template"]["size"]))
    return None if price is None else price * int(most)


#: What costs, at prices that the API does not tell.
_UNTOLD = frozenset(
    {
        *("databases_create_cluster", "databases_create_replica", "databases_update_clusterSize"),
        *("kubernetes_update_nodePool", "apps_create", "nfs_create", "vpcnatgateways_create"),
        *("partnerAttachments_create", "dedicatedInferences_create", "vectorDatabases_create"),
        "vectorDatabases_post_resize",
    }
)
_ESTIMATES: Mapping[str, Callable[[Mapping[str, Any], PriceOf], float | None]] = {
    "droplets_create": _droplets,
    "volumes_create": _volume,
    "volumeActions_post_byId": _volume,
    "loadBalancers_create": _load_balancer,
    "loadBalancers_update": _load_balancer,
    "kubernetes_create_cluster": _cluster,
    "kubernetes_add_nodePool": _pool,
    "autoscalepools_create": _autoscale,
    "autoscalepools_update": _autoscale,
}
