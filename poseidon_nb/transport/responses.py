"""API responses: a `Response`, or the error for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
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
from poseidon_nb.masking import HIDDEN, find_secrets, mask, mask_in_text
from poseidon_nb.text import escape_unprintable, join_words
from poseidon_nb.transport.retry import retry_after_s

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from poseidon_nb.transport.credentials import Credential
    from poseidon_nb.transport.request import Request

#: Longest API message in an error, in characters.
_MAX_MESSAGE = 600
#: Larger bodies, in bytes, are not parsed to check whether they are complete.
_MAX_PARSED = 65_536
#: Bytes at both ends of a large body that are checked.
_ENDS = 1024
#: GET operations that return CSV, PDF or YAML instead of JSON.
NOT_JSON = frozenset({"invoices_get_csvByUUID", "invoices_get_pdfByUUID", "kubernetes_get_kubeconfig"})
_BY_STATUS: dict[int, type[APIError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    422: Unprocessable,
    429: RateLimited,
}


class Body(bytes):
    """Bytes that tracebacks with local variables show as a size: they may hold secrets, and are long."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self):,} bytes>"


@dataclass(frozen=True, slots=True)
class Response:
    """A complete HTTP response.

    Parameters
    ----------
    status : int
    headers : mapping
        In any case.
    body : bytes
        Decompressed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def request_id(self) -> str | None:
        """The id that DigitalOcean's support asks for."""
        return self.headers.get("x-request-id") or None

    def json(self) -> Any:
        """Return the decoded JSON body; None if it is empty.

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
        # Not raised inside the except block: the decoder's error holds the body.
        raise self.malformed_error()

    def malformed_error(self, label: str = "") -> ShapeError:
        """Return the error for a body that is not JSON, with the request's label if given."""
        # The body is not quoted: it could echo the token.
        kind = self.headers.get("content-type", "").split(";")[0] or "no content type"
        of_request = f" to {label}" if label else ""
        return ShapeError(f"The response{of_request} is not JSON ({len(self.body):,} bytes, {kind}).")

    def is_malformed(self, request: Request) -> bool:
        """Check whether the response to a GET should be JSON but is empty, a web page or truncated.

        Of a large body only both ends are checked, because that is cheap. A bare path may return anything.
        """
        expects_json = request.method == "GET" and request.operation_id and request.operation_id not in NOT_JSON
        if not expects_json or self.status == HTTPStatus.NO_CONTENT:
            return False
        if len(self.body) > _MAX_PARSED:
            return self.body[:_ENDS].lstrip()[:1] + self.body[-_ENDS:].rstrip()[-1:] not in {b"{}", b"[]"}
        try:
            msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        else:
            return False
        try:
            # This decoder also accepts a byte order mark and NaN.
            return self.json() is None
        except ShapeError:
            return True

    def content(self) -> Any:
        """Return the body as its content type requires: decoded JSON, text or bytes; None if it is empty.

        Raises
        ------
        ShapeError
            It should be JSON but is not, or it is an HTML page of a proxy.
        """
        kind = self.headers.get("content-type", "").split(";")[0].strip().lower()
        if not self.body or "json" in kind or kind in {"", "text/html"}:
            return self.json()
        if kind.startswith("text/") or kind.endswith(("yaml", "csv", "xml")):
            return self.body.decode("utf-8", "replace")
        return self.body

    def __repr__(self) -> str:
        return f"<Response {self.status}, {len(self.body):,} bytes>"


def error_for(request: Request, response: Response, credential: Credential, now: datetime) -> APIError:
    """Build the error for a response with a status of 300 or more.

    Its class depends on the status only: the body's ``id`` differs between DigitalOcean's servers, and the body may not
    be JSON.
    """
    try:
        body = _redacted(_error_body(response), request, credential)
    except RecursionError:
        body = {}
    api_message = _one_line(str(body.pop("message", "") or ""))
    id_in_body = body.pop("request_id", None)
    request_id = _one_line(mask_in_text(credential.token.redact(response.request_id or str(id_in_body or "")))) or None
    identifier = str(body.pop("id", "") or "")
    status = response.status
    kind = ServerError if status >= HTTPStatus.INTERNAL_SERVER_ERROR else _BY_STATUS.get(status, APIError)
    message = api_message.rstrip(".") or _phrase(status)
    # The sandbox's message for what it does not simulate names the operation.
    where = "" if request.label in message else f" ({request.label})"
    error = kind(
        f"{status}: {message}{where}{_next_step(kind, request, credential)}",
        operation=request.label,
        status=status,
        id=identifier,
        api_message=api_message,
        request_id=request_id,
        attributes=body,
    )
    if isinstance(error, Forbidden):
        error.scope = ", ".join(request.scopes)
    if isinstance(error, RateLimited):
        error.retry_after_s = retry_after_s(response.headers, now)
    return error


def _redacted(body: dict[str, Any], request: Request, credential: Credential) -> dict[str, Any]:
    """Return the body of an error without the token, the secrets of the request, which it may quote, and its own."""
    body = _replace_text(body, credential.token.redact)
    for secret in (*find_secrets(request.body), *find_secrets(dict(request.query)), *find_secrets(body)):
        body = _replace_text(body, partial(_hide, secret))
    found: dict[str, Any] = mask(_replace_text(body, mask_in_text), replacement=HIDDEN)
    return found


def _next_step(kind: type[APIError], request: Request, credential: Credential) -> str:
    if kind is Unauthorized:
        return f". The token from {credential.source} is not valid. Create a new one, or log in with %do login."
    if kind is Forbidden and request.scopes:
        scopes = f"scope{'s' if len(request.scopes) > 1 else ''} {join_words(request.scopes)}"
        return f". The token from {credential.source} needs the {scopes}."
    if kind is RateLimited:
        return ". Try again later."
    return ""


def _error_body(response: Response) -> dict[str, Any]:
    try:
        body = json.loads(response.body)
    except (ValueError, RecursionError):
        return {"message": _excerpt(response.body)}
    return dict(body) if isinstance(body, dict) else {"message": _excerpt(response.body)}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "unknown status"


def _excerpt(body: bytes) -> str:
    text = body.decode("utf-8", "replace").strip()
    # The HTML page of a proxy is of no use to the user.
    return "" if text.startswith("<") else text


def _one_line(text: str) -> str:
    words = text[: 2 * _MAX_MESSAGE].split()
    return escape_unprintable(" ".join(words))[:_MAX_MESSAGE]


def _hide(secret: str, text: str) -> str:
    return text.replace(secret, HIDDEN)


def _replace_text(value: Any, replace: Callable[[str], str]) -> Any:
    """Return JSON with all its strings and keys replaced."""
    if isinstance(value, str):
        return replace(value)
    if isinstance(value, list):
        return [_replace_text(item, replace) for item in value]
    if isinstance(value, dict):
        return {replace(name): _replace_text(item, replace) for name, item in value.items()}
    return value
