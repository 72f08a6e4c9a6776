"""The verdict and the advised size of each droplet, by the rule: all droplets against all sizes at once, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from poseidon_nb.analysis.inputs import flags, has_gpus, is_kubernetes_node, lists, numbers, texts
from poseidon_nb.analysis.rightsizing.rule import SizeClasses
from poseidon_nb.catalogue.prices import TRANSFER_GIB, TRANSFER_GIB_PER_TB
from poseidon_nb.frames.validation import require_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt
    import pandas as pd

    from poseidon_nb.analysis.inputs import Flags, Numbers, Texts
    from poseidon_nb.analysis.rightsizing.rule import Demand, Rule

    #: Positions among the sizes; -1 for no size.
    Positions = npt.NDArray[np.int64]

SMALLER, KEEP, LARGER, UNKNOWN = "smaller", "keep", "larger", "unknown"

#: Tolerates rounding where a size fits exactly.
_EXACT_FIT = 1 + 1e-9
#: Tolerates rounding of a saving; less than a cent.
_SAVING_TOLERANCE_USD = 1e-3
#: Monthly traffic is measured in decimal TB. The transfer that a size includes is counted in GiB.
_GIB_PER_DECIMAL_TB = 1e12 / (1 << 30)
#: The sort key of a size that does not fit, above any price in cents.
_DOES_NOT_FIT = np.iinfo(np.int64).max


def needs_metrics(droplets: pd.DataFrame) -> Flags:
    """Return which droplets are judged by their metrics: those that are on, without GPUs, and not Kubernetes nodes."""
    droplets = require_columns(droplets, (), "droplets")
    is_on = np.isin(texts(droplets, "status"), ["", "active"])
    return is_on & ~has_gpus(droplets) & ~is_kubernetes_node(droplets)


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a size must have for each droplet; the headroom is included.

    Attributes
    ----------
    vcpus, memory, disk : array of float
        Minimums in vCPUs, MiB and GB.
    outbound : array of float
        TB a month; NaN if unknown.
    regions : array of str
        Where the size must be available.
    below_usd_month : array of float
        The size must cost less; infinite if it may cost more than now.
    """

    vcpus: Numbers
    memory: Numbers
    disk: Numbers
    outbound: Numbers
    regions: Texts
    below_usd_month: Numbers


