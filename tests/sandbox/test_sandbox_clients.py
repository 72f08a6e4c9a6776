"""What clients of the service send besides plain JSON: trailing slashes, forms, text for numbers, other shapes."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from poseidon_nb.sandbox.form import parse_form

FORM = "application/x-www-form-urlencoded"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ+/lWLyv+RMcyDlSFPOJnJsUoqM4tlYV1tm3Ny2MoCf ada"


def form(api, method, path, fields, content_type=FORM):
    return api(method, path, urlencode(fields).encode(), content_type=content_type)


@pytest.mark.parametrize(
    "path", ["/v2/account", "/v2/domains", "/v2/droplets?per_page=2", "/v2/tags/web", "/_sandbox/id"]
)
def test_a_trailing_slash_is_the_same_path(api, path):
    bare, mark, query = path.partition("?")
    assert api.get(f"{bare}/{mark}{query}") == api.get(path)


def test_a_trailing_slash_works_with_a_body_and_only_once(api):
    assert api("POST", "/v2/tags/", {"name": "slashed"})[0] == 201
    assert api("DELETE", "/v2/tags/slashed/") == (204, None)
    assert api("GET", "/v2/tags/slashed/")[0] == 404
    assert api("GET", "/v2/tags//")[0] == 404
    assert api.sandbox.requests[0].path == "/v2/tags/"


def test_a_form_creates_a_droplet(api):
    key = api.get("/v2/account/keys")["ssh_keys"][0]
    fields = [
        ("name", "by-form"),
        ("size", "s-1vcpu-1gb"),
        ("image", "ubuntu-24-04-x64"),
        ("region", "nyc3"),
        ("ssh_keys[]", key["id"]),
        ("ssh_keys[]", key["fingerprint"]),
        ("tags[]", "web"),
        ("tags[]", "formed"),
        ("backups", "true"),
        ("ipv6", "false"),
        ("backup_policy[plan]", "weekly"),
        ("backup_policy[weekday]", "SUN"),
        ("backup_policy[hour]", "4"),
    ]
    status, body = form(api, "POST", "/v2/droplets", fields, f"{FORM}; charset=utf-8")
    assert status == 202, body
    droplet = body["droplet"]
    assert (droplet["name"], droplet["tags"]) == ("by-form", ["web", "formed"])
    assert "backups" in droplet["features"]
    assert "ipv6" not in droplet["features"]
    assert droplet["next_backup_window"]["start"].endswith("T04:00:00Z")


def test_a_form_creates_several_droplets_and_starts_an_action(api):
    fields = [("names[]", "one"), ("names[]", "two"), ("size", "s-1vcpu-1gb"), ("image", "debian-13-x64")]
    status, body = form(api, "POST", "/v2/droplets", fields)
    assert (status, [droplet["name"] for droplet in body["droplets"]]) == (202, ["one", "two"])
    path = f"/v2/droplets/{api.droplet('web-1')['id']}/actions"
    assert form(api, "POST", path, {"type": "reboot"})[0] == 201


def test_a_form_creates_and_changes_a_key_and_a_domain(api):
    status, body = form(api, "POST", "/v2/account/keys", {"name": "mine", "public_key": KEY})
    assert (status, body["ssh_key"]["public_key"]) == (201, KEY)
    path = f"/v2/account/keys/{body['ssh_key']['id']}"
    assert form(api, "PUT", path, {"name": "yours"})[1]["ssh_key"]["name"] == "yours"
    assert form(api, "POST", "/v2/domains", {"name": "form.example", "ip_address": "192.0.2.9"})[0] == 201
    record = {"type": "MX", "name": "@", "data": "mx.example.net.", "priority": "10"}
    status, body = form(api, "POST", "/v2/domains/form.example/records", record)
    assert (status, body["domain_record"]["priority"]) == (201, 10)


@pytest.mark.parametrize(
    ("body", "parsed"),
    [
        ("a=1&b=two+words&a=2", {"a": "2", "b": "two words"}),
        ("a[]=1&a[]=2&b%5B%5D=3", {"a": ["1", "2"], "b": ["3"]}),
        ("a[0]=1&a[1]=2", {"a": ["1", "2"]}),
        ("a[b][c]=1&a[b][d]=", {"a": {"b": {"c": "1", "d": ""}}}),
        ("r[][p]=1&r[][q][]=2&r[][q][]=3&r[][p]=4", {"r": [{"p": "1", "q": ["2", "3"]}, {"p": "4"}]}),
    ],
)
def test_the_names_of_a_form_make_arrays_and_objects(body, parsed):
    assert parse_form(body.encode()) == parsed


AMBIGUOUS = (b"[]=1", b"a[=1", b"a]=1", b"a=1&a[]=2", b"a[]=1&a[b]=2", b"a[]=1&a[][b]=2", b"a[][]=1", b"\xff=1")


@pytest.mark.parametrize("body", [*AMBIGUOUS, b"a" + b"[b]" * 50 + b"=1", b"&".join([b"a[]=1"] * 2000)])
def test_an_ambiguous_form_is_refused(api, body):
    status, answer = api("POST", "/v2/tags", body, content_type=FORM)
    assert status == 400
    assert "The request body could not be parsed as a form: " in answer["error"]


def test_json_is_accepted_as_curl_sends_it(api):
    assert api("POST", "/v2/tags", b' {"name": "curled"}', content_type=FORM)[0] == 201


def test_text_stands_for_numbers_and_booleans(api):
    web = api.droplet("web-1")["id"]
    api.done(web, "power_off")
    assert api.done(web, "resize", size="s-4vcpu-8gb", disk="true")["disk"] == 160
    status, body = api("POST", "/v2/volumes", {"name": "texts", "size_gigabytes": "10", "region": "nyc3"})
    assert (status, body["volume"]["size_gigabytes"]) == (201, 10)
    path = f"/v2/volumes/{body['volume']['id']}/actions"
    assert api("POST", path, {"type": "attach", "droplet_id": str(web)})[0] == 202
    assert api("POST", "/v2/reserved_ips", {"droplet_id": str(api.droplet("web-2")["id"])})[0] == 202
    created = api.create(monitoring="True", ipv6="false")[1]["droplet"]
    assert ("monitoring" in created["features"], "ipv6" in created["features"]) == (True, False)


def test_text_stands_for_numbers_in_arrays_and_objects(api):
    web = api.droplet("web-1")["id"]
    rule = {"protocol": "tcp", "ports": "22", "sources": {"droplet_ids": [str(web)]}}
    wanted = {"name": "texts", "droplet_ids": [str(web)], "inbound_rules": [rule]}
    status, body = api("POST", "/v2/firewalls", wanted)
    assert status == 202, body
    assert body["firewall"]["droplet_ids"] == [web]
    assert body["firewall"]["inbound_rules"][0]["sources"] == {"droplet_ids": [web]}
    forwarding = {"entry_protocol": "http", "entry_port": "80", "target_protocol": "http", "target_port": "8080"}
    balanced = {"name": "texts", "region": "nyc3", "forwarding_rules": [forwarding], "droplet_ids": [str(web)]}
    status, body = api("POST", "/v2/load_balancers", {**balanced, "health_check": {"port": "81"}})
    assert status == 202, body
    balancer = body["load_balancer"]
    assert (balancer["droplet_ids"], balancer["health_check"]["port"]) == ([web], 81)
    assert balancer["forwarding_rules"][0]["entry_port"] == 80


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"size_gigabytes": "ten"}, "size_gigabytes must be an integer."),
        ({"size_gigabytes": "1.5"}, "size_gigabytes must be an integer."),
        ({"size_gigabytes": "9" * 5000}, "size_gigabytes must be an integer."),
        ({"size_gigabytes": True}, "size_gigabytes must be an integer."),
        ({"name": 7}, "name must be a string."),
        ({"tags": [7]}, "an item of tags must be a string."),
        ({"tags": "web"}, "tags must be an array."),
    ],
)
def test_other_text_and_numbers_for_text_are_refused(api, refused, fields, text):
    refused(api("POST", "/v2/volumes", {"name": "v", "size_gigabytes": 1, "region": "nyc3", **fields}), 422, text)


def test_a_number_as_the_id_of_a_tagged_resource_is_refused_by_the_parser(api, refused):
    web = api.droplet("web-1")["id"]
    text = "json: cannot unmarshal number into Go struct field Resource.resources.resource_id of type string"
    for method in ("POST", "DELETE"):
        body = {"resources": [{"resource_id": web, "resource_type": "droplet"}]}
        refused(api(method, "/v2/tags/db/resources", body), 400, text)
    assert "db" not in api.droplet("web-1")["tags"]
    body = {"resources": [{"resource_id": str(web), "resource_type": "droplet"}]}
    assert api("POST", "/v2/tags/db/resources", body)[0] == 204


def test_volumes_of_a_new_droplet_may_be_objects(api, refused):
    made = []
    for name in ("first", "second", "third"):
        body = {"name": name, "size_gigabytes": 1, "region": "nyc3"}
        made.append(api("POST", "/v2/volumes", body)[1]["volume"]["id"])
    status, body = api.create(volumes=[{"id": made[0]}, {"name": "second"}, made[2]])
    assert status == 202, body
    api.clock.advance(600)
    assert api.get(f"/v2/droplets/{body['droplet']['id']}")["droplet"]["volume_ids"] == made
    text = "You specified invalid volumes for Droplet creation."
    refused(api.create(volumes=[{"name": "none"}]), 422, text)
    refused(api.create(volumes=[{"id": "none"}]), 422, text)
    refused(api.create(volumes=[{}]), 422, "name is required.")
    refused(api.create(volumes=[7]), 422, "a volume must be a string.")


POLICY = {
    "type": "v1/insights/droplet/cpu",
    "description": "busy",
    "compare": "GreaterThan",
    "value": 80,
    "window": "5m",
    "enabled": True,
}


@pytest.mark.parametrize(
    ("alerts", "rest"),
    [
        ({"email": ["ada@tidepool.example"]}, {}),
        ({"email": ["ada@tidepool.example"], "slack": None}, {"tags": None, "entities": None}),
        ({"slack": [], "pager": ["x"]}, {"tags": []}),
        ({}, {"entities": []}),
    ],
)
def test_missing_parts_of_an_alert_policy_are_empty(api, alerts, rest):
    wanted = {"email": alerts.get("email") or [], "slack": []}
    created = api("POST", "/v2/monitoring/alerts", {**POLICY, "alerts": alerts, **rest})
    assert created[0] == 200, created
    policy = created[1]["policy"]
    assert (policy["alerts"], policy["tags"], policy["entities"]) == (wanted, [], [])
    updated = api("PUT", f"/v2/monitoring/alerts/{policy['uuid']}", {**POLICY, "alerts": alerts, **rest})
    assert updated[1]["policy"] == policy


@pytest.mark.parametrize(("text", "number"), [("80", 80), ("80.5", 80.5), ("-1e2", -100.0)])
def test_a_number_may_have_decimals_and_a_sign(api, text, number):
    created = api("POST", "/v2/monitoring/alerts", {**POLICY, "alerts": {}, "value": text})[1]["policy"]
    assert repr(created["value"]) == repr(number)


@pytest.mark.parametrize("text", ["nan", "1e999", "eighty", ""])
def test_text_that_is_no_number_is_refused(api, refused, text):
    sent = {**POLICY, "alerts": {}, "value": text}
    refused(api("POST", "/v2/monitoring/alerts", sent), 422, "value must be a number.")
