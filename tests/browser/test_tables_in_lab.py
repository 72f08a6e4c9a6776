"""The tables that `%do` gives, in JupyterLab in a window of 1280 pixels with its file browser open."""

from __future__ import annotations

import pytest

START = "%load_ext poseidon_nb\n%do sandbox start --seed 7"
#: The widest that there are, each of another kind.
COMMANDS = (
    "droplets list",
    "sizes cheapest --memory 16GiB",
    "regions matrix",
    "cost lines",
    "rightsize",
    "images list",
)
OVERFLOW = """output => {
    const table = output.querySelector('table');
    return [table.scrollWidth, output.clientWidth];
}"""


@pytest.mark.timeout(240)
def test_a_table_fits_the_page_and_names_what_it_leaves_out(open_notebook):
    notebook = open_notebook(START, *(f"%do {command}" for command in COMMANDS))
    notebook.page.set_viewport_size({"width": 1280, "height": 900})
    notebook.run(0)
    for cell, command in enumerate(COMMANDS, 1):
        notebook.run(cell)
        shown = notebook.output(cell).locator(".jp-RenderedHTMLCommon")
        shown.locator("table").wait_for(timeout=60_000)
        table, page = shown.evaluate(OVERFLOW)
        assert table <= page, command
        assert "hidden columns:" in shown.inner_text()
