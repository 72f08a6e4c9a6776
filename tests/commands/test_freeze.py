"""``%do droplets freeze``, ``frozen`` and ``thaw``: what comes back is what was there, and nothing is lost on the way."""

from __future__ import annotations

import json
import re
import stat
from datetime import timedelta

import pytest

import poseidon_nb as po
from poseidon_nb.client.client import connect
from poseidon_nb.errors import (
    AmbiguousName,
    BulkFailed,
    ConfirmationRequired,
    Forbidden,
    InvalidArgument,
    LookupFailed,
    NoSuchName,
)
from poseidon_nb.plans.plan import Plan
from poseidon_nb.plans.user_state import state_dir

#: What cannot be the same: ids, dates, addresses, and what belongs to the droplet that was.
DIFFERS = {"id", "created_at", "networks", "image", "backup_ids", "snapshot_ids", "next_backup_window"}


def rich(client, sandbox):
    """Return a droplet with everything that a droplet can have, and what there is besides."""
    volume = client.volumes.create(name="data", region="nyc3", size_gigabytes=10)
    droplet = client.droplets.create(
        name="rich.example.com",
        region="nyc3",
        size="s-1vcpu-2gb",
        image="debian-12-x64",
        tags=["a-tag", "env:test", "Mixed_Case-1"],
        ipv6=True,
        monitoring=True,
        backups=True,
        backup_policy={"plan": "weekly", "weekday": "TUE", "hour": 8},
        volumes=[volume.id],
        ssh_keys=[client.keys.list()[0].id],
    )
    client.call("firewalls_create", name="by-id", droplet_ids=[droplet.id], inbound_rules=[
        {"protocol": "tcp", "ports": "22", "sources": {"addresses": ["0.0.0.0/0"]}}])  # fmt: skip
    client.call("loadBalancers_create", name="lb-by-id", region="nyc3", droplet_ids=[droplet.id], forwarding_rules=[
        {"entry_protocol": "http", "entry_port": 80, "target_protocol": "http", "target_port": 80}])  # fmt: skip
    project = client.call("projects_create", name="elsewhere", purpose="Other")["project"]["id"]
    client.call("projects_assign_resources", project_id=project, resources=[f"do:droplet:{droplet.id}"])
    client.call("reservedIPs_create", droplet_id=droplet.id)
    sandbox.advance(60)
    domain = client.domains.create(name="rich.example")
    droplet = client.droplets.get(droplet.id)
    domain.records.create(type="A", name="@", data=droplet.ip_address)
    domain.records.create(type="AAAA", name="six", data=droplet["networks"]["v6"][0]["ip_address"])
    domain.records.create(type="A", name="other", data="203.0.113.9")
    return droplet


def surroundings(client, droplet_id):
    """Return what refers to a droplet, with its id written as ID."""
    row = client.droplets.get(droplet_id).to_dict()
    address = next(one["ip_address"] for one in row["networks"]["v4"] if one["type"] == "public")
    six = (row["networks"]["v6"] or [{"ip_address": "none"}])[0]["ip_address"]
    found = {
        "droplet": {
            name: sorted(value) if name in {"features", "tags"} else value
            for name, value in row.items()
            if name not in DIFFERS
        },
        "policy": client.droplets.backup_policy(droplet_id) if "backups" in row["features"] else None,
        "firewalls": [one["name"] for one in client.call("firewalls_list") if droplet_id in one["droplet_ids"]],
        "balancers": [one["name"] for one in client.call("loadBalancers_list") if droplet_id in one["droplet_ids"]],
        "reserved": [
            one["ip"] for one in client.call("reservedIPs_list") if (one["droplet"] or {}).get("id") == droplet_id
        ],
        "volumes": [one["name"] for one in client.call("volumes_list") if droplet_id in one["droplet_ids"]],
        "projects": [
            project["name"]
            for project in client.call("projects_list")
            for one in client.call("projects_list_resources", project_id=project["id"])
            if one["urn"] == f"do:droplet:{droplet_id}"
        ],
        "records": [
            (domain["name"], record["type"], record["name"])
            for domain in client.call("domains_list")
            for record in client.call("domains_list_records", domain_name=domain["name"])
            if record["data"] in {address, six}
        ],
    }
    return json.loads(json.dumps(found).replace(str(droplet_id), "ID"))


@pytest.fixture
def client(desk):
    return desk.session.client()


def tags_of(client):
    return [tag.name for tag in client.tags.list()]


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


def test_nothing_is_destroyed_if_the_snapshot_fails_and_the_droplet_runs_again(desk, client):
    desk.sandbox.fault("action_errored", action="snapshot")
    with pytest.raises(po.PoseidonError, match="snapshot"):
        desk.do("droplets freeze web-1 --yes")
    assert client.droplets.by_name("web-1").status == "active"
    assert not [line for line in desk.changes() if line.startswith("DELETE /v2/droplets")]


