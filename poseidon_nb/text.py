"""Text for messages: suggestions, lists of words, counts, money, percentages, times, durations and quoted arguments."""

from __future__ import annotations

import json
import re
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

#: Classes of an element in which a page with MathJax sees no formulas: two amounts in dollars would be one.
NO_MATH = "tex2jax_ignore mathjax_ignore"
#: Characters of a printed line that fit JupyterLab in a window of 1280 pixels with its file browser open.
LINE_WIDTH = 100
#: A command in a sentence: its group, its verb, and a name. It is joined by a character that no printable text contains.
_COMMAND, _FILLER = re.compile(r"%do(?: [^ ]+){1,3}"), "\0"
#: Words that mean true and false, in lower case.
TRUE_WORDS = ("1", "true", "yes", "on", "y", "t")
FALSE_WORDS = ("0", "false", "no", "off", "n", "f")
#: Every number this short fits in 64 bits. Python refuses to parse thousands of digits.
_MAX_DIGITS = 18
#: The last characters with a short escape.
_LAST_BYTE, _LAST_SHORT = 0xFF, 0xFFFF
#: Largest number of suggestions for a word.
MAX_SUGGESTIONS = 3
#: The fewest letters of the end of a word, and of a beginning with a typing error, that suggest it.
_MIN_PART, _MIN_HEAD = 3, 6
_DIGIT = re.compile("[0-9]")
_SEPARATORS = re.compile(r"[\s_.:/-]+")
#: A value that matches needs quotes in a ``%do`` line: it would split, turn into an option or change how the line ends.
_NEEDS_QUOTES = re.compile(r"[\s'\"#]|^$|^[-$–—]|[;?\\]$|^[|&=]|^\d*[<>]")  # noqa: RUF001  # dashes that the grammar refuses
#: Not from `calendar`, whose names depend on the locale.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_QUOTE_RUNS = re.compile(r'"+|[^"]+')


def close_matches(word: str, words: Iterable[str], *, max_words: int = MAX_SUGGESTIONS) -> list[str]:
    """Return the words that were probably meant by a mistyped one; none rather than a guess.

    They differ in few letters for their length (`_max_typos`), begin with what was typed, or are the only one that ends in
    it (``prod``, ``env:prod``). Of these only the closest are returned, in the order of `words`.

    Parameters
    ----------
    word : str
        What was typed.
    words : iterable of str
        What would have been valid, the most common first.
    max_words : int
        The largest number of words to return.
    """
    typed = _folded(word)
    known = {one: _folded(one) for one in words}
    found = [(score, one) for one, folded in known.items() if (score := _distance(typed, folded)) is not None]
    best = min(found, default=(0, ""))[0]
    close = [one for score, one in found if score == best]
    if not close and len(typed) >= _MIN_PART:
        ending = [one for one, folded in known.items() if folded.endswith(f"-{typed}")]
        close = ending if len(ending) == 1 else []
    return close[:max_words]


def _folded(word: str) -> str:
    return _SEPARATORS.sub("-", word.casefold()).strip("-")


def _distance(typed: str, known: str) -> int | None:
    """Return how far a known word is from what was typed, both folded; None if it was probably not meant."""
    if typed == known:
        return 0
    parts, known_parts = typed.split("-"), known.split("-")
    typos = _count_typos_in_parts(parts, known_parts)
    if typos is None and len(parts) != len(known_parts):
        # A hyphen is missing, or there is one too many.
        typos = _count_typos("".join(parts), "".join(known_parts))
    if typos is not None or not typed:
        return typos
    if known.startswith(typed) and _is_telling(parts, known_parts):
        return 1
    head = known_parts[: len(parts)]
    typos = _count_typos_in_parts(parts, head) if len(typed) >= _MIN_HEAD else None
    return 2 if typos == 1 else None


def _is_telling(parts: Sequence[str], known: Sequence[str]) -> bool:
    """Check whether the beginning of a word is whole parts of it, or long enough to suggest it."""
    if parts == known[: len(parts)]:
        return True
    length, known_length = len("-".join(parts)), len("-".join(known))
    return length > 1 and (3 * length >= 2 * known_length or (len(known) == 1 and 2 * length >= known_length))


def _max_typos(length: int) -> int:
    """Return how many typing errors a word of this length can have."""
    return next((typos for typos, shortest in ((3, 16), (2, 8), (1, 3)) if length >= shortest), 0)


