"""A saved notebook with panels and a chart: opened where there is no kernel, and as a page of HTML, with scripts and without."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import nbformat
import pytest

if TYPE_CHECKING:
    from pathlib import Path

SETUP = """%load_ext poseidon_nb
%do sandbox start --speed 20
import poseidon_nb as po
client = po.current_client()"""
PANELS = {
    "po.DropletPanel(client.droplets.by_name('web-1'))": ("198.18.0.5", "Ubuntu 24.04 (LTS) x64", "$24.00 a month"),
    "po.FleetPanel(client)": ("web-1", "staging-web", "198.18.0.5"),
    "po.ActionsPanel(client)": ("✓ completed", "Reboot web-1"),
}
REBOOT = "client.droplets.by_name('web-1').reboot()"
TOKEN = "from poseidon_nb.magics.do import default_session\nopen('token', 'w').write(default_session().sandbox.token)"
CHART = "po.do('cost --by tag --plot')"
#: The cell of the first panel, and that of the chart.
FIRST, DRAWN = 2, 6

#: Where a picture is, and how wide the place is that it has.
PLACE = """one => {
    const { left, width, height } = one.getBoundingClientRect();
    const ratio = one.naturalHeight / one.naturalWidth;
    return { left, width, height, ratio, complete: one.complete, room: one.parentElement.clientWidth };
}"""

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def saved(lab_page, lab: tuple[str, str, Path]) -> Path:
    """Return a notebook that was saved with the three panels open."""
    with lab_page.opening("saved") as open_notebook:
        return _saved(open_notebook(SETUP, REBOOT, *PANELS, TOKEN, CHART), lab[2] / "saved.ipynb")


def _saved(notebook, file: Path) -> Path:
    notebook.finish(*range(DRAWN + 1))
    for number in range(FIRST, FIRST + len(PANELS)):
        output = notebook.output(number)
        output.locator(".pnb-panel").wait_for(timeout=30_000)
        # While the panel lives the facts below it are not shown twice.
        output.locator(".pnb-saved").first.wait_for(state="hidden")
        assert output.locator(".pnb-saved").count() == 1
    notebook.output(FIRST + 1).get_by_text("staging-web", exact=True).locator("visible=true").wait_for(timeout=30_000)
    # What is kept follows a moment later.
    for _ in range(20):
        notebook.page.wait_for_timeout(500)
        notebook.save()
        kept = [shown[0]["text/plain"] for shown in outputs(file)]
        if all(fact in text for text, facts in zip(kept, PANELS.values(), strict=True) for fact in facts):
            break
    return file


def outputs(file: Path) -> list[list[dict]]:
    cells = nbformat.read(file, 4).cells[FIRST : FIRST + len(PANELS)]
    return [[output.data for output in cell.outputs] for cell in cells]


def test_what_is_saved_has_the_facts_as_a_table_and_as_text_and_no_token(saved, lab):
    for shown, facts in zip(outputs(saved), PANELS.values(), strict=True):
        kept, live = shown
        assert "application/vnd.jupyter.widget-view+json" in live
        assert "<table" in kept["text/html"]
        for fact in facts:
            assert fact in kept["text/html"]
            assert fact in kept["text/plain"]
    (token,) = [file.read_text() for file in saved.parent.glob("token")]
    assert token not in saved.read_text()
    assert lab[1] not in saved.read_text()


def test_a_notebook_that_is_opened_without_a_kernel_shows_the_facts_as_a_table(saved, lab, chromium):
    url, token, _ = lab
    page = chromium.new_page()
    # No kernel can be had.
    page.route("**/api/sessions*", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.goto(f"{url}/lab/tree/{saved.name}?reset&token={token}")
    for number, facts in enumerate(PANELS.values(), FIRST):
        table = page.locator(".jp-Cell").nth(number).locator(".jp-OutputArea table").first
        table.wait_for(timeout=60_000)
        for fact in facts:
            assert fact in table.inner_text()
        assert page.locator(".jp-Cell").nth(number).locator(".pnb-saved").is_visible()
    assert page.locator(".pnb-panel").count() == 0
    # It is the notebook that its owner trusts: there JupyterLab looks for the widgets, and finds none.
    assert page.evaluate("window.jupyterapp.shell.currentWidget.content.model.cells.get(2).trusted")
    assert page.evaluate("!window.jupyterapp.shell.currentWidget.sessionContext.session")
    page.close()


def test_a_notebook_that_is_opened_with_another_kernel_says_how_to_get_the_buttons(saved, lab, chromium):
    url, token, _ = lab
    page = chromium.new_page()
    page.goto(f"{url}/lab/tree/{saved.name}?reset&token={token}")
    for number in range(FIRST, FIRST + len(PANELS)):
        # JupyterLab has an error in place of the widgets.
        place = page.locator(".jp-Cell").nth(number).locator(".jp-OutputArea-output.jupyter-widgets")
        place.filter(has_text="Error displaying widget: model not found").wait_for(state="attached", timeout=60_000)
        assert place.evaluate("one => getComputedStyle(one).fontSize") == "0px"
        assert "Run the cell again" in place.evaluate("one => getComputedStyle(one, '::after').content")
        assert page.locator(".jp-Cell").nth(number).locator(".pnb-saved").is_visible()
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown().then(() => null)")
    page.close()


def test_a_page_of_html_shows_the_facts_as_a_table_with_scripts_and_without(saved, chromium, tmp_path):
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--output-dir", str(tmp_path), str(saved)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    (html,) = tmp_path.glob("*.html")
    (token,) = [file.read_text() for file in saved.parent.glob("token")]
    assert token not in html.read_text()
    for scripts in (True, False):
        context = chromium.new_context(java_script_enabled=scripts)
        # The page of nbconvert's itself asks for scripts of others: it gets none.
        context.route(lambda address: address.startswith("http"), lambda route: route.abort())
        page = context.new_page()
        page.goto(html.as_uri())
        for number, facts in enumerate(PANELS.values(), FIRST):
            table = page.locator(".jp-Cell").nth(number).locator("table").first
            assert table.is_visible()
            for fact in facts:
                assert fact in table.inner_text()
        chart = page.locator(".jp-Cell").nth(DRAWN)
        picture = chart.locator("img")
        assert picture.get_attribute("src").startswith("data:image/svg+xml")
        assert picture.is_visible()
        for width in (700, 960, 1400):
            page.set_viewport_size({"width": width, "height": 900})
            shown = picture.evaluate(PLACE)
            # As wide as its place, and so neither cut nor small.
            assert shown["complete"]
            assert shown["left"] >= 0
            assert 0.8 * width < shown["width"] <= shown["room"] < width
            assert shown["height"] == pytest.approx(shown["width"] * shown["ratio"], abs=2)
        assert chart.locator("table").count() == 0
        context.close()


def test_a_panel_that_is_closed_leaves_its_last_facts_and_no_widget(open_notebook, lab, request):
    notebook = open_notebook(SETUP, "panel = %do panel web-1\npanel", "panel.droplet.power_off()\npanel.close()")
    notebook.finish(0, 1)
    output = notebook.output(1)
    output.locator(".pnb-panel").wait_for(timeout=30_000)
    output.locator(".pnb-saved").wait_for(state="hidden")
    notebook.run(2)
    table = output.locator(".pnb-saved table")
    table.wait_for(timeout=30_000)
    table.get_by_text("off", exact=True).wait_for(timeout=10_000)
    output.get_by_text("This panel is closed. Run the cell again to reopen it.").wait_for(timeout=10_000)
    assert output.locator(".pnb-panel").count() == 0
    notebook.wait_idle()
    notebook.save()
    text = (lab[2] / f"{request.node.name}.ipynb").read_text()
    assert "widget-view" not in text
    assert "This panel is closed. Run the cell again to reopen it." in text
    # And again, in the same place.
    notebook.finish(1)
    output.locator(".pnb-panel").wait_for(timeout=30_000)
    notebook.finish(1)
    output.locator(".pnb-panel").wait_for(timeout=30_000)
    assert output.locator(".pnb-panel").count() == 1
    assert output.locator(".pnb-saved").count() == 1
