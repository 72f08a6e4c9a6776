"""The panel of a fleet, as widgets: it shows what `FleetModel` says, and tells it what was clicked."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

from poseidon_nb.widgets.fleet.model import FleetModel
from poseidon_nb.widgets.fleet.table import FleetTable
from poseidon_nb.widgets.fleet.work import entry_html, summary_html
from poseidon_nb.widgets.forms import ResizeForm, SnapshotForm, show_buttons, verb_buttons
from poseidon_nb.widgets.panel import Panel
from poseidon_nb.widgets.parts import Button, Notices, box, close_all, head_html, html, shown
from poseidon_nb.widgets.table_style import TABLE_STYLE
from poseidon_nb.widgets.workers import THE_WORKERS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import pandas as pd

    from poseidon_nb.client.client import Client
    from poseidon_nb.widgets.fleet.work import FleetWork
    from poseidon_nb.widgets.workers import Workers


class FleetPanel(Panel):
    """The skin of a `FleetModel`.

    Parameters
    ----------
    client : Client
    tag : str, optional
        Only droplets that have it.
    workers : Workers
        In whose threads orders are carried out.
    """

    model: FleetModel

    def __init__(self, client: Client, *, tag: str | None = None, workers: Workers = THE_WORKERS) -> None:
        super().__init__("Droplets")
        self.widget.add_class("pnb-fleet")
        with self._lock:
            self.model = FleetModel(client, self.refresh, self._moved, tag=tag, workers=workers)
            self._head, self._selection, self._why = html("head"), html("selection"), html("why")
            self._table = FleetTable(self.model.fleet.cells, self._marked, self.refresh)
            self._buttons = verb_buttons(self.model, self.clicked)
            self._forms = (
                SnapshotForm(self.model, self.clicked, "Name of the snapshots, behind each droplet's own"),
                ResizeForm(self.model, self.clicked, "Size, price of each, and difference for all"),
            )
            row = box(*(button.widget for button in self._buttons.values()), names=("buttons",))
            # What is selected may be on other pages, or hidden by the search.
            self._clear = Button(self.clicked(partial(self.model.select, ())), names=("clear", "quiet"))
            bar = box(box(self._selection, self._clear.widget, names=("selected",)), row, self._why, names=("bar",))
            bar.layout.flex_flow = "column"
            self._notices = Notices(self.clicked(self.model.resume), "the account")
            self._works: dict[FleetWork, _WorkRows] = {}
            self._work_box = box(names=("activity",))
            self._work_box.layout.flex_flow = "column"
            self.widget.children = (
                *self.widget.children,
                html("hidden", value=TABLE_STYLE),
                self._head,
                box(*self._table.widgets, names=("table-box",)),
                bar,
                *(form.widget for form in self._forms),
                self._work_box,
                self._notices.widget,
            )
        self._opened(("fleet", client.base_url, self.model.account, tag))

    # --- from Python -------------------------------------------------------------------------------------------------
    @property
    def selected(self) -> pd.DataFrame:
        """The selected droplets as last read, with the columns of ``%do droplets list``: the table ``droplets``."""
        return self.model.selected()

    @property
    def selected_ids(self) -> frozenset[int]:
        """The ids of the selected droplets."""
        return self.model.fleet.selected

    def select(self, ids: Iterable[int]) -> None:
        """Select exactly these droplets, by their ids; those that the panel does not show are left out."""
        self.model.select(int(one) for one in ids)

    # --- how ---------------------------------------------------------------------------------------------------------
    def _marked(self, ids: Collection[int], *, on: bool) -> None:
        self._kernel.clicked()
        self.model.mark(ids, on=on)

    def _show(self) -> None:
        model, fleet = self.model, self.model.fleet
        shown(self._head, head_html("Droplets", model.account, model.count_text()))
        self._table.show(fleet.cells)
        self._table.choose(lambda: fleet.selected)
        show_buttons(self._buttons, model)
        for form in self._forms:
            form.show()
        shown(self._selection, f"<b>{escape(fleet.selection_text())}</b>")
        self._clear.show("Clear selection", why="Select nothing", visible=bool(fleet.selected))
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

    def __init__(self, panel: FleetPanel, work: FleetWork) -> None:
        self._work = work
        self._summary = html("work-summary")
        self._retry = Button(panel.clicked(partial(panel.model.retry, work)), names=("retry-failed",))
        self._dismiss = Button(panel.clicked(partial(panel.model.dismiss, work)), names=("dismiss", "quiet"))
        top = box(self._summary, self._retry.widget, self._dismiss.widget, names=("work-top",))
        self._rows: dict[int, Any] = {}
        self._row_box = box(names=("work-rows",))
        self.widget = box(top, self._row_box, names=("work",))

    def show(self) -> None:
        work = self._work
        shown(self._summary, summary_html(work))
        failed = len(work.retriable)
        self._retry.show(
            f"Retry the {failed:,} that failed" if len(work.order.droplets) > 1 else "Retry",
            why=f"Retry: {work.title}",
            visible=bool(failed) and work.ended,
        )
        self._dismiss.show("Dismiss", why=f"Dismiss: {work.title}", visible=work.ended)
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
        shown(self._summary, summary_html(self._work))
        if droplet_id in self._rows:
            shown(self._rows[droplet_id], entry_html(self._work.entry(droplet_id)))
