"""Topics and the schema registry of Kafka clusters.

From the specification: the defaults of a topic's configuration, and that partitions are added only. From godo: the number of
partitions is ``partition_count`` in a list and a list of them in a topic. From the acceptance tests of Terraform's provider:
a topic has three partitions and two replicas of each by default.

Not documented, chosen here: a topic needs some seconds to be ``active`` and to be deleted. Nothing writes to it, so its
partitions are empty. A schema for a known subject is its next version; the same schema again answers with the version
that it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.fields import Field, read_fields
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import not_found, respond, unprocessable
from poseidon_nb.sandbox.services.databases import engines
from poseidon_nb.sandbox.services.databases.clusters import CLUSTERS
from poseidon_nb.sandbox.services.databases.settings import config_defaults, read_config
from poseidon_nb.sandbox.states import States
from poseidon_nb.sandbox.store import StoredObject

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_NAME = re.compile(r"[a-zA-Z0-9._-]{1,249}")
_NAME_RULE = "may contain letters, digits, dashes, periods and underscores, up to 249"
_PARTITIONS, _REPLICAS, _MAX_PARTITIONS = 3, 2, 2048
_LEVELS = ("NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE")
_DEFAULT_LEVEL = "BACKWARD"


def _check_topic(call: Call, values: dict[str, Any], present: StoredObject | None) -> None:
    cluster = CLUSTERS.find(call)
    engines.require(cluster, "topics")
    for sent, name in (("partitions", "partition_count"), ("replication", "replication_factor")):
        values.setdefault(name, values.pop(sent, None))
    values["config"] = read_config("topic", values.get("config") or {})
    before = present.public if present is not None else {}
    partitions = values["partition_count"] or before.get("partition_count", _PARTITIONS)
    replicas = values["replication_factor"] or before.get("replication_factor", _REPLICAS)
    if not before.get("partition_count", 1) <= partitions <= _MAX_PARTITIONS:
        raise unprocessable(f"partition_count can only be increased, up to {_MAX_PARTITIONS}.")
    if not 1 <= replicas <= cluster["num_nodes"]:
        raise unprocessable(f"replication_factor must be from 1 to {cluster['num_nodes']}, the number of nodes.")
    values |= {"partition_count": partitions, "replication_factor": replicas}


def _new_topic(_world: World, name: str, values: dict[str, Any], _at: float) -> StoredObject:
    counts = {field: values[field] for field in ("replication_factor", "partition_count")}
    return StoredObject({"name": name, **counts}, {"config": values["config"]})


def _show_topic(_call: Call, topic: StoredObject) -> StoredObject:
    replicas = topic["replication_factor"]
    partitions = [
        {"size": 0, "id": number, "in_sync_replicas": replicas, "earliest_offset": 0, "consumer_groups": None}
        for number in range(topic["partition_count"])
    ]
    shown = {name: topic[name] for name in ("name", "state", "replication_factor")}
    config = {**config_defaults("topic"), **topic.internal["config"]}
    return StoredObject({**shown, "partitions": partitions, "config": config}, topic.internal)


_TOPIC_FIELDS = (
    *(Field(name) for name in ("partition_count", "partitions", "replication_factor", "replication")),
    Field("config", type="object"),
)
TOPICS = Resource(
    "databases.topics",
    fields=(Field("name", pattern=_NAME, rule=_NAME_RULE, unique=True), *_TOPIC_FIELDS),
    parent=CLUSTERS,
    id_field="name",
    build=_new_topic,
    check=_check_topic,
    show=_show_topic,
    states=States(first=(("configuring", 10.0),), ready="active", deleting=("deleting", 10.0), field="state"),
    label="topic",
)


def _list_topics(call: Call, cluster: StoredObject) -> list[StoredObject]:
    return TOPICS.all(call.world, cluster["id"])


def _update_topic(call: Call, topic: StoredObject) -> StoredObject:
    values = read_fields(_TOPIC_FIELDS, call.body)
    _check_topic(call, values, topic)
    config = {**topic.internal["config"], **values.pop("config")}
    return TOPICS.change(call.world, topic.with_internal(config=config), **values)


def _check_schema(call: Call, _values: dict[str, Any], _present: StoredObject | None) -> None:
    engines.require(CLUSTERS.find(call), "schemas")


SCHEMAS = Resource(
    "databases.schemas",
    fields=(
        Field("subject_name", pattern=_NAME, rule=_NAME_RULE),
        Field("schema_type", choices=("AVRO", "JSON", "PROTOBUF")),
        Field("schema", minimum=1),
    ),
    parent=CLUSTERS,
    id_field="subject_name",
    check=_check_schema,
    label="subject",
)


def _create_schema(call: Call) -> HTTPResponse:
    world, parent = call.world, SCHEMAS.parent_key(call)
    values = read_fields(SCHEMAS.fields, call.body)
    _check_schema(call, values, None)
    subject = SCHEMAS.store(world).get(f"{parent}/{values['subject_name']}")
    versions: list[dict[str, Any]] = [] if subject is None else subject.internal["versions"]
    new = {name: values[name] for name in ("schema_type", "schema")}
    known = next((one for one in versions if {**one, **new} == one), None)
    if known is None:
        known = {"schema_id": world.next_number(f"schemas of {parent}"), **new}
        versions = [*versions, known]
    public = {"schema_id": known["schema_id"], "subject_name": values["subject_name"], **new}
    internal = {"parent": parent, "level": "" if subject is None else subject.internal["level"], "versions": versions}
    SCHEMAS.put(world, StoredObject(public, internal))
    return respond(call, StoredObject(public))


def _version(subject: StoredObject, number: int) -> dict[str, Any]:
    return {
        "subject_name": subject["subject_name"],
        **subject.internal["versions"][number - 1],
        "version": str(number),
    }


def _get_schema(_call: Call, subject: StoredObject) -> dict[str, Any]:
    return _version(subject, len(subject.internal["versions"]))


def _get_schema_version(call: Call, subject: StoredObject) -> dict[str, Any]:
    wanted, count = call.path_params["version"], len(subject.internal["versions"])
    if wanted == "latest":
        return _version(subject, count)
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 9 and 1 <= int(wanted) <= count):  # noqa: PLR2004
        raise not_found()
    return _version(subject, int(wanted))


def _level(call: Call) -> str:
    level: str = Field("compatibility_level", choices=_LEVELS).read(
        call.body["compatibility_level"], "compatibility_level"
    )
    return level


def _registry_level(cluster: StoredObject) -> str:
    engines.require(cluster, "schemas")
    return str(cluster.internal.get("level", _DEFAULT_LEVEL))


def _get_registry_config(_call: Call, cluster: StoredObject) -> dict[str, Any]:
    return {"compatibility_level": _registry_level(cluster)}


def _set_registry_config(call: Call, cluster: StoredObject) -> dict[str, Any]:
    _registry_level(cluster)
    return _get_registry_config(call, CLUSTERS.put(call.world, cluster.with_internal(level=_level(call))))


def _get_subject_config(call: Call, subject: StoredObject) -> dict[str, Any]:
    level = subject.internal["level"] or _registry_level(CLUSTERS.find(call))
    return {"subject_name": subject["subject_name"], "compatibility_level": level}


def _set_subject_config(call: Call, subject: StoredObject) -> dict[str, Any]:
    return _get_subject_config(call, SCHEMAS.put(call.world, subject.with_internal(level=_level(call))))


OPERATIONS = {
    "databases_list_kafka_topics": CLUSTERS.on(_list_topics),
    "databases_create_kafka_topic": TOPICS.create(),
    "databases_get_kafka_topic": TOPICS.get(),
    "databases_update_kafka_topic": TOPICS.on(_update_topic),
    "databases_delete_kafka_topic": TOPICS.delete(),
    "databases_list_kafka_schemas": SCHEMAS.list(),
    "databases_create_kafka_schema": _create_schema,
    "databases_get_kafka_schema": SCHEMAS.on(_get_schema),
    "databases_delete_kafka_schema": SCHEMAS.delete(),
    "databases_get_kafka_schema_version": SCHEMAS.on(_get_schema_version),
    "databases_get_kafka_schema_config": CLUSTERS.on(_get_registry_config),
    "databases_update_kafka_schema_config": CLUSTERS.on(_set_registry_config),
    "databases_get_kafka_schema_subject_config": SCHEMAS.on(_get_subject_config),
    "databases_update_kafka_schema_subject_config": SCHEMAS.on(_set_subject_config),
}
