"""The journal of plans: what is stored, what never is, and how the account is recognized."""

from __future__ import annotations

import contextlib
import json
import os
import re
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path

import pytest
import responses

from poseidon_nb.catalogue import operation
from poseidon_nb.client.engine.droplet_steps import create_steps
from poseidon_nb.client.engine.steps import FieldChange, Reference, Step, Target, When
from poseidon_nb.errors import NoSuchName, PoseidonError
from poseidon_nb.plans.journal import connect, unfinished_plans
from poseidon_nb.plans.journal_entry import (
    OMITTED_BODY,
    AccountKey,
    chain_lines,
    chains_data,
    encode_line,
    first_line,
    parse_entry,
)
from poseidon_nb.plans.journal_files import PlanFiles
from poseidon_nb.plans.user_state import account_key, state_dir
from poseidon_nb.sandbox import Sandbox
from poseidon_nb.sandbox.responses import HTTPResponse
from poseidon_nb.transport.request import build_request
from tests.plans.conftest import CHAIN, DROPLET, outcomes, plan_line, read, simulate_crash


def test_a_plan_is_on_disk_before_its_first_request_and_is_read_back_unchanged(client):
    record = client.engine.recorder.begin([CHAIN], "droplets resize web-1")
    entry = read(record.id)
    assert entry.chains == (CHAIN,)
    assert (entry.title, entry.account, entry.steps, entry.done, entry.left) == (
        "droplets resize web-1",
        "SANDBOX",
        4,
        0,
        4,
    )
    assert entry.started_at == client.now()
    assert entry.key.identity.startswith("sandbox:")
    assert re.fullmatch("[a-z][a-z0-9]{4}", record.id)


def test_a_plan_written_by_version_0_1_0_is_read_and_the_format_has_not_changed():
    text = Path(__file__).with_name("journal_0_1_0.jsonl").read_text(encoding="utf-8")
    first, *events = text.splitlines(keepends=True)
    before = parse_entry(first + "".join(events[:-1]))
    assert (before.title, before.account, before.key) == (
        "droplets resize web-1",
        "SANDBOX",
        AccountKey("sandbox:1", "d1"),
    )
    assert before.chains[0] == CHAIN
    assert before.chains[2][0].references == (Reference("<id of a>", 1),)
    assert (before.accepted[0, 0].target_ids, before.accepted[0, 0].actions) == ((DROPLET["id"],), (77,))
    assert (before.ended[1, 0].statuses, before.ended[1, 0].error) == (("failed",), "NoSuchName")
    assert (before.secret, before.steps, before.done, before.left) == ({(1, 0)}, 6, 1, 4)
    lines = [line for number in range(3) for line in chain_lines(before, number, number)]
    assert [encode_line(line).decode() for line in lines] == events[:-1]
    after = parse_entry(text)
    assert after.chains == (CHAIN[2:], before.chains[2])
    assert (after.steps, after.done, after.left, after.note) == (6, 3, 3, "create a has to be given again")
    assert after.accepted[1, 0].target_ids == (7,)
    chains = [*before.chains[:1], *before.chains[2:]]
    written = json.loads(first)["chains"]
    assert chains_data(chains) == [written[0], written[2]]


def test_acceptances_and_outcomes_are_recorded(client):
    record = client.engine.recorder.begin([CHAIN], "")
    record.sending(0, 0)
    record.accepted(0, 0, target_ids=[DROPLET["id"]], actions=[77])
    record.ended(0, 0, outcomes(CHAIN[0], "completed"))
    record.accepted(0, 2, target_ids=[DROPLET["id"]], actions=[78])
    entry = read(record.id)
    assert entry.title == "resize web-1"
    assert entry.accepted[0, 0].actions == (77,)
    assert entry.accepted[0, 2].target_ids == (DROPLET["id"],)
    assert entry.ended[0, 0].statuses == ("completed",)
    assert (entry.done, entry.left) == (1, 3)
    assert (0, 0) in entry.sending


