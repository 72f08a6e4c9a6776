"""A table of the page whose rows are known by ids: itables sorts, searches and pages, and a selection is one of ids.

`ITable` is given the heads only. Its own way of taking data in makes a new table each time, on page 1, and its selection
is of positions, which sorting, or what the account tells, gives to other rows. So a small companion in the page brings the
rows in, and tells as ids what a click selects; the selection itself is kept here, where Python and buttons change it too.
"""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from uuid import uuid4

import anywidget
import pandas as pd
import traitlets
from itables import JavascriptFunction
from itables.widget import ITable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

#: How a cell becomes HTML: the body of a function of ``data`` and ``row`` in the page, which has ``safe`` to escape.
TEXT = """return '<bdi title="' + safe(data) + '">' + safe(data) + '</bdi>';"""
_BOX = """return '<input type="checkbox" class="pnb-check" tabindex="0" aria-label="Select ' + safe(row[1]) + '">';"""
_ESCAPE = (
    "const safe = text => String(text).replace(/[&<>\"']/g, one => '&#' + one.charCodeAt(0) + ';');"
    "if (type !== 'display') return data;"
)
#: What a table does when it is drawn for the first time: it says that it is there.
_TELL = (
    "function () { const api = this.api(), node = api.table().node(); if (node.pnbApi) return; node.pnbApi = api;"
    " node.dataset.pnbKey = '%s'; window.dispatchEvent(new CustomEvent('pnb-table', { detail: api })); }"
)


def script(file: pathlib.Path) -> str:
    """Give the script of a companion: the selection, which all have, and what this one adds."""
    return pathlib.Path(__file__).with_suffix(".js").read_text("utf-8") + file.read_text("utf-8")


class Companion(anywidget.AnyWidget):
    """What stands beside a table in the page and is known to it by a key; a subclass has the script and the rows."""

    key = traitlets.Unicode().tag(sync=True)
    chosen = traitlets.Dict().tag(sync=True)

    def __init__(self, **rows: Any) -> None:
        # A table that a kernel before this one left in the page is not taken for its own.
        super().__init__(key=uuid4().hex, chosen={"ids": [], "number": 0}, **rows)


class Mark(Protocol):
    """What takes in that a click selected something."""

    def __call__(self, ids: Collection[int], *, on: bool) -> None:
        """Have these selected, or not, and leave the others as they are."""


class Column(NamedTuple):
    """A column of the table.

    Parameters
    ----------
    head : str
    name : str
        For the style sheet: ``pnb-column-...``.
    body : str
        How its cells become HTML.
    number : bool
        Whether they are sorted as numbers.
    right : bool
        Whether they stand at the right.
    """

    head: str
    name: str
    body: str = TEXT
    number: bool = False
    right: bool = False


class IdTable:
    """A table with its companion; the first of a row's cells is its id, and the second what it is called.

    Parameters
    ----------
    companion : Companion
        With the rows.
    columns : sequence of Column
        All but the first, which has the boxes to select.
    mark : callable
        Told ids that a click in the page selects, or with ``on=False`` takes back; they are marked, and no more is done.
    refresh : callable
        Has what follows from that shown, by `choose` among others.
    sorted_by : str
        The head of the column by which they are sorted at first.
    lengths : sequence of int
        How many rows a page may have.
    words : mapping
        What the table says where its rows are called something: DataTables' ``language``.
    """

    def __init__(
        self,
        companion: Companion,
        columns: Sequence[Column],
        mark: Mark,
        refresh: Callable[[], None],
        *,
        sorted_by: str,
        lengths: Sequence[int],
        words: Mapping[str, str],
    ) -> None:
        self._mark, self._refresh = mark, refresh
        self._number = 0
        self._companion = companion
        companion.on_msg(self._heard)
        heads = ["", *(column.head for column in columns)]
        self._table = ITable(
            pd.DataFrame({head: pd.Series(dtype="object") for head in heads}),
            columnDefs=[_BOXES, *(_defined(place, column) for place, column in enumerate(columns, 1))],
            drawCallback=JavascriptFunction(_TELL % companion.key),
            order=[[heads.index(sorted_by), "asc"]],
            pageLength=lengths[0],
            lengthMenu=[*lengths],
            autoWidth=False,
            classes="pnb-table nowrap",
            style="width:100%;margin:0",
            showIndex=False,
            # Set although it is not shown: without it 443 of 1,000 rows stay.
            maxBytes=0,
            select=False,
            text_in_header_can_be_selected=False,
            layout={"topStart": "search", "topEnd": "pageLength", "bottomStart": "info", "bottomEnd": "paging"},
            language={"search": "Search", "lengthMenu": "_MENU_ a page", **words},
        )
        self._table.add_class("pnb-fleet-table")
        self.widgets = (self._table, companion)

    def choose(self, selected: Callable[[], Collection[int]]) -> None:
        """Show what is selected."""
        # Other threads show, too, while a click is taken in. The number is noted last there and so read first here: none is
        # told to the page with a selection that lacks its click, which the page would then take for undone.
        number = self._number
        now = {"ids": sorted(selected()), "number": number}
        if self._companion.chosen != now:
            self._companion.chosen = now

    def _heard(self, _: Any, content: Mapping[str, Any], __: Any) -> None:
        if isinstance(content.get("ids"), list):
            self._mark([int(one) for one in content["ids"]], on=bool(content["on"]))
            # Two windows may show the same table, and each counts on from the highest number that it has seen.
            self._number = max(self._number, int(content["number"]))
            self._refresh()


def _rendered(body: str) -> Any:
    return JavascriptFunction(f"function (data, type, row) {{ {_ESCAPE} {body} }}")


def _defined(place: int, column: Column) -> dict[str, Any]:
    return {
        "targets": place,
        "render": _rendered(column.body),
        "className": f"dt-{'right' if column.right else 'left'} pnb-column-{column.name}",
        "type": "num" if column.number else "string",
    }


_BOXES = {**_defined(0, Column("", "check", _BOX, number=True)), "orderable": False, "searchable": False}
