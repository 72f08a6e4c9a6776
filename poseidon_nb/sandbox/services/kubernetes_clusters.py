"""Kubernetes clusters: create, change, upgrade and delete them, alone or with their associated resources.

From the specification: a cluster is ``provisioning`` first, and has its endpoint when it is ``running``; its address stays
empty with a highly available control plane. From DigitalOcean's tests of pydo and of Terraform's provider: a deleted cluster
is not found at once, an unknown associated resource answers 422, and a PUT without a name changes the rest.

Not documented, chosen here: the seconds in each state. Fields that a PUT lacks stay. The droplets of a deleted cluster are
destroyed as soon as they are not busy. Associated are load balancers and volumes that have the tag ``k8s:CLUSTER`` or the
droplets of the cluster's nodes, and the snapshots of those volumes. An upgrade replaces all nodes, the new ones first. A
cluster with ``auto_upgrade`` is not upgraded by itself, because there are never new versions.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import objects, rng
from poseidon_nb.sandbox.fields import Field, read_fields
from poseidon_nb.sandbox.history import remove_billed
from poseidon_nb.sandbox.responses import respond, unprocessable
from poseidon_nb.sandbox.services.droplet_creation import check_capacity
from poseidon_nb.sandbox.services.droplets import droplets_with_tag
from poseidon_nb.sandbox.services.kubernetes_nodes import add_pool, replace
from poseidon_nb.sandbox.services.kubernetes_resources import (
    CLUSTERS,
    NODES,
    POOL_FIELDS,
    RUNNING,
    UPGRADE_S,
    UPGRADING,
    check_pool,
    is_node_size,
    own_tags,
    upgrades_of,
    version_object,
    versions,
)
from poseidon_nb.sandbox.services.load_balancers import remove_balancer
from poseidon_nb.sandbox.services.projects import remove_from_projects
from poseidon_nb.sandbox.services.snapshots import remove_volume_snapshot
from poseidon_nb.sandbox.services.volumes import detach_volume
from poseidon_nb.sandbox.store import StoredObject

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

    Associated = dict[str, list[StoredObject]]

_NODE_POOLS = (Field("node_pools", minimum=1, fields=POOL_FIELDS, closed=True),)


def _create(call: Call) -> HTTPResponse:
    world, region = call.world, call.body["region"]
    objects.require_region(world, region, "validation error: invalid region")
    pools = read_fields(_NODE_POOLS, call.body)["node_pools"]
    for values in pools:
        check_pool(world, StoredObject({"region": region}), values, None)
    if len({values["name"] for values in pools}) < len(pools):
        raise unprocessable("validation error: node pools must have different names")
    count = sum(values["count"] for values in pools)
    if not count:
        raise unprocessable("validation error: a cluster needs at least one node")
    check_capacity(world, count)
    cluster = CLUSTERS.create_from(call)
    for values in pools:
        add_pool(world, cluster, values, world.now())
    return respond(call, CLUSTERS.shown(call, cluster))


def add_message(cluster: StoredObject, at: float, text: str) -> StoredObject:
    """Return a cluster with a further status message."""
    return cluster.with_internal(messages=[*cluster.internal["messages"], [at, text]])


def _begin_running(world: World, at: float, id_: str) -> None:
    """Show the endpoint of a cluster, or the version to which it was upgraded."""
    cluster = CLUSTERS.store(world)[id_]
    changes: dict[str, Any] = {"status": {"state": RUNNING}, "endpoint": endpoint_of(id_)}
    if not cluster["ha"]:
        network = IPv4Network(objects.CONTROL_PLANE_RANGE)
        changes["ipv4"] = str(network[rng.randint(1, 254, world.seed, "control plane", id_)])
    if "upgrade" in cluster.internal:
        changes["version"] = cluster.internal["upgrade"]
    cluster = add_message(cluster, at, f"The cluster is running {changes.get('version', cluster['version'])}.")
    rest = {name: value for name, value in cluster.internal.items() if name != "upgrade"}
    CLUSTERS.put(world, StoredObject({**cluster.public, **changes}, rest), at)


def endpoint_of(cluster_id: str) -> str:
    """Return the address of a cluster's API server. Names below ``invalid`` never exist (RFC 2606)."""
    return f"https://{cluster_id}.k8s.ondigitalocean.invalid"


def _remove(world: World, _at: float, id_: str) -> None:
    remove_from_projects(world, f"do:kubernetes:{id_}")


