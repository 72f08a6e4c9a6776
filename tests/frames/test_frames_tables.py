"""Every table against the specification: each column's path exists, and the examples become correct rows."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from poseidon_nb.catalogue import operation
from poseidon_nb.errors import ShapeError
from poseidon_nb.frames.builders import frame_from_pages, frame_from_rows
from poseidon_nb.frames.decode import _parse_path
from poseidon_nb.frames.schemas import RESOURCES, TABLES
from tests.contract.specification import document
from tests.each import each

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.frames.columns import Column

Schema = dict[str, Any]

#: Columns that the specification's schema lacks, and why there is a column all the same.
UNSPECIFIED = {
    ("sizes", "networking_throughput"): "served since 2024, in answers that people have published",
    ("account", "volume_limit"): "served, and shown by doctl",
    ("tags", "images_count"): "its schema has it misspelt, imgages; its own example has images",
}
#: Operations whose schema says something else than their examples, and than what is served.
MISDESCRIBED = {
    "imageActions_get": "a bare action in the schema, under its key in the example",
    "imageActions_post": "likewise",
}
#: Examples that are not of the shape that the answer has beside them.
MISPLACED = {
    "tags_get": lambda row: row["tag"],  # wrapped twice
}
#: Columns that are null in every example, and what they hold where they are told.
UNFILLED = {
    ("records", name): "only SRV, MX and CAA records have it; no example has one of these"
    for name in ("priority", "port", "weight", "flags", "tag")
}
SPECIFIED_TYPES = {
    "string": {"string"},
    "Int64": {"integer"},
    "boolean": {"boolean"},
    "float64": {"number", "integer"},
    "datetime64[us, UTC]": {"string"},
    "list": {"array"},
}


@cache
def specification() -> Schema:
    return document()


def resolved(schema: Schema) -> Schema:
    while "$ref" in schema:
        found: Any = specification()
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        schema = found
    return schema


def variants(schema: Schema) -> list[Schema]:
    """Return a schema and all schemas it is composed of."""
    schema = resolved(schema)
    parts = [part for word in ("allOf", "oneOf", "anyOf") for part in schema.get(word, ())]
    return [schema, *(one for part in parts for one in variants(part))]


def members(schemas: list[Schema], name: str) -> list[Schema]:
    return [
        one
        for schema in schemas
        if name in schema.get("properties", {})
        for one in variants(schema["properties"][name])
    ]


def answer(operation_id: str) -> Mapping[str, Any]:
    """Return the content of an operation's success response."""
    wanted = operation(operation_id)
    responses = specification()["paths"][wanted.path][wanted.method.lower()]["responses"]
    content: Mapping[str, Any] = resolved(responses[str(wanted.status)])["content"]["application/json"]
    return content


def object_schemas(operation_id: str) -> list[Schema]:
    """Return the schemas of one object in an operation's response."""
    schemas = variants(answer(operation_id)["schema"])
    wanted = operation(operation_id)
    if wanted.response_key:
        schemas = members(schemas, wanted.response_key)
    if wanted.response_is_list:
        schemas = [one for schema in schemas if "items" in schema for one in variants(schema["items"])]
    more = [
        schema["additionalProperties"] for schema in schemas if isinstance(schema.get("additionalProperties"), dict)
    ]
    return schemas + [one for schema in more for one in variants(schema)]


def found(operation_id: str, path: str) -> list[Schema]:
    schemas = object_schemas(operation_id)
    for step in _parse_path(path):
        schemas = members(schemas, step.name)
        if step.by:
            schemas = [one for schema in schemas if "items" in schema for one in variants(schema["items"])]
    return schemas


