"""``%do apply`` with edited frames of droplets: what is an edit, the scope, and the errors."""

from __future__ import annotations

import pandas as pd
import pytest

from poseidon_nb import errors
from poseidon_nb.magics.do import run_line
from tests.commands.applying import (
    DOMAIN,
    IMAGE,
    NEW,
    RECORDS,
    another_session,
    apply,
    listed,
    names,
    refused,
    with_row,
)


def test_a_frame_as_listed_is_an_empty_plan_in_any_shape(desk):
    fleet = listed(desk, "droplets list --with project")
    shapes = (
        fleet,
        fleet.set_index("id"),
        fleet[fleet["status"] == "active"],
        fleet[sorted(fleet.columns)],
        fleet[["id", "tags"]],
        fleet.astype({"id": str, "size": "category", "created_at": str, "price_monthly": str}),
        fleet.astype(object).where(fleet["name"] != "web-1"),
        fleet.drop(columns="id"),
    )
    for frame in shapes:
        plan = desk.do("apply {frame} --plan", frame=frame)
        assert plan.is_empty, plan
    assert desk.do("apply {frame}", frame=fleet) is None
    assert desk.ui.said[-1] == "Nothing to change: the account is as the frame says."


def test_droplets_are_renamed_resized_tagged_moved_created_and_get_backups(desk):
    fleet = listed(desk, "droplets list --with project").set_index("name", drop=False)
    web, db, train = "web-1", "db-1", "train-1"
    fleet.loc[web, "size"] = "s-4vcpu-8gb"
    fleet.at[web, "tags"].append("blue")
    fleet.at[web, "tags"].remove("env:prod")
    fleet.at[db, "features"] = ["ipv6"]
    fleet.loc[train, "name"] = "train-2"
    fleet.loc[train, "project"] = "staging"
    fleet = with_row(fleet.reset_index(drop=True), **NEW, project="staging")
    plan = apply(desk, fleet, "--restart")
    assert sorted(names(plan)) == sorted(
        [
            ("create", "new-1"),
            ("move", "new-1"),
            ("shutdown", web),
            ("power_off", web),
            ("resize", web),
            ("power_on", web),
            ("create", "blue"),
            ("tag", web),
            ("untag", web),
            ("disable_backups", db),
            ("enable_ipv6", db),
            ("rename", train),
            ("move", train),
        ]
    )
    row = listed(desk, "droplets list --with project").set_index("name")
    assert (row["size"][web], row["tags"][web], row["project"]["train-2"]) == (
        "s-4vcpu-8gb",
        ["web", "blue"],
        "staging",
    )
    assert "ipv6" in row["features"][db]
    assert "backups" not in row["features"][db]
    assert (row["project"]["new-1"], row["tags"]["new-1"]) == ("staging", ["web"])
    assert "backups" in row["features"]["new-1"]
    # A value that an apply has set counts as seen, so that it can be edited again.
    fleet.loc[fleet["name"] == web, "size"] = "s-8vcpu-16gb"
    assert names(apply(desk, fleet, "--restart"))[2] == ("resize", web)


def test_what_others_have_changed_is_left_or_refused_and_applied_as_written(desk):
    fleet = listed(desk)
    listed(desk, "droplets list --columns id,size")
    client = desk.session.client()
    client.droplets.by_name("web-1").rename("front-1")
    plan = desk.do("apply {fleet} --plan", fleet=fleet)
    assert plan.is_empty
    assert "--as-written applies them): name of Row 0 (front-1)." in plan.notes[0]
    desk.do("apply {fleet}", fleet=fleet)
    assert desk.ui.said[-2] == plan.notes[0]
    assert names(desk.do("apply {fleet} --plan --as-written", fleet=fleet)) == [("rename", "front-1")]
    fleet.loc[0, "name"] = "mine"
    assert "the frame has mine, the last listing showed web-1, and the account has front-1" in refused(desk, fleet)
    listed(desk)
    assert names(apply(desk, fleet)) == [("rename", "front-1")]


def test_a_frame_of_another_kernel_is_compared_with_the_account_alone(desk):
    fleet = listed(desk)
    desk.session.client().droplets.by_name("web-1").rename("front-1")
    plan = run_line("apply {fleet} --plan", variables={"fleet": fleet}, ui=desk.ui, session=another_session(desk))
    assert names(plan) == [("rename", "front-1")]
    assert plan.notes == (
        "Compared with the account alone, because no listing of this kernel showed these rows: each difference is a change.",
    )


