"""What is done, in progress and left of a plan that was interrupted: pure, told the journal's entry and what the account shows.

The journal knows what was accepted; what became of it, and of a request whose answer never came, the account tells. A
request that may have been carried out is never repeated: what it left behind is looked for, by the rules of
`client.engine.recovery`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.steps import When
from poseidon_nb.plans.resume_facts import (
    NOT_RESUMED,
    STATE_ACTIONS,
    AccountFacts,
    StepState,
    Verdict,
    droplet_of,
    is_gone,
    is_over,
    shows,
    step_at,
    type_of,
)
from poseidon_nb.plans.resume_lost import lost_action, lost_create, lost_other, state_of_create

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.client.engine.steps import Chain, Step
    from poseidon_nb.plans.journal_entry import Entry

    Row = Mapping[str, Any]
    #: The numbers of a chain and of a step in it.
    Place = tuple[int, int]


def in_flight(entry: Entry) -> list[Place]:
    """Return the steps whose request went out and whose answer the journal does not know."""
    return [
        place
        for place in entry.sending
        if place not in entry.accepted and not is_over(entry, place) and not step_at(entry, place).unchanged
    ]


def judge(entry: Entry, facts: AccountFacts) -> tuple[tuple[StepState, ...], ...]:
    """Return how each step of each chain stands."""
    return tuple(_judge_chain(entry, number, facts) for number in range(len(entry.chains)))


def may_lag(entry: Entry, judged: Sequence[Sequence[StepState]], facts: AccountFacts) -> bool:
    """Return whether a verdict may be another one in a moment: what the account shows lags behind what was done."""
    if any(judged[number][at].verdict in {Verdict.LEFT, Verdict.UNKNOWN} for number, at in in_flight(entry)):
        return True
    for number, chain in enumerate(entry.chains):
        verdicts = [one.verdict for one in judged[number]]
        if Verdict.CHANGED in verdicts:
            return True
        settled = [
            at for at, verdict in enumerate(verdicts) if verdict is Verdict.DONE and (number, at) in entry.accepted
        ]
        last = chain[settled[-1]] if settled else None
        if last is None or last.awaits != "action" or droplet_of(last) not in facts.droplets:
            continue
        # A droplet may read for seconds as it was before its action completed.
        if Verdict.RUNNING not in verdicts and not shows(last, facts):
            return True
    return False


def remaining_chain(chain: Chain, judged: Sequence[StepState], *, begun: bool) -> Chain:
    """Return the steps of a chain that are to be run.

    Parameters
    ----------
    chain : sequence of Step
    judged : sequence of StepState
    begun : bool
        Something of it was sent before, so that what has to happen then does, whatever becomes of the rest.
    """
    left = [step for step, one in zip(chain, judged, strict=True) if one.verdict is Verdict.LEFT]
    return tuple(
        replace(step, when=When.ANYWAY) if begun and step.when in {When.ALWAYS, When.ANYWAY} else step for step in left
    )


def was_begun(entry: Entry, number: int, judged: Sequence[StepState]) -> bool:
    """Return whether something of a chain was sent."""
    return any(
        step.when is When.ANYWAY
        or (number, at) in entry.accepted
        or ((number, at) in entry.sending and one.verdict not in {Verdict.LEFT, Verdict.AGAIN})
        for at, (step, one) in enumerate(zip(entry.chains[number], judged, strict=True))
    )


def _judge_step(entry: Entry, place: Place, facts: AccountFacts) -> StepState:  # noqa: PLR0911  # a rule each
    step, ended = step_at(entry, place), entry.ended.get(place)
    if step.unchanged:
        return StepState(Verdict.DONE, step.unchanged)
    if ended is not None and is_over(entry, place):
        statuses = {*ended.statuses}
        things = entry.accepted[place].things if place in entry.accepted else ()
        if "failed" in statuses and step.when in {When.ALWAYS, When.ANYWAY}:
            # What has to happen whatever came before it is tried again, where the droplet does not read so by now.
            return StepState(Verdict.LEFT)
        if "failed" in statuses:
            return StepState(Verdict.FAILED, ended.error, things=things)
        return StepState(Verdict.SKIPPED if statuses == {"skipped"} else Verdict.DONE, things=things)
    if place in entry.accepted:
        return _accepted(entry, place, facts)
    if place not in entry.sending:
        return (
            StepState(Verdict.AGAIN, "its body held secrets, which are not stored")
            if place in entry.secret
            else StepState(Verdict.LEFT)
        )
    if place in entry.secret:
        return StepState(Verdict.AGAIN, "its body held secrets, and it may have been done already: look first")
    if step.request.operation_id == "dropletActions_post":
        return lost_action(entry, place, facts)
    if step.awaits == "droplets":
        return lost_create(entry, place, facts)
    return lost_other(place, step, facts)


def _accepted(entry: Entry, place: Place, facts: AccountFacts) -> StepState:  # noqa: PLR0911  # a rule each
    step, accepted = step_at(entry, place), entry.accepted[place]
    done = StepState(Verdict.DONE, things=accepted.things)
    running = StepState(Verdict.RUNNING, actions=accepted.actions, things=accepted.things)
    match step.awaits:
        case "droplets":
            return state_of_create(
                [facts.droplets.get(int(id_)) for id_ in accepted.things if id_ is not None], running
            )
        case "gone":
            return done if is_gone(step, facts) else running
        case "action":
            rows = [facts.actions[id_] for id_ in accepted.actions if id_ in facts.actions]
            if any(row["status"] == "errored" for row in rows):
                return StepState(Verdict.FAILED, "its action failed (errored)", things=accepted.things)
            if any(row["status"] == "in-progress" for row in rows):
                return running
            if len(rows) == len(accepted.actions) or shows(step, facts):
                return done
            return StepState(Verdict.UNKNOWN, "it was accepted, and how its action ended cannot be read")
    return done


def _judge_chain(entry: Entry, number: int, facts: AccountFacts) -> tuple[StepState, ...]:
    chain = entry.chains[number]
    judged = [_judge_step(entry, (number, at), facts) for at in range(len(chain))]
    for at, one in enumerate(judged):
        # The chain went on without its end.
        later = ((number, after) for after in range(at + 1, len(chain)))
        if one.verdict is Verdict.RUNNING and any(place in entry.accepted or place in entry.sending for place in later):
            judged[at] = replace(one, verdict=Verdict.DONE, actions=())
    begun = was_begun(entry, number, judged)
    stopped = False
    for at, step in enumerate(chain):
        one = judged[at]
        if one.verdict is Verdict.LEFT:
            waits = any(earlier.verdict in {Verdict.LEFT, Verdict.RUNNING} for earlier in judged[:at])
            judged[at] = one = _follows(step, one, facts, stopped=stopped, waits=waits, begun=begun)
        if one.verdict in NOT_RESUMED or (one.verdict is Verdict.FAILED and not step.best_effort):
            stopped = True
    changed = _changed(chain, judged, facts)
    if not changed:
        return tuple(judged)
    return tuple(
        StepState(Verdict.CHANGED, changed) if one.verdict in {Verdict.LEFT, Verdict.RUNNING} else one for one in judged
    )


def _follows(step: Step, left: StepState, facts: AccountFacts, *, stopped: bool, waits: bool, begun: bool) -> StepState:
    """Return how a step stands that was never carried out, after those before it."""
    if step.when in {When.ALWAYS, When.ANYWAY}:
        if not begun and not waits:
            return StepState(Verdict.SKIPPED)
        return StepState(Verdict.DONE, "not needed") if not waits and shows(step, facts) else left
    if stopped:
        return StepState(Verdict.SKIPPED, "for a step before it")
    alone = step.when is When.NEXT and not step.status and type_of(step) in STATE_ACTIONS
    if (step.when is When.IF_NEEDED or alone) and not waits and shows(step, facts):
        return StepState(Verdict.DONE, "not needed")
    return left


def _changed(chain: Chain, judged: Sequence[StepState], facts: AccountFacts) -> str:
    """Return what others have made of a chain's droplet, so that the chain cannot be gone on with."""
    droplet_id = droplet_of(chain[0])
    if droplet_id is None or droplet_id not in facts.droplets:
        return ""
    row = facts.droplets[droplet_id]
    name = chain[0].targets[0].name
    if row is None:
        return f"{name} was deleted since"
    sizes = [step.change for step in chain if step.change.field == "size" and step.change.before is not None]
    if sizes and row.get("size_slug") not in {value for change in sizes for value in (change.before, change.after)}:
        return f"{name} has size {row.get('size_slug')} now"
    offs = [
        (step, one)
        for step, one in zip(chain, judged, strict=True)
        if step.change.field == "status" and step.change.after == "off" and step.when is not When.ALWAYS
    ]
    status = row.get("status")
    acted = any(one.verdict is not Verdict.LEFT for _, one in offs)
    if offs and not acted and offs[0][0].status not in {"", status}:
        return f"{name} is {status} now, which this plan did not do"
    needs_off = any(
        one.verdict is Verdict.LEFT and step.change.field != "status" for step, one in zip(chain, judged, strict=True)
    )
    if needs_off and offs and status == "active" and all(one.verdict is Verdict.DONE for _, one in offs):
        return f"{name} was powered on since"
    return ""
