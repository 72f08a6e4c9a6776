"""The explorer of sizes in JupyterLab in Chromium: filters, points, rows and Python say the same, by mouse and by keyboard."""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest

from tests.browser.conftest import EXECUTE, LIGHT

expect = pytest.importorskip("playwright.sync_api").expect

START = """%load_ext poseidon_nb
%do sandbox start
"""
OPEN = "explorer = %do explore sizes\nexplorer"
#: As it was when it was opened.
RESET = "explorer.model.reset_filters(); explorer.model.set_axes('memory_gib', 'price_monthly'); explorer.select([])"
#: How many sizes there are.
ALL = 147
WINDOW = {"width": 1280, "height": 1500}
SLUGS = "print(sorted(explorer.selected['slug']))"
SHOWN = "print(sorted(explorer.shown['slug']))"
CREATE = """import poseidon_nb as po
frame = po.do(explorer.lines[0].removeprefix('%do ').replace('NAME', 'chosen') + ' --yes')
print(frame['size'].tolist() if 'size' in frame else frame['size_slug'].tolist())"""
ROWS = "tbody tr[data-pnb-id]"

#: Where a size is in the picture, in pixels of the window; nothing where it is not drawn.
PLACE = """([plot, slug]) => {
    const points = plot.data[0], place = points.hovertext.findIndex(text => text.startsWith(`<b>${slug}</b>`));
    const [x, y] = [points.x[place], points.y[place]];
    if (x === null || y === null) return null;
    const { xaxis, yaxis } = plot._fullLayout, corner = plot.getBoundingClientRect();
    return [corner.x + xaxis._offset + xaxis.d2p(x), corner.y + yaxis._offset + yaxis.d2p(y)];
}"""
#: Whether the picture tells of a size, as it does once it has seen the mouse upon it.
RESTED = """(plot, slug) => [...plot.querySelectorAll('.hoverlayer .hovertext')].some(one => one.textContent.includes(slug))"""


#: How many outlines of lassos and boxes there are.
OUTLINES = "plot => plot._fullLayout.selections.length"
#: The parts of the explorer, in reading order.
PARTS = (".pnb-filters", ".pnb-chart", ".pnb-table-box", ".pnb-bar")
#: Waits until the chart has the width of its place.
WAIT_WIDTH = """async plot => {
    while (plot._fullLayout.width !== plot.clientWidth) await new Promise(requestAnimationFrame);
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
        legend: [style('.legendtext', 'fill'), paper],
        label: [style('.textpoint text', 'fill'), paper],
    };
}"""


def contrast(ink: str, paper: str) -> float:
    """Return the contrast of two colors of the page, as WCAG 2 defines it."""

    def parts(color: str) -> list[float]:
        numbers = [float(part) for part in re.findall(r"[\d.]+", color)]
        return [*numbers[:3], numbers[3] if len(numbers) > 3 else 1.0]

    def luminance(channels: list[float]) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (one / 255 for one in channels)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    *behind, solid = parts(paper)
    assert solid == 1, "what is behind the paper would count too"
    *over, alpha = parts(ink)
    low, high = sorted(
        luminance(one) for one in ([a * alpha + b * (1 - alpha) for a, b in zip(over, behind, strict=True)], behind)
    )
    return (high + 0.05) / (low + 0.05)


