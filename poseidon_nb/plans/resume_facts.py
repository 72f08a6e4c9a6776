"""What is known of an interrupted plan: what the account shows, and how a step stands. Plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.consistency import agrees
from poseidon_nb.client.engine.steps import Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.client.engine.steps import Step
    from poseidon_nb.plans.journal_entry import Entry

    Row = Mapping[str, Any]
    #: The numbers of a chain and of a step in it.
    Place = tuple[int, int]

#: Actions that leave a droplet in a state that it shows, whoever started them.
STATE_ACTIONS = frozenset(
    {"power_on", "power_off", "shutdown", "resize", "rename", "enable_backups", "disable_backups", "enable_ipv6"}
)


class Verdict(StrEnum):
    """The state of a step of an interrupted plan."""

    DONE = "done"
    RUNNING = "in progress"
    LEFT = "left"
    FAILED = "failed"
    SKIPPED = "skipped"
    AGAIN = "to be given again"
    CHANGED = "changed by others"
    UNKNOWN = "unknown"


#: Steps that are neither settled nor resumed.
NOT_RESUMED = frozenset({Verdict.AGAIN, Verdict.CHANGED, Verdict.UNKNOWN})


@dataclass(frozen=True, slots=True)
class StepState:
    """The state of one step, and why.

    Parameters
    ----------
    verdict : Verdict
    note : str
        Why, where the verdict alone does not say it.
    actions : tuple of int
        What carries it out, where it is in progress.
    things : tuple
        The ids of what it made.
    undecided : bool
        Whether it is ours shows only when it has ended.
    """

    verdict: Verdict
    note: str = ""
    actions: tuple[int, ...] = ()
    things: tuple[int | str | None, ...] = ()
    undecided: bool = False


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What the account shows of a plan.

    Parameters
    ----------
    droplets : mapping
        By id; None for one that is gone.
    actions : mapping
        By id: those that were accepted, as far as they can be read.
    newest : mapping
        By droplet: its actions, newest first.
    snapshots : mapping
        By droplet: its snapshots, where one may have been taken.
    created : mapping
        By place of a create whose answer never came: the droplets with one of its names.
    gone : mapping
        By path: whether what was there is gone.
    found : mapping
        By place of another request whose answer never came: whether it was carried out; None where nothing tells.
    """

    droplets: Mapping[int, Row | None] = field(default_factory=dict)
    actions: Mapping[int, Row] = field(default_factory=dict)
    newest: Mapping[int, Sequence[Row]] = field(default_factory=dict)
    snapshots: Mapping[int, Sequence[Row]] = field(default_factory=dict)
    created: Mapping[Place, Sequence[Row]] = field(default_factory=dict)
    gone: Mapping[str, bool] = field(default_factory=dict)
    found: Mapping[Place, bool | None] = field(default_factory=dict)


def step_at(entry: Entry, place: Place) -> Step:
    """Return the step at a place."""
    return entry.chains[place[0]][place[1]]


def is_over(entry: Entry, place: Place) -> bool:
    """Return whether the journal knows how a step ended."""
    ended = entry.ended.get(place)
    return ended is not None and not {*ended.statuses} & {"unknown", "in-progress"}


def droplet_of(step: Step) -> int | None:
    """Return the id of the droplet that a step acts upon; None where it acts upon something else."""
    target = step.targets[0] if step.targets else Target("", None, "")
    return target.id if target.kind == "droplet" and isinstance(target.id, int) else None


def shows(step: Step, facts: AccountFacts) -> bool:
    """Return whether a droplet reads as an action would leave it."""
    row = facts.droplets.get(droplet_of(step) or 0)
    body = step.request.body
    return row is not None and isinstance(body, dict) and agrees(str(body.get("type")), row, body)


def type_of(step: Step) -> str:
    """Return the type of the action that a step starts on a droplet; empty where it starts none."""
    action = step.request.operation_id == "dropletActions_post"
    return str(step.request.body["type"]) if action and isinstance(step.request.body, dict) else ""


def is_gone(step: Step, facts: AccountFacts) -> bool:
    """Return whether what a step deletes cannot be read any more."""
    droplet_id = droplet_of(step)
    if droplet_id is not None and droplet_id in facts.droplets:
        return facts.droplets[droplet_id] is None
    return facts.gone.get(step.request.path, False)
