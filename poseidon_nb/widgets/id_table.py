"""A table in the page whose rows are identified by ids: itables sorts, searches and pages, and the selection is a set of ids.

`ITable` only gets the column heads. Its own way of setting data creates a new table each time, on page 1, and its selection
is of positions, which sorting and updates give to other rows. So a `TableData` widget beside it adds the rows in the page
and sends clicks as ids. The selection itself is kept in Python, where code and buttons change it too.
"""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from uuid import uuid4

import pandas as pd
import traitlets
from itables import JavascriptFunction
from itables.widget import ITable

from poseidon_nb.widgets.page_widget import PageWidget, page_script

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

#: How a cell becomes HTML: the body of a JavaScript function of ``data`` and ``row``; ``safe`` escapes text.
TEXT_JS = """return '<bdi title="' + safe(data) + '">' + safe(data) + '</bdi>';"""
_CHECKBOX_JS = (
    """return '<input type="checkbox" class="pnb-check" tabindex="0" aria-label="Select ' + safe(row[1]) + '">';"""
)
_ESCAPE_JS = (
    "const safe = text => String(text).replace(/[&<>\"']/g, one => '&#' + one.charCodeAt(0) + ';');"
    "if (type !== 'display') return data;"
)
#: Dispatches an event when the table is drawn for the first time.
_ANNOUNCE_JS = (
    "function () { const api = this.api(), node = api.table().node(); if (node.pnbApi) return; node.pnbApi = api;"
    " node.dataset.pnbKey = '%s'; window.dispatchEvent(new CustomEvent('pnb-table', { detail: api })); }"
)


def table_script(file: pathlib.Path) -> str:
    """Return the script of a `TableData` subclass: the shared selection code, then its own file."""
    return page_script(pathlib.Path(__file__).with_suffix(".js"), file)


class TableData(PageWidget):
    """The rows and the selection of a table, which finds it in the page by a key; a subclass adds the script and the rows."""

    key = traitlets.Unicode().tag(sync=True)
    selection = traitlets.Dict().tag(sync=True)

    def __init__(self, **rows: Any) -> None:
        # The key is random so that a table left in the page by an earlier kernel does not match.
        super().__init__(key=uuid4().hex, selection={"ids": [], "sequence": 0}, **rows)


class SetSelected(Protocol):
    """A function that handles a selection made in the page."""

    def __call__(self, ids: Collection[int], *, on: bool) -> None:
        """Select or deselect these rows, and leave the others as they are."""


class TableColumn(NamedTuple):
    """A column of the table.

    Parameters
    ----------
    head : str
    name : str
        For the style sheet: ``pnb-column-...``.
    render_js : str
        How its cells become HTML.
    numeric : bool
        Whether its cells are sorted as numbers.
    align_right : bool
    visible : bool
        Whether it is shown at first; a script may change that.
    """

    head: str
    name: str
    render_js: str = TEXT_JS
    numeric: bool = False
    align_right: bool = False
    visible: bool = True


class IdTable:
    """A table with its data. The first cell of a row is its id, the second its name.

    Parameters
    ----------
    data : TableData
    columns : sequence of TableColumn
        All but the first, which has the checkboxes.
    set_selected : callable
        Called with the ids that a click selects, or with ``on=False`` deselects. It only updates the selection.
    refresh : callable
        Called afterwards to show the consequences; it calls `show_selection` too.
    sorted_by : str
        The head of the column by which the rows are sorted at first.
    page_lengths : sequence of int
        The choices for the number of rows a page.
    language : mapping
        Texts of DataTables.
    """

    #: Whether filters stand beside the search, so that the number of rows a page does not fit there.
    has_filters = False

    def __init__(
        self,
        data: TableData,
        columns: Sequence[TableColumn],
        set_selected: SetSelected,
        refresh: Callable[[], None],
        *,
        sorted_by: str,
        page_lengths: Sequence[int],
        language: Mapping[str, str],
    ) -> None:
        self._set_selected, self._refresh = set_selected, refresh
        self._sequence = 0
        self._data = data
        data.on_msg(self._on_message)
        heads = ["", *(column.head for column in columns)]
        # DataTables takes a list too, which the types of itables do not say.
        below: Any = ["pageLength", "paging"] if self.has_filters else "paging"
        self._table = ITable(
            pd.DataFrame({head: pd.Series(dtype="object") for head in heads}),
            columnDefs=[_CHECKBOX_COLUMN, *(_column_def(index, column) for index, column in enumerate(columns, 1))],
            drawCallback=JavascriptFunction(_ANNOUNCE_JS % data.key),
            order=[[heads.index(sorted_by), "asc"]],
            pageLength=page_lengths[0],
            lengthMenu=[*page_lengths],
            autoWidth=False,
            classes="pnb-table nowrap",
            style="width:100%;margin:0",
            showIndex=False,
            # Without this only 443 of 1,000 rows remain, although the table starts empty.
            maxBytes=0,
            select=False,
            text_in_header_can_be_selected=False,
            layout={
                "topStart": "search",
                "topEnd": None if self.has_filters else "pageLength",
                "bottomStart": "info",
                "bottomEnd": below,
            },
            language={"search": "Search", "lengthMenu": "_MENU_ per page", **language},
        )
        data.keep_connected(self._table)
        self.widgets = (self._table, data)

    def show_selection(self, selected: Callable[[], Collection[int]]) -> None:
        """Send the selection to the page."""
        # Other threads call this while a click is being handled. The sequence number is set last there and read first here:
        # a selection without the click never has the click's number, which the page would take for an undo.
        sequence = self._sequence
        selection = {"ids": sorted(selected()), "sequence": sequence}
        if self._data.selection != selection:
            self._data.selection = selection

    def _on_message(self, _: Any, content: Mapping[str, Any], __: Any) -> None:
        if isinstance(content.get("ids"), list):
            self._set_selected([int(one) for one in content["ids"]], on=bool(content["on"]))
            # Two windows may show the same table, and each counts on from the highest number that it has seen.
            self._sequence = max(self._sequence, int(content["sequence"]))
            self._refresh()


def _column_def(index: int, column: TableColumn) -> dict[str, Any]:
    return {
        "targets": index,
        "render": JavascriptFunction(f"function (data, type, row) {{ {_ESCAPE_JS} {column.render_js} }}"),
        "className": f"dt-{'right' if column.align_right else 'left'} pnb-column-{column.name}",
        "type": "num" if column.numeric else "string",
        "visible": column.visible,
    }


_CHECKBOX_COLUMN = {
    **_column_def(0, TableColumn("", "check", _CHECKBOX_JS, numeric=True)),
    "orderable": False,
    "searchable": False,
}
