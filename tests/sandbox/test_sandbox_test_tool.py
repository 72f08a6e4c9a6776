"""The sandbox as a test tool: strictness, limits, tokens, the request log, what changed, faults by name, the decorator."""

from __future__ import annotations

import asyncio
import inspect
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

import poseidon_nb as po
from poseidon_nb.errors import InvalidArgument, NoSuchName
from poseidon_nb.sandbox import Sandbox
from poseidon_nb.sandbox.request_log import RequestLog

DROPLET = {"name": "x", "size": "c-2", "image": "debian-12-x64", "region": "fra1"}


def message(call):
    """Return the one line with which a call fails."""
    with pytest.raises(AssertionError) as caught:
        call()
    (line,) = str(caught.value).splitlines()
    return line


def test_strict_validation_refuses_what_only_the_service_tolerates(api):
    requests = [
        ("POST", "/v2/droplets", {**DROPLET, "colour": "red"}, 422, "Unknown field 'colour'."),
        ("POST", "/v2/droplets", {**DROPLET, "tag": ["a"]}, 422, "Unknown field 'tag'. Did you mean tags?"),
        ("POST", "/v2/droplets", {**DROPLET, "ipv6": "true"}, 422, "ipv6 must be a boolean."),
        (
            "POST",
            "/v2/firewalls",
            {"name": "f", "droplet_ids": ["5"]},
            422,
            "an item of droplet_ids must be an integer.",
        ),
        ("GET", "/v2/droplets?tag=web", None, 400, "Unknown query parameter 'tag'. Did you mean tag_name?"),
        ("GET", "/v2/droplets/", None, 404, "The resource you were accessing could not be found."),
    ]
    for method, target, body, _, _ in requests[:3] + requests[4:]:
        assert api(method, target, body)[0] < 300, target
    assert api("PUT", "/_sandbox/settings", {"validation": "strict"})[0] == 200
    before = api.get("/v2/droplets")["meta"]["total"]
    for method, target, body, status, text in requests:
        answer = api(method, target, body)
        assert (answer[0], answer[1]["message"]) == (status, text)
    assert api.get("/v2/droplets?page=1&per_page=1")["meta"]["total"] == before
    assert api("POST", "/v2/droplets", DROPLET)[0] == 202
    form = {"content_type": "application/x-www-form-urlencoded"}
    assert api("POST", "/v2/tags", b"name=a", **form)[0] == 400
    record = api.get(f"/v2/domains/{api.get('/v2/domains')['domains'][0]['name']}/records")["domain_records"][-1]
    path = f"/v2/domains/{api.get('/v2/domains')['domains'][0]['name']}/records/{record['id']}"
    assert api("PATCH", path, {"ttl": 900})[0] == 422, "the specification requires the type"
    assert api("PATCH", path, {"type": record["type"], "ttl": 900})[0] == 200


def test_limits_of_the_account_are_settings(make_api):
    api = make_api(limits={"droplet_limit": 14, "volume_limit": 3})
    account = api.get("/v2/account")["account"]
    assert (account["droplet_limit"], account["volume_limit"], account["floating_ip_limit"]) == (14, 3, 5)
    assert api.create()[0] == 202
    status, body = api.create()
    assert (status, body["message"]) == (422, "creating this/these droplet(s) will exceed your droplet limit")
    volume = {"name": "more", "region": "nyc3", "size_gigabytes": 10}
    api.sandbox.change_settings(limits={"volume_limit": len(api.get("/v2/volumes")["volumes"])})
    assert api("POST", "/v2/volumes", volume)[1]["message"] == "creating this volume will exceed your volume limit"
    api.sandbox.change_settings(limits={"droplet_limit": 20, "volume_limit": 50})
    assert api("POST", "/v2/volumes", volume)[0] == 201
    assert api.create()[0] == 202
    api.sandbox.reset()
    assert api.get("/v2/account")["account"]["droplet_limit"] == 14


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"validation": "loose"}, 'The validation must be "service" or "strict", not "loose".'),
        ({"limits": {"droplets": 1}}, "Unknown limit 'droplets'. Did you mean droplet_limit?"),
        ({"limits": 5}, "The limits must be a dict such as {'droplet_limit': 25}, not 5."),
        ({"tokens": ["a"]}, "The tokens must be a dict of lists of scopes, such as {'reader': ['*:read']}."),
        ({"tokens": {"a": "*:read"}}, "The tokens must be a dict of lists of scopes, such as {'reader': ['*:read']}."),
        ({"tokens": {"a b": ["droplet:read"]}}, "The token must be ASCII text without spaces."),
        ({"tokens": {"a": ["droplets:read"]}}, "Unknown scope 'droplets:read'. Did you mean droplet:read?"),
        ({"token": "own", "tokens": {"own": ["*:read"]}}, "The owner's token cannot be limited."),
    ],
)
def test_an_invalid_setting_is_refused_in_one_line(settings, text):
    with pytest.raises(InvalidArgument) as caught:
        Sandbox(droplets=0, **settings)
    assert str(caught.value) == text


