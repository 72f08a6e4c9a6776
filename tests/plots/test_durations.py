"""The picture of how long actions take: what is drawn, marked and said."""

from __future__ import annotations

import pandas as pd
import pytest

import poseidon_nb as po
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.schemas import DERIVED_TABLES
from poseidon_nb.frames.validation import build_derived
from poseidon_nb.plots.durations import MOST_TYPES


def durations(*rows: dict[str, object]) -> pd.DataFrame:
    usual = {"type": "reboot", "count": 9, "failed": 0, "running": 0, "median_s": 20.0, "p90_s": 95.0}
    columns = [column.name for column in DERIVED_TABLES["durations"].columns]
    return build_derived("durations", pd.DataFrame([{**usual, **row} for row in rows], columns=columns))


def test_a_bar_is_the_median_and_a_mark_nine_of_ten_the_most_frequent_on_top():
    figure = po.plots.durations(durations({}, {"type": "snapshot", "median_s": 300.0, "p90_s": 400.0, "failed": 2}))
    bars, marks = figure.data
    assert [*bars.x] == [20, 300]
    assert [*marks.x] == [95, 400]
    assert marks.marker.symbol == "diamond"
    assert "20 s · 1 min 35 s" in marks.text[0]
    assert [*figure.layout.yaxis.ticktext] == ["reboot", "snapshot"]
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1], "from the top down"
    assert "9 started, 2 failed" in bars.hovertext[1]
    assert "half took no longer than 5 min<br>nine of ten took no longer than 6 min 40 s" in bars.hovertext[1]
    assert figure.words == (
        "2 types of actions: 18 started, 2 failed. Longest takes snapshot: half took no longer than 5 min, nine of ten no"
        " longer than 6 min 40 s."
    )


def test_a_type_of_which_none_ended_well_has_words_in_place_of_a_bar():
    figure = po.plots.durations(
        durations({}, {"type": "rename", "count": 3, "failed": 2, "running": 1, "median_s": None, "p90_s": None})
    )
    bars, _, words = figure.data
    assert [*bars.y] == [0]
    assert [*words.y] == [1]
    assert words.text[0].strip() == "no time known: 3 started, 2 failed, 1 still runs"
    assert "Of 1 type no action ended well" in figure.words


def test_a_short_time_has_its_tenths():
    marks = po.plots.durations(durations({"median_s": 2.5, "p90_s": 12.5}, {"median_s": 0.0, "p90_s": 3.0})).data[1]
    assert [text.strip() for text in marks.text] == ["2.5 s · 12 s", "0 s · 3 s"]


def test_only_such_types_still_have_an_axis():
    figure = po.plots.durations(durations({"median_s": None, "p90_s": None}))
    assert figure.layout.xaxis.range[1] > 0
    assert "Longest" not in figure.words


@pytest.mark.parametrize(
    ("longest", "named"), [(0.0, ["0 s"]), (6.0, ["0 s", "1 s"]), (3_600.0, ["0 s", "10 min"]), (9e6, ["0 s", "360 h"])]
)
def test_the_axis_names_round_times(longest, named):
    ticks = po.plots.durations(durations({"median_s": longest, "p90_s": longest})).layout.xaxis.ticktext
    assert [*ticks[:2]] == named
    assert len(ticks) <= 8


def test_none_is_said():
    assert po.plots.durations(durations()).words == "Nothing to show: no action was started in this time."


def test_of_very_many_types_the_first_are_drawn_and_the_rest_is_told():
    figure = po.plots.durations(durations(*({"type": f"odd_{number}"} for number in range(MOST_TYPES + 1))))
    assert len(figure.data[0].x) == MOST_TYPES
    assert f"the most frequent {MOST_TYPES}; the table has all." in figure.words
    assert len(figure.table) == MOST_TYPES + 1


def test_a_type_of_the_account_is_a_text():
    figure = po.plots.durations(durations({"type": "<b onclick='x'>re$size$"}))
    assert "<b onclick" not in figure.to_json()
    assert "re$size$" not in figure.layout.yaxis.ticktext[0]


def test_a_time_without_an_end_is_refused():
    with pytest.raises(InvalidArgument, match="no end in column p90_s of reboot"):
        po.plots.durations(durations({"p90_s": float("inf")}))


def test_the_frame_given_stays_as_it_was():
    frame = durations({}, {"type": "create"})
    before = frame.copy(deep=True)
    po.plots.durations(frame)
    pd.testing.assert_frame_equal(frame, before)
