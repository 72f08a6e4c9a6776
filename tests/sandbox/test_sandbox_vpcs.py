"""VPCs, their members and their peerings."""

from __future__ import annotations

import json
from ipaddress import ip_network
from itertools import combinations

import pytest


def vpc_of(api, region):
    return next(vpc for vpc in api.get("/v2/vpcs?per_page=200")["vpcs"] if vpc["region"] == region)


def made(api, **fields):
    status, body = api("POST", "/v2/vpcs", {"name": "office", "region": "nyc3", **fields})
    assert status == 201, body
    return body["vpc"]


def droplet_in(api, vpc, **fields):
    status, body = api.create(vpc_uuid=vpc["id"], region=vpc["region"], **fields)
    assert status == 202, body
    api.clock.advance(600)
    return api.get(f"/v2/droplets/{body['droplet']['id']}")["droplet"]


def test_every_droplet_of_the_company_is_in_the_default_vpc_of_its_region(api):
    vpcs = {vpc["id"]: vpc for vpc in api.get("/v2/vpcs")["vpcs"]}
    for droplet in api.get("/v2/droplets")["droplets"]:
        vpc = vpcs[droplet["vpc_uuid"]]
        assert (vpc["region"], vpc["default"]) == (droplet["region"]["slug"], True)
        assert vpc["created_at"] < droplet["created_at"]
    assert len({vpc["region"] for vpc in vpcs.values()}) == len(vpcs)


def test_the_first_droplet_of_a_region_creates_its_default_vpc(make_api):
    api = make_api(droplets=0)
    assert api.get("/v2/vpcs")["vpcs"] == []
    droplet = api.create(region="ams3")[1]["droplet"]["id"]
    (vpc,) = api.get("/v2/vpcs")["vpcs"]
    assert (vpc["name"], vpc["default"]) == ("default-ams3", True)
    assert api.get(f"/v2/droplets/{droplet}")["droplet"]["vpc_uuid"] == vpc["id"]


def test_the_first_vpc_of_a_region_is_its_default_and_droplets_get_addresses_of_it(make_api):
    api = make_api(droplets=0)
    vpc = made(api, region="ams3", ip_range="192.168.5.0/24")
    assert vpc["default"]
    droplet = api.get(f"/v2/droplets/{api.create(region='ams3')[1]['droplet']['id']}")["droplet"]
    assert droplet["vpc_uuid"] == vpc["id"]
    api.clock.advance(600)
    networks = api.get(f"/v2/droplets/{droplet['id']}")["droplet"]["networks"]["v4"]
    private = next(network for network in networks if network["type"] == "private")
    assert private == {
        "ip_address": "192.168.5.2",
        "netmask": "255.255.255.0",
        "gateway": "192.168.5.1",
        "type": "private",
    }


def test_a_small_vpc_has_unique_addresses_and_can_fill_up(api, refused):
    vpc = made(api, ip_range="10.9.8.0/28")
    names = [f"n{number}" for number in range(10)]
    assert api.create(name=..., names=names, vpc_uuid=vpc["id"])[0] == 202
    too_many = api.create(name=..., names=names[:4], vpc_uuid=vpc["id"])
    refused(too_many, 422, "The VPC office has no free addresses left.")
    assert api.create(name=..., names=names[:3], vpc_uuid=vpc["id"])[0] == 202
    api.clock.advance(600)
    members = api.get(f"/v2/vpcs/{vpc['id']}/members?per_page=200")["members"]
    addresses = set()
    for member in members:
        droplet = api.get(f"/v2/droplets/{member['urn'].rpartition(':')[2]}")["droplet"]
        addresses |= {one["ip_address"] for one in droplet["networks"]["v4"] if one["type"] == "private"}
    assert len(members) == len(addresses) == 13


def test_without_a_range_a_free_one_is_chosen(api):
    first, second = made(api), made(api, name="lab")
    assert first["ip_range"].endswith("/20")
    assert first["ip_range"] != second["ip_range"]


@pytest.mark.parametrize(
    ("ip_range", "text"),
    [
        ("10.9.0.0/15", "10.9.0.0/15 is not an IP range. Use for example 10.10.10.0/24."),
        ("10.8.0.0/15", "ip_range must be from /16 to /28."),
        ("10.8.0.0/29", "ip_range must be from /16 to /28."),
        ("11.0.0.0/16", "ip_range must be within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16."),
        ("::/64", "::/64 is not an IP range. Use for example 10.10.10.0/24."),
    ],
)
def test_an_invalid_range_is_refused(api, refused, ip_range, text):
    refused(api("POST", "/v2/vpcs", {"name": "office", "region": "nyc3", "ip_range": ip_range}), 422, text)


def test_ranges_do_not_overlap(api, refused):
    default = vpc_of(api, "nyc3")
    inner = default["ip_range"].replace("/16", "/24")
    answer = api("POST", "/v2/vpcs", {"name": "office", "region": "fra1", "ip_range": inner})
    text = "This range/size overlaps with another VPC network in your account: default-nyc3"
    refused(answer, 422, f"{text} ({default['ip_range']}).")


def test_a_vpc_with_members_and_the_default_one_cannot_be_deleted(api, refused):
    vpc = made(api)
    droplet = droplet_in(api, vpc)
    refused(api("DELETE", f"/v2/vpcs/{vpc['id']}"), 403, "Can not delete VPC with members")
    refused(api("DELETE", f"/v2/vpcs/{vpc_of(api, 'nyc3')['id']}"), 403, "Can not delete default VPCs")
    assert api("DELETE", f"/v2/droplets/{droplet['id']}")[0] == 204
    api.clock.advance(600)
    assert api("DELETE", f"/v2/vpcs/{vpc['id']}") == (204, None)


