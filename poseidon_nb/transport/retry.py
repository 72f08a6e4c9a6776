"""Whether a request may go out again, and when: pure, told the time.

The rule depends on the operation and on what is known of the outcome (DESIGN, "Nothing twice"): reads may be repeated,
and so may the PUTs that the catalogue marks; nothing else is repeated once it may have reached the server. A 429 refuses
before acting, so it may always be repeated.
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
#: The one 5xx that no patience changes: the server says that it does not know how.
NOT_IMPLEMENTED = 501


@dataclass(frozen=True, slots=True)
class TryResult:
    """What is known after one try.

    Parameters
    ----------
    status : int or None
        The HTTP status; None when no whole reply came. One of success is that of an answer that came garbled.
    sent : bool
        Whether the server may have seen the request.
    headers : mapping
        The reply's headers, any letter case.
    """

    status: int | None
    sent: bool = True
    headers: Mapping[str, str] | None = field(default=None, repr=False)  # a server may echo the token in one


@dataclass(frozen=True, slots=True)
class Wait:
    """Send it again after so many seconds, for this reason."""

    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently.

    Parameters
    ----------
    tries : int
        Requests in all after lost connections, garbled answers, and 5xx other than 501.
    connects : int
        Tries to reach a server that does not accept a connection at all; fewer, because that seldom passes.
    first_s, most_s : float
        The first pause, in seconds, and the longest; each is twice the one before, times 0.5 to 1.
    refusals : int
        How many 429 in a row are waited out.
    patience_s : float
        The longest single wait that a 429 may ask for, in seconds.
    """

    tries: int = 5
    connects: int = 3
    first_s: float = 0.5
    most_s: float = 30.0
    refusals: int = 20
    patience_s: float = 900.0

    def next_wait(
        self, method: str, outcome: TryResult, attempt: int, now: datetime, chance: float, *, operation_id: str = ""
    ) -> Wait | None:
        """Return the wait before the next try, or None when there must not be one.

        Parameters
        ----------
        method : str
        outcome : TryResult
        attempt : int
            How many tries there were, 1 or more.
        now : datetime
            The server's time, in UTC.
        chance : float
            From 0 to 1, for the jitter.
        operation_id : str
            Empty for a bare path; a PUT to one is never repeated.
        """
        backoff_s = min(self.most_s, self.first_s * 2 ** (attempt - 1)) * (0.5 + chance / 2)
        if outcome.status == TOO_MANY_REQUESTS:
            asked_s = refusal_s(outcome.headers or {}, now)
            wait_s = asked_s + chance / 2 if asked_s else backoff_s
            return Wait(wait_s, "rate limit") if attempt <= self.refusals and wait_s <= self.patience_s else None
        if not outcome.sent:
            return Wait(backoff_s, "no connection") if attempt < self.connects else None
        if attempt >= self.tries or not is_retryable(method, operation_id):
            return None
        if outcome.status is None:
            return Wait(backoff_s, "connection lost")
        if outcome.status < 300:  # noqa: PLR2004  # 2xx
            return Wait(backoff_s, "garbled answer")
        passes = outcome.status >= 500 and outcome.status != NOT_IMPLEMENTED  # noqa: PLR2004  # 5xx
        return Wait(backoff_s, f"server error {outcome.status}") if passes else None


def refused(status: int) -> bool:
    """Check whether an answer says for certain that nothing was done."""
    return 400 <= status < 500 or status == NOT_IMPLEMENTED  # noqa: PLR2004  # 4xx


def refusal_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return how many seconds a 429 asks to wait, or None when it does not say.

    ``Retry-After`` comes only with the burst limit; the hourly limit says ``ratelimit-reset``, the second at which the
    oldest request leaves the window (API introduction, "Rate Limit").
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
