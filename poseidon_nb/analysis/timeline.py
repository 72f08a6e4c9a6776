"""Actions over time: when each droplet was acted upon, with what result, and how long each type of action takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from poseidon_nb.analysis.inputs import to_utc
from poseidon_nb.frames.validation import build_derived, require_columns

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["durations", "spans"]

_REQUIRED = ("id", "status", "type", "resource_type", "resource_id", "region", "started_at", "completed_at")
_DROPLET, _IN_PROGRESS, _COMPLETED, _ERRORED = "droplet", "in-progress", "completed", "errored"
_P90 = 0.9
#: The type of an action for which the API returns none.
_UNKNOWN_TYPE = "(unknown)"


def spans(
    actions: pd.DataFrame, names: Mapping[int, str] | pd.Series[str] | None = None, *, now: datetime | None = None
) -> pd.DataFrame:
    """Return the start, end and duration of each action on a droplet, in the given order.

    Parameters
    ----------
    actions : pandas.DataFrame
        As returned by ``client.actions.frame``. Actions on images, volumes and addresses are left out.
    names : mapping or pandas.Series, optional
        Droplet names by id. A droplet without a name, because it was deleted, is named by its id.
    now : datetime, optional
        The end of actions in progress, in UTC if naive. By default the latest time in the frame.

    Returns
    -------
    pandas.DataFrame
        Table ``spans``: a row for each action. An action that ends before it starts has no duration.

    Raises
    ------
    InvalidArgument
        A column is missing.
    """
    actions = require_columns(actions, _REQUIRED, "actions")
    on_droplets = actions[(actions["resource_type"] == _DROPLET).fillna(value=False)]
    in_progress = (on_droplets["status"] == _IN_PROGRESS).fillna(value=False)
    latest = on_droplets[["started_at", "completed_at"]].max(axis=None) if now is None else to_utc(now)
    # A failed action may have no end; its duration is then unknown.
    ended = on_droplets["completed_at"].mask(in_progress, latest)
    known = {} if names is None else dict(names)
    labels = [known.get(id_, str(id_)) if pd.notna(id_) else None for id_ in on_droplets["resource_id"].tolist()]
    return build_derived(
        "spans",
        on_droplets[["type", "started_at", "status", "region", "id"]].assign(
            droplet_id=on_droplets["resource_id"],
            name=pd.Series(labels, on_droplets.index, dtype="string"),
            ended_at=ended,
            duration_s=_duration_s(on_droplets["started_at"], ended),
            failed=(on_droplets["status"] == _ERRORED).fillna(value=False),
        ),
    )


def durations(actions: pd.DataFrame) -> pd.DataFrame:
    """Return how long actions take, by type, the most frequent type first.

    Parameters
    ----------
    actions : pandas.DataFrame
        As returned by ``client.actions.frame``, on droplets and all other resources.

    Returns
    -------
    pandas.DataFrame
        Table ``durations``: a row for each type, ``(unknown)`` for actions without one. Only completed actions count for
        the times, because failures are often quick. Actions that end before they start are counted without a time.

    Raises
    ------
    InvalidArgument
        A column is missing.
    """
    actions = require_columns(actions, ("type", "status", "started_at", "completed_at"), "actions")
    status = actions["status"]
    duration_s = _duration_s(actions["started_at"], actions["completed_at"]).where(status == _COMPLETED)
    by_type = pd.DataFrame(
        {
            "type": actions["type"].fillna(_UNKNOWN_TYPE),
            "failed": (status == _ERRORED).fillna(value=False),
            "running": (status == _IN_PROGRESS).fillna(value=False),
            "duration_s": duration_s.astype("float64"),
        }
    ).groupby("type")
    summary = pd.DataFrame(
        {
            "count": by_type.size(),
            "failed": by_type["failed"].sum(),
            "running": by_type["running"].sum(),
            "median_s": by_type["duration_s"].median(),
            "p90_s": by_type["duration_s"].quantile(_P90),
        }
    )
    ordered = summary.rename_axis("type").reset_index().sort_values(["count", "type"], ascending=[False, True])
    return build_derived("durations", ordered)


def _duration_s(started: pd.Series[Any], ended: pd.Series[Any]) -> pd.Series[float]:
    # An end before the start is a wrong record, so the duration is unknown.
    seconds: pd.Series[float] = (ended - started).dt.total_seconds()
    return seconds.mask(seconds < 0)
