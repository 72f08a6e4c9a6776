"""The explorer of sizes as a user opens it: apart from the other panels, because it brings pandas, itables and plotly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.magics.panels import show, watch_cells
from poseidon_nb.widgets.sizes import explorer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poseidon_nb.client.client import Client


class SizeExplorer(explorer.SizeExplorer):
    """Sizes as points and as rows, to filter, compare and choose from.

    Display it, or let it be a cell's last value. A click on a point or a row selects it, or takes it out again; a lasso
    or a box selects what is within. ``explorer.selected`` is a DataFrame of what is selected, ``explorer.lines`` are the
    commands that make a droplet of it. Sizes and regions are read once, when it is made.

    Parameters
    ----------
    client : Client
    regions, families : str or iterable of str
        What the filters show at first; all when none is given. The words of ``%do sizes cheapest``: slugs, cities as
        ``nyc`` or parts of the world; families whole, or short as ``cpu``.
    image : str, optional
        What the droplets of the lines to copy are made from.

    Examples
    --------
    >>> po.SizeExplorer(client, regions=["ams3", "fra1"])  # doctest: +SKIP
    """

    def __init__(
        self,
        client: Client,
        *,
        regions: str | Iterable[str] = (),
        families: str | Iterable[str] = (),
        image: str | None = None,
    ) -> None:
        watch_cells()
        super().__init__(client, regions=regions, families=families, image=image)

    def _ipython_display_(self) -> None:
        show(self)
