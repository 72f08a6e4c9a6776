"""The explorer of sizes in JupyterLab in Chromium: filters, points, rows and Python say the same, by mouse and by keyboard."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from tests.browser.conftest import EXECUTE, LIGHT
from tests.browser.explorer_page import ROWS, Explorer
from tests.wcag import contrast, rgb

expect = pytest.importorskip("playwright.sync_api").expect

START = """%load_ext poseidon_nb
%do sandbox start
"""
OPEN = "explorer = %do explore sizes\nexplorer"
SLUGS = "print(sorted(explorer.selected['slug']))"
SHOWN = "print(sorted(explorer.shown['slug']))"
CREATE = """import poseidon_nb as po
frame = po.do(explorer.lines[0].removeprefix('%do ').replace('NAME', 'chosen') + ' --yes')
print(frame['size'].tolist() if 'size' in frame else frame['size_slug'].tolist())"""
#: How many outlines of lassos and boxes there are.
OUTLINES = "plot => plot._fullLayout.selections.length"
#: The parts of the explorer, in reading order.
PARTS = (".pnb-filters", ".pnb-chart", ".pnb-table-box", ".pnb-bar")
#: Waits until the chart has the width of its place.
WAIT_WIDTH = """async plot => {
    while (plot._fullLayout.width !== plot.clientWidth) await new Promise(requestAnimationFrame);
}"""
#: Shows the tooltip of each point in turn, and returns those that are not within the chart.
CUT_TOOLTIPS = """async plot => {
    const [library] = await Promise.all(Object.values(window[Symbol.for('poseidon_nb.plotly')]));
    const whole = plot.getBoundingClientRect();
    const cut = plot.data[0].hovertext.filter((_, pointNumber) => {
        library.Fx.hover(plot, [{ curveNumber: 0, pointNumber }]);
        const one = plot.querySelector('.hoverlayer .hovertext').getBoundingClientRect();
        return one.left < whole.left || one.right > whole.right || one.top < whole.top || one.bottom > whole.bottom;
    });
    library.Fx.unhover(plot);
    return cut;
}"""
#: Gives the chart another width, and hides it just while it draws, as a change of the theme may. Its observer reports nothing
#: of what is over before the frame ends.
HIDE_WHILE_IT_DRAWS = """([plot, width]) => new Promise(done => {
    const { style } = plot;
    const later = new ResizeObserver(() => {
        later.disconnect();
        requestAnimationFrame(() => { style.display = ''; done(plot._fullLayout.width); });
    });
    requestAnimationFrame(() => {
        style.width = width;
        requestAnimationFrame(() => { style.display = 'none'; });
        later.observe(plot);
    });
})"""
#: The choices of lists that cut them; the arrow and the borders take about 26 pixels.
CUT = """panel => {
    const drawn = document.createElement('canvas').getContext('2d');
    return [...panel.querySelectorAll('select')].filter(list => {
        drawn.font = getComputedStyle(list).font;
        return drawn.measureText(list.selectedOptions[0].textContent).width + 26 > list.getBoundingClientRect().width;
    }).map(list => list.selectedOptions[0].textContent);
}"""
#: Whether the lower edge of an element can be seen.
IN_VIEW = """one => {
    const { x, bottom } = one.getBoundingClientRect();
    return one.contains(document.elementFromPoint(x + 4, bottom - 4));
}"""
#: The colors of texts and what is behind them.
COLORS = """panel => {
    const style = (name, property) => getComputedStyle(panel.querySelector(name))[property];
    const paper = getComputedStyle(panel).backgroundColor;
    return {
        tooltip: [style('.hoverlayer .hovertext text', 'fill'), style('.hoverlayer .hovertext path', 'fill')],
        title: [style('.g-xtitle text, .xtitle', 'fill'), paper],
        tick: [style('.xtick text', 'fill'), paper],
        legend: [style('.pnb-legend', 'color'), paper],
        label: [style('.textpoint text', 'fill'), paper],
    };
}"""


@pytest.fixture(scope="module")
def opened(lab_page, request):
    """Open the explorer once for all tests: to load it takes longer than most of them."""
    failed_before = request.session.testsfailed
    with lab_page.opening("size_explorer", lambda: request.session.testsfailed > failed_before) as start:
        notebook = start(START, OPEN, "", "explorer")
        notebook.finish(0, 1)
        shown = Explorer(notebook, 1)
        shown.wait_open()
        yield shown


@pytest.fixture
def explorer(opened):
    """Return the explorer as it was when it was opened."""
    opened.reset()
    return opened


@pytest.mark.timeout(240)
def test_a_click_on_a_point_selects_it_in_the_table_and_in_python_and_another_takes_it_out(explorer):
    shown = explorer
    shown.rest_on("gpu-mi300x8-1536gb")
    assert re.search(
        r"gpu-mi300x8-1536gb.*mi300x.*160 vCPUs, 1,920 GiB memory.*\$\d.* a month.*available in nyc1",
        shown.hover_text(),
    )
    shown.notebook.picture("explorer_hover_light")
    shown.click("gpu-mi300x8-1536gb")
    shown.wait_text("1 selected: gpu-mi300x8-1536gb")
    # The table turns to the page where the row is.
    assert shown.chosen_rows() == ["gpu-mi300x8-1536gb"]
    shown.wait_rings(1)
    assert shown.ask(SLUGS) == "['gpu-mi300x8-1536gb']"
    line = shown.place.locator(".pnb-command pre").inner_text()
    assert re.fullmatch(r"%do droplets create NAME --region \w+ --size gpu-mi300x8-1536gb --image gpu-amd-base", line)
    assert shown.ask("print(explorer.lines)") == str([line])
    # A row, too: both are selected now.
    shown.place.get_by_role("searchbox").fill("c-8-intel")
    shown.row("c-8-intel").click()
    shown.wait_text("2 selected")
    shown.wait_rings(2)
    shown.notebook.picture("explorer_selected_light")
    shown.click("gpu-mi300x8-1536gb")
    shown.wait_text("1 selected: c-8-intel")
    assert shown.ask(SLUGS) == "['c-8-intel']"
    shown.place.get_by_role("button", name="Clear selection").click()
    shown.wait_text("No sizes selected")
    assert shown.ask(SLUGS) == "[]"
    assert shown.place.locator(".pnb-command pre").count() == 0


@pytest.mark.timeout(240)
def test_a_lasso_and_a_box_select_what_is_within_and_a_double_click_nothing(explorer):
    shown = explorer
    within = {"s-1vcpu-512mb-10gb", "s-1vcpu-1gb"}
    (left, low), (right, high) = shown.at("s-1vcpu-512mb-10gb"), shown.at("s-1vcpu-1gb")
    # Around these two, which are the smallest and the cheapest; others of 1 GiB cost more and lie above.
    corners = [(left - 12, low + 12), (left - 12, high - 3), (right + 12, high - 3), (right + 12, low + 12)]
    shown.drag(*corners, corners[0])
    shown.wait_text(r"\d+ selected")
    chosen = {*eval(shown.ask(SLUGS))}
    assert within <= chosen
    assert len(chosen) < 6
    shown.wait_rings(len(chosen))
    assert shown.chosen_rows() == sorted(chosen)
    assert shown.plot.locator(".modebar-btn[data-title='Share chart...']").count() == 0, "nothing leaves the page"
    shown.tool("Box Select")
    where = shown.at("gpu-mi300x8-1536gb")
    shown.drag((where[0] - 8, where[1] - 8), (where[0] + 8, where[1] + 8))
    shown.wait_text("1 selected: gpu-mi300x8-1536gb")
    assert "gpu-mi300x8-1536gb" in eval(shown.ask(SLUGS))
    assert not within & {*eval(shown.ask(SLUGS))}
    assert shown.plot.evaluate(OUTLINES) == 1
    shown.notebook.picture("explorer_box_light")
    # The outline is of the last selection that was drawn; another one removes it.
    assert shown.page.evaluate(EXECUTE, "explorer.select(['c-4', 's-1vcpu-1gb'])") == "ok"
    shown.wait_rings(2)
    assert shown.plot.evaluate(OUTLINES) == 0
    # Nothing that is not selected fades: the ring alone says so.
    assert {
        *shown.plot.evaluate(
            "plot => [...plot.querySelectorAll('.points path')].map(one => getComputedStyle(one).opacity)"
        )
    } == {"1"}
    x, y = shown.at("s-1vcpu-1gb")
    shown.page.mouse.dblclick(x + 150, y - 4)
    shown.wait_text("No sizes selected")
    assert shown.ask(SLUGS) == "[]"


@pytest.mark.timeout(240)
def test_filters_hold_for_points_rows_and_python_alike(explorer):
    shown = explorer
    shown.place.get_by_role("searchbox").fill("m-8vcpu-64gb")
    shown.row("m-8vcpu-64gb").click()
    shown.place.get_by_role("searchbox").fill("")
    shown.wait_text("1 selected")
    shown.chip("cpu-optimized").check()
    shown.wait_filtered()
    slugs = {*eval(shown.ask(SHOWN))}
    assert slugs == shown.drawn()
    assert all(slug.startswith("c") for slug in slugs)
    # What is selected and hidden is said, and is not in the answer.
    shown.wait_text("No sizes selected. 1 more hidden by the filters")
    assert shown.ask(SLUGS) == "[]"
    shown.chip("memory-optimized").check()
    shown.wait_text("1 selected: m-8vcpu-64gb")
    shown.wait_filtered()
    shown.place.get_by_label("Memory from").select_option("32 GiB")
    shown.wait_filtered()
    # That region sells all that is left; the line to copy takes it, in place of the first by name.
    shown.chip("tor1").check()
    shown.wait_text("--region tor1")
    after = {*eval(shown.ask(SHOWN))}
    assert after == shown.drawn() != slugs
    assert shown.ask("print(explorer.selected['available_in'].tolist())") == "[['tor1']]"
    expect(shown.place.locator(".dt-info")).to_contain_text(f"of {len(after)} sizes", timeout=20_000)
    shown.notebook.picture("explorer_filtered_light")
    shown.place.get_by_label("Price from").select_option("$50,000")
    shown.wait_text("No sizes match these filters")
    shown.notebook.picture("explorer_none_light")
    shown.place.get_by_role("button", name="Reset filters").click()
    shown.wait_text("147 of 147 sizes")
    expect(shown.chip("tor1")).not_to_be_checked(timeout=20_000)
    shown.wait_drawn(147)


@pytest.mark.timeout(240)
def test_a_click_means_the_point_that_was_there_whatever_is_filtered_meanwhile(explorer):
    shown = explorer
    shown.ask(
        "import threading, time\n"
        "def stir():\n"
        "    for number in range(12):\n"
        "        explorer.model.filter_families([explorer.model.families[number % 4]]); time.sleep(.2)\n"
        "    explorer.model.reset_filters()\n"
        "thread = threading.Thread(target=stir); thread.start()"
    )
    clicked: set[str] = set()
    for _ in range(8):
        slug = shown.page.evaluate(
            """place => { const rows = [...document.querySelectorAll(place)];
                const row = rows[Math.floor(Math.random() * rows.length)];
                if (!row) return '';
                const slug = row.querySelector('td.pnb-column-slug').innerText; row.querySelector('td:nth-child(2)').click();
                return slug; }""",
            ROWS,
        )
        clicked ^= {slug} - {""}
        shown.page.wait_for_timeout(150)
    assert clicked
    assert shown.ask(f"thread.join(); {SLUGS}") == str(sorted(clicked))
    shown.wait_text(f"{len(clicked)} selected")
    shown.wait_rings(len(clicked))


@pytest.mark.timeout(240)
def test_other_axes_draw_other_columns(explorer):
    shown = explorer
    titles = shown.plot.locator(".g-xtitle, .g-ytitle")
    assert {*titles.all_text_contents()} == {"memory (GiB)", "price (USD a month)"}
    shown.place.get_by_label("X axis").select_option("GPU memory (GiB)")
    shown.wait_text("138 sizes have no positive value on an axis and appear only in the table")
    shown.wait_drawn(147 - 138)
    assert all(slug.startswith("gpu-") for slug in shown.drawn())
    assert "of 147 sizes" in shown.place.locator(".dt-info").inner_text()
    shown.place.get_by_label("Y axis", exact=True).select_option("price per vCPU (USD a month)")
    expect(titles.last).to_have_text("price per vCPU (USD a month)", timeout=20_000)
    assert {*titles.all_text_contents()} == {"GPU memory (GiB)", "price per vCPU (USD a month)"}
    shown.notebook.picture("explorer_axes_light")


@pytest.mark.timeout(240)
def test_it_is_used_by_the_keyboard_alone(explorer):
    shown = explorer
    page = shown.page
    chip = shown.chip("basic")
    chip.focus()
    page.keyboard.press("Space")
    shown.wait_filtered()
    least = shown.place.get_by_label("vCPUs from")
    least.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("list => list.selectedOptions[0].text === '2'", arg=least.element_handle(), timeout=20_000)
    box = shown.place.locator(f"{ROWS} input.pnb-check").first
    expect(box).to_have_attribute("aria-label", re.compile(r"^Select s-2vcpu-"), timeout=20_000)
    box.focus()
    page.keyboard.press("Space")
    shown.wait_text("1 selected: s-2vcpu-")
    assert shown.ask(SLUGS).startswith("['s-2vcpu-")
    button = shown.place.get_by_role("button", name="Copy the commands")
    button.focus()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.keyboard.press("Enter")
    shown.wait_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == shown.place.locator(".pnb-command pre").inner_text()
    names = shown.place.locator("select, input[type=checkbox], input[type=search]").evaluate_all(
        "all => all.filter(one => !(one.getAttribute('aria-label') || one.labels?.[0]?.textContent.trim())).length"
    )
    assert names == 0, "everything that can be set has a name"


@pytest.mark.timeout(240)
def test_text_and_tooltips_are_readable_in_both_themes(explorer):
    shown = explorer
    shown.click("s-1vcpu-512mb-10gb")
    shown.wait_rings(1)
    for theme in ("JupyterLab Dark", LIGHT):
        shown.notebook.wear(theme)
        shown.rest_on("gpu-mi300x8-1536gb")
        shown.notebook.picture(f"explorer_hover_{theme.split()[1].lower()}")
        colors = shown.place.locator(".pnb-explorer").evaluate(COLORS)
        assert len(colors) == 5
        for what, (ink, paper) in colors.items():
            assert contrast(rgb(ink, over=paper), rgb(paper)) >= 7, f"{what}: {ink} on {paper} in {theme}"
        paper = shown.plot.locator(".main-svg").first.evaluate("one => getComputedStyle(one).backgroundColor")
        assert paper == "rgba(0, 0, 0, 0)", "the page shines through"


@pytest.mark.timeout(240)
def test_a_chart_that_was_hidden_while_it_was_to_be_drawn_still_gets_its_width(explorer):
    shown = explorer
    before = shown.plot.evaluate("plot => plot.clientWidth")
    for width in (f"{before - 90}px", ""):
        drawn = shown.page.evaluate(HIDE_WHILE_IT_DRAWS, [shown.plot.element_handle(), width])
        assert drawn != shown.plot.evaluate("plot => plot.clientWidth"), "it was hidden when it was to be drawn"
        shown.page.wait_for_function(
            "plot => plot._fullLayout.width === plot.clientWidth", arg=shown.plot.element_handle(), timeout=5_000
        )
    shown.rest_on("gpu-mi300x8-1536gb")


@pytest.mark.timeout(240)
def test_no_tooltip_is_cut_however_narrow_the_page_is(explorer):
    shown = explorer
    # Beside the file browser, and without it: there the chart is beside its table.
    for beside, widths in ((True, (600, 700, 880)), (False, (1280, 1900))):
        if not beside:
            shown.notebook.command("application:toggle-left-area")
        for width in widths:
            shown.page.set_viewport_size({"width": width, "height": 1500})
            shown.notebook.settle()
            shown.plot.evaluate(WAIT_WIDTH)
            assert shown.plot.evaluate(CUT_TOOLTIPS) == [], f"{width}"
    shown.notebook.command("application:toggle-left-area")


@pytest.mark.timeout(240)
def test_filters_chart_and_table_are_side_by_side_if_there_is_room_and_else_below_each_other(explorer):
    shown, page = explorer, explorer.page
    shown.notebook.command("application:toggle-left-area")
    shown.click("gpu-mi300x8-1536gb")
    shown.wait_text("1 selected")
    panel = shown.place.locator(".pnb-explorer")
    around = page.viewport_size["width"] - panel.bounding_box()["width"]
    for width in (1180, 1100, 1000, 850, 700):
        page.set_viewport_size({"width": round(width + around), "height": 800 if width >= 1100 else 2000})
        panel.evaluate("one => one.scrollIntoView()")
        shown.notebook.settle()
        shown.plot.evaluate(WAIT_WIDTH)
        shown.notebook.picture(f"explorer_{width}")
        drawn, whole_plot = shown.plot.evaluate("plot => [plot._fullLayout._size.h, plot.clientHeight]")
        assert drawn > 0.6 * whole_plot, "points that are side by side can be told apart"
        names = panel.locator(".pnb-legend > li")
        assert names.count() == 6
        assert names.evaluate_all("all => all.every(one => one.scrollWidth <= one.parentElement.clientWidth)")
        whole, boxes = panel.bounding_box(), [panel.locator(name).first.bounding_box() for name in PARTS]
        assert whole["width"] == pytest.approx(width, abs=1)
        start, size = ("x", "width") if width >= 1100 else ("y", "height")
        for one, following in pairwise(boxes[:3] if width >= 1100 else boxes):
            assert one[start] + one[size] <= following[start] + 1, f"{width}: {one} is not before {following}"
        for box in boxes:
            assert box["x"] >= whole["x"]
            assert box["x"] + box["width"] <= whole["x"] + whole["width"]
        table = panel.locator(".pnb-table-box")
        assert table.evaluate("one => one.scrollWidth - one.clientWidth") <= (0 if width >= 1000 else 300)
        price, room = panel.locator("td.pnb-column-price-monthly").first.bounding_box(), table.bounding_box()
        assert price["x"] + price["width"] <= room["x"] + room["width"] + 1, f"{width}: the price is out of sight"
        assert panel.evaluate(CUT) == []
        # The command to copy is in view without scrolling.
        assert panel.locator(".pnb-command pre").evaluate(IN_VIEW)
    shown.notebook.command("application:toggle-left-area")


@pytest.mark.timeout(240)
def test_the_cell_run_again_leaves_one_explorer_that_works_and_a_line_that_makes_a_droplet(explorer):
    shown = explorer
    shown.click("gpu-mi300x8-1536gb")
    shown.wait_text("1 selected")
    shown.notebook.finish(1)
    shown.wait_open()
    assert shown.place.locator(".pnb-explorer").count() == 1
    shown.wait_text("No sizes selected")
    shown.click("s-1vcpu-512mb-10gb")
    shown.wait_text("1 selected: s-1vcpu-512mb-10gb")
    # What stands above it is how the action went.
    assert shown.ask(CREATE).splitlines()[-1] == "['s-1vcpu-512mb-10gb']"


@pytest.mark.timeout(240)
def test_the_legend_is_not_below_the_buttons_and_long_names_push_no_price_out_of_sight(explorer):
    shown = explorer
    shown.chip("gpu").check()
    shown.wait_filtered()
    shown.plot.hover(position={"x": 300, "y": 200})
    buttons = shown.plot.locator(".modebar").bounding_box()
    legend = shown.place.locator(".pnb-legend").bounding_box()
    assert legend["y"] > buttons["y"] + buttons["height"]
    table = shown.place.locator(".pnb-table-box")
    table.locator("td.pnb-column-slug bdi").first.evaluate(
        "one => one.textContent = 'gpu-mi300x8-1536gb-devcloud-long'"
    )
    shown.page.set_viewport_size({"width": 1200, "height": 1500})
    shown.notebook.settle()
    beyond = "one => [...one.querySelectorAll('th')].at(-1).getBoundingClientRect().right - one.getBoundingClientRect().right"
    assert table.evaluate(beyond) <= 0


@pytest.mark.timeout(240)
def test_shown_again_after_the_page_was_loaded_anew_it_is_whole_and_works(explorer):
    shown = explorer
    page, notebook = shown.page, shown.notebook
    shown.click("s-1vcpu-512mb-10gb")
    shown.wait_text("1 selected")
    for family in ("basic", "gpu"):
        shown.chip(family).check()
        shown.wait_filtered()
    drawn, ranges = shown.drawn(), shown.ranges()
    notebook.command("docmanager:save")
    page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty")
    notebook.reusable = False
    page.reload()
    notebook.wait_idle()
    # The page is ready once the first explorer is back.
    shown.place.locator(ROWS).first.wait_for(timeout=90_000)
    notebook.run(3)
    again = Explorer(notebook, 3)
    again.wait_open()
    again.count = shown.count
    notebook.picture("explorer_after_reload")
    assert again.drawn() == drawn, "all points that there were, and no others"
    assert again.ranges() == pytest.approx(ranges, abs=0.1), "and the axes go where they are"
    again.wait_rings(1)
    assert again.chosen_rows() == ["s-1vcpu-512mb-10gb"]
    assert again.chip("basic").is_checked()
    again.click("gpu-mi300x8-1536gb")
    again.wait_text("2 selected")
    again.wait_rings(2)
    assert again.ask(SLUGS) == "['gpu-mi300x8-1536gb', 's-1vcpu-512mb-10gb']"
    again.chip("gpu").uncheck()
    again.wait_filtered()
    assert again.drawn() < drawn