def _count_typos_in_parts(typed: Sequence[str], known: Sequence[str]) -> int | None:
    """Count the typing errors in words of several parts; None if there are too many. Any number can have one wrong digit."""
    if len(typed) != len(known):
        return None
    limit = _max_typos(max(len("-".join(typed)), len("-".join(known))))
    total = 0
    for part, other in zip(typed, known, strict=True):
        typos = _count_typos(part, other, at_least=1 if _DIGIT.search(other) else 0)
        if typos is None:
            return None
        total += typos
    return total if total <= limit else None


def _count_typos(typed: str, known: str, *, at_least: int = 0) -> int | None:
    """Count the missing, extra, wrong and swapped letters (optimal string alignment); None if they are too many.

    People rarely mistype the first letter: a wrong one counts twice, and with two errors it must be right.
    """
    if typed == known:
        return 0
    limit = max(_max_typos(max(len(typed), len(known))), at_least)
    # Much faster than counting, and rules out almost all words.
    if abs(len(typed) - len(known)) > limit or len({*typed} ^ {*known}) > 2 * limit:
        return None
    before: list[int] = []
    row = [*range(len(known) + 1)]
    for i, letter in enumerate(typed, 1):
        previous, before, row = before, row, [i]
        for j, other in enumerate(known, 1):
            wrong = 0 if letter == other else 2 if i == j == 1 and (letter + other).isalpha() else 1
            cost = min(before[j - 1] + wrong, before[j] + 1, row[j - 1] + 1)
            if i > 1 and j > 1 and letter == known[j - 2] and typed[i - 2] == other:
                cost = min(cost, previous[j - 2] + 1)
            row.append(cost)
    typos = row[-1]
    return typos if typos <= limit and (typos == 1 or typed[:1] == known[:1]) else None


def is_integer(word: str) -> bool:
    """Check whether a word is a non-negative integer of at most 18 ASCII digits, such as an id."""
    return word.isascii() and word.isdigit() and len(word) <= _MAX_DIGITS


def escape_unprintable(text: str) -> str:
    """Return a text whose control and format characters are escaped: no new lines, cursor moves or direction changes."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else _escape(ord(one)) for one in text)


def _escape(code: int) -> str:
    """Return the escape of a character with this code as Python writes it."""
    return f"\\x{code:02x}" if code <= _LAST_BYTE else f"\\u{code:04x}" if code <= _LAST_SHORT else f"\\U{code:08x}"


def printable_json(value: object) -> str:
    """Return a value as indented JSON, with control and format characters as its own escapes."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return "".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text)


def did_you_mean(word: str, words: Iterable[str], *, max_words: int = MAX_SUGGESTIONS) -> str:
    """Return ``". Did you mean a or b?"`` as the end of a message; an empty string if no word is close."""
    return suggestion(close_matches(word, words, max_words=max_words))


def expected_one_of(word: str, words: Iterable[str]) -> str:
    """Return ``". Did you mean a?"``, or ``". Expected one of a, b and c."`` if no word is close."""
    known = [*words]
    return did_you_mean(word, known) or f". Expected one of {join_words(known)}."


def suggestion(close: Sequence[str]) -> str:
    """Return ``". Did you mean a or b?"`` for the given close matches; an empty string if there are none."""
    return f". Did you mean {join_words(close, conjunction='or')}?" if close else ""


def join_words(words: Iterable[str], *, conjunction: str = "and") -> str:
    """Join words for a sentence: ``a, b and c``."""
    listed = [escape_unprintable(str(word)) for word in words]
    if len(listed) < 2:  # noqa: PLR2004  # one word needs no "and"
        return "".join(listed)
    return f"{', '.join(listed[:-1])} {conjunction} {listed[-1]}"


def truncated_list(words: Iterable[str], *, max_words: int = 6) -> str:
    """Join words for a sentence and count the rest: ``a, b, c, d, e, f and 44 more``."""
    known = [*words]
    rest = len(known) - max_words
    return (
        join_words(known) if rest <= 0 else f"{', '.join(map(escape_unprintable, known[:max_words]))} and {rest:,} more"
    )


def wrap_line(line: str, width: int) -> str:
    """Wrap a sentence between words, but not in a command, which is copied. Text in columns and data are not changed."""
    if len(line) <= width or "  " in line or not line[0].isalnum():
        return line
    joined = _COMMAND.sub(lambda command: command[0].replace(" ", _FILLER), line)
    return textwrap.fill(joined, width, break_long_words=False, break_on_hyphens=False).replace(_FILLER, " ")


