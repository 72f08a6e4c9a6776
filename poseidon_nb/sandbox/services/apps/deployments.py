"""Deployments of an app: their phases over time, and the steps of their progress.

A deployment goes through ``PENDING_BUILD``, ``BUILDING``, ``PENDING_DEPLOY`` and ``DEPLOYING`` to ``ACTIVE``, when the one
before becomes ``SUPERSEDED``. The app shows the first of these as ``pending_deployment`` and the others before ``ACTIVE``
as ``in_progress_deployment``. Terraform's provider and doctl wait until all steps of the progress have succeeded.

Not documented, chosen here: the times of the phases; images are not built, and a restart builds nothing. An app deploys one
after the other, and a newer one replaces the one that waits. A deployment fails without its image in the account's registry,
and by a build or run command that is ``false`` or ``exit`` with a number other than zero, so that a client can be tested with
it. An image that is pushed deploys the apps that ask for it (``deploy_on_push``). Hashes of commits are fabricated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import bad_request, conflict, respond
from poseidon_nb.sandbox.services.apps.objects import APPS, update_prices, with_live_domains
from poseidon_nb.sandbox.services.apps.progress import BUILT, find_failure, progress, uses_image
from poseidon_nb.sandbox.services.apps.spec import components, tier
from poseidon_nb.sandbox.states import States
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_PHASES = {"PENDING_BUILD": 10.0, "BUILDING": 60.0, "PENDING_DEPLOY": 5.0, "DEPLOYING": 30.0}
_NO_BUILD_S = 5.0
IN_PROGRESS = ("BUILDING", "PENDING_DEPLOY", "DEPLOYING")
UNFINISHED = ("PENDING_BUILD", *IN_PROGRESS)


def _new_deployment(world: World, id_: str, values: dict[str, Any], at: float) -> StoredObject:
    spec, now = values["spec"], format_time(at)
    public: dict[str, Any] = {"id": id_, "spec": spec}
    for kind in BUILT:
        made = [_component_object(world, id_, kind, one) for _, one in components(spec, kind)]
        if made:
            public[kind] = made
    public |= {"cause": values["cause"], "phase": "PENDING_BUILD", "tier_slug": tier(spec)}
    public |= {"created_at": now, "updated_at": now, "phase_last_updated_at": now}
    if "cloned_from" in values:
        public["cloned_from"] = values["cloned_from"]
    return StoredObject(public, {"type": values["type"], "built": values["built"], "reached": {"PENDING_BUILD": at}})


def _component_object(world: World, id_: str, kind: str, one: dict[str, Any]) -> dict[str, Any]:
    made = {"name": one["name"]}
    if not one.get("image"):
        digest = rng.digest(world.seed, "commit", id_, one["name"])
        made["source_commit_hash"] = (digest * 2)[:40]
    if kind == "functions":
        made["namespace"] = f"ap-{rng.uuid(world.seed, 'namespace', id_, one['name'])}"
    return made


DEPLOYMENTS = Resource(
    "apps.deployments", parent=APPS, build=_new_deployment, states=States(field="phase", ready="ACTIVE")
)


def app_of(world: World, deployment: StoredObject) -> StoredObject:
    """Return the app of a deployment."""
    return APPS.store(world)[deployment.internal["parent"]]


def active_deployment(call: Call) -> StoredObject | None:
    """Return the active deployment of the app that the path names, or None; raise 404 for an unknown app."""
    app = APPS.find(call)
    return DEPLOYMENTS.store(call.world).get(f"{app['id']}/{app.internal['active']}")


def deploy(  # what a deployment is, all by keyword
    world: World,
    app_id: str,
    at: float,
    *,
    cause: str = "manual",
    type_: str = "MANUAL",
    built: bool = True,
    settled: bool = False,
    **fields: Any,
) -> StoredObject:
    """Deploy the present spec of an app, now or after the deployment in progress.

    Parameters
    ----------
    world : World
        The account.
    app_id : str
        The app.
    at : float
        When, in Unix seconds.
    cause, type_ : str
        Why; the type is what ``deployment_types`` filters by.
    built : bool
        Whether the components are built.
    settled : bool
        Whether it is active at once.
    **fields
        Further fields of the deployment.
    """
    spec = APPS.store(world)[app_id]["spec"]
    values = {"spec": spec, "cause": cause, "type": type_, "built": built, **fields}
    running = [one for one in DEPLOYMENTS.all(world, app_id) if one["phase"] in UNFINISHED]
    made = DEPLOYMENTS.add(world, values, at, app_id)
    key = DEPLOYMENTS.key_of(made)
    APPS.put(world, APPS.store(world)[app_id].with_public(last_deployment_created_at=made["created_at"]), at)
    if settled:
        _activate(world, at, key)
        return DEPLOYMENTS.store(world)[key]
    DEPLOYMENTS.put(world, made.with_public(phase="PENDING_BUILD"), at)
    for one in running:
        if "started" not in one.internal:
            _note_phase(world, at, DEPLOYMENTS.key_of(DEPLOYMENTS.change(world, one, phase="SUPERSEDED")))
    if not any("started" in one.internal for one in running):
        _start(world, at, key)
    _note_phase(world, at, key)
    return DEPLOYMENTS.store(world)[key]


def _start(world: World, at: float, key: str) -> None:
    deployment = DEPLOYMENTS.store(world)[key]
    spec, built = deployment["spec"], deployment.internal["built"]
    failure = find_failure(world, spec, built=built)
    durations = dict(_PHASES)
    if not built or all(one.get("image") for _, one in components(spec, *BUILT)):
        durations["BUILDING"] = _NO_BUILD_S
    phases = [*durations.items()]
    last = "ACTIVE" if failure is None else "ERROR"
    if failure is not None and failure["stage"] == "build":
        phases = phases[: phases.index(("BUILDING", durations["BUILDING"])) + 1]
    DEPLOYMENTS.go_through(world, deployment.with_internal(started=at, failure=failure), [*phases, (last, 0.0)], at)


def _note_phase(world: World, at: float, key: str) -> None:
    """Record the time and the progress of a deployment's phase, and show it in the app."""
    deployment = DEPLOYMENTS.store(world)[key]
    reached = {**deployment.internal["reached"], deployment["phase"]: at}
    deployment = deployment.with_internal(reached=reached)
    now = format_time(at)
    shown = {
        "updated_at": now,
        "phase_last_updated_at": now,
        "progress": progress(deployment["spec"], reached, deployment.internal.get("failure")),
    }
    DEPLOYMENTS.put(world, deployment.with_public(**shown), at)
    show_deployments(world, deployment.internal["parent"], at)


