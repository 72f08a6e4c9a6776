"""Freezing droplets and giving them leases in the fleet's panel: the forms, what is sent, and the row of each droplet."""

from __future__ import annotations

import json

from poseidon_nb.client.client import connect
from poseidon_nb.plans.frozen import parse_tags
from poseidon_nb.plans.leases import lease_of
from poseidon_nb.plans.user_state import state_dir
from poseidon_nb.widgets.click_confirmation import MIN_CONFIRM_DELAY_S
from tests.widgets.fleet.conftest import active


def submit(desk) -> None:
    desk.panel.model.submit()


def confirm_submit(desk) -> None:
    submit(desk)
    desk.clock.advance(MIN_CONFIRM_DELAY_S + 0.1)
    submit(desk)


def leases(desk) -> dict[int, str]:
    """Return the end of each lease, as another machine reads it."""
    with connect(desk.sandbox, clock=desk.clock) as other:
        rows = [one.to_dict() for one in other.droplets.list()]
    return {row["id"]: f"{lease.ends_at:%m-%d %H:%M}" for row in rows if (lease := lease_of(row)) is not None}


def frozen(desk) -> set[int]:
    with connect(desk.sandbox, clock=desk.clock) as other:
        return {parse_tags(one["tags"]).id for one in other.call("images_list", tag_name="frozen")}


def test_the_selected_droplets_are_frozen_after_a_question(desk):
    panel = desk.open()
    ids = active(desk, 2)
    names = [desk.monitor.state.droplets[key]["name"] for key in ids]
    panel.select(ids)
    desk.click("freeze")
    notes = panel.model.form_notes()
    assert notes[0].startswith("%do droplets thaw creates it again")
    assert sum(" saves $" in note and "Its snapshot costs at most" in note for note in notes) == 2
    assert panel.model.submit_button().label == "Freeze 2 droplets"
    submit(desk)
    question = panel.model.submit_button()
    assert question.confirming
    assert question.label.startswith("Confirm: freeze 2 droplets (-$")
    assert all(name in question.label for name in names)
    assert desk.posts() == 0
    desk.clock.advance(MIN_CONFIRM_DELAY_S + 0.1)
    submit(desk)
    assert panel.model.form == ""
    desk.run(900.0)
    (progress,) = panel.model.activity
    assert progress.summary() == "Freeze 2 droplets: 2 completed"
    steps = ["create tag", "shut down", "snapshot", "tag snapshot", "delete"]
    assert progress.row(ids[0]).steps == [(one, "done") for one in steps]
    assert frozen(desk) == {*ids}
    assert not {*ids} & panel.model.fleet.cells.keys()


def test_another_selection_closes_the_question_and_gets_a_plan_of_its_own(desk):
    panel = desk.open()
    first, second = active(desk, 2)
    panel.select([first])
    desk.click("freeze")
    submit(desk)
    assert panel.model.submit_button().confirming
    panel.select([second])
    assert not panel.model.submit_button().confirming
    confirm_submit(desk)
    desk.run(900.0)
    assert frozen(desk) == {second}


def test_the_plan_is_read_in_a_worker_and_one_for_an_older_selection_is_not_built(desk):
    panel = desk.open()
    first, second = active(desk, 2)
    desk.workers.held_back = True
    panel.select([first])
    desk.click("freeze")
    panel.select([second])
    before = len(desk.sandbox.requests)
    assert panel.model.submit_button().tooltip == "The account is still being read."
    submit(desk)
    desk.workers.release()
    paths = [one.path for one in desk.sandbox.requests[before:]]
    assert sum(path == "/v2/firewalls" for path in paths) == 1
    assert panel.model.submit_button().enabled
    assert panel.model._form_request().droplets[0]["id"] == second


def test_what_cannot_be_frozen_is_said_and_cannot_be_submitted(desk):
    with connect(desk.sandbox, clock=desk.clock) as other:
        (node,) = [one.id for one in other.droplets.list() if one.active][:1]
        other.tags.create("k8s:worker")
        other.call("tags_assign_resources", tag_id="k8s:worker", resources=[{"resource_id": str(node), "resource_type": "droplet"}])  # fmt: skip
    before = desk.posts()
    panel = desk.open()
    panel.select([node])
    desk.click("freeze")
    assert "is a node of a Kubernetes cluster" in panel.model.form_notes()[0]
    assert not panel.model.submit_button().enabled
    submit(desk)
    assert desk.posts() == before


def test_a_lease_is_given_and_removed_with_one_row_for_each_droplet(desk):
    panel = desk.open()
    ids = active(desk, 3)
    panel.select(ids)
    assert "Lease ends" not in panel.text()
    desk.click("lease")
    form = panel._forms[3]
    form._ttl.value = "2d"
    assert panel.model.submit_button().label == "Lease 3 droplets"
    submit(desk)
    desk.run(30.0)
    (progress,) = panel.model.activity
    assert progress.summary() == "Lease 3 droplets for 2d: 3 completed"
    assert progress.row(ids[2]).steps == [("create tag", "done"), ("tag", "done")]
    assert leases(desk) == dict.fromkeys(ids, "11-25 12:00")
    assert panel.text().count("2026-11-25 12:00") == 3
    assert "Lease ends (UTC)" in panel.html()
    desk.click("lease")
    assert panel.model.form_notes()[0].endswith("ends at 2026-11-25 12:00 UTC.")
    form._ttl.value = "none"
    submit(desk)
    desk.run(30.0)
    assert panel.model.activity[0].summary() == "Remove the lease of 3 droplets: 3 completed"
    assert leases(desk) == {}
    assert "Lease ends" not in panel.text()


