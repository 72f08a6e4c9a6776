"""The size explorer without a browser: visible sizes, the best of them, the selection, and the commands to copy."""

from __future__ import annotations

import pandas as pd
import pytest
from ipywidgets.widgets.widget import _instances

from poseidon_nb.analysis.sizes import available
from poseidon_nb.commands.registry import parse
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.widgets.panel import PanelHost
from poseidon_nb.widgets.sizes.chart import NEUTRAL, SizeChart
from poseidon_nb.widgets.sizes.criteria import direction, round_steps
from poseidon_nb.widgets.sizes.explorer import SizeExplorer
from poseidon_nb.widgets.sizes.model import MAX_COMMANDS, SizeExplorerModel
from tests.wcag import contrast, rgb

#: The measures by which one size beats another.
GOODS = ("vcpus", "memory", "disk", "transfer", "gpu_count", "gpu_vram")


@pytest.fixture
def frames(desk):
    return desk.client.sizes.frame(), desk.client.regions.frame()


@pytest.fixture
def model(frames):
    return SizeExplorerModel(*frames)


def slugs(model: SizeExplorerModel, places) -> list[str]:
    return model.sizes["slug"].iloc[[*places]].tolist()


def test_at_first_all_available_sizes_are_shown_cheapest_first(model, frames):
    sizes, _ = frames
    assert len(model.visible) == sizes["available"].sum() == 147
    prices = model.visible_frame()["price_monthly"].tolist()
    assert prices == sorted(prices)


@pytest.mark.parametrize("region", ["ams3", "sfo2", "atl1"])
def test_a_region_shows_the_sizes_in_its_own_list(model, frames, region):
    _, regions = frames
    (listed,) = regions.loc[regions["slug"] == region, "sizes"]
    model.filter_regions([region])
    assert {*slugs(model, model.visible)} == {*listed}
    assert {tuple(sold) for sold in model.visible_frame()["available_in"]} == {(region,)}


def test_two_regions_show_the_sizes_of_either(model, frames):
    _, regions = frames
    listed = set().union(*regions.loc[regions["slug"].isin(["sfo2", "atl1"]), "sizes"])
    model.filter_regions(["sfo2", "atl1"])
    assert {*slugs(model, model.visible)} == listed


def test_filters_combine_like_a_plain_query(model, frames):
    sizes, _ = frames
    model.filter_families(["memory-optimized", "basic"])
    model.set_bounds("memory_gib", 16, 64)
    model.set_bounds("vcpus", None, 8)
    model.set_bounds("price_monthly", 50, 500)
    model.set_bounds("disk", 100, 1_000)
    model.set_bounds("transfer", 4, 6)
    meant = sizes[
        sizes["slug"].str.match(r"(s|m|m3|m6)-")
        & sizes["memory"].between(16 * 1024, 64 * 1024)
        & (sizes["vcpus"] <= 8)
        & sizes["price_monthly"].between(50, 500)
        & sizes["disk"].between(100, 1_000)
        & sizes["transfer"].between(4, 6)
    ]
    assert {*slugs(model, model.visible)} == {*meant["slug"]}
    assert len(meant) > 5
    model.set_bounds("vcpus", None, None)
    for column in ("price_monthly", "disk", "transfer"):
        model.set_bounds(column, None, None)
    assert len(model.visible) > len(meant)
    model.reset_filters()
    assert len(model.visible) == 147


def test_unavailable_sizes_are_hidden_by_default_and_have_no_command(frames):
    sizes, regions = frames
    sizes.loc[sizes["slug"] == "c-4", "available"] = False
    model = SizeExplorerModel(sizes, regions)
    assert "c-4" not in slugs(model, model.visible)
    model.filter_available(only=False)
    assert "c-4" in slugs(model, model.visible)
    model.select_slugs(["c-4"])
    assert model.commands() == []
    assert model.selected_frame()["available_in"].tolist() == [[]]
    assert "no droplet can be created" in model.commands_text()
    # Unavailable sizes are not on the frontier.
    assert not {*model.frontier} & {*model.selected}
    with pytest.raises(InvalidArgument, match=r"^Unknown size 'c-44'") as refused:
        model.select_slugs(["c-44"])
    assert "c-4" not in str(refused.value).partition("Did you mean ")[2].split(", ")


def test_a_closed_region_is_not_offered_and_has_no_sizes(frames):
    sizes, regions = frames
    regions.loc[regions["slug"] == "nyc1", "available"] = False
    model = SizeExplorerModel(sizes, regions)
    assert "nyc1" not in model.regions
    # Only available there.
    assert "gpu-mi300x8-1536gb" not in slugs(model, model.visible)


