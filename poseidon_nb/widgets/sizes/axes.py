"""What sizes can be drawn against and bounded by, and round steps between two numbers. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Axis:
    """What can be drawn against something else.

    Parameters
    ----------
    label : str
        With the unit.
    better : int
        1 where more is better, -1 where less is.
    """

    label: str
    better: int

    @property
    def is_money(self) -> bool:
        """Whether it is in US dollars."""
        return self.better < 0


AXES = {
    "vcpus": Axis("vCPUs", 1),
    "memory_gib": Axis("memory (GiB)", 1),
    "disk": Axis("disk (GB)", 1),
    "transfer": Axis("outbound traffic included (TB a month)", 1),
    "gpu_vram": Axis("graphics memory (GiB)", 1),
    "price_monthly": Axis("price (USD a month)", -1),
    "price_hourly": Axis("price (USD an hour)", -1),
    "price_per_vcpu": Axis("price of a vCPU (USD a month)", -1),
    "price_per_memory_gib": Axis("price of a GiB of memory (USD a month)", -1),
    "price_per_disk_gb": Axis("price of a GB of disk (USD a month)", -1),
    "price_per_transfer_tb": Axis("price of a TB of traffic (USD a month)", -1),
}
#: What can be bounded, and the steps in which.
RANGES = ("vcpus", "memory_gib", "price_monthly")


def one_two_five(most: float) -> list[float]:
    """Give round steps from 1 to the first that is no less: 1, 2, 5, 10, 20 and so on."""
    steps, power = [], 1.0
    while True:
        for step in (power, 2 * power, 5 * power):
            steps.append(step)
            if step >= most:
                return steps
        power *= 10
