"""Plans that are resumed: how the journal records them."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.plans import journal_entry as lines
from poseidon_nb.plans.journal_files import warn_once

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from poseidon_nb.client.engine.steps import Chain
    from poseidon_nb.plans.journal_entry import Entry
    from poseidon_nb.plans.journal_files import PlanFile


@dataclass(frozen=True, slots=True)
class ResumedPlan:
    """A plan that is resumed.

    Parameters
    ----------
    file : PlanFile
        Held by this process.
    entry : Entry
    chains : sequence of Chain
        What is to be run of it.
    left_open : sequence of int
        The numbers of those of the entry's chains that stay open and are not run.
    note : str
        Why.
    done : int
        How many steps need not be looked at any more.
    """

    file: PlanFile
    entry: Entry
    chains: Sequence[Chain]
    left_open: Sequence[int] = ()
    note: str = ""
    done: int = 0

    def resumed_line(self, now: datetime) -> dict[str, Any]:
        """Return the line that says how it goes on."""
        earlier = [
            line
            for new, number in enumerate(self.left_open, len(self.chains))
            for line in lines.lines_of_chain(self.entry, number, new)
        ]
        chains = [*self.chains, *(_without_references(self.entry.chains[number]) for number in self.left_open)]
        return lines.resumed_line(now, chains, done=self.done, note=self.note, earlier=earlier)

    def release(self, now: datetime) -> None:
        """Write down how far it has got, where nothing of it is to be run, and let it go."""
        try:
            self.file.write(self.resumed_line(now) if self.left_open else lines.closed_line(now), sync=True)
        except OSError as error:
            warn_once(error)
        if self.left_open:
            self.file.release()
        else:
            self.file.end()


def _without_references(chain: Chain) -> Chain:
    """Return a chain whose references point to no chain, because chains get new numbers."""
    return tuple(replace(step, references=tuple(replace(one, chain=-1) for one in step.references)) for step in chain)


class ResumedPlans:
    """Plans that are resumed together.

    Parameters
    ----------
    plans : sequence of ResumedPlan
        What is run is their chains, one plan after the other.
    """

    def __init__(self, plans: Sequence[ResumedPlan]) -> None:
        self.plans = plans
        #: Whether their records have begun: from then on they are the engine's to close.
        self.begun = False


_resumed: ContextVar[ResumedPlans | None] = ContextVar("resumed", default=None)


@contextmanager
def resuming(plans: Sequence[ResumedPlan]) -> Iterator[ResumedPlans]:
    """Record what is run within the block under the plans that it resumes."""
    resumed = ResumedPlans(plans)
    before = _resumed.set(resumed)
    try:
        yield resumed
    finally:
        _resumed.reset(before)


def resumed_here() -> ResumedPlans | None:
    """Return the plans that this thread resumes, if any."""
    return _resumed.get()
