"""From a request to a response, without sockets.

A request is checked in the order in which the service does it, as far as that is visible: token, route, rate limits,
scopes, body. An operation of the specification that is not simulated answers 501. A route that the specification lacks
answers 404, and a known path with another method 405. HEAD and OPTIONS are not in the specification. A path with a
trailing slash is the same path, as clients of the service expect.
"""

from __future__ import annotations

import re
import threading
import zlib
from collections import deque
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from poseidon_nb.catalogue import match
from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.access import input_scopes
from poseidon_nb.sandbox.call import Call, check_body, check_query, parse_body
from poseidon_nb.sandbox.faults import STATUS_TEXTS, Fault
from poseidon_nb.sandbox.request_log import MAX_CONTENT_BYTES, LoggedRequest
from poseidon_nb.sandbox.responses import HTTPException, HTTPResponse, bad_request, forbidden, not_found
from poseidon_nb.sandbox.saved_state import load_state
from poseidon_nb.sandbox.timestamps import http_date

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.catalogue import Operation
    from poseidon_nb.sandbox.access import RateLimits, TokenStore
    from poseidon_nb.sandbox.control import Controls
    from poseidon_nb.sandbox.world import World

CONTROL_PATH = "/_sandbox"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost)(:[0-9]{1,5})?")
#: Compressing smaller bodies costs both sides more time than it saves on loopback.
_MIN_COMPRESSED_BYTES = 8192
_GZIP_WINDOW = 31
#: The oldest requests are dropped beyond this number.
_MAX_LOGGED = 20_000


class Dispatcher:
    """Connects the HTTP server to the account.

    Parameters
    ----------
    world : World
        The account.
    operations : mapping
        The function that answers each operation, by operationId.
    tokens : TokenStore
        The valid tokens.
    limits : RateLimits
        The rate limits.
    control : Controls
        Answers requests below ``/_sandbox``; it gets the dispatcher as its first argument.
    """

    def __init__(
        self,
        world: World,
        operations: Mapping[str, Callable[[Call], HTTPResponse]],
        tokens: TokenStore,
        limits: RateLimits,
        control: Controls,
    ) -> None:
        self.world = world
        self.operations = operations
        self.tokens = tokens
        self.limits = limits
        self.control = control
        #: ``https`` with TLS, for the links in responses.
        self.scheme = "http"
        self.log = _new_log()
        #: Every reader and writer of the account holds this lock.
        self.lock = threading.RLock()
        self._request_count = 0
        self._date: tuple[int, str] = (0, "")

    def clear(self) -> None:
        """Clear the log, the pending faults, the limited tokens and the counted requests."""
        self.log.clear()
        self.world.faults.clear()
        self.tokens.clear()
        self.limits.clear()
        self._request_count = 0

    def load(self, saved: bytes) -> None:
        """Load a saved state, or raise ValueError. Its clock may be earlier, so the requests so far are no longer counted."""
        with self.lock:
            load_state(self.world, saved)
            self.limits.clear()

    def dispatch(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes = b""
    ) -> HTTPResponse:
        """Handle a request.

        Parameters
        ----------
        method : str
            In upper case.
        path, query : str
            As sent, percent-encoded; the query without its question mark.
        headers : mapping
            With names in lower case.
        body : bytes
            The request's body.
        """
        with self.lock:
            self._request_count += 1
            request_id = rng.uuid(self.world.seed, "request", self._request_count)
            now = self.world.advance()
            short = path[:-1] if path.endswith("/") and path != "/" and not self.world.strict else path
            if short == CONTROL_PATH or short.startswith(f"{CONTROL_PATH}/"):
                response = self._answer_control(method, short, query, headers, body, request_id)
            else:
                response, operation = self._answer(method, short, query, headers, body, request_id)
                self.log.append(
                    LoggedRequest(
                        *(now, method, path, query, 0 if response.dropped else response.status, operation, request_id),
                        content=body if len(body) <= MAX_CONTENT_BYTES else b"",
                        content_type=headers.get("content-type", ""),
                    )
                )
                token = _bearer(headers)
                response.headers += self.limits.headers(token if self.tokens.is_known(token) else "", now)
        return self._finish(response, headers, request_id, now)

    def _authenticate(self, headers: Mapping[str, str]) -> str:
        """Return the token of a request, or raise 401."""
        token = _bearer(headers)
        if not self.tokens.is_known(token):
            # The live service's words in 2026; the specification has another id.
            raise HTTPException(401, *STATUS_TEXTS[401])
        return token

    def _answer_control(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, request_id: str
    ) -> HTTPResponse:
        """Return the response to a request below ``/_sandbox``."""
        try:
            _base_url(headers, self.scheme)
            if method == "GET" and path == CONTROL_PATH and "authorization" not in headers:
                return self.control.introduce()
            token = self._authenticate(headers)
            path = unquote(path[len(CONTROL_PATH) :]) or "/"
            if self.tokens.scopes(token) is not None and (method, path) != ("GET", "/id"):
                raise forbidden()
            return self.control(self, method, path, _query(query), body)
        except HTTPException as error:
            return error.response(request_id)

    def _answer(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, request_id: str
    ) -> tuple[HTTPResponse, str]:
        """Return the response to a request and the id of its operation; empty if there is none."""
        operation = ""
        try:
            base_url = _base_url(headers, self.scheme)
            token = self._authenticate(headers)
            found = match(method, path)
            operation = found[0].id if found else ""
            self.limits.count_request(token, operation, self.world.now())
            if found is None:
                raise _no_route_error(method, path)
            call = Call(
                world=self.world,
                operation=operation,
                base_url=base_url,
                path=path,
                path_params=found[1],
                query=_query(query),
                scopes=self.tokens.scopes(token),
                headers=headers,
            )
            return self._run_operation(method, found[0], call, body, request_id), operation
        except HTTPException as error:
            return error.response(request_id, operation), operation

    def _run_operation(
        self, method: str, operation: Operation, call: Call, body: bytes, request_id: str
    ) -> HTTPResponse:
        """Return the response of an operation, after applying the faults that match it."""
        faults = self.world.faults.take_for_request(method, call.path, operation.id)
        wait_s = sum(fault.seconds for fault in faults if fault.kind == "delay")
        other = next((fault for fault in faults if fault.kind != "delay"), None)
        if other is not None and other.kind == "lost_before":
            return HTTPResponse(0, wait_s=wait_s, dropped=True)
        try:
            if other is not None and other.kind == "status":
                raise _fault_error(other)
            response = self._run_handler(operation, call, body)
        except HTTPException as error:
            response = error.response(request_id, operation.id)
        response.wait_s = wait_s
        response.dropped = other is not None and other.kind == "lost_after"
        return response

    def _run_handler(self, operation: Operation, call: Call, body: bytes) -> HTTPResponse:
        call.require_scopes(*operation.scopes)
        handler = self.operations.get(operation.id)
        if handler is None:
            raise HTTPException(
                501,
                "not_implemented",
                f"The sandbox does not simulate {operation.id} ({operation.method} {operation.path}).",
            )
        strict = self.world.strict
        if strict:
            check_query(call.query, operation)
        if operation.body_type:
            content_type = "" if strict else call.headers.get("content-type", "")
            call.body = check_body(parse_body(body, content_type), operation.body_fields, operation.id, strict=strict)
        if call.scopes is not None:
            call.require_scopes(*input_scopes(operation.id, {**call.query, **call.body}))
        return handler(call)

    def _finish(self, response: HTTPResponse, headers: Mapping[str, str], request_id: str, now: float) -> HTTPResponse:
        second = int(now)
        if self._date[0] != second:
            self._date = (second, http_date(now))
        response.headers += [("x-request-id", request_id), ("date", self._date[1])]
        if response.body:
            response.headers.append(("content-type", response.content_type))
            if len(response.body) >= _MIN_COMPRESSED_BYTES and _accepts_gzip(headers.get("accept-encoding", "")):
                packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP_WINDOW)
                response.body = packer.compress(response.body) + packer.flush()
                response.headers += [("content-encoding", "gzip"), ("vary", "accept-encoding")]
        return response


