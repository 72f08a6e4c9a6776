"""What one click set off on many droplets: a row for each, and a summary. Pure."""

from __future__ import annotations

import threading
from html import escape
from typing import TYPE_CHECKING

from poseidon_nb.text import printable
from poseidon_nb.widgets.activity import Entry, spoken
from poseidon_nb.widgets.progress import bar_html

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from poseidon_nb.client.actions.progress import Progress
    from poseidon_nb.errors import PoseidonError
    from poseidon_nb.widgets.fleet.orders import Order

    Row = Mapping[str, Any]

#: Rows shown; of more the rest is counted. Those that failed come first, then those that run.
MOST_ROWS = 60
_ORDER = {"failed": 0, "sending": 1, "running": 1, "completed": 2}


class FleetWork:
    """What becomes of an order. May be told things from any thread.

    Parameters
    ----------
    order : Order
    """

    def __init__(self, order: Order) -> None:
        self.order = order
        self._lock = threading.Lock()
        self._entries = {row["id"]: self._new(row) for row in order.droplets}
        self._droplets: dict[int, int] = {}
        #: Droplets that something else has to end on first.
        self._waiting: set[int] = set()

    def _new(self, row: Row) -> Entry:
        # The size is the same for all, and stands above them; a row alone stands without what is above.
        alone = len(self.order.droplets) == 1
        title = self.order.title if alone else f"{spoken(self.order.verb).capitalize()} {printable(str(row['name']))}"
        return Entry(title, self.order.verb, self.order.planned(row))

    # --- news --------------------------------------------------------------------------------------------------------
    def started(self, droplet_id: int, action_id: int) -> None:
        """Say which action was started on a droplet."""
        with self._lock:
            self._droplets[action_id] = droplet_id
            self._waiting.discard(droplet_id)
            self._entries[droplet_id].note = ""

    def tell(self, progress: Progress) -> bool:
        """Take in news of an action; say whether it is one of these."""
        with self._lock:
            droplet_id = self._droplets.get(progress.id)
            if droplet_id is None:
                return False
            self._entries[droplet_id].tell(progress)
            return True

    def tell_of(self, droplet_id: int, progress: Progress) -> None:
        """Take in news of one of a droplet's several actions, or of what it waits for."""
        with self._lock:
            self._entries[droplet_id].tell(progress)

    def hold(self, droplet_id: int, action_type: str) -> None:
        """Say that a droplet has to wait until an action has ended that runs on it."""
        with self._lock:
            self._waiting.add(droplet_id)
            self._entries[droplet_id].note = f"waits until its {spoken(action_type)} has ended"

    def droplet_of(self, action_id: int) -> int | None:
        """Give the droplet that an action was started on from here."""
        return self._droplets.get(action_id)

    def wait(self, droplet_id: int, seconds: float, reason: str) -> None:
        """Say that nothing happens for a while, and why."""
        with self._lock:
            self._entries[droplet_id].wait(seconds, reason)

    def end(self, droplet_id: int, error: PoseidonError | None = None) -> None:
        """Say how it ended for a droplet."""
        with self._lock:
            self._entries[droplet_id].end(error)
            self._waiting.discard(droplet_id)

    def again(self, rows: Iterable[Row]) -> None:
        """Begin anew for some droplets."""
        with self._lock:
            for row in rows:
                self._entries[row["id"]] = self._new(row)

    # --- what is shown -----------------------------------------------------------------------------------------------
    @property
    def failed(self) -> list[int]:
        """The droplets for which it failed."""
        with self._lock:
            return [key for key, entry in self._entries.items() if entry.state == "failed"]

    @property
    def retriable(self) -> list[int]:
        """Those of them that can be tried again: where an answer was lost, somebody has to look first."""
        with self._lock:
            return [key for key, entry in self._entries.items() if entry.repeatable]

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        with self._lock:
            return all(entry.ended for entry in self._entries.values())

    @property
    def title(self) -> str:
        """What was asked for: ``Power off 50 droplets``."""
        return self.order.title

    def summary(self) -> str:
        """Give how many are how far."""
        with self._lock:
            states = [entry.state for entry in self._entries.values()]
            waiting = len(self._waiting)
        parts = [
            (states.count("sending") - waiting, "to be sent"),
            (waiting, "waiting for what runs there"),
            (states.count("running"), "running"),
            (states.count("completed"), "completed"),
            (states.count("failed"), "failed"),
        ]
        return f"{self.title}: {', '.join(f'{number:,} {words}' for number, words in parts if number)}"

    @property
    def fraction(self) -> float:
        """From 0 to 1, how many have ended."""
        with self._lock:
            return sum(entry.ended for entry in self._entries.values()) / len(self._entries)

    def entry(self, droplet_id: int) -> Entry:
        """Give a droplet's row."""
        return self._entries[droplet_id]

    def entries(self) -> list[tuple[int, Entry]]:
        """Give the rows to show: those that failed first when there are too many for all."""
        with self._lock:
            known = [*self._entries.items()]
        if len(known) > MOST_ROWS or all(entry.ended for _, entry in known):
            known.sort(key=lambda one: _ORDER[one[1].state])
        return known[:MOST_ROWS]

    def text(self) -> str:
        """Give it as lines of text."""
        return "\n".join([self.summary(), *(entry.text() for _, entry in self.entries())])


def entry_html(entry: Entry) -> str:
    """Give a droplet's row: its bar, its steps, and what went wrong."""
    return bar_html(entry.row) + entry.detail_html()


def summary_html(work: FleetWork) -> str:
    """Give the summary with the bar of all, which counts ends and estimates nothing."""
    percent = round(100 * work.fraction)
    words = work.summary()
    bad = " pnb-work-bad" if work.failed else " pnb-work-good" if work.ended else ""
    return (
        f"<div class='pnb-work-head{bad}'><span class='pnb-work-words'>{escape(words)}</span>"
        f"<span class='pnb-track' role='progressbar' aria-label='{escape(work.title)}' aria-valuemin='0' "
        f"aria-valuemax='100' aria-valuenow='{percent}' aria-valuetext='{escape(words)}'>"
        f"<span style='width:{percent}%'></span></span></div>"
    )
