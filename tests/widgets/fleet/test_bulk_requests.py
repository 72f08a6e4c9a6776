"""Requests in the fleet's panel: what is sent, what is waited for, and the row of each droplet."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from poseidon_nb.client.actions.progress import Estimate, Progress
from poseidon_nb.client.client import connect
from poseidon_nb.client.engine.execution import ChainRun
from poseidon_nb.client.engine.steps import Outcome
from poseidon_nb.errors import PoseidonError
from poseidon_nb.plans.builders import action_chains
from poseidon_nb.widgets.chain_progress import ChainProgress
from poseidon_nb.widgets.click_confirmation import MIN_CONFIRM_DELAY_S
from poseidon_nb.widgets.droplets.bulk_progress import BulkProgress
from poseidon_nb.widgets.droplets.panel import DropletPanel
from poseidon_nb.widgets.droplets.requests import BulkRequest
from tests.widgets.fleet.conftest import active, chosen


def test_a_double_click_does_not_confirm_if_a_large_table_shows_the_question_slowly(desk, monkeypatch):
    panel = desk.open()
    panel.select(active(desk, 3))
    show = panel._table.show
    monkeypatch.setattr(panel._table, "show", lambda rows: (desk.clock.advance(2 * MIN_CONFIRM_DELAY_S), show(rows)))
    desk.click("power_off")
    desk.click("power_off")
    panel.model.press("resize")
    panel.model.choose_size("s-8vcpu-16gb")
    panel.model.submit()
    panel.model.submit()
    assert desk.posted() == []


def test_fifty_droplets_with_three_failures_have_a_row_each_and_a_summary(desk):
    panel = desk.open()
    ids = active(desk, 50)
    bad = ids[10:13]
    for key in bad:
        desk.sandbox.fault("status", status=503, path=f"/v2/droplets/{key}/actions", method="POST", times=20)
    panel.select(ids)
    desk.confirm("power_off")
    desk.run(120.0)
    (progress,) = panel.model.activity
    assert progress.summary() == "Power off 50 droplets: 47 completed, 3 unknown"
    assert {*progress.failed_keys} == {*bad}
    rows = panel._progress[progress]
    assert len(rows._row_box.children) == 50
    first = rows._row_box.children[0].value
    assert "pnb-error" in first
    assert "request" in first
    assert {desk.monitor.state.droplets[key]["status"] for key in ids if key not in bad} == {"off"}
    assert {desk.monitor.state.droplets[key]["status"] for key in bad} == {"active"}


def test_exactly_the_selected_droplets_are_acted_upon_once_each(desk):
    panel = desk.open()
    ids = active(desk, 5)
    panel.select(ids)
    desk.confirm("reboot")
    desk.click("reboot")
    assert sorted(desk.posted()) == sorted(f"/v2/droplets/{key}/actions" for key in ids)


def test_an_action_that_fails_is_red_and_can_be_retried(desk):
    panel = desk.open()
    (key,) = active(desk, 1)
    desk.sandbox.fault("action_errored", action="reboot", times=1)
    panel.select([key])
    desk.confirm("reboot")
    desk.run(60.0)
    (progress,) = panel.model.activity
    assert progress.summary().endswith(": failed")
    panel._progress[progress]._retry._button.click()
    desk.run(60.0)
    assert progress.summary().endswith(": completed")


def test_failures_are_retried_only_where_the_verb_is_still_possible(desk):
    panel = desk.open()
    first, second = active(desk, 2)
    desk.sandbox.fault("status", status=422, method="POST", message="Not today", times=2)
    panel.select([first, second])
    desk.confirm("reboot")
    (progress,) = panel.model.activity
    with connect(desk.sandbox, clock=desk.clock) as other:
        other.droplets.get(first).power_off()
    desk.run(60.0)
    panel.model.retry(progress)
    assert progress.summary() == "Reboot 2 droplets: 1 in progress, 1 failed"
    desk.run(60.0)
    panel.model.retry(progress)
    assert "Not retried: it is off." in panel.model.notices()
    assert len(desk.posted()) == 4, "two refused, one by the other client, and one retry"


def test_another_panel_of_the_account_shows_a_request_at_once(desk):
    panel = desk.open()
    ids = active(desk, 3)
    other = DropletPanel(desk.client.droplets.get(ids[0]))
    # Between two polls, so that neither panel would read the account by itself.
    desk.run(66.0)
    panel.select(ids)
    desk.confirm("reboot")
    desk.run(1.0)
    assert [progress.request.title.split()[0] for progress in other.model.activity] == ["Reboot"]
    assert all("reboot" in panel.model.fleet.cells[key][2] for key in ids)
    other.close()


def test_a_busy_droplet_is_waited_for_and_then_acted_upon(desk):
    panel = desk.open()
    first, second = active(desk, 2)
    with connect(desk.sandbox, clock=desk.clock) as other:
        other.droplets.get(first).take_snapshot("before", wait=False)
    panel.select([first, second])
    desk.confirm("reboot")
    desk.run(1.0)
    (progress,) = panel.model.activity
    assert progress.row(first).row.text == "waiting for its snapshot action to finish"
    assert progress.summary() == "Reboot 2 droplets: 1 waiting for another action, 1 in progress"
    desk.run(300.0)
    assert progress.summary() == "Reboot 2 droplets: 2 completed"
    assert [one.type for one in desk.client.droplets.get(first).actions()][:2] == ["reboot", "snapshot"]


def test_the_form_names_the_droplets_that_start_later(desk):
    panel = desk.open()
    first, second = active(desk, 2)
    name = desk.client.droplets.get(first).name
    with connect(desk.sandbox, clock=desk.clock) as other:
        other.droplets.get(first).take_snapshot("before", wait=False)
    desk.run(60.0)
    panel.select([first, second])
    panel.model.press("snapshot")
    assert f"Starts for {name} after its current action has finished." in panel.model.form_notes()
    panel.model.close_form()
    panel.select([first])
    panel.model.press("snapshot")
    assert "Starts after its snapshot action has finished." in panel.model.form_notes()


def test_a_droplet_with_another_status_once_it_is_free_is_left_unchanged(desk):
    panel = desk.open()
    (key,) = active(desk, 1)
    with connect(desk.sandbox, clock=desk.clock) as other:
        other.droplets.get(key).shutdown(wait=False)
    panel.select([key])
    desk.confirm("reboot")
    desk.run(60.0)
    (progress,) = panel.model.activity
    assert progress.text().endswith(": unchanged: already off; nothing was sent")
    assert (progress.failed_keys, progress.retryable_keys) == ([], [])
    assert desk.client.droplets.get(key).actions()[0].type == "shutdown"


def test_a_request_that_may_have_been_executed_offers_no_retry(desk):
    panel = desk.open()
    panel.select(active(desk, 1))
    desk.sandbox.fault("status", status=504, method="POST")
    desk.click("snapshot")
    panel.model.submit()
    (progress,) = panel.model.activity
    assert progress.failed_keys
    assert progress.retryable_keys == []


def test_an_unexpected_failure_ends_its_row_and_frees_its_droplet(desk, monkeypatch):
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
    (progress,) = panel.model.activity
    assert progress.summary() == "Reboot 2 droplets: 1 completed, 1 unknown"
    assert "KeyError" in progress.row(key).text()
    assert progress.retryable_keys == []
    assert len(panel.model.fleet.eligible("reboot")) == 2


def test_a_rate_limit_is_shown_in_the_row_and_survived(desk):
    panel = desk.open()
    (key,) = active(desk, 1)
    desk.sandbox.fault("status", status=429, retry_after_s=7, method="POST", times=1)
    said = []
    panel.model._on_row_change = lambda progress, droplet_id: said.append(progress.row(droplet_id).row.text)
    panel.select([key])
    desk.confirm("reboot")
    assert said[0] == "waiting 7 s: rate limit"
    desk.run(60.0)
    assert panel.model.activity[0].summary().endswith(": completed")


def test_snapshots_of_many_begin_with_the_name_of_their_droplet(desk):
    panel = desk.open()
    ids = active(desk, 3)
    panel.select(ids)
    desk.click("snapshot")
    form = panel._forms[0]
    assert form._name.value == "2026-11-23-1200"
    form._name.value = "before the upgrade"
    names = [desk.monitor.state.droplets[key]["name"] for key in ids]
    assert f"Snapshot names: {names[0]}-before the upgrade, " in form._notes.value
    assert "A snapshot costs $0.06 a month per GB of data" in form._notes.value
    assert form._submit._button.description == "Take 3 snapshots"
    form._submit._button.click()
    form._submit._button.click()
    desk.run(900.0)
    assert panel.model.activity[0].summary() == "Snapshot 3 droplets: 3 completed"
    assert len(desk.posted()) == 3
    made = [one.name for key in ids for one in desk.client.droplets.get(key).snapshots()]
    assert {f"{name}-before the upgrade" for name in names} <= {*made}


def test_a_snapshot_without_a_name_is_not_taken(desk):
    panel = desk.open()
    panel.select(active(desk, 2))
    desk.click("snapshot")
    panel._forms[0]._name.value = " "
    assert panel._forms[0]._submit._button.disabled
    panel.model.submit()
    assert desk.posted() == []


def test_a_resize_of_many_is_a_sequence_for_each_running_droplet(desk):
    panel = desk.open()
    rows = [row for row in desk.monitor.state.droplets.values() if row["size_slug"] == "s-1vcpu-1gb"]
    on = [row["id"] for row in rows if row["status"] == "active"][:2]
    off = [row["id"] for row in rows if row["status"] == "off"][:1]
    panel.select([*on, *off])
    submit = chosen(desk, "s-2vcpu-4gb")
    said = panel._forms[1]._consequences.value
    assert "are active: each is shut down, resized and powered on again" in said
    assert submit._button.description == f"Resize {len(on + off)} droplets to s-2vcpu-4gb"
    submit._button.click()
    question = panel._forms[1]._question.value
    assert f"SANDBOX: resize {len(on)} droplets to s-2vcpu-4gb with a restart (+$" in question
    assert question.count("resize ") == (2 if off else 1), "a droplet that is off needs no restart"
    assert desk.posted() == []
    desk.clock.advance(MIN_CONFIRM_DELAY_S)
    submit._button.click()
    desk.run(300.0)
    (progress,) = panel.model.activity
    assert progress.summary() == f"Resize {len(on + off)} droplets to s-2vcpu-4gb: {len(on + off)} completed"
    steps = [word for word, how in progress.row(on[0]).steps if how == "done"]
    assert steps == ["shut down", "resize", "power on"]
    for key in (*on, *off):
        droplet = desk.client.droplets.get(key)
        assert (droplet.size_slug, droplet.active) == ("s-2vcpu-4gb", key in on)
    desk.run(60.0)
    assert panel.model.fleet.cells[on[0]][4] == "s-2vcpu-4gb"


def offered(panel) -> set[str]:
    return {row["slug"] for row in panel._forms[1]._sizes.rows if row["enabled"]}


def test_only_sizes_that_fit_all_selected_droplets_are_offered(desk):
    panel = desk.open()
    rows = [*desk.monitor.state.droplets.values()]
    one, other = (choose(rows, key=lambda row: row["disk"]) for choose in (min, max))
    sold = {row.slug: row for row in desk.client.sizes.list()}
    panel.select([one["id"]])
    chosen(desk, "s-4vcpu-8gb")
    alone = offered(panel)
    panel.select([one["id"], other["id"]])
    both = offered(panel)
    assert both < alone
    for slug in both:
        assert {one["region"]["slug"], other["region"]["slug"]} <= {*sold[slug].regions}
        assert sold[slug].disk >= other["disk"] > one["disk"]


def test_another_selection_size_or_disk_closes_the_question_of_a_resize(desk):
    panel = desk.open()
    ids = active(desk, 3)
    panel.select(ids)
    submit = chosen(desk, "s-4vcpu-8gb")
    for change in (
        lambda: panel.select(ids[:2]),
        lambda: panel.model.choose_size("s-8vcpu-16gb"),
        lambda: panel.model.choose_disk(with_disk=True),
    ):
        submit._button.click()
        assert submit._button.description == "Confirm"
        assert panel._forms[1]._question.value.startswith("SANDBOX: resize ")
        desk.clock.advance(MIN_CONFIRM_DELAY_S)
        change()
        assert submit._button.description.startswith("Resize ")
        assert panel._forms[1]._question.value == ""
    assert desk.posted() == []


def test_snapshots_that_cost_more_than_the_limit_need_a_confirmation(desk):
    panel = desk.open()
    panel.select(active(desk, 3))
    panel.model.fleet.price_limit_usd_month = lambda: 3.0
    desk.click("snapshot")
    panel.model.submit()
    submit = panel._forms[0]._submit._button
    assert submit.description.startswith("Confirm: snapshot 3 droplets (+$")
    assert "pnb-confirming" in submit._dom_classes
    assert desk.posted() == []
    desk.clock.advance(MIN_CONFIRM_DELAY_S)
    panel.model.submit()
    assert len(desk.posted()) == 3


def test_bulk_progress_shows_failures_first():
    progress = BulkProgress(BulkRequest("reboot", tuple({"id": key, "name": f"web-{key}"} for key in range(200))))
    (chain,) = action_chains([{"id": 150, "name": "web-150"}], "reboot")
    failed = Outcome(chain[0], chain[0].targets[0], "failed", error=PoseidonError("no"))
    progress.update(150, ChainRun(chain, position=1, ended=True, outcomes=[failed], error=failed.error))
    assert progress.rows()[0][0] == 150
    assert len(progress.rows()) == 60
    assert progress.summary() == "Reboot 200 droplets: 199 pending, 1 failed"


def test_a_completed_row_has_a_full_bar():
    (chain,) = action_chains([{"id": 1, "name": "web-1"}], "shutdown")
    entry = ChainProgress("Shut down web-1", ChainRun(chain, progress={5: Progress(5, "shutdown", "completed", 8)}))
    assert entry.state == "running"
    assert (entry.row.fraction, entry.row.text) == (1.0, "✓ completed in 8 s")


def test_between_two_steps_a_row_is_not_completed():
    chain = (*action_chains([{"id": 1, "name": "web-1"}], "shutdown")[0], *action_chains([{"id": 1}], "power_on")[0])
    done = [Outcome(chain[0], chain[0].targets[0], "completed")]
    entry = ChainProgress(
        "Restart web-1",
        ChainRun(chain, position=1, progress={5: Progress(5, "shutdown", "completed", 8)}, outcomes=done),
    )
    assert entry.state == "running"
    assert "completed" not in entry.row.text


def test_the_bar_of_a_group_is_the_mean_of_its_members(desk):
    panel = desk.open()
    ids = active(desk, 4)
    desk.sandbox.fault("action_errored", action="reboot", times=1)
    panel.select(ids)
    desk.confirm("reboot")
    (progress,) = panel.model.activity
    means = []
    for _ in range(400):
        desk.run(0.25)
        shown = [1.0 if one.ended else one.row.fraction or 0.0 for _, one in progress.rows()]
        assert progress.percent == pytest.approx(100 * sum(shown) / 4, abs=1)
        means.append(progress.percent)
        if progress.ended:
            break
    assert progress.failed_keys
    assert means[-1] == 100
    assert any(0 < mean < 25 for mean in means), "it moves before the first of them has ended"


def test_the_bar_of_a_large_group_is_full_only_once_all_have_ended():
    count = 5_000
    progress = BulkProgress(BulkRequest("reboot", tuple({"id": key, "name": f"web-{key}"} for key in range(count))))
    (chain,) = action_chains([{"id": 1, "name": "web-1"}], "reboot")
    running = ChainRun(chain, progress={5: Progress(5, "reboot", "in-progress", 8, Estimate(80, 3))})
    completed = ChainRun(chain, position=1, ended=True, outcomes=[Outcome(chain[0], chain[0].targets[0], "completed")])
    for key in range(count):
        progress.update(key, running)
    assert progress.percent == 10
    for key in range(count - 1):
        progress.update(key, completed)
    assert (progress.percent, progress.ended) == (99, False)
    assert "aria-valuenow='99'" in progress.summary_html()
    progress.update(count - 1, completed)
    assert (progress.percent, progress.ended) == (100, True)
    progress.restart([7])
    assert (progress.percent, progress.ended) == (99, False)
    assert progress.summary() == "Reboot 5,000 droplets: 1 pending, 4,999 completed"


def test_metrics_are_read_for_the_droplets_of_a_form_as_it_was_opened_and_not_for_many(desk):
    def metrics() -> set[str]:
        read = [one.query for one in desk.sandbox.requests if "/monitoring/metrics/" in one.path]
        return {parse_qs(query)["host_id"][0] for query in read}

    panel = desk.open()
    ids = active(desk, 30)
    panel.select(ids)
    desk.click("resize")
    assert desk.metrics_workers.queued == []
    assert "up to 10 droplets" in panel._forms[1]._advice.value
    desk.click("resize")
    panel.select(ids[:2])
    desk.click("resize")
    assert "reading the last 14 days" in panel._forms[1]._advice.value
    panel.select(ids)
    desk.metrics_workers.release()
    assert metrics() == {str(key) for key in ids[:2]}
    panel.select(ids[:2])
    assert panel._forms[1]._advice.value.startswith("Advised by the last 14 days: ")
