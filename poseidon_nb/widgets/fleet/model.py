"""What a fleet's panel does: follows the account, takes orders, and keeps what became of them.

No widgets here and no kernel. Orders are carried out by `FleetActing`; how the actions go is told by the account's one
subscription.
"""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

from poseidon_nb.text import counted, named
from poseidon_nb.widgets.asking import ButtonState
from poseidon_nb.widgets.fleet.acting import FleetActing
from poseidon_nb.widgets.fleet.fleet import Fleet
from poseidon_nb.widgets.fleet.orders import Order, snapshot_name
from poseidon_nb.widgets.fleet.rows import HEADS, rows_text
from poseidon_nb.widgets.fleet.work import FleetWork
from poseidon_nb.widgets.following import CLOSED
from poseidon_nb.widgets.form_model import FormModel
from poseidon_nb.widgets.verbs import SNAPSHOT_PRICE, VERBS
from poseidon_nb.widgets.workers import THE_WORKERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pandas as pd

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.watching.subscription import Followed
    from poseidon_nb.errors import PoseidonError
    from poseidon_nb.widgets.workers import Workers

    Row = Mapping[str, Any]

#: Orders whose rows stay to be read; of the older ones the account's actions tell.
MOST_WORKS = 4
#: Droplets in the table that a saved notebook keeps.
MOST_KEPT = 50


