"""From DataFrames to decisions: which size, what it costs, what is too large, and what happened.

DataFrame in, DataFrame out. Nothing here uses the network or changes its input, so everything works on DataFrames of your
own, without an account: with any index, and also reloaded from CSV, Excel or JSON. If the input is not a DataFrame, lacks a
column, or has a value that cannot be read, every function raises an `InvalidArgument` that names the column and row
(`poseidon_nb.frames.validation.require_columns`). Where a docstring says "table ``cost_by``", see
``poseidon_nb.frames.schemas.DERIVED_TABLES["cost_by"]`` for its columns, dtypes, units and meanings, which also hold for an empty
result. `plots` draws the results.

- `sizes`: which size, and where. `classification` has the families of sizes and the words for regions.
- `cost`: a line for each resource, their sums, what was billed, and what the month will cost.
- `metrics`: comparable series, and the usage of each droplet. `readings` converts the metrics as served.
- `idle`: what costs money and is not used, with the evidence.
- `retention`: which snapshots stay and which go, by the rules of restic.
- `rightsizing`: the advised size of each droplet, by a documented rule.
- `timeline`: actions over time, and how long they take.

`inputs` reads the columns of any DataFrame, and derives which droplets are Kubernetes nodes or have GPUs.
"""

from __future__ import annotations

from poseidon_nb.analysis import cost, idle, metrics, retention, rightsizing, sizes, timeline

__all__ = ["cost", "idle", "metrics", "retention", "rightsizing", "sizes", "timeline"]
