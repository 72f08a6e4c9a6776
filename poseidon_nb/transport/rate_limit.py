"""Rate limiting on our side, before the server's limit is reached. Pure: times and response headers are passed in.

DigitalOcean allows 5,000 requests an hour, and 5% of that in any minute, per token across all clients. Usage is
therefore read from the server's counter, ``ratelimit-remaining``: its decrease within the last minute is the minute's usage. A server
whose counter does not move (the sandbox without limits) counts nothing, and requests to it are not delayed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Fraction of the hourly limit allowed per minute (API introduction, "Rate Limit").
BURST_SHARE = 0.05
BURST_WINDOW_S = 60.0
HOUR_S = 3600.0
#: Below this fraction of the hourly limit, requests are sent only as fast as the window frees them.
RESERVE_SHARE = 0.01
#: Requests that all connections together may have sent before the first response arrives, or arrives out of order.
IN_FLIGHT_MARGIN = 16
#: Rounding error of sums of seconds; shorter waits are skipped.
_EPSILON_S = 1e-6


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The rate limit according to a response.

    DigitalOcean counts some requests against another limit than the account's (``GET /v2/account/keys``). A response
    states the limit that applied to it, so `limit` distinguishes them.
    """

    #: Requests allowed per hour.
    limit: int
    #: Remaining requests.
    remaining: int
    #: When the oldest counted request leaves the window, by the server's clock, UTC; None if not stated.
    resets_at: datetime | None
    #: When the response arrived, by our clock, UTC.
    told_at: datetime


def parse_rate_limit(headers: Mapping[str, str], now: datetime) -> RateLimit | None:
    """Return the rate limit from response headers; None if they have none.

    Parameters
    ----------
    headers : mapping
        Names in lower case.
    now : datetime
        The current time, UTC.
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


def min_duration_s(requests: int, limit: RateLimit) -> float:
    """Return the minimum duration of a number of requests in seconds, assuming no other client uses the token.

    Remaining requests are sent one minute's share at a time, the others as fast as the hourly window frees them.
    """
    burst = max(1, int(limit.limit * BURST_SHARE) - IN_FLIGHT_MARGIN)
    soon = max(0, min(requests, limit.remaining - int(limit.limit * RESERVE_SHARE)))
    return max(0, soon - burst) / burst * BURST_WINDOW_S + (requests - soon) * HOUR_S / limit.limit


@dataclass(frozen=True, slots=True)
class _Reading:
    at_s: float
    remaining: int


class RateLimiter:
    """Computes how long the next request has to wait. Not thread-safe: the session holds a lock."""

    def __init__(self) -> None:
        self._limit = 0
        self._readings: deque[_Reading] = deque()
        self._in_flight = 0
        self._last_start_s = 0.0
        self._paused_until_s = 0.0

    def delay_s(self, now_s: float) -> float:
        """Return the seconds to wait before the next request.

        Parameters
        ----------
        now_s : float
            Monotonic time in seconds, from the same clock for all methods.
        """
        paused_s = self._paused_until_s - now_s
        if paused_s > _EPSILON_S:
            return paused_s
        self._discard_old(now_s)
        if not self._readings or not self._limit:
            return 0.0
        oldest, newest = self._readings[0], self._readings[-1]
        used = oldest.remaining - newest.remaining + self._in_flight
        burst = int(self._limit * BURST_SHARE) - IN_FLIGHT_MARGIN
        if used >= burst > 0 and oldest.remaining > newest.remaining:
            return max(0.05, oldest.at_s + BURST_WINDOW_S - now_s)
        if newest.remaining < self._limit and newest.remaining - self._in_flight <= self._limit * RESERVE_SHARE:
            return max(0.0, self._last_start_s + HOUR_S / self._limit - now_s)
        return 0.0

    def begin(self, now_s: float) -> None:
        """Record that a request is sent."""
        self._in_flight += 1
        self._last_start_s = now_s

    def end(self, headers: Mapping[str, str], now_s: float) -> None:
        """Record the end of a request and the headers of its response; empty without a response."""
        self._in_flight -= 1
        try:
            limit, remaining = int(headers["ratelimit-limit"]), int(headers["ratelimit-remaining"])
        except (KeyError, ValueError):
            return
        if limit != self._limit:
            # Another limit has its own counter (``GET /v2/account/keys``).
            self._limit = limit
            self._readings.clear()
        self._discard_old(now_s)
        # Only readings above the newest one matter. The first is then the highest of the minute, and a server that
        # counts nothing leaves a single reading.
        while self._readings and self._readings[-1].remaining <= remaining:
            self._readings.pop()
        self._readings.append(_Reading(now_s, remaining))

    def pause(self, until_s: float) -> None:
        """Delay all requests until a time, after a 429."""
        self._paused_until_s = max(self._paused_until_s, until_s)
        # The server's count restarts after a refusal, so earlier readings must not delay requests again.
        self._readings.clear()

    def _discard_old(self, now_s: float) -> None:
        while len(self._readings) > 1 and self._readings[0].at_s <= now_s - BURST_WINDOW_S:
            self._readings.popleft()
