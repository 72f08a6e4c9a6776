"""The cells of a column as text: money with its cents, times in UTC, short lists, and blanks for missing values.

Widths are those of a terminal, where a character of Chinese or an emoji takes two columns.
"""

from __future__ import annotations

import re
import textwrap
from functools import partial
from itertools import accumulate, takewhile
from typing import TYPE_CHECKING, Any

import pandas as pd
from wcwidth import wcwidth

from poseidon_nb.frames.rules import summarize_rules
from poseidon_nb.text import escape_unprintable

if TYPE_CHECKING:
    from collections.abc import Callable

#: Names of amounts of money.
_MONEY = re.compile(r"(^|_)(usd|price|amount|balance|usage)(_|$)")
#: Longer text may be wrapped or shortened, and is cut at `MAX_LENGTH` unless the user asked for the column.
LONG_TEXT, MAX_LENGTH = 40, 120
#: Long text and lists are not shortened to less.
_MIN_LONG, _MIN_LIST = 20, 10
#: Longer lists are truncated to about this many characters, followed by the number of other items: in a line of text, and on
#: a page, which scrolls.
_TEXT_LIST, _PAGE_LIST = (LONG_TEXT, 20), (72, 40)
#: Columns that explain a row. What went wrong is read to its end, and on a page also why.
_TEXT_EXPLANATIONS, _PAGE_EXPLANATIONS = frozenset({"error"}), frozenset({"error", "note", "why"})
#: Numbers beyond these are written in scientific notation.
_LARGE, _SMALL = 1e15, 1e-5
#: A card shows only the names of more objects than these.
_MAX_OBJECTS = 8
#: Missing values are blank, as an empty list is.
MISSING = ""
#: A placeholder of one column, which no printable text contains.
_FILLER = "\0"


class TextColumn:
    """A column as text.

    Parameters
    ----------
    name : str
    values : pandas.Series
    whole : bool
        Show lists and long text whole, because the user asked for the column.
    on_page : bool
        The column is part of a page, which has more room than a line of text.
    marks : bool
        Show true as a check mark and false as nothing.
    """

    def __init__(
        self, name: str, values: pd.Series[Any], *, whole: bool = False, on_page: bool = False, marks: bool = False
    ) -> None:
        self.name = escape_unprintable(name)
        #: Whether its cells are not to be shortened.
        self.whole = whole or name in (_PAGE_EXPLANATIONS if on_page else _TEXT_EXPLANATIONS)
        format_one = _formatter(values, whole=self.whole, limits=_PAGE_LIST if on_page else _TEXT_LIST, marks=marks)
        texts = [MISSING if gone else format_one(one) for one, gone in zip(values, values.isna(), strict=True)]
        lines = [escape_unprintable(" ".join(text.split("\n"))) for text in texts]
        self.cells = lines if self.whole else [shortened(line, MAX_LENGTH) for line in lines]
        #: Whether the cells are aligned right.
        self.is_number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
        #: Whether a cell has much text.
        self.is_long = any(len(cell) > LONG_TEXT for cell in self.cells)
        self._is_list = any(isinstance(value, list | dict) for value in values)

    @property
    def width(self) -> int:
        """The width in a terminal."""
        return max(text_width(self.name), *map(text_width, self.cells), 0)

    @property
    def min_width(self) -> int:
        """The width that it can be shortened to: half a list is still of use, half a name, address or time is not."""
        least = _MIN_LONG if self.is_long else _MIN_LIST if self._is_list else self.width
        return min(max(least, text_width(self.name)), self.width)


def field_lines(values: pd.Series[Any], *, whole: bool) -> list[str]:
    """Return the first value of a column as lines of text: a zone file keeps its lines.

    Only the names of many objects are shown, and of objects that contain others, unless the user asked for the column.
    """
    if values.isna().iloc[0]:
        return []
    value = values.iloc[0]
    # The sizes that a new cluster can have would fill three screens, and the nodes of a cluster's pools one.
    names = _names(value) if not whole and isinstance(value, list) and _is_large(value) else []
    text = ", ".join(names)
    if not text and isinstance(value, list) and any(isinstance(one, dict) for one in value):
        # A line for each object, because nobody could see where one ends.
        return [escape_unprintable(" ".join(_format_whole(one).split("\n"))) for one in value]
    text = text or _formatter(values, whole=True)(value)
    return [escape_unprintable(line) for line in text.rstrip("\n").split("\n")] if text else []


def is_empty(values: pd.Series[Any]) -> bool:
    """Check whether all cells of a column are blank: its values are missing, or empty text or lists."""
    missing = values.isna()
    if missing.all() or values.dtype.kind in "biufM":
        return bool(missing.all())
    return all(gone or (isinstance(one, str | list) and not one) for one, gone in zip(values, missing, strict=True))


