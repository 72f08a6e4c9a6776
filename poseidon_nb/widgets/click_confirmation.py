"""Confirmation in place: a button turns into its own question, and only a second press submits. No widgets here."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poseidon_nb.clock import Clock

#: What is to be confirmed: only a second press for the same value confirms.
Subject = TypeVar("Subject")

#: A second press within this time is a double click, or two clicks queued by a busy kernel: nobody has read the question
#: that fast. In seconds.
MIN_CONFIRM_DELAY_S = 0.6

#: When the click that is being handled was made, by the front end's clock; None if unknown.
_click_time: ContextVar[datetime | None] = ContextVar("click_time", default=None)


@contextmanager
def click_time(when: object) -> Iterator[None]:
    """Set when the click being handled was made: a slow kernel may handle the two halves of a double click far apart."""
    token = _click_time.set(when if isinstance(when, datetime) else None)
    try:
        yield
    finally:
        _click_time.reset(token)


@dataclass(frozen=True, slots=True)
class ButtonState:
    """What a button shows.

    Parameters
    ----------
    label : str
    enabled : bool
    tooltip : str
        What the button does, or why it is disabled.
    confirming : bool
        The label is a question now, and a click confirms.
    """

    label: str
    enabled: bool
    tooltip: str
    confirming: bool = False


class Confirmation(Generic[Subject]):
    """The one question that a panel has open.

    Parameters
    ----------
    clock : Clock
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._asked_s = 0.0
        self._asked_at: datetime | None = None
        self._is_shown = True
        #: What the open question is about; None if no question is open.
        self.subject: Subject | None = None

    def press(self, subject: Subject) -> bool:
        """Handle a press of a button and return whether it confirms. The first press asks and closes any other question."""
        if self.subject != subject:
            self.subject, self._is_shown = subject, False
            self._asked_s, self._asked_at = self._clock.monotonic(), _click_time.get()
            return False
        if self._clock.monotonic() - self._asked_s < MIN_CONFIRM_DELAY_S or self._clicked_too_soon():
            return False
        self.subject = None
        return True

    def mark_shown(self) -> None:
        """Start the delay from now: showing the question may have taken longer than a double click."""
        if not self._is_shown:
            self._is_shown, self._asked_s = True, self._clock.monotonic()

    def _clicked_too_soon(self) -> bool:
        now, asked = _click_time.get(), self._asked_at
        if now is None or asked is None or (now.tzinfo is None) != (asked.tzinfo is None):
            return False
        return timedelta(0) <= now - asked < timedelta(seconds=MIN_CONFIRM_DELAY_S)

    def cancel(self) -> None:
        """Close the question."""
        self.subject = None
