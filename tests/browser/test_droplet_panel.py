"""The panel of a droplet in JupyterLab in Chromium: from a click to what the sandbox was asked, by mouse and by keyboard."""

from __future__ import annotations

import re

import pytest

from poseidon_nb.widgets.kernel import NOTICE_DELAY_S
from tests.browser.fleet_page import GATE, read_question, size_row

expect = pytest.importorskip("playwright.sync_api").expect

KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"

pytestmark = pytest.mark.timeout(240)


def test_each_power_button_goes_from_a_click_to_a_request_and_its_bar_moves_and_ends(open_panel):
    panel = open_panel()
    panel.notebook.picture("panel_light", of=".pnb-panel")
    panel.notebook.note_bars()
    for name, title in (
        ("reboot", "Reboot"),
        ("power-cycle", "Power cycle"),
        ("shutdown", "Shut down"),
    ):
        panel.confirm(name)
        bar = panel.entry(f"{title} web-1").locator("[role=progressbar]")
        panel.ends(f"{title} web-1")
        moved = [value for value, words in panel.notebook.bars(f"{title} web-1") if "completed in" not in (words or "")]
        assert len({*moved}) >= 3, f"the bar of {name} moves"
        assert bar.get_attribute("aria-valuenow") == "100"
    panel.root.get_by_text("off", exact=True).wait_for(timeout=10_000)
    expect(panel.button("shutdown")).to_have_attribute("title", "It is off.", timeout=10_000)
    assert panel.button("shutdown").is_disabled()
    panel.button("power-on").click()
    panel.ends("Power on web-1")
    panel.confirm("power-off")
    panel.ends("Power off web-1")
    assert panel.changes() == [("POST", "actions", 201)] * 5


def test_a_snapshot_has_a_name_and_takes_another(open_panel):
    panel = open_panel("%do snapshots list --columns name --raw", speed=60)
    panel.button("snapshot").click()
    name = panel.page.get_by_label("Snapshot name")
    name.wait_for(timeout=10_000)
    assert name.input_value().startswith("web-1-")
    name.fill("before <b>the</b> upgrade")
    panel.notebook.picture("panel_snapshot", of=".pnb-panel")
    panel.button("submit-snapshot").click()
    panel.ends("before <b>the</b> upgrade")
    panel.notebook.run(3)
    panel.notebook.output(3).get_by_text("before <b>the</b> upgrade").wait_for(timeout=20_000)
    assert panel.changes() == [("POST", "actions", 201)]


def test_a_resize_of_a_running_droplet_shows_its_steps_and_leaves_it_on(open_panel):
    panel = open_panel()
    panel.button("resize").click()
    size_row(panel.root, "s-4vcpu-8gb").click(timeout=20_000)
    cells = panel.root.locator(".pnb-sizes tbody tr").all_inner_texts()
    assert all(re.search(r"\$[\d,.]+\s+([+-]\$[\d,.]+|same)\s*$", text) for text in cells)
    assert "current" in size_row(panel.root, "s-2vcpu-4gb").inner_text()
    panel.page.get_by_label(re.compile("Disk, CPU and RAM: the disk grows from 80 to 160 GB; cannot be undone")).check()
    panel.root.get_by_text("Its disk grows to 160 GB permanently").wait_for(timeout=10_000)
    panel.root.get_by_text("it is shut down, resized and powered on again").wait_for(timeout=10_000)
    # The metrics are read while somebody chooses.
    panel.root.locator(".pnb-advice").get_by_text("Advised by the last 14 days: ").wait_for(timeout=60_000)
    advised = panel.root.locator(".pnb-mark-advised")
    assert advised.count() == 1
    assert panel.root.locator("input[value='s-4vcpu-8gb']").is_checked()
    panel.notebook.picture("panel_resize", of=".pnb-panel")
    panel.confirm("submit-resize")
    entry = panel.entry("Resize web-1 to s-4vcpu-8gb with its disk")
    entry.locator(".pnb-step-current", has_text="resize").wait_for(timeout=60_000)
    panel.notebook.picture("panel_steps", of=".pnb-panel")
    panel.notebook.pass_time()
    panel.ends("Resize web-1 to s-4vcpu-8gb with its disk")
    assert entry.locator(".pnb-step-done").count() == 3
    panel.root.get_by_text("4 vCPUs · 8 GB · 160 GB disk").first.wait_for(timeout=20_000)
    panel.root.get_by_text("active", exact=True).wait_for(timeout=20_000)
    assert panel.changes() == [("POST", "actions", 201)] * 3


