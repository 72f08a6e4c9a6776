"""Custom images, actions of images, and automatic backups."""

from __future__ import annotations

import pytest

DAY_S = 86_400
WANTED = {"name": "router", "url": "https://example.com/maps/router.qcow2", "region": "fra1"}


def image(api, id_):
    return api.get(f"/v2/images/{id_}")["image"]


def imported(api, **fields):
    status, body = api("POST", "/v2/images", {**WANTED, **fields})
    assert status == 202, body
    return body["image"]


def started(api, id_, type_, **fields):
    status, body = api("POST", f"/v2/images/{id_}/actions", {"type": type_, **fields})
    assert status == 201, body
    return body["action"]


def test_a_custom_image_is_new_then_pending_then_available(make_api):
    api = make_api(speed=1)
    made = imported(api, tags=["maps"], description="routes")
    assert (made["status"], made["type"], made["regions"], made["public"]) == ("NEW", "custom", [], False)
    seen = [made["status"]]
    for _ in range(60):
        api.clock.advance(5)
        status = image(api, made["id"])["status"]
        if status != seen[-1]:
            seen.append(status)
    assert seen == ["NEW", "pending", "available"]
    there = image(api, made["id"])
    assert (there["regions"], there["error_message"]) == (["fra1"], "")
    assert there["size_gigabytes"] > 0
    assert there in api.get("/v2/images?private=true&per_page=200")["images"]
    assert api.get("/v2/tags/maps")["tag"]["resources"]["images"]["count"] == 1


@pytest.mark.parametrize(
    ("ending", "good"),
    [
        *((ending, True) for ending in (".raw", ".img", ".QCOW2", ".vhdx", ".vdi", ".vmdk", ".img.gz", ".raw.bz2")),
        *((ending, True) for ending in (".bin", ".bin.gz", ".bin.bz2")),
        *((ending, False) for ending in ("", ".iso", ".tar.gz", ".gz", ".html", ".img.zip", "?file=x.img")),
    ],
)
def test_a_url_without_an_image_ends_in_an_error(api, ending, good):
    id_ = imported(api, url=f"https://example.com/disk{ending}")["id"]
    api.clock.advance(600)
    there = image(api, id_)
    assert there["status"] == ("available" if good else "deleted")
    assert bool(there["error_message"]) is not good
    assert bool(there["regions"]) is good


@pytest.mark.parametrize(
    "url", ["ftp://example.com/a.img", "a.img", "https:///a.img", "https://[::1/a.img", "http://a:b/a.img"]
)
def test_an_invalid_url_is_refused_at_once(api, refused, url):
    refused(api("POST", "/v2/images", {**WANTED, "url": url}), 422, "url must be an http or https address.")


def test_a_droplet_can_be_created_from_an_available_custom_image_in_its_region(api, refused):
    id_ = imported(api)["id"]
    refused(api.create(image=id_, region="fra1"), 422, "You specified an invalid image for Droplet creation.")
    api.clock.advance(600)
    assert api.create(image=id_, region="fra1")[0] == 202
    refused(
        api.create(image=id_, region="nyc3"), 422, "The image you specified is not available in the selected region."
    )


def test_an_unknown_distribution_is_accepted_and_ignored(api):
    assert imported(api, distribution="Unknown OS")["distribution"] == "Unknown OS"
    made = imported(api, distribution="Plan 9")
    assert made["distribution"] == "Unknown"
    changed = api("PUT", f"/v2/images/{made['id']}", {"distribution": "Fedora", "name": "n"})[1]["image"]
    assert (changed["distribution"], changed["name"]) == ("Fedora", "n")
    assert api("PUT", f"/v2/images/{made['id']}", {"distribution": "Plan 9"})[1]["image"]["distribution"] == "Unknown"


def test_an_image_deleted_during_its_import_stays_deleted(api):
    id_ = imported(api)["id"]
    assert api("DELETE", f"/v2/images/{id_}")[0] == 204
    api.clock.advance(600)
    assert api("GET", f"/v2/images/{id_}")[0] == 404


def test_an_empty_account_has_no_image_and_no_alert_policy(make_api):
    api = make_api(droplets=0)
    assert api.get("/v2/images?private=true")["images"] == []
    assert api.get("/v2/monitoring/alerts")["policies"] == []


