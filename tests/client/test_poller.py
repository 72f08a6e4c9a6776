"""The one poller against an account that is only a list: how many requests it takes, and how soon it notices."""

from __future__ import annotations

import random
import statistics
import threading
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseidon_nb.client.actions.poller import MAX_FAILING_S, MAX_MISSES, MAX_TICK_S, MIN_TICK_S, Poller, next_tick_s
from poseidon_nb.client.fetch import FIRST_PAGE, fetch_by_ids
from poseidon_nb.errors import NotFound, ServerError, ShapeError
from poseidon_nb.transport.pagination import PER_PAGE

LATENCY_S = 0.06


@dataclass
class Account:
    """Actions newest first, each with the second at which it ends; every read takes 60 ms."""

    clock: object
    ends_s: dict[int, float] = field(default_factory=dict)
    # Newer actions of others, as (when they start, how many).
    newcomers: list[tuple[float, int]] = field(default_factory=list)
    older: int = 0
    pages: list[int] = field(default_factory=list)
    singles: list[int] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)
    absent: dict[int, int] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        return len(self.pages) + len(self.singles)

    def row(self, key: int) -> dict[str, object]:
        ended = self.ends_s.get(key, 0.0) <= self.clock.monotonic()
        return {"id": key, "type": "reboot", "status": "completed" if ended else "in-progress"}

    def page(self, number: int) -> tuple[list[dict[str, object]], bool]:
        self.clock.sleep(LATENCY_S)
        self.pages.append(number)
        if self.fails:
            raise self.fails.pop(0)
        now_s = self.clock.monotonic()
        newer = sum(count for starts_s, count in self.newcomers if starts_s <= now_s)
        first, last = (number - 1) * PER_PAGE, number * PER_PAGE
        mine = sorted(self.ends_s, reverse=True)
        total = newer + len(mine) + self.older
        rows = [
            self.row(mine[place - newer]) if 0 <= place - newer < len(mine) else self.row(-1 - place)
            for place in range(first, min(last, total))
        ]
        return rows, last < total

    def one(self, key: int) -> dict[str, object]:
        self.clock.sleep(LATENCY_S)
        self.singles.append(key)
        if self.fails:
            raise self.fails.pop(0)
        if self.absent.get(key, 0) > 0:
            self.absent[key] -= 1
            raise NotFound("404: not there yet")
        return self.row(key)

    def poller(self) -> Poller:
        return Poller(page=self.page, one=self.one, clock=self.clock, learn=lambda rows: None)


def wait_for(account: Account, poller: Poller | None = None, ids=None) -> dict[int, float]:
    """Wait for all, and give how late each end was noticed, in seconds."""
    late: dict[int, float] = {}
    wanted = set(account.ends_s if ids is None else ids)

    def seen(latest) -> bool:
        for key in wanted - late.keys():
            if latest.get(key, {}).get("status") == "completed":
                late[key] = account.clock.monotonic() - account.ends_s[key]
        return late.keys() == wanted

    (poller or account.poller()).wait(sorted(wanted), seen=seen)
    return late


def uniform(rng: random.Random) -> float:
    return rng.uniform(4, 12)


def early(rng: random.Random) -> float:
    return min(12.0, 4 + rng.expovariate(0.8))


def humped(rng: random.Random) -> float:
    return min(12.0, max(4.0, rng.gauss(8, 1.2)))


def two_waves(rng: random.Random) -> float:
    return rng.choice((4.5, 11.5)) + rng.uniform(-0.5, 0.5)


def late(rng: random.Random) -> float:
    return 12 - min(8.0, rng.expovariate(1.0))


@pytest.mark.parametrize("draw", [uniform, early, humped, two_waves, late])
@pytest.mark.parametrize("older", [0, 100_000])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=6, deadline=None)
def test_five_hundred_ends_are_noticed_within_a_second_on_average_and_in_at_most_thirty_requests(draw, older, seed):
    from tests.conftest import FakeClock

    rng = random.Random(seed)
    account = Account(FakeClock(), {key: draw(rng) for key in range(1, 501)}, older=older)
    lag_s = wait_for(account)
    assert account.requests <= 30
    assert statistics.mean(lag_s.values()) <= 1.0
    assert max(lag_s.values()) <= 3.0


