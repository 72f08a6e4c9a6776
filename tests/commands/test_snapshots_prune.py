"""`%do snapshots prune` on the sandbox: what stays, what goes, and what is refused."""

from __future__ import annotations

import pytest
import requests

from poseidon_nb import connect, errors
from poseidon_nb.errors import GrammarError, InvalidArgument, NoSuchName
from poseidon_nb.frames.schemas import DERIVED_TABLES
from poseidon_nb.language.spec import BULK_COLUMNS

OLD = ["db-1-before-2026-10-31", "db-1-before-2026-11-09", "db-1-data-2026-11-02"]


def table(desk):
    """Return the table that was shown last."""
    return desk.ui.shown[-1].set_index("name")


def test_what_no_rule_keeps_is_deleted_after_a_question(desk):
    before = desk.do("snapshots list")
    desk.ui.answer = True
    desk.sent()
    result = desk.do("snapshots prune --keep-last 1")
    assert sorted(result["name"]) == OLD
    assert result["status"].tolist() == ["completed"] * 3
    assert [*result.columns] == [*BULK_COLUMNS]
    assert len(desk.changes()) == 3
    shown = table(desk)
    assert [shown.index.name, *shown.columns] == [column.name for column in DERIVED_TABLES["retention"].columns]
    assert sorted(shown.index) == sorted(before["name"])
    assert sorted(shown.index[shown["verdict"] == "delete"]) == OLD
    assert shown.loc["db-1-data-2026-11-02", "resource_name"] == "db-1-data"
    saving = before[before["name"].isin(OLD)]["size_gigabytes"].sum() * 0.06
    assert shown["saving_usd_month"].sum() == pytest.approx(saving)
    assert desk.ui.said == [f"3 of 9 snapshots can go, which saves ${saving:.2f} a month."]
    (question,) = desk.ui.questions
    assert question.startswith("SANDBOX: delete 3 snapshots (saves $4.27 a month): ")
    # Again, there is nothing to do, and nothing to ask.
    desk.ui.answer = None
    again = desk.do("snapshots prune --keep-last 1")
    assert (len(again), desk.ui.said[-1]) == (0, "6 snapshots: all stay.")


def test_a_dry_run_and_a_plan_change_nothing(desk):
    ids = desk.do("snapshots list").set_index("name")["id"]
    desk.sent()
    assert desk.do("snapshots prune --keep-daily 1 --dry-run") is None
    assert sorted(desk.ui.said[-1].split("\n\n")) == sorted(f"DELETE /v2/snapshots/{ids[name]}" for name in OLD)
    plan = desk.do("snapshots prune --keep-daily 1 --plan")
    assert sorted(step.targets[0].name for step in plan.steps) == OLD
    assert plan.usd_month == pytest.approx(-table(desk)["saving_usd_month"].sum())
    with pytest.raises(errors.ConfirmationRequired, match="Add --yes"):
        desk.do("snapshots prune --keep-daily 1")
    assert desk.changes() == []


def test_a_tag_a_name_and_a_type_select(desk):
    desk.do("snapshots prune --keep-last 1 --tag ENV:prod --dry-run")
    assert sorted(table(desk).index) == ["db-1-data-2026-11-02", "db-1-data-2026-11-16", "db-2-data-2026-11-16"]
    desk.do("snapshots prune --keep-last 1 --name 'db-1-before-*' --dry-run")
    assert len(table(desk)) == 3
    desk.do("snapshots prune --keep-last 1 --resource-type volume --dry-run")
    assert {*table(desk)["resource_type"]} == {"volume"}
    with pytest.raises(NoSuchName, match=r"^No snapshot matches 'nothing-\*'\.$"):
        desk.do("snapshots prune --keep-last 1 --name 'nothing-*'")
    with pytest.raises(NoSuchName, match=r"Did you mean web\?"):
        desk.do("snapshots prune --keep-last 1 --tag wep")
    with pytest.raises(NoSuchName, match=r"^No snapshot with the tag 'web' was found\.$"):
        desk.do("snapshots prune --keep-last 1 --tag web")


