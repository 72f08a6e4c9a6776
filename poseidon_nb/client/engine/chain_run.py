"""The state of a running chain of steps, and the actions and objects that it waits for."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.failures import add_accepted
from poseidon_nb.client.engine.steps import Outcome, When
from poseidon_nb.errors import ActionError, PoseidonError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poseidon_nb.client.actions.actions import Action, Actions
    from poseidon_nb.client.actions.progress import OnProgress, Progress
    from poseidon_nb.client.actions.waiting import ActionWaiter
    from poseidon_nb.client.engine.consistency import ExpectedState
    from poseidon_nb.client.engine.sender import AcceptedStep
    from poseidon_nb.client.engine.steps import Chain, Status, Step
    from poseidon_nb.client.statuses import StatusWait
    from poseidon_nb.transport.cancellation import Cancellation

    Row = Mapping[str, Any]


@dataclass
class ChainRun:
    """The state of a running chain. Any thread may read it; only its execution changes it."""

    chain: Chain
    #: Index of the next step, or of the step in progress.
    position: int = 0
    #: What delays the chain: ``"waiting 12 s: rate limit"``; empty if nothing does.
    note: str = ""
    #: Latest progress of each action, by action id, in the order in which they started.
    progress: dict[int, Progress] = field(default_factory=dict)
    #: One for each target of each step that has ended.
    outcomes: list[Outcome] = field(default_factory=list)
    ended: bool = False
    #: Whether the API has accepted a step, or may have.
    started: bool = False
    #: The first error that made the chain fail.
    error: PoseidonError | None = None
    #: The step in progress as it was sent, and its acceptance.
    step: Step | None = None
    accepted: AcceptedStep | None = None
    #: Whether its next step waits for other chains.
    waits_for_others: bool = False
    #: Index of each target that is waited for, by action id, or by `ChainWaits` key if there is no action.
    waiting_for: dict[int, int] = field(default_factory=dict)
    actions: dict[int, Action] = field(default_factory=dict)
    rows: dict[int, Row] = field(default_factory=dict)
    results: dict[int, tuple[Status, PoseidonError | None]] = field(default_factory=dict)
    #: When the step in progress was accepted, in monotonic seconds; None before.
    accepted_s: float | None = None
    #: The wait of the step in progress for a status.
    status_wait: StatusWait | None = None
    #: Another action on the target that must end first.
    blocked_by: Action | None = None
    attempts: int = 0
    not_before_s: float = 0.0
    #: Since when a target that must be read before its step could not be read; None while it can.
    unreadable_since_s: float | None = None
    cancellation: Cancellation | None = None

    @property
    def sending(self) -> bool:
        """Whether a request of the chain is in flight or queued."""
        return self.cancellation is not None

    @property
    def succeeded(self) -> bool:
        """Whether the chain has ended, and every step is done or was not needed."""
        return self.ended and all(map(_is_success, self.outcomes))

    def outcome(self, index: int, status: Status, error: PoseidonError | None = None) -> Outcome:
        """Return the outcome of the step in progress for one of its targets."""
        step = self.step or self.chain[self.position]
        target, action, row = step.targets[index], self.actions.get(index), self.rows.get(index)
        answer = row if row is not None else self.accepted.answer if self.accepted is not None else None
        if error is not None and self.accepted is not None:
            add_accepted(error, step, target, action)
        return Outcome(step, target, status, action, answer, error)

    def outcomes_of(self, step: Step, status: Status, error: PoseidonError | None = None) -> list[Outcome]:
        """Return the same outcome for all targets of a step."""
        self.step = step
        return [self.outcome(index, status, error) for index in range(len(step.targets))]

    def accepted_outcomes(self) -> list[Outcome]:
        """Return the outcomes of an accepted step, one for each target."""
        indices = range(len(self.step.targets)) if self.step is not None else ()
        return [self.outcome(index, *self.results.get(index, ("completed", None))) for index in indices]

    def end_step(self, outcomes: list[Outcome]) -> None:
        """Add the outcomes of the step in progress, and move to the next step."""
        step = self.step or self.chain[self.position]
        self.outcomes += outcomes
        failed = next((outcome.error for outcome in outcomes if outcome.error is not None), None)
        if failed is not None and not (step.best_effort and isinstance(failed, ActionError)):
            self.error = self.error or failed
        self.position += 1
        self.step, self.accepted, self.accepted_s, self.attempts = None, None, None, 0
        self.status_wait = None
        self.waiting_for, self.actions, self.rows, self.results = {}, {}, {}, {}
        self.ended = self.position == len(self.chain)


def _is_success(outcome: Outcome) -> bool:
    tolerated = outcome.step.best_effort and isinstance(outcome.error, ActionError)
    not_needed = outcome.step.when is When.ON_FAILURE and outcome.status == "skipped" and outcome.error is None
    return outcome.status in {"completed", "unchanged"} or tolerated or not_needed


class ChainWaits:
    """The actions and expected states that the chains of an execution wait for, each under a key.

    Parameters
    ----------
    actions : Actions
        The account's actions, with the one poller.
    on_progress : callable
        Called with a `Progress` of each action at each check.
    """

    def __init__(self, actions: Actions, on_progress: OnProgress) -> None:
        self._actions = actions
        self._waiters = [actions.waiter(on_progress)]
        #: By key and chain.
        self._waiter_of: dict[int, dict[int, ActionWaiter]] = {}

    def add(self, chain: int, action: Action, limit_s: float) -> None:
        """Wait for an action, under its id. Several chains may wait for the same one."""
        self._actions.poller.add([action.id])
        self._waiter_for(chain, action.id).add(action, limit_s)

    def add_expected(self, chain: int, expected: ExpectedState) -> int:
        """Wait for an expected state for which there is no action, and return its key."""
        # Resources and actions are numbered separately, and no action has a negative id.
        key = -expected.id
        self._waiter_for(chain, key).add_expected(key, expected)
        return key

    def _waiter_for(self, chain: int, key: int) -> ActionWaiter:
        """Return the first waiter that does not wait for a key yet: each has a key once, and reports to one chain."""
        used = self._waiter_of.setdefault(key, {})
        waiter = next((one for one in self._waiters if one not in used.values()), None)
        if waiter is None:
            # Progress is reported once, by the first one.
            waiter = self._actions.waiter(None)
            self._waiters.append(waiter)
        used[chain] = waiter
        return waiter

    def chains_of(self, key: int) -> list[int]:
        """Return the numbers of the chains that wait for a key."""
        return [*self._waiter_of.get(key, ())]

    def poll(self) -> PoseidonError | None:
        """Poll the account if it is time to; return an error if polling has failed for too long."""
        try:
            self._actions.poll()
        except PoseidonError as error:
            if not self._actions.poller.tolerates(error):
                return error
        for waiter in self._waiters:
            waiter.update(self._actions.poller.latest)
        return None

    def pop_ended(self) -> Iterator[tuple[int, int, PoseidonError | None]]:
        """Yield and remove what has ended: its key, its chain and its error."""
        waits = [(key, chain, waiter) for key, used in self._waiter_of.items() for chain, waiter in used.items()]
        for key, chain, waiter in waits:
            if waiter.is_done(key):
                failure = waiter.failures.get(key)
                self.remove(key, chain)
                yield key, chain, failure

    def remove(self, key: int, chain: int) -> None:
        """Stop waiting for a key in a chain."""
        used = self._waiter_of.get(key, {})
        waiter = used.pop(chain, None)
        if waiter is None:
            return
        if not used:
            del self._waiter_of[key]
        waiter.remove(key)
        # Negative keys are expected states without an action.
        if key > 0:
            self._actions.poller.remove([key])

    def clear(self) -> list[tuple[int, int]]:
        """Stop waiting for all keys, and return them with their chains."""
        removed = [(key, chain) for key, used in self._waiter_of.items() for chain in used]
        for key, chain in removed:
            self.remove(key, chain)
        return removed


@contextmanager
def defer_interrupts() -> Iterator[None]:
    """Delay Ctrl-C until the block ends, so that a response is never lost between receiving and storing it.

    For blocks that do not wait.
    """
    handler = signal.getsignal(signal.SIGINT)
    # Only the main thread receives signals. A handler that is ignored or not in Python raises nothing.
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    received: list[tuple[Any, ...]] = []
    signal.signal(signal.SIGINT, lambda *signal_args: received.append(signal_args))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if received:
            handler(*received[-1])
