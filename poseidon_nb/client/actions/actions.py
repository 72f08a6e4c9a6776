"""Actions of the account: listing them, filtering them, and waiting for them.

API: ``actions_list``, ``actions_get``. An action has no percentage and no error text. It is in progress, completed or
errored.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from poseidon_nb.client.actions.poller import Poller
from poseidon_nb.client.actions.progress import COMPLETED, ERRORED, IN_PROGRESS, Durations
from poseidon_nb.client.actions.waiting import ActionWaiter, TrackedAction, continuing_notes
from poseidon_nb.client.connection import add_detail, items_of
from poseidon_nb.client.fetch import fetch_by_ids
from poseidon_nb.client.resource import Field, Resource, ResourceCollection, TimeField
from poseidon_nb.errors import Forbidden, InvalidArgument, PoseidonError
from poseidon_nb.text import expected_one_of
from poseidon_nb.transport import cancellation
from poseidon_nb.transport.pagination import PER_PAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.consistency import ExpectedState

    Row = Mapping[str, Any]
    # Aliases, because `list` is a method within the class.
    RowList = list[Mapping[str, Any]]
    ActionList = list["Action"]

#: All statuses of an action (actions_get).
STATUSES = (IN_PROGRESS, COMPLETED, ERRORED)


@dataclass(frozen=True, slots=True)
class ActionFilter:
    """Criteria for actions; None matches any. The API itself has no filters.

    Parameters
    ----------
    status, type, resource_type : str or None
    resource_id : int or None
    since : datetime or None
        Time zone aware.
    """

    status: str | None = None
    type: str | None = None
    resource_type: str | None = None
    resource_id: int | None = None
    since: datetime | None = None

    @classmethod
    def create(
        cls,
        status: str | None,
        type_: str | None,
        resource_type: str | None,
        resource_id: int | None,
        since: datetime | str | None,
    ) -> ActionFilter:
        """Create a filter from checked arguments.

        Raises
        ------
        InvalidArgument
            The status is unknown, or ``since`` is not a time.
        """
        if status is not None and status not in STATUSES:
            raise InvalidArgument(f"Unknown action status {status!r}{expected_one_of(status, STATUSES)}")
        return cls(status, type_, resource_type, resource_id, _parse_since(since))

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) is not None for field in fields(self))

    def matches(self, row: Row) -> bool:
        """Return whether an action meets all criteria."""
        return (
            self.is_recent(row)
            and self.status in (None, row.get("status"))
            and self.type in (None, row.get("type"))
            and self.resource_type in (None, row.get("resource_type"))
            and self.resource_id in (None, row.get("resource_id"))
        )

    def is_recent(self, row: Row) -> bool:
        """Return whether an action started at ``since`` or later; one without a start time counts as recent."""
        if self.since is None or not row.get("started_at"):
            return True
        return datetime.fromisoformat(row["started_at"]) >= self.since


def _parse_since(since: datetime | str | None) -> datetime | None:
    if isinstance(since, str):
        try:
            since = datetime.fromisoformat(since)
        except ValueError:
            raise InvalidArgument(
                f"Invalid time {since!r}. Use for example since='2026-11-23' or since='2026-11-23T12:00:00Z'."
            ) from None
    return since.replace(tzinfo=UTC) if since is not None and since.tzinfo is None else since


class Action(Resource):
    """An action: a change that the API makes in the background.

    Parameters
    ----------
    data : mapping
        As the API sent it.
    actions : Actions
        The account's actions, which wait for it.
    subject : str
        Name of the resource that it acts on, for messages.
    expected : ExpectedState, optional
        How the resource should read after the action; a wait lasts until then.
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
        expected: ExpectedState | None = None,
    ) -> None:
        super().__init__(data)
        self._actions = actions
        actions.remember(self)
        #: None once the state was reached, or its time is up.
        self.expected = expected
        self.subject = subject

    @property
    def done(self) -> bool:
        """Whether it has ended, successfully or not."""
        return self.status != IN_PROGRESS

    @property
    def completed(self) -> bool:
        """Whether it ended successfully."""
        return self.status == COMPLETED

    @property
    def errored(self) -> bool:
        """Whether it failed."""
        return self.status == ERRORED

    @property
    def label(self) -> str:
        """The action in messages: ``power_off web-1``."""
        return f"{self.type} {self.subject or self.get('resource_id') or ''}".strip()

    def refresh(self) -> Action:
        """Read it again and update it in place."""
        self.assign(self._actions.read(self.id))
        return self

    def wait(self, timeout_s: float | None = None, *, on_progress: OnProgress | None = None) -> Action:
        """Wait until it ends, and until its resource reads as it should.

        Parameters
        ----------
        timeout_s : float, optional
            Seconds; by default the limit of its type (`catalogue.wait_limits`).
        on_progress : callable, optional
            Called with a `Progress` several times a second.

        Returns
        -------
        Action
            This action, completed.

        Raises
        ------
        ActionFailed
            It ended as ``errored``.
        ActionTimedOut
            It was still in progress after the time limit. It continues.
        """
        self._actions.wait(self, timeout_s=timeout_s, on_progress=on_progress)
        return self

    def _summary(self) -> tuple[object, ...]:
        return (self.id, self.label, self.status)


