"""One action that is followed without anybody waiting for it: what a wait tells, without the wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.client.actions.progress import Progress
from poseidon_nb.client.actions.waiting import Waiting

if TYPE_CHECKING:
    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.actions.durations import Durations
    from poseidon_nb.client.actions.poller import Poller
    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.errors import PoseidonError

#: How long an action is followed, in seconds. Who looks on may be patient: the limits of a wait are for programs.
FOLLOW_S = 7_200.0


class Following:
    """An action on its way to its end.

    Parameters
    ----------
    connection : Connection
    poller : Poller
        Asked by whoever calls its `step`.
    durations : Durations
    action : Action
    on_progress : callable
        Told a `Progress` at each look.
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
        #: As last told.
        self.progress = Progress(action.id, action.label, action.status, 0.0)
        self._on_progress = on_progress
        self._poller = poller
        self._joined = [] if action.done else [action.id]
        self._waiting = Waiting(connection, poller, durations, on_progress=self._tell)
        self._waiting.add(action, FOLLOW_S)
        poller.join(self._joined)

    def _tell(self, progress: Progress) -> None:
        self.progress = progress
        self._on_progress(progress)

    @property
    def failure(self) -> PoseidonError | None:
        """What went wrong, once it has ended."""
        return self._waiting.failures.get(self.action.id)

    def look(self) -> bool:
        """Take in what is known by now, and tell it; say whether it is over. Never sleeps."""
        if not self._waiting.seen(self._poller.latest):
            return False
        self.stop()
        return True

    def stop(self) -> None:
        """Follow it no further."""
        joined, self._joined = self._joined, []
        self._poller.leave(joined)
