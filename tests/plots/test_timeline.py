"""The picture of what happened: what is drawn, marked and said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd

import poseidon_nb as po
from poseidon_nb.frames.schemas import DERIVED_TABLES
from poseidon_nb.frames.validation import build_derived
from poseidon_nb.plots.timeline import MOST_DROPLETS

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


def test_a_bar_begins_when_the_action_did_and_lasts_as_long_in_milliseconds():
    (bars,) = po.plots.timeline(spans({})).data
    assert bars.base[0] == "2026-11-20 12:00:00"
    assert bars.x[0] == 90_000
    assert bars.y[0] == "web-1"
    assert "reboot: completed" in bars.hovertext[0]
    assert "1 min 30 s" in bars.hovertext[0]


def test_what_failed_has_a_cross_and_what_runs_a_triangle_so_that_colour_is_not_alone():
    figure = po.plots.timeline(
        spans({}, {"status": "errored", "failed": True}, {"status": "in-progress", "droplet_id": 8, "name": "db"})
    )
    marks = {trace.name: trace for trace in figure.data if trace.type == "scatter"}
    assert marks["failed"].marker.symbol == "x"
    assert len(marks["failed"].x) == 1
    assert marks["still running"].marker.symbol == "triangle-right"
    assert marks["still running"].y[0] == "db"
    assert "1 failed" in figure.words


def test_one_that_failed_and_has_no_end_is_drawn_at_its_beginning():
    figure = po.plots.timeline(
        spans({"status": "errored", "failed": True, "ended_at": None, "duration_s": None}, {"id": 5})
    )
    (cross,) = [trace for trace in figure.data if trace.name == "failed"]
    assert cross.x[0] == "2026-11-20 12:00:00"
    assert "end unknown" in cross.hovertext[0]


def test_one_that_ends_before_it_begins_is_drawn_at_its_beginning():
    (bars,) = po.plots.timeline(spans({"ended_at": BEGAN - timedelta(hours=1), "duration_s": None})).data
    assert (bars.base[0], bars.x[0]) == ("2026-11-20 12:00:00", 0)
    assert "end unknown" in bars.hovertext[0]


def test_two_droplets_of_one_name_have_a_line_each():
    figure = po.plots.timeline(spans({}, {"droplet_id": 8}))
    assert {*figure.data[0].y} == {"web-1 (7)", "web-1 (8)"}


def test_hostile_names_are_text():
    figure = po.plots.timeline(spans({"name": "<a href='x'>web</a>\u202e"}))
    assert "<a" not in figure.data[0].y[0] + figure.data[0].hovertext[0]
    assert "\u202e" not in figure.data[0].y[0]
    assert "<a" not in figure._repr_html_()


def test_of_very_many_droplets_the_busiest_are_drawn_and_the_words_say_so():
    many = spans(
        *({"name": f"d{number}", "droplet_id": number} for number in range(200)),
        {"droplet_id": 7, "name": "d7"},
    )
    figure = po.plots.timeline(many)
    drawn = {label for trace in figure.data for label in trace.y}
    assert len(drawn) == MOST_DROPLETS
    assert "d7" in drawn
    assert "busiest 60" in figure.words
    assert len(figure.table) == 201


def test_nothing_is_said_as_nothing():
    figure = po.plots.timeline(spans())
    assert figure.words == "Nothing to show: nothing was done to any droplet in this time."
    assert not figure.data


def test_rows_are_in_the_order_in_which_one_counts():
    names = ["web-10", "web-9", "Web-2", "²", "9"]
    figure = po.plots.timeline(spans(*({"name": name, "droplet_id": n} for n, name in enumerate(names))))
    assert figure.layout.yaxis.tickvals == ("9", "Web-2", "web-9", "web-10", "²")


def test_a_long_name_is_cut_beside_its_row_and_whole_where_the_mouse_rests():
    name = "web-" * 50
    figure = po.plots.timeline(spans({"name": name + "1"}, {"name": name + "2", "droplet_id": 8}))
    assert {len(text) for text in figure.layout.yaxis.ticktext} == {40}
    assert {*figure.data[0].y} == {name + "1", name + "2"}
    assert name in figure.data[0].hovertext[0].replace("<br>", "")


def test_a_failure_is_marked_and_does_not_change_what_the_legend_shows_of_its_kind():
    figure = po.plots.timeline(spans({"status": "errored", "failed": True}, {}))
    assert [(trace.name, trace.type) for trace in figure.data] == [("switched on or off", "bar"), ("failed", "scatter")]
    assert figure.data[0].marker.pattern.shape is None
    assert figure.layout.showlegend


def test_the_frame_stays_as_it_was():
    given = spans({}, {"status": "errored", "failed": True})
    before = given.copy(deep=True)
    po.plots.timeline(given)
    pd.testing.assert_frame_equal(given, before)
