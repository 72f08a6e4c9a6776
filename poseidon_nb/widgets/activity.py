"""What was set off on one thing, or runs on it: its row, from the click to green or red. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

from poseidon_nb.errors import ActionTimedOut, NotFound, OutcomeUnknown, ServerError
from poseidon_nb.text import printable, seconds_text
from poseidon_nb.widgets.progress import COLOURS, RUNNING_COLOUR, Row, row_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.client.actions.progress import Progress
    from poseidon_nb.errors import PoseidonError

State = Literal["sending", "waiting", "running", "completed", "failed"]
#: What a step of a sequence looks like, by how far it is; words say the same to who cannot see it.
_MARKS = {"done": ("✓", "done"), "now": ("●", "now"), "next": ("○", "to come"), "failed": ("✗", "failed")}


def spoken(action_type: str) -> str:
    """Return an action's type as a person says it: ``power off``, ``shut down``."""
    return {"shutdown": "shut down"}.get(action_type, action_type.replace("_", " "))


def error_text(error: PoseidonError) -> str:
    """Return what went wrong in one line, with the id that DigitalOcean's support asks for."""
    request_id = getattr(error, "request_id", None)
    text = printable(str(error))
    return f"{text} (request {printable(request_id)})" if request_id and request_id not in text else text


def may_be_repeated(error: PoseidonError) -> bool:
    """Return whether *retry* may be offered: not for what may have been carried out, or goes on unseen."""
    if isinstance(error, ServerError):
        return error.status == HTTPStatus.NOT_IMPLEMENTED
    return not isinstance(error, (OutcomeUnknown, ActionTimedOut, NotFound))


def unforeseen(failure: Exception) -> OutcomeUnknown:
    """Return an error that a row can show for one that nobody has foreseen: a row that never ends would lock its droplet."""
    # Its own words are for the log: nobody has looked what stands in them, and a row is saved with the notebook.
    error = OutcomeUnknown(
        f"failed in a way not foreseen ({type(failure).__name__}), and may have been carried out: "
        "look at the droplet before you repeat it"
    )
    error.__cause__ = failure
    return error


@dataclass(eq=False)
class Entry:
    """One thing that was asked of one droplet, or that runs on it: an action, or a sequence of them.

    Parameters
    ----------
    title : str
        ``"Power off web-1"``.
    kind : str
        The type of its action, or of the one that a sequence is about.
    planned : sequence of str
        The types of a sequence's actions; empty for a single one.
    """

    title: str
    kind: str = ""
    planned: Sequence[str] = ()
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

    def may_be_its(self, action_id: int, action_type: str) -> bool:
        """Check whether an action is one of its own, or may turn out to be, for the account may show it before the answer."""
        if action_id in self.told:
            return True
        if self.planned:
            return not self.ended and action_type in {*self.planned, "power_off"}
        return self.state == "sending" and action_type == self.kind

    def tell(self, progress: Progress) -> None:
        """Take in news of one of its actions."""
        self.told[progress.id] = progress
        self.note = ""
        if not self.ended:
            self.state = "running"

    def wait(self, seconds: float, reason: str) -> None:
        """Note that nothing happens for a while, and why."""
        self.note = f"waiting {seconds_text(seconds)}: {reason}"

    def hold(self, action_type: str) -> None:
        """Note that an action has to end first that runs on the droplet."""
        self.state, self.note = "waiting", f"waits until its {spoken(action_type)} has ended"

    def end(self, error: PoseidonError | None = None) -> None:
        """Note how it ended."""
        self.state = "completed" if error is None else "failed"
        self.note, self.error = "", error

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
        """Return what stands below its bar: the steps, and what went wrong."""
        steps = "".join(
            f"<li class='pnb-step pnb-step-{how}'><span aria-hidden='true'>{_MARKS[how][0]}</span> {escape(word)}"
            f"<span class='pnb-unseen'> ({_MARKS[how][1]})</span></li>"
            for word, how in self.steps
        )
        listed = f"<ol class='pnb-steps' aria-label='{escape(self.title)}: steps'>{steps}</ol>" if steps else ""
        error = f"<div class='pnb-error'>{escape(error_text(self.error))}</div>" if self.error is not None else ""
        return listed + error

    def text(self) -> str:
        """Return it as a line of text."""
        row = self.row
        steps = "; ".join(f"{word} {_MARKS[how][1]}" for word, how in self.steps)
        error = error_text(self.error) if self.error is not None else ""
        return ": ".join(part for part in (f"{row.label}: {row.words}", steps, error) if part)
