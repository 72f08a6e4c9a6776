"""Charges, invoices and the balance: every total must be the sum of its parts."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from datetime import datetime
from decimal import Decimal

import pytest

DAY_S = 86_400
MY = "/v2/customers/my"
MONTH = "2026-10"


def invoices(api):
    return api.get(f"{MY}/invoices?per_page=200")


def items(api, uuid):
    return api.get(f"{MY}/invoices/{uuid}?per_page=200")["invoice_items"]


def invoice(api, month=MONTH):
    return next(one for one in invoices(api)["invoices"] if one["invoice_period"] == month)


def previewed(api):
    return items(api, invoices(api)["invoice_preview"]["invoice_uuid"])


def total(all_, field="amount"):
    return sum((Decimal(one[field]) for one in all_), Decimal(0))


def hours(item):
    start, end = (datetime.fromisoformat(item[field]) for field in ("start_time", "end_time"))
    return (end - start).total_seconds() / 3600


@pytest.mark.parametrize("seed", [1, 7])
def test_every_invoice_is_the_sum_of_its_items_and_every_summary_agrees(make_api, seed):
    api = make_api(seed=seed)
    shown = invoices(api)
    assert [one["invoice_period"] for one in shown["invoices"]] == [f"2026-{month:02}" for month in range(10, 3, -1)]
    assert shown["invoice_preview"]["invoice_period"] == "2026-11"
    for one in [*shown["invoices"], shown["invoice_preview"]]:
        path = f"{MY}/invoices/{one['invoice_uuid']}"
        lines = items(api, one["invoice_uuid"])
        assert total(lines) == Decimal(one["amount"]) > 0
        summary = api.get(f"{path}/summary")
        assert (summary["amount"], summary["billing_period"]) == (one["amount"], one["invoice_period"])
        charges = summary["product_charges"]
        assert total(charges["items"]) == Decimal(charges["amount"]) == Decimal(one["amount"])
        assert Counter(line["product"] for line in lines) == {
            item["name"]: int(item["count"]) for item in charges["items"]
        }


def test_the_balance_is_the_unpaid_amount(api):
    history = api.get(f"{MY}/billing_history?per_page=200")["billing_history"]
    billed = [one for one in history if one["type"] == "Invoice"]
    paid = [one for one in history if one["type"] == "Payment"]
    assert {one["invoice_uuid"]: one["amount"] for one in billed} == {
        one["invoice_uuid"]: one["amount"] for one in invoices(api)["invoices"]
    }
    assert [Decimal(one["amount"]) for one in paid] == [-Decimal(one["amount"]) for one in billed]
    assert [one["date"] for one in history] == sorted((one["date"] for one in history), reverse=True)
    balance = api.get(f"{MY}/balance")
    preview = invoices(api)["invoice_preview"]["amount"]
    assert balance["account_balance"] == "0.00"
    assert balance["month_to_date_usage"] == balance["month_to_date_balance"] == preview


def test_an_invoice_is_unpaid_for_one_day(api):
    api.clock.advance((8 * 24 - 12 + 1) * 3600)
    balance = api.get(f"{MY}/balance")
    assert balance["account_balance"] == invoice(api, "2026-11")["amount"]
    assert Decimal(balance["month_to_date_balance"]) == Decimal(balance["account_balance"]) + Decimal(
        balance["month_to_date_usage"]
    )
    api.clock.advance(DAY_S)
    assert api.get(f"{MY}/balance")["account_balance"] == "0.00"


def test_the_days_of_a_month_add_up_to_its_invoice(api):
    team = api.get("/v2/account")["account"]["team"]["uuid"]
    points, page = [], 1
    while True:
        answer = api.get(f"/v2/billing/do:team:{team}/insights/2026-10-01/2026-10-31?per_page=200&page={page}")
        points += answer["data_points"]
        assert answer["current_page"] == page
        if page == answer["total_pages"]:
            break
        page += 1
    assert len(points) == answer["total_items"]
    assert total(points, "total_amount") == Decimal(invoice(api)["amount"])
    # The monthly price is reached after 28 days.
    assert not any(one["start_date"] > "2026-10-29" and "web-1" in one["description"] for one in points)


def test_droplets_are_charged_by_the_hour_up_to_the_monthly_price(api):
    droplets = {str(one["id"]): one for one in api.get("/v2/droplets?per_page=200")["droplets"]}
    sizes = {size["slug"]: size for size in api.get("/v2/sizes?per_page=200")["sizes"]}
    for month in (invoice(api)["invoice_uuid"], invoices(api)["invoice_preview"]["invoice_uuid"]):
        for item in items(api, month):
            if item["product"] == "Droplets" and item["resource_id"] in droplets:
                # Some were resized: an item is for the size that it names.
                size = sizes[item["description"].split("(")[1].rstrip(")")]
                expected = min(size["price_monthly"], hours(item) * size["price_hourly"])
                assert float(item["amount"]) == pytest.approx(expected, abs=0.02)
                assert int(item["duration"]) - 1 < hours(item) <= int(item["duration"])
    full = {item["description"]: item["amount"] for item in items(api, invoice(api)["invoice_uuid"])}
    assert full["web-1 (s-2vcpu-4gb)"] == "24.00"
    assert full["db-1 (g-2vcpu-8gb)"] == "63.00"
    assert full["db-1 (weekly backups)"] == "12.60"
    assert full["db-1-data (200 GiB)"] == "20.00"


def test_every_resource_is_charged_from_its_creation(api):
    lines = previewed(api)
    charged = {(line["product"], line["resource_id"]) for line in lines}
    everything = api.get("/v2/droplets?per_page=200")["droplets"] + api.get("/v2/droplets?type=gpus")["droplets"]
    assert {id_ for product, id_ in charged if product == "Droplets"} == {str(one["id"]) for one in everything}
    volumes = api.get("/v2/volumes")["volumes"]
    assert {id_ for product, id_ in charged if product == "Volumes"} == {one["id"] for one in volumes}
    idle = [one["ip"] for one in api.get("/v2/reserved_ips")["reserved_ips"] if one["droplet"] is None]
    assert [id_ for product, id_ in charged if product == "Reserved IPs"] == idle
    snapshots = api.get("/v2/snapshots?per_page=200")["snapshots"]
    assert {id_ for product, id_ in charged if "Snapshots" in product} == {one["id"] for one in snapshots}
    train = next(line for line in lines if line["description"].startswith("train-1 ("))
    assert train["start_time"] == "2026-11-11T12:00:00Z"
    assert {line["end_time"] for line in lines} == {"2026-11-23T12:00:00Z"}


def test_a_new_droplet_with_daily_backups_is_charged_from_its_first_hour(api):
    before = len(previewed(api))
    id_ = api.create(name="dear", size="c-2", backups=True)[1]["droplet"]["id"]
    api.clock.advance(11 * 3600)
    new = [line for line in previewed(api) if line["resource_id"] == str(id_)]
    assert len(previewed(api)) == before + 2
    size = api.droplet("dear")["size"]
    assert [line["amount"] for line in new] == [
        f"{11 * size['price_hourly']:.2f}",
        f"{11 * size['price_hourly'] * 0.3:.2f}",
    ]


def test_a_resize_splits_a_droplet_into_two_items(api):
    id_ = api.droplet("web-1")["id"]
    api.done(id_, "power_off")
    api.done(id_, "resize", size="s-4vcpu-8gb")
    api.clock.advance(2 * DAY_S)
    first, second = (line for line in previewed(api) if line["resource_id"] == str(id_))
    assert (first["description"], second["description"]) == ("web-1 (s-2vcpu-4gb)", "web-1 (s-4vcpu-8gb)")
    assert first["end_time"] == second["start_time"]
    assert float(second["amount"]) == pytest.approx(48 / 672 * hours(second), abs=0.01)
    # Until now alone: later months know the new size only.
    assert items(api, invoice(api)["invoice_uuid"])[0]["description"] == "web-1 (s-2vcpu-4gb)"


def test_deleting_resources_keeps_past_invoices_and_charges_until_the_deletion(api):
    before = invoices(api)
    october = items(api, invoice(api)["invoice_uuid"])
    droplet = api.droplet("db-1")
    api("DELETE", f"/v2/droplets/{droplet['id']}")
    api("DELETE", f"/v2/snapshots/{droplet['snapshot_ids'][0]}")
    api.clock.advance(600)
    for volume in api.get("/v2/volumes")["volumes"]:
        if not volume["droplet_ids"]:
            assert api("DELETE", f"/v2/volumes/{volume['id']}")[0] == 204
    gone = api.clock.now().timestamp()
    api.clock.advance(DAY_S)
    assert invoices(api)["invoices"] == before["invoices"]
    assert items(api, invoice(api)["invoice_uuid"]) == october
    line = next(line for line in previewed(api) if line["description"] == "db-1 (g-2vcpu-8gb)")
    assert datetime.fromisoformat(line["end_time"]).timestamp() <= gone


def test_an_address_is_charged_only_while_it_is_unassigned(api):
    (idle,) = (one["ip"] for one in api.get("/v2/reserved_ips")["reserved_ips"] if one["droplet"] is None)
    id_ = api.droplet("web-2")["id"]
    assert api("POST", f"/v2/reserved_ips/{idle}/actions", {"type": "assign", "droplet_id": id_})[0] == 201
    api.clock.advance(600)
    before = [line for line in previewed(api) if line["resource_id"] == idle]
    api.clock.advance(DAY_S)
    assert [line for line in previewed(api) if line["resource_id"] == idle] == before
    assert len(before) == 1


def test_the_csv_lists_the_items(api):
    one = invoice(api)
    reply = api.ask("GET", f"{MY}/invoices/{one['invoice_uuid']}/csv")
    headers = dict(reply.headers)
    assert headers["content-type"] == "text/csv; charset=utf-8"
    assert headers["content-disposition"].endswith('.csv"')
    rows = [*csv.DictReader(io.StringIO(reply.body.decode()))]
    lines = items(api, one["invoice_uuid"])
    assert [(row["description"], row["USD"]) for row in rows] == [
        (line["description"], f"${line['amount']}") for line in lines
    ]
    assert rows[0]["start"] == "2026-10-01 00:00:00 +0000"


def test_the_pdf_is_valid_and_shows_the_total(make_api):
    api = make_api(droplets=100)
    one = invoices(api)["invoice_preview"]
    reply = api.ask("GET", f"{MY}/invoices/{one['invoice_uuid']}/pdf")
    assert dict(reply.headers)["content-type"] == "application/pdf"
    body = reply.body
    assert body.startswith(b"%PDF-1.4\n")
    assert body.endswith(b"%%EOF\n")
    table = int(re.search(rb"startxref\n(\d+)\n", body)[1])
    assert body[table:].startswith(b"xref\n")
    for number, place in enumerate(re.findall(rb"(\d{10}) 00000 n ", body), start=1):
        assert body[int(place) :].startswith(b"%d 0 obj\n" % number)
    assert body.count(b"/Type /Page ") > 1
    assert f"{one['amount']}  Total".encode() in body
    for length, content in re.findall(rb"/Length (\d+) >>\nstream\n(.*?)\nendstream", body, re.DOTALL):
        assert len(content) == int(length)


def test_hostile_names_are_escaped_in_the_files(api):
    droplet = api.droplet("web-1")
    api.done(droplet["id"], "snapshot", name='a) Tj (b\\",\n=1+1 \u6c34')
    uuid = invoices(api)["invoice_preview"]["invoice_uuid"]
    rows = [*csv.DictReader(io.StringIO(api.ask("GET", f"{MY}/invoices/{uuid}/csv").body.decode()))]
    assert any('b\\",\n=1+1 \u6c34' in row["description"] for row in rows)
    assert b'a\\) Tj \\(b\\\\",?=1+1 ?' in api.ask("GET", f"{MY}/invoices/{uuid}/pdf").body


def test_an_empty_account_owes_nothing(make_api):
    api = make_api(droplets=0)
    balance = api.get(f"{MY}/balance")
    assert {balance[name] for name in balance if name != "generated_at"} == {"0.00"}
    assert api.get(f"{MY}/billing_history")["billing_history"] == []
    shown = invoices(api)
    assert (shown["invoices"], shown["invoice_preview"]["amount"]) == ([], "0.00")
    uuid = shown["invoice_preview"]["invoice_uuid"]
    assert items(api, uuid) == []
    assert api.ask("GET", f"{MY}/invoices/{uuid}/pdf").status == 200


def test_the_same_seed_gives_the_same_invoices(make_api):
    paths = (f"{MY}/invoices", f"{MY}/billing_history", f"{MY}/balance")
    assert [make_api().get(path) for path in paths] == [make_api().get(path) for path in paths]


def test_a_loaded_account_has_the_same_invoices(api, make_api):
    api("DELETE", f"/v2/droplets/{api.droplet('web-2')['id']}")
    api.clock.advance(600)
    other = make_api(droplets=0)
    assert other("PUT", "/_sandbox/state", api.ask("GET", "/_sandbox/state").body)[0] == 204
    assert invoices(other) == invoices(api)


def test_a_large_account_is_billed(make_api):
    shown = invoices(make_api(droplets=2000))
    assert Decimal(shown["invoice_preview"]["amount"]) > 10_000


def test_a_load_balancer_is_charged_for_each_node_count_in_turn(api):
    wanted = {
        "name": "front",
        "region": "fra1",
        "size_unit": 1,
        "forwarding_rules": [
            {"entry_protocol": "http", "entry_port": 80, "target_protocol": "http", "target_port": 80}
        ],
    }
    status, body = api("POST", "/v2/load_balancers", wanted)
    assert status == 202, body
    path = f"/v2/load_balancers/{body['load_balancer']['id']}"
    api.clock.advance(2 * DAY_S)
    assert api("PUT", path, {**wanted, "size_unit": 3})[0] == 200
    api.clock.advance(DAY_S)
    assert api("DELETE", path)[0] == 204
    api.clock.advance(DAY_S)
    lines = [line for line in previewed(api) if line["description"].startswith("front ")]
    assert [(line["product"], line["description"], line["amount"]) for line in lines] == [
        ("Load Balancers", "front (1 node)", f"{12 * 48 / 672:.2f}"),
        ("Load Balancers", "front (3 nodes)", f"{36 * 24 / 672:.2f}"),
    ]


def test_the_sizes_of_a_month_share_one_monthly_cap(api):
    id_ = api.droplet("web-1")["id"]
    api.done(id_, "power_off")
    api.done(id_, "resize", size="s-4vcpu-8gb")
    api.clock.advance(9 * DAY_S)
    lines = [line for line in items(api, invoice(api, "2026-11")["invoice_uuid"]) if line["resource_id"] == str(id_)]
    small, large = (float(line["amount"]) for line in lines)
    assert sum(map(hours, lines)) == 720
    assert small / 24 + large / 48 == pytest.approx(1, abs=0.001)


def test_preview_stands_for_the_month_in_progress(api):
    assert items(api, "preview") == previewed(api) != []
