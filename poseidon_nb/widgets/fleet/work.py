"""What one click set off on some droplets: a row for each, and above several a summary. Pure."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from poseidon_nb.plans.summary import verb_phrase
from poseidon_nb.text import escape_unprintable
from poseidon_nb.widgets.activity import Entry, error_text
from poseidon_nb.widgets.progress import bar_html

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.engine.chain_run import ChainRun
    from poseidon_nb.client.watching.subscription import Followed
    from poseidon_nb.widgets.activity import State
    from poseidon_nb.widgets.fleet.orders import Order

    Row = Mapping[str, Any]

#: Rows shown; of more the rest is counted. Those that did not end well come first, then those that run.
MOST_ROWS = 60
_LAST = frozenset({"completed", "unchanged"})
#: How each state is counted.
_COUNTED: Mapping[State, str] = {
    "sending": "to be sent",
    "waiting": "waiting for what runs there",
    "running": "running",
    "completed": "completed",
    "unchanged": "unchanged",
    "in-progress": "going on unseen",
    "skipped": "skipped",
    "failed": "failed",
    "unknown": "unknown",
}
_BAD = frozenset({"failed", "unknown", "in-progress", "skipped"})


class FleetWork:
    """What becomes of an order. May be told things from any thread.

    Parameters
    ----------
    order : Order
    elsewhere : bool
        Somebody else has started it: it is shown, and not offered again.
    """

    def __init__(self, order: Order, *, elsewhere: bool = False) -> None:
        self.order = order
        self.elsewhere = elsewhere
        # Its keys never change, so that it can be read while a row is told something.
        self._entries = {row["id"]: self._new(row) for row in order.droplets}

    def _new(self, row: Row) -> Entry:
        # The size is the same for all, and stands above them; a row alone stands without what is above.
        title = f"{verb_phrase(self.order.verb).capitalize()} {escape_unprintable(str(row['name']))}"
        return Entry(self.order.title if self.single else title)

    def tell(self, droplet_id: int, news: ChainRun | Followed) -> None:
        """Take in how far it is for a droplet."""
        self._entries[droplet_id].news = news

    def again(self, rows: Iterable[Row]) -> None:
        """Begin anew for some droplets."""
        for row in rows:
            self._entries[row["id"]] = self._new(row)

    def may_have_begun(self, action: Action) -> bool:
        """Check whether an action is one of these, or may turn out to be."""
        return any(entry.may_be_its(action) for entry in self._entries.values())

    @property
    def single(self) -> bool:
        """Whether it is about one droplet, whose row then stands alone."""
        return len(self.order.droplets) == 1

    @property
    def failed(self) -> list[int]:
        """The droplets for which it did not end well."""
        return [key for key, entry in self._entries.items() if entry.state in _BAD]

    @property
    def retriable(self) -> list[int]:
        """Those of them that can be tried again: where an answer was lost, somebody has to look first."""
        return [key for key, entry in self._entries.items() if entry.repeatable and not self.elsewhere]

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return all(entry.ended for entry in self._entries.values())

    def summary(self) -> str:
        """Return in words how far it is: ``Power off 50 droplets: 47 completed, 3 failed``."""
        states = [entry.state for entry in self._entries.values()]
        parts = [(states.count(state), words) for state, words in _COUNTED.items()]
        told = ", ".join(words if self.single else f"{number:,} {words}" for number, words in parts if number)
        return f"{self.order.title}: {told}"

    def announcement(self) -> str:
        """Return what somebody should hear who does not look at its rows."""
        error = next(iter(self._entries.values())).error if self.single else None
        return f"{self.summary()}: {error_text(error)}" if error is not None else self.summary()

    @property
    def percent(self) -> int:
        """How many of 100 have ended."""
        return 100 * sum(entry.ended for entry in self._entries.values()) // len(self._entries)

    def entry(self, droplet_id: int) -> Entry:
        """Return a droplet's row."""
        return self._entries[droplet_id]

    def entries(self) -> list[tuple[int, Entry]]:
        """Return the rows to show: those that failed first when there are too many for all."""
        known = [*self._entries.items()]
        if len(known) > MOST_ROWS or all(entry.ended for _, entry in known):
            known.sort(key=lambda one: 0 if one[1].state in _BAD else 2 if one[1].state in _LAST else 1)
        return known[:MOST_ROWS]

    def text(self) -> str:
        """Return it as lines of text."""
        return "\n".join([*([] if self.single else [self.summary()]), *(entry.text() for _, entry in self.entries())])

    def html(self) -> str:
        """Return it as HTML that needs neither kernel nor script."""
        if not self.single:
            return f"<p>{escape(self.summary())}</p>"
        ((_, entry),) = self.entries()
        return f"<p>{escape(f'{entry.row.label}: {entry.row.words}')}</p>{entry.detail_html()}"


def entry_html(entry: Entry) -> str:
    """Return a droplet's row: its bar, its steps, and what went wrong."""
    return bar_html(entry.row) + entry.detail_html()


def summary_html(work: FleetWork) -> str:
    """Return the summary of several with the bar of all, which counts ends and estimates nothing."""
    if work.single:
        return ""
    percent, words = work.percent, work.summary()
    bad = " pnb-work-bad" if work.failed else " pnb-work-good" if work.ended else ""
    return (
        f"<div class='pnb-work-head{bad}'><span class='pnb-work-words'>{escape(words)}</span>"
        f"<span class='pnb-track' role='progressbar' aria-label='{escape(work.order.title)}' aria-valuemin='0' "
        f"aria-valuemax='100' aria-valuenow='{percent}' aria-valuetext='{escape(words)}'>"
        f"<span style='width:{percent}%'></span></span></div>"
    )