class FleetModel(FormModel):
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
        self.fleet = Fleet(client.clock, tag)
        super().__init__(client, changed, workers, self.fleet, lambda: self.fleet.fitting("resize"))
        self._moved = moved
        self._works: list[FleetWork] = []
        #: The last thing worth saying to somebody who does not look.
        self.announcement = ""
        with self._lock:
            self._subscription = client.watch.subscribe(self._account_changed, on_progress=self._told)
            self._acting = FleetActing(client, self._subscription, workers, moved, self._ended)
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

    def hindrance(self) -> str:
        """Say why nothing can be done now; nothing when something can."""
        if self.closed:
            return CLOSED
        return "This client only reads." if self.client.read_only else ""

    def notices(self) -> list[str]:
        """Give what somebody should know who looks at it now."""
        told = [self.hindrance(), self.fleet.notice, self.following_notice()]
        # What hinders and how the account is followed may be one thing: that the panel is closed.
        return [*dict.fromkeys(filter(None, told))]

    def buttons(self) -> dict[str, ButtonState]:
        """Give what the buttons of the first row show, by verb."""
        hindrance, buttons = self.hindrance(), self.fleet.buttons()
        if not hindrance:
            return buttons
        return {verb: replace(button, enabled=False, why=hindrance) for verb, button in buttons.items()}

    def why(self) -> str:
        """Say, in one line below the buttons, why some cannot be clicked."""
        return self.hindrance() or self.fleet.why_text()

    def announcements(self) -> list[str]:
        """Give what somebody should hear who does not look at the panel: a question, what began or ended, notices."""
        questions = [button.label for button in self.fleet.buttons().values() if button.asking]
        go = self.go_button() if self.form else None
        return [*questions, *([go.label] if go and go.asking else []), self.announcement, *self.notices()]

    def selected(self) -> pd.DataFrame:
        """Give the selected droplets as a DataFrame, with the columns of ``%do droplets list``."""
        from poseidon_nb.frames.tidy import frame_from_rows  # noqa: PLC0415  # pandas comes at first use

        return frame_from_rows("droplets", [dict(row) for row in self.fleet.selected_rows])

    def text(self) -> str:
        """Give the panel as text."""
        rows = [*self.fleet.cells.values()]
        more = [f"and {len(rows) - MOST_KEPT:,} more"] if len(rows) > MOST_KEPT else []
        head = f"{self.account}: {self.fleet.count_text()}"
        works = [work.text() for work in self.works]
        shown = [rows_text(rows[:MOST_KEPT])] if rows else []
        return "\n".join([head, *shown, *more, self.fleet.selection_text(), *works, *self.notices()])

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

    def count_text(self) -> str:
        """Give how many there are, as soon as that is known."""
        return "Reading the droplets…" if self.loading else self.fleet.count_text()

    def go_button(self) -> ButtonState:
        """Give what the button of the open form shows."""
        hindrance = self.hindrance() or self._lacks()
        if self.form == "snapshot":
            number = len(self.fleet.fitting("snapshot"))
            label = "Take snapshot" if number < 2 else f"Take {number:,} snapshots"  # noqa: PLR2004  # many
            return ButtonState(label, not hindrance, hindrance or "Save the disk of each as an image.")
        rows, question = self.resizing.concerned, self.resizing.question()
        asking = bool(question) and not hindrance and self.fleet.asks(question, rows)
        label = f"Confirm: {question}" if asking else self.resizing.label()
        return ButtonState(label, not hindrance, hindrance or "Give each another size.", asking)

    def _lacks(self) -> str:
        if not self.fleet.selected:
            return "Select droplets in the table."
        if not self.fleet.fitting(self.form or "resize"):
            return "Nothing can be done to what is selected now."
        if self.form == "snapshot":
            return "" if self.snapshot_name.strip() else "Give the snapshots an ending of their names."
        return self.resizing.lacks()

    def form_words(self) -> list[str]:
        """Give what the open form says below what there is to choose."""
        if self.form == "resize":
            rows, said = self.resizing.concerned, self.resizing.consequences()
        else:
            rows, said = self.fleet.fitting("snapshot"), []
            if rows and self.snapshot_name.strip():
                said = [f"Named {named((snapshot_name(row, self.snapshot_name) for row in rows), most=3)}."]
            if any(row.get("status") == "active" for row in rows):
                said.append("What is on stays on meanwhile; one that is off gives a cleaner copy.")
            if rows:
                said.append(SNAPSHOT_PRICE)
        waits = self.fleet.waits(rows)
        left = len(self.fleet.selected) - len(self.fleet.fitting(self.form or "resize"))
        return [
            *said,
            *([f"{waits}."] if waits else []),
            *([f"{counted(left, 'other')} selected cannot now."] if left else []),
        ]

    # --- what is clicked ---------------------------------------------------------------------------------------------
    def select(self, ids: Iterable[int]) -> None:
        """Have exactly these selected."""
        self._used()
        self.fleet.select(ids)
        self._changed()

    def mark(self, ids: Iterable[int], *, on: bool) -> None:
        """Have these selected, or not, and the others as they are; who calls it has it shown."""
        self._used()
        self.fleet.mark(ids, on=on)

    def press(self, verb: str) -> None:
        """Take a click on a verb's button of the first row."""
        self._used()
        if VERBS[verb].form:
            self._toggle(verb)
        elif not self.hindrance() and (order := self.fleet.press(verb)) is not None:
            self._begin(order)
        self._show_question()

    def go(self) -> None:
        """Take a click on the button of the open form."""
        self._used()
        with self._lock:
            order = self._wanted() if self.form and self.go_button().enabled else None
            if order is None:
                self.fleet.cancel()
            elif order.size and not self.fleet.confirms(self.resizing.question(), order.droplets):
                order = None
            else:
                self.form = ""
                self.fleet.claimed(order)
        if order is not None:
            self._begin(order)
        self._show_question()

    def retry(self, work: FleetWork) -> None:
        """Do the same again to the droplets for which it failed, and that can be acted upon."""
        self._used()
        rows = [] if self.hindrance() else self.fleet.claim(work.retriable, work.order.verb)
        if rows:
            work.again(rows)
            self._announce(f"{work.title}: {len(rows)} tried again")
            self._acting.carry_out(work, rows)
        self._changed()

    def dismiss(self, work: FleetWork) -> None:
        """Take an ended order's rows away."""
        with self._lock:
            if work.ended and work in self._works:
                self._works.remove(work)
        self._changed()

    # --- acting ------------------------------------------------------------------------------------------------------
    def _toggle(self, verb: str) -> None:
        """Open a form, or close it."""
        self.fleet.cancel()
        self._open("" if self.form == verb or self.hindrance() or not self.fleet.fitting(verb) else verb)

    def _suggested_name(self) -> str:
        return f"{self.client.clock.now():%Y-%m-%d-%H%M}"

    def _wanted(self) -> Order | None:
        """Give what the open form asks for, as it is now."""
        if self.form == "snapshot":
            return Order("snapshot", tuple(self.fleet.fitting("snapshot")), ending=self.snapshot_name.strip())
        choice, rows = self.resizing.choice, tuple(self.resizing.concerned)
        return Order("resize", rows, size=choice.slug, with_disk=self.resizing.grows_disk) if choice and rows else None

    def _begin(self, order: Order) -> None:
        work = FleetWork(order)
        with self._lock:
            self._works.append(work)
            for old in [one for one in self._works if one.ended][: max(0, len(self._works) - MOST_WORKS)]:
                self._works.remove(old)
        self._announce(f"{work.title}: started")
        self._acting.carry_out(work, order.droplets)

    def _ended(self, work: FleetWork, droplet_id: int, error: PoseidonError | None) -> None:
        work.end(droplet_id, error)
        self.fleet.release(droplet_id)
        if work.order.size:
            # Who follows the account hears only by and by what a sequence has done.
            self._subscription.look_again()
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
                self._ended(work, droplet_id, followed.error)
            else:
                self._moved(work, droplet_id)
        self._acting.told(followed)
