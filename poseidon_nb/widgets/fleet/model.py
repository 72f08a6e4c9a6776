"""What the panels of droplets do, of one or of many: follow the account, take orders, and keep what became of them.

From a click to a row: `Fleet` says which of the selected droplets it is about, what is clicked is an `Order`, whose plan
says whether `Fleet` asks in place first, and the `FleetWork` of it has a row for each droplet. The client's engine carries
the plan out in the background, whatever becomes of the panel, and tells the rows. No widgets here and no kernel.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue.prices import SNAPSHOT_GB
from poseidon_nb.text import capitalized, escape_unprintable, format_usd, pluralize, truncated_list
from poseidon_nb.transport.workers import WorkerPool
from poseidon_nb.widgets.asking import ButtonState
from poseidon_nb.widgets.fleet.orders import Order
from poseidon_nb.widgets.fleet.work import FleetWork
from poseidon_nb.widgets.following import CLOSED, Following
from poseidon_nb.widgets.resizing import Resizing
from poseidon_nb.widgets.verbs import VERBS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.chain_run import ChainRun
    from poseidon_nb.client.watching.subscription import Followed
    from poseidon_nb.widgets.fleet.fleet import Fleet

    Row = Mapping[str, Any]
    Moved = Callable[[FleetWork, int], None]

#: Orders whose rows stay to be read; of the older ones the account's actions tell.
MOST_WORKS = 6
#: In whose threads panels read what a form needs.
WORKERS = WorkerPool(2, "poseidon-panel")


class DropletsModel(Following, ABC):
    """Some droplets, and what is done to those that are selected.

    Parameters
    ----------
    client : Client
    fleet : Fleet
        Which droplets they are.
    changed : callable
        Called, from any thread, when there may be something new to show.
    moved : callable
        Called, from any thread, with an order's work and a droplet's id, when only that row has moved.
    on_progress : callable, optional
        Told a `Followed` of each action that runs, whoever has started it.
    droplets : iterable of mapping, optional
        As just read, where only these are followed.
    """

    def __init__(
        self,
        client: Client,
        fleet: Fleet,
        changed: Callable[[], None],
        moved: Moved,
        *,
        droplets: Iterable[Row] | None = None,
        on_progress: Callable[[Followed], None] | None = None,
    ) -> None:
        super().__init__(client, changed)
        self.fleet = fleet
        self._moved = moved
        self._works: list[FleetWork] = []
        #: The last thing worth saying to somebody who does not look.
        self.announcement = ""
        #: Why nothing was tried again when that was asked for.
        self.remark = ""
        #: Which form is open: ``snapshot``, ``resize`` or none.
        self.form = ""
        #: What was typed as the name of a snapshot.
        self.snapshot_name = ""
        # Sizes are shown, and cannot be ordered, also while all of the selected are at work.
        self.resizing = Resizing(lambda: self.fleet.fitting("resize") or self.fleet.selected_rows)
        with self._lock:
            self._subscription = client.watch.subscribe(
                self._account_changed, droplets=droplets, on_progress=on_progress
            )
            self.fleet.take_in(self._subscription.state)

    # --- what is shown -----------------------------------------------------------------------------------------------
    @property
    def works(self) -> list[FleetWork]:
        """What was ordered, the newest first."""
        with self._lock:
            return self._works[::-1]

    def hindrance(self) -> str:
        """Return why nothing can be done now; nothing when something can."""
        if self.closed:
            return CLOSED
        return "This client only reads." if self.client.read_only else ""

    def notices(self) -> list[str]:
        """Return what somebody should know who looks at it now."""
        told = [self.hindrance(), self.fleet.notice, self.following_notice(), self.remark]
        # What hinders and how the account is followed may be one thing: that the panel is closed.
        return [*dict.fromkeys(filter(None, told))]

    def buttons(self) -> dict[str, ButtonState]:
        """Return what the buttons of the first row show, by verb."""
        hindrance = self.hindrance()
        if not hindrance:
            return self.fleet.buttons()
        return {name: ButtonState(verb.label, enabled=False, why=hindrance) for name, verb in VERBS.items()}

    def why(self) -> str:
        """Return, in one line below the buttons, why some cannot be clicked."""
        return self.hindrance() or self.fleet.why_text()

    def announcements(self) -> list[str]:
        """Return what somebody should hear who does not look at it: a question, what began or ended, notices."""
        buttons = [*self.buttons().values(), *([self.go_button()] if self.form else [])]
        return [*(one.label for one in buttons if one.asking), self.announcement, *self.notices()]

    def go_button(self) -> ButtonState:
        """Return what the button of the open form shows."""
        hindrance = self._lacks()
        order = None if hindrance else self._wanted()
        if order is not None and (asking := self.fleet.asking(order)) is not None:
            return asking
        label, number = self.resizing.label(), len(self.fleet.fitting("snapshot"))
        if self.form == "snapshot":
            label = "Take snapshot" if number < 2 else f"Take {number:,} snapshots"  # noqa: PLR2004  # many
        return ButtonState(label, not hindrance, hindrance)

    def _lacks(self) -> str:
        button = self.buttons()[self.form or "resize"]
        if not button.enabled:
            return button.why
        if self.form == "snapshot":
            return "" if self.snapshot_name.strip() else "Type a name for the snapshot."
        return self.resizing.lacks()

    def form_words(self) -> list[str]:
        """Return what the open form says below what there is to choose."""
        fitting = self.fleet.fitting(self.form or "resize")
        rows = self.resizing.concerned if self.form == "resize" else fitting
        said = self.resizing.consequences() if self.form == "resize" else self._snapshot_words(rows)
        waits, left = self.fleet.waits(rows), len(self.fleet.selected) - len(fitting)
        return [
            *said,
            *([f"{capitalized(waits)}."] if waits else []),
            *([f"{pluralize(left, 'other')} selected cannot now."] if left and fitting else []),
        ]

    def _snapshot_words(self, rows: list[Row]) -> list[str]:
        if not rows:
            return []
        typed, said = self.snapshot_name.strip(), []
        names = [self._snapshot_name(row) for row in rows]
        if typed and names != [typed]:
            said.append(f"Named {truncated_list(names, max_words=3)}.")
        if any(row.get("status") == "active" for row in rows):
            what = escape_unprintable(str(rows[0]["name"])) if len(rows) == 1 else "What is on"
            said.append(f"{what} stays on meanwhile; one that is off gives a cleaner copy.")
        most_usd = Order(
            "snapshot", tuple(rows), names=dict.fromkeys([row["id"] for row in rows], typed)
        ).plan.usd_month
        price = f"A snapshot costs {format_usd(SNAPSHOT_GB.usd)} a month for each GB that it holds, until it is deleted"
        return [*said, f"{price}: here {format_usd(most_usd)} at most." if most_usd else f"{price}."]

    def text(self) -> str:
        """Return the panel as text."""
        return "\n".join([self._head_text(), *(work.text() for work in self.works), *self.notices()])

    def html(self) -> str:
        """Return the panel as HTML that needs neither kernel nor script."""
        return self._head_html() + "".join(work.html() for work in self.works)

    @abstractmethod
    def _head_text(self) -> str:
        """Return the droplets as text."""

    @abstractmethod
    def _head_html(self) -> str:
        """Return the droplets as HTML."""

    # --- what is clicked ---------------------------------------------------------------------------------------------
    def press(self, verb: str) -> None:
        """Take a click on a verb's button of the first row."""
        self._used()
        if VERBS[verb].form:
            self.fleet.cancel()
            self._open(verb if self.form != verb and self.buttons()[verb].enabled else "")
        elif not self.hindrance() and (order := self.fleet.press(verb)) is not None:
            self._begin(order)
        self._show_question()

    def go(self) -> None:
        """Take a click on the button of the open form."""
        self._used()
        with self._lock:
            wanted = self._wanted() if self.form and self.go_button().enabled else None
            if wanted is None:
                self.fleet.cancel()
            order = self.fleet.confirmed(wanted) if wanted is not None else None
            if order is not None:
                self.form = ""
        if order is not None:
            self._begin(order)
        self._show_question()

    def cancel(self) -> None:
        """Take back a question."""
        self._used()
        self.fleet.cancel()
        self._changed()

    def close_form(self) -> None:
        """Close the form, and do nothing."""
        self.form = ""
        self.cancel()

    def call_snapshot(self, name: str) -> None:
        """Take in what was typed as the name of a snapshot."""
        self.snapshot_name = name
        self._changed()

    def choose_size(self, slug: str) -> None:
        """Choose a size; a question that was open was about another one."""
        with self._lock:
            self._used()
            if slug != self.resizing.wanted:
                self.fleet.cancel()
            self.resizing.wanted = slug
        self._changed()

    def choose_disk(self, *, with_disk: bool) -> None:
        """Choose whether disks grow too."""
        with self._lock:
            self._used()
            if with_disk != self.resizing.with_disk:
                self.fleet.cancel()
            self.resizing.with_disk = with_disk
        self._changed()

    def retry(self, work: FleetWork) -> None:
        """Do the same again to the droplets for which it failed, and that it makes sense for now."""
        self._used()
        verb, ids = work.order.verb, work.retriable
        rows = [] if self.hindrance() else self.fleet.claim(ids, verb)
        if rows:
            work.again(rows)
            self.announcement = f"{work.order.title}: {len(rows)} tried again"
            # The sizes that were read may be old by now, and what fits is the service's to say.
            self._carry_out(work, replace(work.order, droplets=tuple(rows), sizes={}))
        elif ids:
            self.remark = f"Not tried again: {self.hindrance() or f'{self.fleet.why_not(verb, ids)}.'}"
        self._changed()

    def dismiss(self, work: FleetWork) -> None:
        """Take an ended order's rows away."""
        with self._lock:
            if work.ended and work in self._works:
                self._works.remove(work)
        self._changed()

    # --- how ---------------------------------------------------------------------------------------------------------
    def _used(self) -> None:
        """Note that somebody uses the panel."""
        self.remark = ""
        self._subscription.touch()

    def _show_question(self) -> None:
        self._changed()
        self.fleet.shown()

    def _open(self, form: str) -> None:
        """Open a form, or with no name close the one that is open."""
        self.form = form
        if form == "snapshot":
            self.snapshot_name = self._suggested_name()
        elif form == "resize":
            self.resizing.begin()
            WORKERS.submit(self._read_sizes)

    def _read_sizes(self) -> None:
        self.resizing.read(self.client)
        self._changed()

    def _suggested_name(self) -> str:
        """Return what stands in the form for a snapshot at first."""
        return f"{self.client.clock.now():%Y-%m-%d-%H%M}"

    def _snapshot_name(self, row: Row) -> str:
        """Return what a droplet's snapshot is called: its own name comes first, so that many can be told apart."""
        return f"{row['name']}-{self.snapshot_name.strip()}"

    def _wanted(self) -> Order | None:
        """Return what the open form asks for, as it is now."""
        if self.form == "snapshot":
            rows = tuple(self.fleet.fitting("snapshot"))
            return Order("snapshot", rows, names={row["id"]: self._snapshot_name(row) for row in rows})
        resizing = self.resizing
        choice, rows = resizing.choice, tuple(resizing.concerned)
        if choice is None or not rows:
            return None
        return Order("resize", rows, size=choice.slug, with_disk=resizing.grows_disk, sizes=resizing.sizes)

    def _begin(self, order: Order) -> None:
        work = self._add(FleetWork(order))
        self.announcement = f"{work.order.title}: started"
        self._carry_out(work, order)

    def _carry_out(self, work: FleetWork, order: Order) -> None:
        """Execute an order, which may be a part of its work's, in the background."""
        ids = [row["id"] for row in order.droplets]
        going, shown, hurried = {*ids}, set[int](), False

        def changed(number: int, run: ChainRun) -> None:
            nonlocal hurried
            droplet_id = ids[number]
            work.tell(droplet_id, run)
            if run.begun and not hurried:
                # So that other panels of the account show it soon too.
                hurried = True
                self.client.watch.hurry()
            if run.held_by is not None and run.held_by.id not in shown:
                # What is waited for is shown too, at once.
                shown.add(run.held_by.id)
                self._subscription.follow(run.held_by)
            if not run.ended:
                self._moved(work, droplet_id)
            elif droplet_id in going:
                going.remove(droplet_id)
                self._ended(work, droplet_id)

        # What is read of one is shown at once; of many the watch reads a page.
        assign = {ids[0]: lambda row: self.client.watch.put([row])} if len(ids) == 1 else None
        execution = self.client.engine.start(order.plan.chains, title=order.title, on_change=changed, assign=assign)
        for droplet_id, run in zip(ids, execution.chains, strict=True):
            work.tell(droplet_id, run)

    def _add(self, work: FleetWork) -> FleetWork:
        with self._lock:
            self._works.append(work)
            for old in [one for one in self._works if one.ended][: max(0, len(self._works) - MOST_WORKS)]:
                self._works.remove(old)
        return work

    def _ended(self, work: FleetWork, droplet_id: int) -> None:
        if not work.elsewhere:
            self.fleet.release(droplet_id)
            # Who follows the account hears only by and by what was done.
            self._subscription.look_again()
        if work.ended:
            self.announcement = work.announcement()
            self._changed()
        else:
            # Of hundreds that end together each shows its row; what else it changes is shown once the watch has read it.
            self._moved(work, droplet_id)

    # --- what the account tells --------------------------------------------------------------------------------------
    def _account_changed(self) -> None:
        with self._lock:
            self.fleet.take_in(self._subscription.state)
        self._changed()
