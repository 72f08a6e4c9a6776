"""Combining the outcomes of steps into one for each target."""

from __future__ import annotations

from dataclasses import replace

from poseidon_nb.client.engine.steps import Outcome
from poseidon_nb.errors import ActionFailed, ActionTimedOut, Forbidden, Unprocessable
from poseidon_nb.plans.builders import (
    action_chains,
    create_droplet_chains,
    delete_droplet_chains,
    operation_chains,
    tag_chains,
)
from poseidon_nb.plans.outcomes import display_status, failures, target_outcomes, with_pending
from poseidon_nb.transport.request import Request
from tests.plans.test_plan import SIZES, droplet, plan_of

DONE, UNCHANGED = ("completed", None), ("unchanged", None)


def restart(*ends: tuple[str, Exception | None]):
    """Return a plan of a resize with a restart, and its outcomes: shutdown, power_off, resize, power_on."""
    plan = plan_of(*action_chains([droplet(1)], "resize", {"size": "s-large"}, restart=True, sizes=SIZES))
    steps = plan.chains[0]
    outcomes = [
        Outcome(step, step.targets[0], status, error=error) for step, (status, error) in zip(steps, ends, strict=False)
    ]
    return plan, with_pending(plan, outcomes)


def test_a_restart_is_one_row_with_the_outcome_of_the_main_step():
    slow, refused = ActionTimedOut("slow"), Unprocessable("refused")
    cases = [
        ((DONE, UNCHANGED, DONE, DONE), "completed", None),
        # Cutting the power after a failed shutdown is not a failure.
        ((("in-progress", slow), DONE, DONE, DONE), "completed", None),
        ((("failed", ActionFailed("x")), DONE, DONE, DONE), "completed", None),
        ((DONE, UNCHANGED, ("failed", refused), DONE), "failed", refused),
        ((DONE, UNCHANGED, DONE, ("failed", refused)), "failed", refused),
        ((DONE, ("failed", refused), ("skipped", None), DONE), "failed", refused),
        ((("failed", refused), ("skipped", None), ("skipped", None), ("skipped", None)), "failed", refused),
        # The time limit was reached: the rest of the chain goes on.
        ((("in-progress", slow),), "in-progress", slow),
        ((DONE, UNCHANGED, ("in-progress", slow)), "in-progress", slow),
        ((("in-progress", None),), "in-progress", None),
    ]
    for ends, status, error in cases:
        plan, outcomes = restart(*ends)
        (one,) = target_outcomes(plan, outcomes)
        assert (one.action, one.status, one.error) == ("resize", status, error), ends
        assert failures(plan, outcomes) == ([] if error is None else [error]), ends


def test_a_target_that_was_skipped_has_an_error_too():
    plan, outcomes = restart(*[("skipped", None)] * 4)
    (one,) = target_outcomes(plan, outcomes)
    assert one.status == "skipped"
    assert str(one.error) == "resize web-1: skipped"


def test_outcomes_of_chains_in_progress_are_matched_to_their_steps():
    plan = plan_of(*action_chains([droplet(1), droplet(2)], "take_snapshot", {"name": "a"}, restart=True))
    first, second = (Outcome(chain[0], chain[0].targets[0], "in-progress") for chain in plan.chains)
    found = with_pending(plan, [first, second])
    assert [one.target.name for one in found] == ["web-1"] * 4 + ["web-2"] * 4
    assert (found[0], found[4]) == (first, second)
    assert [one.status for one in target_outcomes(plan, found)] == ["in-progress", "in-progress"]


def test_targets_with_the_same_name_have_a_row_each_and_can_be_filtered_by_kind():
    plan = plan_of(*create_droplet_chains(["a", "a"], {"size": "s-small", "image": 1}, sizes=SIZES))
    ((step,),) = plan.chains
    failed = Forbidden("no")
    assert len(target_outcomes(plan, [Outcome(step, target, "failed", error=failed) for target in step.targets])) == 2
    made = [Outcome(step, replace(step.targets[0], id=number), "completed") for number in (7, 8)]
    assert [one.id for one in target_outcomes(plan, with_pending(plan, made))] == [7, 8]
    plan = plan_of(*tag_chains([droplet(1)], "blue", exists=False))
    outcomes = [Outcome(step, step.targets[0], "completed") for step in plan.steps]
    assert [one.name for one in target_outcomes(plan, outcomes)] == ["blue", "web-1"]
    assert [one.name for one in target_outcomes(plan, outcomes, kind="droplet")] == ["web-1"]


def test_a_delete_that_was_only_accepted_is_in_progress():
    class Nothing:
        def read(self, request):
            return None

        def price_of(self, size):
            return None

    begun = Request("DELETE", "/v2/x")
    for operation_id, path, status in (
        ("autoscalepools_delete", "/v2/droplets/autoscale/x", "in-progress"),
        ("tags_delete", "/v2/tags/x", "completed"),
    ):
        request = replace(begun, path=path, operation_id=operation_id)
        ((step,),) = operation_chains(Nothing(), [request], "delete")
        assert display_status(Outcome(step, step.targets[0], "completed")) == status, operation_id
    ((step,),) = delete_droplet_chains([droplet(1)])
    assert display_status(Outcome(step, step.targets[0], "completed")) == "completed"
