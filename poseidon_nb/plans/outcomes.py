"""One row for each thing, from the outcomes of a plan's steps: what an acting command returns."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from poseidon_nb.catalogue import operation
from poseidon_nb.client.engine.outcomes import Outcome
from poseidon_nb.client.engine.steps import When
from poseidon_nb.errors import ActionError, PoseidonError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.client.engine.steps import Step, Target
    from poseidon_nb.plans.plan import Plan

_FAILED = frozenset({"failed", "unknown", "skipped"})


@dataclass(frozen=True, slots=True)
class ThingOutcome:
    """What became of one thing, whatever steps that took.

    Parameters
    ----------
    id : int or str
        A number where the API's is one.
    name : str
    action : str
        The step that matters: of a resize with a restart, the resize.
    status : str
    error : PoseidonError or None
        Why it did not end well.
    """

    id: int | str | None
    name: str
    action: str
    status: str
    error: PoseidonError | None = None


def status_of(outcome: Outcome) -> str:
    """Return the word for an outcome: what the service only begins (202) has not ended with its answer."""
    request = outcome.step.request
    begun = request.operation_id and operation(request.operation_id).status == HTTPStatus.ACCEPTED
    waited = outcome.step.awaits != "answer"
    return "in-progress" if outcome.status == "completed" and begun and not waited else outcome.status


def failures(plan: Plan, outcomes: Sequence[Outcome]) -> list[PoseidonError]:
    """Return why steps did not end well, those left out after which their chain came to its end."""
    chains: dict[int, list[Outcome]] = {}
    for (chain, _, _, _), outcome in zip(plan.rows(), outcomes, strict=True):
        chains.setdefault(chain, []).append(outcome)
    return [one.error for of_one in chains.values() for one in of_one if one.error is not None and _counts(one, of_one)]


def failures_text(outcomes: Sequence[Outcome | ThingOutcome], failed: Sequence[PoseidonError]) -> str:
    """Return in words how many of several did not end well: what still runs, or was not sent, has not failed."""
    statuses = [one.status for one in outcomes if one.error is not None]
    others = {"unknown": "unknown", "in-progress": "still running", "skipped": "not sent"}
    told = "".join(f", {statuses.count(one)} {words}" for one, words in others.items() if one in statuses)
    return f"{statuses.count('failed')} of {len(outcomes)} failed{told}; the first: {failed[0]}"


def _counts(outcome: Outcome, chain: Sequence[Outcome]) -> bool:
    """Return whether an error is one of its chain, rather than of a step that need not end well."""
    return not (outcome.step.best_effort and isinstance(outcome.error, ActionError)) or not _is_over(_main(chain))


def _main(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcome that matters: of a resize with a restart that of the resize."""
    own = [one for one in outcomes if one.step.when == When.NEXT and not one.step.best_effort]
    return own[-1] if own else outcomes[-1]


def _is_over(outcome: Outcome) -> bool:
    return outcome.error is not None or outcome.status in {"completed", "unchanged"}


def for_each(plan: Plan, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return an outcome for each step and target of a plan: what a chain has not come to yet is in progress.

    Parameters
    ----------
    plan : Plan
    outcomes : sequence of Outcome
        Of each chain those of its first steps, chain by chain: all, unless it goes on in the background.
    """
    left = deque(outcomes)
    return [
        left.popleft() if left and _is_of(left[0], step, target) else Outcome(step, target, "in-progress")
        for _, _, step, target in plan.rows()
    ]


def _is_of(outcome: Outcome, step: Step, target: Target) -> bool:
    same = outcome.target.id == target.id if target.id is not None else outcome.target.name == target.name
    return same and outcome.step.verb == step.verb


def of_things(plan: Plan, outcomes: Sequence[Outcome], *, kind: str = "") -> list[ThingOutcome]:
    """Return what became of each thing of a plan, in the plan's order.

    Parameters
    ----------
    plan : Plan
    outcomes : sequence of Outcome
        One for each step and target of the plan, chain by chain.
    kind : str
        Only things of this kind: not the tag that was created for droplets, say.
    """
    by_thing: dict[object, list[Outcome]] = {}
    for number, ((chain, _, _, target), outcome) in enumerate(zip(plan.rows(), outcomes, strict=True)):
        if kind in {"", target.kind}:
            # Names are not unique, so what has no id is a thing of its own.
            thing = number if outcome.target.id is None else (chain, target.kind, outcome.target.id)
            by_thing.setdefault(thing, []).append(outcome)
    return [of_thing(of_one) for of_one in by_thing.values()]


def of_thing(outcomes: Sequence[Outcome]) -> ThingOutcome:
    """Return what became of one thing, told an outcome for each of its steps."""
    main = _main(outcomes)
    counted = [one for one in outcomes if _counts(one, outcomes)]
    worst = next((one for one in (main, *counted) if one.error is not None), main)
    going = main.error is None and any(status_of(one) == "in-progress" for one in (main, *counted))
    status = "in-progress" if going and main.status != "skipped" else status_of(worst)
    error = worst.error
    if error is None and status in _FAILED:
        error = PoseidonError(f"{main.step.label}: {status}")
    return ThingOutcome(main.target.id, main.target.name, main.step.verb, status, error)
