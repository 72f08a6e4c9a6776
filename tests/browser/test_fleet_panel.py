"""A fleet's panel in JupyterLab in Chromium: the right droplets, whatever sorts, turns, changes or vanishes meanwhile."""

from __future__ import annotations

import re
import time

import pytest

START = """%load_ext poseidon_nb
%do sandbox start --speed 8 --droplets 60
from poseidon_nb.magics.kernel import THE_KERNEL
sandbox = THE_KERNEL.sandbox
elsewhere = __import__("poseidon_nb").connect(sandbox)
world = sandbox._dispatcher.world
def posted():
    return sorted(one.path.split("/")[3] for one in sandbox.requests if one.path.endswith("/actions") and one.method == "POST")
"""
OPEN = "panel = %do panel\npanel"
LOOK = "panel.model._subscription.look_again()"
ROWS = "tbody tr[data-pnb-id]"


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
    def start(*cells: str, open_with: str = OPEN, theme: str = "JupyterLab Light") -> Fleet:
        notebook = open_notebook(START, open_with, *cells)
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
def test_a_row_stays_under_a_mouse_that_is_held_down_on_it_and_is_the_one_that_is_clicked(fleet):
    shown = fleet(
        # Every row of the first page is another droplet's by then; refreshing once more waits for who shows it meanwhile.
        "import time\n"
        "first = sorted(elsewhere.droplets.list(), key=lambda one: one.name)[:10]\n"
        "for one in first: world.droplets.put(one.id, world.droplets[one.id].showing(name=f'z-{one.name}'))\n"
        f"{LOOK}\n"
        "while not all(panel.model.fleet.cells[one.id][1] == f'z-{one.name}' for one in first): time.sleep(.05)\n"
        "panel.refresh()\n"
        "print('shown')",
        "sorted(panel.selected['name'])",
    )
    page = shown.notebook.page
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
        "        panel.model._subscription.look_again(); time.sleep(.25)\n"
        "def with_name(key, name):\n"
        "    world.droplets.put(key, world.droplets[key].showing(name=name))\n"
        "elsewhere_ids = [one.id for one in sorted(elsewhere.droplets.list(), key=lambda one: one.name)]\n"
        "thread = threading.Thread(target=stir); thread.start()",
        "thread.join(); print(sorted(panel.selected_ids))",
        "print(sorted({int(key) for key in posted()}))",
    )
    place, page = shown.place, shown.notebook.page
    # What the page itself sees lie under the mouse when it is pressed and let go: there, and nowhere else, it is clicked.
    page.evaluate(
        """rows => {
            window.meant = [];
            let pressed = null;
            const idAt = event => document.elementFromPoint(event.clientX, event.clientY)?.closest(rows)?.dataset.pnbId;
            document.addEventListener('mousedown', event => { pressed = idAt(event); }, true);
            document.addEventListener('mouseup', event => {
                const id = idAt(event);
                if (id && id === pressed) window.meant.push(Number(id));
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
    assert shown.names() != first_names, "rows have moved meanwhile"
    said = answer(shown, 3).strip()
    assert said == str(sorted(clicked))
    assert clicked
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
    shown.notebook.picture("fleet_question")
    shown.notebook.page.wait_for_timeout(800)
    question.click()
    shown.notebook.page.wait_for_timeout(1_200)
    shown.notebook.picture("fleet_running_light")
    shown.wait_text(rf"Power off {chosen} droplets: {chosen - 3} completed, 3 failed", 90_000)
    errors = place.locator(".pnb-work .pnb-error")
    assert errors.count() == 3
    assert "no <b>power</b> here" in errors.first.inner_text()
    assert re.search(r"request [0-9a-f-]{8,}", errors.first.inner_text())
    assert place.locator(".pnb-work-rows > *").count() == min(chosen, 60)
    shown.notebook.picture("fleet_failed_light")
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
    shown.wait_text(r"Reboot .*✓ completed in", 60_000)


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
    shown.notebook.picture("fleet_hostile_dark")
    place.get_by_role("searchbox").fill("")
    page.wait_for_timeout(300)
    ink = place.locator(f"{ROWS} td.pnb-column-name").first.evaluate("element => getComputedStyle(element).color")
    assert min(int(part) for part in re.findall(r"\d+", ink)[:3]) > 150, "light ink on a dark page"
    shown.notebook.picture("fleet_dark")


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
def test_running_droplets_are_resized_together_each_step_told_and_sent(fleet):
    shown = fleet(
        "print(posted() == sorted(3 * [str(key) for key in panel.selected_ids]))\n"
        "for key in panel.selected_ids: print(*(one.type for one in elsewhere.droplets.get(key).actions()[:3]))",
        LOOK,
        "print([(row.size, int(row.disk), row.status) for row in panel.selected.itertuples()])",
    )
    place, page = shown.place, shown.notebook.page
    place.get_by_role("searchbox").fill("cache-")
    page.wait_for_timeout(300)
    on = place.locator(ROWS).filter(has_text="active")
    for number in range(3):
        on.nth(number).click()
    shown.wait_text("3 selected")
    shown.button("resize").click()
    sizes = place.get_by_label("Size, price of each, and difference for all")
    sizes.locator("option").first.wait_for(timeout=20_000, state="attached")
    labels = sizes.locator("option").all_text_contents()
    assert all("/mo" in label for label in labels)
    sizes.select_option(index=next(at for at, label in enumerate(labels) if label.split()[0] == "s-4vcpu-8gb"))
    shown.wait_text("All are on: each is shut down, resized and powered on again")
    place.get_by_text(re.compile("this cannot be undone")).click()
    shown.wait_text("Their disks grow to 160 GB for good")
    shown.notebook.picture("fleet_resize_light")
    go = place.locator("button.pnb-go-resize")
    assert go.inner_text() == "Resize 3 to s-4vcpu-8gb"
    go.click()
    question = place.locator("button.pnb-go-resize.pnb-asking")
    question.wait_for(timeout=10_000)
    assert re.match(
        r"Confirm: resize 3 droplets to s-4vcpu-8gb with their disks, for good, for \$48.00 a month each \([+-]\$[\d,.]+ for all\): ",
        question.inner_text(),
    )
    page.wait_for_timeout(800)
    question.click()
    place.locator(".pnb-work .pnb-step-now").first.wait_for(timeout=20_000)
    shown.notebook.picture("fleet_resizing")
    shown.wait_text(r"Resize 3 droplets to s-4vcpu-8gb with their disks: 3 completed", 120_000)
    assert place.locator(".pnb-work .pnb-step-done").count() == 9
    assert answer(shown, 2).splitlines() == ["True", *3 * ["power_on resize shutdown"]]
    answer(shown, 3)
    assert answer(shown, 4) == str(3 * [("s-4vcpu-8gb", 160, "active")])


@pytest.mark.timeout(240)
def test_snapshots_of_many_are_named_after_each_and_can_be_called_otherwise(fleet):
    shown = fleet("print(sorted(one.name for one in elsewhere.images.list(private=True) if 'upgrade' in one.name))")
    place = shown.place
    for name in ("cache-17", "cache-27"):
        shown.row(name).click()
    shown.button("snapshot").click()
    ending = place.get_by_label("Name of the snapshots, behind each droplet's own")
    ending.wait_for(timeout=10_000)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-\d{4}", ending.input_value())
    ending.fill("before upgrade")
    # It is sent when the field is left.
    ending.press("Tab")
    shown.wait_text("Named cache-17-before upgrade and cache-27-before upgrade.")
    shown.notebook.picture("fleet_snapshot")
    place.get_by_role("button", name="Take 2 snapshots").click()
    shown.wait_text(r"Snapshot 2 droplets: 2 completed", 120_000)
    assert answer(shown, 2) == "['cache-17-before upgrade', 'cache-27-before upgrade']"


@pytest.mark.timeout(240)
def test_what_the_search_or_the_tag_hides_stays_selected_and_is_named(fleet):
    shown = fleet("sorted(panel.selected['name'])")
    place, page = shown.place, shown.notebook.page
    shown.row("cache-17").click()
    tags = place.get_by_role("combobox", name="Tag")
    options = tags.locator("option").all_inner_texts()
    assert options[0] == "all"
    assert "web" in options
    tags.select_option("web")
    page.wait_for_timeout(300)
    cells = place.locator(f"{ROWS} td:nth-child(7)").all_inner_texts()
    assert cells
    assert all("web" in cell.split(", ") for cell in cells)
    hidden = place.locator(".pnb-elsewhere")
    assert hidden.inner_text() == "Selected too, and not shown by the search or the tag: cache-17"
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
    page.wait_for_timeout(300)
    assert hidden.inner_text() == ""
    assert shown.chosen() == ["cache-17"]


@pytest.mark.timeout(240)
def test_a_429_is_told_in_the_rows_and_a_lost_connection_in_mid_action_goes_on_afterwards(fleet):
    shown = fleet(
        "sandbox.fault('status', status=429, method='POST', retry_after_s=3, times=1)",
        "sandbox.fault('lost_before', method='GET', times=5)",
        "print(len(posted()))",
        open_with=OPEN,
    )
    place = shown.place
    for name in ("cache-17", "cache-27"):
        shown.row(name).click()
    answer(shown, 2)
    shown.confirm("reboot")
    shown.wait_text(r"waiting 3 s: rate limit")
    shown.notebook.picture("fleet_429")
    # On a slow machine the first may have ended by then.
    shown.wait_text(r"Reboot 2 droplets: (?!.*to be sent).*running", 20_000)
    shown.notebook.run(3)
    notice = place.locator(".pnb-notice").get_by_text("The account cannot be asked now; it is tried again.")
    notice.wait_for(timeout=30_000)
    shown.wait_text(r"Reboot 2 droplets: 2 completed", 60_000)
    notice.wait_for(state="detached", timeout=30_000)
    assert answer(shown, 4) == "3", "the refused one, and one each"


@pytest.mark.timeout(240)
def test_a_panel_without_its_kernel_looks_dead_and_does_nothing(fleet):
    shown = fleet()
    page = shown.notebook.page
    shown.place.locator(ROWS).first.click()
    shown.wait_text("1 selected")
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    dead = page.locator(".pnb-fleet.jupyter-widgets-disconnected")
    dead.wait_for(timeout=30_000)
    shown.notebook.wait_idle()
    assert "Run the cell again" in dead.evaluate("element => getComputedStyle(element, '::after').content")
    for part in (".pnb-table-box", ".pnb-bar"):
        opacity, pointer = dead.locator(part).first.evaluate(
            "element => [getComputedStyle(element).opacity, getComputedStyle(element).pointerEvents]"
        )
        assert float(opacity) < 0.6
        assert pointer == "none"
    shown.notebook.picture("fleet_dead")


@pytest.mark.timeout(240)
@pytest.mark.parametrize("width", [700, 1280])
def test_long_hostile_and_right_to_left_names_fit_the_card(fleet, width):
    names = [
        "<img src=x onerror=window.harmed=1>" + "w" * 200,
        chr(0x5E9) * 190,
        "x" * 200,
    ]
    shown = fleet(
        f"keys = [one.id for one in elsewhere.droplets.list() if one.active][:3]\n"
        f"for key, name in zip(keys, {names!r}):\n"
        "    world.droplets.put(key, world.droplets[key].showing(name=name, tags=['t' * 200, name[:40]]))\n"
        "panel.select(keys)\n" + LOOK,
    )
    page, place = shown.notebook.page, shown.place
    page.set_viewport_size({"width": width, "height": 1400})
    if width < 1000:
        shown.notebook.command("application:toggle-left-area")
    answer(shown, 2)
    shown.wait_text("3 selected: ", 30_000)
    place.get_by_role("searchbox").fill("ttt")
    page.wait_for_timeout(500)
    assert len(shown.names()) == 3
    card = place.locator(".pnb-fleet")

    def sticks_out() -> list[str]:
        return card.evaluate(
            """card => {
                const right = card.getBoundingClientRect().right + 1;
                // What scrolls by itself may be wider inside.
                return [...card.querySelectorAll('*')]
                    .filter(one => !one.closest('.pnb-table-box *') && !one.closest('.pnb-unseen') && one.getClientRects().length)
                    .filter(one => one.getBoundingClientRect().right > right)
                    .map(one => one.className || one.tagName);
            }"""
        )

    assert sticks_out() == []
    shown.button("resize").click()
    place.locator("button.pnb-go-resize:enabled").click(timeout=20_000)
    place.locator("button.pnb-go-resize.pnb-asking").wait_for(timeout=10_000)
    shown.notebook.picture(f"fleet_names_{width}")
    assert sticks_out() == []
    place.locator("button.pnb-close-form, .pnb-cancel").locator("visible=true").first.click()
    shown.confirm("reboot")
    shown.wait_text(r"Reboot 3 droplets: 3 completed", 60_000)
    shown.notebook.picture(f"fleet_names_done_{width}")
    assert sticks_out() == []
    assert card.evaluate("card => card.scrollWidth - card.clientWidth") <= 1
    assert place.locator("img").count() == 0
    assert page.evaluate("window.harmed") is None
