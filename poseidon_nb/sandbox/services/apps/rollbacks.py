"""Rollbacks of an app to one of its earlier deployments.

From the specification: a rollback pins the app to its deployment, so that nothing else can be deployed, until it is
committed or reverted; a revert deploys the spec from before the rollback. A validation names its condition.

Not documented, chosen here: the last ten deployments that were active can be rolled back to. A rollback that is not valid
answers 400, and one that is pinned already, or not at all, 409.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.responses import HTTPResponse, bad_request, conflict, not_found, respond
from poseidon_nb.sandbox.services.apps.deployments import (
    DEPLOYMENTS,
    UNFINISHED,
    deploy,
    require_unpinned,
    show_deployments,
)
from poseidon_nb.sandbox.services.apps.objects import APPS, with_spec
from poseidon_nb.sandbox.services.apps.spec import components

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.store import StoredObject

_MAX_ROLLBACKS = 10
_RESULTS = {"ERROR": "failed", "CANCELED": "canceled"}


def _target(call: Call) -> tuple[StoredObject, StoredObject]:
    """Return the app and the deployment to roll back to, or raise 400 or 404."""
    app, id_ = APPS.find(call), call.body.get("deployment_id")
    if not id_:
        raise bad_request("deployment_id is required")
    deployment = DEPLOYMENTS.store(call.world).get(f"{app['id']}/{id_}")
    if deployment is None:
        raise not_found()
    return app, deployment


def _error(call: Call, app: StoredObject, target: StoredObject) -> dict[str, Any] | None:
    """Return the condition that forbids a rollback, or None."""
    phase = target["phase"]
    past = [one["id"] for one in DEPLOYMENTS.all(call.world, app["id"]) if "ACTIVE" in one.internal["reached"]]
    databases = [
        sorted(one["name"] for _, one in components(spec, "databases")) for spec in (app["spec"], target["spec"])
    ]
    if app.internal["pinned"]:
        code, message = "app_pinned", "the app is already pinned to a rollback"
    elif phase in _RESULTS:
        code, message = "incompatible_result", f'deployment result "{_RESULTS[phase]}" is unsuitable for rollback'
    elif phase in UNFINISHED or target["id"] == app.internal["active"] or target["id"] not in past:
        code, message = "incompatible_phase", f'deployment phase "{phase}" is unsuitable for rollback'
    elif target["id"] not in past[-_MAX_ROLLBACKS - 1 :]:
        code = "exceeded_revision_limit"
        message = f"the deployment is past the maximum historical revision limit of {_MAX_ROLLBACKS}"
    elif target["spec"]["region"] != app["spec"]["region"]:
        code, message = "region_conflict", "the deployment is in another region"
    elif databases[0] != databases[1]:
        code, message = "database_config_conflict", "the deployment has other databases"
    else:
        return None
    return {"code": code, "message": message}


def _warnings(target: StoredObject) -> list[dict[str, Any]]:
    spec, found = target["spec"], []
    images = [one["name"] for _, one in components(spec) if one.get("image") and not one["image"].get("digest")]
    if images:
        text = "one or more components are missing an image digest and are not guaranteed to have the old version"
        found.append({"code": "image_source_missing_digest", "components": images, "message": text})
    sites = [one["name"] for _, one in components(spec, "static_sites")]
    if sites:
        text = "one or more static sites must be rebuilt"
        found.append({"code": "static_site_requires_rebuild", "components": sites, "message": text})
    return found


def _validate(call: Call) -> HTTPResponse:
    app, target = _target(call)
    error, warnings = _error(call, app, target), _warnings(target)
    result: dict[str, Any] = {"valid": error is None}
    if error is not None:
        result["error"] = error
    if warnings:
        result["warnings"] = warnings
    return respond(call, result)


def _roll_back(call: Call) -> HTTPResponse:
    app, target = _target(call)
    require_unpinned(app)
    error = _error(call, app, target)
    if error is not None:
        raise bad_request(error["message"])
    world, now = call.world, call.world.now()
    made = _deploy_spec(call, app, target["spec"], "manual rollback", cloned_from=target["id"])
    if not call.body.get("skip_pin"):
        pinned = APPS.store(world)[app["id"]].with_internal(pinned=made["id"], replaced=app["spec"])
        APPS.put(world, pinned)
        show_deployments(world, app["id"], now)
    return respond(call, made)


def _deploy_spec(call: Call, app: StoredObject, spec: dict[str, Any], cause: str, **fields: Any) -> StoredObject:
    world, now = call.world, call.world.now()
    APPS.put(world, with_spec(world, app, spec, now))
    built = any(True for _ in components(spec, "static_sites"))
    return deploy(world, app["id"], now, cause=cause, type_="MANUAL_ROLLBACK", built=built, **fields)


def _unpin(call: Call) -> tuple[StoredObject, dict[str, Any]]:
    """Return an app that was pinned and the spec from before its rollback, or raise 409."""
    app = APPS.find(call)
    if not app.internal["pinned"]:
        raise conflict("The app is not pinned to a rollback.")
    unpinned = APPS.put(call.world, app.with_internal(pinned="", replaced=None))
    show_deployments(call.world, app["id"], call.world.now())
    return unpinned, app.internal["replaced"]


def _commit(call: Call) -> HTTPResponse:
    _unpin(call)
    return respond(call, None)


def _revert(call: Call) -> HTTPResponse:
    app, spec = _unpin(call)
    return respond(call, _deploy_spec(call, app, spec, "rollback reverted"))


OPERATIONS = {
    "apps_create_rollback": _roll_back,
    "apps_validate_rollback": _validate,
    "apps_commit_rollback": _commit,
    "apps_revert_rollback": _revert,
}
