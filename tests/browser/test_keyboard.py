"""Panels without a mouse and without looking: keys, where the focus goes, names of controls, and what is announced."""

from __future__ import annotations

import re

import pytest

from tests.browser.fleet_page import read_question, size_row

pytestmark = pytest.mark.timeout(240)

FOCUS = "document.activeElement?.textContent.trim() || document.activeElement?.getAttribute('aria-label') || document.activeElement?.tagName"


def focus_goes_to(panel, wanted: str) -> None:
    panel.page.wait_for_function(f"wanted => ({FOCUS}) === wanted", arg=wanted, timeout=10_000)


def tab_to(panel, wanted: str) -> None:
    """Press Tab until a control has the focus, as who has no mouse does."""
    for _ in range(40):
        if panel.page.evaluate(FOCUS) == wanted:
            return
        panel.page.keyboard.press("Tab")
    pytest.fail(f"{wanted!r} cannot be reached by Tab")


def test_a_question_is_asked_taken_back_and_confirmed_by_keys_and_the_focus_is_never_lost(open_panel):
    panel = open_panel()
    press = panel.page.keyboard.press
    panel.button("reboot").focus()
    tab_to(panel, "Power off")
    press("Enter")
    focus_goes_to(panel, "Confirm: power off web-1")
    press("Escape")
    focus_goes_to(panel, "Power off")
    assert panel.page.evaluate("window.jupyterapp.shell.currentWidget.content.mode") == "command"
    press("Space")
    focus_goes_to(panel, "Confirm: power off web-1")
    press("Tab")
    focus_goes_to(panel, "Cancel")
    press("Escape")
    focus_goes_to(panel, "Power off")
    assert panel.changes() == []
    panel.button("power-off").focus()
    press("Enter")
    focus_goes_to(panel, "Confirm: power off web-1")
    read_question(panel.page)
    press("Enter")
    # Nothing can be pressed while it runs: the panel itself has the focus, and Tab goes on from there.
    focus_goes_to_card(panel)
    panel.ends("Power off web-1")
    tab_to(panel, "Power on")
    press("Enter")
    focus_goes_to_card(panel)
    panel.ends("Power on web-1")
    assert panel.changes() == [("POST", "actions", 201)] * 2


def focus_goes_to_card(panel) -> None:
    panel.page.wait_for_function(
        "document.activeElement?.getAttribute('aria-label') === 'Droplet web-1'"
        " && document.activeElement.getAttribute('role') === 'group'",
        timeout=10_000,
    )


def test_who_has_pressed_a_button_is_back_on_it_when_it_can_be_pressed_again(open_panel):
    panel = open_panel()
    press = panel.page.keyboard.press
    panel.button("reboot").focus()
    press("Enter")
    focus_goes_to(panel, "Confirm: reboot web-1")
    read_question(panel.page)
    press("Enter")
    focus_goes_to_card(panel)
    panel.ends("Reboot web-1")
    focus_goes_to(panel, "Reboot")
    # Who went elsewhere meanwhile stays there.
    press("Enter")
    focus_goes_to(panel, "Confirm: reboot web-1")
    read_question(panel.page)
    press("Enter")
    focus_goes_to_card(panel)
    panel.entry("✓ completed").get_by_role("button", name="Dismiss").focus()
    panel.ends("Reboot web-1")
    panel.page.wait_for_function("document.querySelectorAll('.pnb-work').length === 2")
    panel.page.wait_for_timeout(500)
    assert panel.page.evaluate(FOCUS) == "Dismiss"
    press("Enter")
    panel.page.wait_for_function("document.querySelectorAll('.pnb-work').length === 1")
    focus_goes_to(panel, "Dismiss")
    press("Enter")
    panel.page.wait_for_function("document.querySelectorAll('.pnb-work').length === 0")
    focus_goes_to_card(panel)