def _bearer(headers: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _base_url(headers: Mapping[str, str], scheme: str) -> str:
    """Return the base URL that the client used, or raise 421 if its host is not this machine.

    A web page can make a browser send requests here under its own host name (DNS rebinding). The ``Host`` header
    reveals it.
    """
    host = headers.get("host", "127.0.0.1")
    if not _LOOPBACK.fullmatch(host.lower()):
        raise HTTPException(421, "misdirected_request", "The sandbox accepts requests only on 127.0.0.1 and localhost.")
    return f"{scheme}://{host}"


def _query(query: str) -> dict[str, str]:
    if not query:
        return {}
    try:
        return dict(parse_qsl(query, keep_blank_values=True, max_num_fields=200))
    except ValueError:
        raise bad_request("The query has too many fields.") from None


def _no_route_error(method: str, path: str) -> HTTPException:
    allowed = [other for other in _METHODS if other != method and match(other, path)]
    if not allowed:
        return not_found()
    return HTTPException(
        405,
        "method_not_allowed",
        f"{method} is not allowed here. Use {', '.join(allowed)}.",
        headers=[("allow", ", ".join(allowed))],
    )


def _fault_error(fault: Fault) -> HTTPException:
    id_, message = STATUS_TEXTS.get(fault.status, ("error", "This error was injected into the sandbox."))
    headers = [] if fault.retry_after_s is None else [("retry-after", str(fault.retry_after_s))]
    return HTTPException(fault.status, fault.id or id_, fault.message or message, headers=headers)


def _accepts_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        name, _, quality = part.partition(";")
        if name.strip() in {"gzip", "*"}:
            return quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def _new_log() -> deque[LoggedRequest]:
    """Return an empty log."""
    return deque(maxlen=_MAX_LOGGED)
