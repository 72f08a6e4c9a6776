"""Bad input, for every operation's command: one clear line, and nothing is sent."""

from __future__ import annotations

import json

import pytest

from poseidon_nb import errors
from poseidon_nb.catalogue import operation
from poseidon_nb.commands.generic.derive import account_operations
from poseidon_nb.commands.registry import operation_names, registry
from poseidon_nb.language.options import SECRET_OPTIONS
from poseidon_nb.language.spec import kebab
from tests.commands.test_all_operations import everything, line_for, secret_in
from tests.each import each

OPERATIONS = account_operations()


@pytest.fixture
def refused(empty_desk):
    """Run a line that cannot be right: no account is chosen, so whatever went on to send would fail otherwise."""

    def run(line: str, **kwargs) -> errors.PoseidonError:
        with pytest.raises(errors.CommandError) as raised:
            empty_desk.do(line, **kwargs)
        message = str(raised.value)
        assert "\n" not in message
        assert len(message) < 400
        return raised.value

    return run


def complete(operation_id: str) -> tuple[str, dict[str, object]]:
    one = operation(operation_id)
    values = everything(one)
    if operation_id == "droplets_create":
        values["body"].pop("names", None)
    return line_for(one, values), {"secret": secret_in(values)}


@each("operation_id", OPERATIONS)
def test_an_option_that_is_none_is_told_with_the_nearest(operation_id, refused):
    name = operation_names()[operation_id]
    line, variables = complete(operation_id)
    options = registry().verb(*name).options
    if options:
        near = max((option.flag for option in options), key=len)
        error = refused(f"{line} {near[:-1]}x{near[-1]}=1", **variables)
        assert near in str(error) or error.nearest
    assert "has no option" in str(refused(f"{line} --zzzzzzzz=1", **variables))


@each("operation_id", [id_ for id_ in OPERATIONS if operation(id_).path_parameters])
def test_a_missing_argument_is_told_with_an_example(operation_id, refused):
    name = operation_names()[operation_id]
    error = refused(f"{name.group} {name.verb}")
    assert "needs" in str(error)
    assert f"%do {name.group} {name.verb}" in str(error)


@each(
    "operation_id",
    [
        id_
        for id_ in OPERATIONS
        if not any(argument.many for argument in registry().verb(*operation_names()[id_]).arguments)
    ],
)
def test_a_word_too_many_is_told(operation_id, refused):
    name = operation_names()[operation_id]
    if name == ("droplets", "list"):
        return  # it takes a pattern
    line, variables = complete(operation_id)
    words = f"{name.group} {name.verb}"
    assert "Unexpected argument" in str(refused(f"{words} {line.removeprefix(words)} superfluous", **variables))


@each("operation_id", OPERATIONS)
def test_a_missing_required_field_is_told(operation_id, refused):
    one = operation(operation_id)
    verb = registry().verb(*operation_names()[operation_id])
    required = [option for option in verb.options if option.required]
    if not required:
        return
    values = everything(one)
    for option in required:
        for place in (values["query"], values["headers"], values["body"]):
            place.pop(option.field, None)
    error = refused(line_for(one, values), secret=secret_in(values))
    assert all(option.flag in str(error) for option in required)


@each("operation_id", OPERATIONS)
def test_a_value_of_another_type_is_told(operation_id, refused):
    name = operation_names()[operation_id]
    for option in registry().verb(*name).options:
        if option.source or option.type in {"text", "any", "list"}:
            continue
        message = str(refused(f"{name.group} {name.verb} {option.flag}=nonsense"))
        # What is secret is not repeated.
        assert ("nonsense" in message) is (kebab(option.field) not in SECRET_OPTIONS)
        assert option.flag.removeprefix("--no-").removeprefix("--") in message


@each("operation_id", [id_ for id_ in OPERATIONS if operation(id_).body_type])
def test_an_unknown_field_of_a_body_is_told_with_the_nearest(operation_id, desk):
    one = operation(operation_id)
    verb = registry().verb(*operation_names()[operation_id])
    if verb.body != "body":
        return  # written out: the body of the cell is something else, or nothing
    values = everything(one)
    path = " ".join(str(value) for value in values["path"].values())
    near = max(values["body"], key=len, default="") or "name"
    body = json.dumps({**values["body"], f"{near}z": 1})
    rest = " ".join(f"{argument.name}" for argument in verb.arguments[len(one.path_parameters) :])
    desk.sent()
    with pytest.raises(errors.PoseidonError) as raised:
        desk.do(f"{operation_names()[operation_id].group} {verb.name} {path} {rest}", body=body)
    message = str(raised.value)
    assert f"{near}z" in message or "given twice" in message or "not found" in message or "named" in message
    assert desk.changes() == []


@pytest.mark.parametrize("body", ["{", "[1, 2]", "5", "a: b: c", "- x\n- y"])
def test_a_body_that_is_no_object_is_told(desk, body):
    desk.sent()
    with pytest.raises(errors.CommandError):
        desk.do("firewalls create web2", body=body)
    assert desk.changes() == []
