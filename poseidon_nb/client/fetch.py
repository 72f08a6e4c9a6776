"""Fetching many objects, in few requests or concurrently.

API: ``droplets_list``, which leaves GPU droplets out unless asked for them; ``droplets_get``.
"""

from __future__ import annotations

import json
import threading
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from poseidon_nb.client.connection import items_of
from poseidon_nb.errors import NotFound, PoseidonError
from poseidon_nb.transport import cancellation
from poseidon_nb.transport.pagination import PER_PAGE
from poseidon_nb.transport.workers import WorkerPool, wait_for_result

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from poseidon_nb.client.connection import Connection
    from poseidon_nb.transport.pagination import ListTotals

    Row = Mapping[str, Any]

T = TypeVar("T")
R = TypeVar("R")

#: Default number of threads that read.
READER_THREADS = 8
#: The pages to search when nothing is known about the objects.
FIRST_PAGE = range(1, 2)


@dataclass(frozen=True, slots=True)
class FetchResult(Generic[T, R]):
    """The result for one item.

    Parameters
    ----------
    item : object
    value : object or None
        None if it failed.
    error : PoseidonError or None
    """

    item: T
    value: R | None
    error: PoseidonError | None


def fetch_each(
    items: Sequence[T],
    fetch: Callable[[T], R],
    *,
    on_idle: Callable[[], None] | None = None,
    threads: int = READER_THREADS,
    interrupt_note: Callable[[Sequence[T], Sequence[T]], str] | None = None,
) -> list[FetchResult[T, R]]:
    """Call a function for each item concurrently; a failure neither hides nor stops the others.

    Parameters
    ----------
    items : sequence
    fetch : callable
        Called with each item, from several threads.
    on_idle : callable, optional
        Called several times a second, in this thread, while the others work.
    threads : int
        Number of threads.
    interrupt_note : callable, optional
        Called on Ctrl-C with the unfinished and the finished items; returns a note for the user.

    Returns
    -------
    list of FetchResult
        One for each item, in the given order.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C. No more calls are started, and queued requests are not sent.
    """
    stop = threading.Event()

    def call(item: T) -> FetchResult[T, R]:
        with cancellation.cancel_on(stop):
            try:
                return FetchResult(item, fetch(item), None)
            except PoseidonError as error:
                return FetchResult(item, None, error)

    workers = WorkerPool(threads, "poseidon-each")
    futures = [workers.submit(partial(copy_context().run, call, item)) for item in items]
    try:
        return [wait_for_result(future, on_idle) for future in futures]
    except KeyboardInterrupt as interrupt:
        if interrupt_note is not None:
            finished = [item for item, future in zip(items, futures, strict=True) if future.done()]
            interrupt.add_note(interrupt_note([item for item in items if item not in finished], finished))
        raise
    finally:
        stop.set()
        for future in futures:
            future.cancel()


def fetch_by_ids(
    ids: Collection[int],
    *,
    page: Callable[[int], tuple[Iterable[Row], bool]],
    one: Callable[[int], Row | None],
    pages: range = FIRST_PAGE,
) -> tuple[dict[int, Row], range]:
    """Fetch objects by pages while that takes fewer requests than single reads, and the rest one by one.

    Parameters
    ----------
    ids : collection of int
    page : callable
        Returns the rows of a page by its number, and whether there are more pages.
    one : callable
        Returns one row by its id, or None if it cannot be found now.
    pages : range
        The pages on which the objects were found before. In a newest-first list objects only move to later pages, so
        earlier pages are not read again.

    Returns
    -------
    tuple
        The rows by id, and the pages on which they were found.
    """
    missing = set(ids)
    found: dict[int, Row] = {}
    hits: list[int] = []

    def read(number: int) -> bool:
        rows, more = page(number)
        matching = {
            row["id"]: row
            for row in rows
            if isinstance(row, dict) and isinstance(row.get("id"), int) and row["id"] in missing
        }
        if matching:
            hits.append(number)
        found.update(matching)
        missing.difference_update(matching)
        return more

    number, more = pages.start, len(missing) > len(pages)
    while more and number - pages.start < len(missing):
        more = read(number)
        number += 1
    if number > pages.start:
        # Objects that were added since are on newer pages, which are cheaper than as many single reads.
        for newer in range(pages.start - 1, 0, -1):
            if len(missing) > newer:
                read(newer)
        # What was not found is on later pages.
        pages = range(min(hits, default=pages.start), number + 1 if missing else number)
    for missed in sorted(missing):
        row = one(missed)
        if row is not None:
            found[missed] = row
    return found, pages


