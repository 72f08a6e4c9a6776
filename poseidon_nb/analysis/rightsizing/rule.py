"""The rule of rightsizing, with the numbers that a user can change, and what each droplet needs by it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from poseidon_nb.analysis.classification import classify_size
from poseidon_nb.analysis.inputs import flags, is_kubernetes_node, numbers, texts
from poseidon_nb.catalogue import rightsizing as defaults
from poseidon_nb.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poseidon_nb.analysis.inputs import Flags, Numbers, Texts

#: How far the last readings may differ from the droplet's size. vCPUs are rounded, and clocks are not exact. Memory is
#: never above the size. It is below by what the kernel reserves: 3.3% in the sandbox, and a third of a GiB more with a
#: reserved crash kernel. The next smaller size usually has half the memory.
_VCPU_TOLERANCE, _VCPU_TOLERANCE_SHARE = 0.5, 0.05
_MAX_MEMORY_SHARE, _MIN_MEMORY_SHARE, _CRASH_KERNEL_MIB = 1.03, 0.9, 384.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a size fits a droplet, and when there are enough readings to judge it.

    A size *fits* a droplet if all of these are true:

    1. ``cpu_p95_percent`` leaves `cpu_headroom` percent of its vCPUs free. 19 of 20 readings are below it.
    2. The maximum reading is at most `burst` percent of its vCPUs. Above 100, the work of that moment takes longer: twice
       as long at 200.
    3. ``memory_max_percent`` leaves `memory_headroom` percent of its memory free, because the kernel kills processes that do not
       fit.
    4. Its disk is at least as large as the droplet's, because disks cannot shrink, and `disk_headroom` percent of it stay
       free. For the current size the full disk counts, even if the droplet does not use all of it.

    The *advised* size is the cheapest that fits, is available in the droplet's region, and has no GPU. Traffic beyond the
    included transfer, with `transfer_headroom` percent left, adds to its price at DigitalOcean's rate. It has dedicated
    vCPUs if the current size has, and premium vCPUs likewise. At equal prices the size of the same family wins, then the
    one that is cheaper without traffic, then the larger by memory, vCPUs and disk.

    The verdicts:

    - ``larger``: the current size does not fit. The advised size may cost more, or there may be none.
    - ``smaller``: it fits, and a cheaper size saves at least `min_saving_usd_month`.
    - ``keep``: it fits, and no size saves as much. GPU droplets and Kubernetes nodes are always kept.
    - ``unknown``: the droplet is not on; or there are less than `min_hours` hours of CPU or memory readings, of which one
      step may be missing; or it was resized after the last readings. That is the case if they have another number of
      vCPUs, more memory than the size, or less than nine tenths of it minus 384 MiB, which a kernel may reserve.

    The saving is the difference of the two prices, minus the cost of traffic that the smaller size no longer includes.
    Traffic is counted for each droplet alone. DigitalOcean pools the allowance of all droplets, so the real saving can be
    higher.

    ``recreate_size`` is the size that would be advised if disks could shrink, if it saves `min_saving_usd_month` more. It
    requires a new droplet and a copy of the files.

    The confidence is ``high``, less one level for each of these: the readings cover less than a week, of which a twentieth
    may be missing; more than a tenth of the time between the first and last reading is missing; readings are more than one
    hour apart, which hides peaks (two levels above six hours); the droplet was resized in that time; its traffic is
    unknown; its disk usage is unknown; its maximum CPU usage exceeds the smaller size. ``low`` is the lowest level.

    Attributes
    ----------
    cpu_headroom, memory_headroom, disk_headroom, transfer_headroom : float
        Percent of the size; from 0 to less than 100.
    burst : float
        Percent of the vCPUs; 100 or more.
    min_hours : float
        Hours that the readings must cover, without gaps.
    min_saving_usd_month : float
        Monthly saving in USD that is worth a restart.
    same_family : bool
        Advise only sizes with the same slug prefix: ``s``, ``g``, ``gd``, ``m3`` ...
    shared_cpu : bool
        Allow shared instead of dedicated vCPUs.
    regular_cpu : bool
        Allow regular instead of premium vCPUs.

    Raises
    ------
    InvalidArgument
        A number is out of range.
    """

    cpu_headroom: float = defaults.CPU_HEADROOM
    memory_headroom: float = defaults.MEMORY_HEADROOM
    disk_headroom: float = defaults.DISK_HEADROOM
    transfer_headroom: float = defaults.TRANSFER_HEADROOM
    burst: float = defaults.BURST
    min_hours: float = defaults.MIN_HOURS
    min_saving_usd_month: float = defaults.MIN_SAVING_USD_MONTH
    same_family: bool = False
    shared_cpu: bool = False
    regular_cpu: bool = False

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name.endswith("headroom") and not 0 <= value < 100:  # noqa: PLR2004  # percent
                raise InvalidArgument(f"{field.name} must be a percentage from 0 to less than 100, not {value:g}.")
        if not self.burst >= 100:  # noqa: PLR2004  # percent
            raise InvalidArgument(f"burst must be a percentage of 100 or more, not {self.burst:g}.")
        for name in ("min_hours", "min_saving_usd_month"):
            if not getattr(self, name) >= 0:
                raise InvalidArgument(f"{name} must be 0 or more, not {getattr(self, name):g}.")


