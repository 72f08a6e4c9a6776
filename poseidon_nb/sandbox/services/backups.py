"""Automatic backups of droplets: policies, windows, and one backup in each window.

The lengths and retention periods are the specification's (``droplets_list_supported_backup_policies``). Not
documented, chosen here: without a policy the plan is daily, at an hour that follows from the droplet's id. A backup
starts with its window. The droplet is not busy meanwhile, because that would refuse a user's actions; so the action
appears only when it has ended. A droplet that is busy or off when its window starts is backed up in the next one.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue.prices import DEFAULT_BACKUP_PLAN
from poseidon_nb.sandbox import objects
from poseidon_nb.sandbox.actions import action_duration_s, action_object, is_busy
from poseidon_nb.sandbox.call import optional_field
from poseidon_nb.sandbox.responses import unprocessable
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import DAY_S, HOUR_S, format_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.world import World

HOURS = (0, 4, 8, 12, 16, 20)
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
WINDOW_HOURS = 4
RETENTION_DAYS = {"weekly": 28, "daily": 7}


def read_policy(requested: dict[str, Any] | None, droplet_id: int) -> dict[str, Any]:
    """Return the complete backup policy that a request asks for, or raise 422 for an invalid one."""
    requested = requested or {}
    plan = optional_field(requested, "plan", "string") or DEFAULT_BACKUP_PLAN
    hour = optional_field(requested, "hour", "integer")
    weekday = optional_field(requested, "weekday", "string")
    if plan not in RETENTION_DAYS:
        raise unprocessable("Backup policy plan must be daily or weekly.")
    if hour is None:
        hour = HOURS[droplet_id % len(HOURS)]
    if hour not in HOURS:
        raise unprocessable(f"Backup policy hour must be one of {', '.join(map(str, HOURS))}.")
    if plan == "daily":
        return {"plan": plan, "hour": hour}
    weekday = weekday or "SUN"
    if weekday not in WEEKDAYS:
        raise unprocessable(f"Backup policy weekday must be one of {', '.join(WEEKDAYS)}.")
    return {"plan": plan, "weekday": weekday, "hour": hour}


def policy_object(policy: dict[str, Any]) -> dict[str, Any]:
    """Return a policy in the format of the API."""
    return {**policy, "window_length_hours": WINDOW_HOURS, "retention_period_days": RETENTION_DAYS[policy["plan"]]}


def next_window(policy: dict[str, Any], now: float) -> dict[str, str]:
    """Return the next backup window."""
    start = now - now % DAY_S + policy["hour"] * HOUR_S
    while start <= now or ("weekday" in policy and _weekday(start) != policy["weekday"]):
        start += DAY_S
    return {"start": format_time(start), "end": format_time(start + WINDOW_HOURS * HOUR_S)}


def _weekday(seconds: float) -> str:
    return WEEKDAYS[(time.gmtime(seconds).tm_wday + 1) % 7]


def schedule_backup(world: World, at: float, droplet: StoredObject) -> None:
    """Schedule the end of a backup whose window has started."""
    if is_busy(world, "droplet", droplet["id"]) or droplet.internal["power"] != "on":
        return
    draw = (world.seed, "backup", droplet["id"], int(at))
    duration_s = action_duration_s("backup", used_gb=droplet.internal["used_gb"], speed=world.speed, draw=draw)
    world.schedule(at + duration_s, "droplet.backed_up", droplet["id"], at)


def _add_backup(world: World, at: float, droplet_id: int, started: float) -> None:
    droplet = world.droplets.get(droplet_id)
    policy = droplet.internal.get("backup_policy") if droplet else None
    if droplet is None or not policy:
        return
    image_id, action_id = world.next_id("images"), world.next_id("actions")
    name = f"{droplet['name']} {format_time(started)[:10]}"
    world.images.put(image_id, objects.droplet_image_object(droplet, image_id, name, "backup", format_time(at)))
    region = droplet["region"]
    action = action_object(
        action_id,
        "backup",
        resource_type="droplet",
        resource_id=droplet_id,
        region=region,
        started=started,
        completed=at,
        status="completed",
    )
    world.actions.put(action_id, StoredObject(action))
    # Half a day is added because the backup of this window one retention period ago must go, however long both took.
    oldest = started - (RETENTION_DAYS[policy["plan"]] - 0.5) * DAY_S
    remaining = []
    for id_ in droplet["backup_ids"]:
        image = world.images.get(id_)
        # An image that is being transferred or converted stays until the next window.
        if image is None or (parse_time(image["created_at"]) < oldest and not is_busy(world, "image", id_)):
            world.images.remove(id_)
        else:
            remaining.append(id_)
    world.droplets.put(droplet_id, droplet.with_public(backup_ids=[*remaining, image_id]))


EFFECTS: dict[str, Callable[..., None]] = {
    "droplet.backed_up": _add_backup,
}
