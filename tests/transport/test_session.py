"""Requests as seen by the `responses` library: exact headers and exact delays."""

from __future__ import annotations

import copy
import pickle
import threading
from email.utils import format_datetime

import pytest
import requests
import responses

from poseidon_nb.errors import (
    ConfigurationError,
    ConnectionFailed,
    InvalidArgument,
    RateLimited,
    ReadOnly,
    ServerError,
    ShapeError,
)
from poseidon_nb.transport.request import Request
from poseidon_nb.transport.retry import RetryPolicy

API = "https://api.digitalocean.com"
ACCOUNT = Request("GET", "/v2/account", operation_id="account_get")
CREATE = Request("POST", "/v2/droplets", body={"name": "a"}, operation_id="droplets_create")


@pytest.fixture(autouse=True)
def api():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def test_a_get_sends_exactly_these_headers(api, new_session, secret):
    import poseidon_nb

    api.get(f"{API}/v2/account", json={"account": {}})
    reply = new_session().send(ACCOUNT)
    assert reply.json() == {"account": {}}
    assert reply.status == 200
    assert dict(api.calls[0].request.headers) == {
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
        "User-Agent": f"poseidon-nb/{poseidon_nb.__version__}",
        "Authorization": f"Bearer {secret}",
    }


def test_a_body_is_sent_as_json_and_bytes_unchanged(api, new_session):
    api.post(f"{API}/v2/droplets", json={}, status=202)
    api.put(f"{API}/upload", body=b"", status=200)
    session = new_session()
    session.send(CREATE)
    session.send(Request("PUT", "/upload", body=b"\x00\xff"))
    sent, uploaded = (call.request for call in api.calls)
    assert (sent.body, sent.headers["Content-Type"]) == (b'{"name":"a"}', "application/json")
    assert (uploaded.body, uploaded.headers["Content-Type"]) == (b"\x00\xff", "application/octet-stream")


def test_the_callers_headers_replace_ours_in_any_case(api, new_session):
    api.post(f"{API}/v2/droplets", json={})
    new_session().send(
        Request(
            "POST", "/v2/droplets", body={}, headers={"content-type": "text/x", "ACCEPT": "*/*", "X-Dangerous": "true"}
        )
    )
    sent = api.calls[0].request.headers
    assert (sent["Content-Type"], sent["Accept"], sent["X-Dangerous"]) == ("text/x", "*/*", "true")
    assert len([name for name in sent if name.lower() in {"content-type", "accept"}]) == 2


@pytest.mark.parametrize(
    "name", ["Authorization", "AUTHORIZATION", "Host", "cookie", "Content-Length", "Transfer-Encoding"]
)
def test_reserved_headers_are_refused(api, new_session, name):
    with pytest.raises(InvalidArgument, match=name.lower()):
        new_session().send(Request("GET", "/v2/account", headers={name: "x"}))
    assert not api.calls


@pytest.mark.parametrize("path", ["v2/account", "@evil.example/v2", ".evil.example/", ":80@evil.example", ""])
def test_a_path_cannot_become_part_of_the_host_name(api, new_session, path):
    with pytest.raises(InvalidArgument, match="slash"):
        new_session().send(Request("GET", path))
    assert not api.calls


@pytest.mark.parametrize("headers", [{"X-A": "a\r\nAuthorization: b"}, {"X-A": 7}, {"X\nA": "a"}])
def test_invalid_headers_are_an_invalid_argument(api, new_session, headers):
    session = new_session()
    with pytest.raises(InvalidArgument):
        session.send(Request("GET", "/v2/account", headers=headers))
    assert not api.calls
    assert session._limiter._in_flight == 0


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "post", "get"])
def test_read_only_refuses_all_methods_except_get_before_sending(api, new_session, method):
    with pytest.raises(ReadOnly, match="read-only"):
        new_session(read_only=True).send(Request(method, "/v2/droplets"))
    assert not api.calls


def test_a_read_only_session_can_read(api, new_session):
    api.get(f"{API}/v2/account", json={})
    assert new_session(read_only=True).send(ACCOUNT).status == 200