class Explorer:
    """The explorer under a cell, as a person uses it."""

    def __init__(self, notebook, cell: int) -> None:
        self.notebook, self.page, self.cell = notebook, notebook.page, cell
        self.place = notebook.output(cell)
        #: How many sizes the filters let through, as last looked at.
        self.count = ALL

    def wait_open(self) -> None:
        self.place.locator(ROWS).first.wait_for(timeout=90_000)
        self.plot.locator(".points path").first.wait_for(timeout=90_000)
        self.notebook.wait_idle()

    def ask(self, source: str) -> str:
        """Run a cell below and return what it shows."""
        return re.sub(r"^\[\d+\]:\s*", "", self.notebook.ask(2, source)).strip()

    def reset(self) -> None:
        self.page.set_viewport_size(WINDOW)
        self.page.mouse.move(2, 2)
        assert self.page.evaluate(EXECUTE, RESET) == "ok"
        self.place.get_by_role("searchbox").fill("")
        self.place.locator("table[data-pnb-key]").evaluate("table => table.pnbApi.page(0).draw('page')")
        self.count = ALL
        self.wait_drawn(ALL)
        self.wait_rings(0)

    @property
    def plot(self):
        return self.place.locator(".js-plotly-plot")

    def at(self, slug: str) -> list[float] | None:
        return self.page.evaluate(PLACE, [self.plot.element_handle(), slug])

    def rest_on(self, slug: str) -> None:
        # Plotly looks where the mouse is only when it moves. If the figure is drawn again under it, or takes another place, a
        # person moves the mouse once more.
        until = time.monotonic() + 20
        while not self.plot.evaluate(RESTED, slug) and time.monotonic() < until:
            # What is above it may still be growing.
            self.plot.scroll_into_view_if_needed()
            x, y = self.at(slug)
            self.page.mouse.move(x - 12, y - 12)
            self.page.mouse.move(x, y, steps=4)
            self.page.wait_for_timeout(200)
        assert self.plot.evaluate(RESTED, slug), f"the figure names {slug}"

    def click(self, slug: str) -> None:
        self.rest_on(slug)
        self.page.mouse.down()
        self.page.mouse.up()

    def hover_text(self) -> str:
        return " ".join(self.plot.locator(".hoverlayer .hovertext").all_text_contents())

    def drag(self, *corners: tuple[float, float]) -> None:
        self.page.mouse.move(*corners[0])
        self.page.mouse.down()
        for corner in corners[1:]:
            self.page.mouse.move(*corner, steps=6)
        self.page.mouse.up()

    def tool(self, name: str) -> None:
        self.plot.hover(position={"x": 300, "y": 200})
        self.plot.locator(f".modebar-btn[data-title='{name}']").click()

    def row(self, slug: str):
        return self.place.locator(ROWS).filter(has=self.page.get_by_text(slug, exact=True))

    def chosen_rows(self) -> list[str]:
        return sorted(self.place.locator(f"{ROWS}.pnb-row-selected td.pnb-column-slug").all_inner_texts())

    def drawn(self) -> set[str]:
        return {
            *self.plot.evaluate(
                "plot => plot.data[0].hovertext.filter((_, place) => plot.data[0].x[place] !== null)"
                ".map(text => text.match(/<b>(.*?)<\\/b>/)[1])"
            )
        }

    def ranges(self) -> list[float]:
        """Return the ranges of both axes, in powers of ten."""
        return self.plot.evaluate("plot => [...plot._fullLayout.xaxis.range, ...plot._fullLayout.yaxis.range]")

    def wait_drawn(self, count: int) -> None:
        """Wait until so many points are drawn: the picture comes a moment after the words."""
        self._wait_plot("plot.data[0].x.filter(one => one !== null).length", count)

    def wait_rings(self, count: int) -> None:
        """Wait until so many points have the ring of what is selected."""
        self._wait_plot("plot.data[2].x.length", count)

    def _wait_plot(self, counted: str, count: int) -> None:
        self.page.wait_for_function(
            f"([plot, count]) => {counted} === count", arg=[self.plot.element_handle(), count], timeout=20_000
        )

    def wait_filtered(self) -> None:
        """Wait until words and picture show another number of sizes than before, and the same one."""
        words = self.place.locator(".pnb-explorer").get_by_text(re.compile(r"\d+ of 147 sizes")).first
        expect(words).not_to_contain_text(f"{self.count} of 147 sizes", timeout=20_000)
        self.count = int(re.search(r"(\d+) of 147 sizes", words.inner_text())[1])
        self.wait_drawn(self.count)

    def chip(self, label: str):
        return self.place.get_by_role("checkbox", name=label, exact=True)

    def wait_text(self, text: str) -> None:
        # Not in what the notebook keeps for when there is no kernel, which is hidden.
        self.place.locator(".pnb-explorer").get_by_text(re.compile(text)).first.wait_for(timeout=20_000)


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
            assert contrast(ink, paper) >= 7, f"{what}: {ink} on {paper} in {theme}"
        paper = shown.plot.locator(".main-svg").first.evaluate("one => getComputedStyle(one).backgroundColor")
        assert paper == "rgba(0, 0, 0, 0)", "the page shines through"


@pytest.mark.timeout(240)
def test_filters_chart_and_table_are_side_by_side_if_there_is_room_and_else_below_each_other(explorer):
    shown, page = explorer, explorer.page
    shown.notebook.command("application:toggle-left-area")
    shown.click("gpu-mi300x8-1536gb")
    shown.wait_text("1 selected")
    panel = shown.place.locator(".pnb-explorer")
    around = page.viewport_size["width"] - panel.bounding_box()["width"]
    for width in (1180, 1100, 1000, 700):
        page.set_viewport_size({"width": round(width + around), "height": 800 if width >= 1100 else 2000})
        panel.evaluate("one => one.scrollIntoView()")
        shown.notebook.settle()
        shown.plot.evaluate(WAIT_WIDTH)
        shown.notebook.picture(f"explorer_{width}")
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
    legend = shown.plot.locator(".legend").bounding_box()
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
