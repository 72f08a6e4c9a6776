"""Charts of sizes and regions: every number in them is that of the frame."""

from __future__ import annotations

import html
from collections import Counter

import pandas as pd
import pytest

from poseidon_nb.analysis import sizes as analysis
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.builders import frame_from_rows
from poseidon_nb.frames.tables.pricing import FAMILIES
from poseidon_nb.plots import availability_map, price_map
from poseidon_nb.plots.labels import AXES, axis_title, is_price
from poseidon_nb.sandbox.reference_data import load_reference_data
from poseidon_nb.widgets.sizes.criteria import AXES as EXPLORED

BAD = "<img src=x onerror=alert(1)>"


@pytest.fixture
def sizes() -> pd.DataFrame:
    return frame_from_rows("sizes", [dict(size) for size in load_reference_data().sizes.values()])


@pytest.fixture
def regions() -> pd.DataFrame:
    return frame_from_rows("regions", [dict(region) for region in load_reference_data().regions.values()])


def clouds_of(picture):
    return [trace for trace in picture.data if trace.mode == "markers"]


def points(picture) -> dict[str, tuple[float, float, str]]:
    """Return the position and symbol of each size."""
    clouds = clouds_of(picture)
    return {
        slug: (x, y, symbol)
        for cloud in clouds
        for slug, x, y, symbol in zip(cloud.customdata, cloud.x, cloud.y, cloud.marker.symbol, strict=True)
    }


def test_every_size_is_at_its_memory_and_price(sizes):
    picture = price_map(analysis.unit_prices(sizes))
    expected = {
        size["slug"]: (size["memory"] / 1024, size["price_monthly"]) for size in load_reference_data().sizes.values()
    }
    assert {slug: (x, y) for slug, (x, y, _) in points(picture).items()} == expected
    assert picture.layout.xaxis.title.text == "memory (GiB)"
    assert picture.layout.yaxis.title.text == "price (USD a month)"
    assert picture.layout.title.text == "Sizes: price by memory"
    assert "s-1vcpu-512mb-10gb (0.5 GiB for $4.00 a month)" in picture.summary
    assert picture.layout.xaxis.type == picture.layout.yaxis.type == "log"
    assert len(picture.table) == 147


def test_the_line_is_the_lowest_price_for_at_least_each_amount(sizes):
    (line,) = [trace for trace in price_map(analysis.unit_prices(sizes)).data if trace.mode == "lines"]
    rows = [*load_reference_data().sizes.values()]
    for gib in (0.5, 1, 3, 16, 100, 384, 1920):
        cheapest = min(row["price_monthly"] for row in rows if row["memory"] >= gib * 1024)
        at = next(y for x, y in zip(line.x, line.y, strict=True) if x >= gib)
        assert at == cheapest, gib
    assert [*line.x] == sorted({*line.x})
    assert [*line.y] == sorted({*line.y})
    assert line.name == "lowest price"


def test_there_is_a_line_only_for_a_price_by_an_amount(sizes):
    frame = analysis.unit_prices(sizes)
    for x, y in (("price_per_vcpu", "price_per_memory_gib"), ("vcpus", "memory_gib"), ("price_monthly", "vcpus")):
        picture = price_map(frame, x, y)
        assert len(picture.data) == len(clouds_of(picture))
        assert "lowest" not in picture.summary
    # Below the points, and last in the legend.
    line, *clouds = price_map(frame, "vcpus").data
    assert line.name == "lowest price"
    assert line.legendrank > 1000
    assert {cloud.legendrank for cloud in clouds} == {None}
    assert "s-1vcpu-512mb-10gb (1 vCPU for $4.00 a month)" in price_map(frame, "vcpus").summary


def test_every_axis_has_a_title_and_prices_have_a_unit():
    assert {*EXPLORED} <= {*AXES}
    labels = {name: axis_title(name) for name in AXES}
    assert len({*labels.values()}) == len(labels)
    for name, label in labels.items():
        assert "_" not in label
        assert ("(USD " in label) == is_price(name) == name.startswith("price")


