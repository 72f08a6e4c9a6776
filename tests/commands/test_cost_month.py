"""`%do cost forecast`, `budget`, `changes`, `transfer` and the cost over time, on a sandbox whose clock is moved."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from poseidon_nb import errors
from poseidon_nb.client.client import connect
from poseidon_nb.commands.cost.budgets import budgets_path
from poseidon_nb.commands.do_session import DoSession
from poseidon_nb.frames.schemas import DERIVED_TABLES
from poseidon_nb.plots import Picture
from poseidon_nb.sandbox import Sandbox
from tests.commands.conftest import Desk, FakeUI
from tests.conftest import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

TABLES = {
    "cost forecast": "cost_forecast",
    "cost budget --limit 500": "cost_budget",
    "cost changes --last 60d": "cost_changes",
    "cost --by tag --last 90d": "cost_allocation",
    "cost allocation --by region --last 10d": "cost_allocation",
    "cost --last 90d --columns start,usd": "",
    "cost transfer": "cost_transfer",
}
HOUR_S, DAY_S = 3600, 86_400


def desk_at(now: datetime):
    clock = FakeClock(now)
    session = DoSession(clock)
    sandbox = Sandbox(clock=clock).start()
    session.use_sandbox(sandbox)
    return Desk(session, FakeUI())


def move_to(desk: Desk, when: datetime) -> None:
    desk.sandbox.advance((when - desk.sandbox.now).total_seconds())


def invoiced(desk: Desk, month: str) -> float:
    return float(desk.do("invoices list").set_index("invoice_period").loc[month, "amount"])


def raw(desk: Desk, path: str) -> dict:
    with connect(desk.sandbox) as client:
        return client.api("GET", path)


@pytest.mark.parametrize(("line", "table"), TABLES.items())
def test_it_is_a_frame_with_the_columns_that_help_promises(desk, line: str, table: str) -> None:
    frame = desk.do(line)
    columns = [column.name for column in DERIVED_TABLES[table].columns] if table else ["start", "usd"]
    assert [*frame.columns] == columns
    assert len(frame) > 0
    assert desk.ui.said[-1].endswith(".")
    assert desk.changes() == [], "nothing is changed"
    desk.do(f"{line} --dry-run")
    assert desk.changes() == []


@pytest.mark.parametrize("month", [datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)])
def test_without_changes_the_forecast_of_ten_days_is_the_invoice(month: datetime) -> None:
    desk = desk_at(month)
    following = (month + timedelta(days=32)).replace(day=1)
    length = following - month
    last_second = length - timedelta(seconds=1)
    moments = [timedelta(0), *(length * number / 9 for number in range(1, 9)), last_second]
    found = []
    for moment in moments:
        move_to(desk, month + moment)
        found.append(desk.do("cost forecast").iloc[-1])
    move_to(desk, following + timedelta(hours=1))
    billed = invoiced(desk, f"{month:%Y-%m}")
    assert billed > 100
    for row in found:
        assert row["likely_usd"] == pytest.approx(billed, rel=0.02)
        # Rounding of items, and nothing else.
        assert row["likely_usd"] == pytest.approx(billed, abs=0.05)
        assert row["low_usd"] <= billed <= row["high_usd"] + 0.05
    assert found[-1]["high_usd"] - found[-1]["low_usd"] < 0.1
    desk.session.stop_sandbox()


def test_what_was_deleted_and_resized_is_in_the_forecast(desk) -> None:
    desk.do("droplets delete train-1 --yes --no-wait")
    desk.do("droplets resize web-1 --size s-4vcpu-8gb --restart --yes")
    desk.sandbox.advance(DAY_S)
    table = desk.do("cost forecast")
    changes = desk.do("cost changes --last 2d").set_index("name")
    assert table.iloc[-1]["ended"] == 1
    assert changes.loc["train-1", ["change", "usd_month"]].tolist() == ["deleted", pytest.approx(-565.44)]
    assert changes.loc["web-1", ["change", "usd_month", "after_usd_month"]].tolist() == ["grew", 24.0, 48.0]
    move_to(desk, datetime(2026, 12, 1, 1, tzinfo=UTC))
    assert table.iloc[-1]["likely_usd"] == pytest.approx(invoiced(desk, "2026-11"), abs=0.05)


def test_without_the_billing_scope_present_resources_count(desk) -> None:
    whole = desk.do("cost forecast").iloc[-1]
    for operation in ("invoices_list", "balance_get"):
        desk.sandbox.fault("status", operation=operation, status=403, times=None)
    row = desk.do("cost forecast").iloc[-1]
    assert row["likely_usd"] == pytest.approx(whole["likely_usd"], rel=0.02)
    assert any("Could not read items" in said and "403" in said for said in desk.ui.said)
    assert desk.do("cost changes --last 30d")["source"].tolist().count("created_at") > 3
    assert len(desk.do("cost --last 30d")) > 10
    assert desk.do("cost transfer").iloc[-1]["included_gib"] > 0
    assert desk.do("cost budget --limit 500")["status"].tolist() == ["over"]


def test_an_account_without_anything_costs_nothing() -> None:
    clock = FakeClock()
    session = DoSession(clock)
    with Sandbox(clock=clock, droplets=0) as sandbox:
        session.use_sandbox(sandbox)
        desk = Desk(session, FakeUI())
        with connect(sandbox) as client:
            for kind in ("droplets", "volumes", "snapshots", "load_balancers", "images?private=true", "reserved_ips"):
                key = kind.partition("?")[0]
                for one in client.api("GET", f"/v2/{kind}")[key]:
                    client.api("DELETE", f"/v2/{key}/{one.get('id', one.get('ip'))}")
        for line in TABLES:
            desk.do(line)
        assert desk.do("cost forecast").iloc[-1]["resources"] == 0
        assert desk.do("cost transfer")["name"].iloc[-1] == "(all)"
        session._forget()


def test_a_budget_is_kept_for_its_account_and_only_its_user_can_read_it(desk) -> None:
    unset = desk.do("cost budget")
    assert unset["group"].tolist() == ["(all)"]
    assert unset["limit_usd"].isna().all()
    assert unset["forecast_usd"].tolist() == [desk.do("cost forecast").iloc[-1]["likely_usd"]]
    desk.do("cost budget")
    assert desk.ui.said[-1] == "No budget is set. Set one with %do cost budget set 500."
    assert desk.do("cost budget set 1000") is None
    desk.do("cost budget set 60 --by tag")
    desk.do("cost budget set 600 --tag env:prod")
    assert desk.ui.said[-1] == (
        "Budget: $1,000.00 a month for the account, $60.00 for each tag and $600.00 for the tag env:prod."
    )
    assert budgets_path().stat().st_mode & 0o077 == 0
    assert desk.sandbox.token not in budgets_path().read_text()
    table = desk.do("cost budget").set_index("group")
    assert table.loc["(all)", ["limit_usd", "status"]].tolist() == [1000.0, "at risk"]
    assert table.loc["env:prod", ["limit_usd", "status"]].tolist() == [600.0, "within"]
    assert table.loc["web", ["limit_usd", "status"]].tolist() == [60.0, "over"]
    assert desk.do("cost budget --tag web")["group"].tolist() == ["web"]
    assert "(all)" not in desk.do("cost budget --by tag")["group"].tolist()
    forecast = desk.do("cost forecast --by tag").set_index("group")
    assert table.loc["web", "forecast_usd"] == forecast.loc["web", "likely_usd"]
    with Sandbox(clock=desk.session.clock) as other:
        desk.session.use_sandbox(other)
        assert desk.do("cost budget")["limit_usd"].isna().all()
    desk.do("cost budget clear --by tag")
    assert budgets_path().exists()


def test_a_budget_can_be_cleared_in_parts(desk) -> None:
    for line in ("set 900", "set 60 --by tag", "set 400 --tag web"):
        desk.do(f"cost budget {line}")
    desk.do("cost budget clear --tag web")
    assert desk.ui.said[-1] == "Budget: $900.00 a month for the account and $60.00 for each tag."
    desk.do("cost budget clear --by tag")
    assert desk.ui.said[-1] == "Budget: $900.00 a month for the account."
    desk.do("cost budget clear")
    assert json.loads(budgets_path().read_text())["accounts"] == []


def test_the_tag_of_a_budget_must_exist_and_its_case_does_not_matter(desk) -> None:
    for line in ("--limit 20 --tag wbe", "--tag wbe", "set 20 --tag wbe", "--limit 20 --tag wbe --check"):
        with pytest.raises(errors.NoSuchName, match=r"Tag 'wbe' not found\. Did you mean web\?$"):
            desk.do(f"cost budget {line}")
    assert not budgets_path().exists()
    desk.do("cost budget set 20 --tag WEB")
    for line in ("", "--tag WeB", "--limit 20 --tag WEB"):
        (row,) = desk.do(f"cost budget {line}").to_dict("records")
        assert (row["group"], row["limit_usd"], row["status"]) == ("web", 20.0, "over")
    with pytest.raises(errors.InvalidArgument, match=r"no budget of its own\. Did you mean web\?$"):
        desk.do("cost budget clear --tag wbe")
    desk.do("cost budget clear --tag Web")
    assert desk.ui.said[-1] == "No budget is set."
    # A tag without costs exists too.
    desk.do("tags create spare")
    assert desk.do("cost budget --limit 20 --tag spare")["status"].tolist() == ["within"]


def test_check_fails_a_run_that_is_over_its_budget(desk) -> None:
    desk.do("cost budget --limit 2000 --check")
    for limit, words in ((500, "over the budget"), (800, "will be over the budget")):
        with pytest.raises(errors.BudgetExceeded, match=words) as raised:
            desk.do(f"cost budget --limit {limit} --check")
        assert raised.value.frame["limit_usd"].tolist() == [limit]
        assert "\n" not in str(raised.value)
    with pytest.raises(errors.BudgetExceeded, match="web is over"):
        desk.do("cost budget --limit 20 --tag web --check")
    assert len(desk.ui.shown) == 3


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("cost budget set", "Add the amount"),
        ("cost budget set -5", "must be more than"),
        ("cost budget set 1e99999", "must be"),
        ("cost budget set five", "must be a number"),
        ("cost budget 500", "must be one of show, set, clear"),
        ("cost budget show 500", "takes no amount"),
        ("cost budget clear 500", "takes no amount"),
        ("cost budget clear --tag nope", "has no budget of its own"),
        ("cost budget set 5 --tag web --by tag", "Use one of them"),
        ("cost budget set 5 --by region", "must be one of tag"),
        ("cost budget --check", "No budget is set to check"),
        ("cost budget --limit 0", "must be more than"),
        ("cost forecast --by regoin", "region"),
        ("cost changes --last soon", "Invalid duration"),
        ("cost --last 0d", "Invalid duration"),
        ("cost transfer web-1", "takes no arguments"),
    ],
)
def test_bad_input_gets_one_line(desk, line: str, words: str) -> None:
    with pytest.raises(errors.PoseidonError, match=words) as raised:
        desk.do(line)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": "other"}', '{"format": "poseidon_nb budgets 1", "accounts": [1]}']
)
def test_a_damaged_file_of_budgets_is_not_overwritten(desk, text: str) -> None:
    path = budgets_path()
    path.parent.mkdir(parents=True)
    path.write_text(text)
    for line in ("cost budget", "cost budget set 500"):
        with pytest.raises(errors.ConfigurationError, match="is not a file of budgets"):
            desk.do(line)
    assert path.read_text() == text


def test_a_directory_that_cannot_be_written_is_one_line(desk, monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("POSEIDON_CONFIG_DIR", str(tmp_path / "file"))
    with pytest.raises(errors.ConfigurationError, match=r"Cannot (read|write) the budget"):
        desk.do("cost budget set 500")
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_the_cost_over_time_is_that_of_the_raw_invoices(desk) -> None:
    desk.do("droplets delete build-1 --yes")
    desk.sandbox.advance(DAY_S)
    start, now = datetime(2026, 9, 28, tzinfo=UTC), desk.sandbox.now
    table = desk.do("cost --by tag --last 54d")
    answer = raw(desk, "/v2/customers/my/invoices?per_page=200")
    tags: dict[tuple[str, str], list[str]] = {("Container Registry", "container-registry"): ["-"]}
    for path, key, products in (
        ("droplets?per_page=200", "droplets", ("Droplets", "Backups")),
        ("droplets?type=gpus", "droplets", ("Droplets", "Backups")),
        ("volumes?per_page=200", "volumes", ("Volumes",)),
        ("snapshots?per_page=200", "snapshots", ("Snapshots", "Volume Snapshots")),
        ("images?private=true&per_page=200", "images", ("Custom Images",)),
        ("load_balancers?per_page=200", "load_balancers", ("Load Balancers",)),
        ("databases", "databases", ("Managed Databases",)),
        ("kubernetes/clusters", "kubernetes_clusters", ("Kubernetes Clusters",)),
        ("apps", "apps", ("App Platform",)),
    ):
        for one in raw(desk, f"/v2/{path}")[key]:
            tags |= {(product, str(one["id"])): one.get("tags") or ["-"] for product in products}
    for one in raw(desk, "/v2/reserved_ips?per_page=200")["reserved_ips"]:
        if one["droplet"] is None:
            tags["Reserved IPs", one["ip"]] = ["-"]
    sums: dict[tuple[int, str], float] = defaultdict(float)
    for invoice in [*answer["invoices"], answer["invoice_preview"]]:
        for item in raw(desk, f"/v2/customers/my/invoices/{invoice['invoice_uuid']}?per_page=200")["invoice_items"]:
            begin, end = (datetime.fromisoformat(item[name]) for name in ("start_time", "end_time"))
            for week in range(9):
                first = start + timedelta(weeks=week)
                shared = (min(end, first + timedelta(weeks=1), now) - max(begin, first)).total_seconds()
                if shared > 0:
                    share = shared / (end - begin).total_seconds()
                    for tag in tags.get((item["product"], item["resource_id"]), ["(not listed)"]):
                        sums[week, tag] += float(item["amount"]) * share
    rows = table.assign(group=table["group"].fillna("-")).to_dict("records")
    found = {((row["start"] - start).days // 7, row["group"]): row["usd"] for row in rows}
    assert found == pytest.approx(dict(sums), abs=1e-6)
    assert sum(usd for (_, tag), usd in sums.items() if tag == "(not listed)") > 20
    picture = desk.do("cost --by tag --last 54d --plot")
    assert isinstance(picture, Picture)
    assert "<svg" in picture.svg()


def test_transfer_is_that_of_the_raw_metrics(desk) -> None:
    desk.do("droplets delete web-2 --yes")
    desk.sandbox.advance(HOUR_S)
    now = int(desk.sandbox.now.timestamp())
    start = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
    table = desk.do("cost transfer").set_index("name")
    sizes = {one["slug"]: one["transfer"] for one in raw(desk, "/v2/sizes?per_page=200")["sizes"]}
    total_sent = total_included = 0.0
    droplets = [*raw(desk, "/v2/droplets?per_page=200")["droplets"], *raw(desk, "/v2/droplets?type=gpus")["droplets"]]
    for droplet in droplets:
        created = int(datetime.fromisoformat(droplet["created_at"]).timestamp())
        hours = (now - max(start, created)) / HOUR_S
        included = min(1.0, hours / 672) * sizes[droplet["size_slug"]] * 1000
        query = f"host_id={droplet['id']}&start={start}&end={now}&interface=public&direction=outbound"
        answer = raw(desk, f"/v2/monitoring/metrics/droplet/bandwidth?{query}")["data"]["result"]
        values = [(at, float(value)) for one in answer for at, value in one["values"]]
        ends = [at for at, _ in values[1:]] + [now] * bool(values)
        step = 3600
        sent = (
            sum(value * (min(end - at, step)) for (at, value), end in zip(values, ends, strict=True)) * 1e6 / 8 / 2**30
        )
        row = table.loc[droplet["name"]]
        assert row["included_gib"] == pytest.approx(included, rel=1e-6)
        if values:
            assert row["sent_gib"] == pytest.approx(sent, rel=1e-6), droplet["name"]
        else:
            assert pd.isna(row["sent_gib"])
        total_sent, total_included = total_sent + sent, total_included + included
    deleted = table.loc["web-2", "included_gib"]
    assert deleted == pytest.approx(540 / 672 * 4000, rel=1e-3)
    assert table.loc["(all)", "sent_gib"] == pytest.approx(total_sent, rel=1e-6)
    assert table.loc["(all)", "included_gib"] == pytest.approx(total_included + deleted, rel=1e-6)
    assert "Not counted, without readings: legacy-reports and web-2." in desk.ui.said[-1]


def test_metrics_that_cannot_be_read_are_an_error_unless_wanted(desk) -> None:
    desk.sandbox.fault("status", operation="monitoring_get_dropletBandwidthMetrics", status=404, times=1)
    with pytest.raises(errors.BulkFailed):
        desk.do("cost transfer")
    desk.sandbox.fault("status", operation="monitoring_get_dropletBandwidthMetrics", status=404, times=1)
    notes = desk.do("cost transfer --keep-going")["note"].dropna()
    assert notes.str.startswith("could not be read").sum() == 1


def test_the_first_second_of_a_month_has_no_metrics_yet() -> None:
    desk = desk_at(datetime(2028, 2, 1, tzinfo=UTC))
    row = desk.do("cost transfer").iloc[-1]
    assert row[["sent_gib", "overage_usd"]].tolist() == [0.0, 0.0]
    assert desk.do("cost budget --limit 500")["days_left"].tolist() == [29.0]
    desk.session.stop_sandbox()
