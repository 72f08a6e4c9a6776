"""A JupyterLab on loopback and a Chromium that may reach nothing else."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest

from tests.browser import fleet_page
from tests.browser.droplet_page import DropletPanel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext, Page, Request

ROOT = Path(__file__).parents[2]
NURSERY = Path(__file__).with_name("kernel_nursery.py")
PATHS = {"PYTHONPATH": str(ROOT)}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Nothing but this machine has an address: what asks for anything else fails, and is noted by `_watched`.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
SETTINGS = {
    # No news from the internet, and every cell in the page, also those out of view.
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}
VIEWPORT = {"width": 1280, "height": 1200}
NO_SPLASH = "!document.getElementById('jupyterlab-splash')"
LIGHT = "JupyterLab Light"
#: Opens a notebook, and says whether it is open.
OPEN_FILE = "path => { window.jupyterapp.commands.execute('docmanager:open', { path }); }"
OPENED = "path => window.jupyterapp.shell.currentWidget?.context?.path === path"
#: Closes all that is open, without asking whether to save it, and forgets what a test has noted in the page.
CLOSE_ALL = """async () => {
    const { shell } = window.jupyterapp;
    for (const widget of [...shell.widgets('main')]) widget.dispose();
    shell.expandLeft();
    window.noting?.disconnect();
    for (const name of ['noted', 'noting', 'wereAt', 'heard', 'ran']) delete window[name];
    await new Promise(requestAnimationFrame);
}"""
#: Writes down what each progress bar shows: its name, value and words.
NOTE_BARS = """() => {
    window.noted = [];
    const last = {};
    const look = () => document.querySelectorAll('[role=progressbar]').forEach(bar => {
        const told = ['aria-label', 'aria-valuenow', 'aria-valuetext'].map(name => bar.getAttribute(name));
        told[0] ??= '';
        const text = JSON.stringify(told);
        if (last[told[0]] === text) return;
        last[told[0]] = text;
        window.noted.push(told);
    });
    look();
    window.noting = new MutationObserver(look);
    window.noting.observe(document.body, {
        subtree: true, childList: true, attributes: true, attributeFilter: ['aria-valuenow', 'aria-valuetext'],
    });
}"""
#: Whether everything that can be seen is where it was when this was last asked.
SETTLED = """() => {
    const boxes = [...document.querySelectorAll('.jp-Notebook *')].map(one => {
        const { x, y, width, height } = one.getBoundingClientRect();
        return [x, y, width, height].map(Math.round).join();
    });
    const [before, now] = [window.wereAt, boxes.join(';')];
    window.wereAt = now;
    return before === now;
}"""
#: Runs code in the kernel, beside all cells, and returns its status.
EXECUTE = """async code => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    return (await kernel.requestExecute({ code, silent: true, store_history: false }).done).content.status;
}"""
#: Anywidget reports that a script took longer than two seconds to start. Our panels recover, and tables of itables need no messages.
IGNORE_GIVEN_UP = """window.addEventListener('unhandledrejection', event => {
    if (String(event.reason).includes('[anywidget] Failed to initialize model.')) event.preventDefault();
})"""
READY = "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"


@pytest.fixture(scope="session")
def nursery() -> Iterator[str]:
    """Return the address at which fresh kernels are forked off: all servers' kernels come from there."""
    with tempfile.TemporaryDirectory() as folder:
        address = f"{folder}/nursery"
        command = [sys.executable, str(NURSERY), "serve", address]
        with (
            (Path(folder) / "log").open("w") as log,
            subprocess.Popen(command, cwd=ROOT, env=os.environ | PATHS, stdout=log, stderr=log) as process,
        ):
            yield address
            process.terminate()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, nursery: str) -> Iterator[tuple[str, str, Path]]:
    """Return the address and the token of a JupyterLab, and the folder that it shows."""
    pytest.importorskip("jupyterlab")
    with _serving(tmp_path_factory.mktemp("lab"), nursery, "lab", "--LabApp.expose_app_in_browser=True") as served:
        yield served


@pytest.fixture(scope="session")
def notebook_7(tmp_path_factory: pytest.TempPathFactory, nursery: str) -> Iterator[tuple[str, str, Path]]:
    """Return the address and the token of a Jupyter Notebook, and the folder that it shows."""
    pytest.importorskip("notebook")
    exposed = "--JupyterNotebookApp.expose_app_in_browser=True"
    with _serving(tmp_path_factory.mktemp("notebook"), nursery, "notebook", exposed) as served:
        yield served


