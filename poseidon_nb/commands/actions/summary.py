"""Sentences above the tables of ``%do actions timeline`` and ``durations``."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from poseidon_nb.text import format_seconds, pluralize, truncated_list

if TYPE_CHECKING:
    import pandas as pd

#: The number of names in a sentence; the rest is counted.
_MAX_NAMES = 3


def summarize_timeline(spans: pd.DataFrame, droplets: str, last: str) -> str:
    """Return the number of actions and droplets, which actions failed, and which have inconsistent times."""
    if spans.empty:
        return f"No actions on {droplets} in the last {last}. Use --last to look further back."
    counts = f"{pluralize(len(spans), 'action')} on {pluralize(spans['droplet_id'].nunique(), 'droplet')}"
    failed = spans[spans["failed"]]
    types = failed["type"].fillna("unknown")
    which = Counter(f"{type_} of {name}" for type_, name in zip(types, failed["name"], strict=True))
    running = int((spans["status"] == "in-progress").sum())
    summary = f"{counts} in the last {last}; {_failed(which, running)}."
    return " ".join(filter(None, (summary, summarize_inconsistent_spans(spans))))


def summarize_inconsistent_spans(spans: pd.DataFrame) -> str:
    """Return how many actions of a timeline end before they start; empty if none does."""
    return _inconsistent(spans["started_at"], spans["ended_at"])


def summarize_durations(actions: pd.DataFrame, times: pd.DataFrame, last: str) -> str:
    """Return the number of actions, which types failed, and which type is the slowest.

    Parameters
    ----------
    actions : pandas.DataFrame
        All actions.
    times : pandas.DataFrame
        Table ``durations``.
    last : str
        How far back, as typed.
    """
    if actions.empty:
        return f"No actions in the last {last}. Use --last to look further back."
    failed = times[times["failed"] > 0]
    which = Counter(dict(zip(failed["type"], failed["failed"].astype(int), strict=True)))
    counts = f"{pluralize(len(actions), 'action')} of {pluralize(len(times), 'type')} in the last {last}"
    summary = f"{counts}; {_failed(which, int(times['running'].sum()))}{_slowest(times)}."
    return " ".join(filter(None, (summary, summarize_inconsistent(actions))))


def summarize_inconsistent(actions: pd.DataFrame) -> str:
    """Return how many actions end before they start; empty if none does."""
    return _inconsistent(actions["started_at"], actions["completed_at"])


def _failed(which: Counter[str], running: int) -> str:
    listed = [f"{name} ({count:,})" if count > 1 else name for name, count in which.most_common()]
    failed = f"{which.total():,} failed: {truncated_list(listed, max_words=_MAX_NAMES)}" if listed else "none failed"
    return f"{failed}; {running:,} in progress" if running else failed


def _slowest(times: pd.DataFrame) -> str:
    """Return the type with the longest median; empty if no action has completed."""
    timed = times.dropna(subset=["median_s"])
    if timed.empty:
        return ""
    row = timed.sort_values("median_s", kind="stable").iloc[-1]
    return f"; slowest: {row['type']} (median {format_seconds(row['median_s'])})"


def _inconsistent(started: pd.Series[Any], ended: pd.Series[Any]) -> str:
    count = int((ended < started).sum())
    if not count:
        return ""
    return f"{pluralize(count, 'action')} {'has' if count == 1 else 'have'} an end time before the start time, so the duration is unknown."
