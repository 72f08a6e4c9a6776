"""Pagination: the first page of a list, then the other pages concurrently, returned in order.

Only page numbers are read from links, so no link can send the token elsewhere. The numbers must be consistent with the
total, so that endless links are detected.
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
from poseidon_nb.text import is_integer
from poseidon_nb.transport import cancellation
from poseidon_nb.transport.http import MAX_CONNECTIONS
from poseidon_nb.transport.workers import WorkerPool, wait_for_result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from poseidon_nb.transport.request import Request
    from poseidon_nb.transport.responses import Response

T = TypeVar("T")

PER_PAGE = 200
#: Pages requested ahead of the consumer: enough to keep all connections busy, and few enough to limit the memory for
#: the pages of a large account.
PREFETCH = MAX_CONNECTIONS + 8
#: Maximum number of pages without a total, and maximum number of pages after the last page that was announced.
MAX_PAGES = 1_000
#: Of so many pages the first is checked before all are read.
_MANY_PAGES = 100


class ListTotals:
    """The totals that the pages of some lists stated, to compare with the rows that were read."""

    def __init__(self) -> None:
        self._lists: list[tuple[int | None, ...]] = []

    def add(self, *totals: int | None) -> None:
        """Add the totals that the parsed pages of one list state, in their order."""
        self._lists.append(totals)

    @property
    def stated(self) -> int | None:
        """The number of rows of all lists, as the last pages state it; None if one does not, or nothing was read."""
        last = [totals[-1] for totals in self._lists]
        return sum(total for total in last if total is not None) if last and None not in last else None

    def match(self, count: int) -> bool:
        """Return whether a number of distinct rows is what the lists state, or whether one does not state a total.

        Lists of the same resource, such as droplets and GPU droplets, may also contain the same rows.
        """
        return self.stated in {None, count} or count == max(totals[-1] or 0 for totals in self._lists)

    @property
    def changed(self) -> bool:
        """Whether the pages of a list differ: the account has changed meanwhile."""
        return any(len({*totals} - {None}) > 1 for totals in self._lists)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list.

    Parameters
    ----------
    number : int
        From 1.
    total : int or None
        Number of items on all pages according to this page; None if not stated or not parsed.
    last : int
        The number of the last page, as known when this page arrived.
    body : bytes
        JSON.
    """

    number: int
    total: int | None
    last: int
    body: bytes


class _Envelope(msgspec.Struct):
    """The links and total of a page, of any type. The items are skipped, not decoded."""

    links: Any = None
    meta: Any = None

    @property
    def total(self) -> int | None:
        """The number of rows; None if it is not stated, or is no number."""
        total = self.meta.get("total") if isinstance(self.meta, dict) else None
        if isinstance(total, str) and is_integer(total):
            total = int(total)
        return total if isinstance(total, int) and not isinstance(total, bool) else None

    def page(self, relation: str, request: Request) -> int | None:
        """Return the page number in a link; None if ``links``, its ``pages`` or the link is missing or empty.

        A link to the last page may lack the number; the links to the next page then lead there.
        """
        pages = self._part(self.links, "pages", request)
        url = self._part(pages, relation, request)
        if not isinstance(url, str) or not url:
            self._part(url, "", request)
            return None
        try:
            numbers = parse_qs(urlsplit(url).query).get("page")
            number = int(numbers[-1]) if numbers else None
        except ValueError:
            numbers, number = [url], None
        if number is None and (numbers or relation != "last"):
            raise ShapeError(f"The link to the {relation} page of {request.label} has no page number.")
        return number

    def _part(self, holder: Any, name: str, request: Request) -> Any:
        """Return a part of the links; None if it is missing.

        Links of another type are missing too, but only if a total tells whether the list is whole.
        """
        if isinstance(holder, dict):
            return holder.get(name)
        if holder and self.total is None:
            raise ShapeError(f"The links in the response to {request.label} cannot be read.")
        return None


_envelope_decoder = msgspec.json.Decoder(_Envelope)
_json_decoder = msgspec.json.Decoder(dict[str, Any])


