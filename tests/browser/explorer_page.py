"""The explorer of sizes in a page, as a person uses it; the tests of `test_size_explorer` drive it."""

from __future__ import annotations

import re
import time

import pytest

from tests.browser.conftest import EXECUTE

expect = pytest.importorskip("playwright.sync_api").expect

#: As it was when it was opened.
RESET = "explorer.model.reset_filters(); explorer.model.set_axes('memory_gib', 'price_monthly'); explorer.select([])"
#: How many sizes there are.
ALL = 147
WINDOW = {"width": 1280, "height": 1500}
ROWS = "tbody tr[data-pnb-id]"
#: Where a size is in the picture, in pixels of the window; nothing where it is not drawn.
PLACE = """([plot, slug]) => {
    const points = plot.data[0], place = points.hovertext.findIndex(text => text.startsWith(`<b>${slug}</b>`));
    const [x, y] = [points.x[place], points.y[place]];
    if (x === null || y === null) return null;
    // Plotly measures from where it takes the mouse, too.
    const { xaxis, yaxis } = plot._fullLayout, area = plot.querySelector('.nsewdrag').getBoundingClientRect();
    return [area.x + xaxis.d2p(x), area.y + yaxis.d2p(y)];
}"""
#: Whether the picture tells of a size, as it does once it has seen the mouse upon it.
RESTED = """(plot, slug) => [...plot.querySelectorAll('.hoverlayer .hovertext')].some(one => one.textContent.includes(slug))"""

#: What takes the mouse at a place, and whether plotly takes it for a drag.
UNDER_MOUSE = """(plot, [x, y]) => {
    const found = document.elementsFromPoint(x, y).slice(0, 3);
    return [...found.map(one => `${one.tagName} ${one.className.baseVal ?? one.className}`), plot._dragging, !!plot.calcdata].join();
}"""


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
            # From outside of the figure, so that it takes the mouse up anew.
            self.page.mouse.move(2, 2)
            self.page.mouse.move(x - 12, y - 12)
            self.page.mouse.move(x, y, steps=4)
            self.page.wait_for_timeout(200)
        under = self.plot.evaluate(UNDER_MOUSE, self.at(slug))
        assert self.plot.evaluate(RESTED, slug), f"the figure names {slug}, not {self.hover_text()!r}: {under}"

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
