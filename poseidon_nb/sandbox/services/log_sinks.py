"""Destinations of logs, which are OpenSearch clusters, and sinks, which forward the logs of Kubernetes clusters to them.

From the specification: a destination needs credentials unless it names a managed cluster, and never shows them. A deleted
destination takes its sinks along.

Not documented, chosen here: the ``urn`` of a sink, which the specification requires without a format, ends with the id that
paths have. An unknown destination or cluster answers 404. A managed cluster has to be an OpenSearch cluster of the account,
and takes its destinations along. Sinks no longer show clusters that were deleted. No logs are sent, and credentials are
checked but not kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import not_found, respond, unprocessable
from poseidon_nb.sandbox.services.projects import exists
from poseidon_nb.sandbox.store import StoredObject

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_TYPES = ("opensearch_dbaas", "opensearch_ext")
_URN = re.compile(r"do:kubernetes:.+")
_CREDENTIALS = tuple(Field(name, type="string", required=True, minimum=1) for name in ("username", "password"))
_CONFIG = (
    Field("credentials", type="object", fields=_CREDENTIALS),
    Field("endpoint", type="string", required=True, minimum=1),
    *(Field(name, type="string") for name in ("cluster_uuid", "cluster_name", "index_name")),
    Field("retention_days", type="integer", default=14, minimum=1),
)


def _check_destination(call: Call, values: dict[str, Any], present: StoredObject | None) -> None:
    world, config = call.world, values["config"]
    cluster = config.get("cluster_uuid")
    if cluster and not exists(world, f"do:dbaas:{cluster}"):
        raise not_found()
    found = world.store(_CLUSTERS).get(cluster)
    if found is not None and found["engine"] != "opensearch":
        raise unprocessable("The database cluster is not an OpenSearch cluster.")
    if not cluster and not config.pop("credentials", None):
        raise unprocessable("config.credentials or config.cluster_uuid is required.")
    number = world.next_number("log_configurations")
    id_ = present["config"]["id"] if present is not None else rng.uuid(world.seed, "log configuration", number)
    values["config"] = {"id": id_, **{name: value for name, value in config.items() if name != "credentials"}}


_CLUSTERS = "databases"
DESTINATIONS = Resource(
    "log_destinations",
    fields=(Field("name", default=""), Field("type", choices=_TYPES), Field("config", fields=_CONFIG)),
    build=lambda _world, id_, values, _at: {"id": id_, **values},
    check=_check_destination,
)


def _update_destination(call: Call, destination: StoredObject) -> None:
    DESTINATIONS.change_from(call, destination, replace=True)


def _check_sink(call: Call, values: dict[str, Any], _present: StoredObject | None) -> None:
    if values.get("destination_uuid") not in DESTINATIONS.store(call.world):
        raise not_found()
    for resource in values["resources"]:
        if not _URN.fullmatch(resource["urn"]):
            raise unprocessable("resources.urn must name a Kubernetes cluster, such as do:kubernetes:ID.")
        if not exists(call.world, resource["urn"]):
            raise not_found()


def _show_sink(call: Call, sink: StoredObject) -> StoredObject:
    destination = DESTINATIONS.store(call.world)[sink["destination_uuid"]]
    resources = [one for one in sink["resources"] if exists(call.world, one["urn"])]
    return StoredObject({"urn": f"do:sink:{sink['id']}", "destination": destination.public, "resources": resources})


SINKS = Resource(
    "log_sinks",
    fields=(
        Field("destination_uuid"),
        Field(
            "resources",
            required=True,
            minimum=1,
            fields=(Field("urn", type="string", required=True), Field("name", type="string")),
        ),
    ),
    check=_check_sink,
    show=_show_sink,
)


def _create_sink(call: Call) -> HTTPResponse:
    SINKS.create_from(call)
    return respond(call, None)


def _list_sinks(call: Call) -> HTTPResponse:
    wanted = call.query.get("resource_id")
    sinks = [SINKS.shown(call, sink) for sink in SINKS.all(call.world)]
    return respond(call, [sink for sink in sinks if not wanted or wanted in (one["urn"] for one in sink["resources"])])


def _remove_sinks(world: World, at: float, destination_id: str) -> None:
    for sink in SINKS.all(world, destination_uuid=destination_id):
        SINKS.remove(world, sink, at)


def _remove_destinations(world: World, at: float, cluster_id: str) -> None:
    for destination in [*DESTINATIONS.all(world)]:
        if destination["config"].get("cluster_uuid") == cluster_id:
            DESTINATIONS.remove(world, destination, at)


OPERATIONS = {
    "monitoring_list_destinations": DESTINATIONS.list(),
    "monitoring_get_destination": DESTINATIONS.get(),
    "monitoring_create_destination": DESTINATIONS.create(),
    "monitoring_update_destination": DESTINATIONS.on(_update_destination),
    "monitoring_delete_destination": DESTINATIONS.delete(),
    "monitoring_list_sinks": _list_sinks,
    "monitoring_get_sink": SINKS.get(),
    "monitoring_create_sink": _create_sink,
    "monitoring_delete_sink": SINKS.delete(),
}
EFFECTS = {
    f"{DESTINATIONS.kind}.removed": _remove_sinks,
    f"{_CLUSTERS}.removed.log_sinks": _remove_destinations,
}
