"""Billing: amounts computed by hand, and the bill of the sandbox."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd
import pytest

import poseidon_nb as po
from poseidon_nb.analysis import cost
from poseidon_nb.frames.builders import frame_from_rows
from tests.analysis.cost_frames import NOW, a_balance, a_droplet, droplets, sizes, some_items


def test_month_to_date_is_capped_at_the_monthly_price() -> None:
    late = datetime(2026, 11, 30, 12, tzinfo=UTC)
    frame = droplets(
        a_droplet(1),
        a_droplet(2, created_at="2026-11-30T02:00:00Z"),
        a_droplet(3, created_at="2026-11-30T11:59:59Z", size={"price_monthly": 4.0, "price_hourly": 0.00595}),
        a_droplet(4, size_slug="gpu-h100x1-80gb", size={"price_monthly": 2522.16, "price_hourly": 3.39}),
    )
    lines = cost.lines(droplets=frame)
    items = some_items(("Droplets", "1", "24.00"), ("droplets", "77", "3.00"), ("App Platform", "", "5.00"))
    found = cost.reconcile(lines, a_balance(33), items, now=late).set_index("product")
    # 24 dollars; 10 of 672 hours; one cent at least; 708 of 744 hours.
    assert found.loc["Droplets", "expected_usd"] == pytest.approx(24 + 0.36 + 0.01 + round(708 / 744 * 2522.16, 2))
    assert found.loc["Droplets", ["billed_usd", "deleted_usd", "items"]].tolist() == [27.0, 3.0, 2]
    assert found.loc["App Platform", ["expected_usd", "difference_usd", "deleted_usd"]].tolist() == [0.0, 5.0, 0.0]
    assert found.index[-1] == "(all)"
    assert found.loc["(all)", "billed_usd"] == 33.0
    assert "the balance differs from the items by +$1.00" in found.loc["(all)", "note"]


def test_history_has_changes_and_months_without_invoices() -> None:
    rows = [
        {"invoice_uuid": str(number), "invoice_period": month, "amount": amount}
        for number, (month, amount) in enumerate(
            [("2026-10", "30.00"), ("2026-07", "10.00"), ("2026-08", "15.00"), ("2026-08", "5.00")]
        )
    ]
    found = cost.history(
        frame_from_rows("invoices", rows),
        preview=frame_from_rows("invoices", [{"invoice_uuid": "p", "invoice_period": "2026-11", "amount": "4.00"}]),
    )
    assert found["month"].tolist() == ["2026-07", "2026-08", "2026-09", "2026-10", "2026-11"]
    assert found["billed_usd"].tolist() == [10.0, 20.0, 0.0, 30.0, 4.0]
    assert found["change_usd"].fillna(-1.0).tolist() == [-1.0, 10.0, -20.0, 30.0, -1.0]
    assert found["change_percent"].fillna(-1.0).tolist() == [-1.0, 100.0, -100.0, -1.0, -1.0]
    assert found["invoices"].tolist() == [1, 2, 0, 1, 0]
    assert found["final"].tolist() == [True] * 4 + [False]
    assert cost.history(frame_from_rows("invoices", [])).empty


def test_a_month_with_an_invoice_without_amount_is_unknown() -> None:
    rows = [
        {"invoice_uuid": str(number), "invoice_period": month, "amount": amount}
        for number, (month, amount) in enumerate(
            [("2026-06", "10.00"), ("2026-07", None), ("2026-07", "5.00"), ("2026-08", "15.00"), ("2026-09", "30.00")]
        )
    ]
    running = [{"invoice_uuid": "p", "invoice_period": "2026-10", "amount": None}]
    found = cost.history(frame_from_rows("invoices", rows), preview=frame_from_rows("invoices", running))
    assert found["billed_usd"].fillna(-1.0).tolist() == [10.0, -1.0, 15.0, 30.0, -1.0]
    assert found["change_usd"].fillna(-1.0).tolist() == [-1.0, -1.0, -1.0, 15.0, -1.0]
    assert found["change_percent"].fillna(-1.0).tolist() == [-1.0, -1.0, -1.0, 100.0, -1.0]
    assert found["invoices"].tolist() == [1, 2, 1, 1, 0]


def test_unavailable_resources_are_neither_compared_nor_deleted() -> None:
    lines = cost.lines(
        droplets=droplets(a_droplet()), sizes=sizes(), unavailable={"volume": "403 no", "reserved_ipv6": "501"}
    )
    items = some_items(("Droplets", "1", "20.00"), ("Volumes", "v", "10.00"), ("Volumes", "w", "5.00"))
    found = cost.reconcile(lines, a_balance(35), items, now=NOW).set_index("product")
    volumes, whole = found.loc["Volumes"], found.loc["(all)"]
    assert volumes[["expected_usd", "difference_usd", "deleted_usd"]].isna().all()
    assert volumes[["billed_usd", "resources", "items", "note"]].tolist() == [15.0, 0, 2, "could not be read"]
    assert whole[["resources", "items", "deleted_usd"]].tolist() == [2, 3, 0.0]
    assert whole["note"] == "1 resource without a price; 2 resource types could not be read"
    assert whole["difference_usd"] == pytest.approx(35 - found.loc["Droplets", "expected_usd"])


def test_an_item_without_amount_makes_the_billed_amount_unknown() -> None:
    items = some_items(("Droplets", "1", "20.00"), ("Droplets", "1", None), ("Volumes", "v", "10.00"))  # type: ignore[arg-type]
    found = cost.reconcile(cost.lines(droplets=droplets(a_droplet())), a_balance(35), items, now=NOW)
    droplet = found.set_index("product").loc["Droplets"]
    assert droplet[["billed_usd", "difference_usd"]].isna().all()
    assert droplet["note"] == "1 item without an amount"
    assert found.iloc[-1][["billed_usd", "note"]].tolist() == [
        35.0,
        "1 resource without a price; 1 item without an amount",
    ]
    balance = frame_from_rows("balance", [{"month_to_date_usage": None}])
    assert pd.isna(cost.reconcile(cost.lines(), balance, some_items(), now=NOW)["billed_usd"].iloc[-1])


def _registry(client: po.Client) -> pd.DataFrame:
    """Return the subscription of the container registry as a line of one's own."""
    plan = client.call("registries_get_subscription")["subscription"]
    usd, created = plan["tier"]["monthly_price_in_cents"] / 100, pd.Timestamp(plan["created_at"])
    return pd.DataFrame(
        [{"resource_type": "registry", "name": "Basic", "price_usd_month": usd, "price_usd_hour": usd / 672, "created_at": created}]
    )  # fmt: skip


