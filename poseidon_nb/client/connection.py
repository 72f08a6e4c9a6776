"""Calling operations by name over one session; every resource module is built on it.

This module knows how responses are wrapped and how a list becomes rows.
"""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from poseidon_nb.catalogue import operation
from poseidon_nb.errors import (
    InvalidArgument,
    PoseidonError,
    ResponseWarning,
    ShapeError,
)
from poseidon_nb.frames.tolerance import UnreadValues
from poseidon_nb.text import did_you_mean, pluralize
from poseidon_nb.transport.pagination import ListTotals, fetch_pages
from poseidon_nb.transport.request import Request, build_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from poseidon_nb.catalogue import Operation
    from poseidon_nb.transport.pagination import Page
    from poseidon_nb.transport.responses import Response
    from poseidon_nb.transport.session import Session

T = TypeVar("T")
E = TypeVar("E", bound=PoseidonError)
Row = dict[str, Any]

_log = logging.getLogger("poseidon_nb")


#: Receives the waits of this thread or task instead of `Connection.on_wait`.
_wait_callback: ContextVar[Callable[[float, str], None] | None] = ContextVar("teller", default=None)


@contextmanager
def report_waits(on_wait: Callable[[float, str], None]) -> Iterator[None]:
    """Report the waits of this thread to another callback than `Connection.on_wait`, such as a panel's."""
    before = _wait_callback.set(on_wait)
    try:
        yield
    finally:
        _wait_callback.reset(before)


def _warn(text: str) -> None:
    # Above this module: the caller's own line is not known.
    warnings.warn(text, ResponseWarning, stacklevel=2)


@dataclass(frozen=True, slots=True)
class Reading:
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
    warn: Callable[[str], None] = _warn


_reading: ContextVar[Reading] = ContextVar("reading", default=Reading())  # noqa: B039  # immutable


def current_reading() -> Reading:
    """Return how the responses of this thread are read."""
    return _reading.get()


@contextmanager
def read_with(reading: Reading) -> Iterator[None]:
    """Read the responses of this thread in this way."""
    before = _reading.set(reading)
    try:
        yield
    finally:
        _reading.reset(before)


@contextmanager
def unread_values(resource: str, *, strict: bool = False) -> Iterator[UnreadValues | None]:
    """Collect the values of a table that could not be read, and report them in one warning; None to read strictly."""
    reading = _reading.get()
    if strict or reading.strict:
        yield None
        return
    unread = UnreadValues(resource)
    yield unread
    if unread:
        reading.warn(unread.warning)


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
        Rows are missing, or too many, both times. With `Reading.keep_going` it is a warning.
    """
    reading = _reading.get()
    for again in (True, False):
        totals = ListTotals()
        result = read(totals)
        if totals.match(count(result)):
            break
        if again or totals.changed:
            continue
        message = f"The list of {what} states {totals.stated:,} and has {pluralize(count(result), 'row')}."
        if not reading.keep_going:
            raise ShapeError(message)
        reading.warn(message)
    if totals.changed:
        reading.warn(f"The list of {what} changed while it was read, so some may be missing.")
    return result


def distinct_rows(rows: Iterable[Row]) -> list[Row]:
    """Return rows without those whose id occurred before: items that move to the next page while a list is read."""
    found: list[Row] = []
    seen: set[object] = set()
    for row in rows:
        identity = row.get("id") if isinstance(row, dict) else None
        if isinstance(identity, str | int):
            if identity in seen:
                continue
            seen.add(identity)
        found.append(row)
    return found


def _log_wait(seconds: float, reason: str) -> None:
    _log.info("waiting %.0f s: %s", seconds, reason)


class Connection:
    """Calls operations over one session.

    Parameters
    ----------
    session : Session
    strict : bool
        Raise a `ShapeError` for a value of an unexpected type in a table.
    """

    def __init__(self, session: Session, *, strict: bool = False) -> None:
        self.session = session
        self.strict = strict
        #: Called with the seconds and the reason of every noticeable wait.
        self.on_wait: Callable[[float, str], None] = _log_wait
        #: Called several times a second in the caller's thread while other threads send requests.
        self.on_idle: Callable[[], None] | None = None

    def request(self, operation_id: str, **parts: Any) -> Request:
        """Build the request of an operation from ``path=``, ``query=``, ``body=`` and ``headers=``."""
        return build_request(operation(operation_id), **parts)

    def send(self, request: Request) -> Response:
        """Send a request, and report waits as `report_wait` does."""
        return self.session.send(request, on_wait=_wait_callback.get() or self.on_wait)

    def report_wait(self, seconds: float, reason: str) -> None:
        """Report a wait to `on_wait`, or to the callback that `report_waits` set for this thread."""
        (_wait_callback.get() or self.on_wait)(seconds, reason)

    def one(self, operation_id: str, **parts: Any) -> Row:
        """Return the single object in an operation's response."""
        row: Row = self.unwrapped(operation_id, self.send(self.request(operation_id, **parts)).json())
        return row

    def pages(self, operation_id: str, *, totals: ListTotals | None = None, **parts: Any) -> Iterator[Page]:
        """Fetch the pages of a list, as bytes; `totals` gets what they state."""
        return fetch_pages(self.send, self.request(operation_id, **parts), on_idle=self.on_idle, totals=totals)

    def rows(self, operation_id: str, **parts: Any) -> list[Row]:
        """Return all items of a list, without duplicates, in the order of the API."""
        return self.rows_of(self.request(operation_id, **parts))

    def rows_of(self, request: Request) -> list[Row]:
        """Return all items of the list whose first page a request reads."""
        key = operation(request.operation_id).response_key

        def read(totals: ListTotals) -> list[Row]:
            pages = fetch_pages(self.send, request, on_idle=self.on_idle, totals=totals)
            return distinct_rows(row for page in pages for row in items_of(page.body, key, request.operation_id))

        return read_whole(key or request.label, read, len)

    def unwrapped(self, operation_id: str, answer: Any, *, or_all: bool = False) -> Any:
        """Return the part of a response under the operation's key, or all of it if there is no key.

        With ``or_all`` a response without the key is also returned as a whole.
        """
        key = operation(operation_id).response_key
        if not key:
            return answer
        # Some operations answer under the singular or plural of the key that is described.
        for name in (key, f"{key}s", key.removesuffix("s")):
            if isinstance(answer, dict) and name in answer:
                return answer[name]
        if or_all:
            return answer
        raise ShapeError(f"The response to {operation_id} has no {key!r}.")


