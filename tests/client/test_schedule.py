"""What is read next of an account, told by hand what there is and what became of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from poseidon_nb.client.watching.schedule import (
    EVERY_S,
    FIRST_RETRY_S,
    LIST_SPACING_S,
    MOST_RETRY_S,
    WHOLE_S,
    Schedule,
    Situation,
)

NOBODY = Situation(wants_all=False, ids=frozenset(), known=(), kinds=(), large=False, read_s={})
ONE = replace(NOBODY, ids=frozenset({7}), known=(7,), kinds=("droplets",))
ALL = replace(NOBODY, wants_all=True, known=(7, 8), kinds=("droplets",), read_s={"droplets": 0.0, "gpus": 0.0})
MANY = replace(ALL, large=True)


def taken(schedule: Schedule, now: Situation, from_s: float, to_s: float) -> list[tuple[float, str]]:
    """Give when what was read, as the thread would have it: all that is due, and then a wait."""
    looks = []
    now_s = from_s
    while now_s < to_s:
        look = schedule.take(now, now_s)
        if look is None:
            now_s = max(now_s + 0.01, schedule.due_s(now))
            continue
        looks.append((now_s, look.what if not look.kinds else "+".join(look.kinds)))
        schedule.done(look, now_s, changed=False)
    return looks


def settled(now: Situation) -> Schedule:
    schedule = Schedule(0.0)
    taken(schedule, now, 0.0, 0.001)
    return schedule


def test_who_comes_sees_the_newest_actions_first():
    schedule = Schedule(0.0)
    schedule.want(everything=True)
    assert taken(schedule, replace(ALL, read_s={}), 0.0, 0.001) == [(0.0, "actions"), (0.0, "droplets+gpus")]


def test_list_and_actions_take_turns_in_a_small_account():
    assert taken(settled(ALL), ALL, 0.01, 61.0) == [
        (15.0, "droplets"),
        (30.0, "actions"),
        (45.0, "droplets"),
        (60.0, "actions"),
    ]


def test_gpu_droplets_have_every_other_turn_of_the_lists():
    both = replace(ALL, kinds=("droplets", "gpus"))
    whats = [what for _, what in taken(settled(both), both, 0.01, 121.0)]
    assert whats == ["droplets", "actions", "gpus", "actions"] * 2


def test_where_no_droplet_is_of_interest_it_is_always_the_actions():
    assert {what for _, what in taken(settled(NOBODY), NOBODY, 0.01, 601.0)} == {"actions"}


def test_of_many_droplets_the_list_is_read_every_five_minutes():
    looks = taken(settled(MANY), MANY, 0.01, WHOLE_S + EVERY_S + 1)
    assert [what for when_s, what in looks if when_s < WHOLE_S] == ["actions"] * 19
    assert looks[19] == (WHOLE_S, "droplets+gpus")


@pytest.mark.parametrize("now", [NOBODY, ONE, ALL, MANY, replace(ONE, large=True)])
def test_never_more_than_one_request_in_a_turn(now):
    looks = taken(settled(now), now, 0.01, WHOLE_S - 1)
    assert [when_s for when_s, _ in looks] == [EVERY_S * turn for turn in range(1, 20)]


def test_a_row_that_changed_in_its_turn_has_the_actions_read_at_once():
    schedule = settled(ALL)
    look = schedule.take(ALL, EVERY_S)
    assert look.what == "lists"
    schedule.done(look, EVERY_S, changed=True)
    assert schedule.take(ALL, EVERY_S).what == "actions"


def test_a_list_that_an_action_had_read_does_not_have_the_actions_read_again():
    schedule = settled(ALL)
    schedule.acted_upon(7)
    look = schedule.take(ALL, 1.0)
    assert look.what == "lists"
    schedule.done(look, 1.0, changed=True)
    assert schedule.take(ALL, 1.0) is None


def test_many_ends_do_not_have_a_long_list_read_each_time():
    schedule, now = settled(MANY), replace(MANY, read_s={"droplets": 1.0, "gpus": 1.0})
    for _ in range(50):
        schedule.acted_upon(7)
    assert schedule.take(now, 1.0 + LIST_SPACING_S / 2) is None
    assert schedule.due_s(now) == 1.0 + LIST_SPACING_S
    assert schedule.take(now, 1.0 + LIST_SPACING_S).what == "lists"
    assert schedule.take(now, 1.0 + LIST_SPACING_S) is None


def test_a_droplet_of_a_large_account_is_looked_at_twice_after_an_action():
    schedule, now = settled(MANY), replace(ONE, large=True)
    schedule.acted_upon(7)
    first = schedule.take(now, 1.0)
    assert first.ids == {7}
    schedule.done(first, 1.0, changed=True)
    assert schedule.take(now, 1.0) is None
    assert schedule.take(now, 1.0 + EVERY_S).ids == {7}


def test_what_could_not_be_read_stays_due():
    schedule = Schedule(0.0)
    look = schedule.take(ONE, 0.0)
    schedule.undone(look)
    schedule.failed(0.0)
    assert schedule.held_up_s(1.0) == FIRST_RETRY_S - 1.0
    assert schedule.take(ONE, 1.0) is None
    assert schedule.take(ONE, FIRST_RETRY_S) == look
    schedule.want([7])
    schedule.undone(schedule.take(ONE, FIRST_RETRY_S))
    assert schedule.take(ONE, FIRST_RETRY_S).ids == {7}


def test_what_happens_while_something_is_read_is_read_again():
    schedule = settled(ALL)
    schedule.want(everything=True)
    look = schedule.take(ALL, 1.0)
    schedule.want(everything=True)
    schedule.done(look, 1.0, changed=False)
    assert schedule.take(ALL, 1.0) == look


def test_it_is_tried_again_after_ever_longer_until_it_goes_well():
    schedule = Schedule(0.0)
    waits = []
    for _ in range(6):
        schedule.failed(0.0)
        waits.append(schedule.held_up_s(0.0))
    assert waits == [5.0, 10.0, 20.0, 40.0, MOST_RETRY_S, MOST_RETRY_S]
    schedule.went_well()
    schedule.failed(0.0)
    assert schedule.held_up_s(0.0) == FIRST_RETRY_S
