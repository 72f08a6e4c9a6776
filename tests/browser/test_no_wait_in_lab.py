"""Rows under a cell that did not wait, in JupyterLab in Chromium: alive while the next cell is busy, and text at the end."""

from __future__ import annotations

import pytest

START = "%load_ext poseidon_nb\n%do sandbox start --speed 4"


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("%do droplets power_cycle --tag web --yes --no-wait --columns name,status", "power_cycle web-1"),
        (
            "%do droplets create demo --region nyc3 --size s-1vcpu-1gb --image ubuntu-24-04-x64 --no-wait --columns name",
            "create demo",
        ),
    ],
)
def test_rows_go_on_while_the_next_cell_is_busy_and_end_as_text(open_notebook, command, name):
    notebook = open_notebook(START, command, "import time\ntime.sleep(25)\nprint('cell over')")
    notebook.run(0)
    notebook.wait_idle()
    notebook.run(1)
    notebook.output(1).locator("[role=progressbar]").first.wait_for(timeout=20_000)
    notebook.wait_idle()
    notebook.run(2)
    seen = set()
    bar = notebook.output(1).locator("[role=progressbar]")
    while shown := bar.evaluate_all("bars => bars.map(bar => bar.getAttribute('aria-valuetext'))"):
        seen.add(shown[0])
        notebook.page.wait_for_timeout(100)
    assert len(seen) > 2
    done = notebook.output(1).locator("table.pnb-progress-done")
    done.wait_for(timeout=5_000)
    assert name in done.inner_text()
    assert "✓ completed" in done.inner_text()
    assert "cell over" not in notebook.output(2).inner_text()
