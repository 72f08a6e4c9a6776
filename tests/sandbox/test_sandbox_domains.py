"""Domains and their records in the sandbox."""

from __future__ import annotations

import json

import pytest

DOT = "Data needs to end with a dot (.)"
CNAME = "CNAME records cannot share a name with other records"
RECORDS = "/v2/domains/walk.example/records"


@pytest.fixture
def zone(make_api):
    api = make_api(droplets=0)
    assert api("POST", "/v2/domains", {"name": "walk.example", "ip_address": "192.0.2.1"})[0] == 201
    return api


def create(api, type_, **fields):
    return api("POST", RECORDS, {"type": type_, **fields})


def made(api, type_, **fields):
    status, body = create(api, type_, **fields)
    assert status == 201, body
    return body["domain_record"]


def listed(api, query=""):
    records = api.get(f"{RECORDS}?per_page=200{query}")["domain_records"]
    return [(record["type"], record["name"], record["data"]) for record in records]


def test_a_new_domain_has_initial_records_and_a_zone_file_once_it_is_read(make_api):
    api = make_api(droplets=0)
    created = api("POST", "/v2/domains", {"name": "Walk.Example.", "ip_address": "192.0.2.1"})
    assert created == (201, {"domain": {"name": "walk.example", "ttl": 1800, "zone_file": None}})
    assert listed(api) == [
        ("SOA", "@", "1800"),
        *(("NS", "@", f"ns{number}.digitalocean.com") for number in (1, 2, 3)),
        ("A", "@", "192.0.2.1"),
    ]
    zone_file = api.get("/v2/domains/walk.example")["domain"]["zone_file"]
    serial = int(api.clock.now().timestamp())
    assert zone_file.splitlines() == [
        "$ORIGIN walk.example.",
        "$TTL 1800",
        f"walk.example. IN SOA ns1.digitalocean.com. hostmaster.walk.example. {serial} 10800 3600 604800 1800",
        *(f"walk.example. 1800 IN NS ns{number}.digitalocean.com." for number in (1, 2, 3)),
        "walk.example. 1800 IN A 192.0.2.1",
    ]
    assert api.get("/v2/domains")["domains"][0]["zone_file"] == zone_file


def test_the_zone_file_has_every_type_and_a_new_serial_after_a_change(zone):
    before = zone.get("/v2/domains/walk.example")["domain"]["zone_file"]
    zone.clock.advance(60)
    made(zone, "MX", data="mx.example.net.", priority=10)
    made(zone, "SRV", name="_sip._tcp", data="sip.example.net.", priority=1, port=5060, weight=2)
    made(zone, "CAA", name="@", data="letsencrypt.org.", flags=0, tag="issue")
    made(zone, "CNAME", name="www", data="@", ttl=300)
    made(zone, "TXT", name="note", data='a "b"\\\nc')
    after = zone.get("/v2/domains/walk.example")["domain"]["zone_file"]
    assert after.splitlines()[2] != before.splitlines()[2]
    assert after.splitlines()[-5:] == [
        "walk.example. 1800 IN MX 10 mx.example.net.",
        "_sip._tcp.walk.example. 1800 IN SRV 1 2 5060 sip.example.net.",
        'walk.example. 1800 IN CAA 0 issue "letsencrypt.org"',
        "www.walk.example. 300 IN CNAME walk.example.",
        'note.walk.example. 1800 IN TXT "a \\"b\\"\\\\\\010c"',
    ]


def test_a_duplicate_or_invalid_domain_is_refused(zone, refused):
    twice = zone("POST", "/v2/domains", {"name": "WALK.example"})
    refused(twice, 422, "domain 'walk.example': name already exists")
    refused(zone("POST", "/v2/domains", {"name": "no domain"}), 422, "domain 'no domain': name is invalid")
    refused(zone("POST", "/v2/domains", {}), 422, "name is required.")
    blank = zone("POST", "/v2/domains", {"name": "new.example", "ip_address": ""})
    refused(blank, 422, "Data can't be blank")
    assert zone("POST", "/v2/domains", {"name": "new.example", "ip_address": "x"})[0] == 422
    assert zone("GET", "/v2/domains/new.example")[0] == 404
    assert zone.get("/_sandbox")["counts"]["domain_records"] == 5


def test_deleting_a_domain_deletes_its_records(zone):
    zone("POST", "/v2/domains", {"name": "other.example"})
    record = zone.get(RECORDS)["domain_records"][-1]["id"]
    assert zone("GET", f"/v2/domains/other.example/records/{record}")[0] == 404
    assert zone("DELETE", "/v2/domains/walk.example") == (204, None)
    assert zone("GET", f"{RECORDS}/{record}")[0] == 404
    assert zone.get("/_sandbox")["counts"]["domain_records"] == 4


