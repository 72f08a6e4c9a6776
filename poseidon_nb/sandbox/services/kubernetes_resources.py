"""Declarations of Kubernetes clusters, their node pools and nodes, and what can be chosen for them.

A node is a droplet of the account, with the tags ``k8s``, ``k8s:worker`` and ``k8s:CLUSTER``. From the specification: a
version may be a minor one or ``latest``, the high availability of a control plane cannot be disabled and is the default
from 1.36.0 on, and ``min_nodes`` and ``max_nodes`` are 0 without autoscaling. A version that is not offered answers 422
"validation error: invalid version slug" (digitalocean/terraform-provider-digitalocean#521), a name in use 422 "a cluster
with this name already exists", and a pool's name has at most 55 characters (digitalocean/csi-digitalocean#279).

Not documented, chosen here: the versions, which public repositories used in 2026, are always the same three, and a cluster
can be upgraded to the latest patch of its minor version or of the next one. All sizes with at least 2 GiB of memory and all
regions are offered. Nodes run the public Debian image, because the real one is not public. A cluster's endpoint is below a
domain that never exists, and its address is in a range that is never routed. VPCs have one subnet, with the VPC's own id.
A node is billed like any droplet, and only a highly available control plane costs more.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import prices
from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.data import load_data
from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.pricing import Price
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import not_found, unprocessable
from poseidon_nb.sandbox.services.droplet_creation import check_capacity
from poseidon_nb.sandbox.services.tags import ensure_tag, validate_tag
from poseidon_nb.sandbox.services.vpcs import ensure_default_vpc, requested_vpc
from poseidon_nb.sandbox.states import States
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.world import World

NODE_IMAGE = "debian-12-x64"
RUNNING, UPGRADING = "running", "upgrading"
#: Seconds at DigitalOcean. A node is there before its cluster, and a droplet before its node.
CLUSTER_S, NODE_S, UPGRADE_S = 300.0, 120.0, 420.0
_MIN_MEMORY_MIB = 2048
_CLUSTER_SUBNET, _SERVICE_SUBNET = "10.244.0.0/16", "10.245.0.0/16"
#: The first minor version with a highly available control plane by default.
_HA_SINCE = (1, 36)
_DURATION = "4h0m0s"
_DAYS = ("any", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_PLUGINS = (
    "routing_agent",
    "amd_gpu_device_plugin",
    "amd_gpu_device_metrics_exporter_plugin",
    "nvidia_gpu_device_plugin",
    "rdma_shared_dev_plugin",
    "coredns_autoscaler",
    "p2p_oci_registry_plugin",
)
#: Operations whose responses show the registries of a cluster.
_WITH_REGISTRIES = ("kubernetes_list_clusters", "kubernetes_get_cluster")


_ENABLED = Field("enabled", type="boolean", default=False)
CLUSTER_FIELDS = (
    Field("name", pattern=re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9.\-]{0,252}[a-zA-Z0-9])?"), rule="is not a valid name"),
    Field("region", fixed=True),
    Field("cluster_subnet", default=_CLUSTER_SUBNET, fixed=True),
    Field("service_subnet", default=_SERVICE_SUBNET, fixed=True),
    Field("vpc_uuid", fixed=True),
    Field("worker_subnet_uuid", fixed=True),
    Field("isolated_workers", default=False, fixed=True),
    Field("tags", default=[], items="string"),
    Field(
        "maintenance_policy",
        closed=True,
        default={"start_time": "00:00", "day": "any"},
        fields=(
            Field("start_time", type="string", default="00:00", pattern=re.compile(r"([01]\d|2[0-3]):[0-5]\d")),
            Field("day", type="string", default="any", choices=_DAYS),
        ),
    ),
    Field("auto_upgrade", default=False),
    Field("surge_upgrade", default=False),
    Field("ha"),
    Field(
        "control_plane_firewall",
        closed=True,
        default={"enabled": False, "allowed_addresses": []},
        fields=(_ENABLED, Field("allowed_addresses", type="array", items="string", default=[])),
    ),
    Field(
        "cluster_autoscaler_configuration",
        closed=True,
        fields=(
            Field("scale_down_utilization_threshold", type="number", minimum=0.0, maximum=1.0),
            Field("scale_down_unneeded_time", type="string"),
            Field("expanders", type="array", items="string"),
        ),
    ),
    Field(
        "sso",
        closed=True,
        fields=(
            _ENABLED,
            Field("required", type="boolean", default=False),
            Field("issuer_url", type="string"),
            Field("client_id", type="string"),
        ),
    ),
    *(Field(name, default={"enabled": False}, fields=(_ENABLED,), closed=True) for name in _PLUGINS),
)
POOL_FIELDS = (
    Field("name", type="string", required=True, pattern=re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9.\-]*[a-zA-Z0-9])?")),
    Field("size", type="string", required=True, fixed=True),
    Field("count", type="integer", minimum=0),
    Field("tags", type="array", items="string", default=[]),
    Field("labels", type="object"),
    Field(
        "taints",
        closed=True,
        type="array",
        default=[],
        fields=(
            Field("key", type="string", required=True, minimum=1),
            Field("value", type="string", default=""),
            Field("effect", type="string", required=True, choices=_EFFECTS),
        ),
    ),
    Field("auto_scale", type="boolean", default=False),
    Field("min_nodes", type="integer", minimum=0),
    Field("max_nodes", type="integer", minimum=0),
)


def versions() -> list[str]:
    """Return the slugs of the versions that are offered, newest first."""
    return [*load_data("kubernetes")["versions"]]


def version_object(slug: str) -> dict[str, Any]:
    """Return a version in the format of the API."""
    features = load_data("kubernetes")["features"]
    return {"slug": slug, "kubernetes_version": slug.partition("-")[0], "supported_features": [*features]}


def version_number(slug: str) -> tuple[int, ...]:
    """Return a version as numbers that can be compared."""
    return tuple(map(int, re.findall(r"\d+", slug)))


def find_version(wanted: str) -> str:
    """Return the slug of a version, of the latest patch of a minor one, or of ``latest``; or raise 422."""
    for slug in versions():
        if wanted in {slug, slug.partition("-")[0], ".".join(slug.split(".")[:2]), "latest"}:
            return slug
    raise unprocessable("validation error: invalid version slug")


def upgrades_of(cluster: StoredObject) -> list[str]:
    """Return the versions to which a cluster can be upgraded, oldest first."""
    present = version_number(cluster["version"])
    newer = [slug for slug in versions() if version_number(slug) > present]
    return [slug for slug in newer[::-1] if version_number(slug)[1] <= present[1] + 1]


def is_node_size(size: dict[str, Any]) -> bool:
    """Return whether nodes can have a size."""
    return bool(size["available"] and size["memory"] >= _MIN_MEMORY_MIB)


def own_tags(cluster_id: str) -> list[str]:
    """Return the tags that each cluster has."""
    return ["k8s", f"k8s:{cluster_id}"]


def read_tags(world: World, tags: Iterable[str], cluster_id: str, *more: str) -> list[str]:
    """Return the tags of a cluster or a pool, with those that it always has, in the account's spelling."""
    wanted = [*own_tags(cluster_id), *more, *(validate_tag(tag) for tag in tags)]
    return [ensure_tag(world, tag) for tag in dict.fromkeys(wanted)]


