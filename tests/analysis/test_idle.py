"""Idle resources by frames alone: each rule, its limits and confidences, and what is in use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from poseidon_nb.analysis import idle
from poseidon_nb.catalogue.idle import COMMANDS
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.builders import frame_from_rows
from poseidon_nb.frames.schemas import DERIVED_TABLES
from poseidon_nb.frames.validation import build_derived

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
UUID = "3d80cb72-342b-4aaa-b92e-4e4abb24a9{:02}"


def ago(days):
    return (NOW - timedelta(days=days)).isoformat()


def droplet(number, **fields):
    return {
        "id": number,
        "name": f"web-{number}",
        "status": "active",
        "region": {"slug": "nyc3"},
        "size_slug": "s-1vcpu-2gb",
        "size": {"slug": "s-1vcpu-2gb", "price_monthly": 12.0, "price_hourly": 0.018},
        "vcpus": 1,
        "memory": 2048,
        "disk": 50,
        "tags": ["web"],
        "features": ["monitoring"],
        "image": {"id": 999, "slug": "ubuntu-24-04-x64"},
        "created_at": ago(300),
        **fields,
    }


def volume(number, **fields):
    return {
        "id": UUID.format(number),
        "name": f"data-{number}",
        "size_gigabytes": 100,
        "region": {"slug": "nyc3"},
        "droplet_ids": [],
        "created_at": ago(100),
        "tags": [],
        **fields,
    }


def snapshot(number, age, *, of=1, kind="droplet", **fields):
    return {
        "id": str(number),
        "name": f"snap-{number}",
        "resource_type": kind,
        "resource_id": str(of),
        "size_gigabytes": 10.0,
        "regions": ["nyc3"],
        "created_at": ago(age),
        "tags": [],
        **fields,
    }


def balancer(number, **fields):
    return {
        "id": UUID.format(number),
        "name": f"front-{number}",
        "region": {"slug": "nyc3"},
        "type": "REGIONAL",
        "size_unit": 2,
        "droplet_ids": [],
        "tag": "",
        "created_at": ago(50),
        **fields,
    }


def find(*, rule=idle.DEFAULT_RULE, use=None, states=None, **rows):
    frames = {name: frame_from_rows(name, listed) for name, listed in rows.items()}
    return idle.find(**frames, now=NOW, rule=rule, use=use, uptime_states=states)


def found(table):
    return [(row.kind, row.name, row.confidence) for row in table.itertuples()]


def test_a_droplet_that_is_off_is_idle_with_the_confidence_of_its_days():
    droplets = [droplet(one, status="off") for one in range(1, 5)] + [droplet(5), droplet(6, status="new")]
    actions = [
        {
            "id": one,
            "resource_id": one,
            "resource_type": "droplet",
            "type": kind,
            "status": status,
            "completed_at": ago(age),
        }
        for one, kind, status, age in (
            (1, "power_off", "completed", 30),
            (1, "snapshot", "completed", 1),
            (2, "shutdown", "completed", 3),
            (3, "power_off", "completed", 0.2),
            (4, "power_off", "errored", 30),
        )
    ]
    table = find(droplets=droplets, actions=actions)
    assert found(table) == [
        ("droplet", "web-1", "high"),
        ("droplet", "web-2", "medium"),
        ("droplet", "web-3", "low"),
        ("droplet", "web-4", "medium"),
    ]
    assert [*table["why"]] == [
        "off for 30 days, but billed",
        "off for 3 days, but billed",
        "off for less than a day, but billed",
        "off, but billed; since when is unknown",
    ]
    assert table["usd_month"].tolist() == [12.0] * 4
    assert table["command"].tolist() == [f"{COMMANDS['droplet']} web-{one}" for one in range(1, 5)]


def test_a_node_of_kubernetes_is_not_idle_when_it_is_off():
    assert find(droplets=[droplet(1, status="off", tags=["k8s", "k8s:worker"])]).empty


SIZES = [
    {
        "slug": "s-1vcpu-2gb", "vcpus": 1, "memory": 2048, "disk": 50, "transfer": 2.0, "price_monthly": 12.0,
        "price_hourly": 0.018, "available": True, "regions": ["nyc3"],
    }
]  # fmt: skip


def used(number, *, cpu=1.0, outbound=0.001, hours=300.0, **fields):
    return {
        "droplet_id": number, "cpu_p95_percent": cpu, "cpu_max_percent": 2 * cpu, "memory_max_percent": 20.0,
        "hours": hours, "outbound_tb_month": outbound, "disk_used_gb": 4.0, "step_minutes": 60.0, **fields,
    }  # fmt: skip


def test_a_droplet_is_unused_by_the_readings_that_rightsizing_trusts():
    droplets = [*map(droplet, range(1, 7)), droplet(7, status="off"), droplet(8, tags=["k8s"])]
    use = pd.DataFrame(
        [
            used(1),
            used(2, cpu=3.5),
            used(3, outbound=0.006),
            # Less than rightsizing needs, and traffic that is unknown.
            used(4, hours=60.0),
            used(5, outbound=None),
            # Less than a week is a doubt, and coarse readings are two.
            used(6, hours=100.0, step_minutes=400.0),
            used(7),
            used(8),
        ]
    )
    table = find(droplets=droplets, sizes=SIZES, use=use)
    assert found(table) == [
        ("droplet", "web-7", "medium"),
        ("droplet", "web-1", "medium"),
        ("droplet", "web-6", "low"),
    ]
    assert table["why"][1] == (
        "unused: 12 days of readings, CPU p95 1.0% and max 2.0%, memory max 20%, 1.0 GB a month sent; private traffic is"
        " not measured"
    )
    loose = idle.Rule(unused_cpu_percent=4, unused_outbound_gb_month=7)
    assert {*find(droplets=droplets, sizes=SIZES, use=use, rule=loose)["name"]} == {
        f"web-{one}" for one in (1, 2, 3, 6, 7)
    }


def test_an_unattached_volume_is_idle():
    rows = [volume(1), volume(2, droplet_ids=[7]), volume(3, droplet_ids=None), volume(4, created_at=ago(0.1))]
    table = find(volumes=rows)
    assert found(table) == [("volume", "data-1", "high"), ("volume", "data-4", "low")]
    assert table["why"][0] == "attached to no droplet; 100 GiB; created 100 days ago"
    assert table["usd_month"].tolist() == [10.0, 10.0]
    assert table["command"].tolist() == ["volumes delete data-1", "volumes delete data-4"]


def test_an_unassigned_address_is_idle_where_droplets_can_be_read():
    v4 = [{"ip": "198.18.1.1", "droplet": None}, {"ip": "198.18.1.2", "droplet": droplet(1)},
          {"ip": "198.18.1.3", "droplet": None, "locked": True}]  # fmt: skip
    v6 = [{"ip": "2604::1", "droplet": None}, {"ip": "2604::2", "droplet": droplet(1)}]
    table = find(reserved_ips=v4, reserved_ipv6=v6, droplets=[droplet(1)])
    assert found(table) == [("reserved_ip", "198.18.1.1", "high"), ("reserved_ipv6", "2604::1", "high")]
    assert table["usd_month"][0] == 5.0
    # An unknown price is missing, not 0, and the reason is said.
    assert table["usd_month"].isna().tolist() == [False, True]
    assert table["why"][1] == "assigned to no droplet; its price is unknown"
    assert [*table["command"]] == ["reserved-ips delete 198.18.1.1", "reserved-ipv6 delete 2604::1"]
    # Without the scope for droplets, all addresses read as unassigned.
    assert find(reserved_ips=v4, reserved_ipv6=v6).empty


def test_a_load_balancer_without_droplets_is_idle():
    rows = [
        balancer(1),
        balancer(2, droplet_ids=[1]),
        balancer(3, tag="WEB"),
        balancer(4, tag="gone"),
        balancer(5, type="GLOBAL"),
        balancer(6, droplet_ids=None),
        balancer(7, created_at=ago(0.5)),
        balancer(8, type="REGIONAL_NETWORK"),
    ]
    table = find(load_balancers=rows, droplets=[droplet(1)])
    assert found(table) == [
        ("load_balancer", "front-1", "high"),
        ("load_balancer", "front-4", "high"),
        ("load_balancer", "front-7", "low"),
        ("load_balancer", "front-8", "high"),
    ]
    assert table["why"][1] == "no droplets behind it; no droplet has its tag gone; created 50 days ago"
    assert table["usd_month"].tolist()[:3] == [24.0] * 3
    assert "its price is unknown" in table["why"][3]
    # Whether a tag has droplets is only known from the droplets and their tags.
    for droplets in ({}, {"droplets": [{**droplet(1), "tags": None}]}):
        assert "front-4" not in {*find(load_balancers=rows, **droplets)["name"]}


def test_snapshots_of_what_is_gone_and_old_ones_are_idle():
    droplets, volumes = [droplet(1)], [volume(1, droplet_ids=[1])]
    table = find(
        droplets=droplets,
        volumes=volumes,
        snapshots=[
            snapshot(1, 200),
            snapshot(2, 100),
            snapshot(3, 10),
            snapshot(4, 100, of=2),
            snapshot(5, 10, of=2),
            snapshot(6, 10, of=3),
            snapshot(7, 100, of=4),
            snapshot(8, 100, of=UUID.format(1), kind="volume"),
            snapshot(9, 10, of=UUID.format(9), kind="volume"),
            snapshot(10, 300, of=5, tags=["frozen"]),
            snapshot(11, 300, size_gigabytes=0.0),
        ],
    )
    assert found(table) == [
        ("snapshot", "snap-1", "high"),
        ("snapshot", "snap-2", "high"),
        ("snapshot", "snap-4", "high"),
        ("snapshot", "snap-5", "low"),
        ("snapshot", "snap-6", "low"),
        ("snapshot", "snap-7", "medium"),
        ("snapshot", "snap-8", "low"),
        ("snapshot", "snap-9", "low"),
    ]
    assert table["why"][0] == "200 days old; there is a newer one of droplet 1"
    assert table["why"][4] == "droplet 3 is gone; 10 days old; the newest of droplet 3"
    assert table["usd_month"].round(2).tolist() == [0.6] * 8
    assert table["command"][0] == "snapshots delete 1"


def test_what_a_droplet_was_made_from_is_in_use():
    snapshots = [snapshot(1, 200, of=9), snapshot(2, 200, of=9)]
    images = [
        {
            "id": one,
            "name": f"own-{one}",
            "type": kind,
            "size_gigabytes": 2.0,
            "regions": ["nyc3"],
            "created_at": ago(age),
        }
        for one, kind, age in ((11, "custom", 200), (12, "custom", 200), (13, "custom", 20), (14, "snapshot", 200))
    ]
    droplets = [droplet(3, image={"id": 1}), droplet(4, image={"id": 11})]
    table = find(droplets=droplets, snapshots=snapshots, images=images)
    assert found(table) == [("snapshot", "snap-2", "medium"), ("image", "own-12", "medium")]
    assert table["why"][1] == "200 days old; no droplet was made from it"
    assert table["command"][1] == "images delete 12"
    # Without the scope for images, droplets have none; without that for droplets, there are none.
    hidden = [{name: value for name, value in droplet(3).items() if name != "image"}]
    assert find(droplets=hidden, snapshots=snapshots, images=images).empty
    assert find(snapshots=snapshots, images=images).empty
    younger = find(droplets=droplets, images=images, rule=idle.Rule(old_days=10))
    assert {*younger["name"]} == {"own-12", "own-13"}


def test_what_belongs_to_a_frozen_droplet_is_in_use():
    tags = [
        "frozen",
        f"frozen:7:volumes:{UUID.format(1)}:reserved-ip:198_18_1_1",
        f"frozen:7:balancers:{UUID.format(5)}",
    ]
    table = find(
        droplets=[droplet(1)],
        snapshots=[snapshot(1, 200, of=7, tags=tags)],
        volumes=[volume(1), volume(2)],
        reserved_ips=[{"ip": "198.18.1.1", "droplet": None}, {"ip": "198.18.1.11", "droplet": None}],
        load_balancers=[balancer(5), balancer(6)],
    )
    assert {*table["name"]} == {"data-2", "198.18.1.11", "front-6"}


def test_a_check_of_what_is_down_for_long_is_idle():
    checks = [
        {"id": str(one), "name": f"check-{one}", "target": f"https://198.18.0.{one}", "enabled": True}
        for one in range(1, 6)
    ]
    states = pd.DataFrame(
        [
            ("1", "DOWN", ago(30)), ("1", "DOWN", ago(8)),
            ("2", "DOWN", ago(30)), ("2", "UP", ago(30)),
            ("3", "DOWN", ago(30)), ("3", "DOWN", ago(2)),
            ("4", "CHECKING", ago(30)),
        ],
        columns=["check_id", "status", "status_changed_at"],
    )  # fmt: skip
    table = find(uptime_checks=checks, states=states)
    assert found(table) == [("uptime_check", "check-1", "medium")]
    row = table.iloc[0]
    assert (row["why"], row["usd_month"]) == ("https://198.18.0.1 is down in all regions for 8 days", 1.0)
    assert row["command"] == "uptime delete-check 1"
    assert find(uptime_checks=checks).empty


def cluster(number, nodes, *, ha=True, **pool):
    return {
        "id": UUID.format(number), "name": f"k-{number}", "ha": ha, "status": {"state": "running"}, "vpc_uuid": f"vpc-{number}",
        "node_pools": [{"count": nodes, "nodes": [{}] * nodes, **pool}], "created_at": ago(50),
    }  # fmt: skip


def test_a_kubernetes_cluster_without_nodes_is_idle_if_it_costs_something():
    growing = {"auto_scale": True, "min_nodes": 0, "max_nodes": 3}
    rows = [cluster(1, 0), cluster(2, 1), cluster(3, 0, ha=False), cluster(4, 0, **growing),
            {**cluster(5, 0), "status": {"state": "provisioning"}}, {**cluster(6, 0), "created_at": ago(0.5)}]  # fmt: skip
    table = find(kubernetes=rows)
    assert found(table) == [("kubernetes", "k-1", "high"), ("kubernetes", "k-4", "low"), ("kubernetes", "k-6", "low")]
    assert table["why"][0] == "no nodes, and its highly available control plane is billed; created 50 days ago"
    assert table["usd_month"].tolist() == [40.0] * 3
    assert table["command"][0] == "kubernetes delete k-1"


def test_a_database_cluster_is_idle_if_none_of_its_trusted_sources_exists():
    def database(number, *sources, **fields):
        rules = [{"type": kind, "value": value} for kind, value in sources]
        return {
            "id": UUID.format(number), "name": f"db-{number}", "size": "db-s-1vcpu-1gb", "num_nodes": 2, "rules": rules,
            "status": "online", "created_at": ago(20), **fields,
        }  # fmt: skip

    rows = [
        database(1, ("droplet", "9"), ("tag", "gone"), ("k8s", UUID.format(31)), ("app", "gone")),
        database(2),
        database(3, ("droplet", "9"), ("ip_addr", "192.0.2.1")),
        database(4, ("droplet", "1")),
        database(5, ("tag", "WEB")),
        database(6, ("k8s", UUID.format(32))),
        database(7, ("app", "a-1")),
        database(8, ("droplet", "9"), status="creating"),
        database(9, ("something new", "9")),
    ]
    others = {"droplets": [droplet(1)], "kubernetes": [cluster(31, 0), cluster(32, 1)], "apps": [{"id": "a-1"}]}
    table = find(databases=rows, **others)
    table = table[table["kind"] == "database"].reset_index(drop=True)
    assert found(table) == [("database", "db-1", "medium")]
    assert table["why"][0] == "nothing can connect: 4 trusted sources, which are gone or empty; created 20 days ago"
    assert table["usd_month"].tolist() == [30.0]
    for missing in others:
        partial = {name: listed for name, listed in others.items() if name != missing}
        assert "database" not in {*find(databases=rows, **partial)["kind"]}, missing


def test_an_app_without_a_deployment_is_idle():
    spec = {"spec": {"name": "site"}, "created_at": ago(9)}
    states = ("active_deployment", "in_progress_deployment", "pending_deployment")
    rows = [{"id": "0", **spec}, *({"id": state, state: {"id": "d"}, **spec} for state in states)]
    table = find(apps=rows)
    assert table["id"].tolist() == ["0"]
    assert (table["usd_month"][0], table["confidence"][0], table["command"][0]) == (0.0, "medium", "apps delete 0")


def test_registries_are_idle_if_none_has_repositories():
    plan = {"tier": {"slug": "professional"}}
    rows = frame_from_rows(
        "registries", [{"name": name, "subscription": plan, "created_at": ago(30)} for name in ("a", "b")]
    )

    def of(*counts, **fields):
        return idle.find(now=NOW, registries=rows.assign(repositories=[*counts], **fields))

    table = of(0, 0)
    assert table["usd_month"].tolist() == [10.0, 10.0]
    assert table["command"].tolist() == ["registries delete a", "registries delete b"]
    assert of(0, 1).empty
    assert of(0, None).empty
    assert of(0, 0, subscription_tier="starter").empty
    assert idle.find(now=NOW, registries=rows).empty


def test_gateways_and_shares_that_serve_nothing_are_idle():
    def gateway(number, *vpcs, state="ACTIVE"):
        made = [{"vpc_uuid": vpc} for vpc in vpcs]
        return {"id": UUID.format(number), "name": f"out-{number}", "size": 2, "state": state, "vpcs": made}

    gateways = pd.DataFrame(
        [gateway(1), gateway(2, "empty"), gateway(3, "empty", "of-droplet"), gateway(4, "vpc-5"), gateway(5, "of-app"),
         gateway(6, "empty", state="NEW")]
    )  # fmt: skip
    rows = {"droplets": [droplet(1, vpc_uuid="of-droplet")], "kubernetes": [cluster(5, 0, ha=False)],
            "apps": [{"id": "a", "active_deployment": {"id": "d"}, "vpc": {"id": "of-app"}}]}  # fmt: skip
    frames = {name: frame_from_rows(name, listed) for name, listed in rows.items()}
    table = idle.find(now=NOW, nat_gateways=gateways, **frames)
    assert found(table) == [("nat_gateway", "out-1", "high"), ("nat_gateway", "out-2", "medium")]
    assert table["usd_month"].tolist() == [80.0, 80.0]
    for missing in frames:
        partial = {name: frame for name, frame in frames.items() if name != missing}
        assert idle.find(now=NOW, nat_gateways=gateways, **partial).empty, missing
    shares = [(1, "INACTIVE", []), (2, "ACTIVE", ["v"]), (3, "CREATING", [])]
    nfs = pd.DataFrame(
        [{"id": UUID.format(n), "name": f"s-{n}", "size_gib": 50, "status": s, "vpc_ids": v} for n, s, v in shares]
    )
    table = idle.find(now=NOW, nfs=nfs)
    assert (table["name"].tolist(), table["usd_month"].tolist()) == (["s-1"], [15.0])
    assert table["why"][0] == "no VPC, so nothing can mount it; 50 GiB"


def test_the_most_expensive_come_first_and_names_that_are_not_plain_or_unique_become_ids():
    rows = [
        volume(1, name="twin", size_gigabytes=10),
        volume(2, name="twin", size_gigabytes=30),
        volume(3, name="--yes", size_gigabytes=20),
        volume(4, name="a b; {c}", size_gigabytes=None),
        volume(5, name=UUID.format(1), size_gigabytes=5),
        volume(6, name="used", droplet_ids=[1]),
        volume(7, name="used", size_gigabytes=1),
    ]
    table = find(volumes=rows)
    assert table["id"].tolist() == [UUID.format(one) for one in (2, 3, 1, 5, 7, 4)]
    assert table["command"].tolist() == [f"volumes delete {id_}" for id_ in table["id"]]


def test_an_empty_account_has_the_columns_and_bad_input_one_line():
    empty = build_derived("idle", {column.name: [] for column in DERIVED_TABLES["idle"].columns})
    pd.testing.assert_frame_equal(idle.find(now=NOW), empty)
    nothing = {name: [] for name in ("droplets", "volumes", "snapshots", "images", "reserved_ips", "load_balancers")}
    pd.testing.assert_frame_equal(find(**nothing), empty)
    with pytest.raises(InvalidArgument, match=r"^The volumes frame has no columns"):
        idle.find(now=NOW, volumes=pd.DataFrame({"id": []}))
    with pytest.raises(InvalidArgument, match=r"^old_days must be 0 or more, not -1\.$"):
        idle.Rule(old_days=-1)
