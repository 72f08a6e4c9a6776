"""Tables and cards as text that fits a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.frames.cells import TextColumn, aligned, shortened, text_width, wrapped
from poseidon_nb.frames.layout import Layout, fields
from poseidon_nb.text import escape_unprintable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from poseidon_nb.frames.layout import View

_GAP = "  "
#: A column takes at most a third of the line, or this.
_MAX_WIDTH = 40
#: The values of a card get at least this.
_MIN_VALUE = 20


def text_table(frame: pd.DataFrame, view: View, width: int) -> str:
    """Return a frame as a table of text.

    Parameters
    ----------
    frame : pandas.DataFrame
    view : View
    width : int
        Characters in a line. Columns that do not fit are named below the table.
    """
    layout = Layout(frame, view)
    labels = layout.labels
    columns = [] if labels is None else [_column(["", *labels], max(map(text_width, labels)))]
    left = width - sum(text_width(cells[0]) + len(_GAP) for cells in columns)
    widths = _fitted(layout.columns, left)
    columns += [
        _column([one.name, *one.cells], wide, right=one.is_number)
        for one, wide in zip(layout.columns, widths, strict=False)
    ]
    lines = [_GAP.join(cells).rstrip() for cells in zip(*columns, strict=True)]
    if layout.has_gap:
        lines.insert(1 + layout.head, "…")
    hidden = [one.name for one in layout.columns[len(widths) :]]
    return "\n".join([*lines, *_footer(layout, hidden, view.more, width)])


def text_rows(frame: pd.DataFrame) -> str:
    """Return all rows and columns of a frame, whole and without their names, as a script reads them."""
    columns = [
        TextColumn(str(frame.columns[place]), frame.iloc[:, place], whole=True) for place in range(frame.shape[1])
    ]
    cells = [_column(one.cells, max(map(text_width, one.cells), default=0), right=one.is_number) for one in columns]
    return "\n".join(_GAP.join(row).rstrip() for row in zip(*cells, strict=True))


def text_card(frame: pd.DataFrame, view: View, width: int) -> str:
    """Return a frame with one row as lines of names and values. Long values are wrapped, unless the user asked for them."""
    named = fields(frame, view)
    if not named and len(frame.columns):
        return _listed("Empty columns: ", [escape_unprintable(str(name)) for name in frame.columns], width)
    indent = max(text_width(name) for name, _ in named) + len(_GAP) if named else 0
    room = max(width - indent, _MIN_VALUE)
    lines = []
    for name, values in named:
        parts = values if view.asked else [part for value in values for part in wrapped(value, room)]
        lines += [(aligned("" if place else name, indent) + part).rstrip() for place, part in enumerate(parts or [""])]
    return "\n".join(lines)


def _fitted(columns: Sequence[TextColumn], width: int) -> list[int]:
    """Return the widths of the columns that fit, at least one. What is left goes to those that were shortened."""
    most = max(_MAX_WIDTH, width // 3)
    widths: list[int] = []
    left = width
    for column in columns:
        wanted = column.width if column.whole else min(column.width, most)
        if wanted > left and widths and not column.whole:
            if column.min_width > left:
                break
            wanted = left
        widths.append(wanted if column.whole else min(wanted, max(width, 1)))
        left -= widths[-1] + len(_GAP)
    left += len(_GAP)
    for place, column in enumerate(columns[: len(widths)]):
        more = max(0, min(left, column.width - widths[place]))
        widths[place] += more
        left -= more
    return widths


def _column(cells: Sequence[str], width: int, *, right: bool = False) -> list[str]:
    return [aligned(shortened(one, width), width, right=right) for one in cells]


def _footer(layout: Layout, hidden: Sequence[str], more: str, width: int) -> list[str]:
    """Return what is not displayed: the number of rows, and the names of the other columns in one line."""
    lines = [f"{layout.rows:,} rows"] if layout.has_gap else []
    if hidden:
        lines.append(_listed(more, [*hidden, *layout.empty], width))
    elif layout.empty:
        lines.append(_listed("Empty columns: ", layout.empty, width))
    return lines


def _listed(start: str, names: Sequence[str], width: int) -> str:
    """Return the names that fit in a line, and the number of the others."""
    for count in range(len(names), 0, -1):
        more = f" and {len(names) - count:,} more" if count < len(names) else ""
        line = f"{start}{', '.join(names[:count])}{more}"
        if text_width(line) <= width:
            return line
    return shortened(f"{start}{names[0]}", width)
