"""How busy each droplet is over time, from its role, its region, its size and the seed.

All values are invented. They make a busy web server, a database with its nightly dump and an idle staging machine look
different. After a resize a droplet still has the same work to do.

Curves are sums of waves, so their value at a time and their integral are formulas. A counter read at any two times must
agree with every other reading, and no state is kept for it. A product of curves is a curve, too.
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
#: Unix time began three days before its first Sunday.
_SUNDAY_S = 3 * DAY_S
#: A wave with a lower frequency counts as constant.
_MIN_FREQUENCY = 1e-12
#: Periods in seconds of the waves of noise. None is a multiple of another, so the pattern does not repeat soon.
_NOISE_PERIODS_S = (433.0, 1_709.0, 7_321.0, 40_009.0)
#: Offset of each region's local time from UTC in hours, in winter.
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
#: An upper bound of the busy fraction on any size.
_MAX_BUSY = 0.95


@dataclass(frozen=True, slots=True)
class Curve:
    """A constant level plus cosine waves.

    Attributes
    ----------
    level : float
        The long-term mean.
    waves : tuple of tuple
        Amplitude, frequency in radians a second, and phase of each wave.
    """

    level: float
    waves: tuple[tuple[float, float, float], ...] = ()

    def at(self, time: float) -> float:
        """Return the value at a time in Unix seconds."""
        cos = math.cos
        return self.level + sum([a * cos(w * time + p) for a, w, p in self.waves])

    def total(self, time: float) -> float:
        """Return the integral up to a time. Only differences between two integrals have a meaning."""
        sin = math.sin
        return self.level * time + sum([a / w * sin(w * time + p) for a, w, p in self.waves])

    @property
    def maximum(self) -> float:
        """An upper bound of the curve."""
        return self.level + sum(abs(a) for a, _, _ in self.waves)

    def scale(self, factor: float) -> Curve:
        """Return the curve multiplied by a factor."""
        return Curve(self.level * factor, tuple((a * factor, w, p) for a, w, p in self.waves))

    def moving_average(self, window_s: float) -> Curve:
        """Return the curve averaged over the preceding seconds."""
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
    """Return a curve from 0 to 1 with its maximum at an hour of each day (UTC) and its minimum twelve hours later."""
    speed = 2 * math.pi / DAY_S
    phase = -speed * hour * 3600
    # The square of (1 + cos) / 2 has a longer night than a plain wave.
    return Curve(0.375, ((0.5, speed, phase), (0.125, 2 * speed, 2 * phase)))


def weekly(dip: float) -> Curve:
    """Return a curve that falls from 1 by this fraction during the night to Sunday."""
    speed = 2 * math.pi / _WEEK_S
    return Curve(1 - dip / 2, ((-dip / 2, speed, -speed * _SUNDAY_S),))


def noise(strength: float, *parts: object) -> Curve:
    """Return a curve around 1 that deviates by at most the strength and depends only on the parts."""
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
    """The load profile of one kind of droplet.

    Attributes
    ----------
    base, peak : float
        The busy fraction of the CPU at night, and what the busiest hour adds.
    hour : float
        The busiest hour of the day, in the droplet's local time.
    dip : float
        By which fraction the peak is lower at the weekend.
    memory : float
        The fraction of the memory that programs use.
    dump : float
        The maximum fraction of the CPU that waits for the disk at night.
    public, private : float
        Outgoing Mbit/s for each busy CPU.
    """

    base: float
    peak: float
    hour: float
    dip: float
    memory: float
    dump: float
    public: float
    private: float


#: By tag or, for a droplet without such a tag, by a part of its name.
ROLES = {
    "web": Role(0.06, 0.38, 19.5, 0.3, 0.42, 0.005, 38.0, 6.0),
    "db": Role(0.12, 0.27, 19.0, 0.3, 0.58, 0.03, 0.6, 14.0),
    "worker": Role(0.22, 0.34, 13.0, 0.6, 0.35, 0.01, 3.0, 9.0),
    "cache": Role(0.05, 0.12, 19.5, 0.3, 0.66, 0.002, 0.2, 30.0),
    "ci": Role(0.02, 0.5, 14.5, 0.9, 0.3, 0.02, 2.0, 1.0),
    "ml": Role(0.25, 0.4, 3.0, 0.1, 0.6, 0.02, 1.0, 2.0),
    "monitoring": Role(0.06, 0.05, 12.0, 0.1, 0.5, 0.02, 0.3, 2.0),
    "staging": Role(0.02, 0.07, 14.0, 0.9, 0.3, 0.003, 1.5, 0.5),
    # Only the system itself runs.
    "unused": Role(0.004, 0.004, 14.0, 0.1, 0.15, 0.001, 0.4, 0.1),
}
_DEFAULT_ROLE = Role(0.04, 0.12, 16.0, 0.4, 0.35, 0.005, 4.0, 1.0)


def find_role(droplet: StoredObject) -> Role:
    """Return the role of a droplet."""
    names = [tag for tag in droplet["tags"] if tag in ROLES] or [name for name in ROLES if name in droplet["name"]]
    return ROLES[names[0]] if names else _DEFAULT_ROLE


@dataclass(frozen=True, slots=True)
class RunPeriod:
    """A period in which a droplet was on and had one size.

    Attributes
    ----------
    start, end : float
        Unix seconds; the end is exclusive.
    vcpus, memory_mib, disk_gb : int
        The size.
    cpu_factor : float
        The factor of the workload's busy curve on this size.
    memory_factor : float
        The factor of the memory curve on this size.
    busy_s, iowait_s, elapsed_s : float
        CPU seconds that were busy, waiting, or elapsed in the earlier periods.
    """

    start: float
    end: float
    vcpus: int
    memory_mib: int
    disk_gb: int
    cpu_factor: float
    memory_factor: float
    busy_s: float
    iowait_s: float
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class Workload:
    """The workload of one droplet.

    Attributes
    ----------
    role : Role
        Its load profile.
    busy, waiting : Curve
        Fractions of the CPU on the droplet's first size.
    memory : Curve
        The fraction of the memory that programs use.
    run_periods : list of RunPeriod
        The periods in which it was on, oldest first.
    """

    role: Role
    busy: Curve
    waiting: Curve
    memory: Curve
    run_periods: list[RunPeriod]


def use_at(world: World, droplet: StoredObject, time: float) -> tuple[float, float]:
    """Return the used fractions of a droplet's CPU and memory at a time; it must have been on, with its first size."""
    _, busy, waiting, memory = _curves(world, droplet)
    factor = min(1.0, _MAX_BUSY / (busy.maximum + waiting.maximum))
    return max(0.0, factor * (busy.at(time) + waiting.at(time))), min(1.0, memory.at(time))


