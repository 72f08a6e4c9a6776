"""Metrics as served, converted to comparable values: counters to CPU shares, bytes to usage, and gaps located.

This is the basis of `metrics`. The input is ``client.metrics.frame``, or one answer read by
`poseidon_nb.frames.metrics.metrics_frame`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from poseidon_nb.catalogue.metrics import DECREASING_MODE, GAP_FACTOR, IDLE_MODES
from poseidon_nb.frames.validation import require_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The labels that tell a droplet's bandwidth series apart.
TRAFFIC_LABELS = ("interface", "direction")

_ID_COLUMNS = ("droplet_id", "host_id")


def require_metrics(series: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Return the metrics with the dtypes of table ``series``; call it once per frame, because later calls cost nothing."""
    return require_columns(series, columns, "metrics", dtypes={"host_id": "Int64"})


def select_metric(series: pd.DataFrame, metric: str | None, labels: Sequence[str] = ()) -> pd.DataFrame:
    """Return the readings of one metric without duplicates, sorted by droplet, labels and time.

    Parameters
    ----------
    series : pandas.DataFrame
        With ``time``, ``droplet_id`` or ``host_id``, ``value``, and ``metric`` unless it holds one metric only.
    metric : str or None
        None for all metrics.
    labels : sequence of str
        The columns that tell a droplet's series apart. Missing labels become empty text.

    Returns
    -------
    pandas.DataFrame
        ``droplet_id`` (int64), the labels, ``time``, ``value`` (float64, finite).

    Raises
    ------
    InvalidArgument
        A column is missing, or an id is not a number.
    """
    series = require_metrics(series, "time", "value")
    id_column = next((name for name in _ID_COLUMNS if name in series.columns), None)
    if id_column is None:
        require_metrics(series, *_ID_COLUMNS[:1])
    selected = series
    if metric is not None and "metric" in series.columns:
        selected = series.loc[(series["metric"] == metric).to_numpy(dtype=bool, na_value=False)]
    columns: dict[str, Any] = {"droplet_id": selected[id_column]}
    for label in labels:
        columns[label] = selected[label].fillna("") if label in selected.columns else ""
    columns |= {name: selected[name] for name in ("time", "value")}
    frame = pd.DataFrame(columns, index=selected.index)
    valid = frame["droplet_id"].notna() & frame["time"].notna() & np.isfinite(frame["value"])
    order = ["droplet_id", *labels, "time"]
    unique: pd.DataFrame = frame.loc[valid].drop_duplicates(order, keep="last")
    return unique.astype({"droplet_id": np.int64}).sort_values(order, ignore_index=True)


def step_seconds(frame: pd.DataFrame, by: Sequence[str]) -> pd.Series[float]:
    """Return the seconds since the previous reading of the same series; missing for the first."""
    seconds: pd.Series[float] = frame.groupby([*by], sort=False)["time"].diff().dt.total_seconds()
    return seconds


def gap_seconds(frame: pd.DataFrame, by: Sequence[str]) -> pd.Series[float]:
    """Return the seconds by which a reading exceeds its series' usual step; missing if there is no gap before it."""
    seconds = step_seconds(frame, by)
    usual = seconds.groupby([frame[name] for name in by], sort=False).transform("median")
    return (seconds - usual).where(seconds > GAP_FACTOR * usual)