def test_a_form_is_entered_filled_and_left_by_keys_and_jupyterlab_takes_none_of_them(open_panel):
    panel = open_panel(speed=60)
    press, page = panel.page.keyboard.press, panel.page
    cells = page.locator(".jp-Cell").count()
    panel.button("resize").focus()
    press("Enter")
    page.wait_for_function("document.activeElement?.type === 'search'", timeout=20_000)
    # Typed anywhere else, these would cut, insert and delete cells.
    page.keyboard.type("xbdd")
    assert page.locator(".jp-Cell").count() == cells
    assert panel.root.locator(".pnb-sizes tbody tr:visible").count() == 0
    # Escape empties the filter, and in an empty one it closes the form.
    press("Escape")
    page.keyboard.type("4vcpu 8gb")
    visible = panel.root.locator(".pnb-sizes tbody tr:visible")
    assert {"s-4vcpu-8gb", "s-4vcpu-8gb-amd"} <= {*visible.locator("bdi").all_inner_texts()}
    press("Tab")
    for _ in range(visible.count()):
        if page.evaluate("document.activeElement.value") == "s-4vcpu-8gb":
            break
        press("ArrowDown")
    press("Space")
    panel.root.get_by_role("button", name="Resize to s-4vcpu-8gb", exact=True).wait_for(timeout=10_000)
    press("Tab")
    assert page.evaluate("document.activeElement.type") == "radio"
    press("ArrowDown")
    panel.root.get_by_text("Its disk grows to 160 GB permanently").wait_for(timeout=10_000)
    press("Escape")
    focus_goes_to(panel, "Resize…")
    panel.button("resize").locator("xpath=self::*[@aria-expanded='false']").wait_for(timeout=5_000)
    press("Shift+Tab")
    focus_goes_to(panel, "Snapshot…")
    press("Space")
    named = "document.activeElement?.value?.startsWith('web-1-')"
    page.wait_for_function(named, timeout=10_000)
    press("Escape")
    focus_goes_to(panel, "Snapshot…")
    press("Space")
    page.wait_for_function(named, timeout=10_000)
    page.keyboard.type("typed over")
    press("Tab")
    focus_goes_to(panel, "Take snapshot")
    press("Enter")
    panel.ends("typed over")
    assert panel.changes() == [("POST", "actions", 201)]


def test_the_notebooks_own_keys_with_ctrl_still_work_from_a_panel(open_panel):
    panel = open_panel()
    panel.page.evaluate("window.jupyterapp.shell.currentWidget.context.model.dirty = true")
    panel.button("reboot").focus()
    panel.page.keyboard.press("Control+s")
    panel.page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty", timeout=10_000)
    assert panel.page.evaluate(FOCUS) == "Reboot"


def test_each_control_has_a_name_and_what_changes_is_announced_in_a_region_that_stays(open_panel):
    panel = open_panel()
    page = panel.page
    region = panel.root.locator(".pnb-live[role=status]")
    assert region.count() == 1
    page.evaluate(
        """() => {
            const region = document.querySelector('.pnb-panel .pnb-live');
            window.heard = [];
            new MutationObserver(changes => changes.forEach(change => change.addedNodes.forEach(
                node => window.heard.push(node.textContent)))).observe(region, {childList: true});
        }"""
    )
    panel.button("resize").click()
    size_row(panel.root, "s-8vcpu-16gb").click(timeout=20_000)
    panel.root.get_by_role("radio", name="CPU and RAM only").first.wait_for(timeout=10_000)
    panel.root.locator("button.pnb-resize[aria-expanded=true]").wait_for(timeout=10_000)
    unnamed = panel.root.evaluate(
        """card => [...card.querySelectorAll('button, input, select')].filter(one => one.getClientRects().length
            && !(one.textContent.trim() || one.getAttribute('aria-label') || one.labels?.length)).map(one => one.outerHTML)"""
    )
    assert unnamed == []
    tree = panel.root.aria_snapshot()
    for wanted in (
        'group "Droplet web-1"',
        'heading "web-1" [level=3]',
        'button "Reboot"',
        'button "Power on" [disabled]',
        'radiogroup "Sizes, with the price and its difference"',
        'radio "s-2vcpu-4gb, vCPUs 2, Memory 4 GB, Disk 80 GB, $/month $24.00, Difference same, current',
        'radio "CPU and RAM only',
        'button "Resize…" [expanded]',
    ):
        assert wanted in tree
    page.keyboard.press("Escape")
    panel.confirm("reboot")
    bar = panel.root.get_by_role("progressbar", name="Reboot web-1")
    bar.wait_for(timeout=10_000)
    panel.ends("Reboot web-1")
    assert (bar.get_attribute("aria-valuenow"), bar.get_attribute("aria-valuemax")) == ("100", "100")
    page.wait_for_function("window.heard.includes('Reboot web-1: completed')", timeout=5_000)
    heard = page.evaluate("window.heard")
    assert heard == ["Confirm: reboot web-1", "Reboot web-1: started", "Reboot web-1: completed"], "each once, in order"
    assert re.search(r"Reboot web-1: completed", region.inner_text())
