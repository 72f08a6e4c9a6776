"""Sentences above the tables of ``%do sizes`` and ``%do regions matrix``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.text import format_usd, join_words, pluralize, truncated_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

#: The number of names in a sentence; the rest is counted.
_MAX_NAMES = 3
#: The keywords of `analysis.sizes.cheapest`: the column of a size, and the format of its quantity.
_RESOURCES = {
    "vcpus": ("vcpus", "{:,g} vCPUs"),
    "memory_gib": ("memory_gib", "{:,g} GiB of memory"),
    "disk_gb": ("disk", "{:,g} GB of disk"),
    "transfer_tb": ("transfer", "{:,g} TB of transfer"),
    "gpus": ("gpu_count", "{:,g} GPUs"),
    "gpu_vram_gib": ("gpu_vram", "{:,g} GiB of GPU memory"),
}


def summarize_cheapest(found: pd.DataFrame, total: int, *, filtered: bool, unpriced: int = 0) -> str:
    """Return which size is the cheapest, where, and of how many.

    Parameters
    ----------
    found : pandas.DataFrame
        Table ``available_sizes``, cheapest first.
    total : int
        The number of matching sizes, also those that are not in `found`.
    filtered : bool
        Whether the sizes had to match anything. If none matches, use `no_matching_size`.
    unpriced : int
        The number of matching sizes that have no price.
    """
    return " ".join(filter(None, (_cheapest(found, total, filtered=filtered), summarize_unpriced(unpriced))))


def _cheapest(found: pd.DataFrame, total: int, *, filtered: bool) -> str:
    if found.empty:
        return "No size is available."
    first = found.iloc[0]
    price = f"{format_usd(first['price_monthly'])} a month"
    same = found.loc[found["price_monthly"] == first["price_monthly"], "slug"].astype(str).tolist()[1:]
    size = f"{first['slug']} in {_regions(first['available_in'])} at {price}"
    if total == 1:
        summary = f"Only {'match' if filtered else 'available size'}: {size}."
    else:
        which = f"{total:,} matching sizes" if filtered else f"{total:,} available sizes"
        costs = f"; also at this price: {truncated_list(same, max_words=_MAX_NAMES)}" if same else ""
        summary = f"Cheapest of {which}: {size}{costs}."
    if filtered or len(found) == total:
        return summary
    return (
        f"{summary} Showing the first {len(found):,}. Filter with --memory, --vcpus, --disk, --transfer or --region, or show"
        " more with --limit."
    )


def _regions(slugs: Sequence[Any]) -> str:
    return truncated_list([str(slug) for slug in slugs], max_words=_MAX_NAMES)


def summarize_unpriced(count: int) -> str:
    """Return how many sizes are left out because they have no price; empty if there are none."""
    if not count:
        return ""
    return f"{pluralize(count, 'size')} without a price {'is' if count == 1 else 'are'} left out."


def no_available_size(family: Sequence[str] | None, generation: Sequence[str] | None, where: str = "") -> str:
    """Return that no size of some classes is available; `where` is for example ``available in ams3``."""
    classes = [
        f"{word} {join_words(names, conjunction='or')}"
        for word, names in (("family", family), ("generation", generation))
        if names
    ]
    described = f" of {join_words(classes)}" if classes else ""
    return f"No size{described} is {where or 'known'}."


def no_matching_size(available: pd.DataFrame, minimums: Mapping[str, float], where: Mapping[str, Any]) -> str:
    """Return that no size matches, with the largest available quantity of whatever was too much.

    Parameters
    ----------
    available : pandas.DataFrame
        Table ``available_sizes``: all available sizes in these regions and of these classes.
    minimums : mapping
        The minimum quantities, by the keywords of `analysis.sizes.cheapest`.
    where : mapping
        ``regions``, ``family`` and ``generation`` as they were requested.
    """
    regions = f"available in {join_words(where['regions'], conjunction='or')}" if where["regions"] else "available"
    if available.empty:
        return no_available_size(where["family"], where["generation"], regions)
    classes = [word for key in ("family", "generation") for word in where[key] or ()]
    described = f"{join_words(classes)} " if classes else ""
    size = f"{described}size {regions}" if where["regions"] else f"available {described}size"
    summary = f"No {size} matches all of these"
    largest = [
        _largest_text(available, *_RESOURCES[name])
        for name, least in minimums.items()
        if _largest(available, name) < least
    ]
    return (
        f"{summary}: {'; '.join(largest)}."
        if largest
        else f"{summary}, although some size meets each requirement alone."
    )


def _largest(available: pd.DataFrame, name: str) -> float:
    return float(available[_RESOURCES[name][0]].astype("float64").fillna(0.0).max())


def _largest_text(available: pd.DataFrame, column: str, form: str) -> str:
    quantities = available[column].astype("float64").fillna(0.0)
    largest = float(quantities.max())
    if not largest:
        return f"none has any {form.rpartition('} ')[2].rpartition(' of ')[2]}"
    # They are sorted by price, so the first one is the cheapest.
    size = available[quantities == largest].iloc[0]
    return f"the largest has {form.format(largest)} ({size['slug']} in {_regions(size['available_in'])})"
