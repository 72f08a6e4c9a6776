"""The layers: import-linter's contracts in ``pyproject.toml`` hold, and package docstrings name existing modules."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import poseidon_nb as po

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
PACKAGE = PYPROJECT.parent / "poseidon_nb"


def test_every_package_imports_only_from_lower_layers(tmp_path):
    # In a separate process, because import-linter disables all loggers.
    call = f"from importlinter import cli; raise SystemExit(cli.lint_imports(config_filename={str(PYPROJECT)!r}, cache_dir={str(tmp_path)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", call], cwd=PYPROJECT.parent, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_top_level_package_and_module_has_a_layer():
    contracts = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    named = {name.strip() for layer in contracts[0]["layers"] for name in layer.split("|")}
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert named == packages | modules


@pytest.mark.parametrize("home", sorted(PACKAGE.rglob("__init__.py")), ids=lambda home: home.parent.name)
def test_package_docstrings_name_only_existing_modules(home):
    words = re.findall(r"(?<!`)`([a-z_]+)(?:\.\w+)*`(?!`)", ast.get_docstring(ast.parse(home.read_text())) or "")
    # Modules of the package itself and of its parent, and public names.
    modules = {path.stem for folder in (home.parent, home.parent.parent) for path in folder.iterdir()}
    assert set(words) <= {*modules, *po.__all__, PACKAGE.name}
