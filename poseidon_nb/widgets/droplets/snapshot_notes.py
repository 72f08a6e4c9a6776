"""What the form of a snapshot says: the names, what is needed for a consistent snapshot, and the price. No widgets here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue.prices import SNAPSHOT_GB
from poseidon_nb.plans.costs import action_usd_month
from poseidon_nb.text import escape_unprintable, format_usd, truncated_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Row = Mapping[str, Any]

#: Names in the list of new snapshots.
MAX_SNAPSHOT_NAMES = 3


def snapshot_notes(rows: Sequence[Row], name: str, names: Sequence[str]) -> list[str]:
    """Return the sentences about the snapshots of some droplets.

    Parameters
    ----------
    rows : sequence of mapping
        The droplets as the API sends them.
    name : str
        What the user typed.
    names : sequence of str
        The name of each snapshot.
    """
    if not rows:
        return []
    notes = []
    if name and [*names] != [name]:
        notes.append(f"Snapshot names: {truncated_list(names, max_words=MAX_SNAPSHOT_NAMES)}.")
    if any(row.get("status") == "active" for row in rows):
        what = f"{escape_unprintable(str(rows[0]['name']))} stays" if len(rows) == 1 else "Active droplets stay"
        notes.append(f"{what} active. For a consistent snapshot, power off first.")
    max_usd = sum(action_usd_month(row, "snapshot", {}, {}) or 0.0 for row in rows)
    price = f"A snapshot costs {format_usd(SNAPSHOT_GB.usd)} a month per GB of data until it is deleted"
    return [*notes, f"{price}: at most {format_usd(max_usd)} a month in total." if max_usd else f"{price}."]
