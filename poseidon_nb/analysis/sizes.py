"""Which size, and where: what each is worth, which are beaten by none, which is the cheapest that will do, who sells it.

Frames of sizes and regions are ``client.sizes.frame()`` and ``client.regions.frame()``, or your own with such columns.
What `unit_prices`, `on_sale` and `frontier` give can be handed in as sizes again. A size is *on sale* in a region when it
is available and lists the region; when the frame of regions is handed in as `datacenters`, the region must also be open.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from poseidon_nb.analysis.columns import flags, lists, numbers
from poseidon_nb.analysis.regions import closed_regions, regions_meant, still_open, with_feature
from poseidon_nb.analysis.size_classes import class_of, classes_meant
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.findings.sizes import AREAS, FAMILIES, GENERATIONS, OTHER
from poseidon_nb.frames.validation import build_derived, require_columns

if TYPE_CHECKING:
    from collections.abc import Iterable

    Words = str | Iterable[str]

__all__ = [
    "AREAS",
    "FAMILIES",
    "GENERATIONS",
    "availability",
    "cheapest",
    "frontier",
    "on_sale",
    "unit_prices",
    "with_feature",
]

#: Without these nothing can be said of a size.
_NEEDED = ("slug", "memory", "vcpus", "disk", "transfer", "price_monthly", "available", "regions")
#: Of which more is better. What is cheaper is better too.
_GOODS = ("vcpus", "memory", "disk", "transfer", "gpu_count", "gpu_vram")
_MIB_IN_GIB = 1024


def unit_prices(sizes: pd.DataFrame) -> pd.DataFrame:
    """Give what each size costs a month for each unit of what it has, with its family and generation.

    Parameters
    ----------
    sizes : pandas.DataFrame
        All are kept, those that are no longer available too.

    Returns
    -------
    pandas.DataFrame
        Table ``size_prices``, in the order of `sizes`. A price for each unit of what a size has none of is missing.

    Notes
    -----
    The rule for family and generation stands in `poseidon_nb.analysis.size_classes`.
    """
    sizes = require_columns(sizes, _NEEDED, "sizes")
    frame = sizes.reset_index(drop=True).copy()
    for name in ("description", "gpu_model", "price_hourly", "gpu_count", "gpu_vram"):
        if name not in frame:
            frame[name] = pd.NA
    for name in ("gpu_count", "gpu_vram"):
        frame[name] = pd.to_numeric(frame[name]).astype("Int64").fillna(0)
    words = frame[["slug", "description", "gpu_model"]].astype("string").fillna("")
    classes = [
        class_of(slug, description, model, gpus)
        for slug, description, model, gpus in zip(
            words["slug"], words["description"], words["gpu_model"], frame["gpu_count"], strict=True
        )
    ]
    frame["family"] = [family for family, _ in classes]
    frame["generation"] = pd.array([generation or pd.NA for _, generation in classes], dtype="string")
    frame["memory_gib"] = numbers(frame, "memory") / _MIB_IN_GIB
    price = numbers(frame, "price_monthly")
    for name, per in (
        ("price_per_vcpu", "vcpus"),
        ("price_per_memory_gib", "memory_gib"),
        ("price_per_disk_gb", "disk"),
        ("price_per_transfer_tb", "transfer"),
        ("price_per_gpu", "gpu_count"),
    ):
        amount = numbers(frame, per)
        frame[name] = price / np.where(amount > 0, amount, np.nan)
    return build_derived("size_prices", frame)


def on_sale(
    sizes: pd.DataFrame,
    *,
    regions: Words | None = None,
    family: Words | None = None,
    generation: Words | None = None,
    datacenters: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Give the sizes that can be had now in any of some regions, cheapest first, and say in which.

    Parameters
    ----------
    sizes : pandas.DataFrame
    regions : str or iterable of str, optional
        Slugs, cities (``nyc``), or parts of the world (``europe``). A size counts that **any** of them sells; one that
        all of them sell has all in ``sold_in``. By default all regions.
    family, generation : str or iterable of str, optional
        Only these: ``"cpu-optimized"`` or short ``"cpu"``; ``"premium-amd"``, ``"premium"``.
    datacenters : pandas.DataFrame, optional
        The frame of regions. With it a closed region sells nothing; without it a region that a size lists counts as open.

    Returns
    -------
    pandas.DataFrame
        Table ``sizes_on_sale``. Of equal prices the larger comes first: by memory, processors, disk, traffic, slug.
        A size without a price is not in it.

    Raises
    ------
    InvalidArgument
        A region, family or generation is unknown, or all regions that were named are closed.
    """
    frame = unit_prices(sizes)
    if datacenters is not None:
        datacenters = require_columns(datacenters, ("slug", "available"), "regions")
    wanted = _slugs(frame, regions, datacenters)
    closed = closed_regions(datacenters) if datacenters is not None else set()
    wanted = [one for one in wanted if one not in closed] if regions is None else still_open(wanted, closed)
    frame["sold_in"] = [[one for one in wanted if one in listed] for listed in lists(frame, "regions")]
    keep = flags(frame, "available") & frame["price_monthly"].notna()
    keep &= frame["sold_in"].map(bool).astype(bool)
    keep &= _of_class(frame, family, generation)
    by = ["price_monthly", "memory", "vcpus", "disk", "transfer", "slug"]
    return build_derived(
        "sizes_on_sale", frame.loc[keep].sort_values(by, ascending=[True, False, False, False, False, True])
    )


