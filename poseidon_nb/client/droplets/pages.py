"""The pages of all droplets: ``droplets_list`` leaves GPU droplets out unless asked for them, so they are asked for too."""

from __future__ import annotations

import json
import threading
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.connection import items_of
from poseidon_nb.transport import cancellation
from poseidon_nb.transport.workers import WorkerPool, wait_for_result

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poseidon_nb.client.connection import Connection

    Row = dict[str, Any]


def droplet_queries(filters: Row) -> list[Row]:
    """Return the queries of ``droplets_list`` that find all droplets: one without GPU droplets, and one for them."""
    if filters.get("type"):
        return [filters]
    # The API does not combine tag_name with type, so the tags of GPU droplets are looked at here.
    return [filters, {**{key: value for key, value in filters.items() if key != "tag_name"}, "type": "gpus"}]


def droplet_pages(connection: Connection, filters: Row) -> Iterator[bytes]:
    """Return pages of droplets and then of GPU droplets, which are asked for at the same time.

    Parameters
    ----------
    connection : Connection
    filters : dict
        Query parameters of ``droplets_list``.
    """
    if filters.get("type"):
        yield from (page.body for page in connection.pages("droplets_list", query=filters))
        return
    tag_name = filters.get("tag_name")
    _, of_gpus = droplet_queries(filters)
    nobody_reads = threading.Event()

    def read_gpus() -> list[bytes]:
        with cancellation.cancel_on(nobody_reads):
            return [page.body for page in connection.pages("droplets_list", query=of_gpus)]

    gpus = WorkerPool(1, "poseidon-gpus").submit(partial(copy_context().run, read_gpus))
    try:
        yield from (page.body for page in connection.pages("droplets_list", query=filters))
        gpu_bodies = wait_for_result(gpus, connection.on_idle)
        yield from _with_tag(gpu_bodies, str(tag_name)) if tag_name else gpu_bodies
    finally:
        # Also when the reader stopped, or a person pressed Ctrl-C: what waits for its turn does not send any more.
        nobody_reads.set()


def _with_tag(bodies: Iterable[bytes], tag_name: str) -> Iterator[bytes]:
    for body in bodies:
        rows = [
            row
            for row in items_of(body, "droplets", "droplets_list")
            if tag_name.casefold() in {tag.casefold() for tag in row.get("tags") or []}
        ]
        yield json.dumps({"droplets": rows}).encode()
