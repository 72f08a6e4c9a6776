"""Sinks of logs and their destinations, and metrics of what is not a droplet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import match, operation
from tests.contract.steps.autoscaling import POOLS
from tests.contract.steps.kubernetes import CLUSTERS, NEW
from tests.contract.steps.storage import new_droplet

if TYPE_CHECKING:
    from tests.contract.walk import Walk


def walk_sinks(walk: Walk) -> None:
    path = "/v2/monitoring/sinks"
    config: dict[str, Any] = {
        "endpoint": "logs.example.com",
        "credentials": {"username": "doadmin", "password": "secret"},
        "index_name": "logs",
    }
    new = {"name": "external", "type": "opensearch_ext", "config": config}
    made = walk.must("POST", f"{path}/destinations", new)["destination"]
    assert made["config"].pop("id")
    assert made["config"] == {"endpoint": "logs.example.com", "index_name": "logs", "retention_days": 14}
    for wrong in (
        {"type": "pigeon"},
        {"config": {}},
        {"config": {**config, "credentials": {}}},
        {"config": {"endpoint": "logs.example.com"}},
        {"config": {**config, "retention_days": 0}},
    ):
        walk.refused(422, "POST", f"{path}/destinations", {**new, **wrong})
    one = f"{path}/destinations/{made['id']}"
    walk.must("POST", one, {**new, "name": "renamed", "config": {**config, "retention_days": 30}})
    shown = walk.get(one)["destination"]
    assert (shown["name"], shown["config"]["retention_days"]) == ("renamed", 30)
    assert walk.get(f"{path}/destinations")["destinations"] == [shown]
    kubernetes = walk.must("POST", CLUSTERS, NEW | {"name": "logging"})["kubernetes_cluster"]["id"]
    cluster = f"do:kubernetes:{kubernetes}"
    sent = {"destination_uuid": made["id"], "resources": [{"urn": cluster, "name": "prod"}]}
    walk.must("POST", path, sent)
    (sink,) = walk.get(path, resource_id=cluster)["sinks"]
    assert sink["destination"] == shown
    assert walk.get(f"{path}/{sink['urn'].rpartition(':')[2]}")["sink"] == sink
    assert walk.get(path, resource_id="do:droplet:1")["sinks"] == []
    walk.refused(404, "POST", path, {**sent, "destination_uuid": "none"})
    walk.refused(404, "POST", path, {**sent, "resources": [{"urn": "do:kubernetes:none"}]})
    walk.refused(422, "POST", path, {**sent, "resources": []})
    walk.refused(422, "POST", path, {**sent, "resources": [{"urn": "do:droplet:1"}]})
    walk.must("POST", path, sent)
    walk.must("DELETE", f"{path}/{sink['urn'].rpartition(':')[2]}")
    walk.refused(404, "GET", f"{path}/{sink['urn'].rpartition(':')[2]}")
    walk.later()
    walk.must("DELETE", f"{CLUSTERS}/{kubernetes}")
    walk.later()
    assert [each["resources"] for each in walk.get(path)["sinks"]] == [[]]
    walk.must("DELETE", one)
    walk.refused(404, "GET", one)
    assert walk.get(path)["sinks"] == []
    walk_managed_destination(walk, f"{path}/destinations")


def walk_managed_destination(walk: Walk, path: str) -> None:
    new = {"name": "logs", "engine": "opensearch", "num_nodes": 1, "size": "db-s-2vcpu-4gb", "region": "nyc3"}
    logs = walk.must("POST", "/v2/databases", new)["database"]["id"]
    other = walk.must("POST", "/v2/databases", new | {"name": "no-logs", "engine": "pg"})["database"]["id"]
    config = {"endpoint": "logs.example.com", "cluster_uuid": logs}
    managed = {"type": "opensearch_dbaas", "config": config}
    made = walk.must("POST", path, managed)["destination"]
    assert made["config"]["cluster_uuid"] == logs
    walk.refused(404, "POST", path, {**managed, "config": {**config, "cluster_uuid": "none"}})
    walk.refused(422, "POST", path, {**managed, "config": {**config, "cluster_uuid": other}})
    for id_ in (logs, other):
        walk.must("DELETE", f"/v2/databases/{id_}")
    walk.refused(404, "GET", f"{path}/{made['id']}")


def metrics_of(walk: Walk, parameter: str) -> list[str]:
    """Return the names of the metrics with this parameter."""
    rows = [operation(row["operation"]) for row in walk.sandbox.coverage()["operations"] if row["simulated"]]
    return [
        one.path
        for one in rows
        if "/monitoring/metrics/" in one.path and any(each.name == parameter for each in one.query_parameters)
    ]


def measure(walk: Walk, parameter: str, id_: str, **query: str) -> dict[str, Any]:
    """Return the last readings of all metrics of something, by the last part of their paths."""
    end = int(walk.sandbox._dispatcher.world.now())
    found = {}
    for path in metrics_of(walk, parameter):
        walk.refused(400, "GET", path)
        walk.refused(404, "GET", path, start="1", end="2", **{parameter: "none"}, **choices(path, query))
        answer = walk.get(path, start=str(end - 7200), end=str(end), **{parameter: id_}, **choices(path, query))
        found[path.rpartition("/")[2]] = [
            (one["metric"], one["values"][-1][1] if one["values"] else None) for one in answer["data"]["result"]
        ]
        walk.get(path, start="1", end="2", **{parameter: id_}, **choices(path, query))
    return found


def choices(path: str, query: dict[str, str]) -> dict[str, str]:
    known, _ = match("GET", path) or (None, None)
    assert known is not None
    return {
        one.name: query.get(one.name) or (one.enum[0] if one.enum else "1")
        for one in known.query_parameters
        if one.name in query or one.enum or one.name == "schema"
    }


def walk_load_balancer_metrics(walk: Walk) -> None:
    droplets = [new_droplet(walk) for _ in range(2)]
    region = walk.get(f"/v2/droplets/{droplets[0]}")["droplet"]["region"]["slug"]
    rules = [
        {"entry_protocol": "http", "entry_port": 80, "target_protocol": "http", "target_port": 80},
        {
            "entry_protocol": "https",
            "entry_port": 443,
            "target_protocol": "https",
            "target_port": 443,
            "tls_passthrough": True,
        },
        {"entry_protocol": "tcp", "entry_port": 22, "target_protocol": "tcp", "target_port": 22},
    ]
    new = {"name": "measured", "region": region, "forwarding_rules": rules, "droplet_ids": droplets}
    path = "/v2/load_balancers"
    made = walk.must("POST", path, new)["load_balancer"]["id"]
    assert not any(measure(walk, "lb_id", made).values())
    walk.later()
    walk.action(droplets[0], "power_off")
    walk.later()
    found = measure(walk, "lb_id", made)
    assert {name for name, series in found.items() if not series} == {
        "frontend_network_throughput_udp",
        *(name for name in found if "nlb" in name or "firewall" in name),
    }
    assert [value for _, value in found["droplets_health_checks"]] == ["0", "1"]
    assert [value for _, value in found["droplets_downtime"]] == ["1", "0"]
    assert len(found["droplets_connections"]) == 1
    assert {labels["code"] for labels, _ in found["frontend_http_responses"]} == {"1xx", "2xx", "3xx", "4xx", "5xx"}
    assert found["frontend_connections_limit"] == [({"lb_id": made}, "10000")]
    network = {**new, "name": "network", "type": "REGIONAL_NETWORK", "forwarding_rules": rules[2:]}
    other = walk.must("POST", path, network)["load_balancer"]["id"]
    walk.later()
    shown = {name for name, series in measure(walk, "lb_id", other).items() if series}
    assert {"frontend_nlb_tcp_network_throughput", "frontend_firewall_dropped_bytes"} < shown
    assert "frontend_http_requests_per_second" not in shown
    for id_ in (made, other):
        walk.must("DELETE", f"{path}/{id_}")


def walk_app_metrics(walk: Walk) -> None:
    source = {"git": {"repo_clone_url": "https://example.com/shop.git", "branch": "main"}}
    spec = {
        "name": "measured",
        "services": [{"name": "web", **source, "instance_count": 2, "instance_size_slug": "apps-s-1vcpu-1gb"}],
        "workers": [{"name": "mail", **source}],
    }
    app = walk.must("POST", "/v2/apps", {"spec": spec})["app"]["id"]
    assert not any(measure(walk, "app_id", app).values())
    walk.later()
    found = measure(walk, "app_id", app)
    assert [labels["app_component_instance"] for labels, _ in found["cpu_percentage"]] == ["web-0", "web-1", "mail-0"]
    assert len(measure(walk, "app_id", app, app_component="mail")["memory_percentage"]) == 1
    walk.must("DELETE", f"/v2/apps/{app}")


def walk_database_metrics(walk: Walk) -> None:
    path = "/v2/databases"
    new = {"name": "measured", "engine": "mysql", "num_nodes": 1, "size": "db-s-2vcpu-4gb", "region": "nyc3"}
    cluster, other = (
        walk.must("POST", path, {**new, **change})["database"]["id"] for change in ({}, {"name": "pg", "engine": "pg"})
    )
    assert not any(measure(walk, "db_id", cluster).values())
    walk.later()
    for query in ({"aggregate": "max", "schema": "defaultdb"}, {"aggregate": "avg", "schema": "none"}):
        found = measure(walk, "db_id", cluster, **query)
        assert {name for name, series in found.items() if not series} == (
            {"schema_throughput", "schema_latency"} if query["schema"] == "none" else set()
        )
    usage = {"start": "1", "end": "2", "aggregate": "avg"}
    place = "/v2/monitoring/metrics/database/mysql/cpu_usage"
    walk.refused(400, "GET", place, **usage | {"db_id": cluster, "aggregate": "sum"})
    walk.refused(400, "GET", place, **usage, db_id=other)
    for id_ in (cluster, other):
        walk.must("DELETE", f"{path}/{id_}")


def walk_pool_metrics(walk: Walk) -> None:
    template = {
        "region": "nyc3",
        "size": "s-1vcpu-1gb",
        "image": "ubuntu-24-04-x64",
        "ssh_keys": [walk.get("/v2/account/keys")["ssh_keys"][0]["fingerprint"]],
    }
    config = {"min_instances": 2, "max_instances": 3, "target_cpu_utilization": 0.6}
    new = {"name": "measured", "config": config, "droplet_template": template}
    made = walk.must("POST", POOLS, new)["autoscale_pool"]["id"]
    walk.later()
    found = {name: series[0][1] for name, series in measure(walk, "autoscale_pool_id", made).items() if series}
    shown = walk.get(f"{POOLS}/{made}")["autoscale_pool"]
    assert found["current_instances"] == found["target_instances"] == str(shown["active_resources_count"])
    assert found["target_cpu_utilization"] == "0.6000"
    assert abs(float(found["current_cpu_utilization"]) - shown["current_utilization"]["cpu"]) < 0.05
    assert "target_memory_utilization" not in found
    assert walk.ask("DELETE", f"{POOLS}/{made}/dangerous", sending={"x-dangerous": "true"})[0] == 202
    walk.later()


STEPS = (walk_sinks, walk_load_balancer_metrics, walk_app_metrics, walk_database_metrics, walk_pool_metrics)
