"""What the panel of many droplets adds to that of any: a selection that is made in a table, and the table as text."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from poseidon_nb.widgets.fleet.fleet import Fleet
from poseidon_nb.widgets.fleet.model import DropletsModel
from poseidon_nb.widgets.fleet.rows import HEADS, rows_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd

    from poseidon_nb.client.client import Client
    from poseidon_nb.widgets.fleet.model import Moved

#: Droplets in the table that a saved notebook keeps.
MOST_KEPT = 50


class FleetModel(DropletsModel):
    """The droplets of an account, and what is done to those that are selected.

    Parameters
    ----------
    client : Client
    changed, moved : callable
        As `DropletsModel` has them.
    tag : str, optional
        Only droplets that have it.
    """

    def __init__(self, client: Client, changed: Callable[[], None], moved: Moved, *, tag: str | None = None) -> None:
        super().__init__(client, Fleet(client.clock, tag), changed, moved)

    @property
    def loading(self) -> bool:
        """Whether not all droplets are known yet."""
        return not self._subscription.state.complete

    def count_text(self) -> str:
        """Return how many there are, as soon as that is known."""
        return "Reading the droplets…" if self.loading else self.fleet.count_text()

    def selected(self) -> pd.DataFrame:
        """Return the selected droplets as a DataFrame, with the columns of ``%do droplets list``."""
        from poseidon_nb.frames.builders import frame_from_rows  # noqa: PLC0415  # pandas comes at first use

        return frame_from_rows("droplets", [dict(row) for row in self.fleet.selected_rows])

    def select(self, ids: Iterable[int]) -> None:
        """Select exactly these."""
        self._used()
        self.fleet.select(ids)
        self._changed()

    def mark(self, ids: Iterable[int], *, on: bool) -> None:
        """Select or deselect these, and leave the others as they are; the caller shows it."""
        self._used()
        self.fleet.mark(ids, on=on)

    def _head_text(self) -> str:
        rows = [*self.fleet.cells.values()]
        more = [f"and {len(rows) - MOST_KEPT:,} more"] if len(rows) > MOST_KEPT else []
        shown = [rows_text(rows[:MOST_KEPT])] if rows else []
        return "\n".join([f"{self.account}: {self.fleet.count_text()}", *shown, *more, self.fleet.selection_text()])

    def _head_html(self) -> str:
        rows = [*self.fleet.cells.values()]
        heads = "".join(f"<th>{escape(head)}</th>" for head in HEADS[1:])
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells[1:])}</tr>" for cells in rows[:MOST_KEPT]
        )
        more = f"<p>and {len(rows) - MOST_KEPT:,} more</p>" if len(rows) > MOST_KEPT else ""
        caption = f"<caption>{escape(f'{self.account}: {self.fleet.count_text()}')}</caption>"
        return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{more}"
