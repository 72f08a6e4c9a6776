"""Which droplets could be smaller, which need more, what that saves, and how sure it is.

The `rule` says what the advice means, `demand` what each droplet uses and needs, `holding` which of the sizes that are sold hold
that; `judging` applies the rule to all droplets at once, `advising` makes the table of it, and `reasons` its words.
"""

from __future__ import annotations

from poseidon_nb.analysis.rightsizing.judging import KEEP, LARGER, SMALLER, UNKNOWN, judged_by_use
from poseidon_nb.analysis.rightsizing.rightsizing import USUAL, advice
from poseidon_nb.analysis.rightsizing.rule import Rule

__all__ = ["KEEP", "LARGER", "SMALLER", "UNKNOWN", "USUAL", "Rule", "advice", "judged_by_use"]
