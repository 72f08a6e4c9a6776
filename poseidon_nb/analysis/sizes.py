"""Which size, and where: unit prices, available sizes, the cheapest that fits, the price frontier, availability by region.

The frames of sizes and regions are ``client.sizes.frame()`` and ``client.regions.frame()``, or your own with these
columns. The results of `unit_prices`, `available` and `frontier` are valid input as sizes. A size is *available* in a
region if its ``available`` is true and its ``regions`` list the region. If the frame of regions is passed as
`regions_frame`, the region must also be open.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from poseidon_nb.analysis.classification import classify_size, match_classes, match_regions
from poseidon_nb.analysis.inputs import flags, lists, numbers
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.tables.pricing import AREAS, FAMILIES, GENERATIONS, OTHER
from poseidon_nb.frames.validation import build_derived, require_columns
from poseidon_nb.text import expected_one_of, join_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    Words = str | Iterable[str]

__all__ = [
    "AREAS",
    "FAMILIES",
    "GENERATIONS",
    "availability",
    "available",
    "cheapest",
    "frontier",
    "unit_prices",
    "with_feature",
]

_REQUIRED = ("slug", "memory", "vcpus", "disk", "transfer", "price_monthly", "available", "regions")
#: Columns in which more is better.
_CAPACITIES = ("vcpus", "memory", "disk", "transfer", "gpu_count", "gpu_vram")
_MIB_PER_GIB = 1024


def unit_prices(sizes: pd.DataFrame) -> pd.DataFrame:
    """Return the price of each size per unit of its resources, with its family and generation.

    Parameters
    ----------
    sizes : pandas.DataFrame
        Sizes that are no longer available are kept.

    Returns
    -------
    pandas.DataFrame
        Table ``size_prices``, in the order of `sizes`. A price per unit is missing if the size has none of that unit.

    Notes
    -----
    `poseidon_nb.analysis.classification` describes the rule for family and generation.
    """
    sizes = require_columns(sizes, _REQUIRED, "sizes")
    frame = sizes.reset_index(drop=True).copy()
    for name in ("description", "gpu_model", "price_hourly", "gpu_count", "gpu_vram"):
        if name not in frame:
            frame[name] = pd.NA
    for name in ("gpu_count", "gpu_vram"):
        frame[name] = pd.to_numeric(frame[name]).astype("Int64").fillna(0)
    words = frame[["slug", "description", "gpu_model"]].astype("string").fillna("")
    classes = [
        classify_size(slug, description, model, gpus)
        for slug, description, model, gpus in zip(
            words["slug"], words["description"], words["gpu_model"], frame["gpu_count"], strict=True
        )
    ]
    frame["family"] = [family for family, _ in classes]
    frame["generation"] = pd.array([generation or pd.NA for _, generation in classes], dtype="string")
    frame["memory_gib"] = numbers(frame, "memory") / _MIB_PER_GIB
    price = numbers(frame, "price_monthly")
    for name, unit in (
        ("price_per_vcpu", "vcpus"),
        ("price_per_memory_gib", "memory_gib"),
        ("price_per_disk_gb", "disk"),
        ("price_per_transfer_tb", "transfer"),
        ("price_per_gpu", "gpu_count"),
    ):
        amount = numbers(frame, unit)
        frame[name] = price / np.where(amount > 0, amount, np.nan)
    return build_derived("size_prices", frame)


def available(
    sizes: pd.DataFrame,
    *,
    regions: Words | None = None,
    family: Words | None = None,
    generation: Words | None = None,
    regions_frame: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the sizes that are available now in any of some regions, cheapest first.

    Parameters
    ----------
    sizes : pandas.DataFrame
    regions : str or iterable of str, optional
        Slugs, cities (``nyc``) or areas (``europe``). A size is included if **any** of them offers it; ``available_in``
        lists the regions that do. By default all regions.
    family, generation : str or iterable of str, optional
        Only these, for example ``"cpu-optimized"`` or ``"cpu"``; ``"premium-amd"`` or ``"premium"``.
    regions_frame : pandas.DataFrame, optional
        The frame of regions, to exclude closed regions. Without it every region that a size lists counts as open.

    Returns
    -------
    pandas.DataFrame
        Table ``available_sizes``, ordered as by `sort_by_price`. Sizes without a price are not included.

    Raises
    ------
    InvalidArgument
        A region, family or generation is unknown, or all requested regions are closed.
    """
    frame = unit_prices(sizes)
    if regions_frame is not None:
        regions_frame = require_columns(regions_frame, ("slug", "available"), "regions")
    requested = _requested_regions(frame, regions, regions_frame)
    closed = closed_regions(regions_frame) if regions_frame is not None else set()
    requested = (
        [slug for slug in requested if slug not in closed] if regions is None else open_regions(requested, closed)
    )
    frame["available_in"] = [[slug for slug in requested if slug in listed] for listed in lists(frame, "regions")]
    keep = flags(frame, "available") & frame["price_monthly"].notna()
    keep &= frame["available_in"].map(bool).astype(bool)
    keep &= _matches_class(frame, family, generation)
    return build_derived("available_sizes", sort_by_price(frame.loc[keep]))


