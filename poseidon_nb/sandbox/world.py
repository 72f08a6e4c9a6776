"""The state of the simulated account, its clock and its scheduled events, and saved states.

State advances when it is read: scheduled events are in a heap, and `World.advance` runs those that are due. There are
no timer threads, so a test can move the clock and look. Callers hold the sandbox's lock.

A saved state refers to reference data by name, so 10,000 droplets take a few megabytes. Its times are real dates: an
action that was in progress when the state was saved has ended when the state is loaded later.
"""

from __future__ import annotations

import contextlib
import heapq
import json
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.faults import FaultQueue
from poseidon_nb.sandbox.store import ObjectStore, SharedObject, StoredObject, to_json
from poseidon_nb.sandbox.timestamps import DAY_S

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import NoReturn

    from poseidon_nb.sandbox.reference_data import ReferenceData
    from poseidon_nb.sandbox.timestamps import SteadyClock

#: The stores that are attributes of `World`. All others are found by `World.store`, which creates them.
STORE_NAMES = (
    *("droplets", "images", "keys", "tags", "actions"),
    *("domains", "domain_records", "certificates", "cdn_endpoints", "uptime_checks", "uptime_alerts"),
    *("volumes", "volume_snapshots", "reserved_ips", "reserved_ipv6s"),
    *("vpcs", "vpc_peerings", "firewalls", "load_balancers", "projects"),
    *("alert_policies", "deleted"),
)
#: By how much the clock can be moved at once, in seconds.
MAX_MOVE_S = 3650 * DAY_S
_FORMAT = "poseidon_nb sandbox 1"
#: Marks a region, size or base image in the saved JSON.
_REFERENCE = "$figure"
_INLINE = "$shared"
#: What the parts of a saved state are called in messages.
_KINDS: dict[type, str] = {dict: "an object", list: "a list", int: "a whole number", str: "text"}


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """A scheduled event.

    Attributes
    ----------
    due : float
        When, in Unix seconds.
    number : int
        Breaks ties: of two events at the same time the lower number runs first.
    effect : str
        The name of its function in the services' tables of effects.
    arguments : list
        Arguments of the effect; JSON values.
    """

    due: float
    number: int
    effect: str = field(compare=False)
    arguments: list[Any] = field(compare=False)


@dataclass(slots=True)
class State:
    """Everything that a reset restores and a saved file holds. Copying it copies a few dicts at any size."""

    collections: dict[str, ObjectStore] = field(default_factory=lambda: {name: ObjectStore() for name in STORE_NAMES})
    account: dict[str, Any] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    #: The action in progress on each busy resource, by a key such as ``"droplet/123"``.
    busy: dict[str, int] = field(default_factory=dict)

    def copy(self) -> State:
        """Return an independent copy that shares the stored objects."""
        return State(
            {name: collection.copy() for name, collection in self.collections.items()},
            self.account.copy(),
            self.counters.copy(),
            self.events.copy(),
            self.busy.copy(),
        )


