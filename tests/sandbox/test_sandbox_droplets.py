"""Droplets: list, create and delete them, and read their snapshots, backups and neighbors."""

from __future__ import annotations

import pytest


def test_gpu_droplets_are_listed_only_when_asked_for(api):
    assert api.get("/v2/droplets")["meta"]["total"] == 12
    names = [droplet["name"] for droplet in api.get("/v2/droplets?type=gpus")["droplets"]]
    assert names == ["train-1"]
    assert not any("gpu_info" in droplet for droplet in api.get("/v2/droplets?tag_name=ml")["droplets"])


def test_filtering_by_name_ignores_case(api):
    assert api.get("/v2/droplets?name=WEB-1")["meta"]["total"] == 1
    assert api.get("/v2/droplets?name=web")["meta"]["total"] == 0


def test_filtering_by_tag_ignores_case(api):
    found = api.get("/v2/droplets?tag_name=Env:Staging")["droplets"]
    assert [droplet["name"] for droplet in found] == ["staging-web", "staging-db", "build-1"]


@pytest.mark.parametrize("query", ["tag_name=web&name=web-1", "tag_name=web&type=gpus", "type=cows"])
def test_invalid_filters_are_refused(api, query):
    assert api("GET", f"/v2/droplets?{query}")[0] == 422


@pytest.mark.parametrize("id_", ["1", "web-1", "-1", "9" * 40, "%F0%9F%90%A0", "1.0", "\u0661"])
def test_an_unknown_droplet_is_not_found_with_the_message_that_clients_match_on(api, refused, id_):
    refused(api("GET", f"/v2/droplets/{id_}"), 404, "The resource you were accessing could not be found.")


def test_a_new_droplet_comes_up_step_by_step(api):
    status, body = api.create(name="fresh", tags=["web", "brand:new"], ipv6=True, monitoring=True)
    assert status == 202
    droplet = body["droplet"]
    assert droplet["status"] == "new"
    assert droplet["networks"] == {"v4": [], "v6": []}
    assert "vpc_uuid" not in droplet
    assert droplet["locked"] is False
    (link,) = body["links"]["actions"]
    assert link == {"id": link["id"], "rel": "create", "href": f"http://127.0.0.1:8080/v2/actions/{link['id']}"}

    steps = []
    for _ in range(100):
        shown = api.get(f"/v2/droplets/{droplet['id']}")["droplet"]
        action = api.get(f"/v2/actions/{link['id']}")["action"]
        step = action["status"], shown["status"], [net["type"] for net in shown["networks"]["v4"]]
        if step not in steps:
            steps.append(step)
        api.clock.advance(0.05)
    both = ["public", "private"]
    assert steps == [
        ("in-progress", "new", []),
        ("in-progress", "new", both),
        ("completed", "active", both),
    ]
    assert isinstance(shown["networks"]["v6"][0]["netmask"], int)
    assert shown["vpc_uuid"]
    assert action["completed_at"] is not None
    assert api.get("/v2/tags/brand:new")["tag"]["resources"]["droplets"]["count"] == 1


