"""The panel of one droplet, as widgets: it shows what `DropletModel` says, and tells it what was clicked."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets

from poseidon_nb.widgets.droplet_facts import facts_html, head_html
from poseidon_nb.widgets.droplet_model import LABELS, DropletModel
from poseidon_nb.widgets.panel import Panel
from poseidon_nb.widgets.parts import ActivityList, Button, box, classed, html, live, marked, shown
from poseidon_nb.widgets.resizing import consequences_html, disk_words
from poseidon_nb.widgets.workers import THE_WORKERS

if TYPE_CHECKING:
    from poseidon_nb.client.droplet import Droplet
    from poseidon_nb.widgets.workers import Workers


class DropletPanel(Panel):
    """Buttons for one droplet, with a bar for each action that runs on it.

    Display it, or let it be a cell's last value. It follows the droplet until it is closed, until another panel of
    the same droplet is opened, or until nobody has used it for a quarter of an hour.

    Parameters
    ----------
    droplet : Droplet
        It is read again in place.
    """

    def __init__(self, droplet: Droplet, *, workers: Workers = THE_WORKERS) -> None:
        super().__init__()
        with self._lock:
            self.model = DropletModel(droplet, self.refresh, workers)
            self._head, self._facts, self._why = html("head"), html("facts-box"), html("why")
            self._live = html("live")
            self._buttons = {
                name: Button(
                    self.clicked(partial(self.model.press, name)),
                    self.clicked(self.model.cancel),
                    names=(name.replace("_", "-"),),
                )
                for name in LABELS
            }
            row = box(*(button.widget for button in self._buttons.values()), names=("buttons",))
            self._snapshot, self._resize = _SnapshotForm(self), _ResizeForm(self)
            self._activity = ActivityList(self.model.activity, self.refresh)
            self._notice = html("notice-text")
            self._resume = Button(self.clicked(self.model.resume), names=("resume", "primary"))
            self._notices = box(self._notice, self._resume.widget, names=("notice",))
            self.widget.children = (
                *self.widget.children,
                self._head,
                self._facts,
                classed(ipywidgets.VBox([row, self._why]), "bar"),
                self._snapshot.widget,
                self._resize.widget,
                self._activity.widget,
                self._notices,
                self._live,
            )
        self._opened(("droplet", droplet.client.base_url, self.model.account, droplet.id))

    @property
    def droplet(self) -> Droplet:
        """The droplet."""
        return self.model.droplet

    def text(self) -> str:
        """Give the panel as text."""
        return self.model.text()

    def html(self) -> str:
        """Give the panel as HTML that needs no kernel."""
        return self.model.html()

    def _end(self) -> None:
        self.model.close()

    def _show(self) -> None:
        model = self.model
        shown(self._head, head_html(model.droplet.to_dict(), model.account, gone=model.gone))
        shown(self._facts, facts_html(model.facts()))
        for name, button in self._buttons.items():
            state = model.button(name)
            button.show(state.label, enabled=state.enabled, why=state.why, asking=state.asking)
            button.mark("open", on=model.form == name)
        shown(self._why, escape(model.why()))
        self._snapshot.show()
        self._resize.show()
        self._activity.refresh()
        notices = [*([self._kernel.notice] if self._kernel.notice else []), *model.notices()]
        shown(self._notice, "".join(f"<div class='pnb-strong'>{escape(notice)}</div>" for notice in notices))
        self._resume.show("Resume", why="Follow the droplet again", visible=model.paused)
        marked(self._notices, "hidden", on=not notices)
        shown(self._live, live(" ".join(filter(None, (model.announcement(), self._kernel.notice)))))


class _SnapshotForm:
    def __init__(self, panel: DropletPanel) -> None:
        self._model = panel.model
        self._name = classed(ipywidgets.Text(description="Name of the snapshot"), "snapshot-name")
        self._name.style.description_width = "initial"
        self._name.observe(lambda change: self._model.call_snapshot(change["new"]), "value")
        self._go = Button(panel.clicked(self._model.go), names=("go-snapshot", "primary"))
        self._close = Button(panel.clicked(self._model.close_form), names=("close-form", "quiet"))
        self._why = html("why")
        row = box(self._go.widget, self._close.widget, names=("buttons",))
        self.widget = classed(ipywidgets.VBox([self._name, self._why, row]), "form", "form-snapshot", "hidden")

    def show(self) -> None:
        model = self._model
        is_open = model.form == "snapshot"
        marked(self.widget, "hidden", on=not is_open)
        if not is_open:
            return
        if self._name.value != model.snapshot_name:
            self._name.value = model.snapshot_name
        state = model.go_button()
        self._go.show(state.label, enabled=state.enabled, why=state.why)
        self._close.show("Close", why="Take no snapshot")
        running = f"{model.name} stays on meanwhile; one that is off gives a cleaner copy."
        shown(self._why, escape(running if model.droplet.active else f"{model.name} is off: its copy will be clean."))


class _ResizeForm:
    def __init__(self, panel: DropletPanel) -> None:
        self._model = panel.model
        self._sizes = classed(ipywidgets.Select(description="Size, price and difference", rows=10), "sizes")
        self._disk = classed(ipywidgets.RadioButtons(description="What grows"), "disk")
        for choice in (self._sizes, self._disk):
            choice.style.description_width = "initial"
        self._sizes.observe(self._chosen, "value")
        self._disk.observe(self._disk_chosen, "value")
        self._go = Button(
            panel.clicked(self._model.go),
            panel.clicked(self._model.cancel),
            names=("go-resize", "primary"),
        )
        self._close = Button(panel.clicked(self._model.close_form), names=("close-form", "quiet"))
        self._what, self._why = html("what"), html("why")
        row = box(self._go.widget, self._close.widget, names=("buttons",))
        self._shown: Any = None
        self._showing = False
        self.widget = classed(
            ipywidgets.VBox([self._sizes, self._disk, self._what, self._why, row]), "form", "form-resize", "hidden"
        )

    def _chosen(self, change: Any) -> None:
        if not self._showing and change["new"]:
            self._model.choose_size(change["new"])

    def _disk_chosen(self, change: Any) -> None:
        if not self._showing and change["new"] is not None:
            self._model.choose_disk(with_disk=change["new"])

    def show(self) -> None:
        model = self._model
        is_open = model.form == "resize"
        marked(self.widget, "hidden", on=not is_open)
        if is_open:
            # What is shown here is no choice of the user's.
            self._showing = True
            try:
                self._fill()
            finally:
                self._showing = False

    def _fill(self) -> None:
        model = self._model
        sizes, choice = model.sizes, model.choice
        if sizes is not self._shown:
            self._shown = sizes
            self._sizes.options = [(one.label, one.slug) for one in sizes or ()]
        if choice is not None and self._sizes.value != choice.slug:
            self._sizes.value = choice.slug
        marked(self._sizes, "hidden", on=not sizes)
        marked(self._disk, "hidden", on=not model.can_grow_disk)
        if choice is not None:
            cpu_only, with_disk = disk_words(choice, model.droplet.to_dict())
            options = ((cpu_only, False), (with_disk, True))
            if self._disk.options != options:
                self._disk.options = options
            if self._disk.value != model.with_disk:
                self._disk.value = model.with_disk
        shown(self._what, consequences_html(model.consequences(), grave=model.grows_disk))
        state = model.go_button()
        self._go.show(state.label, enabled=state.enabled, why=state.why, asking=state.asking)
        shown(self._why, "" if state.enabled else escape(state.why))
        self._close.show("Close", why="Change nothing", visible=not state.asking)
