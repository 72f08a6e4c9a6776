"""What an account monitor reads next, when, and the requests that read it.

Idle panels cost one request every `POLL_INTERVAL_S` seconds. With one page of droplets, the droplet list and the newest
actions take turns, because neither shows everything. Tags change, and a system shuts itself down, without an action. A
running snapshot does not change the droplet's row, not even ``locked``. Each is a hint for the other: an action that
appeared or ended triggers a read of the list, and a changed row triggers a read of the actions. A change made elsewhere
therefore shows within one interval if both reveal it, and within two if only one does. If no droplet is of interest,
only the actions are read.

With more pages, the newest actions are read. The whole list is read only when an action appeared or ended, or
`FULL_REFRESH_S` after the last time.

API: ``droplets_list``, which leaves GPU droplets out, so they are a second list; ``droplets_get``, ``actions_list``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from poseidon_nb.client.actions.progress import IN_PROGRESS
from poseidon_nb.client.connection import items_of
from poseidon_nb.client.fetch import fetch_droplets
from poseidon_nb.frames.decode import get_decoder
from poseidon_nb.frames.schemas import TABLES
from poseidon_nb.frames.tolerance import UnreadValues

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from poseidon_nb.client.actions.actions import Actions
    from poseidon_nb.client.connection import Connection

    Row = Mapping[str, Any]

#: The two lists of droplets.
ListName = Literal["droplets", "gpus"]

#: Fields that panels rely on, for rows without them.
_REQUIRED: dict[str, dict[str, Any]] = {
    "droplets": {},
    "actions": {"status": "unknown", "type": "action", "resource_type": "", "resource_id": None, "started_at": None},
}
#: Parts of a droplet that are equal for many droplets.
_SHARED = ("region", "size", "image")
#: Seconds between two requests while nothing runs, unless the account has its own interval.
POLL_INTERVAL_S = 15.0
#: Seconds after which everything is read again without a sign of a change: tags change without an action.
FULL_REFRESH_S = 300.0
#: Seconds between two reads of a long list while several actions end one after another.
MIN_LIST_INTERVAL_S = 2.0
#: Seconds until the first retry after a failure; each further retry waits longer.
MIN_RETRY_S = 5.0
MAX_RETRY_S = 60.0


def list_of(droplet: Row) -> ListName:
    """Return the list that contains a droplet."""
    size = droplet.get("size") or {}
    return "gpus" if size.get("gpu_info") or str(droplet.get("size_slug")).startswith("gpu-") else "droplets"


@dataclass(frozen=True, slots=True)
class PollRequest:
    """One read of the account.

    Parameters
    ----------
    what : str
        The newest actions, lists of droplets, or droplets by id.
    lists : tuple of str
        The lists to read.
    full : bool
        Whether to read all pages of a list; otherwise stop if it has more than one.
    ids : frozenset of int
        The droplets to read.
    reset : bool
        Whether the newest actions are a new baseline, so that none of them counts as a change.
    routine : bool
        Whether only the interval triggered it, and not a change.
    """

    what: Literal["actions", "lists", "ids"]
    lists: tuple[ListName, ...] = ()
    full: bool = True
    ids: frozenset[int] = frozenset()
    reset: bool = False
    routine: bool = False


@dataclass(frozen=True, slots=True)
class PollState:
    """What the subscriptions need and what is known, for choosing the next request.

    Parameters
    ----------
    wants_all : bool
        Whether all droplets are of interest.
    ids : frozenset of int
        The individual droplets of interest.
    known : collection of int
        The known droplets.
    lists : collection of str
        The lists that contain the droplets of interest.
    large : bool
        Whether there is more than one page of droplets.
    read_s : mapping
        When each list was last read completely.
    """

    wants_all: bool
    ids: frozenset[int]
    known: Collection[int]
    lists: Collection[ListName]
    large: bool
    read_s: Mapping[ListName, float]

    def is_stale(self, name: ListName, now_s: float) -> bool:
        """Return whether a list was not read completely for `FULL_REFRESH_S`."""
        return now_s - self.read_s.get(name, -FULL_REFRESH_S) >= FULL_REFRESH_S

    @property
    def list_due_s(self) -> float:
        """Earliest time of the next read of the list."""
        return self.read_s.get("droplets", -MIN_LIST_INTERVAL_S) + (MIN_LIST_INTERVAL_S if self.large else 0.0)


class PollSchedule:
    """Decides what to read next, and when. It sends nothing itself.

    Parameters
    ----------
    now_s : float
        The clock's monotonic seconds.
    """

    def __init__(self, now_s: float) -> None:
        #: Nothing was read for a while, so what is read next is a new baseline.
        self._reset = True
        self._actions_due = True
        self._all_due = False
        self._ids_due: set[int] = set()
        self._recheck: set[int] = set()
        #: Seconds between two requests while nothing runs.
        self.interval_s = POLL_INTERVAL_S
        self._next_s = 0.0
        self._ids_read_s = now_s
        self._not_before_s = 0.0
        self._retry_s = MIN_RETRY_S
        self._turn = 0

    def read_actions_soon(self, *, reset: bool) -> None:
        """Schedule a read of the actions, for a new or resumed subscription."""
        self._actions_due = True
        self._reset = self._reset or reset

    def read_droplets_soon(self, ids: Iterable[int] = (), *, everything: bool = False) -> None:
        """Schedule a read of these droplets, or of all droplets."""
        self._ids_due.update(ids)
        self._all_due = self._all_due or everything

    def action_changed(self, droplet_id: int) -> None:
        """Schedule reads of a droplet on which an action appeared or ended."""
        self.read_droplets_soon([droplet_id], everything=True)
        # A droplet may read as before for seconds after its action completed.
        self._recheck.add(droplet_id)

    def backoff_s(self, now_s: float) -> float:
        """Return the seconds until the account may be read again after a failure, usually 0."""
        return max(0.0, self._not_before_s - now_s)

    def due_s(self, state: PollState) -> float:
        """Return the time of the next read, in the clock's seconds."""
        if self._actions_due or (not state.wants_all and self._ids_due & state.ids):
            return self._not_before_s
        due_s = min(self._next_s, state.list_due_s) if self._all_due and state.wants_all else self._next_s
        return max(due_s, self._not_before_s)

    def take(self, state: PollState, now_s: float) -> PollRequest | None:
        """Return the request that is due now, or None.

        It counts as read from here on, so that a change during the read makes it due again.
        """
        if now_s < self.due_s(state):
            return None
        if self._actions_due:
            reset, self._actions_due, self._reset = self._reset, False, False
            return PollRequest("actions", reset=reset)
        if state.wants_all:
            if self._all_due and now_s >= state.list_due_s:
                return self._read_all(state, now_s)
        else:
            ids, self._ids_due = frozenset(self._ids_due & state.ids), set()
            if ids:
                return PollRequest("ids", ids=ids)
        return self._routine(state, now_s)

    def _read_all(self, state: PollState, now_s: float) -> PollRequest:
        self._all_due = False
        self._ids_due.clear()
        # `droplets_list` leaves GPU droplets out.
        gpus = state.is_stale("gpus", now_s) or "gpus" in state.lists
        return PollRequest("lists", ("droplets", "gpus") if gpus else ("droplets",))

    def _routine(self, state: PollState, now_s: float) -> PollRequest:
        self._turn += 1
        recheck, self._recheck = frozenset(self._recheck.intersection(state.known)), set()
        if state.large:
            return self._routine_of_large(state, now_s, recheck)
        # In a small account the list takes its turn anyway, which rechecks the droplets.
        if self._turn % 2 == 0 or not (state.wants_all or state.ids):
            return PollRequest("actions", routine=True)
        if state.wants_all and state.is_stale("gpus", now_s):
            return PollRequest("lists", ("gpus",), routine=True)
        every_other_turn = self._turn % 4 == 3  # noqa: PLR2004  # of the turns that read a list
        if "gpus" in state.lists and (len(state.lists) == 1 or every_other_turn):
            return PollRequest("lists", ("gpus",), full=state.wants_all, routine=True)
        return PollRequest("lists", ("droplets",), full=state.wants_all, routine=True)

    def _routine_of_large(self, state: PollState, now_s: float, recheck: frozenset[int]) -> PollRequest:
        if recheck:
            return PollRequest("ids", ids=recheck, routine=True)
        if state.wants_all and state.is_stale("droplets", now_s):
            return self._read_all(state, now_s)
        if state.ids and not state.wants_all and now_s - self._ids_read_s >= FULL_REFRESH_S:
            self._ids_read_s = now_s
            return PollRequest("ids", ids=state.ids, routine=True)
        return PollRequest("actions", routine=True)

    def succeeded(self, request: PollRequest, now_s: float, *, changed: bool) -> None:
        """Record that a request succeeded, and whether a droplet of interest changed."""
        self._next_s = now_s + self.interval_s
        # If the request followed an action, the cause of the change is known already.
        self._actions_due = self._actions_due or (changed and request.routine and request.what == "lists")

    def failed(self, request: PollRequest) -> None:
        """Schedule a failed request again."""
        if request.what == "actions":
            self._actions_due = True
            self._reset = self._reset or request.reset
        else:
            self.read_droplets_soon(request.ids, everything=request.what == "lists" and request.full)

    def back_off(self, now_s: float) -> None:
        """Pause because the account cannot be read, longer after each failure."""
        self._not_before_s = now_s + self._retry_s
        self._retry_s = min(MAX_RETRY_S, 2 * self._retry_s)

    def reset_backoff(self) -> None:
        """Start with the shortest pause again after the next failure."""
        self._retry_s = MIN_RETRY_S