@pytest.mark.parametrize(("seed", "count"), [(7, 12), (3, 40)])
def test_the_bill_of_the_sandbox_equals_the_lines_to_the_cent(clock, seed: int, count: int) -> None:
    with po.Sandbox(seed=seed, droplets=count, clock=clock) as sandbox, po.connect(sandbox, clock=clock) as client:

        def frame(operation_id: str, **fields: object) -> pd.DataFrame:
            return client.call(operation_id, frame=True, **fields)

        lines = cost.lines(
            droplets=client.droplets.frame(),
            backup_policies=frame("droplets_list_backup_policies"),
            snapshots=client.snapshots.frame(),
            images=client.images.frame(private=True),
            volumes=frame("volumes_list"),
            load_balancers=frame("loadBalancers_list"),
            reserved_ips=frame("reservedIPs_list"),
            databases=frame("databases_list_clusters"),
            kubernetes=frame("kubernetes_list_clusters"),
            apps=frame("apps_list"),
            app_sizes=frame("apps_list_instanceSizes"),
            more=_registry(client),
        )
        preview = client.api("GET", "/v2/customers/my/invoices")["invoice_preview"]
        raw = client.call("invoices_get_byUUID", invoice_uuid=preview["invoice_uuid"])
        found = cost.reconcile(lines, frame("balance_get"), frame_from_rows("invoice_items", raw), now=clock.now())
    billed: dict[str, Decimal] = defaultdict(Decimal)
    for item in raw:
        billed[item["product"]] += Decimal(item["amount"])
    cents = {
        row.product: Decimal(row.expected_usd).quantize(Decimal("0.01"), ROUND_HALF_UP)
        for row in found.itertuples()
        if row.product not in {"(all)", "transfer"}
    }
    assert cents == dict(billed)
    assert found["deleted_usd"].sum() == 0
    assert found.iloc[-1]["billed_usd"] == float(preview["amount"])