def test_an_invalid_length_is_said_in_the_form_and_sends_nothing(desk):
    panel = desk.open()
    panel.select(active(desk, 1))
    desk.click("lease")
    assert panel.model.submit_button().enabled
    for text, expected in (
        ("", "Enter the length of the lease, such as 6h or 2d, or none to remove it."),
        ("soon", "Invalid duration 'soon'. Use for example 90s, 10m, 24h, 7d or 2w."),
        ("30s", "A lease must be from 1m to 365d long. Use for example 6h or 2d."),
        ("none", "has no lease."),
    ):
        panel._forms[3]._ttl.value = text
        submit(desk)
        assert panel.model.form_notes()[0].endswith(expected)
    assert panel.model.form == "lease"
    assert desk.posts() == 0


def test_many_leases_ask_once_whatever_time_passes_between_the_clicks(desk):
    panel = desk.open()
    ids = active(desk, 25)
    panel.select(ids)
    desk.click("lease")
    panel._forms[3]._ttl.value = "6h"
    submit(desk)
    assert panel.model.submit_button().confirming
    assert desk.posts() == 0
    desk.clock.advance(90.0)
    submit(desk)
    desk.run(30.0)
    assert {*leases(desk)} == {*ids}


def test_a_droplet_is_frozen_although_another_one_keeps_the_tag_of_its_lease(desk):
    panel = desk.open()
    first, second = active(desk, 2)
    panel.select([first, second])
    desk.click("lease")
    panel._forms[3]._ttl.value = "6h"
    submit(desk)
    desk.run(30.0)
    panel.select([first])
    desk.click("freeze")
    confirm_submit(desk)
    desk.run(900.0)
    progress = panel.model.activity[0]
    assert progress.row(first).steps[-1] == ("delete tag", "unchanged")
    assert progress.summary().endswith(": completed")
    assert {*leases(desk)} == {second}


def test_a_freeze_that_failed_is_planned_again_by_retry(desk):
    panel = desk.open()
    (key,) = active(desk, 1)
    panel.select([key])
    desk.click("freeze")
    desk.sandbox.fault("action_errored", action="snapshot", times=1)
    confirm_submit(desk)
    desk.run(900.0)
    (progress,) = panel.model.activity
    assert progress.summary().endswith(": failed")
    assert frozen(desk) == set()
    panel.model.retry(progress)
    desk.run(900.0)
    assert progress.summary().endswith(": completed")
    assert frozen(desk) == {key}


def test_what_changed_while_the_form_was_open_is_frozen_only_after_another_look(desk):
    with connect(desk.sandbox, clock=desk.clock) as other:
        rule = {"protocol": "tcp", "ports": "22", "sources": {"addresses": ["192.0.2.0/24"]}}
        firewall = other.call("firewalls_create", name="ssh", inbound_rules=[rule])["firewall"]
        panel = desk.open()
        (first,) = active(desk, 1)
        panel.select([first])
        desk.click("freeze")
        submit(desk)
        other.call("firewalls_assign_droplets", firewall_id=firewall["id"], droplet_ids=[first])
        before = desk.posts()
        desk.clock.advance(MIN_CONFIRM_DELAY_S + 0.1)
        desk.workers.held_back = True
        submit(desk)
        # It is in progress until the account was read.
        assert not panel.model.buttons()["freeze"].enabled
        desk.workers.release()
        assert desk.posts() == before
        name = desk.monitor.state.droplets[first]["name"]
        assert panel.model.notices() == [
            f"Nothing was done: {name} changed while the form was open. See the form again."
        ]
        assert panel.model.activity == []
        assert panel.model.form == "freeze"
        confirm_submit(desk)
        desk.run(900.0)
        (image,) = other.call("images_list", tag_name="frozen")
    assert firewall["id"] in parse_tags(image["tags"]).firewalls
    assert panel.model.activity[0].summary().endswith(": completed")


def test_a_freeze_whose_account_cannot_be_read_at_the_click_does_nothing(desk):
    panel = desk.open()
    panel.select(active(desk, 1))
    desk.click("freeze")
    before = desk.posts()
    desk.sandbox.fault("status", operation="firewalls_list", status=403, times=1)
    confirm_submit(desk)
    assert desk.posts() == before
    (notice,) = panel.model.notices()
    assert notice.startswith("Nothing was done: ")
    confirm_submit(desk)
    assert desk.posts() > before


def test_what_no_tag_can_hold_is_written_when_the_freeze_begins_and_not_before(desk):
    with connect(desk.sandbox, clock=desk.clock) as other:
        key = next(one.id for one in other.droplets.list() if one.active)
    world = desk.sandbox._dispatcher.world
    world.droplets.put(key, world.droplets[key].with_public(tags=["t" * 250]))
    panel = desk.open()
    panel.select([key])
    desk.click("freeze")
    folder = state_dir() / "frozen"
    assert any("cannot be kept in tags, only on this machine: " in note for note in panel.model.form_notes())
    assert not folder.exists()
    confirm_submit(desk)
    (file,) = folder.iterdir()
    assert json.loads(file.read_text())["not_in_tags"] == [f"tag {'t' * 250}"]
