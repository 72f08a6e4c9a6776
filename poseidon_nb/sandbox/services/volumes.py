"""Volumes: block storage beside a droplet's own disk.

From sources: a volume of the same name in the region answers 409 "already exists" (hashicorp/terraform issue 8023), an
attached one cannot be deleted, 409 (digitalocean/doctl issue 358). Not settled by any source, chosen here: the texts of
422s; names that the specification's words forbid are refused, though two of its examples have an underscore; a volume
from a snapshot is as large as asked for and never smaller than the snapshot, has its filesystem, and lies in one of its
regions; a deletion by name needs name and region; a deletion leaves the volume's snapshots.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import activity, bodies, chance, lifetimes
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import Refusal, no_content, not_found, unprocessable
from poseidon_nb.sandbox.services.tags import checked_tags, ensure_tags
from poseidon_nb.sandbox.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.records import Shared
    from poseidon_nb.sandbox.replies import Reply
    from poseidon_nb.sandbox.world import World

#: GiB, from the texts of ``volumes_create`` and ``volumeActions_post_byId``.
SIZE_LEAST, SIZE_MOST = 1, 16_384
#: Volumes on one droplet, from the text of ``volumeActions_post_byId``.
ATTACHED_MOST = 15
_NAME = re.compile(r"[a-z][a-z0-9\-]{0,63}")
#: The longest label of each filesystem, from the text of ``volumes_create``.
_LABELS_MOST = {"ext4": 16, "xfs": 12}


def volume_object(
    id_: str, name: str, *, region: Shared, size_gigabytes: int, created_at: str, **rest: Any
) -> dict[str, Any]:
    """Give a volume as the API shows it while it is attached to nothing."""
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


def find_volume(call: Call) -> Record:
    """Give the volume that a path names."""
    volume = call.world.volumes.get(call.names["volume_id"].lower())
    if volume is None:
        raise not_found()
    return volume


def named(world: World, name: str | None, region: str | None) -> list[Record]:
    """Give the volumes with a name and in a region; what is empty matches all."""
    return [
        volume
        for volume in world.volumes.listed()
        if (not name or volume["name"] == name) and (not region or volume["region"]["slug"] == region)
    ]


def checked_size(size: int) -> int:
    """Give a size in GiB back; refuse what no volume has."""
    if not SIZE_LEAST <= size <= SIZE_MOST:
        raise unprocessable(f"size_gigabytes must be from {SIZE_LEAST} to {SIZE_MOST}.")
    return size


def list_volumes(call: Call) -> Reply:
    """Answer ``volumes_list``, oldest first."""
    return call.page("volumes", "volume", named(call.world, call.query.get("name"), call.query.get("region")))


def get_volume(call: Call) -> Reply:
    """Answer ``volumes_get``."""
    return call.one("volume", find_volume(call))


def create_volume(call: Call) -> Reply:
    """Answer ``volumes_create``."""
    world, body = call.world, call.body
    name = bodies.required(body, "name", "string")
    if not _NAME.fullmatch(name):
        raise unprocessable(
            "name must begin with a letter and hold only lowercase letters, numbers and hyphens, 64 at most."
        )
    size = checked_size(bodies.required(body, "size_gigabytes", "integer"))
    slug = bodies.required(body, "region", "string")
    region = world.figures.regions.get(slug)
    if region is None or not region["available"] or "storage" not in region["features"]:
        raise unprocessable("You specified an invalid region for volume creation.")
    filesystem, label = _filesystem(body)
    snapshot_id = bodies.optional(body, "snapshot_id", "string")
    if snapshot_id:
        snapshot = _source(call, snapshot_id, slug, size)
        filesystem, label = filesystem or snapshot.kept["filesystem_type"], label or snapshot.kept["filesystem_label"]
    tags = checked_tags(call)
    description = bodies.optional(body, "description", "string") or ""
    if named(world, name, slug):
        raise Refusal(409, "conflict", "already exists")
    id_ = chance.uuid(world.seed, "volume", world.count("volumes"))
    volume = Record(
        volume_object(
            id_,
            name,
            region=region,
            size_gigabytes=size,
            created_at=stamp(world.now()),
            description=description,
            filesystem_type=filesystem,
            filesystem_label=label,
            tags=ensure_tags(world, tags, "volume", id_),
        )
    )
    world.volumes.put(id_, volume)
    return call.one("volume", volume, status=201)


def _filesystem(body: dict[str, Any]) -> tuple[str, str]:
    filesystem = bodies.optional(body, "filesystem_type", "string") or ""
    label = bodies.optional(body, "filesystem_label", "string") or ""
    if filesystem and filesystem not in _LABELS_MOST:
        raise unprocessable(f"filesystem_type must be {' or '.join(_LABELS_MOST)}.")
    if label and not filesystem:
        raise unprocessable("filesystem_label can only be used with filesystem_type.")
    if label and len(label) > _LABELS_MOST[filesystem]:
        raise unprocessable(f"filesystem_label is too long (maximum is {_LABELS_MOST[filesystem]} characters).")
    return filesystem, label


def _source(call: Call, snapshot_id: str, region: str, size: int) -> Record:
    snapshot = call.world.volume_snapshots.get(snapshot_id.lower())
    if snapshot is None:
        raise unprocessable("You specified an invalid snapshot for volume creation.")
    if region not in snapshot["regions"]:
        raise unprocessable("The snapshot you specified is not available in the selected region.")
    if size < snapshot["min_disk_size"]:
        raise unprocessable(f"size_gigabytes must be at least {snapshot['min_disk_size']}, the size of the snapshot.")
    return snapshot


def delete_volume(call: Call) -> Reply:
    """Answer ``volumes_delete``."""
    _delete(call.world, find_volume(call))
    return no_content()


def delete_volume_by_name(call: Call) -> Reply:
    """Answer ``volumes_delete_byName``: the name is one volume's only inside a region."""
    name, region = (call.query.get(field) for field in ("name", "region"))
    if not name or not region:
        raise unprocessable("name and region are required.")
    found = named(call.world, name, region)
    if not found:
        raise not_found()
    _delete(call.world, found[0])
    return no_content()


