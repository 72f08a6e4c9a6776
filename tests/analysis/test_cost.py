"""Costs, compared with sums computed by hand and with published prices."""

from __future__ import annotations

from io import StringIO

import numpy as np
import pandas as pd
import pytest

import poseidon_nb as po
from poseidon_nb.analysis import cost
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.builders import frame_from_rows
from poseidon_nb.frames.schemas import DERIVED_TABLES
from tests.analysis.cost_frames import NOW, a_balance, a_droplet, droplets, sizes, some_items

HOSTILE = "<img src=x onerror=alert(1)>,\n(total)"


def line(lines: pd.DataFrame, resource_type: str) -> pd.Series:
    found = lines[lines["resource_type"] == resource_type]
    assert len(found) == 1, found
    return found.iloc[0]


def test_a_droplet_that_is_off_costs_the_same() -> None:
    lines = cost.lines(droplets=droplets(a_droplet(1), a_droplet(2, status="off")))
    assert lines[lines["resource_type"] == "droplet"]["price_usd_month"].tolist() == [24.0, 24.0]


def test_a_droplet_of_an_unavailable_size_has_its_own_price() -> None:
    old = a_droplet(size_slug="512mb", size={"price_monthly": 5.0, "price_hourly": 0.00744})
    found = line(cost.lines(droplets=droplets(old), sizes=sizes()), "droplet")
    assert (found["price_usd_month"], found["price_usd_hour"]) == (5.0, 0.00744)
    assert found["price_source"] == "droplets_list"


def test_a_droplet_without_price_is_priced_by_its_size_or_has_a_note() -> None:
    bare = a_droplet(1, size={})
    found = line(cost.lines(droplets=droplets(bare), sizes=sizes()), "droplet")
    assert found["price_usd_month"] == 24.0
    assert found["price_usd_hour"] == pytest.approx(24 / 672)
    assert found["price_source"] == "sizes_list"
    lost = line(cost.lines(droplets=droplets(a_droplet(1, size={}, size_slug="512mb")), sizes=sizes()), "droplet")
    assert pd.isna(lost["price_usd_month"])
    assert lost["note"] == "neither the droplet nor the list of sizes has a price"
    assert pd.isna(lost["price_source"])


def test_a_gpu_droplet_without_hourly_price_costs_a_744th_of_the_month() -> None:
    gpu = a_droplet(size_slug="gpu-h100x1-80gb", size={"price_monthly": 2522.16})
    assert line(cost.lines(droplets=droplets(gpu)), "droplet")["price_usd_hour"] == pytest.approx(3.39)


def test_a_droplet_of_any_size_costs_the_published_price(published) -> None:
    rows = [a_droplet(number, size_slug=size["slug"], size=size) for number, size in enumerate(published)]
    lines = cost.lines(droplets=droplets(*rows))
    by_size = cost.by(lines, "size").dropna(subset=["group"]).set_index("group")
    assert by_size["price_usd_month"].to_dict() == {size["slug"]: size["price_monthly"] for size in published}
    assert by_size["price_usd_hour"].to_dict() == {size["slug"]: size["price_hourly"] for size in published}


@pytest.mark.parametrize(("plan", "month"), [("weekly", 4.80), ("daily", 7.20)])
def test_backups_cost_the_share_of_their_plan(plan: str, month: float) -> None:
    policies = frame_from_rows(
        "backup_policies", [{"droplet_id": 1, "backup_enabled": True, "backup_policy": {"plan": plan}}]
    )
    frame = droplets(a_droplet(features=["backups"]), a_droplet(2))
    found = line(cost.lines(droplets=frame, backup_policies=policies), "backup")
    assert found["price_usd_month"] == pytest.approx(month)
    assert found["price_usd_hour"] == pytest.approx(month / 672, abs=1e-5)
    assert (found["id"], found["droplet_id"], found["note"]) == ("1", 1, plan)


