"""The table of rightsizing: the advised size of each droplet, with the confidence and the reason in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from poseidon_nb.analysis.inputs import numbers, texts
from poseidon_nb.analysis.rightsizing.rule import Demand, Rule, align_use
from poseidon_nb.analysis.rightsizing.verdicts import (
    KEEP,
    LARGER,
    SMALLER,
    UNKNOWN,
    RankedSizes,
    fits,
    judge,
    needs_metrics,
)
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.metrics import VERY_COARSE_H, format_interval, summarize_resolution
from poseidon_nb.frames.validation import build_derived, require_columns
from poseidon_nb.text import escape_unprintable, format_percent, format_usd, join_words, pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poseidon_nb.analysis.inputs import Flags, Numbers
    from poseidon_nb.analysis.rightsizing.verdicts import Verdicts

DEFAULT_RULE = Rule()
#: The confidence, by the number of doubts.
CONFIDENCE = ("high", "medium", "low")

#: Hours of a week, less the twentieth that gaps may take: with fewer, the readings may not include a weekend.
_WEEK_H = 0.95 * 7 * 24
#: The share of the time between the first and the last reading that must be covered.
_MIN_COVERAGE = 0.9
_DAY_H = 24
#: Shorter times are given in hours.
_MIN_DAYS_H = 2 * _DAY_H

_DROPLET_COLUMNS = ("id", "name", "region", "size", "vcpus", "memory", "disk", "price_monthly")
_SIZE_COLUMNS = ("slug", "vcpus", "memory", "disk", "transfer", "price_monthly", "available", "regions")
_USE_COLUMNS = ("droplet_id", "cpu_p95_percent", "cpu_max_percent", "memory_max_percent", "hours")
#: The columns that are copied from `use`.
_COPIED = (
    *("cpu_p50_percent", "cpu_p95_percent", "cpu_max_percent", "burst_percent"),
    *("memory_p50_percent", "memory_p95_percent", "memory_max_percent"),
    *("disk_used_gb", "disk_used_percent", "outbound_tb_month", "hours"),
)


def advice(
    droplets: pd.DataFrame, sizes: pd.DataFrame, use: pd.DataFrame, *, rule: Rule = DEFAULT_RULE
) -> pd.DataFrame:
    """Return the size that each droplet should have, with the saving, the confidence and the reason.

    Parameters
    ----------
    droplets : pandas.DataFrame
        As returned by ``client.droplets.frame()``. Without ``status`` all droplets count as on.
    sizes : pandas.DataFrame
        As returned by ``client.sizes.frame()``.
    use : pandas.DataFrame
        As returned by `analysis.metrics.use`, or your own with ``droplet_id``, ``cpu_p95_percent``, ``cpu_max_percent``,
        ``memory_max_percent`` and ``hours``. The usage of a droplet without a row is unknown.
    rule : Rule
        When a size fits a droplet.

    Returns
    -------
    pandas.DataFrame
        Table ``rightsizing``: a row for each droplet. The largest savings come first, then droplets that need more, then
        those to keep, and the unknown last.

    Raises
    ------
    InvalidArgument
        A column is missing, or a droplet has several rows.
    """
    droplets = require_columns(droplets, _DROPLET_COLUMNS, "droplets")
    sizes = require_columns(sizes, _SIZE_COLUMNS, "sizes")
    use = require_columns(use, _USE_COLUMNS, "use", source="po.analysis.metrics.use")
    for what, frame, key in (("droplets", droplets, "id"), ("use", use, "droplet_id")):
        is_duplicate = frame[key].duplicated()
        if is_duplicate.any():
            id_ = frame[key][is_duplicate].iloc[0]
            raise InvalidArgument(f"Droplet {id_} has several rows in {what}. Pass one row for each droplet.")
    ranked_sizes, use = RankedSizes(sizes), align_use(droplets, use)
    demand = Demand.from_frames(droplets, use, rule)
    verdicts = judge(demand, ranked_sizes, rule, judged_by_metrics=needs_metrics(droplets))
    table = build_derived("rightsizing", _columns(droplets, use, demand, verdicts, ranked_sizes, rule))
    rank = table["verdict"].map({SMALLER: 0, LARGER: 1, KEEP: 2, UNKNOWN: 3})
    order = np.lexsort((np.arange(len(table)), -table["saving_usd_month"].fillna(0.0), rank))
    return table.iloc[order].reset_index(drop=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class DropletCase:
    """The facts about one droplet that its reason is written from.

    Attributes
    ----------
    verdict, advised_size : str
        `advised_size` is empty if there is none.
    size, region, status, note : str
        As in the frames; empty if missing.
    has_gpus, is_node : bool
        It has GPUs; it is a Kubernetes node.
    has_readings, is_outdated, is_covered : bool
        There are readings of CPU and memory; the last ones are of another size; they cover `min_hours`.
    step_h : float
        Hours between two readings; NaN if unknown.
    hours, span_h, min_hours : float
        Hours covered, hours from the first to the last reading (NaN if unknown), and hours required.
    readings : float
        NaN if unknown.
    cpu_p95, memory_max : float
        Percent of the current size.
    advised_cpu_p95, advised_cpu_max, advised_memory_max : float
        Percent of the advised size.
    shortages : tuple of str
        Where the current size is too small: ``cpu``, ``burst``, ``memory``, ``disk``.
    recreate_size, recreate_saving : str and float
        The size that would be advised if disks could shrink, and its monthly saving; empty if none.
    disk, disk_used, outbound : float
        GB, GB, and TB a month; NaN if unknown.
    grow_disk, resized : bool
        The disk must grow; the droplet was resized during the window.
    is_size_available, is_any_size_available : bool
        In its region now: its current size; any size.
    traffic_usd : float
        Additional monthly cost of traffic on the advised size, counted for this droplet alone.
    """

    verdict: str
    advised_size: str
    size: str
    region: str
    status: str
    note: str
    has_gpus: bool
    is_node: bool
    has_readings: bool
    is_outdated: bool
    is_covered: bool
    step_h: float
    hours: float
    span_h: float
    min_hours: float
    readings: float
    cpu_p95: float
    memory_max: float
    advised_cpu_p95: float
    advised_cpu_max: float
    advised_memory_max: float
    shortages: tuple[str, ...]
    recreate_size: str
    recreate_saving: float
    disk: float
    disk_used: float
    outbound: float
    grow_disk: bool
    resized: bool
    is_size_available: bool
    is_any_size_available: bool
    traffic_usd: float

    @property
    def is_resize(self) -> bool:
        """Whether another size is advised."""
        return bool(self.advised_size) and self.advised_size != self.size


def explain(case: DropletCase) -> tuple[str | None, str]:
    """Return the confidence, or None without an advised size, and the reason."""
    unjudged = _not_judged(case)
    if unjudged:
        return None, unjudged
    doubts = _doubts(case)
    parts = [_basis(case), *_findings(case), *_remarks(case), *doubts]
    # Very coarse readings lower the confidence by two levels.
    level = len(doubts) + (case.step_h > VERY_COARSE_H)
    return CONFIDENCE[min(level, len(CONFIDENCE) - 1)], "; ".join(parts)


def _columns(
    droplets: pd.DataFrame, use: pd.DataFrame, demand: Demand, verdicts: Verdicts, sizes: RankedSizes, rule: Rule
) -> dict[str, object]:
    """Return the columns of table ``rightsizing``; `use` has a row for each droplet."""
    keep, advised = verdicts.keep, verdicts.advised
    advised_sizes = [
        slug if kept else sizes.slugs[position] if position >= 0 else None
        for slug, kept, position in zip(demand.size, keep, advised, strict=True)
    ]

    def advised_percent(used: Numbers, current: Numbers, of_sizes: Numbers) -> Numbers:
        return 100 * used / np.where(keep, current, sizes.at(of_sizes, advised))

    estimates = {
        "advised_cpu_p95_percent": advised_percent(demand.cpu_p95, demand.vcpus, sizes.vcpus),
        "advised_cpu_max_percent": advised_percent(demand.cpu_max, demand.vcpus, sizes.vcpus),
        "advised_memory_max_percent": advised_percent(demand.memory_max, demand.memory, sizes.memory),
    }
    grow_disk = pd.array(~fits(demand.disk, demand.need_disk), dtype="boolean")
    grow_disk[pd.isna(pd.array(advised_sizes, dtype="string"))] = pd.NA
    explanations = [explain(case) for case in _cases(use, demand, verdicts, sizes, rule, advised_sizes, estimates)]
    return {
        "droplet_id": droplets["id"].to_numpy(),
        "name": droplets["name"].to_numpy(),
        "verdict": verdicts.verdict,
        "size": droplets["size"].to_numpy(),
        "advised_size": advised_sizes,
        "saving_usd_month": verdicts.saving,
        "saving_usd_year": np.round(12 * verdicts.saving, 2),
        "confidence": [confidence for confidence, _ in explanations],
        "why": [reason for _, reason in explanations],
        "region": droplets["region"].to_numpy(),
        "price_usd_month": demand.price,
        "advised_price_usd_month": np.where(keep, demand.price, sizes.at(sizes.prices, advised)),
        "grow_disk": grow_disk,
        "recreate_size": [sizes.slugs[position] if position >= 0 else None for position in verdicts.recreate],
        "recreate_saving_usd_month": verdicts.recreate_saving,
        **estimates,
        **{name: numbers(use, name) for name in _COPIED},
        "step_minutes": 60 * demand.step_h,
        "readings": pd.array(numbers(use, "readings"), dtype="Float64").astype("Int64"),
        **{name: _times(use, name) for name in ("from", "to")},
    }


def _cases(
    use: pd.DataFrame,
    demand: Demand,
    verdicts: Verdicts,
    sizes: RankedSizes,
    rule: Rule,
    advised_sizes: list[str | None],
    estimates: dict[str, Numbers],
) -> Iterator[DropletCase]:
    available = sizes.available_in(demand.region)
    is_any_available, is_size_available = np.asarray(available.any(axis=1)), _is_current_available(available, verdicts)
    grow_disk = ~fits(demand.disk, demand.need_disk)
    notes, readings, span_h = texts(use, "note"), numbers(use, "readings"), _span_h(use)
    cpu, memory = 100 * demand.cpu_p95 / demand.vcpus, 100 * demand.memory_max / demand.memory
    has_readings, is_outdated, is_covered = demand.has_readings, demand.is_outdated, demand.covers(rule.min_hours)
    for row, position in enumerate(verdicts.recreate):
        yield DropletCase(
            verdict=str(verdicts.verdict[row]),
            advised_size=advised_sizes[row] or "",
            size=demand.size[row],
            region=demand.region[row],
            status=demand.status[row],
            note=notes[row],
            has_gpus=bool(demand.classes.gpu[row]),
            is_node=bool(demand.is_node[row]),
            has_readings=bool(has_readings[row]),
            is_outdated=bool(is_outdated[row]),
            is_covered=bool(is_covered[row]),
            step_h=float(demand.step_h[row]),
            hours=float(demand.hours[row]),
            span_h=float(span_h[row]),
            min_hours=rule.min_hours,
            readings=float(readings[row]),
            cpu_p95=float(cpu[row]),
            memory_max=float(memory[row]),
            advised_cpu_p95=float(estimates["advised_cpu_p95_percent"][row]),
            advised_cpu_max=float(estimates["advised_cpu_max_percent"][row]),
            advised_memory_max=float(estimates["advised_memory_max_percent"][row]),
            shortages=tuple(name for name, is_short in verdicts.shortages.items() if bool(is_short[row])),
            recreate_size=sizes.slugs[position] if position >= 0 else "",
            recreate_saving=float(verdicts.recreate_saving[row]),
            disk=float(demand.disk[row]),
            disk_used=float(demand.disk_used[row]),
            outbound=float(demand.outbound[row]),
            grow_disk=bool(grow_disk[row]),
            resized=bool(demand.resized[row]),
            is_size_available=bool(is_size_available[row]),
            is_any_size_available=bool(is_any_available[row]),
            traffic_usd=float(verdicts.traffic_usd[row]),
        )


def _is_current_available(available: Flags, verdicts: Verdicts) -> Flags:
    result = np.zeros(len(verdicts.current), dtype=bool)
    known = verdicts.current >= 0
    result[known] = available[known, verdicts.current[known]]
    return result


def _times(use: pd.DataFrame, name: str) -> object:
    return use[name].array if name in use else pd.DatetimeIndex([pd.NaT] * len(use), tz="UTC")


def _span_h(use: pd.DataFrame) -> Numbers:
    first, last = (pd.to_datetime(pd.Series(_times(use, name)), utc=True) for name in ("from", "to"))
    return np.asarray((last - first).dt.total_seconds() / 3600, dtype=np.float64)


def _not_judged(case: DropletCase) -> str:
    """Return why the droplet cannot be judged; empty if it can."""
    if case.has_gpus:
        return "not analyzed: it has GPUs"
    if case.is_node:
        return "not analyzed: its size is set by its Kubernetes node pool"
    statuses = {"off": "it is off, but still billed", "new": "it is still being created"}
    if case.status not in {"", "active"}:
        return f"not analyzed: {statuses.get(case.status, f'status {escape_unprintable(case.status)}')}"
    return _not_enough_data(case)


def _not_enough_data(case: DropletCase) -> str:
    if not case.has_readings:
        return escape_unprintable(case.note) or "no CPU or memory readings"
    if case.is_outdated:
        when = f"in {format_interval(2 * case.step_h)}" if case.step_h > 0 else "later"
        return f"resized after the last reading; try again {when}, when the new size has readings"
    if not case.is_covered:
        return f"only {pluralize(math.floor(case.hours), 'hour')} of readings, at least {case.min_hours:g} required"
    return ""


def _basis(case: DropletCase) -> str:
    """Return what the advice is based on: ``CPU p95 21%, memory max 38%, 14 days, 4,032 readings``."""
    parts = [
        f"CPU p95 {format_percent(case.cpu_p95)}",
        f"memory max {format_percent(case.memory_max)}",
        _duration_text(case.hours),
    ]
    if not math.isnan(case.readings):
        parts.append(pluralize(round(case.readings), "reading"))
    return ", ".join(parts)


def _findings(case: DropletCase) -> list[str]:
    """Return what is too small, and the estimated usage of the advised size."""
    words: Mapping[str, str] = {
        "cpu": "CPU headroom",
        "burst": "CPU for its peaks",
        "memory": "memory headroom",
        "disk": f"disk headroom ({case.disk_used:.0f} GB used)",
    }
    findings = [f"too little {join_words(words[name] for name in case.shortages)}"] if case.shortages else []
    if case.is_resize:
        cpu, memory = format_percent(case.advised_cpu_p95), format_percent(case.advised_memory_max)
        findings.append(f"estimated on {escape_unprintable(case.advised_size)}: CPU p95 {cpu}, memory max {memory}")
    elif not case.is_any_size_available:
        findings.append(f"no size is available in {escape_unprintable(case.region)}, so it cannot be resized")
    elif case.shortages:
        findings.append(f"no size available in {escape_unprintable(case.region)} fits")
    return findings


def _remarks(case: DropletCase) -> list[str]:
    """Return what to know before the resize."""
    remarks = []
    if case.grow_disk and not case.is_resize:
        remarks.append("the disk is smaller than its size includes; resize to the same size with --disk to grow it")
    elif case.grow_disk:
        remarks.append("the resize must include the disk, which cannot be undone")
    if case.recreate_size:
        saving = format_usd(case.recreate_saving)
        remarks.append(
            f"{escape_unprintable(case.recreate_size)} would fit and save {saving} a month, but the {case.disk:.0f} GB disk cannot"
            " shrink, so the droplet would have to be recreated"
        )
    if case.is_resize and not case.is_size_available:
        remarks.append(
            f"{escape_unprintable(case.size)} is no longer available in this region, so the resize cannot be undone"
        )
    if case.traffic_usd > 0:
        remarks.append(
            f"the saving already deducts {format_usd(case.traffic_usd)} a month for traffic beyond the transfer included with"
            f" {escape_unprintable(case.advised_size)}; transfer is pooled across droplets, so the saving may be higher"
        )
    return remarks


def _doubts(case: DropletCase) -> list[str]:
    """Return what lowers the confidence."""
    doubts = []
    if case.hours < _WEEK_H:
        doubts.append("less than a week of readings, which may not include a weekend")
    if case.hours < _MIN_COVERAGE * case.span_h:
        doubts.append(f"{format_percent(100 * (1 - case.hours / case.span_h))} of the readings are missing")
    coarse = summarize_resolution(case.step_h)
    if coarse:
        doubts.append(coarse)
    if case.resized:
        doubts.append("resized during this time range")
    if math.isnan(case.outbound):
        doubts.append("its traffic is unknown")
    if math.isnan(case.disk_used):
        doubts.append("its disk usage is unknown")
    if case.verdict == SMALLER and case.advised_cpu_max > 100:  # noqa: PLR2004  # percent
        doubts.append(f"its peaks would need {format_percent(case.advised_cpu_max)} of the smaller size's CPU")
    return doubts


def _duration_text(hours: float) -> str:
    """Return a duration in full days; the last day may lack an hour, because the time before the first reading is unknown."""
    if hours < _MIN_DAYS_H:
        return pluralize(math.floor(hours), "hour")
    return pluralize(math.floor((hours + 1) / _DAY_H), "day")
