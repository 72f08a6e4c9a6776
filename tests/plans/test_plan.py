"""A plan as data: its frame, requests and texts, pickling without its client, and executing it once."""

from __future__ import annotations

import pickle

import pytest

import poseidon_nb as po
from poseidon_nb import errors
from poseidon_nb.catalogue import operation
from poseidon_nb.client.engine.steps import Step, Target
from poseidon_nb.frames.schemas import DERIVED_TABLES
from poseidon_nb.plans.builders import (
    action_chains,
    create_droplet_chains,
    delete_droplet_chains,
    request_chain,
    tag_chains,
    untag_chains,
)
from poseidon_nb.plans.plan import Plan
from poseidon_nb.plans.summary import dry_run, listing, summary
from poseidon_nb.transport.request import Request, build_request

SIZES = {
    slug: {"slug": slug, "price_monthly": price, "disk": disk, "regions": ["nyc3"], "available": True}
    for slug, price, disk in (("s-small", 6.0, 25), ("s-middle", 24.0, 80), ("s-large", 48.0, 160))
}


def droplet(number: int, **fields: object) -> dict[str, object]:
    return {
        "id": number,
        "name": f"web-{number}",
        "status": "active",
        "region": {"slug": "nyc3"},
        "size_slug": "s-middle",
        "size": SIZES["s-middle"],
        "disk": 80,
        "tags": ["web"],
        "features": [],
        **fields,
    }


def plan_of(*chains: tuple[Step, ...], **fields: object) -> Plan:
    return Plan("the line", "SANDBOX", tuple(chains), **fields)


def resize(**fields: object) -> Plan:
    rows = [droplet(1), droplet(2, status="off")]
    return plan_of(
        *action_chains(rows, "resize", {"size": "s-large", "disk": False}, restart=True, sizes=SIZES), **fields
    )


def test_a_frame_has_a_row_for_each_step_and_target_with_the_columns_and_dtypes_of_its_schema():
    table = DERIVED_TABLES["plan"].columns
    for plan in (resize(), plan_of()):
        frame = plan.frame()
        assert [*frame.columns] == [column.name for column in table]
        assert [str(dtype) for dtype in frame.dtypes] == [column.dtype for column in table]
    frame = resize().frame()
    assert frame["chain"].tolist() == [0, 0, 0, 0, 1]
    assert frame["step"].tolist() == [0, 1, 2, 3, 0]
    assert frame["change"].tolist() == ["shutdown", "power_off if needed", "resize", "power_on", "resize"]
    assert frame["from"].tolist() == ["active", "active", "s-middle", "off", "s-middle"]
    assert frame["to"].tolist() == ["off", "off", "s-large", "active", "s-large"]
    assert frame["restart"].tolist() == [True, True, False, False, False]
    assert frame["usd_month"].tolist() == [0.0, 0.0, 24.0, 0.0, 24.0]
    assert frame["id"].tolist() == ["1", "1", "1", "1", "2"]
    assert set(frame["resource_type"]) == {"droplet"}
    assert frame["reversible"].all()


def test_the_cost_of_a_plan_is_the_sum_of_its_steps_and_unknown_if_one_is():
    assert resize().usd_month == 48.0
    assert plan_of(*delete_droplet_chains([droplet(1)])).usd_month == -24.0
    made = create_droplet_chains([f"n{one}" for one in range(12)], {"size": "s-small", "image": "x"}, sizes=SIZES)
    assert plan_of(*made).frame()["usd_month"].tolist() == [6.0] * 12
    assert plan_of(*made).usd_month == 72.0
    assert plan_of(*create_droplet_chains(["a"], {"size": "s-none", "image": "x"}, sizes=SIZES)).usd_month is None


