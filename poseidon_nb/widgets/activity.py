"""What was set off on one droplet, or runs on it: its row, from the click to green or red. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Literal, cast

from poseidon_nb.client.engine.chain_run import ChainRun
from poseidon_nb.client.engine.steps import When
from poseidon_nb.errors import NotFound
from poseidon_nb.plans.outcomes import combined_outcome
from poseidon_nb.plans.summary import verb_phrase
from poseidon_nb.text import escape_unprintable
from poseidon_nb.widgets.progress import COLOURS, RUNNING_COLOUR, Row, row_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.actions.progress import Progress
    from poseidon_nb.client.watching.subscription import Followed
    from poseidon_nb.errors import PoseidonError

State = Literal[
    "sending", "waiting", "running", "completed", "unchanged", "skipped", "in-progress", "failed", "unknown"
]
#: What a row says that has ended without an action's own words, by its state.
_ENDED: Mapping[str, str] = {
    "completed": "✓ completed",
    "unchanged": "unchanged",
    "skipped": "skipped: nothing was sent",
    "in-progress": "goes on, and is followed no further",
    "failed": "✗ failed",
    "unknown": "? nobody knows whether it was done",
}
#: What a step of a sequence looks like, by how far it is; words say the same to who cannot see it.
_MARKS = {
    "done": ("✓", "done"),
    "now": ("●", "now"),
    "next": ("○", "to come"),
    "failed": ("✗", "failed"),
    "unchanged": ("·", "not needed"),
    "skipped": ("·", "skipped"),
    "in-progress": ("●", "goes on"),
    "unknown": ("?", "unknown"),
}


def error_text(error: PoseidonError) -> str:
    """Return what went wrong in one line, with the id that DigitalOcean's support asks for."""
    request_id = getattr(error, "request_id", None)
    text = escape_unprintable(str(error))
    return f"{text} (request {escape_unprintable(request_id)})" if request_id and request_id not in text else text


@dataclass(eq=False)
class Entry:
    """One thing that was asked of one droplet, or that runs on it: an action, or a chain of them.

    Parameters
    ----------
    title : str
        ``"Power off web-1"``.
    news : ChainRun or Followed or None
        How far the engine is with it, or the last news of an action that was started elsewhere; None before any.
    """

    title: str
    news: ChainRun | Followed | None = None
    _end: State | None = field(default=None, init=False)

    @property
    def _told(self) -> list[Progress]:
        """What was told of each of its actions, in the order in which they began."""
        news = self.news
        if news is None:
            return []
        return [*news.told.values()] if isinstance(news, ChainRun) else [news.progress]

    @property
    def state(self) -> State:
        """How far it is, or how it ended."""
        news = self.news
        if news is None:
            return "sending"
        if not isinstance(news, ChainRun):
            failed = news.error is not None or news.progress.status == "errored"
            return "failed" if failed else "completed" if news.progress.done else "running"
        if news.ended:
            if self._end is None:
                self._end = cast("State", combined_outcome(news.outcomes).status)
            return self._end
        return "waiting" if news.held_by is not None else "running" if news.told else "sending"

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.state in _ENDED

    @property
    def error(self) -> PoseidonError | None:
        """What went wrong."""
        return self.news.error if self.news is not None else None

    @property
    def repeatable(self) -> bool:
        """Whether it may be asked for again: nothing of it may have been carried out, or goes on unseen."""
        return self.state in {"failed", "skipped"} and not isinstance(self.error, NotFound)

    def may_be_its(self, action: Action) -> bool:
        """Check whether an action is one of its own, or may turn out to be, for the account may show it before the answer."""
        news = self.news
        if news is None or not isinstance(news, ChainRun):
            return news is not None and news.action.id == action.id
        if action.id in news.told:
            return True
        step = None if news.ended or news.held_by is not None else news.chain[news.at]
        return step is not None and step.request.body["type"] == action.type

    @property
    def row(self) -> Row:
        """Its bar."""
        state, last = self.state, next(reversed(self._told), None)
        if state == "completed" and last is not None:
            seconds = sum(one.elapsed_s for one in self._told)
            return Row(self.title, 1.0, row_of(replace(last, elapsed_s=seconds)).words, COLOURS["completed"])
        if state == "failed":
            words = row_of(last).words if last is not None and last.status == "errored" else _ENDED[state]
            return Row(self.title, 1.0, words, COLOURS["errored"])
        if state in _ENDED:
            colour = {"completed": COLOURS["completed"], "unknown": COLOURS["errored"]}.get(state, RUNNING_COLOUR)
            return Row(self.title, 0.0 if state in {"unchanged", "skipped"} else 1.0, self._end_words(state), colour)
        note = self._note
        if note or last is None:
            return Row(self.title, None, note or "sending")
        row = row_of(last)
        if last.done and isinstance(self.news, ChainRun) and len(self.news.chain) > 1:
            # A step has ended and the next has told nothing yet: the chain is not completed.
            return Row(self.title, None, "sending", RUNNING_COLOUR)
        return replace(row, label=self.title)

    @property
    def _note(self) -> str:
        """What holds it up."""
        if not isinstance(self.news, ChainRun):
            return ""
        held_by = self.news.held_by
        return self.news.note if held_by is None else f"waits until its {verb_phrase(held_by.type)} has ended"

    def _end_words(self, state: str) -> str:
        why = [one.why for one in self.news.outcomes if one.why] if isinstance(self.news, ChainRun) else []
        return f"{_ENDED[state]}: {why[0]}, nothing was sent" if state == "unchanged" and why else _ENDED[state]

    @property
    def steps(self) -> list[tuple[str, str]]:
        """The steps of a chain of several, each with how far it is: one of `_MARKS`."""
        run = self.news
        if not isinstance(run, ChainRun) or len(run.chain) == 1:
            return []
        outcomes, steps = [*run.outcomes], []
        for number, step in enumerate(run.chain):
            if number < len(outcomes):
                how = outcomes[number].status.replace("completed", "done")
            else:
                how = "now" if number == len(outcomes) else "next"
            # What is sent only if needed is a step once it was sent.
            happens = how not in {"next", "unchanged", "skipped"} and (how != "now" or run.answered is not None)
            if happens or step.when is not When.IF_NEEDED:
                steps.append((verb_phrase(step.verb), how))
        return steps

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
