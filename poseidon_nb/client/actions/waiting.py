"""Waiting for actions: time limits, progress and failures, with and without blocking."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue.wait_limits import wait_limit_s
from poseidon_nb.client.actions.progress import COMPLETED, IN_PROGRESS, SETTLING, Progress
from poseidon_nb.client.engine.consistency import ConsistencyWaiter
from poseidon_nb.errors import ActionFailed, ActionTimedOut, PoseidonError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.actions.poller import Poller
    from poseidon_nb.client.actions.progress import Durations, OnProgress
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.consistency import ExpectedState

#: Seconds that an action is tracked for a viewer. The time limits of a wait are for programs.
TRACKING_TIMEOUT_S = 7_200.0
#: Actions that the notes of an interrupted wait list one by one.
MAX_NOTES = 3


class ActionWaiter:
    """The actions that one call waits for, with their time limits, progress and failures.

    Parameters
    ----------
    connection : Connection
    poller : Poller
        Polled by the caller; `add` adds no action to it.
    durations : Durations
    on_progress : callable, optional
        Called with a `Progress` at each `update`.
    """

    def __init__(
        self, connection: Connection, poller: Poller, durations: Durations, *, on_progress: OnProgress | None
    ) -> None:
        self._session = connection.session
        self._clock = connection.session.clock
        self._durations = durations
        self._on_progress = on_progress
        self._actions: dict[int, Action] = {}
        self._running: set[int] = set()
        self._consistency = ConsistencyWaiter(connection)
        self._poller = poller
        # The poller's `poll_count` after the last poll for an action whose time is up.
        self._final_poll: dict[int, int] = {}
        self._started_s: dict[int, float] = {}
        self._age_s: dict[int, float] = {}
        self._limit_s: dict[int, float] = {}
        self.failures: dict[int, PoseidonError] = {}
        # Completed, but not reported yet.
        self._completed: list[int] = []

    def add(self, action: Action, timeout_s: float | None = None) -> None:
        """Wait for one more action, by default for the time limit of its type."""
        started = action.started_at
        # An action that has ended already took no longer than until its end.
        ended = action.completed_at if action.completed or action.errored else None
        age = (ended or self._session.server_now()) - started if started else timedelta(0)
        self._actions[action.id] = action
        self._started_s[action.id] = self._clock.monotonic()
        self._age_s[action.id] = max(0.0, age / timedelta(seconds=1))
        self._limit_s[action.id] = timeout_s or wait_limit_s(action.type)
        if action.errored:
            self.failures[action.id] = _failure_of(action)
        elif action.completed:
            self._completed.append(action.id)
        else:
            self._running.add(action.id)

    def add_expected(self, key: int, expected: ExpectedState) -> None:
        """Wait for an expected state for which there is no action, under a key that is not an action's id."""
        self._consistency.add(key, expected)

    def is_done(self, key: int) -> bool:
        """Return whether an action or an expected state is no longer waited for, whatever its outcome."""
        return key not in self._running and key not in self._completed and key not in self._consistency

    def remove(self, key: int) -> None:
        """Stop waiting for an action or an expected state, and forget it."""
        self._running.discard(key)
        self._consistency.remove(key)
        for known in (self._actions, self._started_s, self._age_s, self._limit_s, self._final_poll, self.failures):
            known.pop(key, None)

    def update(self, latest: Mapping[int, Mapping[str, Any]]) -> bool:
        """Update the actions from the latest rows by id; return whether nothing is left to wait for."""
        for key in sorted(self._running):
            self._update_action(self._actions[key], latest.get(key))
        self._check_consistency()
        return not self._running and not self._completed and not self._consistency

    def _update_action(self, action: Action, row: Mapping[str, Any] | None) -> None:
        if row is not None and row["status"] != IN_PROGRESS:
            action.assign(row)
            self._running.discard(action.id)
            if action.completed:
                self._completed.append(action.id)
                return
            self.failures[action.id] = _failure_of(action)
        elif self._is_time_up(action.id):
            self._running.discard(action.id)
            self.failures[action.id] = ActionTimedOut(
                f"Action {action.id} ({action.label}) is still in progress after {self._limit_s[action.id]:g} s and "
                f"continues. Wait for it with %do actions wait {action.id}",
                action=action,
            )
        self._report(action, action.status)

    def _is_time_up(self, key: int) -> bool:
        """Return whether an action's time is up, after one more poll: ticks may be seconds apart by then."""
        if self._clock.monotonic() - self._started_s[key] < self._limit_s[key]:
            return False
        if key not in self._final_poll:
            self._final_poll[key] = self._poller.poll_count + 1
            self._poller.poll_soon()
        return self._poller.poll_count >= self._final_poll[key]

    def _check_consistency(self) -> None:
        """Report completed actions, but only once their droplets show the result."""
        completed, self._completed = self._completed, []
        consistent = []
        for key in completed:
            expected = self._actions[key].expected
            if expected is None:
                consistent.append(key)
            else:
                self._consistency.add(key, expected)
        for key in self._consistency.poll():
            if key in self._actions:
                self._actions[key].expected = None
                consistent.append(key)
        for key in self._consistency:
            if key in self._actions:
                self._report(self._actions[key], SETTLING)
        for key in consistent:
            self._report(self._actions[key], COMPLETED)

    def _report(self, action: Action, status: str) -> None:
        if self._on_progress is None:
            return
        elapsed_s = self._age_s[action.id] + self._clock.monotonic() - self._started_s[action.id]
        estimate = self._durations.estimate(action.type)
        self._on_progress(Progress(action.id, action.label, status, elapsed_s, estimate))


def _failure_of(action: Action) -> ActionFailed:
    return ActionFailed(
        f"Action {action.id} ({action.label}) failed with status errored. DigitalOcean gives no reason.", action=action
    )


def continuing_notes(actions: Sequence[Action]) -> Iterator[str]:
    """Yield notes about actions that continue after an interrupted wait."""
    for action in actions[:MAX_NOTES]:
        yield f"{action.label} continues. Wait for it with %do actions wait {action.id}"
    more = len(actions) - MAX_NOTES
    if more > 0:
        yield f"{more} more {'action continues' if more == 1 else 'actions continue'}. See %do actions list"


class TrackedAction:
    """An action whose progress is reported without blocking.

    Parameters
    ----------
    connection : Connection
    poller : Poller
        Polled by the caller.
    durations : Durations
    action : Action
    on_progress : callable
        Called with a `Progress` at each `update`.
    """

    def __init__(
        self,
        connection: Connection,
        poller: Poller,
        durations: Durations,
        action: Action,
        on_progress: OnProgress,
    ) -> None:
        self.action = action
        #: As last reported.
        self.progress = Progress(action.id, action.label, action.status, 0.0)
        self._on_progress = on_progress
        self._poller = poller
        self._polled = [] if action.done else [action.id]
        self._waiter = ActionWaiter(connection, poller, durations, on_progress=self._report)
        self._waiter.add(action, TRACKING_TIMEOUT_S)
        poller.add(self._polled)

    def _report(self, progress: Progress) -> None:
        self.progress = progress
        self._on_progress(progress)

    @property
    def failure(self) -> PoseidonError | None:
        """The error that it ended with, if any."""
        return self._waiter.failures.get(self.action.id)

    def update(self) -> bool:
        """Report the latest progress, and return whether the action has ended. Never sleeps."""
        if not self._waiter.update(self._poller.latest):
            return False
        self.stop()
        return True

    def stop(self) -> None:
        """Stop tracking the action."""
        polled, self._polled = self._polled, []
        self._poller.remove(polled)
