"""Pooled connections to the one host that there is: a `Request` out, a `Reply` in, once, with no opinion on repeating.

Requests go straight to the adapter of ``requests``, past its `Session`, which would keep cookies, look where redirects
lead, and put a password from ``~/.netrc`` in the token's place.
"""

from __future__ import annotations

import http.client
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from poseidon_nb.errors import InvalidArgument, TimedOut, TransportError
from poseidon_nb.transport.address import is_loopback
from poseidon_nb.transport.connections import BoundedAdapter, bounded
from poseidon_nb.transport.failures import failure_for, seconds
from poseidon_nb.transport.replies import Reply
from poseidon_nb.version import __version__

if TYPE_CHECKING:
    from poseidon_nb.transport.credentials import Token
    from poseidon_nb.transport.request import Request

#: Connections at once.
CONNECTIONS = 16
#: Headers that are the wire's own: who asks, whom, and where the body ends.
_OURS = frozenset({"authorization", "connection", "content-length", "cookie", "host", "transfer-encoding"})


class _Bearer(str):
    """The header's value, with a repr that a traceback with locals may print."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'Bearer …'"


class Wire:
    """Connections to a host, and the token that goes over them.

    Parameters
    ----------
    base_url : str
        Checked.
    token : Token

    Notes
    -----
    Safe to use from several threads; a seventeenth waits for a connection.
    """

    def __init__(self, base_url: str, token: Token) -> None:
        parts = urlsplit(base_url)
        self._base_url = base_url
        self._where = parts.netloc
        self.loopback = is_loopback(parts.hostname or "")
        self._token = token
        self._adapter = BoundedAdapter(pool_connections=1, pool_maxsize=CONNECTIONS, pool_block=True)
        # Not left to the pool, which waits for a connection without end.
        self._free = threading.BoundedSemaphore(CONNECTIONS)
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": f"poseidon-nb/{__version__}",
        }
        self._settings = self._from_environment()

    def send(self, request: Request, *, timeout_s: float) -> Reply:
        """Send a request once; blocks.

        Parameters
        ----------
        request : Request
        timeout_s : float
            How long it may take as a whole, in seconds: to wait for a connection, connect, send, and read the answer.

        Raises
        ------
        InvalidArgument
            It cannot be put on the wire.
        ConnectionFailed, TimedOut
            No whole reply came; ``sent`` says whether the server may have seen the request.
        """
        prepared = self._prepared(request)
        failure: TransportError
        with bounded(timeout_s) as attempt:
            if not self._free.acquire(timeout=timeout_s):
                failure = TimedOut(f"{request.label}: no connection was free within {seconds(timeout_s)}")
                failure.sent = False
                raise failure
            try:
                response = self._adapter.send(prepared, timeout=(timeout_s, timeout_s), **self._settings)
                body = response.content
            except (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException, ValueError) as exc:
                failure = failure_for(
                    exc,
                    label=request.label,
                    where=self._where,
                    timeout_s=timeout_s,
                    hint="; is the sandbox still running?" if self.loopback else "",
                    sent=attempt.sent,
                )
            else:
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Reply(response.status_code, headers, body)
            finally:
                self._free.release()
        # Raised out here, where Python hangs nothing onto it: its cause has lost the frames that hold the token.
        raise failure

    def close(self) -> None:
        """Close the connections."""
        self._adapter.close()

    def _prepared(self, request: Request) -> requests.PreparedRequest:
        given = {name.lower() for name in request.headers}
        taken = given & _OURS
        if taken:
            raise InvalidArgument(f"{request.label}: the header {min(taken)} is not the caller's to set")
        if not request.path.startswith("/"):
            # Behind the host's name it would become part of that name.
            raise InvalidArgument(f"{request.label}: a path begins with a slash")
        payload = request.payload
        headers = {name: value for name, value in self._headers.items() if name.lower() not in given} | {
            **request.headers
        }
        if payload is not None and "content-type" not in given:
            headers["Content-Type"] = (
                "application/octet-stream" if isinstance(request.body, bytes) else "application/json"
            )
        prepared = requests.PreparedRequest()
        try:
            prepared.prepare(method=request.method, url=self._base_url + request.target, headers=headers, data=payload)
        except (requests.RequestException, ValueError) as exc:
            raise InvalidArgument(f"{request.label}: cannot be sent ({type(exc).__name__})") from None
        prepared.headers["Authorization"] = _Bearer(f"Bearer {self._token.reveal()}")
        return prepared

    def _from_environment(self) -> dict[str, Any]:
        """Give the proxies and certificates that the environment names; asked once, not for each of many pages."""
        with requests.Session() as session:
            # A proxy is for the outside world; what runs on this machine is reached directly.
            session.trust_env = not self.loopback
            merged = session.merge_environment_settings(self._base_url, {}, None, None, None)
        return {name: merged[name] for name in ("proxies", "verify", "cert")}
