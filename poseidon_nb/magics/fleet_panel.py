"""The panel of several droplets as users open it. It is a module of its own, because its table loads pandas and itables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.magics.panels import panel_host, price_limit_usd_month, show
from poseidon_nb.widgets.droplets import fleet_panel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poseidon_nb.client.client import Client


class FleetPanel(fleet_panel.FleetPanel):
    """A table of droplets with buttons for the selected ones, and a bar for each action that the buttons start.

    Display it, or make it the last value of a cell. It tracks the account until it is closed, until another panel of the
    same droplets is opened, or until it has not been used for 15 minutes.

    Parameters
    ----------
    client : Client
    tag : str, optional
        Only droplets with this tag.
    ids : iterable of int, optional
        Only these droplets.

    Attributes
    ----------
    selected : DataFrame
        The selected droplets as last read, with the columns of ``%do droplets list`` (table ``droplets``). It sends no
        request, and a DataFrame that was returned does not change.
    selected_ids : frozenset of int

    Examples
    --------
    >>> panel = po.FleetPanel(client, tag="web")  # doctest: +SKIP
    >>> panel.selected["name"]  # doctest: +SKIP
    """

    def __init__(self, client: Client, *, tag: str | None = None, ids: Iterable[int] | None = None) -> None:
        super().__init__(client, tag=tag, ids=ids, host=panel_host())
        self.model.fleet.price_limit_usd_month = price_limit_usd_month

    def _ipython_display_(self) -> None:
        show(self)
