"""Calling any operation by its operationId, and any request by its path.

Arguments are checked against the catalogue before anything is sent: unknown and missing fields at the top level are
refused. Nested fields are left to the server. `Client.call` and `Client.api` document the results.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from poseidon_nb.catalogue import match, operation
from poseidon_nb.catalogue.effects import SAFE_METHODS
from poseidon_nb.client.connection import add_detail, check_fields, check_query, list_in
from poseidon_nb.client.engine.steps import Target
from poseidon_nb.client.reading import current_read_options, unread_values, use_read_options
from poseidon_nb.client.slugs import NOT_READY, explain_refusal
from poseidon_nb.client.wording import noun_for
from poseidon_nb.errors import APIError, InvalidArgument, NotFound, ShapeError, Unprocessable
from poseidon_nb.frames.schemas import TABLES, table_of
from poseidon_nb.masked_data import MaskedList, with_masked_repr, without_masked_repr
from poseidon_nb.text import expected_one_of, join_words
from poseidon_nb.transport.config import DEFAULT_BASE_URL
from poseidon_nb.transport.request import Request, build_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from poseidon_nb.catalogue import Operation, Parameter
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.engine import Engine

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")


def request_by_name(
    operation_id: str,
    *,
    path: Mapping[str, Any] | None,
    query: Mapping[str, Any] | None,
    body: Any,
    headers: Mapping[str, Any] | None,
    check: bool,
    fields: Mapping[str, Any],
) -> Request:
    """Build the request of an operation; parameters as for `Client.request`.

    Raises
    ------
    InvalidArgument
        A field is unknown or a required one is missing.
    """
    wanted = operation(operation_id)
    if wanted.server != DEFAULT_BASE_URL:
        # The token is sent to no host that the user did not name.
        raise InvalidArgument(
            f"Operation {operation_id} is not part of the account's API. It is served at {wanted.server}"
        )
    path, query, headers = dict(path or {}), dict(query or {}), dict(headers or {})
    rest: dict[str, Any] = {}
    for name, value in fields.items():
        {"path": path, "query": query, "headers": headers}.get(_location(wanted, name), rest)[name] = value
    if rest:
        if body is not None and not isinstance(body, dict):
            raise InvalidArgument(f"{operation_id} takes either body= or fields, not both.")
        body = {**(body or {}), **(check_fields(wanted, rest) if check else rest)}
    if check:
        if isinstance(body, dict):
            check_fields(wanted, body)
        if body is None or isinstance(body, dict):
            _require(wanted, wanted.body_fields, body or {})
        query = check_query(wanted, query)
        _require(wanted, wanted.query_parameters, query)
        _require(wanted, wanted.header_parameters, headers)
    if body is None and wanted.body_required:
        # Without `check`, missing fields are allowed, but the API still expects a body.
        body = {}
    sent_headers = {name: _header(value) for name, value in headers.items() if value is not None}
    return build_request(wanted, path=path, query=query, body=body, headers=sent_headers)


def _location(wanted: Operation, name: str) -> str:
    """Return the location of a parameter that is given by name alone; the path comes first."""
    if any(parameter.name == name for parameter in wanted.path_parameters):
        return "path"
    if any(parameter.name == name for parameter in wanted.query_parameters):
        return "query"
    if any(parameter.name == name for parameter in wanted.header_parameters):
        return "headers"
    return "body"


def _require(wanted: Operation, parameters: Sequence[Parameter], given: Mapping[str, Any]) -> None:
    missing = [parameter.name for parameter in parameters if parameter.required and given.get(parameter.name) is None]
    if missing:
        raise InvalidArgument(f"{wanted.id} requires {join_words(missing)}.")


def _header(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def request_by_path(method: str, path: str, *, body: Any) -> Request:
    """Build a request from a method and a path; parameters as for `Client.api`.

    Raises
    ------
    InvalidArgument
        The method is unknown, or the path is not part of the API.
    """
    method = method.upper()
    if method not in _METHODS:
        raise InvalidArgument(f"Unknown HTTP method {method!r}{expected_one_of(method, _METHODS)}")
    parts = urlsplit(path)
    if parts.scheme or parts.netloc or not parts.path.startswith("/"):
        raise InvalidArgument(f"Path {path!r} must start with /v2/ and must not contain a host.")
    # Unquoted, because requests would unquote %2e and then resolve the dots.
    dots = any(segment in {".", ".."} for segment in unquote(parts.path).replace("\\", "/").split("/"))
    if dots or not path.isprintable() or " " in path or parts.fragment:
        raise InvalidArgument(f"{path!r} is not a valid path.")
    found = match(method, parts.path)
    query: dict[str, Any] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        query.setdefault(name, []).append(value)
    return Request(
        method=method,
        path=parts.path,
        query=query,
        body=body,
        operation_id=found[0].id if found else "",
        scopes=found[0].scopes if found else (),
    )


def execute(connection: Connection, engine: Engine, request: Request, *, frame: bool, reveal: bool = False) -> Any:
    """Send an operation's request, and return the result of `Client.call`; refusals are explained."""
    options = current_read_options()
    options = replace(options, reveal=reveal or options.reveal)
    wanted = operation(request.operation_id)
    try:
        with use_read_options(options):
            items = _items(connection, engine, wanted, request)
            if frame:
                return _frame(connection, wanted, items)
    except RecursionError:
        raise ShapeError(f"The response to {wanted.id} is nested too deeply.") from None
    except APIError as error:
        is_explainable = isinstance(error, NotFound | Unprocessable) or error.status in NOT_READY
        if request.method not in SAFE_METHODS or not is_explainable:
            raise
        raise add_detail(error, explain_refusal(connection, request, error)) from None
    return without_masked_repr(items) if options.reveal else with_masked_repr(items)


