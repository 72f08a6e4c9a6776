"""`%do idle` and `%do apply {idle}` on the sandbox: everything idle is found, nothing used is, and each command ends it."""

from __future__ import annotations

from types import MappingProxyType

import pandas as pd
import pytest
import requests

from poseidon_nb import connect, errors
from poseidon_nb.catalogue import idle as catalogue
from poseidon_nb.catalogue import operation
from poseidon_nb.commands.idle.spec import IDLE, LAST, OLDER_THAN
from poseidon_nb.commands.idle.summary import NOUNS
from poseidon_nb.commands.registry import parse, registry
from poseidon_nb.errors import GrammarError, InvalidArgument
from poseidon_nb.frames.display import to_text, view_of
from poseidon_nb.frames.schemas import DERIVED_TABLES
from tests.commands.idle_account import build

COLUMNS = [column.name for column in DERIVED_TABLES["idle"].columns]
#: The rows of a new sandbox.
SEEDED = ["render", "staging-db", "legacy-reports", "old-uploads", "198.18.250.5"]


@pytest.fixture(autouse=True)
def _deletes_where_it_cannot_freeze(monkeypatch):
    """Delete droplets as long as there is no command that freezes them."""
    if not any(verb.name == "freeze" for verb in registry().require_group("droplets").verbs):
        commands = {**catalogue.COMMANDS, "droplet": "droplets delete"}
        monkeypatch.setattr(catalogue, "COMMANDS", MappingProxyType(commands))


def pairs(frame):
    return {*zip(frame["kind"], frame["id"], strict=True)}


def limit(desk, *scopes):
    """Give the desk a token that has only these scopes."""
    headers = {"Authorization": f"Bearer {desk.sandbox.token}"}
    answer = requests.post(f"{desk.sandbox.url}/_sandbox/tokens", json={"scopes": scopes}, headers=headers).json()
    desk.session._clients[None] = connect(token=answer["token"], base_url=desk.sandbox.url, clock=desk.session.clock)


def test_wastes_of_all_kinds_among_three_hundred_things_that_are_used(desk):
    waste = build(desk)
    assert len(waste) == 37
    found = desk.do("idle")
    assert pairs(found) == waste
    assert {*found["kind"]} == {*NOUNS} == {*catalogue.COMMANDS}
    used = sum(
        len(desk.session.client().call(one))
        for one in ("droplets_list", "volumes_list", "snapshots_list", "reservedIPs_list", "loadBalancers_list", "uptime_list_checks",
                    "kubernetes_list_clusters", "databases_list_clusters", "apps_list", "registries_list", "vpcnatgateways_list", "nfs_list")
    )  # fmt: skip
    assert used - len(waste) >= 300
    priced = found["usd_month"].dropna()
    # An app that is not deployed is not billed.
    assert found.loc[priced.index[priced == 0], "kind"].tolist() == ["app"]
    assert priced.is_monotonic_decreasing
    assert found.loc[found["usd_month"].isna(), "kind"].tolist() == ["reserved_ipv6"]
    assert found["why"].str.len().gt(10).all()
    # Each command, run, clears its row, and finds no new one.
    for command in found["command"]:
        desk.do(f"{command} --yes")
    left = desk.do("idle")
    assert left.empty
    assert to_text(left, view_of(left), width=80) == "Nothing idle was found."


def test_a_new_sandbox_has_a_few_idle_things(desk):
    found = desk.do("idle")
    assert [*found.columns] == COLUMNS
    assert [*found["name"]] == SEEDED
    (said,) = desk.ui.said
    assert said == (
        "2 droplets, 1 volume, 1 reserved IP and 1 Kubernetes cluster are idle, $86.00 a month. Keep the rows to end in a variable, and use"
        " %do apply {variable}."
    )
    prices = desk.do("cost lines").set_index("id")["price_usd_month"]
    assert found["usd_month"].tolist() == [prices[id_] for id_ in found["id"]]
    assert desk.changes() == []
    (row,) = desk.do("idle --no-metrics --columns name,why").iloc[3:4].to_dict("records")
    assert row == {"name": "old-uploads", "why": "attached to no droplet; 50 GiB; created 140 days ago"}


