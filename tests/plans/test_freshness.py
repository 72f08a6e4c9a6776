"""A plan is executed once, and only while its droplets are what they were when it was built."""

from __future__ import annotations

import pickle

import pytest

import poseidon_nb as po
from poseidon_nb import errors


@pytest.fixture
def desk():
    with po.Sandbox(speed=500) as sandbox, po.connect(sandbox) as client:
        yield sandbox, client


def plan_of(client, name, verb, *, size=None):
    from poseidon_nb.plans.builders import action_chains
    from poseidon_nb.plans.plan import Plan

    row = client.droplets.by_name(name).to_dict()
    parameters = {"size": size} if size else {}
    return Plan(f"droplets {verb} {name}", client.label(), action_chains([row], verb, parameters), (), client)


def posts(sandbox):
    return [one for one in sandbox.requests if one.method == "POST"]


def test_a_plan_is_executed_once(desk):
    sandbox, client = desk
    plan = plan_of(client, "web-1", "reboot")
    plan.apply()
    for again in (plan.apply, plan.run):
        with pytest.raises(errors.InvalidArgument, match="already executed"):
            again()
    assert len(posts(sandbox)) == 1
    assert pickle.loads(pickle.dumps(plan)) == plan


def test_a_plan_whose_droplet_has_changed_is_refused_and_sends_nothing(desk):
    sandbox, client = desk
    changes = {
        "switched": (lambda one: one.power_off(), "changed its status from active to off"),
        "renamed": (lambda one: one.rename("other"), "was renamed to other"),
        "deleted": (lambda one: one.delete(), "was deleted"),
    }
    for name, (change, why) in zip(("web-1", "web-2", "web-3"), changes.values(), strict=True):
        plan = plan_of(client, name, "power_off")
        change(client.droplets.by_name(name))
        before = len(posts(sandbox))
        with pytest.raises(errors.InvalidArgument, match=rf"Droplet {name} \(\d+\) {why} since this plan was built"):
            plan.apply()
        assert len(posts(sandbox)) == before


def test_what_was_so_already_and_is_no_more_is_refused_too(desk):
    _, client = desk
    plan = plan_of(client, "legacy-reports", "power_off")
    assert plan.is_empty
    client.droplets.by_name("legacy-reports").power_on()
    with pytest.raises(errors.InvalidArgument, match="changed its status from off to active"):
        plan.apply()
