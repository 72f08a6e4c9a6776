"""What the account pays for and nothing uses: droplets, volumes, addresses, load balancers, snapshots, images and checks.

`findings` defines the rule. `droplets`, `storage` and `network` find the resources, and `report` builds the table.
"""

from __future__ import annotations

from poseidon_nb.analysis.idle.findings import Rule
from poseidon_nb.analysis.idle.report import DEFAULT_RULE, find

__all__ = ["DEFAULT_RULE", "Rule", "find"]
