"""Progress of running actions: the rows under a waiting ``%do``, and the same as one line of text.

`ProgressModel` is told what happens and knows what to say; `ProgressRows` is its skin in a notebook. A bar is an
estimate and says so, and never reaches its end before the server does; without history it only shows that time passes.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from poseidon_nb.text import counted

if TYPE_CHECKING:
    from poseidon_nb.client.progress import Progress

#: Rows shown at once; of more actions the rest is counted in words, for a page of 500 bars helps nobody.
MOST_ROWS = 20
_MARKS = {"completed": "✓", "errored": "✗"}
_STYLES = {"completed": "success", "errored": "danger"}


@dataclass(frozen=True, slots=True)
class Row:
    """What one row shows.

    Parameters
    ----------
    label : str
        ``"power_off web-1"``.
    fraction : float or None
        From 0 to 1; None is indeterminate.
    words : str
        The state in words: colour is never the only signal.
    style : str
        ipywidgets' name of the bar's colour.
    """

    label: str
    fraction: float | None
    words: str
    style: str = "info"


def row_of(progress: Progress) -> Row:
    """Give what a row shows of an action: pure."""
    words = f"{_MARKS[progress.status]} {progress.status}" if progress.done else ""
    if progress.done:
        words += (
            f" in {seconds_text(progress.elapsed_s)}"
            if progress.status == "completed"
            else f" after {seconds_text(progress.elapsed_s)}"
        )
    elif progress.status == "settling":
        words = f"{seconds_text(progress.elapsed_s)}, completed; waiting for the droplet to say so"
    else:
        words = f"{seconds_text(progress.elapsed_s)}{_outlook(progress)}"
    fraction = 1.0 if progress.status == "errored" else progress.fraction
    return Row(progress.label, fraction, words, _STYLES.get(progress.status, "info"))


def _outlook(progress: Progress) -> str:
    if progress.estimate is None:
        return ""
    basis = f"median of {progress.estimate.count}"
    if progress.left_s is None:
        return f", longer than usual ({seconds_text(progress.estimate.median_s)}, {basis})"
    return f", about {seconds_text(max(1.0, progress.left_s))} left ({basis})"


def seconds_text(seconds: float) -> str:
    """Give a short time in words: ``4 s``, ``2 min 5 s``, ``1 h 2 min``."""
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004  # a minute
        return f"{whole} s"
    if whole < 3600:  # noqa: PLR2004  # an hour
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class ProgressModel:
    """What is known of all actions of one command."""

    def __init__(self) -> None:
        self._progress: dict[int, Progress] = {}
        self._lock = threading.Lock()
        self.note = ""

    def tell(self, progress: Progress) -> None:
        """Take in news of one action."""
        with self._lock:
            self._progress[progress.id] = progress

    def rows(self) -> list[Row]:
        """Give the rows to show, the running ones first when there are too many for all."""
        with self._lock:
            known = list(self._progress.values())
        if len(known) > MOST_ROWS:
            known.sort(key=lambda progress: progress.done)
        return [row_of(progress) for progress in known[:MOST_ROWS]]

    def counts(self) -> tuple[int, int, int]:
        """Give how many are running, completed and errored."""
        with self._lock:
            statuses = [progress.status for progress in self._progress.values()]
        completed, errored = statuses.count("completed"), statuses.count("errored")
        return len(statuses) - completed - errored, completed, errored

    def summary(self) -> str:
        """Give all of it in one line."""
        running, completed, errored = self.counts()
        rows = self.rows()
        if self.note and running:
            return self.note
        if len(rows) == 1:
            return f"{rows[0].label}: {rows[0].words}"
        parts = [f"{running} running" if running else "", f"{completed} completed" if completed else ""]
        parts.append(f"{errored} errored" if errored else "")
        return f"{counted(running + completed + errored, 'action')}: {', '.join(part for part in parts if part)}"

    def text(self) -> str:
        """Give it as lines of text: for a saved notebook, a terminal, a screen reader."""
        rows = self.rows()
        lines = [f"{row.label}: {row.words}" for row in rows]
        if sum(self.counts()) > len(rows) or len(rows) > 1:
            lines.append(self.summary())
        if self.note:
            lines.append(self.note)
        return "\n".join(lines)

    def html(self) -> str:
        """Give it as HTML that needs no script and no kernel; every word escaped."""
        cells = "".join(
            f"<tr><td style='text-align:left'>{escape(row.label)}</td><td style='text-align:left'>{escape(row.words)}</td></tr>"
            for row in self.rows()
        )
        more = f"<div>{escape(self.summary())}</div>" if sum(self.counts()) > MOST_ROWS else ""
        return f"<table class='pnb-progress-done'>{cells}</table>{more}"


class ProgressRows:
    """The rows as widgets. Its values may be set from any thread; it displays nothing by itself.

    Parameters
    ----------
    model : ProgressModel
    """

    def __init__(self, model: ProgressModel) -> None:
        import ipywidgets  # noqa: PLC0415  # 70 ms that only a wait should cost

        self._widgets: Any = ipywidgets
        self._model = model
        self._lines: list[Any] = []
        self._shown: list[Row] = []
        self._status = ipywidgets.HTML()
        self.widget = ipywidgets.VBox([self._status])
        self.widget.add_class("pnb-progress")

    def refresh(self) -> None:
        """Show what the model says now; unchanged rows send nothing."""
        rows = self._model.rows()
        while len(self._lines) < len(rows):
            self._lines.append(self._widgets.HTML())
        if len(self._widgets_shown()) != len(rows) + 1:
            self.widget.children = (*self._lines[: len(rows)], self._status)
        for number, row in enumerate(rows):
            if number >= len(self._shown) or self._shown[number] != row:
                self._lines[number].value = bar_html(row)
        self._shown = rows
        status = self._model.note or (self._model.summary() if len(rows) > 1 else "")
        value = f"<div role='status' aria-live='polite'>{escape(status)}</div>" if status else ""
        if self._status.value != value:
            self._status.value = value

    def close(self) -> None:
        """Take the widgets away, in the kernel and in the page."""
        for widget in (*self._lines, self._status, self.widget):
            widget.close()

    def _widgets_shown(self) -> tuple[Any, ...]:
        shown: tuple[Any, ...] = self.widget.children
        return shown


def bar_html(row: Row) -> str:
    """Give one row: a name, a bar that assistive technology can read, and words.

    ipywidgets' own ``IntProgress`` has neither role nor value for a screen reader, so the bar is drawn in HTML, in the
    colours of the page's theme.
    """
    colour = {"success": "--jp-success-color1", "danger": "--jp-error-color1"}.get(row.style, "--jp-brand-color1")
    percent = None if row.fraction is None else round(100 * row.fraction)
    value = "" if percent is None else f" aria-valuenow='{percent}'"
    fill = (
        f"width:{percent}%;background:var({colour}, #0069ff)"
        if percent is not None
        else f"width:100%;background:repeating-linear-gradient(45deg,var({colour}, #0069ff) 0 8px,transparent 8px 16px);opacity:.5"
    )
    return (
        "<div style='display:flex;align-items:center;gap:.75em;line-height:1.6;color:var(--jp-ui-font-color1)'>"
        f"<span style='flex:0 1 16em;overflow:hidden;text-overflow:ellipsis;white-space:nowrap' title='{escape(row.label)}'>"
        f"{escape(row.label)}</span>"
        f"<span role='progressbar' aria-label='{escape(row.label)}' aria-valuemin='0' aria-valuemax='100'{value}"
        f" aria-valuetext='{escape(row.words)}' style='flex:0 0 12em;height:.6em;border-radius:.3em;overflow:hidden;"
        "background:var(--jp-layout-color3, #ddd)'>"
        f"<span style='display:block;height:100%;border-radius:.3em;{fill}'></span></span>"
        f"<span style='flex:1 1 auto;font-variant-numeric:tabular-nums'>{escape(row.words)}</span></div>"
    )
