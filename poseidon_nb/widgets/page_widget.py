"""The base class of our widgets with a script in the page: none of them misses a change, however busy the page is.

anywidget gives the script of a widget two seconds to load. After that it drops every message from the kernel to this widget,
although the script still starts. A page that compiles another large script is busy for longer. `page_widget.js` finds out,
restores the connection, and asks for the current state.
"""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

import anywidget
import traitlets

if TYPE_CHECKING:
    from collections.abc import Mapping


def page_script(*files: pathlib.Path) -> str:
    """Return the script of a `PageWidget`: what all share, then these files. Scripts in the page cannot import files."""
    return "".join(file.read_text("utf-8") for file in (pathlib.Path(__file__).with_suffix(".js"), *files))


class PageWidget(anywidget.AnyWidget):
    """A widget with a script in the page, which a subclass sets as ``_esm = page_script(...)``."""

    #: Traits that never change, which the page need not get again.
    _constant: ClassVar[frozenset[str]] = frozenset({"_esm", "_css"})
    #: The ids of the models that the script keeps connected: its own, because ipywidgets does not tell it, and others.
    connected_models = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self, **values: Any) -> None:
        key = uuid4().hex
        self._connected: dict[str, Any] = {key: self}
        super().__init__(model_id=key, connected_models=[key], **values)
        self.on_msg(self._resend)

    def keep_connected(self, widget: Any) -> None:
        """Do the same for an anywidget of another package."""
        self._connected[widget.model_id] = widget
        self.connected_models = [*self._connected]

    def _resend(self, _: Any, content: Mapping[str, Any], __: Any) -> None:
        widget = self._connected.get(str(content.get("resend")))
        if widget is not None:
            widget.send_state([key for key in widget.keys if key not in self._constant])
