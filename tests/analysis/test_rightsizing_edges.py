"""Each part of the rule at its limit, and the reasons for droplets that are not judged."""

from __future__ import annotations

import pandas as pd
import pytest

from poseidon_nb.analysis.rightsizing import Rule, advice
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.schemas import DERIVED_TABLES

#: A quiet droplet of 4 vCPUs and 8 GiB that was read for two weeks.
DROPLET = {
    "id": 1,
    "name": "web-1",
    "status": "active",
    "region": "nyc3",
    "size": "s-4vcpu-8gb",
    "vcpus": 4,
    "memory": 8192,
    "disk": 25,
    "price_monthly": 48.0,
    "tags": [],
}
USE = {
    "droplet_id": 1,
    "cpu_p50_percent": 5.0,
    "cpu_p95_percent": 10.0,
    "cpu_max_percent": 20.0,
    "burst_percent": 0.0,
    "memory_p50_percent": 5.0,
    "memory_p95_percent": 6.0,
    "memory_max_percent": 7.0,
    "disk_used_gb": 5.0,
    "disk_used_percent": 20.0,
    "outbound_tb_month": 0.1,
    "readings": 4032,
    "hours": 336.0,
    "from": pd.Timestamp("2026-11-10T12:00Z"),
    "to": pd.Timestamp("2026-11-24T12:00Z"),
}


def row(sizes, *, use=None, rule=None, **droplet):
    uses = [] if use is False else [{**USE, **(use or {})}]
    frame = advice(
        pd.DataFrame([{**DROPLET, **droplet}]),
        sizes,
        pd.DataFrame(uses, columns=[*dict.fromkeys((*USE, *(use or {})))]),
        rule=rule or Rule(),
    )
    assert len(frame) == 1
    return frame.iloc[0]


def test_an_idle_droplet_gets_the_smallest_size_with_at_least_its_disk(sizes):
    found = row(sizes)
    assert (found["verdict"], found["advised_size"], found["confidence"]) == ("smaller", "s-1vcpu-1gb", "high")
    # $48 and $6, as published.
    assert (found["saving_usd_month"], found["saving_usd_year"]) == (42.0, 504.0)
    assert found["advised_price_usd_month"] == 6.0
    assert (found["advised_cpu_p95_percent"], found["advised_cpu_max_percent"]) == pytest.approx((40.0, 80.0))
    assert found["advised_memory_max_percent"] == pytest.approx(56.0)
    assert found["why"].startswith(
        "CPU p95 10%, memory max 7%, 14 days, 4,032 readings; estimated on s-1vcpu-1gb: CPU p95 40%"
    )


# One vCPU of 4 is 25 %; with 30 % headroom it holds 17.5 %, with half of it 12.5 %.
@pytest.mark.parametrize(
    ("p95", "headroom", "advised"),
    [
        (17.5, 30, "s-1vcpu-1gb"),
        (17.6, 30, "s-2vcpu-2gb"),
        (12.5, 50, "s-1vcpu-1gb"),
        (12.6, 50, "s-2vcpu-2gb"),
        (25.0, 0, "s-1vcpu-1gb"),
        (35.0, 30, "s-2vcpu-2gb"),
    ],
)
def test_the_headroom_of_the_cpu_is_exact(sizes, p95, headroom, advised):
    found = row(sizes, use={"cpu_p95_percent": p95, "cpu_max_percent": p95}, rule=Rule(cpu_headroom=headroom))
    assert found["advised_size"] == advised


@pytest.mark.parametrize(
    ("most", "burst", "advised"),
    [(50.0, 200, "s-1vcpu-1gb"), (50.1, 200, "s-2vcpu-2gb"), (25.0, 100, "s-1vcpu-1gb"), (25.1, 100, "s-2vcpu-2gb")],
)
def test_the_maximum_cpu_may_exceed_the_size_by_burst(sizes, most, burst, advised):
    found = row(sizes, use={"cpu_max_percent": most}, rule=Rule(burst=burst))
    assert found["advised_size"] == advised


