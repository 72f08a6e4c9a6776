"""The table of a fleet in the page: itables sorts, searches and pages; rows and selection are kept by id.

`ITable` is given the heads only. Its own way of taking data in makes a new table each time, on page 1, and its selection
is of positions, which after a refresh are other droplets. So a small companion in the page brings rows in by id, with
only what has changed, and tells the selection as ids.

The search and the tag hide rows and change no selection: what is selected and hidden stays selected, is named below the
table, and is acted upon with the rest.
"""

from __future__ import annotations

import pathlib
from itertools import count
from typing import TYPE_CHECKING, Any

import anywidget
import pandas as pd
import traitlets
from itables import JavascriptFunction
from itables.widget import ITable

from poseidon_nb.widgets.fleet.rows import HEADS, NAME, PRICE, RUNS, STATUS, TAGS, change_between

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from poseidon_nb.widgets.fleet.rows import Cells

#: When more than this part of the rows has changed, all are sent anew.
MOST_CHANGED = 0.5
ROWS_A_PAGE = 10

_numbers = count(1)
_ESCAPE = (
    "const safe = text => String(text).replace(/[&<>\"']/g, one => '&#' + one.charCodeAt(0) + ';');"
    "if (type !== 'display') return data;"
)


def _render(body: str) -> Any:
    return JavascriptFunction(f"function (data, type, row) {{ {_ESCAPE} {body} }}")


_RENDERED = {
    0: f"""return '<input type="checkbox" class="pnb-check" tabindex="0" aria-label="Select ' + safe(row[{NAME}]) + '">';""",
    STATUS: (
        f"const [status, now] = String(data).split('{RUNS}');"
        """return '<span class="pnb-state pnb-' + safe(status).replace(/[^a-z]/g, '') + '"><span class="pnb-dot"></span>' """
        """+ safe(status) + (now ? '<span class="pnb-now">' + safe(now.replace(/_/g, ' ')) + '…</span>' : '') + '</span>';"""
    ),
    PRICE: "return data ? data.toFixed(2) : '';",
}
_PLAIN = """return '<bdi title="' + safe(data) + '">' + safe(data) + '</bdi>';"""


class _Companion(anywidget.AnyWidget):
    """Brings rows into a table of the page, and tells what is selected there."""

    _esm = pathlib.Path(__file__).with_name("table.js")
    key = traitlets.Unicode().tag(sync=True)
    places = traitlets.Dict().tag(sync=True)
    rows = traitlets.Dict().tag(sync=True)
    changes = traitlets.Dict().tag(sync=True)
    chosen = traitlets.Dict().tag(sync=True)


class FleetTable:
    """The skin of a fleet's rows.

    Parameters
    ----------
    rows : mapping
        Cells by id.
    chosen : callable
        Told the ids that are selected, whenever that changes in the page.
    """

    def __init__(self, rows: Mapping[int, Cells], chosen: Callable[[frozenset[int]], None]) -> None:
        self._told = chosen
        self._base = self._now = rows
        self._number = 0
        key = f"fleet-{next(_numbers)}"
        self._companion = _Companion(
            key=key, places={"name": NAME, "tags": TAGS}, rows=_sent(rows), changes={}, chosen={"ids": [], "number": 0}
        )
        self._companion.on_msg(self._heard)
        self._table = _table(key)
        self.widgets = (self._table, self._companion)

    def show(self, rows: Mapping[int, Cells]) -> None:
        """Bring the table up to date; nothing is sent where nothing has changed."""
        if rows is self._now or not change_between(self._now, rows):
            return
        self._now = rows
        changed = {key: cells for key, cells in self._now.items() if self._base.get(key) != cells}
        gone = self._base.keys() - self._now.keys()
        with self._companion.hold_sync():
            if len(changed) + len(gone) > MOST_CHANGED * len(self._base):
                self._base = self._now
                self._companion.rows, self._companion.changes = _sent(self._base), {}
            else:
                self._companion.changes = {**_sent(changed), **{str(key): None for key in gone}}

    def choose(self, ids: Collection[int]) -> None:
        """Show a selection that was not made in the page."""
        if {*self._companion.chosen["ids"]} != {*ids} or self._companion.chosen["number"] != self._number:
            self._companion.chosen = {"ids": sorted(ids), "number": self._number}

    def _heard(self, _: Any, content: Mapping[str, Any], __: Any) -> None:
        if isinstance(content.get("chosen"), list):
            self._number = int(content["number"])
            self._told(frozenset(int(one) for one in content["chosen"]))


def _sent(rows: Mapping[int, Cells]) -> dict[str, list[int | float | str]]:
    return {str(key): [*cells] for key, cells in rows.items()}


def _table(key: str) -> Any:
    tell = (
        "function () { const api = this.api(), node = api.table().node(); if (node.pnbApi) return; node.pnbApi = api;"
        f" node.dataset.pnbKey = '{key}'; window.dispatchEvent(new CustomEvent('pnb-table', {{ detail: api }})); }}"
    )
    columns = [
        {
            "targets": place,
            "render": _render(_RENDERED.get(place, _PLAIN)),
            "className": f"dt-left pnb-column-{HEADS[place].lower() or 'check'}" if place != PRICE else "dt-right",
            "type": "num" if place in {0, PRICE, len(HEADS) - 1} else "string",
            **({"orderable": False, "searchable": False} if place == 0 else {}),
        }
        for place in range(len(HEADS))
    ]
    table = ITable(
        pd.DataFrame({head: pd.Series(dtype="object") for head in HEADS}),
        columnDefs=columns,
        drawCallback=JavascriptFunction(tell),
        order=[[NAME, "asc"]],
        pageLength=ROWS_A_PAGE,
        lengthMenu=[10, 25, 50, 100],
        autoWidth=False,
        classes="pnb-table nowrap",
        style="width:100%;margin:0",
        showIndex=False,
        # Set although it is not shown: without it 443 of 1,000 rows stay.
        maxBytes=0,
        select=False,
        text_in_header_can_be_selected=False,
        layout={"topStart": "search", "topEnd": "pageLength", "bottomStart": "info", "bottomEnd": "paging"},
        language={
            "search": "Search",
            "lengthMenu": "_MENU_ a page",
            "info": "_START_ to _END_ of _TOTAL_ droplets",
            "infoEmpty": "no droplets",
            "infoFiltered": "(of _MAX_)",
            "emptyTable": "No droplets",
            "zeroRecords": "No droplet matches the search",
        },
    )
    table.add_class("pnb-fleet-table")
    return table
