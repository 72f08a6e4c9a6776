"""Actions: a row of bars over time for each droplet, and the duration of each type of action."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from poseidon_nb.frames.validation import require_columns
from poseidon_nb.plots.labels import (
    has_value,
    hover_text,
    omitted_note,
    plotly_text,
    require_finite,
    shortened,
    unique_labels,
)
from poseidon_nb.plots.marks import leave_room, text_px
from poseidon_nb.plots.picture import (
    BAD,
    COLORS,
    MARGIN_PX,
    MAX_DROPLETS,
    TIME_AXIS,
    build_row_picture,
    empty_picture,
    label_numbered_rows,
    label_rows,
)
from poseidon_nb.text import escape_unprintable, format_duration, format_seconds, pluralize

if TYPE_CHECKING:
    import pandas as pd

    from poseidon_nb.plots.picture import Picture

_SPAN_COLUMNS = ("name", "type", "started_at", "ended_at", "duration_s", "failed", "status", "droplet_id", "id")
#: The minimum width of a bar: most actions take seconds, in a window of days.
_MIN_BAR_PX = 5
_MS_PER_S = 1_000.0
#: The groups of action types with a color each.
_GROUPS = {
    "create and delete": ("create", "destroy", "delete"),
    "power": ("power_on", "power_off", "power_cycle", "reboot", "shutdown"),
    "snapshots and backups": ("snapshot", "backup", "enable_backups", "disable_backups", "change_backup_policy"),
    "changes": ("resize", "rebuild", "restore", "rename", "change_kernel", "password_reset", "enable_ipv6"),
}
_OTHER = "other"
_GROUP_OF = {type_: group for group, types in _GROUPS.items() for type_ in types}
_COLOR_OF = dict(zip([*_GROUPS, _OTHER], COLORS, strict=False))
_FAILED, _IN_PROGRESS = "failed", "in progress"
#: What is above the number of actions of each droplet, and its height.
_COUNTS, _COUNTS_PX = "actions", 20
#: Symbols, because color is never the only sign.
_MARKERS = {_FAILED: ("x", BAD), _IN_PROGRESS: ("triangle-right", COLORS[0])}

#: Types of actions in the chart of durations.
MAX_TYPES = 40
_DURATION_COLUMNS = ("type", "count", "failed", "running", "median_s", "p90_s")
_MEDIAN, _P90 = "median", "90th percentile"
#: Steps between two ticks in seconds, and the maximum number of ticks.
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400)
_MAX_TICKS = 7


def timeline(spans: pd.DataFrame) -> Picture:
    """Draw the actions on each droplet over time; a cross marks failures, and a triangle actions in progress.

    Parameters
    ----------
    spans : pandas.DataFrame
        As returned by `analysis.timeline.spans`.

    Returns
    -------
    Picture
        With at most 60 droplets, those with the most actions.
    """
    spans = require_columns(spans, _SPAN_COLUMNS, "spans", source="po.analysis.timeline.spans")
    timed = spans.dropna(subset=["started_at"])
    title, table = "Actions on droplets", spans[["name", "type", "started_at", "duration_s", "status"]]
    if timed.empty:
        return empty_picture("there were no actions on droplets in this time range", table=table, title=title)
    labels = unique_labels(timed["name"], timed["droplet_id"])
    shown_labels = [*labels.value_counts().index[:MAX_DROPLETS]]
    shown = timed.assign(
        label=labels,
        failed=timed["failed"].fillna(value=False),
        group=timed["type"].map(_GROUP_OF).fillna(_OTHER),
        # An action without an end, or with an end before its start, is drawn at its start.
        ended_at=timed["ended_at"].where(timed["ended_at"] >= timed["started_at"], timed["started_at"]),
    )[labels.isin(shown_labels)]
    order = sorted(shown_labels, key=_natural_key)
    groups = [group for group in _COLOR_OF if (shown["group"] == group).any()]
    picture = build_row_picture(
        [*[_span_bars(shown[shown["group"] == group], group) for group in groups], *_span_markers(shown)],
        len(order),
        table=table,
        summary=_spans_summary(timed, len(shown_labels), labels.nunique()),
        title=title,
        finding=_spans_finding(timed, labels.nunique()),
        above=_COUNTS_PX,
        axes=("time (UTC)", "droplet"),
        barmode="overlay",
        bargap=0.35,
    )
    picture.update_xaxes(TIME_AXIS)
    label_rows(picture, order)
    _count_spans(picture, shown)
    return picture


def durations(frame: pd.DataFrame) -> Picture:
    """Draw how long actions take by type, the most frequent on top: a bar for the median, a marker for the 90th percentile.

    Parameters
    ----------
    frame : pandas.DataFrame
        As returned by `analysis.timeline.durations`.

    Returns
    -------
    Picture
        With at most 40 types, the most frequent. A type without completed actions has text instead of a bar.
    """
    frame = require_columns(frame, _DURATION_COLUMNS, "durations", source="po.analysis.timeline.durations")
    require_finite(frame, ("median_s", "p90_s"), "durations", "type")
    title, table = "Duration of actions", frame[[*_DURATION_COLUMNS]]
    if frame.empty:
        return empty_picture("no actions started in this time range", table=table, title=title)
    rows = frame.head(MAX_TYPES).to_dict("records")
    names = [_type_name(row) for row in rows]
    timed = [(position, row) for position, row in enumerate(rows) if has_value(row["median_s"])]
    times = frame.head(MAX_TYPES)[["median_s", "p90_s"]].to_numpy("float64")
    longest_s = float(np.nanmax(times)) if timed else 0.0
    markers = _p90_markers(timed, names)
    picture = build_row_picture(
        [_median_bars(timed, names), markers, *_untimed_texts(rows, names)],
        len(rows),
        table=table,
        summary=_durations_summary(frame),
        title=title,
        finding=_durations_finding(frame),
        axes=("duration", "action type"),
        bargap=0.35,
    )
    leave_room(picture, markers.text)
    ticks = _duration_ticks(longest_s)
    picture.update_xaxes(
        range=[0, longest_s or 1.0],
        tickmode="array",
        tickvals=ticks,
        ticktext=[*map(format_duration, ticks)],
        # Each bar has its durations, which a line of a grid would cross.
        showgrid=False,
    )
    # By number, because a frame of your own may have a type twice.
    label_numbered_rows(picture, names)
    return picture


def _natural_key(name: str) -> list[tuple[int, str]]:
    """Return a sort key by which ``web-10`` comes after ``web-9``."""
    parts = re.split(r"([0-9]{1,18})", name.casefold())
    # Every second part is a number.
    return [(int(part), "") if index % 2 else (-1, part) for index, part in enumerate(parts)]


def _span_bars(spans: pd.DataFrame, group: str) -> Any:
    color = _COLOR_OF[group]
    return go.Bar(
        name=group,
        orientation="h",
        y=spans["label"].map(plotly_text).tolist(),
        base=_time_texts(spans["started_at"]),
        x=((spans["ended_at"] - spans["started_at"]).dt.total_seconds() * _MS_PER_S).tolist(),
        marker={"color": color, "line": {"color": color, "width": _MIN_BAR_PX / 2}},
        hovertext=_span_hover(spans),
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _span_markers(spans: pd.DataFrame) -> list[Any]:
    marked = {_FAILED: spans["failed"], _IN_PROGRESS: spans["status"] == "in-progress"}
    return [
        go.Scatter(
            name=name,
            mode="markers",
            x=_time_texts(spans["ended_at"][which]),
            y=spans["label"][which].map(plotly_text).tolist(),
            marker={"symbol": symbol, "color": color, "size": 10},
            hovertext=_span_hover(spans[which]),
            hovertemplate="%{hovertext}<extra></extra>",
        )
        for name, which in marked.items()
        for symbol, color in [_MARKERS[name]]
        if which.any()
    ]


def _count_spans(picture: Picture, spans: pd.DataFrame) -> None:
    """Write the number of actions behind each row, because bars of seconds overlap in a range of days."""
    counts = spans.groupby("label")["failed"].agg(["size", "sum"])
    texts = {
        plotly_text(label): f"{count:,}{f', {failed:,} failed' if failed else ''}"
        for label, count, failed in counts.itertuples()
    }
    beside = {"x": 1, "xref": "paper", "xanchor": "left", "xshift": 8, "showarrow": False}
    for label, text in texts.items():
        picture.add_annotation(text=text, y=label, **beside)
    picture.add_annotation(text=_COUNTS, y=1, yref="paper", yanchor="bottom", **beside)
    picture.update_layout(margin_r=MARGIN_PX + text_px([_COUNTS, *texts.values()]))


def _time_texts(times: pd.Series[Any]) -> list[str]:
    return [str(text) for text in times.dt.strftime("%Y-%m-%d %H:%M:%S")]


def _span_hover(spans: pd.DataFrame) -> list[str]:
    rows = zip(
        spans["label"],
        spans["type"].fillna(""),
        spans["status"].fillna(""),
        _time_texts(spans["started_at"]),
        spans["duration_s"].tolist(),
        spans["id"].tolist(),
        strict=True,
    )
    return [
        f"<b>{hover_text(label)}</b><br>{plotly_text(type_)}: {plotly_text(status)}<br>{started} UTC"
        f"<br>{f'took {format_duration(seconds)}' if has_value(seconds) else 'end unknown'}, action {number}"
        for label, type_, status, started, seconds, number in rows
    ]


def _spans_finding(spans: pd.DataFrame, droplets: int) -> str:
    failed = int(spans["failed"].sum())
    return (
        f"{pluralize(len(spans), 'action')} on {pluralize(droplets, 'droplet')},"
        f" {f'{failed:,} failed' if failed else 'none failed'}"
    )


def _spans_summary(spans: pd.DataFrame, shown: int, droplets: int) -> str:
    failed = int(spans["failed"].sum())
    first, last = spans["started_at"].min(), spans["ended_at"].fillna(spans["started_at"]).max()
    return (
        f"{pluralize(len(spans), 'action')} on {pluralize(droplets, 'droplet')}, from {first:%Y-%m-%d %H:%M} to"
        f" {last:%Y-%m-%d %H:%M} UTC: {f'{failed:,} failed' if failed else 'none failed'}."
        f"{omitted_note(shown, droplets, 'busiest')}"
    )


def _type_name(row: dict[Any, Any]) -> str:
    return escape_unprintable(str(row["type"])) if has_value(row["type"]) else "(unknown)"


def _median_bars(timed: list[tuple[int, dict[Any, Any]]], names: list[str]) -> Any:
    return go.Bar(
        name=_MEDIAN,
        orientation="h",
        y=[position for position, _ in timed],
        x=[row["median_s"] for _, row in timed],
        marker={"color": COLORS[0]},
        hovertext=[_duration_hover(row, names[position]) for position, row in timed],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _p90_markers(timed: list[tuple[int, dict[Any, Any]]], names: list[str]) -> Any:
    return go.Scatter(
        name=_P90,
        mode="markers+text",
        y=[position for position, _ in timed],
        x=[row["p90_s"] if has_value(row["p90_s"]) else None for _, row in timed],
        text=[f"  {_duration_text(row)}" for _, row in timed],
        textposition="middle right",
        cliponaxis=False,
        marker={"symbol": "diamond", "color": COLORS[1], "size": 11},
        hovertext=[_duration_hover(row, names[position]) for position, row in timed],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _untimed_texts(rows: list[dict[Any, Any]], names: list[str]) -> list[Any]:
    """Return a trace with text for the types without completed actions, if there are any."""
    positions = [position for position, row in enumerate(rows) if not has_value(row["median_s"])]
    if not positions:
        return []
    return [
        go.Scatter(
            mode="text",
            y=positions,
            x=[0] * len(positions),
            text=[f"  no duration: {_counts_text(rows[position])}" for position in positions],
            textposition="middle right",
            hovertext=[_duration_hover(rows[position], names[position]) for position in positions],
            hovertemplate="%{hovertext}<extra></extra>",
            showlegend=False,
        )
    ]


def _duration_ticks(longest_s: float) -> list[int]:
    step = next((step for step in _STEPS_S if longest_s / step <= _MAX_TICKS), 0)
    if not step:
        # Above a week the step is a number of days.
        step = _STEPS_S[-1] * -int(-longest_s // (_STEPS_S[-1] * _MAX_TICKS))
    return [*range(0, int(longest_s) + 1, step)]


def _duration_text(row: dict[Any, Any]) -> str:
    median = format_seconds(row["median_s"])
    return f"{median} · {format_seconds(row['p90_s'])}" if has_value(row["p90_s"]) else median


def _counts_text(row: dict[Any, Any]) -> str:
    count, failed, running = (int(row[name]) if has_value(row[name]) else 0 for name in ("count", "failed", "running"))
    in_progress = f", {running:,} in progress" if running else ""
    return f"{count:,} started, {f'{failed:,} failed' if failed else 'none failed'}{in_progress}"


def _duration_hover(row: dict[Any, Any], name: str) -> str:
    times = [
        f"{what} {format_seconds(row[column])}"
        for what, column in ((_MEDIAN, "median_s"), (_P90, "p90_s"))
        if has_value(row[column])
    ]
    return "<br>".join([f"<b>{hover_text(name)}</b>", _counts_text(row), *times])


def _durations_finding(frame: pd.DataFrame) -> str:
    counts, timed = _counts_text(_totals(frame)), frame.dropna(subset=["median_s"])
    if timed.empty:
        return f"{counts}; no action has completed"
    (slowest,) = timed.nlargest(1, "median_s").to_dict("records")
    return f"{counts}; slowest: {shortened(_type_name(slowest))}, {format_seconds(slowest['median_s'])} in the median"


def _totals(frame: pd.DataFrame) -> dict[Any, Any]:
    return {column: int(frame[column].sum()) for column in ("count", "failed", "running")}


def _durations_summary(frame: pd.DataFrame) -> str:
    summary = f"{pluralize(len(frame), 'action type')}: {_counts_text(_totals(frame))}."
    timed = frame.dropna(subset=["median_s", "p90_s"])
    if len(timed):
        (slowest,) = timed.nlargest(1, "median_s").to_dict("records")
        median, p90 = format_seconds(slowest["median_s"]), format_seconds(slowest["p90_s"])
        summary += f" Slowest: {_type_name(slowest)} (median {median}, 90th percentile {p90})."
    untimed = int(frame["median_s"].isna().sum())
    if untimed:
        summary += (
            f" {pluralize(untimed, 'type')} without a completed action {'has' if untimed == 1 else 'have'} no duration."
        )
    return summary + omitted_note(MAX_TYPES, len(frame), "most frequent")
