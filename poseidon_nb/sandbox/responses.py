"""What the sandbox answers: a reply, or a refusal in DigitalOcean's words."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from poseidon_nb.sandbox.store import to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.sandbox.call import Call

#: Operations whose 400 has another shape in the specification than every other error.
_WITH_ROOT_CAUSES = frozenset({"tags_create"})
NOT_FOUND_TEXT = "The resource you were accessing could not be found."


@dataclass(slots=True)
class HTTPResponse:
    """An answer, before it is written to a connection.

    Attributes
    ----------
    status : int
        The HTTP status.
    body : bytes
        What is sent, or nothing.
    headers : list of tuple
        What this answer has beyond the headers that every answer gets.
    wait_s : float
        Real seconds that the server lets pass before it writes.
    dropped : bool
        Close the connection instead of answering.
    content_type : str
        What the body is.
    """

    status: int
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    wait_s: float = 0.0
    dropped: bool = False
    content_type: str = "application/json; charset=utf-8"


def json_response(status: int, **members: Any) -> HTTPResponse:
    """Give a reply whose body is a JSON object of these members."""
    return HTTPResponse(status, to_json(members))


def no_content() -> HTTPResponse:
    """Give the empty reply of a deletion."""
    return HTTPResponse(204)


class HTTPException(Exception):
    """A request that the API refuses; raised anywhere below `dispatch`, answered in DigitalOcean's error shape."""

    def __init__(
        self,
        status: int,
        id: str,  # noqa: A002  # the API's own word
        message: str,
        *,
        attributes: dict[str, Any] | None = None,
        headers: list[tuple[str, str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.id = id
        self.message = message
        self.attributes = attributes
        self.headers = headers or []

    def reply(self, request_id: str, operation: str = "") -> HTTPResponse:
        """Give the refusal as an answer to an operation."""
        members: dict[str, Any] = {"id": self.id, "message": self.message, "request_id": request_id}
        if operation in _WITH_ROOT_CAUSES and self.status == HTTPStatus.BAD_REQUEST:
            members = {"error": self.message, "messages": None, "root_causes": [self.message]}
        if self.attributes:
            members["error_attributes"] = self.attributes
        return HTTPResponse(self.status, to_json(members), self.headers.copy())


def bad_request(message: str) -> HTTPException:
    """Give the refusal of something that cannot be read."""
    return HTTPException(400, "bad_request", message)


def not_found() -> HTTPException:
    """Give the refusal of an unknown thing, in the words that clients match on."""
    return HTTPException(404, "not_found", NOT_FOUND_TEXT)


def unprocessable(message: str, **attributes: Any) -> HTTPException:
    """Give the refusal of something that was understood and cannot be done."""
    return HTTPException(422, "unprocessable_entity", message, attributes=attributes or None)


_DEFAULT_PER_PAGE = 20
_MAX_PER_PAGE = 200
_MAX_DIGITS = 12


def page_window(call: Call) -> tuple[int, int]:
    """Give the page and the items per page that a request asks for."""
    return _page_number(call, "page", 1), min(_page_number(call, "per_page", _DEFAULT_PER_PAGE), _MAX_PER_PAGE)


def _page_number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS) or int(text) < 1:
        raise bad_request(f"{name} must be a positive whole number.")
    return int(text)


def page_body(items: Sequence[bytes], key: str, call: Call, total: int) -> bytes:
    """Give the body of a page.

    Parameters
    ----------
    items : sequence of bytes
        The page's items, rendered.
    key : str
        The name of the collection.
    call : Call
        The request, for its address and filters.
    total : int
        How many items there are on all pages.
    """
    links = to_json(page_links(call, total))
    return b'{"%b":[%b],"links":%b,"meta":{"total":%d}}' % (key.encode(), b",".join(items), links, total)


def page_links(call: Call, total: int) -> dict[str, dict[str, str]]:
    """Give the links of a page; an empty object when all is on one."""
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
