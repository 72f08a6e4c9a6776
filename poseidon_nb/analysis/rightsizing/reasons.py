"""Why a size is advised, and how sure that is, in words: a sentence or a few for each droplet. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poseidon_nb.frames.metrics import VERY_COARSE_H, format_interval, summarize_resolution
from poseidon_nb.text import escape_unprintable, format_percent, format_usd, join_words, pluralize

if TYPE_CHECKING:
    from collections.abc import Mapping

#: How sure something is, by the number of doubts.
SURE = ("high", "medium", "low")

#: A week's hours, less the twentieth that gaps may take: only then has a weekend been seen.
WEEK_H = 0.95 * 7 * 24
#: The share of the time between the first and the last reading that has to be covered.
COVERED = 0.9

_DAY_H = 24
#: Hours up to which a time is told in hours.
_SHORT_H = 2 * _DAY_H
_ALL = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is known of one droplet when the advice about it is put into words.

    Attributes
    ----------
    verdict, advised : str
        What was found; `advised` is empty where there is no size to advise.
    size, region, status, note : str
        As the frames have them; empty where they say nothing.
    gpu, node : bool
        It has GPUs; it is a node of Kubernetes.
    read : bool
        Both CPU and memory were read.
    outdated : bool
        The last readings are of another size than it has now.
    covered : bool
        The readings cover the hours that are wanted.
    step_h : float
        Hours between two readings; NaN where that is not known.
    hours, span_h, least_hours : float
        What the readings cover, from the first to the last, and what is wanted; `span_h` NaN where it is not known.
    samples : float
        NaN where it is not known.
    cpu_p95, memory_max : float
        Percent of what it has.
    then : mapping
        Percent of what it would have: ``cpu_p95``, ``cpu_max``, ``memory_max``.
    short : tuple of str
        What there is too little of: ``cpu``, ``burst``, ``memory``, ``disk``.
    anew, anew_saving : str and float
        What would hold it if its disk could shrink, and save so much a month; empty where nothing would.
    disk, disk_used, outbound : float
        GB, GB, and TB a month; NaN where they are not known.
    grow_disk, resized : bool
        The disk has to grow; the droplet was resized in between.
    on_sale : bool
        Its region sells its present size.
    sells : bool
        Its region sells any size.
    traffic_usd : float
        What traffic costs more a month on the advised size, as if the droplet had only what that includes.
    """

    verdict: str
    advised: str
    size: str
    region: str
    status: str
    note: str
    gpu: bool
    node: bool
    read: bool
    outdated: bool
    covered: bool
    step_h: float
    hours: float
    span_h: float
    least_hours: float
    samples: float
    cpu_p95: float
    memory_max: float
    then: Mapping[str, float]
    short: tuple[str, ...]
    anew: str
    anew_saving: float
    disk: float
    disk_used: float
    outbound: float
    grow_disk: bool
    resized: bool
    on_sale: bool
    sells: bool
    traffic_usd: float


def told(case: Case) -> tuple[str | None, str]:
    """Give how sure the advice is, None where there is none, and the words."""
    silent = _silent(case)
    if silent:
        return None, silent
    doubts = _doubts(case)
    words = [_basis(case), *_findings(case), *_remarks(case), *doubts]
    # Of very coarse readings the one doubt weighs as two.
    steps = len(doubts) + (case.step_h > VERY_COARSE_H)
    return SURE[min(steps, len(SURE) - 1)], "; ".join(words)


def _silent(case: Case) -> str:
    """Say why nothing is advised; nothing where something is."""
    if case.gpu or case.node:
        return f"{'it has GPUs' if case.gpu else 'a node of Kubernetes, whose pool decides its size'}: not judged"
    if case.status == "off":
        return "off, which costs the same: not judged"
    if case.status not in {"", "active"}:
        return f"{'still being made' if case.status == 'new' else escape_unprintable(case.status)}: not judged"
    return _unread(case)


