"""Cancellation: a change that has not started never starts, and one that has started is not abandoned."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import Future

import pytest
import requests
import responses

from poseidon_nb.errors import ConnectionFailed, InvalidArgument, PoseidonError, RateLimited
from poseidon_nb.transport import cancellation
from poseidon_nb.transport.cancellation import Cancellation, Cancelled
from poseidon_nb.transport.request import Request
from poseidon_nb.transport.workers import wait_for_result

API = "https://api.digitalocean.com"
CREATE = Request("POST", "/v2/droplets", body={"name": "a"})
READ = Request("GET", "/v2/droplets")


@pytest.fixture
def work():
    with cancellation.scope(Cancellation()) as one:
        yield one


@pytest.fixture(autouse=True)
def api():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def test_work_cancelled_before_it_starts_sends_nothing(api, new_session, work):
    session = new_session()
    assert work.cancel()
    assert work.cancel(), "as often as one likes"
    for request in (CREATE, READ):
        with pytest.raises(Cancelled):
            session.send(request)
    assert not api.calls
    assert session._limiter._in_flight == 0


def test_reads_can_be_cancelled(api, new_session, work):
    asked = []
    api.add_callback("GET", f"{API}/v2/droplets", lambda _: asked.append(work.cancel()) or (200, {}, "{}"))
    new_session().send(READ)
    assert asked == [True]


@pytest.mark.parametrize("status", [401, 403, 404, 409, 422, 501])
def test_a_change_on_the_wire_continues_and_a_refused_one_can_be_cancelled(api, new_session, work, status):
    asked = []
    api.add_callback("POST", f"{API}/v2/droplets", lambda _: asked.append(work.cancel()) or (status, {}, "{}"))
    with pytest.raises(PoseidonError):
        new_session().send(CREATE)
    assert asked == [False]
    assert not work.event.is_set()
    assert work.cancel()


@pytest.mark.parametrize(
    "answer", [{"status": 202}, {"status": 302}, {"status": 503}, {"body": requests.ConnectionError("reset")}]
)
def test_a_change_that_may_have_been_applied_is_not_cancelled(api, new_session, work, answer):
    api.post(f"{API}/v2/droplets", **answer)
    api.delete(f"{API}/v2/droplets", status=204)
    session = new_session()
    with contextlib.suppress(PoseidonError):
        session.send(CREATE)
    assert not work.cancel()
    assert session.send(Request("DELETE", "/v2/droplets")).status == 204


def test_ctrl_c_during_a_change_leaves_it_started(api, new_session, work):
    def interrupted(_):
        raise KeyboardInterrupt

    api.add_callback("POST", f"{API}/v2/droplets", interrupted)
    with pytest.raises(KeyboardInterrupt):
        new_session().send(CREATE)
    assert not work.cancel()


def test_a_change_that_could_not_be_sent_can_be_cancelled(new_session, work, api):
    api.add_passthru("http://127.0.0.1")
    with pytest.raises(ConnectionFailed):
        new_session("http://127.0.0.1:1").send(CREATE)
    with pytest.raises(InvalidArgument):
        new_session().send(Request("POST", "/v2/droplets", headers={"Host": "x"}))
    assert work.cancel()


def test_a_change_that_waits_for_a_retry_after_a_429_can_be_cancelled(api, new_session, work):
    api.post(f"{API}/v2/droplets", status=429, headers={"Retry-After": "12"})
    asked = []
    with pytest.raises(Cancelled):
        new_session().send(CREATE, on_wait=lambda *_: asked.append(work.cancel()))
    assert asked == [True]
    assert len(api.calls) == 1


def test_a_refusal_does_not_undo_earlier_changes(api, new_session, work):
    api.post(f"{API}/v2/droplets", status=202)
    api.post(f"{API}/v2/droplets", status=429, headers={"Retry-After": "3000"})
    session = new_session()
    session.send(CREATE)
    with pytest.raises(RateLimited):
        session.send(CREATE)
    assert not work.cancel()


def test_an_event_set_from_outside_also_ends_started_work(api, new_session, work):
    api.post(f"{API}/v2/droplets", status=202)
    session = new_session()
    session.send(CREATE)
    work.event.set()
    with pytest.raises(Cancelled):
        session.send(CREATE)
    assert len(api.calls) == 1


def test_either_a_cancellation_or_a_concurrent_change_wins():
    for _ in range(200):
        one, start, outcome = Cancellation(), threading.Barrier(2), []

        def change(one=one, start=start, outcome=outcome):
            start.wait(5)
            try:
                one.begin_change()
                outcome.append("sent")
            except Cancelled:
                outcome.append("not sent")

        thread = threading.Thread(target=change)
        thread.start()
        start.wait(5)
        cancelled = one.cancel()
        thread.join(5)
        assert outcome == ["not sent" if cancelled else "sent"]


def test_waiting_for_another_thread_can_be_cancelled(work):
    never: Future[None] = Future()
    threading.Timer(0.01, work.cancel).start()
    with pytest.raises(Cancelled):
        wait_for_result(never)
