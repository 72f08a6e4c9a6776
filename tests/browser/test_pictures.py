"""The pictures in the README: made from the panels themselves, light and dark.

To store new ones: ``POSEIDON_UPDATE=1 python -m pytest tests/browser/test_pictures.py``. Else it is only seen that they
can be made, and that those that are stored are the ones that the README shows.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.browser.fleet_page import read_question

expect = pytest.importorskip("playwright.sync_api").expect

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "notebooks" / "pictures"
#: So large may one be, in bytes: a clone of the repository brings all of them.
MOST_BYTES = 60_000
SETUP = """%load_ext poseidon_nb
%do sandbox start --speed 4
import poseidon_nb as po
client = po.current_client()"""
PANELS = {"droplet": "%do panel web-1", "fleet": "fleet = %do panel\nfleet", "actions": "%do panel actions"}
SELECT = "fleet.select(droplet.id for droplet in client.droplets.list(tag_name='web'))"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


@pytest.mark.timeout(240)
def test_pictures_of_the_panels_can_be_made(open_notebook, tmp_path):
    notebook = open_notebook(SETUP, *PANELS.values(), SELECT)
    page = notebook.page
    page.set_viewport_size({"width": 1060, "height": 1200})
    notebook.command("application:toggle-left-area")
    notebook.finish(*range(len(PANELS) + 2))
    places = {name: notebook.output(1 + at).locator(".pnb-panel") for at, name in enumerate(PANELS)}
    for place in places.values():
        place.wait_for(timeout=30_000)
    places["fleet"].locator("tr.pnb-row-selected").first.wait_for(timeout=30_000)
    places["fleet"].get_by_role("searchbox").fill("web")
    # Few rows tell as much as all.
    notebook.reusable = False
    page.add_style_tag(content=".pnb-list tbody tr:nth-child(n+6) { display: none }")
    folder = PICTURES if os.environ.get("POSEIDON_UPDATE") else tmp_path
    folder.mkdir(exist_ok=True)
    for theme, name in THEMES.items():
        notebook.wear(name)
        # A bar each: under way, in the droplet's panel and in that of the account.
        places["droplet"].locator("button.pnb-reboot").and_(page.locator(":enabled")).click(timeout=60_000)
        asking = places["droplet"].locator("button.pnb-confirming")
        asking.wait_for(timeout=10_000)
        read_question(page)
        asking.click()
        places["droplet"].locator("[aria-valuenow]").first.wait_for(timeout=20_000)
        page.wait_for_function(
            "[...document.querySelectorAll('.pnb-work [aria-valuenow]')].some(bar => bar.ariaValueNow > 30)",
            timeout=60_000,
        )
        page.mouse.move(2, 2)
        for panel, place in places.items():
            place.screenshot(path=folder / f"{panel}-{theme}.png", animations="disabled")
        page.wait_for_function("document.querySelectorAll('.pnb-work [aria-valuetext^=\"✓\"]').length", timeout=60_000)
        dismiss = places["droplet"].get_by_role("button", name="Dismiss").locator("visible=true")
        for left in reversed(range(dismiss.count())):
            dismiss.first.click()
            expect(dismiss).to_have_count(left, timeout=20_000)
    made = {file.name for file in folder.glob("*.png")}
    assert made == {f"{panel}-{theme}.png" for panel in PANELS for theme in THEMES}


def test_the_readme_shows_each_stored_picture_says_what_is_in_it_and_none_is_large():
    readme = (ROOT / "README.md").read_text()
    shown = {*re.findall(r"notebooks/pictures/([\w-]+\.png)", readme)}
    assert shown == {f"{panel}-{theme}.png" for panel in PANELS for theme in THEMES}
    assert shown == {file.name for file in PICTURES.glob("*.png")}
    words = re.findall(r'<img alt="([^"]*)" src="notebooks/pictures/', readme)
    assert len(words) == len(PANELS)
    assert all(len(one) > 30 for one in words)
    assert max(file.stat().st_size for file in PICTURES.glob("*.png")) < MOST_BYTES
