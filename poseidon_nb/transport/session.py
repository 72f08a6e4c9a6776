"""One pooled session to one account: sends a request when it may, again where it may, and turns failures into ours."""

from __future__ import annotations

import http.cookiejar
import random
import threading
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

import poseidon_nb
from poseidon_nb.clock import SYSTEM_CLOCK, Clock
from poseidon_nb.errors import ConnectionFailed, InvalidArgument, ReadOnly, TimedOut, TransportError
from poseidon_nb.transport.address import PRODUCTION, checked_base_url, is_loopback
from poseidon_nb.transport.rate_limit import RateLimiter
from poseidon_nb.transport.replies import Reply, error_for
from poseidon_nb.transport.retry import TOO_MANY_REQUESTS, Outcome, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from poseidon_nb.transport.credentials import Credential, Token
    from poseidon_nb.transport.request import Request

#: Connections at once, to the one host that there is.
CONNECTIONS = 16
CONNECT_TIMEOUT_S = 10.0
_READS = frozenset({"GET", "HEAD"})
_REDIRECTS = range(300, 400)
_WORTH_TELLING_S = 1.0


class _Bearer(AuthBase):
    """Sets the header as ``auth=``: set as a plain header, ``~/.netrc`` would replace it."""

    def __init__(self, token: Token) -> None:
        self._token = token

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        prepared.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return prepared


