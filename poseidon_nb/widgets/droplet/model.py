"""What the panel of one droplet adds to that of many: its facts, and a bar also for what was started elsewhere. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.text import escape_unprintable
from poseidon_nb.widgets.droplet_facts import facts_of, facts_text, table_html
from poseidon_nb.widgets.fleet.fleet import Fleet
from poseidon_nb.widgets.fleet.model import DropletsModel
from poseidon_nb.widgets.fleet.orders import Order
from poseidon_nb.widgets.fleet.work import FleetWork

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.client.droplets.droplet import Droplet
    from poseidon_nb.client.watching.subscription import Followed
    from poseidon_nb.widgets.droplet_facts import Facts, Row
    from poseidon_nb.widgets.fleet.model import Moved


class DropletModel(DropletsModel):
    """One droplet, which is always selected.

    Parameters
    ----------
    droplet : Droplet
        As just read; it is read again in place.
    changed, moved : callable
        As `DropletsModel` has them.
    """

    followed = "the droplet"

    def __init__(self, droplet: Droplet, changed: Callable[[], None], moved: Moved) -> None:
        self.droplet = droplet
        self._seen: Any = None
        row, client = droplet.to_dict(), droplet.client
        fleet = Fleet(client.clock, only=row)
        super().__init__(client, fleet, changed, moved, droplets=[row], on_progress=self._told)

    @property
    def row(self) -> Row:
        """The droplet as the API sends it, with something in each place."""
        # Who holds the droplet may have read it since.
        return self.fleet.put(self.droplet.to_dict())

    @property
    def gone(self) -> bool:
        """Whether it was deleted."""
        return self.droplet.id in self._subscription.state.gone

    def facts(self) -> Facts:
        """Return the facts."""
        return facts_of(self.row, self.account, self.client.clock.now())

    def hindrance(self) -> str:
        """Return why nothing can be done now; nothing when something can."""
        return (
            f"{escape_unprintable(self.row['name'])} was deleted."
            if self.gone and not self.closed
            else super().hindrance()
        )

    def offer_size(self, slug: str) -> None:
        """Open the form to resize with a size chosen: it is asked about like any other."""
        with self._lock:
            self.fleet.cancel()
            self._open("resize")
            self.resizing.wanted = slug
        self._changed()

    def _head_text(self) -> str:
        return facts_text(self.facts())

    def _head_html(self) -> str:
        return table_html(self.facts())

    def _suggested_name(self) -> str:
        return f"{self.row['name']}-{super()._suggested_name()}"

    def _snapshot_name(self, _: Row) -> str:
        # There is no other to tell it from, so that the whole name can be chosen.
        return self.snapshot_name.strip()

    # --- what the account tells --------------------------------------------------------------------------------------
    def _account_changed(self) -> None:
        with self._lock:
            row = self._subscription.state.droplets.get(self.droplet.id)
            # Only news: what the droplet's holder has read may be younger.
            if row is not None and row is not self._seen:
                self._seen = row
                self.droplet.assign(row)
                self.fleet.put(self.droplet.to_dict())
        super()._account_changed()

    def _told(self, followed: Followed) -> None:
        # In a table it stands in the droplet's row; here there is room for its bar. The engine tells how its own go.
        works, ended = self.works, followed.progress.done or followed.error is not None
        work = next((one for one in works if one.elsewhere and one.may_have_begun(followed.action)), None)
        if work is None:
            if ended or any(one.may_have_begun(followed.action) for one in works):
                return
            work = self._add(FleetWork(Order(followed.action.type, (self.row,)), elsewhere=True))
        is_new = not work.ended
        work.tell(self.droplet.id, followed)
        if ended and is_new:
            self._ended(work, self.droplet.id)
        else:
            self._changed()
