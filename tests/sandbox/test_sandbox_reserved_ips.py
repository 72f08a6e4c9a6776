"""Reserved IPs, also as floating IPs, and reserved IPv6 addresses."""

from __future__ import annotations

import ipaddress

import pytest


def addresses(api):
    return api.get("/v2/reserved_ips")["reserved_ips"]


def test_the_first_web_server_has_an_address_and_one_is_idle(api):
    used, idle = addresses(api)
    assert used["droplet"] == api.droplet("web-1")
    assert idle["droplet"] is None
    assert api.get("/v2/floating_ips")["floating_ips"] == [used, idle]


def test_droplet_addresses_and_reserved_addresses_are_distinct(make_api):
    api = make_api(droplets=2000)
    api.sandbox._dispatcher.world.state.account["floating_ip_limit"] = 400
    while api("POST", "/v2/reserved_ips", {"region": "nyc3"})[0] == 202:
        pass
    reserved = [
        one["ip"] for page in (1, 2) for one in api.get(f"/v2/reserved_ips?per_page=200&page={page}")["reserved_ips"]
    ]
    assert len(set(reserved)) == 400
    assert all(ip.startswith(("198.18.25", "198.19.25")) for ip in reserved)
    for page in range(1, 11):
        for droplet in api.get(f"/v2/droplets?per_page=200&page={page}")["droplets"]:
            assert not {network["ip_address"] for network in droplet["networks"]["v4"]} & set(reserved)


@pytest.mark.parametrize("word", ["reserved_ip", "floating_ip"])
def test_an_address_created_for_a_droplet_is_locked_until_it_is_assigned(api, refused, word):
    droplet = api.droplet("web-2")["id"]
    status, body = api("POST", f"/v2/{word}s", {"droplet_id": droplet})
    address, links = body[word], body["links"]
    assert (status, address["locked"], address["droplet"]) == (202, True, None)
    assert links["droplets"] == [
        {"id": droplet, "rel": "droplet", "href": f"http://127.0.0.1:8080/v2/droplets/{droplet}"}
    ]
    refused(api.act(droplet, "reboot"), 422, "Droplet already has a pending event.")
    path = f"/v2/{word}s/{address['ip']}"
    called = {"reserved_ip": "reserved IP", "floating_ip": "floating IP"}[word]
    refused(api("DELETE", path), 422, f"The {called} already has a pending event.")
    api.clock.advance(60)
    action = api.get(f"{path}/actions")["actions"][0]
    assert (action["id"], action["type"]) == (links["actions"][0]["id"], "assign_ip")
    assert (action["status"], action["resource_type"]) == ("completed", word)
    assert action["resource_id"] == int(ipaddress.ip_address(address["ip"]))
    assert api.get(f"/v2/actions/{action['id']}")["action"]["resource_type"] == "reserved_ip"
    now = api.get(path)[word]
    assert (now["locked"], now["droplet"]["id"]) == (False, droplet)


def test_an_address_moves_from_droplet_to_droplet(api, refused):
    used, idle = addresses(api)
    path = f"/v2/reserved_ips/{used['ip']}/actions"
    web, other = api.droplet("web-1")["id"], api.droplet("web-2")["id"]
    refused(
        api("POST", f"/v2/reserved_ips/{idle['ip']}/actions", {"type": "assign", "droplet_id": web}),
        422,
        "The Droplet already has a reserved address of this kind.",
    )
    assert api("POST", path, {"type": "assign", "droplet_id": other})[0] == 201
    api.clock.advance(60)
    assert addresses(api)[0]["droplet"]["id"] == other
    assert api("POST", path, {"type": "unassign"})[0] == 201
    assert addresses(api)[0]["droplet"]["id"] == other
    api.clock.advance(60)
    assert addresses(api)[0]["droplet"] is None
    refused(api("POST", path, {"type": "unassign"}), 422, "The address is not assigned to a Droplet.")
    far = api.droplet("web-3")["id"]
    text = "The address and the Droplet must be in the same region."
    refused(api("POST", path, {"type": "assign", "droplet_id": far}), 422, text)


def test_the_account_has_a_limit(api, refused):
    for _ in range(3):
        assert api("POST", "/v2/reserved_ips", {"region": "fra1"})[0] == 202
    text = "creating this reserved IP will exceed your reserved IP limit"
    refused(api("POST", "/v2/reserved_ips", {"region": "fra1"}), 422, text)
    assert api("DELETE", f"/v2/floating_ips/{addresses(api)[0]['ip']}") == (204, None)
    assert api("POST", "/v2/reserved_ips", {"region": "fra1"})[0] == 202
    assert len({one["ip"] for one in addresses(api)}) == 5


def test_destroying_a_droplet_unassigns_its_addresses(api):
    web = api.droplet("web-1")["id"]
    ip = api("POST", "/v2/reserved_ipv6", {"region_slug": "nyc3"})[1]["reserved_ipv6"]["ip"]
    assert api("POST", f"/v2/reserved_ipv6/{ip}/actions", {"type": "assign", "droplet_id": web})[0] == 201
    api.clock.advance(60)
    assert api.get(f"/v2/reserved_ipv6/{ip}")["reserved_ipv6"]["droplet"]["id"] == web
    assert api("DELETE", f"/v2/droplets/{web}")[0] == 204
    api.clock.advance(60)
    assert addresses(api)[0]["droplet"] is None
    assert api.get(f"/v2/reserved_ipv6/{ip}")["reserved_ipv6"]["droplet"] is None


def test_an_ipv6_address_is_found_in_any_spelling(api):
    ip = api("POST", "/v2/reserved_ipv6", {"region_slug": "nyc3"})[1]["reserved_ipv6"]["ip"]
    assert ipaddress.ip_address(ip) in ipaddress.ip_network("2001:db8::/32")
    for written in (ip, ipaddress.ip_address(ip).exploded.upper(), ip.replace(":", "%3A")):
        assert api.get(f"/v2/reserved_ipv6/{written}")["reserved_ipv6"]["ip"] == ip
    assert api("DELETE", f"/v2/reserved_ipv6/{ip}") == (204, None)


def test_an_assigned_ipv6_address_cannot_be_deleted(api, refused):
    ip = api("POST", "/v2/reserved_ipv6", {"region_slug": "nyc3"})[1]["reserved_ipv6"]["ip"]
    body = {"type": "assign", "droplet_id": api.droplet("web-1")["id"]}
    action = api("POST", f"/v2/reserved_ipv6/{ip}/actions", body)[1]["action"]
    assert (action["type"], action["resource_type"], action["region_slug"]) == ("assign_ip", "reserved_ipv6", "nyc3")
    refused(api("DELETE", f"/v2/reserved_ipv6/{ip}"), 422, "The reserved IPv6 already has a pending event.")
    api.clock.advance(60)
    text = "The reserved IPv6 is assigned to a Droplet. Please unassign it first before deleting."
    refused(api("DELETE", f"/v2/reserved_ipv6/{ip}"), 422, text)


def test_a_token_without_more_scopes_sees_neither_droplet_nor_project(api):
    api.token = api("POST", "/_sandbox/tokens", {"scopes": ["reserved_ip:read"]})[1]["token"]
    assert {"ip", "region", "locked"} == set(addresses(api)[0])
