"""Events of an app, and runs of its jobs. Both follow from its deployments, its schedules and the time.

Each deployment is an event. A component with ``autoscaling`` has another number of instances at most once an hour, by a
load that is fabricated, and each change is an event of the last day; a canceled one changes nothing.

Each job of a deployment runs when the deployment reaches its phase, and a ``SCHEDULED`` job by its cron in its time zone. Not
documented, chosen here: a zone that this machine does not know is UTC, the last 20 runs of a schedule are kept, a run waits
for 5 seconds and lasts 30, and one whose command fails (see `progress`) has failed.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.cron import parse_cron
from poseidon_nb.sandbox.responses import not_found, respond, unprocessable
from poseidon_nb.sandbox.services.apps.deployments import DEPLOYMENTS
from poseidon_nb.sandbox.services.apps.objects import APPS, active_spec
from poseidon_nb.sandbox.services.apps.progress import fails
from poseidon_nb.sandbox.services.apps.spec import components
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import HOUR_S, format_time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_KEPT_RUNS, _KEPT_HOURS = 20, 24
_WAIT_S, _RUN_S, _SCALING_S = 5.0, 30.0, 60.0
#: The phase of a deployment in which a job of a kind runs.
_RUN_IN = {"PRE_DEPLOY": "DEPLOYING", "POST_DEPLOY": "ACTIVE", "UNSPECIFIED": "ACTIVE", "FAILED_DEPLOY": "ERROR"}


def instance_count(world: World, app: StoredObject, component: dict[str, Any], at: float) -> int:
    """Return how many instances a component has at a time."""
    limits = component.get("autoscaling")
    if not limits:
        return int(component.get("instance_count") or 1)
    low = limits.get("min_instance_count") or 1
    since = max(at - _KEPT_HOURS * HOUR_S, _active_since(world, app))
    changes = [event for event in _scalings(world, app, component, since, at) if not event[3]]
    return int(changes[-1][2] if changes else low)


def _active_since(world: World, app: StoredObject) -> float:
    active = DEPLOYMENTS.store(world).get(f"{app['id']}/{app.internal['active']}")
    return world.now() if active is None else float(active.internal["reached"]["ACTIVE"])


def _scalings(
    world: World, app: StoredObject, component: dict[str, Any], since: float, until: float
) -> Iterator[tuple[float, int, int, float | None]]:
    """Yield the changes of a component's instances: the time, the numbers before and after, and when it was canceled."""
    limits = component["autoscaling"]
    low, high = limits.get("min_instance_count") or 1, limits.get("max_instance_count") or 1
    present = low
    for hour in range(int(since // HOUR_S) + 1, int(until // HOUR_S) + 1):
        wanted = rng.randint(low, max(low, high), world.seed, "load", app["id"], component["name"], hour)
        if wanted != present:
            canceled = app.internal["canceled"].get(_scaling_id(world, app, component["name"], hour * HOUR_S))
            yield hour * HOUR_S, present, wanted, canceled
            present = present if canceled else wanted


def _scaling_id(world: World, app: StoredObject, name: str, at: float) -> str:
    return rng.uuid(world.seed, "scaling", app["id"], name, int(at))


def _events(world: World, app: StoredObject) -> list[dict[str, Any]]:
    """Return the events of an app, newest first."""
    found = []
    for one in DEPLOYMENTS.all(world, app["id"]):
        id_ = rng.uuid(world.seed, "event", one["id"])
        event = {"id": id_, "type": "DEPLOYMENT", "created_at": one["created_at"], "deployment_id": one["id"]}
        found.append({**event, "deployment": one.public})
    now = world.now()
    since = max(now - _KEPT_HOURS * HOUR_S, _active_since(world, app))
    for _, component in components(active_spec(app), "services", "workers"):
        if not component.get("autoscaling"):
            continue
        for at, low, high, canceled in _scalings(world, app, component, since, now):
            phase = "CANCELED" if canceled else "IN_PROGRESS" if now < at + _SCALING_S / world.speed else "SUCCEEDED"
            change = {"from": low, "to": high, "triggering_metric": "cpu"}
            event = {
                "id": _scaling_id(world, app, component["name"], at),
                "type": "AUTOSCALING",
                "created_at": format_time(at),
                "autoscaling": {"phase": phase, "components": {component["name"]: change}},
            }
            found.append(event)
    return sorted(found, key=lambda event: str(event["created_at"]), reverse=True)


def find_event(call: Call) -> tuple[StoredObject, dict[str, Any]]:
    """Return the app and the event that the path names, or raise 404."""
    app = APPS.find(call)
    for event in _events(call.world, app):
        if event["id"] == call.path_params["event_id"]:
            return app, event
    raise not_found()


def _list_events(call: Call) -> HTTPResponse:
    wanted = {one for one in call.query.get("event_types", "").split(",") if one}
    events = _events(call.world, APPS.find(call))
    return respond(call, [StoredObject(event) for event in events if not wanted or event["type"] in wanted])


def _cancel_event(call: Call) -> HTTPResponse:
    app, event = find_event(call)
    if event.get("autoscaling", {}).get("phase") != "IN_PROGRESS":
        raise unprocessable("Only an autoscaling event in progress can be canceled.")
    _store_cancellation(call.world, app, event["id"])
    return respond(call, {"event": find_event(call)[1]})


def _store_cancellation(world: World, app: StoredObject, id_: str) -> None:
    APPS.put(world, app.with_internal(canceled={**app.internal["canceled"], id_: world.now()}))


def _runs(world: World, app: StoredObject) -> list[StoredObject]:
    """Return the runs of an app's jobs, newest first."""
    account, found = world.state.account, []
    user = {"uuid": account["uuid"], "email": account["email"], "full_name": account["name"]}
    for deployment in DEPLOYMENTS.all(world, app["id"]):
        for _, job in components(deployment["spec"], "jobs"):
            at = deployment.internal["reached"].get(_RUN_IN.get(job.get("kind") or "UNSPECIFIED", ""))
            if at is not None:
                trigger = {"type": "MANUAL", "manual": {"user": user}}
                found.append(_run(world, app, deployment, job, at, trigger))
            if deployment["id"] == app.internal["active"] and job.get("kind") == "SCHEDULED":
                found += _scheduled_runs(world, app, deployment, job)
    return sorted(found, key=lambda run: str(run["created_at"]), reverse=True)


def _scheduled_runs(
    world: World, app: StoredObject, deployment: StoredObject, job: dict[str, Any]
) -> Iterator[StoredObject]:
    schedule = {"cron": job["schedule"]["cron"], "time_zone": job["schedule"].get("time_zone") or "UTC"}
    cron = parse_cron(schedule["cron"], _find_zone(schedule["time_zone"]))
    since = deployment.internal["reached"]["ACTIVE"]
    at: float | None = world.now()
    for _ in range(_KEPT_RUNS):
        at = None if cron is None or at is None else cron.last_run(at)
        if at is None or at <= since:
            return
        yield _run(world, app, deployment, job, at, {"type": "SCHEDULE", "scheduled": {"schedule": schedule}})
        at -= 1


def _find_zone(name: str) -> tzinfo:
    """Return a time zone by its name, or UTC."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415  # a start does not need it

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def _run(
    world: World, app: StoredObject, deployment: StoredObject, job: dict[str, Any], at: float, trigger: dict[str, Any]
) -> StoredObject:
    id_ = rng.uuid(world.seed, "job", deployment["id"], job["name"], int(at))
    canceled = app.internal["canceled"].get(id_)
    started, completed = at + _WAIT_S / world.speed, at + (_WAIT_S + _RUN_S) / world.speed
    now = world.now()
    if canceled is not None:
        phase, completed = "CANCELED", canceled
    elif now < completed:
        phase = "PENDING" if now < started else "RUNNING"
    else:
        phase = "FAILED" if fails(job, "run_command") else "SUCCEEDED"
    times = {"created_at": at, "started_at": started, "completed_at": completed}
    shown = {name: format_time(time) for name, time in times.items() if time <= now}
    run = {"id": id_, "job_name": job["name"], "deployment_id": deployment["id"], "phase": phase, "trigger": trigger}
    return StoredObject({**run, **shown})


def find_run(call: Call) -> tuple[StoredObject, StoredObject]:
    """Return the app and the run of a job that the path names, or raise 404."""
    app = APPS.find(call)
    job = call.path_params.get("job_name") or call.query.get("job_name")
    for run in _runs(call.world, app):
        if run["id"] == call.path_params["job_invocation_id"] and job in {None, "", run["job_name"]}:
            return app, run
    raise not_found()


def _list_runs(call: Call) -> HTTPResponse:
    jobs = {one for one in call.query.get("job_names", "").split(",") if one}
    deployment = call.query.get("deployment_id")
    runs = [
        run
        for run in _runs(call.world, APPS.find(call))
        if (not jobs or run["job_name"] in jobs) and deployment in {None, "", run["deployment_id"]}
    ]
    return respond(call, runs)


def _cancel_run(call: Call) -> HTTPResponse:
    app, run = find_run(call)
    if run["phase"] not in {"PENDING", "RUNNING"}:
        raise unprocessable(f"The job invocation is {run['phase']}, and cannot be canceled.")
    _store_cancellation(call.world, app, run["id"])
    return respond(call, find_run(call)[1])


OPERATIONS = {
    "apps_list_events": _list_events,
    "apps_get_event": lambda call: respond(call, {"event": find_event(call)[1]}),
    "apps_cancel_event": _cancel_event,
    "apps_list_job_invocations": _list_runs,
    "apps_get_job_invocation": lambda call: respond(call, find_run(call)[1]),
    "apps_cancel_job_invocation": _cancel_run,
}
