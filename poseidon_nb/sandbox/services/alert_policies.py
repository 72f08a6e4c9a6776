"""Alert policies: kept and shown. The sandbox sends no mail and raises no alert.

Not settled by any source, chosen here: a value that the specification's lists lack, a window among them, answers 422, and
so does a droplet in ``entities`` that the account does not have; a policy keeps naming a droplet that is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.sandbox import bodies, chance
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import no_content, not_found, unprocessable
from poseidon_nb.sandbox.services.tags import checked_tag

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply
    from poseidon_nb.sandbox.world import World

_FIELDS = ("type", "description", "compare", "value", "window", "entities", "tags", "alerts", "enabled")
_OF_DROPLETS = "v1/insights/droplet/"


def list_policies(call: Call) -> Reply:
    """Answer ``monitoring_list_alertPolicy``, oldest first."""
    return call.page("policies", "policy", call.world.alert_policies.listed())


def get_policy(call: Call) -> Reply:
    """Answer ``monitoring_get_alertPolicy``."""
    return call.one("policy", _asked_for(call))


def create_policy(call: Call) -> Reply:
    """Answer ``monitoring_create_alertPolicy``."""
    return call.one("policy", add_policy(call.world, _checked(call)))


def add_policy(world: World, fields: dict[str, Any]) -> Record:
    """Put a policy into the account."""
    uuid = chance.uuid(world.seed, "alert", world.count("alert_policies"))
    policy = Record({"uuid": uuid, **fields})
    world.alert_policies.put(uuid, policy)
    return policy


def update_policy(call: Call) -> Reply:
    """Answer ``monitoring_update_alertPolicy``: the whole policy is replaced."""
    uuid = _asked_for(call)["uuid"]
    policy = Record({"uuid": uuid, **_checked(call)})
    call.world.alert_policies.put(uuid, policy)
    return call.one("policy", policy)


def delete_policy(call: Call) -> Reply:
    """Answer ``monitoring_delete_alertPolicy``."""
    call.world.alert_policies.remove(_asked_for(call)["uuid"])
    return no_content()


def _asked_for(call: Call) -> Record:
    policy = call.world.alert_policies.get(call.names["alert_uuid"])
    if policy is None:
        raise not_found()
    return policy


def _checked(call: Call) -> dict[str, Any]:
    body = call.body
    for field in operation(call.operation).body_fields:
        if field.enum and body[field.name] not in field.enum:
            raise unprocessable(f"{body[field.name]} is not a valid {field.name} of an alert policy.")
    alerts = body["alerts"]
    for address in bodies.required(alerts, "email", "array"):
        bodies.typed("an item of email", address, "string")
    for hook in bodies.required(alerts, "slack", "array"):
        bodies.typed("an item of slack", hook, "object")
        bodies.required(hook, "url", "string")
        bodies.required(hook, "channel", "string")
    for tag in body["tags"]:
        checked_tag(tag)
    if body["type"].startswith(_OF_DROPLETS):
        for entity in body["entities"]:
            # Longer than any id, and int() would be slow on it.
            known = entity.isascii() and entity.isdigit() and len(entity) < len("1" * 19)
            if not known or int(entity) not in call.world.droplets:
                raise unprocessable(f"There is no Droplet {entity}.")
    return {name: body[name] for name in _FIELDS}


OPERATIONS = {
    "monitoring_list_alertPolicy": list_policies,
    "monitoring_create_alertPolicy": create_policy,
    "monitoring_get_alertPolicy": get_policy,
    "monitoring_update_alertPolicy": update_policy,
    "monitoring_delete_alertPolicy": delete_policy,
}