def fetch_pages(
    send: Callable[[Request], Response],
    request: Request,
    *,
    on_idle: Callable[[], None] | None = None,
    totals: ListTotals | None = None,
) -> Iterator[Page]:
    """Return every page of a list, in order.

    Parameters
    ----------
    send : callable
        Sends one request; called from up to 16 threads concurrently.
    request : Request
        The list operation with its filters, without ``page`` and ``per_page``.
    on_idle : callable, optional
        Called several times a second, in the caller's thread, while waiting for pages.
    totals : ListTotals, optional
        Gets the totals that the pages state, once all are read.

    Yields
    ------
    Page
        Page 1 has the total. Pages between the first and the last are not parsed.

    Raises
    ------
    ShapeError
        The links are endless or contradict the total.
    PoseidonError
        A page failed. No partial list is returned.
    """

    def fetch(number: int) -> bytes:
        return send(request.with_query(page=number, per_page=PER_PAGE)).body

    first = fetch(1)
    envelope = _decode(request, _envelope_decoder, first)
    last = _last_page(request, first, envelope)
    yield Page(1, envelope.total, last, first)
    body = first
    if last > 1:
        for number, body in _fetch_concurrently(fetch, range(2, last + 1), on_idle):
            yield Page(number, None, last, body)
    # Resources may have been created meanwhile; the last page states whether there is another one.
    number, stated = last, [envelope.total]
    envelope = _decode(request, _envelope_decoder, body) if last > 1 else envelope
    stated.append(envelope.total)
    while (next_number := envelope.page("next", request)) is not None:
        max_pages = min(_max_pages(request, envelope.total, first), last + MAX_PAGES)
        if next_number != number + 1 or next_number > max_pages:
            raise ShapeError(f"The pages of {request.label} never end (page {number} links to page {next_number}).")
        number, body = next_number, fetch(next_number)
        envelope = _decode(request, _envelope_decoder, body)
        stated.append(envelope.total)
        if _count_items(request, body):
            yield Page(number, envelope.total, number, body)
        elif envelope.total is None:
            # An empty page without a total: a server with endless links looks like this.
            break
    if totals is not None:
        totals.add(*stated)


def _fetch_concurrently(
    fetch: Callable[[int], bytes], numbers: range, on_idle: Callable[[], None] | None
) -> Iterator[tuple[int, bytes]]:
    stop = threading.Event()

    def fetch_unless_stopped(number: int) -> bytes:
        with cancellation.cancel_on(stop):
            return fetch(number)

    workers = WorkerPool(MAX_CONNECTIONS, "poseidon-pages")
    pending: deque[tuple[int, Future[bytes]]] = deque()
    ahead = iter(numbers)
    try:
        for number in ahead:
            pending.append((number, workers.submit(partial(copy_context().run, fetch_unless_stopped, number))))
            if len(pending) < PREFETCH:
                continue
            number, future = pending.popleft()  # noqa: PLW2901  # the submitted number is in the queue
            yield number, wait_for_result(future, on_idle)
            del future
        while pending:
            number, future = pending.popleft()
            yield number, wait_for_result(future, on_idle)
            del future
    finally:
        # Also after a failed page, an early stop or Ctrl-C: nothing more is sent, not even by threads that wait.
        stop.set()
        for _, future in pending:
            future.cancel()


def _last_page(request: Request, body: bytes, envelope: _Envelope) -> int:
    last = envelope.page("last", request)
    if last is None:
        # Without a link to the last page, the next links are followed one by one.
        return 1
    if envelope.total is None:
        max_last = MAX_PAGES
    else:
        max_last = _page_count(envelope.total, PER_PAGE)
        if last > max_last:  # the server may use smaller pages
            max_last = _max_pages(request, envelope.total, body)
    if last > _MANY_PAGES and not _count_items(request, body):
        raise ShapeError(f"The first of {last:,} pages of {request.label} is empty.")
    if not 1 <= last <= max_last:
        raise ShapeError(f"Invalid last page {last} of {request.label}: {envelope.total} items need {max_last} pages.")
    return last


def _max_pages(request: Request, total: int | None, first: bytes) -> int:
    """Return the maximum number of pages for a total, given the number of items on the first page."""
    return MAX_PAGES if total is None else _page_count(total, max(1, _count_items(request, first)))


def _page_count(total: int, per_page: int) -> int:
    return max(1, -(-total // per_page))


def _count_items(request: Request, body: bytes) -> int:
    found = _decode(request, _json_decoder, body)
    return max((len(value) for value in found.values() if isinstance(value, list)), default=0)


def _decode(request: Request, decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError:
        why = "is not an object with a list"
    except RecursionError:
        why = "is nested too deeply"
    except (msgspec.DecodeError, UnicodeDecodeError):
        why = f"is not JSON ({len(body):,} bytes)"
    raise ShapeError(f"The response to {request.label} {why}.")