def sort_by_price(sizes: pd.DataFrame) -> pd.DataFrame:
    """Return sizes cheapest first; at equal prices the larger first, by memory, vCPUs, disk and transfer, then by slug."""
    by = ["price_monthly", "memory", "vcpus", "disk", "transfer", "slug"]
    return sizes.sort_values(by, ascending=[True, False, False, False, False, True], ignore_index=True)


def cheapest(  # noqa: PLR0913  # a keyword for each requirement
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
    regions_frame: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the available sizes that meet some minimum requirements, cheapest first.

    Parameters
    ----------
    sizes : pandas.DataFrame
    vcpus, memory_gib, disk_gb, transfer_tb, gpus, gpu_vram_gib : float
        Minimums: memory in GiB, disk in GB, transfer in TB a month, memory of all GPUs together in GiB.
    regions, family, generation, regions_frame
        As in `available`.

    Returns
    -------
    pandas.DataFrame
        Table ``available_sizes``, ordered as by `available`; empty if no size meets all requirements.

    Raises
    ------
    InvalidArgument
        A region, family or generation is unknown, or a minimum is negative or not finite.
    """
    frame = available(sizes, regions=regions, family=family, generation=generation, regions_frame=regions_frame)
    requirements = (
        ("vcpus", vcpus, "vcpus"),
        ("memory_gib", memory_gib, "memory_gib"),
        ("disk_gb", disk_gb, "disk"),
        ("transfer_tb", transfer_tb, "transfer"),
        ("gpus", gpus, "gpu_count"),
        ("gpu_vram_gib", gpu_vram_gib, "gpu_vram"),
    )
    keep = np.ones(len(frame), dtype=bool)
    for name, minimum, column in requirements:
        if not math.isfinite(minimum) or minimum < 0:
            raise InvalidArgument(f"{name} must be a finite number, 0 or more, not {minimum:g}.")
        if minimum > 0:
            # An unknown amount does not meet a requirement.
            keep &= np.nan_to_num(numbers(frame, column)) >= minimum
    return build_derived("available_sizes", frame[keep])


def frontier(
    sizes: pd.DataFrame,
    *,
    regions: Words | None = None,
    family: Words | None = None,
    generation: Words | None = None,
    regions_frame: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the available sizes on the price frontier, which no other available size beats.

    Parameters
    ----------
    sizes : pandas.DataFrame
    regions, family, generation, regions_frame
        As in `available`. Only sizes available there are compared.

    Returns
    -------
    pandas.DataFrame
        Table ``available_sizes``, ordered as by `available`.

    Notes
    -----
    One size beats another if it costs no more, has at least as much of everything (vCPUs, memory, disk, transfer, GPUs
    and GPU memory), and is better in one of these. Two equal sizes do not beat each other, so both stay. Only the number
    of vCPUs and GPUs counts, not their model: use `family` and `generation` to compare like with like. With several
    regions, a size can be beaten by one that only another of them offers.
    """
    frame = available(sizes, regions=regions, family=family, generation=generation, regions_frame=regions_frame)
    criteria = [-frame["price_monthly"].to_numpy()]
    criteria += [np.nan_to_num(numbers(frame, column)) for column in _CAPACITIES]
    no_worse = np.ones((len(frame), len(frame)), dtype=bool)
    better = np.zeros_like(no_worse)
    for values in criteria:
        no_worse &= values[:, None] >= values[None, :]
        better |= values[:, None] > values[None, :]
    beaten = pd.Series((no_worse & better).any(axis=0), index=frame.index)
    return build_derived("available_sizes", frame.loc[~beaten])


def availability(
    sizes: pd.DataFrame,
    regions: pd.DataFrame,
    *,
    only: Words | None = None,
    family: Words | None = None,
    generation: Words | None = None,
) -> pd.DataFrame:
    """Return which size is available in which region.

    Parameters
    ----------
    sizes, regions : pandas.DataFrame
        Availability is read from the ``regions`` of the sizes.
    only : str or iterable of str, optional
        Only these regions: slugs, cities or areas.
    family, generation : str or iterable of str, optional
        Only these sizes, as in `available`.

    Returns
    -------
    pandas.DataFrame
        A row for each region with ``region``, ``name`` and ``available`` (false for a closed region, which offers no
        size), and a ``boolean`` column for each size slug. A region that only the sizes list has no ``name`` and no
        ``available``, and counts as open.

    Raises
    ------
    InvalidArgument
        A region, family or generation is unknown.
    """
    sizes = require_columns(sizes, ("slug", "available", "regions"), "sizes")
    regions = require_columns(regions, ("slug", "name", "available"), "regions")
    if family is not None or generation is not None:
        prices = unit_prices(sizes)
        sizes = prices[_matches_class(prices, family, generation)]
    offered = {
        str(slug): listed if is_available else []
        for slug, is_available, listed in zip(
            sizes["slug"], flags(sizes, "available"), lists(sizes, "regions"), strict=True
        )
    }
    known = [str(slug) for slug in regions["slug"]]
    unknown = sorted({slug for listed in offered.values() for slug in listed if isinstance(slug, str)} - {*known})
    slugs, closed = [*known, *unknown], closed_regions(regions)
    missing = [pd.NA] * len(unknown)
    columns: dict[str, Any] = {
        "region": pd.array(slugs, dtype="string"),
        "name": pd.array([*regions["name"], *missing], dtype="string"),
        "available": pd.array([*regions["available"], *missing], dtype="boolean"),
    }
    for size, listed in offered.items():
        columns[size] = pd.array([slug in listed and slug not in closed for slug in slugs], dtype="boolean")
    matrix = pd.DataFrame(columns)
    if only is None or not slugs:
        return matrix
    return matrix[matrix["region"].isin(match_regions(only, slugs))].reset_index(drop=True)


def with_feature(regions: pd.DataFrame, *features: str) -> pd.DataFrame:
    """Return the regions that support all of some features.

    Parameters
    ----------
    regions : pandas.DataFrame
    *features : str
        As named by the API, such as ``"backups"``, ``"storage"`` or ``"image_transfer"``; hyphens are accepted.

    Returns
    -------
    pandas.DataFrame
        These rows of `regions`, with all columns. Closed regions are included: see ``available``.

    Raises
    ------
    InvalidArgument
        No region supports one of the features.
    """
    regions = require_columns(regions, ("features",), "regions")
    supported = [{*map(str, row)} for row in lists(regions, "features")]
    known = sorted(set().union(*supported))
    wanted = {_feature_name(feature) for feature in features}
    for feature in features:
        if known and _feature_name(feature) not in known:
            raise InvalidArgument(f"Unknown region feature {feature!r}{expected_one_of(feature, known)}")
    keep = np.array([wanted <= row for row in supported], dtype=bool)
    return regions[keep].reset_index(drop=True)


def closed_regions(regions: pd.DataFrame) -> set[str]:
    """Return the slugs of the regions in which no droplet can be created."""
    # A missing value does not close a region.
    is_open = regions["available"].astype("boolean").fillna(value=True).astype(bool)
    return {*regions.loc[~is_open, "slug"].astype(str)}


def open_regions(slugs: list[str], closed: set[str]) -> list[str]:
    """Return the slugs that are not closed.

    Raises
    ------
    InvalidArgument
        All of them are closed.
    """
    if slugs and closed.issuperset(slugs):
        what = "Region {} is" if len(slugs) == 1 else "Regions {} are"
        raise InvalidArgument(
            f"{what.format(join_words(slugs))} not available for new droplets. Choose another region."
        )
    return [slug for slug in slugs if slug not in closed]


def _feature_name(word: str) -> str:
    return word.casefold().replace("-", "_")


def _requested_regions(frame: pd.DataFrame, regions: Words | None, regions_frame: pd.DataFrame | None) -> list[str]:
    listed = {str(slug) for row in lists(frame, "regions") for slug in row}
    known = sorted(listed)
    if regions_frame is not None:
        known = [*regions_frame["slug"].dropna(), *sorted(listed - {*regions_frame["slug"]})]
    if regions is None or not known:
        # Without known regions, no word can be recognized as a mistake.
        return known
    return match_regions(regions, known)


def _matches_class(frame: pd.DataFrame, family: Words | None, generation: Words | None) -> pd.Series[bool]:
    keep = pd.Series(data=True, index=frame.index, dtype=bool)
    if family is not None:
        keep &= frame["family"].isin(match_classes(family, (*FAMILIES.values(), OTHER), "family"))
    if generation is not None:
        known = (*GENERATIONS, *frame["generation"].dropna().unique())
        keep &= frame["generation"].isin(match_classes(generation, known, "generation"))
    return keep
