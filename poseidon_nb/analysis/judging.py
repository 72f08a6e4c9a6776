"""What the rule of `rightsizing` says of each droplet: all of them at once, as arrays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from poseidon_nb.analysis.columns import flags, numbers, texts
from poseidon_nb.analysis.droplet_kinds import nodes, with_gpus
from poseidon_nb.analysis.holding import Needs, Processors, Sold, enough, overage_usd
from poseidon_nb.analysis.reasons import Case, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from poseidon_nb.analysis.columns import Flags, Numbers, Texts
    from poseidon_nb.analysis.rule import Rule

SMALLER, KEEP, LARGER, UNKNOWN = "smaller", "keep", "larger", "unknown"

#: Shown as they came.
_FIGURES = (
    *(
        "cpu_p50_percent",
        "cpu_p95_percent",
        "cpu_max_percent",
        "burst_percent",
        "memory_p50_percent",
        "memory_p95_percent",
        "memory_max_percent",
    ),
    *("disk_used_gb", "disk_used_percent", "outbound_tb_month", "hours"),
)
_WHOLE = 100.0
#: Less than a cent.
_ROUNDED = 1e-3


def judged_by_use(droplets: pd.DataFrame) -> Flags:
    """Say which droplets are judged by what they used, in their order: those that are on, without GPUs, and no nodes.

    The metrics of the others need not be read.
    """
    return np.isin(texts(droplets, "status"), ["", "active"]) & ~with_gpus(droplets) & ~nodes(droplets)


class Judged:
    """What is found out about some droplets, as arrays of a value each, in their order.

    Parameters
    ----------
    droplets : pandas.DataFrame
    sold : Sold
    use : pandas.DataFrame
        At most a row for each droplet.
    rule : Rule
    """

    def __init__(self, droplets: pd.DataFrame, sold: Sold, use: pd.DataFrame, rule: Rule) -> None:
        self.droplets, self.sold, self.rule = droplets, sold, rule
        keys = use["droplet_id"].astype("Int64")
        self.use = use.set_index(pd.Index(keys)).reindex(pd.Index(droplets["id"].astype("Int64")))
        self.vcpus, self.memory, self.disk = (numbers(droplets, name) for name in ("vcpus", "memory", "disk"))
        self.price = numbers(droplets, "price_monthly")
        self.slugs, self.regions = texts(droplets, "size"), texts(droplets, "region")
        self.now = sold.places(self.slugs)
        self.processors = Processors.of(self.slugs, numbers(droplets, "gpu_count"))
        self._absolute()
        self._needs()
        self._judge()

    def _absolute(self) -> None:
        """Find vCPUs and MiB: the share of what the droplet has, or what was read."""
        resized = flags(self.use, "resized")

        def known(share: str, whole: Numbers, absolute: str) -> Numbers:
            # A share is one of two sizes, if there were two. Else it says more: of a size's memory a kernel keeps some
            # for itself, on another size too.
            read = numbers(self.use, absolute)
            reckoned = numbers(self.use, share) / _WHOLE * whole
            return np.where(resized | np.isnan(reckoned), read, reckoned)

        self.resized = resized
        self.cpu_p95 = known("cpu_p95_percent", self.vcpus, "cpu_p95_vcpus")
        self.cpu_max = known("cpu_max_percent", self.vcpus, "cpu_max_vcpus")
        self.memory_max = known("memory_max_percent", self.memory, "memory_max_mib")
        self.hours = np.nan_to_num(numbers(self.use, "hours"))
        self.used = numbers(self.use, "disk_used_gb")

    def _needs(self) -> None:
        rule = self.rule

        def with_room(used: Numbers, headroom: float) -> Numbers:
            return used * _WHOLE / (_WHOLE - headroom)

        self.busy_vcpus = with_room(self.cpu_p95, rule.cpu_headroom)
        self.burst_vcpus = self.cpu_max * _WHOLE / rule.burst
        self.need_memory = with_room(self.memory_max, rule.memory_headroom)
        self.need_disk = with_room(self.used, rule.disk_headroom)
        self.outbound = with_room(numbers(self.use, "outbound_tb_month"), rule.transfer_headroom)
        # A droplet that got another size without its disk can have the rest of the disk at no cost.
        self.disk_now = np.fmax(self.disk, self.sold.at(self.sold.disk, self.now))

    def _judge(self) -> None:
        rule, sold, processors = self.rule, self.sold, self.processors
        self.status, self.node = texts(self.droplets, "status"), nodes(self.droplets)
        self.read = ~np.isnan(self.cpu_p95) & ~np.isnan(self.cpu_max) & ~np.isnan(self.memory_max)
        self.unjudged = processors.gpu | self.node
        self.judged = judged_by_use(self.droplets) & self.read & (self.hours >= rule.least_hours)
        self.short: dict[str, Flags] = {
            "cpu": ~enough(self.vcpus, self.busy_vcpus),
            "burst": ~enough(self.vcpus, self.burst_vcpus),
            "memory": ~enough(self.memory, self.need_memory),
            "disk": ~enough(self.disk_now, self.need_disk),
        }
        self.needs_more = self.judged & np.logical_or.reduce([*self.short.values()])
        needs = Needs(
            np.fmax(self.busy_vcpus, self.burst_vcpus),
            self.need_memory,
            np.fmax(self.disk, np.nan_to_num(self.need_disk)),
            self.outbound,
            self.regions,
            np.where(self.needs_more, np.inf, self.price),
        )
        theirs = sold.processors
        same = processors.letters[:, None] == theirs.letters
        allowed = ~theirs.gpu & self.judged[:, None]
        # The present size is not a resize, whatever it is sold for.
        allowed &= np.arange(len(sold.slugs)) != self.now[:, None]
        allowed &= same | (not rule.same_family)
        allowed &= theirs.dedicated | ~processors.dedicated[:, None] | rule.shared_cpu
        allowed &= theirs.premium | ~processors.premium[:, None] | rule.regular_cpu
        chosen = sold.choose(needs, allowed, same)
        saving = self._saving(chosen)
        # What is on the disk would often fit on a smaller one; who knows that may make the droplet anew.
        anew = sold.choose(replace(needs, disk=np.nan_to_num(self.need_disk, nan=np.inf)), allowed, same)
        smaller = ~self.needs_more & (chosen >= 0) & (saving >= rule.least_saving_usd_month - _ROUNDED)
        self.chosen = np.where(self.needs_more | smaller, chosen, -1)
        self.keep = self.judged & ~self.needs_more & ~smaller
        self.saving = np.where(self.keep, 0.0, np.where(self.chosen >= 0, saving, np.nan))
        more = self._saving(anew) - np.nan_to_num(self.saving)
        tied = (
            self.judged & ~self.needs_more & (anew >= 0) & (more >= max(rule.least_saving_usd_month, 0.01) - _ROUNDED)
        )
        self.anew = np.where(tied, anew, -1)
        self.anew_saving = np.where(tied, self._saving(anew), np.nan)
        self.verdict: Texts = np.select(
            [self.needs_more, smaller, self.keep | self.unjudged], [LARGER, SMALLER, KEEP], UNKNOWN
        ).astype(object)
        self.sells = sold.in_regions(self.regions)

    def _saving(self, chosen: npt.NDArray[np.int64]) -> Numbers:
        sold = self.sold
        # Where the present size's own allowance is not known any more, all traffic counts as included.
        before = overage_usd(self.outbound, sold.at(sold.transfer, self.now))
        after = overage_usd(self.outbound, sold.at(sold.transfer, chosen))
        return np.round(self.price - sold.at(sold.prices, chosen) - np.maximum(after - before, 0.0), 2)

    def _then(self, used: Numbers, now: Numbers, sold: Numbers) -> Numbers:
        """Give the share that would be used of the advised size."""
        return _WHOLE * used / np.where(self.keep, now, self.sold.at(sold, self.chosen))

    def columns(self) -> dict[str, object]:
        """Give the columns of the result."""
        sold, chosen = self.sold, self.chosen
        advised = [
            slug if kept else sold.slugs[place] if place >= 0 else None
            for slug, kept, place in zip(self.slugs, self.keep, chosen, strict=True)
        ]
        price = np.where(self.keep, self.price, sold.at(sold.prices, chosen))
        grow = pd.array(~enough(self.disk, self.need_disk), dtype="boolean")
        grow[pd.isna(pd.array(advised, dtype="string"))] = pd.NA
        then = {
            "advised_cpu_p95_percent": self._then(self.cpu_p95, self.vcpus, sold.vcpus),
            "advised_cpu_max_percent": self._then(self.cpu_max, self.vcpus, sold.vcpus),
            "advised_memory_max_percent": self._then(self.memory_max, self.memory, sold.memory),
        }
        words = [told(case) for case in self._cases(advised, then)]
        return {
            "droplet_id": self.droplets["id"].to_numpy(),
            "name": self.droplets["name"].to_numpy(),
            "verdict": self.verdict,
            "size": self.droplets["size"].to_numpy(),
            "advised_size": advised,
            "saving_usd_month": self.saving,
            "saving_usd_year": np.round(12 * self.saving, 2),
            "sure": [sure for sure, _ in words],
            "why": [why for _, why in words],
            "region": self.droplets["region"].to_numpy(),
            "price_usd_month": self.price,
            "advised_price_usd_month": price,
            "grow_disk": grow,
            "anew_size": [sold.slugs[place] if place >= 0 else None for place in self.anew],
            "anew_saving_usd_month": self.anew_saving,
            **then,
            **{name: numbers(self.use, name) for name in _FIGURES},
            "samples": pd.array(numbers(self.use, "samples"), dtype="Float64").astype("Int64"),
            **{name: self._moments(name) for name in ("from", "to")},
        }

    def _moments(self, name: str) -> object:
        return self.use[name].array if name in self.use else pd.DatetimeIndex([pd.NaT] * len(self.use), tz="UTC")

    def _cases(self, advised: list[str | None], then: dict[str, Numbers]) -> Iterator[Case]:
        """Give what is known of each droplet, for the words about it."""
        beyond = overage_usd(self.outbound, self.sold.at(self.sold.transfer, self.chosen))
        beyond -= overage_usd(self.outbound, self.sold.at(self.sold.transfer, self.now))
        grow, anything = ~enough(self.disk, self.need_disk), np.asarray(self.sells.any(axis=1))
        on_sale = np.zeros(len(self.now), dtype=bool)
        there = self.now >= 0
        on_sale[there] = self.sells[there, self.now[there]]
        notes, samples, outbound = (
            texts(self.use, "note"),
            numbers(self.use, "samples"),
            numbers(self.use, "outbound_tb_month"),
        )
        cpu, memory = _WHOLE * self.cpu_p95 / self.vcpus, _WHOLE * self.memory_max / self.memory
        span_h = self._span_h()
        for row in range(len(self.now)):
            yield Case(
                verdict=str(self.verdict[row]),
                advised=advised[row] or "",
                size=self.slugs[row],
                region=self.regions[row],
                status=self.status[row],
                note=notes[row],
                gpu=bool(self.processors.gpu[row]),
                node=bool(self.node[row]),
                read=bool(self.read[row]),
                hours=float(self.hours[row]),
                span_h=float(span_h[row]),
                least_hours=self.rule.least_hours,
                samples=float(samples[row]),
                cpu_p95=float(cpu[row]),
                memory_max=float(memory[row]),
                then={
                    name.removeprefix("advised_").removesuffix("_percent"): float(values[row])
                    for name, values in then.items()
                },
                short=tuple(word for word, lacks in self.short.items() if bool(lacks[row])),
                anew=self.sold.slugs[self.anew[row]] if self.anew[row] >= 0 else "",
                anew_saving=float(self.anew_saving[row]),
                disk=float(self.disk[row]),
                disk_used=float(self.used[row]),
                outbound=float(outbound[row]),
                grow_disk=bool(grow[row]),
                resized=bool(self.resized[row]),
                on_sale=bool(on_sale[row]),
                sells=bool(anything[row]),
                traffic_usd=float(beyond[row]) if self.chosen[row] >= 0 else 0.0,
            )

    def _span_h(self) -> Numbers:
        first, last = (pd.to_datetime(pd.Series(self._moments(name)), utc=True) for name in ("from", "to"))
        return np.asarray((last - first).dt.total_seconds() / 3600, dtype=np.float64)
