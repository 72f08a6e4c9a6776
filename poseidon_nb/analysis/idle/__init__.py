"""What the account pays for and nothing uses: droplets, storage, addresses, load balancers, checks and managed services.

`findings` defines the rule. `droplets`, `storage`, `network` and `services` find the resources, and `report` builds the table.
"""

from __future__ import annotations

from poseidon_nb.analysis.idle.findings import Rule
from poseidon_nb.analysis.idle.report import DEFAULT_RULE, find

__all__ = ["DEFAULT_RULE", "Rule", "find"]
