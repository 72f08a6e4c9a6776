"""Following the account: what it costs, what it notices, and that it ends."""

from __future__ import annotations

import threading

import pytest

from poseidon_nb.client.client import connect
from poseidon_nb.client.monitor.monitor import IDLE_TIMEOUT_S
from poseidon_nb.client.monitor.polling import FULL_REFRESH_S, POLL_INTERVAL_S
from poseidon_nb.commands.do_session import SANDBOX_INTERVAL_S
from poseidon_nb.errors import ActionFailed, ConnectionFailed
from poseidon_nb.sandbox import Sandbox


def elsewhere(desk):
    """Another client of the same account, as the control panel is."""
    return connect(desk.sandbox, clock=desk.clock)


@pytest.mark.parametrize("panels", [1, 5])
def test_idle_panels_of_a_small_account_cost_one_request_in_15_seconds(desk, panels):
    droplets = [one.to_dict() for one in desk.client.droplets.list()]
    desk.sent()
    for number in range(panels):
        desk.subscribe(droplets=[droplets[number]])
    desk.subscribe()
    desk.run(1.0)
    assert desk.sent() == [
        "GET /v2/actions?page=1&per_page=200",
        "GET /v2/droplets?page=1&per_page=200",
        "GET /v2/droplets?type=gpus&page=1&per_page=200",
    ]
    desk.run(600.0)
    sent = desk.sent()
    assert len(sent) <= 600 / POLL_INTERVAL_S
    assert {line.partition("&")[0] for line in sent} == {
        "GET /v2/droplets?page=1",
        "GET /v2/droplets?type=gpus",
        "GET /v2/actions?page=1",
    }


def test_one_droplet_panel_opens_with_one_request(desk):
    droplet = desk.client.droplets.list()[0]
    desk.sent()
    desk.subscribe(droplets=[droplet.to_dict()])
    desk.run(POLL_INTERVAL_S - 0.1)
    assert desk.sent() == ["GET /v2/actions?page=1&per_page=200"]


def test_idle_panels_of_a_large_account_read_the_newest_actions_and_the_list_every_five_minutes(large):
    large.subscribe()
    large.run(1.0)
    assert len(large.monitor.state.droplets) == 451
    large.sent()
    large.run(FULL_REFRESH_S - POLL_INTERVAL_S)
    assert set(large.sent()) == {"GET /v2/actions?page=1&per_page=200"}
    large.run(2 * POLL_INTERVAL_S)
    assert sum("/v2/droplets" in line for line in large.sent()) == 4, "its pages, and the GPU droplets"


def test_a_large_accounts_list_is_read_again_when_an_action_ended(large):
    large.subscribe()
    large.run(20.0)
    large.sent()
    other = elsewhere(large)
    droplet = next(one for one in other.droplets.list() if one.active)
    large.sent()
    droplet.power_off(wait=False)
    large.run(60.0)
    assert large.monitor.state.droplets[droplet.id]["status"] == "off"
    assert any("/v2/droplets" in line for line in large.sent())


def test_one_droplet_of_a_large_account_never_reads_the_whole_list(large):
    droplet = large.client.droplets.list()[0]
    large.subscribe(droplets=[droplet.to_dict()])
    large.run(1_000.0)
    large.monitor._subscriptions[0].touch()
    sent = [line for line in large.sent() if "/v2/droplets?" in line]
    assert len([line for line in sent if "page=3" in line]) <= 2


def test_what_changes_without_an_action_is_seen(desk):
    desk.subscribe()
    desk.run(1.0)
    droplet_id = next(iter(desk.monitor.state.droplets))
    with elsewhere(desk) as other:
        other.call("tags_create", name="fresh")
        other.call(
            "tags_assign_resources",
            tag_id="fresh",
            body={"resources": [{"resource_id": str(droplet_id), "resource_type": "droplet"}]},
        )
    before = desk.changes
    desk.run(2 * POLL_INTERVAL_S + 1)
    assert "fresh" in desk.monitor.state.droplets[droplet_id]["tags"]
    assert desk.changes == before + 1


def test_an_action_of_somebody_else_is_followed_to_its_end(desk, droplet):
    desk.subscribe(droplets=[droplet.to_dict()])
    desk.run(1.0)
    with elsewhere(desk) as other:
        action = other.droplets.get(droplet.id).take_snapshot(wait=False)
    desk.run(600.0)
    assert {one.action.id for one in desk.told} == {action.id}
    assert desk.told[0].progress.label == f"snapshot {droplet.name}"
    assert [one.progress.status for one in desk.told][-1] == "completed"
    assert len(desk.told) > 5