def mark_gaps(frame: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Append a row without a value at the start of each gap, one usual step after the last reading before it."""
    gaps = gap_seconds(frame, by)
    rows = frame.loc[gaps.notna()].assign(value=np.nan)
    rows["time"] = rows["time"] - pd.to_timedelta(gaps.dropna(), unit="s")
    return pd.concat([frame, rows.astype(frame.dtypes.to_dict())], ignore_index=True) if len(rows) else frame


def cpu_seconds(series: pd.DataFrame) -> pd.DataFrame:
    """Return the CPU time spent in each mode between each reading and the previous one.

    The counters are cumulative seconds for each mode (``monitoring_get_DropletCpuMetrics``), so only differences are
    meaningful; their sum is the time of all vCPUs. A counter that decreased was reset, so its step is unknown. The
    exception is ``iowait``, which a kernel may decrease (proc(5)); that counts as zero.

    Returns
    -------
    pandas.DataFrame
        ``droplet_id``, ``time`` (end of the step), ``seconds`` (length of the step), ``total_seconds`` (of all vCPUs) and
        a column for each mode (seconds). After a gap or reset all but the first two are missing.
    """
    series = require_metrics(series, "mode")
    counters = select_metric(series, "cpu", ("mode",))
    wide = counters.pivot(index=["droplet_id", "time"], columns="mode", values="value")  # noqa: PD010  # nothing to aggregate
    modes = [*dict.fromkeys([*wide.columns, *IDLE_MODES])]
    wide = wide.reindex(columns=modes).astype(np.float64)
    steps = wide.groupby(level="droplet_id", sort=False).diff()
    is_reset = (steps.drop(columns=DECREASING_MODE) < 0).any(axis="columns")
    steps[DECREASING_MODE] = steps[DECREASING_MODE].clip(lower=0)
    frame = steps.reset_index()
    seconds = step_seconds(frame, ["droplet_id"])
    unknown = (
        is_reset.to_numpy() | gap_seconds(frame, ["droplet_id"]).notna().to_numpy() | frame["idle"].isna().to_numpy()
    )
    frame.insert(2, "seconds", seconds)
    frame.insert(3, "total_seconds", frame[modes].sum(axis="columns"))
    unknown |= (frame["total_seconds"] <= 0).to_numpy()
    frame.loc[unknown, ["seconds", "total_seconds", *modes]] = np.nan
    frame.columns.name = None
    return frame.loc[seconds.notna().to_numpy()].reset_index(drop=True)


def cpu_usage(series: pd.DataFrame) -> pd.DataFrame:
    """Return how busy the vCPUs of each droplet were, all together.

    Returns
    -------
    pandas.DataFrame
        ``droplet_id``, ``time``, ``seconds`` (of the step that ends then), ``vcpus`` (their number), ``value`` (percent
        of all of them). The last three are missing for an unknown step.
    """
    frame = cpu_seconds(series)
    idle = frame[[*IDLE_MODES]].sum(axis="columns")
    return pd.DataFrame(
        {
            "droplet_id": frame["droplet_id"],
            "time": frame["time"],
            "seconds": frame["seconds"],
            "vcpus": frame["total_seconds"] / frame["seconds"],
            "value": 100 * (frame["total_seconds"] - idle) / frame["total_seconds"],
        }
    )


def memory_usage(series: pd.DataFrame) -> pd.DataFrame:
    """Return the memory in use: the total without ``memory_available``.

    Where ``memory_available`` is missing, it is ``memory_free`` plus ``memory_cached``.

    Returns
    -------
    pandas.DataFrame
        ``droplet_id``, ``time``, ``total`` and ``used`` (bytes), ``value`` (percent of the total at that time, so that
        it is correct across a resize). Invalid readings are left out: see `count_invalid`.
    """
    return _valid(_memory(series))


def filesystem_usage(series: pd.DataFrame) -> pd.DataFrame:
    """Return the usage of each filesystem.

    Returns
    -------
    pandas.DataFrame
        ``droplet_id``, ``device``, ``mountpoint``, ``time``, ``size`` and ``used`` (bytes), ``value`` (percent of the size
        at that time). Invalid readings are left out: see `count_invalid`.
    """
    return _valid(_filesystems(series))


def traffic(series: pd.DataFrame) -> pd.DataFrame:
    """Return the traffic without invalid readings.

    Returns
    -------
    pandas.DataFrame
        ``droplet_id``, ``interface``, ``direction``, ``time``, ``value`` (Mbit/s).
    """
    rates = select_metric(series, "bandwidth", TRAFFIC_LABELS)
    return rates[rates["value"] >= 0].reset_index(drop=True)


def count_invalid(series: pd.DataFrame) -> pd.Series[int]:
    """Count the invalid readings of each droplet, which are treated as missing.

    Free memory or disk space is invalid if it is negative or above the total, and traffic if it is negative.
    """
    ids = [
        frame.loc[~frame["value"].between(0, 100), "droplet_id"] for frame in (_memory(series), _filesystems(series))
    ]
    rates = select_metric(series, "bandwidth", TRAFFIC_LABELS)
    counts: pd.Series[int] = pd.concat([*ids, rates.loc[rates["value"] < 0, "droplet_id"]]).value_counts()
    return counts


def droplet_names(series: pd.DataFrame) -> dict[int, str]:
    """Return the droplet names by id, in the order of the frame; droplets without a name are left out."""
    if "name" not in series.columns or "droplet_id" not in series.columns:
        return {}
    pairs = series[["droplet_id", "name"]].dropna().drop_duplicates("droplet_id")
    return {int(id_): str(name) for id_, name in zip(pairs["droplet_id"], pairs["name"], strict=True)}


def _memory(series: pd.DataFrame) -> pd.DataFrame:
    series = require_metrics(series, "metric")
    order = ["droplet_id", "time"]
    total, available, free, cached = (
        select_metric(series, f"memory_{part}").rename(columns={"value": part})
        for part in ("total", "available", "free", "cached")
    )
    frame = total.merge(available, on=order, how="left").merge(free, on=order, how="left")
    frame = frame.merge(cached, on=order, how="left")
    unused = frame["available"].fillna(frame["free"] + frame["cached"])
    return _used(frame, order, total="total", unused=unused)


def _filesystems(series: pd.DataFrame) -> pd.DataFrame:
    series = require_metrics(series, "metric")
    labels = ("device", "mountpoint")
    order = ["droplet_id", *labels, "time"]
    size, free = (
        select_metric(series, f"filesystem_{part}", labels).rename(columns={"value": part}) for part in ("size", "free")
    )
    frame = size.merge(free, on=order)
    return _used(frame, order, total="size", unused=frame["free"])


def _used(frame: pd.DataFrame, order: list[str], *, total: str, unused: pd.Series[float]) -> pd.DataFrame:
    used = frame[total] - unused
    frame = frame[[*order, total]].assign(used=used, value=100 * used / frame[total].where(frame[total] > 0))
    return frame.dropna(subset="value").sort_values(order, ignore_index=True)


def _valid(usage: pd.DataFrame) -> pd.DataFrame:
    return usage[usage["value"].between(0, 100)].reset_index(drop=True)
