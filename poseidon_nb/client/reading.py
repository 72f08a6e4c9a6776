"""How responses are read: strictly or tolerantly, whole lists, and with masked secrets or not.

A value of an unexpected type is missing, and one warning names it. A list that is shorter than its own total is read again,
and is an error if it stays incomplete.
"""

from __future__ import annotations

import sys
import warnings
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from poseidon_nb.errors import ResponseWarning, ShapeError
from poseidon_nb.frames.decode import get_decoder
from poseidon_nb.frames.schemas import RESOURCES, TABLES
from poseidon_nb.frames.tolerance import UnreadValues
from poseidon_nb.transport.pagination import ListTotals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Row = dict[str, Any]

T = TypeVar("T")


def warn(text: str) -> None:
    """Issue a `ResponseWarning` for the line of the user that called this package."""
    frame, level = sys._getframe(1), 2  # noqa: SLF001  # as `warnings` does
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _SKIPPED:
        frame, level = frame.f_back, level + 1
    warnings.warn(text, ResponseWarning, stacklevel=level)


#: Packages whose lines are not the user's.
_SKIPPED = frozenset({__name__.partition(".")[0], "contextlib"})


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How the responses of this thread are read.

    Parameters
    ----------
    strict : bool
        Raise a `ShapeError` for a value of an unexpected type. Otherwise it is missing, and a warning names it.
    keep_going : bool
        Return an incomplete list with a warning instead of raising a `ShapeError`.
    reveal : bool
        Keep secrets in frames. Otherwise they are masked.
    warn : callable
        Receives the warnings.
    """

    strict: bool = False
    keep_going: bool = False
    reveal: bool = False
    warn: Callable[[str], None] = warn
    #: Added to the error for an incomplete list.
    hint: str = ""


_options: ContextVar[ReadOptions] = ContextVar("read_options", default=ReadOptions())  # noqa: B039  # immutable


def current_read_options() -> ReadOptions:
    """Return how the responses of this thread are read."""
    return _options.get()


@contextmanager
def use_read_options(options: ReadOptions) -> Iterator[None]:
    """Read the responses of this thread in this way."""
    before = _options.set(options)
    try:
        yield
    finally:
        _options.reset(before)


@contextmanager
def unread_values(resource: str, *, strict: bool = False) -> Iterator[UnreadValues | None]:
    """Collect the values of a table that could not be read, and report them in one warning; None to read strictly."""
    options = _options.get()
    if strict or options.strict:
        yield None
        return
    unread = UnreadValues(resource)
    yield unread
    if unread:
        options.warn(unread.warning)


def read_whole(what: str, read: Callable[[ListTotals], T], count: Callable[[T], int]) -> T:
    """Read a list, and read it once more if it has another number of rows than its pages state.

    Parameters
    ----------
    what : str
        Plural noun for the rows.
    read : callable
        Reads the list; what it is called with gets the totals of the pages.
    count : callable
        Returns the number of rows in what was read.

    Raises
    ------
    ShapeError
        Rows are missing, or too many, both times. With `ReadOptions.keep_going` it is a warning.
    """
    options, name = _options.get(), what.replace("_", " ")
    for again in (True, False):
        totals = ListTotals()
        result = read(totals)
        if totals.match(count(result)):
            break
        if again or totals.changed:
            continue
        message = f"The API states {totals.stated:,} {name} but returned {count(result):,}, also when read again."
        if not options.keep_going:
            raise ShapeError(f"{message}{options.hint}")
        options.warn(message)
    if totals.changed:
        options.warn(f"The list of {name} changed while it was read, so some may be missing.")
    return result


def read_rows(operation_id: str, rows: list[Row], *, strict: bool = False) -> list[Row]:
    """Return the objects of an operation, with None for each field whose value is not of the type of its table.

    Parameters
    ----------
    operation_id : str
        Without a table the objects are returned as they are.
    rows : list of dict
    strict : bool
        Raise a `ShapeError` instead, as with `ReadOptions.strict`.
    """
    resource = RESOURCES.get(operation_id)
    if resource is None:
        return rows
    decoder = get_decoder(TABLES[resource])
    with unread_values(resource, strict=strict) as unread:
        if unread is None:
            decoder.convert(rows)
            return rows
        return decoder.clean(rows, unread)