def _unread(case: Case) -> str:
    """Say what of its readings forbids to judge it; nothing where nothing does."""
    if not case.read:
        return escape_unprintable(case.note) or "no readings of both CPU and memory"
    if case.outdated:
        again = f" in {format_interval(2 * case.step_h)}" if case.step_h > 0 else " later"
        return f"resized since the last reading: ask again{again}, for what was read is of another size"
    if not case.covered:
        return f"only {pluralize(math.floor(case.hours), 'hour')} of readings, and {case.least_hours:g} are wanted"
    return ""


def _basis(case: Case) -> str:
    """Say what it rests on: ``14 days, 4,032 samples, CPU 21% at p95, memory 38% at most``."""
    parts = [_time(case.hours)]
    if not math.isnan(case.samples):
        parts.append(pluralize(round(case.samples), "sample"))
    return ", ".join(
        (*parts, f"CPU {format_percent(case.cpu_p95)} at p95", f"memory {format_percent(case.memory_max)} at most")
    )


def _findings(case: Case) -> list[str]:
    """Say what is too little, and what the advised size would make of it."""
    lacks = {
        "cpu": "CPU without the headroom",
        "burst": "a busiest moment of more than its vCPUs",
        "memory": "memory without the headroom",
        "disk": f"{case.disk_used:.0f} GB on its disk, without the headroom",
    }
    found = [f"it has {join_words(lacks[word] for word in case.short)}"] if case.short else []
    if case.advised and case.advised != case.size:
        then = f"CPU {format_percent(case.then['cpu_p95'])} and memory {format_percent(case.then['memory_max'])}"
        found.append(f"on {escape_unprintable(case.advised)} {then}")
    elif not case.sells:
        found.append(f"{escape_unprintable(case.region)} sells no size, so that it cannot be resized there")
    elif case.short:
        found.append(f"no size that {escape_unprintable(case.region)} sells holds it")
    return found


def _remarks(case: Case) -> list[str]:
    """Say what somebody should know before the resize."""
    resized = bool(case.advised) and case.advised != case.size
    remarks = []
    if case.grow_disk and not resized:
        remarks.append("its disk may grow to what its size includes: resize it to the same size with its disk")
    elif case.grow_disk:
        remarks.append("its disk has to grow, for good")
    if case.anew:
        saved = f"save {format_usd(case.anew_saving)} a month"
        remarks.append(f"{case.anew} would do and {saved}, but a disk of {case.disk:.0f} GB cannot shrink")
    if resized and not case.on_sale:
        remarks.append(f"{escape_unprintable(case.size)} is not sold there any more, so that there is no way back")
    if case.traffic_usd > 0:
        remarks.append(
            f"{format_usd(case.traffic_usd)} a month of traffic beyond what that includes is taken off the saving, counted for the"
            " droplet alone: the allowance is pooled, so it may save more"
        )
    return remarks


def _doubts(case: Case) -> list[str]:
    """Say what makes it less sure."""
    doubts = []
    if case.hours < WEEK_H:
        doubts.append("less than a week, so perhaps no weekend")
    if case.hours < COVERED * case.span_h:
        doubts.append(f"{format_percent(_ALL * (1 - case.hours / case.span_h))} of the time is missing")
    coarse = summarize_resolution(case.step_h)
    if coarse:
        doubts.append(coarse)
    if case.resized:
        doubts.append("resized in between")
    if math.isnan(case.outbound):
        doubts.append("its traffic is not known")
    if math.isnan(case.disk_used):
        doubts.append("its disk use is not known")
    if case.verdict == "smaller" and case.then["cpu_max"] > _ALL:
        doubts.append(f"its busiest moment asks for {format_percent(case.then['cpu_max'])} of that CPU")
    return doubts


def _time(hours: float) -> str:
    """Give a time in whole days. Of the last one an hour may be missing: what comes before the first reading is not read."""
    if hours < _SHORT_H:
        return pluralize(math.floor(hours), "hour")
    return pluralize(math.floor((hours + 1) / _DAY_H), "day")
