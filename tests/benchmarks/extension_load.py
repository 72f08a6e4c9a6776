"""What `%load_ext poseidon_nb` costs in a running IPython, beside what `import requests` costs there."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from child import told
from report import Row, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "load_ext"
CHILD = """
import json, sys, time
from IPython.terminal.interactiveshell import TerminalInteractiveShell
shell = TerminalInteractiveShell.instance()
before = {*sys.modules}
began = time.process_time()
if sys.argv[1] == "requests":
    import requests
else:
    shell.run_line_magic("load_ext", "poseidon_nb")
seconds = time.process_time() - began
roots = {name.partition(".")[0] for name in {*sys.modules} - before} - {name.partition(".")[0] for name in before}
print(json.dumps({"seconds": seconds, "brought": sorted(roots - sys.stdlib_module_names - {"poseidon_nb"})}))
"""


def measure(*, rounds: int, quick: bool) -> Iterator[Row]:
    """Load both in fresh interpreters, in turn."""
    found: dict[str, list[dict[str, Any]]] = {"poseidon_nb": [], "requests": []}
    for _ in range(rounds if quick else 2 * rounds):
        for what, answers in found.items():
            answers.append(told(CHILD, what))
    seconds = {what: [answer["seconds"] for answer in answers] for what, answers in found.items()}
    yield Row(NAME, "CPU of %load_ext poseidon_nb", 1000 * statistics.median(seconds["poseidon_nb"]), "ms")
    cost = "CPU of %load_ext poseidon_nb over that of import requests"
    yield Row(NAME, cost, ratio(seconds["poseidon_nb"], seconds["requests"]), most=0.3)
    brought = {name for answer in found["poseidon_nb"] for name in answer["brought"]}
    label = f"third-party packages brought{': ' + ', '.join(sorted(brought)) if brought else ''}"
    yield Row(NAME, label, len(brought), "", most=0)