def test_unchanged_steps_are_shown_and_not_sent():
    rows = [droplet(1), droplet(2, status="off")]
    plan = plan_of(*action_chains(rows, "power_on"))
    assert [request.path for request in plan.requests()] == ["/v2/droplets/2/actions"]
    assert plan.frame()["from"].tolist() == ["active", "off"]
    assert [target.name for target in plan.targets] == ["web-2"]
    assert dry_run(plan).startswith("(power_on web-1: already active; not sent)\n\nPOST /v2/droplets/2/actions\n{")
    assert "already active" in repr(plan)
    cases = [
        ("resize", {"size": "s-middle", "disk": False}, {}, "already has this size"),
        ("resize", {"size": "s-middle", "disk": True}, {"disk": 25}, ""),
        ("rename", {"name": "web-1"}, {}, "already has this name"),
        ("rename", {"name": "web-2"}, {}, ""),
        ("enable_backups", {}, {"features": ["backups"]}, "already has backups"),
        ("enable_backups", {"backup_policy": {"plan": "daily"}}, {"features": ["backups"]}, ""),
        ("disable_backups", {}, {}, "has no backups"),
        ("disable_backups", {}, {"features": ["backups"]}, ""),
        ("enable_ipv6", {}, {"features": ["ipv6"]}, "already has IPv6"),
        ("power_off", {}, {"status": "off"}, "already off"),
        ("shutdown", {}, {"status": "off"}, "already off"),
        ("reboot", {}, {}, ""),
        # Nothing is known about the droplet but its name.
        ("power_on", {}, {"status": None}, ""),
    ]
    for verb, parameters, fields, unchanged in cases:
        ((step,),) = action_chains([droplet(1, **fields)], verb, parameters, sizes=SIZES)
        assert step.unchanged == unchanged, (verb, fields)
        assert plan_of((step,)).is_empty is bool(unchanged)
    assert "nothing to change" in repr(plan_of(*action_chains([droplet(1)], "power_on")))


def test_a_size_that_does_not_fit_is_refused_when_the_plan_is_built():
    for size, row, message in (
        ("s-larg", droplet(1), "Unknown size 's-larg'. Did you mean s-large"),
        ("s-small", droplet(1), "s-small has a disk of 25 GB, but droplet web-1 has 80 GB"),
        ("s-large", droplet(1, region={"slug": "ams3"}), "Size s-large is not available in ams3"),
    ):
        with pytest.raises(errors.InvalidArgument, match=message):
            action_chains([row], "resize", {"size": size, "disk": False}, sizes=SIZES)


def test_snapshots_and_backups_have_a_cost():
    cases = [
        ("take_snapshot", {"name": "a"}, 80 * 0.06),
        ("enable_backups", {}, 7.2),
        ("enable_backups", {"backup_policy": {"plan": "weekly"}}, 4.8),
        ("reboot", {}, 0.0),
    ]
    for verb, parameters, usd in cases:
        assert plan_of(*action_chains([droplet(1)], verb, parameters)).usd_month == pytest.approx(usd), verb
    less = plan_of(*action_chains([droplet(1, features=["backups"])], "disable_backups"))
    assert less.usd_month == pytest.approx(-4.8)


def test_a_missing_tag_is_created_and_tagged_droplets_are_left_out():
    plan = plan_of(*tag_chains([droplet(1), droplet(2, tags=[])], "web", exists=True))
    assert [request.body for request in plan.requests()] == [
        {"resources": [{"resource_id": "2", "resource_type": "droplet"}]}
    ]
    assert (
        summary(plan_of(*tag_chains([droplet(1)], "blue", exists=False)))
        == "create tag blue; tag droplet web-1 with blue"
    )
    assert plan_of(*tag_chains([droplet(1)], "WEB", exists=True)).is_empty
    plan = plan_of(*untag_chains([droplet(1), droplet(2, tags=[])], "web"))
    assert [target.name for target in plan.targets] == ["web-1"]
    # A droplet about which nothing is known may have the tag.
    assert not plan_of(*untag_chains([{"id": 3}], "web")).is_empty


def test_a_plan_compares_and_pickles_without_its_client():
    with_client = resize(client=object())
    assert with_client == resize()
    assert "object" not in repr(with_client)
    kept = pickle.loads(pickle.dumps(with_client))  # our own bytes
    assert (kept, kept.client) == (resize(), None)
    with pytest.raises(
        errors.InvalidArgument, match=r"A copied or stored plan has no client\. Execute it with %do apply"
    ):
        kept.apply()


