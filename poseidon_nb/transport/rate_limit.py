"""Slow down before the limit is hit: pure, told the time and what the replies said.

DigitalOcean allows 5,000 requests an hour and 5 % of that in any minute, for a token, whoever uses it. Its own counter,
``ratelimit-remaining``, is therefore the measure, not ours: how far it fell within the last minute is the minute's use.
A server whose counter stands still (the sandbox with its limits off) counts nothing, and is not waited for.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The share of the hourly limit that one minute may use (API introduction, "Rate Limit").
BURST_SHARE = 0.05
BURST_WINDOW_S = 60.0
HOUR_S = 3600.0
#: Below this share of the hourly limit requests go out only as fast as the window frees them.
RESERVE_SHARE = 0.01
#: What a full set of connections may have used before the first reply told of it, or tells out of order.
UNSEEN = 16
#: What sums of floating-point seconds are off by; no wait is shorter.
_TICK_S = 1e-6


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The limit as a reply told it.

    DigitalOcean counts some requests by another limit beside the account's (``GET /v2/account/keys``), and what a
    reply tells is the one that it was counted by: `limit` tells them apart.
    """

    #: Requests that an hour allows.
    limit: int
    #: Requests that are left of them.
    remaining: int
    #: When the oldest request that counts leaves the window, by the server's clock, UTC; None where that was not told.
    resets_at: datetime | None
    #: When the reply came, by our clock, UTC.
    told_at: datetime


def told_by(headers: Mapping[str, str], now: datetime) -> RateLimit | None:
    """Return the limit that a reply's headers tell; None if they tell none.

    Parameters
    ----------
    headers : mapping
        Names in lower case.
    now : datetime
        The time of day, UTC.
    """
    try:
        limit, remaining = int(headers["ratelimit-limit"]), int(headers["ratelimit-remaining"])
    except (KeyError, ValueError):
        return None
    try:
        resets_at = datetime.fromtimestamp(float(headers["ratelimit-reset"]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        resets_at = None
    return RateLimit(limit, remaining, resets_at, now)


def least_s(requests: int, told: RateLimit) -> float:
    """Return the seconds that so many requests take at least: as fast as `RateLimiter` lets them go, and nobody else asks.

    What is left goes out a minute's share at a time, the rest only as fast as an hour's window frees it.
    """
    burst = max(1, int(told.limit * BURST_SHARE) - UNSEEN)
    soon = max(0, min(requests, told.remaining - int(told.limit * RESERVE_SHARE)))
    return max(0, soon - burst) / burst * BURST_WINDOW_S + (requests - soon) * HOUR_S / told.limit


@dataclass(frozen=True, slots=True)
class _Reading:
    at_s: float
    remaining: int


class RateLimiter:
    """Decides how long the next request has to wait. Not locked: the session does that."""

    def __init__(self) -> None:
        self._limit = 0
        self._readings: deque[_Reading] = deque()
        self._in_flight = 0
        self._began_s = 0.0
        self._paused_until_s = 0.0

    def delay_s(self, now_s: float) -> float:
        """Return the seconds to wait before the next request, 0 for none.

        Parameters
        ----------
        now_s : float
            A monotonic time in seconds, the same clock as for the other methods.
        """
        paused_s = self._paused_until_s - now_s
        if paused_s > _TICK_S:
            return paused_s
        self._forget(now_s)
        if not self._readings or not self._limit:
            return 0.0
        top, newest = self._readings[0], self._readings[-1]
        used = top.remaining - newest.remaining + self._in_flight
        burst = int(self._limit * BURST_SHARE) - UNSEEN
        if used >= burst > 0 and top.remaining > newest.remaining:
            return max(0.05, top.at_s + BURST_WINDOW_S - now_s)
        if newest.remaining < self._limit and newest.remaining - self._in_flight <= self._limit * RESERVE_SHARE:
            return max(0.0, self._began_s + HOUR_S / self._limit - now_s)
        return 0.0

    def begin(self, now_s: float) -> None:
        """Note that a request goes out."""
        self._in_flight += 1
        self._began_s = now_s

    def end(self, headers: Mapping[str, str], now_s: float) -> None:
        """Note that a request ended, and what its reply said (nothing, if none came)."""
        self._in_flight -= 1
        try:
            limit, remaining = int(headers["ratelimit-limit"]), int(headers["ratelimit-remaining"])
        except (KeyError, ValueError):
            return
        if limit != self._limit:
            # Another limit has another counter (``GET /v2/account/keys`` has its own).
            self._limit = limit
            self._readings.clear()
        self._forget(now_s)
        # Only readings above the newest one matter, so the first is always the highest of the minute, and a server
        # that counts nothing leaves one, however fast it answers.
        while self._readings and self._readings[-1].remaining <= remaining:
            self._readings.pop()
        self._readings.append(_Reading(now_s, remaining))

    def pause(self, until_s: float) -> None:
        """Hold every request back until then: a 429 was answered."""
        self._paused_until_s = max(self._paused_until_s, until_s)
        # The server's count starts anew behind a refusal; what fell before it must not hold us back twice.
        self._readings.clear()

    def _forget(self, now_s: float) -> None:
        while len(self._readings) > 1 and self._readings[0].at_s <= now_s - BURST_WINDOW_S:
            self._readings.popleft()
