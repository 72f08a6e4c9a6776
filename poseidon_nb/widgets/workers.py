"""The few threads in which panels send: a click returns at once, and no thread outlives its work.

They are daemons: a kernel that is told to end does not wait for what DigitalOcean does anyway.

A sequence, such as a resize with a restart, has a thread that mostly waits, and asks nothing meanwhile that the client's
one poller would not ask. As steps that the poller sets off it would need a second form of all that the client's own road
takes care of by waiting: what runs on the droplet before, a busy droplet, a lost answer, a system that does not obey its
shutdown, and switching it on again when a step fails. One road and a bounded number of threads is the lesser evil.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: Threads that send. Each request takes tens of milliseconds.
SENDERS = 4
#: Threads for what takes long. More than a person sets off; what comes beyond them waits for its turn.
APART = 32

_log = logging.getLogger("poseidon_nb")


class Workers:
    """Runs jobs side by side, a few at a time.

    Parameters
    ----------
    most : int
        How many short ones run at the same time.
    most_apart : int
        How many long ones do.
    """

    def __init__(self, most: int = SENDERS, most_apart: int = APART) -> None:
        self._senders = _Crew(most, "poseidon-panel")
        self._apart = _Crew(most_apart, "poseidon-sequence")

    def run(self, job: Callable[[], None]) -> None:
        """Have a short job done soon, such as sending one request."""
        self._senders.run(job)

    def run_apart(self, job: Callable[[], None]) -> None:
        """Have a long job done where it keeps no short one waiting, such as a sequence, which mostly waits."""
        self._apart.run(job)


class _Crew:
    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._jobs: deque[Callable[[], None]] = deque()
        self._running = 0
        self._lock = threading.Lock()

    def run(self, job: Callable[[], None]) -> None:
        with self._lock:
            self._jobs.append(job)
            if self._running == self._most:
                return
            self._running += 1
        threading.Thread(target=self._work, name=self._name, daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    self._running -= 1
                    return
                job = self._jobs.popleft()
            try:
                job()
            except Exception:  # noqa: BLE001  # a panel's mistake, which must not cost the next job its thread
                _log.exception("what a panel wanted done failed")


#: All panels of a kernel share them.
THE_WORKERS = Workers()
