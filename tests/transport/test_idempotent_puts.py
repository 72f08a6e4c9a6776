"""A PUT is only retried if the catalogue marks it as idempotent."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests
import responses

from poseidon_nb.catalogue import match, operation, operation_ids
from poseidon_nb.catalogue.effects import effect_of
from poseidon_nb.errors import ConnectionFailed, RateLimited, ServerError
from poseidon_nb.transport.request import Request, build_request
from poseidon_nb.transport.retry import AttemptResult, Delay, RetryPolicy

API = "https://api.digitalocean.com"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LOST = requests.ConnectionError("reset by peer")
PUTS = [one for one in map(operation, operation_ids()) if one.method == "PUT" and one.server == API]


@pytest.fixture
def api():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def request_of(operation_id: str) -> Request:
    wanted = operation(operation_id)
    return build_request(wanted, path={one.name: "x" for one in wanted.path_parameters}, body={})


@pytest.mark.parametrize("answer", [{"status": 503}, {"body": LOST}])
def test_every_put_is_retried_or_sent_once_according_to_the_catalogue(api, new_session, clock, answer):
    session = new_session()
    for wanted in PUTS:
        request = request_of(wanted.id)
        api.reset()
        api.put(f"{API}{request.path}", **answer)
        with pytest.raises((ServerError, ConnectionFailed)):
            session.send(request)
        expected = 5 if effect_of(wanted.id).idempotent else 1
        assert len(api.calls) == expected, wanted.id
        # The hourly limit is not what is tested here.
        clock.advance(60)


def test_a_lost_response_to_a_new_key_does_not_create_two(api, new_session, clock):
    request = request_of("genai_regenerate_agent_api_key")
    api.put(f"{API}{request.path}", body=LOST)
    api.put(f"{API}{request.path}", json={"api_key_info": {"uuid": "x"}})
    with pytest.raises(ConnectionFailed) as caught:
        new_session().send(request)
    assert caught.value.sent
    assert len(api.calls) == 1
    assert clock.sleeps == []


def test_a_lost_response_to_a_firewall_update_is_retried(api, new_session):
    request = request_of("firewalls_update")
    api.put(f"{API}{request.path}", body=LOST)
    api.put(f"{API}{request.path}", json={"firewall": {"id": "x"}})
    assert new_session().send(request).status == 200
    assert len(api.calls) == 2


def test_a_put_to_a_bare_path_is_sent_once(api, new_session):
    api.put(f"{API}/v2/firewalls/x", body=LOST)
    found = match("PUT", "/v2/firewalls/x")
    assert found is not None
    assert found[0].id == "firewalls_update"
    with pytest.raises(ConnectionFailed):
        new_session().send(Request("PUT", "/v2/firewalls/x", body={}))
    assert len(api.calls) == 1


def test_a_put_refused_with_a_429_is_always_retried(api, new_session, clock):
    request = request_of("databases_promote_replica")
    api.put(f"{API}{request.path}", status=429, headers={"retry-after": "12"})
    api.put(f"{API}{request.path}", status=204)
    assert new_session().send(request).status == 204
    assert clock.sleeps == [12.0]
    api.reset()
    api.put(f"{API}{request.path}", status=429, headers={"retry-after": "3000"})
    with pytest.raises(RateLimited):
        new_session().send(request)


def test_a_put_that_was_never_sent_is_always_retried():
    policy = RetryPolicy()
    unreached = AttemptResult(None, sent=False)
    for wanted in PUTS:
        delay = policy.next_delay("PUT", unreached, 1, NOW, 0.0, operation_id=wanted.id)
        assert delay == Delay(policy.first_s / 2, "no connection"), wanted.id
