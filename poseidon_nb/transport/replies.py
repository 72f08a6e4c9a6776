"""What came back: a `Reply`, or the error that it stands for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

from poseidon_nb.errors import (
    APIError,
    Conflict,
    Forbidden,
    NotFound,
    RateLimited,
    ServerError,
    ShapeError,
    Unauthorized,
    Unprocessable,
)
from poseidon_nb.text import join_words
from poseidon_nb.transport.retry import refusal_s
from poseidon_nb.transport.secrets import MARK, secrets_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from poseidon_nb.transport.credentials import Credential, Token
    from poseidon_nb.transport.request import Request

#: Letters of the API's own sentence that an error repeats.
_LONGEST = 600
#: What is larger, in bytes, is not read to see whether it came through.
_READ_WHOLE = 65_536
#: Bytes at either end in which there is something beside white space.
_ENDS = 1024
#: The reading operations that answer with something else than JSON: CSV, PDF and YAML.
NOT_JSON = frozenset({"invoices_get_csvByUUID", "invoices_get_pdfByUUID", "kubernetes_get_kubeconfig"})
_BY_STATUS: dict[int, type[APIError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    422: Unprocessable,
    429: RateLimited,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer.

    Parameters
    ----------
    status : int
    headers : mapping
        Any letter case.
    body : bytes
        Unpacked.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def request_id(self) -> str | None:
        """What DigitalOcean's support asks for."""
        return self.headers.get("x-request-id") or None

    def json(self) -> Any:
        """Return the body as Python objects; None for an empty one.

        Raises
        ------
        ShapeError
            It is not JSON.
        """
        if not self.body:
            return None
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            pass
        # Not raised from within the decoder's error, which keeps the body.
        raise self.not_json()

    def not_json(self, label: str = "") -> ShapeError:
        """Return the error for a body that is not JSON, naming the request if it is told what that is called."""
        # The body is not quoted: an echo in it would give the token away.
        kind = self.headers.get("content-type", "").split(";")[0] or "no content type"
        return ShapeError(f"{label}{label and ': '}the answer is not JSON ({len(self.body):,} bytes, {kind})")

    def garbled(self, request: Request) -> bool:
        """Check whether this answer to a GET came through badly: JSON was due, and it is empty, a web page, or cut off.

        Of a large body only both ends are looked at, for that costs nothing. A bare path may answer with anything.
        """
        judged = request.method == "GET" and request.operation_id and request.operation_id not in NOT_JSON
        if not judged or self.status == HTTPStatus.NO_CONTENT:
            return False
        if len(self.body) > _READ_WHOLE:
            return self.body[:_ENDS].lstrip()[:1] + self.body[-_ENDS:].rstrip()[-1:] not in {b"{}", b"[]"}
        try:
            msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        else:
            return False
        try:
            # More lenient: with a byte order mark, or NaN.
            return self.json() is None
        except ShapeError:
            return True

    def content(self) -> Any:
        """Return the body as its content type says: as Python objects, as text, or as bytes; None for an empty one.

        Raises
        ------
        ShapeError
            It should be JSON and is not, or it is the web page of something between here and the API.
        """
        kind = self.headers.get("content-type", "").split(";")[0].strip().lower()
        if not self.body or "json" in kind or kind in {"", "text/html"}:
            return self.json()
        if kind.startswith("text/") or kind.endswith(("yaml", "csv", "xml")):
            return self.body.decode("utf-8", "replace")
        return self.body

    def __repr__(self) -> str:
        return f"<Reply {self.status}, {len(self.body):,} bytes>"


def error_for(request: Request, reply: Reply, credential: Credential, now: datetime) -> APIError:
    """Build the error for a reply of 300 or more.

    The status decides the class: the body's ``id`` differs between DigitalOcean's servers, and the body may be no JSON.
    """
    body = _without(credential.token, _error_body(reply))
    for secret in secrets_in(request.body):
        # An answer may quote what it refuses.
        body = _replaced(secret, body)
    api_message = _one_line(str(body.pop("message", "") or ""))
    in_body = body.pop("request_id", None)
    request_id = credential.token.hidden_in(reply.request_id or str(in_body or "")) or None
    identifier = str(body.pop("id", "") or "")
    kind = ServerError if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR else _BY_STATUS.get(reply.status, APIError)
    said = api_message.rstrip(".") or _phrase(reply.status)
    trail = [request.label, *([f"request {request_id}"] if request_id else [])]
    error = kind(
        f"{reply.status}: {said}{_next_step(kind, request, credential)} ({'; '.join(trail)})",
        operation=request.label,
        status=reply.status,
        id=identifier,
        api_message=api_message,
        request_id=request_id,
        attributes=body,
    )
    if isinstance(error, Forbidden):
        error.scope = ", ".join(request.scopes)
    if isinstance(error, RateLimited):
        error.retry_after_s = refusal_s(reply.headers, now)
    return error


def _next_step(kind: type[APIError], request: Request, credential: Credential) -> str:
    if kind is Unauthorized:
        return f"; the token of {credential.source} was refused: make a new one, or type %do login"
    if kind is Forbidden and request.scopes:
        return f"; the token of {credential.source} needs the scope {join_words(request.scopes)}"
    if kind is RateLimited:
        return "; too many requests: try again later"
    return ""


def _error_body(reply: Reply) -> dict[str, Any]:
    try:
        body = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {"message": _excerpt(reply.body)}
    return dict(body) if isinstance(body, dict) else {"message": _excerpt(reply.body)}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "an answer without words"


def _excerpt(body: bytes) -> str:
    text = body.decode("utf-8", "replace").strip()
    # An HTML page of a proxy says nothing that a reader wants.
    return "" if text.startswith("<") else text


def _one_line(text: str) -> str:
    words = "".join(letter if letter.isprintable() else " " for letter in text[: 2 * _LONGEST]).split()
    return " ".join(words)[:_LONGEST]


def _without(token: Token, value: Any) -> Any:
    """Return JSON in which nothing echoes the token."""
    return _each_text(value, token.hidden_in)


def _replaced(secret: str, value: Any) -> Any:
    """Return JSON in which nothing echoes a secret of the request."""
    return _each_text(value, lambda text: text.replace(secret, MARK))


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_each_text(item, change) for item in value]
    if isinstance(value, dict):
        return {change(name): _each_text(item, change) for name, item in value.items()}
    return value
