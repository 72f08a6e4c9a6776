"""The pictures in the README: the panels, light and dark, and an animation of one panel.

``POSEIDON_UPDATE=1 python -m pytest tests/browser/test_pictures.py`` stores new ones. Without it the tests check that they
can be made, and that the README shows those that are stored.
"""

from __future__ import annotations

import os
import re
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from tests.browser.fleet_page import read_question

expect = pytest.importorskip("playwright.sync_api").expect

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "notebooks" / "pictures"
#: Largest size in bytes. Each clone of the repository downloads all pictures.
MOST_BYTES = 60_000
MOST_BYTES_ANIMATED = 250_000
SETUP = """%load_ext poseidon_nb
%do sandbox start --speed 4
import poseidon_nb as po
client = po.current_client()"""
ANIMATION = "panel.gif"
PANELS = {"droplet": "%do panel web-1", "fleet": "fleet = %do panel\nfleet", "actions": "%do panel actions"}
SELECT = "fleet.select(droplet.id for droplet in client.droplets.list(tag_name='web'))"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
#: Seconds between two pictures of a bar that runs, and how long the animation shows the first and the last picture.
FRAME_S, STILL_S = 0.4, 2.5
#: The mouse pointer, which screenshots leave out.
POINTER = """([x, y]) => {
    let pointer = document.getElementById('pointer');
    if (!pointer) {
        pointer = document.createElement('div');
        pointer.id = 'pointer';
        pointer.innerHTML = `<svg width="20" height="28"><path d="M1 1 L1 21 L6 16.5 L9.5 25 L13 23.5 L9.5 15.5 L16 15 Z"
            fill="#111" stroke="#fff" stroke-width="1.5"/></svg>`;
        pointer.style = 'position: fixed; z-index: 99999; pointer-events: none';
        document.body.append(pointer);
    }
    pointer.style.left = `${x}px`;
    pointer.style.top = `${y}px`;
}"""


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
    places["droplet"].locator(".pnb-line").first.wait_for(state="attached", timeout=60_000)
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


@pytest.mark.timeout(240)
def test_an_animation_of_a_click_can_be_made(open_notebook, tmp_path):
    notebook = open_notebook(SETUP, PANELS["droplet"])
    page = notebook.page
    page.set_viewport_size({"width": 1060, "height": 900})
    notebook.command("application:toggle-left-area")
    notebook.reusable = False
    notebook.finish(0, 1)
    cell = page.locator(".jp-Cell").nth(1)
    panel = notebook.output(1).locator(".pnb-panel")
    reboot = panel.locator("button.pnb-reboot").and_(page.locator(":enabled"))
    reboot.wait_for(timeout=60_000)
    panel.locator(".pnb-line").first.wait_for(state="attached", timeout=60_000)
    frames: list[tuple[bytes, float]] = []

    def shoot(seconds: float) -> None:
        frames.append((page.screenshot(clip={**area, "height": height}, animations="disabled"), seconds))

    def point(button) -> None:
        box = button.bounding_box()
        at = [box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.6]
        page.evaluate(POINTER, at)
        page.mouse.move(*at)

    # The row of the action appears below the buttons.
    area = cell.bounding_box()
    height = area["height"] + 70
    shoot(STILL_S)
    point(reboot)
    shoot(0.8)
    reboot.click()
    asking = panel.locator("button.pnb-confirming")
    asking.wait_for(timeout=10_000)
    point(asking)
    read_question(page)
    shoot(2.0)
    asking.click()
    ended = panel.locator(".pnb-work [aria-valuetext^='✓']")
    while not ended.count():
        page.wait_for_timeout(FRAME_S * 1_000)
        shoot(FRAME_S)
    shoot(STILL_S)

    folder = PICTURES if os.environ.get("POSEIDON_UPDATE") else tmp_path
    file = folder / ANIMATION
    opened = [Image.open(BytesIO(data)).convert("RGB") for data, _ in frames]
    # One palette for all, so that what does not change is stored once: from the start, the question and the end.
    sources = (opened[0], opened[2], opened[-1])
    together = Image.new("RGB", (opened[0].width, len(sources) * opened[0].height))
    for at, one in enumerate(sources):
        together.paste(one, (0, at * one.height))
    palette = together.convert("P", palette=Image.Palette.ADAPTIVE, colors=64)
    pictures = [one.quantize(palette=palette, dither=Image.Dither.NONE) for one in opened]
    lasts_ms = [round(1_000 * seconds) for _, seconds in frames]
    pictures[0].save(file, save_all=True, append_images=pictures[1:], duration=lasts_ms, loop=0, optimize=True)
    with Image.open(file) as made:
        assert made.n_frames > 5
    assert sum(one != other for (one, _), (other, _) in pairwise(frames)) > 5
    assert file.stat().st_size < MOST_BYTES_ANIMATED


def test_the_readme_shows_each_stored_picture_says_what_is_in_it_and_none_is_large():
    readme = (ROOT / "README.md").read_text()
    shown = {*re.findall(r"notebooks/pictures/([\w-]+\.png)", readme)}
    assert shown == {f"{panel}-{theme}.png" for panel in PANELS for theme in THEMES}
    assert shown == {file.name for file in PICTURES.glob("*.png")}
    words = re.findall(r'<img alt="([^"]*)" src="notebooks/pictures/', readme)
    assert len(words) == len(PANELS)
    assert all(len(one) > 30 for one in words)
    assert max(file.stat().st_size for file in PICTURES.glob("*.png")) < MOST_BYTES