#: The list whose rows are the values of an object.
_OBJECT_OF_ROWS = "droplets_list_backup_policies"


def items_of(body: bytes, key: str, operation_id: str) -> list[Any]:
    """Return the items on a page. For ``droplets_list_backup_policies``, which pages an object, these are its values."""
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ShapeError(f"The response to {operation_id} is not JSON.") from None
    items = answer.get(key) if isinstance(answer, dict) and key else answer
    if items is None and isinstance(answer, dict) and key in answer:
        return []
    if operation_id == _OBJECT_OF_ROWS and isinstance(items, dict):
        return list(items.values())
    if not isinstance(items, list):
        raise ShapeError(f"The response to {operation_id} contains no list {key!r}.")
    return items


def check_fields(wanted: Operation, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body fields that are not None, after checking that the operation has them.

    Raises
    ------
    InvalidArgument
        A field is unknown; the closest known fields are suggested.
    """
    known = [parameter.name for parameter in wanted.body_fields]
    unknown = next((name for name in fields if name not in known), None)
    if unknown is not None:
        others = [parameter.name for parameter in (*wanted.path_parameters, *wanted.query_parameters)]
        raise InvalidArgument(f"Unknown field {unknown!r} of {wanted.id}{did_you_mean(unknown, known + others) or '.'}")
    return {name: value for name, value in fields.items() if value is not None}


def check_query(wanted: Operation, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return the query parameters that are not None, after checking that the operation has them.

    DigitalOcean ignores unknown parameters, so a misspelled filter would return everything.

    Raises
    ------
    InvalidArgument
        A parameter is unknown; the closest known parameters are suggested.
    """
    known = [parameter.name for parameter in wanted.query_parameters]
    unknown = next((name for name in query if name not in known), None)
    if unknown is not None:
        near = did_you_mean(unknown, known) or "."
        raise InvalidArgument(f"Unknown query parameter {unknown!r} of {wanted.id}{near}")
    return {name: value for name, value in query.items() if value is not None}


def add_detail(error: E, detail: str) -> E:
    """Add a sentence to the message of an error, and return the error."""
    if detail:
        message = str(error.args[0])
        error.args = (f"{message}{'' if message.endswith(('.', '?', '!')) else '.'} {detail}",)
    return error
