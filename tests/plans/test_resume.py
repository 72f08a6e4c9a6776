"""Resuming plans on a sandbox, after a kernel was killed or ended normally."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from contextlib import contextmanager

import pytest

from poseidon_nb.client.engine.droplet_steps import action_step, create_steps, resize_step, snapshot_step, with_restart
from poseidon_nb.client.engine.steps import Reference, Step, Target
from poseidon_nb.errors import ConfigurationError, NoSuchName, ShapeError
from poseidon_nb.plans import journal_records
from poseidon_nb.plans.journal import connect, unfinished_plans
from poseidon_nb.plans.journal_files import PlanFiles, PlanIsRunning
from poseidon_nb.plans.journal_records import resuming
from poseidon_nb.plans.resume import lock_interrupted, remaining_plan, run_remaining
from poseidon_nb.plans.user_state import account_key
from poseidon_nb.sandbox import Sandbox
from tests.client.test_garbled_responses import Between, page
from tests.faults.proxy import FaultPlan, Proxy

CHILD = textwrap.dedent("""
    import sys
    import poseidon_nb as po
    client = po.connect(token=sys.argv[2], base_url=sys.argv[1])
    print("ready", flush=True)
    exec(sys.argv[3])
    print("done", flush=True)
""")


@pytest.fixture(autouse=True)
def _no_running_plans_of_other_tests():
    journal_records._running.clear()


@pytest.fixture
def sandbox(clock):
    """A sandbox whose clock never really waits."""
    with Sandbox(droplets=6, lag_s=4.0, clock=clock) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox, clock):
    with connect(sandbox, clock=clock) as client:
        yield client


@pytest.fixture
def real_sandbox():
    """A sandbox for other processes, which have clocks of their own."""
    with Sandbox(droplets=6, speed=200) as sandbox:
        yield sandbox


@contextmanager
def kernel(sandbox, code):
    """Run code in another process, which is killed at the end if it is still running."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, sandbox.url, sandbox.token, code], stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout.readline() == "ready\n"
        yield child
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def wait_for(found, seconds=20.0):
    ends = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < ends
        time.sleep(0.002)


def resume(client):
    with lock_interrupted(client) as left:
        return run_remaining(client, left)


def running(client):
    """Return a running droplet."""
    return next(one for one in client.droplets.list() if one.status == "active" and one.size_slug.startswith("s-"))


def new_size(droplet):
    return "s-2vcpu-4gb" if droplet.size_slug != "s-2vcpu-4gb" else "s-4vcpu-8gb"


def test_a_killed_resize_is_resumed(real_sandbox):
    client = connect(real_sandbox)
    droplet = running(client)
    size = new_size(droplet)
    with kernel(real_sandbox, f"client.droplets.get({droplet.id}).resize('{size}', restart=True)") as child:
        wait_for(lambda: client.droplets.get(droplet.id).status == "off")
        child.send_signal(signal.SIGKILL)
        child.wait()
    (one,) = unfinished_plans(account_key(client))
    assert one.state == "interrupted"
    assert one.entry.title == f"droplets resize {droplet.name}"
    resume(client)
    droplet.refresh()
    assert (droplet.status, droplet.size_slug) == ("active", size)
    assert unfinished_plans(account_key(client)) == []


def interrupted(client, chains, title="t", *, sending=(), accepted=()):
    """Leave a plan in the journal as a killed kernel does, without sending any request."""
    record = client.engine.recorder.begin(chains, title)
    for place in sending:
        record.sending(*place)
    for place, things, actions in accepted:
        record.sending(*place)
        record.accepted(*place, target_ids=things, actions=actions)
    record.detach()
    return record.id


