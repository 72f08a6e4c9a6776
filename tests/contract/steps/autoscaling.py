"""Autoscale pools of droplets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contract.walk import Walk

POOLS = "/v2/droplets/autoscale"


def walk_autoscale_pools(walk: Walk) -> None:
    key = walk.get("/v2/account/keys")["ssh_keys"][0]["fingerprint"]
    template: dict[str, Any] = {
        "region": "nyc3",
        "size": "s-1vcpu-1gb",
        "image": "ubuntu-24-04-x64",
        "ssh_keys": [key],
        "name": "walking-web",
        "tags": ["walk-pool"],
    }
    dynamic = {"min_instances": 1, "max_instances": 4, "target_cpu_utilization": 0.05}
    new = {"name": "walk-1", "config": {"target_number_instances": 3}, "droplet_template": template}
    for odd in (
        {"config": {}},
        {"config": {"min_instances": 1}},
        {"config": {"min_instances": 3, "max_instances": 2, "target_cpu_utilization": 0.5}},
        {"config": {"min_instances": 1, "max_instances": 2}},
        {"config": dynamic | {"target_number_instances": 1}},
        {"config": dynamic | {"cooldown_minutes": 1}},
        {"config": {"target_number_instances": 1000}},
        {"droplet_template": template | {"ssh_keys": []}},
        {"droplet_template": template | {"ssh_keys": ["none"]}},
        {"droplet_template": template | {"size": "tiny"}},
        {"droplet_template": template | {"vpc_uuid": "none"}},
        {"droplet_template": template | {"project_id": "none"}},
    ):
        walk.refused(422, "POST", POOLS, new | odd)
    fixed = walk.must("POST", POOLS, new)["autoscale_pool"]
    pool = walk.must("POST", POOLS, new | {"name": "walk-2", "config": dynamic})["autoscale_pool"]
    path = f"{POOLS}/{fixed['id']}"
    assert {one["status"] for one in walk.get(f"{path}/members")["droplets"]} == {"provisioning"}
    walk.later()
    for query in ({}, {"name": "walk-1"}):
        for _ in walk.pages(POOLS, **query):
            pass
    assert walk.get(path)["autoscale_pool"]["active_resources_count"] == 3
    for listed in ("members", "history"):
        for _ in walk.pages(f"{path}/{listed}"):
            pass
    (event,) = walk.get(f"{path}/history")["history"]
    assert (event["reason"], event["desired_instance_count"], event["status"]) == ("CONFIGURATION_CHANGE", 3, "success")
    # The load is above a twentieth of the CPU at all times, so the other pool has grown.
    grown = walk.get(f"{POOLS}/{pool['id']}/history")["history"]
    assert grown[-1]["reason"] == "SCALE_UP"

    members = [one["droplet_id"] for one in walk.get(f"{path}/members")["droplets"]]
    walk.must("DELETE", f"/v2/droplets/{members[0]}")
    walk.later()
    left = [one["droplet_id"] for one in walk.get(f"{path}/members")["droplets"]]
    assert (len(left), left[:2]) == (3, members[1:])
    change = {"name": "walk-1", "config": {"target_number_instances": 1}, "droplet_template": template}
    walk.refused(422, "PUT", path, change | {"name": "run-1"})
    walk.must("PUT", path, change)
    assert [one["status"] for one in walk.get(f"{path}/members")["droplets"]] == ["active", "deleting", "deleting"]
    walk.later()
    assert [one["droplet_id"] for one in walk.get(f"{path}/members")["droplets"]] == left[:1]
    walk.must("PUT", path, change | {"droplet_template": template | {"size": "s-2vcpu-4gb"}})
    assert len(walk.get(f"{path}/members")["droplets"]) == 2
    walk.later()
    (member,) = walk.get(f"{path}/members")["droplets"]
    assert walk.get(f"/v2/droplets/{member['droplet_id']}")["droplet"]["size_slug"] == "s-2vcpu-4gb"

    walk.must("DELETE", path)
    assert walk.get(path)["autoscale_pool"]["status"] == "deleting"
    walk.later()
    walk.refused(404, "GET", path)
    walk.get(f"/v2/droplets/{member['droplet_id']}")
    path = f"{POOLS}/{pool['id']}"
    walk.refused(400, "DELETE", f"{path}/dangerous")
    status, _ = walk.ask("DELETE", f"{path}/dangerous", sending={"x-dangerous": "true"})
    assert status == 202
    walk.later()
    walk.refused(404, "GET", path)
    assert [one["id"] for one in walk.get("/v2/droplets", tag_name="walk-pool")["droplets"]] == [member["droplet_id"]]
    walk.must("DELETE", f"/v2/droplets/{member['droplet_id']}")
    walk.later()


STEPS = (walk_autoscale_pools,)
