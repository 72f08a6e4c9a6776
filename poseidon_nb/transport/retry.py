"""Retries: whether a request may be sent again, and after how long. Pure; the time is passed in.

The decision depends on the operation and on what is known about the attempt. Reads may be retried, and so may PUTs that
the catalogue marks as idempotent. Nothing else is retried once it may have reached the server. A 429 is refused before
anything happens, so it can always be retried.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from poseidon_nb.catalogue.effects import is_retryable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

TOO_MANY_REQUESTS = 429
#: The only permanent 5xx.
NOT_IMPLEMENTED = 501


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The result of one attempt.

    Parameters
    ----------
    status : int or None
        The HTTP status; None without a complete response. A success status means that the response was malformed.
    sent : bool
        Whether the server may have received the request.
    headers : mapping
        The response headers, in any case.
    """

    status: int | None
    sent: bool = True
    headers: Mapping[str, str] | None = field(default=None, repr=False)  # a server may echo the token


@dataclass(frozen=True, slots=True)
class Delay:
    """The delay before the next attempt, and its reason."""

    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often to retry, and how long to wait.

    Parameters
    ----------
    max_attempts : int
        Attempts in total after lost connections, malformed responses and 5xx other than 501.
    max_connects : int
        Attempts to connect to a server that accepts no connection. Fewer, because that rarely recovers.
    first_s, max_s : float
        The first and the longest backoff, in seconds. Each is twice the one before, times 0.5 to 1.
    max_rate_limited : int
        Consecutive 429 responses that are waited out.
    max_rate_limit_s : float
        The longest wait that a 429 may ask for, in seconds.
    """

    max_attempts: int = 5
    max_connects: int = 3
    first_s: float = 0.5
    max_s: float = 30.0
    max_rate_limited: int = 20
    max_rate_limit_s: float = 900.0

    def next_delay(
        self, method: str, result: AttemptResult, attempts: int, now: datetime, jitter: float, *, operation_id: str = ""
    ) -> Delay | None:
        """Return the delay before the next attempt; None if the request must not be retried.

        Parameters
        ----------
        method : str
        result : AttemptResult
            The last attempt.
        attempts : int
            Number of attempts so far, 1 or more.
        now : datetime
            The server's time, UTC.
        jitter : float
            A random number from 0 to 1.
        operation_id : str
            Empty for a bare path. A PUT to a bare path is never retried.
        """
        backoff_s = min(self.max_s, self.first_s * 2 ** (attempts - 1)) * (0.5 + jitter / 2)
        if result.status == TOO_MANY_REQUESTS:
            asked_s = retry_after_s(result.headers or {}, now)
            wait_s = asked_s + jitter / 2 if asked_s else backoff_s
            retry = attempts <= self.max_rate_limited and wait_s <= self.max_rate_limit_s
            return Delay(wait_s, "rate limit") if retry else None
        if not result.sent:
            return Delay(backoff_s, "no connection") if attempts < self.max_connects else None
        if attempts >= self.max_attempts or not is_retryable(method, operation_id):
            return None
        if result.status is None:
            return Delay(backoff_s, "connection lost")
        if result.status < 300:  # noqa: PLR2004  # 2xx
            return Delay(backoff_s, "malformed response")
        is_temporary = result.status >= 500 and result.status != NOT_IMPLEMENTED  # noqa: PLR2004  # 5xx
        return Delay(backoff_s, f"server error {result.status}") if is_temporary else None


def is_refusal(status: int) -> bool:
    """Check whether a status means that nothing was done."""
    return 400 <= status < 500 or status == NOT_IMPLEMENTED  # noqa: PLR2004  # 4xx


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds to wait after a 429; None if its headers do not say.

    ``Retry-After`` is only sent for the burst limit. For the hourly limit ``ratelimit-reset`` is the Unix time at which
    the oldest request leaves the window (API introduction, "Rate Limit").
    """
    retry_after = headers.get("retry-after", "").strip()
    if retry_after:
        try:
            return max(0.0, float(retry_after))
        except ValueError:
            try:
                return max(0.0, (parsedate_to_datetime(retry_after) - now).total_seconds())
            except (TypeError, ValueError, OverflowError):
                pass
    try:
        return max(1.0, float(headers.get("ratelimit-reset", "")) - now.timestamp())
    except ValueError:
        return None
