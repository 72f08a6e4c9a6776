"""Clicks while a cell runs: the comm that replaces a widget's own, and a real kernel with a running cell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import ipywidgets
import pytest
from comm import get_comm_manager
from jupyter_client.manager import start_new_kernel

from poseidon_nb.widgets.click_confirmation import Confirmation
from poseidon_nb.widgets.droplets.panel import DropletPanel
from poseidon_nb.widgets.kernel import SubshellComm, use_subshells


@pytest.fixture
def beside():
    return []


@pytest.fixture
def button(beside):
    button = ipywidgets.Button()
    button.first = button.comm
    use_subshells(button, lambda: beside.append(1))
    yield button
    button.close()


@pytest.fixture
def published(button, monkeypatch):
    """Collect the messages to the page."""
    messages = []
    monkeypatch.setattr(button.first, "publish_msg", lambda kind, **_: messages.append(kind))
    return messages


def click(button, **header):
    content = {"comm_id": button.model_id, "data": {"method": "custom", "content": {"event": "click"}}}
    get_comm_manager().comm_msg(None, None, {"header": header, "content": content, "buffers": []})


def test_it_replaces_the_original_and_sends_through_it(button, published):
    assert button.comm.comm_id == button.first.comm_id
    assert get_comm_manager().get_comm(button.model_id) is button.comm
    button.description = "Press"
    assert published == ["comm_msg"]


def test_it_does_not_choose_the_shell_for_its_messages(button):
    # ipykernel 7.4 reads this attribute of a comm; without it the front end decides.
    assert not hasattr(button.comm, "_reply_subshell_for")


def test_the_time_of_a_click_decides_whether_it_was_a_double_click(button, clock):
    confirmation = Confirmation(clock)
    confirmed = []
    button.on_click(lambda _: confirmed.append(confirmation.press("power_off")))
    made = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    for later_s in (0.0, 0.2, 3.0):
        click(button, date=made + timedelta(seconds=later_s))
        clock.advance(5.0)
    assert confirmed == [False, False, True]


def test_messages_are_handled_and_a_subshell_is_noticed(button, beside):
    clicks = []
    button.on_click(lambda _: clicks.append(1))
    click(button)
    assert (clicks, beside) == ([1], [])
    click(button, subshell_id="some")
    assert (clicks, beside) == ([1, 1], [1])


def test_it_is_closed_once_and_unregistered(button, published):
    comm = button.comm
    button.close()
    comm.close()
    assert published == ["comm_close"]
    assert comm.comm_id not in get_comm_manager().comms


def test_a_comm_closed_by_the_page_can_be_closed(button, published):
    comm = button.comm
    get_comm_manager().comm_close(None, None, {"content": {"comm_id": comm.comm_id}})
    button.close()
    assert published == []


def test_using_subshells_twice_replaces_the_comm_once(button):
    comm = button.comm
    use_subshells(button, lambda: None)
    assert button.comm is comm


def test_every_widget_of_a_panel_uses_subshells_including_later_ones(desk):
    panel = DropletPanel(desk.droplet())
    try:
        panel._buttons["reboot"]._button.click()
        desk.clock.advance(2.0)
        panel._buttons["reboot"]._button.click()
        seen = [*walk(panel.widget)]
        assert any("pnb-work" in one._dom_classes for one in seen)
        assert {type(one.comm) for one in seen} == {SubshellComm}
    finally:
        panel.close()


def walk(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from walk(child)


OPEN = """
import threading, poseidon_nb as po
sandbox = po.Sandbox(droplets=4, speed=1000).start()
panel = po.DropletPanel(next(one for one in po.connect(sandbox).droplets.list() if one.active))
clicked = threading.Event()
button = panel._buttons["snapshot"]._button
button.on_click(lambda _: clicked.set())
get_ipython().events.register("post_execute", lambda: print("shown"))
print(button.comm.comm_id)
"""


@pytest.mark.parametrize(("addressed", "result"), [(True, "clicked"), (False, "not clicked")])
def test_a_click_is_handled_while_a_cell_runs_if_the_front_end_addresses_a_subshell(addressed, result):
    manager, client = start_new_kernel()
    try:
        comm_id = run(client, OPEN)[0]
        data = {"method": "custom", "content": {"event": "click"}}
        click = client.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
        if addressed:
            client.control_channel.send(client.session.msg("create_subshell_request", {}))
            made = client.control_channel.get_msg(timeout=20)["content"]
            click["header"]["subshell_id"] = made["subshell_id"]
        cell = f"print('clicked' if clicked.wait({20 if addressed else 1}) else 'not clicked')"
        lines = run(client, cell, begun=lambda: client.shell_channel.send(click))
        # The hooks of the shell run after the cell, and not at the click.
        assert lines == [result, "shown"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def run(client, code, begun=lambda: None):
    """Run a cell, call a function once it has started, and return the lines that it prints."""
    texts = []

    def told(message):
        if message["msg_type"] == "execute_input":
            begun()
        texts.append(message["content"].get("text", ""))

    client.execute_interactive(code, timeout=60, output_hook=told)
    return "".join(texts).splitlines()