# 1 GiB of 8 is 12.5 %, of which 80 % are 10 %.
@pytest.mark.parametrize(
    ("most", "headroom", "advised"),
    [(10.0, 20, "s-1vcpu-1gb"), (10.1, 20, "s-1vcpu-2gb"), (12.5, 0, "s-1vcpu-1gb"), (12.6, 0, "s-1vcpu-2gb")],
)
def test_the_headroom_of_the_memory_is_exact(sizes, most, headroom, advised):
    assert row(sizes, use={"memory_max_percent": most}, rule=Rule(memory_headroom=headroom))["advised_size"] == advised


@pytest.mark.parametrize(
    ("disk", "advised"), [(25, "s-1vcpu-1gb"), (26, "s-1vcpu-1gb-35gb-intel"), (80, "s-2vcpu-4gb")]
)
def test_disks_do_not_shrink(sizes, disk, advised):
    assert row(sizes, disk=disk)["advised_size"] == advised


def test_a_size_prevented_only_by_the_disk_is_the_recreate_size(sizes):
    found = row(sizes, disk=160)
    assert (found["verdict"], found["advised_size"], found["saving_usd_month"]) == ("keep", "s-4vcpu-8gb", 0.0)
    # 5 GB with a tenth to spare fit on 10 GB, but 7 % of 8 GiB with a fifth to spare on no 512 MiB.
    assert (found["recreate_size"], found["recreate_saving_usd_month"]) == ("s-1vcpu-1gb", 42.0)
    assert "s-1vcpu-1gb would fit and save $42.00 a month, but the 160 GB disk cannot shrink" in found["why"]
    assert pd.isna(row(sizes, disk=160, use={"disk_used_gb": None})["recreate_size"])


@pytest.mark.parametrize(("used", "verdict", "grow"), [(22.5, "smaller", False), (22.6, "smaller", True)])
def test_a_disk_that_is_too_full_must_grow(sizes, used, verdict, grow):
    found = row(sizes, use={"disk_used_gb": used})
    assert (found["verdict"], found["grow_disk"]) == (verdict, grow)
    assert found["advised_size"] == ("s-1vcpu-1gb-35gb-intel" if grow else "s-1vcpu-1gb")
    assert ("the resize must include the disk, which cannot be undone" in found["why"]) == grow


def test_a_disk_smaller_than_its_size_can_grow_without_a_resize(sizes):
    """The droplet of 4 vCPUs has a right to 160 GB, and needs them."""
    found = row(sizes, use={"disk_used_gb": 140.0, "cpu_p95_percent": 60.0, "memory_max_percent": 70.0}, disk=80)
    assert (found["verdict"], found["advised_size"], found["grow_disk"]) == ("keep", "s-4vcpu-8gb", True)
    assert "resize to the same size with --disk" in found["why"]


# 1,000 GiB are 1.0737 TB.
@pytest.mark.parametrize(
    ("outbound", "headroom", "saving"),
    [
        (1.0737, 0, 42.0),
        # 1.5 TB are 1,396.98 GiB: 396.98 beyond, at a cent.
        (1.5, 0, 38.03),
        (1.35, 10, 38.03),
        (None, 10, 42.0),
    ],
)
def test_traffic_beyond_the_allowance_reduces_the_saving(sizes, outbound, headroom, saving):
    found = row(sizes, use={"outbound_tb_month": outbound}, rule=Rule(transfer_headroom=headroom))
    assert (found["advised_size"], found["saving_usd_month"]) == ("s-1vcpu-1gb", pytest.approx(saving))
    assert found["confidence"] == ("medium" if outbound is None else "high")


def test_the_reason_says_that_traffic_is_counted_per_droplet(sizes):
    beyond = row(sizes, use={"outbound_tb_month": 1.5})["why"]
    assert (
        "a month for traffic beyond the transfer included with s-1vcpu-1gb; transfer is pooled across droplets, so the saving may be higher"
        in beyond
    )
    assert "pooled" not in row(sizes)["why"]