@contextmanager
def _serving(root: Path, nursery: str, application: str, *options: str) -> Iterator[tuple[str, str, Path]]:
    """Run a server of notebooks that knows nothing of this machine's settings."""
    for folder in ("home", "notebooks", "data/kernels/python3"):
        (root / folder).mkdir(parents=True)
    kernel = {
        "argv": [sys.executable, "-S", str(NURSERY), "start", nursery, "-f", "{connection_file}"],
        "display_name": "Python 3",
        "language": "python",
    }
    (root / "data/kernels/python3/kernel.json").write_text(json.dumps(kernel))
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
        # Before that of the environment, which has a kernel of the same name.
        "JUPYTER_PATH": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }
    environment = os.environ | {name: str(root / folder) for name, folder in places.items()} | PATHS
    command = [
        *(sys.executable, "-m", "jupyter", application, "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"),
        *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"),
        *(f"--ServerApp.root_dir={root / 'notebooks'}", *options),
    ]
    with (root / "server.log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        try:
            _wait_until_it_answers(server, f"{url}/api?token={token}", Path(nursery), root / "server.log")
            yield url, token, root / "notebooks"
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait(15)


def _wait_until_it_answers(server: subprocess.Popen[bytes], address: str, nursery: Path, log: Path) -> None:
    for _ in range(600):
        try:
            nursery.stat()
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
    """Return a browser."""
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def window(chromium: Browser) -> Iterator[BrowserContext]:
    """Return what all pages share: what one has loaded of JupyterLab the next one need not load and compile again."""
    context = chromium.new_context(viewport=VIEWPORT)
    context.add_init_script(IGNORE_GIVEN_UP)
    yield context
    context.close()


class Notebook:
    """A notebook that is open in the browser."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self._folder = folder
        #: Whether the next test may have its page: not where a test has changed more of it than its notebook.
        self.reusable = True
        self.refused: list[str] = []
        self.errors: list[str] = []

    def run(self, number: int) -> None:
        """Start a cell, and do not wait for it."""
        self.page.evaluate(
            """number => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                notebook.deselectAll();
                notebook.activeCellIndex = number;
                window.ran = window.jupyterapp.commands.execute('notebook:run-cell');
            }""",
            number,
        )

    def finish(self, *numbers: int) -> None:
        """Run cells one after the other, each to its end and until the page shows what it gives."""
        for number in numbers:
            self.run(number)
            self.page.evaluate("window.ran.then(() => new Promise(requestAnimationFrame))")
            self.wait_idle()

    def ask(self, number: int, source: str) -> str:
        """Write something else into a cell, run it to its end, and return what it shows."""
        self.page.evaluate(
            "([number, source]) => window.jupyterapp.shell.currentWidget.content.widgets[number].model.sharedModel.setSource(source)",
            [number, source],
        )
        self.finish(number)
        return self.output(number).inner_text()

    def pass_time(self, minutes: float = 10) -> None:
        """Let time pass in the sandbox: what is in progress there is done when it is next looked at. No cell may run."""
        moved = f"""__import__('poseidon_nb.magics.do', fromlist=['do']).default_session().sandbox._dispatcher.world.clock.advance({60 * minutes})"""
        assert self.page.evaluate(EXECUTE, moved) == "ok"

    def output(self, number: int):
        """Return the place where a cell shows what it gives."""
        return self.page.locator(".jp-Cell").nth(number).locator(".jp-OutputArea").first

    def wait_idle(self) -> None:
        """Wait until no cell runs."""
        self.page.wait_for_function(READY, timeout=60_000)

    def picture(self, name: str, of: str | None = None) -> None:
        """Store a screenshot if ``POSEIDON_PICTURES`` names a folder."""
        folder = os.environ.get("POSEIDON_PICTURES")
        if folder:
            place = self.page if of is None else self.page.locator(of).first
            place.screenshot(path=Path(folder) / f"{name}.png")

    def command(self, name: str, **arguments: object) -> None:
        """Run one of JupyterLab's commands."""
        self.page.evaluate("([name, args]) => window.jupyterapp.commands.execute(name, args)", [name, arguments])

    def wear(self, theme: str) -> None:
        """Change the theme, and wait until the page has its colours."""
        # JupyterLab throws an error if its splash screen is shown again while it fades.
        self.page.wait_for_function(NO_SPLASH, timeout=20_000)
        self.command("apputils:change-theme", theme=theme)
        self.page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme, timeout=20_000)
        self.page.wait_for_function(NO_SPLASH, timeout=20_000)

    def note_bars(self) -> None:
        """Note from now on what all progress bars show, however short: who looks now and then may miss it."""
        self.page.evaluate(NOTE_BARS)

    def bars(self, label: str) -> list[tuple[int | None, str]]:
        """Return the values and words that bars with this label have shown, in order and each once."""
        noted = self.page.evaluate("label => window.noted.filter(one => one[0].includes(label))", label)
        return [*dict.fromkeys((None if now is None else int(now), words) for _, now, words in noted)]

    def wait_bars(self, label: str, count: int) -> None:
        """Wait until bars with this label have shown so many values or words."""
        shown = "([label, count]) => window.noted.filter(one => one[0].includes(label)).length >= count"
        self.page.wait_for_function(shown, arg=[label, count], timeout=60_000)

    def wait_busy(self) -> None:
        """Wait until a cell runs."""
        self.page.wait_for_function(READY.replace("'idle'", "'busy'"), timeout=20_000)

    def open_gate(self) -> None:
        """Let the cell go on that waits at `GATE`, or the next that will."""
        (self._folder / "gate").touch()

    def settle(self) -> None:
        """Wait until the page has taken its place after a change: two looks at it, a tenth of a second apart, are alike."""
        self.page.wait_for_function(SETTLED, polling=100, timeout=20_000)

    def save(self) -> None:
        """Save the notebook, and wait until that is done."""
        # Whatever changes meanwhile makes the notebook dirty again, so that is not what to wait for.
        self.page.evaluate("window.jupyterapp.shell.currentWidget.context.save()")


