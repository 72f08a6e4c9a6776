"""The same read for many things, side by side: no failure hides another, and Ctrl-C sends no more."""

from __future__ import annotations

import threading
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from poseidon_nb.errors import PoseidonError
from poseidon_nb.transport import cancellation
from poseidon_nb.transport.workers import WorkerPool, wait_for_result

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
R = TypeVar("R")

#: Threads that read.
READERS = 8


@dataclass(frozen=True, slots=True)
class Fetched(Generic[T, R]):
    """The answer for one thing.

    Parameters
    ----------
    thing : object
    answer : object or None
        None when it failed.
    error : PoseidonError or None
    """

    thing: T
    answer: R | None
    error: PoseidonError | None


def on_each(
    things: Sequence[T],
    do: Callable[[T], R],
    *,
    on_idle: Callable[[], None] | None = None,
    threads: int = READERS,
    interrupted: Callable[[Sequence[T], Sequence[T]], str] | None = None,
) -> list[Fetched[T, R]]:
    """Do the same for each thing, side by side; one failure neither hides nor stops the others.

    Parameters
    ----------
    things : sequence
    do : callable
        Called with each, from several threads.
    on_idle : callable, optional
        Called several times a second, in this thread, while others work.
    threads : int
        How many work at the same time.
    interrupted : callable, optional
        Called on Ctrl-C with the things that were not answered and those that were; returns a note for the user.

    Returns
    -------
    list of Fetched
        One for each thing, in the order given.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C: nothing more is begun, and what waits for its turn does not send any more.
    """
    stop = threading.Event()

    def fetch(thing: T) -> Fetched[T, R]:
        with cancellation.cancel_on(stop):
            try:
                return Fetched(thing, do(thing), None)
            except PoseidonError as error:
                return Fetched(thing, None, error)

    workers = WorkerPool(threads, "poseidon-each")
    futures = [workers.submit(partial(copy_context().run, fetch, thing)) for thing in things]
    try:
        return [wait_for_result(future, on_idle) for future in futures]
    except KeyboardInterrupt as interrupt:
        if interrupted is not None:
            ended = [thing for thing, future in zip(things, futures, strict=True) if future.done()]
            interrupt.add_note(interrupted([thing for thing in things if thing not in ended], ended))
        raise
    finally:
        stop.set()
        for future in futures:
            future.cancel()
