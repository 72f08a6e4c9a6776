"""The change log: each change once, with its outcome and without secrets."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from datetime import UTC, datetime

import pytest
import requests
import responses

from poseidon_nb.errors import ConnectionFailed, InvalidArgument, PoseidonError, ReadOnly
from poseidon_nb.transport import cancellation
from poseidon_nb.transport.change_log import ChangeLog, LoggedChange
from poseidon_nb.transport.request import Request

API = "https://api.digitalocean.com"
CREATE = Request("POST", "/v2/droplets", query={"a": "b c"}, body={"user_data": "hush"}, operation_id="droplets_create")


@pytest.fixture(autouse=True)
def api():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def changes() -> ChangeLog:
    return ChangeLog()


@pytest.fixture
def session(new_session, changes):
    return new_session(changes=changes)


def sent(session, method: str = "POST") -> None:
    with contextlib.suppress(PoseidonError):
        session.send(dataclasses.replace(CREATE, method=method))


def test_a_change_is_logged_with_time_account_request_and_outcome(api, session, changes, clock):
    api.post(f"{API}/v2/droplets", status=202, json={}, headers={"x-request-id": "r-1"})
    session.account = "me@example.com"
    clock.advance(5)
    session.send(CREATE)
    assert changes.entries() == (
        LoggedChange(
            datetime(2026, 11, 23, 12, 0, 5, tzinfo=UTC),
            "me@example.com",
            "POST",
            "/v2/droplets?a=b+c",
            "droplets_create",
            "r-1",
            202,
            "completed 202",
        ),
    )


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reads_are_not_logged(api, session, changes, method):
    api.add(method, f"{API}/v2/droplets", status=404)
    sent(session, method)
    assert len(api.calls) == 1
    assert not len(changes)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_all_other_methods_are_logged(api, session, changes, method):
    api.add(method, f"{API}/v2/droplets", status=204)
    sent(session, method)
    assert [(change.method, change.outcome) for change in changes] == [(method, "completed 204")]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"status": 422, "json": {"id": "x", "message": "Name is\n invalid."}}, "refused 422: Name is invalid"),
        ({"status": 404}, "refused 404"),
        ({"status": 503, "body": "<html>"}, "failed 503"),
        ({"status": 500, "json": {"message": "Oh"}}, "failed 500: Oh"),
        ({"status": 302, "headers": {"location": "/"}}, "redirected 302, not followed"),
        ({"body": requests.ConnectionError("reset")}, "no response"),
        ({"body": requests.ReadTimeout("slow")}, "no response"),
    ],
)
def test_a_failed_change_is_logged_once_with_its_message(api, session, changes, answer, outcome):
    api.post(f"{API}/v2/droplets", **answer)
    sent(session)
    (change,) = changes
    assert (change.outcome, change.status) == (outcome, answer.get("status"))


def test_the_request_id_of_a_refusal_comes_from_its_header_or_body(api, session, changes):
    api.post(f"{API}/v2/droplets", status=422, json={"message": "no", "request_id": "in-body"})
    api.post(f"{API}/v2/droplets", status=422, json={"message": "no"}, headers={"x-request-id": "in-header"})
    sent(session)
    sent(session)
    assert [change.request_id for change in changes] == ["in-body", "in-header"]


def test_a_retried_change_is_logged_once_with_the_reasons(api, session, changes, clock):
    for answer in ({"status": 429, "headers": {"Retry-After": "12"}}, {"body": requests.ConnectionError("reset")}):
        api.put(f"{API}/v2/droplets", **answer)
    api.put(f"{API}/v2/droplets", status=429, headers={"Retry-After": "12"})
    api.put(f"{API}/v2/droplets", json={})
    session.send(dataclasses.replace(CREATE, method="PUT", operation_id="firewalls_update"))
    (change,) = changes
    assert change.outcome == "completed 200; earlier attempts: 429 and no response"
    assert change.time == clock.start, "when it first went out"


def test_a_request_that_was_never_sent_is_not_logged(api, changes, new_session, clock):
    with pytest.raises(ReadOnly):
        new_session(read_only=True, changes=changes).send(CREATE)
    with pytest.raises(InvalidArgument):
        new_session(changes=changes).send(dataclasses.replace(CREATE, headers={"Host": "x"}))
    assert not len(changes)


def test_a_request_that_could_not_connect_is_not_logged(new_session, changes, api):
    api.add_passthru("http://127.0.0.1")
    with pytest.raises(ConnectionFailed) as caught:
        new_session("http://127.0.0.1:1", changes=changes).send(CREATE)
    assert not caught.value.sent
    assert not len(changes)


def test_an_interrupted_change_is_logged_because_it_may_have_been_applied(api, session, changes):
    def interrupted(_: object):
        raise KeyboardInterrupt

    api.add_callback("POST", f"{API}/v2/droplets", interrupted)
    with pytest.raises(KeyboardInterrupt):
        session.send(CREATE)
    (change,) = changes
    assert (change.outcome, change.status, change.request_id) == ("interrupted before a response", None, None)


def test_a_change_cancelled_while_it_waits_for_a_retry_keeps_its_refusal(api, session, changes):
    off = threading.Event()
    api.post(f"{API}/v2/droplets", status=429, headers={"Retry-After": "12"})
    with cancellation.cancel_on(off), pytest.raises(cancellation.Cancelled):
        session.send(CREATE, on_wait=lambda *_: off.set())
    assert [change.outcome for change in changes] == ["refused 429"]


def test_the_log_never_holds_bodies_or_tokens(api, session, changes, secret):
    echo = {"id": secret, "message": f"the token {secret} is bad", "request_id": secret}
    for status in (200, 401, 422, 500):
        api.post(f"{API}/v2/{secret}", status=status, json=echo, headers={"x-request-id": secret})
        with contextlib.suppress(PoseidonError):
            session.send(Request("POST", f"/v2/{secret}", query={"q": secret}, body={"user_data": "hush"}))
    assert len(changes) == 4
    told = repr(changes.entries())
    assert secret not in told
    assert "hush" not in told
    assert "dop_v1_…" in told


def test_a_session_without_a_log_logs_nothing(api, new_session):
    api.post(f"{API}/v2/droplets", json={})
    session = new_session()
    session.send(CREATE)
    assert session.changes is None


def test_a_log_is_bounded_and_counts_dropped_changes(api, new_session):
    api.post(f"{API}/v2/droplets", json={})
    changes = ChangeLog(max_changes=3)
    session = new_session(changes=changes)
    for number in range(5):
        session.send(dataclasses.replace(CREATE, query={"n": number}))
    assert [change.path[-1] for change in changes] == ["2", "3", "4"]
    assert (len(changes), changes.dropped) == (3, 2)
    assert repr(changes) == "<ChangeLog of 3 changes>"


def test_a_log_can_be_read_while_threads_write_to_it(clock):
    changes = ChangeLog(max_changes=50)
    change = LoggedChange(clock.now(), "", "POST", "/", "", None, 200, "completed 200")

    def write() -> None:
        for _ in range(2000):
            changes.add(change)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert all(one is change for one in changes)
    assert (len(changes), changes.dropped) == (50, 7950)
