"""Actions on droplets: the checks, messages and effect of each type; one at a time; by tag."""

from __future__ import annotations

import pytest

PENDING = "Droplet already has a pending event."
ON = "Droplet is currently on. Please power it off to run this event."


def test_an_action_is_in_progress_then_completed_and_the_status_follows_after_the_lag(make_api):
    api = make_api(lag_s=4)
    id_ = api.droplet("web-1")["id"]
    status, body = api.act(id_, "power_off")
    action = body["action"]
    assert status == 201
    assert (action["status"], action["completed_at"], action["resource_id"]) == ("in-progress", None, id_)
    assert action["region"]["slug"] == action["region_slug"] == "nyc3"
    seen = []
    for _ in range(30):
        now = api.get(f"/v2/actions/{action['id']}")["action"]["status"], api.droplet("web-1")["status"]
        if now not in seen:
            seen.append(now)
        api.clock.advance(0.05)
    assert seen == [("in-progress", "active"), ("completed", "active"), ("completed", "off")]


def test_only_one_action_runs_at_a_time(api, refused):
    id_ = api.droplet("web-1")["id"]
    api.act(id_, "reboot")
    refused(api.act(id_, "power_off"), 422, PENDING)
    refused(api("DELETE", f"/v2/droplets/{id_}"), 422, PENDING)
    api.clock.advance(5)
    assert api.act(id_, "power_off")[0] == 201


def test_a_new_droplet_is_busy_being_created(api, refused):
    id_ = api.create()[1]["droplet"]["id"]
    refused(api.act(id_, "power_off"), 422, PENDING)


def test_the_new_status_shows_as_soon_as_an_action_has_completed(api):
    id_ = api.droplet("web-1")["id"]
    action = api.act(id_, "power_off")[1]["action"]
    api.sandbox.finish(action["id"])
    assert api.droplet("web-1")["status"] == "off"
    new = api.create()[1]
    created = new["links"]["actions"][0]["id"]
    while api.get(f"/v2/actions/{created}")["action"]["status"] == "in-progress":
        assert api.get(f"/v2/droplets/{new['droplet']['id']}")["droplet"]["status"] == "new"
        api.clock.advance(0.01)
    assert api.get(f"/v2/droplets/{new['droplet']['id']}")["droplet"]["status"] == "active"


def test_the_lag_is_divided_by_the_speed(make_api):
    api = make_api(speed=2, lag_s=60)
    assert api.get("/_sandbox/")["lag_s"] == 60
    api.sandbox.finish(api.act(api.droplet("web-1")["id"], "power_off")[1]["action"]["id"])
    api.clock.advance(29)
    assert api.droplet("web-1")["status"] == "active"
    api.clock.advance(1)
    assert api.droplet("web-1")["status"] == "off"


def test_power_actions_use_the_true_power_while_the_status_lags(make_api, refused):
    api = make_api(lag_s=4)
    id_ = api.droplet("web-1")["id"]
    action = api.act(id_, "power_off")[1]["action"]
    api.sandbox.finish(action["id"])
    assert api.droplet("web-1")["status"] == "active"
    refused(api.act(id_, "power_off"), 422, "Droplet is already powered off.")
    assert api.act(id_, "power_on")[0] == 201


@pytest.mark.parametrize(
    ("name", "type_", "text"),
    [
        ("staging-db", "power_off", "Droplet is already powered off."),
        ("staging-db", "reboot", "Droplet is currently off. Please power it on to run this event."),
        ("staging-db", "power_cycle", "Droplet is currently off. Please power it on to run this event."),
        ("web-1", "disable_backups", "Backups have already been disabled on this Droplet."),
        ("web-1", "change_kernel", "The kernel of this Droplet is managed inside the Droplet."),
        ("build-1", "password_reset", "Password reset is not available for this Droplet's distribution."),
        ("web-1", "enable_ipv6", "IPv6 has already been enabled on this Droplet."),
        ("web-1", "explode", "explode is not a valid action type."),
        ("web-1", "resize", "size is required."),
        ("web-1", "rename", "name is required."),
        ("web-1", "rebuild", "image is required."),
        ("web-1", "restore", "image is required."),
        ("db-1", "enable_backups", "Backups have already been enabled on this Droplet."),
        ("db-1", "change_backup_policy", "backup_policy is required."),
    ],
)
def test_an_action_that_the_state_forbids_is_refused(api, refused, name, type_, text):
    refused(api.act(api.droplet(name)["id"], type_), 422, text)