def test_names_create_up_to_ten_droplets_under_another_key(api, refused):
    status, body = api.create(name=..., names=["a", "b", "b"])
    assert status == 202
    assert [droplet["name"] for droplet in body["droplets"]] == ["a", "b", "b"]
    assert len({link["id"] for link in body["links"]["actions"]}) == 3
    refused(api.create(name=..., names=["x"] * 11), 422, "names must contain 1 to 10 names.")
    assert api.create(name=..., names=[])[0] == 422
    assert api.create(names=["a"])[0] == 422


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"name": "under_score"}, "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)"),
        ({"name": "ends-"}, "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)"),
        ({"name": "trailing\n"}, "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)"),
        ({"name": "n" * 256}, "Name is too long (maximum is 255 characters)"),
        ({"name": ...}, "name is required."),
        ({"name": ""}, "name is required."),
        ({"name": 5}, "name must be a string."),
        ({"size": ...}, "size is required."),
        ({"size": "s-9vcpu"}, "You specified an invalid size for Droplet creation."),
        ({"image": ...}, "image is required."),
        ({"image": "ubuntu-4-10"}, "You specified an invalid image for Droplet creation."),
        ({"image": 69463186}, "You specified an invalid image for Droplet creation."),
        ({"image": [1]}, "You specified an invalid image for Droplet creation."),
        ({"image": True}, "You specified an invalid image for Droplet creation."),
        ({"region": "mars1"}, "You specified an invalid region for Droplet creation."),
        ({"region": "sfo1"}, "You specified an invalid region for Droplet creation."),
        ({"region": "n"}, "You specified an invalid region for Droplet creation."),
        ({"region": "atl1"}, "Size is not available in this region."),
        ({"size": "gpu-h100x1-80gb"}, "Size is not available in this region."),
        ({"ssh_keys": [1, "ab:cd"]}, "1, ab:cd are invalid key identifiers for Droplet creation."),
        ({"user_data": "x" * 65537}, "User data is too long (maximum is 64 KiB)"),
        ({"volumes": ["v"]}, "You specified invalid volumes for Droplet creation."),
        ({"vpc_uuid": "v"}, "You specified an invalid VPC for Droplet creation."),
        ({"backups": True, "backup_policy": {"hour": 5}}, "Backup policy hour must be one of 0, 4, 8, 12, 16, 20."),
        ({"tags": ["no blank"]}, "Tags may contain letters, numbers, colons, dashes, and underscores."),
        ({"tags": "web"}, "tags must be an array."),
        ({"ipv6": "yes"}, "ipv6 must be a boolean."),
    ],
)
def test_an_invalid_create_is_refused_and_creates_nothing(api, refused, fields, text):
    before = api.get("/_sandbox/")["counts"]
    refused(api.create(**fields), 422, text)
    assert api.get("/_sandbox/")["counts"] == before


def test_an_image_that_needs_a_larger_disk_is_refused(api, refused):
    snapshot = api.get("/v2/snapshots?resource_type=droplet")["snapshots"][-1]
    big = api.done(int(api.droplet("web-1")["id"]), "snapshot", name="big")["snapshot_ids"][-1]
    refused(api.create(image=big), 422, "The image you specified requires a larger disk.")
    refused(
        api.create(image=int(snapshot["id"]), region="lon1", size="s-4vcpu-8gb"),
        422,
        "The image you specified is not available in the selected region.",
    )


@pytest.mark.parametrize(("region", "got"), [(..., "nyc1"), ("", "nyc1"), ("sfo", "sfo2"), ("fra", "fra1")])
def test_without_a_region_or_with_an_area_one_is_chosen(api, region, got):
    _, body = api.create(region=region)
    assert body["droplet"]["region"]["slug"] == got


def test_keys_are_found_by_id_or_fingerprint(api):
    key = api.get("/v2/account/keys")["ssh_keys"][0]
    assert api.create(ssh_keys=[key["id"], key["fingerprint"], str(key["id"])])[0] == 202


