"""Snapshots of droplets and of volumes, oldest first, droplets' before volumes'.

Those of droplets are the account's snapshot images in another shape, with numbers as strings for ids; those of volumes are
what `volume_snapshots` has, with UUIDs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.sandbox import activity
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import bad_request, no_content, not_found, unprocessable
from poseidon_nb.sandbox.services.images import forget_image
from poseidon_nb.sandbox.services.volume_snapshots import forget_snapshot

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply


def _shown(image: Record) -> Record:
    same = ("name", "created_at", "regions", "min_disk_size", "size_gigabytes", "tags")
    return Record(
        {
            "id": str(image["id"]),
            **{name: image[name] for name in same},
            "resource_id": str(image.kept["droplet_id"]),
            "resource_type": "droplet",
        }
    )


def list_snapshots(call: Call) -> Reply:
    """Answer ``snapshots_list``."""
    resource_type = call.query.get("resource_type")
    if resource_type not in {None, "", "droplet", "volume"}:
        raise unprocessable("resource_type must be droplet or volume.")
    shown: list[Record] = []
    if resource_type != "volume":
        shown += [_shown(image) for image in call.world.images.listed() if image["type"] == "snapshot"]
    if resource_type != "droplet":
        shown += call.world.volume_snapshots.listed()
    return call.page("snapshots", "snapshot", shown)


def _image(call: Call) -> Record:
    text = call.names["snapshot_id"]
    image = (
        call.world.images.get(int(text)) if text.isascii() and text.isdigit() and len(text) < len("1" * 19) else None
    )
    if image is None:
        raise not_found()
    if image["type"] != "snapshot":
        raise bad_request("the resource is not a snapshot")
    return image


def _of_volume(call: Call) -> Record | None:
    return call.world.volume_snapshots.get(call.names["snapshot_id"].lower())


def get_snapshot(call: Call) -> Reply:
    """Answer ``snapshots_get``."""
    return call.one("snapshot", _of_volume(call) or _shown(_image(call)))


def delete_snapshot(call: Call) -> Reply:
    """Answer ``snapshots_delete``: a droplet's image goes too, being the same thing."""
    of_volume = _of_volume(call)
    if of_volume is None:
        image = _image(call)
        activity.refuse_if_busy(call.world, "image", image["id"])
        forget_image(call.world, image)
    else:
        forget_snapshot(call.world, of_volume)
    return no_content()


OPERATIONS = {
    "snapshots_list": list_snapshots,
    "snapshots_get": get_snapshot,
    "snapshots_delete": delete_snapshot,
}
