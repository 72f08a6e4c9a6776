"""The sentences above the table of ``%do rightsize``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.text import format_usd, pluralize

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd

_IS_OFF = (
    "is off, so nothing was measured; it is still billed",
    "are off, so nothing was measured; they are still billed",
)


def summarize_advice(advice: pd.DataFrame, off: Collection[int] = ()) -> str:
    """Return how many droplets can be smaller and what that saves, how many are too small, and how many are unknown.

    Parameters
    ----------
    advice : pandas.DataFrame
        Table ``rightsizing``.
    off : collection of int
        The ids of droplets that are off: nothing measures these.
    """
    if advice.empty:
        return "There are no droplets to analyze."
    count = advice["verdict"].value_counts()
    smaller, unknown = (int(count.get(verdict, 0)) for verdict in ("smaller", "unknown"))
    total, rest = len(advice), summarize_rest(advice, off, details="see the column why")
    if unknown == total:
        return rest
    saving = advice.loc[advice["verdict"] == "smaller", "saving_usd_month"].sum()
    parts = [
        f"{smaller:,} of {pluralize(total, 'droplet')} can be smaller, which saves {format_usd(saving)} a month"
        f" ({format_usd(12 * saving)} a year)"
        if smaller
        else f"{'The droplet' if total == 1 else f'None of {total:,} droplets'} can{'not' if total == 1 else ''} be resized"
        " to a cheaper size"
    ]
    recreated = advice["recreate_saving_usd_month"].dropna()
    if len(recreated):
        parts.append(
            f"{len(recreated):,} more would save {format_usd(recreated.sum())} a month if recreated with a smaller disk"
        )
    return f"{'. '.join(parts)}.{f' {rest}' if rest else ''}"


def summarize_rest(advice: pd.DataFrame, off: Collection[int] = (), *, details: str = "see %do rightsize") -> str:
    """Return how many droplets are too small, and how many are unknown: what the chart of the savings does not say.

    Parameters
    ----------
    advice : pandas.DataFrame
        Table ``rightsizing``.
    off : collection of int
        The ids of droplets that are off.
    details : str
        Where the reasons are.
    """
    larger, unknown = (advice[advice["verdict"] == verdict] for verdict in ("larger", "unknown"))
    parts = [f"{len(larger):,} should be larger{_extra_cost(larger)}"] if len(larger) else []
    stopped = int(unknown["droplet_id"].isin([*off]).sum())
    if stopped:
        parts.append(f"{pluralize(stopped, 'droplet')} {_IS_OFF[stopped > 1]}")
    if len(unknown) > stopped:
        parts.append(f"{_droplets_have(len(unknown) - stopped)} too little data; {details}")
    return f"{'. '.join(parts)}." if parts else ""


def _droplets_have(count: int) -> str:
    return f"{pluralize(count, 'droplet')} {'has' if count == 1 else 'have'}"


def _extra_cost(larger: pd.DataFrame) -> str:
    more = -larger["saving_usd_month"].sum()
    without_size = int(larger["advised_size"].isna().sum())
    parts = []
    if without_size < len(larger):
        parts.append(
            f"which {'costs' if more >= 0 else 'saves'} {format_usd(abs(more))} a month{' more' if more >= 0 else ''}"
        )
    if without_size:
        parts.append(
            f"{without_size:,} of them {'needs' if without_size == 1 else 'need'} more than any size in their region offers"
        )
    return f", {', '.join(parts)}" if parts else ""
