"""The explorer of sizes without a browser: what is shown, which is best, what is selected, and the line to copy."""

from __future__ import annotations

import pandas as pd
import pytest
from ipywidgets.widgets.widget import _instances

from poseidon_nb.analysis.sizes import available
from poseidon_nb.commands.registry import parse
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.widgets.sizes.axes import better, one_two_five
from poseidon_nb.widgets.sizes.explorer import SizeExplorer
from poseidon_nb.widgets.sizes.model import MOST_LINES, SizeExplorerModel
from poseidon_nb.widgets.sizes.picture import SizePicture

#: What counts when it is said that one size beats another.
GOODS = ("vcpus", "memory", "disk", "transfer", "gpu_count", "gpu_vram")


@pytest.fixture
def frames(desk):
    return desk.client.sizes.frame(), desk.client.regions.frame()


@pytest.fixture
def model(frames):
    return SizeExplorerModel(*frames)


def slugs(model: SizeExplorerModel, places) -> list[str]:
    return model.sizes["slug"].iloc[[*places]].tolist()


def test_at_first_all_that_can_be_had_is_shown_cheapest_first(model, frames):
    sizes, _ = frames
    assert len(model.shown) == sizes["available"].sum() == 147
    prices = model.shown_sizes()["price_monthly"].tolist()
    assert prices == sorted(prices)


@pytest.mark.parametrize("region", ["ams3", "sfo2", "atl1"])
def test_a_region_shows_what_it_sells_by_the_regions_own_list(model, frames, region):
    _, regions = frames
    (listed,) = regions.loc[regions["slug"] == region, "sizes"]
    model.choose_regions([region])
    assert {*slugs(model, model.shown)} == {*listed}
    assert {tuple(sold) for sold in model.shown_sizes()["available_in"]} == {(region,)}


def test_two_regions_show_what_any_of_them_sells(model, frames):
    _, regions = frames
    listed = set().union(*regions.loc[regions["slug"].isin(["sfo2", "atl1"]), "sizes"])
    model.choose_regions(["sfo2", "atl1"])
    assert {*slugs(model, model.shown)} == listed


def test_filters_are_taken_together_as_a_plain_query_takes_them(model, frames):
    sizes, _ = frames
    model.choose_families(["memory-optimized", "basic"])
    model.bound("memory_gib", 16, 64)
    model.bound("vcpus", None, 8)
    model.bound("price_monthly", 50, 500)
    meant = sizes[
        sizes["slug"].str.match(r"(s|m|m3|m6)-")
        & sizes["memory"].between(16 * 1024, 64 * 1024)
        & (sizes["vcpus"] <= 8)
        & sizes["price_monthly"].between(50, 500)
    ]
    assert {*slugs(model, model.shown)} == {*meant["slug"]}
    assert len(meant) > 5
    model.bound("vcpus", None, None)
    model.bound("price_monthly", None, None)
    assert len(model.shown) > len(meant)
    model.reset()
    assert len(model.shown) == 147


def test_what_cannot_be_had_is_hidden_until_asked_for_and_has_no_line(frames):
    sizes, regions = frames
    sizes.loc[sizes["slug"] == "c-4", "available"] = False
    model = SizeExplorerModel(sizes, regions)
    assert "c-4" not in slugs(model, model.shown)
    model.choose_on_sale(only=False)
    assert "c-4" in slugs(model, model.shown)
    model.select_slugs(["c-4"])
    assert model.lines() == []
    assert model.selected()["available_in"].tolist() == [[]]
    assert "no droplet can be made" in model.lines_text()
    # What cannot be had beats nothing.
    assert not {*model.unbeaten} & {*model.chosen}
    with pytest.raises(InvalidArgument, match="no size 'c-44'") as refused:
        model.select_slugs(["c-44"])
    assert "c-4" not in str(refused.value).partition("Did you mean ")[2].split(", ")


def test_a_closed_region_is_not_offered_and_sells_nothing(frames):
    sizes, regions = frames
    regions.loc[regions["slug"] == "nyc1", "available"] = False
    model = SizeExplorerModel(sizes, regions)
    assert "nyc1" not in model.regions
    # Sold there alone.
    assert "gpu-mi300x8-1536gb" not in slugs(model, model.shown)


def test_the_unbeaten_are_those_that_a_search_of_all_pairs_finds(model):
    model.choose_regions(["sfo3"])
    model.choose_families(["basic", "cpu-optimized"])
    rows = model.shown_sizes().to_dict("records")

    def beats(one, other):
        no_worse = one["price_monthly"] <= other["price_monthly"] and all(one[good] >= other[good] for good in GOODS)
        better = one["price_monthly"] < other["price_monthly"] or any(one[good] > other[good] for good in GOODS)
        return no_worse and better

    best = {row["slug"] for row in rows if not any(beats(other, row) for other in rows)}
    assert {*slugs(model, model.unbeaten)} == best
    assert 0 < len(best) < len(rows)


