"""The panels that are open in this process: one for each thing, so that running a cell again leaves none behind."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Hashable


class Closes(Protocol):
    """Something that can be closed, more than once."""

    def close(self) -> None:
        """End its subscriptions and take its widgets away."""


class OpenPanels:
    """Which panels are open, by what they show."""

    def __init__(self) -> None:
        self._panels: dict[Hashable, Closes] = {}
        self._lock = threading.Lock()

    def take_place(self, key: Hashable, panel: Closes) -> None:
        """Note a panel as open; the one that showed the same is closed."""
        with self._lock:
            before = self._panels.pop(key, None)
            self._panels[key] = panel
        if before is not None:
            before.close()

    def leave(self, panel: Closes) -> None:
        """Note that a panel was closed."""
        with self._lock:
            for key in [key for key, one in self._panels.items() if one is panel]:
                del self._panels[key]


THE_OPEN_PANELS = OpenPanels()