def test_an_ended_plan_is_no_longer_listed(client):
    record = client.engine.recorder.begin([CHAIN], "")
    assert [one.state for one in unfinished_plans(account_key(client))] == ["running here"]
    record.close()
    assert unfinished_plans(account_key(client)) == []
    assert [path.name for path in PlanFiles().directory.iterdir()] == ["ended"]
    record.close()
    record.accepted(0, 0, target_ids=[], actions=[])


@pytest.mark.parametrize("status", ["failed", "skipped", "completed"])
def test_a_plan_of_one_step_is_closed_with_it(client, status):
    chain = (CHAIN[2],)
    record = client.engine.recorder.begin([chain], "")
    record.ended(0, 0, outcomes(chain[0], status))
    assert PlanFiles().ids() == []


def test_a_plan_whose_droplet_could_not_be_powered_on_stays_listed(client):
    record = client.engine.recorder.begin([CHAIN], "")
    for at, status in enumerate(("completed", "unchanged", "completed", "failed")):
        record.ended(0, at, outcomes(CHAIN[at], status))
    record.close()
    assert [one.state for one in unfinished_plans(account_key(client))] == ["interrupted"]


def test_a_plan_of_one_step_with_an_unknown_outcome_stays_until_it_is_closed(client):
    chain = (CHAIN[2],)
    record = client.engine.recorder.begin([chain], "")
    record.ended(0, 0, outcomes(chain[0], "unknown"))
    assert PlanFiles().ids() == [record.id]


def test_every_field_of_a_step_is_stored(client):
    step = replace(
        create_steps(["a", "b"], {"size": "s-1vcpu-1gb", "image": 12, "tags": ["x"]}, single=False, usd_month_each=6.0)[
            0
        ],
        references=(Reference("<id of web-4>", 1), Reference("<address of b>", 2, "public_ipv4", 2, 1)),
        when=When.ALWAYS,
        best_effort=True,
        limit_s=3.5,
        unchanged="already on",
        reversible=False,
        interrupts=True,
        status="off",
        snapshot="before",
        snapshot_tags="frozen:1:off:yes,frozen",
        lease="lease:2026-12-01T12:00:00Z",
        claim="thawing:20261201T120000Z-1",
        unused=True,
        owner="database cluster orders",
        change=FieldChange("tags", None, "x"),
    )
    for part, default in (
        (step, Step(verb="", targets=(), request=step.request)),
        (step.references[1], Reference("", 0)),
    ):
        same = [one.name for one in fields(part) if getattr(part, one.name) == getattr(default, one.name)]
        assert same == (["request"] if part is step else []), "this test leaves fields at their defaults"
    listed = Step(
        verb="untag",
        targets=(Target("tag", "x", "x"),),
        request=build_request(operation("droplets_destroy_byTag"), query={"tag_name": "x"}),
        awaits="gone",
        usd_month=None,
    )
    record = client.engine.recorder.begin([(step, listed)], "t")
    assert read(record.id).chains == ((step, listed),)


SECRETS = {
    "user_data": "#!/bin/sh\nhunter2hunter2",
    "password": "hunter2hunter2",
    "nested": {"list": [{"api_key": "hunter2hunter2"}]},
    "envs": [{"key": "A", "value": "hunter2hunter2", "type": "GENERAL"}],
    "url": "https://user:hunter2hunter2@example.com",
    "signed": "https://example.com/image?X-Amz-Signature=hunter2hunter2",
    "slack": [{"url": "https://hooks.slack.com/hunter2hunter2"}],
    "pem": "-----BEGIN RSA PRIVATE KEY-----\nhunter2hunter2",
    "text": "dop_v1_hunter2hunter2",
}


