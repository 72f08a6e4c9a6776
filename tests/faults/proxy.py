"""A proxy on loopback that spoils what passes between a client and the API, and keeps the truth of it.

It shares nothing with the package under test but the address that it forwards to: plain sockets, HTTP/1.1 read by hand. Every
client has a port of its own, and what goes wrong with a client's request follows from the seed, the client and the place of
the request in the client's operation alone (`FaultPlan`), so a run can be repeated. The log says of each request whether it was forwarded, what the
service answered and whether the client got that answer as it was. It ends by itself: after `limit_s`, or by `stop`.
"""

from __future__ import annotations

import contextlib
import json
import random
import socket
import struct
import threading
import time
from collections import Counter
from dataclasses import dataclass
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from io import BufferedReader

HOST = "127.0.0.1"
HOUR_S = 3600
#: Real seconds that a request is left without an answer before its connection is closed.
HANG_S = 1.0
#: Real seconds that a dripping answer takes; the slow one outlasts the client's patience if that counts the whole answer.
DRIP_S, SLOW_DRIP_S = 0.1, 1.0
_DRIPS = 40
_SIGN_IN = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>Wi-Fi password</form></body></html>"
_GARBAGE = b'\x00\x1f\x8b{"droplet": [[[ \xff\xfe not json'
_BODIES = {"garbage": _GARBAGE, "empty": b"", "object": b"{}", "null": b"null", "sign-in": _SIGN_IN}
_LINE_MOST, _BODY_MOST = 65_536, 8 * 1024 * 1024

#: What keeps a request from the service, with its weight.
BEFORE = {
    "429": 6,
    "429 without Retry-After": 4,
    "429 until the reset": 3,
    "429 for long": 0.3,
    "5xx before": 8,
    "reset before": 8,
    "hang before": 0.5,
    "sign-in before": 3,
    "empty before": 2,
    "object before": 2,
    "null before": 2,
    "stale": 5,
}
#: What happens to the answer of a request that the service has carried out, with its weight.
AFTER = {
    "5xx after": 8,
    "reset after": 10,
    "truncated": 5,
    "cut": 5,
    "garbage": 4,
    "empty": 4,
    "object": 4,
    "null": 4,
    "sign-in": 4,
    "drip": 4,
    "slow drip": 0.5,
    "hang after": 0.5,
    "other 2xx": 4,
    "closed after": 4,
    "date": 3,
    "clock": 3,
}
#: What can happen to many GETs in a row: what a poller meets when the service is down or behind a sign-in page.
BURSTS = ("5xx before", "sign-in before", "garbage", "empty", "forbidden")
#: After these the client has the service's own answer.
HARMLESS = frozenset({"", "drip", "slow drip", "other 2xx", "closed after", "date", "clock"})
_BURST_REQUESTS = 7


class Answer(NamedTuple):
    """What the service, or the proxy in its place, answers."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(slots=True)
class Entry:
    """One request, as it was in truth.

    Attributes
    ----------
    client, number : int
        Whose request it is, and its how many-th.
    operation : int
        What the client was at, as `Proxy.operation` was told.
    body, answer : object
        The JSON of the request and of the service's answer; None where there is none.
    fault : str
        What was made of it; empty where nothing was.
    status : int
        What the service answered; 0 where the request was not forwarded.
    at : float
        When it was answered by the service, or spoiled, on `time.monotonic`.
    """

    client: int
    number: int
    operation: int
    method: str
    path: str
    query: str
    body: Any
    fault: str = ""
    forwarded: bool = False
    status: int = 0
    answer: Any = None
    at: float = 0.0

    @property
    def accepted(self) -> bool:
        """Whether the service has carried it out."""
        return self.forwarded and 200 <= self.status < 300

    @property
    def intact(self) -> bool:
        """Whether the client was sent the service's own answer."""
        return self.forwarded and self.fault in HARMLESS


