"""How a notebook shows a frame that `%do` gives: the columns that fit the page, and the names of the others.

The frame stays a plain one with all its columns and exact values; only its picture is shorter. What is made of it
(a filter, a sum, a copy) is shown as pandas shows it.
"""

from __future__ import annotations

import weakref
from html import escape
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Characters of a row that fit JupyterLab in a window of 1280 pixels with its file browser open, `_PADDING` for the
#: room around a column counted in.
WIDTH = 120
_PADDING = 3
#: Longer text is broken into lines of at least `_BROKEN` characters, and cut where nobody reads on.
_WRAPS, _BROKEN, _LONGEST = 40, 20, 120
#: A longer list shows what fits that of it, and how many more there are.
_BEGINNING = 20
#: How many of the columns that do not fit are named.
_NAMES = 30
_MISSING = "—"
#: Numbers beyond these are written as powers of ten.
_LARGE, _SMALL = 1e15, 1e-5
#: As pandas comes. Who changed one of them wants frames shown so, and gets it.
_UNCHANGED: dict[str, tuple[object, ...]] = {
    "display.max_columns": (0, 20),
    "display.max_colwidth": (50,),
    "display.precision": (6,),
    "display.float_format": (None,),
    "display.notebook_repr_html": (True,),
}


def in_short(frame: pd.DataFrame, *, width: float = WIDTH) -> pd.DataFrame:
    """Have a notebook show the columns of a frame that fit.

    Parameters
    ----------
    frame : pandas.DataFrame
        Its columns stand most wanted first.
    width : float
        How many characters fit a row; infinite for all columns.

    Returns
    -------
    pandas.DataFrame
        The same object. Nothing of it changes but the answer to IPython's question for HTML.
    """
    # Weakly, or the frame would hold itself until the garbage collector comes.
    itself = weakref.ref(frame)

    def answer() -> str | None:
        shown = itself()
        return None if shown is None else html(shown, width=width)

    object.__setattr__(frame, "_repr_html_", answer)  # of this one object: a copy of it does not have it
    return frame


def html(frame: pd.DataFrame, *, width: float = WIDTH) -> str | None:
    """Give the table of a frame that fits a page.

    Parameters
    ----------
    frame : pandas.DataFrame
        What to show; of many rows the first and the last, as pandas does.
    width : float
        How many characters fit a row.

    Returns
    -------
    str or None
        HTML. Where pandas' options or another package say how frames are shown, what they say.
    """
    usual: Callable[[pd.DataFrame], str | None] = type(frame)._repr_html_  # type: ignore[attr-defined]  # not in pandas-stubs
    if usual.__module__ != "pandas.core.frame" or _changed():
        return usual(frame)
    rows, head = _rows(len(frame))
    shown = frame.iloc[rows]
    labels = [_words(label) for label in frame.index[rows]]
    places, fitting = _fitting(shown, width - max(map(len, labels), default=0) - _PADDING)
    others = [str(name) for place, name in enumerate(frame.columns) if place not in places]
    return f"<div>\n{_table(fitting, labels, head)}\n{_rest(frame, others, head)}</div>"


def _changed() -> bool:
    return any(pd.get_option(name) not in values for name, values in _UNCHANGED.items())


def _rows(count: int) -> tuple[list[int], int]:
    """Give the places of the rows to show, and how many of them stand before a gap."""
    most = pd.get_option("display.max_rows") or count
    if count <= most:
        return [*range(count)], count
    few = min(pd.get_option("display.min_rows") or most, most)
    head = (few + 1) // 2
    return [*range(head), *range(count - few + head, count)], head


class _Column:
    """The cells of a column that are shown, as text."""

    def __init__(self, name: str, values: pd.Series[Any]) -> None:
        self.name = name
        self.cells = [_cut(text) for text in _texts(values)]
        longest = max((len(cell) for cell in self.cells), default=0)
        self.width = max(len(name), longest if longest <= _WRAPS else _BROKEN) + _PADDING
        side = "right" if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values) else "left"
        self.style = f"text-align: {side}; " + (
            f"min-width: {_BROKEN / 2:.0f}em" if longest > _WRAPS else "white-space: nowrap"
        )


