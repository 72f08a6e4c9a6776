"""Calling operations by name over one session; every resource module is built on it.

This module knows how responses are wrapped and how a list becomes rows.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from poseidon_nb.catalogue import operation, possible_keys
from poseidon_nb.client.reading import read_rows, read_whole
from poseidon_nb.errors import InvalidArgument, PoseidonError, ShapeError
from poseidon_nb.frames.rows import distinct_rows
from poseidon_nb.frames.schemas import RESOURCES
from poseidon_nb.text import did_you_mean
from poseidon_nb.transport.pagination import fetch_pages
from poseidon_nb.transport.request import Request, build_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from poseidon_nb.catalogue import Operation
    from poseidon_nb.transport.pagination import ListTotals, Page
    from poseidon_nb.transport.responses import Response
    from poseidon_nb.transport.session import Session

E = TypeVar("E", bound=PoseidonError)
Row = dict[str, Any]

_log = logging.getLogger("poseidon_nb")


#: Receives the waits of this thread or task instead of `Connection.on_wait`.
_wait_callback: ContextVar[Callable[[float, str], None] | None] = ContextVar("wait_callback", default=None)


@contextmanager
def report_waits(on_wait: Callable[[float, str], None]) -> Iterator[None]:
    """Report the waits of this thread to another callback than `Connection.on_wait`, such as a panel's."""
    before = _wait_callback.set(on_wait)
    try:
        yield
    finally:
        _wait_callback.reset(before)


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
        """Return the single object in an operation's response, read as `read_rows` does."""
        return self.read_object(operation_id, self.send(self.request(operation_id, **parts)).json())

    def pages(self, operation_id: str, *, totals: ListTotals | None = None, **parts: Any) -> Iterator[Page]:
        """Fetch the pages of a list, as bytes; `totals` gets what they state."""
        return fetch_pages(self.send, self.request(operation_id, **parts), on_idle=self.on_idle, totals=totals)

    def rows(self, operation_id: str, **parts: Any) -> list[Row]:
        """Return all items of a list, without duplicates, in the order of the API, read as `read_rows` does."""
        return self.read_rows(operation_id, self.rows_of(self.request(operation_id, **parts)))

    def read_rows(self, operation_id: str, rows: list[Row]) -> list[Row]:
        """Return the objects of an operation with the types of its table; see `reading.read_rows`."""
        return read_rows(operation_id, rows, strict=self.strict)

    def read_object(self, operation_id: str, answer: Any) -> Row:
        """Return the object in an operation's response with the types of its table."""
        row = self.unwrapped(operation_id, answer)
        if not isinstance(row, dict):
            raise ShapeError(f"The response to {operation_id} contains no object.")
        return self.read_rows(operation_id, [row])[0]

    def rows_of(self, request: Request) -> list[Row]:
        """Return all items of the list whose first page a request reads, as the API sent them."""
        key = operation(request.operation_id).response_key

        def read(totals: ListTotals) -> list[Row]:
            pages = fetch_pages(self.send, request, on_idle=self.on_idle, totals=totals)
            return distinct_rows(row for page in pages for row in items_of(page.body, key, request.operation_id))

        return read_whole(RESOURCES.get(request.operation_id) or key or request.label, read, len)

    def unwrapped(self, operation_id: str, answer: Any, *, or_all: bool = False) -> Any:
        """Return the part of a response under the operation's key, or all of it if there is no key.

        With ``or_all`` a response without the key is also returned as a whole.
        """
        key = operation(operation_id).response_key
        if not key:
            return answer
        for name in possible_keys(key):
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
    return list_in(answer, key, operation_id)


def list_in(answer: Any, key: str, operation_id: str) -> list[Any]:
    """Return the list in a decoded response; an empty one if it is null."""
    name = next((one for one in possible_keys(key) if isinstance(answer, dict) and one in answer), None)
    items = answer[name] if name is not None else answer
    if name is not None and items is None:
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
