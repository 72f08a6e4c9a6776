"""The frame of pictures that have a row for each droplet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.plots.picture import drawn

if TYPE_CHECKING:
    import pandas as pd

    from poseidon_nb.plots.picture import Picture

#: Droplets that are drawn; more would be a carpet that nobody reads.
MOST_DROPLETS = 60
_ROW_PX, _FRAME_PX = 26, 170


def in_rows(
    traces: list[Any], rows: int, *, table: pd.DataFrame, words: str, title: str, x: str, **layout: Any
) -> Picture:
    """Give the picture of some traces, as high as so many droplets need, with its legend between title and rows."""
    return drawn(
        *traces,
        table=table,
        words=words,
        title=title,
        x=x,
        y="droplet",
        height=_FRAME_PX + _ROW_PX * max(rows, 3),
        legend={"orientation": "h", "yanchor": "bottom", "y": 1, "x": 0},
        margin={"t": 84},
        title_y=1,
        title_yanchor="top",
        title_pad_t=12,
        hovermode="closest",
        **layout,
    )


def name_rows(picture: Picture, labels: list[str]) -> None:
    """Name the rows, the first on top: plotly draws from the bottom up."""
    picture.update_yaxes(
        type="category", categoryorder="array", categoryarray=labels[::-1], ticklabelstep=1, showgrid=False
    )
