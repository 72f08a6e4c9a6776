"""The panel of an account's actions: those in progress, with bars, and recent ones, whoever started them."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.actions.progress import IN_PROGRESS
from poseidon_nb.plans.summary import verb_phrase
from poseidon_nb.text import LINE_WIDTH, escape_unprintable, format_age, format_duration, pluralize
from poseidon_nb.widgets.components import Button, Notices, box, close_tree, header_html, html, set_html, style_sheet
from poseidon_nb.widgets.models import AccountModel
from poseidon_nb.widgets.panel import Panel, PanelHost
from poseidon_nb.widgets.progress import ProgressRow, bar_html, progress_row
from poseidon_nb.widgets.static_table import static_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.client.actions.progress import Progress
    from poseidon_nb.client.client import Client
    from poseidon_nb.client.monitor.subscription import ActionUpdate

    Row = Mapping[str, Any]

#: Actions in progress with a bar; further ones are only counted.
MAX_RUNNING = 25
#: Recent actions, newest first.
MAX_RECENT = 15
_HEADS = ("Action", "Status", "Ended", "Duration", "Region", "ID")
_NO_RECENT = "<div class='pnb-idle'>No recent actions.</div>"
#: CSS class and text of a status.
_STATUSES = {"completed": ("pnb-good", "✓ completed"), "errored": ("pnb-bad", "✗ errored")}


class ActionsModel(AccountModel):
    """The newest actions of an account.

    Parameters
    ----------
    client : Client
    on_change : callable
        Called from any thread when there may be something new to show.
    """

    def __init__(self, client: Client, on_change: Callable[[], None]) -> None:
        super().__init__(client, on_change)
        self._progress: dict[int, Progress] = {}
        #: Names of droplets seen so far: an action outlives a deleted droplet.
        self._names: dict[int, str] = {}
        self.announcement = ""
        with self._lock:
            self._subscription = client.monitor.subscribe(
                self._account_changed, actions=True, on_progress=self._action_changed
            )
            self._remember_names()

    def running(self) -> list[Row]:
        """Return the actions in progress, newest first."""
        return [row for row in self._subscription.state.actions if row["status"] == IN_PROGRESS]

    def recent(self) -> list[Row]:
        """Return the newest actions that have ended, newest first."""
        return [row for row in self._subscription.state.actions if row["status"] != IN_PROGRESS][:MAX_RECENT]

    def title_of(self, row: Row) -> str:
        """Return the title of an action: ``Power off web-1``."""
        resource_id, resource_type = row.get("resource_id"), str(row.get("resource_type") or "")
        name = self._names.get(resource_id) if isinstance(resource_id, int) and resource_type == "droplet" else None
        subject = name or f"{resource_type} {resource_id or ''}".strip()
        return escape_unprintable(f"{verb_phrase(str(row['type'])).capitalize()} {subject}")

    def notices(self) -> list[str]:
        """Return the notices to show now."""
        return [*filter(None, [self.status_notice()])]

    def announcements(self) -> list[str]:
        """Return what to announce to screen readers: the last action that ended, and notices."""
        return [self.announcement, *self.notices()]

    def running_html(self) -> dict[int, str]:
        """Return the HTML of a bar for each action in progress, by its id."""
        return {row["id"]: bar_html(self._bar(row)) for row in self.running()[:MAX_RUNNING]}

    def running_text(self) -> str:
        """Return the number of actions in progress as text."""
        number = len(self.running())
        hidden = f", {number - MAX_RUNNING:,} not shown" if number > MAX_RUNNING else ""
        return f"{pluralize(number, 'action')} in progress{hidden}" if number else "No actions in progress"

    def _bar(self, row: Row) -> ProgressRow:
        title, progress = self.title_of(row), self._progress.get(row["id"])
        if progress is None:
            return ProgressRow(title, None, "in progress")
        bar = progress_row(progress)
        # The action counts as running until the account shows its end.
        return ProgressRow(title, None if progress.done else bar.fraction, bar.text)

    def _running_lines(self) -> list[str]:
        bars = [self._bar(row) for row in self.running()[:MAX_RUNNING]]
        return [f"{bar.label}: {bar.text}" for bar in bars]

    def recent_html(self) -> str:
        """Return the HTML table of recent actions."""
        now, rows = self.client.clock.now(), []
        for row in self.recent():
            title, status, *others = map(escape, self._cells(row, now))
            cells = (
                f"<td>{title}</td>",
                f"<td class='{_status_of(row)[0]}'>{status}</td>",
                *(f"<td>{one}</td>" for one in others),
            )
            rows.append(f"<tr>{''.join(cells)}</tr>")
        if not rows:
            return _NO_RECENT
        heads = "".join(f"<th>{head}</th>" for head in _HEADS)
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"

    def _cells(self, row: Row, now: datetime) -> tuple[str, ...]:
        """Return the cells of an action that has ended, in the order of `_HEADS`."""
        ended, duration = _end_and_duration(row)
        ago = f"{format_age((now - ended).total_seconds())} ago" if ended is not None else ""
        region, action_id = (escape_unprintable(str(row.get(name) or "")) for name in ("region_slug", "id"))
        return self.title_of(row), _status_of(row)[1], ago, duration, region, action_id

    def text(self, _width: int = LINE_WIDTH) -> str:
        """Return the panel as text; no line is a row of a table."""
        recent = [f"{self.title_of(row)}: {_status_of(row)[1]}" for row in self.recent()]
        return "\n".join([f"{self.account}: {self.running_text()}", *self._running_lines(), *recent, *self.notices()])

    def html(self) -> str:
        """Return the panel as HTML that works without scripts or a kernel."""
        running = "".join(f"<li>{escape(line)}</li>" for line in self._running_lines())
        head = escape(f"{self.account}: {self.running_text()}")
        now, recent = self.client.clock.now(), self.recent()
        table = static_table(_HEADS, (self._cells(row, now) for row in recent)) if recent else _NO_RECENT
        return f"<p>{head}</p>{f'<ul>{running}</ul>' if running else ''}{table}"

    def refresh_account(self) -> None:
        """Read the account now, and resume updates if they are paused."""
        self._subscription.resume()
        self._on_change()

    def _remember_names(self) -> None:
        for key, row in self._subscription.state.droplets.items():
            self._names[key] = str(row["name"])

    def _account_changed(self) -> None:
        with self._lock:
            self._remember_names()
            running = {row["id"] for row in self.running()}
            self._progress = {key: progress for key, progress in self._progress.items() if key in running}
        self._on_change()

    def _action_changed(self, update: ActionUpdate) -> None:
        with self._lock:
            self._progress[update.action.id] = update.progress
            if update.progress.done:
                self.announcement = f"{update.progress.label}: {progress_row(update.progress).text}"
        self._on_change()


class ActionsPanel(Panel):
    """The widgets of an `ActionsModel`.

    Parameters
    ----------
    client : Client
    host : PanelHost, optional
    """

    model: ActionsModel

    def __init__(self, client: Client, *, host: PanelHost | None = None) -> None:
        super().__init__("Actions", host)
        self.widget.add_class("pnb-actions")
        with self._lock:
            self.model = ActionsModel(client, self.refresh)
            self._head, self._recent = html("head"), html("list")
            self._bars: dict[int, Any] = {}
            self._running = box(names=("activity",), column=True)
            self._refresh = Button(self.on_click(self.model.refresh_account), names=("refresh",))
            self._notices = Notices(self.on_click(self.model.refresh_account))
            self.widget.children = (
                *self.widget.children,
                style_sheet("table.css"),
                self._head,
                self._running,
                self._recent,
                box(self._refresh.widget, names=("bar",)),
                self._notices.widget,
            )
        self._open(("actions", client.base_url, self.model.account))

    def _show(self) -> None:
        model = self.model
        set_html(self._head, header_html("Actions", model.account, model.running_text()))
        bars = model.running_html()
        for key, bar in bars.items():
            if key not in self._bars:
                self._bars[key] = html("progress", "running-action")
            set_html(self._bars[key], bar)
        children = tuple(self._bars[key] for key in bars)
        if children != self._running.children:
            self._running.children = children
        for key in [*self._bars.keys() - bars.keys()]:
            close_tree(self._bars.pop(key))
        set_html(self._recent, f"<h4>Recent</h4>{model.recent_html()}")
        self._refresh.show("Refresh", tooltip="Refresh the list of actions", enabled=not model.closed)
        self._notices.show(self._with_kernel_notice(model.notices()), paused=model.paused)
        self.announce(*model.announcements(), self._kernel.notice)


def _status_of(row: Row) -> tuple[str, str]:
    return _STATUSES.get(row["status"], ("", escape_unprintable(str(row["status"]))))


def _end_and_duration(row: Row) -> tuple[datetime | None, str]:
    if not row.get("completed_at"):
        return None, ""
    ended = datetime.fromisoformat(row["completed_at"])
    if not row.get("started_at"):
        return ended, ""
    return ended, format_duration(max(0.0, (ended - datetime.fromisoformat(row["started_at"])).total_seconds()))
