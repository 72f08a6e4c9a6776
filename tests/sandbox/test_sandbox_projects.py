"""Projects and their resources."""

from __future__ import annotations

import pytest

FIELDS = {"name": "trial", "purpose": "IoT"}


def new(api, **fields):
    status, body = api("POST", "/v2/projects", {**FIELDS, **fields})
    assert status == 201, body
    return body["project"]


def default(api):
    return api.get("/v2/projects/default")["project"]


def urns(api, project_id="default"):
    answer = api.get(f"/v2/projects/{project_id}/resources?per_page=200")
    return [resource["urn"] for resource in answer["resources"]]


def assigned(api, project_id, *resources):
    status, body = api("POST", f"/v2/projects/{project_id}/resources", {"resources": resources})
    assert status == 200, body
    return {resource["urn"]: resource["status"] for resource in body["resources"]}


def test_every_account_has_a_default_project(make_api):
    api = make_api(droplets=0)
    assert [project["name"] for project in api.get("/v2/projects")["projects"]] == ["tidepool-maps"]
    assert default(api)["is_default"]
    assert urns(api) == []


def test_the_company_s_staging_resources_have_their_own_project(api):
    main, staging = api.get("/v2/projects")["projects"]
    assert (main["name"], staging["name"]) == ("tidepool-maps", "staging")
    names = {f"do:droplet:{one['id']}": one["name"] for one in api.get("/v2/droplets")["droplets"]}
    held = [names.get(urn, urn.partition(":")[2].partition(":")[0]) for urn in urns(api, staging["id"])]
    assert held == ["staging-web", "staging-db", "build-1", "volume"]
    assert not {*urns(api)} & {*urns(api, staging["id"])}
    assert f"do:droplet:{api.droplet('web-1')['id']}" in urns(api)


def test_everything_is_in_the_default_project_until_it_is_moved(api):
    droplet = api.create()[1]["droplet"]["id"]
    urn = f"do:droplet:{droplet}"
    assert urn in urns(api)
    trial = new(api)["id"]
    assert assigned(api, trial, urn) == {urn: "assigned"}
    assert assigned(api, trial, urn) == {urn: "already_assigned"}
    assert urns(api, trial) == [urn]
    assert urn not in urns(api)
    api.clock.advance(600)
    assert assigned(api, "default", urn)[urn] == "assigned"
    assert urns(api, trial) == []


def test_a_resource_has_a_link_and_a_date_of_assignment(api):
    trial, urn = new(api)["id"], f"do:droplet:{api.droplet('web-1')['id']}"
    assigned(api, trial, urn)
    (resource,) = api.get(f"/v2/projects/{trial}/resources")["resources"]
    assert resource["links"]["self"] == f"http://127.0.0.1:8080/v2/droplets/{api.droplet('web-1')['id']}"
    assert (resource["status"], resource["assigned_at"]) == ("ok", "2026-11-23T12:00:00Z")


def test_load_balancers_and_reserved_ips_show_the_project_that_they_are_in(api):
    trial = new(api)["id"]
    balancer = api.get("/v2/load_balancers")["load_balancers"][0]["id"]
    ip = api.get("/v2/reserved_ips")["reserved_ips"][0]["ip"]
    statuses = assigned(api, trial, f"do:loadbalancer:{balancer}", f"do:reservedip:{ip}")
    assert statuses == {f"do:loadbalancer:{balancer}": "assigned", f"do:floatingip:{ip}": "assigned"}
    assert api.get(f"/v2/load_balancers/{balancer}")["load_balancer"]["project_id"] == trial
    assert api.get(f"/v2/reserved_ips/{ip}")["reserved_ip"]["project_id"] == trial
    assert f"do:floatingip:{ip}" not in urns(api)


def test_an_unknown_resource_is_not_assigned(api, refused):
    trial = new(api)["id"]
    assert assigned(api, trial, "do:droplet:1", "do:kubernetes:x") == {
        "do:droplet:1": "not_found",
        "do:kubernetes:x": "not_found",
    }
    assert urns(api, trial) == []
    path = f"/v2/projects/{trial}/resources"
    text = "web-1 is not a URN. Use for example do:droplet:123."
    refused(api("POST", path, {"resources": ["web-1"]}), 422, text)
    status, answer = api("POST", path, {"resources": ["do:vpc:x"]})
    assert status == 422
    assert answer["message"].startswith("A vpc cannot be assigned to a project. Expected one of droplet, volume, ")


