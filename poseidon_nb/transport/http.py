"""One HTTP request over pooled connections to one host: a `Request` out, a `Response` or a `TransportError` back.

Requests use the adapter of ``requests`` directly. Its `Session` would keep cookies, follow redirects, and replace the token
by a password from ``~/.netrc``.
"""

from __future__ import annotations

import http.client
import ssl
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from poseidon_nb.errors import ConnectionFailed, InvalidArgument, ShapeError, TimedOut, TransportError
from poseidon_nb.transport.cancellation import format_timeout
from poseidon_nb.transport.config import is_loopback
from poseidon_nb.transport.connections import TimeLimitedAdapter, time_limit
from poseidon_nb.transport.responses import NOT_JSON, Body, Response
from poseidon_nb.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poseidon_nb.transport.credentials import Token
    from poseidon_nb.transport.request import Request

#: Concurrent connections.
MAX_CONNECTIONS = 16
#: Largest body of a response that is read, in bytes after decompression.
MAX_RESPONSE_BYTES = 256_000_000
#: Bytes that are read at a time; decompressed they may be a thousand times as many.
_CHUNK_BYTES = 16_384
_MAX_WRAPPED = 10_000_000
#: Headers that callers cannot set.
_RESERVED_HEADERS = frozenset({"authorization", "connection", "content-length", "cookie", "host", "transfer-encoding"})
_NOT_CONNECTED = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.NameResolutionError)
_TIMEOUTS = (urllib3.exceptions.ReadTimeoutError, requests.Timeout, TimeoutError)
_CERTIFICATE_ERRORS = (ssl.SSLCertVerificationError, ssl.CertificateError)


