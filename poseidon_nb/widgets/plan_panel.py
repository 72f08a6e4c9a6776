"""The panel of a plan: its steps and its price, a button that applies it, and the progress of each chain."""

from __future__ import annotations

import logging
import sys
import textwrap
import threading
from html import escape
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue.effects import IRREVERSIBLE
from poseidon_nb.errors import PoseidonError
from poseidon_nb.plans.confirmation import PRICE_LIMIT_USD_MONTH, button_label, question, reasons, warnings
from poseidon_nb.plans.plan import ALREADY_EXECUTED, check_unchanged
from poseidon_nb.plans.summary import (
    CANNOT_BE_UNDONE,
    chain_lines,
    change_label,
    main_steps,
    short_summary,
    summary,
    verb_phrase,
)
from poseidon_nb.text import LINE_WIDTH, capitalized, escape_unprintable, format_usd, pluralize
from poseidon_nb.transport.workers import WorkerPool
from poseidon_nb.widgets.chain_progress import ProgressGroup
from poseidon_nb.widgets.click_confirmation import ButtonState, Confirmation
from poseidon_nb.widgets.components import Button, Notices, box, header_html, html, set_html, style_sheet
from poseidon_nb.widgets.models import READ_ONLY, closed_text, error_text
from poseidon_nb.widgets.panel import Panel, PanelHost
from poseidon_nb.widgets.progress_box import ProgressBox

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.chain_run import ChainRun
    from poseidon_nb.client.engine.steps import Chain, Step
    from poseidon_nb.plans.plan import Plan

_log = logging.getLogger("poseidon_nb")
#: Chains listed; further ones are only counted.
MAX_CHAINS = 60
WORKERS = WorkerPool(1, "poseidon-plan")


