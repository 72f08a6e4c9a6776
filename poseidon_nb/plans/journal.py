"""The journal of plans: what this machine has started to change, so that it can be resumed after the kernel has ended.

A plan is written before its first request, then each acceptance and each outcome as it happens. The journal keeps the
intent; the progress of a plan is read from the account, see `resume`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Literal, ParamSpec

from poseidon_nb.client.client import connect as _connect
from poseidon_nb.plans import journal_entry as lines
from poseidon_nb.plans.journal_files import PlanFiles, new_id
from poseidon_nb.plans.journal_records import CombinedRecord, PlanRecord, current_resume, running_plans
from poseidon_nb.plans.user_state import account_key, save_change, warn_once
from poseidon_nb.unstored import may_hold_secret
from poseidon_nb.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.steps import Chain, ExecutionRecord
    from poseidon_nb.plans.journal_entry import AccountKey, JournalEntry
    from poseidon_nb.plans.journal_files import PlanFile

P = ParamSpec("P")
PlanState = Literal[
    "running here", "running in another kernel", "interrupted", "must be run again", "other account", "damaged"
]

#: The process that has pruned the journal.
_pruned_by = 0


class PlanJournal:
    """The recorder of a client's changes.

    Parameters
    ----------
    client : Client
        The client whose account is changed, and whose clock is used.

    Notes
    -----
    Safe to use from several threads, kernels and forked processes.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def begin(self, chains: Sequence[Chain], title: str, notes: Sequence[str] = ()) -> ExecutionRecord:
        """Create the record of an execution that is about to send its first request; never raises.

        Within `resuming`, the record is that of the resumed plans.
        """
        context = current_resume()
        if context is not None:
            context.started = True
            return CombinedRecord(self._client, context.plans)
        label, key = self._client.label(), account_key(self._client)
        first = lines.first_line(
            new_id(),
            time=self._client.now(),
            version=__version__,
            title=lines.safe_title(title, chains),
            account=label,
            key=key,
            chains=chains,
            notes=[note for note in notes if not may_hold_secret(note)],
        )
        file: PlanFile | None = None
        try:
            file = PlanFiles().create()
            first["id"] = file.id
            file.write(first, sync=True)
        except OSError as error:
            warn_once(error)
            if file is not None:
                file.end()
                file = None
        _prune_once()
        return PlanRecord(self._client, file, first, chains)


def _prune_once() -> None:
    global _pruned_by  # noqa: PLW0603  # once for each process
    if _pruned_by != os.getpid():
        _pruned_by = os.getpid()
        PlanFiles().prune()


def _with_journal(connect: Callable[P, Client]) -> Callable[P, Client]:
    @wraps(connect)
    def connect_with_journal(*args: P.args, **kwargs: P.kwargs) -> Client:
        client = connect(*args, **kwargs)
        client.engine.recorder = PlanJournal(client)
        client.changes.on_add = save_change
        return client

    return connect_with_journal


#: The public `connect`: its clients keep their changes in the journal.
connect = _with_journal(_connect)


@dataclass(frozen=True, slots=True)
class UnfinishedPlan:
    """A plan that has not ended, and its state."""

    id: str
    state: PlanState
    #: None if the file is damaged.
    entry: JournalEntry | None
    note: str = ""


def unfinished_plans(key: AccountKey | None) -> list[UnfinishedPlan]:
    """Return the plans that have not ended, oldest first. No request is sent.

    Parameters
    ----------
    key : AccountKey or None
        The key of the current account. With None every plan counts as another account's.
    """
    files = PlanFiles()
    running = running_plans()
    found = [UnfinishedPlan(plan_id, "running here", entry) for plan_id, entry in running.items()]
    for plan_id, entry in files.entries():
        if plan_id in running:
            continue
        if isinstance(entry, str):
            found.append(UnfinishedPlan(plan_id, "damaged", None, entry))
        elif not entry.closed:
            found.append(UnfinishedPlan(plan_id, _state(files, entry, key), entry, entry.note))
    return sorted(found, key=lambda one: (one.entry is None, one.entry.started_at if one.entry else None, one.id))


def _state(files: PlanFiles, entry: JournalEntry, key: AccountKey | None) -> PlanState:
    if files.is_running(entry.id):
        return "running in another kernel"
    if key is None or not entry.key.same(key):
        return "other account"
    open_places = [place for place in entry.places() if place not in entry.ended]
    if open_places and all(place in entry.secret and place not in entry.accepted for place in open_places):
        return "must be run again"
    return "interrupted"
