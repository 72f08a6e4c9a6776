"""The one poller of a client: however many wait, the account is asked once.

There is no thread: whoever waits takes its turn at asking, and what it learns wakes the others. So nothing is left
running when nobody waits, Ctrl-C ends a wait at once, and a test moves time by hand.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.recovery import PASSING
from poseidon_nb.client.many import FIRST_PAGE, cost, read_many
from poseidon_nb.errors import NotFound, PoseidonError
from poseidon_nb.transport.pagination import PER_PAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from poseidon_nb.clock import Clock

    Row = Mapping[str, Any]

#: How long somebody who waits is left alone at a time, in seconds: how smoothly a bar moves.
SLICE_S = 0.25
FIRST_TICK_S = 1.0
MOST_TICK_S = 5.0
#: Each page costs a request; with many pages the ticks are further apart. At 0.4 s for each of the three pages that 500
#: actions fill, ends within 12 s cost less than 30 requests and are noticed after 0.8 s on average.
TICK_S_A_PAGE = 0.4
#: Slow enough that after 12 quiet seconds an end is still noticed within 3 s.
GROWTH = 1.1
#: An action that was just made may read 404 for a moment (terraform-provider-digitalocean, reserved IP actions).
MOST_MISSES = 5
#: How long asking may fail without an answer in between before it is given up, in seconds.
PATIENCE_S = 120.0


def next_tick_s(tick_s: float, *, changed: bool, pages: int) -> float:
    """Return the seconds until the account is asked again: soon after a change, ever later without one."""
    shortest_s = shortest_tick_s(pages)
    return shortest_s if changed else min(max(MOST_TICK_S, shortest_s), max(shortest_s, tick_s * GROWTH))


def shortest_tick_s(pages: int) -> float:
    """Return the seconds between two looks at so many pages while things change."""
    return max(FIRST_TICK_S, TICK_S_A_PAGE * pages)


class Poller:
    """Waits for actions.

    Parameters
    ----------
    page : callable
        Reads one newest-first page of the account's actions: the rows, and whether there are more.
    one : callable
        Reads one action.
    clock : Clock
    learn : callable
        Told of every action that was read.
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
        self._pending: dict[int, int] = {}
        self._latest: dict[int, Row] = {}
        self._misses: dict[int, int] = {}
        self._due_s = 0.0
        self._tick_s = FIRST_TICK_S
        #: How often the account was asked: who needs fresh news compares.
        self.asked = 0
        self._pages = FIRST_PAGE
        #: When asking began to fail; None while it works.
        self._failing_since_s: float | None = None
        #: How often somebody joined with actions that nobody waited for.
        self._joined = 0
        self._asking = threading.Lock()
        self._news = threading.Condition()

    def wait(self, ids: Collection[int], *, seen: Callable[[Mapping[int, Row]], bool]) -> None:
        """Block until the caller has seen enough.

        Parameters
        ----------
        ids : collection of int
            The actions in question.
        seen : callable
            Told, several times a second and in this thread, the latest known rows by id; says whether to stop. It may
            raise to end the wait, for instance when the time is up.
        """
        self.join(ids)
        try:
            while not seen(self._latest):
                try:
                    self._take_part()
                except PoseidonError as error:
                    if not self.tolerates(error):
                        raise
        finally:
            self.leave(ids)

    def tolerates(self, error: PoseidonError) -> bool:
        """Return whether to go on asking after a failure: what was started goes on, whether it can be asked about or not."""
        since_s = self._failing_since_s
        return isinstance(error, PASSING) and (since_s is None or self._clock.monotonic() - since_s < PATIENCE_S)

    @property
    def latest(self) -> Mapping[int, Row]:
        """The latest known rows of what is waited for, by id."""
        return self._latest

    def step(self) -> None:
        """Ask, if it is time to and nobody else is at it: for who has joined and must not block. Never sleeps."""
        if self._pending and self._asking.acquire(blocking=False):
            try:
                if self._due_s <= self._clock.monotonic():
                    self._ask()
            finally:
                self._asking.release()

    def hurry(self) -> None:
        """Ask at once, and not at the next tick."""
        with self._news:
            self._due_s = min(self._due_s, self._clock.monotonic())

    def join(self, ids: Collection[int]) -> None:
        """Watch these, until as many times `leave` is called."""
        with self._news:
            fresh = set(ids) - self._pending.keys()
            for action_id in ids:
                self._pending[action_id] = self._pending.get(action_id, 0) + 1
            if fresh:
                # Newer ones stand on the first page, and nothing is known yet of how long they take.
                self._pages = FIRST_PAGE
                self._joined += 1
                tick_s = shortest_tick_s(-(-len(self._pending) // PER_PAGE))
                due_s = self._clock.monotonic() + tick_s
                alone = len(fresh) == len(self._pending)
                self._tick_s = tick_s if alone else min(self._tick_s, tick_s)
                self._due_s = due_s if alone else min(self._due_s, due_s)

    def leave(self, ids: Collection[int]) -> None:
        """Ask no more about these on the caller's behalf."""
        with self._news:
            for action_id in ids:
                self._pending[action_id] -= 1
                if not self._pending[action_id]:
                    for known in (self._pending, self._latest, self._misses):
                        known.pop(action_id, None)

    def _take_part(self) -> None:
        if not self._asking.acquire(blocking=False):
            with self._news:
                self._news.wait(SLICE_S)
            return
        try:
            left_s = self._due_s - self._clock.monotonic()
            if left_s > 0:
                self._clock.sleep(min(SLICE_S, left_s))
            else:
                self._ask()
        finally:
            self._asking.release()

    def _ask(self) -> None:
        with self._news:
            running = [action_id for action_id in self._pending if not _ended(self._latest.get(action_id))]
            pages, joined = self._pages, self._joined
        found: dict[int, Row] = {}
        try:
            found, pages = read_many(running, page=self._read_page, one=self._read_one, pages=pages)
            self._failing_since_s = None
        except PoseidonError:
            if self._failing_since_s is None:
                self._failing_since_s = self._clock.monotonic()
            raise
        finally:
            changed = any(_ended(row) for row in found.values())
            with self._news:
                self.asked += 1
                # Who joined while the account was asked has set the pages and the tick for all.
                if joined == self._joined:
                    self._pages = pages
                    self._tick_s = next_tick_s(self._tick_s, changed=changed, pages=cost(running, pages))
                self._due_s = self._clock.monotonic() + self._tick_s
                self._latest.update((key, row) for key, row in found.items() if key in self._pending)
                self._news.notify_all()

    def _read_page(self, number: int) -> tuple[list[Row], bool]:
        rows, more = self._page(number)
        self._learn(rows)
        return rows, more

    def _read_one(self, action_id: int) -> Row | None:
        try:
            row = self._one(action_id)
        except NotFound:
            self._misses[action_id] = self._misses.get(action_id, 0) + 1
            if self._misses[action_id] > MOST_MISSES:
                raise
            return None
        self._misses.pop(action_id, None)
        self._learn([row])
        return row


def _ended(row: Row | None) -> bool:
    return row is not None and row["status"] != "in-progress"
