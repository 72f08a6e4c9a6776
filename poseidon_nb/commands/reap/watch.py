"""A thread of the kernel that reaps what is over, until it is stopped or the kernel ends."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from poseidon_nb.errors import PoseidonError
from poseidon_nb.plans.outcomes import failures, target_outcomes

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.clock import Clock
    from poseidon_nb.plans.plan import Plan

_log = logging.getLogger("poseidon_nb")
#: Seconds that `LeaseWatch.stop` waits for a plan in progress.
_STOP_S = 10.0


class LeaseWatch:
    """Builds and executes the plan of ``%do reap`` again and again.

    Parameters
    ----------
    build : callable
        Reads the account, and returns the plan.
    every_s : float
        Seconds between two plans.
    clock : Clock
    """

    def __init__(self, build: Callable[[], Plan], every_s: float, clock: Clock) -> None:
        self._build = build
        self._every_s = every_s
        self._clock = clock
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        #: What was done: the name and status of each droplet.
        self.done: list[tuple[str, str]] = []
        #: The last error; empty after a plan that did not fail.
        self.last_error = ""

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self._thread is not None and self._thread.is_alive() and not self._stopped.is_set()

    def start(self) -> None:
        """Start the thread, which ends with the process."""
        self._thread = threading.Thread(target=self._run, name="poseidon-reap", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Start no more plans. One in progress is waited for a while."""
        self._stopped.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_STOP_S)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self.look()
            self._clock.wait(self._stopped, self._every_s)

    def look(self) -> None:
        """Build and execute one plan. Errors are logged, and it is tried again next time."""
        try:
            plan = self._build()
            outcomes = [] if plan.is_empty or self._stopped.is_set() else plan.run()
            self.done += (
                [(f"{one.name} ({one.id})", one.status) for one in target_outcomes(plan, outcomes, kind="droplet")]
                if outcomes
                else []
            )
            failed = failures(plan, outcomes) if outcomes else []
            self.last_error = str(failed[0]) if failed else ""
        except PoseidonError as error:
            self.last_error = str(error)
        except Exception:  # noqa: BLE001  # a thread that ends would leave leases that are over
            _log.exception("Reaping failed unexpectedly.")
            self.last_error = "It failed unexpectedly; see the log."
        if self.last_error:
            _log.warning("Reaping failed: %s", self.last_error)