def test_no_secret_and_no_token_reaches_the_disk(client):
    steps = [
        replace(CHAIN[2], request=replace(CHAIN[2].request, body={"type": "x", field: value}))
        for field, value in SECRETS.items()
    ]
    steps.append(replace(CHAIN[2], request=replace(CHAIN[2].request, body=b"hunter2hunter2")))
    steps.append(
        replace(CHAIN[2], change=FieldChange("password", "hunter2", "hunter2hunter2"), request=steps[1].request)
    )
    record = client.engine.recorder.begin([tuple(steps)], "databases reset --password hunter2hunter2")
    for at, step in enumerate(steps):
        record.ended(0, at, outcomes(step, "failed", NoSuchName("hunter2hunter2", name="x")))
    written = b"".join(path.read_bytes() for path in state_dir().rglob("*") if path.is_file())
    assert b"hunter2" not in written
    assert client._connection.session.credential.token.reveal().encode() not in written
    entry = read(record.id)
    assert entry.title == "resize web-1"
    assert entry.secret == {(0, at) for at in range(len(steps))}
    assert {step.request.body for step in entry.chains[0]} == {OMITTED_BODY}


def test_a_plan_whose_remaining_steps_hold_secrets_must_be_run_again(client):
    step = create_steps(["a"], {"size": "s", "image": 1, "user_data": "secret"}, single=True)[0]
    record = client.engine.recorder.begin([(step,)], "t")
    simulate_crash(record)
    assert [one.state for one in unfinished_plans(account_key(client))] == ["must be run again"]


