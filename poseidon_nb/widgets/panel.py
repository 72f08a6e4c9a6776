"""What all panels' skins share: how they are shown, how they are closed, and what remains of them in a saved notebook."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from poseidon_nb.widgets.addressed_comm import take_as_addressed
from poseidon_nb.widgets.busy_kernel import THE_KERNEL
from poseidon_nb.widgets.conduct import Conduct
from poseidon_nb.widgets.open_panels import THE_OPEN_PANELS
from poseidon_nb.widgets.parts import box, classed, close_all, style_sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from poseidon_nb.widgets.busy_kernel import BusyKernel


class Panel(ABC):
    """A panel that is open until it is closed, or another one takes its place.

    A subclass builds its model and its widgets under `_lock`, puts the widgets into `widget` and calls `_opened`.

    Parameters
    ----------
    label : str
        What it is called where it cannot be seen.
    kernel : BusyKernel
        Tells while a cell runs.
    """

    def __init__(self, label: str, kernel: BusyKernel = THE_KERNEL) -> None:
        # Several threads may have something to show at the same time.
        self._lock = threading.RLock()
        self._kernel = kernel
        self._is_open = False
        self._conduct = classed(Conduct(label=label), "conduct")
        self.widget: Any = box(style_sheet(), self._conduct, names=("panel",))
        self.widget.layout.flex_flow = "column"

    def _opened(self, key: Hashable) -> None:
        """Begin to be shown; the panel that showed the same is closed."""
        self._is_open = True
        THE_OPEN_PANELS.take_place(key, self)
        self._kernel.listen(self.refresh)
        self.refresh()

    def clicked(self, act: Callable[[], None]) -> Callable[[], None]:
        """Give what a button does: all handlers go through here."""

        def clicked() -> None:
            self._kernel.clicked()
            act()

        return clicked

    def refresh(self) -> None:
        """Show the model as it is now."""
        with self._lock:
            if self._is_open:
                self._show()
                # All of them, also what has just come: their messages keep their order only along one road.
                take_as_addressed(self.widget, self._kernel.clicks_do_not_wait)

    def say(self, *sentences: str) -> None:
        """Have what is new among these announced to who does not look at the panel."""
        self._conduct.say(sentences)

    def close(self) -> None:
        """End the subscriptions and take the widgets away. What was begun in the account goes on."""
        with self._lock:
            was_open, self._is_open = self._is_open, False
        if was_open:
            self._kernel.forget(self.refresh)
            THE_OPEN_PANELS.leave(self)
            self._end()
            close_all(self.widget)

    @abstractmethod
    def _show(self) -> None:
        """Show the model as it is now; only called while the panel is open."""

    @abstractmethod
    def _end(self) -> None:
        """End the model's subscriptions."""

    @abstractmethod
    def text(self) -> str:
        """Give the panel as text."""

    @abstractmethod
    def html(self) -> str:
        """Give the panel as HTML that needs no kernel."""

    def __repr__(self) -> str:
        return self.text()

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        """Give what a notebook shows, and what it keeps for when there is no kernel: text and HTML, and no token."""
        shown: dict[str, Any] = {"text/plain": self.text(), "text/html": self.html()}
        if self._is_open:
            bundle = self.widget._repr_mimebundle_()
            shown |= {kind: value for kind, value in bundle.items() if kind not in shown}
        return shown
