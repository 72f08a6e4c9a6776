"""Calling requests off: a thread that waits for its turn learns that nobody wants the answer any more.

A list is read from many threads. When its reader stops, those that sit in a wait (a rate limit, a back-off) must not
wake up a minute later to send.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from poseidon_nb.clock import Clock

_called_off: ContextVar[threading.Event | None] = ContextVar("called_off", default=None)


class CalledOff(Exception):
    """Nobody waits for this answer; never reaches a caller."""


@contextmanager
def until(event: threading.Event) -> Iterator[None]:
    """Make the waits of this thread end with `CalledOff` once the event is set."""
    before = _called_off.set(event)
    try:
        yield
    finally:
        _called_off.reset(before)


def wait(clock: Clock, seconds: float) -> None:
    """Let time pass, unless it is called off."""
    event = _called_off.get()
    if event is None:
        clock.sleep(seconds)
    elif clock.wait(event, seconds):
        raise CalledOff


def check() -> None:
    """Go on only if this was not called off."""
    event = _called_off.get()
    if event is not None and event.is_set():
        raise CalledOff
