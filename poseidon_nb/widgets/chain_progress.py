"""The progress of a plan: a row for each chain, from the first request to green or red, and a summary. No widgets here."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Generic, Literal, TypeVar, cast

from poseidon_nb.client.engine.chain_run import ChainRun
from poseidon_nb.client.engine.steps import When
from poseidon_nb.errors import NotFound
from poseidon_nb.plans.outcomes import combined_outcome
from poseidon_nb.plans.summary import verb_phrase
from poseidon_nb.widgets.models import error_text
from poseidon_nb.widgets.progress import COLORS, RUNNING_COLOR, ProgressRow, bar_html, progress_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.actions.progress import Progress
    from poseidon_nb.client.monitor.subscription import ActionUpdate
    from poseidon_nb.errors import PoseidonError

#: What identifies a row: the id of a droplet, or the number of a chain.
Key = TypeVar("Key")

State = Literal[
    "sending", "waiting", "running", "completed", "unchanged", "skipped", "in-progress", "failed", "unknown"
]
#: Texts of the final states, for rows without a text of the action's own.
_FINAL: Mapping[str, str] = {
    "completed": "✓ completed",
    "unchanged": "unchanged",
    "skipped": "not sent",
    "in-progress": "still in progress, no longer tracked",
    "failed": "✗ failed",
    "unknown": "? outcome unknown",
}
#: Marks and texts of the steps of a sequence, by their status.
_STEPS = {
    "done": ("✓", "done"),
    "current": ("●", "in progress"),
    "pending": ("○", "pending"),
    "failed": ("✗", "failed"),
    "unchanged": ("·", "not needed"),
    "skipped": ("·", "not sent"),
    "in-progress": ("●", "still in progress"),
    "unknown": ("?", "unknown"),
}
#: Texts of the counts in a summary.
_COUNT_TEXTS: Mapping[State, str] = {
    "sending": "pending",
    "waiting": "waiting for another action",
    "running": "in progress",
    "completed": "completed",
    "unchanged": "unchanged",
    "in-progress": "no longer tracked",
    "skipped": "not sent",
    "failed": "failed",
    "unknown": "unknown",
}
_SUCCEEDED: frozenset[State] = frozenset({"completed", "unchanged"})
_NOT_SUCCEEDED: frozenset[State] = frozenset({"failed", "unknown", "in-progress", "skipped"})
#: Rows shown. If there are more, those that did not succeed come first, then those that are running.
MAX_ROWS = 60


@dataclass(eq=False)
class ChainProgress:
    """The progress of a chain of steps, or of an action that was started elsewhere.

    Parameters
    ----------
    title : str
        ``"Power off web-1"``.
    latest : ChainRun or ActionUpdate or None
        The state of the engine's chain, or the last update of an action that was started elsewhere; None before any.
    """

    title: str
    latest: ChainRun | ActionUpdate | None = None
    _final_state: State | None = field(default=None, init=False)

    @property
    def _actions(self) -> list[Progress]:
        """The progress of each action, in the order in which they started."""
        latest = self.latest
        if latest is None:
            return []
        return [*latest.progress.values()] if isinstance(latest, ChainRun) else [latest.progress]

    @property
    def state(self) -> State:
        """The current or final state."""
        latest = self.latest
        if latest is None:
            return "sending"
        if not isinstance(latest, ChainRun):
            failed = latest.error is not None or latest.progress.status == "errored"
            return "failed" if failed else "completed" if latest.progress.done else "running"
        if latest.ended:
            if self._final_state is None:
                self._final_state = cast("State", combined_outcome(latest.outcomes).status)
            return self._final_state
        return "waiting" if latest.blocked_by is not None else "running" if latest.progress else "sending"

    @property
    def ended(self) -> bool:
        """Whether the state is final."""
        return self.state in _FINAL

    @property
    def fraction(self) -> float:
        """How much of the bar is filled, from 0 to 1; 0 without an estimate."""
        return 1.0 if self.ended else self.row.fraction or 0.0

    @property
    def error(self) -> PoseidonError | None:
        """The error, if there was one."""
        return self.latest.error if self.latest is not None else None

    @property
    def retryable(self) -> bool:
        """Whether a retry is safe: no part of the request can have been executed or be in progress."""
        return self.state in {"failed", "skipped"} and not isinstance(self.error, NotFound)

    def may_include(self, action: Action) -> bool:
        """Check whether an action belongs to this progress, or may turn out to: the account may show it before the reply."""
        latest = self.latest
        if latest is None or not isinstance(latest, ChainRun):
            return latest is not None and latest.action.id == action.id
        if action.id in latest.progress:
            return True
        step = None if latest.ended or latest.blocked_by is not None else latest.chain[latest.position]
        body = step.request.body if step is not None else None
        return isinstance(body, dict) and body.get("type") == action.type

    @property
    def row(self) -> ProgressRow:
        """The row with the bar."""
        state, last = self.state, next(reversed(self._actions), None)
        if state == "completed" and last is not None:
            elapsed_s = sum(one.elapsed_s for one in self._actions)
            return ProgressRow(
                self.title, 1.0, progress_row(replace(last, elapsed_s=elapsed_s)).text, COLORS["completed"]
            )
        if state == "failed":
            text = progress_row(last).text if last is not None and last.status == "errored" else _FINAL[state]
            return ProgressRow(self.title, 1.0, text, COLORS["errored"])
        if state in _FINAL:
            color = {"completed": COLORS["completed"], "unknown": COLORS["errored"]}.get(state, RUNNING_COLOR)
            fraction = 0.0 if state in {"unchanged", "skipped"} else 1.0
            return ProgressRow(self.title, fraction, self._final_text(state), color)
        note = self._note
        if note or last is None:
            return ProgressRow(self.title, None, note or "sending")
        if last.done and isinstance(self.latest, ChainRun) and len(self.latest.chain) > 1:
            # A step has ended and the next one has no progress yet: the chain is not completed.
            return ProgressRow(self.title, None, "sending")
        return replace(progress_row(last), label=self.title)

    @property
    def _note(self) -> str:
        """What delays the request; empty if nothing does."""
        if not isinstance(self.latest, ChainRun):
            return ""
        if self.latest.waits_for_others and not self.latest.ended:
            return "waiting for other steps"
        blocked_by = self.latest.blocked_by
        return (
            self.latest.note
            if blocked_by is None
            else f"waiting for its {verb_phrase(blocked_by.type)} action to finish"
        )

    def _final_text(self, state: str) -> str:
        outcomes = self.latest.outcomes if isinstance(self.latest, ChainRun) else []
        reason = next((one.why for one in outcomes if one.why), "")
        return f"{_FINAL[state]}: {reason}; nothing was sent" if state == "unchanged" and reason else _FINAL[state]

    @property
    def steps(self) -> list[tuple[str, str]]:
        """The steps of a chain of several, each with its status: a key of `_STEPS`."""
        run = self.latest
        if not isinstance(run, ChainRun) or len(run.chain) == 1:
            return []
        # A step has an outcome for each of its targets, which share its request.
        outcomes, at, is_current = [*run.outcomes], 0, True
        steps: list[tuple[str, str]] = []
        for step in run.chain:
            if at < len(outcomes):
                status = outcomes[at].status.replace("completed", "done")
            else:
                status, is_current = "current" if is_current else "pending", False
            at += len(step.targets)
            # A step that is sent only if needed, or after a failure, is shown once it was sent.
            was_sent = status not in {"pending", "unchanged", "skipped"} and (
                status != "current" or run.accepted is not None
            )
            if not was_sent and step.when in {When.IF_NEEDED, When.ON_FAILURE}:
                continue
            label = f"{verb_phrase(step.verb)}{' tag' if step.targets[0].kind == 'tag' else ''}"
            if steps and steps[-1][0] == label:
                # Several in a row, such as for tags, are one step for whoever looks.
                _, before = steps.pop()
                status = status if before == "done" else before
            steps.append((label, status))
        return steps

    def detail_html(self) -> str:
        """Return the HTML below the bar: the steps and the error."""
        steps = "".join(
            f"<li class='pnb-step pnb-step-{status}'><span aria-hidden='true'>{_STEPS[status][0]}</span> {escape(verb)}"
            f"<span class='pnb-visually-hidden'> ({_STEPS[status][1]})</span></li>"
            for verb, status in self.steps
        )
        listed = f"<ol class='pnb-steps' aria-label='{escape(self.title)}: steps'>{steps}</ol>" if steps else ""
        error = f"<div class='pnb-error'>{escape(error_text(self.error))}</div>" if self.error is not None else ""
        return listed + error

    def html(self) -> str:
        """Return the bar, the steps and the error as HTML."""
        return bar_html(self.row) + self.detail_html()

    def text(self) -> str:
        """Return the progress as a line of text."""
        row = self.row
        steps = "; ".join(f"{verb} {_STEPS[status][1]}" for verb, status in self.steps)
        error = error_text(self.error) if self.error is not None else ""
        return ": ".join(part for part in (f"{row.label}: {row.text}", steps, error) if part)


class ProgressGroup(Generic[Key]):
    """The progress of several chains. Methods may be called from any thread.

    Parameters
    ----------
    title : str
        ``"Resize 3 droplets to s-2vcpu-4gb"``.
    rows : mapping
        The title of each chain.
    """

    def __init__(self, title: str, rows: Mapping[Key, str]) -> None:
        self.title = title
        # Its keys never change, so that other threads can iterate over it.
        self._rows = {key: ChainProgress(one) for key, one in rows.items()}
        # Kept up to date, because each change of one chain among thousands asks for them.
        self._lock = threading.Lock()
        self._last_counted: dict[Key, tuple[State, float]] = dict.fromkeys(self._rows, ("sending", 0.0))
        self._counts: Counter[State] = Counter({"sending": len(self._rows)})
        self._filled = 0.0

    def update(self, key: Key, latest: ChainRun | ActionUpdate) -> None:
        """Update the progress of a chain."""
        self._rows[key].latest = latest
        self._count(key)

    def _count(self, key: Key) -> None:
        with self._lock:
            one, (state, fraction) = self._rows[key], self._last_counted[key]
            now = self._last_counted[key] = (one.state, one.fraction)
            self._counts[state] -= 1
            self._counts[now[0]] += 1
            self._filled += now[1] - fraction

    def restart(self, keys: Iterable[Key]) -> None:
        """Reset the progress of some chains."""
        for key in keys:
            self._rows[key] = ChainProgress(self._rows[key].title)
            self._count(key)

    @property
    def single(self) -> bool:
        """Whether there is one chain, whose row then stands alone."""
        return len(self._rows) == 1

    @property
    def failed_keys(self) -> list[Key]:
        """The chains that did not succeed."""
        return [key for key, one in self._rows.items() if one.state in _NOT_SUCCEEDED]

    @property
    def retryable_keys(self) -> list[Key]:
        """The chains for which a retry is safe. After a lost reply somebody has to check first."""
        return [key for key, one in self._rows.items() if one.retryable]

    @property
    def ended(self) -> bool:
        """Whether all states are final."""
        return sum(self._counts[state] for state in _SUCCEEDED | _NOT_SUCCEEDED) == len(self._rows)

    def summary(self) -> str:
        """Return the title and the counts: ``Power off 50 droplets: 47 completed, 3 failed``."""
        counts = [(self._counts[state], text) for state, text in _COUNT_TEXTS.items()]
        parts = ", ".join(text if self.single else f"{number:,} {text}" for number, text in counts if number)
        return f"{self.title}: {parts}"

    def announcement(self) -> str:
        """Return the summary for screen readers, with the error of a single chain."""
        error = next(iter(self._rows.values())).error if self.single else None
        return f"{self.summary()}: {error_text(error)}" if error is not None else self.summary()

    @property
    def percent(self) -> int:
        """The mean of the bars; a bar without an estimate counts as empty. It is 100 only once all have ended."""
        # A sum of fractions is not exact.
        return 100 if self.ended else min(99, int(100 * self._filled / len(self._rows) + 1e-6))

    def row(self, key: Key) -> ChainProgress:
        """Return the progress of a chain."""
        return self._rows[key]

    def rows(self) -> list[tuple[Key, ChainProgress]]:
        """Return the keys and progress of the chains to show; those that did not succeed come first if there are too many."""
        items = [*self._rows.items()]
        if len(items) > MAX_ROWS or all(one.ended for _, one in items):
            items.sort(
                key=lambda item: 0 if item[1].state in _NOT_SUCCEEDED else 2 if item[1].state in _SUCCEEDED else 1
            )
        return items[:MAX_ROWS]

    def text(self) -> str:
        """Return the progress as lines of text."""
        return "\n".join([*([] if self.single else [self.summary()]), *(one.text() for _, one in self.rows())])

    def html(self) -> str:
        """Return the progress as HTML that works without scripts or a kernel."""
        if not self.single:
            return f"<p>{escape(self.summary())}</p>"
        ((_, only),) = self.rows()
        return f"<p>{escape(f'{only.row.label}: {only.row.text}')}</p>{only.detail_html()}"

    def summary_html(self) -> str:
        """Return the summary of several chains with a bar, which is the mean of theirs."""
        if self.single:
            return ""
        percent, summary = self.percent, self.summary()
        failed = any(self._counts[state] for state in _NOT_SUCCEEDED)
        css = " pnb-work-bad" if failed else " pnb-work-good" if self.ended else ""
        return (
            f"<div class='pnb-work-head{css}'><span class='pnb-work-text'>{escape(summary)}</span>"
            f"<span class='pnb-track' role='progressbar' aria-label='{escape(self.title)}' aria-valuemin='0' "
            f"aria-valuemax='100' aria-valuenow='{percent}' aria-valuetext='{escape(summary)}'>"
            f"<span style='width:{percent}%'></span></span></div>"
        )