def test_with_a_tag_and_delete_the_frame_is_the_whole_of_that_tag(desk):
    fleet = listed(desk, "droplets list --tag web")
    assert "--delete needs --tag TAG" in refused(desk, fleet, "--delete")
    fewer = fleet[fleet["name"] != "web-3"]
    assert desk.do("apply {frame} --plan", frame=fewer).is_empty
    plan = apply(desk, fewer, "--tag web --delete")
    assert names(plan) == [("delete", "web-3")]
    assert plan.usd_month == -24.0
    assert "web-3" not in listed(desk)["name"].tolist()
    many = fewer[fewer["name"] == "web-1"]
    assert refused(desk, many, "--tag web --delete") == (
        "This would delete 2 of 3 droplets with tag web (67%), more than 30%. If that is intended, add --max-changes 67%."
    )
    with pytest.raises(errors.ConfirmationRequired, match="delete 2 droplets"):
        desk.do("apply {frame} --tag web --delete --max-changes 67", frame=many)
    assert "Tag 'wbe' not found" in refused_lookup(desk, fleet, "--tag wbe")
    row = {**NEW, "tags": ["db"]}
    assert "its tags must contain web, because of --tag web" in refused(desk, with_row(fewer, **row), "--tag web")
    assert names(desk.do("apply {frame} --plan --tag fresh", frame=pd.DataFrame([{**NEW, "tags": ["fresh"]}]))) == [
        ("create", "new-1")
    ]
    # Without tags, a new droplet gets that of the scope.
    apply(desk, with_row(fewer, **{**NEW, "tags": None}), "--tag web")
    assert "new-1" in listed(desk, "droplets list --tag web")["name"].tolist()


def refused_lookup(desk, frame, options):
    with pytest.raises(errors.NoSuchName) as caught:
        desk.do(f"apply {{frame}} {options} --yes", frame=frame)
    return str(caught.value)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            {"size": "s-2vcpu-4g"},
            "Row 0 (web-1): unknown size 's-2vcpu-4g'. Did you mean s-2vcpu-4gb or s-2vcpu-4gb-amd?",
        ),
        ({"size": "s-4vcpu-8gb"}, "Row 0 (web-1): its size cannot change while it is active. Add --restart"),
        ({"size": "s-1vcpu-1gb", "restart": 1}, "Row 0 (web-1): Size s-1vcpu-1gb has a disk of 25 GB"),
        ({"region": "ams3"}, "Row 0 (web-1): region cannot be changed from nyc3 to ams3. To move it, take a snapshot"),
        (
            {"image": IMAGE},
            "Row 0 (web-1): image cannot be changed from ubuntu-24-04-x64 to debian-12-x64. Use %do droplets",
        ),
        ({"status": "off"}, "Use %do droplets power_on, shutdown or power_off."),
        ({"memory": 1}, "memory cannot be changed from 4096 to 1. Set its size."),
        ({"name": "no_underscores"}, "'no_underscores' is not a name of a droplet"),
        ({"tags": "web,db"}, "Row 0 (web-1), column tags: has the tag 'web,db'. Did you mean web;db? Nothing"),
        ({"tags": ["a b"]}, "Row 0 (web-1), column tags: has the tag 'a b'."),
        ({"features": ["bakups"]}, "Row 0 (web-1), column features: has the feature 'bakups'. Did you mean backups?"),
        ({"features": []}, "IPv6 cannot be disabled. Add ipv6 to its features again"),
        (
            {"id": 521000064},
            "Row 0 and Row 1 both have the id 521000064. Keep one, for example with drop_duplicates('id').",
        ),
        ({"id": "web"}, "Row 0, column id: must be a whole number, not 'web'."),
        ({"id": None, "name": "db-1"}, "Row 0 and Row 1 share the name db-1."),
        ({"project": "stagin"}, "Row 0 (web-1): project 'stagin' not found. Did you mean staging?"),
    ],
)
def test_a_cell_that_cannot_be_applied_is_named_with_what_is_right(desk, cells, message):
    fleet = listed(desk, "droplets list --with project").astype(object)
    restart = "--restart" if cells.get("restart") else ""
    for column, value in cells.items():
        if column != "restart":
            fleet.at[0, column] = value
    assert message in refused(desk, fleet, restart)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"size": None}, "Row 13 (new-1): a new droplet needs size."),
        ({"size": "s-1vcpu-1g"}, "Did you mean s-1vcpu-1gb or s-1vcpu-1gb-amd?"),
        ({"image": "debian-12-x6"}, "Image 'debian-12-x6' not found. Did you mean debian-12-x64"),
        ({"region": "nyc9"}, "unknown region 'nyc9'. Did you mean"),
        ({"tags": "a,b c"}, "Tags consist of letters"),
        ({"project": "nothing"}, "project 'nothing' not found"),
    ],
)
def test_a_new_row_that_cannot_be_created_is_named(desk, cells, message):
    assert message in refused(desk, with_row(listed(desk), **{**NEW, **cells}))


