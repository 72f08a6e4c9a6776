"""Domains and their records, certificates, CDN endpoints, uptime checks and their alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contract.walk import Walk

NOBODY = "4de7ac8b-495b-4884-9a69-1050c6793cd6"
RECORDS: tuple[dict[str, Any], ...] = (
    {"type": "A", "name": "www", "data": "192.0.2.7"},
    {"type": "AAAA", "name": "www", "data": "2001:db8::7"},
    {"type": "CAA", "name": "@", "data": "letsencrypt.org.", "flags": 0, "tag": "issue"},
    {"type": "CNAME", "name": "blog", "data": "@", "ttl": 300},
    {"type": "MX", "name": "@", "data": "mx.example.net.", "priority": 10},
    {"type": "NS", "data": "ns.example.net."},
    {"type": "SRV", "name": "_sip._tcp", "data": "sip.example.net.", "priority": 1, "port": 5060, "weight": 2},
    {"type": "TXT", "name": "@", "data": 'v=spf1 "-all"'},
)
WRONG_RECORDS: tuple[dict[str, Any], ...] = (
    {"name": "www", "data": "192.0.2.7"},
    {"type": "PTR", "name": "www", "data": "192.0.2.7"},
    {"type": "SOA", "ttl": 1800},
    {"type": "A", "name": "www", "data": "www"},
    {"type": "CNAME", "name": "www", "data": "@"},
    {"type": "MX", "name": "@", "data": "mx.example.net", "priority": 10},
    {"type": "SRV", "name": "_sip._udp", "data": "sip.example.net.", "priority": 1, "port": 65_536},
    {"type": "TXT", "name": "@", "data": "x", "ttl": 1},
)


def walk_domains(walk: Walk) -> None:
    walk.must("POST", "/v2/domains", {"name": "walk.example", "ip_address": "192.0.2.1"})
    walk.must("POST", "/v2/domains", {"name": "way.example"})
    for body in (
        {},
        {"name": "walk.example"},
        {"name": "no domain"},
        {"name": "other.example", "ip_address": "here"},
    ):
        walk.refused(422, "POST", "/v2/domains", body)
    for _ in walk.pages("/v2/domains"):
        pass
    records = "/v2/domains/walk.example/records"
    for body in RECORDS:
        record = walk.must("POST", records, body)["domain_record"]
        path = f"{records}/{record['id']}"
        assert walk.get(path)["domain_record"] == record
        walk.must("PATCH", path, {"type": body["type"], "ttl": 600})
        walk.must("PUT", path, {**body, "ttl": 900})
        walk.refused(422, "PUT", path, {"type": body["type"], "ttl": 1})
    for body in WRONG_RECORDS:
        walk.refused(422, "POST", records, body)
    for query in ({}, {"type": "NS"}, {"name": "www.walk.example"}, {"name": "www.walk.example", "type": "A"}):
        for _ in walk.pages(records, **query):
            pass
    walk.refused(422, "GET", records, type="PTR")
    walk.must("DELETE", path)
    walk.refused(404, "GET", path)
    walk.refused(404, "GET", f"{records}/www")
    assert "sip.example.net." in walk.get("/v2/domains/walk.example")["domain"]["zone_file"]
    walk.must("DELETE", "/v2/domains/way.example")
    walk.refused(404, "GET", "/v2/domains/way.example")


def walk_certificates(walk: Walk) -> None:
    asked = {"name": "walk", "type": "lets_encrypt", "dns_names": ["*.walk.example"]}
    made = walk.must("POST", "/v2/certificates", asked)["certificate"]
    assert made["state"] == "pending"
    walk.later()
    path = f"/v2/certificates/{made['id']}"
    assert walk.get(path)["certificate"]["state"] == "verified"
    own = {"type": "custom", "private_key": KEY, "leaf_certificate": CERTIFICATE}
    walk.must("POST", "/v2/certificates", {"name": "own", **own})
    for body in (
        asked,
        {**asked, "name": "foreign", "dns_names": ["somebody.example"]},
        {**asked, "name": "none", "dns_names": []},
        {"name": "bad", "type": "custom", "private_key": KEY, "leaf_certificate": "x"},
        {"name": "keyless", "type": "custom", "leaf_certificate": CERTIFICATE},
    ):
        walk.refused(422, "POST", "/v2/certificates", body)
    for _ in walk.pages("/v2/certificates"):
        pass
    walk_cdn(walk, made["id"])
    walk.must("DELETE", path)
    walk.refused(404, "DELETE", path)


def walk_cdn(walk: Walk, certificate: str) -> None:
    endpoints = "/v2/cdn/endpoints"
    asked = {"origin": "walk.ams3.digitaloceanspaces.com", "ttl": 600}
    own = {"certificate_id": certificate, "custom_domain": "cdn.walk.example"}
    made = walk.must("POST", endpoints, {**asked, **own})["endpoint"]
    path = f"{endpoints}/{made['id']}"
    walk.get(path)
    walk.refused(403, "DELETE", f"/v2/certificates/{certificate}")
    walk.refused(409, "POST", endpoints, asked)
    other = {"origin": "way.ams3.digitaloceanspaces.com"}
    for body in (
        {"origin": "example.com"},
        {**other, "ttl": 5},
        {**other, "custom_domain": "cdn.walk.example"},
        {**other, "certificate_id": NOBODY, "custom_domain": "cdn.walk.example"},
    ):
        walk.refused(422, "POST", endpoints, body)
    for _ in walk.pages(endpoints):
        pass
    walk.must("PUT", path, {"ttl": 86400})
    walk.refused(422, "PUT", path, {"ttl": 5})
    walk.must("DELETE", f"{path}/cache", {"files": ["css/*", "index.html"]})
    walk.refused(422, "DELETE", f"{path}/cache", {"files": []})
    walk.must("DELETE", path)
    walk.refused(404, "GET", path)


def walk_uptime(walk: Walk) -> None:
    checks = "/v2/uptime/checks"
    asked = {
        "name": "Walk",
        "type": "https",
        "target": "https://www.walk.example",
        "regions": ["us_west", "se_asia", "us_east"],
        "enabled": True,
    }
    made = walk.must("POST", checks, asked)["check"]
    path = f"{checks}/{made['id']}"
    assert walk.get(f"{path}/state")["state"]["regions"]["us_west"]["status"] == "CHECKING"
    walk.later()
    assert walk.get(f"{path}/state")["state"]["regions"]["se_asia"]["status"] == "UP"
    walk.get(path)
    for change in ({"type": "tcp"}, {"regions": []}, {"target": "http://www.walk.example"}, {"name": ""}):
        walk.refused(400, "POST", checks, asked | change)
        walk.refused(400, "PUT", path, change)
    walk.refused(400, "POST", checks, {**asked, "enabled": None})
    for _ in walk.pages(checks):
        pass
    walk.must("PUT", path, {"name": "Way", "enabled": False})
    walk_alerts(walk, path)
    walk.must("DELETE", path)
    walk.refused(404, "GET", f"{path}/state")


def walk_alerts(walk: Walk, check: str) -> None:
    alerts = f"{check}/alerts"
    slack = {"channel": "ops", "url": "https://hooks.slack.example/1"}
    asked = {
        "name": "Slow",
        "type": "latency",
        "threshold": 300,
        "comparison": "greater_than",
        "notifications": {"email": ["ops@walk.example"], "slack": [slack]},
        "period": "2m",
    }
    made = walk.must("POST", alerts, asked)["alert"]
    assert {**asked, "id": made["id"]} == made
    path = f"{alerts}/{made['id']}"
    walk.get(path)
    for change in (
        {"type": "slow"},
        {"period": "2 minutes"},
        {"threshold": None},
        {"comparison": "equal"},
        {"notifications": {"email": [], "slack": []}},
    ):
        walk.refused(400, "POST", alerts, asked | change)
        walk.refused(400, "PUT", path, asked | change)
    walk.must("PUT", path, asked | {"name": "Slower", "threshold": 900})
    for _ in walk.pages(alerts):
        pass
    walk.must("DELETE", path)
    walk.refused(404, "DELETE", path)


#: Only its form is looked at.
KEY = "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----"
#: For maps.example and *.maps.example, made for these tests.
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBrDCCAVKgAwIBAgIUBP35PUqA920cmR81XyRQs+W0rwkwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMbWFwcy5leGFtcGxlMB4XDTI2MTEyNDE3MTcwMVoXDTM2MTEy
MTE3MTcwMVowFzEVMBMGA1UEAwwMbWFwcy5leGFtcGxlMFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEu03yr3WuqprxD5z5tWe3Yg6fdgur/Dt6ROuhLEKaPMmykQig
5u8ha9tHu9fE3CSrLutxOfqvZu66vq88W7QK4KN8MHowHQYDVR0OBBYEFIW7epJA
n8195B3BjPv/rEkOhjCeMB8GA1UdIwQYMBaAFIW7epJAn8195B3BjPv/rEkOhjCe
MA8GA1UdEwEB/wQFMAMBAf8wJwYDVR0RBCAwHoIMbWFwcy5leGFtcGxlgg4qLm1h
cHMuZXhhbXBsZTAKBggqhkjOPQQDAgNIADBFAiEAhBjBrcmIoAkWAmMwTHvIlS1o
neDn4ligrklspp49DVgCIAdLHTxmBuNm/tYHL/8JH3B1FzDp4EpSZLRXnFH2Levx
-----END CERTIFICATE-----
"""
STEPS = (walk_domains, walk_certificates, walk_uptime)
