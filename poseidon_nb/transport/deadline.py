"""Deadlines: a bound on everything that a block of code sends, its pauses included.

A session that would have to wait for longer than is left (a rate limit, a back-off) does not begin to wait, and each
request gets no more time than is left.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poseidon_nb.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poseidon_nb.clock import Clock


#: A year: longer limits are a mistake, and clocks have an end.
MAX_TIMEOUT_S = 31_536_000.0


@dataclass(frozen=True, slots=True)
class _Deadline:
    at_s: float
    allowed_s: float


_deadline: ContextVar[_Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def within(clock: Clock, seconds: float | None) -> Iterator[None]:
    """Bound what this thread sends to so many seconds from now; of nested bounds the earlier holds.

    Parameters
    ----------
    clock : Clock
        The session's.
    seconds : float or None
        None for no bound beyond those that hold already.
    """
    before = _deadline.get()
    new = before
    if seconds is not None:
        ends_s = clock.monotonic() + seconds
        if before is None or ends_s < before.at_s:
            new = _Deadline(ends_s, seconds)
    token = _deadline.set(new)
    try:
        yield
    finally:
        _deadline.reset(token)


def checked_s(timeout_s: float | None) -> float | None:
    """Return a time limit as a number of seconds; None stays None.

    Raises
    ------
    InvalidArgument
        It is no number of seconds above 0.
    """
    if timeout_s is None:
        return None
    is_number = isinstance(timeout_s, int | float) and not isinstance(timeout_s, bool)
    if not is_number or not 0 < timeout_s <= MAX_TIMEOUT_S:
        raise InvalidArgument(f"timeout_s must be a number of seconds above 0, not {timeout_s!r}")
    return float(timeout_s)


def seconds_allowed(seconds: float | None) -> str:
    """Return a time limit in words, as a person would have typed it: ``3 s`` for what is left of 3 seconds at once."""
    shown = seconds or 0.0
    return f"{round(shown, 1) if shown >= 1 else float(f'{shown:.1g}'):g} s"


def left_s(clock: Clock) -> float | None:
    """Return the seconds that are left, below 0 once the time is up; None where there is no bound."""
    deadline = _deadline.get()
    return None if deadline is None else deadline.at_s - clock.monotonic()


def allowed_s() -> float | None:
    """Return the seconds that were allowed by the bound that holds; None where there is none."""
    deadline = _deadline.get()
    return None if deadline is None else deadline.allowed_s
