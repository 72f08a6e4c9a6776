"""The table of an explorer of sizes: itables sorts, searches and pages; a row is known by its number for ever.

`ITable` is given the heads only: its own selection is of positions, which sorting and filtering give to other rows, and
its own update makes a new table on page 1. A small companion in the page brings the rows in, hides and shows them, and
tells the selection as numbers.
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

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

ROWS_A_PAGE = 10

_numbers = count(1)
_ESCAPE = (
    "const safe = text => String(text).replace(/[&<>\"']/g, one => '&#' + one.charCodeAt(0) + ';');"
    "if (type !== 'display') return data;"
)
_BOX = """return '<input type="checkbox" class="pnb-check" tabindex="0" aria-label="Select ' + safe(row[1]) + '">';"""
_TEXT = """return '<bdi title="' + safe(data) + '">' + safe(data) + '</bdi>';"""
_NUMBER = "return data === null ? '' : Number(data).toLocaleString('en-US', {maximumFractionDigits: 2});"
_MONEY = "return data === null ? '' : Number(data).toLocaleString('en-US', {minimumFractionDigits: 2, maximumFractionDigits: 2});"

#: Heads, the columns of the sizes that they show, and how.
HEADS = {
    "Size": ("slug", _TEXT),
    "Family": ("family", _TEXT),
    "Processors": ("generation", _TEXT),
    "vCPUs": ("vcpus", _NUMBER),
    "GiB": ("memory_gib", _NUMBER),
    "Disk GB": ("disk", _NUMBER),
    "TB out": ("transfer", _NUMBER),
    "$/month": ("price_monthly", _MONEY),
    "$/GiB": ("price_per_memory_gib", _MONEY),
}


class _Companion(anywidget.AnyWidget):
    """Brings rows into a table of the page, and tells what is selected there."""

    _esm = pathlib.Path(__file__).with_name("table.js")
    key = traitlets.Unicode().tag(sync=True)
    rows: traitlets.List[list[Any]] = traitlets.List().tag(sync=True)
    shown: traitlets.List[int] = traitlets.List().tag(sync=True)
    chosen = traitlets.Dict().tag(sync=True)


class SizeTable:
    """The skin of sizes as rows.

    Parameters
    ----------
    sizes : pandas.DataFrame
        All that may be shown; a row's number is its place here.
    chosen : callable
        Told the numbers that are selected, whenever that changes in the page.
    """

    def __init__(self, sizes: pd.DataFrame, chosen: Callable[[frozenset[int]], None]) -> None:
        self._told = chosen
        self._number = 0
        key = f"sizes-{next(_numbers)}"
        self._companion = _Companion(key=key, rows=_rows(sizes), shown=[], chosen={"ids": [], "number": 0})
        self._companion.on_msg(self._heard)
        self.widgets = (_table(key), self._companion)

    def show(self, places: Collection[int]) -> None:
        """Show these rows and hide the others."""
        if self._companion.shown != [*places]:
            self._companion.shown = [*places]

    def choose(self, places: Collection[int]) -> None:
        """Show a selection that was not made in the page."""
        if {*self._companion.chosen["ids"]} != {*places} or self._companion.chosen["number"] != self._number:
            self._companion.chosen = {"ids": sorted(places), "number": self._number}

    def _heard(self, _: Any, content: Mapping[str, Any], __: Any) -> None:
        if isinstance(content.get("chosen"), list):
            self._number = int(content["number"])
            self._told(frozenset(int(one) for one in content["chosen"]))


def _rows(sizes: pd.DataFrame) -> list[list[Any]]:
    columns = [column for column, _ in HEADS.values()]
    plain = sizes[columns].astype(object).where(sizes[columns].notna(), None)
    return [[place, *row] for place, row in enumerate(plain.itertuples(index=False, name=None))]


def _table(key: str) -> Any:
    tell = (
        "function () { const api = this.api(), node = api.table().node(); if (node.pnbApi) return; node.pnbApi = api;"
        f" node.dataset.pnbKey = '{key}'; window.dispatchEvent(new CustomEvent('pnb-table', {{ detail: api }})); }}"
    )
    columns: list[dict[str, Any]] = [
        {
            "targets": 0,
            "render": _render(_BOX),
            "className": "dt-left pnb-column-check",
            "orderable": False,
            "searchable": False,
        }
    ]
    columns += [
        {
            "targets": place,
            "render": _render(body),
            "className": f"dt-{'left' if body is _TEXT else 'right'} pnb-column-{column.replace('_', '-')}",
            "type": "string" if body is _TEXT else "num",
        }
        for place, (column, body) in enumerate(HEADS.values(), 1)
    ]
    table = ITable(
        pd.DataFrame({head: pd.Series(dtype="object") for head in ("", *HEADS)}),
        columnDefs=columns,
        drawCallback=JavascriptFunction(tell),
        order=[[1 + [*HEADS].index("$/month"), "asc"]],
        pageLength=ROWS_A_PAGE,
        lengthMenu=[10, 25, 50, 150],
        autoWidth=False,
        classes="pnb-table nowrap",
        style="width:100%;margin:0",
        showIndex=False,
        select=False,
        # Without it the longest tables are cut, see `fleet_table`.
        maxBytes=0,
        text_in_header_can_be_selected=False,
        layout={"topStart": "search", "topEnd": "pageLength", "bottomStart": "info", "bottomEnd": "paging"},
        language={
            "search": "Search",
            "lengthMenu": "_MENU_ a page",
            "info": "_START_ to _END_ of _TOTAL_ sizes",
            "infoEmpty": "no sizes",
            "infoFiltered": "",
            "emptyTable": "No sizes",
            "zeroRecords": "No size passes the filters and the search",
        },
    )
    table.add_class("pnb-fleet-table")
    return table


def _render(body: str) -> Any:
    return JavascriptFunction(f"function (data, type, row) {{ {_ESCAPE} {body} }}")
