"""The committed catalogue is up to date with the specification, and the builder reads it correctly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from poseidon_nb.catalogue import Parameter, build, operation, operation_ids, operations
from poseidon_nb.catalogue.operations import from_row, to_row
from poseidon_nb.catalogue.specification import Schemas
from tests.contract.specification import document, specification_path

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def specification() -> dict[str, Any]:
    return document()


def test_the_committed_file_is_up_to_date(specification: dict[str, Any]):
    assert build.render(specification) == operations.FILE.read_bytes()


@pytest.mark.usefixtures("specification")
def test_check_reports_an_outdated_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(build, "FILE", tmp_path / "operations.json")
    assert build.main([str(specification_path())]) == 0
    assert build.main([str(specification_path()), "--check"]) == 0
    build.FILE.write_text("{}")
    assert build.main([str(specification_path()), "--check"]) == 1
    assert "Run without --check" in capsys.readouterr().err
    assert build.FILE.read_text() == "{}"


def test_the_file_names_the_specification_commit(specification: dict[str, Any]):
    assert json.loads(operations.FILE.read_bytes())["commit"] == specification["info"]["x-source-commit"]


def test_operations_keep_the_order_of_the_specification(specification: dict[str, Any]):
    order = [
        raw["operationId"]
        for item in specification["paths"].values()
        for method, raw in item.items()
        if method in build.METHODS
    ]
    assert list(operation_ids()) == order


def test_every_correction_is_still_needed(specification: dict[str, Any]):
    for found in build.read_operations(specification):
        if found.id in build.CORRECTIONS:
            _, fields = build.CORRECTIONS[found.id]
            for name, right in fields.items():
                assert getattr(found, name) != right, f"{found.id}: {name} is now described correctly"


def test_every_correction_has_a_reason_and_a_known_operation():
    for operation_id, (reason, fields) in build.CORRECTIONS.items():
        assert reason
        assert fields
        assert operation_id in operation_ids()


def test_every_added_field_has_a_reason_and_is_not_described_so(specification: dict[str, Any]):
    described = {found.id: found for found in build.read_operations(specification)}
    for operation_id, (reason, added) in build.ADDED_FIELDS.items():
        assert reason
        assert not {*described[operation_id].body_fields} & {*added}, operation_id


def test_each_line_holds_one_operation():
    lines = operations.FILE.read_text().splitlines()
    assert len(lines) == 1 + 659 + 1
    assert all(line.startswith('{"id":"') for line in lines[1:-1])


def test_an_operation_survives_a_round_trip():
    for operation_id in operation_ids():
        one = operation(operation_id)
        assert from_row(json.loads(json.dumps(to_row(one)))) == one


def fields(schema: dict[str, Any], **components: Any) -> dict[str, Parameter]:
    found = Schemas({"components": components}).body_fields(schema)
    return {parameter.name: parameter for parameter in found}


TEXT = {"type": "string"}
NUMBER = {"type": "integer"}


def test_required_fields_of_all_parts_add_up():
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


def test_conflicting_types_become_any():
    schema = {"oneOf": [{"properties": {"a": TEXT, "b": NUMBER}}, {"properties": {"a": NUMBER, "b": NUMBER}}]}
    assert fields(schema) == {"a": Parameter("a", "any"), "b": Parameter("b", "integer")}


def test_references_with_escaped_names_are_resolved():
    reference = {"properties": {"a": {"$ref": "#/components/schemas/x~1y"}}}
    assert fields(reference, schemas={"x/y": {"type": "boolean"}}) == {"a": Parameter("a", "boolean")}


def test_enum_values_are_kept_only_if_every_variant_has_an_enum():
    listed, other, free = {"type": "string", "enum": ["x", None]}, {"type": "string", "enum": ["y"]}, TEXT
    both = fields({"oneOf": [{"properties": {"a": listed}}, {"properties": {"a": other}}]})
    assert both["a"].enum == ("x", "y")
    assert fields({"oneOf": [{"properties": {"a": listed}}, {"properties": {"a": free}}]})["a"].enum == ()


def test_read_only_fields_are_left_out():
    schema = {
        "properties": {"a": {"allOf": [{"type": "string", "readOnly": True}]}, "b": {"readOnly": True}, "c": TEXT}
    }
    assert list(fields(schema)) == ["c"]


def test_path_level_parameters_apply_to_each_operation():
    shared = [
        {"in": "path", "name": "id", "required": True, "schema": TEXT},
        {"in": "query", "name": "id", "schema": TEXT},
        {"in": "query", "name": "size", "schema": TEXT},
    ]
    own = [{"in": "query", "name": "size", "schema": NUMBER}]
    raw = {"operationId": "things_get", "tags": ["Things"], "security": [], "responses": {"200": {}}, "parameters": own}
    made = list(
        build.read_operations(
            {"paths": {"/v2/things/{id}": {"parameters": shared, "get": raw}}, "servers": [{"url": "x"}]}
        )
    )
    assert len(made) == 1
    assert made[0].path_parameters == (Parameter("id", "string", required=True),)
    assert made[0].query_parameters == (Parameter("id", "string"), Parameter("size", "integer"))
