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
from poseidon_nb.client.engine.steps import Reference, Step, Target
from poseidon_nb.errors import LookupFailed, PoseidonError

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
    sandbox.fault("status", status=422, message="No.", path="/v2/droplets", method="POST")
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
    assert "was powered on after its snapshot" in str(outcome.error)
    assert sent("DELETE") == []


def test_targets_are_named_by_their_placeholder_until_they_exist():
    step = Step(
        verb="reboot",
        targets=(Target("droplet", ID, "new-1"),),
        request=create().request,
        references=(Reference(ID, 0),),
    )
    assert step.resolved({ID: 5}).targets == (droplet_target({"id": 5, "name": "new-1"}),)
