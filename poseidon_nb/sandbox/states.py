"""States that move with time, the removal of objects with their children, and the effects that follow from both.

An object is moved by the effect ``resource.state``, which is scheduled when a state begins. An object that was moved to
another state meanwhile stays there.

Services add functions to these events by their tables ``EFFECTS``. A function is called with the account, the time in Unix
seconds and the key of the object:

- ``KIND.STATE`` when a state begins, except for the first one. So it is the place for what an object has in that state only.
- ``KIND.changed`` after a change by `Resource.change`.
- ``KIND.removed`` before an object and its children are removed.

Another service that follows a kind adds a word of its own, as in ``databases.removed.log_sinks``. Two older events come
after the removal: ``droplet.deleted.WHAT`` with the droplet's id, and ``tag.deleted.WHAT`` with the tag in lower case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.fields import get_field, with_field
from poseidon_nb.sandbox.history import remove_billed
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from poseidon_nb.sandbox.world import World

_JITTER = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """The states that a new object goes through by itself, and the one in which it is deleted.

    Attributes
    ----------
    first : tuple of tuple
        The states of a new object, each with its seconds at DigitalOcean. They are not published, and chosen here.
    ready : str
        The state that follows.
    deleting : tuple, optional
        The state of an object that is being deleted, with its seconds. Without it, deleted objects are gone at once.
    field : str
        The field with the state; ``status.state`` is a field of an object.
    """

    first: tuple[tuple[str, float], ...] = ()
    ready: str
    deleting: tuple[str, float] | None = None
    field: str = "status"


def schedule_state(
    world: World,
    place: tuple[str, str, str],
    state: str,
    seconds: float,
    rest: Sequence[tuple[str, float]],
    at: float | None = None,
    updated_field: str = "",
) -> None:
    """Schedule the end of a state, after which the other ones follow.

    Parameters
    ----------
    world : World
        The account.
    place : tuple of str
        The kind, the key and the field with the state.
    state : str
        The present state; if it is another one by then, nothing happens.
    seconds : float
        How long it lasts at DigitalOcean.
    rest : sequence of tuple
        The states that follow, each with its seconds. The empty state removes the object.
    at : float, optional
        When the present state began, in Unix seconds; by default now.
    updated_field : str
        The field with the time of the last change; empty if there is none.
    """
    kind, key, states_field = place
    start = world.now() if at is None else at
    lasts_s = seconds * (1 + _JITTER * (2 * rng.random(world.seed, kind, key, state) - 1)) / world.speed
    world.schedule(
        start + lasts_s, "resource.state", kind, key, states_field, state, [[*one] for one in rest], updated_field
    )


def _end_state(  # noqa: PLR0913, PLR0917  # what the event holds
    world: World,
    at: float,
    kind: str,
    key: str,
    states_field: str,
    state: str,
    rest: Sequence[tuple[str, float]],
    updated_field: str = "",
) -> None:
    record = world.store(kind).get(key)
    if record is None or get_field(record, states_field) != state:
        return
    (following, seconds), *more = rest
    if not following:
        remove_object(world, kind, key, at)
        return
    record = with_field(record, states_field, following)
    world.store(kind).put(key, record.with_public(**{updated_field: format_time(at)}) if updated_field else record)
    if more:
        schedule_state(world, (kind, key, states_field), following, seconds, more, at, updated_field)
    run_effects(world, f"{kind}.{following}", at, key)


def run_effects(world: World, name: str, at: float, *arguments: Any) -> None:
    """Call the effect of this name, and those of other services, ``NAME.WHAT``."""
    for known, effect in world.effects.items():
        if known == name or known.startswith(f"{name}."):
            effect(world, at, *arguments)


def remove_object(world: World, kind: str, key: str, at: float) -> None:
    """Remove an object and its children, after the effects ``KIND.removed``."""
    run_effects(world, f"{kind}.removed", at, key)
    for child_kind, child_key in [*_children(world, kind, key)]:
        remove_object(world, child_kind, child_key, at)
    record = world.store(kind).get(key)
    if record is not None and "sold" in record.internal:
        remove_billed(world, kind, key, at)
    else:
        world.store(kind).remove(key)


def _children(world: World, kind: str, key: str) -> Iterator[tuple[str, str]]:
    depth = kind.count(".") + 1
    for name, store in world.state.collections.items():
        if name.startswith(f"{kind}.") and name.count(".") == depth:
            yield from ((name, own) for own, record in store.items() if record.internal["parent"] == key)


EFFECTS: dict[str, Callable[..., None]] = {"resource.state": _end_state}
