"""The panel of what an account does, as widgets: it shows what `ActionsModel` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.widgets.actions.model import ActionsModel
from poseidon_nb.widgets.panel import Panel
from poseidon_nb.widgets.parts import Button, Notices, box, close_all, head_html, html, shown
from poseidon_nb.widgets.table_style import TABLE_STYLE

if TYPE_CHECKING:
    from poseidon_nb.client.client import Client


class ActionsPanel(Panel):
    """The skin of an `ActionsModel`.

    Parameters
    ----------
    client : Client
    """

    model: ActionsModel

    def __init__(self, client: Client) -> None:
        super().__init__("Actions")
        self.widget.add_class("pnb-actions")
        with self._lock:
            self.model = ActionsModel(client, self.refresh)
            self._head, self._ended = html("head"), html("list")
            self._bars: dict[int, Any] = {}
            self._running = box(names=("activity",))
            self._running.layout.flex_flow = "column"
            self._again = Button(self.clicked(self.model.look_again), names=("look-again",))
            bar = box(self._again.widget, names=("bar",))
            self._notices = Notices(self.clicked(self.model.look_again), "the account")
            self.widget.children = (
                *self.widget.children,
                html("hidden", value=TABLE_STYLE),
                self._head,
                self._running,
                self._ended,
                bar,
                self._notices.widget,
            )
        self._opened(("actions", client.base_url, self.model.account))

    def _show(self) -> None:
        model = self.model
        shown(self._head, head_html("Actions", model.account, model.running_words()))
        bars = model.running_html()
        for key, bar in bars.items():
            if key not in self._bars:
                self._bars[key] = html("progress", "running-action")
            shown(self._bars[key], bar)
        children = tuple(self._bars[key] for key in bars)
        if children != self._running.children:
            self._running.children = children
        for key in [*self._bars.keys() - bars.keys()]:
            close_all(self._bars.pop(key))
        shown(self._ended, f"<h4>ENDED LATELY</h4>{model.ended_html()}")
        self._again.show("Look again now", why="Ask the account now", enabled=not model.closed)
        self._notices.show(self._with_kernel(model.notices()), paused=model.paused)
        self.say(*model.announcements(), self._kernel.notice)
