"""Sums of cost lines, by what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from poseidon_nb.analysis.columns import texts
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.validation import build_derived, require_columns
from poseidon_nb.text import expected_one_of

if TYPE_CHECKING:
    from collections.abc import Iterable

#: What lines can be added up by.
KEYS = ("kind", "tag", "region", "size", "project", "droplet")

#: What gives lines.
LINES = "po.analysis.cost.lines"
_NEEDED = (
    *("kind", "name", "price_usd_month", "price_usd_hour", "region", "size", "project", "tags", "droplet_id", "note"),
)
#: How the note of a line begins that stands for a list which could not be read, and so for no thing.
UNREAD = "could not be read"
#: As many different reasons are told for a group.
_REASONS = 3


def by(lines: pd.DataFrame, key: str = "kind") -> pd.DataFrame:
    """Give what lines cost together, dearest first.

    What could not be read counts in `unread` and not as a thing, for nobody knows how many things there are.

    A thing with two tags is counted under each, for each tag's sum has to be what that tag costs: by tag, sums may add up
    to more than the total, which `total` tells. Things with no tag, region, size, project or droplet are one row whose
    group is missing. By droplet, backups, snapshots and attached volumes count with their droplet, and two droplets of
    one name are two rows.

    Parameters
    ----------
    lines : pandas.DataFrame
        As `lines` gives them.
    key : str
        One of `KEYS`.

    Returns
    -------
    pandas.DataFrame
        Table ``cost_by``, dearest first, what has no price last.

    Raises
    ------
    InvalidArgument
        Lines cannot be added up by that.
    """
    if key not in KEYS:
        raise InvalidArgument(f"cost cannot be added up by {key!r}{expected_one_of(key, KEYS)}")
    lines = require_columns(lines, _NEEDED, "lines", source=LINES)
    column = {"tag": "tags", "droplet": "droplet_id"}.get(key, key)
    rows = lines[["price_usd_month", "price_usd_hour", "note"]].assign(group=lines[column], unread=unread(lines))
    if key == "tag":
        # An empty list becomes a missing value.
        rows = rows.explode("group", ignore_index=True)
    rows["group"] = rows["group"].astype("Int64" if key == "droplet" else "string")
    rows["without"] = rows["price_usd_month"].isna()
    rows["thing"] = ~rows["unread"]
    rows["unpriced"] = rows["without"] & rows["thing"]
    grouped = rows.groupby("group", dropna=False, sort=True)
    sums = grouped[["price_usd_month", "price_usd_hour"]].sum(min_count=1)
    for counted, flag in (("things", "thing"), ("unpriced", "unpriced"), ("unread", "unread")):
        sums[counted] = grouped[flag].sum()
    sums["note"] = rows[rows["without"]].groupby("group", dropna=False)["note"].agg(_reasons).reindex(sums.index)
    whole = lines["price_usd_month"].sum()
    sums["share_percent"] = 100 * sums["price_usd_month"] / whole if whole else float("nan")
    made = sums.reset_index()
    made["droplet_id"] = made["group"] if key == "droplet" else pd.NA
    if key == "droplet":
        droplets = lines[lines["kind"].isin(("droplet", "kubernetes_node"))]
        made["group"] = made["group"].map(droplets.drop_duplicates("droplet_id").set_index("droplet_id")["name"])
    return build_derived("cost_by", made.sort_values("price_usd_month", ascending=False, kind="stable"))


def _reasons(notes: Iterable[str]) -> str:
    distinct = [*dict.fromkeys(note for note in notes if isinstance(note, str))]
    more = len(distinct) - _REASONS
    return "; ".join([*distinct[:_REASONS], *([f"and {more} more reasons"] if more > 0 else [])])


def total(lines: pd.DataFrame) -> pd.DataFrame:
    """Give what all lines cost together, each once, as a frame of one row.

    Parameters
    ----------
    lines : pandas.DataFrame
        As `lines` gives them.

    Returns
    -------
    pandas.DataFrame
        Table ``cost_total``: one row.
    """
    lines = require_columns(lines, ("price_usd_month", "price_usd_hour"), "lines", source=LINES)
    prices = lines[["price_usd_month", "price_usd_hour"]].sum()
    missing = unread(lines)
    row = {
        **prices.to_dict(),
        "things": int((~missing).sum()),
        "unpriced": int((lines["price_usd_month"].isna() & ~missing).sum()),
        "unread": int(missing.sum()),
    }
    return build_derived("cost_total", pd.DataFrame([row]))


def unread(lines: pd.DataFrame) -> pd.Series[bool]:
    """Say which lines are no things, but stand for a list that could not be read."""
    notes = pd.Series(texts(lines, "note"), lines.index, dtype="string")
    return (lines["price_usd_month"].isna() & notes.str.startswith(f"{UNREAD}: ")).astype(bool)
