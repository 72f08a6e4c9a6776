"""Connections with a time limit for the whole request, which also know whether any byte of it was sent.

A socket timeout applies to each silence, so a server that sends a byte a second never times out. Here each step, from
connecting to the last byte of the body, gets the time that remains for the request.
"""

from __future__ import annotations

import http.client
import io
import re
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
from poseidon_nb.masking import mask_query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Buffer
    from urllib3.connectionpool import HTTPConnectionPool
    from urllib3.poolmanager import PoolManager

CONNECT_TIMEOUT_S = 10.0
_AUTHORIZATION = re.compile(r"(authorization: )[^\r\n]*", re.IGNORECASE)
#: Bytes that TLS sends in one step; each step gets its own timeout.
_CHUNK = 16_384


class TimeBudget:
    """The remaining time of one request.

    Parameters
    ----------
    timeout_s : float
        Total time for the request, in seconds.
    """

    def __init__(self, timeout_s: float) -> None:
        self._ends_s = SYSTEM_CLOCK.monotonic() + timeout_s
        #: Whether a byte of the request may have been sent; None before a connection is used.
        self.sent: bool | None = None

    def remaining_s(self, max_s: float = float("inf")) -> float:
        """Return the remaining seconds, at most `max_s`; raise `TimeoutError` if there are none."""
        remaining_s = self._ends_s - SYSTEM_CLOCK.monotonic()
        if remaining_s <= 0:
            raise TimeoutError("timed out")
        return min(remaining_s, max_s)


_budget: ContextVar[TimeBudget] = ContextVar("budget")


@contextmanager
def time_limit(timeout_s: float) -> Iterator[TimeBudget]:
    """Limit the time of the one request that this thread sends within the block."""
    token = _budget.set(TimeBudget(timeout_s))
    try:
        yield _budget.get()
    finally:
        _budget.reset(token)


class TimeLimitedAdapter(HTTPAdapter):
    """The adapter of ``requests`` with connections that use the current `TimeBudget`."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Create the connection pools."""
        super().init_poolmanager(*args, **kwargs)
        _use_time_limits(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Return the connection pools of a proxy."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        _use_time_limits(manager)
        return manager


def _use_time_limits(manager: PoolManager) -> None:
    # Derived from the manager's own classes: a SOCKS proxy has other pool classes.
    manager.pool_classes_by_scheme = {
        scheme: _time_limited_pool(kind) for scheme, kind in manager.pool_classes_by_scheme.items()
    }


@cache
def _time_limited_pool(kind: type[HTTPConnectionPool]) -> type[HTTPConnectionPool]:
    if issubclass(kind.ConnectionCls, _TimeLimited):
        return kind
    connection = type("TimeLimited" + kind.ConnectionCls.__name__, (_TimeLimited, kind.ConnectionCls), {})
    return type("TimeLimited" + kind.__name__, (kind,), {"ConnectionCls": connection})


class _Reader(io.RawIOBase):
    """A socket reader whose reads time out with the request's budget."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._budget = _budget.get()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int | None:
        self._sock.settimeout(self._budget.remaining_s())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        # The socket counts its readers and closes with the last one.
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, _debuglevel: int = 0, **kwargs: Any) -> None:
        super().__init__(sock, http.client.HTTPConnection.debuglevel, **kwargs)
        self.fp = io.BufferedReader(_Reader(self.fp.detach(), sock))


class _TimeLimited(HTTPConnection):
    """A mixin for all connection classes."""

    response_class = _Response
    #: Otherwise http.client prints requests with the token, and with the secrets in a body. `send` prints the rest.
    debuglevel = 0

    def connect(self) -> None:
        budget = _budget.get()
        budget.sent = False
        try:
            super().connect()
        finally:
            # Bytes sent to a proxy to open a tunnel are not part of the request.
            budget.sent = False

    def _new_conn(self) -> socket.socket:
        """Try all addresses of the host within the connect timeout."""
        name = self.host
        budget = TimeBudget(_budget.get().remaining_s(CONNECT_TIMEOUT_S))
        # A SOCKS proxy resolves names itself.
        direct = super()._new_conn.__module__ == HTTPConnection.__module__
        addresses = (_addresses(name, self.port) if direct else []) or [name]
        try:
            for address in addresses:
                self.host, self.timeout = address, budget.remaining_s()
                try:
                    sock: socket.socket = super()._new_conn()
                except (ConnectTimeoutError, NewConnectionError):
                    if address == addresses[-1]:
                        raise
                else:
                    # For a TLS handshake.
                    sock.settimeout(budget.remaining_s())
                    return sock
        finally:
            self.host = name
        raise AssertionError  # unreachable: the last address raises

    def send(self, data: bytes) -> None:  # type: ignore[override]  # our requests never stream
        budget = _budget.get()
        if self.sock is None:
            self.connect()
        budget.sent = True
        if http.client.HTTPConnection.debuglevel > 0:
            print(f"send: {_printable_head(data)!r}, {len(data):,} bytes")  # noqa: T201  # as http.client does
        for start in range(0, len(data), _CHUNK):
            self.sock.settimeout(budget.remaining_s())
            super().send(data[start : start + _CHUNK])


def _printable_head(data: bytes) -> str:
    """Return the request line and headers without the token and other secrets; nothing of a body."""
    head, _, _ = data.partition(b"\r\n\r\n")
    line, _, headers = head.decode("latin-1").partition("\r\n")
    if not line.endswith(("HTTP/1.1", "HTTP/1.0")):
        return "(body)"
    return _AUTHORIZATION.sub(r"\1…", f"{mask_query(line)}\r\n{headers}")


def _addresses(host: str, port: int | None) -> list[str]:
    """Return the addresses of a host in order; none on failure, so that urllib3 raises the error."""
    try:
        found = socket.getaddrinfo(host, port, urllib3.util.connection.allowed_gai_family(), socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [*dict.fromkeys(str(one[4][0]) for one in found)]
