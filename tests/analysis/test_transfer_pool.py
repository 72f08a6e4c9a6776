"""Outbound transfer: allowance and overage computed by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from poseidon_nb.analysis import cost
from tests.analysis.cost_frames import a_droplet, an_item, droplets, items, sizes

NOON = datetime(2026, 11, 15, 0, tzinfo=UTC)
START = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def series(**rates: list[float | None]) -> pd.DataFrame:
    """Return hourly readings in Mbit/s until `NOON`; None is a missing one."""
    rows = [
        {
            "time": NOON - HOUR * (len(values) - number),
            "droplet_id": int(name[1:]),
            "metric": "bandwidth",
            "interface": "public",
            "direction": "outbound",
            "value": value,
        }
        for name, values in rates.items()
        for number, value in enumerate(values)
        if value is not None
    ]
    columns = ["time", "droplet_id", "metric", "interface", "direction", "value"]
    return pd.DataFrame(rows, columns=columns)


def gib(mbit_s: float, hours: float) -> float:
    return mbit_s * 1e6 / 8 * hours * 3600 / 2**30


def test_the_allowance_is_earned_by_the_hour_up_to_the_whole() -> None:
    frame = droplets(a_droplet(), a_droplet(2, created_at="2026-11-14T00:00:00Z"))
    table = cost.transfer(frame, sizes(), series(_1=[8.0] * 24), now=NOON).set_index("name")
    assert table.loc["web-1", ["hours", "included_gib"]].tolist() == [336.0, 2000.0]
    assert table.loc["web-2", "included_gib"] == pytest.approx(24 / 672 * 4000)
    assert table.loc["web-1", "forecast_included_gib"] == 4000.0
    assert table.loc["web-2", "forecast_included_gib"] == pytest.approx(17 * 24 / 672 * 4000)
    assert table.loc["web-1", "sent_gib"] == pytest.approx(gib(8, 24))
    assert table.loc["web-1", "forecast_sent_gib"] == pytest.approx(gib(8, 24) * 720 / 336)
    whole = table.loc["(all)"]
    assert whole["included_gib"] == pytest.approx(2000 + 24 / 672 * 4000)
    assert whole["note"] == "1 droplet without readings"
    assert table.loc["web-2", "note"] == "no readings this month"


def test_what_is_sent_beyond_the_pool_is_charged() -> None:
    frame = droplets(a_droplet(), a_droplet(2))
    busy = series(_1=[20_000.0] * 4, _2=[1.0] * 4)
    whole = cost.transfer(frame, sizes(), busy, now=NOON).iloc[-1]
    beyond = gib(20_001, 4) - 4000
    assert whole["overage_gib"] == pytest.approx(beyond)
    assert whole["overage_usd"] == round(beyond * 0.01, 2)
    assert whole["forecast_overage_usd"] == pytest.approx((gib(20_001, 4) * 720 / 336 - 8000) * 0.01, abs=0.01)


def test_a_gap_is_nothing_sent_and_other_directions_do_not_count() -> None:
    frame = droplets(a_droplet())
    with_gap = series(_1=[8.0, 8.0, 8.0, None, None, None, 8.0, 8.0])
    inbound = series(_1=[100.0] * 8).assign(direction="inbound")
    private = series(_1=[100.0] * 8).assign(interface="private")
    table = cost.transfer(frame, sizes(), pd.concat([with_gap, inbound, private]), now=NOON)
    assert table["sent_gib"].iloc[0] == pytest.approx(gib(8, 5))


def test_deleted_droplets_and_former_sizes_are_read_from_the_items() -> None:
    billed = items(
        an_item("Droplets", "1", 1.0, "01T00", "03T00", "web-1 (s-1vcpu-1gb)"),
        an_item("Droplets", "1", 1.0, "03T00", "15T00", "web-1 (s-2vcpu-4gb)"),
        an_item("Droplets", "7", 1.0, "01T00", "08T00", "old (s-2vcpu-4gb)"),
        an_item("Droplets", "8", 1.0, "01T00", "08T00", "older (what?)"),
        an_item("Volumes", "v", 1.0, "01T00", "15T00"),
    )
    rows = [{"slug": "s-2vcpu-4gb", "transfer": 4.0}, {"slug": "s-1vcpu-1gb", "transfer": 1.0}]
    table = cost.transfer(droplets(a_droplet()), pd.DataFrame(rows), series(), items=billed, now=NOON).set_index("name")
    assert table.loc["web-1", "included_gib"] == pytest.approx(48 / 672 * 1000 + 288 / 672 * 4000)
    assert table.loc["old", ["included_gib", "forecast_included_gib", "droplet_id"]].tolist() == [1000.0, 1000.0, 7]
    assert table.loc["old", "note"] == "deleted: its metrics are gone"
    assert pd.isna(table.loc["older", "included_gib"])
    assert table.loc["(all)", "note"] == "3 droplets without readings"


def test_an_empty_account_and_the_first_second_of_a_month() -> None:
    empty = cost.transfer(droplets(), sizes(), series(), now=NOON)
    assert empty["name"].tolist() == ["(all)"]
    assert empty[["sent_gib", "included_gib", "overage_usd"]].iloc[0].tolist() == [0.0, 0.0, 0.0]
    table = cost.transfer(droplets(a_droplet()), sizes(), series(), now=START)
    assert table["included_gib"].tolist() == [0.0, 0.0]
    assert table["forecast_included_gib"].tolist() == [4000.0, 4000.0]


def test_february_earns_the_whole_allowance_exactly() -> None:
    last = datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC)
    frame = droplets(a_droplet(created_at="2026-01-01T00:00:00Z"))
    row = cost.transfer(frame, sizes(), series(), now=last).iloc[0]
    assert row["included_gib"] == pytest.approx(4000, abs=0.01)
    assert row["forecast_included_gib"] == 4000.0
