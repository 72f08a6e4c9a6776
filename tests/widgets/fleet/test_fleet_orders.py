"""What is ordered in a fleet's panel: what is sent, what is waited for, and what each droplet's row shows."""

from __future__ import annotations

from poseidon_nb.client.actions.progress import Progress
from poseidon_nb.client.client import connect
from poseidon_nb.client.engine.execution import ChainRun
from poseidon_nb.client.engine.outcomes import Outcome
from poseidon_nb.errors import PoseidonError
from poseidon_nb.plans.builders import action_chains
from poseidon_nb.widgets.activity import Entry
from poseidon_nb.widgets.asking import TOO_SOON_S
from poseidon_nb.widgets.droplet.panel import DropletPanel
from poseidon_nb.widgets.fleet.orders import Order
from poseidon_nb.widgets.fleet.work import FleetWork
from tests.widgets.fleet.conftest import active, chosen


def test_a_double_click_does_not_confirm_where_a_large_table_is_slow_to_show_the_question(desk, monkeypatch):
    panel = desk.open()
    panel.select(active(desk, 3))
    show = panel._table.show
    monkeypatch.setattr(panel._table, "show", lambda rows: (desk.clock.advance(2 * TOO_SOON_S), show(rows)))
    desk.click("power_off")
    desk.click("power_off")
    panel.model.press("resize")
    panel.model.go()
    panel.model.go()
    assert desk.posted() == []


def test_fifty_droplets_with_three_failing_have_a_row_each_and_a_summary_and_the_failed_are_tried_again(desk):
    panel = desk.open()
    ids = active(desk, 50)
    bad = ids[10:13]
    for key in bad:
        desk.sandbox.fault("status", status=503, path=f"/v2/droplets/{key}/actions", method="POST", times=20)
    panel.select(ids)
    desk.confirm("power_off")
    desk.run(120.0)
    (work,) = panel.model.works
    assert work.summary() == "Power off 50 droplets: 47 completed, 3 unknown"
    assert {*work.failed} == {*bad}
    rows = panel._works[work]
    assert len(rows._row_box.children) == 50
    first = rows._row_box.children[0].value
    assert "pnb-error" in first
    assert "request" in first
    assert {desk.watch.state.droplets[key]["status"] for key in ids if key not in bad} == {"off"}
    assert {desk.watch.state.droplets[key]["status"] for key in bad} == {"active"}


def test_exactly_the_selected_are_acted_upon_once_each(desk):
    panel = desk.open()
    ids = active(desk, 5)
    panel.select(ids)
    desk.confirm("reboot")
    desk.click("reboot")
    assert sorted(desk.posted()) == sorted(f"/v2/droplets/{key}/actions" for key in ids)


def test_an_action_that_fails_is_red_and_can_be_tried_again(desk):
    panel = desk.open()
    (key,) = active(desk, 1)
    desk.sandbox.fault("action_errored", action="reboot", times=1)
    panel.select([key])
    desk.confirm("reboot")
    desk.run(60.0)
    (work,) = panel.model.works
    assert work.summary().endswith(": failed")
    panel._works[work]._retry._button.click()
    desk.run(60.0)
    assert work.summary().endswith(": completed")


def test_what_failed_is_tried_again_only_where_it_still_makes_sense(desk):
    panel = desk.open()
    first, second = active(desk, 2)
    desk.sandbox.fault("status", status=422, method="POST", message="Not today", times=2)
    panel.select([first, second])
    desk.confirm("reboot")
    (work,) = panel.model.works
    with connect(desk.sandbox, clock=desk.clock) as other:
        other.droplets.get(first).power_off()
    desk.run(60.0)
    panel.model.retry(work)
    assert work.summary() == "Reboot 2 droplets: 1 running, 1 failed"
    desk.run(60.0)
    panel.model.retry(work)
    assert "Not tried again: it is off." in panel.model.notices()
    assert len(desk.posted()) == 4, "two refused, one by the other client, and one again"


def test_another_panel_of_the_account_shows_at_once_what_was_ordered_here(desk):
    panel = desk.open()
    ids = active(desk, 3)
    other = DropletPanel(desk.client.droplets.get(ids[0]))
    # Between two turns, so that nobody would ask by himself.
    desk.run(66.0)
    panel.select(ids)
    desk.confirm("reboot")
    desk.run(1.0)
    assert [work.order.title.split()[0] for work in other.model.works] == ["Reboot"]
    assert all("reboot" in panel.model.fleet.cells[key][2] for key in ids)
    other.close()


