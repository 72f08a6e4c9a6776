"""Rows under a cell that did not wait, in JupyterLab in Chromium: alive while the next cell is busy, and text at the end."""

from __future__ import annotations

import pytest

from tests.browser.fleet_page import GATE

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
    notebook = open_notebook(START, command, f"{GATE}\nprint('cell over')")
    notebook.finish(0)
    notebook.finish(1)
    notebook.run(2)
    notebook.wait_busy()
    notebook.note_bars()
    done = notebook.output(1).locator("table.pnb-progress-done")
    done.wait_for(timeout=60_000)
    assert len({words for _, words in notebook.bars(name)}) > 2
    assert name in done.inner_text()
    assert "✓ completed" in done.inner_text()
    assert "cell over" not in notebook.output(2).inner_text()
    notebook.open_gate()
    notebook.wait_idle()
