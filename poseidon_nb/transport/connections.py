"""Connections that bound a request as a whole, and know whether any of it has left.

The time limit of a socket is one for each silence: a server that sends a byte a second is never silent. Here every step,
from the connection's opening to the last byte of the body, gets what is left of the request's time.
"""

from __future__ import annotations

import http.client
import io
import socket
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any

import urllib3.util.connection
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from poseidon_nb.clock import SYSTEM_CLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Buffer
    from urllib3.connectionpool import HTTPConnectionPool
    from urllib3.poolmanager import PoolManager

CONNECT_TIMEOUT_S = 10.0
#: What TLS sends in one step, in bytes: each has its own time limit.
_STEP = 16_384


class Attempt:
    """One request on its way.

    Parameters
    ----------
    timeout_s : float
        How long it may take, in seconds.
    """

    def __init__(self, timeout_s: float) -> None:
        self._ends_s = SYSTEM_CLOCK.monotonic() + timeout_s
        #: Whether a byte of the request may have left; None while nothing is known of any connection.
        self.sent: bool | None = None

    def left_s(self, most_s: float = float("inf")) -> float:
        """Return the seconds that are left, or so many if they are fewer; raise `TimeoutError` if there are none."""
        left_s = self._ends_s - SYSTEM_CLOCK.monotonic()
        if left_s <= 0:
            raise TimeoutError("timed out")
        return min(left_s, most_s)


_attempt: ContextVar[Attempt] = ContextVar("attempt")


@contextmanager
def bounded(timeout_s: float) -> Iterator[Attempt]:
    """Bound the one request that this thread sends within the block."""
    token = _attempt.set(Attempt(timeout_s))
    try:
        yield _attempt.get()
    finally:
        _attempt.reset(token)


class BoundedAdapter(HTTPAdapter):
    """The adapter of ``requests``, with connections that belong to an `Attempt`."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools."""
        super().init_poolmanager(*args, **kwargs)
        _use_bounded(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Return the pools of a proxy."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        _use_bounded(manager)
        return manager


def _use_bounded(manager: PoolManager) -> None:
    # Not assigned in general: the manager of a SOCKS proxy has its own kinds of pools.
    manager.pool_classes_by_scheme = {
        scheme: _bounded_pool(kind) for scheme, kind in manager.pool_classes_by_scheme.items()
    }


@cache
def _bounded_pool(kind: type[HTTPConnectionPool]) -> type[HTTPConnectionPool]:
    if issubclass(kind.ConnectionCls, _Bounded):
        return kind
    connection = type("Bounded" + kind.ConnectionCls.__name__, (_Bounded, kind.ConnectionCls), {})
    return type("Bounded" + kind.__name__, (kind,), {"ConnectionCls": connection})


class _Reader(io.RawIOBase):
    """A socket's reader whose every read gets what is left of the request's time."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._attempt = _attempt.get()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int | None:
        self._sock.settimeout(self._attempt.left_s())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        # The socket counts its readers, and is closed with the last of them.
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Reader(self.fp.detach(), sock))


class _Bounded(HTTPConnection):
    """What is mixed into each kind of connection."""

    response_class = _Response

    def connect(self) -> None:
        attempt = _attempt.get()
        attempt.sent = False
        try:
            super().connect()
        finally:
            # What a proxy was sent to open a tunnel was not the request.
            attempt.sent = False

    def _new_conn(self) -> socket.socket:
        """Connect to one address after the other, all of them in the time that one has."""
        attempt, name = _attempt.get(), self.host
        ends = Attempt(attempt.left_s(CONNECT_TIMEOUT_S))
        # Behind a SOCKS proxy names are the proxy's to look up.
        ours = super()._new_conn.__module__ == HTTPConnection.__module__
        addresses = (_addresses(name, self.port) if ours else []) or [name]
        try:
            for address in addresses:
                self.host, self.timeout = address, ends.left_s()
                try:
                    sock: socket.socket = super()._new_conn()
                except (ConnectTimeoutError, NewConnectionError):
                    if address == addresses[-1]:
                        raise
                else:
                    # For the handshake that may follow.
                    sock.settimeout(ends.left_s())
                    return sock
        finally:
            self.host = name
        raise AssertionError  # the last address raised

    def send(self, data: bytes) -> None:  # type: ignore[override]  # no request of ours streams
        attempt = _attempt.get()
        if self.sock is None:
            self.connect()
        attempt.sent = True
        for start in range(0, len(data), _STEP):
            self.sock.settimeout(attempt.left_s())
            super().send(data[start : start + _STEP])


def _addresses(host: str, port: int | None) -> list[str]:
    """Return the addresses of a host, in order; none where it has to be left to urllib3 to say why."""
    try:
        found = socket.getaddrinfo(host, port, urllib3.util.connection.allowed_gai_family(), socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [*dict.fromkeys(str(one[4][0]) for one in found)]
