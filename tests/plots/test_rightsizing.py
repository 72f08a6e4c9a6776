"""Charts of savings and usage."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from poseidon_nb import plots
from poseidon_nb.analysis.rightsizing import Rule, advice
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.schemas import DERIVED_TABLES
from poseidon_nb.frames.validation import build_derived
from poseidon_nb.plots.labels import MAX_LABEL_CHARS
from poseidon_nb.plots.picture import MAX_DROPLETS


def a_row(number, name, **more):
    empty = dict.fromkeys((column.name for column in DERIVED_TABLES["rightsizing"].columns), None)
    figures = {
        "cpu_p50_percent": 5.0,
        "cpu_p95_percent": 10.0,
        "cpu_max_percent": 20.0,
        "memory_p50_percent": 5.0,
        "memory_p95_percent": 6.0,
        "memory_max_percent": 7.0,
    }
    return {
        **empty,
        **figures,
        "droplet_id": number,
        "name": name,
        "verdict": "keep",
        "size": "s-4vcpu-8gb",
        "advised_size": "s-4vcpu-8gb",
        "saving_usd_month": 0.0,
        "confidence": "high",
        "why": "14 days; on it",
        "price_usd_month": 48.0,
        **more,
    }


def smaller(number, name, saving, **more):
    given = {"advised_size": "s-1vcpu-1gb", "advised_price_usd_month": 48 - saving, "saving_usd_month": saving}
    return a_row(number, name, verdict="smaller", **given, **more)


def frame(*rows):
    return build_derived(
        "rightsizing", pd.DataFrame([*rows], columns=[column.name for column in DERIVED_TABLES["rightsizing"].columns])
    )


def test_savings_are_bars_largest_first():
    found = frame(
        smaller(1, "a", 24.0, confidence="medium"),
        smaller(2, "b", 42.0),
        a_row(3, "c", recreate_size="s-1vcpu-2gb", recreate_saving_usd_month=36.0),
        a_row(4, "d"),
        a_row(5, "e", verdict="larger", saving_usd_month=-48.0),
    )
    picture = plots.savings(found)
    resized, medium, recreate = picture.data
    assert [trace.name for trace in picture.data] == ["resize", "resize, medium confidence", "recreate (smaller disk)"]
    assert (resized.y, resized.x, medium.y, medium.x) == (("b",), (42.0,), ("a",), (24.0,))
    assert (recreate.y, recreate.x, recreate.text) == (("c",), (36.0,), ("&#36;36.00 → s-1vcpu-2gb",))
    assert picture.layout.yaxis.categoryarray == ("a", "c", "b"), "plotly draws from the bottom up"
    assert [trace.marker.pattern.shape for trace in picture.data] == ["", "/", ""]
    # No ink can be read upon a hatched bar.
    assert {trace.textposition for trace in picture.data} == {"outside"}
    # The text has its room in pixels, on a narrow page too.
    assert picture.layout.xaxis.range == (0, 42)
    assert picture.layout.margin.r > 100
    assert picture.layout.xaxis.showgrid is False, "no text stands on a line of a grid"
    assert picture.layout.title.subtitle.text == "2 of 5 droplets can be smaller: &#36;66.00 a month"
    assert picture.table["name"].tolist() == ["b", "c", "a"]
    assert picture.summary.startswith(
        "2 of 5 droplets can be smaller, which saves $66.00 a month, $792.00 a year. Largest saving: b, from s-4vcpu-8gb to"
        " s-1vcpu-1gb, $42.00 a month."
    )
    assert "Recreating 1 droplet with a smaller disk would save $36.00 a month." in picture.summary
    (hover,) = resized.hovertext
    assert "s-4vcpu-8gb → s-1vcpu-1gb" in hover
    assert "$48.00 → $6.00 a month, saves $42.00" in hover
    assert hover.endswith("14 days<br>on it")


def test_bars_are_grouped_only_if_a_droplet_has_two():
    recreate = {"recreate_size": "s-1vcpu-2gb", "recreate_saving_usd_month": 30.0}
    alone = plots.savings(frame(smaller(1, "a", 24.0), a_row(2, "b", **recreate)))
    both = plots.savings(frame(smaller(1, "a", 24.0, **recreate), smaller(2, "b", 5.0, confidence="low")))
    assert {trace.offsetgroup for trace in alone.data} == {None}
    assert len({trace.offsetgroup for trace in both.data}) == 2 < len(both.data)


def test_the_legend_explains_the_symbols():
    picture = plots.use_of_size(frame(a_row(1, "a")))
    assert [trace.name for trace in picture.data] == [
        *("CPU", "memory"),
        *("median", "95th percentile", "maximum"),
    ]
    used, shapes = picture.data[0], picture.data[2:]
    assert [trace.marker.symbol for trace in shapes] == [*used.marker.symbol[:3]]
    assert {trace.marker.opacity for trace in picture.data[:2]} == {1}


def test_long_names_are_shortened_on_the_axis_and_complete_in_the_hover_text():
    name = "web-" * 50
    for draw in (plots.savings, plots.use_of_size):
        picture = draw(frame(smaller(1, name, 24.0), smaller(2, name, 24.0)))
        assert {len(text) for text in picture.layout.yaxis.ticktext} == {MAX_LABEL_CHARS}
        assert len({*picture.layout.yaxis.ticktext}) == 2
        assert name in picture.data[0].hovertext[0].replace("<br>", "")


def test_usage_is_a_line_from_median_to_maximum_followed_by_a_gap():
    picture = plots.use_of_size(
        frame(
            a_row(1, "a"),
            a_row(2, "b", memory_max_percent=93.0),
            a_row(3, "c", cpu_p95_percent=None, memory_p95_percent=None),
        )
    )
    cpu, memory, *_ = picture.data
    assert cpu.x == (5.0, 10.0, 20.0, None, 5.0, 10.0, 20.0, None)
    assert memory.x == (5.0, 6.0, 7.0, None, 5.0, 6.0, 93.0, None)
    assert [round(place) for place in cpu.y] == [0] * 4 + [1] * 4
    assert set(cpu.y).isdisjoint(memory.y)
    assert picture.layout.yaxis.ticktext == ("a", "b")
    assert "Highest CPU usage (95th percentile): a, 10%." in picture.summary
    assert "Highest memory usage: b, 93%." in picture.summary
    assert "median 5%,<br>95th percentile 10%, maximum 20%" in cpu.hovertext[0]
    assert len(picture.table) == 2


def test_memory_without_cpu_is_drawn():
    picture = plots.use_of_size(frame(a_row(1, "a", cpu_p50_percent=None, cpu_p95_percent=None, cpu_max_percent=None)))
    cpu, memory, *_ = picture.data
    assert "CPU usage (95th percentile)" not in picture.summary
    assert "nan" not in picture.summary
    assert set(cpu.x) == {None}
    assert memory.x[:3] == (5.0, 6.0, 7.0)


@pytest.mark.parametrize("draw", [plots.savings, plots.use_of_size])
def test_text_is_escaped_and_shared_names_are_labeled_by_id(draw):
    nasty = "<b onclick=x>&\x1b"
    rows = [smaller(number, nasty, 24.0, size=nasty, why=nasty) for number in (1, 2)]
    picture = draw(frame(*rows))
    text = picture.to_json()
    assert "onclick=x>" not in text.replace("\\u003e", ">").replace("\\u003c", "<").replace("&gt;", "")
    labels = picture.layout.yaxis.categoryarray or picture.layout.yaxis.ticktext
    assert {label[-3:] for label in labels} == {"(1)", "(2)"}


@pytest.mark.parametrize("draw", [plots.savings, plots.use_of_size])
def test_no_rows_give_an_empty_chart_with_a_summary(draw):
    picture = draw(frame())
    assert picture.summary == "Nothing to show: there are no droplets."
    assert picture.table.empty
    assert not picture.data


def test_an_empty_chart_says_why():
    keep = frame(*(a_row(n, f"d-{n}", cpu_p95_percent=None, memory_p95_percent=None) for n in (1, 2)))
    assert plots.savings(keep).summary == "Nothing to show: no savings found for 2 droplets."
    assert plots.use_of_size(keep).summary == "Nothing to show: no readings for 2 droplets."


@pytest.mark.parametrize("draw", [plots.savings, plots.use_of_size])
def test_too_many_droplets_are_omitted_from_the_chart_but_not_from_the_table(draw):
    picture = draw(frame(*(smaller(number, f"d-{number}", 24.0) for number in range(MAX_DROPLETS + 5))))
    assert len(picture.layout.yaxis.categoryarray or picture.layout.yaxis.ticktext) == MAX_DROPLETS
    assert len(picture.table) == MAX_DROPLETS + 5
    assert "the table has all" in picture.summary


def test_the_input_is_not_changed():
    found = frame(smaller(1, "a", 24.0))
    before = found.copy(deep=True)
    plots.savings(found), plots.use_of_size(found)
    pd.testing.assert_frame_equal(found, before)


def test_the_table_of_analysis_has_the_required_columns():
    """No other test checks that their columns agree."""
    empty = pd.DataFrame(columns=["id", "name", "region", "size", "vcpus", "memory", "disk", "price_monthly"])
    sizes = pd.DataFrame(
        columns=["slug", "vcpus", "memory", "disk", "transfer", "price_monthly", "available", "regions"]
    )
    use = pd.DataFrame(columns=["droplet_id", "cpu_p95_percent", "cpu_max_percent", "memory_max_percent", "hours"])
    found = advice(empty, sizes, use)
    assert plots.savings(found).table.empty


def test_one_way_to_save_needs_no_legend():
    assert plots.savings(frame(smaller(1, "a", 24.0))).layout.showlegend is False
    recreate = plots.savings(frame(a_row(3, "c", recreate_size="s-1vcpu-2gb", recreate_saving_usd_month=36.0)))
    assert recreate.layout.showlegend
    assert recreate.layout.title.subtitle.text.replace("<br>", " ") == (
        "1 of 1 droplet can be recreated with a smaller disk: &#36;36.00 a month"
    )


def test_the_limits_of_the_rule_are_drawn():
    found = frame(a_row(1, "a"), a_row(2, "b", cpu_p95_percent=60.0), a_row(3, "c", memory_max_percent=93.0))
    for rule, cpu, memory, finding in (
        (None, 70, 80, "1 of 3 droplets above a limit of rightsizing"),
        (Rule(cpu_headroom=50, memory_headroom=60), 50, 40, "2 of 3 droplets above a limit of rightsizing"),
        (Rule(memory_headroom=5), 70, 95, "All 3 droplets within the limits of rightsizing"),
    ):
        picture = plots.use_of_size(found, rule=rule)
        assert sorted(shape.x0 for shape in picture.layout.shapes) == sorted([cpu, memory])
        notes = {note.text: note for note in picture.layout.annotations}
        assert {*notes} == {f"CPU limit {cpu}%", f"memory limit {memory}%"}
        # The names stand on the outer sides.
        lower, higher = sorted(notes.values(), key=lambda note: note.x)
        assert (lower.xanchor, higher.xanchor) == ("right", "left")
        assert picture.layout.title.subtitle.text == finding
        assert f"are {cpu}% for the 95th percentile of the CPU, and {memory}% for the maximum" in picture.summary


def test_infinite_numbers_raise():
    with pytest.raises(
        InvalidArgument, match=r"^Column advised_price_usd_month of rightsizing has infinite values for a"
    ):
        plots.savings(frame(smaller(1, "a", math.inf)))
    with pytest.raises(InvalidArgument, match=r"^Column cpu_p95_percent of use has infinite values for a"):
        plots.use_of_size(frame(a_row(1, "a", cpu_p95_percent=math.inf)))
