"""``%do droplets freeze`` and ``frozen``: nothing is destroyed before its snapshot is there, and nothing is lost on the way."""

from __future__ import annotations

import json
import re
import stat

import pytest

import poseidon_nb as po
from poseidon_nb.errors import (
    ConfirmationRequired,
    Forbidden,
    InvalidArgument,
    LookupFailed,
)
from poseidon_nb.plans.plan import Plan
from poseidon_nb.plans.user_state import state_dir
from tests.commands.rich_droplet import tags_of


@pytest.fixture
def client(desk):
    return desk.session.client()


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


def test_what_changed_while_the_question_was_open_is_not_lost_by_a_freeze(desk, client, monkeypatch):
    droplet = client.droplets.by_name("web-1")

    def answer(question):
        desk.ui.questions.append(question)
        client.call(
            "tags_assign_resources",
            tag_id="late",
            resources=[{"resource_id": str(droplet.id), "resource_type": "droplet"}],
        )
        return True

    monkeypatch.setattr(desk.ui, "ask", answer)
    client.call("tags_create", name="late")
    with pytest.raises(InvalidArgument, match="The account has changed since the question was asked"):
        desk.do("droplets freeze web-1")
    assert client.droplets.by_name("web-1").status == "active"
    desk.do("droplets freeze web-1")
    assert f"frozen:{droplet.id}:tag:late" in client.call("images_list", tag_name="frozen")[0]["tags"]
    assert len(desk.ui.questions) == 2


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


def test_a_droplet_is_not_destroyed_while_a_tag_of_its_snapshot_is_missing(desk, client):
    (chain,) = desk.do("droplets freeze legacy-reports --plan").chains
    (of_tag,) = [step for step in chain if step.change.after == f"frozen:{chain[-1].targets[0].id}:tag:env:prod"]
    # As if something else than the API had answered that it is done.
    outcomes = client.engine.run([tuple(step for step in chain if step is not of_tag)])
    assert f"does not have the tag '{of_tag.change.after}'" in str(outcomes[-1].error)
    assert "legacy-reports" in [one.name for one in client.droplets.list()]


def test_two_interrupted_freezes_of_one_droplet_are_resumed_one_after_the_other(desk, client):
    snapshots = {one.id for one in client.snapshots.list()}
    plans = []
    for _ in range(2):
        plans.append(desk.do("droplets freeze legacy-reports --plan").chains)
        desk.session.clock.advance(5)
    for chains in plans:
        client.engine.recorder.begin(chains, "droplets freeze legacy-reports").detach()
        desk.session.clock.advance(5)
    desk.do("plans resume --yes")
    # The first has done it, so the second has nothing to do.
    (new,) = [one for one in client.snapshots.list() if one.id not in snapshots]
    (image,) = client.call("images_list", tag_name="frozen")
    assert str(image["id"]) == str(new.id)
    assert set(plans[0][0][-1].snapshot_tags.split(",")) == {*image["tags"]}
    assert "legacy-reports" not in [one.name for one in client.droplets.list()]


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
