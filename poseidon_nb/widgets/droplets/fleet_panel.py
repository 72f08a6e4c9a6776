"""The panel of many droplets, with a table in the page. It imports pandas and itables, which the other panels do not need."""

from __future__ import annotations

import pathlib
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import traitlets

from poseidon_nb.widgets.components import Button, box, header_html, html, set_html, style_sheet
from poseidon_nb.widgets.droplets.facts import (
    ACTION_SEPARATOR,
    HEADS,
    LEASE,
    NAME,
    OVER_SEPARATOR,
    PRICE,
    REGION,
    STATUS,
    TAGS,
    diff_cells,
)
from poseidon_nb.widgets.droplets.panel import DropletsPanel
from poseidon_nb.widgets.droplets.panel_models import FleetModel
from poseidon_nb.widgets.id_table import TEXT_JS, IdTable, TableColumn, TableData, table_script

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    import pandas as pd

    from poseidon_nb.client.client import Client
    from poseidon_nb.widgets.droplets.facts import Cells
    from poseidon_nb.widgets.id_table import SetSelected
    from poseidon_nb.widgets.panel import PanelHost

#: If a larger share of the rows has changed, all are sent again.
MAX_CHANGED_SHARE = 0.5

_RENDER_JS = {
    STATUS: (
        f"const [status, action] = String(data).split('{ACTION_SEPARATOR}');"
        """return '<span class="pnb-state pnb-' + safe(status).replace(/[^a-z]/g, '') + '"><span class="pnb-dot"></span>' """
        """+ safe(status) + (action ? '<span class="pnb-action">' + safe(action.replace(/_/g, ' ')) + '…</span>' : '') + '</span>';"""
    ),
    LEASE: (
        f"const [end, over] = String(data).split('{OVER_SEPARATOR}');"
        """return safe(end) + (over ? ' <span class="pnb-over">' + safe(over) + '</span>' : '');"""
    ),
    PRICE: "return data ? data.toFixed(2) : '';",
}
_COLUMNS = [
    TableColumn(
        head,
        {PRICE: "price", LEASE: "lease"}.get(index, head.lower().replace(" ", "-")),
        _RENDER_JS.get(index, TEXT_JS),
        numeric=index == PRICE or head == "ID",
        align_right=index == PRICE,
        visible=index != LEASE,
    )
    for index, head in enumerate(HEADS[1:], 1)
]
#: The filters beside the search: the column, and what separates the values in a cell.
_FILTERS = [
    {"label": "Status", "column": STATUS, "separator": ACTION_SEPARATOR, "isList": False},
    {"label": "Region", "column": REGION, "separator": ", ", "isList": True},
    {"label": "Tag", "column": TAGS, "separator": ", ", "isList": True},
]
_LANGUAGE = {
    "info": "_START_ to _END_ of _TOTAL_ droplets",
    "infoEmpty": "No droplets",
    "infoFiltered": "(of _MAX_)",
    "emptyTable": "No droplets",
    "zeroRecords": "No droplets match the search and the filters",
}


class _FleetData(TableData):
    """The rows of the fleet; the page also names selected rows that are hidden."""

    _esm = table_script(pathlib.Path(__file__).with_name("fleet_table.js"))
    columns = traitlets.Dict().tag(sync=True)
    rows = traitlets.Dict().tag(sync=True)
    changes = traitlets.Dict().tag(sync=True)


class FleetTable(IdTable):
    """The table of a fleet. Rows are added, changed and removed by id, and only changes are sent.

    The search and the filters hide rows and leave the selection as it is. Hidden selected rows are named below the table
    and acted upon like the others.

    Parameters
    ----------
    rows : mapping
        Cells by id.
    set_selected, refresh : callable
        As in `IdTable`.
    """

    has_filters = True

    def __init__(self, rows: Mapping[int, Cells], set_selected: SetSelected, refresh: Callable[[], None]) -> None:
        self._base = self._current = rows
        super().__init__(
            _FleetData(
                columns={"name": NAME, "optional": LEASE, "filters": _FILTERS}, rows=_json_rows(rows), changes={}
            ),
            _COLUMNS,
            set_selected,
            refresh,
            sorted_by=HEADS[NAME],
            page_lengths=(25, 50, 100),
            language=_LANGUAGE,
        )

    def show(self, rows: Mapping[int, Cells]) -> None:
        """Show these rows; nothing is sent if nothing has changed."""
        if rows is self._current or not diff_cells(self._current, rows):
            return
        self._current = rows
        diff = diff_cells(self._base, rows)
        with self._data.hold_sync():
            if len(diff.updated) + len(diff.removed) > MAX_CHANGED_SHARE * len(self._base):
                self._base = rows
                self._data.rows, self._data.changes = _json_rows(rows), {}
            else:
                self._data.changes = {**_json_rows(diff.updated), **{str(key): None for key in diff.removed}}


def _json_rows(rows: Mapping[int, Cells]) -> dict[str, list[int | float | str]]:
    return {str(key): [*cells] for key, cells in rows.items()}


class FleetPanel(DropletsPanel):
    """The panel of the droplets of an account.

    Parameters
    ----------
    client : Client
    tag : str, optional
        Only droplets with this tag.
    ids : iterable of int, optional
        Only these droplets.
    host : PanelHost, optional
    """

    model: FleetModel

    def __init__(
        self,
        client: Client,
        *,
        tag: str | None = None,
        ids: Iterable[int] | None = None,
        host: PanelHost | None = None,
    ) -> None:
        shown = None if ids is None else frozenset(ids)
        super().__init__("Droplets", host)
        self.widget.add_class("pnb-fleet")
        with self._lock:
            self.model = FleetModel(client, self.refresh, self._show_row, tag=tag, ids=shown)
            self._head, self._selection = html("head"), html("selection")
            self._table = FleetTable(self.model.fleet.cells, self._set_selected, self.refresh)
            # Selected rows may be on other pages, or hidden by the search.
            self._clear = Button(self.on_click(partial(self.model.select, ())), names=("clear", "quiet"))
            self._compose(
                style_sheet("table.css"),
                self._head,
                box(*self._table.widgets, names=("table-box",)),
                bar=[box(self._selection, self._clear.widget, names=("selected",))],
                snapshot="Snapshot name, appended to each droplet's name",
                size="Sizes, with the price of each droplet and the difference in total",
            )
        self._open(("fleet", client.base_url, self.model.account, tag, shown))

    @property
    def selected(self) -> pd.DataFrame:
        """The selected droplets as last read, with the columns of ``%do droplets list``: the table ``droplets``."""
        return self.model.selected_frame()

    @property
    def selected_ids(self) -> frozenset[int]:
        """The ids of the selected droplets."""
        return self.model.fleet.selected_ids

    def select(self, ids: Iterable[int]) -> None:
        """Select exactly the droplets with these ids. Ids that the panel does not show are ignored."""
        self.model.select(int(one) for one in ids)

    def _set_selected(self, ids: Collection[int], *, on: bool) -> None:
        self._kernel.click_received()
        self.model.set_selected(ids, on=on)

    def _show(self) -> None:
        model, fleet = self.model, self.model.fleet
        set_html(self._head, header_html("Droplets", model.account, model.count_text()))
        self._table.show(fleet.cells)
        self._table.show_selection(lambda: fleet.selected_ids)
        set_html(self._selection, f"<b>{escape(fleet.selection_text())}</b>")
        self._clear.show("Clear selection", tooltip="Deselect all droplets", visible=bool(fleet.selected_ids))
        super()._show()
