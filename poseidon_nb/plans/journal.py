"""The journal of plans: what this machine began to change, kept so that it can be taken up again after the kernel has ended.

A plan is written down before its first request, each acceptance when it comes, and what became of each step. The journal
holds the intent; how far a plan got is read from the account, see `resume`.
"""

from __future__ import annotations

import logging
import os
import threading
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from poseidon_nb.plans import journal_changes
from poseidon_nb.plans import journal_entry as lines
from poseidon_nb.plans.journal_account import account_key
from poseidon_nb.plans.journal_files import PlanFiles, new_id, state_folder
from poseidon_nb.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.outcomes import Outcome
    from poseidon_nb.client.engine.recording import Record
    from poseidon_nb.client.engine.steps import Chain
    from poseidon_nb.plans.journal_entry import AccountKey, Entry
    from poseidon_nb.plans.journal_files import PlanFile
    from poseidon_nb.transport.journal import Change

State = Literal[
    "running here", "running in another kernel", "interrupted", "to be given again", "other account", "damaged"
]
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

        Within `resuming` the records are those of the plans that are taken up again.
        """
        going_on = _going_on.get()
        if going_on is not None:
            return going_on.records(self._client)
        label, key = self._client.label(), account_key(self._client)
        begun: dict[str, Any] = {
            "time": self._client.now(),
            "version": __version__,
            "title": title or lines.verbs_of(chains),
            "account": label,
            "key": key,
            "chains": chains,
        }
        file: PlanFile | None = None
        try:
            file = PlanFiles(state_folder()).create()
            file.write(lines.begun_line(file.id, **begun), sync=True)
        except OSError as error:
            _notice(error)
            if file is not None:
                file.end()
                file = None
        first = lines.begun_line(file.id if file else new_id(), **begun)
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
        secret = [[bool(step.get("secret")) for step in chain] for chain in lines.chains_data(chains)]
        self._secret = secret
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
            return lines.read_entry("".join(lines.text_of(line).decode() for line in (self._first, *self._later)))

    @classmethod
    def of_continued(cls, client: Client, plan: Continued) -> _KeptRecord:
        """Return the record of a plan that is taken up again, with what is left of it written down."""
        first = lines.begun_line(
            plan.entry.id,
            time=plan.entry.begun,
            version=plan.entry.version,
            title=plan.entry.title,
            account=plan.entry.account,
            key=plan.entry.key,
            chains=(),
        )
        record = cls(client, plan.file, first, plan.chains, remains=bool(plan.stay))
        record._add(plan.resumed_line(client.now()), sync=True)
        return record

    def sending(self, chain: int, step: int) -> None:
        """Record that a step's request is about to be sent. Its process may be killed from here on: that loses no line."""
        self._add(lines.sending_line(self._client.now(), chain, step))

    def accepted(self, chain: int, step: int, *, things: Sequence[int | str | None], actions: Sequence[int]) -> None:
        """Record that the service has accepted a step."""
        self._add(lines.accepted_line(self._client.now(), chain, step, things, actions), sync_soon=True)

    def ended(self, chain: int, step: int, outcomes: Sequence[Outcome]) -> None:
        """Record what became of a step, an outcome for each target."""
        secret = self._secret[chain][step]
        self._add(lines.ended_line(self._client.now(), chain, step, outcomes, secret=secret))
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

    def _add(self, line: Mapping[str, Any], *, sync: bool = False, sync_soon: bool = False) -> None:
        if not self.mine:
            return
        with self._lock:
            if self._closed:
                return
            self._later.append(line)
            if self._file is not None:
                try:
                    self._file.write(line, sync=sync)
                    if sync_soon:
                        self._file.sync_soon(_notice)
                except OSError as error:
                    _notice(error)


def keep_change(change: Change) -> None:
    """Keep a change for ``%do log`` of later kernels; never raises."""
    try:
        journal_changes.keep(change)
    except OSError as error:
        _notice(error)


#: The plans that run in this process, by id.
_live: dict[str, _KeptRecord] = {}


@dataclass(frozen=True, slots=True)
class Listed:
    """A plan that has not ended, and how it is."""

    id: str
    state: State
    #: None where its file is damaged.
    entry: Entry | None
    note: str = ""


def unended(key: AccountKey | None) -> list[Listed]:
    """Return the plans that have not ended, oldest first; nothing is sent.

    Parameters
    ----------
    key : AccountKey or None
        Of the account that is chosen now; None where there is none, and then every account counts as another.
    """
    files = PlanFiles(state_folder())
    running = {plan_id: record for plan_id, record in [*_live.items()] if record.mine}
    found = [Listed(plan_id, "running here", record.entry()) for plan_id, record in running.items()]
    for plan_id, entry in files.entries():
        if plan_id in running:
            continue
        if isinstance(entry, str):
            found.append(Listed(plan_id, "damaged", None, entry))
        elif not entry.closed:
            found.append(Listed(plan_id, _state(files, entry, key), entry, entry.note))
    return sorted(found, key=lambda one: (one.entry is None, one.entry.begun if one.entry else None, one.id))


def _state(files: PlanFiles, entry: Entry, key: AccountKey | None) -> State:
    if files.runs(entry.id):
        return "running in another kernel"
    if key is None or not entry.key.same(key):
        return "other account"
    open_ = [place for place in _places(entry) if place not in entry.ended]
    if open_ and all(place in entry.secret and place not in entry.accepted for place in open_):
        return "to be given again"
    return "interrupted"


def _places(entry: Entry) -> Iterator[tuple[int, int]]:
    return ((number, at) for number, chain in enumerate(entry.chains) for at in range(len(chain)))


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
            _notice(error)
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

    def records(self, client: Client) -> Record:
        """Return the record of all of them."""
        self.begun = True
        return _SeveralRecords(
            [
                (record, number)
                for plan in self.plans
                for record in (_KeptRecord.of_continued(client, plan),)
                for number in range(len(plan.chains))
            ]
        )


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


class _SeveralRecords:
    """The records of several plans that are run as one."""

    def __init__(self, places: Sequence[tuple[_KeptRecord, int]]) -> None:
        self._places = places

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


# Where nothing can be written, and what is old.

_noticed = False
_pruned_by = 0


def _notice(error: OSError) -> None:
    """Say once for this process that plans are kept in memory only."""
    global _noticed  # noqa: PLW0603  # one notice for the process
    if not _noticed:
        _noticed = True
        _log.warning(
            "plans and changes cannot be kept in %s (%s): if this kernel ends in the middle of one, %%do plans will not know it",
            state_folder(),
            error.strerror or error,
        )


def _prune_once() -> None:
    global _pruned_by  # noqa: PLW0603  # once for each process
    if _pruned_by != os.getpid():
        _pruned_by = os.getpid()
        PlanFiles(state_folder()).prune()
