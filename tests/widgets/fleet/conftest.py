"""A desk with a fleet's panel."""

from __future__ import annotations

import pytest

from poseidon_nb.client.client import connect
from poseidon_nb.sandbox import Sandbox
from poseidon_nb.widgets.click_confirmation import MIN_CONFIRM_DELAY_S
from poseidon_nb.widgets.droplets.fleet_panel import FleetPanel
from poseidon_nb.widgets.panel import PanelHost
from tests.widgets.conftest import Desk


class FleetDesk(Desk):
    """An account with 60 droplets, and the panel of its fleet."""

    def __init__(self, sandbox, client, clock):
        super().__init__(sandbox, client, clock)
        self.panel = None
        self.host = PanelHost()

    def open(self, tag=None) -> FleetPanel:
        self.panel = FleetPanel(self.client, tag=tag, host=self.host)
        self.run(0.5)
        return self.panel

    def click(self, verb: str) -> None:
        self.panel._buttons[verb]._button.click()

    def confirm(self, verb: str) -> None:
        self.click(verb)
        self.clock.advance(MIN_CONFIRM_DELAY_S + 0.1)
        self.click(verb)

    def posted(self) -> list[str]:
        return [one.path for one in self.sandbox.requests if one.method == "POST"]


@pytest.fixture
def desk(clock):
    with Sandbox(clock=clock, speed=1.0, droplets=60) as sandbox, connect(sandbox, clock=clock) as client:
        desk = FleetDesk(sandbox, client, clock)
        yield desk
        if desk.panel is not None:
            desk.panel.close()


def active(desk, number: int) -> list[int]:
    return [key for key, row in desk.monitor.state.droplets.items() if row["status"] == "active"][:number]


def choose(form, size: str, number: int = 1) -> None:
    """Send the message of a click on a size."""
    form._sizes._handle_custom_msg({"slug": size, "sequence": number}, [])


def chosen(desk, size: str, *, disk: bool = False):
    desk.click("resize")
    form = desk.panel._forms[1]
    choose(form, size)
    if disk:
        form._disk.value = True
    return form._submit