def test_an_action_that_ran_before_the_panel_came_is_taken_up(desk, droplet):
    action = droplet.power_cycle(wait=False)
    desk.subscribe(droplets=[droplet.to_dict()])
    desk.run(0.5)
    assert desk.told[0].action.id == action.id
    assert desk.told[0].progress.status == "in-progress"


def test_a_droplet_of_no_interest_is_not_told_of(desk, droplet):
    other = next(one for one in desk.client.droplets.list() if one.id != droplet.id)
    desk.subscribe(droplets=[other.to_dict()])
    droplet.reboot(wait=False)
    desk.run(30.0)
    assert desk.told == []


def test_an_action_of_ones_own_is_told_until_the_droplet_agrees(desk, droplet):
    subscription = desk.subscribe(droplets=[droplet.to_dict()])
    desk.run(1.0)
    subscription.track(droplet.power_off(wait=False))
    desk.run(60.0)
    statuses = [one.progress.status for one in desk.told]
    assert statuses[0] == "in-progress"
    assert "settling" in statuses
    assert statuses.count("completed") == 1
    assert desk.monitor.state.droplets[droplet.id]["status"] == "off"
    assert droplet.status == "off"


def test_an_action_that_fails_is_told_with_its_reason(desk, droplet):
    desk.sandbox.fault("action_errored", action="reboot")
    subscription = desk.subscribe(droplets=[droplet.to_dict()])
    subscription.track(droplet.reboot(wait=False))
    desk.run(60.0)
    assert isinstance(desk.told[-1].error, ActionFailed)
    assert desk.told[-1].progress.status == "errored"


@pytest.mark.parametrize("turn", [0, 1])
def test_what_begins_elsewhere_in_a_small_account_is_seen_within_two_turns(desk, droplet, turn):
    desk.subscribe(droplets=[droplet.to_dict()])
    desk.run(1.0 + turn * POLL_INTERVAL_S)
    with elsewhere(desk) as other:
        other.droplets.get(droplet.id).take_snapshot(wait=False)
    desk.run(2 * POLL_INTERVAL_S + 1)
    assert desk.told


def test_what_ended_elsewhere_is_seen_at_once_when_a_row_changed(desk, droplet):
    desk.subscribe(droplets=[droplet.to_dict()])
    desk.run(1.0)
    with elsewhere(desk) as other:
        action = other.droplets.get(droplet.id).power_off(wait=False)
    desk.sandbox.finish(action.id)
    desk.clock.advance(POLL_INTERVAL_S)
    desk.sent()
    desk.run(1.0)
    assert desk.sent()[0].startswith("GET /v2/droplets?"), "the list's turn"
    assert desk.monitor.state.droplets[droplet.id]["status"] == "off"
    assert desk.monitor.state.actions[0]["id"] == action.id


def test_at_the_interval_of_sandboxes_each_change_elsewhere_is_seen_within_15_seconds(desk, droplet):
    desk.monitor.interval_s = SANDBOX_INTERVAL_S
    desk.subscribe()
    desk.run(20.0)
    with elsewhere(desk) as other:
        for turn in range(8):
            desk.run(SANDBOX_INTERVAL_S)
            other.call("tags_assign_resources", tag_id="web", body={"resources": _resource(droplet)})
            desk.run(15.0)
            assert "web" in desk.monitor.state.droplets[droplet.id]["tags"], turn
            other.call("tags_unassign_resources", tag_id="web", body={"resources": _resource(droplet)})
            desk.run(15.0)
            assert "web" not in desk.monitor.state.droplets[droplet.id]["tags"], turn


def _resource(droplet):
    return [{"resource_id": str(droplet.id), "resource_type": "droplet"}]


def test_who_follows_only_actions_sees_one_within_a_turn(desk, droplet):
    desk.subscribe(droplets=[], actions=True)
    desk.run(1.0)
    with elsewhere(desk) as other:
        action = other.droplets.get(droplet.id).take_snapshot(wait=False)
    desk.run(POLL_INTERVAL_S + 1)
    assert {one.action.id for one in desk.told} == {action.id}


def test_a_droplet_that_is_deleted_is_gone(desk, droplet):
    desk.subscribe(droplets=[droplet.to_dict()])
    desk.run(1.0)
    with elsewhere(desk) as other:
        other.droplets.get(droplet.id).delete()
    desk.run(2 * POLL_INTERVAL_S)
    assert droplet.id in desk.monitor.state.deleted


