"""A JupyterLab on loopback and a Chromium that may reach nothing else."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest

from tests.browser import fleet_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SETTINGS = {
    # No news from the internet, and every cell in the page, also those out of view.
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}
START = "%load_ext poseidon_nb\n%do sandbox start --speed {speed}"
SETUP = """
import poseidon_nb as po
from poseidon_nb.magics.do import default_session
sandbox = default_session().sandbox
def log():
    print([(one.method, one.path.rpartition("/")[2], one.status) for one in sandbox.requests if one.method != "GET"])
"""
OPEN = "%do panel web-1"
READY = "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Path]]:
    """Give the address and the token of a JupyterLab, and the folder that it shows."""
    pytest.importorskip("jupyterlab")
    with _serving(tmp_path_factory.mktemp("lab"), "lab", "--LabApp.expose_app_in_browser=True") as served:
        yield served


@pytest.fixture(scope="session")
def notebook_7(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Path]]:
    """Give the address and the token of a Jupyter Notebook, and the folder that it shows."""
    pytest.importorskip("notebook")
    exposed = "--JupyterNotebookApp.expose_app_in_browser=True"
    with _serving(tmp_path_factory.mktemp("notebook"), "notebook", exposed) as served:
        yield served


@contextmanager
def _serving(root: Path, application: str, *options: str) -> Iterator[tuple[str, str, Path]]:
    """Run a server of notebooks that knows nothing of this machine's settings."""
    for folder in ("home", "notebooks"):
        (root / folder).mkdir()
    for name, value in SETTINGS.items():
        file = root / "settings" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token, url = secrets.token_hex(16), f"http://127.0.0.1:{port}"
    places = {
        "HOME": "home",
        "IPYTHONDIR": "ipython",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }
    environment = os.environ | {name: str(root / folder) for name, folder in places.items()} | {"PYTHONPATH": str(ROOT)}
    command = [
        *(sys.executable, "-m", "jupyter", application, "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"),
        *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"),
        *(f"--ServerApp.root_dir={root / 'notebooks'}", *options),
    ]
    with (root / "server.log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        try:
            _wait_until_it_answers(server, f"{url}/api?token={token}", root / "server.log")
            yield url, token, root / "notebooks"
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait(15)


def _wait_until_it_answers(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except OSError:
            if server.poll() is not None:
                pytest.fail(log.read_text()[-2000:])
            try:
                server.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
        else:
            return
    pytest.fail("the server did not start")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Give a browser."""
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Notebook:
    """A notebook that is open in the browser."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.refused: list[str] = []
        self.errors: list[str] = []

    def run(self, number: int) -> None:
        """Start a cell, and do not wait for it."""
        self.page.evaluate(
            """number => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                notebook.deselectAll();
                notebook.activeCellIndex = number;
                window.jupyterapp.commands.execute('notebook:run-cell');
            }""",
            number,
        )

    def output(self, number: int):
        """Give the place where a cell shows what it gives."""
        return self.page.locator(".jp-Cell").nth(number).locator(".jp-OutputArea").first

    def wait_idle(self) -> None:
        """Wait until no cell runs."""
        self.page.wait_for_function(READY, timeout=60_000)

    def picture(self, name: str, of: str | None = None) -> None:
        """Keep a picture to look at, where somebody asked for it: ``POSEIDON_PICTURES=folder``."""
        folder = os.environ.get("POSEIDON_PICTURES")
        if folder:
            place = self.page if of is None else self.page.locator(of).first
            place.screenshot(path=Path(folder) / f"{name}.png")

    def command(self, name: str, **arguments: object) -> None:
        """Run one of JupyterLab's commands."""
        self.page.evaluate("([name, args]) => window.jupyterapp.commands.execute(name, args)", [name, arguments])


@contextmanager
def _open(
    served: tuple[str, str, Path], chromium: Browser, file: str, address: str
) -> Iterator[Callable[..., Notebook]]:
    url, token, folder = served
    context = chromium.new_context(viewport={"width": 1280, "height": 1200})
    notebook = Notebook(context.new_page())

    def gate(route) -> None:
        if route.request.url.startswith(url):
            route.continue_()
        else:
            notebook.refused.append(route.request.url)
            route.abort()

    context.route(lambda address: address.startswith("http"), gate)
    notebook.page.on("pageerror", lambda error: notebook.errors.append(str(error)))

    def start(*cells: str) -> Notebook:
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        content = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata={"kernelspec": kernel}
        )
        nbformat.write(content, folder / file)
        notebook.page.goto(f"{url}{address.format(file=file)}token={token}")
        notebook.wait_idle()
        return notebook

    yield start
    notebook.page.evaluate("window.jupyterapp?.shell?.currentWidget?.sessionContext?.shutdown()")
    context.close()
    assert notebook.refused == []


@pytest.fixture
def open_notebook(
    lab: tuple[str, str, Path], chromium: Browser, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Notebook]]:
    """Give a function that opens a notebook with these cells; it must ask for nothing beyond this machine."""
    opened: list[Notebook] = []
    with _open(lab, chromium, f"{request.node.name}.ipynb", "/lab/tree/{file}?reset&") as start:

        def note(*cells: str) -> Notebook:
            opened.append(start(*cells))
            return opened[-1]

        yield note
    assert [error for notebook in opened for error in notebook.errors] == []