class _BearerHeader(str):
    """The value of the header, with a repr that is safe in tracebacks with local variables."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'Bearer …'"


class HTTPTransport:
    """Pooled connections to one host, authenticated by a token.

    Parameters
    ----------
    base_url : str
        Validated.
    token : Token or None
        With None, requests are sent without a token.
    max_response_bytes : int
        A larger body, after decompression, is not read to its end.

    Notes
    -----
    Thread-safe. With `MAX_CONNECTIONS` connections in use, further requests wait for a free one.
    """

    def __init__(self, base_url: str, token: Token | None, *, max_response_bytes: int = MAX_RESPONSE_BYTES) -> None:
        self._max_response_bytes = max_response_bytes
        parts = urlsplit(base_url)
        self._base_url = base_url
        self._host = parts.netloc
        self.loopback = is_loopback(parts.hostname or "")
        self._token = token
        self._adapter = TimeLimitedAdapter(pool_connections=1, pool_maxsize=MAX_CONNECTIONS, pool_block=True)
        #: Bytes of all bodies that are being read: many large ones at once take as much memory as one.
        self._reading_bytes = self._readers = 0
        #: Whether they were too large; then all that are being read end, so that none takes the place of another.
        self._too_large = False
        self._lock = threading.Lock()
        # The pool itself would wait for a connection without a timeout.
        self._free = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": f"poseidon-nb/{__version__}",
        }
        self._settings = self._environment_settings()

    def send(self, request: Request, *, timeout_s: float) -> Response:
        """Send a request once; blocks.

        Parameters
        ----------
        request : Request
        timeout_s : float
            Total time in seconds: to wait for a connection, connect, send, and read the response.

        Raises
        ------
        InvalidArgument
            The request is not valid HTTP.
        ConnectionFailed, TimedOut
            No complete response arrived; ``sent`` is whether the server may have received the request.
        ShapeError
            The response to a GET is too large. The response to a change is cut instead, because the change was made.
        """
        prepared = self._prepare(request)
        failure: TransportError
        with time_limit(timeout_s) as budget:
            if not self._free.acquire(timeout=timeout_s):
                failure = TimedOut(f"No connection was free for {request.label} within {format_timeout(timeout_s)}.")
                failure.sent = False
                raise failure
            try:
                response = self._adapter.send(prepared, timeout=(timeout_s, timeout_s), **self._settings)
                body = self._read(response, request)
            except (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException, ValueError) as exc:
                failure = failure_for(
                    exc,
                    label=request.label,
                    host=self._host,
                    timeout_s=timeout_s,
                    hint=" Is the sandbox still running?" if self.loopback else "",
                    sent=budget.sent,
                )
            else:
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Response(response.status_code, headers, body)
            finally:
                self._free.release()
        # Raised outside the except block, so that Python attaches no context: the frames of its cause hold the token.
        raise failure

    def _read(self, response: requests.Response, request: Request) -> bytes:
        """Return the decompressed body, counted while it is decompressed."""
        parts: list[bytes] = []
        size = 0
        self._count(0, readers=1)
        try:
            for part in response.iter_content(_CHUNK_BYTES):
                parts.append(part)
                size += len(part)
                if self._count(len(part)):
                    response.close()
                    if request.method != "GET":
                        return Body(parts[0])
                    raise ShapeError(
                        f"The response to {request.label} is larger than {self._max_response_bytes:,} bytes. "
                        "Raise the limit with po.connect(max_response_bytes=...)."
                    )
            body = b"".join(parts)
            # Wrapping copies, and of a large body a traceback shows only the beginning.
            return Body(body) if size <= _MAX_WRAPPED else body
        finally:
            # The traceback of an error would keep them.
            parts.clear()
            self._count(-size, readers=-1)

    def _count(self, more: int, readers: int = 0) -> bool:
        """Count bytes of the bodies that are being read, and return whether they are too large."""
        with self._lock:
            self._reading_bytes += more
            self._readers += readers
            self._too_large = self._readers > 0 and (self._too_large or self._reading_bytes > self._max_response_bytes)
            return self._too_large

    def close(self) -> None:
        """Close the connections."""
        self._adapter.close()

    def _prepare(self, request: Request) -> requests.PreparedRequest:
        own_headers = {name.lower() for name in request.headers}
        reserved = own_headers & _RESERVED_HEADERS
        if reserved:
            raise InvalidArgument(f"{request.label} cannot set the header {min(reserved)}.")
        if not request.path.startswith("/"):
            # It would become part of the host name.
            raise InvalidArgument(f"The path of {request.label} must begin with a slash.")
        payload = request.payload
        headers = {name: value for name, value in self._headers.items() if name.lower() not in own_headers} | {
            **request.headers
        }
        if request.operation_id in NOT_JSON and "accept" not in own_headers:
            # CSV, PDF and YAML: a strict server answers 406 to application/json.
            headers["Accept"] = "*/*"
        if payload is not None and "content-type" not in own_headers:
            headers["Content-Type"] = (
                "application/octet-stream" if isinstance(request.body, bytes) else "application/json"
            )
        prepared = requests.PreparedRequest()
        try:
            prepared.prepare(method=request.method, url=self._base_url + request.target, headers=headers, data=payload)
        except (requests.RequestException, ValueError) as exc:
            raise InvalidArgument(f"{request.label} cannot be sent ({type(exc).__name__}).") from None
        if self._token is not None:
            prepared.headers["Authorization"] = _BearerHeader(f"Bearer {self._token.reveal()}")
        return prepared

    def _environment_settings(self) -> dict[str, Any]:
        """Return the proxies and certificates from the environment. They are read once, not for each page."""
        with requests.Session() as session:
            merged = session.merge_environment_settings(self._base_url, {}, None, None, None)
        if self.loopback:
            # Requests to this machine bypass proxies.
            merged["proxies"] = {}
        return {name: merged[name] for name in ("proxies", "verify", "cert")}


def failure_for(
    exc: Exception, *, label: str, host: str, timeout_s: float, hint: str = "", sent: bool | None = None
) -> TransportError:
    """Build our error for an exception of ``requests``, urllib3 or the socket.

    ``sent`` is false only if it is certain that no byte of the request was sent. A change that may have arrived is never
    retried, so in doubt it counts as sent.

    Parameters
    ----------
    exc : Exception
    label : str
        The request's label.
    host : str
        Host and port.
    timeout_s : float
        The time limit of the request.
    hint : str
        Added if nothing listens on the host.
    sent : bool or None
        Whether a byte of the request may have been sent; None if unknown.
    """
    chain = list(_chain(exc))
    why = _reason(chain[-1])
    failure: TransportError
    may_be_sent = False
    if isinstance(exc, requests.exceptions.ProxyError):
        failure = ConnectionFailed(f"Could not reach the proxy for {label} ({why}).")
    elif isinstance(exc, requests.exceptions.ConnectTimeout) or (sent is False and _contains(chain, *_TIMEOUTS)):
        failure = TimedOut(f"{host} did not accept a connection for {label} in time.")
    elif _contains(chain, *_TIMEOUTS):
        failure, may_be_sent = TimedOut(f"{host} did not respond to {label} within {format_timeout(timeout_s)}."), True
    elif _contains(chain, *_CERTIFICATE_ERRORS):
        failure = ConnectionFailed(f"Could not verify the certificate of {host} for {label} ({why}).")
    elif _contains(chain, *_NOT_CONNECTED):
        failure = ConnectionFailed(f"Could not connect to {host} for {label} ({why}).{hint}")
    elif isinstance(exc, ValueError) or not isinstance(exc, (requests.RequestException, urllib3.exceptions.HTTPError)):
        # An invalid proxy URL or a missing certificate file, found before a connection is opened.
        failure = ConnectionFailed(f"Could not send {label} to {host} ({why}).")
    elif sent is False:
        failure = ConnectionFailed(f"Could not open a secure connection to {host} for {label} ({why}).")
    elif isinstance(exc, requests.exceptions.ContentDecodingError):
        failure, may_be_sent = ConnectionFailed(f"Could not decompress the response to {label} ({why})."), True
    else:
        failure, may_be_sent = ConnectionFailed(f"Lost the connection to {host} during {label} ({why})."), True
    failure.sent = may_be_sent if sent is None else sent
    _strip(exc, chain)
    failure.__cause__ = exc
    return failure


def _strip(exc: Exception, chain: list[BaseException]) -> None:
    """Remove references to the token: the request, and the frames of http.client, which verbose tracebacks print."""
    if isinstance(exc, requests.RequestException):
        exc.request = None
    for error in chain:
        error.__traceback__ = None


def _contains(chain: list[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(error, kinds) for error in chain)


def _chain(exc: BaseException) -> Iterator[BaseException]:
    """Return an exception and its causes, outermost first; urllib3 wraps them several times."""
    seen: set[int] = set()
    error: BaseException | None = exc
    while error is not None:
        yield error
        seen.add(id(error))
        inner = [*error.args, getattr(error, "reason", None), error.__cause__, error.__context__]
        error = next((cause for cause in inner if isinstance(cause, BaseException) and id(cause) not in seen), None)


def _reason(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        text = error.verify_message
    elif isinstance(error, OSError) and error.strerror:
        text = error.strerror
    else:
        text = str(error.args[-1] if error.args else "")
    if " object at 0x" in text:
        text = text.split(": ", 1)[-1]
    return " ".join(text.split()) or type(error).__name__
