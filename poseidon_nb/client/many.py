"""Reading some of many things in few requests: pure, told how to read a page and how to read one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    Row = Mapping[str, Any]

#: Where things are looked for when nothing is known of them.
FIRST_PAGE = range(1, 2)


def read_many(
    ids: Collection[int],
    *,
    page: Callable[[int], tuple[Iterable[Row], bool]],
    one: Callable[[int], Row | None],
    pages: range = FIRST_PAGE,
) -> tuple[dict[int, Row], range]:
    """Read some things by pages while these are fewer than single reads, and the rest one by one.

    Parameters
    ----------
    ids : collection of int
    page : callable
        Returns the rows of a page by its number, and whether there are more pages.
    one : callable
        Gives one row by its id, or None when it cannot be found now.
    pages : range
        The pages on which they were found before. In a newest-first list things only move to deeper pages, so the
        pages before these need not be read again.

    Returns
    -------
    tuple
        The rows by id, and the pages this time.
    """
    missing = set(ids)
    found: dict[int, Row] = {}
    hits: list[int] = []

    def take(number: int) -> bool:
        rows, more = page(number)
        here = {row["id"]: row for row in rows if row["id"] in missing}
        if here:
            hits.append(number)
        found.update(here)
        missing.difference_update(here)
        return more

    number, more = pages.start, len(missing) > len(pages)
    while more and number - pages.start < len(missing):
        more = take(number)
        number += 1
    if number > pages.start:
        # Those that joined since stand on newer pages: many of them are never worth as many single reads.
        for newer in range(pages.start - 1, 0, -1):
            if len(missing) > newer:
                take(newer)
        # What was not found lies deeper than what was read.
        pages = range(min(hits, default=pages.start), number + 1 if missing else number)
    for missed in sorted(missing):
        row = one(missed)
        if row is not None:
            found[missed] = row
    return found, pages


def cost(ids: Collection[int], pages: range) -> int:
    """Give how many requests reading these will take, as far as it is known."""
    return max(1, min(len(ids), len(pages)))
