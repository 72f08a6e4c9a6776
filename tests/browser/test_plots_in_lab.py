"""Every picture of `po.plots` drawn in JupyterLab in Chromium: it appears, in both themes, offline, and the mouse is told something."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

import pytest

import poseidon_nb as po
from tests.each import each
from tests.wcag import contrast

playwright = pytest.importorskip("playwright.sync_api")

START = """%load_ext poseidon_nb
%do sandbox start --droplets 12 --seed 7
import poseidon_nb as po
client = po.current_client()
"""
#: What draws each picture, from the sandbox's data. One that has no line here fails.
SAMPLES = {
    "availability_map": "po.plots.availability_map(po.analysis.sizes.availability(client.sizes.frame(), client.regions.frame()))",
    "cost_allocation": "po.do('cost --by tag --last 90d --plot')",
    "cost_by": "po.do('cost --by tag --plot')",
    "cost_history": "po.do('cost history --plot')",
    "durations": "po.do('actions durations --last 90d --plot')",
    "metric_lines": "po.do('metrics cpu web-1 db-1 --last 24h --plot')",
    "price_map": "po.plots.price_map(po.analysis.sizes.available(client.sizes.frame()))",
    # All of the sandbox's droplets have the size that they need, so one gets a larger one.
    "savings": "(client.droplets.by_name('web-1').resize('s-8vcpu-16gb', restart=True), po.do('rightsize --plot'))[1]",
    "timeline": "po.do('actions timeline --last 14d --plot')",
    "use_of_size": "po.plots.use_of_size(po.do('rightsize'))",
}
#: Where the mouse may find something: at points of lines, in the middle of each thing that is drawn, and then all over the
#: picture.
PLACES = """plot => {
    const area = plot.querySelector('.nsewdrag').getBoundingClientRect();
    const inside = ([x, y]) => x >= area.left && x <= area.right && y >= area.top && y <= area.bottom && y < innerHeight;
    const middle = one => { const { x, y, width, height } = one.getBoundingClientRect(); return [x + width / 2, y + height / 2]; };
    const frame = plot.getBoundingClientRect();
    const points = plot.calcdata.filter(([first]) => first.trace.type === 'scatter' && first.trace.hoverinfo !== 'skip').map(drawn => {
        const [{ trace }, { x, y }] = [drawn[0], drawn[Math.floor(drawn.length / 2)]];
        const at = (axis, value) => axis._offset + axis.c2p(value);
        const axis = name => plot._fullLayout[name[0] + 'axis' + name.slice(1)];
        return [frame.left + at(axis(trace.xaxis), x), frame.top + at(axis(trace.yaxis), y)];
    }).filter(inside).slice(0, 12);
    const drawn = [...points, ...[...plot.querySelectorAll('.points path')].map(middle).filter(inside).slice(0, 12)];
    const steps = [...Array(9).keys()].map(step => (step + 0.5) / 9);
    const all = steps.flatMap(up => steps.map(right => [area.left + right * area.width, area.top + up * area.height]));
    return [...drawn, ...all.filter(inside)];
}"""


#: The title and the finding, the colors and sizes of all text, and how many labels a line of a grid crosses.
LOOK = """plot => {
    const style = one => getComputedStyle(one);
    const channels = color => color.match(/[\\d.]+/g).map(Number);
    const texts = [...plot.querySelectorAll('.main-svg text')].filter(one => one.textContent.trim() && one.getClientRects().length);
    const of = name => plot.querySelector(name);
    const size = one => parseFloat(style(one).fontSize);
    const [title, finding] = [of('.gtitle'), of('.gtitle-subtitle')];
    const labels = [...plot.querySelectorAll('.bartext, .textpoint text, .annotation-text')].map(one => one.getBoundingClientRect());
    const lines = [...plot.querySelectorAll('.gridlayer path')].map(one => one.getBoundingClientRect());
    const crosses = (line, label) => Math.min(line.right, label.right) - Math.max(line.left, label.left) > -0.5
        && Math.min(line.bottom, label.bottom) - Math.max(line.top, label.top) > 1
        && Math.max(line.left, label.left) < label.right - 1 && Math.min(line.right, label.right) > label.left + 1;
    return { title: title.textContent, finding: finding.textContent, sizes: [title, finding].map(size),
             paper: channels(style(of('.main-svg')).backgroundColor),
             // A check mark in a cell has the cell as its background.
             inks: texts.filter(one => !one.closest('.hm')).map(one => channels(style(one).fill)),
             others: texts.filter(one => one !== title && one !== finding).map(size),
             crossed: labels.filter(label => lines.some(line => crosses(line, label))).length };
}"""
#: What the picture tells now; nothing while that is nothing.
HOVERED = """plot => [...plot.querySelectorAll('.hoverlayer .hovertext, .hoverlayer .legend')]
    .map(one => one.textContent).join(' ').trim()"""


def names() -> list[str]:
    return [name for name in po.plots.__all__ if name != "Picture"]


def keep(notebook, name: str) -> None:
    """Store a screenshot if ``POSEIDON_PICTURES`` names a folder."""
    folder = os.environ.get("POSEIDON_PICTURES")
    if folder:
        notebook.page.screenshot(path=Path(folder) / f"{name}.png")


def told(page, plot) -> str:
    """Return the hover text at the mouse pointer."""
    place = plot.element_handle()
    # A busy machine tells late: then once more, with more patience.
    for wait_ms, most in ((200, None), (5_000, 6)):
        for x, y in plot.evaluate(PLACES)[:most]:
            page.mouse.move(x - 3, y - 3)
            page.mouse.move(x, y, steps=3)
            with suppress(playwright.TimeoutError):
                return page.wait_for_function(HOVERED, arg=place, timeout=wait_ms).json_value()
    return ""


@pytest.mark.timeout(240)
def test_a_picture_is_drawn_in_both_themes_and_tells_what_the_mouse_rests_on(open_notebook):
    assert {*SAMPLES} == {*names()}, "each picture has a sample that draws it"
    notebook = open_notebook(START, "")
    page = notebook.page
    page.set_viewport_size({"width": 1280, "height": 1700})
    notebook.finish(0)

    @each("name", names())
    def look(name):
        _is_drawn_and_tells(notebook, name)

    look()


def _is_drawn_and_tells(notebook, name: str) -> None:
    page = notebook.page
    words = notebook.ask(1, f"%do sandbox reset\npicture = {SAMPLES[name]}\nprint(picture.summary)")
    notebook.ask(1, "picture")
    plot = notebook.output(1).locator(".js-plotly-plot")
    plot.locator(".main-svg").first.wait_for(timeout=60_000)
    plot.scroll_into_view_if_needed()
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        notebook.wear(theme)
        notebook.settle()
        text = told(page, plot)
        assert len(text) > 3, "the mouse is told something"
        keep(notebook, f"plot_{name}_{theme.split()[-1].lower()}")
        page.mouse.move(5, 5)
        look = plot.evaluate(LOOK)
        assert look["title"].strip()
        assert look["finding"].strip()
        assert {size for size in look["others"] if size >= look["sizes"][1]} == set(), (
            "nothing is as large as the finding"
        )
        assert look["sizes"] == sorted({*look["sizes"]}, reverse=True), "the title is larger than the finding"
        assert all(color[3:] in ([], [1]) for color in (*look["inks"], look["paper"])), "no color is transparent"
        for ink in look["inks"]:
            assert contrast(ink, look["paper"]) >= 7, f"{ink} on {look['paper']} in {theme}"
        assert not look["crossed"], "no line of a grid crosses a label"
    buttons = plot.locator(".modebar-btn").evaluate_all("all => all.map(one => one.dataset.title)")
    assert "Zoom" in buttons
    assert not [title for title in buttons if title and re.search("share|cloud|upload", title, re.IGNORECASE)]
    assert plot.locator(".xtitle, .ytitle").count() >= 1, "axes say what they show"
    assert re.search(r"\w{3,} \w+", words)


LONG = "'-a-very-long-name' * 12"
#: Cells of pictures that need much room beside what they draw.
HARD = {
    # Of the labels of the ticks, the first two have a date.
    "two lines of long names": (
        "import pandas as pd\nf = po.do('metrics cpu web-1 db-1 --last 24h')\n"
        "evening = f.time - f.time.min() + pd.Timestamp('2026-11-29T20:30Z')\n"
        f"po.plots.metric_lines(f.assign(name=f.name + {LONG}, time=evening))"
    ),
    "lines of all directions": "po.do('metrics bandwidth web-1 db-1 --last 6h --plot')",
    "more lines than colours": "po.do('metrics bandwidth web-1 web-2 db-1 worker-1 --last 6h --plot')",
    "rows of long names": (
        f"s = po.do('actions timeline --last 14d')\npo.plots.timeline(s.assign(name=s.name + {LONG} + s.name))"
    ),
    "lines in a template of ones own": (
        "po.do('metrics cpu --tag web --last 6h --plot').update_layout(template='plotly_white')"
    ),
    "rows in a template of ones own": "po.do('actions timeline --last 14d --plot').update_layout(template='none')",
    "all sizes": SAMPLES["availability_map"].replace(
        "client.regions.frame())", "client.regions.frame()), po.analysis.sizes.unit_prices(client.sizes.frame())"
    ),
    "sizes and their line": SAMPLES["price_map"],
}
#: The boxes of what must not lie upon each other.
BOXES = """plot => {
    const box = one => { const { left, top, right, bottom } = one.getBoundingClientRect(); return [left, top, right, bottom]; };
    const of = name => [...plot.querySelectorAll(name)].filter(one => one.getBoundingClientRect().width).map(one => [name, box(one)]);
    return { all: box(plot), area: box(plot.querySelector('.nsewdrag')),
             boxes: ['.gtitle', '.gtitle-subtitle', '.xtitle', '.ytitle', '.legend', '.legend2', '.xtick text', '.ytick text', '.annotation-text'].flatMap(of) };
}"""


#: The left and the right edge of a chart, and those of the texts of its bars.
BAR_TEXTS = """plot => {
    const edges = one => { const { left, right } = one.getBoundingClientRect(); return [left, right]; };
    return [edges(plot), [...plot.querySelectorAll('.bartext')].map(edges)];
}"""


def crossing(one, other) -> bool:
    (left, top, right, bottom), (left_2, top_2, right_2, bottom_2) = one, other
    # A pixel of rounding.
    return min(right, right_2) - max(left, left_2) > 1 and min(bottom, bottom_2) - max(top, top_2) > 1


@pytest.mark.timeout(240)
def test_title_legend_axes_and_labels_have_room_of_their_own_at_any_width(open_notebook):
    notebook = open_notebook(START, *HARD.values(), "po.plots.savings(po.do('rightsize').iloc[:0])", SAMPLES["savings"])
    page = notebook.page
    page.set_viewport_size({"width": 1280, "height": 900})
    notebook.finish(*range(len(HARD) + 3))
    plots = page.locator(".js-plotly-plot")
    plots.nth(len(HARD)).locator(".main-svg").first.wait_for(timeout=60_000)
    for left_area in ("open", "closed"):
        if left_area == "closed":
            before = plots.first.evaluate("plot => plot.clientWidth")
            notebook.command("application:toggle-left-area")
            page.wait_for_function(
                "before => [...document.querySelectorAll('.js-plotly-plot .main-svg')].every(svg => svg.clientWidth > before)",
                arg=before,
            )
        for number, name in enumerate(HARD):
            found = plots.nth(number).evaluate(BOXES)
            (left, _, right, _), (area_left, _, area_right, _) = found["all"], found["area"]
            assert area_right - area_left > 0.45 * (right - left), f"{name}: room for what is drawn, {left_area}"
            boxes = [*found["boxes"], ["area", found["area"]]]
            for place, (what, box) in enumerate(boxes):
                assert box[0] >= left - 1, f"{name}: {what} is not cut off, {left_area}"
                assert box[2] <= right + 1, f"{name}: {what} is not cut off, {left_area}"
                for other, box_2 in boxes[place + 1 :]:
                    if (what, other, name) == (".annotation-text", "area", "sizes and their line"):
                        # A count stands beside its points.
                        continue
                    assert not crossing(box, box_2), f"{name}: {what} lies upon {other}, {left_area}"
    nothing = plots.nth(len(HARD)).locator(".annotation")
    assert nothing.text_content().strip() == "Nothing to show: there are no droplets."
    savings = plots.nth(len(HARD) + 1)
    page.set_viewport_size({"width": 700, "height": 900})
    page.wait_for_function("plot => plot.querySelector('.main-svg').clientWidth < 700", arg=savings.element_handle())
    notebook.settle()
    keep(notebook, "plot_savings_700")
    place, texts = savings.evaluate(BAR_TEXTS)
    assert texts, "each bar has its amount and its size"
    for left, right in texts:
        assert place[0] <= left <= right <= place[1] + 1, "no text is cut off"
