"""The models of the two panels of droplets: one droplet, and many with a selection. No widgets here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.text import escape_unprintable, quote_argument
from poseidon_nb.widgets.droplets.bulk_progress import BulkProgress
from poseidon_nb.widgets.droplets.facts import (
    HEADS,
    PRICE,
    cell_texts,
    cells_text,
    droplet_facts,
    facts_table_html,
    facts_text,
    shown_columns,
    with_defaults,
)
from poseidon_nb.widgets.droplets.fleet import Fleet
from poseidon_nb.widgets.droplets.model import DropletsModel
from poseidon_nb.widgets.droplets.requests import BulkRequest
from poseidon_nb.widgets.droplets.settings import FORMS, DropletSettings
from poseidon_nb.widgets.droplets.usage import LOADING_USAGE, load_usage
from poseidon_nb.widgets.models import MAX_SAVED_ROWS
from poseidon_nb.widgets.static_table import static_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.droplet import Droplet
    from poseidon_nb.client.monitor.subscription import ActionUpdate
    from poseidon_nb.widgets.click_confirmation import ButtonState
    from poseidon_nb.widgets.droplets.activity import OnRowChange
    from poseidon_nb.widgets.droplets.facts import Facts, Row
    from poseidon_nb.widgets.droplets.usage import Usage

#: Charts that are older are loaded again when the panel is used, in seconds.
MAX_USAGE_AGE_S = 600.0


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
        fleet = Fleet(client.clock, only=row, now=client.now)
        self.settings = DropletSettings(client, fleet, lambda: self.row)
        #: The usage of the last day; empty until it is loaded.
        self.usage: tuple[Usage, ...] = ()
        #: When it was last requested, in monotonic seconds.
        self._usage_requested_s: float | None = None
        super().__init__(client, fleet, on_change, on_row_change, droplets=[row], on_progress=self._action_changed)

    @property
    def row(self) -> Row:
        """The droplet as the API sends it, with defaults for missing fields."""
        return with_defaults(self.droplet.to_dict())

    def update_fleet(self) -> None:
        """Update the fleet of one, because the owner of the droplet may have refreshed it."""
        self.fleet.update_droplet(self.row)

    @property
    def loading(self) -> bool:
        """Whether the sizes of the open resize form are not read yet."""
        return self.form == "resize" and self.resize_options.sizes is None and not self.resize_options.error

    @property
    def deleted(self) -> bool:
        """Whether the droplet was deleted."""
        return self.droplet.id in self._subscription.state.deleted

    def facts(self) -> Facts:
        """Return the facts of the droplet."""
        return droplet_facts(self.row, self.account, self.client.now())

    def _all_facts(self) -> Facts:
        usage = ((f"{one.label}, 24 h", one.summary) for one in self.usage)
        return [*self.facts(), *usage, *self._resize_facts()]

    def _resize_facts(self) -> Facts:
        """Return the size that is chosen in the open form, and the command that resizes where there are no buttons."""
        resize, row = self.resize_options, self.row
        if self.form != "resize" or resize.choice is None:
            return []
        restart = " --restart" if row["status"] == "active" else ""
        command = f"%do droplets resize {row['id']} --size {quote_argument(resize.choice.name)}{restart}"
        return [("Chosen size", resize.choice_text()), ("To resize", command)]

    def load_usage(self) -> None:
        """Load the usage in the background, unless it is recent; the panel calls this when the page has drawn it."""
        now_s = self.client.clock.monotonic()
        with self._lock:
            last_s = self._usage_requested_s
            if self.closed or (last_s is not None and now_s - last_s < MAX_USAGE_AGE_S):
                return
            self._usage_requested_s = now_s
        self._load_metrics(self._load_usage)

    def _touch(self) -> None:
        super()._touch()
        self.update_fleet()
        if self._usage_requested_s is not None:
            # Charts of a panel that is in use are kept up to date; an idle one causes no requests for them.
            self.load_usage()

    def usage_html(self) -> str:
        """Return the charts of the usage; before they are loaded their place, so that nothing moves later."""
        charts = "".join(one.html() for one in self.usage or LOADING_USAGE)
        return f"<div class='pnb-usages'>{charts}</div>"

    def _load_usage(self) -> None:
        if not self.closed:
            self.usage = load_usage(self.droplet)
            self._on_change()

    def disabled_reason(self) -> str:
        """Return why all buttons are disabled; empty if they are not."""
        if self.deleted and not self.closed:
            return f"{escape_unprintable(self.row['name'])} was deleted."
        return super().disabled_reason()

    def setting_buttons(self) -> dict[str, ButtonState]:
        """Return the states of the buttons for the droplet's settings."""
        return self.settings.buttons(self.disabled_reason())

    def hint(self) -> str:
        """Return one line below the buttons, as in `DropletsModel`, or the question about the backups."""
        backups = self.setting_buttons()["backups"]
        return backups.tooltip if backups.confirming else super().hint()

    def announcements(self) -> list[str]:
        """Return what to announce to screen readers."""
        backups = self.setting_buttons()["backups"]
        return [*([backups.label] if backups.confirming else []), *super().announcements()]

    def submit_button(self) -> ButtonState:
        """Return the state of the submit button of the open form."""
        if self.form in FORMS:
            return self.settings.submit_button(self.form, self.disabled_reason())
        return super().submit_button()

    def toggle_settings(self) -> None:
        """Show or hide the buttons for the droplet's settings, with their forms."""
        self._touch()
        self.settings.visible = not self.settings.visible
        if self.form in FORMS:
            self.form = ""
        self.fleet.cancel()
        self._on_change()

    def press_setting(self, name: str) -> None:
        """Handle a click on a button for a setting: ``backups``, or the name of a form."""
        self._touch()
        enabled = self.setting_buttons()[name].enabled
        if name in FORMS:
            self.fleet.cancel()
            self._open_form(name if self.form != name and enabled else "")
        elif enabled and (request := self.settings.backups_request()) is not None:
            self._submit(request)
        self._show_confirmation()

    def submit(self) -> None:
        """Handle a click on the submit button of the open form. The form of the tags stays open."""
        if self.form not in FORMS:
            super().submit()
            return
        self._touch()
        with self._lock:
            form = self.form
            request = self.settings.request(form) if self.submit_button().enabled else None
            if request is not None and form != "tags":
                self.form = ""
        if request is not None:
            # The name that was typed has confirmed a deletion.
            self._submit(request, is_confirmed=form == "delete")
            self.settings.tag = ""
        self._show_confirmation()

    def untag(self, tag: str) -> None:
        """Handle a click on the button that removes a tag."""
        self._touch()
        if self.setting_buttons()["tags"].enabled:
            self._submit(self.settings.untag_request(tag))
        self._show_confirmation()

    def _submit(self, request: BulkRequest, *, is_confirmed: bool = False) -> None:
        if is_confirmed:
            confirmed = request if self.fleet.claim([self.droplet.id], request.verb) else None
        else:
            confirmed = self.fleet.submit(request)
        if confirmed is not None:
            self._start(confirmed)

    def type_name(self, name: str) -> None:
        """Set the name that confirms a deletion."""
        self.settings.typed_name = name
        self._on_change()

    def _open_form(self, form: str) -> None:
        super()._open_form(form)
        if form in FORMS:
            self.settings.reset()
        if form == "tags":
            self._load(self._load_tags)

    def _load_tags(self) -> None:
        self.settings.load_tags()
        self._on_change()

    def offer_size(self, slug: str) -> None:
        """Open the resize form with a size chosen. Submitting it still asks for confirmation."""
        with self._lock:
            self.fleet.cancel()
            self._open_form("resize")
            self.resize_options.chosen_slug = slug
        self._on_change()

    def _head_text(self, width: int) -> str:
        return facts_text(self._all_facts(), width)

    def _head_html(self) -> str:
        return facts_table_html(self._all_facts())

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
                self.update_fleet()
        super()._account_changed()

    def _action_changed(self, update: ActionUpdate) -> None:
        # The engine reports on requests of this panel. In the fleet's table the cell of the status shows other actions.
        activity, ended = self.activity, update.progress.done or update.error is not None
        if update.action.type == "destroy" and any(one.request.verb in {"delete", "freeze"} for one in activity):
            # A deletion is no action in the API, but the account lists one for it.
            return
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
    ids : frozenset of int, optional
        Only these droplets.
    """

    def __init__(
        self,
        client: Client,
        on_change: Callable[[], None],
        on_row_change: OnRowChange,
        *,
        tag: str | None = None,
        ids: frozenset[int] | None = None,
    ) -> None:
        super().__init__(client, Fleet(client.clock, tag, ids=ids, now=client.now), on_change, on_row_change)

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
        self._load_plan()
        self._on_change()

    def set_selected(self, ids: Iterable[int], *, on: bool) -> None:
        """Select or deselect these droplets, and leave the others as they are. The caller refreshes the panel."""
        self._touch()
        self.fleet.set_selected(ids, on=on)
        self._load_plan()

    def _head_text(self, width: int) -> str:
        rows = [*self.fleet.cells.values()]
        more = [_more_text(len(rows))] if len(rows) > MAX_SAVED_ROWS else []
        shown = [cells_text(rows[:MAX_SAVED_ROWS], width)] if rows else []
        return "\n".join([f"{self.account}: {self.fleet.count_text()}", *shown, *more, self.fleet.selection_text()])

    def _head_html(self) -> str:
        rows = [*self.fleet.cells.values()]
        columns = shown_columns(rows[:MAX_SAVED_ROWS])
        heads = [HEADS[place] for place in columns]
        shown = (cell_texts(cells, columns) for cells in rows[:MAX_SAVED_ROWS])
        more = f"<p>{_more_text(len(rows))}</p>" if len(rows) > MAX_SAVED_ROWS else ""
        caption = f"{self.account}: {self.fleet.count_text()}"
        return f"{static_table(heads, shown, right={HEADS[PRICE]}, caption=caption)}{more}"


def _more_text(number: int) -> str:
    return f"and {number - MAX_SAVED_ROWS:,} more"
