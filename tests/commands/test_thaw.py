"""``%do droplets thaw``: what comes back is what was there, once."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from poseidon_nb.client.client import connect
from poseidon_nb.errors import (
    AmbiguousName,
    BulkFailed,
    InvalidArgument,
    NoSuchName,
    ServerError,
)
from poseidon_nb.plans.plan import Plan
from tests.commands.rich_droplet import rich, surroundings, tags_of


@pytest.fixture
def client(desk):
    return desk.session.client()


def test_everything_of_a_droplet_comes_back(desk, client):
    droplet = rich(client, desk.sandbox)
    before = surroundings(client, droplet.id)
    assert all(before[name] for name in before), before
    others = [row.to_dict() for row in client.droplets.list() if row.id != droplet.id]
    known_tags = tags_of(client)

    frozen = desk.do("droplets freeze rich.example.com --yes")
    assert frozen[["id", "name", "action", "status"]].to_numpy().tolist() == [
        [droplet.id, "rich.example.com", "freeze", "completed"]
    ]
    assert droplet.id not in {one.id for one in client.droplets.list()}
    listed = desk.do("droplets frozen")
    assert list(listed["name"]) == ["rich.example.com"]
    assert listed["saved_usd_month"][0] > 10
    assert listed["tags"][0] == ["a-tag", "env:test", "Mixed_Case-1"]

    thawed = desk.do("droplets thaw rich.example.com")
    assert list(thawed["action"]) == ["thaw"]
    new_id = int(thawed["id"][0])
    assert new_id != droplet.id
    assert surroundings(client, new_id) == before
    assert [row.to_dict() for row in client.droplets.list() if row.id != new_id] == others
    assert desk.do("droplets frozen").empty
    # Only the common tag is left, and the snapshot is an ordinary one.
    assert sorted(tags_of(client)) == sorted([*known_tags, "frozen"])
    assert "gets new addresses; it had" in " ".join(desk.ui.said)


def test_a_droplet_that_was_off_is_off_again_and_the_snapshot_goes_if_asked(desk, client):
    row = client.droplets.by_name("legacy-reports")
    before = surroundings(client, row.id)
    assert row.status == "off"
    snapshots = {one.id for one in client.snapshots.list()}
    desk.do("droplets freeze legacy-reports --yes")
    assert not [line for line in desk.changes() if "actions" in line and line.count("shutdown")]
    thawed = desk.do("droplets thaw legacy-reports --delete-snapshot --yes")
    assert surroundings(client, int(thawed["id"][0])) == before
    assert {one.id for one in client.snapshots.list()} == snapshots


def test_each_droplet_of_the_sandbox_comes_back(desk, client):
    names = [one.name for one in client.droplets.list() if not one.size_slug.startswith("gpu")][:6]
    before = {name: surroundings(client, client.droplets.by_name(name).id) for name in names}
    desk.do(f"droplets freeze {' '.join(names)} --yes")
    assert {*names}.isdisjoint(one.name for one in client.droplets.list())
    desk.do(f"droplets thaw {' '.join(names)} --yes")
    for name in names:
        assert surroundings(client, client.droplets.by_name(name).id) == before[name], name


def test_thaw_does_not_create_twice(desk, client):
    desk.do("droplets freeze legacy-reports --yes")
    desk.do("droplets thaw legacy-reports")
    with pytest.raises(NoSuchName, match="No frozen droplet is named 'legacy-reports'"):
        desk.do("droplets thaw legacy-reports")
    assert [one.name for one in client.droplets.list()].count("legacy-reports") == 1


def test_a_thaw_that_did_not_end_is_completed_by_another(desk, client):
    droplet = rich(client, desk.sandbox)
    before = surroundings(client, droplet.id)
    desk.do("droplets freeze rich.example.com --yes")
    desk.sandbox.fault("status", status=422, message="No.", operation="reservedIPsActions_post")
    with pytest.raises(BulkFailed):
        desk.do("droplets thaw rich.example.com")
    # It is still listed, because not everything is back.
    assert list(desk.do("droplets frozen")["name"]) == ["rich.example.com"]
    desk.changes()
    assert list(desk.do("droplets thaw rich.example.com")["status"]) != []
    assert "POST /v2/droplets" not in desk.changes()
    assert "was created already" in " ".join(desk.ui.said)
    (now,) = [one for one in client.droplets.list() if one.name == "rich.example.com"]
    assert surroundings(client, now.id) == before
    assert desk.do("droplets frozen").empty


def test_a_thaw_sends_what_its_plan_shows(desk, client, monkeypatch):
    rich(client, desk.sandbox)
    desk.do("droplets freeze rich.example.com --yes")
    plan = desk.do("droplets thaw rich.example.com --ttl 6h --plan")
    sent = []
    session = type(client._connection.session)
    send = session.send

    def spying(self, request, **kwargs):
        if request.method != "GET":
            sent.append((request.method, request.path, json.dumps(request.body)))
        return send(self, request, **kwargs)

    monkeypatch.setattr(session, "send", spying)
    plan.apply()
    droplet = client.droplets.by_name("rich.example.com")
    values = {
        "<id of rich.example.com>": str(droplet.id),
        "<address of rich.example.com>": droplet.ip_address,
        "<IPv6 address of rich.example.com>": droplet["networks"]["v6"][0]["ip_address"],
    }

    def filled(text):
        # A whole id is a number.
        text = text.replace('"<id of rich.example.com>"', values["<id of rich.example.com>"])
        for placeholder, value in values.items():
            text = text.replace(placeholder, value)
        return text

    shown = [(one.method, filled(one.path), filled(json.dumps(one.body))) for one in plan.requests()]
    assert sorted(sent) == sorted(shown)


def test_a_name_that_is_taken_is_refused(desk, client):
    desk.do("droplets freeze legacy-reports --yes")
    client.droplets.get(client.droplets.by_name("build-1").id).rename("legacy-reports")
    with pytest.raises(InvalidArgument, match=r"A droplet named legacy-reports exists \(\d+\)\. Rename it first"):
        desk.do("droplets thaw legacy-reports")


def test_two_frozen_droplets_of_one_name_are_told_apart_by_id(desk, client):
    for _ in range(2):
        client.droplets.create(name="twin", size="s-1vcpu-1gb", image="debian-12-x64", region="nyc3")
        desk.do("droplets freeze twin --yes")
    with pytest.raises(AmbiguousName, match="2 frozen droplets are named 'twin'") as caught:
        desk.do("droplets thaw twin")
    desk.do(f"droplets thaw {caught.value.ids[1]}")
    assert list(desk.do("droplets frozen")["snapshot_id"]) == [caught.value.ids[0]]


def test_two_clients_that_thaw_at_once_create_one_droplet(desk, clock):
    desk.do("droplets freeze legacy-reports --yes")
    with connect(desk.sandbox, clock=clock) as other:
        mine = desk.do("droplets thaw legacy-reports --plan")
        theirs = Plan("thaw", mine.account, desk.do("droplets thaw legacy-reports --plan").chains, client=other)
        # Both have claimed the snapshot before either creates.
        claims = [chains[0][:2] for chains in (mine.chains, theirs.chains)]
        for client, steps in zip((mine.client, other), claims, strict=True):
            assert [one.status for one in client.engine.run([steps])] == ["completed"] * 2
        outcomes = [other.engine.run([(theirs.chains[0][2],)]), mine.client.engine.run([(mine.chains[0][2],)])]
        for (one,) in outcomes:
            assert one.status == "failed"
            assert "another client is thawing it" in str(one.error)
        assert [one.name for one in other.droplets.list()].count("legacy-reports") == 0
        # One who comes first wins; whoever comes later is told.
        other.tags.delete(claims[1][0].targets[0].name)
        assert next(one.status for one in mine.client.engine.run([mine.chains[0][2:]])) == "completed"
        late = other.engine.run(theirs.chains)
        assert "it was thawed already" in str(next(one.error for one in late if one.error is not None))
        assert [one.name for one in other.droplets.list()].count("legacy-reports") == 1


def test_a_claim_of_a_process_that_ended_counts_no_more_after_a_while(desk, client):
    desk.do("droplets freeze legacy-reports --yes")
    plan = desk.do("droplets thaw legacy-reports --plan")
    client.engine.run([plan.chains[0][:2]])
    with pytest.raises(InvalidArgument, match="is being thawed by another client"):
        desk.do("droplets thaw legacy-reports")
    desk.sandbox.advance(timedelta(minutes=16).total_seconds())
    desk.do("droplets thaw legacy-reports")
    assert [one.name for one in client.droplets.list()].count("legacy-reports") == 1


def test_a_droplet_that_was_frozen_twice_comes_back_from_the_newest_snapshot_and_leaves_no_tags(desk, client):
    # As when two interrupted freezes are resumed: the first is not the one that destroys the droplet.
    chains = []
    for _ in range(2):
        chains += desk.do("droplets freeze legacy-reports --plan").chains
        desk.session.clock.advance(5)
    client.engine.run([chains[0][:-1]])
    desk.session.clock.advance(5)
    client.engine.run([chains[1]])
    older, newer = sorted(client.call("images_list", tag_name="frozen"), key=lambda one: one["created_at"])
    for tag in older["tags"]:
        # As when the second freeze was interrupted while it took the tags of the first.
        if tag != "frozen":
            resources = [{"resource_id": str(older["id"]), "resource_type": "image"}]
            client.call("tags_unassign_resources", tag_id=tag, resources=resources)
    thawed = desk.do("droplets thaw legacy-reports")
    droplet = client.droplets.get(int(thawed["id"][0]))
    assert (droplet["image"]["id"], droplet.tags) == (newer["id"], ["env:prod"])
    assert not [tag for tag in tags_of(client) if tag.startswith(("frozen:", "thawing:"))]
    assert desk.do("droplets frozen").empty
    assert f"left the snapshot {older['name']} ({older['id']}). Delete it" in " ".join(desk.ui.said)


def test_claims_of_a_thaw_that_did_not_end_are_deleted_by_the_next(desk, client):
    desk.do("droplets freeze legacy-reports --yes")
    # A process that was killed after it had created its claim.
    plan = desk.do("droplets thaw legacy-reports --plan")
    client.engine.run([plan.chains[0][:1]])
    # And one that has created the droplet, and could not delete its claim.
    desk.sandbox.fault("status", status=403, message="No.", operation="tags_delete")
    desk.session.clock.advance(5)
    with pytest.raises(BulkFailed):
        desk.do("droplets thaw legacy-reports --yes")
    assert len([tag for tag in tags_of(client) if tag.startswith("thawing:")]) == 2
    desk.do("droplets thaw legacy-reports --yes")
    assert not [tag for tag in tags_of(client) if tag.startswith("thawing:")]
    assert desk.do("droplets frozen").empty


def test_a_thaw_without_parts_of_what_was_says_so(desk, client):
    droplet = rich(client, desk.sandbox)
    desk.do("droplets freeze rich.example.com --yes")
    client.call(
        "firewalls_delete",
        firewall_id=next(one["id"] for one in client.call("firewalls_list") if one["name"] == "by-id"),
    )
    ip = client.call("reservedIPs_list")[-1]["ip"]
    client.call("reservedIPs_delete", reserved_ip=ip)
    client.volumes.delete("data") if hasattr(client.volumes, "delete") else None
    plan = desk.do("droplets thaw rich.example.com --plan")
    text = " ".join(plan.notes)
    assert "1 firewall of rich.example.com does not exist any more" in text
    assert f"{ip} is not reserved any more." in text
    plan.apply()
    assert client.droplets.by_name("rich.example.com").id != droplet.id


def test_records_of_an_address_that_another_droplet_has_now_stay(desk, client):
    droplet = rich(client, desk.sandbox)
    address = droplet.ip_address
    desk.do("droplets freeze rich.example.com --yes")
    world = desk.sandbox._dispatcher.world
    other = client.droplets.by_name("build-1")
    stored = world.droplets[other.id]
    networks = json.loads(json.dumps(stored.public["networks"]))
    networks["v4"][0]["ip_address"] = address
    world.droplets.put(other.id, stored.with_public(networks=networks))
    plan = desk.do("droplets thaw rich.example.com --plan")
    assert "Records with an old address of rich.example.com stay" in " ".join(plan.notes)
    assert [step.targets[0].name for step in plan.steps if step.verb == "update"] == ["six.rich.example"]


def test_snapshots_whose_tags_were_removed_are_explained(desk, client):
    desk.do("droplets freeze legacy-reports --yes")
    for tag in tags_of(client):
        if tag.startswith("frozen:"):
            client.tags.delete(tag)
    listed = desk.do("droplets frozen")
    assert list(listed["name"]) == ["legacy-reports"]
    assert list(listed["note"]) == ["its settings cannot be read"]
    with pytest.raises(InvalidArgument, match=r"do not hold its name, size and region any more\. Create a droplet"):
        desk.do("droplets thaw legacy-reports")


def test_tags_that_a_thaw_has_left_are_deleted_by_another_although_the_snapshot_holds_none_of_them(desk, client):
    desk.do("droplets freeze legacy-reports --yes")
    # The settings are off the snapshot, and their tags were not deleted yet.
    desk.sandbox.fault("status", status=403, message="No.", operation="tags_delete", skip=2)
    with pytest.raises(BulkFailed):
        desk.do("droplets thaw legacy-reports")
    (image,) = client.call("images_list", tag_name="frozen")
    assert image["tags"] == ["frozen"]
    left = [tag for tag in tags_of(client) if tag.startswith("frozen:")]
    assert left
    # Without the id of the droplet that was, nobody would find them.
    desk.sandbox.fault("status", status=500, message="Oops.", operation="snapshots_get", times=None)
    with pytest.raises(ServerError):
        desk.do("droplets thaw legacy-reports")
    desk.sandbox.clear_faults()
    assert list(desk.do("droplets frozen")["name"]) == ["legacy-reports"]
    desk.do("droplets thaw legacy-reports")
    assert not [tag for tag in tags_of(client) if tag.startswith("frozen:")]
    assert desk.do("droplets frozen").empty


def test_a_lease_is_left_off_and_a_new_one_set(desk, client):
    desk.do("droplets lease legacy-reports --ttl 1h")
    desk.do("droplets freeze legacy-reports --yes")
    assert not [tag for tag in tags_of(client) if tag.startswith("lease:")]
    desk.do("droplets thaw legacy-reports --plan").apply()
    assert client.droplets.by_name("legacy-reports").tags == ["env:prod"]
    desk.do("droplets freeze legacy-reports --yes")
    desk.do("droplets thaw legacy-reports --ttl 6h")
    assert list(desk.do("leases")["name"]) == ["legacy-reports"]


def rule(port: str, side: str, *ids: int) -> dict:
    return {"protocol": "tcp", "ports": port, side: {"droplet_ids": [*ids]}}


def test_rules_of_firewalls_that_named_a_droplet_name_it_again_after_a_thaw(desk, client):
    web, db = (client.droplets.by_name(name) for name in ("web-1", "db-1"))
    made = client.call(
        "firewalls_create",
        name="db-only",
        droplet_ids=[db.id],
        inbound_rules=[rule("5432", "sources", web.id, db.id), rule("8000-9000", "sources", web.id)],
        outbound_rules=[rule("443", "destinations", web.id)],
    )["firewall"]
    gone = client.call("firewalls_create", name="gone", inbound_rules=[rule("22", "sources", web.id)])["firewall"]
    desk.do("droplets freeze web-1 --yes")
    # The service forgets the id with the droplet.
    assert str(web.id) not in str(client.call("firewalls_get", firewall_id=made["id"]))
    client.call("firewalls_delete", firewall_id=gone["id"])
    plan = desk.do("droplets thaw web-1 --plan")
    assert f"1 firewall of web-1 does not exist any more: {gone['id']}." in plan.notes
    assert "add rule to firewall db-only" in repr(plan)
    plan.apply()
    new = client.droplets.by_name("web-1").id
    now = client.call("firewalls_get", firewall_id=made["id"])["firewall"]
    named = [
        (one["ports"], key)
        for key, side in (("inbound_rules", "sources"), ("outbound_rules", "destinations"))
        for one in now[key]
        if new in one[side].get("droplet_ids", [])
    ]
    assert sorted(named) == [("443", "outbound_rules"), ("5432", "inbound_rules"), ("8000-9000", "inbound_rules")]
    assert any(db.id in one["sources"].get("droplet_ids", []) for one in now["inbound_rules"])
    # And the next time too.
    desk.do("droplets freeze web-1 --yes")
    assert len(desk.do("droplets thaw web-1 --plan").frame().query("change == 'add_rule_to'")) == 3
