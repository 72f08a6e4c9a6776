"""The outcomes of a plan's steps: combined for each target, as errors, and as a DataFrame."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from poseidon_nb.catalogue import operation
from poseidon_nb.client.engine.steps import Outcome, When
from poseidon_nb.errors import ActionError, PoseidonError
from poseidon_nb.plans.summary import value_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from poseidon_nb.client.engine.steps import Step, Target
    from poseidon_nb.plans.plan import Plan

_FAILED = frozenset({"failed", "unknown", "skipped"})


@dataclass(frozen=True, slots=True)
class TargetOutcome:
    """The outcome of all steps on one target.

    Parameters
    ----------
    id : int or str
        A number where the API's is one.
    name : str
    action : str
        The main step: for a resize with a restart, the resize.
    status : str
    error : PoseidonError or None
    action_id : int or None
        The last action that was started.
    """

    id: int | str | None
    name: str
    action: str
    status: str
    error: PoseidonError | None = None
    action_id: int | None = None


def display_status(outcome: Outcome) -> str:
    """Return an outcome's status; ``in-progress`` where the response only started the work (202) and nothing waited."""
    request = outcome.step.request
    started = request.operation_id and operation(request.operation_id).status == HTTPStatus.ACCEPTED
    waited = outcome.step.awaits != "answer"
    return "in-progress" if outcome.status == "completed" and started and not waited else outcome.status


def failures(plan: Plan, outcomes: Sequence[Outcome]) -> list[PoseidonError]:
    """Return the errors of a plan's steps, without those after which a chain still reached its goal."""
    chains: dict[int, list[Outcome]] = {}
    for (chain, _, _, _), outcome in zip(plan.rows(), outcomes, strict=True):
        chains.setdefault(chain, []).append(outcome)
    return [one.error for chain in chains.values() for one in chain if one.error is not None and _counts(one, chain)]


def failure_summary(outcomes: Sequence[Outcome | TargetOutcome], failed: Sequence[PoseidonError]) -> str:
    """Return how many outcomes failed, are unknown, still run or were not sent, and the first error."""
    statuses = [one.status for one in outcomes if one.error is not None]
    others = {"unknown": "unknown", "in-progress": "still in progress", "skipped": "not sent"}
    counts = "".join(f", {statuses.count(status)} {text}" for status, text in others.items() if status in statuses)
    return f"{statuses.count('failed')} of {len(outcomes)} failed{counts}. First error: {failed[0]}"


def _counts(outcome: Outcome, chain: Sequence[Outcome]) -> bool:
    """Return whether an error counts; that of a best-effort step does not once the chain's main step has ended."""
    return not (outcome.step.best_effort and isinstance(outcome.error, ActionError)) or not _has_ended(
        _main_outcome(chain)
    )


def _main_outcome(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcome of the main step: for a resize with a restart, that of the resize."""
    # Whether a tag was still in use says nothing about the chain.
    main = [one for one in outcomes if one.step.when == When.NEXT and not one.step.best_effort and not one.step.unused]
    return main[-1] if main else outcomes[-1]


def _has_ended(outcome: Outcome) -> bool:
    return outcome.error is not None or outcome.status in {"completed", "unchanged"}


def with_pending(plan: Plan, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return an outcome for each step and target of a plan; steps that were not reached yet are in progress.

    Parameters
    ----------
    plan : Plan
    outcomes : sequence of Outcome
        For each chain those of its first steps, chain by chain: all of them, unless it goes on in the background.
    """
    remaining = deque(outcomes)
    return [
        remaining.popleft()
        if remaining and _belongs_to(remaining[0], step, target)
        else Outcome(step, target, "in-progress")
        for _, _, step, target in plan.rows()
    ]


def _belongs_to(outcome: Outcome, step: Step, target: Target) -> bool:
    # The id of what another step creates is only known afterwards.
    is_new = target.id is None or target.id in {reference.placeholder for reference in step.references}
    same = outcome.target.name == target.name if is_new else outcome.target.id == target.id
    return same and outcome.step.verb == step.verb


def target_outcomes(plan: Plan, outcomes: Sequence[Outcome], *, kind: str = "") -> list[TargetOutcome]:
    """Return the outcome of each target of a plan, in the plan's order.

    Parameters
    ----------
    plan : Plan
    outcomes : sequence of Outcome
        One for each step and target of the plan, chain by chain.
    kind : str
        Include only targets of this kind: without the tag that was created for droplets, for example.
    """
    by_target: dict[object, list[Outcome]] = {}
    for number, ((chain, _, _, target), outcome) in enumerate(zip(plan.rows(), outcomes, strict=True)):
        if kind in {"", target.kind}:
            # Names are not unique, so an outcome without an id is a target of its own.
            key = number if outcome.target.id is None else (chain, target.kind, outcome.target.id)
            by_target.setdefault(key, []).append(outcome)
    return [combined_outcome(group) for group in by_target.values()]


def combined_outcome(outcomes: Sequence[Outcome]) -> TargetOutcome:
    """Return the outcome of one target from those of its steps."""
    main = _main_outcome(outcomes)
    counted = [one for one in outcomes if _counts(one, outcomes)]
    worst = next((one for one in (main, *counted) if one.error is not None), main)
    running = main.error is None and any(display_status(one) == "in-progress" for one in (main, *counted))
    status = "in-progress" if running and main.status != "skipped" else display_status(worst)
    error = worst.error
    if error is None and status in _FAILED:
        error = PoseidonError(f"{main.step.label}: {status}")
    action = next((one.action for one in reversed(outcomes) if one.action is not None), None)
    action_id = None if action is None else action.id
    return TargetOutcome(main.target.id, main.target.name, main.step.verb, status, error, action_id)


def outcomes_frame(plan: Plan, outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """Return a row for each step and target of a plan that was executed.

    Returns
    -------
    pandas.DataFrame
        Columns as in ``poseidon_nb.frames.schemas.DERIVED_TABLES["plan_outcomes"]``.
    """
    from poseidon_nb.frames.validation import build_derived  # noqa: PLC0415  # pandas is imported on first use

    rows = [*zip(plan.rows(), outcomes, strict=True)]
    return build_derived(
        "plan_outcomes",
        {
            "chain": [chain for (chain, _, _, _), _ in rows],
            "step": [number for (_, number, _, _), _ in rows],
            "id": [value_text(outcome.target.id) for _, outcome in rows],
            "name": [outcome.target.name for _, outcome in rows],
            "action": [outcome.step.verb for _, outcome in rows],
            "status": [display_status(outcome) for _, outcome in rows],
            "error": [value_text(outcome.error) for _, outcome in rows],
        },
    )
