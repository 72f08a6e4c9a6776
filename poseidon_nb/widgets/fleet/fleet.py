"""What a panel of droplets knows and decides: rows by id, the selection, and what may be done to it now. Pure.

A selection is a set of ids. Whatever a reading brings, and however the page sorts, searches and turns, it stays what the
user chose, but for droplets that are no more; and a question that was open about it is closed when it changes. A panel of
one droplet is a fleet of one, which is always selected.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.actions.progress import IN_PROGRESS
from poseidon_nb.plans.confirmation import PRICE_LIMIT_USD_MONTH, button_label, reasons, warnings
from poseidon_nb.plans.summary import verb_phrase
from poseidon_nb.text import capitalized, escape_unprintable, format_usd, join_words, pluralize, truncated_list
from poseidon_nb.widgets.asking import Asking, ButtonState
from poseidon_nb.widgets.droplet_facts import filled
from poseidon_nb.widgets.fleet.orders import Order
from poseidon_nb.widgets.fleet.rows import Change, cells_of, change_between
from poseidon_nb.widgets.verbs import VERBS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from poseidon_nb.client.watching.subscription import AccountState
    from poseidon_nb.clock import Clock
    from poseidon_nb.widgets.fleet.rows import Cells
    from poseidon_nb.widgets.verbs import Verb

    Row = Mapping[str, Any]


class Fleet:
    """The droplets of an account, those with a tag, or a single one. May be told things from any thread.

    Parameters
    ----------
    clock : Clock
    tag : str, optional
        Only droplets that have it.
    only : mapping, optional
        The row of the one droplet that it is about, whatever becomes of it; `put` brings it up to date.
    """

    def __init__(self, clock: Clock, tag: str | None = None, *, only: Row | None = None) -> None:
        self.tag = tag
        self._is_one = only is not None
        #: What became of a selection without the user's doing; empty when nothing did.
        self.notice = ""
        #: A plan that adds more than this is asked about, in USD a month.
        self.price_limit_usd_month: Callable[[], float] = lambda: PRICE_LIMIT_USD_MONTH
        self._asking: Asking[Order] = Asking(clock)
        self._lock = threading.RLock()
        self._rows: dict[int, Row] = {} if only is None else {only["id"]: filled(only)}
        self._cells: dict[int, Cells] = {}
        self._running: dict[int, str] = {}
        self._selected = frozenset(self._rows)
        #: Droplets that something was sent to from here and has not ended.
        self._at_work: dict[int, str] = {}

    # --- rows --------------------------------------------------------------------------------------------------------
    @property
    def cells(self) -> Mapping[int, Cells]:
        """What the table shows, by id."""
        return self._cells

    @property
    def rows(self) -> list[Row]:
        """The droplets that are shown, as the API sends them."""
        with self._lock:
            return [*self._rows.values()]

    def take_in(self, state: AccountState) -> Change:
        """Take in what is known of the account now; return what has to be shown of it."""
        with self._lock:
            self._running = {
                row["resource_id"]: str(row["type"])
                for row in reversed(state.actions)
                if row["status"] == IN_PROGRESS and row.get("resource_type") == "droplet"
            }
            if not self._is_one:
                self._rows = self._read(state)
                self._leave_out(self._selected - self._rows.keys(), state.gone)
            return self._change()

    def _read(self, state: AccountState) -> dict[int, Row]:
        rows = {key: filled(row) for key, row in state.droplets.items() if self._wants(row)}
        if state.complete:
            return rows
        # A part of the list takes nothing away.
        strays = state.gone | {key for key, row in state.droplets.items() if not self._wants(row)}
        return {**{key: row for key, row in self._rows.items() if key not in strays}, **rows}

    def put(self, row: Row) -> Row:
        """Take in the one droplet that it is about, and return it with something in each place."""
        with self._lock:
            self._rows[row["id"]] = filled(row)
            return self._rows[row["id"]]

    def _wants(self, row: Row) -> bool:
        tags = [str(tag).casefold() for tag in row.get("tags") or ()]
        return self.tag is None or self.tag.casefold() in tags

    def _change(self) -> Change:
        now = {key: cells_of(row, self._running.get(key, "")) for key, row in self._rows.items()}
        change = change_between(self._cells, now)
        if change:
            self._cells = now
        return change

    def _leave_out(self, lost: frozenset[int], gone: Collection[int]) -> None:
        if not lost:
            return
        names = [self._cells[key][1] for key in self._cells if key in lost]
        why = "is no more" if lost <= {*gone} or self.tag is None else f"is no more or has lost the tag {self.tag}"
        self.notice = f"No longer selected, for it {why}: {truncated_list(map(str, names))}"
        self._selected -= lost
        self._asking.cancel()

    # --- the selection -----------------------------------------------------------------------------------------------
    @property
    def selected(self) -> frozenset[int]:
        """The ids that are selected."""
        return self._selected

    @property
    def selected_rows(self) -> list[Row]:
        """The droplets that are selected, in the order in which they are served."""
        with self._lock:
            return [row for key, row in self._rows.items() if key in self._selected]

    def select(self, ids: Iterable[int]) -> None:
        """Select exactly these; ids that are not shown are left out, for nobody could see them."""
        with self._lock:
            chosen = frozenset(ids) & self._rows.keys()
            if chosen != self._selected:
                self._selected, self.notice = chosen, ""
                self._asking.cancel()

    def mark(self, ids: Iterable[int], *, on: bool) -> None:
        """Select or deselect these, and leave the others as they are."""
        with self._lock:
            self.select(self._selected | {*ids} if on else self._selected - {*ids})

    # --- buttons -----------------------------------------------------------------------------------------------------
    def buttons(self) -> dict[str, ButtonState]:
        """Return what the buttons show now, by verb."""
        with self._lock:
            return {verb.type: self._button(verb) for verb in VERBS.values()}

    def press(self, verb: str) -> Order | None:
        """Take a click on the button of a verb without a form; return what is to be done now.

        None where it asks first, cannot be, or has a form.
        """
        with self._lock:
            fitting = self.fitting(verb)
            return self.confirmed(Order(verb, tuple(fitting))) if fitting and not VERBS[verb].form else None

    def confirmed(self, order: Order) -> Order | None:
        """Take a press of a button that carries an order out; return it if it is to be done now, and note that it is.

        None where it has to be asked about: only a second press about the same plan confirms.
        """
        with self._lock:
            asked = self._asking.about if self._asks(order) else None
            has_to_ask = reasons(order.plan, price_limit_usd_month=self.price_limit_usd_month())
            if has_to_ask and not self._asking.press(asked or order):
                return None
            self._asking.cancel()
            self._at_work.update({row["id"]: order.verb for row in order.droplets})
            return order

    def asking(self, order: Order) -> ButtonState | None:
        """Return what the button of an order shows while it asks about it; None while it does not."""
        if not self._asks(order):
            return None
        label = f"{button_label(order.plan)}{self._notes(order.droplets, len(self.fitting(order.verb)))}"
        return ButtonState(label, enabled=True, why=" ".join(warnings(order.plan)), asking=True)

    def _asks(self, order: Order) -> bool:
        """Return whether this is asked about now: what is shown otherwise, and changes nothing of the plan, is the same."""
        asked = self._asking.about
        return asked is not None and asked.verb == order.verb and (asked == order or asked.plan == order.plan)

    def shown(self) -> None:
        """Note that the question can be read now."""
        self._asking.shown()

    def cancel(self) -> None:
        """Close the question."""
        self._asking.cancel()

    def claim(self, ids: Iterable[int], verb: str) -> list[Row]:
        """Return those of some droplets that something can be done to again, and note that it is done now."""
        with self._lock:
            rows = self._those_that_can(verb, self._known(ids))
            self._at_work.update({row["id"]: verb for row in rows})
            return rows

    def release(self, droplet_id: int) -> None:
        """Note that nothing sent from here is on its way for a droplet any more."""
        with self._lock:
            self._at_work.pop(droplet_id, None)

    def fitting(self, verb: str) -> list[Row]:
        """Return those of the selected that something can be done to.

        Those on which something runs that was started elsewhere are among them: it is waited for.
        """
        return self._those_that_can(verb, self.selected_rows)

    def _known(self, ids: Iterable[int]) -> list[Row]:
        return [self._rows[key] for key in ids if key in self._rows]

    def _those_that_can(self, verb: str, rows: Iterable[Row]) -> list[Row]:
        wanted = {VERBS[verb].status or "active", VERBS[verb].status or "off"}
        return [row for row in rows if row.get("status") in wanted and row["id"] not in self._at_work]

    def waits(self, rows: Collection[Row]) -> str:
        """Return in words which of these have to wait for what runs on them; nothing when none has to."""
        waiting = [row for row in rows if row["id"] in self._running]
        if waiting and len(rows) == 1:
            return f"once its {escape_unprintable(verb_phrase(self._running[waiting[0]['id']]))} has ended"
        return (
            f"{truncated_list(str(row['name']) for row in waiting)} once what runs there has ended" if waiting else ""
        )

    def _button(self, verb: Verb) -> ButtonState:
        fitting = self.fitting(verb.type)
        if not fitting:
            return ButtonState(verb.label, enabled=False, why=f"{capitalized(self.why_not(verb.type))}.")
        if not verb.form and (asking := self.asking(Order(verb.type, tuple(fitting)))) is not None:
            return asking
        names = truncated_list(str(row["name"]) for row in fitting)
        what = names if len(fitting) == 1 else f"{pluralize(len(fitting), 'droplet')}: {names}"
        said = f"{verb_phrase(verb.type)} {what}{self._notes(fitting, len(fitting))}"
        return ButtonState(verb.label, enabled=True, why=f"{capitalized(said)}. {verb.meaning}".strip())

    def _notes(self, rows: Collection[Row], fitting: int) -> str:
        """Return in brackets what has to be waited for, and how many of the selected are not among those that fit."""
        waits, others = self.waits(rows), len(self._selected) - fitting
        notes = [waits] if waits else []
        if others:
            notes.append(f"{pluralize(others, 'other')} selected cannot now")
        return f" ({join_words(notes)})" if notes else ""

    def why_not(self, verb: str, ids: Iterable[int] | None = None) -> str:
        """Return why something cannot be done now to some droplets, or to any of the selected."""
        rows = self.selected_rows if ids is None else self._known(ids)
        wanted = VERBS[verb].status
        if not rows:
            return "nothing is selected" if ids is None else "it is no more"
        one = len(rows) == 1
        if all(row["id"] in self._at_work for row in rows):
            its = verb_phrase(self._at_work.get(rows[0]["id"], ""))
            return f"its {its} is under way" if one else "something is running on each of them"
        if all(row.get("status") == "new" for row in rows):
            return f"{'it is' if one else 'they are'} still being made"
        if not wanted:
            return "nothing can be done to it now" if one else "nothing can be done to any of them now"
        state, other = ("off", "on") if wanted == "off" else ("on", "off")
        known = {row.get("status") for row in rows} <= {"active", "off"}
        if one:
            return f"it is {other if known else f'not {state}'}"
        busy = any(row["id"] in self._at_work for row in rows)
        return f"none of those on which nothing is running is {state}" if busy else f"none of them is {state}"

    # --- words -------------------------------------------------------------------------------------------------------
    def count_text(self) -> str:
        """Return how many there are, and how many are selected."""
        with self._lock:
            shown = f"{pluralize(len(self._rows), 'droplet')}{f' with the tag {escape_unprintable(self.tag)}' if self.tag else ''}"
            price = sum(float((row.get("size") or {}).get("price_monthly") or 0.0) for row in self._rows.values())
            return f"{shown}, {format_usd(price)} a month"

    def why_text(self) -> str:
        """Return in one line why some buttons cannot be clicked; nothing where the selection says it."""
        if not self._selected:
            return "Select droplets in the table: a click on a row, Shift for a range, the box in the head for all."
        buttons = self.buttons()
        if asking := next((button for button in buttons.values() if button.asking), None):
            return asking.why
        hindered: dict[str, list[str]] = {}
        for verb, button in buttons.items():
            if not button.enabled:
                hindered.setdefault(button.why, []).append(verb_phrase(verb))
        said = [
            f"{why.removesuffix('.')}{'' if len(verbs) == len(buttons) else f', so not now: {join_words(verbs)}'}."
            for why, verbs in hindered.items()
        ]
        return " ".join(said)

    def selection_text(self) -> str:
        """Return what is selected, in words."""
        rows = self.selected_rows
        if not rows:
            return "Nothing is selected"
        return f"{len(rows):,} selected: {truncated_list(str(row['name']) for row in rows)}"
