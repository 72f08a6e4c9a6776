"""The state of the simulated account, its clock and its scheduled events.

State advances when it is read: scheduled events are in a heap, and `World.advance` runs those that are due. There are
no timer threads, so a test can move the clock and look. Callers hold the sandbox's lock.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.faults import FaultQueue
from poseidon_nb.sandbox.store import ObjectStore
from poseidon_nb.sandbox.timestamps import DAY_S
from poseidon_nb.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

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

    Attributes
    ----------
    strict : bool
        Whether requests must follow the specification where the service tolerates more.
    start : State
        The state after the last reset or load.
    marks : dict of State
        The states to compare with, by name.
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
        self.strict = False
        #: Distinguishes this account from other sandboxes, for clients that store data about it. Saved with the state.
        self.id = os.urandom(16).hex()
        self.faults = FaultQueue()
        self._event_time: float | None = None
        self.restore(State())

    def restore(self, state: State) -> None:
        """Replace the state with a copy of another, and compare with it from now on."""
        self.start, self.marks = state, dict[str, State]()
        self.state = state.copy()
        for name in STORE_NAMES:
            setattr(self, name, self.state.collections[name])

    def mark(self, name: str | None = None) -> str:
        """Remember the present state under a name, and return the name; without one, ``mark-1`` and so on."""
        numbers = itertools.count(len(self.marks) + 1)
        name = name or next(free for number in numbers if (free := f"mark-{number}") not in self.marks)
        self.marks[name] = self.state.copy()
        return name

    def marked(self, name: str = "") -> State:
        """Return the state under a name, or that after the last reset or load; raise ValueError for an unknown name."""
        if not name:
            return self.start
        if name not in self.marks:
            raise ValueError(f"Unknown mark {name!r}{did_you_mean(name, self.marks) or '.'}")
        return self.marks[name]

    def store(self, name: str) -> ObjectStore:
        """Return the store of a kind of resource by its name."""
        collections = self.state.collections
        if name not in collections:
            collections[name] = ObjectStore()
        return collections[name]

    def now(self) -> float:
        """Return the time in Unix seconds; while an effect runs, the time at which it was due."""
        return self.clock.now() if self._event_time is None else self._event_time

    @contextlib.contextmanager
    def as_of(self, at: float) -> Iterator[None]:
        """Set the account's time to a past one during a block."""
        before, self._event_time = self._event_time, at
        try:
            yield
        finally:
            self._event_time = before

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
            with self.as_of(event.due):
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
