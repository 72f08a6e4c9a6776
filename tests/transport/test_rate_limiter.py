from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from poseidon_nb.transport.rate_limit import RateLimit, RateLimiter, min_duration_s

LIMIT, BURST, THREADS = 5000, 250, 16


@dataclass
class Account:
    """DigitalOcean's own counting: a sliding hour, and 250 in a sliding minute."""

    hour: deque[float] = field(default_factory=deque)
    minute: deque[float] = field(default_factory=deque)
    refused: int = 0

    def arrive(self, now_s: float) -> dict[str, str]:
        for times, window_s in ((self.hour, 3600.0), (self.minute, 60.0)):
            while times and times[0] <= now_s - window_s:
                times.popleft()
        if len(self.minute) >= BURST or len(self.hour) >= LIMIT:
            self.refused += 1
        else:
            self.minute.append(now_s)
            self.hour.append(now_s)
        return told(LIMIT - len(self.hour))


def told(remaining: int, limit: int = LIMIT) -> dict[str, str]:
    return {"ratelimit-limit": str(limit), "ratelimit-remaining": str(remaining)}


def run(account: Account, requests: int, seed: int) -> tuple[float, list[float]]:
    """Send with 16 threads as fast as the limiter allows; return the duration and the start of each request."""
    chance, limiter = random.Random(seed), RateLimiter()
    events: list[tuple[float, int, str, dict[str, str]]] = [(0.0, n, "turn", {}) for n in range(THREADS)]
    begun: list[float] = []
    now_s = 0.0
    for serial in range(THREADS, 1_000_000):
        if not events:
            break
        now_s, _, kind, headers = heapq.heappop(events)
        travel_s = chance.uniform(0.01, 0.08)
        if kind == "turn":
            delay_s = limiter.delay_s(now_s)
            if delay_s > 0:
                heapq.heappush(events, (now_s + delay_s, serial, "turn", {}))
            elif len(begun) < requests:
                limiter.begin(now_s)
                begun.append(now_s)
                heapq.heappush(events, (now_s + travel_s, serial, "arrival", {}))
        elif kind == "arrival":
            heapq.heappush(events, (now_s + travel_s, serial, "reply", account.arrive(now_s)))
        else:
            limiter.end(headers, now_s)
            heapq.heappush(events, (now_s, serial, "turn", {}))
    assert len(begun) == requests
    assert limiter._in_flight == 0
    return now_s, begun


@pytest.mark.parametrize("seed", range(3))
def test_bursts_are_never_refused_and_almost_fully_used(seed):
    account = Account()
    took_s, _ = run(account, 1000, seed)
    assert account.refused == 0
    assert 180 < took_s < 4 * 61 + 60


def test_two_hundred_requests_are_sent_without_a_wait():
    took_s, _ = run(Account(), 200, 1)
    assert took_s < 3


def test_near_the_limit_requests_are_sent_one_by_one():
    account = Account(hour=deque([-10.0] * (LIMIT - 60)))
    _, begun = run(account, 60, 1)
    gaps = [later - earlier for earlier, later in itertools.pairwise(begun[20:])]
    assert account.refused == 0
    assert min(gaps) >= 0.72 - 1e-9


def test_a_constant_counter_never_causes_a_wait():
    limiter = RateLimiter()
    for n in range(1000):
        for _ in range(THREADS):
            assert limiter.delay_s(n * 0.01) == 0
            limiter.begin(n * 0.01)
        for _ in range(THREADS):
            limiter.end(told(4999), n * 0.01)
    assert len(limiter._readings) == 1


def test_only_relevant_readings_are_kept():
    limiter = RateLimiter()
    for n in range(1000):
        limiter.begin(0.0)
        limiter.end(told(4990 + n % 7), n / 100)
    assert len(limiter._readings) <= 7


@pytest.mark.parametrize(
    "headers",
    [{}, {"ratelimit-limit": "many", "ratelimit-remaining": "few"}, {"ratelimit-limit": "5000"}],
)
def test_a_response_without_a_rate_limit_delays_nothing(headers):
    limiter = RateLimiter()
    for n in range(600):
        assert limiter.delay_s(n / 100) == 0
        limiter.begin(n / 100)
        limiter.end(headers, n / 100)
    assert limiter._in_flight == 0


def test_counters_of_different_limits_are_not_compared():
    limiter = RateLimiter()
    limiter.begin(0.0)
    limiter.end(told(4990), 0.0)
    limiter.begin(0.1)
    limiter.end(told(9, limit=10), 0.1)
    assert limiter.delay_s(0.2) == 0


def test_the_minimum_duration_of_many_requests():
    told = RateLimit(5_000, 4_990, None, datetime(2026, 11, 23, tzinfo=UTC))
    assert min_duration_s(200, told) == 0
    # 4,940 in shares of 234 a minute, of which the first goes at once, and 7,060 as the hour frees them.
    assert min_duration_s(12_000, told) == pytest.approx(4_706 / 234 * 60 + 7_060 * 0.72)
    assert min_duration_s(100, RateLimit(5_000, 0, None, told.told_at)) == pytest.approx(72)


def test_a_429_delays_all_requests_until_its_end():
    limiter = RateLimiter()
    limiter.begin(0.0)
    limiter.end(told(0), 0.0)
    limiter.pause(12.0)
    limiter.pause(5.0)
    assert limiter.delay_s(0.0) == 12.0
    assert limiter.delay_s(11.0) == 1.0
    assert limiter.delay_s(12.0) == 0.0
