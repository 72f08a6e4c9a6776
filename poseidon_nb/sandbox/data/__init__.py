"""Constant data of the simulated services, as compact JSON files that are read on first use."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any


@functools.cache
def load_data(name: str) -> Any:
    """Return the content of a file of this folder, which must not be changed."""
    return json.loads(Path(__file__).with_name(f"{name}.json").read_text("utf-8"))
