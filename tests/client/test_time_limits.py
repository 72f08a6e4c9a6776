"""A time limit holds from a verb's start to its end, whatever the server does. Real time, for real sockets hang."""

from __future__ import annotations

import time
from contextlib import contextmanager

import pytest

from poseidon_nb.client.client import connect
from poseidon_nb.errors import ActionTimedOut, OutcomeUnknown, PoseidonError, TimedOut
from poseidon_nb.sandbox import Sandbox

#: How much longer than its limit a verb may take on a busy machine, in seconds. What hangs here hangs for longer.
LATE_S = 8.0
LIMIT_S = 0.8


@pytest.fixture
def account():
    with Sandbox(speed=1.0) as sandbox, connect(sandbox) as client:
        yield sandbox, client.droplets.by_name("web-1")


@contextmanager
def in_time():
    began_s = time.monotonic()
    yield
    assert time.monotonic() - began_s < LIMIT_S + LATE_S


def test_a_rate_limit_that_lasts_longer_sends_nothing(account):
    sandbox, droplet = account
    sandbox.fault("status", status=429, retry_after_s=120, operation="dropletActions_post", times=None)
    with (
        in_time(),
        pytest.raises(TimedOut, match=r"'power_off web-1' was not sent within the time limit of 0.8 s") as late,
    ):
        droplet.power_off(timeout_s=LIMIT_S)
    assert late.value.sent is False
    assert droplet.client.engine.background == []


def test_a_change_whose_answer_hangs_is_unknown(account):
    sandbox, droplet = account
    sandbox.fault("delay", seconds=60, operation="dropletActions_post")
    with (
        in_time(),
        pytest.raises(
            OutcomeUnknown, match=r"'power_off web-1' was sent, but no response arrived within the time limit of 0.8 s"
        ),
    ):
        droplet.power_off(timeout_s=LIMIT_S)


@pytest.mark.parametrize("operation", ["actions_get", "droplets_get"])
def test_a_poll_that_hangs_does_not_outlast_the_limit(account, operation):
    sandbox, droplet = account
    sandbox.fault("delay", seconds=30, operation=operation, times=None)
    with in_time(), pytest.raises(ActionTimedOut, match=r"Wait for it with %do actions wait \d+") as late:
        droplet.take_snapshot("x", timeout_s=LIMIT_S)
    assert late.value.action.type == "snapshot"
    assert late.value.droplet.id == droplet.id


def test_a_busy_droplet_does_not_outlast_the_limit(account):
    _, droplet = account
    running = droplet.take_snapshot("x", wait=False)
    with in_time(), pytest.raises(PoseidonError, match=f"action {running.id}"):
        droplet.power_off(timeout_s=LIMIT_S)


def test_a_restart_continues_in_the_background_after_its_limit(account):
    sandbox, droplet = account
    with in_time(), pytest.raises(ActionTimedOut, match=r"shutdown web-1.* is still in progress.*in the background"):
        droplet.resize("s-4vcpu-8gb", restart=True, timeout_s=LIMIT_S)
    (execution,) = droplet.client.engine.background
    assert not execution.done
    sandbox.reset()
