"""Cancelling requests: a thread that waits for its turn learns that nobody wants the answer any more.

When the reader of a list stops, the threads that sit in a wait (a rate limit, a back-off) must not wake up a minute
later to send. Changes are stricter: a `Cancellation` knows whether one is on the wire or may have been carried out, so
that what has not begun is never begun, and what has begun is not left half way.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poseidon_nb.clock import Clock


class Cancelled(Exception):
    """Nobody waits for this answer; never reaches a caller."""


class Cancellation:
    """Whether what works under it has begun to change something, and whether it may still begin.

    Parameters
    ----------
    event : threading.Event, optional
        Set once it is cancelled. Set from outside it ends whatever works under it at the next wait or request, also
        what has begun: for lists, and for whoever takes care of what is left half way.

    Notes
    -----
    Safe to use from several threads.
    """

    def __init__(self, event: threading.Event | None = None) -> None:
        self.event = event or threading.Event()
        self._lock = threading.Lock()
        self._on_wire = 0
        self._acted = False

    def cancel(self) -> bool:
        """Cancel what has not begun to change anything.

        Returns
        -------
        bool
            True if from now on nothing will be put on the wire. False if a change is on the wire now, or was answered
            by anything other than a refusal that certainly did nothing: then nothing is cancelled, and it goes on.
        """
        with self._lock:
            if self._on_wire or self._acted:
                return False
            self.event.set()
            return True

    def check(self) -> None:
        """Raise `Cancelled` if it was cancelled."""
        if self.event.is_set():
            raise Cancelled

    def begin_change(self) -> None:
        """Commit to a change that goes on the wire now, unless it was cancelled: then raise `Cancelled`."""
        with self._lock:
            self.check()
            self._on_wire += 1

    def end_change(self, *, nothing_done: bool) -> None:
        """Record that a change has left the wire.

        Parameters
        ----------
        nothing_done : bool
            It is certain that it was not carried out.
        """
        with self._lock:
            self._on_wire -= 1
            self._acted = self._acted or not nothing_done


_current: ContextVar[Cancellation | None] = ContextVar("cancellation", default=None)


def current() -> Cancellation | None:
    """Return the cancellation that this thread works under, if there is one."""
    return _current.get()


@contextmanager
def under(cancellation: Cancellation) -> Iterator[Cancellation]:
    """Run a block under a cancellation: its waits and its requests end with `Cancelled` once it is cancelled."""
    before = _current.set(cancellation)
    try:
        yield cancellation
    finally:
        _current.reset(before)


@contextmanager
def until(event: threading.Event) -> Iterator[None]:
    """End the waits of this thread with `Cancelled` once the event is set."""
    with under(Cancellation(event)):
        yield


def wait(clock: Clock, seconds: float) -> None:
    """Wait, unless it is cancelled."""
    cancellation = _current.get()
    if cancellation is None:
        clock.sleep(seconds)
    elif clock.wait(cancellation.event, seconds):
        raise Cancelled


def check() -> None:
    """Go on only if this was not cancelled."""
    cancellation = _current.get()
    if cancellation is not None:
        cancellation.check()
