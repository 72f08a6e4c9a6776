"""What the tables of the fleet and of the explorer share, where it takes no page to see it."""

from __future__ import annotations

import subprocess
import sys

KEY = "from poseidon_nb.widgets.fleet.table import FleetTable; print(FleetTable({}, print, print)._companion.key)"


def test_a_table_that_another_kernel_left_in_the_page_is_not_taken_for_its_own():
    keys = [subprocess.run([sys.executable, "-c", KEY], capture_output=True, text=True, check=True) for _ in range(2)]
    assert len({one.stdout.strip() for one in keys}) == 2
