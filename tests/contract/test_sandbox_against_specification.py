"""A walk through everything that the sandbox simulates: each answer, refusals too, has to be one that the specification describes.

The walk creates what it needs, by the API only. It must leave out none of the simulated operations, and every other
operation of the specification has to answer an honest 501.
"""

from __future__ import annotations

from typing import Any

from poseidon_nb.catalogue import Operation, Parameter, operation, operation_ids
from poseidon_nb.sandbox import Sandbox
from tests.contract import steps
from tests.contract.walk import Walk
from tests.each import each

API = "https://api.digitalocean.com"
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPcuzWCJSbXk4V1nvyQLzo1s2pAm9eXWXd9xGSMVYbLc walker"
#: A value of each type, for bodies that are well formed and about nothing.
ANYTHING: dict[str, Any] = {
    "string": "x",
    "integer": 1,
    "number": 1,
    "boolean": True,
    "array": [],
    "object": {},
    "any": "x",
}

#: Where what is measured is listed, by the query parameter with its id.
SUBJECTS = {
    "host_id": "/v2/droplets",
    "lb_id": "/v2/load_balancers",
    "app_id": "/v2/apps",
    "db_id": "/v2/databases",
    "autoscale_pool_id": "/v2/droplets/autoscale",
}
#: Values of query parameters that an operation cannot do without.
NEEDED = {"interface": "public", "direction": "inbound"}

#: Operations that read the one thing of its kind, which a new account lacks.
ABSENT = {
    *("registry_get", "registry_get_subscription", "registry_get_dockerCredentials"),
    "registries_get_subscription",
}


def simulated() -> list[str]:
    return [row["operation"] for row in Sandbox(droplets=0).coverage()["operations"] if row["simulated"]]


def walk_account(walk: Walk) -> None:
    walk.get("/v2/account")
    for _ in walk.pages("/v2/regions"):
        pass
    assert walk.get("/v2/sizes", per_page=200)["meta"]["total"] == 147
    for _ in walk.pages("/v2/actions"):
        pass
    walk.refused(404, "GET", "/v2/actions/1")
    walk.refused(404, "GET", "/v2/actions/one")


def walk_keys(walk: Walk) -> None:
    key = walk.must("POST", "/v2/account/keys", {"name": "walker", "public_key": PUBLIC_KEY})["ssh_key"]
    for identifier in (key["id"], key["fingerprint"]):
        assert walk.get(f"/v2/account/keys/{identifier}")["ssh_key"] == key
    for _ in walk.pages("/v2/account/keys"):
        pass
    walk.refused(422, "POST", "/v2/account/keys", {"name": "twice", "public_key": PUBLIC_KEY})
    walk.refused(422, "POST", "/v2/account/keys", {"name": "bad", "public_key": "ssh-rsa no-base64"})
    walk.refused(422, "POST", "/v2/account/keys", {"name": "no key"})
    walk.refused(400, "POST", "/v2/account/keys", b"{")
    walk.must("PUT", f"/v2/account/keys/{key['fingerprint']}", {"name": "runner"})
    walk.must("DELETE", f"/v2/account/keys/{key['id']}")
    walk.refused(404, "GET", f"/v2/account/keys/{key['id']}")