class FaultPlan:
    """What goes wrong, from the seed, the client, its operation, and the how many-th request of a method that is in it.

    Not from the number of the request alone: how often a client polls depends on the machine, and would shift all that follows.

    Parameters
    ----------
    seed : int
    rate : float
        The share of requests that something happens to.
    bursts : float
        The share of stretches of requests in which every GET meets the same.
    """

    def __init__(self, seed: int, *, rate: float = 0.2, bursts: float = 0.04) -> None:
        self._seed = seed
        self._rate = rate
        self._bursts = bursts
        weights = BEFORE | AFTER
        self._kinds, self._weights = [*weights], [*weights.values()]

    def fault(self, client: int, operation: int, method: str, nth: int, path: str) -> str:
        """Return what happens to a request; empty for nothing."""
        if method == "GET":
            stretch = random.Random(f"{self._seed}/{client}/{operation}/stretch {nth // _BURST_REQUESTS}")
            if stretch.random() < self._bursts:
                kind = stretch.choice(BURSTS)
                if kind != "forbidden" or "/actions" in path:
                    return kind
        chance = self.detail(client, operation, method, nth)
        if chance.random() >= self._rate:
            return ""
        return chance.choices(self._kinds, self._weights)[0]

    def detail(self, client: int, operation: int, method: str, nth: int) -> random.Random:
        """Return the chance by which a fault is chosen and worked out: which 5xx, which way a clock jumps."""
        return random.Random(f"{self._seed}/{client}/{operation}/{method} {nth}")


class _Gone(Exception):
    """The client went away, or sent what cannot be read."""


class _Request(NamedTuple):
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


