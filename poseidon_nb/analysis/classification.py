"""Families and generations of sizes, and the words that select families, generations and regions. No pandas.

The rule for family and generation, which holds for all 147 sizes that DigitalOcean sold in August 2025:

1. A size with GPUs, or whose slug begins with ``gpu``, has the family ``gpu``. Its generation is the GPU model without
   the maker, such as ``h100``.
2. A slug that is an amount of memory, such as ``1gb``, is a basic plan from before 2018 with the generation ``legacy``.
3. The letters before the first digit, underscore or hyphen of a slug determine the family: ``s`` basic, ``g`` and ``gd``
   general purpose, ``c`` CPU-optimized, ``m`` memory-optimized, ``so`` storage-optimized. For unknown letters the
   description decides. If it names no family either, the family is ``other``.
4. A slug that ends in ``-intel`` or ``-amd``, or else a description with that word, has a premium generation. All other
   sizes are ``regular``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.tables.pricing import AREAS, FAMILIES, OTHER
from poseidon_nb.text import did_you_mean, expected_one_of, truncated_list

if TYPE_CHECKING:
    from collections.abc import Iterable

_LEGACY = re.compile(r"[0-9]+[mg]b")
_LETTERS = re.compile(r"[a-z]*")
_SEPARATORS = re.compile(r"[\W_]+")
_CPU_MAKERS = ("intel", "amd")
_GPU_MAKERS = ("nvidia", "amd")
_REGION_SLUG = re.compile(r"(?P<city>[a-z]+)[0-9]+")


def slugify(text: str) -> str:
    """Return a text in the form of a slug: ``Premium Intel`` becomes ``premium-intel``."""
    return _SEPARATORS.sub("-", text.casefold()).strip("-")


def classify_size(slug: str, description: str = "", gpu_model: str = "", gpus: int = 0) -> tuple[str, str]:
    """Return the family and the generation of a size, by the rule above.

    Parameters
    ----------
    slug, description, gpu_model : str
        As returned by the API; empty if missing.
    gpus : int
        Number of GPUs.
    """
    slug, description = slug.casefold(), slugify(description)
    family = FAMILIES.get(_LETTERS.match(slug)[0])  # type: ignore[index]  # the pattern matches anything
    if gpus or gpu_model or family == "gpu":
        return "gpu", _gpu_generation(gpu_model)
    if _LEGACY.fullmatch(slug):
        return "basic", "legacy"
    if family is None:
        family = next((known for known in FAMILIES.values() if known in description), OTHER)
    words = description.split("-")
    maker = next((one for one in _CPU_MAKERS if slug.endswith(f"-{one}")), None) or next(
        (one for one in _CPU_MAKERS if one in words), None
    )
    return family, f"premium-{maker}" if maker else "regular"


def _gpu_generation(gpu_model: str) -> str:
    maker, _, model = slugify(gpu_model).partition("-")
    return model if maker in _GPU_MAKERS and model else slugify(gpu_model)


def match_classes(words: str | Iterable[str], known: Iterable[str], what: str) -> set[str]:
    """Return the families or generations that match some words, in full or by their beginning or end.

    ``cpu`` matches ``cpu-optimized``, and ``premium`` matches all premium generations.

    Parameters
    ----------
    words : str or iterable of str
    known : iterable of str
        All families or generations.
    what : str
        ``"family"`` or ``"generation"``, for the error.

    Raises
    ------
    InvalidArgument
        A word matches none of them.
    """
    names = list(dict.fromkeys(known))
    matches: set[str] = set()
    for word in [words] if isinstance(words, str) else words:
        wanted = slugify(word)
        found = [name for name in names if name == wanted] or [
            name for name in names if wanted and (name.startswith(f"{wanted}-") or name.endswith(f"-{wanted}"))
        ]
        if not found:
            raise InvalidArgument(f"Unknown {what} {word!r}{expected_one_of(word, names)}")
        matches.update(found)
    return matches


def match_regions(words: str | Iterable[str], known: Iterable[str]) -> list[str]:
    """Return the slugs of the regions that match some words.

    Parameters
    ----------
    words : str or iterable of str
        Slugs; the letters of a city, such as ``nyc``; or areas: ``europe``, ``north-america``, ``asia``, ``australia``.
    known : iterable of str
        The slugs of all regions.

    Returns
    -------
    list of str
        Without duplicates, in the order of the words.

    Raises
    ------
    InvalidArgument
        A word matches no region.
    """
    slugs = list(dict.fromkeys(known))
    cities = {slug: match["city"] for slug in slugs if (match := _REGION_SLUG.fullmatch(slug))}
    matches: list[str] = []
    for word in [words] if isinstance(words, str) else words:
        wanted = slugify(word)
        wanted_cities = AREAS.get(wanted, (wanted,))
        found = [slug for slug in slugs if slug == wanted or cities.get(slug) in wanted_cities]
        if not found and wanted in AREAS:
            raise InvalidArgument(f"No region in {word!r}. Expected one of {truncated_list(slugs)}.")
        if not found:
            close = did_you_mean(word, [*slugs, *AREAS])
            raise InvalidArgument(f"Unknown region {word!r}{close or f'. Expected one of {truncated_list(slugs)}.'}")
        matches += found
    return list(dict.fromkeys(matches))
