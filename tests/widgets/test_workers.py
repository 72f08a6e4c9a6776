"""The threads in which panels send: few, none left over, and none lost to a job that fails."""

from __future__ import annotations

import logging
import threading

import pytest

from poseidon_nb.widgets.workers import Workers


def threads():
    return [one for one in threading.enumerate() if one.name in {"poseidon-panel", "poseidon-sequence"}]


@pytest.fixture
def workers():
    yield Workers(most=2, most_apart=3)
    for thread in threads():
        thread.join(5)
    assert threads() == []


@pytest.mark.parametrize(("kind", "most"), [("run", 2), ("run_apart", 3)])
def test_no_more_than_so_many_run_at_the_same_time_and_all_get_done(workers, kind, most):
    gate, counted = threading.Event(), threading.Semaphore(0)
    running, seen = [], []

    def job():
        running.append(1)
        counted.release()
        gate.wait(10)
        seen.append(len(running))
        running.pop()

    for _ in range(50):
        getattr(workers, kind)(job)
    for _ in range(most):
        assert counted.acquire(timeout=5)
    assert len(threads()) == most
    gate.set()
    for thread in threads():
        thread.join(5)
    assert len(seen) == 50
    assert max(seen) == most


def test_long_ones_keep_no_short_one_waiting(workers):
    gate, sent = threading.Event(), threading.Event()
    for _ in range(10):
        workers.run_apart(lambda: gate.wait(10))
    workers.run(sent.set)
    assert sent.wait(5)
    gate.set()


def test_one_that_fails_does_not_keep_the_next_from_being_done(workers, caplog):
    done = []

    def fail():
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR, "poseidon_nb"):
        for number in range(20):
            workers.run(fail)
            workers.run(lambda number=number: done.append(number))
        for thread in threads():
            thread.join(5)
    assert sorted(done) == [*range(20)]
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError] * 20