def test_an_age_limit_finds_snapshots_and_no_metrics_sends_fewer_requests(desk):
    desk.sent()
    desk.do("idle --no-metrics")
    assert not any("/monitoring/" in line for line in desk.sent())
    young = desk.do("idle --no-metrics --older-than 1w")
    assert {*young["kind"]} == {"droplet", "volume", "reserved_ip", "snapshot", "image", "kubernetes"}
    assert young.loc[young["name"] == "db-1-before-2026-10-31", "why"].tolist() == [
        "22 days old; there is a newer one of droplet 521000064"
    ]
    with pytest.raises(InvalidArgument, match=r"Invalid duration 'old'"):
        desk.do("idle --older-than old")
    with pytest.raises(GrammarError, match="older-than"):
        desk.do("idle --older-then 7d")


def test_lists_that_answer_501_or_403_are_named_and_left_out(desk):
    desk.sandbox.fault("status", operation="volumes_list", status=501, times=None)
    desk.sandbox.fault("status", operation="reservedIPv6_list", status=403, times=None)
    found = desk.do("idle --no-metrics")
    assert [*found["name"]] == [name for name in SEEDED if name != "old-uploads"]
    assert [said.partition(": ")[0] for said in desk.ui.said[:-1]] == [
        "Could not read volumes", "Could not read reserved IPv6 addresses",
    ]  # fmt: skip
    assert "501" in desk.ui.said[0]
    assert "reserved_ip:read" in desk.ui.said[1]


def test_with_a_token_without_scopes_nothing_is_accused(desk):
    limit(
        desk,
        "api:read",
        "api:write",
        "block_storage:read",
        "reserved_ip:read",
        "load_balancer:read",
        "snapshot:read",
        "image:read",
    )
    found = desk.do("idle --older-than 1d")
    assert {*found["kind"]} == {"volume"}
    said = " ".join(desk.ui.said)
    for word in ("droplets", "sizes", "snapshots", "uptime checks"):
        assert f"Could not read {word}: " in said
    limit(desk)
    assert desk.do("idle").empty
    limit(desk, "droplet:read", "sizes:read", "regions:read", "image:read", "tag:read")
    assert [*desk.do("idle")["name"]] == ["staging-db", "legacy-reports"]
    assert any(said.startswith("Could not read metrics: 403") for said in desk.ui.said)
    desk.sandbox.fault("status", operation="dropletActions_list", status=403, times=None)
    desk.do("idle --no-metrics")
    assert any(said.startswith("Could not read since when droplets are off: 403") for said in desk.ui.said)


def test_an_empty_account_has_an_empty_table(empty_desk):
    empty_desk.do("sandbox start --droplets 0")
    client = empty_desk.session.client()
    for noun, delete, key in (
        ("volumes_list", "volumes_delete", "volume_id"),
        ("reservedIPs_list", "reservedIPs_delete", "reserved_ip"),
    ):
        for one in client.call(noun):
            client.call(delete, **{key: one.get("id") or one["ip"]})
    found = empty_desk.do("idle")
    assert [*found.columns] == COLUMNS
    assert found.empty
    with pytest.raises(InvalidArgument, match="nothing"):
        empty_desk.do("idle --plan")


def test_the_rule_and_the_help_have_the_same_defaults():
    options = {option.field: option for option in IDLE.verbs[0].options}
    assert (options["older_than"].default, options["last"].default) == (OLDER_THAN, LAST) == ("90d", "14d")


