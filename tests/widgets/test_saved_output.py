"""The output of a panel that a saved notebook keeps."""

from __future__ import annotations

import pytest

from poseidon_nb.widgets.panel import SAVE_DELAY_S, SavedOutput


class Timers:
    def __init__(self):
        self.waiting = []

    def __call__(self, seconds, do):
        assert seconds == SAVE_DELAY_S
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


def test_many_changes_are_reported_once_and_no_change_is_not_reported(timers):
    now, reported = {"text/plain": "a"}, []
    output = SavedOutput(lambda: dict(now), timers)
    output.subscribe({"text/plain": "a"}, reported.append, list)
    for text in "bcd":
        now["text/plain"] = text
        output.schedule()
    assert len(timers.waiting) == 1
    timers.fire()
    assert reported == [{"text/plain": "d"}]
    output.schedule()
    timers.fire()
    assert len(reported) == 1


def test_a_change_before_the_subscription_is_reported(timers):
    reported = []
    SavedOutput(lambda: {"text/plain": "new"}, timers).subscribe({"text/plain": "old"}, reported.append, list)
    timers.fire()
    assert reported == [{"text/plain": "new"}]


def test_without_subscribers_there_is_no_timer_and_after_the_end_no_report(timers):
    now, reported = {"text/plain": "new"}, []
    output = SavedOutput(lambda: dict(now), timers)
    output.schedule()
    assert timers.waiting == []
    output.subscribe({}, reported.append, lambda: reported.append("over"))
    (late,) = timers.waiting
    now["text/plain"] = "last"
    output.close()
    assert reported == [{"text/plain": "last"}, "over"], "the final output, then the end"
    now["text/plain"] = "too late"
    late()
    output.schedule()
    output.close()
    assert len(reported) == 2
    assert timers.waiting == []