@pytest.mark.parametrize(
    ("type_", "fields"),
    [
        ("CNAME", {"name": "www"}),
        ("MX", {"priority": 1}),
        ("NS", {}),
        ("SRV", {"name": "_sip._tcp", "priority": 1, "port": 1}),
        ("CAA", {"name": "@", "flags": 0, "tag": "issue"}),
    ],
)
def test_host_names_need_a_final_dot_that_responses_omit(zone, refused, type_, fields):
    refused(create(zone, type_, data="host.example.net", **fields), 422, DOT)
    record = made(zone, type_, data="host.example.net.", **fields)
    assert record["data"] == "host.example.net"
    path = f"{RECORDS}/{record['id']}"
    refused(zone("PATCH", path, {"type": type_, "data": record["data"]}), 422, DOT)
    for method, ttl in (("PUT", 60), ("PATCH", 61)):
        assert zone(method, path, {"ttl": ttl})[1]["domain_record"] == {**record, "ttl": ttl}
    put = zone("PUT", path, {"type": type_, "ttl": 90, "data": "other.example.net."})
    assert put[1]["domain_record"] == {**record, "ttl": 90, "data": "other.example.net"}


def test_the_apex_and_a_mail_address_need_no_dot(zone):
    assert made(zone, "CNAME", name="www", data="@")["data"] == "@"
    assert made(zone, "CAA", name="@", data="mailto:a@b.example", flags=0, tag="iodef")["data"] == "mailto:a@b.example"


def test_unused_fields_are_null_and_the_ttl_has_a_default(zone):
    record = made(zone, "A", name="www", data="192.0.2.7", priority=3, weight=4, flags=5, tag="issue")
    del record["id"]
    unused = dict.fromkeys(("priority", "port", "weight", "flags", "tag"))
    assert record == {"type": "A", "name": "www", "data": "192.0.2.7", "ttl": 1800, **unused}


@pytest.mark.parametrize(
    ("type_", "fields", "text"),
    [
        ("A", {"data": "192.0.2.7"}, "Name can't be blank"),
        ("A", {"name": "www"}, "Data can't be blank"),
        ("A", {"name": "www", "data": "::1"}, "IP address did not match IPv4 format (e.g. 127.0.0.1)."),
        ("AAAA", {"name": "www", "data": "192.0.2.7"}, "IP address did not match IPv6 format (e.g. 2001:db8::1)."),
        ("MX", {"data": "mx.example.net."}, "Priority can't be blank"),
        ("SRV", {"name": "s", "data": "a.example.", "priority": 1}, "Port can't be blank"),
        ("SRV", {"name": "s", "data": "a.example.", "priority": 1, "port": 65536}, "Port must be an integer between 0 and 65535"),
        ("SRV", {"name": "s", "data": ".", "priority": 1, "port": 1}, "Data is not a valid host name"),
        ("CAA", {"name": "@", "data": "a.example.", "tag": "issue"}, "Flags can't be blank"),
        ("CAA", {"name": "@", "data": "a.example.", "flags": 0, "tag": "x"}, "Tag must be one of issue, issuewild, iodef"),
        ("TXT", {"name": "no blank", "data": "x"}, "Name is invalid"),
        ("TXT", {"name": "x", "data": "x", "ttl": 29}, "record ttl must be greater than 30"),
        ("SOA", {"ttl": 1800}, "The SOA record of a domain is created automatically"),
        ("CNAME", {"name": "@", "data": "a.example."}, CNAME),
    ],
)  # fmt: skip
def test_invalid_fields_of_a_record_type_are_refused(zone, refused, type_, fields, text):
    before = listed(zone)
    refused(create(zone, type_, **fields), 422, text)
    assert listed(zone) == before


def test_a_cname_cannot_share_its_name_and_equal_records_may_exist(zone, refused):
    made(zone, "CNAME", name="www", data="@")
    refused(create(zone, "A", name="WWW", data="192.0.2.7"), 422, CNAME)
    made(zone, "A", name="api", data="192.0.2.7")
    made(zone, "A", name="api", data="192.0.2.8")
    refused(create(zone, "CNAME", name="api", data="@"), 422, CNAME)
    made(zone, "A", name="api", data="192.0.2.8")
    made(zone, "NS", name="@", data="ns1.digitalocean.com.")
    assert listed(zone).count(("A", "api", "192.0.2.8")) == 2
    assert listed(zone).count(("NS", "@", "ns1.digitalocean.com")) == 2


def test_a_full_name_with_a_dot_loses_its_domain(zone):
    assert made(zone, "TXT", name="deep.www.walk.example.", data="x")["name"] == "deep.www"
    assert made(zone, "TXT", name="walk.example.", data="x")["name"] == "@"


