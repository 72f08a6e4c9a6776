"""Volumes (block storage) and their actions: attach, detach and resize, by the volume's id or by its name and region.

As in the specification's examples, actions of volumes have ``resource_type: "volume"``, a null ``resource_id`` and
types such as ``attach_volume``. From sources: a name in use in the region answers 409 "already exists"
(hashicorp/terraform issue 8023), and deleting an attached volume answers 409 (digitalocean/doctl issue 358). "This
volume is already attached" and "Attachment not found" are the service's messages (digitalocean/csi-digitalocean,
thecodeteam/libstorage issue 433).

Not documented, chosen here: the other messages. Names that the specification's description forbids are refused,
although two of its examples have an underscore. A volume from a snapshot is at least as large as the snapshot, has its
filesystem, and is in one of its regions. A deletion by name needs name and region, and keeps the volume's snapshots.
Attaching and detaching keep the droplet busy too, and the droplet lists these actions. Only actions that need a
droplet can be started by name, as the specification says. A ``region`` other than the volume's answers 422. An
attached volume can be resized.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import objects, rng
from poseidon_nb.sandbox.actions import begin_action, find_action, is_action_on, list_actions, raise_if_busy
from poseidon_nb.sandbox.call import optional_field, required_field
from poseidon_nb.sandbox.history import remove_billed, with_change
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import conflict, no_content, not_found, unprocessable
from poseidon_nb.sandbox.services.tags import ensure_tags, requested_tags
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.store import SharedObject
    from poseidon_nb.sandbox.world import World

#: GiB, from the descriptions of ``volumes_create`` and ``volumeActions_post_byId``.
MIN_SIZE_GIB, MAX_SIZE_GIB = 1, 16_384
#: Volumes on one droplet, from the description of ``volumeActions_post_byId``.
MAX_ATTACHED = 15
_NAME = re.compile(r"[a-z][a-z0-9\-]{0,63}")
#: The maximum label length of each filesystem, from the description of ``volumes_create``.
_MAX_LABEL_LENGTHS = {"ext4": 16, "xfs": 12}


def volume_object(
    id_: str, name: str, *, region: SharedObject, size_gigabytes: int, created_at: str, **rest: Any
) -> dict[str, Any]:
    """Return an unattached volume in the format of the API."""
    return {
        "id": id_,
        "region": region,
        "droplet_ids": [],
        "name": name,
        "description": "",
        "size_gigabytes": size_gigabytes,
        "created_at": created_at,
        "filesystem_type": "",
        "filesystem_label": "",
        "tags": [],
        **rest,
    }


VOLUMES = Resource("volumes", lookup=lambda call: call.world.volumes.get(call.path_params["volume_id"].lower()))


def find_volumes(world: World, name: str | None, region: str | None) -> list[StoredObject]:
    """Return the volumes with a name and in a region; an empty value matches any."""
    return [
        volume
        for volume in world.volumes.all()
        if (not name or volume["name"] == name) and (not region or volume["region"]["slug"] == region)
    ]


def has_data(volume: StoredObject) -> bool:
    """Return whether anything was written to a volume: it was attached, or is a copy of a volume with data."""
    return bool(volume["droplet_ids"] or volume.internal.get("written"))


def _validate_size(size: int) -> int:
    """Return a size in GiB, or raise 422 if it is out of range."""
    if not MIN_SIZE_GIB <= size <= MAX_SIZE_GIB:
        raise unprocessable(f"size_gigabytes must be from {MIN_SIZE_GIB} to {MAX_SIZE_GIB}.")
    return size


def list_volumes(call: Call) -> HTTPResponse:
    """Handle ``volumes_list``, oldest first."""
    return call.respond_page(
        "volumes", "volume", find_volumes(call.world, call.query.get("name"), call.query.get("region"))
    )


def create_volume(call: Call) -> HTTPResponse:
    """Handle ``volumes_create``."""
    world, body = call.world, call.body
    name = required_field(body, "name", "string")
    if not _NAME.fullmatch(name):
        raise unprocessable(
            "name must start with a letter and may contain lowercase letters, numbers and hyphens, at most 64 characters."
        )
    size = _validate_size(required_field(body, "size_gigabytes", "integer"))
    slug = required_field(body, "region", "string")
    region = world.reference_data.available_region(slug)
    if region is None or "storage" not in region["features"]:
        raise unprocessable("You specified an invalid region for volume creation.")
    if len(world.volumes) >= world.state.account["volume_limit"]:
        raise unprocessable("creating this volume will exceed your volume limit")
    filesystem, label = _filesystem(body)
    snapshot_id = optional_field(body, "snapshot_id", "string")
    written = False
    if snapshot_id:
        snapshot = _source_snapshot(call, snapshot_id, slug, size)
        filesystem, label = (
            filesystem or snapshot.internal["filesystem_type"],
            label or snapshot.internal["filesystem_label"],
        )
        written = snapshot["size_gigabytes"] > 0
    tags = requested_tags(call)
    description = optional_field(body, "description", "string") or ""
    if find_volumes(world, name, slug):
        raise conflict("already exists")
    id_ = rng.uuid(world.seed, "volume", world.next_number("volumes"))
    volume = StoredObject(
        volume_object(
            id_,
            name,
            region=region,
            size_gigabytes=size,
            created_at=format_time(world.now()),
            description=description,
            filesystem_type=filesystem,
            filesystem_label=label,
            tags=ensure_tags(world, tags, "volume", id_),
        ),
        {"written": written},
    )
    world.volumes.put(id_, volume)
    return call.respond("volume", volume, status=201)


def _filesystem(body: dict[str, Any]) -> tuple[str, str]:
    filesystem = optional_field(body, "filesystem_type", "string") or ""
    label = optional_field(body, "filesystem_label", "string") or ""
    if filesystem and filesystem not in _MAX_LABEL_LENGTHS:
        raise unprocessable(f"filesystem_type must be {' or '.join(_MAX_LABEL_LENGTHS)}.")
    if label and not filesystem:
        raise unprocessable("filesystem_label can only be used with filesystem_type.")
    if label and len(label) > _MAX_LABEL_LENGTHS[filesystem]:
        raise unprocessable(f"filesystem_label is too long (maximum is {_MAX_LABEL_LENGTHS[filesystem]} characters).")
    return filesystem, label


def _source_snapshot(call: Call, snapshot_id: str, region: str, size: int) -> StoredObject:
    snapshot = call.world.volume_snapshots.get(snapshot_id.lower())
    if snapshot is None:
        raise unprocessable("You specified an invalid snapshot for volume creation.")
    if region not in snapshot["regions"]:
        raise unprocessable("The snapshot you specified is not available in the selected region.")
    if size < snapshot["min_disk_size"]:
        raise unprocessable(f"size_gigabytes must be at least {snapshot['min_disk_size']}, the size of the snapshot.")
    return snapshot


def delete_volume_by_name(call: Call) -> HTTPResponse:
    """Handle ``volumes_delete_byName``. Names are unique only within a region."""
    name, region = (call.query.get(field) for field in ("name", "region"))
    if not name or not region:
        raise unprocessable("name and region are required.")
    found = find_volumes(call.world, name, region)
    if not found:
        raise not_found()
    _delete(call.world, found[0])
    return no_content()


def _delete(world: World, volume: StoredObject) -> None:
    if volume["droplet_ids"]:
        raise conflict("attached volume cannot be deleted")
    raise_if_busy(world, "volume", volume["id"])
    remove_billed(world, "volumes", volume["id"])


def check_attachable(world: World, volume: StoredObject, region: str, others: int) -> None:
    """Raise 422 if a volume cannot be attached to a droplet in a region that has so many volumes already."""
    if volume["droplet_ids"]:
        raise unprocessable("This volume is already attached")
    raise_if_busy(world, "volume", volume["id"])
    if volume["region"]["slug"] != region:
        raise unprocessable("The volume and the Droplet must be in the same region.")
    if others >= MAX_ATTACHED:
        raise unprocessable(f"A Droplet can have at most {MAX_ATTACHED} volumes attached.")


def attach_volume(world: World, volume_id: str, droplet_id: int) -> None:
    """Attach a volume to a droplet, if both still exist."""
    volume, droplet = world.volumes.get(volume_id), world.droplets.get(droplet_id)
    if volume is not None and droplet is not None:
        attached = volume.with_public(droplet_ids=[droplet_id]).with_internal(written=True)
        world.volumes.put(volume_id, attached)
        world.droplets.put(droplet_id, droplet.with_public(volume_ids=[*droplet["volume_ids"], volume_id]))


def detach_volume(world: World, volume_id: str) -> None:
    """Detach a volume from its droplet."""
    volume = world.volumes.get(volume_id)
    if volume is None:
        return
    for droplet_id in volume["droplet_ids"]:
        droplet = world.droplets.get(droplet_id)
        if droplet is not None:
            left = [id_ for id_ in droplet["volume_ids"] if id_ != volume_id]
            world.droplets.put(droplet_id, droplet.with_public(volume_ids=left))
    world.volumes.put(volume_id, volume.with_public(droplet_ids=[]))


def _detach_from_droplet(world: World, _at: float, droplet_id: int) -> None:
    for volume in world.volumes.all():
        if droplet_id in volume["droplet_ids"]:
            detach_volume(world, volume["id"])


def _start_own_action(call: Call, volume: StoredObject) -> HTTPResponse:
    region = optional_field(call.body, "region", "string")
    if region and region != volume["region"]["slug"]:
        raise unprocessable("The volume is in another region.")
    return _start_action(call, volume)


def start_volume_action_by_name(call: Call) -> HTTPResponse:
    """Handle ``volumeActions_post``, for a volume by its name and region."""
    name = required_field(call.body, "volume_name", "string")
    region = required_field(call.body, "region", "string")
    found = find_volumes(call.world, name, region)
    if not found:
        raise not_found()
    if call.body.get("type") == "resize":
        raise unprocessable("resize cannot be performed by name.")
    return _start_action(call, found[0])


def _start_action(call: Call, volume: StoredObject) -> HTTPResponse:
    type_ = required_field(call.body, "type", "string")
    start = _STARTERS.get(type_)
    if start is None:
        raise unprocessable(f"{type_} is not a valid action type.")
    return call.respond("action", start(call, volume), status=202)


def _start_attach(call: Call, volume: StoredObject) -> StoredObject:
    world = call.world
    droplet = objects.requested_droplet(call)
    tags = requested_tags(call)
    check_attachable(world, volume, droplet["region"]["slug"], len(droplet["volume_ids"]))
    raise_if_busy(world, "droplet", droplet["id"])
    if tags:
        added = ensure_tags(world, tags, "volume", volume["id"])
        volume = volume.with_public(tags=[*dict.fromkeys([*volume["tags"], *added])])
        world.volumes.put(volume["id"], volume)
    return _begin_volume_action(world, "attach_volume", volume, droplet_id=droplet["id"])


def _start_detach(call: Call, volume: StoredObject) -> StoredObject:
    droplet = objects.requested_droplet(call)
    if droplet["id"] not in volume["droplet_ids"]:
        raise unprocessable("Attachment not found")
    raise_if_busy(call.world, "volume", volume["id"])
    raise_if_busy(call.world, "droplet", droplet["id"])
    return _begin_volume_action(call.world, "detach_volume", volume, droplet_id=droplet["id"])


def _start_resize(call: Call, volume: StoredObject) -> StoredObject:
    size = _validate_size(required_field(call.body, "size_gigabytes", "integer"))
    if size <= volume["size_gigabytes"]:
        raise unprocessable(f"size_gigabytes must be more than {volume['size_gigabytes']}. Volumes can only grow.")
    raise_if_busy(call.world, "volume", volume["id"])
    return _begin_volume_action(call.world, "resize_volume", volume, size_gigabytes=size)


def _begin_volume_action(world: World, type_: str, volume: StoredObject, **arguments: Any) -> StoredObject:
    return begin_action(
        world,
        type_,
        resource_type="volume",
        resource_id=None,
        target=volume["id"],
        droplet_id=arguments.get("droplet_id"),
        region=volume["region"],
        arguments=arguments,
    )


_STARTERS = {"attach": _start_attach, "detach": _start_detach, "resize": _start_resize}


def _action_test(volume: StoredObject) -> Callable[[StoredObject], bool]:
    return lambda action: is_action_on(action, "volume", volume["id"])


def _finish_attach(world: World, _at: float, volume_id: str, arguments: dict[str, Any]) -> None:
    attach_volume(world, volume_id, arguments["droplet_id"])


def _finish_detach(world: World, _at: float, volume_id: str, _arguments: dict[str, Any]) -> None:
    detach_volume(world, volume_id)


def _finish_resize(world: World, at: float, volume_id: str, arguments: dict[str, Any]) -> None:
    volume = world.volumes.get(volume_id)
    if volume is not None:
        size = arguments["size_gigabytes"]
        grown = with_change(volume, "size_gigabytes", at, size, volume["size_gigabytes"])
        world.volumes.put(volume_id, grown.with_public(size_gigabytes=size))


OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    "volumes_list": list_volumes,
    "volumes_get": VOLUMES.get(),
    "volumes_create": create_volume,
    "volumes_delete": VOLUMES.on(lambda call, volume: _delete(call.world, volume)),
    "volumes_delete_byName": delete_volume_by_name,
    "volumeActions_post": start_volume_action_by_name,
    "volumeActions_post_byId": VOLUMES.on(_start_own_action),
    "volumeActions_list": VOLUMES.on(lambda call, volume: list_actions(call.world, _action_test(volume))),
    "volumeActions_get": VOLUMES.on(lambda call, volume: find_action(call, _action_test(volume))),
}


EFFECTS: dict[str, Callable[..., None]] = {
    "droplet.deleted.volumes": _detach_from_droplet,
    "volume.attach_volume": _finish_attach,
    "volume.detach_volume": _finish_detach,
    "volume.resize_volume": _finish_resize,
}