@pytest.mark.parametrize("newer", [50, 150, 400, 2_000])
def test_newer_actions_of_others_push_ours_deeper_and_cost_little(clock, newer):
    rng = random.Random(newer)
    ends = {key: uniform(rng) for key in range(1, 501)}
    account = Account(clock, ends, newcomers=[(second, newer // 10) for second in range(1, 11)], older=1_000)
    lag_s = wait_for(account)
    # Where ours begin is remembered: the pages of others' actions before it are not read again and again.
    assert account.requests <= 45
    assert statistics.mean(lag_s.values()) <= 1.5
    assert max(lag_s.values()) <= 3.5


def test_one_action_is_read_by_its_id(clock):
    account = Account(clock, {7: 5.0}, older=1_000)
    wait_for(account)
    assert account.pages == []
    assert set(account.singles) == {7}


def test_two_actions_are_read_by_one_page(clock):
    account = Account(clock, {7: 5.0, 8: 5.0}, older=1_000)
    wait_for(account)
    assert set(account.pages) == {1}
    assert account.singles == []


def test_an_action_far_down_the_list_does_not_make_the_pages_above_it_be_read(clock):
    ends = dict.fromkeys(range(1000, 1100), 5.0)
    account = Account(clock, {1: 30.0, **ends})
    # 30 pages of others' lie between ours and the old one.
    gap = Account(clock, {}, older=0)
    rows = sorted(ends, reverse=True)

    def page(number: int):
        gap.clock.sleep(LATENCY_S)
        gap.pages.append(number)
        shown = [account.row(key) for key in rows] if number == 1 else [account.row(-number)]
        return shown, number < 30

    poller = Poller(page=page, one=account.one, clock=clock, learn=lambda _: None)
    wait_for(account, poller)
    assert max(gap.pages) <= 2
    assert set(account.singles) == {1}


def test_pages_are_read_while_they_are_fewer_than_the_missing_resources():
    read: list[int] = []

    def page(number: int):
        read.append(number)
        return [{"id": -number}], True

    found, pages = fetch_by_ids({1, 2, 3}, page=page, one=lambda key: {"id": key}, pages=FIRST_PAGE)
    assert read == [1, 2, 3]
    assert set(found) == {1, 2, 3}
    # Now it is known that pages do not pay.
    read.clear()
    fetch_by_ids({1, 2, 3}, page=page, one=lambda key: {"id": key}, pages=pages)
    assert read == []


@given(tick_s=st.floats(1.0, 5.0), pages=st.integers(1, 40))
def test_the_tick_grows_without_change_up_to_a_bound_and_falls_back_on_a_change(tick_s, pages):
    quiet_s = next_tick_s(tick_s, changed=False, pages=pages)
    busy_s = next_tick_s(tick_s, changed=True, pages=pages)
    assert MIN_TICK_S <= busy_s <= quiet_s
    assert quiet_s <= max(MAX_TICK_S, busy_s)


def test_waiting_long_for_one_action_asks_every_five_seconds(clock):
    account = Account(clock, {1: 600.0})
    assert wait_for(account)[1] <= MAX_TICK_S + LATENCY_S + 0.001
    assert account.requests <= 600 / MAX_TICK_S + 25


def test_a_newcomer_is_not_left_to_the_slow_tick_of_a_long_wait(clock):
    account = Account(clock, {1: 400.0})
    poller = account.poller()
    noticed: list[float] = []

    def seen(latest) -> bool:
        if clock.monotonic() > 300 and not noticed:
            account.ends_s[2] = clock.monotonic() + 0.5
            noticed.append(wait_for(account, poller, {2})[2])
        return latest.get(1, {}).get("status") == "completed"

    poller.wait([1], seen=seen)
    assert noticed[0] <= 1.0


def test_an_action_that_reads_404_for_a_moment_is_waited_for(clock):
    account = Account(clock, {1: 2.0}, absent={1: MAX_MISSES})
    assert set(wait_for(account)) == {1}


def test_an_action_that_never_shows_is_an_error(clock):
    account = Account(clock, {1: 2.0}, absent={1: MAX_MISSES + 1})
    with pytest.raises(NotFound):
        wait_for(account)


def test_an_error_reaches_who_waits_and_a_later_wait_works(clock):
    account = Account(clock, dict.fromkeys(range(1, 11), 5.0), fails=[NotFound("404: no")])
    poller = account.poller()
    with pytest.raises(NotFound):
        wait_for(account, poller)
    assert set(wait_for(account, poller)) == set(account.ends_s)


def test_a_failure_that_may_pass_ends_no_wait(clock):
    account = Account(clock, dict.fromkeys(range(1, 11), 5.0), fails=[ServerError("503: no"), ShapeError("no JSON")])
    assert set(wait_for(account, account.poller())) == set(account.ends_s)


def test_failures_that_do_not_pass_end_it(clock):
    account = Account(clock, {1: 5.0}, fails=[ServerError("503: no")] * 200)
    with pytest.raises(ServerError):
        wait_for(account, account.poller())
    assert MAX_FAILING_S <= clock.monotonic() < MAX_FAILING_S + 10


def test_ctrl_c_while_it_sleeps_leaves_a_poller_that_works(clock, monkeypatch):
    account = Account(clock, {1: 5.0})
    poller = account.poller()

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(clock, "sleep", interrupted)
        with pytest.raises(KeyboardInterrupt):
            wait_for(account, poller)
    assert poller._pending == {}
    assert set(wait_for(account, poller)) == {1}


def test_a_wait_that_raises_leaves_nothing_watched(clock):
    account = Account(clock, {1: 5.0})
    poller = account.poller()

    def seen(_) -> bool:
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        poller.wait([1], seen=seen)
    assert poller._pending == {}


def test_two_waiters_in_two_threads_share_the_requests(clock):
    account = Account(clock, {key: uniform(random.Random(key)) for key in range(1, 501)})
    poller = account.poller()
    results: list[dict[int, float]] = []
    halves = [range(1, 251), range(251, 501)]
    threads = [
        threading.Thread(target=lambda ids=ids: results.append(wait_for(account, poller, ids))) for ids in halves
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(key for found in results for key in found) == list(range(1, 501))
    # Alone each would take nearly as many.
    assert account.requests <= 36


def test_the_clock_of_these_tests_is_the_fake_one(clock):
    began = clock.now()
    wait_for(Account(clock, {1: 60.0}))
    assert clock.now() - began >= timedelta(seconds=60)


def test_resources_on_pages_before_the_known_ones_are_found_by_pages_too():
    asked: list[int] = []

    def page(number: int):
        asked.append(number)
        return [{"id": number * 1000 + row} for row in range(200)], number < 3

    wanted = {1000 + row for row in range(150)} | {3000 + row for row in range(150)}
    found, _ = fetch_by_ids(
        wanted, page=page, one=lambda key: pytest.fail(f"{key} was read by itself"), pages=range(3, 4)
    )
    assert found.keys() == wanted
    assert asked == [3, 2, 1]


def test_who_joins_while_the_account_is_asked_is_searched_for_on_the_first_page(clock):
    account = Account(clock, dict.fromkeys(range(1, 501), 30.0))
    poller = account.poller()
    read_page = poller._page

    def joining(number: int):
        poller._page = read_page
        poller.add(range(1, 251))
        return read_page(number)

    poller._page = joining
    poller.add(range(251, 501))
    clock.advance(2.0)
    poller._take_turn()
    assert poller._pages == FIRST_PAGE
    clock.advance(2.0)
    poller._take_turn()
    assert account.singles == []
