"""A fleet's panel in a browser, as a person uses it."""

from __future__ import annotations

import re

from poseidon_nb.widgets.click_confirmation import MIN_CONFIRM_DELAY_S

START = """%load_ext poseidon_nb
%do sandbox start --speed 8 --droplets 60
from poseidon_nb.magics.do import default_session
sandbox = default_session().sandbox
elsewhere = __import__("poseidon_nb").connect(sandbox)
world = sandbox._dispatcher.world
def posted():
    return sorted(one.path.split("/")[3] for one in sandbox.requests if one.path.endswith("/actions") and one.method == "POST")
"""
OPEN = "panel = %do panel\npanel"
LOOK = "panel.model._subscription.refresh()"
ROWS = "tbody tr[data-pnb-id]"
LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"
#: A cell that runs until the test opens the gate, however busy the machine is.
GATE = """import pathlib, time
gate = pathlib.Path('gate')
while not gate.exists(): time.sleep(.05)
gate.unlink()"""
#: Waits until a table of DataTables has been drawn with what was typed into its search.
SEARCHED = """async (table, text) => {
    while (table.pnbApi.search() !== text) await new Promise(requestAnimationFrame);
}"""


class Fleet:
    """The panel under a cell, as a person uses it."""

    def __init__(self, notebook, cell: int) -> None:
        self.notebook, self.place = notebook, notebook.output(cell)

    def row(self, name: str):
        return self.place.locator(ROWS).filter(has=self.notebook.page.get_by_text(name, exact=True))

    def names(self) -> list[str]:
        return self.place.locator(f"{ROWS} td.pnb-column-name").all_inner_texts()

    def chosen(self) -> list[str]:
        return self.place.locator(f"{ROWS}.pnb-row-selected td.pnb-column-name").all_inner_texts()

    def button(self, verb: str):
        return self.place.locator(f"button.pnb-{verb}")

    def search(self, text: str) -> None:
        """Type into the search, and wait until the table shows what it finds."""
        self.place.get_by_role("searchbox").fill(text)
        self.place.locator("table[data-pnb-key]").first.evaluate(SEARCHED, text)

    def turn_to(self, number: str) -> None:
        self.place.locator(".dt-paging-button").get_by_text(number, exact=True).click()

    def confirm(self, verb: str) -> None:
        self.button(verb).click()
        asking = self.place.locator(f"button.pnb-{verb}.pnb-confirming")
        asking.wait_for(timeout=10_000)
        read_question(self.notebook.page)
        asking.click()

    def wait_text(self, text: str, timeout: int = 30_000) -> None:
        self.place.get_by_text(re.compile(text)).locator("visible=true").first.wait_for(timeout=timeout)


def size_row(root, slug: str):
    """Return the row of a size in the open resize form."""
    return root.locator(".pnb-sizes tbody tr").filter(has=root.page.locator(f"input[value='{slug}']"))


def read_question(page) -> None:
    """Read a question, as a person does who confirms it: what comes sooner is taken for a double click."""
    page.wait_for_timeout(1_000 * MIN_CONFIRM_DELAY_S + 300)


def answer(fleet: Fleet, cell: int) -> str:
    """Run a cell and return what it shows."""
    fleet.notebook.finish(cell)
    out = fleet.notebook.output(cell)
    text = out.inner_text() if out.count() else ""
    # Without the prompt of the cell.
    return re.sub(r"^\[\d+\]:\s*", "", text).strip()
