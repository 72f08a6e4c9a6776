"""What panels of droplets share: they track the account, execute requests, and keep the progress of these.

From a click to a row: `Fleet` selects the droplets that the verb is possible for. The click is a `BulkRequest`, whose plan
decides whether `Fleet` asks for confirmation first. Its `BulkProgress` has a row for each droplet. The client's engine
executes the plan in the background, even if the panel is closed, and updates the rows. No widgets here and no kernel.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING, Any

from poseidon_nb.text import LINE_WIDTH, pluralize
from poseidon_nb.transport.workers import WorkerPool
from poseidon_nb.widgets.click_confirmation import ButtonState
from poseidon_nb.widgets.droplets.activity import DropletsActivity
from poseidon_nb.widgets.droplets.advice import load_advice
from poseidon_nb.widgets.droplets.lifetime import LIFETIME_VERBS
from poseidon_nb.widgets.droplets.requests import PANEL_VERBS, BulkRequest
from poseidon_nb.widgets.droplets.resize import ResizeOptions
from poseidon_nb.widgets.droplets.snapshot_notes import snapshot_notes
from poseidon_nb.widgets.models import READ_ONLY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.monitor.subscription import ActionUpdate
    from poseidon_nb.widgets.droplets.activity import OnRowChange
    from poseidon_nb.widgets.droplets.fleet import Fleet

    Row = Mapping[str, Any]

#: The threads in which panels load what a form needs.
WORKERS = WorkerPool(2, "poseidon-panel")
#: The threads in which they load metrics: their own, so that nothing that was clicked waits for them.
METRICS_WORKERS = WorkerPool(2, "poseidon-metrics")


class DropletsModel(DropletsActivity, ABC):
    """Droplets, and what is done to the selected ones.

    Parameters
    ----------
    client : Client
    fleet : Fleet
    on_change : callable
        Called from any thread when there may be something new to show.
    on_row_change : callable
        Called from any thread with a `BulkProgress` and a droplet's id when only that row has changed.
    on_progress : callable, optional
        Called with the progress of each running action, whoever started it.
    droplets : iterable of mapping, optional
        Rows as just read; only these droplets are tracked.
    """

    def __init__(
        self,
        client: Client,
        fleet: Fleet,
        on_change: Callable[[], None],
        on_row_change: OnRowChange,
        *,
        droplets: Iterable[Row] | None = None,
        on_progress: Callable[[ActionUpdate], None] | None = None,
    ) -> None:
        super().__init__(client, fleet, on_change, on_row_change)
        #: The open form: ``snapshot``, ``resize``, ``freeze``, ``lease`` or empty.
        self.form = ""
        self.snapshot_name = ""
        # Sizes are shown, but cannot be submitted, while all selected droplets have a request in progress.
        self.resize_options = ResizeOptions(lambda: self.fleet.eligible("resize") or self.fleet.selected_rows)
        with self._lock:
            self._subscription = client.monitor.subscribe(
                self._account_changed, droplets=droplets, on_progress=on_progress
            )
            self.fleet.update(self._subscription.state)

    def disabled_reason(self) -> str:
        """Return why all buttons are disabled; empty if they are not."""
        if self.closed:
            return self.status_notice()
        return READ_ONLY if self.client.read_only else ""

    def notices(self) -> list[str]:
        """Return the notices to show now."""
        notices = [self.disabled_reason(), self.fleet.notice, self.status_notice(), self.retry_notice]
        # A closed panel is both a reason and a status.
        return [*dict.fromkeys(filter(None, notices))]

    def buttons(self) -> dict[str, ButtonState]:
        """Return the states of the buttons in the first row, by verb."""
        reason = self.disabled_reason()
        if not reason:
            return self.fleet.buttons()
        return {name: ButtonState(verb.label, enabled=False, tooltip=reason) for name, verb in PANEL_VERBS.items()}

    def hint(self) -> str:
        """Return one line below the buttons, mainly why some are disabled; empty if a notice says so."""
        return "" if self.disabled_reason() else self.fleet.hint()

    def announcements(self) -> list[str]:
        """Return what to announce to screen readers: a question, the last event, and notices."""
        buttons = [*self.buttons().values(), *([self.submit_button()] if self.form else [])]
        return [*(one.label for one in buttons if one.confirming), self.announcement, *self.notices()]

    def submit_button(self) -> ButtonState:
        """Return the state of the submit button of the open form."""
        error = self._validation_error()
        request = None if error else self._form_request(is_new=False)
        if request is not None and (confirming := self.fleet.confirmation_button(request)) is not None:
            return confirming
        label, count = self.resize_options.button_label(), len(self.fleet.eligible("snapshot"))
        if self.form == "snapshot":
            label = "Take snapshot" if count < 2 else f"Take {count:,} snapshots"  # noqa: PLR2004  # plural
        elif self.form in LIFETIME_VERBS:
            label = self.lifetime.submit_label(self.form)
        return ButtonState(label, not error, error)

    def _validation_error(self) -> str:
        button = self.buttons()[self.form or "resize"]
        if not button.enabled:
            return button.tooltip
        if self.form == "snapshot":
            return "" if self.snapshot_name.strip() else "Enter a name for the snapshot."
        if self.form in LIFETIME_VERBS:
            return self.lifetime.validation_error(self.form)
        return self.resize_options.validation_error()

    def form_notes(self) -> list[str]:
        """Return the sentences in the open form: what submitting it would do."""
        eligible = self.fleet.eligible(self.form or "resize")
        rows = self.resize_options.affected if self.form == "resize" else eligible
        if self.form in LIFETIME_VERBS:
            notes = self.lifetime.notes(self.form)
        elif self.form == "resize":
            notes = self.resize_options.consequences()
        else:
            notes = snapshot_notes(rows, self.snapshot_name.strip(), [self._snapshot_name(row) for row in rows])
        waiting, skipped = self.fleet.waiting_text(rows), len(self.fleet.selected_ids) - len(eligible)
        if waiting:
            notes.append(f"Starts {waiting}." if len(rows) == 1 else f"Starts for {waiting}.")
        if skipped and eligible:
            notes.append(
                f"{pluralize(skipped, 'other selected droplet')} {'is' if skipped == 1 else 'are'} not affected."
            )
        return notes

    def text(self, width: int = LINE_WIDTH) -> str:
        """Return the panel as text; tables fit into a line of this many characters."""
        return "\n".join([self._head_text(width), *(one.text() for one in self.activity), *self.notices()])

    def html(self) -> str:
        """Return the panel as HTML that works without scripts or a kernel."""
        return self._head_html() + "".join(one.html() for one in self.activity)

    @abstractmethod
    def _head_text(self, width: int) -> str:
        """Return the droplets as text."""

    @abstractmethod
    def _head_html(self) -> str:
        """Return the droplets as HTML."""

    def press(self, verb: str) -> None:
        """Handle a click on a button in the first row."""
        self._touch()
        if PANEL_VERBS[verb].has_form:
            self.fleet.cancel()
            self._open_form(verb if self.form != verb and self.buttons()[verb].enabled else "")
            self.load_advice()
            self._load_plan()
        elif not self.disabled_reason() and (request := self.fleet.press(verb)) is not None:
            self._start(request)
        self._show_confirmation()

    def load_advice(self) -> None:
        """Load the advised sizes for the open resize form in the background, once."""
        with self._lock:
            rows = self.resize_options.request_advice() if self.form == "resize" else []
        if rows:
            # Of the droplets that are selected now: there may be thousands later.
            self._load_metrics(partial(self._load_advice, rows))

    def _load_plan(self) -> None:
        """Build the plan for the open form in the background, unless the droplets are those of the last one."""
        with self._lock:
            rows = self.lifetime.request_plan() if self.form == "freeze" else ()
        if rows:
            self._load(partial(self._build_plan, rows))

    def submit(self) -> None:
        """Handle a click on the submit button of the open form."""
        self._touch()
        with self._lock:
            request = self._form_request() if self.form and self.submit_button().enabled else None
            if request is None:
                self.fleet.cancel()
            confirmed = self.fleet.submit(request) if request is not None else None
            if confirmed is not None:
                self.form = ""
        if confirmed is not None and confirmed.verb == "freeze":
            # The form may have been open for long, and only the droplets themselves are monitored.
            self._load(partial(self._freeze, confirmed))
        elif confirmed is not None:
            self._start(confirmed)
        self._show_confirmation()

    def _freeze(self, request: BulkRequest) -> None:
        if not self._start_checked(request) and not self.form:
            self._open_form("freeze")
            self._load_plan()
        self._on_change()

    def cancel(self) -> None:
        """Close the question."""
        self._touch()
        self.fleet.cancel()
        self._on_change()

    def close_form(self) -> None:
        """Close the form without submitting it."""
        self.form = ""
        self.cancel()

    def set_snapshot_name(self, name: str) -> None:
        """Set the name of the snapshot to take."""
        self.snapshot_name = name
        self._on_change()

    def set_ttl(self, ttl: str) -> None:
        """Set the length of the lease. An open question about another length is closed."""
        with self._lock:
            self._touch()
            if ttl != self.lifetime.ttl:
                self.fleet.cancel()
            self.lifetime.ttl, self.lifetime.problem = ttl, ""
        self._on_change()

    def choose_size(self, slug: str) -> None:
        """Choose a size. An open question about another size is closed."""
        with self._lock:
            self._touch()
            if slug != self.resize_options.chosen_slug:
                self.fleet.cancel()
            self.resize_options.chosen_slug = slug
        self._on_change()

    def choose_disk(self, *, with_disk: bool) -> None:
        """Choose whether the disks grow too."""
        with self._lock:
            self._touch()
            if with_disk != self.resize_options.with_disk:
                self.fleet.cancel()
            self.resize_options.with_disk = with_disk
        self._on_change()

    def _touch(self) -> None:
        self.retry_notice = ""
        self._subscription.touch()

    def _show_confirmation(self) -> None:
        self._on_change()
        self.fleet.confirmation_shown()

    def _open_form(self, form: str) -> None:
        """Open a form, or close the open one if the name is empty."""
        self.form = form
        if form == "snapshot":
            self.snapshot_name = self._default_snapshot_name()
        elif form == "resize":
            self.resize_options.reset()
            self._load(self._load_sizes)
        elif form in LIFETIME_VERBS:
            self.lifetime.reset()
            if form == "lease":
                self._load(self._load_lease_tags)

    def _load(self, load: Callable[[], None]) -> None:
        WORKERS.submit(load)

    def _load_metrics(self, load: Callable[[], None]) -> None:
        """Load metrics in the background."""
        METRICS_WORKERS.submit(load)

    def _load_sizes(self) -> None:
        self.resize_options.load(self.client)
        self._on_change()

    def _load_lease_tags(self) -> None:
        self.lifetime.load_tags()
        self._on_change()

    def _build_plan(self, rows: Sequence[Row]) -> None:
        if not self.closed and self.form == "freeze":
            self.lifetime.build_plan(rows)
            self._on_change()

    def _load_advice(self, rows: Sequence[Row]) -> None:
        if not self.closed and self.form == "resize":
            self.resize_options.advice = load_advice(self.client, rows)
            self._on_change()

    def _default_snapshot_name(self) -> str:
        return f"{self.client.clock.now():%Y-%m-%d-%H%M}"

    def _snapshot_name(self, row: Row) -> str:
        """Return the name of a droplet's snapshot, with the droplet's name in front to tell many apart."""
        return f"{row['name']}-{self.snapshot_name.strip()}"

    def _form_request(self, *, is_new: bool = True) -> BulkRequest | None:
        """Return the request that submitting the open form would make; with ``is_new=False`` one that was built before."""
        if self.form in LIFETIME_VERBS:
            return self.lifetime.request(self.form) if is_new else self.lifetime.asked(self.form)
        if self.form == "snapshot":
            rows = tuple(self.fleet.eligible("snapshot"))
            names = {row["id"]: self._snapshot_name(row) for row in rows}
            return BulkRequest("snapshot", rows, names=names, account=self.account)
        resize = self.resize_options
        choice, rows = resize.choice, tuple(resize.affected)
        if choice is None or not rows:
            return None
        size, sizes = choice.slug, resize.sizes_by_slug
        return BulkRequest("resize", rows, size=size, with_disk=resize.grows_disk, sizes=sizes, account=self.account)

    def _account_changed(self) -> None:
        with self._lock:
            self.fleet.update(self._subscription.state)
        self._load_plan()
        self._on_change()
