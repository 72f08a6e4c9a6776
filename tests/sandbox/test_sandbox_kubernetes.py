"""Kubernetes clusters: what their nodes do to the account, and what the account does to them."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import yaml

from poseidon_nb.sandbox.invoices import charges

HOUR_S = 3600
POOL = {"name": "pool", "size": "s-2vcpu-4gb", "count": 2}
NEW = {"name": "prod", "region": "nyc3", "version": "latest", "ha": False, "node_pools": [POOL]}


@pytest.fixture
def api(make_api):
    """A client for an account without managed services of its own."""
    return make_api(droplets=5)


def create(api, **fields: Any) -> dict[str, Any]:
    """Create a cluster, wait for it, and return it."""
    status, made = api("POST", "/v2/kubernetes/clusters", NEW | fields)
    assert status == 201, made
    api.clock.advance(HOUR_S)
    return read(api, made["kubernetes_cluster"]["id"])


def read(api, cluster_id: str) -> dict[str, Any]:
    return api.get(f"/v2/kubernetes/clusters/{cluster_id}")["kubernetes_cluster"]


def nodes(cluster: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for pool in cluster["node_pools"] for node in pool["nodes"]]


def workers(api) -> list[int]:
    return [droplet["id"] for droplet in api.get("/v2/droplets?tag_name=k8s:worker")["droplets"]]


def test_a_node_whose_droplet_is_deleted_is_replaced(api):
    cluster = create(api)
    gone, kept = nodes(cluster)
    assert api("DELETE", f"/v2/droplets/{gone['droplet_id']}")[0] == 204
    api.clock.advance(HOUR_S)
    first, second = nodes(read(api, cluster["id"]))
    assert first == kept
    assert second["id"] != gone["id"]
    assert second["status"]["state"] == "running"
    assert workers(api) == [int(first["droplet_id"]), int(second["droplet_id"])]


def test_a_pool_gets_the_nodes_that_the_limit_of_the_account_left_out(api, refused):
    cluster = create(api)
    pool = f"/v2/kubernetes/clusters/{cluster['id']}/node_pools/{cluster['node_pools'][0]['id']}"
    world = api.sandbox._dispatcher.world
    account = world.state.account
    account["droplet_limit"] = len(world.droplets) + 2
    text = "creating this/these droplet(s) will exceed your droplet limit"
    refused(api("PUT", pool, {"count": 5}), 422, text)
    assert api("POST", f"{pool}/recycle", {})[0] == 202
    api.clock.advance(HOUR_S)
    assert len(nodes(read(api, cluster["id"]))) == 2
    # The limit is lower now, so that a replacement has to wait for another droplet to go.
    account["droplet_limit"] -= 3
    assert api("POST", f"{pool}/recycle", {})[0] == 202
    assert {node["status"]["state"] for node in nodes(read(api, cluster["id"]))} == {"draining"}
    api.clock.advance(HOUR_S)
    assert len(nodes(read(api, cluster["id"]))) == 1
    other = next(one for one in api.get("/v2/droplets")["droplets"] if "k8s" not in one["tags"] and not one["locked"])
    assert api("DELETE", f"/v2/droplets/{other['id']}")[0] == 204
    api.clock.advance(HOUR_S)
    assert len(nodes(read(api, cluster["id"]))) == 2


def test_droplets_that_are_still_being_created_go_with_their_cluster(api):
    _, made = api("POST", "/v2/kubernetes/clusters", NEW)
    assert len(workers(api)) == 2
    assert api("DELETE", f"/v2/kubernetes/clusters/{made['kubernetes_cluster']['id']}")[0] == 204
    assert len(workers(api)) == 2
    api.clock.advance(HOUR_S)
    assert workers(api) == []
    assert api.sandbox._dispatcher.world.state.busy == {}


def test_nodes_are_billed_as_droplets_and_a_highly_available_control_plane_on_top(api):
    world = api.sandbox._dispatcher.world
    start = world.now()
    cluster = create(api, ha=True)
    api.clock.advance(83 * HOUR_S)
    found = charges(world, start, world.now())
    (plane,) = [one for one in found if one.product == "Kubernetes Clusters"]
    # An eighth of a month of 672 hours.
    assert (plane.cents, plane.resource_id) == (500, cluster["id"])
    names = [node["name"] for node in nodes(cluster)]
    assert sum(one.description.startswith(tuple(names)) for one in found if one.product == "Droplets") == 2


def test_a_cluster_is_in_its_vpc_and_its_project(api, refused):
    _, made = api("POST", "/v2/vpcs", {"name": "inner", "region": "nyc3", "ip_range": "10.9.0.0/20"})
    vpc = made["vpc"]["id"]
    cluster = create(api, vpc_uuid=vpc, cluster_subnet="10.20.0.0/16", service_subnet="10.21.0.0/16")
    private = api.get(f"/v2/droplets/{workers(api)[0]}")["droplet"]["networks"]["v4"][-1]
    assert (private["type"], private["ip_address"].startswith("10.9.0.")) == ("private", True)
    refused(api("DELETE", f"/v2/vpcs/{vpc}"), 403, "Can not delete VPC with members")
    urn = f"do:kubernetes:{cluster['id']}"
    _, project = api("POST", "/v2/projects", {"name": "apart", "purpose": "Just trying out DigitalOcean"})
    path = f"/v2/projects/{project['project']['id']}/resources"
    assert api("POST", path, {"resources": [urn]})[1]["resources"][0]["status"] == "assigned"
    (shown,) = api.get(path)["resources"]
    assert api.get(shown["links"]["self"].partition("8080")[2])["kubernetes_cluster"] == cluster
    assert api("DELETE", f"/v2/kubernetes/clusters/{cluster['id']}")[0] == 204
    assert api.get(path)["resources"] == []
    api.clock.advance(HOUR_S)
    assert api("DELETE", f"/v2/vpcs/{vpc}")[0] == 204


def test_a_kubeconfig_is_well_formed_and_leads_nowhere(api):
    cluster = create(api)
    path = f"/v2/kubernetes/clusters/{cluster['id']}"
    reply = api.ask("GET", f"{path}/kubeconfig")
    assert reply.content_type == "application/yaml"
    config = yaml.safe_load(reply.body)
    name = "do-nyc3-prod"
    assert config["current-context"] == name
    assert config["contexts"] == [{"name": name, "context": {"cluster": name, "user": f"{name}-admin"}}]
    credentials = api.get(f"{path}/credentials")
    server = config["clusters"][0]["cluster"]
    assert server["server"] == credentials["server"] == cluster["endpoint"]
    assert server["server"].endswith(".invalid")
    assert base64.b64decode(server["certificate-authority-data"]).startswith(b"-----BEGIN CERTIFICATE-----\n")
    token = config["users"][0]["user"]["token"]
    assert api.ask("GET", "/v2/account", authorization=f"Bearer {token}").status == 401
    sso = yaml.safe_load(api.ask("GET", f"{path}/kubeconfig?type=sso").body)
    assert sso["users"][0]["user"]["exec"]["args"][-1] == cluster["id"]


def test_an_autoscaled_pool_follows_the_use_of_its_nodes(api):
    scaled = POOL | {"auto_scale": True, "min_nodes": 1, "max_nodes": 3}
    # The CPU of each node is used more than to a hundredth and less than to the whole.
    busy = create(api, node_pools=[scaled], cluster_autoscaler_configuration={"scale_down_utilization_threshold": 0.01})
    idle = create(api, name="idle", node_pools=[scaled], cluster_autoscaler_configuration={})
    assert [len(nodes(read(api, one["id"]))) for one in (busy, idle)] == [3, 1]


def test_a_deleted_tag_goes_unless_clusters_always_have_it(api):
    cluster = create(api, tags=["web"], node_pools=[POOL | {"tags": ["web", "front"]}])
    for tag in ("web", "k8s", f"k8s:{cluster['id']}"):
        assert api("DELETE", f"/v2/tags/{tag}")[0] == 204
    left = read(api, cluster["id"])
    own = ["k8s", f"k8s:{cluster['id']}"]
    assert left["tags"] == own
    assert left["node_pools"][0]["tags"] == [*own, "k8s:worker", "front"]
    for tag in left["node_pools"][0]["tags"]:
        assert api.get(f"/v2/tags/{tag}")["tag"]["resources"]["droplets"]["count"] == 2


def test_a_saved_account_keeps_clusters_and_their_future(api):
    _, made = api("POST", "/v2/kubernetes/clusters", NEW)
    saved = api.ask("GET", "/_sandbox/state").body
    api.sandbox.reset()
    assert api.ask("PUT", "/_sandbox/state", saved).status == 204
    api.clock.advance(HOUR_S)
    cluster = read(api, made["kubernetes_cluster"]["id"])
    assert cluster["status"] == {"state": "running"}
    assert {node["status"]["state"] for node in nodes(cluster)} == {"running"}


def test_a_limited_token_sees_neither_tags_nor_networks(api):
    cluster = create(api)
    _, made = api("POST", "/_sandbox/tokens", {"scopes": ["kubernetes:read"]})
    api.token = made["token"]
    for shown in (read(api, cluster["id"]), *api.get("/v2/kubernetes/clusters")["kubernetes_clusters"]):
        assert not {"tags", "vpc_uuid", "worker_subnet_uuid"} & shown.keys()


def test_firewalls_know_only_clusters_that_exist(api, refused):
    cluster = create(api)["id"]
    rule = {"protocol": "tcp", "ports": "22", "sources": {"kubernetes_ids": [cluster], "addresses": ["10.0.0.0/8"]}}
    status, made = api("POST", "/v2/firewalls", {"name": "wall", "inbound_rules": [rule]})
    assert status == 202, made
    assert api("DELETE", f"/v2/kubernetes/clusters/{cluster}")[0] == 204
    (left,) = api.get(f"/v2/firewalls/{made['firewall']['id']}")["firewall"]["inbound_rules"]
    assert left["sources"] == {"addresses": ["10.0.0.0/8"]}
    text = f"Kubernetes cluster {cluster} not found."
    refused(api("POST", "/v2/firewalls", {"name": "other", "inbound_rules": [rule]}), 422, text)
