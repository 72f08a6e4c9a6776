"""The floor plan: import-linter's contracts in ``pyproject.toml`` hold."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


def test_every_package_imports_only_from_lower_floors(tmp_path):
    # In a process of its own: it switches off every logger that it finds.
    call = f"from importlinter import cli; raise SystemExit(cli.lint_imports(config_filename={str(PYPROJECT)!r}, cache_dir={str(tmp_path)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", call], cwd=PYPROJECT.parent, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_and_module_of_the_top_level_has_its_floor():
    contracts = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    floors = {name.strip() for layer in contracts[0]["layers"] for name in layer.split("|")}
    root = PYPROJECT.parent / "poseidon_nb"
    packages = {path.parent.name for path in root.glob("*/__init__.py")}
    modules = {path.stem for path in root.glob("*.py")} - {"__init__"}
    assert floors == packages | modules
