"""The state of the simulated account, and its clock.

State advances when it is looked at: what will happen lies in a heap with its time, and `World.advance` lets happen what
is due. There are no timer threads, so a test moves a clock and looks. Whoever calls holds the sandbox's one lock.
"""

from __future__ import annotations

import contextlib
import heapq
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.faults import Faults
from poseidon_nb.sandbox.store import ObjectStore, SharedObject, StoredObject, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.sandbox.reference_data import ReferenceData
    from poseidon_nb.sandbox.timestamps import SteadyClock

#: A collection for each kind of thing in the account. A new kind is one name here and one attribute of `World`.
COLLECTIONS = (
    *("droplets", "images", "keys", "tags", "actions"),
    *("domains", "domain_records", "certificates", "cdn_endpoints", "uptime_checks", "uptime_alerts"),
    *("volumes", "volume_snapshots", "reserved_ips", "reserved_ipv6s"),
    *("vpcs", "vpc_peerings", "firewalls", "load_balancers", "projects"),
    *("alert_policies", "deleted"),
)


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """Something that will happen.

    Attributes
    ----------
    due : float
        When, in Unix seconds.
    number : int
        Of two at the same time the lower comes first.
    effect : str
        The name of what happens, in the services' tables of effects.
    arguments : list
        What the effect is called with; JSON values.
    """

    due: float
    number: int
    effect: str = field(compare=False)
    arguments: list[Any] = field(compare=False)


@dataclass(slots=True)
class State:
    """Everything that a reset restores and a saved file holds. Copying it costs the same few dicts at any size."""

    collections: dict[str, ObjectStore] = field(default_factory=lambda: {name: ObjectStore() for name in COLLECTIONS})
    account: dict[str, Any] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    #: The action in progress on each busy thing, by ``"droplet/123"``.
    busy: dict[str, int] = field(default_factory=dict)

    def copy(self) -> State:
        """Return a state that can go its own way; the records are the same objects."""
        return State(
            {name: collection.copy() for name, collection in self.collections.items()},
            self.account.copy(),
            self.counters.copy(),
            self.events.copy(),
            self.busy.copy(),
        )


class World:
    """The account and what happens in it.

    Parameters
    ----------
    reference_data : ReferenceData
        Regions, sizes, base images.
    clock : SteadyClock
        The clock of time.
    effects : mapping
        What can happen, by name: called as ``effect(world, at, *arguments)``.
    seed : int
        What chance follows from.
    speed : float
        What durations at DigitalOcean are divided by.
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
    ) -> None:
        self.reference_data = reference_data
        self.clock = clock
        self.effects = effects
        self.seed = seed
        self.speed = speed
        #: Tells this account from every other, for clients that keep notes of it; saved and loaded with the state.
        self.id = os.urandom(16).hex()
        self.faults = Faults()
        self.restore(State())

    def restore(self, state: State) -> None:
        """Become a copy of a state."""
        self.state = state.copy()
        for name in COLLECTIONS:
            setattr(self, name, self.state.collections[name])

    def now(self) -> float:
        """Return the time, in Unix seconds."""
        return self.clock.now()

    def advance(self) -> float:
        """Run what is due, each at its own time and in that order; return the time."""
        now = self.clock.now()
        events = self.state.events
        while events and events[0].due <= now:
            event = heapq.heappop(events)
            self.effects[event.effect](self, event.due, *event.arguments)
        return now

    def schedule(self, due: float, effect: str, *arguments: Any) -> None:
        """Schedule something for later."""
        heapq.heappush(self.state.events, Event(due, self.next_number("events"), effect, [*arguments]))

    def run_now(self, effect: str, *arguments: Any) -> None:
        """Make a scheduled event due now, if there is one."""
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
        """Return the next of the numbers 1, 2, 3 ... of a kind."""
        number = self.state.counters.get(what, 0) + 1
        self.state.counters[what] = number
        return number

    def next_id(self, kind: str) -> int:
        """Return an id that nothing of this kind had before: rising, with gaps as the service leaves them."""
        counters = self.state.counters
        last = counters[kind]
        counters[kind] = last + rng.randint(1, 60, self.seed, kind, last)
        return counters[kind]


_FORMAT = "poseidon_nb sandbox 1"
#: Stands for a region, size or base image in the saved JSON.
_REFERENCE = "$figure"
_INLINE = "$shared"


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
        collections = {name: ObjectStore() for name in COLLECTIONS}
        for name, collection in collections.items():
            for key, public, internal in facts["collections"].get(name, []):
                collection.put(key, StoredObject(_unpack(public, world.reference_data), internal))
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


def _unpack(public: dict[str, Any], reference_data: ReferenceData) -> dict[str, Any]:
    return {
        name: _unpack_value(value, reference_data) if type(value) is dict else value for name, value in public.items()
    }


def _unpack_value(value: dict[str, Any], reference_data: ReferenceData) -> dict[str, Any]:
    if _REFERENCE in value:
        return reference_data.find(tuple(value[_REFERENCE]))
    return SharedObject(value[_INLINE]) if _INLINE in value else value


def write_state_file(path: Path, saved: bytes) -> None:
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