def test_powering_on_a_running_droplet_is_accepted(api):
    assert api.done(api.droplet("web-1")["id"], "power_on")["status"] == "active"
    status, body = api("POST", "/v2/droplets/actions?tag_name=worker", {"type": "power_on"})
    assert (status, len(body["actions"])) == (201, 2)


def test_power_actions_have_their_effect(api):
    id_ = api.droplet("staging-db")["id"]
    assert api.done(id_, "shutdown")["status"] == "off"
    for type_, status in [("power_on", "active"), ("reboot", "active"), ("power_cycle", "active"), ("shutdown", "off")]:
        assert api.done(id_, type_)["status"] == status


def test_a_shutdown_can_be_ignored_by_the_droplet(api):
    id_ = api.droplet("web-1")["id"]
    api.sandbox.fault("shutdown_ignored")
    assert api.done(id_, "shutdown")["status"] == "active"
    assert api.done(id_, "shutdown")["status"] == "off"


def test_an_action_can_end_errored_without_its_effect(api):
    id_ = api.droplet("web-1")["id"]
    api.sandbox.fault("action_errored", action="power_off")
    assert api.done(id_, "reboot")["status"] == "active"
    action = api.act(id_, "power_off")[1]["action"]
    api.clock.advance(60)
    ended = api.get(f"/v2/actions/{action['id']}")["action"]
    assert (ended["status"], ended["completed_at"] is not None) == ("errored", True)
    assert api.droplet("web-1")["status"] == "active"
    assert api.act(id_, "power_off")[0] == 201


def test_a_resize_changes_cpu_and_memory_only(api, refused):
    id_ = api.droplet("web-1")["id"]
    refused(api.act(id_, "resize", size="s-4vcpu-8gb"), 422, ON)
    api.done(id_, "power_off")
    droplet = api.done(id_, "resize", size="s-4vcpu-8gb")
    assert (droplet["memory"], droplet["vcpus"], droplet["disk"]) == (8192, 4, 80)
    assert (droplet["size_slug"], droplet["size"]["slug"]) == ("s-4vcpu-8gb", "s-4vcpu-8gb")
    assert droplet["status"] == "off"
    assert api.done(id_, "resize", size="s-2vcpu-4gb")["memory"] == 4096


def test_a_resize_with_disk_is_permanent(api, refused):
    id_ = api.droplet("staging-db")["id"]
    droplet = api.done(id_, "resize", size="s-4vcpu-8gb", disk=True)
    assert (droplet["disk"], droplet["disk_info"][0]["size"]["amount"]) == (160, 160)
    refused(api.act(id_, "resize", size="s-2vcpu-4gb"), 422, "Size can not decrease size of Droplet's disk image")


def test_a_droplet_with_an_unchanged_disk_can_return_to_the_smaller_size(api, refused):
    before = api.droplet("build-1")
    assert (before["size_slug"], before["disk"]) == ("s-4vcpu-8gb", 80)
    id_ = before["id"]
    api.done(id_, "power_off")
    refused(api.act(id_, "resize", size="s-2vcpu-2gb"), 422, "Size can not decrease size of Droplet's disk image")
    smaller = api.done(id_, "resize", size="s-2vcpu-4gb")
    assert (smaller["vcpus"], smaller["memory"], smaller["disk"]) == (2, 4096, 80)
    again = api.done(id_, "resize", size="s-4vcpu-8gb")
    assert (again["vcpus"], again["disk"], again["size"]["disk"]) == (4, 80, 160)
    refused(api.act(id_, "resize", size="s-4vcpu-8gb"), 422, "The droplet is already set to this size.")
    grown = api.done(id_, "resize", size="s-4vcpu-8gb", disk=True)
    assert (grown["disk"], grown["disk_info"][0]["size"]["amount"]) == (160, 160)
    refused(api.act(id_, "resize", size="s-2vcpu-4gb"), 422, "Size can not decrease size of Droplet's disk image")


