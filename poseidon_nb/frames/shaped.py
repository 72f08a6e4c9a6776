"""Give a frame the columns and dtypes that its table of findings promises, also when it has no rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.schemas import FINDINGS, TABLES
from poseidon_nb.text import joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: What is needed of frames that a noun of the client gives; other tables come by their operation.
_NOUNS = frozenset({"actions", "droplets", "images", "metrics", "regions", "sizes", "snapshots"})


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


def needed(frame: pd.DataFrame, columns: Iterable[str], what: str, *, source: str | None = None) -> None:
    """Refuse a frame that lacks columns, before anything is reckoned with it.

    Parameters
    ----------
    frame : pandas.DataFrame
        What the caller was given.
    columns : iterable of str
        What it must have.
    what : str
        How the frame is called in the error: ``"sizes"``.
    source : str, optional
        What gives a frame that has them: ``"po.analysis.cost.lines"``; empty where nothing does. By default what the
        client gives of the table `what`.

    Raises
    ------
    InvalidArgument
        It names the columns, and how to get a frame that has them.
    """
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        gives = _client_gives(what) if source is None else source
        more = f"; {gives} gives all" if gives else ""
        raise InvalidArgument(f"the frame of {what} has no column {joined(missing)}{more}")


def _client_gives(what: str) -> str:
    return f"client.{what}.frame()" if what in _NOUNS else f'client.call("{TABLES[what].operation}", frame=True)'
