"""Two kernels on one sandbox, in JupyterLab in Chromium: what one changes is seen in the panels of the other."""

from __future__ import annotations

from tests.browser.fleet_page import Fleet

#: How long a change may take to be seen, in milliseconds.
SEEN_MS = 15_000
START = "%load_ext poseidon_nb\n%do sandbox start --share --speed 60"
ADDRESS = "from poseidon_nb.magics.do import default_session\nprint(default_session().sandbox.url)"
#: Runs code in a kernel of its own, as another notebook would, and returns its status.
EXECUTE_ELSEWHERE = """async code => {
    const kernel = await window.jupyterapp.serviceManager.kernels.startNew({ name: 'python3' });
    const reply = await kernel.requestExecute({ code }).done;
    await kernel.shutdown();
    return reply.content.status;
}"""


def test_a_change_in_one_notebook_is_seen_in_the_panels_of_the_other(open_notebook, record_property):
    notebook = open_notebook(START, "%do panel", "%do panel web-1", ADDRESS)
    notebook.finish(0, 1, 2, 3)
    url = notebook.output(3).inner_text().split()[-1]
    fleet, droplet = Fleet(notebook, 1).row("web-1"), notebook.output(2)
    fleet.get_by_text("active", exact=True).wait_for()
    change = f"%load_ext poseidon_nb\n%do sandbox connect {url}\n%do droplets power-off web-1 --yes"
    assert notebook.page.evaluate(EXECUTE_ELSEWHERE, change) == "ok"
    began_ms = notebook.page.evaluate("performance.now()")
    for place in (fleet, droplet):
        place.get_by_text("off", exact=True).first.wait_for(timeout=SEEN_MS)
    record_property("seen_ms", round(notebook.page.evaluate("performance.now()") - began_ms))
