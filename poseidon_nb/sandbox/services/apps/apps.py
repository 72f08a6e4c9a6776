"""The operations of apps themselves, proposals, and the lists of regions and instance sizes.

From the specification: an app is found by its id, or by its name in the query; the ``project_id`` is in lists only
``with_projects``. From godo's users: a name in use answers 409 (digitalocean/app_action#130). Requests and responses in
YAML are not simulated.

Not documented, chosen here: a body without a project uses the default one. ``update_all_source_versions`` changes nothing,
as each deployment has new versions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import prices
from poseidon_nb.sandbox import objects
from poseidon_nb.sandbox.responses import HTTPResponse, not_found, respond
from poseidon_nb.sandbox.services.apps.alerts import update_alerts
from poseidon_nb.sandbox.services.apps.deployments import deploy, require_unpinned
from poseidon_nb.sandbox.services.apps.objects import APPS, check_name, static_apps, update_prices, with_spec
from poseidon_nb.sandbox.services.apps.spec import is_static, monthly_usd, read_spec, reference
from poseidon_nb.sandbox.services.projects import requested_project

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.store import StoredObject
    from poseidon_nb.sandbox.world import World


def add_app(
    world: World, spec: dict[str, Any], at: float, project_id: str = "", *, settled: bool = False
) -> StoredObject:
    """Add an app and its first deployment.

    Parameters
    ----------
    world : World
        The account.
    spec : dict
        As `read_spec` returns it.
    at : float
        When it is created, in Unix seconds.
    project_id : str
        Its project; by default the default one.
    settled : bool
        Whether it is deployed at once.
    """
    project_id = project_id or objects.default_project_id(world)
    app = APPS.add(world, {"spec": spec, "project_id": project_id}, at)
    update_alerts(world, app, at)
    deploy(world, app["id"], at, cause="initial deployment", settled=settled)
    return APPS.store(world)[app["id"]]


def _create(call: Call) -> HTTPResponse:
    world = call.world
    project_id = requested_project(world, call.body.get("project_id"))
    spec = read_spec(world, call.body["spec"])
    check_name(world, spec["name"])
    return respond(call, add_app(world, spec, world.now(), project_id))


def _update(call: Call, app: StoredObject) -> StoredObject:
    world, now = call.world, call.world.now()
    require_unpinned(app)
    spec = read_spec(world, call.body["spec"])
    check_name(world, spec["name"], app["id"])
    changed = APPS.put(world, with_spec(world, app, spec, now))
    update_alerts(world, changed, now)
    deploy(world, app["id"], now, cause="app spec updated")
    return APPS.store(world)[app["id"]]


def _list(call: Call) -> HTTPResponse:
    apps = APPS.all(call.world)
    if call.query.get("with_projects", "").lower() != "true":
        apps = [app.without("project_id") for app in apps]
    return respond(call, apps)


def _get(call: Call) -> HTTPResponse:
    app = APPS.store(call.world).get(APPS.key(call))
    name = call.query.get("name")
    if app is None and name:
        app = next((one for one in APPS.all(call.world) if one["spec"]["name"] == name), None)
    if app is None:
        raise not_found()
    return respond(call, app)


def _delete(call: Call, app: StoredObject) -> dict[str, Any]:
    APPS.remove(call.world, app)
    update_prices(call.world, call.world.now())
    return {"id": app["id"]}


def _propose(call: Call) -> HTTPResponse:
    world, own_id = call.world, call.body.get("app_id") or ""
    if own_id and own_id not in APPS.store(world):
        raise not_found()
    spec = read_spec(world, call.body["spec"])
    taken = {app["spec"]["name"] for app in APPS.all(world) if app["id"] != own_id}
    others = static_apps(world, own_id)
    result = {
        "app_name_available": spec["name"] not in taken,
        "app_is_static": is_static(spec),
        "existing_static_apps": str(others),
        "max_free_static_apps": str(prices.FREE_STATIC_APPS),
        "spec": spec,
        "app_cost": round(monthly_usd(spec, others)),
    }
    if not result["app_name_available"]:
        numbered = (f"{spec['name'][:28]}-{number}" for number in range(2, 1000))
        result["app_name_suggestion"] = next((name for name in numbered if name not in taken), "")
    return respond(call, result)


def _get_size(call: Call) -> HTTPResponse:
    slug = call.path_params["slug"]
    size = next((one for one in reference()["sizes"] if one["slug"] == slug), None)
    if size is None:
        raise not_found()
    return respond(call, {"instance_size": size})


OPERATIONS = {
    "apps_list": _list,
    "apps_create": _create,
    "apps_get": _get,
    "apps_update": APPS.on(_update),
    "apps_delete": APPS.on(_delete),
    "apps_validate_appSpec": _propose,
    "apps_list_regions": lambda call: respond(call, {"regions": reference()["regions"]}),
    "apps_list_instanceSizes": lambda call: respond(call, {"instance_sizes": reference()["sizes"]}),
    "apps_get_instanceSize": _get_size,
}