class Proxy:
    """Listens on a port for each client until it is stopped or its time is up.

    Parameters
    ----------
    forward : callable
        Has the service answer: given method, path, query, headers (names in small letters) and body.
    plan : FaultPlan
    clients : int
    on_jump : callable, optional
        Told a client and the seconds by which its clock is to jump.
    now : callable, optional
        Gives the service's Unix seconds, for ``ratelimit-reset``.
    limit_s : float
        Real seconds after which it stops by itself.
    """

    def __init__(
        self,
        forward: Callable[[str, str, str, Mapping[str, str], bytes], Answer],
        plan: FaultPlan,
        *,
        clients: int = 2,
        on_jump: Callable[[int, float], None] = lambda _client, _seconds: None,
        now: Callable[[], float] = time.time,
        limit_s: float = 900.0,
    ) -> None:
        self.log: list[Entry] = []
        #: What each client is at, told by who drives it.
        self.operation = [-1] * clients
        self.faults = 0
        self._forward = forward
        self._plan = plan
        self._on_jump = on_jump
        self._now = now
        self._numbers = [0] * clients
        self._in_operation: Counter[tuple[int, int, str]] = Counter()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._ends_at = time.monotonic() + limit_s
        self._connections: set[socket.socket] = set()
        self._listeners = [self._listen(client) for client in range(clients)]
        self.urls = [f"http://{HOST}:{listener.getsockname()[1]}" for listener in self._listeners]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the ports and every connection."""
        self._stopping.set()
        with self._lock:
            open_ = [*self._listeners, *self._connections]
        for connection in open_:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    @property
    def _over(self) -> bool:
        return self._stopping.is_set() or time.monotonic() > self._ends_at

    # What comes in.
    def _listen(self, client: int) -> socket.socket:
        listener = socket.create_server((HOST, 0), backlog=128)
        listener.settimeout(0.2)
        threading.Thread(target=self._accept, args=(client, listener), name=f"proxy-{client}", daemon=True).start()
        return listener

    def _accept(self, client: int, listener: socket.socket) -> None:
        while not self._over:
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            except OSError:
                break
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(30)
            with self._lock:
                self._connections.add(connection)
            threading.Thread(target=self._serve, args=(client, connection), name="proxied", daemon=True).start()
        self.stop()

    def _serve(self, client: int, connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        try:
            with contextlib.suppress(OSError, _Gone):
                while not self._over and self._answer_one(client, connection, stream):
                    pass
        finally:
            stream.close()
            connection.close()
            with self._lock:
                self._connections.discard(connection)

    def _answer_one(self, client: int, connection: socket.socket, stream: BufferedReader) -> bool:
        """Answer a request; return whether another may follow on the connection."""
        request = _read(stream)
        if request is None:
            return False
        with self._lock:
            self._numbers[client] += 1
            operation = self.operation[client]
            self._in_operation[client, operation, request.method] += 1
            nth = self._in_operation[client, operation, request.method]
            entry = Entry(
                client,
                self._numbers[client],
                operation,
                request.method,
                request.path,
                request.query,
                _json(request.body),
            )
            self.log.append(entry)
        entry.fault = self._plan.fault(client, operation, request.method, nth, request.path)
        chance = self._plan.detail(client, operation, request.method, nth)
        if entry.fault:
            with self._lock:
                self.faults += 1
        if entry.fault in BEFORE or entry.fault == "forbidden":
            entry.at = time.monotonic()
            return self._instead(entry.fault, chance, connection)
        answer = self._forward(*request)
        # All at once for whoever reads the log: the service has carried it out before the client can know.
        entry.answer, entry.at, entry.status, entry.forwarded = (
            _json(answer.body),
            time.monotonic(),
            answer.status,
            True,
        )
        return self._spoiled(entry, answer, chance, connection)

    # What goes out instead of an answer, while the service knows nothing of the request.
    def _instead(self, fault: str, chance: random.Random, connection: socket.socket) -> bool:
        if fault in {"reset before", "stale"}:
            _reset(connection)
            return False
        if fault == "hang before":
            self._stopping.wait(HANG_S)
            return False
        if fault.removesuffix(" before") in _BODIES:
            answer = _said(fault.removesuffix(" before"))
        elif fault == "forbidden":
            answer = _error(403, "forbidden", "You do not have access for the attempted action.")
        elif fault == "5xx before":
            answer = _server_error(chance)
        else:
            headers = {
                "429": [("retry-after", str(chance.randint(1, 3)))],
                "429 for long": [("retry-after", "120")],
                "429 until the reset": [("ratelimit-reset", str(int(self._now()) + 2)), ("ratelimit-remaining", "0")],
            }.get(fault, [])
            answer = _error(429, "too_many_requests", "API Rate limit exceeded.", headers)
        connection.sendall(_written(answer))
        return True

    # What becomes of the answer to a request that the service has carried out.
    def _spoiled(self, entry: Entry, answer: Answer, chance: random.Random, connection: socket.socket) -> bool:
        fault = entry.fault
        if fault == "reset after":
            _reset(connection)
            return False
        if fault == "hang after":
            self._stopping.wait(HANG_S)
            return False
        if fault == "truncated":
            sent = _written(answer)
            connection.sendall(sent[: len(sent) - max(1, len(answer.body) // 2)] if answer.body else sent[:-4])
            return False
        if fault == "clock":
            self._on_jump(entry.client, chance.choice((-HOUR_S, HOUR_S)))
        sent = _written(_changed(fault, answer, chance))
        if fault in {"drip", "slow drip"}:
            return self._drip(connection, sent, DRIP_S if fault == "drip" else SLOW_DRIP_S)
        connection.sendall(sent)
        return fault != "closed after"

    def _drip(self, connection: socket.socket, sent: bytes, seconds: float) -> bool:
        # Byte by byte as far as that is quick enough, and in as many pieces as it may take otherwise.
        step = max(1, len(sent) // _DRIPS)
        for start in range(0, len(sent), step):
            connection.sendall(sent[start : start + step])
            if self._stopping.wait(seconds / _DRIPS):
                return False
        return True


def sandbox_forward(sandbox: Any) -> Callable[[str, str, str, Mapping[str, str], bytes], Answer]:
    """Return what has a sandbox in this process answer."""

    def forward(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        plain = {name: value for name, value in headers.items() if name != "accept-encoding"}
        reply = sandbox.dispatch(method, path, query, plain, body)
        return Answer(reply.status, reply.headers, reply.body)

    return forward


def http_forward(host: str, port: int) -> Callable[[str, str, str, Mapping[str, str], bytes], Answer]:
    """Return what has a server at an address answer, over a connection for each request."""

    def forward(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        left_out = {"accept-encoding", "connection", "content-length", "host"}
        given = {name: value for name, value in headers.items() if name not in left_out}
        connection = HTTPConnection(host, port, timeout=30)
        try:
            connection.request(method, f"{path}?{query}" if query else path, body or None, given)
            came = connection.getresponse()
            dropped = {"connection", "content-length", "transfer-encoding"}
            kept = [(name, value) for name, value in came.getheaders() if name.lower() not in dropped]
            return Answer(came.status, kept, came.read())
        finally:
            connection.close()

    return forward


def _changed(fault: str, answer: Answer, chance: random.Random) -> Answer:
    """Return an answer that is sent whole, yet is not the service's."""
    headers = [(name, value) for name, value in answer.headers if name.lower() != "content-type"]
    date = next((value for name, value in headers if name.lower() == "date"), None)
    if fault == "5xx after":
        return _server_error(chance)
    if fault == "cut":
        return answer._replace(body=answer.body[: len(answer.body) // 2])
    if fault == "date" and date is not None:
        wrong = parsedate_to_datetime(date).timestamp() + chance.choice((-HOUR_S, HOUR_S))
        stamp = format_datetime(parsedate_to_datetime(date).fromtimestamp(wrong, tz=parsedate_to_datetime(date).tzinfo))
        told = stamp.replace("+0000", "GMT")
        return answer._replace(headers=[(n, told if n.lower() == "date" else v) for n, v in answer.headers])
    if fault == "other 2xx" and answer.status in {201, 202}:
        return answer._replace(status=answer.status - 1)
    return _said(fault, headers) if fault in _BODIES else answer


def _said(fault: str, headers: Iterable[tuple[str, str]] = ()) -> Answer:
    """Return an answer of status 200 that is none."""
    kind = "text/html" if fault == "sign-in" else "application/json"
    return Answer(200, [*headers, ("content-type", kind)], _BODIES[fault])


def _server_error(chance: random.Random) -> Answer:
    status = chance.choice((500, 502, 503, 504))
    if status == HTTPStatus.BAD_GATEWAY:
        return Answer(status, [("content-type", "text/html")], b"<html><body>502 Bad Gateway</body></html>")
    return _error(status, "server_error", "Unexpected server-side error")


def _error(status: int, id_: str, message: str, headers: list[tuple[str, str]] | None = None) -> Answer:
    body = json.dumps({"id": id_, "message": message}).encode()
    return Answer(status, [("content-type", "application/json"), *(headers or [])], body)


def _written(answer: Answer) -> bytes:
    try:
        phrase = HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{name}: {value}" for name, value in answer.headers)]
    if answer.status != HTTPStatus.NO_CONTENT:
        lines.append(f"content-length: {len(answer.body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body


def _reset(connection: socket.socket) -> None:
    # With nothing to linger for, the close that follows sends a reset and not an end.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _read(stream: BufferedReader) -> _Request | None:
    line = stream.readline(_LINE_MOST)
    if not line:
        return None
    words = line.decode("latin-1").split()
    if len(words) != 3:
        raise _Gone
    headers: dict[str, str] = {}
    while True:
        line = stream.readline(_LINE_MOST)
        if line in {b"\r\n", b"\n"}:
            break
        if not line.endswith(b"\n"):
            raise _Gone
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    length = int(headers.get("content-length", "0"))
    if length > _BODY_MOST or "transfer-encoding" in headers:
        raise _Gone
    body = stream.read(length)
    if len(body) < length:
        raise _Gone
    path, _, query = words[1].partition("?")
    return _Request(words[0], path, query, headers, body)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None
