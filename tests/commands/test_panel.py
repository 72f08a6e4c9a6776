"""`%do panel`: what is opened, what it costs, and that panels know when a cell runs."""

from __future__ import annotations

import re
import sys
from types import SimpleNamespace

import pytest

import poseidon_nb as po
from poseidon_nb.commands.do_session import DoSession
from poseidon_nb.errors import GrammarError, InvalidArgument, NoSuchName
from poseidon_nb.magics import panels
from poseidon_nb.widgets.droplets.panel import DropletPanel


@pytest.fixture(autouse=True)
def _by_hand(desk):
    """No thread: what a panel follows would go on beside the test."""
    desk.session.client().monitor._drive = lambda watch: None


def test_a_droplet_is_named_by_name_or_id(desk):
    panel = desk.do("panel web-1")
    assert isinstance(panel, DropletPanel)
    assert panel.droplet.name == "web-1"
    again = desk.do(f"panel {panel.droplet.id}")
    assert panel.model.closed, "one panel for a droplet"
    assert "web-1" in repr(again)
    again.close()


def test_opening_a_panel_changes_nothing(desk):
    desk.sent()
    desk.do("panel web-1").close()
    assert desk.changes() == []


def test_a_name_that_is_wrong_is_told_with_the_nearest(desk):
    with pytest.raises(NoSuchName, match="web-1"):
        desk.do("panel web-l")
    with pytest.raises(GrammarError):
        desk.do("panel web-1 --nope")


def test_an_open_panel_shows_at_once_what_a_command_has_done(desk):
    panel = desk.do("panel web-1")
    watch = desk.session.client().monitor
    while watch.tick() == 0.0:
        pass
    desk.do("droplets get web-1")
    assert watch.tick() > 1, "reading hurries nobody"
    desk.do("droplets power_off web-1 --yes")
    while watch.tick() == 0.0:
        pass
    assert panel.model.row["status"] == "off"
    panel.close()


@pytest.mark.parametrize("more", ["--raw", "-o json", ""])
def test_a_panel_is_a_panel_however_results_are_shown(desk, more):
    panel = desk.do(f"panel web-1 {more}")
    assert isinstance(panel, DropletPanel)
    panel.close()


def test_a_row_of_rightsize_is_handed_to_the_panel_to_resize(desk):
    frame = desk.do("rightsize --shared-cpu")
    row = frame[frame["verdict"] == "smaller"].iloc[0]
    desk.sent()
    panel = desk.do("panel {name} --resize {size}", name=row["name"], size=row["advised_size"])
    panel.model._load_sizes()
    assert panel.model.form == "resize"
    assert panel.model.resize_options.choice.slug == row["advised_size"]
    assert panel.model.resize_options.choice.difference == -row["saving_usd_month"]
    assert panel.model.submit_button().label == f"Resize to {row['advised_size']}"
    assert desk.changes() == [], "nothing happens before it is confirmed"
    panel.close()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("panel web-1 --resize s-1vcpu-1gb", "a disk of 25 GB, but droplet web-1 has 80 GB"),
        ("panel web-1 --resize s-2vcpu-4gbb", "Unknown size.*Did you mean s-2vcpu-4gb"),
        ("panel web-1 --resize s-2vcpu-4gb", "Droplet web-1 already has size s-2vcpu-4gb"),
        ("panel --resize s-2vcpu-4gb", "--resize needs one droplet"),
        ("panel actions --resize s-2vcpu-4gb", "--resize needs one droplet"),
    ],
)
def test_a_size_that_the_droplet_cannot_have_opens_no_panel(desk, line, words):
    with pytest.raises(InvalidArgument, match=words):
        desk.do(line)


def test_the_panel_of_a_plan_has_no_size_to_offer(desk):
    plan = desk.do("droplets power_off web-1 --plan")
    with pytest.raises(InvalidArgument, match="--resize needs one droplet"):
        desk.do("panel {plan} --resize s-2vcpu-4gb", plan=plan)


def test_a_panel_can_be_kept_in_a_variable(desk):
    kept = {}
    desk.settings = type(desk.settings)(assign=kept.__setitem__)
    desk.do("panel web-1 --out mine")
    assert isinstance(kept["mine"], DropletPanel)
    assert desk.ui.said[-1] == "mine: a panel"
    kept["mine"].close()


