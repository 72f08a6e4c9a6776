"""The models of the two panels of droplets: one droplet, and many with a selection. No widgets here."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from poseidon_nb.text import escape_unprintable
from poseidon_nb.widgets.droplets.bulk_progress import BulkProgress
from poseidon_nb.widgets.droplets.facts import HEADS, cells_text, droplet_facts, facts_table_html, facts_text
from poseidon_nb.widgets.droplets.fleet import Fleet
from poseidon_nb.widgets.droplets.model import DropletsModel
from poseidon_nb.widgets.droplets.requests import BulkRequest
from poseidon_nb.widgets.models import MAX_SAVED_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.droplet import Droplet
    from poseidon_nb.client.monitor.subscription import ActionUpdate
    from poseidon_nb.widgets.droplets.facts import Facts, Row
    from poseidon_nb.widgets.droplets.model import OnRowChange


class DropletModel(DropletsModel):
    """One droplet, which is always selected. Actions that were started elsewhere have a bar too.

    Parameters
    ----------
    droplet : Droplet
        As just read; it is updated in place.
    on_change, on_row_change : callable
        As in `DropletsModel`.
    """

    def __init__(self, droplet: Droplet, on_change: Callable[[], None], on_row_change: OnRowChange) -> None:
        self.droplet = droplet
        self._seen: Any = None
        row, client = droplet.to_dict(), droplet.client
        fleet = Fleet(client.clock, only=row)
        super().__init__(client, fleet, on_change, on_row_change, droplets=[row], on_progress=self._action_changed)

    @property
    def row(self) -> Row:
        """The droplet as the API sends it, with defaults for missing fields."""
        # The owner of the droplet may have refreshed it.
        return self.fleet.update_droplet(self.droplet.to_dict())

    @property
    def deleted(self) -> bool:
        """Whether the droplet was deleted."""
        return self.droplet.id in self._subscription.state.deleted

    def facts(self) -> Facts:
        """Return the facts of the droplet."""
        return droplet_facts(self.row, self.account, self.client.clock.now())

    def disabled_reason(self) -> str:
        """Return why all buttons are disabled; empty if they are not."""
        if self.deleted and not self.closed:
            return f"{escape_unprintable(self.row['name'])} was deleted."
        return super().disabled_reason()

    def offer_size(self, slug: str) -> None:
        """Open the resize form with a size chosen. Submitting it still asks for confirmation."""
        with self._lock:
            self.fleet.cancel()
            self._open_form("resize")
            self.resize_options.chosen_slug = slug
        self._on_change()

    def _head_text(self) -> str:
        return facts_text(self.facts())

    def _head_html(self) -> str:
        return facts_table_html(self.facts())

    def _default_snapshot_name(self) -> str:
        return f"{self.row['name']}-{super()._default_snapshot_name()}"

    def _snapshot_name(self, _: Row) -> str:
        # With a single droplet the user chooses the whole name.
        return self.snapshot_name.strip()

    def _account_changed(self) -> None:
        with self._lock:
            row = self._subscription.state.droplets.get(self.droplet.id)
            # Only a new row: the owner of the droplet may have read it later than an old one.
            if row is not None and row is not self._seen:
                self._seen = row
                self.droplet.assign(row)
                self.fleet.update_droplet(self.droplet.to_dict())
        super()._account_changed()

    def _action_changed(self, update: ActionUpdate) -> None:
        # The engine reports on requests of this panel. In the fleet's table the cell of the status shows other actions.
        activity, ended = self.activity, update.progress.done or update.error is not None
        progress = next((one for one in activity if one.external and one.may_include(update.action)), None)
        if progress is None:
            if ended or any(one.may_include(update.action) for one in activity):
                return
            progress = self._add(BulkProgress(BulkRequest(update.action.type, (self.row,)), external=True))
        had_ended = progress.ended
        progress.update(self.droplet.id, update)
        if ended and not had_ended:
            self._droplet_ended(progress, self.droplet.id)
        else:
            self._on_change()


class FleetModel(DropletsModel):
    """The droplets of an account, with a selection.

    Parameters
    ----------
    client : Client
    on_change, on_row_change : callable
        As in `DropletsModel`.
    tag : str, optional
        Only droplets with this tag.
    """

    def __init__(
        self, client: Client, on_change: Callable[[], None], on_row_change: OnRowChange, *, tag: str | None = None
    ) -> None:
        super().__init__(client, Fleet(client.clock, tag), on_change, on_row_change)

    @property
    def loading(self) -> bool:
        """Whether some droplets are not read yet."""
        return not self._subscription.state.complete

    def count_text(self) -> str:
        """Return the number of droplets and their price, once all are read."""
        return "Loading droplets…" if self.loading else self.fleet.count_text()

    def selected_frame(self) -> pd.DataFrame:
        """Return the selected droplets as a DataFrame with the columns of ``%do droplets list``."""
        from poseidon_nb.frames.builders import frame_from_rows  # noqa: PLC0415  # pandas is imported at first use

        return frame_from_rows("droplets", [dict(row) for row in self.fleet.selected_rows])

    def select(self, ids: Iterable[int]) -> None:
        """Select exactly these droplets."""
        self._touch()
        self.fleet.select(ids)
        self._on_change()

    def set_selected(self, ids: Iterable[int], *, on: bool) -> None:
        """Select or deselect these droplets, and leave the others as they are. The caller refreshes the panel."""
        self._touch()
        self.fleet.set_selected(ids, on=on)

    def _head_text(self) -> str:
        rows = [*self.fleet.cells.values()]
        more = [_more_text(len(rows))] if len(rows) > MAX_SAVED_ROWS else []
        shown = [cells_text(rows[:MAX_SAVED_ROWS])] if rows else []
        return "\n".join([f"{self.account}: {self.fleet.count_text()}", *shown, *more, self.fleet.selection_text()])

    def _head_html(self) -> str:
        rows = [*self.fleet.cells.values()]
        heads = "".join(f"<th>{escape(head)}</th>" for head in HEADS[1:])
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells[1:])}</tr>"
            for cells in rows[:MAX_SAVED_ROWS]
        )
        more = f"<p>{_more_text(len(rows))}</p>" if len(rows) > MAX_SAVED_ROWS else ""
        caption = f"<caption>{escape(f'{self.account}: {self.fleet.count_text()}')}</caption>"
        return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{more}"


def _more_text(count: int) -> str:
    return f"and {count - MAX_SAVED_ROWS:,} more"