def test_the_account_has_a_droplet_limit(api, refused):
    room = api.get("/v2/account")["account"]["droplet_limit"] - 13
    for _ in range(room // 10):
        assert api.create(name=..., names=["x"] * 10)[0] == 202
    refused(
        api.create(name=..., names=["x"] * 10), 422, "creating this/these droplet(s) will exceed your droplet limit"
    )


def test_a_deleted_droplet_is_listed_until_its_action_ends(api, refused):
    id_ = api.droplet("db-1")["id"]
    backups = api.droplet("db-1")["backup_ids"]
    kept = api.droplet("db-1")["snapshot_ids"]
    assert api("DELETE", f"/v2/droplets/{id_}") == (204, None)
    assert api("GET", f"/v2/droplets/{id_}")[0] == 200
    refused(api("DELETE", f"/v2/droplets/{id_}"), 422, "Droplet already has a pending event.")
    api.clock.advance(1)
    assert api("GET", f"/v2/droplets/{id_}")[0] == 404
    assert api("DELETE", f"/v2/droplets/{id_}")[0] == 404
    assert api("GET", f"/v2/images/{backups[0]}")[0] == 404
    assert api("GET", f"/v2/images/{kept[0]}")[0] == 200
    newest = api.get("/v2/actions?per_page=1")["actions"][0]
    assert (newest["type"], newest["status"], newest["resource_id"]) == ("destroy", "completed", id_)


def test_a_deletion_by_tag_deletes_all_or_none(api):
    worker = api.droplet("worker-1")["id"]
    assert api("DELETE", "/v2/droplets")[0] == 422
    assert api("DELETE", "/v2/droplets?tag_name=nobody")[0] == 404
    api.act(worker, "power_off")
    assert api("DELETE", "/v2/droplets?tag_name=worker")[0] == 422
    api.clock.advance(60)
    assert api.get("/v2/droplets?tag_name=worker")["meta"]["total"] == 2
    assert api("DELETE", "/v2/droplets?tag_name=worker") == (204, None)
    api.clock.advance(60)
    assert api.get("/v2/droplets?tag_name=worker")["meta"]["total"] == 0
    assert api.get("/v2/droplets")["meta"]["total"] == 10


def test_neighbors_share_a_physical_server(api):
    web_1, web_2 = api.droplet("web-1"), api.droplet("web-2")
    neighbors = api.get(f"/v2/droplets/{web_1['id']}/neighbors")
    assert [droplet["id"] for droplet in neighbors["droplets"]] == [web_2["id"]]
    assert api.get("/v2/reports/droplet_neighbors_ids") == {"neighbor_ids": [[web_1["id"], web_2["id"]]]}


def test_snapshots_backups_and_kernels_of_a_droplet_are_listed(api):
    droplet = api.droplet("db-1")
    path = f"/v2/droplets/{droplet['id']}"
    snapshots, backups = api.get(f"{path}/snapshots")["snapshots"], api.get(f"{path}/backups")["backups"]
    assert [one["id"] for one in snapshots] == droplet["snapshot_ids"]
    assert [one["id"] for one in backups] == droplet["backup_ids"]
    assert {one["type"] for one in backups} == {"backup"}
    assert api.get(f"{path}/kernels") == {"kernels": [], "links": {}, "meta": {"total": 0}}
    actions = api.get(f"{path}/actions?per_page=200")
    assert {action["resource_id"] for action in actions["actions"]} == {droplet["id"]}
    other = api.get(f"/v2/droplets/{api.droplet('web-1')['id']}/actions")["actions"][0]["id"]
    assert api("GET", f"{path}/actions/{other}")[0] == 404
    assert api.get(f"{path}/actions/{actions['actions'][0]['id']}")["action"] == actions["actions"][0]
    for rest in ("snapshots", "backups", "kernels", "actions", "neighbors", "firewalls", "backups/policy"):
        assert api("GET", f"/v2/droplets/1/{rest}")[0] == 404


def test_backup_policies_can_be_read(api):
    id_ = str(api.droplet("db-1")["id"])
    policies = api.get("/v2/droplets/backups/policies?per_page=200")["policies"]
    assert policies[id_] == api.get(f"/v2/droplets/{id_}/backups/policy")["policy"]
    assert policies[id_]["backup_policy"]["retention_period_days"] == 28
    assert sum(policy["backup_enabled"] for policy in policies.values()) == 2
    plans = api.get("/v2/droplets/backups/supported_policies")["supported_policies"]
    assert [plan["name"] for plan in plans] == ["weekly", "daily"]


def test_a_backup_window_moves_on_when_it_starts(api):
    before = api.droplet("db-1")["next_backup_window"]
    api.clock.advance(15 * 86_400)
    after = api.droplet("db-1")["next_backup_window"]
    assert before == {"start": "2026-11-29T04:00:00Z", "end": "2026-11-29T08:00:00Z"}
    assert after["start"] == "2026-12-13T04:00:00Z"
