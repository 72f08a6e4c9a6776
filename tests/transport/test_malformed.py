"""A malformed response to a GET is retried like a lost one."""

from __future__ import annotations

import pytest
import responses

from poseidon_nb.catalogue import operation, operation_ids
from poseidon_nb.catalogue.specification import Schemas
from poseidon_nb.errors import ShapeError
from poseidon_nb.transport import cancellation
from poseidon_nb.transport.request import Request
from poseidon_nb.transport.responses import NOT_JSON, Response
from poseidon_nb.transport.retry import RetryPolicy
from tests.contract.specification import document

API = "https://api.digitalocean.com"
READ = Request("GET", "/v2/actions/1", operation_id="actions_get")
LARGE = b'{"droplets": [' + b'{"name": "web"}, ' * 10_000
GARBLED = [b"", b" ", b"<html>Sign in</html>", b'{"action": {"id": 1', b"OK", b"\xff\xfe", LARGE, LARGE[1:] + b"{}]}"]
WHOLE = [b"{}", b"[]", b"null", b" {}\r\n", b"\xef\xbb\xbf{}", b'{"a": NaN}', b" \n" + LARGE + b"{}]}" + b" \n" * 50]


@pytest.fixture
def api():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def test_a_malformed_response_is_retried_like_a_lost_one(api, new_session, clock):
    policy = RetryPolicy()
    for body in GARBLED:
        api.reset()
        clock.sleeps.clear()
        for status in (200, 201):
            api.get(f"{API}/v2/actions/1", body=body, status=status)
        api.get(f"{API}/v2/actions/1", json={"action": {"id": 1}})
        assert new_session().send(READ).json() == {"action": {"id": 1}}, body[:20]
        assert clock.sleeps == [policy.first_s / 2, policy.first_s]


def test_a_response_that_stays_malformed_is_an_error_that_names_the_operation(api, new_session):
    api.get(f"{API}/v2/actions/1", body="<html>", content_type="text/html")
    told = []
    with pytest.raises(ShapeError, match=r"^The response to actions_get is not JSON \(6 bytes, text/html\)\.$"):
        new_session().send(READ, on_wait=lambda *wait: told.append(wait[1]))
    assert len(api.calls) == RetryPolicy().max_attempts
    assert {*told} == {"malformed response"}


def test_a_malformed_response_without_time_for_a_retry_fails_at_once(api, new_session, clock):
    api.get(f"{API}/v2/actions/1", body="<html>")
    with cancellation.deadline(clock, 0.2), pytest.raises(ShapeError):
        new_session().send(READ)
    assert clock.sleeps == []


def test_json_is_not_malformed():
    for body in WHOLE:
        assert not Response(200, {}, body).is_malformed(READ), body[:20]


def test_only_responses_that_should_be_json_are_checked():
    for request, status in [
        (Request("POST", "/v2/droplets", operation_id="droplets_create"), 202),
        (Request("GET", "/v2/whatever"), 200),
        (READ, 204),
        (Request("GET", "/v2/customers/my/invoices/1/csv", operation_id="invoices_get_csvByUUID"), 200),
    ]:
        assert not Response(status, {}, b"").is_malformed(request), request


def test_the_operations_without_json_match_the_specification():
    published = document()
    schemas = Schemas(published)
    others = set()
    for one in (operation(each) for each in operation_ids()):
        if one.method == "GET":
            answer = schemas.resolve(published["paths"][one.path]["get"]["responses"][str(one.status)])
            if "application/json" not in answer.get("content", {}):
                others.add(one.id)
    assert others == NOT_JSON
