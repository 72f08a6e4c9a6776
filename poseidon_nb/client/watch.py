"""Following an account for panels: however many are open, it is asked once, and not at all while none is.

`Watch.tick` does what is due and never sleeps; `run_in_thread` calls it while somebody subscribes, and a test calls it by
hand. What it costs: idle panels together one request in `EVERY_S` seconds. In an account of one page of droplets, the
list and the newest actions take turns; in a larger one it is the newest actions, and the whole list is read only when
one of them appeared or ended, or `WHOLE_S` after the last time. While an action runs that a panel shows, the client's one
poller is asked as a wait would ask it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.account_reading import AccountReading, kind_of
from poseidon_nb.client.connection import telling
from poseidon_nb.client.poller import SLICE_S
from poseidon_nb.client.progress import IN_PROGRESS
from poseidon_nb.client.settle import Expected, agrees
from poseidon_nb.client.subscription import Followed, Subscription
from poseidon_nb.errors import NotFound, PoseidonError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from poseidon_nb.client.actions import Action, Actions
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.following import Following
    from poseidon_nb.client.progress import Progress

    Row = Mapping[str, Any]

#: How often an account is asked while nothing runs, in seconds.
EVERY_S = 15.0
#: After how long everything is read again although nothing was seen to happen, in seconds: tags change without an action.
WHOLE_S = 300.0
#: A panel that nobody has used for so long, and that shows nothing running, stops asking, in seconds.
IDLE_S = 900.0
#: While things end one after another, a long list is not read again at once for each, in seconds.
LIST_SPACING_S = 2.0
#: When an account cannot be asked it is tried again after this, and then after ever longer, in seconds.
FIRST_RETRY_S = 5.0
MOST_RETRY_S = 60.0


@dataclass(frozen=True, slots=True)
class AccountState:
    """What is known of an account now.

    Parameters
    ----------
    droplets : mapping
        Rows by id, as the API sends them, in the order served. All of them only where `complete`.
    actions : tuple
        Rows, newest first.
    complete : bool
        Whether all droplets are known.
    gone : frozenset of int
        Droplets that were known, and are no more.
    error : PoseidonError or None
        Why the account cannot be asked now. It is tried again.
    note : str
        What holds it up: a pause for the rate limit.
    """

    droplets: Mapping[int, Row]
    actions: tuple[Row, ...] = ()
    complete: bool = False
    gone: frozenset[int] = frozenset()
    error: PoseidonError | None = None
    note: str = ""


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
        self._actions = actions
        self._reading = AccountReading(connection, actions)
        self._drive = drive
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._driven = False
        self._subscriptions: list[Subscription] = []
        self._followings: dict[int, Following] = {}
        #: Nobody has looked for a while: what is read now is not news.
        self._stale = True
        #: Somebody has just come, and wants to see what runs.
        self._fresh = True
        self._all_due = False
        self._ids_due: set[int] = set()
        self._second_look: set[int] = set()
        self._next_s = 0.0
        self._ids_read_s = self._clock.monotonic()
        self._not_before_s = 0.0
        self._retry_s = FIRST_RETRY_S
        self._turn = 0
        self._error: PoseidonError | None = None
        self._note = ""
        self.state = AccountState({})

    # --- subscribing -------------------------------------------------------------------------------------------------
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
            if rows is None:
                self._all_due = True
            self._reading.put(rows or ())
            self._subscriptions.append(subscription)
            self._publish()
        subscription.resume()
        return subscription

    def follow(self, action: Action) -> None:
        """Tell how an action goes that was just started; `Subscription.on_progress` hears of it."""
        with self._lock:
            self._follow(action)
        self._start()

    def look_again(self, ids: Iterable[int]) -> None:
        """Have some droplets read again soon."""
        with self._lock:
            self._ids_due.update(ids)
            self._all_due = self._all_due or self._wants_all
        self._start()

    def close(self) -> None:
        """Close all subscriptions."""
        with self._lock:
            closing = [*self._subscriptions]
        for subscription in closing:
            subscription.close()
            subscription.on_change()

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
            self._fresh = True
            if stale:
                self._stale = self._stale or not self._driven
                self._ids_due.update(() if subscription.is_new else subscription.ids or ())
                self._all_due = self._all_due or subscription.ids is None
            subscription.is_new = False
        self._start()

    def now_s(self) -> float:
        """Give the clock's seconds."""
        return self._clock.monotonic()

    # --- driving -----------------------------------------------------------------------------------------------------
    def _start(self) -> None:
        with self._lock:
            starting, self._driven = not self._driven, True
        self._wake.set()
        if starting:
            self._drive(self)

    def run(self) -> None:
        """Tick until nobody subscribes."""
        try:
            while (wait_s := self.tick()) is not None:
                self._clock.wait(self._wake, wait_s)
                self._wake.clear()
        except BaseException:
            # So that the next subscription starts it anew.
            self._driven = False
            raise

    def tick(self) -> float | None:
        """Do what is due, and give the seconds until something may be; None when there is nothing to do any more."""
        now_s = self._clock.monotonic()
        with self._lock:
            paused = self._pause(now_s)
            live = [one for one in self._subscriptions if not one.paused]
            if not live:
                for following in self._followings.values():
                    following.stop()
                self._followings.clear()
                self._driven = False
        for subscription in paused:
            subscription.on_change()
        if not live:
            return None
        if now_s < self._not_before_s:
            return self._not_before_s - now_s
        with telling(self._tell_wait):
            try:
                self._read(now_s)
                self._look()
            except PoseidonError as error:
                self._error = error
                self._not_before_s = self._clock.monotonic() + self._retry_s
                self._retry_s = min(MOST_RETRY_S, 2 * self._retry_s)
            else:
                self._error, self._retry_s = None, FIRST_RETRY_S
        self._note = ""
        self._tell_change()
        if self._error is not None:
            return self._not_before_s - self._clock.monotonic()
        return SLICE_S if self._followings else max(0.0, self._due_s() - self._clock.monotonic())

    def _pause(self, now_s: float) -> list[Subscription]:
        paused = []
        for subscription in self._subscriptions:
            if any(subscription.covers(following.action) for following in self._followings.values()):
                subscription.touched_s = now_s
            elif not subscription.paused and now_s - subscription.touched_s >= IDLE_S:
                subscription.paused = True
                paused.append(subscription)
        return paused

    # --- reading -----------------------------------------------------------------------------------------------------
    @property
    def _wants_all(self) -> bool:
        return any(one.ids is None and not one.paused for one in self._subscriptions)

    @property
    def _watched(self) -> set[int]:
        return {key for one in self._subscriptions if not one.paused for key in one.ids or ()}

    def _due_s(self) -> float:
        if self._wants_all:
            return min(self._next_s, self._list_due_s()) if self._all_due else self._next_s
        return 0.0 if self._ids_due & self._watched else self._next_s

    def _list_due_s(self) -> float:
        return self._reading.read_s.get("droplets", -LIST_SPACING_S) + (LIST_SPACING_S if self._reading.large else 0.0)

    def _read(self, now_s: float) -> None:
        asked = self._fresh
        if self._fresh:
            if self._stale:
                self._reading.forget_actions()
            self._take_in_actions()
            self._fresh = self._stale = False
        if self._all_due and self._wants_all and now_s >= self._list_due_s():
            # First, so that what happens meanwhile is read again.
            self._all_due = False
            self._or_again(self._read_droplets)
            self._ids_due.clear()
            asked = True
        elif self._ids_due and not self._wants_all:
            ids = self._ids_due & self._watched
            self._ids_due = set()
            if ids:
                self._or_again(lambda: self._reading.read_ids(ids), ids)
                asked = True
        elif not asked and now_s >= self._next_s:
            self._read_in_turn(now_s)
            asked = True
        if asked:
            self._next_s = self._clock.monotonic() + EVERY_S

    def _or_again(self, read: Callable[[], None], ids: Iterable[int] = ()) -> None:
        """Read; what could not be read stays due."""
        try:
            read()
        except PoseidonError:
            self._ids_due.update(ids)
            self._all_due = True
            raise

    def _read_droplets(self) -> None:
        self._reading.read_list("droplets")
        if self._is_old("gpus") or self._reading.has_gpus:
            self._reading.read_list("gpus")

    def _is_old(self, kind: Any) -> bool:
        return self._clock.monotonic() - self._reading.read_s.get(kind, -WHOLE_S) >= WHOLE_S

    def _read_in_turn(self, now_s: float) -> None:
        self._turn += 1
        second_look, self._second_look = self._second_look & self._reading.droplets.keys(), set()
        if second_look and self._reading.large:
            # In a small account the list has its turn anyway.
            self._reading.read_ids(second_look)
            return
        reading, wants_all, watched = self._reading, self._wants_all, self._watched
        if reading.large:
            if wants_all and self._is_old("droplets"):
                reading.read_all()
            elif not wants_all and now_s - self._ids_read_s >= WHOLE_S:
                reading.read_ids(watched)
                self._ids_read_s = now_s
            else:
                self._take_in_actions()
            return
        kinds = {kind_of(row) for key, row in reading.droplets.items() if wants_all or key in watched}
        if self._turn % 2 == 0:
            self._take_in_actions()
        elif wants_all and self._is_old("gpus"):
            reading.read_list("gpus")
        elif "gpus" in kinds and (len(kinds) == 1 or self._turn % 4 == 3):  # noqa: PLR2004  # every other of these turns
            reading.read_list("gpus", whole=wants_all)
        else:
            reading.read_list("droplets", whole=wants_all)

    def _take_in_actions(self) -> None:
        for row in self._reading.read_actions():
            self._concerns(row)

    def _concerns(self, action: Row) -> None:
        """Have read again what an action that appeared or ended may have changed."""
        if action.get("resource_type") == "droplet":
            self._all_due = True
            self._ids_due.add(action["resource_id"])
            # A droplet may read as before for seconds after its action has completed.
            self._second_look.add(action["resource_id"])

    # --- actions that run --------------------------------------------------------------------------------------------
    def _follow(self, action: Action) -> None:
        known = self._followings.pop(action.id, None)
        if known is not None:
            known.stop()
        self._reading.put_action(action.to_dict())
        self._followings[action.id] = self._actions.follow(action, lambda told: self._tell_progress(action, told))

    def _adopted(self, row: Row) -> Action:
        """Give an action that somebody else has started; without parameters, for what it was asked for is not told."""
        droplet = self._reading.droplets.get(row["resource_id"]) if row.get("resource_type") == "droplet" else None
        action = self._actions.adopt(row, subject=droplet["name"] if droplet else "")
        if droplet is not None:
            action.expected = Expected(
                droplet["id"], lambda now: agrees(action.type, now, {}), lambda now: self._reading.put([now])
            )
        return action

    def _look(self) -> None:
        with self._lock:
            for row in self._reading.actions:
                wanted = any(one.covers(row) and not one.paused for one in self._subscriptions)
                if row["status"] == IN_PROGRESS and wanted and row["id"] not in self._followings:
                    self._follow(self._adopted(row))
            followings = [*self._followings.values()]
        try:
            if followings:
                self._actions.poll()
        except NotFound as error:
            self._lose(followings, error)
            return
        for following in followings:
            if following.look():
                with self._lock:
                    if self._followings.get(following.action.id) is following:
                        del self._followings[following.action.id]
                    self._reading.put_action(following.action.to_dict())
                    self._concerns(following.action.to_dict())

    def _lose(self, followings: Iterable[Following], error: PoseidonError) -> None:
        """Follow none of these any more: one is not there, and the poller does not say which. The rest is found again."""
        for following in followings:
            following.stop()
            self._tell_followed(Followed(following.action, following.progress, error))
        with self._lock:
            self._followings.clear()
            self._fresh = self._stale = True

    # --- telling -----------------------------------------------------------------------------------------------------
    def _tell_progress(self, action: Action, progress: Progress) -> None:
        following = self._followings.get(action.id)
        self._tell_followed(Followed(action, progress, following.failure if following is not None else None))

    def _tell_followed(self, followed: Followed) -> None:
        with self._lock:
            told = [one for one in self._subscriptions if one.covers(followed.action)]
        for subscription in told:
            if subscription.on_progress is not None:
                subscription.on_progress(followed)

    def _tell_wait(self, seconds: float, reason: str) -> None:
        self._note = f"waiting {seconds:.0f} s: {reason}"
        self._tell_change()

    def _tell_change(self) -> None:
        with self._lock:
            changed = self._publish()
            told = [*self._subscriptions] if changed else []
        for subscription in told:
            subscription.on_change()

    def _publish(self) -> bool:
        reading = self._reading
        now = AccountState(reading.droplets, reading.actions, reading.complete, reading.gone, self._error, self._note)
        changed = now != self.state
        if changed:
            self.state = now
        return changed
