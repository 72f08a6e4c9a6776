"""What a saved notebook keeps of a panel."""

from __future__ import annotations

import pytest

from poseidon_nb.widgets.keeping import BEHIND_S, Keeping


class Timers:
    def __init__(self):
        self.waiting = []

    def __call__(self, seconds, do):
        assert seconds == BEHIND_S
        self.waiting.append(do)
        return self

    def cancel(self):
        self.waiting.clear()

    def fire(self):
        waiting, self.waiting = self.waiting, []
        for do in waiting:
            do()


@pytest.fixture
def timers():
    return Timers()


def test_many_changes_are_told_once_and_no_change_is_not_told(timers):
    now, told = {"text/plain": "a"}, []
    keeping = Keeping(lambda: dict(now), timers)
    keeping.begin({"text/plain": "a"}, told.append, list)
    for text in "bcd":
        now["text/plain"] = text
        keeping.changed()
    assert len(timers.waiting) == 1
    timers.fire()
    assert told == [{"text/plain": "d"}]
    keeping.changed()
    timers.fire()
    assert len(told) == 1


def test_what_changed_between_the_looking_and_the_showing_is_told(timers):
    told = []
    Keeping(lambda: {"text/plain": "new"}, timers).begin({"text/plain": "old"}, told.append, list)
    timers.fire()
    assert told == [{"text/plain": "new"}]


def test_who_is_not_there_causes_no_timer_and_after_the_end_nobody_is_told(timers):
    now, told = {"text/plain": "new"}, []
    keeping = Keeping(lambda: dict(now), timers)
    keeping.changed()
    assert timers.waiting == []
    keeping.begin({}, told.append, lambda: told.append("over"))
    (late,) = timers.waiting
    now["text/plain"] = "last"
    keeping.end()
    assert told == [{"text/plain": "last"}, "over"], "what it has come to, and then that it is over"
    now["text/plain"] = "too late"
    late()
    keeping.changed()
    keeping.end()
    assert len(told) == 2
    assert timers.waiting == []
