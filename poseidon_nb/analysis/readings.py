"""From what was served to what can be compared: counters to shares of the CPU, bytes to what is used, gaps found.

What `metrics` and `use` stand on. All of it works on frames as ``client.metrics.frame`` gives them, or on those that
`poseidon_nb.frames.metrics.metrics_frame` makes of one answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from poseidon_nb.frames.validation import require_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

#: So many times the usual time between two readings is a gap: one reading is missing, and its neighbours came in time.
GAP = 1.5
#: The CPU has nothing to do: of itself, or until a disk has answered. What a hypervisor steals was wanted, so it is busy.
IDLE = ("idle", "iowait")

#: What tells the series of a droplet's traffic apart.
TRAFFIC = ("interface", "direction")

_IDS = ("droplet_id", "host_id")
_WHOLE = 100.0


def readable(series: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Give the frame of metrics as it can be reckoned with; what is asked first does it, so that it is done once."""
    return require_columns(series, columns, "metrics", dtypes={"host_id": "Int64"})


def picked(series: pd.DataFrame, metric: str | None, labels: Sequence[str] = ()) -> pd.DataFrame:
    """Give the readings of one metric, each once, sorted by droplet, labels and time.

    Parameters
    ----------
    series : pandas.DataFrame
        With ``time``, ``droplet_id`` or ``host_id``, ``value``, and ``metric`` unless all is of one metric.
    metric : str or None
        None for those of all metrics.
    labels : sequence of str
        What tells a droplet's series apart; text, empty where a reading lacks it.

    Returns
    -------
    pandas.DataFrame
        ``droplet_id`` (int64), the labels, ``time``, ``value`` (float64, finite).

    Raises
    ------
    InvalidArgument
        The frame has no such columns, or an id is no number.
    """
    series = readable(series, "time", "value")
    ids = next((name for name in _IDS if name in series.columns), None)
    if ids is None:
        readable(series, *_IDS[:1])
    found = series
    if metric is not None and "metric" in series.columns:
        found = series.loc[(series["metric"] == metric).to_numpy(dtype=bool, na_value=False)]
    columns: dict[str, Any] = {"droplet_id": found[ids]}
    for label in labels:
        columns[label] = found[label].fillna("") if label in found.columns else ""
    columns |= {name: found[name] for name in ("time", "value")}
    frame = pd.DataFrame(columns, index=found.index)
    told = frame["droplet_id"].notna() & frame["time"].notna() & np.isfinite(frame["value"])
    order = ["droplet_id", *labels, "time"]
    once: pd.DataFrame = frame.loc[told].drop_duplicates(order, keep="last")
    return once.astype({"droplet_id": np.int64}).sort_values(order, ignore_index=True)


def seconds_since(frame: pd.DataFrame, by: Sequence[str]) -> pd.Series[float]:
    """Give the seconds since the reading before in the same series; missing for the first."""
    seconds: pd.Series[float] = frame.groupby([*by], sort=False)["time"].diff().dt.total_seconds()
    return seconds


def beyond_usual(frame: pd.DataFrame, by: Sequence[str]) -> pd.Series[float]:
    """Give the seconds by which a reading comes later than its series' usual step; missing where no gap is before it."""
    seconds = seconds_since(frame, by)
    usual = seconds.groupby([frame[name] for name in by], sort=False).transform("median")
    return (seconds - usual).where(seconds > GAP * usual)


