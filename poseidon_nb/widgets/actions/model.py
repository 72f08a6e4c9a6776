"""What the account does now and did lately, whoever started it: for a panel that only shows. Pure but for the subscription."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.actions.progress import IN_PROGRESS
from poseidon_nb.plans.summary import verb_phrase
from poseidon_nb.text import escape_unprintable, format_duration, pluralize
from poseidon_nb.widgets.droplet_facts import age_text
from poseidon_nb.widgets.following import Following
from poseidon_nb.widgets.progress import Row as Bar
from poseidon_nb.widgets.progress import bar_html, row_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.client.actions.progress import Progress
    from poseidon_nb.client.client import Client
    from poseidon_nb.client.watching.subscription import Followed

    Row = Mapping[str, Any]

#: Running actions with a bar; of more the rest is counted.
MOST_RUNNING = 25
#: Ended ones, the newest first.
MOST_ENDED = 15
#: What an action's result looks like; words say the same.
_MARKS = {"completed": ("pnb-good", "✓ completed"), "errored": ("pnb-bad", "✗ errored")}


class ActionsModel(Following):
    """The newest actions of an account.

    Parameters
    ----------
    client : Client
    changed : callable
        Called, from any thread, when there may be something new to show.
    """

    def __init__(self, client: Client, changed: Callable[[], None]) -> None:
        super().__init__(client, changed)
        self._told: dict[int, Progress] = {}
        #: Names of droplets that were seen: an action outlives what it acted upon.
        self._names: dict[int, str] = {}
        self.announcement = ""
        with self._lock:
            self._subscription = client.watch.subscribe(self._account_changed, actions=True, on_progress=self._progress)
            self._learn_names()

    # --- what is shown -----------------------------------------------------------------------------------------------
    def running(self) -> list[Row]:
        """Give the actions that run, the newest first."""
        return [row for row in self._subscription.state.actions if row["status"] == IN_PROGRESS]

    def ended(self) -> list[Row]:
        """Give the newest that have ended, the newest first."""
        return [row for row in self._subscription.state.actions if row["status"] != IN_PROGRESS][:MOST_ENDED]

    def title_of(self, row: Row) -> str:
        """Give what an action is, as a person says it: ``Power off web-1``."""
        key, kind = row.get("resource_id"), str(row.get("resource_type") or "")
        subject = self._names.get(key) if isinstance(key, int) and kind == "droplet" else None
        return escape_unprintable(
            f"{verb_phrase(str(row['type'])).capitalize()} {subject or f'{kind} {key or str()}'.strip()}"
        )

    def notices(self) -> list[str]:
        """Give what somebody should know who looks at it now."""
        return [*filter(None, [self.following_notice()])]

    def announcements(self) -> list[str]:
        """Give what somebody should hear who does not look at the panel: what ended, notices."""
        return [self.announcement, *self.notices()]

    def running_html(self) -> dict[int, str]:
        """Give a bar for each that runs, by its id."""
        return {row["id"]: bar_html(self._bar(row)) for row in self.running()[:MOST_RUNNING]}

    def running_words(self) -> str:
        """Give how many run."""
        number = len(self.running())
        more = f", {number - MOST_RUNNING:,} of them not shown" if number > MOST_RUNNING else ""
        return f"{pluralize(number, 'action')} running now{more}" if number else "Nothing is running now"

    def _bar(self, row: Row) -> Bar:
        title, progress = self.title_of(row), self._told.get(row["id"])
        if progress is None:
            return Bar(title, None, "running")
        bar = row_of(progress)
        # Until the account shows its end it is one of those that run.
        return Bar(title, None if progress.done else bar.fraction, bar.words)

    def _words(self) -> list[str]:
        bars = [self._bar(row) for row in self.running()[:MOST_RUNNING]]
        return [f"{bar.label}: {bar.words}" for bar in bars]

    def ended_html(self) -> str:
        """Give a table of those that ended lately."""
        now = self.client.clock.now()
        rows = []
        for row in self.ended():
            css, words = _MARKS.get(row["status"], ("", escape_unprintable(str(row["status"]))))
            ended, took = _times(row)
            ago = f"{age_text((now - ended).total_seconds())} ago" if ended is not None else ""
            cells = (
                f"<td>{escape(self.title_of(row))}</td><td class='{css}'>{escape(words)}</td><td>{escape(ago)}</td>"
                f"<td>{escape(took)}</td><td>{escape(escape_unprintable(str(row.get('region_slug') or '')))}</td><td>{escape(escape_unprintable(str(row['id'])))}</td>"
            )
            rows.append(f"<tr>{cells}</tr>")
        if not rows:
            return "<div class='pnb-idle'>No action has ended lately.</div>"
        heads = "".join(f"<th>{head}</th>" for head in ("Action", "Result", "Ended", "Took", "Region", "Id"))
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"

    def text(self) -> str:
        """Give the panel as text."""
        ended = [
            f"{self.title_of(row)}: {_MARKS.get(row['status'], ('', escape_unprintable(str(row['status']))))[1]}"
            for row in self.ended()
        ]
        return "\n".join([f"{self.account}: {self.running_words()}", *self._words(), *ended, *self.notices()])

    def html(self) -> str:
        """Give the panel as HTML that needs neither kernel nor script."""
        running = "".join(f"<li>{escape(words)}</li>" for words in self._words())
        head = escape(f"{self.account}: {self.running_words()}")
        return f"<p>{head}</p>{f'<ul>{running}</ul>' if running else ''}{self.ended_html()}"

    # --- what is clicked ---------------------------------------------------------------------------------------------
    def look_again(self) -> None:
        """Ask the account now, also after a pause."""
        self._subscription.resume()
        self._changed()

    # --- what the account tells --------------------------------------------------------------------------------------
    def _learn_names(self) -> None:
        for key, row in self._subscription.state.droplets.items():
            self._names[key] = str(row["name"])

    def _account_changed(self) -> None:
        with self._lock:
            self._learn_names()
            running = {row["id"] for row in self.running()}
            self._told = {key: told for key, told in self._told.items() if key in running}
        self._changed()

    def _progress(self, followed: Followed) -> None:
        with self._lock:
            self._told[followed.action.id] = followed.progress
            if followed.progress.done:
                self.announcement = f"{followed.progress.label}: {row_of(followed.progress).words}"
        self._changed()


def _times(row: Row) -> tuple[datetime | None, str]:
    """Give when an action ended, and how long it took in words."""
    if not row.get("completed_at"):
        return None, ""
    ended = datetime.fromisoformat(row["completed_at"])
    if not row.get("started_at"):
        return ended, ""
    return ended, format_duration(max(0.0, (ended - datetime.fromisoformat(row["started_at"])).total_seconds()))