class PlanModel:
    """A plan, and how far it is.

    Parameters
    ----------
    plan : Plan
        With a client.
    client : Client
        Of the plan's account.
    on_change : callable
        Called from any thread when there may be something new to show.
    on_row_change : callable
        Called from any thread with the number of a chain whose progress has changed.
    """

    def __init__(
        self, plan: Plan, client: Client, on_change: Callable[[], None], on_row_change: Callable[[int], None]
    ) -> None:
        self.plan = plan
        self.client = client
        #: The chains that send something.
        self._numbers = [at for at, chain in enumerate(plan.chains) if any(not step.unchanged for step in chain)]
        self._sending = frozenset(self._numbers)
        titles = {at: _chain_title(plan.chains[at]) for at in self._numbers}
        self.progress: ProgressGroup[int] | None = ProgressGroup(capitalized(summary(plan)), titles) if titles else None
        #: Returns the increase in USD a month above which a plan needs a confirmation.
        self.price_limit_usd_month: Callable[[], float] = lambda: PRICE_LIMIT_USD_MONTH
        #: Why the plan was not applied; empty if nothing went wrong.
        self.notice = ALREADY_EXECUTED if plan.executed.locked() else ""
        self.started = False
        self.closed = False
        self._on_change = on_change
        self._on_row_change = on_row_change
        self._confirmation: Confirmation[str] = Confirmation(client.clock)
        self._lock = threading.Lock()

    @property
    def ended(self) -> bool:
        """Whether everything has ended."""
        return self.started and self.progress is not None and self.progress.ended

    def button(self) -> ButtonState:
        """Return the state of the button that applies the plan."""
        if self._confirmation.subject is not None:
            return ButtonState(button_label(self.plan), enabled=True, tooltip=question(self.plan), confirming=True)
        progress = "The plan was applied." if self.ended else "The plan is in progress." if self.started else ""
        why = "The plan changes nothing." if self.plan.is_empty else READ_ONLY if self.client.read_only else progress
        if self.plan.executed.locked() and not self.started:
            why = ALREADY_EXECUTED
        label = f"Apply {pluralize(len(self.plan.steps), 'step')}"
        if self.closed or why:
            return ButtonState(label, enabled=False, tooltip=why or closed_text())
        return ButtonState(label, enabled=True, tooltip=f"{capitalized(short_summary(self.plan))}.")

    def press(self) -> None:
        """Handle a click: ask if the plan needs a confirmation, then apply it."""
        if not self.button().enabled:
            return
        self.notice = ""
        asks = reasons(self.plan, price_limit_usd_month=self.price_limit_usd_month())
        if not asks or self._confirmation.press("apply"):
            with self._lock:
                starting, self.started = not self.started, True
            if starting:
                # The account is read first, which must not block the page.
                WORKERS.submit(self._start)
        self._on_change()

    def cancel(self) -> None:
        """Close the question."""
        self._confirmation.cancel()
        self._on_change()

    def mark_shown(self) -> None:
        """Note that the page shows the question."""
        self._confirmation.mark_shown()

    def _start(self) -> None:
        try:
            check_unchanged(self.plan, self.client)
            if not self.plan.executed.acquire(blocking=False):
                self.notice = ALREADY_EXECUTED
                self.started = False
            else:
                self.plan.write_files()
                self.client.engine.start(
                    self.plan.chains, title=self.plan.title, notes=self.plan.notes, on_change=self._chain_changed
                )
        except PoseidonError as error:
            # Nothing was sent, so another click may succeed.
            self.notice, self.started = error_text(error), False
        except Exception as error:  # noqa: BLE001  # the panel must not stay in progress
            _log.exception("A plan could not be started.")
            self.notice, self.started = f"The plan could not be started ({type(error).__name__}).", False
        self._on_change()

    def _chain_changed(self, number: int, run: ChainRun) -> None:
        if self.progress is not None and number in self._sending:
            self.progress.update(number, run)
            if self.closed:
                return
            self._on_row_change(number)
            if self.progress.ended:
                self._on_change()

    def subtitle(self) -> str:
        """Return the number of steps and the price."""
        if self.plan.is_empty:
            return "Nothing to change"
        steps, price = pluralize(len(self.plan.steps), "step"), self.plan.usd_month
        if price is None:
            return f"{steps}, price unknown"
        return f"{steps}, {format_usd(price, signed=True)} a month" if round(price, 2) else f"{steps}, same price"

    def lines(self) -> Sequence[str]:
        """Return the steps as lines of text, up to `MAX_CHAINS` chains."""
        lines = [
            f"{'  ' if number else ''}{line}"
            for at in self._numbers[:MAX_CHAINS]
            for number, line in enumerate(chain_lines(self.plan.chains[at]))
        ]
        hidden = len(self._numbers) - MAX_CHAINS
        return [*lines, *([f"and {hidden:,} more"] if hidden > 0 else [])]

    def steps_html(self) -> str:
        """Return a row for each chain: its main steps, and the order of all steps if there are more."""
        rows = []
        for number in self._numbers[:MAX_CHAINS]:
            chain = self.plan.chains[number]
            main = tuple(main_steps(chain))
            lines = "".join(f"<div>{escape(capitalized(line))}</div>" for line in chain_lines(main))
            order = (
                " → ".join(_step_phrase(step, main[0].targets[0].kind) for step in chain)
                if len(chain) > len(main)
                else ""
            )
            rows.append(f"<tr><td>{lines}{f'<div class=pnb-idle>{escape(order)}</div>' if order else ''}</td></tr>")
        hidden = len(self._numbers) - MAX_CHAINS
        more = f"<tr><td class='pnb-idle'>and {hidden:,} more</td></tr>" if hidden > 0 else ""
        return f"<table><tbody>{''.join(rows)}{more}</tbody></table>" if rows else ""

    def notes(self) -> list[str]:
        """Return the remarks and warnings of the plan."""
        asked = warnings(self.plan) if not self.started else []
        if any(CANNOT_BE_UNDONE in line for line in self.lines()):
            # A step says so itself.
            asked = [warning for warning in asked if warning != IRREVERSIBLE]
        return [escape_unprintable(note) for note in (*self.plan.notes, *asked)]

    def text(self, width: int = LINE_WIDTH) -> str:
        """Return the panel as text, with steps in lines of at most this many characters."""
        if self.started and self.progress is not None:
            shown = [self.progress.text()]
        else:
            steps = (
                textwrap.fill(one, width, subsequent_indent="    ", break_on_hyphens=False) for one in self.lines()
            )
            shown = [*steps, *self.notes()]
        head = escape_unprintable(f"{self.plan.account}: {self.plan.title}: {self.subtitle()}")
        return "\n".join([head, *shown, *filter(None, [self.notice])])

    def html(self) -> str:
        """Return the panel as HTML that works without scripts or a kernel."""
        # Without limit, because the page wraps.
        lines = self.text(sys.maxsize).split("\n")
        return f"<p>{escape(lines[0])}</p><ul>{''.join(f'<li>{escape(line.strip())}</li>' for line in lines[1:])}</ul>"

    def close(self) -> None:
        """End the updates. Steps in progress continue."""
        self.closed = True