@pytest.mark.parametrize(
    ("x", "y"),
    [("memory_gib", "price_monthly"), ("disk", "price_per_vcpu"), ("price_hourly", "vcpus"), ("vcpus", "transfer")],
)
def test_the_line_joins_what_none_beats_on_the_two_things_drawn(model, x, y):
    model.draw(x, y)
    sizes = model.sizes

    def beats(one, other):
        pairs = [(sizes[axis][one] * better(axis), sizes[axis][other] * better(axis)) for axis in (x, y)]
        return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)

    drawn = model.drawable()
    meant = {one for one in drawn if not any(beats(other, one) for other in drawn)}
    best = model.line_of_best()
    assert {*best} == meant
    assert sizes[x].iloc[best].is_monotonic_increasing


def test_a_size_with_none_of_what_is_drawn_is_in_the_table_only_and_that_is_said(model):
    model.draw("gpu_vram", "price_monthly")
    assert len(model.drawable()) == 9
    assert len(model.shown) == 147
    assert "138 sizes with none of what is drawn are in the table only" in model.count_text()


def test_the_selection_outlives_filters_and_what_they_hide_is_said(model):
    model.select_slugs(["s-1vcpu-1gb", "c-4"])
    model.choose_families(["basic"])
    assert model.selected()["slug"].tolist() == ["s-1vcpu-1gb"]
    assert model.selection_text() == "1 selected: s-1vcpu-1gb. 1 more that the filters hide."
    # A lasso means what is shown.
    model.select_shown([])
    assert model.selected().empty
    model.reset()
    assert model.selected()["slug"].tolist() == ["c-4"]
    (place,) = model.chosen
    model.toggle(place)
    assert model.chosen == frozenset()


def test_a_place_beyond_the_sizes_is_no_size(model):
    model.select([3, 999, -1])
    assert model.chosen == {3}


@pytest.mark.parametrize(
    ("slug", "image"),
    [
        ("s-1vcpu-1gb", "ubuntu-24-04-x64"),
        ("gpu-mi300x1-192gb", "gpu-amd-base"),
        ("gpu-h100x1-80gb", "gpu-h100x1-base"),
        ("gpu-h100x8-640gb", "gpu-h100x8-base"),
    ],
)
def test_the_line_is_a_command_with_a_region_that_sells_it_and_an_image_that_there_is(model, frames, desk, slug, image):
    _, regions = frames
    model.select_slugs([slug])
    (line,) = model.lines()
    command = parse(line.removeprefix("%do "))
    assert (command.group, command.verb) == ("droplets", "create")
    assert command.options["size"] == slug
    (sells,) = regions.loc[regions["slug"] == command.options["region"], "sizes"]
    assert slug in sells
    assert command.options["image"] == image
    assert image in desk.client.images.frame()["slug"].tolist()


@pytest.mark.parametrize(
    "image",
    [
        "ubuntu 24 04",
        "a'b",
        'a"b',
        "a'b\"c",
        "{x}",
        "--yes",
        "x; rm -rf ~",
        "x;",
        "x?",
        "#1",
        "$x",
        "123",
        "a\\",
        "x=y",
    ],
)
def test_the_line_makes_one_droplet_of_the_image_that_was_said_whatever_it_is_called(frames, image):
    model = SizeExplorerModel(*frames, image=image)
    model.select_slugs("s-1vcpu-1gb")
    command = parse(model.lines()[0].removeprefix("%do "))
    assert command.arguments == {"names": ("NAME",)}
    assert command.options == {"region": command.options["region"], "size": "s-1vcpu-1gb", "image": image}


@pytest.mark.parametrize(
    ("image", "told"),
    [("", "the image has no name: leave it out"), (" ", "no name"), ("a\nb", r"of one line, not 'a\\nb'$")],
)
def test_an_image_that_no_line_can_have_is_refused(frames, image, told):
    with pytest.raises(InvalidArgument, match=told) as refused:
        SizeExplorerModel(*frames, image=image)
    assert "\n" not in str(refused.value)


