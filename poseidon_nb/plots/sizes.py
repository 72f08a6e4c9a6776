"""Sizes: what one gets for the money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.validation import require_columns
from poseidon_nb.plots.labels import beside, finite, told
from poseidon_nb.plots.picture import AT_THE_FOOT, INK, drawn, nothing
from poseidon_nb.plots.size_axes import AXES, amount, is_price, label_of, scale, so_much, what_of
from poseidon_nb.plots.size_facts import SIZE_COLUMNS, SIZE_FAMILIES, SIZES_FROM, family_look, size_facts
from poseidon_nb.text import did_you_mean, escape_unprintable, pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poseidon_nb.plots.picture import Picture

#: A plan beaten by another is drawn as an outline.
_BEATEN = "-open"
_MAP_PX = 580


def price_map(
    frame: pd.DataFrame,
    x: str = "memory_gib",
    y: str = "price_monthly",
    *,
    frontier: pd.DataFrame | Iterable[str] | None = None,
) -> Picture:
    """Draw sizes by what one gets and what that costs, with a line along the cheapest.

    The line is drawn where it says something: where one axis is what one gets and the other what that costs.

    Parameters
    ----------
    frame : pandas.DataFrame
        As `analysis.sizes.unit_prices` or `on_sale` give it.
    x, y : str
        Columns of numbers. An axis is logarithmic when all its numbers are above nothing.
    frontier : pandas.DataFrame, str or iterable of str, optional
        The sizes that no other beats, or their slugs: they are drawn filled and the others as outlines. Without it all
        are filled. What is not in `frame` is counted in the picture's words.

    Returns
    -------
    Picture
        A colour and a sign for each family. The line goes along the lowest `y` at which one gets at least so much `x`.

    Raises
    ------
    InvalidArgument
        The frame lacks a column, one to draw holds no numbers or infinite ones, or no size of `frontier` is in it.
    """
    frame = require_columns(frame, (*SIZE_COLUMNS, "price_monthly"), "sizes", source=SIZES_FROM)
    for axis in (x, y):
        if axis not in frame.columns or not pd.api.types.is_numeric_dtype(frame[axis]):
            drawable = [name for name in AXES if name in frame.columns]
            raise InvalidArgument(f"sizes cannot be drawn by {axis!r}{did_you_mean(axis, drawable)}")
    finite(frame, (x, y), "sizes", "slug")
    points = frame.dropna(subset=[x, y])
    best = _best(frame, frontier)
    line = _least(points, x, y) if not is_price(x) and is_price(y) else points.iloc[:0]
    families = [*dict.fromkeys([*SIZE_FAMILIES, *points["family"].dropna()])]
    traces = [
        _cloud(points[points["family"] == family], x, y, best)
        for family in families
        if (points["family"] == family).any()
    ]
    if len(line):
        traces.append(_along(line, x, y))
    shown = list(dict.fromkeys([*SIZE_COLUMNS, x, y]))
    table = points[shown]
    if frontier is not None:
        table = table.assign(best=[slug in best for slug in points["slug"]])
    table = table.sort_values([y, x]).reset_index(drop=True)
    title = f"Sizes: {what_of(y)} by {what_of(x)}"
    if points.empty:
        return nothing("there is no size", table=table, title=title)
    return drawn(
        *traces,
        table=table,
        words=_words_of_map(points, line, x, y, best if frontier is not None else None),
        title=f"{title} (filled: no other size beats it)" if frontier is not None else title,
        x=label_of(x),
        y=label_of(y),
        height=_MAP_PX,
        legend=AT_THE_FOOT,
        hovermode="closest",
        xaxis=scale(points[x], x),
        yaxis=scale(points[y], y),
    )


# --- what is drawn ----------------------------------------------------------------------------------------------------
def _best(frame: pd.DataFrame, frontier: pd.DataFrame | Iterable[str] | None) -> set[str]:
    every = {*frame["slug"].dropna()}
    if frontier is None:
        return every
    if isinstance(frontier, pd.DataFrame):
        best = {*require_columns(frontier, ("slug",), "sizes", source=SIZES_FROM)["slug"].dropna()}
    else:
        best = {frontier} if isinstance(frontier, str) else {*frontier}
    if every and best and every.isdisjoint(best):
        first = min(map(str, best))
        raise InvalidArgument(
            f"no size of the frontier is among those to draw, such as {first!r}{did_you_mean(first, every)}"
        )
    return best


def _least(frame: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    """Give the points that no other is left above: each with the lowest `y` at which one gets at least its `x`."""
    rows = frame.sort_values([x, y], ascending=[False, True])
    # Coming from the right, a point counts when it is lower than all that give more.
    height = rows[y].astype("float64")
    return rows[height < height.cummin().shift(fill_value=float("inf"))].iloc[::-1]


def _along(line: pd.DataFrame, x: str, y: str) -> Any:
    # Between two points one has to pay for the next: up first, then to the right.
    return go.Scatter(
        # As short as a family's: a legend gives each entry as much room as the longest.
        name=f"lowest for {so_much(x)}",
        mode="lines",
        x=line[x].tolist(),
        y=line[y].tolist(),
        line={"shape": "vh", "color": INK, "width": 1.5, "dash": "dot"},
        hoverinfo="skip",
    )


def _cloud(frame: pd.DataFrame, x: str, y: str, best: set[str]) -> Any:
    sign, colour = family_look(frame["family"].iloc[0])
    # The legend shows the sign of the first: a filled one where any is.
    frame = frame.assign(beaten=~frame["slug"].isin(best)).sort_values("beaten", kind="stable")
    return go.Scatter(
        name=beside(frame["family"].iloc[0]),
        mode="markers",
        x=frame[x].tolist(),
        y=frame[y].tolist(),
        marker={
            "color": colour,
            "symbol": [sign if slug in best else sign + _BEATEN for slug in frame["slug"]],
            "size": 9,
        },
        customdata=frame["slug"].tolist(),
        hovertext=[f"<b>{told(slug)}</b>{facts}" for slug, facts in zip(frame["slug"], size_facts(frame), strict=True)],
        hovertemplate="%{hovertext}<extra></extra>",
    )


# --- words ------------------------------------------------------------------------------------------------------------
def _words_of_map(frame: pd.DataFrame, line: pd.DataFrame, x: str, y: str, best: set[str] | None) -> str:
    along = ""
    if len(line):
        first, last = (
            f"{escape_unprintable(str(row['slug']))} ({amount(row[x], x)} for {amount(row[y], y)})"
            for row in (line.iloc[0], line.iloc[-1])
        )
        along = f" The line of the lowest price for {so_much(x)} {what_of(x)} or more goes from {first} to {last}."
    families = pluralize(frame["family"].nunique(), "family", "families")
    beaten = ""
    if best is not None:
        away = len(best - {*frame["slug"]})
        others = f"; {away:,} of the frontier {'is' if away == 1 else 'are'} not among them" if away else ""
        beaten = f" {sum(slug in best for slug in frame['slug']):,} are filled: no other beats them{others}."
    return f"{pluralize(len(frame), 'size')} of {families}, by {label_of(x)} and {label_of(y)}.{beaten}{along}"
