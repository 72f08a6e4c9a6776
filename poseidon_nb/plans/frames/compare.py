"""The verdict on each cell of a row, from its value, the account's, and those that listings showed. Pure.

- Equal to the account's value: no change.
- A value that no listing showed: an edit. If the account has changed since the last listing, it is a conflict, unless
  it has only gained and lost elements that the edit adds and removes too.
- A value that a listing showed, while the account has moved on: stale. It is left, unless the frame is applied as written.
- Without any listing, as for a file, the account's value and the cell are all there is: a difference is an edit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from poseidon_nb.plans.frames.cells import frozen, is_masked
from poseidon_nb.text import escape_unprintable, join_words

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

#: Characters of a value in a message.
_MAX_CHARS = 60


class Verdict(StrEnum):
    """What a cell means."""

    SAME = "same"
    EDIT = "edit"
    STALE = "stale"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A property of a resource that a frame shows in a column.

    Parameters
    ----------
    name : str
        Its name in messages.
    column : str
        The column, if it is not the name. Several fields can share one: the words in ``features``.
    read : callable
        Returns the value of a cell in a form that compares, or raises `ValueError`.
    refusal : str
        What to do instead, if it cannot be changed in place.
    computed : bool
        It follows from other values, so that only an edit that this kernel can prove is one.
    may_be_empty : bool
        Whether an empty cell is a value, such as a reserved IP without a droplet. Other empty cells change nothing.
    empty : object
        What an empty cell is equal to: a list without elements.
    also : callable, optional
        Returns other spellings of the account's value, given its row.
    """

    name: str
    column: str = ""
    read: Callable[[Any], Any] = frozen
    refusal: str = ""
    computed: bool = False
    may_be_empty: bool = False
    empty: Any = None
    also: Callable[[Mapping[str, Any]], Collection[Any]] | None = None

    @property
    def place(self) -> str:
        """The column."""
        return self.column or self.name


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that is to be changed; the values are those of the cells, not those that compare."""

    field: Field
    before: Any
    after: Any


@dataclass(slots=True)
class Comparison:
    """What comparing rows with the account found."""

    errors: list[str] = field(default_factory=list)
    #: Cells that are left as they are in the account, by the sentence that explains why.
    left: dict[str, dict[str, None]] = field(default_factory=dict)
    #: Whether any row was compared without a listing.
    two_way: bool = False

    def leave(self, why: str, what: str) -> None:
        """Note a cell that is left, once: several fields can share it."""
        self.left.setdefault(why, {})[what] = None

    @property
    def notes(self) -> list[str]:
        """The cells that were left, a sentence for each reason."""
        return [f"{why}: {_some([*places])}." for why, places in self.left.items()]


def _some(places: Sequence[str]) -> str:
    most = 4
    rest = len(places) - most
    return join_words(places) if rest <= 0 else f"{', '.join(places[:most])} and {rest:,} more"


def verdict(
    cell: Any, present: Any, shown: Sequence[Any], *, others: Collection[Any] = (), as_written: bool = False
) -> Verdict:
    """Return what a cell means.

    Parameters
    ----------
    cell : object
        Its value.
    present : object
        The account's value.
    shown : sequence
        The values that listings showed, the latest last; empty if none did.
    others : collection
        Other spellings of the account's value.
    as_written : bool
        A value that was shown before counts as an edit too.
    """
    if cell == present or cell in others:
        return Verdict.SAME
    if not shown:
        return Verdict.EDIT
    if cell in shown:
        return Verdict.EDIT if as_written else Verdict.STALE
    return Verdict.EDIT if present == shown[-1] or _is_between(present, shown[-1], cell) else Verdict.CONFLICT


def _is_between(present: Any, before: Any, after: Any) -> bool:
    """Return whether a set has changed only towards the wanted one, as after a plan that was interrupted half way."""
    sets = all(isinstance(one, frozenset) for one in (present, before, after))
    return sets and (present ^ before) <= (after ^ before)


STALE = "Left as in the account, which changed since they were listed (--as-written applies them)"
CLEARED = "Empty cells change nothing"
COMPUTED = "Ignored, because a frame cannot change them"


def compare_cells(
    who: str,
    cells: Mapping[str, Any],
    present: Mapping[str, Any],
    fields: Iterable[Field],
    shown: Mapping[str, Sequence[Any]],
    found: Comparison,
    *,
    as_written: bool = False,
) -> list[Difference]:
    """Return the edits of one row. Stale cells and errors are added to ``found``.

    Parameters
    ----------
    who : str
        How messages name the row.
    cells, present : mapping
        The row, and the account's row, by column.
    fields : iterable of Field
    shown : mapping
        The values that listings showed of this resource, by column.
    found : Comparison
    as_written : bool
    """
    differences = []
    for one in fields:
        cell, listed = cells.get(one.place), shown.get(one.place, ())
        # Most cells are as the account has them.
        if one.place not in cells or cell == present.get(one.place) or is_masked(cell):
            continue
        if cell is None and not one.may_be_empty:
            if listed and listed[-1] is not None and not one.computed:
                found.leave(CLEARED, f"{one.place} of {who}")
            continue
        if not listed and not one.computed:
            found.two_way = True
        try:
            result = _verdict(one, cell, present, listed, as_written=as_written)
        except ValueError as error:
            found.errors.append(f"{who}, column {one.place}: {sentence(str(error))}")
            continue
        if result is Verdict.EDIT and not one.refusal and not one.computed:
            differences.append(Difference(one, present.get(one.place), _written(cell)))
        elif result is not Verdict.SAME:
            _explain(who, one, result, (cell, present.get(one.place)), listed, found)
    return differences


def _written(cell: Any) -> Any:
    """Return a cell as a plan shows it: a whole number, although a column with empty cells has floats."""
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


def _verdict(one: Field, cell: Any, present: Mapping[str, Any], listed: Sequence[Any], *, as_written: bool) -> Verdict:
    result = verdict(
        _read(one, cell),
        _read(one, present.get(one.place), strict=False),
        [_read(one, value, strict=False) for value in listed],
        others=one.also(present) if one.also is not None else (),
        as_written=as_written and not one.computed,
    )
    # What follows from other values differs in any file that is older than the account.
    return Verdict.SAME if one.computed and (not listed or result is Verdict.STALE) else result


def _explain(
    who: str, one: Field, result: Verdict, values: tuple[Any, Any], listed: Sequence[Any], found: Comparison
) -> None:
    """Note a cell that is left, or add the error of one that cannot be applied."""
    cell, now = map(value_text, values)
    if result is Verdict.STALE:
        found.leave(STALE, f"{one.place} of {who}")
    elif one.refusal:
        found.errors.append(f"{who}: {one.name} cannot be changed from {now} to {cell}. {one.refusal}")
    elif one.computed:
        found.leave(COMPUTED, f"{one.place} of {who}")
    else:
        found.errors.append(
            f"{who}, column {one.place}: the frame has {cell}, the last listing showed {value_text(listed[-1])}, and the"
            f" account has {now}. List again to see it, then apply."
        )


def _read(one: Field, value: Any, *, strict: bool = True) -> Any:
    if value is None:
        return one.empty
    try:
        return one.read(value)
    except ValueError:
        # What the API sends may break the rules for what it accepts.
        if strict:
            raise
        return frozen(value)


def sentence(text: str) -> str:
    """Return a message for the user that ends as a sentence does."""
    shown = escape_unprintable(text)
    return shown if shown.endswith((".", "?")) else f"{shown}."


def value_text(value: Any) -> str:
    """Return a value for a message."""
    if value is None:
        return "nothing"
    shown = escape_unprintable(", ".join(map(str, value)) if isinstance(value, list) else str(value))
    if isinstance(value, list) and not value:
        return "an empty list"
    return shown if len(shown) <= _MAX_CHARS else f"{shown[: _MAX_CHARS - 1]}…"
