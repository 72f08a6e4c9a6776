"""Online migrations into a cluster, and log sinks out of it.

From the specification: the states of a migration, of which the last one can be read, and the fields of each type of sink. A
``datadog`` sink is MongoDB's only, which has no others; the text of the refusal is in the acceptance tests of Terraform's
provider.

Not documented, chosen here: a migration runs for two minutes, syncs for five and is done; the source is never asked. A second
one while the first runs answers 409. Sinks with the same name answer 409. Nothing is sent to a sink.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.call import MAX_PORT
from poseidon_nb.sandbox.fields import Field, read_fields
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import conflict, no_content, not_found, unprocessable
from poseidon_nb.sandbox.services.databases import clusters, engines
from poseidon_nb.sandbox.services.databases.clusters import CLUSTERS
from poseidon_nb.sandbox.states import States

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.store import StoredObject
    from poseidon_nb.sandbox.world import World

_RUNNING = ("running", "syncing")
_SOURCE = (
    Field("host", type="string", required=True, minimum=1),
    Field("port", type="integer", required=True, minimum=1, maximum=MAX_PORT),
    *(Field(name, type="string") for name in ("dbname", "username", "password")),
)
MIGRATIONS = Resource(
    "databases.migrations",
    fields=(Field("source", fields=_SOURCE), Field("disable_ssl"), Field("ignore_dbs")),
    parent=CLUSTERS,
    states=States(first=((_RUNNING[0], 120.0), (_RUNNING[1], 300.0)), ready="done"),
    label="online migration",
)


def _start_migration(call: Call, cluster: StoredObject) -> dict[str, Any]:
    engines.require(cluster, "online migrations")
    clusters.require_online(cluster)
    read_fields(MIGRATIONS.fields, call.body)
    if any(one["status"] in _RUNNING for one in MIGRATIONS.all(call.world, cluster["id"])):
        raise conflict("An online migration to this cluster is running already.")
    # The source with its password is not kept.
    return MIGRATIONS.add(call.world, {}, call.world.now(), cluster["id"]).public


def _get_migration(call: Call, cluster: StoredObject) -> dict[str, Any]:
    migrations = MIGRATIONS.all(call.world, cluster["id"])
    if not migrations:
        raise not_found()
    return migrations[-1].public


def _stop_migration(call: Call, migration: StoredObject) -> HTTPResponse:
    if migration["status"] in _RUNNING:
        MIGRATIONS.change(call.world, migration, status="canceled")
    return no_content()


_CA = Field("ca", type="string")
_INDEX = (
    Field("url", type="string", required=True, minimum=1),
    Field("index_prefix", type="string", required=True, minimum=1),
    Field("index_days_max", type="integer", default=7, minimum=1, maximum=10_000),
    Field("timeout", type="number", default=10, minimum=10, maximum=120),
    _CA,
)
_SINKS = {
    "rsyslog": (
        Field("server", type="string", required=True, minimum=1),
        Field("port", type="integer", required=True, minimum=1, maximum=MAX_PORT),
        Field("tls", type="boolean", required=True),
        Field("format", type="string", required=True, choices=("rfc5424", "rfc3164", "custom")),
        *(Field(name, type="string") for name in ("logline", "sd", "key", "cert")),
        _CA,
    ),
    "elasticsearch": _INDEX,
    "opensearch": _INDEX,
    "datadog": (
        Field("site", type="string", required=True, minimum=1),
        Field("datadog_api_key", type="string", required=True, minimum=1),
    ),
}


def _read_sink(type_: str, sent: dict[str, Any]) -> dict[str, Any]:
    config = read_fields(_SINKS[type_], sent, "config.")
    if config.get("format") == "custom" and not config.get("logline"):
        raise unprocessable("config.logline is required with the format custom.")
    return config


def _check_sink(call: Call, values: dict[str, Any], _present: StoredObject | None) -> None:
    engine, type_ = CLUSTERS.find(call)["engine"], values["sink_type"]
    if (engine == "mongodb") != (type_ == "datadog"):
        raise unprocessable("log sink not supported")
    values["config"] = _read_sink(type_, values["config"])


def _sink_id(world: World, kind: str, number: int) -> str:
    return rng.digest(world.seed, kind, number) + rng.digest(kind, number)[:8]


SINKS = Resource(
    "databases.logsinks",
    fields=(
        Field("sink_name", minimum=1, unique=True),
        Field("sink_type", choices=tuple(_SINKS)),
        Field("config"),
    ),
    parent=CLUSTERS,
    id_field="sink_id",
    new_id=_sink_id,
    build=lambda _world, id_, values, _at: {"sink_id": id_, **values},
    check=_check_sink,
    label="log sink",
)


def _update_sink(call: Call, sink: StoredObject) -> None:
    SINKS.change(call.world, sink, config=_read_sink(sink["sink_type"], call.body["config"]))


OPERATIONS = {
    "databases_update_onlineMigration": CLUSTERS.on(_start_migration),
    "databases_get_migrationStatus": CLUSTERS.on(_get_migration),
    "databases_delete_onlineMigration": MIGRATIONS.on(_stop_migration),
    "databases_list_logsink": SINKS.list(),
    "databases_create_logsink": SINKS.create(),
    "databases_get_logsink": SINKS.get(),
    "databases_update_logsink": SINKS.on(_update_sink),
    "databases_delete_logsink": SINKS.delete(),
}
