"""Firewalls: rules, and the droplets that they protect."""

from __future__ import annotations

import pytest

SSH = {"protocol": "tcp", "ports": "22", "sources": {"addresses": ["203.0.113.0/24"]}}


def put_up(api, **fields):
    status, body = api("POST", "/v2/firewalls", {"name": "wall", "inbound_rules": [SSH], **fields})
    assert status == 202, body
    return body["firewall"]


def shown(api, firewall):
    return api.get(f"/v2/firewalls/{firewall['id']}")["firewall"]


def walls_of(api, name):
    answer = api.get(f"/v2/droplets/{api.droplet(name)['id']}/firewalls")
    return [firewall["name"] for firewall in answer["firewalls"]]


def test_the_company_protects_its_servers_by_tag(api):
    assert [firewall["name"] for firewall in api.get("/v2/firewalls")["firewalls"]] == ["web", "db"]
    assert (walls_of(api, "web-1"), walls_of(api, "staging-db"), walls_of(api, "monitor-1")) == (["web"], ["db"], [])
    assert {firewall["status"] for firewall in api.get("/v2/firewalls")["firewalls"]} == {"succeeded"}


def test_an_account_with_one_droplet_has_one_firewall(make_api):
    assert [firewall["name"] for firewall in make_api(droplets=1).get("/v2/firewalls")["firewalls"]] == ["web"]
    assert make_api(droplets=0).get("/v2/firewalls")["firewalls"] == []


def test_a_change_waits_for_the_affected_droplets(api):
    monitor = api.droplet("monitor-1")["id"]
    firewall = put_up(api, droplet_ids=[monitor])
    assert firewall["status"] == "waiting"
    assert firewall["pending_changes"] == [{"droplet_id": monitor, "removing": False, "status": "waiting"}]
    api.clock.advance(1)
    assert (shown(api, firewall)["status"], shown(api, firewall)["pending_changes"]) == ("succeeded", [])
    path = f"/v2/firewalls/{firewall['id']}/droplets"
    assert api("DELETE", path, {"droplet_ids": [monitor]}) == (204, None)
    assert shown(api, firewall)["pending_changes"] == [{"droplet_id": monitor, "removing": True, "status": "waiting"}]
    assert shown(api, firewall)["droplet_ids"] == []
    api.clock.advance(1)
    assert shown(api, firewall)["status"] == "succeeded"


def test_a_change_during_another_change_is_pending_too(api):
    first, second = api.droplet("monitor-1")["id"], api.droplet("build-1")["id"]
    firewall = put_up(api, droplet_ids=[first])
    api.clock.advance(0.2)
    api("POST", f"/v2/firewalls/{firewall['id']}/droplets", {"droplet_ids": [second]})
    api.clock.advance(0.2)
    assert [change["droplet_id"] for change in shown(api, firewall)["pending_changes"]] == [first, second]
    api.clock.advance(1)
    assert shown(api, firewall)["status"] == "succeeded"


def test_a_firewall_without_droplets_succeeds_at_once(api):
    assert put_up(api)["status"] == "succeeded"


def test_a_droplet_is_protected_once_it_has_the_tag(api):
    monitor = api.droplet("monitor-1")["id"]
    things = [{"resource_id": str(monitor), "resource_type": "droplet"}]
    assert api("POST", "/v2/tags/WEB/resources", {"resources": things})[0] == 204
    assert walls_of(api, "monitor-1") == ["web"]


def test_all_ports_are_shown_as_0(api):
    rules = [
        {**SSH, "ports": "all"},
        {"protocol": "icmp", "sources": {"tags": ["web"]}},
        {**SSH, "ports": "8000-9000"},
    ]
    firewall = put_up(api, inbound_rules=rules)
    assert [rule["ports"] for rule in firewall["inbound_rules"]] == ["0", "0", "8000-9000"]


def test_rules_are_added_once_and_removed_by_equivalence(api, refused):
    firewall = put_up(api)
    path = f"/v2/firewalls/{firewall['id']}/rules"
    out = {"protocol": "tcp", "ports": "0", "destinations": {"addresses": ["0.0.0.0/0", "::/0"]}}
    assert api("POST", path, {"inbound_rules": [SSH], "outbound_rules": [out]}) == (204, None)
    assert (len(shown(api, firewall)["inbound_rules"]), len(shown(api, firewall)["outbound_rules"])) == (1, 1)
    turned = {**out, "ports": "all", "destinations": {"addresses": ["::/0", "0.0.0.0/0"]}}
    assert api("DELETE", path, {"outbound_rules": [turned]}) == (204, None)
    assert shown(api, firewall)["outbound_rules"] == []
    answer = api("DELETE", path, {"inbound_rules": [SSH]})
    refused(answer, 422, "A firewall needs at least one inbound or outbound rule.")


