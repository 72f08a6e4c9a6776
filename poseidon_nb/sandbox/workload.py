"""Curves over time as sums of waves: what they are at a time, and what they add up to, without a step in between.

A counter that is read at any two times has to agree with every other reading, and no state is kept for it. So a curve has
to be a formula with an integral: a level and cosine waves. Products of such curves are such curves again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.history import power_on_periods, size_periods
from poseidon_nb.sandbox.timestamps import DAY_S, parse_time

if TYPE_CHECKING:
    from poseidon_nb.sandbox.store import StoredObject
    from poseidon_nb.sandbox.world import World

_WEEK_S = 7 * DAY_S
#: The first Sunday of Unix time began three days after it.
_SUNDAY_S = 3 * DAY_S
#: Below this a wave stands still.
_MIN_FREQUENCY = 1e-12
#: Seconds that the waves of a noise take; none is a multiple of another, so they do not repeat together.
_NOISE_PERIODS_S = (433.0, 1_709.0, 7_321.0, 40_009.0)


@dataclass(frozen=True, slots=True)
class Curve:
    """A level, and waves around it.

    Attributes
    ----------
    level : float
        The mean over a long time.
    waves : tuple of tuple
        Amplitude, radians in a second, and phase of each.
    """

    level: float
    waves: tuple[tuple[float, float, float], ...] = ()

    def at(self, time: float) -> float:
        """Give the value at a time in Unix seconds."""
        cos = math.cos
        return self.level + sum([a * cos(w * time + p) for a, w, p in self.waves])

    def total(self, time: float) -> float:
        """Give the integral up to a time; only differences between two of them mean something."""
        sin = math.sin
        return self.level * time + sum([a / w * sin(w * time + p) for a, w, p in self.waves])

    @property
    def maximum(self) -> float:
        """What the curve never exceeds."""
        return self.level + sum(abs(a) for a, _, _ in self.waves)

    def scale(self, factor: float) -> Curve:
        """Give the curve so many times as high."""
        return Curve(self.level * factor, tuple((a * factor, w, p) for a, w, p in self.waves))

    def moving_average(self, window_s: float) -> Curve:
        """Give the mean over the seconds before each time."""
        waves = []
        for a, w, p in self.waves:
            half = w * window_s / 2
            waves.append((a * math.sin(half) / half, w, p - half))
        return Curve(self.level, tuple(waves))

    def __add__(self, other: Curve) -> Curve:
        return Curve(self.level + other.level, self.waves + other.waves)

    def __mul__(self, other: Curve) -> Curve:
        level = self.level * other.level
        waves = [(a * other.level, w, p) for a, w, p in self.waves]
        waves += [(a * self.level, w, p) for a, w, p in other.waves]
        for a, w, p in self.waves:
            for b, v, q in other.waves:
                half = a * b / 2
                waves.append((half, w + v, p + q))
                if abs(w - v) < _MIN_FREQUENCY:
                    level += half * math.cos(p - q)
                else:
                    waves.append((half, w - v, p - q))
        return Curve(level, tuple(waves))


def daily(hour: float) -> Curve:
    """Give a curve from 0 to 1 that is highest at an hour of each day (UTC) and lowest twelve hours later."""
    speed = 2 * math.pi / DAY_S
    phase = -speed * hour * 3600
    # The square of (1 + cos) / 2: a longer night than a plain wave has.
    return Curve(0.375, ((0.5, speed, phase), (0.125, 2 * speed, 2 * phase)))


def weekly(dip: float) -> Curve:
    """Give a curve that falls from 1 by this share in the night to Sunday."""
    speed = 2 * math.pi / _WEEK_S
    return Curve(1 - dip / 2, ((-dip / 2, speed, -speed * _SUNDAY_S),))


def noise(strength: float, *parts: object) -> Curve:
    """Give a restless curve around 1, never further from it than the strength; it follows from the parts alone."""
    share = strength / len(_NOISE_PERIODS_S)
    return Curve(
        1.0,
        tuple(
            (
                share,
                2 * math.pi / (period_s * (0.9 + 0.2 * rng.random(*parts, "period", period_s))),
                2 * math.pi * rng.random(*parts, "phase", period_s),
            )
            for period_s in _NOISE_PERIODS_S
        ),
    )


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
_DEFAULT_ROLE = Role(0.04, 0.12, 16.0, 0.4, 0.35, 0.005, 4.0, 1.0)
#: Hours that the clocks of an area are ahead of UTC, in winter.
_UTC_OFFSETS_H = {
    "nyc": -5,
    "tor": -5,
    "atl": -5,
    "sfo": -8,
    "lon": 0,
    "ams": 1,
    "fra": 1,
    "sgp": 8,
    "blr": 5.5,
    "syd": 11,
}
_DUMP_HOUR_UTC = 3.0
_NOISE_STRENGTH = 0.25
#: No size is ever busier than this.
_MAX_BUSY = 0.95


def find_role(droplet: StoredObject) -> Role:
    """Give the role of a droplet."""
    names = [tag for tag in droplet["tags"] if tag in ROLES] or [name for name in ROLES if name in droplet["name"]]
    return ROLES[names[0]] if names else _DEFAULT_ROLE


@dataclass(frozen=True, slots=True)
class RunPeriod:
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
    spans: list[RunPeriod]


def compute_workload(world: World, droplet: StoredObject) -> Workload:
    """Give the work of a droplet until now."""
    role, draw = find_role(droplet), (world.seed, "work", droplet["id"])
    hour = role.hour - _UTC_OFFSETS_H.get(droplet["region"]["slug"].rstrip("0123456789"), 0)
    own = 0.8 + 0.3 * rng.random(*draw, "own")
    restless = noise(_NOISE_STRENGTH, *draw)
    shape = (daily(hour) * weekly(role.dip)).scale(role.peak)
    busy = (Curve(role.base) + shape).scale(own) * restless
    night = daily(_DUMP_HOUR_UTC + rng.random(*draw, "dump"))
    waiting = (night * night).scale(role.dump)
    memory = (Curve(role.memory) + daily(hour).scale(0.12)) * noise(0.04, *draw, "memory")
    return Workload(role, busy, waiting, memory, _run_periods(world, droplet, busy, waiting))


def _run_periods(world: World, droplet: StoredObject, busy: Curve, waiting: Curve) -> list[RunPeriod]:
    now = world.now()
    sizes = size_periods(droplet, now)
    first = world.reference_data.sizes[sizes[0].size] if sizes else droplet["size"]
    spans: list[RunPeriod] = []
    busy_s = waited_s = all_s = 0.0
    for on, off in power_on_periods(world, droplet, now):
        for stretch in sizes:
            start, end = max(on, stretch.start), min(off, stretch.end)
            if start >= end:
                continue
            size = world.reference_data.sizes[stretch.size]
            load = min(first["vcpus"] / size["vcpus"], _MAX_BUSY / (busy.maximum + waiting.maximum))
            fill = min(first["memory"] / size["memory"], 1.2)
            facts = (size["vcpus"], size["memory"], stretch.disk_gb, load, fill)
            spans.append(RunPeriod(start, end, *facts, busy_s, waited_s, all_s))
            busy_s += load * size["vcpus"] * (busy.total(end) - busy.total(start))
            waited_s += load * size["vcpus"] * (waiting.total(end) - waiting.total(start))
            all_s += size["vcpus"] * (end - start)
    return spans


def used_bytes(droplet: StoredObject, time: float) -> int:
    """Give the bytes that a droplet's files take: they grow towards what is in use, and logs come and go with the days."""
    age_days = (time - parse_time(droplet["created_at"])) / 86_400
    grown = 0.8 + 0.2 * (1 - math.exp(-age_days / 30))
    logs = 1 - 0.01 * (1 - age_days % 1)
    return int(droplet.internal["used_gb"] * 1e9 * grown * logs)
