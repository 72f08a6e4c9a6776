"""The usage, the copy buttons and the settings in a droplet's panel in JupyterLab, by mouse and by keyboard, light and dark."""

from __future__ import annotations

import pytest

from tests.browser.contrast import low_contrasts
from tests.browser.fleet_page import read_question

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.timeout(240)

FOCUS = "document.activeElement?.textContent.trim() || document.activeElement?.getAttribute('aria-label') || document.activeElement?.tagName"
#: A page in which nothing can be copied, as without HTTPS and with an old browser.
NO_CLIPBOARD = """() => {
    Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true });
    document.execCommand = () => false;
}"""

#: The room between a panel's first bar and the edges of the panel. Asked in one go, because the bar is drawn anew.
MARGINS = """panel => {
    const [bar, all] = [panel.querySelector('[role=progressbar]'), panel].map(one => one.getBoundingClientRect());
    return [bar.left - all.left, all.right - bar.right];
}"""


def focus_goes_to(panel, wanted: str) -> None:
    panel.page.wait_for_function(f"wanted => ({FOCUS}) === wanted", arg=wanted, timeout=10_000)


def open_setting(panel, name: str) -> None:
    panel.button(f"setting-{name}").and_(panel.page.locator(":enabled")).click(timeout=30_000)


def test_usage_copying_and_settings_by_mouse(open_panel):
    panel = open_panel(speed=60)
    page, root = panel.page, panel.root
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    chart = root.get_by_role("img", name="CPU, last 24 hours: ")
    chart.wait_for(timeout=30_000)
    assert root.get_by_role("img").count() == 2
    assert "on average" in chart.get_attribute("aria-label")
    for label, text in (("Copy the address", "198.18.0.5"), ("Copy the SSH command", "ssh root@198.18.0.5")):
        copy = root.get_by_role("button", name=label)
        copy.click()
        expect(copy).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == text
    assert not root.locator(".pnb-settings").is_visible()
    panel.button("more").click()
    open_setting(panel, "rename")
    name = page.get_by_label("New name")
    name.wait_for(timeout=10_000)
    assert low_contrasts(root) == []
    panel.notebook.picture("settings_rename", of=".pnb-panel")
    name.fill("web-one")
    panel.button("submit-rename").click()
    panel.ends("Rename web-1 to web-one")
    root.and_(page.get_by_role("group", name="Droplet web-one")).wait_for(timeout=10_000)
    open_setting(panel, "tags")
    tag = page.get_by_label("Tag to add")
    tag.wait_for(timeout=10_000)
    tag.fill("blue")
    panel.button("submit-tags").click()
    panel.ends("Add tag blue to web-one")
    root.locator(".pnb-tag", has_text="blue").wait_for(timeout=20_000)
    remove = root.get_by_role("button", name="Remove blue").and_(page.locator(":enabled"))
    assert low_contrasts(root) == []
    panel.notebook.picture("settings_tags", of=".pnb-panel")
    remove.click(timeout=20_000)
    panel.ends("Remove tag blue from web-one")
    root.locator(".pnb-tag", has_text="blue").wait_for(state="detached", timeout=20_000)
    open_setting(panel, "backups")
    panel.ends("Enable backups web-one")
    expect(panel.button("setting-backups")).to_have_text("Disable backups", timeout=20_000)
    open_setting(panel, "delete")
    root.get_by_text(
        "SANDBOX: delete droplet web-one (521000032) (saves $24.00 a month)? This cannot be undone."
    ).wait_for()
    assert panel.button("submit-delete").is_disabled()
    page.get_by_label("Type web-one to confirm").press_sequentially("web-one")
    panel.notebook.picture("settings_delete", of=".pnb-panel")
    panel.button("submit-delete").and_(page.locator(":enabled")).click(timeout=10_000)
    panel.ends("Delete web-one")
    root.locator(".pnb-notice").get_by_text("web-one was deleted.").wait_for(timeout=20_000)
    assert root.locator(".pnb-work").filter(has_text="Destroy").count() == 0
    assert [(method, status) for method, _, status in panel.changes()] == [
        ("POST", 201),
        ("POST", 201),
        ("POST", 204),
        ("DELETE", 204),
        ("POST", 201),
        ("DELETE", 204),
    ]