def test_a_droplet_that_is_busy_is_waited_for_and_what_runs_on_it_has_a_bar(open_panel):
    busy = "po.connect(sandbox).droplets.by_name('web-1').take_snapshot('theirs', wait=False)\n"
    panel = open_panel(before=busy, speed=4)
    panel.entry("Snapshot web-1").locator("[role=progressbar]").wait_for(timeout=20_000)
    panel.button("reboot").click()
    panel.page.get_by_role("button", name="Confirm: reboot web-1 (after its snapshot action has finished)").wait_for(
        timeout=10_000
    )
    panel.notebook.picture("panel_waits_question", of=".pnb-panel")
    panel.button("reboot").press("Escape")
    panel.confirm("reboot")
    panel.entry("Reboot web-1").get_by_text("waiting for its snapshot action to finish").wait_for(timeout=10_000)
    panel.notebook.picture("panel_waits", of=".pnb-panel")
    panel.notebook.pass_time()
    panel.ends("Snapshot web-1")
    panel.entry("Reboot web-1").locator("[role=progressbar]").wait_for(timeout=20_000)
    panel.ends("Reboot web-1")
    assert panel.changes()[-1] == ("POST", "actions", 201)


def test_a_question_is_confirmed_and_taken_back_by_keyboard_alone(open_panel):
    panel = open_panel()
    panel.button("power-off").focus()
    press = panel.page.keyboard.press
    press("Enter")
    panel.page.get_by_role("button", name="Confirm: power off web-1").wait_for(timeout=10_000)
    panel.notebook.picture("panel_question", of=".pnb-panel")
    press("Tab")
    assert panel.page.evaluate("document.activeElement.textContent") == "Cancel"
    press("Enter")
    panel.page.get_by_role("button", name="Power off", exact=True).wait_for(timeout=10_000)
    panel.page.wait_for_function("document.activeElement.textContent === 'Power off'", timeout=5_000)
    assert panel.changes() == []
    panel.button("power-off").focus()
    press("Space")
    panel.page.get_by_role("button", name="Confirm: power off web-1").wait_for(timeout=10_000)
    read_question(panel.page)
    assert "Confirm" in panel.page.evaluate("document.activeElement.textContent"), "the focus has stayed"
    press("Enter")
    panel.ends("Power off web-1")
    assert panel.changes() == [("POST", "actions", 201)]


def test_a_question_is_taken_back_by_mouse_and_a_double_click_does_not_confirm(open_panel):
    panel = open_panel()
    panel.button("power-off").dblclick()
    asking = panel.page.get_by_role("button", name="Confirm: power off web-1")
    asking.wait_for(timeout=10_000)
    # It is heard of after both clicks, whatever they came to.
    panel.root.locator(".pnb-button-group", has=asking).get_by_role("button", name="Cancel").click()
    asking.wait_for(state="detached", timeout=10_000)
    assert panel.changes() == []


def test_what_fails_is_red_with_message_request_id_and_retry(open_panel):
    faults = """
sandbox.fault("action_errored", action="reboot")
sandbox.fault("status", status=422, method="POST", message="No room in the rack", skip=1)
"""
    panel = open_panel(before=faults)
    panel.confirm("reboot")
    panel.ends("Reboot web-1", "errored after")
    red = panel.entry("Reboot web-1").locator(".pnb-error")
    assert "DigitalOcean gives no reason" in red.inner_text()
    panel.confirm("power-cycle")
    panel.ends("Power cycle web-1", "✗ failed")
    refused = panel.entry("Power cycle web-1")
    assert re.search(
        r"422: No room in the rack \(.*\)\. Request id: [\w-]{8,}$", refused.locator(".pnb-error").inner_text()
    )
    panel.notebook.picture("panel_errors", of=".pnb-panel")
    refused.get_by_role("button", name="Retry").click()
    panel.ends("Power cycle web-1")
    errored = panel.entry("errored after")
    errored.get_by_role("button", name="Retry").click()
    panel.ends("Reboot web-1")
    assert [status for *_, status in panel.changes()] == [201, 422, 201, 201]


