"""The same action on many droplets: no failure hides another, nothing is sent twice, and Ctrl-C stops the sending."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest

from poseidon_nb.client.engine.droplet_steps import action_step, snapshot_step
from poseidon_nb.errors import ActionFailed, ActionTimedOut, DropletBusy, InvalidArgument, TimedOut, Unprocessable


@pytest.fixture
def active(client):
    return [droplet for droplet in client.droplets.list() if droplet.active]


def test_all_are_started_waited_for_together_and_given_in_the_requested_order(active, on_each, sent):
    told = []
    outcomes = on_each(active[::-1], "reboot", on_progress=told.append)
    assert [outcome.target.id for outcome in outcomes] == [droplet.id for droplet in active[::-1]]
    assert {(outcome.status, outcome.action.status) for outcome in outcomes} == {("completed", "completed")}
    assert not any(outcome.error for outcome in outcomes)
    assert len(sent("POST")) == len(active)
    assert {one.status for one in told} >= {"in-progress", "completed"}


def test_one_failure_of_each_kind_leaves_the_others_alone(client, sandbox, active):
    refused, errored, slow, *fine = active
    sandbox.fault("status", status=422, message="No.", path=f"/v2/droplets/{refused.id}/actions", method="POST")
    sandbox.fault("action_errored", resource_id=errored.id)
    chains = [
        (action_step(one.to_dict(), *(("snapshot", {"name": "x"}) if one is slow else ("reboot",))),) for one in active
    ]
    outcomes = {one.target.id: one for one in client.engine.run(chains, timeout_s=60)}
    assert isinstance(outcomes[refused.id].error, Unprocessable)
    assert (outcomes[refused.id].action, outcomes[refused.id].status) == (None, "failed")
    assert isinstance(outcomes[errored.id].error, ActionFailed)
    assert isinstance(outcomes[slow.id].error, ActionTimedOut)
    assert (outcomes[slow.id].action.status, outcomes[slow.id].status) == ("in-progress", "in-progress")
    assert not any(outcomes[droplet.id].error for droplet in fine)


def test_without_waiting_they_are_given_as_they_were_started(active, on_each, clock):
    outcomes = on_each(active[:3], "reboot", wait=False)
    assert {(outcome.status, outcome.action.status) for outcome in outcomes} == {("in-progress", "in-progress")}
    assert clock.sleeps == []


def test_a_busy_droplet_is_waited_for_and_then_acted_on(client, active, on_each):
    busy = active[0].take_snapshot("before", wait=False)
    outcomes = on_each(active[:2], "reboot")
    assert [outcome.status for outcome in outcomes] == ["completed", "completed"]
    assert client.actions.get(busy.id).completed


def test_chains_on_one_droplet_all_wait_for_the_same_action_and_end(client, active, clock):
    row = active[0].to_dict()
    chains = [(snapshot_step(row, f"kept-{number}"),) for number in range(3)]
    execution = client.engine.start(chains, on_change=lambda *_: None)
    for _ in range(300):
        client.engine.tick()
        if execution.done:
            break
        if execution.sending:
            execution.wait_for_answer(5)
        else:
            clock.advance(2)
    assert [one.status for one in execution.outcomes()] == ["completed"] * 3
    assert not execution._waits.clear()


def test_a_droplet_that_stays_busy_for_longer_than_the_limit_is_skipped_and_the_others_are_not(active, on_each, sent):
    active[0].take_snapshot("before", wait=False)
    outcomes = on_each(active[:2], "reboot", timeout_s=30)
    assert isinstance(outcomes[0].error, DropletBusy)
    assert outcomes[0].status == "skipped"
    assert outcomes[1].action.completed


def test_a_caller_that_does_not_wait_learns_what_keeps_a_droplet_busy(active, on_each):
    running = active[0].take_snapshot("before", wait=False)
    (outcome,) = on_each(active[:1], "reboot", wait=False)
    assert isinstance(outcome.error, DropletBusy)
    assert outcome.error.action.id == running.id


def test_a_step_that_would_change_nothing_is_not_sent(client, active, sent):
    (outcome,) = client.engine.run([(action_step(active[0].to_dict(), "power_on"),)])
    assert (outcome.status, outcome.error) == ("unchanged", None)
    assert sent("POST") == []


def test_ctrl_c_while_the_rate_limit_holds_all_sends_no_more(client, sandbox, active, monkeypatch, on_each):
    # Otherwise what waits for the rate limit would be sent a minute after the person gave up.
    sandbox.fault("status", status=429, retry_after_s=50, method="POST", times=None)
    waiting = threading.Barrier(4)
    ended = threading.Semaphore(0)
    clock = client._connection.session.clock

    def wait(event, seconds):
        waiting.wait(30)
        set_in_time = event.wait(30)
        ended.release()
        return set_in_time

    monkeypatch.setattr(clock, "wait", wait)

    def interrupted():
        waiting.wait(30)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        on_each(active[:3], "reboot", on_idle=interrupted)
    assert all(ended.acquire(timeout=30) for _ in range(3))
    assert caught.value.__notes__ == ["0 of 3 completed; 3 not sent."]
    assert client.actions.list()[0].type != "reboot"
    assert client.engine.background == []


def test_a_time_limit_covers_the_rate_limit_too(sandbox, active, on_each, clock, monkeypatch):
    sandbox.fault("status", status=429, retry_after_s=120, method="POST", times=None)
    # The senders really wait, and the time of the one who waits for them passes meanwhile.
    monkeypatch.setattr(clock, "wait", lambda event, _: event.wait(30))
    monkeypatch.setattr("poseidon_nb.client.engine.engine.POLL_INTERVAL_S", 0.01)
    outcomes = on_each(active[:2], "reboot", timeout_s=10, on_idle=lambda: clock.advance(1))
    assert [one.status for one in outcomes] == ["skipped", "skipped"]
    assert all(isinstance(one.error, TimedOut) and not one.error.sent for one in outcomes)
    assert "was not sent within the time limit of 10 s" in str(outcomes[0].error)


def test_a_listener_that_fails_does_not_stop_what_is_in_flight(client, droplet, finish, caplog):
    def fail(number, run):
        raise KeyError("region")

    with caplog.at_level("ERROR", "poseidon_nb"):
        execution = client.engine.start([(action_step(droplet.to_dict(), "reboot"),)], title="x", on_change=fail)
        finish()
    assert [one.status for one in execution.outcomes()] == ["completed"]
    assert {record.exc_info[0] for record in caplog.records} == {KeyError}


def test_what_is_started_while_another_request_is_in_flight_is_sent_at_once(client, active, monkeypatch):
    # Longer than the test: whoever waits for the next slice waits for too long.
    monkeypatch.setattr("poseidon_nb.client.engine.engine.SLEEP_S", 60.0)
    held, on_its_way, sent = threading.Event(), threading.Event(), threading.Event()

    def begin(chains, title, notes):
        record = SimpleNamespace(**dict.fromkeys(("accepted", "ended", "close", "leave"), lambda *_, **__: None))
        record.sending = (lambda *_: (on_its_way.set(), held.wait(30))) if title == "slow" else lambda *_: sent.set()
        return record

    engine = client.engine
    engine.recorder = SimpleNamespace(begin=begin)
    threads = []
    engine.drive = lambda driven: threads.append(threading.Thread(target=driven.run_background)) or threads[-1].start()
    for title, droplet in zip(("slow", "quick"), active, strict=False):
        engine.start([(action_step(droplet.to_dict(), "reboot"),)], title=title, on_change=lambda *_: None)
        assert on_its_way.wait(30)
    try:
        assert sent.wait(30)
    finally:
        held.set()
        for thread in threads:
            thread.join(10)
    assert engine.background == []


def test_an_invalid_time_limit_is_refused_before_anything_is_sent(droplet, sent):
    for wrong in (0, -1, float("nan"), float("inf"), "5", [], True, 10**400):
        with pytest.raises(InvalidArgument, match="timeout_s must be a positive number of seconds"):
            droplet.reboot(timeout_s=wrong)
    assert sent("POST") == []


@pytest.mark.parametrize("spoiled", [None, "-5", 0, 1.5, True, "12x", 10**30])
def test_an_answer_without_a_usable_id_is_checked_against_the_account(droplet, sent, spoil_next_post, spoiled):
    spoil_next_post(lambda answer: answer["action"].update(id=spoiled))
    assert droplet.reboot().completed
    assert len(sent("POST")) == 1


def test_a_create_that_tells_fewer_droplets_than_asked_is_checked_against_the_account(client, sent, spoil_next_post):
    spoil_next_post(lambda answer: answer.update(droplets=answer["droplets"][:1]))
    made = client.droplets.create(names=["m1", "m2"], size="s-1vcpu-1gb", region="sfo3", image="ubuntu-24-04-x64")
    assert [droplet.name for droplet in made] == ["m1", "m2"]
    assert len(sent("POST")) == 1


@pytest.fixture
def spoil_next_post(client, monkeypatch):
    """Return what has the next answer to a POST changed on its way."""

    def spoil(change):
        send = client._connection.send
        left = [change]

        def spoiled(request):
            reply = send(request)
            if request.method != "POST" or not left:
                return reply
            answer = reply.json()
            left.pop()(answer)
            return replace(reply, body=json.dumps(answer).encode())

        monkeypatch.setattr(client._connection, "send", spoiled)

    return spoil
