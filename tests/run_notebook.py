"""Run a notebook of this project in a kernel of its own, on a sandbox whose time runs faster than a reader's.

Each run begins at the same time of the same day: bills, forecasts and the number of invoices depend on the day of the month.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbclient
import nbformat

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
#: How long a cell may take before it is called stuck, in seconds.
STUCK_S = 240
#: The sandbox's default speed times five: nobody watches here.
FASTER = "__import__('poseidon_nb.magics.do', fromlist=['x']).default_session().sandbox.speed = 100.0"
#: What the kernel runs first: it moves the clock of the package.
BEGIN = """
from datetime import UTC, datetime
from poseidon_nb.clock import SystemClock

began = datetime.now(UTC)
SystemClock.now = lambda _clock: datetime(2026, 11, 24, 15, 2, tzinfo=UTC) + (datetime.now(UTC) - began)
"""


class _Client(nbclient.NotebookClient):
    """Runs a notebook, whose sandbox it makes faster once that has been started: the notebook's text stays as it is."""

    async def async_execute_cell(
        self, cell: nbformat.NotebookNode, *args: Any, **options: Any
    ) -> nbformat.NotebookNode:
        done = await super().async_execute_cell(cell, *args, **options)
        if cell.source.endswith("%do sandbox start"):
            reply = await self.kc.execute_interactive(FASTER, silent=True, timeout=STUCK_S)
            assert reply["content"]["status"] == "ok", reply
        return done


def run_notebook(file: Path, directory: Path) -> nbformat.NotebookNode:
    """Run a notebook from top to bottom in a directory, and return it with its outputs."""
    notebook = nbformat.read(file, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = _Client(
        notebook,
        timeout=STUCK_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(directory)}},
        store_widget_state=False,
    )
    home = {"HOME": str(directory), "IPYTHONDIR": str(directory)}
    startup = directory / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "begin.py").write_text(BEGIN)
    client.execute(env={**os.environ, "PYTHONPATH": str(ROOT), **home})
    return notebook
