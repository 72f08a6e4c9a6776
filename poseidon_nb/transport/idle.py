"""Waiting for another thread while something else has to be looked after: a person wants to see why nothing happens."""

from __future__ import annotations

from concurrent.futures import wait
from typing import TYPE_CHECKING, TypeVar

from poseidon_nb.transport import cancellation

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

T = TypeVar("T")

#: How often the waiting thread looks up, in seconds.
LOOK_S = 0.25


def result_of(future: Future[T], on_idle: Callable[[], None] | None = None) -> T:
    """Return a future's result, or raise what it raised.

    Parameters
    ----------
    future : Future
    on_idle : callable, optional
        Called several times a second, in this thread, while the result is not there.

    Raises
    ------
    Cancelled
        What this thread works under was cancelled.
    """
    if on_idle is not None or cancellation.current() is not None:
        while not wait([future], LOOK_S).done:
            cancellation.check()
            if on_idle is not None:
                on_idle()
    return future.result()
