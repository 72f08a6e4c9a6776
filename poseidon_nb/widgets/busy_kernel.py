"""Whether a cell runs, for then a click may have to wait: a kernel or a front end without subshells queues it behind.

With subshells it is taken meanwhile: `addressed_comm` says how, and on which kernels. Which kind this is gets learned:
once a message came to a subshell, or a click was taken while a cell ran, nothing is said any more. Who knows the shell
calls `began` and `ended`; panels listen.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

#: A cell that runs for less is over before anybody has read that it runs, in seconds.
WORTH_SAYING_S = 1.0
CLICKS_WAIT = (
    "A cell is running: what you click may have to wait for its end, and is done once. Progress goes on meanwhile."
)

_log = logging.getLogger("poseidon_nb")


def start_timer(seconds: float, do: Callable[[], None]) -> Any:
    """Have a function called after some seconds, in a thread that keeps no process alive."""
    timer = threading.Timer(seconds, do)
    timer.daemon = True
    timer.start()
    return timer


class BusyKernel:
    """Tells panels while a cell runs.

    Parameters
    ----------
    start_timer : callable
        Calls a function after some seconds; gives something with ``cancel()``.
    """

    def __init__(self, start_timer: Callable[[float, Callable[[], None]], Any] = start_timer) -> None:
        self._start_timer = start_timer
        self._timer: Any = None
        self._running = False
        self._clicks_wait = True
        self._listeners: list[Callable[[], None]] = []
        #: A cell has been running for long enough to say so.
        self.says_so = False

    @property
    def notice(self) -> str:
        """What panels should say now; usually nothing."""
        return CLICKS_WAIT if self.says_so and self._clicks_wait else ""

    def listen(self, changed: Callable[[], None]) -> None:
        """Have somebody told when `notice` may have changed."""
        self._listeners.append(changed)
        if self._running and self._timer is None:
            self._timer = self._start_timer(WORTH_SAYING_S, self._say_so)

    def forget(self, changed: Callable[[], None]) -> None:
        """Tell somebody no more."""
        if changed in self._listeners:
            self._listeners.remove(changed)

    def began(self) -> None:
        """Say that a cell has begun."""
        self._running = True
        if self._listeners:
            self._timer = self._start_timer(WORTH_SAYING_S, self._say_so)

    def ended(self) -> None:
        """Say that it has ended."""
        self._running = False
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        if self.says_so:
            self.says_so = False
            self._tell()

    def clicked(self) -> None:
        """Say that a click is being handled now: if a cell runs, clicks do not wait for it here."""
        if self._running:
            self.clicks_do_not_wait()

    def clicks_do_not_wait(self) -> None:
        """Say that clicks are taken beside a running cell here."""
        if self._clicks_wait:
            self._clicks_wait = False
            self._tell()

    def _say_so(self) -> None:
        if self._running:
            self.says_so = True
            self._tell()

    def _tell(self) -> None:
        for changed in [*self._listeners]:
            try:
                changed()
            except Exception:  # noqa: BLE001  # one panel's failure must not cost another one its click
                _log.exception("a panel failed at showing whether a cell runs")


THE_KERNEL = BusyKernel()
