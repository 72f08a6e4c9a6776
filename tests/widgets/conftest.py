"""An account in a sandbox on a clock that only the test moves; only the test drives its watch and its engine."""

from __future__ import annotations

import ipywidgets
import pytest

from poseidon_nb.client.actions.poller import SLICE_S
from poseidon_nb.client.client import connect
from poseidon_nb.sandbox import Sandbox
from poseidon_nb.widgets.asking import TOO_SOON_S
from poseidon_nb.widgets.droplet.model import DropletModel
from poseidon_nb.widgets.fleet import model
from tests.client.conftest import Desk as AccountDesk


class AtOnce:
    """Workers that do each job where it is given to them, or keep it until the test lets them."""

    def __init__(self) -> None:
        self.holding = False
        self.held = []

    def submit(self, job) -> None:
        if self.holding:
            self.held.append(job)
        else:
            job()

    def let_go(self) -> None:
        self.holding, jobs, self.held = False, self.held, []
        for job in jobs:
            job()


class Desk(AccountDesk):
    """What a panel needs."""

    def __init__(self, sandbox, client, clock) -> None:
        super().__init__(sandbox, client, clock)
        #: What reads the sizes.
        self.workers = model.WORKERS
        #: Whether what is ordered is not sent yet.
        self.holding = False
        client.engine.drive = lambda engine: self.answer()

    def droplet(self, name: str = "web-1"):
        return self.client.droplets.by_name(name)

    def answer(self) -> None:
        """Send what is due, and wait until it was answered, as the engine's thread would; no time passes."""
        engine = self.client.engine
        if self.holding:
            return
        engine.tick()
        while sending := [one for one in engine.background if one.sending]:
            sending[0].wait_for_news(5)
            engine.tick()

    def let_go(self) -> None:
        self.holding = False
        self.answer()

    def run(self, seconds: float) -> None:
        """Drive the watch and the engine for so long, as their threads would."""
        until_s = self.clock.monotonic() + seconds
        while self.clock.monotonic() < until_s:
            self.answer()
            wait_s = self.watch.tick()
            left_s = until_s - self.clock.monotonic()
            soon_s = SLICE_S if self.client.engine.background else left_s
            self.clock.advance(min(soon_s, left_s if wait_s is None else min(max(wait_s, 0.01), left_s)))

    def posts(self) -> int:
        """Return how many changes were asked for."""
        return sum(one.method != "GET" for one in self.sandbox.requests)

    def done(self, droplet) -> list[str]:
        """Return the types of the actions that the test has set off on a droplet, in order."""
        return [one.type for one in reversed(droplet.actions()) if one.started_at >= self.clock.start]


@pytest.fixture(autouse=True)
def _no_threads_that_read(monkeypatch):
    monkeypatch.setattr(model, "WORKERS", AtOnce())


@pytest.fixture
def desk(clock):
    with Sandbox(clock=clock, speed=1.0) as sandbox, connect(sandbox, clock=clock) as client:
        yield Desk(sandbox, client, clock)


@pytest.fixture
def sent(monkeypatch):
    """Every state that a widget sends to the page."""
    states = []
    monkeypatch.setattr(ipywidgets.Widget, "send_state", lambda self, key=None: states.append((self, key)))
    return states


class Hand:
    """A model, and somebody who clicks."""

    def __init__(self, desk, droplet):
        self.desk = desk
        self.changes = 0
        #: What the test notes at each change.
        self.note = lambda: None
        self.model = DropletModel(droplet, self._changed, lambda *_: self._changed())
        desk.run(0.1)

    def _changed(self):
        self.changes += 1
        self.note()

    def confirm(self, name: str) -> None:
        self.model.press(name)
        self.desk.clock.advance(TOO_SOON_S + 0.1)
        self.model.press(name)

    def go(self) -> None:
        self.model.go()
        self.desk.clock.advance(TOO_SOON_S + 0.1)
        self.model.go()

    def enabled(self) -> set[str]:
        return {name for name, button in self.model.buttons().items() if button.enabled}

    def entries(self):
        """Return the rows, the newest first."""
        return [entry for work in self.model.works for _, entry in work.entries()]

    def titles(self) -> list[str]:
        return [entry.title for entry in self.entries()]

    def newest(self):
        return self.entries()[0]

    def retry(self) -> None:
        self.model.retry(self.model.works[0])


@pytest.fixture
def hand(desk):
    hand = Hand(desk, desk.droplet())
    yield hand
    hand.model.close()


@pytest.fixture
def off(desk):
    hand = Hand(desk, desk.droplet("staging-db"))
    yield hand
    hand.model.close()
