"""The fleet's panel as a user opens it: apart from the other panels, because its table brings pandas and itables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.magics.panels import price_limit_usd_month, show, watch_cells
from poseidon_nb.widgets.droplets import fleet_panel

if TYPE_CHECKING:
    from poseidon_nb.client.client import Client


class FleetPanel(fleet_panel.FleetPanel):
    """A table of droplets with buttons for those that are selected, and a bar for each action that they started.

    Display it, or let it be a cell's last value. It follows the account until it is closed, until another one of the
    same account and tag is opened, or until nobody has used it for a quarter of an hour.

    Parameters
    ----------
    client : Client
    tag : str, optional
        Only droplets that have it.

    Attributes
    ----------
    selected : DataFrame
        The selected droplets as last read, with the columns of ``%do droplets list`` (the table ``droplets``), also where
        none is selected. It asks nothing, and a frame that was taken does not change any more.
    selected_ids : frozenset of int

    Examples
    --------
    >>> panel = po.FleetPanel(client, tag="web")  # doctest: +SKIP
    >>> panel.selected["name"]  # doctest: +SKIP
    """

    def __init__(self, client: Client, *, tag: str | None = None) -> None:
        watch_cells()
        super().__init__(client, tag=tag)
        self.model.fleet.price_limit_usd_month = price_limit_usd_month

    def _ipython_display_(self) -> None:
        show(self)
