"""Sinks of logs and their destinations, and metrics of what is not a droplet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    cluster = "do:kubernetes:f453aa14-646e-4cf8-8c62-75a19fb24ec2"
    sent = {"destination_uuid": made["id"], "resources": [{"urn": cluster, "name": "prod"}]}
    walk.must("POST", path, sent)
    (sink,) = walk.get(path, resource_id=cluster)["sinks"]
    assert sink["destination"] == shown
    assert walk.get(f"{path}/{sink['urn'].rpartition(':')[2]}")["sink"] == sink
    assert walk.get(path, resource_id="do:droplet:1")["sinks"] == []
    walk.refused(404, "POST", path, {**sent, "destination_uuid": "none"})
    walk.refused(422, "POST", path, {**sent, "resources": []})
    walk.refused(422, "POST", path, {**sent, "resources": [{"urn": "do:droplet:1"}]})
    walk.must("POST", path, sent)
    walk.must("DELETE", f"{path}/{sink['urn'].rpartition(':')[2]}")
    walk.refused(404, "GET", f"{path}/{sink['urn'].rpartition(':')[2]}")
    walk.must("DELETE", one)
    walk.refused(404, "GET", one)
    assert walk.get(path)["sinks"] == []


STEPS = (walk_sinks,)
