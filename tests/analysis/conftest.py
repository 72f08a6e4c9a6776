"""Fixtures: the sizes and regions of DigitalOcean, as rows and as frames."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from poseidon_nb.frames.builders import frame_from_rows
from poseidon_nb.sandbox.reference_data import load_reference_data

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]


@pytest.fixture(scope="session")
def size_rows() -> list[Row]:
    """All 147 sizes as the API shows them."""
    return [dict(size) for size in load_reference_data().sizes.values()]


@pytest.fixture(scope="session")
def region_rows() -> list[Row]:
    return [dict(region) for region in load_reference_data().regions.values()]


@pytest.fixture(scope="session")
def published() -> list[Row]:
    """All 147 sizes as DigitalOcean publishes them, apart from what the sandbox has."""
    default = Path(__file__).parents[3] / "shared" / "api" / "digitalocean-openapi.json"
    file = Path(os.environ.get("POSEIDON_SPEC", default)).with_name("catalogue-facts.json")
    if not file.exists():
        pytest.skip(f"{file} is not here")
    sizes: list[Row] = json.loads(file.read_text("utf-8"))["sizes"]
    assert len(sizes) == 147
    return sizes


@pytest.fixture
def sizes(size_rows: list[Row]) -> pd.DataFrame:
    return frame_from_rows("sizes", size_rows)


@pytest.fixture
def regions(region_rows: list[Row]) -> pd.DataFrame:
    return frame_from_rows("regions", region_rows)
