"""1,000 droplets in the fleet's table: until every row is handed to the page, in a fresh interpreter and once more.

What the page takes to draw them is in `tests/browser/test_large_fleet.py`.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from child import told
from report import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "fleet"
CHILD = """
import json, sys, time
count, cold = int(sys.argv[1]), time.perf_counter()
import poseidon_nb as po
from poseidon_nb.magics.fleet_panel import FleetPanel
loaded = time.perf_counter()
sandbox = po.Sandbox(droplets=count).start()
def opened():
    # Another client each time: nothing is known of the account yet.
    client = po.connect(sandbox)
    began = time.perf_counter()
    panel = FleetPanel(client)
    # One GPU droplet comes with them.
    while len(panel._table._data.rows) < count + 1:
        time.sleep(0.005)
    took = time.perf_counter() - began
    client.close()
    panel.close()
    return took
first = opened()
print(json.dumps({"cold": loaded - cold + first, "warm": opened()}))
sandbox.stop()
"""


def measure(*, rounds: int, quick: bool) -> Iterator[Row]:
    """Open the panel, twice in each interpreter."""
    count = 50 if quick else 1_000
    opened = [told(CHILD, count) for _ in range(rounds)]
    cold, warm = (statistics.median(one[which] for one in opened) for which in ("cold", "warm"))
    yield Row(NAME, f"{count:,} droplets in the table, fresh interpreter", cold, "s", most=3)
    yield Row(NAME, f"{count:,} droplets in the table, pandas and itables imported", warm, "s", most=1)
