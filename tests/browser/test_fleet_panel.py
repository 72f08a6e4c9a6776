"""A fleet's panel in JupyterLab in Chromium: the right droplets, whatever sorts, turns, changes or vanishes meanwhile."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

START = """%load_ext poseidon_nb
%do sandbox start --speed 8 --droplets 60
from poseidon_nb.magics.kernel import THE_KERNEL
sandbox = THE_KERNEL.sandbox
elsewhere = __import__("poseidon_nb").connect(sandbox)
world = sandbox._dispatcher.world
def posted():
    return sorted(one.path.split("/")[3] for one in sandbox.requests if one.method == "POST")
"""
OPEN = "panel = %do panel\npanel"
LOOK = "panel.model._subscription.look_again()"
ROWS = "tbody tr[data-pnb-id]"


def picture(notebook, name: str) -> None:
    """Keep a picture to look at, where somebody asked for it: ``POSEIDON_PICTURES=folder``."""
    folder = os.environ.get("POSEIDON_PICTURES")
    if folder:
        notebook.page.screenshot(path=Path(folder) / f"{name}.png")


class Fleet:
    """The panel under a cell, as a person uses it."""

    def __init__(self, notebook, cell: int) -> None:
        self.notebook, self.place = notebook, notebook.output(cell)

    def row(self, name: str):
        return self.place.locator(ROWS).filter(has=self.notebook.page.get_by_text(name, exact=True))

    def names(self) -> list[str]:
        return self.place.locator(f"{ROWS} td.pnb-column-name").all_inner_texts()

    def chosen(self) -> list[str]:
        return self.place.locator(f"{ROWS}.pnb-chosen td.pnb-column-name").all_inner_texts()

    def button(self, verb: str):
        return self.place.locator(f"button.pnb-{verb}")

    def turn_to(self, number: str) -> None:
        self.place.locator(".dt-paging-button").get_by_text(number, exact=True).click()

    def confirm(self, verb: str) -> None:
        self.button(verb).click()
        asking = self.place.locator(f"button.pnb-{verb}.pnb-asking")
        asking.wait_for(timeout=10_000)
        # A double click confirms nothing: a person reads first.
        self.notebook.page.wait_for_timeout(800)
        asking.click()

    def wait_text(self, text: str, timeout: int = 30_000) -> None:
        self.place.get_by_text(re.compile(text)).locator("visible=true").first.wait_for(timeout=timeout)


@pytest.fixture
def fleet(open_notebook):
    def start(*cells: str, open_with: str = OPEN, theme: str = "") -> Fleet:
        notebook = open_notebook(START, open_with, *cells)
        if theme:
            notebook.command("apputils:change-theme", theme=theme)
        notebook.run(0)
        notebook.wait_idle()
        notebook.run(1)
        shown = Fleet(notebook, 1)
        shown.place.locator(ROWS).first.wait_for(timeout=30_000)
        notebook.wait_idle()
        return shown

    return start


def answer(fleet: Fleet, cell: int) -> str:
    """Run a cell and give what it shows."""
    fleet.notebook.run(cell)
    fleet.notebook.page.wait_for_timeout(200)
    fleet.notebook.wait_idle()
    out = fleet.notebook.output(cell)
    text = out.inner_text() if out.count() else ""
    # Without the prompt of the cell.
    return re.sub(r"^\[\d+\]:\s*", "", text).strip()


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
    place, page = shown.place, shown.notebook.page
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
    search = place.get_by_role("searchbox")
    search.fill("cache-2")
    page.wait_for_timeout(300)
    assert shown.chosen() == ["cache-27"]
    search.fill("")
    # Everything moves in the account; page and sorting stay where they were.
    shown.turn_to("2")
    page.wait_for_timeout(300)
    answer(shown, 3)
    shown.wait_text("60 droplets", 60_000)
    assert place.locator(".dt-paging-button.current").inner_text() == "2"
    regions = place.locator(f"{ROWS} td:nth-child(4)").all_inner_texts()
    assert regions == sorted(regions, reverse=True)
    assert answer(shown, 2).strip() == str(sorted(["cache-17", "cache-27", far]))
    search.fill("aa")
    page.wait_for_timeout(300)
    assert {"aaa-first", "aab-new"} <= {*shown.names()}
    search.fill("build-1")
    page.wait_for_timeout(300)
    assert "build-1" not in shown.names()
    search.fill("")
    # The action goes to these three and to nothing else.
    shown.confirm("reboot")
    shown.wait_text(r"Reboot 3 droplets: 3 completed", 60_000)


@pytest.mark.timeout(240)
def test_a_row_that_moves_under_the_mouse_never_has_another_droplet_acted_upon(fleet):
    shown = fleet(
        # Readings that drop, add and rename rows, one after another, while somebody clicks.
        "import threading, time\n"
        "def stir():\n"
        "    for number, key in enumerate(sorted(elsewhere_ids)[:12]):\n"
        "        with_name(key, f'{\"abz\"[number % 3]}-{number}')\n"
        "        panel.model._subscription.look_again(); time.sleep(.25)\n"
        "def with_name(key, name):\n"
        "    world.droplets.put(key, world.droplets[key].showing(name=name))\n"
        "elsewhere_ids = [one.id for one in elsewhere.droplets.list()]\n"
        "thread = threading.Thread(target=stir); thread.start()",
        "thread.join(); print(sorted(panel.selected_ids))",
        "print(sorted({int(key) for key in posted()}))",
    )
    place, page = shown.place, shown.notebook.page
    shown.notebook.run(2)
    clicked: set[int] = set()
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        # What the page says lies under the mouse at the click itself is what the person means.
        key = page.evaluate(
            """place => { const rows = [...document.querySelectorAll(place)];
                const row = rows[Math.floor(Math.random() * rows.length)];
                if (!row) return 0;
                const id = Number(row.dataset.pnbId); row.querySelector('td:nth-child(2)').click(); return id; }""",
            ROWS,
        )
        if key:
            clicked ^= {key}
        page.wait_for_timeout(60)
    said = answer(shown, 3).strip()
    assert said == str(sorted(clicked))
    if not clicked:
        shown.place.locator(ROWS).first.click()
    names = place.locator(".pnb-selection").inner_text()
    assert f"{len(clicked)} selected" in names
    shown.confirm("reboot")
    shown.wait_text(r"Reboot .*completed", 60_000)
    acted = {int(key) for key in re.findall(r"\d+", answer(shown, 4))}
    assert acted <= clicked
    assert acted


@pytest.mark.timeout(240)
def test_fifty_droplets_of_which_three_fail_have_a_row_each_a_summary_and_a_retry(fleet):
    shown = fleet(
        "bad = sorted(panel.selected.query(\"status == 'active'\")['id'])[5:8]\n"
        "for key in bad: sandbox.fault('status', status=422, message='no <b>power</b> here', "
        "path=f'/v2/droplets/{key}/actions', method='POST', times=1)",
        "print(len(posted()))",
    )
    place = shown.place
    place.get_by_role("searchbox").fill("active")
    shown.notebook.page.wait_for_timeout(300)
    place.locator("input.pnb-check-all").click()
    shown.wait_text(r"\d+ selected")
    answer(shown, 2)
    chosen = int(re.search(r"(\d+) selected", place.locator(".pnb-selection").inner_text())[1])
    assert chosen >= 50
    place.locator("button.pnb-power-off").click()
    question = place.locator("button.pnb-power-off.pnb-asking")
    question.wait_for(timeout=10_000)
    assert question.inner_text().startswith(f"Confirm: power off {chosen} droplets: ")
    picture(shown.notebook, "fleet_question")
    shown.notebook.page.wait_for_timeout(800)
    question.click()
    shown.notebook.page.wait_for_timeout(1_200)
    picture(shown.notebook, "fleet_running_light")
    shown.wait_text(rf"Power off {chosen} droplets: {chosen - 3} completed, 3 failed", 90_000)
    errors = place.locator(".pnb-work .pnb-error")
    assert errors.count() == 3
    assert "no <b>power</b> here" in errors.first.inner_text()
    assert re.search(r"request [0-9a-f-]{8,}", errors.first.inner_text())
    assert place.locator(".pnb-work-rows > *").count() == min(chosen, 60)
    picture(shown.notebook, "fleet_failed_light")
    place.get_by_role("button", name="Retry the 3 that failed").click()
    shown.wait_text(rf"Power off {chosen} droplets: {chosen} completed", 90_000)
    assert answer(shown, 3).strip() == str(chosen + 3)


@pytest.mark.timeout(240)
def test_it_is_used_by_the_keyboard_alone_and_a_question_can_be_taken_back(fleet):
    shown = fleet("posted()")
    page, place = shown.notebook.page, shown.place
    first = place.locator(f"{ROWS} input.pnb-check").first
    first.focus()
    page.keyboard.press("Space")
    shown.wait_text("1 selected")
    assert first.is_checked()
    assert first.get_attribute("aria-label").startswith("Select ")
    reboot = shown.button("reboot")
    reboot.focus()
    page.keyboard.press("Enter")
    asking = place.locator("button.pnb-reboot.pnb-asking")
    asking.wait_for(timeout=10_000)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    asking.wait_for(state="detached", timeout=10_000)
    assert answer(shown, 2).strip() == "[]"
    reboot.focus()
    page.keyboard.press("Enter")
    asking.wait_for(timeout=10_000)
    page.wait_for_timeout(800)
    page.keyboard.press("Enter")
    shown.wait_text(r"Reboot .*: 1 completed", 60_000)


@pytest.mark.timeout(240)
def test_it_is_readable_in_the_dark_theme_with_names_that_want_to_do_harm(fleet):
    hostile = "<img src=x onerror=window.harmed=1>" + "w" * 200 + "\\u202etxt"
    shown = fleet(
        f"key = elsewhere.droplets.by_name('cache-12').id\n"
        f"world.droplets.put(key, world.droplets[key].showing(name='{hostile}', tags=['<script>window.harmed=1</script>']))\n"
        + LOOK,
        theme="JupyterLab Dark",
    )
    page, place = shown.notebook.page, shown.place
    answer(shown, 2)
    shown.wait_text("onerror=window.harmed", 30_000)
    place.get_by_role("searchbox").fill("harmed")
    page.wait_for_timeout(300)
    assert len(shown.names()) == 1
    place.locator(ROWS).first.click()
    shown.wait_text("1 selected: <img")
    shown.button("power-off").click()
    page.wait_for_timeout(800)
    assert page.evaluate("window.harmed") is None
    assert place.locator("img").count() == 0
    picture(shown.notebook, "fleet_hostile_dark")
    place.get_by_role("searchbox").fill("")
    page.wait_for_timeout(300)
    ink = place.locator(f"{ROWS} td.pnb-column-name").first.evaluate("element => getComputedStyle(element).color")
    assert min(int(part) for part in re.findall(r"\d+", ink)[:3]) > 150, "light ink on a dark page"
    picture(shown.notebook, "fleet_dark")


@pytest.mark.timeout(240)
def test_the_cell_run_again_leaves_one_panel_that_works(fleet):
    shown = fleet("len(panel.model.fleet.rows)")
    place = shown.place
    place.locator(ROWS).first.click()
    shown.notebook.run(1)
    shown.notebook.wait_idle()
    place.locator(ROWS).first.wait_for(timeout=30_000)
    assert place.locator(".pnb-fleet").count() == 1
    assert shown.chosen() == []
    place.locator(ROWS).first.click()
    shown.wait_text("1 selected")


@pytest.mark.timeout(240)
def test_actions_started_elsewhere_are_shown_with_a_bar_until_they_end(open_notebook):
    notebook = open_notebook(
        START.replace("--speed 8", "--speed 2"),
        "running = next(one for one in elsewhere.droplets.list() if one.active).take_snapshot(wait=False)",
        "%do panel actions",
    )
    for number in range(3):
        notebook.run(number)
        notebook.page.wait_for_timeout(200)
        notebook.wait_idle()
    place = notebook.output(2)
    bar = place.locator(".pnb-activity [role=progressbar]")
    bar.first.wait_for(timeout=20_000)
    assert bar.first.get_attribute("aria-label").startswith("Snapshot ")
    picture(notebook, "actions_running")
    place.get_by_text("Nothing is running now").first.wait_for(timeout=90_000)
    assert place.locator(".pnb-list tr").nth(1).inner_text().startswith("Snapshot ")
    picture(notebook, "actions_ended")
