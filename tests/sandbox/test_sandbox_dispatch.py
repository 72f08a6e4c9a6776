"""The handling of every request: token, host, route, body, pages, headers, limits, scopes."""

from __future__ import annotations

import json
import re
import zlib
from urllib.parse import parse_qsl, urlsplit

import pytest

from poseidon_nb.catalogue import match


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic dXNlcg==", "Bearer \xff", "{token}"])
def test_without_a_valid_token_everything_is_refused(api, authorization):
    for path in ("/v2/account", "/v2/no/such/route", "/_sandbox/", "/v2/apps"):
        status, body = api("GET", path, authorization=authorization.replace("{token}", api.token))
        assert (status, body["id"], body["message"]) == (401, "Unauthorized", "Unable to authenticate you")


def test_the_scheme_may_be_written_in_any_case(api):
    assert api("GET", "/v2/account", authorization=f"bearer {api.token}")[0] == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil", "[::1]:80", "", "localhost:8080/x", "127.0.0.1:"],
)
def test_a_foreign_host_is_refused(api, host):
    assert api("GET", "/v2/account", host=host)[0] == 421
    assert api("POST", "/_sandbox/reset", host=host)[0] == 421


def test_the_repr_shows_no_token(api):
    assert api.token not in repr(api.sandbox)
    assert api.token not in repr(api.sandbox._dispatcher.tokens)
    assert api.token.startswith("dop_v1_sandbox_")


def test_an_operation_that_is_not_simulated_answers_501_with_its_name(api, refused, monkeypatch):
    monkeypatch.delitem(api.sandbox._dispatcher.operations, "apps_list")
    refused(api("GET", "/v2/apps"), 501, "The sandbox does not simulate apps_list (GET /v2/apps).")
    status = {row["operation"]: row["simulated"] for row in api.get("/_sandbox/coverage")["operations"]}
    assert [operation for operation, simulated in status.items() if not simulated] == ["apps_list"]


@pytest.mark.parametrize(
    "path", ["/", "/v2", "/v2/", "/v2/cows", "/v2/droplets//", "/v2//droplets", "/v1/droplets", "*"]
)
def test_a_route_outside_the_specification_is_not_found(api, path):
    assert api("GET", path)[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PATCH", "/v2/droplets", "GET, POST, DELETE"),
        ("HEAD", "/v2/account", "GET"),
        ("OPTIONS", "/v2/tags/web", "GET, DELETE"),
        ("BREW", "/v2/account/keys/1", "GET, PUT, DELETE"),
    ],
)
def test_another_method_is_refused_with_the_allowed_ones(api, method, path, allow):
    reply = api.ask(method, path)
    assert reply.status == 405
    assert ("allow", allow) in reply.headers


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"not json",
        b"[1]",
        b'"text"',
        b"1",
        b'{"a": NaN}',
        b"\xff",
        b"[" * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_body_that_is_not_a_json_object_is_a_bad_request(api, body):
    status, answer = api("POST", "/v2/droplets", body)
    assert (status, answer["id"]) == (400, "bad_request")
    assert set(answer) == {"id", "message", "request_id"}


def test_null_is_an_empty_body(api, refused):
    refused(api("POST", "/v2/tags", b"null\n"), 422, "name is required.")


def test_lone_surrogates_are_accepted(api):
    status, body = api("POST", "/v2/account/keys", b'{"name": "\\ud800", "public_key": "ssh-ed25519 \\ud800"}')
    assert status == 422
    assert api.create(user_data="\ud800")[0] == 202
    assert "request_id" in body


def pages_of(links):
    return {name: dict(parse_qsl(urlsplit(link).query)) for name, link in links["pages"].items()}


