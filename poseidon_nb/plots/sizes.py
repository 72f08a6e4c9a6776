"""Sizes: their price against what they offer, and the regions in which they are available."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.validation import require_columns
from poseidon_nb.plots.labels import (
    AXES,
    SIZE_COLUMNS,
    SIZE_FAMILIES,
    SIZES_SOURCE,
    axis_name,
    axis_scale,
    axis_title,
    format_amount,
    hover_text,
    is_price,
    plotly_text,
    require_finite,
    short_label,
    shortened,
    size_details,
)
from poseidon_nb.plots.marks import count_points
from poseidon_nb.plots.picture import GOOD, INK, LEGEND_BELOW, build_picture, empty_picture, family_style
from poseidon_nb.text import did_you_mean, escape_unprintable, expected_one_of, pluralize, truncated_list

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poseidon_nb.plots.picture import Picture

#: Above plotly's 1000 for entries of a legend in the order of their traces.
_LAST_RANK = 1001
#: Appended to the symbol of a size that another beats.
_OUTLINE = "-open"

#: About the height from the lowest to the highest point of the map.
_POINTS_PX = 320
#: The columns of `analysis.sizes.availability` that are not sizes.
_REGION_COLUMNS = ("region", "name", "available")
#: The number of size names that fit below the map.
_MAX_NAMED_SIZES = 60
_ROW_PX, _AXIS_PX, _NAMES_PX = 25, 84, 130


def price_map(
    frame: pd.DataFrame,
    x: str = "memory_gib",
    y: str = "price_monthly",
    *,
    frontier: pd.DataFrame | Iterable[str] | None = None,
) -> Picture:
    """Draw sizes by two columns, by default the price by memory, with a line along the lowest prices.

    The line is drawn only if `y` is a price and `x` is not.

    Parameters
    ----------
    frame : pandas.DataFrame
        As returned by `analysis.sizes.unit_prices` or `available`.
    x, y : str
        Columns of numbers. An axis is logarithmic if all its numbers are positive.
    frontier : pandas.DataFrame, str or iterable of str, optional
        The sizes on the price frontier, or their slugs: they are filled, the others are outlines. Without it all are
        filled. The summary counts those that are not in `frame`.

    Returns
    -------
    Picture
        With a color and a symbol for each family. The line connects the lowest `y` at which a size has at least each `x`.

    Raises
    ------
    InvalidArgument
        A column is missing, is not numeric or has infinite numbers, or no size of `frontier` is in `frame`.
    """
    frame = require_columns(frame, (*SIZE_COLUMNS, "price_monthly"), "sizes", source=SIZES_SOURCE)
    for axis in (x, y):
        if axis not in frame.columns or not pd.api.types.is_numeric_dtype(frame[axis]):
            numeric = [name for name in AXES if name in frame.columns]
            raise InvalidArgument(f"Sizes have no numeric column {axis!r}{expected_one_of(axis, numeric)}")
    require_finite(frame, (x, y), "sizes", "slug")
    points = frame.dropna(subset=[x, y])
    best = _frontier_slugs(frame, frontier)
    line = _lowest(points, x, y) if not is_price(x) and is_price(y) else points.iloc[:0]
    families = [*dict.fromkeys([*SIZE_FAMILIES, *points["family"].dropna()])]
    traces = [
        _family_trace(points[points["family"] == family], x, y, best)
        for family in families
        if (points["family"] == family).any()
    ]
    if len(line):
        # Below the points.
        traces.insert(0, _lowest_trace(line, x, y))
    # What is drawn comes first, because a terminal may have no room for the rest.
    table = points[list(dict.fromkeys(["slug", y, x, *SIZE_COLUMNS]))]
    if frontier is not None:
        table = table.assign(best=[slug in best for slug in points["slug"]])
    table = table.sort_values([y, x]).reset_index(drop=True)
    title = f"Sizes: {axis_name(y)} by {axis_name(x)}"
    if points.empty:
        return empty_picture("there are no sizes", table=table, title=title)
    picture = build_picture(
        *traces,
        table=table,
        summary=_map_summary(points, line, x, y, best if frontier is not None else None),
        title=title,
        finding=_map_finding(points, line, x, y, best if frontier is not None else None),
        axes=(axis_title(x), axis_title(y)),
        legend=LEGEND_BELOW,
        hovermode="closest",
        # The points and their counts stand apart from the lines of a grid.
        xaxis={**axis_scale(points[x], x), "showgrid": False, "showline": True},
        yaxis={**axis_scale(points[y], y), "showgrid": False, "showline": True},
    )
    count_points(picture, zip(*(points[axis].astype(float) for axis in (x, y)), strict=True), _POINTS_PX)
    return picture


def availability_map(matrix: pd.DataFrame, sizes: pd.DataFrame | None = None) -> Picture:
    """Draw which size is available in which region.

    Parameters
    ----------
    matrix : pandas.DataFrame
        As returned by `analysis.sizes.availability`.
    sizes : pandas.DataFrame, optional
        As returned by `analysis.sizes.unit_prices`, for resources and prices in the hover text.

    Returns
    -------
    Picture
        Its table has a row for each size and a column for each region.
    """
    source = "po.analysis.sizes.availability"
    matrix = require_columns(matrix, _REGION_COLUMNS, "regions", source=source, dtypes={"region": "string"})
    columns = [name for name in matrix.columns if name not in _REGION_COLUMNS]
    matrix = require_columns(matrix, columns, "regions", source=source, dtypes=dict.fromkeys(columns, "boolean"))
    title = "Sizes by region"
    if matrix.empty or not columns:
        table = pd.DataFrame({"slug": columns})
        return empty_picture("there are no regions or no sizes", table=table, title=title)
    details: dict[str, str] = {}
    family_of: dict[str, str] = {}
    if sizes is not None:
        sizes = require_columns(sizes, (*SIZE_COLUMNS, "price_monthly"), "sizes", source=SIZES_SOURCE)
        details = dict(zip(sizes["slug"].astype(str), size_details(sizes, brief=True), strict=True))
        family_of = dict(zip(sizes["slug"].astype(str), sizes["family"].fillna("").astype(str), strict=True))
    is_named = len(columns) <= _MAX_NAMED_SIZES
    if not is_named:
        # Grouped by family, so that the axis can name the families.
        columns.sort(key=lambda slug: _family_rank(family_of.get(str(slug))))
    slugs = [*map(str, columns)]
    regions = [escape_unprintable(str(slug)) for slug in matrix["region"]]
    closed = [not is_open for is_open in matrix["available"].astype("boolean").fillna(value=True)]
    categories = [
        plotly_text(f"{region} (closed)" if is_closed else region)
        for region, is_closed in zip(regions, closed, strict=True)
    ]
    cells = matrix[columns].fillna(value=False).to_numpy(dtype=bool).tolist()
    names = [f"{escape_unprintable(name)}, " if isinstance(name, str) else "" for name in matrix["name"].astype(object)]
    hover = [
        [
            f"{plotly_text(name)}{'closed, ' if is_closed else ''}{'available' if cell else 'not available'}"
            f"{details.get(slug, '')}"
            for slug, cell in zip(slugs, row, strict=True)
        ]
        for name, is_closed, row in zip(names, closed, cells, strict=False)
    ]
    trace = go.Heatmap(
        x=[plotly_text(slug) for slug in slugs],
        y=categories,
        z=[[int(cell) for cell in row] for row in cells],
        text=[["✓" if cell else "" for cell in row] for row in cells] if is_named else None,
        texttemplate="%{text}" if is_named else None,
        hovertext=hover,
        # What a row or column shares is stored once.
        hovertemplate="<b>%{x}</b><br>%{y}: %{hovertext}<extra></extra>",
        colorscale=[[0, "#ececec"], [1, GOOD]],
        zmin=0,
        zmax=1,
        showscale=False,
        xgap=1,
        ygap=1,
    )
    table = pd.DataFrame({"slug": pd.array(slugs, dtype="string")})
    for region, row in zip(regions, cells, strict=True):
        table[region] = ["available" if cell else "-" for cell in row]
    picture = build_picture(
        trace,
        table=table,
        summary=_matrix_summary(regions, closed, slugs, cells),
        title=title,
        finding=_matrix_finding(regions, slugs, cells),
        axes=("size", "region"),
        height=_AXIS_PX + _ROW_PX * len(regions),
    )
    picture.update_xaxes(type="category", showgrid=False, tickmode="array")
    if is_named or not family_of:
        _label_sizes(picture, slugs)
    else:
        _label_families(picture, [family_of.get(slug, "") for slug in slugs])
    picture.update_yaxes(
        type="category",
        autorange="reversed",
        showgrid=False,
        tickmode="array",
        tickvals=categories,
        ticktext=[
            f"{short_label(region)}{' (closed)' if is_closed else ''}"
            for region, is_closed in zip(regions, closed, strict=True)
        ],
    )
    return picture


def _frontier_slugs(frame: pd.DataFrame, frontier: pd.DataFrame | Iterable[str] | None) -> set[str]:
    slugs = {*frame["slug"].dropna()}
    if frontier is None:
        return slugs
    if isinstance(frontier, pd.DataFrame):
        best = {*require_columns(frontier, ("slug",), "sizes", source=SIZES_SOURCE)["slug"].dropna()}
    else:
        best = {frontier} if isinstance(frontier, str) else {*frontier}
    if slugs and best and slugs.isdisjoint(best):
        first = min(map(str, best))
        close = did_you_mean(first, slugs) or ". Pass a frontier of the same sizes."
        raise InvalidArgument(f"The DataFrame has none of the frontier sizes, such as {first!r}{close}")
    return best


def _lowest(frame: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    """Return the points with the lowest `y` of all points with at least their `x`."""
    rows = frame.sort_values([x, y], ascending=[False, True])
    # From the right, a point counts if it is lower than all points with more.
    height = rows[y].astype("float64")
    return rows[height < height.cummin().shift(fill_value=float("inf"))].iloc[::-1]


def _lowest_trace(line: pd.DataFrame, x: str, y: str) -> Any:
    return go.Scatter(
        # Short, because a legend gives each entry the width of the longest.
        name="lowest price",
        legendrank=_LAST_RANK,
        mode="lines",
        x=line[x].tolist(),
        y=line[y].tolist(),
        # An amount between two points costs as much as the next: up first, then right.
        line={"shape": "vh", "color": INK, "width": 1.5, "dash": "dot"},
        hoverinfo="skip",
    )


def _family_trace(frame: pd.DataFrame, x: str, y: str, best: set[str]) -> Any:
    symbol, color = family_style(frame["family"].iloc[0])
    # The legend shows the symbol of the first point: a filled one if there is any.
    frame = frame.assign(beaten=~frame["slug"].isin(best)).sort_values("beaten", kind="stable")
    details = zip(frame["slug"], size_details(frame), strict=True)
    return go.Scatter(
        name=short_label(frame["family"].iloc[0]),
        mode="markers",
        x=frame[x].tolist(),
        y=frame[y].tolist(),
        marker={
            "color": color,
            "symbol": [symbol if slug in best else symbol + _OUTLINE for slug in frame["slug"]],
            "size": 9,
        },
        customdata=frame["slug"].tolist(),
        hovertext=[f"<b>{hover_text(slug)}</b>{text}" for slug, text in details],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _map_finding(frame: pd.DataFrame, line: pd.DataFrame, x: str, y: str, best: set[str] | None) -> str:
    sizes = pluralize(len(frame), "size")
    shared = "; ×2: two sizes at one point" if frame.duplicated(subset=[x, y]).any() else ""  # noqa: RUF001  # a multiplication sign
    if best is not None:
        return f"{sum(slug in best for slug in frame['slug']):,} of {sizes} on the price frontier (filled){shared}"
    if line.empty:
        return f"{sizes}{shared}"
    first, last = (
        f"{format_amount(row[y], y)} for {format_amount(row[x], x)}" for _, row in line.iloc[[0, -1]].iterrows()
    )
    return f"{sizes}: {axis_name(y)} from {first} to {last}{shared}"


def _map_summary(frame: pd.DataFrame, line: pd.DataFrame, x: str, y: str, best: set[str] | None) -> str:
    lowest = ""
    if len(line):
        first, last = (
            f"{escape_unprintable(str(row['slug']))} ({format_amount(row[x], x)} for {format_amount(row[y], y)})"
            for row in (line.iloc[0], line.iloc[-1])
        )
        lowest = f" The line of lowest prices goes from {first} to {last}."
    families = pluralize(frame["family"].nunique(), "family", "families")
    beaten = ""
    if best is not None:
        missing = len(best - {*frame["slug"]})
        others = f"; {pluralize(missing, 'size')} of the frontier not shown" if missing else ""
        beaten = f" {sum(slug in best for slug in frame['slug']):,} on the price frontier (filled){others}."
    return f"{pluralize(len(frame), 'size')} in {families}, by {axis_title(x)} and {axis_title(y)}.{beaten}{lowest}"


def _family_rank(family: str | None) -> tuple[int, str]:
    return (SIZE_FAMILIES.index(family), "") if family in SIZE_FAMILIES else (len(SIZE_FAMILIES), family or "")


def _label_sizes(picture: Picture, slugs: list[str]) -> None:
    """Label each size, or every second, third ... if the names would overlap."""
    step = 1 + (len(slugs) - 1) // _MAX_NAMED_SIZES
    labeled = slugs[::step]
    picture.update_xaxes(
        tickvals=[plotly_text(slug) for slug in labeled],
        ticktext=[short_label(slug) for slug in labeled],
        tickangle=-60,
        tickfont_size=12,
        title_text="size" if step == 1 else f"size (1 in {step} labeled)",
    )
    picture.update_layout(height=picture.layout.height + _NAMES_PX)


def _label_families(picture: Picture, families: list[str]) -> None:
    """Label each family below the middle of its sizes, with a line between two families."""
    starts = [index for index, family in enumerate(families) if index == 0 or families[index - 1] != family]
    ends = [*starts[1:], len(families)]
    picture.update_xaxes(
        # A category is addressed by its number.
        tickvals=[(start + end - 1) / 2 for start, end in zip(starts, ends, strict=True)],
        # Broken at hyphens, because a small family is narrow.
        ticktext=[short_label(families[start]).replace("-", "-<br>") for start in starts],
        tickangle=0,
        title_text="sizes by family (hover for the name)",
    )
    for start in starts[1:]:
        picture.add_vline(start - 0.5, line={"color": INK, "width": 2})


def _matrix_finding(regions: list[str], slugs: list[str], cells: list[list[bool]]) -> str:
    counts = {region: sum(row) for region, row in zip(regions, cells, strict=True)}
    most = max(counts, key=lambda region: counts[region])
    return f"{shortened(most)} has the most: {counts[most]:,} of {pluralize(len(slugs), 'size')} (green: available)"


def _matrix_summary(regions: list[str], closed: list[bool], slugs: list[str], cells: list[list[bool]]) -> str:
    counts = {region: sum(row) for region, row in zip(regions, cells, strict=True)}
    most = max(counts, key=lambda region: counts[region])
    fewest = min(
        (region for region, is_closed in zip(regions, closed, strict=True) if not is_closed),
        key=lambda region: counts[region],
        default=most,
    )
    least = f", {fewest} the fewest of the open regions ({counts[fewest]:,})" if counts[fewest] < counts[most] else ""
    closed_regions = [region for region, is_closed in zip(regions, closed, strict=True) if is_closed]
    nowhere = [slug for slug, column in zip(slugs, zip(*cells, strict=True), strict=True) if not any(column)]
    total = f"{pluralize(len(slugs), 'size')} in {pluralize(len(regions), 'region')}"
    sentences = [f"{total}: {most} has the most available sizes ({counts[most]:,}){least}."]
    if closed_regions:
        sentences.append(f"Not available for new droplets: {truncated_list(closed_regions)}.")
    if nowhere:
        sentences.append(f"Not available in any of these regions: {truncated_list(nowhere)}.")
    return " ".join(sentences)
