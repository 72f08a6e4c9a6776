"""A fleet's panel in JupyterLab in Chromium: the right droplets, whatever sorts, turns, changes or vanishes meanwhile."""

from __future__ import annotations

import re
import time

import pytest

from tests.browser.fleet_page import LOOK, ROWS, answer

expect = pytest.importorskip("playwright.sync_api").expect


@pytest.mark.timeout(240)
def test_the_same_droplets_stay_selected_through_sorting_searching_paging_and_any_refresh(fleet):
    shown = fleet(
        "sorted(panel.selected['name'])",
        # Drops two rows above, adds one, and changes one: positions mean other droplets now.
        "[elsewhere.droplets.by_name(name).delete() for name in ('build-1', 'cache-12')]\n"
        "elsewhere.droplets.by_name('cache-22').rename('aaa-first')\n"
        "elsewhere.droplets.create(name='aab-new', region='nyc3', size='s-1vcpu-1gb', image='ubuntu-24-04-x64')\n"
        + LOOK,
        "posted()",
    )
    place = shown.place
    first_page = shown.names()
    shown.row("cache-17").click()
    shown.row("cache-27").locator("input.pnb-check").click()
    shown.turn_to("3")
    third_page = shown.names()
    assert not {*first_page} & {*third_page}
    far = third_page[4]
    shown.row(far).click()
    assert shown.chosen() == [far]
    # Sorted by another column, both ways, and searched.
    place.get_by_role("columnheader", name="Region").click()
    place.get_by_role("columnheader", name="Region").click()
    assert answer(shown, 2).strip() == str(sorted(["cache-17", "cache-27", far]))
    regions = place.locator(f"{ROWS} td:nth-child(4)").all_inner_texts()
    assert regions == sorted(regions, reverse=True)
    shown.search("cache-2")
    assert shown.chosen() == ["cache-27"]
    shown.search("")
    # Everything moves in the account; page and sorting stay where they were.
    shown.turn_to("2")
    answer(shown, 3)
    shown.wait_text("60 droplets", 60_000)
    assert place.locator(".dt-paging-button.current").inner_text() == "2"
    regions = place.locator(f"{ROWS} td:nth-child(4)").all_inner_texts()
    assert regions == sorted(regions, reverse=True)
    assert answer(shown, 2).strip() == str(sorted(["cache-17", "cache-27", far]))
    shown.search("aa")
    assert {"aaa-first", "aab-new"} <= {*shown.names()}
    shown.search("build-1")
    assert "build-1" not in shown.names()
    shown.search("")
    # The action goes to these three and to nothing else.
    shown.confirm("reboot")
    shown.wait_text(r"Reboot 3 droplets: 3 completed", 60_000)


@pytest.mark.timeout(240)
def test_a_row_stays_under_a_mouse_that_is_held_down_on_it_and_is_the_one_that_is_clicked(fleet):
    shown = fleet(
        # Every row of the first page is another droplet's by then; refreshing once more waits for who shows it meanwhile.
        "import time\n"
        "first = sorted(elsewhere.droplets.list(), key=lambda one: one.name)[:25]\n"
        "for one in first: world.droplets.put(one.id, world.droplets[one.id].with_public(name=f'z-{one.name}'))\n"
        f"{LOOK}\n"
        "while not all(panel.model.fleet.cells[one.id][1] == f'z-{one.name}' for one in first): time.sleep(.05)\n"
        "panel.refresh()\n"
        "print('shown')",
        "sorted(panel.selected['name'])",
    )
    page = shown.notebook.page
    # The whole panel is in view, so that running the cell below it scrolls nothing.
    page.set_viewport_size({"width": 1280, "height": 1900})
    shown.notebook.settle()
    before = shown.names()
    box = shown.row(before[3]).locator("td.pnb-column-name").bounding_box()
    page.mouse.move(box["x"] + 12, box["y"] + box["height"] / 2)
    page.mouse.down()
    assert answer(shown, 2) == "shown"
    assert shown.names() == before
    page.mouse.up()
    shown.wait_text(f"1 selected: z-{before[3]}")
    shown.row(before[3]).wait_for(state="detached")
    assert not {*shown.names()} & {*before}
    assert answer(shown, 3) == str([f"z-{before[3]}"])


@pytest.mark.timeout(240)
def test_a_row_that_is_clicked_before_the_page_shows_that_the_selection_is_cleared_is_selected_alone(fleet):
    shown = fleet("sorted(panel.selected['name'])")
    first, second = shown.names()[:2]
    shown.row(first).click()
    shown.wait_text(f"1 selected: {first}")
    shown.place.evaluate(
        "(place, row) => { place.querySelector('button.pnb-clear').click(); row.click(); }",
        shown.row(second).element_handle(),
    )
    shown.wait_text(f"1 selected: {second}")
    assert answer(shown, 2) == str([second])
    assert shown.chosen() == [second]


