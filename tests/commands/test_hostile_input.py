"""Input that is meant to break things: secrets where they would be kept, bodies that are no JSON, numbers without end."""

from __future__ import annotations

import json

import pytest
import responses

from poseidon_nb import errors
from poseidon_nb.client.client import connect

TOKEN = "dop_v1_" + "a" * 64
SECRET = "sk-not-for-anybodys-eyes"
CREATE = "droplets create x --size s-1vcpu-1gb --image ubuntu-24-04-x64 --region nyc3"
MANY_DIGITS = "9" * 5_000
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{here}: &{here} [{', '.join([f'*{before}'] * 10)}]\n" for before, here in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("line", "body"),
    [
        (CREATE, f"#cloud-config\nwrite_files: [{TOKEN}]"),
        ("api POST /v2/tags --yes", json.dumps({"name": TOKEN})),
        ("genai create-openai-api-key --name x", f"api_key: {TOKEN}"),
        ("", f"tags create x\ntags create {TOKEN}"),
    ],
)
def test_a_token_in_the_body_of_a_cell_is_refused_and_not_repeated(desk, line, body):
    with pytest.raises(errors.GrammarError, match="A cell must not contain a token") as caught:
        desk.do(line, body=body)
    assert TOKEN not in f"{caught.value!r} {caught.value.__context__!r}"
    assert desk.changes() == []


@pytest.mark.parametrize(
    ("line", "body"),
    [
        (f"genai create-openai-api-key --name x --api-key {SECRET}", None),
        ("genai create-openai-api-key", f"name: x\napi_key: {SECRET}"),
        (f"certificates create --name x --leaf-certificate y --private-key {SECRET}", None),
        ("certificates create", f"name: x\nprivate_key: {SECRET}"),
        (f"""dedicated-inferences patch 1 --access-tokens '{{"hugging_face_token": "{SECRET}"}}'""", None),
    ],
)
def test_a_secret_is_given_by_a_variable_and_never_written_in_a_cell(desk, line, body):
    with pytest.raises(
        errors.CommandError, match=r"A cell must not contain .*Pass it (as|from a Python variable:) --[\w-]+ \{name\}"
    ) as caught:
        desk.do(line, body=body)
    assert SECRET not in str(caught.value)
    assert desk.changes() == []


def test_a_secret_is_not_shown_by_a_dry_run(desk):
    desk.do("genai create-openai-api-key --name x --api-key {key} --dry-run", key=SECRET)
    assert desk.ui.said == ['POST /v2/gen-ai/openai/keys\n{\n  "api_key": "(not shown)",\n  "name": "x"\n}']


@responses.activate
def test_a_secret_that_an_error_quotes_reaches_neither_the_error_nor_the_log_of_changes(clock):
    responses.post(
        "https://api.digitalocean.com/v2/gen-ai/openai/keys",
        json={"id": "bad", "message": f"{SECRET} is no key", "given": [SECRET]},
        status=422,
    )
    client = connect(token=TOKEN, clock=clock)
    with pytest.raises(errors.Unprocessable, match=r"\(not shown\) is no key") as caught:
        client.call("genai_create_openai_api_key", name="x", api_key=SECRET)
    assert SECRET not in f"{caught.value} {caught.value.__dict__} {client.changes.entries()}"
    assert json.loads(responses.calls[0].request.body)["api_key"] == SECRET


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("spec: &spec\n  inner: *spec", "nested too deeply"),
        (BOMB, "more than 100,000 values"),
        ("spec: !!binary aGVsbG8=", "The body has the YAML tag !!binary in line 1"),
        ("spec: !!set {a, b}", "The body has the YAML tag !!set in line 1"),
        ("spec: !!timestamp 2026-11-24", "The body has the YAML tag !!timestamp in line 1"),
        ("1: x", "a key that is not text"),
        ("~: x", "a key that is not text"),
        ("spec: {true: x}", "a key that is not text"),
        ('{"spec": NaN}', "nan, which is not a number"),
        ("spec: 1e999", "inf, which is not a number"),
        (f'{{"spec": {MANY_DIGITS}}}', "a number with too many digits"),
    ],
    ids=lambda text: text[:20],
)
@pytest.mark.parametrize("line", ["apps create --yes", "api POST /v2/apps --yes", "apps create --dry-run"])
def test_a_body_that_json_cannot_say_is_refused_in_one_line_before_anything_is_sent(desk, line, body, message):
    with pytest.raises(errors.GrammarError, match=message) as caught:
        desk.do(line, body=body)
    assert "\n" not in str(caught.value)
    assert desk.changes() == []


