"""The table of an explorer of sizes: all rows come once, and a row is known by its number for ever."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, Any

import traitlets

from poseidon_nb.widgets.id_table import TEXT, Column, Companion, IdTable, script

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import pandas as pd

    from poseidon_nb.widgets.id_table import Mark

_NUMBER = "return data === null ? '' : Number(data).toLocaleString('en-US', {maximumFractionDigits: 2});"
_MONEY = "return data === null ? '' : Number(data).toLocaleString('en-US', {minimumFractionDigits: 2, maximumFractionDigits: 2});"

#: Heads, the columns of the sizes that they show, and how.
HEADS = {
    "Size": ("slug", TEXT),
    "Family": ("family", TEXT),
    "Processors": ("generation", TEXT),
    "vCPUs": ("vcpus", _NUMBER),
    "GiB": ("memory_gib", _NUMBER),
    "Disk GB": ("disk", _NUMBER),
    "TB out": ("transfer", _NUMBER),
    "$/month": ("price_monthly", _MONEY),
    "$/GiB": ("price_per_memory_gib", _MONEY),
}
_COLUMNS = [
    Column(head, column.replace("_", "-"), body, number=body is not TEXT, right=body is not TEXT)
    for head, (column, body) in HEADS.items()
]
_WORDS = {
    "info": "_START_ to _END_ of _TOTAL_ sizes",
    "infoEmpty": "no sizes",
    "infoFiltered": "",
    "emptyTable": "No sizes",
    "zeroRecords": "No size passes the filters and the search",
}


class _Companion(Companion):
    """Brings all rows into the table, and hides and shows them."""

    _esm = script(pathlib.Path(__file__).with_suffix(".js"))
    rows: traitlets.List[list[Any]] = traitlets.List().tag(sync=True)
    shown: traitlets.List[int] = traitlets.List().tag(sync=True)


class SizeTable(IdTable):
    """The skin of sizes as rows.

    Parameters
    ----------
    sizes : pandas.DataFrame
        All that may be shown; a row's number is its place here.
    mark, refresh : callable
        As `IdTable` has them.
    """

    def __init__(self, sizes: pd.DataFrame, mark: Mark, refresh: Callable[[], None]) -> None:
        companion = _Companion(rows=_rows(sizes), shown=[])
        super().__init__(
            companion,
            _COLUMNS,
            mark,
            refresh,
            sorted_by="$/month",
            lengths=(10, 25, 50, 150),
            words=_WORDS,
        )

    def show(self, places: Collection[int]) -> None:
        """Show these rows and hide the others."""
        if self._companion.shown != [*places]:
            self._companion.shown = [*places]


def _rows(sizes: pd.DataFrame) -> list[list[Any]]:
    columns = [column for column, _ in HEADS.values()]
    plain = sizes[columns].astype(object).where(sizes[columns].notna(), None)
    return [[place, *row] for place, row in enumerate(plain.itertuples(index=False, name=None))]
