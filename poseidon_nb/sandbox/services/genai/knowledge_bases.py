"""Knowledge bases of GradientAI with their data sources, indexing jobs and schedules.

From Terraform's provider and godo's recorded answers: a name has 2 to 32 characters, the answer about one knowledge base
says the status of its database, and its first indexing job starts by itself. From the specification: the list of a
knowledge base has its latest 15 jobs, and the days of a schedule are those of cron.

Not documented, chosen here: the times of all states, and the number of items, bytes and tokens of a data source, which are
fabricated and always the same. A job needs data sources and a database that is online, and there is one at a time. A
knowledge base without a database gets an OpenSearch cluster, of a size for its plan, which stays when it is deleted, and
is billed like any other. Nothing is billed by tokens.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.responses import conflict, not_found, respond, unprocessable
from poseidon_nb.sandbox.services.databases import clusters, engines
from poseidon_nb.sandbox.services.databases.clusters import CLUSTERS
from poseidon_nb.sandbox.services.databases.creation import add_cluster
from poseidon_nb.sandbox.services.genai.data_sources import SOURCE_FIELDS, check_source
from poseidon_nb.sandbox.services.genai.links import presigned_url
from poseidon_nb.sandbox.services.genai.models import place_of
from poseidon_nb.sandbox.services.genai.reference import (
    collection,
    new_object,
    require_model,
    user_id,
)
from poseidon_nb.sandbox.states import States
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import DAY_S, format_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.resources import Handler
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_PHASE, _STATUS, _SOURCE_STATUS = "BATCH_JOB_PHASE_", "INDEX_JOB_STATUS_", "DATA_SOURCE_STATUS_"
_PENDING, _RUNNING, _SUCCEEDED, _CANCELLED = (
    _PHASE + phase for phase in ("PENDING", "RUNNING", "SUCCEEDED", "CANCELLED")
)
#: The status of a job and of its data sources in each phase.
_STATUSES = {
    _PENDING: ("PENDING", "UNKNOWN"),
    _RUNNING: ("IN_PROGRESS", "IN_PROGRESS"),
    _SUCCEEDED: ("COMPLETED", "UPDATED"),
    _CANCELLED: ("CANCELLED", "CANCELLED"),
}
_LATEST = 15
_DAYS_OF_WEEK = 7
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_ENGINE = "opensearch"
#: The size of the database of each plan.
_SIZES = {
    "OPEN_SEARCH_PLAN_SIZE_SMALL": "db-s-1vcpu-2gb",
    "OPEN_SEARCH_PLAN_SIZE_MEDIUM": "db-s-2vcpu-4gb",
    "OPEN_SEARCH_PLAN_SIZE_LARGE": "db-s-4vcpu-8gb",
    "OPEN_SEARCH_PLAN_SIZE_EXTRA_LARGE": "m3-2vcpu-16gb",
}


def _shown_source(world: World, source: StoredObject) -> StoredObject:
    for job in reversed(_jobs_of(world, source.internal["parent"])):
        if source["uuid"] in job["data_source_uuids"]:
            (details,) = (one for one in _source_jobs(job) if one["data_source_uuid"] == source["uuid"])
            return source.with_public(last_datasource_indexing_job=details)
    return source


def _new_base(world: World, uuid: str, values: dict[str, Any], at: float) -> StoredObject:
    own = {"user_id": user_id(world), "is_public": False}
    internal = {name: values.pop(name, None) for name in ("datasources", "size", "vpc_uuid")}
    return StoredObject(new_object(world, uuid, {**values, **own}, at), internal)


def _check_base(call: Call, values: dict[str, Any], present: StoredObject | None) -> None:
    world, database = call.world, values.get("database_id")
    if database and CLUSTERS.store(world)[database]["engine"] != _ENGINE:
        raise unprocessable(f"The database {database} is not of OpenSearch.")
    if present is None:
        require_model(values["embedding_model_uuid"], "KNOWLEDGEBASE", "embedding_model_uuid")
        values |= place_of(world, values)
        for source in values["datasources"]:
            check_source(call, source, None)
        if not database:
            clusters.check_region(world, _ENGINE, values["region"])
            clusters.check_place(call, {"private_network_uuid": values.get("vpc_uuid"), "region": values["region"]})


def _status(world: World, base: StoredObject) -> str:
    """Return the status of the database, which may have been destroyed."""
    database = CLUSTERS.store(world).get(base.public.get("database_id"))
    return "DECOMMISSIONED" if database is None else database["status"].upper()


def shown_base(world: World, base: StoredObject) -> StoredObject:
    """Return a knowledge base as responses show it."""
    jobs = _jobs_of(world, base["uuid"])
    return base.with_public(last_indexing_job=_shown_job(world, jobs[-1]).public) if jobs else base


KNOWLEDGE_BASES = collection(
    "genai_knowledge_bases",
    Field("name", required=True, minimum=2, maximum=32),
    Field("embedding_model_uuid", required=True),
    Field("project_id", refers="projects"),
    Field("region"),
    Field("vpc_uuid"),
    Field("database_id", refers=CLUSTERS.kind),
    Field("size", choices=tuple(_SIZES)),
    Field("tags", default=[]),
    Field("datasources", default=[], fields=SOURCE_FIELDS, closed=True),
    Field(
        name="reranking_config",
        fields=(Field("enabled", type="boolean", default=False), Field("model", type="string", default="")),
        closed=True,
    ),
    build=_new_base,
    check=_check_base,
    show=shown_base,
    label="knowledge base",
)
SOURCES = collection(
    "genai_knowledge_bases.data_sources",
    *SOURCE_FIELDS,
    check=check_source,
    show=_shown_source,
    parent=KNOWLEDGE_BASES,
    label="data source",
)


def _create_base(call: Call) -> HTTPResponse:
    world = call.world
    base = KNOWLEDGE_BASES.create_from(call)
    for source in base.internal["datasources"]:
        SOURCES.add(world, source, world.now(), base["uuid"])
    if not base.public.get("database_id"):
        base = KNOWLEDGE_BASES.put(world, base.with_public(database_id=_add_database(world, base)["id"]))
    start_job(world, world.now(), base["uuid"])
    return respond(call, shown_base(world, base))


def _add_database(world: World, base: StoredObject) -> StoredObject:
    values = {
        "name": f"genai-{base['uuid'][:13]}",
        "engine": _ENGINE,
        "version": engines.options()[_ENGINE]["default_version"],
        "size": _SIZES[base.internal["size"] or next(iter(_SIZES))],
        "num_nodes": 1,
        "private_network_uuid": base.internal["vpc_uuid"],
        **{name: base[name] for name in ("region", "project_id")},
    }
    return add_cluster(world, values, world.now())


def _get_base(call: Call) -> HTTPResponse:
    base = KNOWLEDGE_BASES.find(call)
    return respond(call, shown_base(call.world, base), database_status=_status(call.world, base))


def _remove_base(world: World, at: float, uuid: str) -> None:
    for kind in (JOBS, SCHEDULES):
        for record in kind.all(world, knowledge_base_uuid=uuid):
            kind.remove(world, record, at)


def _jobs_of(world: World, base: str) -> list[StoredObject]:
    return JOBS.all(world, knowledge_base_uuid=base)


def _source_jobs(job: StoredObject) -> list[dict[str, Any]]:
    done = job["phase"] == _SUCCEEDED
    found = []
    for uuid in job["data_source_uuids"]:
        items = rng.randint(3, 120, "genai items", uuid)
        size = items * rng.randint(2_000, 60_000, "genai bytes", uuid)
        indexed, indexed_bytes = (str(items), str(size)) if done else ("0", "0")
        details = {
            "data_source_uuid": uuid,
            "status": _SOURCE_STATUS + _STATUSES[job["phase"]][1],
            "total_file_count": str(items),
            "total_bytes": str(size),
            "indexed_file_count": indexed,
            "indexed_item_count": indexed,
            "total_bytes_indexed": indexed_bytes,
            **dict.fromkeys(("failed_item_count", "removed_item_count", "skipped_item_count"), "0"),
        }
        for name, shown_name in (("started_at", "started_at"), ("finished_at", "completed_at")):
            if name in job.public:
                details[shown_name] = job[name]
        found.append(details)
    return found


def _shown_job(_world: World, job: StoredObject) -> StoredObject:
    done = job["phase"] == _SUCCEEDED
    details = _source_jobs(job)
    tokens = sum(int(one["total_bytes_indexed"]) // 4 for one in details)
    return job.with_public(
        status=_STATUS + _STATUSES[job["phase"]][0],
        data_source_jobs=details,
        total_datasources=len(details),
        completed_datasources=len(details) if done else 0,
        tokens=tokens,
        total_tokens=str(tokens),
        is_report_available=done,
    )


def _check_job(call: Call, values: dict[str, Any], _present: StoredObject | None) -> None:
    base = values["knowledge_base_uuid"]
    known = [source["uuid"] for source in SOURCES.all(call.world, base)]
    wanted = [*dict.fromkeys(values.get("data_source_uuids") or known)]
    unknown = next((uuid for uuid in wanted if uuid not in known), None)
    if unknown is not None:
        raise unprocessable(f"data_source_uuids {unknown} is not a data source of the knowledge base.")
    problem = _obstacle(call.world, base)
    if problem:
        raise conflict(problem)
    values["data_source_uuids"] = wanted


def _obstacle(world: World, base: str) -> str:
    """Return why no indexing job can start; empty if one can."""
    status = _status(world, KNOWLEDGE_BASES.store(world)[base])
    if status != "ONLINE":
        return f"The database of the knowledge base is {status}, and has to be ONLINE for this."
    if not SOURCES.all(world, base):
        return "The knowledge base has no data sources."
    if any(job["phase"] in {_PENDING, _RUNNING} for job in _jobs_of(world, base)):
        return "An indexing job of the knowledge base is in progress."
    return ""


JOBS = collection(
    "genai_indexing_jobs",
    Field("knowledge_base_uuid", required=True, minimum=1, refers=KNOWLEDGE_BASES.kind),
    Field("data_source_uuids"),
    check=_check_job,
    show=_shown_job,
    states=States(first=((_PENDING, 15.0), (_RUNNING, 90.0)), ready=_SUCCEEDED, field="phase"),
    label="indexing job",
)


def start_job(world: World, at: float, base: str) -> None:
    """Start an indexing job of all data sources, if that is possible."""
    if not _obstacle(world, base):
        uuids = [source["uuid"] for source in SOURCES.all(world, base)]
        JOBS.add(world, {"knowledge_base_uuid": base, "data_source_uuids": uuids}, at)


def _index_first(world: World, at: float, database: str) -> None:
    for base in KNOWLEDGE_BASES.all(world, database_id=database):
        if not _jobs_of(world, base["uuid"]):
            start_job(world, at, base["uuid"])


def _forget_database(world: World, _at: float, database: str) -> None:
    for base in KNOWLEDGE_BASES.all(world, database_id=database):
        KNOWLEDGE_BASES.put(world, base.without("database_id"))


def _begin_job(world: World, at: float, uuid: str) -> None:
    JOBS.put(world, JOBS.store(world)[uuid].with_public(started_at=format_time(at)))


def _end_job(world: World, at: float, uuid: str) -> None:
    JOBS.put(world, JOBS.store(world)[uuid].with_public(finished_at=format_time(at)))


def _cancel_job(call: Call, job: StoredObject) -> StoredObject:
    return JOBS.change(call.world, job, phase=_CANCELLED, finished_at=format_time(call.world.now()))


def _list_base_jobs(call: Call) -> HTTPResponse:
    base = KNOWLEDGE_BASES.find(call)
    return respond(call, [_shown_job(call.world, job) for job in _jobs_of(call.world, base["uuid"])[-_LATEST:]])


def _get_report_url(call: Call, job: StoredObject) -> dict[str, str]:
    if job["phase"] != _SUCCEEDED:
        raise unprocessable("The report is available when the indexing job has ended.")
    return {"signed_url": presigned_url(call.world, f"reports/{job['uuid']}.csv")[0]}


def _check_schedule(call: Call, values: dict[str, Any], _present: StoredObject | None) -> None:
    if SCHEDULES.all(call.world, knowledge_base_uuid=values["knowledge_base_uuid"]):
        raise conflict("The knowledge base already has a schedule.")
    if not all(0 <= day <= _DAYS_OF_WEEK for day in values["days"]):
        raise unprocessable("days must be numbers from 0 to 7; Monday is 1.")


def _new_schedule(world: World, uuid: str, values: dict[str, Any], at: float) -> dict[str, Any]:
    days = [*dict.fromkeys(values["days"])]
    values = {**values, "days": days, "time": f"{values['time']}:00", "is_active": True}
    return new_object(world, uuid, {**values, "next_run_at": format_time(_next_run(days, values["time"], at))}, at)


def _next_run(days: list[int], clock: str, after: float) -> float:
    hour, minute, _ = clock.split(":")
    start = after // DAY_S * DAY_S + int(hour) * 3600 + int(minute) * 60
    wanted = {day % _DAYS_OF_WEEK for day in days}
    # gmtime's week begins on Monday with 0, cron's on Sunday.
    return next(
        at
        for at in (start + number * DAY_S for number in range(_DAYS_OF_WEEK + 1))
        if at > after and (time.gmtime(at).tm_wday + 1) % _DAYS_OF_WEEK in wanted
    )


SCHEDULES = collection(
    "genai_schedules",
    Field("knowledge_base_uuid", required=True, minimum=1, refers=KNOWLEDGE_BASES.kind),
    Field("days", required=True, minimum=1),
    Field("time", required=True, pattern=_TIME, rule="must be a time such as 02:30"),
    build=_new_schedule,
    check=_check_schedule,
    label="schedule",
)


def _create_schedule(call: Call) -> HTTPResponse:
    schedule = SCHEDULES.create_from(call)
    _plan_run(call.world, call.world.now(), schedule)
    return respond(call, schedule)


def _plan_run(world: World, at: float, schedule: StoredObject) -> None:
    due = _next_run(schedule["days"], schedule["time"], at)
    SCHEDULES.put(world, schedule.with_public(next_run_at=format_time(due)))
    world.schedule(due, f"{SCHEDULES.kind}.run", schedule["uuid"])


def _run_schedule(world: World, at: float, uuid: str) -> None:
    schedule = SCHEDULES.store(world).get(uuid)
    if schedule is not None:
        start_job(world, at, schedule["knowledge_base_uuid"])
        _plan_run(world, at, schedule.with_public(last_ran_at=format_time(at)))


def _get_schedule(call: Call) -> HTTPResponse:
    base = KNOWLEDGE_BASES.find(call)
    schedules = SCHEDULES.all(call.world, knowledge_base_uuid=base["uuid"])
    if not schedules:
        raise not_found()
    return respond(call, schedules[0])


def _end_schedule(call: Call, schedule: StoredObject) -> StoredObject:
    now = format_time(call.world.now())
    return schedule.with_public(is_active=False, deleted_at=now)


OPERATIONS: dict[str, Handler] = {
    "genai_list_knowledge_bases": KNOWLEDGE_BASES.list(),
    "genai_create_knowledge_base": _create_base,
    "genai_get_knowledge_base": _get_base,
    "genai_update_knowledge_base": KNOWLEDGE_BASES.update(),
    "genai_delete_knowledge_base": KNOWLEDGE_BASES.delete(lambda _call, base: {"uuid": base["uuid"]}),
    "genai_list_knowledge_base_data_sources": SOURCES.list(),
    "genai_create_knowledge_base_data_source": SOURCES.create(),
    "genai_update_knowledge_base_data_source": SOURCES.update(),
    "genai_delete_knowledge_base_data_source": SOURCES.delete(lambda call, _source: dict(call.path_params)),
    "genai_list_indexing_jobs": JOBS.list(),
    "genai_list_indexing_jobs_by_knowledge_base": _list_base_jobs,
    "genai_create_indexing_job": JOBS.create(),
    "genai_get_indexing_job": JOBS.get(),
    "genai_cancel_indexing_job": JOBS.on(_cancel_job, state=(_PENDING, _RUNNING)),
    "genai_list_indexing_job_data_sources": JOBS.on(
        lambda _call, job: [StoredObject(one) for one in _source_jobs(job)]
    ),
    "genai_get_indexing_job_details_signed_url": JOBS.on(_get_report_url),
    "genai_create_scheduled_indexing": _create_schedule,
    "genai_get_scheduled_indexing": _get_schedule,
    "genai_delete_scheduled_indexing": SCHEDULES.delete(_end_schedule),
}

EFFECTS: dict[str, Callable[..., None]] = {
    f"{CLUSTERS.kind}.online.genai": _index_first,
    f"{CLUSTERS.kind}.removed.genai": _forget_database,
    f"{KNOWLEDGE_BASES.kind}.removed": _remove_base,
    f"{JOBS.kind}.{_RUNNING}": _begin_job,
    f"{JOBS.kind}.{_SUCCEEDED}": _end_job,
    f"{SCHEDULES.kind}.run": _run_schedule,
}
