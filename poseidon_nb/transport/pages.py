"""All pages of a collection: the first, then the rest side by side, in the order in which they are served.

Only a page's number is read from a link, so no link can lead a token elsewhere; and the numbers have to agree with the
total, so that a server whose links never end is noticed.
"""

from __future__ import annotations

import threading
from collections import deque
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec

from poseidon_nb.errors import ShapeError
from poseidon_nb.transport import cancellation
from poseidon_nb.transport.idle import result_of
from poseidon_nb.transport.wire import CONNECTIONS
from poseidon_nb.transport.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from poseidon_nb.transport.replies import Reply
    from poseidon_nb.transport.request import Request

T = TypeVar("T")

PER_PAGE = 200
#: Pages that are asked for ahead of the one that is consumed next: enough to keep every connection busy, and few enough
#: that the bodies of a large account never pile up in memory.
AHEAD = CONNECTIONS + 8
#: Pages beyond those that the first one promised (as a total, or a last page) are believed up to so many.
MOST_PAGES = 1_000


@dataclass(frozen=True, slots=True)
class Page:
    """One page as served.

    Parameters
    ----------
    number : int
        From 1.
    total : int or None
        Items on all pages, as this page says it; None where it was not read or is not said.
    last : int
        The number of the last page, as known when this one came.
    body : bytes
        JSON.
    """

    number: int
    total: int | None
    last: int
    body: bytes


class _Links(msgspec.Struct):
    pages: dict[str, Any] = msgspec.field(default_factory=dict)


class _Meta(msgspec.Struct):
    total: int | None = None


class _Envelope(msgspec.Struct):
    """What a page says of the others. The items are skipped, not decoded."""

    links: _Links | None = None
    meta: _Meta | None = None

    @property
    def total(self) -> int | None:
        return self.meta.total if self.meta else None

    def page(self, relation: str) -> int | None:
        """Return the page number that a link names; ``links`` may be absent, empty, or hold an empty ``pages``."""
        url = self.links.pages.get(relation) if self.links else None
        if not isinstance(url, str):
            return None
        try:
            return int(parse_qs(urlsplit(url).query)["page"][-1])
        except (KeyError, ValueError):
            raise ShapeError(f"a link to the {relation} page names no page number") from None


_envelopes = msgspec.json.Decoder(_Envelope)
_anything = msgspec.json.Decoder(dict[str, Any])


def fetch_pages(
    send: Callable[[Request], Reply], request: Request, *, on_idle: Callable[[], None] | None = None
) -> Iterator[Page]:
    """Return every page of a collection, in order.

    Parameters
    ----------
    send : callable
        Sends one request; called from up to 16 threads at once.
    request : Request
        The list operation, with its filters. ``page`` and ``per_page`` are added here.
    on_idle : callable, optional
        Called several times a second, in the caller's thread, while that waits for pages.

    Yields
    ------
    Page
        Page 1 has its total; the pages between the first and the last are handed on unread.

    Raises
    ------
    ShapeError
        The links do not end, or contradict the total.
    PoseidonError
        A page failed, and with it the whole list: half an account is worse than none.
    """

    def body_of(number: int) -> bytes:
        return send(request.with_query(page=number, per_page=PER_PAGE)).body

    first = body_of(1)
    envelope = _decoded(request, _envelopes, first)
    last = _last_page(request, first, envelope)
    yield Page(1, envelope.total, last, first)
    body = first
    if last > 1:
        for number, body in _side_by_side(body_of, range(2, last + 1), on_idle):
            yield Page(number, None, last, body)
    # Things may have been made while the list was read; the last page tells whether one more has come.
    number = last
    envelope = _decoded(request, _envelopes, body) if last > 1 else envelope
    while (following := envelope.page("next")) is not None:
        if following != number + 1 or following > min(_most_pages(request, envelope.total, first), last + MOST_PAGES):
            raise ShapeError(f"{request.label}: the pages never end (page {number} names {following} as its next)")
        number, body = following, body_of(following)
        envelope = _decoded(request, _envelopes, body)
        if _items_on(request, body):
            yield Page(number, envelope.total, number, body)
        elif envelope.total is None:
            # Nothing says that more is to come, and a server that names a next page for ever looks like this.
            return


def _side_by_side(
    body_of: Callable[[int], bytes], numbers: range, on_idle: Callable[[], None] | None
) -> Iterator[tuple[int, bytes]]:
    stop = threading.Event()

    def body_unless_stopped(number: int) -> bytes:
        with cancellation.until(stop):
            return body_of(number)

    workers = Workers(CONNECTIONS, "poseidon-pages")
    waiting: deque[tuple[int, Future[bytes]]] = deque()
    ahead = iter(numbers)
    try:
        for number in ahead:
            waiting.append((number, workers.submit(partial(copy_context().run, body_unless_stopped, number))))
            if len(waiting) < AHEAD:
                continue
            number, future = waiting.popleft()  # noqa: PLW2901  # the number submitted has gone into the queue
            yield number, result_of(future, on_idle)
            del future
        while waiting:
            number, future = waiting.popleft()
            yield number, result_of(future, on_idle)
            del future
    finally:
        # Also when a page failed, the caller stopped, or a person pressed Ctrl-C: nothing more is sent, not even by
        # those that wait for their turn.
        stop.set()
        for _, future in waiting:
            future.cancel()


def _last_page(request: Request, body: bytes, envelope: _Envelope) -> int:
    last = envelope.page("last")
    if last is None:
        # Without a link to the last page the pages are followed one by one.
        return 1
    if envelope.total is None:
        most = MOST_PAGES
    else:
        most = _pages_for(envelope.total, PER_PAGE)
        if last > most:  # the server may have its own, smaller pages
            most = _most_pages(request, envelope.total, body)
    if not 1 <= last <= most:
        raise ShapeError(f"{request.label}: page {last} is named as the last, but {envelope.total} items fill {most}")
    return last


def _most_pages(request: Request, total: int | None, first: bytes) -> int:
    """Return how many pages a total can fill, given how many items the first one holds."""
    return MOST_PAGES if total is None else _pages_for(total, max(1, _items_on(request, first)))


def _pages_for(total: int, per_page: int) -> int:
    return max(1, -(-total // per_page))


def _items_on(request: Request, body: bytes) -> int:
    found = _decoded(request, _anything, body)
    return max((len(value) for value in found.values() if isinstance(value, list)), default=0)


def _decoded(request: Request, decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        why = str(exc)
    raise ShapeError(f"{request.label}: the answer is not a page of a list ({why})")