def test_links_keep_the_filters_and_omit_useless_pages(api):
    first = api.get("/v2/droplets?tag_name=env:prod&per_page=3")
    assert first["meta"] == {"total": 8}
    assert pages_of(first["links"]) == {
        "next": {"page": "2", "per_page": "3", "tag_name": "env:prod"},
        "last": {"page": "3", "per_page": "3", "tag_name": "env:prod"},
    }
    assert first["links"]["pages"]["next"].startswith("http://127.0.0.1:8080/v2/droplets?")
    assert set(pages_of(api.get("/v2/droplets?per_page=3&page=2")["links"])) == {"first", "prev", "next", "last"}
    last = api.get("/v2/droplets?tag_name=env:prod&per_page=3&page=3")
    assert set(pages_of(last["links"])) == {"first", "prev"}
    assert len(last["droplets"]) == 2


def test_following_links_shows_everything_once(api):
    target, seen = "/v2/actions?per_page=7", []
    while target:
        body = api.get(target)
        seen += [action["id"] for action in body["actions"]]
        link = body["links"].get("pages", {}).get("next", "")
        target = link.removeprefix("http://127.0.0.1:8080")
    assert len(seen) == len(set(seen)) == body["meta"]["total"] > 100


def test_one_page_has_no_links_and_one_past_the_end_is_empty(api):
    assert api.get("/v2/droplets")["links"] == {}
    past = api.get("/v2/droplets?page=9&per_page=5")
    assert past["droplets"] == []
    assert {name: query["page"] for name, query in pages_of(past["links"]).items()} == {"first": "1", "prev": "3"}


def test_a_page_has_at_most_two_hundred_items(make_api):
    api = make_api(droplets=205)
    body = api.get("/v2/droplets?per_page=1000")
    assert (len(body["droplets"]), body["meta"]["total"]) == (200, 205)


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "per_page=0", "per_page=1.5", "page=" + "9" * 5000])
def test_an_invalid_page_number_is_a_bad_request(api, query):
    assert api("GET", f"/v2/droplets?{query}")[0] == 400


def test_every_response_has_a_request_id_a_date_and_rate_limits(api):
    for method, path in [("GET", "/v2/account"), ("GET", "/v2/x"), ("DELETE", "/v2/tags/web"), ("GET", "/v2/apps")]:
        headers = dict(api.ask(method, path).headers)
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}", headers["x-request-id"])
        assert headers["date"] == "Mon, 23 Nov 2026 12:00:00 GMT"
        assert headers["ratelimit-limit"] == headers["ratelimit-remaining"] == "5000"
    body = api("GET", "/v2/x")[1]
    assert body["request_id"] == api.sandbox.requests[-1].request_id


def test_large_responses_are_compressed_if_the_client_accepts_it(api):
    plain = api.ask("GET", "/v2/sizes?per_page=200")
    packed = api.ask("GET", "/v2/sizes?per_page=200", accept_encoding="gzip, deflate")
    assert ("content-encoding", "gzip") in packed.headers
    assert zlib.decompress(packed.body, 31) == plain.body
    assert len(packed.body) < len(plain.body) / 4
    for accepted in ("", "br", "gzip;q=0", "identity"):
        assert api.ask("GET", "/v2/sizes?per_page=200", accept_encoding=accepted).body == plain.body


def limits(reply):
    headers = dict(reply.headers)
    return [int(headers[f"ratelimit-{name}"]) for name in ("limit", "remaining", "reset")], headers.get("retry-after")


def test_a_minute_allows_250_requests(make_api):
    api = make_api(rate_limit="real")
    start = api.clock.now().timestamp()
    for _ in range(250):
        assert api.ask("GET", "/v2/account").status == 200
        api.clock.advance(0.1)
    reply = api.ask("GET", "/v2/account")
    assert reply.status == 429
    assert json.loads(reply.body)["message"] == "API Rate limit exceeded."
    assert limits(reply) == ([5000, 4750, start + 3600], "35")
    api.clock.advance(35)
    assert api.ask("GET", "/v2/account").status == 200


