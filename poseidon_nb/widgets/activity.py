"""What a panel has set off, and what runs on its droplets: a row for each, from the click to green or red. Pure."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

from poseidon_nb.errors import ActionTimedOut, NotFound, OutcomeUnknown, ServerError
from poseidon_nb.text import begun, printable, seconds_text
from poseidon_nb.widgets.progress import COLOURS, RUNNING_COLOUR, Row, row_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from poseidon_nb.client.actions.progress import Progress
    from poseidon_nb.client.watching.subscription import Followed
    from poseidon_nb.errors import PoseidonError

#: Ended rows that stay to be read; of the older ones the account's actions tell.
MOST_ENDED = 6

State = Literal["sending", "running", "completed", "failed"]
#: What a step of a sequence looks like, by how far it is; words say the same to who cannot see it.
_MARKS = {"done": ("✓", "done"), "now": ("●", "now"), "next": ("○", "to come"), "failed": ("✗", "failed")}


def spoken(action_type: str) -> str:
    """Give an action's type as a person says it: ``power off``, ``shut down``."""
    return {"shutdown": "shut down"}.get(action_type, action_type.replace("_", " "))


def error_text(error: PoseidonError) -> str:
    """Give what went wrong in one line, with the id that DigitalOcean's support asks for."""
    request_id = getattr(error, "request_id", None)
    text = printable(str(error))
    return f"{text} (request {printable(request_id)})" if request_id and request_id not in text else text


def may_be_repeated(error: PoseidonError) -> bool:
    """Say whether *retry* may be offered: not for what may have been carried out, or goes on unseen."""
    if isinstance(error, ServerError):
        return error.status == HTTPStatus.NOT_IMPLEMENTED
    return not isinstance(error, (OutcomeUnknown, ActionTimedOut, NotFound))


def unforeseen(failure: Exception) -> OutcomeUnknown:
    """Give an error that a row can show for one that nobody has foreseen: a row that never ends would lock its droplet."""
    # Its own words are for the log: nobody has looked what stands in them, and a row is saved with the notebook.
    error = OutcomeUnknown(
        f"failed in a way not foreseen ({type(failure).__name__}), and may have been carried out: "
        "look at the droplet before you repeat it"
    )
    error.__cause__ = failure
    return error


@dataclass(eq=False)
class Entry:
    """One thing that was asked for, or that runs: an action, or a sequence of them.

    Parameters
    ----------
    title : str
        ``"Power off web-1"``.
    kind : str
        The type of its action, or of the one that a sequence is about.
    planned : sequence of str
        The types of a sequence's actions; empty for a single one.
    retry : callable, optional
        Asks for the same again.
    """

    title: str
    kind: str = ""
    planned: Sequence[str] = ()
    retry: Callable[[], None] | None = None
    state: State = "sending"
    note: str = ""
    error: PoseidonError | None = None
    #: What was told of each of its actions, by id, in the order in which they began.
    told: dict[int, Progress] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.state in {"completed", "failed"}

    @property
    def repeatable(self) -> bool:
        """Whether it failed so that the same may be asked for again."""
        return self.state == "failed" and self.error is not None and may_be_repeated(self.error)

    @property
    def offers_retry(self) -> bool:
        """Whether *retry* is shown."""
        return self.state == "failed" and self.retry is not None

    def tell(self, progress: Progress) -> None:
        """Take in news of one of its actions."""
        self.told[progress.id] = progress
        self.note = ""
        if not self.ended:
            self.state = "running"

    def wait(self, seconds: float, reason: str) -> None:
        """Say that nothing happens for a while, and why."""
        self.note = f"waiting {seconds_text(seconds)}: {reason}"

    def end(self, error: PoseidonError | None = None) -> None:
        """Say how it ended."""
        self.state = "completed" if error is None else "failed"
        self.note, self.error = "", error
        if not self.repeatable:
            self.retry = None

    def try_again(self) -> None:
        """Ask for the same again, if it may be."""
        if self.retry is not None:
            self.retry()

    @property
    def row(self) -> Row:
        """Its bar."""
        progress = next(reversed(self.told.values()), None)
        if self.state == "failed":
            failed = progress is not None and progress.status == "errored"
            return Row(
                self.title, 1.0, row_of(progress).words if progress and failed else "✗ failed", COLOURS["errored"]
            )
        if progress is None:
            ended = self.state == "completed"
            return Row(self.title, 1.0, "✓ completed", COLOURS["completed"]) if ended else self._held_up()
        if self.state == "completed":
            seconds = sum(one.elapsed_s for one in self.told.values())
            return Row(self.title, 1.0, row_of(replace(progress, elapsed_s=seconds)).words, COLOURS["completed"])
        if self.note:
            return self._held_up()
        row = row_of(progress)
        # Between two steps of a sequence the bar is not at its end.
        return Row(self.title, None if progress.done else row.fraction, row.words, RUNNING_COLOUR)

    def _held_up(self) -> Row:
        return Row(self.title, None, self.note or "sending")

    @property
    def steps(self) -> list[tuple[str, str]]:
        """The steps of a sequence, each with how far it is: ``done``, ``now``, ``next`` or ``failed``."""
        if not self.planned:
            return []
        seen = [progress.label.partition(" ")[0] for progress in self.told.values()]
        steps: list[tuple[str, str]] = []
        for number, (kind, progress) in enumerate(zip(seen, self.told.values(), strict=True)):
            last = number == len(seen) - 1
            here = "failed" if progress.status == "errored" or (last and self.state == "failed") else "now"
            steps.append((spoken(kind), "done" if progress.status == "completed" else here))
        return steps + [(spoken(kind), "next") for kind in self.planned if kind not in seen]

    def detail_html(self) -> str:
        """Give what stands below its bar: the steps, and what went wrong."""
        steps = "".join(
            f"<li class='pnb-step pnb-step-{how}'><span aria-hidden='true'>{_MARKS[how][0]}</span> {escape(word)}"
            f"<span class='pnb-unseen'> ({_MARKS[how][1]})</span></li>"
            for word, how in self.steps
        )
        listed = f"<ol class='pnb-steps' aria-label='{escape(self.title)}: steps'>{steps}</ol>" if steps else ""
        error = f"<div class='pnb-error'>{escape(error_text(self.error))}</div>" if self.error is not None else ""
        return listed + error

    def text(self) -> str:
        """Give it as a line of text."""
        row = self.row
        steps = "; ".join(f"{word} {_MARKS[how][1]}" for word, how in self.steps)
        error = error_text(self.error) if self.error is not None else ""
        return ": ".join(part for part in (f"{row.label}: {row.words}", steps, error) if part)