def test_listings_of_two_types_in_one_frame_are_told_apart(desk):
    fleet = listed(desk)
    for line, frames in (
        ("volumes list", "droplets and volumes. Apply a frame for each type: %do apply {droplets} {volumes}"),
        (f"records list {DOMAIN}", "droplets and records. Apply a frame for each type: %do apply {droplets} {records}"),
        (
            "reserved-ips list",
            "droplets and reserved IPs. Apply a frame for each type: %do apply {droplets} {reserved_ips}",
        ),
    ):
        both = pd.concat([fleet.astype(object), listed(desk, line).astype(object)])
        assert refused(desk, both) == f"The frame holds {frames}"


def test_a_table_that_was_computed_is_named(desk):
    for line, words in (
        ("cost lines", "cost lines"),
        ("leases list", "leases"),
        ("cost changes --last 30d", "cost changes"),
    ):
        assert refused(desk, listed(desk, line)).endswith(f"It looks like {words}.")


def test_an_empty_cell_of_a_column_with_several_words_is_told_once(desk):
    fleet = listed(desk).astype(object)
    fleet.at[0, "features"] = None
    plan = desk.do("apply {frame} --plan", frame=fleet)
    assert plan.is_empty
    assert plan.notes == ("Empty cells change nothing: features of Row 0 (web-1).",)


def test_several_errors_are_told_together_and_the_rest_is_counted(desk):
    fleet = listed(desk)
    fleet["region"] = "ams3"
    message = refused(desk, fleet, "--max-changes 100%")
    assert message.count("region cannot be changed") == 3
    assert message.endswith("10 more errors. Nothing was changed.")


def test_what_no_longer_exists_is_said_and_refused_if_it_was_edited(desk):
    fleet = listed(desk)
    desk.session.client().droplets.by_name("build-1").delete()
    plan = desk.do("apply {fleet} --plan", fleet=fleet)
    assert (plan.is_empty, plan.notes) == (True, ("Left out, because it no longer exists: Row 11 (build-1).",))
    fleet.loc[11, "size"] = "s-1vcpu-1gb"
    assert "Row 11 (build-1): droplet 521000357 no longer exists. Remove the row, or empty its id." in refused(
        desk, fleet
    )
    fleet["id"] = fleet["id"].astype(object)
    fleet.loc[11, "id"] = None
    assert names(apply(desk, fleet)) == [("create", "build-1")]


def test_unknown_columns_and_wrong_options_are_told(desk):
    fleet = listed(desk).rename(columns={"size": "sizes"})
    plan = desk.do("apply {fleet} --plan", fleet=fleet)
    assert plan.notes == ("Column sizes is ignored. Did you mean size?",)
    assert desk.do("apply {fleet} --plan", fleet=listed(desk).assign(team="a", cost_center=5)).notes == (
        "Ignored columns: team and cost_center.",
    )
    fleet = listed(desk)
    for option, message in (
        ("--max-changes many", "must be a percentage from 0% to 100%, such as 80%, not 'many'"),
        ("--max-changes 101%", "must be a percentage"),
    ):
        assert message in refused(desk, fleet, option)
    assert "--tag cannot be used with records" in refused(desk, listed(desk, RECORDS), "--tag web")
    assert "Two frames hold droplets" in _refused_two(desk, fleet)
    images = listed(desk, "images list --private")
    assert "none of them has the columns" in refused(desk, images)
    # A part of a frame that could be several is known by its ids.
    part = fleet[["id", "name"]]
    assert desk.do("apply {part} --plan", part=part).is_empty
    with pytest.raises(errors.InvalidArgument, match=r"can be about .*droplets.* Keep more of their columns"):
        run_line("apply {part} --plan", variables={"part": part}, ui=desk.ui, session=another_session(desk))


def _refused_two(desk, fleet):
    with pytest.raises(errors.InvalidArgument) as caught:
        desk.do("apply {fleet} {fleet}", fleet=fleet)
    return str(caught.value)


def test_the_column_of_projects_is_added_only_when_it_is_asked_for(desk):
    frame = listed(desk, "droplets list --with project --columns name,project")
    assert [*frame.columns] == ["name", "project"]
    assert str(frame["project"].dtype) == "string"
    assert desk.do("droplets list --with project --raw")[0]["project"] == frame["project"][0] == "tidepool-maps"
    desk.do("droplets list --with project --dry-run")
    assert desk.ui.said[-1].splitlines()[-1] == "GET /v2/projects"
    with pytest.raises(errors.InvalidArgument, match="Unknown column 'project'"):
        listed(desk, "droplets list --columns name,project")


def test_a_droplet_that_is_off_and_active_in_the_frame_is_named(desk):
    fleet = listed(desk)
    desk.do("droplets power_off web-1 --yes")
    plan = desk.do("apply {fleet} --plan", fleet=fleet)
    assert (plan.is_empty, plan.notes) == (
        True,
        ("Off now, and active in the frame (%do droplets power_on starts them): Row 0 (web-1).",),
    )