def test_a_droplet_that_is_busy_is_waited_for_and_then_acted_upon(desk):
    panel = desk.open()
    first, second = active(desk, 2)
    with connect(desk.sandbox, clock=desk.clock) as other:
        other.droplets.get(first).take_snapshot("before", wait=False)
    panel.select([first, second])
    desk.confirm("reboot")
    desk.run(1.0)
    (work,) = panel.model.works
    assert work.entry(first).row.words == "waits until its snapshot has ended"
    assert work.summary() == "Reboot 2 droplets: 1 waiting for what runs there, 1 running"
    desk.run(300.0)
    assert work.summary() == "Reboot 2 droplets: 2 completed"
    assert [one.type for one in desk.client.droplets.get(first).actions()][:2] == ["reboot", "snapshot"]


def test_a_droplet_that_reads_otherwise_once_it_is_free_is_left_alone(desk):
    panel = desk.open()
    (key,) = active(desk, 1)
    with connect(desk.sandbox, clock=desk.clock) as other:
        other.droplets.get(key).shutdown(wait=False)
    panel.select([key])
    desk.confirm("reboot")
    desk.run(60.0)
    (work,) = panel.model.works
    assert work.text().endswith(": unchanged: already off, nothing was sent")
    assert (work.failed, work.retriable) == ([], [])
    assert desk.client.droplets.get(key).actions()[0].type == "shutdown"


def test_what_may_have_been_done_is_not_offered_again(desk):
    panel = desk.open()
    panel.select(active(desk, 1))
    desk.sandbox.fault("status", status=504, method="POST")
    desk.click("snapshot")
    panel.model.go()
    (work,) = panel.model.works
    assert work.failed
    assert work.retriable == []


def test_a_failure_that_nobody_has_foreseen_ends_its_row_and_frees_its_droplet(desk, monkeypatch):
    panel = desk.open()
    (key, other) = active(desk, 2)
    sender = desk.client.engine.sender
    send = sender.send

    def fail(step, **keys):
        return {}["region"] if step.targets[0].id == key else send(step, **keys)

    monkeypatch.setattr(sender, "send", fail)
    panel.select([key, other])
    desk.confirm("reboot")
    desk.run(60.0)
    (work,) = panel.model.works
    assert work.summary() == "Reboot 2 droplets: 1 completed, 1 unknown"
    assert "KeyError" in work.entry(key).text()
    assert work.retriable == []
    assert len(panel.model.fleet.fitting("reboot")) == 2


def test_a_rate_limit_is_said_in_the_row_and_survived(desk):
    panel = desk.open()
    (key,) = active(desk, 1)
    desk.sandbox.fault("status", status=429, retry_after_s=7, method="POST", times=1)
    said = []
    panel.model._moved = lambda work, droplet_id: said.append(work.entry(droplet_id).row.words)
    panel.select([key])
    desk.confirm("reboot")
    assert said[0] == "waiting 7 s: rate limit"
    desk.run(60.0)
    assert panel.model.works[0].summary().endswith(": completed")


def test_snapshots_of_many_have_each_droplets_name_in_front(desk):
    panel = desk.open()
    ids = active(desk, 3)
    panel.select(ids)
    desk.click("snapshot")
    form = panel._forms[0]
    assert form._name.value == "2026-11-23-1200"
    form._name.value = "before the upgrade"
    names = [desk.watch.state.droplets[key]["name"] for key in ids]
    assert f"Named {names[0]}-before the upgrade, " in form._why.value
    assert "A snapshot costs $0.06 a month for each GB" in form._why.value
    assert form._go._button.description == "Take 3 snapshots"
    form._go._button.click()
    form._go._button.click()
    desk.run(900.0)
    assert panel.model.works[0].summary() == "Snapshot 3 droplets: 3 completed"
    assert len(desk.posted()) == 3
    made = [one.name for key in ids for one in desk.client.droplets.get(key).snapshots()]
    assert {f"{name}-before the upgrade" for name in names} <= {*made}


def test_a_snapshot_without_an_ending_is_not_taken(desk):
    panel = desk.open()
    panel.select(active(desk, 2))
    desk.click("snapshot")
    panel._forms[0]._name.value = " "
    assert panel._forms[0]._go._button.disabled
    panel.model.go()
    assert desk.posted() == []


