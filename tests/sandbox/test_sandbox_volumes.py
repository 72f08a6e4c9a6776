"""Volumes: create, attach, resize, snapshot and tag them, and their actions over time."""

from __future__ import annotations

import json

import pytest

PENDING = "Droplet already has a pending event."


@pytest.fixture
def make_volume(api):
    def make(name="data", **fields):
        status, body = api("POST", "/v2/volumes", {"name": name, "size_gigabytes": 10, "region": "nyc3", **fields})
        assert status == 201, body
        return body["volume"]

    return make


@pytest.fixture
def act(api):
    def act(volume, type_, **fields):
        return api("POST", f"/v2/volumes/{volume['id']}/actions", {"type": type_, **fields})

    return act


def volume_of(api, volume):
    return api.get(f"/v2/volumes/{volume['id']}")["volume"]


def test_the_databases_have_volumes_with_snapshots_and_one_volume_is_unused(api):
    volumes = {volume["name"]: volume for volume in api.get("/v2/volumes")["volumes"]}
    assert set(volumes) == {"db-1-data", "db-2-data", "staging-db-data", "old-uploads"}
    assert volumes["old-uploads"]["droplet_ids"] == []
    for name in ("db-1", "db-2", "staging-db"):
        droplet, volume = api.droplet(name), volumes[f"{name}-data"]
        assert droplet["volume_ids"] == [volume["id"]]
        assert volume["droplet_ids"] == [droplet["id"]]
        assert volume["region"] == droplet["region"]
        assert api.get(f"/v2/volumes/{volume['id']}/snapshots")["meta"]["total"] >= 1


def test_an_empty_account_has_no_storage(make_api):
    api = make_api(droplets=0)
    assert api.get("/v2/volumes")["volumes"] == api.get("/v2/reserved_ips")["reserved_ips"] == []
    assert api.get("/v2/snapshots")["snapshots"] == []


def test_volume_names_are_unique_within_a_region(api, make_volume, refused):
    make_volume("data")
    again = api("POST", "/v2/volumes", {"name": "data", "size_gigabytes": 1, "region": "nyc3"})
    refused(again, 409, "already exists")
    other = make_volume("data", region="fra1")
    assert api.get("/v2/volumes?name=data")["meta"]["total"] == 2
    assert api.get("/v2/volumes?name=data&region=fra1")["volumes"] == [other]
    assert api("DELETE", "/v2/volumes?name=data&region=fra1") == (204, None)
    assert api("GET", f"/v2/volumes/{other['id']}")[0] == 404
    assert api.get("/v2/volumes?name=data")["meta"]["total"] == 1


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"size_gigabytes": 0}, 422),
        ({"size_gigabytes": 1}, 201),
        ({"size_gigabytes": 16_384}, 201),
        ({"size_gigabytes": 16_385}, 422),
        ({"size_gigabytes": True}, 422),
        ({"name": "1st"}, 422),
        ({"name": "a" * 64}, 201),
        ({"name": "a" * 65}, 422),
        ({"region": "sfo1"}, 422),
        ({"filesystem_type": "xfs", "filesystem_label": "twelve_chars"}, 201),
        ({"filesystem_type": "xfs", "filesystem_label": "thirteen_char"}, 422),
    ],
)
def test_volume_fields_are_validated(api, fields, status):
    body = {"name": "data", "size_gigabytes": 10, "region": "nyc3", **fields}
    assert api("POST", "/v2/volumes", body)[0] == status


def test_attaching_takes_time_and_keeps_both_busy(api, make_volume, act, refused):
    volume, web = make_volume(), api.droplet("web-1")
    status, body = act(volume, "attach", droplet_id=web["id"])
    action = body["action"]
    assert (status, action["type"], action["resource_type"]) == (202, "attach_volume", "volume")
    assert action["resource_id"] is None
    assert volume_of(api, volume)["droplet_ids"] == []
    refused(api.act(web["id"], "reboot"), 422, PENDING)
    refused(act(volume, "resize", size_gigabytes=20), 422, "Volume already has a pending event.")
    refused(act(make_volume("other"), "attach", droplet_id=web["id"]), 422, PENDING)
    # Who is told that the droplet is busy finds with what.
    assert api.get(f"/v2/droplets/{web['id']}/actions")["actions"][0] == action
    api.clock.advance(60)
    assert api.get(f"/v2/volumes/{volume['id']}/actions")["actions"][0]["status"] == "completed"
    assert volume_of(api, volume)["droplet_ids"] == [web["id"]]
    assert api.droplet("web-1")["volume_ids"] == [volume["id"]]
    assert api.act(web["id"], "reboot")[0] == 201


