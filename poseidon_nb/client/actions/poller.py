"""The one poller of a client: it asks the account once, however many callers wait.

There is no thread. Waiting callers take turns at polling, and each result wakes the others. So nothing keeps running when
nobody waits, Ctrl-C ends a wait at once, and tests move time by hand.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.actions.progress import IN_PROGRESS
from poseidon_nb.client.engine.recovery import TRANSIENT_ERRORS
from poseidon_nb.client.fetch import FIRST_PAGE, fetch_by_ids, request_count
from poseidon_nb.errors import NotFound, PoseidonError
from poseidon_nb.transport.pagination import PER_PAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from poseidon_nb.clock import Clock

    Row = Mapping[str, Any]

#: Longest sleep of a waiting caller in seconds; it decides how smoothly a progress bar moves.
SLEEP_S = 0.25
MIN_TICK_S = 1.0
MAX_TICK_S = 5.0
#: Each page costs a request, so ticks are further apart with many pages. For 500 actions (3 pages) this means fewer than 30
#: requests in 12 s, and an end that is noticed after 0.8 s on average.
TICK_S_PER_PAGE = 0.4
#: Slow enough that after 12 s without a change an end is still noticed within 3 s.
TICK_GROWTH = 1.1
#: A new action may read 404 for a moment (terraform-provider-digitalocean, reserved IP actions).
MAX_MISSES = 5
#: Seconds of failed polls, without a success in between, before the poller gives up.
MAX_FAILING_S = 120.0


def next_tick_s(tick_s: float, *, changed: bool, pages: int) -> float:
    """Return the seconds until the next poll: short after a change, growing without one."""
    minimum_s = min_tick_s(pages)
    return minimum_s if changed else min(max(MAX_TICK_S, minimum_s), max(minimum_s, tick_s * TICK_GROWTH))


def min_tick_s(pages: int) -> float:
    """Return the seconds between two polls of so many pages after a change."""
    return max(MIN_TICK_S, TICK_S_PER_PAGE * pages)


class Poller:
    """Polls the actions that callers wait for.

    Parameters
    ----------
    page : callable
        Reads one newest-first page of the account's actions; returns its rows and whether there are more pages.
    one : callable
        Reads one action.
    clock : Clock
    learn : callable
        Called with every action that is read.
    """

    def __init__(
        self,
        *,
        page: Callable[[int], tuple[list[Row], bool]],
        one: Callable[[int], Row],
        clock: Clock,
        learn: Callable[[Iterable[Row]], None],
    ) -> None:
        self._page = page
        self._one = one
        self._clock = clock
        self._learn = learn
        #: Number of callers that wait for each action.
        self._pending: dict[int, int] = {}
        self._latest: dict[int, Row] = {}
        self._misses: dict[int, int] = {}
        self._due_s = 0.0
        self._tick_s = MIN_TICK_S
        #: Number of polls so far: a caller that needs a fresh result compares.
        self.poll_count = 0
        self._pages = FIRST_PAGE
        #: When polling began to fail; None while it works.
        self._failing_since_s: float | None = None
        #: Number of times that new actions were added.
        self._additions = 0
        self._polling = threading.Lock()
        self._polled = threading.Condition()

    def wait(self, ids: Collection[int], *, seen: Callable[[Mapping[int, Row]], bool]) -> None:
        """Block until a callback returns true.

        Parameters
        ----------
        ids : collection of int
            The actions to poll.
        seen : callable
            Called several times a second, in this thread, with the latest rows by id. Returns whether to stop. It may
            raise to end the wait, for instance after a time limit.
        """
        self.add(ids)
        try:
            while not seen(self._latest):
                try:
                    self._take_turn()
                except PoseidonError as error:
                    if not self.tolerates(error):
                        raise
        finally:
            self.remove(ids)

    def tolerates(self, error: PoseidonError) -> bool:
        """Return whether to poll again after an error: the actions continue even if they cannot be polled."""
        since_s = self._failing_since_s
        return isinstance(error, TRANSIENT_ERRORS) and (
            since_s is None or self._clock.monotonic() - since_s < MAX_FAILING_S
        )

    @property
    def latest(self) -> Mapping[int, Row]:
        """The latest rows of the pending actions, by id."""
        return self._latest

    def poll(self) -> None:
        """Poll if it is time to and no other thread does. Never sleeps."""
        if self._pending and self._polling.acquire(blocking=False):
            try:
                if self._due_s <= self._clock.monotonic():
                    self._poll()
            finally:
                self._polling.release()

    def poll_soon(self) -> None:
        """Schedule the next poll for now."""
        with self._polled:
            self._due_s = min(self._due_s, self._clock.monotonic())

    def add(self, ids: Collection[int]) -> None:
        """Poll these actions until `remove` was called as often."""
        with self._polled:
            new = set(ids) - self._pending.keys()
            for action_id in ids:
                self._pending[action_id] = self._pending.get(action_id, 0) + 1
            if new:
                # New actions are on the first page, and how long they take is not known yet.
                self._pages = FIRST_PAGE
                self._additions += 1
                tick_s = min_tick_s(-(-len(self._pending) // PER_PAGE))
                due_s = self._clock.monotonic() + tick_s
                alone = len(new) == len(self._pending)
                self._tick_s = tick_s if alone else min(self._tick_s, tick_s)
                self._due_s = due_s if alone else min(self._due_s, due_s)

    def remove(self, ids: Collection[int]) -> None:
        """Stop polling these actions for one caller."""
        with self._polled:
            for action_id in ids:
                self._pending[action_id] -= 1
                if not self._pending[action_id]:
                    for known in (self._pending, self._latest, self._misses):
                        known.pop(action_id, None)

    def _take_turn(self) -> None:
        if not self._polling.acquire(blocking=False):
            with self._polled:
                self._polled.wait(SLEEP_S)
            return
        try:
            left_s = self._due_s - self._clock.monotonic()
            if left_s > 0:
                self._clock.sleep(min(SLEEP_S, left_s))
            else:
                self._poll()
        finally:
            self._polling.release()

    def _poll(self) -> None:
        with self._polled:
            running = [action_id for action_id in self._pending if not _has_ended(self._latest.get(action_id))]
            pages, additions = self._pages, self._additions
        found: dict[int, Row] = {}
        try:
            found, pages = fetch_by_ids(running, page=self._read_page, one=self._read_one, pages=pages)
            self._failing_since_s = None
        except PoseidonError:
            if self._failing_since_s is None:
                self._failing_since_s = self._clock.monotonic()
            raise
        finally:
            changed = any(_has_ended(row) for row in found.values())
            with self._polled:
                self.poll_count += 1
                # Actions that were added during the poll have set the pages and the tick for all.
                if additions == self._additions:
                    self._pages = pages
                    self._tick_s = next_tick_s(self._tick_s, changed=changed, pages=request_count(running, pages))
                self._due_s = self._clock.monotonic() + self._tick_s
                self._latest.update((key, row) for key, row in found.items() if key in self._pending)
                self._polled.notify_all()

    def _read_page(self, number: int) -> tuple[list[Row], bool]:
        rows, more = self._page(number)
        readable = [row for row in rows if _is_readable(row)]
        self._learn(readable)
        return readable, more

    def _read_one(self, action_id: int) -> Row | None:
        try:
            row = self._one(action_id)
        except NotFound:
            self._misses[action_id] = self._misses.get(action_id, 0) + 1
            if self._misses[action_id] > MAX_MISSES:
                raise
            return None
        self._misses.pop(action_id, None)
        if not _is_readable(row) or row["id"] != action_id:
            # Perhaps the next response can be read.
            return None
        self._learn([row])
        return row


def _is_readable(row: Any) -> bool:
    """Return whether a row tells which action it is, and its status."""
    return isinstance(row, dict) and isinstance(row.get("id"), int) and isinstance(row.get("status"), str)


def _has_ended(row: Row | None) -> bool:
    return row is not None and row["status"] != IN_PROGRESS