@pytest.mark.parametrize("value", ['{"a": NaN}', '{"a": 1e999}', "{held}"])
def test_an_option_holds_no_number_that_json_lacks(desk, value):
    with pytest.raises(errors.GrammarError, match="JSON"):
        desk.do(f"apps create --spec '{value}' --yes", held={"a": float("nan")})
    assert desk.changes() == []


def test_a_price_that_is_no_number_is_no_way_round_the_question(desk):
    with pytest.raises(errors.GrammarError):
        desk.do("volumes create v --region nyc3", body='{"size_gigabytes": NaN}')
    assert desk.changes() == []


@pytest.mark.parametrize("header", ["a\r\nX-Other: 1", "☃"])
def test_a_header_is_one_line_of_plain_text(desk, header):
    with pytest.raises(errors.InvalidArgument, match="Invalid characters in the header X-Dangerous of"):
        desk.session.client().call(
            "droplets_destroy_withAssociatedResourcesDangerous", path={"droplet_id": 1}, headers={"X-Dangerous": header}
        )
    assert desk.changes() == []


@pytest.mark.parametrize(
    "line",
    [
        f"droplets get {MANY_DIGITS}",
        f"droplets power_off {MANY_DIGITS}",
        f"droplet-actions post {MANY_DIGITS} --type reboot",
        f"images get {MANY_DIGITS}",
        f"images delete {MANY_DIGITS} --yes",
        f"keys get {MANY_DIGITS}",
        f"volumes get {MANY_DIGITS}",
        f"{CREATE} --ssh-keys {MANY_DIGITS}",
        CREATE.replace("ubuntu-24-04-x64", MANY_DIGITS),
        f"{CREATE.replace('ubuntu-24-04-x64', MANY_DIGITS)} --dry-run --columns {MANY_DIGITS} --timeout 0",
        "images delete ١٢٣ --yes",
    ],
    ids=lambda line: line[:24],
)
def test_more_digits_than_an_id_has_and_digits_of_other_scripts_are_a_name_like_any_other(desk, line):
    created = {droplet["id"] for droplet in desk.do("droplets list --raw")}
    with pytest.raises(errors.PoseidonError):
        desk.do(line)
    assert {droplet["id"] for droplet in desk.do("droplets list --raw")} == created


def test_many_are_deleted_also_where_the_path_does_not_end_with_their_id(desk):
    pytest.importorskip("pandas")
    frame = desk.do(
        "droplets destroy-with-associated-resources-dangerous 521000032 521000100 --x-dangerous --keep-going --yes"
    )
    assert frame["id"].tolist() == ["521000032", "521000100"]
    assert sorted(desk.changes()) == [
        f"DELETE /v2/droplets/{id_}/destroy_with_associated_resources/dangerous" for id_ in (521000032, 521000100)
    ]


def test_what_is_taken_from_a_firewall_is_told_by_the_firewalls_id(desk):
    pytest.importorskip("pandas")
    firewall = desk.do("firewalls list --raw")[0]
    frame = desk.do(f"firewalls remove-droplets {firewall['name']} web-1 --yes")
    assert frame[["id", "name"]].to_numpy().tolist() == [[firewall["id"], firewall["name"]]]


@pytest.mark.parametrize("noun", ["tags", "keys", "snapshots"])
def test_what_is_named_twice_is_deleted_once(desk, noun):
    listed = desk.do(f"{noun} list --raw")[0]
    words = [listed["name"], listed.get("id", listed["name"]), listed["name"]]
    desk.sent()
    desk.do(f"{noun} delete {{words}} --yes", words=words)
    assert len(desk.changes()) == 1
