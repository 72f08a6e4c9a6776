"""How far a chain of steps is, as whoever shows it reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.failures import name_accepted
from poseidon_nb.client.engine.outcomes import Outcome
from poseidon_nb.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.actions.progress import Progress
    from poseidon_nb.client.engine.outcomes import Status
    from poseidon_nb.client.engine.sending import Answered
    from poseidon_nb.client.engine.steps import Chain, Step
    from poseidon_nb.errors import PoseidonError
    from poseidon_nb.transport.cancellation import Cancellation

    Row = Mapping[str, Any]


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
    #: Since when the target could not be read that has to be before the step; None while it can.
    unread_since_s: float | None = None
    cancellation: Cancellation | None = None

    @property
    def sending(self) -> bool:
        """Whether a request of it is on its way, or waits for its turn."""
        return self.cancellation is not None

    def outcome(self, place: int, status: Status, error: PoseidonError | None = None) -> Outcome:
        """Return the outcome of the step in progress for one of its targets."""
        step = self.step or self.chain[self.at]
        target, action, row = step.targets[place], self.actions.get(place), self.rows.get(place)
        answer = row if row is not None else self.answered.answer if self.answered is not None else None
        if error is not None and self.answered is not None:
            name_accepted(error, step, target, action)
        return Outcome(step, target, status, action, answer, error)

    def outcomes_of(self, step: Step, status: Status, error: PoseidonError | None = None) -> list[Outcome]:
        """Return the same outcome of a step for all of its targets."""
        self.step = step
        return [self.outcome(place, status, error) for place in range(len(step.targets))]

    def finished(self) -> list[Outcome]:
        """Return the outcomes of a step that was accepted, one for each target."""
        places = range(len(self.step.targets)) if self.step is not None else ()
        return [self.outcome(place, *self.ends.get(place, ("completed", None))) for place in places]

    def end_step(self, outcomes: list[Outcome]) -> None:
        """Take in what became of the step in progress, and go to the next."""
        step = self.step or self.chain[self.at]
        self.outcomes += outcomes
        failed = next((one.error for one in outcomes if one.error is not None), None)
        if failed is not None and not (step.best_effort and isinstance(failed, ActionError)):
            self.error = self.error or failed
        self.at += 1
        self.step, self.answered, self.accepted_s, self.tries = None, None, None, 0
        self.open, self.actions, self.rows, self.ends = {}, {}, {}, {}
        self.ended = self.at == len(self.chain)


def values_for(step: Step, chains: Sequence[ChainRun]) -> dict[str, Any] | None:
    """Return what a step's references stand for; None while that is not known."""
    values: dict[str, Any] = {}
    for reference in step.references:
        made = chains[reference.chain]
        row = next((outcome.answer for outcome in reversed(made.outcomes) if outcome.answer), None)
        if row is None or reference.field not in row:
            return None
        values[reference.shows] = row[reference.field]
    return values
