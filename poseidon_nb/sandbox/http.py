"""HTTP/1.1 for a loopback server: parse a request from a stream, encode a response.

It replaces `http.server`, whose e-mail parser costs more than the rest of a small GET. Everything has a limit.
Ambiguous requests (two lengths, a folded header, a length that is not a number) are refused and the connection is
closed, because the bytes that follow could be read in two ways.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import BufferedIOBase

    from poseidon_nb.sandbox.responses import HTTPResponse

MAX_LINE_BYTES = 16 * 1024
MAX_HEADERS = 100
MAX_BODY_BYTES = 64 * 1024 * 1024
_BLANK = (b"\r\n", b"\n")
_TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_REASONS = {status.value: status.phrase for status in HTTPStatus}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class MalformedRequest(Exception):
    """A request that cannot be parsed. The connection is closed after the response.

    Attributes
    ----------
    status : int
        The HTTP status of the response.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(slots=True)
class HTTPRequest:
    """A parsed request.

    Attributes
    ----------
    method, path, query : str
        The query without its question mark.
    headers : dict
        By name in lower case; repeated headers are joined by a comma.
    body : bytes
        The whole body, also if it was sent in chunks.
    keep_alive : bool
        Whether another request may follow on the connection.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    keep_alive: bool


def read_request(stream: BufferedIOBase, output: BufferedIOBase) -> HTTPRequest | None:
    """Read one request.

    Parameters
    ----------
    stream : binary file
        Buffered; the bytes after the request stay in it.
    output : binary file
        Where ``100 Continue`` is written if the client waits for it before it sends its body.

    Returns
    -------
    HTTPRequest or None
        None if the client has closed the connection.

    Raises
    ------
    MalformedRequest
        The request cannot be parsed or exceeds a limit.
    """
    line = _read_line(stream, 414, "The request line is too long.")
    if line in _BLANK:  # some clients send an extra line after a body
        line = _read_line(stream, 414, "The request line is too long.")
    if not line:
        return None
    method, target, version = _parse_request_line(line)
    headers = _read_headers(stream)
    if version == "HTTP/1.1" and "host" not in headers:
        raise MalformedRequest(400, "An HTTP/1.1 request needs a Host header.")
    if target.startswith("http://"):  # sent by clients that use this server as a proxy
        headers["host"], slash, rest = target[len("http://") :].partition("/")
        target = slash + rest
    path, _, query = target.partition("#")[0].partition("?")
    if not path.startswith("/"):
        raise MalformedRequest(400, "The request line has no path.")
    if headers.get("expect", "").lower() == "100-continue":
        output.write(_CONTINUE)
        output.flush()
    body = _read_body(stream, headers)
    connection = headers.get("connection", "").lower()
    keep_alive = "close" not in connection and (version == "HTTP/1.1" or "keep-alive" in connection)
    return HTTPRequest(method, path, query, headers, body, keep_alive)


def _read_line(stream: BufferedIOBase, status: int, message: str) -> bytes:
    line = stream.readline(MAX_LINE_BYTES + 1)
    if len(line) > MAX_LINE_BYTES:
        raise MalformedRequest(status, message)
    return line


def _parse_request_line(line: bytes) -> tuple[str, str, str]:
    words = line.decode("latin-1").split()
    if len(words) != len(("GET", "/", "HTTP/1.1")) or not line.endswith(b"\n"):
        raise MalformedRequest(400, "The request line is invalid.")
    method, target, version = words
    if version not in {"HTTP/1.1", "HTTP/1.0"}:
        raise MalformedRequest(505 if version.startswith("HTTP/") else 400, "Only HTTP/1.1 and HTTP/1.0 are supported.")
    if not _TOKEN.issuperset(method.encode("latin-1")):
        raise MalformedRequest(400, "The method is invalid.")
    return method, target, version


def _read_headers(stream: BufferedIOBase) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(MAX_HEADERS + 1):
        line = _read_line(stream, 431, "A header is too long.")
        if line in _BLANK:
            return headers
        name, colon, value = line.partition(b":")
        # Not a token: a folded line, a space before the colon, or a connection lost in the middle.
        if not colon or not name or not _TOKEN.issuperset(name) or not line.endswith(b"\n"):
            raise MalformedRequest(400, "A header is invalid.")
        key, text = name.decode("latin-1").lower(), value.decode("latin-1").strip()
        if key in headers:
            if key in {"content-length", "host", "transfer-encoding", "authorization"}:
                raise MalformedRequest(400, f"The header {key} occurs twice.")
            text = f"{headers[key]}, {text}"
        headers[key] = text
    raise MalformedRequest(431, "Too many headers.")


def _read_body(stream: BufferedIOBase, headers: dict[str, str]) -> bytes:
    encoding = headers.get("transfer-encoding")
    length = headers.get("content-length")
    if encoding is not None:
        if length is not None:
            raise MalformedRequest(400, "A body must either be chunked or have a length.")
        if encoding.lower() != "chunked":
            raise MalformedRequest(501, "The only supported transfer encoding is chunked.")
        return _read_chunks(stream)
    if length is None:
        return b""
    return _read_exactly(stream, _parse_size(length, 10))


def _parse_size(text: str, base: int) -> int:
    digits = "0123456789abcdefABCDEF"[: 10 if base == 10 else None]  # noqa: PLR2004  # decimal
    if not text or len(text) > 16 or not set(text) <= set(digits):  # noqa: PLR2004  # beyond any limit
        raise MalformedRequest(400, "The length of the body is not a number.")
    size = int(text, base)
    if size > MAX_BODY_BYTES:
        raise MalformedRequest(413, "The body is too large.")
    return size


def _read_exactly(stream: BufferedIOBase, size: int) -> bytes:
    body = stream.read(size)
    if len(body) < size:
        raise MalformedRequest(400, "The body ended early.")
    return body


def _read_chunks(stream: BufferedIOBase) -> bytes:
    # Not a list: a body in chunks of one byte would need many times its size.
    body = bytearray()
    while True:
        line = _read_line(stream, 400, "The length of a chunk is too long.")
        size = _parse_size(line.partition(b";")[0].strip().decode("latin-1"), 16)
        if not size:
            break
        if len(body) + size > MAX_BODY_BYTES:
            raise MalformedRequest(413, "The body is too large.")
        body += _read_exactly(stream, size)
        if stream.readline(3) not in _BLANK:
            raise MalformedRequest(400, "A chunk does not have the stated length.")
    _read_headers(stream)  # trailers
    return bytes(body)


def encode_response(response: HTTPResponse, *, head_only: bool, close: bool) -> bytes:
    """Encode a response as the bytes of an HTTP message."""
    lines = [f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    if response.status != HTTPStatus.NO_CONTENT:
        lines.append(f"content-length: {len(response.body)}")
    if close:
        lines.append("connection: close")
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return head if head_only else head + response.body
