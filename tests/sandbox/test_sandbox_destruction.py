"""Droplets that are destroyed with their associated resources."""

from __future__ import annotations

KINDS = ("reserved_ips", "snapshots", "volumes", "volume_snapshots")


def path_of(api, name):
    return f"/v2/droplets/{api.droplet(name)['id']}/destroy_with_associated_resources"


def test_associated_resources_are_listed_with_their_cost(api):
    found = api.get(path_of(api, "db-1"))
    assert [len(found[kind]) for kind in KINDS] == [0, 3, 1, 2]
    assert (found["volumes"][0]["name"], found["volumes"][0]["cost"]) == ("db-1-data", "20.00")
    web = api.get(path_of(api, "web-1"))
    assert web["floating_ips"] == web["reserved_ips"] != []
    api.token = api("POST", "/_sandbox/tokens", {"scopes": ["droplet:read", "image:read"]})[1]["token"]
    assert set(api.get(path_of(api, "db-1"))) == {"snapshots"}


def test_only_selected_resources_are_destroyed_with_the_droplet(api, refused):
    path, db = path_of(api, "db-1"), api.droplet("db-1")
    found = api.get(path)
    foreign = api.get(path_of(api, "db-2"))["volumes"][0]["id"]
    body = {"volumes": [found["volumes"][0]["id"]], "snapshots": [found["snapshots"][0]["id"]]}
    text = f"{foreign} in volumes is not associated with this Droplet."
    refused(api("DELETE", f"{path}/selective", {"volumes": [foreign]}), 422, text)
    assert api("DELETE", f"{path}/selective", body) == (202, None)
    assert api("DELETE", f"{path}/selective", body)[0] == 409
    api.clock.advance(60)
    assert api("GET", f"/v2/droplets/{db['id']}")[0] == 404
    assert api("GET", f"/v2/volumes/{found['volumes'][0]['id']}")[0] == 404
    status = api.get(f"{path}/status")
    assert (status["failures"], status["droplet"]["name"]) == (0, "db-1")
    assert [len(status["resources"][kind]) for kind in KINDS] == [0, 1, 1, 0]
    assert status["resources"]["volumes"][0]["destroyed_at"] == status["completed_at"]
    kept = {one["id"] for one in api.get("/v2/snapshots")["snapshots"]}
    assert found["snapshots"][0]["id"] not in kept
    assert {one["id"] for one in found["snapshots"][1:] + found["volume_snapshots"]} <= kept


def test_destroying_all_resources_needs_the_header(api, refused):
    path = path_of(api, "web-1")
    refused(api("DELETE", f"{path}/dangerous"), 400, "The header X-Dangerous must be true.")
    assert api("DELETE", f"{path}/dangerous", x_dangerous="true") == (202, None)
    api.clock.advance(60)
    assert api.get("/v2/reserved_ips")["meta"]["total"] == 1
    assert api.get(f"{path}/status")["failures"] == 0


def test_what_is_destroyed_with_a_droplet_stays_on_the_bill(api):
    def billed():
        items = api.get("/v2/customers/my/invoices/preview?per_page=200")["invoice_items"]
        return {(one["product"], one["description"]) for one in items if one["product"] != "Droplets"}

    path, before = path_of(api, "db-1"), billed()
    assert {"Volumes", "Volume Snapshots", "Snapshots"} <= {product for product, _ in before}
    assert api("DELETE", f"{path}/dangerous", x_dangerous="true") == (202, None)
    api.clock.advance(60)
    assert api.get(f"{path}/status")["failures"] == 0
    assert billed() >= before


def test_a_missing_resource_is_a_failure_and_an_errored_destroy_can_be_retried(api):
    path = path_of(api, "db-1")
    snapshot = api.get(path)["volume_snapshots"][0]["id"]
    api.sandbox.fault("action_errored", action="destroy")
    api("DELETE", f"{path}/selective", {"volume_snapshots": [snapshot]})
    api.clock.advance(60)
    status = api.get(f"{path}/status")
    assert (status["failures"], "error_message" in status["droplet"]) == (1, True)
    assert api.droplet("db-1")["status"] == "active"
    api("DELETE", f"/v2/snapshots/{snapshot}")
    assert api("POST", f"{path}/retry") == (202, None)
    assert api("POST", f"{path}/retry")[0] == 409
    api.clock.advance(60)
    status = api.get(f"{path}/status")
    assert status["failures"] == 1
    assert "destroyed_at" in status["droplet"]
    assert "error_message" in status["resources"]["volume_snapshots"][0]


def test_a_plain_deletion_has_no_destroy_status(api):
    path = path_of(api, "web-2")
    api("DELETE", f"/v2/droplets/{api.droplet('web-2')['id']}")
    api.clock.advance(60)
    assert api("GET", f"{path}/status")[0] == 404
