"""Words for people: the nearest valid word, lists in a sentence, counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Of a 64-bit number; Python refuses to read one of thousands.
_MOST_DIGITS = 18


def nearest(word: str, words: Iterable[str], *, most: int = 3) -> list[str]:
    """Give the words most like the one typed, best first; empty when none is like it."""
    import difflib  # noqa: PLC0415  # only errors need it, and %load_ext has to stay cheap

    by_folded = {_folded(known): known for known in words}
    folded = _folded(word)
    close = difflib.get_close_matches(folded, by_folded, n=most, cutoff=0.6)
    starts = [known for known in by_folded if folded and known.startswith(folded) and known not in close]
    return [by_folded[known] for known in (close + sorted(starts))[:most]]


def _folded(word: str) -> str:
    return word.casefold().replace("_", "-")


def is_whole_number(word: str) -> bool:
    """Say whether a word is a number such as an id is: plain digits, and no more of them than any id has."""
    return word.isascii() and word.isdigit() and len(word) <= _MOST_DIGITS


def printable(text: str) -> str:
    """Give a text that cannot move the cursor, change the direction of writing or begin a new line."""
    return "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in text)


def hint(word: str, words: Iterable[str], *, most: int = 3) -> str:
    """Give ``"; nearest: a, b"``, or nothing when no word is near: made to be put behind a message."""
    close = nearest(word, words, most=most)
    return f"; nearest: {', '.join(map(printable, close))}" if close else ""


def joined(words: Iterable[str], *, last: str = "and") -> str:
    """Join words as a sentence does: ``a, b and c``."""
    listed = [printable(word) for word in words]
    if len(listed) < 2:  # noqa: PLR2004  # one word needs no "and"
        return "".join(listed)
    return f"{', '.join(listed[:-1])} {last} {listed[-1]}"


def named(words: Iterable[str], *, most: int = 6) -> str:
    """Join words as a sentence does, and count what is too many: ``a, b, c, d, e, f and 44 more``."""
    known = [*words]
    rest = len(known) - most
    return joined(known) if rest <= 0 else f"{', '.join(map(printable, known[:most]))} and {rest:,} more"


def begun(words: str) -> str:
    """Give words as a sentence begins: with a capital, and the rest as it is."""
    return f"{words[:1].upper()}{words[1:]}"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Give ``1 droplet`` or ``3 droplets``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