def walk_droplets(walk: Walk) -> None:
    made = walk.must(
        "POST", "/v2/droplets", NEW | {"backups": True, "ipv6": True, "monitoring": True, "tags": ["walk"]}
    )
    droplet_id, action_id = made["droplet"]["id"], made["links"]["actions"][0]["id"]
    walk.get(f"/v2/droplets/{droplet_id}/actions/{action_id}")
    walk.refused(422, "DELETE", f"/v2/droplets/{droplet_id}")
    walk.later()
    droplet = walk.get(f"/v2/droplets/{droplet_id}")["droplet"]
    assert droplet["status"] == "active"
    many = walk.must("POST", "/v2/droplets", {**NEW, "name": None, "names": ["a", "b"]} | {"tags": ["walk"]})
    assert [one["name"] for one in many["droplets"]] == ["a", "b"]
    walk.later()
    for query in ({}, {"tag_name": "walk"}, {"name": "walker-1"}, {"type": "gpus"}, {"type": "droplets"}):
        for _ in walk.pages("/v2/droplets", **query):
            pass
    for rest in ("snapshots", "backups", "kernels", "firewalls", "neighbors", "actions", "backups/policy"):
        walk.get(f"/v2/droplets/{droplet_id}/{rest}")
        walk.refused(404, "GET", f"/v2/droplets/1/{rest}")
    walk.get("/v2/reports/droplet_neighbors_ids")
    walk.get("/v2/droplets/backups/supported_policies")
    for _ in walk.pages("/v2/droplets/backups/policies"):
        pass
    for body in (
        {},
        {**NEW, "size": "s-1vcpu-1g"},
        {**NEW, "image": "ubuntu-1"},
        {**NEW, "region": "mars1"},
        {**NEW, "name": "under_score"},
        {**NEW, "ssh_keys": [1]},
        {**NEW, "names": [f"n{number}" for number in range(11)]},
        {**NEW, "tags": ["no spaces"]},
        {**NEW, "user_data": "x" * 70_000},
        {**NEW, "backups": "yes"},
    ):
        walk.refused(422, "POST", "/v2/droplets", body)
    walk.refused(422, "GET", "/v2/droplets", tag_name="walk", name="a")
    walk_actions(walk, droplet_id)
    walk.must("DELETE", f"/v2/droplets/{droplet_id}")
    walk.later()
    walk.refused(404, "GET", f"/v2/droplets/{droplet_id}")
    walk.must("DELETE", "/v2/droplets", tag_name="walk")
    walk.refused(422, "DELETE", "/v2/droplets")