def test_each_command_deletes_or_freezes_what_its_kind_is():
    for kind, command in catalogue.COMMANDS.items():
        verb = parse(f"{command} 3d80cb72-342b-4aaa-b92e-4e4abb24a933").verb
        if kind != "droplet":
            assert operation(verb.operations[0]).method == "DELETE"
        noun = {"vpcnatgateways": "nat_gateway", "registries": "registry", "uptime": "uptime_check"}.get(verb.group)
        assert (noun or verb.group.replace("-", "_")).rstrip("s") == kind.rstrip("s")


def test_apply_ends_the_rows_that_were_kept(desk):
    idle = desk.do("idle")
    kept = idle[~idle["kind"].isin(["droplet", "kubernetes"])]
    desk.sent()
    plan = desk.do("apply {kept} --plan", kept=kept)
    assert plan.usd_month == -10.0
    assert [(step.verb, str(step.targets[0])) for step in plan.steps] == [
        ("delete", f"old-uploads ({idle['id'][3]})"), ("delete", "198.18.250.5"),
    ]  # fmt: skip
    assert desk.changes() == []
    assert desk.do("apply {kept} --dry-run", kept=kept) is None
    assert desk.ui.said[-1].split("\n\n") == [
        f"DELETE /v2/volumes/{idle['id'][3]}",
        "DELETE /v2/reserved_ips/198.18.250.5",
    ]
    assert desk.changes() == []
    with pytest.raises(
        errors.ConfirmationRequired, match=r"^SANDBOX: delete volume old-uploads .*saves \$5\.00 a month"
    ):
        desk.do("apply {kept}", kept=kept)
    assert desk.changes() == []
    desk.ui.answer = True
    assert desk.do("apply {kept}", kept=kept)["status"].tolist() == ["completed", "completed"]
    assert len(desk.changes()) == 2
    assert [*desk.do("idle")["name"]] == SEEDED[:3]
    # Again, there is nothing to do, and that is said.
    assert desk.do("apply {kept} --yes", kept=kept) is None
    assert [said for said in desk.ui.said if "no longer idle" in said] == [
        f"The volume old-uploads ({idle['id'][3]}) is no longer idle, so it was left out.",
        "The reserved IP 198.18.250.5 is no longer idle, so it was left out.",
    ]


def test_what_is_used_again_is_left_out_with_a_note(desk):
    idle = desk.do("idle")
    desk.do("volumes attach old-uploads web-1")
    desk.do("droplets power_on legacy-reports")
    desk.do("reserved-ips assign 198.18.250.5 web-2")
    plan = desk.do("apply {idle} --plan", idle=idle)
    assert {target.name for target in plan.targets if target.kind == "droplet"} == {"staging-db"}
    assert [note.split(" (")[0] for note in plan.notes if "no longer idle" in note] == [
        "The droplet legacy-reports", "The volume old-uploads", "The reserved IP 198.18.250.5 is no longer idle, so it was left out.",
    ]  # fmt: skip


def test_droplets_are_ended_together_and_what_is_frozen_is_not_idle(desk):
    idle = desk.do("idle")
    result = desk.do("apply {idle} --yes", idle=idle[idle["kind"] == "droplet"])
    assert {*result["status"]} <= {"completed", "unchanged"}
    left = {droplet.name for droplet in desk.session.client().droplets.list()}
    assert not left & {"staging-db", "legacy-reports"}
    if catalogue.COMMANDS["droplet"] == "droplets freeze":
        # A frozen droplet keeps its volume and its snapshot.
        assert [*desk.do("idle --older-than 1h")["kind"]].count("volume") == 1
        assert not any("-frozen-" in name for name in desk.do("idle --older-than 1s")["name"])


