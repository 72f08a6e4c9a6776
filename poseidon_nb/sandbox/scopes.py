"""Tokens and what they may do.

A token limited to scopes is refused what its scopes do not cover, and some fields are hidden from it, as the
specification says of them one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

FORBIDDEN_TEXT = "You do not have access for the attempted action."

#: The scope that each field needs beyond its object's own.
FIELD_SCOPES: dict[str, dict[str, str]] = {
    "droplet": {
        "image": "image:read",
        "backup_ids": "image:read",
        "snapshot_ids": "image:read",
        "volume_ids": "block_storage:read",
        "tags": "tag:read",
        "vpc_uuid": "vpc:read",
    },
    "image": {"tags": "tag:read"},
    "snapshot": {"tags": "tag:read"},
    "volume": {"tags": "tag:read"},
    "reserved_ip": {"droplet": "droplet:read", "project_id": "project:read"},
    "reserved_ipv6": {"droplet": "droplet:read"},
    "firewall": {"droplet_ids": "droplet:read", "tags": "tag:read"},
    "region": {"sizes": "sizes:read"},
    "account": {"droplet_limit": "droplet:read", "floating_ip_limit": "reserved_ip:read"},
}


def visible(kind: str, shown: dict[str, Any], scopes: frozenset[str]) -> dict[str, Any]:
    """Give an object without the fields that these scopes do not cover, inside its region and droplet too."""
    needed = FIELD_SCOPES.get(kind, {})
    seen = {name: value for name, value in shown.items() if needed.get(name) in {None, *scopes}}
    for inner in ("region", "droplet"):
        if isinstance(seen.get(inner), dict):
            seen[inner] = visible(inner, seen[inner], scopes)
    return seen


class Tokens:
    """The tokens that the sandbox takes.

    Parameters
    ----------
    owner : str
        The token that may do everything, the sandbox's own controls included.
    """

    __slots__ = ("_limited", "owner")

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self._limited: dict[str, frozenset[str]] = {}

    def __repr__(self) -> str:
        return f"<Tokens: 1 of the owner, {len(self._limited)} limited>"

    def limit(self, token: str, scopes: Iterable[str]) -> None:
        """Take one more token, limited to these scopes."""
        self._limited[token] = frozenset(scopes)

    def clear(self) -> None:
        """Take the owner's token only."""
        self._limited.clear()

    def known(self, token: str) -> bool:
        """Say whether this is a token of ours."""
        return token == self.owner or token in self._limited

    def scopes(self, token: str) -> frozenset[str] | None:
        """Give what a known token may do; None is everything."""
        return self._limited.get(token)
