"""Node pools of Kubernetes clusters, and the nodes that follow from them.

A pool creates and drains nodes until it has its count. From DigitalOcean's pages: a node whose droplet is deleted by hand is
replaced, a pool can be scaled to no node, and nodes of a deleted pool are drained. The pool is there until they are gone, as
Terraform's provider expects. That provider also changes a pool without its name or its count, and creates an autoscaled
one without a count.

Not documented, chosen here: a node drains for a minute, and its droplet is destroyed then. Deleting a node lowers the count
of its pool, unless it is replaced. A pool that cannot have its nodes, because of the account's limit of droplets, tries
again when a droplet is deleted. The last pool of a cluster cannot be deleted. New tags of a cluster or a pool are for new
nodes only. The sandbox runs no pods, so the CPU of the nodes decides about autoscaling, every ten minutes: with the rule of
droplet autoscale pools, and the cluster's ``scale_down_utilization_threshold`` (0.5 by default) as the target.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.responses import HTTPException, not_found, respond, unprocessable
from poseidon_nb.sandbox.services.autoscaling import mean_use, next_check, wanted_count
from poseidon_nb.sandbox.services.droplet_creation import create_for_service, destroy_when_idle
from poseidon_nb.sandbox.services.kubernetes_resources import (
    CLUSTERS,
    NODE_IMAGE,
    NODES,
    POOLS,
    RUNNING,
    own_tags,
    short_id,
)
from poseidon_nb.sandbox.services.tags import ensure_tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.store import StoredObject
    from poseidon_nb.sandbox.world import World

_DRAIN_S = 60.0
_LEAVING = ("draining", "deleting")
_CHECK_S = 600.0
_TARGET = 0.5


def node_template(cluster: StoredObject, size: str, tags: Iterable[str] = ()) -> dict[str, Any]:
    """Return the body with which the droplets of nodes are created."""
    return {
        "region": cluster["region"],
        "size": size,
        "image": NODE_IMAGE,
        "vpc_uuid": cluster["vpc_uuid"],
        "tags": [*tags],
        "monitoring": True,
        "public_networking": not cluster["isolated_workers"],
    }


def add_pool(world: World, cluster: StoredObject, values: dict[str, Any], at: float) -> StoredObject:
    """Add a pool with its nodes to a cluster, without checking it."""
    pool = POOLS.add(world, {**values, "cluster_id": cluster["id"]}, at, cluster["id"])
    _follow(world, at, POOLS.key_of(pool))
    return pool


def _follow(world: World, at: float, key: str) -> None:
    """Create or drain the nodes of a new or changed pool, and check it regularly if it is autoscaled."""
    _reconcile(world, at, key)
    pool = POOLS.store(world)[key]
    if pool["auto_scale"] and not pool.internal.get("checked"):
        POOLS.put(world, pool.with_internal(checked=True))
        world.schedule(at + _CHECK_S / world.speed, "kubernetes.autoscale", key)


def _reconcile(world: World, at: float, key: str) -> None:
    """Create or drain nodes until a pool has its count. A pool that is being deleted is gone with its last node."""
    pool = POOLS.store(world).get(key)
    if pool is None:
        return
    nodes = NODES.all(world, key)
    live = [node for node in nodes if node["status"]["state"] not in _LEAVING]
    deleting = pool.internal.get("deleting", False)
    wanted = 0 if deleting else pool["count"]
    if len(live) < wanted:
        _add_nodes(world, at, pool, wanted - len(live))
    for node in live[wanted:]:
        drain(world, node)
    if deleting and not nodes:
        POOLS.remove(world, pool, at)


def _add_nodes(world: World, at: float, pool: StoredObject, number: int) -> None:
    """Create nodes, as many as the limit of the account allows."""
    number = min(number, world.state.account["droplet_limit"] - len(world.droplets))
    cluster = CLUSTERS.store(world)[pool.internal["parent"]]
    first = world.next_number("kubernetes node names")
    names = [f"{pool['name']}-{short_id(world, pool['id'], first, one)}" for one in range(number)]
    template = node_template(cluster, pool["size"], dict.fromkeys([*pool["tags"], *cluster["tags"]]))
    try:
        ids = create_for_service(world, template, names)
    except HTTPException:
        return
    for name, id_ in zip(names, ids, strict=True):
        NODES.add(world, {"name": name, "droplet_id": str(id_)}, at, POOLS.key_of(pool))


def drain(world: World, node: StoredObject, *, skip: bool = False) -> None:
    """Drain a node and delete it with its droplet."""
    if node["status"]["state"] in _LEAVING:
        return
    if not skip:
        NODES.go_through(world, node, [("draining", _DRAIN_S), ("deleting", 0.0)])
        return
    NODES.go_through(world, node, [("deleting", 0.0)])
    _destroy_droplet(world, world.now(), NODES.key_of(node))


def replace(world: World, nodes: Iterable[StoredObject]) -> None:
    """Replace nodes by new ones."""
    keys: dict[str, None] = {}
    for node in nodes:
        drain(world, node)
        keys[node.internal["parent"]] = None
    for key in keys:
        _reconcile(world, world.now(), key)


def _destroy_droplet(world: World, at: float, key: str) -> None:
    node = NODES.store(world)[key]
    destroy_when_idle(world, at, int(node["droplet_id"]))


def _remove_node(world: World, at: float, droplet_id: int) -> None:
    """Remove the node whose droplet is gone, and let the pools have their nodes: a droplet less is in the limit."""
    for node in NODES.store(world).all():
        if node["droplet_id"] == str(droplet_id):
            NODES.remove(world, node, at)
    for key, _ in [*POOLS.store(world).items()]:
        _reconcile(world, at, key)


def _autoscale(world: World, at: float, key: str) -> None:
    """Scale a pool by the CPU of its nodes, and check it again later."""
    pool = POOLS.store(world).get(key)
    if pool is None or pool.internal.get("deleting") or not pool["auto_scale"]:
        if pool is not None:
            POOLS.put(world, pool.with_internal(checked=False), at)
        return
    settings = CLUSTERS.store(world)[pool.internal["parent"]].public.get("cluster_autoscaler_configuration", {})
    target = settings.get("scale_down_utilization_threshold") or _TARGET
    ids = [int(node["droplet_id"]) for node in NODES.all(world, key) if node["status"]["state"] == RUNNING]
    use = mean_use(world, ids, at)
    if use is not None:
        count = wanted_count(len(ids), [use[0] / target], pool["min_nodes"], pool["max_nodes"])
        POOLS.put(world, pool.with_public(count=count), at)
        _reconcile(world, at, key)
    world.schedule(next_check(world, at, _CHECK_S), "kubernetes.autoscale", key)


def _add(call: Call) -> HTTPResponse:
    pool = POOLS.create_from(call)
    _follow(call.world, call.world.now(), POOLS.key_of(pool))
    return respond(call, POOLS.shown(call, pool))


def _delete_pool(call: Call, pool: StoredObject) -> None:
    world, now = call.world, call.world.now()
    others = [one for one in POOLS.all(world, pool.internal["parent"]) if not one.internal.get("deleting")]
    if len(others) == 1 and others[0] is pool:
        raise unprocessable("The last node pool of a cluster cannot be deleted.")
    POOLS.put(world, pool.with_internal(deleting=True), now)
    _reconcile(world, now, POOLS.key_of(pool))


def _delete_node(call: Call, node: StoredObject) -> None:
    world, key = call.world, node.internal["parent"]
    replaced, skip = (call.query.get(name) in {"1", "true"} for name in ("replace", "skip_drain"))
    if node["status"]["state"] in _LEAVING:
        return
    if not replaced:
        pool = POOLS.store(world)[key]
        POOLS.put(world, pool.with_public(count=max(0, pool["count"] - 1)))
    drain(world, node, skip=skip)
    _reconcile(world, world.now(), key)


def _recycle(call: Call, pool: StoredObject) -> None:
    nodes = {node["id"]: node for node in NODES.all(call.world, POOLS.key_of(pool))}
    wanted = call.body.get("nodes") or [*nodes]
    if not {*wanted} <= nodes.keys():
        raise not_found()
    replace(call.world, [nodes[id_] for id_ in dict.fromkeys(wanted)])


def _remove_tag(world: World, _at: float, folded: str) -> None:
    """Remove a deleted tag from clusters and pools. Those that clusters always have come back, also on the droplets."""
    for kind in (CLUSTERS, POOLS):
        for one in kind.store(world).all():
            deleted = [tag for tag in one["tags"] if tag.lower() == folded]
            always = {"k8s:worker", *own_tags(one["id"] if kind is CLUSTERS else one.internal["parent"])}
            if deleted and deleted[0] not in always:
                kind.put(world, one.with_public(tags=[tag for tag in one["tags"] if tag not in deleted]))
            elif deleted:
                _tag_droplets(world, POOLS.key_of(one) if kind is POOLS else "", ensure_tag(world, deleted[0]))


def _tag_droplets(world: World, pool: str, tag: str) -> None:
    for node in NODES.all(world, pool):
        droplet = world.droplets[int(node["droplet_id"])]
        if tag not in droplet["tags"]:
            world.droplets.put(droplet["id"], droplet.with_public(tags=[*droplet["tags"], tag]))


OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    "kubernetes_list_nodePools": POOLS.list(),
    "kubernetes_add_nodePool": _add,
    "kubernetes_get_nodePool": POOLS.get(),
    "kubernetes_update_nodePool": POOLS.update(),
    "kubernetes_delete_nodePool": POOLS.on(_delete_pool),
    "kubernetes_delete_node": NODES.on(_delete_node),
    "kubernetes_recycle_node_pool": POOLS.on(_recycle),
}
EFFECTS: dict[str, Callable[..., None]] = {
    "droplet.deleted.kubernetes": _remove_node,
    "kubernetes.autoscale": _autoscale,
    "tag.deleted.kubernetes": _remove_tag,
    f"{POOLS.kind}.changed": _follow,
    f"{NODES.kind}.deleting": _destroy_droplet,
    # Of a whole cluster, too.
    f"{NODES.kind}.removed": _destroy_droplet,
}
