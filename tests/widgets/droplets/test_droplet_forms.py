"""The forms of a droplet's panel: the name of a snapshot, and the size to resize to."""

from __future__ import annotations


def test_a_snapshot_has_a_default_name_that_can_be_changed(user):
    user.model.press("snapshot")
    assert user.model.form == "snapshot"
    assert user.model.form_notes()[-1] == (
        "A snapshot costs $0.06 a month per GB of data until it is deleted: at most $4.80 a month in total."
    )
    assert user.model.snapshot_name == "web-1-2026-11-23-1200"
    user.model.set_snapshot_name("  ")
    assert user.model.submit_button().tooltip == "Enter a name for the snapshot."
    user.model.submit()
    assert user.desk.posts() == 0
    user.model.set_snapshot_name("before the upgrade")
    user.model.submit()
    assert user.model.form == ""
    user.desk.run(600.0)
    assert user.newest().state == "completed"
    assert "before the upgrade" in [one.name for one in user.model.droplet.snapshots()]


def test_a_form_closes_again(user):
    user.model.press("snapshot")
    user.model.press("snapshot")
    assert user.model.form == ""
    user.model.press("resize")
    user.model.close_form()
    assert user.model.form == ""
    assert user.desk.posts() == 0


def test_only_sizes_that_fit_are_offered_each_with_its_price_and_the_difference(user):
    user.model.press("resize")
    sold = {size.slug: size for size in user.desk.client.sizes.list()}
    droplet = user.model.droplet
    assert len(user.model.resize_options.choices) > 50
    for choice in user.model.resize_options.choices:
        assert "nyc3" in sold[choice.slug].regions
        assert choice.disk >= droplet.disk
        assert choice.slug != droplet.size_slug
        assert choice.difference == sold[choice.slug].price_monthly - 24.0
        assert [choice.cells[0], choice.cells[4]] == [choice.slug, f"${choice.price_monthly:,.2f}"]
    assert user.model.resize_options.choice is None, "a size that is preselected looks like advice"
    assert user.model.submit_button().tooltip == "Choose a size."


def test_a_failure_to_load_sizes_is_shown(user):
    user.desk.sandbox.fault("status", status=422, path="/v2/sizes", message="No sizes today")
    user.model.press("resize")
    assert "No sizes today" in user.model.submit_button().tooltip
    assert not user.model.submit_button().enabled


def test_the_sizes_are_loaded_in_a_worker(user):
    user.desk.workers.held_back = True
    user.model.press("resize")
    assert user.model.submit_button().tooltip == "The sizes are still loading."
    user.desk.workers.release()
    assert user.model.submit_button().tooltip == "Choose a size."


def test_a_size_that_is_offered_is_chosen_in_the_open_form(user):
    user.model.offer_size("s-8vcpu-16gb")
    assert user.model.form == "resize"
    assert user.model.resize_options.choice.slug == "s-8vcpu-16gb"
    assert user.model.submit_button().enabled
    user.model.submit()
    assert user.model.submit_button().confirming, "it needs a confirmation like any other"


def test_a_resize_of_a_running_droplet_shows_its_consequences_and_steps(user):
    user.model.press("resize")
    user.model.choose_size("s-4vcpu-8gb")
    told = " ".join(user.model.resize_options.consequences())
    assert "$48.00 a month (+$24.00)" in told
    assert "shut down, resized and powered on again" in told
    user.model.submit()
    assert user.model.submit_button().label == "Confirm: resize web-1 to s-4vcpu-8gb with a restart (+$24.00 a month)"
    assert user.desk.posts() == 0
    steps = []
    user.note = lambda: steps.append(tuple(user.newest().steps)) if user.rows() else None
    user.desk.clock.advance(1.0)
    user.model.submit()
    user.desk.run(300.0)
    assert (("shut down", "current"), ("resize", "pending"), ("power on", "pending")) in steps
    assert (("shut down", "done"), ("resize", "current"), ("power on", "pending")) in steps
    assert steps[-1] == (("shut down", "done"), ("resize", "done"), ("power on", "done"))
    assert user.newest().state == "completed"
    assert user.desk.done(user.model.droplet) == ["shutdown", "resize", "power_on"]
    assert (user.model.droplet.size_slug, user.model.droplet.disk, user.model.droplet.status) == (
        "s-4vcpu-8gb",
        80,
        "active",
    )
    assert len(user.rows()) == 1


def test_a_resize_with_its_disk_warns_and_names_it_in_the_question(off):
    off.model.press("resize")
    off.model.choose_size("s-4vcpu-8gb")
    off.model.choose_disk(with_disk=True)
    assert "permanently" in " ".join(off.model.resize_options.consequences())
    off.model.submit()
    assert (
        off.model.submit_button().label
        == "Confirm: resize staging-db to s-4vcpu-8gb, including the disk (+$24.00 a month)"
    )
    assert off.model.submit_button().tooltip == (
        "SANDBOX: resize droplet staging-db to s-4vcpu-8gb, including the disk (+$24.00 a month)? "
        "The disk cannot be made smaller again."
    )
    off.desk.clock.advance(1.0)
    off.model.submit()
    off.desk.run(600.0)
    assert (off.model.droplet.disk, off.model.droplet.status) == (160, "off")
    assert off.desk.done(off.model.droplet) == ["resize"]


