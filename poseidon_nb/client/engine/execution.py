"""One execution: chains of steps on their way. `tick` does what is due and never sleeps; the `engine` says who calls it."""

from __future__ import annotations

import logging
import math
import threading
from dataclasses import replace
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.actions.actions import Action
from poseidon_nb.client.actions.poller import PATIENCE_S
from poseidon_nb.client.actions.progress import COMPLETED, ERRORED, IN_PROGRESS, Progress
from poseidon_nb.client.connection import explained, telling
from poseidon_nb.client.engine import consistency
from poseidon_nb.client.engine.awaiting import Awaited
from poseidon_nb.client.engine.chain_run import ChainRun, values_for
from poseidon_nb.client.engine.expecting import expected_after_ours, expected_by_itself, is_coming
from poseidon_nb.client.engine.failures import (
    copy_of,
    is_held,
    name_earlier,
    not_imported,
    status_of,
    still_off,
    still_there,
    unforeseen,
)
from poseidon_nb.client.engine.sending import Answered, Busy, NotNeeded, Unread
from poseidon_nb.client.engine.steps import When
from poseidon_nb.client.engine.undisturbed import undisturbed
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
    from poseidon_nb.client.engine.outcomes import Outcome, Status
    from poseidon_nb.client.engine.recording import Record
    from poseidon_nb.client.engine.sending import Sender
    from poseidon_nb.client.engine.steps import Chain, Step, Target
    from poseidon_nb.transport.workers import WorkerPool

    Row = Mapping[str, Any]
    Result = Answered | Busy | NotNeeded | Unread | PoseidonError | Cancelled

#: How often a droplet that was busy, and then was not, is tried again.
BUSY_TRIES = 10
#: Seconds before a droplet is tried again that has just ceased to be busy, times the number of the try.
BUSY_PAUSE_S = 0.25
#: Seconds before a droplet that has to be read first is read again.
UNREAD_PAUSE_S = 2.0

_log = logging.getLogger("poseidon_nb")