def test_a_more_expensive_size_wins_if_it_includes_the_traffic(sizes):
    """3.2 TB are 2,980 GiB: 19.80 beyond 1 TB and 9.80 beyond 2 TB, but the 3 TB of $18 have them all."""
    found = row(sizes, use={"outbound_tb_month": 3.2}, rule=Rule(transfer_headroom=0))
    assert (found["advised_size"], found["saving_usd_month"]) == ("s-2vcpu-2gb", 30.0)


@pytest.mark.parametrize(
    ("use", "advised", "words"),
    [
        ({"cpu_p95_percent": 71.0}, "s-8vcpu-16gb", "too little CPU headroom"),
        ({"memory_max_percent": 81.0}, "s-4vcpu-16gb-amd", "too little memory headroom"),
        # Of two for $96, the one with more vCPUs.
        (
            {"disk_used_gb": 250.0, "memory_max_percent": 70.0, "cpu_p95_percent": 60.0},
            "s-8vcpu-16gb",
            "disk headroom (250 GB used)",
        ),
    ],
)
def test_a_shortage_is_named_and_costs_more(sizes, use, advised, words):
    found = row(sizes, use=use, disk=160)
    assert (found["verdict"], found["advised_size"]) == ("larger", advised)
    assert words in found["why"]
    assert found["saving_usd_month"] < 0


@pytest.mark.parametrize(
    ("use", "verdict"), [({"cpu_p95_percent": 70.0}, "keep"), ({"cpu_p95_percent": 70.1}, "larger")]
)
def test_the_current_size_needs_the_same_headroom(sizes, use, verdict):
    assert row(sizes, use=use, disk=160)["verdict"] == verdict


def test_no_available_size_is_large_enough(sizes):
    found = row(sizes[sizes["slug"].str.startswith("s-1")], use={"memory_max_percent": 95.0})
    assert found["verdict"] == "larger"
    assert found[["advised_size", "saving_usd_month", "grow_disk"]].isna().all()
    assert "no size available in nyc3 fits" in found["why"]


@pytest.mark.parametrize(
    ("hours", "verdict", "confidence"),
    [(71.9, "unknown", None), (72.0, "smaller", "medium"), (160.0, "smaller", "high")],
)
def test_too_little_data_gives_unknown(sizes, hours, verdict, confidence):
    """A week is 168 hours, of which a twentieth may be missing."""
    found = row(sizes, use={"hours": hours, "from": USE["to"] - pd.Timedelta(hours=hours)})
    assert found["verdict"] == verdict
    assert found["confidence"] == confidence if confidence else pd.isna(found["confidence"])
    assert ("only 71 hours of readings, at least 72 required" in found["why"]) == (confidence is None)


def test_gaps_and_peaks_lower_the_confidence(sizes):
    assert row(sizes, use={"hours": 302.5})["confidence"] == "high"
    found = row(sizes, use={"hours": 302.3})
    assert found["confidence"] == "medium"
    assert "10% of the readings are missing" in found["why"]
    found = row(sizes, use={"cpu_max_percent": 40.0, "hours": 300.0})
    assert found["confidence"] == "low"
    assert "its peaks would need 160% of the smaller size's CPU" in found["why"]


def test_an_unknown_disk_usage_lowers_the_confidence(sizes):
    """With 78 GB on a disk of 80 the verdict would be larger."""
    found = row(sizes, use={"disk_used_gb": None})
    assert (found["verdict"], found["confidence"]) == ("smaller", "medium")
    assert found["why"].endswith("; its disk usage is unknown")
    assert row(sizes, use={"disk_used_gb": None, "outbound_tb_month": None})["confidence"] == "low"


