"""Rules of firewalls that name a frozen droplet by its id, as text for a tag. Pure.

DigitalOcean forgets the id with the droplet, so thawing adds such a rule again, for the new id only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    Row = Mapping[str, Any]

#: The list of rules and the other side in them, by the word in the text.
_SIDES = {"in": ("inbound_rules", "sources"), "out": ("outbound_rules", "destinations")}
_RULE = re.compile(r"(?P<firewall>[0-9a-fA-F-]{36})-(?P<side>in|out)-(?P<protocol>[a-zA-Z]+)-(?P<ports>[a-zA-Z0-9-]+)")


def format_rules(firewall: Row, droplet_id: int) -> list[str]:
    """Return the rules of a firewall that name a droplet: ``2a53...-in-tcp-8000-9000``."""
    return list(
        dict.fromkeys(
            f"{firewall['id']}-{word}-{rule.get('protocol')}-{rule.get('ports') or '0'}"
            for word, (key, side) in _SIDES.items()
            for rule in firewall.get(key) or ()
            if _names(rule, side, droplet_id)
        )
    )


def parse_rule(text: str, droplet_id: Any) -> tuple[str, dict[str, Any]] | None:
    """Return the id of a rule's firewall, and the body that adds the rule for a droplet; None if it cannot be read."""
    found = _RULE.fullmatch(text)
    if found is None:
        return None
    key, side = _SIDES[found["side"]]
    rule = {"protocol": found["protocol"], "ports": found["ports"], side: {"droplet_ids": [droplet_id]}}
    return found["firewall"], {key: [rule]}


def has_rule(firewall: Row, text: str, droplet_id: int) -> bool:
    """Return whether a firewall has a rule for a droplet."""
    return text in format_rules(firewall, droplet_id)


def _names(rule: Any, side: str, droplet_id: int) -> bool:
    other = rule.get(side) if isinstance(rule, dict) else None
    return isinstance(other, dict) and droplet_id in (other.get("droplet_ids") or ())
