"""What all panels share: how they are shown and closed, and the output that a saved notebook keeps of them."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Protocol

from poseidon_nb.text import LINE_WIDTH, NO_MATH, wrap_line
from poseidon_nb.widgets.components import Accessibility, add_classes, box, close_tree, style_sheet
from poseidon_nb.widgets.kernel import KernelMonitor, start_timer, use_subshells
from poseidon_nb.widgets.models import closed_text

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    #: Representations by MIME type.
    Bundle = dict[str, str]

#: The saved output may lag behind the panel by this time, in seconds. It need not follow each step of a bar.
SAVE_DELAY_S = 2.0
#: Seconds between two looks at whether the account was read.
READ_INTERVAL_S = 0.05
#: Shown where the widgets of a panel cannot be shown.
NO_BUTTONS = "Buttons need a Jupyter notebook, such as JupyterLab, and its kernel."
#: Without a kernel, JupyterLab shows an error in place of the widgets, as text without an element. A widget that is being
#: loaded looks the same for a moment. The buttons of a panel have this class too, so only the output itself is meant.
_OUTPUT = ".jp-OutputArea-child:has(.pnb-saved) + .jp-OutputArea-child > .jp-OutputArea-output"
_NO_WIDGET = f"{_OUTPUT}.jupyter-widgets:not(:has(*))"
_REOPEN = "Run the cell again to show the buttons."
_WITHOUT_KERNEL = (
    f"<style>{_NO_WIDGET} {{ font-size: 0 }} @keyframes pnb-late {{ from {{ opacity: 0 }} }}"
    f" {_NO_WIDGET}::after {{ content: '{_REOPEN}'; font-size: 13px; animation: pnb-late 2s step-end }}</style>"
)
#: Front ends of other kinds, such as marimo, leave no space between the cells of a table.
_CELLS = "<style>.pnb-saved :is(td, th) { padding: .15em .8em .15em 0; text-align: left; vertical-align: top }</style>"


class SavedOutput:
    """Reports the static output of a panel whenever it has changed, at most every `SAVE_DELAY_S` seconds.

    Parameters
    ----------
    render : callable
        Returns the output as it is now.
    start_timer : callable
        Calls a function after some seconds; returns an object with ``cancel()``.
    """

    def __init__(
        self, render: Callable[[], Bundle], start_timer: Callable[[float, Callable[[], None]], Any] = start_timer
    ) -> None:
        self._render = render
        self._start_timer = start_timer
        self._lock = threading.Lock()
        self._timer: Any = None
        self._reported: Bundle = {}
        self._on_update: list[Callable[[Bundle], None]] = []
        self._on_close: list[Callable[[], None]] = []

    def subscribe(self, saved: Bundle, on_update: Callable[[Bundle], None], on_close: Callable[[], None]) -> None:
        """Add callbacks for output that differs from `saved`, and for the end of the panel."""
        with self._lock:
            self._reported = saved
            self._on_update.append(on_update)
            self._on_close.append(on_close)
        self.schedule()

    def schedule(self) -> None:
        """Schedule a report, because the output may have changed."""
        with self._lock:
            if self._on_update and self._timer is None:
                self._timer = self._start_timer(SAVE_DELAY_S, self._report)

    def close(self) -> None:
        """Report the final output and the end, and drop the callbacks."""
        with self._lock:
            on_close = [*self._on_close]
            if self._timer is not None:
                self._timer.cancel()
        if on_close:
            self._report()
        with self._lock:
            self._on_update.clear()
            self._on_close.clear()
        for callback in on_close:
            callback()

    def _report(self) -> None:
        with self._lock:
            self._timer = None
        output = self._render()
        with self._lock:
            changed, self._reported = output != self._reported, output
            callbacks = [*self._on_update] if changed else []
        for callback in callbacks:
            callback(output)


class PanelModel(Protocol):
    """What a panel shows."""

    def text(self, width: int) -> str:
        """Return the panel as text; tables fit into a line of this many characters."""

    def html(self) -> str:
        """Return the panel as HTML that works without scripts or a kernel."""

    def close(self) -> None:
        """End all updates."""


class Panel(ABC):
    """A panel that is open until it is closed or replaced.

    A subclass creates its `model` and its widgets while it holds `_lock`, adds the widgets to `widget` and calls `_open`.

    Parameters
    ----------
    label : str
        The accessible name.
    host : PanelHost, optional
        What it shares with the other panels of its kernel; default: it shares nothing.
    """

    model: PanelModel

    def __init__(self, label: str, host: PanelHost | None = None) -> None:
        # Several threads may refresh the panel at the same time.
        self._lock = threading.RLock()
        self._host = host or PanelHost()
        self._kernel = self._host.monitor
        self._is_open = False
        #: The text in place of the closed panel.
        self.closed_text = closed_text()
        self._saved_output = SavedOutput(self.saved_output)
        self._accessibility = add_classes(Accessibility(label=label), "accessibility")
        self.widget: Any = box(style_sheet("panel.css"), self._accessibility, names=("panel",), column=True)

    def _open(self, key: Hashable) -> None:
        """Open the panel and close the one with the same key."""
        self._is_open = True
        self._host.add(key, self)
        self._kernel.subscribe(self.refresh)
        self.refresh()

    def on_click(self, function: Callable[[], None]) -> Callable[[], None]:
        """Return the handler of a click; all buttons use it."""

        def handle() -> None:
            self._kernel.click_received()
            function()

        return handle

    def refresh(self) -> None:
        """Show the model."""
        with self._lock:
            if self._is_open:
                self._show()
                # All widgets, including new ones: only messages on the same route keep their order.
                use_subshells(self.widget, self._kernel.subshell_used)
                self._saved_output.schedule()

    def _with_kernel_notice(self, notices: list[str]) -> list[str]:
        return [*filter(None, [self._kernel.notice]), *notices]

    def announce(self, *sentences: str) -> None:
        """Announce new sentences to screen readers."""
        self._accessibility.announce(sentences)

    def close(self, *, reason: str = "") -> None:
        """Close the panel and its widgets. Changes in progress continue.

        Parameters
        ----------
        reason : str
            What the text in its place says: ``"it was opened again"``.
        """
        with self._lock:
            was_open, self._is_open = self._is_open, False
            self.closed_text = closed_text(reason)
        if was_open:
            self._kernel.unsubscribe(self.refresh)
            self._saved_output.close()
            self._host.remove(self)
            self.model.close()
            close_tree(self.widget)

    @abstractmethod
    def _show(self) -> None:
        """Show the model; called only while the panel is open."""

    def text(self, width: int = LINE_WIDTH) -> str:
        """Return the panel as text, in lines of at most this many characters."""
        return "\n".join(wrap_line(line, width) for line in self.model.text(width).split("\n"))

    def html(self) -> str:
        """Return the panel as HTML that works without scripts or a kernel."""
        return self.model.html()

    def wait_until_read(self, timeout_s: float) -> None:
        """Wait until the account was read, for a front end that shows a panel only once."""
        ends_s = time.monotonic() + timeout_s
        while getattr(self.model, "loading", False) and time.monotonic() < ends_s:
            time.sleep(READ_INTERVAL_S)

    def __repr__(self) -> str:
        return self.text()

    def saved_output(self, width: int = LINE_WIDTH) -> Bundle:
        """Return what a saved notebook shows without a kernel: text and HTML, and no token."""
        return {
            "text/plain": self.text(width),
            "text/html": f"<div class='pnb-saved {NO_MATH}'>{_WITHOUT_KERNEL}{self.html()}</div>",
        }

    def on_saved_output(
        self, saved: Bundle, on_update: Callable[[Bundle], None], on_close: Callable[[], None] = lambda: None
    ) -> None:
        """Add callbacks for saved output that differs from `saved`, and for the end of the panel."""
        self._saved_output.subscribe(saved, on_update, on_close)

    def widget_view(self) -> dict[str, Any]:
        """Return the bundle that shows the widgets while there is a kernel; empty once the panel is closed."""
        return dict(self.widget._repr_mimebundle_()) if self._is_open else {}

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        """Return both, for callers that cannot show one after the other."""
        output = self.saved_output()
        if not self._is_open:
            return output
        # A front end that shows these has no widgets, or prefers text and HTML to them.
        text, html = (output[kind] for kind in ("text/plain", "text/html"))
        plain = {
            "text/plain": f"{text}\n{NO_BUTTONS}",
            "text/html": f"{_CELLS}<div class='{NO_MATH}'>{html}<p>{NO_BUTTONS}</p></div>",
        }
        return self.widget_view() | plain


class PanelHost:
    """What the panels of one kernel share: the panels that are open, and whether a cell is running.

    One panel is open for each subject, so that running a cell again leaves no second one behind.
    """

    def __init__(self) -> None:
        self.monitor = KernelMonitor()
        self._panels: dict[Hashable, Panel] = {}
        self._lock = threading.Lock()

    def add(self, key: Hashable, panel: Panel) -> None:
        """Add a panel and close the one that it replaces."""
        with self._lock:
            replaced = self._panels.pop(key, None)
            self._panels[key] = panel
        if replaced is not None:
            replaced.close(reason="it was opened again")

    def remove(self, panel: Panel) -> None:
        """Remove a panel that is being closed."""
        with self._lock:
            for key in [key for key, one in self._panels.items() if one is panel]:
                del self._panels[key]
