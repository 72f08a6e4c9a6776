"""The benchmark command works and prints every row; its speeds are for a person to look at, never for a test."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: The command of the README.
COMMAND = re.search(r"^python (tests/benchmarks/run\.py)", (ROOT / "README.md").read_text(), re.MULTILINE)
ROWS = {
    "frames": ("pydo", "requests page by page", "fastest", "1,200 droplets over 600", "connections", "peak memory"),
    "load_ext": ("over that of import requests", "third-party packages brought"),
    "waiting": ("requests while waiting", "noticed, mean", "noticed, longest"),
    "engine": (
        "requests that change",
        "pages read",
        "single droplet or action",
        "over a bare POST",
        "with the journal of plans",
        "CPU of the journal",
    ),
    "fleet": (
        "fresh interpreter",
        "200 droplets in the table, pandas and itables imported",
        "a refresh with 100 selected",
        "the resize form open with 100 selected",
        "memory of 200 droplets above the imports",
    ),
    "panels": (
        "click to its request at the sandbox, median",
        "longest",
        "while charts load, median",
        "between two requests of idle panels",
    ),
    "cost": ("cost.lines and cost.by tag", "over listing", "200 droplets over 100", "400 droplets over 200"),
    "metrics": ("requests for cpu", "requests for use", "over one after another", "percentages"),
    "rightsizing": ("rightsizing.advice", "over listing", "200 droplets over 100", "400 droplets over 200"),
    "sandbox": (
        "over that of a bare http.server",
        "reset",
        "start in a kernel",
        "start as a program",
        "stop",
        "threads left behind",
    ),
    "notebooks": ("01_quickstart.ipynb from top to bottom",),
}


@pytest.mark.parametrize("benchmark", ROWS)
def test_a_quick_run_prints_every_row_of(benchmark: str) -> None:
    command = [sys.executable, COMMAND[1], "--quick", "--only", benchmark]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    for row in ROWS[benchmark]:
        assert any(line.startswith(benchmark) and row in line for line in lines), (row, done.stdout)
    assert "FAIL" not in done.stdout
