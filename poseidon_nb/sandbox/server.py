"""A threaded server on 127.0.0.1 that can stop without leaving connections or threads behind.

`socketserver` accepts connections and starts threads, as it does for `http.server`. The latter is not used: it
resolves the host name when it binds, which can take seconds, and its parser is the slowest part of a small GET; see
`http`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import socketserver
import threading
from typing import TYPE_CHECKING

from poseidon_nb.errors import ConfigurationError
from poseidon_nb.sandbox.http import MalformedRequest, encode_response, read_request
from poseidon_nb.sandbox.responses import SERVER_ERROR_TEXT, HTTPResponse
from poseidon_nb.sandbox.store import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from poseidon_nb.clock import Clock

HOST = "127.0.0.1"
#: How often the accepting thread checks for a stop.
_POLL_S = 0.02
_JOIN_S = 2.0


class _ConnectionServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Accepts connections and keeps track of them and their threads, so that a stop can end both."""

    daemon_threads = True
    request_queue_size = 128
    # On Windows this option would let a second server take over the port.
    allow_reuse_address = os.name == "posix"

    def __init__(
        self,
        port: int,
        dispatch: Callable[[str, str, str, Mapping[str, str], bytes], HTTPResponse],
        clock: Clock,
    ) -> None:
        self.dispatch = dispatch
        self.clock = clock
        self.stopping = threading.Event()
        self.open: set[socket.socket] = set()
        self.threads: list[threading.Thread] = []
        super().__init__((HOST, port), _ConnectionHandler)

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
        self.open.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnected; the base class prints anything else, which is a bug."""
        import sys  # noqa: PLC0415  # only for the rare case

        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _ConnectionHandler(socketserver.StreamRequestHandler):
    """Serves one connection until it closes."""

    server: _ConnectionServer
    wbufsize = -1
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Answer the requests of a connection one by one."""
        # A client may disconnect in the middle of a request.
        with contextlib.suppress(ConnectionError, TimeoutError):
            while not self.server.stopping.is_set() and self._handle_one():
                pass

    def _handle_one(self) -> bool:
        """Handle one request and return whether another may follow."""
        server = self.server
        try:
            request = read_request(self.rfile, self.wfile)
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
        self.wfile.write(encode_response(response, head_only=request.method == "HEAD", close=not request.keep_alive))
        self.wfile.flush()
        return request.keep_alive

    def _send_error(self, error: MalformedRequest) -> None:
        response = error_response(error.status, "bad_request", str(error))
        self.wfile.write(encode_response(response, head_only=False, close=True))
        self.wfile.flush()
        # Closing with unread bytes would reset the connection, and the client might never see the response.
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(0.5)
        left = 1 << 20
        with contextlib.suppress(OSError):
            while left > 0 and (read := len(self.connection.recv(1 << 16))):
                left -= read


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
    ) -> None:
        # Bound here, in the caller's thread, so that the caller gets the exception.
        try:
            self._connections = _ConnectionServer(port, dispatch, clock)
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
                connection.shutdown(socket.SHUT_RDWR)
        for thread in connections.threads:
            thread.join(_JOIN_S)