def test_a_volume_cannot_be_attached_to_a_busy_droplet(api, make_volume, act, refused):
    web = api.droplet("web-1")["id"]
    api.act(web, "reboot")
    refused(act(make_volume(), "attach", droplet_id=web), 422, PENDING)


def test_a_volume_is_attached_to_one_droplet_in_its_region(api, make_volume, act, refused):
    (data,) = api.get("/v2/volumes?name=db-1-data")["volumes"]
    web = api.droplet("web-1")["id"]
    refused(act(data, "attach", droplet_id=web), 422, "This volume is already attached")
    far = make_volume("far", region="fra1")
    refused(act(far, "attach", droplet_id=web), 422, "The volume and the Droplet must be in the same region.")
    refused(act(data, "detach", droplet_id=web), 422, "Attachment not found")
    assert act(far, "attach", droplet_id=1)[0] == 404
    refused(api("DELETE", f"/v2/volumes/{data['id']}"), 409, "attached volume cannot be deleted")


def test_a_droplet_has_fifteen_volumes_at_most(api, make_volume, act, refused):
    web = api.droplet("web-1")["id"]
    for number in range(15):
        assert act(make_volume(f"data-{number}"), "attach", droplet_id=web)[0] == 202
        api.clock.advance(60)
    last = act(make_volume("data-15"), "attach", droplet_id=web)
    refused(last, 422, "A Droplet can have at most 15 volumes attached.")
    assert len(api.droplet("web-1")["volume_ids"]) == 15


def test_a_volume_is_detached_by_its_name(api):
    db = api.droplet("db-1")
    body = {"type": "detach", "volume_name": "db-1-data", "region": "nyc3", "droplet_id": db["id"]}
    assert api("POST", "/v2/volumes/actions", body)[1]["action"]["type"] == "detach_volume"
    api.clock.advance(60)
    assert api.droplet("db-1")["volume_ids"] == []
    assert api.get("/v2/volumes?name=db-1-data")["volumes"][0]["droplet_ids"] == []


def test_a_volume_only_grows(api, make_volume, act, refused):
    volume = make_volume()
    refused(
        act(volume, "resize", size_gigabytes=10), 422, "size_gigabytes must be more than 10. Volumes can only grow."
    )
    act(volume, "resize", size_gigabytes=11)
    assert volume_of(api, volume)["size_gigabytes"] == 10
    api.clock.advance(60)
    assert volume_of(api, volume)["size_gigabytes"] == 11


def test_an_errored_action_changes_nothing_and_leaves_nothing_busy(api, make_volume, act):
    volume, web = make_volume(), api.droplet("web-1")["id"]
    api.sandbox.fault("action_errored", action="attach_volume", resource_id=web)
    action = act(volume, "attach", droplet_id=web)[1]["action"]
    api.clock.advance(60)
    assert api.get(f"/v2/actions/{action['id']}")["action"]["status"] == "errored"
    assert volume_of(api, volume)["droplet_ids"] == []
    assert act(volume, "attach", droplet_id=web)[0] == 202


def test_a_new_droplet_can_have_volumes(api, make_volume, act, refused):
    volume = make_volume()
    created = api.create(volumes=[volume["id"]])[1]["droplet"]
    assert created["volume_ids"] == []
    refused(act(volume, "resize", size_gigabytes=20), 422, "Volume already has a pending event.")
    api.clock.advance(600)
    assert api.get(f"/v2/droplets/{created['id']}")["droplet"]["volume_ids"] == [volume["id"]]
    assert volume_of(api, volume)["droplet_ids"] == [created["id"]]
    refused(api.create(volumes=[volume["id"]]), 422, "This volume is already attached")
    refused(api.create(volumes=["none"]), 422, "You specified invalid volumes for Droplet creation.")
    other = make_volume("other")["id"]
    assert api.create(name=..., names=["a", "b"], volumes=[other])[0] == 422
    assert api.create(volumes=[other, other])[0] == 422


def test_destroying_a_droplet_detaches_its_volumes(api):
    db = api.droplet("db-1")
    assert api("DELETE", f"/v2/droplets/{db['id']}")[0] == 204
    api.clock.advance(60)
    (volume,) = api.get("/v2/volumes?name=db-1-data")["volumes"]
    assert volume["droplet_ids"] == []
    assert api("DELETE", f"/v2/volumes/{volume['id']}") == (204, None)
    assert api.get("/v2/snapshots?resource_type=volume")["meta"]["total"] == 4


