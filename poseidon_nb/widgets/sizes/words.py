"""What an explorer of sizes is told in words: what sizes are called by, and what droplets are to be made from."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.text import did_you_mean

#: What a droplet is made from where nothing else was said.
IMAGE = "ubuntu-24-04-x64"


def slugs_of(given: object) -> list[str]:
    """Give what sizes are called by, one or many; of a DataFrame of them, its slugs."""
    if isinstance(given, pd.DataFrame) and "slug" in given.columns:
        given = given["slug"]
    words: list[str] = []
    for word in [given] if isinstance(given, str) or not isinstance(given, Iterable) else given:
        if not isinstance(word, str):
            told = repr(word) if word is None or isinstance(word, int | float) else f"a {type(word).__name__}"
            raise InvalidArgument(f"a size is selected by its slug, such as 's-1vcpu-1gb', not by {told}")
        words.append(word)
    return words


def named_image(image: str | None) -> str | None:
    """Give the image for the lines, which have to be lines."""
    if image is None:
        return None
    named_so = str(image)
    if not named_so.strip():
        raise InvalidArgument(
            f"the image has no name: leave it out for {IMAGE}, or for graphics plans one with drivers"
        )
    if not named_so.isprintable():
        raise InvalidArgument(f"an image is a word of one line, not {named_so!r}")
    return named_so


def known(
    words: Iterable[str], known: Iterable[str], what: str, *, suggested: Iterable[str] | None = None
) -> list[str]:
    """Return the words, all of which must be known; the error names the nearest of `suggested`, by default of all."""
    wanted, there_are = [*words], [*known]
    for word in wanted:
        if word not in there_are:
            raise InvalidArgument(
                f"no {what} {word!r}{did_you_mean(word, there_are if suggested is None else suggested)}"
            )
    return wanted
