"""Apps: specs, deployments, rollbacks, and what runs of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contract.walk import Walk

SOURCE = {"git": {"repo_clone_url": "https://example.com/shop.git", "branch": "main"}}
WEB = {"name": "web", **SOURCE, "instance_size_slug": "apps-d-1vcpu-1gb", "http_port": 8080, "routes": [{"path": "/"}]}
SPEC: dict[str, Any] = {
    "name": "stand",
    "region": "fra",
    "services": [WEB | {"autoscaling": {"min_instance_count": 1, "max_instance_count": 9}}],
    "workers": [{"name": "queue", "image": {"registry_type": "DOCKER_HUB", "repository": "shop/queue"}}],
    "jobs": [{"name": "migrate", **SOURCE, "kind": "PRE_DEPLOY"}],
    "functions": [{"name": "hooks", **SOURCE, "alerts": [{"rule": "DEPLOYMENT_FAILED"}]}],
    "domains": [{"domain": "shop.example.com", "type": "PRIMARY"}],
    "egress": {"type": "DEDICATED_IP"},
}
BROKEN = {"name": "stand", "services": [WEB | {"build_command": "exit 1"}]}


def walk_apps(walk: Walk) -> None:
    for body in (
        {},
        {"name": "no-component"},
        {"name": "X", "services": [WEB]},
        {"name": "stand", "services": [{"name": "web"}]},
        {"name": "stand", "services": [WEB, WEB]},
        {"name": "stand", "services": [WEB, {**WEB, "name": "same-route"}]},
        {"name": "stand", "services": [{**WEB, "internal_ports": [7070], "health_check": {"port": 9090}}]},
        {"name": "stand", "services": [{**WEB, "instance_size_slug": "huge"}]},
        {"name": "stand", "databases": [{"name": "db", "cluster_name": "none"}]},
        {"name": "stand", "services": [WEB], "vpc": {"id": "none"}},
        {"name": "stand", "services": [WEB], "ingress": {"rules": [{"component": {"name": "none"}}]}},
    ):
        walk.refused(400, "POST", "/v2/apps", {"spec": body})
        walk.refused(400, "POST", "/v2/apps/propose", {"spec": body})
    walk.refused(422, "POST", "/v2/apps", {"spec": SPEC, "project_id": "none"})
    proposed = walk.must("POST", "/v2/apps/propose", {"spec": SPEC})
    assert (proposed["app_name_available"], proposed["app_cost"]) == (True, 34 + 5 + 25)
    app = walk.must("POST", "/v2/apps", {"spec": SPEC})["app"]
    assert app["spec"] == proposed["spec"]
    path = f"/v2/apps/{app['id']}"
    assert (app["pending_deployment"]["phase"], "active_deployment" in app) == ("PENDING_BUILD", False)
    walk.refused(404, "GET", f"{path}/logs", type="RUN")
    walk.refused(409, "POST", f"{path}/restart", {})
    walk.later()
    app = walk.get(path)["app"]
    assert (app["active_deployment"]["phase"], app["live_domain"]) == ("ACTIVE", "shop.example.com")
    assert walk.get("/v2/apps/stand", name="stand")["app"] == app
    assert walk.must("POST", "/v2/apps/propose", {"spec": SPEC})["app_name_suggestion"] == "stand-2"
    walk.refused(409, "POST", "/v2/apps", {"spec": SPEC})
    for query in ({}, {"with_projects": "true"}):
        for page in walk.pages("/v2/apps", **query):
            assert all(("project_id" in one) == bool(query) for one in page["apps"])
    walk_deployments(walk, path, app)
    walk_running(walk, path, app)
    walk_rollbacks(walk, path, app)
    assert walk.must("DELETE", path) == {"id": app["id"]}
    walk.refused(404, "GET", path)


def walk_deployments(walk: Walk, path: str, app: dict[str, Any]) -> None:
    first = app["active_deployment"]["id"]
    changed = {**SPEC, "workers": [], "services": [WEB]}
    assert walk.must("PUT", path, {"spec": changed})["app"]["spec"]["services"] == [{**WEB, "instance_count": 1}]
    walk.later()
    assert walk.get(f"{path}/deployments/{first}")["deployment"]["phase"] == "SUPERSEDED"
    one = walk.must("POST", f"{path}/deployments", {"force_build": True})["deployment"]
    two = walk.must("POST", f"{path}/deployments", {})["deployment"]
    assert walk.must("POST", f"{path}/deployments/{one['id']}/cancel")["deployment"]["phase"] == "CANCELED"
    walk.refused(422, "POST", f"{path}/deployments/{one['id']}/cancel")
    walk.later()
    assert walk.get(path)["app"]["active_deployment"]["id"] == two["id"]
    walk.must("PUT", path, {"spec": BROKEN})
    walk.later()
    failed = walk.get(f"{path}/deployments")["deployments"][0]
    assert (failed["phase"], failed["progress"]["error_steps"]) == ("ERROR", 1)
    walk.must("PUT", path, {"spec": SPEC})
    walk.later()
    walk.must("POST", f"{path}/restart", {"components": ["web"]})
    walk.refused(400, "POST", f"{path}/restart", {"components": ["none"]})
    walk.later()
    for page in walk.pages(f"{path}/deployments", deployment_types="MANUAL"):
        assert page["meta"]["total"] == 7
    assert walk.get(f"{path}/deployments", deployment_types="AUTOSCALED")["deployments"] == []


def walk_running(walk: Walk, path: str, app: dict[str, Any]) -> None:
    deployment = walk.get(path)["app"]["active_deployment"]["id"]
    instances = walk.get(f"{path}/instances")["instances"]
    assert {one["component_name"] for one in instances} == {"web", "queue"}
    for place in ("", f"/deployments/{deployment}"):
        for part in ("/logs", "/components/web/logs"):
            assert "live_url" in walk.get(f"{path}{place}{part}", type="RUN")
            assert "historic_urls" in walk.get(f"{path}{place}{part}", type="BUILD")
            walk.refused(400, "GET", f"{path}{place}{part}", type="NONE")
        console = f"{path}{place}/components/web/exec"
        assert walk.get(console, instance_name=instances[0]["instance_name"])["url"].startswith("wss://")
        walk.refused(404, "GET", console, instance_name="none")
        walk.refused(404, "GET", f"{path}{place}/components/none/exec")
    health = walk.get(f"{path}/health")["app_health"]
    assert [one["name"] for one in health["components"] + health["functions_components"]] == ["web", "queue", "hooks"]
    walk.get(f"{path}/metrics/bandwidth_daily")
    walk.refused(400, "GET", f"{path}/metrics/bandwidth_daily", date="yesterday")
    day = {"date": "2026-11-20T09:00:00Z"}
    assert walk.get(f"{path}/metrics/bandwidth_daily", **day)["app_bandwidth_usage"][0]["bandwidth_bytes"] == "0"
    assert walk.must("POST", "/v2/apps/metrics/bandwidth_daily", {"app_ids": [app["id"]], **day})["date"] == (
        "2026-11-20T00:00:00Z"
    )
    walk.refused(404, "POST", "/v2/apps/metrics/bandwidth_daily", {"app_ids": ["none"]})
    walk_events(walk, path)
    alerts = walk.get(f"{path}/alerts")["alerts"]
    assert [(one["component_name"], one["spec"]["rule"]) for one in alerts] == [("hooks", "DEPLOYMENT_FAILED")]
    place = f"{path}/alerts/{alerts[0]['id']}/destinations"
    hooks = [{"url": "https://hooks.slack.com/services/T0/B0/x", "channel": "ops"}]
    body = {"emails": alerts[0]["emails"], "slack_webhooks": hooks}
    assert walk.must("POST", place, body)["alert"]["slack_webhooks"] == hooks
    walk.refused(422, "POST", place, {"slack_webhooks": [{}]})
    assert walk.get("/v2/apps/tiers/instance_sizes/apps-s-1vcpu-1gb")["instance_size"]["usd_per_month"] == "12.00"
    assert len(walk.get("/v2/apps/tiers/instance_sizes")["instance_sizes"]) == 14
    assert {"fra", "nyc"} < {one["slug"] for one in walk.get("/v2/apps/regions")["regions"]}


def walk_events(walk: Walk, path: str) -> None:
    walk.clock.advance(6 * 3600 - walk.sandbox.now.timestamp() % 3600)
    for page in walk.pages(f"{path}/events"):
        assert page["events"]
    scaled = walk.get(f"{path}/events", event_types="AUTOSCALING")["events"]
    event = scaled[0]
    assert event["autoscaling"]["phase"] == "IN_PROGRESS"
    assert walk.get(f"{path}/events/{event['id']}")["event"] == event
    assert "live_url" in walk.get(f"{path}/events/{event['id']}/logs", type="AUTOSCALE_EVENT")
    canceled = walk.must("POST", f"{path}/events/{event['id']}/cancel")["event"]
    assert canceled["autoscaling"]["phase"] == "CANCELED"
    walk.refused(422, "POST", f"{path}/events/{event['id']}/cancel")
    walk.must("POST", f"{path}/deployments", {})
    newest = {"phase": ""}
    while newest["phase"] != "RUNNING":
        walk.clock.advance(0.5)
        newest = walk.get(f"{path}/job-invocations")["job_invocations"][0]
    for page in walk.pages(f"{path}/job-invocations", job_names="migrate"):
        assert {one["job_name"] for one in page["job_invocations"]} == {"migrate"}
    place = f"{path}/job-invocations/{newest['id']}"
    assert walk.get(place, job_name="migrate")["job_invocation"] == newest
    logs = f"{path}/jobs/migrate/invocations/{newest['id']}/logs"
    assert "live_url" in walk.get(logs, type="JOB_INVOCATION")
    assert walk.must("POST", f"{place}/cancel")["job_invocation"]["phase"] == "CANCELED"
    walk.refused(422, "POST", f"{place}/cancel")
    walk.refused(404, "GET", f"{path}/job-invocations/none")
    walk.later()


def walk_rollbacks(walk: Walk, path: str, app: dict[str, Any]) -> None:
    deployments = {one["phase"]: one["id"] for one in walk.get(f"{path}/deployments")["deployments"]}
    for phase, code in (("CANCELED", "incompatible_result"), ("ACTIVE", "incompatible_phase")):
        body = {"deployment_id": deployments[phase]}
        assert walk.must("POST", f"{path}/rollback/validate", body)["error"]["code"] == code
        walk.refused(400, "POST", f"{path}/rollback", body)
    target = {"deployment_id": app["active_deployment"]["id"]}
    valid = walk.must("POST", f"{path}/rollback/validate", target)
    assert (valid["valid"], [one["code"] for one in valid["warnings"]]) == (True, ["image_source_missing_digest"])
    walk.refused(409, "POST", f"{path}/rollback/commit")
    made = walk.must("POST", f"{path}/rollback", target)["deployment"]
    assert walk.get(path)["app"]["pinned_deployment"]["id"] == made["id"]
    walk.refused(409, "POST", f"{path}/deployments", {})
    walk.refused(409, "POST", f"{path}/rollback", target)
    walk.later()
    walk.must("POST", f"{path}/rollback/revert")
    assert "pinned_deployment" not in walk.get(path)["app"]
    walk.later()
    walk.must("POST", f"{path}/rollback", target)
    walk.must("POST", f"{path}/rollback/commit")
    assert walk.get(path)["app"]["spec"] == app["spec"]
    walk.later()
    walk.refused(404, "POST", f"{path}/rollback", {"deployment_id": "none"})
    walk.refused(400, "POST", f"{path}/rollback", {})


STEPS = (walk_apps,)
