"""What the rule of `rightsizing` says of each droplet: all of them at once, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from poseidon_nb.analysis.columns import texts
from poseidon_nb.analysis.droplet_kinds import nodes, with_gpus
from poseidon_nb.analysis.rightsizing.holding import Needs, enough, overage_usd
from poseidon_nb.frames.validation import require_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt
    import pandas as pd

    from poseidon_nb.analysis.columns import Flags, Numbers, Texts
    from poseidon_nb.analysis.rightsizing.demand import Demand
    from poseidon_nb.analysis.rightsizing.holding import Sold
    from poseidon_nb.analysis.rightsizing.rule import Rule

    Places = npt.NDArray[np.int64]

SMALLER, KEEP, LARGER, UNKNOWN = "smaller", "keep", "larger", "unknown"

#: Less than a cent.
_ROUNDED = 1e-3


def judged_by_use(droplets: pd.DataFrame) -> Flags:
    """Say which droplets are judged by what they used, in their order: those that are on, without GPUs, and no nodes.

    The metrics of the others need not be read.
    """
    droplets = require_columns(droplets, (), "droplets")
    return np.isin(texts(droplets, "status"), ["", "active"]) & ~with_gpus(droplets) & ~nodes(droplets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What was found out about some droplets, as arrays of a value each, in their order.

    Attributes
    ----------
    verdict : array of str
    keep : array of bool
        It was judged, and stays as it is.
    short : mapping
        What there is too little of on the present size, by ``cpu``, ``burst``, ``memory`` and ``disk``.
    now, chosen, anew : array of int
        Places among the sizes that are sold: of the present one, of the one advised instead, and of the one that would do
        if disks could shrink; -1 where there is none.
    saving, anew_saving : array of float
        USD a month; NaN where nothing is advised.
    traffic_usd : array of float
        What traffic costs more a month on the chosen size.
    """

    verdict: Texts
    keep: Flags
    short: Mapping[str, Flags]
    now: Places
    chosen: Places
    anew: Places
    saving: Numbers
    anew_saving: Numbers
    traffic_usd: Numbers


def judge(demand: Demand, sold: Sold, rule: Rule, *, by_use: Flags) -> Verdicts:
    """Find the size for each droplet, and what that saves.

    Parameters
    ----------
    demand : Demand
    sold : Sold
    rule : Rule
    by_use : array of bool
        As `judged_by_use` gives it.
    """
    now = sold.places(demand.size)
    short = _short(demand, sold, now)
    judged = by_use & demand.read & demand.covers(rule.least_hours) & ~demand.outdated
    needs_more = judged & np.logical_or.reduce([*short.values()])
    needs = Needs(
        np.fmax(demand.need_vcpus, demand.need_burst),
        demand.need_memory,
        np.fmax(demand.disk, np.nan_to_num(demand.need_disk)),
        demand.need_outbound,
        demand.region,
        np.where(needs_more, np.inf, demand.price),
    )
    same = demand.processors.letters[:, None] == sold.processors.letters
    allowed = _allowed(demand, sold, rule, same) & judged[:, None]
    # The present size is not a resize, whatever it is sold for.
    allowed &= np.arange(len(sold.slugs)) != now[:, None]

    chosen = sold.choose(needs, allowed, same)
    saving = _saving(demand, sold, now, chosen)
    smaller = ~needs_more & (chosen >= 0) & (saving >= rule.least_saving_usd_month - _ROUNDED)
    chosen = np.where(needs_more | smaller, chosen, -1)
    keep = judged & ~needs_more & ~smaller
    saving = np.where(keep, 0.0, np.where(chosen >= 0, saving, np.nan))

    # What is on the disk would often fit on a smaller one; who knows that may make the droplet anew.
    anew = sold.choose(replace(needs, disk=np.nan_to_num(demand.need_disk, nan=np.inf)), allowed, same)
    anew_saving = _saving(demand, sold, now, anew)
    least = max(rule.least_saving_usd_month, 0.01) - _ROUNDED
    tied = judged & ~needs_more & (anew >= 0) & (anew_saving - np.nan_to_num(saving) >= least)

    kept = keep | demand.processors.gpu | demand.node
    return Verdicts(
        verdict=np.select([needs_more, smaller, kept], [LARGER, SMALLER, KEEP], UNKNOWN).astype(object),
        keep=keep,
        short=short,
        now=now,
        chosen=chosen,
        anew=np.where(tied, anew, -1),
        saving=saving,
        anew_saving=np.where(tied, anew_saving, np.nan),
        traffic_usd=np.where(chosen >= 0, _more_traffic_usd(demand, sold, now, chosen), 0.0),
    )


def _short(demand: Demand, sold: Sold, now: Places) -> dict[str, Flags]:
    # A droplet that got another size without its disk can have the rest of the disk at no cost.
    disk_now = np.fmax(demand.disk, sold.at(sold.disk, now))
    return {
        "cpu": ~enough(demand.vcpus, demand.need_vcpus),
        "burst": ~enough(demand.vcpus, demand.need_burst),
        "memory": ~enough(demand.memory, demand.need_memory),
        "disk": ~enough(disk_now, demand.need_disk),
    }


def _allowed(demand: Demand, sold: Sold, rule: Rule, same: Flags) -> Flags:
    """Say which sizes the rule lets each droplet have, whatever they hold."""
    ours, theirs = demand.processors, sold.processors
    allowed = ~theirs.gpu & (same | (not rule.same_family))
    allowed &= theirs.dedicated | ~ours.dedicated[:, None] | rule.shared_cpu
    allowed &= theirs.premium | ~ours.premium[:, None] | rule.regular_cpu
    return allowed


def _saving(demand: Demand, sold: Sold, now: Places, chosen: Places) -> Numbers:
    more = np.maximum(_more_traffic_usd(demand, sold, now, chosen), 0.0)
    return np.round(demand.price - sold.at(sold.prices, chosen) - more, 2)


def _more_traffic_usd(demand: Demand, sold: Sold, now: Places, chosen: Places) -> Numbers:
    # Where the present size's own allowance is not known any more, all traffic counts as included.
    before = overage_usd(demand.need_outbound, sold.at(sold.transfer, now))
    return overage_usd(demand.need_outbound, sold.at(sold.transfer, chosen)) - before
