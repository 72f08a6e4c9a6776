"""One execution: running chains of steps. `tick` does what is due and never sleeps; the `engine` calls it."""

from __future__ import annotations

import logging
import math
import threading
from dataclasses import replace
from functools import partial
from itertools import count
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.actions.actions import Action
from poseidon_nb.client.actions.poller import MAX_FAILING_S
from poseidon_nb.client.actions.progress import COMPLETED, ERRORED, IN_PROGRESS, Progress
from poseidon_nb.client.connection import add_detail, report_waits
from poseidon_nb.client.engine.chain_run import ChainRun, ChainWaits, defer_interrupts
from poseidon_nb.client.engine.consistency import (
    ExpectedState,
    expected_after,
    expected_after_step,
    expected_without_action,
    is_importing,
)
from poseidon_nb.client.engine.failures import (
    add_earlier_actions,
    busy_error,
    copy_error,
    delete_error,
    import_error,
    power_on_error,
    prerequisite_error,
    status_error,
    status_of,
    unexpected_error,
)
from poseidon_nb.client.engine.references import failed_reference, reference_values
from poseidon_nb.client.engine.sender import AcceptedStep, BusyTarget, UnneededStep, UnreadTarget
from poseidon_nb.client.engine.steps import When
from poseidon_nb.client.statuses import status_wait
from poseidon_nb.errors import (
    DropletBusy,
    Forbidden,
    PoseidonError,
)
from poseidon_nb.text import format_duration
from poseidon_nb.transport.cancellation import Cancellation, Cancelled, scope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from poseidon_nb.client.actions.actions import Actions
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.sender import Sender
    from poseidon_nb.client.engine.steps import Chain, ExecutionRecord, Outcome, Status, Step, Target
    from poseidon_nb.client.statuses import StatusWait
    from poseidon_nb.transport.workers import WorkerPool

    Row = Mapping[str, Any]
    Result = AcceptedStep | BusyTarget | UnneededStep | UnreadTarget | PoseidonError | Cancelled

#: Maximum number of attempts on a droplet that was busy, and then was not.
MAX_BUSY_ATTEMPTS = 10
#: Seconds before the next attempt on a droplet that is no longer busy, times the number of attempts.
BUSY_RETRY_S = 0.25
#: Seconds before a droplet that must be read first is read again.
READ_RETRY_S = 2.0

#: Numbers of waits for statuses. No resource has such an id.
_STATUS_IDS = count(2**62)

_log = logging.getLogger("poseidon_nb")