def test_an_image_must_fit_on_the_actual_disk_of_a_resized_droplet(api, refused):
    build, staging = api.droplet("build-1"), api.droplet("staging-web")
    (image,) = api.done(build["id"], "snapshot", name="toolchain")["snapshot_ids"]
    assert api.get(f"/v2/images/{image}")["image"]["min_disk_size"] == 80
    refused(
        api.create(image=image, size="s-1vcpu-2gb", region="sgp1"),
        422,
        "The image you specified requires a larger disk.",
    )
    assert api.create(image=image, size="s-2vcpu-4gb", region="sgp1")[0] == 202
    rebuilt = api.done(build["id"], "rebuild", image=image)
    assert (rebuilt["size_slug"], rebuilt["disk"]) == ("s-4vcpu-8gb", 80)
    # The size has 50 GB, the droplet 25.
    api.sandbox.reset()
    legacy = api.droplet("legacy-reports")
    (image,) = legacy["snapshot_ids"]
    assert api.get(f"/v2/images/{image}")["image"]["min_disk_size"] == legacy["disk"] == 50
    status, body = api("POST", f"/v2/images/{image}/actions", {"type": "transfer", "region": "sfo3"})
    assert status == 201, body
    api.clock.advance(3600)
    refused(api.act(staging["id"], "rebuild", image=image), 422, "The image you specified requires a larger disk.")


def test_restoring_a_backup_keeps_the_disk_size(api):
    id_ = api.droplet("db-1")["id"]
    api.done(id_, "power_off")
    larger = api.done(id_, "resize", size="g-4vcpu-16gb")
    assert (larger["size"]["disk"], larger["disk"]) == (50, 25)
    restored = api.done(id_, "restore", image=larger["backup_ids"][-1])
    assert (restored["size_slug"], restored["disk"]) == ("g-4vcpu-16gb", 25)
    assert restored["disk_info"] == larger["disk_info"]


@pytest.mark.parametrize(
    ("size", "text"),
    [
        ("s-2vcpu-4gb", "The droplet is already set to this size."),
        ("s-1vcpu-1gb", "Size can not decrease size of Droplet's disk image"),
        ("s-nothing", "You specified an invalid size for Droplet resize."),
        ("gpu-mi300x1-192gb", "Size is not available in this region."),
    ],
)
def test_a_size_that_does_not_fit_is_refused(api, refused, size, text):
    refused(api.act(api.droplet("staging-db")["id"], "resize", size=size), 422, text)


def test_a_size_without_capacity_is_refused(api, refused):
    id_ = api.droplet("staging-db")["id"]
    api.sandbox.fault("no_capacity", times=2)
    refused(api.act(id_, "resize", size="s-4vcpu-8gb"), 422, "Size is too large to fit on your droplet's server")
    status, body = api.create()
    assert status == 422
    assert "sfo3" in body["error_attributes"]["available_regions"]
    assert "nyc3" not in body["error_attributes"]["available_regions"]


def test_a_snapshot_becomes_an_image_of_the_droplet(api):
    id_ = api.droplet("web-1")["id"]
    droplet = api.done(id_, "snapshot", name="before <b>launch</b>")
    (image_id,) = droplet["snapshot_ids"]
    image = api.get(f"/v2/images/{image_id}")["image"]
    assert (image["type"], image["name"], image["min_disk_size"]) == ("snapshot", "before <b>launch</b>", 80)
    assert api.get(f"/v2/snapshots/{image_id}")["snapshot"]["resource_id"] == str(id_)
    assert api.done(id_, "snapshot")["snapshot_ids"][0] == image_id


def test_a_rebuild_keeps_id_and_addresses(api):
    before = api.droplet("web-1")
    after = api.done(before["id"], "rebuild", image="debian-13-x64")
    assert after["image"]["slug"] == "debian-13-x64"
    assert after["networks"] == before["networks"]
    assert api.act(before["id"], "rebuild", image=["x"])[0] == 422


