"""Progress of running actions: the rows under a waiting ``%do``, and the same as one line of text.

`ProgressModel` is told what happens and knows what to say; `ProgressRows` is its skin in a notebook. A bar is an
estimate and says so, and never reaches its end before the server does; without history it only shows that time passes.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from poseidon_nb.text import format_duration, pluralize

if TYPE_CHECKING:
    from poseidon_nb.client.actions.progress import Progress

#: Rows shown at once; of more actions the rest is counted in words, for a page of 500 bars helps nobody.
MOST_ROWS = 20
#: Names in JupyterLab's theme.
COLOURS = {"completed": "--jp-success-color1", "errored": "--jp-error-color1"}
RUNNING_COLOUR = "--jp-brand-color1"


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
    colour : str
        The theme's name of the bar's colour.
    """

    label: str
    fraction: float | None
    words: str
    colour: str = RUNNING_COLOUR


def row_of(progress: Progress) -> Row:
    """Give what a row shows of an action: pure."""
    elapsed = format_duration(progress.elapsed_s)
    if progress.status == "completed":
        words = f"✓ completed in {elapsed}"
    elif progress.status == "errored":
        words = f"✗ errored after {elapsed}"
    elif progress.status == "settling":
        words = f"{elapsed}, completed; waiting for the droplet to say so"
    else:
        words = f"{elapsed}{_outlook(progress)}"
    fraction = 1.0 if progress.done else progress.fraction
    return Row(progress.label, fraction, words, COLOURS.get(progress.status, RUNNING_COLOUR))


def _outlook(progress: Progress) -> str:
    if progress.estimate is None:
        return ""
    basis = f"median of {progress.estimate.count}"
    # The words count whole seconds: what is over by less does not look longer than usual.
    if progress.left_s is None and round(progress.elapsed_s) > max(1, round(progress.estimate.median_s)):
        return f", longer than usual ({format_duration(progress.estimate.median_s)}, {basis})"
    return f", about {format_duration(max(1.0, progress.left_s or 0.0))} left ({basis})"


class ProgressModel:
    """What is known of all actions of one command."""

    def __init__(self) -> None:
        self._progress: dict[int, Progress] = {}
        self._lock = threading.Lock()
        #: What holds all of them up, or did: a pause for the rate limit.
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
        if self.note:
            return self.note
        rows = self.rows()
        return f"{rows[0].label}: {rows[0].words}" if len(rows) == 1 else self.count()

    def count(self) -> str:
        """Give in words how many there are in which state; nothing when there are fewer than two."""
        running, completed, errored = self.counts()
        total = running + completed + errored
        states = [(running, "running"), (completed, "completed"), (errored, "errored")]
        parts = ", ".join(f"{number} {state}" for number, state in states if number)
        return f"{pluralize(total, 'action')}: {parts}" if total > 1 else ""

    def text(self) -> str:
        """Give it as lines of text: for a saved notebook, a terminal, a screen reader."""
        lines = [f"{row.label}: {row.words}" for row in self.rows()]
        return "\n".join(line for line in (*lines, self.count(), self.note) if line)

    def html(self) -> str:
        """Give it as HTML that needs no script and no kernel; every word escaped."""
        left = "style='text-align:left'"
        cells = "".join(
            f"<tr><td {left}>{escape(row.label)}</td><td {left}>{escape(row.words)}</td></tr>" for row in self.rows()
        )
        table = f"<table class='pnb-progress-done'>{cells}</table>" if cells else ""
        return table + "".join(f"<div>{escape(line)}</div>" for line in (self.count(), self.note) if line)


class ProgressRows:
    """The rows as widgets. Its values may be set from any thread; it displays nothing by itself.

    Parameters
    ----------
    model : ProgressModel
    """

    def __init__(self, model: ProgressModel) -> None:
        import ipywidgets  # noqa: PLC0415  # 70 ms that only a wait should cost

        self._new_line = ipywidgets.HTML
        self._model = model
        self._bars: list[Any] = []
        self._status = ipywidgets.HTML()
        self.widget = ipywidgets.VBox([self._status])
        self.widget.add_class("pnb-progress")

    def refresh(self) -> None:
        """Show what the model says now. A value that is set again to what it was is not sent."""
        rows = self._model.rows()
        if len(rows) > len(self._bars):
            self._bars += [self._new_line() for _ in rows[len(self._bars) :]]
            self.widget.children = (*self._bars, self._status)
        for bar, row in zip(self._bars, rows, strict=True):
            bar.value = bar_html(row)
        status = self._model.note or self._model.count()
        self._status.value = f"<div role='status' aria-live='polite'>{escape(status)}</div>" if status else ""

    def close(self) -> None:
        """Take the widgets away, in the kernel and in the page."""
        for widget in (*self._bars, self._status, self.widget):
            # ipywidgets leaves what a widget owns behind when it closes.
            for owned in (widget.layout, getattr(widget, "style", None)):
                if owned is not None:
                    owned.close()
            widget.close()


def bar_html(row: Row) -> str:
    """Give one row: a name, a bar that assistive technology can read, and words.

    ipywidgets' own ``IntProgress`` has neither role nor value for a screen reader, so the bar is drawn in HTML, in the
    colours of the page's theme.
    """
    percent = None if row.fraction is None else round(100 * row.fraction)
    value = "" if percent is None else f" aria-valuenow='{percent}'"
    fill = (
        f"width:{percent}%;background:var({row.colour}, #0069ff)"
        if percent is not None
        else f"width:100%;background:repeating-linear-gradient(45deg,var({row.colour}, #0069ff) 0 8px,transparent 8px 16px);opacity:.5"
    )
    return (
        "<div class='pnb-row' style='display:flex;align-items:center;gap:.75em;line-height:1.6;color:var(--jp-ui-font-color1)'>"
        f"<span class='pnb-row-label' style='flex:0 1 16em;overflow:hidden;text-overflow:ellipsis;white-space:nowrap' title='{escape(row.label)}'>"
        f"{escape(row.label)}</span>"
        f"<span class='pnb-row-bar' role='progressbar' aria-label='{escape(row.label)}' aria-valuemin='0' aria-valuemax='100'{value}"
        f" aria-valuetext='{escape(row.words)}' style='flex:0 0 12em;height:.6em;border-radius:.3em;overflow:hidden;"
        "background:var(--jp-layout-color3, #ddd)'>"
        f"<span style='display:block;height:100%;border-radius:.3em;{fill}'></span></span>"
        f"<span class='pnb-row-words' style='flex:1 1 auto;font-variant-numeric:tabular-nums'>{escape(row.words)}</span></div>"
    )
