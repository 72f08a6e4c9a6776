"""JSON written short, as doctl's users write it: rules of firewalls and load balancers, and what a tag is put on. Pure.

``protocol:tcp,ports:22,address:0.0.0.0/0`` is a rule; a blank begins the next.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.magics.language.words import Shorthand

#: Where doctl's word for a source or destination of a firewall's rule belongs (git 168188d).
_PEERS = {
    "address": "addresses",
    "tag": "tags",
    "droplet_id": "droplet_ids",
    "load_balancer_uid": "load_balancer_uids",
    "kubernetes_id": "kubernetes_ids",
}
_URN = re.compile(r"do:(?P<type>[a-z_]+):(?P<id>\S+)", re.IGNORECASE)

EXAMPLES: Mapping[Shorthand, str] = {
    "inbound": "protocol:tcp,ports:22,address:0.0.0.0/0",
    "outbound": "protocol:tcp,ports:all,address:0.0.0.0/0",
    "object": "protocol:http,port:80,path:/",
    "objects": "entry_protocol:http,entry_port:80,target_protocol:http,target_port:80",
    "urns": "do:droplet:521000032",
}


def read_short(text: str, shorthand: Shorthand) -> Any:
    """Give the JSON that a short text stands for; None if it stands for none."""
    if not text.strip() or text.lstrip()[:1] in "[{" or not shorthand:
        return None
    if shorthand == "urns":
        return _urns(text)
    make = _MAKERS[shorthand]
    found = [make(pairs) if pairs else None for pairs in map(_pairs, text.split())]
    if any(one is None for one in found):
        return None
    if shorthand == "object":
        return found[0] if len(found) == 1 else None
    return found


def _pairs(text: str) -> list[tuple[str, str]] | None:
    # An IPv6 address has colons of its own: only the first one of each piece divides.
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


_MAKERS: Mapping[Shorthand, Callable[[list[tuple[str, str]]], dict[str, Any] | None]] = {
    "inbound": lambda pairs: _rule(pairs, "sources"),
    "outbound": lambda pairs: _rule(pairs, "destinations"),
    "object": _object,
    "objects": _object,
}
