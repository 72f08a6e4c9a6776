"""The sandbox's own routes and methods: reset, faults, finish, log, save and load, coverage, settings."""

from __future__ import annotations

import json
import re
import threading
import time
from datetime import timedelta

import pytest

from poseidon_nb.catalogue import operation, operation_ids
from poseidon_nb.errors import ConfigurationError, InvalidArgument, NoSuchName
from poseidon_nb.sandbox import Sandbox
from poseidon_nb.sandbox.services import OPERATIONS, SERVICES

ACCOUNT = ("GET", "/v2/account")


def everything(api):
    """Return the whole account in the format of the API."""
    keys = {
        "droplets": "droplets",
        "images": "images",
        "account/keys": "ssh_keys",
        "tags": "tags",
        "actions": "actions",
    }
    return [api.get(f"/v2/{path}?per_page=200")[key] for path, key in keys.items()]


def test_a_reset_restores_everything(api):
    before = everything(api)
    api.act(api.droplet("web-1")["id"], "power_off")
    api.create(tags=["other"])
    api("DELETE", "/v2/tags/web")
    api("DELETE", f"/v2/images/{api.droplet('db-1')['snapshot_ids'][0]}")
    api("DELETE", f"/v2/account/keys/{api.get('/v2/account/keys')['ssh_keys'][0]['id']}")
    api.sandbox.fault("status", times=None, path="/v2/volumes")
    assert everything(api) != before
    assert api("POST", "/_sandbox/reset") == (204, None)
    api.clock.advance(60)
    assert api.sandbox.requests == []
    assert everything(api) == before
    assert api.get("/_sandbox/faults")["faults"] == []


def test_after_a_reset_the_same_calls_give_the_same_bytes(api):
    def calls():
        first = api.ask("GET", "/v2/actions?per_page=50")
        made = api.ask("POST", "/v2/droplets", {"name": "x", "size": "c-2", "image": "debian-12-x64", "region": "fra1"})
        api.sandbox.finish(json.loads(made.body)["links"]["actions"][0]["id"])
        return [(reply.status, reply.body, reply.headers) for reply in (first, made, api.ask("GET", "/v2/droplets"))]

    first = calls()
    api.sandbox.reset()
    assert calls() == first


def test_a_status_fault_applies_the_given_number_of_times_and_does_no_work(api):
    api.sandbox.fault("status", status=503, times=2, operation="droplets_create")
    assert api(*ACCOUNT)[0] == 200
    for _ in range(2):
        status, body = api.create()
        assert (status, body["id"]) == (503, "service_unavailable")
    assert api.get("/v2/droplets")["meta"]["total"] == 12
    assert api.create()[0] == 202


def test_a_429_fault_sends_retry_after(api):
    api.sandbox.fault("status", status=429, retry_after_s=3)
    reply = api.ask(*ACCOUNT)
    assert (reply.status, dict(reply.headers)["retry-after"]) == (429, "3")
    api.sandbox.fault("status", status=429)
    assert "retry-after" not in dict(api.ask(*ACCOUNT).headers)


def test_a_connection_is_lost_before_or_after_the_work(api):
    api.sandbox.fault("lost_before", method="POST")
    api.sandbox.fault("lost_after", method="POST", skip=1)
    assert api.get("/v2/droplets")["meta"]["total"] == 12
    body = {"name": "x", "size": "c-2", "image": "debian-12-x64"}
    assert api.ask("POST", "/v2/droplets", body).dropped
    assert api.get("/v2/droplets")["meta"]["total"] == 12
    assert not api.ask("POST", "/v2/droplets", body).dropped
    assert api.ask("POST", "/v2/droplets", body).dropped
    assert api.get("/v2/droplets")["meta"]["total"] == 14
    assert [request.status for request in api.sandbox.requests if request.method == "POST"] == [0, 202, 0]


def test_a_delay_combines_with_another_fault(api):
    api.sandbox.fault("delay", seconds=0.25, times=None, path="/v2/account")
    api.sandbox.fault("status", status=500)
    first, second, other = api.ask(*ACCOUNT), api.ask(*ACCOUNT), api.ask("GET", "/v2/tags")
    assert [(reply.status, reply.wait_s) for reply in (first, second, other)] == [(500, 0.25), (200, 0.25), (200, 0)]


