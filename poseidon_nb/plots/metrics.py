"""Metrics over time: a line for each droplet and label, which breaks where readings are missing.

With too many lines, the highest few are colored and labeled, and the others are gray. If all lines of the colored droplets
are colored, the legend lists droplets and labels instead of lines: a color is a droplet, and a dash pattern is a label.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.metrics import summarize_resolution
from poseidon_nb.frames.validation import require_columns
from poseidon_nb.plots.labels import hover_text, plotly_text, require_finite, short_label, shortened, unique_labels
from poseidon_nb.plots.marks import MAX_END_CHARS, LineEnd, draw_limit, label_line_ends, usage_limits
from poseidon_nb.plots.picture import (
    COLORS,
    INK,
    LEGEND_BELOW,
    LEGEND_PX,
    SLIDE_HEIGHT_PX,
    TIME_AXIS,
    build_picture,
    empty_picture,
)
from poseidon_nb.text import capitalized, expected_one_of, format_moment, format_percent, join_words, pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poseidon_nb.plots.marks import Headroom
    from poseidon_nb.plots.picture import Picture

    #: The label of a droplet, and the label of a series.
    Line = tuple[str, str]

#: The number of droplets and of lines that colors and dashes can tell apart; of more, the highest few are colored.
MAX_COLORED = len(COLORS)
MAX_LINES = 12
MAX_HIGHLIGHTED = 5

#: Title and axis title by metric.
_TITLES = {
    "cpu": ("CPU usage", "CPU usage (% of all vCPUs)"),
    "memory": ("Memory usage", "memory usage (%)"),
    "load": ("Load", "load average (processes)"),
    "filesystem": ("Filesystem usage", "filesystem usage (%)"),
    "bandwidth": ("Bandwidth", "bandwidth (Mbit/s)"),
}
#: Plotly's dash patterns, and how the summary refers to them.
_DASHES = {
    "solid": "solid",
    "dot": "dotted",
    "dash": "dashed",
    "dashdot": "dash-dotted",
    "longdash": "long-dashed",
    "longdashdot": "long-dash-dotted",
}
#: The legend group of the gray lines.
_OTHERS = "other lines"
#: These labels come first, so that they have the same dash in every chart: outbound traffic, which is charged, is solid.
_FIRST_LABELS = ("public outbound", "public inbound", "private outbound", "private inbound")
#: Up to this many gray lines are opaque enough to follow one of them.
_FEW_LINES, _FEW_OPACITY, _MANY_OPACITY = 30, 0.5, 0.28
#: Heights of the axis below the lines, and of a legend line; characters that fit into a legend line, and that a symbol
#: takes.
_AXIS_PX, _LEGEND_LINE_PX, _LEGEND_CHARS, _SYMBOL_CHARS = 66, 22, 100, 8
#: Up to this many lines have labels at their ends, if they end within this share of the time range from its end.
_MAX_ENDS, _END_SHARE = MAX_COLORED, 0.02
#: Room above the highest reading, and the share of a limit from which the limit is drawn.
_ROOM, _NEAR_LIMIT = 1.06, 0.5
_HALF_AN_HOUR = pd.Timedelta(minutes=30)
_HOVER = "<b>%{meta[0]}</b> %{meta[1]}<br>%{y:.4~g}%{meta[2]}<br>%{x|%Y-%m-%d %H:%M} UTC<extra></extra>"
_DOT_PX = 5
_COLUMNS = ("time", "droplet_id", "name", "metric", "label", "value", "unit")


def metric_lines(frame: pd.DataFrame, *, highlight: Iterable[str] = (), rule: Headroom | None = None) -> Picture:
    """Draw metrics over time, with a line for each droplet and label that breaks where readings are missing.

    Parameters
    ----------
    frame : pandas.DataFrame
        One metric, as returned by `analysis.metrics.tidy`.
    highlight : iterable of str
        Names of droplets to color if there are too many lines. By default the five lines with the highest 95th percentile.
    rule : analysis.rightsizing.Rule, optional
        The rule whose limit of CPU or memory is drawn, if the readings come near it; by default the default rule.

    Returns
    -------
    Picture
        Its table has a row for each line: median, 95th percentile, maximum, number of readings, and unit.

    Raises
    ------
    InvalidArgument
        There are several metrics, or no droplet with a name in `highlight`.
    """
    frame = require_columns(frame, _COLUMNS, "metrics", source="po.analysis.metrics.tidy")
    require_finite(frame, ("value",), "metrics", "name")
    metrics = frame["metric"].dropna().unique().tolist()
    if len(metrics) > 1:
        raise InvalidArgument(f"The DataFrame has the metrics {join_words(metrics)}. Draw one at a time.")
    metric = metrics[0] if metrics else ""
    unit = str(frame["unit"].iloc[0]) if len(frame) else ""
    frame = frame.dropna(subset="time")
    lines = frame.assign(
        name=unique_labels(frame["name"], frame["droplet_id"]), label=frame["label"].fillna("").astype(str)
    )
    table = _table(lines).assign(unit=unit)
    what, axis_title = _TITLES.get(metric, (plotly_text(metric) or "Metrics", plotly_text(unit) or "value"))
    # A single droplet is named in the title only.
    names = table["name"].unique().tolist()
    title = f"{what} of {short_label(names[0])}" if len(names) == 1 else what
    colored = _colored_lines(table, [*highlight])
    if not table["readings"].any():
        return empty_picture("there are no readings", table=table, title=title)
    style = _LineStyle(table, colored)
    limit = _limit(table, metric, rule)
    ends = _line_ends(lines, style)
    drawn = style.traces(lines, unit)
    if ends:
        for trace in drawn:
            trace.showlegend = False
    traces = [*drawn, *style.legend()]
    has_legend = len(table) > 1 and (not ends or style.others > 0)
    picture = build_picture(
        *traces,
        table=table,
        summary=_summary(lines, style, what, unit, limit),
        title=title,
        finding=_finding(lines, style, unit),
        axes=("time (UTC)", axis_title),
        above=LEGEND_PX if style.is_split else 0,
        hovermode="closest",
        showlegend=has_legend,
        legend=LEGEND_BELOW,
        # The dash patterns, between title and lines. A click has no effect, because the entries are not lines.
        legend2={
            "orientation": "h",
            "entrywidth": 0,
            "bgcolor": "rgba(0, 0, 0, 0)",
            "xanchor": "right",
            "yanchor": "bottom",
            "x": 1,
            "y": 1,
            "itemclick": False,
            "itemdoubleclick": False,
        },
    )
    picture.update_xaxes(TIME_AXIS)
    first, last = lines["time"].min(), lines["time"].max()
    if first == last:
        # By default the axis would span a millisecond.
        picture.update_xaxes(range=[_time_text(first - _HALF_AN_HOUR), _time_text(last + _HALF_AN_HOUR)])
    else:
        picture.update_xaxes(range=[_time_text(first), _time_text(last)])
    lowest, highest = min(0.0, float(lines["value"].min())), max(float(lines["value"].max()), limit or 0.0)
    y_range = [lowest * _ROOM, highest * _ROOM or 1.0]
    picture.update_yaxes(range=y_range)
    if limit is not None:
        draw_limit(picture, limit)
        ends = [*ends, LineEnd(f"limit {format_percent(limit)}", _time_text(last), limit, INK)]
    legend_px = _LEGEND_LINE_PX * _legend_rows(traces) if has_legend else 0
    lines_px = SLIDE_HEIGHT_PX - picture.layout.margin.t - _AXIS_PX
    # The chart grows with its legend, but not with the first line.
    picture.update_layout(height=SLIDE_HEIGHT_PX + max(0, legend_px - _LEGEND_LINE_PX))
    label_line_ends(picture, ends, y_range, lines_px - min(legend_px, _LEGEND_LINE_PX))
    return picture


def _limit(table: pd.DataFrame, metric: str, rule: Headroom | None) -> float | None:
    """Return the limit of rightsizing for a metric that is not split, if the readings come near it."""
    limit = usage_limits(rule).get(metric)
    is_near = limit is not None and len({*table["label"]}) == 1 and table["max"].max() >= _NEAR_LIMIT * limit
    return limit if is_near else None


def _line_ends(lines: pd.DataFrame, style: _LineStyle) -> list[LineEnd]:
    """Return the ends of the colored lines; none if a single line needs no label, or if their labels do not fit."""
    names = [short_label(style.name(line)) for line in style.colored]
    is_single = style.others == 0 and len(names) == 1
    if style.is_split or is_single or len(names) > _MAX_ENDS or max(map(len, names)) > MAX_END_CHARS:
        return []
    known = lines.dropna(subset="value")
    first, last = lines["time"].min(), lines["time"].max()
    ends = []
    for line, name in zip(style.colored, names, strict=True):
        readings = known[(known["name"] == line[0]) & (known["label"] == line[1])]
        if readings.empty or first == last or readings["time"].max() < last - _END_SHARE * (last - first):
            return []
        end = readings.iloc[int(readings["time"].to_numpy().argmax())]
        ends.append(LineEnd(name, _time_text(end["time"]), float(end["value"]), style.color(line)))
    return ends


def _table(lines: pd.DataFrame) -> pd.DataFrame:
    grouped = lines.groupby(["name", "label"], sort=False)["value"]
    columns = {
        "p50": grouped.median(),
        "p95": grouped.quantile(0.95),
        "max": grouped.max(),
        "readings": grouped.count(),
    }
    return pd.DataFrame(columns).reset_index()


def _colored_lines(table: pd.DataFrame, highlight: Sequence[str]) -> list[Line]:
    """Return the colored lines in the order of the legend."""
    droplets = table["name"].unique().tolist()
    for name in highlight:
        if name not in droplets:
            raise InvalidArgument(f"Droplet {name!r} not found in the metrics{expected_one_of(name, droplets)}")
    if highlight:
        order = {name: rank for rank, name in enumerate(dict.fromkeys(highlight))}
        rows = table[table["name"].isin(order)].sort_values("name", key=lambda names: names.map(order), kind="stable")
    elif len(droplets) <= MAX_COLORED and len(table) <= MAX_LINES:
        label_rank = {label: rank for rank, label in enumerate(_ordered_labels(table["label"]))}
        droplet_rank = {name: rank for rank, name in enumerate(droplets)}
        rows = table.assign(droplet_rank=table["name"].map(droplet_rank), label_rank=table["label"].map(label_rank))
        rows = rows.sort_values(["droplet_rank", "label_rank"])
    else:
        rows = table.sort_values("p95", ascending=False, kind="stable").head(MAX_HIGHLIGHTED)
    return [*zip(rows["name"], rows["label"], strict=True)]


def _ordered_labels(labels: pd.Series[str]) -> list[str]:
    given = labels.unique().tolist()
    return [*(label for label in _FIRST_LABELS if label in given), *(one for one in given if one not in _FIRST_LABELS)]


class _LineStyle:
    """The color, dash and name of each line, and the legend that explains them."""

    def __init__(self, table: pd.DataFrame, colored: Sequence[Line]) -> None:
        self.colored = colored
        self.labels = _ordered_labels(table["label"])
        self.droplets = table["name"].nunique()
        self.others = len(table) - len(colored)
        self.is_single = self.droplets == 1
        droplets = [*dict.fromkeys(droplet for droplet, _ in colored)]
        all_lines = table[table["name"].isin(droplets)]
        #: Whether a color is a droplet and a dash is a label, so that the legend does not list lines.
        self.is_split = not self.is_single and len(self.labels) > 1 and len(all_lines) == len(colored)
        keys = [label for label in self.labels if (droplets[0], label) in colored] if self.is_single else droplets
        self.color_of = {key: COLORS[number % len(COLORS)] for number, key in enumerate(keys)}

    def dash(self, label: str) -> str:
        """Return the dash of a label; a single droplet has dashes only if it has more labels than colors."""
        number = [*self.color_of].index(label) // len(COLORS) if self.is_single else self.labels.index(label)
        return [*_DASHES][number % len(_DASHES)]

    def color(self, line: Line) -> str:
        """Return the color of a colored line."""
        droplet, label = line
        return self.color_of[label if self.is_single else droplet]

    def name(self, line: Line) -> str:
        """Return the shortest name that tells a line from the others."""
        droplet, label = line
        return droplet if len(self.labels) == 1 else label if self.is_single else f"{droplet} {label}"

    def traces(self, lines: pd.DataFrame, unit: str) -> list[Any]:
        """Return the lines, with the colored ones on top."""
        gray, colored = [], {}
        for key, readings in lines.groupby(["name", "label"], sort=False):
            line: Line = (str(key[0]), str(key[1]))
            if line in self.colored:
                colored[line] = self._trace(line, readings, unit)
            else:
                gray.append(self._trace(line, readings, unit))
        return [*gray, *(colored[line] for line in self.colored)]

    def legend(self) -> list[Any]:
        """Return legend entries for droplets, dashes and the gray lines: traces without points."""
        entries = []
        if self.is_split:
            entries += [_entry(short_label(name), color, group=_group(name)) for name, color in self.color_of.items()]
            entries += [
                _entry(short_label(label), INK, dash=self.dash(label), legend="legend2") for label in self.labels
            ]
        if self.others:
            entries.append(_entry(pluralize(self.others, "other line"), INK, group=_OTHERS))
        return entries

    def _trace(self, line: Line, readings: pd.DataFrame, unit: str) -> Any:
        droplet, label = line
        is_colored = line in self.colored
        color = self.color(line) if is_colored else INK
        missing = readings["value"].isna()
        # A reading between two gaps needs a dot, because a line needs two ends.
        isolated = ~missing & missing.shift(fill_value=True) & missing.shift(-1, fill_value=True)
        return go.Scatter(
            name=short_label(self.name(line)),
            mode="lines+markers" if isolated.any() else "lines",
            x=readings["time"].dt.strftime("%Y-%m-%d %H:%M:%S").to_numpy(dtype=object),
            y=readings["value"].to_numpy(),
            line={
                "color": color,
                "width": 2.2 if is_colored else 1,
                "dash": self.dash(label) if is_colored or not self.is_single else "solid",
            },
            marker={"size": isolated.map({True: _DOT_PX, False: 0}).tolist()} if isolated.any() else None,
            opacity=1 if is_colored else _FEW_OPACITY if self.others <= _FEW_LINES else _MANY_OPACITY,
            showlegend=is_colored and not self.is_split,
            # A click on an entry for several lines hides all of them.
            legendgroup=_OTHERS if not is_colored else _group(droplet) if self.is_split else None,
            # As meta, because a name could contain a template.
            meta=[hover_text(droplet), hover_text(label), _unit_suffix(unit)],
            hovertemplate=_HOVER,
        )


def _legend_rows(traces: list[Any]) -> int:
    """Return how many lines the legend takes; entries that need several are in columns as wide as the widest."""
    widths = [
        len(trace.name) + _SYMBOL_CHARS for trace in traces if trace.showlegend is not False and trace.legend is None
    ]
    if sum(widths) <= _LEGEND_CHARS:
        return 1
    return math.ceil(len(widths) / max(1, _LEGEND_CHARS // max(widths)))


def _unit_suffix(unit: str) -> str:
    return unit if unit == "%" else f" {unit}"


def _group(droplet: str) -> str:
    return f"droplet {plotly_text(droplet)}"


def _entry(name: str, color: str, *, dash: str = "solid", group: str | None = None, legend: str | None = None) -> Any:
    line = {"color": color, "dash": dash, "width": 1.8}
    return go.Scatter(
        name=name, mode="lines", x=[None], y=[None], line=line, legendgroup=group, legend=legend, hoverinfo="skip"
    )


def _time_text(time: pd.Timestamp) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S}"


def _finding(lines: pd.DataFrame, style: _LineStyle, unit: str) -> str:
    known = lines.dropna(subset="value")
    top = known.iloc[int(known["value"].to_numpy().argmax())]
    line = (str(top["name"]), str(top["label"]))
    whose = "" if style.is_single and len(style.labels) == 1 else f", {shortened(style.name(line))}"
    return f"Highest: {top['value']:.3g}{_unit_suffix(unit)}{whose} on {format_moment(top['time'])} UTC"


def _summary(lines: pd.DataFrame, style: _LineStyle, what: str, unit: str, limit: float | None) -> str:
    known = lines.dropna(subset="value")
    top = known.iloc[int(known["value"].to_numpy().argmax())]
    whose = top["name"] if style.is_single else pluralize(style.droplets, "droplet")
    first, last = known["time"].min(), known["time"].max()
    sentences = [
        f"{what} of {whose}, from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC.",
        f"Maximum: {top['value']:.3g}{_unit_suffix(unit)}, {top['name']} ({top['label']}) at {top['time']:%Y-%m-%d %H:%M}.",
    ]
    if limit is not None:
        sentences.append(f"The limit of rightsizing is {format_percent(limit)}.")
    gaps = int(lines["value"].isna().sum())
    if gaps:
        sentences.append(f"The readings have {pluralize(gaps, 'gap')}.")
    seconds = lines.groupby(["name", "label"], sort=False)["time"].diff().dt.total_seconds().dropna()
    coarse = summarize_resolution(seconds.median() / 3600) if len(seconds) else ""
    if coarse:
        sentences.append(f"{capitalized(coarse)}.")
    if style.is_split:
        dashes = join_words(f"{label} is {_DASHES[style.dash(label)]}" for label in style.labels)
        sentences.append(f"Each color is a droplet; {dashes}.")
    if style.others:
        colored = [*style.color_of] if style.is_split else [style.name(line) for line in style.colored]
        verb = "is" if style.others == 1 else "are"
        sentences.append(f"Colored: {join_words(colored)}; the {pluralize(style.others, 'other line')} {verb} gray.")
    return " ".join(sentences)