class RankedSizes:
    """All sizes, cheapest first, and at equal prices the larger first.

    Parameters
    ----------
    sizes : pandas.DataFrame

    Attributes
    ----------
    slugs : array of str
    vcpus, memory, disk, transfer, prices : array of float
        In MiB, GB, TB of 1,000 GiB a month, and USD a month; NaN if missing.
    classes : SizeClasses
    """

    def __init__(self, sizes: pd.DataFrame) -> None:
        columns = {name: numbers(sizes, name) for name in ("price_monthly", "memory", "vcpus", "disk", "transfer")}
        order = np.lexsort(
            (
                texts(sizes, "slug").astype(str),
                *(-columns[name] for name in ("disk", "vcpus", "memory")),
                columns["price_monthly"],
            )
        )
        ordered = sizes.iloc[order]
        self.slugs = texts(ordered, "slug")
        self.prices, self.memory, self.vcpus, self.disk, self.transfer = (column[order] for column in columns.values())
        self.classes = SizeClasses.from_slugs(self.slugs, numbers(ordered, "gpu_count"))
        self._regions = lists(ordered, "regions")
        complete = np.logical_and.reduce([~np.isnan(column[order]) for column in columns.values()])
        self._available = flags(ordered, "available") & complete

    def positions(self, slugs: Iterable[str]) -> Positions:
        """Return the position of each slug among the sizes; -1 if there is no such size."""
        known = {slug: position for position, slug in enumerate(self.slugs)}
        return np.array([known.get(slug, -1) for slug in slugs], dtype=np.int64)

    def at(self, values: npt.NDArray[Any], positions: Positions) -> Numbers:
        """Return the value of the size at each position; NaN for -1."""
        if not len(values):
            return np.full(len(positions), np.nan)
        return np.where(positions >= 0, values[positions].astype(np.float64), np.nan)

    def available_in(self, regions: Texts) -> Flags:
        """Return which sizes (columns) are available in the region of each droplet (rows)."""
        by_region = {
            region: np.array([region in listed for listed in self._regions], dtype=bool) & self._available
            for region in dict.fromkeys(regions)
        }
        return np.array([by_region[region] for region in regions], dtype=bool).reshape(len(regions), len(self.slugs))

    def cheapest(self, requirements: Requirements, allowed: Flags, preferred: Flags) -> Positions:
        """Return the position of the cheapest size that fits each droplet; -1 if none does.

        Parameters
        ----------
        requirements : Requirements
        allowed, preferred : array of bool
            Which sizes (columns) are allowed for which droplet (rows), and which win at equal prices.
        """
        if not len(self.slugs):
            return np.full(len(requirements.vcpus), -1, dtype=np.int64)
        fitting = allowed & self.available_in(requirements.regions)
        fitting &= self.prices < requirements.below_usd_month[:, None]
        for capacity, minimum in (
            (self.vcpus, requirements.vcpus),
            (self.memory, requirements.memory),
            (self.disk, requirements.disk),
        ):
            fitting &= capacity * _EXACT_FIT >= minimum[:, None]
        cents = np.rint(
            100 * (np.nan_to_num(self.prices) + _overage_usd(requirements.outbound[:, None], self.transfer))
        )
        key = np.where(fitting, 2 * cents.astype(np.int64) + ~preferred, _DOES_NOT_FIT)
        return np.where(fitting.any(axis=1), key.argmin(axis=1), -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """The verdicts on some droplets, as arrays of one value per droplet.

    Attributes
    ----------
    verdict : array of str
    keep : array of bool
        Judged, and the current size is advised.
    shortages : mapping
        Whether the current size is too small, by ``cpu``, ``burst``, ``memory`` and ``disk``.
    current, advised, recreate : array of int
        Positions of the current size, of the size advised instead, and of the size advised if disks could shrink.
    saving, recreate_saving : array of float
        USD a month; NaN without an advised size.
    traffic_usd : array of float
        Additional monthly cost of traffic on the advised size.
    """

    verdict: Texts
    keep: Flags
    shortages: Mapping[str, Flags]
    current: Positions
    advised: Positions
    recreate: Positions
    saving: Numbers
    recreate_saving: Numbers
    traffic_usd: Numbers


def judge(demand: Demand, sizes: RankedSizes, rule: Rule, *, judged_by_metrics: Flags) -> Verdicts:
    """Find the advised size of each droplet, and what it saves.

    Parameters
    ----------
    demand : Demand
    sizes : RankedSizes
    rule : Rule
    judged_by_metrics : array of bool
        As returned by `needs_metrics`.
    """
    current = sizes.positions(demand.size)
    shortages = _shortages(demand, sizes, current)
    judged = judged_by_metrics & demand.has_readings & demand.covers(rule.min_hours) & ~demand.is_outdated
    needs_more = judged & np.logical_or.reduce([*shortages.values()])
    requirements = Requirements(
        np.fmax(demand.need_vcpus, demand.need_burst),
        demand.need_memory,
        np.fmax(demand.disk, np.nan_to_num(demand.need_disk)),
        demand.need_outbound,
        demand.region,
        np.where(needs_more, np.inf, demand.price),
    )
    same_family = demand.classes.letters[:, None] == sizes.classes.letters
    allowed = _allowed(demand, sizes, rule, same_family) & judged[:, None]
    # The current size is not a resize, even if its listed price differs from what the droplet costs.
    allowed &= np.arange(len(sizes.slugs)) != current[:, None]

    advised = sizes.cheapest(requirements, allowed, same_family)
    saving = _saving(demand, sizes, current, advised)
    smaller = ~needs_more & (advised >= 0) & (saving >= rule.min_saving_usd_month - _SAVING_TOLERANCE_USD)
    advised = np.where(needs_more | smaller, advised, -1)
    keep = judged & ~needs_more & ~smaller
    saving = np.where(keep, 0.0, np.where(advised >= 0, saving, np.nan))

    any_disk = replace(requirements, disk=np.nan_to_num(demand.need_disk, nan=np.inf))
    recreate = sizes.cheapest(any_disk, allowed, same_family)
    recreate_saving = _saving(demand, sizes, current, recreate)
    minimum = max(rule.min_saving_usd_month, 0.01) - _SAVING_TOLERANCE_USD
    disk_bound = judged & ~needs_more & (recreate >= 0) & (recreate_saving - np.nan_to_num(saving) >= minimum)

    kept = keep | demand.classes.gpu | demand.is_node
    return Verdicts(
        verdict=np.select([needs_more, smaller, kept], [LARGER, SMALLER, KEEP], UNKNOWN).astype(object),
        keep=keep,
        shortages=shortages,
        current=current,
        advised=advised,
        recreate=np.where(disk_bound, recreate, -1),
        saving=saving,
        recreate_saving=np.where(disk_bound, recreate_saving, np.nan),
        traffic_usd=np.where(advised >= 0, _more_traffic_usd(demand, sizes, current, advised), 0.0),
    )


def fits(capacity: Numbers, need: Numbers) -> Flags:
    """Return where a capacity is large enough; an unknown need or capacity counts as fitting."""
    return ~(need > capacity * _EXACT_FIT)


def _shortages(demand: Demand, sizes: RankedSizes, current: Positions) -> dict[str, Flags]:
    # A droplet that was resized without its disk can still grow the disk to that of its size at no cost.
    disk = np.fmax(demand.disk, sizes.at(sizes.disk, current))
    return {
        "cpu": ~fits(demand.vcpus, demand.need_vcpus),
        "burst": ~fits(demand.vcpus, demand.need_burst),
        "memory": ~fits(demand.memory, demand.need_memory),
        "disk": ~fits(disk, demand.need_disk),
    }


def _allowed(demand: Demand, sizes: RankedSizes, rule: Rule, same_family: Flags) -> Flags:
    ours, theirs = demand.classes, sizes.classes
    allowed = ~theirs.gpu & (same_family | (not rule.same_family))
    allowed &= theirs.dedicated | ~ours.dedicated[:, None] | rule.shared_cpu
    allowed &= theirs.premium | ~ours.premium[:, None] | rule.regular_cpu
    return allowed


def _saving(demand: Demand, sizes: RankedSizes, current: Positions, advised: Positions) -> Numbers:
    more_traffic = np.maximum(_more_traffic_usd(demand, sizes, current, advised), 0.0)
    return np.round(demand.price - sizes.at(sizes.prices, advised) - more_traffic, 2)


def _more_traffic_usd(demand: Demand, sizes: RankedSizes, current: Positions, advised: Positions) -> Numbers:
    # If the allowance of the current size is unknown, all traffic counts as included.
    before = _overage_usd(demand.need_outbound, sizes.at(sizes.transfer, current))
    return _overage_usd(demand.need_outbound, sizes.at(sizes.transfer, advised)) - before


def _overage_usd(outbound: Numbers, allowance: Numbers) -> Numbers:
    """Return the monthly cost of traffic beyond the included transfer in USD; 0 if one of them is unknown.

    Both are in TB as served: `outbound` is decimal, `allowance` is in units of 1,000 GiB.
    """
    beyond = outbound * _GIB_PER_DECIMAL_TB - allowance * TRANSFER_GIB_PER_TB
    return TRANSFER_GIB.usd * np.nan_to_num(np.maximum(beyond, 0.0))