def test_faults_can_be_added_listed_and_cleared_over_http(api):
    status, body = api("POST", "/_sandbox/faults", {"kind": "status", "status": 502, "times": None})
    assert (status, body["fault"]["status"]) == (201, 502)
    listed = api.get("/_sandbox/faults")
    assert listed["faults"] == [body["fault"]]
    assert "lost_after" in listed["kinds"]
    assert api(*ACCOUNT)[0] == 502
    assert api("DELETE", "/_sandbox/faults") == (204, None)
    assert api(*ACCOUNT)[0] == 200


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"kind": "flood"},
        {"kind": ["status"]},
        {"kind": "status", "status": 200},
        {"kind": "status", "status": "500"},
        {"kind": "status", "times": 0},
        {"kind": "status", "times": True},
        {"kind": "status", "path": 5},
        {"kind": "status", "when": "now"},
        {"kind": "delay", "seconds": -1},
        {"kind": "delay", "seconds": 1e11},
        {"kind": "delay", "skip": -1},
        {"kind": "status", "retry_after_s": -1},
        {"kind": "action_errored", "action": {}},
    ],
)
def test_a_fault_that_could_never_apply_is_refused(api, fault):
    assert api("POST", "/_sandbox/faults", fault)[0] == 400
    if "kind" in fault:
        with pytest.raises(InvalidArgument):
            api.sandbox.fault(**fault)
    assert api.get("/_sandbox/faults")["faults"] == []
    assert api(*ACCOUNT)[0] == 200


def test_a_fault_can_be_limited_to_one_droplet(api):
    one, other = api.droplet("web-1")["id"], api.droplet("web-2")["id"]
    api.sandbox.fault("action_errored", resource_id=other)
    started = [api.act(id_, "reboot")[1]["action"]["id"] for id_ in (one, other)]
    api.clock.advance(60)
    assert [api.get(f"/v2/actions/{id_}")["action"]["status"] for id_ in started] == ["completed", "errored"]


def test_an_action_can_be_finished_at_once(api):
    id_ = api.create()[1]["links"]["actions"][0]["id"]
    status, body = api("POST", f"/_sandbox/actions/{id_}/finish")
    assert (status, body["actions"][0]["status"]) == (200, "completed")
    assert api.droplet("new")["networks"]["v4"]
    for name in ("web-1", "web-2"):
        api.act(api.droplet(name)["id"], "reboot")
    assert len(api("POST", "/_sandbox/actions/all/finish")[1]["actions"]) == 2
    assert api.get("/_sandbox/")["in_progress"] == []
    assert api("POST", "/_sandbox/actions/5/finish")[0] == 404
    with pytest.raises(NoSuchName, match="Action 5 not found"):
        api.sandbox.finish(5)


def test_the_log_has_every_request_except_for_the_sandbox_s_own_routes(api):
    api("GET", "/v2/droplets?name=a%20b")
    api("GET", "/v2/cows")
    api("GET", "/v2/apps", authorization="Bearer wrong")
    api("GET", "/_sandbox/")
    log = api.get("/_sandbox/requests")["requests"]
    assert [(one["method"], one["path"], one["query"], one["status"], one["operation"]) for one in log] == [
        ("GET", "/v2/droplets", "name=a%20b", 200, "droplets_list"),
        ("GET", "/v2/cows", "", 404, ""),
        ("GET", "/v2/apps", "", 401, ""),
    ]
    assert log[0]["time"] == api.clock.now().timestamp()
    assert api.token not in json.dumps(log)
    assert api("DELETE", "/_sandbox/requests") == (204, None)
    assert api.sandbox.requests == []


def test_coverage_is_right_about_every_operation(api):
    report = api.get("/_sandbox/coverage")
    here = [name for name in operation_ids() if operation(name).server == "https://api.digitalocean.com"]
    assert [row["operation"] for row in report["operations"]] == here
    assert report["total"] == 644
    simulated = [row for row in report["operations"] if row["simulated"]]
    assert report["simulated"] == len(simulated) > 40
    for row in report["operations"]:
        path = row["path"].replace("{", "").replace("}", "")
        if path.startswith("/v2/") and not row["simulated"]:
            status, body = api(row["method"], path, {})
            if status != 404:  # on another server than the account's
                assert (status, body["id"]) == (501, "not_implemented"), row
    for row in simulated:
        assert api(row["method"], row["path"].replace("{", "").replace("}", ""), {})[0] != 501


def test_no_service_answers_an_operation_that_does_not_exist():
    assert OPERATIONS.keys() <= {*operation_ids()}
    assert len(OPERATIONS) == sum(len(service.OPERATIONS) for service in SERVICES)


