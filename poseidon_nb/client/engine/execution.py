"""One execution: chains of steps on their way. `tick` does what is due and never sleeps; the `engine` says who calls it."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field, replace
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.actions.actions import Action
from poseidon_nb.client.actions.progress import COMPLETED, ERRORED, IN_PROGRESS, Progress
from poseidon_nb.client.connection import explained, telling
from poseidon_nb.client.engine import consistency
from poseidon_nb.client.engine.consistency import Expected
from poseidon_nb.client.engine.outcomes import Outcome
from poseidon_nb.client.engine.sending import Answered, Busy, NotNeeded
from poseidon_nb.client.engine.steps import When
from poseidon_nb.errors import (
    ActionError,
    ActionFailed,
    ActionTimedOut,
    DropletBusy,
    OutcomeUnknown,
    PoseidonError,
    ServerError,
)
from poseidon_nb.text import seconds_text
from poseidon_nb.transport.cancellation import Cancellation, Cancelled, under

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from poseidon_nb.client.actions.actions import Actions
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.outcomes import Status
    from poseidon_nb.client.engine.recording import Record
    from poseidon_nb.client.engine.sending import Sender
    from poseidon_nb.client.engine.steps import Chain, Step, Target
    from poseidon_nb.transport.workers import Workers

    Row = Mapping[str, Any]
    Result = Answered | Busy | NotNeeded | PoseidonError | Cancelled

#: How often a droplet that was busy, and then was not, is tried again.
BUSY_TRIES = 10
#: Seconds before a droplet is tried again that has just ceased to be busy, times the number of the try.
BUSY_PAUSE_S = 0.25
#: How long a droplet may take to read ``active`` after its create action has completed, in seconds.
ACTIVE_S = 60.0
#: How long a deleted droplet may still be listed, in seconds.
GOING_S = 30.0


@dataclass
class ChainRun:
    """How far a chain is. Read it from any thread; only its execution changes it."""

    chain: Chain
    #: The number of the step that is next, or in progress.
    at: int = 0
    #: What holds it up: ``"waiting 12 s: rate limit"``; empty when nothing does.
    note: str = ""
    #: The last news of each of its actions, by the action's id, in the order in which they began.
    told: dict[int, Progress] = field(default_factory=dict)
    #: One for each target of each step that has ended.
    outcomes: list[Outcome] = field(default_factory=list)
    ended: bool = False
    #: The service has accepted a step of it, or may have.
    begun: bool = False
    #: What made it fail first.
    error: PoseidonError | None = None
    #: The step in progress as it was sent, and what of it was accepted.
    step: Step | None = None
    answered: Answered | None = None
    #: By action, or by droplet where there is none, the number of the target that is waited for.
    open: dict[int, int] = field(default_factory=dict)
    actions: dict[int, Action] = field(default_factory=dict)
    rows: dict[int, Row] = field(default_factory=dict)
    ends: dict[int, tuple[Status, PoseidonError | None]] = field(default_factory=dict)
    #: When the step in progress was accepted, by the clock's monotonic seconds; None before.
    accepted_s: float | None = None
    #: Somebody else's action that has to end first.
    held_by: Action | None = None
    tries: int = 0
    not_before_s: float = 0.0
    cancellation: Cancellation | None = None

    @property
    def sending(self) -> bool:
        """Whether a request of it is on its way, or waits for its turn."""
        return self.cancellation is not None


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
        workers: Workers,
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
        self._queues = queues
        self._assign = dict(assign or {})
        self._make_record = record
        self._record: Record | None = None
        self._waiting = actions.waiting(self._tell)
        self._chain_of: dict[int, int] = {}
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
        """Have chains that have not begun read ``skipped``; a request that waits for its turn is not sent any more.

        Parameters
        ----------
        why : callable, optional
            Returns the error that tells why, for a step that was not sent.
        """
        with self._lock:
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
            for key in [*self._chain_of]:
                self._forget(key)
            self._chain_of.clear()
            if self._record is not None:
                self._record.leave()
                self._record = None

    def close_record(self) -> None:
        """Record that nobody looks what becomes of what was accepted."""
        if self._record is not None:
            self._record.close()

    # Going on.

    def tick(self) -> None:
        """Take in what was answered, send what is due, and look how actions go. Never sleeps."""
        with self._lock:
            self.send_due()
            self._look()
            if self.done and self._record is not None:
                self._record.close()
                self._record = None

    def send_due(self) -> None:
        """Take in what was answered, and send what is due: the part of a tick that reads nothing."""
        with self._lock:
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
            match result:
                case Answered():
                    self._accepted(number, run, result)
                case Busy():
                    self._busy(number, run, result)
                case NotNeeded():
                    self._assign_row(run, result.row)
                    self._end_step(number, run, [replace(self._outcome(run, 0, "unchanged"), why=result.why)])
                case Cancelled():
                    self._skip_rest(number, run, None)
                case _:
                    self._failed(number, run, result)

    # Before a step.

    def _advance(self, number: int, run: ChainRun) -> None:
        step = run.chain[run.at]
        if step.when is When.ALWAYS and not run.begun:
            self._end_step(number, run, self._all(run, step, "skipped"))
        elif step.when not in {When.ALWAYS, When.ANYWAY} and (run.error is not None or self._stopping):
            self._end_step(number, run, self._all(run, step, "skipped"))
        elif step.unchanged:
            unchanged = [replace(one, why=step.unchanged) for one in self._all(run, step, "unchanged")]
            self._end_step(number, run, unchanged)
        elif self._clock.monotonic() >= run.not_before_s:
            values = self._values(step)
            if values is None:
                return
            self._send(number, run, step.resolved(values))

    def _values(self, step: Step) -> dict[str, Any] | None:
        """Return what a step's references stand for; None while that is not known."""
        values: dict[str, Any] = {}
        for reference in step.references:
            made = self.chains[reference.chain]
            row = next((outcome.answer for outcome in reversed(made.outcomes) if outcome.answer), None)
            if row is None or reference.field not in row:
                return None
            values[reference.shows] = row[reference.field]
        return values

    def _send(self, number: int, run: ChainRun, step: Step) -> None:
        if self._record is None:
            self._record = self._make_record()
        record, at = self._record, run.at
        run.step = step
        run.cancellation = cancellation = Cancellation()
        look_first = run.tries > 0 and step.awaits == "action" and step.targets[0].kind == "droplet"

        def job() -> None:
            try:
                with under(cancellation), telling(partial(self._note, number)):
                    record.sending(number, at)
                    result: Result = self._sender.send(step, look_first=look_first)
            except (PoseidonError, Cancelled) as error:
                result = error
            except BaseException as failure:  # noqa: BLE001  # a chain that never ends would lock its droplet
                result = _unforeseen(step, failure)
            self._results.put((number, result))
            self.news.set()

        self._workers.submit(job)

    def _note(self, number: int, seconds: float, reason: str) -> None:
        self.chains[number].note = f"waiting {seconds_text(seconds)}: {reason}"
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
        if step.awaits in {"droplets", "gone", "image"} and not answered.actions and not _is_over(answered):
            for place, target in enumerate(step.targets):
                self._await_reading(number, run, place, target)
        self._changed(number)
        if not run.open:
            self._end_step(number, run, self._finished(run))

    def _track(self, number: int, run: ChainRun, place: int, row: Row) -> None:
        step = run.step
        if step is None:
            return
        target = step.targets[place]
        action = Action(row, self._actions, subject=target.name, expected=self._expected(run, place, target))
        run.actions[place] = action
        run.open[action.id] = place
        self._chain_of[action.id] = number
        self._actions.poller.join([action.id])
        self._waiting.add(action, step.limit_s or math.inf)

    def _expected(self, run: ChainRun, place: int, target: Target) -> Expected | None:
        step = run.step
        body = step.request.body if step is not None else None
        if step is None or not isinstance(body, dict) or not isinstance(target.id, int):
            return None
        assign = partial(self._read, run, place)
        if step.awaits == "droplets":
            return Expected(target.id, lambda row: consistency.agrees("create", row, {}), assign, ACTIVE_S)
        if target.kind == "droplet":
            return Expected(target.id, lambda row: consistency.agrees(str(body.get("type")), row, body), assign)
        if target.kind == "image":
            read = partial(self._sender.image, target.id)
            return Expected(
                target.id, lambda row: consistency.image_agrees(str(body["type"]), row, body), assign, read=read
            )
        return None

    def _await_reading(self, number: int, run: ChainRun, place: int, target: Target) -> None:
        """Wait for what a droplet reads as, where no action tells how it goes."""
        step = run.step
        if step is None or not isinstance(target.id, int):
            return
        take_in = partial(self._read, run, place)
        if step.awaits == "gone":
            expected = Expected(target.id, lambda _: False, take_in, GOING_S)
        elif step.awaits == "image":
            take_in = partial(self._read_image, number, run, place)
            read = partial(self._sender.image, target.id)
            expected = Expected(target.id, lambda row: not _is_coming(row), take_in, math.inf, read)
        else:
            expected = Expected(target.id, lambda row: consistency.agrees("create", row, {}), take_in, ACTIVE_S)
        # Droplets and actions are numbered apart; a negative key is no action's.
        key = -target.id
        run.open[key] = place
        self._chain_of[key] = number
        self._waiting.add_expected(key, expected)

    def _read(self, run: ChainRun, place: int, row: Row) -> None:
        run.rows[place] = row
        self._assign_row(run, row)

    def _read_image(self, number: int, run: ChainRun, place: int, row: Row) -> None:
        self._read(run, place, row)
        # An import is no action; who is told of it knows it by the image's id.
        elapsed_s = self._clock.monotonic() - (run.accepted_s or 0.0)
        status = IN_PROGRESS if _is_coming(row) else COMPLETED if row.get("status") == "available" else ERRORED
        progress = Progress(row["id"], f"import {row.get('name')}", status, elapsed_s)
        run.told[progress.id] = progress
        self._changed(number)
        if self.on_progress is not None:
            self.on_progress(progress)

    def _assign_row(self, run: ChainRun, row: Row) -> None:
        take_in = self._assign.get(row["id"])
        if take_in is not None:
            take_in(row)

    def _busy(self, number: int, run: ChainRun, busy: Busy) -> None:
        run.tries += 1
        if run.step is None:
            return
        target = run.step.targets[0]
        held_by = None if busy.action is None else Action(busy.action, self._actions, subject=target.name)
        if held_by is not None and not self._queues:
            error = _is_held(run.step, held_by)
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
                held_by.expected = consistency.expected_after(held_by.type, target.id, partial(self._assign_row, run))
            run.held_by, run.note = held_by, f"waits until its {held_by.type} has ended"
            self._chain_of[held_by.id] = number
            self._actions.poller.join([held_by.id])
            self._waiting.add(held_by, math.inf)
            self._changed(number)

    # How actions go.

    def _look(self) -> None:
        try:
            self._actions.poll()
        except PoseidonError as error:
            if not self._actions.poller.tolerates(error):
                self._give_up(error)
        self._waiting.seen(self._actions.poller.latest)
        for key in [key for key in self._chain_of if self._waiting.is_over(key)]:
            self._over(key)

    def _over(self, key: int) -> None:
        number = self._chain_of.pop(key)
        run, failure = self.chains[number], self._waiting.failures.get(key)
        self._forget(key)
        if run.held_by is not None and run.held_by.id == key:
            run.held_by, run.note = None, ""
        elif key in run.open:
            self._target_over(run, run.open.pop(key), failure)
            if not run.open:
                self._end_step(number, run, self._finished(run))

    def _forget(self, key: int) -> None:
        self._waiting.drop(key)
        if key > 0:
            self._actions.poller.leave([key])

    def _target_over(self, run: ChainRun, place: int, failure: PoseidonError | None) -> None:
        if failure is None and run.answered is not None and run.answered.found and run.step is not None:
            action = run.actions.get(place)
            if action is not None and run.step.awaits == "action":
                failure = self._checked(run, place, action)
        if failure is None:
            failure = _still_off(run, place) or _not_imported(run, place)
        run.ends[place] = (_status(failure), failure)

    def _checked(self, run: ChainRun, place: int, action: Action) -> PoseidonError | None:
        if run.step is None:
            return None
        try:
            self._sender.check_found(run.step, action.to_dict(), run.rows.get(place))
        except PoseidonError as error:
            return error
        return None

    def _give_up(self, error: PoseidonError) -> None:
        """End what is waited for: the account cannot be asked about it."""
        for key in [*self._chain_of]:
            run = self.chains[self._chain_of.pop(key)]
            self._forget(key)
            if run.held_by is not None and run.held_by.id == key:
                run.held_by = None
                self._failed(self.chains.index(run), run, error)
            elif key in run.open:
                place = run.open.pop(key)
                run.ends[place] = ("in-progress", _copy(error))
                if not run.open:
                    self._end_step(self.chains.index(run), run, self._finished(run))

    # The end of a step.

    def _finished(self, run: ChainRun) -> list[Outcome]:
        """Return the outcomes of a step that was accepted, one for each target."""
        places = range(len(run.step.targets)) if run.step is not None else ()
        return [self._outcome(run, place, *run.ends.get(place, ("completed", None))) for place in places]

    def _failed(self, number: int, run: ChainRun, error: PoseidonError) -> None:
        step = run.step or run.chain[run.at]
        if run.begun or _status(error) == "unknown":
            # Something of the chain was accepted, or may have been: what fails now has to name it.
            run.begun = True
            error.step, error.droplet = step, step.targets[0] if step.targets[0].kind == "droplet" else None
            named = all(target.name in str(error) or str(target.id) in str(error) for target in step.targets)
            explained(error, "" if named else f"this was {step.label}")
        outcomes = self._all(run, step, _status(error), error)
        self._end_step(number, run, outcomes)

    def _all(self, run: ChainRun, step: Step, status: Status, error: PoseidonError | None = None) -> list[Outcome]:
        run.step = step
        return [self._outcome(run, place, status, error) for place in range(len(step.targets))]

    def _outcome(self, run: ChainRun, place: int, status: Status, error: PoseidonError | None = None) -> Outcome:
        step = run.step or run.chain[run.at]
        target, action = step.targets[place], run.actions.get(place)
        row = run.rows.get(place)
        answer = row if row is not None else run.answered.answer if run.answered is not None else None
        if error is not None and run.answered is not None:
            _name(error, step, target, action)
        return Outcome(step, target, status, action, answer, error)

    def _end_step(self, number: int, run: ChainRun, outcomes: list[Outcome]) -> None:
        step = run.step or run.chain[run.at]
        run.outcomes += outcomes
        if self._record is not None:
            self._record.ended(number, run.at, outcomes)
        failed = next((one.error for one in outcomes if one.error is not None), None)
        if failed is not None and not (step.best_effort and isinstance(failed, ActionError)):
            run.error = run.error or failed
        run.at += 1
        run.step, run.answered, run.accepted_s, run.tries = None, None, None, 0
        run.open, run.actions, run.rows, run.ends = {}, {}, {}, {}
        run.ended = run.at == len(run.chain)
        self._changed(number)

    def _skip_rest(self, number: int, run: ChainRun, why: Callable[[Step], PoseidonError] | None) -> None:
        error = None
        if why is not None:
            step = run.chain[run.at]
            error = _is_held(step, run.held_by) if run.held_by is not None else why(step)
        if run.held_by is not None:
            self._chain_of.pop(run.held_by.id, None)
            self._forget(run.held_by.id)
            run.held_by = None
        run.cancellation = None
        while not run.ended:
            self._end_step(number, run, self._all(run, run.chain[run.at], "skipped", error))

    # Telling.

    def _tell(self, progress: Progress) -> None:
        number = self._chain_of.get(progress.id)
        if number is not None and progress.id > 0:
            self.chains[number].told[progress.id] = progress
            self._changed(number)
        if self.on_progress is not None and progress.id > 0:
            self.on_progress(progress)

    def _changed(self, number: int) -> None:
        if self.on_change is not None:
            self.on_change(number, self.chains[number])


