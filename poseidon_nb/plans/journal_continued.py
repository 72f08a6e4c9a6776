"""Plans that are taken up again: how the journal goes on with them."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.plans import journal_entry as lines
from poseidon_nb.plans.journal_files import notice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from poseidon_nb.client.engine.steps import Chain
    from poseidon_nb.plans.journal_entry import Entry
    from poseidon_nb.plans.journal_files import PlanFile


@dataclass(frozen=True, slots=True)
class Continued:
    """A plan that is taken up again.

    Parameters
    ----------
    file : PlanFile
        Held by this process.
    entry : Entry
    chains : sequence of Chain
        What is to be run of it.
    stay : sequence of int
        The numbers of those of the entry's chains that stay open and are not run.
    note : str
        Why.
    done : int
        How many steps need not be looked at any more.
    """

    file: PlanFile
    entry: Entry
    chains: Sequence[Chain]
    stay: Sequence[int] = ()
    note: str = ""
    done: int = 0

    def resumed_line(self, now: datetime) -> dict[str, Any]:
        """Return the line that says how it goes on."""
        earlier = [
            line
            for new, number in enumerate(self.stay, len(self.chains))
            for line in lines.lines_of_chain(self.entry, number, new)
        ]
        chains = [*self.chains, *(_loose(self.entry.chains[number]) for number in self.stay)]
        return lines.resumed_line(now, chains, done=self.done, note=self.note, earlier=earlier)

    def settle(self, now: datetime) -> None:
        """Write down how far it has got, where nothing of it is to be run, and let it go."""
        try:
            self.file.write(self.resumed_line(now) if self.stay else lines.closed_line(now), sync=True)
        except OSError as error:
            notice(error)
        if self.stay:
            self.file.release()
        else:
            self.file.end()


def _loose(chain: Chain) -> Chain:
    """Return a chain whose references lead to no chain any more: those are numbered anew."""
    return tuple(replace(step, references=tuple(replace(one, chain=-1) for one in step.references)) for step in chain)


class GoingOn:
    """Plans that are taken up again together.

    Parameters
    ----------
    plans : sequence of Continued
        What is run is their chains, one plan after the other.
    """

    def __init__(self, plans: Sequence[Continued]) -> None:
        self.plans = plans
        #: Whether their records have begun: from then on they are the engine's to close.
        self.begun = False


_going_on: ContextVar[GoingOn | None] = ContextVar("going_on", default=None)


@contextmanager
def resuming(plans: Sequence[Continued]) -> Iterator[GoingOn]:
    """Have what is run within go on under the plans that it comes from."""
    going_on = GoingOn(plans)
    before = _going_on.set(going_on)
    try:
        yield going_on
    finally:
        _going_on.reset(before)


def going_on() -> GoingOn | None:
    """Return the plans that are taken up again here, if any are."""
    return _going_on.get()
