"""The table of a fleet in the page: rows come, change and go by id, and only what has changed is sent.

The search and the tag hide rows and change no selection: what is selected and hidden stays selected, is named below the
table, and is acted upon with the rest.
"""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

import traitlets

from poseidon_nb.widgets.fleet.rows import HEADS, NAME, PRICE, RUNS, STATUS, TAGS, change_between
from poseidon_nb.widgets.id_table import TEXT, Column, Companion, IdTable, script

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.widgets.fleet.rows import Cells
    from poseidon_nb.widgets.id_table import Mark

#: When more than this part of the rows has changed, all are sent anew.
MOST_CHANGED = 0.5

_RENDERED = {
    STATUS: (
        f"const [status, now] = String(data).split('{RUNS}');"
        """return '<span class="pnb-state pnb-' + safe(status).replace(/[^a-z]/g, '') + '"><span class="pnb-dot"></span>' """
        """+ safe(status) + (now ? '<span class="pnb-now">' + safe(now.replace(/_/g, ' ')) + '…</span>' : '') + '</span>';"""
    ),
    PRICE: "return data ? data.toFixed(2) : '';",
}
_COLUMNS = [
    Column(
        HEADS[place],
        "price" if place == PRICE else HEADS[place].lower(),
        _RENDERED.get(place, TEXT),
        number=place in {PRICE, len(HEADS) - 1},
        right=place == PRICE,
    )
    for place in range(1, len(HEADS))
]
_WORDS = {
    "info": "_START_ to _END_ of _TOTAL_ droplets",
    "infoEmpty": "no droplets",
    "infoFiltered": "(of _MAX_)",
    "emptyTable": "No droplets",
    "zeroRecords": "No droplet matches the search",
}


class _Companion(Companion):
    """Brings rows into the table, and names what is selected and hidden."""

    _esm = script(pathlib.Path(__file__).with_suffix(".js"))
    places = traitlets.Dict().tag(sync=True)
    rows = traitlets.Dict().tag(sync=True)
    changes = traitlets.Dict().tag(sync=True)


class FleetTable(IdTable):
    """The skin of a fleet's rows.

    Parameters
    ----------
    rows : mapping
        Cells by id.
    mark, refresh : callable
        As `IdTable` has them.
    """

    def __init__(self, rows: Mapping[int, Cells], mark: Mark, refresh: Callable[[], None]) -> None:
        self._base = self._now = rows
        companion = _Companion(places={"name": NAME, "tags": TAGS}, rows=_sent(rows), changes={})
        super().__init__(
            companion,
            _COLUMNS,
            mark,
            refresh,
            sorted_by=HEADS[NAME],
            lengths=(10, 25, 50, 100),
            words=_WORDS,
        )

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


def _sent(rows: Mapping[int, Cells]) -> dict[str, list[int | float | str]]:
    return {str(key): [*cells] for key, cells in rows.items()}
