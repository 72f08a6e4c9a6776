"""Pick and order the columns of a frame by the names that a person types, doctl's names among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.schemas import ALIASES
from poseidon_nb.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd


def select_columns(frame: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """Give the frame with these columns, in this order.

    Parameters
    ----------
    frame : pandas.DataFrame
        Any frame.
    names : iterable of str
        Columns. Letter case, underscores and hyphens do not matter, and doctl's names are known: ``PublicIPv4``,
        ``VCPUs``, ``Volumes``. A column named twice comes once.

    Returns
    -------
    pandas.DataFrame
        A new frame.

    Raises
    ------
    InvalidArgument
        There is no such column; the message names the nearest.
    """
    columns = [*map(str, frame.columns)]
    known = {_folded(column): column for column in columns} | {column: column for column in columns}
    picked: dict[str, None] = {}
    for name in names:
        column = next((known[word] for word in _words(name) if word in known), None)
        if column is None:
            known_ones = f"; there are: {', '.join(columns)}"
            raise InvalidArgument(f"no column {name!r}{did_you_mean(name, columns) or known_ones}")
        picked[column] = None
    return frame[[*picked]]


def _words(name: str) -> tuple[str, ...]:
    folded = _folded(name)
    return (name, folded, *(_folded(alias) for alias in ALIASES.get(folded, ())))


def _folded(name: str) -> str:
    return name.strip().casefold().replace("_", "").replace("-", "")
