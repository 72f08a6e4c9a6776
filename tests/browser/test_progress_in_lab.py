"""What a person sees under a waiting ``%do``, in JupyterLab in Chromium."""

from __future__ import annotations

import json
import re

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

#: Each of red, green and blue is more than 150.
LIGHT_INK = re.compile(r"^rgba?\((?:(?:15[1-9]|1[6-9]\d|2\d\d)(?:, )?){3}")
START = "%load_ext poseidon_nb\n%do sandbox start --speed 8"
BAR = "[role=progressbar]"


@pytest.mark.timeout(180)
def test_a_bar_moves_while_a_droplet_is_made_and_leaves_text_behind(open_notebook, lab):
    notebook = open_notebook(
        START,
        "%do droplets create demo --region nyc3 --size s-1vcpu-1gb --image ubuntu-24-04-x64 --columns name,status",
    )
    notebook.finish(0)
    notebook.note_bars()
    notebook.run(1)
    notebook.wait_bars("create demo", 4)
    notebook.picture("progress_light")
    notebook.save()
    (saved,) = lab[2].glob("test_a_bar_moves*.ipynb")
    text = saved.read_text()
    assert "role='progressbar'" in text, "what can be read without a kernel"
    assert "widget-view" not in text
    notebook.output(1).locator("table.pnb-progress-done").wait_for(timeout=60_000)
    notebook.wait_idle()
    shown = notebook.bars("create demo")
    numbers = sorted({value for value, _ in shown if value is not None})
    assert len(numbers) > 3
    assert 0 <= numbers[0] < numbers[-1] <= 100
    assert any(re.search(r"about \d+ s left \(median of \d+ actions?\)", words or "") for _, words in shown)
    assert notebook.output(1).locator("table.pnb-progress-done").inner_text().startswith("create demo")
    assert "active" in notebook.output(1).inner_text()
    notebook.save()
    text = saved.read_text()
    assert "widget-view" not in text
    assert "dop_v1" not in text
    assert "create demo: \\u2713 completed" in json.dumps(json.loads(text))


@pytest.mark.timeout(180)
def test_bars_are_readable_in_the_dark_theme_and_each_droplet_has_one(open_notebook):
    notebook = open_notebook(START, "%do droplets power_cycle --tag web --yes")
    notebook.wear("JupyterLab Dark")
    notebook.finish(0)
    notebook.run(1)
    bars = notebook.output(1).locator(BAR)
    expect(bars).to_have_count(4, timeout=20_000)
    # The rows are drawn anew several times a second, and what has left the page has no colour: it is looked at again then.
    label = notebook.output(1).get_by_text("power_cycle web-1", exact=True).first
    expect(label, "light ink on a dark page").to_have_css("color", LIGHT_INK, timeout=20_000)
    notebook.picture("progress_dark")
    rows = notebook.output(1).locator("table.pnb-progress-done tr")
    expect(rows).to_have_count(4, timeout=60_000)


@pytest.mark.timeout(180)
def test_a_question_is_answered_under_the_cell_and_no_means_no(open_notebook):
    notebook = open_notebook(START, "%do droplets delete web-1", "%do droplets list --columns name --raw")
    notebook.finish(0)
    notebook.run(1)
    answer = notebook.page.locator("input.jp-Stdin-input")
    answer.wait_for(timeout=20_000)
    notebook.picture("question")
    assert "SANDBOX: delete droplet web-1" in notebook.output(1).inner_text()
    answer.fill("n")
    answer.press("Enter")
    notebook.page.get_by_text("ConfirmationRequired: Not confirmed. Nothing was changed.").wait_for(timeout=20_000)
    notebook.run(2)
    notebook.output(2).get_by_text("'web-1'").wait_for(timeout=20_000)


@pytest.mark.timeout(180)
def test_tab_completes_the_names_of_droplets(open_notebook):
    notebook = open_notebook(START, "%do droplets get we")
    notebook.finish(0)
    notebook.page.locator(".jp-Cell").nth(1).locator(".cm-content").click()
    notebook.page.keyboard.press("End")
    notebook.page.keyboard.press("Tab")
    offered = notebook.page.locator(".jp-Completer-item")
    offered.first.wait_for(timeout=20_000)
    notebook.picture("completion")
    assert offered.locator(".jp-Completer-match").all_inner_texts() == ["web-1", "web-2", "web-3"]
