"""Following an account for panels: however many are open, it is asked once, and not at all while none is.

`Watch.tick` does what is due and never sleeps; `run_in_thread` calls it while somebody subscribes, and a test calls it by
hand. What is asked, and when, `Schedule` says. While an action runs that a panel shows, the client's one poller is asked
as a wait would ask it. Whatever goes wrong is told to the subscribers, and tried again: the thread ends when nobody
subscribes any more, and not before.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.actions.poller import SLICE_S
from poseidon_nb.client.actions.progress import IN_PROGRESS
from poseidon_nb.client.connection import telling
from poseidon_nb.client.watching.account_reading import AccountReading, kind_of
from poseidon_nb.client.watching.followings import Followings
from poseidon_nb.client.watching.schedule import Schedule, Situation
from poseidon_nb.client.watching.subscription import AccountState, Subscription
from poseidon_nb.errors import PoseidonError
from poseidon_nb.text import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from poseidon_nb.client.actions.actions import Action, Actions
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.watching.schedule import Look
    from poseidon_nb.client.watching.subscription import Followed

    Row = Mapping[str, Any]

#: A panel that nobody has used for so long, and that shows nothing running, stops asking, in seconds.
IDLE_S = 900.0


def run_in_thread(watch: Watch) -> None:
    """Drive a watch by a thread of its own, which ends when nobody subscribes any more."""
    threading.Thread(target=watch.run, name="poseidon-watch", daemon=True).start()


class Watch:
    """An account that is followed.

    Parameters
    ----------
    connection : Connection
    actions : Actions
    drive : callable
        Told when there is something to do; has `run` run.
    """

    def __init__(
        self, connection: Connection, actions: Actions, *, drive: Callable[[Watch], None] = run_in_thread
    ) -> None:
        self._clock = connection.session.clock
        self._reading = AccountReading(connection, actions)
        self._followings = Followings(actions, self._reading, tell=self._tell_progress, lost=self._find_again)
        self._schedule = Schedule(self._clock.monotonic())
        self._drive = drive
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._driven = False
        self._subscriptions: list[Subscription] = []
        self._error: PoseidonError | None = None
        self._note = ""
        self.state = AccountState({})

    def subscribe(
        self,
        on_change: Callable[[], None],
        *,
        droplets: Iterable[Row] | None = None,
        actions: bool = False,
        on_progress: Callable[[Followed], None] | None = None,
    ) -> Subscription:
        """Follow the account from now on. Asks nothing itself, and returns at once.

        Parameters
        ----------
        on_change : callable
            Called, in another thread, whenever `state` is another one, or the subscription was paused or closed.
        droplets : iterable of mapping, optional
            Only these are of interest: rows that were just read. Without it, all are.
        actions : bool
            Every action is of interest, and not only those on these droplets.
        on_progress : callable, optional
            Told, in another thread, a `Followed` several times a second for each action that runs and is of interest,
            whoever has started it.
        """
        rows = None if droplets is None else list(droplets)
        ids = None if rows is None else frozenset(row["id"] for row in rows)
        subscription = Subscription(self, ids, on_change, on_progress, actions=actions)
        with self._lock:
            self._schedule.want(everything=rows is None)
            self._reading.put(rows or ())
            self._subscriptions.append(subscription)
            self._publish()
        subscription.resume()
        return subscription

    def follow(self, action: Action) -> None:
        """Report the progress of an action that was just started to `Subscription.on_progress`."""
        self._followings.add(action)
        self._start()

    def look_again(self, ids: Iterable[int]) -> None:
        """Read some droplets again soon."""
        with self._lock:
            self._schedule.want(ids, everything=self._situation().wants_all)
        self._start()

    def put(self, droplets: Iterable[Row]) -> None:
        """Take in droplets that this client has just read past the subscriptions, and tell of them."""
        with self._lock:
            self._reading.put(droplets)
        self._tell_change()

    def hurry(self) -> None:
        """Read what is followed soon, because this client has changed something past the subscriptions."""
        with self._lock:
            if not self._driven:
                return
            now = self._situation()
            self._schedule.began(anew=False)
            self._schedule.want(now.ids, everything=now.wants_all)
        self._wake.set()

    def close(self) -> None:
        """Close all subscriptions."""
        with self._lock:
            closing = [*self._subscriptions]
        for subscription in closing:
            subscription.close()
            subscription.tell_change()

    def end(self, subscription: Subscription) -> None:
        """Follow nothing for this one any more."""
        with self._lock:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)
        self._wake.set()

    def begin(self, subscription: Subscription) -> None:
        """Follow for this one from now on, or again."""
        now_s = self._clock.monotonic()
        with self._lock:
            stale = not self._driven or subscription.paused
            subscription.touched_s, subscription.paused = now_s, False
            self._schedule.began(anew=not self._driven)
            if stale:
                ids = () if subscription.is_new else subscription.ids or ()
                self._schedule.want(ids, everything=subscription.ids is None)
            subscription.is_new = False
        self._start()

    def now_s(self) -> float:
        """Return the clock's seconds."""
        return self._clock.monotonic()

    def _start(self) -> None:
        with self._lock:
            starting, self._driven = not self._driven, True
        self._wake.set()
        if starting:
            self._drive(self)

    def run(self) -> None:
        """Tick until nobody subscribes."""
        while (wait_s := self.tick()) is not None:
            self._clock.wait(self._wake, wait_s)
            self._wake.clear()

    def tick(self) -> float | None:
        """Do what is due, and give the seconds until something may be; None when there is nothing to do any more."""
        now_s = self._clock.monotonic()
        with self._lock:
            paused = self._pause(now_s)
            live = any(not one.paused for one in self._subscriptions)
            if not live:
                self._followings.stop()
                self._driven = False
        for subscription in paused:
            subscription.tell_change()
        if not live:
            return None
        if (held_up_s := self._schedule.held_up_s(now_s)) > 0:
            return held_up_s
        try:
            with telling(self._tell_wait):
                self._read(now_s)
                self._look()
        except PoseidonError as error:
            self._fail(error)
        except Exception as unexpected:  # noqa: BLE001  # a thread that died here would leave panels that look alive
            self._fail(_as_ours(unexpected))
        else:
            self._error = None
            self._schedule.went_well()
        self._note = ""
        self._tell_change()
        with self._lock:
            due_s = self._schedule.due_s(self._situation()) - self._clock.monotonic()
        return max(0.0, min(SLICE_S, due_s) if self._followings and self._error is None else due_s)

    def _fail(self, error: PoseidonError) -> None:
        self._error = error
        self._schedule.failed(self._clock.monotonic())

    def _pause(self, now_s: float) -> list[Subscription]:
        running = self._followings.actions
        paused = []
        for subscription in self._subscriptions:
            if any(subscription.covers(action) for action in running):
                subscription.touched_s = now_s
            elif not subscription.paused and now_s - subscription.touched_s >= IDLE_S:
                subscription.paused = True
                paused.append(subscription)
        return paused

    def _situation(self) -> Situation:
        """Return what is of interest and what is known. Only under the lock."""
        live = [one for one in self._subscriptions if not one.paused]
        wants_all = any(one.ids is None for one in live)
        ids = frozenset(key for one in live for key in one.ids or ())
        droplets = self._reading.droplets
        return Situation(
            wants_all=wants_all,
            ids=ids,
            known=droplets.keys(),
            kinds={kind_of(row) for key, row in droplets.items() if wants_all or key in ids},
            large=self._reading.large,
            read_s=self._reading.read_s,
        )

    def _read(self, now_s: float) -> None:
        with self._lock:
            now = self._situation()
            look = self._schedule.take(now, now_s)
        if look is None:
            return
        before = self._of_interest(now)
        try:
            news = self._ask(look)
        except BaseException:
            with self._lock:
                self._schedule.undone(look)
            raise
        with self._lock:
            self._schedule.done(look, self._clock.monotonic(), changed=self._of_interest(now) != before)
            self._act_upon(news)

    def _of_interest(self, now: Situation) -> dict[int, Row]:
        return {key: row for key, row in self._reading.droplets.items() if now.wants_all or key in now.ids}

    def _ask(self, look: Look) -> Iterable[Row]:
        """Read something; give the actions that have appeared or ended."""
        if look.what == "actions":
            if look.anew:
                self._reading.forget_actions()
            return self._reading.read_actions()
        if look.what == "ids":
            self._reading.read_ids(look.ids)
        for kind in look.kinds:
            self._reading.read_list(kind, whole=look.whole)
        return ()

    def _act_upon(self, actions: Iterable[Mapping[str, Any] | Action]) -> None:
        for action in actions:
            if action.get("resource_type") == "droplet":
                self._schedule.acted_upon(action["resource_id"])

    def _look(self) -> None:
        with self._lock:
            live = [one for one in self._subscriptions if not one.paused]
        for row in self._reading.actions:
            running = row["status"] == IN_PROGRESS and row["id"] not in self._followings
            if running and any(one.covers(row) for one in live):
                self._followings.adopt(row)
        ended = self._followings.look()
        with self._lock:
            self._act_upon(ended)

    def _find_again(self) -> None:
        with self._lock:
            self._schedule.began(anew=True)

    def _tell_progress(self, followed: Followed) -> None:
        if followed.progress.done:
            # Who hears of the end finds the droplet as the action left it.
            self._tell_change()
        with self._lock:
            told = [one for one in self._subscriptions if one.covers(followed.action)]
        for subscription in told:
            subscription.tell_progress(followed)

    def _tell_wait(self, seconds: float, reason: str) -> None:
        self._note = f"waiting {format_duration(seconds)}: {reason}"
        self._tell_change()

    def _tell_change(self) -> None:
        with self._lock:
            changed = self._publish()
            told = [*self._subscriptions] if changed else []
        for subscription in told:
            subscription.tell_change()

    def _publish(self) -> bool:
        reading = self._reading
        now = AccountState(reading.droplets, reading.actions, reading.complete, reading.gone, self._error, self._note)
        changed = now != self.state
        if changed:
            self.state = now
        return changed


def _as_ours(unexpected: Exception) -> PoseidonError:
    """Return an error that panels can show for one that nobody has foreseen."""
    error = PoseidonError(
        f"following the account failed in a way not foreseen: {type(unexpected).__name__}: {unexpected}"
    )
    error.__cause__ = unexpected
    return error
