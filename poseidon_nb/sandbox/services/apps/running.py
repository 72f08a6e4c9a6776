"""What runs of an app: instances, health, traffic, and the addresses of logs and consoles.

Addresses are below ``sandbox.invalid``, where nothing answers. From the specification: logs that
still grow have a ``live_url``, and finished ones ``historic_urls``; an active deployment is needed where the path names none.

Not documented, chosen here: an app without an active deployment answers 404 there. The use of CPU and memory and the traffic
are fabricated, and the same for the same app and day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import objects, rng
from poseidon_nb.sandbox.responses import HTTPResponse, bad_request, not_found, respond
from poseidon_nb.sandbox.services.apps.deployments import DEPLOYMENTS, UNFINISHED, active_deployment
from poseidon_nb.sandbox.services.apps.events import find_event, find_run, instance_count
from poseidon_nb.sandbox.services.apps.objects import APPS, active_spec
from poseidon_nb.sandbox.services.apps.progress import BUILT
from poseidon_nb.sandbox.services.apps.spec import components
from poseidon_nb.sandbox.timestamps import DAY_S, HOUR_S, format_time, parse_time

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.store import StoredObject
    from poseidon_nb.sandbox.world import World

_LOG_TYPES = ("UNSPECIFIED", "BUILD", "DEPLOY", "RUN", "RUN_RESTARTED", "AUTOSCALE_EVENT", "JOB_INVOCATION")
_MAX_APPS = 100
_MAX_DAILY_BYTES = 2_000_000_000


def _instances(world: World, app: StoredObject) -> list[dict[str, Any]]:
    """Return the instances of an app's active deployment."""
    found = []
    for kind, one in components(active_spec(app), "services", "workers"):
        prefix = f"{one['name']}-{rng.digest(world.seed, 'replicas', app.internal['active'], one['name'])[:10]}"
        for number in range(instance_count(world, app, one, world.now())):
            instance = {
                "component_name": one["name"],
                "component_type": kind.removesuffix("s").upper(),
                "instance_name": f"{prefix}-{rng.digest(prefix, number)[:5]}",
                "instance_alias": f"{one['name']}-{number}",
            }
            found.append(instance)
    return found


def _list_instances(call: Call) -> HTTPResponse:
    return respond(call, {"instances": _instances(call.world, APPS.find(call))})


def _deployment(call: Call) -> StoredObject:
    """Return the deployment of the path, or the active one, with the path's component, or raise 404."""
    deployment = DEPLOYMENTS.find(call) if "deployment_id" in call.path_params else active_deployment(call)
    if deployment is None:
        raise not_found()
    name = call.path_params.get("component_name")
    if name is not None and all(one["name"] != name for _, one in components(deployment["spec"], *BUILT)):
        raise not_found()
    return deployment


def _log_links(call: Call, *place: str, live: bool) -> HTTPResponse:
    type_ = call.query.get("type") or "UNSPECIFIED"
    if type_ not in _LOG_TYPES:
        raise bad_request(f"type must be one of {', '.join(_LOG_TYPES)}.")
    name = "/".join((*place, type_.lower()))
    token = rng.digest(call.world.seed, "log", name)
    if live:
        return respond(call, {"live_url": f"https://logs.{objects.HOST}/?token={token}"})
    return respond(call, {"historic_urls": [f"https://logs.{objects.HOST}/{name}.log?signature={token}"]})


def _logs(call: Call) -> HTTPResponse:
    deployment = _deployment(call)
    growing = {"BUILD": UNFINISHED[:2], "DEPLOY": UNFINISHED}.get(call.query.get("type", ""), (*UNFINISHED, "ACTIVE"))
    return _log_links(
        call, deployment["id"], call.path_params.get("component_name", "all"), live=deployment["phase"] in growing
    )


def _event_logs(call: Call) -> HTTPResponse:
    _, event = find_event(call)
    return _log_links(call, event["id"], live=event.get("autoscaling", {}).get("phase") == "IN_PROGRESS")


