"""What things of the account were before: gone, of another size, with another backup plan, switched off.

Bills and curves look back, and records show the present only. So what is removed and costs money is kept among the
`bygones` with the time of its end, and a droplet's record keeps the changes that count. What a record keeps nothing about
has always been as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.timestamps import unstamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poseidon_nb.sandbox.records import Collection, Record
    from poseidon_nb.sandbox.world import World

#: Actions after which a droplet is off, and on.
_TURN_OFF = frozenset({"power_off", "shutdown"})
_TURN_ON = frozenset({"power_on", "rebuild", "restore"})


def close(world: World, kind: str, key: int | str, at: float | None = None) -> None:
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
    collection: Collection = getattr(world, kind)
    record = collection.get(key)
    if record is not None:
        world.bygones.put(world.count("bygones"), record.keeping(kind=kind, until=world.now() if at is None else at))


def all_of(world: World, kind: str) -> Iterator[tuple[Record, float | None]]:
    """Give the things of a kind that are or were there, with the time of their end."""
    collection: Collection = getattr(world, kind)
    for record in collection.listed():
        yield record, None
    for record in world.bygones.listed():
        if record.kept["kind"] == kind:
            yield record, record.kept["until"]


@dataclass(frozen=True, slots=True)
class Stretch:
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


def resized(droplet: Record, at: float, size: str, disk_gb: int) -> Record:
    """Give a droplet that keeps in mind what it was before it got a size and a disk."""
    first = [unstamp(droplet["created_at"]), droplet["size_slug"], droplet["disk"]]
    return droplet.keeping(sizes=[*droplet.kept.get("sizes", [first]), [at, size, disk_gb]])


def stretches(droplet: Record, until: float) -> list[Stretch]:
    """Give the sizes that a droplet had from its creation until a time, oldest first."""
    first = [unstamp(droplet["created_at"]), droplet["size_slug"], droplet["disk"]]
    changes: list[Any] = droplet.kept.get("sizes", [first])
    ends = [*(change[0] for change in changes[1:]), until]
    return [
        Stretch(start, end, size, disk_gb)
        for (start, size, disk_gb), end in zip(changes, ends, strict=True)
        if start < end
    ]


def changed(record: Record, what: str, at: float, value: Any, before: Any) -> Record:
    """Give a record that keeps in mind since when something about it is as it is now, and what it was before."""
    past: dict[str, list[Any]] = record.kept.get("past", {})
    return record.keeping(past={**past, what: [*past.get(what, [[None, before]]), [at, value]]})


def changes(record: Record, what: str, born: float, until: float, value: Any = None) -> list[tuple[float, float, Any]]:
    """Give what something about a record was, as start, end and value, oldest first.

    Parameters
    ----------
    record : Record
        A thing.
    what : str
        What `changed` called it; a shown field, if no value is given.
    born, until : float
        When the thing began, and until when to look.
    value : object
        What it is now.
    """
    now = record.shown.get(what) if value is None else value
    past: list[Any] = record.kept.get("past", {}).get(what, [[None, now]])
    starts = [born, *(change[0] for change in past[1:])]
    return [
        (start, end, change[1])
        for start, end, change in zip(starts, [*starts[1:], until], past, strict=True)
        if start < end
    ]


def planned(droplet: Record, at: float, plan: str | None) -> Record:
    """Give a droplet that keeps in mind since when it has a backup plan, or none."""
    plans = droplet.kept.get("plans")
    if plans is None:
        before = (droplet.kept.get("backup_policy") or {}).get("plan")
        plans = [[unstamp(droplet["created_at"]), before]]
    return droplet if plans[-1][1] == plan else droplet.keeping(plans=[*plans, [at, plan]])


def plans(droplet: Record, until: float) -> list[tuple[float, float, str | None]]:
    """Give the backup plans that a droplet had, as start, end and plan."""
    policy = droplet.kept.get("backup_policy") or {}
    changes: list[Any] = droplet.kept.get("plans") or [[unstamp(droplet["created_at"]), policy.get("plan")]]
    ends = [*(change[0] for change in changes[1:]), until]
    return [(start, end, plan) for (start, plan), end in zip(changes, ends, strict=True) if start < end]


def powered(world: World, droplet: Record, until: float) -> list[tuple[float, float]]:
    """Give the times in which a droplet was on, from its creation until a time, as start and end.

    They follow from its actions. Of a droplet that is off without an action that says why, as some are when the account
    begins, the last start does not count.
    """
    born = float(unstamp(droplet["created_at"]))
    turns: list[tuple[float, bool]] = [(born, True)]
    for action in world.actions.listed():
        shown = action.shown
        if shown["resource_id"] != droplet["id"] or shown["resource_type"] != "droplet":
            continue
        if shown["status"] != "completed" or action.kept.get("arguments", {}).get("ignored"):
            continue
        if shown["type"] in _TURN_OFF or shown["type"] in _TURN_ON:
            turns.append((float(unstamp(shown["completed_at"])), shown["type"] in _TURN_ON))
    turns = [turns[0], *sorted(turn for turn in turns[1:] if turn[0] > born)]
    on: list[tuple[float, float]] = []
    started: float | None = None
    for at, power in turns:
        if power and started is None:
            started = at
        elif not power and started is not None:
            on.append((started, at))
            started = None
    if started is not None and started < until and droplet.kept["power"] == "on":
        on.append((started, until))
    return on
