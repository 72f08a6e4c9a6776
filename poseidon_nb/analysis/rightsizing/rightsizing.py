"""The advice on sizes: what is needed is read, judged, and made a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from poseidon_nb.analysis.rightsizing.advising import columns_of
from poseidon_nb.analysis.rightsizing.demand import Demand, use_of_each
from poseidon_nb.analysis.rightsizing.holding import Sold
from poseidon_nb.analysis.rightsizing.judging import KEEP, LARGER, SMALLER, UNKNOWN, judge, judged_by_use
from poseidon_nb.analysis.rightsizing.rule import Rule
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.validation import build_derived, require_columns

if TYPE_CHECKING:
    import pandas as pd


_DROPLETS = ("id", "name", "region", "size", "vcpus", "memory", "disk", "price_monthly")
_SIZES = ("slug", "vcpus", "memory", "disk", "transfer", "price_monthly", "available", "regions")
_USE = ("droplet_id", "cpu_p95_percent", "cpu_max_percent", "memory_max_percent", "hours")

#: As it is unless somebody says otherwise.
USUAL = Rule()


def advice(droplets: pd.DataFrame, sizes: pd.DataFrame, use: pd.DataFrame, *, rule: Rule = USUAL) -> pd.DataFrame:
    """Give the size that each droplet should have, what it saves, how sure that is, and why.

    Parameters
    ----------
    droplets : pandas.DataFrame
        As ``client.droplets.frame()`` gives it. Without ``status`` all are taken to be on.
    sizes : pandas.DataFrame
        As ``client.sizes.frame()`` gives it.
    use : pandas.DataFrame
        As `analysis.metrics.use` gives it, or one of your own with ``droplet_id``, ``cpu_p95_percent``,
        ``cpu_max_percent``, ``memory_max_percent`` and ``hours``. A droplet without a row in it is one of which nothing is known.
    rule : Rule
        When a size holds a droplet.

    Returns
    -------
    pandas.DataFrame
        Table ``rightsizing``: a row for each droplet, what saves most first, what needs more next, the unknown last.

    Raises
    ------
    InvalidArgument
        A frame lacks columns, or has two rows for a droplet.
    """
    droplets = require_columns(droplets, _DROPLETS, "droplets")
    sizes = require_columns(sizes, _SIZES, "sizes")
    use = require_columns(use, _USE, "use", source="po.analysis.metrics.use")
    for what, frame, key in (("droplets", droplets, "id"), ("use", use, "droplet_id")):
        if frame[key].duplicated().any():
            raise InvalidArgument(
                f"the frame of {what} has two rows for droplet {frame[key][frame[key].duplicated()].iloc[0]}"
            )
    sold, use = Sold(sizes), use_of_each(droplets, use)
    demand = Demand.of(droplets, use, rule)
    verdicts = judge(demand, sold, rule, by_use=judged_by_use(droplets))
    frame = build_derived("rightsizing", columns_of(droplets, use, demand, verdicts, sold, rule))
    rank = frame["verdict"].map({SMALLER: 0, LARGER: 1, KEEP: 2, UNKNOWN: 3})
    order = np.lexsort((np.arange(len(frame)), -frame["saving_usd_month"].fillna(0.0), rank))
    return frame.iloc[order].reset_index(drop=True)
