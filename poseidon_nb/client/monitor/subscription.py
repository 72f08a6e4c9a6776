"""Subscriptions to an account monitor, and the running actions that it reports to them."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.consistency import expected_after
from poseidon_nb.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.client.actions.actions import Action, Actions
    from poseidon_nb.client.actions.progress import Progress
    from poseidon_nb.client.actions.waiting import TrackedAction
    from poseidon_nb.client.monitor.monitor import AccountMonitor
    from poseidon_nb.client.monitor.polling import MonitoredAccount
    from poseidon_nb.errors import PoseidonError

    Row = Mapping[str, Any]

_log = logging.getLogger("poseidon_nb")


@dataclass(frozen=True, slots=True)
class AccountState:
    """What is known about an account.

    Parameters
    ----------
    droplets : mapping
        Rows by id as the API sends them, in the order of the API. All droplets only if `complete`.
    actions : tuple
        Rows, newest first.
    complete : bool
        Whether all droplets are known.
    deleted : frozenset of int
        Droplets that were known and no longer exist.
    error : PoseidonError or None
        Why the account cannot be read at the moment. The monitor keeps trying.
    note : str
        What delays the monitor, such as the rate limit.
    unread : str
        What could not be read of the droplets and actions; their other fields and rows are known.
    """

    droplets: Mapping[int, Row]
    actions: tuple[Row, ...] = ()
    complete: bool = False
    deleted: frozenset[int] = frozenset()
    error: PoseidonError | None = None
    note: str = ""
    unread: str = ""


@dataclass(frozen=True, slots=True)
class ActionUpdate:
    """News about an action that is in progress, or has just ended.

    Parameters
    ----------
    action : Action
    progress : Progress
    error : PoseidonError or None
        Why it failed, or is no longer tracked.
    """

    action: Action
    progress: Progress
    error: PoseidonError | None


class Subscription:
    """One panel's subscription to an `AccountMonitor`.

    Attributes
    ----------
    ids : frozenset of int or None
        The droplets of interest; None for all.
    paused : bool
        Whether it is idle for so long that it causes no more requests; `resume` continues.
    closed : bool
        Whether it was closed, or the client was.
    closed_because : str
        Why the client was closed; empty if that is unknown.
    """

    def __init__(
        self,
        monitor: AccountMonitor,
        ids: frozenset[int] | None,
        on_change: Callable[[], None],
        on_progress: Callable[[ActionUpdate], None] | None,
        *,
        actions: bool,
    ) -> None:
        self._monitor = monitor
        self.ids = ids
        self.on_change = on_change
        self.on_progress = on_progress
        self.actions = actions
        self.is_new = True
        self.paused = False
        self.closed = False
        self.closed_because = ""
        self.touched_s = 0.0
        self._has_failed = False

    @property
    def state(self) -> AccountState:
        """What is known about the account."""
        return self._monitor.state

    def covers(self, action: Mapping[str, Any] | Action) -> bool:
        """Return whether an action is of interest."""
        on_droplet = action.get("resource_type") == "droplet" and (
            self.ids is None or action.get("resource_id") in self.ids
        )
        return self.actions or on_droplet

    def notify_change(self) -> None:
        """Call `on_change`."""
        self._notify(self.on_change)

    def notify_progress(self, update: ActionUpdate) -> None:
        """Call `on_progress`, if it is set."""
        if self.on_progress is not None:
            self._notify(self.on_progress, update)

    def _notify(self, callback: Callable[..., None], *updates: ActionUpdate) -> None:
        try:
            callback(*updates)
        except Exception:  # noqa: BLE001  # a subscriber may fail in any way
            # The other subscribers still get their updates. It is logged once, because updates come several times a second.
            if not self._has_failed:
                self._has_failed = True
                _log.exception("A panel failed to handle an update of its account.")

    def touch(self) -> None:
        """Record that the panel is in use; resume it if it is paused."""
        if self.paused:
            self.resume()
        self.touched_s = self._monitor.now_s()

    def resume(self) -> None:
        """Continue after a pause."""
        if not self.closed:
            self._monitor.resume(self)

    def track(self, action: Action) -> None:
        """Report the progress of an action that was just started to `on_progress`."""
        self._monitor.track(action)

    def refresh(self) -> None:
        """Read the droplets of interest again soon."""
        self._monitor.refresh(self.ids or ())

    def close(self, reason: str = "") -> None:
        """End the subscription."""
        self.closed, self.closed_because = True, reason
        self._monitor.unsubscribe(self)


class ActionTracker:
    """Tracks the running actions of an account: those that its panels started, and others that were found.

    Parameters
    ----------
    actions : Actions
    reader : MonitoredAccount
        Provides the names of droplets, and receives the final state of each action.
    on_update : callable
        Called with an `ActionUpdate` of each, in the thread that polls.
    on_lost : callable
        Called when tracking stopped, and the running actions must be found again.
    """

    def __init__(
        self,
        actions: Actions,
        reader: MonitoredAccount,
        *,
        on_update: Callable[[ActionUpdate], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._actions = actions
        self._reader = reader
        self._on_update = on_update
        self._on_lost = on_lost
        self._lock = threading.Lock()
        self._tracked: dict[int, TrackedAction] = {}

    def __contains__(self, action_id: int) -> bool:
        return action_id in self._tracked

    def __len__(self) -> int:
        return len(self._tracked)

    @property
    def actions(self) -> list[Action]:
        """The tracked actions."""
        with self._lock:
            return [tracked.action for tracked in self._tracked.values()]

    def add(self, action: Action) -> None:
        """Track an action; it replaces a tracked action with the same id."""
        if action.expected is not None and action.get("resource_type") == "droplet":
            action.expected = replace(action.expected, on_read=self._share(action.expected.on_read))
        with self._lock:
            known = self._tracked.pop(action.id, None)
            if known is not None:
                known.stop()
            self._reader.update_action(action.to_dict())
            self._tracked[action.id] = self._actions.track(action, lambda progress: self._report(action, progress))

    def add_row(self, row: Row) -> None:
        """Track an action that somebody else started; the parameters of its request are unknown."""
        droplet = self._reader.droplets.get(row["resource_id"]) if row.get("resource_type") == "droplet" else None
        action = self._actions.from_row(row, subject=droplet["name"] if droplet else "")
        if droplet is not None:
            action.expected = expected_after(action.type, droplet["id"], lambda _: None)
        self.add(action)

    def _share(self, on_read: Callable[[Row], None]) -> Callable[[Row], None]:
        """Return a callback that also shares each row with all subscribers."""

        def read(row: Row) -> None:
            on_read(row)
            self._reader.update([row])

        return read

    def stop(self) -> None:
        """Stop tracking all actions."""
        with self._lock:
            stopped = [*self._tracked.values()]
            self._tracked.clear()
        for tracked in stopped:
            tracked.stop()

    def poll(self) -> list[Action]:
        """Poll if it is time to, report each action, and return those that have ended. Never sleeps."""
        with self._lock:
            current = [*self._tracked.values()]
        if not current:
            return []
        try:
            self._actions.poll()
        except NotFound as error:
            # One of them does not exist, and the poller does not know which.
            self.stop()
            for tracked in current:
                self._on_update(ActionUpdate(tracked.action, tracked.progress, error))
            self._on_lost()
            return []
        return [tracked.action for tracked in current if self._update(tracked)]

    def _update(self, tracked: TrackedAction) -> bool:
        ended = tracked.update()
        if ended:
            with self._lock:
                if self._tracked.get(tracked.action.id) is tracked:
                    del self._tracked[tracked.action.id]
            self._reader.update_action(tracked.action.to_dict())
        return ended

    def _report(self, action: Action, progress: Progress) -> None:
        tracked = self._tracked.get(action.id)
        self._on_update(ActionUpdate(action, progress, tracked.failure if tracked is not None else None))
