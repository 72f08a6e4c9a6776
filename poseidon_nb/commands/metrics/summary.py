"""Sentences above the tables of ``%do metrics``; ``%do rightsize`` uses them too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.text import pluralize, truncated_list

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import pandas as pd

#: The first reading can be later than the start of the window by this share of it, or by these seconds: readings are
#: taken at intervals that grow with the window.
_LATE, _LATE_S = 0.05, 3600.0


def summarize_coverage(series: pd.DataFrame, start: datetime, end: datetime) -> str:
    """Return when readings start, if that is later than requested; else an empty string."""
    first = series["time"].min()
    late_s = (first - start).total_seconds() if len(series) else 0.0
    window_s = (end - start).total_seconds()
    if late_s <= max(_LATE_S, _LATE * window_s):
        return ""
    return (
        f"Readings start at {first:%Y-%m-%d %H:%M} UTC: {_days(window_s - late_s)} of the {_days(window_s)} requested."
    )


def _days(seconds: float) -> str:
    hours = seconds / 3600
    return pluralize(round(hours / 24), "day") if hours >= 48 else pluralize(max(1, round(hours)), "hour")  # noqa: PLR2004  # from two days on


def summarize_missing(metric: str, names: Sequence[str]) -> str:
    """Return which droplets have readings but no values."""
    why = (
        "a CPU percentage needs two readings, and this time range has too few. Use --last to look further back."
        if metric == "cpu"
        else "the readings in this time range are incomplete."
    )
    return f"No values for {truncated_list(names)}: {why}"
