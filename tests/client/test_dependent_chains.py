"""Chains that wait for others: values reach later requests, what cannot follow is not sent, and nothing waits forever."""

from __future__ import annotations

from dataclasses import replace

import pytest

from poseidon_nb.client.engine.droplet_steps import (
    action_step,
    create_steps,
    delete_step,
    droplet_target,
    snapshot_step,
)
from poseidon_nb.client.engine.steps import Reference, Step, Target, When
from poseidon_nb.errors import InvalidArgument, LookupFailed, PoseidonError

BODY = {"size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "nyc3"}
ID = "<id of new-1>"


def create(name="new-1"):
    return create_steps([name], BODY, single=True)[0]


def record(client, **more):
    request = client.request(
        "domains_create_record", domain_name="example.com", type="A", name="new-1", data="<address of new-1>"
    )
    return Step(
        verb="create",
        targets=(Target("record", None, "new-1.example.com"),),
        request=request,
        references=(Reference("<address of new-1>", 0, "public_ipv4"),),
        **more,
    )


@pytest.fixture
def domain(client):
    return client.domains.create(name="example.com")


def test_an_address_and_an_id_reach_later_requests(client, domain):
    reboot = action_step({"id": ID, "name": "new-1", "status": "active"}, "reboot")
    path = f"/v2/droplets/{ID}/actions"
    reboot = replace(reboot, request=replace(reboot.request, path=path), references=(Reference(ID, 0),))
    outcomes = client.engine.run([(create(),), (record(client),), (reboot,)])
    assert [one.status for one in outcomes] == ["completed"] * 3
    droplet = client.droplets.by_name("new-1")
    assert [one.data for one in domain.records.list() if one.name == "new-1"] == [droplet.ip_address]
    assert outcomes[2].target.id == droplet.id
    assert outcomes[2].action.resource_id == droplet.id


def test_the_id_of_any_created_resource_is_in_its_outcome(client, sandbox):
    volume = Step(
        verb="create",
        targets=(Target("volume", None, "data"),),
        request=client.request("volumes_create", name="data", size_gigabytes=10, region="nyc3"),
    )
    attach = Step(
        verb="attach",
        targets=(Target("volume", "<id of data>", "data"),),
        request=replace(
            client.request("volumeActions_post_byId", volume_id="X", type="attach", droplet_id=ID, region="nyc3"),
            path="/v2/volumes/<id of data>/actions",
        ),
        awaits="action",
        references=(Reference("<id of data>", 1), Reference(ID, 0)),
    )
    outcomes = client.engine.run([(create(),), (volume, attach)])
    assert [one.status for one in outcomes] == ["completed"] * 3
    droplet = client.droplets.by_name("new-1")
    assert droplet.volume_ids == [outcomes[1].target.id] == [outcomes[2].target.id]


def test_what_follows_a_failed_chain_is_not_sent(client, sandbox, sent, domain):
    sandbox.fault("status", status=422, message="No.", operation="droplets_create")
    tag = Step(
        verb="create",
        targets=(Target("tag", None, "later"),),
        request=client.request("tags_create", name="later"),
        references=(Reference("", 0),),
    )
    outcomes = client.engine.run([(create(),), (record(client),), (tag,)])
    assert [one.status for one in outcomes] == ["failed", "skipped", "skipped"]
    assert (
        str(outcomes[1].error)
        == "Request 'create new-1.example.com' was not sent, because 'create new-1' did not succeed."
    )
    assert isinstance(outcomes[2].error, PoseidonError)
    assert sent("POST")[1:] == ["POST /v2/droplets"]


def test_a_chain_that_only_waits_is_sent_after_the_other_has_ended(client, sent):
    tag = Step(
        verb="create",
        targets=(Target("tag", None, "later"),),
        request=client.request("tags_create", name="later"),
        references=(Reference("", 1),),
    )
    outcomes = client.engine.run([(tag,), (create(),)])
    assert [one.status for one in outcomes] == ["completed", "completed"]
    assert sent("POST") == ["POST /v2/droplets", "POST /v2/tags"]


def test_without_waiting_what_follows_goes_on_in_the_background(client, domain, finish):
    outcomes = client.engine.run([(create(),), (record(client),)], wait=False)
    assert [one.status for one in outcomes] == ["in-progress", "in-progress"]
    assert [one.name for one in domain.records.list() if one.name == "new-1"] == []
    finish()
    droplet = client.droplets.by_name("new-1")
    assert [one.data for one in domain.records.list() if one.name == "new-1"] == [droplet.ip_address]


@pytest.fixture
def frozen(client):
    """Return a droplet that is off, and the steps that take its snapshot and destroy it."""
    droplet = next(one for one in client.droplets.list() if one.active)
    droplet.power_off()
    row = droplet.refresh().to_dict()
    return droplet, snapshot_step(row, "kept"), replace(delete_step(row), snapshot="kept")


def test_a_droplet_is_destroyed_after_its_snapshot_was_read(client, frozen):
    droplet, snapshot, delete = frozen
    assert [one.status for one in client.engine.run([(snapshot, delete)])] == ["completed", "completed"]
    assert droplet.id not in {one.id for one in client.droplets.list()}
    assert client.snapshots.by_name("kept").resource_id == str(droplet.id)


def test_a_droplet_without_a_complete_snapshot_is_not_destroyed(client, frozen, sent):
    droplet, _, delete = frozen
    (outcome,) = client.engine.run([(delete,)])
    assert outcome.status == "failed"
    assert isinstance(outcome.error, LookupFailed)
    assert "snapshot 'kept' is not complete" in str(outcome.error)
    assert sent("DELETE") == []
    assert droplet.refresh().status == "off"


def test_a_droplet_that_was_powered_on_after_its_snapshot_is_not_destroyed(client, frozen, sent):
    droplet, snapshot, delete = frozen
    client.engine.run([(snapshot,)])
    droplet.power_on()
    (outcome,) = client.engine.run([(delete,)])
    assert "was used after its snapshot" in str(outcome.error)
    assert sent("DELETE") == []


def test_a_droplet_that_ran_after_its_snapshot_and_is_off_again_is_not_destroyed(client, frozen, sent, clock):
    droplet, snapshot, delete = frozen
    client.engine.run([(snapshot,)])
    clock.advance(3_600)
    droplet.power_on()
    droplet.power_off()
    (outcome,) = client.engine.run([(delete,)])
    assert "was used after its snapshot" in str(outcome.error)
    assert sent("DELETE") == []


def test_targets_are_named_by_their_placeholder_until_they_exist():
    step = Step(
        verb="reboot",
        targets=(Target("droplet", ID, "new-1"),),
        request=create().request,
        references=(Reference(ID, 0),),
    )
    assert step.resolved({ID: 5}).targets == (droplet_target({"id": 5, "name": "new-1"}),)


def test_a_droplet_that_was_used_and_is_off_again_is_not_destroyed(client, frozen, sent):
    droplet, snapshot, delete = frozen
    client.engine.run([(snapshot,)])
    droplet.power_on()
    droplet.power_off()
    droplet.take_snapshot("another")
    (outcome,) = client.engine.run([(delete,)])
    assert "was used after its snapshot" in str(outcome.error)
    assert sent("DELETE") == []


def test_a_droplet_whose_actions_have_no_times_is_not_destroyed(client, frozen, sent, monkeypatch):
    _, snapshot, delete = frozen
    client.engine.run([(snapshot,)])
    checks, read = client.engine.sender._checks, client.engine.sender.searches.newest_actions
    monkeypatch.setattr(checks, "_newest_actions", lambda *given: [{**one, "started_at": None} for one in read(*given)])
    (outcome,) = client.engine.run([(delete,)])
    assert "was used after its snapshot" in str(outcome.error)
    assert sent("DELETE") == []


def test_a_reference_is_to_the_step_and_the_target_that_it_names(client):
    other = next(one for one in client.droplets.list() if one.active)
    pair = create_steps(["n-1", "n-2"], BODY, single=False)[0]
    client.tags.create("x")

    def tagged(name, target):
        placeholder = f"<id of {name}>"
        request = client.request(
            "tags_assign_resources",
            tag_id="x",
            resources=[{"resource_id": placeholder, "resource_type": "droplet"}],
        )
        reference = Reference(placeholder, 0, "id_text", target=target)
        return Step(
            verb="tag", targets=(Target("droplet", placeholder, name),), request=request, references=(reference,)
        )

    reboot = action_step(other.to_dict(), "reboot")
    outcomes = client.engine.run([(pair, reboot), (tagged("n-1", 0),)])
    assert {one.status for one in outcomes} == {"completed"}
    assert [one.name for one in client.droplets.list(tag_name="x")] == ["n-1"]


def test_what_needs_a_create_that_failed_later_is_not_sent(client, sandbox, sent, domain):
    sandbox.fault("action_errored", action="create")
    outcomes = client.engine.run([(create(),), (record(client),)])
    assert [one.status for one in outcomes] == ["failed", "skipped"]
    assert len(sent("POST")) == 2


def test_what_waits_for_a_skipped_chain_is_not_sent_after_ctrl_c(client, sent, finish, monkeypatch):
    droplet = next(one for one in client.droplets.list() if one.active)
    droplet.take_snapshot("keeps it busy", wait=False)
    first = (snapshot_step(droplet.to_dict(), "before"),)
    tag = Step(verb="create", targets=(Target("tag", None, "t"),), request=client.request("tags_create", name="t"))
    second = (tag, replace(delete_step(droplet.to_dict()), references=(Reference("", 0),)))
    slept = []

    def interrupt(seconds):
        slept.append(seconds)
        if len(slept) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(client.clock, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        client.engine.run([first, second])
    monkeypatch.undo()
    finish()
    assert sent("DELETE") == []


def test_a_step_that_restores_runs_whatever_it_waits_for(client, sandbox):
    droplet = next(one for one in client.droplets.list() if one.active)
    row = droplet.to_dict()
    off = action_step(row, "power_off")
    on = replace(action_step({**row, "status": "off"}, "power_on"), when=When.ALWAYS, references=(Reference("", 0),))
    sandbox.fault("status", status=422, message="No.", operation="droplets_create")
    outcomes = client.engine.run([(create(),), (off, on)])
    assert [one.status for one in outcomes] == ["failed", "completed", "completed"]


def test_who_waits_for_an_overdue_chain_is_not_waited_for(client, sandbox, clock, domain):
    sandbox.speed = 0.001
    outcomes = client.engine.run([(create(),), (record(client),)])
    assert [one.status for one in outcomes] == ["in-progress", "skipped"]
    assert clock.elapsed_s < 1_000


@pytest.mark.parametrize(
    "references", [[(Reference("", 1),), (Reference("", 0),)], [(Reference("", 7),), ()], [(Reference(ID, 0),), ()]]
)
def test_chains_that_wait_for_each_other_or_for_none_are_refused(client, sent, references):
    chains = [(replace(create(f"c-{number}"), references=one),) for number, one in enumerate(references)]
    with pytest.raises(InvalidArgument):
        client.engine.run(chains)
    assert sent("POST") == []
