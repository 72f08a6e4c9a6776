"""The options that every command knows, and how the text of a value becomes the value."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from poseidon_nb.catalogue.wait_limits import format_wait_limits
from poseidon_nb.errors import GrammarError
from poseidon_nb.magics.language.mistakes import mistake, quoted
from poseidon_nb.magics.language.shorthand import EXAMPLES, read_short
from poseidon_nb.magics.language.words import Option
from poseidon_nb.text import FALSE_WORDS, TRUE_WORDS, is_integer, suggestion

if TYPE_CHECKING:
    from poseidon_nb.magics.language.words import Argument, Kind

GLOBAL_OPTIONS = (
    Option(field="out", help="assign the result to this Python variable", shows="NAME"),
    Option(
        field="columns",
        help="show only these columns",
        kind="list",
        aliases=("format",),
        shows="A,B",
        source="columns",
    ),
    Option(field="raw", help="the API's JSON instead of a DataFrame", kind="flag"),
    Option(
        field="output",
        help="table, or json to print JSON",
        aliases=("o",),
        shows="FORM",
        suggests=("table", "json", "text"),
        closed=True,
        default="table",
    ),
    Option(field="header", help="leave the column names out", kind="flag", on=True),
    Option(field="dry_run", help="show the requests and change nothing", kind="flag"),
    Option(field="plan", help="return what it would change as a Plan, and change nothing", kind="flag"),
    Option(field="yes", help="do not ask", kind="flag", aliases=("y", "force", "f")),
    Option(field="wait", help="return at once instead of waiting for actions", kind="flag", on=True),
    Option(
        field="timeout",
        help="how long to wait at most: 90, 90s, 10m, 1h",
        kind="seconds",
        shows="SECONDS",
        default=format_wait_limits(),
    ),
    Option(field="check", help="send also what the API's description does not know", kind="flag", on=True),
    Option(field="keep_going", help="when some of many fail, show the table and raise nothing", kind="flag"),
    Option(
        field="context",
        help="the account for this command: a name of %do context list, or default",
        shows="NAME",
        source="contexts",
    ),
    Option(field="help", help="this text", kind="flag", aliases=("h",)),
)

#: What doctl and people's fingers call a token; a value here is refused without being shown.
SECRET_OPTIONS = frozenset(
    {"token", "access-token", "access-tokens", "t", "api-key", "private-key", "password", "credentials"}
)

#: A size of so many GiB as doctl takes it: ``--size 10GiB``.
_SIZE = re.compile(r"(?P<number>[0-9]{1,9})(?P<unit>[GT])(?:iB|B)?", re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?[0-9]{1,30}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?")
_TIME_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|[smhd])")
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def is_number(text: str) -> bool:
    """Check whether the text is a number, so that ``-5`` is a value and no option."""
    return _NUMBER.fullmatch(text) is not None


def converted(text: str, option: Option | Argument, label: str) -> object:
    """Make the value out of its text.

    Parameters
    ----------
    text : str
        What was typed, variables filled in.
    option : Option or Argument
        What it is for. Of a list it makes one element.
    label : str
        How a message names it: ``--timeout`` or ``ACTION``.

    Raises
    ------
    GrammarError
        The text is no such value.
    """
    if option.closed:
        return _chosen(text, option.suggests, label)
    if isinstance(option, Option) and option.shorthand:
        return _short(text, option, label)
    return _CONVERT[option.kind](text, label)


def _chosen(text: str, words: tuple[str, ...], label: str) -> str:
    for word in words:
        if text.casefold() == word.casefold():
            return word
    raise mistake(f"{label} is one of {', '.join(words)}, not {quoted(text)}", word=text, among=words)


def _integer(text: str, label: str) -> int:
    size = _SIZE.fullmatch(text) if "size" in label.casefold() else None
    if size is not None:
        return int(size["number"]) * (1024 if size["unit"] in "Tt" else 1)
    if _INTEGER.fullmatch(text) is None:
        raise mistake(f"{label} takes a whole number, not {quoted(text)}", word=text)
    return int(text)


def _number(text: str, label: str) -> float:
    if not is_number(text):
        # A percentage, and a price, are numbers here.
        plain = text.strip().removesuffix("%").removeprefix("$").rstrip()
        near = suggestion([plain] if is_number(plain) else [])
        raise mistake(f"{label} takes a number, not {quoted(text)}{near}", word=text)
    return float(text)


def _flag(text: str, label: str) -> bool:
    word = text.casefold()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise mistake(f"{label} is true or false, not {quoted(text)}", word=text)


def _seconds(text: str, label: str) -> float:
    if is_number(text):
        seconds = float(text)
    else:
        parts = _TIME_PART.findall(text)
        if not parts or "".join(number + unit for number, unit in parts) != text:
            raise mistake(f"{label} takes seconds, or a time like 90s, 10m or 1h30m, not {quoted(text)}", word=text)
        seconds = sum(float(number) * _UNIT_S[unit] for number, unit in parts)
    if seconds <= 0:
        raise mistake(f"{label} must be more than 0 seconds, not {quoted(text)}", word=text)
    return seconds


def _text(text: str, label: str) -> str:  # noqa: ARG001  # all converters are called alike
    return text


def _json(text: str, label: str) -> object:
    try:
        value = json.loads(text)
        json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict | list):
        raise mistake(
            f"{label} takes JSON, an object or a list of them, not {quoted(text)}; or {{name}} of a Python variable that "
            "holds it, or write it in the body of a %%do cell",
            word=text,
        )
    return value


def _short(text: str, option: Option, label: str) -> object:
    found = read_short(text, option.shorthand)
    if found is not None:
        return found
    try:
        return _json(text, label)
    except GrammarError:
        message = f"{label} takes JSON, or words like {EXAMPLES[option.shorthand]}, not {quoted(text)}"
    raise mistake(message, word=text)


def _object(text: object, label: str) -> object:  # noqa: ARG001  # all converters are called alike
    return text


def _any(text: str, label: str) -> int | str:  # noqa: ARG001  # all converters are called alike
    return int(text) if is_integer(text) else text


_CONVERT = {
    "text": _text,
    "list": _text,
    "integer": _integer,
    "integers": _integer,
    "json": _json,
    "any": _any,
    "object": _object,
    "number": _number,
    "flag": _flag,
    "seconds": _seconds,
}


def shown_value(option: Option) -> str:
    """Return what stands for the option's value in a usage line; empty for a flag."""
    if option.kind == "flag":
        return ""
    return option.shows or _SHOWS[option.kind]


_SHOWS: dict[Kind, str] = {
    "text": "TEXT",
    "list": "A,B",
    "integer": "N",
    "number": "NUMBER",
    "flag": "",
    "seconds": "SECONDS",
    "integers": "N,N",
    "json": "JSON",
    "any": "VALUE",
    "object": "{NAME}",
}