@each("resource", TABLES)
def test_every_columns_path_is_in_the_specification(resource: str) -> None:
    table = TABLES[resource]
    for column in table.columns:
        for path in column.path.split("|"):
            schemas = found(table.operation, path)
            if (resource, column.name) in UNSPECIFIED:
                continue
            assert schemas, f"{resource}: {table.operation} answers with no {path}"
            types = {schema["type"] for schema in schemas if "type" in schema}
            allowed = {"string"} if column.as_text else SPECIFIED_TYPES[column.dtype]
            if path.endswith("id") and column.dtype == "string":
                allowed = allowed | {"integer"}
            assert types <= allowed, f"{resource}: {path} is {types}, and the column {column.dtype}"


def test_every_exception_is_needed() -> None:
    for resource, name in UNSPECIFIED:
        table = TABLES[resource]
        (column,) = [column for column in table.columns if column.name == name]
        assert not all(found(table.operation, path) for path in column.path.split("|")), (resource, name)


@each("operation_id", RESOURCES)
def test_responses_with_a_table_have_the_identifier(operation_id: str) -> None:
    table = TABLES[RESOURCES[operation_id]]
    assert bool(found(operation_id, table.columns[0].path)) != (operation_id in MISDESCRIBED)


def written(schema: Schema) -> Any:
    """Return the example of a schema, assembled from its parts if necessary."""
    parts = variants(schema)
    for part in parts:
        if "example" in part:
            return part["example"]
    fields = {name: described for part in parts for name, described in part.get("properties", {}).items()}
    if fields:
        return {name: value for name, field in fields.items() if (value := written(field)) is not None}
    items = next((part["items"] for part in parts if "items" in part), None)
    one = None if items is None else written(items)
    return None if one is None else [one]


def examples(operation_id: str) -> list[Any]:
    content, wanted = answer(operation_id), operation(operation_id)
    whole = [content["example"]] if "example" in content else []
    whole += [resolved(example)["value"] for example in content.get("examples", {}).values()]
    rows: list[Any] = []
    for body in whole or [written(content["schema"])]:
        held = body.get(wanted.response_key) if wanted.response_key else body
        if held is None:
            held = body[f"{wanted.response_key}s"]  # many droplets made at once; a cluster whose example says so
        if isinstance(held, dict) and all(name.isdigit() for name in held):
            held = [*held.values()]
        rows += held if isinstance(held, list) else [held]
    return [*map(MISPLACED.get(operation_id, dict), rows)]


def value_at(row: Any, path: str) -> Any:
    """Walk a path by hand, as the docstring of `columns` tells it."""
    for one in path.split("|"):
        here = row
        for step in _parse_path(one):
            here = here.get(step.name) if isinstance(here, dict) else None
            if step.by:
                here = next((thing for thing in here or () if thing[step.by] == step.value), None)
        if here not in (None, "", []) or "|" not in path:
            return here
    return here


def expected(column: Column, row: Any) -> Any:
    value = value_at(row, column.path)
    if value is None:
        return None
    if column.dtype == "string":
        return str(value)
    if column.dtype == "float64":
        return float(value)
    if column.dtype.startswith("datetime"):
        return datetime.fromisoformat(value)
    return int(value) if column.as_text else value


@each("operation_id", RESOURCES)
def test_the_specifications_example_becomes_a_correct_row(operation_id: str) -> None:
    table = TABLES[RESOURCES[operation_id]]
    rows = examples(operation_id)
    assert rows
    for row in rows:
        frame = frame_from_rows(table.resource, [row])
        assert len(frame) == 1
        for column in table.columns:
            value = frame[column.name][0]
            told = None if not isinstance(value, list) and pd.isna(value) else value
            assert told == expected(column, row), column.name
        assert expected(table.columns[0], row) is not None, "the first column tells two objects apart"


@each("resource", TABLES)
def test_the_examples_fill_every_column_at_least_once(resource: str) -> None:
    """A column that no example fills is one whose path may as well be misspelt."""
    table = TABLES[resource]
    rows = [row for operation_id, name in RESOURCES.items() if name == resource for row in examples(operation_id)]
    rows.append(as_a_row(table.operation))
    unfilled = {column.name for column in table.columns if all(value_at(row, column.path) is None for row in rows)}
    assert unfilled <= {name for of, name in (*UNSPECIFIED, *UNFILLED) if of == resource}


