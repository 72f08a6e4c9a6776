"""Clusters: what they look like, their states and price, and the operations that change them as a whole.

From the specification: a fork or a cluster from a backup is ``forking``, later ``online``; a resize and a move to another
region change the cluster when they end. From DigitalOcean's documentation: nodes and storage do not shrink. Quoted in
issues of clients: the texts for an invalid version, an invalid number of nodes and a name in use
(terraform-provider-digitalocean#1128, do-operator#3, treetracker-infrastructure#122), and that names have no underscores
(api-v2#194). A new major version shows at once, as Terraform's provider reads it without waiting.

Not documented, chosen here: how long a state lasts. What needs an ``online`` cluster answers 412 otherwise, the status that
Terraform's provider retries (terraform-provider-digitalocean#907). An update is published 30 days after the last one and
installed in the next maintenance window. A cluster has at most 30 TiB of storage. The account's limit of ten clusters is not
enforced.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import prices
from poseidon_nb.sandbox import objects, rng
from poseidon_nb.sandbox.data import load_data
from poseidon_nb.sandbox.pricing import Price
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import HTTPException, respond, unprocessable
from poseidon_nb.sandbox.services.databases import engines
from poseidon_nb.sandbox.services.projects import requested_project
from poseidon_nb.sandbox.services.tags import ensure_tags, requested_tags
from poseidon_nb.sandbox.services.vpcs import ensure_default_vpc, requested_vpc
from poseidon_nb.sandbox.states import States
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import DAY_S, HOUR_S, format_time, parse_time

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

NAME = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
_CREATING_S, FORKING_S, _RESIZING_S, _MIGRATING_S = 240.0, 300.0, 300.0, 400.0
_UPDATE_EVERY_S = 30 * DAY_S
_WEEK_S = 7 * DAY_S
_MAX_STORAGE_MIB = 30 * 1024 * 1024
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: The weekday of the first day of Unix time, as an index.
_FIRST_WEEKDAY = 3
_HOUR = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(:[0-5][0-9])?")
_METRICS_PORT = 9273
_DASHBOARD_PORT, _REGISTRY_PORT = 25060, 25076


def node_price(world: World, public: dict[str, Any]) -> Price:
    """Return the price of a cluster, or of a read-only node, which has one node."""
    del world
    nodes, size = public.get("num_nodes", 1), public["size"]
    added_gib = (public["storage_size_mib"] - engines.included_storage_mib(size)) / 1024
    usd = prices.database_node_usd(size, public["storage_size_mib"] / 1024) or 0.0
    text = f"{public['name']} ({nodes} x {size}{f', +{added_gib:g} GiB' if added_gib else ''})"
    return Price("Managed Databases", f"1-DO-DBAAS-{size}", nodes * usd, text)


def _new_cluster(world: World, id_: str, values: dict[str, Any], at: float) -> StoredObject:
    engine, version, region = values["engine"], values["version"], values["region"]
    public = {
        "id": id_,
        **{name: values[name] for name in ("name", "engine", "version")},
        "semantic_version": engines.semantic_version(engine, version),
        **{name: values[name] for name in ("num_nodes", "size", "region")},
        "status": "online",
        "created_at": format_time(at),
        "private_network_uuid": values.get("private_network_uuid") or ensure_default_vpc(world, region, at)["id"],
        "tags": ensure_tags(world, values.get("tags", ()), "database", id_),
        "project_id": values.get("project_id") or objects.default_project_id(world),
        "storage_size_mib": values.get("storage_size_mib") or engines.included_storage_mib(values["size"]),
        "do_settings": values.get("do_settings", {"service_cnames": []}),
    }
    window = {
        "day": _DAYS[rng.randint(0, 6, world.seed, id_, "day")],
        "hour": f"{rng.randint(0, 23, world.seed, id_, 'hour'):02}:00:00",
    }
    internal = {"autoscale": values.get("autoscale", {}), "config": {}, "window": window, "installed": at}
    return log(StoredObject(public, internal), "cluster_create", at)


def log(cluster: StoredObject, type_: str, at: float) -> StoredObject:
    """Return a cluster whose log has another event."""
    return cluster.with_internal(events=[*cluster.internal.get("events", []), [type_, at]])


def children(world: World, kind: str, id_: str) -> list[StoredObject]:
    """Return the children of a cluster."""
    return [one for one in world.store(f"databases.{kind}").all() if one.internal["parent"] == id_]


def _show(call: Call, cluster: StoredObject) -> StoredObject:
    """Return a cluster with what follows from it: its connections, users, databases, rules and maintenance."""
    world, public, engine, name = call.world, cluster.public, cluster["engine"], cluster["name"]
    users = {user["name"]: user.public for user in children(world, "users", cluster["id"])}
    primary = engines.ENGINES[engine].user
    login = {"user": primary, "password": users[primary].get("password", "")}
    shown: dict[str, Any] = {
        **engines.version_dates(engine, public["version"]),
        **engines.connections(world, engine, name, standby=_has_standby(public), **login),
        "users": [*users.values()],
        "db_names": [one["name"] for one in children(world, "dbs", cluster["id"])] or None,
        "maintenance_window": _maintenance(cluster, world.now()),
        "rules": cluster.internal.get("rules", []),
        "metrics_endpoints": [
            {"host": engines.host(world, name, prefix), "port": _METRICS_PORT}
            for prefix in ("", "replica-")[: 1 + _has_standby(public)]
        ],
    }
    for field, wanted, port in (
        ("ui_connection", "opensearch", _DASHBOARD_PORT),
        ("schema_registry_connection", "kafka", _REGISTRY_PORT),
    ):
        if engine == wanted:
            shown[field] = _web_connection(shown["connection"], port)
    return cluster.with_public(**shown)


def _has_standby(public: dict[str, Any]) -> bool:
    return public["num_nodes"] > 1 and public["engine"] not in {"kafka", "opensearch", "mongodb"}


def _web_connection(base: dict[str, Any], port: int) -> dict[str, Any]:
    login = f"{base['user']}:{base['password']}@"
    rest = {name: base[name] for name in ("host", "user", "password", "ssl")}
    return {"uri": f"https://{login}{base['host']}:{port}", **rest, "port": port}


def _windows(cluster: StoredObject, until: float) -> tuple[list[float], float]:
    """Return when updates were installed in maintenance windows, and when the next one is or was published."""
    window = cluster.internal["window"]
    hour, minute = map(int, window["hour"].split(":")[:2])
    offset = (_DAYS.index(window["day"]) - _FIRST_WEEKDAY) % 7 * DAY_S + hour * HOUR_S + minute * 60
    installed = cluster.internal["installed"]
    past: list[float] = []
    while True:
        published = installed + _UPDATE_EVERY_S
        # A window that was set later than that is the next one after it was set.
        earliest = max(published, cluster.internal.get("window_since", 0.0))
        installed = earliest + (offset - earliest) % _WEEK_S
        if installed > until:
            return past, published
        past.append(installed)


def _maintenance(cluster: StoredObject, now: float) -> dict[str, Any]:
    _, published = _windows(cluster, now)
    pending = published <= now
    about = [f"Update {cluster['engine']} {cluster['semantic_version']} and its operating system"] if pending else []
    return {**cluster.internal["window"], "pending": pending, "description": about}


CLUSTERS = Resource(
    "databases",
    build=_new_cluster,
    states=States(first=(("creating", _CREATING_S),), ready="online"),
    price=node_price,
    show=_show,
    label="database cluster",
)


def require_online(cluster: StoredObject) -> None:
    """Raise 412 unless a cluster is online."""
    if cluster["status"] != "online":
        raise HTTPException(412, "precondition_failed", f"cluster is {cluster['status']}, and has to be online")


def check_name(world: World, name: str) -> None:
    """Raise 422 if a cluster or a read-only node has this name, or none can."""
    if not NAME.fullmatch(name):
        raise unprocessable("invalid cluster name: it may contain letters, digits and dashes, up to 63")
    if any(one["name"] == name for kind in ("databases", "databases.replicas") for one in world.store(kind).all()):
        raise unprocessable("cluster name is not available")


def check_size(engine: str, num_nodes: int, size: str) -> None:
    """Raise 422 unless an engine has a size with this number of nodes."""
    counts = engines.node_counts(engine)
    if num_nodes not in counts:
        raise unprocessable("invalid node count")
    if size not in counts[num_nodes]:
        raise unprocessable(f"invalid cluster size: {size} is not available for {engine} with {num_nodes} nodes")


def check_region(world: World, engine: str, region: str) -> None:
    """Raise 422 unless an engine is available in a region."""
    if region not in engines.options()[engine]["regions"] or region not in world.reference_data.regions:
        raise unprocessable(f"invalid cluster region: {region}")


def check_storage(size: str, storage_mib: int, least_mib: int = 0) -> None:
    """Raise 422 if storage is less than a size includes, or less than there is."""
    least = max(least_mib, engines.included_storage_mib(size))
    if storage_mib < least:
        raise unprocessable(f"invalid storage size: {size} needs at least {least} MiB here")
    if storage_mib > max(least, _MAX_STORAGE_MIB):
        raise unprocessable(f"invalid storage size: a cluster has at most {_MAX_STORAGE_MIB} MiB")


def check_place(call: Call, values: dict[str, Any]) -> None:
    """Raise an error unless the VPC, the project and the tags of a body can be used."""
    vpc, region = values.get("private_network_uuid"), values["region"]
    requested_vpc(call, vpc, region, f"VPC {vpc} not found in {region}.")
    values["project_id"] = requested_project(call.world, values.get("project_id"))
    values["tags"] = requested_tags(call)


def _list_clusters(call: Call) -> HTTPResponse:
    tag = (call.query.get("tag_name") or "").lower()
    found = [one for one in CLUSTERS.all(call.world) if not tag or tag in map(str.lower, one["tags"])]
    return respond(call, [CLUSTERS.shown(call, one) for one in found])


def _resize(call: Call, cluster: StoredObject) -> None:
    require_online(cluster)
    size, num_nodes = call.body["size"], call.body["num_nodes"]
    check_size(cluster["engine"], num_nodes, size)
    if engines.memory_gib(size) < engines.memory_gib(cluster["size"]):
        raise unprocessable("invalid cluster size: nodes cannot be made smaller")
    storage = call.body.get("storage_size_mib") or max(cluster["storage_size_mib"], engines.included_storage_mib(size))
    check_storage(size, storage, cluster["storage_size_mib"])
    _change_later(
        call.world, cluster, ("resizing", _RESIZING_S), size=size, num_nodes=num_nodes, storage_size_mib=storage
    )


def _migrate(call: Call, cluster: StoredObject) -> None:
    require_online(cluster)
    region = call.body["region"]
    check_region(call.world, cluster["engine"], region)
    if region == cluster["region"]:
        raise unprocessable("the cluster is already in this region")
    vpc = ensure_default_vpc(call.world, region, call.world.now())
    _change_later(call.world, cluster, ("migrating", _MIGRATING_S), region=region, private_network_uuid=vpc["id"])


def _change_later(world: World, cluster: StoredObject, state: tuple[str, float], **changes: Any) -> None:
    CLUSTERS.go_through(world, cluster.with_internal(later=changes), [state, ("online", 0.0)])


def _finish_change(world: World, at: float, id_: str) -> None:
    cluster = CLUSTERS.store(world)[id_]
    changes = cluster.internal.get("later")
    if changes:
        vpc = changes.get("private_network_uuid")
        if vpc and vpc not in world.vpcs:
            changes = {**changes, "private_network_uuid": ensure_default_vpc(world, changes["region"], at)["id"]}
        cluster = log(cluster.with_public(**changes).with_internal(later={}), "cluster_update", at)
        CLUSTERS.put(world, cluster, at)


def _upgrade(call: Call, cluster: StoredObject) -> None:
    require_online(cluster)
    engine, version = cluster["engine"], call.body.get("version") or ""
    versions = engines.options()[engine]["versions"]
    before, after = (versions.index(engines.offered_version(engine, one)) for one in (cluster["version"], version))
    if after <= before:
        raise unprocessable("invalid cluster engine version")
    exact = engines.semantic_version(engine, version)
    changed = log(cluster.with_public(version=version, semantic_version=exact), "cluster_update", call.world.now())
    CLUSTERS.put(call.world, changed)


def _set_window(call: Call, cluster: StoredObject) -> None:
    day, hour = call.body["day"].lower(), call.body["hour"]
    found = _HOUR.fullmatch(hour)
    if day not in _DAYS or found is None:
        raise unprocessable("the maintenance window needs a day such as tuesday, and an hour such as 14:00")
    # Updates of the past stay: those that the old window installed are final.
    past, _ = _windows(cluster, call.world.now())
    window = {"day": day, "hour": f"{int(found[1]):02}:{found[2]}:00"}
    installed = past[-1] if past else cluster.internal["installed"]
    cluster = cluster.with_internal(window=window, window_since=call.world.now(), installed=installed)
    for at in past:
        cluster = log(cluster, "cluster_maintenance_perform", at)
    CLUSTERS.put(call.world, cluster)


def _install_update(call: Call, cluster: StoredObject) -> None:
    require_online(cluster)
    now = call.world.now()
    past, published = _windows(cluster, now)
    if published <= now:
        for at in (*past, now):
            cluster = log(cluster, "cluster_maintenance_perform", at)
        CLUSTERS.put(call.world, cluster.with_internal(installed=now))


def _list_events(call: Call, cluster: StoredObject) -> list[StoredObject]:
    past, _ = _windows(cluster, call.world.now())
    events = [*map(tuple, cluster.internal["events"]), *(("cluster_maintenance_perform", at) for at in past)]
    return [
        StoredObject(
            {
                "id": rng.digest(call.world.seed, cluster["id"], type_, at)[:8],
                "cluster_name": cluster["name"],
                "event_type": type_,
                "create_time": format_time(at),
            }
        )
        for type_, at in sorted(events, key=lambda event: event[1])
    ]


def backups_of(world: World, cluster: StoredObject) -> list[dict[str, Any]]:
    """Return the backups of the last week, oldest first: one after the creation, then one a day."""
    first, now = _first_backup(world, cluster), world.now()
    days = range(max(0, int((now - first) // DAY_S) - 6), int((now - first) // DAY_S) + 1)
    start_gb = 0.02 + 0.3 * rng.random(world.seed, cluster["id"], "backup")
    found: list[dict[str, Any]] = []
    for day in days:
        size_gb = round(start_gb * (1 + day * 0.002), 8)
        backup = {"created_at": format_time(first + day * DAY_S), "size_gigabytes": size_gb}
        found.append(
            backup | ({"incremental": day % 7 > 0} if engines.base_engine(cluster["engine"]) == "mysql" else {})
        )
    return found


def _first_backup(world: World, cluster: StoredObject) -> float:
    return parse_time(cluster["created_at"]) + (_CREATING_S + 60) / world.speed


def _list_backups(call: Call, cluster: StoredObject) -> dict[str, Any]:
    engines.require(cluster, "backups")
    minutes = int(_first_backup(call.world, cluster) // 60)
    time = {"backup_hour": minutes // 60 % 24, "backup_minute": minutes % 60, "backup_interval_hours": 24}
    return {"backups": backups_of(call.world, cluster), "scheduled_backup_time": time}


def _list_options(call: Call) -> HTTPResponse:
    return respond(call, {name: load_data("databases")[name] for name in ("options", "version_availability")})


OPERATIONS = {
    "databases_list_options": _list_options,
    "databases_list_clusters": _list_clusters,
    "databases_get_cluster": CLUSTERS.get(),
    "databases_destroy_cluster": CLUSTERS.delete(),
    "databases_update_clusterSize": CLUSTERS.on(_resize),
    "databases_update_region": CLUSTERS.on(_migrate),
    "databases_update_major_version": CLUSTERS.on(_upgrade),
    "databases_update_maintenanceWindow": CLUSTERS.on(_set_window),
    "databases_install_update": CLUSTERS.on(_install_update),
    "databases_list_events_logs": CLUSTERS.on(_list_events),
    "databases_list_backups": CLUSTERS.on(_list_backups),
}
EFFECTS = {"databases.online": _finish_change}