class MonitoredAccount:
    """The droplets and newest actions of an account as last read, and the requests that update them.

    Parameters
    ----------
    connection : Connection
    actions : Actions
    """

    def __init__(self, connection: Connection, actions: Actions) -> None:
        self._connection = connection
        self._actions = actions
        self._lists: dict[ListName, dict[int, Row]] = {"droplets": {}, "gpus": {}}
        #: Number of pages of each list, once known.
        self._pages: dict[ListName, int] = {}
        #: When each list was last read completely, in the clock's seconds; otherwise only a part of it is known.
        self.read_s: dict[ListName, float] = {}
        self._newest: dict[int, Row] = {}
        self._has_baseline = False
        self.deleted: frozenset[int] = frozenset()
        self._unread: dict[str, str] = {}
        #: The last value of each shared part, by its name and slug or id.
        self._parts: dict[tuple[str, object], Row] = {}

    @property
    def unread(self) -> str:
        """What could not be read when it was last read; usually empty."""
        return "; ".join(filter(None, self._unread.values()))

    def _readable(self, what: str, resource: str, rows: Iterable[Any]) -> list[Row]:
        """Return the rows that have an id, with None for each known field of another type."""
        unread = UnreadValues(resource)
        found = get_decoder(TABLES[resource]).clean(list(rows), unread)
        for row in found:
            if row.get("id") is None:
                unread.add("id", row.get("name"), "a row without an id")
        self._unread[what] = unread.warning
        defaults = _REQUIRED[resource]
        if resource == "droplets":
            for row in found:
                self._share_parts(row)
        return [_with_defaults(row, defaults) for row in found if row.get("id") is not None]

    def _share_parts(self, row: dict[str, Any]) -> None:
        """Replace parts of a droplet that are known already: 10,000 droplets then take a third of the memory."""
        for name in _SHARED:
            part = row.get(name)
            if not isinstance(part, dict):
                continue
            key = (name, part.get("slug") or part.get("id"))
            known = self._parts.get(key)
            if known == part:
                row[name] = known
            else:
                self._parts[key] = part

    @property
    def droplets(self) -> dict[int, Row]:
        """The known droplets by id, in the order of the API."""
        return {**self._lists["droplets"], **self._lists["gpus"]}

    @property
    def actions(self) -> tuple[Row, ...]:
        """The newest actions, newest first."""
        return tuple(self._newest[key] for key in sorted(self._newest, reverse=True))

    @property
    def complete(self) -> bool:
        """Whether all droplets are known."""
        return len(self.read_s) == len(self._lists)

    @property
    def large(self) -> bool:
        """Whether there is more than one page of droplets."""
        return any(last > 1 for last in self._pages.values())

    def update(self, droplets: Iterable[Row]) -> None:
        """Update droplets that were read elsewhere."""
        for row in droplets:
            self._lists[list_of(row)][row["id"]] = row
            self.deleted -= {row["id"]}

    def reset_actions(self) -> None:
        """Reset the baseline, so that no action on the next page counts as a change."""
        self._has_baseline = False

    def update_action(self, row: Row) -> None:
        """Update an action that was read elsewhere."""
        self._newest[row["id"]] = row

    def read_actions(self) -> list[Row]:
        """Read the newest actions, and return those that appeared or ended since the last time."""
        rows = self._readable("actions", "actions", self._actions.read_newest())
        latest = max(self._newest, default=0)
        changes = []
        for row in rows:
            before = self._newest.get(row["id"])
            appeared = before is None and row["id"] > latest
            ended = before is not None and before["status"] == IN_PROGRESS != row["status"]
            if self._has_baseline and (appeared or ended):
                changes.append(row)
        self._newest = {row["id"]: row for row in rows}
        self._has_baseline = True
        return changes

    def read_list(self, name: ListName, *, full: bool = True) -> None:
        """Read a list of droplets; without ``full``, stop after the first page if there are more."""
        query = {"type": "gpus"} if name == "gpus" else {}
        rows: dict[int, Row] = {}
        self._unread = {what: text for what, text in self._unread.items() if not what.startswith(f"{name} ")}
        for page in self._connection.pages("droplets_list", query=query):
            for row in self._readable(
                f"{name} {page.number}", "droplets", items_of(page.body, "droplets", "droplets_list")
            ):
                # Droplets that move to the next page while the list is read would appear twice.
                rows.setdefault(row["id"], row)
            self._pages[name] = page.last
            if not full and page.last > 1:
                self.update(row for key, row in rows.items() if key in self._lists[name])
                return
        before, self._lists[name] = self._lists[name], rows
        self.read_s[name] = self._connection.session.clock.monotonic()
        self.deleted = (self.deleted | before.keys()) - self.droplets.keys()

    def read_ids(self, ids: Collection[int]) -> None:
        """Read some droplets, in as few requests as possible."""
        found, _ = fetch_droplets(self._connection, ids)
        self.update(self._readable("some", "droplets", found.values()))
        for missing in set(ids) - found.keys():
            for known in self._lists.values():
                known.pop(missing, None)
            self.deleted |= {missing}


def _with_defaults(row: Row, defaults: Mapping[str, Any]) -> Row:
    """Return a row with a default for each of these fields that it lacks; the same object if it lacks none."""
    missing = {name: default for name, default in defaults.items() if row.get(name) is None}
    return {**row, **missing} if missing else row
