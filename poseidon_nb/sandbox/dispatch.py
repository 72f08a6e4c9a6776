"""From a request to a reply, without sockets: who may ask, what is asked, what goes wrong on request, and the answer.

The order is the service's as far as it can be seen: the token first, then the route, the limits, the scopes, the body.
An operation of the specification that is not simulated answers an honest 501; 404 is for routes that the specification
does not have, and 405 for a known path with another method. HEAD and OPTIONS are not in the specification.
"""

from __future__ import annotations

import re
import threading
import zlib
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from poseidon_nb.catalogue import match
from poseidon_nb.sandbox import bodies, chance
from poseidon_nb.sandbox.call import Call
from poseidon_nb.sandbox.faults import STATUS_TEXTS, Fault
from poseidon_nb.sandbox.replies import Refusal, Reply, bad_request, not_found
from poseidon_nb.sandbox.request_log import LoggedRequest, new_log
from poseidon_nb.sandbox.scopes import FORBIDDEN_TEXT
from poseidon_nb.sandbox.timestamps import http_date

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.catalogue import Operation
    from poseidon_nb.sandbox.control import Control
    from poseidon_nb.sandbox.rate_limit import RateLimits
    from poseidon_nb.sandbox.scopes import Tokens
    from poseidon_nb.sandbox.world import World

CONTROL = "/_sandbox"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost)(:[0-9]{1,5})?")
#: Below this many bytes compressing costs both sides more than it saves on loopback.
_COMPRESSED_FROM = 8192
_GZIP_WINDOW = 31


class Dispatcher:
    """Everything above the account and below the sockets.

    Parameters
    ----------
    world : World
        The account.
    operations : mapping
        What answers an operation, by operationId.
    tokens : Tokens
        Who may ask.
    limits : RateLimits
        How often.
    control : callable
        What answers below ``/_sandbox``; it gets the dispatcher itself first.
    """

    def __init__(
        self,
        world: World,
        operations: Mapping[str, Callable[[Call], Reply]],
        tokens: Tokens,
        limits: RateLimits,
        control: Control,
    ) -> None:
        self.world = world
        self.operations = operations
        self.tokens = tokens
        self.limits = limits
        self.control = control
        self.log = new_log()
        #: The one lock: whoever looks at the account or changes it holds it.
        self.lock = threading.RLock()
        self._asked = 0
        self._date: tuple[int, str] = (0, "")

    def forget(self) -> None:
        """Forget the log, the waiting faults, limited tokens and counted requests."""
        self.log.clear()
        self.world.faults.clear()
        self.tokens.clear()
        self.limits.clear()
        self._asked = 0

    def dispatch(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """Answer a request.

        Parameters
        ----------
        method : str
            In capitals.
        path, query : str
            As sent, percent-encoded; the query without its question mark.
        headers : mapping
            With names in small letters.
        body : bytes
            The request's body.
        """
        with self.lock:
            self._asked += 1
            request_id = chance.uuid(self.world.seed, "request", self._asked)
            now = self.world.advance()
            token = _bearer(headers)
            operation = ""
            control = path == CONTROL or path.startswith(f"{CONTROL}/")
            try:
                base_url = _base_url(headers)
                self._authenticate(token)
                if control:
                    return self._finished(self._controlled(method, path, query, token, body), headers, request_id, now)
                found = match(method, path)
                operation = found[0].id if found else ""
                self.limits.admit(token, operation, now)
                if found is None:
                    raise _no_route(method, path)
                call = Call(
                    world=self.world,
                    operation=operation,
                    base_url=base_url,
                    path=path,
                    names=found[1],
                    query=_query(query),
                    scopes=self.tokens.scopes(token),
                    headers=headers,
                )
                reply = self._answered(method, found[0], call, body, request_id)
            except Refusal as refusal:
                reply = refusal.reply(request_id, operation)
            if not control:
                status = 0 if reply.cut else reply.status
                self.log.append(LoggedRequest(now, method, path, query, status, operation, request_id))
            reply.headers += self.limits.headers(token if self.tokens.known(token) else "", now)
        return self._finished(reply, headers, request_id, now)

    def _authenticate(self, token: str) -> None:
        if not self.tokens.known(token):
            # The live service's words of 2026; the specification has another id.
            raise Refusal(401, *STATUS_TEXTS[401])

    def _controlled(self, method: str, path: str, query: str, token: str, body: bytes) -> Reply:
        if self.tokens.scopes(token) is not None:
            raise Refusal(403, "forbidden", FORBIDDEN_TEXT)
        return self.control(self, method, unquote(path[len(CONTROL) :]) or "/", _query(query), body)

    def _answered(self, method: str, operation: Operation, call: Call, body: bytes, request_id: str) -> Reply:
        """Give the reply of an operation, and let go wrong what waits to."""
        faults = self.world.faults.for_request(method, call.path, operation.id)
        wait_s = sum(fault.seconds for fault in faults if fault.kind == "delay")
        other = next((fault for fault in faults if fault.kind != "delay"), None)
        if other is not None and other.kind == "lost_before":
            return Reply(0, wait_s=wait_s, cut=True)
        try:
            if other is not None and other.kind == "status":
                raise _asked_for(other)
            reply = self._worked(operation, call, body)
        except Refusal as refusal:
            reply = refusal.reply(request_id, operation.id)
        reply.wait_s = wait_s
        reply.cut = other is not None and other.kind == "lost_after"
        return reply

    def _worked(self, operation: Operation, call: Call, body: bytes) -> Reply:
        call.need(*operation.scopes)
        handler = self.operations.get(operation.id)
        if handler is None:
            raise Refusal(
                501,
                "not_implemented",
                f"The sandbox does not simulate {operation.id} ({operation.method} {operation.path}).",
            )
        if operation.body_type:
            call.body = bodies.checked(bodies.parsed(body), operation.body_fields, operation.id)
        return handler(call)

    def _finished(self, reply: Reply, headers: Mapping[str, str], request_id: str, now: float) -> Reply:
        second = int(now)
        if self._date[0] != second:
            self._date = (second, http_date(now))
        reply.headers += [("x-request-id", request_id), ("date", self._date[1])]
        if reply.body:
            reply.headers.append(("content-type", reply.content_type))
            if len(reply.body) >= _COMPRESSED_FROM and _takes_gzip(headers.get("accept-encoding", "")):
                packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP_WINDOW)
                reply.body = packer.compress(reply.body) + packer.flush()
                reply.headers += [("content-encoding", "gzip"), ("vary", "accept-encoding")]
        return reply


