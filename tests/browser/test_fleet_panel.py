"""A fleet's panel in JupyterLab in Chromium: what is done to many droplets, and how that is told and looks."""

from __future__ import annotations

import re

import pytest

from tests.browser.contrast import low_contrasts
from tests.browser.fleet_page import DARK, LIGHT, LOOK, OPEN, ROWS, answer, read_question, size_row


@pytest.mark.timeout(240)
def test_fifty_droplets_of_which_three_fail_have_a_row_each_a_summary_and_a_retry(fleet):
    shown = fleet(
        "bad = sorted(panel.selected.query(\"status == 'active'\")['id'])[5:8]\n"
        "for key in bad: sandbox.fault('status', status=422, message='no <b>power</b> here', "
        "path=f'/v2/droplets/{key}/actions', method='POST', times=1)",
        "print(len(posted()))",
    )
    place = shown.place
    shown.search("active")
    place.locator("input.pnb-check-all").click()
    shown.wait_text(r"\d+ selected")
    answer(shown, 2)
    chosen = int(re.search(r"(\d+) selected", place.locator(".pnb-selection").inner_text())[1])
    assert chosen >= 50
    place.locator("button.pnb-power-off").click()
    question = place.locator("button.pnb-power-off.pnb-confirming")
    question.wait_for(timeout=10_000)
    assert question.inner_text().startswith(f"Confirm: power off {chosen} droplets: ")
    shown.notebook.picture("fleet_question")
    read_question(shown.notebook.page)
    question.click()
    place.locator(".pnb-work-rows > *").first.wait_for(timeout=20_000)
    shown.notebook.picture("fleet_running_light")
    shown.wait_text(rf"Power off {chosen} droplets: {chosen - 3} completed, 3 failed", 90_000)
    errors = place.locator(".pnb-work .pnb-error")
    assert errors.count() == 3
    assert "no <b>power</b> here" in errors.first.inner_text()
    assert re.search(r"Request id: [0-9a-f-]{8,}", errors.first.inner_text())
    assert place.locator(".pnb-work-rows > *").count() == min(chosen, 60)
    shown.notebook.picture("fleet_failed_light")
    place.get_by_role("button", name="Retry 3 droplets").click()
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
    asking = place.locator("button.pnb-reboot.pnb-confirming")
    asking.wait_for(timeout=10_000)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    asking.wait_for(state="detached", timeout=10_000)
    assert answer(shown, 2).strip() == "[]"
    reboot.focus()
    page.keyboard.press("Enter")
    asking.wait_for(timeout=10_000)
    read_question(page)
    page.keyboard.press("Enter")
    shown.wait_text(r"Reboot .*✓ completed in", 60_000)


@pytest.mark.timeout(240)
def test_it_is_readable_in_the_dark_theme_with_names_that_want_to_do_harm(fleet):
    hostile = "<img src=x onerror=window.harmed=1>" + "w" * 200 + "\\u202etxt"
    shown = fleet(
        f"key = elsewhere.droplets.by_name('cache-12').id\n"
        f"world.droplets.put(key, world.droplets[key].with_public(name='{hostile}', tags=['<script>window.harmed=1</script>']))\n"
        + LOOK,
        theme="JupyterLab Dark",
    )
    page, place = shown.notebook.page, shown.place
    answer(shown, 2)
    shown.wait_text("onerror=window.harmed", 30_000)
    shown.search("harmed")
    assert len(shown.names()) == 1
    place.locator(ROWS).first.click()
    shown.wait_text("1 selected: <img")
    shown.button("power-off").click()
    place.locator("button.pnb-power-off.pnb-confirming").wait_for(timeout=10_000)
    assert page.evaluate("window.harmed") is None
    assert place.locator("img").count() == 0
    shown.notebook.picture("fleet_hostile_dark")
    shown.search("")
    ink = place.locator(f"{ROWS} td.pnb-column-name").first.evaluate("element => getComputedStyle(element).color")
    assert min(int(part) for part in re.findall(r"\d+", ink)[:3]) > 150, "light ink on a dark page"
    shown.notebook.picture("fleet_dark")