def _still_off(run: ChainRun, place: int) -> ActionTimedOut | None:
    """Return the error for a droplet that was to be powered on again, and is not."""
    action, row = run.actions.get(place), run.rows.get(place)
    if run.step is None or run.step.when is not When.ALWAYS or action is None or row is None:
        return None
    if row.get("status") == run.step.change.after:
        return None
    name = run.step.targets[place].name
    return ActionTimedOut(f"{action.label} completed, and {name} still reads {row.get('status')}", action=action)


def _is_coming(image: Row) -> bool:
    """Return whether a custom image is on its way (images_get)."""
    return image.get("status") in {"NEW", "pending"}


def _not_imported(run: ChainRun, place: int) -> ActionFailed | None:
    """Return the error for a custom image that could not be imported."""
    row = run.rows.get(place)
    if run.step is None or run.step.awaits != "image" or row is None or row.get("status") == "available":
        return None
    reason = row.get("error_message") or f"its status is {row.get('status')}"
    return ActionFailed(f"{row.get('name')} could not be imported: {reason} (image {row['id']})")


def _is_held(step: Step, action: Action) -> DropletBusy:
    return DropletBusy(
        f"{step.targets[0].name} is busy: {action.type} is still running (action {action.id}); "
        f"wait for it with %do actions wait {action.id}",
        action=action,
    )


