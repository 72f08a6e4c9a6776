"""What happened: a line of bars over time for each droplet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from poseidon_nb.frames.validation import require_columns
from poseidon_nb.plots.droplet_rows import MOST_DROPLETS, in_rows, name_rows
from poseidon_nb.plots.labels import escaped, known, left_out, told, told_apart
from poseidon_nb.plots.picture import BAD, COLOURS, nothing
from poseidon_nb.text import format_duration, pluralize

if TYPE_CHECKING:
    import pandas as pd

    from poseidon_nb.plots.picture import Picture

_COLUMNS = ("name", "type", "started_at", "ended_at", "duration_s", "failed", "status", "droplet_id", "id")
#: The least width of a bar: most actions take seconds, in a window of days.
_LEAST_PX = 5
_MS = 1_000.0

#: What is done, in the kinds that a person tells apart; a colour each.
_KINDS = {
    "made or deleted": ("create", "destroy", "delete"),
    "switched on or off": ("power_on", "power_off", "power_cycle", "reboot", "shutdown"),
    "copied": ("snapshot", "backup", "enable_backups", "disable_backups", "change_backup_policy"),
    "changed": ("resize", "rebuild", "restore", "rename", "change_kernel", "password_reset", "enable_ipv6"),
}
_OTHER = "other"
_KIND_OF = {type_: kind for kind, types in _KINDS.items() for type_ in types}
_COLOUR_OF = dict(zip([*_KINDS, _OTHER], COLOURS, strict=False))
#: What is seen besides a colour: a cross upon what failed, a triangle where something goes on.
_FAILED, _RUNNING = "failed", "still running"
_MARKS = {_FAILED: ("x", BAD), _RUNNING: ("triangle-right", COLOURS[0])}


def timeline(spans: pd.DataFrame) -> Picture:
    """Draw what was done to each droplet when; what failed has a cross, what still runs a triangle at its end.

    Parameters
    ----------
    spans : pandas.DataFrame
        As `analysis.timeline.spans` gives them.

    Returns
    -------
    Picture
        The busiest 60 droplets, if there are more.
    """
    spans = require_columns(spans, _COLUMNS, "spans", source="po.analysis.timeline.spans")
    timed = spans.dropna(subset=["started_at"])
    title, table = "What was done to each droplet", spans[["name", "type", "started_at", "duration_s", "status"]]
    if timed.empty:
        return nothing("nothing was done to any droplet in this time", table=table, title=title)
    labels = told_apart(timed["name"], timed["droplet_id"])
    drawn_labels = [*labels.value_counts().index[:MOST_DROPLETS]]
    kept = timed.assign(
        label=labels,
        failed=timed["failed"].fillna(value=False),
        kind=timed["type"].map(_KIND_OF).fillna(_OTHER),
        # One that failed without an end, or ends before it begins, is drawn at its beginning.
        ended_at=timed["ended_at"].where(timed["ended_at"] >= timed["started_at"], timed["started_at"]),
    )[labels.isin(drawn_labels)]
    order = sorted(drawn_labels, key=_as_counted)
    picture = in_rows(
        [
            *[_bars(kept[kept["kind"] == kind], kind) for kind in _COLOUR_OF if (kept["kind"] == kind).any()],
            *_marks(kept),
        ],
        len(order),
        table=table,
        words=_words(timed, len(drawn_labels), labels.nunique()),
        title=title,
        x="time (UTC)",
        barmode="overlay",
        bargap=0.35,
    )
    picture.update_xaxes(type="date")
    name_rows(picture, order)
    return picture


def _as_counted(name: str) -> list[tuple[int, str]]:
    """Give what names are sorted by: ``web-10`` comes after ``web-9``."""
    parts = re.split(r"([0-9]{1,18})", name.casefold())
    # Between any two words there is a number.
    return [(int(part), "") if place % 2 else (-1, part) for place, part in enumerate(parts)]


def _bars(spans: pd.DataFrame, kind: str) -> Any:
    colour = _COLOUR_OF[kind]
    return go.Bar(
        name=kind,
        orientation="h",
        y=spans["label"].map(escaped).tolist(),
        base=_moments(spans["started_at"]),
        x=((spans["ended_at"] - spans["started_at"]).dt.total_seconds() * _MS).tolist(),
        marker={"color": colour, "line": {"color": colour, "width": _LEAST_PX / 2}},
        hovertext=_hover(spans),
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _marks(spans: pd.DataFrame) -> list[Any]:
    marked = {_FAILED: spans["failed"], _RUNNING: spans["status"] == "in-progress"}
    return [
        go.Scatter(
            name=name,
            mode="markers",
            x=_moments(spans["ended_at"][which]),
            y=spans["label"][which].map(escaped).tolist(),
            marker={"symbol": symbol, "color": colour, "size": 10},
            hovertext=_hover(spans[which]),
            hovertemplate="%{hovertext}<extra></extra>",
        )
        for name, which in marked.items()
        for symbol, colour in [_MARKS[name]]
        if which.any()
    ]


def _moments(times: pd.Series[Any]) -> list[str]:
    return [str(one) for one in times.dt.strftime("%Y-%m-%d %H:%M:%S")]


def _hover(spans: pd.DataFrame) -> list[str]:
    rows = zip(
        spans["label"],
        spans["type"].fillna(""),
        spans["status"].fillna(""),
        _moments(spans["started_at"]),
        spans["duration_s"].tolist(),
        spans["id"].tolist(),
        strict=True,
    )
    return [
        f"<b>{told(label)}</b><br>{escaped(type_)}: {escaped(status)}<br>{began} UTC"
        f"<br>{f'took {format_duration(took)}' if known(took) else 'end unknown'}, action {number}"
        for label, type_, status, began, took, number in rows
    ]


def _words(spans: pd.DataFrame, droplets: int, of_droplets: int) -> str:
    failed = int(spans["failed"].sum())
    return (
        f"{pluralize(len(spans), 'action')} on {pluralize(of_droplets, 'droplet')}, from"
        f" {spans['started_at'].min():%Y-%m-%d %H:%M} to {spans['ended_at'].fillna(spans['started_at']).max():%Y-%m-%d %H:%M} UTC:"
        f" {f'{failed:,} failed' if failed else 'none failed'}.{left_out(droplets, of_droplets, 'busiest')}"
    )
