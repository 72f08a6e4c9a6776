"""What is told while something runs: plain values, for whoever wants to show them.

The API gives no percentage. A bar is an estimate, and says so; it never reaches its end before the server does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poseidon_nb.client.actions.durations import Estimate

#: The API's statuses of an action.
IN_PROGRESS = "in-progress"
COMPLETED = "completed"
ERRORED = "errored"
#: Not the API's word: completed, but the droplet does not show it yet.
SETTLING = "settling"
#: A bar is held here until the server says ``completed``.
MOST_FRACTION = 0.97


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one action is.

    Parameters
    ----------
    id : int
        The action.
    label : str
        ``"power_off web-1"``.
    status : str
        ``in-progress``, ``completed``, ``errored``, or ``settling`` while the droplet does not agree yet.
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
        """Whether nothing more will be told of it."""
        return self.status in {COMPLETED, ERRORED}

    @property
    def fraction(self) -> float | None:
        """From 0 to 1, estimated; None when there is nothing to estimate from."""
        if self.status in {COMPLETED, SETTLING}:
            return 1.0 if self.done else MOST_FRACTION
        if self.estimate is None or self.estimate.median_s <= 0:
            return None
        return min(MOST_FRACTION, self.elapsed_s / self.estimate.median_s)

    @property
    def left_s(self) -> float | None:
        """Seconds that are probably left; None when unknown or already past the estimate."""
        if self.estimate is None or self.done or self.elapsed_s >= self.estimate.median_s:
            return None
        return self.estimate.median_s - self.elapsed_s


#: Called in the thread that waits, several times a second.
OnProgress = Callable[[Progress], None]
