"""Pictures of sizes and regions: every number in them, read back, is the one in the frame."""

from __future__ import annotations

import pandas as pd
import pytest

from poseidon_nb.analysis import sizes as analysis
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.tidy import frame_from_rows
from poseidon_nb.plots import availability_map, price_map
from poseidon_nb.sandbox.figures import figures

BAD = "<img src=x onerror=alert(1)>"


@pytest.fixture
def sizes() -> pd.DataFrame:
    return frame_from_rows("sizes", [dict(size) for size in figures().sizes.values()])


@pytest.fixture
def regions() -> pd.DataFrame:
    return frame_from_rows("regions", [dict(region) for region in figures().regions.values()])


def points(picture) -> dict[str, tuple[float, float, str]]:
    """Give where each size stands, and its sign."""
    clouds = [trace for trace in picture.data if trace.mode == "markers"]
    return {
        slug: (x, y, symbol)
        for cloud in clouds
        for slug, x, y, symbol in zip(cloud.customdata, cloud.x, cloud.y, cloud.marker.symbol, strict=True)
    }


def test_every_size_stands_where_its_memory_and_price_put_it(sizes):
    picture = price_map(analysis.unit_prices(sizes))
    expected = {size["slug"]: (size["memory"] / 1024, size["price_monthly"]) for size in figures().sizes.values()}
    assert {slug: (x, y) for slug, (x, y, _) in points(picture).items()} == expected
    assert picture.layout.xaxis.title.text == "memory (GiB)"
    assert picture.layout.yaxis.title.text == "what a whole month costs at most (USD)"
    assert picture.layout.xaxis.type == picture.layout.yaxis.type == "log"
    assert len(picture.table) == 147


def test_the_line_is_the_least_price_for_at_least_so_much(sizes):
    (line,) = [trace for trace in price_map(analysis.unit_prices(sizes)).data if trace.mode == "lines"]
    rows = [*figures().sizes.values()]
    for gib in (0.5, 1, 3, 16, 100, 384, 1920):
        cheapest = min(row["price_monthly"] for row in rows if row["memory"] >= gib * 1024)
        at = next(y for x, y in zip(line.x, line.y, strict=True) if x >= gib)
        assert at == cheapest, gib
    assert [*line.x] == sorted({*line.x})
    assert [*line.y] == sorted({*line.y})


def test_what_no_other_beats_is_filled(sizes):
    frame = analysis.on_sale(sizes, regions="ams3")
    front = analysis.frontier(sizes, regions="ams3")
    for given in (front, [*front["slug"]]):
        picture = price_map(frame, frontier=given)
        filled = {slug for slug, (_, _, symbol) in points(picture).items() if not symbol.endswith("-open")}
        assert filled == {*front["slug"]}
        assert f"{len(front)} are filled" in picture.words
        assert {*picture.table.loc[picture.table["best"], "slug"]} == filled
    assert all(not symbol.endswith("-open") for _, _, symbol in points(price_map(frame)).values())


def test_the_hover_tells_all(sizes):
    picture = price_map(analysis.on_sale(sizes, regions=["fra1", "sfo2"]))
    told = {
        slug: text
        for trace in picture.data
        if trace.customdata is not None
        for slug, text in zip(trace.customdata, trace.hovertext, strict=True)
    }
    for part in (
        "<b>s-8vcpu-16gb</b>",
        "basic regular",
        "8 vCPU, 16 GiB of memory",
        "320 GB of disk, 6 TB of transfer",
        "$96.00 a month, $0.14286 an hour",
        "$12.00 a vCPU, $6.00 a GiB, $0.30 a GB of disk, $16.00 a TB",
        "sold in fra1 and sfo2",
    ):
        assert part in told["s-8vcpu-16gb"]
    gone = sizes.assign(available=False)
    assert "no longer sold" in price_map(analysis.unit_prices(gone)).data[1].hovertext[0]
    one, eight = price_map(analysis.on_sale(sizes, generation="h200")).data[1].hovertext
    assert "1 GPU, 141 GiB" in one
    assert "8 GPU, 1,128 GiB" in eight


