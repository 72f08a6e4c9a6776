"""The rate limit of a session is that of its last response; no request is sent for it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import responses

from poseidon_nb.errors import NotFound
from poseidon_nb.transport.rate_limit import RateLimit
from poseidon_nb.transport.request import Request

ADDRESS = "https://api.digitalocean.com/v2/account"
ACCOUNT = Request("GET", "/v2/account", operation_id="account_get")


@pytest.fixture
def api():
    with responses.RequestsMock() as mock:
        yield mock


def headers(clock, remaining: int) -> dict[str, str]:
    reset = int((clock.now() + timedelta(minutes=20)).timestamp())
    return {"RateLimit-Limit": "5000", "RateLimit-Remaining": str(remaining), "RateLimit-Reset": str(reset)}


def test_the_rate_limit_is_unknown_before_the_first_response(new_session):
    assert new_session().rate_limit is None


def test_the_rate_limit_is_that_of_the_last_response_even_an_error(api, new_session, clock):
    api.get(ADDRESS, json={}, headers=headers(clock, 4999))
    api.get(ADDRESS, status=404, headers=headers(clock, 4998))
    session = new_session()
    session.send(ACCOUNT)
    in_20_minutes = clock.start + timedelta(minutes=20)
    assert session.rate_limit == RateLimit(5000, 4999, in_20_minutes, clock.start)
    clock.advance(7)
    with pytest.raises(NotFound):
        session.send(ACCOUNT)
    assert session.rate_limit == RateLimit(5000, 4998, in_20_minutes, clock.start + timedelta(seconds=7))


def test_a_response_without_a_rate_limit_keeps_the_last_one(api, new_session, clock):
    api.get(ADDRESS, json={}, headers=headers(clock, 12))
    for odd in ({}, {"RateLimit-Limit": "5000"}, {"RateLimit-Limit": "many", "RateLimit-Remaining": "few"}):
        api.get(ADDRESS, json={}, headers=odd)
    session = new_session()
    for _ in range(4):
        session.send(ACCOUNT)
    assert session.rate_limit is not None
    assert (session.rate_limit.remaining, session.rate_limit.told_at) == (12, clock.start)


@pytest.mark.parametrize("reset", ["soon", "", "1e300", "nan", "inf", "-1e300", None])
def test_an_invalid_reset_time_is_ignored(api, new_session, reset):
    told = {"RateLimit-Limit": "5000", "RateLimit-Remaining": "1"} | (
        {} if reset is None else {"RateLimit-Reset": reset}
    )
    api.get(ADDRESS, json={}, headers=told)
    session = new_session()
    session.send(ACCOUNT)
    assert session.rate_limit is not None
    assert session.rate_limit.resets_at is None