def test_a_transfer_adds_the_region_when_it_completes(api, refused):
    id_ = api.droplet("db-1")["snapshot_ids"][0]
    action = started(api, id_, "transfer", region="fra1")
    assert (action["resource_type"], action["resource_id"], action["region_slug"]) == ("image", id_, "fra1")
    assert image(api, id_)["regions"] == ["nyc3"]
    refused(
        api("POST", f"/v2/images/{id_}/actions", {"type": "transfer", "region": "lon1"}),
        422,
        "Image already has a pending event.",
    )
    assert api("DELETE", f"/v2/images/{id_}")[0] == 422
    assert api("DELETE", f"/v2/snapshots/{id_}")[0] == 422
    api.clock.advance(600)
    assert image(api, id_)["regions"] == ["nyc3", "fra1"]
    ended = api.get(f"/v2/images/{id_}/actions/{action['id']}")["action"]
    assert ended["status"] == "completed"
    assert api.get("/v2/actions?per_page=200")["actions"].count(ended) == 1
    assert api.get(f"/v2/images/{id_}/actions")["actions"] == [ended]


def test_an_errored_transfer_adds_nothing(api):
    id_ = api.droplet("db-1")["snapshot_ids"][0]
    api.sandbox.fault("action_errored", action="transfer")
    started(api, id_, "transfer", region="fra1")
    api.clock.advance(600)
    assert api.get(f"/v2/images/{id_}/actions")["actions"][0]["status"] == "errored"
    assert image(api, id_)["regions"] == ["nyc3"]


def test_convert_turns_a_backup_into_a_snapshot(api, refused):
    droplet = api.droplet("db-1")
    id_ = droplet["backup_ids"][0]
    started(api, id_, "convert")
    api.clock.advance(600)
    after = api.droplet("db-1")
    assert image(api, id_)["type"] == "snapshot"
    assert (after["backup_ids"], after["snapshot_ids"]) == (
        droplet["backup_ids"][1:],
        [*droplet["snapshot_ids"], id_],
    )
    answer = api("POST", f"/v2/images/{id_}/actions", {"type": "convert"})
    refused(answer, 422, "Only a backup can be converted to a snapshot.")
    assert api.get(f"/v2/snapshots/{id_}")["snapshot"]["resource_id"] == str(droplet["id"])


def test_a_weekly_backup_is_created_in_each_window_and_four_are_kept(api):
    before = api.droplet("db-1")
    api.clock.advance(7 * DAY_S)
    after = api.droplet("db-1")
    assert after["backup_ids"][:-1] == before["backup_ids"][1:]
    newest = image(api, after["backup_ids"][-1])
    assert newest["type"] == "backup"
    assert newest["created_at"] > before["next_backup_window"]["start"]
    actions = api.get(f"/v2/droplets/{before['id']}/actions")["actions"]
    assert actions[0]["type"] == "backup"
    assert actions[0]["started_at"] == before["next_backup_window"]["start"]
    api.clock.advance(40 * DAY_S)
    assert len(api.droplet("db-1")["backup_ids"]) == 4


def test_a_droplet_is_not_busy_during_an_automatic_backup(api):
    api.done(api.droplet("web-1")["id"], "enable_backups", backup_policy={"plan": "daily", "hour": 16})
    api.clock.advance(4 * 3600 - 600)
    droplet = api.droplet("web-1")
    assert droplet["next_backup_window"]["start"] == "2026-11-24T16:00:00Z"
    assert droplet["backup_ids"] == []
    api.done(droplet["id"], "reboot")
    assert len(api.droplet("web-1")["backup_ids"]) == 1
    api.clock.advance(20 * DAY_S)
    assert len(api.droplet("web-1")["backup_ids"]) == 7


def test_a_droplet_that_is_off_is_not_backed_up(api):
    droplet = api.done(api.droplet("db-1")["id"], "power_off")
    api.clock.advance(8 * DAY_S)
    assert api.droplet("db-1")["backup_ids"] == droplet["backup_ids"]


def test_an_overlong_number_matches_no_image_and_no_action(api, refused):
    digits = "9" * 5_000
    assert api("GET", f"/v2/images/{digits}")[0] == 404
    assert api.create(image=digits)[0] == 422
    assert api("POST", f"/_sandbox/actions/{digits}/finish")[0] == 404
