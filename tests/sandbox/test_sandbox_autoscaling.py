"""Autoscale pools: their rule, and long moves of the clock."""

from __future__ import annotations

import pytest

from poseidon_nb.sandbox.services.autoscaling import wanted_count

DAY_S = 86_400


@pytest.mark.parametrize(
    ("count", "ratios", "wanted"),
    [
        (2, [0.95 / 0.8], 3),  # DigitalOcean's own example
        (3, [0.5], 2),
        (2, [1.0], 2),
        (2, [0.1, 1.6], 4),
        (2, [9.0], 5),
        (5, [0.0], 1),
    ],
)
def test_the_rule_of_pools(count: int, ratios: list[float], wanted: int):
    assert wanted_count(count, ratios, 1, 5) == wanted


def create(api, config, **template):
    key = api.get("/v2/account/keys")["ssh_keys"][0]["id"]
    body = {"region": "nyc3", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "ssh_keys": [key], **template}
    status, made = api("POST", "/v2/droplets/autoscale", {"name": "web", "config": config, "droplet_template": body})
    assert status == 202, made
    return f"/v2/droplets/autoscale/{made['autoscale_pool']['id']}"


def test_a_pool_needs_a_region_of_its_own(api):
    path = create(api, {"target_number_instances": 1})
    pool = api.get(path)["autoscale_pool"]
    for region in ("", "nyc", "mars1"):
        body = {"name": pool["name"], "config": pool["config"]}
        body["droplet_template"] = pool["droplet_template"] | {"region": region}
        assert api("PUT", path, body)[0] == 422, region


def test_a_pool_that_is_being_deleted_is_not_changed(api):
    path = create(api, {"target_number_instances": 1})
    pool = api.get(path)["autoscale_pool"]
    assert api("DELETE", path)[0] == 202
    count = api.get("/v2/droplets")["meta"]["total"]
    body = {name: pool[name] for name in ("name", "droplet_template")} | {"config": {"target_number_instances": 3}}
    status, answer = api("PUT", path, body)
    assert (status, answer["message"]) == (422, "The autoscale pool is deleting, and has to be active for this.")
    assert api.get("/v2/droplets")["meta"]["total"] == count


def test_a_pool_grows_by_day_and_shrinks_at_night(api):
    api.sandbox._dispatcher.world.speed = 1.0
    config = {"min_instances": 1, "max_instances": 6, "target_cpu_utilization": 0.2, "cooldown_minutes": 10}
    path = create(api, config, name="web")
    for _ in range(8):
        api.clock.advance(DAY_S / 4)
        pool = api.get(path)["autoscale_pool"]
        members = api.get(f"{path}/members")["droplets"]
        assert pool["active_resources_count"] == sum(one["status"] == "active" for one in members)
        use = sum(one["current_utilization"]["cpu"] for one in members) / len(members)
        assert pool["current_utilization"]["cpu"] == pytest.approx(use, abs=1e-5)
    history = api.get(f"{path}/history?per_page=200")["history"]
    assert {one["reason"] for one in history} == {"CONFIGURATION_CHANGE", "SCALE_UP", "SCALE_DOWN"}
    counts = [one["desired_instance_count"] for one in history]
    assert (min(counts), max(counts)) == (1, 6)
    # Each event begins where the one before it ended.
    assert [one["current_instance_count"] for one in history] == [0, *counts[:-1]]


def test_a_move_by_years_checks_a_pool_a_limited_number_of_times(api):
    world = api.sandbox._dispatcher.world
    create(api, {"target_number_instances": 2})
    checks: list[float] = []
    check = world.effects["autoscale_pools.check"]
    world.effects = {
        **world.effects,
        "autoscale_pools.check": lambda world, at, id_: (checks.append(at), check(world, at, id_)),
    }
    api.clock.advance(1000 * DAY_S)
    world.advance()
    assert 100 < len(checks) < 200
    assert world.now() - checks[-1] < 600


def test_what_cannot_be_created_is_an_error_of_the_history(api):
    path = create(api, {"target_number_instances": 2})
    api.clock.advance(600)
    world = api.sandbox._dispatcher.world
    world.state.account["droplet_limit"] = len(world.droplets) - 1
    member = api.get(f"{path}/members")["droplets"][0]["droplet_id"]
    assert api("DELETE", f"/v2/droplets/{member}")[0] == 204
    api.clock.advance(600)
    last = api.get(f"{path}/history")["history"][-1]
    assert (last["status"], last["desired_instance_count"]) == ("error", 2)
    assert len(api.get(f"{path}/history")["history"]) == 2
    world.state.account["droplet_limit"] += 10
    api.clock.advance(600)
    assert api.get(f"{path}/history")["history"][-1]["status"] == "success"
    assert api.get(path)["autoscale_pool"]["active_resources_count"] == 2


def test_an_unknown_pool_is_named(api, refused):
    text = "autoscale group with id none not found"
    for path in ("none", "none/members", "none/history"):
        refused(api("GET", f"/v2/droplets/autoscale/{path}"), 404, text)


def test_a_deleted_tag_leaves_the_template(api):
    path = create(api, {"target_number_instances": 1}, tags=["env:staging", "pooled"])
    api.clock.advance(3600)
    before = api.get(f"{path}/members")["droplets"]
    assert api("DELETE", "/v2/tags/env:staging")[0] == 204
    assert api.get(path)["autoscale_pool"]["droplet_template"]["tags"] == ["pooled"]
    api.clock.advance(3600)
    assert [one["droplet_id"] for one in api.get(f"{path}/members")["droplets"]] == [
        one["droplet_id"] for one in before
    ]