def show_deployments(world: World, app_id: str, at: float) -> None:
    """Show the present deployments of an app in the app."""
    app = APPS.store(world)[app_id]
    found: dict[str, dict[str, Any]] = {}
    for one in DEPLOYMENTS.all(world, app_id):
        for name in ("active", "pinned"):
            if one["id"] == app.internal[name]:
                found[f"{name}_deployment"] = one.public
        if one["phase"] in IN_PROGRESS:
            found["in_progress_deployment"] = one.public
        elif one["phase"] == "PENDING_BUILD":
            found["pending_deployment"] = one.public
    own = {name: value for name, value in app.public.items() if not name.endswith("_deployment")}
    APPS.put(world, StoredObject({**own, **found}, app.internal), at)


def _activate(world: World, at: float, key: str) -> None:
    deployment = DEPLOYMENTS.store(world)[key]
    app = app_of(world, deployment)
    before = DEPLOYMENTS.store(world).get(f"{app['id']}/{app.internal['active']}")
    if before is not None:
        DEPLOYMENTS.change(world, before, phase="SUPERSEDED")
    APPS.put(world, with_live_domains(app, at).with_internal(active=deployment["id"]), at)
    _finish(world, at, key)
    update_prices(world, at)


def _finish(world: World, at: float, key: str) -> None:
    """Record the end of a deployment, and start the one that waits for it."""
    _note_phase(world, at, key)
    app_id = app_of(world, DEPLOYMENTS.store(world)[key])["id"]
    waiting = [one for one in DEPLOYMENTS.all(world, app_id) if one["phase"] == "PENDING_BUILD"]
    if waiting:
        following = DEPLOYMENTS.key_of(waiting[-1])
        _start(world, at, following)
        _note_phase(world, at, following)


def require_unpinned(app: StoredObject) -> None:
    """Raise 409 if an app is pinned to a rollback."""
    if app.internal["pinned"]:
        raise conflict("The app is pinned to a rollback. Commit or revert the rollback first.")


def _list(call: Call) -> HTTPResponse:
    wanted = {one for one in call.query.get("deployment_types", "").split(",") if one}
    found = DEPLOYMENTS.all(call.world, DEPLOYMENTS.parent_key(call))[::-1]
    return respond(call, [one for one in found if not wanted or one.internal["type"] in wanted])


def _create(call: Call) -> HTTPResponse:
    app = APPS.find(call)
    require_unpinned(app)
    return respond(call, deploy(call.world, app["id"], call.world.now()))


def _restart(call: Call) -> HTTPResponse:
    app = APPS.find(call)
    require_unpinned(app)
    names = {one["name"] for _, one in components(app["spec"], *BUILT)}
    for name in call.body.get("components") or ():
        if name not in names:
            raise bad_request(f'component "{name}" not found')
    if not app.internal["active"]:
        raise conflict("The app has no active deployment to restart.")
    return respond(call, deploy(call.world, app["id"], call.world.now(), cause="app restarted", built=False))


def _cancel(call: Call, deployment: StoredObject) -> StoredObject:
    world, key = call.world, DEPLOYMENTS.key_of(deployment)
    DEPLOYMENTS.change(world, deployment, phase="CANCELED")
    _finish(world, world.now(), key)
    return DEPLOYMENTS.store(world)[key]


def _deploy_pushed(world: World, at: float, repository: str, tag: str) -> None:
    """Deploy the apps that ask for it after an image was pushed to the account's registry."""
    for app in [*APPS.all(world)]:
        asked = any(
            uses_image(one, repository, tag) and (one["image"].get("deploy_on_push") or {}).get("enabled")
            for _, one in components(app["spec"], *BUILT)
        )
        if asked and not app.internal["pinned"]:
            deploy(world, app["id"], at, cause=f"image {repository}:{tag} pushed", type_="DEPLOY_ON_PUSH")


OPERATIONS = {
    "apps_list_deployments": _list,
    "apps_create_deployment": _create,
    "apps_get_deployment": DEPLOYMENTS.get(),
    "apps_cancel_deployment": DEPLOYMENTS.on(_cancel, state=UNFINISHED),
    "apps_restart": _restart,
}

EFFECTS = {
    **{f"apps.deployments.{phase}": _note_phase for phase in IN_PROGRESS},
    "apps.deployments.ACTIVE": _activate,
    "apps.deployments.ERROR": _finish,
    "registries.pushed.apps": _deploy_pushed,
}
