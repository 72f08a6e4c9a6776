"""``--plan`` and ``%do apply {plan}``: a plan is returned, and applied once to its own account."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace

import pandas as pd
import pytest
import responses

import poseidon_nb as po
from poseidon_nb import errors
from poseidon_nb.plans.plan import Plan
from tests.commands.shown_requests import requests_in

CREATE = "--size s-1vcpu-1gb --image ubuntu-24-04-x64 --region nyc3"


def test_plan_returns_what_would_change_and_changes_nothing(desk):
    desk.sent()
    plan = desk.do("droplets resize --tag web --size s-4vcpu-8gb --restart --plan")
    assert isinstance(plan, Plan)
    assert (plan.title, plan.account) == ("droplets resize --tag web --size s-4vcpu-8gb --restart", "SANDBOX")
    assert plan.frame()["name"].nunique() == 4
    assert plan.usd_month == 108.0
    assert desk.changes() == []
    assert desk.ui.questions == []


def test_a_plan_goes_into_a_variable_by_out_and_its_rows_are_no_columns(desk):
    kept = {}
    desk.settings = type(desk.settings)(assign=kept.__setitem__)
    assert desk.do("droplets reboot web-1 --plan --out plan") is None
    assert isinstance(kept["plan"], Plan)
    assert desk.ui.said == ["plan: a plan"]
    for option in ("--columns id", "--raw", "--output json"):
        with pytest.raises(errors.InvalidArgument, match="--plan returns a Plan"):
            desk.do(f"droplets reboot web-1 --plan {option}")


def test_what_changes_nothing_has_no_plan(desk):
    for line in ("droplets list", "sandbox status", "actions wait 5", "api GET /v2/account", "metrics cpu web-1"):
        with pytest.raises(errors.InvalidArgument, match="changes nothing, so it has no plan"):
            desk.do(f"{line} --plan")
    with pytest.raises(errors.InvalidArgument, match="droplets list changes nothing"):
        po.plan("droplets list")
    with pytest.raises(errors.InvalidArgument, match="one command that changes something"):
        po.plan("")


def test_a_verb_with_a_plan_of_its_own_has_both(desk):
    for line in ("enable_backups web-1 --plan weekly --plan", "enable_backups --plan --plan=weekly web-1"):
        plan = desk.do(f"droplets {line}")
        assert plan.requests()[0].body == {"type": "enable_backups", "backup_policy": {"plan": "weekly"}}
    assert desk.do("droplets enable_backups web-1 --plan").requests()[0].body == {"type": "enable_backups"}
    desk.do("droplets enable_backups web-1 --plan weekly --dry-run")
    assert '"weekly"' in desk.ui.said[-1]


def test_apply_takes_the_plan_asks_as_the_command_would_and_tells_each_step(desk):
    plan = desk.do("droplets resize web-1 legacy-reports --size s-4vcpu-8gb --restart --plan")
    with pytest.raises(
        errors.ConfirmationRequired,
        match=r"SANDBOX: resize .*new in version 0\.1\.0: resize --restart asks for confirmation",
    ):
        desk.do("apply {plan}", plan=plan)
    desk.ui.answer = True
    frame = desk.do("apply {plan}", plan=plan)
    assert [*frame.columns] == ["chain", "step", "id", "name", "action", "status", "error"]
    assert frame["action"].tolist() == ["shutdown", "power_off", "resize", "power_on", "resize"]
    assert set(frame.loc[[0, 2, 3, 4], "status"]) == {"completed"}
    assert desk.do("droplets get web-1")["size"][0] == "s-4vcpu-8gb"
    desk.do("apply {plan} --dry-run", plan=plan)
    assert len(requests_in(desk.ui.said[-1])) == 5
    assert desk.do("apply {plan} --plan", plan=plan) == plan
    asked = len(desk.ui.questions)
    with pytest.raises(errors.InvalidArgument, match="already executed"):
        desk.do("apply {plan}", plan=plan)
    assert len(desk.ui.questions) == asked, "nobody is asked about a plan that cannot be executed"


def test_apply_from_python_gives_the_same_and_raises_when_a_step_failed(desk):
    frame = desk.do("droplets reboot web-1 --plan").apply()
    assert frame["status"].tolist() == ["completed"]
    desk.sandbox.fault("action_errored", action="reboot", resource_id=521000032)
    with pytest.raises(errors.BulkFailed, match="1 of 2 failed") as caught:
        desk.do("droplets reboot web-1 web-2 --plan").apply()
    assert caught.value.frame["status"].tolist() == ["failed", "completed"]
    desk.sandbox.fault("action_errored", action="reboot", resource_id=521000032)
    frame = desk.do("apply {plan} --yes --keep-going", plan=desk.do("droplets reboot web-1 --plan"))
    assert frame["status"].tolist() == ["failed"]


def test_apply_refuses_whatever_is_neither_plan_nor_frame_and_names_it(desk):
    plan = desk.do("droplets reboot web-1 --plan")
    for given, what in (
        (plan.frame(), r"the table of a plan. Execute the plan itself: %do apply {plan}"),
        (pd.DataFrame(), "The frame has no columns"),
        ("droplets delete web-1", "not 'droplets delete web-1'"),
        (5, "not a value of type int"),
        (None, "not a value of type NoneType"),
    ):
        with pytest.raises(errors.InvalidArgument, match=what):
            desk.do("apply {plan}", plan=given)
    with pytest.raises(errors.InvalidArgument, match=r"not 'plan'. If plan is a variable, write {plan}."):
        desk.do("apply plan", plan=plan)
    with pytest.raises(errors.GrammarError, match="Unknown variable 'other'"):
        desk.do("apply {other}", plan=plan)
    with pytest.raises(errors.InvalidArgument, match=r"executed as it is\. Give --restart where it is built"):
        desk.do("apply {plan} --restart", plan=plan)


def test_a_stored_plan_is_applied_to_its_own_account_only(desk):
    plan = pickle.loads(pickle.dumps(desk.do("tags create blue --plan")))  # our own bytes
    assert desk.do("apply {plan}", plan=plan)["status"].tolist() == ["completed"]
    other = Plan(plan.title, "ada@example.com", plan.chains)
    with pytest.raises(errors.InvalidArgument, match=r"This plan is for ada@example\.com, but %do uses SANDBOX"):
        desk.do("apply {plan}", plan=other)


def test_of_two_plans_one_is_too_many(desk):
    plan = desk.do("droplets power_off web-1 --plan")
    with pytest.raises(errors.InvalidArgument, match="A Plan is applied alone"):
        desk.do("apply {plan} {plan}", plan=plan)


def test_a_plan_for_another_account_is_refused(desk):
    plan = desk.do("droplets power_off web-1 --plan")
    with po.Sandbox() as other, po.connect(other) as stranger:
        foreign = replace(plan, client=stranger)
        with pytest.raises(errors.InvalidArgument, match=r"This plan is for SANDBOX, but %do uses SANDBOX. Select its"):
            desk.do("apply {plan} --yes", plan=foreign)
        assert not [one for one in other.requests if one.method == "POST"]


@responses.activate
def test_a_plan_for_another_team_of_the_same_person_is_refused(empty_desk, monkeypatch):
    for variable in ("DIGITALOCEAN_ACCESS_TOKEN", "DIGITALOCEAN_TOKEN", "DIGITALOCEAN_API_KEY"):
        monkeypatch.delenv(variable, raising=False)

    def account(request):
        team = request.headers["Authorization"][-1]
        return 200, {}, json.dumps({"account": {"email": "ada@example.com", "team": {"uuid": team}}})

    responses.add_callback("GET", "https://api.digitalocean.com/v2/account", account)
    monkeypatch.setenv("DIGITALOCEAN_ACCESS_TOKEN", "token-of-team-a")
    plan = empty_desk.do("tags create blue --plan")
    kept = pickle.loads(pickle.dumps(plan))  # our own bytes
    monkeypatch.setenv("DIGITALOCEAN_ACCESS_TOKEN", "token-of-team-b")
    empty_desk.session._forget()
    for given in (plan, kept):
        with pytest.raises(errors.InvalidArgument, match=r"This plan is for ada@example\.com, but %do uses ada"):
            empty_desk.do("apply {plan} --yes", plan=given)
