"""`%do rightsize`: on a seeded account, by another way, and what it sends."""

from __future__ import annotations

from dataclasses import fields

import pandas as pd
import pytest

from poseidon_nb.analysis.rightsizing import Rule
from poseidon_nb.commands.rightsize.spec import LAST, RIGHTSIZE
from poseidon_nb.errors import GrammarError, InvalidArgument, NoSuchName
from poseidon_nb.frames.schemas import DERIVED_TABLES
from poseidon_nb.plots import Picture

COLUMNS = [column.name for column in DERIVED_TABLES["rightsizing"].columns]


def test_a_seeded_account_gets_a_row_for_each_droplet(desk):
    frame = desk.do("rightsize").set_index("name")
    droplets = desk.do("droplets list").set_index("name")
    assert sorted(frame.index) == sorted(droplets.index)
    assert (frame.loc[droplets.index[droplets["status"] == "off"], "verdict"] == "unknown").all()
    assert frame.loc[droplets.index[droplets["gpu_count"].notna()], "verdict"].eq("keep").all()
    judged = frame["confidence"].notna()
    assert judged.sum() >= 8
    assert frame.loc[judged, "readings"].gt(300).all()


def test_a_seeded_account_has_droplets_that_could_be_smaller_because_their_disks_are(desk):
    frame = desk.do("rightsize").set_index("name")
    assert frame["verdict"].value_counts().to_dict() == {"keep": 9, "smaller": 2, "unknown": 2}
    build, staging = frame.loc["build-1"], frame.loc["staging-web"]
    assert (build["size"], build["advised_size"], build["confidence"]) == ("s-4vcpu-8gb", "s-2vcpu-4gb", "high")
    assert (build["saving_usd_month"], build["saving_usd_year"]) == (24, 288)
    assert (staging["size"], staging["advised_size"], staging["confidence"]) == ("s-1vcpu-2gb", "s-1vcpu-1gb", "medium")
    # It is off at night, so that what it sends in a month stays within what the smaller size includes.
    assert staging["saving_usd_month"] == 12 - 6
    assert "traffic" not in staging["why"]
    assert frame["recreate_size"].isna().all()


def test_a_disk_that_grew_leaves_only_a_droplet_made_anew(desk):
    desk.do("droplets resize build-1 --size s-4vcpu-8gb --disk --restart --yes")
    row = desk.do("rightsize build-1").iloc[0]
    assert (row["verdict"], row["advised_size"], row["saving_usd_month"]) == ("keep", "s-4vcpu-8gb", 0)
    assert (row["recreate_size"], row["recreate_saving_usd_month"]) == ("s-2vcpu-4gb", 24)
    assert "s-2vcpu-4gb would fit and save $24.00 a month, but the 160 GB disk cannot shrink" in row["why"]


def test_a_resize_back_that_keeps_the_disk_is_the_end_of_the_advice(desk, clock):
    desk.do("droplets resize build-1 --size s-2vcpu-4gb --restart --yes")
    clock.advance(2 * 3600)
    row = desk.do("rightsize build-1").iloc[0]
    assert (row["verdict"], row["size"], row["saving_usd_month"]) == ("keep", "s-2vcpu-4gb", 0)
    assert desk.do("droplets get build-1").iloc[0]["disk"] == 80


