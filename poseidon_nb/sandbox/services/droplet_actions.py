"""Actions of droplets: started on one or by tag, listed, read. What each type does is in `droplet_changes`.

Not settled by any source, chosen here: an unknown type answers 422; an action by tag is refused for all when one of the
droplets refuses it; with a tag that does not exist it answers 404, with one that no droplet has an empty list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.sandbox import activity, bodies
from poseidon_nb.sandbox.replies import not_found, unprocessable
from poseidon_nb.sandbox.services.droplet_changes import CHANGES, Change
from poseidon_nb.sandbox.services.droplets import find_droplet, tagged

if TYPE_CHECKING:
    from typing import Any

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.records import Record
    from poseidon_nb.sandbox.replies import Reply


def start_action(call: Call) -> Reply:
    """Answer ``dropletActions_post``."""
    droplet = find_droplet(call)
    type_, change = _asked_for(call)
    activity.refuse_if_busy(call.world, "droplet", droplet["id"])
    return call.one("action", _begin(call, type_, droplet, change.prepare(call, droplet)), status=201)


def start_actions_by_tag(call: Call) -> Reply:
    """Answer ``dropletActions_post_byTag``."""
    tag_name = call.query.get("tag_name")
    if not tag_name:
        raise unprocessable("tag_name is required.")
    type_, change = _asked_for(call)
    if not change.by_tag:
        raise unprocessable(f"{type_} cannot be performed by tag.")
    if tag_name.lower() not in call.world.tags:
        raise not_found()
    droplets = tagged(call.world, tag_name)
    for droplet in droplets:
        activity.refuse_if_busy(call.world, "droplet", droplet["id"])
    prepared = [(droplet, change.prepare(call, droplet)) for droplet in droplets]
    started = [_begin(call, type_, droplet, arguments) for droplet, arguments in prepared]
    return call.all("actions", "action", started, status=201)


def _asked_for(call: Call) -> tuple[str, Change]:
    type_ = bodies.required(call.body, "type", "string")
    change = CHANGES.get(type_)
    if change is None:
        raise unprocessable(f"{type_} is not a valid action type.")
    call.need(*change.scopes)
    return type_, change


def _begin(call: Call, type_: str, droplet: Record, arguments: dict[str, Any]) -> Record:
    return activity.begin(
        call.world,
        type_,
        resource_type="droplet",
        resource_id=droplet["id"],
        region=droplet["region"],
        used_gb=droplet.kept["used_gb"],
        arguments=arguments,
    )


def list_droplet_actions(call: Call) -> Reply:
    """Answer ``dropletActions_list``, newest first."""
    id_ = find_droplet(call)["id"]
    return call.page(
        "actions", "action", [action for action in _newest_first(call) if activity.is_of_droplet(action, id_)]
    )


def get_droplet_action(call: Call) -> Reply:
    """Answer ``dropletActions_get``; an action of another droplet is not found."""
    id_ = find_droplet(call)["id"]
    action = call.world.actions.get(call.id("action_id"))
    if action is None or not activity.is_of_droplet(action, id_):
        raise not_found()
    return call.one("action", action)


def _newest_first(call: Call) -> list[Record]:
    return call.world.actions.listed()[::-1]


OPERATIONS = {
    "dropletActions_post": start_action,
    "dropletActions_post_byTag": start_actions_by_tag,
    "dropletActions_list": list_droplet_actions,
    "dropletActions_get": get_droplet_action,
}
