"""A session with one account: sends requests within the rate limit, retries them if safe, and raises our errors."""

from __future__ import annotations

import random
import threading
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NoReturn

from poseidon_nb.catalogue.effects import SAFE_METHODS
from poseidon_nb.clock import SYSTEM_CLOCK, Clock
from poseidon_nb.errors import (
    ConfigurationError,
    ConnectionFailed,
    InvalidArgument,
    PoseidonError,
    ReadOnly,
    TimedOut,
    TransportError,
)
from poseidon_nb.transport import cancellation, config
from poseidon_nb.transport.change_log import ChangeLog, RequestTrace
from poseidon_nb.transport.http import MAX_RESPONSE_BYTES, HTTPTransport
from poseidon_nb.transport.rate_limit import RateLimit, RateLimiter, parse_rate_limit
from poseidon_nb.transport.responses import Response, error_for
from poseidon_nb.transport.retry import TOO_MANY_REQUESTS, AttemptResult, RetryPolicy, is_refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from poseidon_nb.transport.credentials import Credential
    from poseidon_nb.transport.request import Request

_REDIRECTS = range(300, 400)
#: Shorter waits are not reported.
_MIN_REPORTED_S = 1.0
#: One day. Longer timeouts are mistakes, and sockets have a limit.
MAX_REQUEST_TIMEOUT_S = 86_400.0
#: Minimum time for an attempt that is still sent: cut off at once, it could be carried out unseen.
MIN_ATTEMPT_S = 0.5


#: A server whose clock differs by more, in seconds, sends a date that is not its time.
_MAX_AHEAD_S = 10 * 365 * 86_400


