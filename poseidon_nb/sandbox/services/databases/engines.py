"""The database engines: what each one can do, its versions and sizes, and the connections to its clusters.

The options are the example of the specification. From the acceptance tests of Terraform's provider: a version may be a major
one (``7`` of MongoDB), and sizes with 2 and 4 GiB of memory include 30 and 60 GiB of storage.

Not documented, chosen here: the exact versions, the storage of other sizes (`catalogue.prices`), and the ports other than
25060 and 25061. Hosts have the form of the service's, in ``.invalid``, a domain that never exists (RFC 2606). Passwords are
fabricated from the account's seed.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from poseidon_nb.catalogue import prices
from poseidon_nb.sandbox import objects, rng
from poseidon_nb.sandbox.data import load_data
from poseidon_nb.sandbox.responses import unprocessable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.sandbox.store import StoredObject
    from poseidon_nb.sandbox.world import World

_DOMAIN = "db.ondigitalocean.invalid"
_POOL_PORT = 25061


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine.

    Attributes
    ----------
    scheme : str
        The scheme of its connection strings; empty for an address without one.
    can_have : frozenset of str
        What its clusters can have besides what all have, in the words of messages.
    query : str
        The end of its connection strings.
    user, database : str
        The names in a new cluster; there may be no database.
    port : int
        The port of its connections.
    """

    scheme: str
    can_have: frozenset[str]
    query: str = ""
    user: str = "doadmin"
    database: str = "defaultdb"
    port: int = 25060


_SQL = frozenset({"users", "databases", "read-only nodes", "backups", "online migrations"})
_PG = Engine("postgresql", _SQL | {"connection pools"}, "?sslmode=require")
_MYSQL = Engine("mysql", _SQL | {"SQL modes"}, "?ssl-mode=REQUIRED")
_CACHE = Engine(
    "rediss", frozenset({"eviction policies", "online migrations"}), user="default", database="", port=25061
)
ENGINES: Mapping[str, Engine] = {
    "pg": _PG,
    "mysql": _MYSQL,
    "redis": _CACHE,
    "valkey": _CACHE,
    "mongodb": Engine(
        "mongodb+srv",
        frozenset({"users", "databases", "backups"}),
        "?tls=true&authSource=admin",
        database="admin",
        port=27017,
    ),
    "kafka": Engine("", frozenset({"users", "topics", "schemas"}), port=25073),
    "opensearch": Engine("https", frozenset({"users", "indexes"}), database=""),
    "advanced_pg": _PG,
    "advanced_mysql": _MYSQL,
}


def base_engine(engine: str) -> str:
    """Return the engine without its edition."""
    return engine.removeprefix("advanced_")


def require(cluster: StoredObject, what: str) -> None:
    """Raise 422 unless the engine of a cluster can have something."""
    if what not in ENGINES[cluster["engine"]].can_have:
        raise unprocessable(f"{cluster['engine']} clusters have no {what}.")


def options() -> dict[str, Any]:
    """Return the regions, versions and sizes of all engines, by engine."""
    found: dict[str, Any] = load_data("databases")["options"]
    return found


def offered_version(engine: str, version: str) -> str:
    """Return the version of the options that a body means, or raise 422. A major version will do."""
    versions: list[str] = options()[engine]["versions"]
    for one in versions:
        if version in {one, one.partition(".")[0]}:
            return one
    raise unprocessable("invalid cluster engine version")


def semantic_version(engine: str, version: str) -> str:
    """Return the exact version behind a version."""
    version = offered_version(engine, version)
    return str(load_data("databases")["semantic_versions"][base_engine(engine)].get(version, version))


def version_dates(engine: str, version: str) -> dict[str, str]:
    """Return the dates until which a version is available and maintained, as fields of a cluster."""
    version = offered_version(engine, version)
    rows = load_data("databases")["version_availability"][engine]
    row: dict[str, str] = next((one for one in rows if one["version"] == version), {})
    return {f"version_{name}": row[name] for name in ("end_of_life", "end_of_availability") if row.get(name)}


@functools.cache
def node_counts(engine: str) -> dict[int, frozenset[str]]:
    """Return the sizes that an engine has, by the number of nodes. An edition also has those of its engine."""
    counts: dict[int, frozenset[str]] = {}
    for name in {engine, base_engine(engine)}:
        for layout in options()[name]["layouts"]:
            counts[layout["num_nodes"]] = counts.get(layout["num_nodes"], frozenset()) | frozenset(layout["sizes"])
    return counts


def memory_gib(size: str) -> int:
    """Return the memory of a node, which is part of its size's name."""
    return prices.database_memory_gib(size) or 1


def included_storage_mib(size: str) -> int:
    """Return the storage of a node that is part of its price."""
    return 1024 * (prices.database_storage_gib(size) or 0)


def new_password(world: World, *parts: object) -> str:
    """Return a password in the service's form."""
    return f"AVNS_{rng.digest(world.seed, 'database password', *parts)[:19]}"


def host(world: World, name: str, prefix: str = "") -> str:
    """Return the host of a cluster, or of another way to it."""
    return f"{prefix}{name.lower()}-do-user-{objects.owner_id(world)}-0.{_DOMAIN}"


def connection(  # the parts of a connection, all by keyword
    world: World, engine: str, name: str, *, user: str, password: str, prefix: str = "", database: str | None = None
) -> dict[str, Any]:
    """Return a connection as the API shows it."""
    facts = ENGINES[engine]
    address = host(world, name, prefix)
    port = facts.port if database is None else _POOL_PORT
    database = facts.database if database is None else database
    login = f"{quote(user)}:{quote(password)}@" if password else ""
    uri = f"{facts.scheme}://{login}{address}:{port}/{database}{facts.query}" if facts.scheme else f"{address}:{port}"
    if facts.scheme == "mongodb+srv":
        # The addresses of the nodes and their ports are in the DNS.
        uri = uri.replace(f":{port}/", "/") + f"&replicaSet={name}"
    place = {"uri": uri, "database": database, "host": address, "port": port}
    return {**place, "user": user, "password": password, "ssl": True}


def connections(world: World, engine: str, name: str, *, standby: bool = False, **parts: Any) -> dict[str, Any]:
    """Return the public and the private connection, as fields; those to standby nodes too if there are any."""
    found = {
        "connection": connection(world, engine, name, **parts),
        "private_connection": connection(world, engine, name, prefix="private-", **parts),
    }
    if standby:
        found["standby_connection"] = connection(world, engine, name, prefix="replica-", **parts)
        found["standby_private_connection"] = connection(world, engine, name, prefix="private-replica-", **parts)
    return found
