"""Records: what the engine calls while a plan runs, written to the plan's file; and how a resumed plan is recorded."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.steps import When
from poseidon_nb.plans import journal_entry as lines
from poseidon_nb.plans.user_state import warn_once

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.steps import Chain, Outcome
    from poseidon_nb.plans.journal_entry import JournalEntry
    from poseidon_nb.plans.journal_files import PlanFile


class PlanRecord:
    """The record of one execution, in a file and, while it runs, in memory.

    Parameters
    ----------
    client : Client
        Its clock gives the time of each line.
    file : PlanFile or None
        None if nothing can be written.
    first : mapping
        The first line of the file.
    chains : sequence of Chain
    incomplete : bool
        Whether part of the plan is not run here, so that the plan stays open when this execution ends.
    """

    def __init__(
        self,
        client: Client,
        file: PlanFile | None,
        first: Mapping[str, Any],
        chains: Sequence[Chain],
        *,
        incomplete: bool = False,
    ) -> None:
        self.id = str(first["id"])
        self._client = client
        self._file = file
        self._first = first
        self._events: list[Mapping[str, Any]] = []
        self._single = len(chains) == 1 and len(chains[0]) == 1 and not incomplete
        self._incomplete = incomplete
        self._chains = chains
        data = first["chains"] or lines.chains_data(chains)
        self._secret = [[bool(step.get("secret")) for step in chain] for chain in data]
        self._closed = False
        self._pid = os.getpid()
        self._lock = threading.Lock()
        if file is not None:
            file.in_use = True
        _running[self.id] = self

    @classmethod
    def resume(cls, client: Client, plan: ResumedPlan) -> PlanRecord:
        """Create the record of a plan that is resumed, and write its remaining steps."""
        first = lines.first_line(
            plan.entry.id,
            time=plan.entry.started_at,
            version=plan.entry.version,
            title=plan.entry.title,
            account=plan.entry.account,
            key=plan.entry.key,
            chains=(),
            notes=plan.entry.notes,
        )
        record = cls(client, plan.file, first, plan.chains, incomplete=bool(plan.left_open))
        record._add(plan.resumed_line(client.now()), sync=True)
        return record

    @property
    def is_owner(self) -> bool:
        """Whether this process runs the plan; a forked process only has a copy."""
        return self._pid == os.getpid()

    def entry(self) -> JournalEntry:
        """Return the plan and its progress."""
        with self._lock:
            return lines.parse_entry("".join(lines.encode_line(line).decode() for line in (self._first, *self._events)))

    def sending(self, chain: int, step: int) -> None:
        """Record that a step's request is about to be sent. From here on the process may be killed without losing a line."""
        self._add(lines.sending_line(self._client.now(), (chain, step)))

    def accepted(
        self, chain: int, step: int, *, target_ids: Sequence[int | str | None], actions: Sequence[int]
    ) -> None:
        """Record that the API accepted a step."""
        self._add(lines.accepted_line(self._client.now(), (chain, step), target_ids, actions))

    def ended(self, chain: int, step: int, outcomes: Sequence[Outcome]) -> None:
        """Record the outcomes of a step, one for each target."""
        secret = self._secret[chain][step]
        self._add(lines.ended_line(self._client.now(), (chain, step), outcomes, secret=secret))
        powers_on = self._chains[chain][step].runs_always or self._chains[chain][step].when is When.ON_FAILURE
        if powers_on and any(outcome.status in {"failed", "unknown"} for outcome in outcomes):
            # A droplet that was shut down may still be off: the plan stays listed and can be resumed.
            self._incomplete = True
        if self._single and {outcome.status for outcome in outcomes} <= lines.FINAL_STATUSES:
            self.close()

    def close(self) -> None:
        """Record that everything has ended."""
        if not self.is_owner:
            return
        if self._incomplete:
            self.detach()
            return
        self._add(lines.closed_line(self._client.now()))
        file = self._detach()
        if file is not None:
            file.end()

    def detach(self) -> None:
        """Stop recording; what has not ended counts as interrupted."""
        if not self.is_owner:
            return
        file = self._detach()
        if file is not None:
            file.release()

    def _detach(self) -> PlanFile | None:
        with self._lock:
            file, self._file, self._closed = self._file, None, True
            _running.pop(self.id, None)
        return file

    def _add(self, line: Mapping[str, Any], *, sync: bool = False) -> None:
        if not self.is_owner:
            return
        with self._lock:
            if self._closed:
                return
            self._events.append(line)
            if self._file is not None:
                try:
                    self._file.write(line, sync=sync)
                except OSError as error:
                    warn_once(error)


