"""A threaded server on 127.0.0.1 that can stop without leaving connections or threads behind.

`socketserver` accepts connections and starts threads, as it does for `http.server`. The latter is not used: it
resolves the host name when it binds, which can take seconds, and its parser is the slowest part of a small GET; see
`http`.

No client can take up the server. The number of connections is limited. The limits of time are checked by the accepting
thread: a connection may be idle for a while, but must send a request, once it has begun, and read the response soon. If
all connections are taken, a new one replaces the one that has waited longest for its client. If none waits, because
all requests are being answered, the new one gets a 503.
"""

from __future__ import annotations

import contextlib
import errno
import operator
import os
import socket
import socketserver
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from poseidon_nb.errors import ConfigurationError
from poseidon_nb.sandbox.http import HTTPRequest, MalformedRequest, encode_response, read_request
from poseidon_nb.sandbox.responses import SERVER_ERROR_TEXT, HTTPResponse
from poseidon_nb.sandbox.store import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from io import BufferedReader
    from ssl import SSLContext
    from typing import Any

    from poseidon_nb.clock import Clock

HOST = "127.0.0.1"
#: How often the accepting thread checks for a stop.
_POLL_S = 0.02
_JOIN_S = 2.0
MAX_CONNECTIONS = 256
#: How long a connection may be silent between requests.
IDLE_S = 300.0
#: How long sending a request may take, and reading a response.
TRANSFER_S = 30.0
#: How long a response must have been waiting for its reader before its connection is given to another client.
_READ_S = 2.0
#: How long the rest of an invalid request is read.
_DRAIN_S = 2.0
#: How often the connections are checked for their limits of time.
_CHECK_S = 1.0
#: The first byte of a TLS connection.
_HANDSHAKE = b"\x16"


class _Wait(NamedTuple):
    """What a connection waits for.

    Attributes
    ----------
    since, deadline : float
        On the monotonic clock.
    reading : bool
        Whether it waits for the client's request; otherwise for the client to read the response.
    """

    since: float
    deadline: float
    reading: bool = True