@pytest.mark.parametrize(
    ("last", "verdict"),
    [
        ({"last_vcpus": 4.0, "last_memory_mib": 0.967 * 8192}, "smaller"),
        # A kernel keeps what it likes, and clocks are not even.
        ({"last_vcpus": 4.2, "last_memory_mib": 0.855 * 8192}, "smaller"),
        ({"last_memory_mib": 0.85 * 8192}, "unknown"),
        ({"last_memory_mib": 1.04 * 8192}, "unknown"),
        ({"last_vcpus": 2.0}, "unknown"),
        ({"last_vcpus": 8.0, "last_memory_mib": 0.967 * 8192}, "unknown"),
        ({"last_vcpus": None, "last_memory_mib": None}, "smaller"),
    ],
)
def test_readings_of_another_size_give_unknown(sizes, last, verdict):
    found = row(sizes, use={**last, "step_minutes": 30.0})
    assert found["verdict"] == verdict
    if verdict == "unknown":
        assert found["why"].startswith("resized after the last reading; try again in 1 hour")
        assert found[["advised_size", "saving_usd_month", "confidence", "recreate_size"]].isna().all()


def test_memory_reserved_for_a_crash_kernel_is_not_another_size(sizes):
    """A droplet of 1 GiB reports 690 MiB; one of 512 MiB, the next smaller size, reports less than 512."""
    small = {"size": "s-1vcpu-1gb", "vcpus": 1, "memory": 1024, "price_monthly": 6.0}
    assert row(sizes, use={"last_memory_mib": 690.0}, **small)["verdict"] == "keep"
    found = row(sizes, use={"last_memory_mib": 495.0}, **small)
    assert (found["verdict"], "try again later" in found["why"]) == ("unknown", True)


@pytest.mark.parametrize(
    ("minutes", "confidence", "words"),
    [
        (60.0, "high", ""),
        (90.0, "medium", "each reading covers 90 minutes, so peaks are hidden"),
        (360.0, "medium", "each reading covers 6 hours, so peaks are hidden"),
        (720.0, "low", "each reading covers 12 hours, so peaks are hidden"),
        (2880.0, "low", "each reading covers 2 days, so peaks are hidden"),
    ],
)
def test_coarse_readings_lower_the_confidence(sizes, minutes, confidence, words):
    found = row(sizes, use={"step_minutes": minutes})
    assert found["confidence"] == confidence
    assert found["why"].endswith(words)
    assert ("peaks" in found["why"]) == bool(words)


def test_a_window_of_exactly_min_hours_may_lack_one_step(sizes):
    assert row(sizes, use={"hours": 71.9, "step_minutes": 5.0})["verdict"] == "unknown"
    found = row(sizes, use={"hours": 71.92, "step_minutes": 5.0, "from": USE["to"] - pd.Timedelta(hours=72)})
    assert (found["verdict"], found["confidence"]) == ("smaller", "medium")


def test_a_resized_droplet_is_judged_by_absolute_usage(sizes):
    """It had 2 GiB for most of the window: 90 % of them are 1,843 MiB, not 7,373."""
    shares = {"cpu_p95_percent": 90.0, "cpu_max_percent": 95.0, "memory_max_percent": 90.0, "resized": True}
    absolute = {"cpu_p95_vcpus": 0.9, "cpu_max_vcpus": 1.0, "memory_max_mib": 1843.0}
    found = row(sizes, use={**shares, **absolute})
    # 0.9 vCPUs with 30 % to spare take 2, 1,843 MiB with 20 % take 4 GiB.
    assert (found["verdict"], found["advised_size"], found["confidence"]) == ("smaller", "s-2vcpu-4gb", "medium")
    assert "resized during this time range" in found["why"]
    assert found["memory_max_percent"] == 90.0
    assert found["advised_memory_max_percent"] == pytest.approx(100 * 1843 / 4096)
    assert row(sizes, use=shares)["verdict"] == "unknown"


@pytest.mark.parametrize(
    ("droplet", "verdict", "words"),
    [
        ({"status": "off"}, "unknown", "it is off, but still billed"),
        ({"status": "new"}, "unknown", "it is still being created"),
        ({"status": "archive"}, "unknown", "status archive"),
        ({"size": "gpu-h100x1-80gb", "vcpus": 20}, "keep", "it has GPUs"),
        ({"gpu_count": 1}, "keep", "it has GPUs"),
        ({"tags": ["k8s", "k8s:worker"]}, "keep", "its size is set by its Kubernetes node pool"),
        ({"tags": ["K8S:f3b1"]}, "keep", "its size is set by its Kubernetes node pool"),
    ],
)
def test_droplets_that_are_not_judged_have_a_reason(sizes, droplet, verdict, words):
    found = row(sizes, **droplet)
    assert found["verdict"] == verdict
    assert words in found["why"]
    assert found[["advised_size", "saving_usd_month", "saving_usd_year", "confidence", "recreate_size"]].isna().all()


