"""The panel of a plan: what it lists, its question, its progress, and that a plan is applied once."""

from __future__ import annotations

import pytest

from poseidon_nb.client.client import connect
from poseidon_nb.client.engine.droplet_steps import delete_step
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.magics.panels import PlanPanel as OpenPlanPanel
from poseidon_nb.plans.builders import action_chains, create_droplet_chains
from poseidon_nb.plans.leases import reap_chains
from poseidon_nb.plans.plan import ALREADY_EXECUTED, Plan
from poseidon_nb.widgets import plan_panel
from poseidon_nb.widgets.click_confirmation import MIN_CONFIRM_DELAY_S
from poseidon_nb.widgets.plan_panel import PlanPanel
from tests.widgets.conftest import ImmediateWorkers


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(plan_panel, "WORKERS", ImmediateWorkers())


@pytest.fixture
def rows(desk):
    return [one.to_dict() for one in desk.client.droplets.list() if one.active][:2]


def plan_of(desk, chains, title="droplets power_off web-1 web-2"):
    return Plan(title, desk.client.label(), tuple(chains), client=desk.client)


def finish(desk):
    for _ in range(200):
        if not desk.client.engine.background:
            return
        desk.clock.advance(5)
        desk.answer()
    pytest.fail("the plan did not end")


def posts(desk):
    return [one.path for one in desk.sandbox.requests if one.method == "POST"]


def test_a_plan_is_listed_asked_for_applied_and_shown_as_it_goes(desk, rows):
    panel = PlanPanel(plan_of(desk, action_chains(rows, "power_off")), desk.client)
    model = panel.model
    names = [row["name"] for row in rows]
    assert [line.split(" (")[0] for line in model.lines()] == [f"power_off {name}" for name in names]
    assert model.subtitle() == "2 steps, same price"
    assert model.button().label == "Apply 2 steps"
    model.press()
    assert model.button().confirming
    assert "power off 2 droplets" in model.button().label
    assert posts(desk) == []
    desk.clock.advance(MIN_CONFIRM_DELAY_S)
    model.press()
    assert len(posts(desk)) == 2
    assert not model.button().enabled
    finish(desk)
    assert model.ended
    assert "2 completed" in panel.text()
    assert {desk.client.droplets.get(row["id"]).status for row in rows} == {"off"}
    model.press()
    assert len(posts(desk)) == 2


def test_a_double_click_does_not_confirm_and_the_question_can_be_taken_back(desk, rows):
    model = PlanPanel(plan_of(desk, action_chains(rows, "power_off")), desk.client).model
    model.press()
    model.press()
    assert posts(desk) == []
    model.cancel()
    assert not model.button().confirming
    assert model.button().enabled


def test_what_needs_no_confirmation_is_applied_at_the_first_click(desk, rows):
    plan = plan_of(desk, action_chains(rows[:1], "take_snapshot", {"name": "x"}))
    model = PlanPanel(plan, desk.client).model
    model.press()
    assert len(posts(desk)) == 1
    finish(desk)
    assert model.ended


def test_what_changed_since_is_told_and_nothing_is_sent(desk, rows):
    model = PlanPanel(plan_of(desk, action_chains(rows[:1], "take_snapshot", {"name": "x"})), desk.client).model
    desk.client.droplets.get(rows[0]["id"]).rename("other", wait=False)
    finish(desk)
    desk.clock.advance(60)
    before = len(posts(desk))
    model.press()
    assert "has been renamed to other" in model.notice
    assert len(posts(desk)) == before
    # Another click tries again.
    desk.client.droplets.get(rows[0]["id"]).rename(rows[0]["name"], wait=False)
    finish(desk)
    desk.clock.advance(60)
    before = len(posts(desk))
    model.press()
    assert model.notice == ""
    assert len(posts(desk)) == before + 1


def test_a_plan_that_was_applied_is_not_applied_again(desk, rows):
    plan = plan_of(desk, action_chains(rows[:1], "take_snapshot", {"name": "x"}))
    open_before = PlanPanel(plan, desk.client).model
    plan.run()
    count = len(posts(desk))
    assert open_before.button().tooltip == ALREADY_EXECUTED
    open_before.press()
    model = PlanPanel(plan, desk.client).model
    assert not model.button().enabled
    assert ALREADY_EXECUTED in model.text()
    assert len(posts(desk)) == count


def test_a_plan_can_be_applied_again_after_the_account_could_not_be_read(desk, rows):
    model = PlanPanel(plan_of(desk, action_chains(rows[:1], "take_snapshot", {"name": "x"})), desk.client).model
    desk.sandbox.fault("status", status=403, path=f"/v2/droplets/{rows[0]['id']}", times=1)
    before = len(posts(desk))
    model.press()
    assert model.notice
    assert model.button().enabled
    assert len(posts(desk)) == before
    model.press()
    assert model.notice == ""
    assert len(posts(desk)) == before + 1
    finish(desk)
    assert model.ended


def test_a_read_only_client_cannot_apply_a_plan(desk, rows):
    with connect(desk.sandbox, clock=desk.clock, read_only=True) as reader:
        model = PlanPanel(plan_of(desk, action_chains(rows, "power_off")), reader).model
        assert not model.button().enabled
        assert model.button().tooltip == "This client is read-only."


def test_an_empty_plan_has_nothing_to_apply(desk, rows):
    model = PlanPanel(plan_of(desk, action_chains(rows[:1], "power_on")), desk.client).model
    assert not model.button().enabled
    assert model.subtitle() == "Nothing to change"


def test_that_it_cannot_be_undone_is_said_once_and_beside_its_step(desk, rows):
    chains = [(delete_step(rows[0]),), *action_chains(rows[1:], "power_off")]
    model = PlanPanel(plan_of(desk, chains), desk.client).model
    deleting, stopping = model.lines()
    assert deleting.endswith("(cannot be undone)")
    assert "undone" not in stopping
    assert "This cannot be undone." not in model.notes()
    model.press()
    assert "This cannot be undone." in model.button().tooltip, "a question is complete"


def test_the_order_of_steps_names_what_is_of_another_kind(desk, rows):
    leased = {**rows[0], "tags": ["lease:2026-12-01T12:00:00Z"]}
    model = PlanPanel(plan_of(desk, reap_chains([leased])), desk.client).model
    assert "delete → delete tag" in model.steps_html()


def test_names_are_escaped(desk):
    plan = plan_of(desk, create_droplet_chains(["<img src=x>"], {"size": "s-1vcpu-1gb", "image": "x"}), "<b>bold</b>")
    panel = PlanPanel(plan, desk.client)
    assert "<img" not in panel.html()
    assert "<img" not in panel._steps.value
    assert "<b>bold" not in panel._head.value


def test_a_stored_plan_needs_a_client(desk, rows):
    stored = Plan("t", "a", tuple(action_chains(rows, "power_off")))
    with pytest.raises(InvalidArgument, match="has no client"):
        OpenPlanPanel(stored)
