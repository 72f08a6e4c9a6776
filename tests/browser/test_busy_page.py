"""Panels in a page that is too busy: anywidget gives up on a script that has not started after two seconds.

``POSEIDON_OPENINGS=500 python -m pytest tests/browser/test_busy_page.py -k explorer -s`` opens so many size explorers, several
at once, by turns with that limit, with no time at all and on a slow processor, and prints how long the openings took.
"""

from __future__ import annotations

import os
import statistics
import time

import pytest

from tests.browser import fleet_page
from tests.browser.conftest import EXECUTE, IGNORE_GIVEN_UP, VIEWPORT, Lab

expect = pytest.importorskip("playwright.sync_api").expect

OPENINGS = int(os.environ.get("POSEIDON_OPENINGS", "2"))
#: How many explorers a cell opens, and how many a page before it is loaded again.
AT_ONCE, A_PAGE = 5, 50
#: The limit of anywidget in milliseconds, and how much slower the processor is. Without time, every script is late.
BUSY = ((0, 1), (2_000, 1), (0, 1), (2_000, 2))
LIMIT = """const limit = AbortSignal.timeout;
window.limit = 0;
AbortSignal.timeout = ms => limit.call(AbortSignal, ms === 2000 ? window.limit : ms)"""
#: Makes the next opening load plotly.js again.
FORGET = """limit => {
    window.limit = limit;
    delete window[Symbol.for('poseidon_nb.plotly')];
}"""
START = """%load_ext poseidon_nb
%do sandbox start
import poseidon_nb as po
from poseidon_nb.widgets.sizes.explorer import SizeExplorer
client, explorers = po.current_client(), []"""
OPEN = """for explorer in explorers: explorer.close()
explorers = [SizeExplorer(client) for _ in range({count})]
display(*explorers)"""
#: Of each explorer: how many points are drawn, and how many rows there are.
COUNTS = """() => [...document.querySelectorAll('.pnb-explorer')].map(explorer => [
    explorer.querySelectorAll('.points path.point').length,
    explorer.querySelector('table[data-pnb-key]')?.pnbApi?.rows({ search: 'applied' }).count() ?? 0,
])"""
WAIT_COUNTS = f"""([explorers, sizes]) => {{
    const counts = ({COUNTS})();
    return counts.length === explorers && counts.flat().every(one => one === sizes);
}}"""
#: How many sizes there are, in all and in the family ``basic``.
ALL, BASIC = 147, 31


@pytest.fixture
def busy(chromium, lab):
    """Return a JupyterLab whose pages give no script the time to start."""
    context = chromium.new_context(viewport=VIEWPORT)
    context.add_init_script(LIMIT)
    context.add_init_script(IGNORE_GIVEN_UP)
    yield Lab(context, lab)
    context.close()


def slow_down(page, rate: float) -> None:
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": rate})


def wait_counts(page, explorers: int, sizes: int) -> None:
    """Wait until so many explorers show so many points and rows."""
    try:
        page.wait_for_function(WAIT_COUNTS, arg=[explorers, sizes], timeout=90_000)
    except Exception as late:
        raise AssertionError(f"not {explorers} times {sizes} points and rows but {page.evaluate(COUNTS)}") from late


@pytest.mark.timeout(240 if OPENINGS <= AT_ONCE else 0)
def test_an_opened_explorer_is_never_blank_and_follows_its_filters(busy):
    took: list[float] = []
    opened = 0
    while opened < OPENINGS:
        with busy.opening("busy_explorer") as start:
            notebook = start(START, OPEN.format(count=min(AT_ONCE, OPENINGS)))
            notebook.reusable = False
            notebook.finish(0)
            page, until = notebook.page, min(OPENINGS, opened + A_PAGE)
            while opened < until:
                limit_ms, slower = BUSY[len(took) % len(BUSY)]
                page.evaluate(FORGET, limit_ms)
                slow_down(page, slower)
                started = time.monotonic()
                notebook.run(1)
                page.evaluate("window.ran")
                count = min(AT_ONCE, OPENINGS)
                wait_counts(page, count, ALL)
                took.append(time.monotonic() - started)
                for chip in page.get_by_role("checkbox", name="basic", exact=True).all():
                    chip.check()
                wait_counts(page, count, BASIC)
                slow_down(page, 1)
                opened += count
                lasted = f"median {statistics.median(took):.1f} s, longest {max(took):.1f} s"
                print(f"{opened} opened, {count} at once: {lasted}", flush=True)  # noqa: T201  # a long run shows its progress


@pytest.mark.timeout(240)
def test_a_fleet_follows_clicks_and_python(busy):
    with busy.opening("busy_panels") as start:
        notebook = start(fleet_page.START, fleet_page.OPEN)
        notebook.finish(0, 1)
        fleet = fleet_page.Fleet(notebook, 1)
        fleet.place.locator(fleet_page.ROWS).first.click(timeout=60_000)
        expect(fleet.place.locator("tr.pnb-row-selected")).to_have_count(1, timeout=20_000)
        fleet.button("resize").click()
        expect(fleet.place.locator(".pnb-size-scroller tbody tr").first).to_be_visible(timeout=20_000)
        assert notebook.page.evaluate(EXECUTE, "panel.select([])") == "ok"
        expect(fleet.place.locator("tr.pnb-row-selected")).to_have_count(0, timeout=20_000)
        notebook.reusable = False
