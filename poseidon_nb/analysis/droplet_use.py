"""What each droplet uses, in one row: what `rightsizing` decides by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from poseidon_nb.analysis.readings import (
    TRAFFIC,
    beyond_usual,
    busy,
    filesystems_used,
    impossible,
    memory_used,
    picked,
    readable,
    seconds_since,
)
from poseidon_nb.frames.metrics import explain_missing, summarize_resolution
from poseidon_nb.frames.validation import build_derived, require_columns
from poseidon_nb.text import escape_unprintable, join_words, pluralize

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

#: Percent of all vCPUs above which a droplet is in a burst.
BURST = 90.0
#: Hours in a month, as 365 days have them in twelve.
MONTH_H = 730.0

_MIB = 1 << 20
#: Two sizes of a memory or a disk that differ by less are the same: what a kernel keeps for itself varies.
_SAME = 1.03


def use(series: pd.DataFrame, droplets: pd.DataFrame, *, failed: Mapping[int, object] | None = None) -> pd.DataFrame:
    """Give what each droplet uses.

    Parameters
    ----------
    series : pandas.DataFrame
        As ``client.metrics.frame("use", ...)`` gives it: cpu, memory, filesystems and what goes out to the internet, of
        any number of droplets. What is not in it is missing in the result.
    droplets : pandas.DataFrame
        As ``client.droplets.frame()`` gives it: ``id`` and ``name``, and ``features`` and ``status``, which tell why
        something may be missing.
    failed : mapping, optional
        Errors by the ids of droplets that could not be read, as in ``client.metrics.read(...).failed``.

    Returns
    -------
    pandas.DataFrame
        Table ``use``: a row for each of the droplets, in their order, also for those of which nothing is known: ``note``
        says why.

    Notes
    -----
    Percentages are of what a droplet had at the time; after a resize compare ``cpu_p95_vcpus`` and ``memory_p95_mib``.
    Percentiles are over readings, which come at even steps, interpolated. The longer the window, the longer the steps,
    and what was busy for a part of a step only is lost in its mean.

    A month's traffic is what was sent between the first and the last reading, over that time. A gap counts as nothing
    sent: the hypervisor tells the traffic, without the agent, so that a gap is a droplet that was off.

    Readings that cannot be, such as more memory free than there is, count as missing ones; ``note`` says how many.
    """
    series = readable(series, "metric")
    droplets = require_columns(droplets, ("id", "name"), "droplets")
    every = droplets.drop_duplicates("id").reset_index(drop=True)
    index = pd.Index(every["id"].astype("Int64"), name="droplet_id")
    found = pd.concat([_cpu(series), _memory(series), _disk(series), _traffic(series), _window(series)], axis="columns")
    found.index = found.index.astype("Int64")
    frame = found.reindex(index)
    # The agent that tells of the memory may have come long after the first reading of the CPU.
    for name in ("samples", "hours"):
        frame[name] = frame[[f"cpu_{name}", f"memory_{name}"]].min(axis="columns").fillna(0)
    frame["step_minutes"] = frame[["cpu_step", "memory_step"]].max(axis="columns") / 60
    frame["impossible"] = impossible(series).reindex(index).fillna(0)
    known = frame[["cpu_p95_percent", "memory_p95_percent", "disk_used_gb"]].notna().any(axis="columns")
    changed = frame[["cpu_changed", "memory_changed", "disk_changed"]].astype("boolean")
    frame["resized"] = changed.any(axis="columns").astype("boolean").where(known)
    frame["name"] = every["name"].to_numpy()
    errors = failed or {}
    frame["note"] = [
        _note(row, errors.get(key), reason)
        for key, row, reason in zip(index, frame.to_dict("records"), _reasons(every), strict=True)
    ]
    return build_derived("use", frame.reset_index())


def _quantiles(values: pd.DataFrame, name: str, column: str) -> pd.DataFrame:
    grouped = values.groupby("droplet_id")[column]
    return pd.DataFrame(
        {
            f"{name}_p50_percent": grouped.quantile(0.5),
            f"{name}_p95_percent": grouped.quantile(0.95),
            f"{name}_max_percent": grouped.max(),
        }
    )


def _cpu(series: pd.DataFrame) -> pd.DataFrame:
    steps = busy(series if "mode" in series.columns else series.assign(mode=None)).dropna(subset="value")
    usual = steps.groupby("droplet_id")["seconds"].median()
    steps = steps.assign(busy_vcpus=steps["value"] / 100 * steps["vcpus"], burst=100.0 * (steps["value"] > BURST))
    grouped = steps.groupby("droplet_id")
    # Not the fewest and the most: a droplet that was on for half a step has half its vCPUs in that one. For the same
    # reason the last two tell how many there are.
    rounded = steps["vcpus"].round().groupby(steps["droplet_id"])
    last = grouped.tail(2).groupby("droplet_id")["vcpus"].max().round()
    changed = rounded.quantile(0.05, interpolation="nearest") != rounded.quantile(0.95, interpolation="nearest")
    return _quantiles(steps, "cpu", "value").assign(
        burst_percent=grouped["burst"].mean(),
        cpu_p95_vcpus=grouped["busy_vcpus"].quantile(0.95),
        cpu_max_vcpus=grouped["busy_vcpus"].max(),
        cpu_samples=grouped.size(),
        cpu_hours=grouped["seconds"].sum() / 3600,
        cpu_step=usual,
        # After a resize most readings are of before for long.
        cpu_changed=changed | (last != rounded.quantile(0.5, interpolation="nearest")),
        last_vcpus=last,
    )


def _memory(series: pd.DataFrame) -> pd.DataFrame:
    readings = memory_used(series).assign(mib=lambda frame: frame["used"] / _MIB)
    grouped = readings.groupby("droplet_id")
    usual = seconds_since(readings, ["droplet_id"]).groupby(readings["droplet_id"]).median()
    return _quantiles(readings, "memory", "value").assign(
        last_memory_mib=grouped["total"].last() / _MIB,
        memory_step=usual,
        memory_p95_mib=grouped["mib"].quantile(0.95),
        memory_max_mib=grouped["mib"].max(),
        memory_samples=grouped.size(),
        memory_hours=grouped.size() * usual.fillna(0.0) / 3600,
        memory_changed=_changed(readings, "total"),
    )


def _disk(series: pd.DataFrame) -> pd.DataFrame:
    readings = filesystems_used(series)
    # A volume is a disk of its own, and stays when the droplet is resized: only partitions beside the root count.
    disk = readings["device"].str.rstrip("0123456789")
    root = readings.assign(disk=disk).loc[readings["mountpoint"] == "/"].groupby("droplet_id")["disk"].last()
    own = readings.loc[(disk == readings["droplet_id"].map(root)).to_numpy(dtype=bool, na_value=False)]
    once = own.drop_duplicates(["droplet_id", "device", "time"])
    sums = once.groupby(["droplet_id", "time"], as_index=False)[["size", "used"]].sum()
    sums["percent"] = 100 * sums["used"] / sums["size"]
    most = sums.groupby("droplet_id")[["used", "percent"]].max()
    return pd.DataFrame(
        {
            "disk_used_gb": most["used"] / 1e9,
            "disk_used_percent": most["percent"],
            "disk_changed": _changed(sums, "size"),
        }
    )


def _changed(readings: pd.DataFrame, column: str) -> pd.Series[bool]:
    grouped = readings.groupby("droplet_id")[column]
    return grouped.max() > _SAME * grouped.min()


def _traffic(series: pd.DataFrame) -> pd.DataFrame:
    readings = picked(series, "bandwidth", TRAFFIC)
    out = readings.loc[(readings["interface"] == "public") & (readings["direction"] == "outbound")]
    grouped = out.groupby("droplet_id")
    usual = seconds_since(out, ["droplet_id"]).groupby(out["droplet_id"]).median()
    gaps = beyond_usual(out, ["droplet_id"]).groupby(out["droplet_id"]).sum()
    whole = (grouped["time"].max() - grouped["time"].min()).dt.total_seconds() + usual
    # Of one reading alone there is no time to go by but its own.
    on = (1 - gaps / whole).fillna(1.0)
    # A reading that cannot be says nothing of what was sent, but that the droplet was on.
    rate = out.loc[out["value"] >= 0].groupby("droplet_id")["value"].mean()
    # Mbit/s to TB, both decimal.
    return pd.DataFrame({"outbound_tb_month": rate * on * (1e6 / 8 * 3600 * MONTH_H / 1e12)})


def _window(series: pd.DataFrame) -> pd.DataFrame:
    times = picked(series, None).groupby("droplet_id")["time"]
    return pd.DataFrame({"from": times.min(), "to": times.max()})


def _reasons(droplets: pd.DataFrame) -> list[str]:
    """Give why readings of each droplet may be missing, as far as its own row tells."""
    features = droplets["features"] if "features" in droplets.columns else [None] * len(droplets)
    status = droplets["status"] if "status" in droplets.columns else [None] * len(droplets)
    return [explain_missing(*told) for told in zip(features, status, strict=True)]


def _note(row: Mapping[Hashable, Any], error: object, reason: str) -> str | None:
    parts = []
    columns = {
        "cpu": "cpu_p95_percent",
        "memory": "memory_p95_percent",
        "disk": "disk_used_gb",
        "traffic": "outbound_tb_month",
    }
    missing = [word for word, column in columns.items() if pd.isna(row[column])]
    if error is not None:
        parts.append(f"could not be read: {escape_unprintable(str(error))}")
    elif missing:
        what = "no readings in this window" if len(missing) == len(columns) else f"no readings of {join_words(missing)}"
        parts.append(what + reason)
    if row["impossible"]:
        parts.append(f"{pluralize(int(row['impossible']), 'impossible reading')} left out")
    coarse = summarize_resolution(row["step_minutes"] / 60)
    if coarse:
        parts.append(coarse)
    if row["resized"] is True:
        parts.append("resized in between")
    return "; ".join(parts) or None
