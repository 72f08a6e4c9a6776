"""The journal of plans: what this machine began to change, kept so that it can be taken up again after the kernel has ended.

A plan is written down before its first request, each acceptance when it comes, and what became of each step. The journal
holds the intent; how far a plan got is read from the account, see `resume`.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING, Any, Final

from poseidon_nb.client.engine.steps import When
from poseidon_nb.plans import journal_changes
from poseidon_nb.plans import journal_entry as lines
from poseidon_nb.plans.journal_account import account_key
from poseidon_nb.plans.journal_files import PlanFiles, new_id, state_folder, warn_once
from poseidon_nb.plans.journal_resumed import resumed_here
from poseidon_nb.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.outcomes import Outcome
    from poseidon_nb.client.engine.recording import Record
    from poseidon_nb.client.engine.steps import Chain
    from poseidon_nb.plans.journal_entry import Entry
    from poseidon_nb.plans.journal_files import PlanFile
    from poseidon_nb.plans.journal_resumed import ResumedPlan
    from poseidon_nb.transport.change_log import LoggedChange

#: Statuses after which a plan of one step is over, whatever was accepted.
_OVER: Final = frozenset({"completed", "unchanged", "failed", "skipped"})

_log = logging.getLogger("poseidon_nb")


class PlanJournal:
    """The journal as one client writes to it.

    Parameters
    ----------
    client : Client
        Whose account is changed, and whose time it is.

    Notes
    -----
    Safe to use from several threads, kernels and forked processes.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def begin(self, chains: Sequence[Chain], title: str) -> Record:
        """Return the record of an execution that is about to send its first request; never raises.

        Within `resuming` the records are those of the plans that are resumed.
        """
        resumed = resumed_here()
        if resumed is not None:
            resumed.begun = True
            return _SeveralRecords.of_plans(self._client, resumed.plans)
        label, key = self._client.label(), account_key(self._client)
        first = lines.begun_line(
            new_id(),
            time=self._client.now(),
            version=__version__,
            title=lines.safe_title(title, chains),
            account=label,
            key=key,
            chains=chains,
        )
        file: PlanFile | None = None
        try:
            file = PlanFiles(state_folder()).create()
            first["id"] = file.id
            file.write(first, sync=True)
        except OSError as error:
            warn_once(error)
            if file is not None:
                file.end()
                file = None
        _prune_once()
        return _KeptRecord(self._client, file, first, chains)