def request_count(ids: Collection[int], pages: range) -> int:
    """Return the expected number of requests of `fetch_by_ids`."""
    return max(1, min(len(ids), len(pages)))


def fetch_droplets(
    connection: Connection, ids: Collection[int], pages: range = FIRST_PAGE
) -> tuple[dict[int, Row], range]:
    """Fetch droplets by id; droplets that do not exist are left out.

    Parameters
    ----------
    connection : Connection
    ids : collection of int
    pages : range
        The pages on which they were found before.

    Returns
    -------
    tuple
        The rows by id, and the pages on which they were found.
    """
    return fetch_by_ids(
        ids, page=partial(_droplet_page, connection), one=partial(fetch_droplet, connection), pages=pages
    )


def fetch_droplet(connection: Connection, droplet_id: int) -> Row | None:
    """Fetch one droplet as the API sends it; return None if it does not exist."""
    try:
        return connection.one("droplets_get", path={"droplet_id": droplet_id})
    except NotFound:
        return None


def _droplet_page(connection: Connection, number: int) -> tuple[list[Row], bool]:
    request = connection.request("droplets_list").with_query(page=number, per_page=PER_PAGE)
    rows = items_of(connection.send(request).body, "droplets", "droplets_list")
    return rows, len(rows) == PER_PAGE


def droplet_queries(filters: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the queries of ``droplets_list`` that find all droplets: one without GPU droplets, and one for them."""
    if filters.get("type"):
        return [filters]
    # The API does not combine tag_name with type, so GPU droplets are filtered by tag here.
    return [filters, {**{key: value for key, value in filters.items() if key != "tag_name"}, "type": "gpus"}]


def droplet_pages(connection: Connection, filters: dict[str, Any], totals: ListTotals) -> Iterator[bytes]:
    """Fetch the pages of droplets and then of GPU droplets, concurrently.

    Parameters
    ----------
    connection : Connection
    filters : dict
        Query parameters of ``droplets_list``.
    totals : ListTotals
        Gets the totals of both lists.
    """
    if filters.get("type"):
        yield from (page.body for page in connection.pages("droplets_list", totals=totals, query=filters))
        return
    tag_name = filters.get("tag_name")
    _, gpu_query = droplet_queries(filters)
    stop = threading.Event()

    def read_gpus() -> list[bytes]:
        with cancellation.cancel_on(stop):
            if not tag_name:
                return [page.body for page in connection.pages("droplets_list", totals=totals, query=gpu_query)]
            rows = _with_tag(connection.rows("droplets_list", query=gpu_query), str(tag_name))
            totals.add(len(rows))
            return [json.dumps({"droplets": rows}).encode()]

    gpus = WorkerPool(1, "poseidon-gpus").submit(partial(copy_context().run, read_gpus))
    try:
        yield from (page.body for page in connection.pages("droplets_list", totals=totals, query=filters))
        yield from wait_for_result(gpus, connection.on_idle)
    finally:
        # Also if the caller stopped reading or pressed Ctrl-C: queued requests are not sent.
        stop.set()


def _with_tag(rows: Iterable[Row], tag_name: str) -> list[Row]:
    return [row for row in rows if tag_name.casefold() in {str(tag).casefold() for tag in row.get("tags") or []}]
