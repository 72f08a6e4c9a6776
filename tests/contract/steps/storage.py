"""Volumes, their actions and snapshots, reserved IPs under both names, reserved IPv6s, and tags on all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contract.walk import Walk

#: A UUID that nothing has.
NOTHING = "00000000-0000-4000-a000-000000000000"
VOLUME = {"name": "walked", "size_gigabytes": 10, "region": "fra1", "description": "by the way"}


def new_droplet(walk: Walk, **fields: Any) -> int:
    """Create a droplet in Frankfurt and return its id."""
    wanted = {"name": "storage", "region": "fra1", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", **fields}
    id_ = walk.must("POST", "/v2/droplets", wanted)["droplet"]["id"]
    walk.later()
    return id_


def walk_volumes(walk: Walk) -> None:
    ext4 = {"filesystem_type": "ext4", "filesystem_label": "sixteen_letters_"}
    volume = walk.must("POST", "/v2/volumes", {**VOLUME, **ext4, "tags": ["kept"]})["volume"]
    path = f"/v2/volumes/{volume['id']}"
    assert walk.get(path)["volume"] == volume
    for query in ({}, {"name": "walked"}, {"region": "fra1"}, {"name": "walked", "region": "fra1"}):
        for _ in walk.pages("/v2/volumes", **query):
            pass
    walk.refused(409, "POST", "/v2/volumes", VOLUME)
    for change in (
        {"name": "Walked"},
        {"name": None},
        {"size_gigabytes": 0},
        {"size_gigabytes": 16_385},
        {"region": "mars1"},
        {"filesystem_type": "ntfs"},
        {"filesystem_label": "alone"},
        {"snapshot_id": NOTHING},
        {"tags": ["no spaces"]},
    ):
        walk.refused(422, "POST", "/v2/volumes", VOLUME | {"name": "other"} | change)
    walk_volume_actions(walk, volume)
    walk_volume_snapshots(walk, volume)
    walk.must("DELETE", path)
    walk.refused(404, "GET", path)
    walk.must("POST", "/v2/volumes", VOLUME)
    walk.refused(422, "DELETE", "/v2/volumes", name="walked")
    walk.must("DELETE", "/v2/volumes", name="walked", region="fra1")
    walk.refused(404, "DELETE", "/v2/volumes", name="walked", region="fra1")


def walk_volume_actions(walk: Walk, volume: dict[str, Any]) -> None:
    droplet = new_droplet(walk)
    path = f"/v2/volumes/{volume['id']}"
    attach = {"type": "attach", "droplet_id": droplet, "region": "fra1"}
    action = walk.must("POST", f"{path}/actions", attach)["action"]
    assert (action["type"], action["resource_id"], action["status"]) == ("attach_volume", None, "in-progress")
    walk.refused(422, "POST", f"{path}/actions", attach)
    walk.refused(422, "DELETE", f"/v2/droplets/{droplet}")
    walk.later()
    assert walk.get(f"{path}/actions/{action['id']}")["action"]["status"] == "completed"
    assert walk.get(f"/v2/actions/{action['id']}")["action"]["type"] == "attach_volume"
    assert walk.get(f"/v2/droplets/{droplet}/actions/{action['id']}")["action"]["id"] == action["id"]
    assert walk.get(path)["volume"]["droplet_ids"] == [droplet]
    assert walk.get(f"/v2/droplets/{droplet}")["droplet"]["volume_ids"] == [volume["id"]]
    walk.refused(409, "DELETE", path)
    for body in (
        attach,
        {"type": "resize", "size_gigabytes": 5},
        {"type": "resize"},
        {"type": "explode"},
        {**attach, "region": "nyc1"},
        {"type": "attach"},
        {},
    ):
        walk.refused(422, "POST", f"{path}/actions", body)
    walk.must("POST", f"{path}/actions", {"type": "resize", "size_gigabytes": 20, "region": "fra1"})
    walk.later()
    by_name = {"type": "detach", "volume_name": "walked", "droplet_id": droplet, "region": "fra1"}
    walk.must("POST", "/v2/volumes/actions", by_name)
    walk.later()
    walk.refused(422, "POST", "/v2/volumes/actions", by_name)
    walk.refused(404, "POST", "/v2/volumes/actions", {**by_name, "volume_name": "none"})
    walk.refused(404, "POST", f"{path}/actions", {**attach, "droplet_id": 1})
    walk.refused(404, "GET", f"{path}/actions/1")
    walk.refused(404, "GET", f"/v2/volumes/{NOTHING}/actions")
    for _ in walk.pages(f"{path}/actions"):
        pass


def walk_volume_snapshots(walk: Walk, volume: dict[str, Any]) -> None:
    path = f"/v2/volumes/{volume['id']}/snapshots"
    first = walk.must("POST", path, {"name": "before", "tags": ["kept"]})["snapshot"]
    second = walk.must("POST", path, {"name": "after"})["snapshot"]
    for _ in walk.pages(path):
        pass
    for address in ("/v2/volumes/snapshots", "/v2/snapshots"):
        assert walk.get(f"{address}/{first['id']}")["snapshot"] == first
    for _ in walk.pages("/v2/snapshots", resource_type="volume"):
        pass
    copy = {"name": "copied", "size_gigabytes": 30, "region": "fra1", "snapshot_id": first["id"]}
    made = walk.must("POST", "/v2/volumes", copy)["volume"]
    assert made["filesystem_type"] == "ext4"
    walk.refused(422, "POST", "/v2/volumes", {**copy, "name": "small", "size_gigabytes": 5})
    walk.refused(422, "POST", "/v2/volumes", {**copy, "name": "far", "region": "nyc1"})
    walk.refused(422, "POST", path, {})
    walk.refused(404, "GET", f"/v2/volumes/{NOTHING}/snapshots")
    walk_tagged(walk, {"volume": made["id"], "volume_snapshot": first["id"]})
    walk.must("DELETE", f"/v2/volumes/{made['id']}")
    walk.must("DELETE", f"/v2/volumes/snapshots/{first['id']}")
    walk.must("DELETE", f"/v2/snapshots/{second['id']}")
    for address in ("/v2/volumes/snapshots", "/v2/snapshots"):
        for method in ("GET", "DELETE"):
            walk.refused(404, method, f"{address}/{first['id']}")


def walk_tagged(walk: Walk, things: dict[str, str]) -> None:
    walk.must("POST", "/v2/tags", {"name": "stored"})
    resources = [{"resource_id": id_, "resource_type": type_} for type_, id_ in things.items()]
    walk.must("POST", "/v2/tags/stored/resources", {"resources": resources})
    assert walk.get("/v2/tags/stored")["tag"]["resources"]["volume_snapshots"]["count"] == 1
    walk.must("DELETE", "/v2/tags/stored/resources", {"resources": resources[:1]})
    walk.refused(
        404,
        "POST",
        "/v2/tags/stored/resources",
        {"resources": [{"resource_id": NOTHING, "resource_type": "volume"}]},
    )
    walk.must("DELETE", "/v2/tags/stored")


def walk_droplet_with_volume(walk: Walk) -> None:
    volume = walk.must("POST", "/v2/volumes", {**VOLUME, "name": "brought"})["volume"]["id"]
    droplet = new_droplet(walk, volumes=[volume])
    assert walk.get(f"/v2/droplets/{droplet}")["droplet"]["volume_ids"] == [volume]
    wanted = {"name": "b", "region": "fra1", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64"}
    walk.refused(422, "POST", "/v2/droplets", {**wanted, "volumes": [volume]})
    walk.must("DELETE", f"/v2/droplets/{droplet}")
    walk.later()
    assert walk.get(f"/v2/volumes/{volume}")["volume"]["droplet_ids"] == []


def walk_reserved_ips(walk: Walk) -> None:
    walk_ips(walk, "reserved_ip", other="floating_ip")


def walk_floating_ips(walk: Walk) -> None:
    walk_ips(walk, "floating_ip", other="reserved_ip")


def walk_ips(walk: Walk, word: str, *, other: str) -> None:
    droplet = new_droplet(walk)
    made = walk.must("POST", f"/v2/{word}s", {"droplet_id": droplet})
    assert (made[word]["locked"], made[word]["droplet"]) == (True, None)
    path = f"/v2/{word}s/{made[word]['ip']}"
    walk.refused(422, "DELETE", path)
    walk.later()
    assert walk.get(path)[word]["droplet"]["id"] == droplet
    assert walk.get(path.replace(word, other))[other] == walk.get(path)[word]
    for _ in walk.pages(f"/v2/{word}s"):
        pass
    for body in ({"type": "explode"}, {"type": "assign", "droplet_id": droplet}, {"type": "assign"}, {}):
        walk.refused(422, "POST", f"{path}/actions", body)
    action = walk.must("POST", f"{path}/actions", {"type": "unassign"})["action"]
    assert (action["type"], action["resource_type"]) == ("unassign_ip", word)
    walk.later()
    walk.refused(422, "POST", f"{path}/actions", {"type": "unassign"})
    walk.refused(404, "POST", f"{path}/actions", {"type": "assign", "droplet_id": 1})
    walk.must("POST", f"{path}/actions", {"type": "assign", "droplet_id": droplet})
    walk.later()
    assert walk.get(f"{path}/actions/{action['id']}")["action"]["status"] == "completed"
    for _ in walk.pages(f"{path}/actions"):
        pass
    walk.refused(404, "GET", f"{path}/actions/1")
    walk.get(f"/v2/actions/{action['id']}")
    region = walk.must("POST", f"/v2/{word}s", {"region": "nyc1"})
    assert region["links"] == {}
    for body in ({}, {"region": "mars1"}, {"region": "nyc1", "droplet_id": droplet}, {"droplet_id": droplet}):
        walk.refused(422, "POST", f"/v2/{word}s", body)
    walk.refused(404, "POST", f"/v2/{word}s", {"droplet_id": 1})
    for address in (path, f"/v2/{word}s/{region[word]['ip']}"):
        walk.must("DELETE", address)
        walk.refused(404, "GET", address)


def walk_reserved_ipv6s(walk: Walk) -> None:
    droplet = new_droplet(walk, ipv6=True)
    address = walk.must("POST", "/v2/reserved_ipv6", {"region_slug": "fra1"})["reserved_ipv6"]
    path = f"/v2/reserved_ipv6/{address['ip']}"
    assert walk.get(path)["reserved_ipv6"]["droplet"] is None
    walk.must("POST", "/v2/reserved_ipv6", {"region_slug": "fra1"})
    for _ in walk.pages("/v2/reserved_ipv6"):
        pass
    walk.must("POST", f"{path}/actions", {"type": "assign", "droplet_id": droplet})
    walk.refused(422, "POST", f"{path}/actions", {"type": "unassign"})
    walk.later()
    assert walk.get(path)["reserved_ipv6"]["droplet"]["id"] == droplet
    walk.refused(422, "DELETE", path)
    walk.must("POST", f"{path}/actions", {"type": "unassign"})
    walk.later()
    for body in ({"type": "unassign"}, {"type": "explode"}, {}):
        walk.refused(422, "POST", f"{path}/actions", body)
    walk.must("DELETE", path)
    for name in (address["ip"], "no-address"):
        walk.refused(404, "GET", f"/v2/reserved_ipv6/{name}")
    for body in ({}, {"region_slug": "mars1"}):
        walk.refused(422, "POST", "/v2/reserved_ipv6", body)


def walk_destruction(walk: Walk) -> None:
    droplet, ip = with_everything(walk)
    path = f"/v2/droplets/{droplet}/destroy_with_associated_resources"
    walk.refused(404, "GET", f"{path}/status")
    walk.refused(404, "POST", f"{path}/retry")
    found = walk.get(path)
    assert [len(found[kind]) for kind in ("reserved_ips", "snapshots", "volumes", "volume_snapshots")] == [1, 1, 1, 1]
    walk.refused(422, "DELETE", f"{path}/selective", {"volumes": [NOTHING]})
    walk.refused(400, "DELETE", f"{path}/dangerous")
    walk.sandbox.fault("action_errored", action="destroy")
    walk.must("DELETE", f"{path}/selective", {"snapshots": [found["snapshots"][0]["id"]]})
    walk.refused(409, "POST", f"{path}/retry")
    walk.later()
    assert walk.get(f"{path}/status")["failures"] == 1
    walk.must("POST", f"{path}/retry")
    assert "completed_at" not in walk.get(f"{path}/status")
    walk.later()
    assert walk.get(f"{path}/status")["failures"] == 0
    walk.refused(404, "POST", f"{path}/retry")
    walk.must("DELETE", f"/v2/volumes/{found['volumes'][0]['id']}")
    walk.must("DELETE", f"/v2/reserved_ips/{ip}")
    droplet, ip = with_everything(walk)
    path = f"/v2/droplets/{droplet}/destroy_with_associated_resources"
    walk.must("DELETE", f"{path}/dangerous", sending={"x-dangerous": "true"})
    walk.later()
    walk.get(f"{path}/status")
    walk.refused(404, "GET", f"/v2/reserved_ips/{ip}")


def with_everything(walk: Walk) -> tuple[int, str]:
    """Create a droplet with a snapshot, a volume with a snapshot, and an address; return its id and the address."""
    volume = walk.must("POST", "/v2/volumes", {**VOLUME, "name": "doomed"})["volume"]["id"]
    walk.must("POST", f"/v2/volumes/{volume}/snapshots", {"name": "doomed"})
    droplet = new_droplet(walk, volumes=[volume])
    walk.action(droplet, "snapshot", name="doomed")
    ip = walk.must("POST", "/v2/reserved_ips", {"droplet_id": droplet})["reserved_ip"]["ip"]
    walk.later()
    return droplet, ip


def walk_image_transfers(walk: Walk) -> None:
    team = walk.get("/v2/account")["account"]["team"]["uuid"]
    droplet = new_droplet(walk)
    walk.action(droplet, "snapshot", name="to send")
    image = walk.get(f"/v2/droplets/{droplet}/snapshots")["snapshots"][0]["id"]
    path = f"/v2/images/{image}/account_transfer"
    alice = {"recipient_email": "alice@example.com"}
    first = walk.must("POST", path, alice)["transfer_id"]
    walk.refused(409, "POST", path, alice)
    for body in ({}, {**alice, "recipient_uuid": team}):
        walk.refused(400, "POST", path, body)
    walk.refused(422, "POST", path, {"recipient_email": "alice"})
    walk.refused(404, "POST", f"{path}/cancel", {"transfer_id": 1})
    walk.must("POST", f"{path}/cancel", {"transfer_id": first})
    second = walk.must("POST", path, alice)["transfer_id"]
    walk.must("POST", f"{path}/decline", {"transfer_id": second})
    walk.refused(404, "POST", f"{path}/decline", {"transfer_id": second})
    assert walk.must("POST", path, {"recipient_uuid": team}) == {"transfer_id": 0}
    other = "4f6c71e2-1e90-4762-9fee-6cc4a0a9f2cf"
    third = walk.must("POST", path, {"recipient_uuid": other})["transfer_id"]
    walk.refused(404, "POST", f"{path}/accept", {"transfer_id": third, "recipient_uuid": team})
    walk.must("POST", f"{path}/accept", {"transfer_id": third, "recipient_uuid": other})
    walk.refused(404, "GET", f"/v2/images/{image}")
    assert walk.get(f"/v2/droplets/{droplet}")["droplet"]["snapshot_ids"] == []
    backup = next(one["id"] for one in walk.get("/v2/images", private="true")["images"] if one["type"] != "snapshot")
    walk.refused(422, "POST", f"/v2/images/{backup}/account_transfer", alice)


STEPS = (
    walk_image_transfers,
    walk_volumes,
    walk_destruction,
    walk_droplet_with_volume,
    walk_reserved_ips,
    walk_floating_ips,
    walk_reserved_ipv6s,
)
