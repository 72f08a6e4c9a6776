"""How a notebook displays the frames of `%do`: columns selected by name, and tables that fit the page.

The frame keeps all its columns and exact values; only its HTML is shorter. Frames derived from it (a filter, a sum, a copy)
are displayed by pandas.
"""

from __future__ import annotations

import weakref
from html import escape
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.schemas import ALIASES
from poseidon_nb.text import escape_unprintable, expected_one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

FrameOrSeries = TypeVar("FrameOrSeries", "pd.DataFrame", "pd.Series[Any]")

#: Characters per row that fit JupyterLab in a window of 1280 pixels with its file browser open. `_PADDING` is added to
#: the width of each column.
WIDTH = 120
_PADDING = 3
#: Text longer than `_WRAP_LENGTH` is wrapped into lines of at least `_MIN_LINE`, and cut at `_MAX_LENGTH`.
_WRAP_LENGTH, _MIN_LINE, _MAX_LENGTH = 40, 20, 120
#: A longer list is truncated to about this many characters, followed by the number of other items.
_LIST_LENGTH = 20
#: Maximum number of hidden columns that are named.
_MAX_NAMES = 30
_MISSING = "—"
#: Numbers beyond these are written in scientific notation.
_LARGE, _SMALL = 1e15, 1e-5
#: The defaults of pandas. If the user has changed one of them, pandas displays the frame.
_PANDAS_DEFAULTS: dict[str, tuple[object, ...]] = {
    "display.max_columns": (0, 20),
    "display.max_colwidth": (50,),
    "display.precision": (6,),
    "display.float_format": (None,),
    "display.notebook_repr_html": (True,),
}


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


def truncated(frame: pd.DataFrame, *, width: float = WIDTH) -> pd.DataFrame:
    """Make a notebook display only the columns of a frame that fit.

    Parameters
    ----------
    frame : pandas.DataFrame
        Its most important columns come first.
    width : float
        Characters per row; infinite for all columns.

    Returns
    -------
    pandas.DataFrame
        The same object. Only its HTML representation changes.
    """
    # A strong reference would be a cycle, which only the garbage collector frees.
    reference = weakref.ref(frame)

    def repr_html() -> str | None:
        itself = reference()
        return None if itself is None else to_html(itself, width=width)

    object.__setattr__(frame, "_repr_html_", repr_html)  # of this object only, not of its copies
    return frame


def to_html(frame: pd.DataFrame, *, width: float = WIDTH) -> str | None:
    """Return an HTML table of a frame that fits the page.

    Parameters
    ----------
    frame : pandas.DataFrame
        Of many rows the first and the last are displayed, as in pandas.
    width : float
        Characters per row.

    Returns
    -------
    str or None
        HTML. If pandas' options or another package change how frames are displayed, their result.
    """
    default: Callable[[pd.DataFrame], str | None] = type(frame)._repr_html_  # type: ignore[attr-defined]  # not in pandas-stubs
    if default.__module__ != "pandas.core.frame" or _options_changed():
        return default(frame)
    rows, head = _visible_rows(len(frame))
    visible = frame.iloc[rows]
    labels = [escape_unprintable(_format_value(label)) for label in frame.index[rows]]
    positions, columns = _fitting_columns(visible, width - max(map(len, labels), default=0) - _PADDING)
    hidden = [escape_unprintable(str(name)) for position, name in enumerate(frame.columns) if position not in positions]
    return f"<div>\n{_table(columns, labels, head)}\n{_footer(frame, hidden, head)}</div>"


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


def _options_changed() -> bool:
    return any(pd.get_option(name) not in values for name, values in _PANDAS_DEFAULTS.items())


def _visible_rows(count: int) -> tuple[list[int], int]:
    """Return the positions of the visible rows, and how many of them are above the gap."""
    max_rows = pd.get_option("display.max_rows") or count
    if count <= max_rows:
        return [*range(count)], count
    few = min(pd.get_option("display.min_rows") or max_rows, max_rows)
    head = (few + 1) // 2
    return [*range(head), *range(count - few + head, count)], head


class _Column:
    """The visible cells of a column as text."""

    def __init__(self, name: str, values: pd.Series[Any]) -> None:
        self.name = escape_unprintable(name)
        self.cells = [_cut(escape_unprintable(text)) for text in _format_values(values)]
        longest = max((len(cell) for cell in self.cells), default=0)
        self.width = max(len(name), longest if longest <= _WRAP_LENGTH else _MIN_LINE) + _PADDING
        side = "right" if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values) else "left"
        self.style = f"text-align: {side}; " + (
            f"min-width: {_MIN_LINE / 2:.0f}em" if longest > _WRAP_LENGTH else "white-space: nowrap"
        )