@dataclass(frozen=True, slots=True)
class SizeClasses:
    """The CPU classes of some sizes, by their slugs.

    Attributes
    ----------
    letters : array of str
        The beginning of the slug, which is the family in the narrow sense: ``gd`` is not ``g``.
    dedicated, premium, gpu : array of bool
        Whether the vCPUs are dedicated, whether they are premium, and whether there are GPUs.
    """

    letters: Texts
    dedicated: Flags
    premium: Flags
    gpu: Flags

    @classmethod
    def from_slugs(cls, slugs: Iterable[str], gpus: Numbers) -> SizeClasses:
        """Build the classes from slugs and, where known, the number of GPUs."""
        slugs = [*slugs]
        has_gpus = np.nan_to_num(gpus) > 0
        pairs = [*zip(slugs, has_gpus, strict=True)]
        known = {(slug, gpu): classify_size(slug, gpus=int(gpu)) for slug, gpu in {*pairs}}
        classes = [known[pair] for pair in pairs]
        return cls(
            np.array([slug.partition("-")[0].casefold() for slug in slugs], dtype=object),
            np.array([family != "basic" for family, _ in classes], dtype=bool),
            np.array([generation.startswith("premium") for _, generation in classes], dtype=bool),
            np.array([family == "gpu" for family, _ in classes], dtype=bool),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What some droplets have, use and need, as arrays of one value per droplet.

    Attributes
    ----------
    size, region, status : array of str
        Empty if missing.
    is_node, resized : array of bool
        Whether it is a Kubernetes node; whether it was resized during the window.
    classes : SizeClasses
        Of the current size.
    vcpus, memory, disk, price : array of float
        The current size in MiB and GB, and its monthly price.
    cpu_p95, cpu_max, memory_max, disk_used, outbound : array of float
        The usage in vCPUs, MiB, GB and TB a month; NaN if unknown.
    hours, step_h : array of float
        Time covered by readings, and time between two of them; `step_h` is NaN if unknown.
    last_vcpus, last_memory : array of float
        The size by the last readings, in MiB; NaN if unknown. A kernel reserves some of the memory.
    need_vcpus, need_burst, need_memory, need_disk, need_outbound : array of float
        The usage with the headroom of the rule; `need_burst` are the vCPUs for the maximum reading.
    """

    size: Texts
    region: Texts
    status: Texts
    is_node: Flags
    resized: Flags
    classes: SizeClasses
    vcpus: Numbers
    memory: Numbers
    disk: Numbers
    price: Numbers
    cpu_p95: Numbers
    cpu_max: Numbers
    memory_max: Numbers
    disk_used: Numbers
    outbound: Numbers
    hours: Numbers
    step_h: Numbers
    last_vcpus: Numbers
    last_memory: Numbers
    need_vcpus: Numbers
    need_burst: Numbers
    need_memory: Numbers
    need_disk: Numbers
    need_outbound: Numbers

    @classmethod
    def from_frames(cls, droplets: pd.DataFrame, use: pd.DataFrame, rule: Rule) -> Demand:
        """Build the demand from the droplets and a row of `use` for each: see `align_use`."""
        size, resized = texts(droplets, "size"), flags(use, "resized")
        vcpus, memory = numbers(droplets, "vcpus"), numbers(droplets, "memory")

        def amount(percent_column: str, total: Numbers, absolute_column: str) -> Numbers:
            # After a resize the percentage mixes two sizes. Otherwise it is the better value, because a kernel reserves
            # a part of the memory on any size.
            by_percent = numbers(use, percent_column) / 100 * total
            return np.where(resized | np.isnan(by_percent), numbers(use, absolute_column), by_percent)

        def with_headroom(used: Numbers, headroom: float) -> Numbers:
            return used * 100 / (100 - headroom)

        cpu_p95 = amount("cpu_p95_percent", vcpus, "cpu_p95_vcpus")
        cpu_max = amount("cpu_max_percent", vcpus, "cpu_max_vcpus")
        memory_max = amount("memory_max_percent", memory, "memory_max_mib")
        disk_used, outbound = numbers(use, "disk_used_gb"), numbers(use, "outbound_tb_month")
        return cls(
            size=size,
            region=texts(droplets, "region"),
            status=texts(droplets, "status"),
            is_node=is_kubernetes_node(droplets),
            resized=resized,
            classes=SizeClasses.from_slugs(size, numbers(droplets, "gpu_count")),
            vcpus=vcpus,
            memory=memory,
            disk=numbers(droplets, "disk"),
            price=numbers(droplets, "price_monthly"),
            cpu_p95=cpu_p95,
            cpu_max=cpu_max,
            memory_max=memory_max,
            disk_used=disk_used,
            outbound=outbound,
            hours=np.nan_to_num(numbers(use, "hours")),
            step_h=numbers(use, "step_minutes") / 60,
            last_vcpus=numbers(use, "last_vcpus"),
            last_memory=numbers(use, "last_memory_mib"),
            need_vcpus=with_headroom(cpu_p95, rule.cpu_headroom),
            need_burst=cpu_max * 100 / rule.burst,
            need_memory=with_headroom(memory_max, rule.memory_headroom),
            need_disk=with_headroom(disk_used, rule.disk_headroom),
            need_outbound=with_headroom(outbound, rule.transfer_headroom),
        )

    @property
    def has_readings(self) -> Flags:
        """Whether there are readings of both CPU and memory."""
        return ~np.isnan(self.cpu_p95) & ~np.isnan(self.cpu_max) & ~np.isnan(self.memory_max)

    @property
    def is_outdated(self) -> Flags:
        """Whether the last readings are of another size, so that their percentages do not apply to this one."""
        other_size = np.abs(self.last_vcpus - self.vcpus) > np.maximum(
            _VCPU_TOLERANCE, _VCPU_TOLERANCE_SHARE * self.vcpus
        )
        other_size |= self.last_memory > _MAX_MEMORY_SHARE * self.memory
        return other_size | (self.last_memory < _MIN_MEMORY_SHARE * self.memory - _CRASH_KERNEL_MIB)

    def covers(self, hours: float) -> Flags:
        """Return whether the readings cover some hours; the step before the first reading counts as covered."""
        return self.hours + np.nan_to_num(self.step_h) >= hours


def align_use(droplets: pd.DataFrame, use: pd.DataFrame) -> pd.DataFrame:
    """Return a row of `use` for each droplet, in their order, with missing values for droplets that have none."""
    keys = use["droplet_id"].astype("Int64")
    return use.set_index(pd.Index(keys)).reindex(pd.Index(droplets["id"].astype("Int64")))
