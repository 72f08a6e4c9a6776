"""Asking in place: a button turns into its own question, and only a second press acts. Pure."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poseidon_nb.clock import Clock

#: What is asked: only a second press about the same confirms.
Question = TypeVar("Question")

#: A second press that follows the first so closely is a double click, or two clicks that a busy kernel had kept: no
#: person has read the question in that time. In seconds.
TOO_SOON_S = 0.6

#: When the click that is handled now was made, by the clock of who clicked; None where that is not told.
_made_at: ContextVar[datetime | None] = ContextVar("made_at", default=None)


@contextmanager
def made_at(when: object) -> Iterator[None]:
    """Have presses judged by when they were made, for a kernel that is slow handles a double click in two parts."""
    before = _made_at.set(when if isinstance(when, datetime) else None)
    try:
        yield
    finally:
        _made_at.reset(before)


@dataclass(frozen=True, slots=True)
class ButtonState:
    """What a button shows.

    Parameters
    ----------
    label : str
    enabled : bool
    why : str
        What it does, or why it cannot be clicked now.
    asking : bool
        It is its own question now, and a click confirms.
    """

    label: str
    enabled: bool
    why: str
    asking: bool = False


class Asking(Generic[Question]):
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
        #: What is asked now; None when nothing is.
        self.about: Question | None = None

    def press(self, question: Question) -> bool:
        """Take a press of a button; return whether it confirms. The first one asks, and closes any other question."""
        if self.about != question:
            self.about, self._is_shown = question, False
            self._asked_s, self._asked_at = self._clock.monotonic(), _made_at.get()
            return False
        if self._clock.monotonic() - self._asked_s < TOO_SOON_S or self._made_too_soon():
            return False
        self.about = None
        return True

    def shown(self) -> None:
        """Say that what is asked can be read now: showing it may have taken longer than a double click."""
        if not self._is_shown:
            self._is_shown, self._asked_s = True, self._clock.monotonic()

    def _made_too_soon(self) -> bool:
        now, asked = _made_at.get(), self._asked_at
        if now is None or asked is None or (now.tzinfo is None) != (asked.tzinfo is None):
            return False
        return timedelta(0) <= now - asked < timedelta(seconds=TOO_SOON_S)

    def cancel(self) -> None:
        """Ask no more."""
        self.about = None
