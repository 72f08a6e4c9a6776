"""The global options, and finding an option by the name that was typed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from poseidon_nb.catalogue.wait_limits import format_wait_limits
from poseidon_nb.language.spec import Option, kebab
from poseidon_nb.text import close_matches

if TYPE_CHECKING:
    from poseidon_nb.language.spec import Argument, ValueType, Verb

GLOBAL_OPTIONS = (
    Option(field="out", help="assign the result to this Python variable", metavar="NAME"),
    Option(
        field="columns",
        help="show only these columns",
        type="list",
        aliases=("format",),
        metavar="A,B",
        source="columns",
    ),
    Option(field="raw", help="return the API's JSON instead of a DataFrame", type="flag"),
    Option(
        field="output",
        help="output format; json prints JSON",
        aliases=("o",),
        metavar="FORMAT",
        suggests=("table", "json", "text"),
        closed=True,
        default="table",
    ),
    Option(field="header", help="leave out the column names", type="flag", negated=True),
    Option(field="dry_run", help="show the requests and change nothing", type="flag"),
    Option(field="plan", help="return the changes as a Plan and change nothing", type="flag"),
    Option(field="yes", help="do not ask for confirmation", type="flag", aliases=("y", "force", "f")),
    Option(field="wait", help="return immediately instead of waiting for actions", type="flag", negated=True),
    Option(
        field="timeout",
        help="maximum time to wait: 90, 90s, 10m, 1h",
        type="seconds",
        metavar="SECONDS",
        default=format_wait_limits(),
    ),
    Option(field="check", help="send fields that the API specification does not list", type="flag", negated=True),
    Option(
        field="keep_going",
        help="if some resources fail or a list is incomplete, return the table instead of raising an error",
        type="flag",
    ),
    Option(
        field="strict",
        help="raise an error if a value in a response has an unexpected type, instead of leaving it out with a warning",
        type="flag",
    ),
    Option(field="reveal", help="show passwords, tokens, private keys and connection strings", type="flag"),
    Option(
        field="save",
        help="write the result with its secrets to FILE, as CSV, YAML or Parquet by its name; only you can read it",
        metavar="FILE",
    ),
    Option(
        field="context",
        help="account for this command: a name from %do context list, or default",
        metavar="NAME",
        source="contexts",
    ),
    Option(field="help", help="show this help", type="flag", aliases=("h",)),
)

#: Common names for a token or password. A value typed after one is refused and never shown.
SECRET_OPTIONS = frozenset(
    {"token", "access-token", "access-tokens", "t", "api-key", "private-key", "password", "credentials"}
)

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?")


def is_number(text: str) -> bool:
    """Check whether a text is a number, so that ``-5`` is a value and not an option."""
    return _NUMBER.fullmatch(text) is not None


class OptionMatch(NamedTuple):
    """What the name of an option means for one verb."""

    option: Option | Argument
    #: It was given as ``--no-NAME``.
    negated: bool = False


def find_option(verb: Verb | None, name: str) -> OptionMatch | None:
    """Find what ``--name`` (or ``-n``) means after a verb, or before any.

    A verb's own names come before the global ones. ``--field.NAME`` finds only the verb's own.
    """
    name = kebab(name)
    if verb is None:
        return _find(GLOBAL_OPTIONS, name)
    if name.startswith("field."):
        field = name.removeprefix("field.")
        found = [option for option in verb.options if field in (kebab(option.field), *option.spellings)]
        return OptionMatch(found[0]) if found else None
    return _find_own(verb, name) or _find(GLOBAL_OPTIONS, name)


def _find_own(verb: Verb, name: str) -> OptionMatch | None:
    found = _find(verb.options, name)
    if found is None:
        for argument in verb.arguments:
            if name in map(kebab, argument.option_names):
                return OptionMatch(argument)
    return found


def _find(options: tuple[Option, ...], name: str) -> OptionMatch | None:
    for option in options:
        if name in option.spellings:
            return OptionMatch(option)
    positive = name.removeprefix("no-")
    if positive != name:
        for option in options:
            if option.type == "flag" and positive in option.spellings:
                return OptionMatch(option, negated=True)
    return None


def close_options(verb: Verb | None, name: str) -> list[str]:
    """Return the options closest to an unknown name, with their dashes."""
    options = (*(verb.options if verb else ()), *GLOBAL_OPTIONS)
    names = {option.flag.removeprefix("--"): option.flag for option in options}
    names |= {kebab(word): f"--{kebab(word)}" for argument in _arguments(verb) for word in argument.option_names}
    for option in options:
        names |= {word: option.flag for word in option.spellings if len(word) > 1 and word not in names}
    return [*dict.fromkeys(names[close] for close in close_matches(name, names))]


def _arguments(verb: Verb | None) -> tuple[Argument, ...]:
    return verb.arguments if verb else ()


def option_metavar(option: Option) -> str:
    """Return what stands for an option's value in a usage line; empty for a flag."""
    if option.type == "flag":
        return ""
    return option.metavar or _METAVARS[option.type]


_METAVARS: dict[ValueType, str] = {
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