def _items(connection: Connection, engine: Engine, wanted: Operation, request: Request) -> Any:
    """Send a request, and return all items of a list, or the whole response."""
    if wanted.paginated and not {"page", "per_page"} & request.query.keys():
        # Verbose tracebacks print local variables.
        return MaskedList(connection.rows_of(request))
    answer = send(connection, engine, request)
    if not wanted.response_is_list and not wanted.paginated:
        return answer
    # Some services send null for an empty list.
    return MaskedList([] if answer is None else list_in(answer, wanted.response_key, wanted.id))


def _frame(connection: Connection, wanted: Operation, items: Any) -> pd.DataFrame:
    """Return the items of a list, or the only object of a response, as a DataFrame."""
    if not isinstance(items, list | dict):
        # Empty, text or bytes, such as an invoice as CSV or PDF.
        raise InvalidArgument(f"The response to {wanted.id} cannot be converted to a DataFrame.")
    from poseidon_nb.frames.builders import frame_from_rows  # noqa: PLC0415  # pandas comes at first use

    # A resource without its own table is converted by the general rule.
    resource = table_of(wanted.id) or wanted.id
    # The specification's own example of apps_get_health lacks the key.
    bare = resource not in TABLES and isinstance(items, dict)
    found = items if isinstance(items, list) else connection.unwrapped(wanted.id, items, or_all=bare)
    if not isinstance(found, list | dict | None):
        raise ShapeError(f"The response to {wanted.id} contains no object {wanted.response_key!r}.")
    rows = found if isinstance(found, list) else [] if found is None else [found]
    with unread_values(resource, strict=connection.strict) as unread:
        return frame_from_rows(resource, rows, unread=unread, reveal=current_read_options().reveal)


def send(connection: Connection, engine: Engine, request: Request) -> Any:
    """Send a request, once if it is a change, and return the response; None if it is empty."""
    if request.method not in SAFE_METHODS:
        return engine.send(request, verb=request.method.lower(), target=target_of(request))
    reply = connection.send(request)
    plain = request.operation_id and not operation(request.operation_id).response_key
    return with_masked_repr(reply.content() if plain else reply.json())


def target_of(request: Request, name: str = "") -> Target:
    """Return the target of a request: the last resource in its path, or the resource that its body creates.

    Without a name it has the path of the request.
    """
    found = match(request.method, request.path)
    if found is None:
        return Target("request", None, name or f"{request.method} {request.target}")
    wanted, parameters = found
    kind = noun_for(wanted)
    if wanted.path_parameters:
        last = parameters[wanted.path_parameters[-1].name]
        return Target(kind, last, name or last)
    if "tag_name" in request.query:
        return Target(f"{kind}s with tag", request.target, name or str(request.query["tag_name"]))
    if wanted.method == "DELETE":
        return Target(kind, request.target, name or next(map(str, request.query.values()), request.target))
    body = request.body if isinstance(request.body, dict) else {}
    # An app has its name in its spec.
    body = body["spec"] if isinstance(body.get("spec"), dict) else body
    label = name or next((str(body[key]) for key in ("name", "domain", "region") if body.get(key)), "")
    return Target(kind, None, label or request.target)