def test_records_of_all_types_fill_their_columns() -> None:
    rows = [
        {"id": 1, "type": "SRV", "name": "_sip._tcp", "data": "a", "priority": 10, "port": 5060, "weight": 5},
        {"id": 2, "type": "CAA", "name": "@", "data": "letsencrypt.org", "flags": 128, "tag": "issue"},
    ]
    frame = frame_from_rows("records", rows)
    assert frame.loc[0, ["priority", "port", "weight"]].tolist() == [10, 5060, 5]
    assert frame.loc[1, ["flags", "tag"]].tolist() == [128, "issue"]
    assert frame.isna().sum().sum() == 7, "what a record has not is missing; nothing has a ttl here"


def as_a_row(operation_id: str) -> dict[str, Any]:
    fields = {name: one for part in object_schemas(operation_id) for name, one in part.get("properties", {}).items()}
    return {name: value for name, field in fields.items() if (value := written(field)) is not None}


def test_amounts_of_money_as_text_become_numbers() -> None:
    rows = [{"amount": amount} for amount in ("12.34", "-4.00", "0", "", None, 7, 1.5)]
    frame = frame_from_rows("billing_history", rows)
    assert frame["amount"].dtype == "float64"
    assert frame["amount"].sum() == pytest.approx(16.84)
    assert frame["amount"].isna().tolist() == [False, False, False, True, True, False, False]
    pd.testing.assert_frame_equal(
        frame, frame_from_pages("billing_history", [json.dumps({"billing_history": rows}).encode()])
    )


@pytest.mark.parametrize("text", ["twelve", "nan", "inf", "1_000", "1,000.00", "٣", " 1", "$1", "1.2.3"])
def test_an_invalid_amount_of_money_is_refused(text: str) -> None:
    message = r"^Unexpected type of field 'amount' in invoices\. Expected a number, got non-numeric text\.$"
    with pytest.raises(ShapeError, match=message):
        frame_from_rows("invoices", [{"invoice_uuid": "a", "amount": text}])


def test_a_response_that_is_the_object_itself_is_one_row() -> None:
    body = {"month_to_date_balance": "23.44", "account_balance": "12.23", "generated_at": "2019-07-09T15:01:12Z"}
    frame = frame_from_pages("balance", [json.dumps(body).encode()])
    assert frame.loc[0, ["month_to_date_balance", "account_balance"]].tolist() == [23.44, 12.23]
    with pytest.raises(ShapeError, match=r"^The response for balance is not JSON "):
        frame_from_pages("balance", [b"{"])
    with pytest.raises(
        ShapeError, match=r"^Unexpected type of field 'generated_at' in balance\. Expected a time, got an "
    ):
        frame_from_pages("balance", [b'{"generated_at": 5}'])


def test_rows_without_an_identifier_are_all_kept_and_others_once() -> None:
    line = {"product": "Droplets", "amount": "1.00"}
    bodies = [json.dumps({"invoice_items": [line, line]}).encode(), json.dumps({"invoice_items": [line]}).encode()]
    assert frame_from_pages("invoice_items", bodies)["amount"].tolist() == [1.0, 1.0, 1.0]
    moment = "2018-06-01T08:44:38Z"
    assert len(frame_from_rows("billing_history", [{"date": moment}, {"date": moment}])) == 2
    assert len(frame_from_rows("volumes", [{"id": "a"}, {"id": "a"}, {"id": "b"}])) == 2


def test_secrets_are_not_columns() -> None:
    secret = ("password", "uri", "connection", "slack", "token", "secret", "users", "access_key", "env")
    for table in TABLES.values():
        for column in table.columns:
            leaf = _parse_path(column.path)[-1].name
            assert leaf not in secret, (table.resource, column.name)
