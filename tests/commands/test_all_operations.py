"""A walk over every operation of the API: typed as a command, it sends what the specification asks for, and nothing else.

The bodies are instances of the specification's own request schemas, corrections apart, and are judged by these again as
they are sent; the answers come from `responses`, so the walk tells about the way out only.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest
import responses

from poseidon_nb import errors
from poseidon_nb.catalogue import Operation, Parameter, match, operation
from poseidon_nb.catalogue.effects import effect_of, effects
from poseidon_nb.client.lookup import RESOURCE_TYPES, resource_type_of
from poseidon_nb.commands.context import Settings
from poseidon_nb.commands.do_session import DoSession
from poseidon_nb.commands.generic.derive import METRICS, account_operations, derived_name
from poseidon_nb.commands.help import help_text
from poseidon_nb.commands.registry import operation_names, parse, registry
from poseidon_nb.language.options import SECRET_OPTIONS
from poseidon_nb.language.spec import kebab
from poseidon_nb.magics.do import run_line
from tests.commands.conftest import FakeUI
from tests.contract.samples import Samples
from tests.contract.specification import specification, validate_request
from tests.each import each

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

API = "https://api.digitalocean.com"
OPERATIONS = account_operations()
UUID = "5a4981aa-9653-4bd1-bef5-d6bff52042e4"
OTHERS = ("c8a9c4f4-7f2e-4c88-9d0d-1f0e7c5d1a11", "0b4f6b0e-3a37-4a61-b6d5-2f3f4f6a2b22")
#: What the command line makes of a droplet's list before it acts, and of the like: reads, which change nothing.
SAMPLES: dict[str, Any] = {"integer": 7, "number": 2.5, "boolean": True, "object": {"a": 1}, "any": 7, "string": "x"}


class Walker:
    """Types commands, and remembers what was sent."""

    def __init__(self, clock: Any) -> None:
        self.session = DoSession(clock)
        self.ui = FakeUI()
        self.ui.answer = True
        self.sent: list[Any] = []

    def do(self, line: str, *, body: str | None = None, **variables: Any) -> Any:
        return run_line(line, body=body, variables=variables, settings=Settings(), session=self.session, ui=self.ui)

    def changes_or_last(self) -> list[Any]:
        """Return what was sent, without the reads that come before and after a change."""
        changes = [request for request in self.sent if request.method != "GET"]
        return changes or self.sent


@pytest.fixture
def new_walker(clock, monkeypatch, tmp_path, end_background) -> Iterator[Callable[[], Walker]]:
    """Return a function that makes a walker with a kernel and a journal of its own, and ends the one before."""
    monkeypatch.setenv("DIGITALOCEAN_ACCESS_TOKEN", "dop_v1_" + "0" * 64)
    made: list[Walker] = []

    def end() -> None:
        if made:
            made[-1].session._forget()
        end_background()

    def start() -> Walker:
        end()
        monkeypatch.setenv("POSEIDON_STATE_DIR", str(tmp_path / str(len(made))))
        made.append(Walker(clock))
        mock.calls.reset()
        return made[-1]

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        made[-1].sent.append(request)
        return answer_to(request)

    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            mock.add_callback(method, re.compile(f"{API}/.*"), callback=answer)
        yield start
        end()


def is_of(request: Any, operation_id: str) -> bool:
    """Check whether a request belongs to this operation."""
    found = match(request.method, urlsplit(request.url).path)
    return found is not None and found[0].id == operation_id


def answer_to(request: Any) -> tuple[int, dict[str, str], str]:
    """Answer anything with something of the right shape."""
    found = match(request.method, urlsplit(request.url).path)
    assert found is not None, request.url
    one = found[0]
    headers = {"content-type": "application/json"}
    if one.status == 204 or (not one.response_key and request.method in {"DELETE", "PUT", "POST", "PATCH"}):
        return one.status or 200, headers, ""
    thing: dict[str, Any] = {
        "id": 7,
        # Some commands take a thing's own spelling of the name that was typed.
        "name": unquote(request.url.partition("?")[0].rpartition("/")[2]),
        "status": "completed",
        "type": "x",
        "tags": [],
        "region": {"slug": "nyc3"},
        "resource_type": "droplet",
        "fingerprint": "x",
        "public_key": "ssh-ed25519 AAAA x",
    }
    if not one.response_key:
        return one.status or 200, headers, json.dumps({"x": 1})
    held: Any = [thing] if one.response_is_list else thing
    return one.status or 200, headers, json.dumps({one.response_key: held, "links": {}, "meta": {"total": 1}})


def sample(one: Operation, parameter: Parameter) -> Any:
    """Make a value up, of the right type."""
    kind = RESOURCE_TYPES.get(resource_type_of(one.id, parameter.name))
    if kind is not None and not kind.named_by_id:
        # An id, which is not looked up: what is named by people is tested elsewhere.
        identifier: Any = 7 if kind.numeric and parameter.type != "string" and parameter.items != "string" else UUID
        identifier = "7" if kind.numeric and identifier == UUID else identifier
        return [identifier] if parameter.type == "array" else identifier
    if one.path.startswith(METRICS) and parameter.name in {"start", "end"}:
        return "1635386880"
    if parameter.enum:
        value: Any = parameter.enum[0]
        return value if parameter.type != "array" else [value]
    if parameter.type == "array":
        return [SAMPLES.get(parameter.items, "x"), SAMPLES.get(parameter.items, "x")][
            : 1 if parameter.items == "any" else 2
        ]
    if parameter.type == "string" and (
        parameter.name.endswith(("_id", "uuid", "_ids", "access_key")) or parameter.name == "id"
    ):
        return UUID
    return SAMPLES[parameter.type]


def typed(value: Any) -> str:
    """Write a value as a person would type it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict)):
        return f"'{json.dumps(value)}'"
    if isinstance(value, list):
        return ",".join(str(one) for one in value)
    text = str(value).replace("{", "{{").replace("}", "}}")
    return f"'{text}'" if re.search(r"[\s\"#]", text) or not text else text


