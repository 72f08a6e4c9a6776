"""Security scans, what they find, and what is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.contract.steps.storage import new_droplet

if TYPE_CHECKING:
    from tests.contract.walk import Walk

SCANS, SETTINGS = "/v2/security/scans", "/v2/security/settings"
BACKUPS = "Droplet Backups Not Enabled"


def scan(walk: Walk) -> dict[str, Any]:
    """Run a scan and return its findings by the names of their rules."""
    started = walk.must("POST", SCANS)["scan"]
    assert (started["status"], started["findings"]) == ("IN_PROGRESS", [])
    walk.refused(409, "POST", SCANS)
    walk.later()
    ended = walk.get(f"{SCANS}/{started['id']}", per_page=200)["scan"]
    assert ended == walk.get(f"{SCANS}/latest", per_page=200)["scan"]
    assert ended["status"] == "COMPLETED"
    return {one["name"]: {**one, "scan": ended["id"]} for one in ended["findings"]}


def affected(walk: Walk, finding: dict[str, Any]) -> list[str]:
    path = f"{SCANS}/{finding['scan']}/findings/{finding['rule_uuid']}/affected_resources"
    return [one["urn"] for one in walk.get(path, per_page=200)["affected_resources"]]


def walk_security(walk: Walk) -> None:
    assert walk.get(f"{SCANS}/latest")["scan"]["status"] == "SCAN_NOT_RUN"
    droplet = f"do:droplet:{new_droplet(walk, tags=['scanned'])}"
    findings = scan(walk)
    assert droplet in affected(walk, findings[BACKUPS])
    assert findings[BACKUPS]["affected_resources_count"] == len(affected(walk, findings[BACKUPS]))
    one = f"{SCANS}/{findings[BACKUPS]['scan']}"
    for severity in ("HIGH", "low"):
        shown = walk.get(one, severity=severity, type="Droplet")["scan"]["findings"]
        assert {each["severity"] for each in shown} <= {severity.upper()}
    walk.refused(400, "GET", one, severity="worst")
    assert len(walk.get(one, per_page=1)["scan"]["findings"]) == 1
    walk.refused(404, "GET", f"{one}/findings/none/affected_resources")
    walk_suppressions(walk, droplet, findings[BACKUPS])
    walk_plans(walk, droplet)
    for _ in walk.pages(SCANS):
        pass


def walk_suppressions(walk: Walk, droplet: str, finding: dict[str, Any]) -> None:
    rule = finding["rule_uuid"]
    path = f"{SETTINGS}/suppressions"
    made = walk.must("POST", path, {"rule_uuid": rule, "resources": [droplet]})["resources"]
    assert (made[0]["rule_name"], made[0]["resource_type"]) == (BACKUPS, "Droplet")
    assert walk.must("POST", path, {"rule_uuid": rule, "resources": [droplet]})["resources"] == made
    assert walk.get(SETTINGS)["settings"]["suppressions"]["resources"] == made
    assert droplet not in affected(walk, finding)
    walk.refused(400, "POST", path, {"rule_uuid": rule, "resources": []})
    walk.refused(404, "POST", path, {"rule_uuid": "none", "resources": [droplet]})
    walk.refused(404, "POST", path, {"rule_uuid": rule, "resources": ["do:droplet:1"]})
    walk.must("DELETE", f"{path}/{made[0]['id']}")
    walk.refused(404, "DELETE", f"{path}/{made[0]['id']}")
    assert droplet in affected(walk, finding)


def walk_plans(walk: Walk, droplet: str) -> None:
    path = f"{SETTINGS}/plan"
    coverage = {"basic": {"resources": [], "tags": ["scanned"]}}
    assert walk.must("PUT", path, {"tier_coverage": coverage})["tier_coverage"] == coverage
    assert walk.get(SETTINGS)["tier_coverage"] == coverage
    assert affected(walk, scan(walk)[BACKUPS]) == [droplet]
    for wrong, status in (
        ({}, 400),
        ({"tier_coverage": {"basic": []}}, 422),
        ({"tier_coverage": {"basic": {"tags": [1]}}}, 422),
        ({"tier_coverage": {"basic": {"resources": ["do:droplet:1"]}}}, 404),
    ):
        walk.refused(status, "PUT", path, wrong)
    walk.must("POST", f"{SCANS}/rules", {"resource": droplet})
    walk.refused(400, "POST", f"{SCANS}/rules", {})
    walk.refused(404, "POST", f"{SCANS}/rules", {"resource": "web-1"})
    assert scan(walk) == {}


STEPS = (walk_security,)
