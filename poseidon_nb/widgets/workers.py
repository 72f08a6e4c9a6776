"""The few threads in which panels send: a click returns at once, and no thread outlives its work.

They are daemons: a kernel that is told to end does not wait for what DigitalOcean does anyway.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: Threads that send. Each request takes tens of milliseconds.
SENDERS = 4


class Workers:
    """Runs jobs side by side, a few at a time.

    Parameters
    ----------
    most : int
        How many run at the same time.
    """

    def __init__(self, most: int = SENDERS) -> None:
        self._most = most
        self._jobs: deque[Callable[[], None]] = deque()
        self._running = 0
        self._lock = threading.Lock()

    def run(self, job: Callable[[], None]) -> None:
        """Have a short job done soon, such as sending one request."""
        with self._lock:
            self._jobs.append(job)
            if self._running == self._most:
                return
            self._running += 1
        threading.Thread(target=self._work, name="poseidon-panel", daemon=True).start()

    def run_apart(self, job: Callable[[], None]) -> None:
        """Have a long job done in a thread of its own, such as a sequence, which mostly waits."""
        threading.Thread(target=job, name="poseidon-sequence", daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    self._running -= 1
                    return
                job = self._jobs.popleft()
            try:
                job()
            except BaseException:
                with self._lock:
                    self._running -= 1
                raise


#: All panels of a kernel share them.
THE_WORKERS = Workers()