def test_a_plan_of_a_killed_kernel_is_interrupted_and_another_accounts_plan_is_recognized(client, clock):
    record = client.engine.recorder.begin([CHAIN], "t")
    simulate_crash(record)
    assert [(one.id, one.state) for one in unfinished_plans(account_key(client))] == [(record.id, "interrupted")]
    with Sandbox(droplets=2, clock=clock, seed=7) as other, connect(other, clock=clock) as stranger:
        assert [one.state for one in unfinished_plans(account_key(stranger))] == ["other account"]
    assert [one.state for one in unfinished_plans(None)] == ["other account"]


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_fork_neither_writes_nor_releases(client):
    record = client.engine.recorder.begin([CHAIN], "t")
    files = PlanFiles()
    before = files.path(record.id).read_bytes()
    child = os.fork()
    if child == 0:
        try:
            record.accepted(0, 0, target_ids=[], actions=[])
            record.close()
            ok = (
                not record.is_owner
                and files.is_running(record.id)
                and unfinished_plans(None)[0].state == "running in another kernel"
            )
        finally:
            os._exit(0 if ok else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert files.path(record.id).read_bytes() == before
    assert files.is_running(record.id)


def test_the_account_is_asked_once_for_a_client(client):
    for _ in range(3):
        client.engine.recorder.begin([CHAIN], "t").close()
    keys = {account_key(client) for _ in range(3)}
    assert len(keys) == 1


def test_account_keys_compare_by_identity_then_by_token():
    team, digest = AccountKey("team:1", "a"), AccountKey("", "a")
    assert team.same(AccountKey("team:1", "b"))
    assert not team.same(AccountKey("team:2", "a"))
    assert team.same(digest)
    assert not AccountKey("team:1", "b").same(digest)
    assert not AccountKey().same(AccountKey())


def test_an_account_without_a_readable_identity_is_recognized_by_its_token(clock):
    with Sandbox(droplets=1, clock=clock) as sandbox:
        client = connect(sandbox, clock=clock)
        with patched_id(sandbox, "no json"):
            key = account_key(client)
        assert key.identity == ""
        assert account_key(client) == key
        assert account_key(connect(sandbox, clock=clock)).same(key)


@contextmanager
def patched_id(sandbox, text):
    """Replace the sandbox's id with text that is not JSON, as a sign-in page would."""
    controls = sandbox._dispatcher.control
    route = controls._routes["GET", "/id"]
    controls._routes["GET", "/id"] = lambda *_: HTTPResponse(200, text.encode())
    yield
    controls._routes["GET", "/id"] = route


@responses.activate
def test_a_real_account_is_recognized_by_its_team_and_asked_once(clock):
    answer = {"account": {"email": "a@example.com", "uuid": "u", "team": {"uuid": "t", "name": "x"}}}
    responses.get("https://api.digitalocean.com/v2/account", json=answer)
    client = connect(token="dop_v1_" + "0" * 64, clock=clock)
    assert (client.identity(), client.label(), client.identity()) == ("team:t", "a@example.com", "team:t")
    assert len(responses.calls) == 1
    del answer["account"]["team"]
    responses.replace("GET", "https://api.digitalocean.com/v2/account", json=answer)
    assert connect(token="dop_v1_" + "1" * 64, clock=clock).identity() == "account:u"
    responses.replace("GET", "https://api.digitalocean.com/v2/account", status=403, json={"id": "forbidden"})
    scoped = connect(token="dop_v1_" + "2" * 64, clock=clock)
    assert (scoped.identity(), scoped.label()) == ("", "the account of token=")
    assert account_key(scoped).same(account_key(connect(token="dop_v1_" + "2" * 64, clock=clock)))
    assert not account_key(scoped).same(account_key(connect(token="dop_v1_" + "3" * 64, clock=clock)))


def test_a_sandbox_keeps_its_id_over_save_and_load(tmp_path):
    with Sandbox(droplets=1) as one, Sandbox(droplets=1) as two:
        first, second = connect(one).identity(), connect(two).identity()
        assert first != second
        one.save(tmp_path / "state")
        two.load(tmp_path / "state")
        assert connect(two).identity() == first


def test_a_line_is_one_line():
    line = first_line(
        "a", time=journal_files_time(), version="1", title="a\nb", account="", key=AccountKey(), chains=[]
    )
    assert encode_line(line).count(b"\n") == 1
    assert encode_line({"lone": "\ud800"})
    assert encode_line({"time": journal_files_time()})


def journal_files_time():
    from datetime import UTC, datetime

    return datetime(2026, 11, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v2/things?token=hush-hush-hush", {}),
        ("/v2/things", {"apiKey": "hush-hush-hush"}),
        ("/v2/things", {"Password": "hush-hush-hush"}),
        ("/v2/things", {"pairs": [{"name": "DB_PASSWORD", "value": "hush-hush-hush"}]}),
        ("/v2/apps", {"spec": {"services": [{"git": {"repo_clone_url": "https://hush-hush-hush-hush@host/x.git"}}]}}),
        ("/v2/gen-ai/oauth2/dropbox/tokens", {"code": "hush-hush-hush"}),
        ("/v2/functions/namespaces/n/triggers", {"scheduled_details": {"body": {"x": "hush-hush-hush"}}}),
    ],
)
def test_secrets_are_not_stored_wherever_they_appear(client, path, body):
    with contextlib.suppress(PoseidonError):
        client.api("POST", path, body=body)
    kept = [file.read_text() for file in state_dir().rglob("*.jsonl")]
    assert kept
    assert "hush" not in "".join(kept)


def test_a_plan_whose_requests_do_not_match_its_steps_is_damaged(client):
    first = json.loads(encode_line(plan_line(client)))
    (step,) = first["chains"][0][:1]
    for changed in (
        {"method": "DELETE", "path": "/v2/droplets/521000031"},
        {"path": "/v2/droplets/2/actions"},
        {"path": "//elsewhere.example/v2/droplets/521000031/actions"},
        {"operation": "account_get"},
        {"operation": "", "path": "/_sandbox/reset"},
        {"operation": "", "path": "/v2/x\r\nHost: elsewhere"},
        {"targets": []},
    ):
        with pytest.raises(ValueError, match=r"is not|without"):
            parse_entry(json.dumps({**first, "chains": [[{**step, **changed}]]}) + "\n")
    with pytest.raises(ValueError, match="without steps"):
        parse_entry(json.dumps({**first, "chains": [[]]}) + "\n")
    line = {"event": "accepted", "time": first["time"], "chain": 7, "step": 9, "things": [], "actions": []}
    with pytest.raises(ValueError, match="no step 9 in chain 7"):
        parse_entry(f"{json.dumps(first)}\n{json.dumps(line)}\n")