def test_a_resize_of_many_is_a_sequence_for_each_that_is_on(desk):
    panel = desk.open()
    rows = [row for row in desk.watch.state.droplets.values() if row["size_slug"] == "s-1vcpu-1gb"]
    on = [row["id"] for row in rows if row["status"] == "active"][:2]
    off = [row["id"] for row in rows if row["status"] == "off"][:1]
    panel.select([*on, *off])
    go = chosen(desk, "s-2vcpu-4gb")
    said = panel._forms[1]._what.value
    assert "are on: each is shut down, resized and powered on again" in said
    assert go._button.description == f"Resize {len(on + off)} to s-2vcpu-4gb"
    go._button.click()
    question = go._button.description
    assert question.startswith(f"Confirm: resize {len(on)} droplets to s-2vcpu-4gb with a restart (+$")
    assert question.count("resize ") == (2 if off else 1), "one that is off needs no restart"
    assert desk.posted() == []
    desk.clock.advance(TOO_SOON_S)
    go._button.click()
    desk.run(300.0)
    (work,) = panel.model.works
    assert work.summary() == f"Resize {len(on + off)} droplets to s-2vcpu-4gb: {len(on + off)} completed"
    steps = [word for word, how in work.entry(on[0]).steps if how == "done"]
    assert steps == ["shut down", "resize", "power on"]
    for key in (*on, *off):
        droplet = desk.client.droplets.get(key)
        assert (droplet.size_slug, droplet.active) == ("s-2vcpu-4gb", key in on)
    desk.run(60.0)
    assert panel.model.fleet.cells[on[0]][4] == "s-2vcpu-4gb"


def test_only_sizes_that_fit_all_selected_are_offered_and_another_selection_another_list(desk):
    panel = desk.open()
    rows = [*desk.watch.state.droplets.values()]
    one, other = (choose(rows, key=lambda row: row["disk"]) for choose in (min, max))
    sold = {row.slug: row for row in desk.client.sizes.list()}
    panel.select([one["id"]])
    chosen(desk, "s-4vcpu-8gb")
    alone = {slug for _, slug in panel._forms[1]._sizes.options}
    panel.select([one["id"], other["id"]])
    both = {slug for _, slug in panel._forms[1]._sizes.options}
    assert both < alone
    for slug in both:
        assert {one["region"]["slug"], other["region"]["slug"]} <= {*sold[slug].regions}
        assert sold[slug].disk >= other["disk"] > one["disk"]


def test_another_selection_size_or_disk_takes_the_question_of_a_resize_back(desk):
    panel = desk.open()
    ids = active(desk, 3)
    panel.select(ids)
    go = chosen(desk, "s-4vcpu-8gb")
    for change in (
        lambda: panel.select(ids[:2]),
        lambda: panel.model.choose_size("s-8vcpu-16gb"),
        lambda: panel.model.choose_disk(with_disk=True),
    ):
        go._button.click()
        assert go._button.description.startswith("Confirm: ")
        desk.clock.advance(TOO_SOON_S)
        change()
        assert not go._button.description.startswith("Confirm: ")
    assert desk.posted() == []


def test_snapshots_that_add_more_than_the_limit_are_asked_about(desk):
    panel = desk.open()
    panel.select(active(desk, 3))
    panel.model.fleet.price_limit_usd_month = lambda: 3.0
    desk.click("snapshot")
    panel.model.go()
    go = panel._forms[0]._go._button
    assert go.description.startswith("Confirm: snapshot 3 droplets (+$")
    assert "pnb-asking" in go._dom_classes
    assert desk.posted() == []
    desk.clock.advance(TOO_SOON_S)
    panel.model.go()
    assert len(desk.posted()) == 3


def test_a_work_of_many_shows_the_failed_first():
    work = FleetWork(Order("reboot", tuple({"id": key, "name": f"web-{key}"} for key in range(200))))
    (chain,) = action_chains([{"id": 150, "name": "web-150"}], "reboot")
    failed = Outcome(chain[0], chain[0].targets[0], "failed", error=PoseidonError("no"))
    work.tell(150, ChainRun(chain, at=1, ended=True, outcomes=[failed], error=failed.error))
    assert work.entries()[0][0] == 150
    assert len(work.entries()) == 60
    assert work.summary() == "Reboot 200 droplets: 199 to be sent, 1 failed"


def test_a_row_that_says_completed_has_a_full_bar():
    (chain,) = action_chains([{"id": 1, "name": "web-1"}], "shutdown")
    entry = Entry("Shut down web-1", ChainRun(chain, told={5: Progress(5, "shutdown", "completed", 8)}))
    assert entry.state == "running"
    assert (entry.row.fraction, entry.row.words) == (1.0, "✓ completed in 8 s")


def test_between_two_steps_a_row_is_not_completed():
    chain = (*action_chains([{"id": 1, "name": "web-1"}], "shutdown")[0], *action_chains([{"id": 1}], "power_on")[0])
    done = [Outcome(chain[0], chain[0].targets[0], "completed")]
    entry = Entry(
        "Restart web-1", ChainRun(chain, at=1, told={5: Progress(5, "shutdown", "completed", 8)}, outcomes=done)
    )
    assert entry.state == "running"
    assert "completed" not in entry.row.words
