"""Add-ons: applications of other companies, their plans, and resources of them. The applications are fabricated.

From the specification: an application says which metadata it needs, a resource goes through ``pending`` and
``provisioning``, its plan can be changed, and it is gone from responses as soon as its deletion is requested.

Not documented, chosen here: the times of the states, that metadata is checked (422), and that plans are billed by the
hour like everything else. The link for signing in is fabricated.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import objects, rng
from poseidon_nb.sandbox.data import load_data
from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.pricing import Price
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import not_found, respond, unprocessable
from poseidon_nb.sandbox.states import States
from poseidon_nb.text import expected_one_of

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.store import StoredObject
    from poseidon_nb.sandbox.world import World

_JSON_TYPES = {"string": str, "boolean": bool}


@cache
def _catalogue() -> dict[str, dict[str, Any]]:
    """Return the applications with their metadata, by slug."""
    return {one["app_slug"]: one for one in load_data("addons")}


def _plan_fields(values: dict[str, Any], app: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a resource that follow from its plan, or raise 422."""
    plans = {plan["slug"]: plan for plan in app["plans"]}
    plan = plans.get(values["plan_slug"])
    if plan is None:
        raise unprocessable(f"Unknown plan {values['plan_slug']!r}{expected_one_of(values['plan_slug'], plans)}")
    price = plan["price_per_month"]
    return {"plan_slug": plan["slug"], "plan_name": plan["display_name"], "plan_price_per_month": price}


def _check(call: Call, values: dict[str, Any], present: StoredObject | None) -> None:
    if present is not None:
        return
    app = _catalogue().get(values["app_slug"])
    if app is None:
        text = expected_one_of(values["app_slug"], _catalogue())
        raise unprocessable(f"Unknown application {values['app_slug']!r}{text}")
    values.update(_plan_fields(values, app), app_name=app["name"])
    droplet_id = values.pop("linked_droplet_id", None)
    if droplet_id is not None and droplet_id not in call.world.droplets:
        raise unprocessable(f"There is no droplet {droplet_id}.")
    sent = {one["name"]: one["value"] for one in values["metadata"]}
    for wanted in app["metadata"]:
        name, options = wanted["name"], wanted.get("options")
        if name not in sent:
            raise unprocessable(f"metadata needs {name}.")
        if not isinstance(sent[name], _JSON_TYPES[wanted["type"]]) or (options and sent[name] not in options):
            expected = f"one of {', '.join(options)}" if options else f"a {wanted['type']}"
            raise unprocessable(f"{name} of metadata must be {expected}.")


def _new_resource(world: World, id_: str, values: dict[str, Any], _at: float) -> dict[str, Any]:
    sso_url = f"https://addons.{objects.HOST}/sso/{rng.digest(world.seed, 'sso', id_)}"
    return {"uuid": id_, **values, "has_config": True, "sso_url": sso_url, "message": ""}


def _price(_world: World, public: dict[str, Any]) -> Price | None:
    if public["state"] != "provisioned" or not public["plan_price_per_month"]:
        return None
    description = f"{public['name']} ({public['app_name']}, {public['plan_name']})"
    return Price("Add-Ons", "1-DO-ADDON", public["plan_price_per_month"], description)


ADDONS = Resource(
    "addons",
    fields=(
        Field("name", minimum=1, unique=True),
        Field("app_slug", fixed=True),
        Field("plan_slug", fixed=True),
        Field(
            "metadata", fixed=True, fields=(Field("name", type="string", required=True), Field("value", required=True))
        ),
        Field("linked_droplet_id", fixed=True),
    ),
    id_field="uuid",
    build=_new_resource,
    check=_check,
    states=States(field="state", first=(("pending", 5.0), ("provisioning", 30.0)), ready="provisioned"),
    price=_price,
    label="resource",
)


def _list_apps(call: Call) -> HTTPResponse:
    hidden = ("name", "metadata")
    apps = [{name: value for name, value in one.items() if name not in hidden} for one in _catalogue().values()]
    return respond(call, {"apps": apps})


def _get_metadata(call: Call) -> HTTPResponse:
    app = _catalogue().get(call.path_params["app_slug"])
    if app is None:
        raise not_found()
    return respond(call, {"metadata": app["metadata"]})


def _change_plan(call: Call, resource: StoredObject) -> StoredObject:
    return ADDONS.change(call.world, resource, **_plan_fields(call.body, _catalogue()[resource["app_slug"]]))


def _take_over(world: World, at: float, key: str) -> None:
    """Begin to bill a provisioned resource."""
    ADDONS.put(world, ADDONS.store(world)[key].with_public(message="Resource is provisioned successfully."), at)


OPERATIONS = {
    "addons_get_app": _list_apps,
    "addons_get_app_metadata": _get_metadata,
    "addons_list": ADDONS.list(),
    "addons_create": ADDONS.create(),
    "addons_get": ADDONS.get(),
    "addons_delete": ADDONS.delete(),
    "addons_patch": ADDONS.update(),
    "addons_patch_plan": ADDONS.on(_change_plan, state="provisioned"),
}

EFFECTS = {"addons.provisioned": _take_over}
