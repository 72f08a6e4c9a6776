"""Charts of metrics over time."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from poseidon_nb.analysis.rightsizing import Rule
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.validation import build_derived
from poseidon_nb.plots import Picture, metric_lines
from poseidon_nb.plots.labels import MAX_LABEL_CHARS
from poseidon_nb.plots.metrics import MAX_COLORED, MAX_HIGHLIGHTED, MAX_LINES
from poseidon_nb.plots.picture import COLORS, INK

START = pd.Timestamp("2026-11-23T12:00Z")


def lines(values, metric="cpu", unit="%"):
    """Return metrics from id, name, label and values of each line."""
    rows = [
        (START + pd.Timedelta(minutes=5 * step), key, name, metric, label, value, unit)
        for key, name, label, its_values in values
        for step, value in enumerate(its_values)
    ]
    names = ["time", "droplet_id", "name", "metric", "label", "value", "unit"]
    return build_derived("metrics", pd.DataFrame(rows, columns=names))


def many(number=100, readings=3):
    return lines([(n, f"web-{n}", "busy", np.linspace(n, n / 2, readings)) for n in range(number)])


def drawn(picture):
    """Return the lines without legend entries."""
    return [trace for trace in picture.data if [*trace.x] != [None]]


def end_labels(picture):
    return [note.text for note in picture.layout.annotations if not note.text.startswith("limit")]


def in_legend(picture, legend=None):
    return [trace.name for trace in picture.data if trace.showlegend is not False and trace.legend == legend]


def test_a_line_is_a_droplet_and_breaks_at_a_gap():
    picture = metric_lines(lines([(1, "web-1", "busy", [1, 2, None, 4]), (2, "web-2", "busy", [5, 6, 7, 8])]))
    assert isinstance(picture, Picture)
    first, second = picture.data
    assert (first.name, second.name) == ("web-1", "web-2")
    assert first.x[1] == "2026-11-23 12:05:00"
    np.testing.assert_array_equal(first.y, [1, 2, np.nan, 4])
    assert not first.connectgaps
    assert first.line.color != second.line.color
    assert "The readings have 1 gap." in picture.summary


def test_a_single_droplet_is_named_in_title_and_summary():
    picture = metric_lines(lines([(1, "a<b>", "busy", [1, 2])]))
    assert picture.layout.title.text == "CPU usage of a&lt;b&gt;"
    assert picture.summary.startswith("CPU usage of a<b>, from ")
    assert metric_lines(lines([(1, "web-1", "busy", [None])])).layout.title.text == "CPU usage of web-1"
    two = metric_lines(lines([(1, "web-1", "busy", [1, 2]), (2, "web-2", "busy", [5, 6])]))
    assert two.layout.title.text == "CPU usage"
    assert two.summary.startswith("CPU usage of 2 droplets, from ")


def test_axes_have_units_and_hover_names_the_droplet():
    behind = {"%": "%", "processes": " processes", "Mbit/s": " Mbit/s"}
    for metric, unit in {"cpu": "%", "load": "processes", "bandwidth": "Mbit/s"}.items():
        picture = metric_lines(lines([(1, "web-1", "x", [1, 2])], metric=metric, unit=unit))
        assert unit in picture.layout.yaxis.title.text
        assert picture.layout.xaxis.title.text == "time (UTC)"
        assert "%{meta[0]}" in picture.data[0].hovertemplate
        assert picture.data[0].meta == ("web-1", "x", behind[unit])


def test_the_table_summarizes_each_line():
    picture = metric_lines(lines([(1, "a", "busy", [0, 10, None, 20]), (2, "b", "busy", [1, 1, 1, 1])]))
    assert picture.table.to_dict("records") == [
        {
            "name": "a",
            "label": "busy",
            "p50": 10.0,
            "p95": pytest.approx(19.0),
            "max": 20.0,
            "readings": 3,
            "unit": "%",
        },
        {"name": "b", "label": "busy", "p50": 1.0, "p95": 1.0, "max": 1.0, "readings": 4, "unit": "%"},
    ]
    assert "Maximum: 20%, a (busy) at 2026-11-23 12:15." in picture.summary


def test_the_highest_of_many_lines_are_colored_and_on_top():
    picture = metric_lines(many())
    assert len(drawn(picture)) == 100
    highest = [f"web-{n}" for n in range(99, 99 - MAX_HIGHLIGHTED, -1)]
    assert end_labels(picture) == highest
    assert in_legend(picture) == ["95 other lines"]
    faint, shown = drawn(picture)[:-MAX_HIGHLIGHTED], drawn(picture)[-MAX_HIGHLIGHTED:]
    assert [trace.name for trace in shown] == highest
    assert {trace.line.color for trace in faint} == {INK}
    # One click hides all that are grey.
    (entry,) = [trace for trace in picture.data if trace.name == "95 other lines"]
    assert {trace.legendgroup for trace in faint} == {entry.legendgroup}
    assert {trace.legendgroup for trace in shown} == {None}
    assert {trace.line.color for trace in shown} == {*COLORS[:MAX_HIGHLIGHTED]}
    assert "Colored: web-99, web-98, web-97, web-96 and web-95; the 95 other lines are gray." in picture.summary


def test_few_gray_lines_are_more_opaque_than_many():
    few, very_many = (drawn(metric_lines(many(number)))[0].opacity for number in (12, 100))
    assert few > very_many


def test_up_to_the_number_of_colors_all_lines_are_colored():
    for number, colored in ((MAX_COLORED, MAX_COLORED), (MAX_COLORED + 1, MAX_HIGHLIGHTED)):
        assert sum(trace.line.color != INK for trace in drawn(metric_lines(many(number)))) == colored


def test_droplets_can_be_highlighted():
    picture = metric_lines(many(), highlight=["web-3", "web-1"])
    assert end_labels(picture) == ["web-3", "web-1"]
    assert in_legend(picture) == ["98 other lines"]
    with pytest.raises(InvalidArgument, match=r"^Droplet 'web-100' not found in the metrics\. Did you mean web-10"):
        metric_lines(many(), highlight=["web-100"])


def test_labels_have_colors_for_one_droplet_and_dashes_for_several():
    one = metric_lines(lines([(1, "a", "1m", [1, 2]), (1, "a", "5m", [1, 1])], metric="load", unit="processes"))
    assert [trace.name for trace in one.data] == ["1m", "5m"]
    assert len({trace.line.color for trace in one.data}) == 2
    both = metric_lines(lines([(k, n, m, [1, 2]) for k, n in ((1, "a"), (2, "b")) for m in ("1m", "5m")], "load"))
    assert [trace.name for trace in drawn(both)] == ["a 1m", "a 5m", "b 1m", "b 5m"]
    assert [trace.line.dash for trace in drawn(both)] == ["solid", "dot", "solid", "dot"]
    assert both.data[0].line.color == both.data[1].line.color != both.data[2].line.color


DIRECTIONS = ("private inbound", "private outbound", "public inbound", "public outbound")


def traffic(droplets):
    return lines(
        [(n, f"web-{n}", way, [n, m]) for n in range(droplets) for m, way in enumerate(DIRECTIONS)],
        "bandwidth",
        "Mbit/s",
    )


def test_the_legend_lists_each_droplet_and_label_once():
    picture = metric_lines(traffic(MAX_LINES // 4))
    assert in_legend(picture) == ["web-0", "web-1", "web-2"]
    assert in_legend(picture, "legend2") == ["public outbound", "public inbound", "private outbound", "private inbound"]
    dash = {trace.name: trace.line.dash for trace in picture.data}
    assert dash["web-0 public outbound"] == dash["public outbound"] == "solid"
    assert dash["web-1 private inbound"] == dash["private inbound"] == "dashdot"
    # A droplet in the legend hides and shows all of its lines; a dash hides none.
    entry = next(trace for trace in picture.data if trace.name == "web-1")
    assert sum(trace.legendgroup == entry.legendgroup for trace in drawn(picture)) == 4
    assert picture.layout.legend2.itemclick is False
    assert "Each color is a droplet; public outbound is solid, public inbound is dotted" in picture.summary


def test_the_highest_lines_of_few_droplets_are_named():
    picture = metric_lines(traffic(5))
    coloured = [trace for trace in drawn(picture) if trace.line.color != INK]
    assert len(coloured) == MAX_HIGHLIGHTED
    assert end_labels(picture) == [trace.name for trace in coloured]
    assert in_legend(picture) == ["15 other lines"]
    assert in_legend(picture, "legend2") == []
    assert "web-4 public outbound" in picture.summary
    whole = metric_lines(traffic(5), highlight=["web-2"])
    assert in_legend(whole) == ["web-2", "16 other lines"]
    assert len(in_legend(whole, "legend2")) == 4


def test_the_legend_is_below_and_increases_the_height():
    few, more = metric_lines(many(2)), metric_lines(lines([(n, "n" * 90 + str(n), "x", [1, 2]) for n in range(7)]))
    assert few.layout.legend.yref == "container"
    assert more.layout.height > few.layout.height
    assert max(map(len, in_legend(more))) == MAX_LABEL_CHARS


def test_shared_and_missing_names_are_labeled_by_id():
    picture = metric_lines(lines([(1, "a", "busy", [1, 2]), (2, "a", "busy", [1, 2]), (3, None, "busy", [1, 2])]))
    assert [trace.name for trace in picture.data] == ["a (1)", "a (2)", "3"]


def test_coarse_readings_are_mentioned():
    frame = lines([(1, "a", "busy", [1, 2, None, 4]), (2, "b", "busy", [1, 2, 3, 4])])
    assert "peak" not in metric_lines(frame).summary
    # Each five minutes become twelve hours.
    far = frame.assign(time=START + 144 * (frame["time"] - START))
    assert "Each reading covers 12 hours, so peaks are hidden." in metric_lines(far).summary


def test_names_and_labels_are_escaped_and_not_templates():
    picture = metric_lines(lines([(1, "<img src=x>%{y}", "<b>/mnt</b>", [1, 2]), (2, "b", "/", [1, 2])]))
    for text in (picture.data[0].name, *picture.data[0].meta):
        assert "<" not in text
    assert "%{y}" not in picture.data[0].hovertemplate.replace("%{y:", "")
    assert "<img" not in picture._table_html()


def test_an_empty_chart_says_why():
    for frame in (lines([]), lines([(1, "a", "busy", [None])])):
        assert metric_lines(frame).summary == "Nothing to show: there are no readings."
        assert not metric_lines(frame).data


def test_one_reading_is_a_dot():
    picture = metric_lines(lines([(1, "a", "busy", [5])]))
    assert picture.data[0].mode == "lines+markers"
    assert picture.data[0].marker.size == (5,)
    assert picture.layout.xaxis.range == ("2026-11-23 11:30:00", "2026-11-23 12:30:00")


def test_a_reading_between_two_gaps_is_a_dot():
    first, second = metric_lines(
        lines([(1, "a", "busy", [1, None, 3, None, 5, 6]), (2, "b", "busy", [1, 2, None])])
    ).data
    assert (first.mode, first.marker.size) == ("lines+markers", (5, 0, 5, 0, 0, 0))
    assert second.mode == "lines"


def test_several_kinds_raise():
    frame = pd.concat([lines([(1, "a", "busy", [1])]), lines([(1, "a", "used", [1])], metric="memory")])
    with pytest.raises(InvalidArgument, match=r"^The DataFrame has the metrics cpu and memory\. Draw one at a time\.$"):
        metric_lines(frame)


def test_the_input_is_not_changed():
    frame = many(9)
    before = frame.copy(deep=True)
    metric_lines(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_a_day_of_a_hundred_droplets_is_drawn_quickly():
    frame = many(100, 720)
    best = 99.0
    for _ in range(3):
        began = time.process_time()
        text = metric_lines(frame).to_json()
        best = min(best, time.process_time() - began)
    assert best < 2
    assert len(text) < 4_000_000


def test_a_line_is_named_at_its_end_unless_that_does_not_fit():
    two = metric_lines(lines([(1, "web-1", "busy", [1, 2, 5]), (2, "web-2", "busy", [5, 6, 5.0])]))
    first, second = two.layout.annotations
    assert (first.text, first.x, first.y, first.arrowcolor) == ("web-1", "2026-11-23 12:10:00", 5, COLORS[0])
    assert second.arrowcolor == COLORS[1]
    # They end in one place, so one label is above and one below it.
    assert abs(first.ay - second.ay) >= 19
    assert first.ay + second.ay == pytest.approx(0)
    assert (two.layout.showlegend, in_legend(two)) == (False, [])
    assert two.layout.margin.r > 60
    for legend in (
        [(1, "web-1", "busy", [1, 2, None, None]), (2, "web-2", "busy", [1, 2, 3, 4])],
        [(1, "a" * 25, "busy", [1, 2]), (2, "b", "busy", [1, 2])],
        [(1, "web-1", f"/mnt/{n}", [1, 2]) for n in range(MAX_COLORED + 1)],
    ):
        picture = metric_lines(lines(legend))
        assert picture.layout.showlegend
        assert len(in_legend(picture)) == len(legend)
        assert not end_labels(picture)
    assert not end_labels(metric_lines(lines([(1, "web-1", "busy", [1, 2])])))


def test_the_limit_of_the_rule_is_drawn_if_the_readings_come_near_it():
    near = [(1, "web-1", "busy", [10, 40])]
    for metric, rule, limit in (("cpu", None, 70), ("memory", None, 80), ("cpu", Rule(cpu_headroom=45), 55)):
        picture = metric_lines(lines(near, metric), rule=rule)
        (shape,), (note,) = picture.layout.shapes, picture.layout.annotations
        assert shape.y0 == shape.y1 == note.y == limit
        assert note.text == f"limit {limit}%"
        assert f"The limit of rightsizing is {limit}%." in picture.summary
        assert picture.layout.yaxis.range[1] > limit
    for frame in (
        lines([(1, "web-1", "busy", [10, 34])]),
        lines(near, "filesystem"),
        lines([(1, "web-1", mode, [10, 40]) for mode in ("user", "steal")]),
    ):
        assert not metric_lines(frame).layout.shapes


def test_the_finding_is_the_highest_reading():
    picture = metric_lines(lines([(1, "a<b>", "busy", [1, 2]), (2, "b", "busy", [1, 1])]))
    assert picture.layout.title.subtitle.text == "Highest: 2%, a&lt;b&gt; on Nov 23, 12:05 UTC"
    alone = metric_lines(lines([(1, "a", "busy", [1, None])]))
    assert alone.layout.title.subtitle.text == "Highest: 1% on Nov 23, 12:00 UTC"


def test_lines_below_zero_have_room():
    bottom, top = metric_lines(lines([(1, "a", "x", [-4, 2])], "load")).layout.yaxis.range
    assert bottom < -4
    assert top > 2
    assert metric_lines(lines([(1, "a", "x", [0, 0])])).layout.yaxis.range == (0, 1)


def test_infinite_readings_raise():
    with pytest.raises(InvalidArgument, match=r"^Column value of metrics has infinite values for web-1\. "):
        metric_lines(lines([(1, "web-1", "busy", [1.0, np.inf, np.inf])]))
