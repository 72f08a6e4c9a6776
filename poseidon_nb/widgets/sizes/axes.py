"""What sizes can be drawn against and bounded by, and round steps between two numbers. Pure.

What each is called, and where it has ticks, is that of all pictures of sizes (`poseidon_nb.plots.labels`).
"""

from __future__ import annotations

from poseidon_nb.plots.labels import is_price

AXES = (
    *("vcpus", "memory_gib", "disk", "transfer", "gpu_vram", "price_monthly", "price_hourly"),
    *("price_per_vcpu", "price_per_memory_gib", "price_per_disk_gb", "price_per_transfer_tb"),
)
#: What can be bounded, and the steps in which.
RANGES = ("vcpus", "memory_gib", "price_monthly")


def better(column: str) -> int:
    """Give 1 where more is better, and -1 where less is."""
    return -1 if is_price(column) else 1


def one_two_five(most: float) -> list[float]:
    """Give round steps from 1 to the first that is no less: 1, 2, 5, 10, 20 and so on."""
    steps, power = [], 1.0
    while True:
        for step in (power, 2 * power, 5 * power):
            steps.append(step)
            if step >= most:
                return steps
        power *= 10