def test_one_slug_or_many_are_selected_and_what_is_none_is_told_in_a_line(model):
    model.select_slugs("s-1vcpu-1gb")
    assert slugs(model, model.chosen) == ["s-1vcpu-1gb"]
    model.select_slugs(model.sizes[model.sizes["slug"].isin(["c-2", "c-4"])])
    assert {*slugs(model, model.chosen)} == {"c-2", "c-4"}
    for given, told in (
        (None, "not by None"),
        ([None], "not by None"),
        (["c-2", float("nan")], "not by nan"),
        (7, "not by 7"),
        ([pd.NA], "not by a NAType"),
        ([["c-2"]], "not by a list"),
    ):
        with pytest.raises(InvalidArgument, match=f"^a size is selected by its slug, such as 's-1vcpu-1gb', {told}$"):
            model.select_slugs(given)
    with pytest.raises(InvalidArgument, match="no size 'c-3'"):
        model.select_slugs("c-3")
    assert {*slugs(model, model.chosen)} == {"c-2", "c-4"}


@pytest.mark.parametrize(
    "words", ["europe", "AMS3", "ams", "north-america", "North America", ["ams3", "nyc"], "nyc", ["sfo1", "sfo2"]]
)
def test_regions_are_called_as_the_cheapest_sizes_call_them(model, frames, words):
    sizes, regions = frames
    model.choose_regions(words)
    wanted = available(sizes, regions=words, datacenters=regions)
    assert slugs(model, model.shown)
    assert {*slugs(model, model.shown)} == {*wanted["slug"]}
    assert model.filters.regions == {one for sold in wanted["available_in"] for one in sold}


@pytest.mark.parametrize("words", ["cpu", "GPU", ["cpu", "memory"], "CPU optimized"])
def test_families_are_called_as_the_cheapest_sizes_call_them(model, frames, words):
    sizes, regions = frames
    model.choose_families(words)
    assert {*slugs(model, model.shown)} == {*available(sizes, family=words, datacenters=regions)["slug"]}


def test_a_closed_region_is_called_closed_and_one_that_sells_nothing_so(frames):
    sizes, regions = frames
    model = SizeExplorerModel(sizes, regions)
    with pytest.raises(
        InvalidArgument, match=r"^Region sfo1 is not available for new droplets\. Choose another region\.$"
    ):
        model.choose_regions(["sfo1"])
    sizes["regions"] = [[one for one in sold if one != "ams3"] for sold in sizes["regions"]]
    with pytest.raises(InvalidArgument, match=r"^ams3 sells no size now$"):
        SizeExplorerModel(sizes, regions).choose_regions(["ams3"])


def test_the_region_of_the_line_is_one_of_those_chosen(model):
    model.select_slugs(["s-1vcpu-1gb"])
    for region in ("tor1", "ams3"):
        model.choose_regions([region, "atl1"])
        assert f"--region {region} " in model.lines()[0]


def test_an_image_can_be_said_and_of_many_the_cheapest_have_a_line(frames):
    model = SizeExplorerModel(*frames, image="debian-13-x64")
    model.select(range(20))
    lines = model.lines()
    assert len(lines) == MOST_LINES
    assert all(line.endswith("--image debian-13-x64") for line in lines)
    assert f"of the {MOST_LINES} cheapest" in model.lines_text()
    assert model.sizes["slug"][0] in lines[0]


@pytest.mark.parametrize(
    ("act", "near"),
    [
        (lambda model: model.choose_regions(["ams4"]), "ams3"),
        (lambda model: model.choose_families(["basics"]), "basic"),
        (lambda model: model.select_slugs(["s-1vcpu-1g"]), "s-1vcpu-1gb"),
        (lambda model: model.draw("memory", "price_monthly"), "memory_gib"),
        (lambda model: model.bound("vcpu", 1, 2), "vcpus"),
    ],
)
def test_a_word_that_is_unknown_is_refused_with_the_nearest(model, act, near):
    before = model.filters
    with pytest.raises(InvalidArgument, match=f"Did you mean {near}"):
        act(model)
    assert model.filters == before


def test_steps_of_money_are_round(model):
    assert one_two_five(30) == [1, 2, 5, 10, 20, 50]
    assert model.steps("price_monthly")[:4] == [5, 10, 20, 50]
    assert model.steps("vcpus")[:4] == [1, 2, 4, 8]


def test_an_account_that_is_sold_nothing_is_said(frames):
    sizes, regions = frames
    model = SizeExplorerModel(sizes.iloc[:0], regions)
    assert model.shown == ()
    assert model.count_text() == "No size passes these filters."
    assert model.selected().empty
    assert model.steps("vcpus") == []


def test_sizes_of_one_price_come_in_the_order_of_sizes_cheapest(frames):
    sizes, regions = frames
    model = SizeExplorerModel(sizes, regions)
    assert model.shown_sizes()["slug"].tolist() == available(sizes, datacenters=regions)["slug"].tolist()