class Actions(ResourceCollection[Action]):
    """The actions of the account, and the one poller."""

    _internal = frozenset(
        {
            "durations",
            "from_row",
            "poll",
            "poller",
            "read",
            "read_history",
            "read_newest",
            "remember",
            "track",
            "waiter",
        }
    )

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, "actions", "actions_list", lambda row: Action(row, self))
        self.durations = Durations()
        self._history_read = False
        #: The droplet of each running action that was read: a token without actions:read may still read its actions.
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
        """List the actions of the account, newest first, from all pages.

        The API has no filters, so all actions are read and filtered here. With ``since``, reading stops there.

        Parameters
        ----------
        status : str, optional
            ``in-progress``, ``completed`` or ``errored``.
        type : str, optional
            Action type, such as ``power_off``.
        resource_type : str, optional
            Such as ``droplet``.
        resource_id : int, optional
        since : datetime or str, optional
            Only actions that started then or later. Text such as ``2026-11-23`` or ``2026-11-23T12:00:00Z``; UTC if it
            has no time zone.
        """
        wanted = ActionFilter.create(status, type, resource_type, resource_id, since)
        return [Action(row, self) for row in self._filter(wanted, filters)]

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
        """Return the actions of the account as a DataFrame; parameters as for `list`.

        Returns
        -------
        pandas.DataFrame
            One row for each action; columns as in ``poseidon_nb.frames.schemas.TABLES["actions"]``.
        """
        wanted = ActionFilter.create(status, type, resource_type, resource_id, since)
        if not wanted:
            return super().frame(**filters)
        body = msgspec.json.encode({"actions": self._filter(wanted, filters)})
        return self._frame_from(lambda _: iter((body,)))

    def _filter(self, wanted: ActionFilter, filters: Mapping[str, Any]) -> RowList:
        query = self._check_query(filters)
        if wanted.since is None or query:
            return [row for row in self._connection.rows("actions_list", query=query) if wanted.matches(row)]
        rows: dict[int | None, Mapping[str, Any]] = {}
        number, more = 1, True
        while more:
            found, more = self._read_page(number)
            listed: list[Any] = [*found]
            page = self._connection.read_rows("actions_list", listed)
            # Actions that start meanwhile push others onto the next page, where they would be read twice.
            rows.update((row.get("id"), row) for row in page if wanted.matches(row) and row.get("id") not in rows)
            more = more and bool(page) and wanted.is_recent(page[-1])
            number += 1
        return [*rows.values()]

    def get(self, action_id: int) -> Action:
        """Return one action by id.

        Raises
        ------
        NotFound
            No action has this id.
        """
        return Action(self.read(action_id), self)

    def read(self, action_id: int) -> dict[str, Any]:
        """Read one action as the API sends it."""
        return self._connection.one("actions_get", path={"action_id": action_id})

    def wait(
        self,
        actions: Action | int | Sequence[Action | int],
        *,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> ActionList:
        """Wait until all of these actions have ended.

        Parameters
        ----------
        actions : Action, int, or sequence of these
        timeout_s : float, optional
            Seconds from now, for each; by default the limit of its type.
        on_progress : callable, optional
            Called with a `Progress` of each, several times a second, in this thread.

        Returns
        -------
        list of Action
            The actions, completed.

        Raises
        ------
        ActionFailed, ActionTimedOut
            The first failure, after all actions have ended or timed out.
        """
        items = [actions] if isinstance(actions, (Action, int)) else list(actions)
        # Many ids are read by pages, as the poller reads them.
        read, _ = fetch_by_ids([item for item in items if isinstance(item, int)], page=self._read_page, one=self.read)
        waited = [item if isinstance(item, Action) else Action(read[item], self) for item in items]
        failures = self.wait_each(waited, timeout_s=timeout_s, on_progress=on_progress)
        if failures:
            first = next(iter(failures.values()))
            if len(waited) > 1:
                add_detail(first, f"{len(failures)} of {len(waited)} actions failed or timed out.")
            raise first
        return waited

    def from_row(self, row: Mapping[str, Any], *, subject: str = "") -> Action:
        """Return an action that another response contained, so that it can be waited for."""
        return Action(row, self, subject=subject)

    def wait_each(
        self,
        actions: Iterable[Action],
        *,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> dict[int, PoseidonError]:
        """Wait until all actions have ended, and return the errors by id instead of raising them."""
        timeout_s = cancellation.validate_timeout(timeout_s)
        items = list(actions)
        by_id = {action.id: action for action in items}
        waiter = self.waiter(on_progress)
        for action in by_id.values():
            waiter.add(action, timeout_s)
        running = [key for key, action in by_id.items() if not action.done]
        if running and on_progress is not None:
            self.read_history()
        try:
            self._poller.wait(running, seen=waiter.update)
        except KeyboardInterrupt as interrupt:
            for note in continuing_notes([action for action in by_id.values() if not action.done]):
                interrupt.add_note(note)
            raise
        for action in items:
            if action is not by_id[action.id]:
                action.assign(by_id[action.id].to_dict())
        return waiter.failures

    def track(self, action: Action, on_progress: OnProgress) -> TrackedAction:
        """Track an action without blocking: `TrackedAction.update` reports what `poll` has read."""
        return TrackedAction(self._connection, self._poller, self.durations, action, on_progress)

    def waiter(self, on_progress: OnProgress | None) -> ActionWaiter:
        """Return a waiter without actions."""
        return ActionWaiter(self._connection, self._poller, self.durations, on_progress=on_progress)

    @property
    def poller(self) -> Poller:
        """The one poller."""
        return self._poller

    def poll(self) -> None:
        """Poll the tracked actions if it is time to. Never sleeps."""
        self._poller.poll()

    def read_newest(self) -> RowList:
        """Read the newest page of actions as the API sends them, and learn from them how long such actions take."""
        self._history_read = True
        rows, _ = self._read_page(1)
        self.durations.learn(rows)
        return rows

    def read_history(self) -> None:
        """Read the newest page once, for the estimates; without permission there are none."""
        if not self._history_read:
            self._history_read = True
            try:
                self.durations.learn(self._read_page(1)[0])
            except PoseidonError:
                return

    def remember(self, action: Action) -> None:
        """Remember the droplet of a running action."""
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
            # The actions are then read one by one.
            return [], False

    def _read_page(self, number: int) -> tuple[RowList, bool]:
        request = self._connection.request("actions_list").with_query(page=number, per_page=PER_PAGE)
        rows = items_of(self._connection.send(request).body, "actions", "actions_list")
        return rows, len(rows) == PER_PAGE
