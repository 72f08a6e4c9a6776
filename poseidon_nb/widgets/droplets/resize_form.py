"""The widgets of the resize form: a table of sizes, the kind of resize, and a bar that asks for confirmation."""

from __future__ import annotations

import pathlib
from html import escape
from threading import get_ident
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets

from poseidon_nb.widgets.components import Button, add_classes, box, html, set_html, style_sheet, toggle_class
from poseidon_nb.widgets.droplets.resize import consequences_html
from poseidon_nb.widgets.page_widget import PageWidget, page_script

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from poseidon_nb.widgets.click_confirmation import ButtonState
    from poseidon_nb.widgets.components import ClickHandler
    from poseidon_nb.widgets.droplets.model import DropletsModel


class SizeTable(PageWidget):
    """A table of sizes in the page, of which one is chosen; a filter hides rows.

    Parameters
    ----------
    label : str
        The accessible name.
    choose : callable
        Called with the slug that the user has chosen.
    choice : callable
        Returns the slug that is chosen now.
    """

    _esm = page_script(pathlib.Path(__file__).with_name("resize_table.js"))
    label = traitlets.Unicode().tag(sync=True)
    heads: Any = traitlets.List(traitlets.Unicode()).tag(sync=True)
    rows: Any = traitlets.List().tag(sync=True)
    #: The chosen slug, and the number of the last click that led to it: the page ignores a state before its last click.
    chosen = traitlets.Dict().tag(sync=True)

    def __init__(self, label: str, choose: Callable[[str], None], choice: Callable[[], str]) -> None:
        super().__init__(label=label, chosen={"slug": "", "sequence": 0})
        self._choose, self._choice = choose, choice
        self._sequence = 0
        # Clicks are messages, which keep their order with clicks on buttons; the values of a widget do not.
        self.on_msg(self._on_message)

    def show(self, heads: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
        """Show these rows, and the choice."""
        with self.hold_sync():
            if self.heads != heads:
                self.heads = heads
            if self.rows != rows:
                self.rows = rows
            self._show_choice()

    def _show_choice(self) -> None:
        # Another thread may call this while a click is being handled. The number is set last there and read first here: the
        # choice before a click never has the click's number, which the page would take for an undo.
        sequence = self._sequence
        chosen = {"slug": self._choice(), "sequence": sequence}
        if self.chosen != chosen:
            self.chosen = chosen

    def _on_message(self, _: Any, content: Mapping[str, Any], __: Any) -> None:
        if isinstance(content.get("slug"), str):
            self._choose(content["slug"])
            self._sequence = max(self._sequence, int(content["sequence"]))
            self._show_choice()


class ResizeForm:
    """The form with the size, and whether the disk grows.

    Parameters
    ----------
    model : DropletsModel
    on_click : callable
        Wraps a function as the handler of a click.
    label : str
        The label of the table of sizes.
    """

    def __init__(self, model: DropletsModel, on_click: ClickHandler, label: str) -> None:
        self._model = model
        self._sizes = add_classes(SizeTable(label, model.choose_size, self._choice), "sizes")
        self._disk = add_classes(ipywidgets.RadioButtons(description="Resize type"), "disk")
        self._disk.style.description_width = "initial"
        self._disk.observe(self._on_disk, "value")
        self._submit = Button(on_click(model.submit), on_click(model.cancel), names=("submit-resize", "primary"))
        self._close = Button(on_click(model.close_form), names=("close-form", "quiet"))
        self._advice, self._consequences, self._question = html("advice"), html("what"), html("question")
        buttons = box(self._submit.widget, self._close.widget, names=("buttons",))
        # It always takes the room of a question, so that nothing moves when it asks.
        self._bar = box(self._question, buttons, names=("confirm-bar",))
        self._updating_thread: int | None = None
        sheet = style_sheet("droplets/resize_form.css")
        fields = ipywidgets.VBox([sheet, self._sizes, self._advice, self._disk, self._consequences, self._bar])
        self.widget = add_classes(fields, "form", "form-resize", "hidden")

    def _choice(self) -> str:
        choice = self._model.resize_options.choice
        return choice.slug if choice is not None else ""

    def _on_disk(self, change: Any) -> None:
        if self._updating_thread != get_ident() and change["new"] is not None:
            self._model.choose_disk(with_disk=change["new"])

    def show(self) -> None:
        """Show the model."""
        is_open = self._model.form == "resize"
        if is_open:
            # Values set by this thread are not the user's choice; changes in other threads meanwhile are.
            self._updating_thread = get_ident()
            try:
                self._update()
            finally:
                self._updating_thread = None
        toggle_class(self.widget, "hidden", on=not is_open)

    def _update(self) -> None:
        model, resize = self._model, self._model.resize_options
        choice, rows = resize.choice, resize.table()
        self._sizes.show(resize.heads(), rows)
        toggle_class(self._sizes, "hidden", on=not rows)
        set_html(self._advice, escape(resize.advice_text()))
        toggle_class(self._disk, "hidden", on=not resize.can_grow_disk)
        if choice is not None:
            without_disk, with_disk = resize.disk_labels()
            types = ((without_disk, False), (with_disk, True))
            if self._disk.options != types:
                self._disk.options = types
            if self._disk.value != resize.with_disk:
                self._disk.value = resize.with_disk
        set_html(self._consequences, consequences_html(model.form_notes(), permanent=resize.grows_disk))
        self._show_bar(model.submit_button())

    def _show_bar(self, state: ButtonState) -> None:
        if state.confirming:
            self._submit.show("Confirm", tooltip=state.label, confirming=True)
        else:
            self._submit.show_state(state)
        self._question.value = escape(state.tooltip) if state.confirming or not state.enabled else ""
        toggle_class(self._bar, "asking", on=state.confirming)
        self._close.show("Close", tooltip="Close without resizing", visible=not state.confirming)
