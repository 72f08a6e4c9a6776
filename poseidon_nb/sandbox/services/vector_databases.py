"""Vector databases (managed Weaviate) with their backups, restores and credentials. Nothing can be stored in them.

From the specification: the states, the sizes, the form of a backup's id, and that only successful backups are listed.
From DigitalOcean's pages (docs.digitalocean.com/products/vector-databases/weaviate, May 2026): version 1.37.4, a backup a
day that is kept for seven days, and no bill during the preview. From godo: the project may be left out.

Not documented, chosen here: the times of all states. A resized database is ``pending`` until it is ``active`` again.
Backups are made a day apart from the creation on. Credentials, and a resize or restore, need an active database; one
restore runs at a time. The region is any that is available. Addresses, which lead nowhere, and credentials are fabricated.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import objects, rng
from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import conflict, not_found, page_of, respond, unprocessable
from poseidon_nb.sandbox.services.projects import ensure_default_project, requested_project
from poseidon_nb.sandbox.services.tags import validate_tag
from poseidon_nb.sandbox.states import States
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import DAY_S, format_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.resources import Handler
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_ACTIVE, _SUCCESS = "active", "SUCCESS"
_SIZES = ("small", "medium", "large")
_QUANTIZATIONS = ("", "rq", "pq", "bq", "sq")
_KEPT_BACKUPS = 7
_BACKUP_S = 240.0
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}")
_NAME_RULE = "may contain letters, numbers, dots and dashes"
_CONFIG = (
    Field("default_quantization", type="string", choices=_QUANTIZATIONS),
    Field("enable_auto_schema", type="boolean"),
)
_DEFAULT_CONFIG = {"default_quantization": "rq", "enable_auto_schema": True, "weaviate_version": "1.37.4"}


def _new(world: World, uuid: str, values: dict[str, Any], at: float) -> dict[str, Any]:
    times = {"created_at": format_time(at), "updated_at": format_time(at)}
    return {"id": uuid, **values, "config": _DEFAULT_CONFIG, "owner_uuid": world.state.account["team"]["uuid"], **times}


def _check(call: Call, values: dict[str, Any], present: StoredObject | None) -> None:
    world = call.world
    for tag in values.get("tags", []):
        validate_tag(tag)
    if present is None:
        objects.require_region(world, values["region"], f"The region {values['region']} does not exist.")
        ensure_default_project(world)
        values["project_id"] = requested_project(world, values.get("project_id"))
        return
    if "project_id" in values:
        values["project_id"] = requested_project(world, values["project_id"], present["project_id"])
    if "config" in values:
        values["config"] = present["config"] | values["config"]


DATABASES = Resource(
    "vector_databases",
    fields=(
        Field("name", required=True, unique=True, fixed=True, pattern=_NAME, rule=_NAME_RULE),
        Field("region", required=True, fixed=True),
        Field("size", required=True, choices=_SIZES),
        Field("project_id"),
        Field("tags", default=[], maximum=50),
        Field("config", fields=_CONFIG, closed=True),
    ),
    build=_new,
    check=_check,
    states=States(first=(("creating", 180.0),), ready=_ACTIVE, deleting=("deleting", 30.0)),
    updated_field="updated_at",
    label="vector database",
)
RESTORES = Resource(
    "vector_databases.restores",
    id_field="backup_id",
    build=lambda _world, id_, _values, _at: {"backup_id": id_, "error": ""},
    states=States(
        first=(("STARTED", 10.0), ("TRANSFERRING", 60.0), ("TRANSFERRED", 5.0), ("FINALIZING", 20.0)), ready=_SUCCESS
    ),
    parent=DATABASES,
    label="restore",
)


def _list(call: Call) -> HTTPResponse:
    found = DATABASES.all(call.world)
    return respond(call, page_of(call, found), total=len(found))


def _open(world: World, _at: float, key: str) -> None:
    code = rng.digest(world.seed, "vector database", key)[:12]
    hosts = {"http": f"https://{code}.weaviate.{objects.HOST}", "grpc": f"{code}-grpc.weaviate.{objects.HOST}:443"}
    DATABASES.put(world, DATABASES.store(world)[key].with_public(endpoints=hosts))


def _resize(call: Call, database: StoredObject) -> StoredObject:
    size = call.body.get("size")
    if size not in _SIZES:
        raise unprocessable(f"size must be one of {', '.join(_SIZES)}.")
    if size == database["size"]:
        raise unprocessable(f"The vector database already has the size {size}.")
    changed = DATABASES.change(call.world, database, size=size)
    return DATABASES.go_through(call.world, changed, [("pending", 120.0), (_ACTIVE, 0.0)])


def _set_tags(call: Call, database: StoredObject) -> StoredObject:
    tags = [validate_tag(tag) for tag in call.body.get("tags") or []]
    return DATABASES.change(call.world, database, tags=[*dict.fromkeys(tags)])


def _backups(world: World, database: StoredObject) -> list[StoredObject]:
    """Return the backups that are kept, newest first."""
    created = parse_time(database["created_at"])
    days = int(max(0.0, world.now() - _BACKUP_S - created) // DAY_S)
    found = []
    for day in range(days, max(0, days - _KEPT_BACKUPS), -1):
        at = created + day * DAY_S
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(at))
        times = {"started_at": format_time(at), "completed_at": format_time(at + _BACKUP_S)}
        id_ = f"vectordb-{database['id']}-{stamp}"
        found.append(StoredObject({"backup_id": id_, **times, "status": _SUCCESS}))
    return found


def _restore(call: Call, database: StoredObject) -> dict[str, str]:
    world, id_ = call.world, call.path_params["backup_id"]
    if not any(backup["backup_id"] == id_ for backup in _backups(world, database)):
        raise not_found()
    if any(restore["status"] != _SUCCESS for restore in RESTORES.all(world, database["id"])):
        raise conflict("A restore of the vector database is in progress.")
    restore = RESTORES.add(world, {"backup_id": id_}, world.now(), database["id"])
    DATABASES.change(world, database, last_restore_id=id_)
    return {name: restore[name] for name in ("backup_id", "status")}


def _get_credentials(call: Call, database: StoredObject) -> dict[str, str]:
    return {"user_id": "doadmin", "api_token": rng.digest(call.world.seed, "vector database token", database["id"])}


OPERATIONS: dict[str, Handler] = {
    "vectorDatabases_list": _list,
    "vectorDatabases_create": DATABASES.create(),
    "vectorDatabases_get": DATABASES.get(),
    "vectorDatabases_update": DATABASES.update(),
    "vectorDatabases_delete": DATABASES.delete(),
    "vectorDatabases_post_resize": DATABASES.on(_resize, state=_ACTIVE),
    "vectorDatabases_update_tags": DATABASES.on(_set_tags),
    "vectorDatabases_list_backups": DATABASES.on(lambda call, database: _backups(call.world, database)),
    "vectorDatabases_post_restore_backup": DATABASES.on(_restore, state=_ACTIVE),
    "vectorDatabases_get_restore_status": RESTORES.get(),
    "vectorDatabases_get_credentials": DATABASES.on(_get_credentials, state=_ACTIVE),
}

EFFECTS: dict[str, Callable[..., None]] = {f"{DATABASES.kind}.{_ACTIVE}": _open}
