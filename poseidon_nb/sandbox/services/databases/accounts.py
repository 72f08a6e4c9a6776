"""Users, databases and connection pools of clusters.

A new cluster has the user ``doadmin`` and a database, which cannot be deleted (DigitalOcean's page of limits). From the
specification: a pool is PostgreSQL's, and all pools together have 25 connections for each GiB of memory, less three.
Passwords of MongoDB users are in the response to their creation only, as Terraform's provider notes; Kafka users have a
certificate and its key.

Not documented, chosen here: which names are valid, and that the pools of a deleted user or database are deleted too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.fields import Field, read_fields
from poseidon_nb.sandbox.identities import make_identity
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import no_content, unprocessable
from poseidon_nb.sandbox.services.databases import engines
from poseidon_nb.sandbox.services.databases.clusters import CLUSTERS, children
from poseidon_nb.sandbox.store import StoredObject

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.identities import Identity
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_NAME = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,62}")
_NAME_RULE = "may contain letters, digits, dashes, periods and underscores, up to 63"
_PLUGINS = ("mysql_native_password", "caching_sha2_password")
_POOL_MODES = ("session", "transaction", "statement")
#: In Unix seconds; November 2023.
_AUTHORITY_SINCE = 1_700_000_000.0
_CONNECTIONS_PER_GIB, _RESERVED_CONNECTIONS = 25, 3

_MYSQL_SETTINGS = Field(
    "mysql_settings", fields=(Field("auth_plugin", type="string", required=True, choices=_PLUGINS),)
)
_SETTINGS = Field(
    "settings",
    fields=(
        Field("pg_allow_replication", type="boolean"),
        Field(
            "acl",
            type="array",
            fields=(
                Field("id", type="string"),
                Field("topic", type="string", required=True, minimum=1),
                Field(
                    "permission",
                    type="string",
                    required=True,
                    choices=("admin", "consume", "produce", "produceconsume"),
                ),
            ),
        ),
        Field(
            "opensearch_acl",
            type="array",
            fields=(
                Field("index", type="string", required=True, minimum=1),
                Field(
                    "permission",
                    type="string",
                    default="deny",
                    choices=("deny", "admin", "read", "readwrite", "write"),
                ),
            ),
        ),
        Field(
            "mongo_user_settings",
            type="object",
            fields=(
                Field("databases", type="array", items="string"),
                Field("role", type="string", choices=("readOnly", "readWrite", "dbAdmin")),
            ),
        ),
    ),
)
#: The settings of users that only one engine has.
_ENGINE_OF_SETTING = {
    "pg_allow_replication": "pg",
    "acl": "kafka",
    "opensearch_acl": "opensearch",
    "mongo_user_settings": "mongodb",
}


def _check_user(call: Call, values: dict[str, Any], present: StoredObject | None) -> None:
    cluster = CLUSTERS.store(call.world)[call.path_params["database_cluster_uuid"]]
    engine = engines.base_engine(cluster["engine"])
    engines.require(cluster, "users")
    for name in values.get("settings", {}):
        if _ENGINE_OF_SETTING.get(name, engine) != engine:
            raise unprocessable(f"settings.{name} is not supported for {engine} clusters.")
    if "mysql_settings" in values and engine != "mysql":
        raise unprocessable(f"mysql_settings is not supported for {engine} clusters.")
    values["engine"] = engine
    owner = values["name"] if present is None else present["name"]
    for number, rule in enumerate(values.get("settings", {}).get("acl", ())):
        id_ = rng.digest(call.world.seed, cluster["id"], owner, number, rule["topic"], rule["permission"])
        rule.setdefault("id", f"acl{id_[:12]}")


def authority(world: World) -> Identity:
    """Return the authority that signs the certificates of clusters and their users."""
    return make_identity("Sandbox Project CA", _AUTHORITY_SINCE, world.seed, "database authority")


def _new_user(world: World, name: str, values: dict[str, Any], at: float) -> StoredObject:
    engine, serial = values["engine"], world.next_number("database passwords")
    password = values.get("password") or engines.new_password(world, name, serial)
    secret: dict[str, Any] = {"password": password}
    if engine == "kafka":
        identity = make_identity(name, at, world.seed, "database user", serial, issuer=authority(world))
        secret |= {"access_cert": identity.certificate, "access_key": identity.key}
    public = {"name": name, "role": values.get("role", "normal")}
    if engine == "mysql":
        public["mysql_settings"] = values.get("mysql_settings", {"auth_plugin": _PLUGINS[-1]})
    if values.get("settings"):
        public["settings"] = values["settings"]
    internal = {"password": password, "engine": engine}
    if engine == "mongodb":
        return StoredObject(public, internal | {"once": secret})
    return StoredObject(public | secret, internal)


USERS = Resource(
    "databases.users",
    fields=(
        Field("name", pattern=_NAME, rule=_NAME_RULE, unique=True),
        _MYSQL_SETTINGS,
        _SETTINGS,
        Field("readonly"),
    ),
    parent=CLUSTERS,
    id_field="name",
    build=_new_user,
    check=_check_user,
)


def _update_user(call: Call, user: StoredObject) -> StoredObject:
    values = read_fields((_SETTINGS,), call.body)
    _check_user(call, values, user)
    return USERS.change(call.world, user, settings=values["settings"])


def _reset_auth(call: Call, user: StoredObject) -> StoredObject:
    values = read_fields((_MYSQL_SETTINGS,), call.body)
    if values:
        _check_user(call, {**values}, user)
    password = engines.new_password(call.world, user["name"], call.world.next_number("database passwords"))
    changed = user.with_internal(password=password)
    if user.internal["engine"] == "mongodb":
        return USERS.put(call.world, changed.with_internal(once={})).with_public(password=password)
    return USERS.change(call.world, changed, password=password, **values)


def _delete_user(call: Call, user: StoredObject) -> HTTPResponse:
    if user["role"] == "primary":
        raise unprocessable(f"The user {user['name']} of the cluster cannot be deleted.")
    _remove_with_pools(call.world, USERS, user, "user")
    return no_content()


def _check_database(call: Call, _values: dict[str, Any], _present: StoredObject | None) -> None:
    engines.require(CLUSTERS.find(call), "databases")


DATABASES = Resource(
    "databases.dbs",
    fields=(Field("name", pattern=_NAME, rule=_NAME_RULE, unique=True),),
    parent=CLUSTERS,
    id_field="name",
    build=lambda _world, name, _values, _at: {"name": name},
    check=_check_database,
    label="database",
)


def _delete_database(call: Call, database: StoredObject) -> HTTPResponse:
    if database["name"] == engines.ENGINES[CLUSTERS.find(call)["engine"]].database:
        raise unprocessable(f"The default database {database['name']} of the cluster cannot be deleted.")
    _remove_with_pools(call.world, DATABASES, database, "db")
    return no_content()


def _remove_with_pools(world: World, kind: Resource, record: StoredObject, field: str) -> None:
    for pool in children(world, "pools", record.internal["parent"]):
        if pool.public.get(field) == record["name"]:
            POOLS.remove(world, pool)
    kind.remove(world, record)


def _check_pool(call: Call, values: dict[str, Any], present: StoredObject | None) -> None:
    cluster = CLUSTERS.find(call)
    engines.require(cluster, "connection pools")
    id_, world = cluster["id"], call.world
    for field, kind in (("db", DATABASES), ("user", USERS)):
        name = values.get(field)
        if name and f"{id_}/{name}" not in kind.store(world):
            raise unprocessable(f"The {kind.name} {name} was not found in the cluster.")
    others = [pool for pool in children(world, "pools", id_) if present is None or pool["name"] != present["name"]]
    free = _CONNECTIONS_PER_GIB * engines.memory_gib(cluster["size"]) - _RESERVED_CONNECTIONS
    free -= sum(pool["size"] for pool in others)
    if values["size"] > free:
        raise unprocessable(f"size must be at most {free}, the number of connections that are left.")


def _show_pool(call: Call, pool: StoredObject) -> StoredObject:
    world = call.world
    cluster = CLUSTERS.store(world)[pool.internal["parent"]]
    user = USERS.store(world).get(f"{cluster['id']}/{pool.public.get('user')}")
    login = {"user": "", "password": ""} if user is None else {"user": user["name"], "password": user["password"]}
    standby, name = cluster["num_nodes"] > 1, pool["name"]
    return pool.with_public(
        **engines.connections(world, cluster["engine"], cluster["name"], standby=standby, database=name, **login)
    )


_POOL_FIELDS = (
    Field("mode", choices=_POOL_MODES),
    Field("size", minimum=1),
    Field("db"),
    Field("user"),
)
POOLS = Resource(
    "databases.pools",
    fields=(
        Field("name", pattern=re.compile(r"[a-zA-Z0-9_-]{3,60}"), rule="must have 3 to 60 characters", unique=True),
        *_POOL_FIELDS,
    ),
    parent=CLUSTERS,
    id_field="name",
    build=lambda _world, name, values, _at: {**values, "name": name},
    check=_check_pool,
    show=_show_pool,
    label="connection pool",
)


def _update_pool(call: Call, pool: StoredObject) -> None:
    values = read_fields(_POOL_FIELDS, call.body)
    _check_pool(call, values, pool)
    POOLS.change(call.world, pool, **values)


def populate(world: World, cluster: StoredObject, at: float, source: str = "") -> None:
    """Add the first user and database to a new cluster, or those of the cluster that it is a copy of."""
    engine, id_ = engines.base_engine(cluster["engine"]), cluster["id"]
    facts = engines.ENGINES[cluster["engine"]]
    for user in children(world, "users", source):
        values = {**user.public, "engine": engine, "password": user.internal["password"]}
        USERS.add(world, values, at, id_)
    for database in children(world, "dbs", source):
        DATABASES.add(world, dict(database.public), at, id_)
    if not source:
        USERS.add(world, {"name": facts.user, "role": "primary", "engine": engine}, at, id_)
        if facts.database:
            DATABASES.add(world, {"name": facts.database}, at, id_)


OPERATIONS = {
    "databases_list_users": USERS.list(),
    "databases_add_user": USERS.create(),
    "databases_get_user": USERS.get(),
    "databases_update_user": USERS.on(_update_user),
    "databases_delete_user": USERS.on(_delete_user),
    "databases_reset_auth": USERS.on(_reset_auth),
    "databases_list": DATABASES.list(),
    "databases_add": DATABASES.create(),
    "databases_get": DATABASES.get(),
    "databases_delete": DATABASES.on(_delete_database),
    "databases_list_connectionPools": POOLS.list(),
    "databases_add_connectionPool": POOLS.create(),
    "databases_get_connectionPool": POOLS.get(),
    "databases_update_connectionPool": POOLS.on(_update_pool),
    "databases_delete_connectionPool": POOLS.delete(),
}
