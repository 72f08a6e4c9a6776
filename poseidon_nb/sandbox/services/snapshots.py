"""Snapshots of droplets and of volumes, oldest first, droplets' snapshots first.

Snapshots of droplets are the account's snapshot images in another format, with numbers as strings for ids. Snapshots of
volumes have UUIDs. Not documented, chosen here: a volume's snapshot exists at once, without an action, as the 201 of
``volumeSnapshots_create`` suggests. Its size is a fraction of the volume that follows from the seed, or 0 if nothing
was written to the volume: it was never attached, and is not from a snapshot with data. It outlives its volume, and
names are not unique.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.actions import raise_if_busy
from poseidon_nb.sandbox.call import required_field
from poseidon_nb.sandbox.history import record_deletion
from poseidon_nb.sandbox.responses import bad_request, no_content, not_found, unprocessable
from poseidon_nb.sandbox.services.images import remove_image
from poseidon_nb.sandbox.services.tags import ensure_tags, requested_tags
from poseidon_nb.sandbox.services.volumes import find_volume, has_data
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_MIN_USED, _USED_SPREAD = 0.05, 0.4


def _droplet_snapshot(image: StoredObject) -> StoredObject:
    same = ("name", "created_at", "regions", "min_disk_size", "size_gigabytes", "tags")
    return StoredObject(
        {
            "id": str(image["id"]),
            **{name: image[name] for name in same},
            "resource_id": str(image.internal["droplet_id"]),
            "resource_type": "droplet",
        }
    )


def list_snapshots(call: Call) -> HTTPResponse:
    """Handle ``snapshots_list``."""
    resource_type = call.query.get("resource_type")
    if resource_type not in {None, "", "droplet", "volume"}:
        raise unprocessable("resource_type must be droplet or volume.")
    snapshots: list[StoredObject] = []
    if resource_type != "volume":
        snapshots += [_droplet_snapshot(image) for image in call.world.images.all() if image["type"] == "snapshot"]
    if resource_type != "droplet":
        snapshots += call.world.volume_snapshots.all()
    return call.respond_page("snapshots", "snapshot", snapshots)


def _snapshot_image(call: Call) -> StoredObject:
    image = call.world.images.get(call.path_id("snapshot_id"))
    if image is None:
        raise not_found()
    if image["type"] != "snapshot":
        raise bad_request("the resource is not a snapshot")
    return image


def _volume_snapshot(call: Call) -> StoredObject | None:
    return call.world.volume_snapshots.get(call.path_params["snapshot_id"].lower())


def get_snapshot(call: Call) -> HTTPResponse:
    """Handle ``snapshots_get``."""
    return call.respond("snapshot", _volume_snapshot(call) or _droplet_snapshot(_snapshot_image(call)))


def delete_snapshot(call: Call) -> HTTPResponse:
    """Handle ``snapshots_delete``, which also deletes a droplet's snapshot image."""
    of_volume = _volume_snapshot(call)
    if of_volume is None:
        image = _snapshot_image(call)
        raise_if_busy(call.world, "image", image["id"])
        remove_image(call.world, image)
    else:
        remove_volume_snapshot(call.world, of_volume)
    return no_content()


def add_volume_snapshot(
    world: World, volume: StoredObject, name: str, at: float, tags: Sequence[str] = ()
) -> StoredObject:
    """Add a snapshot of a volume."""
    id_ = rng.uuid(world.seed, "volume_snapshot", world.next_number("volume_snapshots"))
    written = has_data(volume)
    used = _MIN_USED + _USED_SPREAD * rng.random(world.seed, "used", volume["id"]) if written else 0
    snapshot = StoredObject(
        {
            "id": id_,
            "name": name,
            "created_at": format_time(at),
            "regions": [volume["region"]["slug"]],
            "min_disk_size": volume["size_gigabytes"],
            "size_gigabytes": round(volume["size_gigabytes"] * used, 4),
            "resource_id": volume["id"],
            "resource_type": "volume",
            "tags": ensure_tags(world, tags, "volume_snapshot", id_),
        },
        {field: volume[field] for field in ("filesystem_type", "filesystem_label")},
    )
    world.volume_snapshots.put(id_, snapshot)
    return snapshot


def _requested_volume_snapshot(call: Call) -> StoredObject:
    snapshot = call.world.volume_snapshots.get(call.path_params["snapshot_id"].lower())
    if snapshot is None:
        raise not_found()
    return snapshot


def remove_volume_snapshot(world: World, snapshot: StoredObject) -> None:
    """Remove a snapshot of a volume."""
    record_deletion(world, "volume_snapshots", snapshot["id"])
    world.volume_snapshots.remove(snapshot["id"])


def list_volume_snapshots(call: Call) -> HTTPResponse:
    """Handle ``volumeSnapshots_list``, oldest first."""
    id_ = find_volume(call)["id"]
    snapshots = [one for one in call.world.volume_snapshots.all() if one["resource_id"] == id_]
    return call.respond_page("snapshots", "snapshot", snapshots)


def create_volume_snapshot(call: Call) -> HTTPResponse:
    """Handle ``volumeSnapshots_create``."""
    volume = find_volume(call)
    name = required_field(call.body, "name", "string")
    snapshot = add_volume_snapshot(call.world, volume, name, call.world.now(), requested_tags(call))
    return call.respond("snapshot", snapshot, status=201)


def get_volume_snapshot(call: Call) -> HTTPResponse:
    """Handle ``volumeSnapshots_get_byId``."""
    return call.respond("snapshot", _requested_volume_snapshot(call))


def delete_volume_snapshot(call: Call) -> HTTPResponse:
    """Handle ``volumeSnapshots_delete_byId``."""
    remove_volume_snapshot(call.world, _requested_volume_snapshot(call))
    return no_content()


OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    "snapshots_list": list_snapshots,
    "snapshots_get": get_snapshot,
    "snapshots_delete": delete_snapshot,
    "volumeSnapshots_list": list_volume_snapshots,
    "volumeSnapshots_create": create_volume_snapshot,
    "volumeSnapshots_get_byId": get_volume_snapshot,
    "volumeSnapshots_delete_byId": delete_volume_snapshot,
}
