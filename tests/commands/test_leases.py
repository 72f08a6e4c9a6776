"""Leases: set, listed, ended and reaped by the server's clock, and nothing without one is ever touched."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

import poseidon_nb as po
from poseidon_nb.client.client import connect
from poseidon_nb.commands.do_session import DoSession
from poseidon_nb.commands.reap.watch import LeaseWatch
from poseidon_nb.errors import BulkFailed, ConfirmationRequired, GrammarError, InvalidArgument
from poseidon_nb.plans.leases import lease_of, parse_lease
from tests.commands.conftest import Desk, FakeUI
from tests.conftest import FakeClock

CREATE = "--size s-1vcpu-1gb --image debian-12-x64 --region nyc3"
HOUR = 3_600


@pytest.fixture
def client(desk):
    return desk.session.client()


def names(client):
    return {one.name for one in client.droplets.list()}


def lease_tags(client):
    return [tag.name for tag in client.tags.list() if tag.name.startswith("lease:")]


def test_a_droplet_gets_its_lease_with_its_creation(desk, client):
    desk.do(f"droplets create demo {CREATE} --ttl 6h --tags mine")
    droplet = client.droplets.by_name("demo")
    lease = lease_of(droplet.to_dict())
    left = lease.ends_at - client.now()
    assert 6 * HOUR - 60 < left.total_seconds() <= 6 * HOUR + 1
    assert droplet.tags == ["mine", *lease.tags]
    # Nothing of it is in the request for what has no lease.
    assert "ttl" not in str(desk.sandbox.requests[-1])


def test_leases_are_listed_with_their_end_and_what_they_have_cost(desk, client):
    assert desk.do("leases").empty
    desk.do(f"droplets create demo {CREATE} --ttl 2d")
    desk.do("droplets lease web-1 --ttl 6h")
    desk.sandbox.advance(3 * HOUR)
    listed = desk.do("leases")
    assert list(listed["name"]) == ["web-1", "demo"]
    assert listed["left_hours"].round(1).tolist() == [3.0, 45.0]
    assert listed["over"].tolist() == [False, False]
    assert listed["cost_usd"][1] == pytest.approx(3 * 0.00893, rel=0.02)
    desk.sandbox.advance(4 * HOUR)
    assert desk.do("leases")["over"].tolist() == [True, False]
    assert str(listed["ends_at"].dtype) == "datetime64[us, UTC]"


def test_a_lease_is_prolonged_shortened_and_removed(desk, client):
    desk.do("droplets lease web-1 web-2 --ttl 1h")
    (first,) = lease_tags(client)
    desk.do("droplets lease web-1 --ttl 2d")
    assert len(lease_tags(client)) == 2, "web-2 has the first one"
    desk.do("droplets lease web-2 --ttl 30m")
    assert first not in lease_tags(client)
    assert len(lease_of(client.droplets.by_name("web-2").to_dict()).tags) == 1
    table = desk.do("droplets lease web-1 web-2 --ttl none")
    assert list(table["status"]) == ["completed", "completed"]
    assert lease_tags(client) == []
    assert list(desk.do("droplets lease web-1 --ttl none")["status"]) == ["unchanged"]
    assert desk.ui.questions == [], "nothing of this asks"


@pytest.mark.parametrize(
    ("ttl", "message"),
    [
        ("soon", "Invalid duration 'soon'"),
        ("0h", "Invalid duration '0h'"),
        ("-1h", "looks like an option"),
        ("30s", "A lease must be from 1m to 365d long"),
        ("366d", "A lease must be from 1m to 365d long"),
        ("999999w", "A lease must be from 1m to 365d long"),
        ("''", "Invalid duration ''"),
    ],
)
def test_what_is_no_length_of_a_lease_is_refused(desk, ttl, message):
    for line in (f"droplets lease web-1 --ttl {ttl}", f"droplets create demo {CREATE} --ttl {ttl}"):
        with pytest.raises((InvalidArgument, GrammarError), match=message):
            desk.do(line)
    assert desk.changes() == []


def test_only_what_is_over_is_reaped_and_nothing_else_is_touched(desk, client):
    desk.do("droplets lease web-1 --ttl 1h")
    desk.do("droplets lease web-2 --ttl 3h")
    for tag in ("lease:soon", "leased", "release:2020-01-01T00:00:00Z"):
        client.tags.create(tag)
        desk.do(f"droplets tag db-1 --tag-name {tag}")
    before = {one.id: one.to_dict() for one in client.droplets.list() if one.name != "web-1"}
    table = desk.do("reap")
    assert (len(table), list(table)) == (0, ["id", "name", "action", "status", "error"])
    assert "No lease is over." in desk.ui.said
    desk.sandbox.advance(2 * HOUR)
    desk.ui.answer = True
    desk.changes()
    table = desk.do("reap")
    assert list(table["name"]) == ["web-1"]
    (question,) = desk.ui.questions
    what = f"delete droplet web-1 ({table['id'][0]}) (saves $24.00 a month)"
    assert question == f"SANDBOX: {what}? This cannot be undone."
    assert sorted({line.split("/")[2] for line in desk.changes()}) == ["droplets", "tags"]
    assert {one.id: one.to_dict() for one in client.droplets.list()} == before
    # db-1 keeps a lease that cannot be read, and is never over.
    assert "The lease of db-1 cannot be read, and is never over." in " ".join(desk.ui.said)
    assert len([tag for tag in lease_tags(client) if parse_lease(tag)]) == 1


def test_reap_refuses_where_nobody_can_answer(desk):
    desk.do("droplets lease web-1 --ttl 1m")
    desk.sandbox.advance(HOUR)
    with pytest.raises(ConfirmationRequired, match=r"delete droplet web-1 \(\d+\)"):
        desk.do("reap")
    assert "web-1" in names(desk.session.client())


def test_the_servers_clock_decides(desk, clock):
    desk.do("droplets lease web-1 --ttl 1h")
    for days in (-3, 3):
        session = DoSession(FakeClock(clock.start + timedelta(days=days)))
        session.use_sandbox(desk.sandbox)
        other = Desk(session, FakeUI())
        assert other.do("reap --plan").is_empty
        assert other.do("leases")["left_hours"].round(1).tolist() == [1.0]
        session._forget()
    desk.sandbox.advance(HOUR + 5)
    session = DoSession(FakeClock(clock.start - timedelta(days=3)))
    session.use_sandbox(desk.sandbox)
    assert not Desk(session, FakeUI()).do("reap --plan").is_empty
    session._forget()


def test_a_lease_that_was_prolonged_after_the_plan_is_kept(desk, client):
    desk.do("droplets lease web-1 web-2 --ttl 1h")
    desk.sandbox.advance(2 * HOUR)
    plan = desk.do("reap --plan")
    desk.do("droplets lease web-1 --ttl 1d")
    frame = plan.apply()
    found = frame[frame["action"] == "delete"].set_index("name")["status"]
    assert (found["web-1"], found["web-2"]) == ("unchanged", "completed")
    assert "web-1" in names(client)
    assert "web-2" not in names(client)


def test_two_clients_that_reap_at_once_do_it_once(desk, client, clock):
    desk.do("droplets lease web-1 web-2 --ttl 1h")
    desk.sandbox.advance(2 * HOUR)
    plan = desk.do("reap --plan")
    with connect(desk.sandbox, clock=clock) as other:
        desk.do("reap --yes")
        outcomes = other.engine.run(plan.chains)
        assert {one.status for one in outcomes} == {"unchanged"}
        assert {one.why for one in outcomes if one.target.kind == "droplet"} == {"it is already gone"}


def test_a_tag_that_got_another_droplet_meanwhile_is_kept(desk, client):
    desk.do("droplets lease web-1 --ttl 1h")
    desk.sandbox.advance(2 * HOUR)
    plan = desk.do("reap --plan")
    (tag,) = lease_tags(client)
    desk.do(f"droplets tag db-1 --tag-name {tag}")
    plan.apply()
    assert lease_tags(client) == [tag]
    assert "db-1" in names(client)


def test_unused_tags_of_leases_are_deleted_with_their_last_droplet(desk, client):
    desk.do(f"droplets create demo {CREATE} --ttl 1h")
    desk.do("droplets delete demo --yes")
    assert lease_tags(client) == []
    # What a killed process has left is deleted once it is over.
    client.tags.create("lease:2026-11-23T12:30:00Z")
    client.tags.create("lease:2027-01-01T00:00:00Z")
    client.tags.create("lease:whenever")
    desk.sandbox.advance(HOUR)
    desk.do("reap --yes")
    assert sorted(lease_tags(client)) == ["lease:2027-01-01T00:00:00Z", "lease:whenever"]


def test_reap_can_freeze_instead(desk, client):
    desk.do("droplets lease legacy-reports --ttl 1h")
    desk.sandbox.advance(2 * HOUR)
    table = desk.do("reap --freeze --yes")
    assert table[["name", "action", "status"]].to_numpy().tolist() == [["legacy-reports", "freeze", "completed"]]
    assert list(desk.do("droplets frozen")["name"]) == ["legacy-reports"]
    assert lease_tags(client) == []


def test_reap_freezes_the_others_if_one_cannot_be_frozen(desk, client):
    client.tags.create("k8s:worker")
    desk.do("droplets tag web-1 --tag-name k8s:worker")
    desk.do("droplets lease web-1 legacy-reports --ttl 1h")
    desk.sandbox.advance(2 * HOUR)
    table = desk.do("reap --freeze --yes")
    assert table[["name", "action", "status"]].to_numpy().tolist() == [["legacy-reports", "freeze", "completed"]]
    assert "Not frozen: web-1 is a node of a Kubernetes cluster" in " ".join(desk.ui.said)
    assert lease_of(client.droplets.by_name("web-1").to_dict()) is not None
    with pytest.raises(InvalidArgument, match="web-1 is a node of a Kubernetes cluster"):
        desk.do("droplets freeze web-1 web-2 --yes")
    assert "web-2" in names(client)


def test_a_tag_that_another_chain_deletes_at_the_same_moment_is_no_failure(desk, client):
    desk.do("droplets lease web-1 web-2 --ttl 1h")
    (tag,) = lease_tags(client)
    desk.sandbox.advance(2 * HOUR)
    # As if the other chain had deleted it after both had seen that nothing has it.
    desk.sandbox.fault("status", status=404, method="DELETE", path=f"/v2/tags/{tag}", times=2)
    table = desk.do("reap --yes")
    assert table["status"].tolist() == ["completed", "completed"]
    assert table["error"].isna().all()


def test_a_lease_that_is_prolonged_stops_a_freeze_before_it_begins(desk, client):
    desk.do("droplets lease web-1 --ttl 1h")
    desk.sandbox.advance(2 * HOUR)
    plan = desk.do("reap --freeze --plan")
    desk.do("droplets lease web-1 --ttl 1d")
    with pytest.raises(BulkFailed, match="its lease was changed"):
        plan.apply()
    assert client.droplets.by_name("web-1").status == "active"
    assert "/actions" not in " ".join(desk.changes())


def test_a_token_that_may_not_read_tags_is_told_so(desk, client):
    world = desk.sandbox._dispatcher.world
    row = client.droplets.by_name("web-1")
    stored = world.droplets[row.id]
    public = {name: value for name, value in stored.public.items() if name != "tags"}
    world.droplets.put(row.id, type(stored)(public, stored.internal))
    for line in ("leases", "reap", "reap --watch --yes"):
        with pytest.raises(InvalidArgument, match="Leases are in tags, which this token may not read"):
            desk.do(line)


def test_a_watch_says_what_it_may_destroy_and_needs_yes(desk, client, monkeypatch):
    started = []

    def start(watch):
        started.append(watch)

    monkeypatch.setattr(LeaseWatch, "start", start)
    monkeypatch.setattr(LeaseWatch, "running", property(lambda self: not self._stopped.is_set()))
    desk.do("droplets lease web-1 --ttl 1h")
    with pytest.raises(ConfirmationRequired, match="--watch destroys droplets without asking again"):
        desk.do("reap --watch")
    assert started == []
    desk.do("reap --watch --every 5m --yes")
    said = desk.ui.said[-1]
    assert "SANDBOX: every 5 min, this kernel will destroy droplets whose lease is over: web-1 (" in said
    assert "It never touches others. End it with %do reap --stop" in said
    with pytest.raises(InvalidArgument, match="A watch is running already"):
        desk.do("reap --watch --yes")
    (watch,) = started
    watch.look()
    assert "web-1" in names(client)
    desk.sandbox.advance(2 * HOUR)
    before = names(client)
    watch.look()
    assert before - names(client) == {"web-1"}
    desk.do("reap --stop")
    assert "The watch was stopped. It has ended 1 droplet: web-1 (" in desk.ui.said[-1]
    desk.do("reap --stop")
    assert desk.ui.said[-1] == "No watch is running."


def test_a_watch_goes_on_after_an_error_and_ends_with_its_account(desk, client, caplog):
    desk.do("droplets lease web-1 --ttl 1h")
    desk.sandbox.advance(2 * HOUR)
    desk.do("reap --watch --every 1h --yes --dry-run")
    assert desk.session.lease_watch is None
    calls = []

    def build():
        calls.append(1)
        raise po.PoseidonError("the account cannot be read")

    watch = LeaseWatch(build, 60, client.clock)
    with caplog.at_level(logging.ERROR):
        watch.look()
    assert watch.last_error == "the account cannot be read"
    desk.session.lease_watch = watch
    desk.session._forget()
    assert watch._stopped.is_set()


def test_options_of_a_watch_that_do_not_fit_are_refused(desk):
    for line, message in (
        ("reap --stop --watch --yes", "--stop ends a watch"),
        ("reap --every 60", "--every says how often --watch looks"),
    ):
        with pytest.raises(InvalidArgument, match=message):
            desk.do(line)


def test_a_watch_in_its_own_thread_reaps_and_stops(desk, client):
    desk.do("droplets lease web-1 --ttl 1h")
    desk.sandbox.advance(2 * HOUR)
    desk.do("reap --watch --every 5 --yes")
    watch = desk.session.lease_watch
    for _ in range(2_000):
        if watch.done:
            break
        desk.session.clock.advance(0.1)
        watch._stopped.wait(0.005)
    assert [status for _, status in watch.done] == ["completed"]
    desk.do("reap --stop")
    assert not watch.running
    assert "web-1" not in names(client)
