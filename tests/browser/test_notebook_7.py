"""The main path in Jupyter Notebook 7: a panel, a question, a request, a bar that ends."""

from __future__ import annotations

import pytest

from tests.browser.droplet_page import DropletPanel


@pytest.mark.timeout(240)
def test_a_droplet_is_powered_off_and_on_in_notebook_7(open_in_notebook_7):
    panel = DropletPanel(open_in_notebook_7)
    panel.button("power-off").focus()
    panel.page.keyboard.press("Enter")
    panel.page.get_by_role("button", name="Confirm: power off web-1").wait_for(timeout=10_000)
    panel.page.keyboard.press("Escape")
    panel.page.get_by_role("button", name="Power off", exact=True).wait_for(timeout=10_000)
    panel.confirm("power-off")
    bar = panel.root.get_by_role("progressbar", name="Power off web-1")
    bar.wait_for(timeout=10_000)
    panel.ends("Power off web-1")
    assert bar.get_attribute("aria-valuenow") == "100"
    panel.root.get_by_text("off", exact=True).wait_for(timeout=10_000)
    panel.button("power-on").click()
    panel.ends("Power on web-1")
    assert panel.changes() == [("POST", "actions", 201)] * 2
    assert panel.notebook.output(2).locator(".pnb-saved").is_hidden()