def test_an_hour_allows_5000_requests_and_then_answers_without_retry_after(make_api):
    api = make_api(rate_limit="real")
    start = api.clock.now().timestamp()
    for _ in range(5000):
        assert api.ask("GET", "/v2/account").status == 200
        api.clock.advance(0.5)
    reply = api.ask("GET", "/v2/account")
    assert (reply.status, *limits(reply)) == (429, [5000, 0, start + 3600], None)
    api.clock.advance(1100.5)
    assert api.ask("GET", "/v2/account").status == 200


def test_the_list_of_keys_has_its_own_limit(make_api):
    api = make_api(rate_limit="real")
    answers = [api.ask("GET", "/v2/account/keys") for _ in range(11)]
    assert [reply.status for reply in answers] == [200] * 10 + [429]
    assert limits(answers[-1])[1] == "60"
    assert api.ask("GET", "/v2/account").status == 200


def test_a_request_with_an_invalid_token_is_not_counted(make_api):
    api = make_api(rate_limit="real")
    for _ in range(300):
        assert api.ask("GET", "/v2/account", authorization="Bearer guess").status == 401
    assert api.ask("GET", "/v2/account").status == 200


def limited(api, *scopes):
    status, body = api("POST", "/_sandbox/tokens", {"scopes": scopes})
    assert status == 201
    return {"authorization": f"Bearer {body['token']}"}


def test_a_token_without_the_scope_is_refused(api, refused):
    reader = limited(api, "droplet:read")
    id_ = api.droplet("web-1")["id"]
    text = "You do not have access for the attempted action."
    assert api("GET", "/v2/droplets", **reader)[0] == 200
    refused(api("GET", "/v2/account", **reader), 403, text)
    refused(api("DELETE", f"/v2/droplets/{id_}", **reader), 403, text)
    refused(api("GET", "/_sandbox/", **reader), 403, text)
    refused(api("GET", "/v2/sizes", **limited(api, "sizes:read")), 403, text)
    assert api("GET", "/v2/sizes", **limited(api, "sizes:read", "regions:read"))[0] == 200


@pytest.mark.parametrize(
    ("type_", "scope"),
    [
        ("resize", "droplet:create"),
        ("rebuild", "droplet:admin"),
        ("restore", "droplet:admin"),
        ("snapshot", "image:create"),
    ],
)
def test_some_actions_need_a_second_scope(api, type_, scope):
    path = f"/v2/droplets/{api.droplet('web-1')['id']}/actions"
    assert api("POST", path, {"type": type_}, **limited(api, "droplet:update"))[0] == 403
    assert api("POST", path, {"type": type_}, **limited(api, "droplet:update", scope))[0] in {201, 422}


def test_some_fields_and_filters_need_a_further_scope(api):
    template = {"region": "nyc3", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "ssh_keys": [1], "tags": ["web"]}
    pool = {"size": "s-1vcpu-2gb", "name": "p", "count": 1, "tags": ["web"]}
    cluster = {"name": "c", "region": "nyc3", "version": "latest", "tags": ["web"], "node_pools": [pool]}
    database = {
        "name": "d",
        "engine": "pg",
        "size": "db-s-1vcpu-1gb",
        "region": "nyc3",
        "num_nodes": 1,
        "project_id": "p",
    }
    app = {"spec": {"name": "a"}, "project_id": "p"}
    for scopes, method, path, body in (
        (("droplet:read", "tag:read"), "GET", "/v2/droplets?tag_name=web", None),
        (("droplet:update", "tag:read"), "POST", "/v2/droplets/actions?tag_name=web", {"type": "power_on"}),
        (("droplet:create", "ssh_key:read", "tag:read"), "POST", "/v2/droplets/autoscale",
            {"name": "p", "config": {"target_number_instances": 1}, "droplet_template": template}),
        (("kubernetes:create", "tag:read", "tag:create"), "POST", "/v2/kubernetes/clusters", cluster),
        (("kubernetes:create", "tag:read"), "POST", "/v2/kubernetes/clusters", {**cluster, "tags": []}),
        (("kubernetes:update", "tag:read"), "POST", "/v2/kubernetes/clusters/1/node_pools", pool),
        (("kubernetes:update", "tag:read", "tag:create"), "PUT", "/v2/kubernetes/clusters/1", cluster),
        (("database:create", "project:assign_resource"), "POST", "/v2/databases", database),
        (("database:read", "tag:read"), "GET", "/v2/databases?tag_name=web", None),
        (("app:create", "project:assign_resource"), "POST", "/v2/apps", app),
    ):  # fmt: skip
        for missing in scopes:
            rest = [scope for scope in scopes if scope != missing]
            assert api("POST" if method == "POST" else method, path, body, **limited(api, *rest))[0] == 403, (
                path,
                rest,
            )
        needed = {*scopes, *(scope for one in match(method, path.partition("?")[0])[:1] for scope in one.scopes)}
        assert api(method, path, body, **limited(api, *needed))[0] != 403, path


