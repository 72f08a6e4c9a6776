"""Rate limits: counted only with ``rate_limit="real"``, told in every answer.

The rules are the specification's: 5,000 requests in a sliding hour, 250 in a minute, ten a minute for the list of
keys, and five in ten seconds for all of the CDN endpoints together. ``retry-after`` comes with the short limits only; ``ratelimit-reset`` is when the oldest request leaves the hour.
Not settled, chosen here: a request that is refused does not count. With ``rate_limit="off"`` nothing is counted, and a
client can see it: what remains is always the whole limit.
"""

from __future__ import annotations

import math
from collections import deque

from poseidon_nb.sandbox.replies import Refusal

LIMIT = 5000
_HOUR_S = 3600.0
_BURST = (250, 60.0)
#: Operations with a limit of their own, some of which share it: its name, requests, and the seconds for them.
_CDN = ("cdn", (5, 10.0))
_OWN = {
    "sshKeys_list": ("sshKeys_list", (10, 60.0)),
    **dict.fromkeys(("cdn_list_endpoints", "cdn_create_endpoint", "cdn_get_endpoint"), _CDN),
    **dict.fromkeys(("cdn_update_endpoints", "cdn_delete_endpoint", "cdn_purge_cache"), _CDN),
}
TEXT = "API Rate limit exceeded."


class RateLimits:
    """The requests of each token that still count."""

    __slots__ = ("_bursts", "_hours", "enforced")

    def __init__(self, *, enforced: bool) -> None:
        self.enforced = enforced
        self._hours: dict[str, deque[float]] = {}
        self._bursts: dict[tuple[str, str], deque[float]] = {}

    def clear(self) -> None:
        """Forget all requests."""
        self._hours.clear()
        self._bursts.clear()

    def admit(self, token: str, operation: str, now: float) -> None:
        """Count a request, or refuse it with 429."""
        if not self.enforced:
            return
        hour = self._hour(token, now)
        limits = [((token, ""), _BURST)]
        if operation in _OWN:
            name, limit = _OWN[operation]
            limits.append(((token, name), limit))
        for key, (most, seconds) in limits:
            recent = self._bursts.setdefault(key, deque())
            _forget(recent, now - seconds)
            if len(recent) >= most:
                wait_s = max(1, math.ceil(recent[0] + seconds - now))
                raise Refusal(429, "too_many_requests", TEXT, headers=[("retry-after", str(wait_s))])
        if len(hour) >= LIMIT:
            raise Refusal(429, "too_many_requests", TEXT)
        hour.append(now)
        for key, _ in limits:
            self._bursts[key].append(now)

    def headers(self, token: str, now: float) -> list[tuple[str, str]]:
        """Give the three headers that tell how much is left."""
        if not self.enforced:
            remaining, reset = LIMIT, now
        else:
            hour = self._hour(token, now)
            remaining, reset = LIMIT - len(hour), (hour[0] + _HOUR_S if hour else now)
        return [
            ("ratelimit-limit", str(LIMIT)),
            ("ratelimit-remaining", str(remaining)),
            ("ratelimit-reset", str(math.ceil(reset))),
        ]

    def _hour(self, token: str, now: float) -> deque[float]:
        hour = self._hours.setdefault(token, deque())
        _forget(hour, now - _HOUR_S)
        return hour


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()
