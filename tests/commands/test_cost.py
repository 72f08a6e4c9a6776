"""`%do cost`: what it reads, what it gives, and what it says of what cannot be read."""

from __future__ import annotations

import pandas as pd
import pytest

from poseidon_nb import errors
from poseidon_nb.analysis import cost
from poseidon_nb.commands.cost.summary import unknown_months
from poseidon_nb.commands.registry import parse, registry
from poseidon_nb.frames.schemas import DERIVED_TABLES
from poseidon_nb.language.completion import complete_line
from poseidon_nb.plots import Picture

TABLES = {
    "cost": "cost_by",
    "cost --by tag": "cost_by",
    "cost lines": "cost_lines",
    "cost reconcile": "cost_reconciliation",
    "cost history": "cost_history",
}


@pytest.mark.parametrize(("line", "table"), TABLES.items())
def test_it_is_a_frame_with_the_columns_that_help_promises(desk, line: str, table: str) -> None:
    frame = desk.do(line)
    assert [*frame.columns] == [column.name for column in DERIVED_TABLES[table].columns]
    assert len(frame) > 3
    assert desk.changes() == [], "nothing is changed"


@pytest.mark.parametrize("line", ["cost --by project", "cost history"])
def test_with_plot_it_is_a_picture_of_the_same_numbers(desk, line: str) -> None:
    picture, frame = desk.do(f"{line} --plot"), desk.do(line)
    assert isinstance(picture, Picture)
    column = "price_usd_month" if "by" in line else "billed_usd"
    pd.testing.assert_series_equal(picture.table[column], frame[column])


def test_the_sums_are_those_of_the_droplets_list(desk) -> None:
    droplets = desk.do("droplets list")
    sums = desk.do("cost --by region").set_index("group")
    volumes = desk.do("volumes list")
    balancers = desk.do("load-balancers list")
    assert sums.loc["tor1", "price_usd_month"] == droplets[droplets["region"] == "tor1"]["price_monthly"].sum()
    here = droplets[droplets["region"] == "sgp1"]["price_monthly"].sum()
    assert sums.loc["sgp1", "price_usd_month"] == pytest.approx(here)
    resource_types = desk.do("cost").set_index("group")["price_usd_month"]
    assert resource_types["droplet"] == pytest.approx(droplets["price_monthly"].sum())
    assert resource_types["volume"] == pytest.approx(volumes["size_gigabytes"].sum() * 0.10)
    assert resource_types["load_balancer"] == balancers["size_unit"].sum() * 12
    backed_up = droplets[[("backups" in features) for features in droplets["features"]]]
    assert resource_types["backup"] == pytest.approx(backed_up["price_monthly"].sum() * 0.20)


def test_the_total_is_said_and_what_has_no_price(desk) -> None:
    total = cost.total(desk.do("cost lines")).iloc[0]
    desk.do("cost --by tag")
    said = desk.ui.said[-1]
    assert f"Total: ${total['price_usd_month']:,.2f} a month" in said
    assert "counts under each" in said
    assert said.endswith(
        f" 1 of {total['resources']:.0f} resources has no price: transfer. See %do cost lines for the reasons."
    )
    assert (total["unpriced"], total["unavailable"]) == (1, 0)


def test_months_whose_amount_is_unknown_are_said() -> None:
    assert unknown_months(pd.DataFrame({"month": ["2026-07"], "billed_usd": [10.0]})) == ""
    unknown = pd.DataFrame({"month": ["2026-07", "2026-08", "2026-09"], "billed_usd": [None, 1.0, None]})
    said = unknown_months(unknown)
    assert said == "The cost of 2026-07 and 2026-09 is unknown, because an invoice has no amount."


def test_a_service_that_is_not_there_is_a_line_with_the_reason(desk) -> None:
    desk.sandbox.fault("status", operation="databases_list_clusters", status=501, times=None)
    lines = desk.do("cost lines").set_index("resource_type")
    assert pd.isna(lines.loc["database", "price_usd_month"])
    assert lines.loc["database", "note"].startswith("could not be read: 501")


def test_an_account_without_a_registry_has_no_line_of_one(desk) -> None:
    assert "registry" in {*desk.do("cost lines")["resource_type"]}
    desk.sandbox.fault("status", operation="registries_get_subscription", status=404, times=None)
    assert "registry" not in {*desk.do("cost lines")["resource_type"]}


