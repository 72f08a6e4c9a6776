"""Deterministic random values. Each follows from the seed and its purpose, so no state is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import md5
else:
    try:
        # hashlib would load OpenSSL, which takes a good part of the time that a sandbox needs to start.
        from _md5 import md5
    except ImportError:
        from hashlib import md5

__all__ = ["digest", "md5", "randint", "random", "uuid"]


def digest(*parts: object) -> str:
    """Return 32 hex digits that depend only on the parts."""
    return md5("/".join(map(str, parts)).encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def random(*parts: object) -> float:
    """Return a number of at least 0 and less than 1."""
    return int(digest(*parts)[:8], 16) / 0x1_0000_0000


def randint(low: int, high: int, *parts: object) -> int:
    """Return an integer from low to high, both included."""
    return low + int(random(*parts) * (high - low + 1))


def uuid(*parts: object) -> str:
    """Return a UUID in the format of version 4."""
    digits = digest(*parts)
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
