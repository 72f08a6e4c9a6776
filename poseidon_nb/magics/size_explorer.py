"""The size explorer as users open it. It is a module of its own, because it loads pandas, itables and plotly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.magics.panels import panel_host, show
from poseidon_nb.widgets.sizes import explorer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poseidon_nb.client.client import Client


class SizeExplorer(explorer.SizeExplorer):
    """Filter, compare and select sizes in a chart and a table.

    Display it, or make it the last value of a cell. A click on a point or a row selects or deselects it; a lasso or a box
    selects all points within. ``explorer.selected`` is a DataFrame of the selected sizes, and ``explorer.lines`` are the
    commands that create droplets with them. Sizes and regions are read once, when it is opened.

    Parameters
    ----------
    client : Client
    regions, families : str or iterable of str
        The initial filters; default: all. The words of ``%do sizes cheapest``: slugs, cities such as ``nyc`` or areas;
        families in full or abbreviated as ``cpu``.
    image : str, optional
        The image in the commands to copy.

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
        super().__init__(client, regions=regions, families=families, image=image, host=panel_host())

    def _ipython_display_(self) -> None:
        show(self)