def test_ticks_are_round_and_few(sizes):
    frame = analysis.unit_prices(sizes)
    layout = price_map(frame).layout
    assert layout.xaxis.ticktext == ("0.25", "1", "4", "16", "64", "256", "1,024")
    assert layout.yaxis.ticktext[:4] == ("$2", "$5", "$10", "$20")
    assert layout.yaxis.ticktext[-1] == "$20,000"
    for name in EXPLORED:
        axis = price_map(frame[frame["gpu_count"] > 0], x=name, y="price_monthly").layout.xaxis
        assert 2 <= len(axis.ticktext) <= 14
        assert len({*axis.ticktext}) == len(axis.ticktext)


def test_a_family_always_has_the_same_color_and_symbol(sizes):
    whole = {trace.name: trace for trace in clouds_of(price_map(analysis.unit_prices(sizes)))}
    (some,) = clouds_of(price_map(analysis.available(sizes, family="memory-optimized")))
    assert some.marker.color == whole["memory-optimized"].marker.color
    assert some.marker.symbol[0] == whole["memory-optimized"].marker.symbol[0]


def test_the_frontier_is_filled(sizes):
    frame = analysis.available(sizes, regions="ams3")
    front = analysis.frontier(sizes, regions="ams3")
    for given in (front, [*front["slug"]]):
        picture = price_map(frame, frontier=given)
        filled = {slug for slug, (_, _, symbol) in points(picture).items() if not symbol.endswith("-open")}
        assert filled == {*front["slug"]}
        assert f"{len(front)} on the price frontier (filled)." in picture.summary
        finding = f"{len(front)} of {len(frame)} sizes on the price frontier (filled); ×2: two sizes at one point"  # noqa: RUF001
        assert picture.layout.title.subtitle.text.replace("<br>", " ") == finding
        # The legend shows the sign of the first.
        for cloud in clouds_of(picture):
            assert cloud.marker.symbol[0].endswith("-open") == all(one.endswith("-open") for one in cloud.marker.symbol)
        assert {*picture.table.loc[picture.table["best"], "slug"]} == filled
    assert all(not symbol.endswith("-open") for _, _, symbol in points(price_map(frame)).values())


def test_the_hover_text_has_all_details(sizes):
    picture = price_map(analysis.available(sizes, regions=["fra1", "sfo2"]))
    hover = {
        slug: text
        for trace in picture.data
        if trace.customdata is not None
        for slug, text in zip(trace.customdata, trace.hovertext, strict=True)
    }
    for part in (
        "<b>s-8vcpu-16gb</b>",
        "basic regular",
        "8 vCPUs, 16 GiB memory",
        "320 GB disk, 6 TB transfer",
        "$96.00 a month, $0.14286 an hour",
        "$12.00/vCPU, $6.00/GiB, $0.30/GB disk, $16.00/TB transfer",
        "available in fra1 and sfo2",
    ):
        assert part in html.unescape(hover["s-8vcpu-16gb"])
    gone = sizes.assign(available=False)
    assert clouds_of(price_map(analysis.unit_prices(gone)))[0].hovertext[0].endswith("<br>no longer available")
    nowhere = sizes.assign(regions=[[]] * len(sizes))
    assert (
        clouds_of(price_map(analysis.unit_prices(nowhere)))[0].hovertext[0].endswith("<br>not available in any region")
    )
    one, eight = clouds_of(price_map(analysis.available(sizes, generation="h200")))[0].hovertext
    assert "1 GPU, 141 GiB GPU memory" in one
    assert "8 GPUs, 1,128 GiB GPU memory" in eight


