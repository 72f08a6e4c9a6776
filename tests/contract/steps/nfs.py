"""NFS shares with their actions, snapshots and access points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.contract.steps.gateways import new_vpc

if TYPE_CHECKING:
    from tests.contract.walk import Walk

PATH = "/v2/nfs"


def walk_nfs(walk: Walk) -> None:
    first, second = (new_vpc(walk, name, "nyc3") for name in ("nfs-1", "nfs-2"))
    elsewhere = new_vpc(walk, "nfs-3", "fra1")
    new: dict[str, Any] = {"name": "files", "size_gib": 100, "region": "nyc3", "vpc_ids": [first]}
    share = walk.must("POST", PATH, new)["share"]
    assert (share["status"], share["performance_tier"]) == ("CREATING", "PERFORMANCE_TIER_STANDARD")
    one = f"{PATH}/{share['id']}"
    for wrong in (
        {},
        {"size_gib": 49},
        {"size_gib": 40_000},
        {"name": "No spaces"},
        {"region": "mars1"},
        {"vpc_ids": []},
        {"vpc_ids": [elsewhere]},
        {"performance_tier": "highest"},
    ):
        walk.refused(400, "POST", PATH, {**new, **wrong} if wrong else {})
    walk.refused(409, "POST", f"{one}/actions", {"type": "snapshot", "params": {"name": "early"}})
    walk.later()
    share = walk.get(one, region="nyc3")["share"]
    assert (share["status"], share["access_points"][0]["status"]) == ("ACTIVE", "ACCESS_POINT_ACTIVE")
    assert share["host"]
    assert share["mount_path"].endswith(share["id"])
    walk.refused(404, "GET", one, region="sfo3")
    assert walk.get(PATH, region="nyc3")["shares"] == [share]
    assert walk.get(PATH, region="sfo3")["shares"] == []
    walk.refused(403, "DELETE", f"/v2/vpcs/{first}")
    walk_share_actions(walk, share, second)
    walk_snapshots(walk, share)
    walk_access_points(walk, share, first)
    walk.must("DELETE", one)
    for path in (one, f"{PATH}/access_points/{share['access_points'][0]['id']}"):
        walk.refused(404, "GET", path)
    for vpc_id in (first, second, elsewhere):
        walk.must("DELETE", f"/v2/vpcs/{vpc_id}")


def walk_share_actions(walk: Walk, share: dict[str, Any], second: str) -> None:
    one, (first,) = f"{PATH}/{share['id']}", share["vpc_ids"]

    def act(type_: str, **params: Any) -> dict[str, Any]:
        action = walk.must("POST", f"{one}/actions", {"type": type_, "region": "nyc3", "params": params})["action"]
        assert (action["resource_id"], action["status"]) == (share["id"], "IN_PROGRESS")
        walk.refused(409, "POST", f"{one}/actions", {"type": "resize", "params": {"size_gib": 4000}})
        walk.refused(409, "DELETE", one)
        walk.later()
        return walk.get(one)["share"]

    assert act("resize", size_gib=200)["size_gib"] == 200
    assert act("switch_performance_tier", performance_tier="high")["performance_tier"] == "PERFORMANCE_TIER_HIGH"
    assert act("attach", vpc_id=second) | {"size_gib": 100} == {
        **share,
        "vpc_ids": [first, second],
        "performance_tier": "PERFORMANCE_TIER_HIGH",
    }
    moved = act("detach", vpc_id=first)
    assert moved["vpc_ids"] == [second]
    assert moved["host"] != share["host"]
    alone = act("detach", vpc_id=second)
    assert (alone["status"], alone["host"], alone["vpc_ids"]) == ("INACTIVE", "", [])
    assert act("attach", vpc_id=second)["status"] == "ACTIVE"
    assert act("reassign", old_vpc_id=second, new_vpc_id=first)["vpc_ids"] == [first]
    for type_, params in {
        "resize": {"size_gib": 200},
        "snapshot": {"name": "no spaces"},
        "attach": {"vpc_id": first},
        "detach": {"vpc_id": second},
        "reassign": {"old_vpc_id": first, "new_vpc_id": "none"},
        "switch_performance_tier": {"performance_tier": "standard"},
        "explode": {},
    }.items():
        walk.refused(400, "POST", f"{one}/actions", {"type": type_, "params": params})
        walk.refused(400, "POST", f"{one}/actions", {"type": type_})
    walk.refused(404, "POST", f"{one}/actions", {"type": "resize", "region": "sfo3", "params": {"size_gib": 500}})


def walk_snapshots(walk: Walk, share: dict[str, Any]) -> None:
    made = walk.must("POST", f"{PATH}/{share['id']}/actions", {"type": "snapshot", "params": {"name": "daily-1"}})
    assert made["action"]["resource_type"] == "SNAPSHOT"
    path = f"{PATH}/snapshots/{made['action']['resource_id']}"
    assert walk.get(path)["snapshot"]["status"] == "CREATING"
    walk.later()
    snapshot = walk.get(path, region="nyc3")["snapshot"]
    assert (snapshot["status"], snapshot["size_gib"], snapshot["share_id"]) == ("ACTIVE", 200, share["id"])
    assert walk.get(f"{PATH}/snapshots", region="nyc3", share_id=share["id"])["snapshots"] == [snapshot]
    assert walk.get(f"{PATH}/snapshots", share_id="none")["snapshots"] == []
    walk.must("DELETE", path, region="nyc3")
    walk.refused(404, "GET", path)
    walk.must("POST", f"{PATH}/{share['id']}/actions", {"type": "snapshot", "params": {"name": "daily-2"}})


def walk_access_points(walk: Walk, share: dict[str, Any], vpc_id: str) -> None:
    path = f"{PATH}/shares/{share['id']}/access_points"
    policy = {
        "anonuid": 65534,
        "anongid": 65534,
        "protocols": ["NFS4"],
        "squash_config": "ALL_SQUASH",
        "identity_enforcement_enabled": False,
    }
    new = {"name": "other-vpc", "path": "/other", "vpc_id": vpc_id, "access_policy": policy}
    made = walk.must("POST", path, new)
    point = made["access_point"]
    assert (point["status"], point["updated_at"], point["access_policy"]) == ("ACCESS_POINT_CREATING", "", policy)
    assert (made["action"]["resource_id"], made["action"]["type"]) == (point["id"], "CREATE_ACCESS_POINT")
    for wrong in (
        {"name": "default"},
        {"name": "x"},
        {"path": "/"},
        {"path": "/../etc"},
        {"vpc_id": "none"},
        {"access_policy": {**policy, "anonuid": 0}},
        {"access_policy": {**policy, "protocols": ["SMB"]}},
        {"access_policy": {**policy, "squash_config": "SOME"}},
        {"name": None},
    ):
        walk.refused(400, "POST", path, {**new, "name": "another", "path": "/another", **wrong})
    walk.refused(409, "POST", path, {**new, "name": "another"})
    walk.later()
    one = f"{PATH}/access_points/{point['id']}"
    assert walk.get(one)["access_point"]["status"] == "ACCESS_POINT_ACTIVE"
    assert [each["is_default"] for each in walk.get(path)["access_points"]] == [True, False]
    assert len(walk.get(path, status="ACCESS_POINT_CREATING")["access_points"]) == 0
    walk.refused(400, "GET", path, status="ACTIVE")
    walk.refused(400, "DELETE", f"{PATH}/access_points/{share['access_points'][0]['id']}")
    assert walk.must("DELETE", one)["access_point"]["status"] == "ACCESS_POINT_DELETED"
    walk.refused(400, "DELETE", one)
    assert len(walk.get(path, status="ACCESS_POINT_DELETED")["access_points"]) == 1
    walk.later()
    walk.refused(404, "GET", one)
    walk.must("POST", path, new)


STEPS = (walk_nfs,)