def test_settings_change_while_it_runs(api):
    before = api.get("/_sandbox/settings")
    changes = {"speed": 1000, "rate_limit": "real", "lag_s": 2, "validation": "strict"}
    assert api("PUT", "/_sandbox/settings", changes)[1] == {**before, **changes} == api.sandbox.settings
    api("PUT", "/_sandbox/settings", {"lag_s": 0, "validation": "service"})
    api.create()
    api.clock.advance(0.1)
    assert api.droplet("new")["status"] == "active"
    wrong = {
        "speed": [0, -1, "fast", True],
        "rate_limit": ["some", 1],
        "lag_s": [-1],
        "validation": ["no"],
        "cows": [1],
    }
    wrong["limits"] = [5, {"cow_limit": 1}, {"droplet_limit": "5"}, {"volume_limit": -1}]
    for name, values in wrong.items():
        for value in values:
            status, body = api("PUT", "/_sandbox/settings", {"speed": 5, name: value})
            assert (status, body["id"], "\n" in body["message"]) == (400, "bad_request", False), (name, value)
    assert api.sandbox.speed == 1000
    api.sandbox.speed = 5
    assert api.get("/_sandbox/")["speed"] == 5
    with pytest.raises(InvalidArgument, match="speed must be more than 0"):
        api.sandbox.speed = 0


def test_unknown_sandbox_routes_are_refused(api):
    assert api("GET", "/_sandbox/cows")[0] == 404
    assert api("GET", "/_sandboxes")[0] == 404
    reply = api.ask("GET", "/_sandbox/reset")
    assert (reply.status, dict(reply.headers)["allow"]) == (405, "POST")
    for endpoint in api.get("/_sandbox/")["endpoints"]:
        method, path = endpoint.split(" ")
        assert api(method, path.replace("{id}", "all"), {"kind": "delay"})[0] < 500


def test_a_saved_state_is_restored_completely(api, make_api):
    api.act(api.droplet("web-1")["id"], "power_off")
    api.create(name="half-made", image=int(api.get("/v2/snapshots")["snapshots"][0]["id"]), size="g-2vcpu-8gb")
    saved = api.ask("GET", "/_sandbox/state").body
    other = make_api(droplets=0, seed=99)
    assert other("PUT", "/_sandbox/state", saved) == (204, None)
    assert everything(other) == everything(api)
    assert other.ask("GET", "/_sandbox/state").body == saved
    api.clock.advance(60)
    assert everything(other) == everything(api)
    assert other.droplet("web-1")["status"] == "off"
    assert other.create()[1]["droplet"]["id"] == api.create()[1]["droplet"]["id"]


def changed(**parts):
    """Return a change of a saved state; a part that is ... is left out."""

    def change(saved):
        state = {**json.loads(saved), **parts}
        return json.dumps({name: part for name, part in state.items() if part is not ...}).encode()

    return change


def droplets(*rows):
    return changed(collections={"droplets": [*rows]})


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda _: b"", "it is not JSON (Expecting value: line 1 column 1 (char 0))"),
        (lambda saved: saved[:-100], "it is not JSON ("),
        (lambda _: b"[" * 100_000, "it is not JSON ("),
        (lambda _: b"\xff\xfe{", "it is not JSON ("),
        (lambda _: b"[]", "it does not say its format"),
        (lambda _: b"{}", "it does not say its format"),
        (changed(format="other"), "its format is 'other' instead of 'poseidon_nb sandbox 1'"),
        (changed(collections=[]), "its collections must be an object"),
        (changed(account=...), "it has no account"),
        (changed(seed="7"), "its seed must be a whole number"),
        (changed(account={}), "its account must have droplet_limit"),
        (changed(counters={}), "its counters must have droplets"),
        (changed(counters={"droplets": "1"}), "its counters must be whole numbers"),
        (changed(busy={"droplet/1": None}), "its ids of actions in progress must be whole numbers"),
        (changed(events=[[1, 2, "action.end"]]), "its events must be lists of"),
        (changed(events=[[float("nan"), 2, "action.end", [1]]]), "it is not JSON (NaN is not a number)"),
        (changed(events=[[0, 2, "os.system", []]]), "it has an event with the unknown effect 'os.system'"),
        (droplets([1, {}]), "its droplets must be a list of keys, each with two objects"),
        (droplets([[], {}, {}]), "its droplets must be a list of keys, each with two objects"),
        (droplets([1, {"size": {"$figure": ["sizes", "s-huge"]}}, {}]), "1 of its droplets refers to ['sizes', 's-huge']"),
        (droplets([1, {"image": {"$figure": "x"}}, {}]), "1 of its droplets refers to 'x'"),
        (droplets([1, {"image": {"$shared": 7}}, {}]), "1 of its droplets has a part that is not an object"),
    ],
)  # fmt: skip
def test_loading_an_invalid_state_says_why_and_changes_nothing(api, spoil, reason, tmp_path):
    before = everything(api)
    saved = spoil(api.ask("GET", "/_sandbox/state").body)
    status, answer = api("PUT", "/_sandbox/state", saved)
    assert (status, answer["id"]) == (400, "bad_request")
    assert answer["message"].startswith(f"Invalid saved state: {reason}")
    file = tmp_path / "state.json"
    file.write_bytes(saved)
    with pytest.raises(ConfigurationError, match=f"is not a saved sandbox: {re.escape(reason)}"):
        Sandbox(state=file)
    assert everything(api) == before