def test_the_frontier_is_what_a_comparison_of_all_pairs_finds(model):
    model.filter_regions(["sfo3"])
    model.filter_families(["basic", "cpu-optimized"])
    rows = model.visible_frame().to_dict("records")

    def beats(one, other):
        no_worse = one["price_monthly"] <= other["price_monthly"] and all(one[good] >= other[good] for good in GOODS)
        better = one["price_monthly"] < other["price_monthly"] or any(one[good] > other[good] for good in GOODS)
        return no_worse and better

    best = {row["slug"] for row in rows if not any(beats(other, row) for other in rows)}
    assert {*slugs(model, model.frontier)} == best
    assert 0 < len(best) < len(rows)


@pytest.mark.parametrize(
    ("x", "y"),
    [("memory_gib", "price_monthly"), ("disk", "price_per_vcpu"), ("price_hourly", "vcpus"), ("vcpus", "transfer")],
)
def test_the_line_connects_the_best_tradeoffs_of_the_two_axes(model, x, y):
    model.set_axes(x, y)
    sizes = model.sizes

    def beats(one, other):
        pairs = [(sizes[axis][one] * direction(axis), sizes[axis][other] * direction(axis)) for axis in (x, y)]
        return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)

    drawn = model.plotted()
    meant = {one for one in drawn if not any(beats(other, one) for other in drawn)}
    best = model.best_tradeoffs()
    assert {*best} == meant
    assert sizes[x].iloc[best].is_monotonic_increasing


def test_a_size_without_a_value_on_an_axis_is_only_in_the_table(model):
    model.set_axes("gpu_vram", "price_monthly")
    assert len(model.plotted()) == 9
    assert len(model.visible) == 147
    assert "138 sizes have no positive value on an axis and appear only in the table" in model.count_text()


def test_the_selection_survives_filters_and_hidden_sizes_are_counted(model):
    model.select_slugs(["s-1vcpu-1gb", "c-4"])
    model.filter_families(["basic"])
    assert model.selected_frame()["slug"].tolist() == ["s-1vcpu-1gb"]
    assert model.selection_text() == "1 selected: s-1vcpu-1gb. 1 more hidden by the filters."
    # A lasso only selects among visible sizes.
    model.select_visible([])
    assert model.selected_frame().empty
    model.reset_filters()
    assert model.selected_frame()["slug"].tolist() == ["c-4"]
    (place,) = model.selected
    model.toggle(place)
    assert model.selected == frozenset()


def test_positions_out_of_range_are_ignored(model):
    model.select([3, 999, -1])
    assert model.selected == {3}


@pytest.mark.parametrize(
    ("slug", "image"),
    [
        ("s-1vcpu-1gb", "ubuntu-24-04-x64"),
        ("gpu-mi300x1-192gb", "gpu-amd-base"),
        ("gpu-h100x1-80gb", "gpu-h100x1-base"),
        ("gpu-h100x8-640gb", "gpu-h100x8-base"),
    ],
)
def test_the_command_has_a_region_that_offers_the_size_and_an_existing_image(model, frames, desk, slug, image):
    _, regions = frames
    model.select_slugs([slug])
    (line,) = model.commands()
    command = parse(line.removeprefix("%do "))
    assert (command.group, command.verb.name) == ("droplets", "create")
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
def test_the_command_creates_one_droplet_whatever_the_image_is_called(frames, image):
    model = SizeExplorerModel(*frames, image=image)
    model.select_slugs("s-1vcpu-1gb")
    command = parse(model.commands()[0].removeprefix("%do "))
    assert command.arguments == {"names": ("NAME",)}
    assert command.options == {"region": command.options["region"], "size": "s-1vcpu-1gb", "image": image}


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("", "^The image is empty. Omit it to use "),
        (" ", "^The image is empty"),
        ("a\nb", r"one line of text, not 'a\\nb'.$"),
    ],
)
def test_an_image_that_does_not_fit_in_a_command_is_refused(frames, image, told):
    with pytest.raises(InvalidArgument, match=told) as refused:
        SizeExplorerModel(*frames, image=image)
    assert "\n" not in str(refused.value)


def test_one_slug_or_many_are_selected_and_other_values_are_refused(model):
    model.select_slugs("s-1vcpu-1gb")
    assert slugs(model, model.selected) == ["s-1vcpu-1gb"]
    model.select_slugs(model.sizes[model.sizes["slug"].isin(["c-2", "c-4"])])
    assert {*slugs(model, model.selected)} == {"c-2", "c-4"}
    for given, told in (
        (None, "not None"),
        ([None], "not None"),
        (["c-2", float("nan")], "not nan"),
        (7, "not 7"),
        ([pd.NA], "not a NAType"),
        ([["c-2"]], "not a list"),
    ):
        with pytest.raises(InvalidArgument, match=rf"^A size must be a slug such as 's-1vcpu-1gb', {told}\.$"):
            model.select_slugs(given)
    with pytest.raises(InvalidArgument, match=r"^Unknown size 'c-3'"):
        model.select_slugs("c-3")
    assert {*slugs(model, model.selected)} == {"c-2", "c-4"}


