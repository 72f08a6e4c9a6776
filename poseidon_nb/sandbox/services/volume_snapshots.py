"""Snapshots of volumes; they are among the account's snapshots too, see `snapshots`.

Not settled by any source, chosen here: a snapshot is there at once, without an action, as the 201 of
``volumeSnapshots_create`` says; what it takes is a share of the volume that follows from the seed; a snapshot outlives its
volume, and two may have one name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.sandbox import bodies, chance, lifetimes
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import no_content, not_found
from poseidon_nb.sandbox.services.tags import checked_tags, ensure_tags
from poseidon_nb.sandbox.services.volumes import find_volume
from poseidon_nb.sandbox.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply
    from poseidon_nb.sandbox.world import World

_USED_LEAST, _USED_SPREAD = 0.05, 0.4


def take_snapshot(world: World, volume: Record, name: str, at: float, tags: Sequence[str] = ()) -> Record:
    """Make a snapshot of a volume, and give it."""
    id_ = chance.uuid(world.seed, "volume_snapshot", world.count("volume_snapshots"))
    used = _USED_LEAST + _USED_SPREAD * chance.share(world.seed, "used", volume["id"])
    snapshot = Record(
        {
            "id": id_,
            "name": name,
            "created_at": stamp(at),
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


def _asked_for(call: Call) -> Record:
    snapshot = call.world.volume_snapshots.get(call.names["snapshot_id"].lower())
    if snapshot is None:
        raise not_found()
    return snapshot


def forget_snapshot(world: World, snapshot: Record) -> None:
    """Remove a snapshot of a volume."""
    lifetimes.close(world, "volume_snapshots", snapshot["id"])
    world.volume_snapshots.remove(snapshot["id"])


def list_volume_snapshots(call: Call) -> Reply:
    """Answer ``volumeSnapshots_list``, oldest first."""
    id_ = find_volume(call)["id"]
    snapshots = [one for one in call.world.volume_snapshots.listed() if one["resource_id"] == id_]
    return call.page("snapshots", "snapshot", snapshots)


def create_volume_snapshot(call: Call) -> Reply:
    """Answer ``volumeSnapshots_create``."""
    volume = find_volume(call)
    name = bodies.required(call.body, "name", "string")
    snapshot = take_snapshot(call.world, volume, name, call.world.now(), checked_tags(call))
    return call.one("snapshot", snapshot, status=201)


def get_volume_snapshot(call: Call) -> Reply:
    """Answer ``volumeSnapshots_get_byId``."""
    return call.one("snapshot", _asked_for(call))


def delete_volume_snapshot(call: Call) -> Reply:
    """Answer ``volumeSnapshots_delete_byId``."""
    forget_snapshot(call.world, _asked_for(call))
    return no_content()


OPERATIONS = {
    "volumeSnapshots_list": list_volume_snapshots,
    "volumeSnapshots_create": create_volume_snapshot,
    "volumeSnapshots_get_byId": get_volume_snapshot,
    "volumeSnapshots_delete_byId": delete_volume_snapshot,
}
