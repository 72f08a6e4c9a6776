"""Plotly figures as SVG, drawn without a browser: what a saved notebook shows where plotly's script does not run.

Plotly's own export starts Chrome. Here only what the charts of `plots` consist of is drawn: traces of points (`scatter`), bars
(`bars`) and cells (`heatmap`) on one pair of `axes` with `ticks`; around them title and labels (`frame`), a `legend`, and shapes
and `annotations`. Anything else raises `UnsupportedFigure`. `drawing` puts them together; `figure` reads the figure with its
template, and `elements`, `colors` and `symbols` write SVG.
"""

from __future__ import annotations

from poseidon_nb.plots.svg.drawing import draw_svg
from poseidon_nb.plots.svg.elements import UnsupportedFigure

__all__ = ["UnsupportedFigure", "draw_svg"]
