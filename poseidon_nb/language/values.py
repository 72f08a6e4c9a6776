"""Convert what was typed to the type of an option or argument.

JSON can be typed in doctl's shorter form: ``protocol:tcp,ports:22,address:0.0.0.0/0`` is a firewall rule.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import GrammarError
from poseidon_nb.language.grammar_errors import grammar_error, quoted
from poseidon_nb.language.options import is_number
from poseidon_nb.language.spec import Option
from poseidon_nb.text import FALSE_WORDS, TRUE_WORDS, is_integer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.language.spec import Argument, Shorthand

#: A size in GiB, as doctl accepts it: ``--size 10GiB``.
_SIZE = re.compile(r"(?P<number>[0-9]{1,9})(?P<unit>[GT])(?:iB|B)?", re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?[0-9]{1,30}")
_TIME_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|[smhd])")
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def parse_value(text: str, option: Option | Argument, label: str) -> object:
    """Convert a text to the type of an option or argument.

    Parameters
    ----------
    text : str
        What was typed, with variables substituted.
    option : Option or Argument
        For a list, one element is converted.
    label : str
        How an error names it: ``--timeout`` or ``ACTION``.

    Raises
    ------
    GrammarError
        The text is not a valid value.
    """
    if option.closed:
        return _chosen(text, option.suggests, label)
    if isinstance(option, Option) and option.shorthand:
        return _short(text, option, label)
    return _PARSERS[option.type](text, label)


def _chosen(text: str, words: tuple[str, ...], label: str) -> str:
    for word in words:
        if text.casefold() == word.casefold():
            return word
    raise grammar_error(f"{label} must be one of {', '.join(words)}, not {quoted(text)}.", word=text, choices=words)


def _integer(text: str, label: str) -> int:
    size = _SIZE.fullmatch(text) if "size" in label.casefold() else None
    if size is not None:
        return int(size["number"]) * (1024 if size["unit"] in "Tt" else 1)
    if _INTEGER.fullmatch(text) is None:
        raise grammar_error(f"{label} must be an integer, not {quoted(text)}.", word=text)
    return int(text)


def _number(text: str, label: str) -> float:
    if not is_number(text):
        # Percentages and prices are typed without their sign.
        plain = text.strip().removesuffix("%").removeprefix("$").rstrip()
        close = [plain] if is_number(plain) else []
        raise grammar_error(f"{label} must be a number, not {quoted(text)}.", close=close)
    return float(text)


def _flag(text: str, label: str) -> bool:
    word = text.casefold()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise grammar_error(f"{label} must be true or false, not {quoted(text)}.", word=text)


def _seconds(text: str, label: str) -> float:
    if is_number(text):
        seconds = float(text)
    else:
        parts = _TIME_PART.findall(text)
        if not parts or "".join(number + unit for number, unit in parts) != text:
            raise grammar_error(
                f"{label} must be seconds or a duration such as 90s, 10m or 1h30m, not {quoted(text)}.", word=text
            )
        seconds = sum(float(number) * _UNIT_S[unit] for number, unit in parts)
    if seconds <= 0:
        raise grammar_error(f"{label} must be more than 0 seconds, not {quoted(text)}.", word=text)
    return seconds


def _text(text: str, label: str) -> str:  # noqa: ARG001  # all parsers have one signature
    return text


def _json(text: str, label: str) -> object:
    try:
        value = json.loads(text)
        json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict | list):
        raise grammar_error(
            f"{label} must be a JSON object or a list of them, not {quoted(text)}. It can also be a Python "
            "variable, as in {name}, or part of the body of a %%do cell.",
            word=text,
        )
    return value


def _short(text: str, option: Option, label: str) -> object:
    found = parse_shorthand(text, option.shorthand)
    if found is not None:
        return found
    try:
        return _json(text, label)
    except GrammarError:
        message = f"{label} must be JSON, or text such as {_SHORTHAND_EXAMPLES[option.shorthand]}, not {quoted(text)}."
    raise grammar_error(message, word=text)


def _unchanged(text: object, label: str) -> object:  # noqa: ARG001  # all parsers have one signature
    return text


def _any(text: str, label: str) -> int | str:  # noqa: ARG001  # all parsers have one signature
    return int(text) if is_integer(text) else text


_PARSERS = {
    "text": _text,
    "list": _text,
    "integer": _integer,
    "integers": _integer,
    "json": _json,
    "any": _any,
    "object": _unchanged,
    "number": _number,
    "flag": _flag,
    "seconds": _seconds,
}


#: doctl's words for the sources or destinations of a firewall rule, and the API's fields (doctl git 168188d).
_PEERS = {
    "address": "addresses",
    "tag": "tags",
    "droplet_id": "droplet_ids",
    "load_balancer_uid": "load_balancer_uids",
    "kubernetes_id": "kubernetes_ids",
}
_URN = re.compile(r"do:(?P<type>[a-z_]+):(?P<id>\S+)", re.IGNORECASE)

_SHORTHAND_EXAMPLES: Mapping[Shorthand, str] = {
    "inbound": "protocol:tcp,ports:22,address:0.0.0.0/0",
    "outbound": "protocol:tcp,ports:all,address:0.0.0.0/0",
    "object": "protocol:http,port:80,path:/",
    "objects": "entry_protocol:http,entry_port:80,target_protocol:http,target_port:80",
    "pools": "name:web,size:s-2vcpu-4gb,count:3",
    "urns": "do:droplet:521000032",
}


def parse_shorthand(text: str, shorthand: Shorthand) -> Any:
    """Parse a short text such as ``protocol:tcp,ports:22`` into JSON; None if it is not in that form.

    The pairs of one rule or object are separated by commas, and rules by spaces.
    """
    if not text.strip() or text.lstrip()[:1] in "[{" or not shorthand:
        return None
    if shorthand == "urns":
        return _urns(text)
    build = _BUILDERS[shorthand]
    found = [build(pairs) if pairs else None for pairs in map(_pairs, text.split())]
    if any(one is None for one in found):
        return None
    if shorthand == "object":
        return found[0] if len(found) == 1 else None
    return found


def _pairs(text: str) -> list[tuple[str, str]] | None:
    # Only the first colon separates: an IPv6 address contains more.
    pieces = [piece.partition(":") for piece in text.split(",")]
    if any(not name.replace("_", "").isalpha() or not colon or not value for name, colon, value in pieces):
        return None
    return [(name, value) for name, _, value in pieces]


def _object(pairs: list[tuple[str, str]]) -> dict[str, Any] | None:
    return {name: _value(value) for name, value in pairs} if len(dict(pairs)) == len(pairs) else None


def _rule(pairs: list[tuple[str, str]], peers: str) -> dict[str, Any] | None:
    rule: dict[str, Any] = {}
    for name, value in pairs:
        if name in _PEERS:
            known = _value(value) if name == "droplet_id" else value
            rule.setdefault(peers, {}).setdefault(_PEERS[name], []).append(known)
        elif name in {"protocol", "ports"} and name not in rule:
            rule[name] = value
        else:
            return None
    return rule


def _value(text: str) -> Any:
    words = {"true": True, "false": False}
    return int(text) if text.isdecimal() else words.get(text, text)


def _urns(text: str) -> list[dict[str, str]] | None:
    found = [_URN.fullmatch(word) for word in re.split(r"[\s,]+", text.strip(", "))]
    named = [{"resource_id": one["id"], "resource_type": one["type"].lower()} for one in found if one]
    return named if len(named) == len(found) else None


_BUILDERS: Mapping[Shorthand, Callable[[list[tuple[str, str]]], dict[str, Any] | None]] = {
    "inbound": lambda pairs: _rule(pairs, "sources"),
    "outbound": lambda pairs: _rule(pairs, "destinations"),
    "object": _object,
    "objects": _object,
    "pools": _object,
}
