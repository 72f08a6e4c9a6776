from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poseidon_nb.transport.retry import RetryPolicy, TryResult, Wait, refusal_s

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
POLICY = RetryPolicy()
VERBS = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"]
UNREACHED = TryResult(None, sent=False)
LOST = TryResult(None)
FAILED = TryResult(503, headers={})
BACKOFF = [POLICY.first_s / 2, POLICY.first_s, POLICY.first_s * 2, POLICY.first_s * 4]


def waits(method: str, outcome: TryResult, *, chance: float = 0.0) -> list[Wait]:
    """Give all the waits until the policy gives up."""
    found: list[Wait] = []
    while (wait := POLICY.next_wait(method, outcome, len(found) + 1, NOW, chance)) is not None:
        found.append(wait)
        assert len(found) < 100, "the policy never gives up"
    return found


def refused(**headers: str) -> TryResult:
    return TryResult(429, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("verb", VERBS)
def test_a_connection_that_was_never_made_is_tried_three_times_for_every_verb(verb):
    assert waits(verb, UNREACHED) == [Wait(BACKOFF[0], "no connection"), Wait(BACKOFF[1], "no connection")]


@pytest.mark.parametrize(("outcome", "reason"), [(LOST, "connection lost"), (FAILED, "server error 503")])
@pytest.mark.parametrize("verb", VERBS)
def test_what_may_have_arrived_is_repeated_only_where_repeating_does_no_harm(verb, outcome, reason):
    harmless = verb in {"GET", "HEAD"}
    assert waits(verb, outcome) == ([Wait(seconds, reason) for seconds in BACKOFF] if harmless else [])


@pytest.mark.parametrize("status", [301, 302, 304, 400, 401, 403, 404, 409, 412, 422, 501])
@pytest.mark.parametrize("verb", VERBS)
def test_a_definite_answer_is_never_asked_for_again(verb, status):
    assert waits(verb, TryResult(status, headers={})) == []


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
        (TryResult(429), BACKOFF[0]),
    ],
)
def test_a_429_refuses_before_acting_so_every_verb_waits_as_long_as_it_says(verb, outcome, first_s):
    assert POLICY.next_wait(verb, outcome, 1, NOW, 0.0) == Wait(first_s, "rate limit")
    assert len(waits(verb, outcome)) == POLICY.refusals


@pytest.mark.parametrize(
    "headers",
    [{"retry-after": "901"}, {"retry-after": "inf"}, {"ratelimit-reset": str(int(NOW.timestamp()) + 3600)}],
)
def test_a_429_that_asks_for_more_than_the_patience_is_handed_on(headers):
    assert waits("GET", TryResult(429, headers=headers)) == []
    assert refusal_s(headers, NOW) > POLICY.patience_s


def test_the_jitter_only_lengthens_what_a_server_asks_for():
    assert POLICY.next_wait("GET", refused(retry_after="12"), 1, NOW, 1.0) == Wait(12.5, "rate limit")


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
def test_waits_are_never_negative_and_never_longer_than_the_patience(method, status, sent, attempt, chance, headers):
    sent = sent or status is not None
    wait = POLICY.next_wait(method, TryResult(status, sent=sent, headers=headers), attempt, NOW, chance)
    if wait is None:
        return
    assert 0 < wait.seconds <= (POLICY.patience_s if status == 429 else POLICY.most_s)
    assert attempt <= (POLICY.refusals if status == 429 else POLICY.tries)
    if status != 429 and sent:
        assert method in {"GET", "HEAD"}