def test_a_missing_scope_is_a_line_with_the_scope_and_other_sums_stay(desk) -> None:
    before = desk.do("cost").set_index("group")["price_usd_month"]
    desk.sandbox.fault("status", operation="volumes_list", status=403, times=None)
    desk.sandbox.fault("status", operation="projects_list_resources", status=403, times=None)
    lines = desk.do("cost lines")
    (volume,) = lines[lines["resource_type"] == "volume"].to_dict("records")
    assert volume["note"].startswith("could not be read: 403")
    assert "block_storage:read" in volume["note"]
    assert any("Could not read the resources of these projects" in said for said in desk.ui.said)
    after = cost.by(lines).set_index("group")["price_usd_month"]
    pd.testing.assert_series_equal(before.drop("volume"), after.drop("volume"), check_like=True)


def test_droplets_that_cannot_be_read_are_told_too(desk) -> None:
    desk.sandbox.fault("status", operation="droplets_list", status=403, times=None)
    resource_types = desk.do("cost").set_index("group")
    assert pd.isna(resource_types.loc["droplet", "price_usd_month"])
    assert resource_types.loc["volume", "price_usd_month"] > 0
    for resource_type in ("droplet", "kubernetes_node", "backup", "transfer"):
        assert resource_types.loc[resource_type, "note"].startswith("could not be read: ")
        assert resource_types.loc[resource_type, ["resources", "unavailable"]].tolist() == [0, 1]


def test_volumes_that_cannot_be_read_are_not_counted_as_one_when_compared(desk) -> None:
    before = desk.do("cost reconcile").set_index("product").loc["Volumes"]
    desk.sandbox.fault("status", operation="volumes_list", status=403, times=None)
    after = desk.do("cost reconcile").set_index("product").loc["Volumes"]
    assert (before["resources"], before["items"]) == (4, 4)
    assert (after["resources"], after["items"], after["billed_usd"]) == (0, 4, before["billed_usd"])
    assert after["note"] == "could not be read"
    assert after[["expected_usd", "difference_usd", "deleted_usd"]].isna().all()


def test_without_the_droplets_nothing_that_was_billed_for_them_is_called_gone(desk) -> None:
    desk.sandbox.fault("status", operation="droplets_list", status=403, times=None)
    bill = desk.do("cost reconcile").set_index("product")
    for product in ("Droplets", "Backups"):
        assert bill.loc[product, "billed_usd"] > 0
        assert bill.loc[product, ["expected_usd", "difference_usd", "deleted_usd"]].isna().all()
        assert bill.loc[product, "note"] == "could not be read"
    assert bill.loc["(all)", "deleted_usd"] == 0
    assert "4 resource types could not be read" in bill.loc["(all)", "note"]


def test_managed_services_cost_what_the_sandbox_bills_for_them(desk, clock) -> None:
    client = desk.session.client()
    clusters = {one["name"]: one["id"] for one in client.call("databases_list_clusters")}
    place = {"region": "nyc3", "size": "db-s-2vcpu-4gb"}
    read_only = {"name": "orders-read", "storage_size_mib": 80 * 1024, **place}
    client.call("databases_create_replica", database_cluster_uuid=clusters["orders"], body=read_only)
    body = {"name": "wide", "engine": "pg", "num_nodes": 2, "storage_size_mib": 100 * 1024, **place}
    client.call("databases_create_cluster", body=body)
    image = {"registry_type": "DOCKER_HUB", "repository": "web"}
    small, former = ({"image": image, "instance_size_slug": slug} for slug in ("apps-s-1vcpu-1gb", "professional-m"))
    scaled = {"autoscaling": {"min_instance_count": 2, "max_instance_count": 4, "metrics": {"cpu": {"percent": 80}}}}
    site = {"name": "site", "github": {"repo": "tidepool/site", "branch": "main"}}
    for spec in (
        {"services": [{"name": "web", "instance_count": 3, **former}], "databases": [{"name": "db", "engine": "PG"}]},
        {"services": [{"name": "web", **small, **scaled}], "workers": [{"name": "work", **small}],
         "egress": {"type": "DEDICATED_IP"}},
        *({"static_sites": [site]} for _ in range(4)),
    ):  # fmt: skip
        client.call("apps_create", body={"spec": {"name": f"app-{len(client.call('apps_list'))}", **spec}})
        clock.advance(900)
    vpc = client.call("vpcs_list")[0]
    gateway = {"name": "out", "type": "PUBLIC", "region": vpc["region"], "size": 2, "vpcs": [{"vpc_uuid": vpc["id"]}]}
    client.call("vpcnatgateways_create", body=gateway)
    client.call("nfs_create", body={"name": "share", "size_gib": 60, "region": vpc["region"], "vpc_ids": [vpc["id"]]})
    clock.advance(86_400)
    desk.sent()
    bill = desk.do("cost reconcile").set_index("product")
    sent = [line.partition("?")[0] for line in desk.sent()]
    services = ["Managed Databases", "App Platform", "Kubernetes Clusters", "Container Registry", "Network File Storage",
                "VPC NAT Gateways"]  # fmt: skip
    # An app is billed since its deployment, not since its creation.
    assert bill.loc[services, "difference_usd"].abs().max() <= 0.02
    assert bill.loc[services, "billed_usd"].gt(0.5).all()
    assert bill.loc[services, "deleted_usd"].eq(0).all()
    # Each list once; the read-only nodes of the two clusters that can have some.
    assert sum(line.endswith("/replicas") for line in sent) == 2
    for path in ("databases", "apps", "apps/tiers/instance_sizes", "kubernetes/clusters", "nfs", "vpc_nat_gateways"):
        assert sent.count(f"GET /v2/{path}") == 1, path
    lines = desk.do("cost lines").set_index("name")
    assert lines.loc["orders-read", "price_usd_month"] == 60 + 20 * 0.215
    assert lines.loc["wide", "price_usd_month"] == 2 * (60 + 40 * 0.215)
    assert lines.loc[["wide", "orders-read", "out", "share"], "price_source"].str.endswith("(unverified)").all()


