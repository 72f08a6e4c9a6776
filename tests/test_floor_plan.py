"""The floor plan: import-linter's contracts in ``pyproject.toml`` hold."""

from __future__ import annotations

import tomllib
from pathlib import Path

from importlinter import cli

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


def test_every_package_imports_only_from_lower_floors(monkeypatch, tmp_path):
    monkeypatch.chdir(PYPROJECT.parent)
    assert cli.lint_imports(config_filename=str(PYPROJECT), cache_dir=str(tmp_path)) == cli.EXIT_STATUS_SUCCESS


def test_every_package_and_module_of_the_top_level_has_its_floor():
    contracts = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    floors = {name.strip() for layer in contracts[0]["layers"] for name in layer.split("|")}
    root = PYPROJECT.parent / "poseidon_nb"
    packages = {path.parent.name for path in root.glob("*/__init__.py")}
    modules = {path.stem for path in root.glob("*.py")} - {"__init__"}
    assert floors == packages | modules
