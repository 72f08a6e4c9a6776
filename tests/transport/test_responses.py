from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from poseidon_nb import errors
from poseidon_nb.transport.request import Request
from poseidon_nb.transport.responses import Response, error_for

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
REQUEST = Request("POST", "/v2/droplets", operation_id="droplets_create", scopes=("droplet:create", "vpc:read"))


@pytest.fixture
def error_of(credential):
    def make(status: int, body: object = b"", **headers: str):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        reply = Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)
        return error_for(REQUEST, reply, credential, NOW)

    return make


API_BODY = {"id": "some_id", "message": "It did not work.", "request_id": "in-body"}


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (400, errors.APIError, "400: It did not work (droplets_create). Request id: in-body"),
        (
            401,
            errors.Unauthorized,
            "401: It did not work (droplets_create). The token from DIGITALOCEAN_TOKEN is not valid. Create a new one, or log in with %do login. Request id: in-body",
        ),
        (
            403,
            errors.Forbidden,
            "403: It did not work (droplets_create). The token from DIGITALOCEAN_TOKEN needs the scopes droplet:create and vpc:read. Request id: in-body",
        ),
        (404, errors.NotFound, "404: It did not work (droplets_create). Request id: in-body"),
        (409, errors.Conflict, "409: It did not work (droplets_create). Request id: in-body"),
        (412, errors.APIError, "412: It did not work (droplets_create). Request id: in-body"),
        (422, errors.Unprocessable, "422: It did not work (droplets_create). Request id: in-body"),
        (
            429,
            errors.RateLimited,
            "429: It did not work (droplets_create). Try again later. Request id: in-body",
        ),
        (500, errors.ServerError, "500: It did not work (droplets_create). Request id: in-body"),
        (599, errors.ServerError, "599: It did not work (droplets_create). Request id: in-body"),
    ],
)
def test_the_status_determines_the_class_and_the_message_is_one_line(error_of, status, kind, message):
    error = error_of(status, API_BODY)
    assert type(error) is kind
    assert str(error) == message
    assert (error.status, error.operation, error.id) == (status, "droplets_create", "some_id")
    assert (error.api_message, error.request_id) == ("It did not work.", "in-body")


def test_an_operation_that_the_message_names_is_not_named_again(error_of):
    error = error_of(
        501, {"id": "not_implemented", "message": "The sandbox does not simulate droplets_create (POST /x)."}
    )
    assert str(error) == "501: The sandbox does not simulate droplets_create (POST /x)"


def test_missing_scopes_are_an_attribute(error_of):
    assert error_of(403, API_BODY).scope == "droplet:create, vpc:read"


def test_a_429_has_its_wait_as_an_attribute(error_of):
    assert error_of(429, API_BODY, retry_after="7").retry_after_s == 7.0
    assert error_of(429, API_BODY, ratelimit_reset=str(int(NOW.timestamp()) + 9)).retry_after_s == 9.0
    assert error_of(429, API_BODY).retry_after_s is None


def test_the_request_id_of_the_header_takes_precedence(error_of):
    assert error_of(404, API_BODY, x_request_id="in-header").request_id == "in-header"
    assert error_of(404, {"message": "x"}).request_id is None
    assert str(error_of(404, {"message": "x"})) == "404: x (droplets_create)"


def test_other_fields_are_kept_as_attributes(error_of):
    error = error_of(422, {**API_BODY, "error_attributes": {"available_regions": ["nyc1"]}})
    assert error.attributes == {"error_attributes": {"available_regions": ["nyc1"]}}


@pytest.mark.parametrize(
    "body", [b"", b"<!DOCTYPE html><html>Bad</html>", b"  <h1>x</h1>", b"{}", b'{"message": null}', b'{"message": ""}']
)
def test_a_body_without_a_message_uses_the_phrase_of_the_status(error_of, body):
    assert str(error_of(502, body)) == "502: Bad Gateway (droplets_create)"
    assert str(error_of(599, body)) == "599: unknown status (droplets_create)"


@pytest.mark.parametrize(
    "body", [b"upstream\r\n  went\x1b[31m away", b'{"message": "upstream\\n went\\u001b[31m away"}']
)
def test_messages_are_one_line_with_escaped_control_characters(error_of, body):
    assert str(error_of(503, body)) == r"503: upstream went\x1b[31m away (droplets_create)"


@pytest.mark.parametrize(
    "body", [[1, "two"], "text", 7, None, True, {"id": 7, "message": {"a": [1]}, "request_id": 12}]
)
def test_any_json_results_in_an_error_object(error_of, body):
    error = error_of(400, body)
    assert type(error) is errors.APIError
    assert str(error).startswith("400: ")


@pytest.mark.parametrize("body", [b"x" * 100_000, json.dumps({"message": "x" * 100_000}).encode(), b"[" * 100_000])
def test_a_long_message_is_truncated(error_of, body):
    assert len(str(error_of(400, body))) < 700


def test_the_repr_of_a_response_has_its_size_and_not_its_body():
    reply = Response(200, {"x-request-id": "abc"}, b'{"a": 1}')
    assert repr(reply) == "<Response 200, 8 bytes>"
    assert (reply.request_id, reply.json()) == ("abc", {"a": 1})
