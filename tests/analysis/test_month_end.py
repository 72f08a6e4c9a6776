"""The forecast of a month, and budgets: amounts computed by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from poseidon_nb.analysis import cost
from poseidon_nb.errors import InvalidArgument
from tests.analysis.cost_frames import a_balance, a_droplet, an_item, droplets, items

if TYPE_CHECKING:
    import pandas as pd

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
START = datetime(2026, 11, 1, tzinfo=UTC)
PRICE, HOURS = 24.0, 672


def lines(*rows: dict[str, object], **more: object) -> pd.DataFrame:
    return cost.lines(droplets=droplets(*(rows or (a_droplet(),))), **more)  # type: ignore[arg-type]


def total(table: pd.DataFrame) -> pd.Series:
    assert table["group"].iloc[-1] == "(all)"
    return table.iloc[-1]


def test_a_droplet_that_runs_on_costs_its_monthly_price() -> None:
    billed = items(an_item("Droplets", "1", 13.29, "01T00", "16T12"))
    row = total(cost.forecast(lines(), billed, a_balance(13.29), now=NOON))
    assert row[["likely_usd", "billed_usd", "remaining_usd"]].tolist() == [24.0, 13.29, 10.71]
    assert row[["resources", "ended", "unpriced", "how"]].tolist() == [1, 0, 0, "1 at the listed price"]
    assert 13.29 <= row["low_usd"] < 24 < row["high_usd"]


def test_only_the_hours_of_a_droplet_count_that_began_later() -> None:
    billed = items(an_item("Droplets", "1", 0.43, "16T00", "16T12"))
    row = total(cost.forecast(lines(a_droplet(created_at="2026-11-16T00:00:00Z")), billed, now=NOON))
    assert row["likely_usd"] == round(15 * 24 / HOURS * PRICE, 2)


def test_a_resized_droplet_costs_each_size_for_its_hours() -> None:
    small = round(240 / HOURS * PRICE, 2)
    large = a_droplet(size={"price_monthly": 48.0, "price_hourly": 48 / HOURS})
    billed = items(
        an_item("Droplets", "1", small, "01T00", "11T00", "web-1 (s-2vcpu-4gb)"),
        an_item("Droplets", "1", 9.43, "11T00", "16T12", "web-1 (s-4vcpu-8gb)"),
    )
    row = total(cost.forecast(lines(large), billed, now=NOON))
    # The shares of the month add up to one: 240 and 432 of 672 hours.
    assert row["likely_usd"] == round(small + 432 / HOURS * 48, 2)


def test_what_ended_costs_what_was_billed() -> None:
    billed = items(
        an_item("Droplets", "1", 13.29, "01T00", "16T12"),
        an_item("Droplets", "7", 5.0, "01T00", "07T00"),
        an_item("Volumes", "v", 2.0, "01T00", "16T12"),
    )
    table = cost.forecast(lines(), billed, now=NOON).set_index("group")
    # The list of volumes was read, and is empty.
    assert table.loc["volume", ["likely_usd", "high_usd", "ended"]].tolist()[::2] == [2.0, 1]
    assert table.loc["droplet", "likely_usd"] == 29.0
    assert table.loc["(all)", ["likely_usd", "ended"]].tolist() == [31.0, 2]


def test_what_cannot_be_listed_runs_on_at_its_rate() -> None:
    billed = items(
        an_item("Volumes", "v", 5.0, "01T00", "16T12"),
        an_item("Unknown Product", "a", 5.0, "01T00", "16T12"),
        an_item("Unknown Product", "b", 1.0, "01T00", "10T00"),
    )
    found = cost.forecast(cost.lines(unavailable={"volume": "403 no"}), billed, now=NOON).set_index("group")
    full = round(5.0 / 372 * HOURS, 2)
    assert found.loc["volume", ["low_usd", "likely_usd"]].tolist() == [5.0, full]
    assert found.loc["Unknown Product", ["likely_usd", "billed_usd", "ended"]].tolist() == [full + 1.0, 6.0, 1]
    assert found.loc["volume", "how"] == "1 at the rate so far"
    assert found.loc["volume", "high_usd"] > full


def test_a_price_that_differs_from_the_list_keeps_the_difference() -> None:
    billed = items(an_item("Droplets", "1", 10.0, "01T00", "16T12"))
    assert total(cost.forecast(lines(), billed, now=NOON))["likely_usd"] == pytest.approx(24 - 3.29, abs=0.01)


def test_an_old_preview_is_carried_on_to_the_end() -> None:
    stale = items(an_item("Droplets", "1", round(336 / HOURS * PRICE, 2), "01T00", "15T00"))
    new = a_droplet(2, created_at="2026-11-16T00:00:00Z")
    row = total(cost.forecast(lines(a_droplet(), new), stale, now=NOON))
    assert row["likely_usd"] == round(PRICE + 15 * 24 / HOURS * PRICE, 2)


def test_what_should_be_on_the_preview_and_is_not_widens_the_range() -> None:
    billed = items(an_item("Droplets", "9", 13.29, "01T00", "16T12"))
    table = cost.forecast(lines(a_droplet(9), a_droplet(1)), billed, now=NOON)
    row = total(table)
    rest = 14.5 * 24 / HOURS * PRICE
    assert row["likely_usd"] == pytest.approx(24 + rest, abs=0.01)
    assert row["low_usd"] <= 24
    assert row["high_usd"] >= 48
    assert "1 not on the preview" in row["how"]


def test_without_a_preview_resources_count_since_their_creation_and_the_rest_is_the_balance() -> None:
    rows = (a_droplet(), a_droplet(2, created_at="2026-11-16T00:00:00Z"))
    alone = total(cost.forecast(lines(*rows), now=NOON))
    assert alone["likely_usd"] == round(PRICE + 15 * 24 / HOURS * PRICE, 2)
    assert alone["billed_usd"] == pytest.approx(13.29 + 0.43, abs=0.01)
    table = cost.forecast(lines(*rows), None, a_balance(20), now=NOON).set_index("group")
    assert table.loc["(not on the preview)", "likely_usd"] == pytest.approx(20 - 13.72, abs=0.01)
    assert table.loc["(all)", "billed_usd"] == 20.0


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 11, 1, tzinfo=UTC), 672),
        (datetime(2026, 2, 1, tzinfo=UTC), 672),
        (datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC), 672),
        (datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), 672),
    ],
)
def test_a_month_is_that_of_utc_from_its_first_to_its_last_second(now: datetime, hours: int) -> None:
    old = a_droplet(created_at="2026-01-01T00:00:00Z" if now.year == 2026 else "2028-01-01T00:00:00Z")
    row = total(cost.forecast(lines(old), items(), a_balance(0), now=now))
    assert row["likely_usd"] == round(hours / HOURS * PRICE, 2)
    if now.second == 59:
        assert row["high_usd"] - row["low_usd"] < 0.05
    begun = (now.replace(hour=0, minute=0, second=0) - timedelta(days=1)).isoformat()
    gpu = a_droplet(
        2, created_at=begun, size_slug="gpu-h100x1-80gb", size={"price_monthly": 2522.16, "price_hourly": 3.39}
    )
    assert total(cost.forecast(lines(gpu), now=now))["likely_usd"] <= 2522.16


def test_a_gpu_droplet_is_capped_at_744_hours() -> None:
    gpu = a_droplet(size_slug="gpu-h100x1-80gb", size={"price_monthly": 2522.16, "price_hourly": 3.39})
    billed = items(an_item("Droplets", "1", 372 * 3.39, "01T00", "16T12"))
    assert total(cost.forecast(lines(gpu), billed, now=NOON))["likely_usd"] == pytest.approx(720 * 3.39, abs=0.02)


def test_an_empty_account_costs_nothing() -> None:
    table = cost.forecast(cost.lines(), items(), a_balance(0), now=NOON)
    assert table["group"].tolist() == ["(all)"]
    assert table[["low_usd", "likely_usd", "high_usd", "billed_usd"]].iloc[0].tolist() == [0.0] * 4


def test_the_range_is_wider_with_more_changes_and_narrower_at_the_end() -> None:
    def width(now: datetime, *ended: dict[str, object]) -> float:
        share = min(1.0, (now - START).total_seconds() / 3600 / HOURS)
        rows = [an_item("Droplets", "1", share * PRICE, "01T00", now.isoformat()), *ended]
        row = total(cost.forecast(lines(), items(*rows), now=now))
        assert row["low_usd"] <= row["likely_usd"] <= row["high_usd"]
        return float(row["high_usd"] - row["low_usd"])

    gone = [an_item("Droplets", str(number), 20.0, "01T00", "10T00") for number in (5, 6, 7)]
    assert width(NOON, *gone) > 1.5 * width(NOON) > width(NOON + timedelta(days=12)) > 0


def test_by_tag_both_groups_have_the_whole_and_the_account_has_it_once() -> None:
    both = a_droplet(tags=["web", "prod"])
    billed = items(an_item("Droplets", "1", 13.29, "01T00", "16T12"), an_item("Droplets", "7", 5.0, "01T00", "07T00"))
    table = cost.forecast(lines(both, a_droplet(2, tags=[])), billed, by="tag", now=NOON).set_index("group")
    assert table.loc["web", "likely_usd"] == table.loc["prod", "likely_usd"] == 24.0
    assert table.loc["(not listed)", "likely_usd"] == 5.0
    assert table.index.isna().sum() == 1
    assert table.loc["(all)", "likely_usd"] > 29
    with pytest.raises(InvalidArgument, match="Did you mean tag"):
        cost.forecast(lines(), by="tags", now=NOON)


def test_droplets_of_one_name_are_two_groups() -> None:
    twins = lines(a_droplet(1, name="twin"), a_droplet(2, name="twin"), a_droplet(3, name="one"))
    groups = cost.forecast(twins, by="droplet", now=NOON)["group"].tolist()
    assert {*groups} == {"twin (1)", "twin (2)", "one", "(all)"}


def test_a_budget_is_within_at_risk_or_exceeded() -> None:
    table = cost.forecast(lines(), items(an_item("Droplets", "1", 13.29, "01T00", "16T12")), now=NOON)
    high = total(table)["high_usd"]
    found = {limit: cost.budget(table, {"(all)": limit}, now=NOON).iloc[0] for limit in (10.0, 20.0, 24.0, high, 500.0)}
    statuses = ["over", "will be over", "at risk", "within", "within"]
    assert [row["status"] for row in found.values()] == statuses
    row = found[20.0]
    assert row[["spent_usd", "forecast_usd", "left_usd", "days_left", "month"]].tolist() == [
        13.29,
        24.0,
        6.71,
        14.5,
        "2026-11",
    ]


def test_a_budget_of_a_group_without_costs_is_not_touched_and_a_bad_limit_is_refused() -> None:
    table = cost.forecast(lines(), by="tag", now=NOON)
    found = cost.budget(table, {"nothing": 5}, now=NOON)
    assert found[["spent_usd", "forecast_usd", "status"]].iloc[0].tolist() == [0.0, 0.0, "within"]
    for bad in (0, -5, float("nan"), float("inf"), "500"):
        with pytest.raises(InvalidArgument, match="positive amount"):
            cost.budget(table, {"(all)": bad}, now=NOON)  # type: ignore[dict-item]