def test_records_are_filtered_by_type_and_full_name(zone):
    made(zone, "A", name="www", data="192.0.2.7")
    made(zone, "TXT", name="www", data="x")
    assert listed(zone, "&type=A") == [("A", "@", "192.0.2.1"), ("A", "www", "192.0.2.7")]
    assert listed(zone, "&name=WWW.walk.example") == [("A", "www", "192.0.2.7"), ("TXT", "www", "x")]
    assert listed(zone, "&name=www.walk.example&type=TXT") == [("TXT", "www", "x")]
    assert listed(zone, "&name=www") == []
    assert len(listed(zone, "&name=walk.example")) == 5


def test_the_soa_record_can_only_change_its_ttl(zone, refused):
    path = f"{RECORDS}/{zone.get(RECORDS)['domain_records'][0]['id']}"
    changed = zone("PUT", path, {"type": "SOA", "ttl": 3600})[1]["domain_record"]
    assert (changed["data"], changed["ttl"]) == ("3600", 3600)
    refused(zone("DELETE", path), 422, "The SOA record of a domain cannot be deleted")
    refused(zone("PATCH", path, {"type": "A"}), 422, "Type cannot be changed")


def test_a_record_is_deleted(zone):
    record = made(zone, "A", name="www", data="192.0.2.7")
    assert zone("DELETE", f"{RECORDS}/{record['id']}") == (204, None)
    assert zone("DELETE", f"{RECORDS}/{record['id']}")[0] == 404


def test_the_company_s_domain_leads_to_its_droplets(api):
    records = api.get("/v2/domains/tidepool-maps.example/records?per_page=200")["domain_records"]
    addresses = {
        network["ip_address"]
        for name in ("web-1", "web-2", "web-3", "staging-web", "db-1", "monitor-1")
        for kind in api.droplet(name)["networks"].values()
        for network in kind
        if network["type"] == "public"
    }
    assert {record["data"] for record in records if record["type"] in {"A", "AAAA"}} == addresses
    assert {record["type"] for record in records} == {"A", "AAAA", "CAA", "CNAME", "MX", "NS", "SOA", "SRV", "TXT"}


@pytest.mark.parametrize("droplets", [0, 1, 12, 300])
def test_an_account_with_droplets_has_a_domain(make_api, droplets):
    api = make_api(droplets=droplets)
    counts = api.get("/_sandbox")["counts"]
    some = int(droplets > 0)
    kinds = ("domains", "certificates", "cdn_endpoints", "uptime_alerts")
    assert [counts[kind] for kind in kinds] == [some] * 4
    assert counts["uptime_checks"] == 2 * some


def test_the_same_calls_make_the_same_records_and_a_saved_account_keeps_them(make_api):
    first, second = make_api(seed=3), make_api(seed=3)
    for api in (first, second):
        api("POST", "/v2/domains", {"name": "walk.example", "ip_address": "192.0.2.1"})
        made(api, "MX", data="mx.example.net.", priority=10)
    saved = first.ask("GET", "/_sandbox/state").body
    # But for the id, by which one sandbox is told from another.
    assert json.loads(saved) == json.loads(second.ask("GET", "/_sandbox/state").body) | {"id": json.loads(saved)["id"]}
    shown = first.get(RECORDS), first.get("/v2/domains")
    other = make_api(seed=4)
    assert other("PUT", "/_sandbox/state", json.loads(saved)) == (204, None)
    assert (other.get(RECORDS), other.get("/v2/domains")) == shown


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_an_update_without_a_type_keeps_what_is_left_out(zone, refused, method):
    record = made(zone, "SRV", name="_sip._tcp", data="sip.example.net.", priority=3, port=5060, weight=7, ttl=900)
    path = f"{RECORDS}/{record['id']}"
    assert zone(method, path, {"priority": 4}) == (200, {"domain_record": {**record, "priority": 4}})
    assert zone(method, path, {"name": "_sip._udp", "type": None})[1]["domain_record"]["name"] == "_sip._udp"
    refused(zone(method, path, {"type": "A", "data": "192.0.2.7"}), 422, "Type cannot be changed")


@pytest.mark.parametrize(
    ("type_", "fields"),
    [
        ("CNAME", {"name": "www"}),
        ("MX", {"priority": 1}),
        ("NS", {"name": "sub"}),
        ("SRV", {"name": "_sip._tcp", "priority": 1, "port": 1}),
    ],
)
def test_data_that_is_the_own_domain_reads_back_as_the_apex(zone, type_, fields):
    record = made(zone, type_, data="Walk.example.", **fields)
    assert record["data"] == "@"
    assert zone.get(f"{RECORDS}/{record['id']}")["domain_record"] == record
    kept = zone("PATCH", f"{RECORDS}/{record['id']}", {"ttl": 60})[1]["domain_record"]
    assert kept == {**record, "ttl": 60}


def test_an_srv_record_may_have_the_port_0(zone):
    assert made(zone, "SRV", name="_no._tcp", data="walk.example.", priority=0, port=0)["port"] == 0
