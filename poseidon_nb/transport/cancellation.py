"""Cancellation and deadlines of the requests that the current thread sends. Both are context variables.

When the reader of a list stops, threads that wait (for a rate limit or a retry) must not wake up a minute later and send.
For changes a `Cancellation` tracks whether one is on the wire or may have been applied: a change that has not started
never starts, and one that has started is not abandoned. A deadline limits everything that a block sends, including its
waits: a wait longer than the remaining time does not start, and no request gets more than the remaining time.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poseidon_nb.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poseidon_nb.clock import Clock

#: One year. Longer timeouts are mistakes, and clocks overflow.
MAX_TIMEOUT_S = 31_536_000.0


class Cancelled(Exception):
    """The result is no longer wanted. Internal: it never reaches a caller."""


class Cancellation:
    """A cancellation scope that knows whether a change has started within it.

    Parameters
    ----------
    event : threading.Event, optional
        Set when the scope is cancelled. Setting it from outside ends all work at its next wait or request, even after
        a change has started. This is for reads, and for callers that handle unfinished changes themselves.

    Notes
    -----
    Thread-safe.
    """

    def __init__(self, event: threading.Event | None = None) -> None:
        self.event = event or threading.Event()
        self._lock = threading.Lock()
        self._on_wire = 0
        self._changed = False

    def cancel(self) -> bool:
        """Cancel the scope unless it has started to change something.

        Returns
        -------
        bool
            True if no further request will be sent. False if a change is on the wire, or got any response other than
            a definite refusal; nothing is cancelled then.
        """
        with self._lock:
            if self._on_wire or self._changed:
                return False
            self.event.set()
            return True

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` if the scope was cancelled."""
        if self.event.is_set():
            raise Cancelled

    def begin_change(self) -> None:
        """Register a change that is about to be sent; raise `Cancelled` if the scope was cancelled."""
        with self._lock:
            self.raise_if_cancelled()
            self._on_wire += 1

    def end_change(self, *, nothing_done: bool) -> None:
        """Register that a change has left the wire.

        Parameters
        ----------
        nothing_done : bool
            It is certain that the change was not applied.
        """
        with self._lock:
            self._on_wire -= 1
            self._changed = self._changed or not nothing_done


_cancellation: ContextVar[Cancellation | None] = ContextVar("cancellation", default=None)


def current() -> Cancellation | None:
    """Return the innermost cancellation scope of this thread, if any."""
    return _cancellation.get()


@contextmanager
def scope(cancellation: Cancellation) -> Iterator[Cancellation]:
    """Run a block in a cancellation scope. Once cancelled, its waits and requests raise `Cancelled`."""
    before = _cancellation.set(cancellation)
    try:
        yield cancellation
    finally:
        _cancellation.reset(before)


@contextmanager
def cancel_on(event: threading.Event) -> Iterator[None]:
    """Run a block whose waits and requests raise `Cancelled` once the event is set."""
    with scope(Cancellation(event)):
        yield


def sleep(clock: Clock, seconds: float) -> None:
    """Wait; raise `Cancelled` as soon as the scope is cancelled."""
    cancellation = _cancellation.get()
    if cancellation is None:
        clock.sleep(seconds)
    elif clock.wait(cancellation.event, seconds):
        raise Cancelled


def raise_if_cancelled() -> None:
    """Raise `Cancelled` if the scope of this thread was cancelled."""
    cancellation = _cancellation.get()
    if cancellation is not None:
        cancellation.raise_if_cancelled()


@dataclass(frozen=True, slots=True)
class _Deadline:
    at_s: float
    timeout_s: float


_deadline: ContextVar[_Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def deadline(clock: Clock, timeout_s: float | None) -> Iterator[None]:
    """Limit the total time of all requests that a block sends. Of nested deadlines the earliest applies.

    Parameters
    ----------
    clock : Clock
        The session's clock.
    timeout_s : float or None
        Seconds from now; None for no additional limit.
    """
    before = _deadline.get()
    new = before
    if timeout_s is not None:
        at_s = clock.monotonic() + timeout_s
        if before is None or at_s < before.at_s:
            new = _Deadline(at_s, timeout_s)
    token = _deadline.set(new)
    try:
        yield
    finally:
        _deadline.reset(token)


def remaining_s(clock: Clock) -> float | None:
    """Return the seconds until the deadline, negative after it; None if there is no deadline."""
    limit = _deadline.get()
    return None if limit is None else limit.at_s - clock.monotonic()


def current_timeout_s() -> float | None:
    """Return the timeout of the deadline that applies, in seconds; None if there is no deadline."""
    limit = _deadline.get()
    return None if limit is None else limit.timeout_s


def validate_timeout(timeout_s: float | None) -> float | None:
    """Return a timeout as a float; None stays None.

    Raises
    ------
    InvalidArgument
        It is not a positive number of seconds.
    """
    if timeout_s is None:
        return None
    is_number = isinstance(timeout_s, int | float) and not isinstance(timeout_s, bool)
    if not is_number or not 0 < timeout_s <= MAX_TIMEOUT_S:
        raise InvalidArgument(f"timeout_s must be a positive number of seconds, not {timeout_s!r}.")
    return float(timeout_s)


def format_timeout(timeout_s: float | None) -> str:
    """Format a timeout as the user would write it: the remainder of 3 seconds, just after the start, is ``3 s``."""
    seconds = timeout_s or 0.0
    return f"{round(seconds, 1) if seconds >= 1 else float(f'{seconds:.1g}'):g} s"