NEW = {"name": "walker-1", "region": "fra1", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64"}
POLICY = {"plan": "weekly", "weekday": "SUN", "hour": 20}


def walk_actions(walk: Walk, droplet_id: int) -> None:
    walk.action(droplet_id, "snapshot", name="by the way")
    walk.action(droplet_id, "shutdown")
    for refusal in ({"type": "power_off"}, {"type": "reboot"}, {"type": "resize", "size": "s-1vcpu-1gb"}):
        walk.refused(422, "POST", f"/v2/droplets/{droplet_id}/actions", refusal)
    walk.action(droplet_id, "resize", size="s-2vcpu-4gb", disk=True)
    for _ in range(2):
        walk.action(droplet_id, "power_on")
    for refusal in (
        {"type": "resize", "size": "s-4vcpu-8gb"},
        {"type": "resize"},
        {"type": "rename"},
        {"type": "restore", "image": 1},
        {"type": "rebuild", "image": "ubuntu-1"},
        {"type": "change_kernel", "kernel": 7515},
        {"type": "enable_backups"},
        {"type": "enable_ipv6"},
        {"type": "explode"},
        {},
    ):
        walk.refused(422, "POST", f"/v2/droplets/{droplet_id}/actions", refusal)
    for type_, fields in {
        "reboot": {},
        "power_cycle": {},
        "rename": {"name": "walker-2"},
        "password_reset": {},
        "change_backup_policy": {"backup_policy": POLICY},
        "disable_backups": {},
        "enable_backups": {"backup_policy": POLICY},
        "rebuild": {"image": "debian-12-x64"},
        "power_off": {},
    }.items():
        walk.action(droplet_id, type_, **fields)
    assert walk.get(f"/v2/droplets/{droplet_id}/snapshots")["meta"]["total"] == 1
    walk.refused(404, "POST", "/v2/droplets/1/actions", {"type": "reboot"})
    walk.refused(404, "GET", f"/v2/droplets/{droplet_id}/actions/1")
    for _ in walk.pages(f"/v2/droplets/{droplet_id}/actions"):
        pass
    assert walk.must("POST", "/v2/droplets/actions", {"type": "snapshot"}, tag_name="walk")["actions"]
    walk.later()
    walk.refused(422, "POST", "/v2/droplets/actions", {"type": "rename", "name": "all"}, tag_name="walk")
    walk.refused(404, "POST", "/v2/droplets/actions", {"type": "snapshot"}, tag_name="none")
    walk_restore(walk)


def walk_restore(walk: Walk) -> None:
    """Restore a droplet of the account's seed from its own backup, because the API cannot create a backup on demand."""
    droplets = walk.get("/v2/droplets", per_page=200)["droplets"]
    backed_up = next(droplet for droplet in droplets if droplet["backup_ids"] and not droplet["locked"])
    walk.get(f"/v2/droplets/{backed_up['id']}/backups")
    walk.action(backed_up["id"], "restore", image=backed_up["backup_ids"][0])
    without = next(
        droplet for droplet in droplets if "ipv6" not in droplet["features"] and droplet["status"] == "active"
    )
    walk.action(without["id"], "enable_ipv6")


def walk_images(walk: Walk) -> None:
    for query in ({}, {"type": "distribution"}, {"type": "application"}, {"private": "true"}, {"tag_name": "none"}):
        for _ in walk.pages("/v2/images", **query):
            pass
    assert walk.get("/v2/images/ubuntu-24-04-x64")["image"]["slug"] == "ubuntu-24-04-x64"
    public = walk.get("/v2/images/ubuntu-24-04-x64")["image"]["id"]
    for resource_type in ("droplet", "volume"):
        for _ in walk.pages("/v2/snapshots", resource_type=resource_type):
            pass
    own, other, *_ = (one["id"] for one in walk.get("/v2/snapshots", per_page=200)["snapshots"])
    walk.get(f"/v2/snapshots/{own}")
    walk.get(f"/v2/images/{own}")
    walk.must("PUT", f"/v2/images/{own}", {"name": "renamed", "description": "walked over"})
    walk.refused(403, "PUT", f"/v2/images/{public}", {"name": "mine now"})
    walk.must("DELETE", f"/v2/images/{own}")
    walk.must("DELETE", f"/v2/snapshots/{other}")
    for method, path in (("GET", "images"), ("DELETE", "images"), ("GET", "snapshots"), ("DELETE", "snapshots")):
        walk.refused(404, method, f"/v2/{path}/{own}")


def walk_tags(walk: Walk) -> None:
    walk.must("POST", "/v2/tags", {"name": "way:1"})
    droplet = walk.get("/v2/droplets")["droplets"][0]["id"]
    image = walk.get("/v2/images", private="true")["images"][0]["id"]
    resources = [
        {"resource_id": str(droplet), "resource_type": "droplet"},
        {"resource_id": str(image), "resource_type": "image"},
    ]
    walk.must("POST", "/v2/tags/way:1/resources", {"resources": resources})
    tag = walk.get("/v2/tags/way:1")["tag"]
    assert tag["resources"]["count"] == 2
    walk.get("/v2/images", tag_name="way:1")
    for _ in walk.pages("/v2/tags"):
        pass
    walk.must("DELETE", "/v2/tags/way:1/resources", {"resources": resources[:1]})
    walk.refused(400, "POST", "/v2/tags", {"name": "no spaces"})
    walk.refused(422, "POST", "/v2/tags", {})
    walk.refused(404, "POST", "/v2/tags/none/resources", {"resources": resources})
    walk.must("DELETE", "/v2/tags/way:1")
    walk.refused(404, "GET", "/v2/tags/way:1")
    walk.refused(404, "DELETE", "/v2/tags/way:1")


def test_every_simulated_operation_answers_as_specified(clock: Any):
    walk = Walk(clock)
    for room in (walk_account, walk_keys, walk_droplets, walk_images, walk_tags, *steps.STEPS):
        room(walk)
    assert walk.errors == []
    # An operation without a success was retired.
    possible = {id_ for id_ in simulated() if operation(id_).status}
    assert possible - walk.succeeded == set(), "simulated, and left out of this walk"


def test_an_empty_account_answers_as_specified(clock: Any):
    walk = Walk(clock, droplets=0)
    for one in map(operation, simulated()):
        if one.method == "GET" and not one.path_parameters:
            needed = {parameter.name for parameter in one.query_parameters if parameter.required}
            if one.id in ABSENT:
                walk.refused(404, "GET", one.path)
            elif needed:
                walk.refused(400, "GET", one.path)
                walk.refused(404, "GET", one.path, **{name: NEEDED.get(name, "1") for name in needed})
            else:
                walk.get(one.path)
    assert walk.errors == []


def path_of(one: Operation, value: str = "1") -> str:
    path = one.path
    for parameter in one.path_parameters:
        path = path.replace(f"{{{parameter.name}}}", value)
    return path


@each("operation_id", simulated())
def test_errors_of_every_operation_are_as_specified(operation_id: str, clock: Any):
    one = operation(operation_id)
    walk = Walk(clock, droplets=0)
    path = path_of(one)
    walk.refused(401, one.method, path, token="wrong")
    walk.refused(401, one.method, path, token="")
    for status in (429, 500, 503):
        walk.sandbox.fault("status", status=status)
        walk.refused(status, one.method, path)
    if one.path_parameters:
        walk.refused(404, one.method, path, {field.name: ANYTHING[field.type] for field in one.body_fields} or None)
    if one.body_type:
        walk.refused(400, one.method, path, b"not JSON")
        walk.refused(400, one.method, path, b"[]")
    if one.scopes:
        walk.limit()
        walk.refused(403, one.method, path)
    assert walk.errors == []


def needed_value(walk: Walk, parameter: Parameter) -> Any:
    """Return a value of a query parameter; None if the account has nothing that it could name."""
    if parameter.name in SUBJECTS:
        _, answer = walk.ask("GET", SUBJECTS[parameter.name])
        found = next((value for value in answer.values() if isinstance(value, list)), [])
        # Only MySQL clusters have metrics.
        found = [one for one in found if one.get("engine") in {None, "mysql"}]
        return found[0]["id"] if found else None
    return parameter.enum[0] if parameter.enum else NEEDED.get(parameter.name, "1")


def test_responses_to_a_limited_token_are_as_specified(clock: Any):
    for one in map(operation, simulated()):
        if one.method == "GET" and not one.path_parameters and one.id not in ABSENT:
            walk = Walk(clock)
            needed = {
                parameter.name: needed_value(walk, parameter)
                for parameter in one.query_parameters
                if parameter.required
            }
            walk.limit(*one.scopes)
            status, shown = walk.ask("GET", one.path, **needed)
            assert status == 200 or (status == 404 and None in needed.values()), one.id
            assert walk.errors == []
            if one.id == "droplets_list":
                assert not {"image", "tags", "volume_ids"} & shown["droplets"][0].keys()


def test_a_rate_limited_response_is_as_specified(clock: Any):
    walk = Walk(clock, droplets=0, rate_limit="real")
    for _ in range(250):
        walk.get("/v2/account")
    walk.refused(429, "GET", "/v2/account")
    walk.refused(429, "POST", "/v2/droplets", NEW)
    assert walk.errors == []


def test_every_other_operation_answers_501(clock: Any):
    walk = Walk(clock, droplets=0)
    others = [operation(id_) for id_ in operation_ids() if id_ not in set(simulated())]
    there = [one for one in others if one.server == API]
    # More than these few would not be a simulation of the API.
    assert len(there) <= 20
    for one in there:
        status, answer = walk.ask(one.method, path_of(one), {} if one.body_type else None)
        assert (status, answer["id"]) == (501, "not_implemented"), one.id
        assert one.id in answer["message"]
    assert walk.errors == []


def test_operations_of_other_hosts_and_unknown_routes_are_not_found(clock: Any):
    walk = Walk(clock, droplets=0)
    for one in map(operation, operation_ids()):
        if one.server != API:
            walk.refused(404, one.method, path_of(one))
    for path in (
        "/",
        "/v2",
        "/v2/",
        "/v2/nothing",
        "/v2/droplets//",
        "/v2/droplets/1/nothing",
        "/v1/droplets",
        "//v2/droplets",
    ):
        walk.refused(404, "GET", path)
    assert walk.errors == []
