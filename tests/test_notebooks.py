"""Every notebook runs from top to bottom on the sandbox, and stores what it really gives.

To store new outputs: ``POSEIDON_UPDATE=1 python -m pytest tests/test_notebooks.py``.
"""

from __future__ import annotations

import calendar
import os
import re
from pathlib import Path

import nbformat
import pytest

from tests.each import each
from tests.run_notebook import NOTEBOOKS, ROOT, run_notebook

VIEW = "application/vnd.jupyter.widget-view+json"
CHART, PICTURE = "application/vnd.plotly.v1+json", "image/svg+xml"
MOST_BYTES = 2_000_000
MONTH = rf"\b({'|'.join(calendar.month_abbr[1:])})\b"


def test_there_is_a_notebook_to_run():
    assert NOTEBOOKS[0].stem == "01_quickstart"


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_stores_the_outputs_that_it_gives(file: Path, tmp_path: Path):
    """One test for both, so that whoever shares the work runs no notebook twice."""
    stored = nbformat.read(file, as_version=4)
    fresh = run_notebook(file, tmp_path)
    if os.environ.get("POSEIDON_UPDATE"):
        for cell in fresh.cells:
            cell.metadata.pop("execution", None)
        fresh.metadata["language_info"] = {"name": "python"}
        nbformat.write(fresh, file)
        stored = fresh
    never_run = [cell.source for cell in stored.cells if cell.cell_type == "code" and cell.execution_count is None]
    assert never_run == []

    pairs = [pair for pair in zip(stored.cells, fresh.cells, strict=True) if pair[0].cell_type == "code"]

    @each("number", range(len(pairs)))
    def compare(number: int) -> None:
        kept, given = pairs[number]
        assert shapes(kept) == shapes(given), kept.source

    compare()


@each("file", NOTEBOOKS)
def test_a_notebook_begins_with_what_is_learned(file: Path):
    stored = nbformat.read(file, as_version=4)
    assert stored.cells[0].cell_type == "markdown"
    assert stored.cells[0].source.startswith("# ")


@each("file", NOTEBOOKS)
def test_a_notebook_holds_no_token_no_path_and_no_dead_widget(file: Path):
    stored = nbformat.read(file, as_version=4)
    text = nbformat.writes(stored)
    for name in ("dop_v1_", "doo_v1_", "dor_v1_", str(ROOT), str(Path.home()), "/tmp/"):
        assert name not in text, name
    outputs = [output for cell in stored.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if VIEW in output.get("data", {})]
    assert "widgets" not in stored.metadata


def test_a_chart_is_stored_with_its_picture_and_no_script_and_a_notebook_stays_small():
    charts = 0
    for file in NOTEBOOKS:
        assert file.stat().st_size < MOST_BYTES
        cells = nbformat.read(file, as_version=4).cells
        for data in (output.get("data", {}) for cell in cells for output in cell.get("outputs", [])):
            assert (CHART in data) == (PICTURE in data)
            if CHART in data:
                charts += 1
                assert data[PICTURE].startswith("<svg")
                assert "text/html" not in data, "nbconvert would prefer it to the picture"
            assert "plotly.js" not in data.get("text/html", "")
    assert charts > 5


def shapes(cell: nbformat.NotebookNode) -> list[str]:
    """Return a cell's outputs as text without what may differ: digits and column widths, unless it is tagged "exact"."""
    texts = []
    for output in cell.outputs:
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        if "exact" in cell.metadata.get("tags", ()):
            texts.append(text)
            continue
        if {"pnb-saved", "pnb-progress-done"} & {*re.findall(r"[\w-]+", output.get("data", {}).get("text/html", ""))}:
            # What is sent side by side begins, and is listed, in no certain order.
            text = "\n".join(sorted(text.splitlines()))
        text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", text)
        text = re.sub(MONTH, "MONTH", text)
        texts.append(re.sub(r"\d+", "0", text))
    if "exact" in cell.metadata.get("tags", ()):
        return ["".join(texts)]
    # The kernel may cut one stream into several outputs, of which one may hold nothing but the end of a line.
    return [re.sub(r"[\s-]+", " ", " ".join(texts)).strip()]
