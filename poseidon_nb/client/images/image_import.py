"""Waiting until DigitalOcean has fetched a custom image: an import is no action, so the image itself is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.client.actions.poller import SLICE_S
from poseidon_nb.client.actions.progress import COMPLETED, ERRORED, IN_PROGRESS, Progress
from poseidon_nb.client.engine.consistency import ConsistencyWaiter, Expected
from poseidon_nb.errors import ActionFailed, ActionTimedOut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.images.images import Image

#: The statuses of an image that is on its way (images_get).
_COMING = {"NEW", "pending"}


def wait_until_available(
    connection: Connection, image: Image, *, timeout_s: float, on_progress: OnProgress | None
) -> None:
    """Block until an image can be used, and read it in place.

    Raises
    ------
    ActionFailed, ActionTimedOut
        It could not be imported, or not yet; these carry no action, for there is none.
    """
    clock = connection.session.clock
    began_s = clock.monotonic()

    def tell(status: str) -> None:
        if on_progress is not None:
            on_progress(Progress(image.id, f"import {image.name}", status, clock.monotonic() - began_s))

    def read() -> Mapping[str, Any] | None:
        return connection.one("images_get", path={"image_id": image.id})

    settling = ConsistencyWaiter(connection)
    expected = Expected(image.id, lambda row: row.get("status") not in _COMING, image.assign, timeout_s, read)
    settling.add(image.id, expected)
    try:
        while not settling.step() and len(settling):
            tell(IN_PROGRESS)
            clock.sleep(SLICE_S)
    except KeyboardInterrupt as interrupt:
        interrupt.add_note(f"the import of {image.name} goes on: see %do images get {image.id}")
        raise
    if image.status in _COMING:
        raise ActionTimedOut(
            f"{image.name} is still being imported after {timeout_s:g} s; it goes on: see %do images get {image.id}"
        )
    tell(COMPLETED if image.available else ERRORED)
    if not image.available:
        reason = image.error_message or f"its status is {image.status}"
        raise ActionFailed(f"{image.name} could not be imported: {reason} (image {image.id})")