def _step_phrase(step: Step, main_kind: str) -> str:
    """Return what a step does, and to what if that is of another kind: ``delete tag``."""
    kind = step.targets[0].kind
    return f"{verb_phrase(change_label(step))}{'' if kind == main_kind else f' {kind}'}"


class PlanPanel(Panel):
    """The widgets of a `PlanModel`.

    Parameters
    ----------
    plan : Plan
    client : Client
        Of the plan's account.
    host : PanelHost, optional
    """

    model: PlanModel

    def __init__(self, plan: Plan, client: Client, *, host: PanelHost | None = None) -> None:
        super().__init__("Plan", host)
        self.widget.add_class("pnb-plan")
        with self._lock:
            self.model = PlanModel(plan, client, self.refresh, self._show_row)
            self._head, self._steps, self._notes = html("head"), html("list"), html("why")
            self._notices = Notices(self.on_click(self.refresh))
            self._apply = Button(self.on_click(self.model.press), self.on_click(self.model.cancel), names=("primary",))
            progress = self.model.progress
            self._progress: ProgressBox[int] | None = None if progress is None else ProgressBox(progress)
            self._activity = box(names=("activity",), column=True)
            self.widget.children = (
                *self.widget.children,
                style_sheet("table.css"),
                self._head,
                self._steps,
                box(self._notes, box(self._apply.widget, names=("buttons",)), names=("bar",), column=True),
                self._activity,
                self._notices.widget,
            )
        self._open(("plan", id(plan)))

    def _show(self) -> None:
        model = self.model
        set_html(self._head, header_html(escape_unprintable(model.plan.title), model.plan.account, model.subtitle()))
        set_html(self._steps, "" if model.started else model.steps_html())
        set_html(self._notes, "".join(f"<div>{escape(note)}</div>" for note in model.notes()))
        state = model.button()
        self._apply.show_state(state)
        if state.confirming:
            model.mark_shown()
        if self._progress is not None:
            self._progress.show()
            shown: tuple[Any, ...] = (self._progress.widget,) if model.started else ()
            if self._activity.children != shown:
                self._activity.children = shown
        notices = self._with_kernel_notice([*filter(None, [model.notice])])
        self._notices.show(notices, paused=False)
        announced = model.progress.announcement() if model.ended and model.progress is not None else ""
        self.announce(*filter(None, [state.label if state.confirming else "", announced, *notices]))

    def _show_row(self, number: int) -> None:
        with self._lock:
            if self._is_open and self._progress is not None:
                self._progress.show_row(number)


def _chain_title(chain: Chain) -> str:
    main = main_steps(chain)[-1]
    return capitalized(chain_lines((main,))[0])
