"""How long the notebooks of this project take, each in a kernel of its own."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from report import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "notebooks"


def measure(*, rounds: int, quick: bool) -> Iterator[Row]:
    """Run each notebook, at most twice; a quick run takes the first one."""
    # The folder of the tests is on the path only once the command runs.
    from tests.run_notebook import NOTEBOOKS, run_notebook

    for file in NOTEBOOKS[:1] if quick else NOTEBOOKS:
        took_s = []
        for _ in range(min(rounds, 2)):
            with TemporaryDirectory() as directory:
                began = time.perf_counter()
                run_notebook(file, Path(directory))
                took_s.append(time.perf_counter() - began)
        yield Row(NAME, f"{file.name} from top to bottom", statistics.median(took_s), "s", most=60)
