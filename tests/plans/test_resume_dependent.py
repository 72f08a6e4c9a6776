"""Resuming plans whose chains wait for others: at every point where the kernel may have been killed, the end is the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from poseidon_nb.client.engine.droplet_steps import create_steps, delete_step, snapshot_step
from poseidon_nb.client.engine.steps import Outcome, Reference, Step, Target
from poseidon_nb.errors import PoseidonError
from poseidon_nb.plans import journal_records
from poseidon_nb.plans.builders import create_tag_step
from poseidon_nb.plans.journal import connect, unfinished_plans
from poseidon_nb.plans.resume import lock_interrupted, run_remaining
from poseidon_nb.plans.user_state import account_key
from poseidon_nb.sandbox import Sandbox

ID, ADDRESS = "<id of web-9>", "<address of web-9>"
BODY = {"size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "nyc3"}


@pytest.fixture(autouse=True)
def _no_running_plans_of_other_tests():
    journal_records._running.clear()


@pytest.fixture
def client(clock):
    with Sandbox(droplets=6, lag_s=4.0, clock=clock) as sandbox, connect(sandbox, clock=clock) as client:
        client.sandbox = sandbox
        yield client


def chains(client, *before):
    """Return a droplet, a record with its address, a tag for it, and a tag that waits until the record is there.

    Steps given run before the one that creates the droplet.
    """
    create, at = create_steps(["web-9"], BODY, single=True)[0], len(before)
    record = Step(
        verb="create",
        targets=(Target("record", None, "web-9.example.com"),),
        request=client.request(
            "domains_create_record", domain_name="example.com", type="A", name="web-9", data=ADDRESS
        ),
        references=(Reference(ADDRESS, 0, "public_ipv4", at),),
    )
    tag = Step(
        verb="tag",
        targets=(Target("droplet", ID, "web-9"),),
        request=client.request(
            "tags_assign_resources", tag_id="fresh", resources=[{"resource_id": ID, "resource_type": "droplet"}]
        ),
        references=(Reference(ID, 0, "id_text", at),),
    )
    last = Step(
        verb="create",
        targets=(Target("tag", None, "done"),),
        request=client.request("tags_create", name="done"),
        references=(Reference("", 1),),
    )
    return [(*before, create, tag), (record,), (last,)]


def abandon_after(client, planned, ticks):
    """Run chains for some ticks, and leave them as a killed kernel does; return whether they had ended."""
    execution = client.engine._execution(planned, title="t")
    for _ in range(ticks):
        execution.tick()
        if execution.done:
            return True
        if execution.sending:
            execution.wait_for_answer(5)
        else:
            client.clock.advance(2)
    while execution.sending and execution._results.qsize() < sum(run.sending for run in execution.chains):
        execution.wait_for_answer(0.05)
    record = execution._record
    if record is not None:
        journal_records._running.pop(record.id, None)
        record._file.release()
    return False


def resume(client):
    with lock_interrupted(client) as left:
        return run_remaining(client, left)[1]


def test_wherever_it_was_killed_the_end_is_the_same_and_nothing_is_done_twice(clock):
    ends = []
    for ticks in range(1, 60):
        with Sandbox(droplets=6, lag_s=4.0, clock=clock) as sandbox, connect(sandbox, clock=clock) as client:
            client.domains.create(name="example.com")
            client.tags.create("fresh")
            sandbox._dispatcher.log.clear()
            over = abandon_after(client, chains(client, create_tag_step("first")), ticks)
            clock.advance(120)
            outcomes = [] if over else resume(client)
            droplets = [one for one in client.droplets.list() if one.name == "web-9"]
            records = [one for one in client.domains.get("example.com").records.list() if one.name == "web-9"]
            sent = [one.path for one in sandbox.requests if one.method == "POST" and one.status < 300]
            assert len(droplets) == 1, (ticks, outcomes)
            assert [one.data for one in records] == [droplets[0].ip_address], (ticks, outcomes)
            assert "fresh" in droplets[0].tags, (ticks, outcomes)
            assert "done" in {one.name for one in client.tags.list()}, (ticks, outcomes)
            # To create or add a tag again changes nothing.
            once = [path for path in sent if "/tags" not in path]
            assert sorted(once) == sorted({*once}), (ticks, sent)
            assert unfinished_plans(account_key(client)) == [], ticks
            ends.append(over)
            if over:
                break
    assert ends.count(False) > 3


def test_a_droplet_is_not_destroyed_by_a_resume_without_its_snapshot(client):
    droplet = next(one for one in client.droplets.list() if one.active)
    droplet.power_off()
    row = droplet.refresh().to_dict()
    chain = (snapshot_step(row, "kept"), replace(delete_step(row), snapshot="kept"))
    record = client.engine.recorder.begin([chain], "t")
    record.sending(0, 0)
    record.accepted(0, 0, target_ids=[droplet.id], actions=[])
    record.ended(0, 0, [])
    record.detach()
    outcomes = resume(client)
    assert droplet.id in {one.id for one in client.droplets.list()}
    assert "is not complete" in str(outcomes[-1].error)


def test_what_needs_a_chain_that_cannot_run_is_not_resumed_either(client):
    create, record, last = chains(client)
    record_of_gone = [tuple(replace(step, references=()) for step in last)]
    failed = client.engine.recorder.begin([create, record, last, *record_of_gone], "t")
    failed.sending(0, 0)
    failed.ended(0, 0, [Outcome(create[0], create[0].targets[0], "failed", error=PoseidonError("No."))])
    failed.detach()
    outcomes = resume(client)
    assert [one.step.label for one in outcomes] == ["create done"]
    assert not any("<" in one.path for one in client.sandbox.requests)


def test_an_action_on_a_droplet_whose_creation_is_unknown_is_not_looked_for(client):
    """The droplet may be there or not, and its id is known to nobody: a placeholder stands for it."""
    create = create_steps(["web-9"], BODY, single=True)
    power_off = Step(
        verb="power_off",
        targets=(Target("droplet", ID, "web-9"),),
        request=client.request("dropletActions_post", droplet_id=1, type="power_off"),
        awaits="action",
        references=(Reference(ID, 0),),
    )
    power_off = replace(power_off, request=replace(power_off.request, path=f"/v2/droplets/{ID}/actions"))
    record = client.engine.recorder.begin([create, (power_off,)], "t")
    record.sending(0, 0)
    record.sending(1, 0)
    record.detach()
    outcomes = resume(client)
    assert [(one.step.verb, one.status) for one in outcomes] == [("create", "completed"), ("power_off", "completed")]
    assert client.droplets.by_name("web-9").status == "off"


def test_a_resource_that_was_deleted_meanwhile_does_not_stop_the_rest(client):
    client.domains.create(name="example.com")
    planned = chains(client)
    droplet = client.droplets.create(name="web-9", **BODY)
    record = client.engine.recorder.begin([*planned, tuple(replace(one, references=()) for one in planned[2])], "t")
    record.sending(0, 0)
    record.accepted(0, 0, target_ids=[droplet.id], actions=[])
    record.ended(0, 0, [Outcome(planned[0][0], planned[0][0].targets[0], "completed")])
    record.detach()
    droplet.delete()
    outcomes = resume(client)
    assert "done" in {one.name for one in client.tags.list()}
    assert "completed" in {one.status for one in outcomes}
