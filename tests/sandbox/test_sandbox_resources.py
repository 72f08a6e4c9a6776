"""Regions, sizes, images, account, keys, snapshots and tags of the sandbox."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path

import pytest

BLOB = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + b"k" * 32
PUBLIC_KEY = f"ssh-ed25519 {base64.b64encode(BLOB).decode()} somebody@example"


def everything(api, path, key):
    return api.get(f"{path}{'&' if '?' in path else '?'}per_page=200")[key]


def test_regions_and_sizes_agree_on_availability(api):
    sizes = everything(api, "/v2/sizes", "sizes")
    regions = everything(api, "/v2/regions", "regions")
    assert (len(regions), len(sizes)) == (15, 147)
    for region in regions:
        assert region["sizes"] == [size["slug"] for size in sizes if region["slug"] in size["regions"]]
    assert [region["slug"] for region in regions if not region["available"]] == ["sfo1", "ams2"]


def test_prices_follow_the_published_rules(api):
    for size in everything(api, "/v2/sizes", "sizes"):
        hours = 744 if "gpu_info" in size else 672
        assert size["price_monthly"] == pytest.approx(size["price_hourly"] * hours, abs=0.006)


def test_reference_data_is_the_collected_data(api):
    default = Path(__file__).parents[3] / "shared" / "api" / "digitalocean-openapi.json"
    facts_file = Path(os.environ.get("POSEIDON_SPEC", default)).with_name("catalogue-facts.json")
    if not facts_file.exists():
        pytest.skip(f"{facts_file} is not here")
    facts = json.loads(facts_file.read_text("utf-8"))
    for size, fact in zip(everything(api, "/v2/sizes", "sizes"), facts["sizes"], strict=True):
        for name, value in size.items():
            assert value == (sorted(fact[name]) if name == "regions" else fact[name]), (size["slug"], name)
    for region, fact in zip(everything(api, "/v2/regions", "regions"), facts["regions"], strict=True):
        assert region == {name: fact[name] for name in region}
    for fact in facts["images"]:
        image = api.get(f"/v2/images/{fact['id']}")["image"]
        assert (image["name"], image["min_disk_size"]) == (fact["name"], fact["min_disk_size"])


def test_images_are_filtered_by_kind(api):
    public = everything(api, "/v2/images?type=distribution", "images")
    own = everything(api, "/v2/images?private=true", "images")
    assert {image["type"] for image in public} == {"base"}
    assert {image["type"] for image in own} == {"snapshot", "backup", "custom"}
    assert everything(api, "/v2/images?private=True", "images") == own
    assert everything(api, "/v2/images", "images") == public + own
    assert everything(api, "/v2/images?type=application", "images") == []
    assert api("GET", "/v2/images?type=cow")[0] == 422


def test_a_slug_finds_a_public_image_and_a_retired_one_is_found_by_id_only(api):
    image = api.get("/v2/images/ubuntu-24-04-x64")["image"]
    assert api.get(f"/v2/images/{image['id']}")["image"] == image
    assert api("GET", "/v2/images/ubuntu-20-04-x64")[0] == 404
    retired = api.droplet("legacy-reports")["image"]
    assert (retired["slug"], retired["public"], retired["regions"], retired["status"]) == (None, False, [], "retired")
    assert api.get(f"/v2/images/{retired['id']}")["image"] == retired


def test_only_own_images_can_be_changed_and_deleted(api, refused):
    base = api.get("/v2/images/debian-13-x64")["image"]["id"]
    refused(api("DELETE", f"/v2/images/{base}"), 403, "You do not have access for the attempted action.")
    assert api("PUT", "/v2/images/debian-13-x64", {"name": "x"})[0] == 404
    droplet = api.droplet("db-1")
    own = droplet["snapshot_ids"][0]
    assert api("PUT", f"/v2/images/{own}", {"name": "renamed", "description": "why"})[1]["image"]["name"] == "renamed"
    assert api.get(f"/v2/snapshots/{own}")["snapshot"]["name"] == "renamed"
    assert api("DELETE", f"/v2/images/{own}") == (204, None)
    assert own not in api.droplet("db-1")["snapshot_ids"]
    assert api("GET", f"/v2/snapshots/{own}")[0] == 404


def test_snapshots_have_ids_that_are_strings(api):
    snapshots = everything(api, "/v2/snapshots", "snapshots")
    of_droplets = everything(api, "/v2/snapshots?resource_type=droplet", "snapshots")
    of_volumes = everything(api, "/v2/snapshots?resource_type=volume", "snapshots")
    assert (len(of_droplets), len(of_volumes)) == (5, 4)
    assert snapshots == of_droplets + of_volumes
    assert all(isinstance(one["id"], str) and isinstance(one["resource_id"], str) for one in snapshots)
    assert {len(one["id"]) for one in of_volumes} == {36}
    assert api("DELETE", f"/v2/snapshots/{snapshots[0]['id']}") == (204, None)
    assert api("GET", f"/v2/snapshots/{snapshots[0]['id']}")[0] == 404


def test_a_backup_is_not_a_snapshot(api, refused):
    backup = api.droplet("db-1")["backup_ids"][0]
    refused(api("GET", f"/v2/snapshots/{backup}"), 400, "the resource is not a snapshot")


def test_a_key_is_created_renamed_found_both_ways_and_deleted(api, refused):
    status, body = api("POST", "/v2/account/keys", {"name": "mine", "public_key": PUBLIC_KEY})
    key = body["ssh_key"]
    assert status == 201
    digest = hashlib.md5(BLOB, usedforsecurity=False).hexdigest()
    assert key["fingerprint"].replace(":", "") == digest
    assert len(key["fingerprint"]) == 47
    again = {"name": "other", "public_key": PUBLIC_KEY.rpartition(" ")[0]}
    refused(api("POST", "/v2/account/keys", again), 422, "SSH Key is already in use on your account")
    by_print, by_id = f"/v2/account/keys/{key['fingerprint']}", f"/v2/account/keys/{key['id']}"
    assert api("PUT", by_print, {"name": "renamed"})[1]["ssh_key"] == {**key, "name": "renamed"}
    assert api.get(by_id)["ssh_key"]["name"] == "renamed"
    assert api("PUT", by_id, {})[0] == 422
    assert api("DELETE", by_print) == (204, None)
    assert api("GET", by_id)[0] == 404


@pytest.mark.parametrize(
    "public_key",
    ["", "nonsense", "ssh-ed25519 !!!", "ssh-rsa AAAAC3NzaC1lZDI1NTE5", "ssh-ed25519 é", "  ", f"x{PUBLIC_KEY}"],
)
def test_an_invalid_key_is_refused(api, public_key):
    assert api("POST", "/v2/account/keys", {"name": "k", "public_key": public_key})[0] == 422


def test_tags_count_their_resources(api):
    tag = api.get("/v2/tags/web")["tag"]
    assert tag["resources"]["count"] == tag["resources"]["droplets"]["count"] == 4
    assert tag["resources"]["last_tagged_uri"].startswith("http://127.0.0.1:8080/v2/droplets/")


def test_tagging_and_untagging_changes_droplets_and_images(api):
    droplet = api.droplet("monitor-1")["id"]
    image = api.droplet("db-1")["snapshot_ids"][0]
    things = [
        {"resource_id": str(droplet), "resource_type": "droplet"},
        {"resource_id": str(image), "resource_type": "image"},
    ]
    assert api("POST", "/v2/tags", {"name": "Keep:Me"})[0] == 201
    assert api("POST", "/v2/tags/keep:me/resources", {"resources": things}) == (204, None)
    assert api("POST", "/v2/tags/keep:me/resources", {"resources": things}) == (204, None)
    assert api.droplet("monitor-1")["tags"] == ["monitoring", "Keep:Me"]
    assert [one["id"] for one in api.get("/v2/images?tag_name=keep:ME")["images"]] == [image]
    resources = api.get("/v2/tags/Keep:Me")["tag"]["resources"]
    assert (resources["count"], resources["images"]["count"]) == (2, 1)
    assert resources["last_tagged_uri"].endswith(f"/v2/images/{image}")
    assert api("DELETE", "/v2/tags/Keep:Me/resources", {"resources": things[:1]}) == (204, None)
    assert api.droplet("monitor-1")["tags"] == ["monitoring"]


def test_a_deleted_tag_is_removed_from_all_resources(api):
    assert api("DELETE", "/v2/tags/web") == (204, None)
    assert api("GET", "/v2/tags/web")[0] == 404
    assert api.droplet("web-1")["tags"] == ["env:prod"]


def test_an_existing_tag_is_not_created_again(api):
    before = api.get("/v2/tags")["meta"]["total"]
    assert api("POST", "/v2/tags", {"name": "WEB"})[1]["tag"]["name"] == "web"
    assert api.get("/v2/tags")["meta"]["total"] == before


def test_an_invalid_tag_name_is_refused_in_its_own_format(api):
    status, body = api("POST", "/v2/tags", {"name": "no blank"})
    assert status == 400
    assert set(body) == {"error", "messages", "root_causes"}


@pytest.mark.parametrize(
    ("resource", "status"),
    [
        ({"resource_id": "1", "resource_type": "droplet"}, 404),
        ({"resource_id": "x", "resource_type": "droplet"}, 404),
        ({"resource_id": "1", "resource_type": "cow"}, 422),
        ({"resource_id": 1, "resource_type": "droplet"}, 400),
        ({"resource_id": "1"}, 422),
        ("1", 422),
    ],
)
def test_tagging_an_unknown_resource_tags_nothing(api, resource, status):
    good = {"resource_id": str(api.droplet("monitor-1")["id"]), "resource_type": "droplet"}
    assert api("POST", "/v2/tags/web/resources", {"resources": [good, resource]})[0] == status
    assert api.droplet("monitor-1")["tags"] == ["monitoring"]
