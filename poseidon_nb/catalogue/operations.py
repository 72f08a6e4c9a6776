"""API operations as data: `operations.json` decoded, and operations looked up by operationId.

The file has one JSON object per line. Default values are omitted: a parameter is an array that ends with its last
non-default value. The file therefore loads in about two milliseconds, and a change of the specification is a small diff.
The keys of a line::

    id method path tag              always present
    server                          if not api.digitalocean.com
    in query headers body           parameters in the path, query, headers and body
    type required                   the body's content type if not JSON; whether a body is required
    status                          if not 200
    response list pages deprecated  the response key; whether it holds an array; whether it is paginated; deprecated
    scopes                          the scopes, separated by spaces
    members                         the fields of the listed objects that hold id and name, separated by a space
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from poseidon_nb.errors import NoSuchName
from poseidon_nb.text import close_matches, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SERVER = "https://api.digitalocean.com"
REFERENCE_URL = "https://docs.digitalocean.com/reference/api/reference"
_JSON = "application/json"

#: Not `importlib.resources`, which would import five modules to locate one file.
FILE = Path(__file__).with_name("operations.json")

Row: TypeAlias = "dict[str, Any]"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the path, query or headers of a request, or a top-level field of its body."""

    name: str
    #: ``"string"``, ``"integer"``, ``"number"``, ``"boolean"``, ``"array"`` or ``"object"``; ``"any"`` if the
    #: specification allows several types or none.
    type: str
    required: bool = False
    #: Values that the specification lists. The list lags behind the service, so it only completes and suggests.
    enum: tuple[str | int, ...] = ()
    #: The type of an array's elements, with the same words as `type`; empty for other types.
    items: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One API operation as described in the specification.

    A name can be both a path parameter and a body field: this is the case in thirty operations.
    """

    #: The operationId, for example ``"droplets_list"``.
    id: str
    method: str
    #: The path template, for example ``"/v2/droplets/{droplet_id}"``.
    path: str
    #: ``"https://api.digitalocean.com"`` except for fifteen operations; the URL of an agent contains ``{agent_url}``.
    server: str
    #: The operation's first tag, for example ``"Block Storage"``.
    tag: str
    path_parameters: tuple[Parameter, ...]
    query_parameters: tuple[Parameter, ...]
    header_parameters: tuple[Parameter, ...]
    #: Top-level fields of the body, without read-only fields. If the body has several variants, their fields are
    #: combined, and a field is required only if every variant requires it.
    body_fields: tuple[Parameter, ...]
    #: ``"application/json"``, ``"application/octet-stream"``, or empty if there is no body.
    body_type: str
    body_required: bool
    #: The success status, the lowest if there are two; 0 for the one retired operation that always fails.
    status: int
    #: The key of the result in the response; empty if the whole response is the result or it is not JSON.
    response_key: str
    #: Whether the result is an array.
    response_is_list: bool
    #: Whether the response is paginated with ``page`` and ``per_page``, and has ``links`` or ``meta``.
    #: One of these returns an object that grows with the pages (``droplets_list_backup_policies``).
    paginated: bool
    deprecated: bool
    #: Scopes that the token needs; of alternatives the first.
    scopes: tuple[str, ...]
    #: The URL in DigitalOcean's API reference.
    page: str
    #: Fields of the listed objects with what a path names them by, and with their name; empty if no path names them.
    member_id: str = ""
    member_name: str = ""


#: Concurrent lookups may each build an operation; `setdefault` returns the same one to all threads.
_operations: dict[str, Operation] = {}


def operation(operation_id: str) -> Operation:
    """Return the operation with this operationId.

    Raises
    ------
    NoSuchName
        The operationId is unknown; ``nearest`` holds the closest matches.
    """
    found = _operations.get(operation_id)
    if found is not None:
        return found
    known = rows()
    if operation_id not in known:
        raise unknown_operation(operation_id, known)
    return _operations.setdefault(operation_id, from_row(known[operation_id]))


#: Keys of responses that differ from the specification: of VPC peerings at ``/v2/vpcs/{id}/peerings``, by godo.
_OTHER_KEYS = {"peerings": "vpc_peerings", "peering": "vpc_peering"}


def possible_keys(key: str) -> tuple[str, ...]:
    """Return the keys under which a response may hold its result: the described one, its singular and its plural."""
    if not key:
        return ()
    return (key, f"{key}s", key.removesuffix("s"), *([_OTHER_KEYS[key]] if key in _OTHER_KEYS else []))


def unknown_operation(operation_id: str, known: Iterable[str]) -> NoSuchName:
    """Return the error for an unknown operationId."""
    close = close_matches(operation_id, known)
    return NoSuchName(f"Unknown operation {operation_id!r}{suggestion(close) or '.'}", name=operation_id, nearest=close)


def operation_ids() -> tuple[str, ...]:
    """Return all operationIds in the order of the specification."""
    return tuple(rows())


@cache
def rows() -> Mapping[str, Mapping[str, Any]]:
    """Return the lines of the file by operationId."""
    return {row["id"]: row for row in json.loads(FILE.read_bytes())["operations"]}


def reference_page(tag: str, operation_id: str) -> str:
    """Return the URL of an operation in DigitalOcean's API reference: one page per tag, one anchor per operation."""
    slug = re.sub(r"[^a-z0-9]+", "-", tag.lower()).strip("-")
    return f"{REFERENCE_URL}/{slug}/#{operation_id}"


def to_row(operation: Operation) -> Row:
    """Convert an operation to its line in the file."""
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
        "required": operation.body_required,
        "response": operation.response_key,
        "list": operation.response_is_list,
        "pages": operation.paginated,
        "deprecated": operation.deprecated,
        "scopes": " ".join(operation.scopes),
        "members": " ".join(filter(None, (operation.member_id, operation.member_name))),
    }
    row = {key: value for key, value in row.items() if value}
    if operation.body_type != (_JSON if "body" in row else ""):
        row["type"] = operation.body_type
    if operation.status != 200:  # noqa: PLR2004  # the default status
        row["status"] = operation.status
    return row


def from_row(row: Mapping[str, Any]) -> Operation:
    """Build an operation from its line in the file."""
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
        body_type=row.get("type", _JSON if "body" in row else ""),
        body_required=row.get("required", False),
        status=row.get("status", 200),
        response_key=row.get("response", ""),
        response_is_list=row.get("list", False),
        paginated=row.get("pages", False),
        deprecated=row.get("deprecated", False),
        scopes=tuple(row.get("scopes", "").split()),
        page=reference_page(row["tag"], row["id"]),
        **dict(zip(("member_id", "member_name"), row.get("members", "").split(), strict=False)),
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


def _parameter_from_row(  # positional, so that omitted values take the defaults
    name: str,
    type: str,  # noqa: A002  # the field's name
    required: bool = False,  # noqa: FBT001, FBT002  # likewise
    enum: Iterable[str | int] = (),
    items: str = "",
) -> Parameter:
    return Parameter(name, type, required, tuple(enum), items)
