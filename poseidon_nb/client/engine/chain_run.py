"""How far a chain of steps is, as whoever shows it reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.actions.progress import Progress
    from poseidon_nb.client.engine.outcomes import Outcome, Status
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