@pytest.mark.parametrize("policies", [None, [{"droplet_id": 1, "backup_policy": {"plan": "every_6_hours"}}], []])
def test_backups_of_an_unknown_plan_have_no_price_but_a_note(policies: list[dict[str, object]] | None) -> None:
    given = None if policies is None else frame_from_rows("backup_policies", policies)
    found = line(cost.lines(droplets=droplets(a_droplet(features=["backups"])), backup_policies=given), "backup")
    assert pd.isna(found["price_usd_month"])
    assert "20% (weekly) or 30% (daily)" in found["note"]


def test_all_resource_types_have_the_prices_computed_by_hand() -> None:
    place = {"region": {"slug": "nyc3"}, "created_at": "2026-06-01T00:00:00Z"}
    stored = {"regions": ["fra1", "nyc3"], "created_at": "2026-06-01T00:00:00Z"}
    lines = cost.lines(
        snapshots=frame_from_rows(
            "snapshots",
            [
                {
                    "id": "7",
                    "name": "a",
                    "resource_type": "droplet",
                    "resource_id": "1",
                    "size_gigabytes": 2.5,
                    **stored,
                },
                {"id": "u", "name": "b", "resource_type": "volume", "resource_id": "v", "size_gigabytes": 10, **stored},
            ],
        ),
        images=frame_from_rows(
            "images",
            [
                {"id": 9, "name": "own", "type": "custom", "size_gigabytes": 4.0, **stored},
                {"id": 8, "name": "snap", "type": "snapshot", "size_gigabytes": 2.5, **stored},
                {"id": 6, "name": "coming", "type": "custom", "size_gigabytes": None, **stored},
            ],
        ),
        volumes=frame_from_rows(
            "volumes", [{"id": "v", "name": "data", "size_gigabytes": 100, "droplet_ids": [], **place}]
        ),
        load_balancers=frame_from_rows(
            "load_balancers",
            [
                {"id": "l1", "name": "new", "size_unit": 3, "type": "REGIONAL", **place},
                {"id": "l2", "name": "old", "size": "lb-large", **place},
                {"id": "l3", "name": "world", "size_unit": 1, "type": "GLOBAL"},
            ],
        ),
        reserved_ips=frame_from_rows(
            "reserved_ips",
            [{"ip": "192.0.2.1", "droplet": None, **place}, {"ip": "192.0.2.2", "droplet": {"id": 1}, **place}],
        ),
        reserved_ipv6=frame_from_rows("reserved_ipv6", [{"ip": "2001:db8::1", "droplet": None, "region_slug": "nyc3"}]),
        databases=frame_from_rows("databases", [{"id": "d", "name": "pg", "size": "db-s-1vcpu-1gb", "num_nodes": 2}]),
        kubernetes=frame_from_rows(
            "kubernetes", [{"id": "k1", "name": "ha", "ha": True}, {"id": "k2", "name": "plain", "ha": False}]
        ),
        database_replicas=pd.DataFrame(
            [{"id": "r", "name": "read", "size": "db-s-2vcpu-4gb", "storage_size_mib": 71680}]
        ),
        apps=frame_from_rows("apps", [{"id": "a1", "spec": {"name": "site"}}]),
        nfs=pd.DataFrame([{"id": "n", "name": "share", "size_gib": 50}]),
        nat_gateways=pd.DataFrame([{"id": "g", "name": "gateway", "size": 2}]),
        others={"function": frame_from_rows("functions", [{"id": "f1", "name": "run"}])},
        more=pd.DataFrame([{"resource_type": "registry", "name": "basic", "price_usd_month": 5.0}]),
        unavailable={"nfs": "403 no"},
    )
    priced = lines.dropna(subset=["price_usd_month"])
    assert list(zip(priced["resource_type"], priced["name"], priced["price_usd_month"].round(6), strict=True)) == [
        ("snapshot", "a", 0.15),
        ("volume_snapshot", "b", 0.60),
        ("custom_image", "own", 0.24),
        ("volume", "data", 10.0),
        ("load_balancer", "new", 36.0),
        ("load_balancer", "old", 72.0),
        ("database", "pg", 30.0),
        ("database", "read", 62.15),
        ("kubernetes", "ha", 40.0),
        ("kubernetes", "plain", 0.0),
        ("app", "site", 0.0),
        ("nfs", "share", 15.0),
        ("nat_gateway", "gateway", 80.0),
        ("reserved_ip", "192.0.2.1", 5.0),
        ("registry", "basic", 5.0),
    ]
    unpriced = lines[lines["price_usd_month"].isna()]
    assert dict(zip(unpriced["resource_type"], unpriced["name"], strict=True)) == {
        "custom_image": "coming",
        "load_balancer": "world",
        "reserved_ipv6": "2001:db8::1",
        "function": "run",
        "nfs": pd.NA,
    }
    assert unpriced["note"].notna().all()
    assert unpriced["price_source"].isna().all()
    with_price = priced[priced["price_usd_month"].gt(0) & priced["resource_type"].ne("registry")]
    assert with_price["price_source"].notna().all()
    assert (with_price["price_usd_hour"] * 672).round(6).tolist() == with_price["price_usd_month"].round(6).tolist()
    assert lines.loc[lines["resource_type"] == "snapshot", "region"].tolist() == ["fra1"]


