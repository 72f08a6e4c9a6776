from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poseidon_nb.transport.retry import AttemptResult, Delay, RetryPolicy, retry_after_s

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
POLICY = RetryPolicy()
VERBS = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"]
UNREACHED = AttemptResult(None, sent=False)
LOST = AttemptResult(None)
FAILED = AttemptResult(503, headers={})
BACKOFF = [POLICY.first_s / 2, POLICY.first_s, POLICY.first_s * 2, POLICY.first_s * 4]


def waits(method: str, outcome: AttemptResult, *, chance: float = 0.0) -> list[Delay]:
    """Return all delays until the policy gives up."""
    found: list[Delay] = []
    while (delay := POLICY.next_delay(method, outcome, len(found) + 1, NOW, chance)) is not None:
        found.append(delay)
        assert len(found) < 100, "the policy never gives up"
    return found


def refused(**headers: str) -> AttemptResult:
    return AttemptResult(429, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("verb", VERBS)
def test_a_failed_connection_is_tried_three_times_for_every_method(verb):
    assert waits(verb, UNREACHED) == [Delay(BACKOFF[0], "no connection"), Delay(BACKOFF[1], "no connection")]


@pytest.mark.parametrize(("outcome", "reason"), [(LOST, "connection lost"), (FAILED, "server error 503")])
@pytest.mark.parametrize("verb", VERBS)
def test_a_request_that_may_have_arrived_is_retried_only_if_that_is_safe(verb, outcome, reason):
    harmless = verb in {"GET", "HEAD"}
    assert waits(verb, outcome) == ([Delay(seconds, reason) for seconds in BACKOFF] if harmless else [])


@pytest.mark.parametrize("status", [301, 302, 304, 400, 401, 403, 404, 409, 412, 422, 501])
@pytest.mark.parametrize("verb", VERBS)
def test_a_definite_response_is_never_retried(verb, status):
    assert waits(verb, AttemptResult(status, headers={})) == []


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("outcome", "first_s"),
    [
        (refused(retry_after="12"), 12.0),
        (refused(retry_after=" 2.5 "), 2.5),
        (refused(retry_after=format_datetime(NOW + timedelta(seconds=40), usegmt=True)), 40.0),
        (refused(ratelimit_reset=str(int(NOW.timestamp()) + 90)), 90.0),
        (refused(retry_after="soon", ratelimit_reset=str(int(NOW.timestamp()) + 30)), 30.0),
        (refused(retry_after="3", ratelimit_reset=str(int(NOW.timestamp()) + 600)), 3.0),
        (refused(ratelimit_reset=str(int(NOW.timestamp()) - 500)), 1.0),
        (refused(), BACKOFF[0]),
        (refused(retry_after="0"), BACKOFF[0]),
        (refused(retry_after="-7"), BACKOFF[0]),
        (refused(retry_after="nan"), BACKOFF[0]),
        (AttemptResult(429), BACKOFF[0]),
    ],
)
def test_a_429_is_waited_out_for_every_method(verb, outcome, first_s):
    assert POLICY.next_delay(verb, outcome, 1, NOW, 0.0) == Delay(first_s, "rate limit")
    assert len(waits(verb, outcome)) == POLICY.max_rate_limited


@pytest.mark.parametrize(
    "headers",
    [{"retry-after": "901"}, {"retry-after": "inf"}, {"ratelimit-reset": str(int(NOW.timestamp()) + 3600)}],
)
def test_a_429_longer_than_the_maximum_wait_is_an_error(headers):
    assert waits("GET", AttemptResult(429, headers=headers)) == []
    assert retry_after_s(headers, NOW) > POLICY.max_rate_limit_s


def test_jitter_only_lengthens_the_wait_that_a_server_asks_for():
    assert POLICY.next_delay("GET", refused(retry_after="12"), 1, NOW, 1.0) == Delay(12.5, "rate limit")


@given(
    method=st.sampled_from(VERBS),
    status=st.none() | st.integers(300, 599),
    sent=st.booleans(),
    attempt=st.integers(1, 60),
    chance=st.floats(0, 1),
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "ratelimit-reset", "ratelimit-remaining"]),
        st.text(max_size=12) | st.integers(-10, 10**11).map(str) | st.floats().map(str),
    ),
)
def test_delays_are_never_negative_and_never_longer_than_the_maximum(method, status, sent, attempt, chance, headers):
    sent = sent or status is not None
    delay = POLICY.next_delay(method, AttemptResult(status, sent=sent, headers=headers), attempt, NOW, chance)
    if delay is None:
        return
    assert 0 < delay.seconds <= (POLICY.max_rate_limit_s if status == 429 else POLICY.max_s)
    assert attempt <= (POLICY.max_rate_limited if status == 429 else POLICY.max_attempts)
    if status != 429 and sent:
        assert method in {"GET", "HEAD"}