def test_a_token_that_may_not_tag_leaves_the_droplet_running(desk, client):
    desk.sandbox.fault("status", status=403, message="No.", path="/v2/tags", method="POST")
    with pytest.raises(Forbidden):
        desk.do("droplets freeze web-1 --yes")
    assert not [line for line in desk.changes() if "/actions" in line]
    assert client.droplets.by_name("web-1").status == "active"


def test_a_token_that_cannot_read_what_would_be_lost_is_told_so(desk, client):
    for path, what in (
        ("/v2/firewalls", "firewalls"),
        ("/v2/load_balancers", "load balancers"),
        ("/v2/reserved_ips", "reserved IPs"),
        ("/v2/projects", "projects"),
    ):
        desk.sandbox.fault("status", status=403, message="No.", path=path, method="GET", times=1)
        with pytest.raises(InvalidArgument, match=rf"Cannot read the {what}, which would be lost\. Add --keep-going"):
            desk.do("droplets freeze web-1 --yes")
    assert desk.changes() == []
    desk.sandbox.fault("status", status=403, message="No.", path="/v2/firewalls", method="GET", times=1)
    plan = desk.do("droplets freeze web-1 --keep-going --plan")
    assert "The firewalls could not be read, and are left out." in plan.notes


def test_without_the_scope_for_domains_a_freeze_goes_on(desk):
    desk.sandbox.fault("status", status=403, message="No.", path="/v2/domains", method="GET")
    plan = desk.do("droplets freeze web-1 --plan")
    assert "The domains could not be read, and are left out." in plan.notes


def test_a_freeze_tells_what_it_saves_and_what_stays(desk):
    plan = desk.do("droplets freeze web-1 db-1 --plan")
    assert isinstance(plan, Plan)
    text = " ".join(plan.notes)
    for expected in (
        "Freezing web-1 saves $24.00 a month. Its snapshot costs at most $4.80 a month, if all of its 80 GB are used.",
        "stays reserved for web-1, and costs $5.00 a month while it is not assigned.",
        "A record tidepool-maps.example points to 198.18.0.5, which DigitalOcean may give to somebody else.",
        "4 backups of db-1 will be deleted with it; its snapshots remain.",
        "1 volume of db-1 will be detached, and still costs $20.00 a month.",
    ):
        assert expected in text
    assert plan.usd_month == pytest.approx(-24 + 4.8 - 63 * 1.2 + 1.5)


def test_a_freeze_asks_once_and_names_the_droplets(desk):
    desk.ui.answer = False
    with pytest.raises(ConfirmationRequired):
        desk.do("droplets freeze web-1 legacy-reports")
    (question,) = desk.ui.questions
    assert re.fullmatch(
        r"SANDBOX: freeze 2 droplets \(-\$28\.20 a month\): web-1 \(\d+\) and legacy-reports \(\d+\)\? "
        r"%do droplets thaw creates it again from its snapshot, with a new id and new addresses\.",
        question,
    )
    assert desk.changes() == []


def test_a_freeze_after_one_that_did_not_end_leaves_one_frozen_snapshot(desk, client):
    desk.sandbox.fault("status", status=403, message="No.", operation="droplets_destroy")
    with pytest.raises(Forbidden):
        desk.do("droplets freeze web-1 --yes")
    assert client.droplets.by_name("web-1").status == "active"
    assert list(desk.do("droplets frozen")["note"]) == ["the droplet still exists"]
    with pytest.raises(InvalidArgument, match=r"web-1 \(\d+\) still exists, because freezing it did not end"):
        desk.do("droplets thaw web-1")
    desk.session.clock.advance(5)
    desk.do("droplets freeze web-1 --yes")
    assert "An earlier freeze of web-1 did not end, and left the snapshot web-1-frozen-" in " ".join(desk.ui.said)
    assert len(desk.do("droplets frozen")) == 1
    desk.do("droplets thaw web-1")
    assert not [tag for tag in tags_of(client) if tag.startswith(("frozen:", "thawing:"))]


def test_a_droplet_that_an_earlier_freeze_has_left_off_comes_back_running(desk, client):
    desk.sandbox.fault("action_errored", action="snapshot")
    desk.sandbox.fault("status", status=403, message="No.", operation="dropletActions_post", skip=2)
    with pytest.raises(po.PoseidonError):
        desk.do("droplets freeze web-1 --yes")
    assert client.droplets.by_name("web-1").status == "off"
    desk.do("droplets freeze web-1 --yes")
    desk.do("droplets thaw web-1")
    assert client.droplets.by_name("web-1").status == "active"


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


def test_two_clients_that_freeze_at_once_lose_nothing(desk, client, clock):
    plans = [desk.do("droplets freeze legacy-reports --plan")]
    clock.advance(3)
    plans.append(desk.do("droplets freeze legacy-reports --plan"))
    executions = [client.engine.start(plan.chains, on_change=lambda *_: None) for plan in plans]
    while any(not one.done for one in executions):
        client.engine.tick()
        clock.advance(0.5)
    statuses = sorted(one.outcomes()[-1].status for one in executions)
    assert statuses[0] == "completed"
    assert "legacy-reports" not in [one.name for one in client.droplets.list()]
    assert "legacy-reports" in list(desk.do("droplets frozen")["name"])


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


