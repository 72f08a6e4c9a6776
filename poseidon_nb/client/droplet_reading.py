"""Reading some of an account's droplets by their ids, in as few requests as they take.

API: ``droplets_list``, ``droplets_get``.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.connection import items_of
from poseidon_nb.client.many import FIRST_PAGE, read_many
from poseidon_nb.errors import NotFound
from poseidon_nb.transport.pagination import PER_PAGE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from poseidon_nb.client.connection import Connection

    Row = Mapping[str, Any]


def read_droplets(
    connection: Connection, ids: Collection[int], pages: range = FIRST_PAGE
) -> tuple[dict[int, Row], range]:
    """Read droplets; those that do not exist are left out.

    Parameters
    ----------
    connection : Connection
    ids : collection of int
    pages : range
        The pages on which they were found before.

    Returns
    -------
    tuple
        The rows by id, and the pages this time.
    """
    return read_many(ids, page=partial(_page, connection), one=partial(read_droplet, connection), pages=pages)


def read_droplet(connection: Connection, droplet_id: int) -> Row | None:
    """Return one droplet as the API sends it, or None when it does not exist."""
    try:
        return connection.one("droplets_get", path={"droplet_id": droplet_id})
    except NotFound:
        return None


def _page(connection: Connection, number: int) -> tuple[list[Row], bool]:
    request = connection.request("droplets_list").with_query(page=number, per_page=PER_PAGE)
    rows = items_of(connection.send(request).body, "droplets", "droplets_list")
    return rows, len(rows) == PER_PAGE
