"""The widgets of all droplet panels: buttons, forms and progress. `DropletPanel` adds the facts of one droplet."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets

from poseidon_nb.text import escape_unprintable, pluralize
from poseidon_nb.widgets.components import (
    Button,
    CopyButton,
    Notices,
    add_classes,
    box,
    close_tree,
    header_html,
    html,
    set_html,
    toggle_class,
)
from poseidon_nb.widgets.droplets.facts import (
    facts_html,
    public_address,
    ssh_command,
    status_html,
    subtitle_text,
    with_defaults,
)
from poseidon_nb.widgets.droplets.lifetime import LIFETIME_VERBS
from poseidon_nb.widgets.droplets.lifetime_form import LifetimeForm
from poseidon_nb.widgets.droplets.panel_models import DropletModel
from poseidon_nb.widgets.droplets.requests import PANEL_VERBS
from poseidon_nb.widgets.droplets.resize_form import ResizeForm
from poseidon_nb.widgets.droplets.settings_form import SettingsForms
from poseidon_nb.widgets.panel import Panel, PanelHost
from poseidon_nb.widgets.progress_box import ProgressBox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.client.droplet import Droplet
    from poseidon_nb.widgets.components import ClickHandler
    from poseidon_nb.widgets.droplets.bulk_progress import BulkProgress
    from poseidon_nb.widgets.droplets.model import DropletsModel


class SnapshotForm:
    """The form with the name of a snapshot.

    Parameters
    ----------
    model : DropletsModel
    on_click : callable
        Wraps a function as the handler of a click.
    label : str
        The label of the field.
    """

    def __init__(self, model: DropletsModel, on_click: ClickHandler, label: str) -> None:
        self._model = model
        # Sent once, when the field loses the focus. With continuous updates, ipywidgets delays values while the kernel is
        # busy, and a click on the button would overtake the last one.
        self._name = add_classes(ipywidgets.Text(description=label, continuous_update=False), "snapshot-name")
        self._name.style.description_width = "initial"
        self._name.observe(lambda change: self._model.set_snapshot_name(change["new"]), "value")
        self._submit = Button(on_click(model.submit), on_click(model.cancel), names=("submit-snapshot", "primary"))
        self._close = Button(on_click(model.close_form), names=("close-form", "quiet"))
        self._notes = html("why")
        row = box(self._submit.widget, self._close.widget, names=("buttons",))
        fields = ipywidgets.VBox([self._name, self._notes, row])
        self.widget = add_classes(fields, "form", "form-snapshot", "hidden")

    def show(self) -> None:
        """Show the model."""
        model = self._model
        if model.form == "snapshot":
            if self._name.value != model.snapshot_name:
                self._name.value = model.snapshot_name
            state = model.submit_button()
            self._submit.show_state(state)
            self._close.show("Close", tooltip="Close without taking a snapshot", visible=not state.confirming)
            set_html(self._notes, "".join(f"<div>{escape(note)}</div>" for note in model.form_notes()))
        # Last, because the page shows the form at once.
        toggle_class(self.widget, "hidden", on=model.form != "snapshot")


class DropletsPanel(Panel):
    """The widgets of a `DropletsModel`; a subclass adds a header."""

    model: DropletsModel

    def _compose(
        self, *head: Any, snapshot: str, size: str, bar: Sequence[Any] = (), settings: SettingsForms | None = None
    ) -> None:
        """Create the widgets; the caller holds the lock.

        Parameters
        ----------
        *head : widget
            The header.
        snapshot, size : str
            Labels of fields in the forms.
        bar : sequence of widget
            Placed above the buttons.
        settings : SettingsForms, optional
            Further buttons and their forms.
        """
        self._hint = html("why")
        self._buttons = {
            name: Button(
                self.on_click(partial(self.model.press, name)),
                self.on_click(self.model.cancel),
                names=(name.replace("_", "-"), *([f"opens-{name}"] if verb.has_form else [])),
            )
            for name, verb in PANEL_VERBS.items()
        }
        self._forms: tuple[SnapshotForm | ResizeForm | LifetimeForm, ...] = (
            SnapshotForm(self.model, self.on_click, snapshot),
            ResizeForm(self.model, self.on_click, size),
            *(LifetimeForm(self.model, self.on_click, name) for name in sorted(LIFETIME_VERBS)),
        )
        more = [] if settings is None else [settings.more.widget]
        row = box(*(button.widget for button in self._buttons.values()), *more, names=("buttons",))
        rows = [row] if settings is None else [row, settings.row]
        self._progress: dict[BulkProgress, _RequestProgress] = {}
        self._progress_boxes = box(names=("activity",), column=True)
        self._notices = Notices(self.on_click(self.model.resume))
        self.widget.children = (
            *self.widget.children,
            *head,
            box(*bar, *rows, self._hint, names=("bar",), column=True),
            *(form.widget for form in self._forms),
            *(() if settings is None else settings.forms),
            self._progress_boxes,
            self._notices.widget,
        )

    def _show(self) -> None:
        model = self.model
        for verb, state in model.buttons().items():
            self._buttons[verb].show_state(state)
            self._buttons[verb].toggle_class("open", on=model.form == verb)
        for form in self._forms:
            form.show()
        set_html(self._hint, escape(model.hint()))
        self._show_activity()
        self._notices.show(self._with_kernel_notice(model.notices()), paused=model.paused)
        self.announce(*model.announcements(), self._kernel.notice)

    def _show_activity(self) -> None:
        activity = self.model.activity
        for progress in activity:
            if progress not in self._progress:
                self._progress[progress] = _RequestProgress(self, progress)
            self._progress[progress].show()
        children = tuple(self._progress[progress].widget for progress in activity)
        if children != self._progress_boxes.children:
            self._progress_boxes.children = children
        for progress in [*self._progress.keys() - {*activity}]:
            close_tree(self._progress.pop(progress).widget)

    def _show_row(self, progress: BulkProgress, droplet_id: int) -> None:
        """Show one row only: many change several times a second."""
        with self._lock:
            if self._is_open and progress in self._progress:
                self._progress[progress].show_row(droplet_id)


class _RequestProgress(ProgressBox[int]):
    """The progress of a request, with buttons to try again and to dismiss it."""

    def __init__(self, panel: DropletsPanel, progress: BulkProgress) -> None:
        self._request_progress = progress
        self._retry = Button(panel.on_click(partial(panel.model.retry, progress)), names=("retry",))
        self._dismiss = Button(panel.on_click(partial(panel.model.dismiss, progress)), names=("dismiss", "quiet"))
        super().__init__(progress, self._retry.widget, self._dismiss.widget)

    def show(self) -> None:
        """Show the progress."""
        progress = self._request_progress
        failed = len(progress.retryable_keys)
        self._retry.show(
            "Retry" if progress.single else f"Retry {pluralize(failed, 'droplet')}",
            tooltip=f"Retry: {progress.title}",
            visible=bool(failed) and progress.ended,
        )
        self._dismiss.show("Dismiss", tooltip=f"Dismiss: {progress.title}", visible=progress.ended)
        super().show()


class DropletPanel(DropletsPanel):
    """The panel of one droplet.

    Parameters
    ----------
    droplet : Droplet
        It is updated in place.
    host : PanelHost, optional
    """

    model: DropletModel

    def __init__(self, droplet: Droplet, *, host: PanelHost | None = None) -> None:
        super().__init__(f"Droplet {escape_unprintable(with_defaults(droplet.to_dict())['name'])}", host)
        with self._lock:
            self.model = DropletModel(droplet, self.refresh, self._show_row)
            self._head, self._facts, self._usage = html("head"), html("facts-box"), html("usage-box")
            self._address = add_classes(CopyButton(label="Copy the address", heading="Public address"), "copy-field")
            self._ssh = add_classes(CopyButton(label="Copy the SSH command", heading="SSH"), "copy-field", "wide")
            self._settings = SettingsForms(self.model, self.on_click)
            self._compose(
                self._head,
                box(self._address, self._ssh, names=("connect",)),
                self._facts,
                self._usage,
                snapshot="Snapshot name",
                size="Sizes, with the price and its difference",
                settings=self._settings,
            )
            # Not earlier: until then no request is sent, and no click can come.
            self._accessibility.on_drawn(self.model.load_usage)
            # The resize form may be open from the start.
            self._accessibility.on_drawn(self.model.load_advice)
        self._open(("droplet", droplet.client.base_url, self.model.account, droplet.id))

    @property
    def droplet(self) -> Droplet:
        """The droplet."""
        return self.model.droplet

    def _show(self) -> None:
        model = self.model
        model.update_fleet()
        row, name = model.row, escape_unprintable(model.row["name"])
        status = status_html(row, deleted=model.deleted)
        set_html(self._head, header_html(name, model.account, subtitle_text(row), status=status))
        self._accessibility.label = f"Droplet {name}"
        self._address.text, self._ssh.text = public_address(row), ssh_command(row)
        set_html(self._facts, facts_html(model.facts(), public_address(row)))
        set_html(self._usage, model.usage_html())
        self._settings.show()
        super()._show()
