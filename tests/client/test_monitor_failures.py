"""Following the account when something fails that must not, and when it is left while it is being read."""

from __future__ import annotations

import logging
import threading

import pytest

from poseidon_nb.client.client import connect
from poseidon_nb.client.monitor.polling import MIN_RETRY_S, POLL_INTERVAL_S
from poseidon_nb.errors import PoseidonError
from poseidon_nb.sandbox import Sandbox


def threads() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "poseidon-monitor"]


@pytest.fixture
def fast():
    with Sandbox(speed=1_000.0) as sandbox, connect(sandbox) as client:
        yield client
    for thread in threads():
        thread.join(5)
    assert threads() == []


class Failing:
    """What an account's reading asks, which raises what it is told to."""

    def __init__(self, monitor, error):
        self._read = monitor._reader.read_actions
        self.error = error
        monitor._reader.read_actions = self

    def __call__(self):
        if self.error is not None:
            raise self.error
        return self._read()


def test_an_error_that_is_unexpected_is_told_and_tried_again(desk):
    desk.subscribe()
    failing = Failing(desk.monitor, KeyError("status"))
    desk.run(1.0)
    error = desk.monitor.state.error
    assert isinstance(error, PoseidonError)
    assert str(error) == "Monitoring the account failed unexpectedly: KeyError: 'status'"
    assert error.__cause__ is failing.error
    assert desk.changes > 0
    failing.error = None
    desk.run(MIN_RETRY_S)
    assert desk.monitor.state.error is None
    assert desk.monitor.state.complete


def test_the_thread_outlives_an_error_that_is_unexpected(fast):
    failing = Failing(fast.monitor, RuntimeError("odd"))
    told = threading.Event()
    subscription = fast.monitor.subscribe(told.set, droplets=[])
    assert told.wait(10)
    (thread,) = threads()
    assert str(subscription.state.error).endswith("RuntimeError: odd")
    failing.error = None
    subscription.close()
    thread.join(5)
    assert not thread.is_alive()


def test_an_action_that_cannot_be_followed_does_not_keep_the_account_from_being_read(desk, droplet):
    subscription = desk.subscribe(droplets=[droplet.to_dict()])
    action = droplet.power_cycle(wait=False)
    subscription.track(action)
    desk.monitor._tracker._tracked[action.id].update = lambda: 1 / 0
    desk.run(120.0)
    assert "ZeroDivisionError" in str(desk.monitor.state.error)
    assert desk.monitor.state.actions[0]["status"] == "completed"


def test_a_subscriber_that_fails_does_not_cost_the_others_their_news(desk, droplet, caplog):
    heard = []

    def fail(*_):
        raise ZeroDivisionError

    desk.monitor.subscribe(fail, droplets=[droplet.to_dict()], on_progress=fail)
    desk.monitor.subscribe(lambda: heard.append("change"), droplets=[droplet.to_dict()], on_progress=heard.append)
    with caplog.at_level(logging.ERROR, "poseidon_nb"):
        desk.run(1.0)
        desk.monitor.track(droplet.reboot(wait=False))
        desk.run(2 * POLL_INTERVAL_S + 1)
    assert "change" in heard
    assert any(one != "change" for one in heard)
    assert desk.monitor.state.error is None, "it is the subscriber that fails, and not the account"
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError], "said once"


def test_a_subscriber_that_fails_at_being_closed_does_not_keep_the_others_open(desk):
    def fail():
        raise ZeroDivisionError

    subscriptions = [desk.monitor.subscribe(fail), desk.subscribe()]
    before = desk.changes
    desk.client.close()
    assert all(one.closed for one in subscriptions)
    assert desk.changes == before + 1


def test_fifty_panels_opened_and_closed_leave_no_thread_and_no_subscription(fast):
    droplet = next(one for one in fast.droplets.list() if one.active)
    for number in range(50):
        ended = threading.Event()
        subscription = fast.monitor.subscribe(
            lambda: None,
            droplets=[droplet.to_dict()] if number % 2 else None,
            on_progress=lambda told, ended=ended: ended.set() if told.progress.done else None,
        )
        if number % 10 == 0:
            subscription.track(droplet.reboot(wait=False))
            assert ended.wait(10)
        assert len(threads()) <= 2, "one that ends, and the next"
        subscription.close()
    for thread in threads():
        thread.join(5)
    assert threads() == []
    assert fast.monitor._subscriptions == []
    assert not fast.monitor._tracker
    assert fast.actions._poller._pending == {}


def test_many_come_and_go_at_once(fast):
    rows = [one.to_dict() for one in fast.droplets.list()]
    failures = []

    def come_and_go(number):
        try:
            for _ in range(10):
                subscription = fast.monitor.subscribe(lambda: None, droplets=None if number % 2 else rows[:number])
                subscription.touch()
                subscription.refresh()
                subscription.close()
        except BaseException as error:  # noqa: BLE001  # told below
            failures.append(error)

    visitors = [threading.Thread(target=come_and_go, args=(number,)) for number in range(8)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join(30)
    assert failures == []
    for thread in threads():
        thread.join(5)
    assert threads() == []
    assert fast.monitor._subscriptions == []


@pytest.mark.parametrize("leave", ["close the panel", "leave the account"])
def test_what_is_read_while_it_is_closed_is_told_to_nobody(desk, leave):
    subscription = desk.subscribe()
    read = desk.monitor._reader.read_actions

    def closing():
        rows = read()
        if leave == "close the panel":
            subscription.close()
        else:
            desk.client.close()
        desk.changes = 0
        return rows

    desk.monitor._reader.read_actions = closing
    desk.monitor.tick()
    assert desk.changes == 0
    assert desk.monitor.tick() is None
    assert desk.monitor._subscriptions == []


def test_a_panel_opened_while_the_last_one_closes_is_served(desk, droplet):
    first = desk.subscribe()
    read = desk.monitor._reader.read_actions
    opened = []

    def swapping():
        desk.monitor._reader.read_actions = read
        first.close()
        opened.append(desk.subscribe(droplets=[droplet.to_dict()]))
        return read()

    desk.monitor._reader.read_actions = swapping
    desk.run(2 * POLL_INTERVAL_S + 1)
    assert not opened[0].closed
    assert len(desk.started) == 1, "the thread that is there goes on"
    assert desk.monitor.state.actions
