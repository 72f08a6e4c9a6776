"""Progress of running actions: the rows below a ``%do`` that waits, and the same as one line of text.

`ProgressModel` collects updates and formats them as text and as HTML. A bar is an estimate and says so: it stays below 100 %
until the server reports the end. Without history only the elapsed time is shown.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from poseidon_nb.text import escape_unprintable, format_duration, pluralize

if TYPE_CHECKING:
    from poseidon_nb.client.actions.progress import Progress

#: Rows shown at once. Further actions are only counted: nobody reads 500 bars.
MAX_ROWS = 20
#: Variables of JupyterLab's theme.
COLORS = {"completed": "--jp-success-color1", "errored": "--jp-error-color1"}
RUNNING_COLOR = "--jp-brand-color1"
#: What a terminal shows below the rows: it can show no update of them.
ONLY_IN_NOTEBOOKS = "Only notebooks show further progress."
#: Shown below rows that were not replaced for this time, such as those of a notebook that was saved while an action was in
#: progress. Longer than the time between two polls. A page that removes the style shows it from the beginning.
STALE_S = 15
_STALE = "No recent update. %do actions list shows the current state."
_STALE_HTML = (
    "<style>@keyframes pnb-stale { from { max-height: 0; opacity: 0 } }</style>"
    f"<div style='max-height:9em;overflow:hidden;animation:pnb-stale {STALE_S}s step-end'>{_STALE}</div>"
)


@dataclass(frozen=True, slots=True)
class ProgressRow:
    """One row of progress.

    Parameters
    ----------
    label : str
        ``"power_off web-1"``.
    fraction : float or None
        From 0 to 1; None is indeterminate.
    text : str
        The state in words: color is never the only signal.
    color : str
        The theme variable with the color of the bar.
    """

    label: str
    fraction: float | None
    text: str
    color: str = RUNNING_COLOR


def progress_row(progress: Progress) -> ProgressRow:
    """Return the row of an action."""
    elapsed = format_duration(progress.elapsed_s)
    if progress.status == "completed":
        text = f"✓ completed in {elapsed}"
    elif progress.status == "errored":
        text = f"✗ errored after {elapsed}"
    elif progress.status == "settling":
        text = f"{elapsed}, completed; waiting for the droplet's status to update"
    else:
        text = f"{elapsed}{_estimate_text(progress)}"
    fraction = 1.0 if progress.done else progress.fraction
    return ProgressRow(escape_unprintable(progress.label), fraction, text, COLORS.get(progress.status, RUNNING_COLOR))


def _estimate_text(progress: Progress) -> str:
    if progress.estimate is None:
        return ""
    basis = f"median of {pluralize(progress.estimate.count, 'action')}"
    # The text has whole seconds, so a shorter excess would not be visible in it.
    if progress.left_s is None and round(progress.elapsed_s) > max(1, round(progress.estimate.median_s)):
        return f", longer than usual ({format_duration(progress.estimate.median_s)}, {basis})"
    return f", about {format_duration(max(1.0, progress.left_s or 0.0))} left ({basis})"


class ProgressModel:
    """The progress of all actions of one command."""

    def __init__(self) -> None:
        self._progress: dict[int, Progress] = {}
        self._lock = threading.Lock()
        #: What delays all of them, or did: a pause for the rate limit.
        self.note = ""

    def update(self, progress: Progress) -> None:
        """Add or update the progress of one action."""
        with self._lock:
            self._progress[progress.id] = progress

    def rows(self) -> list[ProgressRow]:
        """Return the rows to show, running actions first if there are more than `MAX_ROWS`."""
        with self._lock:
            known = list(self._progress.values())
        if len(known) > MAX_ROWS:
            known.sort(key=lambda progress: progress.done)
        return [progress_row(progress) for progress in known[:MAX_ROWS]]

    def counts(self) -> tuple[int, int, int]:
        """Return the numbers of running, completed and errored actions."""
        with self._lock:
            statuses = [progress.status for progress in self._progress.values()]
        completed, errored = statuses.count("completed"), statuses.count("errored")
        return len(statuses) - completed - errored, completed, errored

    def summary(self) -> str:
        """Return all progress in one line."""
        if self.note:
            return self.note
        rows = self.rows()
        return f"{rows[0].label}: {rows[0].text}" if len(rows) == 1 else self.count_text()

    def count_text(self) -> str:
        """Return the counts as text; empty for fewer than two actions."""
        running, completed, errored = self.counts()
        total = running + completed + errored
        states = [(running, "in progress"), (completed, "completed"), (errored, "errored")]
        parts = ", ".join(f"{number} {state}" for number, state in states if number)
        return f"{pluralize(total, 'action')}: {parts}" if total > 1 else ""

    def text(self) -> str:
        """Return the progress as lines of text, for a saved notebook, a terminal or a screen reader."""
        lines = [f"{row.label}: {row.text}" for row in self.rows()]
        return "\n".join(line for line in (*lines, self.count_text(), self.note) if line)

    def html(self) -> str:
        """Return the progress as HTML that works without scripts or a kernel; all text is escaped."""
        left = "style='text-align:left'"
        cells = "".join(
            f"<tr><td {left}>{escape(row.label)}</td><td {left}>{escape(row.text)}</td></tr>" for row in self.rows()
        )
        table = f"<table class='pnb-progress-done'>{cells}</table>" if cells else ""
        return table + "".join(f"<div>{escape(line)}</div>" for line in (self.count_text(), self.note) if line)

    def live_html(self) -> str:
        """Return the progress as HTML with bars, to be replaced at the next update."""
        bars = "".join(map(bar_html, self.rows()))
        status = self.note or self.count_text()
        told = f"<div role='status' aria-live='polite'>{escape(status)}</div>" if status else ""
        return f"<div class='pnb-progress'>{bars}{told}{_STALE_HTML}</div>"

    def live_bundle(self) -> dict[str, str]:
        """Return the progress by MIME type while actions are in progress.

        This is HTML and no widget, so that a notebook that is saved meanwhile can be read without a kernel.
        """
        return {"text/plain": f"{self.text()}\n{ONLY_IN_NOTEBOOKS}", "text/html": self.live_html()}

    def final_bundle(self) -> dict[str, str]:
        """Return the progress by MIME type when all actions have ended."""
        return {"text/plain": self.text(), "text/html": self.html()}


def bar_html(row: ProgressRow) -> str:
    """Return the HTML of one row: a label, a bar that assistive technology can read, and text.

    The bar is drawn in HTML because ``ipywidgets.IntProgress`` has neither a role nor a value for screen readers.
    """
    percent = None if row.fraction is None else round(100 * row.fraction)
    value = "" if percent is None else f" aria-valuenow='{percent}'"
    fill = (
        f"width:{percent}%;background:var({row.color}, #0069ff)"
        if percent is not None
        else f"width:100%;background:repeating-linear-gradient(45deg,var({row.color}, #0069ff) 0 8px,transparent 8px 16px);opacity:.5"
    )
    return (
        "<div class='pnb-row' style='display:flex;align-items:center;gap:.75em;line-height:1.6;color:var(--jp-ui-font-color1)'>"
        f"<span class='pnb-row-label' style='flex:0 1 16em;overflow:hidden;text-overflow:ellipsis;white-space:nowrap' title='{escape(row.label)}'>"
        # The spaces are for pages that remove styles.
        f"{escape(row.label)}</span> "
        f"<span class='pnb-row-bar' role='progressbar' aria-label='{escape(row.label)}' aria-valuemin='0' aria-valuemax='100'{value}"
        f" aria-valuetext='{escape(row.text)}' style='flex:0 0 12em;height:.6em;border-radius:.3em;overflow:hidden;"
        "background:var(--jp-layout-color3, #ddd)'>"
        f"<span style='display:block;height:100%;border-radius:.3em;{fill}'></span></span> "
        f"<span class='pnb-row-text' style='flex:1 1 auto;font-variant-numeric:tabular-nums'>{escape(row.text)}</span></div>"
    )
