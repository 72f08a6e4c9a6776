"""A panel's buttons and the forms below them, as widgets: what a snapshot is called, and which size it shall be."""

from __future__ import annotations

from functools import partial
from html import escape
from threading import get_ident
from typing import TYPE_CHECKING, Any

import ipywidgets

from poseidon_nb.widgets.parts import Button, box, classed, html, marked, shown
from poseidon_nb.widgets.resizing import consequences_html
from poseidon_nb.widgets.verbs import VERBS

if TYPE_CHECKING:
    from poseidon_nb.widgets.fleet.model import DropletsModel
    from poseidon_nb.widgets.parts import Clicked


def verb_buttons(model: DropletsModel, clicked: Clicked) -> dict[str, Button]:
    """Return the buttons of the first row, by verb."""
    return {
        name: Button(
            clicked(partial(model.press, name)),
            clicked(model.cancel),
            names=(name.replace("_", "-"), *([f"opens-{name}"] if verb.form else [])),
        )
        for name, verb in VERBS.items()
    }


def show_buttons(buttons: dict[str, Button], model: DropletsModel) -> None:
    """Show them as they are now, the one whose form is open as open."""
    for verb, state in model.buttons().items():
        buttons[verb].show(state.label, enabled=state.enabled, why=state.why, asking=state.asking)
        buttons[verb].mark("open", on=model.form == verb)


class SnapshotForm:
    """A name for a snapshot.

    Parameters
    ----------
    model : DropletsModel
    clicked : callable
        Makes a handler of what a button does.
    label : str
        Of the field.
    """

    def __init__(self, model: DropletsModel, clicked: Clicked, label: str) -> None:
        self._model = model
        # Sent once, when the field is left: letter by letter ipywidgets holds values back while the kernel is at work, and
        # a click on the button would overtake the last of them.
        self._name = classed(ipywidgets.Text(description=label, continuous_update=False), "snapshot-name")
        self._name.style.description_width = "initial"
        self._name.observe(lambda change: self._model.call_snapshot(change["new"]), "value")
        self._go = Button(clicked(model.go), clicked(model.cancel), names=("go-snapshot", "primary"))
        self._close = Button(clicked(model.close_form), names=("close-form", "quiet"))
        self._why = html("why")
        row = box(self._go.widget, self._close.widget, names=("buttons",))
        self.widget = classed(ipywidgets.VBox([self._name, self._why, row]), "form", "form-snapshot", "hidden")

    def show(self) -> None:
        """Show the model as it is now."""
        model = self._model
        if model.form == "snapshot":
            if self._name.value != model.snapshot_name:
                self._name.value = model.snapshot_name
            state = model.go_button()
            self._go.show(state.label, enabled=state.enabled, why=state.why, asking=state.asking)
            self._close.show("Close", why="Take no snapshot", visible=not state.asking)
            shown(self._why, "".join(f"<div>{escape(words)}</div>" for words in model.form_words()))
        # Filled first: the page shows it as soon as it hears of it.
        marked(self.widget, "hidden", on=model.form != "snapshot")


class ResizeForm:
    """A size, and whether the disk grows.

    Parameters
    ----------
    model : DropletsModel
    clicked : callable
        Makes a handler of what a button does.
    label : str
        Of the list of sizes.
    """

    def __init__(self, model: DropletsModel, clicked: Clicked, label: str) -> None:
        self._model = model
        self._sizes = classed(ipywidgets.Select(description=label, rows=10), "sizes")
        self._disk = classed(ipywidgets.RadioButtons(description="What grows"), "disk")
        for choice in (self._sizes, self._disk):
            choice.style.description_width = "initial"
        self._sizes.observe(self._chosen, "value")
        self._disk.observe(self._disk_chosen, "value")
        self._go = Button(clicked(model.go), clicked(model.cancel), names=("go-resize", "primary"))
        self._close = Button(clicked(model.close_form), names=("close-form", "quiet"))
        self._what, self._why = html("what"), html("why")
        row = box(self._go.widget, self._close.widget, names=("buttons",))
        self._shown: Any = None
        self._showing: int | None = None
        self.widget = classed(
            ipywidgets.VBox([self._sizes, self._disk, self._what, self._why, row]), "form", "form-resize", "hidden"
        )

    def _chosen(self, change: Any) -> None:
        if self._showing != get_ident() and change["new"]:
            self._model.choose_size(change["new"])

    def _disk_chosen(self, change: Any) -> None:
        if self._showing != get_ident() and change["new"] is not None:
            self._model.choose_disk(with_disk=change["new"])

    def show(self) -> None:
        """Show the model as it is now."""
        is_open = self._model.form == "resize"
        if is_open:
            # What is shown here is no choice of the user's; what another thread hears meanwhile is.
            self._showing = get_ident()
            try:
                self._fill()
            finally:
                self._showing = None
        marked(self.widget, "hidden", on=not is_open)

    def _fill(self) -> None:
        model, resizing = self._model, self._model.resizing
        options = tuple((one.label, one.slug) for one in resizing.choices)
        choice = resizing.choice
        if options != self._shown:
            self._shown = self._sizes.options = options
        if choice is not None and self._sizes.value != choice.slug:
            self._sizes.value = choice.slug
        marked(self._sizes, "hidden", on=not options)
        marked(self._disk, "hidden", on=not resizing.can_grow_disk)
        if choice is not None:
            cpu_only, with_disk = resizing.disk_words()
            kinds = ((cpu_only, False), (with_disk, True))
            if self._disk.options != kinds:
                self._disk.options = kinds
            if self._disk.value != resizing.with_disk:
                self._disk.value = resizing.with_disk
        shown(self._what, consequences_html(model.form_words(), grave=resizing.grows_disk))
        state = model.go_button()
        self._go.show(state.label, enabled=state.enabled, why=state.why, asking=state.asking)
        shown(self._why, "" if state.enabled else escape(state.why))
        self._close.show("Close", why="Change nothing", visible=not state.asking)
