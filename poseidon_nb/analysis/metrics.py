"""Metrics that can be compared: percentages, loads and Mbit/s over time, and what each droplet uses.

The input is what ``client.metrics.frame`` gives: readings as they were served. A gap stays a gap: one row without a value
stands where it begins, so that a line drawn through the rows breaks there, and nothing is filled in. A reading that cannot
be, such as more memory free than there is, is a missing one. `use` sums up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from poseidon_nb.analysis.droplet_use import use
from poseidon_nb.analysis.readings import (
    TRAFFIC,
    busy,
    filesystems_used,
    memory_used,
    names_of,
    picked,
    readable,
    spent,
    traffic,
    with_gaps,
)
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.validation import build_derived, require_columns
from poseidon_nb.text import expected_one_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["KINDS", "bandwidth", "cpu", "filesystem", "load", "memory", "tidy", "use", "wide"]

_MINUTES = (1, 5, 15)


def tidy(kind: str, series: pd.DataFrame) -> pd.DataFrame:
    """Give the metrics of a kind.

    Parameters
    ----------
    kind : str
        ``"cpu"``, ``"memory"``, ``"load"``, ``"filesystem"`` or ``"bandwidth"``.
    series : pandas.DataFrame
        As ``client.metrics.frame`` gives it; other kinds in it do not disturb.

    Returns
    -------
    pandas.DataFrame
        Table ``metrics``; droplets in the order in which they came.

    Raises
    ------
    InvalidArgument
        There is no such kind, or the frame lacks columns.
    """
    if kind not in KINDS:
        raise InvalidArgument(f"no kind of metrics {kind!r}{expected_one_of(kind, KINDS)}")
    return KINDS[kind](series)


def cpu(series: pd.DataFrame, *, modes: bool = False) -> pd.DataFrame:
    """Give how busy the vCPUs were, in percent of all of them together.

    Parameters
    ----------
    series : pandas.DataFrame
    modes : bool
        A series for each thing that the time went to, ``user``, ``steal``, ``iowait`` ..., in place of the one ``busy``.

    Returns
    -------
    pandas.DataFrame
        As `tidy`. A value is the mean since the reading before. Busy is all but idle and waiting for a disk (iowait);
        what the hypervisor stole counts as busy, for the droplet wanted it. After a gap or a restart of the counters the
        first step has no value, since its counters cannot be told from new ones.
    """
    series = readable(series)
    if not modes:
        return _shaped("cpu", "%", busy(series).assign(label="busy"), series)
    steps = spent(series)
    names = [name for name in steps.columns if name not in {"droplet_id", "time", "seconds", "whole"}]
    shares = steps[["droplet_id", "time"]].join(steps[names].div(steps["whole"], axis="index") * 100)
    return _shaped("cpu", "%", shares.melt(["droplet_id", "time"], names, "label", "value"), series)


def memory(series: pd.DataFrame) -> pd.DataFrame:
    """Give the memory in use, in percent of what the droplet had at the time; caches do not count as used."""
    series = readable(series)
    return _shaped("memory", "%", with_gaps(memory_used(series), ["droplet_id"]).assign(label="used"), series)


def load(series: pd.DataFrame) -> pd.DataFrame:
    """Give the load averages of 1, 5 and 15 minutes: processes that run or wait, not divided by the vCPUs."""
    series = readable(series, "metric")
    parts = [picked(series, f"load_{minutes}").assign(label=f"{minutes}m") for minutes in _MINUTES]
    return _shaped("load", "processes", with_gaps(pd.concat(parts), ["label", "droplet_id"]), series)


def filesystem(series: pd.DataFrame) -> pd.DataFrame:
    """Give how full the filesystems were, in percent of their size at the time; the label is where one hangs."""
    series = readable(series)
    used = with_gaps(filesystems_used(series), ["droplet_id", "device", "mountpoint"])
    return _shaped("filesystem", "%", used.rename(columns={"mountpoint": "label"}), series)


def bandwidth(series: pd.DataFrame) -> pd.DataFrame:
    """Give the traffic in Mbit/s; the label is the interface and the direction, such as ``public outbound``."""
    series = readable(series)
    found = with_gaps(traffic(series), ["droplet_id", *TRAFFIC])
    return _shaped("bandwidth", "Mbit/s", found.assign(label=found["interface"] + " " + found["direction"]), series)


#: What `tidy` knows.
KINDS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "cpu": cpu,
    "memory": memory,
    "load": load,
    "filesystem": filesystem,
    "bandwidth": bandwidth,
}


def wide(frame: pd.DataFrame) -> pd.DataFrame:
    """Give metrics with the times as index, in UTC, and a column for each droplet and label.

    Parameters
    ----------
    frame : pandas.DataFrame
        Of one kind, as `tidy` gives it.

    Returns
    -------
    pandas.DataFrame
        The index is a ``DatetimeIndex``; the columns are names of droplets, or names and labels where there are several
        labels. An id takes a name's place where there is none, or where two droplets have the same; a droplet or a
        label that is not known is called by an empty text.
    """
    frame = require_columns(
        frame, ("time", "droplet_id", "name", "label", "value"), "metrics", source="po.analysis.metrics.tidy"
    )
    names = frame[["droplet_id", "name"]].drop_duplicates()
    several = names["name"].duplicated(keep=False) | names["name"].isna()
    ids = names["droplet_id"].astype("string")
    called = dict(zip(names["droplet_id"], ids.where(several, names["name"]), strict=True))
    droplets, labels = frame["droplet_id"].map(called).astype(object), frame["label"].astype(object)
    table = frame.assign(droplet=droplets.where(droplets.notna(), ""), label=labels.where(labels.notna(), ""))
    table = table.drop_duplicates(["time", "droplet", "label"], keep="last")
    keys = ["droplet", "label"] if len(table["label"].unique()) > 1 else ["droplet"]
    return table.set_index(["time", *keys])["value"].unstack(keys).sort_index()  # noqa: PD010  # nothing to add up


def _shaped(kind: str, unit: str, found: pd.DataFrame, series: pd.DataFrame) -> pd.DataFrame:
    names = names_of(series)
    place: dict[Any, int] = {key: number for number, key in enumerate(names)}
    order = found["droplet_id"].map(place).fillna(len(place)).to_numpy(dtype=np.int64)
    labels = pd.Series(pd.factorize(found["label"])[0], index=found.index)
    sort = np.lexsort((found["time"].to_numpy(), labels.to_numpy(), found["droplet_id"].to_numpy(), order))
    frame = found.assign(name=found["droplet_id"].map(names).astype("string"), kind=kind, unit=unit)
    return build_derived("metrics", frame.iloc[sort])
