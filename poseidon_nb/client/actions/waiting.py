"""One call's wait for its actions: the time limits, what is told, and what failed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue.wait_limits import limit_s
from poseidon_nb.client.actions.progress import COMPLETED, IN_PROGRESS, SETTLING, Progress
from poseidon_nb.client.actions.settle import Settling
from poseidon_nb.errors import ActionFailed, ActionTimedOut, PoseidonError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.actions.durations import Durations
    from poseidon_nb.client.actions.poller import Poller
    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.connection import Connection


class Waiting:
    """One call's view of the actions that it waits for: the time limits, what is told, and what failed."""

    def __init__(
        self,
        connection: Connection,
        poller: Poller,
        durations: Durations,
        waiting: Mapping[int, Action],
        *,
        timeout_s: float | None,
        on_progress: OnProgress | None,
    ) -> None:
        self._clock = connection.session.clock
        self._durations = durations
        self._on_progress = on_progress
        self._waiting = waiting
        self._open = {key for key, action in waiting.items() if not action.done}
        self._settling = Settling(connection)
        self._poller = poller
        # By action, how often the account will have been asked when its last look is over.
        self._last_look: dict[int, int] = {}
        self._began_s = self._clock.monotonic()
        now = connection.session.server_now()
        self._age_s = {
            key: max(0.0, (now - action.started_at) / timedelta(seconds=1)) if action.started_at else 0.0
            for key, action in waiting.items()
        }
        self._limit_s = {key: timeout_s or limit_s(action.type) for key, action in waiting.items()}
        self.failures: dict[int, PoseidonError] = {
            key: _failed(action) for key, action in waiting.items() if action.errored
        }
        # Completed, but not told yet.
        self._completed = [key for key, action in waiting.items() if action.completed]

    def seen(self, latest: Mapping[int, Mapping[str, Any]]) -> bool:
        """Take in what is known now; say whether nothing is left to wait for."""
        for key in sorted(self._open):
            self._take_in(self._waiting[key], latest.get(key))
        self._settle()
        return not self._open and not self._settling

    def _take_in(self, action: Action, row: Mapping[str, Any] | None) -> None:
        if row is not None and row["status"] != IN_PROGRESS:
            action.assign(row)
            self._open.discard(action.id)
            if action.completed:
                self._completed.append(action.id)
                return
            self.failures[action.id] = _failed(action)
        elif self._is_over(action.id):
            self._open.discard(action.id)
            self.failures[action.id] = ActionTimedOut(
                f"{action.label} is still running after {self._limit_s[action.id]:g} s; it goes on: "
                f"wait for it again with %do actions wait {action.id}",
                action=action,
            )
        self._tell(action, action.status)

    def _is_over(self, key: int) -> bool:
        """Say whether its time is up; a last look comes first, because the ticks may be seconds apart by then."""
        if self._clock.monotonic() - self._began_s < self._limit_s[key]:
            return False
        if key not in self._last_look:
            self._last_look[key] = self._poller.asked + 1
            self._poller.hurry()
        return self._poller.asked >= self._last_look[key]

    def _settle(self) -> None:
        """Tell of a completed one when its droplet agrees, and not before."""
        completed, self._completed = self._completed, []
        agreed = []
        for key in completed:
            expected = self._waiting[key].expected
            if expected is None:
                agreed.append(key)
            else:
                self._settling.add(key, expected)
        for key in self._settling.step():
            self._waiting[key].expected = None
            agreed.append(key)
        for key in self._settling:
            self._tell(self._waiting[key], SETTLING)
        for key in agreed:
            self._tell(self._waiting[key], COMPLETED)

    def _tell(self, action: Action, status: str) -> None:
        if self._on_progress is None:
            return
        elapsed_s = self._age_s[action.id] + self._clock.monotonic() - self._began_s
        estimate = self._durations.estimate(action.type)
        self._on_progress(Progress(action.id, action.label, status, elapsed_s, estimate))


def _failed(action: Action) -> ActionFailed:
    return ActionFailed(
        f"{action.label} failed: DigitalOcean says errored, without a reason (action {action.id})", action=action
    )
