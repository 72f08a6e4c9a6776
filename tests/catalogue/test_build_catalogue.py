"""The committed catalogue is what the builder makes of the specification, and the builder reads it rightly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from poseidon_nb.catalogue import Parameter, build, lookup, operation, operation_ids
from poseidon_nb.catalogue.encoding import from_row, to_row
from poseidon_nb.catalogue.schema import Schemas
from tests.contract.specification import document, specification_path

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def specification() -> dict[str, Any]:
    return document()


def test_the_committed_file_is_what_the_specification_makes(specification: dict[str, Any]):
    assert build.rendered(specification) == lookup.FILE.read_bytes()


@pytest.mark.usefixtures("specification")
def test_check_says_whether_the_file_is_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(build, "FILE", tmp_path / "operations.json")
    assert build.main([str(specification_path())]) == 0
    assert build.main([str(specification_path()), "--check"]) == 0
    build.FILE.write_text("{}")
    assert build.main([str(specification_path()), "--check"]) == 1
    assert "run without --check" in capsys.readouterr().err
    assert build.FILE.read_text() == "{}"


def test_the_file_names_the_commit_it_was_made_from(specification: dict[str, Any]):
    assert json.loads(lookup.FILE.read_bytes())["commit"] == specification["info"]["x-source-commit"]


def test_operations_keep_the_order_of_the_specification(specification: dict[str, Any]):
    order = [
        raw["operationId"]
        for item in specification["paths"].values()
        for method, raw in item.items()
        if method in build.METHODS
    ]
    assert list(operation_ids()) == order


def test_every_correction_is_still_needed(specification: dict[str, Any]):
    for described in build.described(specification):
        if described.id in build.CORRECTIONS:
            _, fields = build.CORRECTIONS[described.id]
            for name, right in fields.items():
                assert getattr(described, name) != right, f"{described.id}: {name} is now described rightly"


def test_every_correction_gives_its_reason_and_names_an_operation():
    for operation_id, (reason, fields) in build.CORRECTIONS.items():
        assert reason
        assert fields
        assert operation_id in operation_ids()


def test_one_operation_stands_on_each_line():
    lines = lookup.FILE.read_text().splitlines()
    assert len(lines) == 1 + 659 + 1
    assert all(line.startswith('{"id":"') for line in lines[1:-1])


def test_what_is_written_of_an_operation_reads_back_as_the_same():
    for operation_id in operation_ids():
        one = operation(operation_id)
        assert from_row(json.loads(json.dumps(to_row(one)))) == one


def fields(schema: dict[str, Any], **components: Any) -> dict[str, Parameter]:
    found = Schemas({"components": components}).body_fields(schema)
    return {parameter.name: parameter for parameter in found}


TEXT = {"type": "string"}
NUMBER = {"type": "integer"}


def test_requirements_of_all_parts_add_up():
    schema = {
        "allOf": [{"properties": {"a": TEXT}, "required": ["a"]}, {"properties": {"b": TEXT}}, {"required": ["b"]}]
    }
    assert {name for name, field in fields(schema).items() if field.required} == {"a", "b"}


@pytest.mark.parametrize("word", ["oneOf", "anyOf"])
def test_a_field_is_required_only_if_every_variant_requires_it(word: str):
    one = {"properties": {"a": TEXT, "b": TEXT}, "required": ["a", "b"]}
    other = {"properties": {"a": TEXT, "c": TEXT}, "required": ["a", "c"]}
    found = fields({"allOf": [{"properties": {"d": TEXT}, "required": ["d"]}, {word: [one, other]}]})
    assert {name: field.required for name, field in found.items()} == {"d": True, "a": True, "b": False, "c": False}


def test_types_that_contradict_each_other_are_any():
    schema = {"oneOf": [{"properties": {"a": TEXT, "b": NUMBER}}, {"properties": {"a": NUMBER, "b": NUMBER}}]}
    assert fields(schema) == {"a": Parameter("a", "any"), "b": Parameter("b", "integer")}


def test_a_reference_is_followed_also_with_escaped_names():
    reference = {"properties": {"a": {"$ref": "#/components/schemas/x~1y"}}}
    assert fields(reference, schemas={"x/y": {"type": "boolean"}}) == {"a": Parameter("a", "boolean")}


def test_values_are_listed_only_if_every_variant_lists_them():
    listed, other, free = {"type": "string", "enum": ["x", None]}, {"type": "string", "enum": ["y"]}, TEXT
    both = fields({"oneOf": [{"properties": {"a": listed}}, {"properties": {"a": other}}]})
    assert both["a"].enum == ("x", "y")
    assert fields({"oneOf": [{"properties": {"a": listed}}, {"properties": {"a": free}}]})["a"].enum == ()


def test_a_field_that_is_read_only_is_left_out_wherever_that_is_said():
    schema = {
        "properties": {"a": {"allOf": [{"type": "string", "readOnly": True}]}, "b": {"readOnly": True}, "c": TEXT}
    }
    assert list(fields(schema)) == ["c"]


def test_parameters_that_a_path_shares_reach_each_of_its_operations():
    shared = [
        {"in": "path", "name": "id", "required": True, "schema": TEXT},
        {"in": "query", "name": "id", "schema": TEXT},
        {"in": "query", "name": "size", "schema": TEXT},
    ]
    own = [{"in": "query", "name": "size", "schema": NUMBER}]
    raw = {"operationId": "things_get", "tags": ["Things"], "security": [], "responses": {"200": {}}, "parameters": own}
    made = list(
        build.described({"paths": {"/v2/things/{id}": {"parameters": shared, "get": raw}}, "servers": [{"url": "x"}]})
    )
    assert len(made) == 1
    assert made[0].path_parameters == (Parameter("id", "string", required=True),)
    assert made[0].query_parameters == (Parameter("id", "string"), Parameter("size", "integer"))