def everything(one: Operation) -> dict[str, dict[str, Any]]:
    """Return a value for every parameter of an operation, by its place."""
    places = {"path": one.path_parameters, "query": one.query_parameters, "headers": one.header_parameters}
    found = {place: {p.name: sample(one, p) for p in parameters} for place, parameters in places.items()}
    found["path"] = {
        name: 7 if next(p for p in one.path_parameters if p.name == name).type in {"integer", "any"} else value
        for name, value in found["path"].items()
    }
    found["body"] = body_of(one.id)
    return found


@cache
def samples() -> Samples:
    return Samples()


def body_of(operation_id: str) -> dict[str, Any]:
    """Return a body that the specification accepts, with ids instead of names."""
    one = operation(operation_id)
    body = dict(samples().body(operation_id) or {})
    for parameter in one.body_fields:
        kind = RESOURCE_TYPES.get(resource_type_of(operation_id, parameter.name))
        if parameter.name in body and kind is not None and not kind.named_by_id:
            made = sample(one, parameter)
            # As many as before: two networks make a peering.
            if isinstance(made, list):
                others = (8, 9) if isinstance(made[0], int) else OTHERS
                made = [*made, *others][: len(body[parameter.name])]
            body[parameter.name] = made
    if operation_id.endswith("_record") and body:
        # As they have to be written; otherwise written, they are put right.
        body |= {"type": "A", "name": "www"}
    return body


def line_for(one: Operation, values: dict[str, dict[str, Any]]) -> str:
    """Write the command that says all this."""
    name = operation_names()[one.id]
    verb = registry().verb(*name)
    words = [*name]
    path = [*values["path"].values()]
    rest = {**values["query"], **values["headers"], **values["body"]}
    for position, argument in enumerate(verb.arguments):
        if not argument.required:
            continue
        value = path[position] if position < len(path) else rest.pop(argument.name, rest.pop("name", "x"))
        words.append(" ".join(map(str, value)) if isinstance(value, list) else typed(value))
    for option in verb.options:
        if option.field not in rest:
            continue
        value = rest.pop(option.field)
        if option.type == "flag":
            words.append(option.flag if value else f"--no-{option.flag[2:]}")
        elif kebab(option.field) in SECRET_OPTIONS:
            # What is secret is never typed, only given by a variable.
            words.append(f"{option.flag}={{secret}}")
        elif option.type == "list":
            words += [f"{option.flag}={typed(one)}" for one in value]
        else:
            words.append(f"{option.flag}={typed(value)}")
    assert not rest or one.id == "droplets_create", f"{one.id}: no way to say {sorted(rest)}"
    return " ".join(words)