def test_unchanged_data_tells_nothing(desk):
    desk.subscribe()
    desk.run(1.0)
    before = desk.changes
    desk.run(300.0)
    assert desk.changes == before


def test_a_lost_connection_is_told_and_tried_again(desk, droplet):
    desk.subscribe(droplets=[droplet.to_dict()])
    desk.run(1.0)
    desk.sandbox.fault("lost_before", times=6, method="GET")
    desk.run(POLL_INTERVAL_S + 1)
    assert isinstance(desk.monitor.state.error, ConnectionFailed)
    desk.run(60.0)
    assert desk.monitor.state.error is None


def test_an_action_that_vanishes_ends_what_follows_it(desk, droplet):
    subscription = desk.subscribe(droplets=[droplet.to_dict()])
    subscription.track(droplet.reboot(wait=False))
    desk.run(0.5)
    desk.sandbox.reset()
    desk.run(60.0)
    assert desk.told[-1].error is not None
    assert not desk.monitor._tracker
    assert desk.monitor.state.error is None


def test_one_that_nobody_uses_stops_asking_and_continues_when_asked_to(desk, droplet):
    subscription = desk.subscribe(droplets=[droplet.to_dict()])
    desk.run(IDLE_TIMEOUT_S + POLL_INTERVAL_S)
    assert subscription.paused
    assert desk.monitor.tick() is None
    desk.sent()
    desk.run(600.0)
    assert desk.sent() == []
    with elsewhere(desk) as other:
        other.droplets.get(droplet.id).power_off()
    desk.sent()
    subscription.resume()
    assert len(desk.started) == 2
    desk.run(1.0)
    assert desk.monitor.state.droplets[droplet.id]["status"] == "off"
    assert not subscription.paused


def test_one_that_is_used_continues(desk, droplet):
    subscription = desk.subscribe(droplets=[droplet.to_dict()])
    desk.run(IDLE_TIMEOUT_S - 10)
    subscription.touch()
    desk.run(100.0)
    assert not subscription.paused


def test_nothing_is_asked_once_all_are_closed(desk, droplet):
    subscriptions = [desk.subscribe(droplets=[droplet.to_dict()]), desk.subscribe()]
    subscriptions[0].track(droplet.reboot(wait=False))
    desk.run(1.0)
    for subscription in subscriptions:
        subscription.close()
    assert desk.monitor.tick() is None
    assert desk.client.actions._poller._pending == {}
    desk.sent()
    desk.run(100.0)
    assert desk.sent() == []


def test_leaving_the_account_closes_the_subscriptions_and_says_so(desk, droplet):
    subscription = desk.subscribe(droplets=[droplet.to_dict()])
    before = desk.changes
    desk.client.close()
    assert subscription.closed
    assert desk.changes == before + 1


def test_the_thread_comes_with_the_first_subscription_and_goes_with_the_last():
    def threads():
        return [one for one in threading.enumerate() if one.name == "poseidon-monitor"]

    with Sandbox(speed=200.0) as sandbox, connect(sandbox) as client:
        droplet = next(one for one in client.droplets.list() if one.active)
        ended = threading.Event()
        subscription = client.monitor.subscribe(
            lambda: None,
            droplets=[droplet.to_dict()],
            on_progress=lambda told: ended.set() if told.progress.done else None,
        )
        other = client.monitor.subscribe(lambda: None)
        (thread,) = threads()
        subscription.track(droplet.reboot(wait=False))
        assert ended.wait(20)
        subscription.close()
        assert threads() == [thread]
        other.close()
        thread.join(5)
        assert not thread.is_alive()


def test_what_was_changed_past_the_subscriptions_shows_at_once_when_the_watch_is_hurried(desk, droplet):
    subscription = desk.subscribe(droplets=[droplet.to_dict()])
    desk.run(5)
    desk.client.droplets.get(droplet.id).power_off()
    desk.sent()
    desk.monitor.poll_soon()
    desk.run(2)
    assert subscription.state.droplets[droplet.id]["status"] == "off"
    assert len(desk.sent()) == 2


def test_a_watch_that_nobody_needs_is_not_hurried_into_asking(desk):
    desk.monitor.poll_soon()
    assert desk.started == []
    assert desk.monitor.tick() is None


def test_droplets_share_their_equal_parts(large):
    large.subscribe()
    large.run(1.0)
    rows = [*large.monitor.state.droplets.values()]
    for name in ("region", "size", "image"):
        parts = [row[name] for row in rows]
        assert len({id(part) for part in parts}) <= 2 * len({str(part) for part in parts})
        assert len({str(part) for part in parts}) < len(rows) / 4