@pytest.mark.timeout(240)
def test_a_row_that_moves_under_the_mouse_never_has_another_droplet_acted_upon(fleet):
    shown = fleet(
        # Readings that drop, add and rename rows, one after another, while somebody clicks.
        "import threading, time\n"
        "def stir():\n"
        "    for number, key in enumerate(elsewhere_ids[:16]):\n"
        "        with_name(key, f'{\"a0z\"[number % 3]}-{number}')\n"
        "        if number % 4 == 1: elsewhere.droplets.get(elsewhere_ids[-number]).delete()\n"
        "        if number % 4 == 3: elsewhere.droplets.create(name=f'0-{number}', region='nyc3', "
        "size='s-1vcpu-1gb', image='ubuntu-24-04-x64', wait=False)\n"
        "        panel.model._subscription.refresh(); time.sleep(.25)\n"
        "def with_name(key, name):\n"
        "    world.droplets.put(key, world.droplets[key].with_public(name=name))\n"
        "elsewhere_ids = [one.id for one in sorted(elsewhere.droplets.list(), key=lambda one: one.name)]\n"
        "thread = threading.Thread(target=stir); thread.start()",
        "thread.join(); print(sorted(panel.selected_ids))",
        "print(sorted({int(key) for key in posted()}))",
    )
    place, page = shown.place, shown.notebook.page
    shown.notebook.reusable = False
    # As above: if the page scrolled, the mouse would come upon buttons, and clear the selection.
    page.set_viewport_size({"width": 1280, "height": 1900})
    shown.notebook.settle()
    # What the page itself sees lie under the mouse when it is pressed and let go: there, and nowhere else, it is clicked.
    page.evaluate(
        """rows => {
            window.meant = [];
            window.controls = [];
            let pressed = null;
            const idAt = event => document.elementFromPoint(event.clientX, event.clientY)?.closest(rows)?.dataset.pnbId;
            document.addEventListener('mousedown', event => { pressed = idAt(event); }, true);
            document.addEventListener('mouseup', event => {
                const id = idAt(event);
                if (id && id === pressed) window.meant.push(Number(id));
            }, true);
            document.addEventListener('click', event => {
                if (event.target.closest('button, th')) window.controls.push(event.target.textContent);
            }, true);
        }""",
        ROWS,
    )
    table = place.locator(f"{ROWS} td.pnb-column-name")
    boxes = [box for box in (table.nth(number).bounding_box() for number in range(table.count())) if box]
    first_names = shown.names()
    shown.notebook.run(2)
    deadline = time.monotonic() + 4
    number = 0
    while time.monotonic() < deadline:
        # The mouse aims at a place on the page, whatever row has come to lie there meanwhile.
        box = boxes[number % len(boxes)]
        page.mouse.click(box["x"] + 12, box["y"] + box["height"] / 2)
        page.wait_for_timeout(40)
        number += 3
    clicked: set[int] = set()
    for key in page.evaluate("window.meant"):
        clicked ^= {key}
    assert page.evaluate("window.controls") == [], "only rows are clicked"
    assert shown.names() != first_names, "rows have moved meanwhile"
    assert clicked
    # The last clicks are on their way to the kernel, and their consequences on the way back.
    shown.wait_text(f"^{len(clicked)} selected", 20_000)
    said = answer(shown, 3).strip()
    assert said == str(sorted(clicked))
    names = place.locator(".pnb-selection").inner_text()
    assert f"{len(clicked)} selected" in names
    shown.confirm("reboot")
    shown.wait_text(r"Reboot .*completed", 60_000)
    acted = {int(key) for key in re.findall(r"\d+", answer(shown, 4))}
    assert acted <= clicked
    assert acted


@pytest.mark.timeout(240)
def test_what_the_search_or_the_tag_hides_stays_selected_and_is_named(fleet):
    shown = fleet("sorted(panel.selected['name'])")
    place = shown.place
    shown.row("cache-17").click()
    tags = place.get_by_role("combobox", name="Tag")
    options = tags.locator("option").all_inner_texts()
    assert options[0] == "All"
    assert "web" in options
    tags.select_option("web")
    hidden = place.locator(".pnb-hidden-selection")
    hidden.get_by_text("cache-17").wait_for(timeout=10_000)
    cells = place.locator(f"{ROWS} td:nth-child(7)").all_inner_texts()
    assert cells
    assert all("web" in cell.split(", ") for cell in cells)
    assert hidden.inner_text() == "Also selected, but hidden by the filters: cache-17"
    place.locator(ROWS).first.click()
    other = shown.chosen()[0]
    shown.wait_text("2 selected")
    shown.notebook.picture("fleet_tag")
    assert answer(shown, 2) == str(sorted(["cache-17", other]))
    # The box in the head means what is shown, and nothing else.
    place.locator("input.pnb-check-all").click()
    place.locator("input.pnb-check-all").click()
    shown.wait_text("1 selected: cache-17")
    tags.select_option("")
    expect(hidden).to_have_text("", timeout=10_000)
    assert shown.chosen() == ["cache-17"]