def test_a_429_is_waited_for_and_told_and_a_lost_connection_goes_on_afterwards(open_panel):
    faults = 'sandbox.fault("status", status=429, method="POST", retry_after_s=3, times=1)\n'
    lose = 'sandbox.fault("lost_before", method="GET", times=30)'
    panel = open_panel(lose, before=faults, speed=2)
    panel.confirm("power-cycle")
    panel.entry("Power cycle web-1").get_by_text("waiting 3 s: rate limit").wait_for(timeout=10_000)
    panel.entry("Power cycle web-1").get_by_text(re.compile("left \\(median")).wait_for(timeout=20_000)
    panel.notebook.run(3)
    notice = panel.root.locator(".pnb-notice").get_by_text("The account could not be read; retrying.")
    notice.wait_for(timeout=30_000)
    panel.notebook.picture("panel_lost", of=".pnb-panel")
    panel.notebook.pass_time()
    panel.ends("Power cycle web-1")
    notice.wait_for(state="detached", timeout=30_000)
    assert panel.changes() == [("POST", "actions", 429), ("POST", "actions", 201)]


def test_a_click_while_a_cell_runs_is_taken_at_once_and_leaves_the_cells_output_alone(open_panel):
    panel = open_panel(f"print('before')\n{GATE}\nprint('after')")
    panel.notebook.run(3)
    panel.notebook.output(3).get_by_text("before").wait_for(timeout=10_000)
    # For as long as it takes until a panel would say that clicks have to wait.
    panel.page.wait_for_timeout(1_000 * NOTICE_DELAY_S + 500)
    # On ipykernel 7.4 what belongs to a widget made in a cell would queue behind this one, which ends after all this only.
    panel.button("snapshot").click()
    panel.page.get_by_label("Snapshot name").wait_for(timeout=20_000)
    panel.button("reboot").click()
    panel.root.locator("button.pnb-confirming").wait_for(timeout=20_000)
    read_question(panel.page)
    panel.root.locator("button.pnb-confirming").click()
    panel.entry("Reboot web-1").wait_for(timeout=20_000)
    assert "after" not in panel.notebook.output(3).inner_text(), "the cell is still running"
    assert panel.root.locator(".pnb-notice").get_by_text("A cell is running").count() == 0
    panel.notebook.open_gate()
    panel.notebook.output(3).get_by_text("after").wait_for(timeout=20_000)
    panel.ends("Reboot web-1")
    assert panel.changes() == [("POST", "actions", 201)]


def test_a_click_while_a_cell_runs_is_neither_lost_nor_done_twice_and_progress_goes_on(open_panel):
    # As where the kernel has no subshells, or the user has switched them off.
    panel = open_panel(GATE, speed=2, prepare=f"{KERNEL}.commsOverSubshells = 'disabled'")
    panel.confirm("reboot")
    panel.entry("Reboot web-1").locator("[role=progressbar]").wait_for(timeout=10_000)
    panel.notebook.run(3)
    panel.notebook.wait_busy()
    panel.notebook.note_bars()
    # What it shows now, and then something else, though the cell runs.
    panel.notebook.wait_bars("Reboot web-1", 2)
    notice = panel.root.locator(".pnb-notice").get_by_text("A cell is running. Clicks may be queued")
    notice.wait_for(timeout=20_000)
    panel.notebook.picture("panel_busy", of=".pnb-panel")
    panel.notebook.open_gate()
    panel.notebook.wait_idle()
    notice.wait_for(state="detached", timeout=10_000)
    panel.ends("Reboot web-1")
    panel.notebook.run(3)
    panel.notebook.wait_busy()
    # Lost, or taken twice, the form is not there.
    panel.button("snapshot").click()
    panel.notebook.open_gate()
    panel.notebook.wait_idle()
    panel.page.get_by_label("Snapshot name").wait_for(timeout=10_000)
    panel.notebook.run(3)
    panel.notebook.wait_busy()
    for _ in range(3):
        # Somebody who thinks that the first click was lost.
        panel.button("power-off").click()
    panel.notebook.open_gate()
    panel.notebook.wait_idle()
    panel.root.locator("button.pnb-confirming").wait_for(timeout=10_000)
    assert panel.changes() == [("POST", "actions", 201)], "three clicks in a row confirm nothing"


