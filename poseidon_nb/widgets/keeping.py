"""What a saved notebook keeps of a panel follows the panel, but not each step of a bar. Pure but for a timer."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from poseidon_nb.widgets.busy_kernel import start_timer

if TYPE_CHECKING:
    from collections.abc import Callable

    Kept = dict[str, str]

#: So long it may be behind, in seconds.
BEHIND_S = 2.0


class Keeping:
    """Tells what is to be kept, whenever that has become something else.

    Parameters
    ----------
    give : callable
        Gives what is to be kept now.
    start_timer : callable
        Calls a function after some seconds; gives something with ``cancel()``.
    """

    def __init__(
        self, give: Callable[[], Kept], start_timer: Callable[[float, Callable[[], None]], Any] = start_timer
    ) -> None:
        self._give = give
        self._start_timer = start_timer
        self._lock = threading.Lock()
        self._timer: Any = None
        self._kept: Kept = {}
        self._tellers: list[Callable[[Kept], None]] = []
        self._leavers: list[Callable[[], None]] = []

    def begin(self, kept: Kept, tell: Callable[[Kept], None], leave: Callable[[], None]) -> None:
        """Have somebody told who has kept this; also of what has become of it meanwhile, and of the end."""
        with self._lock:
            self._kept = kept
            self._tellers.append(tell)
            self._leavers.append(leave)
        self.changed()

    def changed(self) -> None:
        """Say that there may be something else to keep."""
        with self._lock:
            if self._tellers and self._timer is None:
                self._timer = self._start_timer(BEHIND_S, self._tell)

    def end(self) -> None:
        """Tell what it has come to, and that it is over; then nobody any more."""
        with self._lock:
            leavers = [*self._leavers]
            if self._timer is not None:
                self._timer.cancel()
        if leavers:
            self._tell()
        with self._lock:
            self._tellers.clear()
            self._leavers.clear()
        for leave in leavers:
            leave()

    def _tell(self) -> None:
        with self._lock:
            self._timer = None
        kept = self._give()
        with self._lock:
            news, self._kept = kept != self._kept, kept
            tellers = [*self._tellers] if news else []
        for tell in tellers:
            tell(kept)