def test_copying_and_settings_by_keyboard_in_the_dark(open_panel):
    panel = open_panel(speed=60)
    page, root, press = panel.page, panel.root, panel.page.keyboard.press
    panel.notebook.wear("JupyterLab Dark")
    root.get_by_role("img", name="Memory, last 24 hours: ").wait_for(timeout=30_000)
    panel.notebook.reusable = False
    page.evaluate(NO_CLIPBOARD)
    root.get_by_role("button", name="Copy the SSH command").focus()
    press("Enter")
    page.wait_for_function("window.getSelection().toString() === 'ssh root@198.18.0.5'", timeout=5_000)
    root.get_by_text("Selected: press Ctrl+C").first.wait_for(timeout=5_000)
    panel.button("more").focus()
    press("Enter")
    expect(panel.button("more")).to_have_attribute("aria-expanded", "true")
    for _ in range(4):
        press("Tab")
    focus_goes_to(panel, "Delete…")
    press("Space")
    page.wait_for_function("document.activeElement?.tagName === 'INPUT'", timeout=10_000)
    assert low_contrasts(root) == []
    panel.notebook.picture("settings_delete_dark", of=".pnb-panel")
    page.keyboard.type("web-")
    press("Enter")
    press("Escape")
    focus_goes_to(panel, "Delete…")
    assert panel.changes() == [], "the name was not complete"
    panel.button("setting-rename").focus()
    press("Enter")
    page.wait_for_function("document.activeElement?.value === 'web-1'", timeout=10_000)
    page.keyboard.type("web-one")
    press("Enter")
    panel.ends("Rename web-1 to web-one")
    panel.button("setting-tags").and_(page.locator(":enabled")).focus(timeout=20_000)
    press("Enter")
    page.wait_for_function("document.activeElement?.tagName === 'INPUT'", timeout=10_000)
    page.keyboard.type("env:staging")
    panel.button("submit-tags").and_(page.locator(":enabled")).wait_for(timeout=10_000)
    press("Enter")
    panel.ends("Add tag env:staging to web-one")
    root.get_by_role("button", name="Remove env:staging").and_(page.locator(":enabled")).focus(timeout=20_000)
    assert low_contrasts(root) == []
    panel.notebook.picture("settings_tags_dark", of=".pnb-panel")
    press("Enter")
    panel.ends("Remove tag env:staging from web-one")
    assert [status for *_, status in panel.changes()] == [201, 204, 204]


def test_bars_are_as_wide_as_the_panel_and_a_stopped_sandbox_is_said_once(open_panel):
    panel = open_panel(
        "fleet = %do panel --tag web\nfleet.select(fleet.model.fleet._rows)\nfleet", "%do sandbox stop", speed=8
    )
    page, root = panel.page, panel.root.first
    panel.notebook.finish(3)
    fleet = panel.notebook.output(3).locator(".pnb-panel")
    fleet.locator("button.pnb-reboot").and_(page.locator(":enabled")).click(timeout=30_000)
    fleet.locator("button.pnb-confirming").wait_for(timeout=10_000)
    read_question(page)
    fleet.locator("button.pnb-confirming").click()
    fleet.locator(".pnb-track").wait_for(timeout=20_000)
    assert max(fleet.evaluate(MARGINS)) < 24
    fleet.get_by_role("button", name="Dismiss").locator("visible=true").first.wait_for(timeout=60_000)
    assert max(fleet.evaluate(MARGINS)) < 24
    panel.notebook.picture("fleet_bars", of=".jp-Cell:nth-child(4) .pnb-panel")
    panel.button("reboot").first.and_(page.locator(":enabled")).click(timeout=30_000)
    root.locator("button.pnb-confirming").wait_for(timeout=10_000)
    read_question(page)
    root.locator("button.pnb-confirming").click()
    root.locator("[role=progressbar]").first.wait_for(timeout=20_000)
    assert max(root.evaluate(MARGINS)) < 24, "only the margin of the panel's text"
    root.locator(".pnb-work").filter(has_text="✓ completed").first.wait_for(timeout=60_000)
    assert max(root.evaluate(MARGINS)) < 24, "the buttons that appear take nothing from it"
    panel.notebook.finish(4)
    closed = root.get_by_text("This panel is closed: the sandbox was stopped. Run the cell again to reopen it.")
    closed.locator("visible=true").first.wait_for(timeout=20_000)
    assert closed.locator("visible=true").and_(page.locator(":not(.pnb-live *)")).count() == 1
    assert root.locator("button:enabled:visible:not(.pnb-copy, .pnb-dismiss button, .pnb-dismiss)").count() == 0
    panel.notebook.picture("panel_closed", of=".pnb-panel")
