"""The widgets of the forms that freeze droplets and give them leases."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets

from poseidon_nb.widgets.components import Button, add_classes, box, html, set_html, toggle_class
from poseidon_nb.widgets.droplets.lifetime import SUGGESTED_TTLS

if TYPE_CHECKING:
    from poseidon_nb.widgets.components import ClickHandler
    from poseidon_nb.widgets.droplets.model import DropletsModel

_CLOSE = {"freeze": "Close without freezing", "lease": "Close without a lease"}


class LifetimeForm:
    """One of the two forms: notes about what it does, a field for the length of a lease, and the submit button.

    Parameters
    ----------
    model : DropletsModel
    on_click : callable
        Wraps a function as the handler of a click.
    name : str
        ``freeze`` or ``lease``.
    """

    def __init__(self, model: DropletsModel, on_click: ClickHandler, name: str) -> None:
        self._model = model
        self._name = name
        self._ttl: Any = self._field() if name == "lease" else None
        self._notes = html("why", "notes")
        self._submit = Button(on_click(model.submit), on_click(model.cancel), names=(f"submit-{name}", "primary"))
        self._close = Button(on_click(model.close_form), names=("close-form", "quiet"))
        row = box(self._submit.widget, self._close.widget, names=("buttons",))
        fields = [self._ttl] if self._ttl is not None else []
        self.widget = add_classes(ipywidgets.VBox([*fields, self._notes, row]), "form", f"form-{name}", "hidden")

    def _field(self) -> Any:
        # It sends its text when it is left; see `SnapshotForm`.
        field = ipywidgets.Combobox(
            description="Length of the lease from now, such as 6h or 2d; none removes it",
            options=SUGGESTED_TTLS,
            continuous_update=False,
        )
        field.style.description_width = "initial"
        field.observe(lambda change: self._model.set_ttl(change["new"]), "value")
        return add_classes(field, "lease-ttl")

    def show(self) -> None:
        """Show the model."""
        model, name = self._model, self._name
        if model.form == name:
            if self._ttl is not None and self._ttl.value != model.lifetime.ttl:
                self._ttl.value = model.lifetime.ttl
            state = model.submit_button()
            self._submit.show_state(state)
            self._close.show("Close", tooltip=_CLOSE[name], visible=not state.confirming)
            set_html(self._notes, "".join(f"<div>{escape(note)}</div>" for note in model.form_notes()))
        # Last, because the page shows the form at once.
        toggle_class(self.widget, "hidden", on=model.form != name)