def test_the_frames_given_stay_as_they_were(frames):
    sizes, regions = frames
    before = sizes.copy(deep=True), regions.copy(deep=True)
    model = SizeExplorerModel(sizes, regions)
    model.choose_regions(["ams3"])
    model.selected()
    assert sizes.equals(before[0])
    assert regions.equals(before[1])


@pytest.fixture
def explorer(desk):
    shown = SizeExplorer(desk.client)
    yield shown
    shown.close()


def test_point_row_and_python_are_one_selection(explorer):
    place = slugs(explorer.model, range(147)).index("c-4")
    explorer._picture._heard(None, {"clicked": place}, [])
    assert explorer.selected["slug"].tolist() == ["c-4"]
    assert explorer._table._companion.chosen["ids"] == [place]
    explorer._table._heard(None, {"ids": [0, len(explorer.model.sizes)], "on": True, "number": 1}, [])
    assert {*explorer.selected["slug"]} == {"s-1vcpu-512mb-10gb", "c-4"}
    rings = explorer._picture.widget.data[2]
    assert {text.strip() for text in rings.text} == {"s-1vcpu-512mb-10gb", "c-4"}
    explorer._picture._heard(None, {"chosen": [7]}, [])
    assert explorer._table._companion.chosen == {"ids": [7], "number": 1}
    explorer.select(["c-4"])
    assert explorer._table._companion.chosen["ids"] == [place]
    assert explorer._copy.text == explorer.lines[0]


def test_a_point_keeps_its_place_whatever_is_filtered(explorer):
    points = explorer._picture.widget.data[0]
    place = next(one for one, text in enumerate(points.hovertext) if "<b>c-4</b>" in text)
    for families in (["cpu-optimized"], ["basic"], []):
        explorer.model.choose_families(families)
        drawn = [one for one, value in enumerate(points.x) if value is not None]
        assert drawn == [*explorer.model.drawable()]
        assert len(points.x) == 147
        assert "<b>c-4</b>" in points.hovertext[place]
        assert explorer._table._companion.shown == [*explorer.model.shown]


def test_a_page_that_asks_later_is_told_the_picture_as_it_is_now(explorer):
    explorer.model.choose_families(["basic"])
    explorer.model.draw("vcpus", "price_hourly")
    told, figure = explorer._picture.widget.get_state(), explorer._picture.widget
    assert told["_widget_data"][0]["x"] == [*figure.data[0].x]
    assert told["_widget_layout"]["xaxis"]["title"]["text"] == figure.layout.xaxis.title.text == "vCPUs"


def test_a_filter_that_is_clicked_is_the_models_and_a_reset_shows_in_all_of_them(explorer):
    explorer._filters._regions["ams3"].value = True
    explorer._filters._bounds["memory_gib"][0].value = 16.0
    filters = explorer.model.filters
    assert filters.regions == {"ams3"}
    assert filters.least == (("memory_gib", 16.0),)
    explorer.model.reset()
    assert not explorer._filters._regions["ams3"].value
    assert explorer._filters._bounds["memory_gib"][0].value == "any"


def test_nothing_is_sent_where_nothing_has_changed(explorer, monkeypatch):
    sent = []
    for widget in (explorer._picture.widget, explorer._table._companion):
        monkeypatch.setattr(widget, "send_state", lambda *args, **kwargs: sent.append(args))
        monkeypatch.setattr(widget, "_send", lambda *args, **kwargs: sent.append(args))
    explorer.refresh()
    assert sent == []


def test_closing_leaves_no_widget_and_another_one_takes_its_place(desk):
    before = {*_instances}
    first = SizeExplorer(desk.client)
    second = SizeExplorer(desk.client)
    assert not first._is_open
    second.close()
    second.close()
    assert {*_instances} == before


def test_it_can_be_read_without_a_kernel_and_says_no_word_as_html(explorer):
    explorer.select(["c-4"])
    bundle = explorer._repr_mimebundle_()
    assert "1 selected: c-4" in bundle["text/plain"]
    assert "<pre>%do droplets create NAME --region ams3 --size c-4" in bundle["text/html"]
    assert "<script" not in bundle["text/html"]


def test_hostile_words_of_the_api_are_text(frames):
    sizes, regions = frames
    sizes.loc[0, "slug"] = "<img src=x onerror=alert(1)>"
    model = SizeExplorerModel(sizes, regions)
    model.select([0])
    picture = SizePicture(model, lambda _: None, lambda _: None)
    assert "<img" not in picture.widget.to_json()
    for widget in picture.widgets:
        widget.close()
    assert "<img" not in model.html()
