"""Give a frame the columns and dtypes that its table promises: what is found out, and what somebody hands in."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.casting import cast
from poseidon_nb.frames.schemas import FINDINGS, TABLES, table_named
from poseidon_nb.text import join_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: What is needed of frames that a noun of the client gives; other tables come by their operation.
_NOUNS = frozenset({"actions", "droplets", "images", "metrics", "regions", "sizes", "snapshots"})
#: Where an error calls a frame otherwise than its table: whose columns it has.
_TABLES = {
    "lines": ("cost_lines",),
    "more": ("cost_lines",),
    "metrics": ("series", "metrics"),
    "months": ("cost_history",),
    "resources": ("project_resources", "cost_lines"),
    "sizes": ("sizes", "sizes_on_sale"),
    "sums": ("cost_by",),
}


def shaped(name: str, columns: Mapping[str, Any] | pd.DataFrame) -> pd.DataFrame:
    """Give the frame that a table of findings describes.

    Parameters
    ----------
    name : str
        A key of `schemas.FINDINGS`.
    columns : mapping or pandas.DataFrame
        Each column's values, all of one length. What the table does not name is left out.

    Returns
    -------
    pandas.DataFrame
        A new frame with the table's columns, in its order, with its dtypes and a `RangeIndex`.
    """
    frame = pd.DataFrame({column.name: columns[column.name] for column in FINDINGS[name].columns}, copy=True)
    frame.index = pd.RangeIndex(len(frame))
    for column in FINDINGS[name].columns:
        if column.dtype == "list":
            frame[column.name] = frame[column.name].astype(object)
        elif column.dtype == "float64":
            frame[column.name] = frame[column.name].astype("Float64").to_numpy(np.float64, na_value=np.nan)
        else:
            frame[column.name] = frame[column.name].astype(column.dtype)  # type: ignore[call-overload]  # a dtype by name
    return frame


def needed(
    frame: pd.DataFrame,
    columns: Iterable[str],
    what: str,
    *,
    source: str | None = None,
    dtypes: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Give a frame as it can be reckoned with, whoever made it, before anything is reckoned.

    Parameters
    ----------
    frame : pandas.DataFrame
        What the caller was given. It is not changed.
    columns : iterable of str
        What it must have.
    what : str
        How the frame is called in the error, and which table's columns it has: ``"sizes"``.
    source : str, optional
        What gives a frame that has them: ``"po.analysis.cost.lines"``; empty where nothing does. By default what the
        client gives of the table `what`.
    dtypes : mapping, optional
        The dtypes of columns that no table has.

    Returns
    -------
    pandas.DataFrame
        With the dtypes of the table, and a `RangeIndex`; what the table does not have is left as it is. The same object
        where nothing was to do, as with all frames of the client.

    Raises
    ------
    InvalidArgument
        It is no frame, lacks columns or has one of them twice, or holds what cannot be read: the line says where.
    """
    gives = _client_gives(what) if source is None else source
    if not isinstance(frame, pd.DataFrame):
        more = f", as {gives} gives it" if gives else ""
        raise InvalidArgument(f"{what} should be a DataFrame{more}, not {type(frame).__name__}")
    known = {**_dtypes(what), **(dtypes or {})}
    wanted = [*columns]
    # What was made the index is still there.
    levels = [name for name in frame.index.names if name not in frame.columns and (name in known or name in wanted)]
    given = frame.reset_index(level=levels) if levels else frame
    missing = [column for column in wanted if column not in given.columns]
    if missing:
        more = f"; {gives} gives all" if gives else ""
        raise InvalidArgument(f"the frame of {what} has no column {join_words(missing)}{more}")
    if not given.columns.is_unique:
        twice = given.columns[given.columns.duplicated()]
        raise InvalidArgument(f"the frame of {what} has more than one column {join_words(map(str, twice.unique()))}")
    if not _is_plain(given.index):
        given = given.reset_index(drop=True)
    changed = {}
    for name in given.columns.intersection([*known]):
        values = given[name]
        read = cast(values, known[name], f"the frame of {what}")
        if read is not values:
            changed[name] = read
    return given.assign(**changed) if changed else given


def _is_plain(index: pd.Index[Any]) -> bool:
    return isinstance(index, pd.RangeIndex) and index.name is None and (index.start, index.step) == (0, 1)


@cache
def _dtypes(what: str) -> dict[str, str]:
    tables = [table_named(name) for name in _TABLES.get(what, (what,)) if name in FINDINGS or name in TABLES]
    return {column.name: column.dtype for table in tables for column in table.columns}


def _client_gives(what: str) -> str:
    return f"client.{what}.frame()" if what in _NOUNS else f'client.call("{TABLES[what].operation}", frame=True)'
