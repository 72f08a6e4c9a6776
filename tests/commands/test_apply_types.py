"""``%do apply`` with records, firewalls, volumes, reserved IPs and tags."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from poseidon_nb.magics.do import run_line
from tests.commands.applying import (
    DOMAIN,
    RECORDS,
    another_session,
    apply,
    listed,
    names,
    refused,
    with_row,
)


def test_records_are_changed_created_and_deleted_in_their_domain(desk):
    records = listed(desk, RECORDS)
    records.loc[records["type"] == "SRV", "ttl"] = 600
    records.loc[records["name"] == "assets", "data"] = "cdn.example.net."
    records = with_row(records, type="A", name=f"shop.{DOMAIN}.", data="198.18.0.5", ttl=300)
    records = with_row(records, type="mx", data="mx3.mail.example", priority=30)
    records = with_row(records, type="A", name="front", data="<address of web-1>")
    plan = apply(desk, records)
    assert sorted(names(plan)) == [
        ("create", f"A front.{DOMAIN}"),
        ("create", f"A shop.{DOMAIN}"),
        ("create", f"MX {DOMAIN}"),
        ("update", f"CNAME assets.{DOMAIN}"),
        ("update", f"SRV _xmpp-client._tcp.{DOMAIN}"),
    ]
    now = listed(desk, RECORDS)
    assert now.loc[now["name"] == "front", "data"].tolist() == [listed(desk)["public_ipv4"][0]]
    assert sorted(now.loc[now["type"] == "MX", "priority"]) == [10, 20, 30]
    fewer = now[~now["name"].isin(["shop", "front"]) & (now["type"] != "NS")]
    assert sorted(names(apply(desk, fewer, "--delete"))) == [
        ("delete", f"A front.{DOMAIN}"),
        ("delete", f"A shop.{DOMAIN}"),
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"type": "A", "name": "x"}, "a new record needs data"),
        ({"type": "AA", "name": "x", "data": "198.18.0.5"}, "unknown record type 'AA'. Did you mean A"),
        ({"type": "A", "name": "x", "data": "<address of wbe-1>"}, "droplet 'wbe-1' not found. Did you mean web-1?"),
        (
            {"type": "A", "name": "x", "data": "198.18.0.5", "domain": "tidepool.example"},
            "domain 'tidepool.example' not found",
        ),
        (
            {"type": "A", "name": "x", "data": "198.18.0.5", "ttl": "soon"},
            "(x), column ttl: must be a whole number, not 'soon'",
        ),
        ({"type": "A", "name": "x", "data": ""}, "(x), column data: must not be empty."),
        ({"type": "A", "name": "x.example.org.", "data": "198.18.0.5"}, "is not in tidepool-maps.example"),
    ],
)
def test_a_record_that_cannot_be_created_is_named(desk, row, message):
    assert message in refused(desk, with_row(listed(desk, RECORDS), **row))


def test_a_record_s_type_stays_and_its_domain_must_be_known(desk):
    records = listed(desk, RECORDS)
    records.loc[4, "type"] = "TXT"
    assert "type cannot be changed from A to TXT. Drop the row, and add one" in refused(desk, records)
    row = pd.DataFrame([{"type": "A", "name": "x", "data": "198.18.0.5"}])
    assert "its domain is not known. Add a column domain" in refused(desk, row)
    assert names(apply(desk, row.assign(domain=DOMAIN))) == [("create", f"A x.{DOMAIN}")]
    # A kernel that has not listed them finds them by their ids.
    records = listed(desk, RECORDS)
    records.loc[4, "ttl"] = 777
    plan = run_line("apply {records} --plan", variables={"records": records}, ui=desk.ui, session=another_session(desk))
    assert [step.change.after for step in plan.steps] == [777]


def test_firewalls_get_rules_tags_and_names_whatever_the_order_of_their_rules(desk):
    firewalls = listed(desk, "firewalls list")
    for column in ("inbound_rules", "outbound_rules"):
        firewalls[column] = [json.loads(json.dumps(rules[::-1])) for rules in firewalls[column]]
    assert desk.do("apply {frame} --plan", frame=firewalls).is_empty
    firewalls.at[0, "inbound_rules"].append(
        {"protocol": "tcp", "ports": 8080, "sources": {"addresses": ["198.18.0.5"]}}
    )
    new = {
        "name": "shop",
        "tags": ["shop"],
        "inbound_rules": [{"protocol": "icmp", "sources": {"tags": ["web", "shopper"]}}],
    }
    plan = apply(desk, with_row(firewalls, **new), "--max-changes 50%")
    assert names(plan) == [("create", "shop"), ("create", "shopper"), ("create", "shop"), ("update", "web")]
    assert plan.steps[3].change.after == "tcp 8080 from 198.18.0.5"
    rules = listed(desk, "firewalls list")["inbound_rules"][0]
    assert {"protocol": "tcp", "ports": "8080", "sources": {"addresses": ["198.18.0.5"]}} in rules


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"protocol": "tpc", "ports": "80", "sources": {}}, "has the protocol 'tpc'. Did you mean tcp?"),
        ("tcp 80", "has a rule that is not an object"),
        ({"protocol": "tcp", "port": "80"}, "has a rule with 'port'."),
        ({"protocol": "tcp", "ports": "80", "sources": {"address": []}}, "whose sources are not addresses"),
    ],
)
def test_a_rule_that_is_none_is_refused(desk, rule, message):
    firewalls = listed(desk, "firewalls list")
    firewalls.at[0, "inbound_rules"].append(rule)
    assert message in refused(desk, firewalls, "--max-changes 100%")


def test_volumes_grow_and_move_and_are_detached_before_they_are_deleted(desk):
    volumes = listed(desk, "volumes list").set_index("name", drop=False)
    volumes.loc["db-1-data", "size_gigabytes"] = 250
    volumes.at["db-1-data", "droplet_ids"] = ["web-1"]
    volumes.at["old-uploads", "droplet_ids"] = [521000032]
    volumes.at["old-uploads", "tags"] = ["keep"]
    volumes = with_row(volumes, name="fresh", region="nyc3", size_gigabytes=10, droplet_ids=["web-2"])
    plan = apply(desk, volumes, "--max-changes 100%")
    assert sorted(names(plan)) == sorted(
        [
            ("resize", "db-1-data"),
            ("detach", "db-1-data"),
            ("attach", "db-1-data"),
            ("attach", "old-uploads"),
            ("create", "keep"),
            ("tag", "old-uploads"),
            ("create", "fresh"),
            ("attach", "fresh"),
        ]
    )
    assert plan.usd_month == pytest.approx(6.0)
    # A droplet allows one action at a time.
    on_web = [
        chain
        for chain in plan.chains
        if any((step.request.body or {}).get("droplet_id") == 521000032 for step in chain)
    ]
    assert [bool(chain[0].references) for chain in on_web] == [False, True]
    attached = listed(desk, "volumes list").set_index("name")["droplet_ids"]
    assert (attached["db-1-data"], attached["fresh"]) == ([521000032], [521000100])
    mine = listed(desk, "volumes list")
    mine = mine[mine["name"] != "old-uploads"]
    plan = apply(desk, mine, "--tag keep --delete --max-changes 100%")
    assert names(plan) == [("detach", "old-uploads"), ("delete", "old-uploads")]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("size_gigabytes", 10, "a volume can only grow, from 200 to 10 GiB"),
        ("droplet_ids", [1], "droplet 1 does not exist"),
        ("droplet_ids", ["web-3"], "droplet 521000186 is in fra1, and the volume is in nyc3"),
        ("droplet_ids", ["web-1", "web-2"], "a volume can be attached to one droplet only"),
        ("name", "other", "Volumes cannot be renamed."),
        ("size_gigabytes", 20_000, "its size must be from 1 to 16,384 GiB"),
    ],
)
def test_what_a_volume_cannot_become_is_refused(desk, column, value, message):
    volumes = listed(desk, "volumes list")
    volumes.at[0, column] = value
    assert message in refused(desk, volumes, "--max-changes 100%")


def test_a_volume_that_cannot_be_created_is_named(desk):
    volumes = listed(desk, "volumes list")
    row = {"name": "new", "size_gigabytes": 5, "region": "nyc3"}
    for cells, message in (
        ({"region": "nyc9"}, "Row 4 (new): unknown region 'nyc9'. Did you mean nyc"),
        ({"name": "New One"}, "'New One' is not a name of a volume"),
        ({"size_gigabytes": 0}, "its size must be from 1 to 16,384 GiB"),
        ({"size_gigabytes": "5GB"}, "Row 4 (new), column size_gigabytes: must be a whole number, not '5GB'"),
    ):
        assert message in refused(desk, with_row(volumes, **{**row, **cells}))


def test_a_firewall_is_given_to_droplets_that_exist_only(desk):
    firewalls = listed(desk, "firewalls list").astype(object)
    firewalls.at[0, "droplet_ids"] = [521000032, 1]
    assert "Row 0 (web): droplet 1 does not exist." in refused(desk, firewalls, "--max-changes 100%")
    # One that it has already, and that was destroyed since, is left.
    firewalls.at[0, "droplet_ids"] = ["web-1"]
    apply(desk, firewalls, "--max-changes 100%")
    firewalls = listed(desk, "firewalls list").astype(object)
    world = desk.sandbox._dispatcher.world
    id_ = firewalls.at[0, "id"]
    world.firewalls.put(id_, world.firewalls[id_].with_public(droplet_ids=[521000032, 7]))
    firewalls = listed(desk, "firewalls list").astype(object)
    firewalls.at[0, "name"] = "renamed"
    assert names(desk.do("apply {frame} --plan --max-changes 100%", frame=firewalls)) == [("update", "web")]


def test_reserved_ips_are_assigned_unassigned_and_swapped(desk):
    ips = listed(desk, "reserved-ips list")
    ips["droplet_id"] = ips["droplet_id"].astype(object)
    ips.loc[1, "droplet_id"] = "web-2"
    assert names(apply(desk, ips, "--max-changes 50%")) == [("assign", ips["ip"][1])]
    ips = listed(desk, "reserved-ips list")
    ips["droplet_id"] = ips["droplet_id"][::-1].to_numpy()
    plan = apply(desk, ips, "--max-changes 100%")
    assert sorted(step.verb for step in plan.steps) == ["assign", "assign", "unassign", "unassign"]
    ips = listed(desk, "reserved-ips list")
    assert ips["droplet_name"].tolist() == ["web-2", "web-1"]
    ips["droplet_id"] = None
    # A listing showed the second one without a droplet before.
    assert len(apply(desk, ips, "--max-changes 100%").steps) == 1
    assert len(apply(desk, ips, "--max-changes 100% --as-written").steps) == 1
    assert listed(desk, "reserved-ips list")["droplet_id"].isna().all()
    ips.loc[0, "droplet_id"] = "web-3"
    assert "is in fra1, and the address is in nyc3" in refused(desk, ips, "--max-changes 100%")
    assert "Reserved IPs are released with %do reserved-ips delete" in refused(desk, ips, "--delete")
    assert "this address is not reserved" in refused(desk, with_row(ips, ip="198.18.9.9"))


def test_tags_are_created_and_deleted_with_the_frame_as_the_whole_account(desk):
    tags = listed(desk, "tags list")
    apply(desk, with_row(tags, name="fresh"))
    tags = listed(desk, "tags list")
    assert names(apply(desk, tags[tags["name"] != "fresh"], "--delete")) == [("delete", "fresh")]
    assert "Tags consist of letters" in refused(desk, with_row(tags, name="not a tag"))
    assert "has no name." in refused(desk, with_row(tags, droplets_count=1))
