"""The engine of a client: runs chains of steps, in the caller's thread or in the background.

Whoever waits for an execution drives it. When the caller leaves, by Ctrl-C or because the time is up, chains that have begun
are driven to their end by a thread in the background, so that no droplet stays shut down half way; chains that have not sent
a change are not begun.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue.wait_limits import limit_s
from poseidon_nb.client.actions.poller import SLICE_S
from poseidon_nb.client.engine.execution import Execution
from poseidon_nb.client.engine.outcomes import Outcome
from poseidon_nb.client.engine.recording import NOWHERE, Recorder
from poseidon_nb.client.engine.sending import Sender
from poseidon_nb.client.engine.steps import Step, When
from poseidon_nb.errors import ActionTimedOut, InvalidArgument, OutcomeUnknown, TimedOut
from poseidon_nb.text import counted, joined
from poseidon_nb.transport import deadline
from poseidon_nb.transport.idle import LOOK_S
from poseidon_nb.transport.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from poseidon_nb.client.actions.actions import Actions
    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.execution import ChainRun
    from poseidon_nb.client.engine.outcomes import Status
    from poseidon_nb.client.engine.steps import Chain, Target
    from poseidon_nb.client.slugs import Slugs
    from poseidon_nb.errors import PoseidonError
    from poseidon_nb.transport.request import Request

    Row = Mapping[str, Any]

#: Threads that send. A change is answered in tens of milliseconds; more would only meet the rate limit sooner.
SENDERS = 8
#: How long a last look at the actions may take once the time is up, in seconds.
LAST_LOOK_S = 1.0
#: How long Python's exit waits for what runs in the background, in seconds.
EXIT_S = 10.0
#: How many actions a message names one by one.
MAX_NAMED = 3

#: Where to see how something goes that is no action, by what its step awaits.
_SEE = {"image": "%do images get {}", "gone": "%do droplets get {}", "droplets": "%do droplets get {}"}

_log = logging.getLogger("poseidon_nb")


class Engine:
    """Carries steps out.

    Parameters
    ----------
    connection : Connection
    actions : Actions
        The account's actions, and the one poller.
    slugs : Slugs
        For what a refusal leaves unsaid.
    """

    def __init__(self, connection: Connection, actions: Actions, slugs: Slugs) -> None:
        self._connection = connection
        self._clock = connection.session.clock
        self._actions = actions
        self.sender = Sender(connection, slugs)
        self._workers = Workers(SENDERS, "poseidon-send")
        #: Told of every execution; `po.connect` sets one that keeps a journal.
        self.recorder: Recorder = NOWHERE
        #: Drives what runs in the background; another one can be put in its place.
        self.drive: Callable[[Engine], None] = _run_in_thread
        #: Told, in the caller's thread, of an execution that the caller waits for no longer and that goes on.
        self.on_background: Callable[[Execution], None] | None = None
        self._background: list[Execution] = []
        self._driven = False
        self._lock = threading.Lock()
        self._wake = threading.Event()
        _ENGINES.add(self)

    def run(
        self,
        chains: Sequence[Chain],
        *,
        title: str = "",
        wait: bool = True,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
        on_idle: Callable[[], None] | None = None,
        assign: Mapping[int, Callable[[Row], None]] | None = None,
    ) -> list[Outcome]:
        """Run chains side by side, and block until they have ended.

        Parameters
        ----------
        chains : sequence of Chain
        title : str
            The command, for the record.
        wait : bool
            Block until everything has ended; else return once each chain's first step was answered. A droplet that is
            busy is then not waited for: its outcome is `DropletBusy`.
        timeout_s : float, optional
            Seconds from now for all of it. Without it each action has the limit of its type, from its acceptance.
        on_progress : callable, optional
            Told a `Progress` of each action, in this thread.
        on_idle : callable, optional
            Called several times a second, in this thread, while others send.
        assign : mapping, optional
            By droplet id: takes in each row of that droplet that is read.

        Returns
        -------
        list of Outcome
            One for each step and target, chain by chain. A failure is an outcome's ``error`` and is not raised.

        Raises
        ------
        KeyboardInterrupt
            Ctrl-C. Chains that have begun go on in the background; its notes say so.
        """
        if timeout_s is not None and not timeout_s > 0:
            raise InvalidArgument(f"timeout_s must be more than 0 seconds, not {timeout_s}")
        ends_s = None if timeout_s is None else self._clock.monotonic() + timeout_s
        execution = self._execution(chains, title=title, queues=wait, on_progress=on_progress, assign=assign)
        try:
            with deadline.within(self._clock, timeout_s):
                if on_progress is not None:
                    self._actions.ask_history()
                while not self._is_over(execution, ends_s, wait=wait):
                    if execution.sending:
                        execution.wait_for_news(LOOK_S)
                        if on_idle is not None:
                            on_idle()
                    else:
                        self._clock.sleep(SLICE_S)
            if wait and not execution.done:
                # The ticks may be seconds apart by now.
                self._actions.poller.hurry()
                with deadline.within(self._clock, LAST_LOOK_S):
                    execution.tick()
        except KeyboardInterrupt as interrupt:
            execution.cancel()
            for note in _notes(execution):
                interrupt.add_note(note)
            self._detach(execution)
            raise
        if not wait:
            execution.close_record()
            outcomes = [outcome for run in execution.chains for outcome in _as_started(run)]
            execution.leave()
            return outcomes
        execution.cancel(partial(_not_sent, timeout_s))
        allowed_s = timeout_s
        outcomes = [outcome for run in execution.chains for outcome in _as_left(run, allowed_s)]
        self._detach(execution)
        return outcomes

    def change(self, request: Request, *, verb: str, target: Target) -> Any:
        """Send one change, and return its answer; raise what went wrong.

        Parameters
        ----------
        request : Request
        verb : str
            For the record: ``"create"``.
        target : Target
            What it changes.
        """
        step = Step(verb=verb, targets=(target,), request=request)
        (outcome,) = self.run([(step,)], title=f"{verb} {target.kind} {target.name}")
        if outcome.error is not None:
            raise outcome.error
        return outcome.answer

    def start(
        self,
        chains: Sequence[Chain],
        *,
        title: str = "",
        on_change: Callable[[int, ChainRun], None],
        assign: Mapping[int, Callable[[Row], None]] | None = None,
    ) -> Execution:
        """Run chains in the background, and return at once.

        Parameters
        ----------
        chains : sequence of Chain
        title : str
        on_change : callable
            Called, from any thread, with a chain's number and how far it is whenever there is news of it.
        assign : mapping, optional
            As for `run`.
        """
        execution = self._execution(chains, title=title, on_change=on_change, assign=assign)
        self._add(execution)
        return execution

    @property
    def background(self) -> list[Execution]:
        """What runs without anybody waiting for it."""
        with self._lock:
            return [*self._background]

    def stop(self) -> list[Execution]:
        """End everything in the background after the step in progress, and power on what was shut down."""
        executions = self.background
        for execution in executions:
            execution.stop()
        self._wake.set()
        return executions

    def work(self) -> None:
        """Drive what runs in the background until nothing does."""
        while (wait_s := self.tick()) is not None:
            if any(execution.sending for execution in self.background):
                self._wake.wait(wait_s)
            else:
                self._clock.wait(self._wake, wait_s)
            self._wake.clear()

    def tick(self) -> float | None:
        """Do what is due in the background; return the seconds until something may be, None when nothing is left."""
        for execution in self.background:
            # What has been started meanwhile is sent first: it is not to wait until everything was read for the others.
            for one in self.background:
                self._go_on(one, one.send_due)
            self._go_on(execution, execution.tick)
            if execution.done:
                self._remove(execution)
        with self._lock:
            if self._background:
                return SLICE_S
            self._driven = False
            return None

    # How.

    def _go_on(self, execution: Execution, do: Callable[[], None]) -> None:
        if execution not in self.background:
            # It has just failed.
            return
        try:
            do()
        except Exception:  # noqa: BLE001  # one that fails must not cost the others their thread
            _log.exception("an execution failed in an unexpected way")
            execution.leave()
            self._remove(execution)

    def _execution(self, chains: Sequence[Chain], *, title: str, **more: Any) -> Execution:
        return Execution(
            connection=self._connection,
            actions=self._actions,
            sender=self.sender,
            workers=self._workers,
            chains=chains,
            record=lambda: self.recorder.begin(chains, title),
            title=title,
            **more,
        )

    def _is_over(self, execution: Execution, ends_s: float | None, *, wait: bool) -> bool:
        """Go on with an execution; return whether the caller need not wait for it any longer."""
        execution.tick()
        now_s = self._clock.monotonic()
        if ends_s is not None and now_s >= ends_s:
            return True
        return all(
            run.ended or (run.answered is not None if not wait else _is_late(run, now_s)) for run in execution.chains
        )

    def _detach(self, execution: Execution) -> None:
        """Go on in the background with chains that have more to send, or whose answer is awaited."""
        if any(not run.ended and (run.sending or run.at + 1 < len(run.chain)) for run in execution.chains):
            execution.on_progress = None
            if self.on_background is not None:
                self.on_background(execution)
            self._add(execution)
        elif not execution.done:
            execution.leave()

    def _add(self, execution: Execution) -> None:
        # Last of all, so that it comes first: urllib3 has its connections closed at exit, and then nothing is sent any more.
        atexit.unregister(_finish_at_exit)
        atexit.register(_finish_at_exit)
        # One event for all: an answer to any of them, or another one that begins, has the thread go on at once.
        execution.news = self._wake
        with self._lock:
            self._background.append(execution)
            starting, self._driven = not self._driven, True
        self._wake.set()
        if starting:
            self.drive(self)

    def _remove(self, execution: Execution) -> None:
        with self._lock:
            if execution in self._background:
                self._background.remove(execution)


def _run_in_thread(engine: Engine) -> None:
    threading.Thread(target=engine.work, name="poseidon-engine", daemon=True).start()


_ENGINES: weakref.WeakSet[Engine] = weakref.WeakSet()


def engines() -> list[Engine]:
    """Return the engines of this process, of all clients."""
    return [*_ENGINES]


def _finish_at_exit() -> None:
    """Let what runs in the background go on for a while before Python ends; what is left is in the record."""
    ends_s = time.monotonic() + EXIT_S
    while time.monotonic() < ends_s and any(engine.background for engine in [*_ENGINES]):
        time.sleep(LOOK_S)


# What a caller is told of chains that it does not wait for any longer.


def _is_late(run: ChainRun, now_s: float) -> bool:
    """Return whether the step in progress has run for longer than its type is waited for."""
    if run.accepted_s is None:
        return False
    types = [action.type for action in run.actions.values()]
    if run.step is not None and run.step.awaits == "image":
        types.append("import")
    return bool(types) and now_s - run.accepted_s >= max(map(limit_s, types))


def _as_started(run: ChainRun) -> Iterator[Outcome]:
    yield from run.outcomes
    if run.step is not None and run.answered is not None:
        for place, target in enumerate(run.step.targets):
            action = run.actions.get(place)
            yield Outcome(run.step, target, "in-progress", action, run.rows.get(place) or run.answered.answer)


def _as_left(run: ChainRun, allowed_s: float | None) -> Iterator[Outcome]:
    yield from run.outcomes
    if run.ended:
        return
    step = run.step or run.chain[run.at]
    goes_on = (
        "; the rest goes on in the background while this kernel lives, and %do plans resume takes it up if it ends"
    )
    more = goes_on if run.at + 1 < len(run.chain) else ""
    for place, target in enumerate(step.targets):
        action = run.actions.get(place)
        error: PoseidonError
        status: Status = "in-progress"
        if action is not None:
            waited_s = allowed_s or limit_s(action.type)
            error = ActionTimedOut(
                f"{action.label} is still running after {waited_s:g} s; it goes on: "
                f"wait for it again with %do actions wait {action.id}{more}",
                action=action,
            )
        elif run.answered is not None:
            see = f": see {_SEE[step.awaits].format(target.id)}" if step.awaits in _SEE else ""
            error = ActionTimedOut(f"{step.verb} {target} was accepted and is not over yet; it goes on{more}{see}")
        else:
            error = OutcomeUnknown(
                f"{step.label} was sent and not answered within the {allowed_s:g} s allowed{more}; look before you repeat it",
                method=step.request.method,
                path=step.request.path,
            )
            status = "unknown"
        error.step, error.droplet = step, target if target.kind == "droplet" else None
        yield Outcome(step, target, status, action, run.rows.get(place), error)


def _not_sent(timeout_s: float | None, step: Step) -> PoseidonError:
    error = TimedOut(f"{step.label}: not sent within the {timeout_s or 0:g} s allowed")
    error.sent = False
    return error


def _is_certain(step: Step) -> bool:
    return not step.best_effort and step.when is not When.IF_NEEDED


def _notes(execution: Execution) -> Iterator[str]:
    """Yield what a person should know who pressed Ctrl-C."""
    going = [run for run in execution.chains if not run.ended]
    chained = [run for run in going if run.at + 1 < len(run.chain)]
    if chained:
        names = joined(dict.fromkeys(run.chain[0].targets[0].name for run in chained))
        verbs = joined(dict.fromkeys(step.verb for run in chained for step in run.chain if _is_certain(step)))
        yield (
            f"{names}: {verbs} goes on in the background while this kernel lives; if it ends, %do plans resume takes it up"
        )
    single = [run for run in going if run not in chained]
    actions = [action for run in single for action in run.actions.values()]
    for action in actions[:MAX_NAMED]:
        yield f"{action.label} goes on: wait for it again with %do actions wait {action.id}"
    if len(actions) > MAX_NAMED:
        yield f"so do {counted(len(actions) - MAX_NAMED, 'other action')}: see %do actions list"
    for run in [run for run in single if not run.actions][:MAX_NAMED]:
        step = run.step or run.chain[run.at]
        if run.answered is not None and step.awaits in _SEE:
            yield f"{step.verb} {step.targets[0]} goes on: see {_SEE[step.awaits].format(step.targets[0].id)}"
        else:
            yield f"{step.label} was sent and not answered yet: look before you repeat it"
    done = [run for run in execution.chains if run.outcomes and run.outcomes[-1].status == "completed" and run.ended]
    skipped = [run for run in execution.chains if run.outcomes and all(one.status == "skipped" for one in run.outcomes)]
    if len(execution.chains) > 1:
        yield f"{len(done)} of {len(execution.chains)} had ended; nothing was sent for {len(skipped)}"
