"""Charts of actions over time and of their durations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

import poseidon_nb as po
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.schemas import DERIVED_TABLES
from poseidon_nb.frames.validation import build_derived
from poseidon_nb.plots.labels import MAX_LABEL_CHARS
from poseidon_nb.plots.picture import MAX_DROPLETS
from poseidon_nb.plots.timeline import MAX_TYPES

BEGAN = datetime(2026, 11, 20, 12, tzinfo=UTC)


def spans(*rows: dict[str, object]) -> pd.DataFrame:
    filled = [
        {
            "name": "web-1",
            "type": "reboot",
            "started_at": BEGAN,
            "ended_at": BEGAN + timedelta(seconds=90),
            "duration_s": 90.0,
            "failed": False,
            "status": "completed",
            "region": "nyc3",
            "droplet_id": 7,
            "id": number,
            **row,
        }
        for number, row in enumerate(rows)
    ]
    columns = [column.name for column in DERIVED_TABLES["spans"].columns]
    return build_derived("spans", pd.DataFrame(filled, columns=columns))


def test_a_bar_has_the_start_and_duration_of_the_action():
    (bars,) = po.plots.timeline(spans({})).data
    assert bars.base[0] == "2026-11-20 12:00:00"
    assert bars.x[0] == 90_000
    assert bars.y[0] == "web-1"
    assert "reboot: completed" in bars.hovertext[0]
    assert "1 min 30 s" in bars.hovertext[0]


def test_failures_have_a_cross_and_actions_in_progress_a_triangle():
    figure = po.plots.timeline(
        spans({}, {"status": "errored", "failed": True}, {"status": "in-progress", "droplet_id": 8, "name": "db"})
    )
    marks = {trace.name: trace for trace in figure.data if trace.type == "scatter"}
    assert marks["failed"].marker.symbol == "x"
    assert len(marks["failed"].x) == 1
    assert marks["in progress"].marker.symbol == "triangle-right"
    assert marks["in progress"].y[0] == "db"
    assert "1 failed" in figure.summary


def test_a_failure_without_an_end_is_drawn_at_its_start():
    figure = po.plots.timeline(
        spans({"status": "errored", "failed": True, "ended_at": None, "duration_s": None}, {"id": 5})
    )
    (cross,) = [trace for trace in figure.data if trace.name == "failed"]
    assert cross.x[0] == "2026-11-20 12:00:00"
    assert "end unknown" in cross.hovertext[0]


def test_an_action_that_ends_before_its_start_is_drawn_at_its_start():
    (bars,) = po.plots.timeline(spans({"ended_at": BEGAN - timedelta(hours=1), "duration_s": None})).data
    assert (bars.base[0], bars.x[0]) == ("2026-11-20 12:00:00", 0)
    assert "end unknown" in bars.hovertext[0]


def test_two_droplets_with_one_name_have_a_row_each():
    figure = po.plots.timeline(spans({}, {"droplet_id": 8}))
    assert {*figure.data[0].y} == {"web-1 (7)", "web-1 (8)"}


def test_names_are_escaped():
    figure = po.plots.timeline(spans({"name": "<a href='x'>web</a>\u202e"}))
    assert "<a" not in figure.data[0].y[0] + figure.data[0].hovertext[0]
    assert "\u202e" not in figure.data[0].y[0]
    assert "<a" not in figure._table_html()


def test_the_busiest_of_many_droplets_are_drawn_and_the_summary_says_so():
    many = spans(
        *({"name": f"d{number}", "droplet_id": number} for number in range(200)),
        {"droplet_id": 7, "name": "d7"},
    )
    figure = po.plots.timeline(many)
    drawn = {label for trace in figure.data for label in trace.y}
    assert len(drawn) == MAX_DROPLETS
    assert "d7" in drawn
    assert "busiest 60" in figure.summary
    assert len(figure.table) == 201


def test_a_timeline_without_actions_says_so():
    figure = po.plots.timeline(spans())
    assert figure.summary == "Nothing to show: there were no actions on droplets in this time range."
    assert not figure.data


def test_rows_are_in_natural_order():
    names = ["web-10", "web-9", "Web-2", "²", "9"]
    figure = po.plots.timeline(spans(*({"name": name, "droplet_id": n} for n, name in enumerate(names))))
    assert figure.layout.yaxis.tickvals == ("9", "Web-2", "web-9", "web-10", "²")


def test_a_long_name_is_shortened_on_the_axis_and_complete_in_the_hover_text():
    name = "web-" * 50
    figure = po.plots.timeline(spans({"name": name + "1"}, {"name": name + "2", "droplet_id": 8}))
    assert {len(text) for text in figure.layout.yaxis.ticktext} == {MAX_LABEL_CHARS}
    assert {*figure.data[0].y} == {name + "1", name + "2"}
    assert name in figure.data[0].hovertext[0].replace("<br>", "")


def test_a_failure_does_not_change_the_legend_of_its_group():
    figure = po.plots.timeline(spans({"status": "errored", "failed": True}, {}))
    assert [(trace.name, trace.type) for trace in figure.data] == [("power", "bar"), ("failed", "scatter")]
    assert figure.data[0].marker.pattern.shape is None
    assert figure.layout.showlegend


def test_timeline_does_not_change_the_frame():
    given = spans({}, {"status": "errored", "failed": True})
    before = given.copy(deep=True)
    po.plots.timeline(given)
    pd.testing.assert_frame_equal(given, before)


def durations(*rows: dict[str, object]) -> pd.DataFrame:
    usual = {"type": "reboot", "count": 9, "failed": 0, "running": 0, "median_s": 20.0, "p90_s": 95.0}
    columns = [column.name for column in DERIVED_TABLES["durations"].columns]
    return build_derived("durations", pd.DataFrame([{**usual, **row} for row in rows], columns=columns))


def test_durations_show_median_and_90th_percentile():
    figure = po.plots.durations(durations({}, {"type": "snapshot", "median_s": 300.0, "p90_s": 400.0, "failed": 2}))
    bars, marks = figure.data
    assert [*bars.x] == [20, 300]
    assert [*marks.x] == [95, 400]
    assert marks.marker.symbol == "diamond"
    assert "20 s · 1 min 35 s" in marks.text[0]
    assert [*figure.layout.yaxis.ticktext] == ["reboot", "snapshot"]
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1], "from the top down"
    assert "9 started, 2 failed" in bars.hovertext[1]
    assert "median 5 min<br>90th percentile 6 min 40 s" in bars.hovertext[1]
    assert figure.summary == (
        "2 action types: 18 started, 2 failed. Slowest: snapshot (median 5 min, 90th percentile 6 min 40 s)."
    )


def test_a_type_without_completed_actions_has_text_instead_of_a_bar():
    figure = po.plots.durations(
        durations({}, {"type": "rename", "count": 3, "failed": 2, "running": 1, "median_s": None, "p90_s": None})
    )
    bars, _, words = figure.data
    assert [*bars.y] == [0]
    assert [*words.y] == [1]
    assert words.text[0].strip() == "no duration: 3 started, 2 failed, 1 in progress"
    assert "1 type without a completed action has no duration." in figure.summary


def test_a_short_duration_has_a_decimal():
    marks = po.plots.durations(durations({"median_s": 2.5, "p90_s": 12.5}, {"median_s": 0.0, "p90_s": 3.0})).data[1]
    assert [text.strip() for text in marks.text] == ["2.5 s · 12 s", "0 s · 3 s"]


def test_without_durations_there_is_an_axis():
    figure = po.plots.durations(durations({"median_s": None, "p90_s": None}))
    assert figure.layout.xaxis.range[1] > 0
    assert "Slowest" not in figure.summary


@pytest.mark.parametrize(
    ("longest", "named"), [(0.0, ["0 s"]), (6.0, ["0 s", "1 s"]), (3_600.0, ["0 s", "10 min"]), (9e6, ["0 s", "360 h"])]
)
def test_the_axis_has_round_ticks(longest, named):
    ticks = po.plots.durations(durations({"median_s": longest, "p90_s": longest})).layout.xaxis.ticktext
    assert [*ticks[:2]] == named
    assert len(ticks) <= 8


def test_durations_without_actions_say_so():
    assert po.plots.durations(durations()).summary == "Nothing to show: no actions started in this time range."


def test_the_most_frequent_of_many_types_are_drawn_and_the_rest_is_counted():
    figure = po.plots.durations(durations(*({"type": f"odd_{number}"} for number in range(MAX_TYPES + 1))))
    assert len(figure.data[0].x) == MAX_TYPES
    assert f"the most frequent {MAX_TYPES}; the table has all {MAX_TYPES + 1}." in figure.summary
    assert len(figure.table) == MAX_TYPES + 1


def test_a_type_is_escaped():
    figure = po.plots.durations(durations({"type": "<b onclick='x'>re$size$"}))
    assert "<b onclick" not in figure.to_json()
    assert "re$size$" not in figure.layout.yaxis.ticktext[0]


def test_an_infinite_duration_raises():
    with pytest.raises(InvalidArgument, match=r"^Column p90_s of durations has infinite values for reboot\. "):
        po.plots.durations(durations({"p90_s": float("inf")}))


def test_durations_does_not_change_the_frame():
    frame = durations({}, {"type": "create"})
    before = frame.copy(deep=True)
    po.plots.durations(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_the_actions_of_each_droplet_are_counted():
    figure = po.plots.timeline(
        spans({}, {"id": 5, "status": "errored", "failed": True}, {"name": "<b>db</b>", "droplet_id": 8})
    )
    *rows, header = figure.layout.annotations
    notes = {note.y: note.text for note in rows}
    assert notes == {"web-1": "2, 1 failed", "&lt;b&gt;db&lt;/b&gt;": "1"}
    assert (header.text, header.yref) == ("actions", "paper")
    assert {*notes} == {*figure.layout.yaxis.categoryarray}
    assert figure.layout.title.subtitle.text == "3 actions on 2 droplets, 1 failed"
    # They have room on the right.
    assert figure.layout.margin.r > 90


def test_the_finding_is_the_slowest_type():
    figure = po.plots.durations(durations({}, {"type": "<snapshot>", "median_s": 300.0}))
    assert (
        figure.layout.title.subtitle.text
        == "18 started, none failed; slowest:<br>&lt;snapshot&gt;, 5 min in the median"
    )
    none = po.plots.durations(durations({"median_s": None, "p90_s": None}))
    assert none.layout.title.subtitle.text == "9 started, none failed; no action has completed"
    assert figure.layout.xaxis.showgrid is False