def secret_in(values: dict[str, dict[str, Any]]) -> Any:
    """Return the value that only a variable can have."""
    return next((value for name, value in values["body"].items() if kebab(name) in SECRET_OPTIONS), "x")


def test_there_are_as_many_operations_as_the_specification_has():
    assert len(OPERATIONS) == 644


def test_every_operation_has_one_name_and_no_two_share_it():
    assert len(set(operation_names().values())) == len(operation_names()) == 644


@each("operation_id", OPERATIONS)
def test_an_operation_is_addressed_by_its_name_and_by_the_rule(operation_id):
    name = operation_names()[operation_id]
    assert registry().verb(*name).alias_of == operation_id
    command = parse(f"{name.group} {name.verb} --help")
    assert command.help
    ruled = derived_name(operation_id)
    if ruled not in {*operation_names().values()} - {name}:
        led = parse(f"{ruled.group} {ruled.verb} --help")
        assert (led.group, led.verb.name) == name or led.verb.name == name.verb


@each("operation_id", OPERATIONS)
def test_the_help_names_every_parameter_and_the_page(operation_id):
    one = operation(operation_id)
    verb = registry().verb(*operation_names()[operation_id])
    text = help_text(*operation_names()[operation_id])
    assert one.page in text
    assert f"{one.method} {one.path}" in text
    assert len(verb.arguments) >= len(one.path_parameters)
    told = {option.field for option in verb.options} | {argument.name for argument in verb.arguments}
    for parameter in (*one.query_parameters, *one.header_parameters, *one.body_fields):
        assert parameter.name in told or (operation_id, parameter.name) == ("droplets_create", "name")
    assert all(option.flag in text for option in verb.options)
    assert all(argument.metavar in text for argument in verb.arguments)


@each("operation_id", OPERATIONS)
def test_a_command_sends_exactly_what_the_operation_asks_for(operation_id, new_walker):
    walker = new_walker()
    one = operation(operation_id)
    values = everything(one)
    for left_out in LEFT_OUT.get(operation_id, ()):
        for place in values.values():
            place.pop(left_out, None)
    line = line_for(one, values)
    with suppress(errors.ShapeError, errors.NoSuchName, errors.ActionFailed):
        # What is done with an answer is tested elsewhere; these are all of one shape.
        walker.do(f"{line} --yes --no-wait", secret=secret_in(values))
    (request,) = [one for one in walker.changes_or_last() if is_of(one, operation_id)]
    parts = urlsplit(request.url)
    assert request.method == one.method, line
    wanted_path = one.path
    for name, value in values["path"].items():
        wanted_path = wanted_path.replace(f"{{{name}}}", quote(str(value), safe=":"))
    assert parts.path == wanted_path
    wanted_query = [
        (name, str(item).lower() if isinstance(item, bool) else str(item))
        for name, value in values["query"].items()
        for item in (value if isinstance(value, list) else [value])
    ]
    assert sorted(parse_qsl(parts.query, keep_blank_values=True)) == sorted(wanted_query)
    for name, value in values["headers"].items():
        assert request.headers[name] == (str(value).lower() if isinstance(value, bool) else value)
    body = json.loads(request.body) if request.body else None
    if one.id == "droplets_create":
        values["body"].pop("names", None)
        values["body"]["name"] = body["name"]
    # An optional body without fields is not sent.
    has_body = bool(one.body_type and (values["body"] or one.body_required))
    assert body == (values["body"] if has_body else None)
    if has_body:
        validate_request(operation_id, body)
    assert request.headers["Authorization"] == "Bearer dop_v1_" + "0" * 64


