"""The table of what was judged: the columns of `rightsizing`, with the words about each droplet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from poseidon_nb.analysis.columns import numbers, texts
from poseidon_nb.analysis.rightsizing.holding import enough
from poseidon_nb.analysis.rightsizing.reasons import Case, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poseidon_nb.analysis.columns import Flags, Numbers
    from poseidon_nb.analysis.rightsizing.demand import Demand
    from poseidon_nb.analysis.rightsizing.holding import Sold
    from poseidon_nb.analysis.rightsizing.judging import Verdicts
    from poseidon_nb.analysis.rightsizing.rule import Rule

#: Shown as they came.
_FIGURES = (
    *("cpu_p50_percent", "cpu_p95_percent", "cpu_max_percent", "burst_percent"),
    *("memory_p50_percent", "memory_p95_percent", "memory_max_percent"),
    *("disk_used_gb", "disk_used_percent", "outbound_tb_month", "hours"),
)


def columns_of(
    droplets: pd.DataFrame, use: pd.DataFrame, demand: Demand, verdicts: Verdicts, sold: Sold, rule: Rule
) -> dict[str, object]:
    """Give the columns of the result; of `use` there is a row for each droplet."""
    keep, chosen = verdicts.keep, verdicts.chosen
    advised = [
        slug if kept else sold.slugs[place] if place >= 0 else None
        for slug, kept, place in zip(demand.size, keep, chosen, strict=True)
    ]

    def then(used: Numbers, now: Numbers, of_sold: Numbers) -> Numbers:
        # The share that would be used of the advised size.
        return 100 * used / np.where(keep, now, sold.at(of_sold, chosen))

    would_use = {
        "advised_cpu_p95_percent": then(demand.cpu_p95, demand.vcpus, sold.vcpus),
        "advised_cpu_max_percent": then(demand.cpu_max, demand.vcpus, sold.vcpus),
        "advised_memory_max_percent": then(demand.memory_max, demand.memory, sold.memory),
    }
    grow = pd.array(~enough(demand.disk, demand.need_disk), dtype="boolean")
    grow[pd.isna(pd.array(advised, dtype="string"))] = pd.NA
    words = [told(case) for case in _cases(use, demand, verdicts, sold, rule, advised, would_use)]
    return {
        "droplet_id": droplets["id"].to_numpy(),
        "name": droplets["name"].to_numpy(),
        "verdict": verdicts.verdict,
        "size": droplets["size"].to_numpy(),
        "advised_size": advised,
        "saving_usd_month": verdicts.saving,
        "saving_usd_year": np.round(12 * verdicts.saving, 2),
        "sure": [sure for sure, _ in words],
        "why": [why for _, why in words],
        "region": droplets["region"].to_numpy(),
        "price_usd_month": demand.price,
        "advised_price_usd_month": np.where(keep, demand.price, sold.at(sold.prices, chosen)),
        "grow_disk": grow,
        "anew_size": [sold.slugs[place] if place >= 0 else None for place in verdicts.anew],
        "anew_saving_usd_month": verdicts.anew_saving,
        **would_use,
        **{name: numbers(use, name) for name in _FIGURES},
        "step_minutes": 60 * demand.step_h,
        "samples": pd.array(numbers(use, "samples"), dtype="Float64").astype("Int64"),
        **{name: _moments(use, name) for name in ("from", "to")},
    }


def _cases(
    use: pd.DataFrame,
    demand: Demand,
    verdicts: Verdicts,
    sold: Sold,
    rule: Rule,
    advised: list[str | None],
    would_use: dict[str, Numbers],
) -> Iterator[Case]:
    """Give what is known of each droplet, for the words about it."""
    sells = sold.in_regions(demand.region)
    anything, on_sale = np.asarray(sells.any(axis=1)), _on_sale(sells, verdicts)
    grow = ~enough(demand.disk, demand.need_disk)
    notes, samples, span_h = texts(use, "note"), numbers(use, "samples"), _span_h(use)
    cpu, memory = 100 * demand.cpu_p95 / demand.vcpus, 100 * demand.memory_max / demand.memory
    read, outdated, covered = demand.read, demand.outdated, demand.covers(rule.least_hours)
    for row, place in enumerate(verdicts.anew):
        yield Case(
            verdict=str(verdicts.verdict[row]),
            advised=advised[row] or "",
            size=demand.size[row],
            region=demand.region[row],
            status=demand.status[row],
            note=notes[row],
            gpu=bool(demand.processors.gpu[row]),
            node=bool(demand.node[row]),
            read=bool(read[row]),
            outdated=bool(outdated[row]),
            covered=bool(covered[row]),
            step_h=float(demand.step_h[row]),
            hours=float(demand.hours[row]),
            span_h=float(span_h[row]),
            least_hours=rule.least_hours,
            samples=float(samples[row]),
            cpu_p95=float(cpu[row]),
            memory_max=float(memory[row]),
            then={
                name.removeprefix("advised_").removesuffix("_percent"): float(values[row])
                for name, values in would_use.items()
            },
            short=tuple(word for word, lacks in verdicts.short.items() if bool(lacks[row])),
            anew=sold.slugs[place] if place >= 0 else "",
            anew_saving=float(verdicts.anew_saving[row]),
            disk=float(demand.disk[row]),
            disk_used=float(demand.disk_used[row]),
            outbound=float(demand.outbound[row]),
            grow_disk=bool(grow[row]),
            resized=bool(demand.resized[row]),
            on_sale=bool(on_sale[row]),
            sells=bool(anything[row]),
            traffic_usd=float(verdicts.traffic_usd[row]),
        )


def _on_sale(sells: Flags, verdicts: Verdicts) -> Flags:
    """Say where the present size is sold in the droplet's region."""
    found = np.zeros(len(verdicts.now), dtype=bool)
    there = verdicts.now >= 0
    found[there] = sells[there, verdicts.now[there]]
    return found


def _moments(use: pd.DataFrame, name: str) -> object:
    return use[name].array if name in use else pd.DatetimeIndex([pd.NaT] * len(use), tz="UTC")


def _span_h(use: pd.DataFrame) -> Numbers:
    first, last = (pd.to_datetime(pd.Series(_moments(use, name)), utc=True) for name in ("from", "to"))
    return np.asarray((last - first).dt.total_seconds() / 3600, dtype=np.float64)