def _delete(world: World, volume: Record) -> None:
    if volume["droplet_ids"]:
        raise Refusal(409, "conflict", "attached volume cannot be deleted")
    activity.refuse_if_busy(world, "volume", volume["id"])
    lifetimes.close(world, "volumes", volume["id"])
    world.volumes.remove(volume["id"])


# --- attached and detached -------------------------------------------------------------------------------------------
def refuse_unless_attachable(world: World, volume: Record, region: str, others: int) -> None:
    """Refuse a volume that a droplet in a region cannot have, being one more than so many others."""
    if volume["droplet_ids"]:
        raise unprocessable("This volume is already attached")
    activity.refuse_if_busy(world, "volume", volume["id"])
    if volume["region"]["slug"] != region:
        raise unprocessable("The volume and the Droplet must be in the same region.")
    if others >= ATTACHED_MOST:
        raise unprocessable(f"A Droplet can have at most {ATTACHED_MOST} volumes attached.")


def attach(world: World, volume_id: str, droplet_id: int) -> None:
    """Put a volume on a droplet, if both are there still."""
    volume, droplet = world.volumes.get(volume_id), world.droplets.get(droplet_id)
    if volume is not None and droplet is not None:
        world.volumes.put(volume_id, volume.showing(droplet_ids=[droplet_id]))
        world.droplets.put(droplet_id, droplet.showing(volume_ids=[*droplet["volume_ids"], volume_id]))


def detach(world: World, volume_id: str) -> None:
    """Take a volume from the droplet that has it."""
    volume = world.volumes.get(volume_id)
    if volume is None:
        return
    for droplet_id in volume["droplet_ids"]:
        droplet = world.droplets.get(droplet_id)
        if droplet is not None:
            left = [id_ for id_ in droplet["volume_ids"] if id_ != volume_id]
            world.droplets.put(droplet_id, droplet.showing(volume_ids=left))
    world.volumes.put(volume_id, volume.showing(droplet_ids=[]))


def _release(world: World, _at: float, droplet_id: int) -> None:
    for volume in world.volumes.listed():
        if droplet_id in volume["droplet_ids"]:
            detach(world, volume["id"])


OPERATIONS = {
    "volumes_list": list_volumes,
    "volumes_get": get_volume,
    "volumes_create": create_volume,
    "volumes_delete": delete_volume,
    "volumes_delete_byName": delete_volume_by_name,
}
EFFECTS: dict[str, Callable[..., None]] = {"droplet.gone.volumes": _release}
