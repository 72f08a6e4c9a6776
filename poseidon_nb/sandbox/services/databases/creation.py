"""New clusters and read-only nodes: made from nothing, from a backup, and by promoting a read-only node.

From the specification: a cluster made from a backup is ``forking`` first, and a read-only node needs a size at least as
large as the cluster's. A promoted read-only node is a cluster of its own, with its id and the users and databases that it
had (DigitalOcean's documentation). A new read-only node is listed at once; the service has answered 404 for some minutes
(api-v2#200).

Not documented, chosen here: a backup is found by the name of its cluster and its time; without a time the last one counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.fields import Field, read_fields
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import no_content, respond, unprocessable
from poseidon_nb.sandbox.services.databases import accounts, clusters, engines
from poseidon_nb.sandbox.services.databases.clusters import CLUSTERS
from poseidon_nb.sandbox.services.databases.indexes import add_indexes
from poseidon_nb.sandbox.services.databases.settings import (
    AUTOSCALE,
    DO_SETTINGS,
    check_cnames,
    read_rules,
    with_rules,
)
from poseidon_nb.sandbox.services.tags import ensure_tag
from poseidon_nb.sandbox.services.vpcs import ensure_default_vpc
from poseidon_nb.sandbox.states import States
from poseidon_nb.sandbox.timestamps import format_time, parse_time

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.store import StoredObject
    from poseidon_nb.sandbox.world import World

_REPLICA_S = 240.0
_FIELDS = (
    Field("name"),
    Field("engine", choices=tuple(engines.ENGINES)),
    *(Field(name) for name in ("version", "num_nodes", "size", "region", "private_network_uuid", "project_id")),
    Field("storage_size_mib", minimum=0),
    AUTOSCALE,
    DO_SETTINGS,
    Field(
        "backup_restore",
        fields=(
            Field("database_name", type="string", required=True),
            Field("backup_created_at", type="string"),
        ),
    ),
)


def _create_cluster(call: Call) -> HTTPResponse:
    world, values = call.world, read_fields(_FIELDS, call.body)
    engine, size = values["engine"], values["size"]
    clusters.check_name(world, values["name"])
    offered = engines.options()[engine]
    values["version"] = values.get("version") or offered.get("default_version", offered["versions"][-1])
    engines.offered_version(engine, values["version"])
    clusters.check_size(engine, values["num_nodes"], size)
    clusters.check_region(world, engine, values["region"])
    if values.get("storage_size_mib"):
        clusters.check_storage(size, values["storage_size_mib"])
    clusters.check_place(call, values)
    check_cnames(values.get("do_settings", {}))
    values["rules"] = read_rules(call)
    source = _source_of_backup(world, values)
    cluster = add_cluster(world, values, world.now(), source="" if source is None else source["id"])
    shown = CLUSTERS.shown(call, cluster)
    if engine == "mongodb":
        user = accounts.USERS.store(world)[f"{cluster['id']}/{engines.ENGINES[engine].user}"]
        login = {"user": user["name"], "password": user.internal["password"]}
        shown = shown.with_public(**engines.connections(world, engine, cluster["name"], **login))
    return respond(call, shown)


def _source_of_backup(world: World, values: dict[str, Any]) -> StoredObject | None:
    wanted = values.get("backup_restore")
    if wanted is None:
        return None
    source = next((one for one in CLUSTERS.all(world) if one["name"] == wanted["database_name"]), None)
    if source is None:
        raise unprocessable(f"The database cluster {wanted['database_name']} was not found.")
    engines.require(source, "backups")
    if source["engine"] != values["engine"]:
        raise unprocessable(f"The backups of {source['name']} are of {source['engine']}.")
    times = [parse_time(one["created_at"]) for one in clusters.backups_of(world, source)]
    if not times or _parse_time(wanted.get("backup_created_at"), times[-1]) not in times:
        raise unprocessable(f"{source['name']} has no backup of this time.")
    return source


def _parse_time(text: str | None, default: int) -> int | None:
    try:
        return parse_time(text) if text else default
    except ValueError:
        return None


def add_cluster(
    world: World, values: dict[str, Any], at: float, *, source: str = "", settled: bool = False
) -> StoredObject:
    """Add a cluster with its users and databases, without checking it.

    Parameters
    ----------
    world : World
        The account.
    values : dict
        The fields of a body that creates one, with its version.
    at : float
        When it is created, in Unix seconds.
    source : str
        The id of the cluster that it is a copy of, if any.
    settled : bool
        Whether it is online at once.
    """
    cluster = CLUSTERS.add(world, values, at, settled=settled)
    cluster = CLUSTERS.put(world, with_rules(world, cluster, values.get("rules", []), at), at)
    accounts.populate(world, cluster, at, source)
    add_indexes(world, cluster, at)
    if source and not settled:
        cluster = CLUSTERS.go_through(world, cluster, [("forking", clusters.FORKING_S), ("online", 0.0)])
    return cluster


def _check_replica(call: Call, values: dict[str, Any], _present: StoredObject | None) -> None:
    cluster = CLUSTERS.find(call)
    engines.require(cluster, "read-only nodes")
    clusters.require_online(cluster)
    clusters.check_name(call.world, values["name"])
    values["region"] = values.get("region") or cluster["region"]
    engine, size = cluster["engine"], values["size"]
    clusters.check_size(engine, 1, size)
    if engines.memory_gib(size) < engines.memory_gib(cluster["size"]):
        raise unprocessable(f"invalid size: a read-only node needs at least the cluster's size {cluster['size']}")
    clusters.check_region(call.world, engine, values["region"])
    least = max(cluster["storage_size_mib"], engines.included_storage_mib(size))
    values["storage_size_mib"] = values.get("storage_size_mib") or least
    clusters.check_storage(size, values["storage_size_mib"], least)
    clusters.check_place(call, values)
    check_cnames(values.get("do_settings", {}))


def _new_replica(world: World, name: str, values: dict[str, Any], at: float) -> dict[str, Any]:
    id_ = rng.uuid(world.seed, "database replica", name, world.next_number("database replica ids"))
    region = values["region"]
    return {
        "id": id_,
        **{field: values[field] for field in ("name", "region", "size")},
        "status": "online",
        "tags": [*dict.fromkeys(ensure_tag(world, tag) for tag in values["tags"])],
        "created_at": format_time(at),
        "private_network_uuid": values.get("private_network_uuid") or ensure_default_vpc(world, region, at)["id"],
        "storage_size_mib": values["storage_size_mib"],
        "do_settings": values.get("do_settings", {"service_cnames": []}),
    }


def _show_replica(call: Call, replica: StoredObject) -> StoredObject:
    world = call.world
    cluster = CLUSTERS.store(world)[replica.internal["parent"]]
    user = accounts.USERS.store(world)[f"{cluster['id']}/{engines.ENGINES[cluster['engine']].user}"]
    login = {"user": user["name"], "password": user["password"]}
    return replica.with_public(**engines.connections(world, cluster["engine"], replica["name"], **login))


REPLICAS = Resource(
    "databases.replicas",
    fields=(
        *(Field(name) for name in ("name", "region", "size", "private_network_uuid")),
        Field("storage_size_mib", minimum=0),
        DO_SETTINGS,
    ),
    parent=CLUSTERS,
    id_field="name",
    build=_new_replica,
    check=_check_replica,
    show=_show_replica,
    states=States(first=(("creating", _REPLICA_S),), ready="online"),
    price=clusters.node_price,
    label="read-only node",
)


def _promote(call: Call, replica: StoredObject) -> HTTPResponse:
    world, parent = call.world, CLUSTERS.find(call)
    clusters.require_online(replica)
    kept = ("id", "name", "size", "region", "private_network_uuid", "storage_size_mib", "do_settings", "tags")
    values = {name: replica[name] for name in kept}
    values |= {"engine": parent["engine"], "version": parent["version"], "num_nodes": 1}
    REPLICAS.remove(world, replica)
    cluster = add_cluster(world, values, world.now(), source=parent["id"], settled=True)
    CLUSTERS.put(world, clusters.log(cluster, "cluster_master_promotion", world.now()))
    return no_content()


def _remove_tag(world: World, _at: float, folded: str) -> None:
    for replica in REPLICAS.store(world).all():
        rest = [tag for tag in replica["tags"] if tag.lower() != folded]
        if len(rest) < len(replica["tags"]):
            REPLICAS.change(world, replica, tags=rest)


OPERATIONS = {
    "databases_create_cluster": _create_cluster,
    "databases_list_replicas": REPLICAS.list(),
    "databases_create_replica": REPLICAS.create(),
    "databases_get_replica": REPLICAS.get(),
    "databases_destroy_replica": REPLICAS.delete(),
    "databases_promote_replica": REPLICAS.on(_promote),
}
EFFECTS = {"tag.deleted.database_replicas": _remove_tag}
