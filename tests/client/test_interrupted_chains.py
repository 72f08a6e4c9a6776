"""Wherever a caller leaves, by Ctrl-C, a time limit or a stop, every droplet that was on is on in the end, and nothing is done twice."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections import Counter

import pytest

from poseidon_nb.client.client import connect
from poseidon_nb.client.engine.droplet_steps import resize_step, snapshot_step, with_restart
from poseidon_nb.client.engine.engine import _run_in_thread
from poseidon_nb.client.engine.execution import Execution
from poseidon_nb.errors import OutcomeUnknown
from poseidon_nb.sandbox import Sandbox
from tests.conftest import FakeClock

BIGGER = "s-4vcpu-8gb"


class Stage:
    """A sandbox of its own, three droplets that are on, and what is done to them."""

    def __init__(self, clock, **more):
        self.clock = clock
        self.sandbox = Sandbox(clock=clock, speed=1.0, lag_s=4.0, **more)

    def __enter__(self):
        self.sandbox.start()
        self.client = connect(self.sandbox, clock=self.clock)
        self.client.engine.drive = lambda engine: None
        self.droplets = [one for one in self.client.droplets.list() if one.active and one.size_slug != BIGGER][:3]
        self.before = max(action.id for action in self.client.actions.list())
        return self

    def __exit__(self, *_):
        self.client.close()
        self.sandbox.stop()

    def chains(self, kind):
        make = {
            "resize": lambda row: resize_step(row, BIGGER, disk=False),
            "snapshot": lambda row: snapshot_step(row, "x"),
        }
        return [with_restart(row, make[kind](row)) for row in (one.to_dict() for one in self.droplets)]

    def finish(self):
        """Drive everything in the background to its end."""
        engine = self.client.engine
        while (wait_s := engine.tick()) is not None:
            if engine.background[0].sending:
                engine.background[0].wait_for_answer(5)
            else:
                self.clock.advance(wait_s)
        self.clock.advance(120)

    def check(self, kind):
        for droplet in self.droplets:
            done = Counter(action.type for action in droplet.actions() if action.id > self.before)
            assert droplet.refresh().active, (droplet.name, done)
            assert max(done.values(), default=0) <= 1, (droplet.name, done)
            # Begun and gone on with to its end, or not begun at all.
            assert not done or done[kind], (droplet.name, done)


class Impatient(FakeClock):
    """A clock in whose n-th sleep of the main thread Ctrl-C is pressed."""

    def __init__(self, after):
        super().__init__()
        self.left = after

    def sleep(self, seconds):
        super().sleep(seconds)
        if threading.current_thread() is threading.main_thread():
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt


@pytest.mark.parametrize("kind", ["resize", "snapshot"])
def test_ctrl_c_at_any_moment_strands_nothing(kind):
    for after in (1, 4, 9, 25, 60, 140):
        with Stage(Impatient(10**9)) as stage:
            stage.clock.left = after
            with pytest.raises(KeyboardInterrupt) as caught:
                stage.client.engine.run(stage.chains(kind))
            assert caught.value.__notes__
            stage.clock.left = 0
            stage.finish()
            stage.check(kind)


@pytest.mark.parametrize("kind", ["resize", "snapshot"])
def test_a_time_limit_at_any_moment_strands_nothing(kind):
    for limit_s in (1, 3, 6, 9, 20, 50):
        with Stage(FakeClock()) as stage:
            outcomes = stage.client.engine.run(stage.chains(kind), timeout_s=limit_s)
            assert stage.clock.monotonic() <= limit_s + 2
            # Each step has its outcome, also those that are to come.
            steps = [step.request for chain in stage.chains(kind) for step in chain]
            assert [one.step.request for one in outcomes] == steps
            for one in outcomes:
                if one.error is not None:
                    assert str(one.target.id) in str(one.error) or one.status == "skipped"
                if one.error is not None and one.action is not None:
                    assert f"%do actions wait {one.action.id}" in str(one.error)
                    assert (one.error.action, one.error.droplet.id) == (one.action, one.target.id)
            stage.finish()
            stage.check(kind)


def test_a_caller_that_does_not_wait_leaves_the_rest_to_the_background():
    with Stage(FakeClock()) as stage:
        outcomes = stage.client.engine.run(stage.chains("resize"), wait=False)
        assert {one.status for one in outcomes} == {"in-progress"}
        assert len(outcomes) == sum(map(len, stage.chains("resize")))
        stage.finish()
        stage.check("resize")


def test_a_stop_at_any_moment_powers_on_what_was_shut_down():
    for seconds in (0, 2, 5, 9, 25, 60):
        with Stage(FakeClock()) as stage:
            stage.client.engine.start(stage.chains("resize"), on_change=lambda number, run: None)
            engine, ends_s = stage.client.engine, stage.clock.monotonic() + seconds
            while stage.clock.monotonic() < ends_s and engine.tick() is not None:
                if engine.background and engine.background[0].sending:
                    engine.background[0].wait_for_answer(5)
                else:
                    stage.clock.advance(0.25)
            engine.stop()
            stage.finish()
            for droplet in stage.droplets:
                done = Counter(action.type for action in droplet.actions() if action.id > stage.before)
                assert droplet.refresh().active, (seconds, droplet.name, done)
                assert max(done.values(), default=0) <= 1, (seconds, done)


def test_a_stop_while_a_droplet_is_waited_for_sends_nothing():
    with Stage(FakeClock()) as stage:
        busy = stage.droplets[0]
        busy.take_snapshot("theirs", wait=False)
        stage.client.engine.start(stage.chains("resize")[:1], on_change=lambda number, run: None)
        for _ in range(40):
            stage.client.engine.tick()
            if stage.client.engine.background[0].sending:
                stage.client.engine.background[0].wait_for_answer(5)
        stage.client.engine.stop()
        stage.finish()
        assert [action.type for action in busy.actions() if action.id > stage.before] == ["snapshot"]
        assert busy.refresh().active


@pytest.mark.parametrize("fault", ["lost_after", "lost_before"])
@pytest.mark.parametrize("step", [0, 1])
def test_ctrl_c_while_a_response_is_lost_strands_nothing(fault, step):
    for after in (1, 2, 5, 12):
        with Stage(Impatient(10**9)) as stage:
            stage.sandbox.fault(fault, operation="dropletActions_post", skip=step)
            stage.clock.left = after
            with contextlib.suppress(KeyboardInterrupt):
                stage.client.engine.run(stage.chains("resize")[:1])
            stage.clock.left = 0
            stage.finish()
            (droplet,) = stage.droplets[:1]
            done = Counter(action.type for action in droplet.actions() if action.id > stage.before)
            assert droplet.refresh().active, (after, done)
            assert max(done.values(), default=0) <= 1, (after, done)


def test_a_caller_that_does_not_wait_is_told_of_a_lost_response_anyway():
    with Stage(FakeClock()) as stage:
        first, second, _ = stage.droplets
        stage.sandbox.fault("lost_after", operation="dropletActions_post")
        assert first.reboot(wait=False).type == "reboot"
        stage.sandbox.fault("lost_before", operation="dropletActions_post")
        with pytest.raises(OutcomeUnknown, match=str(second.id)):
            second.reboot(wait=False)
        assert stage.client.engine.background == []


@pytest.mark.parametrize("moment", ["_accept", "_end_target", "_end_step", "cancel"])
def test_ctrl_c_while_news_is_taken_in_loses_none_of_it(moment, monkeypatch):
    taken_in = getattr(Execution, moment)

    def pressed(self, *args):
        monkeypatch.setattr(Execution, moment, taken_in)
        signal.raise_signal(signal.SIGINT)
        return taken_in(self, *args)

    with Stage(FakeClock()) as stage:
        monkeypatch.setattr(Execution, moment, pressed)
        with pytest.raises(KeyboardInterrupt):
            stage.client.engine.run(stage.chains("resize")[:1], timeout_s=40)
        stage.finish()
        stage.check("resize")


def test_what_fails_in_a_progress_callback_strands_nothing():
    def told(progress):
        raise ValueError(progress.label)

    with Stage(FakeClock()) as stage:
        with pytest.raises(ValueError, match="shutdown") as failed:
            stage.client.engine.run(stage.chains("resize")[:1], on_progress=told)
        assert "continue in the background" in failed.value.__notes__[0]
        stage.finish()
        stage.check("resize")


def ours():
    return [one for one in threading.enumerate() if one.name.startswith("poseidon-") and "sandbox" not in one.name]


def test_nothing_of_ours_is_left_running():
    with Stage(FakeClock()) as stage:
        stage.client.engine.drive = _run_in_thread
        stage.client.engine.run(stage.chains("resize"), timeout_s=3)
        threads = ours()
        assert "poseidon-engine" in {thread.name for thread in threads}
        for thread in threads:
            thread.join(20)
        assert stage.client.engine.background == []
        stage.clock.advance(60)
        stage.check("resize")
    assert not ours()
