"""The panel of a droplet in a browser, as a person uses it."""

from __future__ import annotations

import re

from tests.browser.fleet_page import read_question

START = "%load_ext poseidon_nb\n%do sandbox start --speed {speed}"
SETUP = """
import poseidon_nb as po
from poseidon_nb.magics.do import default_session
sandbox = default_session().sandbox
def log():
    print([(one.method, one.path.rpartition("/")[2], one.status) for one in sandbox.requests if one.method != "GET"])
"""
OPEN = "%do panel web-1"


class DropletPanel:
    """The panel of web-1 in an open notebook. Cell 0 starts the sandbox, 1 prepares, 2 opens the panel, 3 and on are the test's."""

    def __init__(
        self, open_notebook, *cells: str, speed: int = 8, before: str = "", opens: str = OPEN, prepare: str = "null"
    ) -> None:
        self.notebook = open_notebook(START.format(speed=speed), SETUP + before, opens, *cells, "log()")
        self.page = self.notebook.page
        self.last = 3 + len(cells)
        self.notebook.finish(0, 1)
        # JavaScript that changes the page before the panel is drawn.
        self.page.evaluate(prepare)
        self.open()

    def open(self) -> None:
        self.notebook.finish(2)
        self.button("reboot").wait_for(timeout=30_000)

    @property
    def root(self):
        return self.page.locator(".pnb-panel")

    def button(self, name: str):
        return self.root.locator(f"button.pnb-{name}")

    def confirm(self, name: str) -> None:
        """Click a button and then its question, as a person does who has read it."""
        self.button(name).and_(self.page.locator(":enabled")).click(timeout=30_000)
        asking = self.root.locator("button.pnb-confirming")
        asking.wait_for(timeout=10_000)
        read_question(self.page)
        asking.click()

    def entry(self, text: str | re.Pattern[str]):
        return self.root.locator(".pnb-work").filter(has_text=text).first

    def ends(self, title: str, how: str = "✓ completed") -> None:
        self.root.locator(".pnb-work").filter(has_text=title).filter(has_text=how).first.wait_for(timeout=60_000)

    def changes(self) -> list[tuple[str, str, int]]:
        """Return the requests at the sandbox that were to change something."""
        self.notebook.finish(self.last)
        output = self.notebook.output(self.last)
        output.get_by_text(re.compile(r"\]\s*$")).first.wait_for(timeout=20_000)
        return [
            (method, path, int(status))
            for method, path, status in re.findall(r"\('(\w+)', '(\w+)', (\d+)\)", output.inner_text())
        ]
