"""What pictures say of things: their names told apart and escaped, and that not all of them are drawn."""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd

from poseidon_nb.text import printable


def known(value: Any) -> bool:
    """Say whether a cell of a frame holds something; a list does."""
    return not pd.api.types.is_scalar(value) or not pd.isna(value)


def escaped(value: object) -> str:
    """Give a text of the account as plotly shall draw it: it reads some HTML in labels and hovers."""
    return escape(printable(str(value)))


def told_apart(names: pd.Series[Any], ids: pd.Series[Any]) -> pd.Series[str]:
    """Give what each row is called: two droplets of one name, and those without a name, are told apart by their ids.

    Parameters
    ----------
    names, ids : pandas.Series
        Of one index; a droplet may have many rows.

    Returns
    -------
    pandas.Series
        Text that can be printed, not escaped.
    """
    numbers = ids.astype("string").fillna("?")
    given = names.astype("string").fillna("")
    # Metrics have thousands of rows for each name.
    words = given.map({name: printable(name) for name in given.unique()}).astype("string")
    shared = ids.groupby(words).transform("nunique") > 1
    return words.mask(shared, words + " (" + numbers + ")").mask(words == "", numbers).astype(str)


def left_out(drawn: int, of_all: int, which: str = "first") -> str:
    """Give the sentence that tells of what is not drawn, to be put behind others; nothing where all is."""
    return f" The picture shows the {which} {drawn:,}; the table has all." if drawn < of_all else ""
