"""What smaller droplets would save, and how much of its size each droplet uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from poseidon_nb.frames.validation import require_columns
from poseidon_nb.plots.labels import (
    has_value,
    hover_text,
    omitted_note,
    plotly_text,
    require_finite,
    unique_labels,
)
from poseidon_nb.plots.marks import draw_vertical_limits, leave_room, usage_limits
from poseidon_nb.plots.picture import (
    COLORS,
    GOOD,
    INK,
    MAX_DROPLETS,
    build_row_picture,
    empty_picture,
    label_numbered_rows,
    label_rows,
)
from poseidon_nb.text import escape_unprintable, format_percent, format_usd, pluralize

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from poseidon_nb.plots.marks import Headroom
    from poseidon_nb.plots.picture import Picture

_TABLE_COLUMNS = (
    *("size", "advised_size", "saving_usd_month", "recreate_size", "recreate_saving_usd_month", "confidence", "why"),
)
_COLUMNS = ("droplet_id", "name", "verdict", "price_usd_month", "advised_price_usd_month", *_TABLE_COLUMNS)
_NUMBERS = ("price_usd_month", "advised_price_usd_month", "saving_usd_month", "recreate_saving_usd_month")
_RESIZE, _RECREATE = "resize", "recreate (smaller disk)"
#: The color and the column of each way to save.
_WAYS = {_RESIZE: (GOOD, "saving_usd_month"), _RECREATE: (COLORS[4], "recreate_saving_usd_month")}
#: The pattern of a bar, because color is never the only sign, and the suffix in the legend, by confidence.
_PATTERNS = {"high": ("", ""), "medium": ("/", ", medium confidence"), "low": (".", ", low confidence")}
#: Room for the labels of the limits above the rows.
_LIMITS_PX = 22

#: For each resource: the columns, the color, the offset of its line from the droplet's row, and the dash.
_RESOURCES = {
    "CPU": (("cpu_p50_percent", "cpu_p95_percent", "cpu_max_percent"), COLORS[0], -0.17, "solid"),
    "memory": (("memory_p50_percent", "memory_p95_percent", "memory_max_percent"), COLORS[1], 0.17, "dot"),
}
#: Symbol, size and meaning of each point of a line; the last is the gap behind it.
_MARKERS = (
    ("circle", 7, "median"),
    ("diamond", 10, "95th percentile"),
    ("line-ns-open", 12, "maximum"),
    ("circle", 1, ""),
)


def savings(rightsizing: pd.DataFrame) -> Picture:
    """Draw the monthly saving of each droplet that could be smaller, the largest first.

    Parameters
    ----------
    rightsizing : pandas.DataFrame
        As returned by `analysis.rightsizing.advice`.

    Returns
    -------
    Picture
        With at most 60 droplets. Savings that require a new droplet have separate bars.
    """
    rightsizing = require_columns(rightsizing, _COLUMNS, "rightsizing", source="po.analysis.rightsizing.advice")
    require_finite(rightsizing, _NUMBERS, "rightsizing", "name")
    resizable = rightsizing.loc[(rightsizing["verdict"] == "smaller") & (rightsizing["saving_usd_month"] > 0)]
    largest = rightsizing[["saving_usd_month", "recreate_saving_usd_month"]].max(axis="columns")
    candidates = rightsizing.loc[(largest > 0) & rightsizing["verdict"].isin(["smaller", "keep"])]
    candidates = candidates.loc[largest[candidates.index].sort_values(ascending=False, kind="stable").index]
    title, table = "Savings from smaller droplets", candidates[["name", *_TABLE_COLUMNS]]
    if candidates.empty:
        return empty_picture(_no_saving_reason(len(rightsizing)), table=table, title=title)
    shown = candidates.head(MAX_DROPLETS)
    labels = _labels(rightsizing)
    order = labels[shown.index].tolist()
    has_both = bool(((shown["saving_usd_month"] > 0) & (shown["recreate_saving_usd_month"] > 0)).any())
    traces = [
        bars
        for way in _WAYS
        for confidence in _PATTERNS
        for bars in _saving_bars(shown, labels, way, confidence, side_by_side=has_both)
    ]
    picture = build_row_picture(
        traces,
        len(order),
        # That a bar of the first color is a resize, its text says.
        legend=[bars.name for bars in traces] != [_RESIZE],
        table=table,
        summary=_savings_summary(resizable, candidates, len(rightsizing)),
        title=title,
        finding=_savings_finding(resizable, candidates, len(rightsizing)),
        axes=("saving (USD a month)", "droplet"),
        barmode="group" if has_both else "overlay",
        bargap=0.3,
    )
    leave_room(picture, (text for bars in traces for text in bars.text))
    # Each bar has its amount, which a line of a grid would cross.
    picture.update_xaxes(
        range=[0, float(largest[shown.index].max())], tickprefix="$", separatethousands=True, showgrid=False
    )
    label_rows(picture, order)
    return picture


def use_of_size(rightsizing: pd.DataFrame, *, rule: Headroom | None = None) -> Picture:
    """Draw the CPU and memory usage of each droplet: median, 95th percentile and maximum, with the limits of rightsizing.

    Parameters
    ----------
    rightsizing : pandas.DataFrame
        As returned by `analysis.rightsizing.advice` or `analysis.metrics.use`.
    rule : analysis.rightsizing.Rule, optional
        The rule whose limits are drawn; by default the default rule.

    Returns
    -------
    Picture
        With a line from the median to the maximum for each droplet, at most 60. Droplets without readings are left out.
    """
    columns = [column for names, *_ in _RESOURCES.values() for column in names]
    rightsizing = require_columns(
        rightsizing, ("droplet_id", "name", *columns), "use", source="po.analysis.metrics.use"
    )
    require_finite(rightsizing, columns, "use", "name")
    used = rightsizing.loc[rightsizing[["cpu_p95_percent", "memory_p95_percent"]].notna().any(axis="columns")]
    title, table = "Usage of each droplet", used[["name", *columns]]
    if used.empty:
        return empty_picture(_no_usage_reason(len(rightsizing)), table=table, title=title)
    shown, labels, limits = used.head(MAX_DROPLETS), _labels(rightsizing), usage_limits(rule)
    names = labels[shown.index].tolist()
    picture = build_row_picture(
        [*(_usage_lines(shown, names, resource) for resource in _RESOURCES), *_marker_legend()],
        len(names),
        above=_LIMITS_PX,
        table=table,
        summary=_usage_summary(used, len(rightsizing), limits),
        title=title,
        finding=_usage_finding(used, limits),
        axes=("usage (% of all vCPUs, % of memory)", "droplet"),
    )
    picture.update_xaxes(range=[0, 103], ticksuffix="%")
    # By number, so that a droplet can have two lines.
    label_numbered_rows(picture, names)
    draw_vertical_limits(picture, [("CPU", limits["cpu"]), ("memory", limits["memory"])])
    return picture


def _labels(frame: pd.DataFrame) -> pd.Series[str]:
    return unique_labels(frame["name"], frame["droplet_id"])


def _saving_bars(
    rows: pd.DataFrame, labels: pd.Series[str], way: str, confidence: str, *, side_by_side: bool
) -> list[Any]:
    """Return the bars of one way to save and one confidence as a trace, so that the legend explains both."""
    color, column = _WAYS[way]
    shape, suffix = _PATTERNS[confidence]
    confidences = rows["confidence"].where(rows["confidence"].isin([*_PATTERNS]), "high")
    selected = rows.loc[(rows[column] > 0) & (confidences == confidence)]
    if selected.empty:
        return []
    size_column, describe = ("recreate_size", _recreate_hover) if way == _RECREATE else ("advised_size", _resize_hover)
    return [
        go.Bar(
            name=f"{way}{suffix}",
            orientation="h",
            y=labels[selected.index].map(plotly_text).tolist(),
            x=selected[column].tolist(),
            # One group for each way, however many traces there are.
            offsetgroup=way if side_by_side else None,
            marker={"color": color, "pattern": {"shape": shape}},
            text=[
                f"{plotly_text(format_usd(saving))} → {plotly_text(slug)}"
                for saving, slug in zip(selected[column], selected[size_column], strict=True)
            ],
            # Inside a hatched bar no color is readable.
            textposition="outside",
            cliponaxis=False,
            constraintext="none",
            hovertext=_hover(selected, labels, describe),
            hovertemplate="%{hovertext}<extra></extra>",
        )
    ]


def _hover(rows: pd.DataFrame, labels: pd.Series[str], describe: Callable[[dict[Any, Any]], str]) -> list[str]:
    # One line for each part of the reason.
    return [
        f"<b>{hover_text(label)}</b><br>{describe(row)}<br>{'<br>'.join(map(hover_text, str(row['why']).split('; ')))}"
        for label, row in zip(labels[rows.index], rows.to_dict("records"), strict=True)
    ]


def _resize_hover(row: dict[Any, Any]) -> str:
    return (
        f"{plotly_text(row['size'])} → {plotly_text(row['advised_size'])}<br>{format_usd(row['price_usd_month'])} →"
        f" {format_usd(row['advised_price_usd_month'])} a month, saves {format_usd(row['saving_usd_month'])};"
        f" confidence: {plotly_text(row['confidence'])}"
    )


def _recreate_hover(row: dict[Any, Any]) -> str:
    return (
        f"{plotly_text(row['size'])}, recreated as {plotly_text(row['recreate_size'])}: saves"
        f" {format_usd(row['recreate_saving_usd_month'])} a month"
    )


def _usage_lines(rows: pd.DataFrame, names: list[str], resource: str) -> Any:
    """Return the lines of all droplets as one trace, with a gap after each."""
    (median, p95, maximum), color, offset, dash = _RESOURCES[resource]
    values = rows[[median, p95, maximum]].itertuples(index=False)
    x = [value if has_value(value) else None for row in values for value in (*row, None)]
    hover = [
        f"<b>{hover_text(name)}</b><br>{resource}: median {format_percent(row[median])},<br>"
        f"95th percentile {format_percent(row[p95])}, maximum {format_percent(row[maximum])}"
        for name, row in zip(names, rows.to_dict("records"), strict=True)
    ]
    return go.Scatter(
        name=resource,
        mode="lines+markers",
        x=x,
        y=[position + offset for position in range(len(names)) for _ in _MARKERS],
        line={"color": color, "width": 2, "dash": dash},
        marker={
            "color": color,
            "symbol": [symbol for _ in names for symbol, *_ in _MARKERS],
            "size": [size for _ in names for _, size, _ in _MARKERS],
            # By default plotly makes markers of different sizes half transparent.
            "opacity": 1,
            "line": {"width": 2, "color": color},
        },
        hovertext=[text for text in hover for _ in _MARKERS],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _marker_legend() -> list[Any]:
    """Return legend entries for the symbols: traces without points."""
    return [
        go.Scatter(
            name=meaning,
            mode="markers",
            x=[None],
            y=[None],
            marker={"symbol": symbol, "size": size, "color": INK, "line": {"width": 2, "color": INK}},
            hoverinfo="skip",
        )
        for symbol, size, meaning in _MARKERS
        if meaning
    ]


def _no_saving_reason(total: int) -> str:
    return f"no savings found for {pluralize(total, 'droplet')}" if total else "there are no droplets"


def _no_usage_reason(total: int) -> str:
    return f"no readings for {pluralize(total, 'droplet')}" if total else "there are no droplets"


def _savings_finding(resizable: pd.DataFrame, candidates: pd.DataFrame, total: int) -> str:
    if len(resizable):
        saving = format_usd(resizable["saving_usd_month"].sum())
        return f"{len(resizable):,} of {pluralize(total, 'droplet')} can be smaller: {saving} a month"
    count, saving = len(candidates), format_usd(candidates["recreate_saving_usd_month"].sum())
    return f"{count:,} of {pluralize(total, 'droplet')} can be recreated with a smaller disk: {saving} a month"


def _savings_summary(resizable: pd.DataFrame, candidates: pd.DataFrame, total: int) -> str:
    droplets = pluralize(total, "droplet")
    sentences = [f"No savings from resizing {droplets}."]
    if len(resizable):
        saving = resizable["saving_usd_month"].sum()
        top = resizable.sort_values("saving_usd_month", ascending=False, kind="stable").iloc[0]
        total_saving = f"{format_usd(saving)} a month, {format_usd(12 * saving)} a year"
        name, sizes = escape_unprintable(str(top["name"])), f"from {top['size']} to {top['advised_size']}"
        sentences = [
            f"{len(resizable):,} of {droplets} can be smaller, which saves {total_saving}.",
            f"Largest saving: {name}, {sizes}, {format_usd(top['saving_usd_month'])} a month.",
        ]
    recreate = candidates["recreate_saving_usd_month"]
    count = int((recreate > 0).sum())
    if count:
        sentences.append(
            f"Recreating {pluralize(count, 'droplet')} with a smaller disk would save {format_usd(recreate.sum())} a month."
        )
    if candidates["confidence"].isin(["medium", "low"]).any():
        sentences.append("Hatched and dotted bars have a lower confidence.")
    return " ".join(sentences) + omitted_note(MAX_DROPLETS, len(candidates))


def _usage_finding(used: pd.DataFrame, limits: Mapping[str, float]) -> str:
    above = (used["cpu_p95_percent"] > limits["cpu"]) | (used["memory_max_percent"] > limits["memory"])
    count, droplets = int(above.sum()), pluralize(len(used), "droplet")
    if not count:
        return f"{f'All {droplets}' if len(used) > 1 else '1 droplet'} within the limits of rightsizing"
    return f"{count:,} of {droplets} above a limit of rightsizing"


def _usage_summary(used: pd.DataFrame, total: int, limits: Mapping[str, float]) -> str:
    cpu, memory = (format_percent(limits[name]) for name in ("cpu", "memory"))
    sentences = [
        f"CPU and memory usage of {len(used):,} of {pluralize(total, 'droplet')}: median, 95th percentile and maximum.",
        f"The limits of rightsizing are {cpu} for the 95th percentile of the CPU, and {memory} for the maximum of the memory.",
    ]
    for what, column in (("CPU usage (95th percentile)", "cpu_p95_percent"), ("memory usage", "memory_max_percent")):
        top = used.sort_values(column, ascending=False).iloc[0]
        if has_value(top[column]):
            sentences.append(f"Highest {what}: {escape_unprintable(str(top['name']))}, {format_percent(top[column])}.")
    return " ".join(sentences) + omitted_note(MAX_DROPLETS, len(used))