def test_members_are_droplets_load_balancers_and_clusters(api):
    vpc = vpc_of(api, "nyc3")
    members = api.get(f"/v2/vpcs/{vpc['id']}/members")["members"]
    assert [member["name"] for member in members] == [
        *("web-1", "db-1", "web-2", "worker-1", "legacy-reports"),
        "web-nyc3",
        *("orders", "sessions", "render"),
    ]
    only = api.get(f"/v2/vpcs/{vpc['id']}/members?resource_type=loadbalancer")["members"]
    assert only == members[5:6]
    assert api.get(f"/v2/vpcs/{vpc['id']}/members?resource_type=kubernetes")["members"] == members[-1:]
    assert api.get(f"/v2/vpcs/{vpc['id']}/members?resource_type=nfs")["members"] == []


def test_another_vpc_can_become_the_default_and_new_droplets_join_it(api):
    old, new = vpc_of(api, "nyc3"), made(api)
    assert api("PATCH", f"/v2/vpcs/{new['id']}", {"default": True})[1]["vpc"]["default"]
    assert not api.get(f"/v2/vpcs/{old['id']}")["vpc"]["default"]
    droplet = api.create(region="nyc3")[1]["droplet"]["id"]
    assert api.get(f"/v2/droplets/{droplet}")["droplet"]["vpc_uuid"] == new["id"]


def test_put_empties_missing_fields_and_patch_does_not(api):
    vpc = made(api, description="of the team")
    assert api("PATCH", f"/v2/vpcs/{vpc['id']}", {"name": "lab"})[1]["vpc"]["description"] == "of the team"
    assert api("PUT", f"/v2/vpcs/{vpc['id']}", {"name": "lab"})[1]["vpc"]["description"] == ""


def test_a_droplet_cannot_be_created_in_a_vpc_of_another_region(api, refused):
    answer = api.create(region="fra1", vpc_uuid=vpc_of(api, "nyc3")["id"])
    refused(answer, 422, "You specified an invalid VPC for Droplet creation.")


def test_a_peering_becomes_active_and_is_deleted_over_time(api):
    ends = [vpc_of(api, "nyc3")["id"], vpc_of(api, "fra1")["id"]]
    status, body = api("POST", "/v2/vpc_peerings", {"name": "across", "vpc_ids": ends})
    peering = body["vpc_peering"]
    assert (status, peering["status"]) == (202, "PROVISIONING")
    path = f"/v2/vpc_peerings/{peering['id']}"
    api.clock.advance(0.5)
    assert api.get(path)["vpc_peering"]["status"] == "PROVISIONING"
    api.clock.advance(2)
    assert api.get(path)["vpc_peering"]["status"] == "ACTIVE"
    assert api("DELETE", path)[1]["vpc_peering"]["status"] == "DELETING"
    api.clock.advance(5)
    assert api("GET", path)[0] == 404


def test_a_peering_that_is_deleted_early_never_becomes_active(api):
    ends = [vpc_of(api, "nyc3")["id"], vpc_of(api, "fra1")["id"]]
    id_ = api("POST", "/v2/vpc_peerings", {"name": "across", "vpc_ids": ends})[1]["vpc_peering"]["id"]
    api.clock.advance(1)
    assert api("DELETE", f"/v2/vpc_peerings/{id_}")[0] == 202
    for _ in range(20):
        api.clock.advance(0.2)
        status, body = api("GET", f"/v2/vpc_peerings/{id_}")
        assert status == 404 or body["vpc_peering"]["status"] == "DELETING"
    assert status == 404


def test_a_vpc_with_a_peering_cannot_be_deleted(api, refused):
    vpc = made(api)
    body = {"name": "across", "vpc_id": vpc_of(api, "fra1")["id"]}
    assert api("POST", f"/v2/vpcs/{vpc['id']}/peerings", body)[0] == 202
    refused(api("DELETE", f"/v2/vpcs/{vpc['id']}"), 403, "Can not delete VPC with peerings")
    (peering,) = api.get(f"/v2/vpcs/{vpc['id']}/peerings")["peerings"]
    assert peering["name"] == "across"
    assert api.get("/v2/vpc_peerings?region=sgp1")["vpc_peerings"] == []


def test_networks_are_saved_and_changes_complete_after_loading(api, make_api, tmp_path):
    ends = [vpc_of(api, "nyc3")["id"], vpc_of(api, "fra1")["id"]]
    id_ = api("POST", "/v2/vpc_peerings", {"name": "across", "vpc_ids": ends})[1]["vpc_peering"]["id"]
    droplet_in(api, made(api, ip_range="10.9.8.0/28"))
    api.sandbox.save(tmp_path / "state.json")
    other = make_api(droplets=0)
    other.sandbox.load(tmp_path / "state.json")
    assert json.dumps(other.get("/v2/vpcs")) == json.dumps(api.get("/v2/vpcs"))
    other.clock.advance(60)
    assert other.get(f"/v2/vpc_peerings/{id_}")["vpc_peering"]["status"] == "ACTIVE"


def test_free_ranges_leave_out_what_overlaps_also_with_many_vpcs(api):
    wide = {"name": "wide", "region": "nyc3", "ip_range": "10.128.0.0/18"}
    assert api("POST", "/v2/vpcs", wide)[0] == 201
    for number in range(300):
        status, made = api("POST", "/v2/vpcs", {"name": f"v{number}", "region": "nyc3"})
        assert status == 201
    ranges = [ip_network(vpc["ip_range"]) for vpc in api.get("/v2/vpcs?per_page=200")["vpcs"]]
    assert not any(one.overlaps(other) for one, other in combinations(ranges, 2))
    assert made["vpc"]["ip_range"].endswith("/20")
