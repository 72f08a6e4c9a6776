"""Certificates, CDN endpoints, and uptime checks in the sandbox."""

from __future__ import annotations

import base64
import json
import re

import pytest

from tests.contract.steps.domains import CERTIFICATE, KEY

DOMAIN = "tidepool-maps.example"
ENDPOINTS = "/v2/cdn/endpoints"
OWN = {"name": "own", "type": "custom", "private_key": KEY, "leaf_certificate": CERTIFICATE}


def encrypt(api, *names, name="le"):
    return api("POST", "/v2/certificates", {"name": name, "type": "lets_encrypt", "dns_names": [*names]})


def test_a_lets_encrypt_certificate_is_verified_after_a_while(make_api):
    api = make_api(speed=2)
    status, body = encrypt(api, f"*.{DOMAIN}", f"A.{DOMAIN}")
    made = body["certificate"]
    assert (status, made["state"], made["type"]) == (201, "pending", "lets_encrypt")
    assert made["dns_names"] == [f"*.{DOMAIN}", f"a.{DOMAIN}", DOMAIN]
    assert (made["created_at"], made["not_after"]) == ("2026-11-23T12:00:00Z", "2027-02-21T12:00:00Z")
    assert len(made["sha1_fingerprint"]) == 40
    path = f"/v2/certificates/{made['id']}"
    api.clock.advance(29)
    assert api.get(path)["certificate"]["state"] == "pending"
    saved = json.loads(api.ask("GET", "/_sandbox/state").body)
    api.clock.advance(1)
    assert api.get(path)["certificate"] == {**made, "state": "verified"}
    assert api("PUT", "/_sandbox/state", saved) == (204, None)
    assert api.get(path)["certificate"]["state"] == "verified"


def test_a_certificate_whose_domain_was_deleted_ends_in_error(api, refused):
    made = encrypt(api, f"a.{DOMAIN}")[1]["certificate"]
    api("DELETE", f"/v2/domains/{DOMAIN}")
    api.clock.advance(600)
    assert api.get(f"/v2/certificates/{made['id']}")["certificate"]["state"] == "error"
    foreign = encrypt(api, f"a.{DOMAIN}", name="again")
    refused(foreign, 422, "one or more of the domains are not managed by DigitalOcean")


def test_a_custom_certificate_shows_its_own_fields(api, refused):
    status, body = api("POST", "/v2/certificates", OWN)
    made = body["certificate"]
    assert (status, made["state"]) == (201, "verified")
    assert made["sha1_fingerprint"] == "5759456c94f3ab85d37599e2f465256f1b703eef"
    assert made["not_after"] == "2036-11-21T17:17:01Z"
    assert made["dns_names"] == ["maps.example", "*.maps.example"]
    refused(api("POST", "/v2/certificates", OWN), 422, "certificate name is already in use")


def damaged(pem: str, before: bytes, after: bytes) -> str:
    """Return a certificate with other bytes in it."""
    head, text, end = re.split("(?<=CERTIFICATE-----)\n|\n(?=-----END)", pem.strip())
    der = base64.b64decode(text)
    assert before in der
    return "\n".join((head, base64.b64encode(der.replace(before, after)).decode(), end))


@pytest.mark.parametrize(
    "change",
    [
        {"private_key": "x"},
        {"private_key": None},
        {"leaf_certificate": ""},
        {"leaf_certificate": "x"},
        {"leaf_certificate": CERTIFICATE.replace("MIIB", "MIIC", 1)},
        {"leaf_certificate": CERTIFICATE[:200] + CERTIFICATE[-28:]},
        {"leaf_certificate": "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----"},
        {"leaf_certificate": "-----BEGIN CERTIFICATE-----\n====\n-----END CERTIFICATE-----"},
        {"leaf_certificate": damaged(CERTIFICATE, b"361121171701Z", b"361321171701Z")},
        {"certificate_chain": "x"},
        {"type": "stolen"},
    ],
)
def test_an_invalid_certificate_is_refused(api, change):
    assert api("POST", "/v2/certificates", OWN | change)[0] == 422
    assert api.get("/v2/certificates")["meta"]["total"] == 1


def test_a_certificate_in_use_cannot_be_deleted(api, refused):
    endpoint = api.get(ENDPOINTS)["endpoints"][0]
    path = f"/v2/certificates/{endpoint['certificate_id']}"
    refused(api("DELETE", path), 403, "Make sure the certificate is not in use before deleting it")
    changed = api("PUT", f"{ENDPOINTS}/{endpoint['id']}", {"custom_domain": "", "certificate_id": ""})
    assert changed[1]["endpoint"].keys() == {"id", "origin", "endpoint", "ttl", "created_at"}
    assert api("DELETE", path) == (204, None)


def test_each_space_has_at_most_one_endpoint(api, refused):
    status, body = api("POST", ENDPOINTS, {"origin": "walk.ams3.digitaloceanspaces.com"})
    made = body["endpoint"]
    assert (status, made["ttl"]) == (201, 3600)
    assert made["endpoint"] == "walk.ams3.cdn.digitaloceanspaces.com"
    refused(api("POST", ENDPOINTS, {"origin": made["origin"]}), 409, "cdn already enabled")
    refused(api("POST", ENDPOINTS, {"origin": "a.b.ams3.digitaloceanspaces.com"}), 422, "invalid origin")
    assert api("PUT", f"{ENDPOINTS}/{made['id']}", {"ttl": 60})[1]["endpoint"] == {**made, "ttl": 60}
    refused(
        api("PUT", f"{ENDPOINTS}/{made['id']}", {"ttl": 61}), 422, "ttl must be one of 60, 600, 3600, 86400, 604800."
    )