class Session:
    """A session with one account.

    Parameters
    ----------
    credential : Credential
        The token and its source.
    base_url : str
        ``https://...``; ``http://`` only for this machine.
    timeout_s : float
        Total time of one request in seconds, from connecting to the last byte of the response. Waits and retries are
        not included; `cancellation.deadline` limits those.
    read_only : bool
        Refuse all requests except GET. ``POSEIDON_READ_ONLY``, read at every request, does the same.
    max_response_bytes : int
        Largest body of a response, in bytes after decompression.
    changes : ChangeLog, optional
        The log to which each change is added once with its outcome.
    clock : Clock
    policy : RetryPolicy
    jitter : callable
        Returns a random number from 0 to 1.

    Notes
    -----
    Thread-safe. All threads share at most 16 connections.
    """

    def __init__(  # noqa: PLR0913  # all by keyword
        self,
        credential: Credential,
        *,
        base_url: str = config.DEFAULT_BASE_URL,
        timeout_s: float = 30.0,
        read_only: bool = False,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        changes: ChangeLog | None = None,
        clock: Clock = SYSTEM_CLOCK,
        policy: RetryPolicy | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        if not 0 < timeout_s <= MAX_REQUEST_TIMEOUT_S:
            raise InvalidArgument(
                f"timeout_s must be a positive number of at most {MAX_REQUEST_TIMEOUT_S:g} seconds, not {timeout_s}."
            )
        self.base_url = config.validate_base_url(base_url)
        self.credential = credential
        self.timeout_s = timeout_s
        self._read_only = read_only
        self.changes = changes
        #: The account's name for the change log, once known.
        self.account = ""
        self.clock = clock
        self._policy = policy or RetryPolicy()
        self._jitter = jitter
        self._limiter = RateLimiter()
        self._rate_limit: RateLimit | None = None
        self._lock = threading.Lock()
        self._server_ahead_s = 0.0
        #: The server's Unix time minus our monotonic time, from the last response with a date; None before.
        self.server_offset_s: float | None = None
        self._reported_until_s = 0.0
        self._http = HTTPTransport(self.base_url, credential.token, max_response_bytes=max_response_bytes)
        #: Whether the server may be a sandbox, so that it is asked. Others are not sent requests that they do not know.
        self.may_be_sandbox = self._http.loopback

    def __repr__(self) -> str:
        return f"<Session {self.base_url} with the token from {self.credential.source}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a session cannot be pickled: it holds a token and open connections")

    @property
    def rate_limit(self) -> RateLimit | None:
        """The rate limit from the last response that stated one; None before. Sends nothing."""
        return self._rate_limit

    @property
    def read_only(self) -> bool:
        """Whether all requests except GET are currently refused."""
        try:
            return self._read_only or config.is_read_only()
        except ConfigurationError:
            return True

    def send(self, request: Request, *, on_wait: Callable[[float, str], None] | None = None) -> Response:
        """Send a request and return its response; blocks. Retries if that is safe.

        Parameters
        ----------
        request : Request
        on_wait : callable, optional
            Called before each wait of a second or more, with its seconds and reason.

        Raises
        ------
        ReadOnly
            The request would change something and the session is read-only.
        ConfigurationError
            The request would change something and the value of ``POSEIDON_READ_ONLY`` is invalid.
        APIError
            DigitalOcean refused the request or failed.
        ShapeError
            The response to a GET was malformed in every attempt.
        ConnectionFailed, TimedOut
            No response arrived. A request that cannot be retried may still have been carried out.
        """
        if request.method != "GET":
            self._refuse_if_read_only(request)
        trace = RequestTrace(request)
        try:
            return self._send_with_retries(request, on_wait, trace)
        except BaseException as error:
            trace.fail(error)
            raise
        finally:
            # Also after Ctrl-C between a request and its response: that change may have to be looked up.
            self._log_change(request, trace)

    def server_now(self) -> datetime:
        """Return the current time by the server's clock, as far as it is known from responses; UTC."""
        return self.clock.now() + timedelta(seconds=self._server_ahead_s)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _send_with_retries(
        self, request: Request, on_wait: Callable[[float, str], None] | None, trace: RequestTrace
    ) -> Response:
        attempts = 0
        result: Response | TransportError | None = None
        #: The last attempt that may have been carried out.
        uncertain: Response | TransportError | None = None
        while True:
            attempts += 1
            if not self._acquire_slot(request, on_wait):
                raise self._error(request, result, uncertain)
            trace.start_attempt(self.clock.now())
            result = self._send_once(request)
            trace.end_attempt(result)
            if isinstance(result, Response) and result.status < _REDIRECTS.start and not result.is_malformed(request):
                return result
            if isinstance(result, Response):
                attempt = AttemptResult(result.status, headers=result.headers)
            else:
                attempt = AttemptResult(None, sent=result.sent)
            if attempt.sent and not (attempt.status and is_refusal(attempt.status)):
                uncertain = result
            delay = self._policy.next_delay(
                request.method,
                attempt,
                attempts,
                self.server_now(),
                self._jitter(),
                operation_id=request.operation_id,
            )
            if delay is None:
                raise self._error(request, result, uncertain)
            if attempt.status == TOO_MANY_REQUESTS:
                # The limit is per token, so all threads wait, each when it acquires its next slot.
                with self._lock:
                    self._limiter.pause(self.clock.monotonic() + delay.seconds)
            elif self._fits_deadline(delay.seconds):
                self._wait(delay.seconds, delay.reason, on_wait)
            else:
                raise self._error(request, result, uncertain)

    def _refuse_if_read_only(self, request: Request) -> None:
        if self._read_only:
            remedy = "Connect without read_only"
        elif config.is_read_only():
            remedy = f"Unset {config.READ_ONLY}"
        else:
            return
        raise ReadOnly(
            f"{request.label} would change the account, but read-only mode is on. {remedy} to allow changes."
        )

    def _log_change(self, request: Request, trace: RequestTrace) -> None:
        if self.changes is None or request.method in SAFE_METHODS:
            return
        change = trace.to_change(self.account, self.credential.token)
        if change is not None:
            self.changes.add(change)

    def _send_once(self, request: Request) -> Response | TransportError:
        """Send a request once and release its slot."""
        response: Response | None = None
        nothing_done = False
        try:
            response = self._http.send(request, timeout_s=self._attempt_timeout_s())
            nothing_done = is_refusal(response.status)
        except InvalidArgument:
            nothing_done = True
            raise
        except TransportError as failure:
            nothing_done = not failure.sent
            return failure
        finally:
            scope = cancellation.current()
            if scope is not None and request.method not in SAFE_METHODS:
                scope.end_change(nothing_done=nothing_done)
            headers = {} if response is None else response.headers
            with self._lock:
                self._limiter.end(headers, self.clock.monotonic())
                self._rate_limit = parse_rate_limit(headers, self.clock.now()) or self._rate_limit
        self._update_server_time(response.headers.get("date"))
        return response

    def _attempt_timeout_s(self) -> float:
        """Return the timeout of one attempt in seconds."""
        remaining_s = cancellation.remaining_s(self.clock)
        return self.timeout_s if remaining_s is None else min(self.timeout_s, max(remaining_s, MIN_ATTEMPT_S))

    def _error(
        self,
        request: Request,
        result: Response | TransportError | None,
        uncertain: Response | TransportError | None,
    ) -> PoseidonError:
        """Return the error for the last attempt, or for the lack of time for a first one."""
        if isinstance(result, Response):
            nothing_done = result.status == TOO_MANY_REQUESTS
        else:
            nothing_done = result is None or not result.sent
        if nothing_done and uncertain is not None and request.method not in SAFE_METHODS:
            # The last attempt did nothing, but an earlier one may have.
            result = uncertain
        if result is None:
            failure = TimedOut(f"{request.label} was not sent within {cancellation.current_timeout_s():g} s.")
            failure.sent = False
            return failure
        if isinstance(result, TransportError):
            return result
        if result.status < _REDIRECTS.start:
            return result.malformed_error(request.label)
        if result.status in _REDIRECTS:
            # Following it would send the token to a host that the user did not choose.
            return ConnectionFailed(
                f"{self.base_url} redirected {request.label} ({result.status}). Redirects are not followed."
            )
        return error_for(request, result, self.credential, self.server_now())

    def _acquire_slot(self, request: Request, on_wait: Callable[[float, str], None] | None) -> bool:
        """Wait until the rate limit allows a request and reserve it; return false if the deadline comes first."""
        scope = cancellation.current()
        while True:
            cancellation.raise_if_cancelled()
            with self._lock:
                now_s = self.clock.monotonic()
                delay_s = self._limiter.delay_s(now_s)
                if not self._fits_deadline(delay_s):
                    return False
                if delay_s <= 0:
                    if scope is not None and request.method not in SAFE_METHODS:
                        scope.begin_change()
                    # Under the same lock, or several threads would use the last slot.
                    self._limiter.begin(now_s)
                    return True
                # All threads wait until the same time, so only one of them reports it.
                if now_s + delay_s < self._reported_until_s + _MIN_REPORTED_S:
                    report = None
                else:
                    report, self._reported_until_s = on_wait, now_s + delay_s
            self._wait(delay_s, "rate limit", report)

    def _fits_deadline(self, seconds: float) -> bool:
        """Check whether a wait ends before the deadline."""
        remaining_s = cancellation.remaining_s(self.clock)
        return remaining_s is None or seconds < remaining_s

    def _wait(self, seconds: float, reason: str, on_wait: Callable[[float, str], None] | None) -> None:
        if on_wait is not None and seconds >= _MIN_REPORTED_S:
            on_wait(seconds, reason)
        cancellation.sleep(self.clock, seconds)

    def _update_server_time(self, date: str | None) -> None:
        # The date has whole seconds, so the offset is accurate to about one second.
        if date is None:
            return
        try:
            server_now = parsedate_to_datetime(date)
            ahead_s = (server_now - self.clock.now()).total_seconds()
            if abs(ahead_s) > _MAX_AHEAD_S:
                return
            self._server_ahead_s = ahead_s
            self.server_offset_s = server_now.timestamp() - self.clock.monotonic()
        except (TypeError, ValueError, OverflowError):
            return
