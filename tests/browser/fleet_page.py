"""A fleet's panel in a browser, as a person uses it."""

from __future__ import annotations

import re

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
LOOK = "panel.model._subscription.look_again()"
ROWS = "tbody tr[data-pnb-id]"


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

    def turn_to(self, number: str) -> None:
        self.place.locator(".dt-paging-button").get_by_text(number, exact=True).click()

    def confirm(self, verb: str) -> None:
        self.button(verb).click()
        asking = self.place.locator(f"button.pnb-{verb}.pnb-confirming")
        asking.wait_for(timeout=10_000)
        # A double click confirms nothing: a person reads first.
        self.notebook.page.wait_for_timeout(800)
        asking.click()

    def wait_text(self, text: str, timeout: int = 30_000) -> None:
        self.place.get_by_text(re.compile(text)).locator("visible=true").first.wait_for(timeout=timeout)


def answer(fleet: Fleet, cell: int) -> str:
    """Run a cell and give what it shows."""
    fleet.notebook.run(cell)
    fleet.notebook.page.wait_for_timeout(200)
    fleet.notebook.wait_idle()
    out = fleet.notebook.output(cell)
    text = out.inner_text() if out.count() else ""
    # Without the prompt of the cell.
    return re.sub(r"^\[\d+\]:\s*", "", text).strip()