def _upgrade(call: Call, cluster: StoredObject) -> None:
    world, wanted = call.world, call.body.get("version")
    if not wanted:
        raise unprocessable("version is required.")
    if wanted not in upgrades_of(cluster):
        raise unprocessable("validation error: invalid version slug")
    cluster = add_message(cluster, world.now(), f"The cluster is being upgraded to {wanted}.")
    CLUSTERS.go_through(world, cluster.with_internal(upgrade=wanted), [(UPGRADING, UPGRADE_S), (RUNNING, 0.0)])
    replace(world, _nodes(world, cluster["id"]))


def _nodes(world: World, cluster_id: str) -> list[StoredObject]:
    return [node for node in NODES.store(world).all() if node.internal["parent"].startswith(f"{cluster_id}/")]


def _list_upgrades(_call: Call, cluster: StoredObject) -> dict[str, Any]:
    found = [version_object(slug) for slug in upgrades_of(cluster)]
    return {"available_upgrade_versions": found or None}


def _list_options(call: Call) -> HTTPResponse:
    data = call.world.reference_data
    options = {
        "regions": [{"name": one["name"], "slug": slug} for slug, one in data.regions.items() if one["available"]],
        "versions": [version_object(slug) for slug in versions()],
        "sizes": [{"name": slug, "slug": slug} for slug, size in data.sizes.items() if is_node_size(size)],
    }
    return respond(call, {"options": options})


def _associated(world: World, cluster: StoredObject) -> Associated:
    tag = own_tags(cluster["id"])[1]
    droplets = {int(node["droplet_id"]) for node in _nodes(world, cluster["id"])}
    droplets |= {droplet["id"] for droplet in droplets_with_tag(world, tag)}
    balancers = [one for one in world.load_balancers.all() if one["tag"] == tag or droplets & {*one["droplet_ids"]}]
    volumes = [one for one in world.volumes.all() if tag in one["tags"] or droplets & {*one["droplet_ids"]}]
    ids = {one["id"] for one in volumes}
    snapshots = [one for one in world.volume_snapshots.all() if tag in one["tags"] or one["resource_id"] in ids]
    return {"load_balancers": balancers, "volumes": volumes, "volume_snapshots": snapshots}


def _list_associated(call: Call, cluster: StoredObject) -> dict[str, Any]:
    found = _associated(call.world, cluster)
    return {kind: [{"id": one["id"], "name": one["name"]} for one in things] for kind, things in found.items()}


def _delete_with_all(call: Call, cluster: StoredObject) -> None:
    _delete_with(call.world, cluster, _associated(call.world, cluster))


def _delete_with_selected(call: Call, cluster: StoredObject) -> None:
    selected: Associated = {}
    for kind, things in _associated(call.world, cluster).items():
        known = {one["id"]: one for one in things}
        wanted = [*dict.fromkeys(call.body.get(kind) or ())]
        for id_ in wanted:
            if id_ not in known:
                raise unprocessable(f"{id_} in {kind} is not associated with this cluster.")
        selected[kind] = [known[id_] for id_ in wanted]
    _delete_with(call.world, cluster, selected)


def _delete_with(world: World, cluster: StoredObject, selected: Associated) -> None:
    for balancer in selected["load_balancers"]:
        remove_balancer(world, balancer["id"])
    for volume in selected["volumes"]:
        detach_volume(world, volume["id"])
        remove_billed(world, "volumes", volume["id"])
    for snapshot in selected["volume_snapshots"]:
        remove_volume_snapshot(world, snapshot)
    CLUSTERS.remove(world, cluster)


OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    "kubernetes_list_clusters": CLUSTERS.list(),
    "kubernetes_create_cluster": _create,
    "kubernetes_get_cluster": CLUSTERS.get(),
    "kubernetes_update_cluster": CLUSTERS.update(),
    "kubernetes_delete_cluster": CLUSTERS.delete(),
    "kubernetes_list_associatedResources": CLUSTERS.on(_list_associated),
    "kubernetes_destroy_associatedResourcesSelective": CLUSTERS.on(_delete_with_selected),
    "kubernetes_destroy_associatedResourcesDangerous": CLUSTERS.on(_delete_with_all),
    "kubernetes_get_availableUpgrades": CLUSTERS.on(_list_upgrades),
    "kubernetes_upgrade_cluster": CLUSTERS.on(_upgrade, state=RUNNING),
    "kubernetes_list_options": _list_options,
}
EFFECTS: dict[str, Callable[..., None]] = {
    f"{CLUSTERS.kind}.{RUNNING}": _begin_running,
    f"{CLUSTERS.kind}.removed": _remove,
}
