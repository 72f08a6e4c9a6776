"""What the account costs: a line for each thing, their sums, and what was billed.

A line is made in `things`, by the prices that the API or the catalogue's list tells, and all are put together in `listing`.
They are added up in `sums`, and held against the balance and the invoices in `bills`, which tells the past months too.
"""

from __future__ import annotations

from poseidon_nb.analysis.cost.bills import history, reconciled
from poseidon_nb.analysis.cost.listing import lines
from poseidon_nb.analysis.cost.sums import KEYS, by, total

__all__ = ["KEYS", "by", "history", "lines", "reconciled", "total"]
