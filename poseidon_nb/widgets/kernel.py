"""Clicks while a cell runs: `SubshellComm` lets them through, and `KernelMonitor` says where they are queued instead.

A front end with subshells (``subshell_id`` of the messaging protocol; JupyterLab 4.4 and newer, one for all widgets by
default) sends clicks to a subshell, so that they need not wait for the cell. ipykernel 7.4 overrules this for its own comms:
messages for a widget go to the shell that last published on it, which the running cell keeps busy. A comm of another class
stays on the addressed subshell. So each widget of a panel gets a `SubshellComm`, which sends through its original comm. It
uses only the public API of the `comm` package and ``Widget.comm``.

Measured with ipykernel 7.4, from a click to its request at a sandbox in the same kernel, medians of 10: 7 ms while a cell
sleeps, 0.3 s while one computes in Python and holds the interpreter, and without this the rest of the cell's time. If the
front end addresses no subshell, or the kernel has none, clicks are queued.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from comm import get_comm_manager
from comm.base_comm import BaseComm

from poseidon_nb.widgets.click_confirmation import click_time

if TYPE_CHECKING:
    from collections.abc import Callable

#: A shorter cell is over before anybody has read the notice, in seconds.
NOTICE_DELAY_S = 1.0
CLICKS_QUEUED = "A cell is running. Clicks may be queued until it finishes; progress keeps updating."

_log = logging.getLogger("poseidon_nb")


def start_timer(seconds: float, function: Callable[[], None]) -> Any:
    """Return a started timer that calls a function once, in a daemon thread."""
    timer = threading.Timer(seconds, function)
    timer.daemon = True
    timer.start()
    return timer


class KernelMonitor:
    """Whether a cell is running, and whether clicks are queued meanwhile.

    Whether they are is learned: the notice disappears for good once a message arrived on a subshell, or a click was handled
    while a cell was running.

    Parameters
    ----------
    start_timer : callable
        Calls a function after some seconds; returns an object with ``cancel()``.
    """

    def __init__(self, start_timer: Callable[[float, Callable[[], None]], Any] = start_timer) -> None:
        self._start_timer = start_timer
        self._timer: Any = None
        self._cell_runs = False
        self._clicks_are_queued = True
        self._listeners: list[Callable[[], None]] = []
        #: Whether a cell has been running for longer than `NOTICE_DELAY_S`.
        self.is_busy = False

    @property
    def notice(self) -> str:
        """The notice for panels; usually empty."""
        return CLICKS_QUEUED if self.is_busy and self._clicks_are_queued else ""

    def subscribe(self, on_change: Callable[[], None]) -> None:
        """Add a function to call when `notice` may have changed."""
        self._listeners.append(on_change)
        if self._cell_runs and self._timer is None:
            self._timer = self._start_timer(NOTICE_DELAY_S, self._mark_busy)

    def unsubscribe(self, on_change: Callable[[], None]) -> None:
        """Remove a function that `subscribe` added."""
        if on_change in self._listeners:
            self._listeners.remove(on_change)

    def cell_started(self) -> None:
        """Note that a cell has started."""
        self._cell_runs = True
        if self._listeners:
            self._timer = self._start_timer(NOTICE_DELAY_S, self._mark_busy)

    def cell_finished(self) -> None:
        """Note that the cell has finished."""
        self._cell_runs = False
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        if self.is_busy:
            self.is_busy = False
            self._notify()

    def click_received(self) -> None:
        """Note that a click is being handled: while a cell runs this shows that clicks are not queued."""
        if self._cell_runs:
            self.subshell_used()

    def subshell_used(self) -> None:
        """Note that clicks are handled while a cell runs."""
        if self._clicks_are_queued:
            self._clicks_are_queued = False
            self._notify()

    def _mark_busy(self) -> None:
        if self._cell_runs:
            self.is_busy = True
            self._notify()

    def _notify(self) -> None:
        for on_change in [*self._listeners]:
            try:
                on_change()
            except Exception:  # noqa: BLE001  # one panel's failure must not cost another one its click
                _log.exception("A panel failed to show whether a cell is running.")


class SubshellComm(BaseComm):
    """A comm that replaces an open one in the kernel only: the page sees no difference.

    Parameters
    ----------
    comm : BaseComm
        The original, through which it sends.
    on_subshell : callable
        Called whenever a message arrives on a subshell: such messages do not wait for a cell.
    """

    def __init__(self, comm: BaseComm, on_subshell: Callable[[], None]) -> None:
        self._comm = comm
        self._on_subshell = on_subshell
        self._handler: Callable[[dict[str, Any]], None] | None = None
        self._is_closed = False
        super().__init__(comm.target_name, comm_id=comm.comm_id, primary=False)

    def publish_msg(self, *args: Any, **keys: Any) -> None:
        """Send through the original comm."""
        self._comm.publish_msg(*args, **keys)

    def close(self, *args: Any, **keys: Any) -> None:
        """Close the original comm, which informs the page and the kernel."""
        if not self._is_closed:
            self._is_closed = True
            self._comm.close(*args, **keys)

    def handle_close(self, msg: dict[str, Any]) -> None:
        """Note that the page has closed the comm: the kernel has already forgotten it."""
        self._is_closed = True
        super().handle_close(msg)

    def on_msg(self, callback: Callable[[dict[str, Any]], None] | None) -> None:
        """Set the handler of messages."""
        self._handler = callback

    def handle_msg(self, msg: dict[str, Any]) -> None:
        """Call the handler of messages, and nothing else.

        Other comms also run the shell's ``post_execute`` hooks, such as showing figures. In the middle of a cell that would
        take the figures out of it (ipykernel issue 1564).
        """
        if msg["header"].get("subshell_id"):
            self._on_subshell()
        if self._handler is not None:
            with click_time(msg["header"].get("date")):
                self._handler(msg)


def use_subshells(widget: Any, on_subshell: Callable[[], None]) -> None:
    """Replace the comms of a widget and its children, so that their messages stay on the subshell they were sent to."""
    comm = widget.comm
    # A closed widget has no comm, and without a kernel it may have one of another class.
    if isinstance(comm, BaseComm) and not isinstance(comm, SubshellComm):
        widget.comm = SubshellComm(comm, on_subshell)
        get_comm_manager().register_comm(widget.comm)
    for child in getattr(widget, "children", ()):
        use_subshells(child, on_subshell)
