"""What happened: when each droplet was acted upon, how that ended, and how long such actions take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from poseidon_nb.analysis.columns import moment
from poseidon_nb.frames.validation import build_derived, require_columns

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["durations", "spans"]

_NEEDED = ("id", "status", "type", "resource_type", "resource_id", "region", "started_at", "completed_at")
_DROPLET, _RUNNING, _COMPLETED, _ERRORED = "droplet", "in-progress", "completed", "errored"
_P90 = 0.9
#: The type of an action that has none.
_UNTYPED = "(unknown)"


def spans(
    actions: pd.DataFrame, names: Mapping[int, str] | pd.Series[str] | None = None, *, now: datetime | None = None
) -> pd.DataFrame:
    """Give the time that each action on a droplet took, in the order given.

    Parameters
    ----------
    actions : pandas.DataFrame
        As `client.actions.frame` gives them. What was done to images, volumes and addresses is left out.
    names : mapping or pandas.Series, optional
        The droplets' names by id. One that is not in it, because it was deleted since, goes by its id.
    now : datetime, optional
        Where an action ends that still runs, in UTC where it names no zone. By default the last moment that the frame
        tells of.

    Returns
    -------
    pandas.DataFrame
        Table ``spans``: a row for each action. One that ends before it begins has no duration.

    Raises
    ------
    InvalidArgument
        The frame lacks a column.
    """
    actions = require_columns(actions, _NEEDED, "actions")
    found = actions[(actions["resource_type"] == _DROPLET).fillna(value=False)]
    running = (found["status"] == _RUNNING).fillna(value=False)
    latest = found[["started_at", "completed_at"]].max(axis=None) if now is None else moment(now)
    # One that failed may have no end; how long it took is then not known.
    ended = found["completed_at"].mask(running, latest)
    known = {} if names is None else dict(names)
    ids = found["resource_id"].tolist()
    return build_derived(
        "spans",
        found[["type", "started_at", "status", "region", "id"]].assign(
            droplet_id=found["resource_id"],
            name=pd.Series(
                [known.get(one, str(one)) if pd.notna(one) else None for one in ids], found.index, dtype="string"
            ),
            ended_at=ended,
            duration_s=_took(found["started_at"], ended),
            failed=(found["status"] == _ERRORED).fillna(value=False),
        ),
    )


def durations(actions: pd.DataFrame) -> pd.DataFrame:
    """Give how long actions take, by their type, those first of which there are most.

    Parameters
    ----------
    actions : pandas.DataFrame
        As `client.actions.frame` gives them, on droplets and on anything else.

    Returns
    -------
    pandas.DataFrame
        Table ``durations``: a row for each type, ``(unknown)`` for those without one. The times are of those that ended
        well: how soon something fails says nothing about how long it takes. Those that end before they begin are counted
        without a time.

    Raises
    ------
    InvalidArgument
        The frame lacks a column.
    """
    actions = require_columns(actions, ("type", "status", "started_at", "completed_at"), "actions")
    status = actions["status"]
    took = _took(actions["started_at"], actions["completed_at"]).where(status == _COMPLETED)
    by_type = pd.DataFrame(
        {
            "type": actions["type"].fillna(_UNTYPED),
            "failed": (status == _ERRORED).fillna(value=False),
            "running": (status == _RUNNING).fillna(value=False),
            "took": took.astype("float64"),
        }
    ).groupby("type")
    found = pd.DataFrame(
        {
            "count": by_type.size(),
            "failed": by_type["failed"].sum(),
            "running": by_type["running"].sum(),
            "median_s": by_type["took"].median(),
            "p90_s": by_type["took"].quantile(_P90),
        }
    )
    ordered = found.rename_axis("type").reset_index().sort_values(["count", "type"], ascending=[False, True])
    return build_derived("durations", ordered)


def _took(began: pd.Series[Any], ended: pd.Series[Any]) -> pd.Series[float]:
    """Give seconds; what ends before it begins was written down wrong, and took nobody knows how long."""
    seconds: pd.Series[float] = (ended - began).dt.total_seconds()
    return seconds.mask(seconds < 0)
