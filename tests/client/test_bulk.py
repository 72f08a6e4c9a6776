"""The same action on many droplets: no failure hides another, nothing is sent twice, and Ctrl-C stops the sending."""

from __future__ import annotations

import threading

import pytest

from poseidon_nb.client.droplets.bulk import SENDERS, act_on_each
from poseidon_nb.client.droplets.steps import Step
from poseidon_nb.errors import ActionFailed, ActionTimedOut, DropletBusy, Unprocessable


@pytest.fixture
def start(client):
    """Start a reboot, as the handlers do."""

    def reboot(droplet):
        return client.droplets.acting.act(droplet, Step("reboot", {}), wait=False, timeout_s=None, on_progress=None)

    return reboot


@pytest.fixture
def active(client):
    return [droplet for droplet in client.droplets.list() if droplet.active]


def test_all_are_started_waited_for_together_and_given_in_the_order_asked_for(client, active, start, sent):
    told = []
    outcomes = act_on_each(client.actions, active[::-1], start, on_progress=told.append)
    assert [outcome.droplet.id for outcome in outcomes] == [droplet.id for droplet in active[::-1]]
    assert {outcome.action.status for outcome in outcomes} == {"completed"}
    assert not any(outcome.error for outcome in outcomes)
    assert len(sent("POST")) == len(active)
    assert {one.status for one in told} >= {"in-progress", "completed"}


def test_one_failure_of_each_kind_leaves_the_others_alone(client, sandbox, active, start):
    refused, errored, slow, *fine = active
    client.droplets.acting.act(refused, Step("power_off", {}), wait=True, timeout_s=None, on_progress=None)
    sandbox.fault("status", status=422, message="No.", path=f"/v2/droplets/{refused.id}/actions", method="POST")
    sandbox.fault("action_errored", resource_id=errored.id)

    def start_one(droplet):
        step = Step("snapshot", {"name": "x"}) if droplet is slow else Step("reboot", {})
        return client.droplets.acting.act(droplet, step, wait=False, timeout_s=None, on_progress=None)

    outcomes = {one.droplet.id: one for one in act_on_each(client.actions, active, start_one, timeout_s=60)}
    assert isinstance(outcomes[refused.id].error, Unprocessable)
    assert outcomes[refused.id].action is None
    assert isinstance(outcomes[errored.id].error, ActionFailed)
    assert isinstance(outcomes[slow.id].error, ActionTimedOut)
    assert outcomes[slow.id].action.status == "in-progress"
    assert not any(outcomes[droplet.id].error for droplet in fine)


def test_a_droplet_that_is_given_twice_is_acted_upon_once(client, droplet, start, sent):
    assert len(act_on_each(client.actions, [droplet, droplet], start)) == 1
    assert len(sent("POST")) == 1


def test_without_waiting_they_are_given_as_they_were_started(client, active, start, clock):
    outcomes = act_on_each(client.actions, active[:3], start, wait=False)
    assert {outcome.action.status for outcome in outcomes} == {"in-progress"}
    assert clock.sleeps == []


def test_a_busy_droplet_is_waited_for_and_then_acted_upon(client, active, start):
    busy = active[0].take_snapshot("before", wait=False)
    outcomes = act_on_each(client.actions, active[:2], start)
    assert [outcome.action.status for outcome in outcomes] == ["completed", "completed"]
    assert client.actions.get(busy.id).completed


def test_a_droplet_that_stays_busy_for_longer_than_the_limit_is_refused_and_the_others_are_not(client, active, start):
    active[0].take_snapshot("before", wait=False)
    outcomes = act_on_each(client.actions, active[:2], start, timeout_s=30)
    assert isinstance(outcomes[0].error, DropletBusy)
    assert outcomes[1].action.completed


def test_who_does_not_wait_learns_what_keeps_a_droplet_busy(client, active, start):
    running = active[0].take_snapshot("before", wait=False)
    outcome = act_on_each(client.actions, active[:1], start, wait=False)[0]
    assert isinstance(outcome.error, DropletBusy)
    assert outcome.error.action.id == running.id


def test_ctrl_c_while_sending_sends_no_more_and_says_how_far_it_came(client, active, start):
    many = [type(active[0])({**active[0].to_dict(), "id": n}, client.droplets) for n in range(1, 41)]
    release, begun = threading.Event(), []

    def slow(droplet):
        begun.append(droplet.id)
        release.wait(30)
        return start(active[0])

    def interrupted():
        if len(begun) == SENDERS:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        act_on_each(client.actions, many, slow, on_idle=interrupted)
    release.set()
    assert caught.value.__notes__ == [f"it may have been started on {SENDERS} of 40 droplets: see %do actions list"]
    assert len(begun) == SENDERS


def test_ctrl_c_ends_the_waits_of_the_senders_too(client, sandbox, active, start, monkeypatch):
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

    with pytest.raises(KeyboardInterrupt):
        act_on_each(client.actions, active[:3], start, on_idle=interrupted)
    assert all(ended.acquire(timeout=30) for _ in range(3))
    assert client.actions.list()[0].type != "reboot"
