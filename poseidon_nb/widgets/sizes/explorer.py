"""The explorer of sizes, as widgets: filters, a picture, a table and lines to copy, which all show one model."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from poseidon_nb.widgets.panel import Panel
from poseidon_nb.widgets.parts import Button, box, head_html, html, marked, shown
from poseidon_nb.widgets.sizes.copy_button import CopyButton
from poseidon_nb.widgets.sizes.filters import SizeFilters
from poseidon_nb.widgets.sizes.model import SizeExplorerModel
from poseidon_nb.widgets.sizes.picture import SizePicture
from poseidon_nb.widgets.sizes.style import EXPLORER_STYLE
from poseidon_nb.widgets.sizes.table import SizeTable
from poseidon_nb.widgets.table_style import TABLE_STYLE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    import pandas as pd

    from poseidon_nb.client.client import Client


NOTE = (
    "Full points: no other size shown beats them on everything. Dotted line: the best of the two things drawn."
    " Click points, or draw around them; double-click to take the selection back."
)


class SizeExplorer(Panel):
    """Sizes as points and as rows, to filter, compare and choose from.

    Display it, or let it be a cell's last value. Sizes and regions are read once, when it is made.

    Parameters
    ----------
    client : Client
    regions, families : str or iterable of str
        What the filters show at first; all when none is given. The words of ``%do sizes cheapest``: slugs, cities as
        ``nyc`` or parts of the world; families whole, or short as ``cpu``.
    image : str, optional
        What the droplets of the lines to copy are made from.
    """

    model: SizeExplorerModel

    def __init__(
        self,
        client: Client,
        *,
        regions: str | Iterable[str] = (),
        families: str | Iterable[str] = (),
        image: str | None = None,
    ) -> None:
        super().__init__("Sizes")
        # The table looks as the fleet's does, by the same style sheet.
        for name in ("pnb-fleet", "pnb-explorer"):
            self.widget.add_class(name)
        self._account = client.label()
        with self._lock:
            self.model = SizeExplorerModel(client.sizes.frame(), client.regions.frame(), self.refresh, image=image)
            self.model.choose_regions(regions)
            self.model.choose_families(families)
            self._head = html("head")
            self._filters = SizeFilters(self.model, self.clicked)
            self._picture = SizePicture(self.model, self._point_clicked, self._points_chosen)
            self._table = SizeTable(self.model.sizes, self._rows_marked, self.refresh)
            self._selection, self._why = html("selection"), html("why")
            self._clear = Button(self.clicked(lambda: self.model.select(())), names=("clear",))
            self._lines, self._copy = html("line"), CopyButton(what="Copy the lines that make droplets")
            bar = box(
                self._selection,
                box(self._clear.widget, names=("buttons",)),
                self._why,
                box(self._lines, self._copy, names=("lines",)),
                names=("bar",),
            )
            bar.layout.flex_flow = "column"
            self._notice = html("notice-text")
            self._notices = box(self._notice, names=("notice",))
            self.widget.children = (
                *self.widget.children,
                html("hidden", value=TABLE_STYLE),
                html("hidden", value=EXPLORER_STYLE),
                self._head,
                self._filters.widget,
                self._filters.axes,
                box(*self._picture.widgets, names=("picture",)),
                html("why", "note", value=escape(NOTE)),
                box(*self._table.widgets, names=("table-box",)),
                bar,
                self._notices,
            )
        self._opened(("sizes", client.base_url, self._account))

    # --- from Python -------------------------------------------------------------------------------------------------
    @property
    def selected(self) -> pd.DataFrame:
        """The selected sizes that pass the filters, cheapest first."""
        return self.model.selected()

    @property
    def shown(self) -> pd.DataFrame:
        """The sizes that pass the filters, cheapest first."""
        return self.model.shown_sizes()

    @property
    def lines(self) -> list[str]:
        """The commands that make a droplet of what is selected, of the cheapest first."""
        return self.model.lines()

    def select(self, slugs: str | Iterable[str]) -> None:
        """Select exactly the size of this name, or the sizes of these names.

        Raises
        ------
        InvalidArgument
            There is no such size, or what is given is no name.
        """
        self.model.select_slugs(slugs)

    # --- how ---------------------------------------------------------------------------------------------------------
    def _point_clicked(self, place: int) -> None:
        self._kernel.clicked()
        self.model.toggle(place)

    def _points_chosen(self, places: Sequence[int]) -> None:
        self._kernel.clicked()
        self.model.select_shown(places)

    def _rows_marked(self, ids: Collection[int], *, on: bool) -> None:
        self._kernel.clicked()
        self.model.mark(ids, on=on)

    def _show(self) -> None:
        model = self.model
        shown(self._head, head_html("Sizes", self._account, model.count_text()))
        self._filters.show()
        self._picture.show()
        self._table.show(model.shown)
        self._table.choose(lambda: model.chosen)
        shown(self._selection, f"<b>{escape(model.selection_text())}</b>")
        self._clear.show("Clear selection", enabled=bool(model.chosen))
        lines = model.lines()
        shown(self._why, escape(model.lines_text()))
        shown(self._lines, f"<pre>{escape(chr(10).join(lines))}</pre>" if lines else "")
        self._copy.text = "\n".join(lines)
        notice = self._kernel.notice
        shown(self._notice, f"<div class='pnb-strong'>{escape(notice)}</div>" if notice else "")
        marked(self._notices, "hidden", on=not notice)
        self.say(model.count_text(), model.selection_text(), notice)
