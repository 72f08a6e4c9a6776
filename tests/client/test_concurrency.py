"""Sequences and plain requests on many things at once: no failure hides another, and Ctrl-C stops them."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from poseidon_nb.client.engine.droplet_steps import resize_step, with_restart
from poseidon_nb.client.engine.steps import When
from poseidon_nb.client.fetch import READER_THREADS, fetch_each
from poseidon_nb.errors import ActionFailed, ActionTimedOut, InvalidArgument, NotFound, OutcomeUnknown

BIGGER = "s-4vcpu-8gb"


@pytest.fixture
def webs(client):
    return [client.droplets.by_name(name) for name in ("web-1", "web-2")]


def chain(droplet):
    row = droplet.to_dict()
    return with_restart(row, resize_step(row, BIGGER, disk=False))


def resized(outcomes, droplet):
    return next(one for one in outcomes if one.step.verb == "resize" and one.target.id == droplet.id)


def types(droplet, before):
    return [action.type for action in reversed(droplet.actions()) if action.id > before]


@pytest.fixture
def before(client):
    return max(action.id for action in client.actions.list())


def test_a_snapshot_with_a_restart_is_taken_of_a_stopped_disk(droplet, before):
    action = droplet.take_snapshot("clean", restart=True)
    assert (action.type, action.completed) == ("snapshot", True)
    assert types(droplet, before) == ["shutdown", "snapshot", "power_on"]
    assert droplet.active
    assert "clean" in [snapshot.name for snapshot in droplet.snapshots()]


def test_a_shutdown_that_is_ignored_is_followed_by_cutting_the_power(droplet, sandbox, before):
    sandbox.fault("shutdown_ignored")
    droplet.take_snapshot("clean", restart=True)
    assert types(droplet, before) == ["shutdown", "power_off", "snapshot", "power_on"]
    assert droplet.active


def test_a_snapshot_that_fails_leaves_the_droplet_running(droplet, sandbox, before):
    sandbox.fault("action_errored", action="snapshot")
    with pytest.raises(ActionFailed, match=r"^Action \d+ \(snapshot web-1\) failed"):
        droplet.take_snapshot("clean", restart=True)
    assert types(droplet, before) == ["shutdown", "snapshot", "power_on"]
    assert droplet.active


def test_when_power_on_fails_after_the_snapshot_it_is_said_that_there_is_one(droplet, sandbox):
    sandbox.fault("action_errored", action="power_on")
    with pytest.raises(
        ActionFailed,
        match=r"^Action \d+ \(power_on web-1\) failed.*take_snapshot \(action \d+\) completed, but web-1 may still be off",
    ):
        droplet.take_snapshot("clean", restart=True)
    assert "clean" in [snapshot.name for snapshot in droplet.snapshots()]


@pytest.fixture
def stays_off(client, monkeypatch):
    """A callback for progress, after which a droplet that is being powered on reads as off."""
    read = client.droplets.read

    def on_progress(progress):
        if progress.label.startswith("power_on"):
            monkeypatch.setattr(
                "poseidon_nb.client.engine.consistency.fetch_droplets",
                lambda _, ids, pages: ({id_: {**read(id_), "status": "off"} for id_ in ids}, pages),
            )

    return on_progress


def test_a_power_on_that_completes_while_the_droplet_stays_off_is_no_success(droplet, stays_off):
    with pytest.raises(
        ActionTimedOut,
        match=r"still has status off, although power_on completed.*take_snapshot \(action \d+\) completed",
    ):
        droplet.take_snapshot("clean", restart=True, on_progress=stays_off)


def test_a_power_on_of_a_resumed_chain_is_no_success_either_while_the_droplet_stays_off(droplet, client, stays_off):
    power_on = replace(chain(droplet)[-1], when=When.ANYWAY)
    droplet.power_off()
    (outcome,) = client.engine.run([(power_on,)], on_progress=stays_off)
    assert outcome.status == "in-progress"
    assert "still has status off, although power_on completed" in str(outcome.error)


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_an_answer_that_was_lost_on_the_way_does_nothing_twice(droplet, sandbox, before, lost):
    sandbox.fault("lost_after", operation="dropletActions_post", skip=lost - 1)
    assert droplet.take_snapshot("clean", restart=True).completed
    assert types(droplet, before) == ["shutdown", "snapshot", "power_on"]


def test_a_snapshot_with_a_restart_needs_to_wait(droplet, sent):
    with pytest.raises(InvalidArgument, match="A take_snapshot with restart=True cannot be combined with wait=False"):
        droplet.take_snapshot("clean", restart=True, wait=False)
    assert sent("POST") == []


def test_sequences_run_at_the_same_time_and_each_is_told_of_in_the_callers_thread(client, webs, clock):
    told, threads = [], set()

    def on_progress(progress):
        told.append(progress.label)
        threads.add(threading.get_ident())

    outcomes = client.engine.run([chain(one) for one in webs[::-1]], on_progress=on_progress)
    assert [(one.target.name, one.step.verb, one.status) for one in outcomes] == [
        (name, verb, status)
        for name in ("web-2", "web-1")
        for verb, status in (
            ("shutdown", "completed"),
            ("power_off", "unchanged"),
            ("resize", "completed"),
            ("power_on", "completed"),
        )
    ]
    assert {*told} == {f"{verb} web-{n}" for verb in ("shutdown", "resize", "power_on") for n in (1, 2)}
    assert threads == {threading.get_ident()}
    started = {(one.type, one.resource_id): one.id for one in client.actions.list()[:6]}
    # The second was shut down before the first was started again.
    assert max(started["shutdown", one.id] for one in webs) < min(started["power_on", one.id] for one in webs)
    assert all(one.refresh().active and one.size_slug == BIGGER for one in webs)


def test_a_failure_stays_with_its_droplet(client, sandbox, webs):
    sandbox.fault("action_errored", action="resize", resource_id=webs[0].id)
    outcomes = client.engine.run([chain(one) for one in webs])
    failed, fine = (resized(outcomes, droplet) for droplet in webs)
    assert isinstance(failed.error, ActionFailed)
    assert (failed.action.type, failed.status) == ("resize", "failed")
    assert (fine.error, fine.action.completed) == (None, True)
    assert all(droplet.refresh().active for droplet in webs)


def test_calls_are_made_concurrently_and_given_in_their_order(client, sent):
    keys = client.keys.list()
    outcomes = fetch_each([*(key.id for key in keys), 1], client.keys.delete)
    assert [one.item for one in outcomes] == [*(key.id for key in keys), 1]
    assert [type(one.error) for one in outcomes] == [type(None)] * len(keys) + [NotFound]
    assert client.keys.list() == []


def test_ctrl_c_begins_no_more_and_says_how_far_it_came():
    release, begun = threading.Event(), []

    def slow(number):
        begun.append(number)
        release.wait(30)

    def pressed():
        if len(begun) == READER_THREADS:
            raise KeyboardInterrupt

    def note(going, ended):
        return f"{len(going)} and {len(ended)}"

    with pytest.raises(KeyboardInterrupt) as caught:
        fetch_each([*range(40)], slow, on_idle=pressed, interrupt_note=note)
    release.set()
    assert caught.value.__notes__ == ["40 and 0"]
    assert sorted(begun) == [*range(READER_THREADS)]


@pytest.mark.parametrize(
    ("operation", "delete"),
    [
        ("snapshots_delete", lambda client: client.snapshots.delete(client.snapshots.list()[0].id)),
        ("tags_delete", lambda client: client.tags.delete("web")),
        ("sshKeys_delete", lambda client: client.keys.delete(client.keys.list()[0])),
        ("images_delete", lambda client: client.images.list(private=True)[0].delete()),
        ("droplets_destroy", lambda client: client.droplets.delete("web-1")),
        ("tags_delete", lambda client: client.call("tags_delete", tag_id="web")),
    ],
)
def test_a_delete_whose_response_was_lost_is_searched_for_and_not_repeated(client, sandbox, sent, operation, delete):
    sandbox.fault("lost_after", operation=operation)
    assert delete(client) is None
    assert len(sent("DELETE")) == 1
    sandbox.reset()
    sandbox.fault("lost_before", operation=operation)
    with pytest.raises(OutcomeUnknown):
        delete(client)
    assert len(sent("DELETE")) == 1
