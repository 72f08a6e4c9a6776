"""Images: DigitalOcean's base images, and the account's own snapshots and backups.

Retired base images are not listed and have no slug, and can still be read by id, as the live service does it. There are
no 1-Click applications in the figures, so ``type=application`` is an empty list. Not settled by any source, chosen here:
an image with an action in progress is neither deleted nor given a second action.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import activity, bodies, lifetimes
from poseidon_nb.sandbox.records import Record, Shared
from poseidon_nb.sandbox.replies import Refusal, no_content, not_found, unprocessable
from poseidon_nb.sandbox.scopes import FORBIDDEN_TEXT
from poseidon_nb.text import is_integer

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply
    from poseidon_nb.sandbox.world import World


#: What the specification says an image can be of (the text of ``image_new_custom``).
_DISTRIBUTIONS = (
    *("Arch Linux", "CentOS", "CoreOS", "Debian", "Fedora", "Fedora Atomic", "FreeBSD", "Gentoo"),
    *("openSUSE", "RancherOS", "Rocky Linux", "Ubuntu", "Unknown"),
)


def known_distribution(asked: str) -> str:
    """Give a distribution back if it is one; any other is accepted and becomes ``Unknown``, as the specification says."""
    return asked if asked in _DISTRIBUTIONS else "Unknown"


def find_image(world: World, wanted: Any) -> Shared | None:
    """Give the image with this id or, for a public one, this slug."""
    if isinstance(wanted, bool) or not isinstance(wanted, int | str):
        return None
    if isinstance(wanted, str):
        if wanted in world.figures.slugs:
            return world.figures.images[world.figures.slugs[wanted]]
        if not is_integer(wanted):
            return None
        wanted = int(wanted)
    if wanted in world.figures.images:
        return world.figures.images[wanted]
    own = world.images.get(wanted)
    return None if own is None else Shared(own.shown)


def refuse_unless_it_fits(image: Shared, region: str, disk_gb: int) -> None:
    """Refuse an image that is not in a region or needs a larger disk."""
    if region not in image["regions"]:
        raise unprocessable("The image you specified is not available in the selected region.")
    if (image["min_disk_size"] or 0) > disk_gb:
        raise unprocessable("The image you specified requires a larger disk.")


def list_images(call: Call) -> Reply:
    """Answer ``images_list``: public ones first, then the account's own, oldest first."""
    figures, query = call.world.figures, call.query
    public = [Record(image) for image in figures.images.values() if image["public"]]
    own = call.world.images.listed()
    type_, tag_name = query.get("type"), query.get("tag_name")
    if type_ not in {None, "", "distribution", "application"}:
        raise unprocessable("type must be distribution or application.")
    if tag_name:
        folded = tag_name.lower()
        shown = [image for image in own if any(tag.lower() == folded for tag in image["tags"])]
    elif query.get("private") == "true":
        shown = own
    elif type_ == "application":
        shown = []
    else:
        shown = public if type_ else [*public, *own]
    return call.page("images", "image", shown)


def get_image(call: Call) -> Reply:
    """Answer ``images_get``, by id or, for a public image, by slug."""
    image = find_image(call.world, call.names["image_id"])
    if image is None:
        raise not_found()
    return call.one("image", Record(image))


def own_image(call: Call) -> Record:
    """Give the account's own image that the path names; DigitalOcean's are forbidden, others not found."""
    id_ = call.id("image_id")
    image = call.world.images.get(id_)
    if image is not None:
        return image
    raise Refusal(403, "forbidden", FORBIDDEN_TEXT) if id_ in call.world.figures.images else not_found()


def update_image(call: Call) -> Reply:
    """Answer ``images_update``; only the account's own images can be changed."""
    image = own_image(call)
    asked = {name: bodies.optional(call.body, name, "string") for name in ("name", "description", "distribution")}
    if asked["name"] == "":
        raise unprocessable("name is required.")
    if asked["distribution"] is not None:
        asked["distribution"] = known_distribution(asked["distribution"])
    changed = image.showing(**{name: value for name, value in asked.items() if value is not None})
    call.world.images.put(image["id"], changed)
    return call.one("image", changed)


def delete_image(call: Call) -> Reply:
    """Answer ``images_delete``."""
    image = own_image(call)
    activity.refuse_if_busy(call.world, "image", image["id"])
    forget_image(call.world, image)
    return no_content()


def forget_image(world: World, image: Record) -> None:
    """Remove an image, and its id from its droplet."""
    lifetimes.close(world, "images", image["id"])
    world.images.remove(image["id"])
    droplet = world.droplets.get(image.kept.get("droplet_id"))
    if droplet is not None:
        ids = {name: [id_ for id_ in droplet[name] if id_ != image["id"]] for name in ("snapshot_ids", "backup_ids")}
        world.droplets.put(droplet["id"], droplet.showing(**ids))


OPERATIONS = {
    "images_list": list_images,
    "images_get": get_image,
    "images_update": update_image,
    "images_delete": delete_image,
}
