"""A few daemon threads that work through jobs: none outlives its work, and none keeps a process alive that wants to end.

The pools of `concurrent.futures` are joined when Python ends, so that a server that hangs would hang the exit too.
"""

from __future__ import annotations

import contextvars
import threading
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Workers:
    """Runs jobs side by side, a few at a time.

    Parameters
    ----------
    limit : int
        How many threads there are at most.
    name : str
        What the threads are called.
    """

    def __init__(self, limit: int, name: str) -> None:
        self._limit = limit
        self._name = name
        self._jobs: deque[Callable[[], None]] = deque()
        self._running = 0
        self._lock = threading.Lock()

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Start a job, and return its future at once. It can be cancelled until it begins.

        The job has a context of its own: the caller's deadline does not bound it.
        """
        future: Future[T] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = contextvars.Context().run(job)
            except BaseException as error:  # noqa: BLE001  # whoever holds the future raises it
                future.set_exception(error)
            else:
                future.set_result(result)

        with self._lock:
            self._jobs.append(work)
            if self._running == self._limit:
                return future
            self._running += 1
        try:
            threading.Thread(target=self._work, name=self._name, daemon=True).start()
        except RuntimeError:
            # Python is ending and starts no more threads.
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