def test_a_volume_from_a_snapshot_has_its_size_and_filesystem(api, make_volume, act, refused):
    volume = make_volume(filesystem_type="xfs", filesystem_label="stuff")
    api.sandbox.finish(act(volume, "attach", droplet_id=api.droplet("web-1")["id"])[1]["action"]["id"])
    snapshot = api("POST", f"/v2/volumes/{volume['id']}/snapshots", {"name": "copy", "tags": ["kept"]})[1]["snapshot"]
    assert (snapshot["resource_id"], snapshot["min_disk_size"], snapshot["tags"]) == (volume["id"], 10, ["kept"])
    assert 0 < snapshot["size_gigabytes"] < 10
    assert api.get(f"/v2/snapshots/{snapshot['id']}")["snapshot"] == snapshot
    copy = make_volume("copy", snapshot_id=snapshot["id"], size_gigabytes=12)
    assert (copy["filesystem_type"], copy["filesystem_label"]) == ("xfs", "stuff")
    small = {"name": "small", "size_gigabytes": 9, "region": "nyc3", "snapshot_id": snapshot["id"]}
    refused(api("POST", "/v2/volumes", small), 422, "size_gigabytes must be at least 10, the size of the snapshot.")
    assert api("DELETE", f"/v2/snapshots/{snapshot['id']}") == (204, None)
    assert api("GET", f"/v2/volumes/snapshots/{snapshot['id']}")[0] == 404


def test_tags_count_volumes_and_their_snapshots(api, make_volume):
    volume = make_volume(tags=["stored"])
    snapshot = api("POST", f"/v2/volumes/{volume['id']}/snapshots", {"name": "s", "tags": ["Stored"]})[1]["snapshot"]
    assert snapshot["tags"] == ["stored"]
    resources = api.get("/v2/tags/stored")["tag"]["resources"]
    assert [resources[kind]["count"] for kind in ("volumes", "volume_snapshots", "droplets")] == [1, 1, 0]
    assert resources["count"] == 2
    (listed,) = [tag for tag in api.get("/v2/tags?per_page=200")["tags"] if tag["name"] == "stored"]
    assert listed["resources"] == resources
    assert resources["last_tagged_uri"].endswith(f"/v2/snapshots/{snapshot['id']}")
    assert resources["volumes"]["last_tagged_uri"].endswith(f"/v2/volumes/{volume['id']}")
    api("DELETE", "/v2/tags/stored")
    assert volume_of(api, volume)["tags"] == []


def test_actions_continue_after_a_state_was_saved_and_loaded(api, make_volume, act):
    volume, web = make_volume(), api.droplet("web-1")["id"]
    act(volume, "attach", droplet_id=web)
    state = api.ask("GET", "/_sandbox/state").body
    api("POST", "/_sandbox/reset")
    assert api("GET", f"/v2/volumes/{volume['id']}")[0] == 404
    assert api("PUT", "/_sandbox/state", json.loads(state))[0] == 204
    assert api.act(web, "reboot")[0] == 422
    api.clock.advance(60)
    assert volume_of(api, volume)["droplet_ids"] == [web]
    assert api.act(web, "reboot")[0] == 201


def test_all_actions_in_progress_can_be_finished_at_once(api, make_volume, act):
    volume, web = make_volume(), api.droplet("web-1")["id"]
    action = act(volume, "attach", droplet_id=web)[1]["action"]
    finished = api("POST", "/_sandbox/actions/all/finish")[1]["actions"]
    assert [one["id"] for one in finished] == [action["id"]]
    assert volume_of(api, volume)["droplet_ids"] == [web]


def test_a_snapshot_is_empty_until_something_was_written(api, make_volume, act):
    def snapshot_of(one):
        return api("POST", f"/v2/volumes/{one['id']}/snapshots", {"name": "s"})[1]["snapshot"]

    volume, web = make_volume(), api.droplet("web-1")["id"]
    empty = snapshot_of(volume)
    assert (empty["size_gigabytes"], empty["min_disk_size"]) == (0, 10)
    assert snapshot_of(make_volume("copy", snapshot_id=empty["id"]))["size_gigabytes"] == 0
    for type_ in ("attach", "detach"):
        api.sandbox.finish(act(volume, type_, droplet_id=web)[1]["action"]["id"])
    full = snapshot_of(volume)
    assert full["size_gigabytes"] > 0
    assert snapshot_of(make_volume("full", snapshot_id=full["id"]))["size_gigabytes"] > 0


def test_the_account_has_a_limit_of_volumes(api):
    assert api.get("/v2/account")["account"]["volume_limit"] == 100
    token = api("POST", "/_sandbox/tokens", {"scopes": ["account:read"]})[1]["token"]
    api.token = token
    assert "volume_limit" not in api.get("/v2/account")["account"]