@pytest.mark.parametrize(
    "words", ["europe", "AMS3", "ams", "north-america", "North America", ["ams3", "nyc"], "nyc", ["sfo1", "sfo2"]]
)
def test_regions_have_the_same_names_as_in_sizes_cheapest(model, frames, words):
    sizes, regions = frames
    model.filter_regions(words)
    wanted = available(sizes, regions=words, regions_frame=regions)
    assert slugs(model, model.visible)
    assert {*slugs(model, model.visible)} == {*wanted["slug"]}
    assert model.filters.regions == {one for sold in wanted["available_in"] for one in sold}


@pytest.mark.parametrize("words", ["cpu", "GPU", ["cpu", "memory"], "CPU optimized"])
def test_families_have_the_same_names_as_in_sizes_cheapest(model, frames, words):
    sizes, regions = frames
    model.filter_families(words)
    assert {*slugs(model, model.visible)} == {*available(sizes, family=words, regions_frame=regions)["slug"]}


def test_a_closed_region_and_a_region_without_sizes_have_their_own_errors(frames):
    sizes, regions = frames
    model = SizeExplorerModel(sizes, regions)
    with pytest.raises(
        InvalidArgument, match=r"^Region sfo1 is not available for new droplets\. Choose another region\.$"
    ):
        model.filter_regions(["sfo1"])
    sizes["regions"] = [[one for one in sold if one != "ams3"] for sold in sizes["regions"]]
    with pytest.raises(InvalidArgument, match=r"^No sizes are available in ams3\.$"):
        SizeExplorerModel(sizes, regions).filter_regions(["ams3"])


def test_the_region_of_the_command_is_one_of_the_filtered_ones(model):
    model.select_slugs(["s-1vcpu-1gb"])
    for region in ("tor1", "ams3"):
        model.filter_regions([region, "atl1"])
        assert f"--region {region} " in model.commands()[0]


def test_an_image_can_be_given_and_only_the_cheapest_sizes_have_a_command(frames):
    model = SizeExplorerModel(*frames, image="debian-13-x64")
    model.select(range(20))
    lines = model.commands()
    assert len(lines) == MAX_COMMANDS
    assert all(line.endswith("--image debian-13-x64") for line in lines)
    assert f"with one of the {MAX_COMMANDS} cheapest" in model.commands_text()
    assert model.sizes["slug"][0] in lines[0]


@pytest.mark.parametrize(
    ("act", "near"),
    [
        (lambda model: model.filter_regions(["ams4"]), "ams2 or ams3"),
        (lambda model: model.filter_families(["basics"]), "basic"),
        (lambda model: model.select_slugs(["s-1vcpu-1g"]), "s-1vcpu-1gb"),
        (lambda model: model.set_axes("memory", "price_monthly"), "memory_gib"),
        (lambda model: model.set_bounds("vcpu", 1, 2), "vcpus"),
    ],
)
def test_an_unknown_word_is_refused_with_the_closest_match(model, act, near):
    before = model.filters
    with pytest.raises(InvalidArgument, match=rf"Did you mean (\S+ or )?{near}\b"):
        act(model)
    assert model.filters == before


def test_bounds_of_prices_and_of_many_values_are_round(model):
    assert round_steps(30) == [1, 2, 5, 10, 20, 50]
    assert model.bounds("price_monthly")[:4] == [5, 10, 20, 50]
    assert model.bounds("vcpus")[:4] == [1, 2, 4, 8]
    assert model.bounds("transfer")[:3] == [0.5, 1, 2]
    assert model.bounds("disk")[:4] == [10, 20, 50, 100]
    assert model.bounds("disk")[-1] >= model.sizes["disk"].max()


def test_an_account_without_sizes_has_a_message(frames):
    sizes, regions = frames
    model = SizeExplorerModel(sizes.iloc[:0], regions)
    assert model.visible == ()
    assert model.count_text() == "No sizes match these filters."
    assert model.selected_frame().empty
    assert model.bounds("vcpus") == []


def test_sizes_of_equal_price_have_the_order_of_sizes_cheapest(frames):
    sizes, regions = frames
    model = SizeExplorerModel(sizes, regions)
    assert model.visible_frame()["slug"].tolist() == available(sizes, regions_frame=regions)["slug"].tolist()


def test_the_frames_passed_in_are_not_changed(frames):
    sizes, regions = frames
    before = sizes.copy(deep=True), regions.copy(deep=True)
    model = SizeExplorerModel(sizes, regions)
    model.filter_regions(["ams3"])
    model.selected_frame()
    assert sizes.equals(before[0])
    assert regions.equals(before[1])


