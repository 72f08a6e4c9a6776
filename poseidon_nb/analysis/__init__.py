"""From frames to decisions: which size, what it costs, what is too large, what happened.

DataFrame in, DataFrame out. Nothing here asks the network or changes what it is given, so all of it works on frames of
your own, without an account: also on those that went through CSV, Excel or JSON, with any index. What is no such frame,
lacks a column, or cannot be read is an `InvalidArgument` that names column and row, in every function here
(`poseidon_nb.frames.validation.require_columns`). Where a docstring says "table ``cost_by``", its columns, their dtypes, units and
meanings are those of ``poseidon_nb.frames.schemas.DERIVED_TABLES["cost_by"]``, also when there are no rows. A module for each
question; `plots` draws the answers, and neither knows the other.

- `sizes`: which size, and where. What its slug and its region are called by is in `size_classes` and `regions`.
- `cost`: a line for each thing that costs (``things``, ``listing``), their sums, and what was billed.
- `metrics`: readings made comparable, from what `readings` makes of counters and bytes; what each droplet uses, in a
  row, is in `droplet_use`.
- `rightsizing`: the advice, by a rule that is written down.
- `timeline`: what was done when, and how long it takes.

`columns` reads the columns of a frame whoever made it, and `droplet_kinds` says which droplets are nodes or have GPUs.
"""

from __future__ import annotations

from poseidon_nb.analysis import cost, metrics, rightsizing, sizes, timeline

__all__ = ["cost", "metrics", "rightsizing", "sizes", "timeline"]
