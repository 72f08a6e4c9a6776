"""The sentence below the table of ``%do snapshots prune``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.text import format_usd, pluralize

if TYPE_CHECKING:
    import pandas as pd


def summarize_retention(found: pd.DataFrame) -> str:
    """Return how many snapshots go, what that saves, and how many of those that go a droplet was made from."""
    if found.empty:
        return "There are no snapshots."
    going = found[found["verdict"] == "delete"]
    if going.empty:
        return f"{pluralize(len(found), 'snapshot')}: all stay."
    saving = going["saving_usd_month"].sum()
    sources = int(going["why"].str.contains("made from it", regex=False).sum())
    warning = (
        f" A droplet was made from {sources:,} of them: it keeps running, but cannot be rebuilt from it."
        if sources
        else ""
    )
    return f"{len(going):,} of {pluralize(len(found), 'snapshot')} can go, which saves {format_usd(saving)} a month.{warning}"