def test_the_disk_stays_where_a_size_has_none_larger(user):
    user.model.press("resize")
    user.model.choose_disk(with_disk=True)
    user.model.choose_size("s-2vcpu-4gb-amd")
    assert not user.model.resize_options.grows_disk
    assert "permanently" not in " ".join(user.model.resize_options.consequences())


def test_another_choice_closes_the_question(user):
    user.model.press("resize")
    user.model.choose_size("s-4vcpu-8gb")
    user.model.submit()
    assert user.model.submit_button().confirming
    user.model.choose_size("s-8vcpu-16gb")
    assert not user.model.submit_button().confirming
    user.model.submit()
    user.model.choose_disk(with_disk=True)
    assert not user.model.submit_button().confirming
    assert user.desk.posts() == 0


def test_a_step_that_is_sent_only_if_needed_is_shown_only_once_sent(user):
    user.desk.sandbox.fault("action_errored", action="shutdown")
    steps = []
    user.note = lambda: steps.append(user.newest().steps) if user.rows() else None
    user.model.press("resize")
    user.model.choose_size("s-4vcpu-8gb")
    user.submit()
    assert "power off" not in [word for shown in steps for word, _ in shown]
    user.desk.run(300.0)
    assert user.newest().state == "completed"
    assert user.newest().steps == [
        ("shut down", "failed"),
        ("power off", "done"),
        ("resize", "done"),
        ("power on", "done"),
    ]


def test_a_resize_that_interrupts_nothing_and_can_be_undone_needs_no_confirmation(off):
    off.model.press("resize")
    off.model.choose_size("s-4vcpu-8gb")
    off.model.submit()
    off.desk.run(300.0)
    assert off.model.droplet.size_slug == "s-4vcpu-8gb"


def test_a_resize_that_costs_more_than_the_limit_asks_first(off):
    off.model.fleet.price_limit_usd_month = lambda: 20.0
    off.model.press("resize")
    off.model.choose_size("s-4vcpu-8gb")
    off.model.submit()
    assert off.model.submit_button().label == "Confirm: resize staging-db to s-4vcpu-8gb (+$24.00 a month)"
    assert off.desk.posts() == 0


def test_a_resize_that_fails_leaves_the_droplet_on_and_shows_the_failed_step(user):
    user.desk.sandbox.fault("action_errored", action="resize")
    user.model.press("resize")
    user.model.choose_size("s-4vcpu-8gb")
    user.submit()
    user.desk.run(300.0)
    entry = user.newest()
    assert entry.state == "failed"
    assert entry.steps == [("shut down", "done"), ("resize", "failed"), ("power on", "done")]
    assert user.model.droplet.active


def test_metrics_are_read_only_once_the_form_opens_and_nothing_waits_for_them(user):
    def metrics() -> int:
        return sum("/monitoring/metrics/" in one.path for one in user.desk.sandbox.requests)

    options = user.model.resize_options
    assert metrics() == 0
    user.model.press("resize")
    assert metrics() == 0, "they are read in the background"
    assert options.advice_text() == "Advised size: reading the last 14 days of metrics…"
    user.model.choose_size("s-4vcpu-8gb")
    assert user.model.submit_button().enabled
    before = options.choice
    user.desk.metrics_workers.release()
    assert 0 < metrics() <= 6
    advised = [row["slug"] for row in options.table() for mark in row["marks"] if mark["name"] == "advised"]
    assert len(advised) == 1
    assert options.advice_text().startswith("Advised by the last 14 days: ")
    assert options.choice == before, "advice is no choice"
    user.desk.metrics_workers.held_back = True
    user.model.close_form()
    user.model.press("resize")
    user.model.close_form()
    user.desk.metrics_workers.release()
    assert metrics() <= 6, "a form that was closed meanwhile reads nothing"


def test_a_form_that_is_open_from_the_start_reads_metrics_only_once_the_page_has_drawn_it(user):
    user.model.offer_size("s-8vcpu-16gb")
    assert user.desk.metrics_workers.queued == []
    user.model.load_advice()
    user.model.load_advice()
    assert len(user.desk.metrics_workers.queued) == 1
    user.model.close_form()
    user.model.load_advice()
    assert len(user.desk.metrics_workers.queued) == 1


def test_metrics_that_cannot_be_read_leave_the_form_usable(user):
    user.desk.sandbox.fault("status", status=403, path="/v2/monitoring/metrics/droplet/cpu", times=9)
    user.desk.sandbox.fault("status", status=403, path="/v2/monitoring/metrics/droplet/memory_total", times=9)
    user.model.press("resize")
    user.desk.metrics_workers.release()
    assert user.model.resize_options.advice_text().startswith("No advised size: ")
    user.model.choose_size("s-4vcpu-8gb")
    assert user.model.submit_button().enabled
