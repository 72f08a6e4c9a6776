"""What the account costs: a line for each resource, their sums, what was billed, and what the month will cost.

`line_items` prices the resources of one type, `breakdown` combines them into lines and adds them up, and `billing` compares
them with the balance and the invoices. `charges` joins lines with the items of invoices; from these, `month_end` reckons the end
of the month and compares it with budgets, `events` finds what came and went, and `over_time` spreads the cost over time.
`transfer_pool` compares what droplets sent with what is included.
"""

from __future__ import annotations

from poseidon_nb.analysis.cost.billing import history, reconcile
from poseidon_nb.analysis.cost.breakdown import KEYS, by, lines, total
from poseidon_nb.analysis.cost.events import changes
from poseidon_nb.analysis.cost.month_end import budget, forecast
from poseidon_nb.analysis.cost.over_time import allocation
from poseidon_nb.analysis.cost.transfer_pool import transfer

__all__ = [
    "KEYS",
    "allocation",
    "budget",
    "by",
    "changes",
    "forecast",
    "history",
    "lines",
    "reconcile",
    "total",
    "transfer",
]
