"""Load balancers."""

from __future__ import annotations

import pytest

from poseidon_nb.sandbox.store import StoredObject

RULE = {"entry_protocol": "http", "entry_port": 80, "target_protocol": "http", "target_port": 8080}
TLS = {"entry_protocol": "https", "entry_port": 443, "target_protocol": "http", "target_port": 80}


def put_up(api, **fields):
    body = {"name": "lb", "region": "nyc3", "forwarding_rules": [RULE], **fields}
    status, answer = api("POST", "/v2/load_balancers", body)
    assert status == 202, answer
    return answer["load_balancer"]


def shown(api, balancer):
    return api.get(f"/v2/load_balancers/{balancer['id']}")["load_balancer"]


def test_the_company_balances_its_web_servers_of_one_region(api):
    (balancer,) = api.get("/v2/load_balancers")["load_balancers"]
    assert (balancer["name"], balancer["status"], balancer["tag"]) == ("web-nyc3", "active", "web")
    assert balancer["droplet_ids"] == [api.droplet(name)["id"] for name in ("web-1", "web-2")]


def test_an_account_without_web_servers_has_none(make_api):
    assert make_api(droplets=0).get("/v2/load_balancers")["load_balancers"] == []


def test_a_load_balancer_has_an_address_once_it_is_active(api):
    balancer = put_up(api)
    assert (balancer["status"], balancer["ip"]) == ("new", "")
    api.clock.advance(1)
    assert shown(api, balancer)["status"] == "new"
    api.clock.advance(10)
    active = shown(api, balancer)
    assert active["status"] == "active"
    assert active["ip"].startswith("192.0.2.")
    assert active["ip"] != api.get("/v2/load_balancers")["load_balancers"][0]["ip"]


def test_missing_fields_have_defaults(api):
    balancer = put_up(api)
    assert balancer["health_check"] == {
        "protocol": "http",
        "port": 80,
        "path": "/",
        "check_interval_seconds": 10,
        "response_timeout_seconds": 5,
        "unhealthy_threshold": 5,
        "healthy_threshold": 3,
    }
    assert balancer["sticky_sessions"] == {"type": "none"}
    assert (balancer["size_unit"], balancer["size"], balancer["algorithm"]) == (1, "lb-small", "round_robin")
    assert balancer["http_idle_timeout_seconds"] == 60
    assert balancer["project_id"] == api.get("/v2/projects/default")["project"]["id"]
    assert balancer["vpc_uuid"] == api.droplet("web-1")["vpc_uuid"]
    assert (balancer["tag"], balancer["droplet_ids"]) == ("", [])


def test_droplets_by_tag_follow_the_tag(api, refused):
    balancer = put_up(api, tag="DB")
    assert shown(api, balancer)["droplet_ids"] == [api.droplet("db-1")["id"]]
    worker = api.droplet("worker-1")["id"]
    things = [{"resource_id": str(worker), "resource_type": "droplet"}]
    api("POST", "/v2/tags/db/resources", {"resources": things})
    assert worker in shown(api, balancer)["droplet_ids"]
    answer = api("POST", f"/v2/load_balancers/{balancer['id']}/droplets", {"droplet_ids": [worker]})
    text = "The load balancer selects Droplets by tag. Single Droplets can be neither added nor removed."
    refused(answer, 422, text)
    assert api("DELETE", "/v2/tags/db") == (204, None)
    assert (shown(api, balancer)["tag"], shown(api, balancer)["droplet_ids"]) == ("", [])


def test_droplets_are_added_removed_and_removed_when_deleted(api):
    first, second = api.droplet("web-1")["id"], api.droplet("worker-1")["id"]
    balancer = put_up(api, droplet_ids=[first])
    path = f"/v2/load_balancers/{balancer['id']}/droplets"
    assert api("POST", path, {"droplet_ids": [second, first]}) == (204, None)
    assert shown(api, balancer)["droplet_ids"] == [first, second]
    assert api("DELETE", path, {"droplet_ids": [first]}) == (204, None)
    assert shown(api, balancer)["droplet_ids"] == [second]
    assert api("DELETE", f"/v2/droplets/{second}")[0] == 204
    api.clock.advance(600)
    assert shown(api, balancer)["droplet_ids"] == []


