"""What droplets have, what they use of it, and what a size needs to hold that: arrays of a value for each droplet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from poseidon_nb.analysis.columns import flags, numbers, texts
from poseidon_nb.analysis.droplet_kinds import nodes
from poseidon_nb.analysis.rightsizing.holding import Processors

if TYPE_CHECKING:
    from poseidon_nb.analysis.columns import Flags, Numbers, Texts
    from poseidon_nb.analysis.rightsizing.rule import Rule


#: What the last readings say of a size may differ from it by so much. Of vCPUs: by what is rounded, and by how evenly
#: clocks go. No kernel tells more memory than there is. It tells less by what it keeps: 3.3% in the sandbox, a third of a
#: GiB where it has put some aside for a dump of its own. The next smaller size has half the memory, mostly.
_VCPUS_OFF, _VCPUS_OFF_SHARE = 0.5, 0.05
_MEMORY_OVER, _MEMORY_LEAST, _DUMP_MIB = 1.03, 0.9, 384.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What is known of some droplets before anything is judged, in their order.

    Attributes
    ----------
    size, region, status : array of str
        Empty where the frame does not say.
    node, resized : array of bool
        Whether it is a node of Kubernetes; whether it was resized while it was read.
    processors : Processors
        Of the present size.
    vcpus, memory, disk, price : array of float
        What it has, in MiB and GB, and costs a month.
    cpu_p95, cpu_max, memory_max, disk_used, outbound : array of float
        What it uses, in vCPUs, MiB, GB and TB a month; NaN where that was not read.
    hours, step_h : array of float
        What the readings cover, and the time between two of them; the latter NaN where it is not known.
    last_vcpus, last_memory : array of float
        What the last readings say that it has, in MiB; NaN where they do not. A kernel keeps some of the memory.
    need_vcpus, need_burst, need_memory, need_disk, need_outbound : array of float
        The same with the headroom that the rule wants; the busiest moment is `need_burst`.
    """

    size: Texts
    region: Texts
    status: Texts
    node: Flags
    resized: Flags
    processors: Processors
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
    def of(cls, droplets: pd.DataFrame, use: pd.DataFrame, rule: Rule) -> Demand:
        """Find it, from the frame of droplets and a row of `use` for each: see `use_of_each`."""
        size, resized = texts(droplets, "size"), flags(use, "resized")
        vcpus, memory = numbers(droplets, "vcpus"), numbers(droplets, "memory")

        def known(share: str, whole: Numbers, absolute: str) -> Numbers:
            # A share is one of two sizes, if there were two. Else it says more: of a size's memory a kernel keeps some
            # for itself, on another size too.
            read = numbers(use, absolute)
            reckoned = numbers(use, share) / 100 * whole
            return np.where(resized | np.isnan(reckoned), read, reckoned)

        def with_room(used: Numbers, headroom: float) -> Numbers:
            return used * 100 / (100 - headroom)

        cpu_p95 = known("cpu_p95_percent", vcpus, "cpu_p95_vcpus")
        cpu_max = known("cpu_max_percent", vcpus, "cpu_max_vcpus")
        memory_max = known("memory_max_percent", memory, "memory_max_mib")
        disk_used, outbound = numbers(use, "disk_used_gb"), numbers(use, "outbound_tb_month")
        return cls(
            size=size,
            region=texts(droplets, "region"),
            status=texts(droplets, "status"),
            node=nodes(droplets),
            resized=resized,
            processors=Processors.of(size, numbers(droplets, "gpu_count")),
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
            need_vcpus=with_room(cpu_p95, rule.cpu_headroom),
            need_burst=cpu_max * 100 / rule.burst,
            need_memory=with_room(memory_max, rule.memory_headroom),
            need_disk=with_room(disk_used, rule.disk_headroom),
            need_outbound=with_room(outbound, rule.transfer_headroom),
        )

    @property
    def read(self) -> Flags:
        """Where both CPU and memory were read."""
        return ~np.isnan(self.cpu_p95) & ~np.isnan(self.cpu_max) & ~np.isnan(self.memory_max)

    @property
    def outdated(self) -> Flags:
        """Where the last readings are of another size: their shares must not be taken for those of this one."""
        of_other = np.abs(self.last_vcpus - self.vcpus) > np.maximum(_VCPUS_OFF, _VCPUS_OFF_SHARE * self.vcpus)
        of_other |= self.last_memory > _MEMORY_OVER * self.memory
        return of_other | (self.last_memory < _MEMORY_LEAST * self.memory - _DUMP_MIB)

    def covers(self, hours: float) -> Flags:
        """Say where the readings cover so many hours; of a window as long, the step before the first is not read."""
        return self.hours + np.nan_to_num(self.step_h) >= hours


def use_of_each(droplets: pd.DataFrame, use: pd.DataFrame) -> pd.DataFrame:
    """Give a row of `use` for each droplet, in their order: nothing but missing values where it has none."""
    keys = use["droplet_id"].astype("Int64")
    return use.set_index(pd.Index(keys)).reindex(pd.Index(droplets["id"].astype("Int64")))
