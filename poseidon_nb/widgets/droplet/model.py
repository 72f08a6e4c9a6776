"""What a panel of one droplet knows and decides: which buttons make sense, what they ask, and what became of them.

No widgets here and no kernel: the skin shows what this says, and tells it what was clicked. What is to be done then
`DropletActing` carries out. It may be told things from several threads at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.text import printable
from poseidon_nb.widgets.activity import Activity, spoken
from poseidon_nb.widgets.asking import Asking, ButtonState
from poseidon_nb.widgets.droplet.acting import DropletActing
from poseidon_nb.widgets.droplet_facts import facts_of, facts_text, filled, table_html
from poseidon_nb.widgets.following import CLOSED
from poseidon_nb.widgets.form_model import FormModel
from poseidon_nb.widgets.resizing import RESTARTING
from poseidon_nb.widgets.verbs import SNAPSHOT_PRICE, VERBS
from poseidon_nb.widgets.workers import THE_WORKERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.client.droplets.droplet import Droplet
    from poseidon_nb.client.watching.subscription import Followed
    from poseidon_nb.widgets.activity import Entry
    from poseidon_nb.widgets.droplet_facts import Facts, Row
    from poseidon_nb.widgets.workers import Workers


class DropletModel(FormModel):
    """One droplet.

    Parameters
    ----------
    droplet : Droplet
        As just read; it is read again in place.
    changed : callable
        Called, from any thread, when there may be something new to show.
    workers : Workers
        In which threads requests are sent.
    """

    followed = "the droplet"

    def __init__(self, droplet: Droplet, changed: Callable[[], None], workers: Workers = THE_WORKERS) -> None:
        self._asking = Asking(droplet.client.clock)
        super().__init__(droplet.client, changed, workers, self._asking, lambda: [self.row])
        self.droplet = droplet
        self._clock = self.client.clock
        self._seen: Any = None
        self.activity = Activity()
        self.remark = ""
        with self._lock:
            self._subscription = self.client.watch.subscribe(
                self._account_changed, droplets=[droplet.to_dict()], on_progress=self._told
            )
            self._acting = DropletActing(droplet, self.activity, self._subscription, workers, changed)

    # --- what is shown -----------------------------------------------------------------------------------------------
    @property
    def name(self) -> str:
        """Its name, fit to be shown."""
        return printable(self.row["name"])

    @property
    def row(self) -> Row:
        """The droplet as the API sends it, with something in each place."""
        return filled(self.droplet.to_dict())

    @property
    def gone(self) -> bool:
        """Whether it was deleted."""
        return self.droplet.id in self._subscription.state.gone

    def facts(self) -> Facts:
        """Give the facts."""
        return facts_of(self.row, self.account, self._clock.now())

    def notices(self) -> list[str]:
        """Give what somebody should know who looks at it now."""
        told = self._ended() or self.following_notice()
        return [*filter(None, [told, self.remark])]

    def _ended(self) -> str:
        """Say why nothing will ever be done here again; nothing when something may."""
        if self.closed:
            return CLOSED
        return f"{self.name} was deleted." if self.gone else ""

    def announcements(self) -> list[str]:
        """Give what somebody should hear who does not look at the panel: a question, what began or ended, notices."""
        asking = [*self.buttons().values()] + ([self.go_button()] if self.form else [])
        questions = [state.label for state in asking if state.asking]
        return [*questions, self.activity.announcement, *self.notices()]

    def hindrance(self, name: str) -> str:
        """Say why a verb, or without a name any, makes no sense now; nothing when it does."""
        status, running = self.row["status"], self.activity.running
        if ended := self._ended():
            return ended
        if self.client.read_only:
            return "This client only reads."
        if running:
            return f"{running[0].title} is under way."
        if status not in {"active", "off"}:
            return f"It is {'still being made' if status == 'new' else printable(status)}."
        if name and VERBS[name].status not in {"", status}:
            return f"It is {'on' if status == 'active' else 'off'}."
        return ""

    def button(self, name: str) -> ButtonState:
        """Give what a button of the first row shows."""
        hindrance = self.hindrance(name)
        asking = self._asking.about == name and not hindrance
        label = f"Confirm: {spoken(name)} {self.name}" if asking else VERBS[name].label
        return ButtonState(label, not hindrance, hindrance or VERBS[name].meaning, asking)

    def buttons(self) -> dict[str, ButtonState]:
        """Give what the buttons of the first row show, by verb."""
        return {name: self.button(name) for name in VERBS}

    def why(self) -> str:
        """Say, in one line below the buttons, why some cannot be clicked."""
        hindered: dict[str, list[str]] = {}
        for name, verb in VERBS.items():
            hindrance = self.hindrance(name)
            if hindrance:
                hindered.setdefault(hindrance, []).append(verb.name)
        if len(hindered) == 1 and len(next(iter(hindered.values()))) == len(VERBS):
            return next(iter(hindered))
        return " ".join(f"{', '.join(names)}: not now. {reason}" for reason, names in hindered.items())

    def go_button(self) -> ButtonState:
        """Give what the button of the open form shows."""
        hindrance = self.hindrance(self.form) or self._lacks()
        if self.form == "snapshot":
            return ButtonState("Take snapshot", not hindrance, hindrance or VERBS["snapshot"].meaning)
        question = self.resizing.question()
        asking = bool(question) and self._asking.about == question and not hindrance
        label = f"Confirm: {question}" if asking else self.resizing.label()
        return ButtonState(label, not hindrance, hindrance or VERBS["resize"].meaning, asking)

    def form_words(self) -> list[str]:
        """Give what the open form says below what there is to choose."""
        if self.form == "resize":
            return self.resizing.consequences()
        if self.droplet.active:
            return [f"{self.name} stays on meanwhile; one that is off gives a cleaner copy.", SNAPSHOT_PRICE]
        return [f"{self.name} is off: its copy will be clean.", SNAPSHOT_PRICE]

    def _lacks(self) -> str:
        if self.form == "snapshot":
            return "" if self.snapshot_name.strip() else "Give the snapshot a name."
        return self.resizing.lacks()

    def text(self) -> str:
        """Give the panel as text."""
        return "\n".join(filter(None, (facts_text(self.facts()), self.activity.text(), *self.notices())))

    def html(self) -> str:
        """Give the panel as HTML that needs neither kernel nor script."""
        rows = self.activity.html()
        return table_html(self.facts()) + (f"<ul>{rows}</ul>" if rows else "")

    # --- what is clicked ---------------------------------------------------------------------------------------------
    def press(self, verb: str) -> None:
        """Take a click on a verb's button of the first row."""
        with self._lock:
            self._used()
            if self.hindrance(verb):
                self._asking.cancel()
            elif VERBS[verb].form:
                self._asking.cancel()
                self._open("" if self.form == verb else verb)
            elif not VERBS[verb].asks or self._asking.press(verb):
                self._asking.cancel()
                self._act(verb)
        self._show_question()

    def offer_size(self, slug: str) -> None:
        """Open the form to resize with a size chosen: it is asked about like any other."""
        with self._lock:
            self._asking.cancel()
            self._open("resize")
            self.resizing.wanted = slug
        self._changed()

    def go(self) -> None:
        """Take a click on the button of the open form."""
        with self._lock:
            self._used()
            if not self.form or not self.go_button().enabled:
                self._asking.cancel()
            elif self.form == "snapshot":
                self._act("snapshot", name=self.snapshot_name.strip())
                self.form = ""
            elif (choice := self.resizing.choice) is not None and self._asking.press(self.resizing.question()):
                self._resize(choice.slug, disk=self.resizing.grows_disk)
                self.form = ""
        self._show_question()

    def _used(self) -> None:
        self.remark = ""
        super()._used()

    def _suggested_name(self) -> str:
        return f"{self.row['name']}-{self._clock.now():%Y-%m-%d-%H%M}"

    # --- acting ------------------------------------------------------------------------------------------------------
    def _act(self, verb: str, **parameters: Any) -> None:
        """Have an action started; the caller has looked whether it makes sense, and holds the lock."""
        more = f": {printable(parameters['name'])}" if "name" in parameters else ""
        entry = self.activity.begin(f"{VERBS[verb].name} {self.name}{more}", verb)
        entry.retry = self._again(entry, lambda: self._act(verb, **parameters))
        self._acting.act(entry, verb, **parameters)

    def _resize(self, size: str, *, disk: bool) -> None:
        title = f"Resize {self.name} to {printable(size)}{' with its disk' if disk else ''}"
        entry = self.activity.begin(title, "resize", RESTARTING if self.droplet.status == "active" else ())
        entry.retry = self._again(entry, lambda: self._resize(size, disk=disk))
        self._acting.resize(entry, size, disk=disk)

    def _again(self, entry: Entry, act: Callable[[], None]) -> Callable[[], None]:
        """Give what *retry* does: the same, once, if it still makes sense; if not, it can be pressed again later."""

        def again() -> None:
            with self._lock:
                self._used()
                hindrance = self.hindrance(entry.kind)
                if hindrance:
                    self.remark = f"Not tried again: {hindrance}"
                elif entry.retry is not None:
                    entry.retry = None
                    act()
            self._changed()

        return again

    # --- what the account tells --------------------------------------------------------------------------------------
    def _account_changed(self) -> None:
        with self._lock:
            row = self._subscription.state.droplets.get(self.droplet.id)
            # Only news: an action's own look at the droplet may be younger than the last one of all.
            if row is not None and row is not self._seen:
                self._seen = row
                self.droplet.assign(row)
        self._changed()

    def _told(self, followed: Followed) -> None:
        self.activity.take_in(followed)
        self._changed()