def test_rules_are_added_and_removed(api, refused):
    balancer = put_up(api)
    path = f"/v2/load_balancers/{balancer['id']}/forwarding_rules"
    passed = {**TLS, "tls_passthrough": True}
    assert api("POST", path, {"forwarding_rules": [passed]}) == (204, None)
    assert shown(api, balancer)["forwarding_rules"][1] == {**passed, "certificate_id": ""}
    refused(api("POST", path, {"forwarding_rules": [RULE]}), 422, "Two forwarding rules have the entry port 80.")
    assert api("DELETE", path, {"forwarding_rules": [RULE]}) == (204, None)
    answer = api("DELETE", path, {"forwarding_rules": [TLS]})
    refused(answer, 422, "A load balancer needs at least one forwarding rule.")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"forwarding_rules": [TLS]}, "A forwarding rule for https needs a certificate_id or tls_passthrough."),
        (
            {"forwarding_rules": [{**TLS, "certificate_id": "x"}]},
            "Certificate x not found.",
        ),
        ({"forwarding_rules": [{**RULE, "entry_port": 0}]}, "entry_port must be from 1 to 65535."),
        ({"droplet_ids": [1]}, "Droplet 1 not found."),
        ({"droplet_ids": [1], "tag": "web"}, "droplet_ids and tag cannot be combined."),
        ({"size": "lb-large", "size_unit": 5}, "size and size_unit cannot be combined."),
        ({"size": "lb-giant"}, "size must be one of lb-small, lb-medium, lb-large."),
        ({"region": "nyc2", "size_unit": 2}, "Load balancers in nyc2 need size instead of size_unit."),
        ({"region": "mars1"}, "You specified an invalid region for load balancer creation."),
        ({"sticky_sessions": {"type": "cookies"}}, "cookie_name is required."),
        ({"firewall": {"allow": ["all"]}}, "all is not a valid rule. Use for example ip:1.2.3.4 or cidr:1.2.0.0/16."),
    ],
)
def test_invalid_fields_are_refused(api, refused, fields, text):
    body = {"name": "lb", "region": "nyc3", "forwarding_rules": [RULE], **fields}
    refused(api("POST", "/v2/load_balancers", body), 422, text)


def test_a_certificate_of_the_account_is_accepted(api):
    api.sandbox._dispatcher.world.certificates.put("cert-1", StoredObject({"id": "cert-1", "name": "tide"}))
    balancer = put_up(api, forwarding_rules=[{**TLS, "certificate_id": "cert-1"}])
    assert balancer["forwarding_rules"][0]["certificate_id"] == "cert-1"


def test_a_droplet_in_another_vpc_is_refused(api, refused):
    far = api.droplet("web-3")["id"]
    body = {"name": "lb", "region": "nyc3", "forwarding_rules": [RULE], "droplet_ids": [far]}
    text = f"Droplet {far} is not in the VPC of the load balancer."
    refused(api("POST", "/v2/load_balancers", body), 422, text)


def test_an_update_resets_missing_fields_but_keeps_the_region(api, refused):
    cookies = {"type": "cookies", "cookie_name": "lb", "cookie_ttl_seconds": 300}
    balancer = put_up(api, size_unit=6, sticky_sessions=cookies, droplet_ids=[api.droplet("web-1")["id"]])
    assert balancer["size"] == "lb-large"
    api.clock.advance(10)
    path = f"/v2/load_balancers/{balancer['id']}"
    body = {"name": "lb-2", "region": "nyc3", "forwarding_rules": [RULE], "size_unit": 2}
    updated = api("PUT", path, body)[1]["load_balancer"]
    assert (updated["name"], updated["size_unit"], updated["sticky_sessions"]) == ("lb-2", 2, {"type": "none"})
    assert "size" not in updated
    assert updated["droplet_ids"] == []
    assert (updated["status"], updated["vpc_uuid"]) == ("active", balancer["vpc_uuid"])
    refused(api("PUT", path, {**body, "region": "fra1"}), 422, "The region of a load balancer cannot be changed.")


def test_an_internal_load_balancer_has_an_address_of_its_vpc(api):
    balancer = put_up(api, network="INTERNAL")
    api.clock.advance(10)
    number = api.get(f"/v2/vpcs/{balancer['vpc_uuid']}")["vpc"]["ip_range"].removesuffix(".0.0/16")
    assert shown(api, balancer)["ip"] == f"{number}.250.1"


def test_a_saved_load_balancer_becomes_active_after_loading(api, make_api, tmp_path):
    balancer = put_up(api, network_stack="DUALSTACK")
    api.sandbox.save(tmp_path / "state.json")
    other = make_api(droplets=0)
    other.sandbox.load(tmp_path / "state.json")
    assert shown(other, balancer) == balancer
    other.clock.advance(60)
    assert shown(other, balancer)["status"] == "active"
    assert shown(other, balancer)["ipv6"].startswith("2001:db8:")


