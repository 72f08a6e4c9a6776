"""The fleet's panel: thousands of droplets in its table, half of them selected, and its resize form.

Measured up to what is handed to the page, in a fresh interpreter whose messages are encoded as a kernel does. What the page
takes to draw them is in `tests/browser/test_large_fleet.py`.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from child import told
from report import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "fleet"
#: Opens the panel of a sandbox with so many droplets, in a process of its own so that only the panel's memory is counted.
CHILD = """
import json, resource, subprocess, sys, time
import comm
from comm.base_comm import BaseComm
count, cold = int(sys.argv[1]), time.perf_counter()
import poseidon_nb as po
from poseidon_nb.magics.fleet_panel import FleetPanel
loaded = time.perf_counter()
class Page(BaseComm):
    def publish_msg(self, msg_type, data=None, *args, **keys):
        json.dumps(data)
comm.create_comm = Page
command = [sys.executable, "-m", "poseidon_nb.sandbox", "--droplets", str(count)]
process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
class Served:
    url, token = (process.stdout.readline().split()[1] for _ in range(2))
def memory_mb(kind):
    if kind == "peak":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20
def wait_for(ready):
    while not ready():
        time.sleep(0.002)
def opened():
    # Another client each time: nothing is known of the account yet.
    client = po.connect(Served)
    began = time.perf_counter()
    panel = FleetPanel(client)
    # One GPU droplet comes with them.
    wait_for(lambda: len(panel._table._data.rows) == count + 1)
    return time.perf_counter() - began, client, panel
def timed(call, ready=lambda: True):
    began = time.perf_counter()
    call()
    wait_for(ready)
    return time.perf_counter() - began
try:
    before_mb = memory_mb("current")
    first, client, panel = opened()
    chosen = [*panel.model.fleet.cells][: count // 2]
    selected = timed(lambda: panel._table._data._handle_custom_msg({"ids": chosen, "on": True, "sequence": 1}, []))
    # As after each reading of the account.
    refreshed = timed(panel.model._account_changed)
    form = panel._forms[1]
    resized = timed(panel._buttons["resize"]._button.click, lambda: form._sizes.rows)
    peak_mb = memory_mb("peak") - before_mb
    client.close()
    panel.close()
    warm, client, panel = opened()
    client.close()
    panel.close()
    told = {"cold": loaded - cold + first, "warm": warm, "selected": selected, "refreshed": refreshed}
    print(json.dumps({**told, "resized": resized, "peak_mb": peak_mb}))
finally:
    process.terminate()
    process.wait()
"""


def measure(*, rounds: int, quick: bool) -> Iterator[Row]:
    """Open the panel, twice in each interpreter, and use it in between."""
    count, many = (50, 200) if quick else (1_000, 10_000)
    opened = [told(CHILD, count) for _ in range(rounds)]
    cold, warm = (statistics.median(one[which] for one in opened) for which in ("cold", "warm"))
    yield Row(NAME, f"{count:,} droplets in the table, fresh interpreter", cold, "s", most=3)
    yield Row(NAME, f"{count:,} droplets in the table, pandas and itables imported", warm, "s", most=1)
    used = [told(CHILD, many) for _ in range(rounds)]
    for what, which, unit, most in (
        (f"{many:,} droplets in the table, pandas and itables imported", "warm", "s", 2.5),
        (f"a click that selects {many // 2:,} of them", "selected", "s", 0.4),
        (f"a refresh with {many // 2:,} selected", "refreshed", "s", 0.4),
        (f"the resize form open with {many // 2:,} selected", "resized", "s", 0.4),
        (f"memory of {many:,} droplets above the imports", "peak_mb", "MB", 250.0),
    ):
        yield Row(NAME, what, statistics.median(one[which] for one in used), unit, most=most)
