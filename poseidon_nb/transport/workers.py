"""A small pool of daemon threads, and waiting for their results. Idle threads end, and none delays the interpreter's exit.

`concurrent.futures` joins its threads at exit, so a server that hangs would hang the exit too.
"""

from __future__ import annotations

import contextvars
import threading
from collections import deque
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, TypeVar

from poseidon_nb.transport import cancellation

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

#: How often a waiting thread checks for cancellation and calls its callback.
POLL_INTERVAL_S = 0.25


class WorkerPool:
    """A pool that runs jobs concurrently.

    Parameters
    ----------
    max_workers : int
        Maximum number of threads.
    name : str
        Name of the threads.
    """

    def __init__(self, max_workers: int, name: str) -> None:
        self._max_workers = max_workers
        self._name = name
        self._jobs: deque[Callable[[], None]] = deque()
        self._running = 0
        self._lock = threading.Lock()

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Start a job and return its future. It can be cancelled until the job starts.

        The job runs in a new context, so the caller's deadline does not apply to it.
        """
        future: Future[T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = contextvars.Context().run(job)
            except BaseException as error:  # noqa: BLE001  # raised by whoever holds the future
                future.set_exception(error)
            else:
                future.set_result(result)

        with self._lock:
            self._jobs.append(run)
            if self._running == self._max_workers:
                return future
            self._running += 1
        try:
            threading.Thread(target=self._work, name=self._name, daemon=True).start()
        except RuntimeError:
            # The interpreter is exiting and starts no more threads.
            self._work()
        return future

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    self._running -= 1
                    return
                job = self._jobs.popleft()
            job()


def wait_for_result(future: Future[T], on_idle: Callable[[], None] | None = None) -> T:
    """Wait for a future; return its result or raise its exception.

    Parameters
    ----------
    future : Future
    on_idle : callable, optional
        Called in this thread every `POLL_INTERVAL_S` seconds until the result is available.

    Raises
    ------
    Cancelled
        The cancellation scope of this thread was cancelled.
    """
    if on_idle is not None or cancellation.current() is not None:
        while not wait([future], POLL_INTERVAL_S).done:
            cancellation.raise_if_cancelled()
            if on_idle is not None:
                on_idle()
    return future.result()
