"""The panel of a plan in JupyterLab in Chromium: read, confirmed by mouse and by keyboard, and followed to its end."""

from __future__ import annotations

import pytest

from tests.browser.contrast import low_contrasts
from tests.browser.fleet_page import read_question

START = "%load_ext poseidon_nb\n%do sandbox start --speed 60"
PLAN = "plan = %do droplets resize web-1 web-2 web-3 db-1 --size s-4vcpu-8gb --restart --plan"
APPLY = "Apply 16 steps"
STATES = "[one.status + ' ' + one.size_slug for one in __import__('poseidon_nb').current_client().droplets.list(name='web-1')]"


@pytest.mark.timeout(300)
def test_a_plan_is_read_confirmed_by_keyboard_and_followed_to_its_end(open_notebook):
    notebook = open_notebook(START, PLAN, "%do panel {plan}", STATES)
    notebook.finish(0, 1, 2)
    root = notebook.page.locator(".pnb-panel")
    apply = root.get_by_role("button", name=APPLY)
    apply.wait_for(timeout=30_000)
    assert root.get_by_text("Resize web-1 (").count() == 1
    assert root.get_by_text("shut down → power off if needed → resize → power on").count() == 4
    assert "a month" in root.locator(".pnb-sub").inner_text()
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        notebook.wear(theme)
        notebook.settle()
        notebook.picture(f"plan_{theme[-5:].strip().lower()}", of=".pnb-panel")
        assert low_contrasts(root) == []
    apply.focus()
    notebook.page.keyboard.press("Enter")
    asking = root.locator("button.pnb-confirming")
    asking.wait_for(timeout=10_000)
    assert asking.inner_text().startswith("Confirm: resize 4 droplets to s-4vcpu-8gb")
    notebook.page.keyboard.press("Escape")
    asking.wait_for(state="detached", timeout=10_000)
    apply.click()
    asking.wait_for(timeout=10_000)
    read_question(notebook.page)
    asking.click()
    root.locator(".pnb-work [role=progressbar]").first.wait_for(timeout=20_000)
    notebook.picture("plan_running", of=".pnb-panel")
    notebook.pass_time()
    root.get_by_text("4 completed").first.wait_for(timeout=90_000)
    notebook.picture("plan_ended", of=".pnb-panel")
    assert root.get_by_role("button", name=APPLY).is_disabled()
    notebook.finish(3)
    assert "active s-4vcpu-8gb" in notebook.output(3).inner_text()
