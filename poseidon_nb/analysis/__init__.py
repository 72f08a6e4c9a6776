"""From frames to decisions: which size, what it costs, what is too large, what happened.

DataFrame in, DataFrame out. Nothing here asks the network or changes what it is given, so all of it works on frames of
your own, without an account. The columns of what is given back stand in `poseidon_nb.frames.schemas`. A module for each
question; `plots` draws the answers, and neither knows the other.
"""

from __future__ import annotations

from poseidon_nb.analysis import cost, metrics, rightsizing, sizes, timeline

__all__ = ["cost", "metrics", "rightsizing", "sizes", "timeline"]