@pytest.mark.timeout(240)
def test_the_cell_run_again_leaves_one_panel_that_works(fleet):
    shown = fleet("len(panel.model.fleet.rows)")
    place = shown.place
    place.locator(ROWS).first.click()
    shown.notebook.finish(1)
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
    shown.search("cache-")
    on = place.locator(ROWS).filter(has_text="active")
    for number in range(3):
        on.nth(number).click()
    shown.wait_text("3 selected")
    shown.button("resize").click()
    place.get_by_label("Filter sizes").fill("4vcpu-8gb $48.00")
    size_row(place, "s-4vcpu-8gb").click(timeout=20_000)
    assert place.locator(".pnb-sizes tbody tr:visible").count() < 5
    place.get_by_label("Filter sizes").fill("")
    shown.wait_text("All are active: each is shut down, resized and powered on again")
    place.get_by_text(re.compile("cannot be undone")).click()
    shown.wait_text("Their disks grow to 160 GB permanently")
    place.locator(".pnb-advice").get_by_text("Advised by the last 14 days: ").wait_for(timeout=60_000)
    places = "form => [...form.children].map(one => JSON.stringify(one.getBoundingClientRect()))"
    form, go = place.locator(".pnb-form-resize"), place.locator("button.pnb-submit-resize")
    for theme in (DARK, LIGHT):
        shown.notebook.wear(theme)
        assert low_contrasts(form) == []
        for css in (".pnb-mark-current", ".pnb-mark-advised", ".pnb-size-chosen"):
            assert form.locator(css).count() == 1
        before = form.evaluate(places)
        assert go.inner_text() == "Resize 3 droplets to s-4vcpu-8gb"
        shown.notebook.picture(f"fleet_resize_{theme}")
        go.click()
        question = place.locator("button.pnb-submit-resize.pnb-confirming")
        question.wait_for(timeout=10_000)
        asked = place.locator(".pnb-question")
        assert re.match(
            r"SANDBOX: resize 3 droplets to s-4vcpu-8gb with a restart, including the disk \([+-]\$[\d,.]+ a month\): ",
            asked.inner_text(),
        )
        assert low_contrasts(form) == []
        assert form.evaluate(places) == before, "nothing moves"
        shown.notebook.picture(f"fleet_resize_question_{theme}")
        if theme == DARK:
            page.keyboard.press("Escape")
            question.wait_for(state="detached", timeout=10_000)
    read_question(page)
    question.click()
    place.locator(".pnb-work .pnb-step-current").first.wait_for(timeout=20_000)
    shown.notebook.picture("fleet_resizing")
    shown.notebook.pass_time()
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
    ending = place.get_by_label("Snapshot name, appended to each droplet's name")
    ending.wait_for(timeout=10_000)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-\d{4}", ending.input_value())
    ending.fill("before upgrade")
    # It is sent when the field is left.
    ending.press("Tab")
    shown.wait_text("Snapshot names: cache-17-before upgrade and cache-27-before upgrade.")
    shown.notebook.picture("fleet_snapshot")
    place.get_by_role("button", name="Take 2 snapshots").click()
    place.locator(".pnb-work-rows > *").first.wait_for(timeout=20_000)
    shown.notebook.pass_time()
    shown.wait_text(r"Snapshot 2 droplets: 2 completed", 60_000)
    assert answer(shown, 2) == "['cache-17-before upgrade', 'cache-27-before upgrade']"


@pytest.mark.timeout(240)
def test_a_429_is_told_in_the_rows_and_a_lost_connection_in_mid_action_goes_on_afterwards(fleet):
    shown = fleet(
        "sandbox.fault('status', status=429, method='POST', retry_after_s=3, times=1)",
        # A read is sent several times before it fails, and the waits and the panel read side by side.
        "sandbox.fault('lost_before', method='GET', times=30)",
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
    shown.wait_text(r"Reboot 2 droplets: (?!.*pending).*in progress", 20_000)
    shown.notebook.run(3)
    notice = place.locator(".pnb-notice").get_by_text("The account could not be read; retrying.")
    notice.wait_for(timeout=30_000)
    shown.notebook.pass_time()
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
        "    world.droplets.put(key, world.droplets[key].with_public(name=name, tags=['t' * 200, name[:40]]))\n"
        "panel.select(keys)\n" + LOOK,
    )
    page, place = shown.notebook.page, shown.place
    page.set_viewport_size({"width": width, "height": 1400})
    if width < 1000:
        shown.notebook.command("application:toggle-left-area")
    answer(shown, 2)
    shown.wait_text("3 selected: ", 30_000)
    shown.search("ttt")
    shown.notebook.settle()
    assert len(shown.names()) == 3
    card = place.locator(".pnb-fleet")

    def sticks_out() -> list[str]:
        return card.evaluate(
            """card => {
                const right = card.getBoundingClientRect().right + 1;
                // What scrolls by itself may be wider inside.
                return [...card.querySelectorAll('*')]
                    .filter(one => !one.closest('.pnb-table-box *, .pnb-size-scroller *') && !one.closest('.pnb-visually-hidden') && one.getClientRects().length)
                    .filter(one => one.getBoundingClientRect().right > right)
                    .map(one => one.className || one.tagName);
            }"""
        )

    assert sticks_out() == []
    shown.button("resize").click()
    size_row(place, "s-8vcpu-16gb").click(timeout=20_000)
    place.locator("button.pnb-submit-resize:enabled").click(timeout=20_000)
    place.locator("button.pnb-submit-resize.pnb-confirming").wait_for(timeout=10_000)
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