def test_what_is_advised_is_so_by_the_published_sizes_and_the_use_alone(desk):
    """Dedicated vCPUs for shared ones: by plain Python over the rows that the API gives."""
    frame = desk.do("rightsize --shared-cpu --cpu-headroom 20 --memory-headroom 10")
    sizes = {one.slug: one for one in desk.session.client().sizes.list()}
    smaller = frame[frame["verdict"] == "smaller"]
    assert len(smaller) >= 2
    disks = desk.do("droplets list").set_index("id")["disk"]
    for row in smaller.to_dict("records"):
        now = sizes[row["size"]]
        able = [
            one
            for one in sizes.values()
            if row["region"] in one.regions
            and not one.slug.startswith("gpu")
            and one.disk >= max(disks[row["droplet_id"]], row["disk_used_gb"] / 0.9)
            and one.vcpus * 80 >= row["cpu_p95_percent"] * now.vcpus
            and one.vcpus * 200 >= row["cpu_max_percent"] * now.vcpus
            and one.memory * 90 >= row["memory_max_percent"] * now.memory
        ]
        cheapest = min(one.price_monthly for one in able)
        assert row["advised_price_usd_month"] == cheapest == sizes[row["advised_size"]].price_monthly
        # A tenth of the traffic is left free; beyond what a size includes, 1,000 GiB for each TB, a GiB costs a cent.
        advised, outbound_gib = sizes[row["advised_size"]], row["outbound_tb_month"] / 0.9 * 1e12 / 2**30
        beyond = [0.01 * max(0.0, outbound_gib - 1000 * one.transfer) for one in (now, advised)]
        saved = now.price_monthly - cheapest - (beyond[1] - beyond[0])
        assert row["saving_usd_month"] == pytest.approx(saved, abs=0.005)
        assert row["saving_usd_year"] == round(12 * row["saving_usd_month"], 2)


def test_after_a_resize_nothing_is_judged_by_what_the_other_size_did(desk, clock):
    """Readings come every half an hour at 14 days: until one of the new size has come, the old one's say nothing."""
    desk.do("droplets resize db-1 --size c-2 --restart --yes")
    desk.do("droplets resize monitor-1 --size s-4vcpu-8gb --restart --yes")
    found = desk.do("rightsize db-1 monitor-1")
    assert found["verdict"].tolist() == ["unknown", "unknown"]
    assert found["why"].str.startswith("resized after the last reading; try again in 1 hour").all()
    clock.advance(3600 + 60)
    found = desk.do("rightsize db-1 monitor-1").set_index("name")
    # Twice as much memory was used as there is now; and one vCPU of four with an eighth of the memory is enough.
    assert (found.loc["db-1", "verdict"], found.loc["monitor-1", "verdict"]) == ("larger", "smaller")
    assert found.loc["monitor-1", ["advised_size", "saving_usd_month", "confidence"]].tolist() == [
        "s-1vcpu-1gb",
        42.0,
        "medium",
    ]
    assert found["why"].str.contains("resized during this time range").all()


def test_a_longer_window_with_coarser_readings_is_less_sure(desk):
    assert desk.do("rightsize worker-2 --last 14d")["confidence"].tolist() == ["high"]
    (row,) = desk.do("rightsize worker-2 --last 365d").to_dict("records")
    assert (row["confidence"], row["step_minutes"]) == ("low", 720.0)
    assert "each reading covers 12 hours, so peaks are hidden" in row["why"]
    assert "so peaks are hidden" in desk.do("metrics use worker-2 --last 365d")["note"][0]
    assert "so peaks are hidden" in desk.do("metrics cpu worker-2 --last 365d --plot").summary


@pytest.mark.parametrize("options", ["--last 72h", "--last 3d", "--last 100h --min-hours 100"])
def test_a_window_as_long_as_the_hours_wanted_is_enough(desk, options):
    assert desk.do(f"rightsize web-1 {options}")["verdict"].tolist() == ["keep"]


def test_some_droplets_and_a_tag(desk):
    assert desk.do("rightsize web-1 db-1")["name"].sort_values().tolist() == ["db-1", "web-1"]
    tagged = desk.do("rightsize --tag web")
    assert tagged["name"].str.contains("web").all()
    with pytest.raises(NoSuchName, match="web-1"):
        desk.do("rightsize web-l")
    with pytest.raises(NoSuchName):
        desk.do("rightsize --tag wep")


def test_six_requests_for_each_that_is_judged_and_none_for_the_others(desk):
    desk.do("droplets list")
    desk.sent()
    frame = desk.do("rightsize")
    metrics = [line for line in desk.sent() if "/monitoring/" in line]
    unjudged = frame["why"].str.contains("not analyzed").sum()
    assert unjudged >= 2
    assert len(metrics) == 6 * (len(frame) - unjudged)


