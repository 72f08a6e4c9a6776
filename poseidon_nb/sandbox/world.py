"""The state of the simulated account, and its course.

State advances when it is looked at: what will happen lies in a heap with its time, and `World.advance` lets happen what
is due. There are no timer threads, so a test moves a clock and looks. Whoever calls holds the sandbox's one lock.
"""

from __future__ import annotations

import heapq
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import chance
from poseidon_nb.sandbox.faults import Faults
from poseidon_nb.sandbox.records import Collection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.sandbox.figures import Figures
    from poseidon_nb.sandbox.timestamps import Course

#: A collection for each kind of thing in the account. A new kind is one name here and one attribute of `World`.
COLLECTIONS = (
    *("droplets", "images", "keys", "tags", "actions"),
    *("domains", "domain_records", "certificates", "cdn_endpoints", "uptime_checks", "uptime_alerts"),
    *("volumes", "volume_snapshots", "reserved_ips", "reserved_ipv6s"),
    *("vpcs", "vpc_peerings", "firewalls", "load_balancers", "projects"),
    *("alert_policies", "bygones"),
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

    collections: dict[str, Collection] = field(default_factory=lambda: {name: Collection() for name in COLLECTIONS})
    account: dict[str, Any] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    #: The action in progress on each busy thing, by ``"droplet/123"``.
    busy: dict[str, int] = field(default_factory=dict)

    def copied(self) -> State:
        """Return a state that can go its own way; the records are the same objects."""
        return State(
            {name: collection.copied() for name, collection in self.collections.items()},
            self.account.copy(),
            self.counters.copy(),
            self.events.copy(),
            self.busy.copy(),
        )


class World:
    """The account and what happens in it.

    Parameters
    ----------
    figures : Figures
        Regions, sizes, base images.
    course : Course
        The course of time.
    effects : mapping
        What can happen, by name: called as ``effect(world, at, *arguments)``.
    seed : int
        What chance follows from.
    speed : float
        What durations at DigitalOcean are divided by.
    """

    droplets: Collection
    images: Collection
    keys: Collection
    tags: Collection
    actions: Collection
    domains: Collection
    domain_records: Collection
    certificates: Collection
    cdn_endpoints: Collection
    uptime_checks: Collection
    uptime_alerts: Collection
    volumes: Collection
    volume_snapshots: Collection
    reserved_ips: Collection
    reserved_ipv6s: Collection
    vpcs: Collection
    vpc_peerings: Collection
    firewalls: Collection
    load_balancers: Collection
    projects: Collection
    alert_policies: Collection
    bygones: Collection

    def __init__(
        self,
        figures: Figures,
        course: Course,
        effects: Mapping[str, Callable[..., None]],
        *,
        seed: int,
        speed: float,
    ) -> None:
        self.figures = figures
        self.course = course
        self.effects = effects
        self.seed = seed
        self.speed = speed
        #: Tells this account from every other, for clients that keep notes of it; saved and loaded with the state.
        self.id = os.urandom(16).hex()
        self.faults = Faults()
        self.restore(State())

    def restore(self, state: State) -> None:
        """Become a copy of a state."""
        self.state = state.copied()
        for name in COLLECTIONS:
            setattr(self, name, self.state.collections[name])

    def now(self) -> float:
        """Return the time, in Unix seconds."""
        return self.course.now()

    def advance(self) -> float:
        """Run what is due, each at its own time and in that order; return the time."""
        now = self.course.now()
        events = self.state.events
        while events and events[0].due <= now:
            event = heapq.heappop(events)
            self.effects[event.effect](self, event.due, *event.arguments)
        return now

    def schedule(self, due: float, effect: str, *arguments: Any) -> None:
        """Schedule something for later."""
        heapq.heappush(self.state.events, Event(due, self.count("events"), effect, [*arguments]))

    def hasten(self, effect: str, *arguments: Any) -> None:
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

    def count(self, what: str) -> int:
        """Return the next of the numbers 1, 2, 3 ... of a kind."""
        number = self.state.counters.get(what, 0) + 1
        self.state.counters[what] = number
        return number

    def next_id(self, kind: str) -> int:
        """Return an id that nothing of this kind had before: rising, with gaps as the service leaves them."""
        counters = self.state.counters
        last = counters[kind]
        counters[kind] = last + chance.between(1, 60, self.seed, kind, last)
        return counters[kind]