def test_the_read_only_variable_is_read_at_every_request(api, new_session, monkeypatch):
    api.post(f"{API}/v2/droplets", json={})
    api.get(f"{API}/v2/account", json={})
    session = new_session()
    for said in ("1", "true", "Yes", " ON ", "y", "T"):
        monkeypatch.setenv("POSEIDON_READ_ONLY", said)
        with pytest.raises(ReadOnly, match="Unset POSEIDON_READ_ONLY to allow changes"):
            session.send(CREATE)
        assert session.read_only
        session.send(ACCOUNT)
    for said in ("0", "false", "No", " off ", "N", "f", "", "  "):
        monkeypatch.setenv("POSEIDON_READ_ONLY", said)
        assert session.send(CREATE).status == 200
        assert not session.read_only
    monkeypatch.delenv("POSEIDON_READ_ONLY")
    assert session.send(CREATE).status == 200
    assert [call.request.method for call in api.calls] == ["GET"] * 6 + ["POST"] * 9


@pytest.mark.parametrize("said", ["2", "maybe", "01", "ja", "read-only", "tru"])
def test_an_invalid_read_only_variable_never_allows_changes(api, new_session, monkeypatch, said):
    api.get(f"{API}/v2/account", json={})
    monkeypatch.setenv("POSEIDON_READ_ONLY", said)
    session = new_session()
    for method in ("POST", "PUT", "PATCH", "DELETE", "HEAD"):
        with pytest.raises(
            ConfigurationError, match=r"POSEIDON_READ_ONLY .*1, true, yes, on.*0, false, no, off"
        ) as caught:
            session.send(Request(method, "/v2/droplets"))
        assert not isinstance(caught.value, ReadOnly)
    assert session.read_only
    assert session.send(ACCOUNT).status == 200
    assert len(api.calls) == 1


def test_a_get_is_retried_after_5xx_and_lost_connections_with_these_delays(api, new_session, clock):
    api.get(f"{API}/v2/account", status=500)
    api.get(f"{API}/v2/account", body=requests.ConnectionError("reset"))
    api.get(f"{API}/v2/account", status=503)
    api.get(f"{API}/v2/account", json={})
    told = []
    policy = RetryPolicy()
    assert new_session().send(ACCOUNT, on_wait=lambda seconds, why: told.append((seconds, why))).status == 200
    assert clock.sleeps == [policy.first_s / 2, policy.first_s, policy.first_s * 2]
    assert told == [(policy.first_s * 2, "server error 503")], "shorter waits are not worth telling"


def test_a_get_fails_after_five_attempts(api, new_session):
    api.get(f"{API}/v2/account", status=502, body="<html>Bad gateway</html>")
    with pytest.raises(ServerError, match=r"502: Bad Gateway \(account_get\)"):
        new_session().send(ACCOUNT)
    assert len(api.calls) == 5


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("answer", [{"status": 500}, {"status": 504}, {"body": requests.ConnectionError("reset")}])
def test_a_change_that_may_have_arrived_is_sent_once(api, new_session, clock, method, answer):
    api.add(method, f"{API}/v2/droplets", **answer)
    with pytest.raises((ServerError, ConnectionFailed)) as caught:
        new_session().send(Request(method, "/v2/droplets"))
    assert len(api.calls) == 1
    assert clock.sleeps == []
    assert getattr(caught.value, "sent", True)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_429_is_waited_out_and_reported_for_every_method(api, new_session, clock, method):
    api.add(method, f"{API}/v2/x", status=429, headers={"Retry-After": "12", "RateLimit-Remaining": "0"})
    api.add(method, f"{API}/v2/x", json={})
    told = []
    new_session().send(Request(method, "/v2/x"), on_wait=lambda seconds, why: told.append((seconds, why)))
    assert clock.sleeps == [12.0]
    assert told == [(12.0, "rate limit")]


def test_an_hourly_429_is_waited_out_until_the_reset_by_the_servers_clock(api, new_session, clock):
    ahead = 3600
    date = format_datetime(clock.now().replace(hour=13), usegmt=True)
    reset = str(int(clock.now().timestamp()) + ahead + 70)
    api.get(f"{API}/v2/account", status=429, headers={"ratelimit-reset": reset, "date": date})
    api.get(f"{API}/v2/account", json={})
    session = new_session()
    session.send(ACCOUNT)
    assert clock.sleeps == [70.0]
    assert (session.server_now() - clock.now()).total_seconds() == ahead