def test_a_create_without_a_response_is_found_and_not_sent_again(client):
    body = {"size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "nyc3"}
    steps = create_steps(["made-1", "made-2"], body, single=False)
    interrupted(client, [tuple(steps)], sending=[(0, 0)])
    client.api("POST", "/v2/droplets", body={**body, "names": ["made-1", "made-2"]})
    with lock_interrupted(client) as left:
        assert left[0].chains() == []
        _, outcomes = run_remaining(client, left)
    assert {outcome.status for outcome in outcomes} <= {"completed"}
    names = [one.name for one in client.droplets.list()]
    assert (names.count("made-1"), names.count("made-2")) == (1, 1)
    assert unfinished_plans(account_key(client)) == []


def test_a_plan_whose_progress_cannot_be_read_stays_for_later(sandbox, clock):
    between = Between(sandbox)
    with (
        Proxy(between, FaultPlan(1, rate=0.0, bursts=0.0), clients=1, limit_s=60) as proxy,
        connect(base_url=proxy.urls[0], token=sandbox.token, clock=clock) as client,
    ):
        droplet = running(client)
        row = droplet.to_dict()
        chains = [(action_step(row, "power_off"),), (snapshot_step(row, "kept"),)]
        id_ = interrupted(
            client, chains, sending=[(1, 0)], accepted=[((0, 0), [droplet.id], [droplet.actions()[0].id])]
        )
        of_droplet = f"/v2/droplets/{droplet.id}"
        for path in (r"/v2/actions/\d+", f"{of_droplet}/actions", f"{of_droplet}/snapshots"):
            for body in (b"{}", b"null"):
                between.spoil("GET", path, page(body))
                with pytest.raises(ShapeError):
                    resume(client)
                between.forget()
        assert [one.id for one in unfinished_plans(account_key(client))] == [id_]
        assert between.accepted() == []


def test_a_create_that_was_not_carried_out_is_sent_once(client):
    body = {"size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "nyc3"}
    interrupted(client, [tuple(create_steps(["made-1"], body, single=True))], sending=[(0, 0)])
    resume(client)
    assert [one.name for one in client.droplets.list()].count("made-1") == 1


def test_steps_that_are_not_resumed_keep_their_state_over_several_resumes(sandbox, client):
    droplet = running(client)
    row = droplet.to_dict()
    volume = Step(
        verb="create",
        targets=(Target("volume", None, "v"),),
        request=client.request("volumes_create", name="v", size_gigabytes=1, region="nyc3"),
    )
    size = new_size(droplet)
    chains = [with_restart(row, resize_step(row, size, disk=False)), (volume,)]
    plan_id = interrupted(client, chains, sending=[(1, 0)])
    for _ in range(2):
        resume(client)
        (one,) = unfinished_plans(account_key(client))
        assert (one.id, one.state) == (plan_id, "interrupted")
        assert "it may already have been done" in one.note
        assert (one.entry.steps, one.entry.left) == (5, 1)
    assert droplet.refresh().size_slug == size
    assert client.call("volumes_list") == [] or all(row["name"] != "v" for row in client.call("volumes_list"))
    assert [one.path for one in sandbox.requests if one.operation == "volumes_create"] == []


def test_a_plan_that_is_resumed_and_interrupted_again_keeps_its_id_and_remaining_steps(client):
    droplets = [one.to_dict() for one in client.droplets.list() if one.status == "active"][:2]
    for row in droplets:
        interrupted(client, [with_restart(row, resize_step(row, "s-4vcpu-8gb", disk=False))], row["name"])
    with lock_interrupted(client) as left:
        ids = [one.entry.id for one in left]
        plans = [one.as_resumed([chain for _, chain in one.chains()]) for one in left]
        chains = [chain for plan in plans for chain in plan.chains]
        with resuming(plans):
            record = client.engine.recorder.begin(chains, "t")
        assert {one.state for one in unfinished_plans(account_key(client))} == {"running here"}
        record.sending(1, 0)
        record.accepted(1, 0, target_ids=[droplets[1]["id"]], actions=[7])
        record.detach()
    first, second = [PlanFiles().read(plan_id) for plan_id in ids]
    assert (first.accepted, list(second.accepted), second.accepted[0, 0].actions) == ({}, [(0, 0)], (7,))
    assert [entry.chains for entry in (first, second)] == [(chain,) for chain in chains]


def test_a_reference_to_an_earlier_result_is_resolved(client):
    droplet = running(client)
    body = {"size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "nyc3"}
    create = create_steps(["web-4"], body, single=True)[0]
    tag = Step(
        verb="tag",
        targets=(Target("droplet", None, "web-4"),),
        request=client.request(
            "tags_assign_resources",
            tag_id="late",
            resources=[{"resource_id": "<id of web-4>", "resource_type": "droplet"}],
        ),
        references=(Reference("<id of web-4>", 0),),
    )
    client.call("tags_create", name="late")
    interrupted(client, [(create,), (tag,)], accepted=[((0, 0), [droplet.id], [])])
    with lock_interrupted(client) as left:
        (chain,) = remaining_plan(client, left, "t").chains
        assert chain[0].request.body["resources"][0]["resource_id"] == droplet.id


def test_a_power_on_follows_a_resize_that_is_refused(client):
    droplet = running(client)
    row = droplet.to_dict()
    chain = with_restart(row, resize_step(row, "s-no-such-size", disk=False))
    client.droplets.get(droplet.id).power_off()
    (action,) = [one for one in client.actions.list() if one.resource_id == droplet.id][:1]
    interrupted(client, [chain], accepted=[((0, 0), [droplet.id], [action.id])])
    outcomes = resume(client)[1]
    assert [(one.step.verb, one.status) for one in outcomes] == [("resize", "failed"), ("power_on", "completed")]
    assert droplet.refresh().active


def test_only_one_kernel_at_a_time_resumes_a_plan(real_sandbox):
    client = connect(real_sandbox)
    row = running(client).to_dict()
    plan_id = interrupted(client, [with_restart(row, resize_step(row, "s-4vcpu-8gb", disk=False))])
    code = f"""
from poseidon_nb.plans.resume import lock_interrupted, remaining_plan, run_remaining
with lock_interrupted(client, ["{plan_id}"]) as left:
    print("held", flush=True)
    import time; time.sleep(60)
"""
    with kernel(real_sandbox, code) as child:
        assert child.stdout.readline() == "held\n"
        assert [one.state for one in unfinished_plans(account_key(client))] == ["running in another kernel"]
        with pytest.raises(PlanIsRunning, match="running in another kernel"), lock_interrupted(client, [plan_id]):
            pass
        with lock_interrupted(client) as left:
            assert left == []
    with lock_interrupted(client, [plan_id]) as left:
        assert [one.entry.id for one in left] == [plan_id]


def test_a_plan_of_another_account_and_an_unknown_plan_are_refused(client, clock):
    row = running(client).to_dict()
    plan_id = interrupted(client, [with_restart(row, resize_step(row, "s-4vcpu-8gb", disk=False))])
    with Sandbox(droplets=1, clock=clock) as other:
        stranger = connect(other, clock=clock)
        with pytest.raises(ConfigurationError, match="another account"), lock_interrupted(stranger, [plan_id]):
            pass
        with lock_interrupted(stranger) as left:
            assert left == []
    with pytest.raises(NoSuchName, match="Plan 'zzzzz' not found"), lock_interrupted(client, ["zzzzz"]):
        pass


def test_a_plan_with_secrets_is_not_resumed(sandbox, client):
    body = {"size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "nyc3", "user_data": "#!/bin/sh"}
    plan_id = interrupted(client, [tuple(create_steps(["made-1"], body, single=True))], "droplets create made-1")
    with (
        pytest.raises(ConfigurationError, match="cannot be resumed, because its remaining steps need secrets"),
        lock_interrupted(client, [plan_id]),
    ):
        pass
    assert resume(client)[1] == []
    assert [one.path for one in sandbox.requests if one.method == "POST"] == []
