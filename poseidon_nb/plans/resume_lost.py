"""What became of a request whose answer never came: pure, by the rules of `client.engine.recovery`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from poseidon_nb.catalogue.effects import is_retryable
from poseidon_nb.client.engine.recovery import ROUNDING, created_as_asked, time_of
from poseidon_nb.plans.resume_facts import (
    STATE_ACTIONS,
    AccountFacts,
    StepState,
    Verdict,
    droplet_of,
    is_gone,
    shows,
    step_at,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from poseidon_nb.client.engine.steps import Step
    from poseidon_nb.plans.journal_entry import Entry
    from poseidon_nb.plans.resume_facts import Place, Row

#: POSTs that change nothing when they are repeated.
REPEATABLE_POSTS = frozenset(
    {"tags_create", "tags_assign_resources", "projects_assign_resources", "projects_assign_resources_default"}
    | {f"firewalls_{verb}" for verb in ("assign_droplets", "add_tags", "add_rules")}
    | {"loadBalancers_add_droplets", "vpcs_patch"}
)


def lost_action(entry: Entry, place: Place, facts: AccountFacts) -> StepState:  # noqa: PLR0911  # a rule each
    """Return how an action on a droplet stands whose answer never came."""
    step = step_at(entry, place)
    droplet_id, body = droplet_of(step), step.request.body
    known = {id_ for accepted in entry.accepted.values() for id_ in accepted.actions}
    since = entry.sending[place] - ROUNDING
    rows = [
        row
        for row in facts.newest.get(droplet_id or 0, ())
        if row["type"] == body["type"] and row["id"] not in known and time_of(row["started_at"]) >= since
    ]
    stateful = body["type"] in STATE_ACTIONS
    if len(rows) > 1:
        if stateful and shows(step, facts) and all(row["status"] != "in-progress" for row in rows):
            return StepState(Verdict.DONE)
        return StepState(Verdict.UNKNOWN, f"{len(rows)} actions match: see %do droplets actions {droplet_id}")
    if not rows:
        return StepState(Verdict.DONE) if stateful and shows(step, facts) else StepState(Verdict.LEFT)
    (row,) = rows
    if row["status"] == "in-progress":
        return StepState(Verdict.RUNNING, actions=(row["id"],), undecided=not stateful)
    if row["status"] == "errored":
        return StepState(Verdict.FAILED, "its action failed (errored)")
    if body["type"] == "snapshot" and body.get("name"):
        # An action does not show the name; the snapshot does, and then the action is somebody else's.
        names = [one["name"] for one in facts.snapshots.get(droplet_id or 0, ()) if time_of(one["created_at"]) >= since]
        return StepState(Verdict.DONE if body["name"] in names else Verdict.LEFT)
    if body["type"] != "shutdown" and not shows(step, facts):
        return StepState(Verdict.UNKNOWN, f"action {row['id']} matches, but the droplet does not show its result")
    return StepState(Verdict.DONE)


def lost_create(entry: Entry, place: Place, facts: AccountFacts) -> StepState:
    """Return how a create of droplets stands whose answer never came."""
    step = step_at(entry, place)
    body = step.request.body
    made = created_each(facts.created.get(place, ()), body, entry.sending[place] - ROUNDING)
    if not any(made.values()):
        return StepState(Verdict.LEFT)
    names = [target.name for target in step.targets]
    if any(len(made.get(name, ())) != names.count(name) for name in names):
        return StepState(Verdict.UNKNOWN, "not exactly one droplet of each name matches: see %do droplets list")
    rows = [row for of_name in made.values() for row in of_name]
    things = tuple(made[name].pop(0)["id"] for name in names)
    return state_of_create(rows, StepState(Verdict.RUNNING, things=things))


def lost_other(place: Place, step: Step, facts: AccountFacts) -> StepState:
    """Return how any other step stands whose answer never came."""
    request = step.request
    if request.method == "DELETE":
        return StepState(Verdict.DONE if is_gone(step, facts) else Verdict.LEFT)
    if is_retryable(request.method, request.operation_id) or request.operation_id in REPEATABLE_POSTS:
        return StepState(Verdict.LEFT)
    found = facts.found.get(place)
    if found is None:
        return StepState(
            Verdict.UNKNOWN, f"it was sent, and the account does not show whether it was done: see {request.path}"
        )
    return StepState(Verdict.DONE if found else Verdict.LEFT)


def state_of_create(rows: Sequence[Row | None], running: StepState) -> StepState:
    """Return how a create stands of which these droplets were made; None is one that is gone."""
    if any(row is None for row in rows):
        return StepState(Verdict.CHANGED, "what it created was deleted since", things=running.things)
    return (
        running
        if any(row is not None and row["status"] == "new" for row in rows)
        else replace(running, verdict=Verdict.DONE, actions=())
    )


def created_each(rows: Iterable[Row], body: Row, since: datetime) -> dict[str, list[Row]]:
    """Return, by name, the droplets that a create may have made: all that match everything it asked for."""
    names = body.get("names") or [body["name"]]
    rest = {name: value for name, value in body.items() if name != "names"}
    made: dict[str, list[Row]] = {str(name): [] for name in names}
    for row in rows:
        if row["name"] in made and created_as_asked([row], {**rest, "name": row["name"]}, since):
            made[row["name"]].append(row)
    return made
