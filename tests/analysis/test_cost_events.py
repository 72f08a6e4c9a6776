"""What came, went and grew, and the cost over time: computed by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from poseidon_nb.analysis import cost
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.builders import frame_from_rows
from tests.analysis.cost_frames import a_droplet, an_item, droplets, items

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
WEEK = NOON - timedelta(days=7)
MONTH = NOON - timedelta(days=60)


def action(type_: str, id_: int, at: str, status: str = "completed") -> dict[str, object]:
    return {
        "id": int(f"{id_}{at[8:10]}"),
        "type": type_,
        "status": status,
        "resource_id": id_,
        "resource_type": "droplet",
        "started_at": at,
    }


def short(table: pd.DataFrame) -> list[tuple[object, ...]]:
    return [(row["change"], row["name"], row["usd_month"]) for row in table.to_dict("records")]


def test_creation_deletion_and_growth_are_found_in_items() -> None:
    lines = cost.lines(droplets=droplets(a_droplet(), a_droplet(2, created_at="2026-11-12T00:00:00Z")))
    billed = items(
        an_item("Droplets", "1", 6.0, "01T00", "15T00", "web-1 (s-1vcpu-2gb)"),
        an_item("Droplets", "1", 1.29, "15T00", "16T12", "web-1 (s-2vcpu-4gb)"),
        an_item("Droplets", "2", 3.86, "12T00", "16T12", "web-2 (s-2vcpu-4gb)"),
        an_item("Droplets", "7", 24 * 312 / 672, "01T00", "14T00", "old (s-2vcpu-4gb)"),
        an_item("Droplets", "8", 2.0, "01T00", "04T00", "older (s-2vcpu-4gb)"),
    )
    table = cost.changes(lines, billed, start=WEEK, now=NOON)
    assert short(table) == [
        ("grew", "web-1", 12.0),
        ("deleted", "old", pytest.approx(-24, abs=0.05)),
        ("created", "web-2", 24.0),
    ]
    assert table["source"].tolist() == ["invoice"] * 3
    assert table["note"].tolist()[1] == "estimated from the billed amount"
    assert len(cost.changes(lines, billed, start=NOON - timedelta(days=15), now=NOON)) == 4


def test_the_price_of_a_former_size_comes_from_the_list_of_sizes() -> None:
    sizes = frame_from_rows("sizes", [{"slug": "s-1vcpu-2gb", "price_monthly": 12.0}])
    billed = items(
        an_item("Droplets", "1", 0.02, "15T00", "15T01", "web-1 (s-1vcpu-2gb)"),
        an_item("Droplets", "1", 1.25, "15T01", "16T12", "web-1 (s-2vcpu-4gb)"),
        an_item("Volumes", "v", 1.25, "01T00", "16T12"),
    )
    lines = cost.lines(droplets=droplets(a_droplet(created_at="2026-11-15T00:00:00Z")))
    table = cost.changes(lines, billed, sizes=sizes, start=WEEK, now=NOON)
    assert ("grew", "web-1", 12.0) in short(table)
    assert ("created", "web-1", 12.0) in short(table)


def test_an_estimate_is_the_listed_price_if_that_fits_and_has_whole_cents() -> None:
    october = ("2026-10-09T09:00:00Z", "2026-11-01T00:00:00Z")
    hours = 22 * 24 + 15
    billed = items(
        an_item("Volumes", "v", 0.93, "2026-10-01T00:00:00Z", "2026-10-08T00:00:00Z"),
        an_item("Droplets", "1", round(24 * hours / 672, 2), *october),
        an_item("Droplets", "1", 13.29, "01T00", "16T12"),
        an_item("Kubernetes Clusters", "k", round(40 * hours / 672, 2), *october, "render"),
    )
    lines = cost.lines(droplets=droplets(a_droplet(created_at="2026-10-09T09:00:00Z")))
    table = cost.changes(lines, billed, start=MONTH, now=NOON).set_index(["name", "change"])
    # Its item of October alone tells 23.9965.
    assert table.loc[("web-1", "created"), "usd_month"] == 24.0
    assert table.loc[("web-1", "created"), "note"] is pd.NA
    # Nothing tells more about what was deleted: 39.9972 is the amount in a part of a month.
    assert table.loc[("render", "created"), "usd_month"] == 40.0
    assert table.loc[("render", "created"), "note"] == "estimated from the billed amount"


def test_a_month_that_turns_is_no_change() -> None:
    billed = items(
        an_item("Droplets", "1", 24.0, "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"),
        an_item("Droplets", "1", 13.29, "01T00", "16T12"),
        an_item("Snapshots", "9", 0.01, "2026-10-31T20:00:00Z", "2026-11-01T00:00:00Z"),
        an_item("Snapshots", "9", 0.17, "01T00", "16T12"),
    )
    snapshot = {"id": "9", "name": "s", "resource_type": "droplet", "resource_id": "1", "size_gigabytes": 5.0}
    snapshots = frame_from_rows("snapshots", [{**snapshot, "created_at": "2026-10-31T20:00:00Z", "regions": ["nyc3"]}])
    lines = cost.lines(droplets=droplets(a_droplet()), snapshots=snapshots)
    assert short(cost.changes(lines, billed, start=MONTH, now=NOON)) == [("created", "s", pytest.approx(0.3))]


def test_without_items_only_creation_times_and_actions_are_left() -> None:
    lines = cost.lines(droplets=droplets(a_droplet(1, created_at="2026-11-12T00:00:00Z"), a_droplet(2)))
    actions = frame_from_rows(
        "actions",
        [
            action("destroy", 99, "2026-11-13T00:00:00Z"),
            action("resize", 2, "2026-11-14T00:00:00Z"),
            action("resize", 1, "2026-11-15T00:00:00Z", "errored"),
            action("reboot", 2, "2026-11-16T00:00:00Z"),
            action("destroy", 98, "2026-11-01T00:00:00Z"),
        ],
    )
    table = cost.changes(lines, None, actions, start=WEEK, now=NOON)
    assert table["change"].tolist() == ["resized", "deleted", "created"]
    assert table["usd_month"].isna().tolist() == [True, True, False]
    assert table["name"].fillna("?").tolist() == ["web-2", "?", "web-1"]
    assert table["source"].tolist() == ["actions", "actions", "created_at"]


def test_an_action_that_items_explain_is_no_row_of_its_own() -> None:
    lines = cost.lines(droplets=droplets(a_droplet()))
    billed = items(
        an_item("Droplets", "1", 13.29, "01T00", "16T12"), an_item("Droplets", "7", 11.14, "01T00", "14T00", "old (x)")
    )
    rows = [action("destroy", 7, "2026-11-14T00:00:00Z"), action("resize", 1, "2026-11-12T00:00:00Z")]
    table = cost.changes(lines, billed, frame_from_rows("actions", rows), start=WEEK, now=NOON)
    assert short(table) == [("deleted", "old", pytest.approx(-24, abs=0.05))]


def test_an_address_that_was_in_use_for_a_while_went_and_came() -> None:
    rows = [{"ip": "192.0.2.7", "droplet": None, "region": {"slug": "nyc3"}}]
    lines = cost.lines(reserved_ips=frame_from_rows("reserved_ips", rows))
    billed = items(
        an_item("Reserved IPs", "192.0.2.7", 1.79, "01T00", "11T00"),
        an_item("Reserved IPs", "192.0.2.7", 0.36, "14T12", "16T12"),
    )
    table = cost.changes(lines, billed, start=WEEK, now=NOON)
    assert table["change"].tolist() == ["created", "deleted"]
    assert table["usd_month"].round().tolist() == [5.0, -5.0]


def test_an_amount_is_spread_evenly_over_the_time_of_its_item() -> None:
    lines = cost.lines(droplets=droplets(a_droplet(tags=["web", "prod"]), a_droplet(2, tags=[])))
    billed = items(
        an_item("Droplets", "1", 15.5, "01T00", "16T12"),
        an_item("Droplets", "7", 2.0, "08T00", "10T00", "old (x)"),
        an_item("Droplets", "2", 31.0, "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"),
    )
    table = cost.allocation(lines, billed, by="tag", start=NOON - timedelta(days=20), now=NOON)
    cells = {(f"{row['start']:%m-%d}", row["group"]): row["usd"] for row in table.fillna("-").to_dict("records")}
    assert cells == pytest.approx(
        {
            ("10-26", "-"): 6.0,
            ("10-26", "web"): 1.0,
            ("10-26", "prod"): 1.0,
            ("11-02", "web"): 7.0,
            ("11-02", "prod"): 7.0,
            ("11-02", "(not listed)"): 1.0,
            ("11-09", "web"): 7.0,
            ("11-09", "prod"): 7.0,
            ("11-09", "(not listed)"): 1.0,
            ("11-16", "web"): 0.5,
            ("11-16", "prod"): 0.5,
        }
    )
    assert {*table["period"]} == {"week"}
    assert table["end"].max() == pd.Timestamp(NOON)


def test_without_items_the_cost_over_time_is_that_of_what_still_exists() -> None:
    lines = cost.lines(droplets=droplets(a_droplet(created_at="2026-10-18T00:00:00Z")))
    table = cost.allocation(lines, by="region", start=datetime(2026, 9, 1, tzinfo=UTC), now=NOON, period="month")
    assert table["usd"].tolist() == [pytest.approx(14 * 24 / 672 * 24), pytest.approx(13.29, abs=0.01)]
    assert table["group"].tolist() == ["nyc3", "nyc3"]
    # With items, a month without any cost nothing, except the current one if the preview is empty.
    october = items(an_item("Droplets", "5", 1.0, "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"))
    both = cost.allocation(lines, october, start=datetime(2026, 9, 1, tzinfo=UTC), now=NOON, period="month")
    assert both["usd"].round(2).tolist() == [1.0, 13.29]


@pytest.mark.parametrize(("days", "period"), [(1, "day"), (14, "day"), (15, "week"), (120, "week"), (121, "month")])
def test_the_period_depends_on_the_length(days: int, period: str) -> None:
    lines = cost.lines(droplets=droplets(a_droplet()))
    table = cost.allocation(lines, start=NOON - timedelta(days=days), now=NOON)
    assert {*table["period"]} == {period}
    assert table["start"].is_monotonic_increasing
    assert (table["end"] > table["start"]).all()


def test_bad_words_and_windows_are_refused() -> None:
    lines = cost.lines()
    assert cost.allocation(lines, items(), start=WEEK, now=NOON).empty
    assert cost.changes(lines, items(), start=WEEK, now=NOON).empty
    for options in ({"by": "tags"}, {"period": "weekly"}, {"start": NOON + timedelta(1)}):
        with pytest.raises(InvalidArgument):
            cost.allocation(lines, **{"start": WEEK, "now": NOON, **options})  # type: ignore[arg-type]