def test_fields_are_hidden_from_a_token_that_may_not_see_them(api):
    narrow = api("GET", "/v2/droplets?name=web-1", **limited(api, "droplet:read"))[1]["droplets"][0]
    assert not {"image", "backup_ids", "snapshot_ids", "volume_ids", "tags", "vpc_uuid"} & set(narrow)
    assert "sizes" not in narrow["region"]
    wider = api("GET", "/v2/droplets?name=web-1", **limited(api, "droplet:read", "tag:read"))[1]["droplets"][0]
    assert wider["tags"] == ["web", "env:prod"]
    assert "droplet_limit" not in api("GET", "/v2/account", **limited(api, "account:read"))[1]["account"]


def test_without_a_token_only_the_root_of_its_own_routes_answers_and_says_only_that_it_is_a_sandbox(api):
    def ask(method: str, path: str, host: str = "127.0.0.1"):
        response = api.sandbox.dispatch(method, path, headers={"host": host})
        return response.status, json.loads(response.body) if response.body else None

    for path in ("/_sandbox", "/_sandbox/"):
        assert ask("GET", path) == (200, {"sandbox": "poseidon_nb"})
        assert ask("GET", path, host="evil.example")[0] == 421
        assert ask("POST", path)[0] == ask("HEAD", path)[0] == 401
    for path in ("/_sandbox/id", "/_sandbox/state", "/_sandbox//", "/_sandbox/requests", "/v2/account", "/"):
        assert ask("GET", path)[0] == 401


def test_any_token_may_ask_which_sandbox_it_is(api):
    limited = api("POST", "/_sandbox/tokens", {"scopes": ["droplet:read"]})[1]["token"]
    whose = api.get("/_sandbox/id")
    assert api("GET", "/_sandbox/id", authorization=f"Bearer {limited}") == (200, whose)
    assert api("PUT", "/_sandbox/id", authorization=f"Bearer {limited}")[0] == 403
    assert api("GET", "/_sandbox/state", authorization=f"Bearer {limited}")[0] == 403


def test_a_body_that_is_nested_deeply_is_refused(api, refused):
    for depth in (201, 500):
        deep = b'{"name":' + b'{"a":' * depth + b"1" + b"}" * (depth + 1)
        refused(api("POST", "/v2/projects", deep), 400, "The request body is nested too deeply.")
    refused(api("POST", "/v2/projects", b'{"name":' + b"[" * 100 + b"]" * 100 + b"}"), 422, "name must be a string.")


def test_a_number_that_is_too_large_is_no_json(api):
    for number in ("1e999", "-1e999", "9" * 30, str(2**63)):
        status, answer = api("POST", "/v2/uptime/checks", f'{{"name": "a", "more": [{number}]}}'.encode())
        assert (status, answer["message"]) == (400, "The request body could not be parsed as JSON."), number
    # As text, and as large as an integer may be.
    status, _ = api("POST", "/v2/tags", b'{"name": "a", "more": ["%b", %d, 1e3]}' % (b"9" * 30, 2**63 - 1))
    assert status == 201