def an_app(number: int, spec: dict[str, object], **fields: object) -> dict[str, object]:
    active = {"id": f"d{number}", "phase": "ACTIVE", "spec": spec}
    return {"id": f"a{number}", "spec": {"name": f"app-{number}"}, "active_deployment": active, **fields}


def test_apps_cost_their_instances_databases_and_addresses() -> None:
    listed = pd.DataFrame({"slug": ["apps-s-1vcpu-1gb", "apps-s-2vcpu-4gb"], "usd_per_month": ["12.00", "50.00"]})
    small, large = ({"name": name, "instance_size_slug": name} for name in listed["slug"])
    static = {"static_sites": [{"name": "site"}]}
    rows = [
        an_app(1, {"services": [{**small, "instance_count": 2}], "workers": [large], "jobs": [small]}),
        an_app(2, {"services": [{**small, "autoscaling": {"min_instance_count": 3, "max_instance_count": 9}}]}),
        an_app(3, {"services": [{"instance_size_slug": "basic-s"}], "databases": [{}, {"production": True}]}),
        an_app(4, {"services": [small], "egress": {"type": "DEDICATED_IP"}}),
        an_app(5, {"services": [small, {"instance_size_slug": "of-tomorrow"}]}),
        an_app(6, {}, active_deployment=None),
        *(an_app(number, static, created_at=f"2026-06-{30 - number}T00:00:00Z") for number in range(7, 11)),
    ]
    lines = cost.lines(apps=frame_from_rows("apps", rows), app_sizes=listed).set_index("name")
    usd = lines["price_usd_month"].astype(object).where(lines["price_usd_month"].notna(), None).tolist()
    # Three static apps are free: the oldest ones.
    assert usd == [74.0, 36.0, 27.0, 37.0, None, 0.0, 3.0, 0.0, 0.0, 0.0]
    assert lines["quantity"].tolist()[:4] == [3, 3, 1, 1]
    assert lines["size"].tolist()[1:4] == ["apps-s-1vcpu-1gb", "basic-s", "apps-s-1vcpu-1gb"]
    assert lines["price_source"].tolist()[:2] == ["apps_list_instanceSizes"] * 2
    assert all("(unverified)" in lines.loc[name, "price_source"] for name in ("app-3", "app-4", "app-7"))
    assert "billed by the second" in lines.loc["app-1", "note"]
    assert "scaled from 3 instances" in lines.loc["app-2", "note"]
    assert lines.loc["app-5", "note"] == "the price of an instance is unknown"
    without = cost.lines(apps=frame_from_rows("apps", rows[:1]))
    assert without["note"].tolist() == ["the prices of instances are unknown"]


def test_an_account_without_idle_addresses_has_no_line_for_them():
    assigned = frame_from_rows(
        "reserved_ips", [{"ip": "198.18.0.1", "region": {"slug": "nyc3"}, "droplet": {"id": 7}, "project_id": "p"}]
    )
    assert cost.lines(reserved_ips=assigned).empty


