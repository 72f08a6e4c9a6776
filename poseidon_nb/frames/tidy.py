"""Make a DataFrame of what the API answered: bytes or JSON rows in, a plain frame out.

A resource with a table in `schemas` gets exactly its columns, also when there is nothing to show; any other collection
follows the rule in `general`. Frames have a `RangeIndex`, nothing in ``attrs``, and the order in which the API served.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from poseidon_nb.errors import ShapeError
from poseidon_nb.frames import general
from poseidon_nb.frames.arrays import array
from poseidon_nb.frames.decode import decoder_of
from poseidon_nb.frames.schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from poseidon_nb.frames.schemas import Table


def frame_from_pages(resource: str, bodies: Iterable[bytes], *, key: str = "") -> pd.DataFrame:
    """Give one frame of all pages of a collection, or of one object.

    Parameters
    ----------
    resource : str
        A resource of `schemas.TABLES`, or any other name, for the general rule.
    bodies : iterable of bytes
        The answers, one for each page. Each is decoded as it arrives and then let go.
    key : str
        The member of the answer that holds the objects. By default the table's; without a table the member named like
        the resource, or, where there is none, the answer itself.

    Returns
    -------
    pandas.DataFrame
        The table's columns. An object served twice is kept once, as first seen: pages shift while they are read. Where
        nothing tells two objects apart, as with the lines of an invoice, all are kept.

    Raises
    ------
    ShapeError
        The API sent something else than the table says.
    """
    table = TABLES.get(resource)
    if table is None:
        return general.frame(general.rows_of(resource, bodies, key=key))
    decoder = decoder_of(table)
    gathered = _Gathered(table)
    for body in bodies:
        gathered.add(decoder.columns(decoder.objects(body, key)))
    return gathered.frame()


def frame_from_rows(resource: str, rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """Give the frame that `frame_from_pages` gives, of JSON that was decoded already.

    Parameters
    ----------
    resource : str
        A resource of `schemas.TABLES`, or any other name, for the general rule.
    rows : iterable of mapping
        The API's objects, as it sent them.

    Returns
    -------
    pandas.DataFrame
        The table's columns, equal to those that the same objects give as bytes.

    Raises
    ------
    ShapeError
        A field has another type than the table says.
    """
    table = TABLES.get(resource)
    if table is None:
        return general.frame(rows)
    decoder = decoder_of(table)
    gathered = _Gathered(table)
    gathered.add(decoder.columns(decoder.convert(rows)))
    return gathered.frame()


class _Gathered:
    """The columns so far. Columns and not rows are kept, which is a third of the memory."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._columns: list[list[Any]] = [[] for _ in table.columns]
        self._seen: set[Hashable] = set()

    def add(self, page: list[list[Any]]) -> None:
        """Take in one page, without what an earlier one had."""
        if self._table.distinct:
            page = self._first_seen(page)
        for values, more in zip(self._columns, page, strict=True):
            values.extend(more)

    def _first_seen(self, page: list[list[Any]]) -> list[list[Any]]:
        names = page[0]
        fresh = set(names)
        if len(fresh) == len(names) and self._seen.isdisjoint(fresh):
            self._seen |= fresh
            return page
        seen = {*self._seen}
        kept = []
        for row, name in enumerate(names):
            if name is None or name not in seen:
                kept.append(row)
                seen.add(name)
        self._seen |= fresh
        return [[values[row] for row in kept] for values in page]

    def frame(self) -> pd.DataFrame:
        """Give the frame."""
        arrays: dict[str, Any] = {}
        for column, values in zip(self._table.columns, self._columns, strict=True):
            try:
                arrays[column.name] = array(column.dtype, values)
            except OverflowError as exc:
                message = f"{self._table.resource}: the field {column.path!r} has a number of more than 64 bits"
                raise ShapeError(message) from exc
        return pd.DataFrame(arrays, index=pd.RangeIndex(len(self._columns[0])), copy=False)