class Execution:
    """Chains that run side by side.

    Parameters
    ----------
    connection : Connection
    actions : Actions
    sender : Sender
    workers : Workers
        In whose threads requests are sent.
    chains : sequence of Chain
    record : callable
        Returns the record; called before the first request.
    title : str
    queues : bool
        Wait for a droplet that is busy; else its outcome is `DropletBusy`.
    on_progress : callable, optional
        Told a `Progress` of each action, in the thread that ticks.
    on_change : callable, optional
        Told a chain's number and how far it is whenever there is news of it, from any thread.
    assign : mapping, optional
        By droplet id: takes in each row of that droplet that is read.
    """

    def __init__(  # noqa: PLR0913  # what an execution is made of, all by keyword
        self,
        *,
        connection: Connection,
        actions: Actions,
        sender: Sender,
        workers: WorkerPool,
        chains: Sequence[Chain],
        record: Callable[[], Record],
        title: str = "",
        queues: bool = True,
        on_progress: Callable[[Progress], None] | None = None,
        on_change: Callable[[int, ChainRun], None] | None = None,
        assign: Mapping[int, Callable[[Row], None]] | None = None,
    ) -> None:
        self.title = title
        self.chains = [
            ChainRun(chain, ended=not chain, begun=any(step.when is When.ANYWAY for step in chain)) for chain in chains
        ]
        self.on_progress = on_progress
        self.on_change = on_change
        self._connection = connection
        self._clock = connection.session.clock
        self._actions = actions
        self._sender = sender
        self._workers = workers
        self.queues = queues
        self._assign = dict(assign or {})
        self._make_record = record
        self._record: Record | None = None
        self._awaited = Awaited(actions, self._tell)
        self._results: SimpleQueue[tuple[int, Result]] = SimpleQueue()
        #: Set when a request was answered; another one can be put in its place.
        self.news = threading.Event()
        self._lock = threading.RLock()
        self._stopping = False

    @property
    def done(self) -> bool:
        """Whether every chain has ended."""
        return all(run.ended for run in self.chains)

    @property
    def sending(self) -> bool:
        """Whether a request is on its way."""
        return any(run.sending for run in self.chains)

    def outcomes(self) -> list[Outcome]:
        """Return an outcome for each step and target that has ended, chain by chain."""
        return [outcome for run in self.chains for outcome in run.outcomes]

    def wait_for_news(self, seconds: float) -> None:
        """Block until a request was answered, for so long at most; in real time, for others work meanwhile."""
        self.news.wait(seconds)
        self.news.clear()

    def stop(self) -> None:
        """Send nothing more but what powers on again what was shut down."""
        self._stopping = True
        self.cancel()

    def cancel(self, why: Callable[[Step], PoseidonError] | None = None) -> None:
        """Skip chains that have not begun; a request that waits for its turn is not sent any more.

        Parameters
        ----------
        why : callable, optional
            Returns the error that tells why, for a step that was not sent.
        """
        with self._lock, undisturbed():
            self._take_in()
            for number, run in enumerate(self.chains):
                if run.ended or run.begun:
                    continue
                if run.cancellation is None or run.cancellation.cancel():
                    self._skip_rest(number, run, why)
                else:
                    run.begun = True

    def leave(self) -> None:
        """Ask about its actions no more. What was started goes on; what it was to do next is not done."""
        with self._lock:
            self._awaited.drop_all()
            if self._record is not None:
                self._record.leave()
                self._record = None

    def give_up(self, failure: Exception) -> None:
        """End every chain as unknown: what was to happen next cannot be told any more."""
        with self._lock:
            for number, run in enumerate(self.chains):
                while not run.ended:
                    step = run.step or run.chain[run.at]
                    self._end_step(number, run, run.outcomes_of(step, "unknown", unforeseen(step, failure)))
        self.leave()

    def close_record(self) -> None:
        """Record that nobody looks what becomes of what was accepted."""
        if self._record is not None:
            self._record.close()

    # Going on.

    def tick(self) -> None:
        """Take in what was answered, send what is due, and look how actions go. Never sleeps."""
        self.send_due()
        with self._lock:
            self._look()
        with self._lock, undisturbed():
            self._end_what_is_over()
            if self.done and self._record is not None:
                self._record.close()
                self._record = None

    def send_due(self) -> None:
        """Take in what was answered, and send what is due: the part of a tick that reads nothing."""
        with self._lock, undisturbed():
            self._take_in()
            for number, run in enumerate(self.chains):
                if not run.ended and run.answered is None and not run.sending and run.held_by is None:
                    self._advance(number, run)

    def _take_in(self) -> None:
        while True:
            try:
                number, result = self._results.get_nowait()
            except Empty:
                return
            run = self.chains[number]
            if run.ended:
                continue
            run.cancellation, run.note = None, ""
            if not isinstance(result, Unread):
                run.unread_since_s = None
            try:
                self._take(number, run, result)
            except Exception as failure:  # noqa: BLE001  # an odd answer must not cost what was accepted its name
                run.begun = True
                self._failed(number, run, unforeseen(run.step or run.chain[run.at], failure))

    def _take(self, number: int, run: ChainRun, result: Result) -> None:
        match result:
            case Answered():
                self._accepted(number, run, result)
            case Busy():
                self._busy(number, run, result)
            case Unread():
                self._unread(number, run, result.error)
            case NotNeeded():
                if result.row is not None:
                    self._assign_row(result.row)
                self._end_step(number, run, [replace(run.outcome(0, "unchanged"), why=result.why)])
            case Cancelled():
                self._skip_rest(number, run, None)
            case _:
                self._failed(number, run, result)

    # Before a step.

    def _advance(self, number: int, run: ChainRun) -> None:
        step = run.chain[run.at]
        always = step.when in {When.ALWAYS, When.ANYWAY}
        if not run.begun if always else (run.error is not None or self._stopping):
            self._end_step(number, run, run.outcomes_of(step, "skipped"))
        elif step.unchanged:
            unchanged = [replace(one, why=step.unchanged) for one in run.outcomes_of(step, "unchanged")]
            self._end_step(number, run, unchanged)
        elif self._clock.monotonic() >= run.not_before_s:
            values = values_for(step, self.chains)
            if values is None:
                return
            self._send(number, run, step.resolved(values))

    def _send(self, number: int, run: ChainRun, step: Step) -> None:
        if self._record is None:
            self._record = self._make_record()
        record, at = self._record, run.at
        run.step = step
        run.cancellation = cancellation = Cancellation()
        look_first = run.tries > 0 and step.awaits == "action" and step.targets[0].kind == "droplet"
        unseen = self._is_unreadable(run) and step.change.field == "status"

        def job() -> None:
            try:
                with scope(cancellation), telling(partial(self._note, number)):
                    record.sending(number, at)
                    result: Result = self._sender.send(step, look_first=look_first, unseen=unseen)
            except (PoseidonError, Cancelled) as error:
                result = error
            except BaseException as failure:  # noqa: BLE001  # a chain that never ends would lock its droplet
                result = unforeseen(step, failure)
            self._results.put((number, result))
            self.news.set()

        self._workers.submit(job)

    def _note(self, number: int, seconds: float, reason: str) -> None:
        self.chains[number].note = f"waiting {format_duration(seconds)}: {reason}"
        self._changed(number)
        self._connection.on_wait(seconds, reason)

    # After its answer.

    def _accepted(self, number: int, run: ChainRun, answered: Answered) -> None:
        step = run.step
        if step is None:
            return
        run.begun, run.answered, run.accepted_s, run.tries = True, answered, self._clock.monotonic(), 0
        if answered.rows:
            targets = tuple(
                replace(target, id=row["id"], name=str(row["name"]))
                for target, row in zip(step.targets, answered.rows, strict=False)
            )
            run.step = step = replace(step, targets=targets)
            run.rows = dict(enumerate(answered.rows))
        ids = [target.id for target in step.targets]
        if self._record is not None:
            self._record.accepted(number, run.at, things=ids, actions=[row["id"] for row in answered.actions])
        for place, row in enumerate(answered.actions[: len(step.targets)] or answered.actions[:1]):
            self._track(number, run, place, row)
        if step.awaits in {"droplets", "gone", "image"} and not answered.actions:
            for place, target in enumerate(step.targets):
                self._await_reading(number, run, place, target)
        self._changed(number)
        if not run.open:
            self._end_step(number, run, run.finished())

    def _track(self, number: int, run: ChainRun, place: int, row: Row) -> None:
        step = run.step
        if step is None:
            return
        target = step.targets[place]
        expected = expected_after_ours(step, target, partial(self._read, run, place), self._sender.image)
        action = Action(row, self._actions, subject=target.name, expected=expected)
        run.actions[place] = action
        run.open[action.id] = place
        self._awaited.add(number, action, step.limit_s or math.inf)

    def _await_reading(self, number: int, run: ChainRun, place: int, target: Target) -> None:
        """Wait for what a droplet reads as, where no action tells how it goes."""
        step = run.step
        if step is None or not isinstance(target.id, int):
            return
        reads = partial(self._read_image, number, run) if step.awaits == "image" else partial(self._read, run)
        expected = expected_by_itself(step, target.id, partial(reads, place), self._sender.image)
        run.open[self._awaited.add_reading(number, expected)] = place

    def _read(self, run: ChainRun, place: int, row: Row) -> None:
        run.rows[place] = row
        self._assign_row(row)

    def _read_image(self, number: int, run: ChainRun, place: int, row: Row) -> None:
        self._read(run, place, row)
        # An import is no action; who is told of it knows it by the image's id.
        elapsed_s = self._clock.monotonic() - (run.accepted_s or 0.0)
        status = IN_PROGRESS if is_coming(row) else COMPLETED if row.get("status") == "available" else ERRORED
        progress = Progress(row["id"], f"import {row.get('name')}", status, elapsed_s)
        run.told[progress.id] = progress
        self._changed(number)
        if self.on_progress is not None:
            self.on_progress(progress)

    def _assign_row(self, row: Row) -> None:
        take_in = self._assign.get(row["id"])
        if take_in is not None:
            take_in(row)

    def _busy(self, number: int, run: ChainRun, busy: Busy) -> None:
        run.tries += 1
        if run.step is None:
            return
        target = run.step.targets[0]
        held_by = None if busy.action is None else Action(busy.action, self._actions, subject=target.name)
        if held_by is not None and not self.queues:
            error = is_held(run.step, held_by)
            error.__cause__ = busy.refusal
            self._failed(number, run, error)
        elif run.tries >= BUSY_TRIES:
            self._failed(number, run, busy.refusal or DropletBusy(f"{target.name} is busy", action=held_by))
        elif held_by is None:
            # It has just ended, and the next request may well be accepted.
            run.not_before_s = self._clock.monotonic() + BUSY_PAUSE_S * run.tries
        else:
            # It has ended for us when the droplet shows it: before, it might be acted upon as what it is no more.
            if isinstance(target.id, int):
                held_by.expected = consistency.expected_after(held_by.type, target.id, self._assign_row)
            run.held_by, run.note = held_by, f"waits until its {held_by.type} has ended"
            self._awaited.add(number, held_by, math.inf)
            self._changed(number)

    def _unread(self, number: int, run: ChainRun, error: PoseidonError) -> None:
        now_s = self._clock.monotonic()
        if run.unread_since_s is None:
            run.unread_since_s = now_s
        if isinstance(error, Forbidden):
            # No patience helps: the token lacks the scope.
            run.unread_since_s = -math.inf
        if self._is_unreadable(run) and (run.step is None or run.step.change.field != "status"):
            self._failed(number, run, error, status="failed")
        else:
            run.not_before_s = now_s + UNREAD_PAUSE_S

    def _is_unreadable(self, run: ChainRun) -> bool:
        since_s = run.unread_since_s
        return since_s is not None and self._clock.monotonic() - since_s >= PATIENCE_S

    # How actions go.

    def _look(self) -> None:
        failure = self._awaited.look()
        if failure is not None:
            with undisturbed():
                self._give_up(failure)

    def _end_what_is_over(self) -> None:
        for key, number, failure in self._awaited.over():
            run = self.chains[number]
            if run.held_by is not None and run.held_by.id == key:
                run.held_by, run.note = None, ""
            elif key in run.open:
                self._target_over(run, run.open.pop(key), failure)
                if not run.open:
                    self._end_step(number, run, run.finished())

    def _target_over(self, run: ChainRun, place: int, failure: PoseidonError | None) -> None:
        if failure is None and run.answered is not None and run.answered.found and run.step is not None:
            action = run.actions.get(place)
            if action is not None and run.step.awaits == "action":
                failure = self._sender.mistaken(run.step, action, run.rows.get(place))
        if failure is None:
            waited_s = self._clock.monotonic() - (run.accepted_s or 0.0)
            failure = still_off(run, place) or not_imported(run, place) or still_there(run, place, waited_s)
        run.ends[place] = (status_of(failure), failure)

    def _give_up(self, error: PoseidonError) -> None:
        """End what is waited for: the account cannot be asked about it."""
        for key, number in self._awaited.drop_all():
            run = self.chains[number]
            if run.held_by is not None and run.held_by.id == key:
                run.held_by = None
                self._failed(number, run, error)
            elif key in run.open:
                place = run.open.pop(key)
                run.ends[place] = ("in-progress", copy_of(error))
                if not run.open:
                    self._end_step(number, run, run.finished())

    # The end of a step.

    def _failed(self, number: int, run: ChainRun, error: PoseidonError, *, status: Status | None = None) -> None:
        step, status = run.step or run.chain[run.at], status or status_of(error)
        if run.begun or status == "unknown":
            # Something of the chain was accepted, or may have been: what fails now has to name it.
            run.begun = True
            error.step, error.droplet = step, step.targets[0] if step.targets[0].kind == "droplet" else None
            named = all(target.name in str(error) or str(target.id) in str(error) for target in step.targets)
            explained(error, "" if named else f"this was {step.label}")
            name_earlier(error, step, run.outcomes)
        outcomes = run.outcomes_of(step, status, error)
        self._end_step(number, run, outcomes)

    def _end_step(self, number: int, run: ChainRun, outcomes: list[Outcome]) -> None:
        if self._record is not None:
            self._record.ended(number, run.at, outcomes)
        run.end_step(outcomes)
        self._changed(number)

    def _skip_rest(self, number: int, run: ChainRun, why: Callable[[Step], PoseidonError] | None) -> None:
        error = None
        if why is not None:
            step = run.chain[run.at]
            error = is_held(step, run.held_by) if run.held_by is not None else why(step)
        if run.held_by is not None:
            self._awaited.drop(run.held_by.id)
            run.held_by = None
        run.cancellation = None
        while not run.ended:
            self._end_step(number, run, run.outcomes_of(run.chain[run.at], "skipped", error))

    # Telling.

    def _tell(self, progress: Progress) -> None:
        number = self._awaited.chain_of(progress.id)
        if number is not None and progress.id > 0:
            run = self.chains[number]
            if run.held_by is None or run.held_by.id != progress.id:
                run.told[progress.id] = progress
            self._changed(number)
        if self.on_progress is not None and progress.id > 0:
            self.on_progress(progress)

    def _changed(self, number: int) -> None:
        if self.on_change is None:
            return
        try:
            self.on_change(number, self.chains[number])
        except Exception:  # noqa: BLE001  # who is told is free to fail, which must not stop what is on its way
            _log.exception("a listener failed at what it was told of %s", self.title)
