"""What the steps of a plan do to the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from poseidon_nb.catalogue.effects import SAFE_METHODS, Effect, effect_of
from poseidon_nb.client.engine.own_tags import CLAIM_PREFIX

if TYPE_CHECKING:
    from poseidon_nb.client.engine.steps import Step

_THAWED = "%do droplets thaw creates it again from its snapshot, with a new id and new addresses."


def step_effect(step: Step) -> Effect:
    """Return what a step does to the account; for a request to an unknown path the worst is assumed."""
    request = step.request
    if step.unused or (step.targets[0].kind == "tag" and step.targets[0].name.startswith(CLAIM_PREFIX)):
        # A tag that nothing has, or that only this plan uses.
        return Effect("changes")
    if step.snapshot and step.awaits == "gone":
        return Effect("deletes", needs_confirmation=True, warning=_THAWED)
    if request.operation_id:
        return effect_of(request.operation_id, request.body)
    if request.method in SAFE_METHODS:
        return Effect("reads")
    kind: Literal["deletes", "changes"] = "deletes" if request.method == "DELETE" else "changes"
    return Effect(kind, needs_confirmation=True, warning="It may be impossible to undo this.", reversible=False)
