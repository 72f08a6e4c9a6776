"""What is read next of an account, told by hand what there is and what became of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from poseidon_nb.client.monitor.polling import (
    FULL_REFRESH_S,
    MAX_RETRY_S,
    MIN_LIST_INTERVAL_S,
    MIN_RETRY_S,
    POLL_INTERVAL_S,
    PollSchedule,
    PollState,
)

NOBODY = PollState(wants_all=False, ids=frozenset(), known=(), lists=(), large=False, read_s={})
ONE = replace(NOBODY, ids=frozenset({7}), known=(7,), lists=("droplets",))
ALL = replace(NOBODY, wants_all=True, known=(7, 8), lists=("droplets",), read_s={"droplets": 0.0, "gpus": 0.0})
MANY = replace(ALL, large=True)


def taken(schedule: PollSchedule, now: PollState, from_s: float, to_s: float) -> list[tuple[float, str]]:
    """Return what was read and when, as the thread does it: everything due, and then a wait."""
    looks = []
    now_s = from_s
    while now_s < to_s:
        look = schedule.take(now, now_s)
        if look is None:
            now_s = max(now_s + 0.01, schedule.due_s(now))
            continue
        looks.append((now_s, look.what if not look.lists else "+".join(look.lists)))
        schedule.succeeded(look, now_s, changed=False)
    return looks


def settled(now: PollState) -> PollSchedule:
    schedule = PollSchedule(0.0)
    taken(schedule, now, 0.0, 0.001)
    return schedule


def test_who_comes_sees_the_newest_actions_first():
    schedule = PollSchedule(0.0)
    schedule.read_droplets_soon(everything=True)
    assert taken(schedule, replace(ALL, read_s={}), 0.0, 0.001) == [(0.0, "actions"), (0.0, "droplets+gpus")]


def test_list_and_actions_take_turns_in_a_small_account():
    assert taken(settled(ALL), ALL, 0.01, 61.0) == [
        (15.0, "droplets"),
        (30.0, "actions"),
        (45.0, "droplets"),
        (60.0, "actions"),
    ]


def test_gpu_droplets_have_every_other_turn_of_the_lists():
    both = replace(ALL, lists=("droplets", "gpus"))
    whats = [what for _, what in taken(settled(both), both, 0.01, 121.0)]
    assert whats == ["droplets", "actions", "gpus", "actions"] * 2


def test_where_no_droplet_is_of_interest_it_is_always_the_actions():
    assert {what for _, what in taken(settled(NOBODY), NOBODY, 0.01, 601.0)} == {"actions"}


def test_of_many_droplets_the_list_is_read_every_five_minutes():
    looks = taken(settled(MANY), MANY, 0.01, FULL_REFRESH_S + POLL_INTERVAL_S + 1)
    assert [what for when_s, what in looks if when_s < FULL_REFRESH_S] == ["actions"] * 19
    assert looks[19] == (FULL_REFRESH_S, "droplets+gpus")


@pytest.mark.parametrize("now", [NOBODY, ONE, ALL, MANY, replace(ONE, large=True)])
def test_never_more_than_one_request_in_a_turn(now):
    looks = taken(settled(now), now, 0.01, FULL_REFRESH_S - 1)
    assert [when_s for when_s, _ in looks] == [POLL_INTERVAL_S * turn for turn in range(1, 20)]


def test_a_row_that_changed_in_its_turn_has_the_actions_read_at_once():
    schedule = settled(ALL)
    look = schedule.take(ALL, POLL_INTERVAL_S)
    assert look.what == "lists"
    schedule.succeeded(look, POLL_INTERVAL_S, changed=True)
    assert schedule.take(ALL, POLL_INTERVAL_S).what == "actions"


def test_a_list_that_an_action_had_read_does_not_have_the_actions_read_again():
    schedule = settled(ALL)
    schedule.action_changed(7)
    look = schedule.take(ALL, 1.0)
    assert look.what == "lists"
    schedule.succeeded(look, 1.0, changed=True)
    assert schedule.take(ALL, 1.0) is None


def test_many_ends_do_not_have_a_long_list_read_each_time():
    schedule, now = settled(MANY), replace(MANY, read_s={"droplets": 1.0, "gpus": 1.0})
    for _ in range(50):
        schedule.action_changed(7)
    assert schedule.take(now, 1.0 + MIN_LIST_INTERVAL_S / 2) is None
    assert schedule.due_s(now) == 1.0 + MIN_LIST_INTERVAL_S
    assert schedule.take(now, 1.0 + MIN_LIST_INTERVAL_S).what == "lists"
    assert schedule.take(now, 1.0 + MIN_LIST_INTERVAL_S) is None


def test_a_droplet_of_a_large_account_is_looked_at_twice_after_an_action():
    schedule, now = settled(MANY), replace(ONE, large=True)
    schedule.action_changed(7)
    first = schedule.take(now, 1.0)
    assert first.ids == {7}
    schedule.succeeded(first, 1.0, changed=True)
    assert schedule.take(now, 1.0) is None
    assert schedule.take(now, 1.0 + POLL_INTERVAL_S).ids == {7}


def test_what_could_not_be_read_stays_due():
    schedule = PollSchedule(0.0)
    look = schedule.take(ONE, 0.0)
    schedule.failed(look)
    schedule.back_off(0.0)
    assert schedule.backoff_s(1.0) == MIN_RETRY_S - 1.0
    assert schedule.take(ONE, 1.0) is None
    assert schedule.take(ONE, MIN_RETRY_S) == look
    schedule.read_droplets_soon([7])
    schedule.failed(schedule.take(ONE, MIN_RETRY_S))
    assert schedule.take(ONE, MIN_RETRY_S).ids == {7}


def test_what_happens_while_something_is_read_is_read_again():
    schedule = settled(ALL)
    schedule.read_droplets_soon(everything=True)
    look = schedule.take(ALL, 1.0)
    schedule.read_droplets_soon(everything=True)
    schedule.succeeded(look, 1.0, changed=False)
    assert schedule.take(ALL, 1.0) == look


def test_it_is_tried_again_after_ever_longer_until_it_goes_well():
    schedule = PollSchedule(0.0)
    waits = []
    for _ in range(6):
        schedule.back_off(0.0)
        waits.append(schedule.backoff_s(0.0))
    assert waits == [5.0, 10.0, 20.0, 40.0, MAX_RETRY_S, MAX_RETRY_S]
    schedule.reset_backoff()
    schedule.back_off(0.0)
    assert schedule.backoff_s(0.0) == MIN_RETRY_S
