"""Chance that is none: every draw follows from the seed and from what it is drawn for, so it needs no state."""

from __future__ import annotations

import hashlib


def digest(*parts: object) -> str:
    """Give 32 hex digits that depend on the parts alone."""
    return hashlib.md5("/".join(map(str, parts)).encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def random(*parts: object) -> float:
    """Give a number from 0 up to 1."""
    return int(digest(*parts)[:8], 16) / 0x1_0000_0000


def randint(low: int, high: int, *parts: object) -> int:
    """Give a whole number, both ends included."""
    return low + int(random(*parts) * (high - low + 1))


def uuid(*parts: object) -> str:
    """Give a UUID in the form of version 4."""
    digits = digest(*parts)
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