def test_a_global_load_balancer_needs_no_region(api, refused):
    target = api.get("/v2/load_balancers")["load_balancers"][0]["id"]
    body = {"name": "glb", "type": "GLOBAL", "forwarding_rules": [], "target_load_balancer_ids": [target]}
    status, answer = api("POST", "/v2/load_balancers", body)
    assert status == 202, answer
    balancer = answer["load_balancer"]
    assert "region" not in balancer
    status, answer = api("PUT", f"/v2/load_balancers/{balancer['id']}", {**body, "name": "renamed"})
    assert (status, answer["load_balancer"]["name"]) == (200, "renamed")
    assert answer["load_balancer"]["forwarding_rules"] == []
    refused(api("POST", "/v2/load_balancers", {"name": "lb", "forwarding_rules": [RULE]}), 422, "region is required.")
    body = {**body, "region": "nowhere"}
    refused(api("POST", "/v2/load_balancers", body), 422, "You specified an invalid region for load balancer creation.")


@pytest.mark.parametrize("fields", [{}, {"network": None, "network_stack": "", "tls_cipher_policy": None}])
def test_network_stack_and_ciphers_are_always_shown(api, fields):
    expected = {"network": "EXTERNAL", "network_stack": "IPV4", "tls_cipher_policy": "DEFAULT"}
    made = put_up(api, **fields)
    body = {"name": "lb", "region": "nyc3", "forwarding_rules": [RULE], **fields}
    updated = api("PUT", f"/v2/load_balancers/{made['id']}", body)[1]["load_balancer"]
    for balancer in (made, updated, *api.get("/v2/load_balancers")["load_balancers"]):
        assert {name: balancer[name] for name in expected} == expected


def test_a_global_load_balancer_needs_no_rules(api, refused):
    # What godo leaves out, and the empty values that it sends.
    settings = {"target_protocol": "", "target_port": 0, "cdn": None, "failover_threshold": 50}
    body = {"name": "glb", "type": "GLOBAL", "glb_settings": settings, "domains": [{"name": "x.example"}]}
    status, answer = api("POST", "/v2/load_balancers", body)
    assert status == 202, answer
    made = answer["load_balancer"]
    assert (made["forwarding_rules"], made["glb_settings"]) == ([], {"failover_threshold": 50})
    assert api("PUT", f"/v2/load_balancers/{made['id']}", body)[0] == 200
    body = {"name": "lb", "region": "nyc3"}
    refused(api("POST", "/v2/load_balancers", body), 422, "forwarding_rules is required.")


def test_odd_settings_of_a_global_load_balancer_are_refused(api, refused):
    body = {"name": "glb", "type": "GLOBAL"}
    for odd, text in (
        (
            {"glb_settings": {"target_protocol": "tcp"}},
            "glb_settings.target_protocol must be one of http, https, http2.",
        ),
        ({"glb_settings": {"cdn": {"is_enabled": "often"}}}, "glb_settings.cdn.is_enabled must be a boolean."),
        (
            {"glb_settings": {"region_priorities": {"nyc1": "first"}}},
            "glb_settings.region_priorities.nyc1 must be an integer.",
        ),
        ({"domains": [{"name": "x.example", "is_managed": []}]}, "domains.is_managed must be a boolean."),
        ({"domains": [{"name": "x.example", "certificate_id": "none"}]}, "Certificate none not found."),
    ):
        refused(api("POST", "/v2/load_balancers", {**body, **odd}), 422, text)


def test_the_certificate_of_a_domain_is_in_use(api):
    certificate = api.get("/v2/certificates")["certificates"][0]["id"]
    for endpoint in api.get("/v2/cdn/endpoints")["endpoints"]:
        api("DELETE", f"/v2/cdn/endpoints/{endpoint['id']}")
    domains = [{"name": "tidepool-maps.example", "certificate_id": certificate}]
    status, answer = api("POST", "/v2/load_balancers", {"name": "glb", "type": "GLOBAL", "domains": domains})
    assert status == 202, answer
    assert api("DELETE", f"/v2/certificates/{certificate}")[0] == 403
    assert api("DELETE", f"/v2/load_balancers/{answer['load_balancer']['id']}")[0] == 204
    assert api("DELETE", f"/v2/certificates/{certificate}")[0] == 204