def _bearer(headers: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _base_url(headers: Mapping[str, str]) -> str:
    """Give the address that the client used, and refuse one that is not this machine.

    A page on the internet can make a browser send requests here under its own name (DNS rebinding); the header tells.
    """
    host = headers.get("host", "127.0.0.1")
    if not _LOOPBACK.fullmatch(host.lower()):
        raise Refusal(421, "misdirected_request", "The sandbox answers on 127.0.0.1 and localhost only.")
    return f"http://{host}"


def _query(query: str) -> dict[str, str]:
    if not query:
        return {}
    try:
        return dict(parse_qsl(query, keep_blank_values=True, max_num_fields=200))
    except ValueError:
        raise bad_request("The query has too many fields.") from None


def _no_route(method: str, path: str) -> Refusal:
    allowed = [other for other in _METHODS if other != method and match(other, path)]
    if not allowed:
        return not_found()
    return Refusal(
        405,
        "method_not_allowed",
        f"{method} is not possible here, only {', '.join(allowed)}.",
        headers=[("allow", ", ".join(allowed))],
    )


def _asked_for(fault: Fault) -> Refusal:
    id_, message = STATUS_TEXTS.get(fault.status, ("error", "The sandbox was told to fail."))
    headers = [] if fault.retry_after_s is None else [("retry-after", str(fault.retry_after_s))]
    return Refusal(fault.status, fault.id or id_, fault.message or message, headers=headers)


def _takes_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        name, _, quality = part.partition(";")
        if name.strip() in {"gzip", "*"}:
            return quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
