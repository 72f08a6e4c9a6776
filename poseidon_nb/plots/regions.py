"""Regions: who sells what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import plotly.graph_objects as go

from poseidon_nb.frames.validation import require_columns
from poseidon_nb.plots.labels import beside, escaped
from poseidon_nb.plots.picture import GOOD, INK, drawn, nothing
from poseidon_nb.plots.size_facts import SIZE_COLUMNS, SIZE_FAMILIES, SIZES_FROM, size_facts
from poseidon_nb.text import escape_unprintable, pluralize, truncated_list

if TYPE_CHECKING:
    from poseidon_nb.plots.picture import Picture

#: Of a matrix of `analysis.sizes.availability` all other columns are sizes.
_OF_REGION = ("region", "name", "available")
#: As many sizes' names fit below a heat map without lying upon each other.
_MOST_SIZES_NAMED = 60
_ROW_PX, _FRAME_PX = 24, 150
_NAMES_PX = 130


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
    matrix = require_columns(matrix, _OF_REGION, "regions", source=source, dtypes={"region": "string"})
    columns = [name for name in matrix.columns if name not in _OF_REGION]
    matrix = require_columns(matrix, columns, "regions", source=source, dtypes=dict.fromkeys(columns, "boolean"))
    title = "What each region sells (green: sold)"
    if matrix.empty or not columns:
        return nothing("there is no region or no size", table=pd.DataFrame({"slug": columns}), title=title)
    facts: dict[str, str] = {}
    family_of: dict[str, str] = {}
    if sizes is not None:
        sizes = require_columns(sizes, (*SIZE_COLUMNS, "price_monthly"), "sizes", source=SIZES_FROM)
        facts = dict(zip(sizes["slug"].astype(str), size_facts(sizes, brief=True), strict=True))
        family_of = dict(zip(sizes["slug"].astype(str), sizes["family"].fillna("").astype(str), strict=True))
    is_named = len(columns) <= _MOST_SIZES_NAMED
    if not is_named:
        # Together, so that the families can be named instead.
        columns.sort(key=lambda slug: _place_of_family(family_of.get(str(slug))))
    slugs = [*map(str, columns)]
    regions = [escape_unprintable(str(one)) for one in matrix["region"]]
    closed = [not is_open for is_open in matrix["available"].astype("boolean").fillna(value=True)]
    labels = [escaped(f"{region} (closed)" if shut else region) for region, shut in zip(regions, closed, strict=True)]
    cells = matrix[columns].fillna(value=False).to_numpy(dtype=bool).tolist()
    names = [f"{escape_unprintable(name)}, " if isinstance(name, str) else "" for name in matrix["name"].astype(object)]
    hover = [
        [
            f"{escaped(name)}{'closed, ' if shut else ''}{'sold' if sold else 'not sold'}{facts.get(slug, '')}"
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
    for region, row in zip(regions, cells, strict=True):
        table[region] = ["sold" if sold else "-" for sold in row]
    picture = drawn(
        trace,
        table=table,
        words=_words_of_matrix(regions, closed, slugs, cells),
        title=title,
        x="size",
        y="region",
        height=_FRAME_PX + _ROW_PX * len(regions),
    )
    picture.update_xaxes(type="category", showgrid=False, tickmode="array")
    if is_named or not family_of:
        _name_sizes(picture, slugs)
    else:
        _name_families(picture, [family_of.get(slug, "") for slug in slugs])
    picture.update_yaxes(
        type="category",
        autorange="reversed",
        showgrid=False,
        tickmode="array",
        tickvals=labels,
        ticktext=[
            f"{beside(region)}{' (closed)' if shut else ''}" for region, shut in zip(regions, closed, strict=True)
        ],
    )
    return picture


def _place_of_family(family: str | None) -> tuple[int, str]:
    return (SIZE_FAMILIES.index(family), "") if family in SIZE_FAMILIES else (len(SIZE_FAMILIES), family or "")


def _name_sizes(picture: Picture, slugs: list[str]) -> None:
    """Name each size, or each second, third ... where the names would lie upon each other."""
    step = 1 + (len(slugs) - 1) // _MOST_SIZES_NAMED
    some = slugs[::step]
    which = "" if step == 1 else f" (one of {step} is named)"
    picture.update_xaxes(
        tickvals=[escaped(slug) for slug in some],
        ticktext=[beside(slug) for slug in some],
        tickangle=-60,
        title_text=f"size{which}",
    )
    picture.update_layout(height=picture.layout.height + _NAMES_PX)


def _name_families(picture: Picture, families: list[str]) -> None:
    """Name the families of the sizes, each below the middle of its own, with a line between two."""
    begins = [place for place, family in enumerate(families) if place == 0 or families[place - 1] != family]
    ends = [*begins[1:], len(families)]
    picture.update_xaxes(
        # A category by its place.
        tickvals=[(begin + end - 1) / 2 for begin, end in zip(begins, ends, strict=True)],
        # Broken at a hyphen, for a small family has a narrow place.
        ticktext=[beside(families[begin]).replace("-", "-<br>") for begin in begins],
        tickangle=0,
        title_text="sizes, by family (rest the mouse on one for its name)",
    )
    for begin in begins[1:]:
        picture.add_vline(begin - 0.5, line={"color": INK, "width": 2})


def _words_of_matrix(regions: list[str], closed: list[bool], slugs: list[str], cells: list[list[bool]]) -> str:
    counts = {region: sum(row) for region, row in zip(regions, cells, strict=True)}
    most = max(counts, key=lambda region: counts[region])
    fewest = min(
        (region for region, one in zip(regions, closed, strict=True) if not one),
        key=lambda one: counts[one],
        default=most,
    )
    least = f", {fewest} of those that are open fewest, {counts[fewest]:,}" if counts[fewest] < counts[most] else ""
    shut = [region for region, one in zip(regions, closed, strict=True) if one]
    nowhere = [slug for slug, column in zip(slugs, zip(*cells, strict=True), strict=True) if not any(column)]
    return " ".join(
        [
            f"{pluralize(len(slugs), 'size')} in {pluralize(len(regions), 'region')}: {most} sells most, {counts[most]:,}{least}.",
            *([f"Closed: {truncated_list(shut)}."] if shut else []),
            *([f"Sold nowhere here: {truncated_list(nowhere)}."] if nowhere else []),
        ]
    )