def _run_logs(call: Call) -> HTTPResponse:
    _, run = find_run(call)
    return _log_links(call, run["id"], live=run["phase"] in {"PENDING", "RUNNING"})


def _console(call: Call) -> HTTPResponse:
    deployment, app = _deployment(call), APPS.find(call)
    own = [one for one in _instances(call.world, app) if one["component_name"] == call.path_params["component_name"]]
    wanted = call.query.get("instance_name") or (own[0]["instance_name"] if own else "")
    if deployment["id"] != app.internal["active"] or all(one["instance_name"] != wanted for one in own):
        raise not_found()
    token = rng.digest(call.world.seed, "console", wanted, call.world.next_number("app consoles"))
    return respond(call, {"url": f"wss://console.{objects.HOST}/?token={token}"})


def _health(call: Call) -> HTTPResponse:
    app, world = APPS.find(call), call.world
    spec, hour = active_spec(app), int(world.now() // HOUR_S)
    health: dict[str, Any] = {"components": []}
    for _, one in components(spec, "services", "workers"):
        cpu, memory = (rng.random(world.seed, what, app["id"], one["name"], hour) for what in ("cpu", "memory"))
        count = instance_count(world, app, one, world.now())
        use = {"cpu_usage_percent": round(5 + 60 * cpu, 3), "memory_usage_percent": round(20 + 50 * memory, 3)}
        replicas = {"replicas_desired": count, "replicas_ready": count, "state": "HEALTHY"}
        health["components"].append({"name": one["name"], **use, **replicas})
    functions = [one["name"] for _, one in components(spec, "functions")]
    if functions:
        health["functions_components"] = [_functions_health(world, app["id"], name, hour) for name in functions]
    return respond(call, {"app_health": health})


def _functions_health(world: World, app_id: str, name: str, hour: int) -> dict[str, Any]:
    count = rng.randint(0, 500, world.seed, "activations", app_id, name, hour)
    metric = {"metric_label": "activations_count", "metric_value": count, "time_window": "1h"}
    return {"name": name, "functions_component_health_metrics": [metric]}


def _traffic(call: Call, apps: list[StoredObject], date: str | None) -> HTTPResponse:
    try:
        at = parse_time(date) if date else call.world.now() - DAY_S
    except ValueError:
        at = -1
    if at < 0:
        raise bad_request("date must be a time such as 2026-11-23T00:00:00Z.")
    day = format_time(at // DAY_S * DAY_S)
    rows = []
    for app in apps:
        served = rng.randint(1_000_000, _MAX_DAILY_BYTES, call.world.seed, "traffic", app["id"], day)
        existed = app["created_at"][:10] <= day[:10] <= format_time(call.world.now())[:10]
        rows.append({"app_id": app["id"], "bandwidth_bytes": str(served if existed else 0)})
    return respond(call, {"app_bandwidth_usage": rows, "date": day})


def _app_traffic(call: Call) -> HTTPResponse:
    return _traffic(call, [APPS.find(call)], call.query.get("date"))


def _traffic_of_apps(call: Call) -> HTTPResponse:
    ids = call.body["app_ids"]
    if len(ids) > _MAX_APPS:
        raise bad_request(f"app_ids must have at most {_MAX_APPS} items.")
    apps = [APPS.store(call.world).get(id_) for id_ in ids]
    if not all(apps):
        raise not_found()
    return _traffic(call, [app for app in apps if app is not None], call.body.get("date"))


OPERATIONS = {
    "apps_get_instances": _list_instances,
    "apps_get_health": _health,
    **dict.fromkeys(
        (
            "apps_get_logs",
            "apps_get_logs_aggregate",
            "apps_get_logs_active_deployment",
            "apps_get_logs_active_deployment_aggregate",
        ),
        _logs,
    ),
    "apps_get_event_logs": _event_logs,
    "apps_get_job_invocation_logs": _run_logs,
    "apps_get_exec": _console,
    "apps_get_exec_active_deployment": _console,
    "apps_get_metrics_bandwidth_daily": _app_traffic,
    "apps_list_metrics_bandwidth_daily": _traffic_of_apps,
}
