"""Frames that pandas prints, without the control and format characters of their text."""

from __future__ import annotations

from typing import Any, TypeVar

import pandas as pd

from poseidon_nb.text import escape_unprintable

FrameOrSeries = TypeVar("FrameOrSeries", "pd.DataFrame", "pd.Series[Any]")


def printable(frame: FrameOrSeries) -> FrameOrSeries:
    """Return a frame or series whose text has its control and format characters escaped, for printing.

    Names and tags may contain terminal escapes and characters that change the direction of text. The same object is
    returned if nothing has to be escaped.
    """
    columns = [frame] if isinstance(frame, pd.Series) else [frame.iloc[:, place] for place in range(frame.shape[1])]
    escaped = {place: cells for place, column in enumerate(columns) if (cells := _escaped(column)) is not None}
    labels = [
        str(label) for label in (*frame.index, *((frame.name,) if isinstance(frame, pd.Series) else frame.columns))
    ]
    if not escaped and all(map(str.isprintable, labels)):
        return frame
    result = frame.copy()
    if isinstance(result, pd.Series):
        result = pd.Series(escaped.get(0, result), result.index, name=_escape(result.name))
    else:
        for place, cells in escaped.items():
            result.isetitem(place, cells)
        result.columns = result.columns.map(_escape)
    result.index = result.index.map(_escape)
    return result


def _escaped(column: pd.Series[Any]) -> Any:
    """Return the cells of a column with escaped text; None if that is the column itself."""
    if not (
        pd.api.types.is_string_dtype(column) or column.dtype == object or isinstance(column.dtype, pd.CategoricalDtype)
    ):
        return None
    values = column.astype(object).tolist()
    if all(value.isprintable() if isinstance(value, str) else value is pd.NA for value in values):
        return None
    cells = [_escape(value) for value in values]
    if all(one is other or one == other for one, other in zip(cells, values, strict=True)):
        return None
    return pd.Series(cells, column.index, dtype=object)


def _escape(value: Any) -> Any:
    if isinstance(value, str):
        return escape_unprintable(value)
    if isinstance(value, list | tuple):
        return type(value)([_escape(one) for one in value]) if type(value) in {list, tuple} else value
    return {_escape(name): _escape(one) for name, one in value.items()} if isinstance(value, dict) else value
