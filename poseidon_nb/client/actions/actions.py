"""What the account does and did: `Action` objects, and waiting for them.

API: ``actions_list``, ``actions_get``. An action has no percentage and no error text; it is in progress, completed or
errored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from poseidon_nb.client.actions.action_filter import ActionFilter
from poseidon_nb.client.actions.durations import Durations
from poseidon_nb.client.actions.following import Following
from poseidon_nb.client.actions.poller import Poller
from poseidon_nb.client.actions.progress import COMPLETED, ERRORED, IN_PROGRESS
from poseidon_nb.client.actions.waiting import Waiting
from poseidon_nb.client.collection import Collection
from poseidon_nb.client.connection import items_of
from poseidon_nb.client.many import read_many
from poseidon_nb.client.resource import Field, Resource, TimeField
from poseidon_nb.errors import Forbidden, PoseidonError
from poseidon_nb.text import pluralize
from poseidon_nb.transport import cancellation
from poseidon_nb.transport.pagination import PER_PAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    import pandas as pd

    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.consistency import Expected

    # Named here because within the class `list` is the method.
    RowList = list[Mapping[str, Any]]
    ActionList = list["Action"]

#: How many actions an interrupted wait names one by one.
MOST_NOTES = 3


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
        actions.remember(self)
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
            Seconds; by default those of its type (`catalogue.wait_limits`).
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
        #: The droplet of each action that was seen running: a token without actions:read may still ask the droplet.
        self._droplets: dict[int, int] = {}
        self._poller = Poller(
            page=self._poll_page,
            one=self._poll_one,
            clock=connection.session.clock,
            learn=self.durations.learn,
        )

    def list(
        self,
        *,
        status: str | None = None,
        type: str | None = None,  # noqa: A002  # the API's own word
        resource_type: str | None = None,
        resource_id: int | None = None,
        since: datetime | str | None = None,
        **filters: Any,
    ) -> ActionList:
        """Return what was done in the account, newest first, from all pages.

        The API filters by nothing, so all is read and the rest left out here; with ``since`` the reading stops there.

        Parameters
        ----------
        status : str, optional
            ``in-progress``, ``completed`` or ``errored``.
        type : str, optional
            Such as ``power_off``.
        resource_type : str, optional
            What it was done to, such as ``droplet``.
        resource_id : int, optional
            Of what it was done to.
        since : datetime or str, optional
            Only what was started then or later; a text as ``2026-11-23`` or ``2026-11-23T12:00:00Z``. Without a time
            zone it is UTC.
        """
        wanted = ActionFilter.of(status, type, resource_type, resource_id, since)
        return [Action(row, self) for row in self._filtered(wanted, filters)]

    def frame(
        self,
        *,
        status: str | None = None,
        type: str | None = None,  # noqa: A002  # as above
        resource_type: str | None = None,
        resource_id: int | None = None,
        since: datetime | str | None = None,
        **filters: Any,
    ) -> pd.DataFrame:
        """Return what was done in the account as a DataFrame; the parameters are those of `list`.

        Returns
        -------
        pandas.DataFrame
            A row each; columns as in ``poseidon_nb.frames.schemas.TABLES["actions"]``.
        """
        wanted = ActionFilter.of(status, type, resource_type, resource_id, since)
        if not wanted:
            return super().frame(**filters)
        return self._framed([msgspec.json.encode({"actions": self._filtered(wanted, filters)})])

    def _filtered(self, wanted: ActionFilter, filters: Mapping[str, Any]) -> RowList:
        query = self._checked(filters)
        if wanted.since is None or query:
            return [row for row in self._connection.rows("actions_list", query=query) if wanted.keeps(row)]
        rows: dict[int, Mapping[str, Any]] = {}
        number, more = 1, True
        while more:
            page, more = self._read_page(number)
            # What is started meanwhile pushes the rest onto the next page, where it would be read twice.
            rows.update((row["id"], row) for row in page if wanted.keeps(row) and row["id"] not in rows)
            more = more and wanted.is_new(page[-1])
            number += 1
        return [*rows.values()]

    def get(self, action_id: int) -> Action:
        """Return one action.

        Raises
        ------
        NotFound
            There is none with this id.
        """
        return Action(self.read(action_id), self)

    def read(self, action_id: int) -> dict[str, Any]:
        """Return one action as the API sends it."""
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
        # Many ids are read by pages, as the poller reads them.
        read, _ = read_many([item for item in given if isinstance(item, int)], page=self._read_page, one=self.read)
        waited = [item if isinstance(item, Action) else Action(read[item], self) for item in given]
        failures = self.wait_each(waited, timeout_s=timeout_s, on_progress=on_progress)
        if failures:
            first = next(iter(failures.values()))
            if len(waited) > 1:
                first.args = (
                    f"{first.args[0]} ({pluralize(len(failures), 'action')} of {len(waited)} did not end well)",
                )
            raise first
        return waited

    def adopt(self, row: Mapping[str, Any], *, subject: str = "") -> Action:
        """Return an action that some answer told of, so that it can be waited for."""
        return Action(row, self, subject=subject)

    def wait_each(
        self,
        actions: Iterable[Action],
        *,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> dict[int, PoseidonError]:
        """Block until all have ended, and give what went wrong, by id, instead of raising it."""
        timeout_s = cancellation.validate_timeout(timeout_s)
        given = list(actions)
        waiting = {action.id: action for action in given}
        wait = self.waiting(on_progress)
        for action in waiting.values():
            wait.add(action, timeout_s)
        running = [key for key, action in waiting.items() if not action.done]
        if running and on_progress is not None:
            self.ask_history()
        try:
            self._poller.wait(running, seen=wait.seen)
        except KeyboardInterrupt as interrupt:
            left = [action for action in waiting.values() if not action.done]
            for action in left[:MOST_NOTES]:
                interrupt.add_note(f"{action.label} goes on: wait for it again with %do actions wait {action.id}")
            if len(left) > MOST_NOTES:
                interrupt.add_note(f"so do {pluralize(len(left) - MOST_NOTES, 'other action')}: see %do actions list")
            raise
        for action in given:
            if action is not waiting[action.id]:
                action.assign(waiting[action.id].to_dict())
        return wait.failures

    def follow(self, action: Action, on_progress: OnProgress) -> Following:
        """Follow an action without waiting for it: `Following.look` tells what `poll` has learned."""
        return Following(self._connection, self._poller, self.durations, action, on_progress)

    def waiting(self, on_progress: OnProgress | None) -> Waiting:
        """Return an empty set of actions to wait for."""
        return Waiting(self._connection, self._poller, self.durations, on_progress=on_progress)

    @property
    def poller(self) -> Poller:
        """The one poller."""
        return self._poller

    def poll(self) -> None:
        """Ask about what is followed, if it is time to. Never sleeps."""
        self._poller.step()

    def first_page(self) -> RowList:
        """Return the newest actions as the API sends them, and learn from them how long such actions take."""
        self._history_asked = True
        rows, _ = self._read_page(1)
        self.durations.learn(rows)
        return rows

    def ask_history(self) -> None:
        """Read the newest page once, for the estimates; an account that may not be asked has none."""
        if not self._history_asked:
            self._history_asked = True
            try:
                self.durations.learn(self._read_page(1)[0])
            except PoseidonError:
                return

    def remember(self, action: Action) -> None:
        """Remember which droplet an action runs on."""
        if action.get("status") == IN_PROGRESS and action.get("resource_type") == "droplet":
            self._droplets[action.id] = action["resource_id"]

    def _poll_one(self, action_id: int) -> Mapping[str, Any]:
        try:
            return self.read(action_id)
        except Forbidden:
            if action_id not in self._droplets:
                raise
        path = {"droplet_id": self._droplets[action_id], "action_id": action_id}
        return self._connection.one("dropletActions_get", path=path)

    def _poll_page(self, number: int) -> tuple[RowList, bool]:
        try:
            return self._read_page(number)
        except Forbidden:
            # One by one, then.
            return [], False

    def _read_page(self, number: int) -> tuple[RowList, bool]:
        request = self._connection.request("actions_list").with_query(page=number, per_page=PER_PAGE)
        rows = items_of(self._connection.send(request).body, "actions", "actions_list")
        return rows, len(rows) == PER_PAGE
