"""Operations by name over one session: what every noun stands on.

The one place that knows how an operation's answer is wrapped, how a list becomes rows, and that a change whose answer
was lost is looked for and never repeated (DESIGN, "Nothing twice").
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from poseidon_nb.catalogue import operation
from poseidon_nb.errors import (
    InvalidArgument,
    PoseidonError,
    ShapeError,
)
from poseidon_nb.text import did_you_mean
from poseidon_nb.transport.pagination import fetch_pages
from poseidon_nb.transport.request import Request, build_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from poseidon_nb.catalogue import Operation
    from poseidon_nb.transport.pagination import Page
    from poseidon_nb.transport.responses import Response
    from poseidon_nb.transport.session import Session

T = TypeVar("T")
E = TypeVar("E", bound=PoseidonError)
Row = dict[str, Any]

_log = logging.getLogger("poseidon_nb")


#: Who is told of waits instead, in the thread that says so.
_teller: ContextVar[Callable[[float, str], None] | None] = ContextVar("teller", default=None)


@contextmanager
def telling(tell: Callable[[float, str], None]) -> Iterator[None]:
    """Report the waits of this thread to another callback than `Connection.on_wait`: a panel's are not a command's."""
    before = _teller.set(tell)
    try:
        yield
    finally:
        _teller.reset(before)


def _log_wait(seconds: float, reason: str) -> None:
    _log.info("waiting %.0f s: %s", seconds, reason)


class Connection:
    """Operations over one session.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        #: Told the seconds and the reason of every wait that a person would notice.
        self.on_wait: Callable[[float, str], None] = _log_wait
        #: Called several times a second in the caller's thread while other threads send.
        self.on_idle: Callable[[], None] | None = None

    def request(self, operation_id: str, **parts: Any) -> Request:
        """Fill an operation in: ``path=``, ``query=``, ``body=``, ``headers=``."""
        return build_request(operation(operation_id), **parts)

    def send(self, request: Request) -> Response:
        """Send a request, and report waits as `tell_wait` does."""
        return self.session.send(request, on_wait=_teller.get() or self.on_wait)

    def tell_wait(self, seconds: float, reason: str) -> None:
        """Report a pause to `on_wait`, or to the callback that this thread set by `telling`."""
        (_teller.get() or self.on_wait)(seconds, reason)

    def one(self, operation_id: str, **parts: Any) -> Row:
        """Return the single object that an operation answers with."""
        row: Row = self.unwrapped(operation_id, self.send(self.request(operation_id, **parts)).json())
        return row

    def pages(self, operation_id: str, **parts: Any) -> Iterator[Page]:
        """Return the pages of a list, as bytes."""
        return fetch_pages(self.send, self.request(operation_id, **parts), on_idle=self.on_idle)

    def rows(self, operation_id: str, **parts: Any) -> list[Row]:
        """Return all items of a list, each once, in the order in which they are served."""
        return self.rows_of(self.request(operation_id, **parts))

    def rows_of(self, request: Request) -> list[Row]:
        """Return all items of the list that a request begins."""
        key = operation(request.operation_id).response_key
        rows: list[Row] = []
        seen: set[object] = set()
        for page in fetch_pages(self.send, request, on_idle=self.on_idle):
            for row in items_of(page.body, key, request.operation_id):
                # Things move from one page to the next while a list is read, and would be there twice.
                identity = row.get("id") if isinstance(row, dict) else None
                if identity is None or identity not in seen:
                    seen.add(identity)
                    rows.append(row)
        return rows

    def unwrapped(self, operation_id: str, answer: Any) -> Any:
        """Return what stands under the operation's key, or the whole answer where it has none."""
        key = operation(operation_id).response_key
        if not key:
            return answer
        try:
            return answer[key]
        except (KeyError, TypeError):
            raise ShapeError(f"{operation_id}: the answer has no {key!r}") from None


def items_of(body: bytes, key: str, operation_id: str) -> list[Any]:
    """Return the items on a page; ``droplets_list_backup_policies`` pages an object, whose values are its items."""
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ShapeError(f"{operation_id}: the answer is not JSON") from None
    items = answer.get(key) if isinstance(answer, dict) and key else answer
    if items is None and isinstance(answer, dict) and key in answer:
        return []
    if key and isinstance(items, dict):
        return list(items.values())
    if not isinstance(items, list):
        raise ShapeError(f"{operation_id}: the answer has no list {key!r}")
    return items


def checked_fields(wanted: Operation, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body fields that were set, refusing those that the operation does not have.

    Raises
    ------
    InvalidArgument
        With the nearest field that there is.
    """
    known = [parameter.name for parameter in wanted.body_fields]
    unknown = next((name for name in fields if name not in known), None)
    if unknown is not None:
        others = [parameter.name for parameter in (*wanted.path_parameters, *wanted.query_parameters)]
        raise InvalidArgument(f"{wanted.id} has no field {unknown!r}{did_you_mean(unknown, known + others)}")
    return {name: value for name, value in fields.items() if value is not None}


def checked_query(wanted: Operation, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return the query parameters that were set, refusing those that the operation does not have.

    DigitalOcean ignores what it does not know: a misspelt filter would answer with everything.

    Raises
    ------
    InvalidArgument
        With the nearest parameter that there is.
    """
    known = [parameter.name for parameter in wanted.query_parameters]
    unknown = next((name for name in query if name not in known), None)
    if unknown is not None:
        raise InvalidArgument(f"{wanted.id} has no query parameter {unknown!r}{did_you_mean(unknown, known)}")
    return {name: value for name, value in query.items() if value is not None}


def explained(error: E, addition: str) -> E:
    """Return the same error with more to say: what the API's own words leave open, or how things were left."""
    if addition:
        error.args = (f"{error.args[0]}; {addition}",)
    return error