def test_a_429_that_asks_for_too_long_is_an_error_with_the_seconds(api, new_session, clock):
    api.get(
        f"{API}/v2/account",
        status=429,
        headers={"Retry-After": "3000"},
        json={"id": "x", "message": "API Rate limit exceeded."},
    )
    with pytest.raises(RateLimited, match=r"429: API Rate limit exceeded \(.*\)\. Try again later\.$") as caught:
        new_session().send(ACCOUNT)
    assert caught.value.retry_after_s == 3000.0
    assert clock.sleeps == []


def test_a_429_in_one_thread_delays_the_others_and_is_reported_once(api, new_session, clock):
    api.get(f"{API}/v2/account", status=429, headers={"Retry-After": "30"})
    api.get(f"{API}/v2/account", json={})
    session = new_session()
    refused, told = threading.Event(), []
    real_sleep = clock.sleep

    def sleep(seconds):
        refused.set()
        other.join(5)
        real_sleep(seconds)

    def other_thread():
        refused.wait(5)
        clock.sleep = real_sleep
        session.send(ACCOUNT, on_wait=lambda *what: told.append(what))

    clock.sleep = sleep
    other = threading.Thread(target=other_thread)
    other.start()
    session.send(ACCOUNT, on_wait=lambda *what: told.append(what))
    other.join(5)
    assert told == [(30.0, "rate limit")]
    assert clock.sleeps[0] == 30.0
    assert len(api.calls) == 3


def test_the_session_slows_down_according_to_the_servers_counter(api, new_session, clock):
    for remaining in range(4999, 4700, -1):
        api.get(
            f"{API}/v2/account", json={}, headers={"RateLimit-Limit": "5000", "RateLimit-Remaining": str(remaining)}
        )
    session = new_session()
    for _ in range(235):
        session.send(ACCOUNT)
    assert clock.sleeps == []
    session.send(ACCOUNT)
    assert clock.sleeps == [60.0]


@pytest.mark.parametrize("failure", [RuntimeError("a bug"), KeyboardInterrupt()])
def test_unexpected_exceptions_release_the_slot(api, new_session, failure):
    def fail(request):
        raise failure

    api.add_callback("GET", f"{API}/v2/account", fail)
    session = new_session()
    with pytest.raises(type(failure)):
        session.send(ACCOUNT)
    assert session._limiter._in_flight == 0


@pytest.mark.parametrize("body", [b"<html>", b"{", b"\xff\xfe\x00", b"[" * 100_000])
def test_a_response_that_is_not_json_is_an_error_and_not_quoted(api, new_session, body):
    api.get(f"{API}/v2/account", body=body, content_type="text/html; charset=utf-8")
    with pytest.raises(
        ShapeError, match=rf"^The response to account_get is not JSON \({len(body):,} bytes, text/html\)\.$"
    ):
        new_session().send(ACCOUNT)


def test_an_empty_response_is_none(api, new_session):
    api.delete(f"{API}/v2/droplets/1", status=204)
    assert new_session().send(Request("DELETE", "/v2/droplets/1")).json() is None


@pytest.mark.parametrize(
    "location",
    ["https://evil.example/v2/account", "/v2/elsewhere", "http://[", "http://a b", "//", "", "http://\udcff"],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_error_and_not_followed(api, new_session, status, location):
    headers = {"Location": location}
    api.get(f"{API}/v2/account", status=status, headers=headers)
    with pytest.raises(ConnectionFailed, match=rf"redirected account_get \({status}\)\. Redirects are not followed"):
        new_session().send(ACCOUNT)
    assert len(api.calls) == 1


def test_an_invalid_date_changes_nothing(api, new_session, clock):
    for date in ("yesterday", "Mon, 99 Nov 2026 25:61:00 GMT", "Mon, 23 Nov 2026 12:00:00 -0000", ""):
        api.get(f"{API}/v2/account", json={}, headers={"date": date})
    session = new_session()
    for _ in range(4):
        session.send(ACCOUNT)
    assert session.server_now() == clock.now()


@pytest.mark.parametrize("timeout_s", [0, -1, float("nan")])
def test_a_timeout_must_be_positive(new_session, timeout_s):
    with pytest.raises(InvalidArgument, match="timeout_s"):
        new_session(timeout_s=timeout_s)


@pytest.mark.parametrize("copier", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_session_cannot_be_copied(new_session, copier):
    with pytest.raises(TypeError, match="cannot be pickled"):
        copier(new_session())