def test_a_state_file_is_replaced_atomically(api, tmp_path, monkeypatch):
    file = tmp_path / "state.json"
    api.sandbox.save(file)
    good = file.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]

    def no_room(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_room)
    with pytest.raises(ConfigurationError, match="No space left on device"):
        api.sandbox.save(file)
    assert file.read_bytes() == good
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_a_state_file_needs_a_folder_and_must_be_readable(tmp_path):
    with pytest.raises(ConfigurationError, match="is not a folder"):
        Sandbox(state=tmp_path / "missing" / "state.json")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Sandbox(state=tmp_path)


@pytest.mark.parametrize(
    "settings",
    [
        {"droplets": -1},
        {"droplets": 100_001},
        {"speed": 0},
        {"speed": float("nan")},
        {"lag_s": -1},
        {"lag_s": float("nan")},
        {"lag_s": "4"},
        {"rate_limit": "on"},
        {"port": 65_536},
        {"seed": "7"},
        {"token": ""},
        {"token": "with blank"},
        {"token": "naïve"},
    ],
)
def test_invalid_settings_are_refused_in_one_line(settings):
    with pytest.raises(InvalidArgument) as caught:
        Sandbox(**settings)
    assert "\n" not in str(caught.value)
    assert next(iter(settings)) in str(caught.value)


def test_the_clock_is_read_set_and_advanced(api):
    before = api.get("/_sandbox/clock")["now_s"]
    assert api("POST", "/_sandbox/clock/advance", {"seconds": 3600})[1]["now_s"] == before + 3600
    assert api("PUT", "/_sandbox/clock", {"now": "2027-01-01T00:00:00Z"})[1]["now"] == "2027-01-01T00:00:00Z"
    _, made = api(
        "POST", "/v2/droplets", {"name": "x", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "nyc3"}
    )
    assert made["droplet"]["created_at"] == "2027-01-01T00:00:00Z"


def test_a_time_without_an_offset_is_in_utc(api, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        shown = api("PUT", "/_sandbox/clock", {"now": "2027-01-01T00:00:00"})[1]["now"]
    time.tzset()
    assert shown == "2027-01-01T00:00:00Z"
    assert api("PUT", "/_sandbox/clock", {"now": "0001-01-01T00:00:00"})[0] == 400


def test_the_time_is_the_present_one_while_another_thread_runs_events(api):
    world, read = api.sandbox._dispatcher.world, []
    reader = threading.Thread(target=lambda: read.append(api.sandbox.now))

    def read_meanwhile(*_arguments):
        reader.start()
        reader.join(0.05)

    world.effects = {**world.effects, "test.read": read_meanwhile}
    world.schedule(world.now() + 60, "test.read")
    api.clock.advance(3600)
    api.get("/v2/account")
    reader.join()
    assert read == [api.clock.now()]


def test_after_a_load_with_an_earlier_clock_requests_are_not_refused(make_api):
    api = make_api(droplets=0, rate_limit="real")
    saved = api.ask("GET", "/_sandbox/state").body
    api.sandbox.advance(86_400)
    for _ in range(250):
        api.get("/v2/account")
    assert api(*ACCOUNT)[0] == 429
    assert api("PUT", "/_sandbox/state", saved)[0] == 204
    assert api(*ACCOUNT)[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/_sandbox/clock", {"now": "2020-01-01T00:00:00Z"}),
        ("PUT", "/_sandbox/clock", {"now": "tomorrow"}),
        ("POST", "/_sandbox/clock/advance", {"seconds": -1}),
        ("POST", "/_sandbox/clock/advance", {"seconds": 1e12}),
    ],
)
def test_the_clock_moves_forward_only(api, method, path, body):
    before = api.get("/_sandbox/clock")
    assert api(method, path, body)[0] == 400
    assert api.get("/_sandbox/clock") == before


def test_an_action_ends_when_the_clock_passes_its_end(api):
    droplet = api.droplet("web-1")["id"]
    _, started = api("POST", f"/v2/droplets/{droplet}/actions", {"type": "reboot"})
    assert started["action"]["status"] == "in-progress"
    api("POST", "/_sandbox/clock/advance", {"seconds": 600})
    assert api.get(f"/v2/actions/{started['action']['id']}")["action"]["status"] == "completed"


def test_a_sandbox_moves_its_own_clock(api):
    before = api.sandbox.now
    api.sandbox.advance(86_400)
    assert api.sandbox.now - before == timedelta(days=1)
    with pytest.raises(InvalidArgument, match="forward only"):
        api.sandbox.advance(-1)
