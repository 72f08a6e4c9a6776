"""What the panel of a droplet decides: without a kernel, without widgets, on a clock that the test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from poseidon_nb.client.client import connect
from poseidon_nb.client.watching.watch import IDLE_S
from poseidon_nb.plans.summary import verb_phrase
from poseidon_nb.widgets.asking import TOO_SOON_S, made_at
from poseidon_nb.widgets.verbs import VERBS
from tests.widgets.conftest import Hand

ALL = set(VERBS)


def test_of_a_droplet_that_is_on_all_but_power_on_can_be_clicked_and_why_not_is_said(hand):
    assert hand.enabled() == ALL - {"power_on"}
    assert hand.model.buttons()["power_on"].why == "It is on."
    assert hand.model.why() == "It is on, so not now: power on."


def test_of_a_droplet_that_is_off_the_power_verbs_cannot_be_clicked(off):
    assert off.enabled() == {"power_on", "snapshot", "resize"}
    assert off.model.why() == "It is off, so not now: shut down, reboot, power off and power cycle."


def test_a_droplet_that_is_off_says_that_it_costs_as_much(hand, off):
    assert dict(off.model.facts())["Price"].endswith(" a month, also while off")
    assert dict(hand.model.facts())["Price"].endswith(" a month")


def test_nothing_can_be_clicked_while_something_runs_that_was_started_here(hand):
    hand.confirm("reboot")
    assert hand.enabled() == set()
    assert hand.model.why() == "Its reboot is under way."
    hand.desk.run(60.0)
    assert hand.enabled() == ALL - {"power_on"}


def test_a_client_that_only_reads_has_no_buttons(desk):
    with connect(desk.sandbox, clock=desk.clock, read_only=True) as reader:
        reader.watch = desk.watch
        model = Hand(desk, reader.droplets.by_name("web-1")).model
        assert model.why() == "This client only reads."
        model.close()


def test_a_droplet_that_was_deleted_elsewhere_has_no_buttons(hand):
    with connect(hand.desk.sandbox, clock=hand.desk.clock) as other:
        other.droplets.by_name("web-1").delete()
    hand.desk.run(60.0)
    assert hand.enabled() == set()
    assert hand.model.notices() == ["web-1 was deleted."]


@pytest.mark.parametrize("name", ["shutdown", "reboot", "power_off", "power_cycle"])
def test_a_verb_asks_and_then_acts(hand, name):
    hand.model.press(name)
    state = hand.model.buttons()[name]
    assert state.asking
    assert state.label == f"Confirm: {verb_phrase(name)} web-1"
    assert state.why == hand.model.why() != ""
    assert hand.desk.posts() == 0
    hand.desk.clock.advance(TOO_SOON_S + 0.1)
    hand.model.press(name)
    assert hand.desk.posts() == 1
    assert not hand.model.buttons()[name].asking
    hand.desk.run(120.0)
    assert hand.newest().state == "completed"
    assert hand.desk.done(hand.model.droplet) == [name]


def test_power_on_needs_no_question(off):
    off.model.press("power_on")
    off.desk.run(60.0)
    assert off.desk.done(off.model.droplet) == ["power_on"]
    assert off.model.droplet.active


def test_a_question_can_be_taken_back(hand):
    hand.model.press("power_off")
    hand.model.cancel()
    assert not hand.model.buttons()["power_off"].asking
    hand.desk.clock.advance(5.0)
    hand.model.press("power_off")
    assert hand.desk.posts() == 0


def test_a_double_click_does_not_confirm(hand):
    for _ in range(4):
        hand.model.press("power_off")
    assert hand.model.buttons()["power_off"].asking
    assert hand.desk.posts() == 0


def test_a_double_click_does_not_confirm_where_showing_the_question_takes_longer(desk):
    hand = Hand(desk, desk.droplet())
    hand.note, model = lambda: desk.clock.advance(2 * TOO_SOON_S), hand.model
    model.press("power_off")
    model.press("power_off")
    assert desk.posts() == 0
    model.press("resize")
    model.go()
    model.go()
    assert desk.posts() == 0
    model.close()


def test_a_double_click_does_not_confirm_where_a_busy_kernel_handles_it_in_two_parts(hand):
    first = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    for made, posts in ((first, 0), (first + timedelta(seconds=0.2), 0), (first + timedelta(seconds=2.0), 1)):
        with made_at(made):
            hand.model.press("power_off")
        hand.desk.clock.advance(5.0)
        assert hand.desk.posts() == posts


def test_a_page_whose_clock_was_set_back_can_still_confirm(hand):
    for made in (datetime(2026, 11, 23, 12, 0, tzinfo=UTC), datetime(2026, 11, 23, 11, 0, tzinfo=UTC)):
        with made_at(made):
            hand.model.press("power_off")
        hand.desk.clock.advance(5.0)
    assert hand.desk.posts() == 1


def test_another_button_takes_the_question_over(hand):
    hand.model.press("power_off")
    hand.model.press("reboot")
    assert (hand.model.buttons()["power_off"].asking, hand.model.buttons()["reboot"].asking) == (False, True)


def test_a_question_lapses_when_it_makes_no_sense_any_more(hand):
    hand.model.press("power_off")
    with connect(hand.desk.sandbox, clock=hand.desk.clock) as other:
        other.droplets.by_name("web-1").power_off()
    hand.desk.run(60.0)
    assert hand.model.buttons()["power_off"].label == "Power off"
    hand.model.press("power_off")
    assert hand.desk.posts() == 1, "the other client's"


def test_a_click_is_taken_once(hand):
    hand.desk.holding = True
    hand.confirm("power_off")
    for _ in range(3):
        hand.model.press("power_off")
        hand.desk.clock.advance(1.0)
        hand.model.press("reboot")
    assert len(hand.desk.client.engine.background) == 1
    hand.desk.let_go()
    hand.desk.run(60.0)
    assert hand.desk.done(hand.model.droplet) == ["power_off"]


def test_a_bar_tells_elapsed_time_estimate_and_what_it_rests_on(hand):
    hand.confirm("reboot")
    hand.desk.run(2.0)
    row = hand.newest().row
    assert "left (median of " in row.words
    assert 0 < row.fraction < 1
    hand.desk.run(60.0)
    assert hand.newest().row.words.startswith("✓ completed in ")
    assert hand.model.announcement == "Reboot web-1: completed"


def test_an_action_that_errors_is_red_and_can_be_retried(hand):
    hand.desk.sandbox.fault("action_errored", action="reboot")
    hand.confirm("reboot")
    hand.desk.run(60.0)
    entry = hand.newest()
    assert entry.state == "failed"
    assert "errored, without a reason" in entry.detail_html()
    assert hand.enabled() == ALL - {"power_on"}
    hand.retry()
    hand.desk.run(60.0)
    assert [one.state for one in hand.entries()] == ["completed"]
    assert hand.desk.done(hand.model.droplet) == ["reboot", "reboot"]


def test_a_refusal_is_told_with_its_request_id(hand):
    hand.desk.sandbox.fault("status", status=422, method="POST", message="Not today")
    hand.confirm("reboot")
    text = hand.newest().text()
    assert "Not today" in text
    assert hand.desk.sandbox.requests[-1].request_id in text


def test_retry_looks_whether_it_still_makes_sense(hand):
    hand.desk.sandbox.fault("status", status=422, method="POST", message="Not today")
    hand.confirm("reboot")
    (refused,) = hand.model.works
    hand.confirm("power_off")
    hand.model.retry(refused)
    assert hand.model.notices() == ["Not tried again: its power off is under way."]
    hand.desk.run(60.0)
    hand.model.retry(refused)
    assert hand.model.notices() == ["Not tried again: it is off."]
    assert hand.desk.done(hand.model.droplet) == ["power_off"]


def test_a_pause_for_the_rate_limit_is_told_in_the_row(hand):
    hand.desk.sandbox.fault("status", status=429, method="POST", retry_after_s=7, times=1)
    words = []
    hand.note = lambda: words.extend(one.row.words for one in hand.entries())
    hand.confirm("reboot")
    assert any(line.startswith("waiting 7 s: rate limit") for line in words)
    hand.desk.run(60.0)
    assert hand.desk.done(hand.model.droplet) == ["reboot"]


def test_a_lost_answer_is_looked_for_and_never_sent_twice(hand):
    hand.desk.sandbox.fault("lost_after", method="POST")
    hand.confirm("reboot")
    hand.desk.run(60.0)
    assert hand.newest().state == "completed"
    assert hand.desk.done(hand.model.droplet) == ["reboot"]


def test_an_outcome_that_nobody_knows_is_not_offered_again(hand):
    hand.desk.sandbox.fault("lost_before", method="POST")
    hand.confirm("reboot")
    entry = hand.newest()
    assert entry.state == "unknown"
    assert entry.row.words == "? nobody knows whether it was done"
    assert hand.model.works[0].retriable == []
    assert "look at %do droplets actions" in entry.text()


def test_what_a_gateway_gave_up_on_is_not_offered_again_for_it_may_have_been_done(hand):
    hand.desk.sandbox.fault("status", status=504, method="POST")
    hand.model.press("snapshot")
    hand.model.go()
    entry = hand.newest()
    assert entry.state == "unknown"
    assert entry.row.words == "? nobody knows whether it was done"
    assert hand.model.works[0].retriable == []
    assert "may have been carried out" in entry.text()


@pytest.mark.parametrize("status", ["active", "off"])
def test_a_failure_that_nobody_has_foreseen_ends_its_row_and_is_not_offered_again(desk, status, monkeypatch):
    hand = Hand(desk, desk.droplet("web-1" if status == "active" else "staging-db"))
    monkeypatch.setattr(desk.client.engine.sender, "send", lambda *_, **__: {}["region"])
    hand.model.press("resize")
    hand.go()
    desk.run(1.0)
    entry = hand.newest()
    assert (entry.state, hand.model.works[0].retriable) == ("unknown", [])
    assert "KeyError" in entry.text()
    assert "power_on" in hand.enabled() or "power_off" in hand.enabled()
    hand.model.close()


def test_an_action_that_cannot_be_found_any_more_is_not_offered_again(hand):
    hand.model.press("snapshot")
    hand.model.go()
    hand.desk.sandbox.fault("status", status=404, method="GET", path="/v2/actions/", times=1000)
    hand.desk.run(60.0)
    assert hand.newest().state == "in-progress"
    assert hand.newest().row.words == "goes on, and is followed no further"
    assert hand.model.works[0].retriable == []


def test_a_lost_connection_is_told_and_the_bar_goes_on_afterwards(hand):
    hand.confirm("power_cycle")
    hand.desk.sandbox.fault("lost_before", method="GET", times=1000)
    hand.desk.run(30.0)
    assert "cannot be asked now" in hand.model.notices()[0]
    hand.desk.sandbox._dispatcher.world.faults.clear()
    hand.desk.run(120.0)
    assert hand.model.notices() == []
    assert hand.newest().state == "completed"


def test_a_droplet_on_which_something_runs_is_waited_for_and_that_is_asked_and_shown(hand):
    with connect(hand.desk.sandbox, clock=hand.desk.clock) as other:
        other.droplets.by_name("web-1").take_snapshot("theirs", wait=False)
    hand.desk.run(60.0)
    assert hand.titles() == ["Snapshot web-1"]
    assert hand.enabled() == ALL - {"power_on"}
    hand.model.press("reboot")
    assert hand.model.buttons()["reboot"].label == "Confirm: reboot web-1 (once its snapshot has ended)"
    hand.desk.clock.advance(1.0)
    hand.model.press("reboot")
    assert hand.titles() == ["Reboot web-1", "Snapshot web-1"]
    assert hand.newest().row.words == "waits until its snapshot has ended"
    assert hand.model.why() == "Its reboot is under way."
    hand.desk.run(900.0)
    assert hand.newest().news.told.keys() == {hand.model.droplet.actions()[0].id}, "theirs is not one of ours"
    assert [(one.title, one.state) for one in hand.entries()] == [
        ("Reboot web-1", "completed"),
        ("Snapshot web-1", "completed"),
    ]
    assert hand.desk.done(hand.model.droplet) == ["snapshot", "reboot"]


def test_who_was_slower_waits_and_sees_what_runs_instead(hand):
    with connect(hand.desk.sandbox, clock=hand.desk.clock) as other:
        other.droplets.by_name("web-1").take_snapshot("theirs", wait=False)
    hand.confirm("reboot")
    assert hand.newest().row.words == "waits until its snapshot has ended"
    hand.desk.run(2.0)
    assert {*hand.titles()} == {"Snapshot web-1", "Reboot web-1"}
    hand.desk.run(900.0)
    assert hand.desk.done(hand.model.droplet) == ["snapshot", "reboot"]


def test_what_waits_for_an_end_that_leaves_the_droplet_otherwise_is_not_sent(hand):
    with connect(hand.desk.sandbox, clock=hand.desk.clock) as other:
        action = other.droplets.by_name("web-1").power_off(wait=False)
    hand.confirm("reboot")
    hand.desk.run(0.1)
    theirs = next(one for one in hand.entries() if one.title == "Power off web-1")
    seen = set()
    hand.note = lambda: seen.add((theirs.state, hand.model.row["status"]))
    # Completed, and the droplet still reads as on for some seconds.
    hand.desk.sandbox.finish(action.id)
    hand.desk.run(60.0)
    assert ("running", "active") in seen
    assert ("completed", "off") in seen
    assert ("completed", "active") not in seen
    assert hand.enabled() == {"power_on", "snapshot", "resize"}
    ours = next(one for one in hand.entries() if one.title == "Reboot web-1")
    assert ours.text() == "Reboot web-1: unchanged: already off, nothing was sent"
    assert hand.desk.done(hand.model.droplet) == ["power_off"]


def test_what_somebody_else_has_started_is_not_offered_again_when_it_fails(hand):
    hand.desk.sandbox.fault("action_errored", action="snapshot")
    with connect(hand.desk.sandbox, clock=hand.desk.clock) as other:
        other.droplets.by_name("web-1").take_snapshot("theirs", wait=False)
    hand.desk.run(900.0)
    (work,) = hand.model.works
    assert work.failed
    assert work.retriable == []


def test_of_an_action_that_has_ended_the_droplet_shows_what_it_has_done(hand):
    seen = set()
    hand.note = lambda: seen.add((hand.newest().state, hand.model.row["status"])) if hand.model.works else None
    hand.confirm("power_off")
    hand.desk.run(60.0)
    assert ("running", "active") in seen
    assert ("completed", "off") in seen
    assert ("completed", "active") not in seen


def test_what_ran_before_the_panel_was_opened_is_taken_up(desk):
    desk.droplet().reboot(wait=False)
    hand = Hand(desk, desk.droplet())
    assert hand.titles() == ["Reboot web-1"]
    assert hand.enabled() == ALL - {"power_on"}
    desk.run(60.0)
    assert hand.newest().state == "completed"
    hand.model.close()


def test_an_action_has_one_row_also_if_the_account_shows_it_first(hand):
    hand.desk.holding = True
    hand.confirm("reboot")
    with connect(hand.desk.sandbox, clock=hand.desk.clock) as other:
        action = other.droplets.by_name("web-1").reboot(wait=False)
    hand.model._subscription.follow(hand.desk.client.actions.get(action.id))
    hand.desk.run(1.0)
    assert len(hand.entries()) == 1


def test_a_panel_that_nobody_uses_pauses_and_resumes(hand):
    hand.desk.run(IDLE_S + 20)
    assert hand.model.paused
    assert hand.model.notices()[0].startswith("Paused")
    hand.model.resume()
    assert not hand.model.paused


def test_a_closed_panel_asks_no_more_and_what_was_begun_goes_on(hand):
    hand.confirm("reboot")
    hand.model.close()
    before = len(hand.desk.sandbox.requests)
    assert hand.desk.watch.tick() is None
    hand.desk.clock.advance(100.0)
    assert len(hand.desk.sandbox.requests) == before
    assert hand.desk.done(hand.model.droplet) == ["reboot"]


def test_of_a_panel_that_was_closed_also_the_steps_that_are_left_are_done(hand):
    hand.model.press("resize")
    hand.go()
    hand.model.close()
    hand.desk.run(300.0)
    assert hand.desk.done(hand.model.droplet) == ["shutdown", "resize", "power_on"]
    assert hand.desk.client.engine.background == []


def test_what_was_stopped_reads_skipped_and_can_be_tried_again(hand):
    with connect(hand.desk.sandbox, clock=hand.desk.clock) as other:
        other.droplets.by_name("web-1").take_snapshot("theirs", wait=False)
    hand.confirm("reboot")
    hand.desk.client.engine.stop()
    hand.desk.run(1.0)
    ours = hand.entries()[-1]
    assert ours.text() == "Reboot web-1: skipped: nothing was sent"
    assert hand.model.works[-1].retriable == [hand.model.droplet.id]


def test_leaving_the_account_closes_the_panel(hand):
    hand.desk.client.close()
    assert hand.model.notices() == ["This panel is closed: run the cell again."]
    assert hand.enabled() == set()


def test_what_changes_elsewhere_is_shown(hand):
    with connect(hand.desk.sandbox, clock=hand.desk.clock) as other:
        other.droplets.by_name("web-1").rename("web-one")
    hand.desk.run(40.0)
    assert (hand.model.row["name"], hand.model.droplet.name) == ("web-one", "web-one")


def test_the_facts_are_told_as_text_and_as_a_table(hand):
    for shown in (hand.model.text(), hand.model.html()):
        for fact in (
            "web-1",
            "SANDBOX",
            "On",
            "nyc3",
            "s-2vcpu-4gb",
            "$24.00 a month",
            "198.18.0.5",
            "env:prod",
            "210 days",
        ):
            assert fact in shown
        assert hand.desk.sandbox.token not in shown
    assert "<script" not in hand.model.html()
