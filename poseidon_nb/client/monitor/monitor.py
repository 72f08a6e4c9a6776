"""Monitoring an account for panels: one set of requests for all open panels, and none while no panel is open.

`AccountMonitor.tick` does what is due and never sleeps. `run_in_thread` calls it while there are subscriptions; tests call
it by hand. `PollSchedule` decides what is read and when. While a panel shows a running action, the client's one poller
is used as for a blocking wait. Failures are reported to the subscribers and tried again, so the thread ends only when the
last subscription does.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.actions.poller import SLEEP_S
from poseidon_nb.client.actions.progress import IN_PROGRESS
from poseidon_nb.client.connection import report_waits
from poseidon_nb.client.monitor.polling import MonitoredAccount, PollSchedule, PollState, list_of
from poseidon_nb.client.monitor.subscription import AccountState, ActionTracker, Subscription
from poseidon_nb.errors import PoseidonError
from poseidon_nb.text import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from poseidon_nb.client.actions.actions import Action, Actions
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.monitor.polling import PollRequest
    from poseidon_nb.client.monitor.subscription import ActionUpdate

    Row = Mapping[str, Any]

#: Seconds without use after which a panel that shows nothing running is paused.
IDLE_TIMEOUT_S = 900.0


def run_in_thread(monitor: AccountMonitor) -> None:
    """Run a monitor in a thread of its own, which ends with the last subscription."""
    threading.Thread(target=monitor.run, name="poseidon-monitor", daemon=True).start()


class AccountMonitor:
    """Reads an account for its subscribers.

    Parameters
    ----------
    connection : Connection
    actions : Actions
    drive : callable
        Called when there is something to do; must make `run` run.
    """

    def __init__(
        self, connection: Connection, actions: Actions, *, drive: Callable[[AccountMonitor], None] = run_in_thread
    ) -> None:
        self._clock = connection.session.clock
        self._reader = MonitoredAccount(connection, actions)
        self._tracker = ActionTracker(
            actions, self._reader, on_update=self._notify_progress, on_lost=self._find_actions_again
        )
        self._schedule = PollSchedule(self._clock.monotonic())
        self._drive = drive
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._running = False
        self._subscriptions: list[Subscription] = []
        self._error: PoseidonError | None = None
        self._note = ""
        self.state = AccountState({})

    @property
    def interval_s(self) -> float:
        """Seconds between two requests while nothing runs."""
        return self._schedule.interval_s

    @interval_s.setter
    def interval_s(self, seconds: float) -> None:
        self._schedule.interval_s = seconds

    def subscribe(
        self,
        on_change: Callable[[], None],
        *,
        droplets: Iterable[Row] | None = None,
        actions: bool = False,
        on_progress: Callable[[ActionUpdate], None] | None = None,
    ) -> Subscription:
        """Subscribe to changes of the account. Sends nothing itself, and does not block.

        Parameters
        ----------
        on_change : callable
            Called in another thread whenever `state` has changed, or the subscription was paused or closed.
        droplets : iterable of mapping, optional
            The droplets of interest, as rows that were just read; by default all.
        actions : bool
            Whether all actions are of interest, and not only those on these droplets.
        on_progress : callable, optional
            Called in another thread, several times a second, with an `ActionUpdate` of each running action of
            interest, whoever started it.
        """
        rows = None if droplets is None else list(droplets)
        ids = None if rows is None else frozenset(row["id"] for row in rows)
        subscription = Subscription(self, ids, on_change, on_progress, actions=actions)
        with self._lock:
            self._schedule.read_droplets_soon(everything=rows is None)
            self._reader.update(rows or ())
            self._subscriptions.append(subscription)
            self._publish()
        subscription.resume()
        return subscription

    def track(self, action: Action) -> None:
        """Report the progress of an action that was just started to the subscribers."""
        self._tracker.add(action)
        self._start()

    def refresh(self, ids: Iterable[int]) -> None:
        """Read some droplets again soon."""
        with self._lock:
            self._schedule.read_droplets_soon(ids, everything=self._poll_state().wants_all)
        self._start()

    def update_droplets(self, droplets: Iterable[Row]) -> None:
        """Update droplets that this client has just read elsewhere, and notify the subscribers."""
        with self._lock:
            self._reader.update(droplets)
        self._notify_change()

    def poll_soon(self) -> None:
        """Read everything of interest soon, because this client has changed something elsewhere."""
        with self._lock:
            if not self._running:
                return
            state = self._poll_state()
            self._schedule.read_actions_soon(reset=False)
            self._schedule.read_droplets_soon(state.ids, everything=state.wants_all)
        self._wake.set()

    def close(self, reason: str = "") -> None:
        """Close all subscriptions, which then know the reason."""
        with self._lock:
            closing = [*self._subscriptions]
        for subscription in closing:
            subscription.close(reason)
            subscription.notify_change()

    def unsubscribe(self, subscription: Subscription) -> None:
        """Remove a subscription."""
        with self._lock:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)
        self._wake.set()

    def resume(self, subscription: Subscription) -> None:
        """Start or resume reading for a subscription."""
        now_s = self._clock.monotonic()
        with self._lock:
            stale = not self._running or subscription.paused
            subscription.touched_s, subscription.paused = now_s, False
            self._schedule.read_actions_soon(reset=not self._running)
            if stale:
                ids = () if subscription.is_new else subscription.ids or ()
                self._schedule.read_droplets_soon(ids, everything=subscription.ids is None)
            subscription.is_new = False
        self._start()

    def now_s(self) -> float:
        """Return the clock's monotonic seconds."""
        return self._clock.monotonic()

    def _start(self) -> None:
        with self._lock:
            starting, self._running = not self._running, True
        self._wake.set()
        if starting:
            self._drive(self)

    def run(self) -> None:
        """Tick until there are no more subscriptions."""
        while (wait_s := self.tick()) is not None:
            self._clock.wait(self._wake, wait_s)
            self._wake.clear()

    def tick(self) -> float | None:
        """Do what is due, and return the seconds until the next tick; None if there is nothing left to do."""
        now_s = self._clock.monotonic()
        with self._lock:
            paused = self._pause_idle(now_s)
            live = any(not subscription.paused for subscription in self._subscriptions)
            if not live:
                self._tracker.stop()
                self._running = False
        for subscription in paused:
            subscription.notify_change()
        if not live:
            return None
        if (backoff_s := self._schedule.backoff_s(now_s)) > 0:
            return backoff_s
        try:
            with report_waits(self._report_wait):
                self._read(now_s)
                self._track()
        except PoseidonError as error:
            self._fail(error)
        except Exception as unexpected:  # noqa: BLE001  # if the thread ended here, panels would look alive but never change
            self._fail(_unexpected_error(unexpected))
        else:
            self._error = None
            self._schedule.reset_backoff()
        self._note = ""
        self._notify_change()
        with self._lock:
            due_s = self._schedule.due_s(self._poll_state()) - self._clock.monotonic()
        return max(0.0, min(SLEEP_S, due_s) if self._tracker and self._error is None else due_s)

    def _fail(self, error: PoseidonError) -> None:
        self._error = error
        self._schedule.back_off(self._clock.monotonic())

    def _pause_idle(self, now_s: float) -> list[Subscription]:
        running = self._tracker.actions
        paused = []
        for subscription in self._subscriptions:
            if any(subscription.covers(action) for action in running):
                subscription.touched_s = now_s
            elif not subscription.paused and now_s - subscription.touched_s >= IDLE_TIMEOUT_S:
                subscription.paused = True
                paused.append(subscription)
        return paused

    def _poll_state(self) -> PollState:
        """Return what the subscriptions need and what is known. Call it with the lock held."""
        live = [subscription for subscription in self._subscriptions if not subscription.paused]
        wants_all = any(subscription.ids is None for subscription in live)
        ids = frozenset(key for subscription in live for key in subscription.ids or ())
        droplets = self._reader.droplets
        return PollState(
            wants_all=wants_all,
            ids=ids,
            known=droplets.keys(),
            lists={list_of(row) for key, row in droplets.items() if wants_all or key in ids},
            large=self._reader.large,
            read_s=self._reader.read_s,
        )

    def _read(self, now_s: float) -> None:
        with self._lock:
            state = self._poll_state()
            request = self._schedule.take(state, now_s)
        if request is None:
            return
        before = self._droplets_of_interest(state)
        try:
            changes = self._send(request)
        except BaseException:
            with self._lock:
                self._schedule.failed(request)
            raise
        with self._lock:
            changed = self._droplets_of_interest(state) != before
            self._schedule.succeeded(request, self._clock.monotonic(), changed=changed)
            self._schedule_droplets_of(changes)

    def _droplets_of_interest(self, state: PollState) -> dict[int, Row]:
        return {key: row for key, row in self._reader.droplets.items() if state.wants_all or key in state.ids}

    def _send(self, request: PollRequest) -> Iterable[Row]:
        """Read what is requested, and return the actions that appeared or ended."""
        if request.what == "actions":
            if request.reset:
                self._reader.reset_actions()
            return self._reader.read_actions()
        if request.what == "ids":
            self._reader.read_ids(request.ids)
        for name in request.lists:
            self._reader.read_list(name, full=request.full)
        return ()

    def _schedule_droplets_of(self, actions: Iterable[Mapping[str, Any] | Action]) -> None:
        for action in actions:
            if action.get("resource_type") == "droplet":
                self._schedule.action_changed(action["resource_id"])

    def _track(self) -> None:
        with self._lock:
            live = [subscription for subscription in self._subscriptions if not subscription.paused]
        for row in self._reader.actions:
            untracked = row["status"] == IN_PROGRESS and row["id"] not in self._tracker
            if untracked and any(subscription.covers(row) for subscription in live):
                self._tracker.add_row(row)
        ended = self._tracker.poll()
        with self._lock:
            self._schedule_droplets_of(ended)

    def _find_actions_again(self) -> None:
        with self._lock:
            self._schedule.read_actions_soon(reset=True)

    def _notify_progress(self, update: ActionUpdate) -> None:
        if update.progress.done:
            # Subscribers that learn of the end should find the droplet as the action left it.
            self._notify_change()
        with self._lock:
            covering = [subscription for subscription in self._subscriptions if subscription.covers(update.action)]
        for subscription in covering:
            subscription.notify_progress(update)

    def _report_wait(self, seconds: float, reason: str) -> None:
        self._note = f"waiting {format_duration(seconds)}: {reason}"
        self._notify_change()

    def _notify_change(self) -> None:
        with self._lock:
            notified = [*self._subscriptions] if self._publish() else []
        for subscription in notified:
            subscription.notify_change()

    def _publish(self) -> bool:
        reader = self._reader
        now = AccountState(
            reader.droplets, reader.actions, reader.complete, reader.deleted, self._error, self._note, reader.unread
        )
        changed = now != self.state
        if changed:
            self.state = now
        return changed


def _unexpected_error(unexpected: Exception) -> PoseidonError:
    """Return an error for panels to show instead of an unexpected exception."""
    error = PoseidonError(f"Monitoring the account failed unexpectedly: {type(unexpected).__name__}: {unexpected}")
    error.__cause__ = unexpected
    return error