class _ConnectionServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Accepts connections and keeps track of them and their threads, so that a stop can end both."""

    daemon_threads = True
    request_queue_size = 512
    # On Windows this option would let a second server take over the port.
    allow_reuse_address = os.name == "posix"

    def __init__(
        self,
        port: int,
        dispatch: Callable[[str, str, str, Mapping[str, str], bytes], HTTPResponse],
        clock: Clock,
        tls: SSLContext | None,
    ) -> None:
        self.dispatch = dispatch
        self.clock = clock
        self.tls = tls
        self.stopping = threading.Event()
        self.open: set[socket.socket] = set()
        #: The connections that wait for their clients.
        self.waits: dict[socket.socket, _Wait] = {}
        #: The connections that were cut because they waited too long.
        self.cut: set[socket.socket] = set()
        self._next_check = 0.0
        self.threads: list[threading.Thread] = []
        super().__init__((HOST, port), _ConnectionHandler)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection. With TLS, its thread does the handshake when it reads first."""
        connection, address = super().get_request()
        if self.tls is not None:
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def service_actions(self) -> None:
        """Cut the connections that have waited too long; called several times a second."""
        now = time.monotonic()
        if now < self._next_check:
            return
        self._next_check = now + _CHECK_S
        for connection, wait in self.waits.copy().items():
            if wait.deadline <= now:
                self._cut(connection, wait)

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002  # the base class passes both
        """Return whether a new connection is served. If there are too many, one that waits is cut for it."""
        if len(self.open - self.cut) < MAX_CONNECTIONS:
            return True
        stuck = time.monotonic() - _READ_S
        waiting = [
            (wait.since, connection, wait)
            for connection, wait in self.waits.copy().items()
            if wait.reading or wait.since < stuck
        ]
        if waiting:
            _, connection, wait = min(waiting, key=operator.itemgetter(0))
            self._cut(connection, wait)
            return True
        text = f"The sandbox serves at most {MAX_CONNECTIONS} connections at once."
        response = error_response(503, "service_unavailable", text)
        with contextlib.suppress(OSError):
            request.setblocking(False)  # noqa: FBT003  # the name of the method says it
            request.send(encode_response(response, head_only=False, close=True))
        return False

    def _cut(self, connection: socket.socket, wait: _Wait) -> None:
        """End a wait. The connection's thread then sees the end of the stream and closes it."""
        if self.waits.get(connection) is not wait:
            return
        self.waits.pop(connection, None)
        self.cut.add(connection)
        with contextlib.suppress(OSError):
            _shut(connection, socket.SHUT_RD if wait.reading else socket.SHUT_RDWR)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in its own thread."""
        thread = threading.Thread(
            target=self.process_request_thread,
            args=(request, client_address),
            name="poseidon-sandbox-connection",
            daemon=True,
        )
        self.open.add(request)
        self.threads = [*filter(threading.Thread.is_alive, self.threads), thread]
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        """Close a connection and forget it."""
        super().shutdown_request(request)
        for connections in (self.open, self.cut):
            connections.discard(request)
        self.waits.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnected; the base class prints anything else, which is a bug."""
        import sys  # noqa: PLC0415  # only for the rare case

        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _ConnectionHandler(socketserver.StreamRequestHandler):
    """Serves one connection until it closes."""

    server: _ConnectionServer
    rfile: BufferedReader
    wbufsize = -1
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Answer the requests of a connection one by one."""
        # A client may disconnect in the middle of a request.
        with contextlib.suppress(ConnectionError, TimeoutError):
            if self.server.tls is not None and self._is_plain():
                return
            while not self.server.stopping.is_set() and self._handle_one():
                pass

    def _is_plain(self) -> bool:
        """Return whether the client does not use TLS; if so, answer with an error."""
        self._wait(TRANSFER_S)
        first = socket.socket.recv(self.connection, 1, socket.MSG_PEEK)
        self.server.waits.pop(self.connection, None)
        if first in {b"", _HANDSHAKE}:
            return not first
        response = error_response(400, "bad_request", "This sandbox uses TLS. Its URL begins with https://.")
        socket.socket.sendall(self.connection, encode_response(response, head_only=False, close=True))
        return True

    def _handle_one(self) -> bool:
        """Handle one request and return whether another may follow."""
        server = self.server
        try:
            request = self._read_request()
        except MalformedRequest as error:
            self._send_error(error)
            return False
        if request is None:
            return False
        try:
            response = server.dispatch(request.method, request.path, request.query, request.headers, request.body)
        except Exception:  # noqa: BLE001  # our own bug: print it and answer 500
            server.handle_error(self.request, self.client_address)
            response = error_response(500, "server_error", SERVER_ERROR_TEXT)
        if response.wait_s and server.clock.wait(server.stopping, response.wait_s):
            return False
        if response.dropped:
            return False
        self._write(encode_response(response, head_only=request.method == "HEAD", close=not request.keep_alive))
        return request.keep_alive and self.connection not in server.cut

    def _read_request(self) -> HTTPRequest | None:
        """Read a request, or return None if the client closed the connection or was silent for too long."""
        self._wait(IDLE_S)
        try:
            if not self.rfile.peek(1):
                return None
            self._wait(TRANSFER_S)
            return read_request(self.rfile, self.wfile)
        except MalformedRequest:
            if self.connection in self.server.cut:
                raise MalformedRequest(408, f"The request was not complete after {TRANSFER_S:g} s.") from None
            raise
        finally:
            self.server.waits.pop(self.connection, None)

    def _wait(self, limit_s: float, *, reading: bool = True) -> None:
        """Set for how long the connection may wait for its client."""
        now = time.monotonic()
        self.server.waits[self.connection] = _Wait(now, now + limit_s, reading)

    def _write(self, message: bytes) -> None:
        self._wait(TRANSFER_S, reading=False)
        self.wfile.write(message)
        self.wfile.flush()
        self.server.waits.pop(self.connection, None)

    def _send_error(self, error: MalformedRequest) -> None:
        response = error_response(error.status, "bad_request", str(error))
        self._write(encode_response(response, head_only=False, close=True))
        # Closing with unread bytes would reset the connection, and the client might never see the response.
        _shut(self.connection, socket.SHUT_WR)
        self.connection.settimeout(0.5)
        self._wait(_DRAIN_S)
        left = 1 << 20
        with contextlib.suppress(OSError):
            while left > 0 and (read := len(self.connection.recv(1 << 16))):
                left -= read


def _shut(connection: socket.socket, how: int) -> None:
    """Shut down a connection. That of `SSLSocket` would go on in plain text in the connection's thread."""
    socket.socket.shutdown(connection, how)


def error_response(status: int, id_: str, message: str) -> HTTPResponse:
    """Return an error response for a request that did not pass through `dispatch`."""
    body = to_json({"id": id_, "message": message})
    return HTTPResponse(status, body, [("content-type", "application/json; charset=utf-8")])


class Server:
    """The listening side of a sandbox.

    Parameters
    ----------
    port : int
        The port on 127.0.0.1; 0 takes any free port.
    dispatch : callable
        Handles a request.
    clock : Clock
        Waits for delays.
    tls : SSLContext, optional
        The certificate, for TLS.

    Raises
    ------
    ConfigurationError
        The port is in use or not allowed.
    """

    def __init__(
        self,
        port: int,
        dispatch: Callable[[str, str, str, Mapping[str, str], bytes], HTTPResponse],
        clock: Clock,
        tls: SSLContext | None = None,
    ) -> None:
        # Bound here, in the caller's thread, so that the caller gets the exception.
        try:
            self._connections = _ConnectionServer(port, dispatch, clock, tls)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                reason = f"Port {port} is in use. Stop the program that uses it, or choose another port (0 is any free port)."
            elif error.errno == errno.EACCES:
                reason = f"Port {port} is not allowed for this user. Choose a port above 1023 (0 is any free port)."
            else:
                raise
            raise ConfigurationError(reason) from error
        self.port: int = self._connections.server_address[1]
        self._thread = threading.Thread(
            target=self._connections.serve_forever,
            kwargs={"poll_interval": _POLL_S},
            name="poseidon-sandbox",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Close the port and all connections, and wait for their threads to end."""
        connections = self._connections
        connections.stopping.set()
        connections.shutdown()
        self._thread.join(_JOIN_S)
        connections.server_close()
        for connection in connections.open.copy():
            with contextlib.suppress(OSError):
                _shut(connection, socket.SHUT_RDWR)
        for thread in connections.threads:
            thread.join(_JOIN_S)