def test_a_custom_domain_needs_a_certificate_that_covers_it(api, refused):
    used = api.get(ENDPOINTS)["endpoints"][0]
    made = api("POST", ENDPOINTS, {"origin": "walk.ams3.digitaloceanspaces.com"})[1]["endpoint"]
    path = f"{ENDPOINTS}/{made['id']}"
    together = "custom_domain and certificate_id must be given together."
    refused(api("PUT", path, {"custom_domain": f"walk.{DOMAIN}"}), 422, together)
    own = {"certificate_id": used["certificate_id"], "custom_domain": f"walk.{DOMAIN}"}
    assert api("PUT", path, own)[1]["endpoint"] == {**made, **own}
    foreign = api("PUT", path, {**own, "custom_domain": "walk.example"})
    refused(foreign, 422, "the certificate does not cover the custom domain")
    twice = api("PUT", path, {**own, "custom_domain": used["custom_domain"]})
    refused(twice, 409, "the custom domain is already in use")


def test_all_cdn_operations_share_a_limit(make_api):
    api = make_api(rate_limit="real")
    path = f"{ENDPOINTS}/{api.get(ENDPOINTS)['endpoints'][0]['id']}"
    for _ in range(2):
        api.get(path)
        assert api("DELETE", f"{path}/cache", {"files": ["*"]}) == (204, None)
    reply = api.ask("GET", ENDPOINTS)
    assert (reply.status, dict(reply.headers)["retry-after"]) == (429, "10")
    assert api("GET", "/v2/account")[0] == 200
    api.clock.advance(10)
    assert api("GET", ENDPOINTS)[0] == 200


def check_of(api, target, type_="https"):
    body = {"name": "c", "type": type_, "target": target, "regions": ["us_east"], "enabled": True}
    status, answer = api("POST", "/v2/uptime/checks", body)
    assert status == 201, answer
    return f"/v2/uptime/checks/{answer['check']['id']}"


def found(api, path):
    return api.get(f"{path}/state")["state"]["regions"]["us_east"]["status"]


def test_a_check_follows_the_droplet_behind_a_name(api):
    path = check_of(api, f"https://eu.{DOMAIN}/map")
    assert found(api, path) == "CHECKING"
    api.clock.advance(60)
    assert found(api, path) == "UP"
    api.done(api.droplet("web-3")["id"], "power_off")
    assert found(api, path) == "DOWN"
    api.clock.advance(86_400)
    state = api.get(f"{path}/state")["state"]
    assert state["regions"]["us_east"]["thirty_day_uptime_percentage"] == 96.67
    assert state["previous_outage"]["duration_seconds"] == 0
    api.done(api.droplet("web-3")["id"], "power_on")
    state = api.get(f"{path}/state")["state"]
    assert state["regions"]["us_east"]["status"] == "UP"
    assert state["previous_outage"]["region"] == "us_east"
    assert state["previous_outage"]["duration_seconds"] == 86_400 + 600


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (f"https://www.{DOMAIN}", "UP"),
        (f"https://assets.{DOMAIN}", "UP"),
        (f"https://nothing.{DOMAIN}", "DOWN"),
        ("https://somebody.example", "UP"),
        ("https://198.18.99.99", "DOWN"),
        ("https://192.0.2.1:8443/", "UP"),
        ("https://[2001:db8::1]/", "UP"),
    ],
)
def test_a_check_s_result_depends_on_the_account_s_records(api, target, status):
    path = check_of(api, target)
    api.clock.advance(60)
    assert found(api, path) == status


def test_the_company_s_checks_have_a_history(api):
    first, second = (f"/v2/uptime/checks/{check['id']}" for check in api.get("/v2/uptime/checks")["checks"])
    state = api.get(f"{first}/state")["state"]
    assert state["previous_outage"]["duration_seconds"] == 372
    assert state["regions"]["eu_west"]["thirty_day_uptime_percentage"] == 99.99
    assert found(api, second) == "UP"
    assert api.get(f"{first}/alerts")["meta"]["total"] == 1
    assert api("DELETE", first) == (204, None)
    assert api.get("/_sandbox")["counts"]["uptime_alerts"] == 0


def test_a_missing_field_of_a_check_has_the_service_s_message(api, refused):
    body = {"name": "c", "type": "https", "target": "https://a.example", "regions": ["us_east"]}
    refused(api("POST", "/v2/uptime/checks", body), 400, "missing required field 'enabled'")


def test_a_new_target_is_checked_again_and_a_new_name_is_not(api):
    path = check_of(api, "https://somebody.example")
    api.clock.advance(60)
    assert found(api, path) == "UP"
    api("PUT", path, {"name": "other"})
    assert found(api, path) == "UP"
    api("PUT", path, {"target": "https://nobody.example"})
    assert found(api, path) == "CHECKING"
