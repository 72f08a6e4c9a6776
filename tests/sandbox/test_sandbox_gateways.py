"""NAT gateways, file shares, prefixes, transfers, sinks, scans and metrics: what is peculiar to each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from poseidon_nb.sandbox.invoices import charges

if TYPE_CHECKING:
    from tests.sandbox.conftest import Api

HOUR_S = 3600


def vpc(api: Api, name: str = "private", region: str = "nyc3") -> str:
    status, made = api("POST", "/v2/vpcs", {"name": name, "region": region})
    assert status == 201
    return made["vpc"]["id"]


def create(api: Api, path: str, body: dict[str, Any]) -> dict[str, Any]:
    status, made = api("POST", path, body)
    assert status < 300, made
    return next(iter(made.values()))


def gateway(api: Api, **fields: Any) -> dict[str, Any]:
    new = {"name": "nat", "type": "PUBLIC", "region": "nyc3", "size": 1, **fields}
    return create(api, "/v2/vpc_nat_gateways", new)


def share(api: Api, vpc_id: str, **fields: Any) -> dict[str, Any]:
    new = {"name": "files", "size_gib": 100, "region": "nyc3", "vpc_ids": [vpc_id], **fields}
    return create(api, "/v2/nfs", new)


def test_a_missing_nat_gateway_is_named_as_terraform_expects(api):
    status, answer = api("GET", "/v2/vpc_nat_gateways/none")
    assert (status, answer["message"]) == (404, "nat gateway with id none not found")


def test_a_nat_gateway_keeps_what_a_client_leaves_empty(api):
    made = gateway(api, vpcs=[{"vpc_uuid": vpc(api)}])
    api.clock.advance(HOUR_S)
    path = f"/v2/vpc_nat_gateways/{made['id']}"
    # As Terraform's provider sends it.
    sent = {"name": "renamed", "type": "PUBLIC", "region": "nyc3", "size": 1, "vpcs": None, "udp_timeout_seconds": 60}
    status, answer = api("PUT", path, sent)
    assert status == 200
    before, after = made, answer["vpc_nat_gateway"]
    assert after["vpcs"][0]["vpc_uuid"] == before["vpcs"][0]["vpc_uuid"]
    assert (after["name"], after["udp_timeout_seconds"], after["tcp_timeout_seconds"]) == ("renamed", 60, 30)
    assert after["updated_at"] > after["created_at"]


def test_only_one_gateway_is_the_default_of_a_vpc(api, refused):
    vpcs = [{"vpc_uuid": vpc(api), "default_gateway": True}]
    gateway(api, vpcs=vpcs)
    second = {"name": "second", "type": "PUBLIC", "region": "nyc3", "size": 1, "vpcs": vpcs}
    text = f"VPC {vpcs[0]['vpc_uuid']} already has a default NAT gateway."
    refused(api("POST", "/v2/vpc_nat_gateways", second), 422, text)
    assert api("POST", "/v2/vpc_nat_gateways", {**second, "vpcs": [{"vpc_uuid": vpcs[0]["vpc_uuid"]}]})[0] == 202


def test_gateways_and_shares_are_billed_by_their_size(api):
    world = api.sandbox._dispatcher.world
    private, start = vpc(api), world.now()
    nat = gateway(api, size=3, vpcs=[{"vpc_uuid": private}])
    files = share(api, private, size_gib=1000)
    api.clock.advance(10 * HOUR_S)
    api.get("/v2/account")
    resize = {"type": "resize", "params": {"size_gib": 2000}}
    assert api("POST", f"/v2/nfs/{files['id']}/actions", resize)[0] == 201
    api.clock.advance(10 * HOUR_S)
    assert api("DELETE", f"/v2/vpc_nat_gateways/{nat['id']}")[0] == 202
    api.clock.advance(HOUR_S)
    api.get("/v2/account")
    found = {one.description: one.cents for one in charges(world, start, world.now())}
    # 20 of 672 hours at 120 dollars; then 10 hours at 300 dollars and 11 at 600.
    assert found["nat (size 3)"] == pytest.approx(357, abs=2)
    assert found["files (1000 GiB)"] == pytest.approx(446, abs=3)
    assert found["files (2000 GiB)"] == pytest.approx(982, abs=3)


def test_a_share_keeps_its_vpcs_if_the_new_one_is_deleted_meanwhile(api):
    first, second = vpc(api, "first"), vpc(api, "second")
    path = f"/v2/nfs/{share(api, first)['id']}"
    api.clock.advance(HOUR_S)
    host = api.get(path)["share"]["host"]
    move = {"type": "reassign", "params": {"old_vpc_id": first, "new_vpc_id": second}}
    assert api("POST", f"{path}/actions", move)[0] == 201
    assert api("DELETE", f"/v2/vpcs/{second}")[0] == 204
    api.clock.advance(HOUR_S)
    assert (api.get(path)["share"]["vpc_ids"], api.get(path)["share"]["host"]) == ([first], host)
    assert api("POST", f"{path}/actions", {"type": "snapshot", "params": {"name": "idle"}})[0] == 201


def test_an_action_on_a_share_ends_after_a_restart(api):
    path = f"/v2/nfs/{share(api, vpc(api))['id']}"
    api.clock.advance(HOUR_S)
    assert api("POST", f"{path}/actions", {"type": "resize", "params": {"size_gib": 200}})[0] == 201
    saved = api.ask("GET", "/_sandbox/state").body
    api.sandbox.reset()
    assert api.ask("PUT", "/_sandbox/state", saved).status == 204
    api.clock.advance(HOUR_S)
    assert api.get(path)["share"]["size_gib"] == 200


def test_addresses_of_a_vpc_are_given_once(api):
    private = vpc(api)
    files, nat = share(api, private), gateway(api, vpcs=[{"vpc_uuid": private}])
    api.clock.advance(HOUR_S)
    host = api.get(f"/v2/nfs/{files['id']}")["share"]["host"]
    shown = api.get(f"/v2/vpc_nat_gateways/{nat['id']}")["vpc_nat_gateway"]["vpcs"][0]["gateway_ip"]
    _, made = api.create(vpc_uuid=private)
    api.clock.advance(HOUR_S)
    networks = api.get(f"/v2/droplets/{made['droplet']['id']}")["droplet"]["networks"]["v4"]
    address = next(one["ip_address"] for one in networks if one["type"] == "private")
    assert len({host, shown, address}) == 3


def test_errors_of_access_points_have_a_code(api):
    path = f"/v2/nfs/shares/{share(api, vpc(api))['id']}/access_points"
    for target, body, code in (
        (path, {}, "MISSING_NAME"),
        (path, {"name": "a", "path": "/a", "vpc_id": "x", "access_policy": {}}, "InvalidArgument"),
    ):
        status, answer = api("POST", target, body)
        assert (status, answer["id"], answer["code"]) == (400, "bad_request", code)
    assert api("GET", f"{path}?status=GONE")[1]["code"] == "INVALID_ACCESS_POINT_STATUS"


def test_a_load_balancer_forwards_what_its_droplets_answer(api):
    balancer = api.get("/v2/load_balancers")["load_balancers"][0]
    end = int(api.sandbox._dispatcher.world.now())
    query = f"?lb_id={balancer['id']}&start={end - 7200}&end={end}"

    def last(name: str) -> list[float]:
        found = api.get(f"/v2/monitoring/metrics/load_balancer/{name}{query}")["data"]["result"]
        return [float(one["values"][-1][1]) for one in found]

    (requests,) = last("frontend_http_requests_per_second")
    assert requests > 1
    assert sum(last("frontend_http_responses")) == pytest.approx(requests, rel=0.01)
    assert sum(last("droplets_http_responses")) == pytest.approx(requests, rel=0.01)
    assert len(last("droplets_health_checks")) == len(balancer["droplet_ids"])
    typical, slow = (sum(last(f"droplets_http_response_time_{name}")) for name in ("50p", "99p"))
    assert slow > 3 * typical


def test_the_same_query_has_the_same_result_later(api):
    balancer = api.get("/v2/load_balancers")["load_balancers"][0]["id"]
    end = int(api.sandbox._dispatcher.world.now()) - 600
    query = f"?lb_id={balancer}&start={end - 7200}&end={end}"
    path = f"/v2/monitoring/metrics/load_balancer/frontend_cpu_utilization{query}"
    before = api.get(path)
    assert len(before["data"]["result"][0]["values"]) == 61
    api.clock.advance(24 * HOUR_S)
    assert api.get(path) == before


def test_a_scan_finds_what_the_account_has(api):
    create(api, "/v2/security/scans", {})
    api.clock.advance(HOUR_S)
    scan = api.get("/v2/security/scans/latest?per_page=100")["scan"]
    counts = {one["name"]: one["affected_resources_count"] for one in scan["findings"]}
    # Those with GPUs have a list of their own.
    lists = [api.get(f"/v2/droplets?per_page=200&type={type_}") for type_ in ("droplets", "gpus")]
    droplets = [droplet for each in lists for droplet in each["droplets"]]
    assert counts["Droplet Backups Not Enabled"] == sum("backups" not in one["features"] for one in droplets)
    # A scan is what it was, also when the account changes.
    doomed = next(one["id"] for one in droplets if "backups" not in one["features"] and not one["locked"])
    assert api("DELETE", f"/v2/droplets/{doomed}")[0] == 204
    assert api.get("/v2/security/scans/latest?per_page=100")["scan"] == scan


def test_a_transfer_ends_with_the_image(api):
    image = api.get("/v2/snapshots?resource_type=droplet")["snapshots"][0]["id"]
    path = f"/v2/images/{image}/account_transfer"
    transfer = create(api, path, {"recipient_email": "alice@example.com"})
    assert api("DELETE", f"/v2/images/{image}")[0] == 204
    assert api("POST", f"{path}/cancel", {"transfer_id": transfer})[0] == 404