def _format_values(values: pd.Series[Any]) -> list[str]:
    format_one: Callable[[Any], str] = _format_value
    if pd.api.types.is_float_dtype(values):
        name = str(values.name)
        is_money = "usd" in name or name.startswith("price")
        # Hourly prices are often below a cent.
        format_one = (
            _format_hourly
            if is_money and "hour" in name
            else _format_cents
            if is_money
            else _format_decimal
            if (values.dropna() % 1 != 0).any()
            else _format_integer
        )
    elif isinstance(values.dtype, pd.DatetimeTZDtype):
        format_one = _format_time
    return [_MISSING if missing else format_one(value) for value, missing in zip(values, values.isna(), strict=True)]


def _format_integer(number: float) -> str:
    # Beyond that a float cannot represent every integer, so its digits would be noise.
    return f"{number:.0f}" if abs(number) < _LARGE else f"{number:g}"


def _format_hourly(number: float) -> str:
    return f"{number:.5f}"


def _format_cents(number: float) -> str:
    """Format an amount with two decimal places, or five if it is below a cent."""
    if abs(number) >= _LARGE:
        return f"{number:g}"
    cents = f"{number:.2f}"
    return cents if float(cents) or abs(number) < _SMALL else f"{number:.5f}".rstrip("0")


def _format_decimal(number: float) -> str:
    # Small numbers are not zero. Small amounts of money are: rounding errors of sums.
    return f"{number:g}" if 0 < abs(number) < _SMALL else _format_cents(number)


def _format_time(time: pd.Timestamp) -> str:
    return time.tz_convert("UTC").strftime("%Y-%m-%d %H:%M:%SZ")


def _format_value(value: object) -> str:
    if not isinstance(value, (list, tuple)):
        return str(value)
    words = [str(each) for each in value]
    text = ", ".join(words)
    if len(text) <= _WRAP_LENGTH:
        return text
    count = max(1, sum(end <= _LIST_LENGTH for end in accumulate(len(word) + 2 for word in words)))
    return f"{', '.join(words[:count])} and {len(words) - count:,} more" if count < len(words) else text


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_LENGTH else f"{text[: _MAX_LENGTH - 1]}…"


def _fitting_columns(visible: pd.DataFrame, width: float) -> tuple[set[int], list[_Column]]:
    """Return the columns that fit, at least one, and their positions. Empty columns are included only if all fit."""
    is_empty = visible.isna().all(axis="index").tolist()
    columns = _take_fitting(visible, range(visible.shape[1]), width)
    if len(columns) == visible.shape[1] and sum(column.width for column in columns.values()) <= width:
        return {*columns}, [*columns.values()]
    filled = [position for position, empty in enumerate(is_empty) if not empty] or range(visible.shape[1])
    columns = _take_fitting(visible, filled, width)
    return {*columns}, [*columns.values()]


def _take_fitting(visible: pd.DataFrame, positions: Sequence[int], width: float) -> dict[int, _Column]:
    """Return the first columns that fit, at least one. No further columns are formatted."""
    columns: dict[int, _Column] = {}
    remaining = width
    for position in positions:
        column = _Column(str(visible.columns[position]), visible.iloc[:, position])
        remaining -= column.width
        if columns and remaining < 0:
            break
        columns[position] = column
    return columns


def _table(columns: Sequence[_Column], labels: Sequence[str], head: int) -> str:
    names = "".join(f'<th style="{column.style}">{escape(column.name)}</th>' for column in columns)
    lines = [
        f"<tr><th>{escape(label)}</th>"
        + "".join(f'<td style="{column.style}">{escape(column.cells[row])}</td>' for column in columns)
        + "</tr>"
        for row, label in enumerate(labels)
    ]
    gap = "".join(f'<td style="{column.style}">…</td>' for column in columns)
    if head < len(labels):
        lines.insert(head, f"<tr><th>…</th>{gap}</tr>")
    body = "\n".join(lines)
    return f'<table class="dataframe">\n<thead><tr><th></th>{names}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>'


def _footer(frame: pd.DataFrame, hidden: Sequence[str], head: int) -> str:
    """Return the frame's size and hidden columns; nothing if all of it is visible."""
    if not hidden and head == len(frame):
        return ""
    more = f" and {len(hidden) - _MAX_NAMES:,} more" if len(hidden) > _MAX_NAMES else ""
    names = f"; hidden columns: {', '.join(hidden[:_MAX_NAMES])}{more}" if hidden else ""
    return f"<p>{len(frame):,} rows &times; {frame.shape[1]:,} columns{escape(names)}</p>"
