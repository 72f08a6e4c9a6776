"""What the tables of the fleet and of the size explorer share, as far as it can be tested without a page."""

from __future__ import annotations

import subprocess
import sys

KEY = "from poseidon_nb.widgets.droplets.fleet_panel import FleetTable; print(FleetTable({}, print, print)._data.key)"


def test_a_table_left_in_the_page_by_another_kernel_is_not_adopted():
    keys = [subprocess.run([sys.executable, "-c", KEY], capture_output=True, text=True, check=True) for _ in range(2)]
    assert len({one.stdout.strip() for one in keys}) == 2