def test_a_tag_similar_to_a_kubernetes_tag_is_ignored(sizes):
    assert row(sizes, tags=["k8s-tools", "not:k8s"])["verdict"] == "smaller"


def test_a_droplet_without_the_agent_or_without_any_reading_is_unknown(sizes):
    note = "no readings of memory: the metrics agent is not installed"
    found = row(sizes, use={"memory_max_percent": None, "note": note})
    assert (found["verdict"], found["why"]) == ("unknown", note)
    found = row(sizes, use=False)
    assert (found["verdict"], found["why"]) == ("unknown", "no CPU or memory readings")
    assert found[["cpu_p95_percent", "memory_max_percent", "readings"]].isna().all()


def test_leaving_an_unavailable_size_is_noted_as_irreversible(sizes):
    found = row(sizes, size="8gb", disk=25)
    assert (found["advised_size"], found["saving_usd_month"]) == ("s-1vcpu-1gb", 42.0)
    assert "8gb is no longer available in this region, so the resize cannot be undone" in found["why"]
    assert "no longer available" not in row(sizes)["why"]


def test_a_closed_region_allows_no_resize(sizes):
    found = row(sizes, region="sfo1")
    assert (found["verdict"], found["advised_size"]) == ("keep", "s-4vcpu-8gb")
    assert "no size is available in sfo1" in found["why"]
    assert "no size is available in sfo1" in row(sizes, region="sfo1", use={"memory_max_percent": 99.0})["why"]
    # Its frontier is one size with a GPU.
    assert row(sizes, region="atl1")["verdict"] == "keep"


def test_only_sizes_available_in_the_region_are_advised(sizes):
    small = sizes["slug"] == "s-1vcpu-1gb"
    elsewhere = sizes.copy()
    elsewhere["regions"] = [["ams3"] if this else there for this, there in zip(small, sizes["regions"], strict=True)]
    assert row(elsewhere)["advised_size"] == "s-1vcpu-1gb-amd"
    gone = sizes.copy()
    gone.loc[small, "available"] = False
    assert row(gone)["advised_size"] == "s-1vcpu-1gb-amd"


@pytest.mark.parametrize(
    ("rule", "advised"),
    [
        ({}, "c-2"),
        ({"shared_cpu": True}, "s-1vcpu-2gb"),
        ({"same_family": True}, "g-2vcpu-8gb"),
    ],
)
def test_dedicated_vcpus_stay_dedicated_unless_allowed(sizes, rule, advised):
    """3.2 GiB of 16 at most: with a fifth to spare they need 4 GiB."""
    droplet = {"size": "g-4vcpu-16gb", "vcpus": 4, "memory": 16384, "price_monthly": 126.0}
    assert row(sizes, rule=Rule(**rule), **droplet)["advised_size"] == advised


@pytest.mark.parametrize(
    ("rule", "advised"),
    [({}, "s-1vcpu-1gb-amd"), ({"regular_cpu": True}, "s-1vcpu-1gb"), ({"same_family": True}, "s-1vcpu-1gb-amd")],
)
def test_premium_vcpus_stay_premium_unless_allowed(sizes, rule, advised):
    assert row(sizes, rule=Rule(**rule), size="s-4vcpu-8gb-intel", price_monthly=56.0)["advised_size"] == advised


def test_at_equal_prices_the_same_family_wins(sizes):
    """s-4vcpu-16gb-amd and m-2vcpu-16gb are $84 each, and the first has more vCPUs."""
    droplet = {"size": "m-4vcpu-32gb", "memory": 32768, "price_monthly": 168.0}
    found = row(sizes, use={"memory_max_percent": 30.0}, rule=Rule(shared_cpu=True), **droplet)
    assert (found["advised_size"], found["saving_usd_month"]) == ("m-2vcpu-16gb", 84.0)
    droplet["size"] = "g-4vcpu-16gb"
    assert (
        row(sizes, use={"memory_max_percent": 30.0}, rule=Rule(shared_cpu=True), **droplet)["advised_size"]
        == "s-4vcpu-16gb-amd"
    )