def _texts(values: pd.Series[Any]) -> list[str]:
    write: Callable[[Any], str] = _words
    if pd.api.types.is_float_dtype(values):
        name = str(values.name)
        is_money = "usd" in name or name.startswith("price")
        # An hour's price is often less than a cent.
        write = (
            _hourly
            if is_money and "hour" in name
            else _cents
            if is_money
            else _decimals
            if (values.dropna() % 1 != 0).any()
            else _whole
        )
    elif isinstance(values.dtype, pd.DatetimeTZDtype):
        write = _time
    return [_MISSING if missing else write(value) for value, missing in zip(values, values.isna(), strict=True)]


def _whole(number: float) -> str:
    # Beyond that a float does not hold each whole number, and its digits would be a column of noise.
    return f"{number:.0f}" if abs(number) < _LARGE else f"{number:g}"


def _hourly(number: float) -> str:
    return f"{number:.5f}"


def _cents(number: float) -> str:
    """Write cents, and more of them where there is not one."""
    if abs(number) >= _LARGE:
        return f"{number:g}"
    cents = f"{number:.2f}"
    return cents if float(cents) or abs(number) < _SMALL else f"{number:.5f}".rstrip("0")


def _decimals(number: float) -> str:
    # What is small is not nothing. Of money it is: what is left where sums of floats cancel out.
    return f"{number:g}" if 0 < abs(number) < _SMALL else _cents(number)


def _time(moment: pd.Timestamp) -> str:
    return moment.tz_convert("UTC").strftime("%Y-%m-%d %H:%M:%SZ")


def _words(value: object) -> str:
    if not isinstance(value, (list, tuple)):
        return str(value)
    words = [str(each) for each in value]
    whole = ", ".join(words)
    if len(whole) <= _WRAPS:
        return whole
    shown = max(1, sum(end <= _BEGINNING for end in accumulate(len(word) + 2 for word in words)))
    return f"{', '.join(words[:shown])} and {len(words) - shown:,} more" if shown < len(words) else whole


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _fitting(shown: pd.DataFrame, width: float) -> tuple[set[int], list[_Column]]:
    """Give the columns that fit, at least one, and their places; those with nothing in them only where all do."""
    is_empty = shown.isna().all(axis="index").tolist()
    every = _first(shown, range(shown.shape[1]), width)
    if len(every) == shown.shape[1] and sum(column.width for column in every.values()) <= width:
        return {*every}, [*every.values()]
    filled = [place for place, empty in enumerate(is_empty) if not empty] or range(shown.shape[1])
    fitting = _first(shown, filled, width)
    return {*fitting}, [*fitting.values()]


def _first(shown: pd.DataFrame, places: Sequence[int], width: float) -> dict[int, _Column]:
    """Give the first of some columns that fit, at least one; no more is written than it takes to know."""
    found: dict[int, _Column] = {}
    left = width
    for place in places:
        column = _Column(str(shown.columns[place]), shown.iloc[:, place])
        left -= column.width
        if found and left < 0:
            break
        found[place] = column
    return found


def _table(columns: Sequence[_Column], labels: Sequence[str], head: int) -> str:
    names = "".join(f'<th style="{column.style}">{escape(column.name)}</th>' for column in columns)
    lines = [
        f"<tr><th>{escape(label)}</th>"
        + "".join(f'<td style="{column.style}">{escape(column.cells[place])}</td>' for column in columns)
        + "</tr>"
        for place, label in enumerate(labels)
    ]
    gap = "".join(f'<td style="{column.style}">…</td>' for column in columns)
    if head < len(labels):
        lines.insert(head, f"<tr><th>…</th>{gap}</tr>")
    body = "\n".join(lines)
    return f'<table class="dataframe">\n<thead><tr><th></th>{names}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>'


def _rest(frame: pd.DataFrame, others: Sequence[str], head: int) -> str:
    """Say how large the frame is, and which columns of it are not shown; nothing where all of it is."""
    if not others and head == len(frame):
        return ""
    more = f" and {len(others) - _NAMES:,} more" if len(others) > _NAMES else ""
    also = f"; also in it: {', '.join(others[:_NAMES])}{more}" if others else ""
    return f"<p>{len(frame):,} rows &times; {frame.shape[1]:,} columns{escape(also)}</p>"