def test_frozen_snapshots_stay_and_sources_of_droplets_too(desk):
    ids = desk.do("snapshots list").set_index("name")["id"]
    frozen, source, _ = (ids[name] for name in OLD)
    client = desk.session.client()
    client.tags.create("frozen")
    resources = [{"resource_id": str(frozen), "resource_type": "image"}]
    client.call("tags_assign_resources", tag_id="frozen", body={"resources": resources})
    client.droplets.create(name="copy", size="s-1vcpu-1gb", region="nyc3", image=int(source))
    result = desk.do("snapshots prune --keep-last 1 --yes")
    assert [*result["name"]] == ["db-1-data-2026-11-02"]
    shown = table(desk)
    assert shown.loc[OLD[0], "why"] == "tagged frozen"
    assert shown.loc[OLD[1], "why"] == "copy was made from it"
    # Only with an option, and not without saying so.
    result = desk.do("snapshots prune --keep-last 1 --include-sources --yes")
    assert [*result["name"]] == [OLD[1]]
    assert table(desk).loc[OLD[1], "why"] == "no rule keeps it; copy was made from it"
    assert desk.ui.said[-1].endswith(
        "A droplet was made from 1 of them: it keeps running, but cannot be rebuilt from it."
    )


def test_without_any_rule_it_is_refused_with_an_example(desk):
    desk.sent()
    for line in ("snapshots prune", "snapshots prune --tag web --yes", "snapshots prune --dry-run"):
        with pytest.raises(
            InvalidArgument, match=r"^Which snapshots should stay\? .*%do snapshots prune --keep-last 7"
        ):
            desk.do(line)
    for options, message in (
        ("--keep-last 0", "A policy must keep something: give at least one rule a number above 0."),
        ("--keep-daily many", "--keep-daily must be a number of snapshots or unlimited, not 'many'."),
        ("--keep-daily -3", "--keep-daily must be a number of snapshots or unlimited, not '-3'."),
        ("--keep-daily 1.5", "--keep-daily must be a number of snapshots or unlimited, not '1.5'."),
        ("--keep-within soon", "--keep-within must be a duration such as 30d, 6m or 1y6m, not 'soon'."),
    ):
        with pytest.raises(InvalidArgument) as error:
            desk.do(f"snapshots prune {options} --yes")
        assert str(error.value) == message
    with pytest.raises(GrammarError, match="keep-weekly"):
        desk.do("snapshots prune --keep-weakly 4")
    assert desk.sent() == []


def test_all_rules_reach_the_policy(desk):
    desk.do("snapshots prune --keep-yearly unlimited --keep-within 1m --dry-run")
    assert table(desk)["rules"].map(lambda rules: bool({"yearly", "within", "oldest yearly"} & {*rules})).all()
    desk.do("snapshots prune --keep-hourly 1 --keep-weekly 1 --keep-monthly 2 --dry-run")
    assert table(desk).loc["db-1-before-2026-11-18", "rules"] == ["hourly", "weekly", "monthly"]
    assert table(desk).loc["db-1-before-2026-10-31", "rules"] == ["monthly"]


def test_a_token_that_cannot_see_what_must_stay_is_refused(desk):
    def limit(*scopes):
        headers = {"Authorization": f"Bearer {desk.sandbox.token}"}
        answer = requests.post(f"{desk.sandbox.url}/_sandbox/tokens", json={"scopes": scopes}, headers=headers).json()
        desk.session._clients[None] = connect(
            token=answer["token"], base_url=desk.sandbox.url, clock=desk.session.clock
        )

    snapshots = ("snapshot:read", "snapshot:delete")
    limit(*snapshots)
    with pytest.raises(InvalidArgument, match=r"frozen ones must stay\. The token needs the scope tag:read\.$"):
        desk.do("snapshots prune --keep-last 1 --yes")
    limit(*snapshots, "tag:read")
    with pytest.raises(
        InvalidArgument, match=r"^Could not read what the droplets were made from: 403 .*--include-sources"
    ):
        desk.do("snapshots prune --keep-last 1 --yes")
    desk.do("snapshots prune --keep-last 1 --include-sources --dry-run")
    assert sorted(table(desk).index[table(desk)["verdict"] == "delete"]) == OLD
    assert table(desk)["resource_name"].isna().all()
    limit()
    with pytest.raises(errors.Forbidden):
        desk.do("snapshots prune --keep-last 1 --yes")


def test_one_that_fails_does_not_hide_the_others(desk):
    desk.sandbox.fault("status", operation="snapshots_delete", status=422, message="No.", times=1)
    with pytest.raises(errors.BulkFailed) as error:
        desk.do("snapshots prune --keep-last 1 --yes")
    assert sorted(error.value.frame["status"]) == ["completed", "completed", "failed"]
    assert sorted(desk.do("snapshots prune --keep-last 1 --yes")["status"]) == ["completed"]


def test_an_account_without_snapshots(empty_desk):
    empty_desk.do("sandbox start --droplets 0")
    for snapshot in empty_desk.session.client().snapshots.list():
        empty_desk.session.client().snapshots.delete(snapshot.id)
    assert empty_desk.do("snapshots prune --keep-last 1").empty
    assert empty_desk.ui.said[-1] == "There are no snapshots."
