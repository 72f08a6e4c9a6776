"""An account in a sandbox on a clock that only the test advances. Only the test drives its monitor and its engine."""

from __future__ import annotations

import ipywidgets
import pytest

from poseidon_nb.client.actions.poller import SLEEP_S
from poseidon_nb.client.client import connect
from poseidon_nb.sandbox import Sandbox
from poseidon_nb.widgets.click_confirmation import MIN_CONFIRM_DELAY_S
from poseidon_nb.widgets.droplets import model
from poseidon_nb.widgets.droplets.panel_models import DropletModel
from tests.client.conftest import Desk as AccountDesk


class ImmediateWorkers:
    """Workers that run each job at once, or queue it until the test releases it."""

    def __init__(self, *, held_back: bool = False) -> None:
        self.held_back = held_back
        self.queued = []

    def submit(self, job) -> None:
        if self.held_back:
            self.queued.append(job)
        else:
            job()

    def release(self) -> None:
        self.held_back, jobs, self.queued = False, self.queued, []
        for job in jobs:
            job()


class Desk(AccountDesk):
    """What a panel needs."""

    def __init__(self, sandbox, client, clock) -> None:
        super().__init__(sandbox, client, clock)
        #: The workers that load the sizes.
        self.workers = model.WORKERS
        #: The workers that load metrics, which wait until the test releases them.
        self.metrics_workers = model.METRICS_WORKERS
        #: Whether requests are held back.
        self.held_back = False
        client.engine.drive = lambda engine: self.answer()

    def droplet(self, name: str = "web-1"):
        return self.client.droplets.by_name(name)

    def answer(self) -> None:
        """Send what is due and wait for the replies, as the engine's thread would; no time passes."""
        engine = self.client.engine
        if self.held_back:
            return
        engine.tick()
        while sending := [one for one in engine.background if one.sending]:
            sending[0].wait_for_answer(5)
            engine.tick()

    def release(self) -> None:
        self.held_back = False
        self.answer()

    def run(self, seconds: float) -> None:
        """Drive the monitor and the engine for some seconds, as their threads would."""
        until_s = self.clock.monotonic() + seconds
        while self.clock.monotonic() < until_s:
            self.answer()
            wait_s = self.monitor.tick()
            left_s = until_s - self.clock.monotonic()
            soon_s = SLEEP_S if self.client.engine.background else left_s
            self.clock.advance(min(soon_s, left_s if wait_s is None else min(max(wait_s, 0.01), left_s)))

    def posts(self) -> int:
        """Return the number of requests that change something."""
        return sum(one.method != "GET" for one in self.sandbox.requests)

    def done(self, droplet) -> list[str]:
        """Return the types of the actions that the test has started on a droplet, in order."""
        return [one.type for one in reversed(droplet.actions()) if one.started_at >= self.clock.start]


@pytest.fixture(autouse=True)
def _no_threads_that_read(monkeypatch):
    monkeypatch.setattr(model, "WORKERS", ImmediateWorkers())
    monkeypatch.setattr(model, "METRICS_WORKERS", ImmediateWorkers(held_back=True))


@pytest.fixture
def desk(clock):
    with Sandbox(clock=clock, speed=1.0) as sandbox, connect(sandbox, clock=clock) as client:
        yield Desk(sandbox, client, clock)


@pytest.fixture
def sent(monkeypatch):
    """Collect every state that a widget sends to the page."""
    states = []
    monkeypatch.setattr(ipywidgets.Widget, "send_state", lambda self, key=None: states.append((self, key)))
    return states


class User:
    """A model, and a user who clicks."""

    def __init__(self, desk, droplet):
        self.desk = desk
        self.changes = 0
        #: Called at each change.
        self.note = lambda: None
        self.model = DropletModel(droplet, self._changed, lambda *_: self._changed())
        desk.run(0.1)

    def _changed(self):
        self.changes += 1
        self.note()

    def confirm(self, name: str) -> None:
        self.model.press(name)
        self.desk.clock.advance(MIN_CONFIRM_DELAY_S + 0.1)
        self.model.press(name)

    def submit(self) -> None:
        self.model.submit()
        self.desk.clock.advance(MIN_CONFIRM_DELAY_S + 0.1)
        self.model.submit()

    def enabled(self) -> set[str]:
        return {name for name, button in self.model.buttons().items() if button.enabled}

    def rows(self):
        """Return the rows, the newest first."""
        return [row for progress in self.model.activity for _, row in progress.rows()]

    def titles(self) -> list[str]:
        return [row.title for row in self.rows()]

    def newest(self):
        return self.rows()[0]

    def retry(self) -> None:
        self.model.retry(self.model.activity[0])


@pytest.fixture
def user(desk):
    user = User(desk, desk.droplet())
    yield user
    user.model.close()


@pytest.fixture
def off(desk):
    user = User(desk, desk.droplet("staging-db"))
    yield user
    user.model.close()
