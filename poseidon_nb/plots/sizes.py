"""Sizes and regions: what one gets for the money, and who sells what."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.findings.sizes import SIZES_ON_SALE
from poseidon_nb.frames.shaped import needed
from poseidon_nb.plots.labels import escaped, known
from poseidon_nb.plots.picture import COLOURS, GOOD, INK, drawn
from poseidon_nb.text import counted, hint, joined, named, printable, usd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from poseidon_nb.plots.picture import Picture

_COLUMNS = {column.name: column for column in SIZES_ON_SALE.columns}
#: What an axis can show: the columns of numbers.
AXES = tuple(name for name, column in _COLUMNS.items() if column.dtype in {"Int64", "float64"})
#: What the table shows of each size besides what is drawn.
_PRICES = "po.analysis.sizes.unit_prices"
_SHOWN = ("slug", "family", "generation", "vcpus", "memory_gib", "disk", "transfer")
#: A sign for each colour, because colour is never the only one.
_SIGNS = ("circle", "square", "diamond", "triangle-up", "cross", "star", "x")
#: A plan beaten by another is drawn as an outline.
_BEATEN = "-open"
#: As many regions' or sizes' names fit beside a heat map without lying upon each other.
_MOST_SIZES_NAMED = 60
_ROW_PX, _FRAME_PX = 24, 200
_MAP_PX, _NAMES_PX = 560, 110
#: Of a matrix of `analysis.sizes.availability` all other columns are sizes.
_OF_REGION = ("region", "name", "available")


def price_map(
    frame: pd.DataFrame,
    x: str = "memory_gib",
    y: str = "price_monthly",
    *,
    frontier: pd.DataFrame | Iterable[str] | None = None,
) -> Picture:
    """Draw sizes by what one gets and what that costs, with a line along the cheapest.

    Parameters
    ----------
    frame : pandas.DataFrame
        As `analysis.sizes.unit_prices` or `on_sale` give it.
    x, y : str
        Columns of numbers. An axis is logarithmic when all its numbers are above nothing.
    frontier : pandas.DataFrame or iterable of str, optional
        The sizes that no other beats, or their slugs: they are drawn filled and the others as outlines. Without it all
        are filled.

    Returns
    -------
    Picture
        A colour and a sign for each family. The line goes along the lowest `y` at which one gets at least so much `x`.

    Raises
    ------
    InvalidArgument
        The frame lacks a column, or one to draw holds no numbers.
    """
    frame = needed(frame, (*_SHOWN, "price_monthly"), "sizes", source=_PRICES)
    for axis in (x, y):
        if axis not in frame.columns or not pd.api.types.is_numeric_dtype(frame[axis]):
            drawable = [name for name in AXES if name in frame.columns]
            raise InvalidArgument(f"sizes cannot be drawn by {axis!r}{hint(axis, drawable)}")
    points = frame.dropna(subset=[x, y])
    best = _best(points, frontier)
    line = _least(points, x, y)
    traces = [
        _cloud(points[points["family"] == family], x, y, best, place)
        for place, family in enumerate(points["family"].dropna().unique())
    ]
    if len(line):
        traces.insert(0, _along(line, x, y))
    shown = list(dict.fromkeys([*_SHOWN, x, y]))
    table = points[shown]
    if frontier is not None:
        table = table.assign(best=[slug in best for slug in points["slug"]])
    picture = drawn(
        *traces,
        table=table.sort_values([y, x]).reset_index(drop=True),
        words=_words_of_map(points, line, x, y, best if frontier is not None else None),
        title=f"{_title(x)} and {_title(y)}",
        x=_title(x),
        y=_title(y),
        height=_MAP_PX,
        legend={
            "title": {
                "side": "top left",
                "text": "family" if frontier is None else "family (filled: no other size beats it)",
            },
            "orientation": "h",
            "yanchor": "top",
            "y": -0.16,
            "x": 0,
        },
        hovermode="closest",
    )
    if len(points):
        for axis, update in ((x, picture.update_xaxes), (y, picture.update_yaxes)):
            if (points[axis] > 0).all():
                update(type="log", dtick="D2", minor={"showgrid": False})
    return picture


def availability_map(matrix: pd.DataFrame, sizes: pd.DataFrame | None = None) -> Picture:
    """Draw which region sells which size.

    Parameters
    ----------
    matrix : pandas.DataFrame
        As `analysis.sizes.availability` gives it.
    sizes : pandas.DataFrame, optional
        As `analysis.sizes.unit_prices` gives it: the hover then tells what a size has and costs.

    Returns
    -------
    Picture
        Its table has a row for each size and a column for each region.
    """
    source = "po.analysis.sizes.availability"
    matrix = needed(matrix, _OF_REGION, "regions", source=source, dtypes={"region": "string"})
    columns = [name for name in matrix.columns if name not in _OF_REGION]
    matrix = needed(matrix, columns, "regions", source=source, dtypes=dict.fromkeys(columns, "boolean"))
    slugs = [*map(str, columns)]
    is_named = len(slugs) <= _MOST_SIZES_NAMED
    regions = [printable(str(one)) for one in matrix["region"]]
    closed = [not is_open for is_open in matrix["available"].astype("boolean").fillna(value=True)]
    labels = [escape(f"{region} (closed)" if shut else region) for region, shut in zip(regions, closed, strict=True)]
    cells = matrix[columns].fillna(value=False).to_numpy(dtype=bool).tolist() if slugs else []
    facts: dict[str, str] = {}
    if sizes is not None:
        sizes = needed(sizes, (*_SHOWN, "price_monthly"), "sizes", source=_PRICES)
        facts = dict(zip(sizes["slug"].astype(str), _facts(sizes, brief=True), strict=True))
    names = [f"{printable(name)}, " if isinstance(name, str) else "" for name in matrix["name"].astype(object)]
    hover = [
        [
            f"{escape(name)}{'closed, ' if shut else ''}{'sold' if sold else 'not sold'}{facts.get(slug, '')}"
            for slug, sold in zip(slugs, row, strict=True)
        ]
        for name, shut, row in zip(names, closed, cells, strict=False)
    ]
    trace = go.Heatmap(
        x=[escaped(slug) for slug in slugs],
        y=labels,
        z=[[int(sold) for sold in row] for row in cells],
        text=[["✓" if sold else "" for sold in row] for row in cells] if is_named else None,
        texttemplate="%{text}" if is_named else None,
        hovertext=hover,
        # What all cells of a row or a column share is written once.
        hovertemplate="<b>%{x}</b><br>%{y}: %{hovertext}<extra></extra>",
        colorscale=[[0, "rgba(120, 120, 120, 0.12)"], [1, GOOD]],
        zmin=0,
        zmax=1,
        showscale=False,
        xgap=1,
        ygap=1,
    )
    table = pd.DataFrame({"slug": pd.array(slugs, dtype="string")})
    for region, row in zip(regions, cells or [[]] * len(regions), strict=True):
        table[region] = ["sold" if sold else "-" for sold in row]
    picture = drawn(
        trace,
        table=table,
        words=_words_of_matrix(regions, closed, slugs, cells),
        title="What each region sells (green: sold)",
        x="size",
        y="region",
        height=_FRAME_PX + _ROW_PX * max(len(regions), 3) + (_NAMES_PX if is_named else 0),
    )
    picture.update_xaxes(type="category", showgrid=False, showticklabels=is_named, tickangle=-60, ticklabelstep=1)
    picture.update_yaxes(type="category", autorange="reversed", showgrid=False, ticklabelstep=1)
    return picture


# --- what is drawn ----------------------------------------------------------------------------------------------------
def _best(frame: pd.DataFrame, frontier: pd.DataFrame | Iterable[str] | None) -> set[str]:
    if frontier is None:
        return {*frame["slug"]}
    if isinstance(frontier, pd.DataFrame):
        return {*needed(frontier, ("slug",), "sizes", source=_PRICES)["slug"]}
    return {*frontier}


def _least(frame: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    """Give the points that no other is left above: each with the lowest `y` at which one gets at least its `x`."""
    rows = frame.sort_values([x, y], ascending=[False, True])
    # Coming from the right, a point counts when it is lower than all that give more.
    height = rows[y].astype("float64")
    return rows[height < height.cummin().shift(fill_value=float("inf"))].iloc[::-1]


def _along(line: pd.DataFrame, x: str, y: str) -> Any:
    # Between two points one has to pay for the next: up first, then to the right.
    return go.Scatter(
        name=f"least for at least so much {_short(x)}",
        mode="lines",
        x=line[x].tolist(),
        y=line[y].tolist(),
        line={"shape": "vh", "color": INK, "width": 1.5, "dash": "dot"},
        hoverinfo="skip",
    )


def _cloud(frame: pd.DataFrame, x: str, y: str, best: set[str], place: int) -> Any:
    sign = _SIGNS[place % len(_SIGNS)]
    return go.Scatter(
        name=escaped(frame["family"].iloc[0]),
        mode="markers",
        x=frame[x].tolist(),
        y=frame[y].tolist(),
        marker={
            "color": COLOURS[place % len(COLOURS)],
            "symbol": [sign if slug in best else sign + _BEATEN for slug in frame["slug"]],
            "size": 9,
        },
        customdata=frame["slug"].tolist(),
        hovertext=[f"<b>{escaped(slug)}</b>{facts}" for slug, facts in zip(frame["slug"], _facts(frame), strict=True)],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _facts(frame: pd.DataFrame, *, brief: bool = False) -> list[str]:
    """Give all that is known of each size, a line each; in brief what it has and costs."""
    return ["".join(f"<br>{escape(line)}" for line in _lines(row, brief=brief)) for row in frame.to_dict("records")]


def _lines(row: Mapping[Any, Any], *, brief: bool) -> list[str]:
    lines = [" ".join(printable(str(row[name])) for name in ("family", "generation") if known(row.get(name)))]
    lines += [
        f"{_number(row['vcpus'])} vCPU, {_number(row['memory_gib'])} GiB of memory",
        f"{_number(row['disk'])} GB of disk, {_number(row['transfer'])} TB of transfer",
    ]
    if known(row.get("gpu_count")) and row["gpu_count"]:
        lines.append(f"{_number(row['gpu_count'])} GPU, {_number(row.get('gpu_vram'))} GiB")
    hourly = f", {usd(row['price_hourly'], 5)} an hour" if known(row.get("price_hourly")) else ""
    lines.append(f"{usd(row['price_monthly'])} a month{hourly}")
    if brief:
        return lines
    per = [
        f"{usd(row[name])} a {unit}"
        for name, unit in (
            ("price_per_vcpu", "vCPU"),
            ("price_per_memory_gib", "GiB"),
            ("price_per_disk_gb", "GB of disk"),
            ("price_per_transfer_tb", "TB"),
        )
        if known(row.get(name))
    ]
    sold_in = row.get("sold_in", row.get("regions"))
    where = f"sold in {joined(map(str, sold_in))}" if isinstance(sold_in, list) and sold_in else ""
    gone = "no longer sold" if row.get("available") is False else ""
    return [line for line in (*lines, ", ".join(per), where, gone) if line]


def _number(value: Any) -> str:
    return f"{float(value):,.2f}".rstrip("0").rstrip(".") if known(value) else "?"


def _amount(value: Any, name: str) -> str:
    column = _COLUMNS.get(name)
    is_price = column is not None and column.unit == "USD"
    return usd(value, 5 if name == "price_hourly" else 2) if is_price else _number(value)


# --- words ------------------------------------------------------------------------------------------------------------
def _short(name: str) -> str:
    return name.removesuffix("_gib").replace("_", " ")


def _title(name: str) -> str:
    column = _COLUMNS.get(name)
    if column is None:
        return escaped(name)
    return f"{column.meaning} ({column.unit})" if column.unit else column.meaning


def _words_of_map(frame: pd.DataFrame, line: pd.DataFrame, x: str, y: str, best: set[str] | None) -> str:
    if frame.empty:
        return "There is no size to draw."
    first, last = line.iloc[0], line.iloc[-1]
    along = (
        f"The line of the least {_short(y)} goes from {printable(str(first['slug']))} ({_amount(first[y], y)}) to"
        f" {printable(str(last['slug']))} ({_amount(last[y], y)})."
    )
    families = counted(frame["family"].nunique(), "family", "families")
    beaten = (
        "" if best is None else f" {sum(slug in best for slug in frame['slug']):,} are filled: no other beats them."
    )
    return f"{counted(len(frame), 'size')} of {families}, by {_title(x)} and {_title(y)}.{beaten} {along}"


def _words_of_matrix(regions: list[str], closed: list[bool], slugs: list[str], cells: list[list[bool]]) -> str:
    if not regions or not slugs:
        return "There is no region or no size to draw."
    counts = {region: sum(row) for region, row in zip(regions, cells, strict=True)}
    most = max(counts, key=lambda region: counts[region])
    shut = [region for region, one in zip(regions, closed, strict=True) if one]
    nowhere = [slug for slug, column in zip(slugs, zip(*cells, strict=True), strict=True) if not any(column)]
    return " ".join(
        [
            f"{counted(len(slugs), 'size')} in {counted(len(regions), 'region')}: {most} sells most, {counts[most]:,}.",
            *([f"Closed: {named(shut)}."] if shut else []),
            *([f"Sold nowhere here: {named(nowhere)}."] if nowhere else []),
        ]
    )
