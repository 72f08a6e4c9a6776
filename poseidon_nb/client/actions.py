"""What the account does and did: `Action` objects, and waiting for them.

API: ``actions_list``, ``actions_get``. An action has no percentage and no error text; it is in progress, completed or
errored.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.collection import Collection
from poseidon_nb.client.connection import items_of
from poseidon_nb.client.durations import Durations
from poseidon_nb.client.many import PER_PAGE
from poseidon_nb.client.poller import Poller
from poseidon_nb.client.progress import Progress
from poseidon_nb.client.resource import Field, Resource, TimeField
from poseidon_nb.client.settle import Settling
from poseidon_nb.errors import ActionFailed, ActionTimedOut, InvalidArgument, PoseidonError
from poseidon_nb.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.progress import OnProgress
    from poseidon_nb.client.settle import Expected

    # Named here because within the class `list` is the method.
    RowList = list[Mapping[str, Any]]
    ActionList = list["Action"]

IN_PROGRESS = "in-progress"
COMPLETED = "completed"
ERRORED = "errored"
#: Not the API's word: completed, but the droplet does not show it yet.
SETTLING = "settling"

_HOUR_S = 3600.0
#: How long each type of action is waited for when the caller sets no limit, in seconds.
LIMITS_S: Mapping[str, float] = {
    "create": 600.0,
    "snapshot": _HOUR_S,
    "resize": _HOUR_S,
    "rebuild": _HOUR_S,
    "restore": _HOUR_S,
    "transfer": _HOUR_S,
}
OTHER_LIMIT_S = 300.0
#: How many actions an interrupted wait names one by one.
MOST_NOTES = 3


def limit_s(action_type: str) -> float:
    """Give how long an action of this type is waited for, in seconds, when nothing else was said."""
    return LIMITS_S.get(action_type, OTHER_LIMIT_S)


class Action(Resource):
    """Something that was started and ends by itself.

    Parameters
    ----------
    data : mapping
        As the API sent it.
    actions : Actions
        Where it can be waited for.
    subject : str
        The name of what it acts upon, for people.
    expected : Expected, optional
        How what it acts upon should read once it has completed; a wait lasts until then.
    """

    id = Field[int]()
    status = Field[str]()
    type = Field[str]()
    started_at = TimeField()
    completed_at = TimeField()
    resource_id = Field["int | None"]()
    resource_type = Field[str]()
    region_slug = Field["str | None"]()

    def __init__(
        self,
        data: Mapping[str, Any],
        actions: Actions,
        *,
        subject: str = "",
        expected: Expected | None = None,
    ) -> None:
        super().__init__(data)
        self._actions = actions
        #: None once it has come true, or has had its time.
        self.expected = expected
        self.subject = subject

    @property
    def done(self) -> bool:
        """Whether it has ended, well or not."""
        return self.status != IN_PROGRESS

    @property
    def completed(self) -> bool:
        """Whether it ended well."""
        return self.status == COMPLETED

    @property
    def errored(self) -> bool:
        """Whether it failed."""
        return self.status == ERRORED

    @property
    def label(self) -> str:
        """What messages call it: ``power_off web-1``."""
        return f"{self.type} {self.subject or self.get('resource_id') or ''}".strip()

    def refresh(self) -> Action:
        """Read it again, in place."""
        self.assign(self._actions.read(self.id))
        return self

    def wait(self, timeout_s: float | None = None, *, on_progress: OnProgress | None = None) -> Action:
        """Block until it ends, and until what it acts upon reads as it should.

        Parameters
        ----------
        timeout_s : float, optional
            Seconds; by default an hour for what copies disks, 10 minutes for a create, else 5.
        on_progress : callable, optional
            Told a `Progress` several times a second.

        Returns
        -------
        Action
            This one, completed.

        Raises
        ------
        ActionFailed
            It ended as ``errored``.
        ActionTimedOut
            It was still running when the time was up. It goes on.
        """
        self._actions.wait(self, timeout_s=timeout_s, on_progress=on_progress)
        return self

    def _summary(self) -> tuple[object, ...]:
        return (self.id, self.label, self.status)


class Actions(Collection[Action]):
    """All actions of the account, and the one poller."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, "actions", "actions_list", lambda row: Action(row, self))
        self.durations = Durations()
        self._history_asked = False
        self._poller = Poller(
            page=self._read_page,
            one=self.read,
            clock=connection.session.clock,
            learn=self.durations.learn,
        )

    def get(self, action_id: int) -> Action:
        """Give one action.

        Raises
        ------
        NotFound
            There is none with this id.
        """
        return Action(self.read(action_id), self)

    def read(self, action_id: int) -> dict[str, Any]:
        """Give one action as the API sends it."""
        return self._connection.one("actions_get", path={"action_id": action_id})

    def wait(
        self,
        actions: Action | int | Sequence[Action | int],
        *,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> ActionList:
        """Block until all of these have ended.

        Parameters
        ----------
        actions : Action, int, or sequence of these
        timeout_s : float, optional
            Seconds from now, for each; by default by its type.
        on_progress : callable, optional
            Told a `Progress` of each, several times a second, in this thread.

        Returns
        -------
        list of Action
            All of them, completed.

        Raises
        ------
        ActionFailed, ActionTimedOut
            The first that did not end well, after all have ended or run out of time.
        """
        given = [actions] if isinstance(actions, (Action, int)) else list(actions)
        waited = [item if isinstance(item, Action) else self.get(item) for item in given]
        failures = self.wait_each(waited, timeout_s=timeout_s, on_progress=on_progress)
        if failures:
            first = next(iter(failures.values()))
            if len(waited) > 1:
                first.args = (
                    f"{first.args[0]} ({counted(len(failures), 'action')} of {len(waited)} did not end well)",
                )
            raise first
        return waited

    def wait_each(
        self,
        actions: Iterable[Action],
        *,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> dict[int, PoseidonError]:
        """Block until all have ended, and give what went wrong, by id, instead of raising it."""
        if timeout_s is not None and not timeout_s > 0:
            raise InvalidArgument(f"timeout_s must be more than 0 seconds, not {timeout_s}")
        given = list(actions)
        waiting = {action.id: action for action in given}
        wait = _Wait(self, self._poller, waiting, timeout_s, on_progress)
        running = [key for key, action in waiting.items() if not action.done]
        if running and on_progress is not None:
            self._ask_history()
        try:
            self._poller.wait(running, seen=wait.seen)
        except KeyboardInterrupt as interrupt:
            left = [action for action in waiting.values() if not action.done]
            for action in left[:MOST_NOTES]:
                interrupt.add_note(f"{action.label} goes on: wait for it again with actions wait {action.id}")
            if len(left) > MOST_NOTES:
                interrupt.add_note(f"so do {counted(len(left) - MOST_NOTES, 'other action')}: see actions list")
            raise
        for action in given:
            if action is not waiting[action.id]:
                action.assign(waiting[action.id].to_dict())
        return wait.failures

    def _ask_history(self) -> None:
        """Read the newest page once, for the estimates; an account that may not be asked has none."""
        if not self._history_asked:
            self._history_asked = True
            try:
                self.durations.learn(self._read_page(1)[0])
            except PoseidonError:
                return

    def _read_page(self, number: int) -> tuple[RowList, bool]:
        request = self._connection.request("actions_list").with_query(page=number, per_page=PER_PAGE)
        rows = items_of(self._connection.send(request).body, "actions", "actions_list")
        return rows, len(rows) == PER_PAGE


class _Wait:
    """One call's view of the actions that it waits for: the time limits, what is told, and what failed."""

    def __init__(
        self,
        actions: Actions,
        poller: Poller,
        waiting: Mapping[int, Action],
        timeout_s: float | None,
        on_progress: OnProgress | None,
    ) -> None:
        connection = actions._connection  # noqa: SLF001  # the other half of the same thing
        self._clock = connection.session.clock
        self._durations = actions.durations
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
                f"wait for it again with actions wait {action.id}",
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
