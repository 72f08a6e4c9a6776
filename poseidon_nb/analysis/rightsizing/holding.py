"""Which of the sizes that are sold hold what a droplet needs, and which of those costs least.

All droplets against all sizes at once, as arrays: rows are droplets, columns are sizes. What a
droplet needs is found by `demand`, and which sizes it may have at all by `judging`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from poseidon_nb.analysis.columns import flags, lists, numbers, texts
from poseidon_nb.analysis.size_classes import class_of
from poseidon_nb.catalogue.prices import TRANSFER_GIB, TRANSFER_GIB_PER_TB

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt
    import pandas as pd

    from poseidon_nb.analysis.columns import Flags, Numbers, Texts

#: What rounding may make of an exact fit.
_EXACT = 1 + 1e-9
#: The traffic of a month is reckoned in decimal TB; what a size includes, in GiB.
_GIB_OF_DECIMAL_TB = 1e12 / (1 << 30)
#: Of the key by which sizes are compared: no droplet costs so many cents.
_NOT_FOR_SALE = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Processors:
    """What kind of processors sizes have, by their slugs.

    Attributes
    ----------
    letters : array of str
        What the slug begins with, which is the family in the narrow sense: ``gd`` is not ``g``.
    dedicated, premium, gpu : array of bool
        Whether the vCPUs are the droplet's own; whether they are of the newest kind; whether there are GPUs.
    """

    letters: Texts
    dedicated: Flags
    premium: Flags
    gpu: Flags

    @classmethod
    def of(cls, slugs: Iterable[str], gpus: Numbers) -> Processors:
        """Give what the slugs, and the number of GPUs where it is known, say."""
        words = [*slugs]
        has = np.nan_to_num(gpus) > 0
        known = {(word, gpu): class_of(word, gpus=int(gpu)) for word, gpu in {*zip(words, has, strict=True)}}
        classes = [known[word, gpu] for word, gpu in zip(words, has, strict=True)]
        return cls(
            np.array([word.partition("-")[0].casefold() for word in words], dtype=object),
            np.array([family != "basic" for family, _ in classes], dtype=bool),
            np.array([generation.startswith("premium") for _, generation in classes], dtype=bool),
            np.array([family == "gpu" for family, _ in classes], dtype=bool),
        )


@dataclass(frozen=True, slots=True)
class Needs:
    """What each droplet needs of a size; the headroom is in it.

    Attributes
    ----------
    vcpus, memory, disk : array of float
        At least so many vCPUs, MiB and GB.
    outbound : array of float
        TB a month; NaN where it is not known.
    regions : array of str
        Where the size has to be sold.
    below_usd_month : array of float
        What the size has to cost less than; infinite where it may cost more than now.
    """

    vcpus: Numbers
    memory: Numbers
    disk: Numbers
    outbound: Numbers
    regions: Texts
    below_usd_month: Numbers


class Sold:
    """The sizes there are, cheapest first; of equal prices the larger first.

    Parameters
    ----------
    sizes : pandas.DataFrame
        The frame of sizes.

    Attributes
    ----------
    slugs : array of str
    vcpus, memory, disk, transfer, prices : array of float
        In MiB, GB, TB of 1,000 GiB a month, and USD a month; NaN where the frame does not say.
    processors : Processors
    """

    def __init__(self, sizes: pd.DataFrame) -> None:
        columns = {name: numbers(sizes, name) for name in ("price_monthly", "memory", "vcpus", "disk", "transfer")}
        order = np.lexsort(
            (
                texts(sizes, "slug").astype(str),
                *(-columns[name] for name in ("disk", "vcpus", "memory")),
                columns["price_monthly"],
            )
        )
        ordered = sizes.iloc[order]
        self.slugs = texts(ordered, "slug")
        self.prices, self.memory, self.vcpus, self.disk, self.transfer = (column[order] for column in columns.values())
        self.processors = Processors.of(self.slugs, numbers(ordered, "gpu_count"))
        self._regions = lists(ordered, "regions")
        complete = np.logical_and.reduce([~np.isnan(column[order]) for column in columns.values()])
        self._offered = flags(ordered, "available") & complete

    def places(self, slugs: Iterable[str]) -> npt.NDArray[np.int64]:
        """Give the place of each slug among the sizes; -1 for one that is not there."""
        known = {slug: place for place, slug in enumerate(self.slugs)}
        return np.array([known.get(slug, -1) for slug in slugs], dtype=np.int64)

    def at(self, values: npt.NDArray[Any], places: npt.NDArray[np.int64]) -> Numbers:
        """Give the value of the size at each place, NaN for those that are not there."""
        if not len(values):
            return np.full(len(places), np.nan)
        return np.where(places >= 0, values[places].astype(np.float64), np.nan)

    def in_regions(self, regions: Texts) -> Flags:
        """Say which sizes the region of each droplet sells now."""
        every = {
            region: np.array([region in there for there in self._regions], dtype=bool) & self._offered
            for region in dict.fromkeys(regions)
        }
        return np.array([every[region] for region in regions], dtype=bool).reshape(len(regions), len(self.slugs))

    def choose(self, needs: Needs, allowed: Flags, preferred: Flags) -> npt.NDArray[np.int64]:
        """Give the place of the cheapest size that holds what each droplet needs; -1 where none does.

        Parameters
        ----------
        needs : Needs
        allowed, preferred : array of bool
            Which sizes are out of the question for which droplet, and which is taken where two cost the same.
        """
        if not len(self.slugs):
            return np.full(len(needs.vcpus), -1, dtype=np.int64)
        holds = allowed & self.in_regions(needs.regions) & (self.prices < needs.below_usd_month[:, None])
        for capacity, need in ((self.vcpus, needs.vcpus), (self.memory, needs.memory), (self.disk, needs.disk)):
            holds &= capacity * _EXACT >= need[:, None]
        cents = np.rint(100 * (np.nan_to_num(self.prices) + overage_usd(needs.outbound[:, None], self.transfer)))
        key = np.where(holds, 2 * cents.astype(np.int64) + ~preferred, _NOT_FOR_SALE)
        return np.where(holds.any(axis=1), key.argmin(axis=1), -1)


def overage_usd(outbound: Numbers, allowance: Numbers) -> Numbers:
    """Give what the traffic of a month costs beyond what a size includes, in USD; nothing where one is not known.

    Both in TB, as they are served: the one is decimal, the other is of 1,000 GiB.
    """
    beyond = outbound * _GIB_OF_DECIMAL_TB - allowance * TRANSFER_GIB_PER_TB
    return TRANSFER_GIB.usd * np.nan_to_num(np.maximum(beyond, 0.0))


def enough(capacity: Numbers, need: Numbers) -> Flags:
    """Say where there is as much as is needed; what is not known is taken to be enough."""
    return ~(need > capacity * _EXACT)