def test_a_plan_displays_as_text_and_as_html_with_names_escaped():
    assert listing(resize(notes=("a note",))).splitlines() == [
        (
            "<Plan SANDBOX: resize droplet web-1 to s-large with a restart (+$24.00 a month); "
            "resize droplet web-2 to s-large (+$24.00 a month); 5 requests>"
        ),
        "  - shutdown web-1 (1): status active → off",
        "    power_off web-1 (1): status active → off (if needed)",
        "    resize web-1 (1): size s-middle → s-large",
        "    power_on web-1 (1): status off → active",
        "  - resize web-2 (2): size s-middle → s-large",
        "  a note",
    ]
    plan = plan_of(*action_chains([droplet(1, name="<b>x")], "reboot"), notes=("<i>",))
    html = plan._repr_html_()
    assert "<b>x" not in html
    assert "<i>" not in html
    assert "&lt;b&gt;x" in html


def test_a_dry_run_lists_requests_in_order_marks_optional_ones_and_hides_secrets():
    first, *_ = text = dry_run(resize()).split("\n\n")
    assert first.splitlines()[0] == "POST /v2/droplets/1/actions"
    assert [one.splitlines()[0].removeprefix("POST /v2/droplets/1/actions") for one in text[:4]] == [
        "",
        "  (if needed)",
        "",
        "",
    ]
    step = Step(
        verb="create",
        targets=(Target("thing", None, "x"),),
        request=build_request(operation("sshKeys_create"), body={"name": "x", "password": "hunter2"}),
    )
    assert "hunter2" not in dry_run(plan_of((step,)))
    assert "hunter2" not in repr(plan_of((step,)))


def test_long_lists_of_names_are_truncated_and_a_bare_request_is_its_own_summary():
    rows = [droplet(one) for one in range(1, 1_010)]
    assert summary(plan_of(*action_chains(rows, "reboot"))) == (
        "reboot 1,009 droplets: web-1, web-2, web-3, web-4, web-5, web-6, web-7, web-8 and 1,001 more"
    )
    assert len(repr(plan_of(*action_chains(rows, "reboot"))).splitlines()) == 61
    assert plan_of(*action_chains(rows, "reboot"))._repr_html_().count("<tr ") < 70
    assert summary(plan_of(request_chain(Request("PUT", "/v2/x")))) == "PUT /v2/x"


@pytest.fixture
def desk():
    with po.Sandbox(speed=500) as sandbox, po.connect(sandbox) as client:
        yield sandbox, client


def plan_for(client, name, verb):
    row = client.droplets.by_name(name).to_dict()
    return Plan(f"droplets {verb} {name}", client.label(), action_chains([row], verb), (), client)


def posts(sandbox):
    return [one for one in sandbox.requests if one.method == "POST"]


def test_a_plan_is_executed_once(desk):
    sandbox, client = desk
    plan = plan_for(client, "web-1", "reboot")
    plan.apply()
    for again in (plan.apply, plan.run):
        with pytest.raises(errors.InvalidArgument, match="already executed"):
            again()
    assert len(posts(sandbox)) == 1
    assert pickle.loads(pickle.dumps(plan)) == plan


def test_a_plan_whose_droplet_has_changed_is_refused_and_sends_nothing(desk):
    sandbox, client = desk
    changes = {
        "switched": (lambda one: one.power_off(), "has changed its status from active to off"),
        "renamed": (lambda one: one.rename("other"), "has been renamed to other"),
        "deleted": (lambda one: one.delete(), "has been deleted"),
    }
    for name, (change, why) in zip(("web-1", "web-2", "web-3"), changes.values(), strict=True):
        plan = plan_for(client, name, "power_off")
        change(client.droplets.by_name(name))
        before = len(posts(sandbox))
        with pytest.raises(errors.InvalidArgument, match=rf"Droplet {name} \(\d+\) {why} since this plan was built"):
            plan.apply()
        assert len(posts(sandbox)) == before


def test_an_unchanged_step_that_would_now_change_something_is_refused_too(desk):
    _, client = desk
    plan = plan_for(client, "legacy-reports", "power_off")
    assert plan.is_empty
    client.droplets.by_name("legacy-reports").power_on()
    with pytest.raises(errors.InvalidArgument, match="changed its status from off to active"):
        plan.apply()
