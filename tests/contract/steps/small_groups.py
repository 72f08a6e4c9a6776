"""Functions, add-ons and organizations."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.contract.walk import Walk


def walk_functions(walk: Walk) -> None:
    path = "/v2/functions/namespaces"
    namespace = walk.must("POST", path, {"region": "nyc1", "label": "walkers"})["namespace"]
    own = f"{path}/{namespace['namespace']}"
    assert walk.get(own)["namespace"] == namespace
    assert walk.get(path)["namespaces"] == [namespace]
    walk.refused(422, "POST", path, {"region": "mars1", "label": "far"})
    walk.refused(422, "POST", path, {"region": "nyc1"})
    triggers = f"{own}/triggers"
    hourly = {"cron": "0 * * * *", "body": {"name": "Welcome"}}
    new = {
        "name": "hourly",
        "function": "hello",
        "type": "SCHEDULED",
        "is_enabled": True,
        "scheduled_details": hourly,
    }
    trigger = walk.must("POST", triggers, new)["trigger"]
    assert {name: trigger[name] for name in new} == new
    assert trigger["scheduled_runs"]["last_run_at"] is None
    following = trigger["scheduled_runs"]["next_run_at"]
    walk.later()
    runs = walk.get(f"{triggers}/hourly")["trigger"]["scheduled_runs"]
    assert runs["last_run_at"] == following < runs["next_run_at"]
    walk.refused(409, "POST", triggers, new)
    walk.refused(400, "POST", triggers, {**new, "name": "never", "scheduled_details": {"cron": "60 * * * *"}})
    walk.refused(422, "POST", triggers, {**new, "name": "odd", "type": "WEBHOOK"})
    walk.refused(422, "POST", triggers, {**new, "name": "odd", "scheduled_details": {}})
    stopped = walk.must("PUT", f"{triggers}/hourly", {"is_enabled": False})["trigger"]
    assert stopped["scheduled_runs"] == {"last_run_at": None, "next_run_at": None}
    assert walk.get(triggers)["triggers"] == [stopped]
    walk.must("DELETE", f"{triggers}/hourly")
    walk.refused(404, "GET", f"{triggers}/hourly")
    keys = f"{own}/keys"
    key = walk.must("POST", keys, {"name": "reader", "expires_in": "7d"})["access_key"]
    assert key.pop("secret").startswith("fn_secret_")
    assert walk.get(keys) == {"access_keys": [key], "count": 1}
    assert walk.must("POST", keys, {"name": "forever"})["access_key"]["expires_at"] is None
    walk.refused(409, "POST", keys, {"name": "reader"})
    walk.refused(422, "POST", keys, {"name": "short", "expires_in": "0h"})
    assert walk.must("PUT", f"{keys}/{key['id']}", {"name": "writer"})["access_key"]["name"] == "writer"
    assert walk.must("DELETE", f"{keys}/{key['id']}") == {}
    walk.refused(404, "DELETE", f"{keys}/{key['id']}")
    walk.must("DELETE", own)
    walk.refused(404, "GET", keys)


def walk_addons(walk: Walk) -> None:
    path = "/v2/add-ons/saas"
    apps = walk.get("/v2/add-ons/apps")["apps"]
    slug, plans = apps[0]["app_slug"], [plan["slug"] for plan in apps[0]["plans"]]
    (wanted,) = walk.get(f"/v2/add-ons/apps/{slug}/metadata")["metadata"]
    metadata = [{"name": wanted["name"], "value": wanted["options"][0]}]
    new = {"app_slug": slug, "plan_slug": plans[0], "name": "logs", "metadata": metadata}
    made = walk.must("POST", path, new)["resource"]
    assert (made["state"], made["plan_price_per_month"]) == ("pending", 0)
    own = f"{path}/{made['uuid']}"
    walk.refused(422, "PATCH", f"{own}/plan", {"plan_slug": plans[1]})
    walk.later()
    assert walk.get(own)["resource"]["state"] == "provisioned"
    assert walk.must("PATCH", f"{own}/plan", {"plan_slug": plans[1]})["resource"]["plan_price_per_month"] == 25
    renamed = walk.must("PATCH", own, {"name": "all-logs"})["resource"]
    assert walk.get(path)["resources"] == [renamed]
    walk.refused(409, "POST", path, {**new, "name": "all-logs"})
    for wrong in ({"app_slug": "none"}, {"plan_slug": "none"}, {"metadata": []}, {"linked_droplet_id": 1}):
        walk.refused(422, "POST", path, {**new, **wrong})
    walk.must("DELETE", own)
    walk.refused(404, "GET", own)


def walk_organizations(walk: Walk) -> None:
    invited = [{"email": f"member-{number}@example.com", "role": "member"} for number in range(51)]
    made = walk.must("POST", "/v2/organizations/team", {"name": "harbour", "invitations": invited})
    statuses = [one["status"] for one in made["invitations"].values()]
    assert statuses == ["ok"] * 50 + ["daily_invite_limit_reached"]
    teams = walk.get("/v2/organizations/teams")["teams"]
    assert [one["uuid"] for one in teams][1:] == [made["team"]["uuid"]]
    walk.refused(409, "POST", "/v2/organizations/team", {"name": "harbour"})
    walk.refused(
        422, "POST", "/v2/organizations/team", {"name": "x", "invitations": [{"email": "a@b", "role": "owner"}]}
    )


STEPS = (walk_functions, walk_addons, walk_organizations)
