"""Panels in a page that is too busy: anywidget gives up on a script that has not started after two seconds.

``POSEIDON_OPENINGS=500 python -m pytest tests/browser/test_busy_page.py -k explorer -s`` opens the size explorer that many
times, by turns with that limit, with none at all and on a slow processor, and prints how long the openings took.
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
#: The limit of anywidget in milliseconds, and how much slower the processor is. Without time, every script is late.
BUSY = ((0, 1), (2_000, 1), (0, 2), (2_000, 4))
#: A page is loaded again after so many openings.
OPENINGS_A_PAGE = 25
LIMIT = """const limit = AbortSignal.timeout;
window.limit = 0;
AbortSignal.timeout = ms => limit.call(AbortSignal, ms === 2000 ? window.limit : ms)"""
#: Makes the next opening load plotly.js again.
FORGET = """limit => {
    window.limit = limit;
    delete window[Symbol.for('poseidon_nb.plotly')];
}"""
#: How many points are drawn, and how many rows there are.
COUNTS = """() => {
    const explorer = document.querySelector('.pnb-explorer');
    const table = explorer?.querySelector('table[data-pnb-key]')?.pnbApi;
    return [explorer?.querySelectorAll('.points path.point').length ?? 0, table?.rows({ search: 'applied' }).count() ?? 0];
}"""
WAIT_COUNTS = f"counts => {{ const [points, rows] = ({COUNTS})(); return points === counts[0] && rows === counts[1] }}"
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


@pytest.mark.timeout(240 if len(BUSY) >= OPENINGS else 0)
def test_an_opened_explorer_is_never_blank_and_follows_its_filters(busy):
    took = []
    for first in range(0, OPENINGS, OPENINGS_A_PAGE):
        with busy.opening("busy_explorer") as start:
            notebook = start("%load_ext poseidon_nb\n%do sandbox start", "explorer = %do explore sizes\nexplorer")
            notebook.finish(0)
            page = notebook.page
            for number in range(first, min(OPENINGS, first + OPENINGS_A_PAGE)):
                limit_ms, slower = BUSY[number % len(BUSY)]
                page.evaluate(FORGET, limit_ms)
                slow_down(page, slower)
                started = time.monotonic()
                notebook.run(1)
                page.evaluate("window.ran")
                page.wait_for_function(WAIT_COUNTS, arg=[ALL, ALL], timeout=60_000)
                took.append(time.monotonic() - started)
                page.get_by_role("checkbox", name="basic", exact=True).check()
                page.wait_for_function(WAIT_COUNTS, arg=[BASIC, BASIC], timeout=60_000)
                slow_down(page, 1)
            notebook.reusable = False
    longest = f"{len(took)} openings: median {statistics.median(took):.1f} s, longest {max(took):.1f} s"
    print(longest)  # noqa: T201  # the result of a long run
    assert len(took) == OPENINGS


@pytest.mark.timeout(240)
def test_a_fleet_follows_clicks_and_python(busy):
    with busy.opening("busy_panels") as start:
        notebook = start(fleet_page.START, fleet_page.OPEN)
        notebook.finish(0, 1)
        fleet = fleet_page.Fleet(notebook, 1)
        fleet.place.locator(fleet_page.ROWS).first.click(timeout=60_000)
        expect(fleet.place.locator("tr.pnb-row-selected")).to_have_count(1, timeout=20_000)
        assert notebook.page.evaluate(EXECUTE, "panel.select([])") == "ok"
        expect(fleet.place.locator("tr.pnb-row-selected")).to_have_count(0, timeout=20_000)
        notebook.reusable = False
