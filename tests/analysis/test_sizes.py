"""Sizes: worth, frontier, cheapest and availability, each against plain Python over the API's own rows."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from poseidon_nb.analysis import sizes as analysis
from poseidon_nb.analysis.regions import regions_meant
from poseidon_nb.analysis.size_classes import class_of, classes_meant
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.schemas import DERIVED_TABLES

Row = dict[str, Any]
EUROPE = {"ams3", "fra1", "lon1"}


def without_rows(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.iloc[:0]


def changed(frame: pd.DataFrame, slug: str, **values: Any) -> pd.DataFrame:
    """Give the frame with other values in the row of that slug."""
    frame = frame.copy()
    for name, value in values.items():
        frame[name] = [value if one == slug else kept for one, kept in zip(frame["slug"], frame[name], strict=True)]
    return frame


def goods(row: Row) -> tuple[float, ...]:
    gpu = row.get("gpu_info") or {"count": 0, "vram": {"amount": 0}}
    have = (row["vcpus"], row["memory"], row["disk"], row["transfer"], gpu["count"], gpu["vram"]["amount"])
    return (*have, -row["price_monthly"])


def sold(row: Row, among: set[str]) -> bool:
    return row["available"] and bool(among & {*row["regions"]})


def test_every_size_has_the_family_that_digitalocean_sells_it_as(sizes, published):
    prices = analysis.unit_prices(sizes)
    found = {}
    for slug, family, generation in zip(prices["slug"], prices["family"], prices["generation"], strict=True):
        said = "" if family == "gpu" or (generation == "regular" and family != "basic") else f"-{generation}"
        found[slug] = f"{family}{said}"
    assert found == {size["slug"]: size["family"] for size in published}


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (("512mb",), ("basic", "legacy")),
        (("64gb", "Basic"), ("basic", "legacy")),
        (("s-1vcpu-1gb",), ("basic", "regular")),
        (("s-1vcpu-1gb-35gb-intel",), ("basic", "premium-intel")),
        (("c-2",), ("cpu-optimized", "regular")),
        (("c-4-intel", "Premium Intel"), ("cpu-optimized", "premium-intel")),
        (("so1_5-2vcpu-16gb",), ("storage-optimized", "regular")),
        (("gd-2vcpu-8gb-amd",), ("general-purpose", "premium-amd")),
        (("gpu-h100x1-80gb", "H100 GPU - 1X", "nvidia_h100", 1), ("gpu", "h100")),
        (("gpu-mi300x1-192gb", "AMD MI300X - 1X", "amd_mi300x", 1), ("gpu", "mi300x")),
        (("gpu-new",), ("gpu", "")),
        (("x9-1gb", "Something", "nvidia_b300", 8), ("gpu", "b300")),
        (("hx-2vcpu", "Memory-Optimized 9x SSD, AMD"), ("memory-optimized", "premium-amd")),
        (("hx-2vcpu", "General Purpose"), ("general-purpose", "regular")),
        (("hx-2vcpu", ""), ("other", "regular")),
        (("", ""), ("other", "regular")),
    ],
)
def test_the_rule_holds_for_slugs_of_yesterday_and_tomorrow(given, meant):
    assert class_of(*given) == meant


def test_words_mean_a_class_whole_or_by_one_end():
    families = ("basic", "general-purpose", "cpu-optimized", "gpu")
    assert classes_meant("CPU_Optimized", families, "family") == {"cpu-optimized"}
    assert classes_meant("cpu", families, "family") == {"cpu-optimized"}
    assert classes_meant(["basic", "general purpose"], families, "family") == {"basic", "general-purpose"}
    generations = ("regular", "premium-intel", "premium-amd")
    assert classes_meant("premium", generations, "generation") == {"premium-intel", "premium-amd"}
    assert classes_meant("amd", generations, "generation") == {"premium-amd"}
    with pytest.raises(InvalidArgument, match=r"no family 'bsic'. Did you mean basic"):
        classes_meant("bsic", families, "family")
    with pytest.raises(InvalidArgument, match="no family ''; there is basic, general-purpose, cpu-optimized and gpu"):
        classes_meant("", families, "family")


def test_words_mean_regions_by_slug_city_or_part_of_the_world():
    known = ["nyc1", "ams2", "lon1", "nyc3", "ams3", "fra1", "ric1"]
    assert regions_meant("nyc3", known) == ["nyc3"]
    assert regions_meant("NYC", known) == ["nyc1", "nyc3"]
    assert regions_meant("europe", known) == ["ams2", "lon1", "ams3", "fra1"]
    assert regions_meant(["fra1", "Europe", "ric"], known) == ["fra1", "ams2", "lon1", "ams3", "ric1"]
    assert regions_meant("north_america", known) == ["nyc1", "nyc3"]
    for word, message in (("ams9", "ams2"), ("eurpe", "europe"), ("ny", "nyc1")):
        with pytest.raises(InvalidArgument, match=rf"no region '{word}'. Did you mean .*{message}"):
            regions_meant(word, known)


def test_every_city_with_a_published_name_is_in_one_part_of_the_world(region_rows):
    cities = {row["slug"].rstrip("0123456789") for row in region_rows}
    listed = [city for area in analysis.AREAS.values() for city in area]
    assert sorted(listed) == sorted(cities)


def test_prices_are_the_published_ones_divided_by_what_one_gets(sizes, published):
    prices = analysis.unit_prices(sizes).set_index("slug")
    for size in published:
        row = prices.loc[size["slug"]]
        month = size["price_monthly"]
        assert row["price_monthly"] == month
        assert row["price_hourly"] == size["price_hourly"]
        assert row["memory_gib"] == size["memory"] / 1024
        assert row["price_per_vcpu"] == pytest.approx(month / size["vcpus"])
        assert row["price_per_memory_gib"] == pytest.approx(month * 1024 / size["memory"])
        assert row["price_per_disk_gb"] == pytest.approx(month / size["disk"])
        assert row["price_per_transfer_tb"] == pytest.approx(month / size["transfer"])
        gpu = size.get("gpu_info")
        assert row["gpu_count"] == (gpu["count"] if gpu else 0)
        if gpu:
            assert row["price_per_gpu"] == pytest.approx(month / gpu["count"])
        else:
            assert pd.isna(row["price_per_gpu"])


def test_by_hand_the_smallest_and_one_with_eight_graphics_processors(sizes):
    prices = analysis.unit_prices(sizes).set_index("slug")
    small = prices.loc["s-1vcpu-512mb-10gb"]
    assert [small[f"price_per_{unit}"] for unit in ("vcpu", "memory_gib", "disk_gb", "transfer_tb")] == [4, 8, 0.4, 8]
    assert prices.loc["gpu-h100x8-640gb", "price_per_gpu"] == pytest.approx(2224.56)


def test_what_a_size_has_none_of_has_no_price(sizes):
    odd = changed(sizes, "s-1vcpu-1gb", transfer=0.0, price_monthly=float("nan"))
    odd = changed(odd, "s-1vcpu-2gb", transfer=0.0)
    prices = analysis.unit_prices(odd).set_index("slug")
    assert pd.isna(prices.loc["s-1vcpu-2gb", "price_per_transfer_tb"])
    assert pd.isna(prices.loc["s-1vcpu-1gb", "price_per_vcpu"])
    assert "s-1vcpu-1gb" not in {*analysis.on_sale(odd)["slug"]}


def test_sixteen_gib_with_two_tb_in_europe(sizes, regions):
    found = analysis.cheapest(sizes, memory_gib=16, transfer_tb=2, regions="europe", datacenters=regions)
    first = found.iloc[0]
    # By hand from the price list: 84 dollars buy 16 GiB in two ways, and this one has more processors.
    assert (first["slug"], first["price_monthly"], first["transfer"]) == ("s-4vcpu-16gb-amd", 84.0, 8.0)
    assert {*first["sold_in"]} == EUROPE
    assert found.iloc[1]["slug"] == "m-2vcpu-16gb"


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"memory_gib": 16, "transfer_tb": 2},
        {"vcpus": 4, "memory_gib": 16, "disk_gb": 100, "transfer_tb": 2},
        {"memory_gib": 0.5},
        {"memory_gib": 0.51},
        {"disk_gb": 7200},
        {"transfer_tb": 10.5},
        {"gpus": 1},
        {"gpus": 2, "gpu_vram_gib": 700},
        {"vcpus": 193},
    ],
    ids=str,
)
@pytest.mark.parametrize("where", [None, ["sfo2"], ["ams3", "fra1"], ["tor1", "atl1", "nyc2"]], ids=str)
def test_cheapest_is_what_plain_python_finds(wish, where, sizes, regions, size_rows, region_rows):
    among = {row["slug"] for row in region_rows if row["available"] and (where is None or row["slug"] in where)}

    def holds(row: Row) -> bool:
        vcpus, memory, disk, transfer, gpus, vram, _ = goods(row)
        return (
            vcpus >= wish.get("vcpus", 0)
            and memory >= wish.get("memory_gib", 0) * 1024
            and disk >= wish.get("disk_gb", 0)
            and transfer >= wish.get("transfer_tb", 0)
            and gpus >= wish.get("gpus", 0)
            and vram >= wish.get("gpu_vram_gib", 0)
        )

    expected = sorted(
        (row for row in size_rows if sold(row, among) and holds(row)),
        key=lambda row: (
            row["price_monthly"],
            -row["memory"],
            -row["vcpus"],
            -row["disk"],
            -row["transfer"],
            row["slug"],
        ),
    )
    found = analysis.cheapest(sizes, regions=where, datacenters=regions, **wish)
    assert [*found["slug"]] == [row["slug"] for row in expected]
    assert [{*sold_in} for sold_in in found["sold_in"]] == [among & {*row["regions"]} for row in expected]
    assert [*found.index] == [*range(len(expected))]


def test_a_family_and_a_generation_can_be_wished_for(sizes):
    found = analysis.cheapest(sizes, memory_gib=8, family="general", generation="premium")
    assert found.iloc[0]["slug"] == "g-2vcpu-8gb-intel"
    assert {*found["family"]} == {"general-purpose"}
    assert [*analysis.on_sale(sizes, generation="h200")["slug"]] == ["gpu-h200x1-141gb", "gpu-h200x8-1128gb"]


def test_a_size_that_is_no_longer_sold_is_not_the_answer(sizes):
    gone = changed(sizes, "s-4vcpu-16gb-amd", available=False)
    assert analysis.cheapest(gone, memory_gib=16, regions="ams3").iloc[0]["slug"] == "m-2vcpu-16gb"
    unknown = changed(sizes, "s-4vcpu-16gb-amd", available=pd.NA)
    assert analysis.cheapest(unknown, memory_gib=16, regions="ams3").iloc[0]["slug"] == "m-2vcpu-16gb"
    nowhere = changed(sizes, "s-4vcpu-16gb-amd", regions=[])
    assert "s-4vcpu-16gb-amd" not in {*analysis.on_sale(nowhere)["slug"]}


def test_a_closed_region_sells_nothing_whatever_the_sizes_say(sizes, regions):
    closed = changed(regions, "fra1", available=False)
    found = analysis.cheapest(sizes, memory_gib=16, regions=["ams3", "fra1"], datacenters=closed)
    assert [*found["sold_in"]] == [["ams3"]] * len(found)
    assert all("fra1" not in sold_in for sold_in in analysis.on_sale(sizes, datacenters=closed)["sold_in"])
    with pytest.raises(InvalidArgument, match="fra1 is closed: nothing can be made there now"):
        analysis.cheapest(sizes, regions="fra1", datacenters=closed)
    with pytest.raises(InvalidArgument, match="sfo1 and ams2 are closed"):
        analysis.frontier(sizes, regions=["sfo1", "ams2"], datacenters=closed)


def test_a_region_that_only_the_sizes_know_counts_as_open(sizes, regions):
    some = regions[regions["slug"] != "fra1"]
    found = analysis.cheapest(sizes, regions="fra1", datacenters=some)
    assert len(found) == 138


@pytest.mark.parametrize("wish", [{"vcpus": -1}, {"memory_gib": float("nan")}, {"disk_gb": float("inf")}], ids=str)
def test_a_wish_is_an_amount(wish, sizes):
    with pytest.raises(InvalidArgument, match=f"^{next(iter(wish))} takes an amount, 0 or more, not [-a-z0-9]+$"):
        analysis.cheapest(sizes, **wish)


def test_an_unknown_region_is_refused_with_the_nearest(sizes):
    with pytest.raises(InvalidArgument, match=r"no region 'ams4'. Did you mean ams3"):
        analysis.cheapest(sizes, regions="ams4")


@pytest.mark.parametrize("where", [None, ["ams3"], ["sfo2"], ["tor1", "atl1"]], ids=str)
def test_the_frontier_is_what_plain_python_finds(where, sizes, size_rows):
    among = {*(where or [region for row in size_rows for region in row["regions"]])}
    there = [row for row in size_rows if sold(row, among)]

    def beats(one: Row, other: Row) -> bool:
        pairs = [*zip(goods(one), goods(other), strict=True)]
        return all(mine >= theirs for mine, theirs in pairs) and any(mine > theirs for mine, theirs in pairs)

    expected = {row["slug"] for row in there if not any(beats(other, row) for other in there)}
    found = analysis.frontier(sizes, regions=where)
    assert {*found["slug"]} == expected
    assert found["price_monthly"].is_monotonic_increasing
    # sfo2 sells seven plans of one line, each of which is worth its price.
    assert (len(expected) < len(there)) == (where != ["sfo2"])


def test_by_hand_one_beats_another_and_equals_both_stay(sizes):
    slugs = {*analysis.frontier(sizes, regions="ams3")["slug"]}
    # A dollar more, and nothing more that is counted.
    assert "s-1vcpu-1gb" in slugs
    assert not slugs & {"s-1vcpu-1gb-amd", "s-1vcpu-1gb-intel"}
    # Equal in everything, at 524 dollars.
    assert {"so-8vcpu-64gb", "so-8vcpu-64gb-intel", "m6-8vcpu-64gb"} <= slugs
    # Beaten by another family until its own is compared.
    assert "g-2vcpu-8gb" not in slugs
    assert "g-2vcpu-8gb" in {*analysis.frontier(sizes, regions="ams3", family="general")["slug"]}


def test_what_is_not_sold_there_beats_nothing(sizes):
    gone = changed(sizes, "s-1vcpu-1gb", available=False)
    assert {"s-1vcpu-1gb-amd", "s-1vcpu-1gb-intel"} <= {*analysis.frontier(gone, regions="ams3")["slug"]}


def test_the_matrix_says_who_sells_what(sizes, regions, size_rows, region_rows):
    matrix = analysis.availability(sizes, regions)
    assert [*matrix.columns] == ["region", "name", "available", *(row["slug"] for row in size_rows)]
    assert [*matrix["region"]] == [row["slug"] for row in region_rows]
    for region, line in zip(region_rows, matrix.to_dict("records"), strict=True):
        assert line["available"] == region["available"]
        assert line["name"] == region["name"]
        # The regions' own lists are the second way to know.
        sells = {row["slug"] for row in size_rows if line[row["slug"]]}
        assert sells == ({*region["sizes"]} if region["available"] else set())
    assert {str(dtype) for dtype in matrix.dtypes[2:]} == {"boolean"}


def test_the_matrix_tells_what_is_gone_closed_or_unknown(sizes, regions):
    gone = changed(sizes, "s-1vcpu-1gb", available=False)
    closed = changed(regions, "fra1", available=False)
    matrix = analysis.availability(gone, closed[closed["slug"] != "syd1"]).set_index("region")
    assert not matrix["s-1vcpu-1gb"].any()
    assert not matrix.loc["fra1"].drop(["name", "available"]).any()
    assert matrix.index[-1] == "syd1"
    assert pd.isna(matrix.loc["syd1", "name"])
    assert matrix.loc["syd1", "s-1vcpu-2gb"]


def test_regions_with_a_feature(regions, region_rows):
    found = analysis.with_feature(regions, "backups")
    assert [*found["slug"]] == [row["slug"] for row in region_rows if "backups" in row["features"]]
    assert [*analysis.with_feature(regions, "server-id", "storage")["slug"]] == ["tor1"]
    assert analysis.with_feature(regions)["slug"].equals(regions["slug"])
    with pytest.raises(InvalidArgument, match=r"no region has the feature 'bakups'. Did you mean backups"):
        analysis.with_feature(regions, "bakups")
    with pytest.raises(InvalidArgument, match=r"'qqq'; there is backups, image_transfer, .* and storage"):
        analysis.with_feature(regions, "qqq")


def test_a_frame_with_no_rows_gives_none(sizes, regions):
    none = without_rows(sizes)
    for name, found in {
        "size_prices": analysis.unit_prices(none),
        "sizes_on_sale": analysis.cheapest(none, memory_gib=4, regions="ams3"),
    }.items():
        assert len(found) == 0
        assert [*found.columns] == [column.name for column in DERIVED_TABLES[name].columns]
        full = analysis.unit_prices(sizes) if name == "size_prices" else analysis.on_sale(sizes)
        assert [*found.dtypes] == [*full.dtypes]
    assert analysis.frontier(none, datacenters=regions).shape[0] == 0
    assert analysis.availability(none, regions).shape == (15, 3)
    assert analysis.availability(sizes, without_rows(regions)).shape == (13, 150)
    assert analysis.availability(none, without_rows(regions)).shape == (0, 3)
    assert analysis.with_feature(without_rows(regions), "backups").shape[0] == 0


def test_what_is_given_stays_as_it_was(sizes, regions):
    before = sizes.copy(deep=True), regions.copy(deep=True)
    found = [
        analysis.unit_prices(sizes),
        analysis.on_sale(sizes, datacenters=regions),
        analysis.frontier(sizes, datacenters=regions),
        analysis.availability(sizes, regions),
        analysis.with_feature(regions, "backups"),
    ]
    for frame in found:
        frame.iloc[:, 0] = pd.NA
    pd.testing.assert_frame_equal(sizes, before[0])
    pd.testing.assert_frame_equal(regions, before[1])


def test_results_can_be_handed_in_again(sizes):
    once = analysis.unit_prices(sizes)
    pd.testing.assert_frame_equal(analysis.unit_prices(once), once)
    front = analysis.frontier(sizes)
    pd.testing.assert_frame_equal(analysis.frontier(front), front)


def test_a_frame_of_ones_own_needs_only_what_counts():
    own = pd.DataFrame(
        {
            "slug": ["a-1", "s-2"],
            "memory": [1024, 3072],
            "vcpus": [1, 1],
            "disk": [10, 10],
            "transfer": [1, 1],
            "price_monthly": [5, 12],
            "available": [True, True],
            "regions": [("here",), ["here", "there"]],
        },
        index=[7, 7],
    )
    prices = analysis.unit_prices(own)
    assert [*prices["family"]] == ["other", "basic"]
    assert [*prices["price_per_memory_gib"]] == [5, 4]
    assert [*analysis.cheapest(own, memory_gib=2, regions="there")["slug"]] == ["s-2"]
    with pytest.raises(InvalidArgument, match="The sizes frame has no column regions"):
        analysis.unit_prices(own.drop(columns="regions"))


def test_a_part_of_the_world_without_a_region_is_not_told_as_its_own_nearest(sizes):
    american = sizes.assign(regions=[["nyc1", "sfo3"]] * len(sizes))
    with pytest.raises(InvalidArgument, match=r"^no region 'europe' here; there is nyc1 and sfo3$"):
        analysis.on_sale(american, regions="europe")
