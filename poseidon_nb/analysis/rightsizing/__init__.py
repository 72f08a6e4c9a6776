"""Which droplets could be smaller, which need more, what that saves, and with what confidence.

`rule` defines the rule and what each droplet needs by it, `verdicts` finds the cheapest size that fits, and `report` builds
the table with the reasons.
"""

from __future__ import annotations

from poseidon_nb.analysis.rightsizing.report import DEFAULT_RULE, advice
from poseidon_nb.analysis.rightsizing.rule import Rule
from poseidon_nb.analysis.rightsizing.verdicts import KEEP, LARGER, SMALLER, UNKNOWN, needs_metrics

__all__ = ["DEFAULT_RULE", "KEEP", "LARGER", "SMALLER", "UNKNOWN", "Rule", "advice", "needs_metrics"]