@pytest.fixture
def explorer(desk):
    shown = SizeExplorer(desk.client)
    yield shown
    shown.close()


def test_points_rows_and_python_share_one_selection(explorer):
    place = slugs(explorer.model, range(147)).index("c-4")
    explorer._chart._on_message(None, {"clicked": place}, [])
    assert explorer.selected["slug"].tolist() == ["c-4"]
    assert explorer._table._data.selection["ids"] == [place]
    explorer._table._on_message(None, {"ids": [0, len(explorer.model.sizes)], "on": True, "sequence": 1}, [])
    assert {*explorer.selected["slug"]} == {"s-1vcpu-512mb-10gb", "c-4"}
    rings = explorer._chart.widget.rings
    assert {text.strip() for text in rings["text"]} == {"s-1vcpu-512mb-10gb", "c-4"}
    explorer._chart._on_message(None, {"selected": [7]}, [])
    assert explorer._table._data.selection == {"ids": [7], "sequence": 1}
    explorer.select(["c-4"])
    assert explorer._table._data.selection["ids"] == [place]
    assert explorer._copy.text == explorer.lines[0]


def test_a_point_keeps_its_index_whatever_is_filtered(explorer):
    chart = explorer._chart.widget
    place = next(one for one, text in enumerate(chart.figure["points"]["hovertext"]) if "<b>c-4</b>" in text)
    for families in (["cpu-optimized"], ["basic"], []):
        explorer.model.filter_families(families)
        points = chart.figure["points"]
        drawn = [one for one, value in enumerate(points["x"]) if value is not None]
        assert drawn == [*explorer.model.plotted()]
        assert len(points["x"]) == 147
        assert "<b>c-4</b>" in points["hovertext"][place]
        assert explorer._table._data.visible == [*explorer.model.visible]


def test_a_page_loaded_later_gets_the_current_chart(explorer):
    explorer.model.filter_families(["basic"])
    explorer.model.set_axes("vcpus", "price_hourly")
    told = explorer._chart.widget.get_state()["figure"]
    assert len([x for x in told["points"]["x"] if x is not None]) == len(explorer.model.plotted()) < 147
    assert told["layout"]["xaxis"]["title"]["text"] == "vCPUs"


def test_a_clicked_filter_changes_the_model_and_a_reset_changes_all_controls(explorer):
    explorer._filters._regions["ams3"].value = True
    explorer._filters._bounds["memory_gib"][0].value = 16.0
    filters = explorer.model.filters
    assert filters.regions == {"ams3"}
    assert filters.minimums == (("memory_gib", 16.0),)
    explorer.model.reset_filters()
    assert not explorer._filters._regions["ams3"].value
    assert explorer._filters._bounds["memory_gib"][0].value == "any"


def test_nothing_is_sent_if_nothing_has_changed(explorer, monkeypatch):
    sent = []
    for widget in (explorer._chart.widget, explorer._table._data):
        monkeypatch.setattr(widget, "_send", lambda message, **_: sent.append({*message["state"]}))
    explorer.refresh()
    assert sent == []
    explorer.model.select([7])
    assert sent == [{"rings"}, {"selection"}]


def test_closing_leaves_no_widget_and_a_second_explorer_replaces_the_first(desk):
    before = {*_instances}
    host = PanelHost()
    first = SizeExplorer(desk.client, host=host)
    second = SizeExplorer(desk.client, host=host)
    assert not first._is_open
    second.close()
    second.close()
    assert {*_instances} == before


def test_the_saved_output_is_readable_and_escaped(explorer):
    explorer.select(["c-4"])
    bundle = explorer._repr_mimebundle_()
    assert "1 selected: c-4" in bundle["text/plain"]
    assert "<pre>%do droplets create NAME --region ams3 --size c-4" in bundle["text/html"]
    assert "<script" not in bundle["text/html"]


def test_hostile_text_of_the_api_is_escaped(frames):
    sizes, regions = frames
    sizes.loc[0, "slug"] = "<img src=x onerror=alert(1)>"
    model = SizeExplorerModel(sizes, regions)
    model.select([0])
    picture = SizeChart(model, lambda _: None, lambda _: None)
    drawn = str((picture.widget.figure, picture.widget.rings))
    assert "&lt;img" in drawn
    assert "<img" not in drawn
    picture.widget.close()
    assert "<img" not in model.html()


def test_the_page_shines_through_the_chart_whose_lines_are_readable_in_both_themes(explorer):
    layout = explorer._chart.widget.figure["layout"]
    assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == "rgba(0, 0, 0, 0)"
    assert min(contrast(rgb(NEUTRAL), rgb(page)) for page in ("#ffffff", "#111111")) > 4.2
