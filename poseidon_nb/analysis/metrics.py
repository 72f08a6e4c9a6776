"""Comparable metrics of droplets: percentages, loads and Mbit/s over time, and the usage of each droplet in one row.

The input is ``client.metrics.frame``: readings as served. Gaps are not filled. One row without a value marks the start of a
gap, so that a line drawn through the rows breaks there. An invalid reading, such as more free memory than there is, counts
as missing. `use` summarizes each droplet, and is the input of `rightsizing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from poseidon_nb.analysis.readings import (
    TRAFFIC_LABELS,
    count_invalid,
    cpu_seconds,
    cpu_usage,
    droplet_names,
    filesystem_usage,
    gap_seconds,
    mark_gaps,
    memory_usage,
    require_metrics,
    select_metric,
    step_seconds,
    traffic,
)
from poseidon_nb.catalogue.metrics import explain_missing
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.metrics import summarize_resolution
from poseidon_nb.frames.validation import build_derived, require_columns
from poseidon_nb.text import escape_unprintable, expected_one_of, join_words, pluralize

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

__all__ = ["METRICS", "bandwidth", "cpu", "filesystem", "load", "memory", "tidy", "use", "wide"]

#: CPU usage in percent above which a reading counts as a burst.
BURST_PERCENT = 90.0
#: Hours in a month: 365 days, 24 hours, 12 months.
MONTH_H = 730.0

_LOAD_MINUTES = (1, 5, 15)
_BYTES_PER_MIB = 1 << 20
#: Totals of memory or disk that differ by a smaller factor belong to the same size: what a kernel reserves varies.
_SAME_SIZE_FACTOR = 1.03
#: For each part of `use`: the column that is missing if there are no readings of it.
_PARTS = {
    "cpu": "cpu_p95_percent",
    "memory": "memory_p95_percent",
    "disk": "disk_used_gb",
    "traffic": "outbound_tb_month",
}


def tidy(metric: str, series: pd.DataFrame) -> pd.DataFrame:
    """Return one metric as a tidy frame.

    Parameters
    ----------
    metric : str
        ``"cpu"``, ``"memory"``, ``"load"``, ``"filesystem"`` or ``"bandwidth"``.
    series : pandas.DataFrame
        As returned by ``client.metrics.frame``; other kinds in it are ignored.

    Returns
    -------
    pandas.DataFrame
        Table ``metrics``, with the droplets in the order of `series`.

    Raises
    ------
    InvalidArgument
        The metric is unknown, or a column is missing.
    """
    if metric not in METRICS:
        raise InvalidArgument(f"Unknown metric {metric!r}{expected_one_of(metric, METRICS)}")
    return METRICS[metric](series)


def cpu(series: pd.DataFrame, *, modes: bool = False) -> pd.DataFrame:
    """Return the CPU usage, in percent of all vCPUs together.

    Parameters
    ----------
    series : pandas.DataFrame
    modes : bool
        Return a series for each mode (``user``, ``steal``, ``iowait`` ...) instead of the one series ``busy``.

    Returns
    -------
    pandas.DataFrame
        As `tidy`. A value is the mean since the previous reading. Busy is all time except ``idle`` and ``iowait``; stolen
        time counts as busy, because the droplet wanted it. The first step after a gap or a reset of the counters has no
        value.
    """
    series = require_metrics(series)
    if not modes:
        return _metrics_table("cpu", "%", cpu_usage(series).assign(label="busy"), series)
    steps = cpu_seconds(series)
    names = [name for name in steps.columns if name not in {"droplet_id", "time", "seconds", "total_seconds"}]
    shares = steps[["droplet_id", "time"]].join(steps[names].div(steps["total_seconds"], axis="index") * 100)
    return _metrics_table("cpu", "%", shares.melt(["droplet_id", "time"], names, "label", "value"), series)


def memory(series: pd.DataFrame) -> pd.DataFrame:
    """Return the memory usage, in percent of the memory at that time; caches do not count as used."""
    series = require_metrics(series)
    usage = mark_gaps(memory_usage(series), ["droplet_id"])
    return _metrics_table("memory", "%", usage.assign(label="used"), series)


def load(series: pd.DataFrame) -> pd.DataFrame:
    """Return the load averages of 1, 5 and 15 minutes in processes, not divided by the vCPUs."""
    series = require_metrics(series, "metric")
    parts = [select_metric(series, f"load_{minutes}").assign(label=f"{minutes}m") for minutes in _LOAD_MINUTES]
    return _metrics_table("load", "processes", mark_gaps(pd.concat(parts), ["label", "droplet_id"]), series)


def filesystem(series: pd.DataFrame) -> pd.DataFrame:
    """Return the filesystem usage, in percent of the size at that time; the label is the mount point."""
    series = require_metrics(series)
    usage = mark_gaps(filesystem_usage(series), ["droplet_id", "device", "mountpoint"])
    return _metrics_table("filesystem", "%", usage.rename(columns={"mountpoint": "label"}), series)


def bandwidth(series: pd.DataFrame) -> pd.DataFrame:
    """Return the traffic in Mbit/s; the label is interface and direction, such as ``public outbound``."""
    series = require_metrics(series)
    rates = mark_gaps(traffic(series), ["droplet_id", *TRAFFIC_LABELS])
    return _metrics_table(
        "bandwidth", "Mbit/s", rates.assign(label=rates["interface"] + " " + rates["direction"]), series
    )


#: The functions of `tidy`, by metric.
METRICS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "cpu": cpu,
    "memory": memory,
    "load": load,
    "filesystem": filesystem,
    "bandwidth": bandwidth,
}


def wide(frame: pd.DataFrame) -> pd.DataFrame:
    """Return metrics with the times as index, in UTC, and a column for each droplet and label.

    Parameters
    ----------
    frame : pandas.DataFrame
        One metric, as returned by `tidy`.

    Returns
    -------
    pandas.DataFrame
        With a ``DatetimeIndex``. The columns are droplet names, or names and labels if there are several labels. The id
        replaces a name that is missing or not unique. A missing id or label is an empty string.
    """
    frame = require_columns(
        frame, ("time", "droplet_id", "name", "label", "value"), "metrics", source="po.analysis.metrics.tidy"
    )
    names = frame[["droplet_id", "name"]].drop_duplicates()
    ambiguous = names["name"].duplicated(keep=False) | names["name"].isna()
    ids = names["droplet_id"].astype("string")
    label_of = dict(zip(names["droplet_id"], ids.where(ambiguous, names["name"]), strict=True))
    droplets, labels = frame["droplet_id"].map(label_of).astype(object), frame["label"].astype(object)
    table = frame.assign(droplet=droplets.where(droplets.notna(), ""), label=labels.where(labels.notna(), ""))
    table = table.drop_duplicates(["time", "droplet", "label"], keep="last")
    keys = ["droplet", "label"] if len(table["label"].unique()) > 1 else ["droplet"]
    return table.set_index(["time", *keys])["value"].unstack(keys).sort_index()  # noqa: PD010  # nothing to aggregate


def use(series: pd.DataFrame, droplets: pd.DataFrame, *, failed: Mapping[int, object] | None = None) -> pd.DataFrame:
    """Return the usage of each droplet in one row.

    Parameters
    ----------
    series : pandas.DataFrame
        As returned by ``client.metrics.frame("use", ...)``: CPU, memory, filesystems and outbound traffic of any number
        of droplets. Metrics that are not in it are missing in the result.
    droplets : pandas.DataFrame
        As returned by ``client.droplets.frame()``: ``id`` and ``name``. ``features`` and ``status`` explain missing
        metrics.
    failed : mapping, optional
        Errors by the ids of droplets that could not be read, as in ``client.metrics.read(...).failed``.

    Returns
    -------
    pandas.DataFrame
        Table ``use``: a row for each droplet, in their order. If a droplet has no readings, ``note`` says why.

    Notes
    -----
    Percentages are relative to the droplet's size at the time. To compare across a resize, use ``cpu_p95_vcpus`` and
    ``memory_p95_mib``. Percentiles are interpolated over readings at even steps. The longer the window, the longer the
    steps; a value is the mean of its step, so short peaks are lost.

    The monthly traffic is the traffic between the first and the last reading, projected to a month. Gaps count as no
    traffic: the hypervisor measures it without the agent, so a gap means that the droplet was off.

    Invalid readings, such as more free memory than there is, count as missing; ``note`` has their number.
    """
    series = require_metrics(series, "metric")
    droplets = require_columns(droplets, ("id", "name"), "droplets")
    unique = droplets.drop_duplicates("id").reset_index(drop=True)
    index = pd.Index(unique["id"].astype("Int64"), name="droplet_id")
    parts = [_cpu_use(series), _memory_use(series), _disk_use(series), _traffic_use(series), _window(series)]
    usage = pd.concat(parts, axis="columns")
    usage.index = usage.index.astype("Int64")
    frame = usage.reindex(index)
    # The agent, which measures memory, may have been installed long after the first CPU reading.
    for name in ("readings", "hours"):
        frame[name] = frame[[f"cpu_{name}", f"memory_{name}"]].min(axis="columns").fillna(0)
    frame["step_minutes"] = frame[["cpu_step", "memory_step"]].max(axis="columns") / 60
    frame["invalid"] = count_invalid(series).reindex(index).fillna(0)
    known = frame[["cpu_p95_percent", "memory_p95_percent", "disk_used_gb"]].notna().any(axis="columns")
    changed = frame[["cpu_changed", "memory_changed", "disk_changed"]].astype("boolean")
    frame["resized"] = changed.any(axis="columns").astype("boolean").where(known)
    frame["name"] = unique["name"].to_numpy()
    errors = failed or {}
    frame["note"] = [
        _note(row, errors.get(key), reason)
        for key, row, reason in zip(index, frame.to_dict("records"), _missing_reasons(unique), strict=True)
    ]
    return build_derived("use", frame.reset_index())


def _metrics_table(metric: str, unit: str, values: pd.DataFrame, series: pd.DataFrame) -> pd.DataFrame:
    names = droplet_names(series)
    rank_of: dict[Any, int] = {id_: rank for rank, id_ in enumerate(names)}
    ranks = values["droplet_id"].map(rank_of).fillna(len(rank_of)).to_numpy(dtype=np.int64)
    labels = pd.Series(pd.factorize(values["label"])[0], index=values.index)
    order = np.lexsort((values["time"].to_numpy(), labels.to_numpy(), values["droplet_id"].to_numpy(), ranks))
    frame = values.assign(name=values["droplet_id"].map(names).astype("string"), metric=metric, unit=unit)
    return build_derived("metrics", frame.iloc[order])


def _percentiles(values: pd.DataFrame, name: str) -> pd.DataFrame:
    grouped = values.groupby("droplet_id")["value"]
    return pd.DataFrame(
        {
            f"{name}_p50_percent": grouped.quantile(0.5),
            f"{name}_p95_percent": grouped.quantile(0.95),
            f"{name}_max_percent": grouped.max(),
        }
    )


def _cpu_use(series: pd.DataFrame) -> pd.DataFrame:
    steps = cpu_usage(series if "mode" in series.columns else series.assign(mode=None)).dropna(subset="value")
    usual_step = steps.groupby("droplet_id")["seconds"].median()
    steps = steps.assign(
        busy_vcpus=steps["value"] / 100 * steps["vcpus"], burst=100.0 * (steps["value"] > BURST_PERCENT)
    )
    grouped = steps.groupby("droplet_id")
    # Not minimum and maximum: a droplet that was on for half a step has half its vCPUs in that step. For the same reason
    # the current number is the larger of the last two.
    rounded = steps["vcpus"].round().groupby(steps["droplet_id"])
    last = grouped.tail(2).groupby("droplet_id")["vcpus"].max().round()
    changed = rounded.quantile(0.05, interpolation="nearest") != rounded.quantile(0.95, interpolation="nearest")
    return _percentiles(steps, "cpu").assign(
        burst_percent=grouped["burst"].mean(),
        cpu_p95_vcpus=grouped["busy_vcpus"].quantile(0.95),
        cpu_max_vcpus=grouped["busy_vcpus"].max(),
        cpu_readings=grouped.size(),
        cpu_hours=grouped["seconds"].sum() / 3600,
        cpu_step=usual_step,
        # For some time after a resize most readings are from before it.
        cpu_changed=changed | (last != rounded.quantile(0.5, interpolation="nearest")),
        last_vcpus=last,
    )


def _memory_use(series: pd.DataFrame) -> pd.DataFrame:
    readings = memory_usage(series).assign(mib=lambda frame: frame["used"] / _BYTES_PER_MIB)
    grouped = readings.groupby("droplet_id")
    usual_step = step_seconds(readings, ["droplet_id"]).groupby(readings["droplet_id"]).median()
    return _percentiles(readings, "memory").assign(
        last_memory_mib=grouped["total"].last() / _BYTES_PER_MIB,
        memory_step=usual_step,
        memory_p95_mib=grouped["mib"].quantile(0.95),
        memory_max_mib=grouped["mib"].max(),
        memory_readings=grouped.size(),
        memory_hours=grouped.size() * usual_step.fillna(0.0) / 3600,
        memory_changed=_is_changed(readings, "total"),
    )


def _disk_use(series: pd.DataFrame) -> pd.DataFrame:
    readings = filesystem_usage(series)
    # A volume is a separate disk that a resize does not affect: only partitions of the root disk count.
    disk = readings["device"].str.rstrip("0123456789")
    root = readings.assign(disk=disk).loc[readings["mountpoint"] == "/"].groupby("droplet_id")["disk"].last()
    own = readings.loc[(disk == readings["droplet_id"].map(root)).to_numpy(dtype=bool, na_value=False)]
    unique = own.drop_duplicates(["droplet_id", "device", "time"])
    sums = unique.groupby(["droplet_id", "time"], as_index=False)[["size", "used"]].sum()
    sums["percent"] = 100 * sums["used"] / sums["size"]
    maximum = sums.groupby("droplet_id")[["used", "percent"]].max()
    return pd.DataFrame(
        {
            "disk_used_gb": maximum["used"] / 1e9,
            "disk_used_percent": maximum["percent"],
            "disk_changed": _is_changed(sums, "size"),
        }
    )


def _is_changed(readings: pd.DataFrame, column: str) -> pd.Series[bool]:
    grouped = readings.groupby("droplet_id")[column]
    return grouped.max() > _SAME_SIZE_FACTOR * grouped.min()


def _traffic_use(series: pd.DataFrame) -> pd.DataFrame:
    # With invalid readings: they do not tell the rate, but that the droplet was on.
    readings = select_metric(series, "bandwidth", TRAFFIC_LABELS)
    outbound = readings.loc[(readings["interface"] == "public") & (readings["direction"] == "outbound")]
    grouped = outbound.groupby("droplet_id")
    usual_step = step_seconds(outbound, ["droplet_id"]).groupby(outbound["droplet_id"]).median()
    gaps = gap_seconds(outbound, ["droplet_id"]).groupby(outbound["droplet_id"]).sum()
    span = (grouped["time"].max() - grouped["time"].min()).dt.total_seconds() + usual_step
    # A single reading has no span.
    share_on = (1 - gaps / span).fillna(1.0)
    rate = outbound.loc[outbound["value"] >= 0].groupby("droplet_id")["value"].mean()
    # From Mbit/s to TB, both decimal.
    return pd.DataFrame({"outbound_tb_month": rate * share_on * (1e6 / 8 * 3600 * MONTH_H / 1e12)})


def _window(series: pd.DataFrame) -> pd.DataFrame:
    times = select_metric(series, None).groupby("droplet_id")["time"]
    return pd.DataFrame({"from": times.min(), "to": times.max()})


def _missing_reasons(droplets: pd.DataFrame) -> list[str]:
    features = droplets["features"] if "features" in droplets.columns else [None] * len(droplets)
    status = droplets["status"] if "status" in droplets.columns else [None] * len(droplets)
    return [explain_missing(*values) for values in zip(features, status, strict=True)]


def _note(row: Mapping[Hashable, Any], error: object, reason: str) -> str | None:
    notes = []
    missing = [part for part, column in _PARTS.items() if pd.isna(row[column])]
    if error is not None:
        notes.append(f"could not be read: {escape_unprintable(str(error))}")
    elif missing:
        what = (
            "no readings in this time range"
            if len(missing) == len(_PARTS)
            else f"no {join_words(missing, conjunction='or')} readings"
        )
        notes.append(what + reason)
    if row["invalid"]:
        notes.append(f"{pluralize(int(row['invalid']), 'invalid reading')} ignored")
    coarse = summarize_resolution(row["step_minutes"] / 60)
    if coarse:
        notes.append(coarse)
    if row["resized"] is True:
        notes.append("resized during this time range")
    return "; ".join(notes) or None
