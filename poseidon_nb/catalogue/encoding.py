"""How an operation is written into a line of `operations.json`, and read from it again.

A line is a JSON object that leaves out what has its usual value; a parameter is an array that ends with its last
unusual value. That keeps the file short enough to be read in about two milliseconds, and a change in the specification
readable as a change of a few lines. The reader knows these keys::

    id method path tag          always
    server                      if not the usual one
    in query headers body       parameters: of the path, the query, the headers, the body
    type need                   the body's content type if not JSON; whether a body has to be sent
    status                      if not 200
    answer list pages old       the answer's key; whether it is an array, comes in pages; whether deprecated
    scopes                      the scopes, in one text
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from poseidon_nb.catalogue.operation import Operation, Parameter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SERVER = "https://api.digitalocean.com"
JSON = "application/json"
REFERENCE = "https://docs.digitalocean.com/reference/api/reference"

Row: TypeAlias = "dict[str, Any]"


def page_address(tag: str, operation_id: str) -> str:
    """Give the address of an operation in DigitalOcean's reference: a page for each tag, an anchor for each operation."""
    slug = re.sub(r"[^a-z0-9]+", "-", tag.lower()).strip("-")
    return f"{REFERENCE}/{slug}/#{operation_id}"


def to_row(operation: Operation) -> Row:
    """Give the operation as the object that its line holds."""
    row: Row = {
        "id": operation.id,
        "method": operation.method,
        "path": operation.path,
        "tag": operation.tag,
        "server": "" if operation.server == SERVER else operation.server,
        "in": _parameters_to_rows(operation.path_parameters),
        "query": _parameters_to_rows(operation.query_parameters),
        "headers": _parameters_to_rows(operation.header_parameters),
        "body": _parameters_to_rows(operation.body_fields),
        "need": operation.body_required,
        "answer": operation.answer_key,
        "list": operation.answer_is_list,
        "pages": operation.paginated,
        "old": operation.deprecated,
        "scopes": " ".join(operation.scopes),
    }
    row = {key: value for key, value in row.items() if value}
    if operation.body_type != (JSON if "body" in row else ""):
        row["type"] = operation.body_type
    if operation.status != 200:  # noqa: PLR2004  # the usual status
        row["status"] = operation.status
    return row


def from_row(row: Mapping[str, Any]) -> Operation:
    """Make the operation that a line of the file describes."""
    return Operation(
        id=row["id"],
        method=row["method"],
        path=row["path"],
        server=row.get("server", SERVER),
        tag=row["tag"],
        path_parameters=_parameters_from_rows(row.get("in", ())),
        query_parameters=_parameters_from_rows(row.get("query", ())),
        header_parameters=_parameters_from_rows(row.get("headers", ())),
        body_fields=_parameters_from_rows(row.get("body", ())),
        body_type=row.get("type", JSON if "body" in row else ""),
        body_required=row.get("need", False),
        status=row.get("status", 200),
        answer_key=row.get("answer", ""),
        answer_is_list=row.get("list", False),
        paginated=row.get("pages", False),
        deprecated=row.get("old", False),
        scopes=tuple(row.get("scopes", "").split()),
        page=page_address(row["tag"], row["id"]),
    )


def _parameters_to_rows(parameters: Iterable[Parameter]) -> list[list[Any]]:
    return [_parameter_to_row(parameter) for parameter in parameters]


def _parameter_to_row(parameter: Parameter) -> list[Any]:
    row = [parameter.name, parameter.type, parameter.required, list(parameter.enum), parameter.items]
    while not row[-1]:
        row.pop()
    return row


def _parameters_from_rows(rows: Iterable[list[Any]]) -> tuple[Parameter, ...]:
    return tuple(_parameter_from_row(*row) for row in rows)


def _parameter_from_row(  # a row's values in their order, so that a shorter row takes the defaults
    name: str,
    type: str,  # noqa: A002  # the field's name
    required: bool = False,  # noqa: FBT001, FBT002  # likewise
    enum: Iterable[str | int] = (),
    items: str = "",
) -> Parameter:
    return Parameter(name, type, required, tuple(enum), items)