def test_the_window_is_how_far_back_it_looks(desk):
    day = desk.do("rightsize web-1 --last 24h").iloc[0]
    assert day["verdict"] == "unknown"
    assert "at least 72 required" in day["why"]
    assert desk.do("rightsize web-1 --last 24h --min-hours 12").iloc[0]["confidence"] == "medium"
    assert (day["to"] - day["from"]) <= pd.Timedelta(days=1)


def test_a_droplet_that_was_just_made_is_not_guessed_at(desk):
    desk.do("droplets create fresh --size s-1vcpu-1gb --image ubuntu-24-04-x64 --region nyc3")
    row = desk.do("rightsize fresh").iloc[0]
    assert row["verdict"] == "unknown"
    assert row["why"]


def test_columns_json_and_picture(desk):
    assert [*desk.do("rightsize web-1 --columns name,verdict,why").columns] == ["name", "verdict", "why"]
    (row,) = desk.do("rightsize web-1 --raw")
    assert [*row] == COLUMNS
    picture = desk.do("rightsize --shared-cpu --plot")
    assert isinstance(picture, Picture)
    assert picture.data


def test_a_plan_shows_the_requests_and_sends_none(desk):
    desk.do("droplets list")
    desk.sent()
    assert desk.do("rightsize web-1 --last 7d --dry-run") is None
    said = desk.ui.said[0]
    assert desk.sent() == []
    lines = [line for line in said.splitlines() if line]
    assert [line.split("?")[0] for line in lines[:3]] == ["GET /v2/droplets", "GET /v2/droplets", "GET /v2/sizes"]
    assert len(lines) == 9
    seconds = {part.partition("=")[0]: part.partition("=")[2] for part in lines[3].partition("?")[2].split("&")}
    assert int(seconds["end"]) - int(seconds["start"]) == 7 * 86_400
    assert desk.do("rightsize --tag web --dry-run") is None
    assert "GET /v2/droplets?tag_name=web" in desk.ui.said[-1]
    assert "ID-OF EACH" in desk.ui.said[-1]


def test_it_only_reads(desk):
    desk.sent()
    desk.do("rightsize web-1")
    assert desk.changes() == []


@pytest.mark.parametrize(
    ("line", "error", "words"),
    [
        (
            "rightsize --cpu-headroom 100",
            InvalidArgument,
            r"^--cpu-headroom must be a percentage from 0 to less than 100, not 100\.$",
        ),
        ("rightsize --min-saving -1", InvalidArgument, r"^--min-saving must be 0 or more, not -1\.$"),
        ("rightsize --cpu-headroom 30%", GrammarError, "Did you mean 30\\?$"),
        ("rightsize --burst 50", InvalidArgument, "burst"),
        ("rightsize --last 2y", InvalidArgument, "Did you mean 730d"),
        ("rightsize --cpu-headroom much", GrammarError, "much"),
        ("rightsize --cpu-hedroom 20", GrammarError, "cpu-headroom"),
        ("rightsize --columns nmae", InvalidArgument, "name"),
    ],
)
def test_a_mistake_is_told_before_anything_is_sent(desk, line, error, words):
    desk.sent()
    with pytest.raises(error, match=words):
        desk.do(line)
    assert desk.sent() == []


def test_the_options_are_the_rule_and_say_its_defaults():
    options = {option.field: option for option in RIGHTSIZE.verbs[0].options}
    for one in fields(Rule):
        option = options[one.name]
        if isinstance(one.default, bool):
            assert (option.type, option.default, one.default) == ("flag", "", False)
        else:
            assert (option.type, float(option.default)) == ("number", one.default)
    assert options["last"].default == LAST


def test_an_account_without_droplets_gives_an_empty_table(desk, monkeypatch):
    monkeypatch.setattr(desk.session.client().droplets, "list", lambda **_: [])
    frame = desk.do("rightsize")
    assert frame.empty
    assert [*frame.columns] == COLUMNS