def test_a_kubernetes_node_and_a_disk_that_would_not_fit_are_refused(desk, client):
    row = client.droplets.by_name("build-1")
    client.tags.create("k8s:worker")
    desk.do("droplets tag build-1 --tag-name k8s:worker")
    with pytest.raises(InvalidArgument, match="build-1 is a node of a Kubernetes cluster"):
        desk.do("droplets freeze build-1 --yes")
    desk.do("droplets untag build-1 --tag-name k8s:worker")
    stored = desk.sandbox._dispatcher.world.droplets[row.id]
    desk.sandbox._dispatcher.world.droplets.put(row.id, stored.with_public(disk=9_000))
    with pytest.raises(InvalidArgument, match="The disk of build-1 has 9000 GB"):
        desk.do("droplets freeze build-1 --yes")


def test_what_does_not_fit_into_tags_is_in_a_file_and_told(desk, client, tmp_path, monkeypatch):
    monkeypatch.setenv("POSEIDON_STATE_DIR", str(tmp_path))
    long = "t" * 255
    client.droplets.create(
        name="big",
        size="s-1vcpu-1gb",
        image="debian-12-x64",
        region="nyc3",
        tags=[long],
    )
    desk.do("droplets freeze big --dry-run")
    assert not (tmp_path / "frozen").exists()
    desk.do("droplets freeze big --yes")
    said = " ".join(desk.ui.said)
    assert f"tag {long} of big cannot be kept in tags" in said
    (path,) = (tmp_path / "frozen").iterdir()
    assert path.stat().st_mode & 0o077 == 0
    data = json.loads(path.read_text())
    assert data["droplet"]["tags"] == [long]
    assert data["not_in_tags"] == [f"tag {long}"]
    desk.do("droplets thaw big")
    assert client.droplets.by_name("big").tags == []


def test_a_lease_is_left_off_and_a_new_one_set(desk, client):
    desk.do("droplets lease legacy-reports --ttl 1h")
    desk.do("droplets freeze legacy-reports --yes")
    assert not [tag for tag in tags_of(client) if tag.startswith("lease:")]
    desk.do("droplets thaw legacy-reports --plan").apply()
    assert client.droplets.by_name("legacy-reports").tags == ["env:prod"]
    desk.do("droplets freeze legacy-reports --yes")
    desk.do("droplets thaw legacy-reports --ttl 6h")
    assert list(desk.do("leases")["name"]) == ["legacy-reports"]


def test_a_plan_that_was_kept_is_refused_if_the_droplet_was_started_since(desk, client):
    plan = desk.do("droplets freeze legacy-reports --plan")
    client.droplets.by_name("legacy-reports").power_on()
    outcomes = client.engine.run(plan.chains)
    assert isinstance(next(one.error for one in outcomes if one.error is not None), LookupFailed)
    assert "legacy-reports" in [one.name for one in client.droplets.list()]


def test_hostile_names_are_escaped_and_do_no_harm(desk, client):
    row = client.droplets.by_name("build-1")
    stored = desk.sandbox._dispatcher.world.droplets[row.id]
    hostile = "<b>\x1b[31m\u202e\n{x}"
    desk.sandbox._dispatcher.world.droplets.put(row.id, stored.with_public(name=hostile, vpc_uuid="<script>"))
    plan = desk.do(f"droplets freeze {row.id} --plan")
    text = f"{plan!r} {' '.join(plan.notes)}"
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "name and vpc" in text
    assert "<script>" not in plan._repr_html_()


def test_what_no_tag_can_hold_is_written_only_when_the_plan_is_executed(desk, client):
    row = client.droplets.by_name("web-1")
    world = desk.sandbox._dispatcher.world
    world.droplets.put(row.id, world.droplets[row.id].with_public(tags=["t" * 250]))
    folder = state_dir() / "frozen"
    desk.do("droplets freeze web-1 --dry-run")
    plan = desk.do("droplets freeze web-1 --plan")
    (note,) = [note for note in plan.notes if "cannot be kept in tags" in note]
    assert not folder.exists()
    plan.apply()
    (file,) = folder.iterdir()
    assert note.endswith(str(file))
    assert json.loads(file.read_text())["not_in_tags"] == [f"tag {'t' * 250}"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_cannot_be_written_is_no_reason_not_to_freeze(desk, client, caplog):
    row = client.droplets.by_name("web-1")
    world = desk.sandbox._dispatcher.world
    world.droplets.put(row.id, world.droplets[row.id].with_public(tags=["t" * 250]))
    state_dir().mkdir(parents=True, exist_ok=True)
    (state_dir() / "frozen").write_text("no folder")
    assert list(desk.do("droplets freeze web-1 --yes")["status"]) == ["completed"]
    assert "Settings of a frozen droplet cannot be written" in caplog.text


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
