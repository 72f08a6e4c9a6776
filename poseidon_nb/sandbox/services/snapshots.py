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
from poseidon_nb.sandbox.history import remove_billed
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import bad_request, no_content, not_found, unprocessable
from poseidon_nb.sandbox.services.images import remove_image
from poseidon_nb.sandbox.services.tags import ensure_tags, requested_tags
from poseidon_nb.sandbox.services.volumes import VOLUMES, has_data
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


_VOLUME_SNAPSHOTS = Resource("volume_snapshots", lookup=_volume_snapshot)


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


def remove_volume_snapshot(world: World, snapshot: StoredObject) -> None:
    """Remove a snapshot of a volume."""
    remove_billed(world, "volume_snapshots", snapshot["id"])


def _list_of_volume(call: Call, volume: StoredObject) -> list[StoredObject]:
    return _VOLUME_SNAPSHOTS.all(call.world, resource_id=volume["id"])


def _create(call: Call, volume: StoredObject) -> StoredObject:
    name = required_field(call.body, "name", "string")
    return add_volume_snapshot(call.world, volume, name, call.world.now(), requested_tags(call))


OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    "snapshots_list": list_snapshots,
    "snapshots_get": get_snapshot,
    "snapshots_delete": delete_snapshot,
    "volumeSnapshots_list": VOLUMES.on(_list_of_volume),
    "volumeSnapshots_create": VOLUMES.on(_create),
    "volumeSnapshots_get_byId": _VOLUME_SNAPSHOTS.get(),
    "volumeSnapshots_delete_byId": _VOLUME_SNAPSHOTS.on(
        lambda call, snapshot: remove_volume_snapshot(call.world, snapshot)
    ),
}
