"""Leases and freezing in a fleet's panel in JupyterLab in Chromium: by mouse and by keyboard, and how it looks."""

from __future__ import annotations

import pytest

from tests.browser.contrast import low_contrasts
from tests.browser.fleet_page import DARK, LIGHT, ROWS, answer, read_question

#: Where everything in the table is.
PLACES = """box => {
    const { left, top } = box.getBoundingClientRect();
    const place = ({ x, y, width, height }) => [x - left, y - top, width, height].map(Math.round).join();
    const seen = [...box.querySelectorAll('*')].filter(one => one.getClientRects().length);
    return seen.map(one => `${one.className} ${place(one.getBoundingClientRect())}`);
}"""
LEASED = "[one.name for one in elsewhere.droplets.list() if any(tag.startswith('lease:') for tag in one.tags)]"
FROZEN = "[one['name'].split('-frozen-')[0] for one in elsewhere.call('images_list', tag_name='frozen')]"


def look(shown, name: str) -> None:
    """Look at the panel in both themes."""
    for theme in (DARK, LIGHT):
        shown.notebook.wear(theme)
        shown.notebook.settle()
        assert low_contrasts(shown.place.locator(".pnb-panel")) == []
        shown.notebook.picture(f"{name}_{theme[-5:].strip().lower()}")


def set_leases(shown) -> None:
    """Set two leases, by mouse, after a length that is none."""
    page, place, table = shown.notebook.page, shown.place, shown.place.locator(".pnb-table-box")
    before = table.evaluate(PLACES)
    shown.button("lease").click()
    field = place.get_by_label("Length of the lease from now, such as 6h or 2d; none removes it")
    field.wait_for(timeout=10_000)
    page.wait_for_function("document.activeElement?.tagName === 'INPUT'", timeout=10_000)
    page.keyboard.type("soon")
    page.keyboard.press("Enter")
    shown.wait_text("Invalid duration 'soon'")
    assert answer(shown, 2).strip() == "[]"
    shown.notebook.settle()
    assert table.evaluate(PLACES) == before, "nothing in the table moves"
    look(shown, "lease_form")
    field.fill("2d")
    place.get_by_role("button", name="Lease 2 droplets").click()
    shown.wait_text(r"Lease 2 droplets for 2d: 2 completed", 60_000)


def freeze(shown) -> None:
    """Freeze the selected droplets, by keyboard, after the question was taken back once."""
    page, place, table = shown.notebook.page, shown.place, shown.place.locator(".pnb-table-box")
    before = table.evaluate(PLACES)
    shown.button("freeze").focus()
    page.keyboard.press("Enter")
    shown.wait_text(r"Freezing cache-17 saves \$", 30_000)
    go = place.locator("button.pnb-submit-freeze")
    for _ in range(3):
        page.keyboard.press("Tab")
        if go.evaluate("one => one === document.activeElement"):
            break
    page.keyboard.press("Enter")
    question = place.locator("button.pnb-submit-freeze.pnb-confirming")
    question.wait_for(timeout=10_000)
    assert question.inner_text().startswith("Confirm: freeze 2 droplets (-$")
    page.keyboard.press("Escape")
    question.wait_for(state="detached", timeout=10_000)
    page.keyboard.press("Enter")
    question.wait_for(timeout=10_000)
    shown.notebook.settle()
    assert table.evaluate(PLACES) == before, "nothing in the table moves"
    look(shown, "freeze_question")
    read_question(page)
    go.focus()
    page.keyboard.press("Enter")
    place.locator(".pnb-work .pnb-step-current").first.wait_for(timeout=20_000)
    shown.notebook.picture("freezing")
    for _ in range(4):
        # A droplet is shut down, snapshotted and read again, one after the other.
        shown.notebook.pass_time(5)
        page.wait_for_timeout(1_500)
    shown.wait_text(r"Freeze 2 droplets: 2 completed", 90_000)


@pytest.mark.timeout(300)
def test_leases_are_set_and_droplets_frozen_and_the_table_stays_where_it_is(fleet):
    shown = fleet(f"print({LEASED})", f"print(sorted({FROZEN}), {LEASED})")
    head = shown.place.locator("th.pnb-column-lease")
    assert head.count() == 0, "no droplet has a lease"
    for name in ("cache-17", "cache-27"):
        shown.row(name).click()
    shown.wait_text("2 selected")
    shown.notebook.settle()
    set_leases(shown)
    shown.place.locator(f"{ROWS} td.pnb-column-lease").filter(has_text="-").nth(1).wait_for(timeout=30_000)
    assert head.inner_text() == "Lease ends (UTC)"
    shown.row("cache-17").scroll_into_view_if_needed()
    shown.notebook.picture("leases")
    assert answer(shown, 2).strip() == "['cache-17', 'cache-27']"
    shown.notebook.settle()
    freeze(shown)
    shown.wait_text("No longer selected because they were deleted: cache-17 and cache-27")
    head.wait_for(state="detached", timeout=30_000)
    shown.notebook.picture("frozen")
    assert answer(shown, 3).strip() == "['cache-17', 'cache-27'] []"
