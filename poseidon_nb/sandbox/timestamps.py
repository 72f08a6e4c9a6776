"""Times in the formats of the API and of HTTP, and the sandbox's clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poseidon_nb.clock import Clock

HOUR_S = 3600
DAY_S = 86_400
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def format_time(seconds: float) -> str:
    """Format Unix seconds as the API does: whole seconds in UTC, ``2026-11-23T12:00:00Z``."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def parse_time(text: str) -> int:
    """Parse a time of the API into Unix seconds. Without an offset it is in UTC. Raise ValueError for other text."""
    at = datetime.fromisoformat(text)
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


def http_date(seconds: float) -> str:
    """Format Unix seconds as HTTP's ``Date`` header. strftime would use the user's language."""
    at = time.gmtime(seconds)
    return (
        f"{_DAYS[at.tm_wday]}, {at.tm_mday:02} {_MONTHS[at.tm_mon - 1]} {at.tm_year} "
        f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT"
    )


class SteadyClock:
    """A clock with real dates that never jumps when the machine's clock is set.

    Attributes
    ----------
    moved_s : float
        By how much it was moved forward, in seconds.
    """

    __slots__ = ("_clock", "_offset_s", "moved_s")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.moved_s = 0.0
        self._offset_s = clock.now().timestamp() - clock.monotonic()

    def now(self) -> float:
        """Return the time in Unix seconds."""
        return self._clock.monotonic() + self._offset_s + self.moved_s

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self.moved_s += seconds
