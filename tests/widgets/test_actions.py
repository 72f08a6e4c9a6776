"""The panel of an account's actions: its model without widgets, and its widgets without a kernel."""

from __future__ import annotations

import pytest

from poseidon_nb.client.client import connect
from poseidon_nb.client.monitor.monitor import IDLE_TIMEOUT_S
from poseidon_nb.widgets.actions import MAX_RUNNING, ActionsModel, ActionsPanel


@pytest.fixture
def model(desk):
    model = ActionsModel(desk.client, lambda: None)
    desk.run(0.5)
    yield model
    model.close()


def test_an_action_keeps_the_name_of_a_deleted_droplet(desk, model):
    with connect(desk.sandbox, clock=desk.clock) as other:
        droplet = next(one for one in other.droplets.list() if one.active)
        droplet.reboot(wait=False)
        desk.run(60.0)
        droplet.delete()
    desk.run(60.0)
    assert f"Reboot {droplet.name}" in [model.title_of(row) for row in model.recent()]


def test_actions_beyond_the_maximum_are_counted(desk, model):
    row = {"id": 1, "type": "reboot", "status": "in-progress", "resource_id": 7, "resource_type": "droplet"}
    model.running = lambda: [row | {"id": key} for key in range(MAX_RUNNING + 5)]
    assert model.running_text() == "30 actions in progress, 5 not shown"
    assert len(model.running_html()) == MAX_RUNNING


def test_paused_updates_have_a_notice_and_resume_with_a_refresh(desk, model):
    assert model.notices() == []
    desk.run(IDLE_TIMEOUT_S + 60.0)
    assert model.paused
    assert model.notices()[0].startswith("Updates are paused because this panel has been idle.")
    assert model.announcements()[-1] == model.notices()[0]
    model.refresh_account()
    assert model.notices() == []


def test_actions_of_another_client_are_shown_until_they_end(desk):
    panel = ActionsPanel(desk.client)
    desk.run(0.5)
    with connect(desk.sandbox, clock=desk.clock) as other:
        droplet = next(one for one in other.droplets.list() if one.active)
        droplet.power_off(wait=False)
    panel._refresh._button.click()
    desk.run(1.0)
    assert f"Power off {droplet.name}: 1 s" in panel.text()
    assert len(panel._running.children) == 1
    desk.run(60.0)
    assert "No actions in progress" in panel.text()
    assert f"Power off {droplet.name}: ✓ completed" in panel.text()
    assert len(panel._running.children) == 0
    panel.close()
    assert desk.monitor.tick() is None


def test_an_actions_panel_without_changes_sends_nothing(desk, sent):
    panel = ActionsPanel(desk.client)
    desk.run(0.5)
    sent.clear()
    desk.run(40.0)
    assert [key for widget, key in sent if widget is not panel._recent] == []
    panel.close()


def test_a_paused_panel_offers_to_resume(desk):
    panel = ActionsPanel(desk.client)
    desk.run(IDLE_TIMEOUT_S + 60.0)
    resume = panel._notices._resume
    assert "pnb-hidden" not in resume.widget._dom_classes
    resume._button.click()
    assert "pnb-hidden" in resume.widget._dom_classes
    assert not panel.model.paused
    panel.close()


def test_the_saved_table_is_aligned_left_and_does_not_break_its_cells(desk, model):
    desk.droplet().reboot(wait=False)
    desk.run(60.0)
    table = model.html()
    assert table.count("text-align:left;white-space:nowrap") >= 12
    assert "overflow-x:auto" in table
    assert "text-align:right" not in table