def _check_cluster(call: Call, values: dict[str, Any], present: StoredObject | None) -> None:
    world = call.world
    if any(one["name"] == values.get("name") and one is not present for one in CLUSTERS.all(world)):
        raise unprocessable("a cluster with this name already exists")
    for tag in values.get("tags", ()):
        validate_tag(tag)
    if "sso" in values:
        _check_sso(values["sso"])
    if "maintenance_policy" in values:
        values["maintenance_policy"]["duration"] = _DURATION
    if present is not None:
        if present["ha"] and values.get("ha") is False:
            raise unprocessable("ha cannot be disabled.")
        if values.get("ha"):
            values["ipv4"] = ""
        if "tags" in values:
            values["tags"] = read_tags(world, values["tags"], present["id"])
        return
    values["version"] = find_version(call.body["version"])
    values.setdefault("ha", version_number(values["version"])[:2] >= _HA_SINCE)
    _check_network(call, values)


def _check_sso(sso: dict[str, Any]) -> None:
    if sso["required"] and not sso["enabled"]:
        raise unprocessable("sso.required needs sso.enabled.")
    if sso["enabled"] and not (sso.get("issuer_url") and sso.get("client_id")):
        raise unprocessable("sso.issuer_url and sso.client_id are required.")


def _check_network(call: Call, values: dict[str, Any]) -> None:
    """Complete a new cluster with its VPC, after checking its networks."""
    world, wanted = call.world, values.get("vpc_uuid")
    if values.get("worker_subnet_uuid") and values["worker_subnet_uuid"] != wanted:
        raise unprocessable("worker_subnet_uuid must be a subnet of the VPC in vpc_uuid.")
    vpc = requested_vpc(call, wanted, values["region"], "validation error: invalid vpc_uuid")
    vpc = vpc or ensure_default_vpc(world, values["region"], world.now())
    gateways = world.store("vpc_nat_gateways").all()
    if values["isolated_workers"] and not any(vpc["id"] == one["vpc_uuid"] for gw in gateways for one in gw["vpcs"]):
        raise unprocessable("isolated_workers needs a NAT gateway in the VPC.")
    ranges = []
    for name in ("cluster_subnet", "service_subnet"):
        try:
            ranges.append(IPv4Network(values[name]))
        except ValueError:
            raise unprocessable(f"{name} is not an IP range. Use for example {_CLUSTER_SUBNET}.") from None
    ranges.append(IPv4Network(vpc["ip_range"]))
    if any(ranges[a].overlaps(ranges[b]) for a, b in ((0, 1), (0, 2), (1, 2))):
        raise unprocessable("cluster_subnet, service_subnet and the range of the VPC must not overlap.")
    values["vpc_uuid"] = values["worker_subnet_uuid"] = vpc["id"]


