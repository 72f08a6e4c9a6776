"""What sizes can be filtered and drawn by, and the checks of values that users pass. No widgets here.

Labels and ticks are those of all charts of sizes (`poseidon_nb.plots.labels`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.plots.labels import is_price
from poseidon_nb.text import did_you_mean

AXES = (
    *("vcpus", "memory_gib", "disk", "transfer", "gpu_vram", "price_monthly", "price_hourly"),
    *("price_per_vcpu", "price_per_memory_gib", "price_per_disk_gb", "price_per_transfer_tb"),
)
#: Columns with a minimum and a maximum.
BOUNDED_COLUMNS = ("vcpus", "memory_gib", "disk", "transfer", "price_monthly")
#: A bound is one of round numbers if a column has more values.
MAX_EXACT_BOUNDS = 20
#: The image of new droplets by default.
DEFAULT_IMAGE = "ubuntu-24-04-x64"


@dataclass(frozen=True, slots=True)
class SizeFilters:
    """The conditions that a visible size meets.

    Parameters
    ----------
    regions : frozenset of str
        Available in any of these; empty for any region.
    families : frozenset of str
        Empty for all.
    minimums, maximums : tuple of (str, float)
        Bounds, by column.
    available_only : bool
        Only sizes that a droplet can be created with now.
    """

    regions: frozenset[str] = frozenset()
    families: frozenset[str] = frozenset()
    minimums: tuple[tuple[str, float], ...] = ()
    maximums: tuple[tuple[str, float], ...] = ()
    available_only: bool = True


def direction(column: str) -> int:
    """Return 1 for a column where more is better, and -1 where less is."""
    return -1 if is_price(column) else 1


def round_steps(maximum: float) -> list[float]:
    """Return the steps 1, 2, 5, 10, 20 and so on, up to the first that is not below the maximum."""
    steps, power = [], 1.0
    while True:
        for step in (power, 2 * power, 5 * power):
            steps.append(step)
            if step >= maximum:
                return steps
        power *= 10


def size_slugs(sizes: object) -> list[str]:
    """Return slugs from one slug, several, or a DataFrame of sizes.

    Raises
    ------
    InvalidArgument
        A value is not a string.
    """
    if isinstance(sizes, pd.DataFrame) and "slug" in sizes.columns:
        sizes = sizes["slug"]
    slugs: list[str] = []
    for slug in [sizes] if isinstance(sizes, str) or not isinstance(sizes, Iterable) else sizes:
        if not isinstance(slug, str):
            value = repr(slug) if slug is None or isinstance(slug, int | float) else f"a {type(slug).__name__}"
            raise InvalidArgument(f"A size must be a slug such as 's-1vcpu-1gb', not {value}.")
        slugs.append(slug)
    return slugs


def checked_image(image: str | None) -> str | None:
    """Return the image for the commands, which must each be one line.

    Raises
    ------
    InvalidArgument
        The image is empty, or has several lines.
    """
    if image is None:
        return None
    text = str(image)
    if not text.strip():
        raise InvalidArgument(
            f"The image is empty. Omit it to use {DEFAULT_IMAGE}, or an image with drivers for GPU sizes."
        )
    if not text.isprintable():
        raise InvalidArgument(f"An image must be one line of text, not {text!r}.")
    return text


def checked_words(
    words: Iterable[str], known: Iterable[str], what: str, *, suggested: Iterable[str] | None = None
) -> list[str]:
    """Return the words if all are known.

    Raises
    ------
    InvalidArgument
        A word is unknown. The message names the closest of `suggested`, by default of all known words.
    """
    checked, valid = [*words], [*known]
    for word in checked:
        if word not in valid:
            close = did_you_mean(word, valid if suggested is None else suggested)
            raise InvalidArgument(f"Unknown {what} {word!r}{close or '.'}")
    return checked
