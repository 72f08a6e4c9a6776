"""`%do sizes cheapest` and `frontier`, `%do regions matrix` and `with`: what is understood, and what comes back."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from poseidon_nb import errors
from poseidon_nb.commands.registry import registry
from poseidon_nb.frames.schemas import DERIVED_TABLES
from poseidon_nb.language.completion import complete_line
from poseidon_nb.language.quantities import parse_quantity
from poseidon_nb.plots import Picture


@pytest.mark.parametrize(
    ("text", "unit", "meant"),
    [
        ("16", "GiB", 16),
        ("16GiB", "GiB", 16),
        ("16G", "GiB", 16),
        ("16 gb", "GiB", 16),
        ("512MiB", "GiB", 0.5),
        ("512m", "GiB", 0.5),
        ("1.5TiB", "GiB", 1536),
        (".5", "GiB", 0.5),
        ("1048576k", "GiB", 1),
        ("100", "GB", 100),
        ("1.2TB", "GB", 1200),
        ("2", "TB", 2),
        ("2T", "TB", 2),
        ("500GB", "TB", 0.5),
        ("0", "TB", 0),
    ],
)
def test_an_amount_is_read_in_the_unit_that_is_meant(text, unit, meant):
    assert parse_quantity(text, unit, "--it") == meant


@pytest.mark.parametrize("text", ["", "GiB", "-1", "1e3", "16X", "16b", "16i", "16 G 4", "nan", "1,5", "16GiBs", "٣"])
def test_what_is_no_amount_is_refused_with_how_to_write_one(text):
    with pytest.raises(errors.InvalidArgument, match=r"--memory must be in GiB, for example 16GiB or 512MiB, not "):
        parse_quantity(text, "GiB", "--memory")


@pytest.mark.parametrize(
    ("text", "unit", "meant"),
    [("16GX", "GiB", "16GiB"), ("16,5", "GiB", "16.5GiB"), ("-2", "TB", "2TB"), ("500MX", "GB", "500MB")],
)
def test_what_is_nearly_an_amount_is_told_with_what_is_nearest(text, unit, meant):
    with pytest.raises(errors.InvalidArgument, match=rf"Did you mean {meant}\?$"):
        parse_quantity(text, unit, "--it")
    assert parse_quantity(meant, unit, "--it") > 0


def test_sixteen_gib_with_two_tb_in_europe_is_one_line(desk):
    frame = desk.do("sizes cheapest --memory 16GiB --vcpus 4 --transfer 2 --disk 100 --region ams3,fra1 --limit 2")
    assert [*frame.columns] == [column.name for column in DERIVED_TABLES["available_sizes"].columns]
    # By hand from the price list: m-2vcpu-16gb costs the same, and has two processors and 50 GB.
    assert frame["slug"].tolist() == ["s-4vcpu-16gb-amd", "s-8vcpu-16gb"]
    assert frame["price_monthly"].tolist() == [84.0, 96.0]
    assert frame["available_in"].tolist() == [["ams3", "fra1"]] * 2
    same = desk.do(
        "sizes cheapest --memory 16 --vcpus 4 --transfer 2TB --disk 100GB --region ams3 --region fra1 --limit 2"
    )
    pd.testing.assert_frame_equal(same, frame)
    europe = desk.do("sizes cheapest --memory 16384MiB --region europe")
    assert {*europe["available_in"][0]} == {"ams3", "fra1", "lon1"}
    assert "s-1vcpu-512mb-10gb" not in {*europe["slug"]}


def test_one_plan_by_its_class_or_its_graphics(desk):
    assert desk.do("sizes cheapest --family cpu --memory 8 --generation premium")["slug"][0] == "c-4-intel"
    by_vram = desk.do("sizes cheapest --gpus 1 --gpu-memory 100GiB")
    assert by_vram["slug"][0] == "gpu-mi300x1-192gb"
    assert desk.do("sizes cheapest --gpus 8 --family gpu")["vcpus"].min() == 160


def test_nothing_that_fits_is_a_frame_without_rows_and_a_word(desk):
    assert desk.do("sizes cheapest --memory 5TiB").empty
    assert desk.ui.said[-1].startswith("No available size matches all of these: the largest has ")


def test_sizes_of_no_kind_are_a_word(desk):
    desk.ui.said.clear()
    assert desk.do("sizes frontier --family gpu --region ams3,fra1").empty
    assert desk.do("sizes frontier --family gpu --generation legacy").empty
    assert desk.do("regions matrix --family gpu --generation legacy").shape == (15, 3)
    assert desk.ui.said == [
        "No size of family gpu is available in ams3 and fra1.",
        "No size of family gpu and generation legacy is available.",
        "No size of family gpu and generation legacy is known.",
    ]


def test_the_frontier_of_a_region(desk):
    frame = desk.do("sizes frontier --region ams3 --family basic")
    assert "s-1vcpu-1gb" in {*frame["slug"]}
    # As much of all for a dollar more.
    assert not {"s-1vcpu-1gb-amd", "s-1vcpu-1gb-intel"} & {*frame["slug"]}
    picture = desk.do("sizes frontier --region ams3 --family basic --plot")
    assert isinstance(picture, Picture)
    assert {*picture.table.loc[picture.table["best"], "slug"]} == {*frame["slug"]}
    assert "s-1vcpu-1gb-amd" in {*picture.table["slug"]}


def test_sizes_without_a_price_are_counted_where_they_would_be_found(desk, monkeypatch):
    sizes = desk.session.client().sizes.frame()
    sizes.loc[sizes["slug"].isin(["s-1vcpu-1gb", "gpu-h100x1-80gb"]), "price_monthly"] = None
    monkeypatch.setattr(type(desk.session.client().sizes), "frame", lambda _: sizes.copy())
    for line, told in (
        ("sizes cheapest", "2 sizes without a price are left out."),
        ("sizes cheapest --family basic", "1 size without a price is left out."),
        ("sizes frontier --family gpu", "1 size without a price is left out."),
    ):
        assert not {"s-1vcpu-1gb", "gpu-h100x1-80gb"} & {*desk.do(line)["slug"]}
        assert desk.ui.said[-1].endswith(told)
    for line in ("sizes cheapest --family basic --memory 2", "sizes frontier --family memory"):
        desk.do(line)
        assert "without a price" not in "".join(desk.ui.said[-1:])
        desk.ui.said.clear()


def test_the_matrix_of_some_regions_and_sizes(desk):
    frame = desk.do("regions matrix --region europe --family basic")
    assert {*frame["region"]} == {"ams2", "ams3", "fra1", "lon1"}
    assert frame.set_index("region")["s-1vcpu-512mb-10gb"].to_dict() == {
        "ams2": False,
        "ams3": True,
        "fra1": True,
        "lon1": False,
    }
    assert desk.do("regions matrix").shape == (15, 3 + 147)
    assert [*desk.do("regions matrix --columns region,c-2").columns] == ["region", "c-2"]
    assert "Not available for new droplets: ams2." in desk.do("regions matrix --region europe --plot").summary


def test_regions_with_a_feature(desk):
    listed = desk.do("regions list")
    frame = desk.do("regions with backups")
    assert frame["slug"].tolist() == [
        slug for slug, features in zip(listed["slug"], listed["features"], strict=True) if "backups" in features
    ]
    assert desk.do("regions with server-id storage")["slug"].tolist() == ["tor1"]
    assert desk.do("regions with server_id --raw")[0]["slug"] == "tor1"


def test_a_picture_of_what_was_found(desk):
    picture = desk.do("sizes cheapest --memory 16 --region fra1 --limit 4 --plot")
    assert len(picture.table) == 4
    assert picture.summary.startswith("4 sizes")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("sizes cheapest --region ams4", r"^Unknown region 'ams4'\. Did you mean ams2 or ams3"),
        ("sizes frontier --region eurpe", r"^Unknown region 'eurpe'\. Did you mean europe"),
        ("regions matrix --region nyc9", r"^Unknown region 'nyc9'\. Did you mean nyc"),
        ("sizes cheapest --region sfo1", "Region sfo1 is not available for new droplets"),
        ("sizes frontier --family bsic", r"^Unknown family 'bsic'\. Did you mean basic"),
        ("sizes cheapest --generation h1000", r"^Unknown generation 'h1000'\. Did you mean h100"),
        ("regions with bakups", r"^Unknown region feature 'bakups'\. Did you mean backups"),
    ],
)
def test_a_word_that_is_none_is_told_with_the_nearest(desk, line, message):
    with pytest.raises(errors.InvalidArgument, match=message) as raised:
        desk.do(line)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("sizes cheapest --memory 16X", "--memory must be in GiB"),
        ("sizes cheapest --disk lots", "--disk must be in GB"),
        ("sizes cheapest --transfer -2", "--transfer must be in TB"),
        ("sizes cheapest --gpu-memory x", "--gpu-memory must be in GiB"),
        ("sizes cheapest --limit 0", "--limit must be 1 or more, not 0"),
        ("sizes cheapest --vcpus -2", r"^--vcpus must be 0 or more, not -2\.$"),
        ("sizes cheapest --gpus -0.5", r"^--gpus must be 0 or more, not -0\.5\.$"),
        ("sizes cheapest --vcpus many", "--vcpus must be a number"),
        ("sizes cheapest --columns price", "price_monthly"),
        ("regions with", "needs"),
        ("sizes frontier ams3", "takes no arguments"),
    ],
)
def test_what_cannot_be_right_is_refused_before_anything_is_asked(empty_desk, line, message):
    with pytest.raises(errors.CommandError, match=message):
        empty_desk.do(line)


def test_a_feature_that_is_named_twice_is_told_once(desk):
    desk.do("regions with backups Backups image-transfer image_transfer")
    assert " offer backups and image_transfer: " in desk.ui.said[-1]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("--raw", "--raw"),
        ("--columns slug", "--columns"),
        ("--output json", "--output json"),
        ("--raw --columns slug", "--raw and --columns"),
    ],
)
def test_a_picture_with_what_only_a_table_has_is_refused(empty_desk, words, named):
    with pytest.raises(errors.InvalidArgument, match=f"^--plot returns a chart, so it cannot be combined with {named}"):
        empty_desk.do(f"sizes frontier --plot {words}")


def test_it_only_reads(desk, monkeypatch):
    monkeypatch.setenv("POSEIDON_READ_ONLY", "1")
    desk.sent()
    desk.do("sizes cheapest --memory 16")
    desk.do("regions matrix")
    assert {line.split("?")[0] for line in desk.sent()} == {"GET /v2/sizes", "GET /v2/regions"}


def test_completion_offers_regions_families_and_features():
    known = {"regions": ("nyc1", "ams3")}
    for line, offered in (
        ("%do sizes cheapest --region ", ["nyc1", "ams3"]),
        ("%do sizes cheapest --family basic,c", ["cpu-optimized"]),
        ("%do sizes frontier --generation prem", ["premium-intel", "premium-amd"]),
        ("%do regions with st", ["storage"]),
        ("%do regions m", ["matrix"]),
    ):
        assert [word.text for word in complete_line(line, registry(), known).words][: len(offered)] == offered


def test_the_help_says_what_a_bare_number_is(desk):
    desk.do("sizes cheapest --help")
    assert "default unit GiB" in desk.ui.said[-1]
    assert "default unit TB" in desk.ui.said[-1]


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ("--memory 16TB", r"No available size matches all of these: the largest has [\d,]+ GiB of memory \(\S+ in "),
        ("--memory 16TB --region ams3", r"No size available in ams3 matches all of these: the largest .* in ams3\)\.$"),
        ("--memory 16TB --vcpus 1000", r"GiB of memory .*; the largest has [\d,]+ vCPUs \("),
        (
            "--vcpus 1 --disk 900TB --family basic",
            r"No available basic size .*: the largest has \S+ GB of disk",
        ),
        ("--gpus 1 --family basic", r": none has any GPUs\.$"),
        ("--memory 256GB --gpus 1 --family basic", r"none has any GPUs\.$"),
        ("--region ams3 --family gpu --gpus 1", r"^No size of family gpu is available in ams3\.$"),
    ],
)
def test_where_nothing_holds_it_all_the_most_there_is_is_named(desk, wishes, said):
    desk.ui.said.clear()
    assert desk.do(f"sizes cheapest {wishes}").empty
    assert re.search(said, desk.ui.said[-1]), desk.ui.said[-1]


def test_what_is_there_but_not_together_is_told(desk):
    assert desk.do("sizes cheapest --gpus 8 --memory 1GB").shape[0]
    frame = desk.do("sizes cheapest --limit 500")
    most = frame.loc[frame["gpu_count"] == 0, "disk"].max()
    assert desk.do(f"sizes cheapest --gpus 1 --disk {most} --vcpus 1 --transfer {frame['transfer'].max()}").empty
    assert (
        desk.ui.said[-1] == "No available size matches all of these, although some size meets each requirement alone."
    )