def test_tokens_with_scopes_stay_if_they_were_given_at_the_start(make_api):
    api = make_api(tokens={"reader": ["*:read"], "tagger": ["tag:*", "droplet:read"]})
    made = api.sandbox.create_token("droplet:read")
    as_ = {token: {"authorization": f"Bearer {token}"} for token in ("reader", "tagger", made)}
    assert [api("GET", "/v2/droplets", **as_[token])[0] for token in as_] == [200, 200, 200]
    assert [api("POST", "/v2/tags", {"name": "t"}, **as_[token])[0] for token in as_] == [403, 201, 403]
    assert api("POST", "/_sandbox/reset", **as_["reader"])[0] == 403
    api.sandbox.reset()
    assert [api("GET", "/v2/droplets", **as_[token])[0] for token in as_] == [200, 200, 401]
    status, body = api("POST", "/_sandbox/tokens", {"scopes": ["account:read"], "token": "named"})
    assert (status, body) == (201, {"token": "named", "scopes": ["account:read"]})
    assert api("POST", "/_sandbox/tokens", {"scopes": ["account:reed"]})[0] == 400


def test_requests_are_selected_and_asserted_in_one_line(api):
    api.create(name="one", tags=["a"])
    api.create(name="two", size="nothing")
    api("GET", "/v2/droplets?page=2")
    api("POST", "/v2/tags", b"name=formed", content_type="application/x-www-form-urlencoded")
    log = api.sandbox.requests
    assert isinstance(log, list)
    assert [len(log), log[0].operation, log[-1].status] == [4, "droplets_create", 201]
    created = log.of("droplets_create")
    assert created.statuses == [202, 422]
    assert created[0].body["tags"] == ["a"]
    assert log.of("tags_create").assert_once().body == {"name": "formed"}
    assert [len(log.of(method="post")), len(log.of(path="/v2/dr")), len(log.of(status=422))] == [3, 3, 1]
    created.assert_count(2)
    log.of("volumes_create").assert_none()
    assert created.assert_sent(name="two").status == 422
    texts = {
        created.assert_once: "Expected droplets_create once, but it was sent twice, with status 202 and 422.",
        created.assert_none: "Expected no droplets_create, but it was sent twice, with status 202 and 422.",
        log.of("volumes_create").assert_once: "Expected volumes_create once, but it was never sent. Sent were "
        "droplets_create (2), droplets_list and tags_create.",
        lambda: created.assert_sent(size="s-1"): "Expected droplets_create with size 's-1', but found 'nothing' in the "
        "last of 2 requests.",
        lambda: created.assert_sent(
            user_data="x"
        ): "Expected droplets_create with user_data 'x', but found nothing in the last of 2 requests.",
        lambda: created.assert_sent(name="one", size="nothing"): "Expected droplets_create with name 'one', but found "
        "'two' in the last of 2 requests.",
        RequestLog().assert_once: "Expected request once, but it was never sent, and nothing else was.",
    }
    for call, text in texts.items():
        assert message(call) == text
    with pytest.raises(NoSuchName, match="Did you mean droplets_create"):
        log.of("droplet_create")
    assert repr(created) == "<2 of droplets_create: droplets_create (2)>"
    shown = api.get("/_sandbox/requests")["requests"]
    assert [one["body"].get("name") for one in shown] == ["one", "two", None, "formed"]


def test_a_message_about_requests_shows_no_secret(api):
    api("POST", "/v2/certificates", {"name": "c", "private_key": "hidden-key", "leaf_certificate": "x"})
    text = message(lambda: api.sandbox.requests.assert_sent(private_key="other-key"))
    assert text == "Expected request with private_key '(not shown)', but found '(not shown)'."
    assert "hidden-key" not in repr([*api.sandbox.requests])