def test_an_update_empties_missing_fields(api):
    firewall = put_up(api, droplet_ids=[api.droplet("monitor-1")["id"]], tags=["web"])
    api.clock.advance(1)
    body = {"name": "wall", "outbound_rules": [{"protocol": "udp", "ports": "53", "destinations": {"tags": ["db"]}}]}
    updated = api("PUT", f"/v2/firewalls/{firewall['id']}", body)[1]["firewall"]
    assert (updated["droplet_ids"], updated["tags"], updated["inbound_rules"]) == ([], [], [])
    assert {change["removing"] for change in updated["pending_changes"]} == {True}
    assert len(updated["pending_changes"]) == 5


@pytest.mark.parametrize(
    ("fields", "status", "text"),
    [
        ({"name": "web"}, 409, "duplicate name"),
        ({"droplet_ids": [1]}, 422, "Droplet 1 not found."),
        ({"tags": ["cow"]}, 422, "Tag cow not found."),
        ({"inbound_rules": []}, 422, "A firewall needs at least one inbound or outbound rule."),
        ({"inbound_rules": [SSH] * 51}, 422, "A firewall can have at most 50 rules."),
        ({"inbound_rules": [{**SSH, "sources": {"addresses": ["x"]}}]}, 422, "invalid address"),
        ({"inbound_rules": [{**SSH, "protocol": "gre"}]}, 422, "gre is not a valid protocol. Use tcp, udp or icmp."),
        (
            {"inbound_rules": [{**SSH, "ports": "0-80"}]},
            422,
            "ports must be from 1 to 65535, with the lower port first.",
        ),
        (
            {"inbound_rules": [{**SSH, "ports": "ssh"}]},
            422,
            "ssh is not a port. Use for example 443, 8000-9000, or 0 for all ports.",
        ),
    ],
)
def test_invalid_fields_are_refused(api, refused, fields, status, text):
    refused(api("POST", "/v2/firewalls", {"name": "wall", "inbound_rules": [SSH], **fields}), status, text)


def test_at_most_ten_droplets_and_five_tags(make_api, refused):
    api = make_api(droplets=20)
    ids = [droplet["id"] for droplet in api.get("/v2/droplets?per_page=200")["droplets"]]
    firewall = put_up(api, droplet_ids=ids[:10], tags=["web"])
    path = f"/v2/firewalls/{firewall['id']}"
    assert api("POST", f"{path}/droplets", {"droplet_ids": ids[:10]})[0] == 204
    answer = api("POST", f"{path}/droplets", {"droplet_ids": ids[10:11]})
    refused(answer, 422, "A firewall can have at most 10 Droplets.")
    tags = [tag["name"] for tag in api.get("/v2/tags")["tags"]][:6]
    refused(api("POST", f"{path}/tags", {"tags": tags}), 422, "A firewall can have at most 5 tags.")


def test_deleted_resources_are_removed_from_firewalls(api):
    monitor = api.droplet("monitor-1")["id"]
    balancer = api.get("/v2/load_balancers")["load_balancers"][0]["id"]
    sources = {"droplet_ids": [monitor], "tags": ["ci", "web"], "load_balancer_uids": [balancer]}
    firewall = put_up(api, droplet_ids=[monitor], tags=["ci"], inbound_rules=[{**SSH, "sources": sources}])
    assert api("DELETE", f"/v2/droplets/{monitor}")[0] == 204
    api.clock.advance(600)
    assert api("DELETE", "/v2/tags/ci") == (204, None)
    assert api("DELETE", f"/v2/load_balancers/{balancer}") == (204, None)
    left = shown(api, firewall)
    assert (left["droplet_ids"], left["tags"]) == ([], [])
    assert left["inbound_rules"][0]["sources"] == {"tags": ["web"]}


def test_a_waiting_firewall_is_saved_and_succeeds_later(api, make_api, tmp_path):
    firewall = put_up(api, droplet_ids=[api.droplet("monitor-1")["id"]])
    api.sandbox.save(tmp_path / "state.json")
    other = make_api(droplets=0)
    other.sandbox.load(tmp_path / "state.json")
    assert shown(other, firewall)["status"] == "waiting"
    other.clock.advance(60)
    assert shown(other, firewall)["status"] == "succeeded"


def test_ports_of_icmp_are_kept_as_sent(api, refused):
    sides = [{"sources": {"addresses": ["0.0.0.0/0"]}}, {"sources": {"addresses": ["::/0"]}}]
    rules = [
        {"protocol": "icmp", **sides[0]},
        {"protocol": "icmp", "ports": "", **sides[1]},
        {"protocol": "icmp", "ports": "1-65535", **sides[0]},
        {"protocol": "icmp", "ports": "all", **sides[0]},
        {"protocol": "icmp", "ports": "8", **sides[0]},
    ]
    firewall = put_up(api, inbound_rules=rules)
    assert [rule["ports"] for rule in firewall["inbound_rules"]] == ["0", "0", "1-65535", "all", "8"]
    bad = {"name": "bad", "inbound_rules": [{"protocol": "icmp", "ports": "x", **sides[0]}]}
    assert api("POST", "/v2/firewalls", bad)[0] == 422