@pytest.mark.parametrize(("least", "verdict"), [(42.0, "smaller"), (42.01, "keep")])
def test_a_saving_below_the_minimum_is_kept(sizes, least, verdict):
    assert row(sizes, rule=Rule(min_saving_usd_month=least))["verdict"] == verdict


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cpu_headroom", -1),
        ("cpu_headroom", 100),
        ("memory_headroom", 100),
        ("disk_headroom", float("nan")),
        ("transfer_headroom", 101),
        ("burst", 99),
        ("min_hours", -1),
        ("min_saving_usd_month", float("nan")),
    ],
)
def test_a_rule_out_of_range_raises(field, value):
    with pytest.raises(InvalidArgument, match=field):
        Rule(**{field: value})


def test_the_largest_saving_is_first_and_unknown_last(sizes):
    droplets = pd.DataFrame(
        [
            {**DROPLET, "id": 1, "status": "off"},
            {**DROPLET, "id": 2, "disk": 160},
            {**DROPLET, "id": 3, "disk": 160},
            {**DROPLET, "id": 4, "disk": 80},
            {**DROPLET, "id": 5},
        ]
    )
    use = pd.DataFrame([{**USE, "droplet_id": number} for number in range(1, 6)])
    use.loc[2, "cpu_p95_percent"] = 90.0
    frame = advice(droplets, sizes, use)
    assert frame["droplet_id"].tolist() == [5, 4, 3, 2, 1]
    assert frame["verdict"].tolist() == ["smaller", "smaller", "larger", "keep", "unknown"]


@pytest.mark.parametrize("with_sizes", [True, False])
def test_no_droplets_give_an_empty_table_with_all_columns(sizes, with_sizes):
    droplets, use = pd.DataFrame(columns=[*DROPLET]), pd.DataFrame(columns=[*USE])
    frame = advice(droplets, sizes if with_sizes else sizes.iloc[:0], use)
    assert frame.empty
    assert [*frame.columns] == [column.name for column in DERIVED_TABLES["rightsizing"].columns]
    assert [str(one) for one in frame.dtypes] == [column.dtype for column in DERIVED_TABLES["rightsizing"].columns]


def test_without_any_size_nothing_is_advised(sizes):
    found = row(sizes.iloc[:0])
    assert (found["verdict"], found["saving_usd_month"]) == ("keep", 0.0)


def test_the_input_is_not_changed(sizes):
    droplets, use = pd.DataFrame([DROPLET], index=[7]), pd.DataFrame([USE], index=[9])
    before = [frame.copy(deep=True) for frame in (droplets, sizes, use)]
    advice(droplets, sizes, use)
    for frame, was in zip((droplets, sizes, use), before, strict=True):
        pd.testing.assert_frame_equal(frame, was)


def test_invalid_frames_raise(sizes):
    droplets, use = pd.DataFrame([DROPLET]), pd.DataFrame([USE])
    with pytest.raises(InvalidArgument, match="The droplets frame has no column vcpus"):
        advice(droplets.drop(columns="vcpus"), sizes, use)
    with pytest.raises(InvalidArgument, match="The sizes frame has no column regions"):
        advice(droplets, sizes.drop(columns="regions"), use)
    with pytest.raises(InvalidArgument, match="The use frame has no column memory_max_percent"):
        advice(droplets, sizes, use.drop(columns="memory_max_percent"))
    with pytest.raises(InvalidArgument, match=r"^Droplet 1 has several rows in use\. Pass one row for each droplet\.$"):
        advice(droplets, sizes, pd.concat([use, use]))


def test_control_characters_of_the_account_are_escaped(sizes):
    found = row(sizes, size="8gb\x1b[2J", disk=25)
    assert "\x1b" not in found["why"]
