"""Alerts of an app and its components, with their destinations.

They follow from the spec; the ones that stay keep their destinations. The specification says that emails belong to users
with access to the app, and the acceptance tests of Terraform's provider use others. So any will do, and with
``validation="strict"`` only the account's, which is also the first destination (chosen here).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.fields import Field, read_fields
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import bad_request
from poseidon_nb.sandbox.services.apps.objects import APPS
from poseidon_nb.sandbox.services.apps.spec import components
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.store import StoredObject
    from poseidon_nb.sandbox.world import World

_DESTINATIONS = (
    Field("emails"),
    Field("slack_webhooks", fields=(Field("url", type="string", required=True), Field("channel", type="string"))),
)
ALERTS = Resource("apps.alerts", parent=APPS, build=lambda _world, id_, values, _at: {"id": id_, **values})


def update_alerts(world: World, app: StoredObject, at: float) -> None:
    """Make the alerts of an app those of its spec."""
    present = {one["id"]: one for one in ALERTS.all(world, app["id"])}
    owners = [("", app["spec"]), *((one["name"], one) for _, one in components(app["spec"]))]
    for name, owner in owners:
        for number, spec in enumerate(owner.get("alerts") or ()):
            id_ = rng.uuid(world.seed, "app alert", app["id"], name, spec.get("rule"), number)
            known = present.pop(id_, None)
            if known is not None:
                ALERTS.change(world, known, spec=spec)
            else:
                ALERTS.add(world, _new_alert(world, id_, name, spec, format_time(at)), at, app["id"])
    for gone in present.values():
        ALERTS.remove(world, gone)


def _new_alert(world: World, id_: str, name: str, spec: dict[str, Any], now: str) -> dict[str, Any]:
    step = {"name": "alert-configure-insight-alert", "status": "SUCCESS", "started_at": now, "ended_at": now}
    alert = {"id": id_, "spec": spec, "emails": [world.state.account["email"]], "slack_webhooks": [], "phase": "ACTIVE"}
    return {**alert, "progress": {"steps": [step]}, **({"component_name": name} if name else {})}


def _assign(call: Call, alert: StoredObject) -> StoredObject:
    values = read_fields(_DESTINATIONS, call.body)
    for email in values.get("emails", ()):
        if call.world.strict and email != call.world.state.account["email"]:
            raise bad_request(f"{email} does not belong to a user with access to the app")
    return ALERTS.change(
        call.world, alert, emails=values.get("emails", []), slack_webhooks=values.get("slack_webhooks", [])
    )


OPERATIONS = {"apps_list_alerts": ALERTS.list(), "apps_assign_alertDestinations": ALERTS.on(_assign)}
