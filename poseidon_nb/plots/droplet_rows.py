"""The frame of pictures that have a row for each droplet, or for each of something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.plots.labels import beside, escaped
from poseidon_nb.plots.picture import drawn

if TYPE_CHECKING:
    import pandas as pd

    from poseidon_nb.plots.picture import Picture

#: Droplets that are drawn; more would be a carpet that nobody reads.
MOST_DROPLETS = 60
_ROW_PX, _FRAME_PX = 26, 140
#: Above the rows: the title, and a legend of a line; plotly makes room for more.
_TITLE_PX, _LEGEND_PX = 44, 24


def in_rows(
    traces: list[Any],
    rows: int,
    *,
    table: pd.DataFrame,
    words: str,
    title: str,
    x: str,
    y: str = "droplet",
    **layout: Any,
) -> Picture:
    """Give the picture of some traces, as high as so many rows need, with its legend between title and rows."""
    height = _FRAME_PX + _LEGEND_PX + _ROW_PX * rows
    return drawn(
        *traces,
        table=table,
        words=words,
        title=title,
        x=x,
        y=y,
        height=height,
        # What a colour means is said even where there is but one.
        showlegend=True,
        legend={"yref": "container", "yanchor": "top", "y": 1 - _TITLE_PX / height, "x": 0},
        margin={"t": _TITLE_PX},
        title_y=1,
        title_yanchor="top",
        title_pad_t=12,
        hovermode="closest",
        **layout,
    )


def name_rows(picture: Picture, names: list[str]) -> None:
    """Name the rows, the first on top: plotly draws from the bottom up. A long name is cut beside its row only."""
    places = [escaped(name) for name in names]
    picture.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=places[::-1],
        tickmode="array",
        tickvals=places,
        ticktext=[beside(name) for name in names],
        range=[-0.5, len(names) - 0.5],
        showgrid=False,
    )
