"""Progress of a running command: rows of HTML in a notebook, one line of text in a terminal.

A view can be updated from any thread. It redraws at most ten times a second.
"""

from __future__ import annotations

import shutil
import sys
import threading
from typing import TYPE_CHECKING, Any

from poseidon_nb.text import format_duration
from poseidon_nb.widgets.progress import ProgressModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Self

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.actions.progress import Progress
    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.execution import Execution
    from poseidon_nb.clock import Clock

    Row = Mapping[str, Any]

#: The minimum time between two redraws, in seconds.
REFRESH_S = 0.1


class ProgressDisplay:
    """Shows a `ProgressModel` while a command runs. It is a context manager, because it leaves a final state behind.

    Parameters
    ----------
    clock : Clock
    """

    def __init__(self, clock: Clock) -> None:
        self.model = ProgressModel()
        self._clock = clock
        self._lock = threading.RLock()
        self._shown_s: float | None = None
        self._reason = ""
        self._paused_until_s = 0.0
        self._paused_s = 0.0

    def tell(self, progress: Progress) -> None:
        """Update the progress of one action."""
        self.model.update(progress)
        self._tick(at_once=progress.done)

    def wait(self, seconds: float, reason: str) -> None:
        """Show a pause and its reason."""
        with self._lock:
            now_s = self._clock.monotonic()
            until_s = now_s + seconds
            # Pauses of several threads can overlap; only the time that a person waits counts.
            self._paused_s += max(0.0, until_s - max(now_s, self._paused_until_s))
            self._paused_until_s = max(self._paused_until_s, until_s)
            self._reason = reason
        self._tick(at_once=True)

    def look(self) -> None:
        """Show updates from other threads; called on the command's own thread while it is blocked."""
        if self._reason:
            self._tick(at_once=False)

    def _tick(self, *, at_once: bool) -> None:
        with self._lock:
            now_s = self._clock.monotonic()
            if at_once or self._shown_s is None or now_s - self._shown_s >= REFRESH_S:
                left_s = self._paused_until_s - now_s
                self.model.note = f"waiting {format_duration(left_s)}: {self._reason}" if left_s > 0 else ""
                if self._show():
                    self._shown_s = now_s

    def follow(self, client: Client, actions: Iterable[Action] = (), creating: Iterable[Row] = ()) -> None:
        """Show the progress of actions that the command does not wait for, if the front end can update it after the command.

        Parameters
        ----------
        client : Client
        actions : iterable of Action
        creating : iterable of mapping
            Droplets that are being created.
        """

    def follow_execution(self, execution: Execution) -> None:
        """Show the progress of an execution that continues after the command, if the front end can update it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.model.note = ""
            if self._shown_s is not None:
                self._finish()

    def _show(self) -> bool:
        """Show the current state of the model, and return whether that was possible here."""
        return False

    def _finish(self) -> None:
        """Leave the final state behind, in a form that needs no kernel."""


class TextProgress(ProgressDisplay):
    """One line that overwrites itself. If the output is not a terminal, only pauses and the final state are written.

    Parameters
    ----------
    clock : Clock
    live : bool, optional
        Whether the output is a terminal; by default, what its stream says.
    """

    def __init__(self, clock: Clock, *, live: bool | None = None) -> None:
        super().__init__(clock)
        self._live = sys.stderr.isatty() if live is None else live
        #: Whether the terminal's cursor is behind the line.
        self._is_written = False

    def wait(self, seconds: float, reason: str) -> None:
        """Show a pause immediately, so that a waiting script does not look like a hanging one."""
        super().wait(seconds, reason)
        if not self._live:
            self._write(f"{self.model.note}\n")

    def clear(self) -> None:
        """Remove the line, so that other output does not continue it. The next update writes it again."""
        with self._lock:
            if self._is_written:
                self._write("\r" + " " * self._width + "\r")
                self._is_written = False

    def _show(self) -> bool:
        if self._live:
            self._write("\r" + self.model.summary()[: self._width].ljust(self._width))
            self._is_written = True
        return True

    def _finish(self) -> None:
        self.clear()
        text = self.model.text()
        if text:
            self._write(f"{text}\n")

    @property
    def _width(self) -> int:
        return shutil.get_terminal_size().columns - 1

    @staticmethod
    def _write(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


class NotebookProgress(ProgressDisplay):
    """Rows below the cell, which are replaced whenever something has changed. A saved notebook keeps the last ones.

    Parameters
    ----------
    clock : Clock
    display : callable
        IPython's ``display``.
    """

    def __init__(self, clock: Clock, display: Callable[..., Any]) -> None:
        super().__init__(clock)
        self._display = display
        self._thread = threading.get_ident()
        self._handle: Any = None
        self._shown: dict[str, str] = {}

    def follow(self, client: Client, actions: Iterable[Action] = (), creating: Iterable[Row] = ()) -> None:
        """Leave rows below the cell that keep updating while the next cell runs."""
        from poseidon_nb.magics.live_rows import LiveRows  # noqa: PLC0415  # only needed here

        running, made = [action for action in actions if not action.done], [*creating]
        if running or made:
            LiveRows(client, self._display, running, made)

    def follow_execution(self, execution: Execution) -> None:
        """Leave rows below the cell that keep updating while the next cell runs."""
        from poseidon_nb.magics.live_rows import BackgroundRows  # noqa: PLC0415  # only needed here

        BackgroundRows(execution, self._display)

    def _show(self) -> bool:
        if self._handle is None and threading.get_ident() != self._thread:
            # ipykernel shows what another thread displays below whichever cell ran last; `look` displays it instead.
            return False
        self._replace(self.model.live_bundle())
        return True

    def _finish(self) -> None:
        if self._paused_s:
            self.model.note = f"waited {format_duration(self._paused_s)}: {self._reason}"
        self._replace(self.model.final_bundle())

    def _replace(self, bundle: dict[str, str]) -> None:
        if self._handle is None:
            self._handle = self._display(bundle, raw=True, display_id=True)
        elif bundle != self._shown:
            self._handle.update(bundle, raw=True)
        self._shown = bundle