def test_without_the_balance_nothing_is_reconciled(desk) -> None:
    desk.sandbox.fault("status", operation="balance_get", status=403, times=None)
    with pytest.raises(errors.Forbidden):
        desk.do("cost reconcile")


def test_lines_and_bill_agree_and_what_is_gone_is_told(desk, clock) -> None:
    last = desk.do("cost reconcile").set_index("product").loc["(all)"]
    assert (last["difference_usd"], last["deleted_usd"]) == (0.0, 0.0)
    assert last["billed_usd"] == desk.do("balance")["month_to_date_usage"][0]
    desk.do("droplets delete train-1 --yes")
    clock.advance(3600)
    after = desk.do("cost reconcile").set_index("product")
    assert after.loc["Droplets", "deleted_usd"] == after.loc["Droplets", "difference_usd"] > 100


def test_the_history_is_the_invoices_with_this_month(desk) -> None:
    invoices = desk.do("invoices list").set_index("invoice_period")["amount"]
    months = desk.do("cost history").set_index("month")
    over = months[months["final"]]
    assert over["billed_usd"].to_dict() == invoices.to_dict()
    assert months.loc["2026-11", "billed_usd"] == desk.do("balance")["month_to_date_usage"][0]


def test_backup_plans_are_only_read_where_there_are_backups(desk) -> None:
    desk.do("droplets disable_backups db-1 db-2 --yes")
    desk.sent()
    assert "backup" not in desk.do("cost lines")["resource_type"].tolist()
    assert not [line for line in desk.sent() if "backups/policies" in line]


@pytest.mark.parametrize(("line", "nearest"), [("cost --by regoin", "region"), ("cost --bye tag", "--by")])
def test_bad_words_are_told_with_the_nearest(desk, line: str, nearest: str) -> None:
    with pytest.raises(errors.GrammarError, match=nearest):
        desk.do(line)


def test_an_option_says_that_the_default_verb_is_meant() -> None:
    command = parse("cost --by tag --plot --columns group")
    assert (command.group, command.verb.name, command.options) == ("cost", "sums", {"by": "tag", "plot": True})
    assert parse("cost --columns group").verb.name == "sums"
    assert parse("account --columns email get").verb.name == "get"
    command = parse("cost --by tag --last 90d --plot")
    assert (command.verb.name, command.options) == ("allocation", {"by": "tag", "last": "90d", "plot": True})


def test_the_words_to_add_up_by_are_those_of_the_analysis_and_are_completed() -> None:
    (by,) = [option for option in registry().verb("cost", "sums").options if option.field == "by"]
    assert by.suggests == cost.KEYS
    assert {*cost.KEYS} <= {one.text for one in complete_line("%do cost sums --by ", registry(), {}).words}