def test_kubernetes_nodes_are_counted_once() -> None:
    node = a_droplet(2, name="pool-x", tags=["k8s", "k8s:worker"])
    pools = [{"nodes": [{"droplet_id": "2"}], "size": "s-2vcpu-4gb", "count": 1}]
    cluster = frame_from_rows("kubernetes", [{"id": "k", "name": "k", "ha": False, "node_pools": pools}])
    lines = cost.lines(droplets=droplets(a_droplet(1), node), kubernetes=cluster)
    assert lines["price_usd_month"].sum() == 48.0
    assert line(lines, "kubernetes_node")["name"] == "pool-x"


def test_cost_and_rightsizing_agree_on_nodes_and_gpu_droplets() -> None:
    frame = droplets(
        a_droplet(1),
        a_droplet(2, tags=["K8s:worker"]),
        a_droplet(3, size_slug="gpu-h100x1-80gb", size={"price_monthly": 744.0}),
    )
    lines = cost.lines(droplets=frame)[:3]
    assert lines["resource_type"].tolist() == ["droplet", "kubernetes_node", "droplet"]
    assert lines["price_usd_hour"].iloc[2] == 1.0
    assert po.analysis.rightsizing.needs_metrics(frame).tolist() == [True, False, False]


def test_arrays_from_parquet_are_accepted_as_lists() -> None:
    frame = droplets(a_droplet(1, features=["backups"]), a_droplet(2, tags=["k8s", "db"]))
    arrays = frame.assign(**{name: frame[name].map(np.array) for name in ("tags", "features")})
    for key in ("resource_type", "tag"):
        expected = cost.by(cost.lines(droplets=frame), key)
        pd.testing.assert_frame_equal(cost.by(cost.lines(droplets=arrays), key), expected)


def test_spaces_are_found_in_projects_and_only_the_subscription_has_a_price() -> None:
    urns = ["do:space:assets", "do:space:logs", "do:droplet:1"]
    lines = cost.lines(resources=pd.DataFrame({"urn": urns, "project": "p"}))
    assert lines["resource_type"].tolist() == ["spaces", "spaces"]
    assert lines["price_usd_month"].sum() == 5.0
    assert lines["price_usd_month"].isna().tolist() == [False, True]
    assert cost.lines(resources=pd.DataFrame({"urn": urns[2:], "project": "p"})).empty


@pytest.mark.parametrize(("sent", "month"), [(7_000.0, 0.0), (8_100.0, 1.0)])
def test_transfer_costs_the_overage_of_the_pooled_allowance(sent: float, month: float) -> None:
    frame = droplets(a_droplet(1), a_droplet(2))
    lines = cost.lines(droplets=frame, sizes=sizes(), sent_gib_month=sent)
    assert line(lines, "transfer")["price_usd_month"] == pytest.approx(month)
    unknown = line(cost.lines(droplets=frame, sizes=sizes()), "transfer")
    assert pd.isna(unknown["price_usd_month"])
    assert "8,000 GiB a month included" in unknown["note"]
    unsold = line(
        cost.lines(droplets=droplets(a_droplet(size_slug="512mb")), sizes=sizes(), sent_gib_month=1.0), "transfer"
    )
    assert unsold["note"] == "the included transfer is unknown"


def test_projects_are_found_by_urn_or_by_id() -> None:
    resources = pd.DataFrame({"urn": ["do:droplet:1", "do:volume:v"], "project": ["shop", HOSTILE]})
    projects = frame_from_rows("projects", [{"id": "p1", "name": "shop"}])
    balancer = {"id": "l", "name": "l", "size_unit": 1, "project_id": "p1"}
    lines = cost.lines(
        droplets=droplets(a_droplet(features=["backups"])),
        volumes=frame_from_rows("volumes", [{"id": "v", "name": "v", "size_gigabytes": 1, "droplet_ids": [1]}]),
        load_balancers=frame_from_rows("load_balancers", [balancer]),
        projects=projects,
        resources=resources,
    )
    assert lines.set_index("resource_type")["project"].dropna().to_dict() == {
        "droplet": "shop",
        "backup": "shop",
        "volume": HOSTILE,
        "load_balancer": "shop",
    }


