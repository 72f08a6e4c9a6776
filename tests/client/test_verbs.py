"""What a droplet's verbs do over time: wait, settle, be busy, fail, be interrupted."""

from __future__ import annotations

import pytest

from poseidon_nb.client.client import connect
from poseidon_nb.client.engine.consistency import CONSISTENCY_TIMEOUT_S, is_consistent
from poseidon_nb.errors import (
    ActionFailed,
    ActionTimedOut,
    DropletBusy,
    InvalidArgument,
    NotFound,
    ServerError,
    Unprocessable,
)


def interrupt_after(clock, monkeypatch, seconds: float):
    """Press Ctrl-C once, at the first sleep after so many seconds."""
    sleep, began_s = clock.sleep, clock.monotonic()

    def pressed(slept_s: float) -> None:
        if clock.monotonic() - began_s >= seconds:
            monkeypatch.setattr(clock, "sleep", sleep)
            raise KeyboardInterrupt
        sleep(slept_s)

    monkeypatch.setattr(clock, "sleep", pressed)


@pytest.mark.parametrize(
    ("verb", "parameters", "before", "field", "wanted"),
    [
        ("power_off", (), "active", "status", "off"),
        ("shutdown", (), "active", "status", "off"),
        ("power_on", (), "off", "status", "active"),
        ("reboot", (), "active", "status", "active"),
        ("power_cycle", (), "active", "status", "active"),
        ("rename", ("web-9",), "active", "name", "web-9"),
        ("resize", ("s-4vcpu-8gb",), "off", "size_slug", "s-4vcpu-8gb"),
    ],
)
def test_a_verb_waits_and_reads_its_droplet_again_in_place(client, verb, parameters, before, field, wanted):
    droplet = next(one for one in client.droplets.list() if one.status == before)
    action = getattr(droplet, verb)(*parameters)
    assert action.completed
    assert action.type == verb
    assert droplet[field] == wanted
    assert client.droplets.get(droplet.id).to_dict() == droplet.to_dict()


def test_a_snapshot_is_waited_for_and_shows_in_its_droplet(client, droplet):
    known = set(droplet.snapshot_ids)
    action = droplet.take_snapshot("before-upgrade")
    assert action.completed
    assert action.type == "snapshot"
    assert len(set(droplet.snapshot_ids) - known) == 1
    assert "before-upgrade" in {snapshot.name for snapshot in droplet.snapshots()}


def test_without_wait_the_action_is_in_progress_and_can_be_waited_for(client, droplet, sent):
    action = droplet.power_off(wait=False)
    assert not action.done
    assert droplet.status == "active"
    assert action.wait() is action
    assert action.completed
    assert droplet.status == "off"
    assert len(sent("POST")) == 1
    reads = len(sent())
    action.wait()
    assert len(sent()) == reads


def test_a_status_that_lags_behind_completed_is_waited_out(client, droplet, sandbox):
    action = droplet.power_off(wait=False)
    sandbox.finish(action.id)
    assert client.droplets.get(droplet.id).status == "active"
    action.wait()
    assert droplet.status == "off"


def test_a_shutdown_that_is_ignored_ends_within_a_bound(droplet, sandbox, clock):
    sandbox.fault("shutdown_ignored")
    action = droplet.shutdown(wait=False)
    sandbox.finish(action.id)
    began_s = clock.monotonic()
    action.wait()
    assert action.completed
    assert droplet.active
    assert CONSISTENCY_TIMEOUT_S <= clock.monotonic() - began_s <= CONSISTENCY_TIMEOUT_S + 5


def test_an_errored_action_is_in_its_error(droplet, sandbox):
    sandbox.fault("action_errored")
    with pytest.raises(ActionFailed, match=r"reboot .* failed") as failed:
        droplet.reboot()
    assert failed.value.action.errored
    assert failed.value.action.type == "reboot"


def test_a_timeout_leaves_the_action_running_and_says_how_to_wait_again(droplet, clock):
    with pytest.raises(ActionTimedOut, match=r"continues. Wait for it with %do actions wait \d+") as timed_out:
        droplet.take_snapshot("slow", timeout_s=3)
    action = timed_out.value.action
    assert 3 <= clock.monotonic() <= 5
    assert not action.done
    assert action.wait().completed


def test_what_ended_between_the_last_tick_and_the_limit_has_not_timed_out(droplet, sandbox, clock):
    # By now the ticks are seconds apart.
    action = droplet.take_snapshot("slow", wait=False)

    def on_progress(progress):
        if clock.monotonic() >= 54.0:
            sandbox.finish(action.id)

    assert action.wait(timeout_s=54.5, on_progress=on_progress).completed
    assert clock.monotonic() < 56


@pytest.mark.parametrize("timeout_s", [0, -1, float("nan")])
def test_an_invalid_limit_is_refused(droplet, timeout_s):
    with pytest.raises(InvalidArgument, match="timeout_s"):
        droplet.power_off(timeout_s=timeout_s)


