"""A plan, and what became of it, as DataFrames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.frames.validation import build_derived
from poseidon_nb.plans.outcomes import status_of
from poseidon_nb.plans.words import change_of, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from poseidon_nb.client.engine.outcomes import Outcome
    from poseidon_nb.client.engine.steps import Step
    from poseidon_nb.plans.plan import Plan


def frame_of(plan: Plan) -> pd.DataFrame:
    """Return a row for each step and target of a plan.

    Returns
    -------
    pandas.DataFrame
        Columns as in ``poseidon_nb.frames.schemas.DERIVED_TABLES["plan"]``.
    """
    rows = [*plan.rows()]
    return build_derived(
        "plan",
        {
            "chain": [chain for chain, _, _, _ in rows],
            "step": [place for _, place, _, _ in rows],
            "kind": [target.kind for _, _, _, target in rows],
            "id": [text_of(target.id) for _, _, _, target in rows],
            "name": [target.name for _, _, _, target in rows],
            "change": [change_of(step) for _, _, step, _ in rows],
            "from": [text_of(step.change.before) for _, _, step, _ in rows],
            "to": [text_of(step.change.after) for _, _, step, _ in rows],
            "restart": [step.interrupts and not step.unchanged for _, _, step, _ in rows],
            "usd_month": [_share(step) for _, _, step, _ in rows],
            "reversible": [step.reversible or bool(step.unchanged) for _, _, step, _ in rows],
        },
    )


def outcomes_frame(plan: Plan, outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """Return a row for each step and target of a plan that was executed.

    Returns
    -------
    pandas.DataFrame
        Columns as in ``poseidon_nb.frames.schemas.DERIVED_TABLES["plan_outcomes"]``.
    """
    rows = [*zip(plan.rows(), outcomes, strict=True)]
    return build_derived(
        "plan_outcomes",
        {
            "chain": [chain for (chain, _, _, _), _ in rows],
            "step": [place for (_, place, _, _), _ in rows],
            "id": [text_of(outcome.target.id) for _, outcome in rows],
            "name": [outcome.target.name for _, outcome in rows],
            "action": [outcome.step.verb for _, outcome in rows],
            "status": [status_of(outcome) for _, outcome in rows],
            "error": [text_of(outcome.error) for _, outcome in rows],
        },
    )


def _share(step: Step) -> float | None:
    if step.unchanged:
        return 0.0
    return None if step.usd_month is None else step.usd_month / len(step.targets)
