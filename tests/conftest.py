"""What all tests share: a clock that a test moves, no way out to the internet, and no skips in CI."""

from __future__ import annotations

import gc
import os
import socket
import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
#: The groups of tests that take longest, longest first: no worker is left with one of them at the end.
LONG_GROUPS = (
    "browser/test_droplet_panel.py",
    "browser/test_fleet_panel.py",
    "client",
    "analysis",
    "commands",
    "browser/test_size_explorer.py",
    "browser/test_plots_in_lab.py",
    "browser/test_droplet_settings.py",
    "browser/test_actions_panel.py",
    "browser/test_fleet_selection.py",
    "browser/test_keyboard.py",
    "browser/test_saved.py",
    "browser/test_pictures.py",
    "browser/test_busy_page.py",
    "browser/test_progress_in_lab.py",
    "test_notebooks.py::02_the_whole_guide",
    "widgets",
    "faults",
    "browser/test_no_wait_in_lab.py",
    "benchmarks",
    "test_docs.py",
    "magics",
    "test_notebooks.py::11_safety",
    "test_notebooks.py::06_cost_and_rightsizing",
    "test_notebooks.py::10_language",
    "browser/test_tables_in_lab.py",
    "browser/test_notebook_7.py",
    "test_notebooks.py::04_panels",
    "transport",
    "plans",
    "test_notebooks.py::13_python",
)


class FakeClock:
    """Time that moves only when told, or when somebody sleeps."""

    def __init__(self, start: datetime = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)) -> None:
        self.start = start
        self.elapsed_s = 0.0
        self.sleeps: list[float] = []
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.elapsed_s)

    def monotonic(self) -> float:
        return self.elapsed_s

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.sleeps.append(seconds)
            self.elapsed_s += seconds

    def wait(self, event: threading.Event, seconds: float) -> bool:
        if not event.is_set():
            self.sleep(seconds)
        return event.is_set()

    def advance(self, seconds: float) -> None:
        # Another thread may sleep meanwhile.
        with self._lock:
            self.elapsed_s += seconds


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(autouse=True)
def _no_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that does not stay on this machine, and every token that lies about on it."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in LOOPBACK:
            pytest.fail(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    for name in [*os.environ]:
        if name.startswith(("DIGITALOCEAN_", "POSEIDON_READ_ONLY")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_state_of_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the journal of plans and the budgets out of the folders of whoever runs the tests."""
    own = tmp_path_factory.getbasetemp() / "state" / os.urandom(8).hex()
    monkeypatch.setenv("POSEIDON_STATE_DIR", str(own))
    monkeypatch.setenv("POSEIDON_CONFIG_DIR", str(own / "config"))


@pytest.fixture
def end_background() -> Callable[[], None]:
    """Return a function that ends what goes on in the background, for a test that begins anew several times."""
    return _end_background


@pytest.fixture(autouse=True)
def _nothing_goes_on() -> Iterator[None]:
    """Leave nothing of a test in the background: its account is gone, and its thread would disturb the next test."""
    yield
    _end_background()


def _end_background() -> None:
    module = sys.modules.get("poseidon_nb.client.engine.engine")
    for engine in module.all_engines() if module is not None else ():
        for execution in engine.background:
            execution.detach()
            engine._remove(execution)
        engine._wake.set()
    for thread in threading.enumerate():
        if thread.name == "poseidon-engine":
            thread.join(5)


# jsonschema, which nbformat imports, takes a second to compile the grammar of this format, in which no schema here is.
sys.modules.setdefault("rfc3987_syntax", None)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Let the garbage collector pass over what collecting tests makes, which stays until the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long groups first."""
    places = {long: place for place, long in enumerate(LONG_GROUPS)}
    items.sort(key=lambda item: places.get(_group_of(item.nodeid), len(places)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object | None:
    """With ``--dist loadscope``, let a worker run each group in order, so that its tests share their fixtures."""
    if config.option.dist != "loadscope":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class GroupScheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _group_of(nodeid)

    return GroupScheduling(config, log)


def _group_of(nodeid: str) -> str:
    """Return a folder; of the tests in a browser and of those outside a folder a file; and each notebook by itself."""
    path, _, name = nodeid.removeprefix("tests/").partition("::")
    folder = path.partition("/")[0]
    if path == "test_notebooks.py":
        return f"{path}::{name.partition('[')[2].removesuffix(']')}"
    return path if folder == "browser" else folder


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """With CI set a skipped test is a failed one: there everything has been installed, so nothing may be missing."""
    outcome = yield
    report = outcome.get_result()
    item.has_failed = getattr(item, "has_failed", False) or report.failed
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
