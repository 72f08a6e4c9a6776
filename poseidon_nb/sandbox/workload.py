"""What a droplet has to do through the day, from its role, its region and the seed; what of its size that takes.

All figures are invented. They are such that a busy web server, a database with its nightly dump and an idle staging machine
can be told apart, and that a droplet with another size has the same work to do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poseidon_nb.sandbox import chance
from poseidon_nb.sandbox.curves import Curve, daily, noise, weekly
from poseidon_nb.sandbox.lifetimes import powered, stretches
from poseidon_nb.sandbox.timestamps import unstamp

if TYPE_CHECKING:
    from poseidon_nb.sandbox.records import Record
    from poseidon_nb.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Role:
    """How droplets of a kind work.

    Attributes
    ----------
    base, peak : float
        Shares of the CPU that are busy at night, and what the busiest hour adds.
    hour : float
        The busiest hour of the day, where the droplet is.
    dip : float
        The share of the peak that is missing at the weekend.
    memory : float
        The share of the memory that programs take.
    dump : float
        The share of the CPU that waits for the disk at the worst of the night.
    public, private : float
        Mbit/s that go out for each busy CPU.
    """

    base: float
    peak: float
    hour: float
    dip: float
    memory: float
    dump: float
    public: float
    private: float


#: By tag or, for a droplet without such a tag, by the beginning of its name.
ROLES = {
    "web": Role(0.06, 0.38, 19.5, 0.3, 0.42, 0.005, 38.0, 6.0),
    "db": Role(0.12, 0.27, 19.0, 0.3, 0.58, 0.03, 0.6, 14.0),
    "worker": Role(0.22, 0.34, 13.0, 0.6, 0.35, 0.01, 3.0, 9.0),
    "cache": Role(0.05, 0.12, 19.5, 0.3, 0.66, 0.002, 0.2, 30.0),
    "ci": Role(0.02, 0.5, 14.5, 0.9, 0.3, 0.02, 2.0, 1.0),
    "ml": Role(0.25, 0.4, 3.0, 0.1, 0.6, 0.02, 1.0, 2.0),
    "monitoring": Role(0.06, 0.05, 12.0, 0.1, 0.5, 0.02, 0.3, 2.0),
    "staging": Role(0.02, 0.07, 14.0, 0.9, 0.3, 0.003, 1.5, 0.5),
}
_OTHER = Role(0.04, 0.12, 16.0, 0.4, 0.35, 0.005, 4.0, 1.0)
#: Hours that the clocks of an area are ahead of UTC, in winter.
_AREAS = {"nyc": -5, "tor": -5, "atl": -5, "sfo": -8, "lon": 0, "ams": 1, "fra": 1, "sgp": 8, "blr": 5.5, "syd": 11}
_DUMP_HOUR_UTC = 3.0
_RESTLESS = 0.25
#: No size is ever busier than this.
_BUSIEST = 0.95


def role_of(droplet: Record) -> Role:
    """Give the role of a droplet."""
    names = [tag for tag in droplet["tags"] if tag in ROLES] or [name for name in ROLES if name in droplet["name"]]
    return ROLES[names[0]] if names else _OTHER


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which a droplet was on and had one size.

    Attributes
    ----------
    start, end : float
        Unix seconds; the end is not part of it.
    vcpus, memory_mib, disk_gb : int
        The size.
    load : float
        What the workload's busy curve is multiplied with on this size.
    fill : float
        The same for the memory that programs take.
    busy_s, waited_s, all_s : float
        CPU seconds that were busy, waited, or went by in the spans before.
    """

    start: float
    end: float
    vcpus: int
    memory_mib: int
    disk_gb: int
    load: float
    fill: float
    busy_s: float
    waited_s: float
    all_s: float


@dataclass(frozen=True, slots=True)
class Workload:
    """A droplet's work.

    Attributes
    ----------
    role : Role
        What kind of droplet it is.
    busy, waiting : Curve
        Shares of the CPU on the droplet's first size.
    memory : Curve
        The share of the memory that programs take.
    spans : list of Span
        When it was on, oldest first.
    """

    role: Role
    busy: Curve
    waiting: Curve
    memory: Curve
    spans: list[Span]


def workload(world: World, droplet: Record) -> Workload:
    """Give the work of a droplet until now."""
    role, draw = role_of(droplet), (world.seed, "work", droplet["id"])
    hour = role.hour - _AREAS.get(droplet["region"]["slug"].rstrip("0123456789"), 0)
    own = 0.8 + 0.3 * chance.share(*draw, "own")
    restless = noise(_RESTLESS, *draw)
    shape = (daily(hour) * weekly(role.dip)).scaled(role.peak)
    busy = (Curve(role.base) + shape).scaled(own) * restless
    night = daily(_DUMP_HOUR_UTC + chance.share(*draw, "dump"))
    waiting = (night * night).scaled(role.dump)
    memory = (Curve(role.memory) + daily(hour).scaled(0.12)) * noise(0.04, *draw, "memory")
    return Workload(role, busy, waiting, memory, _spans(world, droplet, busy, waiting))


def _spans(world: World, droplet: Record, busy: Curve, waiting: Curve) -> list[Span]:
    now = world.now()
    sizes = stretches(droplet, now)
    first = world.figures.sizes[sizes[0].size] if sizes else droplet["size"]
    spans: list[Span] = []
    busy_s = waited_s = all_s = 0.0
    for on, off in powered(world, droplet, now):
        for stretch in sizes:
            start, end = max(on, stretch.start), min(off, stretch.end)
            if start >= end:
                continue
            size = world.figures.sizes[stretch.size]
            load = min(first["vcpus"] / size["vcpus"], _BUSIEST / (busy.highest + waiting.highest))
            fill = min(first["memory"] / size["memory"], 1.2)
            facts = (size["vcpus"], size["memory"], stretch.disk_gb, load, fill)
            spans.append(Span(start, end, *facts, busy_s, waited_s, all_s))
            busy_s += load * size["vcpus"] * (busy.total(end) - busy.total(start))
            waited_s += load * size["vcpus"] * (waiting.total(end) - waiting.total(start))
            all_s += size["vcpus"] * (end - start)
    return spans


def used_bytes(droplet: Record, time: float) -> int:
    """Give the bytes that a droplet's files take: they grow towards what is in use, and logs come and go with the days."""
    age_days = (time - unstamp(droplet["created_at"])) / 86_400
    grown = 0.8 + 0.2 * (1 - math.exp(-age_days / 30))
    logs = 1 - 0.01 * (1 - age_days % 1)
    return int(droplet.kept["used_gb"] * 1e9 * grown * logs)
