"""What a fleet's panel knows and decides: rows by id, the selection, and what may be done to it now. Pure.

A selection is a set of ids. Whatever a reading brings, and however the page sorts, searches and turns, it stays what the
user chose, but for droplets that are no more; and a question that was open about it is closed when it changes.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.progress import IN_PROGRESS
from poseidon_nb.text import counted, joined, printable
from poseidon_nb.widgets.activity import spoken
from poseidon_nb.widgets.asking import Asking
from poseidon_nb.widgets.fleet_rows import Change, cells_of, change_between

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from poseidon_nb.client.subscription import AccountState
    from poseidon_nb.clock import Clock
    from poseidon_nb.widgets.fleet_rows import Cells

    Row = Mapping[str, Any]

#: Names in a question; of more the rest is counted.
MOST_NAMED = 6


@dataclass(frozen=True, slots=True)
class FleetVerb:
    """Something that can be done to a selection.

    Parameters
    ----------
    type : str
        The action's, as the API has it.
    status : str
        What a droplet's status has to be for it; empty is any.
    asks : bool
        Whether it is asked about also for a single droplet.
    """

    type: str
    status: str
    asks: bool = True

    @property
    def label(self) -> str:
        """What its button says."""
        return spoken(self.type).capitalize()


VERBS: Mapping[str, FleetVerb] = {
    verb.type: verb
    for verb in (
        FleetVerb("power_on", "off", asks=False),
        FleetVerb("shutdown", "active"),
        FleetVerb("reboot", "active"),
        FleetVerb("power_off", "active"),
        FleetVerb("power_cycle", "active"),
        FleetVerb("snapshot", "", asks=False),
    )
}


@dataclass(frozen=True, slots=True)
class FleetButton:
    """What one button shows now.

    Parameters
    ----------
    verb : str
    label : str
    enabled, asking : bool
    why : str
        Why it cannot be pressed, or what it would do.
    """

    verb: str
    label: str
    enabled: bool
    why: str
    asking: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """What was clicked, and is to be done.

    Parameters
    ----------
    verb : str
    droplets : tuple of mapping
        The rows as they were shown when it was clicked.
    """

    verb: str
    droplets: tuple[Mapping[str, Any], ...]


class Fleet:
    """The droplets of an account, or those with a tag. May be told things from any thread.

    Parameters
    ----------
    clock : Clock
    tag : str, optional
        Only droplets that have it.
    """

    def __init__(self, clock: Clock, tag: str | None = None) -> None:
        self.tag = tag
        #: What became of a selection without the user's doing; empty when nothing did.
        self.notice = ""
        self._asking = Asking(clock)
        self._lock = threading.RLock()
        self._rows: dict[int, Row] = {}
        self._cells: dict[int, Cells] = {}
        self._running: dict[int, str] = {}
        self._selected: frozenset[int] = frozenset()
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
        """Take in what is known of the account now; give what has to be shown of it."""
        with self._lock:
            rows = {key: row for key, row in state.droplets.items() if self._wants(row)}
            if not state.complete:
                # A part of the list takes nothing away.
                strays = state.gone | {key for key, row in state.droplets.items() if not self._wants(row)}
                rows = {**{key: row for key, row in self._rows.items() if key not in strays}, **rows}
            self._running = {
                row["resource_id"]: str(row["type"])
                for row in reversed(state.actions)
                if row["status"] == IN_PROGRESS and row.get("resource_type") == "droplet"
            }
            self._rows = rows
            self._leave_out(self._selected - rows.keys(), state.gone)
            return self._change()

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
        self.notice = f"No longer selected, for it {why}: {_named(map(str, names))}"
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
        """Have exactly these selected; ids that are not shown are left out, for nobody could see them."""
        with self._lock:
            chosen = frozenset(ids) & self._rows.keys()
            if chosen != self._selected:
                self._selected, self.notice = chosen, ""
                self._asking.cancel()

    # --- buttons -----------------------------------------------------------------------------------------------------
    @property
    def asking(self) -> bool:
        """Whether a question is open."""
        return bool(self._asking.about)

    def buttons(self) -> list[FleetButton]:
        """Give what the buttons show now."""
        with self._lock:
            return [self._button(verb) for verb in VERBS.values()]

    def press(self, verb: str) -> Order | None:
        """Take a click on a verb's button; give what is to be done now, or None where it asks first or cannot be."""
        with self._lock:
            fitting = self._fitting(VERBS[verb])
            if not fitting:
                return None
            if (VERBS[verb].asks or len(fitting) > 1) and not self._asking.press(_question(verb, fitting)):
                return None
            self._asking.cancel()
            self._at_work.update({row["id"]: verb for row in fitting})
            return Order(verb, tuple(fitting))

    def cancel(self) -> None:
        """Close the question."""
        self._asking.cancel()

    def claim(self, ids: Iterable[int], verb: str) -> list[Row]:
        """Give the rows of droplets that something is to be done to again, and note it: those that are free and known."""
        with self._lock:
            rows = [self._rows[key] for key in ids if key in self._rows and not self._busy(key)]
            self._at_work.update({row["id"]: verb for row in rows})
            return rows

    def release(self, droplet_id: int) -> None:
        """Say that nothing sent from here is on its way for a droplet any more."""
        with self._lock:
            self._at_work.pop(droplet_id, None)

    def _busy(self, key: int) -> str:
        return self._at_work.get(key) or self._running.get(key, "")

    def _fitting(self, verb: FleetVerb) -> list[Row]:
        return [
            row
            for row in self.selected_rows
            if verb.status in {"", row.get("status")} and row.get("status") != "new" and not self._busy(row["id"])
        ]

    def _button(self, verb: FleetVerb) -> FleetButton:
        fitting = self._fitting(verb)
        if not fitting:
            return FleetButton(verb.type, verb.label, enabled=False, why=self._why_not(verb))
        names = _named(str(row["name"]) for row in fitting)
        others = len(self._selected) - len(fitting)
        rest = f" ({counted(others, 'other')} selected cannot now)" if others else ""
        what = names if len(fitting) == 1 else f"{counted(len(fitting), 'droplet')}: {names}"
        if self._asking.about == _question(verb.type, fitting):
            label = f"Confirm: {verb.label.lower()} {what}{rest}"
            return FleetButton(verb.type, label, enabled=True, why=label, asking=True)
        return FleetButton(verb.type, verb.label, enabled=True, why=f"{verb.label} {what}{rest}")

    def _why_not(self, verb: FleetVerb) -> str:
        rows = self.selected_rows
        if not rows:
            return "nothing is selected"
        if all(self._busy(row["id"]) for row in rows):
            return f"something is running on {'it' if len(rows) == 1 else 'each of them'}"
        wanted = {"off": "off", "active": "on"}.get(verb.status, "ready")
        return f"{'it is' if len(rows) == 1 else 'none of them is'} {'not ' if len(rows) == 1 else ''}{wanted}"

    # --- words -------------------------------------------------------------------------------------------------------
    def count_text(self) -> str:
        """Give how many there are, and how many are selected."""
        with self._lock:
            shown = f"{counted(len(self._rows), 'droplet')}{f' with the tag {printable(self.tag)}' if self.tag else ''}"
            usd = sum(float((row.get("size") or {}).get("price_monthly") or 0.0) for row in self._rows.values())
            return f"{shown}, ${usd:,.2f} a month"

    def why_text(self) -> str:
        """Say in one line why some buttons cannot be clicked; nothing where the selection says it."""
        if not self._selected:
            return "Select droplets in the table: a click on a row, Shift for a range, the box in the head for all."
        hindered: dict[str, list[str]] = {}
        for button in self.buttons():
            if not button.enabled:
                hindered.setdefault(button.why, []).append(button.label)
        return " ".join(f"{', '.join(labels)}: not now, {why}." for why, labels in hindered.items())

    def selection_text(self) -> str:
        """Give what is selected, in words."""
        rows = self.selected_rows
        if not rows:
            return "Nothing is selected"
        return f"{len(rows):,} selected: {_named(str(row['name']) for row in rows)}"


def _question(verb: str, fitting: Iterable[Row]) -> str:
    """Name a question by what it is about, so that another selection is never confirmed by its second press."""
    return f"{verb} {sorted(row['id'] for row in fitting)}"


def _named(names: Iterable[str]) -> str:
    known = [*names]
    rest = len(known) - MOST_NAMED
    if rest <= 0:
        return joined(known)
    return f"{', '.join(map(printable, known[:MOST_NAMED]))} and {rest:,} more"
