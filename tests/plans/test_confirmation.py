"""When a plan needs confirmation, and the texts of buttons and refusals."""

from __future__ import annotations

import pytest

from poseidon_nb.catalogue import operation
from poseidon_nb.client.engine.steps import Step, Target
from poseidon_nb.commands.generic.derive import account_operations
from poseidon_nb.plans import confirmation
from poseidon_nb.plans.builders import (
    action_chains,
    create_droplet_chains,
    delete_droplet_chains,
    operation_chains,
    request_chain,
)
from poseidon_nb.transport.request import Request, build_request
from tests.plans.test_plan import SIZES, droplet, plan_of

ON, OFF = droplet(1), droplet(2, status="off")


def test_each_reason_is_found_and_harmless_plans_have_none():
    big = {"size": "s-large", "disk": False}
    cases = [
        (action_chains([ON], "power_off"), ("interrupts",)),
        (action_chains([OFF], "power_cycle"), ()),
        (action_chains([OFF], "power_on"), ()),
        (action_chains([ON], "reboot"), ("interrupts",)),
        # Without a status, the droplet is assumed to be running.
        (action_chains([{"id": 3}], "power_off"), ("interrupts",)),
        (action_chains([ON], "resize", big, restart=True, sizes=SIZES), ("interrupts",)),
        (action_chains([OFF], "resize", big, restart=True, sizes=SIZES), ()),
        (action_chains([OFF], "resize", {**big, "disk": True}, sizes=SIZES), ("irreversible",)),
        (action_chains([ON], "rebuild", {"image": 1}), ("replaces",)),
        (action_chains([OFF], "password_reset"), ("resets",)),
        (action_chains([OFF], "enable_ipv6"), ("irreversible",)),
        (action_chains([ON], "rename", {"name": "x"}), ()),
        (action_chains([ON], "take_snapshot"), ()),
        (action_chains([droplet(one) for one in range(20)], "take_snapshot"), ()),
        (action_chains([droplet(one) for one in range(21)], "take_snapshot"), ("cost", "many")),
        (delete_droplet_chains([OFF]), ("deletes",)),
        (create_droplet_chains(["a", "b"], {"size": "s-large", "image": 1}, sizes=SIZES), ()),
        (create_droplet_chains(["a", "b", "c"], {"size": "s-large", "image": 1}, sizes=SIZES), ("cost",)),
        # The API refuses a size that is not available.
        (create_droplet_chains(["a"], {"size": "s-none", "image": 1}, sizes=SIZES), ()),
        ((request_chain(Request("POST", "/v2/tags", operation_id="tags_create")),), ("request",)),
        ((request_chain(Request("PUT", "/v2/unknown")),), ("request",)),
        ((), ()),
    ]
    for chains, reasons in cases:
        # Twenty snapshots of 80 GB cost at most 96 dollars; one more exceeds the limit.
        assert confirmation.reasons(plan_of(*chains)) == reasons, chains


def test_the_price_limit_applies_to_the_total_that_a_plan_adds():
    chains = create_droplet_chains(["a"], {"size": "s-large", "image": 1}, sizes=SIZES)
    smaller = action_chains(
        [droplet(1, size_slug="s-large", size=SIZES["s-large"])], "resize", {"size": "s-middle"}, sizes=SIZES
    )
    assert confirmation.reasons(plan_of(*chains), price_limit_usd_month=24.0) == ("cost",)
    assert confirmation.reasons(plan_of(*chains, *smaller), price_limit_usd_month=24.0) == ()
    assert confirmation.reasons(plan_of(*chains), price_limit_usd_month=0.0) == ("cost",)


def test_every_operation_asks_as_its_effect_says():
    """Operations that delete, replace, reset, interrupt or transfer something ask, whatever their method."""

    class Nothing:
        def read(self, request):
            return None

        def price_of(self, size):
            return 1.0

    for operation_id in account_operations():
        wanted = operation(operation_id)
        if wanted.method == "GET" or operation_id == "dropletActions_post":
            continue
        path = {parameter.name: "7" for parameter in wanted.path_parameters}
        plan = plan_of(*operation_chains(Nothing(), [build_request(wanted, path=path)], "x"))
        effect = confirmation.effect_of(operation_id)
        reasons = set(confirmation.reasons(plan)) - {"cost"}
        assert bool(reasons) is (effect.needs_confirmation or not effect.reversible), operation_id
        assert effect.kind not in {"deletes", "replaces", "resets", "transfers"} or reasons == {effect.kind}


def test_a_button_label_names_the_action_the_targets_and_the_cost():
    cases = [
        (action_chains([ON], "power_off"), "Confirm: power off web-1"),
        (
            delete_droplet_chains([ON, OFF]),
            "Confirm: delete 2 droplets (saves $48.00 a month): web-1 (1) and web-2 (2)",
        ),
        (
            action_chains([ON], "resize", {"size": "s-large"}, restart=True, sizes=SIZES),
            "Confirm: resize web-1 to s-large with a restart (+$24.00 a month)",
        ),
    ]
    for chains, label in cases:
        assert confirmation.button_label(plan_of(*chains)) == label


def test_a_refusal_names_verbs_that_used_not_to_ask():
    assert confirmation.refusal(plan_of(*action_chains([ON], "reboot"))).endswith(
        "This session cannot ask for confirmation. Add --yes to confirm (new in version 0.1.0: reboot asks for confirmation)."
    )
    assert confirmation.refusal(plan_of(*delete_droplet_chains([ON]))).endswith("Add --yes to confirm.")
    many = confirmation.refusal(plan_of(*action_chains([droplet(one) for one in range(30)], "rename", {"name": "x"})))
    assert many.endswith("(new in version 0.1.0: rename asks for confirmation).")


@pytest.mark.parametrize(("method", "deletes"), [("DELETE", True), ("POST", False)])
def test_a_request_to_an_unknown_path_is_assumed_to_do_the_worst(method, deletes):
    plan = plan_of((Step(verb="api", targets=(Target("request", None, "x"),), request=Request(method, "/v2/x")),))
    assert confirmation.deletes(plan) is deletes
    assert confirmation.reasons(plan) == ("request",)
