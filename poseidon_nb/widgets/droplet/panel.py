"""The panel of one droplet, as widgets: a head of facts above what the panels of droplets show alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.text import escape_unprintable
from poseidon_nb.widgets.droplet.model import DropletModel
from poseidon_nb.widgets.droplet_facts import facts_html, filled, head_html
from poseidon_nb.widgets.fleet.skin import DropletsPanel
from poseidon_nb.widgets.parts import html, shown

if TYPE_CHECKING:
    from poseidon_nb.client.droplets.droplet import Droplet


class DropletPanel(DropletsPanel):
    """The skin of a `DropletModel`.

    Parameters
    ----------
    droplet : Droplet
        It is read again in place.
    """

    model: DropletModel

    def __init__(self, droplet: Droplet) -> None:
        super().__init__(f"Droplet {escape_unprintable(filled(droplet.to_dict())['name'])}")
        with self._lock:
            self.model = DropletModel(droplet, self.refresh, self._moved)
            self._head, self._facts = html("head"), html("facts-box")
            self._compose(self._head, self._facts, snapshot="Name of the snapshot", size="Size, price and difference")
        self._opened(("droplet", droplet.client.base_url, self.model.account, droplet.id))

    @property
    def droplet(self) -> Droplet:
        """The droplet."""
        return self.model.droplet

    def _show(self) -> None:
        model = self.model
        shown(self._head, head_html(model.row, model.account, gone=model.gone))
        shown(self._facts, facts_html(model.facts()))
        super()._show()
