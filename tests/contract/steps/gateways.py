"""NAT gateways, BYOIP prefixes and partner attachments: what connects VPCs to other networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.contract.steps.storage import new_droplet

if TYPE_CHECKING:
    from tests.contract.walk import Walk


def new_vpc(walk: Walk, name: str, region: str = "nyc3") -> str:
    """Create a VPC and return its id."""
    return walk.must("POST", "/v2/vpcs", {"name": name, "region": region})["vpc"]["id"]


def walk_byoip_prefixes(walk: Walk) -> None:
    path = "/v2/byoip_prefixes"
    new = {"prefix": "203.0.113.0/24", "region": "nyc3", "signature": "signed"}
    prefix = walk.must("POST", path, new)["byoip_prefix"]
    assert prefix.keys() == {"uuid", "region", "status"}
    one = f"{path}/{prefix['uuid']}"
    local = walk.must("POST", path, {**new, "prefix": "10.0.0.0/20"})["byoip_prefix"]["uuid"]
    for wrong in (
        {**new, "prefix": "203.0.113.0/25"},
        {**new, "prefix": "203.0.112.0/20"},
        {**new, "prefix": "2001:db8::/48"},
        {**new, "region": "mars1"},
        {**new, "signature": ""},
        {},
    ):
        walk.refused(422, "POST", path, wrong)
    assert walk.must("PATCH", one, {"advertise": True})["byoip_prefix"]["advertised"]
    assert walk.get(one)["byoip_prefix"]["status"] == "in_progress"
    walk.later()
    shown = walk.get(one)["byoip_prefix"]
    assert (shown["status"], shown["advertised"], shown["validations"][0]["status"]) == ("active", True, "PASSED")
    declined = walk.get(f"{path}/{local}")["byoip_prefix"]
    assert (declined["status"], declined["failure_reason"]) == ("declined", "not allowed local IP range")
    walk.refused(422, "PATCH", f"{path}/{local}", {"advertise": True})
    for _ in walk.pages(path):
        pass
    walk_nat_gateways(walk, one)
    walk.must("DELETE", one)
    walk.refused(404, "GET", one)
    walk.must("DELETE", f"{path}/{local}")


def walk_nat_gateways(walk: Walk, prefix: str) -> None:
    path = "/v2/vpc_nat_gateways"
    vpcs = [new_vpc(walk, "nat-1"), new_vpc(walk, "nat-2")]
    elsewhere = new_vpc(walk, "nat-3", "fra1")
    new: dict[str, Any] = {
        "name": "nat-1",
        "type": "PUBLIC",
        "region": "nyc3",
        "size": 1,
        "vpcs": [{"vpc_uuid": vpcs[0]}],
    }
    gateway = walk.must("POST", path, new)["vpc_nat_gateway"]
    one = f"{path}/{gateway['id']}"
    assert (gateway["state"], gateway["egresses"], gateway["tcp_timeout_seconds"]) == ("NEW", {}, 30)
    for wrong in (
        {**new},
        {**new, "name": "no spaces"},
        {**new, "name": "nat-2", "type": "PRIVATE"},
        {**new, "name": "nat-2", "size": 0},
        {**new, "name": "nat-2", "vpcs": []},
        {**new, "name": "nat-2", "vpcs": [{}]},
        {**new, "name": "nat-2", "vpcs": [{"vpc_uuid": elsewhere}]},
        {**new, "name": "nat-2", "vpcs": new["vpcs"] * 2},
        {**new, "name": "nat-2", "region": "mars1"},
        {**new, "name": "nat-2", "project_id": vpcs[0]},
        {**new, "name": "nat-2", "egresses": {"public_gateways": [{"ip": "198.18.0.1"}]}},
    ):
        walk.refused(409 if wrong["name"] == "nat-1" else 422, "POST", path, wrong)
    walk.refused(422, "PUT", one, {"name": "nat-1", "size": 2})
    walk.later()
    gateway = walk.get(one)["vpc_nat_gateway"]
    assert gateway["state"] == "ACTIVE"
    assert gateway["egresses"]["public_gateways"][0]["ipv4"]
    assert gateway["vpcs"][0]["gateway_ip"]
    changed = walk.must(
        "PUT",
        one,
        {"name": "renamed", "size": 2, "vpcs": [{"vpc_uuid": id_} for id_ in vpcs], "udp_timeout_seconds": 60},
    )["vpc_nat_gateway"]
    assert (changed["size"], changed["udp_timeout_seconds"], len(changed["vpcs"])) == (2, 60, 2)
    assert changed["vpcs"][0] == gateway["vpcs"][0]
    assert walk.get(one)["vpc_nat_gateway"] == changed
    walk.refused(422, "PUT", one, {"name": "renamed", "size": 1, "vpcs": [{"vpc_uuid": elsewhere}]})
    brought = {**new, "name": "own", "egresses": {"public_gateways": [{"ip": "203.0.113.7"}]}}
    own = walk.must("POST", path, brought)["vpc_nat_gateway"]["id"]
    walk.refused(422, "POST", path, {**brought, "name": "twice"})
    for query in ({}, {"state": "active"}, {"region": "nyc3"}, {"type": "public"}, {"name": "own"}):
        for _ in walk.pages(path, **query):
            pass
    (member,) = walk.get(f"/v2/vpcs/{vpcs[1]}/members")["members"]
    assert member["urn"] == f"do:vpc_nat_gateway:{gateway['id']}"
    walk.refused(403, "DELETE", f"/v2/vpcs/{vpcs[1]}")
    walk_brought_address(walk, prefix)
    (used,) = walk.get(f"{prefix}/ips")["ips"]
    assert (used["byoip"], used["resource"]) == ("203.0.113.7", f"do:vpc_nat_gateway:{own}")
    walk.refused(422, "DELETE", prefix)
    walk.must("DELETE", f"{path}/{own}")
    walk.must("DELETE", one)
    assert walk.get(one)["vpc_nat_gateway"]["state"] == "DELETING"
    walk.later()
    walk.refused(404, "GET", one)
    for id_ in (*vpcs, elsewhere):
        walk.must("DELETE", f"/v2/vpcs/{id_}")


def walk_partner_attachments(walk: Walk) -> None:
    path = "/v2/partner_network_connect/attachments"
    vpcs = [new_vpc(walk, "partner-1"), new_vpc(walk, "partner-2")]
    elsewhere = new_vpc(walk, "partner-3", "fra1")
    bgp = {
        "local_router_ip": "169.254.100.17/29",
        "peer_router_asn": 133937,
        "peer_router_ip": "169.254.100.22/29",
        "auth_key": "BGPAu7hK3y!",
    }
    new: dict[str, Any] = {
        "name": "env.prod",
        "connection_bandwidth_in_mbps": 1000,
        "region": "nyc",
        "naas_provider": "megaport",
        "vpc_ids": vpcs[:1],
    }
    made = walk.must("POST", path, {**new, "bgp": bgp, "redundancy_zone": "MEGAPORT_RED"})["partner_attachment"]
    one = f"{path}/{made['id']}"
    assert (made["state"], made["region"], made["naas_provider"]) == ("CREATING", "NYC", "MEGAPORT")
    assert made["bgp"] == {
        "local_asn": 64532,
        "local_router_ip": bgp["local_router_ip"],
        "peer_asn": 133937,
        "peer_router_ip": bgp["peer_router_ip"],
    }
    for wrong in (
        {"name": "no spaces"},
        {"connection_bandwidth_in_mbps": 50},
        {"region": "lon"},
        {"naas_provider": "PIGEON"},
        {"vpc_ids": []},
        {"vpc_ids": [elsewhere]},
        {"parent_uuid": elsewhere},
        {"redundancy_zone": "MEGAPORT_GREEN"},
        {"bgp": {**bgp, "local_router_ip": "here"}},
        {"bgp": {**bgp, "peer_router_asn": 0}},
        {"bgp": {}},
    ):
        walk.refused(422, "POST", path, {**new, "name": "other", **wrong})
    walk.refused(409, "POST", path, new)
    walk.refused(422, "PATCH", one, {"name": "early"})
    assert walk.get(f"{one}/remote_routes")["remote_routes"] == []
    walk.later()
    assert walk.get(one)["partner_attachment"]["state"] == "CREATED"
    for _ in walk.pages(f"{one}/remote_routes"):
        pass
    assert walk.get(f"{one}/bgp_auth_key")["bgp_auth_key"]["value"] == bgp["auth_key"]
    changed = walk.must("PATCH", one, {"name": "env.test", "vpc_ids": vpcs, "bgp": {**bgp, "auth_key": "0ther"}})
    assert (changed["partner_attachment"]["name"], changed["partner_attachment"]["vpc_ids"]) == ("env.test", vpcs)
    assert walk.get(f"{one}/bgp_auth_key")["bgp_auth_key"]["value"] == "0ther"
    walk.refused(422, "PATCH", one, {})
    key = walk.get(f"{one}/service_key")["service_key"]
    walk.must("POST", f"{one}/service_key")
    assert walk.get(f"{one}/service_key")["service_key"] == key
    walk.later()
    assert walk.get(f"{one}/service_key")["service_key"]["value"] != key["value"]
    child = walk.must("POST", path, {**new, "name": "child", "parent_uuid": made["id"]})["partner_attachment"]["id"]
    for _ in walk.pages(path):
        pass
    assert walk.get(one)["partner_attachment"]["children"] == [child]
    walk.refused(409, "DELETE", one)
    walk.refused(403, "DELETE", f"/v2/vpcs/{vpcs[0]}")
    walk.must("DELETE", f"{path}/{child}")
    walk.later()
    assert walk.must("DELETE", one)["partner_attachment"]["state"] == "DELETING"
    walk.later()
    walk.refused(404, "GET", one)
    for vpc_id in (*vpcs, elsewhere):
        walk.must("DELETE", f"/v2/vpcs/{vpc_id}")


def walk_brought_address(walk: Walk, prefix: str) -> None:
    """Assign an address of a prefix to a droplet, as a reserved IP is assigned."""
    droplet, elsewhere = new_droplet(walk, region="nyc3"), new_droplet(walk)
    path = "/v2/reserved_ips/203.0.113.9"
    walk.refused(404, "GET", path)
    walk.refused(422, "POST", f"{path}/actions", {"type": "unassign"})
    walk.refused(422, "POST", f"{path}/actions", {"type": "assign", "droplet_id": elsewhere})
    walk.refused(404, "GET", path)
    walk.must("POST", f"{path}/actions", {"type": "assign", "droplet_id": droplet})
    walk.later()
    assert walk.get(path)["reserved_ip"]["droplet"]["id"] == droplet
    used = {one["byoip"]: one["resource"] for one in walk.get(f"{prefix}/ips")["ips"]}
    assert used["203.0.113.9"] == f"do:droplet:{droplet}"
    for _ in walk.pages(f"{prefix}/ips"):
        pass
    for id_ in (droplet, elsewhere):
        walk.must("DELETE", f"/v2/droplets/{id_}")
    walk.later()


STEPS = (walk_byoip_prefixes, walk_partner_attachments)