def compute_workload(world: World, droplet: StoredObject) -> Workload:
    """Compute the workload of a droplet until now."""
    role, busy, waiting, memory = _curves(world, droplet)
    return Workload(role, busy, waiting, memory, _run_periods(world, droplet, busy, waiting))


def _curves(world: World, droplet: StoredObject) -> tuple[Role, Curve, Curve, Curve]:
    """Return the role of a droplet, and how busy it is, waits for its disk and needs memory on its first size."""
    role, draw = find_role(droplet), (world.seed, "work", droplet["id"])
    hour = role.hour - _UTC_OFFSETS_H.get(droplet["region"]["slug"].rstrip("0123456789"), 0)
    own = 0.8 + 0.3 * rng.random(*draw, "own")
    variation = noise(_NOISE_STRENGTH, *draw)
    shape = (daily(hour) * weekly(role.dip)).scale(role.peak)
    busy = (Curve(role.base) + shape).scale(own) * variation
    night = daily(_DUMP_HOUR_UTC + rng.random(*draw, "dump"))
    waiting = (night * night).scale(role.dump)
    memory = (Curve(role.memory) + daily(hour).scale(0.12)) * noise(0.04, *draw, "memory")
    return role, busy, waiting, memory


def _run_periods(world: World, droplet: StoredObject, busy: Curve, waiting: Curve) -> list[RunPeriod]:
    now = world.now()
    sizes = size_periods(droplet, now)
    first = world.reference_data.sizes[sizes[0].size] if sizes else droplet["size"]
    periods: list[RunPeriod] = []
    busy_s = iowait_s = elapsed_s = 0.0
    for on, off in power_on_periods(world, droplet, now):
        for period in sizes:
            start, end = max(on, period.start), min(off, period.end)
            if start >= end:
                continue
            size = world.reference_data.sizes[period.size]
            cpu_factor = min(first["vcpus"] / size["vcpus"], _MAX_BUSY / (busy.maximum + waiting.maximum))
            memory_factor = min(first["memory"] / size["memory"], 1.2)
            values = (size["vcpus"], size["memory"], period.disk_gb, cpu_factor, memory_factor)
            periods.append(RunPeriod(start, end, *values, busy_s, iowait_s, elapsed_s))
            busy_s += cpu_factor * size["vcpus"] * (busy.total(end) - busy.total(start))
            iowait_s += cpu_factor * size["vcpus"] * (waiting.total(end) - waiting.total(start))
            elapsed_s += size["vcpus"] * (end - start)
    return periods


def used_bytes(droplet: StoredObject, time: float) -> int:
    """Return how many bytes a droplet's files take. They grow towards the used disk, and logs rotate daily."""
    age_days = (time - parse_time(droplet["created_at"])) / 86_400
    grown = 0.8 + 0.2 * (1 - math.exp(-age_days / 30))
    logs = 1 - 0.01 * (1 - age_days % 1)
    return int(droplet.internal["used_gb"] * 1e9 * grown * logs)
