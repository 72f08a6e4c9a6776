"""One execution: chains of steps on their way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.client.actions.progress import Progress
    from poseidon_nb.client.engine.outcomes import Outcome
    from poseidon_nb.client.engine.steps import Chain


@dataclass
class ChainRun:
    """How far a chain is. Read it from any thread; only the engine changes it."""

    chain: Chain
    #: The number of the step that is next, or in progress.
    at: int = 0
    #: What holds it up: ``"waiting 12 s: rate limit"``, ``"waits until its snapshot has ended"``; empty when nothing does.
    note: str = ""
    #: The last news of each of its actions, by the action's id, in the order in which they began.
    told: dict[int, Progress] = field(default_factory=dict)
    #: One for each step that has ended and target.
    outcomes: list[Outcome] = field(default_factory=list)
    ended: bool = False


class Execution:
    """Chains that run side by side."""

    title: str
    chains: Sequence[ChainRun]
    done: bool