def cheapest(  # noqa: PLR0913  # every wish is a keyword
    sizes: pd.DataFrame,
    *,
    vcpus: float = 0,
    memory_gib: float = 0,
    disk_gb: float = 0,
    transfer_tb: float = 0,
    gpus: float = 0,
    gpu_vram_gib: float = 0,
    regions: Words | None = None,
    family: Words | None = None,
    generation: Words | None = None,
    datacenters: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Give the sizes that have at least what is wished for, cheapest first.

    Parameters
    ----------
    sizes : pandas.DataFrame
    vcpus, memory_gib, disk_gb, transfer_tb, gpus, gpu_vram_gib : float
        The least of each; memory in GiB, disk in GB, traffic in TB a month, graphics memory in GiB for all processors.
    regions, family, generation, datacenters
        As in `on_sale`: sold in **any** of the regions, and ``sold_in`` says in which.

    Returns
    -------
    pandas.DataFrame
        Table ``sizes_on_sale``, ordered as by `on_sale`; empty when no size has it all.

    Raises
    ------
    InvalidArgument
        A region, family or generation is unknown, or a wish is no amount.
    """
    frame = on_sale(sizes, regions=regions, family=family, generation=generation, datacenters=datacenters)
    wishes = (
        ("vcpus", vcpus, "vcpus"),
        ("memory_gib", memory_gib, "memory_gib"),
        ("disk_gb", disk_gb, "disk"),
        ("transfer_tb", transfer_tb, "transfer"),
        ("gpus", gpus, "gpu_count"),
        ("gpu_vram_gib", gpu_vram_gib, "gpu_vram"),
    )
    keep = np.ones(len(frame), dtype=bool)
    for wish, least, column in wishes:
        if not math.isfinite(least) or least < 0:
            raise InvalidArgument(f"{wish} takes an amount, 0 or more, not {least:g}")
        if least > 0:
            # What is not known is not promised.
            keep &= np.nan_to_num(numbers(frame, column)) >= least
    return build_derived("sizes_on_sale", frame[keep])


def frontier(
    sizes: pd.DataFrame,
    *,
    regions: Words | None = None,
    family: Words | None = None,
    generation: Words | None = None,
    datacenters: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Give the sizes on sale that no other beats on everything.

    Parameters
    ----------
    sizes : pandas.DataFrame
    regions, family, generation, datacenters
        As in `on_sale`; what is not on sale there beats nothing.

    Returns
    -------
    pandas.DataFrame
        Table ``sizes_on_sale``, ordered as by `on_sale`.

    Notes
    -----
    One size beats another when it costs no more, has no less of anything (processors, memory, disk, traffic, graphics
    processors and their memory), and is better in one of these at least. Two that are equal in all do not beat each other,
    so both stay. Processors are counted, not weighed: a premium or dedicated one, or another graphics model, is as good
    as any other. Compare within one kind by `family` and `generation`. In several regions at once a size may be beaten by
    one that another of them sells.
    """
    frame = on_sale(sizes, regions=regions, family=family, generation=generation, datacenters=datacenters)
    facts = [-frame["price_monthly"].to_numpy()]
    facts += [np.nan_to_num(numbers(frame, good)) for good in _GOODS]
    no_less = np.ones((len(frame), len(frame)), dtype=bool)
    better = np.zeros_like(no_less)
    for fact in facts:
        no_less &= fact[:, None] >= fact[None, :]
        better |= fact[:, None] > fact[None, :]
    beaten = pd.Series((no_less & better).any(axis=0), index=frame.index)
    return build_derived("sizes_on_sale", frame.loc[~beaten])


def availability(
    sizes: pd.DataFrame,
    regions: pd.DataFrame,
    *,
    only: Words | None = None,
    family: Words | None = None,
    generation: Words | None = None,
) -> pd.DataFrame:
    """Give which region sells which size now.

    Parameters
    ----------
    sizes, regions : pandas.DataFrame
        What a region sells is read from the sizes' lists.
    only : str or iterable of str, optional
        Only these regions: slugs, cities, or parts of the world.
    family, generation : str or iterable of str, optional
        Only these sizes, as in `on_sale`.

    Returns
    -------
    pandas.DataFrame
        A row for each region, with ``region``, ``name`` and ``available`` (false for one that is closed, which sells
        nothing), and a ``boolean`` column for each size, called by its slug. A region that only the sizes know has
        neither a name nor a value in ``available``, and counts as open.

    Raises
    ------
    InvalidArgument
        A region, family or generation is unknown.
    """
    sizes = require_columns(sizes, ("slug", "available", "regions"), "sizes")
    regions = require_columns(regions, ("slug", "name", "available"), "regions")
    if family is not None or generation is not None:
        prices = unit_prices(sizes)
        sizes = prices[_of_class(prices, family, generation)]
    listed = {
        str(slug): sold if available else []
        for slug, available, sold in zip(sizes["slug"], flags(sizes, "available"), lists(sizes, "regions"), strict=True)
    }
    known = [str(slug) for slug in regions["slug"]]
    unknown = sorted({one for sold in listed.values() for one in sold} - {*known})
    slugs, closed = [*known, *unknown], closed_regions(regions)
    more = [pd.NA] * len(unknown)
    columns: dict[str, Any] = {
        "region": pd.array(slugs, dtype="string"),
        "name": pd.array([*regions["name"], *more], dtype="string"),
        "available": pd.array([*regions["available"], *more], dtype="boolean"),
    }
    for slug, sold in listed.items():
        columns[slug] = pd.array([one in sold and one not in closed for one in slugs], dtype="boolean")
    matrix = pd.DataFrame(columns)
    if only is None or not slugs:
        return matrix
    return matrix[matrix["region"].isin(regions_meant(only, slugs))].reset_index(drop=True)


def _slugs(frame: pd.DataFrame, regions: Words | None, datacenters: pd.DataFrame | None) -> list[str]:
    """Give the slugs that are asked about."""
    known = {str(one) for listed in lists(frame, "regions") for one in listed}
    ordered = sorted(known)
    if datacenters is not None:
        ordered = [*datacenters["slug"].dropna(), *sorted(known - {*datacenters["slug"]})]
    if regions is None or not ordered:
        # Where no region is known, none can be told from a mistake.
        return ordered
    return regions_meant(regions, ordered)


def _of_class(frame: pd.DataFrame, family: Words | None, generation: Words | None) -> pd.Series[bool]:
    keep = pd.Series(data=True, index=frame.index, dtype=bool)
    if family is not None:
        keep &= frame["family"].isin(classes_meant(family, (*FAMILIES.values(), OTHER), "family"))
    if generation is not None:
        known = (*GENERATIONS, *frame["generation"].dropna().unique())
        keep &= frame["generation"].isin(classes_meant(generation, known, "generation"))
    return keep
