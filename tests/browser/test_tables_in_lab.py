"""The tables that `%do` gives, in JupyterLab: narrow pages scroll them sideways, and wide pages show more."""

from __future__ import annotations

import pytest

from tests.browser.contrast import low_contrasts

START = "%load_ext poseidon_nb\n%do sandbox start --seed 7"
#: Commands, and the columns that are in view at 700 pixels.
COMMANDS = {
    "droplets list": ("name", "status", "region", "size", "public_ipv4"),
    "rightsize": ("name", "verdict", "size", "advised_size"),
    "sizes cheapest --memory 16GiB": ("slug", "price_monthly", "vcpus", "memory_gib"),
    "regions matrix": ("region", "name", "available"),
    "cost": ("group", "resources", "price_usd_month"),
}
WIDTHS = (700, 1280, 1900)
#: The names of the columns that are wholly in view, and where the first cell and the last are.
LOOK = """area => {
    const { left, right } = area.getBoundingClientRect();
    const cells = [...area.querySelectorAll('thead th')].map(cell => [cell.textContent, cell.getBoundingClientRect()]);
    const inView = cells.filter(([, box]) => box.left >= left - 1 && box.right <= right + 1).map(([name]) => name);
    const last = area.querySelector('tbody tr').lastElementChild.getBoundingClientRect();
    const first = area.querySelector('tbody tr').firstElementChild;
    const box = first.getBoundingClientRect();
    // What a reader sees in the middle of the first cell: the cell, or another that has scrolled over it.
    const seen = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    // Without a background of its own, the others would be seen through it.
    const ground = getComputedStyle(first).backgroundColor;
    return { inView, ground, first: Math.round(box.left), onTop: seen === first, last: Math.round(last.right), right: Math.round(right) };
}"""


@pytest.mark.timeout(240)
def test_a_table_fits_every_page_and_scrolls_beside_its_first_column(open_notebook):
    notebook = open_notebook(START, *(f"%do {command}" for command in COMMANDS), "%do droplets get web-1")
    notebook.command("application:toggle-left-area")
    notebook.reusable = False
    notebook.finish(*range(len(COMMANDS) + 2))
    shown: dict[str, list[int]] = {command: [] for command in COMMANDS}
    for width in WIDTHS:
        notebook.page.set_viewport_size({"width": width, "height": 900})
        notebook.settle()
        for cell, (command, wanted) in enumerate(COMMANDS.items(), 1):
            output = notebook.output(cell)
            # Only the table scrolls, not all that is below the cell.
            assert output.evaluate("one => one.scrollWidth - one.clientWidth") <= 1, (command, width)
            area = output.locator("div:has(> table)")
            area.scroll_into_view_if_needed()
            before = area.evaluate(LOOK)
            assert tuple(before["inView"][: len(wanted)]) == wanted, (command, width)
            shown[command].append(len(before["inView"]))
            area.evaluate("one => { one.scrollLeft = one.scrollWidth }")
            after = area.evaluate(LOOK)
            assert (after["first"], after["onTop"]) == (before["first"], True), (command, width)
            assert after["ground"] != "rgba(0, 0, 0, 0)"
            assert after["last"] <= after["right"] + 1, (command, width)
            area.evaluate("one => { one.scrollLeft = 0 }")
        notebook.picture(f"tables-{width}")
    for command, counts in shown.items():
        assert counts == sorted(counts), command
    for command in ("droplets list", "rightsize"):
        assert len({*shown[command]}) == len(WIDTHS), command
    notebook.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    scroll_by_mouse_and_keyboard(notebook.page, notebook.output(1).locator("div:has(> table)"))
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        notebook.wear(theme)
        notebook.picture(f"tables-{theme[11:].lower()}")
        for cell in range(1, len(COMMANDS) + 2):
            assert low_contrasts(notebook.output(cell).locator("table")) == [], theme


def scroll_by_mouse_and_keyboard(page, area) -> None:
    """Scroll a table to the right with the wheel, and with keys in a page of its own: JupyterLab takes the arrow keys."""
    moved = "area => area.scrollLeft > 50"
    area.scroll_into_view_if_needed()
    area.hover()
    page.mouse.wheel(200, 0)
    page.wait_for_function(moved, arg=area.element_handle(), timeout=10_000)
    exported = page.context.new_page()
    exported.set_viewport_size({"width": 700, "height": 900})
    exported.set_content(area.evaluate("area => area.outerHTML"))
    exported.keyboard.press("Tab")
    for _ in range(5):
        exported.keyboard.press("ArrowRight")
    exported.wait_for_function(moved, arg=exported.locator("div").element_handle(), timeout=10_000)
    exported.close()