def capitalized(words: str) -> str:
    """Return the text with a capital first letter; the rest keeps its case, unlike with `str.capitalize`."""
    return f"{words[:1].upper()}{words[1:]}"


def pluralize(number: int, noun: str, plural: str | None = None) -> str:
    """Return a count with its noun: ``1 droplet``, ``3 droplets``, ``2 registries``."""
    return f"{number:,} {noun if number == 1 else plural or _plural(noun)}"


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] not in {*"aeiou"}:
        return f"{noun[:-1]}ies"
    return f"{noun}{'es' if noun.endswith(('s', 'x', 'ch', 'sh')) else 's'}"


def format_usd(amount: float, digits: int | None = 2, *, signed: bool = False) -> str:
    """Format an amount of money: ``$72.00``, ``-$6.00``, or ``+$6.00`` for a difference.

    All sentences, charts, panels and questions use this format. Axis titles and column names use ``USD`` instead.

    Parameters
    ----------
    amount : float
        US dollars.
    digits : int or None
        Decimal places: 2 by default, 5 for hourly prices below a cent, None for as few as needed, as on axes.
    signed : bool
        Add a plus sign to amounts that are not negative.
    """
    figures = f"{abs(amount):,g}" if digits is None else f"{abs(amount):,.{digits}f}"
    # An amount that rounds to zero has no minus sign.
    negative = amount < 0 and float(figures.replace(",", "")) > 0
    return f"{'-' if negative else '+' if signed else ''}${figures}"


def format_percent(amount: float, digits: int = 0, *, signed: bool = False) -> str:
    """Format a percentage: 72.0 as ``72%``, or ``+72%`` with its sign."""
    return f"{amount:{'+' if signed else ''},.{digits}f}%"


def format_duration(seconds: float) -> str:
    """Format a duration: ``4 s``, ``2 min 5 s``, ``1 h 2 min``."""
    minutes, rest_s = divmod(round(seconds), 60)
    hours, rest_min = divmod(minutes, 60)
    parts = [(hours, "h"), (rest_min, "min")] if hours else [(minutes, "min"), (rest_s, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def format_seconds(seconds: float) -> str:
    """Format a measured duration, with a decimal if it is short: ``0.5 s``, ``4 s``, ``2 min 5 s``."""
    # One decimal: 9.96 s is 10 s.
    short = round(seconds, 1)
    return f"{short:g} s" if short < 10 else format_duration(seconds)  # noqa: PLR2004  # seconds


def format_age(seconds: float) -> str:
    """Format an age in its largest unit: ``12 days``."""
    for unit_s, noun in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= unit_s:
            return pluralize(int(seconds // unit_s), noun)
    return "less than a minute"


def format_memory(mib: int) -> str:
    """Format memory as sizes do: ``512 MB``, ``4 GB``."""
    return f"{mib / 1_024:g} GB" if mib >= 1_024 else f"{mib} MB"  # noqa: PLR2004  # MiB in a GiB


def format_month(month: str) -> str:
    """Format a month: ``2026-08`` as ``Aug 2026``; other text is returned as it is."""
    found = _MONTH.fullmatch(month)
    return f"{MONTHS[int(found[2]) - 1]} {found[1]}" if found else month


def format_moment(time: datetime) -> str:
    """Format a time without its year: ``Aug 3, 12:15``."""
    return f"{MONTHS[time.month - 1]} {time.day}, {time:%H:%M}"


def is_json(text: str) -> bool:
    """Check whether the whole text is a JSON object or array."""
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def quote_argument(value: str) -> str:
    """Return a value quoted so that it arrives intact in a ``%do`` line.

    This is the inverse of what `language.tokens` does with one token. Quotes are added where needed, and braces
    are doubled except in JSON. A value with several lines needs a command that accepts several lines.
    """
    text = value if is_json(value) else value.replace("{", "{{").replace("}", "}}")
    if not _NEEDS_QUOTES.search(text):
        return text
    for mark in ('"', "'"):
        if mark not in text:
            return f"{mark}{text}{mark}"
    return "".join(f"'{part}'" if part.startswith('"') else f'"{part}"' for part in _QUOTE_RUNS.findall(text))