@pytest.fixture
def open_in_notebook_7(
    notebook_7: tuple[str, str, Path], chromium: Browser, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Notebook]]:
    """Give the same for Jupyter Notebook 7, which by itself throws one error in each page, so that none is looked at."""
    with _open(notebook_7, chromium, f"{request.node.name}.ipynb", "/notebooks/{file}?") as start:
        yield start


class DropletPanel:
    """The panel of web-1 in an open notebook. Cell 0 starts the sandbox, 1 prepares, 2 opens the panel, 3 and on are the test's."""

    def __init__(self, open_notebook, *cells: str, speed: int = 8, before: str = "", opens: str = OPEN) -> None:
        self.notebook = open_notebook(START.format(speed=speed), SETUP + before, opens, *cells, "log()")
        self.page = self.notebook.page
        self.last = 3 + len(cells)
        for number in range(2):
            self.notebook.run(number)
            self.notebook.wait_idle()
        self.open()

    def open(self) -> None:
        self.notebook.run(2)
        self.button("reboot").wait_for(timeout=30_000)
        self.notebook.wait_idle()

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
        self.page.wait_for_timeout(800)
        asking.click()

    def entry(self, text: str | re.Pattern[str]):
        return self.root.locator(".pnb-work").filter(has_text=text).first

    def ends(self, title: str, how: str = "✓ completed") -> None:
        self.root.locator(".pnb-work").filter(has_text=title).filter(has_text=how).first.wait_for(timeout=60_000)

    def changes(self) -> list[tuple[str, str, int]]:
        """Give the requests at the sandbox that were to change something."""
        self.notebook.run(self.last)
        self.notebook.wait_idle()
        output = self.notebook.output(self.last)
        output.get_by_text("[").first.wait_for(timeout=20_000)
        self.page.wait_for_timeout(300)
        return [
            (method, path, int(status))
            for method, path, status in re.findall(r"\('(\w+)', '(\w+)', (\d+)\)", output.inner_text())
        ]


@pytest.fixture
def open_panel(open_notebook: Callable[..., Notebook]) -> Callable[..., DropletPanel]:
    """Give a function that opens the panel of a droplet in a notebook."""
    return partial(DropletPanel, open_notebook)


@pytest.fixture(scope="session")
def droplet_panel() -> type[DropletPanel]:
    """Give what opens the panel of a droplet by whatever opens a notebook."""
    return DropletPanel


@pytest.fixture
def fleet(open_notebook):
    """Open the panel of a fleet of 60 under the second cell."""

    def start(*cells: str, open_with: str = fleet_page.OPEN, theme: str = "JupyterLab Light") -> fleet_page.Fleet:
        notebook = open_notebook(fleet_page.START, open_with, *cells)
        notebook.command("apputils:change-theme", theme=theme)
        notebook.run(0)
        notebook.wait_idle()
        notebook.run(1)
        shown = fleet_page.Fleet(notebook, 1)
        shown.place.locator(fleet_page.ROWS).first.wait_for(timeout=30_000)
        notebook.wait_idle()
        return shown

    return start