def with_gaps(frame: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Add a row without a value where each gap begins, a usual step after the last reading before it; at the end, unsorted."""
    late = beyond_usual(frame, by)
    holes = frame.loc[late.notna()].assign(value=np.nan)
    holes["time"] = holes["time"] - pd.to_timedelta(late.dropna(), unit="s")
    return pd.concat([frame, holes.astype(frame.dtypes.to_dict())], ignore_index=True) if len(holes) else frame


def spent(series: pd.DataFrame) -> pd.DataFrame:
    """Give what the CPU's time was spent on between each reading and the one before it.

    The counters are cumulative seconds for each mode (``monitoring_get_DropletCpuMetrics``), so only differences mean
    anything, and their sum is the whole: the droplet's vCPUs, all the time. A counter that fell began anew, and nothing
    is known of that step. But for ``iowait``: a kernel may take some of that back (proc(5)), which counts as none.

    Returns
    -------
    pandas.DataFrame
        ``droplet_id``, ``time`` (the end of the step), ``seconds`` (its length), ``whole`` (seconds of all vCPUs) and a
        column for each mode (seconds). Where a gap or a restart lies in between, all but the first two are missing.
    """
    series = readable(series, "mode")
    counters = picked(series, "cpu", ("mode",))
    wide = counters.pivot(index=["droplet_id", "time"], columns="mode", values="value")  # noqa: PD010  # nothing to add up
    modes = [*dict.fromkeys([*wide.columns, *IDLE])]
    wide = wide.reindex(columns=modes).astype(np.float64)
    steps = wide.groupby(level="droplet_id", sort=False).diff()
    fell = (steps.drop(columns="iowait") < 0).any(axis="columns")
    steps["iowait"] = steps["iowait"].clip(lower=0)
    frame = steps.reset_index()
    seconds = seconds_since(frame, ["droplet_id"])
    unknown = fell.to_numpy() | beyond_usual(frame, ["droplet_id"]).notna().to_numpy() | frame["idle"].isna().to_numpy()
    frame.insert(2, "seconds", seconds)
    frame.insert(3, "whole", frame[modes].sum(axis="columns"))
    unknown |= (frame["whole"] <= 0).to_numpy()
    frame.loc[unknown, ["seconds", "whole", *modes]] = np.nan
    frame.columns.name = None
    return frame.loc[seconds.notna().to_numpy()].reset_index(drop=True)


def busy(series: pd.DataFrame) -> pd.DataFrame:
    """Give how busy each droplet's vCPUs were, all together.

    Returns
    -------
    pandas.DataFrame
        ``droplet_id``, ``time``, ``seconds`` (of the step that ends then), ``vcpus`` (how many there were), ``value``
        (percent of all of them); the last three are missing for a step of which nothing is known.
    """
    frame = spent(series)
    idle = frame[[*IDLE]].sum(axis="columns")
    return pd.DataFrame(
        {
            "droplet_id": frame["droplet_id"],
            "time": frame["time"],
            "seconds": frame["seconds"],
            "vcpus": frame["whole"] / frame["seconds"],
            "value": 100 * (frame["whole"] - idle) / frame["whole"],
        }
    )


def memory_used(series: pd.DataFrame) -> pd.DataFrame:
    """Give the memory that programs and the kernel hold: the whole without what could be had at once.

    That is ``memory_available`` where it was served, and else ``memory_free`` and ``memory_cached`` together.

    Returns
    -------
    pandas.DataFrame
        ``droplet_id``, ``time``, ``total`` and ``used`` (bytes), ``value`` (percent). The total is that of the moment,
        so a resize in between is right. Readings that cannot be are missing: see `impossible`.
    """
    return _possible(_memory_told(series))


def _memory_told(series: pd.DataFrame) -> pd.DataFrame:
    series = readable(series, "metric")
    order = ["droplet_id", "time"]
    total, available, free, cached = (
        picked(series, f"memory_{part}").rename(columns={"value": part})
        for part in ("total", "available", "free", "cached")
    )
    frame = total.merge(available, on=order, how="left").merge(free, on=order, how="left")
    frame = frame.merge(cached, on=order, how="left")
    left = frame["available"].fillna(frame["free"] + frame["cached"])
    return _used(frame, order, whole="total", left=left)


def filesystems_used(series: pd.DataFrame) -> pd.DataFrame:
    """Give what is used of each filesystem.

    Returns
    -------
    pandas.DataFrame
        ``droplet_id``, ``device``, ``mountpoint``, ``time``, ``size`` and ``used`` (bytes), ``value`` (percent). The size
        is that of the moment. Readings that cannot be are missing: see `impossible`.
    """
    return _possible(_filesystems_told(series))


def _filesystems_told(series: pd.DataFrame) -> pd.DataFrame:
    series = readable(series, "metric")
    labels = ("device", "mountpoint")
    order = ["droplet_id", *labels, "time"]
    size, free = (
        picked(series, f"filesystem_{part}", labels).rename(columns={"value": part}) for part in ("size", "free")
    )
    frame = size.merge(free, on=order)
    return _used(frame, order, whole="size", left=frame["free"])


def _used(frame: pd.DataFrame, order: list[str], *, whole: str, left: pd.Series[float]) -> pd.DataFrame:
    used = frame[whole] - left
    frame = frame[[*order, whole]].assign(used=used, value=100 * used / frame[whole].where(frame[whole] > 0))
    return frame.dropna(subset="value").sort_values(order, ignore_index=True)


def _possible(told: pd.DataFrame) -> pd.DataFrame:
    return told[told["value"].between(0, _WHOLE)].reset_index(drop=True)


def traffic(series: pd.DataFrame) -> pd.DataFrame:
    """Give the traffic: ``droplet_id``, ``interface``, ``direction``, ``time``, ``value`` (Mbit/s); none is below zero."""
    told = picked(series, "bandwidth", TRAFFIC)
    return told[told["value"] >= 0].reset_index(drop=True)


def impossible(series: pd.DataFrame) -> pd.Series[int]:
    """Count, by droplet, the readings that cannot be, and count as missing.

    More memory or disk is free than there is, or less than nothing; or less than nothing was sent or came.
    """
    told = [
        one.loc[~one["value"].between(0, _WHOLE), "droplet_id"]
        for one in (_memory_told(series), _filesystems_told(series))
    ]
    sent = picked(series, "bandwidth", TRAFFIC)
    counts: pd.Series[int] = pd.concat([*told, sent.loc[sent["value"] < 0, "droplet_id"]]).value_counts()
    return counts


def names_of(series: pd.DataFrame) -> dict[int, str]:
    """Give the droplets' names by id, in the order in which they come; those that have none are left out."""
    if "name" not in series.columns or "droplet_id" not in series.columns:
        return {}
    pairs = series[["droplet_id", "name"]].dropna().drop_duplicates("droplet_id")
    return {int(key): str(name) for key, name in zip(pairs["droplet_id"], pairs["name"], strict=True)}
