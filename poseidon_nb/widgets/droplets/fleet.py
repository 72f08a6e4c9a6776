"""The droplets of a panel: rows by id, the selection, and what can be done to it now. No widgets here.

The selection is a set of ids. It stays what the user chose whatever is read, and however the page sorts, searches and pages;
only deleted droplets leave it. Changing it closes an open confirmation. The panel of one droplet is a fleet of one, which
is always selected.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.actions.progress import IN_PROGRESS
from poseidon_nb.client.engine.droplet_steps import REQUIRED_STATUS
from poseidon_nb.plans.confirmation import PRICE_LIMIT_USD_MONTH, reasons
from poseidon_nb.plans.summary import verb_phrase
from poseidon_nb.text import capitalized, escape_unprintable, format_usd, join_words, pluralize, truncated_list
from poseidon_nb.widgets.click_confirmation import ButtonState, Confirmation
from poseidon_nb.widgets.droplets.facts import LEASE, CellsDiff, diff_cells, price_of, table_cells, with_defaults
from poseidon_nb.widgets.droplets.requests import PANEL_VERBS, BulkRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from datetime import datetime

    from poseidon_nb.client.monitor.subscription import AccountState
    from poseidon_nb.clock import Clock
    from poseidon_nb.widgets.droplets.facts import Cells
    from poseidon_nb.widgets.droplets.requests import PanelVerb

    Row = Mapping[str, Any]


class Fleet:
    """The droplets of an account, those with a tag, or a single one. Methods may be called from any thread.

    Parameters
    ----------
    clock : Clock
    tag : str, optional
        Only droplets with this tag.
    ids : frozenset of int, optional
        Only these droplets.
    only : mapping, optional
        The row of the single droplet; `update_droplet` updates it.
    now : callable, optional
        Returns the time of the server's clock; default: that of `clock`.
    """

    def __init__(
        self,
        clock: Clock,
        tag: str | None = None,
        *,
        ids: frozenset[int] | None = None,
        only: Row | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._ids = ids
        self._now = now or clock.now
        self.tag = tag
        #: The account's name in questions.
        self.account = ""
        self._is_single = only is not None
        #: Why droplets were deselected without the user's doing; empty if none were.
        self.notice = ""
        #: Returns the increase in USD a month above which a plan needs a confirmation.
        self.price_limit_usd_month: Callable[[], float] = lambda: PRICE_LIMIT_USD_MONTH
        self._confirmation: Confirmation[BulkRequest] = Confirmation(clock)
        self._lock = threading.RLock()
        self._rows: dict[int, Row] = {} if only is None else {only["id"]: with_defaults(only)}
        self._cells: dict[int, Cells] = {}
        self._running: dict[int, str] = {}
        self._selected_ids = frozenset(self._rows)
        #: What follows from the rows and the selection, by verb and for none: each refresh asks for it several times.
        self._derived: dict[str, list[Row]] = {}
        self._price_usd_month = sum(map(price_of, self._rows.values()))
        #: The verbs of unfinished requests from this panel, by droplet.
        self._requested: dict[int, str] = {}

    @property
    def cells(self) -> Mapping[int, Cells]:
        """The cells of the table, by id."""
        return self._cells

    @property
    def rows(self) -> list[Row]:
        """The rows of all droplets, as the API sends them."""
        with self._lock:
            return [*self._rows.values()]

    def update(self, state: AccountState) -> CellsDiff:
        """Update the rows from the state of the account, and return what changed in the table."""
        with self._lock:
            # The single droplet is updated in place.
            rows_before, running_before = {} if self._is_single else self._rows, self._running
            self._running = {
                row["resource_id"]: str(row["type"])
                for row in reversed(state.actions)
                if row["status"] == IN_PROGRESS and row.get("resource_type") == "droplet"
            }
            if not self._is_single:
                self._rows = self._merged_rows(state)
                self._derived.clear()
                self._deselect_missing(self._selected_ids - self._rows.keys(), state.deleted)
                self._price_usd_month = sum(map(price_of, self._rows.values()))

            now = self._now()

            def cells_of(key: int, row: Row) -> Cells:
                action = self._running.get(key, "")
                is_known = row is rows_before.get(key) and action == running_before.get(key, "") and key in self._cells
                # Whether a lease is over depends on the time.
                return (
                    self._cells[key] if is_known and not self._cells[key][LEASE] else table_cells(row, action, now=now)
                )

            cells = {key: cells_of(key, row) for key, row in self._rows.items()}
            diff = diff_cells(self._cells, cells)
            if diff:
                self._cells = cells
            return diff

    def _merged_rows(self, state: AccountState) -> dict[int, Row]:
        rows = {key: with_defaults(row) for key, row in state.droplets.items() if self._shows(key, row)}
        if state.complete:
            return rows
        # An incomplete list removes no droplet.
        excluded = state.deleted | {key for key, row in state.droplets.items() if not self._shows(key, row)}
        return {**{key: row for key, row in self._rows.items() if key not in excluded}, **rows}

    def _shows(self, key: int, row: Row) -> bool:
        return (self._ids is None or key in self._ids) and self._has_tag(row)

    def update_droplet(self, row: Row) -> None:
        """Update the single droplet. What follows from its row stays as it is if the row is the same."""
        with self._lock:
            if self._rows[row["id"]] != row:
                self._rows[row["id"]] = row
                self._derived.clear()

    def _has_tag(self, row: Row) -> bool:
        return self.tag is None or self.tag.casefold() in [str(tag).casefold() for tag in row.get("tags") or ()]

    def _deselect_missing(self, missing: frozenset[int], deleted: Collection[int]) -> None:
        if not missing:
            return
        names = [str(self._cells[key][1]) for key in self._cells if key in missing]
        they_were = "it was" if len(missing) == 1 else "they were"
        all_deleted = self.tag is None or missing <= {*deleted}
        why = "deleted" if all_deleted else f"deleted or lost the tag {escape_unprintable(self.tag or '')}"
        self.notice = f"No longer selected because {they_were} {why}: {truncated_list(names)}."
        self._selected_ids -= missing
        self._derived.clear()
        self._confirmation.cancel()

    @property
    def selected_ids(self) -> frozenset[int]:
        """The ids of the selected droplets."""
        return self._selected_ids

    @property
    def selected_rows(self) -> list[Row]:
        """The rows of the selected droplets, in the order of the API."""
        with self._lock:
            if "" not in self._derived:
                self._derived[""] = [row for key, row in self._rows.items() if key in self._selected_ids]
            return self._derived[""]

    def select(self, ids: Iterable[int]) -> None:
        """Select exactly these droplets. Ids that the panel does not show are ignored."""
        with self._lock:
            selected = frozenset(ids) & self._rows.keys()
            if selected != self._selected_ids:
                self._selected_ids, self.notice = selected, ""
                self._derived.clear()
                self._confirmation.cancel()

    def set_selected(self, ids: Iterable[int], *, on: bool) -> None:
        """Select or deselect these droplets, and leave the others as they are."""
        with self._lock:
            self.select(self._selected_ids | {*ids} if on else self._selected_ids - {*ids})

    def buttons(self) -> dict[str, ButtonState]:
        """Return the states of the buttons, by verb."""
        with self._lock:
            return {verb.type: self._button(verb) for verb in PANEL_VERBS.values()}

    def press(self, verb: str) -> BulkRequest | None:
        """Handle a click on a verb's button and return the request to execute.

        None if it needs a confirmation first, is impossible now, or has a form.
        """
        with self._lock:
            eligible = self.eligible(verb)
            if not eligible or PANEL_VERBS[verb].has_form:
                return None
            return self.submit(BulkRequest(verb, tuple(eligible), account=self.account))

    def submit(self, request: BulkRequest) -> BulkRequest | None:
        """Handle a click on a submit button and return the request to execute, which is then in progress.

        None if it needs a confirmation: only a second click for the same plan confirms.
        """
        with self._lock:
            asked = self._confirmation.subject if self._is_asked(request) else None
            needs_confirmation = reasons(request.plan, price_limit_usd_month=self.price_limit_usd_month())
            if needs_confirmation and not self._confirmation.press(asked or request):
                return None
            self._confirmation.cancel()
            self._request(request.droplets, request.verb)
            return request

    def confirmation_button(self, request: BulkRequest) -> ButtonState | None:
        """Return the state of a request's button while it asks for confirmation; None while it does not."""
        asked = self._confirmation.subject
        if asked is None or not self._is_asked(request):
            return None
        notes = self._notes(request.droplets, len(self.eligible(request.verb)))
        # The request that was asked about has its plan and texts already, which take long for thousands of droplets.
        return ButtonState(f"{asked.confirm_label}{notes}", enabled=True, tooltip=asked.question, confirming=True)

    def _is_asked(self, request: BulkRequest) -> bool:
        """Return whether the open question is about this request, or one with the same plan."""
        asked = self._confirmation.subject
        return asked is not None and asked.verb == request.verb and (asked == request or asked.plan == request.plan)

    def confirmation_shown(self) -> None:
        """Note that the question is visible now."""
        self._confirmation.mark_shown()

    def cancel(self) -> None:
        """Close the question."""
        self._confirmation.cancel()

    def claim(self, ids: Iterable[int], verb: str) -> list[Row]:
        """Return those of the droplets that a verb is possible for, and note that it is in progress there."""
        with self._lock:
            rows = self._eligible(verb, self._known(ids))
            self._request(rows, verb)
            return rows

    def _request(self, rows: Iterable[Row], verb: str) -> None:
        self._requested.update({row["id"]: verb for row in rows})
        self._derived.clear()

    def release(self, droplet_id: int) -> None:
        """Note that the request for a droplet has ended."""
        with self._lock:
            self._requested.pop(droplet_id, None)
            self._derived.clear()

    def eligible(self, verb: str) -> list[Row]:
        """Return the selected droplets that a verb is possible for.

        They include droplets with an action that was started elsewhere: the engine waits for it. It is the same list
        until something changes.
        """
        with self._lock:
            if verb not in self._derived:
                self._derived[verb] = self._eligible(verb, self.selected_rows)
            return self._derived[verb]

    def _known(self, ids: Iterable[int]) -> list[Row]:
        return [self._rows[key] for key in ids if key in self._rows]

    def _eligible(self, verb: str, rows: Iterable[Row]) -> list[Row]:
        status = REQUIRED_STATUS.get(verb, "")
        allowed = {status} if status else {"active", "off"}
        return [row for row in rows if row.get("status") in allowed and row["id"] not in self._requested]

    def waiting_text(self, rows: Collection[Row]) -> str:
        """Return which of these droplets have to wait for a running action; empty if none."""
        waiting = [row for row in rows if row["id"] in self._running]
        if not waiting:
            return ""
        if len(rows) == 1:
            return f"after its {escape_unprintable(verb_phrase(self._running[waiting[0]['id']]))} action has finished"
        actions = "its current action has" if len(waiting) == 1 else "their current actions have"
        return f"{truncated_list(str(row['name']) for row in waiting)} after {actions} finished"

    def _button(self, verb: PanelVerb) -> ButtonState:
        eligible = self.eligible(verb.type)
        if not eligible:
            return ButtonState(verb.label, enabled=False, tooltip=f"{capitalized(self.ineligible_reason(verb.type))}.")
        if not verb.has_form:
            confirming = self.confirmation_button(BulkRequest(verb.type, tuple(eligible), account=self.account))
            if confirming is not None:
                return confirming
        names = truncated_list(str(row["name"]) for row in eligible)
        what = names if len(eligible) == 1 else f"{pluralize(len(eligible), 'droplet')}: {names}"
        summary = f"{verb_phrase(verb.type)} {what}{self._notes(eligible, len(eligible))}"
        return ButtonState(verb.label, enabled=True, tooltip=f"{capitalized(summary)}. {verb.warning}".strip())

    def _notes(self, rows: Collection[Row], eligible: int) -> str:
        """Return in parentheses which droplets wait, and how many selected ones are skipped."""
        skipped = len(self._selected_ids) - eligible
        notes = [
            self.waiting_text(rows),
            f"{pluralize(skipped, 'other selected droplet')} not affected" if skipped else "",
        ]
        text = "; ".join(filter(None, notes))
        return f" ({text})" if text else ""

    def ineligible_reason(self, verb: str, ids: Iterable[int] | None = None) -> str:
        """Return why a verb is impossible now, for some droplets or for all selected ones."""
        rows = self.selected_rows if ids is None else self._known(ids)
        required = REQUIRED_STATUS.get(verb, "")
        if not rows:
            return "no droplets are selected" if ids is None else "it no longer exists"
        one = len(rows) == 1
        if all(row["id"] in self._requested for row in rows):
            action = verb_phrase(self._requested.get(rows[0]["id"], ""))
            return f"its {action} action is in progress" if one else "each of them has an action in progress"
        if all(row.get("status") == "new" for row in rows):
            return f"{'it is' if one else 'they are'} still being created"
        if not required:
            return "its status allows no changes" if one else "their statuses allow no changes"
        state, other = ("off", "active") if required == "off" else ("active", "off")
        if one:
            return f"it is {other if rows[0].get('status') in {'active', 'off'} else f'not {state}'}"
        busy = any(row["id"] in self._requested for row in rows)
        return f"no droplet without an action in progress is {state}" if busy else f"none of them is {state}"

    def count_text(self) -> str:
        """Return the number of droplets and their price."""
        with self._lock:
            tag = f" tagged {escape_unprintable(self.tag)}" if self.tag else ""
            return f"{pluralize(len(self._rows), 'droplet')}{tag}, {format_usd(self._price_usd_month)} a month"

    def hint(self) -> str:
        """Return one line below the buttons: why some are disabled, or a warning; empty if neither applies."""
        if not self._selected_ids:
            return (
                "Select droplets in the table: click a row, Shift-click for a range, "
                "or use the checkbox in the header for all."
            )
        buttons = self.buttons()
        if confirming := next((button for button in buttons.values() if button.confirming), None):
            return confirming.tooltip
        disabled: dict[str, list[str]] = {}
        for verb, button in buttons.items():
            if not button.enabled:
                disabled.setdefault(button.tooltip, []).append(verb_phrase(verb))
        return " ".join(
            reason if len(verbs) == len(buttons) else f"{reason.removesuffix('.')}. Not available: {join_words(verbs)}."
            for reason, verbs in disabled.items()
        )

    def selection_text(self) -> str:
        """Return the selected droplets as text."""
        rows = self.selected_rows
        if not rows:
            return "No droplets selected"
        return f"{len(rows):,} selected: {truncated_list(str(row['name']) for row in rows)}"
