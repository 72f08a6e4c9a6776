"""A state as JSON: saved, loaded, written to a file that is never half there.

Figures are saved by name, not by value, so 10,000 droplets stay a few megabytes. Times are real, so what was in progress
when the state was saved has ended when it is loaded later.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.records import Collection, Record, Shared, render
from poseidon_nb.sandbox.world import COLLECTIONS, Event, State

if TYPE_CHECKING:
    from poseidon_nb.sandbox.figures import Figures
    from poseidon_nb.sandbox.world import World

_FORMAT = "poseidon_nb sandbox 1"
#: Stands for a region, size or base image in the saved JSON.
_FIGURE = "$figure"
_INLINE = "$shared"


def dumped(world: World) -> bytes:
    """Return the account's state as JSON."""
    state = world.state
    return render(
        {
            "format": _FORMAT,
            "id": world.id,
            "seed": world.seed,
            "account": state.account,
            "counters": state.counters,
            "busy": state.busy,
            "events": [[event.due, event.number, event.effect, event.arguments] for event in sorted(state.events)],
            "collections": {
                name: [[key, _packed(record.shown), record.kept] for key, record in collection.items()]
                for name, collection in state.collections.items()
            },
        }
    )


def _packed(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: _packed_value(value) if type(value) is Shared else value for name, value in shown.items()}


def _packed_value(value: Shared) -> dict[str, Any]:
    return {_INLINE: value} if value.source is None else {_FIGURE: [*value.source]}


def load(world: World, saved: bytes) -> None:
    """Load a saved state; it is left as it was if this is none.

    Raises
    ------
    ValueError
        This is not a saved state, or not one of this version.
    """
    try:
        facts = json.loads(saved)
        if facts["format"] != _FORMAT:
            raise ValueError("it was made by another version")
        collections = {name: Collection() for name in COLLECTIONS}
        for name, collection in collections.items():
            for key, shown, kept in facts["collections"].get(name, []):
                collection.put(key, Record(_unpacked(shown, world.figures), kept))
        state = State(
            collections,
            facts["account"],
            facts["counters"],
            [Event(*event) for event in facts["events"]],
            facts["busy"],
        )
        unknown = {event.effect for event in state.events} - world.effects.keys()
        if unknown:
            raise ValueError(f"it waits for {', '.join(sorted(unknown))}")
        seed = int(facts["seed"])
        if not all(isinstance(part, dict) for part in (state.account, state.counters, state.busy)):
            raise ValueError("a part of it is missing")
        if any(not isinstance(event.due, (int, float)) for event in state.events):
            raise ValueError("a time is no number")
    except (KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError) as error:
        raise ValueError(f"{type(error).__name__} {error}") from None
    world.seed = seed
    # A state that an older version saved has none.
    world.id = str(facts.get("id", world.id))
    world.restore(state)


def _unpacked(shown: dict[str, Any], figures: Figures) -> dict[str, Any]:
    return {name: _unpacked_value(value, figures) if type(value) is dict else value for name, value in shown.items()}


def _unpacked_value(value: dict[str, Any], figures: Figures) -> dict[str, Any]:
    if _FIGURE in value:
        return figures.find(tuple(value[_FIGURE]))
    return Shared(value[_INLINE]) if _INLINE in value else value


def write(path: Path, saved: bytes) -> None:
    """Put a saved state into a file, whole or not at all."""
    import tempfile  # noqa: PLC0415  # 5 ms that a start without a file need not pay

    # Through a link the file that it leads to is replaced, and the link stays.
    path = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(saved)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