def test_a_deleted_droplet_leaves_its_project(api):
    trial, droplet = new(api)["id"], api.droplet("monitor-1")["id"]
    assigned(api, trial, f"do:droplet:{droplet}")
    path = f"/v2/projects/{trial}"
    text = "cannot delete a project with resources. move or remove the resources first"
    assert api("DELETE", path)[1] | {"request_id": ""} == {
        "id": "precondition_failed",
        "message": text,
        "request_id": "",
    }
    assert api("DELETE", f"/v2/droplets/{droplet}")[0] == 204
    api.clock.advance(600)
    assert f'"do:droplet:{droplet}"'.encode() not in api.ask("GET", "/_sandbox/state").body
    assert api("DELETE", path) == (204, None)
    assert api("GET", path)[0] == 404


def test_the_default_project_cannot_be_deleted(api, refused):
    refused(api("DELETE", f"/v2/projects/{default(api)['id']}"), 409, "The default project cannot be deleted.")


def test_another_project_can_become_the_default_for_new_resources(api):
    before, old, trial = urns(api), default(api)["id"], new(api)["id"]
    assert api("PATCH", f"/v2/projects/{trial}", {"is_default": True})[1]["project"]["is_default"]
    assert default(api)["id"] == trial
    assert urns(api, old) == before
    droplet = api.create()[1]["droplet"]["id"]
    assert urns(api) == [f"do:droplet:{droplet}"]
    assert api("POST", "/v2/reserved_ips", {"region": "fra1"})[1]["reserved_ip"]["project_id"] == trial


def test_a_custom_purpose_is_stored_as_other(api):
    assert new(api, purpose="Tides")["purpose"] == "Other: Tides"
    assert new(api, name="second")["purpose"] == "IoT"


@pytest.mark.parametrize(
    ("fields", "status", "text"),
    [
        ({"name": "staging"}, 409, "project with same name already exists"),
        ({"name": "x" * 176}, 422, "name is too long (maximum is 175 characters)"),
        ({"environment": "Mars"}, 422, "environment must be one of Development, Staging, Production."),
        ({"purpose": None}, 422, "purpose is required."),
    ],
)
def test_invalid_fields_are_refused(api, refused, fields, status, text):
    refused(api("POST", "/v2/projects", {**FIELDS, **fields}), status, text)


def test_a_limited_token_sees_only_resources_in_its_scopes(api):
    limited = api("POST", "/_sandbox/tokens", {"scopes": ["project:read", "block_storage:read"]})[1]["token"]
    api.token = limited
    assert {urn.split(":")[1] for urn in urns(api)} == {"volume"}


def test_projects_are_saved(api, make_api, tmp_path):
    trial, urn = new(api)["id"], f"do:droplet:{api.droplet('web-1')['id']}"
    assigned(api, trial, urn)
    api.sandbox.save(tmp_path / "state.json")
    other = make_api(droplets=0)
    other.sandbox.load(tmp_path / "state.json")
    assert urns(other, trial) == [urn]
    assert other.get("/v2/projects") == api.get("/v2/projects")


def test_a_project_without_an_environment_has_an_empty_one(api, refused):
    project = new(api)
    assert project["environment"] == ""
    path = f"/v2/projects/{project['id']}"
    assert api("PATCH", path, {"environment": "Staging"})[1]["project"]["environment"] == "Staging"
    whole = {**FIELDS, "description": "", "environment": "", "is_default": False}
    assert api("PUT", path, whole)[1]["project"]["environment"] == ""
    refused(api("POST", "/v2/projects", {"name": "aimless"}), 422, "purpose is required.")


def test_a_refused_assignment_moves_nothing(api, refused):
    project, droplet = new(api), api.droplet("web-1")["id"]
    before = urns(api)
    body = {"resources": [f"do:droplet:{droplet}", "no URN"]}
    text = "no URN is not a URN. Use for example do:droplet:123."
    refused(api("POST", f"/v2/projects/{project['id']}/resources", body), 422, text)
    assert (urns(api), urns(api, project["id"])) == (before, [])
