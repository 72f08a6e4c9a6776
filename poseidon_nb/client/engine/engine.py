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

from poseidon_nb.client.actions.poller import SLICE_S
from poseidon_nb.client.engine.execution import Execution
from poseidon_nb.client.engine.leaving import as_left, as_started, is_late, not_sent, notes_on
from poseidon_nb.client.engine.recording import NOWHERE, Recorder
from poseidon_nb.client.engine.sending import Sender
from poseidon_nb.client.engine.steps import Step
from poseidon_nb.client.engine.undisturbed import undisturbed
from poseidon_nb.transport import cancellation
from poseidon_nb.transport.workers import POLL_INTERVAL_S, WorkerPool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from poseidon_nb.client.actions.actions import Actions
    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.chain_run import ChainRun
    from poseidon_nb.client.engine.outcomes import Outcome
    from poseidon_nb.client.engine.steps import Chain, Target
    from poseidon_nb.client.slugs import Slugs
    from poseidon_nb.transport.request import Request

    Row = Mapping[str, Any]

#: Threads that send. A change is answered in tens of milliseconds; more would only meet the rate limit sooner.
SENDERS = 8
#: How long a last look at the actions may take once the time is up, in seconds.
LAST_LOOK_S = 1.0
#: How long Python's exit waits for what runs in the background, in seconds.
EXIT_S = 10.0


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
        self._workers = WorkerPool(SENDERS, "poseidon-send")
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
        timeout_s = cancellation.validate_timeout(timeout_s)
        ends_s = None if timeout_s is None else self._clock.monotonic() + timeout_s
        # Who does not wait is told of what was started by its outcome.
        told = on_progress if wait else None
        execution = self._execution(chains, title=title, queues=wait, on_progress=told, assign=assign)
        try:
            with cancellation.deadline(self._clock, timeout_s):
                if told is not None:
                    self._actions.ask_history()
                while not self._is_over(execution, ends_s, wait=wait):
                    self._pass_time(execution, on_idle)
            if wait and not execution.done:
                # The ticks may be seconds apart by now.
                self._actions.poller.hurry()
                with cancellation.deadline(self._clock, LAST_LOOK_S):
                    execution.tick()
            with undisturbed():
                if not wait:
                    outcomes = [outcome for run in execution.chains for outcome in as_started(run)]
                    if not _has_more(execution):
                        execution.close_record()
                else:
                    execution.cancel(partial(not_sent, timeout_s))
                    outcomes = [outcome for run in execution.chains for outcome in as_left(run, timeout_s)]
                self._detach(execution)
        except BaseException as error:
            # Ctrl-C, or something that was to be told of progress failed: neither may leave a droplet half way.
            with undisturbed():
                execution.cancel()
                for note in notes_on(execution):
                    error.add_note(note)
                self._detach(execution)
            raise
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
        except Exception as failure:  # noqa: BLE001  # one that fails must not cost the others their thread
            _log.exception("an execution failed in an unexpected way")
            execution.give_up(failure)
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

    def _pass_time(self, execution: Execution, on_idle: Callable[[], None] | None) -> None:
        if not execution.sending:
            self._clock.sleep(SLICE_S)
            return
        execution.wait_for_news(POLL_INTERVAL_S)
        if on_idle is not None:
            on_idle()

    def _is_over(self, execution: Execution, ends_s: float | None, *, wait: bool) -> bool:
        """Go on with an execution; return whether the caller need not wait for it any longer."""
        execution.tick()
        now_s = self._clock.monotonic()
        if ends_s is not None and now_s >= ends_s:
            return True
        return all(
            run.ended or (run.answered is not None if not wait else is_late(run, now_s)) for run in execution.chains
        )

    def _detach(self, execution: Execution) -> None:
        """Go on in the background with chains that have more to send, or whose answer is awaited."""
        if _has_more(execution):
            execution.on_progress, execution.queues = None, True
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


def _has_more(execution: Execution) -> bool:
    return any(not run.ended and (run.sending or run.at + 1 < len(run.chain)) for run in execution.chains)


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
        time.sleep(POLL_INTERVAL_S)