class Execution:
    """Chains that run concurrently.

    Parameters
    ----------
    connection : Connection
    actions : Actions
    sender : Sender
    workers : WorkerPool
        Threads that send requests.
    chains : sequence of Chain
    record : callable
        Returns the record; called before the first request.
    title : str
    wait_if_busy : bool
        Wait for a busy droplet; otherwise its outcome is `DropletBusy`.
    on_progress : callable, optional
        Called with a `Progress` of each action, in the thread that ticks.
    on_change : callable, optional
        Called with a chain's number and state whenever it changes, from any thread.
    assign : mapping, optional
        Callbacks by droplet id; called with each row of the droplet that is read.
    """

    def __init__(  # noqa: PLR0913  # what an execution is made of, all by keyword
        self,
        *,
        connection: Connection,
        actions: Actions,
        sender: Sender,
        workers: WorkerPool,
        chains: Sequence[Chain],
        record: Callable[[], ExecutionRecord],
        title: str = "",
        wait_if_busy: bool = True,
        on_progress: Callable[[Progress], None] | None = None,
        on_change: Callable[[int, ChainRun], None] | None = None,
        assign: Mapping[int, Callable[[Row], None]] | None = None,
    ) -> None:
        self.title = title
        self.chains = [
            ChainRun(chain, ended=not chain, started=any(step.when is When.ANYWAY for step in chain))
            for chain in chains
        ]
        self.on_progress = on_progress
        self.on_change = on_change
        self._connection = connection
        self._clock = connection.session.clock
        self._actions = actions
        self._sender = sender
        self._workers = workers
        self.wait_if_busy = wait_if_busy
        self._assign = dict(assign or {})
        self._make_record = record
        self._record: ExecutionRecord | None = None
        self._waits = ChainWaits(actions, self._report)
        self._results: SimpleQueue[tuple[int, Result]] = SimpleQueue()
        #: Set when a request was answered; the engine replaces it with its own.
        self.answered = threading.Event()
        self._lock = threading.RLock()
        self._stopping = False

    @property
    def done(self) -> bool:
        """Whether every chain has ended."""
        return all(run.ended for run in self.chains)

    @property
    def sending(self) -> bool:
        """Whether a request is in flight or queued."""
        return any(run.sending for run in self.chains)

    def outcomes(self) -> list[Outcome]:
        """Return an outcome for each step and target that has ended, chain by chain."""
        return [outcome for run in self.chains for outcome in run.outcomes]

    def wait_for_answer(self, seconds: float) -> None:
        """Block until a request is answered or the time is up. In real time, because other threads work meanwhile."""
        self.answered.wait(seconds)
        self.answered.clear()

    def stop(self) -> None:
        """Send nothing more, except to power on what was shut down."""
        self._stopping = True
        self.cancel()

    def cancel(self, why: Callable[[Step], PoseidonError] | None = None) -> None:
        """Skip chains that have not started, and do not send their queued requests.

        Parameters
        ----------
        why : callable, optional
            Returns the error for a step that was not sent.
        """
        with self._lock, defer_interrupts():
            self._take_results()
            for number, run in enumerate(self.chains):
                if run.ended or run.started:
                    continue
                if run.cancellation is None or run.cancellation.cancel():
                    self._skip_rest(number, run, why)
                else:
                    run.started = True

    def detach(self) -> None:
        """Stop polling its actions. Started actions continue; steps that were not sent are not sent any more."""
        with self._lock:
            self._waits.clear()
            if self._record is not None:
                self._record.detach()
                self._record = None

    def fail(self, failure: Exception) -> None:
        """End every chain as unknown after an unexpected exception."""
        with self._lock:
            for number, run in enumerate(self.chains):
                while not run.ended:
                    step = run.step or run.chain[run.position]
                    self._end_step(number, run, run.outcomes_of(step, "unknown", unexpected_error(step, failure)))
        self.detach()

    def close_record(self) -> None:
        """Close the record: nobody waits for what was accepted."""
        if self._record is not None:
            self._record.close()

    def tick(self) -> None:
        """Handle responses, send what is due, and poll the actions. Never sleeps."""
        self.send_due()
        with self._lock:
            self._poll()
        with self._lock, defer_interrupts():
            self._end_targets()
            if self.done and self._record is not None:
                self._record.close()
                self._record = None

    def send_due(self) -> None:
        """Handle responses and send what is due: the part of a tick that reads nothing."""
        with self._lock, defer_interrupts():
            self._take_results()
            for number, run in enumerate(self.chains):
                if not run.ended and run.accepted is None and not run.sending and run.blocked_by is None:
                    self._advance(number, run)

    def _take_results(self) -> None:
        while True:
            try:
                number, result = self._results.get_nowait()
            except Empty:
                return
            run = self.chains[number]
            if run.ended:
                continue
            run.cancellation, run.note = None, ""
            if not isinstance(result, UnreadTarget):
                run.unreadable_since_s = None
            try:
                self._handle(number, run, result)
            except Exception as failure:  # noqa: BLE001  # an odd response must not hide what was accepted
                run.started = True
                self._fail(number, run, unexpected_error(run.step or run.chain[run.position], failure))

    def _handle(self, number: int, run: ChainRun, result: Result) -> None:
        match result:
            case AcceptedStep():
                self._accept(number, run, result)
            case BusyTarget():
                self._retry_busy(number, run, result)
            case UnreadTarget():
                self._retry_unread(number, run, result.error)
            case UnneededStep():
                if result.row is not None:
                    self._assign_row(result.row)
                self._end_step(number, run, [replace(run.outcome(0, "unchanged"), why=result.why)])
            case Cancelled():
                self._skip_rest(number, run, None)
            case _:
                self._fail(number, run, result)

    def _advance(self, number: int, run: ChainRun) -> None:
        step = run.chain[run.position]
        if not self._is_due(step, run):
            self._end_step(number, run, run.outcomes_of(step, "skipped"))
        elif step.unchanged:
            unchanged = [replace(one, why=step.unchanged) for one in run.outcomes_of(step, "unchanged")]
            self._end_step(number, run, unchanged)
        elif self._clock.monotonic() >= run.not_before_s:
            self._send_when_ready(number, run, step)

    def _send_when_ready(self, number: int, run: ChainRun, step: Step) -> None:
        """Send a step once other chains have provided what it needs; skip it if they never will."""
        needed = step.references
        if step.runs_always:
            # It restores something, and does so whatever became of other chains.
            needed = tuple(one for one in needed if one.placeholder)
        provider, values = failed_reference(needed, self.chains), reference_values(needed, self.chains)
        run.waits_for_others = provider is None and values is None
        if provider is not None:
            self._end_step(number, run, run.outcomes_of(step, "skipped", prerequisite_error(step, provider)))
        elif values is not None:
            self._send(number, run, step.resolved(values))

    def _is_due(self, step: Step, run: ChainRun) -> bool:
        """Return whether the outcomes of the earlier steps let a step run."""
        match step.when:
            case When.ALWAYS | When.ANYWAY:
                return run.started
            case When.ON_FAILURE:
                return run.started and (run.error is not None or any(one.status == "skipped" for one in run.outcomes))
        return run.error is None and not self._stopping

    def _send(self, number: int, run: ChainRun, step: Step) -> None:
        if self._record is None:
            self._record = self._make_record()
        record, at = self._record, run.position
        run.step = step
        run.cancellation = cancellation = Cancellation()
        read_first = run.attempts > 0 and step.awaits == "action" and step.targets[0].kind == "droplet"
        skip_read = self._is_unreadable(run) and step.change.field == "status"

        def job() -> None:
            try:
                with scope(cancellation), report_waits(partial(self._note_wait, number)):
                    record.sending(number, at)
                    result: Result = self._sender.send(step, read_first=read_first, skip_read=skip_read)
            except (PoseidonError, Cancelled) as error:
                result = error
            except BaseException as failure:  # noqa: BLE001  # a chain that never ends would lock its droplet
                result = unexpected_error(step, failure)
            self._results.put((number, result))
            self.answered.set()

        self._workers.submit(job)

    def _note_wait(self, number: int, seconds: float, reason: str) -> None:
        self.chains[number].note = f"waiting {format_duration(seconds)}: {reason}"
        self._notify(number)
        self._connection.on_wait(seconds, reason)

    def _accept(self, number: int, run: ChainRun, accepted: AcceptedStep) -> None:
        step = run.step
        if step is None:
            return
        run.started, run.accepted, run.accepted_s, run.attempts = True, accepted, self._clock.monotonic(), 0
        if accepted.rows:
            targets = tuple(
                replace(target, id=row["id"], name=str(row["name"]))
                for target, row in zip(step.targets, accepted.rows, strict=False)
            )
            run.step = step = replace(step, targets=targets)
            run.rows = dict(enumerate(accepted.rows))
        elif accepted.created_id is not None:
            run.step = step = replace(step, targets=(replace(step.targets[0], id=accepted.created_id),))
        ids = [target.id for target in step.targets]
        if self._record is not None:
            self._record.accepted(number, run.position, target_ids=ids, actions=[row["id"] for row in accepted.actions])
        for index, row in enumerate(accepted.actions[: len(step.targets)] or accepted.actions[:1]):
            self._track(number, run, index, row)
        if step.awaits in {"droplets", "gone", "image"} and not accepted.actions:
            for index, target in enumerate(step.targets):
                self._wait_for_state(number, run, index, target)
        if step.awaits == "status":
            self._wait_for_status(number, run, status_wait(step.request, accepted.answer))
        self._notify(number)
        if not run.waiting_for:
            self._end_step(number, run, run.accepted_outcomes())

    def _track(self, number: int, run: ChainRun, index: int, row: Row) -> None:
        step = run.step
        if step is None:
            return
        target = step.targets[index]
        expected = expected_after_step(step, target, partial(self._read, run, index), self._sender.image)
        action = Action(row, self._actions, subject=target.name, expected=expected)
        run.actions[index] = action
        run.waiting_for[action.id] = index
        self._waits.add(number, action, step.limit_s or math.inf)

    def _wait_for_state(self, number: int, run: ChainRun, index: int, target: Target) -> None:
        """Wait for the expected state of a target for which there is no action."""
        step = run.step
        if step is None or not isinstance(target.id, int):
            return
        on_read = partial(self._read_image, number, run) if step.awaits == "image" else partial(self._read, run)
        expected = expected_without_action(step, target.id, partial(on_read, index), self._sender.image)
        run.waiting_for[self._waits.add_expected(number, expected)] = index

    def _wait_for_status(self, number: int, run: ChainRun, wait: StatusWait | None) -> None:
        """Wait until nothing is in progress on the resource of a step any more."""
        if wait is None or run.accepted_s is None:
            return
        began_s = run.accepted_s
        run.status_wait = wait
        id_ = next(_STATUS_IDS)
        expected = ExpectedState(
            id_,
            lambda row: wait.is_over(row, self._clock.monotonic() - began_s),
            partial(self._read_status, number, run, wait, id_),
            math.inf,
            partial(self._sender.resource, wait.lifecycle.operation, wait.path),
        )
        run.waiting_for[self._waits.add_expected(number, expected)] = 0

    def _read_status(self, number: int, run: ChainRun, wait: StatusWait, id_: int, row: Row) -> None:
        run.rows[0] = row
        if run.step is None or run.accepted_s is None:
            return
        elapsed_s = self._clock.monotonic() - run.accepted_s
        is_over = wait.is_over(row, elapsed_s)
        status = IN_PROGRESS if not is_over else ERRORED if wait.has_failed(row) else COMPLETED
        # A status is not an action, so its progress has an id of its own.
        progress = Progress(id_, run.step.label, status, elapsed_s)
        run.progress[id_] = progress
        self._notify(number)
        if self.on_progress is not None:
            self.on_progress(progress)

    def _read(self, run: ChainRun, index: int, row: Row) -> None:
        run.rows[index] = row
        self._assign_row(row)

    def _read_image(self, number: int, run: ChainRun, index: int, row: Row) -> None:
        self._read(run, index, row)
        # An import is not an action, so its progress has the id of the image.
        elapsed_s = self._clock.monotonic() - (run.accepted_s or 0.0)
        status = IN_PROGRESS if is_importing(row) else COMPLETED if row.get("status") == "available" else ERRORED
        progress = Progress(row["id"], f"import {row.get('name')}", status, elapsed_s)
        run.progress[progress.id] = progress
        self._notify(number)
        if self.on_progress is not None:
            self.on_progress(progress)

    def _assign_row(self, row: Row) -> None:
        id_ = row.get("id")
        assign = self._assign.get(id_) if isinstance(id_, int) else None
        if assign is not None:
            assign(row)

    def _retry_busy(self, number: int, run: ChainRun, busy: BusyTarget) -> None:
        run.attempts += 1
        if run.step is None:
            return
        target = run.step.targets[0]
        blocked_by = None if busy.action is None else Action(busy.action, self._actions, subject=target.name)
        if blocked_by is not None and not self.wait_if_busy:
            error = busy_error(run.step, blocked_by)
            error.__cause__ = busy.refusal
            self._fail(number, run, error)
        elif run.attempts >= MAX_BUSY_ATTEMPTS:
            self._fail(number, run, busy.refusal or DropletBusy(f"Droplet {target.name} is busy.", action=blocked_by))
        elif blocked_by is None:
            # It has just ended, so the next attempt may succeed.
            run.not_before_s = self._clock.monotonic() + BUSY_RETRY_S * run.attempts
        else:
            # Wait until the droplet shows the end of the action; the step must not act on its old state.
            if isinstance(target.id, int):
                blocked_by.expected = expected_after(blocked_by.type, target.id, self._assign_row)
            run.blocked_by, run.note = blocked_by, f"waiting for its {blocked_by.type} action to finish"
            self._waits.add(number, blocked_by, math.inf)
            self._notify(number)

    def _retry_unread(self, number: int, run: ChainRun, error: PoseidonError) -> None:
        now_s = self._clock.monotonic()
        if run.unreadable_since_s is None:
            run.unreadable_since_s = now_s
        if isinstance(error, Forbidden):
            # The token lacks the scope, so waiting does not help.
            run.unreadable_since_s = -math.inf
        if self._is_unreadable(run) and (run.step is None or run.step.change.field != "status"):
            self._fail(number, run, error, status="failed")
        else:
            run.not_before_s = now_s + READ_RETRY_S

    def _is_unreadable(self, run: ChainRun) -> bool:
        since_s = run.unreadable_since_s
        return since_s is not None and self._clock.monotonic() - since_s >= MAX_FAILING_S

    def _poll(self) -> None:
        failure = self._waits.poll()
        if failure is not None:
            with defer_interrupts():
                self._fail_waits(failure)

    def _end_targets(self) -> None:
        for key, number, failure in self._waits.pop_ended():
            run = self.chains[number]
            if run.blocked_by is not None and run.blocked_by.id == key:
                run.blocked_by, run.note = None, ""
            elif key in run.waiting_for:
                self._end_target(run, run.waiting_for.pop(key), failure)
                if not run.waiting_for:
                    self._end_step(number, run, run.accepted_outcomes())

    def _end_target(self, run: ChainRun, index: int, failure: PoseidonError | None) -> None:
        if failure is None and run.accepted is not None and run.accepted.found and run.step is not None:
            action = run.actions.get(index)
            if action is not None and run.step.awaits == "action":
                failure = self._sender.mismatch_error(run.step, action, run.rows.get(index))
        if failure is None:
            waited_s = self._clock.monotonic() - (run.accepted_s or 0.0)
            failure = (
                power_on_error(run, index)
                or import_error(run, index)
                or status_error(run)
                or delete_error(run, index, waited_s)
            )
        run.results[index] = (status_of(failure), failure)

    def _fail_waits(self, error: PoseidonError) -> None:
        """End everything that is waited for, because the account cannot be read."""
        for key, number in self._waits.clear():
            run = self.chains[number]
            if run.blocked_by is not None and run.blocked_by.id == key:
                run.blocked_by = None
                self._fail(number, run, error)
            elif key in run.waiting_for:
                index = run.waiting_for.pop(key)
                run.results[index] = ("in-progress", copy_error(error))
                if not run.waiting_for:
                    self._end_step(number, run, run.accepted_outcomes())

    def _fail(self, number: int, run: ChainRun, error: PoseidonError, *, status: Status | None = None) -> None:
        step, status = run.step or run.chain[run.position], status or status_of(error)
        if run.started or status == "unknown":
            # A step of the chain was accepted, or may have been, so the error has to name its target.
            run.started = True
            error.step, error.droplet = step, step.targets[0] if step.targets[0].kind == "droplet" else None
            named = all(target.name in str(error) or str(target.id) in str(error) for target in step.targets)
            add_detail(error, "" if named else f"The request was {step.label!r}.")
            add_earlier_actions(error, step, run.outcomes)
        outcomes = run.outcomes_of(step, status, error)
        self._end_step(number, run, outcomes)

    def _end_step(self, number: int, run: ChainRun, outcomes: list[Outcome]) -> None:
        if self._record is not None:
            self._record.ended(number, run.position, outcomes)
        run.end_step(outcomes)
        self._notify(number)

    def _skip_rest(self, number: int, run: ChainRun, why: Callable[[Step], PoseidonError] | None) -> None:
        error = None
        if why is not None:
            step = run.chain[run.position]
            error = busy_error(step, run.blocked_by) if run.blocked_by is not None else why(step)
        if run.blocked_by is not None:
            self._waits.remove(run.blocked_by.id, number)
            run.blocked_by = None
        run.cancellation = None
        while not run.ended:
            self._end_step(number, run, run.outcomes_of(run.chain[run.position], "skipped", error))

    def _report(self, progress: Progress) -> None:
        for number in self._waits.chains_of(progress.id) if progress.id > 0 else ():
            run = self.chains[number]
            if run.blocked_by is None or run.blocked_by.id != progress.id:
                run.progress[progress.id] = progress
            self._notify(number)
        if self.on_progress is not None and progress.id > 0:
            self.on_progress(progress)

    def _notify(self, number: int) -> None:
        if self.on_change is None:
            return
        try:
            self.on_change(number, self.chains[number])
        except Exception:  # noqa: BLE001  # a failing callback must not stop the execution
            _log.exception("A callback failed to handle a change of %s.", self.title)