def test_missing_fields_give_lines_without_price_but_with_a_note() -> None:
    # Fields vanish without their scopes: tags, features, sizes.
    bare = {"id": 1, "name": "a", "size_slug": "s", "size": {"price_monthly": 6.0}, "region": {"slug": "nyc3"}}
    share = {"id": "n", "name": "share", "region": "atl1", "created_at": "2026-02-01T00:00:00Z"}
    gateway = {"id": "g", "name": "gateway", "region": "tor1", "created_at": "2026-02-01T00:00:00.5Z"}
    lines = cost.lines(
        droplets=droplets(bare),
        snapshots=frame_from_rows(
            "snapshots", [{"id": "3", "name": "x", "resource_type": "droplet", "resource_id": "1"}]
        ),
        volumes=frame_from_rows("volumes", [{"id": "v", "name": "v"}]),
        kubernetes=frame_from_rows("kubernetes", [{"id": "k", "name": "k"}]),
        others={
            "nfs": frame_from_rows("nfs_list", [share]),
            "nat_gateway": frame_from_rows("vpcnatgateways_list", [gateway]),
            "app": frame_from_rows("apps", []),
        },
        more=pd.DataFrame([{"resource_type": "own", "name": "unknown", "price_usd_month": None}]),
        projects=frame_from_rows("projects", []),
        resources=pd.DataFrame({"urn": [], "project": []}),
    )
    assert lines["resource_type"].tolist() == [
        *("droplet", "snapshot", "volume", "kubernetes", "nfs", "nat_gateway", "transfer", "own"),
    ]
    assert lines["price_usd_month"].notna().tolist() == [True] + [False] * 7
    assert lines.loc[1:, "note"].notna().all()
    for key in cost.KEYS:
        assert cost.by(lines, key)["resources"].sum() == 8


def test_a_resource_with_two_tags_counts_for_both_but_once_in_the_total() -> None:
    lines = cost.lines(droplets=droplets(a_droplet(1, tags=["web", "prod"]), a_droplet(2, tags=[]), a_droplet(3)))
    lines = lines[lines["resource_type"] == "droplet"]
    sums = cost.by(lines, "tag")
    assert list(zip(sums["group"], sums["price_usd_month"], sums["resources"], strict=True)) == [
        ("web", 48.0, 2),
        ("prod", 24.0, 1),
        (pd.NA, 24.0, 1),
    ]
    assert sums["share_percent"].tolist() == pytest.approx([200 / 3, 100 / 3, 100 / 3])
    assert cost.total(lines).iloc[0].to_dict() == {
        "resources": 3,
        "price_usd_month": 72.0,
        "price_usd_hour": pytest.approx(3 * 0.03571),
        "unpriced": 0,
        "unavailable": 0,
    }


def test_a_droplet_includes_its_snapshots_and_volumes_and_names_may_repeat() -> None:
    snapshot = {"resource_type": "droplet", "size_gigabytes": 10, "regions": ["nyc3"]}
    lines = cost.lines(
        droplets=droplets(a_droplet(1, name=HOSTILE), a_droplet(2, name=HOSTILE)),
        snapshots=frame_from_rows(
            "snapshots",
            [
                {"id": "7", "name": "s", "resource_id": "2", **snapshot},
                {"id": "8", "name": "t", "resource_id": "99", **snapshot},
            ],
        ),
        volumes=frame_from_rows("volumes", [{"id": "v", "name": "v", "size_gigabytes": 20, "droplet_ids": [2]}]),
    )
    sums = cost.by(lines, "droplet")
    assert sums["group"].tolist() == [HOSTILE, HOSTILE, pd.NA]
    assert sums["droplet_id"].tolist() == [2, 1, pd.NA]
    # The snapshot of a droplet that is gone hangs on nothing.
    assert sums["price_usd_month"].round(6).tolist() == [26.6, 24.0, 0.6]


