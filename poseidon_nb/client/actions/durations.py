"""How long actions take in this account: pure, learned from the actions that were read anyway."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: How many of the newest actions of a type count: an account's history is long, and machines change.
NEWEST = 50


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long actions of one type took.

    Parameters
    ----------
    median_s : float
        Seconds.
    count : int
        How many past actions it rests on.
    """

    median_s: float
    count: int


class Durations:
    """What was learned of each type of action."""

    def __init__(self) -> None:
        self._seconds: dict[str, dict[int, float]] = {}

    def learn(self, actions: Iterable[Mapping[str, Any]]) -> None:
        """Take in actions as the API sends them; only the completed ones teach anything."""
        for action in actions:
            if action.get("status") != "completed":
                continue
            seconds = _seconds(action)
            if seconds is not None:
                self._seconds.setdefault(action["type"], {})[action["id"]] = seconds

    def estimate(self, action_type: str) -> Estimate | None:
        """Give the median of the newest of a type; None without history."""
        known = self._seconds.get(action_type)
        if not known:
            return None
        newest = [known[action_id] for action_id in sorted(known)[-NEWEST:]]
        return Estimate(statistics.median(newest), len(newest))


def _seconds(action: Mapping[str, Any]) -> float | None:
    started, ended = action.get("started_at"), action.get("completed_at")
    if not started or not ended:
        return None
    try:
        seconds = (datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds()
    except (TypeError, ValueError):
        return None
    # What ends before it begins was written down wrong.
    return seconds if seconds >= 0 else None
