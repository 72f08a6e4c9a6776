"""What things of the account were before: gone, of another size, with another backup plan, switched off.

Bills and curves look back, and records show the present only. So what is removed and costs money is kept among the
`deleted` with the time of its end, and a droplet's record keeps the changes that count. What a record keeps nothing about
has always been as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.timestamps import parse_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poseidon_nb.sandbox.store import ObjectStore, StoredObject
    from poseidon_nb.sandbox.world import World

#: Actions after which a droplet is off, and on.
_TURN_OFF = frozenset({"power_off", "shutdown"})
_TURN_ON = frozenset({"power_on", "rebuild", "restore"})


def record_deletion(world: World, kind: str, key: int | str, at: float | None = None) -> None:
    """Remember a thing that is about to be removed, as it is.

    Parameters
    ----------
    world : World
        The account.
    kind : str
        The collection that it is in.
    key : int or str
        Its key there; it may be gone already.
    at : float, optional
        When it ends, if not now.
    """
    collection: ObjectStore = getattr(world, kind)
    record = collection.get(key)
    if record is not None:
        world.deleted.put(
            world.next_number("deleted"), record.with_internal(kind=kind, until=world.now() if at is None else at)
        )


def all_with_deleted(world: World, kind: str) -> Iterator[tuple[StoredObject, float | None]]:
    """Give the things of a kind that are or were there, with the time of their end."""
    collection: ObjectStore = getattr(world, kind)
    for record in collection.all():
        yield record, None
    for record in world.deleted.all():
        if record.internal["kind"] == kind:
            yield record, record.internal["until"]


@dataclass(frozen=True, slots=True)
class SizePeriod:
    """A time in which a droplet had one size.

    Attributes
    ----------
    start, end : float
        In Unix seconds; the end is not part of it.
    size : str
        The slug.
    disk_gb : int
        Its disk, which a resize may have left as it was.
    """

    start: float
    end: float
    size: str
    disk_gb: int


def with_size_change(droplet: StoredObject, at: float, size: str, disk_gb: int) -> StoredObject:
    """Give a droplet that keeps in mind what it was before it got a size and a disk."""
    first = [parse_time(droplet["created_at"]), droplet["size_slug"], droplet["disk"]]
    return droplet.with_internal(sizes=[*droplet.internal.get("sizes", [first]), [at, size, disk_gb]])


def size_periods(droplet: StoredObject, until: float) -> list[SizePeriod]:
    """Give the sizes that a droplet had from its creation until a time, oldest first."""
    first = [parse_time(droplet["created_at"]), droplet["size_slug"], droplet["disk"]]
    value_periods: list[Any] = droplet.internal.get("sizes", [first])
    ends = [*(change[0] for change in value_periods[1:]), until]
    return [
        SizePeriod(start, end, size, disk_gb)
        for (start, size, disk_gb), end in zip(value_periods, ends, strict=True)
        if start < end
    ]


def with_change(record: StoredObject, what: str, at: float, value: Any, before: Any) -> StoredObject:
    """Give a record that keeps in mind since when something about it is as it is now, and what it was before."""
    past: dict[str, list[Any]] = record.internal.get("past", {})
    return record.with_internal(past={**past, what: [*past.get(what, [[None, before]]), [at, value]]})


def value_periods(
    record: StoredObject, what: str, created: float, until: float, value: Any = None
) -> list[tuple[float, float, Any]]:
    """Give what something about a record was, as start, end and value, oldest first.

    Parameters
    ----------
    record : Record
        A thing.
    what : str
        What `with_change` called it; a shown field, if no value is given.
    born, until : float
        When the thing began, and until when to look.
    value : object
        What it is now.
    """
    now = record.public.get(what) if value is None else value
    past: list[Any] = record.internal.get("past", {}).get(what, [[None, now]])
    starts = [created, *(change[0] for change in past[1:])]
    return [
        (start, end, change[1])
        for start, end, change in zip(starts, [*starts[1:], until], past, strict=True)
        if start < end
    ]


def with_backup_plan(droplet: StoredObject, at: float, plan: str | None) -> StoredObject:
    """Give a droplet that keeps in mind since when it has a backup plan, or none."""
    backup_plan_periods = droplet.internal.get("plans")
    if backup_plan_periods is None:
        before = (droplet.internal.get("backup_policy") or {}).get("plan")
        backup_plan_periods = [[parse_time(droplet["created_at"]), before]]
    return (
        droplet
        if backup_plan_periods[-1][1] == plan
        else droplet.with_internal(plans=[*backup_plan_periods, [at, plan]])
    )


def backup_plan_periods(droplet: StoredObject, until: float) -> list[tuple[float, float, str | None]]:
    """Give the backup plans that a droplet had, as start, end and plan."""
    policy = droplet.internal.get("backup_policy") or {}
    value_periods: list[Any] = droplet.internal.get("plans") or [
        [parse_time(droplet["created_at"]), policy.get("plan")]
    ]
    ends = [*(change[0] for change in value_periods[1:]), until]
    return [(start, end, plan) for (start, plan), end in zip(value_periods, ends, strict=True) if start < end]


def power_on_periods(world: World, droplet: StoredObject, until: float) -> list[tuple[float, float]]:
    """Give the times in which a droplet was on, from its creation until a time, as start and end.

    They follow from its actions. Of a droplet that is off without an action that says why, as some are when the account
    begins, the last start does not count.
    """
    created = float(parse_time(droplet["created_at"]))
    turns: list[tuple[float, bool]] = [(created, True)]
    for action in world.actions.all():
        public = action.public
        if public["resource_id"] != droplet["id"] or public["resource_type"] != "droplet":
            continue
        if public["status"] != "completed" or action.internal.get("arguments", {}).get("ignored"):
            continue
        if public["type"] in _TURN_OFF or public["type"] in _TURN_ON:
            turns.append((float(parse_time(public["completed_at"])), public["type"] in _TURN_ON))
    turns = [turns[0], *sorted(turn for turn in turns[1:] if turn[0] > created)]
    on: list[tuple[float, float]] = []
    started: float | None = None
    for at, power in turns:
        if power and started is None:
            started = at
        elif not power and started is not None:
            on.append((started, at))
            started = None
    if started is not None and started < until and droplet.internal["power"] == "on":
        on.append((started, until))
    return on


#: Seconds from the end of what booted a droplet until its SSH port answers, divided by the sandbox's speed.
SSH_AFTER_S = 12.0
#: The types of action after which a system has booted anew.
_BOOT_ACTIONS = {"create", "power_on", "reboot", "power_cycle", "rebuild", "restore"}


def answers_ssh(world: World, address: str) -> bool:
    """Say whether the droplet at a public address would answer on port 22 now."""
    droplet = next((one for one in world.droplets.all() if address in _public_addresses(one)), None)
    if droplet is None or droplet.internal["power"] != "on":
        return False
    actions = [action.public for action in world.actions.all()]
    booted = [
        parse_time(action["completed_at"])
        for action in actions
        if action["resource_id"] == droplet["id"]
        and action["resource_type"] == "droplet"
        and action["type"] in _BOOT_ACTIONS
        and action["status"] == "completed"
    ]
    return not booted or world.now() >= max(booted) + SSH_AFTER_S / world.speed


def _public_addresses(droplet: StoredObject) -> list[str]:
    return [one["ip_address"] for one in droplet["networks"]["v4"] if one["type"] == "public"]
