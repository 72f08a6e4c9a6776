"""What a fleet's panel does: follows the account, carries orders out side by side, and keeps what became of them.

No widgets here and no kernel. Requests go out in workers' threads by the client's bulk road; how the actions go is told
by the account's one subscription.
"""

from __future__ import annotations

import threading
from html import escape
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.bulk import act_on_each
from poseidon_nb.client.connection import telling
from poseidon_nb.client.droplet import Droplet
from poseidon_nb.client.steps import Step
from poseidon_nb.errors import OutcomeUnknown, PoseidonError
from poseidon_nb.widgets.activity import error_text
from poseidon_nb.widgets.fleet import Fleet
from poseidon_nb.widgets.fleet_rows import HEADS
from poseidon_nb.widgets.fleet_work import FleetWork
from poseidon_nb.widgets.workers import THE_WORKERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pandas as pd

    from poseidon_nb.client.actions import Action
    from poseidon_nb.client.client import Client
    from poseidon_nb.client.subscription import Followed
    from poseidon_nb.widgets.workers import Workers

    Row = Mapping[str, Any]

#: Orders whose rows stay to be read; of the older ones the account's actions tell.
MOST_WORKS = 4
#: Droplets in the table that a saved notebook keeps.
MOST_KEPT = 50


class FleetModel:
    """The droplets of an account, and what is done to those that are selected.

    Parameters
    ----------
    client : Client
    changed : callable
        Called, from any thread, when there may be something new to show.
    moved : callable
        Called, from any thread, with an order's work and a droplet's id, when only that row has moved.
    tag : str, optional
        Only droplets that have it.
    workers : Workers
        In whose threads orders are carried out.
    """

    def __init__(
        self,
        client: Client,
        changed: Callable[[], None],
        moved: Callable[[FleetWork, int], None] = lambda *_: None,
        *,
        tag: str | None = None,
        workers: Workers = THE_WORKERS,
    ) -> None:
        self.client = client
        self.account = client.label()
        self.fleet = Fleet(client.clock, tag)
        self._changed = changed
        self._moved = moved
        self._workers = workers
        self._lock = threading.RLock()
        self._works: list[FleetWork] = []
        #: The last thing worth saying to somebody who does not look.
        self.announcement = ""
        with self._lock:
            self._subscription = client.watch.subscribe(self._account_changed, on_progress=self._told)
            self.fleet.take_in(self._subscription.state)

    # --- what is shown -----------------------------------------------------------------------------------------------
    @property
    def works(self) -> list[FleetWork]:
        """What was ordered, the newest first."""
        with self._lock:
            return self._works[::-1]

    @property
    def loading(self) -> bool:
        """Whether not all droplets are known yet."""
        return not self._subscription.state.complete

    @property
    def paused(self) -> bool:
        """Whether the account is not followed now, because nobody has used the panel for long."""
        return self._subscription.paused

    @property
    def closed(self) -> bool:
        """Whether it is followed no more."""
        return self._subscription.closed

    def hindrance(self) -> str:
        """Say why nothing can be done now; nothing when something can."""
        if self.closed:
            return "This panel is closed: run the cell again."
        return "This client only reads." if self.client.read_only else ""

    def notices(self) -> list[str]:
        """Give what somebody should know who looks at it now."""
        state = self._subscription.state
        notices = [self.hindrance(), self.fleet.notice]
        if not self.closed:
            if self.paused:
                notices.append("Paused: nobody has used this panel for a while, so it does not follow the account.")
            elif state.error is not None:
                notices.append(f"The account cannot be asked now; it is tried again. {error_text(state.error)}")
            elif state.note:
                notices.append(f"{state.note[:1].upper()}{state.note[1:]}")
        return [notice for notice in notices if notice]

    def selected(self) -> pd.DataFrame:
        """Give the selected droplets as a DataFrame, with the columns of ``%do droplets list``."""
        from poseidon_nb.frames.tidy import frame_from_rows  # noqa: PLC0415  # pandas comes at first use

        return frame_from_rows("droplets", [dict(row) for row in self.fleet.selected_rows])

    def text(self) -> str:
        """Give the panel as text."""
        works = [work.text() for work in self.works]
        lines = [f"{self.account}: {self.fleet.count_text()}", self.fleet.selection_text(), *works, *self.notices()]
        return "\n".join(lines)

    def html(self) -> str:
        """Give the panel as HTML that needs neither kernel nor script."""
        rows = [*self.fleet.cells.values()]
        heads = "".join(f"<th>{escape(head)}</th>" for head in HEADS[1:])
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells[1:])}</tr>" for cells in rows[:MOST_KEPT]
        )
        more = f"<p>and {len(rows) - MOST_KEPT:,} more</p>" if len(rows) > MOST_KEPT else ""
        works = "".join(f"<p>{escape(work.summary())}</p>" for work in self.works)
        caption = f"<caption>{escape(f'{self.account}: {self.fleet.count_text()}')}</caption>"
        return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{more}{works}"

    def head_html(self) -> str:
        """Give what stands above the table."""
        count = "Reading the droplets…" if self.loading else self.fleet.count_text()
        return (
            f"<div class='pnb-title'><span class='pnb-name' role='heading' aria-level='3'>Droplets</span>"
            f"<span class='pnb-account'>{escape(self.account)}</span></div><div class='pnb-sub'>{escape(count)}</div>"
        )

    # --- what is clicked ---------------------------------------------------------------------------------------------
    def select(self, ids: Iterable[int]) -> None:
        """Have exactly these selected."""
        self._subscription.touch()
        self.fleet.select(ids)
        self._changed()

    def press(self, verb: str) -> None:
        """Take a click on a verb's button."""
        self._subscription.touch()
        order = None if self.hindrance() else self.fleet.press(verb)
        if order is not None:
            work = FleetWork(order.verb, order.droplets)
            with self._lock:
                self._works.append(work)
                for old in [one for one in self._works if one.ended][: max(0, len(self._works) - MOST_WORKS)]:
                    self._works.remove(old)
            self._announce(f"{work.title}: started")
            self._workers.run_apart(lambda: self._carry_out(work, order.droplets))
        self._changed()

    def cancel(self) -> None:
        """Take back a question."""
        self._subscription.touch()
        self.fleet.cancel()
        self._changed()

    def retry(self, work: FleetWork) -> None:
        """Do the same again to the droplets for which it failed, and that can be acted upon."""
        self._subscription.touch()
        rows = [] if self.hindrance() else self.fleet.claim(work.retriable, work.verb)
        if rows:
            work.again(row["id"] for row in rows)
            self._announce(f"{work.title}: {len(rows)} tried again")
            self._workers.run_apart(lambda: self._carry_out(work, rows))
        self._changed()

    def dismiss(self, work: FleetWork) -> None:
        """Take an ended order's rows away."""
        with self._lock:
            if work.ended and work in self._works:
                self._works.remove(work)
        self._changed()

    def resume(self) -> None:
        """Follow the account again after a pause."""
        self._subscription.touch()
        self._changed()

    def close(self) -> None:
        """Follow the account no more. What was ordered goes on."""
        self._subscription.close()

    # --- acting ------------------------------------------------------------------------------------------------------
    def _carry_out(self, work: FleetWork, rows: Iterable[Row]) -> None:
        """Start an order's action on each droplet, in a worker's thread; how they go is told by the account."""
        droplets = [Droplet(row, self.client.droplets) for row in rows]
        act_on_each(self.client.actions, droplets, lambda droplet: self._start(work, droplet), wait=False)
        self._changed()

    def _start(self, work: FleetWork, droplet: Droplet) -> Action:
        """Start it on one droplet; called from several threads."""

        def tell_wait(seconds: float, reason: str) -> None:
            work.wait(droplet.id, seconds, reason)
            self._moved(work, droplet.id)

        try:
            with telling(tell_wait):
                action = self.client.droplets.acting.act(
                    droplet, self._step(work.verb, droplet), wait=False, timeout_s=None, on_progress=None
                )
        except PoseidonError as error:
            self._end(work, droplet.id, error)
            raise
        # Before it is followed, so that no news of it comes that belongs to nobody.
        work.started(droplet.id, action.id)
        self._subscription.follow(action)
        self._moved(work, droplet.id)
        return action

    def _step(self, verb: str, droplet: Droplet) -> Step:
        now = self.client.clock.now()
        return Step(verb, {"name": f"{droplet.name}-{now:%Y-%m-%d-%H%M}"} if verb == "snapshot" else {})

    def _end(self, work: FleetWork, droplet_id: int, error: PoseidonError | None) -> None:
        # What may have been carried out is not offered again: whoever repeats it has to look first.
        work.end(droplet_id, error, may_retry=not isinstance(error, OutcomeUnknown))
        self.fleet.release(droplet_id)
        if work.ended:
            self._announce(work.summary())
        self._changed()

    def _announce(self, words: str) -> None:
        self.announcement = words

    # --- what the account tells --------------------------------------------------------------------------------------
    def _account_changed(self) -> None:
        with self._lock:
            self.fleet.take_in(self._subscription.state)
        self._changed()

    def _told(self, followed: Followed) -> None:
        for work in self.works:
            droplet_id = work.droplet_of(followed.action.id)
            if droplet_id is None:
                continue
            work.tell(followed.progress)
            if followed.progress.done or followed.error is not None:
                self._end(work, droplet_id, followed.error)
            else:
                self._moved(work, droplet_id)