#: The plans that run in this process, by id.
_running: dict[str, PlanRecord] = {}


def running_plans() -> dict[str, JournalEntry]:
    """Return the plans that run in this process by id, without those of the process from which it was forked."""
    return {plan_id: record.entry() for plan_id, record in [*_running.items()] if record.is_owner}


class CombinedRecord:
    """The records of several resumed plans that run as one; their chains are numbered plan by plan."""

    def __init__(self, client: Client, plans: Sequence[ResumedPlan]) -> None:
        self._records = [PlanRecord.resume(client, plan) for plan in plans]
        self._places = [
            (record, number)
            for record, plan in zip(self._records, plans, strict=True)
            for number in range(len(plan.chains))
        ]

    def sending(self, chain: int, step: int) -> None:
        """Record for the chain's plan that a request is about to be sent."""
        record, number = self._places[chain]
        record.sending(number, step)

    def accepted(
        self, chain: int, step: int, *, target_ids: Sequence[int | str | None], actions: Sequence[int]
    ) -> None:
        """Record for the chain's plan that the API accepted a step."""
        record, number = self._places[chain]
        record.accepted(number, step, target_ids=target_ids, actions=actions)

    def ended(self, chain: int, step: int, outcomes: Sequence[Outcome]) -> None:
        """Record for the chain's plan the outcomes of a step."""
        record, number = self._places[chain]
        record.ended(number, step, outcomes)

    def close(self) -> None:
        """Record for all plans that everything has ended."""
        for record in self._records:
            record.close()

    def detach(self) -> None:
        """Stop recording all plans."""
        for record in self._records:
            record.detach()


@dataclass(frozen=True, slots=True)
class ResumedPlan:
    """A plan that is resumed.

    Parameters
    ----------
    file : PlanFile
        Locked by this process.
    entry : JournalEntry
    chains : sequence of Chain
        The remaining chains to run.
    left_open : sequence of int
        The numbers of those of the entry's chains that stay open and are not run.
    note : str
        Why they are not run.
    done : int
        The number of steps that are settled.
    """

    file: PlanFile
    entry: JournalEntry
    chains: Sequence[Chain]
    left_open: Sequence[int] = ()
    note: str = ""
    done: int = 0

    def resumed_line(self, now: datetime) -> dict[str, Any]:
        """Return the event with the chains to run and those that stay open."""
        earlier = [
            line
            for new, number in enumerate(self.left_open, len(self.chains))
            for line in lines.chain_lines(self.entry, number, new)
        ]
        chains = [*self.chains, *(_without_references(self.entry.chains[number]) for number in self.left_open)]
        return lines.resumed_line(now, chains, done=self.done, note=self.note, earlier=earlier)

    def release(self, now: datetime) -> None:
        """Record the progress of a plan of which nothing is to be run, and release its file."""
        try:
            self.file.write(self.resumed_line(now) if self.left_open else lines.closed_line(now), sync=True)
        except OSError as error:
            warn_once(error)
        if self.left_open:
            self.file.release()
        else:
            self.file.end()


def _without_references(chain: Chain) -> Chain:
    """Return a chain whose references point to no chain, because chains are renumbered."""
    return tuple(replace(step, references=tuple(replace(one, chain=-1) for one in step.references)) for step in chain)


class ResumeContext:
    """The plans that one execution resumes, one after the other.

    Parameters
    ----------
    plans : sequence of ResumedPlan
    """

    def __init__(self, plans: Sequence[ResumedPlan]) -> None:
        self.plans = plans
        #: Whether their records were created; from then on the engine closes them.
        self.started = False


_context: ContextVar[ResumeContext | None] = ContextVar("resume_context", default=None)


@contextmanager
def resuming(plans: Sequence[ResumedPlan]) -> Iterator[ResumeContext]:
    """Record what is run within the block under the plans that it resumes."""
    context = ResumeContext(plans)
    token = _context.set(context)
    try:
        yield context
    finally:
        _context.reset(token)


def current_resume() -> ResumeContext | None:
    """Return the plans that this thread resumes, or None."""
    return _context.get()
