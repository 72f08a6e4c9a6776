"""An account in a sandbox, and a client of it, on one clock that only the test moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from poseidon_nb.client.client import Client, connect
from poseidon_nb.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poseidon_nb.client.droplet import Droplet


@pytest.fixture
def sandbox(clock) -> Iterator[Sandbox]:
    # At the service's own speed: a lag is seconds, and the clock does not mind.
    with Sandbox(clock=clock, speed=1.0) as running:
        yield running


@pytest.fixture
def client(sandbox, clock) -> Iterator[Client]:
    with connect(sandbox, clock=clock) as connected:
        yield connected


@pytest.fixture
def droplet(client) -> Droplet:
    return next(one for one in client.droplets.list() if one.active)


@pytest.fixture
def sent(sandbox) -> Callable[..., list[str]]:
    """Give what was sent, as ``METHOD /path``; only a method's with an argument."""

    def of(method: str = "") -> list[str]:
        return [f"{one.method} {one.path}" for one in sandbox.requests if method in {"", one.method}]

    return of
