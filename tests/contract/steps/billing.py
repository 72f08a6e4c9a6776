"""Custom images and their actions, metrics, alert policies and billing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contract.walk import Walk

CUSTOM = {"name": "router", "url": "https://example.com/router.qcow2.gz", "region": "fra1", "distribution": "Debian"}
ALERT = {
    "type": "v1/insights/droplet/cpu",
    "description": "too warm",
    "compare": "GreaterThan",
    "value": 80.5,
    "window": "5m",
    "entities": [],
    "tags": ["web"],
    "alerts": {"email": ["ops@example.com"], "slack": [{"url": "https://hooks.example.com/1", "channel": "ops"}]},
    "enabled": True,
}


def walk_custom_images(walk: Walk) -> None:
    made = walk.must("POST", "/v2/images", CUSTOM | {"tags": ["walked"], "description": "by the way"})["image"]
    assert made["status"] == "NEW"
    walk.later()
    assert walk.get(f"/v2/images/{made['id']}")["image"]["status"] == "available"
    bad = walk.must("POST", "/v2/images", CUSTOM | {"url": "https://example.com/index.html"})["image"]
    walk.later()
    assert walk.get(f"/v2/images/{bad['id']}")["image"]["error_message"]
    walk.refused(422, "POST", f"/v2/images/{bad['id']}/actions", {"type": "transfer", "region": "nyc3"})
    for change in ({"url": "ftp://example.com/a.img"}, {"region": "mars1"}, {"name": ""}, {"tags": ["no spaces"]}):
        walk.refused(422, "POST", "/v2/images", CUSTOM | change)
    walk.refused(400, "POST", "/v2/images", b"{")
    walk.must("DELETE", f"/v2/images/{bad['id']}")
    walk_image_actions(walk, made["id"])


def walk_image_actions(walk: Walk, image_id: int) -> None:
    path = f"/v2/images/{image_id}/actions"
    for region in ("nyc3", "sfo3"):
        action = walk.must("POST", path, {"type": "transfer", "region": region})["action"]
        assert (action["resource_type"], action["resource_id"]) == ("image", image_id)
        walk.refused(422, "POST", path, {"type": "transfer", "region": "lon1"})
        walk.refused(422, "DELETE", f"/v2/images/{image_id}")
        walk.later()
        assert walk.get(f"{path}/{action['id']}")["action"] == walk.get(f"/v2/actions/{action['id']}")["action"]
    assert walk.get(f"/v2/images/{image_id}")["image"]["regions"] == ["fra1", "nyc3", "sfo3"]
    for _ in walk.pages(path):
        pass
    for body in ({"type": "transfer", "region": "nyc3"}, {"type": "transfer"}, {"type": "convert"}, {"type": "x"}, {}):
        walk.refused(422, "POST", path, body)
    backup = next(
        one for one in walk.get("/v2/images", private="true", per_page=200)["images"] if one["type"] == "backup"
    )
    walk.must("POST", f"/v2/images/{backup['id']}/actions", {"type": "convert"})
    walk.later()
    assert walk.get(f"/v2/snapshots/{backup['id']}")["snapshot"]["resource_type"] == "droplet"
    walk.refused(404, "GET", f"{path}/1")
    walk.refused(404, "POST", "/v2/images/1/actions", {"type": "convert"})
    public = walk.get("/v2/images/ubuntu-24-04-x64")["image"]["id"]
    walk.refused(403, "POST", f"/v2/images/{public}/actions", {"type": "transfer", "region": "nyc3"})


def walk_alert_policies(walk: Walk) -> None:
    droplet = walk.get("/v2/droplets")["droplets"][0]["id"]
    made = walk.must("POST", "/v2/monitoring/alerts", ALERT | {"entities": [str(droplet)]})["policy"]
    for _ in walk.pages("/v2/monitoring/alerts"):
        pass
    path = f"/v2/monitoring/alerts/{made['uuid']}"
    assert walk.get(path)["policy"] == made
    changed: dict[str, Any] = {**ALERT, "value": 90, "enabled": False}
    assert walk.must("PUT", path, changed)["policy"] == {"uuid": made["uuid"], **changed}
    for change in (
        *({"type": "v1/none"}, {"window": "2m"}, {"compare": "Equals"}, {"entities": ["1"]}, {"entities": ["web-1"]}),
        *({"alerts": {"email": "ops"}}, {"alerts": {"email": [], "slack": [{"url": "x"}]}}, {"tags": ["no spaces"]}),
        *({"value": "eighty"}, {"enabled": None}),
    ):
        walk.refused(422, "POST", "/v2/monitoring/alerts", ALERT | change)
        walk.refused(422, "PUT", path, ALERT | change)
    walk.must("DELETE", path)
    for method, body in (("GET", None), ("PUT", ALERT), ("DELETE", None)):
        walk.refused(404, method, path, body)


METRICS = (
    *("cpu", "filesystem_free", "filesystem_size", "load_1", "load_5", "load_15"),
    *("memory_cached", "memory_free", "memory_total", "memory_available"),
)


def walk_metrics(walk: Walk) -> None:
    droplet = next(one for one in walk.get("/v2/droplets")["droplets"] if "monitoring" in one["features"])
    now = int(walk.clock.now().timestamp())
    asked = {"host_id": str(droplet["id"]), "start": str(now - 86_400), "end": str(now)}
    path = "/v2/monitoring/metrics/droplet/"
    for name in METRICS:
        assert walk.get(path + name, **asked)["data"]["result"], name
        for missing in asked:
            walk.refused(400, "GET", path + name, **{**asked, missing: ""})
        walk.refused(404, "GET", path + name, **{**asked, "host_id": "1"})
        walk.refused(400, "GET", path + name, **{**asked, "start": "yesterday"})
        walk.refused(400, "GET", path + name, **{**asked, "start": str(now), "end": str(now - 1)})
    for interface in ("public", "private"):
        for direction in ("inbound", "outbound"):
            ways = {"interface": interface, "direction": direction}
            assert walk.get(f"{path}bandwidth", **asked, **ways)["data"]["result"]
    walk.refused(400, "GET", f"{path}bandwidth", **asked)
    walk.refused(400, "GET", f"{path}bandwidth", **asked, interface="public")
    walk.refused(400, "GET", f"{path}bandwidth", **asked, interface="eth0", direction="inbound")


def walk_billing(walk: Walk) -> None:
    my = "/v2/customers/my"
    walk.get(f"{my}/balance")
    for path in ("billing_history", "invoices"):
        for _ in walk.pages(f"{my}/{path}"):
            pass
    invoices = walk.get(f"{my}/invoices")
    for invoice in (invoices["invoices"][0], invoices["invoice_preview"]):
        path = f"{my}/invoices/{invoice['invoice_uuid']}"
        for _ in walk.pages(path):
            pass
        assert walk.get(f"{path}/summary")["amount"] == invoice["amount"]
        assert walk.get(f"{path}/csv").startswith(b"product,")
        assert walk.get(f"{path}/pdf").startswith(b"%PDF-")
    for rest in ("", "/summary", "/csv", "/pdf"):
        walk.refused(404, "GET", f"{my}/invoices/22737513-0ea7-4206-8ceb-98a575af7681{rest}")
    team = walk.get("/v2/account")["account"]["team"]["uuid"]
    insights = f"/v2/billing/do:team:{team}/insights"
    first = walk.get(f"{insights}/2026-11-02/2026-11-04", per_page=3)
    assert (len(first["data_points"]), first["current_page"]) == (3, 1)
    assert walk.get(f"{insights}/2026-11-02/2026-11-04", per_page=3, page=2)["current_page"] == 2
    for dates in ("2026-11-04/2026-11-02", "2026-01-01/2026-03-01", "2026-11-31/2026-12-01", "today/tomorrow"):
        walk.refused(400, "GET", f"{insights}/{dates}")
    walk.refused(404, "GET", "/v2/billing/do:team:1/insights/2026-11-02/2026-11-04")


STEPS = (walk_custom_images, walk_alert_policies, walk_metrics, walk_billing)
