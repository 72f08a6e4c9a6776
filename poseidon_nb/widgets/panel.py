"""What all panels' skins share: how they are shown, how they are closed, and what remains of them in a saved notebook."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Protocol

from poseidon_nb.widgets.addressed_comm import take_as_addressed
from poseidon_nb.widgets.busy_kernel import THE_KERNEL
from poseidon_nb.widgets.conduct import Conduct
from poseidon_nb.widgets.keeping import Keeping
from poseidon_nb.widgets.open_panels import THE_OPEN_PANELS
from poseidon_nb.widgets.parts import box, classed, close_all, style_sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from poseidon_nb.widgets.busy_kernel import BusyKernel


class Model(Protocol):
    """What a panel shows."""

    def text(self) -> str:
        """Give it as text."""

    def html(self) -> str:
        """Give it as HTML that needs neither kernel nor script."""

    def close(self) -> None:
        """Follow nothing any more."""


class Panel(ABC):
    """A panel that is open until it is closed, or another one takes its place.

    A subclass builds its `model` and its widgets under `_lock`, puts the widgets into `widget` and calls `_opened`. The
    model says what it is as text and as HTML, and is closed with the panel.

    Parameters
    ----------
    label : str
        What it is called where it cannot be seen.
    kernel : BusyKernel
        Tells while a cell runs.
    """

    model: Model

    def __init__(self, label: str, kernel: BusyKernel = THE_KERNEL) -> None:
        # Several threads may have something to show at the same time.
        self._lock = threading.RLock()
        self._kernel = kernel
        self._is_open = False
        self._keeping = Keeping(self.kept)
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
        """Make a handler of what a button does: all buttons go through here."""

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
                self._keeping.changed()

    def _with_kernel(self, notices: list[str]) -> list[str]:
        """Give a model's notices, and before them what is to be said of the kernel."""
        return [*filter(None, [self._kernel.notice]), *notices]

    def say(self, *sentences: str) -> None:
        """Have what is new among these announced to who does not look at the panel."""
        self._conduct.say(sentences)

    def close(self) -> None:
        """End the subscriptions and take the widgets away. What was begun in the account goes on."""
        with self._lock:
            was_open, self._is_open = self._is_open, False
        if was_open:
            self._kernel.forget(self.refresh)
            self._keeping.end()
            THE_OPEN_PANELS.leave(self)
            self.model.close()
            close_all(self.widget)

    @abstractmethod
    def _show(self) -> None:
        """Show the model as it is now; only called while the panel is open."""

    def text(self) -> str:
        """Give the panel as text."""
        return self.model.text()

    def html(self) -> str:
        """Give the panel as HTML that needs no kernel."""
        return self.model.html()

    def __repr__(self) -> str:
        return self.text()

    def kept(self) -> dict[str, str]:
        """Give what a saved notebook keeps for when there is no kernel: the facts as text and as HTML, and no token."""
        return {"text/plain": self.text(), "text/html": f"<div class='pnb-kept'>{self.html()}</div>"}

    def keep(
        self, kept: dict[str, str], tell: Callable[[dict[str, str]], None], leave: Callable[[], None] = lambda: None
    ) -> None:
        """Have somebody who keeps this told when it has become something else, until the panel is closed; and of that."""
        self._keeping.begin(kept, tell, leave)

    def live(self) -> dict[str, Any]:
        """Give what shows the panel while there is a kernel; nothing when it is closed."""
        return dict(self.widget._repr_mimebundle_()) if self._is_open else {}

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        """Give both at once, for who cannot show one after the other."""
        return self.live() | self.kept()
