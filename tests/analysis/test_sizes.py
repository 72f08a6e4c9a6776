"""Unit prices, frontier, cheapest and availability, compared with plain Python over the rows of the API."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from poseidon_nb.analysis import sizes as analysis
from poseidon_nb.analysis.classification import classify_size, match_classes, match_regions
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.schemas import DERIVED_TABLES

Row = dict[str, Any]
EUROPE = {"ams3", "fra1", "lon1"}


def without_rows(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.iloc[:0]


def changed(frame: pd.DataFrame, slug: str, **values: Any) -> pd.DataFrame:
    """Return the frame with other values in the row of a slug."""
    frame = frame.copy()
    for name, value in values.items():
        frame[name] = [value if one == slug else kept for one, kept in zip(frame["slug"], frame[name], strict=True)]
    return frame


def capacities(row: Row) -> tuple[float, ...]:
    gpu = row.get("gpu_info") or {"count": 0, "vram": {"amount": 0}}
    have = (row["vcpus"], row["memory"], row["disk"], row["transfer"], gpu["count"], gpu["vram"]["amount"])
    return (*have, -row["price_monthly"])


def sold(row: Row, open_slugs: set[str]) -> bool:
    return row["available"] and bool(open_slugs & {*row["regions"]})


def test_every_size_has_the_published_family(sizes, published):
    prices = analysis.unit_prices(sizes)
    found = {}
    for slug, family, generation in zip(prices["slug"], prices["family"], prices["generation"], strict=True):
        suffix = "" if family == "gpu" or (generation == "regular" and family != "basic") else f"-{generation}"
        found[slug] = f"{family}{suffix}"
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
def test_old_and_future_slugs_are_classified(given, meant):
    assert classify_size(*given) == meant


def test_words_match_a_class_in_full_or_at_one_end():
    families = ("basic", "general-purpose", "cpu-optimized", "gpu")
    assert match_classes("CPU_Optimized", families, "family") == {"cpu-optimized"}
    assert match_classes("cpu", families, "family") == {"cpu-optimized"}
    assert match_classes(["basic", "general purpose"], families, "family") == {"basic", "general-purpose"}
    generations = ("regular", "premium-intel", "premium-amd")
    assert match_classes("premium", generations, "generation") == {"premium-intel", "premium-amd"}
    assert match_classes("amd", generations, "generation") == {"premium-amd"}
    with pytest.raises(InvalidArgument, match=r"^Unknown family 'bsic'\. Did you mean basic\?$"):
        match_classes("bsic", families, "family")
    with pytest.raises(
        InvalidArgument, match=r"^Unknown family ''\. Expected one of basic, general-purpose, cpu-optimized and gpu\.$"
    ):
        match_classes("", families, "family")


def test_words_match_regions_by_slug_city_or_area():
    known = ["nyc1", "ams2", "lon1", "nyc3", "ams3", "fra1", "ric1"]
    assert match_regions("nyc3", known) == ["nyc3"]
    assert match_regions("NYC", known) == ["nyc1", "nyc3"]
    assert match_regions("europe", known) == ["ams2", "lon1", "ams3", "fra1"]
    assert match_regions(["fra1", "Europe", "ric"], known) == ["fra1", "ams2", "lon1", "ams3", "ric1"]
    assert match_regions("north_america", known) == ["nyc1", "nyc3"]
    for word, message in (("ams9", "ams2"), ("eurpe", "europe"), ("ny", "nyc1")):
        with pytest.raises(InvalidArgument, match=rf"^Unknown region '{word}'\. Did you mean .*{message}.*\?$"):
            match_regions(word, known)


def test_every_published_city_is_in_one_area(region_rows):
    cities = {row["slug"].rstrip("0123456789") for row in region_rows}
    listed = [city for area in analysis.AREAS.values() for city in area]
    assert sorted(listed) == sorted(cities)


def test_unit_prices_are_the_published_prices_per_unit(sizes, published):
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


def test_unit_prices_computed_by_hand(sizes):
    prices = analysis.unit_prices(sizes).set_index("slug")
    small = prices.loc["s-1vcpu-512mb-10gb"]
    assert [small[f"price_per_{unit}"] for unit in ("vcpu", "memory_gib", "disk_gb", "transfer_tb")] == [4, 8, 0.4, 8]
    assert prices.loc["gpu-h100x8-640gb", "price_per_gpu"] == pytest.approx(2224.56)


def test_a_resource_that_a_size_lacks_has_no_unit_price(sizes):
    odd = changed(sizes, "s-1vcpu-1gb", transfer=0.0, price_monthly=float("nan"))
    odd = changed(odd, "s-1vcpu-2gb", transfer=0.0)
    prices = analysis.unit_prices(odd).set_index("slug")
    assert pd.isna(prices.loc["s-1vcpu-2gb", "price_per_transfer_tb"])
    assert pd.isna(prices.loc["s-1vcpu-1gb", "price_per_vcpu"])
    assert "s-1vcpu-1gb" not in {*analysis.available(odd)["slug"]}


def test_cheapest_with_16_gib_and_2_tb_in_europe(sizes, regions):
    found = analysis.cheapest(sizes, memory_gib=16, transfer_tb=2, regions="europe", regions_frame=regions)
    first = found.iloc[0]
    # By hand from the price list: 84 dollars buy 16 GiB in two ways, and this one has more processors.
    assert (first["slug"], first["price_monthly"], first["transfer"]) == ("s-4vcpu-16gb-amd", 84.0, 8.0)
    assert {*first["available_in"]} == EUROPE
    assert found.iloc[1]["slug"] == "m-2vcpu-16gb"


@pytest.mark.parametrize(
    "minimums",
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
def test_cheapest_equals_plain_python(minimums, where, sizes, regions, size_rows, region_rows):
    open_slugs = {row["slug"] for row in region_rows if row["available"] and (where is None or row["slug"] in where)}

    def holds(row: Row) -> bool:
        vcpus, memory, disk, transfer, gpus, vram, _ = capacities(row)
        return (
            vcpus >= minimums.get("vcpus", 0)
            and memory >= minimums.get("memory_gib", 0) * 1024
            and disk >= minimums.get("disk_gb", 0)
            and transfer >= minimums.get("transfer_tb", 0)
            and gpus >= minimums.get("gpus", 0)
            and vram >= minimums.get("gpu_vram_gib", 0)
        )

    expected = sorted(
        (row for row in size_rows if sold(row, open_slugs) and holds(row)),
        key=lambda row: (
            row["price_monthly"],
            -row["memory"],
            -row["vcpus"],
            -row["disk"],
            -row["transfer"],
            row["slug"],
        ),
    )
    found = analysis.cheapest(sizes, regions=where, regions_frame=regions, **minimums)
    assert [*found["slug"]] == [row["slug"] for row in expected]
    assert [{*slugs} for slugs in found["available_in"]] == [open_slugs & {*row["regions"]} for row in expected]
    assert [*found.index] == [*range(len(expected))]


def test_family_and_generation_can_be_required(sizes):
    found = analysis.cheapest(sizes, memory_gib=8, family="general", generation="premium")
    assert found.iloc[0]["slug"] == "g-2vcpu-8gb-intel"
    assert {*found["family"]} == {"general-purpose"}
    assert [*analysis.available(sizes, generation="h200")["slug"]] == ["gpu-h200x1-141gb", "gpu-h200x8-1128gb"]


def test_an_unavailable_size_is_not_returned(sizes):
    gone = changed(sizes, "s-4vcpu-16gb-amd", available=False)
    assert analysis.cheapest(gone, memory_gib=16, regions="ams3").iloc[0]["slug"] == "m-2vcpu-16gb"
    unknown = changed(sizes, "s-4vcpu-16gb-amd", available=pd.NA)
    assert analysis.cheapest(unknown, memory_gib=16, regions="ams3").iloc[0]["slug"] == "m-2vcpu-16gb"
    nowhere = changed(sizes, "s-4vcpu-16gb-amd", regions=[])
    assert "s-4vcpu-16gb-amd" not in {*analysis.available(nowhere)["slug"]}


def test_a_closed_region_has_no_available_sizes(sizes, regions):
    closed = changed(regions, "fra1", available=False)
    found = analysis.cheapest(sizes, memory_gib=16, regions=["ams3", "fra1"], regions_frame=closed)
    assert [*found["available_in"]] == [["ams3"]] * len(found)
    assert all("fra1" not in slugs for slugs in analysis.available(sizes, regions_frame=closed)["available_in"])
    with pytest.raises(
        InvalidArgument, match=r"^Region fra1 is not available for new droplets\. Choose another region\.$"
    ):
        analysis.cheapest(sizes, regions="fra1", regions_frame=closed)
    with pytest.raises(InvalidArgument, match=r"^Regions sfo1 and ams2 are not available for new droplets"):
        analysis.frontier(sizes, regions=["sfo1", "ams2"], regions_frame=closed)


def test_a_region_listed_only_by_sizes_is_open(sizes, regions):
    some = regions[regions["slug"] != "fra1"]
    found = analysis.cheapest(sizes, regions="fra1", regions_frame=some)
    assert len(found) == 138


@pytest.mark.parametrize("minimums", [{"vcpus": -1}, {"memory_gib": float("nan")}, {"disk_gb": float("inf")}], ids=str)
def test_a_requirement_must_be_finite_and_not_negative(minimums, sizes):
    with pytest.raises(
        InvalidArgument, match=f"^{next(iter(minimums))} must be a finite number, 0 or more, not [-a-z0-9]+\\.$"
    ):
        analysis.cheapest(sizes, **minimums)


def test_an_unknown_region_raises_with_a_suggestion(sizes):
    with pytest.raises(InvalidArgument, match=r"^Unknown region 'ams4'\. Did you mean ams3"):
        analysis.cheapest(sizes, regions="ams4")


@pytest.mark.parametrize("where", [None, ["ams3"], ["sfo2"], ["tor1", "atl1"]], ids=str)
def test_frontier_equals_plain_python(where, sizes, size_rows):
    open_slugs = {*(where or [region for row in size_rows for region in row["regions"]])}
    there = [row for row in size_rows if sold(row, open_slugs)]

    def beats(one: Row, other: Row) -> bool:
        pairs = [*zip(capacities(one), capacities(other), strict=True)]
        return all(mine >= theirs for mine, theirs in pairs) and any(mine > theirs for mine, theirs in pairs)

    expected = {row["slug"] for row in there if not any(beats(other, row) for other in there)}
    found = analysis.frontier(sizes, regions=where)
    assert {*found["slug"]} == expected
    assert found["price_monthly"].is_monotonic_increasing
    # sfo2 sells seven plans of one line, each of which is worth its price.
    assert (len(expected) < len(there)) == (where != ["sfo2"])


def test_frontier_by_hand_and_equal_sizes_stay(sizes):
    slugs = {*analysis.frontier(sizes, regions="ams3")["slug"]}
    # A dollar more, and nothing more that is counted.
    assert "s-1vcpu-1gb" in slugs
    assert not slugs & {"s-1vcpu-1gb-amd", "s-1vcpu-1gb-intel"}
    # Equal in everything, at 524 dollars.
    assert {"so-8vcpu-64gb", "so-8vcpu-64gb-intel", "m6-8vcpu-64gb"} <= slugs
    # Beaten by another family until its own is compared.
    assert "g-2vcpu-8gb" not in slugs
    assert "g-2vcpu-8gb" in {*analysis.frontier(sizes, regions="ams3", family="general")["slug"]}


def test_an_unavailable_size_beats_no_other(sizes):
    gone = changed(sizes, "s-1vcpu-1gb", available=False)
    assert {"s-1vcpu-1gb-amd", "s-1vcpu-1gb-intel"} <= {*analysis.frontier(gone, regions="ams3")["slug"]}


def test_availability_equals_the_lists_of_the_regions(sizes, regions, size_rows, region_rows):
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


def test_availability_of_unavailable_closed_and_unknown(sizes, regions):
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
    with pytest.raises(InvalidArgument, match=r"^Unknown region feature 'bakups'\. Did you mean backups\?$"):
        analysis.with_feature(regions, "bakups")
    with pytest.raises(InvalidArgument, match=r"'qqq'\. Expected one of backups, image_transfer, .* and storage\.$"):
        analysis.with_feature(regions, "qqq")


def test_an_empty_frame_gives_an_empty_frame(sizes, regions):
    none = without_rows(sizes)
    for name, found in {
        "size_prices": analysis.unit_prices(none),
        "available_sizes": analysis.cheapest(none, memory_gib=4, regions="ams3"),
    }.items():
        assert len(found) == 0
        assert [*found.columns] == [column.name for column in DERIVED_TABLES[name].columns]
        full = analysis.unit_prices(sizes) if name == "size_prices" else analysis.available(sizes)
        assert [*found.dtypes] == [*full.dtypes]
    assert analysis.frontier(none, regions_frame=regions).shape[0] == 0
    assert analysis.availability(none, regions).shape == (15, 3)
    assert analysis.availability(sizes, without_rows(regions)).shape == (13, 150)
    assert analysis.availability(none, without_rows(regions)).shape == (0, 3)
    assert analysis.with_feature(without_rows(regions), "backups").shape[0] == 0


def test_the_input_is_not_changed(sizes, regions):
    before = sizes.copy(deep=True), regions.copy(deep=True)
    found = [
        analysis.unit_prices(sizes),
        analysis.available(sizes, regions_frame=regions),
        analysis.frontier(sizes, regions_frame=regions),
        analysis.availability(sizes, regions),
        analysis.with_feature(regions, "backups"),
    ]
    for frame in found:
        frame.iloc[:, 0] = pd.NA
    pd.testing.assert_frame_equal(sizes, before[0])
    pd.testing.assert_frame_equal(regions, before[1])


def test_results_are_valid_input(sizes):
    once = analysis.unit_prices(sizes)
    pd.testing.assert_frame_equal(analysis.unit_prices(once), once)
    front = analysis.frontier(sizes)
    pd.testing.assert_frame_equal(analysis.frontier(front), front)


def test_a_custom_frame_needs_the_required_columns_only():
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


def test_an_area_without_regions_is_not_suggested(sizes):
    american = sizes.assign(regions=[["nyc1", "sfo3"]] * len(sizes))
    with pytest.raises(InvalidArgument, match=r"^No region in 'europe'\. Expected one of nyc1 and sfo3\.$"):
        analysis.available(american, regions="europe")
