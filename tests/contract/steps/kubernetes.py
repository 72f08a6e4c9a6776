"""Kubernetes clusters with their pools, nodes and tools, and 1-Click applications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contract.walk import Walk

CLUSTERS = "/v2/kubernetes/clusters"
POOL = {"name": "workers", "size": "s-2vcpu-4gb", "count": 2}
NEW: dict[str, Any] = {"name": "walker", "region": "fra1", "version": "1.34", "ha": False, "node_pools": [POOL]}


def walk_options(walk: Walk) -> None:
    options = walk.get("/v2/kubernetes/options")["options"]
    assert [*options] == ["regions", "versions", "sizes"]
    for query, kinds in (({}, {"droplet", "kubernetes"}), ({"type": "kubernetes"}, {"kubernetes"})):
        assert {one["type"] for one in walk.get("/v2/1-clicks", **query)["1_clicks"]} == kinds


def walk_clusters(walk: Walk) -> None:
    for odd in (
        {"region": "mars1"},
        {"version": "1.2"},
        {"node_pools": []},
        {"node_pools": [POOL | {"count": 0}]},
        {"node_pools": [POOL | {"size": "s-1vcpu-1gb"}]},
        {"node_pools": [POOL | {"name": "x" * 56}]},
        {"node_pools": [POOL, POOL]},
        {"node_pools": [POOL | {"auto_scale": True, "min_nodes": 3, "max_nodes": 2}]},
        {"node_pools": [POOL | {"taints": [{"key": "a", "effect": "Never"}]}]},
        {"node_pools": [POOL | {"count": 10_000}]},
        {"vpc_uuid": "5a4981aa-9653-4bd1-bef5-d6bff52042e4"},
        {"cluster_subnet": "10.245.0.0/20"},
        {"service_subnet": "everywhere"},
        {"maintenance_policy": {"day": "someday", "start_time": "00:00"}},
        {"isolated_workers": True},
        {"sso": {"enabled": True}},
        {"tags": ["no spaces"]},
    ):
        walk.refused(422, "POST", CLUSTERS, NEW | odd)
    made = walk.must("POST", CLUSTERS, NEW | {"tags": ["walk"]})["kubernetes_cluster"]
    path = f"{CLUSTERS}/{made['id']}"
    assert (made["status"]["state"], made["endpoint"], made["version"]) == ("provisioning", "", "1.34.5-do.3")
    walk.refused(422, "POST", CLUSTERS, NEW)
    walk.refused(412, "GET", f"{path}/kubeconfig")
    walk.refused(412, "GET", f"{path}/credentials")
    walk.refused(422, "POST", f"{path}/upgrade", {"version": "1.35.6-do.0"})
    walk.later()
    cluster = walk.get(path)["kubernetes_cluster"]
    assert cluster["status"] == {"state": "running"}
    (pool,) = cluster["node_pools"]
    assert {node["status"]["state"] for node in pool["nodes"]} == {"running"}
    for node in pool["nodes"]:
        droplet = walk.get(f"/v2/droplets/{node['droplet_id']}")["droplet"]
        assert droplet["name"] == node["name"]
        assert {"k8s", "k8s:worker", f"k8s:{made['id']}", "walk"} <= {*droplet["tags"]}
    walk.must("POST", CLUSTERS, NEW | {"name": "runner", "version": "latest", "ha": True})
    for _ in walk.pages(CLUSTERS):
        pass
    walk_tools(walk, path)
    walk_pools(walk, path, pool["id"])
    walk_upgrade(walk, path)
    change = {"name": "stroller", "tags": ["slow"], "auto_upgrade": True, "ha": True}
    changed = walk.must("PUT", path, change)["kubernetes_cluster"]
    assert {*changed["tags"]} == {"k8s", f"k8s:{made['id']}", "slow"}
    assert walk.get(path)["kubernetes_cluster"]["name"] == "stroller"
    walk.refused(422, "PUT", path, {"name": "runner"})
    walk.refused(422, "PUT", path, {"name": "stroller", "ha": False})
    walk_deletion(walk, made["id"])


def walk_pools(walk: Walk, path: str, first: str) -> None:
    pools = f"{path}/node_pools"
    walk.refused(422, "POST", pools, POOL)
    walk.refused(422, "DELETE", f"{pools}/{first}")
    scaled = {"name": "web", "size": "s-2vcpu-4gb", "count": 1, "auto_scale": True, "min_nodes": 2, "max_nodes": 4}
    more = {
        "labels": {"role": "web"},
        "tags": ["front"],
        "taints": [{"key": "a", "value": "b", "effect": "NoSchedule"}],
    }
    made = walk.must("POST", pools, scaled | more)["node_pool"]
    assert (made["count"], len(made["nodes"])) == (2, 2)
    walk.later()
    walk.get(pools)
    own = f"{pools}/{made['id']}"
    resized = walk.must("PUT", own, {"name": "web", "count": 3, "auto_scale": False})["node_pool"]
    assert (resized["count"], resized["min_nodes"], len(resized["nodes"])) == (3, 0, 3)
    walk.later()
    nodes = walk.get(own)["node_pool"]["nodes"]
    walk.must("DELETE", f"{own}/nodes/{nodes[0]['id']}")
    walk.must("DELETE", f"{own}/nodes/{nodes[1]['id']}", skip_drain=1, replace=1)
    assert [node["status"]["state"] for node in walk.get(own)["node_pool"]["nodes"]][:2] == ["draining", "deleting"]
    walk.later()
    left = walk.get(own)["node_pool"]
    assert (left["count"], len(left["nodes"]), left["nodes"][0]["id"]) == (2, 2, nodes[2]["id"])
    walk.must("POST", f"{own}/recycle", {"nodes": [nodes[2]["id"]]})
    walk.refused(404, "POST", f"{own}/recycle", {"nodes": ["none"]})
    walk.later()
    assert nodes[2]["id"] not in [node["id"] for node in walk.get(own)["node_pool"]["nodes"]]
    walk.must("DELETE", own)
    assert walk.get(own)["node_pool"]["nodes"][0]["status"]["state"] == "draining"
    walk.later()
    walk.refused(404, "GET", own)


def walk_tools(walk: Walk, path: str) -> None:
    for query in ({}, {"expiry_seconds": 60}, {"type": "sso"}):
        walk.get(f"{path}/kubeconfig", **query)
    walk.refused(422, "GET", f"{path}/kubeconfig", type="password")
    walk.refused(422, "GET", f"{path}/credentials", expiry_seconds=-1)
    assert path.rpartition("/")[2] in walk.get(f"{path}/credentials")["server"]
    walk.get(f"{path}/user")
    walk.refused(404, "GET", f"{path}/clusterlint")
    run = walk.must("POST", f"{path}/clusterlint", {"include_groups": ["security"], "include_checks": ["bare-pods"]})
    assert walk.get(f"{path}/clusterlint")["diagnostics"] == []
    walk.later()
    found = walk.get(f"{path}/clusterlint", run_id=run["run_id"])
    assert {one["check_name"] for one in found["diagnostics"]} == {"non-root-user", "bare-pods"}
    assert walk.must("POST", f"{path}/clusterlint")["run_id"] != run["run_id"]
    walk.refused(404, "GET", f"{path}/clusterlint", run_id="none")
    messages = walk.get(f"{path}/status_messages")["messages"]
    assert len(messages) == 2
    assert walk.get(f"{path}/status_messages", since=messages[1]["timestamp"])["messages"] == messages[1:]
    walk.refused(422, "GET", f"{path}/status_messages", since="yesterday")
    apps = {"addon_slugs": ["loki"], "cluster_uuid": path.rpartition("/")[2]}
    walk.must("POST", "/v2/1-clicks/kubernetes", apps)
    walk.refused(422, "POST", "/v2/1-clicks/kubernetes", apps | {"addon_slugs": ["freecell"]})
    walk.refused(404, "POST", "/v2/1-clicks/kubernetes", apps | {"cluster_uuid": "none"})
    walk_attached_registries(walk, path)


def walk_attached_registries(walk: Walk, path: str) -> None:
    for one in walk.get("/v2/registries")["registries"]:
        walk.must("DELETE", f"/v2/registries/{one['name']}")
    body = {"cluster_uuids": [path.rpartition("/")[2]]}
    walk.refused(404, "POST", "/v2/kubernetes/registry", body)
    walk.must("POST", "/v2/registries", {"name": "cabin", "subscription_tier_slug": "professional"})
    walk.must("POST", "/v2/kubernetes/registry", body)
    assert walk.get(path)["kubernetes_cluster"]["registry_enabled"] is True
    walk.must("DELETE", "/v2/kubernetes/registry", body)
    walk.must("POST", "/v2/registries", {"name": "hut"})
    both = body | {"registries": ["cabin", "hut"]}
    walk.must("POST", "/v2/kubernetes/registries", both)
    walk.must("DELETE", "/v2/kubernetes/registries", body | {"registries": ["cabin"]})
    cluster = walk.get(path)["kubernetes_cluster"]
    assert (cluster["registry_enabled"], cluster["registries"]) == (True, ["hut"])
    walk.refused(404, "POST", "/v2/kubernetes/registries", both | {"registries": ["none"]})
    walk.refused(404, "POST", "/v2/kubernetes/registries", both | {"cluster_uuids": ["none"]})
    walk.refused(412, "POST", "/v2/kubernetes/registry", body)
    for name in ("cabin", "hut"):
        walk.must("DELETE", f"/v2/registries/{name}")
    assert walk.get(path)["kubernetes_cluster"]["registries"] == []


def walk_upgrade(walk: Walk, path: str) -> None:
    (found,) = walk.get(f"{path}/upgrades")["available_upgrade_versions"]
    before = {node["id"] for pool in walk.get(f"{path}/node_pools")["node_pools"] for node in pool["nodes"]}
    walk.refused(422, "POST", f"{path}/upgrade", {"version": "1.36.1-do.0"})
    walk.must("POST", f"{path}/upgrade", {"version": found["slug"]})
    assert walk.get(path)["kubernetes_cluster"]["status"]["state"] == "upgrading"
    walk.later()
    cluster = walk.get(path)["kubernetes_cluster"]
    assert (cluster["version"], cluster["status"]["state"]) == (found["slug"], "running")
    after = {node["id"] for pool in cluster["node_pools"] for node in pool["nodes"]}
    assert (len(after), after & before) == (len(before), set())
    newest = next(one for one in walk.get(CLUSTERS)["kubernetes_clusters"] if one["name"] == "runner")
    assert walk.get(f"{CLUSTERS}/{newest['id']}/upgrades")["available_upgrade_versions"] is None


def walk_deletion(walk: Walk, cluster_id: str) -> None:
    path = f"{CLUSTERS}/{cluster_id}"
    cluster = walk.get(path)["kubernetes_cluster"]
    droplets = [int(node["droplet_id"]) for pool in cluster["node_pools"] for node in pool["nodes"]]
    members = walk.get(f"/v2/vpcs/{cluster['vpc_uuid']}/members", resource_type="kubernetes")["members"]
    assert f"do:kubernetes:{cluster_id}" in [one["urn"] for one in members]
    tag = f"k8s:{cluster_id}"
    volume = {"name": "pvc-walk", "region": "fra1", "size_gigabytes": 10, "tags": [tag]}
    volumes = [walk.must("POST", "/v2/volumes", volume | {"name": f"pvc-{n}"})["volume"]["id"] for n in range(2)]
    snapshot = walk.must("POST", f"/v2/volumes/{volumes[0]}/snapshots", {"name": "walk"})["snapshot"]["id"]
    rules = [{"entry_protocol": "tcp", "entry_port": 80, "target_protocol": "tcp", "target_port": 80}]
    new = {"name": "ingress", "region": "fra1", "droplet_ids": droplets, "forwarding_rules": rules}
    balancer = walk.must("POST", "/v2/load_balancers", new)["load_balancer"]["id"]
    found = walk.get(f"{path}/destroy_with_associated_resources")
    ids = {kind: [one["id"] for one in things] for kind, things in found.items()}
    assert ids == {"load_balancers": [balancer], "volumes": volumes, "volume_snapshots": [snapshot]}
    delete = f"{path}/destroy_with_associated_resources"
    walk.refused(422, "DELETE", f"{delete}/selective", {"load_balancers": ["none"]})
    walk.must("DELETE", f"{delete}/selective", {"load_balancers": [balancer], "volumes": volumes[:1]})
    walk.refused(404, "GET", path)
    walk.later()
    for gone in (f"/v2/load_balancers/{balancer}", f"/v2/volumes/{volumes[0]}", f"/v2/droplets/{droplets[0]}"):
        walk.refused(404, "GET", gone)
    walk.get(f"/v2/volumes/{volumes[1]}")
    other = next(one["id"] for one in walk.get(CLUSTERS)["kubernetes_clusters"] if one["name"] == "runner")
    walk.must("DELETE", f"{CLUSTERS}/{other}/destroy_with_associated_resources/dangerous")
    third = walk.must("POST", CLUSTERS, NEW)["kubernetes_cluster"]["id"]
    walk.must("DELETE", f"{CLUSTERS}/{third}")
    walk.refused(404, "DELETE", f"{CLUSTERS}/{third}")
    walk.later()
    assert walk.get("/v2/droplets", tag_name="k8s:worker")["droplets"] == []


STEPS = (walk_options, walk_clusters)
