"""Pictures of what `analysis` gives: DataFrame in, plotly figure out, one function a picture.

Every figure is a `Picture`: a ``plotly.graph_objects.Figure`` to be changed at will, which also holds its numbers as a
table and says them in words, for whoever cannot see it and for pages that run no script.

A module for each question, called as in `analysis`: `sizes`, `regions`, `cost`, `metrics`, `rightsizing`, `timeline`; how
long actions take, which `analysis.timeline` reckons, is drawn by `durations`.
What they share is in `picture` (the look of all, and how one is told where it is not drawn), `droplet_rows` (a row for
each droplet), `size_axes` and `size_facts` (how sizes are measured, and what is told of each) and `labels` (names told
apart, cut and escaped, what is left out). None of them knows `analysis`: a frame of your own with the columns that a
function needs is drawn as well.
"""

from __future__ import annotations

from poseidon_nb.plots.cost import cost_by, cost_history
from poseidon_nb.plots.durations import durations
from poseidon_nb.plots.metrics import metric_lines
from poseidon_nb.plots.picture import Picture
from poseidon_nb.plots.regions import availability_map
from poseidon_nb.plots.rightsizing import savings, use_of_size
from poseidon_nb.plots.sizes import price_map
from poseidon_nb.plots.timeline import timeline

__all__ = [
    "Picture",
    "availability_map",
    "cost_by",
    "cost_history",
    "durations",
    "metric_lines",
    "price_map",
    "savings",
    "timeline",
    "use_of_size",
]
