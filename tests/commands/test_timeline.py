"""`%do actions timeline` and `durations`: what is asked for, and what comes back."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest

from poseidon_nb import errors
from poseidon_nb.frames.display import to_text, view_of
from poseidon_nb.frames.schemas import DERIVED_TABLES
from poseidon_nb.plots import Picture


def test_a_row_is_an_action_of_a_droplet_with_its_name(desk):
    frame = desk.do("actions timeline --last 30d")
    actions = desk.do("actions list")
    since = desk.session.client().now() - timedelta(days=30)
    assert len(frame) == (actions["started_at"] >= since).sum() > 100
    assert [*frame.columns] == [column.name for column in DERIVED_TABLES["spans"].columns]
    names = dict(zip(desk.do("droplets list")["id"], desk.do("droplets list")["name"], strict=True))
    assert frame["name"].tolist() == [names[one] for one in frame["droplet_id"]]


def test_it_is_a_week_unless_told(desk):
    pd.testing.assert_frame_equal(desk.do("actions timeline"), desk.do("actions timeline --last 7d"))
    assert len(desk.do("actions timeline")) < len(desk.do("actions timeline --last 2w"))


def test_some_droplets_by_name_or_tag(desk):
    assert {*desk.do("actions timeline db-1 web-1 --last 300d")["name"]} == {"db-1", "web-1"}
    tagged = {*desk.do("droplets list --tag web")["name"]}
    assert {*desk.do("actions timeline --tag web --last 300d")["name"]} == tagged
    with pytest.raises(errors.NoSuchName, match="web-1"):
        desk.do("actions timeline web-l")
    with pytest.raises(errors.NoSuchName, match="Tag 'wbe' not found"):
        desk.do("actions timeline --tag wbe")


def test_a_deleted_droplet_goes_by_its_id(desk):
    key = desk.do("droplets get db-1")["id"][0]
    desk.do("droplets delete db-1 --yes")
    frame = desk.do("actions timeline --last 300d")
    assert {*frame[frame["droplet_id"] == key]["name"]} == {str(key)}


def test_what_runs_ends_now(clock, desk):
    desk.do("droplets snapshot web-1 --name now --no-wait")
    clock.advance(1)
    first = desk.do("actions timeline web-1 --last 1h").iloc[0]
    assert (first["status"], first["failed"]) == ("in-progress", False)
    assert first["ended_at"] == pd.Timestamp(desk.session.client().now())


def test_reading_stops_where_the_pages_are_older(desk):
    # More than a page of history behind the window.
    assert len(desk.do("actions list")) > 200
    desk.sent()
    desk.do("actions timeline --last 7d")
    assert [line for line in desk.sent() if "/v2/actions" in line] == ["GET /v2/actions?page=1&per_page=200"]


def test_a_plot_is_a_figure(desk):
    picture = desk.do("actions timeline --last 30d --plot")
    assert isinstance(picture, Picture)
    assert len(picture.table) == len(desk.do("actions timeline --last 30d"))
    assert "actions on" in picture.summary


def test_durations_count_all_that_was_started(desk):
    frame = desk.do("actions durations --last 300d")
    actions = desk.do("actions list")
    assert frame.set_index("type")["count"].to_dict() == actions["type"].value_counts().to_dict()
    assert frame["failed"].sum() == (actions["status"] == "errored").sum() > 0


def test_how_long_actions_take_is_drawn_too(desk):
    picture = desk.do("actions durations --last 300d --plot")
    assert isinstance(picture, Picture)
    assert picture.table.equals(desk.do("actions durations --last 300d"))
    assert "Slowest: " in picture.summary


def test_an_account_without_actions_gives_no_rows(clock, empty_desk):
    empty_desk.do("sandbox start --droplets 0")
    assert empty_desk.do("actions timeline").empty
    assert empty_desk.do("actions durations").empty


@pytest.mark.parametrize("last", ["soon", "0d", "7x", "-7d", "'7 days'"])
def test_a_window_that_is_none_is_refused_with_how_to_write_it(desk, last):
    desk.sent()
    with pytest.raises((errors.InvalidArgument, errors.GrammarError), match=r"24h, 7d|--last"):
        desk.do(f"actions timeline --last {last}")
    assert desk.sent() == []


def test_a_plan_tells_what_would_be_read(desk):
    desk.sent()
    assert desk.do("actions timeline --tag web --dry-run") is None
    assert "GET /v2/actions" in desk.ui.said[-1]
    assert "GET /v2/droplets?tag_name=web" in desk.ui.said[-1]
    assert desk.do("actions durations --last 3d --dry-run") is None
    assert desk.sent() == []


def test_raw_is_the_same_as_json(desk):
    rows = desk.do("actions durations --last 300d --raw")
    assert [row["type"] for row in rows] == desk.do("actions durations --last 300d")["type"].tolist()


def test_a_deleted_droplet_is_found_by_its_id(desk):
    key = desk.do("droplets get db-1")["id"][0]
    before = desk.do("actions timeline db-1 --last 300d")
    desk.do("droplets delete db-1 --yes")
    frame = desk.do(f"actions timeline {key} --last 300d")
    assert {*before["id"]} <= {*frame["id"]}
    assert {*frame["name"]} == {str(key)}
    both = desk.do(f"actions timeline web-1 {key} --last 300d")
    assert {*both["name"]} == {"web-1", str(key)}
    assert desk.do(f"actions timeline web-1 {key} --last 300d --plot").summary.count(" on 2 droplets") == 1


def test_an_id_that_nothing_ever_had_is_told(desk):
    with pytest.raises(
        errors.NotFound,
        match=r"It has no actions in the last 7d either. Use --last to look further back\. Request id: ",
    ):
        desk.do("actions timeline web-1 99999999")


def test_nothing_is_a_word(clock, desk):
    clock.advance(7200)
    lines = ("actions timeline web-1 db-1", "actions timeline", "actions durations")
    tables = [desk.do(f"{line} --last 1s") for line in lines]
    assert [to_text(table, view_of(table), width=120) for table in tables] == [
        "No actions on web-1 and db-1 in the last 1s. Use --last to look further back.",
        "No actions on any droplet in the last 1s. Use --last to look further back.",
        "No actions in the last 1s. Use --last to look further back.",
    ]


def test_the_list_of_actions_has_the_names_of_droplets_from_one_list(desk):
    droplets = desk.do("droplets list").set_index("id")["name"]
    desk.sent()
    found = desk.do("actions list")
    sent = desk.sent()
    assert {line.partition("?")[0] for line in sent} == {"GET /v2/actions", "GET /v2/droplets"}
    of_droplets = found[found["resource_type"] == "droplet"]
    assert of_droplets["name"].notna().any()
    for row in of_droplets.itertuples():
        assert row.name == droplets[row.resource_id] if row.resource_id in droplets.index else pd.isna(row.name)
    assert found[found["resource_type"] != "droplet"]["name"].isna().all()
    assert [*found.columns][:-1] == [*desk.session.client().actions.frame().columns]
    # JSON is the API's own, and other resources need no droplets.
    desk.sent()
    assert "name" not in desk.do("actions list --raw")[0]
    desk.do("actions list --resource-type image")
    assert {line.partition("?")[0] for line in desk.sent()} == {"GET /v2/actions"}
    assert len(desk.do("actions list --per-page 5")) == 5
    desk.ui.said.clear()
    desk.do("actions list --dry-run")
    assert "GET /v2/actions" in desk.ui.said[0]
    assert "GET /v2/droplets" in desk.ui.said[0]


def test_what_is_not_waited_for_has_the_id_of_its_action(desk):
    found = desk.do("droplets take_snapshot web-1 web-2 --name now --no-wait")
    assert [*found["status"]] == ["in-progress"] * 2
    for row in found.itertuples():
        assert desk.session.client().actions.get(row.action_id)["resource_id"] == row.id
    made = desk.do("droplets create new --region nyc3 --size s-1vcpu-1gb --image debian-12-x64 --no-wait")
    assert desk.session.client().actions.get(int(made["action_id"][0]))["type"] == "create"
    done = desk.do("droplets reboot db-1 --yes")
    assert done["action_id"].notna().all()
    again = desk.do("droplets power_on db-1")
    assert [*again["status"]] == ["unchanged"]
    assert again["action_id"].isna().all()


def test_the_table_of_what_is_not_waited_for_displays_no_status_that_becomes_outdated(desk):
    def text(frame):
        return to_text(frame, view_of(frame), width=80)

    several = text(desk.do("droplets take_snapshot web-1 web-2 --name now --no-wait"))
    assert several.split()[:4] == ["name", "action", "action_id", "id"]
    made = text(desk.do("droplets create new --region nyc3 --size s-1vcpu-1gb --image debian-12-x64 --no-wait"))
    assert "action_id" in made
    for shown in (several, made):
        assert "status" not in shown
        assert "in-progress" not in shown
    # Asked for, or with something that ended at once, it is displayed.
    asked = text(desk.do("droplets reboot web-3 db-1 --yes --no-wait --columns name,status"))
    assert asked.split()[:2] == ["name", "status"]
    assert "action_id" not in text(desk.do("droplets shutdown worker-1 --yes"))
    mixed = text(desk.do("droplets power_on web-3 staging-web --no-wait"))
    assert "unchanged" in mixed