def test_any_two_numeric_columns_can_be_drawn(sizes):
    picture = price_map(analysis.unit_prices(sizes), x="gpu_count", y="price_per_vcpu")
    # Most have none, which a logarithm cannot show.
    assert picture.layout.xaxis.type is None
    assert picture.layout.yaxis.type == "log"
    price_map(analysis.unit_prices(sizes), x="price_per_disk_gb", y="vcpus")
    with pytest.raises(
        InvalidArgument, match=r"^Sizes have no numeric column 'price_monthy'\. Did you mean price_monthly"
    ):
        price_map(analysis.unit_prices(sizes), y="price_monthy")
    with pytest.raises(InvalidArgument, match=r"^Sizes have no numeric column 'family'"):
        price_map(analysis.unit_prices(sizes), x="family")
    with pytest.raises(InvalidArgument, match="The sizes frame has no columns family, generation and memory_gib"):
        price_map(sizes)


def test_every_cell_equals_the_list_of_the_region(sizes, regions):
    picture = availability_map(analysis.availability(sizes, regions), analysis.unit_prices(sizes))
    (heat,) = picture.data
    for row, region in enumerate(load_reference_data().regions.values()):
        label = region["slug"] if region["available"] else f"{region['slug']} (closed)"
        assert heat.y[row] == label
        sells = {slug for slug, cell in zip(heat.x, heat.z[row], strict=True) if cell}
        assert sells == {*region["sizes"]}
        assert {*picture.table.loc[picture.table[region["slug"]] == "available", "slug"]} == sells
    hover = dict(zip(heat.x, heat.hovertext[1], strict=True))["s-1vcpu-1gb"]
    assert hover.startswith("San Francisco 1, closed, not available<br>basic regular<br>1 vCPU, 1 GiB memory<br>")
    assert "$6.00 a month" in html.unescape(hover)
    assert "%{y}: %{hovertext}" in heat.hovertemplate
    assert picture.summary == (
        "147 sizes in 15 regions: tor1 has the most available sizes (143), atl1 the fewest of the open regions (1)."
        " Not available for new droplets: sfo1 and ams2."
    )


def test_many_sizes_are_labeled_by_family(sizes, regions):
    matrix = analysis.availability(sizes, regions)
    picture = availability_map(matrix, analysis.unit_prices(sizes))
    names = [text.replace("<br>", "") for text in picture.layout.xaxis.ticktext]
    assert names == [*dict.fromkeys(FAMILIES.values())]
    (heat,) = picture.data
    family = dict(zip(*(analysis.unit_prices(sizes)[name] for name in ("slug", "family")), strict=True))
    for name, place in zip(names, picture.layout.xaxis.tickvals, strict=True):
        assert family[heat.x[int(place)]] == name
    # A line between two families.
    assert len(picture.layout.shapes) == len(names) - 1
    for shape in picture.layout.shapes:
        assert family[heat.x[int(shape.x0 - 0.5)]] != family[heat.x[int(shape.x0 + 0.5)]]
    assert [*picture.table["slug"]] == [*heat.x]
    # Without their facts each third is named.
    plain = availability_map(matrix).layout.xaxis
    assert len(plain.ticktext) == 49
    assert plain.title.text == "size (1 in 3 labeled)"


def test_few_sizes_are_labeled_and_checked(sizes, regions):
    basic = analysis.available(sizes, family="basic")
    picture = availability_map(analysis.availability(basic, regions))
    assert picture.data[0].text[0][0] == "✓"
    assert [*picture.layout.xaxis.ticktext] == [*picture.data[0].x]
    gone = analysis.availability(sizes.assign(available=[False, *[True] * 146]), regions)
    assert availability_map(gone).summary.endswith("Not available in any of these regions: s-1vcpu-512mb-10gb.")


def test_an_empty_chart_says_why(sizes, regions):
    none = sizes.iloc[:0]
    assert price_map(analysis.unit_prices(none)).summary == "Nothing to show: there are no sizes."
    assert price_map(analysis.frontier(none), frontier=[]).summary == "Nothing to show: there are no sizes."
    for matrix in (
        analysis.availability(none, regions),
        analysis.availability(sizes, regions.iloc[:0]).iloc[:0],
        analysis.availability(none, regions.iloc[:0]),
    ):
        assert availability_map(matrix).summary == "Nothing to show: there are no regions or no sizes."
        assert not availability_map(matrix).data


