"""One pooled session to one account: sends a request when it may, again where it may, and turns failures into ours."""

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
from poseidon_nb.transport import cancellation, deadline, environment
from poseidon_nb.transport.address import PRODUCTION, checked_base_url
from poseidon_nb.transport.change_log import ChangeLog, RequestTrace
from poseidon_nb.transport.rate_limit import RateLimit, RateLimiter, told_by
from poseidon_nb.transport.replies import Reply, error_for
from poseidon_nb.transport.retry import TOO_MANY_REQUESTS, RetryPolicy, TryResult, refused
from poseidon_nb.transport.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from poseidon_nb.transport.credentials import Credential
    from poseidon_nb.transport.request import Request

_REDIRECTS = range(300, 400)
_WORTH_TELLING_S = 1.0
#: More than a day is a mistake, and sockets know an end.
MOST_TIMEOUT_S = 86_400.0
#: What a try that still goes out gets at least, in seconds: cut off at once, it could have been carried out unseen.
LEAST_TRY_S = 0.5


class Session:
    """A road to one account.

    Parameters
    ----------
    credential : Credential
        The token, and where it came from.
    base_url : str
        ``https://...``; ``http://`` only for this machine.
    timeout_s : float
        How long one request may take as a whole, in seconds: its connection, its sending, and its whole answer, however
        it drips. Pauses and repeats are not in it; `deadline` bounds those.
    read_only : bool
        Refuse every request but GET. ``POSEIDON_READ_ONLY``, read at every request, does so too.
    changes : ChangeLog, optional
        Where each change that is sent is written down, once, with what became of it; by default nowhere.
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
        changes: ChangeLog | None = None,
        clock: Clock = SYSTEM_CLOCK,
        policy: RetryPolicy | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        if not 0 < timeout_s <= MOST_TIMEOUT_S:
            raise InvalidArgument(
                f"timeout_s must be more than 0 and at most {MOST_TIMEOUT_S:g} seconds, not {timeout_s}"
            )
        self.base_url = checked_base_url(base_url)
        self.credential = credential
        self.timeout_s = timeout_s
        self._read_only = read_only
        self.changes = changes
        #: The account's name for the log of changes, once somebody knows it.
        self.account = ""
        self.clock = clock
        self._policy = policy or RetryPolicy()
        self._chance = chance
        self._limiter = RateLimiter()
        self._rate_limit: RateLimit | None = None
        self._lock = threading.Lock()
        self._server_ahead_s = 0.0
        #: The server's time less our monotonic clock, in seconds, by the last answer that told it; None before any.
        self.server_offset_s: float | None = None
        self._told_until_s = 0.0
        self._wire = Wire(self.base_url, credential.token)

    def __repr__(self) -> str:
        return f"<Session {self.base_url} token of {self.credential.source}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a session is never pickled: it holds a token and open connections")

    @property
    def loopback(self) -> bool:
        """Whether the account is on this machine, as a sandbox is."""
        return self._wire.loopback

    @property
    def rate_limit(self) -> RateLimit | None:
        """The limit as the last reply that spoke of one told it; None before any. Sends nothing."""
        return self._rate_limit

    @property
    def read_only(self) -> bool:
        """Whether every request but GET is refused, as things stand now."""
        try:
            return self._read_only or environment.forbids_changes()
        except ConfigurationError:
            return True

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
        ConfigurationError
            It would, and ``POSEIDON_READ_ONLY`` says neither yes nor no.
        APIError
            DigitalOcean refused, or failed.
        ShapeError
            The answer to a GET came garbled each time.
        ConnectionFailed, TimedOut
            No reply came. A request that is not safe to repeat may have been carried out all the same.
        """
        if request.method != "GET":
            self._refuse_if_read_only(request)
        trace = RequestTrace(request)
        try:
            return self._repeat(request, on_wait, trace)
        except BaseException as error:
            trace.ended(error)
            raise
        finally:
            # Also when Ctrl-C fell between the request and its answer: that change is the one to look up.
            self._write_down(request, trace)

    def server_now(self) -> datetime:
        """Return the time of day by the server's clock, as far as its replies have told; UTC."""
        return self.clock.now() + timedelta(seconds=self._server_ahead_s)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def _repeat(self, request: Request, on_wait: Callable[[float, str], None] | None, trace: RequestTrace) -> Reply:
        attempt = 0
        came: Reply | TransportError | None = None
        #: The last try that may have been carried out.
        doubt: Reply | TransportError | None = None
        while True:
            attempt += 1
            if not self._take_turn(request, on_wait):
                raise self._error(request, came, doubt)
            trace.begins(self.clock.now())
            came = self._try_once(request)
            trace.came(came)
            if isinstance(came, Reply) and came.status < _REDIRECTS.start and not came.garbled(request):
                return came
            if isinstance(came, Reply):
                outcome = TryResult(came.status, headers=came.headers)
            else:
                outcome = TryResult(None, sent=came.sent)
            if outcome.sent and not (outcome.status and refused(outcome.status)):
                doubt = came
            wait = self._policy.next_wait(
                request.method,
                outcome,
                attempt,
                self.server_now(),
                self._chance(),
                operation_id=request.operation_id,
            )
            if wait is None:
                raise self._error(request, came, doubt)
            if outcome.status == TOO_MANY_REQUESTS:
                # The limit is the token's, so every thread waits, each when it next takes its turn.
                with self._lock:
                    self._limiter.pause(self.clock.monotonic() + wait.seconds)
            elif self._in_time(wait.seconds):
                self._pause(wait.seconds, wait.reason, on_wait)
            else:
                raise self._error(request, came, doubt)

    def _refuse_if_read_only(self, request: Request) -> None:
        if self._read_only:
            way = "connect without read_only"
        elif environment.forbids_changes():
            way = f"unset {environment.READ_ONLY}"
        else:
            return
        raise ReadOnly(f"read-only: {request.label} would change the account; {way} to allow it")

    def _write_down(self, request: Request, trace: RequestTrace) -> None:
        if self.changes is None or request.method in SAFE_METHODS:
            return
        change = trace.change(self.account, self.credential.token)
        if change is not None:
            self.changes.add(change)

    def _try_once(self, request: Request) -> Reply | TransportError:
        """Send once, in a turn that was taken, and give it back."""
        reply: Reply | None = None
        nothing_done = False
        try:
            reply = self._wire.send(request, timeout_s=self._try_s())
            nothing_done = refused(reply.status)
        except InvalidArgument:
            nothing_done = True
            raise
        except TransportError as failure:
            nothing_done = not failure.sent
            return failure
        finally:
            work = cancellation.current()
            if work is not None and request.method not in SAFE_METHODS:
                work.end_change(nothing_done=nothing_done)
            headers = {} if reply is None else reply.headers
            with self._lock:
                self._limiter.end(headers, self.clock.monotonic())
                self._rate_limit = told_by(headers, self.clock.now()) or self._rate_limit
        self._note_date(reply.headers.get("date"))
        return reply

    def _try_s(self) -> float:
        """Return how long one try may take, in seconds."""
        left_s = deadline.left_s(self.clock)
        return self.timeout_s if left_s is None else min(self.timeout_s, max(left_s, LEAST_TRY_S))

    def _error(
        self, request: Request, came: Reply | TransportError | None, doubt: Reply | TransportError | None
    ) -> PoseidonError:
        """Return the error for what the last try came to, or for there being no time for a first one."""
        unseen = came.status == TOO_MANY_REQUESTS if isinstance(came, Reply) else came is None or not came.sent
        if unseen and doubt is not None and request.method not in SAFE_METHODS:
            # The last try did nothing, but an earlier one may have.
            came = doubt
        if came is None:
            failure = TimedOut(f"{request.label}: not sent within the {deadline.allowed_s():g} s allowed")
            failure.sent = False
            return failure
        if isinstance(came, TransportError):
            return came
        if came.status < _REDIRECTS.start:
            return came.not_json(request.label)
        if came.status in _REDIRECTS:
            # It would carry the token to a place that the user did not name.
            return ConnectionFailed(
                f"{request.label}: {self.base_url} answered with a redirect ({came.status}), which is not followed"
            )
        return error_for(request, came, self.credential, self.server_now())

    def _take_turn(self, request: Request, on_wait: Callable[[float, str], None] | None) -> bool:
        """Wait for a turn and take it; return whether there is one in the time that is left."""
        work = cancellation.current()
        while True:
            cancellation.check()
            with self._lock:
                now_s = self.clock.monotonic()
                delay_s = self._limiter.delay_s(now_s)
                if not self._in_time(delay_s):
                    return False
                if delay_s <= 0:
                    if work is not None and request.method not in SAFE_METHODS:
                        work.begin_change()
                    # In the same breath, or all threads would take the one turn that is left.
                    self._limiter.begin(now_s)
                    return True
                # All threads wait for the same moment: one of them tells it.
                if now_s + delay_s < self._told_until_s + _WORTH_TELLING_S:
                    tell = None
                else:
                    tell, self._told_until_s = on_wait, now_s + delay_s
            self._pause(delay_s, "rate limit", tell)

    def _in_time(self, seconds: float) -> bool:
        """Check that a pause ends before the caller wants to be done."""
        left_s = deadline.left_s(self.clock)
        return left_s is None or seconds < left_s

    def _pause(self, seconds: float, reason: str, on_wait: Callable[[float, str], None] | None) -> None:
        if on_wait is not None and seconds >= _WORTH_TELLING_S:
            on_wait(seconds, reason)
        cancellation.wait(self.clock, seconds)

    def _note_date(self, date: str | None) -> None:
        # Whole seconds; a reply that was quick tells the difference to within one.
        if date is None:
            return
        try:
            told = parsedate_to_datetime(date)
            self._server_ahead_s = (told - self.clock.now()).total_seconds()
            self.server_offset_s = told.timestamp() - self.clock.monotonic()
        except (TypeError, ValueError, OverflowError):
            return