class Activity:
    """All rows of a panel, the newest first. May be told things from any thread."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._lock = threading.RLock()
        #: The last thing worth saying to somebody who does not look.
        self.announcement = ""

    def begin(self, title: str, kind: str, planned: Sequence[str] = ()) -> Entry:
        """Add a row for something that is about to be sent."""
        entry = Entry(title, kind, planned)
        with self._lock:
            self._entries.append(entry)
            self.announcement = f"{title}: started"
        return entry

    def tell(self, entry: Entry, progress: Progress) -> None:
        """Take in news of one of a row's actions."""
        with self._lock:
            entry.tell(progress)

    def wait(self, entry: Entry, seconds: float, reason: str) -> None:
        """Say that nothing happens for a while, and why."""
        with self._lock:
            entry.wait(seconds, reason)

    def end(self, entry: Entry, error: PoseidonError | None = None) -> None:
        """Say how it ended."""
        with self._lock:
            entry.end(error)
            self.announcement = f"{entry.title}: {'completed' if error is None else f'failed: {error_text(error)}'}"
            ended = [one for one in self._entries if one.ended]
            for old in ended[: max(0, len(ended) - MOST_ENDED)]:
                self._entries.remove(old)

    def take_in(self, followed: Followed) -> Entry:
        """Take in news of an action, also of one that somebody else has started."""
        with self._lock:
            entry = self._entry_of(followed)
            if entry is None:
                kind, _, subject = followed.progress.label.partition(" ")
                entry = Entry(begun(f"{spoken(kind)} {subject}"), kind)
                self._entries.append(entry)
            # Who runs a sequence knows better how it goes, and goes on when one of its actions has ended.
            if not entry.planned and not entry.ended:
                self.tell(entry, followed.progress)
                if followed.progress.done or followed.error is not None:
                    self.end(entry, followed.error)
        return entry

    def _entry_of(self, followed: Followed) -> Entry | None:
        entries = self._entries[::-1]
        known = next((one for one in entries if followed.action.id in one.told), None)
        if known is not None:
            return known
        # It may be seen in the account before its own answer has come back.
        kind = followed.action.type
        sent = (one for one in entries if one.state == "sending" and one.kind == kind)
        sequences = (one for one in entries if not one.ended and one.planned and kind in {*one.planned, "power_off"})
        return next(sent, None) or next(sequences, None)

    def dismiss(self, entry: Entry) -> None:
        """Take an ended row away."""
        with self._lock:
            if entry.ended and entry in self._entries:
                self._entries.remove(entry)

    @property
    def entries(self) -> list[Entry]:
        """The rows, the newest first."""
        with self._lock:
            return self._entries[::-1]

    @property
    def running(self) -> list[Entry]:
        """Those that have not ended."""
        return [entry for entry in self.entries if not entry.ended]

    def text(self) -> str:
        """Give them as lines of text."""
        return "\n".join(entry.text() for entry in self.entries)

    def html(self) -> str:
        """Give them as HTML that needs no kernel."""
        return "".join(
            f"<li>{escape(entry.row.label)}: {escape(entry.row.words)}{entry.detail_html()}</li>"
            for entry in self.entries
        )