def check_header_and_footer(place):
    """Check that the price's title is above the prices, and that the choice of the page is one line."""
    price, cells = (place.locator(f"{one}.pnb-column-price").first.bounding_box() for one in ("thead th", f"{ROWS} td"))
    title = place.locator("th.pnb-column-price .dt-column-title").evaluate(
        "node => { const text = document.createRange(); text.selectNodeContents(node); return text.getBoundingClientRect().right; }"
    )
    assert price["x"] + price["width"] == cells["x"] + cells["width"]
    assert price["x"] + price["width"] - title < 8, "the title is not above its numbers"
    # The number of rows a page is one line, beside the number of the page.
    length, paging = (place.locator(f".dt-{name}").bounding_box() for name in ("length", "paging"))
    assert length["height"] < 40
    assert abs(length["y"] + length["height"] / 2 - paging["y"] - paging["height"] / 2) < 8


@pytest.mark.timeout(240)
def test_rows_are_filtered_by_status_and_region_and_at_700_px_the_price_stays_whole(fleet):
    shown = fleet("sorted(panel.selected['status'])")
    place, page = shown.place, shown.notebook.page
    assert place.locator(ROWS).count() == 25
    assert place.locator(".dt-length select").input_value() == "25"
    status, region = (place.get_by_role("combobox", name=name, exact=True) for name in ("Status", "Region"))
    assert status.locator("option").all_text_contents() == ["All", "active", "off"]
    place.locator(ROWS).filter(has_text="active").first.click()
    shown.wait_text("1 selected")
    status.select_option("off")
    assert {*place.locator(f"{ROWS} td.pnb-column-status").all_inner_texts()} == {"off"}
    hidden = place.locator(".pnb-hidden-selection")
    assert hidden.inner_text().startswith("Also selected, but hidden by the filters: ")
    # By keyboard, and both filters together.
    region.focus()
    for _ in range(region.locator("option").count()):
        page.keyboard.press("ArrowDown")
        if place.locator(ROWS).count():
            break
    wanted = region.input_value()
    assert wanted
    assert {*place.locator(f"{ROWS} td.pnb-column-region").all_inner_texts()} == {wanted}
    assert {*place.locator(f"{ROWS} td.pnb-column-status").all_inner_texts()} == {"off"}
    place.locator("input.pnb-check-all").focus()
    page.keyboard.press("Space")
    shown.wait_text(r"[2-9] selected|\d\d selected")
    assert {*re.findall(r"'(\w+)'", answer(shown, 2))} == {"active", "off"}
    region.focus()
    page.keyboard.press("Home")
    status.select_option("")
    assert hidden.inner_text() == ""
    assert place.locator(ROWS).count() == 25
    shown.notebook.command("application:toggle-left-area")
    for width in (880, 700):
        page.set_viewport_size({"width": width, "height": 1400})
        shown.notebook.settle()
        check_header_and_footer(place)
        if width == 880:
            tops = {round(one.bounding_box()["y"]) for one in place.locator(".dt-search select").all()}
            assert len(tops) == 1, "the filters are not in one line"
    for theme in (DARK, LIGHT):
        shown.notebook.wear(theme)
        shown.notebook.settle()
        heads = [text.strip() for text in place.locator("thead th:visible").all_inner_texts()]
        assert "$/month" in heads
        assert "Public IPv4" not in heads
        cut = place.locator(f"{ROWS} td.pnb-column-price").evaluate_all(
            """cells => cells.filter(cell => {
                const box = cell.closest('.pnb-table-box').getBoundingClientRect();
                return cell.scrollWidth > cell.clientWidth || cell.getBoundingClientRect().right > box.right;
            }).length"""
        )
        assert cut == 0
        assert low_contrasts(place.locator(".pnb-fleet")) == []
        shown.notebook.picture(f"fleet_700_{theme}")
