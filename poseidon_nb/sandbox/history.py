"""What the account's resources were before: deleted, another size, another backup plan, powered off.

Invoices and metrics look back, while stored objects have only the present. So billed resources move to `World.deleted`
with the time of their end, and objects keep their relevant changes in their internal data. An object without such
changes has always been as it is now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.timestamps import parse_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poseidon_nb.sandbox.store import StoredObject
    from poseidon_nb.sandbox.world import World

#: Action types after which a droplet is off or on.
_TURN_OFF = frozenset({"power_off", "shutdown"})
_TURN_ON = frozenset({"power_on", "rebuild", "restore"})
#: Seconds from the end of the boot action until the SSH port answers, divided by the sandbox's speed. DigitalOcean
#: publishes no value: a small Linux takes about this long to create its host keys and listen.
SSH_AFTER_S = 12.0
#: Action types after which the system boots.
_BOOT_ACTIONS = {"create", "power_on", "reboot", "power_cycle", "rebuild", "restore"}


def remove_billed(world: World, kind: str, key: int | str, at: float | None = None) -> bool:
    """Move a resource to the deleted ones, from which past invoices are computed, and return whether it existed.

    Parameters
    ----------
    world : World
        The account.
    kind : str
        The store that it is in.
    key : int or str
        Its key there.
    at : float, optional
        When it ends; by default now.
    """
    store = world.store(kind)
    record = store.get(key)
    if record is None:
        return False
    until = world.now() if at is None else at
    world.deleted.put(world.next_number("deleted"), record.with_internal(kind=kind, until=until))
    store.remove(key)
    return True


def all_with_deleted(world: World, kind: str) -> Iterator[tuple[StoredObject, float | None]]:
    """Yield all present and deleted resources of a kind, each with the time of its end or None."""
    store = world.store(kind)
    for record in store.all():
        yield record, None
    for record in world.deleted.all():
        if record.internal["kind"] == kind:
            yield record, record.internal["until"]


@dataclass(frozen=True, slots=True)
class SizePeriod:
    """A period in which a droplet had one size.

    Attributes
    ----------
    start, end : float
        In Unix seconds; the end is exclusive.
    size : str
        The slug.
    disk_gb : int
        Its disk, which a resize may have left unchanged.
    """

    start: float
    end: float
    size: str
    disk_gb: int


def with_size_change(droplet: StoredObject, at: float, size: str, disk_gb: int) -> StoredObject:
    """Return a droplet whose internal data records a change of size and disk."""
    first = [parse_time(droplet["created_at"]), droplet["size_slug"], droplet["disk"]]
    return droplet.with_internal(sizes=[*droplet.internal.get("sizes", [first]), [at, size, disk_gb]])


def size_periods(droplet: StoredObject, until: float) -> list[SizePeriod]:
    """Return the periods of a droplet's sizes from its creation until a time, oldest first."""
    first = [parse_time(droplet["created_at"]), droplet["size_slug"], droplet["disk"]]
    changes: list[Any] = droplet.internal.get("sizes", [first])
    ends = [*(change[0] for change in changes[1:]), until]
    return [
        SizePeriod(start, end, size, disk_gb)
        for (start, size, disk_gb), end in zip(changes, ends, strict=True)
        if start < end
    ]


def with_change(record: StoredObject, what: str, at: float, value: Any, before: Any) -> StoredObject:
    """Return an object whose internal data records a change of one of its values."""
    past: dict[str, list[Any]] = record.internal.get("past", {})
    return record.with_internal(past={**past, what: [*past.get(what, [[None, before]]), [at, value]]})


def value_periods(
    record: StoredObject, what: str, created: float, until: float, value: Any = None
) -> list[tuple[float, float, Any]]:
    """Return the values that something had, as (start, end, value), oldest first.

    Parameters
    ----------
    record : StoredObject
        The object.
    what : str
        The name that `with_change` got; without a value, a public field.
    created, until : float
        The first and the last moment to consider.
    value : object
        The present value.
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
    """Return a droplet whose internal data records a new backup plan, or none."""
    plans = droplet.internal.get("plans")
    if plans is None:
        before = (droplet.internal.get("backup_policy") or {}).get("plan")
        plans = [[parse_time(droplet["created_at"]), before]]
    return droplet if plans[-1][1] == plan else droplet.with_internal(plans=[*plans, [at, plan]])


def backup_plan_periods(droplet: StoredObject, until: float) -> list[tuple[float, float, str | None]]:
    """Return the backup plans that a droplet had, as (start, end, plan)."""
    policy = droplet.internal.get("backup_policy") or {}
    changes: list[Any] = droplet.internal.get("plans") or [[parse_time(droplet["created_at"]), policy.get("plan")]]
    ends = [*(change[0] for change in changes[1:]), until]
    return [(start, end, plan) for (start, plan), end in zip(changes, ends, strict=True) if start < end]


def power_on_periods(world: World, droplet: StoredObject, until: float) -> list[tuple[float, float]]:
    """Return the periods in which a droplet was on, from its creation until a time, as (start, end).

    They follow from its actions. Some droplets of a new account are off without an action that explains it; for these
    the last start does not count.
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


def answers_ssh(world: World, address: str) -> bool:
    """Return whether the droplet at a public address would answer on port 22 now."""
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
