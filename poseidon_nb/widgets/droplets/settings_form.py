"""The widgets for the settings of one droplet: a row of buttons behind *More*, and the forms that they open."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets

from poseidon_nb.text import escape_unprintable
from poseidon_nb.widgets.components import Button, add_classes, box, close_tree, html, set_html, toggle_class
from poseidon_nb.widgets.droplets.settings import FORMS

if TYPE_CHECKING:
    from poseidon_nb.widgets.components import ClickHandler
    from poseidon_nb.widgets.droplets.panel_models import DropletModel

_CLOSE = {"rename": "Close without renaming", "tags": "Close the form", "delete": "Close without deleting"}


class SettingsForms:
    """The buttons and forms.

    Parameters
    ----------
    model : DropletModel
    on_click : callable
        Wraps a function as the handler of a click.

    Attributes
    ----------
    more : Button
        Shows and hides the row of buttons.
    row : widget
        The buttons.
    forms : tuple of widget
    """

    def __init__(self, model: DropletModel, on_click: ClickHandler) -> None:
        self._model = model
        self._on_click = on_click
        self.more = Button(on_click(model.toggle_settings), names=("more", "opens-more"))
        self._buttons = {
            name: Button(
                on_click(partial(model.press_setting, name)),
                on_click(model.cancel),
                names=(f"setting-{name}", *([f"opens-{name}"] if name in FORMS else [])),
            )
            for name in ("rename", "tags", "backups", "delete")
        }
        self.row = box(
            *(button.widget for button in self._buttons.values()), names=("buttons", "settings", "form-more", "hidden")
        )
        self._name = self._field("New name", "name")
        self._tag = add_classes(ipywidgets.Combobox(description="Tag to add", continuous_update=False), "setting-tag")
        self._tag.style.description_width = "initial"
        self._typed_name = self._field("", "typed-name", continuous=True)
        self._name.observe(lambda change: setattr(model.settings, "name", change["new"]), "value")
        self._tag.observe(lambda change: setattr(model.settings, "tag", change["new"]), "value")
        self._typed_name.observe(lambda change: model.type_name(change["new"]), "value")
        self._untag: dict[str, Button] = {}
        self._tag_box = box(names=("tags", "buttons"))
        self._notes = {name: html("question" if name == "delete" else "why") for name in FORMS}
        self._submit = {
            name: Button(on_click(model.submit), on_click(model.cancel), names=(f"submit-{name}", "primary"))
            for name in FORMS
        }
        self._close = {name: Button(on_click(model.close_form), names=("close-form", "quiet")) for name in FORMS}
        self._forms = {
            "rename": self._form("rename", self._name),
            "tags": self._form("tags", self._tag_box, self._tag),
            "delete": self._form("delete", self._typed_name, note_first=True),
        }
        self.forms = tuple(self._forms.values())

    def _field(self, label: str, name: str, *, continuous: bool = False) -> Any:
        field = add_classes(ipywidgets.Text(description=label, continuous_update=continuous), f"setting-{name}")
        field.style.description_width = "initial"
        return field

    def _form(self, name: str, *fields: Any, note_first: bool = False) -> Any:
        row = box(self._submit[name].widget, self._close[name].widget, names=("buttons",))
        note = self._notes[name]
        content = (note, *fields, row) if note_first else (*fields, note, row)
        return add_classes(ipywidgets.VBox(content), "form", f"form-{name}", "hidden")

    def show(self) -> None:
        """Show the model."""
        model, visible = self._model, self._model.settings.visible
        self.more.show("More", tooltip="Rename, tags, backups, delete", enabled=not model.closed and not model.deleted)
        self.more.toggle_class("open", on=visible)
        for name, state in model.setting_buttons().items():
            self._buttons[name].show_state(state)
            self._buttons[name].toggle_class("open", on=model.form == name)
        toggle_class(self.row, "hidden", on=not visible)
        for name, form in self._forms.items():
            if model.form == name:
                self._show_form(name)
            # Last, because the page shows the form at once.
            toggle_class(form, "hidden", on=model.form != name)

    def _show_form(self, name: str) -> None:
        model, settings = self._model, self._model.settings
        if name == "rename":
            _set(self._name, "value", settings.name)
        elif name == "delete":
            _set(self._typed_name, "description", settings.delete_label())
            _set(self._typed_name, "value", settings.typed_name)
        else:
            _set(self._tag, "value", settings.tag)
            _set(self._tag, "options", tuple(settings.suggested_tags))
            self._show_tags()
        state = model.submit_button()
        self._submit[name].show_state(state)
        self._close[name].show("Close", tooltip=_CLOSE[name], visible=not state.confirming)
        set_html(self._notes[name], escape(settings.note(name)))

    def _show_tags(self) -> None:
        model = self._model
        tags, enabled = model.settings.tags, model.setting_buttons()["tags"].enabled
        for tag in tags:
            if tag not in self._untag:
                self._untag[tag] = Button(self._on_click(partial(model.untag, tag)), names=("untag",))
            label = f"Remove {escape_unprintable(tag)}"
            self._untag[tag].show(label, tooltip=f"{label} from this droplet", enabled=enabled)
        children = tuple(self._untag[tag].widget for tag in dict.fromkeys(tags))
        if children != self._tag_box.children:
            self._tag_box.children = children
        for tag in [*self._untag.keys() - {*tags}]:
            close_tree(self._untag.pop(tag).widget)


def _set(widget: Any, name: str, value: object) -> None:
    """Set a value that the page may also change; unchanged values send nothing."""
    if getattr(widget, name) != value:
        setattr(widget, name, value)
