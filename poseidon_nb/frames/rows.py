"""Rows of a list as decoded JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

R = TypeVar("R")


def distinct_rows(rows: Iterable[R]) -> list[R]:
    """Return rows without those whose id occurred before: items that move to the next page while a list is read."""
    found: list[R] = []
    seen: set[Any] = set()
    for row in rows:
        identity = row.get("id") if isinstance(row, Mapping) else None
        if isinstance(identity, str | int):
            if identity in seen:
                continue
            seen.add(identity)
        found.append(row)
    return found
