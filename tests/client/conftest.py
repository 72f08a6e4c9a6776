"""An account in a sandbox, and a client of it, on one clock that only the test moves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from poseidon_nb.client.client import Client, connect
from poseidon_nb.client.engine.droplet_steps import action_step
from poseidon_nb.client.monitor.monitor import AccountMonitor
from poseidon_nb.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poseidon_nb.client.droplet import Droplet


class Desk:
    """A sandbox, a client, and a monitor that only the test drives."""

    def __init__(self, sandbox, client, clock):
        self.sandbox, self.client, self.clock = sandbox, client, clock
        self.started: list[AccountMonitor] = []
        client.monitor = self.monitor = AccountMonitor(client._connection, client.actions, drive=self.started.append)
        self.changes = 0
        self.told = []

    def subscribe(self, **wanted):
        return self.monitor.subscribe(self._changed, on_progress=self.told.append, **wanted)

    def _changed(self):
        self.changes += 1

    def run(self, seconds: float) -> None:
        """Drive the monitor for so long, as its thread would."""
        until_s = self.clock.monotonic() + seconds
        while self.clock.monotonic() < until_s:
            wait_s, left_s = self.monitor.tick(), until_s - self.clock.monotonic()
            self.clock.advance(left_s if wait_s is None else min(max(wait_s, 0.01), left_s))

    def sent(self) -> list[str]:
        lines = [f"{one.method} {one.path}{'?' if one.query else ''}{one.query}" for one in self.sandbox.requests]
        self.sandbox._dispatcher.log.clear()
        return lines


@pytest.fixture
def sandbox(clock) -> Iterator[Sandbox]:
    # At the service's own speed: a lag is seconds, and the clock does not mind.
    with Sandbox(clock=clock, speed=1.0, lag_s=4.0) as running:
        yield running


@pytest.fixture
def client(sandbox, clock) -> Iterator[Client]:
    with connect(sandbox, clock=clock) as connected:
        # What goes on in the background does so when the test says so, for its clock moves by itself.
        connected.engine.drive = lambda engine: None
        yield connected


@pytest.fixture
def finish(client, clock) -> Callable[[], None]:
    """Return what drives everything in the background to its end."""

    def drive() -> None:
        while (wait_s := client.engine.tick()) is not None:
            if client.engine.background[0].sending:
                client.engine.background[0].wait_for_answer(5)
            else:
                clock.advance(wait_s)

    return drive


@pytest.fixture
def on_each(client):
    """Return what has one action run on each of some droplets, as ``%do`` does."""

    def run(droplets, action_type, parameters=None, **waiting):
        chains = [
            (replace(action_step(droplet.to_dict(), action_type, parameters), unchanged=""),) for droplet in droplets
        ]
        assign = {droplet.id: droplet.assign for droplet in droplets}
        return client.engine.run(chains, assign=assign, **waiting)

    return run


@pytest.fixture
def droplet(client) -> Droplet:
    return next(one for one in client.droplets.list() if one.active)


@pytest.fixture
def sent(sandbox) -> Callable[..., list[str]]:
    """Return what was sent, as ``METHOD /path``; only a method's with an argument."""

    def of(method: str = "") -> list[str]:
        return [f"{one.method} {one.path}" for one in sandbox.requests if method in {"", one.method}]

    return of


@pytest.fixture
def desk(sandbox, client, clock):
    return Desk(sandbox, client, clock)


@pytest.fixture
def large(clock):
    with Sandbox(clock=clock, speed=1.0, lag_s=4.0, droplets=450) as sandbox, connect(sandbox, clock=clock) as client:
        yield Desk(sandbox, client, clock)
