"""The panel of an account's actions in JupyterLab in Chromium: what others have started, how it ends, and how it looks."""

from __future__ import annotations

import re

import pytest

START = """%load_ext poseidon_nb
%do sandbox start --speed {speed} --droplets 12
from poseidon_nb.magics.do import default_session
sandbox = default_session().sandbox
elsewhere = __import__("poseidon_nb").connect(sandbox)
world = sandbox._dispatcher.world
running = [one for one in elsewhere.droplets.list() if one.active]
"""
OPEN = "%do panel actions"


@pytest.fixture
def actions(open_notebook):
    """Return a function that prepares an account, opens its panel in cell 2, and gives the notebook and the panel's place."""

    def start(before: str, *cells: str, speed: int = 4):
        notebook = open_notebook(START.format(speed=speed), before, OPEN, *cells)
        notebook.finish(0, 1, 2)
        place = notebook.output(2)
        place.locator(".pnb-actions").wait_for(timeout=20_000)
        return notebook, place

    return start


@pytest.mark.timeout(240)
def test_an_action_that_another_client_has_started_is_taken_up_with_a_bar_until_it_ends(actions):
    notebook, place = actions(
        "running[0].take_snapshot(wait=False)",
        "running[1].reboot(wait=False); print(running[1].name)",
        speed=2,
    )
    bars = place.locator(".pnb-activity [role=progressbar]")
    bars.first.wait_for(timeout=20_000)
    assert bars.first.get_attribute("aria-label").startswith("Snapshot ")
    notebook.finish(3)
    place.get_by_role("button", name="Refresh").click()
    reboot = place.locator(".pnb-activity [role=progressbar][aria-label^='Reboot ']")
    reboot.wait_for(timeout=20_000)
    # It moves, until it is gone at the end: read in one look, for between two it may be.
    told = "bars => bars[0]?.getAttribute('aria-valuetext')"
    first = reboot.evaluate_all(told)
    notebook.picture("actions_running")
    moved = (
        "([place, first]) => place.querySelector('[aria-label^=\"Reboot \"]')?.getAttribute('aria-valuetext') !== first"
    )
    notebook.page.wait_for_function(moved, arg=[place.element_handle(), first], timeout=20_000)
    notebook.pass_time()
    place.get_by_text("No actions in progress").locator("visible=true").wait_for(timeout=90_000)
    rows = place.locator(".pnb-list tr").all_inner_texts()[1:3]
    assert {row.split()[0] for row in rows} == {"Snapshot", "Reboot"}
    assert all("✓ completed" in row for row in rows)
    notebook.picture("actions_ended")


@pytest.mark.timeout(240)
def test_an_action_that_fails_is_red_and_names_its_id_and_a_lost_account_is_said_with_the_request(actions):
    notebook, place = actions(
        "sandbox.fault('action_errored', action='reboot', times=1)\nfailing = running[0].reboot(wait=False)",
        "print(failing.id)",
        "sandbox.fault('status', status=403, message='no <b>actions</b> for you', method='GET', times=6)",
        speed=8,
    )
    # What failed in the days before is listed too; none of that is a reboot.
    errored = place.locator(".pnb-list tr").filter(has_text="✗ errored")
    row = errored.filter(has=notebook.page.get_by_text(re.compile(r"^Reboot ")))
    row.wait_for(timeout=60_000)
    notebook.finish(3)
    number = notebook.output(3).get_by_text(re.compile(r"^\s*\d{6,}\s*$")).first.inner_text().strip()
    assert number in row.inner_text()
    red = row.locator("td.pnb-bad").evaluate("cell => getComputedStyle(cell).color")
    channels = [float(part) for part in re.findall(r"[\d.]+", red)[:3]]
    assert channels[0] > 1.5 * max(channels[1:]), red
    notebook.picture("actions_errored")
    notebook.finish(4)
    place.get_by_role("button", name="Refresh").click()
    notice = place.locator(".pnb-notice").get_by_text("The account could not be read; retrying.")
    notice.wait_for(timeout=30_000)
    assert re.search(r"403: no <b>actions</b> for you.*Request id: [\w-]{8,}", notice.inner_text())
    notebook.picture("actions_lost")


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("width", "theme"), [(700, "JupyterLab Light"), (1280, "JupyterLab Dark")])
def test_long_and_hostile_names_fit_the_card_in_either_theme(actions, width, theme):
    names = ["<img src=x onerror=window.harmed=1>" + "w" * 200, chr(0x5E9) * 190, "x" * 200]
    notebook, place = actions(
        f"for one, name in zip(running, {names!r}):\n"
        "    world.droplets.put(one.id, world.droplets[one.id].with_public(name=name))\n"
        "    one.refresh().take_snapshot(wait=False)\n"
        "panel = %do panel",
        "for one in running[3:6]: one.reboot(wait=False)",
        speed=2,
    )
    page = notebook.page
    notebook.wear(theme)
    page.set_viewport_size({"width": width, "height": 1200})
    if width < 1000:
        notebook.command("application:toggle-left-area")
    card = place.locator(".pnb-actions")
    # Only names are wrapped.
    lines = (
        "cells => cells.map(cell => { const text = document.createRange(); text.selectNodeContents(cell);"
        " return text.getClientRects().length; })"
    )
    assert {*place.locator(".pnb-list td:visible:not(:first-child)").evaluate_all(lines)} == {1}
    overflow = "card => card.scrollWidth - card.clientWidth"
    place.locator(".pnb-activity [role=progressbar][aria-label*='onerror']").wait_for(timeout=30_000)
    notebook.settle()
    assert card.evaluate(overflow) <= 1
    notebook.picture(f"actions_names_{width}")
    notebook.pass_time()
    place.get_by_text("No actions in progress").locator("visible=true").wait_for(timeout=120_000)
    assert card.evaluate(overflow) <= 1
    assert place.locator("img").count() == 0
    assert page.evaluate("window.harmed") is None
    ink = place.locator(".pnb-list td").first.evaluate("cell => getComputedStyle(cell).color")
    bright = min(int(part) for part in re.findall(r"\d+", ink)[:3])
    assert bright > 150 if "Dark" in theme else bright < 120
    notebook.picture(f"actions_names_ended_{width}")


@pytest.mark.timeout(240)
def test_a_panel_without_its_kernel_looks_dead(actions):
    notebook, _ = actions("")
    notebook.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    dead = notebook.page.locator(".pnb-actions.jupyter-widgets-disconnected")
    dead.wait_for(timeout=30_000)
    notebook.wait_idle()
    assert "Run the cell again" in dead.evaluate("element => getComputedStyle(element, '::after').content")
    assert float(dead.locator(".pnb-bar").evaluate("element => getComputedStyle(element).opacity")) < 0.6
    # A view that is drawn afterwards has no kernel to tell, which is no error of the page.
    notebook.page.evaluate("window.jupyterapp.commands.execute('notebook:create-output-view')")
    notebook.page.locator(".jp-LinkedOutputView .pnb-actions .pnb-bar").first.wait_for()
    notebook.settle()
