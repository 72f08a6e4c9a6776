"""Frames with the columns and dtypes of their table: our derived tables, and the frames that users pass in."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.dtypes import cast
from poseidon_nb.frames.schemas import DERIVED_TABLES, TABLES, get_table
from poseidon_nb.text import join_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Tables with a ``client.NOUN.frame()``; other tables come from ``client.call``.
_CLIENT_NOUNS = frozenset({"actions", "droplets", "images", "metrics", "regions", "sizes", "snapshots"})
#: Tables of frames whose name in errors is not the table's.
_TABLE_NAMES = {
    "allocation": ("cost_allocation",),
    "forecast": ("cost_forecast",),
    "lines": ("cost_lines",),
    "more": ("cost_lines",),
    "metrics": ("series", "metrics"),
    "months": ("cost_history",),
    "resources": ("project_resources", "cost_lines"),
    "sizes": ("sizes", "available_sizes"),
    "sums": ("cost_by",),
}


def build_derived(name: str, columns: Mapping[str, Any] | pd.DataFrame) -> pd.DataFrame:
    """Build a frame with the columns of a derived table.

    Parameters
    ----------
    name : str
        A key of `schemas.DERIVED_TABLES`.
    columns : mapping or pandas.DataFrame
        The values of the columns, all of one length. Columns that the table does not have are ignored.

    Returns
    -------
    pandas.DataFrame
        A new frame with the table's columns in order, their dtypes and a `RangeIndex`.
    """
    frame = pd.DataFrame({column.name: columns[column.name] for column in DERIVED_TABLES[name].columns}, copy=True)
    frame.index = pd.RangeIndex(len(frame))
    for column in DERIVED_TABLES[name].columns:
        if column.dtype == "list":
            frame[column.name] = frame[column.name].astype(object)
        elif column.dtype == "float64":
            frame[column.name] = frame[column.name].astype("Float64").to_numpy(np.float64, na_value=np.nan)
        else:
            frame[column.name] = frame[column.name].astype(column.dtype)  # type: ignore[call-overload]  # a dtype by name
    return frame


def require_columns(
    frame: pd.DataFrame,
    columns: Iterable[str],
    what: str,
    *,
    source: str | None = None,
    dtypes: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Validate a frame passed by the user and convert its columns to the dtypes of their table.

    Parameters
    ----------
    frame : pandas.DataFrame
        The user's frame. It is not changed.
    columns : iterable of str
        Required columns.
    what : str
        The frame's name in errors, and its table: ``"sizes"``.
    source : str, optional
        What returns such a frame, for errors: ``"po.analysis.cost.lines"``; empty for nothing. By default the client's
        method or operation of the table.
    dtypes : mapping, optional
        The dtypes of columns that are in no table.

    Returns
    -------
    pandas.DataFrame
        With a `RangeIndex`. Other columns are unchanged. The same object if nothing had to be converted, as for all
        frames of the client.

    Raises
    ------
    InvalidArgument
        It is not a DataFrame, a column is missing or duplicated, or a value cannot be converted.
    """
    origin = _client_source(what) if source is None else source
    if not isinstance(frame, pd.DataFrame):
        example = f", for example {origin}" if origin else ""
        raise InvalidArgument(f"{what} must be a DataFrame{example}, not {type(frame).__name__}.")
    known = {**_dtypes(what), **(dtypes or {})}
    required = [*columns]
    # Columns may be in the index.
    levels = [name for name in frame.index.names if name not in frame.columns and (name in known or name in required)]
    given = frame.reset_index(level=levels) if levels else frame
    missing = [column for column in required if column not in given.columns]
    if missing:
        plural = "s" if len(missing) > 1 else ""
        hint = f" Use for example {origin}." if origin else ""
        raise InvalidArgument(f"The {what} frame has no column{plural} {join_words(missing)}.{hint}")
    if not given.columns.is_unique:
        duplicates = given.columns[given.columns.duplicated()]
        names = join_words(map(str, duplicates.unique()))
        raise InvalidArgument(f"The {what} frame has duplicate columns: {names}.")
    if not _is_default_index(given.index):
        given = given.reset_index(drop=True)
    changed = {}
    for name in given.columns.intersection([*known]):
        values = given[name]
        converted = cast(values, known[name], f"the {what} frame")
        if converted is not values:
            changed[name] = converted
    return given.assign(**changed) if changed else given


def _is_default_index(index: pd.Index[Any]) -> bool:
    return isinstance(index, pd.RangeIndex) and index.name is None and (index.start, index.step) == (0, 1)


@cache
def _dtypes(what: str) -> dict[str, str]:
    tables = [get_table(name) for name in _TABLE_NAMES.get(what, (what,)) if name in DERIVED_TABLES or name in TABLES]
    return {column.name: column.dtype for table in tables for column in table.columns}


def _client_source(what: str) -> str:
    return f"client.{what}.frame()" if what in _CLIENT_NOUNS else f'client.call("{TABLES[what].operation}", frame=True)'
