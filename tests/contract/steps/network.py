"""VPCs and their peerings, firewalls, load balancers, projects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contract.walk import Walk

#: A UUID that nothing has.
NOTHING = "00000000-0000-4000-a000-000000000000"
TARGET = {"name": "network", "region": "lon1", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64"}


def new_droplet(walk: Walk, **fields: Any) -> int:
    """Create a droplet in London and return its id."""
    id_ = walk.must("POST", "/v2/droplets", TARGET | fields)["droplet"]["id"]
    walk.later()
    return id_


def walk_vpcs(walk: Walk) -> None:
    made = walk.must("POST", "/v2/vpcs", {"name": "office", "region": "lon1", "ip_range": "10.10.10.0/28"})["vpc"]
    path = f"/v2/vpcs/{made['id']}"
    assert walk.get(path)["vpc"] == made
    second = walk.must("POST", "/v2/vpcs", {"name": "lab", "region": "lon1", "description": "tries"})["vpc"]
    for _ in walk.pages("/v2/vpcs"):
        pass
    for change in (
        {"name": "office"},
        {"name": "no blank"},
        {"name": None},
        {"region": "mars1"},
        {"region": None},
        {"ip_range": "10.10.10.8/29"},
        {"ip_range": "10.10.10.0/24"},
        {"ip_range": "10.0.0.0/15"},
        {"ip_range": "8.8.8.0/24"},
        {"ip_range": "10.10.20.1/24"},
        {"ip_range": "all"},
        {"description": "x" * 256},
    ):
        walk.refused(422, "POST", "/v2/vpcs", {"name": "other", "region": "lon1"} | change)
    walk.must("PUT", path, {"name": "office-1", "description": "changed"})
    walk.refused(422, "PUT", path, {"description": "no name"})
    walk.must("PATCH", f"/v2/vpcs/{second['id']}", {"default": True})
    assert not walk.get(path)["vpc"]["default"]
    walk.refused(422, "PATCH", f"/v2/vpcs/{second['id']}", {"default": False})
    walk.refused(403, "DELETE", f"/v2/vpcs/{second['id']}")
    droplet = new_droplet(walk, vpc_uuid=made["id"])
    new_droplet(walk, vpc_uuid=made["id"])
    walk.refused(422, "POST", "/v2/droplets", TARGET | {"region": "fra1", "vpc_uuid": made["id"]})
    for query in ({}, {"resource_type": "droplet"}, {"resource_type": "loadbalancer"}):
        for _ in walk.pages(f"{path}/members", **query):
            pass
    assert walk.get(f"/v2/droplets/{droplet}")["droplet"]["vpc_uuid"] == made["id"]
    walk.refused(403, "DELETE", path)
    walk_peerings(walk, made["id"], second["id"])
    third = walk.must("POST", "/v2/vpcs", {"name": "short", "region": "lon1"})["vpc"]["id"]
    walk.must("DELETE", f"/v2/vpcs/{third}")
    walk.refused(404, "GET", f"/v2/vpcs/{third}")


def walk_peerings(walk: Walk, first: str, second: str) -> None:
    frankfurt = next(vpc["id"] for vpc in walk.get("/v2/vpcs")["vpcs"] if vpc["region"] == "fra1")
    made = walk.must("POST", "/v2/vpc_peerings", {"name": "a-b", "vpc_ids": [first, second]})["vpc_peering"]
    assert made["status"] == "PROVISIONING"
    path = f"/v2/vpc_peerings/{made['id']}"
    other = walk.must("POST", f"/v2/vpcs/{first}/peerings", {"name": "a-c", "vpc_id": frankfurt})["peering"]
    walk.later()
    assert walk.get(path)["vpc_peering"]["status"] == "ACTIVE"
    for address, query in (("/v2/vpc_peerings", {}), ("/v2/vpc_peerings", {"region": "fra1"})):
        for _ in walk.pages(address, **query):
            pass
    for _ in walk.pages(f"/v2/vpcs/{first}/peerings"):
        pass
    for body in (
        {"name": "again", "vpc_ids": [second, first]},
        {"name": "a-b", "vpc_ids": [second, frankfurt]},
        {"name": "no_line", "vpc_ids": [second, frankfurt]},
        {"name": "same", "vpc_ids": [second, second]},
        {"name": "none", "vpc_ids": [second, NOTHING]},
        {"name": "none"},
    ):
        walk.refused(422, "POST", "/v2/vpc_peerings", body)
    walk.refused(422, "POST", f"/v2/vpcs/{second}/peerings", {"name": "again", "vpc_id": first})
    walk.must("PATCH", path, {"name": "renamed"})
    walk.refused(422, "PATCH", path, {})
    walk.must("PATCH", f"/v2/vpcs/{first}/peerings/{made['id']}", {"name": "renamed-2"})
    walk.refused(404, "PATCH", f"/v2/vpcs/{second}/peerings/{other['id']}", {"name": "not-mine"})
    assert walk.must("DELETE", path)["vpc_peering"]["status"] == "DELETING"
    walk.refused(422, "PATCH", path, {"name": "too-late"})
    walk.later()
    walk.refused(404, "GET", path)
    walk.must("DELETE", f"/v2/vpc_peerings/{other['id']}")
    walk.later()


INBOUND = {"protocol": "tcp", "ports": "22", "sources": {"addresses": ["18.0.0.0/8"]}}
OUTBOUND = {"protocol": "udp", "ports": "all", "destinations": {"addresses": ["::/0"]}}


def walk_firewalls(walk: Walk) -> None:
    droplet = new_droplet(walk, tags=["guarded"])
    asked = {"name": "wall", "droplet_ids": [droplet], "inbound_rules": [INBOUND], "outbound_rules": [OUTBOUND]}
    made = walk.must("POST", "/v2/firewalls", asked)["firewall"]
    assert (made["status"], len(made["pending_changes"])) == ("waiting", 1)
    walk.later()
    path = f"/v2/firewalls/{made['id']}"
    assert walk.get(path)["firewall"]["status"] == "succeeded"
    for _ in walk.pages("/v2/firewalls"):
        pass
    for _ in walk.pages(f"/v2/droplets/{droplet}/firewalls"):
        pass
    walk.refused(409, "POST", "/v2/firewalls", asked)
    for change in (
        {"name": "-"},
        {"name": None},
        {"droplet_ids": [1]},
        {"droplet_ids": ["1"]},
        {"tags": ["unknown"]},
        {"inbound_rules": None, "outbound_rules": []},
        {"inbound_rules": [INBOUND] * 51},
        {"inbound_rules": [{**INBOUND, "protocol": "gre"}]},
        {"inbound_rules": [{**INBOUND, "ports": "70000"}]},
        {"inbound_rules": [{**INBOUND, "ports": "90-80"}]},
        {"inbound_rules": [{**INBOUND, "ports": "ssh"}]},
        {"inbound_rules": [{**INBOUND, "sources": {}}]},
        {"inbound_rules": [{**INBOUND, "sources": {"addresses": ["everywhere"]}}]},
        {"inbound_rules": [{**INBOUND, "sources": {"droplet_ids": [1]}}]},
        {"inbound_rules": [{**INBOUND, "sources": {"tags": ["unknown"]}}]},
        {"inbound_rules": [{**INBOUND, "sources": {"load_balancer_uids": [NOTHING]}}]},
        {"inbound_rules": ["all"]},
        {"outbound_rules": [{"protocol": "tcp", "ports": "80"}]},
    ):
        walk.refused(422, "POST", "/v2/firewalls", asked | {"name": "other"} | change)
    walk_parts_of_a_firewall(walk, path, droplet)
    walk.must("PUT", path, asked | {"name": "moat", "tags": ["guarded"], "droplet_ids": []})
    walk.refused(422, "PUT", path, {"name": "moat"})
    walk.must("DELETE", path)
    walk.refused(404, "GET", path)


def walk_parts_of_a_firewall(walk: Walk, path: str, droplet: int) -> None:
    walk.must("POST", f"{path}/tags", {"tags": ["guarded"]})
    walk.refused(422, "POST", f"{path}/tags", {"tags": ["unknown"]})
    walk.must("DELETE", f"{path}/tags", {"tags": ["guarded"]})
    walk.refused(422, "DELETE", f"{path}/tags", {})
    walk.must("DELETE", f"{path}/droplets", {"droplet_ids": [droplet]})
    walk.refused(422, "DELETE", f"{path}/droplets", {"droplet_ids": "all"})
    assert walk.get(path)["firewall"]["pending_changes"][0]["removing"]
    walk.must("POST", f"{path}/droplets", {"droplet_ids": [droplet]})
    walk.refused(422, "POST", f"{path}/droplets", {"droplet_ids": [1]})
    ping = {"inbound_rules": [{"protocol": "icmp", "ports": "0", "sources": {"tags": ["guarded"]}}]}
    walk.must("POST", f"{path}/rules", ping)
    assert len(walk.get(path)["firewall"]["inbound_rules"]) == 2
    walk.refused(422, "POST", f"{path}/rules", {})
    walk.must("DELETE", f"{path}/rules", ping)
    walk.refused(422, "DELETE", f"{path}/rules", {"inbound_rules": [INBOUND], "outbound_rules": [OUTBOUND]})
    walk.later()


RULE = {"entry_protocol": "http", "entry_port": 80, "target_protocol": "http", "target_port": 80}
TLS = {"entry_protocol": "https", "entry_port": 443, "target_protocol": "https", "target_port": 443}


def walk_load_balancers(walk: Walk) -> None:
    droplet = new_droplet(walk, tags=["balanced"])
    asked: dict[str, Any] = {"name": "lb", "region": "lon1", "forwarding_rules": [RULE], "droplet_ids": [droplet]}
    made = walk.must("POST", "/v2/load_balancers", asked)["load_balancer"]
    assert made["status"] == "new"
    walk.later()
    path = f"/v2/load_balancers/{made['id']}"
    assert walk.get(path)["load_balancer"]["status"] == "active"
    by_tag = {name: value for name, value in asked.items() if name != "droplet_ids"} | {"tag": "balanced"}
    tagged = walk.must("POST", "/v2/load_balancers", by_tag | {"name": "tagged", "network_stack": "DUALSTACK"})
    inside = walk.must("POST", "/v2/load_balancers", asked | {"name": "inside", "network": "INTERNAL"})
    walk.later()
    for _ in walk.pages("/v2/load_balancers"):
        pass
    for change in LOAD_BALANCERS_REFUSED:
        walk.refused(422, "POST", "/v2/load_balancers", asked | {"name": "other"} | change)
    other = new_droplet(walk, name="other")
    walk.must("POST", f"{path}/droplets", {"droplet_ids": [other]})
    walk.must("DELETE", f"{path}/droplets", {"droplet_ids": [droplet]})
    assert walk.get(path)["load_balancer"]["droplet_ids"] == [other]
    tagged_path = f"/v2/load_balancers/{tagged['load_balancer']['id']}"
    for method in ("POST", "DELETE"):
        walk.refused(422, method, f"{tagged_path}/droplets", {"droplet_ids": [other]})
    walk.must("POST", f"{path}/forwarding_rules", {"forwarding_rules": [TLS | {"tls_passthrough": True}]})
    walk.refused(422, "POST", f"{path}/forwarding_rules", {"forwarding_rules": [RULE]})
    walk.must("DELETE", f"{path}/forwarding_rules", {"forwarding_rules": [TLS]})
    walk.refused(422, "DELETE", f"{path}/forwarding_rules", {"forwarding_rules": [RULE]})
    cookies = {"type": "cookies", "cookie_name": "lb", "cookie_ttl_seconds": 300}
    walk.must("PUT", path, asked | {"size_unit": 3, "sticky_sessions": cookies, "health_check": {"protocol": "tcp"}})
    walk.refused(422, "PUT", path, asked | {"region": "fra1"})
    walk.refused(422, "PUT", path, asked | {"network": "INTERNAL"})
    walk.refused(422, "DELETE", f"{path}/cache")
    world = walk.must(
        "POST",
        "/v2/load_balancers",
        asked
        | {"name": "world", "type": "GLOBAL", "droplet_ids": [], "target_load_balancer_ids": [made["id"]]}
        | {"glb_settings": {"target_protocol": "http", "target_port": 80, "cdn": {"is_enabled": True}}}
        | {"domains": [{"name": "tidepool-maps.example", "is_managed": False}]},
    )["load_balancer"]
    walk.must("DELETE", f"/v2/load_balancers/{world['id']}/cache")
    walk.must("DELETE", path)
    assert walk.get(f"/v2/load_balancers/{world['id']}")["load_balancer"]["target_load_balancer_ids"] == []
    walk.refused(404, "GET", path)
    walk.must("DELETE", tagged_path)
    walk.must("DELETE", f"/v2/load_balancers/{inside['load_balancer']['id']}")


LOAD_BALANCERS_REFUSED: tuple[dict[str, Any], ...] = (
    {"name": None},
    {"name": "no blank"},
    {"region": "mars1"},
    {"forwarding_rules": []},
    {"forwarding_rules": [RULE, RULE]},
    {"forwarding_rules": [TLS]},
    {"forwarding_rules": [TLS | {"certificate_id": NOTHING}]},
    {"forwarding_rules": [RULE | {"entry_protocol": "udp"}]},
    {"forwarding_rules": [RULE | {"entry_port": 0}]},
    {"forwarding_rules": [RULE | {"target_protocol": "smtp"}]},
    {"forwarding_rules": [{"entry_port": 80}]},
    {"droplet_ids": [1]},
    {"tag": "balanced"},
    {"droplet_ids": [], "tag": "unknown"},
    {"size": "lb-large", "size_unit": 5},
    {"size": "lb-giant"},
    {"size_unit": 101},
    {"http_idle_timeout_seconds": 5},
    {"sticky_sessions": {"type": "cookies"}},
    {"health_check": {"protocol": "icmp"}},
    {"health_check": {"check_interval_seconds": 1}},
    {"firewall": {"deny": ["1.2.3.4"]}},
    {"vpc_uuid": NOTHING},
    {"project_id": NOTHING},
    {"type": "GLOBAL", "target_load_balancer_ids": [NOTHING]},
)


def walk_projects(walk: Walk) -> None:
    asked = {"name": "trial", "purpose": "Service or API", "environment": "Production", "description": ""}
    made = walk.must("POST", "/v2/projects", asked)["project"]
    path = f"/v2/projects/{made['id']}"
    assert walk.get(path)["project"] == made
    for _ in walk.pages("/v2/projects"):
        pass
    walk.refused(409, "POST", "/v2/projects", asked)
    for change in (
        {"name": None},
        {"name": "x" * 176},
        {"purpose": ""},
        {"environment": "Mars"},
        {"description": "x" * 256},
    ):
        walk.refused(422, "POST", "/v2/projects", asked | {"name": "other"} | change)
    walk.must("PUT", path, asked | {"purpose": "trying", "is_default": False})
    walk.refused(422, "PUT", path, {"name": "alone"})
    walk.must("PATCH", path, {"description": "changed"})
    walk.refused(422, "PATCH", path, {})
    default = walk.get("/v2/projects/default")["project"]
    fields = {name: default[name] for name in (*asked, "is_default")}
    walk.must("PUT", "/v2/projects/default", fields | {"description": "all the rest"})
    walk.must("PATCH", "/v2/projects/default", {"environment": "Development"})
    walk.refused(422, "PATCH", "/v2/projects/default", {"is_default": False})
    walk.refused(409, "DELETE", f"/v2/projects/{default['id']}")
    volume = walk.must("POST", "/v2/volumes", {"name": "held", "size_gigabytes": 1, "region": "lon1"})["volume"]["id"]
    address = walk.must("POST", "/v2/reserved_ips", {"region": "lon1"})["reserved_ip"]["ip"]
    urns = [f"do:droplet:{new_droplet(walk)}", f"do:volume:{volume}", f"do:floatingip:{address}", "do:droplet:1"]
    held = walk.must("POST", f"{path}/resources", {"resources": urns})["resources"]
    assert [(one["urn"], one["status"]) for one in held] == [
        (urn, "not_found" if urn == "do:droplet:1" else "assigned") for urn in urns
    ]
    for _ in walk.pages(f"{path}/resources"):
        pass
    for _ in walk.pages("/v2/projects/default/resources"):
        pass
    for resources in (["droplet:1"], ["do:cow:1"], [1]):
        walk.refused(422, "POST", f"{path}/resources", {"resources": resources})
    walk.must("POST", f"{path}/resources", {"resources": ["do:domain:a b/c"]})
    walk.refused(412, "DELETE", path)
    walk.must("POST", "/v2/projects/default/resources", {"resources": urns[:3]})
    walk.refused(422, "POST", "/v2/projects/default/resources", {"resources": ["all"]})
    walk.must("DELETE", path)
    walk.refused(404, "GET", path)
    walk.refused(404, "GET", f"{path}/resources")
    walk.must("DELETE", f"/v2/reserved_ips/{address}")


STEPS = (walk_vpcs, walk_firewalls, walk_load_balancers, walk_projects)
