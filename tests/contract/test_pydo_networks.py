"""pydo against what connects networks, shares files and measures in the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pydo
import pytest

from poseidon_nb.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

HTTP: dict[str, Any] = {"enforce_https": False}


@pytest.fixture
def client(clock: Any) -> Iterator[pydo.Client]:
    with Sandbox(clock=clock) as sandbox, pydo.Client(sandbox.token, endpoint=sandbox.url) as client:
        yield client


def test_pydo_shares_files_behind_a_nat_gateway(client: pydo.Client, clock: Any):
    vpc = client.vpcs.create({"name": "private", "region": "nyc3"}, **HTTP)["vpc"]["id"]
    new = {"name": "nat", "type": "PUBLIC", "region": "nyc3", "size": 1, "vpcs": [{"vpc_uuid": vpc}]}
    nat = client.vpcnatgateways.create(new, **HTTP)["vpc_nat_gateway"]["id"]
    files = {"name": "files", "size_gib": 50, "region": "nyc3", "vpc_ids": [vpc]}
    share = client.nfs.create(files, **HTTP)["share"]["id"]
    link = {
        "name": "office",
        "connection_bandwidth_in_mbps": 1000,
        "region": "nyc",
        "naas_provider": "megaport",
        "vpc_ids": [vpc],
    }
    attachment = client.partner_attachments.create(link, **HTTP)["partner_attachment"]["id"]
    clock.advance(3600)
    assert client.vpcnatgateways.get(nat, **HTTP)["vpc_nat_gateway"]["state"] == "ACTIVE"
    assert client.nfs.get(share, region="nyc3", **HTTP)["share"]["status"] == "ACTIVE"
    assert client.partner_attachments.get(attachment, **HTTP)["partner_attachment"]["state"] == "CREATED"
    client.nfs.create_action(share, {"type": "resize", "params": {"size_gib": 80}}, **HTTP)
    clock.advance(3600)
    assert client.nfs.get(share, **HTTP)["share"]["size_gib"] == 80
    client.vpcnatgateways.delete(nat, **HTTP)
    client.nfs.delete(share, **HTTP)
    client.partner_attachments.delete(attachment, **HTTP)
    clock.advance(3600)
    client.vpcs.delete(vpc, **HTTP)


def test_pydo_brings_a_prefix_and_scans(client: pydo.Client, clock: Any):
    new = {"prefix": "203.0.113.0/24", "region": "nyc3", "signature": "signed"}
    prefix = client.byoip_prefixes.create(new, **HTTP)["byoip_prefix"]["uuid"]
    client.byoip_prefixes.patch(prefix, {"advertise": True}, **HTTP)
    scan = client.security.create_scan(**HTTP)["scan"]["id"]
    clock.advance(3600)
    assert client.byoip_prefixes.get(prefix, **HTTP)["byoip_prefix"]["status"] == "active"
    findings = client.security.get_scan(scan, **HTTP)["scan"]["findings"]
    assert "Droplet Backups Not Enabled" in {finding["name"] for finding in findings}


def test_pydo_measures_a_load_balancer(client: pydo.Client, clock: Any):
    balancer = client.load_balancers.list(**HTTP)["load_balancers"][0]["id"]
    end = int(clock.now().timestamp())
    window = {"lb_id": balancer, "start": str(end - 3600), "end": str(end)}
    found = client.monitoring.get_lb_frontend_cpu_utilization(**window, **HTTP)["data"]["result"]
    assert len(found[0]["values"]) >= 29