class Session:
    """A road to one account.

    Parameters
    ----------
    credential : Credential
        The token, and where it came from.
    base_url : str
        ``https://...``; ``http://`` only for this machine.
    timeout_s : float
        Longest wait for one reply, in seconds.
    read_only : bool
        Refuse every request but GET.
    clock : Clock
        Whose time it is.
    policy : RetryPolicy
        When to send again.
    chance : callable
        Gives a number from 0 to 1, for the jitter.

    Notes
    -----
    Safe to use from several threads; they share at most 16 connections.
    """

    def __init__(  # noqa: PLR0913  # what a road is made of, all by keyword
        self,
        credential: Credential,
        *,
        base_url: str = PRODUCTION,
        timeout_s: float = 30.0,
        read_only: bool = False,
        clock: Clock = SYSTEM_CLOCK,
        policy: RetryPolicy | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        if not timeout_s > 0:
            raise InvalidArgument(f"timeout_s must be more than 0 seconds, not {timeout_s}")
        self.base_url = checked_base_url(base_url)
        self.credential = credential
        self.timeout_s = timeout_s
        self.read_only = read_only
        self.clock = clock
        self._policy = policy or RetryPolicy()
        self._chance = chance
        self._limiter = RateLimiter()
        self._lock = threading.Lock()
        self._server_ahead_s: float | None = None
        self._http = self._new_http()

    def __repr__(self) -> str:
        return f"<Session {self.base_url} token of {self.credential.source}>"

    @property
    def loopback(self) -> bool:
        """Whether the account is on this machine, as a sandbox is."""
        return is_loopback(urlsplit(self.base_url).hostname or "")

    def send(self, request: Request, *, on_wait: Callable[[float, str], None] | None = None) -> Reply:
        """Send a request and give its reply; blocks, and repeats where that is safe.

        Parameters
        ----------
        request : Request
        on_wait : callable, optional
            Told the seconds and the reason of each pause of a second or more, before it.

        Raises
        ------
        ReadOnly
            The request would change something and this session only reads.
        APIError
            DigitalOcean refused, or failed.
        ConnectionFailed, TimedOut
            No reply came. A request other than GET or PUT may have been carried out all the same.
        """
        if self.read_only and request.method not in _READS:
            raise ReadOnly(
                f"read-only: {request.label} would change the account; connect without read_only to allow it"
            )
        attempt = 0
        while True:
            attempt += 1
            self._take_turn(on_wait)
            reply, failure, outcome = self._try_once(request)
            if reply is not None and reply.status < _REDIRECTS.start:
                return reply
            now = self.server_now()
            wait = self._policy.next_wait(request.method, outcome, attempt, now, self._chance())
            if wait is None:
                if failure is not None:
                    raise failure
                assert reply is not None  # noqa: S101  # tells mypy what _try_once promises
                raise error_for(request, reply, self.credential, now)
            if outcome.status == TOO_MANY_REQUESTS:
                with self._lock:
                    self._limiter.pause(self.clock.monotonic() + wait.seconds)
            self._pause(wait.seconds, wait.reason, on_wait)

    def server_now(self) -> datetime:
        """Give the time of day by the server's clock, as far as its replies have told; UTC."""
        return self.clock.now() + timedelta(seconds=self._server_ahead_s or 0.0)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # --- one try -----------------------------------------------------------------------------------------------------
    def _try_once(self, request: Request) -> tuple[Reply | None, TransportError | None, Outcome]:
        with self._lock:
            self._limiter.begin()
        headers: dict[str, str] = {}
        try:
            response = self._http.send(
                self._prepared(request),
                timeout=(min(self.timeout_s, CONNECT_TIMEOUT_S), self.timeout_s),
                allow_redirects=False,
                proxies=self._proxies,
                verify=self._verify,
                cert=self._cert,
            )
            headers = {name.lower(): value for name, value in response.headers.items()}
            self._note_date(headers.get("date"))
            if response.status_code in _REDIRECTS:
                # A redirect would carry the token to a place that the user did not name.
                redirected = ConnectionFailed(
                    f"{request.label}: {self.base_url} answered with a redirect ({response.status_code}), which is not followed"
                )
                return None, redirected, Outcome(status=response.status_code)
            reply = Reply(response.status_code, headers, response.content)
            return reply, None, Outcome(reply.status, headers=headers)
        except requests.RequestException as exc:
            failure, sent = self._failure(request, exc)
            failure.__cause__, failure.sent = exc, sent
            return None, failure, Outcome(None, sent=sent)
        finally:
            with self._lock:
                self._limiter.end(headers, self.clock.monotonic())

    def _failure(self, request: Request, exc: requests.RequestException) -> tuple[TransportError, bool]:
        """Give our error for one of ``requests``, and whether the server may have seen the request."""
        where = urlsplit(self.base_url).netloc
        if isinstance(exc, requests.exceptions.ConnectTimeout):
            return TimedOut(f"{request.label}: {where} did not accept a connection in time"), False
        if isinstance(exc, requests.Timeout):
            return TimedOut(f"{request.label}: {where} did not answer within {self.timeout_s:g} s"), True
        if isinstance(exc, requests.exceptions.SSLError):
            return ConnectionFailed(f"{request.label}: {where} does not prove who it is ({_root(exc)})"), False
        if isinstance(exc, requests.exceptions.ProxyError):
            return ConnectionFailed(f"{request.label}: the proxy cannot be reached ({_root(exc)})"), False
        if isinstance(exc, requests.ConnectionError) and _never_connected(exc):
            hint = "; is the sandbox still running?" if self.loopback else ""
            return ConnectionFailed(f"{request.label}: cannot reach {where} ({_root(exc)}){hint}"), False
        return ConnectionFailed(f"{request.label}: the connection to {where} was lost ({_root(exc)})"), True

    def _prepared(self, request: Request) -> requests.PreparedRequest:
        headers = {**self._headers, **request.headers}
        payload = request.payload
        if payload is not None:
            content_type = "application/octet-stream" if isinstance(request.body, bytes) else "application/json"
            headers.setdefault("Content-Type", content_type)
        prepared = requests.PreparedRequest()
        prepared.prepare(
            method=request.method,
            url=self.base_url + request.target,
            headers=headers,
            data=payload,
            auth=self._bearer,
        )
        return prepared

    def _new_http(self) -> requests.Session:
        http_session = requests.Session()
        # No cookies: they are shared state between threads, and the API needs none.
        http_session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=CONNECTIONS, pool_block=True)
        http_session.mount("https://", adapter)
        http_session.mount("http://", adapter)
        # A proxy that the environment names is for the outside world; what runs on this machine is reached directly.
        http_session.trust_env = not self.loopback
        self._bearer = _Bearer(self.credential.token)
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": f"poseidon-nb/{poseidon_nb.__version__}",
        }
        # Asked of the environment once, not for each of many pages.
        merged = http_session.merge_environment_settings(self.base_url, {}, None, None, None)
        self._proxies, self._verify, self._cert = merged["proxies"], merged["verify"], merged["cert"]
        return http_session

    # --- waiting -----------------------------------------------------------------------------------------------------
    def _take_turn(self, on_wait: Callable[[float, str], None] | None) -> None:
        while True:
            with self._lock:
                delay_s = self._limiter.delay_s(self.clock.monotonic())
            if delay_s <= 0:
                return
            self._pause(delay_s, "rate limit", on_wait)

    def _pause(self, seconds: float, reason: str, on_wait: Callable[[float, str], None] | None) -> None:
        if on_wait is not None and seconds >= _WORTH_TELLING_S:
            on_wait(seconds, reason)
        self.clock.sleep(seconds)

    def _note_date(self, date: str | None) -> None:
        # Whole seconds; a reply that was quick tells the difference to within one.
        if date is None:
            return
        try:
            self._server_ahead_s = (parsedate_to_datetime(date) - self.clock.now()).total_seconds()
        except (TypeError, ValueError):
            return


def _never_connected(exc: BaseException) -> bool:
    """Say whether urllib3 failed before it had a connection, so that nothing can have been sent."""
    kinds = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.NameResolutionError)
    seen: list[BaseException] = [exc]
    for error in seen:
        if isinstance(error, kinds):
            return True
        inner = [*error.args, getattr(error, "reason", None)]
        seen += [cause for cause in inner if isinstance(cause, BaseException) and cause not in seen]
    return False


def _root(exc: BaseException) -> str:
    """Give the innermost reason in a few words: urllib3 wraps it several times and adds addresses of objects."""
    error: BaseException = exc
    while True:
        inner = [*error.args, getattr(error, "reason", None), error.__cause__]
        deeper = next((cause for cause in inner if isinstance(cause, BaseException) and cause is not error), None)
        if deeper is None:
            break
        error = deeper
    if isinstance(error, OSError) and error.strerror:
        return str(error.strerror)
    text = str(error.args[-1] if error.args else error)
    return text.split(": ", 1)[-1] if " object at 0x" in text else text or type(error).__name__
