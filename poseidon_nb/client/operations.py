"""Any operation by its operationId, and any request by its path: filled in, checked, and carried out.

Checking is the catalogue's and sends nothing: what is unknown or missing at the top level is refused, what is nested is the
server's to judge. `Client.call` and `Client.api` say what a caller gets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from poseidon_nb.catalogue import match, operation
from poseidon_nb.catalogue.effects import SAFE_METHODS
from poseidon_nb.client.connection import checked_fields, checked_query, explained
from poseidon_nb.client.engine.steps import Target
from poseidon_nb.client.explanations import explanation
from poseidon_nb.client.kinds import KINDS
from poseidon_nb.errors import InvalidArgument, NotFound, Unprocessable
from poseidon_nb.text import expected_one_of, join_words
from poseidon_nb.transport.config import DEFAULT_BASE_URL
from poseidon_nb.transport.request import Request, build_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    """Return the request of an operation; the parameters are those of `Client.request`.

    Raises
    ------
    InvalidArgument
        A field is unknown or a required one is missing.
    """
    wanted = operation(operation_id)
    if wanted.server != DEFAULT_BASE_URL:
        # The token goes to no host that the user did not name.
        raise InvalidArgument(f"{operation_id} is not part of the account's API: it is served at {wanted.server}")
    path, query, headers = dict(path or {}), dict(query or {}), dict(headers or {})
    rest: dict[str, Any] = {}
    for name, value in fields.items():
        {"path": path, "query": query, "headers": headers}.get(_place(wanted, name), rest)[name] = value
    if rest:
        if body is not None and not isinstance(body, dict):
            raise InvalidArgument(f"{operation_id}: give either body= or fields, not both")
        body = {**(body or {}), **(checked_fields(wanted, rest) if check else rest)}
    if check:
        if isinstance(body, dict):
            checked_fields(wanted, body)
        if body is None or isinstance(body, dict):
            _refuse_missing(wanted, wanted.body_fields, body or {})
        query = checked_query(wanted, query)
        _refuse_missing(wanted, wanted.query_parameters, query)
        _refuse_missing(wanted, wanted.header_parameters, headers)
    if body is None and wanted.body_required:
        # Fields are missing that only `check` would have asked for; a body is sent all the same.
        body = {}
    given = {name: _header(value) for name, value in headers.items() if value is not None}
    return build_request(wanted, path=path, query=query, body=body, headers=given)


def _place(wanted: Operation, name: str) -> str:
    """Return where a parameter given by its bare name belongs; one that stands in two places goes to the path first."""
    if any(parameter.name == name for parameter in wanted.path_parameters):
        return "path"
    if any(parameter.name == name for parameter in wanted.query_parameters):
        return "query"
    if any(parameter.name == name for parameter in wanted.header_parameters):
        return "headers"
    return "body"


def _refuse_missing(wanted: Operation, parameters: Sequence[Parameter], given: Mapping[str, Any]) -> None:
    missing = [parameter.name for parameter in parameters if parameter.required and given.get(parameter.name) is None]
    if missing:
        raise InvalidArgument(f"{wanted.id} needs {join_words(missing)}")


def _header(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def request_by_path(method: str, path: str, *, body: Any) -> Request:
    """Return a bare request; the parameters are those of `Client.api`.

    Raises
    ------
    InvalidArgument
        There is no such method, or the path would leave the API.
    """
    method = method.upper()
    if method not in _METHODS:
        raise InvalidArgument(f"no HTTP method {method!r}{expected_one_of(method, _METHODS)}")
    parts = urlsplit(path)
    if parts.scheme or parts.netloc or not parts.path.startswith("/"):
        raise InvalidArgument(f"the path must start with /v2/ and name no host, not {path!r}")
    # Unquoted, because requests would unquote %2e and then follow the dots.
    dots = any(segment in {".", ".."} for segment in unquote(parts.path).replace("\\", "/").split("/"))
    if dots or not path.isprintable() or " " in path or parts.fragment:
        raise InvalidArgument(f"{path!r} is not a path")
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


def carried_out(connection: Connection, engine: Engine, request: Request, *, frame: bool) -> Any:
    """Send an operation's request, and give what `Client.call` gives; a refusal says which word was wrong, if one was."""
    try:
        return _carried_out(connection, engine, request, frame=frame)
    except (NotFound, Unprocessable) as error:
        if request.method not in SAFE_METHODS:
            raise
        raise explained(error, explanation(connection, request, missing=isinstance(error, NotFound))) from None


def _carried_out(connection: Connection, engine: Engine, request: Request, *, frame: bool) -> Any:
    wanted = operation(request.operation_id)
    if wanted.paginated and not {"page", "per_page"} & request.query.keys():
        items = connection.rows_of(request)
    else:
        items = sent(connection, engine, request)
        if wanted.response_is_list:
            # Some services answer null for an empty list.
            items = connection.unwrapped(wanted.id, items) or []
    if not frame:
        return items
    if not isinstance(items, list | dict):
        # Empty, or text or bytes, such as an invoice as CSV or PDF.
        raise InvalidArgument(f"{wanted.id} answers with nothing that could become a frame")
    from poseidon_nb.frames.builders import frame_from_rows  # noqa: PLC0415  # pandas comes at first use
    from poseidon_nb.frames.schemas import RESOURCES  # noqa: PLC0415  # as below

    # Without a table of its own an answer becomes a frame by the general rule.
    resource = RESOURCES.get(wanted.id, wanted.id)
    return frame_from_rows(resource, items if isinstance(items, list) else [items.get(wanted.response_key, items)])


def sent(connection: Connection, engine: Engine, request: Request) -> Any:
    """Send a request, once if it changes something, and give the answer as it came; None where it is empty."""
    if request.method not in SAFE_METHODS:
        return engine.change(request, verb=request.method.lower(), target=target_of(request))
    reply = connection.send(request)
    plain = request.operation_id and not operation(request.operation_id).response_key
    return reply.content() if plain else reply.json()


def target_of(request: Request, name: str = "") -> Target:
    """Return what an operation's request changes: the thing that its path names last, or what its body creates."""
    found = match(request.method, request.path)
    if found is None:
        return Target("request", None, name or f"{request.method} {request.target}")
    wanted, parameters = found
    if wanted.path_parameters:
        last = parameters[wanted.path_parameters[-1].name]
        return Target(noun_of(wanted), last, name or last)
    if wanted.method == "DELETE":
        # What its query names may be many things: all droplets with a tag.
        return Target("thing", request.target, name or next(map(str, request.query.values()), request.target))
    body = request.body if isinstance(request.body, dict) else {}
    called = name or next((str(body[key]) for key in ("name", "domain", "region") if body.get(key)), "")
    return Target(noun_of(wanted), None, called or request.target)


def noun_of(wanted: Operation) -> str:
    """Return the singular of what an operation is about: the kind whose list stands at its path, or its own words."""
    for kind in KINDS.values():
        path = operation(kind.operation).path
        if wanted.path == path or (
            wanted.path.startswith(f"{path}/{{") and wanted.path.count("/") == path.count("/") + 1
        ):
            return kind.noun
    if not wanted.path_parameters:
        return "thing"
    words = wanted.path_parameters[-1].name.replace("_", " ")
    for ending in (" id", " uuid", " name"):
        words = words.removesuffix(ending)
    return "thing" if words in {"id", "uuid", "name"} else words