def test_the_cell_run_again_closes_the_old_panel_and_a_dead_panel_looks_dead(open_panel):
    panel = open_panel("len(po.current_client().monitor._subscriptions)")
    panel.open()
    panel.open()
    assert panel.root.count() == 1
    panel.notebook.run(3)
    panel.notebook.output(3).get_by_text("1", exact=True).wait_for(timeout=10_000)
    panel.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    dead = panel.page.locator(".pnb-panel.jupyter-widgets-disconnected")
    dead.wait_for(timeout=30_000)
    panel.notebook.wait_idle()
    assert "Run the cell again" in dead.evaluate("element => getComputedStyle(element, '::after').content")
    assert float(dead.locator(".pnb-bar").evaluate("element => getComputedStyle(element).opacity")) < 0.6
    assert dead.locator(".pnb-bar").evaluate("element => getComputedStyle(element).pointerEvents") == "none"
    # Nor can it be reached by keys.
    assert panel.page.locator(".pnb-panel > [inert] button.pnb-reboot").count() == 1
    panel.page.locator(".pnb-panel button.pnb-reboot").evaluate("button => button.focus()")
    assert panel.page.evaluate("!document.activeElement.closest('.pnb-panel')")
    panel.notebook.picture("panel_dead", of=".pnb-panel")


def test_the_panel_is_readable_in_the_dark_theme_and_in_a_narrow_window(open_panel):
    panel = open_panel()
    panel.notebook.wear("JupyterLab Dark")
    panel.notebook.settle()
    colours = "element => [getComputedStyle(element).color, getComputedStyle(element).backgroundColor]"
    ink, _ = panel.root.locator(".pnb-name").evaluate(colours)
    _, ground = panel.root.evaluate(colours)
    assert min(int(part) for part in re.findall(r"\d+", ink)[:3]) > 150, "light ink"
    assert max(int(part) for part in re.findall(r"\d+", ground)[:3]) < 90, "on a dark ground"
    panel.notebook.picture("panel_dark", of=".pnb-panel")
    panel.page.set_viewport_size({"width": 800, "height": 1200})
    panel.notebook.settle()
    overflow = panel.root.evaluate("element => element.scrollWidth - element.clientWidth")
    assert overflow <= 1, "nothing is cut off"
    panel.notebook.picture("panel_narrow", of=".pnb-panel")


def test_hostile_strings_stay_text(open_panel):
    hostile = """
client = po.current_client()
bad = "<img src=x onerror=alert(1)>" + chr(0x202e) + "\\u05d0\\u05d1"
droplet = client.droplets.by_name("web-1")
with sandbox._dispatcher.lock:
    held = sandbox._dispatcher.world.droplets
    held.put(droplet.id, held[droplet.id].with_public(name=bad, tags=["x" * 200, bad]))
droplet.refresh()
"""
    panel = open_panel(before=hostile, opens="po.DropletPanel(droplet)")
    assert panel.root.locator("img").count() == 0
    assert "<img src=x onerror=alert(1)>" in panel.root.locator(".pnb-name").inner_text()
    panel.button("snapshot").click()
    name = panel.page.get_by_label("Snapshot name")
    name.wait_for(timeout=10_000)
    name.fill("<img src=x onerror=alert(2)>")
    panel.button("more").click()
    panel.button("setting-tags").and_(panel.page.locator(":enabled")).click(timeout=10_000)
    panel.root.get_by_role("button", name="Remove <img").first.wait_for(timeout=10_000)
    panel.button("setting-delete").click()
    panel.root.get_by_text(re.compile("^Type <img src=x")).wait_for(timeout=10_000)
    panel.confirm("reboot")
    panel.ends("Reboot")
    assert panel.root.locator("img").count() == 0
    overflow = panel.root.evaluate("element => element.scrollWidth - element.clientWidth")
    assert overflow <= 1
    panel.notebook.picture("panel_hostile", of=".pnb-panel")


def test_a_saved_notebook_keeps_the_facts_and_no_token(open_panel, lab):
    panel = open_panel()
    panel.notebook.save()
    (saved,) = lab[2].glob("test_a_saved_notebook_keeps*.ipynb")
    text = saved.read_text()
    assert "dop_v1" not in text
    assert "pnb-facts-table" in text
    assert "198.18.0.5" in text
