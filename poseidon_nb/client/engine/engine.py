"""The engine of a client: runs chains of steps, in the caller's thread or in the background.

A waiting caller drives its own execution. If it leaves, by Ctrl-C or after a time limit, a background thread finishes the
chains that have started, so that no droplet stays shut down half way. Chains that have not sent a change do not start.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.actions.poller import SLEEP_S
from poseidon_nb.client.engine.chain_run import defer_interrupts
from poseidon_nb.client.engine.execution import Execution
from poseidon_nb.client.engine.failures import (
    interrupt_notes,
    is_overdue,
    not_sent_error,
    started_outcomes,
    unfinished_outcomes,
)
from poseidon_nb.client.engine.references import blocked_on, check_references
from poseidon_nb.client.engine.sender import Sender
from poseidon_nb.client.engine.steps import NO_RECORDER, Recorder, Step
from poseidon_nb.transport import cancellation
from poseidon_nb.transport.workers import POLL_INTERVAL_S, WorkerPool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from poseidon_nb.client.actions.actions import Actions
    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.chain_run import ChainRun
    from poseidon_nb.client.engine.steps import Chain, Outcome, Target
    from poseidon_nb.client.slugs import SlugChecker
    from poseidon_nb.transport.request import Request

    Row = Mapping[str, Any]

#: Number of threads that send. The API answers a change within tens of milliseconds, so more would only hit the rate limit
#: sooner.
SENDER_THREADS = 8
#: Time limit of the last poll after the time is up, in seconds.
FINAL_CHECK_S = 1.0
#: Seconds that Python's exit waits for background executions.
EXIT_TIMEOUT_S = 10.0


_log = logging.getLogger("poseidon_nb")


class Engine:
    """Runs chains of steps.

    Parameters
    ----------
    connection : Connection
    actions : Actions
        The account's actions, and the one poller.
    slugs : SlugChecker
        Explains refusals.
    """

    def __init__(self, connection: Connection, actions: Actions, slugs: SlugChecker) -> None:
        self._connection = connection
        self._clock = connection.session.clock
        self._actions = actions
        self.sender = Sender(connection, slugs)
        self._workers = WorkerPool(SENDER_THREADS, "poseidon-send")
        #: Records every execution; `po.connect` sets one that keeps a journal.
        self.recorder: Recorder = NO_RECORDER
        #: Starts the background work; tests replace it.
        self.drive: Callable[[Engine], None] = _run_in_thread
        #: Called in the caller's thread with an execution that continues without the caller.
        self.on_background: Callable[[Execution], None] | None = None
        self._background: list[Execution] = []
        self._driven = False
        self._lock = threading.Lock()
        self._wake = threading.Event()
        _ENGINES.add(self)

    def run(  # noqa: PLR0913  # how to wait, all by keyword
        self,
        chains: Sequence[Chain],
        *,
        title: str = "",
        notes: Sequence[str] = (),
        wait: bool = True,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
        on_idle: Callable[[], None] | None = None,
        assign: Mapping[int, Callable[[Row], None]] | None = None,
    ) -> list[Outcome]:
        """Run chains concurrently, and block until they have ended.

        Parameters
        ----------
        chains : sequence of Chain
        title : str
            The command, for the record.
        notes : sequence of str
            Remarks for whoever resumes it, for the record.
        wait : bool
            Block until everything has ended; otherwise return once the first step of each chain was answered. A busy
            droplet is then not waited for: its outcome is `DropletBusy`.
        timeout_s : float, optional
            Seconds from now for all chains. By default each action has the limit of its type, from its acceptance.
        on_progress : callable, optional
            Called with a `Progress` of each action, in this thread.
        on_idle : callable, optional
            Called several times a second, in this thread, while other threads send.
        assign : mapping, optional
            Callbacks by droplet id; called with each row of the droplet that is read.

        Returns
        -------
        list of Outcome
            One for each step and target, chain by chain. Errors are in the outcomes and not raised.

        Raises
        ------
        KeyboardInterrupt
            Ctrl-C. Chains that have started continue in the background; its notes say so.
        """
        timeout_s = cancellation.validate_timeout(timeout_s)
        ends_s = None if timeout_s is None else self._clock.monotonic() + timeout_s
        # A caller that does not wait gets the started actions in the outcomes.
        on_progress = on_progress if wait else None
        execution = self._execution(
            chains, title=title, notes=notes, wait_if_busy=wait, on_progress=on_progress, assign=assign
        )
        try:
            with cancellation.deadline(self._clock, timeout_s):
                if on_progress is not None:
                    self._actions.read_history()
                while not self._is_over(execution, ends_s, wait=wait):
                    self._idle(execution, on_idle)
            if wait and not execution.done:
                # The ticks may be seconds apart by now.
                self._actions.poller.poll_soon()
                with cancellation.deadline(self._clock, FINAL_CHECK_S):
                    execution.tick()
            with defer_interrupts():
                if not wait:
                    outcomes = [outcome for run in execution.chains for outcome in started_outcomes(run)]
                    if not _has_remaining(execution):
                        execution.close_record()
                else:
                    execution.cancel(partial(not_sent_error, timeout_s))
                    outcomes = [outcome for run in execution.chains for outcome in unfinished_outcomes(run, timeout_s)]
                self._detach(execution)
        except BaseException as error:
            # Neither Ctrl-C nor a failing callback may leave a droplet shut down half way.
            with defer_interrupts():
                execution.cancel()
                for note in interrupt_notes(execution):
                    error.add_note(note)
                self._detach(execution)
            raise
        return outcomes

    def send(self, request: Request, *, verb: str, target: Target) -> Any:
        """Send one change, and return its response or raise its error.

        Parameters
        ----------
        request : Request
        verb : str
            For the record: ``"create"``.
        target : Target
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
        notes: Sequence[str] = (),
        on_change: Callable[[int, ChainRun], None],
        assign: Mapping[int, Callable[[Row], None]] | None = None,
    ) -> Execution:
        """Run chains in the background, and return at once.

        Parameters
        ----------
        chains : sequence of Chain
        title : str
        notes : sequence of str
            As for `run`.
        on_change : callable
            Called with a chain's number and state whenever it changes, from any thread.
        assign : mapping, optional
            As for `run`.
        """
        execution = self._execution(chains, title=title, notes=notes, on_change=on_change, assign=assign)
        self._add(execution)
        return execution

    @property
    def background(self) -> list[Execution]:
        """The executions that run without a waiting caller."""
        with self._lock:
            return [*self._background]

    def stop(self) -> list[Execution]:
        """End all background executions after their step in progress, and power on what was shut down."""
        executions = self.background
        for execution in executions:
            execution.stop()
        self._wake.set()
        return executions

    def run_background(self) -> None:
        """Run the background executions until all have ended."""
        while (wait_s := self.tick()) is not None:
            if any(execution.sending for execution in self.background):
                self._wake.wait(wait_s)
            else:
                self._clock.wait(self._wake, wait_s)
            self._wake.clear()

    def tick(self) -> float | None:
        """Do what is due in the background, and return the seconds until the next tick; None if nothing is left."""
        for execution in self.background:
            # New executions send first; they should not wait for the reads of the others.
            for other in self.background:
                self._run_safely(other, other.send_due)
            self._run_safely(execution, execution.tick)
            if execution.done:
                self._remove(execution)
        with self._lock:
            if self._background:
                return SLEEP_S
            self._driven = False
            return None

    def _run_safely(self, execution: Execution, do: Callable[[], None]) -> None:
        if execution not in self.background:
            # It has just failed.
            return
        try:
            do()
        except Exception as failure:  # noqa: BLE001  # a failing execution must not end the thread of the others
            _log.exception("An execution failed unexpectedly.")
            execution.fail(failure)
            self._remove(execution)

    def _execution(
        self, chains: Sequence[Chain], *, title: str, notes: Sequence[str] = (), **options: Any
    ) -> Execution:
        check_references(chains)
        return Execution(
            connection=self._connection,
            actions=self._actions,
            sender=self.sender,
            workers=self._workers,
            chains=chains,
            record=lambda: self.recorder.begin(chains, title, notes),
            title=title,
            **options,
        )

    def _idle(self, execution: Execution, on_idle: Callable[[], None] | None) -> None:
        if not execution.sending:
            self._clock.sleep(SLEEP_S)
            return
        execution.wait_for_answer(POLL_INTERVAL_S)
        if on_idle is not None:
            on_idle()

    def _is_over(self, execution: Execution, ends_s: float | None, *, wait: bool) -> bool:
        """Tick an execution, and return whether the caller need not wait for it any longer."""
        execution.tick()
        now_s = self._clock.monotonic()
        if ends_s is not None and now_s >= ends_s:
            return True
        if not wait:
            return all(run.ended or run.accepted is not None or run.waits_for_others for run in execution.chains)
        overdue = {id(run) for run in execution.chains if not run.ended and is_overdue(run, now_s)}
        waiting = [run for run in execution.chains if not run.ended and run.waits_for_others]
        # Who waits for an overdue chain, or for one that does, is not waited for either.
        while late := [
            run for run in waiting if id(run) not in overdue and overdue & {*map(id, blocked_on(run, execution.chains))}
        ]:
            overdue.update(map(id, late))
        return all(run.ended or id(run) in overdue for run in execution.chains)

    def _detach(self, execution: Execution) -> None:
        """Continue in the background with chains that have more to send, or wait for a response."""
        if _has_remaining(execution):
            execution.on_progress, execution.wait_if_busy = None, True
            if self.on_background is not None:
                self.on_background(execution)
            self._add(execution)
        elif not execution.done:
            execution.detach()

    def _add(self, execution: Execution) -> None:
        # Registered last, so that it runs first at exit: urllib3 closes its connections then, and nothing can be sent after.
        atexit.unregister(_finish_at_exit)
        atexit.register(_finish_at_exit)
        # One event for all, so that any response and any new execution wakes the thread.
        execution.answered = self._wake
        with self._lock:
            if execution in self._background:
                return
            self._background.append(execution)
            starting, self._driven = not self._driven, True
        self._wake.set()
        if starting:
            self.drive(self)

    def _remove(self, execution: Execution) -> None:
        with self._lock:
            if execution in self._background:
                self._background.remove(execution)


def _has_remaining(execution: Execution) -> bool:
    return any(
        not run.ended and (run.sending or run.waits_for_others or run.position + 1 < len(run.chain))
        for run in execution.chains
    )


def _run_in_thread(engine: Engine) -> None:
    threading.Thread(target=engine.run_background, name="poseidon-engine", daemon=True).start()


_ENGINES: weakref.WeakSet[Engine] = weakref.WeakSet()


def all_engines() -> list[Engine]:
    """Return the engines of all clients in this process."""
    return [*_ENGINES]


def _finish_at_exit() -> None:
    """Wait for background executions before Python ends. What is unfinished then is in the record."""
    ends_s = time.monotonic() + EXIT_TIMEOUT_S
    while time.monotonic() < ends_s and any(engine.background for engine in all_engines()):
        time.sleep(POLL_INTERVAL_S)
