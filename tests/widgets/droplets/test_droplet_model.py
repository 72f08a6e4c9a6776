"""The model of a droplet's panel, without a kernel or widgets, on a clock that the test advances."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from poseidon_nb.client.client import connect
from poseidon_nb.client.monitor.monitor import IDLE_TIMEOUT_S
from poseidon_nb.plans.summary import verb_phrase
from poseidon_nb.widgets.click_confirmation import MIN_CONFIRM_DELAY_S, click_time
from poseidon_nb.widgets.droplets.requests import PANEL_VERBS
from tests.widgets.conftest import User

ALL = set(PANEL_VERBS)
ALL_OFF = {"power_on", "snapshot", "resize", "freeze", "lease"}


def test_a_droplet_that_is_on_enables_all_but_power_on_and_gives_the_reason(user):
    assert user.enabled() == ALL - {"power_on"}
    assert user.model.buttons()["power_on"].tooltip == "It is active."
    assert user.model.hint() == "It is active. Not available: power on."


def test_a_droplet_that_is_off_disables_the_power_verbs(off):
    assert off.enabled() == ALL_OFF
    assert off.model.hint() == "It is off. Not available: shut down, reboot, power off and power cycle."


def test_a_droplet_that_is_off_shows_that_it_is_billed(user, off):
    assert dict(off.model.facts())["Price"].endswith(" a month, even while off")
    assert dict(user.model.facts())["Price"].endswith(" a month")


def test_all_buttons_are_disabled_while_a_request_is_in_progress(user):
    user.confirm("reboot")
    assert user.enabled() == set()
    assert user.model.hint() == "Its reboot action is in progress."
    user.desk.run(60.0)
    assert user.enabled() == ALL - {"power_on"}


def test_a_read_only_client_has_no_buttons(desk):
    with connect(desk.sandbox, clock=desk.clock, read_only=True) as reader:
        reader.monitor = desk.monitor
        model = User(desk, reader.droplets.by_name("web-1")).model
        assert model.notices() == ["This client is read-only."]
        assert model.hint() == "", "it is said once"
        model.close()


def test_a_droplet_that_was_deleted_elsewhere_has_no_buttons(user):
    with connect(user.desk.sandbox, clock=user.desk.clock) as other:
        other.droplets.by_name("web-1").delete()
    user.desk.run(60.0)
    assert user.enabled() == set()
    assert user.model.notices() == ["web-1 was deleted."]


@pytest.mark.parametrize("name", ["shutdown", "reboot", "power_off", "power_cycle"])
def test_a_verb_asks_first_and_then_acts(user, name):
    user.model.press(name)
    state = user.model.buttons()[name]
    assert state.confirming
    assert state.label == f"Confirm: {verb_phrase(name)} web-1"
    assert state.tooltip == user.model.hint() != ""
    assert user.desk.posts() == 0
    user.desk.clock.advance(MIN_CONFIRM_DELAY_S + 0.1)
    user.model.press(name)
    assert user.desk.posts() == 1
    assert not user.model.buttons()[name].confirming
    user.desk.run(120.0)
    assert user.newest().state == "completed"
    assert user.desk.done(user.model.droplet) == [name]


def test_power_on_needs_no_confirmation(off):
    off.model.press("power_on")
    off.desk.run(60.0)
    assert off.desk.done(off.model.droplet) == ["power_on"]
    assert off.model.droplet.active


def test_a_question_can_be_cancelled(user):
    user.model.press("power_off")
    user.model.cancel()
    assert not user.model.buttons()["power_off"].confirming
    user.desk.clock.advance(5.0)
    user.model.press("power_off")
    assert user.desk.posts() == 0


def test_a_double_click_does_not_confirm(user):
    for _ in range(4):
        user.model.press("power_off")
    assert user.model.buttons()["power_off"].confirming
    assert user.desk.posts() == 0


def test_a_double_click_does_not_confirm_if_showing_the_question_is_slow(desk):
    user = User(desk, desk.droplet())
    user.note, model = lambda: desk.clock.advance(2 * MIN_CONFIRM_DELAY_S), user.model
    model.press("power_off")
    model.press("power_off")
    assert desk.posts() == 0
    model.press("resize")
    model.choose_size("s-4vcpu-8gb")
    model.submit()
    model.submit()
    assert desk.posts() == 0
    model.close()


def test_a_double_click_does_not_confirm_if_a_busy_kernel_handles_it_in_two_parts(user):
    first = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    for made, posts in ((first, 0), (first + timedelta(seconds=0.2), 0), (first + timedelta(seconds=2.0), 1)):
        with click_time(made):
            user.model.press("power_off")
        user.desk.clock.advance(5.0)
        assert user.desk.posts() == posts


def test_a_page_whose_clock_was_set_back_can_still_confirm(user):
    for made in (datetime(2026, 11, 23, 12, 0, tzinfo=UTC), datetime(2026, 11, 23, 11, 0, tzinfo=UTC)):
        with click_time(made):
            user.model.press("power_off")
        user.desk.clock.advance(5.0)
    assert user.desk.posts() == 1


def test_another_button_replaces_the_question(user):
    user.model.press("power_off")
    user.model.press("reboot")
    assert (user.model.buttons()["power_off"].confirming, user.model.buttons()["reboot"].confirming) == (False, True)


def test_a_question_is_closed_once_it_is_pointless(user):
    user.model.press("power_off")
    with connect(user.desk.sandbox, clock=user.desk.clock) as other:
        other.droplets.by_name("web-1").power_off()
    user.desk.run(60.0)
    assert user.model.buttons()["power_off"].label == "Power off"
    user.model.press("power_off")
    assert user.desk.posts() == 1, "the other client's request"


def test_repeated_clicks_send_one_request(user):
    user.desk.held_back = True
    user.confirm("power_off")
    for _ in range(3):
        user.model.press("power_off")
        user.desk.clock.advance(1.0)
        user.model.press("reboot")
    assert len(user.desk.client.engine.background) == 1
    user.desk.release()
    user.desk.run(60.0)
    assert user.desk.done(user.model.droplet) == ["power_off"]


def test_a_bar_shows_elapsed_time_estimate_and_its_basis(user):
    user.confirm("reboot")
    user.desk.run(2.0)
    row = user.newest().row
    assert "left (median of " in row.text
    assert 0 < row.fraction < 1
    user.desk.run(60.0)
    assert user.newest().row.text.startswith("✓ completed in ")
    assert user.model.announcement == "Reboot web-1: completed"


def test_an_action_that_errors_is_red_and_can_be_retried(user):
    user.desk.sandbox.fault("action_errored", action="reboot")
    user.confirm("reboot")
    user.desk.run(60.0)
    entry = user.newest()
    assert entry.state == "failed"
    assert "with status errored. DigitalOcean gives no reason" in entry.detail_html()
    assert user.enabled() == ALL - {"power_on"}
    user.retry()
    user.desk.run(60.0)
    assert [one.state for one in user.rows()] == ["completed"]
    assert user.desk.done(user.model.droplet) == ["reboot", "reboot"]


def test_a_refusal_is_shown_with_its_request_id(user):
    user.desk.sandbox.fault("status", status=422, method="POST", message="Not today")
    user.confirm("reboot")
    text = user.newest().text()
    assert "Not today" in text
    assert user.desk.sandbox.requests[-1].request_id in text


def test_retry_checks_whether_the_verb_is_still_possible(user):
    user.desk.sandbox.fault("status", status=422, method="POST", message="Not today")
    user.confirm("reboot")
    (refused,) = user.model.activity
    user.confirm("power_off")
    user.model.retry(refused)
    assert user.model.notices() == ["Not retried: its power off action is in progress."]
    user.desk.run(60.0)
    user.model.retry(refused)
    assert user.model.notices() == ["Not retried: it is off."]
    assert user.desk.done(user.model.droplet) == ["power_off"]


def test_a_pause_for_the_rate_limit_is_shown_in_the_row(user):
    user.desk.sandbox.fault("status", status=429, method="POST", retry_after_s=7, times=1)
    words = []
    user.note = lambda: words.extend(one.row.text for one in user.rows())
    user.confirm("reboot")
    assert any(line.startswith("waiting 7 s: rate limit") for line in words)
    user.desk.run(60.0)
    assert user.desk.done(user.model.droplet) == ["reboot"]


def test_a_lost_reply_is_recovered_and_never_sent_twice(user):
    user.desk.sandbox.fault("lost_after", method="POST")
    user.confirm("reboot")
    user.desk.run(60.0)
    assert user.newest().state == "completed"
    assert user.desk.done(user.model.droplet) == ["reboot"]


def test_an_unknown_outcome_offers_no_retry(user):
    user.desk.sandbox.fault("lost_before", method="POST")
    user.confirm("reboot")
    entry = user.newest()
    assert entry.state == "unknown"
    assert entry.row.text == "? outcome unknown"
    assert user.model.activity[0].retryable_keys == []
    assert "check %do droplets actions" in entry.text()


def test_a_gateway_timeout_offers_no_retry_because_it_may_have_been_done(user):
    user.desk.sandbox.fault("status", status=504, method="POST")
    user.model.press("snapshot")
    user.model.submit()
    entry = user.newest()
    assert entry.state == "unknown"
    assert entry.row.text == "? outcome unknown"
    assert user.model.activity[0].retryable_keys == []
    assert "It may have succeeded" in entry.text()


@pytest.mark.parametrize("status", ["active", "off"])
def test_an_unexpected_failure_ends_its_row_and_offers_no_retry(desk, status, monkeypatch):
    user = User(desk, desk.droplet("web-1" if status == "active" else "staging-db"))
    monkeypatch.setattr(desk.client.engine.sender, "send", lambda *_, **__: {}["region"])
    user.model.press("resize")
    user.model.choose_size("s-8vcpu-16gb")
    user.submit()
    desk.run(1.0)
    entry = user.newest()
    assert (entry.state, user.model.activity[0].retryable_keys) == ("unknown", [])
    assert "KeyError" in entry.text()
    assert "power_on" in user.enabled() or "power_off" in user.enabled()
    user.model.close()


def test_an_action_that_is_not_found_offers_no_retry(user):
    user.model.press("snapshot")
    user.model.submit()
    user.desk.sandbox.fault("status", status=404, method="GET", path="/v2/actions/", times=1000)
    user.desk.run(60.0)
    assert user.newest().state == "in-progress"
    assert user.newest().row.text == "still in progress, no longer tracked"
    assert user.model.activity[0].retryable_keys == []


def test_a_lost_connection_is_shown_and_the_bar_continues_afterwards(user):
    user.confirm("power_cycle")
    user.desk.sandbox.fault("lost_before", method="GET", times=1000)
    user.desk.run(30.0)
    assert "could not be read" in user.model.notices()[0]
    user.desk.sandbox.clear_faults()
    user.desk.run(120.0)
    assert user.model.notices() == []
    assert user.newest().state == "completed"


def test_a_busy_droplet_is_waited_for_and_the_question_and_the_row_say_so(user):
    with connect(user.desk.sandbox, clock=user.desk.clock) as other:
        other.droplets.by_name("web-1").take_snapshot("theirs", wait=False)
    user.desk.run(60.0)
    assert user.titles() == ["Snapshot web-1"]
    assert user.enabled() == ALL - {"power_on"}
    user.model.press("reboot")
    assert user.model.buttons()["reboot"].label == "Confirm: reboot web-1 (after its snapshot action has finished)"
    user.desk.clock.advance(1.0)
    user.model.press("reboot")
    assert user.titles() == ["Reboot web-1", "Snapshot web-1"]
    assert user.newest().row.text == "waiting for its snapshot action to finish"
    assert user.model.hint() == "Its reboot action is in progress."
    user.desk.run(900.0)
    assert user.newest().latest.progress.keys() == {user.model.droplet.actions()[0].id}, (
        "the other client's action is not included"
    )
    assert [(one.title, one.state) for one in user.rows()] == [
        ("Reboot web-1", "completed"),
        ("Snapshot web-1", "completed"),
    ]
    assert user.desk.done(user.model.droplet) == ["snapshot", "reboot"]


def test_the_slower_client_waits_and_sees_the_other_action(user):
    with connect(user.desk.sandbox, clock=user.desk.clock) as other:
        other.droplets.by_name("web-1").take_snapshot("theirs", wait=False)
    user.confirm("reboot")
    assert user.newest().row.text == "waiting for its snapshot action to finish"
    user.desk.run(2.0)
    assert {*user.titles()} == {"Snapshot web-1", "Reboot web-1"}
    user.desk.run(900.0)
    assert user.desk.done(user.model.droplet) == ["snapshot", "reboot"]


def test_a_waiting_request_that_became_pointless_is_not_sent(user):
    with connect(user.desk.sandbox, clock=user.desk.clock) as other:
        action = other.droplets.by_name("web-1").power_off(wait=False)
    user.confirm("reboot")
    user.desk.run(0.1)
    theirs = next(one for one in user.rows() if one.title == "Power off web-1")
    seen = set()
    user.note = lambda: seen.add((theirs.state, user.model.row["status"]))
    # The action is completed, but the droplet's status stays active for some seconds.
    user.desk.sandbox.finish(action.id)
    user.desk.run(60.0)
    assert ("running", "active") in seen
    assert ("completed", "off") in seen
    assert ("completed", "active") not in seen
    assert user.enabled() == ALL_OFF
    ours = next(one for one in user.rows() if one.title == "Reboot web-1")
    assert ours.text() == "Reboot web-1: unchanged: already off; nothing was sent"
    assert user.desk.done(user.model.droplet) == ["power_off"]


def test_an_external_action_that_fails_offers_no_retry(user):
    user.desk.sandbox.fault("action_errored", action="snapshot")
    with connect(user.desk.sandbox, clock=user.desk.clock) as other:
        other.droplets.by_name("web-1").take_snapshot("theirs", wait=False)
    user.desk.run(900.0)
    (progress,) = user.model.activity
    assert progress.failed_keys
    assert progress.retryable_keys == []


def test_the_droplet_shows_the_effect_once_the_action_has_ended(user):
    seen = set()
    user.note = lambda: seen.add((user.newest().state, user.model.row["status"])) if user.model.activity else None
    user.confirm("power_off")
    user.desk.run(60.0)
    assert ("running", "active") in seen
    assert ("completed", "off") in seen
    assert ("completed", "active") not in seen


def test_an_action_that_started_before_the_panel_is_shown(desk):
    desk.droplet().reboot(wait=False)
    user = User(desk, desk.droplet())
    assert user.titles() == ["Reboot web-1"]
    assert user.enabled() == ALL - {"power_on"}
    desk.run(60.0)
    assert user.newest().state == "completed"
    user.model.close()


def test_an_action_has_one_row_even_if_the_account_shows_it_first(user):
    user.desk.held_back = True
    user.confirm("reboot")
    with connect(user.desk.sandbox, clock=user.desk.clock) as other:
        action = other.droplets.by_name("web-1").reboot(wait=False)
    user.model._subscription.track(user.desk.client.actions.get(action.id))
    user.desk.run(1.0)
    assert len(user.rows()) == 1


def test_an_unused_panel_pauses_and_resumes(user):
    user.desk.run(IDLE_TIMEOUT_S + 20)
    assert user.model.paused
    assert user.model.notices()[0].startswith("Updates are paused")
    user.model.resume()
    assert not user.model.paused


def test_a_closed_panel_sends_no_requests_and_started_changes_continue(user):
    user.confirm("reboot")
    user.model.close()
    before = len(user.desk.sandbox.requests)
    assert user.desk.monitor.tick() is None
    user.desk.clock.advance(100.0)
    assert len(user.desk.sandbox.requests) == before
    assert user.desk.done(user.model.droplet) == ["reboot"]


def test_remaining_steps_are_executed_after_the_panel_was_closed(user):
    user.model.press("resize")
    user.model.choose_size("s-8vcpu-16gb")
    user.submit()
    user.model.close()
    user.desk.run(300.0)
    assert user.desk.done(user.model.droplet) == ["shutdown", "resize", "power_on"]
    assert user.desk.client.engine.background == []


def test_a_stopped_request_is_skipped_and_can_be_retried(user):
    with connect(user.desk.sandbox, clock=user.desk.clock) as other:
        other.droplets.by_name("web-1").take_snapshot("theirs", wait=False)
    user.confirm("reboot")
    user.desk.client.engine.stop()
    user.desk.run(1.0)
    ours = user.rows()[-1]
    assert ours.text() == "Reboot web-1: not sent"
    assert user.model.activity[-1].retryable_keys == [user.model.droplet.id]


def test_closing_the_client_closes_the_panel(user):
    user.desk.client.close()
    assert user.model.notices() == ["This panel is closed. Run the cell again to reopen it."]
    assert user.enabled() == set()


def test_a_closed_panel_says_once_that_it_is_closed_and_why(user):
    user.desk.client.close(reason="the sandbox was stopped")
    closed = "This panel is closed: the sandbox was stopped. Run the cell again to reopen it."
    assert user.model.notices() == [closed]
    assert (user.model.hint(), user.model.announcements().count(closed)) == ("", 1)


def test_changes_made_elsewhere_are_shown(user):
    with connect(user.desk.sandbox, clock=user.desk.clock) as other:
        other.droplets.by_name("web-1").rename("web-one")
    user.desk.run(40.0)
    assert (user.model.row["name"], user.model.droplet.name) == ("web-one", "web-one")


def test_the_facts_are_available_as_text_and_as_a_table(user):
    for shown in (user.model.text(), user.model.html()):
        for fact in (
            "web-1",
            "SANDBOX",
            "active",
            "nyc3",
            "s-2vcpu-4gb",
            "$24.00 a month",
            "198.18.0.5",
            "env:prod",
            "210 days",
        ):
            assert fact in shown
        assert user.desk.sandbox.token not in shown
    assert "<script" not in user.model.html()


def test_reading_the_row_changes_nothing(user):
    model = user.model
    model.droplet.assign({**model.droplet.to_dict(), "name": "other"})
    before = model.fleet.rows
    assert model.row["name"] == "other"
    assert model.fleet.rows == before
    model.update_fleet()
    assert model.fleet.rows[0]["name"] == "other"


def test_an_offered_size_is_told_with_its_command_where_there_are_no_buttons(user):
    user.desk.workers.held_back = True
    user.model.offer_size("s-4vcpu-8gb")
    assert user.model.loading
    user.desk.workers.release()
    assert not user.model.loading
    command = f"%do droplets resize {user.model.droplet.id} --size s-4vcpu-8gb --restart"
    for shown in (user.model.text(200), user.model.html()):
        assert "s-4vcpu-8gb: 4 vCPUs, 8 GB memory, $48.00 a month (+$24.00)" in shown
        assert command in shown
    user.model.close_form()
    assert command not in user.model.text(200)
    assert max(map(len, user.model.text(40).splitlines())) <= 40
