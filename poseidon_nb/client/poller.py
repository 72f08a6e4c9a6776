"""The one poller of a client: however many wait, the account is asked once.

There is no thread: whoever waits takes its turn at asking, and what it learns wakes the others. So nothing is left
running when nobody waits, Ctrl-C ends a wait at once, and a test moves time by hand.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from poseidon_nb.clock import Clock

    Row = Mapping[str, Any]

#: How long somebody who waits is left alone at a time, in seconds: how smoothly a bar moves.
SLICE_S = 0.25
FIRST_TICK_S = 1.0
MOST_TICK_S = 5.0
#: Each page costs a request; with many pages the ticks are further apart.
TICK_S_A_PAGE = 0.5
GROWTH = 1.25
PER_PAGE = 200
#: An action that was just made may read 404 for a moment (terraform-provider-digitalocean, reserved IP actions).
MOST_MISSES = 5


def next_tick_s(tick_s: float, *, changed: bool, pages: int) -> float:
    """Give the seconds until the account is asked again: soon after a change, ever later without one."""
    shortest_s = max(FIRST_TICK_S, TICK_S_A_PAGE * pages)
    return shortest_s if changed else min(max(MOST_TICK_S, shortest_s), max(shortest_s, tick_s * GROWTH))


def read_many(
    ids: Collection[int],
    *,
    page: Callable[[int], tuple[Iterable[Row], bool]],
    one: Callable[[int], Row | None],
    depth: int = 1,
) -> tuple[dict[int, Row], int]:
    """Read some of many things in few requests: by pages while these are fewer than single reads, the rest one by one.

    Parameters
    ----------
    ids : collection of int
    page : callable
        Gives the rows of a page by its number, and whether there are more pages.
    one : callable
        Gives one row by its id, or None when it cannot be found now.
    depth : int
        On which page the last of them was found before; no more ids than that are read one by one at once.

    Returns
    -------
    tuple
        The rows by id, and the depth this time.
    """
    missing = set(ids)
    found: dict[int, Row] = {}
    number, more = 0, len(ids) > depth
    while more and number < len(missing):
        number += 1
        rows, more = page(number)
        found.update((row["id"], row) for row in rows if row["id"] in missing)
        missing -= found.keys()
    if number:
        depth = number + 1 if missing else number
    for missed in sorted(missing):
        row = one(missed)
        if row is not None:
            found[missed] = row
    return found, depth


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
        self._depth = 1
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
        self._watch(ids)
        try:
            while not seen(self._latest):
                self._take_part()
        finally:
            self._unwatch(ids)

    # --- who waits for what ------------------------------------------------------------------------------------------
    def _watch(self, ids: Collection[int]) -> None:
        with self._news:
            if not self._pending:
                self._tick_s = max(FIRST_TICK_S, TICK_S_A_PAGE * -(-len(ids) // PER_PAGE))
                self._due_s = self._clock.monotonic() + self._tick_s
            for action_id in ids:
                self._pending[action_id] = self._pending.get(action_id, 0) + 1
            self._due_s = min(self._due_s, self._clock.monotonic() + self._tick_s)

    def _unwatch(self, ids: Collection[int]) -> None:
        with self._news:
            for action_id in ids:
                self._pending[action_id] -= 1
                if not self._pending[action_id]:
                    for known in (self._pending, self._latest, self._misses):
                        known.pop(action_id, None)

    # --- asking ------------------------------------------------------------------------------------------------------
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
        found: dict[int, Row] = {}
        try:
            found, depth = read_many(running, page=self._read_page, one=self._read_one, depth=self._depth)
            self._depth = depth
        finally:
            changed = any(_ended(row) for row in found.values())
            self._tick_s = next_tick_s(self._tick_s, changed=changed, pages=min(self._depth, len(running)))
            with self._news:
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
