"""Responses of the sandbox: objects, pages of collections, and errors in DigitalOcean's format.

Pages follow the specification: ``page`` starts at 1, ``per_page`` is 1 to 200 with a default of 20, ``meta.total``
counts all items, links keep the filters, and links without a purpose are left out. Not documented, chosen here: a
``per_page`` above 200 counts as 200. A page past the end is empty, with links to the first page and the last existing
one. A single page has ``"links": {}``, as seen on the live service. Anything but a positive whole number answers 400.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from poseidon_nb.catalogue import operation
from poseidon_nb.sandbox.store import StoredObject, to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.sandbox.call import Call

#: Operations whose 400 has a different shape in the specification from all other errors.
_WITH_ROOT_CAUSES = frozenset({"tags_create"})
#: The start of the ids of operations that answer 400 where others answer 422, and the word in the ids of those whose errors
#: have a code.
_WITHOUT_422, _WITH_CODES = "nfs_", "access_point"
_CODES = {400: "InvalidArgument", 409: "AlreadyExists"}
NOT_FOUND_TEXT = "The resource you were accessing could not be found."
FORBIDDEN_TEXT = "You do not have access for the attempted action."
CONFLICT_TEXT = "The request could not be completed due to a conflict."
RATE_LIMIT_TEXT = "API Rate limit exceeded."
SERVER_ERROR_TEXT = "Unexpected server-side error"
#: Where pages also say their number, and name one link differently.
_GENAI_PATH, _GENAI_LINKS = "/v2/gen-ai/", {"prev": "previous"}
_DEFAULT_PER_PAGE = 20
_MAX_PER_PAGE = 200
_MAX_DIGITS = 12


@dataclass(slots=True)
class HTTPResponse:
    """A response, before it is written to a connection.

    Attributes
    ----------
    status : int
        The HTTP status.
    body : bytes
        The content; may be empty.
    headers : list of tuple
        Headers besides those that every response gets.
    wait_s : float
        Real seconds that the server waits before it writes.
    dropped : bool
        Close the connection instead of responding.
    content_type : str
        The media type of the body.
    """

    status: int
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    wait_s: float = 0.0
    dropped: bool = False
    content_type: str = "application/json; charset=utf-8"


def json_response(status: int, **members: Any) -> HTTPResponse:
    """Return a response whose body is a JSON object with these members."""
    return HTTPResponse(status, to_json(members))


def no_content() -> HTTPResponse:
    """Return the empty response to a deletion."""
    return HTTPResponse(204)


class HTTPException(Exception):
    """An error response, raised anywhere below `dispatch`."""

    def __init__(
        self,
        status: int,
        id: str,  # noqa: A002  # the API's own word
        message: str,
        *,
        attributes: dict[str, Any] | None = None,
        headers: list[tuple[str, str]] | None = None,
        code: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.id = id
        self.message = message
        self.attributes = attributes
        self.headers = headers or []

    def response(self, request_id: str, operation: str = "") -> HTTPResponse:
        """Return the error as the response to an operation."""
        status, id_ = self.status, self.id
        if status == HTTPStatus.UNPROCESSABLE_ENTITY and operation.startswith(_WITHOUT_422):
            status, id_ = 400, "bad_request"
        members: dict[str, Any] = {"id": id_, "message": self.message, "request_id": request_id}
        if _WITH_CODES in operation and status in _CODES:
            missing, is_missing, _ = self.message.partition(" is required")
            members["code"] = self.code or (f"MISSING_{missing.upper()}" if is_missing else _CODES[status])
        if operation in _WITH_ROOT_CAUSES and status == HTTPStatus.BAD_REQUEST:
            members = {"error": self.message, "messages": None, "root_causes": [self.message]}
        if self.attributes:
            members["error_attributes"] = self.attributes
        return HTTPResponse(status, to_json(members), self.headers.copy())


def bad_request(message: str, code: str = "") -> HTTPException:
    """Return the error for a request that cannot be parsed. The code is for a service that has its own."""
    return HTTPException(400, "bad_request", message, code=code)


def not_found(message: str = NOT_FOUND_TEXT) -> HTTPException:
    """Return the error for an unknown resource, by default with the message that clients match on."""
    return HTTPException(404, "not_found", message)


def forbidden(message: str = FORBIDDEN_TEXT) -> HTTPException:
    """Return the error for a request that the token or the resource does not allow."""
    return HTTPException(403, "forbidden", message)


def conflict(message: str = CONFLICT_TEXT) -> HTTPException:
    """Return the error for a request that conflicts with the present state."""
    return HTTPException(409, "conflict", message)


def rate_limited(retry_after_s: int | None = None) -> HTTPException:
    """Return the error for a reached rate limit."""
    headers = [] if retry_after_s is None else [("retry-after", str(retry_after_s))]
    return HTTPException(429, "too_many_requests", RATE_LIMIT_TEXT, headers=headers)


def unprocessable(message: str, **attributes: Any) -> HTTPException:
    """Return the error for a request that is valid but cannot be carried out."""
    return HTTPException(422, "unprocessable_entity", message, attributes=attributes or None)


def page_window(call: Call) -> tuple[int, int]:
    """Return the requested page number and items per page."""
    return _page_number(call, "page", 1), min(_page_number(call, "per_page", _DEFAULT_PER_PAGE), _MAX_PER_PAGE)


def page_of(call: Call, items: Sequence[Any]) -> Sequence[Any]:
    """Return the items of the requested page."""
    number, per_page = page_window(call)
    return items[(number - 1) * per_page : number * per_page]


def _page_number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS) or int(text) < 1:
        raise bad_request(f"{name} must be a positive integer.")
    return int(text)


def page_body(items: Sequence[bytes], key: str, call: Call, total: int) -> bytes:
    """Return the body of a page.

    Parameters
    ----------
    items : sequence of bytes
        The page's items as JSON.
    key : str
        The key of the collection.
    call : Call
        The request, for the links.
    total : int
        The number of items on all pages.
    """
    links = page_links(call, total)
    meta = {"total": total}
    if call.path.startswith(_GENAI_PATH):
        links = {
            what: {_GENAI_LINKS.get(name, name): url for name, url in pages.items()} for what, pages in links.items()
        }
        number, per_page = page_window(call)
        meta |= {"page": number, "pages": max(1, -(-total // per_page))}
    return b'{"%b":[%b],"links":%b,"meta":%b}' % (key.encode(), b",".join(items), to_json(links), to_json(meta))


def page_links(call: Call, total: int) -> dict[str, dict[str, str]]:
    """Return the links of a page; an empty object if there is only one page."""
    number, per_page = page_window(call)
    last = max(1, -(-total // per_page))
    pages: dict[str, str] = {}
    if number > 1:
        pages["first"] = _page_url(call, 1)
        pages["prev"] = _page_url(call, min(number - 1, last))
    if number < last:
        pages["next"] = _page_url(call, number + 1)
        pages["last"] = _page_url(call, last)
    return {"pages": pages} if pages else {}


def _page_url(call: Call, number: int) -> str:
    filters = [(name, value) for name, value in call.query.items() if name != "page"]
    return f"{call.base_url}{call.path}?{urlencode([('page', number), *filters])}"


if TYPE_CHECKING:
    #: What `respond` makes a response of.
    Result = StoredObject | Sequence[StoredObject] | dict[str, Any] | HTTPResponse | None


def respond(call: Call, result: Result, **more: Any) -> HTTPResponse:
    """Return a response in the form that the specification describes for the operation.

    Parameters
    ----------
    call : Call
        The request.
    result : object
        One object, a sequence of objects, the members of the body, a response, or None for no content.
    **more
        Further members of the body.
    """
    known = operation(call.operation)
    key, status = known.response_key, known.status
    match result:
        case None:
            response = HTTPResponse(status)
        case HTTPResponse():
            response = result
        case StoredObject():
            response = call.respond(key, result, status=status) if key else HTTPResponse(status, result.json)
        case dict():
            response = HTTPResponse(status, to_json(result))
        case _ if known.paginated:
            response = call.respond_page(key, key.removesuffix("s"), [*result])
        case _:
            response = call.respond_all(key, key.removesuffix("s"), result, status=status)
    if more:
        response.body = b"%b,%b" % (response.body[:-1], to_json(more)[1:])
    return response