def test_a_backup_or_a_snapshot_of_this_droplet_restores_it(api, refused):
    droplet = api.droplet("db-1")
    foreign = api.droplet("db-2")["backup_ids"][0]
    text = "You can only restore a Droplet from one of its own backups or snapshots."
    public = api.get("/v2/images/ubuntu-24-04-x64")["image"]["id"]
    for image in (foreign, public, 1):
        refused(api.act(droplet["id"], "restore", image=image), 422, text)
    snapshot = api.done(droplet["id"], "snapshot")["snapshot_ids"][-1]
    refused(api.act(api.droplet("db-2")["id"], "restore", image=snapshot), 422, text)
    assert api.done(droplet["id"], "restore", image=snapshot)["image"]["id"] == snapshot
    refused(api.act(droplet["id"], "restore", image="ubuntu-24-04-x64"), 422, "image must be an integer.")
    assert api.done(droplet["id"], "restore", image=droplet["backup_ids"][0])["image"]["type"] == "backup"


def test_rename_ipv6_and_backups_have_their_effect(api):
    id_ = api.droplet("worker-1")["id"]
    assert api.done(id_, "rename", name="worker-one")["name"] == "worker-one"
    with_ipv6 = api.done(id_, "enable_ipv6")
    assert with_ipv6["networks"]["v6"][0]["ip_address"].startswith("2001:db8:")
    assert "ipv6" in with_ipv6["features"]
    backed = api.done(id_, "enable_backups", backup_policy={"plan": "weekly", "weekday": "WED", "hour": 8})
    assert "backups" in backed["features"]
    assert backed["next_backup_window"]["start"] == "2026-11-25T08:00:00Z"
    changed = api.done(id_, "change_backup_policy", backup_policy={"plan": "daily", "hour": 16})
    assert changed["next_backup_window"]["start"] == "2026-11-23T16:00:00Z"
    gone = api.done(id_, "disable_backups")
    assert (gone["next_backup_window"], "backups" in gone["features"]) == (None, False)


def test_actions_by_tag_start_one_for_each_droplet(api):
    status, body = api("POST", "/v2/droplets/actions?tag_name=worker", {"type": "power_off"})
    assert status == 201
    assert len(body["actions"]) == 2
    api.clock.advance(60)
    assert {droplet["status"] for droplet in api.get("/v2/droplets?tag_name=worker")["droplets"]} == {"off"}


def test_actions_by_tag_are_all_or_none(api, refused):
    path = "/v2/droplets/actions"
    refused(api("POST", f"{path}?tag_name=web", {"type": "resize"}), 422, "resize cannot be performed by tag.")
    refused(api("POST", path, {"type": "power_off"}), 422, "tag_name is required.")
    assert api("POST", f"{path}?tag_name=nobody", {"type": "power_off"})[0] == 404
    before = api.get("/v2/actions")["meta"]["total"]
    refused(api("POST", f"{path}?tag_name=env:prod", {"type": "power_off"}), 422, "Droplet is already powered off.")
    assert api.get("/v2/actions")["meta"]["total"] == before
    api("POST", "/v2/tags", {"name": "lonely"})
    assert api("POST", f"{path}?tag_name=lonely", {"type": "power_off"}) == (201, {"actions": []})


def test_all_actions_are_listed_newest_first(api):
    started = api.act(api.droplet("web-1")["id"], "reboot")[1]["action"]
    actions = api.get("/v2/actions?per_page=200")["actions"]
    assert actions[0] == started
    ids = [action["id"] for action in actions]
    times = [action["started_at"] for action in actions]
    assert ids == sorted(ids, reverse=True)
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("speed", [1, 20, 400])
def test_speed_divides_how_long_an_action_takes(make_api, speed):
    api = make_api(speed=speed)
    id_ = api.create()[1]["droplet"]["id"]
    api.clock.advance(60 * 0.74 / speed)
    assert api.get("/v2/actions?per_page=1")["actions"][0]["status"] == "in-progress"
    api.clock.advance(60 * 0.52 / speed)
    assert api.get("/v2/actions?per_page=1")["actions"][0]["status"] == "completed"
    assert api.get(f"/v2/droplets/{id_}")["droplet"]["status"] == "active"


def test_a_snapshot_is_as_old_as_its_action(api):
    web = api.droplet("web-1")
    action = api.act(web["id"], "snapshot", name="dated")[1]["action"]
    api.clock.advance(600)
    (image,) = [one for one in api.get("/v2/images?private=true&per_page=200")["images"] if one["name"] == "dated"]
    assert image["created_at"] == action["started_at"]
    assert api.get(f"/v2/snapshots/{image['id']}")["snapshot"]["created_at"] == action["started_at"]
