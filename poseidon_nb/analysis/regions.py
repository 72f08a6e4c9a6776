"""Regions: what people mean by a word, which are closed, and which offer something."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from poseidon_nb.analysis.columns import lists
from poseidon_nb.analysis.size_classes import hyphenated
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.findings.sizes import AREAS
from poseidon_nb.frames.validation import require_columns
from poseidon_nb.text import did_you_mean, expected_one_of, join_words, truncated_list

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

_DATACENTER = re.compile(r"(?P<city>[a-z]+)[0-9]+")


def regions_meant(words: str | Iterable[str], known: Iterable[str]) -> list[str]:
    """Give the slugs of regions that some words mean.

    Parameters
    ----------
    words : str or iterable of str
        Each a slug; the letters of a city, ``nyc``, for all its datacenters; or a part of the world: ``europe``,
        ``north-america``, ``asia``, ``australia``.
    known : iterable of str
        The slugs that there are.

    Returns
    -------
    list of str
        Each once, in the order in which they were meant.

    Raises
    ------
    InvalidArgument
        A word means none of them.
    """
    slugs = list(dict.fromkeys(known))
    cities = {slug: found["city"] for slug in slugs if (found := _DATACENTER.fullmatch(slug))}
    meant: list[str] = []
    for word in [words] if isinstance(words, str) else words:
        wanted = hyphenated(word)
        there = AREAS.get(wanted, (wanted,))
        same = [slug for slug in slugs if slug == wanted or cities.get(slug) in there]
        if not same:
            # A part of the world is a word that is known, of which there is nothing here.
            near = "" if wanted in AREAS else did_you_mean(word, [*slugs, *AREAS])
            raise InvalidArgument(f"no region {word!r}{near or f' here; there is {truncated_list(slugs)}'}")
        meant += same
    return list(dict.fromkeys(meant))


def closed_regions(regions: pd.DataFrame) -> set[str]:
    """Give the slugs of those in which nothing can be made now."""
    # That a region is closed has to be said; of one that says nothing it is not known.
    is_open = regions["available"].astype("boolean").fillna(value=True).astype(bool)
    return {*regions.loc[~is_open, "slug"].astype(str)}


def still_open(slugs: list[str], closed: set[str]) -> list[str]:
    """Give those of some regions that are not closed.

    Raises
    ------
    InvalidArgument
        All of them are.
    """
    if slugs and closed.issuperset(slugs):
        are = "is" if len(slugs) == 1 else "are"
        raise InvalidArgument(f"{join_words(slugs)} {are} closed: nothing can be made there now")
    return [slug for slug in slugs if slug not in closed]


def with_feature(regions: pd.DataFrame, *features: str) -> pd.DataFrame:
    """Give the regions that offer something, or all of several things.

    Parameters
    ----------
    regions : pandas.DataFrame
    *features : str
        The API's words: ``"backups"``, ``"storage"``, ``"image_transfer"``; hyphens will do.

    Returns
    -------
    pandas.DataFrame
        These rows of `regions`, with its columns. A closed region that offers it is among them: see ``available``.

    Raises
    ------
    InvalidArgument
        No region offers such a thing.
    """
    regions = require_columns(regions, ("features",), "regions")
    offered = [{*map(str, its_features)} for its_features in lists(regions, "features")]
    known = sorted(set().union(*offered))
    wanted = {_underscored(feature) for feature in features}
    for feature in features:
        if known and _underscored(feature) not in known:
            near = expected_one_of(feature, known)
            raise InvalidArgument(f"no region has the feature {feature!r}{near}")
    keep = np.array([wanted <= have for have in offered], dtype=bool)
    return regions[keep].reset_index(drop=True)


def _underscored(word: str) -> str:
    return word.casefold().replace("-", "_")
