"""Backups, made by themselves: one in each window of a droplet's policy, kept as long as its plan says.

Not settled by any source, chosen here: a backup begins with its window; while it is made the droplet is not busy, else it
would refuse what somebody does who happens to work at that hour; so its action shows when it has ended. A droplet that is
busy or switched off when its window begins is backed up in the next one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.sandbox import activity, objects
from poseidon_nb.sandbox.activity import action_object
from poseidon_nb.sandbox.backup_policy import RETENTION_DAYS
from poseidon_nb.sandbox.durations import action_duration_s
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.timestamps import stamp, unstamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.world import World

_DAY_S = 86_400


def begin_backup(world: World, at: float, droplet: Record) -> None:
    """Have a backup be there some time after the window has begun."""
    if activity.is_busy(world, "droplet", droplet["id"]) or droplet.kept["power"] != "on":
        return
    draw = (world.seed, "backup", droplet["id"], int(at))
    duration_s = action_duration_s("backup", used_gb=droplet.kept["used_gb"], speed=world.speed, draw=draw)
    world.schedule(at + duration_s, "droplet.backed_up", droplet["id"], at)


def _add_backup(world: World, at: float, droplet_id: int, started: float) -> None:
    droplet = world.droplets.get(droplet_id)
    policy = droplet.kept.get("backup_policy") if droplet else None
    if droplet is None or not policy:
        return
    image_id, action_id = world.next_id("images"), world.next_id("actions")
    name = f"{droplet['name']} {stamp(started)[:10]}"
    world.images.put(image_id, objects.image_of_droplet(droplet, image_id, name, "backup", stamp(at)))
    region = droplet["region"]
    shown = action_object(
        action_id,
        "backup",
        resource_type="droplet",
        resource_id=droplet_id,
        region=region,
        started=started,
        completed=at,
        status="completed",
    )
    world.actions.put(action_id, Record(shown))
    # Half a day more, because the one made in this window that long ago is due now, however long each took.
    oldest = started - (RETENTION_DAYS[policy["plan"]] - 0.5) * _DAY_S
    kept = []
    for id_ in droplet["backup_ids"]:
        image = world.images.get(id_)
        # What is being copied or converted is left until the next window.
        if image is None or (unstamp(image["created_at"]) < oldest and not activity.is_busy(world, "image", id_)):
            world.images.remove(id_)
        else:
            kept.append(id_)
    world.droplets.put(droplet_id, droplet.showing(backup_ids=[*kept, image_id]))


EFFECTS: dict[str, Callable[..., None]] = {"droplet.backed_up": _add_backup}
