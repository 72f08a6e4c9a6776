"""The rules of firewalls and load balancers in few words: ``tcp 80, 443 from anywhere; tcp 22 from 203.0.113.0/24``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: All addresses, as the service lists them.
_ANYWHERE = frozenset({"0.0.0.0/0", "::/0"})
#: Ports that mean all of them. A rule for ICMP has none.
_ALL_PORTS = frozenset({"", "0", "all"})
#: The fields with whom a rule is about, and what stands before these.
_PEERS = {"sources": "from", "destinations": "to"}
_FORWARDING = ("entry_protocol", "entry_port", "target_protocol", "target_port")


def summarize_rules(values: Sequence[Any]) -> str:
    """Return a list of rules as text, rules with the same protocol and peers together.

    Parameters
    ----------
    values : sequence
        The inbound or outbound rules of a firewall, or the forwarding rules of a load balancer.

    Returns
    -------
    str
        Empty if they are anything else.
    """
    rules = [one for one in values if isinstance(one, dict)]
    if not rules or len(rules) < len(values):
        return ""
    if all(one.get(name) for one in rules for name in _FORWARDING):
        return "; ".join("{} {} to {} {}".format(*(one[name] for name in _FORWARDING)) for one in rules)
    if not all(one.get("protocol") and isinstance(_peers(one), dict) for one in rules):
        return ""
    ports: dict[tuple[str, str], list[str]] = {}
    for one in rules:
        port = str(one.get("ports") or "")
        ports.setdefault((str(one["protocol"]), _peers_text(one)), []).append("" if port in _ALL_PORTS else port)
    return "; ".join(
        " ".join(filter(None, (protocol, ", ".join(numbers) if all(numbers) else "", peers)))
        for (protocol, peers), numbers in ports.items()
    )


def _peers(rule: Mapping[str, Any]) -> Any:
    return next((rule[field] for field in _PEERS if field in rule), None)


def _peers_text(rule: Mapping[str, Any]) -> str:
    word = next(word for field, word in _PEERS.items() if field in rule)
    names = [str(one) for value in _peers(rule).values() if isinstance(value, list) for one in value]
    if set(names) >= _ANYWHERE:
        names = ["anywhere"]
    return f"{word} {', '.join(names)}" if names else ""
