"""Progress of running actions, with an estimate from how long past actions took.

The API sends no percentage, so a bar is an estimate. It never reaches 100 % before the server says ``completed``.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: The API's statuses of an action.
IN_PROGRESS = "in-progress"
COMPLETED = "completed"
ERRORED = "errored"
#: Our own status: the action has completed, but the droplet does not show its result yet.
SETTLING = "settling"
#: A bar stays here until the server says ``completed``.
MAX_FRACTION = 0.97
#: Newest actions of a type that an estimate uses: an account's history is long, and hardware changes.
MAX_SAMPLES = 50


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long past actions of one type took.

    Parameters
    ----------
    median_s : float
        Median in seconds.
    count : int
        Number of past actions.
    """

    median_s: float
    count: int


class Durations:
    """The durations of past actions, by type."""

    def __init__(self) -> None:
        self._seconds: dict[str, dict[int, float]] = {}

    def learn(self, actions: Iterable[Mapping[str, Any]]) -> None:
        """Add the durations of actions as the API sends them; only completed actions count."""
        for action in actions:
            if not isinstance(action, dict) or action.get("status") != COMPLETED:
                continue
            seconds, type_, id_ = _duration_s(action), action.get("type"), action.get("id")
            if seconds is not None and isinstance(type_, str) and isinstance(id_, int):
                self._seconds.setdefault(type_, {})[id_] = seconds

    def estimate(self, action_type: str) -> Estimate | None:
        """Return the median of the newest actions of a type; None without history."""
        known = self._seconds.get(action_type)
        if not known:
            return None
        newest = [known[action_id] for action_id in sorted(known)[-MAX_SAMPLES:]]
        return Estimate(statistics.median(newest), len(newest))


def _duration_s(action: Mapping[str, Any]) -> float | None:
    started, ended = action.get("started_at"), action.get("completed_at")
    if not started or not ended:
        return None
    try:
        seconds = (datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds()
    except (TypeError, ValueError):
        return None
    # An action that ends before it starts was recorded wrongly.
    return seconds if seconds >= 0 else None


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of one action.

    Parameters
    ----------
    id : int
        Id of the action.
    label : str
        ``"power_off web-1"``.
    status : str
        ``in-progress``, ``completed``, ``errored``, or ``settling`` until the droplet shows the result.
    elapsed_s : float
        Seconds since it started.
    estimate : Estimate or None
        How long such actions took in this account; None without history.
    """

    id: int
    label: str
    status: str
    elapsed_s: float
    estimate: Estimate | None = None

    @property
    def done(self) -> bool:
        """Whether this is the last report about the action."""
        return self.status in {COMPLETED, ERRORED}

    @property
    def fraction(self) -> float | None:
        """Estimated fraction from 0 to 1; None without an estimate."""
        if self.status in {COMPLETED, SETTLING}:
            return 1.0 if self.done else MAX_FRACTION
        if self.estimate is None or self.estimate.median_s <= 0:
            return None
        return min(MAX_FRACTION, self.elapsed_s / self.estimate.median_s)

    @property
    def left_s(self) -> float | None:
        """Estimated remaining seconds; None if unknown or already past the estimate."""
        if self.estimate is None or self.done or self.elapsed_s >= self.estimate.median_s:
            return None
        return self.estimate.median_s - self.elapsed_s


#: Called in the thread that waits, several times a second.
OnProgress = Callable[[Progress], None]
