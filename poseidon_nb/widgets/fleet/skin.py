"""What the panels of droplets show alike: buttons, forms, and a row for each droplet that something was set off on."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

from poseidon_nb.widgets.fleet.work import entry_html, summary_html
from poseidon_nb.widgets.forms import ResizeForm, SnapshotForm, show_buttons, verb_buttons
from poseidon_nb.widgets.panel import Panel
from poseidon_nb.widgets.parts import Button, Notices, box, close_all, html, marked, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.widgets.fleet.model import DropletsModel
    from poseidon_nb.widgets.fleet.work import FleetWork


class DropletsPanel(Panel):
    """The skin of a `DropletsModel`; a subclass has a head, which says of what droplets."""

    model: DropletsModel

    def _compose(self, *head: Any, snapshot: str, size: str, bar: Sequence[Any] = ()) -> None:
        """Put it together, under its lock: `snapshot` and `size` label fields, `bar` is what stands before the buttons."""
        self._why = html("why")
        self._buttons = verb_buttons(self.model, self.clicked)
        self._forms = (
            SnapshotForm(self.model, self.clicked, snapshot),
            ResizeForm(self.model, self.clicked, size),
        )
        row = box(*(button.widget for button in self._buttons.values()), names=("buttons",))
        below = box(*bar, row, self._why, names=("bar",))
        below.layout.flex_flow = "column"
        self._works: dict[FleetWork, _WorkRows] = {}
        self._work_box = box(names=("activity",))
        self._work_box.layout.flex_flow = "column"
        self._notices = Notices(self.clicked(self.model.resume), self.model.followed)
        self.widget.children = (
            *self.widget.children,
            *head,
            below,
            *(form.widget for form in self._forms),
            self._work_box,
            self._notices.widget,
        )

    def _show(self) -> None:
        model = self.model
        show_buttons(self._buttons, model)
        for form in self._forms:
            form.show()
        shown(self._why, escape(model.why()))
        self._show_works()
        self._notices.show(self._with_kernel(model.notices()), paused=model.paused)
        self.say(*model.announcements(), self._kernel.notice)

    def _show_works(self) -> None:
        works = self.model.works
        for work in works:
            if work not in self._works:
                self._works[work] = _WorkRows(self, work)
            self._works[work].show()
        children = tuple(self._works[work].widget for work in works)
        if children != self._work_box.children:
            self._work_box.children = children
        for work in [*self._works.keys() - {*works}]:
            close_all(self._works.pop(work).widget)

    def _moved(self, work: FleetWork, droplet_id: int) -> None:
        """Show only the row that has moved: many do so several times a second."""
        with self._lock:
            if self._is_open and work in self._works:
                self._works[work].show_one(droplet_id)


class _WorkRows:
    """The rows of one order."""

    def __init__(self, panel: DropletsPanel, work: FleetWork) -> None:
        self._work = work
        self._summary = html("work-summary")
        self._retry = Button(panel.clicked(partial(panel.model.retry, work)), names=("retry",))
        self._dismiss = Button(panel.clicked(partial(panel.model.dismiss, work)), names=("dismiss", "quiet"))
        top = box(self._summary, self._retry.widget, self._dismiss.widget, names=("work-top",))
        self._rows: dict[int, Any] = {}
        #: What each droplet's row last was: the summary counts these.
        self._states: dict[int, str] = {}
        self._row_box = box(names=("work-rows",))
        self.widget = box(top, self._row_box, names=("work",))
        marked(self.widget, "single", on=work.single)

    def show(self) -> None:
        work = self._work
        shown(self._summary, summary_html(work))
        failed = len(work.retriable)
        self._retry.show(
            "Retry" if work.single else f"Retry the {failed:,} that failed",
            why=f"Retry: {work.order.title}",
            visible=bool(failed) and work.ended,
        )
        self._dismiss.show("Dismiss", why=f"Dismiss: {work.order.title}", visible=work.ended)
        entries = work.entries()
        for droplet_id, entry in entries:
            if droplet_id not in self._rows:
                self._rows[droplet_id] = html("progress")
            shown(self._rows[droplet_id], entry_html(entry))
        children = tuple(self._rows[droplet_id] for droplet_id, _ in entries)
        if children != self._row_box.children:
            self._row_box.children = children
        for droplet_id in [*self._rows.keys() - {droplet_id for droplet_id, _ in entries}]:
            close_all(self._rows.pop(droplet_id))

    def show_one(self, droplet_id: int) -> None:
        entry = self._work.entry(droplet_id)
        if self._states.get(droplet_id) != entry.state:
            self._states[droplet_id] = entry.state
            shown(self._summary, summary_html(self._work))
        if droplet_id in self._rows:
            shown(self._rows[droplet_id], entry_html(entry))
