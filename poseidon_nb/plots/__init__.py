"""Charts of what `analysis` returns: DataFrame in, plotly figure out, one function for each chart.

Every chart is a `Picture`: a ``plotly.graph_objects.Figure`` that you can change, which also has its numbers as a table and
a summary in words, for screen readers and for pages that run no script.

The modules are named as in `analysis`: `sizes`, `cost` (and `allocation`, the cost over time), `metrics`, `rightsizing`, `timeline`. They share `picture` (theme
and layout), `labels` (names, axis titles, hover texts) and `marks` (labels of lines, limits, counts). None of them imports `analysis`: a DataFrame of your own with the
required columns works too.
"""

from __future__ import annotations

from poseidon_nb.plots.allocation import cost_allocation
from poseidon_nb.plots.cost import cost_by, cost_history
from poseidon_nb.plots.metrics import metric_lines
from poseidon_nb.plots.picture import Picture
from poseidon_nb.plots.rightsizing import savings, use_of_size
from poseidon_nb.plots.sizes import availability_map, price_map
from poseidon_nb.plots.timeline import durations, timeline

__all__ = [
    "Picture",
    "availability_map",
    "cost_allocation",
    "cost_by",
    "cost_history",
    "durations",
    "metric_lines",
    "price_map",
    "savings",
    "timeline",
    "use_of_size",
]
