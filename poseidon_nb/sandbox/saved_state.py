"""Saved states of an account, as JSON.

A saved state refers to reference data by name, so 10,000 droplets take a few megabytes. Its times are real dates: an
action that was in progress when the state was saved has ended when the state is loaded later.
"""

from __future__ import annotations

import heapq
import json
import math
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.settings import LIMITS
from poseidon_nb.sandbox.store import ObjectStore, SharedObject, StoredObject, to_json
from poseidon_nb.sandbox.world import MAX_MOVE_S, STORE_NAMES, Event, State

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

    from poseidon_nb.sandbox.reference_data import ReferenceData
    from poseidon_nb.sandbox.world import World

#: More than anybody moves the clock, in seconds.
_MAX_MOVED_S = 100 * MAX_MOVE_S
_FORMAT = "poseidon_nb sandbox 1"
#: Marks a region, size or base image in the saved JSON.
_REFERENCE = "$figure"
_INLINE = "$shared"
#: What the sandbox reads of parts without asking whether it is there.
_NEEDED = {
    "account": (*LIMITS, "uuid", "name", "email", "team"),
    "counters": ("droplets", "images", "keys", "actions"),
}
#: What the parts of a saved state are called in messages.
_KINDS: dict[type, str] = {dict: "an object", list: "a list", int: "a whole number", str: "text"}


def dump_state(world: World) -> bytes:
    """Return the account's state as JSON."""
    state = world.state
    head = to_json(
        {
            "format": _FORMAT,
            "id": world.id,
            "seed": world.seed,
            "account": state.account,
            "counters": state.counters,
            "busy": state.busy,
            "moved_s": world.clock.moved_s,
            "events": [[event.due, event.number, event.effect, event.arguments] for event in sorted(state.events)],
        }
    )
    collections = [
        b"%b:[%b]" % (to_json(name), b",".join([_row(key, record) for key, record in collection.items()]))
        for name, collection in state.collections.items()
    ]
    return b'%b,"collections":{%b}}' % (head[:-1], b",".join(collections))


def _row(key: Any, record: StoredObject) -> bytes:
    # Of a large account that is saved after each change, nearly all objects are as they were.
    if record.saved is None:
        record.saved = b"%b,%b]" % (to_json(_pack(record.public)), to_json(record.internal))
    return b"[%b,%b" % (b"%d" % key if type(key) is int else to_json(key), record.saved)


def _pack(public: dict[str, Any]) -> dict[str, Any]:
    return {name: _pack_value(value) if type(value) is SharedObject else value for name, value in public.items()}


def _pack_value(value: SharedObject) -> dict[str, Any]:
    return {_INLINE: value} if value.source is None else {_REFERENCE: [*value.source]}


def load_state(world: World, saved: bytes) -> None:
    """Load a saved state. An invalid one leaves the account unchanged.

    Raises
    ------
    ValueError
        The data is not a saved state, or is from another version; the message says what is wrong with it.
    """
    try:
        data = json.loads(saved, parse_constant=_reject_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not JSON ({error})") from None
    if not isinstance(data, dict) or "format" not in data:
        raise ValueError("it does not say its format")
    if data["format"] != _FORMAT:
        raise ValueError(f"its format is {data['format']!r} instead of {_FORMAT!r}: it was saved by another version")
    rows = _part(data, "collections", dict)
    collections = {
        name: _load_collection(name, rows.get(name, []), world.reference_data)
        for name in dict.fromkeys((*STORE_NAMES, *rows))
    }
    state = State(
        collections,
        _part(data, "account", dict),
        _part(data, "counters", dict),
        [_load_event(event, world.effects) for event in _part(data, "events", list)],
        _part(data, "busy", dict),
    )
    for name, numbers in (("counters", state.counters), ("ids of actions in progress", state.busy)):
        if not all(type(number) is int for number in numbers.values()):
            raise ValueError(f"its {name} must be whole numbers")
    for part, names in _NEEDED.items():
        for name in names:
            if name not in data[part]:
                raise ValueError(f"its {part} must have {name}")
    seed, id_ = _part(data, "seed", int), _part(data, "id", str)
    moved_s = data.get("moved_s", 0.0)
    if type(moved_s) not in {int, float} or not 0 <= moved_s <= _MAX_MOVED_S:
        raise ValueError("its moved_s must be a number of seconds")
    heapq.heapify(state.events)
    world.seed = seed
    world.id = id_
    world.clock.moved_s = moved_s
    world.restore(state)


def _reject_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _part(data: dict[str, Any], name: str, kind: type) -> Any:
    """Return a part of a saved state, or raise ValueError if it is missing or of another type."""
    if name not in data:
        raise ValueError(f"it has no {name}")
    if type(data[name]) is not kind:
        raise ValueError(f"its {name} must be {_KINDS[kind]}")
    return data[name]


def _load_collection(name: str, rows: Any, reference_data: ReferenceData) -> ObjectStore:
    store = ObjectStore()
    for row in rows if isinstance(rows, list) else [rows]:
        match row:
            case [int() | str() as key, dict() as public, dict() as internal]:
                store.put(key, StoredObject(_unpack(public, reference_data, f"{key!r} of its {name}"), internal))
            case _:
                raise ValueError(f"its {name} must be a list of keys, each with two objects")
    return store


def _load_event(event: Any, effects: Mapping[str, Any]) -> Event:
    match event:
        case [int() | float() as due, int() as number, str() as effect, list() as arguments] if math.isfinite(due):
            if effect not in effects:
                raise ValueError(f"it has an event with the unknown effect {effect!r}")
            return Event(due, number, effect, arguments)
        case _:
            raise ValueError("its events must be lists of a time, a number, an effect and arguments")


def _unpack(public: dict[str, Any], reference_data: ReferenceData, owner: str) -> dict[str, Any]:
    return {
        name: _unpack_value(value, reference_data, owner) if type(value) is dict else value
        for name, value in public.items()
    }


def _unpack_value(value: dict[str, Any], reference_data: ReferenceData, owner: str) -> dict[str, Any]:
    if _REFERENCE in value:
        try:
            kind, key = value[_REFERENCE]
            return reference_data.find((kind, key))
        except (KeyError, TypeError, ValueError):
            raise ValueError(f"{owner} refers to {value[_REFERENCE]!r}, which the sandbox does not have") from None
    if _INLINE not in value:
        return value
    if type(value[_INLINE]) is not dict:
        raise ValueError(f"{owner} has a part that is not an object")
    return SharedObject(value[_INLINE])