class _KeptRecord:
    """The record of one execution: in a file, and in memory for as long as it runs.

    Parameters
    ----------
    client : Client
        Whose time it is.
    file : PlanFile or None
        None where nothing can be written.
    first : mapping
        The line that it began with.
    chains : sequence of Chain
    remains : bool
        Part of the plan is not carried out here, so that it has not ended when this has.
    """

    def __init__(
        self,
        client: Client,
        file: PlanFile | None,
        first: Mapping[str, Any],
        chains: Sequence[Chain],
        *,
        remains: bool = False,
    ) -> None:
        self.id = str(first["id"])
        self._client = client
        self._file = file
        self._first = first
        self._later: list[Mapping[str, Any]] = []
        self._single = len(chains) == 1 and len(chains[0]) == 1 and not remains
        self._remains = remains
        self._chains = chains
        written = first["chains"] or lines.chains_data(chains)
        self._secret = [[bool(step.get("secret")) for step in chain] for chain in written]
        self._closed = False
        self._pid = os.getpid()
        self._lock = threading.Lock()
        if file is not None:
            file.running = True
        _live[self.id] = self

    @property
    def mine(self) -> bool:
        """Whether this process runs the plan; one that was forked off has a copy only."""
        return self._pid == os.getpid()

    def entry(self) -> Entry:
        """Return what is known of the plan."""
        with self._lock:
            return lines.read_entry("".join(lines.json_line(line).decode() for line in (self._first, *self._later)))

    @classmethod
    def of_resumed(cls, client: Client, plan: ResumedPlan) -> _KeptRecord:
        """Return the record of a plan that is resumed, and write down its remaining steps."""
        first = lines.begun_line(
            plan.entry.id,
            time=plan.entry.begun,
            version=plan.entry.version,
            title=plan.entry.title,
            account=plan.entry.account,
            key=plan.entry.key,
            chains=(),
        )
        record = cls(client, plan.file, first, plan.chains, remains=bool(plan.left_open))
        record._add(plan.resumed_line(client.now()), sync=True)
        return record

    def sending(self, chain: int, step: int) -> None:
        """Record that a step's request is about to be sent. Its process may be killed from here on: that loses no line."""
        self._add(lines.sending_line(self._client.now(), chain, step))

    def accepted(self, chain: int, step: int, *, things: Sequence[int | str | None], actions: Sequence[int]) -> None:
        """Record that the service has accepted a step."""
        self._add(lines.accepted_line(self._client.now(), chain, step, things, actions))

    def ended(self, chain: int, step: int, outcomes: Sequence[Outcome]) -> None:
        """Record what became of a step, an outcome for each target."""
        secret = self._secret[chain][step]
        self._add(lines.ended_line(self._client.now(), chain, step, outcomes, secret=secret))
        ends = self._chains[chain][step].when in {When.ALWAYS, When.ANYWAY}
        if ends and any(outcome.status in {"failed", "unknown"} for outcome in outcomes):
            # What was shut down may still be off: that has to be shown, and can be taken up again.
            self._remains = True
        if self._single and {outcome.status for outcome in outcomes} <= _OVER:
            self.close()

    def close(self) -> None:
        """Record that nothing more will come: everything has ended."""
        if not self.mine:
            return
        if self._remains:
            self.leave()
            return
        self._add(lines.closed_line(self._client.now()))
        file = self._let_go()
        if file is not None:
            file.end()

    def leave(self) -> None:
        """Record nothing more: what has not ended counts as interrupted."""
        if not self.mine:
            return
        file = self._let_go()
        if file is not None:
            file.release()

    def _let_go(self) -> PlanFile | None:
        with self._lock:
            file, self._file, self._closed = self._file, None, True
            _live.pop(self.id, None)
        return file

    def _add(self, line: Mapping[str, Any], *, sync: bool = False) -> None:
        if not self.mine:
            return
        with self._lock:
            if self._closed:
                return
            self._later.append(line)
            if self._file is not None:
                try:
                    self._file.write(line, sync=sync)
                except OSError as error:
                    warn_once(error)


def keep_change(change: LoggedChange) -> None:
    """Keep a change for ``%do log`` of later kernels; never raises."""
    try:
        journal_changes.keep(change)
    except OSError as error:
        warn_once(error)


#: The plans that run in this process, by id.
_live: dict[str, _KeptRecord] = {}


def running_here() -> dict[str, Entry]:
    """Return the plans that run in this process, by id; those of the process that it was forked from are not its own."""
    return {plan_id: record.entry() for plan_id, record in [*_live.items()] if record.mine}


class _SeveralRecords:
    """The records of several plans that are run as one."""

    def __init__(self, places: Sequence[tuple[_KeptRecord, int]]) -> None:
        self._places = places

    @classmethod
    def of_plans(cls, client: Client, plans: Sequence[ResumedPlan]) -> _SeveralRecords:
        """Return the record of plans that are resumed, whose chains are run plan by plan."""
        records = [(_KeptRecord.of_resumed(client, plan), plan) for plan in plans]
        return cls([(record, number) for record, plan in records for number in range(len(plan.chains))])

    def sending(self, chain: int, step: int) -> None:
        record, number = self._places[chain]
        record.sending(number, step)

    def accepted(self, chain: int, step: int, *, things: Sequence[int | str | None], actions: Sequence[int]) -> None:
        record, number = self._places[chain]
        record.accepted(number, step, things=things, actions=actions)

    def ended(self, chain: int, step: int, outcomes: Sequence[Outcome]) -> None:
        record, number = self._places[chain]
        record.ended(number, step, outcomes)

    def close(self) -> None:
        for record in dict.fromkeys(record for record, _ in self._places):
            record.close()

    def leave(self) -> None:
        for record in dict.fromkeys(record for record, _ in self._places):
            record.leave()


_pruned_by = 0


def _prune_once() -> None:
    global _pruned_by  # noqa: PLW0603  # once for each process
    if _pruned_by != os.getpid():
        _pruned_by = os.getpid()
        PlanFiles(state_folder()).prune()
