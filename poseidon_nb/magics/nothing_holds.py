"""What to say when no size has all that is wished for: the most that there is of each, and where. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.magics.in_words import no_size_in_words
from poseidon_nb.text import join_words, truncated_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

#: What is wished for, by the keyword of `analysis.sizes.cheapest`: the column of a size, and how its amount is said.
_GOODS = {
    "vcpus": ("vcpus", "{:,g} vCPUs"),
    "memory_gib": ("memory_gib", "{:,g} GiB of memory"),
    "disk_gb": ("disk", "{:,g} GB of disk"),
    "transfer_tb": ("transfer", "{:,g} TB of traffic"),
    "gpus": ("gpu_count", "{:,g} GPUs"),
    "gpu_vram_gib": ("gpu_vram", "{:,g} GiB of GPU memory"),
}
#: Regions that are named before the rest is counted.
_MOST = 3


def nothing_holds(on_sale: pd.DataFrame, wishes: Mapping[str, float], where: Mapping[str, Any]) -> str:
    """Say that no size has it all, and of what is wished for too much, the most that there is.

    Parameters
    ----------
    on_sale : pandas.DataFrame
        Table ``sizes_on_sale``: all that are sold there, of those classes.
    wishes : mapping
        The least of each, by the keywords of `analysis.sizes.cheapest`.
    where : mapping
        ``regions``, ``family`` and ``generation`` as they were asked for.
    """
    there = f"on sale in {join_words(where['regions'], conjunction='or')}" if where["regions"] else "on sale anywhere"
    if on_sale.empty:
        return no_size_in_words(where["family"], where["generation"], there)
    classes = [word for key in ("family", "generation") for word in where[key] or ()]
    said = f"No size {f'of {join_words(classes)} ' if classes else ''}{there} has all of that"
    most = [_most(on_sale, *_GOODS[name]) for name, least in wishes.items() if _largest(on_sale, name) < least]
    return f"{said}: {'; '.join(most)}." if most else f"{said}, though each of it is there by itself."


def _largest(on_sale: pd.DataFrame, name: str) -> float:
    return float(on_sale[_GOODS[name][0]].astype("float64").fillna(0.0).max())


def _most(on_sale: pd.DataFrame, column: str, form: str) -> str:
    amounts = on_sale[column].astype("float64").fillna(0.0)
    largest = float(amounts.max())
    if not largest:
        return f"there are none with any {form.rpartition('} ')[2].rpartition(' of ')[2]}"
    # They are ordered by price, so that the first is the cheapest.
    size = on_sale[amounts == largest].iloc[0]
    return f"the largest has {form.format(largest)}: {size['slug']} in {truncated_list(map(str, size['sold_in']), max_words=_MOST)}"