def test_a_frame_from_a_file_and_rows_that_are_there_twice(desk, tmp_path):
    idle = desk.do("idle")
    idle[idle["kind"] == "volume"].to_csv(tmp_path / "idle.csv", index=False)
    read = pd.read_csv(tmp_path / "idle.csv")
    assert len(desk.do("apply {file} --plan", file=str(tmp_path / "idle.csv")).steps) == 1
    plan = desk.do("apply {twice} --plan", twice=pd.concat([read, read]))
    assert [step.request.target for step in plan.steps] == [f"/v2/volumes/{idle['id'][3]}"]
    droplets = idle[idle["kind"] == "droplet"]
    droplets.to_csv(tmp_path / "droplets.csv", index=False)
    plan = desk.do("apply {read} --plan", read=pd.read_csv(tmp_path / "droplets.csv"))
    assert {str(target.id) for target in plan.targets} >= {*droplets["id"]}


def test_a_changed_command_is_refused_and_nothing_is_done(desk):
    idle = desk.do("idle").iloc[3:4]
    id_ = idle["id"].iloc[0]
    desk.sent()
    for command in (
        "volumes delete other",
        f"volumes delete {id_} --yes",
        f"volumes delete {id_} --context other",
        f"volumes delete {id_} old-uploads",
        f"snapshots delete {id_}",
        "droplets delete web-1",
        "droplets delete --tag web",
        "api DELETE /v2/account",
        "volumes list",
        "volumes delete {x}",
        f"volumes delete {id_}\ndroplets delete web-1",
        "",
        None,
        "rm -rf /",
    ):
        for option in ("", " --plan", " --dry-run"):
            with pytest.raises(
                InvalidArgument, match=r"^Row 3: the command .* is not the one of this volume\."
            ) as error:
                desk.do(f"apply {{idle}} --yes{option}", idle=idle.assign(command=command))
            assert "\n" not in str(error.value)
    for column, value, message in (
        ("kind", "domain", "Row 3: unknown kind 'domain'. Expected one of droplet"),
        ("kind", "volumes", "Did you mean volume"),
        ("id", None, "Row 3: the id is missing."),
        ("name", "other", "is not the one of this volume"),
    ):
        with pytest.raises(InvalidArgument, match=message):
            desk.do("apply {idle} --yes", idle=idle.assign(**{column: value}))
    # Another id is another resource, whatever the name says.
    assert desk.do("apply {idle} --plan", idle=idle.assign(id="0")).is_empty
    # A name or an id stands for the same.
    for command in (f"volumes delete {id_}", "volumes delete old-uploads", "volumes rm  old-uploads"):
        assert len(desk.do("apply {idle} --plan", idle=idle.assign(command=command)).steps) == 1
    assert desk.changes() == []


def test_a_name_that_another_volume_has_by_now_does_not_matter(desk):
    idle = desk.do("idle").iloc[3:4]
    desk.do("volumes create old-uploads --region sfo3 --size-gigabytes 10")
    plan = desk.do("apply {idle} --plan", idle=idle)
    assert [step.request.target for step in plan.steps] == [f"/v2/volumes/{idle['id'].iloc[0]}"]


def test_hostile_names_end_up_in_no_command(desk):
    client = desk.session.client()
    image = client.images.create_custom(name="x --yes; {y}\x1b[2J", url="https://a.example/a.img", region="nyc3")
    desk.sandbox.advance(86_400 * 200)
    found = desk.do("idle --no-metrics")
    found = found[found["id"] == str(image.id)]
    assert found["command"].tolist() == [f"images delete {image.id}"]
    plan = desk.do("apply {idle} --plan", idle=found)
    assert [step.request.target for step in plan.steps] == [f"/v2/images/{image.id}"]
    assert "\x1b" not in repr(plan)


def test_it_costs_few_requests_and_says_when_it_takes_long(desk, monkeypatch):
    desk.sent()
    desk.do("idle --no-metrics")
    sent = desk.sent()
    # Sixteen lists, the actions of two droplets, the repositories of a registry, and the state of each check.
    checks = len(desk.session.client().call("uptime_list_checks"))
    assert len(sent) == 16 + 2 + 1 + checks
