"""When a size holds what a droplet does, with the numbers that a user may change: what the advice of `rightsizing` means."""

from __future__ import annotations

from dataclasses import dataclass, fields

from poseidon_nb.errors import InvalidArgument

_WHOLE = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a size holds what a droplet does, and when there is enough to go by.

    A size *holds* a droplet when all of this is so:

    1. Its vCPUs have `cpu_headroom` percent left at the droplet's ``cpu_p95_percent``, which nineteen of twenty
       readings stay below.
    2. The busiest reading asks for no more than `burst` percent of its vCPUs. Above 100 the work of that moment takes
       longer: twice as long at 200.
    3. Its memory has `memory_headroom` percent left at the fullest reading: what does not fit is killed.
    4. Its disk is not smaller than the droplet's, for no disk shrinks, and has `disk_headroom` percent left. Of the present
       size all of the disk counts, also what the droplet has not taken of it.

    The *advised* size is the cheapest that holds the droplet, is available and sold in the droplet's region, and has no
    GPU. Traffic beyond what a size includes, with `transfer_headroom` percent left, is added to its price at what
    DigitalOcean takes for it. It has dedicated vCPUs if the present size has, and premium ones likewise. Of two that
    cost the same, the one whose slug begins like the present one's is taken; else the one that costs less without traffic;
    else the larger: by memory, vCPUs, disk.

    The verdicts:

    - ``larger``: the present size does not hold the droplet. The advised one may cost more, or there is none.
    - ``smaller``: it does, and a size of a lower price saves `least_saving_usd_month` at least.
    - ``keep``: it does, and none saves so much. GPU droplets and nodes of Kubernetes are kept unjudged.
    - ``unknown``: the droplet is not on, or CPU or memory were read for less than `least_hours` hours, of which one step
      between two readings may be missing; or the last readings are of another size, so that it was resized since. They
      are where they tell another number of vCPUs, more memory, or less than nine tenths of it without 384 MiB: so much a
      kernel may keep.

    What a resize would save is the difference of the two prices, less the traffic that the smaller one no longer
    includes. Traffic is counted for the droplet alone, while DigitalOcean pools what all droplets of the account include,
    so it may save more.

    ``anew_size`` is what would be advised if disks could shrink, where that saves so much more: for a droplet that is made
    anew with its files brought over.

    How sure: ``high``, less one step for each of these: the readings cover less than a week, of which a twentieth may be
    missing; more than a tenth of the time between the first and the last is missing; the readings are more than an hour
    apart, which hides peaks, and two steps if more than six hours; the droplet was resized in between; its traffic is not
    known; what is on its disk is not known; its busiest moment asks for more than the smaller size has. Below ``low``
    there is nothing.

    Attributes
    ----------
    cpu_headroom, memory_headroom, disk_headroom, transfer_headroom : float
        Percent of what the size has; from 0 to less than 100.
    burst : float
        Percent of the vCPUs; 100 or more.
    least_hours : float
        Hours that the readings have to cover, gaps not counted.
    least_saving_usd_month : float
        USD a month for which a resize is worth its restart.
    same_family : bool
        Only sizes whose slugs begin alike: ``s``, ``g``, ``gd``, ``m3`` ...
    shared_cpu : bool
        Dedicated vCPUs may become shared ones.
    regular_cpu : bool
        Premium vCPUs may become regular ones.

    Raises
    ------
    InvalidArgument
        A number is out of its bounds.
    """

    cpu_headroom: float = 30.0
    memory_headroom: float = 20.0
    disk_headroom: float = 10.0
    transfer_headroom: float = 10.0
    burst: float = 200.0
    least_hours: float = 72.0
    least_saving_usd_month: float = 1.0
    same_family: bool = False
    shared_cpu: bool = False
    regular_cpu: bool = False

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if one.name.endswith("headroom") and not 0 <= value < _WHOLE:
                raise InvalidArgument(f"{one.name} is a percentage from 0 to less than 100, not {value:g}")
        if not self.burst >= _WHOLE:
            raise InvalidArgument(f"burst is a percentage of 100 or more, not {self.burst:g}")
        for name in ("least_hours", "least_saving_usd_month"):
            if not getattr(self, name) >= 0:
                raise InvalidArgument(f"{name} is 0 or more, not {getattr(self, name):g}")