def _cluster_object(world: World, id_: str, values: dict[str, Any], at: float) -> StoredObject:
    public = {
        "id": id_,
        **values,
        "ipv4": "",
        "endpoint": "",
        "tags": read_tags(world, values.get("tags", ()), id_),
        "registry_enabled": False,
        "registries": [],
        # The message is gone once it runs.
        "status": {"state": RUNNING, "message": "provisioning"},
        "created_at": format_time(at),
        "updated_at": format_time(at),
    }
    return StoredObject(public, {"messages": [[at, "The cluster is being provisioned."]]})


def _show_cluster(call: Call, cluster: StoredObject) -> StoredObject:
    pools = [_show_pool(call, one).public for one in POOLS.all(call.world, cluster["id"])]
    shown = cluster.with_public(node_pools=pools)
    return shown if call.operation in _WITH_REGISTRIES else shown.without("registries")


def _cluster_price(_world: World, public: dict[str, Any]) -> Price | None:
    if not public["ha"]:
        return None
    description = f"{public['name']} (high availability control plane)"
    return Price("Kubernetes Clusters", "1-DO-K8S-HA", prices.CONTROL_PLANE.usd, description)


def _check_pool(call: Call, values: dict[str, Any], present: StoredObject | None) -> None:
    cluster = CLUSTERS.store(call.world).get(call.path_params["cluster_id"])
    if cluster is None:
        raise not_found()
    check_pool(call.world, cluster, values, present)
    wanted = values.get("count", 0) - (present["count"] if present is not None else 0)
    check_capacity(call.world, max(0, wanted))
    if present is None:
        values["cluster_id"] = cluster["id"]


def check_pool(world: World, cluster: StoredObject, values: dict[str, Any], present: StoredObject | None) -> None:
    """Raise 422 if the values do not fit each other or the cluster, and complete them."""
    name, most = values.get("name", ""), 55
    if len(name) > most:
        raise unprocessable(f"validation error: pool names cannot be greater than {most} characters")
    if any(one["name"] == name and one is not present for one in POOLS.all(world, str(cluster.public.get("id", "")))):
        raise unprocessable(f"validation error: a node pool named {name} already exists")
    if present is None:
        size = world.reference_data.sizes.get(values["size"])
        if size is None or not is_node_size(size) or cluster["region"] not in size["regions"]:
            raise unprocessable("validation error: invalid size")
    for label, text in (values.get("labels") or {}).items():
        if not isinstance(text, str):
            raise unprocessable(f"labels.{label} must be a string.")
    for tag in values.get("tags", ()):
        validate_tag(tag)
    if "tags" in values and present is not None:
        values["tags"] = read_tags(world, values["tags"], cluster["id"], "k8s:worker")
    merged = {**({} if present is None else present.public), **values}
    _check_count(values, merged)


def _check_count(values: dict[str, Any], merged: dict[str, Any]) -> None:
    if not merged["auto_scale"]:
        values["min_nodes"] = values["max_nodes"] = 0
        values["count"] = merged.get("count", 1)
        return
    low, high = merged.get("min_nodes", 0), merged.get("max_nodes", 0)
    if not 0 < high >= low:
        raise unprocessable("max_nodes must be at least 1 and at least min_nodes.")
    values.update(min_nodes=low, max_nodes=high, count=min(max(merged.get("count", low), low), high))


def _pool_object(world: World, id_: str, values: dict[str, Any], _at: float) -> StoredObject:
    rest = {**values}
    cluster_id = rest.pop("cluster_id")
    tags = read_tags(world, rest.get("tags", ()), cluster_id, "k8s:worker")
    return StoredObject({"id": id_, "labels": None, **rest, "tags": tags})


def _show_pool(call: Call, pool: StoredObject) -> StoredObject:
    return pool.with_public(nodes=[one.public for one in NODES.all(call.world, POOLS.key_of(pool))])


def _node_object(_world: World, id_: str, values: dict[str, Any], at: float) -> dict[str, Any]:
    return {
        "id": id_,
        "name": values["name"],
        "status": {"state": RUNNING},
        "droplet_id": values["droplet_id"],
        "created_at": format_time(at),
        "updated_at": format_time(at),
    }


def short_id(world: World, *parts: object) -> str:
    """Return the random end of a node's name."""
    return rng.digest(world.seed, *parts)[:5]


CLUSTERS = Resource(
    "kubernetes_clusters",
    fields=CLUSTER_FIELDS,
    build=_cluster_object,
    check=_check_cluster,
    show=_show_cluster,
    states=States(first=(("provisioning", CLUSTER_S),), ready=RUNNING, field="status.state"),
    price=_cluster_price,
    updated_field="updated_at",
    label="cluster",
)
POOLS = Resource(
    "kubernetes_clusters.node_pools",
    fields=POOL_FIELDS,
    parent=CLUSTERS,
    build=_pool_object,
    check=_check_pool,
    show=_show_pool,
    label="node pool",
)
NODES = Resource(
    "kubernetes_clusters.node_pools.nodes",
    parent=POOLS,
    build=_node_object,
    states=States(first=(("provisioning", NODE_S),), ready=RUNNING, field="status.state"),
    updated_field="updated_at",
    label="node",
)
