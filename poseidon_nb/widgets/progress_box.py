"""The widgets of a `ProgressGroup`: a summary with its buttons, and a row for each chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

from poseidon_nb.widgets.chain_progress import Key
from poseidon_nb.widgets.components import box, close_tree, html, set_html, toggle_class

if TYPE_CHECKING:
    from poseidon_nb.widgets.chain_progress import ProgressGroup


class ProgressBox(Generic[Key]):
    """Shows a progress.

    Parameters
    ----------
    progress : ProgressGroup
    *buttons : widget
        Placed beside the summary.
    """

    def __init__(self, progress: ProgressGroup[Key], *buttons: Any) -> None:
        self._progress = progress
        self._summary = html("work-summary")
        self._rows: dict[Key, Any] = {}
        self._row_box = box(names=("work-rows",))
        self.widget = box(box(self._summary, *buttons, names=("work-top",)), self._row_box, names=("work",))
        toggle_class(self.widget, "single", on=progress.single)

    def show(self) -> None:
        """Show the summary and all rows."""
        set_html(self._summary, self._progress.summary_html())
        rows = self._progress.rows()
        for key, one in rows:
            if key not in self._rows:
                self._rows[key] = html("progress")
            set_html(self._rows[key], one.html())
        children = tuple(self._rows[key] for key, _ in rows)
        if children != self._row_box.children:
            self._row_box.children = children
        for key in [*self._rows.keys() - {key for key, _ in rows}]:
            close_tree(self._rows.pop(key))

    def show_row(self, key: Key) -> None:
        """Show the summary and one row only: many change several times a second."""
        set_html(self._summary, self._progress.summary_html())
        if key in self._rows:
            set_html(self._rows[key], self._progress.row(key).html())
