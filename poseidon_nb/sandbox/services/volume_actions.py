"""Actions of volumes: attach, detach, resize; started by the volume's id or by its name and region.

As the specification's examples have them, they show ``resource_type: "volume"``, a ``resource_id`` of null and types such
as ``attach_volume``. From sources: "This volume is already attached" and "Attachment not found" (digitalocean/csi-digitalocean,
thecodeteam/libstorage issue 433). Not settled by any source, chosen here: attaching and detaching keep the droplet busy too,
which lists them among its own actions; by name only what takes a droplet is possible, as the specification says; a
``region`` that is not the volume's answers 422; a volume can be resized while it is attached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import activity, bodies, lifetimes
from poseidon_nb.sandbox.replies import not_found, unprocessable
from poseidon_nb.sandbox.services.tags import checked_tags, ensure_tags
from poseidon_nb.sandbox.services.volumes import (
    attach,
    checked_size,
    detach,
    find_volume,
    named,
    refuse_unless_attachable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.records import Record
    from poseidon_nb.sandbox.replies import Reply
    from poseidon_nb.sandbox.world import World


def start_action(call: Call) -> Reply:
    """Answer ``volumeActions_post_byId``."""
    volume = find_volume(call)
    region = bodies.optional(call.body, "region", "string")
    if region and region != volume["region"]["slug"]:
        raise unprocessable("The volume is in another region.")
    return _started(call, volume)


def start_action_by_name(call: Call) -> Reply:
    """Answer ``volumeActions_post``; the name and the region together name one volume."""
    name = bodies.required(call.body, "volume_name", "string")
    region = bodies.required(call.body, "region", "string")
    found = named(call.world, name, region)
    if not found:
        raise not_found()
    if call.body.get("type") == "resize":
        raise unprocessable("resize cannot be performed by name.")
    return _started(call, found[0])


def _started(call: Call, volume: Record) -> Reply:
    type_ = bodies.required(call.body, "type", "string")
    start = _STARTS.get(type_)
    if start is None:
        raise unprocessable(f"{type_} is not a valid action type.")
    return call.one("action", start(call, volume), status=202)


def _start_attach(call: Call, volume: Record) -> Record:
    world = call.world
    droplet = _droplet(call)
    tags = checked_tags(call)
    refuse_unless_attachable(world, volume, droplet["region"]["slug"], len(droplet["volume_ids"]))
    activity.refuse_if_busy(world, "droplet", droplet["id"])
    if tags:
        spelt = ensure_tags(world, tags, "volume", volume["id"])
        volume = volume.showing(tags=[*dict.fromkeys([*volume["tags"], *spelt])])
        world.volumes.put(volume["id"], volume)
    return _begin(world, "attach_volume", volume, droplet_id=droplet["id"])


def _start_detach(call: Call, volume: Record) -> Record:
    droplet = _droplet(call)
    if droplet["id"] not in volume["droplet_ids"]:
        raise unprocessable("Attachment not found")
    activity.refuse_if_busy(call.world, "volume", volume["id"])
    activity.refuse_if_busy(call.world, "droplet", droplet["id"])
    return _begin(call.world, "detach_volume", volume, droplet_id=droplet["id"])


def _start_resize(call: Call, volume: Record) -> Record:
    size = checked_size(bodies.required(call.body, "size_gigabytes", "integer"))
    if size <= volume["size_gigabytes"]:
        raise unprocessable(f"size_gigabytes must be more than {volume['size_gigabytes']}: volumes only grow.")
    activity.refuse_if_busy(call.world, "volume", volume["id"])
    return _begin(call.world, "resize_volume", volume, size_gigabytes=size)


def _droplet(call: Call) -> Record:
    droplet = call.world.droplets.get(bodies.required(call.body, "droplet_id", "integer"))
    if droplet is None:
        raise not_found()
    return droplet


def _begin(world: World, type_: str, volume: Record, **arguments: Any) -> Record:
    return activity.begin(
        world,
        type_,
        resource_type="volume",
        resource_id=None,
        target=volume["id"],
        droplet_id=arguments.get("droplet_id"),
        region=volume["region"],
        arguments=arguments,
    )


_STARTS = {"attach": _start_attach, "detach": _start_detach, "resize": _start_resize}


def list_volume_actions(call: Call) -> Reply:
    """Answer ``volumeActions_list``, newest first."""
    id_ = find_volume(call)["id"]
    return call.page(
        "actions", "action", [action for action in call.world.actions.listed()[::-1] if _is_of(action, id_)]
    )


def get_volume_action(call: Call) -> Reply:
    """Answer ``volumeActions_get``; an action of another volume is not found."""
    id_ = find_volume(call)["id"]
    action = call.world.actions.get(call.id("action_id"))
    if action is None or not _is_of(action, id_):
        raise not_found()
    return call.one("action", action)


def _is_of(action: Record, volume_id: str) -> bool:
    return action.shown["resource_type"] == "volume" and bool(action.kept.get("target") == volume_id)


# --- what happens over time ------------------------------------------------------------------------------------------
def _attach(world: World, _at: float, volume_id: str, arguments: dict[str, Any]) -> None:
    attach(world, volume_id, arguments["droplet_id"])


def _detach(world: World, _at: float, volume_id: str, _arguments: dict[str, Any]) -> None:
    detach(world, volume_id)


def _resize(world: World, at: float, volume_id: str, arguments: dict[str, Any]) -> None:
    volume = world.volumes.get(volume_id)
    if volume is not None:
        size = arguments["size_gigabytes"]
        grown = lifetimes.changed(volume, "size_gigabytes", at, size, volume["size_gigabytes"])
        world.volumes.put(volume_id, grown.showing(size_gigabytes=size))


OPERATIONS = {
    "volumeActions_post": start_action_by_name,
    "volumeActions_post_byId": start_action,
    "volumeActions_list": list_volume_actions,
    "volumeActions_get": get_volume_action,
}
EFFECTS: dict[str, Callable[..., None]] = {
    "volume.attach_volume": _attach,
    "volume.detach_volume": _detach,
    "volume.resize_volume": _resize,
}