class Lab:
    """A JupyterLab in a page, which opens one notebook after the other: to load it takes longer than most tests."""

    def __init__(self, window: BrowserContext, served: tuple[str, str, Path]) -> None:
        self._window = window
        self.url, self._token, self.folder = served
        self._page: Page | None = None

    @contextmanager
    def opening(self, name: str, failed: Callable[[], bool] = lambda: False) -> Iterator[Callable[..., Notebook]]:
        """Open a notebook of this name for as long as a ``with``; a page in which something failed is not used again."""
        page, self._page = self._page or self._load(), None
        notebook = Notebook(page, self.folder)
        with _watched(notebook, self.url):

            def start(*cells: str) -> Notebook:
                _write(self.folder / f"{name}.ipynb", *cells)
                (self.folder / "gate").unlink(missing_ok=True)
                page.evaluate(OPEN_FILE, f"{name}.ipynb")
                page.wait_for_function(OPENED, arg=f"{name}.ipynb", timeout=60_000)
                notebook.wait_idle()
                return notebook

            yield start
        if notebook.reusable and not failed() and not page.locator(".jp-Dialog").count():
            page.evaluate(CLOSE_ALL)
            page.set_viewport_size(VIEWPORT)
            page.mouse.move(2, 2)
            notebook.wear(LIGHT)
            self._page = page
        else:
            page.close()
        assert notebook.errors == []

    def _load(self) -> Page:
        page = self._window.new_page()
        page.goto(f"{self.url}/lab?reset&token={self._token}")
        page.wait_for_function("window.jupyterapp?.shell", timeout=60_000)
        page.evaluate("window.jupyterapp.restored.then(() => null)")
        # The server remembers what the page before wore.
        Notebook(page, self.folder).wear(LIGHT)
        return page


@contextmanager
def _watched(notebook: Notebook, url: str) -> Iterator[None]:
    """Note what a notebook's page asks for beyond this machine, and its errors; end its kernel at the end."""
    page = notebook.page

    def note(request: Request) -> None:
        if request.url.startswith("http") and not request.url.startswith(url):
            notebook.refused.append(request.url)

    def note_error(error: Exception) -> None:
        notebook.errors.append(f"{error}\n{error.stack}")

    # Only looked at: what goes through Python on its way is never taken from the browser's cache.
    page.on("request", note)
    page.on("pageerror", note_error)
    yield
    page.evaluate("window.jupyterapp?.shell?.currentWidget?.sessionContext?.shutdown().then(() => null)")
    page.remove_listener("request", note)
    page.remove_listener("pageerror", note_error)
    assert notebook.refused == []


def _write(file: Path, *cells: str) -> None:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    content = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata={"kernelspec": kernel}
    )
    nbformat.write(content, file)


@pytest.fixture(scope="session")
def lab_page(lab: tuple[str, str, Path], window: BrowserContext) -> Lab:
    """Return the JupyterLab whose page all tests share."""
    return Lab(window, lab)


@pytest.fixture
def open_notebook(lab_page: Lab, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    """Return a function that opens a notebook with these cells; it must ask for nothing beyond this machine."""
    with lab_page.opening(request.node.name, lambda: getattr(request.node, "has_failed", False)) as start:
        yield start


@pytest.fixture
def open_in_notebook_7(
    notebook_7: tuple[str, str, Path], window: BrowserContext, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Notebook]]:
    """Return the same for Jupyter Notebook 7, which by itself throws one error in each page, so that none is looked at."""
    url, token, folder = notebook_7
    file = f"{request.node.name}.ipynb"
    notebook = Notebook(window.new_page(), folder)

    def start(*cells: str) -> Notebook:
        _write(folder / file, *cells)
        notebook.page.goto(f"{url}/notebooks/{file}?token={token}")
        notebook.wait_idle()
        return notebook

    with _watched(notebook, url):
        yield start
    notebook.page.close()


@pytest.fixture
def open_panel(open_notebook: Callable[..., Notebook]) -> Callable[..., DropletPanel]:
    """Return a function that opens the panel of a droplet in a notebook."""
    return partial(DropletPanel, open_notebook)


@pytest.fixture
def fleet(open_notebook):
    """Open the panel of a fleet of 60 under the second cell."""

    def start(*cells: str, open_with: str = fleet_page.OPEN, theme: str = LIGHT) -> fleet_page.Fleet:
        notebook = open_notebook(fleet_page.START, open_with, *cells)
        notebook.wear(theme)
        notebook.finish(0, 1)
        shown = fleet_page.Fleet(notebook, 1)
        shown.place.locator(fleet_page.ROWS).first.wait_for(timeout=30_000)
        return shown

    return start
