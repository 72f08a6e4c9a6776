"""The panel of a fleet, as widgets: it shows what `FleetModel` says, and tells it what was clicked."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING

from poseidon_nb.widgets.fleet.skin import DropletsPanel
from poseidon_nb.widgets.fleet.table import FleetTable
from poseidon_nb.widgets.fleet.table_model import FleetModel
from poseidon_nb.widgets.parts import Button, box, head_html, html, shown
from poseidon_nb.widgets.table_style import TABLE_STYLE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import pandas as pd

    from poseidon_nb.client.client import Client


class FleetPanel(DropletsPanel):
    """The skin of a `FleetModel`.

    Parameters
    ----------
    client : Client
    tag : str, optional
        Only droplets that have it.
    """

    model: FleetModel

    def __init__(self, client: Client, *, tag: str | None = None) -> None:
        super().__init__("Droplets")
        self.widget.add_class("pnb-fleet")
        with self._lock:
            self.model = FleetModel(client, self.refresh, self._moved, tag=tag)
            self._head, self._selection = html("head"), html("selection")
            self._table = FleetTable(self.model.fleet.cells, self._marked, self.refresh)
            # What is selected may be on other pages, or hidden by the search.
            self._clear = Button(self.clicked(partial(self.model.select, ())), names=("clear", "quiet"))
            self._compose(
                html("hidden", value=TABLE_STYLE),
                self._head,
                box(*self._table.widgets, names=("table-box",)),
                bar=[box(self._selection, self._clear.widget, names=("selected",))],
                snapshot="Name of the snapshots, behind each droplet's own",
                size="Size, price of each, and difference for all",
            )
        self._opened(("fleet", client.base_url, self.model.account, tag))

    # --- from Python -------------------------------------------------------------------------------------------------
    @property
    def selected(self) -> pd.DataFrame:
        """The selected droplets as last read, with the columns of ``%do droplets list``: the table ``droplets``."""
        return self.model.selected()

    @property
    def selected_ids(self) -> frozenset[int]:
        """The ids of the selected droplets."""
        return self.model.fleet.selected

    def select(self, ids: Iterable[int]) -> None:
        """Select exactly these droplets, by their ids; those that the panel does not show are left out."""
        self.model.select(int(one) for one in ids)

    # --- how ---------------------------------------------------------------------------------------------------------
    def _marked(self, ids: Collection[int], *, on: bool) -> None:
        self._kernel.clicked()
        self.model.mark(ids, on=on)

    def _show(self) -> None:
        model, fleet = self.model, self.model.fleet
        shown(self._head, head_html("Droplets", model.account, model.count_text()))
        self._table.show(fleet.cells)
        self._table.choose(lambda: fleet.selected)
        shown(self._selection, f"<b>{escape(fleet.selection_text())}</b>")
        self._clear.show("Clear selection", why="Select nothing", visible=bool(fleet.selected))
        super()._show()
