"""What of a frame is displayed, for HTML and text alike: the order of its columns, its visible rows, its one object."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from poseidon_nb.frames.cells import TextColumn, field_lines, is_empty, label
from poseidon_nb.text import escape_unprintable

#: Columns that only a program needs; they are displayed last.
_IDENTIFIER = re.compile(r"(.*_)?(id|ids|uuid|urn)")
#: Columns that tell of problems. Without any there is nothing to say about them.
_PROBLEMS = frozenset({"error", "note"})
#: The value of the first column of a row that has none: costs of resources without a tag.
_NONE = "none"


@dataclass(frozen=True, slots=True)
class View:
    """How a frame is displayed.

    Parameters
    ----------
    asked : tuple of str
        The user asked for these columns, so all of them are displayed, whole and in this order.
    first : tuple of str
        Columns to display first.
    hidden : tuple of str
        Columns that are not displayed.
    card : bool
        The only row is displayed as names and values.
    nothing : str
        Displayed if there are no rows.
    marks : bool
        True is displayed as a check mark, and false as nothing.
    more : str
        The start of the line below a text that names the columns that do not fit.
    """

    asked: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    card: bool = False
    nothing: str = "Nothing was found."
    marks: bool = False
    more: str = "More with --columns: "


class Layout:
    """The visible rows of a frame as columns of text, the most wanted column first.

    Parameters
    ----------
    frame : pandas.DataFrame
    view : View
    on_page : bool
        As in `TextColumn`.
    """

    def __init__(self, frame: pd.DataFrame, view: View, *, on_page: bool = False) -> None:
        positions, self.head = _visible_rows(len(frame))
        #: The number of rows, and of those that are visible. If there are more, the first `head` are above the gap.
        self.rows, self.visible_rows = len(frame), len(positions)
        visible = frame.iloc[positions]
        #: None for a frame whose rows are only numbered.
        self.labels = None if isinstance(frame.index, pd.RangeIndex) else [label(one) for one in frame.index[positions]]
        whole = bool(view.asked)
        order = _ordered(frame, view)
        blank = set() if whole else {place for place in order if is_empty(frame.iloc[:, place])}
        # Rows without any value are displayed too.
        shown = [place for place in order if place not in blank] or order or [*range(frame.shape[1])]
        self.columns = [
            TextColumn(
                str(frame.columns[place]), visible.iloc[:, place], whole=whole, on_page=on_page, marks=view.marks
            )
            for place in shown
        ]
        hidden = (str(frame.columns[place]) for place in order if place not in shown)
        #: Names of columns without values, which are displayed only if the user asked for them. Nobody misses an id.
        self.empty = [
            escape_unprintable(name) for name in hidden if name not in _PROBLEMS and not _IDENTIFIER.fullmatch(name)
        ]
        if self.labels is None and self.columns:
            self.columns[0].cells = [cell or _NONE for cell in self.columns[0].cells]

    @property
    def has_gap(self) -> bool:
        """Whether there are more rows than are visible."""
        return self.visible_rows < self.rows


def fields(frame: pd.DataFrame, view: View) -> list[tuple[str, list[str]]]:
    """Return the names and the lines of the values of a frame's only row.

    Missing values are left out, unless the user asked for the columns.
    """
    found = [
        (escape_unprintable(str(frame.columns[place])), field_lines(frame.iloc[:, place], whole=bool(view.asked)))
        for place in _ordered(frame, view)
    ]
    return [(name, lines) for name, lines in found if lines or view.asked]


def _ordered(frame: pd.DataFrame, view: View) -> list[int]:
    """Return the positions of the columns in the order in which they are displayed: the most wanted first, ids last."""
    names = [str(name) for name in frame.columns]
    if view.asked:
        return [*range(len(names))]
    first = {name: place for place, name in enumerate(view.first)}

    def rank(position: int) -> tuple[int, int]:
        name = names[position]
        if name in first:
            return 0, first[name]
        return (2 if _IDENTIFIER.fullmatch(name) else 1), position

    return sorted((place for place, name in enumerate(names) if name not in view.hidden), key=rank)


def _visible_rows(count: int) -> tuple[list[int], int]:
    """Return the positions of the visible rows, and how many of them are above the gap."""
    max_rows = pd.get_option("display.max_rows") or count
    if count <= max_rows:
        return [*range(count)], count
    few = min(pd.get_option("display.min_rows") or max_rows, max_rows)
    head = (few + 1) // 2
    return [*range(head), *range(count - few + head, count)], head
