"""What became of a step, for each of its targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.engine.steps import Step, Target
    from poseidon_nb.errors import PoseidonError

#: ``in-progress`` was accepted and not waited for to its end; ``skipped`` was never sent; ``unknown`` was sent, and
#: neither an answer nor the account tells whether it was done.
Status = Literal["completed", "unchanged", "in-progress", "failed", "skipped", "unknown"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a step for one target.

    Parameters
    ----------
    step : Step
    target : Target
        With its id, also where the step created it.
    status : str
    action : Action or None
        What the service does or did for it, if it told.
    answer : object
        The object of the answer that concerns the target: a created droplet, a changed record; None where there is none.
    error : PoseidonError or None
        Why it did not end well.
    why : str
        Why it was left as it is: ``"already off"``.
    """

    step: Step
    target: Target
    status: Status
    action: Action | None = None
    answer: Any = None
    error: PoseidonError | None = None
    why: str = ""