def test_the_request_log_is_a_frame(api):
    import pandas as pd

    api("GET", "/v2/droplets?page=2")
    frame = api.sandbox.requests.frame()
    assert [str(dtype) for dtype in frame.dtypes] == ["datetime64[us, UTC]", *["string"] * 3, "Int64", *["string"] * 2]
    assert frame.loc[0, ["method", "query", "status", "operation"]].tolist() == ["GET", "page=2", 200, "droplets_list"]
    assert frame.loc[0, "time"] == pd.Timestamp(api.clock.now())
    assert frame.dtypes.equals(RequestLog().frame().dtypes), "also when it is empty"


def test_a_diff_says_what_was_created_changed_and_deleted(api):
    assert not api.sandbox.diff()
    assert str(api.sandbox.diff()) == "no changes"
    web, volume = api.droplet("web-1"), api.get("/v2/volumes")["volumes"][0]
    api("GET", "/v2/droplets")
    assert not api.sandbox.diff(), "reading changes nothing"
    api.done(web["id"], "rename", name="front")
    api.create(name="new", tags=["fresh"])
    api.clock.advance(600)
    api("DELETE", f"/v2/images/{api.droplet('db-1')['snapshot_ids'][0]}")
    diff = api.sandbox.diff()
    assert diff.of("droplets").created.names == ["new"]
    (renamed,) = diff.of("droplets").changed.of("droplets")[:1]
    assert (renamed.id, renamed.fields) == (web["id"], {"name": ("web-1", "front")})
    assert diff.of("images").deleted.names == [diff.of("images")[0].name]
    assert diff.of("tags").created.names == ["fresh"]
    assert f"changed droplets {web['id']} front: name web-1 -> front" in str(diff).splitlines()
    served = api.get("/_sandbox/diff")
    assert served == diff.as_json()
    assert [one["name"] for one in served["created"] if one["kind"] == "droplets"] == ["new"]
    assert {
        "kind": "droplets",
        "id": web["id"],
        "name": "front",
        "fields": {"name": {"from": "web-1", "to": "front"}},
    } in (served["changed"])

    assert api.sandbox.mark() == "mark-1"
    assert api("POST", "/_sandbox/marks", {"name": "before"}) == (201, {"name": "before"})
    api("DELETE", f"/v2/volumes/{volume['id']}")
    api.done(web["id"], "power_off")
    since = api.sandbox.diff("before")
    assert [(one.change, one.kind) for one in since if one.kind in {"droplets", "volumes"}] == [("changed", "droplets")]
    assert since.changed.of("droplets")[0].fields["status"] == ("active", "off")
    assert api.get("/_sandbox/diff?since=mark-1") == since.as_json()
    with pytest.raises(NoSuchName, match=r"Unknown mark 'befor'\. Did you mean before\?"):
        api.sandbox.diff("befor")
    assert api("GET", "/_sandbox/diff?since=befor")[0] == 400
    api.sandbox.reset()
    assert not api.sandbox.diff()
    assert api("GET", "/_sandbox/diff?since=before")[0] == 400


def test_a_diff_shows_no_secret_and_no_control_characters(api):
    name = "a\x1b[31m"
    api.sandbox._dispatcher.world.store("things").put(
        1, api.sandbox._dispatcher.world.droplets.all()[0].with_public(name="t", password="old-one", region="x")
    )
    api.sandbox.mark("m")
    store = api.sandbox._dispatcher.world.store("things")
    store.put(1, store[1].with_public(name=name, password="new-one", region={"slug": "y", "long": "z" * 500}))
    text = str(api.sandbox.diff("m"))
    assert "password (not shown) -> (not shown)" in text
    assert "-one" not in text
    assert text.isprintable()
    assert "region x -> y" in text


def test_a_mark_without_a_name_gets_one_that_is_free(api):
    assert [api.sandbox.mark(name) for name in (None, "mark-3", None)] == ["mark-1", "mark-3", "mark-4"]


def test_a_reset_turns_the_clock_back_and_a_saved_state_keeps_it(api, tmp_path):
    start = api.sandbox.now
    api.sandbox.advance(86_400)
    api.sandbox.save(tmp_path / "state.json")
    later = api.sandbox.now
    api.sandbox.reset()
    assert api.sandbox.now == start
    api.sandbox.load(tmp_path / "state.json")
    assert api.sandbox.now == later
    assert not api.sandbox.diff(), "a loaded account is a new start"