#: Parameters that exclude each other.
LEFT_OUT = {"droplets_create": ("names",)}


#: What these do is told by the type in their body.
BY_TYPE = {key.partition("/")[0] for key in effects() if "/" in key}
HARMFUL = [id_ for id_ in OPERATIONS if id_ not in BY_TYPE and effect_of(id_).needs_confirmation]


@each("operation_id", HARMFUL)
def test_whatever_harms_asks(operation_id, new_walker):
    walker = new_walker()
    walker.ui.answer = False
    values = everything(operation(operation_id))
    with pytest.raises(errors.ConfirmationRequired, match=r"Not confirmed. Nothing was changed."):
        walker.do(line_for(operation(operation_id), values), secret=secret_in(values))
    assert len(walker.ui.questions) == 1
    assert {request.method for request in walker.sent} <= {"GET"}


@each("operation_id", OPERATIONS)
def test_a_dry_run_shows_the_request_and_changes_nothing(operation_id, new_walker):
    walker = new_walker()
    one = operation(operation_id)
    values = everything(one)
    for left_out in LEFT_OUT.get(operation_id, ()):
        values["body"].pop(left_out, None)
    walker.do(f"{line_for(one, values)} --dry-run", secret=secret_in(values))
    assert {request.method for request in walker.sent} <= ({"GET"} if one.method != "GET" else set())
    path = one.path
    for name, value in values["path"].items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe=":"))
    assert f"{one.method} {path}" in walker.ui.said[0]


@each("operation_id", [id_ for id_ in OPERATIONS if operation(id_).method != "GET"])
def test_a_read_only_client_sends_no_change(operation_id, new_walker, monkeypatch):
    walker = new_walker()
    monkeypatch.setenv("POSEIDON_READ_ONLY", "1")
    one = operation(operation_id)
    values = everything(one)
    for left_out in LEFT_OUT.get(operation_id, ()):
        values["body"].pop(left_out, None)
    with pytest.raises(errors.PoseidonError, match="read-only"):
        walker.do(f"{line_for(one, values)} --yes --no-wait", secret=secret_in(values))
    assert {request.method for request in walker.sent} <= {"GET"}


#: What commands look at in the things that they list.
ROW = {
    "name": "x",
    "status": "completed",
    "type": "x",
    "region": {"slug": "nyc3"},
    "tags": [],
    "resource_type": "x",
    "resource_id": 1,
}


@each("operation_id", [id_ for id_ in OPERATIONS if operation(id_).paginated])
def test_a_list_gives_all_its_pages(operation_id, new_walker, clock):
    pytest.importorskip("pandas")
    walker = new_walker()
    one = operation(operation_id)
    values = everything(one)
    values["query"] = {name: value for name, value in values["query"].items() if name not in {"page", "per_page"}}
    if operation_id == "droplets_list":
        values["query"] = {"type": "droplets"}
    line = line_for(one, values)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{API}/v2/droplets/7", json={"droplet": {"id": 7, **ROW}})
        for number in (1, 2, 3):
            url = f"{API}{one.path}?page=3&per_page=200"
            for name, value in values["path"].items():
                url = url.replace(f"{{{name}}}", quote(str(value), safe=":"))
            items = [{"id": 1000 * number + row, **ROW} for row in range(200 if number < 3 else 1)]
            held: Any = items if one.response_is_list else {str(item["id"]): item for item in items}
            pages = {"last": url, "next": url} if number < 3 else {}
            mock.get(
                url.partition("?")[0],
                json={one.response_key: held, "links": {"pages": pages}, "meta": {"total": 401}},
                match=[responses.matchers.query_param_matcher({"page": str(number)}, strict_match=False)],
            )
        rows = walker.do(f"{line} --raw")
    assert len(rows) == 401


def test_specification_accepts_the_bodies_that_were_made_up_for_some():
    """The walk's bodies are of the right types at the top; a spot check that the judge would notice if they were not."""
    with pytest.raises(AssertionError):
        specification().validate_request("tags_create", {"name": 5})
    specification().validate_request("tags_create", {"name": "x"})
