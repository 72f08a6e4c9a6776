"""What a size is classed by: its family, the generation of its processors, and the words that people mean them by.

The rule, which holds for all 147 sizes that DigitalOcean sold in August 2025:

1. A size with graphics processors, or whose slug begins with ``gpu``, is of the family ``gpu``. Its generation is their
   model without the maker: ``h100``.
2. A slug that is an amount of memory, ``1gb``, is a basic plan from before 2018; its generation is ``legacy``.
3. The letters before the first digit, underscore or hyphen of a slug tell the family: ``s`` basic, ``g`` and ``gd``
   general purpose, ``c`` CPU-optimized, ``m`` memory-optimized, ``so`` storage-optimized. Where the letters are new, the
   description tells it, and where that says none of these words the family is ``other``.
4. A slug that ends in ``-intel`` or ``-amd``, or else a description that has the word, tells a premium generation. All
   others are ``regular``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.findings.sizes import FAMILIES, OTHER
from poseidon_nb.text import expected_one_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_LEGACY = re.compile(r"[0-9]+[mg]b")
_LETTERS = re.compile(r"[a-z]*")
_NOT_WORDS = re.compile(r"[\W_]+")
_MAKERS = ("nvidia", "amd")


def class_of(slug: str, description: str = "", gpu_model: str = "", gpus: int = 0) -> tuple[str, str]:
    """Give the family and the generation of a size, by the rule above.

    Parameters
    ----------
    slug, description, gpu_model : str
        As the API has them; empty where it has none.
    gpus : int
        Number of its graphics processors.
    """
    slug, said = slug.casefold(), hyphenated(description)
    family = FAMILIES.get(_LETTERS.match(slug)[0])  # type: ignore[index]  # the pattern matches anything
    if gpus or gpu_model or family == "gpu":
        return "gpu", _model(gpu_model)
    if _LEGACY.fullmatch(slug):
        return "basic", "legacy"
    if family is None:
        family = next((known for known in FAMILIES.values() if known in said), OTHER)
    words = said.split("-")
    for maker in ("intel", "amd"):
        if slug.endswith(f"-{maker}"):
            return family, f"premium-{maker}"
    maker = next((one for one in ("intel", "amd") if one in words), "")
    return family, f"premium-{maker}" if maker else "regular"


def hyphenated(text: str) -> str:
    """Give words as slugs are written: ``Premium Intel`` is ``premium-intel``."""
    return _NOT_WORDS.sub("-", text.casefold()).strip("-")


def _model(gpu_model: str) -> str:
    maker, _, rest = hyphenated(gpu_model).partition("-")
    return rest if maker in _MAKERS and rest else hyphenated(gpu_model)


def classes_meant(words: str | Iterable[str], known: Iterable[str], what: str) -> set[str]:
    """Give the families, or the generations, that some words mean: each whole, or its beginning or end.

    ``cpu`` is ``cpu-optimized``, and ``premium`` all that are.

    Parameters
    ----------
    words : str or iterable of str
    known : iterable of str
        All that there are.
    what : str
        How an error calls one: ``"family"``.

    Raises
    ------
    InvalidArgument
        A word means none of them.
    """
    among = list(dict.fromkeys(known))
    found: set[str] = set()
    for word in [words] if isinstance(words, str) else words:
        wanted = hyphenated(word)
        same = [one for one in among if one == wanted] or [
            one for one in among if wanted and (one.startswith(f"{wanted}-") or one.endswith(f"-{wanted}"))
        ]
        if not same:
            raise InvalidArgument(f"no {what} {word!r}{expected_one_of(word, among)}")
        found.update(same)
    return found
