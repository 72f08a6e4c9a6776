"""Apps of the sandbox: what their specs become, deployments in time and their failures, and what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from poseidon_nb.sandbox.cron import parse_cron
from poseidon_nb.sandbox.invoices import charges
from poseidon_nb.sandbox.services.apps.apps import add_app
from poseidon_nb.sandbox.services.apps.spec import read_spec
from poseidon_nb.sandbox.timestamps import format_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable

GIT = {"git": {"repo_clone_url": "https://example.com/shop.git", "branch": "main"}}
WEB = {"name": "web", **GIT}
IMAGE = {"name": "web", "image": {"registry_type": "DOCKER_HUB", "repository": "shop/web"}}


@pytest.fixture
def slow(make_api: Callable[..., Any]) -> Any:
    """An API at the speed of DigitalOcean."""
    return make_api(droplets=0, speed=1)


def create(api: Any, **spec: Any) -> dict[str, Any]:
    status, body = api("POST", "/v2/apps", {"spec": {"name": "shop", **spec}})
    assert status == 200, body
    return body["app"]


def deployment(api: Any, app: dict[str, Any]) -> dict[str, Any]:
    """Return the newest deployment."""
    return api.get(f"/v2/apps/{app['id']}/deployments")["deployments"][0]


def steps(api: Any, app: dict[str, Any]) -> tuple[Any, ...]:
    """Return the phase of the newest deployment, and its pending, running, successful and failed steps."""
    newest = deployment(api, app)
    return newest["phase"], *(
        newest["progress"].get(f"{word}_steps", 0) for word in ("pending", "running", "success", "error")
    )


def test_a_deployment_goes_through_its_phases(slow):
    app = create(slow, services=[WEB])
    seen = [steps(slow, app)]
    for _ in range(60):
        slow.clock.advance(2.5)
        seen.append(steps(slow, app))
    assert [*dict.fromkeys(seen)] == [
        ("PENDING_BUILD", 6, 0, 0, 0),
        ("BUILDING", 4, 1, 1, 0),
        ("PENDING_DEPLOY", 4, 0, 2, 0),
        ("DEPLOYING", 1, 2, 3, 0),
        ("ACTIVE", 0, 0, 6, 0),
    ]


def test_images_are_not_built(slow):
    app = create(slow, services=[IMAGE])
    slow.clock.advance(70)
    assert steps(slow, app)[0] == "ACTIVE"


@pytest.mark.parametrize(
    ("command", "failed", "reason"),
    [
        ("build_command", (6, 0, 2, 1), "BuildJobExitNonZero"),
        ("run_command", (1, 0, 6, 2), "DeployContainerExitNonZero"),
    ],
)
def test_a_failing_command_fails_the_deployment(slow, command, failed, reason):
    app = create(slow, services=[{**WEB, command: " exit 3"}], static_sites=[{"name": "docs", **GIT}])
    slow.clock.advance(600)
    assert steps(slow, app) == ("ERROR", *failed)
    assert reason in str(deployment(slow, app)["progress"])
    shown = slow.get(f"/v2/apps/{app['id']}")["app"]
    assert not {"active_deployment", "in_progress_deployment", "pending_deployment", "live_url"} & shown.keys()


def test_an_image_that_is_pushed_deploys_the_apps_that_ask_for_it(slow):
    slow("POST", "/v2/registry", {"name": "harbour", "subscription_tier_slug": "basic"})
    image = {"registry_type": "DOCR", "repository": "web", "deploy_on_push": {"enabled": True}}
    app = create(slow, services=[{"name": "web", "image": image}])
    slow.clock.advance(600)
    assert steps(slow, app)[0] == "ERROR"
    assert "ImageNotFound" in str(deployment(slow, app)["progress"])
    for tag in ("old", "latest"):
        pushed = {"registry": "harbour", "repository": "web", "tag": tag}
        assert slow("POST", "/_sandbox/images", pushed)[0] < 300
    slow.clock.advance(600)
    deployments = slow.get(f"/v2/apps/{app['id']}/deployments")["deployments"]
    assert [(one["phase"], one["cause"]) for one in deployments] == [
        ("ACTIVE", "image web:latest pushed"),
        ("ERROR", "initial deployment"),
    ]


def test_a_newer_deployment_replaces_the_one_that_waits(slow):
    app = create(slow, services=[WEB])
    path = f"/v2/apps/{app['id']}/deployments"
    slow.clock.advance(20)
    for _ in range(2):
        assert slow("POST", path, {})[0] == 200
    assert [one["phase"] for one in slow.get(path)["deployments"]] == ["PENDING_BUILD", "SUPERSEDED", "BUILDING"]
    slow.clock.advance(600)
    assert [one["phase"] for one in slow.get(path)["deployments"]] == ["ACTIVE", "SUPERSEDED", "SUPERSEDED"]


def test_specs_are_completed_and_secrets_encrypted(slow):
    secret = {"key": "TOKEN", "value": "hunter2", "type": "SECRET"}
    sent = [{**WEB, "envs": [secret], "unknown": {"a": 1}, "build_command": None}, {**WEB, "name": "api"}]
    app = create(slow, services=sent, envs=[secret])
    rules = app["spec"]["ingress"]["rules"]
    assert [(one["match"]["path"]["prefix"], one["component"]["name"]) for one in rules] == [
        ("/", "web"),
        ("/api", "api"),
    ]
    assert "hunter2" not in str(app)
    value = app["spec"]["services"][0].pop("envs")[0]["value"]
    assert value.startswith("EV[")
    assert app["spec"]["services"][0] == {
        **WEB,
        "instance_size_slug": "apps-s-1vcpu-0.5gb",
        "instance_count": 1,
        "http_port": 8080,
    }
    sent[0]["envs"][0]["value"] = value
    status, body = slow("PUT", f"/v2/apps/{app['id']}", {"spec": {"name": "shop", "services": sent}})
    assert (status, body["app"]["spec"]["services"][0]["envs"][0]["value"]) == (200, value)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, "error validating app spec: an app needs at least one component"),
        ({"services": [WEB, WEB]}, 'field "services.name": service "web" name conflicts with service "web"'),
        ({"services": [{"name": "web"}]}, 'field "services": service "web" needs a source: git, github, '),
        (
            {"services": [{**WEB, "routes": [{"path": "/"}]}], "static_sites": [{"name": "a1", **GIT, "routes": [{}]}]},
            'field "static_sites.route.paths": route path "/" already in use; seen in service "web" and static site "a1"',
        ),
        (
            {"services": [{**WEB, "internal_ports": [7070], "health_check": {"port": 9090}}]},
            'health check port "9090" not found in internal_ports',
        ),
        ({"services": [{**WEB, "envs": [{"key": "1"}]}]}, 'field "services.envs.key": has an invalid format'),
        ({"services": [{**WEB, "image": {"registry_type": "DOCR"}}]}, "the account has no container registry"),
        ({"services": ["web"]}, 'field "services": must be an object'),
        ({"jobs": [{**WEB, "kind": "SCHEDULED"}]}, 'field "jobs.schedule.cron": invalid cron expression ""'),
        (
            {"services": [WEB], "domains": [{"domain": "a.example", "zone": "a.example"}]},
            'domain "a.example" not found',
        ),
        (
            {"services": [WEB], "domains": [{"domain": "a.example"}, {"domain": "A.example", "type": "ALIAS"}]},
            'field "domains.domain": domain "a.example" is specified more than once',
        ),
    ],
)
def test_specs_are_refused_in_the_words_of_the_service(slow, spec, words):
    status, body = slow("POST", "/v2/apps", {"spec": {"name": "shop", **spec}})
    assert (status, body["message"].startswith("error validating app spec")) == (400, True)
    assert words in body["message"]


def test_a_service_may_be_internal_alone(slow):
    inner = {**WEB, "internal_ports": [8080], "health_check": {"port": 8080}}
    spec = create(slow, services=[inner], ingress={})["spec"]
    assert (spec["ingress"], "http_port" in spec["services"][0]) == ({}, False)


def test_alerts_go_to_strangers_unless_validation_is_strict(make_api):
    for validation, status in (("service", 200), ("strict", 400)):
        api = make_api(droplets=0, validation=validation)
        app = create(api, services=[WEB], alerts=[{"rule": "DEPLOYMENT_FAILED"}])
        (alert,) = api.get(f"/v2/apps/{app['id']}/alerts")["alerts"]
        place = f"/v2/apps/{app['id']}/alerts/{alert['id']}/destinations"
        assert api("POST", place, {"emails": ["stranger@example.com"]})[0] == status


def test_an_app_is_charged_for_what_is_deployed(slow):
    world = slow.sandbox._dispatcher.world
    start = world.now()
    spec = {"name": "shop", "services": [{**WEB, "instance_size_slug": "apps-s-1vcpu-1gb", "instance_count": 2}]}
    app = add_app(world, read_spec(world, spec | {"databases": [{"name": "db"}]}), start, settled=True)
    slow.clock.advance(336 * 3600)
    (charge,) = [one for one in charges(world, start, world.now()) if one.product == "App Platform"]
    assert (charge.description, charge.cents) == ("shop (app)", (2 * 1200 + 700) // 2)
    assert slow("DELETE", f"/v2/apps/{app['id']}")[0] == 200
    slow.clock.advance(336 * 3600)
    assert sum(one.cents for one in charges(world, start, world.now()) if one.product == "App Platform") == charge.cents


def test_three_static_apps_are_free(slow):
    costs = []
    for number in range(4):
        spec = {"name": f"site-{number}", "static_sites": [{"name": "site", **GIT}]}
        costs.append(slow("POST", "/v2/apps/propose", {"spec": spec})[1]["app_cost"])
        create(slow, **spec)
    assert costs == [0, 0, 0, 3]


def test_the_oldest_static_apps_are_the_free_ones(slow):
    world = slow.sandbox._dispatcher.world
    made = [create(slow, name=f"site-{number}", static_sites=[{"name": "site", **GIT}]) for number in range(5)]

    def billed_since(start):
        slow.clock.advance(48 * 3600)
        world.advance()
        return {one.description for one in charges(world, start, world.now()) if one.product == "App Platform"}

    assert billed_since(world.now()) == {"site-3 (app)", "site-4 (app)"}
    slow("DELETE", f"/v2/apps/{made[1]['id']}")
    assert billed_since(world.now()) == {"site-4 (app)"}
    spec = {"name": "site-0", "services": [WEB]}
    slow("PUT", f"/v2/apps/{made[0]['id']}", {"spec": spec})
    slow.clock.advance(3600)
    world.advance()
    assert billed_since(world.now()) == {"site-0 (app)"}


def test_an_app_is_in_its_project_and_keeps_its_vpc(slow):
    vpc = slow("POST", "/v2/vpcs", {"name": "inner", "region": "fra1"})[1]["vpc"]
    slow("POST", "/v2/vpcs", {"name": "second", "region": "fra1"})
    second = next(one for one in slow.get("/v2/vpcs")["vpcs"] if one["name"] == "second")
    app = create(slow, region="fra", services=[WEB], vpc={"id": second["id"]})
    assert slow("DELETE", f"/v2/vpcs/{second['id']}")[1]["message"] == "Can not delete VPC with members"
    project = slow("POST", "/v2/projects", {"name": "shops", "purpose": "IoT"})[1]["project"]
    urn = f"do:app:{app['id']}"
    (row,) = slow("POST", f"/v2/projects/{project['id']}/resources", {"resources": [urn]})[1]["resources"]
    assert (row["urn"], row["status"]) == (urn, "assigned")
    assert slow.get(f"/v2/apps/{app['id']}")["app"]["project_id"] == project["id"]
    assert slow("DELETE", f"/v2/projects/{project['id']}")[0] == 412
    slow("DELETE", f"/v2/apps/{app['id']}")
    assert slow("DELETE", f"/v2/projects/{project['id']}")[0] == 204
    assert vpc["default"] is True


def test_a_scheduled_job_runs_by_its_cron(slow):
    job = {"name": "nightly", **GIT, "kind": "SCHEDULED", "schedule": {"cron": "0 3 * * *"}, "run_command": "false"}
    app = create(slow, jobs=[job], workers=[{**WEB, "name": "queue"}])
    slow.clock.advance(3 * 86_400)
    runs = slow.get(f"/v2/apps/{app['id']}/job-invocations")["job_invocations"]
    assert [one["created_at"][-10:] for one in runs] == ["T03:00:00Z"] * 3
    assert {(one["phase"], one["trigger"]["type"]) for one in runs} == {("FAILED", "SCHEDULE")}


def test_a_schedule_is_in_its_time_zone(slow):
    for zone, hour in (("America/New_York", 8), ("Nowhere/Land", 3), ("..", 3), ("America", 3)):
        schedule = {"cron": "0 3 * * *", "time_zone": zone}
        app = create(
            slow, name=f"at-{hour}", jobs=[{"name": "nightly", **GIT, "kind": "SCHEDULED", "schedule": schedule}]
        )
        slow.clock.advance(2 * 86_400)
        runs = slow.get(f"/v2/apps/{app['id']}/job-invocations")["job_invocations"]
        assert [one["created_at"][-10:] for one in runs] == [f"T0{hour}:00:00Z"] * 2, zone
        assert slow("DELETE", f"/v2/apps/{app['id']}")[0] == 200
    # The clocks of New York go back at 06:00 UTC on November 1, and forward at 07:00 on March 14.
    for text, at, last in (
        ("30 1 * * *", "2026-11-01T07:00:00Z", "2026-11-01T05:30:00Z"),
        ("30 2 * * *", "2027-03-14T07:15:00Z", "2027-03-13T07:30:00Z"),
    ):
        cron = parse_cron(text, ZoneInfo("America/New_York"))
        assert cron is not None
        assert format_time(cron.last_run(parse_time(at)) or 0) == last
        assert (cron.next_run(parse_time(at)) or 0) > parse_time(at)


def test_alerts_that_stay_keep_their_destinations(slow):
    rules = [{"rule": "DEPLOYMENT_FAILED"}, {"rule": "DOMAIN_FAILED"}]
    app = create(slow, services=[WEB], alerts=rules)
    path = f"/v2/apps/{app['id']}/alerts"
    first = slow.get(path)["alerts"][0]
    slow("POST", f"{path}/{first['id']}/destinations", {"emails": []})
    slow("PUT", f"/v2/apps/{app['id']}", {"spec": {"name": "shop", "services": [WEB], "alerts": rules[:1]}})
    (left,) = slow.get(path)["alerts"]
    assert (left["id"], left["emails"]) == (first["id"], [])


def test_a_saved_state_goes_on_with_its_deployments(slow):
    app = create(slow, services=[WEB])
    saved = slow.ask("GET", "/_sandbox/state").body
    slow.sandbox.reset()
    assert slow.ask("PUT", "/_sandbox/state", saved).status == 204
    slow.clock.advance(600)
    assert slow.get(f"/v2/apps/{app['id']}")["app"]["active_deployment"]["phase"] == "ACTIVE"


def test_cron_finds_the_next_and_the_last_run():
    at = parse_time("2026-11-23T12:00:30Z")  # a Monday
    for text, following, last in (
        ("* * * * *", "2026-11-23T12:01:00Z", "2026-11-23T12:00:00Z"),
        ("*/20 9-17/4 * * *", "2026-11-23T13:00:00Z", "2026-11-23T09:40:00Z"),
        ("30 6 * * 7", "2026-11-29T06:30:00Z", "2026-11-22T06:30:00Z"),
        ("0 0 1 * 1", "2026-11-30T00:00:00Z", "2026-11-23T00:00:00Z"),
        ("0 0 29 2 *", "2028-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
    ):
        cron = parse_cron(text)
        assert cron is not None
        assert (format_time(cron.next_run(at) or 0), format_time(cron.last_run(at) or 0)) == (following, last), text
    impossible = parse_cron("0 0 30 2 *")
    assert impossible is not None
    assert (impossible.next_run(at), impossible.last_run(at)) == (None, None)
    for text in ("", "* * * *", "60 * * * *", "* * 0 * *", "5-1 * * * *", "*/0 * * * *", "a * * * *", "1,,2 * * * *"):
        assert parse_cron(text) is None, text