def test_a_busy_droplet_is_waited_for_first(client, droplet, sent):
    rebooting = droplet.reboot(wait=False)
    action = droplet.power_off()
    assert action.completed
    assert droplet.status == "off"
    assert rebooting.refresh().completed
    # Refused once, sent again when the reboot had ended.
    assert len(sent("POST")) == 3


def test_a_busy_droplet_is_reported_when_nobody_waits(droplet, sent):
    rebooting = droplet.reboot(wait=False)
    with pytest.raises(DropletBusy, match=f"reboot is in progress.*actions wait {rebooting.id}") as busy:
        droplet.power_off(wait=False)
    assert busy.value.action.id == rebooting.id
    assert not busy.value.action.done


def test_a_pending_event_that_ends_before_it_can_be_seen_is_tried_again(droplet, sandbox, sent):
    sandbox.fault("status", status=422, operation="dropletActions_post")
    assert droplet.power_off().completed
    assert len(sent("POST")) == 2


def test_a_pending_event_that_never_shows_is_not_tried_for_ever(droplet, sandbox, sent):
    sandbox.fault("status", status=422, operation="dropletActions_post", times=None)
    with pytest.raises(Unprocessable, match="pending event"):
        droplet.power_off()
    assert len(sent("POST")) == 10


def test_that_somebody_elses_action_failed_is_not_our_failure(droplet, sandbox):
    sandbox.fault("action_errored", action="reboot")
    droplet.reboot(wait=False)
    assert droplet.power_off().completed


def test_ctrl_c_says_how_to_go_on_and_breaks_nothing(client, droplet, clock, monkeypatch):
    interrupt_after(clock, monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt) as pressed:
        droplet.power_off()
    [note] = pressed.value.__notes__
    assert note.startswith(f"power_off {droplet.name} continues. Wait for it with %do actions wait ")
    [action] = client.actions.wait([int(note.split()[-1])])
    assert action.completed
    assert droplet.wait().status == "off"


def test_ctrl_c_while_the_droplet_settles_leaves_a_wait_that_settles_it(droplet, sandbox, clock, monkeypatch):
    action = droplet.power_off(wait=False)
    sandbox.finish(action.id)
    interrupt_after(clock, monkeypatch, 1)
    with pytest.raises(KeyboardInterrupt):
        action.wait()
    assert droplet.status == "active"
    action.wait()
    assert droplet.status == "off"


def test_ctrl_c_in_a_wait_for_many_does_not_list_them_all(client, clock, monkeypatch):
    actions = [one.reboot(wait=False) for one in client.droplets.list() if one.active]
    interrupt_after(clock, monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt) as pressed:
        client.actions.wait(actions)
    assert len(pressed.value.__notes__) == 4
    assert pressed.value.__notes__[-1] == f"{len(actions) - 3} more actions continue. See %do actions list"


def test_server_errors_while_polling_end_no_wait(client, droplet, sandbox):
    sandbox.fault("status", status=503, operation="actions_get", times=7)
    assert droplet.power_off().completed
    assert droplet.status == "off"


def test_polling_that_fails_for_long_ends_in_an_error_that_names_what_continues(droplet, sandbox):
    sandbox.fault("status", status=503, operation="actions_get", times=None)
    with pytest.raises(ServerError, match="503") as failed:
        droplet.power_off()
    assert failed.value.step.verb == "power_off"
    assert failed.value.droplet.id == droplet.id
    assert failed.value.action.type == "power_off"
    assert str(failed.value.action.id) in str(failed.value)


def test_a_429_and_a_lost_connection_in_a_wait_are_not_noticed(droplet, sandbox):
    action = droplet.power_off(wait=False)
    sandbox.fault("status", status=429, retry_after_s=2, operation="actions_get")
    sandbox.fault("lost_before", operation="actions_get")
    assert action.wait().completed


def test_a_droplet_that_is_deleted_meanwhile_ends_its_settling(client, droplet, sandbox, clock):
    action = droplet.power_off(wait=False)
    sandbox.finish(action.id)
    other = client.droplets.get(droplet.id)
    other.delete()
    clock.advance(30)
    assert action.wait().completed


def test_two_objects_of_one_action_both_learn_how_it_ended(client, droplet):
    action = droplet.reboot(wait=False)
    again = client.actions.get(action.id)
    assert again == action
    client.actions.wait([action, again])
    assert action.completed
    assert again.completed


def test_waiting_for_many_raises_the_first_failure_after_all_have_ended(client, sandbox):
    sandbox.fault("action_errored")
    actions = [one.reboot(wait=False) for one in client.droplets.list() if one.active][:4]
    with pytest.raises(ActionFailed, match="1 of 4 actions failed or timed out") as failed:
        client.actions.wait(actions)
    assert failed.value.action is actions[0]
    assert all(action.done for action in actions)
    assert [action.completed for action in actions] == [False, True, True, True]


