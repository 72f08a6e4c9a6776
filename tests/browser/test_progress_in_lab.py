"""What a person sees under a waiting ``%do``, in JupyterLab in Chromium."""

from __future__ import annotations

import json
import re

import pytest

START = "%load_ext poseidon_nb\n%do sandbox start --speed 8"
BAR = "[role=progressbar]"
READ = "bars => bars.map(bar => [bar.getAttribute('aria-valuenow'), bar.getAttribute('aria-valuetext')])"


@pytest.mark.timeout(180)
def test_a_bar_moves_while_a_droplet_is_made_and_leaves_text_behind(open_notebook, lab):
    notebook = open_notebook(
        START,
        "%do droplets create demo --region nyc3 --size s-1vcpu-1gb --image ubuntu-24-04-x64 --columns name,status",
    )
    notebook.run(0)
    notebook.wait_idle()
    notebook.run(1)
    bar = notebook.output(1).locator(BAR)
    bar.wait_for(timeout=20_000)
    values, words = set(), set()
    # Read in one go: between two looks the bar may be gone.
    while shown := bar.evaluate_all(READ):
        values.add(shown[0][0])
        words.add(shown[0][1])
        notebook.page.wait_for_timeout(100)
        if len(values) == 4:
            notebook.picture("progress_light")
    notebook.wait_idle()
    numbers = sorted(int(value) for value in values if value)
    assert len(numbers) > 3
    assert 0 <= numbers[0] < numbers[-1] <= 100
    assert any(re.search(r"about \d+ s left \(median of \d+\)", text or "") for text in words)
    assert notebook.output(1).locator("table.pnb-progress-done").inner_text().startswith("create demo")
    assert "active" in notebook.output(1).inner_text()
    notebook.page.wait_for_timeout(300)
    notebook.command("docmanager:save")
    notebook.page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty")
    (saved,) = lab[2].glob("test_a_bar_moves*.ipynb")
    text = saved.read_text()
    assert "widget-view" not in text
    assert "dop_v1" not in text
    assert "create demo: \\u2713 completed" in json.dumps(json.loads(text))


@pytest.mark.timeout(180)
def test_bars_are_readable_in_the_dark_theme_and_each_droplet_has_one(open_notebook):
    notebook = open_notebook(START, "%do droplets power_cycle --tag web --yes")
    notebook.command("apputils:change-theme", theme="JupyterLab Dark")
    notebook.run(0)
    notebook.wait_idle()
    notebook.run(1)
    bars = notebook.output(1).locator(BAR)
    bars.first.wait_for(timeout=20_000)
    bars.nth(3).wait_for(timeout=20_000)
    assert bars.count() == 4
    label = notebook.output(1).get_by_text("power_cycle web-1", exact=True)
    ink = None
    # The rows are redrawn several times a second, and an element that has left the page has no colour.
    while not ink:
        ink = label.evaluate_all("elements => elements.map(one => getComputedStyle(one).color).find(Boolean)")
    assert min(int(part) for part in re.findall(r"\d+", ink)[:3]) > 150, "light ink on a dark page"
    notebook.picture("progress_dark")
    rows = notebook.output(1).locator("table.pnb-progress-done tr")
    rows.first.wait_for(timeout=30_000)
    assert rows.count() == 4


@pytest.mark.timeout(180)
def test_a_question_is_answered_under_the_cell_and_no_means_no(open_notebook):
    notebook = open_notebook(START, "%do droplets delete web-1", "%do droplets list --columns name --raw")
    notebook.run(0)
    notebook.wait_idle()
    notebook.run(1)
    answer = notebook.page.locator("input.jp-Stdin-input")
    answer.wait_for(timeout=20_000)
    notebook.picture("question")
    assert "SANDBOX: delete droplet web-1" in notebook.output(1).inner_text()
    answer.fill("n")
    answer.press("Enter")
    notebook.page.get_by_text("ConfirmationRequired: not confirmed; nothing was done").wait_for(timeout=20_000)
    notebook.run(2)
    notebook.output(2).get_by_text("'web-1'").wait_for(timeout=20_000)


@pytest.mark.timeout(180)
def test_tab_completes_the_names_of_droplets(open_notebook):
    notebook = open_notebook(START, "%do droplets get we")
    notebook.run(0)
    notebook.wait_idle()
    notebook.page.locator(".jp-Cell").nth(1).locator(".cm-content").click()
    notebook.page.keyboard.press("End")
    notebook.page.keyboard.press("Tab")
    offered = notebook.page.locator(".jp-Completer-item")
    offered.first.wait_for(timeout=20_000)
    notebook.picture("completion")
    assert offered.locator(".jp-Completer-match").all_inner_texts() == ["web-1", "web-2", "web-3"]
