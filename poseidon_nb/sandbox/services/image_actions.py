"""Actions of images: to copy one to a further region, and to keep a backup as a snapshot.

Not settled by any source, chosen here: only the account's own images that are ``available`` can be acted upon; a transfer
to a region that has the image already, or that is closed, answers 422; the action of a transfer shows the region it goes to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import activity, bodies
from poseidon_nb.sandbox.replies import not_found, unprocessable
from poseidon_nb.sandbox.services.images import own_image

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.records import Record, Shared
    from poseidon_nb.sandbox.replies import Reply
    from poseidon_nb.sandbox.world import World


def start_action(call: Call) -> Reply:
    """Answer ``imageActions_post``."""
    image = own_image(call)
    type_ = bodies.required(call.body, "type", "string")
    if type_ not in _PREPARED:
        raise unprocessable(f"{type_} is not a valid action type.")
    activity.refuse_if_busy(call.world, "image", image["id"])
    if image["status"] != "available":
        raise unprocessable("The image is not available yet.")
    region = _PREPARED[type_](call, image)
    action = activity.begin(
        call.world,
        type_,
        resource_type="image",
        resource_id=image["id"],
        region=region,
        used_gb=image["size_gigabytes"] or 0.0,
        arguments={"region": region["slug"]},
    )
    return call.one("action", action, status=201)


def _prepare_transfer(call: Call, image: Record) -> Shared:
    slug = bodies.required(call.body, "region", "string")
    region = call.world.figures.regions.get(slug)
    if region is None or not region["available"]:
        raise unprocessable("You specified an invalid region for the image transfer.")
    if slug in image["regions"]:
        raise unprocessable("The image is already available in this region.")
    return region


def _prepare_convert(call: Call, image: Record) -> Shared:
    if image["type"] != "backup":
        raise unprocessable("Only a backup can be converted to a snapshot.")
    return call.world.figures.regions[image["regions"][0]]


def list_image_actions(call: Call) -> Reply:
    """Answer ``imageActions_list``, newest first."""
    id_ = own_image(call)["id"]
    return call.page("actions", "action", [one for one in call.world.actions.listed()[::-1] if _is_of(one, id_)])


def get_image_action(call: Call) -> Reply:
    """Answer ``imageActions_get``; an action of another image is not found."""
    id_ = own_image(call)["id"]
    action = call.world.actions.get(call.id("action_id"))
    if action is None or not _is_of(action, id_):
        raise not_found()
    return call.one("action", action)


def _is_of(action: Record, image_id: int) -> bool:
    return bool(action["resource_type"] == "image" and action["resource_id"] == image_id)


# --- what happens over time ------------------------------------------------------------------------------------------
def _transfer(world: World, _at: float, image_id: int, arguments: dict[str, Any]) -> None:
    image = world.images.get(image_id)
    if image is not None and arguments["region"] not in image["regions"]:
        world.images.put(image_id, image.showing(regions=[*image["regions"], arguments["region"]]))


def _convert(world: World, at: float, image_id: int, _arguments: dict[str, Any]) -> None:
    image = world.images.get(image_id)
    if image is None:
        return
    world.images.put(image_id, image.showing(type="snapshot").keeping(snapshot_since=at))
    droplet = world.droplets.get(image.kept["droplet_id"])
    if droplet is not None:
        backups = [id_ for id_ in droplet["backup_ids"] if id_ != image_id]
        snapshots = [*droplet["snapshot_ids"], image_id]
        world.droplets.put(droplet["id"], droplet.showing(backup_ids=backups, snapshot_ids=snapshots))


_PREPARED: dict[str, Callable[[Call, Record], Shared]] = {"transfer": _prepare_transfer, "convert": _prepare_convert}

OPERATIONS = {
    "imageActions_post": start_action,
    "imageActions_list": list_image_actions,
    "imageActions_get": get_image_action,
}
EFFECTS: dict[str, Callable[..., None]] = {"image.transfer": _transfer, "image.convert": _convert}