def test_a_plan_shows_what_would_be_read(desk):
    desk.do("droplets list")
    desk.sent()
    assert desk.do("panel web-1 --dry-run") is None
    assert re.search(r"GET /v2/droplets/\d+", desk.ui.said[-1]), desk.ui.said
    assert desk.sent() == []


def test_stopping_the_sandbox_closes_its_panels(desk):
    panel = desk.do("panel web-1")
    desk.session._forget()
    assert panel.model.closed
    assert panel.model.notices() == ["This panel is closed. Run the cell again to reopen it."]
    panel.close()


class Place:
    """An output that can be replaced."""

    def __init__(self, data):
        self.data = data

    def update(self, data, **_):
        self.data = data


def test_a_panel_that_was_closed_leaves_its_last_facts_and_no_dead_widget(desk, monkeypatch):
    places = []

    def display(data, **_):
        places.append(Place(data))
        return places[-1]

    monkeypatch.setattr("IPython.display.display", display)
    panel = desk.do("panel web-1")
    monkeypatch.setattr(panels, "current_shell", lambda: SimpleNamespace(kernel=object()))
    panel._ipython_display_()
    facts, live = places
    assert "Status        active" in facts.data["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in live.data
    panel.droplet.power_off()
    panel.close()
    assert "Status        off" in facts.data["text/plain"]
    assert ">off</td>" in facts.data["text/html"]
    assert live.data == {"text/plain": "This panel is closed. Run the cell again to reopen it."}


def test_the_panels_of_a_stopped_sandbox_say_so(desk):
    panel = desk.do("panel web-1")
    desk.session.stop_sandbox()
    assert panel.model.notices() == ["This panel is closed: the sandbox was stopped. Run the cell again to reopen it."]
    panel.close()


def test_panels_stay_open_when_the_sandbox_that_runs_is_shared(desk):
    desk.session.use_sandbox(desk.sandbox)
    panel, client = desk.do("panel web-1"), desk.session.client()
    desk.do("sandbox start --share")
    assert panel.model.notices() == []
    assert desk.session.client() is client
    desk.session.use_context(None)
    assert "another account was selected" in panel.model.notices()[0]
    panel.close()


def test_a_panel_that_is_opened_again_leaves_a_sentence_that_says_so(desk):
    first, second = desk.do("panel web-1"), desk.do("panel web-1")
    assert first.closed_text == "This panel is closed: it was opened again. Run the cell again to reopen it."
    second.close()
    assert second.closed_text == "This panel is closed. Run the cell again to reopen it."


class Events:
    def __init__(self):
        self.callbacks = {"pre_run_cell": [], "post_run_cell": []}

    def register(self, name, callback):
        self.callbacks[name].append(callback)


def test_panels_hear_of_cells_once_and_from_the_cell_that_opens_them(monkeypatch):
    shell = SimpleNamespace(events=Events(), kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    session = DoSession()
    monkeypatch.setattr(panels, "default_session", lambda: session)
    assert panels.panel_host() is panels.panel_host()
    kernel = session.panel_host.monitor
    assert kernel._cell_runs
    (began,), (ended,) = shell.events.callbacks.values()
    ended("result")
    assert not kernel._cell_runs
    began("info")
    assert kernel._cell_runs


def test_where_there_is_no_kernel_nothing_is_registered(monkeypatch):
    shell = SimpleNamespace(events=Events())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    panels.panel_host()
    assert shell.events.callbacks == {"pre_run_cell": [], "post_run_cell": []}


def test_a_panel_asks_by_the_limit_that_is_configured_now(desk, monkeypatch):
    settings = SimpleNamespace(price_limit_usd_month=7.0)
    shell = SimpleNamespace(magics_manager=SimpleNamespace(registry={"DoMagics": settings}))
    monkeypatch.setattr(panels, "current_shell", lambda: shell)
    for line in ("panel web-1", "panel"):
        panel = desk.do(line)
        settings.price_limit_usd_month = 8.0
        assert panel.model.fleet.price_limit_usd_month() == 8.0
        panel.close()


def test_the_public_name_makes_the_same_panel(desk):
    panel = po.DropletPanel(desk.session.client().droplets.by_name("web-1"))
    assert isinstance(panel, DropletPanel)
    panel.close()
