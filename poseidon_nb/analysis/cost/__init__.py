"""What the account costs: a line for each resource, their sums, and what was billed.

`line_items` prices the resources of one type, `breakdown` combines them into lines and adds them up, and `billing` compares
them with the balance and the invoices.
"""

from __future__ import annotations

from poseidon_nb.analysis.cost.billing import history, reconcile
from poseidon_nb.analysis.cost.breakdown import KEYS, by, lines, total

__all__ = ["KEYS", "by", "history", "lines", "reconcile", "total"]
