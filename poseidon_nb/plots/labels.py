"""What pictures say of things: their names told apart, short and escaped, and that not all of them are drawn."""

from __future__ import annotations

import textwrap
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.text import escape_unprintable, truncated_list

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Letters of a name beside what is drawn; one more long than that would push the picture out of its place.
MOST_BESIDE = 40
#: Letters of a line where the mouse rests: plotly breaks none by itself, and cuts off what is wider than the picture.
_MOST_TOLD = 64
#: Of a name that is cut: its end tells as much as its beginning, and holds the id of two with one name.
_END = 14


def known(value: Any) -> bool:
    """Say whether a cell of a frame holds something; a list does."""
    return not pd.api.types.is_scalar(value) or not pd.isna(value)


def finite(frame: pd.DataFrame, columns: Sequence[str], what: str, name: str) -> None:
    """Refuse amounts without an end, which no axis reaches; one that is not known is another thing.

    Parameters
    ----------
    frame : pandas.DataFrame
    columns : sequence of str
        Columns of numbers.
    what, name : str
        What an error calls the frame, and the column that says which row is meant.

    Raises
    ------
    InvalidArgument
        One of them is infinite.
    """
    for column in columns:
        endless = np.isinf(frame[column].astype("Float64").to_numpy(np.float64, na_value=np.nan))
        if endless.any():
            rows = truncated_list(map(str, frame.loc[endless, name]))
            raise InvalidArgument(
                f"the frame of {what} has no end in column {column} of {rows}: no picture can show that"
            )


def escaped(value: object) -> str:
    """Give a text of the account as plotly shall draw it: it reads some HTML, and formulas between dollar signs."""
    return escape(escape_unprintable(str(value))).replace("$", "&#36;")


def beside(value: object) -> str:
    """Give a name for an axis or a legend: as `escaped`, and cut in its middle where it is long."""
    text = escape_unprintable(str(value))
    return escaped(text if len(text) <= MOST_BESIDE else f"{text[: MOST_BESIDE - _END - 1]}…{text[-_END:]}")


def told(value: object) -> str:
    """Give a text for where the mouse rests: all of it, escaped, in lines that fit."""
    return "<br>".join(map(escaped, textwrap.wrap(escape_unprintable(str(value)), _MOST_TOLD)))


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
    words = given.map({name: escape_unprintable(name) for name in given.unique()}).astype("string")
    shared = ids.groupby(words).transform("nunique") > 1
    return words.mask(shared, words + " (" + numbers + ")").mask(words == "", numbers).astype(str)


def left_out(drawn: int, of_all: int, which: str = "first") -> str:
    """Give the sentence that tells of what is not drawn, to be put behind others; nothing where all is."""
    return f" The picture shows the {which} {drawn:,}; the table has all." if drawn < of_all else ""
