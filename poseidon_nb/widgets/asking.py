"""Asking in place: a button turns into its own question, and only a second press acts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poseidon_nb.clock import Clock

#: A second press that follows the first so closely is a double click, or two clicks that a busy kernel had kept: no
#: person has read the question in that time. In seconds.
TOO_SOON_S = 0.6


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


class Asking:
    """The one question that a panel has open.

    Parameters
    ----------
    clock : Clock
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._asked_s = 0.0
        #: The name of the button that asks now; empty when none does.
        self.about = ""

    def press(self, name: str) -> bool:
        """Take a press of a button; say whether it confirms. The first one asks, and closes any other question."""
        if self.about != name:
            self.about, self._asked_s = name, self._clock.monotonic()
            return False
        if self._clock.monotonic() - self._asked_s < TOO_SOON_S:
            return False
        self.about = ""
        return True

    def cancel(self) -> None:
        """Ask no more."""
        self.about = ""