def _is_over(answered: Answered) -> bool:
    """Return whether a DELETE was found to have been carried out, so that nothing is left to wait for."""
    return answered.found and not answered.rows


def _status(error: PoseidonError | None) -> Status:
    if error is None:
        return "completed"
    if isinstance(error, ActionTimedOut):
        return "in-progress"
    if isinstance(error, OutcomeUnknown):
        return "unknown"
    # 501 says that the server does not know how; every other 5xx may have come after the work.
    return "unknown" if isinstance(error, ServerError) and error.status != 501 else "failed"  # noqa: PLR2004  # 501


def _name(error: PoseidonError, step: Step, target: Target, action: Action | None) -> None:
    """Have an error that comes after an acceptance name what was accepted."""
    error.step, error.droplet = step, target if target.kind == "droplet" else None
    if action is None:
        if str(target.id) not in str(error):
            explained(error, f"{step.verb} {target} was accepted")
        return
    error.action = action
    if str(action.id) not in str(error) or str(target.id) not in str(error):
        explained(
            error,
            f"{step.verb} {target} was accepted (action {action.id}): see how it goes with %do actions wait {action.id}",
        )


def _copy(error: PoseidonError) -> PoseidonError:
    """Return an error of its own for one of several things that failed together."""
    cls, args, state = error.__reduce__()[1]
    copied: PoseidonError = cls.__new__(cls, *args)
    copied.args, copied.__dict__ = args, dict(state)
    copied.__cause__ = error
    return copied


def _unforeseen(step: Step, failure: BaseException) -> OutcomeUnknown:
    # Its own words are for the log: nobody has looked what stands in them.
    error = OutcomeUnknown(
        f"{step.label} failed in an unexpected way ({type(failure).__name__}) and may have been carried out: look before "
        "you repeat it"
    )
    error.__cause__ = failure
    return error