def test_any_two_columns_of_numbers_can_be_drawn(sizes):
    picture = price_map(analysis.unit_prices(sizes), x="gpu_count", y="price_per_vcpu")
    # Most have none, which a logarithm cannot show.
    assert picture.layout.xaxis.type is None
    assert picture.layout.yaxis.type == "log"
    price_map(analysis.unit_prices(sizes), x="price_per_disk_gb", y="vcpus")
    with pytest.raises(InvalidArgument, match="sizes cannot be drawn by 'price_monthy'; nearest: price_monthly"):
        price_map(analysis.unit_prices(sizes), y="price_monthy")
    with pytest.raises(InvalidArgument, match="cannot be drawn by 'family'"):
        price_map(analysis.unit_prices(sizes), x="family")
    with pytest.raises(InvalidArgument, match="the frame of sizes has no column family"):
        price_map(sizes)


def test_every_cell_says_what_the_region_says(sizes, regions):
    picture = availability_map(analysis.availability(sizes, regions), analysis.unit_prices(sizes))
    (heat,) = picture.data
    for row, region in enumerate(figures().regions.values()):
        label = region["slug"] if region["available"] else f"{region['slug']} (closed)"
        assert heat.y[row] == label
        sells = {slug for slug, cell in zip(heat.x, heat.z[row], strict=True) if cell}
        assert sells == {*region["sizes"]}
        assert {*picture.table.loc[picture.table[region["slug"]] == "sold", "slug"]} == sells
    hover = dict(zip(heat.x, heat.hovertext[1], strict=True))["s-1vcpu-1gb"]
    assert hover.startswith("San Francisco 1, closed, not sold<br>basic regular<br>1 vCPU, 1 GiB of memory<br>")
    assert "$6.00 a month" in hover
    assert "%{y}: %{hovertext}" in heat.hovertemplate
    assert picture.words == "147 sizes in 15 regions: tor1 sells most, 143. Closed: sfo1 and ams2."


def test_few_sizes_are_named_and_ticked(sizes, regions):
    basic = analysis.on_sale(sizes, family="basic")
    picture = availability_map(analysis.availability(basic, regions))
    assert picture.data[0].text[0][0] == "✓"
    assert picture.layout.xaxis.showticklabels
    gone = analysis.availability(sizes.assign(available=[False, *[True] * 146]), regions)
    assert availability_map(gone).words.endswith("Sold nowhere here: s-1vcpu-512mb-10gb.")
    assert not availability_map(gone).layout.xaxis.showticklabels


def test_frames_with_no_rows_give_pictures_that_say_so(sizes, regions):
    none = sizes.iloc[:0]
    assert price_map(analysis.unit_prices(none)).words == "There is no size to draw."
    assert price_map(analysis.frontier(none), frontier=[]).words == "There is no size to draw."
    for matrix in (
        analysis.availability(none, regions),
        analysis.availability(sizes, regions.iloc[:0]).iloc[:0],
        analysis.availability(none, regions.iloc[:0]),
    ):
        assert availability_map(matrix).words == "There is no region or no size to draw."


def test_hostile_words_are_escaped(sizes, regions):
    sizes = sizes.assign(slug=[BAD, *sizes["slug"][1:]], regions=[[BAD]] * len(sizes))
    regions = regions.assign(name=BAD, slug=[BAD, *regions["slug"][1:]])
    prices = analysis.unit_prices(sizes).assign(family=BAD)
    for picture in (price_map(prices), availability_map(analysis.availability(sizes, regions), prices)):
        shown = [picture.layout.title.text]
        for trace in picture.data:
            shown += [str(trace.name), str(trace.hovertext)]
            shown += [str(trace.x), str(trace.y)] if trace.type == "heatmap" else []
        assert "&lt;img" in str(shown)
        assert "<img" not in str(shown)
        assert "<img" not in picture._repr_html_()


def test_what_is_given_stays_as_it_was(sizes, regions):
    prices, matrix = analysis.unit_prices(sizes), analysis.availability(sizes, regions)
    before = prices.copy(deep=True), matrix.copy(deep=True)
    price_map(prices)
    availability_map(matrix, prices)
    pd.testing.assert_frame_equal(prices, before[0])
    pd.testing.assert_frame_equal(matrix, before[1])