def test_many_droplets_settle_by_pages(client, sent, on_each):
    droplets = [one for one in client.droplets.list() if one.active]
    outcomes = on_each(droplets, "power_off")
    assert [outcome.target.id for outcome in outcomes] == [droplet.id for droplet in droplets]
    assert all(outcome.error is None and outcome.action.completed for outcome in outcomes)
    assert {droplet.status for droplet in droplets} == {"off"}
    # One GPU droplet, which no page lists, is read alone.
    singles = [one for one in sent("GET") if one.startswith("GET /v2/droplets/")]
    assert len({*singles}) <= 3


def test_in_bulk_no_failure_hides_another_and_the_busy_are_tried_again(client, sandbox, on_each):
    droplets = [one for one in client.droplets.list() if one.active][:5]
    sandbox.fault("action_errored", action="power_off", resource_id=droplets[1].id)
    droplets[2].reboot(wait=False)
    client.droplets.get(droplets[3].id).power_off()
    outcomes = on_each(droplets, "power_off")
    assert [type(outcome.error) for outcome in outcomes] == [
        type(None),
        ActionFailed,
        type(None),
        Unprocessable,
        type(None),
    ]
    assert outcomes[3].action is None
    assert droplets[2].status == "off"


def test_in_bulk_without_wait_the_busy_are_told_of(client, on_each):
    droplets = [one for one in client.droplets.list() if one.active][:2]
    droplets[0].reboot(wait=False)
    busy, started = on_each(droplets, "power_off", wait=False)
    assert isinstance(busy.error, DropletBusy)
    assert started.error is None
    assert not started.action.done


def test_waiting_for_a_droplet_waits_for_what_runs_on_it_and_for_what_that_promised(client, droplet, sandbox):
    droplet.power_off(wait=False)
    twin = client.droplets.get(droplet.id)
    assert twin.wait() is twin
    assert twin.status == "off"


def test_waiting_for_an_idle_droplet_reads_it_once(droplet, sent):
    before = len(sent())
    droplet.wait()
    assert sent()[before:] == [f"GET /v2/droplets/{droplet.id}/actions", f"GET /v2/droplets/{droplet.id}"]


def test_acting_on_a_droplet_that_is_gone_says_so(client, droplet, clock):
    twin = client.droplets.get(droplet.id)
    droplet.delete()
    clock.advance(60)
    with pytest.raises(NotFound):
        twin.power_off()


def test_a_refusal_comes_in_the_apis_words(droplet):
    droplet.power_off()
    with pytest.raises(Unprocessable, match="already powered off"):
        droplet.power_off()


def test_powering_on_a_running_droplet_is_accepted(droplet):
    assert droplet.power_on().completed
    assert droplet.active


def test_a_wait_never_touches_the_real_clock(sandbox, droplet, clock):
    assert connect(sandbox, clock=clock)._connection.session.clock is clock
    droplet.power_off()
    assert sum(clock.sleeps) == pytest.approx(clock.monotonic())


def test_what_runs_on_it_is_found_among_a_droplets_actions(client, droplet):
    action = droplet.reboot(wait=False)
    assert client.engine.sender.pending(droplet.id)["id"] == action.id
    client.actions.wait(action)
    assert client.engine.sender.pending(droplet.id) is None
    assert droplet.actions()[0] == action


@pytest.mark.parametrize(
    ("kind", "row", "parameters", "agreed"),
    [
        ("create", {"status": "new"}, {}, False),
        ("create", {"status": "active"}, {}, True),
        ("rename", {"status": "active", "name": "a"}, {"name": "b"}, False),
        ("rename", {"status": "active", "name": "a"}, {}, True),
        ("resize", {"status": "off", "size_slug": "a"}, {"size": "b"}, False),
        ("resize", {"status": "off", "size_slug": "a"}, {}, True),
        ("enable_ipv6", {"status": "active"}, {}, True),
        ("enable_ipv6", {"status": "active", "features": ["backups"]}, {}, False),
        ("enable_ipv6", {"status": "active", "features": ["ipv6"]}, {}, True),
        ("enable_backups", {"status": "active", "features": []}, {}, False),
        ("enable_backups", {"status": "active", "features": ["backups"]}, {}, True),
        ("disable_backups", {"status": "active", "features": ["backups"]}, {}, False),
        ("disable_backups", {"status": "active", "features": []}, {}, True),
        ("rebuild", {"status": "active", "image": {"id": 7, "slug": "a"}}, {"image": "a"}, True),
        ("rebuild", {"status": "active", "image": {"id": 7, "slug": "a"}}, {"image": 7}, True),
        ("rebuild", {"status": "active", "image": {"id": 7, "slug": "a"}}, {"image": 8}, False),
        ("rebuild", {"status": "active"}, {"image": 8}, True),
        ("rebuild", {"status": "off", "image": {"id": 7}}, {"image": 7}, False),
        ("restore", {"status": "off"}, {"image": 7}, False),
        ("", {"status": "new"}, {}, False),
    ],
)
def test_a_droplet_agrees_when_it_reads_as_its_action_promised(kind, row, parameters, agreed):
    assert is_consistent(kind, row, parameters) is agreed