def test_resources_without_price_are_counted_and_noted_but_not_zero() -> None:
    lines = cost.lines(
        databases=frame_from_rows("databases", [{"id": "d", "name": "pg", "size": "unknown"}]),
        unavailable={"app": "501"},
    )
    sums = cost.by(lines).set_index("group")
    assert sums["price_usd_month"].isna().all()
    assert sums["unpriced"].to_dict() == {"app": 0, "database": 1}
    assert sums["note"].to_dict() == {
        "app": "could not be read: 501",
        "database": "the memory of its size is unknown",
    }


@pytest.mark.parametrize("key", cost.KEYS)
def test_unavailable_types_are_counted_separately_from_resources(key: str) -> None:
    lines = cost.lines(droplets=droplets(a_droplet()), sizes=sizes(), unavailable={"app": "501", "nfs": "501"})
    assert lines["resource_type"].tolist() == ["droplet", "transfer", "app", "nfs"]
    # Through CSV too.
    for frame in (lines, pd.read_csv(StringIO(lines.to_csv(index=False)))):
        sums = cost.by(frame, key)
        assert sums[["resources", "unpriced", "unavailable"]].sum().tolist() == [2, 1, 2]
        assert cost.total(frame)[["resources", "unpriced", "unavailable"]].iloc[0].tolist() == [2, 1, 2]
    unavailable = cost.by(lines).set_index("group").loc["nfs"]
    assert unavailable[["resources", "unpriced", "unavailable"]].tolist() == [0, 0, 1]
    assert unavailable["note"] == "could not be read: 501"


def test_without_droplets_the_derived_types_are_unavailable_too() -> None:
    lines = cost.lines(unavailable={"droplet": "403 no", "app": "501"}).set_index("resource_type")
    assert lines["note"].to_dict() == {
        "droplet": "could not be read: 403 no",
        "app": "could not be read: 501",
        **dict.fromkeys(
            ("kubernetes_node", "backup", "transfer"), "could not be read: requires the list of droplets: 403 no"
        ),
    }
    assert lines["price_usd_month"].isna().all()


@pytest.mark.parametrize("sent", [float("nan"), float("inf")])
def test_transfer_of_an_unknown_amount_has_no_price(sent: float) -> None:
    found = line(cost.lines(droplets=droplets(a_droplet()), sizes=sizes(), sent_gib_month=sent), "transfer")
    assert pd.isna(found["price_usd_month"])
    assert "the API does not return the data sent" in found["note"]


@pytest.mark.parametrize("key", cost.KEYS)
def test_empty_results_have_all_columns_and_dtypes(key: str) -> None:
    nothing = cost.lines(
        droplets=droplets(), snapshots=frame_from_rows("snapshots", []), volumes=frame_from_rows("volumes", [])
    )
    assert nothing.empty
    for name, frame in (("cost_lines", nothing), ("cost_by", cost.by(nothing, key))):
        assert frame.empty
        for column in DERIVED_TABLES[name].columns:
            assert str(frame[column.name].dtype) == ("object" if column.dtype == "list" else column.dtype)
    assert cost.total(nothing)["price_usd_month"].tolist() == [0.0]


def test_an_unknown_key_raises() -> None:
    with pytest.raises(InvalidArgument, match=r"^Cost cannot be grouped by 'regoin'\. Did you mean region\?$"):
        cost.by(cost.lines(), "regoin")


def test_the_input_is_not_changed() -> None:
    frame = droplets(a_droplet(features=["backups"]))
    kept = frame.copy(deep=True)
    lines = cost.lines(droplets=frame, sizes=sizes())
    pd.testing.assert_frame_equal(frame, kept)
    kept = lines.copy(deep=True)
    for key in cost.KEYS:
        cost.by(lines, key)
    cost.reconcile(lines, a_balance(1), some_items(), now=NOW)
    pd.testing.assert_frame_equal(lines, kept)


def test_a_missing_column_raises_with_its_name() -> None:
    with pytest.raises(InvalidArgument, match="price_monthly"):
        cost.lines(droplets=droplets(a_droplet()).drop(columns="price_monthly"))
