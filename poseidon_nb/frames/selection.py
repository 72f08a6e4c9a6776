"""Selecting the columns of a frame by name, as ``--columns`` and doctl's ``--format`` do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.schemas import ALIASES
from poseidon_nb.text import expected_one_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd


def select_columns(frame: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """Return a frame with the named columns, in this order.

    Parameters
    ----------
    frame : pandas.DataFrame
    names : iterable of str
        Column names. Case, underscores and hyphens are ignored, and doctl's names are known: ``PublicIPv4``, ``VCPUs``,
        ``Volumes``. A repeated column occurs once.

    Returns
    -------
    pandas.DataFrame
        A new frame.

    Raises
    ------
    InvalidArgument
        A column does not exist; the message names the closest matches.
    """
    columns = [*map(str, frame.columns)]
    known = {_fold(column): column for column in columns} | {column: column for column in columns}
    selected: dict[str, None] = {}
    for name in names:
        column = next((known[word] for word in _candidates(name) if word in known), None)
        if column is None:
            raise InvalidArgument(f"Unknown column {name!r}{expected_one_of(name, columns)}")
        selected[column] = None
    return frame[[*selected]]


def _candidates(name: str) -> tuple[str, ...]:
    folded = _fold(name)
    return (name, folded, *(_fold(alias) for alias in ALIASES.get(folded, ())))


def _fold(name: str) -> str:
    return name.strip().casefold().replace("_", "").replace("-", "")
