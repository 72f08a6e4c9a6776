"""Verdicts on the steps of an interrupted plan, from the journal's entry and the account's facts. Pure.

The journal knows which requests were accepted; the account shows their results, and those of requests without a response.
A request that may have been carried out is never repeated. Its result is looked for, by the rules of
`client.engine.recovery`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from poseidon_nb.catalogue.effects import is_retryable
from poseidon_nb.client.engine.recovery import TIME_RESOLUTION, find_created, parse_time
from poseidon_nb.client.engine.steps import When
from poseidon_nb.plans.resume_facts import action_type_of, droplet_id_of, has_ended, in_flight

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from poseidon_nb.client.engine.steps import Chain, Step
    from poseidon_nb.plans.journal_entry import JournalEntry, Place
    from poseidon_nb.plans.resume_facts import AccountFacts, Row

#: Actions whose result shows in the droplet, whoever started them.
STATE_ACTIONS = frozenset(
    {"power_on", "power_off", "shutdown", "resize", "rename", "enable_backups", "disable_backups", "enable_ipv6"}
)
#: POSTs that change nothing when they are repeated.
REPEATABLE_POSTS = frozenset(
    {"tags_create", "tags_assign_resources", "projects_assign_resources", "projects_assign_resources_default"}
    | {f"firewalls_{verb}" for verb in ("assign_droplets", "add_tags", "add_rules")}
    | {"loadBalancers_add_droplets", "vpcs_patch"}
)


class Verdict(StrEnum):
    """The progress of a step of an interrupted plan."""

    DONE = "done"
    RUNNING = "in progress"
    REMAINING = "remaining"
    FAILED = "failed"
    SKIPPED = "skipped"
    RUN_AGAIN = "must be run again"
    CHANGED = "changed by others"
    UNKNOWN = "unknown"


#: Verdicts on steps that are neither settled nor resumed.
NOT_RESUMED = frozenset({Verdict.RUN_AGAIN, Verdict.CHANGED, Verdict.UNKNOWN})


@dataclass(frozen=True, slots=True)
class StepState:
    """The verdict on a step.

    Parameters
    ----------
    verdict : Verdict
    note : str
        The reason, if the verdict alone does not tell it.
    actions : tuple of int
        The actions that carry the step out, if it is in progress.
    created_ids : tuple
        The ids of what the step created.
    undecided : bool
        Whether the action found is this step's shows only once it has ended.
    """

    verdict: Verdict
    note: str = ""
    actions: tuple[int, ...] = ()
    created_ids: tuple[int | str | None, ...] = ()
    undecided: bool = False


def judge(entry: JournalEntry, facts: AccountFacts) -> tuple[tuple[StepState, ...], ...]:
    """Return the state of each step of each chain."""
    return tuple(_judge_chain(entry, number, facts) for number in range(len(entry.chains)))


def may_lag(entry: JournalEntry, states: Sequence[Sequence[StepState]], facts: AccountFacts) -> bool:
    """Return whether a verdict may soon change, because the account lags behind completed actions."""
    if any(states[number][at].verdict in {Verdict.REMAINING, Verdict.UNKNOWN} for number, at in in_flight(entry)):
        return True
    for number, chain in enumerate(entry.chains):
        verdicts = [state.verdict for state in states[number]]
        if Verdict.CHANGED in verdicts:
            return True
        done = [at for at, verdict in enumerate(verdicts) if verdict is Verdict.DONE and (number, at) in entry.accepted]
        last = chain[done[-1]] if done else None
        if last is None or last.awaits != "action" or droplet_id_of(last) not in facts.droplets:
            continue
        # For a few seconds, a droplet may still show the state before its action completed.
        if Verdict.RUNNING not in verdicts and not facts.matches(last):
            return True
    return False


def remaining_chain(chain: Chain, states: Sequence[StepState], *, started: bool) -> Chain:
    """Return the steps of a chain that are still to be run.

    Parameters
    ----------
    chain : sequence of Step
    states : sequence of StepState
    started : bool
        Whether a step of the chain was sent before, so that its final power on always runs.
    """
    steps = [step for step, state in zip(chain, states, strict=True) if state.verdict is Verdict.REMAINING]
    failed = any(state.verdict is Verdict.FAILED for state in states)
    return tuple(
        replace(step, when=When.ANYWAY)
        if started and (step.runs_always or (failed and step.when is When.ON_FAILURE))
        else step
        for step in steps
    )


def was_started(entry: JournalEntry, number: int, states: Sequence[StepState]) -> bool:
    """Return whether any step of a chain was sent."""
    return any(
        step.when is When.ANYWAY
        or (number, at) in entry.accepted
        or ((number, at) in entry.sending and state.verdict not in {Verdict.REMAINING, Verdict.RUN_AGAIN})
        for at, (step, state) in enumerate(zip(entry.chains[number], states, strict=True))
    )


def _judge_chain(entry: JournalEntry, number: int, facts: AccountFacts) -> tuple[StepState, ...]:
    chain = entry.chains[number]
    states = [_judge_step(entry, (number, at), facts) for at in range(len(chain))]
    for at, state in enumerate(states):
        later = ((number, after) for after in range(at + 1, len(chain)))
        if state.verdict is Verdict.RUNNING and any(
            place in entry.accepted or place in entry.sending for place in later
        ):
            # The chain went on without waiting for the end of this step.
            states[at] = replace(state, verdict=Verdict.DONE, actions=())
    for at in _open_again(entry, number, states):
        states[at] = _judge_unsent(entry, (number, at))
    started = was_started(entry, number, states)
    stopped = False
    for at, step in enumerate(chain):
        state = states[at]
        if state.verdict is Verdict.REMAINING:
            waits = any(earlier.verdict in {Verdict.REMAINING, Verdict.RUNNING} for earlier in states[:at])
            states[at] = state = _judge_remaining(step, state, facts, stopped=stopped, waits=waits, started=started)
        if state.verdict in NOT_RESUMED or (state.verdict is Verdict.FAILED and not step.best_effort):
            stopped = True
    changed = _change_by_others(chain, states, facts)
    if not changed:
        return tuple(states)
    return tuple(
        StepState(Verdict.CHANGED, changed) if state.verdict in {Verdict.REMAINING, Verdict.RUNNING} else state
        for state in states
    )


def _open_again(entry: JournalEntry, number: int, states: Sequence[StepState]) -> list[int]:
    """Return the steps after one without an outcome that are decided anew.

    They were skipped because of it, or had nothing to restore yet. Alone, a shutdown that turns out not to have been
    carried out would leave its droplet off.
    """
    chain = entry.chains[number]
    ended = (entry.ended.get((number, at)) for at in range(len(chain)))
    unknown = next((at for at, one in enumerate(ended) if one is not None and "unknown" in one.statuses), len(chain))
    return [
        at
        for at, step in enumerate(chain)
        if at > unknown and (states[at].verdict is Verdict.SKIPPED or step.runs_always or step.when is When.ON_FAILURE)
    ]


def _judge_unsent(entry: JournalEntry, place: Place) -> StepState:
    """Return the state of a step that was not sent."""
    if place in entry.secret:
        return StepState(Verdict.RUN_AGAIN, "its body contained secrets, which are not stored")
    return StepState(Verdict.REMAINING)


def _judge_step(entry: JournalEntry, place: Place, facts: AccountFacts) -> StepState:  # noqa: PLR0911  # a rule each
    step, ended = entry.step_at(place), entry.ended.get(place)
    if step.unchanged:
        return StepState(Verdict.DONE, step.unchanged)
    if ended is not None and has_ended(entry, place):
        statuses = {*ended.statuses}
        created_ids = entry.accepted[place].target_ids if place in entry.accepted else ()
        if "failed" in statuses and (step.runs_always or step.when is When.ON_FAILURE):
            # A step that restores something is tried again, unless the droplet is in its final state by now.
            return StepState(Verdict.REMAINING)
        if "failed" in statuses:
            return StepState(Verdict.FAILED, ended.error, created_ids=created_ids)
        return StepState(Verdict.SKIPPED if statuses == {"skipped"} else Verdict.DONE, created_ids=created_ids)
    if place in entry.accepted:
        return _judge_accepted(entry, place, facts)
    if place not in entry.sending:
        return _judge_unsent(entry, place)
    if place in entry.secret:
        note = "its body contained secrets, which are not stored; first check whether the request was already executed"
        return StepState(Verdict.RUN_AGAIN, note)
    if step.request.operation_id == "dropletActions_post":
        return _judge_sent_action(entry, place, facts)
    if step.awaits == "droplets":
        return _judge_sent_create(entry, place, facts)
    return _judge_sent_request(place, step, facts)


def _judge_accepted(entry: JournalEntry, place: Place, facts: AccountFacts) -> StepState:  # noqa: PLR0911  # a rule each
    step, accepted = entry.step_at(place), entry.accepted[place]
    done = StepState(Verdict.DONE, created_ids=accepted.target_ids)
    running = StepState(Verdict.RUNNING, actions=accepted.actions, created_ids=accepted.target_ids)
    match step.awaits:
        case "droplets":
            rows = [facts.droplets.get(int(id_)) for id_ in accepted.target_ids if id_ is not None]
            return _judge_created(rows, running)
        case "gone":
            return done if facts.is_deleted(step) else running
        case "action":
            actions = [facts.actions[id_] for id_ in accepted.actions if id_ in facts.actions]
            if any(row["status"] == "errored" for row in actions):
                return StepState(Verdict.FAILED, "its action failed (errored)", created_ids=accepted.target_ids)
            if any(row["status"] == "in-progress" for row in actions):
                return running
            if len(actions) == len(accepted.actions) or facts.matches(step):
                return done
            return StepState(Verdict.UNKNOWN, "it was accepted, but its action cannot be read")
    return done


def _judge_sent_action(entry: JournalEntry, place: Place, facts: AccountFacts) -> StepState:  # noqa: PLR0911  # a rule each
    """Return the state of an action on a droplet that was sent without a response."""
    step = entry.step_at(place)
    droplet_id, body = droplet_id_of(step), step.request.body
    known = {id_ for accepted in entry.accepted.values() for id_ in accepted.actions}
    since = entry.sending[place] - TIME_RESOLUTION
    rows = [
        row
        for row in facts.newest.get(droplet_id or 0, ())
        if row["type"] == body["type"] and row["id"] not in known and parse_time(row["started_at"]) >= since
    ]
    stateful = body["type"] in STATE_ACTIONS
    if len(rows) > 1:
        if stateful and facts.matches(step) and all(row["status"] != "in-progress" for row in rows):
            return StepState(Verdict.DONE)
        return StepState(Verdict.UNKNOWN, f"{len(rows)} actions match; see %do droplets actions {droplet_id}")
    if not rows:
        return StepState(Verdict.DONE) if stateful and facts.matches(step) else StepState(Verdict.REMAINING)
    (row,) = rows
    if row["status"] == "in-progress":
        return StepState(Verdict.RUNNING, actions=(row["id"],), undecided=not stateful)
    if row["status"] == "errored":
        return StepState(Verdict.FAILED, "its action failed (errored)")
    if body["type"] == "snapshot" and body.get("name"):
        # An action does not show the snapshot's name. Without a snapshot of that name, the action is somebody else's.
        names = [
            one["name"] for one in facts.snapshots.get(droplet_id or 0, ()) if parse_time(one["created_at"]) >= since
        ]
        return StepState(Verdict.DONE if body["name"] in names else Verdict.REMAINING)
    if body["type"] != "shutdown" and not facts.matches(step):
        return StepState(Verdict.UNKNOWN, f"action {row['id']} matches, but the droplet does not show its result")
    return StepState(Verdict.DONE)


def _judge_sent_create(entry: JournalEntry, place: Place, facts: AccountFacts) -> StepState:
    """Return the state of a create of droplets that was sent without a response."""
    step = entry.step_at(place)
    created = _created_by_name(facts.created.get(place, ()), step.request.body, entry.sending[place] - TIME_RESOLUTION)
    if not any(created.values()):
        return StepState(Verdict.REMAINING)
    names = [target.name for target in step.targets]
    if any(len(created.get(name, ())) != names.count(name) for name in names):
        return StepState(
            Verdict.UNKNOWN, "the droplets found do not match the requested names one to one; see %do droplets list"
        )
    rows = [row for matching in created.values() for row in matching]
    created_ids = tuple(created[name].pop(0)["id"] for name in names)
    return _judge_created(rows, StepState(Verdict.RUNNING, created_ids=created_ids))


def _created_by_name(rows: Iterable[Row], body: Row, since: datetime) -> dict[str, list[Row]]:
    """Return, by name, the droplets that match everything that a create asked for."""
    names = body.get("names") or [body["name"]]
    rest = {name: value for name, value in body.items() if name != "names"}
    created: dict[str, list[Row]] = {str(name): [] for name in names}
    for row in rows:
        if row["name"] in created and find_created([row], {**rest, "name": row["name"]}, since):
            created[row["name"]].append(row)
    return created


def _judge_created(rows: Sequence[Row | None], running: StepState) -> StepState:
    """Return the state of a create from its droplets, where None is one that was deleted."""
    if any(row is None for row in rows):
        return StepState(Verdict.CHANGED, "a droplet that it created was deleted", created_ids=running.created_ids)
    if any(row is not None and row["status"] == "new" for row in rows):
        return running
    return replace(running, verdict=Verdict.DONE, actions=())


def _judge_sent_request(place: Place, step: Step, facts: AccountFacts) -> StepState:
    """Return the state of any other request that was sent without a response."""
    request = step.request
    if request.method == "DELETE":
        return StepState(Verdict.DONE if facts.is_deleted(step) else Verdict.REMAINING)
    if is_retryable(request.method, request.operation_id) or request.operation_id in REPEATABLE_POSTS:
        return StepState(Verdict.REMAINING)
    done = facts.done.get(place)
    if done is None:
        note = f"it was sent, but the account does not show whether it succeeded; see {request.path}"
        return StepState(Verdict.UNKNOWN, note)
    return StepState(Verdict.DONE if done else Verdict.REMAINING)


def _judge_remaining(
    step: Step, state: StepState, facts: AccountFacts, *, stopped: bool, waits: bool, started: bool
) -> StepState:
    """Return the state of a step that was not carried out, given the steps before it."""
    if step.runs_always:
        if not started and not waits:
            return StepState(Verdict.SKIPPED)
        return StepState(Verdict.DONE, "not needed") if not waits and facts.matches(step) else state
    if step.when is When.ON_FAILURE:
        return _judge_on_failure(step, state, facts, stopped=stopped, waits=waits, started=started)
    if stopped:
        return StepState(Verdict.SKIPPED, "because an earlier step did not complete")
    unconditional = step.when is When.NEXT and not step.status and action_type_of(step) in STATE_ACTIONS
    if (step.when is When.IF_NEEDED or unconditional) and not waits and facts.matches(step):
        return StepState(Verdict.DONE, "not needed")
    return state


def _judge_on_failure(
    step: Step, state: StepState, facts: AccountFacts, *, stopped: bool, waits: bool, started: bool
) -> StepState:
    """Return the state of a step that undoes what the steps before it did, if one of them failed."""
    if not (stopped and started):
        return state if waits else StepState(Verdict.SKIPPED)
    return StepState(Verdict.DONE, "not needed") if facts.matches(step) else state


def _change_by_others(chain: Chain, states: Sequence[StepState], facts: AccountFacts) -> str:
    """Return how others have changed a chain's droplet so that the chain cannot go on; empty if they have not."""
    # Tags may come first.
    first = next((step for step in chain if step.targets[0].kind == "droplet"), chain[0])
    droplet_id = droplet_id_of(first)
    if droplet_id is None or droplet_id not in facts.droplets:
        return ""
    row = facts.droplets[droplet_id]
    name = first.targets[0].name
    if row is None:
        ours = any(
            step.awaits == "gone" and state.verdict is Verdict.DONE for step, state in zip(chain, states, strict=True)
        )
        return "" if ours else f"{name} was deleted in the meantime"
    sizes = [step.change for step in chain if step.change.field == "size" and step.change.before is not None]
    if sizes and row.get("size_slug") not in {value for change in sizes for value in (change.before, change.after)}:
        return f"{name} was resized to {row.get('size_slug')} in the meantime"
    offs = [
        (step, state)
        for step, state in zip(chain, states, strict=True)
        if step.change.field == "status" and step.change.after == "off" and step.when is not When.ALWAYS
    ]
    status = row.get("status")
    acted = any(state.verdict is not Verdict.REMAINING for _, state in offs)
    if offs and not acted and offs[0][0].status not in {"", status}:
        return f"{name} is now {status}, but this plan did not change it"
    needs_off = any(
        state.verdict is Verdict.REMAINING and step.change.field != "status"
        for step, state in zip(chain, states, strict=True)
    )
    if needs_off and offs and status == "active" and all(state.verdict is Verdict.DONE for _, state in offs):
        return f"{name} was powered on in the meantime"
    return ""
