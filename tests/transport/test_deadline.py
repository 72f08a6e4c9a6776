"""Deadlines: no wait ends after them, and no request takes longer."""

from __future__ import annotations

import threading

import pytest
import requests
import responses

from poseidon_nb.client.connection import Connection
from poseidon_nb.client.fetch import droplet_pages
from poseidon_nb.errors import ConnectionFailed, RateLimited, ServerError, TimedOut
from poseidon_nb.transport import cancellation
from poseidon_nb.transport.change_log import ChangeLog
from poseidon_nb.transport.pagination import ListTotals
from poseidon_nb.transport.request import Request

API = "https://api.digitalocean.com"
READ = Request("GET", "/v2/account", operation_id="account_get")
CREATE = Request("POST", "/v2/account", operation_id="droplets_create")
PUT = Request("PUT", "/v2/account", body={}, operation_id="firewalls_update")


@pytest.fixture
def api():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def given_to(api) -> list[float]:
    """Return the seconds that each try was given."""
    return [call.request.req_kwargs["timeout"][1] for call in api.calls]


def test_the_earliest_of_nested_deadlines_applies(clock):
    assert cancellation.remaining_s(clock) is None
    with cancellation.deadline(clock, 10):
        with cancellation.deadline(clock, 20), cancellation.deadline(clock, None):
            assert cancellation.remaining_s(clock) == cancellation.current_timeout_s() == 10
        with cancellation.deadline(clock, 5):
            clock.advance(2)
            assert (cancellation.remaining_s(clock), cancellation.current_timeout_s()) == (3, 5)
        assert (cancellation.remaining_s(clock), cancellation.current_timeout_s()) == (8, 10)
        clock.advance(9)
        assert cancellation.remaining_s(clock) == -1
    assert cancellation.remaining_s(clock) is cancellation.current_timeout_s() is None


@pytest.mark.parametrize("request_", [READ, CREATE])
def test_a_429_longer_than_the_remaining_time_fails_at_once_and_delays_other_requests(
    api, new_session, clock, request_
):
    api.add(request_.method, f"{API}/v2/account", status=429, headers={"Retry-After": "120"})
    session, told = new_session(), []
    with cancellation.deadline(clock, 5), pytest.raises(RateLimited) as caught:
        session.send(request_, on_wait=lambda *wait: told.append(wait))
    assert caught.value.retry_after_s == 120
    assert (clock.sleeps, told) == ([], []), "nothing was waited for, so no wait was told"
    with cancellation.deadline(clock, 5), pytest.raises(TimedOut, match=r"was not sent within 5 s\.$") as late:
        session.send(request_)
    assert late.value.sent is False
    assert len(api.calls) == 1
    assert session._limiter._in_flight == 0


def test_a_429_shorter_than_the_remaining_time_is_waited_out(api, new_session, clock):
    api.post(f"{API}/v2/account", status=429, headers={"Retry-After": "4"})
    api.post(f"{API}/v2/account", json={})
    with cancellation.deadline(clock, 5):
        assert new_session().send(CREATE).status == 200
    assert clock.sleeps == [4]
    assert given_to(api) == [5, 1]


def test_a_request_after_the_deadline_is_neither_sent_nor_logged(api, new_session, clock):
    changes = ChangeLog()
    with cancellation.deadline(clock, 2.5):
        clock.advance(2.5)
        with pytest.raises(TimedOut, match=r"^droplets_create was not sent within 2\.5 s\.$") as caught:
            new_session(changes=changes).send(CREATE)
    assert caught.value.sent is False
    assert not api.calls
    assert not changes.entries()


@pytest.mark.parametrize(
    ("answer", "error"),
    [({"body": requests.ConnectionError("reset")}, ConnectionFailed), ({"status": 503}, ServerError)],
)
def test_a_backoff_beyond_the_deadline_is_not_started(api, new_session, clock, answer, error):
    api.get(f"{API}/v2/account", **answer)
    with cancellation.deadline(clock, 1), pytest.raises(error):
        new_session().send(READ)
    assert clock.sleeps == [0.25, 0.5]
    assert len(api.calls) == 3


def test_an_attempt_gets_the_remaining_time_but_at_least_the_minimum(api, new_session, clock):
    api.get(f"{API}/v2/account", json={})
    session = new_session(timeout_s=10)
    for seconds in (60, 4, 0.001):
        with cancellation.deadline(clock, seconds):
            session.send(READ)
    assert given_to(api) == [10, 4, 0.5]


@pytest.mark.parametrize(
    "last", [{"status": 429, "headers": {"Retry-After": "120"}}, {"body": requests.ConnectTimeout("no")}]
)
def test_a_change_that_an_earlier_attempt_may_have_applied_does_not_count_as_unsent(api, new_session, clock, last):
    api.put(f"{API}/v2/account", body=requests.ConnectionError("reset"))
    api.put(f"{API}/v2/account", **last)
    with cancellation.deadline(clock, 0.5), pytest.raises(ConnectionFailed, match="Lost the connection") as caught:
        new_session().send(PUT)
    assert caught.value.sent is True
    assert len(api.calls) == 2


def test_the_deadline_applies_to_the_threads_that_read_pages(api, new_session, clock):
    gpus_asked = threading.Event()

    def answer(request):
        page, gpus = int(request.params["page"]), request.params.get("type") == "gpus"
        if page == 1 and not gpus:
            gpus_asked.wait(5)
            link = f'{{"pages": {{"last": "{API}/?page=2", "next": "{API}/?page=2"}}}}'
            return 200, {}, f'{{"droplets": [], "links": {link}, "meta": {{"total": 300}}}}'
        gpus_asked.set()
        return 429, {"Retry-After": "120"}, "{}"

    api.add_callback("GET", f"{API}/v2/droplets", answer)
    for filters in ({}, {"type": "droplets"}):
        connection = Connection(new_session())
        with cancellation.deadline(clock, 5), pytest.raises((RateLimited, TimedOut)):
            list(droplet_pages(connection, filters, ListTotals()))
    assert clock.sleeps == []
