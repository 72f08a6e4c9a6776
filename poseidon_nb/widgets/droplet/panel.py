"""The panel of one droplet, as widgets: it shows what `DropletModel` says, and tells it what was clicked."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import ipywidgets

from poseidon_nb.text import printable
from poseidon_nb.widgets.droplet.model import DropletModel
from poseidon_nb.widgets.droplet_facts import facts_html, filled, head_html
from poseidon_nb.widgets.forms import ResizeForm, SnapshotForm, show_buttons, verb_buttons
from poseidon_nb.widgets.panel import Panel
from poseidon_nb.widgets.parts import ActivityList, Notices, box, classed, html, shown
from poseidon_nb.widgets.workers import THE_WORKERS

if TYPE_CHECKING:
    from poseidon_nb.client.droplets.droplet import Droplet
    from poseidon_nb.widgets.workers import Workers


class DropletPanel(Panel):
    """The skin of a `DropletModel`.

    Parameters
    ----------
    droplet : Droplet
        It is read again in place.
    workers : Workers
        In which threads requests are sent.
    """

    model: DropletModel

    def __init__(self, droplet: Droplet, *, workers: Workers = THE_WORKERS) -> None:
        super().__init__(f"Droplet {printable(filled(droplet.to_dict())['name'])}")
        with self._lock:
            self.model = DropletModel(droplet, self.refresh, workers)
            self._head, self._facts, self._why = html("head"), html("facts-box"), html("why")
            self._buttons = verb_buttons(self.model, self.clicked)
            row = box(*(button.widget for button in self._buttons.values()), names=("buttons",))
            self._snapshot = SnapshotForm(self.model, self.clicked, "Name of the snapshot")
            self._resize = ResizeForm(self.model, self.clicked, "Size, price and difference")
            self._activity = ActivityList(self.model.activity, self.clicked, self.refresh)
            self._notices = Notices(self.clicked(self.model.resume), "the droplet")
            self.widget.children = (
                *self.widget.children,
                self._head,
                self._facts,
                classed(ipywidgets.VBox([row, self._why]), "bar"),
                self._snapshot.widget,
                self._resize.widget,
                self._activity.widget,
                self._notices.widget,
            )
        self._opened(("droplet", droplet.client.base_url, self.model.account, droplet.id))

    @property
    def droplet(self) -> Droplet:
        """The droplet."""
        return self.model.droplet

    def _show(self) -> None:
        model = self.model
        shown(self._head, head_html(model.row, model.account, gone=model.gone))
        shown(self._facts, facts_html(model.facts()))
        show_buttons(self._buttons, model)
        shown(self._why, escape(model.why()))
        self._snapshot.show()
        self._resize.show()
        self._activity.refresh()
        self._notices.show(self._with_kernel(model.notices()), paused=model.paused)
        self.say(*model.announcements(), self._kernel.notice)
