"""The rules of firewalls: read from a body, checked, and written as the API shows them.

From the specification: all ports are ``"0"``, and so are those of ICMP. The limit is of DigitalOcean's page on the limits of
firewalls (read in 2026), "invalid address" a text seen in terraform-provider-digitalocean issue 33; other texts are chosen here.
Ids of Kubernetes clusters are taken as they are, because the sandbox has none to compare them with.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import bodies
from poseidon_nb.sandbox.records import render
from poseidon_nb.sandbox.replies import unprocessable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from poseidon_nb.sandbox.world import World

#: The two lists of rules, and what a rule of each calls its other side.
SIDES = {"inbound_rules": "sources", "outbound_rules": "destinations"}
_RULES_MOST = 50
_PROTOCOLS = ("tcp", "udp", "icmp")
_PORT_MOST = 65_535
#: What a side may name, and the type of each.
_TARGETS = {
    "addresses": "string",
    "droplet_ids": "integer",
    "load_balancer_uids": "string",
    "kubernetes_ids": "string",
    "tags": "string",
}
_ALL_PORTS = "0"


def read_rules(world: World, body: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Give both lists of rules of a body as the API shows them; refuse a body without any rule."""
    rules = {
        key: [_rule(world, rule, side) for rule in bodies.optional(body, key, "array") or ()]
        for key, side in SIDES.items()
    }
    return checked_number(rules)


def checked_number(rules: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Give lists of rules back; refuse too few and too many."""
    number = sum(map(len, rules.values()))
    if not number:
        raise unprocessable("A firewall needs at least one inbound or outbound rule.")
    if number > _RULES_MOST:
        raise unprocessable(f"A firewall can have at most {_RULES_MOST} rules.")
    return rules


def key_of(rule: dict[str, Any]) -> bytes:
    """Give what is the same for two rules that say the same."""
    sides = {name: value for name, value in rule.items() if isinstance(value, dict)}
    ((side, targets),) = sides.items()
    return render(
        [rule["protocol"], rule["ports"], side, sorted((name, sorted(them)) for name, them in targets.items())]
    )


def without(rules: Iterable[dict[str, Any]], target: str, lost: Callable[[Any], bool]) -> list[dict[str, Any]]:
    """Give rules whose sides no longer name what is gone; a rule that names nothing any more lets nothing pass."""
    kept = []
    for rule in rules:
        changed = dict(rule)
        for side in SIDES.values():
            if target in rule.get(side, ()):
                targets = {**rule[side], target: [one for one in rule[side][target] if not lost(one)]}
                changed[side] = {name: them for name, them in targets.items() if them}
        kept.append(changed)
    return kept


def _rule(world: World, rule: Any, side: str) -> dict[str, Any]:
    bodies.typed("a rule", rule, "object")
    protocol = bodies.required(rule, "protocol", "string")
    if protocol not in _PROTOCOLS:
        raise unprocessable(f"{protocol} is not a valid protocol: tcp, udp or icmp.")
    ports = _ALL_PORTS if protocol == "icmp" else _ports(bodies.required(rule, "ports", "string"))
    return {"protocol": protocol, "ports": ports, side: _targets(world, bodies.required(rule, side, "object"), side)}


def _ports(text: str) -> str:
    if text in {"all", _ALL_PORTS}:
        return _ALL_PORTS
    first, _, last = text.partition("-")
    ends = (first, last or first)
    if not all(end.isascii() and end.isdigit() and len(end) <= len(str(_PORT_MOST)) for end in ends):
        raise unprocessable(f"{text} is not a port, a range such as 8000-9000, or 0 for all.")
    if not 1 <= int(ends[0]) <= int(ends[1]) <= _PORT_MOST:
        raise unprocessable(f"ports must be from 1 to {_PORT_MOST}, the smaller one first.")
    return text


def _targets(world: World, targets: dict[str, Any], side: str) -> dict[str, list[Any]]:
    named: dict[str, list[Any]] = {}
    for name, kind in _TARGETS.items():
        values = bodies.optional(targets, name, "array") or []
        for value in values:
            bodies.typed(f"an item of {name}", value, kind)
            _check_target(world, name, value)
        if values:
            named[name] = [*dict.fromkeys(values)]
    if not named:
        raise unprocessable(f"{side} must name at least one of {', '.join(_TARGETS)}.")
    return named


def _check_target(world: World, name: str, value: Any) -> None:
    if name == "addresses":
        try:
            ipaddress.ip_network(value, strict=False)
        except ValueError:
            raise unprocessable("invalid address") from None
    elif name == "droplet_ids" and value not in world.droplets:
        raise unprocessable(f"There is no Droplet {value} in your account.")
    elif name == "load_balancer_uids" and value not in world.load_balancers:
        raise unprocessable(f"There is no load balancer {value} in your account.")
    elif name == "tags" and value.lower() not in world.tags:
        raise unprocessable(f"There is no tag {value} in your account.")