def test_faults_have_names(api):
    names = api.get("/_sandbox/faults")["names"]
    for name, values in names.items():
        api.sandbox.fault(name)
        reply = api.ask("GET", "/v2/account")
        if values.get("kind") == "delay":
            assert (reply.status, reply.wait_s) == (200, 2)
        else:
            assert reply.status == values["status"], name
    api.sandbox.fault("rate_limited", retry_after_s=7, operation="droplets_list")
    assert api.ask("GET", "/v2/account").status == 200
    assert dict(api.ask("GET", "/v2/droplets").headers)["retry-after"] == "7"
    assert api("POST", "/_sandbox/faults", {"kind": "unavailable", "times": 2})[1]["fault"]["status"] == 503
    api.sandbox.clear_faults()
    assert api.ask("GET", "/v2/account").status == 200
    with pytest.raises(InvalidArgument, match="Did you mean rate_limited"):
        api.sandbox.fault("rate_limit")


def test_a_word_that_could_never_match_is_refused_with_the_nearest():
    with po.Sandbox(droplets=0, speed=1000) as sandbox:
        assert repr(sandbox.requests) == "<0 requests>"
        with pytest.raises(InvalidArgument, match="Did you mean droplets_list"):
            sandbox.fault("rate_limited", operation="droplet_list")
        diff = sandbox.diff()
        for kind in ("account", "droplets", "databases.users", "apps.alerts", "genai_openai_keys"):
            assert diff.of(kind) == []
        for word, nearest in (("droplet", "droplets"), ("database", "databases")):
            with pytest.raises(NoSuchName, match=f"Did you mean {nearest}"):
                diff.of(word)
        with pytest.raises(NoSuchName, match="Print the Diff"):
            diff.of("servers")


def test_the_decorator_gives_each_call_a_new_account(monkeypatch):
    monkeypatch.setenv("DIGITALOCEAN_TOKEN", "before")
    seen = []

    @Sandbox(droplets=2, speed=1000)
    def create(name, *, sandbox):
        """Create a tag."""
        client = po.connect()
        client.tags.create(name=name)
        assert os.environ["DIGITALOCEAN_API_URL"] == sandbox.url
        seen.append(sandbox)
        return sandbox.diff().created.names

    assert create("a") == ["a"]
    assert create("b") == ["b"]
    assert (create.__name__, create.__doc__) == ("create", "Create a tag.")
    assert [*inspect.signature(create).parameters] == ["name"]
    assert not any(sandbox.running for sandbox in seen)
    assert os.environ["DIGITALOCEAN_TOKEN"] == "before"
    assert "DIGITALOCEAN_API_URL" not in os.environ

    @Sandbox(droplets=0)
    async def total():
        await asyncio.sleep(0)
        return len(po.connect().droplets.list())

    # In a thread of its own, because this one may have a running loop.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, total()).result() == 0

    @Sandbox(droplets=0)
    def fails():
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        fails()
    assert os.environ["DIGITALOCEAN_TOKEN"] == "before"


def test_the_decorator_serves_while_a_generator_runs_and_refuses_a_class():
    @Sandbox(droplets=0)
    def fixture(sandbox):
        yield sandbox
        assert sandbox.running

    steps = fixture()
    sandbox = next(steps)
    assert sandbox.running
    assert [*steps] == []
    assert not sandbox.running

    @Sandbox(droplets=0)
    async def stream(sandbox):
        yield sandbox
        assert sandbox.running

    async def read():
        return [(one, one.running) async for one in stream()]

    # In a thread, because in this one tests of a browser may have left a loop.
    with ThreadPoolExecutor(1) as thread:
        ((sandbox, running),) = thread.submit(asyncio.run, read()).result()
    assert running
    assert not sandbox.running
    with pytest.raises(InvalidArgument, match="Decorate the methods"):
        Sandbox(droplets=0)(type("TestAll", (), {}))


def test_an_unknown_setting_names_the_closest_one():
    for make in (lambda: Sandbox(droplet=3), lambda: Sandbox(droplets=0).change_settings(sped=2)):
        with pytest.raises(
            InvalidArgument, match=r"^Unknown setting '(droplet|sped)'\. Did you mean (droplets|speed)\?$"
        ):
            make()
