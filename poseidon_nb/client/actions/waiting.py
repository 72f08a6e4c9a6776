"""One call's wait for its actions: the time limits, what is told, and what failed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue.wait_limits import wait_limit_s
from poseidon_nb.client.actions.progress import COMPLETED, IN_PROGRESS, SETTLING, Progress
from poseidon_nb.client.engine.consistency import ConsistencyWaiter
from poseidon_nb.errors import ActionFailed, ActionTimedOut, PoseidonError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.actions.durations import Durations
    from poseidon_nb.client.actions.poller import Poller
    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.consistency import Expected


class Waiting:
    """The actions that one call waits for: the time limits, what is told, and what failed.

    Parameters
    ----------
    connection : Connection
    poller : Poller
        Asked by whoever holds this; `add` joins no action to it.
    durations : Durations
    on_progress : callable, optional
        Told a `Progress` at each look.
    """

    def __init__(
        self, connection: Connection, poller: Poller, durations: Durations, *, on_progress: OnProgress | None
    ) -> None:
        self._session = connection.session
        self._clock = connection.session.clock
        self._durations = durations
        self._on_progress = on_progress
        self._waiting: dict[int, Action] = {}
        self._open: set[int] = set()
        self._consistency = ConsistencyWaiter(connection)
        self._poller = poller
        # By action, how often the account will have been asked when its last look is over.
        self._last_look: dict[int, int] = {}
        self._began_s: dict[int, float] = {}
        self._age_s: dict[int, float] = {}
        self._limit_s: dict[int, float] = {}
        self.failures: dict[int, PoseidonError] = {}
        # Completed, but not told yet.
        self._completed: list[int] = []

    def add(self, action: Action, timeout_s: float | None = None) -> None:
        """Wait for one more; by default for as long as its type is given."""
        try:
            began = action.started_at
        except ShapeError:
            began = None
        age = self._session.server_now() - began if began else timedelta(0)
        self._waiting[action.id] = action
        self._began_s[action.id] = self._clock.monotonic()
        self._age_s[action.id] = max(0.0, age / timedelta(seconds=1))
        self._limit_s[action.id] = timeout_s or wait_limit_s(action.type)
        if action.errored:
            self.failures[action.id] = _failed(action)
        elif action.completed:
            self._completed.append(action.id)
        else:
            self._open.add(action.id)

    def add_expected(self, key: int, expected: Expected) -> None:
        """Wait for what something reads as, where no action tells how it goes; under a key that no action has."""
        self._consistency.add(key, expected)

    def is_over(self, action_id: int) -> bool:
        """Return whether one need not be waited for any more, however it ended."""
        return action_id not in self._open and action_id not in self._completed and action_id not in self._consistency

    def drop(self, action_id: int) -> None:
        """Wait for one no more, and forget it."""
        self._open.discard(action_id)
        self._consistency.drop(action_id)
        for known in (self._waiting, self._began_s, self._age_s, self._limit_s, self._last_look, self.failures):
            known.pop(action_id, None)

    def seen(self, latest: Mapping[int, Mapping[str, Any]]) -> bool:
        """Take in what is known now; say whether nothing is left to wait for."""
        for key in sorted(self._open):
            self._take_in(self._waiting[key], latest.get(key))
        self._settle()
        return not self._open and not self._completed and not self._consistency

    def _take_in(self, action: Action, row: Mapping[str, Any] | None) -> None:
        if row is not None and row["status"] != IN_PROGRESS:
            action.assign(row)
            self._open.discard(action.id)
            if action.completed:
                self._completed.append(action.id)
                return
            self.failures[action.id] = _failed(action)
        elif self._time_is_up(action.id):
            self._open.discard(action.id)
            self.failures[action.id] = ActionTimedOut(
                f"{action.label} is still running after {self._limit_s[action.id]:g} s; it goes on: "
                f"wait for it again with %do actions wait {action.id}",
                action=action,
            )
        self._tell(action, action.status)

    def _time_is_up(self, key: int) -> bool:
        """Check whether its time is up; a last look comes first, because the ticks may be seconds apart by then."""
        if self._clock.monotonic() - self._began_s[key] < self._limit_s[key]:
            return False
        if key not in self._last_look:
            self._last_look[key] = self._poller.asked + 1
            self._poller.hurry()
        return self._poller.asked >= self._last_look[key]

    def _settle(self) -> None:
        """Report a completed one once its droplet agrees, and not before."""
        completed, self._completed = self._completed, []
        agreed = []
        for key in completed:
            expected = self._waiting[key].expected
            if expected is None:
                agreed.append(key)
            else:
                self._consistency.add(key, expected)
        for key in self._consistency.step():
            if key in self._waiting:
                self._waiting[key].expected = None
                agreed.append(key)
        for key in self._consistency:
            if key in self._waiting:
                self._tell(self._waiting[key], SETTLING)
        for key in agreed:
            self._tell(self._waiting[key], COMPLETED)

    def _tell(self, action: Action, status: str) -> None:
        if self._on_progress is None:
            return
        elapsed_s = self._age_s[action.id] + self._clock.monotonic() - self._began_s[action.id]
        estimate = self._durations.estimate(action.type)
        self._on_progress(Progress(action.id, action.label, status, elapsed_s, estimate))


def _failed(action: Action) -> ActionFailed:
    return ActionFailed(
        f"{action.label} failed: DigitalOcean says errored, without a reason (action {action.id})", action=action
    )