def label(value: object) -> str:
    """Return an index label as text."""
    return escape_unprintable(_format_value(value))


def text_width(text: str) -> int:
    """Return the columns that a text takes in a terminal."""
    return len(text) if text.isascii() else sum(map(_character_width, text))


def _character_width(character: str) -> int:
    # Below 0 for what should not be printed at all.
    return max(wcwidth(character), 0)


def shortened(text: str, width: int) -> str:
    """Return a text that takes at most this many columns."""
    if text_width(text) <= width:
        return text
    ends = accumulate(map(_character_width, text))
    return f"{text[: sum(1 for _ in takewhile(lambda end: end < width, ends))]}…"


def aligned(text: str, width: int, *, right: bool = False) -> str:
    """Return a text with spaces before or after it."""
    spaces = " " * (width - text_width(text))
    return f"{spaces}{text}" if right else f"{text}{spaces}"


def wrapped(text: str, width: int) -> list[str]:
    """Return a text as lines that take at most this many columns."""
    # `textwrap` counts characters.
    counted = "".join(one + _FILLER * (_character_width(one) - 1) for one in text)
    return [line.replace(_FILLER, "") for line in textwrap.wrap(counted, width)] or [""]


def _formatter(
    values: pd.Series[Any], *, whole: bool, limits: tuple[int, int] = _TEXT_LIST, marks: bool = False
) -> Callable[[Any], str]:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return _format_time
    if marks and pd.api.types.is_bool_dtype(values):
        return _format_mark
    if not pd.api.types.is_float_dtype(values):
        return _format_whole if whole else partial(_format_value, limits=limits)
    name = str(values.name)
    if _MONEY.search(name):
        # Hourly prices are often below a cent, and those of a second always.
        return _format_hourly if "hour" in name else _format_decimal if "second" in name else _format_cents
    if "percent" in name:
        return _format_cents
    return _format_decimal if (values.dropna() % 1 != 0).any() else _format_integer


def _format_integer(number: float) -> str:
    # Beyond that a float cannot represent every integer, so its digits would be noise.
    return f"{number:.0f}" if abs(number) < _LARGE else f"{number:g}"


def _format_hourly(number: float) -> str:
    return f"{number:.5f}"


def _format_cents(number: float) -> str:
    if abs(number) >= _LARGE:
        return f"{number:g}"
    cents = f"{number:.2f}"
    return cents if float(cents) else "0.00"


def _format_decimal(number: float) -> str:
    """Format a number with two decimal places, or five if it is small; an even smaller one is not zero either."""
    if 0 < abs(number) < _SMALL:
        return f"{number:g}"
    cents = _format_cents(number)
    return cents if float(cents) or not number else f"{number:.5f}".rstrip("0")


def _format_time(time: pd.Timestamp) -> str:
    return time.tz_convert("UTC").strftime("%Y-%m-%d %H:%M:%SZ")


def _format_whole(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_format_inner(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return _separator(value).join(map(_format_whole, value))
    return str(value)


def _format_inner(value: object) -> str:
    """Format a value of an object. Without the parentheses nobody could see where an inner object ends."""
    text = _format_whole(value) if value is not None else "none"
    return f"({text})" if isinstance(value, dict | list | tuple) and len(value) > 0 else text or "none"


def _separator(values: list[Any] | tuple[Any, ...]) -> str:
    return "; " if any(isinstance(one, dict) for one in values) else ", "


def _format_mark(value: object) -> str:
    return "✓" if value else MISSING


def _format_value(value: object, *, limits: tuple[int, int] = _TEXT_LIST) -> str:
    rules = summarize_rules(value) if isinstance(value, list) else ""
    text = rules or _format_whole(value)
    max_length, length = limits
    if rules or not isinstance(value, list | tuple) or len(text) <= max_length:
        return text
    # Of a list of node pools their names say more than the first fields of the first one.
    words = _names(value) or [_format_whole(one) for one in value]
    count = max(1, sum(end <= length for end in accumulate(len(word) + 2 for word in words)))
    more = f" and {len(words) - count:,} more" if count < len(words) else ""
    return f"{(', ' if _names(value) else _separator(value)).join(words[:count])}{more}"


def _is_large(values: list[Any]) -> bool:
    """Check whether there are many objects, or objects that contain lists of objects."""
    inner = [one for value in values if isinstance(value, dict) for one in value.values()]
    return len(values) > _MAX_OBJECTS or any(isinstance(one, list) and isinstance([*one, 0][0], dict) for one in inner)


def _names(values: list[Any] | tuple[Any, ...]) -> list[str]:
    """Return the slugs or names of objects; none if one has neither."""
    for key in ("slug", "name"):
        names = [one.get(key) if isinstance(one, dict) else None for one in values]
        if all(isinstance(name, str) and name for name in names):
            return [str(name) for name in names]
    return []