def test_text_is_escaped(sizes, regions):
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
        assert "<img" not in picture._table_html()


def test_the_input_is_not_changed(sizes, regions):
    prices, matrix = analysis.unit_prices(sizes), analysis.availability(sizes, regions)
    before = prices.copy(deep=True), matrix.copy(deep=True)
    price_map(prices)
    availability_map(matrix, prices)
    pd.testing.assert_frame_equal(prices, before[0])
    pd.testing.assert_frame_equal(matrix, before[1])


def test_an_infinite_amount_raises(sizes):
    frame = analysis.unit_prices(sizes)
    frame["price_monthly"] = frame["price_monthly"].mask(frame["slug"] == "c-2", float("inf"))
    with pytest.raises(
        InvalidArgument,
        match=r"^Column price_monthly of sizes has infinite values for c-2\. A chart needs finite numbers\.$",
    ):
        price_map(frame)
    with pytest.raises(InvalidArgument, match=r"price_monthly of sizes has infinite values for .* and 141 more\."):
        price_map(analysis.unit_prices(sizes.assign(price_monthly=float("inf"))))


def test_an_axis_without_round_numbers_has_the_ticks_of_plotly(sizes):
    frame = analysis.unit_prices(sizes)
    picture = price_map(frame.assign(memory_gib=frame["memory_gib"] * 1e12))
    assert picture.layout.xaxis.type == "log"
    assert len(points(picture)) == 147


def test_the_frontier_may_be_one_slug(sizes):
    picture = price_map(analysis.unit_prices(sizes), frontier="s-1vcpu-1gb")
    assert picture.table.loc[picture.table["best"], "slug"].tolist() == ["s-1vcpu-1gb"]


def test_a_frontier_of_other_sizes_raises(sizes):
    frame = analysis.unit_prices(sizes)
    with pytest.raises(
        InvalidArgument,
        match=r"^The DataFrame has none of the frontier sizes, such as 's-1vcpu-1gbb'\. Did you mean s-1vcpu-1gb",
    ):
        price_map(frame, frontier=["s-1vcpu-1gbb"])
    assert "1 on the price frontier (filled); 1 size of the frontier not shown." in (
        price_map(frame, frontier=["nope", "c-2"]).summary
    )


def test_sizes_in_one_place_are_counted(sizes):
    picture = price_map(analysis.unit_prices(sizes))
    places = Counter((size["memory"] / 1024, size["price_monthly"]) for size in load_reference_data().sizes.values())
    # A text on a logarithmic axis is placed by the logarithm.
    counts = {
        (round(10**note.x, 6), round(10**note.y, 2)): int(note.text.removeprefix("×"))  # noqa: RUF001
        for note in picture.layout.annotations
    }
    assert counts == {place: count for place, count in places.items() if count > 1}
    assert len(counts) == 17
    # Not where a line of a grid could cross them.
    assert picture.layout.xaxis.showgrid is picture.layout.yaxis.showgrid is False
    assert picture.layout.title.subtitle.text.replace("<br>", " ") == (
        "147 sizes: price from &#36;4.00 a month for 0.5 GiB to &#36;11,844.48 a month for 1,920 GiB;"
        " ×2: two sizes at one point"  # noqa: RUF001
    )
    by_vcpu = price_map(analysis.unit_prices(sizes), "vcpus", "price_per_vcpu").layout.title.subtitle.text.replace(
        "<br>", " "
    )
    assert by_vcpu.startswith("147 sizes: price per vCPU from &#36;4.00 a month for 1 vCPU to ")


def test_the_finding_of_the_regions_is_the_largest(sizes, regions):
    picture = availability_map(analysis.availability(sizes, regions))
    assert picture.layout.title.subtitle.text == "tor1 has the most: 143 of 147 sizes (green: available)"
