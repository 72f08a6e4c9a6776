"""What the forms of a droplet's panel decide: a snapshot's name, and the size to resize to."""

from __future__ import annotations


def test_a_snapshot_has_a_name_filled_in_and_takes_another(hand):
    hand.model.press("snapshot")
    assert hand.model.form == "snapshot"
    assert hand.model.form_words()[-1] == (
        "A snapshot costs $0.06 a month for each GB that it holds, until it is deleted: here $4.80 at most."
    )
    assert hand.model.snapshot_name == "web-1-2026-11-23-1200"
    hand.model.call_snapshot("  ")
    assert hand.model.go_button().why == "Type a name for the snapshot."
    hand.model.go()
    assert hand.desk.posts() == 0
    hand.model.call_snapshot("before the upgrade")
    hand.model.go()
    assert hand.model.form == ""
    hand.desk.run(600.0)
    assert hand.newest().state == "completed"
    assert "before the upgrade" in [one.name for one in hand.model.droplet.snapshots()]


def test_a_form_closes_again(hand):
    hand.model.press("snapshot")
    hand.model.press("snapshot")
    assert hand.model.form == ""
    hand.model.press("resize")
    hand.model.close_form()
    assert hand.model.form == ""
    assert hand.desk.posts() == 0


def test_only_sizes_that_fit_are_offered_each_with_its_price_and_the_difference(hand):
    hand.model.press("resize")
    sold = {size.slug: size for size in hand.desk.client.sizes.list()}
    droplet = hand.model.droplet
    assert len(hand.model.resizing.choices) > 50
    for choice in hand.model.resizing.choices:
        assert "nyc3" in sold[choice.slug].regions
        assert choice.disk >= droplet.disk
        assert choice.slug != droplet.size_slug
        assert choice.difference == sold[choice.slug].price_monthly - 24.0
        assert choice.slug in choice.label
        assert f"${choice.price_monthly:,.2f}/mo" in choice.label
    assert hand.model.resizing.choice.difference > 0


def test_sizes_that_cannot_be_read_are_told(hand):
    hand.desk.sandbox.fault("status", status=422, path="/v2/sizes", message="No sizes today")
    hand.model.press("resize")
    assert "No sizes today" in hand.model.go_button().why
    assert not hand.model.go_button().enabled


def test_the_sizes_are_read_in_a_worker_and_waited_for(hand):
    hand.desk.workers.holding = True
    hand.model.press("resize")
    assert hand.model.go_button().why == "The sizes are being read."
    hand.desk.workers.let_go()
    assert hand.model.go_button().enabled


def test_a_size_that_is_offered_is_chosen_in_the_open_form(hand):
    hand.model.offer_size("s-8vcpu-16gb")
    assert hand.model.form == "resize"
    assert hand.model.resizing.choice.slug == "s-8vcpu-16gb"
    assert hand.model.go_button().enabled
    hand.model.go()
    assert hand.model.go_button().asking, "it is asked about like any other"


def test_a_resize_of_a_running_droplet_says_what_happens_and_shows_its_steps(hand):
    hand.model.press("resize")
    hand.model.choose_size("s-4vcpu-8gb")
    told = " ".join(hand.model.resizing.consequences())
    assert "$48.00 a month (+$24.00)" in told
    assert "shut down, resized and powered on again" in told
    hand.model.go()
    assert hand.model.go_button().label == "Confirm: resize web-1 to s-4vcpu-8gb with a restart (+$24.00 a month)"
    assert hand.desk.posts() == 0
    steps = []
    hand.note = lambda: steps.append(tuple(hand.newest().steps)) if hand.entries() else None
    hand.desk.clock.advance(1.0)
    hand.model.go()
    hand.desk.run(300.0)
    assert (("shut down", "now"), ("resize", "next"), ("power on", "next")) in steps
    assert (("shut down", "done"), ("resize", "now"), ("power on", "next")) in steps
    assert steps[-1] == (("shut down", "done"), ("resize", "done"), ("power on", "done"))
    assert hand.newest().state == "completed"
    assert hand.desk.done(hand.model.droplet) == ["shutdown", "resize", "power_on"]
    assert (hand.model.droplet.size_slug, hand.model.droplet.disk, hand.model.droplet.status) == (
        "s-4vcpu-8gb",
        80,
        "active",
    )
    assert len(hand.entries()) == 1


def test_a_resize_with_its_disk_warns_and_names_it_in_the_question(off):
    off.model.press("resize")
    off.model.choose_size("s-4vcpu-8gb")
    off.model.choose_disk(with_disk=True)
    assert "for good" in " ".join(off.model.resizing.consequences())
    off.model.go()
    assert (
        off.model.go_button().label == "Confirm: resize staging-db to s-4vcpu-8gb, including the disk (+$24.00 a month)"
    )
    assert off.model.go_button().why == "The disk cannot be made smaller again."
    off.desk.clock.advance(1.0)
    off.model.go()
    off.desk.run(600.0)
    assert (off.model.droplet.disk, off.model.droplet.status) == (160, "off")
    assert off.desk.done(off.model.droplet) == ["resize"]


def test_the_disk_stays_where_a_size_has_none_larger(hand):
    hand.model.press("resize")
    hand.model.choose_disk(with_disk=True)
    hand.model.choose_size("s-2vcpu-4gb-amd")
    assert not hand.model.resizing.grows_disk
    assert "for good" not in " ".join(hand.model.resizing.consequences())


def test_another_choice_takes_the_question_back(hand):
    hand.model.press("resize")
    hand.model.go()
    assert hand.model.go_button().asking
    hand.model.choose_size("s-8vcpu-16gb")
    assert not hand.model.go_button().asking
    hand.model.go()
    hand.model.choose_disk(with_disk=True)
    assert not hand.model.go_button().asking
    assert hand.desk.posts() == 0


def test_a_step_that_is_sent_only_if_needed_is_shown_only_when_it_is(hand):
    hand.desk.sandbox.fault("action_errored", action="shutdown")
    steps = []
    hand.note = lambda: steps.append(hand.newest().steps) if hand.entries() else None
    hand.model.press("resize")
    hand.go()
    assert "power off" not in [word for shown in steps for word, _ in shown]
    hand.desk.run(300.0)
    assert hand.newest().state == "completed"
    assert hand.newest().steps == [
        ("shut down", "failed"),
        ("power off", "done"),
        ("resize", "done"),
        ("power on", "done"),
    ]


def test_a_resize_that_interrupts_nothing_and_can_be_undone_needs_no_question(off):
    off.model.press("resize")
    off.model.choose_size("s-4vcpu-8gb")
    off.model.go()
    off.desk.run(300.0)
    assert off.model.droplet.size_slug == "s-4vcpu-8gb"


def test_a_resize_that_costs_more_than_the_limit_asks(off):
    off.model.fleet.price_limit_usd_month = lambda: 20.0
    off.model.press("resize")
    off.model.choose_size("s-4vcpu-8gb")
    off.model.go()
    assert off.model.go_button().label == "Confirm: resize staging-db to s-4vcpu-8gb (+$24.00 a month)"
    assert off.desk.posts() == 0


def test_a_resize_that_fails_leaves_the_droplet_on_and_says_at_which_step(hand):
    hand.desk.sandbox.fault("action_errored", action="resize")
    hand.model.press("resize")
    hand.go()
    hand.desk.run(300.0)
    entry = hand.newest()
    assert entry.state == "failed"
    assert entry.steps == [("shut down", "done"), ("resize", "failed"), ("power on", "done")]
    assert hand.model.droplet.active
