"""The plans that have not ended, of this machine, and how each is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from poseidon_nb.plans.journal import running_here
from poseidon_nb.plans.journal_files import PlanFiles, state_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poseidon_nb.plans.journal_entry import AccountKey, Entry

State = Literal[
    "running here", "running in another kernel", "interrupted", "to be given again", "other account", "damaged"
]


@dataclass(frozen=True, slots=True)
class ListedPlan:
    """A plan that has not ended, and how it is."""

    id: str
    state: State
    #: None where its file is damaged.
    entry: Entry | None
    note: str = ""


def unfinished_plans(key: AccountKey | None) -> list[ListedPlan]:
    """Return the plans that have not ended, oldest first; nothing is sent.

    Parameters
    ----------
    key : AccountKey or None
        Of the account that is chosen now; None where there is none, and then every account counts as another.
    """
    files = PlanFiles(state_folder())
    running = running_here()
    found = [ListedPlan(plan_id, "running here", entry) for plan_id, entry in running.items()]
    for plan_id, entry in files.entries():
        if plan_id in running:
            continue
        if isinstance(entry, str):
            found.append(ListedPlan(plan_id, "damaged", None, entry))
        elif not entry.closed:
            found.append(ListedPlan(plan_id, _state(files, entry, key), entry, entry.note))
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
