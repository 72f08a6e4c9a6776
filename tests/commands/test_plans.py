"""`%do plans`: what was begun and not seen to its end; and the changes of earlier kernels in `%do log`."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from poseidon_nb.client.engine.droplet_steps import create_steps
from poseidon_nb.commands.do_session import DoSession
from poseidon_nb.errors import ConfirmationRequired, InvalidArgument, NoSuchName
from poseidon_nb.frames.schemas import DERIVED_TABLES
from poseidon_nb.magics.do import run_line
from poseidon_nb.plans import journal_records, user_state
from poseidon_nb.plans.journal import unfinished_plans
from poseidon_nb.plans.journal_files import PlanFiles
from poseidon_nb.plans.user_state import state_dir
from poseidon_nb.transport.change_log import LoggedChange


@pytest.fixture(autouse=True)
def _nothing_runs_of_other_tests():
    journal_records._running.clear()


def interrupted(desk, chains, title="droplets resize web-1"):
    record = desk.session.client().engine.recorder.begin(chains, title)
    record.detach()
    return record.id


def resize_of(desk, name="web-1"):
    (chain,) = desk.do(f"droplets resize {name} --size s-4vcpu-8gb --restart --plan").chains
    return chain


def test_without_plans_there_is_a_line_and_nothing_is_sent(desk):
    assert desk.do("plans") is None
    assert desk.ui.said == ["No plans are running or interrupted on this machine."]
    assert desk.do("plans resume") is None
    assert desk.ui.said[-1] == "No plan of this account was interrupted. See %do plans"
    assert desk.sent() == []
    desk.do("plans stop")
    assert desk.ui.said[-1] == "Nothing is running in the background of this kernel."


def test_a_plan_is_listed_with_how_far_it_got(desk):
    chain = resize_of(desk)
    plan_id = interrupted(desk, [chain])
    running = desk.session.client().engine.recorder.begin([chain], "another")
    frame = desk.do("plans list")
    assert [*frame.columns] == [column.name for column in DERIVED_TABLES["plans"].columns]
    assert [str(frame[column.name].dtype) for column in DERIVED_TABLES["plans"].columns] == [
        column.dtype for column in DERIVED_TABLES["plans"].columns
    ]
    # The service's clock tells whole seconds, so that two of one second may stand in either order.
    first, second = sorted(frame.to_dict("records"), key=lambda row: row["state"])
    assert (first["id"], first["state"], first["title"]) == (plan_id, "interrupted", "droplets resize web-1")
    assert (first["account"], first["steps"], first["completed"], first["remaining"]) == ("SANDBOX", 4, 0, 4)
    assert abs(first["started_at"] - desk.session.clock.now()) < timedelta(seconds=2)
    assert (second["id"], second["state"]) == (running.id, "running here")


def test_a_damaged_file_is_one_row(desk):
    interrupted(desk, [resize_of(desk)])
    (PlanFiles().directory / "bad.jsonl").write_text("{}\n")
    frame = desk.do("plans")
    assert frame["state"].to_list() == ["interrupted", "damaged"]
    assert "KeyError" in frame["note"].to_list()[1]


def test_without_an_account_plans_are_another_account_s(desk, clock):
    interrupted(desk, [resize_of(desk)])
    frame = run_line("plans --all", session=DoSession(clock), ui=desk.ui)
    assert frame["state"].to_list() == ["other account"]


def test_plans_and_changes_in_other_sandboxes_are_counted_and_listed_on_request(desk, clock, monkeypatch):
    interrupted(desk, [resize_of(desk)])
    other = DoSession(clock)
    assert run_line("plans", session=other, ui=desk.ui) is None
    assert desk.ui.said[-1].startswith("1 plan of other sandboxes is not listed. Use --all")
    desk.do("droplets tag web-1 --tag-name one")
    monkeypatch.setitem(user_state._kernel_ids, os.getpid(), "another")
    assert run_line("log", session=other, ui=desk.ui) is None
    assert desk.ui.said[-1].startswith("Not listed: 2 changes of other kernels in sandboxes.")
    assert len(run_line("log --all", session=other, ui=desk.ui)) == 2


def test_a_resume_asks_as_the_plan_would_and_does_nothing_after_a_no(desk):
    plan_id = interrupted(desk, [resize_of(desk)])
    desk.sent()
    desk.ui.answer = False
    with pytest.raises(ConfirmationRequired):
        desk.do("plans resume")
    (question,) = desk.ui.questions
    assert question.startswith("SANDBOX: resize")
    assert "web-1" in question
    assert "$" in question
    assert desk.changes() == []
    assert [one.id for one in unfinished_plans(None)] == [plan_id]


def test_a_resume_does_what_is_left_and_gives_the_outcomes(desk):
    interrupted(desk, [resize_of(desk)])
    frame = desk.do("plans resume --yes")
    row = frame.to_dict("records")[0]
    assert (row["name"], row["action"], row["status"]) == ("web-1", "resize", "completed")
    droplet = desk.session.client().droplets.by_name("web-1")
    assert (droplet.status, droplet.size_slug) == ("active", "s-4vcpu-8gb")
    assert desk.do("plans") is None


def test_a_resume_shows_what_the_plan_had_to_say(desk):
    plan = desk.do("droplets freeze legacy-reports --plan")
    assert any("Its snapshot costs at most" in note for note in plan.notes)
    record = desk.session.client().engine.recorder.begin(
        plan.chains, plan.title, [*plan.notes, "password=hunter2hunter2"]
    )
    record.detach()
    desk.do("plans resume --yes")
    assert desk.ui.shown[-1].notes[-len(plan.notes) :] == plan.notes, "and nothing that may be secret"


def test_a_plan_that_runs_is_recorded_with_what_it_had_to_say(desk):
    plan = desk.do("droplets freeze legacy-reports --plan")
    plan.run(wait=False)
    (running,) = unfinished_plans(None)
    assert running.entry.notes == plan.notes


def test_a_dry_run_of_a_resume_shows_what_it_sends(desk):
    plan_id = interrupted(desk, [resize_of(desk)])
    desk.sent()
    assert desk.do("plans resume --dry-run") is None
    assert desk.ui.said[-1].count("POST /v2/droplets/") == 4
    assert desk.changes() == []
    assert unfinished_plans(None)[0].id == plan_id
    with pytest.raises(InvalidArgument, match="Use --dry-run to show what remains"):
        desk.do("plans resume --plan")
    assert [one.state for one in unfinished_plans(None)] == ["other account"]


def test_nothing_left_is_said_and_the_plan_is_closed(desk):
    client = desk.session.client()
    body = {"size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "nyc3"}
    record = client.engine.recorder.begin([tuple(create_steps(["made-1"], body, single=True))], "t")
    record.sending(0, 0)
    record.detach()
    client.droplets.create(name="made-1", **body)
    desk.sent()
    assert desk.do("plans resume") is None
    assert desk.ui.said[-1] == f"No steps of {record.id} remain."
    assert desk.changes() == []
    assert desk.do("plans") is None


def test_a_plan_is_forgotten_by_its_id(desk):
    plan_id = interrupted(desk, [resize_of(desk)])
    desk.do(f"plans forget {plan_id}")
    assert desk.ui.said[-1] == f"Removed plan {plan_id} from the list."
    with pytest.raises(NoSuchName, match=f"Plan '{plan_id}' not found"):
        desk.do(f"plans forget {plan_id}")


def test_the_log_shows_the_changes_of_earlier_kernels_too(desk, monkeypatch):
    desk.do("droplets tag web-1 --tag-name one")
    monkeypatch.setitem(user_state._kernel_ids, os.getpid(), "another")
    desk.do("droplets tag web-1 --tag-name two")
    for log in desk.session._change_logs:
        # As in a new process: what is in memory was done by another one.
        log._changes.clear()
    desk.do("droplets tag web-1 --tag-name three")
    monkeypatch.setitem(user_state._kernel_ids, os.getpid(), "a third")
    for log in desk.session._change_logs:
        log._changes.clear()
    frame = desk.do("log --all")
    requests = [line for line in frame["request"] if "/resources" in line]
    assert requests == [f"POST /v2/tags/{tag}/resources" for tag in ("one", "two", "three")]
    assert frame["status"].notna().all()


def test_damaged_lines_of_the_log_are_left_out_and_old_days_removed(desk, clock):
    folder = state_dir() / "changes"
    user_state.save_change(change_at(clock.now() - timedelta(days=40)))
    user_state.save_change(change_at(clock.now()))
    assert len([*folder.iterdir()]) == 1
    with next(folder.iterdir()).open("ab") as file:
        file.write(b'\xff\n[]\n{"kernel": "x"}\n{"ker')
    assert user_state.earlier_changes() == []
    user_state._kernel_ids[os.getpid()] = "another"
    try:
        assert user_state.earlier_changes() == [change_at(clock.now())]
    finally:
        del user_state._kernel_ids[os.getpid()]


def change_at(time):
    return LoggedChange(time, "SANDBOX", "POST", "/v2/tags", "tags_create", "r", 201, "completed 201")
