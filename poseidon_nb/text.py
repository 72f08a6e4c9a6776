"""Words for people: the nearest valid word, lists in a sentence, counts, money, percentages, times, values as typed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Words for true and false, in lower case.
YES = ("1", "true", "yes", "on", "y", "t")
NO = ("0", "false", "no", "off", "n", "f")
#: Of a 64-bit number; Python refuses to read one of thousands.
_MOST_DIGITS = 18
#: What a value cannot have unquoted in a line of ``%do``: part of it would be no value, or the end of the line not its end.
_NEEDS_QUOTES = re.compile(r"[\s'\"#]|^$|^[-$–—]|[;?\\]$|^[|<>&=]")  # noqa: RUF001  # the dashes that a grammar refuses
_EITHER_QUOTE = re.compile(r'"+|[^"]+')


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


def did_you_mean(word: str, words: Iterable[str], *, most: int = 3) -> str:
    """Return ``". Did you mean a or b?"``, to end a message with, or an empty string when no word is close."""
    return suggestion(nearest(word, words, most=most))


def expected_one_of(word: str, words: Iterable[str]) -> str:
    """Return ``". Did you mean a?"``, or ``". Expected one of a, b and c."`` when no word is close."""
    known = [*words]
    return did_you_mean(word, known) or f". Expected one of {joined(known)}."


def suggestion(close: Sequence[str]) -> str:
    """Return ``". Did you mean a or b?"`` for words that are known to be close; an empty string for none."""
    return f". Did you mean {joined(close, last='or')}?" if close else ""


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


def usd(amount: float, digits: int | None = 2, *, signed: bool = False) -> str:
    """Give an amount of money: ``$72.00``, ``-$6.00``; told what it changes, ``+$6.00``.

    Every sentence, picture, panel and question writes money so. Where the unit stands by itself, as in the title of an
    axis or the name of a column, it is ``USD``: which dollars they are.

    Parameters
    ----------
    amount : float
        US dollars.
    digits : int or None
        Behind the point: 2; of an hour, which may cost less than a cent, 5; None for no more than it takes, on axes.
    signed : bool
        Also an amount that is not below zero has its sign.
    """
    figures = f"{abs(amount):,g}" if digits is None else f"{abs(amount):,.{digits}f}"
    # Less than half of the last digit is nothing, not less than nothing.
    below = amount < 0 and float(figures.replace(",", "")) > 0
    return f"{'-' if below else '+' if signed else ''}${figures}"


def percent(amount: float, digits: int = 0, *, signed: bool = False) -> str:
    """Give a percentage, 72.0 of 100, as all of us write it: ``72%``, and with its sign ``+72%``."""
    return f"{amount:{'+' if signed else ''},.{digits}f}%"


def seconds_text(seconds: float) -> str:
    """Give a short time in words: ``4 s``, ``2 min 5 s``, ``1 h 2 min``."""
    minutes, rest_s = divmod(round(seconds), 60)
    hours, rest_min = divmod(minutes, 60)
    parts = [(hours, "h"), (rest_min, "min")] if hours else [(minutes, "min"), (rest_s, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def is_json(text: str) -> bool:
    """Say whether a text is an object or a list in JSON, as a whole."""
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def typed(value: str) -> str:
    """Give a value as it is typed in a line of ``%do`` to arrive intact, whatever it holds.

    This is the inverse of what `magics.language.tokens` does with one token: quotes where it needs them, both kinds where
    it holds both, and braces doubled, unless it is JSON, which is read as it is. A value of several lines arrives only
    where a command may have several.
    """
    text = value if is_json(value) else value.replace("{", "{{").replace("}", "}}")
    if not _NEEDS_QUOTES.search(text):
        return text
    for mark in ('"', "'"):
        if mark not in text:
            return f"{mark}{text}{mark}"
    return "".join(f"'{part}'" if part.startswith('"') else f'"{part}"' for part in _EITHER_QUOTE.findall(text))