class World:
    """The account and its scheduled events.

    Parameters
    ----------
    reference_data : ReferenceData
        Regions, sizes, base images.
    clock : SteadyClock
        The source of time.
    effects : mapping
        The functions of scheduled events, by name; called as ``effect(world, at, *arguments)``.
    seed : int
        The seed of all random values.
    speed : float
        The divisor of durations at DigitalOcean.
    lag_s : float
        Seconds at DigitalOcean from an action's ``completed`` until the droplet shows its new status.
    """

    droplets: ObjectStore
    images: ObjectStore
    keys: ObjectStore
    tags: ObjectStore
    actions: ObjectStore
    domains: ObjectStore
    domain_records: ObjectStore
    certificates: ObjectStore
    cdn_endpoints: ObjectStore
    uptime_checks: ObjectStore
    uptime_alerts: ObjectStore
    volumes: ObjectStore
    volume_snapshots: ObjectStore
    reserved_ips: ObjectStore
    reserved_ipv6s: ObjectStore
    vpcs: ObjectStore
    vpc_peerings: ObjectStore
    firewalls: ObjectStore
    load_balancers: ObjectStore
    projects: ObjectStore
    alert_policies: ObjectStore
    deleted: ObjectStore

    def __init__(
        self,
        reference_data: ReferenceData,
        clock: SteadyClock,
        effects: Mapping[str, Callable[..., None]],
        *,
        seed: int,
        speed: float,
        lag_s: float = 0.0,
    ) -> None:
        self.reference_data = reference_data
        self.clock = clock
        self.effects = effects
        self.seed = seed
        self.speed = speed
        self.lag_s = lag_s
        #: Distinguishes this account from other sandboxes, for clients that store data about it. Saved with the state.
        self.id = os.urandom(16).hex()
        self.faults = FaultQueue()
        self.restore(State())

    def restore(self, state: State) -> None:
        """Replace the state with a copy of another."""
        self.state = state.copy()
        for name in STORE_NAMES:
            setattr(self, name, self.state.collections[name])

    def store(self, name: str) -> ObjectStore:
        """Return the store of a kind of resource by its name."""
        collections = self.state.collections
        if name not in collections:
            collections[name] = ObjectStore()
        return collections[name]

    def now(self) -> float:
        """Return the time in Unix seconds."""
        return self.clock.now()

    def move_clock(self, seconds: float) -> None:
        """Move the clock forward, and run what becomes due.

        Raises
        ------
        ValueError
            The number is negative, or more than `MAX_MOVE_S`.
        """
        if not 0 <= seconds <= MAX_MOVE_S:
            raise ValueError(f"The clock moves forward only, by at most {MAX_MOVE_S // DAY_S:,} days at once.")
        self.clock.advance(seconds)
        self.advance()

    def advance(self) -> float:
        """Run the events that are due, in order, and return the time."""
        now = self.clock.now()
        events = self.state.events
        while events and events[0].due <= now:
            event = heapq.heappop(events)
            self.effects[event.effect](self, event.due, *event.arguments)
        return now

    def schedule(self, due: float, effect: str, *arguments: Any) -> None:
        """Schedule an event."""
        heapq.heappush(self.state.events, Event(due, self.next_number("events"), effect, [*arguments]))

    def run_now(self, effect: str, *arguments: Any) -> None:
        """Reschedule an event for now, if it exists."""
        now = self.now()
        wanted = [*arguments]
        self.state.events = [
            Event(now, event.number, event.effect, event.arguments)
            if event.effect == effect and event.arguments == wanted
            else event
            for event in self.state.events
        ]
        heapq.heapify(self.state.events)

    def next_number(self, what: str) -> int:
        """Return the next number of a counter: 1, 2, 3, ..."""
        number = self.state.counters.get(what, 0) + 1
        self.state.counters[what] = number
        return number

    def next_id(self, kind: str) -> int:
        """Return a new id of a kind. Ids rise with gaps, as the service's do."""
        counters = self.state.counters
        last = counters[kind]
        counters[kind] = last + rng.randint(1, 60, self.seed, kind, last)
        return counters[kind]


def dump_state(world: World) -> bytes:
    """Return the account's state as JSON."""
    state = world.state
    return to_json(
        {
            "format": _FORMAT,
            "id": world.id,
            "seed": world.seed,
            "account": state.account,
            "counters": state.counters,
            "busy": state.busy,
            "events": [[event.due, event.number, event.effect, event.arguments] for event in sorted(state.events)],
            "collections": {
                name: [[key, _pack(record.public), record.internal] for key, record in collection.items()]
                for name, collection in state.collections.items()
            },
        }
    )


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
    seed, id_ = _part(data, "seed", int), _part(data, "id", str)
    heapq.heapify(state.events)
    world.seed = seed
    world.id = id_
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


def write_state_file(path: Path, saved: bytes) -> None:
    """Write a saved state to a file. The file is replaced only when everything is written."""
    import tempfile  # noqa: PLC0415  # 5 ms that a start without a file need not pay

    # A symbolic link stays, and the file that it points to is replaced.
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
