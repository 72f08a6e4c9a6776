"""The rule by which pools of droplets scale themselves.

From DigitalOcean's concepts of autoscale pools: a pool wants its number of droplets times the ratio of the present to the
wanted use, rounded up, and with several metrics the largest result. The use is that of `workload`, which is fabricated. It
follows from each droplet's own role, so that a further droplet does not relieve the others.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from poseidon_nb.sandbox.workload import use_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poseidon_nb.sandbox.world import World

#: After a long move of the clock, a pool is checked only so many times before its end.
_MAX_CHECKS = 144
#: Ratios that differ less from a whole number are that number.
_ROUNDING = 1e-6


def mean_use(world: World, droplet_ids: Iterable[int], at: float) -> tuple[float, float] | None:
    """Return the mean used fractions of CPU and memory of the droplets that are active; None if there is none."""
    droplets = [world.droplets.get(id_) for id_ in droplet_ids]
    uses = [use_at(world, one, at) for one in droplets if one is not None and one["status"] == "active"]
    if not uses:
        return None
    return sum(cpu for cpu, _ in uses) / len(uses), sum(memory for _, memory in uses) / len(uses)


def wanted_count(count: int, ratios: Sequence[float], low: int, high: int) -> int:
    """Return how many droplets a pool wants.

    Parameters
    ----------
    count : int
        How many it has.
    ratios : sequence of float
        For each metric, the present use as a multiple of the wanted one.
    low, high : int
        The limits of the pool.
    """
    return min(max(math.ceil(count * max(ratios) - _ROUNDING), low), high)


def next_check(world: World, at: float, period_s: float) -> float:
    """Return when a pool is checked again, after a check at a time; the period is in seconds at DigitalOcean."""
    step_s = period_s / world.speed
    return max(at + step_s, world.clock.now() - _MAX_CHECKS * step_s)
